"""Tracks: persons keep theirs when they move, swap sides or vanish for a moment, and never share one."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.data import astronaut

from fakeface.backends.dlib import DlibFaceFollower
from fakeface.faces import Box, Face, FaceOrigin
from fakeface.frames import Frame
from fakeface.looks import Look, SeenFace
from fakeface.tracking import APPEARANCE_SIZE, Tracker, appearance, appearance_distance, looks_alike

SIDE = 80


def person(face: Face, *, tint: tuple[float, float, float] = (1, 1, 1), flipped: bool = False) -> NDArray[np.uint8]:
    """The appearance of the photograph's face, or of somebody whose skin, hair and surroundings have other colours."""
    pixels = astronaut().astype(np.float32) * tint
    if flipped:
        pixels = 255 - pixels
    return appearance(np.clip(pixels, 0, 255).astype(np.uint8), face.landmarks)


def at(left: float, top: float = 100) -> Box:
    return Box(round(left), round(top), round(left) + SIDE, round(top) + SIDE)


class Scene:
    """Feeds a tracker frame by frame, four a second."""

    def __init__(self) -> None:
        self.tracker = Tracker()
        self.place = 0

    def see(self, *faces: tuple[Box, NDArray[np.uint8]], cut: bool = False, seconds: float = 0.25) -> tuple[int, ...]:
        """The tracks of the faces, in the order given; the tracker gets them from left to right, as from a finder."""
        time = Fraction(round(1000 * seconds * self.place), 1000)
        order = sorted(range(len(faces)), key=lambda row: faces[row][0].left)
        if cut:
            self.tracker.cut()
        numbers = self.tracker.match([faces[row][0] for row in order], [faces[row][1] for row in order], time)
        points = np.zeros((68, 2), np.float32)
        seen = tuple(
            SeenFace(Face(faces[row][0], 1.0, points.copy(), FaceOrigin.HOG), number, faces[row][1])
            for row, number in zip(order, numbers, strict=True)
        )
        self.tracker.learn(Look(self.place, time, "P", cut, seen))
        self.place += 1
        found = dict(zip(order, numbers, strict=True))
        return tuple(found[row] for row in range(len(faces)))


@pytest.fixture(scope="module")
def anna(astronaut_face: Face) -> NDArray[np.uint8]:
    return person(astronaut_face)


@pytest.fixture(scope="module")
def ben(astronaut_face: Face) -> NDArray[np.uint8]:
    return person(astronaut_face, flipped=True)


def test_an_appearance_has_its_size_and_is_the_same_for_the_same_face(anna: NDArray[np.uint8]) -> None:
    assert anna.shape == (APPEARANCE_SIZE,)
    assert anna.dtype == np.uint8
    assert appearance_distance(anna, anna) == pytest.approx(0, abs=1e-4)


def test_light_size_and_compression_change_an_appearance_less_than_another_person_does(
    astronaut_face: Face, anna: NDArray[np.uint8], ben: NDArray[np.uint8]
) -> None:
    darker = person(astronaut_face, tint=(0.85, 0.85, 0.85))
    small = cv2.resize(astronaut(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    smaller = appearance(np.asarray(small, np.uint8), (astronaut_face.landmarks / 2).astype(np.float32))
    coded = cv2.imdecode(cv2.imencode(".jpg", astronaut(), [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)
    compressed = appearance(np.asarray(coded, np.uint8), astronaut_face.landmarks)
    for changed in (darker, smaller, compressed):
        assert appearance_distance(anna, changed) < 0.15
        assert looks_alike(anna, changed)
    assert appearance_distance(anna, ben) > 0.6
    assert not looks_alike(anna, ben)


def test_a_face_that_moves_keeps_its_track(anna: NDArray[np.uint8]) -> None:
    scene = Scene()
    assert [scene.see((at(20 + 30 * step), anna)) for step in range(12)] == [(1,)] * 12


def test_two_persons_who_swap_sides_keep_their_tracks(anna: NDArray[np.uint8], ben: NDArray[np.uint8]) -> None:
    scene = Scene()
    for step in range(17):
        assert scene.see((at(50 + 25 * step), anna), (at(450 - 25 * step), ben)) == (1, 2)


def test_persons_who_swap_sides_between_two_frames_are_not_mixed_up(
    anna: NDArray[np.uint8], ben: NDArray[np.uint8]
) -> None:
    scene = Scene()
    scene.see((at(100), anna), (at(220), ben))
    assert scene.see((at(220), anna), (at(100), ben)) == (1, 2)


def test_persons_who_swap_sides_while_one_hides_the_other_keep_their_tracks(
    anna: NDArray[np.uint8], ben: NDArray[np.uint8]
) -> None:
    scene = Scene()
    for step in range(6):
        scene.see((at(100 + 20 * step), anna), (at(320 - 20 * step), ben))
    assert scene.see((at(215), anna)) == (1,)
    for step in range(6):
        assert scene.see((at(230 + 20 * step), anna), (at(190 - 20 * step), ben)) == (1, 2)


def test_somebody_who_enters_where_another_left_gets_a_track_of_their_own(
    anna: NDArray[np.uint8], ben: NDArray[np.uint8]
) -> None:
    scene = Scene()
    for _ in range(4):
        assert scene.see((at(200), anna)) == (1,)
    for _ in range(4):
        assert scene.see((at(200), ben)) == (2,)
    assert scene.see((at(200), anna)) == (1,)


def test_the_order_of_detection_decides_nothing(anna: NDArray[np.uint8], ben: NDArray[np.uint8]) -> None:
    scene = Scene()
    scene.see((at(300), ben))
    assert scene.see((at(100), anna), (at(300), ben)) == (2, 1)
    assert scene.see((at(110), anna)) == (2,)
    assert scene.see((at(290), ben), (at(105), anna)) == (1, 2)


def test_new_tracks_are_numbered_from_left_to_right(anna: NDArray[np.uint8], ben: NDArray[np.uint8]) -> None:
    assert Scene().see((at(300), ben), (at(100), anna)) == (2, 1)


def test_a_cut_ends_all_tracks_and_numbers_are_not_given_again(anna: NDArray[np.uint8]) -> None:
    scene = Scene()
    scene.see((at(200), anna))
    assert scene.see((at(200), anna), cut=True) == (2,)


def test_a_face_across_the_picture_is_another_person_even_if_it_looks_alike(anna: NDArray[np.uint8]) -> None:
    scene = Scene()
    scene.see((at(0), anna))
    assert scene.see((at(900), anna)) == (2,)


def test_twins_are_told_apart_by_place(anna: NDArray[np.uint8]) -> None:
    scene = Scene()
    for step in range(8):
        assert scene.see((at(100 + 5 * step), anna), (at(300 - 5 * step), anna)) == (1, 2)


def test_a_person_who_was_away_for_seconds_is_known_again_and_after_long_is_not(anna: NDArray[np.uint8]) -> None:
    scene = Scene()
    scene.see((at(200), anna))
    for _ in range(12):
        scene.see()
    assert scene.see((at(210), anna)) == (1,)
    for _ in range(50):
        scene.see()
    assert scene.see((at(210), anna)) == (2,)


def test_only_a_person_of_the_frame_before_is_carried_on(anna: NDArray[np.uint8], ben: NDArray[np.uint8]) -> None:
    scene = Scene()
    scene.see((at(200), anna), (at(400), ben))
    [(number, box, looks)] = scene.tracker.missing([2], Fraction(1, 4), most=3)
    assert (number, box) == (1, at(200))
    assert (looks == anna).all()
    scene.see((at(400), ben))
    assert list(scene.tracker.missing([2], Fraction(1, 2), most=3)) == []


def test_a_box_is_carried_on_to_where_the_face_moved(astronaut_face: Face) -> None:
    before, moved = astronaut(), np.roll(astronaut(), (12, 20), axis=(0, 1))
    box = astronaut_face.box
    found = DlibFaceFollower().follow(Frame(before), box, Frame(moved))
    assert found is not None
    assert found.iou(Box(box.left + 20, box.top + 12, box.right + 20, box.bottom + 12)) > 0.8


def test_a_box_is_not_carried_on_into_a_picture_without_the_face(astronaut_face: Face) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (512, 512, 3), dtype=np.uint8)
    assert DlibFaceFollower().follow(Frame(astronaut()), astronaut_face.box, Frame(noise)) is None
