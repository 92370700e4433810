"""What MIDS owes to each part of what it reads: variants trained on the same mined answers, in one table.

    python benchmarks/ablations.py FACES.jsonl --root DATA --trained DIR --out DIR

FACES.jsonl is the one that the answers were mined from (``kept/faces.jsonl`` of a `train all`). DIR of --trained holds
``encoder/``, ``language/`` and ``mids/mined-*.jsonl`` as the stages wrote them. Answers about dev faces are mined here.
Compared are the open answer alone (anchor), the text-independent score alone, and MIDS that reads description and
reasoning (as a profile's does), one of the two, or also the verdict lines. Further language models, each of a training
that wrote its own answers (with other fields: ``train all --set language.fields=...``), join by --answers NAME=DIR. Of
those an open answer needs no more than its result, and there is no MIDS where most answers lack the reasoning. Every
score has the cut 0.5, every answer that cannot be read is wrong. Intervals are over source pictures. Interrupted, it
goes on where it stopped; the same seed gives the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np
from commandline import faces_parser
from tokenizers import Tokenizer

from fakeface.answers import Claim, Hypothesis, parse_answer
from fakeface.bench.bootstrap import Figure, Resampling
from fakeface.bench.metrics import accuracy, score_figures
from fakeface.errors import SettingsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel
from fakeface.networks.mids import Mids
from fakeface.training.calibrate import score_pairs
from fakeface.training.device import choose_device
from fakeface.training.manifest import FaceRow, read_faces
from fakeface.training.mids import MidsTraining, Reads, mined_fakeness, train_mids
from fakeface.training.mine import MinedFace, mine, mining_factory, read_mined
from fakeface.training.networks import load_language, load_tensors
from fakeface.training.stages import Place

CUT = 0.5
SHOWN = ("acc", "balanced_acc", "auc")
READS: tuple[Reads, ...] = get_args(Reads)

Figures = dict[str, Figure]
Row = tuple[str, str, Figures]
"""Variant, split, figures."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A language model with the answers that it wrote, by split; ``train`` fits."""

    name: str
    encoder: ForensicEncoder
    language: CompactLanguageModel
    tokenizer: Tokenizer
    mined: dict[str, list[MinedFace]]


def load_source(name: str, place: Place, rows: Sequence[FaceRow], dev: Path, dev_pairs: int) -> Source:
    """Networks and answers of a training; its answers about dev faces are mined into ``dev``.

    Raises:
        SettingsError: nothing is mined, or from other faces than these.
    """
    encoder = place.encoder()
    language, tokenizer = load_language(place.out / "language")
    mined = {split: read_mined(place.mined(split)) for split in ("train", "calib")}
    if not all(mined.values()):
        raise SettingsError(f"no mined answers in {place.out}: run `fakeface train mine` first")
    for split, faces in mined.items():
        factory = mining_factory(rows, place.root, split)
        first, last = faces[1], faces[-1]
        if any(factory.pair(one.pair)[one.side].operator != one.operator for one in (first, last)):
            raise SettingsError(f"the answers in {place.out} were mined from other faces than these")
    for _ in mine(mining_factory(rows, place.root, "dev"), encoder, language, tokenizer, dev, dev_pairs):
        pass
    return Source(name, encoder, language, tokenizer, {**mined, "dev": read_mined(dev)[: 2 * dev_pairs]})


def drawn_faces(source: Source, rows: Sequence[FaceRow], root: Path, seed: int) -> dict[str, Resampling]:
    """Resamples by split; faces of one photo, which several pairs of a factory may show, are drawn together."""
    drawn = {}
    for split in ("calib", "dev"):
        factory = mining_factory(rows, root, split)
        photos = [factory.pair(face.pair)[face.side].photo for face in source.mined[split]]
        drawn[split] = Resampling.draw(photos, seed)
    return drawn


def labels_of(faces: Sequence[MinedFace]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(n,) 0 real, 1 fake."""
    return np.array([face.label for face in faces], np.int64)


def open_claim(face: MinedFace, *, bare: bool) -> Claim | None:
    """What the open answer says; ``bare``: also where it gives no reasoning."""
    text = f"{face.texts[0]}\nForgery reasoning: none" if bare else face.texts[0]  # the first line of a name counts
    return parse_answer(text, Hypothesis.OPEN).claim


def anchor_figures(faces: Sequence[MinedFace], drawn: Resampling, *, bare: bool = False) -> Figures:
    """The open answer alone; it has no rank, so no AUC, and what cannot be read is wrong."""
    labels, claims = labels_of(faces), [open_claim(face, bare=bare) for face in faces]
    fake = np.array([claim is Claim.FAKE for claim in claims], np.int64)
    called = np.where([claim is None for claim in claims], 1 - labels, fake)
    return accuracy(labels, called, drawn)


def score_alone(source: Source, rows: Sequence[FaceRow], root: Path, drawn: Mapping[str, Resampling]) -> Iterator[Row]:
    """The text-independent score alone."""
    for split in ("calib", "dev"):
        faces = source.mined[split]
        pairs = map(mining_factory(rows, root, split).pair, range(len(faces) // 2))
        scores, _ = score_pairs(source.encoder.cpu(), pairs)
        found = score_figures(labels_of(faces), scores, CUT, drawn[split])
        yield "text-independent score alone", split, found


def with_mids(
    source: Source,
    reads: Reads,
    rows: Sequence[FaceRow],
    root: Path,
    out: Path,
    settings: MidsTraining,
    drawn: Mapping[str, Resampling],
) -> Iterator[Row]:
    """MIDS that reads this much, trained in ``out`` (or gone on with there)."""
    given = source.encoder, source.language, source.tokenizer
    wanted = replace(settings, reads=reads)
    for report in train_mids(rows, root, *given, source.mined["train"], source.mined["calib"], out, wanted):
        print(f"{source.name}, reads {reads}: {report}", file=sys.stderr)
    network = Mids()
    network.load_state_dict(load_tensors(out / "mids.safetensors"))
    network.eval().to(choose_device(settings.device))
    for split in ("calib", "dev"):
        faces = source.mined[split]
        scores = mined_fakeness(network, *given, mining_factory(rows, root, split), faces, reads)
        found = score_figures(labels_of(faces), scores, CUT, drawn[split])
        yield f"{source.name}: MIDS, reads {reads}", split, found


def ablate(
    sources: Sequence[Source], rows: Sequence[FaceRow], root: Path, out: Path, settings: MidsTraining
) -> Iterator[Row]:
    """Every row of the table; only the first source is tried with every text that MIDS may read."""
    for number, source in enumerate(sources):
        drawn = drawn_faces(source, rows, root, settings.seed)
        if number == 0:
            yield from score_alone(source, rows, root, drawn)
        for split in ("calib", "dev"):
            found = anchor_figures(source.mined[split], drawn[split], bare=number > 0)
            yield f"{source.name}: open answer alone", split, found
        claims = [answer.claim for face in source.mined["train"] for answer in face.answers()]
        if number and claims.count(None) > len(claims) / 2:
            print(f"{source.name}: most answers lack the reasoning, so there is no MIDS", file=sys.stderr)
            continue
        for reads in READS if number == 0 else READS[:1]:
            yield from with_mids(source, reads, rows, root, out / source.name / reads, settings, drawn)


def table(found: Sequence[Row]) -> Iterator[str]:
    """Lines of Markdown."""
    yield "| variant | faces | n | ACC | balanced ACC | AUC |"
    yield "|---|---|---|---|---|---|"
    for variant, split, figures in found:
        cells = [str(one) if one else "-" for one in map(figures.get, SHOWN)]
        yield f"| {variant} | {split} | {figures['acc'].n} | " + " | ".join(cells) + " |"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = faces_parser(__doc__, threads=2, out=True)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--answers", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--dev-pairs", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser.parse_args()


def main() -> None:
    """Train what is missing and print the table; ``ablations.json`` has it as well."""
    given = arguments()
    rows = read_faces(given.faces_file)
    settings = MidsTraining(given.epochs, threads=given.threads, seed=given.seed, device=given.device)
    sources = []
    for name, _, folder in (one.partition("=") for one in (f"trained={given.trained}", *given.answers)):
        place = Place(given.faces_file.parent, given.root, Path(folder))
        sources.append(load_source(name, place, rows, given.out / name / "mined-dev.jsonl", given.dev_pairs))
    found = list(ablate(sources, rows, given.root, given.out, settings))
    kept = [{"variant": v, "faces": s, **{k: f.as_dict() for k, f in figures.items()}} for v, s, figures in found]
    (given.out / "ablations.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
