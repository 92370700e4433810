"""Temporal cues: what stands still measures nothing, and what is moved shows in its own measure alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.errors import SettingsError
from fakeface.faces import Box, Face, FaceOrigin
from fakeface.films import MEASURES, Sighting
from fakeface.temporal import local_score, measure_track, soft_change

from .fakes import POINTS

Points = NDArray[np.float64]
EYE_DISTANCE = float(np.linalg.norm(POINTS[42:48].mean(0) - POINTS[36:42].mean(0))) * 2


def track(move: Callable[[int, Points], Points], count: int = 40, **values: float | None) -> list[Sighting]:
    """Sightings at 4 a second of a drawn face of 200 pixels, its landmarks moved by place."""
    found = []
    for place in range(count):
        points = move(place, POINTS.astype(np.float64) * 2 + 50).astype(np.float32)
        face = Face(Box(50, 50, 250, 250), 1.0, points, FaceOrigin.HOG)
        given = {"score": 0.5, "sharpness": 10.0, "flicker": 0.2, **values}
        given.setdefault("local_score", given["score"])
        found.append(Sighting(place * 6, Fraction(place, 4), face, False, **given))
    return found


def turned(place: int, points: Points) -> Points:
    angle = 0.3 * np.sin(place)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn * (1 + 0.01 * place) + 3 * place


def talking(place: int, points: Points) -> Points:
    drop = 12 * abs(np.sin(place * 0.9))
    points[[65, 66, 67], 1] += drop
    points[5:12, 1] += drop
    return points


def test_a_still_face_has_no_jitter_and_open_eyes() -> None:
    found = measure_track(track(lambda _, points: points))
    assert found["landmark_jitter_eye_distances"] == pytest.approx(0, abs=1e-5)
    assert found["eyes_closed_share"] == 0
    assert found["mouth_movement_eye_distances"] == pytest.approx(0, abs=1e-5)
    assert found["mask_flicker_share"] == pytest.approx(0.2)
    assert found["score_spread"] == 0
    assert "eyes_agreement_correlation" not in found
    assert "mouth_chin_correlation" not in found


def test_turning_moving_and_coming_nearer_is_no_jitter() -> None:
    assert measure_track(track(turned))["landmark_jitter_eye_distances"] == pytest.approx(0, abs=1e-4)


def test_landmarks_that_tremble_are_measured_in_distances_between_the_eyes() -> None:
    rng = np.random.default_rng(1)
    found = measure_track(track(lambda _, points: points + rng.normal(0, 2, points.shape)))
    assert found["landmark_jitter_eye_distances"] == pytest.approx(2 * np.sqrt(2) * np.sqrt(2) / EYE_DISTANCE, rel=0.2)


def test_blinking_of_both_eyes_is_counted_and_agrees() -> None:
    def blink(place: int, points: Points) -> Points:
        if place % 8 == 0:
            for first in (36, 42):
                points[first + 1 : first + 3, 1] += 5
                points[[first + 4, first + 5], 1] -= 5
        return points

    found = measure_track(track(blink))
    assert found["eyes_closed_share"] == pytest.approx(5 / 40)
    assert found["eyes_agreement_correlation"] > 0.95


def test_an_eye_that_blinks_alone_disagrees() -> None:
    def wink(place: int, points: Points) -> Points:
        first = 36 if place % 2 else 42
        points[first + 1 : first + 3, 1] += 5
        return points

    assert measure_track(track(wink))["eyes_agreement_correlation"] < -0.9


def test_a_mouth_that_the_chin_follows_is_told_from_one_that_it_does_not() -> None:
    def pasted(place: int, points: Points) -> Points:
        moved = talking(place, points.copy())
        moved[5:12] = points[5:12]
        moved[8, 1] += 4 * np.sin(place * 2.3)
        return moved

    assert measure_track(track(talking))["mouth_chin_correlation"] > 0.95
    assert abs(measure_track(track(pasted))["mouth_chin_correlation"]) < 0.4
    assert measure_track(track(talking))["mouth_movement_eye_distances"] > 0.02


def test_too_few_or_only_followed_sightings_are_not_measured() -> None:
    assert measure_track(track(talking, count=7)) == {}
    few = track(talking, count=20)
    followed = [Sighting(one.index, one.time_seconds, one.face, True, None, 0.0) for one in few]
    assert measure_track(followed) == {}


def test_what_was_not_scored_has_no_flicker_and_no_spread() -> None:
    found = measure_track(track(talking, score=None, flicker=None))
    assert {"mask_flicker_share", "score_spread"}.isdisjoint(found)


def test_every_measure_is_described_and_names_its_unit() -> None:
    assert set(measure_track(track(talking))) <= set(MEASURES)
    assert all(name.endswith(("_share", "_correlation", "_eye_distances", "_spread")) for name in MEASURES)


def test_the_change_of_a_soft_mask_runs_from_nothing_to_everything() -> None:
    left = np.zeros((28, 28), np.uint8)
    left[:, :14] = 200
    assert soft_change(left, left) == 0
    assert soft_change(left, left[:, ::-1]) == 1
    assert soft_change(left, (left // 2).astype(np.uint8)) == pytest.approx(0.5)
    assert soft_change(np.zeros_like(left), np.zeros_like(left)) == 0


def test_the_local_score_is_what_the_mask_shows_where_it_shows_most() -> None:
    mask = np.zeros((28, 28), np.uint8)
    assert local_score(mask) == 0
    mask[3:7, 3:9] = 204  # 24 of 784 cells: one in 32
    assert local_score(mask) == pytest.approx(0.8)
    mask[20:, :] = 102
    assert local_score(mask) == pytest.approx(0.8)
    mask[3:7, 3:6] = 0
    assert local_score(mask) == pytest.approx(0.6)


def test_a_sighting_has_both_scores_or_neither() -> None:
    [one] = track(lambda _, points: points, 1)
    with pytest.raises(SettingsError, match="or neither"):
        replace(one, local_score=None)
