"""COCO's compressed run-length code as a checked value: a code from a file is read before any library decodes it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco
from pydantic import BaseModel, ConfigDict, model_validator

from fakeface.masks import Mask

__all__ = ["Rle", "run_lengths"]

LARGEST_MASK = 1 << 27
"""Pixels; a mask belongs to a picture, and pictures end at 128 megapixels."""


class Rle(BaseModel):
    """A mask as COCO run-length code: ``size`` is (height, width), ``counts`` the compressed runs.

    Raises:
        ValueError: the runs are not a code, or do not cover exactly height x width pixels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[int, int]
    counts: str

    @model_validator(mode="after")
    def _covers_its_size(self) -> Rle:
        height, width = self.size
        if min(self.size) < 1 or height * width > LARGEST_MASK:
            raise ValueError(f"a mask cannot be {width}x{height} pixels")
        covered = sum(run_lengths(self.counts))
        if covered != height * width:
            raise ValueError(f"the runs cover {covered} pixels, not {width}x{height}")
        return self

    @classmethod
    def of(cls, pixels: NDArray[np.bool_]) -> Rle:
        """The code of (height, width) bool."""
        return cls.model_validate(Mask(pixels.copy(), "artifact", 0.0).rle())

    @classmethod
    def of_coco(cls, segmentation: Any, height: int, width: int) -> Rle:
        """The code of a COCO ``segmentation``: polygons, compressed or plain runs.

        Raises:
            ValueError: it is none of these, or does not fit (height, width).
        """
        if isinstance(segmentation, dict):
            size, counts = segmentation.get("size"), segmentation.get("counts")
            if size != [height, width]:
                raise ValueError(f"the mask is of size {size}, the picture [{height}, {width}]")
            if isinstance(counts, list):
                return cls._of_runs(counts, height, width)
            return cls.model_validate({"size": size, "counts": counts})
        return cls._of_polygons(segmentation, height, width)

    @classmethod
    def _of_runs(cls, counts: list[Any], height: int, width: int) -> Rle:
        if not all(isinstance(run, int) and run >= 0 for run in counts) or sum(counts) != height * width:
            raise ValueError("the plain runs do not cover the picture")
        code = coco.frPyObjects({"size": [height, width], "counts": counts}, height, width)
        return cls(size=(height, width), counts=code["counts"].decode("ascii"))

    @classmethod
    def _of_polygons(cls, polygons: Any, height: int, width: int) -> Rle:
        if not isinstance(polygons, list) or not polygons or not all(map(_is_polygon, polygons)):
            raise ValueError("the segmentation is neither polygons nor runs")
        if height * width > LARGEST_MASK or min(height, width) < 1:
            raise ValueError(f"a mask cannot be {width}x{height} pixels")
        xs, ys = ([value for one in polygons for value in one[start::2]] for start in (0, 1))
        if min(*xs, *ys) < -1 or max(xs) > width + 1 or max(ys) > height + 1:
            raise ValueError(f"the polygon leaves the picture of {width}x{height} pixels")
        code = coco.merge(coco.frPyObjects(polygons, height, width))
        return cls(size=(height, width), counts=code["counts"].decode("ascii"))

    def pixels(self) -> NDArray[np.bool_]:
        """(height, width) bool."""
        return np.asarray(coco.decode({"size": list(self.size), "counts": self.counts.encode("ascii")}), dtype=np.bool_)


def run_lengths(counts: str) -> list[int]:
    """The runs of a compressed code: pixels outside, inside, outside, ... column by column.

    Each run is written in groups of five bits, the lowest first, and from the fourth on as the difference to the one
    two before.

    Raises:
        ValueError: a character outside the code, a run that is cut off, or a negative one.
    """
    runs: list[int] = []
    value = shift = 0
    for character in counts:
        group = ord(character) - 48
        if not 0 <= group < 64 or shift > 35:
            raise ValueError("the runs are not COCO's compressed code")
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value |= -1 << shift
        value += runs[-2] if len(runs) > 2 else 0
        if value < 0:
            raise ValueError("a run is negative")
        runs.append(value)
        value = shift = 0
    if shift:
        raise ValueError("the last run is cut off")
    return runs


def _is_polygon(polygon: Any) -> bool:
    return (
        isinstance(polygon, list)
        and len(polygon) >= 6
        and len(polygon) % 2 == 0
        and all(isinstance(value, int | float) and value == value for value in polygon)
    )
