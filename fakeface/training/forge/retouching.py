"""Retouching of skin, and of the light that falls on a face."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts.recipes import SideFrame
from fakeface.training.forge.blending import guided
from fakeface.training.forge.canvas import Canvas, mixed, scaled, softly
from fakeface.training.forge.values import Field, Forgery, Operator, Task

__all__ = ["OPERATORS", "bare_skin", "relight", "smooth_skin"]

SKIN = ("skin", "nose", "right_periorbital", "left_periorbital")
FEATURES = ("eyebrows", "right_globe", "left_globe", "right_lids", "left_lids", "lips", "oral", "nostrils")


def bare_skin(canvas: Canvas, feather: float = 0.03) -> Field:
    """Soft share of the face's skin without brows, eyes, lips and nostrils."""
    features = canvas.area(*FEATURES, grow=0.03, feather=feather * 0.7)
    skin = canvas.area(*SKIN, feather=feather)
    return np.asarray(skin * np.clip(1 - 1.4 * features, 0, 1), np.float32)


def smooth_skin(task: Task, rng: np.random.Generator) -> Forgery:
    """A beauty filter: skin is flattened, edges and a part of the finest detail stay."""
    canvas = Canvas.of(task.subject)
    kind = str(rng.choice(["bilateral", "guided", "separated"]))
    kept = float(rng.uniform(0.1, 0.35))
    amount = scaled(task.strength, 0.35, 1.0)
    radius, spread = max(float(rng.uniform(0.05, 0.1)) * canvas.unit, 1.5), float(rng.uniform(30, 55))
    whole = canvas.pixels.astype(np.float32)
    if kind == "guided":
        planes = [guided(plane, plane, 1.5 * radius, spread * 0.8) for plane in np.moveaxis(whole, 2, 0)]
        flat = np.stack(planes, axis=2)
    else:
        once = cv2.bilateralFilter(canvas.pixels, 7, spread, radius)
        flat = np.asarray(cv2.bilateralFilter(once, 7, spread * 0.7, radius), np.float32)
    fine = whole - cv2.GaussianBlur(whole, (0, 0), max(0.015 * canvas.unit, 0.7))
    texture = fine * (min(kept * 2, 0.7) if kind == "separated" else kept)
    lift = float(rng.uniform(0, 5)) * amount
    changed = whole + (flat + texture + np.float32(lift) - whole) * np.float32(amount)
    mask = bare_skin(canvas)
    pixels = np.clip(np.round(mixed(whole, changed, mask)), 0, 255).astype(np.uint8)
    drawn: dict[str, str | float | bool] = {
        "filter": kind,
        "radius_px": radius,
        "range_grey_levels": spread,
        "detail_kept": kept,
        "amount": amount,
    }
    return canvas.laid(pixels, mask, "smooth_skin", drawn)


def relight(task: Task, rng: np.random.Generator) -> Forgery:
    """Another light on the face: a bright side, a shadow opposite, gloss on brow, nose and cheek; no texture changes.

    The mask is the light itself: how much of each pixel's brightness is the added lamp or the added shadow.
    """
    canvas = Canvas.of(task.subject, above=1.3)
    frame = SideFrame.of(canvas.points, "left")
    angle = float(rng.uniform(0, 2 * np.pi))
    amount = scaled(task.strength, 0.3, 1.0)
    warmth = 0.0 if canvas.is_grey else float(rng.uniform(-5, 9)) * amount
    shadow = float(rng.uniform(0.3, 1.0))
    rows, columns = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
    centre = (canvas.points[27:36].mean(axis=0) + canvas.points[36:48].mean(axis=0)) / 2
    x, y, unit = (
        columns - centre[0],
        rows - centre[1],
        np.float32(canvas.unit * max(canvas.unit, float(np.hypot(*frame.axis)))),
    )
    across = (x * frame.out[0] + y * frame.out[1]) / unit / 1.15
    down = -(x * frame.up[0] + y * frame.up[1]) / unit / 1.5
    depth = np.sqrt(np.clip(1 - across**2 - down**2, 0.02, 1))
    facing = across * np.cos(angle) * 0.8 + down * np.sin(angle) * 0.55 + depth * 0.35
    inside = canvas.area("whole_face", "mouth", grow=0.06, feather=0.12) * canvas.within()
    lamp = np.clip((facing - 0.3) / 0.5, 0, 1) ** 1.2 * inside
    lamp /= max(float(lamp.max()), 0.2)
    dark = np.clip((0.15 - facing) / 0.6, 0, 1) ** 1.3 * inside * shadow
    gain = 1 + (0.28 * lamp + 0.1 * lamp * _gloss(canvas, rng)) * amount - 0.3 * dark * amount
    tint = np.array([warmth, 0, -warmth], np.float32) * (lamp - 0.3 * dark)[..., None]
    before = canvas.pixels.astype(np.float32)
    after = before * gain[..., None].astype(np.float32) + tint
    room = np.clip((262 - before.max(axis=2)) / 90, 0, 1)[..., None]
    lit = before + (after - before) * np.where(gain[..., None] > 1, room, 1)
    mask = np.asarray(np.clip(np.maximum(lamp, dark) * 1.2, 0, 1), np.float32)
    drawn = {"light_direction_degrees": float(np.degrees(angle)), "amount": amount, "shadow": shadow, "warmth": warmth}
    return canvas.laid(np.clip(np.round(lit), 0, 255).astype(np.uint8), mask, "relight", drawn)


def _gloss(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Moist highlights where a face is convex, 0..1."""
    spots = np.zeros(canvas.shape, np.float32)
    for side in ("right", "left"):
        frame = SideFrame.of(canvas.points, side)
        for place, size in (
            (frame.between(2, 31, 0.55), 0.16),
            (frame.at(19, -0.05, 0.25), 0.18),
            (frame.at(30), 0.07),
        ):
            centre = np.rint(place + rng.normal(0, 0.03, 2) * canvas.unit).astype(int)
            axes = (max(round(size * canvas.unit), 1), max(round(size * 0.6 * canvas.unit), 1))
            cv2.ellipse(spots, (int(centre[0]), int(centre[1])), axes, 0, 0, 360, (1.0,), -1)
    return softly(spots, 0.1 * canvas.unit)


OPERATORS = (
    Operator(
        "smooth_skin", ForgeryClass.EDITING, smooth_skin, False, "A beauty filter flattens skin and keeps the features."
    ),
    Operator("relight", ForgeryClass.EDITING, relight, False, "Another lamp lights the face; no texture changes."),
)
