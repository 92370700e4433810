"""Steps of post-processing that screenshots leave: bars at the edges and rounded corners."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fakeface.errors import SettingsError
from fakeface.training.forge.values import Pixels

__all__ = ["EDGE", "RoundedCorners", "ScreenBars"]

EDGE = 0.14
"""Widest edge that may be covered, as a share of the side: the inner 72 % of both sides stay as they are. In a cut-out
of the studio the face fills the inner half."""

SMALLEST_TEXT = 9
"""Bars lower than so many pixels carry no clock."""


@dataclass(frozen=True, slots=True)
class ScreenBars:
    """Bars of one colour over the picture's edges: a status bar with clock and battery, or letterbox bars.

    Args:
        top, bottom, left, right: shares of height and width, each 0..``EDGE``.
        colour: RGB.
        clock: text in the top bar; empty for a plain bar.

    Raises:
        SettingsError: a bar is wider than ``EDGE``.
    """

    top: float
    bottom: float
    left: float
    right: float
    colour: tuple[int, int, int]
    clock: str = ""

    def __post_init__(self) -> None:
        for share in (self.top, self.bottom, self.left, self.right):
            _check(share)

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture with its bars; everything within them is untouched."""
        picture = pixels.copy()
        height, width = picture.shape[:2]
        top = int(height * self.top)
        picture[:top] = self.colour
        picture[height - int(height * self.bottom) :] = self.colour
        picture[:, : int(width * self.left)] = self.colour
        picture[:, width - int(width * self.right) :] = self.colour
        if self.clock and top >= SMALLEST_TEXT:
            picture[:top] = self._marked(picture[:top].copy())
        return picture

    def _marked(self, bar: Pixels) -> Pixels:
        """The top bar with a clock at the left and a battery at the right."""
        height, width = bar.shape[:2]
        ink = (0, 0, 0) if sum(self.colour) > 380 else (255, 255, 255)
        low = round(height * 0.75)
        scale = height / 2 / cv2.getTextSize(self.clock, cv2.FONT_HERSHEY_SIMPLEX, 1, 1)[0][1]
        cv2.putText(bar, self.clock, (height // 2, low), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)
        cv2.rectangle(bar, (width - height * 3 // 2, height // 3), (width - height // 2, low), ink, 1)
        cv2.rectangle(bar, (width - height * 3 // 2, height // 3), (width - height * 3 // 4, low), ink, cv2.FILLED)
        return bar

    def __str__(self) -> str:
        shares = "/".join(f"{share:.0%}" for share in (self.top, self.bottom, self.left, self.right))
        return f"screen bars {shares}{' with a clock' if self.clock else ''}"


@dataclass(frozen=True, slots=True)
class RoundedCorners:
    """Corners cut off as on a card or a screen.

    Args:
        radius: share of the shorter side, 0..``EDGE``.
        colour: RGB of what lies behind.

    Raises:
        SettingsError: the radius is longer than ``EDGE``.
    """

    radius: float
    colour: tuple[int, int, int]

    def __post_init__(self) -> None:
        _check(self.radius)

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture with smooth rounded corners; everything within is untouched."""
        picture = pixels.copy()
        radius = min(picture.shape[:2]) * self.radius
        side = math.ceil(radius)
        if not side:
            return picture
        away = radius - np.arange(side, dtype=np.float32) - 0.5
        covered = np.clip(np.hypot(away[:, None], away[None, :]) - radius + 0.5, 0, 1)[..., None]
        for flipped in (picture, picture[::-1], picture[:, ::-1], picture[::-1, ::-1]):
            corner = flipped[:side, :side]
            corner[:] = np.round(corner * (1 - covered) + np.array(self.colour, np.float32) * covered)
        return picture

    def __str__(self) -> str:
        return f"corners rounded by {self.radius:.0%}"


def _check(share: float) -> None:
    if not 0 <= share <= EDGE:
        raise SettingsError(f"an edge may cover 0 to {EDGE:.0%} of a side, not {share:.0%}")
