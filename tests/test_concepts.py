"""Regions of the face: left is the subject's left, and everything lies on the face."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.concepts import (
    MIRRORED,
    REGION_NAMES,
    REGIONS,
    eye_distance,
    forehead_points,
    mirror_landmarks,
    region_masks,
)
from fakeface.faces import Face

SIZE = 512

# The astronaut's landmarks in the 224 pixel window.
WINDOW = np.array(
    """
    65,92 66,103 67,115 69,126 72,138 78,148 87,156 96,163 108,165 119,164 130,158 140,151 147,141 152,131
    155,119 157,108 159,96 73,81 79,75 87,74 95,76 103,79 123,81 131,78 139,78 147,79 152,86 113,89 112,97
    112,106 112,114 101,118 106,119 111,121 116,120 121,119 82,88 87,85 94,86 99,91 93,91 86,91 124,92 130,88
    137,88 142,92 137,94 131,93 87,126 96,126 105,126 110,128 116,127 124,127 132,128 124,138 116,142 109,143
    103,142 94,137 90,127 104,130 110,131 116,130 129,129 116,137 109,138 103,137
    """.replace(",", " ").split(),
    dtype=np.float32,
).reshape(68, 2)


@pytest.fixture
def landmarks(astronaut_face: Face) -> NDArray[np.float32]:
    return astronaut_face.landmarks.copy()


def centre(mask: NDArray[np.bool_]) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def test_there_are_sixteen_regions_and_every_side_has_its_counterpart() -> None:
    assert len(REGIONS) == 16
    assert len(set(REGION_NAMES)) == 16
    np.testing.assert_array_equal(MIRRORED[MIRRORED], np.arange(16))
    for index, name in enumerate(REGION_NAMES):
        swapped = name.replace("left_", "x_").replace("right_", "left_").replace("x_", "right_")
        assert REGION_NAMES[MIRRORED[index]] == swapped


def test_every_region_lies_on_the_face(landmarks: NDArray[np.float32]) -> None:
    masks = region_masks(landmarks, SIZE, SIZE)
    hull = np.zeros((SIZE, SIZE), np.uint8)
    points = np.concatenate([landmarks, forehead_points(landmarks)])
    cv2.fillConvexPoly(hull, np.round(cv2.convexHull(points)).astype(np.int32), (1,))
    reach = round(0.15 * eye_distance(landmarks))
    face = cv2.dilate(hull, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    for name, mask in zip(REGION_NAMES, masks, strict=True):
        assert mask.any(), name
        assert not (mask & ~face).any(), name


def test_left_is_the_subjects_left_and_up_is_up(landmarks: NDArray[np.float32]) -> None:
    places = dict(zip(REGION_NAMES, (centre(mask) for mask in region_masks(landmarks, SIZE, SIZE)), strict=True))
    for part in ("brow", "eye", "cheek", "jaw"):
        assert places[f"left_{part}"][0] > places[f"right_{part}"][0], part
    order = ["forehead", "right_brow", "right_eye", "lower_nose", "upper_lip", "lower_lip", "chin"]
    heights = [places[name][1] for name in order]
    assert heights == sorted(heights)


def test_the_mirrored_face_has_mirrored_regions(landmarks: NDArray[np.float32]) -> None:
    masks = region_masks(landmarks, SIZE, SIZE)
    mirrored = region_masks(mirror_landmarks(landmarks, SIZE), SIZE, SIZE)
    for index, name in enumerate(REGION_NAMES):
        ours, theirs = masks[MIRRORED[index]][:, ::-1], mirrored[index]
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.93, name


def test_mirroring_twice_gives_the_landmarks_back(landmarks: NDArray[np.float32]) -> None:
    once = mirror_landmarks(landmarks, SIZE)
    assert once[36, 0] < once[45, 0], "the right eye stays at the left of the picture"
    np.testing.assert_allclose(mirror_landmarks(once, SIZE), landmarks)


def test_eyes_and_lips_are_no_part_of_the_skin_around_them(landmarks: NDArray[np.float32]) -> None:
    masks = dict(zip(REGION_NAMES, region_masks(landmarks, SIZE, SIZE), strict=True))
    for skin in ("right_cheek", "left_cheek", "chin", "right_jaw", "left_jaw", "forehead"):
        for part in ("right_eye", "left_eye", "upper_lip", "lower_lip", "lower_nose", "right_brow"):
            assert not (masks[skin] & masks[part]).any(), (skin, part)


def test_regions_outside_the_picture_are_cut_off(landmarks: NDArray[np.float32]) -> None:
    masks = region_masks(landmarks - np.array([220, 100], np.float32), 60, 50)
    assert masks.shape == (16, 60, 50)
    assert masks.any()


def test_the_regions_are_those_that_the_released_weights_were_trained_on() -> None:
    packed = np.packbits(region_masks(WINDOW, 224, 224)).tobytes()
    assert hashlib.sha256(packed).hexdigest() == "cef800516f4585df135ee68c340d7db92e4a78d4e9f9122ddafbb1bacd5a36ad"
    order = "forehead right_brow left_brow right_eye left_eye nose_bridge lower_nose right_cheek left_cheek upper_lip "
    order += "lower_lip oral chin right_jaw left_jaw outline"
    assert " ".join(REGION_NAMES) == order
    assert MIRRORED.tolist() == [0, 2, 1, 4, 3, 5, 6, 8, 7, 9, 10, 11, 12, 14, 13, 15]
