"""Measurements on pixels that a statement about a region can be held against. Pure numpy and OpenCV; units in names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MIN_PIXELS",
    "PictureMeasures",
    "RegionMeasures",
    "SideMeasures",
    "Surface",
    "measure_picture",
]

MIN_PIXELS = 24
"""Fewest pixels inside and around a region for a comparison."""

BESIDE = 3
"""Pixels beside a border that it is compared with, on both sides."""

LEAST_RING = 0.05
"""A ring with a smaller share of the region's pixels says little of its surroundings."""


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """A region compared with the ring around it.

    Args:
        colour_shift_delta_e: distance of the mean colours in CIE Lab (1976).
        sharpness_ratio: mean absolute Laplacian inside over outside.
        noise_ratio: mean absolute difference from the 3 x 3 median, inside over outside.
        boundary_contrast_ratio: mean gradient on the border over the mean on both sides of it; ``None`` where the
            region has too little of a border.
        brightness_shift_l: mean Lab lightness inside minus outside.
        chroma_shift_c: mean Lab chroma inside minus outside.
        patchiness_ratio: mean absolute lightness between the scales of 5 and 17 pixels, inside over outside.
    """

    colour_shift_delta_e: float
    sharpness_ratio: float
    noise_ratio: float
    boundary_contrast_ratio: float | None
    brightness_shift_l: float = 0.0
    chroma_shift_c: float = 0.0
    patchiness_ratio: float = 1.0

    def values(self) -> dict[str, float]:
        """The measures that there are, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class SideMeasures:
    """A part of the face compared with the same part on the other side.

    Args:
        side_colour_delta_e: distance of the mean colours in CIE Lab (1976).
        side_sharpness_ratio: mean absolute Laplacian here over there.
    """

    side_colour_delta_e: float
    side_sharpness_ratio: float

    def values(self) -> dict[str, float]:
        """The measures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class PictureMeasures:
    """The face as it was photographed.

    Args:
        brightness: mean Lab lightness of the face, 0..100.
        contrast: its standard deviation.
        chroma: mean Lab chroma; near 0 for a grey picture.
        sharpness: mean absolute Laplacian in grey levels.
    """

    brightness: float
    contrast: float
    chroma: float
    sharpness: float


@dataclass(frozen=True, eq=False)
class Surface:
    """A picture prepared for several measurements: what they share is computed once.

    Args:
        pixels: (height, width, 3) uint8 RGB.
    """

    pixels: NDArray[np.uint8]

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """(height, width, 3) CIE Lab."""
        return np.asarray(cv2.cvtColor(self.pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)

    @cached_property
    def chroma(self) -> NDArray[np.float32]:
        """(height, width) Lab chroma."""
        return np.asarray(cv2.magnitude(self.lab[..., 1], self.lab[..., 2]), np.float32)

    @cached_property
    def grey(self) -> NDArray[np.float32]:
        """(height, width) lightness in grey levels, 0..255."""
        return np.asarray(self.lab[..., 0] * np.float32(2.55), np.float32)

    @cached_property
    def laplacian(self) -> NDArray[np.float32]:
        """(height, width) absolute Laplacian in grey levels."""
        return np.abs(np.asarray(cv2.Laplacian(self.grey, cv2.CV_32F), np.float32))

    @cached_property
    def residual(self) -> NDArray[np.float32]:
        """(height, width) absolute difference from the 3 x 3 median in grey levels."""
        median = cv2.medianBlur(np.clip(self.grey, 0, 255).astype(np.uint8), 3)
        return np.asarray(np.abs(self.grey - median), np.float32)

    @cached_property
    def gradient(self) -> NDArray[np.float32]:
        """(height, width) length of the gradient (Sobel)."""
        across, along = (cv2.Sobel(self.grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
        return np.asarray(cv2.magnitude(across, along), np.float32)

    @cached_property
    def mottle(self) -> NDArray[np.float32]:
        """(height, width) absolute lightness between the scales of 5 and 17 pixels, in grey levels."""
        return np.abs(np.asarray(cv2.blur(self.grey, (5, 5)) - cv2.blur(self.grey, (17, 17)), np.float32))

    def measure(self, region: NDArray[np.bool_], altered: NDArray[np.bool_] | None = None) -> RegionMeasures | None:
        """Compare a region with its surroundings.

        Args:
            region: (height, width) bool.
            altered: (height, width) bool, all that is altered, the region among it: surroundings are what lies around
                the region and outside of this, and the border is this one's. The region itself where it is ``None``.

        Returns:
            the measures, or ``None`` where region or surroundings have fewer than 24 pixels.
        """
        area = int(np.count_nonzero(region))
        if area < MIN_PIXELS:
            return None
        whole = region if altered is None else altered | region
        radius = _ring_radius(area)
        part = _window(region, max(radius, BESIDE) + 2)
        ring = _widened(region[part], radius) & ~whole[part]
        if np.count_nonzero(ring) < max(MIN_PIXELS, LEAST_RING * area):
            part = (slice(None), slice(None))
            ring = _widened(whole, _ring_radius(int(np.count_nonzero(whole)))) & ~whole
            if np.count_nonzero(ring) < MIN_PIXELS:
                return None
        border = _border(whole[part])
        if altered is not None:
            border &= _widened(region[part], 2)
        elif np.count_nonzero(border) < MIN_PIXELS:
            return None
        return self._compared(part, _flat(region[part]), _flat(ring), border)

    def _compared(
        self, part: tuple[slice, slice], inside: NDArray[np.uint8], ring: NDArray[np.uint8], border: NDArray[np.bool_]
    ) -> RegionMeasures:
        ours, theirs = (
            [cv2.mean(one[part], mask)[0] for one in self._maps] + list(cv2.mean(self.lab[part], mask)[:3])
            for mask in (inside, ring)
        )
        return _region_measures(ours, theirs, self._contrast(part, border))

    @property
    def _maps(self) -> tuple[NDArray[np.float32], ...]:
        """What is averaged beside the colour, in the order of ``_region_measures``."""
        return self.chroma, self.laplacian, self.residual, self.mottle

    def _contrast(self, part: tuple[slice, slice], border: NDArray[np.bool_]) -> float | None:
        beside = _widened(border, BESIDE) & ~border
        if min(np.count_nonzero(border), np.count_nonzero(beside)) < MIN_PIXELS:
            return None
        gradient = self.gradient[part]
        return _ratio(cv2.mean(gradient, _flat(border))[0], cv2.mean(gradient, _flat(beside))[0])

    def compare_with_outside(
        self, regions: NDArray[np.bool_], whole: NDArray[np.bool_]
    ) -> tuple[RegionMeasures | None, ...]:
        """Compare many regions with the surroundings of a whole that they belong to, without borders.

        Args:
            regions: (N, height, width) bool.
            whole: (height, width) bool.

        Returns:
            the measures of each, or ``None`` where region or surroundings have fewer than 24 pixels.
        """
        ring = _widened(whole, _ring_radius(int(np.count_nonzero(whole)))) & ~whole
        maps = np.stack([*self._maps, *np.moveaxis(self.lab, 2, 0)])
        areas = np.stack([*regions, ring]).reshape(len(regions) + 1, -1)
        sizes = np.count_nonzero(areas, axis=1)
        means = areas.astype(np.float32) @ maps.reshape(len(maps), -1).T / np.maximum(sizes, 1)[:, None]
        theirs = means[-1].tolist()
        return tuple(
            _region_measures(ours, theirs, None) if min(size, sizes[-1]) >= MIN_PIXELS else None
            for ours, size in zip(means[:-1].tolist(), sizes, strict=False)
        )

    def compare_sides(self, here: NDArray[np.bool_], there: NDArray[np.bool_]) -> SideMeasures | None:
        """Compare a part with its counterpart, both (height, width) bool; ``None`` below 24 pixels in either."""
        if min(np.count_nonzero(here), np.count_nonzero(there)) < MIN_PIXELS:
            return None
        masks = _flat(here), _flat(there)
        ours, theirs = (np.array(cv2.mean(self.lab, mask)[:3]) for mask in masks)
        detail = [cv2.mean(self.laplacian, mask)[0] for mask in masks]
        return SideMeasures(
            side_colour_delta_e=float(np.linalg.norm(ours - theirs)),
            side_sharpness_ratio=_ratio(detail[0], detail[1]),
        )

    def describe(self, mask: NDArray[np.bool_]) -> PictureMeasures:
        """Light, contrast, colour and sharpness inside a mask that must not be empty."""
        lightness = self.lab[..., 0][mask]
        return PictureMeasures(
            brightness=float(lightness.mean()),
            contrast=float(lightness.std()),
            chroma=float(self.chroma[mask].mean()),
            sharpness=float(self.laplacian[mask].mean()),
        )


def measure_picture(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> PictureMeasures:
    """Light, contrast, colour and sharpness inside a mask that must not be empty."""
    return Surface(pixels).describe(mask)


def _region_measures(ours: list[float], theirs: list[float], contrast: float | None) -> RegionMeasures:
    """Measures from the means inside and outside: chroma, Laplacian, residual, mottle, L, a, b."""
    return RegionMeasures(
        colour_shift_delta_e=float(np.linalg.norm(np.subtract(ours[4:], theirs[4:]))),
        sharpness_ratio=_ratio(ours[1], theirs[1]),
        noise_ratio=_ratio(ours[2], theirs[2]),
        boundary_contrast_ratio=contrast,
        brightness_shift_l=ours[4] - theirs[4],
        chroma_shift_c=ours[0] - theirs[0],
        patchiness_ratio=_ratio(ours[3], theirs[3]),
    )


def _ring_radius(area: int) -> int:
    return max(round(float(np.sqrt(area)) * 0.2), 2)


def _window(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The rows and columns of a mask that is not empty, with a margin."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + margin + 1), slice(
        max(int(columns[0]) - margin, 0), int(columns[-1]) + margin + 1
    )


def _widened(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """All pixels up to so far from a mask."""
    return np.asarray(cv2.distanceTransform(1 - _flat(mask), cv2.DIST_L2, 3) <= radius)


def _border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """One pixel on each side of a mask's outline; the picture's own edge is none."""
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    flat = _flat(mask)
    return np.asarray((cv2.dilate(flat, near) - cv2.erode(flat, near)) > 0)


def _flat(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(mask).view(np.uint8)


def _ratio(over: float, under: float) -> float:
    return float(over) / max(float(under), 0.05)
