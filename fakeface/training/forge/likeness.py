"""Whose face goes into whose: donors near in landmarks and skin tone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fakeface.concepts import eye_distance
from fakeface.errors import SettingsError
from fakeface.training.forge.mouths import OPEN
from fakeface.training.forge.shapes import mouth_gap
from fakeface.training.forge.values import Field
from fakeface.training.manifest import FaceRow

__all__ = ["Donors"]

DRAWN = 64
"""A donor is the nearest in landmarks and skin tone of so many faces drawn at random."""

TONE_UNIT = 12.0
"""So far apart in Lab, two skins are as unlike as two faces of median distance in landmarks."""

UNKNOWN_TONE = (math.nan, math.nan, math.nan)


class Donors:
    """Faces that may be put into others.

    Args:
        rows: of the faces.
    """

    def __init__(self, rows: Sequence[FaceRow]) -> None:
        self.rows = rows
        self._shapes = np.array([_normal_shape(row.points()) for row in rows])
        self._open_mouths = np.flatnonzero([mouth_gap(row.points()) > OPEN for row in rows])
        self._tones = np.array([row.tone or UNKNOWN_TONE for row in rows])

    def near(
        self, face: FaceRow, rng: np.random.Generator, *, open_mouth: bool = False, own: int | None = None
    ) -> FaceRow:
        """A face near in landmarks and skin.

        Args:
            face: that it is for.
            rng: draws among the faces.
            open_mouth: whether its mouth must be open, as far as any is.
            own: number of ``face`` among these; it is left out.

        Raises:
            SettingsError: there is no other face.
        """
        if len(self.rows) <= (own is not None):
            raise SettingsError("a swap needs a second real face as its donor")
        candidates = self._open_mouths if open_mouth and len(self._open_mouths) else np.arange(len(self.rows))
        drawn = rng.choice(candidates, size=DRAWN)
        if own is not None:
            drawn = drawn[drawn != own]
            if not len(drawn):
                drawn = np.array([(own + 1) % len(self.rows)])
        distances = np.linalg.norm(self._shapes[drawn] - _normal_shape(face.points()), axis=1)
        tones = np.linalg.norm(self._tones[drawn] - np.array(face.tone or UNKNOWN_TONE), axis=1) / TONE_UNIT
        unlike = distances / max(float(np.median(distances)), 1e-6) + np.nan_to_num(tones, nan=1.0)
        return self.rows[int(drawn[int(np.argmin(unlike))])]


def _normal_shape(landmarks: Field) -> NDArray[np.float32]:
    return np.asarray((landmarks - landmarks.mean(axis=0)) / eye_distance(landmarks), np.float32).reshape(-1)
