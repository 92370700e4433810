"""Masks: boolean pixels with their frame of reference, and COCO run-length codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fakeface.errors import SettingsError
from fakeface.faces import Box

__all__ = ["Mask", "MaskPrompt"]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A region of the frame.

    Args:
        pixels: (height, width) bool in the upright frame's own pixels, made read-only here.
        label: what it shows ("artifact").
        score: mean probability inside the mask, 0..1; 0 for an empty mask.

    Raises:
        SettingsError: not a two-dimensional boolean array.
    """

    pixels: NDArray[np.bool_]
    label: str
    score: float

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.bool_:
            raise SettingsError(f"a mask needs (height, width) bool, got {self.pixels.shape} {self.pixels.dtype}")
        self.pixels.flags.writeable = False

    @property
    def area_pixels(self) -> int:
        """Pixels inside."""
        return int(self.pixels.sum())

    def iou(self, other: Mask) -> float:
        """Intersection over union with another mask of the same frame; two empty masks agree (1.0)."""
        union = int((self.pixels | other.pixels).sum())
        return int((self.pixels & other.pixels).sum()) / union if union else 1.0

    def rle(self) -> dict[str, list[int] | str]:
        """COCO compressed run-length code: ``{"size": [height, width], "counts": ascii}``."""
        from pycocotools import mask as coco

        code = coco.encode(np.asfortranarray(self.pixels.astype(np.uint8)))
        return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode("ascii")}


@dataclass(frozen=True, slots=True, eq=False)
class MaskPrompt:
    """What a mask is asked for: exactly one of four.

    Args:
        label: of the mask that answers it.
        state: a language model's state at one ``[SEG]``, from ``Answerer.ground`` of the same profile.
        box: in pixels of the upright frame.
        point: x and y of a pixel of the upright frame.
        region: (height, width) bool in the upright frame.

    Raises:
        SettingsError: not exactly one is given.
    """

    label: str
    state: object | None = None
    box: Box | None = None
    point: tuple[int, int] | None = None
    region: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.state, self.box, self.point, self.region)) != 1:
            raise SettingsError("a mask is asked for by exactly one of state, box, point and region")
