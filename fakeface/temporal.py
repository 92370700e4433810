"""Temporal cues of a track: how landmarks, mask, eyes and mouth move from sighting to sighting.

Measurements, no verdicts: they stand in the record beside the scores, with the unit in each name. All are shares of the
distance between the eyes, shares of sightings, or correlations, so that size and rate of the film hardly matter. What
cannot be measured on a track (too few sightings, a closed mouth throughout) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fakeface.films import MEASURES, Sighting

__all__ = ["LOCAL_SHARE", "local_score", "measure_track", "soft_change"]

LEAST_SIGHTINGS = 8
"""Fewer than this say nothing about time."""

NEIGHBOUR_SECONDS = 0.5
"""Sightings further apart than this are no neighbours."""

CLOSED_SHARE = 0.6
"""Eyes are closed where their opening is below this share of its median over the track."""

LEAST_SPREAD = 0.02
"""A correlation needs both sides to move by at least this much, in distances between the eyes."""

RIGID = (*range(27, 36), 36, 39, 42, 45)
"""Landmarks that no expression moves much: bridge and tip of the nose, corners of the eyes."""

LOCAL_SHARE = 1 / 32
"""Share of the window that the local score looks at: what of it looks altered most."""

Points = NDArray[np.float64]


def local_score(mask: NDArray[np.uint8]) -> float:
    """What the artifact mask shows where it shows most: its mean over the highest ``LOCAL_SHARE`` of the window, 0..1.

    A forged mouth changes it more than the score of the whole face, which is made for pictures of all kinds; and it
    varies less among frames of one unaltered person.

    Args:
        mask: (n, n) uint8, probability of alteration in 255ths.
    """
    many = max(round(LOCAL_SHARE * mask.size), 1)
    return float(np.partition(mask, -many, axis=None)[-many:].mean()) / 255


def soft_change(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> float:
    """Change between two soft masks, 0..1: one minus their intersection over union (sums of minima and maxima)."""
    union = int(np.maximum(before, now).sum())
    return 1 - int(np.minimum(before, now).sum()) / union if union else 0.0


def measure_track(sightings: Sequence[Sighting]) -> dict[str, float]:
    """What of ``MEASURES`` can be measured on a track; followed sightings are left out."""
    seen = [one for one in sightings if not one.followed]
    if len(seen) < LEAST_SIGHTINGS:
        return {}
    points = np.stack([one.face.landmarks.astype(np.float64) for one in seen])
    span = np.maximum(np.linalg.norm(points[:, 42:48].mean(axis=1) - points[:, 36:42].mean(axis=1), axis=1), 1.0)
    found: dict[str, float | None] = {
        "landmark_jitter_eye_distances": _jitter(seen, points, span),
        "mask_flicker_share": _median([one.flicker for one in seen]),
        "score_spread": _spread([one.score for one in seen]),
        **_eyes(points, span),
        **_mouth(points, span),
    }
    return {name: value for name in MEASURES if (value := found.get(name)) is not None}


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if len(known) >= LEAST_SIGHTINGS - 1 else None


def _spread(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < LEAST_SIGHTINGS:
        return None
    low, high = np.quantile(known, [0.25, 0.75])
    return float(high - low)


def _jitter(seen: Sequence[Sighting], points: Points, span: Points) -> float | None:
    """Median over neighbours of what is left of their movement after the best similarity transform."""
    left: list[float | None] = [
        _residual(points[place, RIGID], points[place + 1, RIGID]) / float(span[place + 1])
        for place, (one, other) in enumerate(pairwise(seen))
        if other.time_seconds - one.time_seconds <= NEIGHBOUR_SECONDS
    ]
    return _median(left)


def _residual(before: Points, now: Points) -> float:
    """Root mean square distance in pixels after the best rotation, scale and shift (complex least squares)."""
    one = (before - before.mean(axis=0)) @ np.array([1, 1j])
    other = (now - now.mean(axis=0)) @ np.array([1, 1j])
    turn = np.vdot(one, other) / max(np.vdot(one, one).real, 1e-9)
    return float(np.sqrt(np.mean(np.abs(other - turn * one) ** 2)))


def _eyes(points: Points, span: Points) -> dict[str, float | None]:
    left, right = _eye_opening(points, 36) / span, _eye_opening(points, 42) / span
    both = (left + right) / 2
    closed = both < CLOSED_SHARE * np.median(both)
    return {
        "eyes_closed_share": float(closed.mean()),
        "eyes_agreement_correlation": _correlation(left, right),
    }


def _eye_opening(points: Points, first: int) -> Points:
    """Mean distance in pixels between the lids of the eye whose landmarks begin at ``first``."""
    upper, lower = points[:, first + 1 : first + 3], points[:, [first + 5, first + 4]]
    return np.asarray(np.linalg.norm(upper - lower, axis=2).mean(axis=1), np.float64)


def _mouth(points: Points, span: Points) -> dict[str, float | None]:
    opening = np.linalg.norm(points[:, 61:64] - points[:, [67, 66, 65]], axis=2).mean(axis=1) / span
    chin = np.linalg.norm(points[:, 8] - points[:, 33], axis=1) / span
    low, high = np.quantile(opening, [0.25, 0.75])
    return {
        "mouth_movement_eye_distances": float(high - low),
        "mouth_chin_correlation": _correlation(opening, chin),
    }


def _correlation(one: Points, other: Points) -> float | None:
    """Pearson's; ``None`` where a side hardly moves."""
    if min(np.ptp(one), np.ptp(other)) < LEAST_SPREAD:
        return None
    return float(np.corrcoef(one, other)[0, 1])
