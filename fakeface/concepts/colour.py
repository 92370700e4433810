"""What colours tell about a face's surroundings: skin by this face's own skin, hair and clothing against background.

Everything is read at a small scale (24 pixels between the eyes), because regions are wanted, not strands. Nothing here
knows what hair is: *hair* is what adjoins forehead and temples and is coloured unlike both this face's skin and the
far background. Where these colours do not part, that is said instead of guessed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.concepts.recipes import BARE_FOREHEAD, SideFrame, forehead_patches, neck_patches
from fakeface.concepts.regions import eye_distance, forehead_points

__all__ = ["Surroundings", "iris_centre", "read_surroundings", "teeth"]

Points = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SCALE = 24.0
"""Pixels between the eye centres at which colours are read; never enlarged."""

LONGEST = 320
"""Longest side of the reduced picture in pixels."""

LEAST_SCALE = 5.0
"""With fewer pixels between the eye centres nothing is read from colours."""

UNEXPLAINED = 0.12
"""With more than this share of the surroundings like nothing known, or like two things at once, nothing is parted."""

_UNSEEN = 1e-4
"""Likelihood below which a colour is taken as never seen."""

MARGIN = 0.7
"""Natural logarithm of how much likelier than background a pixel must be as hair or clothing."""

LEAST_SEEDS = 25
"""Fewest pixels from which a colour model is made."""

OVERLAP = 0.7
"""Two colour models that share more than this (Bhattacharyya coefficient, 0..1) are not told apart."""

SKIN_REACH = 3.2
"""Distance from this face's median skin, in its own spreads, up to which a pixel looks like its skin."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What surrounds a face, by colour; all masks are (height, width) bool of the picture.

    Args:
        skin: looks like this face's own skin.
        hair: adjoins forehead or temples, unlike skin and background; empty where ``parted`` is false.
        clothing: under the chin, like what lies below the neck; empty where ``parted`` is false.
        readable: whether the face is large enough for any of it.
        parted: whether the colours of hair, clothing and background can be told apart here.
    """

    skin: Bools
    hair: Bools
    clothing: Bools
    readable: bool
    parted: bool


def read_surroundings(pixels: Pixels, landmarks: Points) -> Surroundings:
    """Read skin, hair and clothing around one face.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        landmarks: (68, 2) x, y in pixels.
    """
    height, width = pixels.shape[:2]
    unit = eye_distance(landmarks)
    scale = min(1.0, SCALE / unit, LONGEST / max(height, width))
    nothing = np.zeros((height, width), bool)
    if unit * scale < LEAST_SCALE:
        return Surroundings(nothing, nothing, nothing, False, False)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(cv2.GaussianBlur(small, (0, 0), 0.8), cv2.COLOR_RGB2LAB), np.uint8)
    steps = np.array([size[0] / width, size[1] / height], np.float32)
    points = (landmarks + 0.5) * steps - 0.5
    skin = _tidied(_skin(lab, points), points)
    hair, clothing, parted = _hair_and_clothing(lab, points, skin > 0)
    back = [_enlarged(one, width, height) for one in (skin, hair, clothing)]
    return Surroundings(back[0], back[1], back[2], True, parted)


def _enlarged(small: NDArray[np.float32], width: int, height: int) -> Bools:
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR) > 0)


def _filled(shape: tuple[int, ...], *polygons: Points) -> Bools:
    mask = np.zeros(shape[:2], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], (1,))
    return mask.astype(bool)


def _skin(lab: Pixels, points: Points) -> NDArray[np.float32]:
    """Above zero where a pixel looks like the cheeks and the nose."""
    polygons = [points[[27, 31, 33, 35]]]
    for side in ("right", "left"):
        q = SideFrame.of(points, side)
        cheek = [q.at(1, -0.1), q.at(2, -0.1), q.at(3, -0.15), q.at(48, 0.1), q.at(31), q.at(41, 0, -0.15)]
        polygons.append(np.stack(cheek))
    samples = lab[_filled(lab.shape, *polygons)].astype(np.float32)
    if len(samples) < LEAST_SEEDS:
        return np.full(lab.shape[:2], -1, np.float32)
    middle = np.median(samples, axis=0)
    spread = 1.48 * np.median(np.abs(samples - middle), axis=0)
    spread = np.clip(spread, (16, 3.5, 3.5), (30, 7, 7))
    distance = np.sqrt((((lab - middle) / spread) ** 2).sum(axis=2))
    likeness = np.clip(SKIN_REACH - distance, -2, 2).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(likeness, (0, 0), 1.0), np.float32)


def _tidied(skin: NDArray[np.float32], points: Points) -> NDArray[np.float32]:
    """Forehead skin hangs together with the face; a spot inside skin (a highlight, a shadow under the chin) is skin."""
    forehead = _filled(skin.shape, *(patch.polygon for patch in forehead_patches(points)))
    neck = _filled(skin.shape, *(patch.polygon for patch in neck_patches(points)))
    face = _filled(skin.shape, _hull(points)) & ~forehead
    _, pieces = cv2.connectedComponents(((skin > 0) & forehead | face).astype(np.uint8), connectivity=4)
    joined = np.isin(pieces, np.setdiff1d(np.unique(pieces[face]), [0]))
    skin = np.where(forehead & ~joined, np.minimum(skin, np.float32(-0.5)), skin)
    solid = face | (skin > 0) & (forehead | neck)
    _, holes = cv2.connectedComponents((~solid).astype(np.uint8), connectivity=4)
    open_ones = np.unique(holes[~(face | forehead | neck)])
    return np.where(np.isin(holes, [0, *open_ones]), skin, np.float32(0.5)).astype(np.float32)


def _hair_and_clothing(
    lab: Pixels, points: Points, skin: Bools
) -> tuple[NDArray[np.float32], NDArray[np.float32], bool]:
    """Scores above zero where there is hair and clothing, and whether their colours and the background's part."""
    across, down = _coordinates(lab.shape, points)
    far = np.hypot(across, (down + 0.2) / 1.3)
    face = _filled(lab.shape, _hull(np.concatenate([points, forehead_points(points, BARE_FOREHEAD * 0.8)])))
    seeds = _seeds(across, down, far, face, skin, eye_distance(points))
    bins = _bins(lab)
    models = {name: _model(bins[seed]) for name, seed in seeds.items() if seed.sum() >= LEAST_SEEDS}
    nothing = np.full(lab.shape[:2], -1, np.float32)
    if not {"background", "hair"} <= set(models) or _alike(models):
        return nothing, nothing, False
    scores = {name: _score(model, bins) for name, model in models.items()}
    clothes = scores.get("clothing", nothing - 99)
    known = np.float32(np.log(5 * _UNSEEN))
    rival = np.maximum(scores["background"], np.where(down > 1.7, clothes, -99))
    allowed = (down < 2.6) & (far < 2.6) & ~face & ~(skin & (down > 0))
    hair = _joined(np.where(allowed, scores["hair"] - np.maximum(rival, known) - MARGIN, -1), seeds["hair"])
    allowed = (down > 1.3) & ~face & ~skin
    clothing = _joined(
        np.where(allowed, clothes - np.maximum(scores["background"], known) - MARGIN, -1), seeds["clothing"]
    )
    rest = ~face & ~skin & (hair <= 0) & (clothing <= 0)
    doubtful = (scores["background"] < known) | (np.maximum(scores["hair"], clothes) > scores["background"])
    if (rest & doubtful).sum() > UNEXPLAINED * (~face & ~skin).sum():
        return nothing, nothing, False
    return hair, clothing, True


def _seeds(
    across: NDArray[np.float32],
    down: NDArray[np.float32],
    far: NDArray[np.float32],
    face: Bools,
    skin: Bools,
    unit: float,
) -> dict[str, Bools]:
    """Where each colour model is learnt: the far surroundings, what adjoins the upper face, what is under the neck."""
    mask = face.astype(np.uint8)
    near, rim = cv2.dilate(mask, _disc(0.5 * unit)) > 0, cv2.dilate(mask, _disc(0.1 * unit)) > 0
    above = down < 1.0
    edge = max(1.5, float(np.quantile(far[above], 0.8))) if above.any() else np.inf
    return {
        "background": above & (far > edge),
        "hair": near & ~rim & (down < 0.0) & ~skin,
        "clothing": (down > 2.2) & (np.abs(across) < 1.1) & ~skin & ~rim,
    }


def _alike(models: dict[str, NDArray[np.float32]]) -> bool:
    """Whether the background shares its colours with hair or clothing."""
    background = models["background"]
    others = [model for name, model in models.items() if name != "background"]
    return any(float(np.sqrt(background * model).sum()) > OVERLAP for model in others)


def _coordinates(shape: tuple[int, ...], points: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Each pixel's place from the middle of the eyes, in distances between their centres: to the side, and down."""
    frame = SideFrame.of(points, "left")
    centre = points[36:48].mean(axis=0)
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    x, y = columns - centre[0], rows - centre[1]
    unit = eye_distance(points) ** 2
    across = (x * frame.out[0] + y * frame.out[1]) / unit
    down = -(x * frame.up[0] + y * frame.up[1]) / unit
    return across, down


def _hull(points: Points) -> Points:
    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], np.float32)


def _disc(radius: float) -> Pixels:
    side = 2 * max(round(radius), 1) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


_SHAPE = (14, 16, 16)


def _bins(lab: Pixels) -> NDArray[np.intp]:
    """Each pixel's bin: lightness in steps of 20, colour in steps of 5 about grey."""
    values = lab.astype(np.intp)
    light = values[..., 0] // 20
    red = np.clip((values[..., 1] - 88) // 5, 0, 15)
    yellow = np.clip((values[..., 2] - 88) // 5, 0, 15)
    return np.asarray((light * 16 + red) * 16 + yellow, np.intp)


def _model(bins: NDArray[np.intp]) -> NDArray[np.float32]:
    """Shares of the bins, smoothed over neighbours, summing to 1."""
    padded = np.zeros([side + 2 for side in _SHAPE], np.float32)
    padded[1:-1, 1:-1, 1:-1] = np.bincount(bins, minlength=int(np.prod(_SHAPE))).reshape(_SHAPE)
    for axis in range(3):
        padded += np.roll(padded, 1, axis) + np.roll(padded, -1, axis) + padded
    shares = padded[1:-1, 1:-1, 1:-1].ravel()
    return np.asarray(shares / shares.sum(), np.float32)


def _score(model: NDArray[np.float32], bins: NDArray[np.intp]) -> NDArray[np.float32]:
    likelihood = np.log(model[bins] + _UNSEEN).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(likelihood, (0, 0), 1.2), np.float32)


def _joined(score: NDArray[np.float64], seeds: Bools) -> NDArray[np.float32]:
    """The score without the pieces that touch no seed."""
    count, labels = cv2.connectedComponents((score > 0).astype(np.uint8), connectivity=4)
    touched = np.zeros(count, bool)
    touched[np.unique(labels[seeds])] = True
    touched[0] = False
    return np.where(touched[labels], score, np.minimum(score, -0.5)).astype(np.float32)


def iris_centre(grey: Pixels, ring: Points) -> Points:
    """Where the iris is: the centre of the darkest part of an open eye.

    Args:
        grey: (height, width) uint8 picture.
        ring: (6, 2) landmarks of one eye.

    Returns:
        (2,) x, y; the ring's middle where the picture does not show it.
    """
    low = np.maximum(np.floor(ring.min(axis=0)).astype(int), 0)
    high = np.ceil(ring.max(axis=0)).astype(int) + 1
    cut = grey[low[1] : high[1], low[0] : high[0]]
    middle = np.asarray(ring.mean(axis=0), np.float32)
    if not cut.size:
        return middle
    inside = _filled(cut.shape, ring - low)
    if not inside.any():
        return middle
    dark = np.where(inside, float(cut[inside].max()) - cut.astype(np.float32), 0) ** 3
    if dark.sum() <= 0:
        return middle
    rows, columns = np.nonzero(dark)
    weights = dark[rows, columns]
    x, y = np.average(columns, weights=weights) + low[0], np.average(rows, weights=weights) + low[1]
    return np.array([x, y], np.float32)


def teeth(pixels: Pixels, opening: Bools, down: Points) -> tuple[Bools, Bools]:
    """Upper and lower teeth: bright, little saturated pieces inside the lips.

    Args:
        pixels: (height, width, 3) uint8 RGB around the mouth.
        opening: (height, width) the inside of the lips.
        down: (2,) the face's direction downwards.

    Returns:
        masks of the upper and of the lower teeth; a piece that starts in the upper third counts as upper.
    """
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    bright = opening & (hsv[..., 1] < 110) & (hsv[..., 2] > 110)
    upper, lower = np.zeros_like(opening), np.zeros_like(opening)
    rows, columns = np.nonzero(opening)
    if not len(rows):
        return upper, lower
    depth = columns * down[0] + rows * down[1]
    low, high = float(depth.min()), float(depth.max())
    count, labels = cv2.connectedComponents(bright.astype(np.uint8), connectivity=4)
    for piece in range(1, count):
        rows, columns = np.nonzero(labels == piece)
        top = float((columns * down[0] + rows * down[1]).min())
        (upper if top < low + (high - low) / 3 else lower)[rows, columns] = True
    return upper, lower
