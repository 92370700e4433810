"""Options that commands share: each is defined once, and each group of them arrives at its command as one record."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import click

if TYPE_CHECKING:
    from fakeface.inputs import Inputs
    from fakeface.settings import Settings

__all__ = [
    "BoxType",
    "CaseChoice",
    "FaceChoice",
    "ModelChoice",
    "OutputChoice",
    "Sources",
    "case_options",
    "face_options",
    "film_face_options",
    "grouped",
    "input_options",
    "model_options",
    "output_options",
    "settings_of",
]

Command = Callable[..., Any]


class BoxType(click.ParamType[tuple[int, int, int, int]]):
    """``x0,y0,x1,y1`` in pixels of the upright picture, half-open."""

    name = "x0,y0,x1,y1"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, int]:
        """Read the four numbers; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            left, top, right, bottom = (int(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not of the form x0,y0,x1,y1 in whole pixels", param, ctx)
        if right <= left or bottom <= top:
            self.fail(f"{value!r} is empty: x0 < x1 and y0 < y1 are needed", param, ctx)
        return left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Sources:
    """What to examine."""

    paths: tuple[str, ...]
    from_file: tuple[BinaryIO, ...]
    recursive: bool

    def inputs(self) -> Inputs:
        """The stream of inputs; reads the lists of paths.

        Raises:
            click.UsageError: nothing was named.
        """
        from fakeface.inputs import Inputs

        if not self.paths and not self.from_file:
            raise click.UsageError("name at least one picture or folder, or give --from-file")
        standard_input = sys.stdin.buffer.read() if "-" in self.paths else None
        return Inputs(self.paths, standard_input, [stream.read() for stream in self.from_file], self.recursive)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which models, and where."""

    profile: str
    device: str
    threads: int


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """How pictures are opened and faces are found."""

    face_detector: str
    min_face: int
    max_pixels: int
    add_face: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CaseChoice:
    """Where the results go."""

    out: str | None
    images: bool
    resume: bool
    add_run: bool


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """What is shown, and what the exit code says of it."""

    style: str
    fail_on: tuple[str, ...]
    quiet: bool
    verbose: int


def settings_of(models: ModelChoice, faces: FaceChoice, *, triage: bool = False) -> Settings:
    """The settings that these options ask for; ``triage`` wants the text-independent score alone."""
    from fakeface.settings import DecoderSettings, FaceDetector, FaceSettings, FilmSettings, Settings

    return Settings(
        profile=models.profile,
        device=models.device,
        threads=models.threads,
        fast=triage,
        decoder=DecoderSettings(max_pixels=faces.max_pixels),
        faces=FaceSettings(detector=FaceDetector(faces.face_detector), min_face_pixels=faces.min_face),
        films=FilmSettings(max_pixels=min(faces.max_pixels, FilmSettings().max_pixels)),
    )


def grouped(
    name: str, record: Callable[..., Any], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """A decorator that adds options to a command and hands their values over as one ``record`` called ``name``."""
    fields = list(inspect.signature(record).parameters)

    def decorate(command: Command) -> Command:
        """Add the options to a command."""

        @functools.wraps(command)
        def wrapped(*args: Any, **given: Any) -> Any:
            given[name] = record(**{one: given.pop(one) for one in fields if one in given})
            return command(*args, **given)

        for option in reversed(options):
            option(wrapped)
        return wrapped

    return decorate


input_options = grouped(
    "sources",
    Sources,
    click.argument("paths", nargs=-1, type=click.Path(), metavar="PATH..."),
    click.option(
        "--from-file",
        type=click.File("rb"),
        multiple=True,
        metavar="FILE",
        help="Also examine the paths listed in FILE, one per line or separated by NUL.",
    ),
    click.option(
        "--recursive/--no-recursive", default=True, help="Enter the sub-folders of folders. [default: recursive]"
    ),
)

model_options = grouped(
    "models",
    ModelChoice,
    click.option("--profile", default="compact", show_default=True, help="Which set of models."),
    click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True),
    click.option(
        "--threads",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Processor threads for the networks. [default: 2]",
    ),
)

_finder_options = (
    click.option(
        "--face-detector",
        type=click.Choice(["auto", "hog", "cnn"]),
        default="auto",
        show_default=True,
        help="auto: HOG, and where it finds nothing the slower CNN.",
    ),
    click.option(
        "--min-face",
        type=click.IntRange(min=1),
        default=48,
        show_default=True,
        metavar="PX",
        help="A face whose shorter side is below this is reported as too small.",
    ),
    click.option(
        "--max-pixels",
        type=click.IntRange(min=1),
        default=128_000_000,
        show_default=True,
        metavar="N",
        help="A picture with more pixels than this is refused before it is decoded.",
    ),
)

film_face_options = grouped("faces", FaceChoice, *_finder_options)

face_options = grouped(
    "faces",
    FaceChoice,
    *_finder_options,
    click.option(
        "--add-face",
        type=BoxType(),
        multiple=True,
        help="A face that the finder missed, in pixels of the upright picture; recorded as the examiner's. "
        "Repeatable; only with exactly one picture.",
    ),
)

case_options = grouped(
    "case",
    CaseChoice,
    click.option(
        "--out", type=click.Path(), metavar="DIR", help="The case folder. [default: fakeface-case-<UTC time>]"
    ),
    click.option("--images/--no-images", default=True, help="Save crops, masks and overlays. [default: images]"),
    click.option("--resume", is_flag=True, help="Continue the interrupted run in --out under the same settings."),
    click.option("--add-run", is_flag=True, help="Put a further run into the existing case in --out."),
)

output_options = grouped(
    "output",
    OutputChoice,
    click.option(
        "--format",
        "style",
        type=click.Choice(["table", "json", "jsonl", "csv"]),
        default="table",
        show_default=True,
        help="What standard output carries: a summary, the record, or one line per input (jsonl) or face and track "
        "(csv).",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["fake", "indeterminate"]),
        multiple=True,
        help="Exit with 10 where any face, track or input has this verdict. Repeatable.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Only errors on standard error."),
    click.option("-v", "--verbose", count=True, help="Say every step; twice: details and tracebacks."),
)
