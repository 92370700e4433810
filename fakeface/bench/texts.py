"""Text against true texts: CIDEr, ROUGE-L, BLEU and METEOR, by libraries that need no download and no Java.

A library that is not installed leaves its metric out, and ``missing`` says so.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from fakeface.bench.bootstrap import Figure, Resampling, Statistic, Values
from fakeface.bench.metrics import mean

__all__ = ["missing", "text_figures"]

NEEDED = {
    "cider": "pycocoevalcap.cider.cider",
    "rouge_l": "pycocoevalcap.rouge.rouge",
    "bleu1 to bleu4": "sacrebleu",
    "meteor": "nltk.translate.meteor_score",
}
ORDERS = 4
"""Longest n-gram of BLEU."""


def missing() -> tuple[str, ...]:
    """Metrics that cannot be computed here, with the reason."""
    absent = [
        f"{name} (pip install 'fakeface[bench]')"
        for name, module in NEEDED.items()
        if _library(module) is None or _library("nltk.tokenize") is None
    ]
    if not any(one.startswith("meteor") for one in absent) and not _has_wordnet():
        absent.append("meteor (needs the WordNet data of nltk, which are not downloaded)")
    return tuple(absent)


def text_figures(
    texts: Sequence[str], references: Sequence[Sequence[str]], resampling: Resampling
) -> dict[str, Figure]:
    """Every metric that can be computed.

    Args:
        texts: (n,) what was written.
        references: (n,) at least one true text for each.
        resampling: of these faces.
    """
    if _library("nltk.tokenize") is None:
        return {}
    said = [_words(text) for text in texts]
    true = [[_words(one) for one in several] for several in references]
    found: dict[str, Figure] = {}
    for name, values in (*_caption_scores(said, true), *_meteor(said, true)):
        found[name] = resampling.figure(float(values.mean()), mean(values))
    return found | _bleu(said, true, resampling)


def _library(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def _words(text: str) -> list[str]:
    """Lower-case tokens of the Penn Treebank without punctuation, as caption metrics are computed on."""
    tokens = _library("nltk.tokenize").TreebankWordTokenizer().tokenize(text.lower())
    return [token for token in tokens if any(character.isalnum() for character in token)]


def _caption_scores(said: list[list[str]], true: list[list[list[str]]]) -> list[tuple[str, Values]]:
    """CIDEr and ROUGE-L of each text by COCO's caption evaluation."""
    truths = {number: [" ".join(words) for words in several] for number, several in enumerate(true)}
    given = {number: [" ".join(words)] for number, words in enumerate(said)}
    found = []
    for name, attribute in (("cider", "Cider"), ("rouge_l", "Rouge")):
        library = _library(NEEDED[name])
        if library is not None:
            found.append((name, np.asarray(getattr(library, attribute)().compute_score(truths, given)[1], np.float64)))
    return found


def _bleu(said: list[list[str]], true: list[list[list[str]]], resampling: Resampling) -> dict[str, Figure]:
    """BLEU of the whole corpus up to each order, by sacrebleu's counts and formula; 0..1."""
    library = _library("sacrebleu")
    if library is None:
        return {}
    metric = library.BLEU(tokenize="none", force=True, smooth_method="none", effective_order=True)
    counted = []
    for words, several in zip(said, true, strict=True):
        one = metric.sentence_score(" ".join(words), [" ".join(other) for other in several])
        counted.append([*one.counts, *one.totals, one.sys_len, one.ref_len])
    counts = np.array(counted, dtype=np.float64)

    def score(sums: Values, order: int) -> float:
        numbers = [int(value) for value in sums]
        made = library.BLEU.compute_bleu(
            numbers[:order], numbers[ORDERS : ORDERS + order], numbers[-2], numbers[-1],
            smooth_method="none", max_ngram_order=order,
        )  # fmt: skip
        return float(made.score) / 100

    def statistic(order: int) -> Statistic:
        return lambda weights: np.array([score(sums, order) for sums in weights @ counts])

    return {
        f"bleu{order}": resampling.figure(score(counts.sum(axis=0), order), statistic(order))
        for order in range(1, ORDERS + 1)
    }


def _has_wordnet() -> bool:
    corpus = _library("nltk.corpus")
    if corpus is None:
        return False
    try:
        corpus.wordnet.ensure_loaded()
    except LookupError:
        return False
    return True


def _meteor(said: list[list[str]], true: list[list[list[str]]]) -> list[tuple[str, Values]]:
    library = _library(NEEDED["meteor"])
    if library is None or not _has_wordnet():
        return []
    return [("meteor", np.array([library.meteor_score(one, words) for words, one in zip(said, true, strict=True)]))]
