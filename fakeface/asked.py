"""What an examiner asks of a face beyond the decision: places, texts, questions. Values, checked when made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fakeface.concepts import CONCEPTS, look_up
from fakeface.errors import SettingsError
from fakeface.faces import Box
from fakeface.findings import Explanation
from fakeface.sanitize import safe_text

__all__ = ["MOST_CHARACTERS", "Asked", "Listener", "Place", "Silent", "Style", "checked_question"]

MOST_CHARACTERS = 400
"""Longest question."""


class Style(StrEnum):
    """Form of the explanation: grounded sentences, a list by region, or the five fields."""

    AGE = "age"
    LIST = "list"
    REPORT = "report"


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place that the examiner points at: exactly one of four.

    Args:
        words: as it was asked ("point 30,40").
        concept: name in the concept tree.
        box: in pixels of the upright picture.
        point: x and y of a pixel of the upright picture.
        region: (height, width) bool in the upright picture.

    Raises:
        SettingsError: not exactly one is given, no concept has this name, or the region is empty.
    """

    words: str
    concept: str | None = None
    box: Box | None = None
    point: tuple[int, int] | None = None
    region: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.concept, self.box, self.point, self.region)) != 1:
            raise SettingsError("a place is exactly one of region name, box, point and mask")
        if self.concept is not None and self.concept not in CONCEPTS:
            raise SettingsError(f"no part of a face is called {self.concept!r}")
        if self.region is not None and not self.region.any():
            raise SettingsError(f"{self.words} marks no pixel")

    @classmethod
    def named(cls, text: str) -> Place:
        """A part of the face by any of its names.

        Raises:
            SettingsError: nothing is called so; the message offers the nearest names.
        """
        return cls(f"region {safe_text(text)}", concept=look_up(text).name)

    def require_inside(self, height: int, width: int) -> None:
        """Check the place against the picture.

        Raises:
            SettingsError: a box reaches outside, a point lies outside, or a mask has another size.
        """
        size = f"the picture has {width} x {height} pixels"
        if self.box is not None:
            left, top, right, bottom = self.box.xyxy
            if min(left, top) < 0 or right > width or bottom > height:
                raise SettingsError(f"{self.words} reaches outside the picture: {size}")
        if self.point is not None and not (0 <= self.point[0] < width and 0 <= self.point[1] < height):
            raise SettingsError(f"{self.words} lies outside the picture: {size}")
        if self.region is not None and self.region.shape != (height, width):
            rows, columns = self.region.shape
            raise SettingsError(f"{self.words} has {columns} x {rows} pixels, but {size}")

    def pixels(self, height: int, width: int) -> NDArray[np.bool_] | None:
        """(height, width) bool of a box, point or mask; ``None`` for a part by name, which a face has to locate."""
        if self.region is not None:
            return self.region
        area = np.zeros((height, width), np.bool_)
        if self.box is not None:
            area[self.box.top : self.box.bottom, self.box.left : self.box.right] = True
        elif self.point is not None:
            area[self.point[1], self.point[0]] = True
        else:
            return None
        return area

    def for_record(self) -> str:
        """The words, and of a mask the SHA-256 of its pixels."""
        if self.region is None:
            return self.words
        return f"{self.words} {hashlib.sha256(np.packbits(self.region).tobytes()).hexdigest()}"


class Listener(Protocol):
    """Hears every text while it is written."""

    def picture(self, name: str) -> None:
        """What follows is about this input; its name as given, not yet safe to show."""
        ...

    def begin(self, face: int, task: str, question: str) -> None:
        """A text about the face of this number begins; nothing in it is checked yet."""
        ...

    def piece(self, text: str) -> None:
        """The next words of it, exactly as the model writes them."""
        ...

    def checked(self, explanation: Explanation) -> None:
        """It is complete, and its claims are checked."""
        ...


class Silent:
    """Hears nothing."""

    def picture(self, name: str) -> None:
        """Nothing."""

    def begin(self, face: int, task: str, question: str) -> None:
        """Nothing."""

    def piece(self, text: str) -> None:
        """Nothing."""

    def checked(self, explanation: Explanation) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Everything that is asked of the faces of a run beyond their decision.

    Args:
        maps: reliability map, heat maps, and the parts of the artifact mask.
        places: regions, boxes, points and masks to look at.
        style: of the explanation; ``None`` for none.
        questions: put to the model about every chosen face, in order.
        face: number of the only face that is meant; ``None`` for all.
        faithfulness: measure how the score follows the mask.
        converse: gives further questions about the face of a number, one at a time; each is answered before the next
            one is fetched.
        listener: hears the texts as they are written.
    """

    maps: bool = False
    places: tuple[Place, ...] = ()
    style: Style | None = None
    questions: tuple[str, ...] = ()
    face: int | None = None
    faithfulness: bool = False
    converse: Callable[[int], Iterator[str]] | None = None
    listener: Listener = field(default_factory=Silent)

    @property
    def anything(self) -> bool:
        """Whether anything is asked at all."""
        return bool(self.maps or self.places or self.writes)

    @property
    def writes(self) -> bool:
        """Whether the model is to write."""
        return bool(self.style or self.questions or self.converse)

    @property
    def needs_face(self) -> bool:
        """Whether it can be answered only where a face is there that is meant."""
        return bool(self.places or self.questions or self.one_picture)

    @property
    def one_picture(self) -> bool:
        """Whether what is asked makes sense of one picture only."""
        pointed = any(place.concept is None for place in self.places)
        return pointed or self.face is not None or self.converse is not None

    def means(self, face: int) -> bool:
        """Whether the face of this number is meant."""
        return self.face in (None, face)

    def for_record(self) -> dict[str, object]:
        """What the results depend on, JSON-ready."""
        return {
            "maps": self.maps,
            "places": [place.for_record() for place in self.places],
            "style": self.style.value if self.style else None,
            "questions": list(self.questions),
            "face": self.face,
            "faithfulness": self.faithfulness,
            "conversation": self.converse is not None,
        }


def checked_question(text: str) -> str:
    """A question as it is put to the model, single spaces.

    Raises:
        SettingsError: it is empty, too long, or holds control or invisible characters.
    """
    question = " ".join(text.split(" "))
    if safe_text(question) != question:
        raise SettingsError(f"the question holds control or invisible characters: {safe_text(question)}")
    question = " ".join(question.split())
    if not question:
        raise SettingsError("the question is empty")
    if len(question) > MOST_CHARACTERS:
        raise SettingsError(f"the question has {len(question)} characters; at most {MOST_CHARACTERS} are taken")
    return question
