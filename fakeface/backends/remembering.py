"""A face finder that does not look twice at the same picture: what is asked is checked before the run begins."""

from __future__ import annotations

import time

from fakeface.faces import Box, Face
from fakeface.findings import ModelCard
from fakeface.frames import Frame
from fakeface.interfaces import FaceFinder

__all__ = ["RememberingFinder"]


class RememberingFinder:
    """Another ``FaceFinder`` with the faces of the last picture kept.

    Args:
        finder: looks where a picture is new.

    Attributes:
        seconds: wall time that it took to look.
    """

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._seen = ""
        self._faces: tuple[Face, ...] = ()
        self.seconds = 0.0

    @property
    def card(self) -> ModelCard:
        """The model that looks."""
        return self._finder.card

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Faces from left to right."""
        pixels = frame.pixels_sha256()
        if pixels != self._seen:
            started = time.perf_counter()
            self._seen, self._faces = pixels, self._finder.find(frame)
            self.seconds += time.perf_counter() - started
        return self._faces

    def describe(self, frame: Frame, box: Box) -> Face:
        """The face in a box that the examiner drew."""
        return self._finder.describe(frame, box)
