"""Overlays: the picture with numbered boxes and artifact contours, drawn from values, the same bytes every time.

Colours are those of Okabe and Ito, which people with any common colour blindness tell apart; each verdict has its own
line pattern and is written beside the number as well, so that a grey print says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.decision import Verdict
from fakeface.faces import Box
from fakeface.findings import FaceFinding
from fakeface.report.lettering import typeface

__all__ = [
    "OVERLAY_SIDE",
    "STYLES",
    "Style",
    "decoded_mask",
    "draw_box",
    "draw_mask",
    "draw_overlay",
    "draw_phrases",
    "overlay_scale",
    "phrase_colour",
]

OVERLAY_SIDE = 2000
"""Longer side of the largest overlay in pixels; larger pictures are reduced to it."""

MASK_COLOUR = (86, 180, 233)
PHRASE_SIDE = 640
"""A face smaller than this is enlarged without smoothing before phrases are drawn on it, up to eight times."""

TINT = 0.22
"""Share of the mask's colour inside its contour: light, because the trace itself must stay visible."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a verdict is drawn: colour, word, ink of the label, and dashes (drawn, left out) in line widths."""

    colour: tuple[int, int, int]
    word: str
    ink: tuple[int, int, int]
    dash: tuple[int, int] | None


STYLES = {
    Verdict.FAKE: Style((213, 94, 0), "alteration", (255, 255, 255), None),
    Verdict.REAL: Style((0, 114, 178), "no alteration", (255, 255, 255), (8, 3)),
    Verdict.INDETERMINATE: Style((240, 228, 66), "inconclusive", (0, 0, 0), (2, 2)),
}


def overlay_scale(height: int, width: int) -> float:
    """Overlay pixels per picture pixel: 1, or less for a picture that is larger than ``OVERLAY_SIDE``."""
    return min(1.0, OVERLAY_SIDE / max(height, width))


def draw_overlay(pixels: NDArray[np.uint8], faces: Sequence[FaceFinding]) -> NDArray[np.uint8]:
    """The picture with its faces drawn in.

    Args:
        pixels: (height, width, 3) uint8 RGB, upright; left untouched.
        faces: what was found; their boxes and masks are in these pixels.

    Returns:
        (height, width, 3) uint8 RGB, the longer side at most 2000 pixels.
    """
    height, width = pixels.shape[:2]
    scale = overlay_scale(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    canvas = pixels.copy()
    if scale < 1:
        canvas = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    thickness = max(2, round(max(size) / 400))
    for mask in (mask for face in faces for mask in face.masks):
        canvas = draw_mask(canvas, mask.pixels, thickness)
    image = Image.fromarray(canvas)
    for face in faces:
        verdict = face.decision.verdict
        draw_box(image, face.face.box.xyxy, verdict, f"{face.number} {STYLES[verdict].word}", thickness, scale)
    return np.array(image, dtype=np.uint8)


def decoded_mask(rle: dict[str, Any]) -> NDArray[np.bool_]:
    """(height, width) bool of a mask's code in the record."""
    from pycocotools import mask as coco

    return np.asarray(coco.decode({"size": rle["size"], "counts": rle["counts"].encode("ascii")}), dtype=np.bool_)


def phrase_colour(place: int, count: int) -> tuple[int, int, int]:
    """RGB of the mask at a 0-based place among several: evenly spaced in viridis, without its darkest third."""
    level = np.uint8(round(255 * (0.35 + 0.65 * (place + 0.5) / count)))
    blue, green, red = cv2.applyColorMap(np.full((1, 1), level), cv2.COLORMAP_VIRIDIS)[0, 0]
    return int(red), int(green), int(blue)


def draw_phrases(pixels: NDArray[np.uint8], square: Box, masks: Mapping[int, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """The examined square with a numbered contour for each phrase.

    Args:
        pixels: (height, width, 3) uint8 RGB, upright.
        square: that was examined; only its part inside the picture is shown.
        masks: (height, width) bool by the number of the phrase.

    Returns:
        (rows, columns, 3) uint8 RGB: the part of the square inside the picture, enlarged by a whole number where it is
        small.
    """
    height, width = pixels.shape[:2]
    view = square.clipped(width, height)
    part = (slice(view.top, view.bottom), slice(view.left, view.right))
    times = min(max(PHRASE_SIDE // max(view.width, view.height), 1), 8)
    canvas = pixels[part].repeat(times, axis=0).repeat(times, axis=1)
    thickness = max(2, round(max(canvas.shape) / 300))
    seen = {number: mask[part].repeat(times, axis=0).repeat(times, axis=1) for number, mask in masks.items()}
    colours = {number: phrase_colour(place, len(seen)) for place, number in enumerate(seen)}
    for number, mask in seen.items():
        canvas = draw_mask(canvas, mask, thickness, colours[number], tint=0.0)
    image = Image.fromarray(canvas)
    for number, mask in seen.items():
        if mask.any():
            _draw_number(image, number, mask, colours[number])
    return np.array(image, dtype=np.uint8)


def _draw_number(image: Image.Image, number: int, mask: NDArray[np.bool_], colour: tuple[int, int, int]) -> None:
    """The number on the pixel of the mask that lies farthest from its border."""
    depth = cv2.distanceTransform(np.pad(mask.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    font = typeface(max(12, round(max(image.size) / 28)))
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = draw.textbbox((int(column), int(row)), str(number), font=font, anchor="mm")
    draw.rectangle((left - 3, top - 3, right + 3, bottom + 3), fill=(0, 0, 0))
    draw.text((int(column), int(row)), str(number), fill=colour, font=font, anchor="mm")


def draw_mask(
    canvas: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    thickness: int,
    colour: tuple[int, int, int] = MASK_COLOUR,
    tint: float = TINT,
) -> NDArray[np.uint8]:
    """A mask's outline over a picture, lightly tinted inside.

    Args:
        canvas: (height, width, 3) uint8 RGB; left untouched.
        mask: (rows, columns) bool over the same part; brought to the canvas' size where it has another.
        thickness: of the outline in pixels of the canvas.
        colour: RGB of the outline.
        tint: share of the colour inside, 0..1.
    """
    height, width = canvas.shape[:2]
    inside = mask.astype(np.uint8)
    if inside.shape != (height, width):
        inside = np.asarray(cv2.resize(inside, (width, height), interpolation=cv2.INTER_AREA))
    tinted = canvas.copy()
    shown = inside > 0
    tinted[shown] = np.rint(tinted[shown] * (1 - tint) + np.array(colour, np.float32) * tint).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(tinted, contours, -1, (0, 0, 0), thickness + 2)
    cv2.drawContours(tinted, contours, -1, colour, thickness)
    return tinted


def draw_box(
    image: Image.Image,
    box: tuple[int, int, int, int],
    verdict: Verdict,
    label: str,
    thickness: int,
    scale: float = 1.0,
) -> None:
    """A labelled box in the colour and dashes of its verdict.

    Args:
        image: that is drawn on.
        box: xyxy in pixels of the picture, half-open.
        verdict: that the box stands for.
        label: short text; only its first word where the picture is too small for all.
        thickness: of the line in pixels of the image.
        scale: pixels of the image per pixel of the picture.
    """
    style = STYLES[verdict]
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = (round(value * scale) for value in box)
    corners = [(left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1), (left, top)]
    for start, end in pairwise(corners):
        draw.line([start, end], fill=(0, 0, 0), width=thickness + 2)
    for start, end in pairwise(corners):
        for piece in _dashes(start, end, style.dash, thickness):
            draw.line(piece, fill=style.colour, width=thickness)
    _draw_label(draw, image.size, (left, top, bottom), label, style)


def _dashes(
    start: tuple[int, int], end: tuple[int, int], dash: tuple[int, int] | None, thickness: int
) -> Iterator[list[tuple[float, float]]]:
    if dash is None:
        yield [start, end]
        return
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    on, off = dash[0] * thickness, dash[1] * thickness
    step = ((end[0] - start[0]) / max(length, 1), (end[1] - start[1]) / max(length, 1))
    for begin in range(0, length, on + off):
        stop = min(begin + on, length)
        yield [(start[0] + step[0] * at, start[1] + step[1] * at) for at in (begin, stop)]


def _draw_label(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], place: tuple[int, int, int], text: str, style: Style
) -> None:
    width, height = size
    left, top, bottom = place
    font = typeface(max(11, round(max(size) / 55)))
    if draw.textlength(text, font=font) + 8 > width:
        text = text.split()[0]  # a tiny picture has room for the number only; the line's pattern tells the verdict
    ascent, descent = font.getmetrics()
    label_width, label_height = int(draw.textlength(text, font=font)) + 8, ascent + descent + 4
    x = max(min(left, width - label_width), 0)
    above = top - label_height
    y = above if above >= 0 else max(min(bottom, height - label_height), 0)
    draw.rectangle((x, y, x + label_width, y + label_height - 1), fill=style.colour, outline=(0, 0, 0))
    draw.text((x + 4, y + 2), text, fill=style.ink, font=font)
