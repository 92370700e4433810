"""Hair of the face and its upper border: beards grown or shaved, hairlines raised, lowered or receding."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts.recipes import SideFrame
from fakeface.training.forge.canvas import Canvas, cloud, from_lab, mixed, scaled, softly, to_lab
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Task

__all__ = ["BEARDS", "OPERATORS", "beard", "hairline"]

JAW = ("chin", "jaw", "right_lower_cheek", "left_lower_cheek")
LIP = ("right_lip_skin", "left_lip_skin", "philtrum")

BEARDS: dict[str, tuple[str, ...]] = {
    "stubble": (*JAW, *LIP),
    "shadow": (*JAW, *LIP),
    "goatee": ("chin", *LIP),
    "moustache": LIP,
}
"""Where each kind of beard grows."""

DARKER, ROUGHER = 6.0, 1.5
"""So much darker (L*), and so many times rougher, than the cheeks is a jaw that has something to shave."""

BROW_TO_HAIR = (0.2, 1.3)
"""Lowest and highest hairline over the eyebrows that is believed, in lengths from nose base to eyebrows."""


def beard(task: Task, rng: np.random.Generator) -> Forgery:
    """Grow stubble, shadow, goatee or moustache; or shave a jaw that is darker than the cheeks."""
    canvas = Canvas.of(task.subject, around=0.3, above=0.1)
    lab = to_lab(canvas.pixels)
    cheeks = canvas.where("right_cheekbone", "left_cheekbone", "nose_ridge")
    jaw = canvas.where(*JAW)
    if cheeks.sum() < 9 or jaw.sum() < 9:
        raise CannotForge("cheeks and jaw are not seen")
    tone = np.median(lab[cheeks], axis=0)
    fine = np.abs(lab[..., 0] - cv2.GaussianBlur(lab[..., 0], (0, 0), max(0.03 * canvas.unit, 1.0)))
    rough = float(fine[jaw].mean()) > ROUGHER * float(fine[cheeks].mean())
    bearded = rough and float(tone[0] - np.median(lab[jaw][:, 0])) > DARKER
    if bearded and rng.random() < 0.6:
        return _shaved(canvas, lab, tone, task.strength, rng)
    return _grown(canvas, lab, tone, task.strength, rng)


def _grown(canvas: Canvas, lab: Field, skin: Field, strength: float, rng: np.random.Generator) -> Forgery:
    kind = str(rng.choice(list(BEARDS)))
    amount = scaled(strength, 0.4, 1.0)
    lips = canvas.area("lips", "oral", "nostrils", grow=0.01, feather=0.015)
    area = canvas.area(*BEARDS[kind], feather=0.05 if kind == "moustache" else 0.085) * (1 - lips)
    patchy = np.clip(0.85 + 0.22 * cloud(canvas.shape, 9, rng), 0.35, 1)
    mask = np.asarray(np.clip(area * 1.2, 0, 1) * patchy, np.float32)
    brows = lab[canvas.where("eyebrows")]
    dark = np.percentile(brows, 25, axis=0) if len(brows) > 8 else np.array([25, 4, 6])
    hair = np.array([min(dark[0], skin[0] * 0.55), dark[1] * 0.5, dark[2] * 0.4], np.float32)
    dense = float(rng.uniform(0.12, 0.24)) if kind == "shadow" else float(rng.uniform(0.22, 0.38))
    strands = _strands(canvas, rng)
    cover = np.clip(dense + strands * (0.06 if kind == "shadow" else 0.24), 0.02, 0.85) * np.float32(amount)
    haired = mixed(lab, np.broadcast_to(hair, lab.shape), cover)
    if canvas.is_grey:
        haired[..., 1:] = lab[..., 1:]
    drawn: dict[str, str | float | bool] = {"direction": "grown", "style": kind, "density": dense * amount}
    return canvas.laid(from_lab(mixed(lab, haired, mask)), mask, "beard", drawn)


def _strands(canvas: Canvas, rng: np.random.Generator) -> Field:
    """Fine noise drawn out along the growth, downwards and a little outwards; deviation about 1."""
    noise = rng.normal(0, 1, canvas.shape).astype(np.float32)
    length = max(round(0.045 * canvas.unit), 1)
    if length >= 2:
        kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
        down = -SideFrame.of(canvas.points, "right").up / np.float32(canvas.unit) * np.float32(length * 0.8)
        start, end = ((length + sign * down).round().astype(int) for sign in (-1, 1))
        cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), (1.0,), 1)
        noise = np.asarray(cv2.filter2D(noise, -1, kernel / kernel.sum()), np.float32)
    noise = softly(noise, max(0.006 * canvas.unit, 0.5))
    return np.asarray(noise / max(float(noise.std()), 1e-3), np.float32)


def _shaved(canvas: Canvas, lab: Field, skin: Field, strength: float, rng: np.random.Generator) -> Forgery:
    """The beard's darkness and texture go; broad light and the cheeks' fine grain stay."""
    amount = scaled(strength, 0.4, 1.0)
    kept = float(rng.uniform(0.15, 0.4))
    lips = canvas.area("lips", "oral", "nostrils", grow=0.02, feather=0.02)
    mask = np.asarray(np.clip(canvas.area(*JAW, *LIP, feather=0.07) * 1.15, 0, 1) * (1 - lips), np.float32)
    area = mask > 0.5
    if not area.any():
        raise CannotForge("the jaw is not seen")
    sigma, near = max(0.09 * canvas.unit, 1.5), (mask + np.float32(1e-3))[..., None]
    broad = np.asarray(cv2.GaussianBlur(lab * near, (0, 0), sigma), np.float32)
    broad /= cv2.GaussianBlur(near, (0, 0), sigma)[..., None]
    fine = lab - cv2.GaussianBlur(lab, (0, 0), max(0.02 * canvas.unit, 0.7))
    wanted = np.asarray((skin - broad[area].mean(axis=0)) * np.array([0.7, 0.5, 0.5]), np.float32)
    shaved = broad + wanted + fine * np.float32(kept)
    changed = np.asarray(lab + (shaved - lab) * np.float32(amount), np.float32)
    drawn: dict[str, str | float | bool] = {"direction": "shaved", "detail_kept": kept, "amount": amount}
    return canvas.laid(from_lab(mixed(lab, changed, mask)), mask, "beard", drawn)


def hairline(task: Task, rng: np.random.Generator) -> Forgery:
    """Raise the hairline, lower it, or let it recede at the temples, by stretching forehead and hair.

    Raises:
        CannotForge: it is not seen where the hair begins.
    """
    canvas = Canvas.of(task.subject, around=0.4, above=1.7)
    begins = _hair_begins(canvas)
    kind = str(rng.choice(["raised", "lowered", "receding"]))
    frame = SideFrame.of(canvas.points, "left")
    length = float(np.hypot(*frame.axis))
    rise = float(np.median(begins)) * length
    reach = 0.5 * rise
    most = min(0.55 * reach, 0.2 * canvas.unit)
    shift = scaled(task.strength, 0.4, 1.0) * most * float(rng.uniform(0.8, 1.0)) * (-1 if kind == "lowered" else 1)
    rows, columns = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
    brow = canvas.points[17:27].mean(axis=0)
    up, out = frame.axis / np.float32(length), frame.out / np.float32(np.hypot(*frame.out))
    x, y = columns - brow[0], rows - brow[1]
    height, side = x * up[0] + y * up[1], (x * out[0] + y * out[1]) / np.float32(canvas.unit)
    lobes = np.exp(-(((np.abs(side) - 0.42) / 0.24) ** 2)) if kind == "receding" else np.exp(-((side / 0.72) ** 4))
    band = np.exp(-(((height - rise) / np.float32(reach * 0.62)) ** 2)) * np.clip(height / (0.25 * rise), 0, 1)
    field = np.asarray(np.float32(shift) * band * lobes, np.float32)
    moved = cv2.remap(canvas.pixels, columns - up[0] * field, rows - up[1] * field, cv2.INTER_CUBIC,
                      borderMode=cv2.BORDER_REFLECT_101)  # fmt: skip
    mask = np.asarray(np.clip((np.abs(field) - 0.15) / 0.6, 0, 1), np.float32)
    pixels = mixed(canvas.pixels.astype(np.float32), moved.astype(np.float32), mask)
    drawn: dict[str, str | float | bool] = {"direction": kind, "shift_eye_distances": shift / canvas.unit}
    return canvas.laid(np.clip(np.round(pixels), 0, 255).astype(np.uint8), mask, "hairline", drawn)


def _hair_begins(canvas: Canvas) -> Field:
    """Height of the hairline over the brows in lengths from nose base to eyebrows, at several places.

    Raises:
        CannotForge: the forehead does not end inside the picture, or not at a believable height.
    """
    frame = SideFrame.of(canvas.points, "right")
    bare = _forehead(canvas, frame)
    shares = np.arange(0.12, 1.5, 0.03, dtype=np.float32)
    found = []
    for index in (19, 20, 21, 22, 23, 24):
        places = np.rint(canvas.points[index] + shares[:, None] * frame.axis).astype(int)
        inside = (places >= 0).all(axis=1) & (places < np.array(canvas.shape[::-1])).all(axis=1)
        skin = np.zeros(len(shares), bool)
        skin[inside] = bare[places[inside, 1], places[inside, 0]]
        ends = np.flatnonzero(~skin)
        if len(ends) and inside[ends[0]] and inside[min(int(ends[0]) + 4, len(shares) - 1)]:
            found.append(shares[ends[0]])
    low, high = BROW_TO_HAIR
    if len(found) < 4 or not low <= float(np.median(found)) <= high:
        raise CannotForge("it is not seen where the hair begins")
    return np.asarray(found, np.float32)


def _forehead(canvas: Canvas, frame: SideFrame) -> NDArray[np.bool_]:
    """Bare forehead: the tree's leaves, and above their upper end what goes on in the same colour."""
    bare = canvas.where("forehead", "hairline")
    lab = to_lab(np.asarray(cv2.GaussianBlur(canvas.pixels, (0, 0), max(0.02 * canvas.unit, 0.6)), np.uint8))
    if bare.sum() < 9:
        raise CannotForge("the forehead is not seen")
    away = (lab - np.median(lab[bare], axis=0)) / np.array([8, 4, 4], np.float32)
    rows, columns = np.mgrid[: canvas.shape[0], : canvas.shape[1]].astype(np.float32)
    brow = canvas.points[17:27].mean(axis=0)
    height = ((columns - brow[0]) * frame.axis[0] + (rows - brow[1]) * frame.axis[1]) / float((frame.axis**2).sum())
    return np.asarray(bare | ((height > 0.9) & ((away**2).sum(axis=2) < 9)))


OPERATORS = (
    Operator("beard", ForgeryClass.EDITING, beard, False, "A beard grows on jaw and lip, or a dark jaw is shaved."),
    Operator("hairline", ForgeryClass.EDITING, hairline, False, "The hairline is raised, lowered or recedes."),
)
