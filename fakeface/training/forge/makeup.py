"""Make-up: colour on lips, lids, lash lines and cheeks, with the lightness of the skin's texture kept."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts.recipes import SideFrame
from fakeface.training.forge.canvas import Canvas, from_lab, mixed, scaled, softly, stroke, to_lab
from fakeface.training.forge.retouching import bare_skin
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Task

__all__ = ["LAYERS", "OPERATORS", "makeup"]

LAYERS = ("lips", "shadow", "liner", "blush")
SIDES = ("right", "left")

SHADOWS = ((-14, 6, -10), (-16, 8, 6), (-12, -4, -12), (-20, 0, 0), (-8, 10, 2))
"""Colours of eye shadow as changes of L*, a*, b*: violet, brown, blue, smoky, rose."""


def makeup(task: Task, rng: np.random.Generator) -> Forgery:
    """Put on one to four of lip colour, eye shadow, eyeliner and blush."""
    canvas = Canvas.of(task.subject)
    count = int(rng.integers(1, len(LAYERS) + 1))
    chosen = [str(name) for name in rng.choice(LAYERS, size=count, replace=False)]
    amount = scaled(task.strength, 0.4, 1.0)
    lab = to_lab(canvas.pixels)
    bare = np.ones(canvas.shape, np.float32)
    for name in (layer for layer in LAYERS if layer in chosen):
        share = np.asarray(np.clip(_AREAS[name](canvas), 0, 1), np.float32)
        share = np.where(share < 0.02, np.float32(0), share)
        if share.max() < 0.3:
            continue
        painted = _COLOURS[name](lab, amount, rng)
        if canvas.is_grey:
            painted[..., 1:] = lab[..., 1:]
        lab = mixed(lab, painted, share)
        bare *= 1 - share
    mask = 1 - bare
    if not mask.any():
        raise CannotForge("nothing that can be made up is seen")
    drawn: dict[str, str | float | bool] = {name: name in chosen for name in LAYERS}
    return canvas.laid(from_lab(lab), mask, "makeup", drawn | {"amount": amount})


def _lips_area(canvas: Canvas) -> Field:
    return canvas.area("upper_lip", "lower_lip", feather=0.018)


def _lips(lab: Field, amount: float, rng: np.random.Generator) -> Field:
    """Reds from rose to wine; the light and dark of the lips stay."""
    painted = lab.copy()
    red, yellow, darker = rng.uniform(32, 54), rng.uniform(4, 26), rng.uniform(-14, 1)
    share = np.float32(rng.uniform(0.5, 0.85) * amount)
    painted[..., 0] += np.float32(darker * amount)
    painted[..., 1] += (np.float32(red) - lab[..., 1]) * share
    painted[..., 2] += (np.float32(yellow) - lab[..., 2]) * share
    return painted


def _shadow_area(canvas: Canvas) -> Field:
    """Strong at the lash line, gone below the brow."""
    area = np.zeros(canvas.shape, np.float32)
    for side in SIDES:
        frame = SideFrame.of(canvas.points, side)
        eye = np.full(canvas.shape, 255, np.uint8)
        cv2.fillPoly(eye, [np.rint(frame.points[36:42] * 16).astype(np.int32)], (0,), cv2.LINE_8, 4)
        away = np.minimum(cv2.distanceTransform(eye, cv2.DIST_L2, 3) / np.float32(canvas.unit), 9)
        lid = canvas.area(f"{side}_orbital_fold", f"{side}_upper_lid", feather=0.03)
        area = np.maximum(area, np.exp(-((away / 0.13) ** 2)) * lid * 1.15)
    return np.asarray(area, np.float32)


def _shadow(lab: Field, amount: float, rng: np.random.Generator) -> Field:
    tone = np.array(SHADOWS[int(rng.integers(len(SHADOWS)))], np.float32)
    painted = np.asarray(lab + tone * np.float32(rng.uniform(0.7, 1.1) * amount), np.float32)
    painted[..., 0] = np.maximum(painted[..., 0], lab[..., 0] * 0.45)
    return painted


def _liner_area(canvas: Canvas) -> Field:
    area = np.zeros(canvas.shape, np.float32)
    for side in SIDES:
        f = SideFrame.of(canvas.points, side)
        upper = np.stack(
            [f.at(39, -0.01, 0.01), f.at(38, 0, 0.015), f.at(37, 0, 0.015), f.at(36), f.at(36, 0.06, 0.03)]
        )
        lower = np.stack([f.at(36), f.at(41, 0, -0.01), f.between(41, 40, 0.5)])
        area = np.maximum(area, stroke(canvas.shape, upper.astype(np.float32), 0.026 * canvas.unit, tapered=False))
        area = np.maximum(area, 0.5 * stroke(canvas.shape, lower.astype(np.float32), 0.016 * canvas.unit))
    return np.asarray(np.clip(softly(area, 0.008 * canvas.unit) * 1.1, 0, 0.9), np.float32)


def _liner(lab: Field, amount: float, rng: np.random.Generator) -> Field:
    dark = np.float32(1 - rng.uniform(0.6, 0.8) * amount)
    return np.asarray(lab * np.array([dark, 0.5, 0.5], np.float32), np.float32)


def _blush_area(canvas: Canvas) -> Field:
    area = np.zeros(canvas.shape, np.float32)
    rows, columns = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
    for side in SIDES:
        f = SideFrame.of(canvas.points, side)
        x, y = columns - f.between(2, 31, 0.42)[0], rows - f.between(2, 31, 0.42)[1]
        across = (x * f.out[0] + y * f.out[1]) / np.float32(canvas.unit**2)
        up = (x * f.up[0] + y * f.up[1]) / np.float32(canvas.unit**2) - 0.3 * across
        area = np.maximum(area, np.exp(-((across / 0.3) ** 2) - (up / 0.2) ** 2))
    return np.asarray(area * bare_skin(canvas), np.float32)


def _blush(lab: Field, amount: float, rng: np.random.Generator) -> Field:
    tone = np.array([rng.uniform(-6, -2), rng.uniform(11, 19), rng.uniform(-2, 5)], np.float32)
    return np.asarray(lab + tone * np.float32(amount), np.float32)


_AREAS = {"lips": _lips_area, "shadow": _shadow_area, "liner": _liner_area, "blush": _blush_area}
_COLOURS = {"lips": _lips, "shadow": _shadow, "liner": _liner, "blush": _blush}

OPERATORS = (
    Operator("makeup", ForgeryClass.EDITING, makeup, False, "Lip colour, eye shadow, eyeliner and blush are put on."),
)
