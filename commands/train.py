"""``fakeface train``: the stages that make the compact profile's weights, each resumable, each one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .everything import train_all
from .film_bench import films
from .formats import convert, leaks
from .runtime import ExitCode, prepare_process, say
from .screen import bar, follow
from .stages import (
    FOLDER,
    encoder,
    faces_option,
    language,
    masks,
    mids,
    mine,
    minutes_option,
    out_option,
    prompter,
    root_option,
    seed_option,
    seeded,
    threads_option,
)
from .studio import annotate, synthesize

if TYPE_CHECKING:
    from fakeface.training.formats.splits import SplitName
    from fakeface.training.manifest import FaceRow

__all__ = ["train"]

EPILOG = """\b
The order of the stages:
  fakeface train prepare DATA/manifest.csv --out runs/faces
  fakeface train leaks   runs/faces/faces.jsonl --root DATA
  fakeface train encoder  --faces runs/faces --root DATA --out runs/compact --minutes 60
  fakeface train prompter --faces runs/faces --root DATA --out runs/compact
  fakeface train language --faces runs/faces --root DATA --out runs/compact --minutes 20
  fakeface train masks    --faces runs/faces --root DATA --out runs/compact
  fakeface train mine     --faces runs/faces --root DATA --out runs/compact
  fakeface train mids     --faces runs/faces --root DATA --out runs/compact
  fakeface train release  --faces runs/faces --root DATA --out runs/compact --weights weights --version 1 --data "..."
All of these in one command:
  fakeface train all --manifest DATA/manifest.csv --out runs/compact --weights weights --version 1 --data "..."
One stage on two devices or in two processes (encoder, prompter, language, masks):
  torchrun --standalone --nproc-per-node 2 -m fakeface.commands train encoder --faces runs/faces --root DATA --out ...
Then how tracks of films are judged:
  fakeface train films --faces runs/faces --root DATA --weights weights --out runs/films-calib
Released weights on other calibration faces (run films again afterwards):
  fakeface train calibrate --faces runs/faces --root DATA --weights weights
The forgery studio's own generators are shipped and frozen; this made them:
  fakeface train generator --faces runs/faces --root DATA --out runs/studio --minutes 34
"""

LAYOUTS = ("auto", "csv", "folders", "faceforensics", "celebdf", "dfdc", "dffd", "openforensics", "owffa")


@click.group(epilog=EPILOG)
def train() -> None:
    """Train the networks of the compact profile.

    Training reads pictures of which it is known whether they are real, makes forgeries of the real ones with exact
    masks, and writes weights without pickle. An interrupted stage goes on where it stopped when it is called again.
    Every stage that trains writes log.csv, and beside it curves.png and an event file for TensorBoard.
    """


train.add_command(leaks)
train.add_command(convert)
train.add_command(synthesize)
train.add_command(annotate)
train.add_command(train_all)
train.add_command(films)
for stage in (encoder, prompter, language, masks, mine, mids):
    train.add_command(stage)


@train.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=FOLDER, metavar="DIR", help="Folder for faces.jsonl and skipped.jsonl.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes.")
@click.option(
    "--layout",
    type=click.Choice(LAYOUTS),
    default="auto",
    show_default=True,
    help="How MANIFEST is laid out; auto looks at it.",
)
@click.option(
    "--split",
    type=click.Choice(("auto", "hash", "train", "calib", "dev")),
    default="auto",
    show_default=True,
    help="auto: the data set's own splits, and hash where it has none; hash: 80, 10 and 10 of a hundred identities or "
    "source videos; else everything in that one.",
)
def prepare(manifest: Path, out: Path, workers: int, layout: str, split: SplitName) -> ExitCode:
    """Find the face of every picture of MANIFEST once.

    MANIFEST is a CSV with the columns path, label (real or fake) and if known class, source, split (train, calib,
    dev), identity, video and mask; or the folder of FaceForensics++, Celeb-DF v2, DFDC, DFFD, OpenForensics or
    OW-FFA-Bench; or one holding real/ and fake/. Of videos the frames that lie beside them are taken. Whatever is
    left out is counted and listed with its reason.
    """
    prepare_process(1)
    from fakeface.training.formats.layouts import recognise
    from fakeface.training.formats.splits import SplitRule
    from fakeface.training.prepare import prepare as run

    name = recognise(manifest) if layout == "auto" else layout
    say(f"reading {manifest} as {name}")
    counts = run(manifest, out, workers, bar, name, SplitRule.named(split))
    say(
        f"{counts['faces']} faces in {out / 'faces.jsonl'}, {counts['skipped']} left out, with reasons in skipped.jsonl"
    )
    return ExitCode.EXAMINED


@train.command()
@faces_option
@root_option
@out_option
@click.option("--pictures", type=click.IntRange(min=1), default=100_000, show_default=True, help="Crops to see.")
@minutes_option
@threads_option
@seed_option
def generator(
    faces: Path, root: Path, out: Path, pictures: int, minutes: float, threads: int, seed: int | None
) -> ExitCode:
    """Train the studio's own generators, which make whole faces for training data."""
    count = prepare_process(threads)
    from fakeface.training.generator import GeneratorTraining, train_generator

    settings = GeneratorTraining(pictures=pictures, minutes=minutes, threads=count, **seeded(seed))
    return follow(train_generator(_rows(faces), root, out / "generator", settings))


@train.command()
@faces_option
@root_option
@out_option
@click.option("--weights", required=True, type=FOLDER, metavar="DIR", help="Where the profile is written.")
@click.option("--version", required=True, help="Of the weights.")
@click.option("--data", required=True, help="What they were trained on, one sentence for every record.")
@click.option("--calib-pairs", type=click.IntRange(min=1), default=400, show_default=True, help="Pairs that choose.")
@threads_option
def release(
    faces: Path, root: Path, out: Path, weights: Path, version: str, data: str, calib_pairs: int, threads: int
) -> ExitCode:
    """Assemble the trained networks into a profile; choose cuts and likelihood ratio on the calibration faces."""
    count = prepare_process(threads)
    from dataclasses import asdict

    from fakeface.training.release import release as run

    chosen = run(out, weights, _rows(faces), root, version, data, calib_pairs, count)
    say(f"profile written to {weights}; cuts: {', '.join(f'{k} {v}' for k, v in asdict(chosen).items())}")
    return ExitCode.EXAMINED


@train.command()
@faces_option
@root_option
@click.option(
    "--weights", required=True, type=FOLDER, metavar="DIR", help="The profile's folder; compact.toml changes."
)
@click.option("--calib-pairs", type=click.IntRange(min=1), default=400, show_default=True, help="Pairs for the cuts.")
@click.option(
    "--ratio-pairs",
    type=click.IntRange(min=50),
    default=2000,
    show_default=True,
    help="Pairs drawn for the likelihood ratio; each photo counts once.",
)
@threads_option
def calibrate(faces: Path, root: Path, weights: Path, calib_pairs: int, ratio_pairs: int, threads: int) -> ExitCode:
    """Choose a profile's cuts and its likelihood ratio anew on the calibration faces; `release` does it as well.

    The rule for films falls away, because it was chosen for other cuts: run `fakeface train films` afterwards.
    """
    count = prepare_process(threads)
    from fakeface.training.release import calibrate_profile

    profile = calibrate_profile(weights, _rows(faces), root, calib_pairs, count, ratio_pairs)
    ratio = profile.calibration
    if ratio is not None:
        say(f"log10 LR = {ratio.intercept:.3f} + {ratio.slope:.3f} x log-odds, within {ratio.lower} to {ratio.upper}")
    return ExitCode.EXAMINED


def _rows(faces: Path) -> list[FaceRow]:
    from fakeface.training.manifest import read_faces

    return read_faces(faces / "faces.jsonl")
