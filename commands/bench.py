"""``fakeface bench``: figures of a profile on faces whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .runtime import ExitCode, prepare_process, say

if TYPE_CHECKING:
    from fakeface.backends import Engine
    from fakeface.bench.sets import ScoredFace
    from fakeface.settings import Settings
    from fakeface.training.manifest import FaceRow

__all__ = ["bench"]

EPILOG = """\b
Examples:
  fakeface bench runs/faces/faces.jsonl --root DATA --operator self_blend --out runs/bench
  fakeface bench runs/faces/faces.jsonl --root DATA --pairs DATA/dev_pairs.csv --out runs/pairs
"""
BENCH_SEED = 9000


@click.command(epilog=EPILOG)
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--root", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the pictures.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the figures.")
@click.option("--split", default="dev", show_default=True, help="Which faces of the manifest.")
@click.option("--operator", "operators", multiple=True, metavar="NAME", help="Forge by it. Repeatable.")
@click.option(
    "--faces", "count", type=click.IntRange(min=1), default=300, show_default=True, help="Pairs per operator."
)
@click.option(
    "--processing",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Strength of compression, noise and blur on forged pairs, the same for both pictures of a pair.",
)
@click.option("--pairs", type=click.Path(path_type=Path), help="CSV with the columns set, real, fake: matched files.")
@click.option("--triage", is_flag=True, help="Only the text-independent score.")
@click.option("--threads", type=click.IntRange(min=0), default=2, show_default=True)
def bench(
    manifest: Path,
    root: Path,
    out: Path,
    split: str,
    operators: tuple[str, ...],
    count: int,
    processing: float,
    pairs: Path | None,
    triage: bool,
    threads: int,
) -> ExitCode:
    """Measure the profile on forgeries of real faces, and on pairs of given files.

    MANIFEST is the faces.jsonl of `train prepare`, or what that takes: a CSV, or a folder holding real/ and fake/;
    then its faces are found first. Writes metrics.json (every figure with its bootstrap interval and
    number of faces), table.md and scores.jsonl. Files are measured as they are and after equal re-encoding.
    """
    if not operators and pairs is None:
        raise click.UsageError("nothing to measure: give --operator, --pairs or both")
    prepare_process(threads)
    from fakeface.backends import build_engine
    from fakeface.bench.report import figures, markdown
    from fakeface.settings import Settings
    from fakeface.training.manifest import read_faces

    settings = Settings(threads=threads, fast=triage, batch_faces=16)
    engine = build_engine(settings)
    out.mkdir(parents=True, exist_ok=True)
    faces: list[ScoredFace] = []
    if operators:
        rows = read_faces(_prepared(manifest, out), split)
        faces += _forged(engine, rows, root, operators, count, processing, settings)
    if pairs is not None:
        faces += _files(engine, root, pairs, settings)
    metrics = figures(faces, engine.profile.thresholds)
    table = {key: figure.as_dict() for key, figure in sorted(metrics.items())}
    (out / "metrics.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(markdown(metrics), encoding="utf-8")
    _write_scores(out / "scores.jsonl", faces)
    click.echo(markdown(metrics))
    return ExitCode.EXAMINED


def _prepared(manifest: Path, out: Path) -> Path:
    """The prepared manifest: the one given, or one made of it in the output folder."""
    if manifest.suffix == ".jsonl":
        return manifest
    from fakeface.training.formats.splits import SplitRule
    from fakeface.training.prepare import prepare

    rule = SplitRule(otherwise="dev")  # what has no split of its own was given to be measured
    prepare(manifest, out / "faces", workers=2, progress=lambda items, _: items, rule=rule)
    return out / "faces" / "faces.jsonl"


def _forged(
    engine: Engine,
    rows: list[FaceRow],
    root: Path,
    operators: tuple[str, ...],
    count: int,
    processing: float,
    settings: Settings,
) -> Iterator[ScoredFace]:
    from fakeface.bench.sets import score_forged
    from fakeface.training.forge.pairs import PairFactory
    from fakeface.training.forge.recipe import load_recipe, single

    recipe = load_recipe().model_copy(update={"processing": processing})
    for operator in operators:
        factory = PairFactory(rows, root, BENCH_SEED, single(operator, recipe))
        yield from _told(operator, score_forged(engine, factory, operator, count, settings), count)


def _files(engine: Engine, root: Path, pairs: Path, settings: Settings) -> Iterator[ScoredFace]:
    from dataclasses import replace

    from fakeface.backends.stills import Decoder
    from fakeface.bench.sets import read_pairs, score_files

    listed = read_pairs(pairs)
    with Decoder(settings.decoder) as decoder:
        for label, reencoded in (("as they are", False), ("re-encoded", True)):
            scored = score_files(engine, decoder, root, listed, settings, reencoded)
            for face in _told(f"pairs, {label}", scored, len(listed)):
                yield replace(face, name=f"{face.name}_reencoded") if reencoded else face


def _told(name: str, batches: Iterable[list[ScoredFace]], pairs: int) -> Iterator[ScoredFace]:
    """The faces of all batches; says how many pairs were scored and how many could not be."""
    from .screen import progress

    seen = 0
    with progress(lambda: pairs, shown=True) as advance:
        for batch in batches:
            seen += len(batch) // 2
            for _ in range(max(len(batch) // 2, 1)):
                advance()
            yield from batch
    say(f"{name}: {seen} of {pairs} pairs scored")


def _write_scores(path: Path, faces: list[ScoredFace]) -> None:
    from dataclasses import asdict

    with path.open("w", encoding="utf-8") as handle:
        handle.writelines(json.dumps(asdict(face)) + "\n" for face in faces)
