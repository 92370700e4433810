"""What measurements say of the sixteen regions before anything is written; the language model reads it.

No place of an alteration is known then. So each region is measured twice: against what lies around it, and against
what lies around the face as a whole, for an alteration that covers all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.claims.limits import limits
from fakeface.claims.terms import MEASURES
from fakeface.claims.windows import GRID
from fakeface.concepts import MIRRORED, REGION_NAMES, look_up, region_masks
from fakeface.faces import CROP_SIZE
from fakeface.measurements import RegionMeasures, SideMeasures, Surface

__all__ = ["READINGS", "RegionReadings", "read_regions"]

AROUND = tuple(name for name in MEASURES if not name.startswith(("side_", "boundary_")))
"""Measures that need no other side and no border."""

READINGS = len(MEASURES) + len(AROUND)
"""Readings of a region: every measure against its surroundings, then those of ``AROUND`` against the face's."""

FURTHEST = 3.0
"""Readings are cut here: three times as far from the middle of the range of real faces as its ends."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionReadings:
    """Measurements of the sixteen regions of a window.

    Args:
        values: (16, ``READINGS``) float32: 0 in the middle of the range of real faces, -1 and 1 at its ends, cut at
            -3 and 3; 0 where nothing could be measured.
        areas: (16, 56, 56) bool, where the regions lie.
    """

    values: NDArray[np.float32]
    areas: NDArray[np.bool_]


def read_regions(window: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> RegionReadings:
    """Measure the sixteen regions of a window.

    Args:
        window: (224, 224, 3) uint8 RGB.
        landmarks: (68, 2) float32 in its pixels.
    """
    areas = region_masks(landmarks, CROP_SIZE, CROP_SIZE)
    surface = Surface(window)
    outside = surface.compare_with_outside(areas, np.asarray(areas.any(axis=0)))
    values = np.zeros((len(areas), READINGS), np.float32)
    for row, (name, area) in enumerate(zip(REGION_NAMES, areas, strict=True)):
        concept, other = look_up(name).name, areas[MIRRORED[row]]
        near = _values(surface.measure(area))
        near |= _values(surface.compare_sides(area, other)) if MIRRORED[row] != row else {}
        values[row] = [*_placed(concept, near, MEASURES), *_placed(concept, _values(outside[row]), AROUND)]
    small = [cv2.resize(area.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA) for area in areas]
    return RegionReadings(values, np.stack(small) >= 0.5)


def _values(measured: RegionMeasures | SideMeasures | None) -> dict[str, float]:
    return measured.values() if measured else {}


def _placed(concept: str, measured: Mapping[str, float], names: Sequence[str]) -> Iterator[float]:
    """Every named measure by its place in the range of real faces."""
    for name in names:
        low, high = limits().span(concept, name)
        place = (2 * measured[name] - low - high) / max(high - low, 1e-6) if name in measured else 0.0
        yield min(max(place, -FURTHEST), FURTHEST)
