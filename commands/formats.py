"""``fakeface train leaks`` and ``train convert``: what the splits of a manifest share, and other systems' files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .runtime import ExitCode, prepare_process, say
from .screen import bar, print_table

if TYPE_CHECKING:
    from fakeface.training.formats.skips import Skipped
    from fakeface.training.leaks import LeakReport

__all__ = ["FORMS", "convert", "leaks", "write_skipped"]

FORMS = ("annotated", "llava", "mids", "mmtt", "coco", "truth", "truth-types")
SHOWN = 20
"""Leaks of a kind that the table lists; JSON has all."""

LEAKS_EPILOG = """\b
Examples:
  fakeface train leaks runs/faces/faces.jsonl --root DATA
  fakeface train leaks runs/faces/faces.jsonl --root DATA --format json
"""
CONVERT_EPILOG = """\b
Examples:
  fakeface train convert ffd_vqa.json --from llava --to annotated --out annotated.jsonl --split train
  fakeface train convert annotated.jsonl --from annotated --to coco --out coco.json
"""


@click.command(epilog=LEAKS_EPILOG)
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder that the manifest's paths are relative to. [default: the manifest's]",
)
@click.option("--threads", type=click.IntRange(min=0), default=0, help="[default: all cores]")
@click.option("--format", "form", type=click.Choice(("table", "json")), default="table", show_default=True)
def leaks(manifest: Path, root: Path | None, threads: int, form: str) -> ExitCode:
    """Look for what stands in two splits of a manifest.

    MANIFEST is the faces.jsonl of `train prepare`, or an annotated manifest. Every picture is compared by perceptual
    hash with all pictures of the other splits, and identities and source videos are compared by name. Leaks do not
    change the exit code: their number is the first thing that is said.
    """
    count = prepare_process(threads)
    from fakeface.training.leaks import find_leaks, read_splits

    report = find_leaks(read_splits(manifest), root or manifest.parent, count, bar)
    if form == "json":
        click.echo(json.dumps(_as_dict(report), indent=1))
    else:
        _print(report)
    return ExitCode.EXAMINED


@click.command(epilog=CONVERT_EPILOG)
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--from", "form", required=True, type=click.Choice(FORMS), help="Form of SOURCE.")
@click.option("--to", "out_form", required=True, type=click.Choice(FORMS), help="Form of the result.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file that is written.")
@click.option(
    "--split",
    type=click.Choice(("train", "calib", "dev")),
    default="dev",
    show_default=True,
    help="Split of rows whose form states none.",
)
@click.option("--name", default="imported", show_default=True, help="Source of rows whose form states none.")
def convert(source: Path, form: str, out_form: str, out: Path, split: str, name: str) -> ExitCode:
    """Turn annotations from one file form into another.

    What a form cannot carry is said; what had to be left out is listed with its reason beside the result.
    """
    prepare_process(1)
    from fakeface.training.formats.convert import FORMATS
    from fakeface.training.formats.convert import convert as run

    count, skipped = run(source, form, out, out_form, split, name)
    listed = write_skipped(out.with_name(out.name + ".skipped.jsonl"), skipped)
    for one in dict.fromkeys((form, out_form)):
        say(f"{one} does not carry everything: {FORMATS[one].lost}" if one != "annotated" else "annotated carries all")
    say(f"{count} rows read, result in {out}{listed}")
    return ExitCode.EXAMINED


def write_skipped(path: Path, skipped: Iterable[Skipped]) -> str:
    """Write one JSON line per thing left out, no file where there is none; returns the end of a sentence about it."""
    lines = [json.dumps(one.as_dict()) for one in skipped]
    if not lines:
        path.unlink(missing_ok=True)
        return ", nothing left out"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f", {len(lines)} left out, see {path.name}"


def _as_dict(report: LeakReport) -> dict[str, object]:
    from dataclasses import asdict

    kinds = {
        "duplicates": [asdict(one) for one in report.duplicates],
        "identities": [asdict(one) for one in report.identities],
        "videos": [asdict(one) for one in report.videos],
    }
    return {
        "leaks": report.count,
        "counts": {name: len(found) for name, found in kinds.items()},
        "rows": report.rows,
        "pictures": report.pictures,
        "rows_with_identity_or_video": report.named,
        **kinds,
        "skipped": [one.as_dict() for one in report.skipped],
    }


def _print(report: LeakReport) -> None:
    lines = [
        ("near-duplicate", f"{one.path} ({one.split})", f"{one.other_path} ({one.other_split}), {one.bits} bits of 256")
        for one in report.duplicates[:SHOWN]
    ]
    for kind, shared in (("identity", report.identities), ("source video", report.videos)):
        lines += [
            (kind, one.name, ", ".join(f"{split} {count}" for split, count in one.rows.items()))
            for one in shared[:SHOWN]
        ]
    click.echo(
        f"{report.count} leaks: {len(report.duplicates)} near-duplicate pictures, {len(report.identities)} identities, "
        f"{len(report.videos)} source videos in two splits; {report.pictures} pictures compared"
    )
    if lines:
        print_table("Leaks", ("leak", "what", "where"), lines)
    if len(lines) < report.count:
        say(f"{report.count - len(lines)} more with --format json")
    if report.named < report.rows:
        say(f"identity and source video are not known for {report.rows - report.named} of {report.rows} rows")
    for reason, count in Counter(one.reason for one in report.skipped).most_common(SHOWN):
        say(f"not checked: {count} ({reason})")
