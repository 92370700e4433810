"""Train the tokenizer and the compact language model on annotated pairs.

Half of the texts are five-field answers under open, fake and real hypotheses; the others are grounded explanations,
regional lists, answers about regions, and conversations.

The encoder is frozen. As in FFAA a hypothesis usually equals the truth; the more plainly the encoder sees the truth,
the more often a hypothesis contradicts it, so that the model learns to hold against a wrong one where pictures speak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from torch.nn import functional

from fakeface.answers import Hypothesis, parse_answer, prompt
from fakeface.concepts import CONCEPTS
from fakeface.errors import SettingsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import (
    SPECIAL_TOKENS,
    CompactLanguageModel,
    LanguageConfig,
    write_texts,
)
from fakeface.networks.loading import loaded
from fakeface.networks.sight import Sight, sight_of
from fakeface.training.checkpoints import Average, save_weights
from fakeface.training.device import Device
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.lessons import IGNORED, Fields, Lesson, Lessons, lesson_batches, text_batch
from fakeface.training.lineage import fingerprint
from fakeface.training.looking import encode_windows
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.lora import adapt, load_merged
from fakeface.training.manifest import FaceRow
from fakeface.training.networks import earlier, load_tensors
from fakeface.training.processes import Processes

__all__ = ["LanguageTraining", "Part", "rows_of_part", "train_language", "train_tokenizer"]

Part = str
"""``language`` (fits the language model) or ``mining`` (kept back for MIDS)."""

MINING_SHARE = 0.4

CALIB_PAIRS = 96
"""Pairs that the looks at the calibration faces are about."""

TOGETHER = 12
"""Texts that go through the network together."""


@dataclass(frozen=True, slots=True)
class LanguageTraining:
    """Settings of the stage.

    Args:
        answers: answers to learn from.
        minutes: or minutes to train, whichever comes first; 0 for no limit.
        pairs_per_batch: pairs in a batch, two answers each.
        learning_rate: peak of the schedule.
        workers: processes that forge and annotate.
        threads: of the networks.
        seed: of weights, pairs and wording.
        vocabulary: tokens of the tokenizer.
        check_every: batches between two looks at the calibration faces.
        save_every: batches between two checkpoints.
        device: of the networks.
        fields: of the five-field answers, for the seed paper's ablation.
        lora: rank of the low-rank adapters that are trained in place of the decoder's own weights; 0 trains these.
    """

    answers: int = 60_000
    minutes: float = 0.0
    pairs_per_batch: int = 24
    learning_rate: float = 1.5e-3
    workers: int = 1
    threads: int = 2
    seed: int = 2
    vocabulary: int = 1024
    check_every: int = 100
    save_every: int = 50
    device: Device = "auto"
    fields: Fields = "all"
    lora: int = 0


def rows_of_part(rows: Sequence[FaceRow], part: Part) -> list[FaceRow]:
    """Faces of the train split that belong to this part; by the hash of the path, so it never changes."""

    def mining(row: FaceRow) -> bool:
        return int(hashlib.sha256(row.path.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < MINING_SHARE

    return [row for row in rows if row.split == "train" and mining(row) == (part == "mining")]


def train_tokenizer(factory: PairFactory, vocabulary: int, pairs: int = 600) -> Tokenizer:
    """A byte-level BPE tokenizer (Sennrich et al. 2016) over annotated answers and the prompts."""
    lessons, first = Lessons(factory), 10**6  # pairs that are not learned from
    exchanges = [
        one for number in range(first, first + pairs) for lesson in lessons[number] for one in lesson.exchanges
    ]
    texts = [text for one in exchanges for text in (one.question, one.answer)]
    texts += [prompt(hypothesis) for hypothesis in Hypothesis] * 20
    texts += [concept.words for concept in CONCEPTS.values()]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def answer_loss(network: CompactLanguageModel, sight: Sight, text: Tensor, targets: Tensor) -> Tensor:
    """Next-token loss over what is learned, mean over all its tokens.

    Texts of like length go through the network together: padding them all to the longest conversation would cost more
    than the texts themselves.

    Args:
        network: that learns.
        sight: of B pictures.
        text: (B, L) ids.
        targets: (B, L) ids, -100 in questions and padding.
    """
    learned = targets != IGNORED
    lengths = (learned * torch.arange(1, targets.shape[1] + 1, device=targets.device)).amax(dim=1)
    losses = []
    for rows in torch.split(lengths.argsort(), TOGETHER):
        longest = int(lengths[rows].max())
        with torch.autocast(text.device.type, torch.bfloat16):
            logits = network(sight.rows(rows), text[rows, :longest])
        wanted = targets[rows, 1:longest].flatten()
        losses.append(
            functional.cross_entropy(
                logits[:, :-1].flatten(0, 1).float(), wanted, ignore_index=IGNORED, reduction="sum"
            )
        )
    return torch.stack(losses).sum() / learned[:, 1:].sum()


def train_language(
    rows: Sequence[FaceRow],
    root: Path,
    encoder: ForensicEncoder,
    out: Path,
    settings: LanguageTraining,
    start: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Train, resuming from ``out``; yields one report per look at the calibration faces.

    Writes ``tokenizer.json``, ``language.safetensors`` (the average at the lowest calibration loss), ``checkpoint.*``,
    ``log.csv``. ``start`` is the folder of an earlier training, whose tokenizer and weights it goes on from where
    ``out`` has no checkpoint.

    Raises:
        SettingsError: adapters are asked for, and nothing to adapt.
    """
    if settings.lora and start is None:
        raise SettingsError("low-rank adapters adapt a trained model: name one to start from (--start)")
    device = begin(settings, settings.device)
    out.mkdir(parents=True, exist_ok=True)
    factory = PairFactory(rows_of_part(rows, "language"), root, settings.seed)
    words, weights = out / "tokenizer.json", out / "language.safetensors"
    with Processes().first_before_others():
        if not words.exists():
            if start is None:
                train_tokenizer(factory, settings.vocabulary).save(str(words))
            else:
                copyfile(earlier(start, words.name), words)
    tokenizer = Tokenizer.from_file(str(words))
    network = CompactLanguageModel(LanguageConfig(tokenizer.get_vocab_size())).to(device)
    if start is not None:
        loaded(network, load_tensors(earlier(start, weights.name)), weights.name)
    if settings.lora:
        adapt(network.decoder, settings.lora)
    learning = [one for one in network.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learning, settings.learning_rate, weight_decay=0.01, betas=(0.9, 0.98))
    over = fingerprint(encoder)
    loop = Loop(
        out, network, optimizer, settings, settings.answers, settings.check_every, settings.minutes, 0.995, over=over
    )
    if loop.finished:
        return
    calib = Lessons(PairFactory([row for row in rows if row.split == "calib"], root, 3000), fields=settings.fields)
    held = [lesson for number in range(CALIB_PAIRS) for lesson in calib[number]]
    encoder.to(device).eval().requires_grad_(False)

    def learn(lessons: Sequence[Lesson]) -> Learned:
        rng = np.random.default_rng((settings.seed, loop.budget.seen))
        loss = _loss(network, encoder, tokenizer, lessons, rng)
        loop.descend(loss, 1.0)
        return Learned(len(lessons), {"loss": loss.detach()})

    batches = lesson_batches(
        factory, loop.budget.seen, settings.pairs_per_batch, settings.workers, fields=settings.fields
    )

    def look() -> dict[str, float]:
        return _check(
            _plain(loop.average, network.config, settings.lora), device, network.config, encoder, tokenizer, held
        )

    def keep() -> None:
        save_weights(weights, _untied(_plain(loop.average, network.config, settings.lora)))

    yield from loop.run(batches, learn, look, Best(("calib_loss",), keep, lowest=True))


def _plain(average: Average, config: LanguageConfig, lora: int) -> dict[str, Tensor]:
    """The average as weights of the network itself, with adapters added to what they adapt."""
    if not lora:
        return average.state
    network = CompactLanguageModel(config).to(average.device)
    return load_merged(network, network.decoder, lora, average.state)


def _untied(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without the output layer, which is the embedding itself."""
    return {name: value for name, value in state.items() if name != "decoder.lm_head.weight"}


def _loss(
    network: CompactLanguageModel,
    encoder: ForensicEncoder,
    tokenizer: Tokenizer,
    lessons: Sequence[Lesson],
    rng: np.random.Generator,
) -> Tensor:
    device = next(network.parameters()).device
    with torch.autocast(device.type, torch.bfloat16):  # what is learned from; checks of the answers see full precision
        seen = encode_windows(encoder, [lesson.sample for lesson in lessons])
    labels = torch.tensor([lesson.sample.label for lesson in lessons], device=device)
    probability = seen.detection.sigmoid()
    certainties = torch.where(labels > 0, probability, 1 - probability).tolist()
    text, targets = (ids.to(device) for ids in text_batch(tokenizer, lessons, certainties, rng))
    sight = sight_of(seen, [lesson.readings for lesson in lessons]).learnable()
    return answer_loss(network, sight, text, targets)


@torch.no_grad()
def _check(
    state: dict[str, Tensor],
    device: torch.device,
    config: LanguageConfig,
    encoder: ForensicEncoder,
    tokenizer: Tokenizer,
    held: Sequence[Lesson],
) -> dict[str, float]:
    """Loss on calibration faces; share of open answers that can be read and that claim the truth."""
    network = CompactLanguageModel(config)
    network.load_state_dict(state)
    network.eval().to(device)
    rng = np.random.default_rng(5)
    losses = [float(_loss(network, encoder, tokenizer, held[at : at + 48], rng)) for at in range(0, len(held), 48)]
    readable = right = 0
    chosen = held[:64]
    seen = encode_windows(encoder, [lesson.sample for lesson in chosen])
    sight = sight_of(seen, [lesson.readings for lesson in chosen])
    written = write_texts(network, tokenizer, sight, (prompt(Hypothesis.OPEN),))
    for lesson, (text,) in zip(chosen, written, strict=True):
        claim = parse_answer(text, Hypothesis.OPEN).claim
        readable += claim is not None
        right += claim is not None and (claim.value == "fake") == bool(lesson.sample.label)
    return {"calib_loss": float(np.mean(losses)), "readable": readable / len(chosen), "right": right / len(chosen)}
