"""The stages of ``fakeface train`` that train a network, each one command over the folder of one training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import grouped
from .runtime import ExitCode, prepare_process
from .screen import follow

if TYPE_CHECKING:
    from fakeface.training.device import Device
    from fakeface.training.lessons import Fields
    from fakeface.training.stages import Place

__all__ = ["FOLDER", "encoder", "language", "masks", "mids", "mine", "prompter", "seeded"]

FOLDER = click.Path(path_type=Path, file_okay=False)

faces_option = click.option(
    "--faces",
    required=True,
    type=FOLDER,
    metavar="DIR",
    help="Folder that `train prepare` wrote (faces.jsonl).",
)
root_option = click.option(
    "--root", required=True, type=FOLDER, metavar="DIR", help="Folder that the manifest's paths are relative to."
)
out_option = click.option(
    "--out", required=True, type=FOLDER, metavar="DIR", help="Folder of this training; every stage has its own in it."
)
minutes_option = click.option(
    "--minutes", type=click.FloatRange(min=0), default=0.0, help="Stop after this long. [default: no limit]"
)
threads_option = click.option("--threads", type=click.IntRange(min=0), default=0, help="[default: all cores]")
workers_option = click.option(
    "--workers", type=click.IntRange(min=0), default=1, show_default=True, help="Processes that forge."
)
seed_option = click.option("--seed", type=int, help="Of weights, pairs and wording. [default: the stage's own]")

device_option = click.option(
    "--device",
    type=click.Choice(("auto", "cpu", "cuda")),
    default="auto",
    show_default=True,
    help="auto takes a graphics processor where CUDA has one.",
)


@dataclass(frozen=True, slots=True)
class Training:
    """Which training a stage belongs to, and the computer it runs on."""

    faces: Path
    root: Path
    out: Path
    threads: int
    device: Device

    def place(self) -> Place:
        """Where it lies."""
        from fakeface.training.stages import Place

        return Place(self.faces, self.root, self.out)

    def computer(self) -> dict[str, Any]:
        """Fix the threads, before any library counts them, and give what every stage's settings take."""
        return {"threads": prepare_process(self.threads), "device": self.device}


@dataclass(frozen=True, slots=True)
class Course:
    """How long a stage runs, from which seed, and who forges for it."""

    minutes: float
    workers: int
    seed: int | None

    def settings(self) -> dict[str, Any]:
        """What every such stage's settings take."""
        return {"minutes": self.minutes, "workers": self.workers} | seeded(self.seed)


def seeded(seed: int | None) -> dict[str, Any]:
    """The seed for a stage's settings where one is given; else these keep their own, as ``train all`` does."""
    return {} if seed is None else {"seed": seed}


start_option = click.option(
    "--start",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Go on from this folder: of the stage in an earlier training, or of released weights (weights).",
)

training_options = grouped("training", Training, faces_option, root_option, out_option, threads_option, device_option)
course_options = grouped("course", Course, minutes_option, workers_option, seed_option)


@click.command()
@training_options
@click.option("--pictures", type=click.IntRange(min=2), default=250_000, show_default=True, help="Windows to see.")
@course_options
@click.option(
    "--start",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Start from these encoder weights instead of random ones (weights/compact-encoder.safetensors).",
)
@click.option("--compile", "compiled", is_flag=True, help="Compile the network: slower to start, about a third faster.")
@click.option(
    "--recipe",
    default="compact-2",
    show_default=True,
    metavar="NAME|FILE",
    help="Of the forgeries: a shipped recipe's name or a TOML file.",
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    default=1.2e-3,
    show_default=True,
    help="Highest rate of the schedule; lower it to go on from trained weights.",
)
@click.option(
    "--part",
    type=click.IntRange(min=64, max=224),
    default=224,
    show_default=True,
    metavar="PIXELS",
    help="Side of the part of every window that is seen until the last share of the budget: 160 takes half the time.",
)
@click.option(
    "--whole-share",
    type=click.FloatRange(min=0, max=1),
    default=0.3,
    show_default=True,
    help="That last share, in which whole windows are seen.",
)
@click.option(
    "--tiled",
    type=click.FloatRange(min=0, max=1),
    default=0.0,
    show_default=True,
    help="Share of given fakes and whole faces whose parts are seen as shuffled tiles, against learning them by heart.",
)
@click.option(
    "--hard",
    type=click.FloatRange(min=0, max=0.5),
    default=0.0,
    show_default=True,
    help="Share of the pairs that are seen again because they were put into the wrong order (hard examples).",
)
def encoder(
    training: Training,
    pictures: int,
    course: Course,
    start: Path | None,
    compiled: bool,
    recipe: str,
    learning_rate: float,
    part: int,
    whole_share: float,
    tiled: float,
    hard: float,
) -> ExitCode:
    """Train the vision encoder with its detection, class, region and mask heads.

    When the budget is used up, its best average, its last one and the mean of both are compared on calibration pairs,
    and the best of them is left as the result.
    """
    computer = training.computer()
    from fakeface.training.encoder import EncoderTraining
    from fakeface.training.stages import encoder_stage

    settings = EncoderTraining(
        pictures,
        learning_rate=learning_rate,
        recipe=recipe,
        compiled=compiled,
        part=part,
        whole_share=whole_share,
        tiled=tiled,
        hard=hard,
        **course.settings(),
        **computer,
    )
    return follow(encoder_stage(training.place(), settings, start))


@click.command()
@training_options
@click.option("--pictures", type=click.IntRange(min=2), default=16_000, show_default=True, help="Windows to see.")
@course_options
def prompter(training: Training, pictures: int, course: Course) -> ExitCode:
    """Refit the heads for class and suspect regions, all classes alike; needs the encoder."""
    computer = training.computer()
    from fakeface.training.prompter import PrompterTraining
    from fakeface.training.stages import prompter_stage

    return follow(prompter_stage(training.place(), PrompterTraining(pictures, **course.settings(), **computer)))


@click.command()
@training_options
@click.option("--answers", type=click.IntRange(min=2), default=60_000, show_default=True, help="Answers to learn.")
@click.option(
    "--fields",
    type=click.Choice(("all", "R", "DR", "FR")),
    default="all",
    show_default=True,
    help="Fields of the answers that are taught, for comparisons: result; description and result; forgery reasoning "
    "and result. A profile needs all.",
)
@click.option(
    "--lora",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="RANK",
    help="Train low-rank adapters (LoRA) of this rank beside the decoder, not all of it; needs --start. 0: all of it.",
)
@course_options
@start_option
def language(
    training: Training, answers: int, fields: Fields, lora: int, course: Course, start: Path | None
) -> ExitCode:
    """Train the tokenizer and the language model on annotated pairs; needs the encoder."""
    computer = training.computer()
    from fakeface.training.language import LanguageTraining
    from fakeface.training.stages import language_stage

    settings = LanguageTraining(answers, fields=fields, lora=lora, **course.settings(), **computer)
    return follow(language_stage(training.place(), settings, start))


@click.command()
@training_options
@click.option("--pictures", type=click.IntRange(min=2), default=20_000, show_default=True, help="Windows to see.")
@course_options
@start_option
def masks(training: Training, pictures: int, course: Course, start: Path | None) -> ExitCode:
    """Train the mask decoder on [SEG], boxes, points and regions; needs the language model."""
    computer = training.computer()
    from fakeface.training.masks import MasksTraining
    from fakeface.training.stages import masks_stage

    settings = MasksTraining(pictures, **course.settings(), **computer)
    return follow(masks_stage(training.place(), settings, start))


@click.command()
@training_options
@click.option("--pairs", type=click.IntRange(min=1), default=3000, show_default=True, help="Training pairs to ask on.")
@click.option("--calib-pairs", type=click.IntRange(min=1), default=300, show_default=True, help="Pairs that choose.")
def mine(training: Training, pairs: int, calib_pairs: int) -> ExitCode:
    """Let the language model answer three times about faces it was not trained on."""
    training.computer()
    from fakeface.training.stages import Mining, mining_stage

    return follow(mining_stage(training.place(), Mining(pairs, calib_pairs, training.device)))


@click.command()
@training_options
@click.option("--epochs", type=click.IntRange(min=1), default=6, show_default=True)
@seed_option
def mids(training: Training, epochs: int, seed: int | None) -> ExitCode:
    """Train MIDS on the mined answers."""
    computer = training.computer()
    from fakeface.training.mids import MidsTraining
    from fakeface.training.stages import mids_stage

    return follow(mids_stage(training.place(), MidsTraining(epochs, **seeded(seed), **computer)))
