"""The JPEG quality is read off the pixels: wherever the picture was cut, and whatever file it lies in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.compression import UNCOMPRESSED, estimate_jpeg_quality
from fakeface.faces import CROP_SIZE, Box, crop_square
from fakeface.training.forge.codecs import Jpeg, Webp

from .faces_data import photograph


def window(pixels: NDArray[np.uint8], left: int = 117, top: int = 3, side: int = CROP_SIZE) -> NDArray[np.uint8]:
    """A window around the face, off the grid of blocks."""
    return crop_square(pixels, Box(left, top, left + side, top + side))[0]


def test_harder_compression_is_a_lower_quality() -> None:
    found = [estimate_jpeg_quality(window(Jpeg(quality).apply(photograph()))) for quality in (30, 60, 90)]
    assert found[0] < found[1] < found[2] < estimate_jpeg_quality(window(photograph())) == UNCOMPRESSED


@pytest.mark.parametrize("quality", [15, 40, 75, 85])
@pytest.mark.parametrize("place", [(96, 8), (101, 2), (119, 7)])
def test_the_quality_is_found_wherever_the_window_lies(quality: int, place: tuple[int, int]) -> None:
    assert estimate_jpeg_quality(window(Jpeg(quality).apply(photograph()), *place)) == pytest.approx(quality, abs=1)


def test_of_two_compressions_the_last_is_found() -> None:
    twice = Jpeg(50).apply(Jpeg(85, shift=(3, 5)).apply(photograph()))
    assert estimate_jpeg_quality(window(twice)) == pytest.approx(50, abs=1)


def test_noise_after_the_compression_leaves_the_trace_of_a_strong_one() -> None:
    noise = np.random.default_rng(1).normal(0, 2, photograph().shape)
    noisy = np.clip(Jpeg(50).apply(photograph()) + noise, 0, 255).astype(np.uint8)
    assert estimate_jpeg_quality(window(noisy)) == pytest.approx(50, abs=2)


def test_a_small_face_in_a_blank_window_is_estimated_by_its_own_pixels() -> None:
    small = window(Jpeg(60).apply(photograph()), 150, 50, 120)
    assert estimate_jpeg_quality(small) == pytest.approx(60, abs=1)


def test_what_wipes_the_trace_out_counts_as_no_compression() -> None:
    saved = Jpeg(60).apply(photograph())
    reduced = np.asarray(cv2.resize(saved, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), np.uint8)
    for pixels in (reduced, Webp(40).apply(photograph()), np.full((224, 224, 3), 90, np.uint8), saved[:7, :7]):
        assert estimate_jpeg_quality(pixels) == UNCOMPRESSED
