"""``fakeface train synthesize`` and ``train annotate``: annotated pairs of real and forged pictures."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .runtime import ExitCode, prepare_process, say
from .screen import bar, print_table, progress

if TYPE_CHECKING:
    from fakeface.training.batch import Left, Made, Totals
    from fakeface.training.formats.splits import Split
    from fakeface.training.manifest import FaceRow
    from fakeface.training.synthesize import Synthesis

__all__ = ["annotate", "synthesize"]

FOLDER = click.Path(path_type=Path, file_okay=False)
CLASSES = ("identity_swap", "reenactment", "editing", "whole_face_synthesis")
PREVIEWED = 4
"""Faces on the contact sheet."""

SYNTHESIZE_EPILOG = """\b
Examples:
  fakeface train synthesize runs/faces/faces.jsonl --root DATA --out runs/pairs --count 5000
  fakeface train synthesize photographs --out pairs --operator self_blend --operator swap --format jpg95
  fakeface train synthesize runs/faces/faces.jsonl --root DATA --out sheet --count 0 --preview
"""
ANNOTATE_EPILOG = """\b
Examples:
  fakeface train annotate pairs.csv --out runs/annotated --split train
  fakeface train annotate --real DATA/original --fake DATA/swapped --class identity_swap --out runs/annotated
"""

out_option = click.option(
    "--out", required=True, type=FOLDER, metavar="DIR", help="Folder of the result; an interrupted run in it goes on."
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes; the result is the same."
)
seed_option = click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
text_option = click.option(
    "--text/--no-text", default=True, help="Write texts beside masks and findings. [default: text]"
)
rewrite_option = click.option(
    "--rewrite",
    metavar="CMD",
    help="Command that words every text anew: one on standard input, the other on standard output.",
)
summary_option = click.option(
    "--summary",
    type=click.Choice(("table", "json")),
    default="table",
    show_default=True,
    help="Form of the counts on standard output.",
)


@click.command(epilog=SYNTHESIZE_EPILOG)
@click.argument("faces", type=click.Path(path_type=Path))
@click.option("--root", type=FOLDER, metavar="DIR", help="Folder that the paths in faces.jsonl are relative to.")
@out_option
@click.option("--count", type=click.IntRange(min=0), default=1000, show_default=True, help="Pairs.")
@click.option(
    "--split",
    type=click.Choice(("train", "calib", "dev")),
    default="train",
    show_default=True,
    help="Of the faces; pairs inherit it.",
)
@click.option(
    "--operator",
    "operators",
    multiple=True,
    metavar="NAME",
    help="Only this operator; several get equal shares. Repeatable. [default: the recipe's shares]",
)
@click.option("--recipe", default="compact-2", show_default=True, metavar="NAME|FILE", help="Shares and strengths.")
@seed_option
@workers_option
@click.option(
    "--format", "picture", default="png", show_default=True, metavar="png|jpgN", help="jpg95 is JPEG of quality 95."
)
@click.option(
    "--size",
    "side",
    type=click.IntRange(min=96),
    default=256,
    show_default=True,
    help="Longest side of a picture; larger ones are reduced before they are forged, none is enlarged.",
)
@click.option("--preview", is_flag=True, help="Also write preview.png: what every operator makes of some faces.")
@text_option
@rewrite_option
@summary_option
def synthesize(
    faces: Path, root: Path | None, out: Path, preview: bool, workers: int, summary: str, **options: Any
) -> ExitCode:
    """Forge real faces and write each pair with its mask and all that can be said of it.

    FACES is the faces.jsonl that `train prepare` wrote or its folder; or a CSV, a data set's folder or a folder of real
    pictures, whose faces are found first. Writes real/, fake/, masks/ (share of foreign pixels), annotated.jsonl with
    one line per picture, skipped.jsonl with the reason of everything left out, recipe.toml and settings.json.
    The same seed gives the same bytes. Given fakes take no part.
    """
    prepare_process(1)
    from fakeface.training.synthesize import synthesize as run

    settings = _synthesis(**options)
    rows, place, before = _faces(faces, root, out, settings, workers)
    results = run(rows, place, out, settings, workers, before)
    totals = _follow(results, out, settings.count)
    if preview:
        _preview(rows, place, out / "preview.png", settings, options["operators"])
    _tell(totals, out, summary)
    if totals.pairs < settings.count:
        say(f"only {totals.pairs} of {settings.count} pairs could be made; skipped.jsonl says why")
        return ExitCode.PARTIAL
    return ExitCode.PARTIAL if totals.unexamined else ExitCode.EXAMINED


@click.command(epilog=ANNOTATE_EPILOG)
@click.argument("pairs", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--real", type=FOLDER, metavar="DIR", help="Folder of real pictures, instead of PAIRS.")
@click.option("--fake", type=FOLDER, metavar="DIR", help="Folder of their forgeries under the same names.")
@out_option
@click.option(
    "--class",
    "forgery",
    type=click.Choice(CLASSES),
    default="identity_swap",
    show_default=True,
    help="Of forgeries whose line names none.",
)
@click.option(
    "--split",
    type=click.Choice(("train", "calib", "dev")),
    default="dev",
    show_default=True,
    help="Of pairs whose line names none.",
)
@seed_option
@workers_option
@text_option
@rewrite_option
@summary_option
def annotate(
    pairs: Path | None, real: Path | None, fake: Path | None, out: Path, workers: int, summary: str, **options: Any
) -> ExitCode:
    """Find out what differs in pairs of a real picture and its forgery, and write all that can be said of it.

    PAIRS is a CSV with the columns real and fake, and if known mask, class and split; paths are relative to it. The
    face is that of the real picture, the largest where there are several; the mask is derived from the two pictures
    where none is given. The pictures stay where they are: writes annotated.jsonl with one line per picture, whose
    paths are relative to the CSV or to the folder that holds both folders, masks/, skipped.jsonl and settings.json.
    """
    prepare_process(1)
    from fakeface.training.batch import claim
    from fakeface.training.derive_pairs import Derivation, derive_pairs, read_folders, read_pairs

    if (pairs is None) == (real is None or fake is None) or (real is None) != (fake is None):
        raise click.UsageError("give either PAIRS or both --real and --fake")
    settings = Derivation(**options)
    if pairs is not None:
        listed, root = read_pairs(pairs, settings), pairs.absolute().parent
    elif real is not None and fake is not None:
        listed, root = read_folders(real, fake, settings)
    _open_folder(out, [root] if pairs is not None else [one for one in (real, fake) if one is not None])
    claim(out, settings.terms(listed))
    results = derive_pairs(listed, root, out, settings, workers)
    totals = _follow(results, out, len(listed))
    _tell(totals, out, summary)
    return ExitCode.PARTIAL if totals.unexamined else ExitCode.EXAMINED


def _synthesis(
    operators: tuple[str, ...],
    recipe: str,
    split: Split,
    **options: Any,
) -> Synthesis:
    from fakeface.training.forge.recipe import load_recipe
    from fakeface.training.synthesize import Synthesis, effective_recipe

    return Synthesis(recipe=effective_recipe(load_recipe(recipe), operators), split=split, **options)


def _faces(
    faces: Path, root: Path | None, out: Path, settings: Synthesis, workers: int
) -> tuple[list[FaceRow], Path, list[Left]]:
    """The real faces to forge, the folder that their paths are relative to, and what was left out; opens ``out``."""
    from fakeface.training.batch import claim
    from fakeface.training.manifest import read_faces
    from fakeface.training.synthesize import recipe_text, usable

    terms = settings.terms()
    listed = faces / "faces.jsonl" if (faces / "faces.jsonl").is_file() else faces
    before: list[Left] = []
    if listed.suffix == ".jsonl":
        if root is None:
            raise click.UsageError("--root says which folder the paths in faces.jsonl are relative to: it is needed")
        rows, left = usable(read_faces(listed), settings.split)
        _open_folder(out, [root])
    else:
        source = faces if faces.is_dir() else faces.absolute().parent
        _open_folder(out, [source])
        claim(out, terms | {"faces": os.path.realpath(faces)}, ("count",))
        root, before = _prepared(faces, out / "faces", settings.split, workers)
        listed = out / "faces" / "faces.jsonl"
        rows, left = usable(read_faces(listed), settings.split)
    claim(out, terms | {"faces_sha256": hashlib.sha256(listed.read_bytes()).hexdigest()}, ("count",))
    (out / "recipe.toml").write_text(recipe_text(settings.recipe), encoding="utf-8")
    return rows, root, [*before, *left]


def _prepared(faces: Path, out: Path, split: Split, workers: int) -> tuple[Path, list[Left]]:
    """Find the faces of a CSV or of a folder; gives the folder of the pictures, and what had no face."""
    from fakeface.errors import SettingsError
    from fakeface.training.batch import Left
    from fakeface.training.formats.layouts import recognise
    from fakeface.training.formats.splits import SplitRule
    from fakeface.training.prepare import NO_FACE, prepare
    from fakeface.training.synthesize import list_pictures

    try:
        say(f"reading {faces} as {recognise(faces)}")
    except SettingsError:
        if not faces.is_dir():
            raise
        say(f"reading {faces} as a folder of real pictures")
        faces = list_pictures(faces, out, split)
    prepare(faces, out, workers, bar, rule=SplitRule(otherwise=split))
    lines = (out / "skipped.jsonl").read_text(encoding="utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    left = [Left(None, one["path"], one["reason"], one["reason"].startswith(NO_FACE)) for one in told]
    return faces if faces.is_dir() else faces.parent, left


def _open_folder(out: Path, sources: Iterable[Path]) -> None:
    """Make the folder of the result.

    Raises:
        OutputError: it would lie inside a folder that is read, or cannot be made.
    """
    from fakeface.errors import OutputError
    from fakeface.report.disk import make_folder

    real = Path(os.path.realpath(out))
    for source in sources:
        if real.is_relative_to(os.path.realpath(source)):
            raise OutputError(f"the result {out} would lie inside the data {source}")
    make_folder(out, may_exist=True)


def _follow(results: Iterator[Made | Left], out: Path, wanted: int) -> Totals:
    """Show how the work goes on, and give what there is at its end."""
    from fakeface.training.batch import Ledger, Made

    with Ledger(out) as ledger:
        there = ledger.totals.pairs
    if there:
        say(f"going on after {there} pairs")
    several = 0
    try:
        with progress(lambda: 2 * (wanted - there), shown=True) as advance:
            for result in results:
                if isinstance(result, Made):
                    advance()
                    advance()
                    several += any(row.made is not None and "faces" in row.made.parameters for row in result.rows)
    except KeyboardInterrupt:
        say("the same command goes on where this one stops")
        raise
    if several:
        say(f"{several} real pictures hold several faces: the largest was taken")
    with Ledger(out) as ledger:
        return ledger.totals


def _preview(rows: Sequence[FaceRow], root: Path, place: Path, settings: Synthesis, operators: tuple[str, ...]) -> None:
    from fakeface.training.contact_sheet import studio_sheet
    from fakeface.training.forge.studio import Studio
    from fakeface.training.synthesize import encode

    studio = Studio(rows, root, settings.seed, settings.recipe, settings.side)
    sheet = studio_sheet(studio, range(min(PREVIEWED, len(rows))), operators)
    place.write_bytes(encode(sheet, "png"))
    say(f"contact sheet: {place}")


def _tell(totals: Totals, out: Path, summary: str) -> None:
    if summary == "json":
        told = {"out": str(out), "pairs": totals.pairs, "made": totals.made, "left_out": totals.left}
        click.echo(json.dumps(told | {"unexamined": totals.unexamined}, indent=1))
        return
    left = sum(totals.left.values())
    listed = f", {left} left out, see skipped.jsonl" if left else ", nothing left out"
    click.echo(f"{totals.pairs} pairs in {out}{listed}")
    if totals.made:
        print_table("Made", ("by", "pairs"), [(name, str(count)) for name, count in totals.made.items()])
    if totals.left:
        print_table("Left out", ("reason", "times"), [(name, str(count)) for name, count in totals.left.items()])
