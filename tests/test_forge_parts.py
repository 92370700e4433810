"""Edits of single parts: a foreign part is seen in its place, a reshaped part has its new shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.concepts import eye_distance, mirror_landmarks
from fakeface.faces import Face
from fakeface.training.forge.operators import OPERATORS as ALL
from fakeface.training.forge.parts import OPERATORS, SHAPES, TRANSPLANTED, part_transplant, reshape
from fakeface.training.forge.values import CannotForge, Forgery, Subject, Task

from .faces_data import photograph

NAMES = [operator.name for operator in OPERATORS]


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    shift = np.array([96, 0], np.float32)
    return Subject(np.ascontiguousarray(photograph()[:256, 96:352]), astronaut_face.landmarks - shift)


@pytest.fixture(scope="module")
def donor(subject: Subject) -> Subject:
    """The mirrored face, darker and 1.2 times as large."""
    pixels = (cv2.resize(subject.pixels[:, ::-1], (307, 307)) * 0.85).astype(np.uint8)
    return Subject(pixels, mirror_landmarks(subject.landmarks, 256) * np.float32(307 / 256))


def chequered(donor: Subject) -> Subject:
    """The donor under a chequered pattern of the same brightness."""
    board = np.where(np.indices(donor.pixels.shape[:2]).sum(axis=0) // 3 % 2, 1.35, 0.65)
    return Subject(np.clip(donor.pixels * board[..., None], 0, 255).astype(np.uint8), donor.landmarks)


def forge(name: str, subject: Subject, donor: Subject, seed: int = 0, strength: float = 1.0) -> Forgery:
    return ALL[name].make(Task(subject, donor, strength), np.random.default_rng(seed))


def difference(forged: Forgery, subject: Subject) -> NDArray[np.int64]:
    return np.abs(forged.pixels.astype(int) - subject.pixels).max(axis=2)


def near(subject: Subject, pieces: tuple[tuple[int, ...], ...], margin: float) -> NDArray[np.bool_]:
    """Pixels within a margin, in eye distances, of the hulls of some landmarks."""
    mask = np.zeros(subject.pixels.shape[:2], np.uint8)
    for piece in pieces:
        cv2.fillConvexPoly(mask, cv2.convexHull(np.round(subject.landmarks[list(piece)]).astype(np.int32)), (1,))
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    return np.asarray(away <= margin * eye_distance(subject.landmarks))


def drawn(name: str, subject: Subject, donor: Subject, key: str, value: str) -> list[Forgery]:
    """Forgeries of the first seeds that drew this value."""
    made = [forge(name, subject, donor, seed) for seed in range(60)]
    found = [forged for forged in made if forged.parameters[key] == value]
    assert len(found) >= 2
    return found


@pytest.mark.parametrize("part", TRANSPLANTED)
def test_the_donors_pattern_is_seen_at_the_part_and_nowhere_else(subject: Subject, donor: Subject, part: str) -> None:
    for seed in range(40):
        forged = forge("part_transplant", subject, chequered(donor), seed)
        if forged.parameters["part"] != part:
            continue
        plain = forge("part_transplant", subject, donor, seed)
        assert not (forged.altered & ~near(subject, TRANSPLANTED[part], 0.45)).any()
        for piece in TRANSPLANTED[part]:
            core = near(subject, (piece,), 0.0)
            assert forged.altered[core].mean() > 0.95
            assert difference(forged, Subject(plain.pixels, subject.landmarks))[core].mean() > 12


def test_a_transplanted_part_takes_the_colours_around_it(subject: Subject, donor: Subject) -> None:
    blue = donor.pixels.copy()
    blue[..., 2] = np.clip(blue[..., 2].astype(int) + 50, 0, 255)
    for forged in drawn("part_transplant", subject, Subject(blue, donor.landmarks), "part", "nose")[:3]:
        inside = forged.mask == 1
        shift = forged.pixels[inside].mean(axis=0) - subject.pixels[inside].mean(axis=0)
        assert np.abs(shift - shift.mean()).max() < 25


def test_where_a_part_does_not_fit_another_is_tried(subject: Subject, donor: Subject) -> None:
    """Only the mouth of this donor is near the size of the subject's."""
    points = donor.landmarks * np.float32(0.2)
    points[48:68] = donor.landmarks[48:68]
    for seed in range(4):
        assert forge("part_transplant", subject, Subject(donor.pixels, points), seed).parameters["part"] == "mouth"


def test_a_donor_that_does_not_fit_is_refused(subject: Subject, donor: Subject) -> None:
    small = Subject(donor.pixels, donor.landmarks * np.float32(0.3))
    with pytest.raises(CannotForge, match="size"):
        part_transplant(Task(subject, small), np.random.default_rng(0))
    away = Subject(donor.pixels, donor.landmarks + np.float32(400))
    with pytest.raises(CannotForge, match="not in its picture"):
        part_transplant(Task(subject, away), np.random.default_rng(0))
    dark = Subject((donor.pixels // 8), donor.landmarks)
    with pytest.raises(CannotForge, match="lit too differently"):
        part_transplant(Task(subject, dark), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("shape", "first", "second", "axis"),
    [
        ("slimmer jaw", (4, 5), (11, 12), 0),
        ("narrower nose", (31,), (35,), 0),
        ("fuller lips", (50, 51, 52), (56, 57, 58), 1),
        ("raised brows", (19, 24), (33,), 1),
    ],
)
def test_a_reshaped_part_has_its_new_extent(
    subject: Subject, donor: Subject, shape: str, first: tuple[int, ...], second: tuple[int, ...], axis: int
) -> None:
    """Blobs painted on the landmarks lie nearer or farther afterwards, as the drawn gain says."""
    shrinks, tried = shape in ("slimmer jaw", "narrower nose"), 0
    for seed in range(40):
        apart = []
        for side in (first, second):
            pixels = np.full_like(subject.pixels, 90)
            for x, y in subject.landmarks[list(side)]:
                cv2.circle(pixels, (round(float(x)), round(float(y))), 3, (240, 240, 240), -1)
            forged = forge("reshape", Subject(pixels, subject.landmarks), donor, seed)
            if forged.parameters["shapes"] != shape:
                break
            apart.append([centre(one, axis) for one in (pixels, forged.pixels)])
        if len(apart) < 2:
            continue
        before, now = (abs(apart[1][time] - apart[0][time]) for time in (0, 1))
        nearer = (float(forged.parameters["gain_share"]) > 0) == shrinks
        assert (now < before - 0.3) if nearer else (now > before + 0.3)
        tried += 1
    assert tried


def centre(pixels: NDArray[np.uint8], axis: int) -> float:
    """Mean place of what is bright along x (0) or y (1)."""
    light = np.clip(pixels.mean(axis=2) - 100, 0, None)
    places = np.indices(light.shape)[1 - axis]
    return float((places * light).sum() / light.sum())


def test_eyes_become_larger_or_smaller(subject: Subject, donor: Subject) -> None:
    pixels = np.full_like(subject.pixels, 90)
    for first in (36, 42):
        x, y = subject.landmarks[first : first + 6].mean(axis=0)
        cv2.circle(pixels, (round(float(x)), round(float(y))), 4, (240, 240, 240), -1)
    flat, seen = Subject(pixels, subject.landmarks), set()
    for forged in drawn("reshape", flat, donor, "shapes", "larger eyes"):
        gain = float(forged.parameters["gain_share"])
        size = (forged.pixels.mean(axis=2) > 165).sum() / (pixels.mean(axis=2) > 165).sum()
        assert (size > 1.1) if gain > 0 else (size < 0.95)
        seen.add(gain > 0)
    assert True in seen


def test_a_stronger_reshaping_moves_farther(subject: Subject) -> None:
    for seed in range(6):
        shifts = [
            float(reshape(Task(subject, strength=one), np.random.default_rng(seed)).parameters["largest_shift_px"])
            for one in (0.0, 0.5, 1.0)
        ]
        assert 0.5 < shifts[0] < shifts[1] < shifts[2] < 0.3 * eye_distance(subject.landmarks)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [90, 700])
def test_small_and_large_faces_can_be_edited(subject: Subject, donor: Subject, name: str, side: int) -> None:
    kernel = cv2.INTER_AREA if side < 256 else cv2.INTER_CUBIC

    def scaled(one: Subject, side: int) -> Subject:
        pixels = np.asarray(cv2.resize(one.pixels, (side, side), interpolation=kernel), np.uint8)
        return Subject(pixels, one.landmarks * np.float32(side / one.pixels.shape[0]))

    small = scaled(subject, side)
    for seed in range(6):
        forged = forge(name, small, scaled(donor, side + 20), seed, 0.3)
        assert difference(forged, small)[forged.altered].max() > 2
        assert difference(forged, small)[forged.mask == 0].max() == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_grey_picture_stays_grey(subject: Subject, donor: Subject, name: str) -> None:
    grey = np.repeat(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    for seed in range(6):
        forged = forge(name, Subject(grey, subject.landmarks), donor, seed)
        assert np.ptp(forged.pixels.astype(int), axis=2).max() <= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_turned_face_at_the_border_is_forged_or_refused(subject: Subject, donor: Subject, name: str) -> None:
    for angle, cut in ((35, (60, 40)), (-80, (40, 90)), (180, (0, 0))):
        matrix = cv2.getRotationMatrix2D((128.0, 128.0), angle, 1.0)
        turned = np.asarray(cv2.warpAffine(subject.pixels, matrix, (256, 256)), np.uint8)[cut[1] :, cut[0] :]
        points = cv2.transform(subject.landmarks[None], matrix)[0] - np.array(cut)
        tilted = Subject(np.ascontiguousarray(turned), points.astype(np.float32))
        for seed in range(4):
            try:
                forged = forge(name, tilted, donor, seed)
            except CannotForge:
                continue
            assert forged.pixels.shape == tilted.pixels.shape
            assert difference(forged, tilted)[forged.mask == 0].max(initial=0) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_face_outside_its_picture_is_refused(subject: Subject, donor: Subject, name: str) -> None:
    away = Subject(subject.pixels, subject.landmarks + np.array([600, 0], np.float32))
    with pytest.raises(CannotForge):
        forge(name, away, donor)


def test_every_shape_and_part_is_drawn(subject: Subject, donor: Subject) -> None:
    parts = {forge("part_transplant", subject, donor, seed).parameters["part"] for seed in range(60)}
    shapes = {forge("reshape", subject, donor, seed).parameters["shapes"] for seed in range(60)}
    assert parts == set(TRANSPLANTED)
    assert {name for drawn_shapes in shapes for name in str(drawn_shapes).split(", ")} == set(SHAPES)
