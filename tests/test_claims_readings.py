"""Readings: what is measured on the sixteen regions before anything is written of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.claims.limits import limits
from fakeface.claims.readings import AROUND, READINGS, RegionReadings, read_regions
from fakeface.claims.terms import MEASURES
from fakeface.concepts import REGION_NAMES, look_up, region_masks
from fakeface.faces import CROP_SIZE, Face, crop_face
from fakeface.frames import Frame
from fakeface.measurements import Surface

from .faces_data import photograph

Window = tuple[NDArray[np.uint8], NDArray[np.float32]]


@pytest.fixture(scope="module")
def window(astronaut_face: Face) -> Window:
    """The astronaut's window with its landmarks."""
    crop = crop_face(Frame(photograph()), astronaut_face)
    return crop.pixels, crop.to_window(astronaut_face.landmarks)


def reading(readings: RegionReadings, region: str, measure: str) -> float:
    return float(readings.values[REGION_NAMES.index(region), MEASURES.index(measure)])


def smoothed(window: Window, region: str) -> NDArray[np.uint8]:
    """The window with one region blurred."""
    pixels, landmarks = window
    area = region_masks(landmarks, CROP_SIZE, CROP_SIZE)[REGION_NAMES.index(region)]
    return np.where(area[..., None], cv2.GaussianBlur(pixels, (0, 0), 4), pixels).astype(np.uint8)


def test_a_reading_is_the_place_of_a_measurement_in_the_range_of_real_faces(window: Window) -> None:
    area = region_masks(window[1], CROP_SIZE, CROP_SIZE)[REGION_NAMES.index("chin")]
    measured = Surface(window[0]).measure(area)
    assert measured is not None
    low, high = limits().span(look_up("chin").name, "sharpness_ratio")
    expected = (measured.sharpness_ratio - (low + high) / 2) / ((high - low) / 2)
    assert reading(read_regions(*window), "chin", "sharpness_ratio") == pytest.approx(expected, abs=1e-4)


def test_a_blurred_cheek_reads_smoother_than_before_and_than_the_other_one(window: Window) -> None:
    before, after = read_regions(*window), read_regions(smoothed(window, "left_cheek"), window[1])
    for measure in ("sharpness_ratio", "noise_ratio", "side_sharpness_ratio"):
        assert reading(after, "left_cheek", measure) < reading(before, "left_cheek", measure) - 0.2
    assert reading(after, "left_brow", "sharpness_ratio") == pytest.approx(
        reading(before, "left_brow", "sharpness_ratio"), abs=0.3
    )


def test_regions_are_read_against_the_surroundings_of_the_face_as_well(window: Window) -> None:
    pixels = window[0].copy()
    face = region_masks(window[1], CROP_SIZE, CROP_SIZE).any(axis=0)
    pixels[face] = np.clip(pixels[face].astype(int) + 40, 0, 255).astype(np.uint8)
    before, after = read_regions(*window).values, read_regions(pixels, window[1]).values
    column = len(MEASURES) + AROUND.index("brightness_shift_l")
    inside = np.abs(before[:, column]) < 1.5  # the others come near the bound
    assert inside.sum() > 10
    assert (after[:, column] - before[:, column])[inside].min() > 0.3, "every region of a brightened face"


def test_readings_have_a_fixed_shape_and_bounds(window: Window) -> None:
    readings = read_regions(*window)
    assert readings.values.shape == (16, READINGS)
    assert np.abs(readings.values).max() <= 3
    assert readings.areas.shape == (16, 56, 56)
    assert readings.areas.any(axis=(1, 2)).all()


def test_a_blank_window_gives_readings_without_a_failure(window: Window) -> None:
    blank = np.full((CROP_SIZE, CROP_SIZE, 3), 128, np.uint8)
    assert np.isfinite(read_regions(blank, window[1]).values).all()
    assert np.isfinite(read_regions(blank, np.zeros((68, 2), np.float32)).values).all()
