"""What every operator of the studio promises."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, mirror_landmarks
from fakeface.faces import Face
from fakeface.training.forge.mouths import opened
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.shapes import mouth_gap
from fakeface.training.forge.values import CannotForge, Forgery, Subject, Task

from ..faces_data import photograph

SEEDS = range(6)


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    shift = np.array([96, 0], np.float32)
    return Subject(np.ascontiguousarray(photograph()[:256, 96:352]), astronaut_face.landmarks - shift)


@pytest.fixture(scope="module")
def donor(subject: Subject) -> Subject:
    """The mirrored face, darker, 1.2 times as large, with landmarks of a mouth opened wide."""
    points = mirror_landmarks(subject.landmarks, 256)
    points = opened(points, (0.35 - mouth_gap(points)) * eye_distance(points), 0.0)
    pixels = (cv2.resize(subject.pixels[:, ::-1], (307, 307)) * 0.85).astype(np.uint8)
    return Subject(pixels, points * np.float32(307 / 256))


def forge(name: str, subject: Subject, donor: Subject, seed: int, strength: float = 1.0) -> Forgery | None:
    """What an operator makes, or nothing where it cannot work."""
    try:
        return OPERATORS[name].make(Task(subject, donor, strength), np.random.default_rng(seed))
    except CannotForge:
        return None


def test_names_are_unique_and_every_family_has_several_operators() -> None:
    assert all(name == operator.name for name, operator in OPERATORS.items())
    families = [operator.forgery for operator in OPERATORS.values()]
    assert all(families.count(family) >= 4 for family in ForgeryClass if family is not ForgeryClass.REAL)
    assert all(operator.summary.endswith(".") for operator in OPERATORS.values())


@pytest.mark.parametrize("strength", [0.05, 1.0])
@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_outside_the_mask_stays_and_what_is_inside_changes(
    subject: Subject, donor: Subject, name: str, strength: float
) -> None:
    before = subject.pixels.copy(), donor.pixels.copy()
    made = [forged for seed in SEEDS if (forged := forge(name, subject, donor, seed, strength)) is not None]
    assert made
    for forged in made:
        assert (forged.operator, forged.forgery) == (name, OPERATORS[name].forgery)
        assert forged.pixels.shape == subject.pixels.shape
        assert forged.pixels.dtype == np.uint8
        original = subject.pixels if forged.original is None else forged.original
        changed = np.abs(forged.pixels.astype(int) - original).max(axis=2)
        assert (forged.mask is None) == (forged.forgery is ForgeryClass.WHOLE_FACE_SYNTHESIS)
        if forged.mask is not None:
            assert forged.mask.shape == subject.pixels.shape[:2]
            assert forged.mask.dtype == np.float32
            assert 0 <= forged.mask.min() < 0.25 < forged.mask.max() <= 1
            assert changed[forged.mask == 0].max() == 0
        assert changed[forged.altered].max() > 2
    np.testing.assert_array_equal(subject.pixels, before[0])
    np.testing.assert_array_equal(donor.pixels, before[1])


@pytest.mark.parametrize("name", OPERATORS)
def test_the_same_seed_gives_the_same_bytes_and_says_what_was_drawn(
    subject: Subject, donor: Subject, name: str
) -> None:
    first, again = (forge(name, subject, donor, 3) for _ in range(2))
    others = [forged for seed in (4, 5, 6) if (forged := forge(name, subject, donor, seed)) is not None]
    assert first is not None
    assert again is not None
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.parameters == again.parameters
    assert any((first.pixels != other.pixels).any() for other in others)
    assert all(isinstance(value, str | int | float) for value in first.parameters.values())


@pytest.mark.parametrize("name", OPERATORS)
def test_a_face_at_the_border_a_grey_one_and_a_small_one_are_forged_or_refused(
    subject: Subject, donor: Subject, name: str
) -> None:
    grey = np.repeat(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    small = cv2.resize(subject.pixels, (110, 110), interpolation=cv2.INTER_AREA)
    for strange in (
        Subject(np.ascontiguousarray(subject.pixels[60:, 110:]), subject.landmarks - np.array([110, 60], np.float32)),
        Subject(np.ascontiguousarray(grey), subject.landmarks),
        Subject(np.asarray(small, np.uint8), subject.landmarks * np.float32(110 / 256)),
    ):
        for seed in (1, 2):
            forged = forge(name, strange, donor, seed)
            assert forged is None or forged.pixels.shape == strange.pixels.shape
