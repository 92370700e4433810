"""What was seen of a film that is not finished: one line per sampled frame, so that ``--resume`` goes on inside it."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fakeface.errors import OutputError
from fakeface.faces import Box, Face, FaceOrigin
from fakeface.looks import SOFT_SIDE, Look, SeenFace
from fakeface.report.entries import BoxEntry, Entry

__all__ = ["FilmJournal"]


class _Head(Entry):
    """First line: which file the looks are of."""

    sha256: str


class _SeenLine(Entry):
    """A ``SeenFace`` with its arrays as Base64, so that reading gives the same values to the last bit."""

    box: BoxEntry
    confidence: float
    origin: FaceOrigin
    landmarks: str
    track: int
    appearance: str
    followed: bool
    score: float | None
    sharpness: float
    soft_mask: str | None


class _LookLine(Entry):
    """A ``Look``."""

    index: int
    time: str
    frame_type: str
    cut: bool
    faces: tuple[_SeenLine, ...]


class FilmJournal:
    """The looks of one film (a ``FilmMemory``).

    A file that belongs to other content than the film's is begun anew; a last line that was cut off is dropped.

    Args:
        path: of the journal; its folder exists.
        sha256: of the film.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        self._path, self._sha256 = path, sha256

    def looks(self) -> Iterator[Look]:
        """What an interrupted run kept, in order; to be read to its end before more is kept.

        Raises:
            OutputError: the journal cannot be read, or a line other than the last is damaged.
        """
        if not self._path.is_file() or self._path.is_symlink():
            return
        place = 0
        try:
            with self._path.open("rb") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    if place == 0 and _Head.model_validate_json(line).sha256 != self._sha256:
                        break
                    if place:
                        yield _look(_LookLine.model_validate_json(line))
                    place += len(line)
            os.truncate(self._path, place)
        except (OSError, ValidationError, ValueError) as error:
            raise OutputError(f"{self._path} is damaged at byte {place}; delete it to begin the film anew") from error

    def keep(self, looks: Sequence[Look]) -> None:
        """Add further looks; they are with the operating system when this returns.

        Raises:
            OutputError: the disk refuses.
        """
        lines = [_line(look).model_dump_json() + "\n" for look in looks]
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o644)
            with os.fdopen(descriptor, "ab") as stream:
                if stream.tell() == 0:
                    lines.insert(0, _Head(sha256=self._sha256).model_dump_json() + "\n")
                stream.write("".join(lines).encode())
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}") from error

    def remove(self) -> None:
        """The film is finished: its entry stands."""
        self._path.unlink(missing_ok=True)


def _line(look: Look) -> _LookLine:
    return _LookLine(
        index=look.index,
        time=str(look.time_seconds),
        frame_type=look.frame_type,
        cut=look.cut,
        faces=tuple(_seen_line(seen) for seen in look.faces),
    )


def _seen_line(seen: SeenFace) -> _SeenLine:
    return _SeenLine(
        box=seen.face.box.xyxy,
        confidence=seen.face.confidence,
        origin=seen.face.origin,
        landmarks=_packed(seen.face.landmarks),
        track=seen.track,
        appearance=_packed(seen.appearance),
        followed=seen.followed,
        score=seen.score,
        sharpness=seen.sharpness,
        soft_mask=None if seen.soft_mask is None else _packed(seen.soft_mask),
    )


def _look(line: _LookLine) -> Look:
    faces = tuple(_seen(face) for face in line.faces)
    return Look(line.index, Fraction(line.time), line.frame_type, line.cut, faces)


def _seen(line: _SeenLine) -> SeenFace:
    landmarks = np.frombuffer(base64.b64decode(line.landmarks), "<f4").reshape(68, 2).astype(np.float32)
    soft = None if line.soft_mask is None else _bytes(line.soft_mask).reshape(SOFT_SIDE, SOFT_SIDE)
    face = Face(Box(*line.box), line.confidence, landmarks, line.origin)
    return SeenFace(face, line.track, _bytes(line.appearance), line.followed, line.score, line.sharpness, soft)


def _packed(values: NDArray[np.float32] | NDArray[np.uint8]) -> str:
    kept = values.astype("<f4") if values.dtype == np.float32 else values
    return base64.b64encode(kept.tobytes()).decode("ascii")


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(text), np.uint8)
