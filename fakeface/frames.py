"""Frames: upright RGB pixels with their place in the evidence. Every pixel that is examined enters through here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fakeface.errors import SettingsError

__all__ = ["Frame"]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture, upright, in RGB.

    Args:
        pixels: (height, width, 3) uint8 RGB, made read-only here.
        index: 0-based index of the frame in its file; 0 for a still picture.
        time_seconds: exact presentation time in seconds; ``None`` for a still picture.
        notes: what was done to the pixels on the way in, one plain sentence each
            ("EXIF orientation 6 applied: rotated 90 degrees clockwise").

    Raises:
        SettingsError: the array is not (height, width, 3) uint8.
    """

    pixels: NDArray[np.uint8]
    index: int = 0
    time_seconds: Fraction | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise SettingsError(
                f"a frame needs (height, width, 3) uint8 RGB, got {self.pixels.shape} {self.pixels.dtype}"
            )
        self.pixels.flags.writeable = False

    @property
    def height(self) -> int:
        """Rows of the upright picture."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns of the upright picture."""
        return int(self.pixels.shape[1])

    def pixels_sha256(self) -> str:
        """SHA-256 of ``width, height`` (two little-endian uint32) followed by the RGB bytes, row by row."""
        digest = hashlib.sha256()
        digest.update(np.array([self.width, self.height], dtype="<u4").tobytes())
        digest.update(np.ascontiguousarray(self.pixels).tobytes())
        return digest.hexdigest()
