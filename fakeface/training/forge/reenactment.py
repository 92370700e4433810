"""Reenactments: mouth, eyes and brows take another expression, or the face another pose."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, forehead_points
from fakeface.faces import Box
from fakeface.training.forge.blending import paste
from fakeface.training.forge.masks import face_mask, filled, softened
from fakeface.training.forge.mouths import OPEN, opened, with_drawn_inside, with_foreign_inside
from fakeface.training.forge.shapes import (
    STABLE,
    around,
    axes,
    laid_in,
    mouth_gap,
    moved_shift,
    sampled,
    similarity,
    soft_hull,
    transformed,
)
from fakeface.training.forge.tones import disturbed
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Pixels, Task
from fakeface.training.forge.warps import displaced

__all__ = [
    "OPERATORS",
    "expression_transfer",
    "gaze_shift",
    "lip_sync",
    "mouth_interior",
    "pose_warp",
    "reenact",
]

FACTORY_SIDE = 96
"""Side of the face that lip-sync networks render, in pixels."""

SHUT = 0.05
"""Up to this gap between the inner lips, in distances between the eyes, a mouth shows nothing of its inside."""

UNSEEN = 2
"""A largest change of so many grey levels is none."""

EYES = {"right": tuple(range(36, 42)), "left": tuple(range(42, 48))}


def reenact(task: Task, rng: np.random.Generator) -> Forgery:
    """Move mouth, brows or eyelids by a smooth displacement of their landmarks, re-rendered inside the inner face."""
    subject = task.subject
    points = subject.landmarks
    unit = eye_distance(points)
    reach = 0.25 + 0.75 * task.strength
    target = points.copy()
    down, side = axes(points)
    opening, smile = rng.uniform(-0.12, 0.25) * unit * reach, rng.uniform(-0.12, 0.12) * unit * reach
    target[55:60] += down * opening
    target[65:68] += down * opening
    target[5:12] += down * opening * 0.7
    target[[48, 60]] += (-side * smile - down * smile * 0.6).astype(np.float32)
    target[[54, 64]] += (side * smile - down * smile * 0.6).astype(np.float32)
    if rng.random() < 0.5:
        target[17:27] -= (down * rng.uniform(-0.08, 0.12) * unit * reach).astype(np.float32)
    if rng.random() < 0.4:
        lids = rng.uniform(0.0, 0.06) * unit * reach
        target[[37, 38, 43, 44]] += (down * lids).astype(np.float32)
    moved, shift = displaced(subject.pixels, points, target, sigma=0.35 * unit)
    if rng.random() < 0.6:
        moved = disturbed(moved, rng, strength=0.5 * reach)
    felt = np.clip(shift / max(0.03 * unit, 0.5), 0, 1)
    area = face_mask(subject, rng) if rng.random() < 0.5 else filled(points[48:68], felt.shape, 0.35 * unit)
    area = np.maximum(area, (felt > 0.5).astype(np.float32)) if rng.random() < 0.5 else area
    mask = softened(area, unit, rng)
    parameters = {"mouth_opening_eye_distances": opening / unit, "smile_eye_distances": smile / unit}
    pixels = paste(subject.pixels, moved, mask)
    if np.abs(pixels[mask > 0.25].astype(np.int16) - subject.pixels[mask > 0.25]).max(initial=0) <= UNSEEN:
        raise CannotForge("hardly anything was drawn to move")
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "reenact", parameters=parameters)


def expression_transfer(task: Task, rng: np.random.Generator) -> Forgery:
    """Carry the donor's mouth, brows and lids over to the subject's landmarks and re-render the face by them."""
    points, donor = task.subject.landmarks, task.needed_donor
    unit = eye_distance(points)
    stable = list(STABLE)
    other = transformed(donor.landmarks, similarity(donor.landmarks[stable], points[stable]))
    reach = float(rng.uniform(0.7, 1.0)) * (0.35 + 0.65 * task.strength)
    target = points + reach * _expression(points, other, unit)
    feather = float(rng.uniform(0.1, 0.3)) * unit
    box, share, shift = _inner_face(task, target, feather)
    window = sampled(task.subject.pixels, shift, box)
    bites = mouth_gap(target) > max(OPEN, 1.5 * mouth_gap(points)) and mouth_gap(donor.landmarks) > OPEN
    if bites:
        window = with_foreign_inside(window, box, target, donor, 0.9)
    window, loss = _rendered(window, unit, task.strength, rng)
    pixels, mask = laid_in(task.subject, window, share, box)
    parameters = {
        "reach_share": reach,
        "largest_move_eye_distances": float(np.linalg.norm(target - points, axis=1).max()) / unit,
        "donor_mouth_inside": bites,
        "blur_sigma_px": loss,
    }
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "expression_transfer", parameters=parameters)


def _expression(points: Field, other: Field, unit: float) -> Field:
    """What the other face's expression adds to these landmarks, (68, 2) pixels, each part within what faces do."""
    down, _ = axes(points)
    apart = other - points
    added = np.zeros_like(points)
    mouth = apart[48:68] - apart[31:36].mean(axis=0)
    centre = mouth.mean(axis=0, keepdims=True)
    added[48:68] = _limited(mouth - centre, 0.2 * unit) + _limited(centre, 0.06 * unit)
    for brow in (slice(17, 22), slice(22, 27)):
        added[brow] = _limited(np.outer(apart[brow] @ down, down).astype(np.float32), 0.12 * unit)
    for first in (36, 42):
        eye = apart[first : first + 6] - apart[[first, first + 3]].mean(axis=0)
        lids = _limited(np.outer(eye @ down, down).astype(np.float32), 0.05 * unit)
        added[[first + 1, first + 2, first + 4, first + 5]] = lids[[1, 2, 4, 5]]
    added[5:12] = down * float((added[56:59] @ down).mean()) * 0.7
    return added


def _limited(moves: Field, most: float) -> Field:
    """Moves (n, 2) shortened smoothly so that none is longer than ``most`` pixels."""
    length = np.linalg.norm(moves, axis=1, keepdims=True) + 1e-6
    return np.asarray(moves * (most * np.tanh(length / most) / length), np.float32)


def _inner_face(task: Task, target: Field, feather: float) -> tuple[Box, Field, Field]:
    """The window around the face, the mask of what is rendered anew, and where its pixels come from."""
    points, unit = task.subject.landmarks, eye_distance(task.subject.landmarks)
    still = forehead_points(points, 0.7)
    face = np.concatenate([points, target, forehead_points(points, 0.35)])
    box = around(face, 0.1 * unit, task.subject.pixels.shape)
    share = soft_hull(face, box, 0.04 * unit, feather)
    return box, share, moved_shift(points, target, still, box) * np.sqrt(share)[..., None]


def _rendered(window: Pixels, unit: float, strength: float, rng: np.random.Generator) -> tuple[Pixels, float]:
    """The window as a network gives it back: a little unsharp and off in tone; also the blur's sigma in pixels."""
    sigma = max(unit * float(rng.uniform(0.007, 0.016)) * (0.5 + 0.5 * strength), 0.4)
    changed = cv2.GaussianBlur(window, (0, 0), sigma).astype(np.float32)
    changed += rng.uniform(-5, 5) * strength + rng.uniform(-1.5, 1.5, 3).astype(np.float32) * strength
    return np.clip(np.round(changed), 0, 255).astype(np.uint8), sigma


def mouth_interior(task: Task, rng: np.random.Generator) -> Forgery:
    """Open the mouth by its landmarks; teeth and cavity are the donor's, fitted between the lips.

    Raises:
        CannotForge: the donor's mouth is closed or cut off by its picture.
    """
    points, donor = task.subject.landmarks, task.needed_donor
    unit, own, gap = eye_distance(points), mouth_gap(points), mouth_gap(donor.landmarks)
    wanted = max(gap, 0.12) * float(rng.uniform(0.8, 1.2)) * (0.6 + 0.4 * task.strength)
    step = float(np.clip(wanted - own, 0.05 - own, 0.3))
    target = opened(points, step * unit, float(rng.uniform(0.05, 0.3)))
    lower = np.concatenate([points[[3, 4, 12, 13]], points[5:12], target[5:12], target[48:68], points[31:36]])
    box = around(lower, 0.2 * unit, task.subject.pixels.shape)
    share = soft_hull(lower, box, 0.1 * unit, float(rng.uniform(0.15, 0.35)) * unit)
    shift = moved_shift(points, target, forehead_points(points, 0.6), box) * np.sqrt(share)[..., None]
    window = sampled(task.subject.pixels, shift, box)
    tone = float(rng.uniform(0.5, 1.0)) * task.strength
    window = with_foreign_inside(window, box, target, donor, 1.0 - 0.5 * tone)
    pixels, mask = laid_in(task.subject, window, share, box)
    parameters = {"gap_before_eye_distances": own, "gap_after_eye_distances": own + step, "tone_kept_share": 0.5 * tone}
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "mouth_interior", parameters=parameters)


def lip_sync(task: Task, rng: np.random.Generator) -> Forgery:
    """Say something else: the lower half of the face rendered small with another mouth, enlarged, laid in softly."""
    points = task.subject.landmarks
    unit, own = eye_distance(points), mouth_gap(points)
    step = float(rng.uniform(0.05, 0.15)) * (0.4 + 0.6 * task.strength)
    if own > SHUT:
        step = min(step, 0.08)
    if own > SHUT and rng.random() < 0.5:
        step = -min(step, 0.9 * own)
    target = opened(points, step * unit, float(rng.uniform(0.0, 0.3)))
    down, _ = axes(points)
    frame = np.concatenate([points, target[5:12] + down * 0.08 * unit]).astype(np.float32)
    box = around(frame, 0.02 * unit, task.subject.pixels.shape)
    share = _lower_half(points, box, unit * float(rng.uniform(0.12, 0.3)))
    shift = moved_shift(points, target, forehead_points(points, 0.6), box) * np.sqrt(share)[..., None]
    window = sampled(task.subject.pixels, shift, box)
    if own < SHUT and step > 0:
        window = with_drawn_inside(window, box, target, float(rng.uniform(0.3, 0.7)))
    side = min(FACTORY_SIDE * float(rng.uniform(0.9, 1.2)) * (1.6 - 0.6 * task.strength), 0.75 * box.width)
    small = (max(round(side), 8), max(round(side * box.height / box.width), 8))
    rendered = cv2.resize(window, small, interpolation=cv2.INTER_AREA)
    kernel = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
    window = np.asarray(cv2.resize(rendered, (box.width, box.height), interpolation=kernel), np.uint8)
    pixels, mask = laid_in(task.subject, window, share, box)
    parameters = {"rendered_side_px": float(small[0]), "mouth_opening_eye_distances": step}
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "lip_sync", parameters=parameters)


def _lower_half(points: Field, box: Box, feather: float) -> Field:
    """The lower half of the face's box with soft sides: 0..1 over the window; the box follows the picture's axes."""
    left, right = points[[3, 4, 12, 13], 0].min(), points[[3, 4, 12, 13], 0].max()
    top = points[[29, 30], 1].mean()
    corners = np.array([[left, top], [right, top], [right, box.bottom - 1], [left, box.bottom - 1]], np.float32)
    return soft_hull(corners, box, 0.0, feather)


def gaze_shift(task: Task, rng: np.random.Generator) -> Forgery:
    """Let the eyes look elsewhere: what is seen between the lids slides, the lids stay.

    Raises:
        CannotForge: the eyes are closed or hidden, or too small to show where they look.
    """
    subject, points = task.subject, task.subject.landmarks
    angle = float(rng.choice([0.0, np.pi]) + rng.uniform(-0.35, 0.35))
    reach = float(rng.uniform(0.12, 0.2)) * (0.4 + 0.6 * task.strength)
    pixels, mask = subject.pixels, np.zeros(subject.pixels.shape[:2], np.float32)
    for eye in EYES.values():
        lids = points[list(eye)]
        width = float(np.linalg.norm(lids[3] - lids[0]))
        height = float(np.linalg.norm(lids[[1, 2]] - lids[[5, 4]], axis=1).mean())
        if height < max(0.12 * width, 2.0) or width < 6:
            continue
        across = (lids[3] - lids[0]) / width
        direction = np.array([np.cos(angle), np.sin(angle) * height / width], np.float32)
        move = (across * direction[0] + np.array([-across[1], across[0]]) * direction[1]) * reach * width
        box = around(lids, 3.0, pixels.shape)
        share = soft_hull(lids, box, 0.0, max(0.06 * width, 1.5))
        window = sampled(pixels, _slide(pixels, lids, move.astype(np.float32), width, share, box), box)
        rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
        pixels = pixels.copy()
        pixels[rows, columns] = paste(pixels[rows, columns], window, share)
        mask[rows, columns] = np.maximum(mask[rows, columns], share)
    if not (mask > 0.25).any():
        raise CannotForge("the eyes are closed, hidden or too small")
    parameters = {"shift_eye_widths": reach, "direction_degrees": float(np.degrees(angle))}
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "gaze_shift", parameters=parameters)


def _slide(pixels: Pixels, lids: Field, move: Field, width: float, share: Field, box: Box) -> Field:
    """Where the pixels of an eye come from when its iris moves by ``move``: the iris whole, the white gives way."""
    grey = pixels[box.top : box.bottom, box.left : box.right].mean(axis=2)
    dark = np.clip(np.percentile(grey[share > 0.25], 45) - grey, 0, None) * share if (share > 0.25).any() else share
    columns, rows = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
    middle = lids.mean(axis=0)
    if dark.sum() > 0:
        found = np.array([(dark * columns).sum(), (dark * rows).sum()]) / dark.sum()
        middle = middle + np.clip(found - middle, -0.2 * width, 0.2 * width)
    aim = middle + move
    away = np.hypot(columns - aim[0], rows - aim[1]) / width
    weight = np.exp(-(np.clip(away - 0.16, 0, None) ** 2) / (2 * 0.16**2))
    return np.asarray(-weight[..., None] * move, np.float32)


def pose_warp(task: Task, rng: np.random.Generator) -> Forgery:
    """Turn the inner face a few degrees in depth inside a head that stays: a rotation of a simple relief, projected."""
    points = task.subject.landmarks
    unit = eye_distance(points)
    reach = 0.4 + 0.6 * task.strength
    yaw, pitch = (float(rng.choice([-1, 1]) * rng.uniform(5, 12)) * reach for _ in range(2))
    roll = float(rng.uniform(-3, 3)) * reach
    target = _turned(points, np.radians([yaw, pitch * 0.6, roll]))
    box, share, shift = _inner_face(task, target, float(rng.uniform(0.15, 0.4)) * unit)
    window, loss = _rendered(sampled(task.subject.pixels, shift, box), unit, task.strength, rng)
    pixels, mask = laid_in(task.subject, window, share, box)
    parameters = {"yaw_degrees": yaw, "pitch_degrees": pitch * 0.6, "roll_degrees": roll, "blur_sigma_px": loss}
    return Forgery(pixels, mask, ForgeryClass.REENACTMENT, "pose_warp", parameters=parameters)


def _turned(points: Field, angles: Field) -> Field:
    """Landmarks of the face after yaw, pitch and roll in radians, with the outline where it was.

    The relief stands on the plane of the outline: eyes a third of the eye distance above it, the nose's tip most.
    """
    unit, (down, side) = eye_distance(points), axes(points)
    height = np.zeros(68, np.float32)
    height[17:27], height[36:48], height[48:68] = 0.35, 0.3, 0.5
    height[27:31], height[31:36], height[6:11] = (0.45, 0.6, 0.75, 0.9), 0.6, 0.15
    yaw, pitch, roll = angles
    middle = points[27:31].mean(axis=0)
    inner = np.minimum(height / 0.3, 1.0)
    spoke = points - middle
    turn = np.stack([-spoke[:, 1], spoke[:, 0]], axis=1) * np.sin(roll)
    moved = np.outer(height * np.sin(yaw) * unit, side) + np.outer(height * np.sin(pitch) * unit, down)
    return np.asarray(points + moved + turn * inner[:, None], np.float32)


_FAMILY = (
    (reenact, False, "Mouth, brows or eyelids moved by their landmarks."),
    (expression_transfer, True, "Another person's expression drives the inner face, rendered anew."),
    (mouth_interior, True, "The mouth opened onto another person's teeth and oral cavity."),
    (lip_sync, False, "The lower half of the face rendered small with another mouth, as talking heads are."),
    (gaze_shift, False, "The irises moved between lids that stay."),
    (pose_warp, False, "The inner face turned a few degrees in depth inside a head that stays."),
)

OPERATORS = tuple(
    Operator(make.__name__, ForgeryClass.REENACTMENT, make, donor, summary, open_mouth=make is mouth_interior)
    for make, donor, summary in _FAMILY
)
