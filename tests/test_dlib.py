"""The face finder on a real photograph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fakeface.backends.dlib import DlibFaceFinder, _distinct
from fakeface.errors import SettingsError
from fakeface.faces import Box, Face, FaceOrigin
from fakeface.frames import Frame
from fakeface.settings import FaceDetector, FaceSettings

from .faces_data import FACE_BOX, photograph


@pytest.fixture(scope="module")
def finder() -> DlibFaceFinder:
    return DlibFaceFinder(FaceSettings(hog_side_pixels=512))


def shown(pixels: np.ndarray) -> Frame:
    return Frame(np.ascontiguousarray(pixels, np.uint8))


def test_the_face_is_found_with_its_landmarks_in_place(astronaut_face: Face) -> None:
    assert astronaut_face.box.iou(Box(*FACE_BOX)) > 0.7
    assert astronaut_face.origin is FaceOrigin.HOG
    points = astronaut_face.landmarks
    eyes = points[36:42].mean(axis=0), points[42:48].mean(axis=0)
    assert eyes[0] == pytest.approx((202, 102), abs=8)
    assert eyes[1] == pytest.approx((248, 105), abs=8)
    assert points[27, 1] < points[33, 1] < points[62, 1] < points[8, 1]


@pytest.mark.parametrize("factor", [0.6, 2.0])
def test_box_and_landmarks_are_in_pixels_of_the_frame_at_any_size(astronaut_face: Face, factor: float) -> None:
    pixels = cv2.resize(photograph(), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    [face] = DlibFaceFinder(FaceSettings(hog_side_pixels=600)).find(shown(pixels))
    np.testing.assert_allclose(face.landmarks / factor, astronaut_face.landmarks, atol=6)
    assert face.size_pixels == pytest.approx(90 * factor, rel=0.25)


def test_a_face_at_the_border_has_a_box_inside_the_frame(finder: DlibFaceFinder) -> None:
    for face in finder.find(shown(photograph()[85:330, 60:330])):
        assert face.box.clipped(270, 245) == face.box


def test_where_hog_finds_nothing_the_cnn_looks_if_it_may() -> None:
    turned = shown(cv2.warpAffine(photograph(), cv2.getRotationMatrix2D((220, 125), 55, 1), (512, 512)))
    found = {
        detector: DlibFaceFinder(FaceSettings(detector, hog_side_pixels=512)).find(turned)
        for detector in (FaceDetector.AUTO, FaceDetector.HOG)
    }
    assert found[FaceDetector.HOG] == ()
    assert {face.origin for face in found[FaceDetector.AUTO]} == {FaceOrigin.CNN}
    assert found[FaceDetector.AUTO][0].box.iou(Box(*FACE_BOX)) > 0.3


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 2), (30, 30)])
def test_tiny_pictures_and_strips_hold_no_face(finder: DlibFaceFinder, shape: tuple[int, int]) -> None:
    assert finder.find(shown(np.full((*shape, 3), 120))) == ()


def test_the_examiners_box_is_fitted_and_clipped(finder: DlibFaceFinder, astronaut_face: Face) -> None:
    face = finder.describe(shown(photograph()), astronaut_face.box)
    assert (face.confidence, face.origin) == (0.0, FaceOrigin.EXAMINER)
    np.testing.assert_allclose(face.landmarks, astronaut_face.landmarks, atol=4)
    with pytest.raises(SettingsError):
        finder.describe(shown(photograph()), Box(600, 600, 700, 700))


def test_overlapping_detections_are_one_face_the_surest() -> None:
    one, same, other = Box(0, 0, 100, 100), Box(10, 5, 105, 100), Box(200, 0, 300, 100)
    found = [(one, 0.4, FaceOrigin.HOG), (same, 0.9, FaceOrigin.HOG), (other, 0.1, FaceOrigin.HOG)]
    assert [box for box, _, _ in _distinct(found)] == [same, other]


def test_the_card_names_library_detector_and_landmark_file(finder: DlibFaceFinder) -> None:
    assert "dlib" in finder.card.name
    assert "auto" in finder.card.name
    assert finder.card.sha256 == "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f"
