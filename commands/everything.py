"""``fakeface train all``: every stage in its order, out of one recipe."""

from __future__ import annotations

from pathlib import Path

import click

from .runtime import ExitCode, prepare_process
from .screen import bar, follow

__all__ = ["train_all"]

SEEDED = ("encoder", "prompter", "language", "masks", "mids")
"""Stages whose settings have a seed."""

FOLDER = click.Path(path_type=Path, file_okay=False)

EPILOG = """\b
Examples:
  fakeface train all --manifest DATA/manifest.csv --out runs/compact
  fakeface train all --manifest DATA/manifest.csv --out runs/compact --weights weights --version 2 --data "Faces of ..."
  fakeface train all --manifest DATA/manifest.csv --out runs/short --minutes-encoder 30 --set mids.epochs=2
"""


@click.command("all", epilog=EPILOG)
@click.option("--recipe", default="compact", show_default=True, help="Settings of all stages: a name or a TOML file.")
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="As `train prepare` takes it.")
@click.option("--out", required=True, type=FOLDER, metavar="DIR", help="Folder of this training, new or its own.")
@click.option("--weights", type=FOLDER, metavar="DIR", help="Release the profile into this folder. [default: do not]")
@click.option("--version", help="Of the weights; with --weights.")
@click.option("--data", help="What they were trained on, one sentence for every record; with --weights.")
@click.option("--minutes-encoder", type=click.FloatRange(min=0), help="Stop the encoder after this long.")
@click.option("--minutes-language", type=click.FloatRange(min=0), help="Stop the language model after this long.")
@click.option("--set", "changes", multiple=True, metavar="STAGE.SETTING=VALUE", help="Change a setting; repeatable.")
@click.option("--seed", type=int, help="Of every stage that trains. [default: the recipe's]")
@click.option("--threads", type=click.IntRange(min=0), default=0, help="[default: all cores]")
@click.option("--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto", show_default=True)
def train_all(
    recipe: str,
    manifest: Path,
    out: Path,
    weights: Path | None,
    version: str | None,
    data: str | None,
    minutes_encoder: float | None,
    minutes_language: float | None,
    changes: tuple[str, ...],
    seed: int | None,
    threads: int,
    device: str,
) -> ExitCode:
    """Run every stage from preparing the faces to releasing the weights, one after the other.

    Finished stages are skipped and an interrupted one goes on when the command is called again with the same
    settings; stages.json in the folder says what is done, with times. Two trainings with the same settings on the same
    machine give the same networks and figures, unless minutes or the clock end a stage.
    """
    given = (weights, version, data)
    if any(given) and not all(given):
        raise click.UsageError("a release needs --weights, --version and --data together")
    count = prepare_process(threads)
    from fakeface.training.everything import Target, load_everything, train_everything

    minutes = {"encoder": minutes_encoder, "language": minutes_language}
    wanted = [*changes, *(f"{stage}.minutes={value}" for stage, value in minutes.items() if value is not None)]
    wanted += [f"{stage}.seed={seed}" for stage in SEEDED if seed is not None]
    settings = load_everything(recipe, wanted, {"threads": count, "device": device})
    target = Target(weights, version, data) if weights and version and data else None
    return follow(train_everything(manifest, out, settings, bar, target))
