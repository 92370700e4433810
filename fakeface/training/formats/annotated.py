"""The annotated manifest: JSON Lines, one face picture per line with all that is known of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from fakeface.answers import Claim, ForgeryClass
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.skips import Skipped, read_checked
from fakeface.training.formats.splits import Split
from fakeface.training.reading import read_pixels
from fakeface.training.whole import whole

__all__ = [
    "VERSION",
    "Annotated",
    "FindingRow",
    "FiveFields",
    "GivenAnswer",
    "Making",
    "Turn",
    "load_mask",
    "read_annotated",
    "write_annotated",
]

VERSION = 1
"""Of the manifest's form; a reader refuses another."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(_Value):
    """One turn of a conversation about the picture."""

    speaker: Literal["human", "model"]
    text: str


class FiveFields(_Value):
    """The five-field answer that the picture deserves, and the question it answers.

    ``description`` and ``reasoning`` may hold grounded phrases (``<p>...</p>[SEG]``, ``[NOSEG]``); ``probability`` is
    0..1 or unknown; ``forgery`` is unknown where only the verdict is known.
    """

    question: str
    description: str
    reasoning: str
    claim: Claim
    probability: float | None = Field(default=None, ge=0, le=1)
    forgery: ForgeryClass | None = None


class GivenAnswer(_Value):
    """What a model wrote about the picture under one hypothesis, and what it claims."""

    content: str
    claim: Claim


class Making(_Value):
    """How the studio made the pair that a picture belongs to.

    Args:
        pair: number of the pair in its data set; its real and its forged picture share it.
        operator: what forged it; ``given`` where the forgery was there before.
        of: path of the real picture's original, as its own manifest names it.
        donor: of the donor's; empty where only one face took part.
        recipe: version of the recipe; empty where none was followed.
        parameters: what was drawn for the operator, with the unit in the name.
        processing: what happened to both pictures of the pair afterwards, in words.
        soft_mask: path of the share of foreign pixels as a grey picture, 255 for all; empty where there is none.
        files: paths of the row's files that were written with it.
    """

    pair: int = Field(ge=0)
    operator: str
    of: str
    donor: str = ""
    recipe: str = ""
    parameters: dict[str, str | float | bool] = {}
    processing: str = ""
    soft_mask: str = ""
    files: tuple[str, ...] = ()


class FindingRow(_Value):
    """One statement about a part of the face, with what it rests on.

    ``measurements`` are values by name, rounded to 4 decimals; whoever has the picture, the landmarks and the mask can
    take them again. ``supported`` is false where only the maker's truth bears the statement out. ``original`` holds the
    same measurement on the picture before it was altered, where that is known.
    """

    concept: str
    family: str
    term: str
    severity: Literal["none", "slight", "clear"]
    measurements: dict[str, float] = {}
    supported: bool
    original: dict[str, float] = {}


class Annotated(_Value):
    """One face picture.

    Args:
        version: of this form.
        path: relative to the data set's folder.
        split: train, calib or dev.
        label: real or fake.
        forgery: class; ``None`` for a forgery of unknown kind.
        source: data set or method.
        identities, videos: persons and source videos whose pixels are in it, as far as known.
        box: of the face, pixels of the picture, x0, y0, x1, y1; ``None``: the picture is one face or it is not known.
        width, height: of the picture in pixels, if known.
        mask: what was altered, as run-length code or as the path of a picture that is not black there.
        regions: names of altered regions.
        caption: a free report, if there is one.
        answer: the five fields, with grounded phrases.
        answers: of a model under the hypotheses in their order; ``None`` where one is missing.
        conversations: further questions and answers.
        tasks: what each conversation exercises, if it is known; as many as conversations, or none.
        landmarks: 68 points of the face in pixels of the picture, if known.
        coverage: share of the mask that the regions cover, 0..1, if known.
        findings: statements about parts of the face with their measurements.
        made: how the studio made it.
    """

    version: Literal[1] = 1
    path: str = Field(min_length=1)
    split: Split
    label: Literal["real", "fake"]
    forgery: ForgeryClass | None
    source: str
    identities: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    box: tuple[int, int, int, int] | None = None
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    mask: Rle | str | None = None
    regions: tuple[str, ...] = ()
    caption: str = ""
    answer: FiveFields | None = None
    answers: tuple[GivenAnswer | None, ...] = ()
    conversations: tuple[tuple[Turn, ...], ...] = ()
    tasks: tuple[str, ...] = ()
    landmarks: tuple[tuple[float, float], ...] = ()
    coverage: float | None = Field(default=None, ge=0, le=1)
    findings: tuple[FindingRow, ...] = ()
    made: Making | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Annotated:
        if (self.forgery == ForgeryClass.REAL) != (self.label == "real"):
            raise ValueError(f"a {self.label} picture cannot be of the class {self.forgery}")
        if isinstance(self.mask, Rle) and self.width and self.height and self.mask.size != (self.height, self.width):
            height, width = self.mask.size
            raise ValueError(f"the mask is {width}x{height}, the picture {self.width}x{self.height}")
        if self.landmarks and len(self.landmarks) != 68:
            raise ValueError(f"a face has 68 landmarks, not {len(self.landmarks)}")
        if self.tasks and len(self.tasks) != len(self.conversations):
            raise ValueError(f"{len(self.tasks)} tasks for {len(self.conversations)} conversations")
        return self


def read_annotated(path: Path) -> Iterator[Annotated | Skipped]:
    """Every line of a manifest, as it is read; a line that is none is told with its number."""
    yield from read_checked(path, Annotated.model_validate)


def write_annotated(rows: Iterable[Annotated], path: Path) -> list[Skipped]:
    """Write a manifest line by line; nothing is ever left out of it."""
    with whole(path) as aside, aside.open("w", encoding="utf-8") as handle:
        for row in rows:
            line = {"version": VERSION, **row.model_dump(mode="json", exclude_defaults=True)}
            handle.write(json.dumps(line, ensure_ascii=False) + "\n")
    return []


def load_mask(mask: Rle | str, root: Path) -> NDArray[np.bool_]:
    """The mask's pixels, (height, width) bool.

    Raises:
        ValueError: its file cannot be read.
    """
    if isinstance(mask, Rle):
        return mask.pixels()
    pixels = read_pixels(root / mask, cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        raise ValueError(f"the mask {mask} is missing or unreadable")
    return np.asarray(pixels > 0)
