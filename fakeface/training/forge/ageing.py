"""Older and younger: folds where faces fold, the contrast of skin, grey hair."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts.recipes import SideFrame
from fakeface.training.forge.blending import guided
from fakeface.training.forge.canvas import Canvas, cloud, from_lab, mixed, scaled, softly, stroke, to_lab
from fakeface.training.forge.retouching import bare_skin
from fakeface.training.forge.scalp import scalp_hair
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Task

__all__ = ["OPERATORS", "age", "fold_lines"]

FOLDED = ("forehead", "glabella", "right_under_eye", "left_under_eye", "right_nasolabial_fold", "left_nasolabial_fold",
          "mentolabial_fold", "right_mid_cheek", "left_mid_cheek", "right_cheekbone", "left_cheekbone",
          "right_lower_cheek", "left_lower_cheek", "right_lip_skin", "left_lip_skin")  # fmt: skip
"""Parts in which folds are levelled to look younger."""


def age(task: Task, rng: np.random.Generator) -> Forgery:
    """Older (lines, rougher skin, grey hair) in two of three draws, else younger (folds levelled)."""
    if rng.random() < 2 / 3:
        return _older(task, rng)
    return _younger(Canvas.of(task.subject), task.strength, rng)


def fold_lines(canvas: Canvas, rng: np.random.Generator) -> Iterator[tuple[Field, float]]:
    """Lines along which a face folds, (n, 2) in pixels of the canvas, with their depth 0..1."""
    across = SideFrame.of(canvas.points, "right")
    brows = canvas.points[[17, 18, 19, 20, 21, 22, 23, 24, 25, 26]]
    straight = brows[0] + (brows[-1] - brows[0]) * np.linspace(0, 1, 10, dtype=np.float32)[:, None]
    for share in np.arange(0.24, 0.7, 0.15) + rng.uniform(-0.03, 0.03):
        first, last = int(rng.integers(0, 3)), int(rng.integers(7, 10))
        wave = rng.normal(0, 0.014, (10, 2)).astype(np.float32) * canvas.unit
        line = (brows * 0.45 + straight * 0.55 + np.float32(share) * across.axis + wave)[first : last + 1]
        yield line, float(rng.uniform(0.45, 0.9))
    for side in ("right", "left"):
        yield from _lines_of_side(SideFrame.of(canvas.points, side), rng)


def _lines_of_side(f: SideFrame, rng: np.random.Generator) -> Iterator[tuple[Field, float]]:
    def shaken(*points: Field) -> Field:
        return np.asarray(np.stack(points) + rng.normal(0, 0.012, 2) * np.linalg.norm(f.out), np.float32)

    yield shaken(f.at(31, 0.1, 0.08), f.at(31, 0.2, -0.03), f.at(48, 0.17, 0.08), f.at(48, 0.14, -0.1)), 1.0
    yield shaken(f.at(48, 0.06, -0.05), f.at(48, 0.09, -0.15), f.at(48, 0.08, -0.27)), float(rng.uniform(0.3, 0.8))
    lid = (f.at(39, 0.03, -0.09), f.at(40, 0, -0.14), f.at(41, 0, -0.14), f.at(36, 0.06, -0.08))
    yield shaken(*lid), float(rng.uniform(0.5, 0.9))
    low = (f.at(39, 0.02, -0.17), f.at(40, 0, -0.24), f.at(41, 0.02, -0.24), f.at(36, 0.08, -0.16))
    yield shaken(*low), float(rng.uniform(0.2, 0.6))
    for tilt in (0.09, 0.0, -0.1):
        reach = float(rng.uniform(0.2, 0.3))
        foot = (f.at(36, 0.08, tilt * 0.4), f.at(36, 0.16, tilt), f.at(36, reach, tilt * 1.6))
        yield shaken(*foot), float(rng.uniform(0.3, 0.7))
    yield shaken(f.at(21, -0.06, 0.13), f.at(21, -0.09, 0.0), f.at(21, -0.07, -0.1)), float(rng.uniform(0.3, 0.8))


def _relief(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Shading of the folds: below 0 in the furrow, above 0 on the ridge beneath it, about -1..0.5."""
    furrow = np.zeros(canvas.shape, np.float32)
    for line, depth in fold_lines(canvas, rng):
        np.maximum(furrow, stroke(canvas.shape, line, 0.02 * canvas.unit) * np.float32(depth), out=furrow)
    furrow *= np.clip(1 + 0.35 * cloud(canvas.shape, 14, rng), 0.2, 1.4)
    near, wide = softly(furrow, 0.016 * canvas.unit), softly(furrow, 0.05 * canvas.unit)
    down = -SideFrame.of(canvas.points, "right").up * np.float32(0.035)
    shift = np.array([[1, 0, down[0]], [0, 1, down[1]]], np.float32)
    ridge = cv2.warpAffine(wide, shift, canvas.shape[::-1])
    return np.asarray(0.9 * ridge - near - 0.8 * wide, np.float32)


def _older(task: Task, rng: np.random.Generator) -> Forgery:
    amount = scaled(task.strength, 0.3, 1.0)
    greyed = float(rng.uniform(0.3, 0.9)) * amount if rng.random() < 0.6 else 0.0
    canvas = Canvas.of(task.subject, around=1.0, above=1.8) if greyed else Canvas.of(task.subject)
    depth, roughness = float(rng.uniform(11, 19)) * amount, float(rng.uniform(0.3, 0.8)) * amount
    skin = bare_skin(canvas)
    lab = to_lab(canvas.pixels)
    light = lab[..., 0]
    detail = light - cv2.GaussianBlur(light, (0, 0), max(0.05 * canvas.unit, 1.0))
    spots = cloud(canvas.shape, 22, rng) * np.float32(0.9 * amount)
    change = np.clip(detail, -8, 8) * np.float32(roughness) + spots
    aged = lab.copy()
    aged[..., 0] += (change + _relief(canvas, rng) * np.float32(depth)) * skin
    if not canvas.is_grey:
        aged[..., 1:] *= (1 - np.float32(0.12 * amount) * skin)[..., None]
    mask = skin
    if greyed:
        hair = _hair(canvas)
        aged = mixed(aged, _grey(aged, greyed), hair)
        mask = np.asarray(np.maximum(skin, hair), np.float32)
    drawn: dict[str, str | float | bool] = {"direction": "older", "fold_depth_lightness": depth, "greyed": greyed}
    return canvas.laid(from_lab(aged), mask, "age", drawn | {"roughness": roughness})


def _hair(canvas: Canvas) -> Field:
    """Eyebrows, and the hair of the head where it can be told from its surroundings."""
    brows = canvas.area("eyebrows", feather=0.03) * np.float32(0.7)
    try:
        return np.asarray(np.maximum(brows, scalp_hair(canvas)), np.float32)
    except CannotForge:
        return brows


def _grey(lab: Field, share: float) -> Field:
    """Grey hair: without colour, dark strands lighter than before."""
    grey = lab.copy()
    grey[..., 1:] *= np.float32(1 - 0.8 * share)
    grey[..., 0] += np.float32(22 * share) * np.clip((75 - grey[..., 0]) / 60, 0, 1)
    return grey


def _younger(canvas: Canvas, strength: float, rng: np.random.Generator) -> Forgery:
    amount = scaled(strength, 0.4, 1.0)
    levelled, kept = float(rng.uniform(0.5, 0.85)) * amount, float(rng.uniform(0.3, 0.6))
    skin = bare_skin(canvas)
    lab = to_lab(canvas.pixels)
    light = lab[..., 0]
    unit = canvas.unit
    fine = light - cv2.GaussianBlur(light, (0, 0), max(0.014 * unit, 0.6))
    smooth = guided(light, light, max(0.09 * unit, 2), 9.0)
    valley = np.clip(cv2.GaussianBlur(smooth, (0, 0), max(0.13 * unit, 2)) - smooth, 0, 14)
    folds = canvas.area(*FOLDED, feather=0.06)
    young = lab.copy()
    target = smooth + fine * np.float32(kept) + valley * folds * np.float32(0.9)
    young[..., 0] += (target - light) * np.float32(levelled) + np.float32(1.5 * amount)
    mask = skin
    drawn: dict[str, str | float | bool] = {"direction": "younger", "levelled": levelled, "detail_kept": kept}
    return canvas.laid(from_lab(mixed(lab, young, mask)), mask, "age", drawn)


OPERATORS = (
    Operator("age", ForgeryClass.EDITING, age, False, "Lines, rough skin and grey hair are added, or folds levelled."),
)
