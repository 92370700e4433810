"""Faces: the crop that the networks see and the way back into the frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeface.errors import SettingsError
from fakeface.faces import BLANK, CROP_SIZE, Box, Face, FaceCrop, FaceOrigin, crop_face, crop_square, face_square
from fakeface.frames import Frame

from .faces_data import photograph

WIDTH, HEIGHT = 400, 300


def face_at(x: float, y: float, extent: float, width: int = WIDTH, height: int = HEIGHT) -> Face:
    """A face whose landmarks span ``extent`` pixels around (x, y)."""
    angles = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    points = np.stack([x + extent / 2 * np.cos(angles), y + extent / 2 * np.sin(angles)], axis=1)
    left, top = round(x - extent / 2), round(y - extent / 2)
    box = Box(left, top, left + round(extent), top + round(extent)).clipped(width, height)
    return Face(box, 1.0, points.astype(np.float32), FaceOrigin.EXAMINER)


def cropped(face: Face, pixels: np.ndarray | None = None) -> FaceCrop:
    return crop_face(Frame(np.full((HEIGHT, WIDTH, 3), 60, np.uint8) if pixels is None else pixels), face)


INSIDE = pytest.param(face_at(200, 150, 100), id="inside")
AT_BORDER = pytest.param(face_at(30, 280, 120), id="at the border")
LARGE = pytest.param(face_at(200, 150, 190), id="larger than the window")
EVERYWHERE = [INSIDE, AT_BORDER, LARGE]


@pytest.mark.parametrize("face", EVERYWHERE)
def test_a_mark_in_the_frame_lands_where_to_window_says(face: Face) -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    x, y = face.box.left + face.box.width // 2 - 7, face.box.top + face.box.height // 2 + 5
    pixels[y - 2 : y + 3, x - 2 : x + 3] = (255, 0, 0)
    crop = cropped(face, pixels)
    red = crop.pixels[..., 0].astype(float) - crop.pixels[..., 1]
    rows, columns = np.nonzero(red > 100)
    expected = crop.to_window(np.array([[x, y]], np.float32))[0]
    assert (columns.mean(), rows.mean()) == pytest.approx(tuple(expected), abs=0.6)


@pytest.mark.parametrize("face", EVERYWHERE)
def test_a_mask_of_the_window_comes_back_to_the_same_pixels_of_the_frame(face: Face) -> None:
    crop = cropped(face)
    middle = np.array([[face.box.left + face.box.width / 2, face.box.top + face.box.height / 2]], np.float32)
    x, y = np.round(crop.to_window(middle)[0]).astype(int)
    drawn = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
    drawn[y - 20 : y + 20, x - 10 : x + 10] = 1
    visible, values = crop.to_frame(drawn, HEIGHT, WIDTH)
    assert values.shape == (visible.height, visible.width)
    assert visible == crop.square.clipped(WIDTH, HEIGHT)
    rows, columns = np.nonzero(values > 0.5)
    found = (columns.mean() + visible.left, rows.mean() + visible.top)
    assert found == pytest.approx((middle[0, 0] - 0.5, middle[0, 1] - 0.5), abs=1.2)
    assert (values > 0.5).sum() == pytest.approx(800 / crop.scale**2, rel=0.06)


def test_a_face_that_fits_is_cut_out_pixel_by_pixel_and_never_enlarged() -> None:
    picture = photograph()
    face = face_at(220, 125, 110, 512, 512)
    crop = crop_face(Frame(picture.copy()), face)
    assert crop.scale == 1
    assert crop.square.width == crop.content.width == 165
    inside = crop.pixels[crop.content.top : crop.content.bottom, crop.content.left : crop.content.right]
    square = crop.square
    np.testing.assert_array_equal(inside, picture[square.top : square.bottom, square.left : square.right])
    blank = np.ones((CROP_SIZE, CROP_SIZE), bool)
    blank[crop.content.top : crop.content.bottom, crop.content.left : crop.content.right] = False
    assert (crop.pixels[blank] == BLANK).all()


@given(st.floats(1, 900), st.floats(-50, 450), st.floats(-50, 350))
@settings(max_examples=40)
def test_no_crop_is_ever_enlarged(extent: float, x: float, y: float) -> None:
    landmarks = np.array(face_at(200, 150, 100).landmarks)
    landmarks = (landmarks - landmarks.mean(axis=0)) * np.float32(extent / 100) + np.array([x, y], np.float32)
    square = face_square(landmarks)
    window, content = crop_square(np.zeros((HEIGHT, WIDTH, 3), np.uint8), square)
    assert window.shape == (CROP_SIZE, CROP_SIZE, 3)
    assert square.width == square.height
    assert content.width == min(square.width, CROP_SIZE)
    assert content.clipped(CROP_SIZE, CROP_SIZE) == content


def test_what_lies_outside_the_frame_is_blank() -> None:
    crop = cropped(face_at(30, 280, 120))
    points = np.argwhere((crop.pixels == BLANK).all(axis=2))[:, ::-1].astype(np.float32)
    origin = np.array([crop.content.left - crop.square.left, crop.content.top - crop.square.top], np.float32)
    in_frame = points - origin
    outside = (in_frame < 0).any(axis=1) | (in_frame >= np.array([WIDTH, HEIGHT])).any(axis=1)
    beside = ~crop_holds(crop, points)
    assert (outside | beside).all()
    assert outside.any()


def crop_holds(crop: FaceCrop, points: np.ndarray) -> np.ndarray:
    low = np.array([crop.content.left, crop.content.top])
    high = np.array([crop.content.right, crop.content.bottom])
    return np.asarray(((points >= low) & (points < high)).all(axis=1))


def test_a_large_face_is_reduced_by_area_averaging() -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, ::2] = 200
    crop = cropped(face_at(200, 150, 290), pixels)
    assert crop.scale < 0.6
    inside = crop.pixels[60:160, 60:160].astype(int)
    assert abs(inside.mean() - 100) < 3, "stripes finer than the window's pixels average out instead of aliasing"
    assert inside.std() < 45


def test_the_square_is_raised_for_the_forehead() -> None:
    square = face_square(face_at(200, 150, 100).landmarks)
    assert square.width == 150
    assert (square.left + square.right) / 2 == pytest.approx(200, abs=1)
    assert (square.top + square.bottom) / 2 == pytest.approx(142, abs=1)


def test_boxes_overlap_and_clip_as_half_open_intervals() -> None:
    box = Box(-10, 5, 30, 25)
    assert box.area == 800
    assert box.clipped(20, 20) == Box(0, 5, 20, 20)
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 20, 10)) == 0
    with pytest.raises(SettingsError):
        box.clipped(40, 5)
    with pytest.raises(SettingsError):
        Box(3, 3, 3, 9)


def test_faces_and_crops_cannot_be_changed_or_made_of_other_shapes() -> None:
    crop = cropped(face_at(200, 150, 100))
    with pytest.raises(ValueError, match="read-only"):
        crop.pixels[0, 0] = 0
    with pytest.raises(SettingsError):
        Face(Box(0, 0, 5, 5), 1.0, np.zeros((5, 2), np.float32), FaceOrigin.HOG)
    with pytest.raises(SettingsError):
        FaceCrop(np.zeros((10, 10, 3), np.uint8), crop.square, crop.content, crop.face)
