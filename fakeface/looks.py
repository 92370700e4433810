"""Looks: what was seen on one sampled frame of a film, small enough to be kept while the film goes on. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fakeface.errors import SettingsError
from fakeface.faces import Face

__all__ = ["SOFT_SIDE", "Look", "SeenFace"]

SOFT_SIDE = 28
"""Rows and columns of the soft artifact mask that is kept of every face."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """One face of a sampled frame, with everything that later frames and the finding of its track need of it.

    Args:
        face: where it is.
        track: number of its track, 1-based in the order of appearance.
        appearance: (n,) uint8 of ``fakeface.tracking.appearance``.
        followed: whether a tracker carried the box on where the detector found nothing.
        score: text-independent fakeness, 0..1; ``None`` where the face is too small or was only followed, or the frame
            is damaged.
        sharpness: variance of the Laplacian over the face's square, grey levels squared.
        soft_mask: (28, 28) uint8, probability of alteration over the window in 255ths; ``None`` without a score.
    """

    face: Face
    track: int
    appearance: NDArray[np.uint8]
    followed: bool = False
    score: float | None = None
    sharpness: float = 0.0
    soft_mask: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.soft_mask is not None and self.soft_mask.shape != (SOFT_SIDE, SOFT_SIDE):
            raise SettingsError(f"a soft mask needs ({SOFT_SIDE}, {SOFT_SIDE}), got {self.soft_mask.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One sampled frame.

    Args:
        index: 0-based index of the frame in the film.
        time_seconds: its presentation time.
        frame_type: ``I``, ``P`` or ``B``; empty where the decoder does not say.
        cut: whether it begins a shot for the sampled frames.
        faces: from left to right; those that were only followed come last.
    """

    index: int
    time_seconds: Fraction
    frame_type: str
    cut: bool
    faces: tuple[SeenFace, ...] = ()
