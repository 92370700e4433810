"""Masks: overlap, area and the run-length code that goes into the record."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from fakeface.errors import SettingsError
from fakeface.masks import Mask


def box_mask(left: int, top: int, right: int, bottom: int, shape: tuple[int, int] = (30, 40)) -> Mask:
    pixels = np.zeros(shape, np.bool_)
    pixels[top:bottom, left:right] = True
    return Mask(pixels, "artifact", 0.7)


def test_area_and_overlap() -> None:
    assert box_mask(0, 0, 10, 10).area_pixels == 100
    assert box_mask(0, 0, 10, 10).iou(box_mask(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert box_mask(0, 0, 10, 10).iou(box_mask(20, 0, 30, 10)) == 0
    assert box_mask(0, 0, 0, 0).iou(box_mask(0, 0, 0, 0)) == 1


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_the_run_length_code_decodes_to_the_same_pixels(height: int, width: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).random((height, width)) < 0.4
    code = Mask(pixels, "artifact", 0.5).rle()
    assert code["size"] == [height, width]
    np.testing.assert_array_equal(coco.decode(code).astype(bool), pixels)


def test_only_boolean_pictures_are_masks_and_they_are_read_only() -> None:
    with pytest.raises(SettingsError):
        Mask(np.zeros((3, 3), np.uint8), "artifact", 0.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="read-only"):
        box_mask(0, 0, 5, 5).pixels[0, 0] = False
