"""Training windows: a real face and its forgery in the same crop, with the truth on the window's own grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.claims.matching import touched_regions
from fakeface.claims.windows import GRID
from fakeface.concepts import REGIONS
from fakeface.faces import CROP_SIZE, Box, Face, FaceCrop, FaceOrigin, crop_square, face_square
from fakeface.training.forge.recipe import Recipe
from fakeface.training.forge.studio import PicturePair, Studio
from fakeface.training.manifest import FaceRow

__all__ = ["MASK_SIZE", "FaceSample", "PairFactory", "cut_windows"]

MASK_SIZE = GRID
"""Side of the mask target: that of the grid on which masks of a window are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceSample:
    """One window with its truth.

    Args:
        window: (224, 224, 3) uint8 RGB.
        label: 0 real, 1 fake.
        forgery: index into ``ForgeryClass``.
        mask: (56, 56) float32 0..1, share of foreign pixels; zeros for a real face.
        mask_known: whether ``mask`` is truth (false for whole-face forgeries and given fakes).
        regions: (16,) float32 0/1, touched regions; known where ``mask_known``.
        landmarks: (68, 2) float32 in window pixels.
        source: where the real picture came from.
        operator: what made it: an operator's name, ``real`` or ``given``.
        photo: path of the picture it was made from; a real face and its forgery share it. Windows of one photo are not
            independent.
    """

    window: NDArray[np.uint8]
    label: int
    forgery: int
    mask: NDArray[np.float32]
    mask_known: bool
    regions: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    source: str
    operator: str
    photo: str = ""

    @property
    def crop(self) -> FaceCrop:
        """The window as the route's crop: a frame of the window's size, shown whole."""
        whole = Box(0, 0, CROP_SIZE, CROP_SIZE)
        return FaceCrop(self.window, whole, whole, Face(whole, 0.0, self.landmarks, FaceOrigin.EXAMINER))


class PairFactory:
    """Cuts windows from the pictures of a studio: pair number ``index`` is always the same two windows.

    Args:
        rows: prepared faces of one split.
        root: folder that their paths are relative to.
        seed: of the sequence.
        recipe: operators, strengths and shares; the shipped one where none is given.

    Raises:
        SettingsError: there is no real face.
    """

    def __init__(self, rows: Sequence[FaceRow], root: Path, seed: int, recipe: Recipe | None = None) -> None:
        self.studio = Studio(rows, root, seed, recipe)

    @property
    def reals(self) -> list[FaceRow]:
        """The real faces that forgeries are made of."""
        return self.studio.reals

    def pair(self, index: int) -> tuple[FaceSample, FaceSample]:
        """The real and the forged window of pair ``index``, drawn by the recipe."""
        rng = self.studio.generator(index)
        return cut_windows(self.studio.pair(rng), rng)

    def given_pair(self, fake: FaceRow, rng: np.random.Generator) -> tuple[FaceSample, FaceSample]:
        """A given fake and a real face like it."""
        return cut_windows(self.studio.given(fake, rng), rng)


def cut_windows(made: PicturePair, rng: np.random.Generator) -> tuple[FaceSample, FaceSample]:
    """The real and the forged window of a pair of pictures, cut by the same draw of jitter."""
    frame = _CropDraw.draw(rng)
    empty, none = np.zeros((MASK_SIZE, MASK_SIZE), np.float32), np.zeros(len(REGIONS), np.float32)
    window, points = frame.cut(made.real.pixels, made.real.landmarks)
    real = FaceSample(window, 0, 0, empty, True, none, points, made.row.source, "real", made.row.path)
    window, points = frame.cut(made.fake.pixels, made.fake.landmarks)
    forgery = list(ForgeryClass).index(made.forgery)
    origin = made.other if made.other is not None and not made.known else made.row
    told = origin.source, made.operator, origin.path
    if made.mask is None:
        return real, FaceSample(window, 1, forgery, empty, False, none, points, *told)
    grey = np.repeat((made.mask * 255).astype(np.uint8)[..., None], 3, axis=2)
    full = _mask_window(frame, grey, made.fake.landmarks)
    mask = np.asarray(cv2.resize(full, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA), np.float32)
    regions = touched_regions(mask, points)
    return real, FaceSample(window, 1, forgery, mask, True, regions, points, *told)


@dataclass(frozen=True, slots=True)
class _CropDraw:
    """One draw of crop jitter: shares of the square's side, and the widening."""

    right: float
    down: float
    widening: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _CropDraw:
        return cls(float(rng.uniform(-0.04, 0.04)), float(rng.uniform(-0.04, 0.04)), float(rng.uniform(1.38, 1.65)))

    def cut(
        self, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        square = face_square(landmarks, self.widening)
        across, along = round(self.right * square.width), round(self.down * square.width)
        square = Box(square.left + across, square.top + along, square.right + across, square.bottom + along)
        window, content = crop_square(pixels, square)
        scale = np.float32(content.width / square.width)
        origin = np.array([square.left, square.top], np.float32)
        offset = np.array([content.left, content.top], np.float32)
        return window, ((landmarks - origin) * scale + offset).astype(np.float32)


def _mask_window(frame: _CropDraw, grey: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mask seen through the same crop; the window's blank border is no mask."""
    window, _ = frame.cut(grey, landmarks)
    shown, _ = frame.cut(np.full_like(grey, 255), landmarks)
    return np.asarray(window[..., 0] / np.float32(255) * (shown[..., 0] > 200), np.float32)
