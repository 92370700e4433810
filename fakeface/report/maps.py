"""Maps over the examined square, brought into the picture's pixels and drawn in colour with a bar that says the unit.

Colours are cividis: even in lightness, and alike for people with and without colour blindness; a grey print keeps the
order of its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.faces import Box
from fakeface.findings import FaceFinding, PictureFacts
from fakeface.report.lettering import typeface

__all__ = ["FaceMap", "draw_map", "face_maps"]

RELIABILITY = "probability of alteration, 0 to 1"
HEAT = "sensitivity of the score, share of its maximum"
HEAT_NAMES = ("last visual layer", "second to last visual layer")

BAR_WIDTH, MARGIN, LEAST_HEIGHT = 16, 8, 200
"""Least pixels of the colour bar, around it, and of the lowest drawing; a smaller map is enlarged without smoothing."""

LETTERS, LEAST_LETTERS = 0.06, 12
"""Size of the letters as a share of the drawing's height, legible on a printed panel, and in pixels at least."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceMap:
    """A map in the picture's own pixels.

    Args:
        kind: reliability (the mask's probabilities) or heat (Grad-CAM).
        name: of what it shows.
        unit: of its values.
        box: part of the upright picture that it shows.
        values: (box.height, box.width) float32 0..1.
    """

    kind: Literal["reliability", "heat"]
    name: str
    unit: str
    box: Box
    values: NDArray[np.float32]

    @property
    def peak(self) -> tuple[int, int]:
        """X and y of the pixel of the picture with the highest value."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return self.box.left + int(column), self.box.top + int(row)


def face_maps(finding: FaceFinding, picture: PictureFacts | None) -> tuple[FaceMap, ...]:
    """All maps of a face, the reliability map first; none where none was asked for."""
    crop = finding.crop
    if crop is None or picture is None:
        return ()
    windows: list[tuple[Literal["reliability", "heat"], str, str, NDArray[np.float32]]] = []
    if finding.probabilities is not None:
        windows.append(("reliability", "reliability map", RELIABILITY, finding.probabilities))
    for name, heat in zip(HEAT_NAMES, finding.heatmaps, strict=False):
        windows.append(("heat", name, HEAT, heat))
    return tuple(
        FaceMap(kind, name, unit, *_shown(kind, *crop.to_frame(values, picture.height, picture.width)))
        for kind, name, unit, values in windows
    )


def _shown(kind: str, box: Box, values: NDArray[np.float32]) -> tuple[Box, NDArray[np.float32]]:
    """The part inside the picture; of a heat map as shares of the maximum that lies there."""
    highest = float(values.max(initial=0.0))
    return box, np.asarray(values / highest, np.float32) if kind == "heat" and highest > 0 else values


def draw_map(one: FaceMap) -> NDArray[np.uint8]:
    """The map in colour with its bar at the right.

    Returns:
        (height, width, 3) uint8 RGB: the map at the picture's own resolution, or a whole multiple of it where it is
        small, from the left upper corner on; beside it the bar from 0 to 1 with its unit.
    """
    height, width = one.values.shape
    times = max(-(-LEAST_HEIGHT // height), 1)
    coloured = _coloured(one.values).repeat(times, axis=0).repeat(times, axis=1)
    size = max(round(LETTERS * height * times), LEAST_LETTERS)
    across, font = max(size, BAR_WIDTH), typeface(size)
    unit = _upwards(one.unit, size, height * times)
    numbers = across + 6  # where they begin, from the bar's left side
    beside = numbers + int(font.getlength("0.5")) + 6
    image = Image.new("RGB", (width * times + 2 * MARGIN + beside + unit.width, height * times), (255, 255, 255))
    image.paste(Image.fromarray(coloured), (0, 0))
    left, top, bottom = width * times + MARGIN, MARGIN, height * times - MARGIN
    ramp = np.linspace(1, 0, bottom - top, dtype=np.float32)[:, None].repeat(across, axis=1)
    image.paste(Image.fromarray(_coloured(ramp)), (left, top))
    draw = ImageDraw.Draw(image)
    for value in (0.0, 0.5, 1.0):
        at = bottom - 1 - value * (bottom - top - 1)
        draw.line((left + across, at, left + across + 4, at), fill=(0, 0, 0))
        row = min(max(at, size / 2), height * times - size / 2)
        draw.text((left + numbers, row), f"{value:g}", fill=(0, 0, 0), font=font, anchor="lm")
    image.paste(unit, (left + beside, height * times - unit.height))
    return np.array(image, dtype=np.uint8)


def _coloured(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    levels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_CIVIDIS), cv2.COLOR_BGR2RGB), np.uint8)


def _upwards(text: str, size: int, height: int) -> Image.Image:
    """The unit as it stands beside the bar, read from below, a line for each part; as small as it has to be."""
    lines = text.replace(", ", ",\n").split("\n")
    font = typeface(size)
    while max(font.getlength(line) for line in lines) > height - 2 and size > 6:
        size -= 1
        font = typeface(size)
    leading = size + 5
    image = Image.new("RGB", (height, leading * len(lines)), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    for place, line in enumerate(lines):
        draw.text((1, place * leading), line, fill=(0, 0, 0), font=font)
    return image.rotate(90, expand=True)
