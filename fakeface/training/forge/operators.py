"""Forgeries of a real face with exact masks. Every operator takes a picture with landmarks and returns a ``Forgery``.

Self-blended images follow Shiohara and Yamasaki 2022 (arXiv 2204.08376): a face is blended over a slightly changed copy
of itself, so that only the traces of blending are left to learn. Swaps blend another person's face whose landmarks are
near (Li et al. 2020, face X-ray). Edits change one part, reenactments move the mouth, eyes or brows, resynthesis
leaves the traces of a decoder's upsampling on the whole face.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, forehead_points

__all__ = ["OPERATORS", "Forgery", "Subject", "edit", "reenact", "resynthesise", "self_blend", "swap"]

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A real picture with its face: (height, width, 3) uint8 RGB and (68, 2) float32 landmarks in its pixels."""

    pixels: Pixels
    landmarks: Field


@dataclass(frozen=True, slots=True, eq=False)
class Forgery:
    """A forged picture.

    Args:
        pixels: (height, width, 3) uint8 RGB, the same size as the subject's picture.
        mask: (height, width) float32 0..1, the share of foreign pixels; ``None`` where the whole face is foreign.
        forgery: its class.
        operator: which operator made it.
        original: the unforged picture that it differs from only inside the mask; ``None`` where that is the subject's.
    """

    pixels: Pixels
    mask: Field | None
    forgery: ForgeryClass
    operator: str
    original: Pixels | None = None


def self_blend(subject: Subject, rng: np.random.Generator) -> Forgery:
    """Blend a changed copy of the face over the face itself, or the face over its changed copy, which is then real."""
    source, target = _disturbed(subject.pixels, rng), subject.pixels
    if rng.random() < 0.5:
        source, target = target, source
    mask = _soft(_face_mask(subject, rng), eye_distance(subject.landmarks), rng)
    moved = _jittered(source, subject.landmarks, rng)
    return Forgery(_blend(target, moved, mask), mask, ForgeryClass.IDENTITY_SWAP, "self_blend", target)


def swap(subject: Subject, donor: Subject, rng: np.random.Generator) -> Forgery:
    """Blend the donor's face over the subject's: similarity or affine warp by landmarks, colours matched in Lab."""
    inner = slice(17, 68) if rng.random() < 0.7 else slice(0, 68)
    if rng.random() < 0.5:
        matrix, _ = cv2.estimateAffinePartial2D(donor.landmarks[inner], subject.landmarks[inner], method=cv2.LMEDS)
    else:
        matrix, _ = cv2.estimateAffine2D(donor.landmarks[inner], subject.landmarks[inner], method=cv2.LMEDS)
    if matrix is None:
        return self_blend(subject, rng)
    height, width = subject.pixels.shape[:2]
    warped = cv2.warpAffine(
        donor.pixels, matrix, (width, height), flags=_kernel(rng), borderMode=cv2.BORDER_REFLECT_101
    )
    shown = cv2.warpAffine(np.ones(donor.pixels.shape[:2], np.float32), matrix, (width, height))
    hard = _face_mask(subject, rng) * (shown > 0.99)
    mask = _soft(hard, eye_distance(subject.landmarks), rng)
    if rng.random() < 0.85:
        warped = _colour_matched(np.asarray(warped, np.uint8), subject.pixels, hard > 0.5, rng)
    if rng.random() < 0.25:
        warped = _disturbed(np.asarray(warped, np.uint8), rng)
    return Forgery(_blend(subject.pixels, np.asarray(warped, np.uint8), mask), mask, ForgeryClass.IDENTITY_SWAP, "swap")


PARTS: dict[str, tuple[int, ...]] = {
    "right eye": tuple(range(36, 42)),
    "left eye": tuple(range(42, 48)),
    "brows": tuple(range(17, 27)),
    "nose": tuple(range(27, 36)),
    "mouth": tuple(range(48, 68)),
    "chin": (5, 6, 7, 8, 9, 10, 11, 55, 56, 57, 58, 59),
    "right cheek": (1, 2, 3, 4, 48, 31, 40, 41),
    "left cheek": (12, 13, 14, 15, 54, 35, 46, 47),
}


def edit(subject: Subject, rng: np.random.Generator) -> Forgery:
    """Change one to three parts: colour, smoothing, sharpening, size, or a slight displacement."""
    unit = eye_distance(subject.landmarks)
    names = rng.choice(list(PARTS), size=int(rng.integers(1, 4)), replace=False)
    mask = np.zeros(subject.pixels.shape[:2], np.float32)
    for name in names:
        points = subject.landmarks[list(PARTS[str(name)])]
        mask = np.maximum(mask, _filled(points, mask.shape, margin=unit * rng.uniform(0.05, 0.3)))
    mask = _soft(mask, unit, rng)
    kind = rng.integers(4)
    if kind == 0:
        changed = _smoothed(subject.pixels, unit, rng)
    elif kind == 1:
        centres = [subject.landmarks[list(PARTS[str(name)])].mean(axis=0) for name in names]
        changed = _bulged(subject.pixels, np.asarray(centres, np.float32), unit, rng)
    elif kind == 2:
        changed = _jittered(subject.pixels, subject.landmarks, rng, strength=2.0)
    else:
        changed = _disturbed(_tinted(subject.pixels, rng), rng)
    return Forgery(_blend(subject.pixels, changed, mask), mask, ForgeryClass.EDITING, "edit")


def reenact(subject: Subject, rng: np.random.Generator) -> Forgery:
    """Move mouth, brows or eyelids by a smooth displacement of their landmarks, re-rendered inside the inner face."""
    points = subject.landmarks
    unit = eye_distance(points)
    target = points.copy()
    axis = points[8] - points[27]
    down = axis / max(float(np.linalg.norm(axis)), 1e-3)
    side = np.array([down[1], -down[0]], np.float32)
    opening, smile = rng.uniform(-0.12, 0.25) * unit, rng.uniform(-0.12, 0.12) * unit
    target[55:60] += down * opening
    target[65:68] += down * opening
    target[5:12] += down * opening * 0.7
    target[[48, 60]] += (-side * smile - down * smile * 0.6).astype(np.float32)
    target[[54, 64]] += (side * smile - down * smile * 0.6).astype(np.float32)
    if rng.random() < 0.5:
        target[17:27] -= (down * rng.uniform(-0.08, 0.12) * unit).astype(np.float32)
    if rng.random() < 0.4:
        lids = rng.uniform(0.0, 0.06) * unit
        target[[37, 38, 43, 44]] += (down * lids).astype(np.float32)
    moved, shift = _displaced(subject.pixels, points, target, sigma=0.35 * unit)
    if rng.random() < 0.6:
        moved = _disturbed(moved, rng, strength=0.5)
    felt = np.clip(shift / max(0.03 * unit, 0.5), 0, 1)
    area = _face_mask(subject, rng) if rng.random() < 0.5 else _filled(points[48:68], felt.shape, 0.35 * unit)
    area = np.maximum(area, (felt > 0.5).astype(np.float32)) if rng.random() < 0.5 else area
    mask = _soft(area, unit, rng)
    return Forgery(_blend(subject.pixels, moved, mask), mask, ForgeryClass.REENACTMENT, "reenact")


def resynthesise(subject: Subject, rng: np.random.Generator) -> Forgery:
    """Leave a decoder's traces on the whole picture: reduced, then enlarged by zero insertion or repetition."""
    height, width = subject.pixels.shape[:2]
    factor = int(rng.choice([2, 2, 4]))
    small = cv2.resize(subject.pixels, (width // factor + 1, height // factor + 1), interpolation=cv2.INTER_AREA)
    grown = small.astype(np.float32)
    while factor > 1:
        grown = _deconvolved(grown, rng)
        factor //= 2
    detail = subject.pixels.astype(np.float32) - cv2.GaussianBlur(subject.pixels, (0, 0), 1.2)
    picture = grown[:height, :width]
    if rng.random() < 0.7:
        texture = rng.normal(0, 1, (picture.shape[0] // 2 + 1, picture.shape[1] // 2 + 1, 3)).astype(np.float32)
        rough = cv2.resize(texture, (width, height), interpolation=cv2.INTER_CUBIC)
        strength = np.abs(cv2.GaussianBlur(np.abs(detail), (0, 0), 3))
        picture = picture + rough * strength * rng.uniform(0.3, 0.9)
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    return Forgery(pixels, None, ForgeryClass.WHOLE_FACE_SYNTHESIS, "resynthesise")


OPERATORS: dict[str, Callable[[Subject, np.random.Generator], Forgery]] = {
    "self_blend": self_blend,
    "edit": edit,
    "reenact": reenact,
    "resynthesise": resynthesise,
}
"""Operators that need no donor; ``swap`` takes one."""


def _blend(target: Pixels, source: Pixels, mask: Field) -> Pixels:
    share = mask[..., None]
    return np.round(target * (1 - share) + source * share).astype(np.uint8)


def _filled(points: Field, shape: tuple[int, ...], margin: float = 0.0) -> Field:
    hull = cv2.convexHull(points.astype(np.float32))
    mask = np.zeros(shape[:2], np.float32)
    cv2.fillConvexPoly(mask, np.round(hull).astype(np.int32), (1.0,))
    if margin >= 1:
        side = 2 * round(margin) + 1
        mask[:] = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return mask


def _face_mask(subject: Subject, rng: np.random.Generator) -> Field:
    """Hull of a random set of landmarks, elastically deformed: the shapes that swap tools cut out."""
    points = subject.landmarks
    kind = rng.integers(5)
    if kind == 0:
        chosen = np.concatenate([points, forehead_points(points, float(rng.uniform(0.1, 0.5)))])
    elif kind == 1:
        chosen = points[17:68]
    elif kind == 2:
        chosen = np.concatenate([points[1:16], points[17:27]])
    elif kind == 3:
        chosen = np.concatenate([points[17:27], points[[2, 3, 4, 12, 13, 14]], points[48:60]])
    else:
        chosen = points
    mask = _filled(chosen, subject.pixels.shape)
    height, width = mask.shape
    grid = rng.normal(0, 1, (4, 4, 2)).astype(np.float32) * eye_distance(points) * rng.uniform(0.0, 0.09)
    offsets = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.asarray(cv2.remap(mask, columns + offsets[..., 0], rows + offsets[..., 1], cv2.INTER_LINEAR), np.float32)


def _soft(mask: Field, unit: float, rng: np.random.Generator) -> Field:
    """Erode or grow, feather, and scale by a blend ratio, as in the self-blending paper."""
    radius = round(unit * rng.uniform(0, 0.12))
    if radius >= 1:
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        mask = np.asarray(cv2.erode(mask, element) if rng.random() < 0.7 else cv2.dilate(mask, element), np.float32)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), max(unit * rng.uniform(0.01, 0.14), 0.6)), np.float32)
    ratio = rng.choice([0.5, 0.75, 1.0, 1.0, 1.0, 1.0])
    return np.asarray(np.clip(mask * np.float32(ratio), 0, 1), np.float32)


def _kernel(rng: np.random.Generator) -> int:
    return int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4]))


def _disturbed(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Colour, contrast and sharpness slightly off: the source-target generator of the self-blending paper."""
    changed = pixels.astype(np.float32)
    changed += rng.uniform(-16, 16, 3).astype(np.float32) * strength
    changed = (changed - 128) * (1 + rng.uniform(-0.15, 0.15) * strength) + 128 + rng.uniform(-12, 12) * strength
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(np.clip(changed, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-7, 7) * strength) % 180
        hsv[..., 1] *= 1 + rng.uniform(-0.25, 0.25) * strength
        clipped = np.clip(hsv, 0, [179, 255, 255]).astype(np.uint8)
        changed = cv2.cvtColor(clipped, cv2.COLOR_HSV2RGB).astype(np.float32)
    kind = rng.integers(5)
    if kind == 0:
        changed[:] = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.4, 1.3))
    elif kind == 1:
        changed += (changed - cv2.GaussianBlur(changed, (0, 0), 1.5)) * rng.uniform(0.2, 0.9)
    elif kind == 2:
        height, width = pixels.shape[:2]
        factor = rng.uniform(0.4, 0.9)
        small = cv2.resize(changed, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
        changed[:] = cv2.resize(small, (width, height), interpolation=_kernel(rng))
    elif kind == 3:
        changed += rng.normal(0, rng.uniform(1, 5), changed.shape).astype(np.float32)
    clipped = np.clip(changed, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        clipped = recompressed(clipped, int(rng.integers(35, 95)))
    return clipped


def recompressed(pixels: Pixels, quality: int) -> Pixels:
    """The picture after a JPEG round trip at this quality (4:2:0)."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def _jittered(pixels: Pixels, landmarks: Field, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Shift, scale and turn a little about the face's centre (resampled once)."""
    centre = landmarks.mean(axis=0)
    unit = eye_distance(landmarks)
    matrix = cv2.getRotationMatrix2D(
        (float(centre[0]), float(centre[1])), rng.uniform(-2, 2) * strength, 1 + rng.uniform(-0.05, 0.05) * strength
    )
    matrix[:, 2] = matrix[:, 2] + rng.uniform(-0.06, 0.06, 2) * unit * strength
    height, width = pixels.shape[:2]
    moved = cv2.warpAffine(pixels, matrix, (width, height), flags=_kernel(rng), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8)


def _colour_matched(source: Pixels, target: Pixels, area: NDArray[np.bool_], rng: np.random.Generator) -> Pixels:
    """Mean and deviation of Lab inside the area moved towards the target's (Reinhard et al. 2001), by 50-100 %."""
    if area.sum() < 16:
        return source
    lab = cv2.cvtColor(source, cv2.COLOR_RGB2LAB).astype(np.float32)
    wanted = cv2.cvtColor(target, cv2.COLOR_RGB2LAB).astype(np.float32)[area]
    mean, deviation = lab[area].mean(axis=0), lab[area].std(axis=0) + 1e-3
    matched = (lab - mean) / deviation * wanted.std(axis=0) + wanted.mean(axis=0)
    share = rng.uniform(0.5, 1.0)
    mixed = np.clip(lab * (1 - share) + matched * share, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB), np.uint8)


def _smoothed(pixels: Pixels, unit: float, rng: np.random.Generator) -> Pixels:
    """Beauty-filter smoothing: bilateral, or Gaussian with part of the detail kept."""
    if rng.random() < 0.5:
        return np.asarray(cv2.bilateralFilter(pixels, 7, rng.uniform(25, 70), max(unit * 0.06, 2)), np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.012, 0.04) * unit + 0.6), np.uint8)


def _tinted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab += rng.uniform(-1, 1, 3).astype(np.float32) * np.array([14, 16, 16], np.float32)
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)


def _bulged(pixels: Pixels, centres: Field, unit: float, rng: np.random.Generator) -> Pixels:
    """Enlarge or shrink around the centres (local reshaping)."""
    height, width = pixels.shape[:2]
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    across, along = columns.copy(), rows.copy()
    gain = rng.choice([-1, 1]) * rng.uniform(0.08, 0.3)
    for x, y in centres:
        weight = gain * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (0.35 * unit) ** 2))
        across += weight * (columns - x)
        along += weight * (rows - y)
    return np.asarray(cv2.remap(pixels, across, along, _kernel(rng), borderMode=cv2.BORDER_REFLECT_101), np.uint8)


def _displaced(pixels: Pixels, points: Field, target: Field, sigma: float) -> tuple[Pixels, Field]:
    """Move ``points`` to ``target`` by a normalised Gaussian field; also its length in pixels, (height, width)."""
    height, width = pixels.shape[:2]
    step = 4
    columns, rows = np.meshgrid(np.arange(0, width, step), np.arange(0, height, step))
    squared = (columns[..., None] - target[:, 0]) ** 2 + (rows[..., None] - target[:, 1]) ** 2
    weights = np.exp(-squared / (2 * sigma**2))
    shift = (weights @ (points - target)) / (weights.sum(axis=2, keepdims=True) + 0.5)
    full = cv2.resize(shift.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    moved = cv2.remap(pixels, xs + full[..., 0], ys + full[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(moved, np.uint8), np.asarray(np.linalg.norm(full, axis=2), np.float32)


def _deconvolved(picture: Field, rng: np.random.Generator) -> Field:
    """Twice the size as a decoder does it: zeros inserted or pixels repeated, then a short imperfect kernel."""
    height, width = picture.shape[:2]
    if rng.random() < 0.5:
        grown = np.zeros((height * 2, width * 2, 3), np.float32)
        grown[::2, ::2] = picture * 4
    else:
        grown = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1).astype(np.float32)
    taps = np.array([1, 3, 3, 1], np.float32) + rng.normal(0, 0.25, 4).astype(np.float32)
    taps /= taps.sum()
    return np.asarray(cv2.sepFilter2D(grown, -1, taps, taps), np.float32)
