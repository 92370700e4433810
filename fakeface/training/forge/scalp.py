"""Where the hair of the head is, for painting: softer and bolder than what a report may name."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.concepts import LEAF_NAMES, forehead_points
from fakeface.concepts.tree import leaves_below
from fakeface.training.forge.blending import guided
from fakeface.training.forge.canvas import Canvas, to_lab
from fakeface.training.forge.values import CannotForge, Field

__all__ = ["scalp_hair"]

SCALE = 20.0
"""Pixels between the eye centres at which colours are read."""

LIKE, ALIKE = 2.1, 0.6
"""Distance in spreads up to which a pixel looks like hair; least share of the seeds that must look alike."""

LEAST_RIM = 0.25
"""Least area of what is seen around the forehead, in squared distances between the eye centres."""

LEAK = 0.2
"""Where more than this share of what lies far from the forehead looks like hair, it is the background."""

BORDER = 0.4
"""Where more than this share of the picture's edge above the eyes looks like hair, it is the background."""


def scalp_hair(canvas: Canvas) -> Field:
    """Soft share of hair, 0..1, in the canvas.

    The tree's own leaves where their colours part; else what is joined to the rim of the forehead and coloured like it.

    Raises:
        CannotForge: no hair can be told from its surroundings.
    """
    leaves = [LEAF_NAMES[number] for number in leaves_below("scalp_hair")]
    sure = any(canvas.leaves.reason(name) is None for name in leaves if name != "fringe")
    rough = _on_the_head(canvas, canvas.where("scalp_hair") if sure else _by_colour(canvas))
    if rough.sum() < 0.15 * canvas.unit**2:
        raise CannotForge("no hair is seen")
    guide = np.asarray(cv2.cvtColor(canvas.pixels, cv2.COLOR_RGB2GRAY), np.float32)
    soft = guided(guide, rough.astype(np.float32), max(0.07 * canvas.unit, 2), 7.0)
    near = cv2.GaussianBlur(rough.astype(np.float32), (0, 0), max(0.05 * canvas.unit, 1))
    features = canvas.area("eyes", "lips", "nose", grow=0.05, feather=0.04)
    soft *= _of_one_colour(canvas, rough)
    return np.asarray(np.clip(1.25 * soft - 0.12, 0, 1) * np.clip(near * 3, 0, 1) * (1 - features) * canvas.within(),
                      np.float32)  # fmt: skip


def _on_the_head(canvas: Canvas, rough: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without pieces that lie wholly below the nose's root: dark collars and shoulders are none of the hair."""
    _, pieces = cv2.connectedComponents(rough.astype(np.uint8), connectivity=4)
    level = min(max(round(float(canvas.points[27, 1])), 1), canvas.shape[0])
    high = np.setdiff1d(np.unique(pieces[:level]), [0])
    return np.asarray(np.isin(pieces, high))


def _of_one_colour(canvas: Canvas, rough: NDArray[np.bool_]) -> Field:
    """1 where a pixel is coloured like the hair around it can be, falling to 0: strands end before the background."""
    lab = to_lab(canvas.pixels)
    few = lab[rough][::7]
    middle = np.median(few, axis=0)
    spread = np.clip(1.48 * np.median(np.abs(few - middle), axis=0), (9, 4, 5), (18, 7, 8)).astype(np.float32)
    away = np.sqrt(cv2.transform(((lab - middle) / spread) ** 2, np.ones((1, 3), np.float32)))
    return np.asarray(np.clip((4.0 - away) / 1.2, 0, 1), np.float32).reshape(canvas.shape)


def _overhead(size: tuple[int, int], points: Field, unit: float) -> NDArray[np.bool_]:
    """Above the forehead rather than beside it: pixels in a wedge that opens upwards from the nose's root."""
    rows, columns = np.mgrid[: size[1], : size[0]].astype(np.float32)
    axis = points[17:27].mean(axis=0) - points[33]
    x, y = columns - points[27, 0], rows - points[27, 1]
    along, aside = x * axis[0] + y * axis[1], np.abs(x * axis[1] - y * axis[0])
    return np.asarray((along > 0.2 * unit * np.hypot(*axis)) & (aside < 0.75 * along))


def _by_colour(canvas: Canvas) -> NDArray[np.bool_]:
    scale = min(1.0, SCALE / canvas.unit)
    rows, columns = canvas.shape
    size = (max(round(columns * scale), 8), max(round(rows * scale), 8))
    small = np.asarray(cv2.resize(canvas.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    points = canvas.points * np.array([size[0] / columns, size[1] / rows], np.float32)
    unit = canvas.unit * scale
    skin = cv2.resize(canvas.where("skin", "neck").astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    face = np.zeros(small.shape[:2], np.uint8)
    corners = cv2.convexHull(np.concatenate([points, forehead_points(points, 0.6)]).astype(np.float32))
    cv2.fillConvexPoly(face, np.rint(corners).astype(np.int32), (1,))
    ring = (_grown(face, 0.42 * unit) > 0) & (_grown(face, 0.08 * unit) == 0)
    heights = np.mgrid[: size[1], : size[0]][0]
    above = heights < points[36:48, 1].mean() - 0.1 * unit
    seeds = ring & above & ~skin & _overhead(size, points, unit)
    if seeds.sum() < max(12.0, LEAST_RIM * unit**2):
        raise CannotForge("no hair is seen around the forehead")
    lab = to_lab(np.asarray(cv2.GaussianBlur(small, (0, 0), 0.8), np.uint8))
    middle = np.median(lab[seeds], axis=0)
    spread = np.clip(1.48 * np.median(np.abs(lab[seeds] - middle), axis=0), (6, 2, 2.5), (15, 5, 6))
    like = (np.sqrt((((lab - middle) / spread) ** 2).sum(axis=2)) < LIKE) & ~skin & (face == 0)
    if like[seeds].mean() < ALIKE:
        raise CannotForge("the rim of the forehead has no colour of its own")
    low = heights < points[8, 1] + 0.2 * unit
    hair = _joined(like & low, seeds)
    beyond = (_grown(face, 1.35 * unit) > 0) & (_grown(face, 1.0 * unit) == 0) & above
    if beyond.any() and hair[beyond].mean() > LEAK:
        raise CannotForge("hair and background have one colour")
    return np.asarray(cv2.resize(hair, (columns, rows), interpolation=cv2.INTER_LINEAR) > 0.5)


def _joined(like: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> Field:
    """What hangs together with the seeds."""
    edge = np.zeros_like(like)
    edge[0] = edge[: like.shape[0] // 2, 0] = edge[: like.shape[0] // 2, -1] = True
    opened = cv2.morphologyEx(like.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    _, pieces = cv2.connectedComponents(opened, connectivity=4)
    joined = np.isin(pieces, np.setdiff1d(np.unique(pieces[seeds]), [0]))
    if joined[edge].mean() > BORDER:
        raise CannotForge("hair and background have one colour")
    closed = cv2.morphologyEx(joined.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(closed, np.float32)


def _grown(mask: NDArray[np.uint8], radius: float) -> NDArray[np.uint8]:
    side = 2 * max(round(radius), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask, disc), np.uint8)
