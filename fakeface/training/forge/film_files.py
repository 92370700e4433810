"""Films of the factory as files: encoded by ffmpeg at several qualities, each with its truth as JSON beside it."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Literal

import ffmpeg
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from fakeface.backends.ffmpeg import find_program
from fakeface.errors import BackendError, SettingsError
from fakeface.faces import Box
from fakeface.training.forge.films import FilmPlan, FilmStudio
from fakeface.training.forge.values import CannotForge, Field, Pixels

__all__ = ["Encoding", "FilmTruth", "FilmWriter", "ForgedStretch", "PersonTruth", "read_truth", "write_films"]

Codec = Literal["libx264", "libx265", "libvpx-vp9"]

OPTIONS: dict[Codec, dict[str, str | int]] = {
    "libx264": {"preset": "medium"},
    "libx265": {"preset": "medium", "x265-params": "pools=none:frame-threads=1:log-level=error"},
    "libvpx-vp9": {"deadline": "good", "cpu-used": 4, "b:v": 0},
}

LASTING_S = 120.0
"""Encoding ends within this time after the last frame, or has failed."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ForgedStretch(_Value):
    """Where in time one person is forged, half-open, in seconds as exact fractions, and by what.

    ``donor`` is the path of the foreign face (empty where there is none), ``seed`` that of the parameters.
    """

    start: Fraction
    end: Fraction
    operator: str
    forgery: str
    strength: float
    donor: str
    seed: int


class PersonTruth(_Value):
    """One person of a film, from left to right.

    Args:
        path: of the real picture.
        source: where that came from.
        boxes: (left, top, right, bottom) of the landmarks on every frame, pixels, half-open.
        forged: stretches of time; none for a real person.
    """

    path: str
    source: str
    boxes: tuple[tuple[int, int, int, int], ...]
    forged: tuple[ForgedStretch, ...] = ()


class FilmTruth(_Value):
    """What a made film is.

    Args:
        film: name of its file, which lies beside this one.
        group: shared by a real film and its forged twin, at every quality.
        split: of the faces that it is made of.
        label: 0 real, 1 forged.
        seed, number: of the factory.
        width, height: pixels.
        rate: frames per second.
        codec, crf: how it is encoded.
        persons: from left to right.
    """

    film: str
    group: str
    split: str
    label: int
    seed: int
    number: int
    width: int
    height: int
    rate: Fraction
    codec: Codec
    crf: int
    persons: tuple[PersonTruth, ...]

    def overlaps(self, seconds: Fraction, box: Box) -> tuple[float, ...]:
        """Overlap (IoU) of a box with each person's true one at a presentation time."""
        frame = min(max(round(seconds * self.rate), 0), len(self.persons[0].boxes) - 1)
        return tuple(round(box.iou(Box(*person.boxes[frame])), 4) for person in self.persons)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a film is written.

    Args:
        crf: constant rate factor of the codec; higher is coarser.
        codec: ffmpeg's encoder.
        suffix: of the file, which names the container.
    """

    crf: int = 23
    codec: Codec = "libx264"
    suffix: str = ".mp4"

    @property
    def name(self) -> str:
        """In file names and names of sets: ``crf23``, with another codec ``libx265-crf23``."""
        return f"crf{self.crf}" if self.codec == "libx264" else f"{self.codec}-crf{self.crf}"


class FilmWriter:
    """Encodes frames as they come; one thread, so that the same frames give the same file.

    Args:
        path: of the film.
        width, height: of its frames.
        rate: frames per second.
        encoding: codec and quality.

    Raises:
        BackendError: ffmpeg is missing or cannot be started.
        SettingsError: there is such a file already.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction, encoding: Encoding) -> None:
        if path.exists():
            raise SettingsError(f"{path} is there already")
        self.path = path
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the writer
        raw = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", s=f"{width}x{height}", framerate=str(rate))
        options = {"c:v": encoding.codec, "crf": encoding.crf, "pix_fmt": "yuv420p", "threads": 1}
        exact = {"fflags": "+bitexact", "flags:v": "+bitexact", "map_metadata": -1}
        faststart = {"movflags": "+faststart"} if encoding.suffix in (".mp4", ".mov") else {}
        out = raw.output(str(path), **options, **OPTIONS[encoding.codec], **exact, **faststart)
        program = find_program().path
        command = out.global_args("-hide_banner", "-loglevel", "error", "-n").compile(cmd=program)
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._said, stderr=self._said)  # noqa: S603
        except OSError as error:
            raise BackendError(f"cannot run ffmpeg at {program}") from error

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._process.kill()
        try:
            self._finish(failed=kind is not None)
        finally:
            self._said.close()

    def add(self, pixels: Pixels) -> None:
        """Append a frame.

        Raises:
            BackendError: ffmpeg has stopped.
        """
        try:
            self._pipe.write(np.ascontiguousarray(pixels).tobytes())
        except OSError as error:
            raise BackendError(f"ffmpeg stopped while it wrote {self.path.name}: {self._message()}") from error

    @property
    def _pipe(self) -> IO[bytes]:
        if self._process.stdin is None:
            raise BackendError("ffmpeg has no input")
        return self._process.stdin

    def _finish(self, *, failed: bool) -> None:
        broken = False
        try:
            self._pipe.close()
        except BrokenPipeError:
            broken = True
        try:
            status = self._process.wait(LASTING_S)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.wait()
            raise BackendError(f"ffmpeg did not finish {self.path.name}") from error
        if (status or broken) and not failed:
            raise BackendError(f"ffmpeg failed to write {self.path.name}: {self._message()}")

    def _message(self) -> str:
        self._said.seek(0)
        lines = self._said.read(4000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "no message"


def write_films(
    films: FilmStudio, number: int, folder: Path, split: str, encodings: Sequence[Encoding] = (Encoding(),)
) -> tuple[FilmTruth, ...]:
    """Write film ``number`` and its forged twin at every quality, each with its truth; what is there is kept.

    Args:
        films: the factory.
        number: of the film.
        folder: for the files.
        split: of the faces.
        encodings: qualities.

    Returns:
        the truths, real and forged of each quality in turn.

    Raises:
        CannotForge: no forgery works on these persons.
        PictureVanished: a picture cannot be read.
        BackendError: ffmpeg is missing or failed.
    """
    names = [(one, label, f"{split}-{films.seed}-{number:04d}-{('real', 'forged')[label]}-{one.name}")
             for one in encodings for label in (0, 1)]  # fmt: skip
    if all((folder / f"{name}.json").is_file() for _, _, name in names):
        return tuple(read_truth(folder / f"{name}.json") for _, _, name in names)
    folder.mkdir(parents=True, exist_ok=True)
    plan, boxes = _encoded(films, number, folder, names)
    found = []
    for encoding, label, name in names:
        part = folder / f".{name}{encoding.suffix}"
        part.replace(folder / f"{name}{encoding.suffix}")
        truth = _truth(films, plan, boxes, f"{name}{encoding.suffix}", split, encoding, label)
        (folder / f"{name}.json").write_text(truth.model_dump_json(indent=1) + "\n", encoding="utf-8")
        found.append(truth)
    return tuple(found)


Named = tuple[Encoding, int, str]
Boxes = list[list[tuple[int, int, int, int]]]


def _encoded(films: FilmStudio, number: int, folder: Path, names: Sequence[Named]) -> tuple[FilmPlan, Boxes]:
    """Render once and write all files; a forgery that fails in the middle is replaced by another attempt's."""
    plans: Iterator[FilmPlan] = films.workable(number)
    for plan in plans:
        for encoding, _, name in names:
            (folder / f".{name}{encoding.suffix}").unlink(missing_ok=True)
        boxes: Boxes = [[] for _ in plan.persons]
        try:
            with ExitStack() as stack:
                writers = [
                    (label, stack.enter_context(_writer(films, folder / f".{name}{encoding.suffix}", encoding)))
                    for encoding, label, name in names
                ]
                for frame in films.frames(plan):
                    for label, writer in writers:
                        writer.add(frame.forged if label else frame.real)
                    for one, landmarks in zip(boxes, frame.landmarks, strict=True):
                        one.append(_box(landmarks))
        except CannotForge:
            continue
        return plan, boxes
    raise CannotForge(f"film {number} of seed {films.seed}: no forgery works on all of its frames")


def _writer(films: FilmStudio, path: Path, encoding: Encoding) -> FilmWriter:
    return FilmWriter(path, films.shape.width, films.shape.height, films.shape.rate, encoding)


def _box(landmarks: Field) -> tuple[int, int, int, int]:
    low, high = np.floor(landmarks.min(axis=0)).astype(int), np.ceil(landmarks.max(axis=0)).astype(int) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _truth(
    films: FilmStudio, plan: FilmPlan, boxes: Boxes, film: str, split: str, encoding: Encoding, label: int
) -> FilmTruth:
    shape, forging = films.shape, plan.forging
    stretch = ForgedStretch(
        start=forging.first / shape.rate,
        end=forging.end / shape.rate,
        operator=forging.operator,
        forgery=forging.forgery.value,
        strength=round(forging.strength, 4),
        donor=forging.donor.path if forging.donor else "",
        seed=forging.seed,
    )
    persons = tuple(
        PersonTruth(
            path=row.path,
            source=row.source,
            boxes=tuple(boxes[place]),
            forged=(stretch,) if label and place == forging.person else (),
        )
        for place, row in enumerate(plan.persons)
    )
    return FilmTruth(
        film=film,
        group=f"{split}-{films.seed}-{plan.number}",
        split=split,
        label=label,
        seed=films.seed,
        number=plan.number,
        width=shape.width,
        height=shape.height,
        rate=shape.rate,
        codec=encoding.codec,
        crf=encoding.crf,
        persons=persons,
    )


def read_truth(path: Path) -> FilmTruth:
    """The truth that lies beside a made film.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        return FilmTruth.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no truth of a made film") from error
