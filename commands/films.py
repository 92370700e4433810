"""What a run does with films: which frames it looks at, and what it writes beside the record."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from . import options, runtime
from .film_bar import FilmBar

if TYPE_CHECKING:
    from fakeface.backends import Engine
    from fakeface.backends.films import FilmDecoder
    from fakeface.evidence import Evidence
    from fakeface.filming import FilmRequest, FilmRoute
    from fakeface.findings import FileFinding
    from fakeface.interfaces import FilmSource
    from fakeface.report.casefolder import CaseFolder
    from fakeface.report.film_entries import FilmEntry, FilmFiles
    from fakeface.sampling import Sampling
    from fakeface.settings import Settings

__all__ = ["FilmChoice", "FilmPart", "RangeType", "RateType", "film_options"]

DEFAULT_PER_SHOT = 12
"""Frames of each shot where ``--scenes`` names no number."""


class RateType(click.ParamType[Fraction]):
    """Frames per second, as a decimal or a fraction."""

    name = "X"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """Read the number exactly; anything that is not positive is a usage error."""
        try:
            rate = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            rate = Fraction(0)
        if rate <= 0:
            self.fail(f"{value!r} is no rate: a number above 0 is needed, such as 2, 0.5 or 30000/1001", param, ctx)
        return rate


_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


class RangeType(click.ParamType[tuple[Fraction | None, Fraction | None]]):
    """``START-END`` in seconds or ``hh:mm:ss``; either side may be left out."""

    name = "START-END"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Fraction | None, Fraction | None]:
        """Read both times exactly."""
        if isinstance(value, tuple):
            return value
        start, dash, end = str(value).partition("-")
        if not dash or not (start or end):
            self.fail(f"{value!r} is no range: write START-END, such as 12.5-20, 0:01:30-0:02:00 or 90-", param, ctx)
        times = self._time(start, param, ctx), self._time(end, param, ctx)
        if times[1] is not None and times[1] <= (times[0] or 0):
            self.fail(f"{value!r} ends before it starts", param, ctx)
        return times

    def _time(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Fraction | None:
        if not text:
            return None
        found = _CLOCK.fullmatch(text)
        if found is None:
            self.fail(f"{text!r} is no time: seconds or hh:mm:ss are", param, ctx)
        hours, minutes, seconds = (Fraction(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds


@dataclass(frozen=True, slots=True)
class FilmChoice:
    """Which frames of a film are looked at, and what is written beside the record."""

    every: int | None
    fps: Fraction | None
    frames: int | None
    scenes: int | None
    part: tuple[Fraction | None, Fraction | None] | None
    clip: bool
    export_frames: str | None

    def sampling(self) -> Sampling:
        """The frames to look at.

        Raises:
            click.UsageError: two of the four densities are asked for.
        """
        from fakeface.sampling import Sampling

        densities = {"every": self.every, "fps": self.fps, "frames": self.frames, "scenes": self.scenes}
        given: dict[str, Any] = {name: value for name, value in densities.items() if value is not None}
        if len(given) > 1:
            names = " and ".join(f"--{name}" for name in given)
            raise click.UsageError(f"{names} contradict each other: choose one of them")
        chosen = Sampling(**given) if given else Sampling.default()
        start, end = self.part or (None, None)
        return replace(chosen, start=start, end=end)


film_options = options.grouped(
    "film",
    FilmChoice,
    click.option("--every", type=click.IntRange(min=1), metavar="N", help="Look at one frame in N."),
    click.option("--fps", type=RateType(), help="Look at X frames per second. [default: 4, at most 1200 frames]"),
    click.option("--frames", type=click.IntRange(min=1), metavar="N", help="Look at N frames spread over the film."),
    click.option(
        "--scenes",
        type=click.IntRange(min=1),
        is_flag=False,
        flag_value=str(DEFAULT_PER_SHOT),
        metavar="[N]",
        help=f"Look at N frames of every shot; without a number, {DEFAULT_PER_SHOT}. Write --scenes=N before a path.",
    ),
    click.option(
        "--range",
        "part",
        type=RangeType(),
        help="Look at this part only: seconds or hh:mm:ss, either side may be left out.",
    ),
    click.option(
        "--clip", is_flag=True, help="Write an annotated copy: boxes, scores, masks and a time code; sound unexamined."
    ),
    click.option(
        "--export-frames",
        is_flag=False,
        flag_value="decisive",
        type=click.Choice(["decisive", "sampled"]),
        metavar="[WHICH]",
        help="Write the decisive frames (or, with =sampled, all that were looked at) as lossless PNG with their times, "
        "types and hashes.",
    ),
)


class FilmPart:
    """The films of one run.

    Args:
        choice: of the command line.
        settings: of the route.
        images: whether pictures may be written.

    Raises:
        click.UsageError: the options contradict each other.
        BackendError: there is no ffmpeg that does what is asked.
    """

    def __init__(self, choice: FilmChoice, settings: Settings, *, images: bool) -> None:
        from fakeface.backends.films import FilmDecoder
        from fakeface.filming import FilmRequest

        if not images and (choice.clip or choice.export_frames):
            raise click.UsageError("--no-images keeps all pictures out: --clip and --export-frames contradict it")
        self._choice = choice
        self.request: FilmRequest = FilmRequest(settings, choice.sampling())
        if choice.clip:
            from fakeface.backends.clips import require_encoder

            require_encoder()
        self._decoder, self._bar = _Opener(FilmDecoder(settings.films)), FilmBar(None)

    def for_record(self) -> dict[str, object]:
        """What the results depend on, JSON-ready."""
        return {
            **self.request.for_record(),
            "clip": self._choice.clip,
            "export_frames": self._choice.export_frames,
        }

    def route(self, engine: Engine, folder: CaseFolder, bar: FilmBar) -> FilmRoute:
        """What examines a film: it goes on inside one that an interrupted run began."""
        from fakeface.backends.films import looks_like_film
        from fakeface.filming import FilmRoute
        from fakeface.findings import file_id

        self._bar, self._decoder.read = bar, bar.read
        bar.part = self.request.sampling.start, self.request.sampling.end
        return FilmRoute(
            engine,
            lambda evidence: looks_like_film(evidence.path),
            self._decoder,
            self.request,
            lambda item, evidence: folder.film_journal(file_id(item.number), evidence.sha256),
            bar.reached,
            bar.decided,
        )

    def write(self, folder: CaseFolder, finding: FileFinding) -> FilmFiles:
        """Write the clip and the frames of a film that was just examined; what cannot be written is said and left out.

        Raises:
            OutputError: the disk refuses.
        """
        from fakeface.errors import BackendError, EvidenceError
        from fakeface.report.film_entries import FilmFiles, film_entry

        files, source = FilmFiles(), self._decoder.last
        if finding.film is None or source is None:
            return files
        entry = film_entry(finding.id, finding.film, files)
        try:
            if self._choice.export_frames:
                files = self._export(folder, finding.id, entry, source)
            if self._choice.clip and finding.film.counts.sampled:
                files = replace(files, clip=self._clip(folder, finding.id, entry, source))
        except (EvidenceError, BackendError) as error:  # the examination itself is whole; other films go on
            runtime.say(f"{finding.id}: not everything beside the record could be written: {error}")
        return files

    def _export(self, folder: CaseFolder, file_id: str, entry: FilmEntry, source: FilmSource) -> FilmFiles:
        from fakeface.report.film_entries import FilmFiles
        from fakeface.report.film_frames import decisive_indices, export_frames

        if self._choice.export_frames == "sampled":
            frames = source.sampled(self.request.sampling)
        else:
            frames = source.frames_at(decisive_indices(entry))
        written = export_frames(folder.save, folder.save_bytes, file_id, entry, frames)
        return FilmFiles(frames=written.table, exported=written.decisive)

    def _clip(self, folder: CaseFolder, file_id: str, entry: FilmEntry, source: FilmSource) -> str:
        from fakeface.backends.clips import write_clip
        from fakeface.report.film_clip import annotated
        from fakeface.sampling import Sampling

        name = f"films/{file_id}-clip.mp4"
        start, end = self.request.sampling.start, self.request.sampling.end
        everything = Sampling(every=1, start=start, end=end, most=max(entry.counts.decoded, 1))
        frames = (one.frame for one in source.sampled(everything))
        pictures = self._bar.written(annotated(entry, file_id, frames), source.facts.duration_seconds)
        settings = self.request.settings.films
        path = folder.new_file(name)
        write_clip(path, pictures, source.evidence, source.facts.audio, settings, start, end)
        return name


class _Opener:
    """Opens films, knows which was opened last, and tells how far the first reading of it has come."""

    def __init__(self, decoder: FilmDecoder) -> None:
        self._decoder = decoder
        self.last: FilmSource | None = None
        self.read: Callable[[Fraction, Fraction | None], None] | None = None

    def open(self, evidence: Evidence) -> FilmSource:
        """Open a film."""
        self.last = None
        self.last = self._decoder.open(evidence, self.read)
        return self.last
