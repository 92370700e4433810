"""``fakeface bench``: figures of a profile on faces whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .film_bench import FilmSets, bench_films, film_set_options
from .runtime import ExitCode, prepare_process, say

if TYPE_CHECKING:
    from fakeface.bench.journal import Journal
    from fakeface.bench.run import Bench
    from fakeface.bench.sets import FileSet, ForgedSet
    from fakeface.bench.values import Batch
    from fakeface.training.manifest import FaceRow

__all__ = ["bench"]

EPILOG = """\b
Examples:
  fakeface bench runs/faces/faces.jsonl --root DATA --operators all --out runs/bench
  fakeface bench runs/faces/faces.jsonl --root DATA --operator self_blend --slices all --out runs/slices
  fakeface bench runs/faces/faces.jsonl --root DATA --pairs DATA/dev_pairs.csv --out runs/pairs
  fakeface bench DATA/manifest.csv --root DATA --out runs/files
  fakeface bench runs/faces/faces.jsonl --root DATA --films 12 --out runs/films
  fakeface bench --real-films DATA/video/real --out runs/real-films
"""
BENCH_SEED = 9000


@click.command(epilog=EPILOG)
@click.argument("manifest", required=False, type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="Folder of the pictures.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the figures.")
@click.option("--split", default="dev", show_default=True, help="Which faces of the manifest.")
@click.option("--operator", "operators", multiple=True, metavar="NAME", help="Forge by it. Repeatable.")
@click.option(
    "--operators",
    "group",
    type=click.Choice(["trained", "never-trained", "all"]),
    help="Forge by every operator that the recipe trains on, by those that it keeps for measuring, or by all.",
)
@click.option("--pairs", type=click.Path(path_type=Path), help="CSV with the columns set, real, fake: matched files.")
@click.option(
    "--faces",
    "count",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="Pairs per operator; without operators and pairs, files of each label.",
)
@click.option(
    "--processing",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Strength of compression, noise and blur on forged pairs, the same for both pictures of a pair.",
)
@click.option(
    "--slice",
    "named",
    multiple=True,
    metavar="NAME",
    help="Measure every set also after this processing of all pictures: jpeg90, jpeg70, jpeg50, resize0.5, blur, noise "
    "or h264. Repeatable.",
)
@click.option("--slices", type=click.Choice(["all"]), help="Every slice.")
@film_set_options
@click.option("--plots/--no-plots", default=True, show_default=True, help="Draw ROC, DET, calibration and Tippett.")
@click.option("--seed", type=int, default=BENCH_SEED, show_default=True, help="Of forgeries and resamples.")
@click.option("--triage", is_flag=True, help="Only the text-independent score.")
@click.option("--threads", type=click.IntRange(min=0), default=2, show_default=True)
def bench(
    manifest: Path | None,
    root: Path | None,
    out: Path,
    split: str,
    operators: tuple[str, ...],
    group: str | None,
    pairs: Path | None,
    count: int,
    processing: float,
    named: tuple[str, ...],
    slices: str | None,
    films: FilmSets,
    plots: bool,
    seed: int,
    triage: bool,
    threads: int,
) -> ExitCode:
    """Measure the profile on forgeries of real faces, on pairs of given files, or on a manifest's own files.

    MANIFEST is the faces.jsonl of `train prepare`, or what that takes: a CSV, or a folder holding real/ and fake/;
    then its faces are found first. Without --operator, --operators and --pairs its own files are measured. Writes
    metrics.json (every figure with its bootstrap interval by source picture), table.md, confusion.json, plots and
    scores.jsonl. Files are measured as they are and after equal re-encoding. With --films or --real-films films are
    measured instead; --real-films alone needs no MANIFEST. An interrupted bench goes on where it stopped when it is
    called again.
    """
    prepare_process(threads)
    if films.any and (group or pairs or named or slices):
        raise click.UsageError("films are measured apart from --operators, --pairs and slices")
    if films.any and not films.film_count:
        return bench_films(films, [], root, out, split, operators, seed, threads, triage=triage)
    if manifest is None or root is None:
        raise click.UsageError("a MANIFEST and --root are needed")
    if films.any:
        rows = _rows(manifest, out, split)
        return bench_films(films, rows, root, out, split, operators, seed, threads, triage=triage)
    from fakeface.backends import build_engine
    from fakeface.backends.stills import Decoder
    from fakeface.bench.journal import Journal
    from fakeface.bench.run import Bench, operators_of, plan
    from fakeface.bench.sets import SLICES
    from fakeface.settings import Settings
    from fakeface.training.forge.recipe import load_recipe

    recipe = load_recipe().model_copy(update={"processing": processing})
    chosen = operators_of(operators, group, recipe)
    settings = Settings(threads=threads, fast=triage, batch_faces=16)
    engine = build_engine(settings)
    rows = _rows(manifest, out, split, only_pairs=not chosen and pairs is not None)
    with Decoder(settings.decoder) as decoder:
        whole = Bench(engine, decoder, rows, root, recipe, seed, settings)
        planned = plan(whole, chosen, pairs, SLICES if slices else tuple(dict.fromkeys(named)), count)
        journal = Journal(out, whole.described(split, count))
        for wanted in planned:
            _measure(whole, wanted, journal)
    click.echo(_report(out, journal, whole, plots))
    return ExitCode.EXAMINED


def _rows(manifest: Path, out: Path, split: str, *, only_pairs: bool = False) -> list[FaceRow]:
    """Prepared faces of the split: of the manifest given, or of one made of it in the output folder.

    Where only pairs are measured, a manifest that is not prepared is left alone: it would tell no more than classes.
    """
    from fakeface.training.manifest import read_faces

    if manifest.suffix == ".jsonl":
        return read_faces(manifest, split)
    if only_pairs:
        return []
    from fakeface.training.formats.splits import SplitRule
    from fakeface.training.prepare import prepare

    rule = SplitRule(otherwise="dev")  # what has no split of its own was given to be measured
    prepare(manifest, out / "faces", workers=2, progress=lambda items, _: items, rule=rule)
    return read_faces(out / "faces" / "faces.jsonl", split)


def _measure(whole: Bench, wanted: ForgedSet | FileSet, journal: Journal) -> None:
    """Measure one set, unless an earlier call did, and say what became of it."""
    from .screen import progress

    batches = whole.measure(wanted, journal)
    total = _asked(wanted)
    if batches is not None:
        with progress(lambda: total, shown=True) as advance:
            _drain(batches, advance, _pictures(wanted))
    done = journal.finished[wanted.name]
    left_out = "".join(f", {number} {reason}" for reason, number in sorted(done.left_out.items()))
    measured = done.faces // _pictures(wanted)
    unit = "files" if _pictures(wanted) == 1 else "pairs"
    say(f"{done.name}: {measured} of {total} {unit} scored{left_out}{'' if batches is not None else ' (earlier)'}")


def _asked(wanted: ForgedSet | FileSet) -> int:
    from fakeface.bench.sets import ForgedSet

    return wanted.pairs if isinstance(wanted, ForgedSet) else len(wanted.items)


def _pictures(wanted: ForgedSet | FileSet) -> int:
    """How many faces are measured together."""
    from fakeface.bench.sets import ForgedSet

    return 2 if isinstance(wanted, ForgedSet) or wanted.kind == "pairs" else 1


def _drain(batches: Iterable[Batch], advance: Callable[[], None], together: int) -> None:
    for batch in batches:
        for _ in range(len(batch.faces) // together or 1):
            advance()


def _report(out: Path, journal: Journal, whole: Bench, plots: bool) -> str:
    """Write every figure of the folder's sets; gives the tables."""
    from fakeface.bench.plots import available, draw_plots
    from fakeface.bench.report import as_table, figures
    from fakeface.bench.summary import confusions, summaries
    from fakeface.bench.tables import markdown
    from fakeface.bench.texts import missing

    cuts = whole.engine.profile.thresholds
    metrics = figures(journal.faces, cuts, whole.seed) | summaries(journal.faces, cuts, whole.seed)
    left_out: Sequence[str] = () if whole.settings.fast else missing()
    if plots and available():
        draw_plots(journal.faces, out / "plots")
    elif plots:
        left_out = (*left_out, "plots (pip install 'fakeface[bench]')")
    for one in left_out:
        say(f"left out: {one}")
    text = markdown(metrics, journal.finished.values(), left_out)
    for name, value in (("metrics", as_table(metrics)), ("confusion", confusions(journal.faces))):
        (out / f"{name}.json").write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(text, encoding="utf-8")
    return text
