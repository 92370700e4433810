"""The deletion and insertion curves of a face as a small picture, drawn from the record alone.

Drawn at twice its size and reduced, as timelines are (``film_plot``). Each curve has its own colour, stroke and mark,
so that a grey print says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.report.entries import FaithfulnessEntry
from fakeface.report.lettering import typeface

__all__ = ["CURVES_SIZE", "draw_curves"]

CURVES_SIZE = (1000, 470)
"""Width and height of the picture in pixels."""

SHARP = 2
"""How many times larger it is drawn."""

INK, FAINT, GRID = (27, 36, 48), (91, 102, 115), (221, 226, 232)
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)

LEFT, RIGHT, TOP, BOTTOM = 80, 950, 56, 380
"""The plot's own corners in pixels of the finished picture."""

DASH, GAP = 14, 9
TEXT = 22

_Point = tuple[float, float]


def draw_curves(curves: FaithfulnessEntry) -> NDArray[np.uint8]:
    """Text-independent scores over the share of pixels, most probable first: deletion full, insertion dashed.

    Returns:
        (470, 1000, 3) uint8 RGB.
    """
    image = Image.new("RGB", (CURVES_SIZE[0] * SHARP, CURVES_SIZE[1] * SHARP), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    _axes(draw)
    _curve(draw, _placed(curves.shares, curves.insertion), ORANGE, dashed=True)
    _curve(draw, _placed(curves.shares, curves.deletion), BLUE, dashed=False)
    for left, words, ink, dashed in (
        (LEFT, f"deletion, area {curves.deletion_area:.2f}", BLUE, False),
        ((LEFT + RIGHT) // 2, f"insertion, area {curves.insertion_area:.2f}", ORANGE, True),
    ):
        row = TOP / 2 * SHARP
        _curve(draw, [(left * SHARP, row), ((left + 70) * SHARP, row)], ink, dashed=dashed)
        _write(draw, ((left + 86) * SHARP, row), words, "lm")
    return np.array(image.reduce(SHARP), dtype=np.uint8)


def _placed(shares: Sequence[float], scores: Sequence[float]) -> list[_Point]:
    """Shares and scores 0..1 as pixels of the drawing."""
    return [
        ((LEFT + share * (RIGHT - LEFT)) * SHARP, (BOTTOM - score * (BOTTOM - TOP)) * SHARP)
        for share, score in zip(shares, scores, strict=True)
    ]


def _axes(draw: ImageDraw.ImageDraw) -> None:
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        [(column, row)] = _placed([value], [value])
        draw.line((LEFT * SHARP, row, RIGHT * SHARP, row), fill=GRID, width=SHARP)
        _write(draw, ((LEFT - 10) * SHARP, row), f"{value:g}", "rm")
        draw.line((column, BOTTOM * SHARP, column, (BOTTOM + 6) * SHARP), fill=INK, width=SHARP)
        _write(draw, (column, (BOTTOM + 10) * SHARP), f"{value:.0%}", "ma")
    draw.line((LEFT * SHARP, TOP * SHARP, LEFT * SHARP, BOTTOM * SHARP), fill=INK, width=SHARP)
    draw.line((LEFT * SHARP, BOTTOM * SHARP, RIGHT * SHARP, BOTTOM * SHARP), fill=INK, width=SHARP)
    _write(
        draw, ((LEFT + RIGHT) / 2 * SHARP, (BOTTOM + 46) * SHARP), "share of pixels, most probable first", "ma", FAINT
    )


def _curve(draw: ImageDraw.ImageDraw, points: Sequence[_Point], ink: tuple[int, int, int], *, dashed: bool) -> None:
    """Full with dots, or dashed with rings."""
    for start, end in pairwise(points):
        _stroke(draw, start, end, ink, dashed=dashed)
    arm = 5 * SHARP
    for column, row in points:
        place = (column - arm, row - arm, column + arm, row + arm)
        draw.ellipse(place, fill=(255, 255, 255) if dashed else ink, outline=ink, width=2 * SHARP)


def _stroke(draw: ImageDraw.ImageDraw, start: _Point, end: _Point, ink: tuple[int, int, int], *, dashed: bool) -> None:
    first, last = np.array(start), np.array(end)
    length = float(np.hypot(*(last - first)))
    step, shown = ((DASH + GAP) * SHARP, DASH * SHARP) if dashed else (length, length)
    for begun in np.arange(0, length, step) if length else ():
        ends = [first + (last - first) * min(at, length) / length for at in (begun, begun + shown)]
        draw.line([tuple(one) for one in ends], fill=ink, width=3 * SHARP)


def _write(draw: ImageDraw.ImageDraw, place: _Point, text: str, anchor: str, ink: tuple[int, int, int] = INK) -> None:
    draw.text(place, text, fill=ink, font=typeface(TEXT * SHARP), anchor=anchor)
