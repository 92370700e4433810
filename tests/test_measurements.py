"""Measurements on pixels: each answers to what it is named after, and to nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.measurements import Surface, measure_picture

SIZE = 120
MASK = np.zeros((SIZE, SIZE), np.bool_)
MASK[40:80, 40:80] = True


def texture(seed: int = 3, strength: float = 6.0) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, strength, (SIZE, SIZE, 1))
    return np.clip(np.array([150, 120, 100]) + noise, 0, 255).astype(np.uint8)


def inside(pixels: NDArray[np.uint8], changed: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(MASK[..., None], changed, pixels)


def test_an_untouched_region_is_like_its_surroundings() -> None:
    measures = Surface(texture()).measure(MASK)
    assert measures is not None
    assert measures.colour_shift_delta_e < 1
    assert measures.sharpness_ratio == pytest.approx(1, abs=0.1)
    assert measures.noise_ratio == pytest.approx(1, abs=0.1)
    assert measures.boundary_contrast_ratio == pytest.approx(1, abs=0.15)


def test_a_tint_is_a_colour_shift_and_an_edge() -> None:
    pixels = texture(strength=2)
    measures = Surface(inside(pixels, np.clip(pixels + np.array([30, 0, 0]), 0, 255).astype(np.uint8))).measure(MASK)
    assert measures is not None
    assert measures.colour_shift_delta_e > 10
    assert measures.boundary_contrast_ratio > 1.5
    assert measures.noise_ratio == pytest.approx(1, abs=0.2)


def test_the_colour_shift_is_the_distance_in_lab() -> None:
    pixels = np.full((SIZE, SIZE, 3), 119, np.uint8)
    measures = Surface(inside(pixels, np.full_like(pixels, 145))).measure(MASK)
    assert measures is not None
    assert measures.colour_shift_delta_e == pytest.approx(60.32 - 50.03, abs=0.2)


def test_smoothing_lowers_sharpness_and_noise_and_noise_raises_them() -> None:
    pixels = texture()
    smooth = Surface(inside(pixels, cv2.GaussianBlur(pixels, (0, 0), 2))).measure(MASK)
    rough = Surface(inside(pixels, texture(seed=5, strength=18))).measure(MASK)
    assert smooth is not None
    assert rough is not None
    assert smooth.sharpness_ratio < 0.4
    assert smooth.noise_ratio < 0.6
    assert rough.sharpness_ratio > 2
    assert rough.noise_ratio > 2


@pytest.mark.parametrize("size", [0, 3, SIZE])
def test_nothing_is_measured_where_region_or_surroundings_are_missing(size: int) -> None:
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[:size, :size] = True
    assert Surface(texture()).measure(mask) is None


def test_a_picture_is_described_by_light_contrast_colour_and_sharpness() -> None:
    grey = measure_picture(np.full((SIZE, SIZE, 3), 119, np.uint8), MASK)
    assert grey.brightness == pytest.approx(50, abs=0.5)
    assert (grey.contrast, grey.sharpness) == pytest.approx((0, 0), abs=1e-3)
    assert grey.chroma == pytest.approx(0, abs=0.1)
    coloured = measure_picture(texture(), MASK)
    assert coloured.chroma > 10
    assert coloured.sharpness > 1
    assert measure_picture(cv2.GaussianBlur(texture(), (0, 0), 2), MASK).sharpness < coloured.sharpness
