"""Training pairs: a real face and its forgery at the same geometry with the same post-processing, window by window.

A network learns whatever separates real from forged, so both pictures of a pair share everything but the forgery: face
scale, resampling kernel, crop, colour, noise and compression. Given fakes have no original; they are paired with a
real picture from the matching source, and both are brought to the same face scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import REGIONS, eye_distance, mirror_landmarks, region_masks
from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE, Box, crop_square, face_square
from fakeface.training.forge.operators import OPERATORS, Forgery, Subject, swap
from fakeface.training.forge.postprocess import draw_postprocess
from fakeface.training.manifest import FaceRow

__all__ = ["MASK_SIZE", "PROCESSING", "FaceSample", "Mix", "PairFactory"]

MASK_SIZE = 56
"""Side of the mask target: the window at a quarter of its resolution."""

NATIVE_SHARE = 0.65
"""Share of pictures that are forged at their own resolution, because resampling destroys traces."""

GIVEN_NEIGHBOURS = 24
"""A given fake's partner is drawn from so many real faces, the nearest in size."""

SAME_SIZE = 0.04
"""Sizes whose logarithms differ by less count as the same, so that neither face needs resampling."""

PARTNERS = {"stylegan1": "ffhq", "gan_swap_poisson": "openforensics_real"}
"""Source of real pictures made like those of a source of fakes."""

PROCESSING = 0.6
"""Strength of post-processing in training and calibration."""

REGION_ACTIVE = 0.15
"""A region is touched where the mask covers at least this share of it (the naming rule's first clause)."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of what a pair is made by; normalised. ``given`` pairs take the data set's own fakes.

    Args:
        self_blend, swap, edit, reenact, resynthesise, given: shares, not negative.
    """

    self_blend: float = 0.32
    swap: float = 0.2
    edit: float = 0.09
    reenact: float = 0.09
    resynthesise: float = 0.05
    given: float = 0.25

    def draw(self, rng: np.random.Generator) -> str:
        """The name of one share, drawn."""
        names = ("self_blend", "swap", "edit", "reenact", "resynthesise", "given")
        shares = np.array([getattr(self, name) for name in names])
        return str(rng.choice(names, p=shares / shares.sum()))


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


class PairFactory:
    """Makes pair number ``index`` of an endless, seeded sequence: the same index gives the same pixels.

    Args:
        rows: prepared faces of one split.
        root: folder that their paths are relative to.
        seed: of the sequence.
        mix: shares of the operators.
        strength: of post-processing, 0..1.
        target_sides: smallest and largest side of the examined square after the change of scale, in pixels.

    Raises:
        SettingsError: there is no real face.
    """

    def __init__(
        self,
        rows: Sequence[FaceRow],
        root: Path,
        seed: int,
        mix: Mix | None = None,
        strength: float = PROCESSING,
        target_sides: tuple[int, int] = (110, 270),
    ) -> None:
        self.root, self.seed, self.strength, self.target_sides = root, seed, strength, target_sides
        self.mix = mix or Mix()
        self.reals = [row for row in rows if row.label == "real"]
        self.fakes = [row for row in rows if row.label == "fake"]
        if not self.reals:
            raise SettingsError("the manifest has no real face to make pairs from")
        self._shapes = np.stack([_normal_shape(row.points()) for row in self.reals])
        self._sides = np.array([_side(row) for row in self.reals])
        self._fakes_by_source: dict[str, list[FaceRow]] = {}
        for row in self.fakes:
            self._fakes_by_source.setdefault(row.source, []).append(row)
        self.fake_sources = sorted(self._fakes_by_source)
        self._by_source: dict[str, list[int]] = {}
        for index, row in enumerate(self.reals):
            self._by_source.setdefault(row.source, []).append(index)

    def pair(self, index: int) -> tuple[FaceSample, FaceSample]:
        """The real and the forged window of pair ``index``."""
        rng = np.random.default_rng((self.seed, index))
        kind = self.mix.draw(rng)
        if kind == "given" and self.fakes:
            source = self.fake_sources[int(rng.integers(len(self.fake_sources)))]
            of_source = self._fakes_by_source[source]
            return self.given_pair(of_source[int(rng.integers(len(of_source)))], rng)
        return self.forged_pair(int(rng.integers(len(self.reals))), "self_blend" if kind == "given" else kind, rng)

    def forged_pair(self, real: int, operator: str, rng: np.random.Generator) -> tuple[FaceSample, FaceSample]:
        """Real face number ``real`` and its forgery by ``operator``."""
        row = self.reals[real]
        subject = self._load(row, rng, exact=False)
        if operator == "swap":
            forged = swap(subject, self._load(self._donor(real, rng), rng, exact=True), rng)
        else:
            forged = OPERATORS[operator](subject, rng)
        return self._finish(subject, forged, row.source, rng)

    def given_pair(self, fake: FaceRow, rng: np.random.Generator) -> tuple[FaceSample, FaceSample]:
        """A given fake beside the real face of the matching source whose size in the frame is nearest.

        The nearest in size, because both then keep their own resolution: resampling destroys a generator's traces, and
        different resampling of the two would give the answer away.
        """
        candidates = np.asarray(self._by_source.get(PARTNERS.get(fake.source, "")) or range(len(self.reals)))
        apart = np.abs(np.log(self._sides[candidates] / _side(fake)))
        nearest = np.argsort(apart, kind="stable")[:GIVEN_NEIGHBOURS]
        chosen = int(nearest[int(rng.integers(len(nearest)))])
        real = self.reals[int(candidates[chosen])]
        native = apart[chosen] < SAME_SIZE and rng.random() < NATIVE_SHARE
        side = None if native else float(rng.uniform(*self.target_sides))
        subject = self._load(real, rng, exact=side is not None, side=side, native=bool(native))
        foreign = self._load(fake, rng, exact=side is not None, side=side, native=bool(native))
        post, frame = draw_postprocess(rng, self.strength), _CropDraw.draw(rng)
        unknown = np.zeros((MASK_SIZE, MASK_SIZE), np.float32)
        none = np.zeros(len(REGIONS), np.float32)
        window, points = frame.cut(post.apply(subject.pixels), subject.landmarks)
        first = FaceSample(window, 0, 0, unknown, True, none, points, real.source, "real")
        window, points = frame.cut(post.apply(foreign.pixels), foreign.landmarks)
        forgery = list(ForgeryClass).index(ForgeryClass(fake.forgery))
        return first, FaceSample(window, 1, forgery, unknown, False, none, points, fake.source, "given")

    def _finish(
        self, subject: Subject, forged: Forgery, source: str, rng: np.random.Generator
    ) -> tuple[FaceSample, FaceSample]:
        post, frame = draw_postprocess(rng, self.strength), _CropDraw.draw(rng)
        original = subject.pixels if forged.original is None else forged.original
        window, points = frame.cut(post.apply(original), subject.landmarks)
        empty, none = np.zeros((MASK_SIZE, MASK_SIZE), np.float32), np.zeros(len(REGIONS), np.float32)
        real = FaceSample(window, 0, 0, empty, True, none, points, source, "real")
        window, points = frame.cut(post.apply(forged.pixels), subject.landmarks)
        forgery = list(ForgeryClass).index(forged.forgery)
        if forged.mask is None:
            return real, FaceSample(window, 1, forgery, empty, False, none, points, source, forged.operator)
        grey = np.repeat((forged.mask * 255).astype(np.uint8)[..., None], 3, axis=2)
        full = _mask_window(frame, grey, subject.landmarks)
        mask = np.asarray(cv2.resize(full, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA), np.float32)
        regions = touched_regions(mask, points)
        return real, FaceSample(window, 1, forgery, mask, True, regions, points, source, forged.operator)

    def _donor(self, real: int, rng: np.random.Generator) -> FaceRow:
        """A face of another picture whose landmarks are near: the nearest of 64 drawn at random."""
        if len(self.reals) == 1:
            raise SettingsError("a swap needs a second real face as its donor")
        drawn = rng.integers(len(self.reals), size=64)
        drawn = drawn[drawn != real]
        distances = np.linalg.norm(self._shapes[drawn] - self._shapes[real], axis=1)
        return self.reals[int(drawn[int(np.argmin(distances))])]

    def _load(
        self, row: FaceRow, rng: np.random.Generator, exact: bool, side: float | None = None, native: bool = False
    ) -> Subject:
        """The face's surroundings, mostly at their own scale, else or if ``exact`` at a drawn one; maybe mirrored."""
        pixels = cv2.imread(str(self.root / row.path), cv2.IMREAD_COLOR_RGB)
        if pixels is None:
            raise SettingsError(f"cannot read {row.path}")
        points = row.points()
        square = face_square(points, widening=2.0)
        left, top = max(square.left, 0), max(square.top, 0)
        cut = np.asarray(pixels, np.uint8)[top : max(square.bottom, top + 1), left : max(square.right, left + 1)]
        points = points - np.array([left, top], np.float32)
        wanted = side or float(rng.uniform(*self.target_sides))
        factor = wanted / (square.width * 0.75)
        if side is None:
            factor = float(np.clip(factor, 0.35, 1.6))
        if exact or (not native and rng.random() > NATIVE_SHARE):
            size = (max(round(cut.shape[1] * factor), 16), max(round(cut.shape[0] * factor), 16))
            kernel = cv2.INTER_AREA if factor < 1 and rng.random() < 0.5 else int(rng.choice(SCALE_KERNELS))
            points = points * np.array([size[0] / cut.shape[1], size[1] / cut.shape[0]], np.float32)
            cut = np.asarray(cv2.resize(cut, size, interpolation=kernel), np.uint8)
        if rng.random() < 0.5:
            cut, points = np.ascontiguousarray(cut[:, ::-1]), mirror_landmarks(points, cut.shape[1])
        return Subject(cut, points.astype(np.float32))


SCALE_KERNELS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


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


def touched_regions(mask: NDArray[np.float32], window_landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Which regions a (56, 56) mask touches: (16,) float32 0/1; landmarks in window pixels."""
    scale = np.float32(MASK_SIZE / CROP_SIZE)
    regions = region_masks(window_landmarks * scale, MASK_SIZE, MASK_SIZE)
    areas = regions.sum(axis=(1, 2))
    covered = (regions * (mask > 0.25)).sum(axis=(1, 2))
    return np.asarray((areas >= 3) & (covered >= REGION_ACTIVE * np.maximum(areas, 1)), np.float32)


def _side(row: FaceRow) -> float:
    return float(face_square(row.points(), widening=2.0).width)


def _normal_shape(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((landmarks - landmarks.mean(axis=0)) / eye_distance(landmarks), np.float32).reshape(-1)
