"""What is asked about one picture, checked against that picture before anything is written."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakeface.backends import Engine
    from fakeface.faces import Box, Face
    from fakeface.findings import ModelCard
    from fakeface.frames import Frame
    from fakeface.inputs import Input
    from fakeface.interfaces import FaceFinder
    from fakeface.pipeline import Request

__all__ = ["Checked", "check_picture"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What remains of the check.

    Args:
        engine: for the run; its finder does not look at the picture twice.
        seconds: wall time that the finder took.
    """

    engine: Engine
    seconds: float = 0.0


def check_picture(engine: Engine, item: Input, request: Request) -> Checked:
    """Check everything that is asked about a picture; one that cannot be opened passes, the run accounts for it.

    Raises:
        SettingsError: something that is asked cannot be answered on this picture.
    """
    from fakeface.backends.remembering import RememberingFinder
    from fakeface.backends.stills import Decoder
    from fakeface.pipeline import check_request

    watched = _WatchedFinder(engine.finder)
    engine = replace(engine, finder=RememberingFinder(watched))
    with Decoder(request.settings.decoder) as decoder:
        check_request(engine, decoder, item, request)
    if watched.looked:
        request.asked.require_faces(watched.sides(), request.settings.faces.min_face_pixels)
    return Checked(engine, watched.seconds)


class _WatchedFinder:
    """Another ``FaceFinder``, with the faces that it gave and the wall time that it took to find them.

    Args:
        finder: looks.
    """

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._faces: list[Face] = []
        self.looked = False
        self.seconds = 0.0

    @property
    def card(self) -> ModelCard:
        """The model that looks."""
        return self._finder.card

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Faces from left to right."""
        started = time.perf_counter()
        found = self._finder.find(frame)
        self.seconds += time.perf_counter() - started
        self.looked = True
        self._faces.extend(found)
        return found

    def describe(self, frame: Frame, box: Box) -> Face:
        """The face in a box that the examiner drew."""
        face = self._finder.describe(frame, box)
        self._faces.append(face)
        return face

    def sides(self) -> tuple[int, ...]:
        """Shorter side in pixels of every face that was given, in the order in which the route numbers them."""
        ordered = sorted(self._faces, key=lambda face: (face.box.left, face.box.top))
        return tuple(face.size_pixels for face in ordered)
