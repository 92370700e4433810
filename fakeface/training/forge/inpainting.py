"""Removed and filled: a patch of the face is painted over from its surroundings or from the other half."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import mirror_landmarks
from fakeface.concepts.recipes import SideFrame
from fakeface.training.forge.blending import gradients_cloned
from fakeface.training.forge.canvas import LEAST_SEEN, Canvas, mixed, scaled, softly, stroke
from fakeface.training.forge.retouching import bare_skin
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Pixels, Task

__all__ = ["OPERATORS", "PLACES", "inpaint"]

MOST_PIXELS = 40
"""Inpainting works on a picture in which the patch is no longer than this; the finer detail is laid over."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a patch may lie.

    Args:
        centre: of the patch, from one side's frame.
        across: half its width in distances between the eye centres.
        along: half its height.
    """

    centre: Callable[[SideFrame], Field]
    across: float
    along: float


PLACES: dict[str, Place] = {
    "under_eye": Place(lambda f: f.at(40, 0.08, -0.22), 0.26, 0.1),
    "cheek": Place(lambda f: f.between(3, 31, 0.5), 0.24, 0.24),
    "forehead": Place(lambda f: f.raised(20, 0.42), 0.34, 0.16),
    "mouth_corner": Place(lambda f: f.at(48, 0.08, -0.02), 0.15, 0.18),
    "chin": Place(lambda f: f.between(8, 57, 0.45), 0.22, 0.14),
    "temple": Place(lambda f: f.at(36, 0.24, 0.1), 0.12, 0.2),
}

RIM = "glasses"
"""The bands in which the frame of glasses would lie."""


def inpaint(task: Task, rng: np.random.Generator) -> Forgery:
    """Fill one patch by Telea's or Navier-Stokes inpainting with foreign texture, or from the mirrored face."""
    canvas = Canvas.of(task.subject, around=0.3, above=0.9)
    name = str(rng.choice([*PLACES, RIM]))
    side = str(rng.choice(["right", "left"]))
    size = scaled(task.strength, 0.7, 1.15)
    frame = SideFrame.of(canvas.points, side)
    hole = _rim(canvas, frame, size) if name == RIM else _blob(canvas, frame, PLACES[name], size, rng)
    if (hole > 0).sum() < LEAST_SEEN:
        raise CannotForge("the patch lies outside the picture")
    symmetric = name in ("under_eye", "cheek", "mouth_corner", "temple")
    kind = str(rng.choice(["telea", "navier_stokes", "mirrored"] if symmetric else ["telea", "navier_stokes"]))
    if kind == "mirrored":
        filled = _mirrored(canvas, hole)
    else:
        method = cv2.INPAINT_TELEA if kind == "telea" else cv2.INPAINT_NS
        filled = _filled(canvas, hole, method, float(rng.uniform(0.5, 1.0)), rng)
    mask = softly(hole.astype(np.float32), 0.018 * canvas.unit)
    whole = canvas.pixels.astype(np.float32)
    pixels = np.clip(np.round(mixed(whole, filled.astype(np.float32), mask)), 0, 255).astype(np.uint8)
    drawn: dict[str, str | float | bool] = {"place": name, "side": side, "method": kind, "size": size}
    return canvas.laid(pixels, mask, "inpaint", drawn)


def _blob(canvas: Canvas, frame: SideFrame, place: Place, size: float, rng: np.random.Generator) -> Pixels:
    """An uneven ellipse, 0 or 1."""
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False, dtype=np.float32)
    wave = sum(rng.normal(0, 0.12 / n) * np.cos(n * turns + rng.uniform(0, 6.3)) for n in (2, 3, 4))
    radius = np.asarray(size * (1 + wave), np.float32)[:, None]
    direction = np.stack([np.cos(turns) * place.across, np.sin(turns) * place.along], axis=1)
    corners = place.centre(frame) + radius * (direction @ np.stack([frame.out, frame.up]))
    hole = np.zeros(canvas.shape, np.uint8)
    cv2.fillPoly(hole, [np.clip(np.rint(corners * 16), -(2**24), 2**24).astype(np.int32)], (1,), cv2.LINE_8, 4)
    return hole


def _rim(canvas: Canvas, frame: SideFrame, size: float) -> Pixels:
    """Rings around both eyes and the bridge between them."""
    hole = np.zeros(canvas.shape, np.float32)
    turns = np.linspace(0, 2 * np.pi, 20, dtype=np.float32)
    width = max(0.055 * size * canvas.unit, 1.5)
    for eye in (slice(36, 42), slice(42, 48)):
        ring = np.stack([np.cos(turns) * 0.37, np.sin(turns) * 0.27 - 0.03], axis=1)
        line = canvas.points[eye].mean(axis=0) + ring @ np.stack([frame.out, frame.up])
        hole = np.maximum(hole, stroke(canvas.shape, line.astype(np.float32), width, tapered=False))
    spared = canvas.area("eyebrows", "right_globe", "left_globe", "right_lids", "left_lids", grow=0.03, feather=0)
    return np.asarray((hole > 0.3) & (spared < 0.3), np.uint8)


def _box(hole: Pixels, margin: int) -> tuple[slice, slice]:
    """Rows and columns around the hole, inside the picture."""
    x, y, width, height = cv2.boundingRect(hole)
    return slice(max(y - margin, 0), y + height + margin), slice(max(x - margin, 0), x + width + margin)


def _filled(canvas: Canvas, hole: Pixels, method: int, texture: float, rng: np.random.Generator) -> Field:
    box = _box(hole, max(round(0.12 * canvas.unit), 4))
    part, gap = canvas.pixels[box], hole[box]
    factor = min(1.0, MOST_PIXELS / max(gap.shape))
    size = (max(round(gap.shape[1] * factor), 4), max(round(gap.shape[0] * factor), 4))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    closed = np.asarray(
        cv2.resize(gap, size, interpolation=cv2.INTER_AREA) if factor == 1 else _any(gap, size), np.uint8
    )
    smooth = np.asarray(cv2.inpaint(small, closed, 4, method), np.float32)
    smooth = np.asarray(cv2.resize(smooth, gap.shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
    filled = canvas.pixels.astype(np.float32)
    inner = softly(gap.astype(np.float32), 0.7)
    filled[box] = mixed(filled[box], smooth + _texture(canvas, hole, rng)[box] * np.float32(texture), inner)
    return filled


def _any(gap: Pixels, size: tuple[int, int]) -> Pixels:
    shares = cv2.resize(gap.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(shares > 0.02, np.uint8)


def _texture(canvas: Canvas, hole: Pixels, rng: np.random.Generator) -> Field:
    """The fine detail of neighbouring skin, moved onto the hole."""
    whole = canvas.pixels.astype(np.float32)
    fine = whole - cv2.GaussianBlur(whole, (0, 0), max(0.03 * canvas.unit, 1.0))
    skin = bare_skin(canvas) * (1 - hole)
    _, _, width, height = cv2.boundingRect(hole)
    turn = float(rng.uniform(0, 2 * np.pi))
    angles = turn + np.arange(8) * np.pi / 4
    moves = [(round(float(np.cos(a)) * width * 1.05), round(float(np.sin(a)) * height * 1.05)) for a in angles]
    inside = hole > 0
    covered = [float(np.roll(skin, (dy, dx), (0, 1))[inside].sum()) for dx, dy in moves]
    dx, dy = moves[int(np.argmax(covered))]
    limit = 3.0 * float(np.abs(fine[skin > 0.5]).mean()) if (skin > 0.5).any() else 4.0
    return np.asarray(np.clip(np.roll(fine, (dy, dx), (0, 1)), -limit - 1, limit + 1), np.float32)


def _mirrored(canvas: Canvas, hole: Pixels) -> Field:
    """The same place of the other half, aligned by the landmarks and cloned by its gradients (Poisson)."""
    flipped = np.ascontiguousarray(canvas.pixels[:, ::-1])
    mirrored = mirror_landmarks(canvas.points, canvas.shape[1])
    matrix, _ = cv2.estimateAffine2D(mirrored[:, None], canvas.points[:, None], method=cv2.LMEDS)
    if matrix is None:
        raise CannotForge("the halves of the face do not match")
    across = canvas.shape[::-1]
    if not 0.5 < abs(float(np.linalg.det(matrix[:, :2]))) < 2:
        raise CannotForge("the halves of the face do not match")
    source = cv2.warpAffine(flipped, matrix, across, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    box = _box(hole, 6)
    target, gap = _padded(canvas.pixels[box]), _padded_gap(hole[box])
    x, y, width, height = cv2.boundingRect(gap)
    centre = (x + width // 2, y + height // 2)
    laid = _padded(np.asarray(source[box], np.uint8))
    cloned = gradients_cloned(laid, target, gap * 255, centre, cv2.NORMAL_CLONE)
    filled = canvas.pixels.astype(np.float32)
    filled[box] = cloned[2:-2, 2:-2]
    return filled


def _padded(pixels: NDArray[np.uint8]) -> Pixels:
    return np.asarray(cv2.copyMakeBorder(pixels, 2, 2, 2, 2, cv2.BORDER_REFLECT_101), np.uint8)


def _padded_gap(hole: Pixels) -> Pixels:
    return np.asarray(cv2.copyMakeBorder(hole, 2, 2, 2, 2, cv2.BORDER_CONSTANT, value=0), np.uint8)


OPERATORS = (
    Operator(
        "inpaint", ForgeryClass.EDITING, inpaint, False, "A patch is filled from its surroundings or the other half."
    ),
)
