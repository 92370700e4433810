"""Reenactments: the right part of the face moves, the mask tells where, and the rest stays."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.concepts import eye_distance, mirror_landmarks
from fakeface.faces import Face
from fakeface.training.forge.mouths import OPEN, opened
from fakeface.training.forge.operators import OPERATORS as ALL
from fakeface.training.forge.reenactment import (
    OPERATORS,
    expression_transfer,
    gaze_shift,
    lip_sync,
    mouth_interior,
    pose_warp,
    reenact,
)
from fakeface.training.forge.shapes import mouth_gap
from fakeface.training.forge.values import CannotForge, Forgery, Subject, Task

from .faces_data import photograph

NAMES = [operator.name for operator in OPERATORS]
NEW = [name for name in NAMES if name != "reenact"]
SEEDS = range(5)
OPEN_EYE = np.array([[-14, 0], [-6, -7], [6, -7], [14, 0], [6, 7], [-6, 7]])


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    shift = np.array([96, 0], np.float32)
    return Subject(np.ascontiguousarray(photograph()[:256, 96:352]), astronaut_face.landmarks - shift)


@pytest.fixture(scope="module")
def donor(subject: Subject) -> Subject:
    """The mirrored face, darker, with landmarks of a mouth opened wide, and a checkerboard where that mouth is."""
    points = mirror_landmarks(subject.landmarks, 256)
    points = opened(points, (0.35 - mouth_gap(points)) * eye_distance(points), 0.0)
    pixels = np.ascontiguousarray((subject.pixels[:, ::-1] * 0.8).astype(np.uint8))
    board = np.indices((256, 256)).sum(axis=0) // 2 % 2 * 255
    inside = cv2.fillPoly(np.zeros((256, 256), np.uint8), [np.round(points[60:68]).astype(np.int32)], (1,))
    pixels[inside > 0] = board[inside > 0][:, None]
    return Subject(pixels, points)


def closed(subject: Subject) -> Subject:
    points = subject.landmarks.copy()
    points[[67, 66, 65]] = points[[61, 62, 63]] + 0.5
    return Subject(subject.pixels, points)


def forge(name: str, subject: Subject, donor: Subject, seed: int = 0, strength: float = 1.0) -> Forgery:
    return ALL[name].make(Task(subject, donor, strength), np.random.default_rng(seed))


def difference(forged: Forgery, subject: Subject) -> NDArray[np.int64]:
    return np.abs(forged.pixels.astype(int) - subject.pixels).max(axis=2)


def region(subject: Subject, first: int, last: int, margin: float) -> NDArray[np.bool_]:
    """Pixels within a margin, in eye distances, of the hull of some landmarks."""
    hull = cv2.convexHull(np.round(subject.landmarks[first:last]).astype(np.int32))
    mask = cv2.fillConvexPoly(np.zeros(subject.pixels.shape[:2], np.uint8), hull, (1,))
    away = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    return np.asarray(away <= margin * eye_distance(subject.landmarks))


def flow(forged: Forgery, subject: Subject) -> NDArray[np.float32]:
    """How far each pixel of the subject moved, measured: (height, width, 2) x, y."""
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (subject.pixels, forged.pixels)]
    return np.asarray(cv2.calcOpticalFlowFarneback(grey[0], grey[1], None, 0.5, 4, 21, 5, 7, 1.5, 0), np.float32)


@pytest.mark.parametrize("name", ["reenact", "expression_transfer", "mouth_interior", "lip_sync", "pose_warp"])
def test_a_lower_strength_shows_less(subject: Subject, donor: Subject, name: str) -> None:
    weak, strong = (
        np.mean([difference(forge(name, subject, donor, seed, strength), subject).mean() for seed in range(8)])
        for strength in (0.1, 1.0)
    )
    assert weak < strong


def test_at_full_strength_the_first_reenactment_keeps_its_random_draws(subject: Subject) -> None:
    rng = np.random.default_rng(4)
    forged = reenact(Task(subject), rng)
    drawn = np.random.default_rng(4)
    assert forged.parameters["mouth_opening_eye_distances"] == pytest.approx(drawn.uniform(-0.12, 0.25))
    assert forged.parameters["smile_eye_distances"] == pytest.approx(drawn.uniform(-0.12, 0.12))
    again = np.random.default_rng(4)
    reenact(Task(subject, strength=0.2), again)
    assert rng.random() == again.random(), "strength must not change what is drawn"


def test_a_reenactment_that_nobody_could_see_is_refused(subject: Subject) -> None:
    flat = Subject(np.full_like(subject.pixels, 120), subject.landmarks)
    refused = 0
    for seed in range(12):
        try:
            forged = reenact(Task(flat), np.random.default_rng(seed))
        except CannotForge:
            refused += 1
        else:
            assert difference(forged, flat)[forged.altered].max() > 2
    assert 0 < refused < 12, "some only move, which an even picture does not show, and some change its tone"


def test_a_donors_teeth_are_seen_between_the_lips(subject: Subject, donor: Subject) -> None:
    for seed in SEEDS:
        forged = mouth_interior(Task(closed(subject), donor), np.random.default_rng(seed))
        step = float(forged.parameters["gap_after_eye_distances"]) - float(
            forged.parameters["gap_before_eye_distances"]
        )
        unit = eye_distance(subject.landmarks)
        lips = opened(closed(subject).landmarks, step * unit, 0.15)[60:68]
        inside = cv2.fillPoly(np.zeros((256, 256), np.uint8), [np.round(lips).astype(np.int32)], (1,))
        inside = cv2.erode(inside, np.ones((3, 3))) > 0
        assert inside.sum() > 60
        assert forged.pixels[inside].astype(float).std() > 35, "the checkerboard must show"
        assert not (forged.altered & ~region(subject, 48, 60, 0.9)).any()


def test_a_closed_mouth_has_nothing_to_give(subject: Subject, donor: Subject) -> None:
    with pytest.raises(CannotForge, match="mouth is closed"):
        mouth_interior(Task(subject, closed(donor)), np.random.default_rng(0))
    cut = Subject(np.ascontiguousarray(donor.pixels[: int(donor.landmarks[57, 1])]), donor.landmarks)
    with pytest.raises(CannotForge, match="not in its picture"):
        mouth_interior(Task(subject, cut), np.random.default_rng(0))


def test_raised_brows_of_the_donor_raise_the_subjects(subject: Subject) -> None:
    """Spots painted on the brows' middle rise and a spot under the nose does not."""
    own, target = subject.landmarks, subject.landmarks.copy()
    unit = eye_distance(own)
    target[17:27, 1] -= 0.3 * unit
    pixels = np.full_like(subject.pixels, 90)
    spots = np.round(own[[19, 24, 33]]).astype(int)
    for x, y in spots:
        cv2.circle(pixels, (int(x), int(y)), 3, (240, 240, 240), -1)
    task = Task(Subject(pixels, own), Subject(subject.pixels, target))
    forged = expression_transfer(task, np.random.default_rng(1))
    assert 0.05 < float(forged.parameters["largest_move_eye_distances"]) < 0.13, "brows rise within what faces do"
    rises = []
    for x, y in spots:
        light = np.clip(forged.pixels[y - 12 : y + 12, x - 12 : x + 12].mean(axis=2) - 130, 0, None)
        rises.append(12 - float((np.arange(24) * light.sum(axis=1)).sum() / light.sum()))
    assert rises[:2] == pytest.approx([0.1 * unit] * 2, abs=1.2)
    assert rises[2] == pytest.approx(0, abs=0.5)


def test_the_same_expression_is_only_rendered_anew(subject: Subject) -> None:
    forged = expression_transfer(Task(subject, subject), np.random.default_rng(1))
    assert float(forged.parameters["largest_move_eye_distances"]) == pytest.approx(0, abs=1e-4)
    assert forged.parameters["donor_mouth_inside"] is False
    inside = forged.mask == 1
    sharpness = [
        cv2.Laplacian(np.asarray(pixels, np.float32).mean(axis=2), cv2.CV_32F)[inside].std()
        for pixels in (forged.pixels, subject.pixels)
    ]
    assert sharpness[0] < 0.9 * sharpness[1]


def test_lip_sync_renders_the_lower_half_of_the_face_alone_and_coarsely(subject: Subject, donor: Subject) -> None:
    for seed in SEEDS:
        forged = lip_sync(Task(subject), np.random.default_rng(seed))
        rows, _ = np.nonzero(forged.altered)
        assert rows.min() > subject.landmarks[28, 1]
        assert forged.altered[np.round(subject.landmarks[57, 1]).astype(int), int(subject.landmarks[57, 0])]
        assert float(forged.parameters["rendered_side_px"]) <= 116
        soft = forged.mask[forged.mask > 0] if forged.mask is not None else np.ones(1)
        assert (soft < 1).mean() > 0.1


def test_lip_sync_opens_a_closed_mouth_onto_something_darker(subject: Subject) -> None:
    shut = closed(subject)
    forged = lip_sync(Task(shut), np.random.default_rng(1))
    step = float(forged.parameters["mouth_opening_eye_distances"])
    assert step > 0.04
    middle = shut.landmarks[62] + np.array([0, 0.8 * step * eye_distance(shut.landmarks)], np.float32)
    x, y = np.round(middle).astype(int)
    lip = subject.pixels[
        cv2.fillPoly(np.zeros((256, 256), np.uint8), [shut.landmarks[48:60].astype(np.int32)], (1,)) > 0
    ]
    assert forged.pixels[y, x].mean() < lip.mean() - 20


def test_a_gaze_moves_the_iris_and_leaves_the_lids(subject: Subject) -> None:
    """Drawn eyes, 28 px wide and 14 high, with an iris of 5 px radius."""
    pixels = np.full((256, 256, 3), 180, np.uint8)
    points = subject.landmarks.copy()
    for first, (x, y) in ((36, (90, 100)), (42, (150, 100))):
        points[first : first + 6] = OPEN_EYE + np.array([x, y])
        cv2.fillPoly(pixels, [points[first : first + 6].astype(np.int32)], (235, 235, 235))
        cv2.circle(pixels, (x, y), 5, (40, 30, 20), -1)
    drawn = Subject(pixels, points)

    def iris(picture: NDArray[np.uint8], left: int) -> NDArray[np.float64]:
        rows, columns = np.nonzero(picture[85:115, left : left + 40].mean(axis=2) < 100)
        return np.array([columns.mean() + left, rows.mean() + 85])

    for seed in SEEDS:
        forged = gaze_shift(Task(drawn), np.random.default_rng(seed))
        wanted = float(forged.parameters["shift_eye_widths"]) * 28
        sign = np.sign(np.cos(np.radians(float(forged.parameters["direction_degrees"]))))
        for left in (70, 130):
            moved = iris(forged.pixels, left) - iris(pixels, left)
            assert moved[0] * sign == pytest.approx(wanted, abs=1.5)
        assert not (difference(forged, drawn)[~(region(drawn, 36, 42, 0.02) | region(drawn, 42, 48, 0.02))]).any()


def test_closed_eyes_have_no_gaze(subject: Subject) -> None:
    points = subject.landmarks.copy()
    for first in (36, 42):
        points[[first + 1, first + 2, first + 4, first + 5], 1] = points[[first, first + 3], 1].mean()
    with pytest.raises(CannotForge, match="closed"):
        gaze_shift(Task(Subject(subject.pixels, points)), np.random.default_rng(0))


def test_a_turned_pose_moves_the_nose_most_and_the_outline_not_at_all(subject: Subject) -> None:
    for seed in SEEDS:
        forged = pose_warp(Task(subject), np.random.default_rng(seed))
        yaw = float(forged.parameters["yaw_degrees"])
        unit = eye_distance(subject.landmarks)
        assert 5 <= abs(yaw) <= 12
        moves = flow(forged, subject)
        x, y = np.round(subject.landmarks[33]).astype(int)
        nose = np.median(moves[y - 3 : y + 4, x - 3 : x + 4, 0])
        assert nose * np.sign(yaw) == pytest.approx(0.7 * np.sin(np.radians(abs(yaw))) * unit, abs=0.08 * unit)
        x, y = np.round(subject.landmarks[8]).astype(int)
        assert np.abs(moves[y - 1 : y + 2, x - 1 : x + 2]).max() < 1.5


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("side", [90, 700])
def test_small_and_large_faces_can_be_reenacted(subject: Subject, donor: Subject, name: str, side: int) -> None:
    factor = side / 256
    pixels = cv2.resize(subject.pixels, (side, side), interpolation=cv2.INTER_AREA if side < 256 else cv2.INTER_CUBIC)
    scaled = Subject(np.asarray(pixels, np.uint8), subject.landmarks * np.float32(factor))
    try:
        forged = forge(name, scaled, donor, 1, 0.3)
    except CannotForge:
        assert (name, side) == ("gaze_shift", 90), "only eyes of a few pixels may be too small"
        return
    assert difference(forged, scaled)[forged.altered].max() > 2
    assert difference(forged, scaled)[forged.mask == 0].max() == 0


@pytest.mark.parametrize("name", NEW)
def test_a_grey_picture_stays_grey(subject: Subject, donor: Subject, name: str) -> None:
    grey = np.repeat(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    coloured = donor.pixels.copy()
    coloured[..., 1] //= 2
    for seed in SEEDS:
        forged = forge(name, Subject(grey, subject.landmarks), Subject(coloured, donor.landmarks), seed)
        assert np.ptp(forged.pixels.astype(int), axis=2).max() <= 4


@pytest.mark.parametrize("name", NEW)
def test_a_turned_face_at_the_border_is_forged_or_refused(subject: Subject, donor: Subject, name: str) -> None:
    for angle, cut in ((35, (60, 40)), (-80, (40, 90)), (180, (0, 0))):
        matrix = cv2.getRotationMatrix2D((128.0, 128.0), angle, 1.0)
        turned = np.asarray(cv2.warpAffine(subject.pixels, matrix, (256, 256)), np.uint8)[cut[1] :, cut[0] :]
        points = cv2.transform(subject.landmarks[None], matrix)[0] - np.array(cut)
        tilted = Subject(np.ascontiguousarray(turned), points.astype(np.float32))
        try:
            forged = forge(name, tilted, donor, 2)
        except CannotForge:
            continue
        assert forged.pixels.shape == tilted.pixels.shape
        assert difference(forged, tilted)[forged.mask == 0].max(initial=0) == 0


@pytest.mark.parametrize("name", NEW)
def test_a_face_outside_its_picture_is_refused(subject: Subject, donor: Subject, name: str) -> None:
    away = Subject(subject.pixels, subject.landmarks + np.array([600, 0], np.float32))
    with pytest.raises(CannotForge):
        forge(name, away, donor)


def test_a_mouth_opened_by_its_landmarks_is_open(subject: Subject) -> None:
    points = closed(subject).landmarks
    unit = eye_distance(points)
    assert mouth_gap(points) < OPEN
    assert mouth_gap(opened(points, 0.2 * unit)) == pytest.approx(0.2 * 1.08 + mouth_gap(points), abs=0.03)
    np.testing.assert_array_equal(opened(points, 0.2 * unit)[17:48], points[17:48])
