"""What every ``FaceFinder`` promises."""

from __future__ import annotations

import numpy as np

from fakeface.faces import Box, FaceOrigin
from fakeface.frames import Frame

from .conftest import Models


def test_faces_come_from_left_to_right_inside_the_frame_with_landmarks(models: Models) -> None:
    faces = models.faces()
    assert len(faces) == 2
    assert [face.box.left for face in faces] == sorted(face.box.left for face in faces)
    for face in faces:
        assert face.box.clipped(models.frame.width, models.frame.height) == face.box
        assert face.landmarks.shape == (68, 2)
        assert face.landmarks.dtype == np.float32
        assert face.origin is not FaceOrigin.EXAMINER
        middle = face.landmarks.mean(axis=0)
        assert face.box.left < middle[0] < face.box.right
        assert face.box.top < middle[1] < face.box.bottom


def test_the_same_frame_has_the_same_faces(models: Models) -> None:
    for first, second in zip(models.faces(), models.faces(), strict=True):
        assert first.box == second.box
        np.testing.assert_array_equal(first.landmarks, second.landmarks)


def test_a_frame_without_a_face_is_an_empty_tuple(models: Models) -> None:
    assert models.engine.finder.find(Frame(np.full((90, 140, 3), 128, np.uint8))) == ()


def test_a_box_of_the_examiner_becomes_the_examiners_face(models: Models) -> None:
    found = models.faces()[0].box
    drawn = Box(found.left - 500, found.top, found.right, found.bottom)
    face = models.engine.finder.describe(models.frame, drawn)
    assert face.origin is FaceOrigin.EXAMINER
    assert face.box == drawn.clipped(models.frame.width, models.frame.height)
    assert face.landmarks.shape == (68, 2)


def test_models_state_name_hash_device_and_precision(models: Models) -> None:
    cards = models.engine.cards()
    assert len(set(cards)) == len(cards) >= 4
    for card in cards:
        assert card.name
        assert len(card.sha256) == 64
        assert set(card.sha256) <= set("0123456789abcdef")
        assert card.device == "cpu"
        assert card.precision
    assert models.engine.cards(fast=True) == cards[:2]
