"""The contact sheet of the studio: what every operator makes of a few faces, to be looked at by people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError
from fakeface.faces import BLANK, face_square
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.studio import Studio
from fakeface.training.forge.values import CannotForge, Field, Pixels, Subject

__all__ = ["Cell", "draw_sheet", "studio_sheet"]

CELL = 160
"""Side of one picture on the sheet, pixels."""

MARGIN, GAP, HEAD = 190, 8, 24
"""Pixels: room for the operators' names, between faces, and for the headings."""

WIDENING = 1.7
"""Side of what is shown over the larger extent of the landmarks."""

MASK_COLOUR = (86, 180, 233)
TITLES = ("real", "forged", "mask")


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """What one operator made of one face.

    Args:
        real, fake: the pictures with the same landmarks.
        mask: (height, width) float32 0..1, share of foreign pixels; ``None`` where the whole picture is foreign.
    """

    real: Subject
    fake: Subject
    mask: Field | None


def studio_sheet(studio: Studio, faces: Sequence[int], operators: Sequence[str] = (), cell: int = CELL) -> Pixels:
    """The sheet of some of a studio's real faces, each forged by every operator.

    Args:
        studio: whose recipe says how strongly, and how pictures are processed afterwards.
        faces: numbers of real faces.
        operators: names; empty: all.
        cell: side of one picture in pixels.

    Returns:
        (height, width, 3) uint8 RGB.
    """

    def make(name: str, face: int) -> Cell | str:
        try:
            pair = studio.forged(face, name, studio.generator(face), instead=None)
        except (CannotForge, SettingsError) as error:
            return str(error)
        return Cell(pair.real, pair.fake, pair.mask)

    return draw_sheet(make, operators or tuple(OPERATORS), faces, cell)


def draw_sheet(
    make: Callable[[str, int], Cell | str], operators: Sequence[str], faces: Sequence[int], cell: int = CELL
) -> Pixels:
    """A row for each operator, and for each face three pictures: real, forged, mask over the forged one.

    Args:
        make: what the operator of this name makes of the face of this number, or why it makes nothing.
        operators: names in the order of the rows.
        faces: numbers in the order of the columns.
        cell: side of one picture in pixels.
    """
    width, height = MARGIN + len(faces) * (3 * cell + GAP), HEAD + len(operators) * (cell + GAP)
    sheet = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(sheet)
    for column, _ in enumerate(faces):
        for place, title in enumerate(TITLES):
            left = MARGIN + column * (3 * cell + GAP) + place * cell
            draw.text((left + cell / 2, HEAD / 2), title, "black", _font("DejaVuSans.ttf", 13), anchor="mm")
    for row, name in enumerate(operators):
        top = HEAD + row * (cell + GAP)
        _label(draw, name, top + cell / 2)
        for column, face in enumerate(faces):
            left = MARGIN + column * (3 * cell + GAP)
            made = make(name, face)
            if isinstance(made, str):
                _tell(draw, made, (left, top), 3 * cell)
                continue
            for place, pixels in enumerate(_three(made, cell)):
                sheet.paste(Image.fromarray(pixels), (left + place * cell, top))
    return np.asarray(sheet, np.uint8)


def _three(made: Cell, cell: int) -> tuple[Pixels, Pixels, Pixels]:
    square = face_square(made.real.landmarks, WIDENING)
    height, width = made.fake.pixels.shape[:2]
    mask = np.ones((height, width), np.float32) if made.mask is None else made.mask
    share = (0.6 * mask)[..., None]
    tinted = np.rint(made.fake.pixels * (1 - share) + np.array(MASK_COLOUR, np.float32) * share).astype(np.uint8)
    real, fake, over = (
        _cut(pixels, (square.left, square.top, square.width), cell)
        for pixels in (made.real.pixels, made.fake.pixels, tinted)
    )
    return real, fake, over


def _cut(pixels: Pixels, square: tuple[int, int, int], cell: int) -> Pixels:
    """A square (left, top, side) of a picture in a cell; what lies outside the picture is blank."""
    left, top, side = square
    moved = np.array([[cell / side, 0, -left * cell / side], [0, cell / side, -top * cell / side]])
    if side > cell:  # area averaging, which warpAffine cannot
        factor = cell / side
        size = (max(round(pixels.shape[1] * factor), 1), max(round(pixels.shape[0] * factor), 1))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        moved = np.array([[1.0, 0, -left * factor], [0, 1.0, -top * factor]])
    shown = cv2.warpAffine(pixels, moved, (cell, cell), borderValue=(BLANK,) * 3)
    return np.asarray(shown, np.uint8)


def _label(draw: ImageDraw.ImageDraw, name: str, middle: float) -> None:
    draw.text((6, middle - 9), name, "black", _font("DejaVuSans-Bold.ttf", 14), anchor="lm")
    words = OPERATORS[name].forgery if name in OPERATORS else ForgeryClass.REAL
    draw.text((6, middle + 9), words.value.replace("_", " "), "#606060", _font("DejaVuSans.ttf", 12), anchor="lm")


def _tell(draw: ImageDraw.ImageDraw, reason: str, place: tuple[int, int], width: int) -> None:
    """The reason why there is no picture, in as many lines as it needs."""
    font, line = _font("DejaVuSans.ttf", 12), ""
    left, top = place
    for word in [*f"nothing made: {reason}".split(), ""]:
        longer = f"{line} {word}".strip()
        if word and draw.textlength(longer, font) < width - 12:
            line = longer
            continue
        draw.text((left + 6, top + 6), line, "#606060", font)
        line, top = word, top + 16


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    with resources.as_file(resources.files("fakeface.report") / "fonts" / name) as path:
        return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
