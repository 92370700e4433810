"""Edits of single parts: another person's eyes, nose, mouth or brows, and the shapes that beauty apps give."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, forehead_points
from fakeface.training.forge.blending import poisson
from fakeface.training.forge.shapes import (
    around,
    axes,
    laid_in,
    moved_shift,
    sampled,
    similarity,
    soft_hull,
    transformed,
)
from fakeface.training.forge.tones import matched
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Pixels, Subject, Task

__all__ = ["OPERATORS", "SHAPES", "TRANSPLANTED", "part_transplant", "reshape"]

TRANSPLANTED: dict[str, tuple[tuple[int, ...], ...]] = {
    "eyes": (tuple(range(36, 42)), tuple(range(42, 48))),
    "one eye": (tuple(range(36, 42)),),
    "nose": (tuple(range(28, 36)),),
    "mouth": (tuple(range(48, 68)),),
    "brows": (tuple(range(17, 22)), tuple(range(22, 27))),
}
"""What is transplanted at once: the landmarks of each piece, which is placed on its own."""

SURROUND = {"eyes": 0.18, "one eye": 0.18, "nose": 0.2, "mouth": 0.24, "brows": 0.17}
"""How far around its landmarks a part is taken along, in distances between the eyes."""

MOVED: dict[str, tuple[tuple[int, ...], ...]] = {
    "slimmer jaw": (tuple(range(1, 16)),),
    "larger eyes": TRANSPLANTED["eyes"],
    "narrower nose": (tuple(range(31, 36)),),
    "fuller lips": (tuple(range(48, 60)),),
    "raised brows": TRANSPLANTED["brows"],
}
"""Landmarks that a shape moves, piece by piece; nothing moves far from them."""

SHAPES = tuple(MOVED)
"""What ``reshape`` changes; the sign is drawn, so a jaw is widened too."""

SIZES = (0.55, 1.8)
"""A donor's part is scaled by a factor within these, or its texture would be a blur or noise."""

FAR_LIGHT = 85.0
"""Skin around the part that differs by more grey levels cannot be brought together without showing."""


def part_transplant(task: Task, rng: np.random.Generator) -> Forgery:
    """Lay the donor's eyes, nose, mouth or brows over the subject's: placed by their landmarks, toned, blended.

    Where the drawn part does not fit, the next one is tried.

    Raises:
        CannotForge: every part is outside one of the pictures, of too different a size or lit too differently.
    """
    names = [str(name) for name in rng.permutation(list(TRANSPLANTED))]
    wide, soft, solved = float(rng.uniform(0.8, 1.3)), float(rng.uniform(0.6, 1.0)), bool(rng.random() < 0.6)
    tone = float(rng.uniform(0.0, 0.35)) * task.strength
    refused: CannotForge | None = None
    for name in names:
        grown = SURROUND[name] * eye_distance(task.subject.landmarks) * wide
        try:
            pixels, mask = _all_pieces(task, name, (grown, grown * soft), tone, solved)
        except CannotForge as error:
            refused = error
            continue
        parameters: dict[str, str | float | bool] = {
            "part": name,
            "poisson": solved,
            "tone_kept_share": tone,
            "feather_px": grown * soft,
        }
        return Forgery(pixels, mask, ForgeryClass.EDITING, "part_transplant", parameters=parameters)
    raise CannotForge(f"no part of the donor's face fits: {refused}")


def _all_pieces(task: Task, name: str, edge: tuple[float, float], tone: float, solved: bool) -> tuple[Pixels, Field]:
    """The picture with every piece of one part laid in, and the mask of all."""
    points = task.subject.landmarks
    pixels, mask = task.subject.pixels, np.zeros(task.subject.pixels.shape[:2], np.float32)
    for piece in TRANSPLANTED[name]:
        pixels, share = _transplanted(Subject(pixels, points), task.needed_donor, list(piece), edge, tone, solved)
        mask = np.maximum(mask, share)
    return pixels, mask


def _transplanted(
    subject: Subject, donor: Subject, piece: list[int], edge: tuple[float, float], tone: float, solved: bool
) -> tuple[Pixels, Field]:
    """One piece of the donor's face in the subject's picture, and its mask; ``edge`` is margin and feather, pixels."""
    grown, feather = edge
    own, theirs = subject.landmarks[piece], donor.landmarks[piece]
    matrix = _placement(theirs, own)
    target = np.concatenate([own, transformed(theirs, matrix)])
    box = around(target, grown + 6, subject.pixels.shape)
    place = matrix.copy()
    place[:, 2] -= (box.left, box.top)
    size = (box.width, box.height)
    shown = cv2.warpAffine(np.ones(donor.pixels.shape[:2], np.uint8), place, size)
    share = soft_hull(target, box, grown, feather)
    if (shown[share > 0] == 0).any():
        raise CannotForge("the donor's part is not in its picture")
    laid = cv2.warpAffine(donor.pixels, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    beneath = subject.pixels[box.top : box.bottom, box.left : box.right]
    skin = (share > 0) & ~(soft_hull(target, box, 0.25 * grown, 1.0) > 0)
    if skin.any() and abs(float(laid[skin].mean()) - float(beneath[skin].mean())) > FAR_LIGHT:
        raise CannotForge("the donor's skin is lit too differently")
    toned = _lit(matched(np.asarray(laid, np.uint8), beneath, skin, 1.0 - tone), beneath, skin, 1.0 - tone)
    if solved:
        toned = poisson(beneath, toned, share > 0)
    return laid_in(subject, toned, share, box)


def _lit(laid: Pixels, beneath: Pixels, skin: NDArray[np.bool_], share: float) -> Pixels:
    """The piece with its shading bent towards its surroundings by ``share``: the skin's difference, spread inwards."""
    sigma = max(skin.shape) / 6
    weight = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), sigma)[..., None]
    apart = np.where(skin[..., None], beneath.astype(np.float32) - laid, 0).astype(np.float32)
    spread = cv2.GaussianBlur(apart, (0, 0), sigma) / np.maximum(weight, 1e-3)
    return np.clip(np.round(laid + spread * share), 0, 255).astype(np.uint8)


def _placement(theirs: Field, own: Field) -> Field:
    """The similarity that lays the donor's piece over the subject's: (2, 3)."""
    matrix = similarity(theirs, own)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if not SIZES[0] <= scale <= SIZES[1]:
        raise CannotForge("the donor's part has too different a size")
    return matrix


def reshape(task: Task, rng: np.random.Generator) -> Forgery:
    """Slim the jaw, enlarge the eyes, narrow the nose, fill the lips or raise the brows, as beauty apps do."""
    subject, points = task.subject, task.subject.landmarks
    unit = eye_distance(points)
    chosen = [str(name) for name in rng.choice(SHAPES, size=int(rng.integers(1, 3)), replace=False)]
    gain = (0.4 + 0.6 * task.strength) * float(rng.uniform(0.7, 1.0))
    sign = 1.0 if rng.random() < 0.75 else -0.7
    target = points.copy()
    for name in chosen:
        target += _reshaped(points, name) * np.float32(gain * sign)
    box = around(np.concatenate([points, target]), 0.4 * unit, subject.pixels.shape)
    pieces = [points[list(piece)] for name in chosen for piece in MOVED[name]]
    reach = np.max([soft_hull(piece, box, 0.35 * unit, 0.35 * unit) for piece in pieces], axis=0)
    still = np.concatenate([forehead_points(points, 0.8), _beyond(points, unit)])
    shift = moved_shift(points, target, still, box) * reach[..., None]
    length = np.linalg.norm(shift, axis=2)
    felt = np.clip((length - 0.1) / max(0.2 * float(length.max()), 0.4), 0, 1).astype(np.float32)
    pixels, mask = laid_in(subject, sampled(subject.pixels, shift, box), felt, box)
    parameters: dict[str, str | float | bool] = {
        "shapes": ", ".join(sorted(chosen)),
        "largest_shift_px": float(length.max()),
        "gain_share": gain * sign,
    }
    return Forgery(pixels, mask, ForgeryClass.EDITING, "reshape", parameters=parameters)


def _beyond(points: Field, unit: float) -> Field:
    """Points outside the outline that stay: the background must not follow the jaw far."""
    centre = points[30]
    away = points[0:17:2] - centre
    return np.asarray(centre + away * (1 + 0.55 * unit / np.linalg.norm(away, axis=1, keepdims=True)), np.float32)


def _reshaped(points: Field, name: str) -> Field:
    """How far each landmark moves for one shape at full gain: (68, 2) pixels."""
    unit, (down, side) = eye_distance(points), axes(points)
    moves = np.zeros_like(points)
    if name == "slimmer jaw":
        middle = points[[27, 30, 33, 8]].mean(axis=0)
        weight = np.array([0, 0.2, 0.5, 0.8, 1, 1, 0.8, 0.5, 0.3, 0.5, 0.8, 1, 1, 0.8, 0.5, 0.2, 0], np.float32)
        across = (points[:17] - middle) @ side
        moves[:17] = -np.outer(weight * across * 0.15, side)
    elif name == "larger eyes":
        for first in (36, 42):
            eye = points[first : first + 6]
            moves[first : first + 6] = (eye - eye.mean(axis=0)) * 0.3
    elif name == "narrower nose":
        wing = (points[31:36] - points[33]) @ side
        moves[31:36] = -np.outer(wing * 0.35, side)
    elif name == "fuller lips":
        line = points[60:68].mean(axis=0)
        moves[49:54] = np.minimum((points[49:54] - line) @ down, 0)[:, None] * down * 0.4
        moves[55:60] = np.maximum((points[55:60] - line) @ down, 0)[:, None] * down * 0.4
    else:
        moves[17:27] = -down * 0.12 * unit
    return moves.astype(np.float32)


OPERATORS = (
    Operator("part_transplant", ForgeryClass.EDITING, part_transplant, True, "One part of another person's face."),
    Operator("reshape", ForgeryClass.EDITING, reshape, False, "Jaw, eyes, nose, lips or brows reshaped by a spline."),
)
