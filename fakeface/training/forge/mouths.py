"""Mouths: opened or closed by their landmarks, and filled with another mouth's inside or a drawn one."""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.concepts import eye_distance
from fakeface.faces import Box
from fakeface.training.forge.blending import paste
from fakeface.training.forge.shapes import around, axes, mouth_gap, sampled, shape_shift, soft_hull
from fakeface.training.forge.tones import matched
from fakeface.training.forge.values import CannotForge, Field, Pixels, Subject

__all__ = ["OPEN", "opened", "with_drawn_inside", "with_foreign_inside"]

OPEN = 0.09
"""From this gap between the inner lips on, in distances between the eyes, a mouth shows its inside."""


def opened(points: Field, amount: float, rounding: float = 0.25) -> Field:
    """Landmarks with the lower lip and the chin lowered (or raised) by ``amount`` pixels, the corners drawn in."""
    down, side = axes(points)
    target = points.copy()
    step = (down * amount).astype(np.float32)
    target[[55, 59]] += step * 0.75
    target[56:59] += step
    target[65:68] += step
    target[49:54] -= step * 0.08
    target[61:64] -= step * 0.08
    target[[48, 60]] += step * 0.3 + side * np.float32(abs(amount) * rounding)
    target[[54, 64]] += step * 0.3 - side * np.float32(abs(amount) * rounding)
    target[5:12] += step * np.array([[0.3], [0.55], [0.75], [0.8], [0.75], [0.55], [0.3]], np.float32)
    return target


def with_foreign_inside(window: Pixels, box: Box, target: Field, donor: Subject, share: float) -> Pixels:
    """The window with the inside of the donor's mouth laid in, brought to the lips and to the colours around them.

    Args:
        window: the subject's face with its lips moved, (height, width, 3).
        box: the window's place in the picture.
        target: (68, 2) landmarks with the lips where the window has them, in the picture's pixels.
        donor: a face with an open mouth.
        share: of the difference in colour that is taken away, 0..1.

    Raises:
        CannotForge: the donor's mouth is closed or not in its picture.
    """
    if mouth_gap(donor.landmarks) < OPEN:
        raise CannotForge("the donor's mouth is closed")
    lips = donor.landmarks[48:68]
    if (lips.min(axis=0) < 0).any() or (lips.max(axis=0) >= np.array(donor.pixels.shape[1::-1])).any():
        raise CannotForge("the donor's mouth is not in its picture")
    place, view = _mouth(target, box)
    warped = sampled(donor.pixels, shape_shift(target[48:68], lips, place), place)
    unit = eye_distance(target)
    near = soft_hull(target[48:60], place, 0.15 * unit, 1.0) > 0
    skin = near & ~(soft_hull(target[48:60], place, 0.03 * unit, 1.0) > 0)
    return _filled(window, view, matched(warped, window[view], skin, share), _inside(target, place))


def with_drawn_inside(window: Pixels, box: Box, target: Field, teeth: float) -> Pixels:
    """The window with a dark oral cavity in the colour of the lips and a row of upper teeth over ``teeth`` 0..1 of it.

    It has no texture: good enough only where it is re-rendered at a low resolution. Arguments as
    ``with_foreign_inside``.
    """
    place, view = _mouth(target, box)
    part, unit = window[view], eye_distance(target)
    lips = soft_hull(target[48:60], place, 0.0, 1.0) > 0.5
    colour = np.asarray(part[lips].mean(axis=0) if lips.any() else part.mean(axis=(0, 1)), np.float32)
    # Blood under thin skin: what is dark in a mouth keeps more red than it keeps light; a grey picture stays grey.
    deep = float(colour.mean()) * 0.22 + (colour - colour.mean()) * 0.3
    made = np.broadcast_to(np.clip(deep, 5, 255), part.shape).astype(np.float32)
    down, _ = axes(target)
    drop = (down * mouth_gap(target) * unit * teeth).astype(np.float32)
    row = np.concatenate([target[60:65], target[[63, 62, 61]] + drop])
    light = soft_hull(row, place, 0.0, max(0.03 * unit, 1.0), convex=False)[..., None]
    bright = float(colour.mean()) * 1.15 + (colour - colour.mean()) * 0.45
    made = made * (1 - light) + np.clip(bright, 0, 225) * light
    made[:] = cv2.GaussianBlur(made, (0, 0), max(0.015 * unit, 0.5))
    return _filled(window, view, np.clip(made, 0, 255).astype(np.uint8), _inside(target, place))


def _inside(points: Field, place: Box) -> Field:
    """The opening of the mouth, feathered over the edge of the lips: 0..1 over its place."""
    unit = eye_distance(points)
    return soft_hull(points[60:68], place, max(0.015 * unit, 1.0), max(0.04 * unit, 1.5), convex=False)


def _mouth(target: Field, box: Box) -> tuple[Box, tuple[slice, slice]]:
    """The part of a window that holds the mouth and the skin around it: in the picture, and as a view of the window."""
    origin = np.array([box.left, box.top], np.float32)
    part = around(target[48:68] - origin, 0.2 * eye_distance(target), (box.height, box.width))
    place = Box(part.left + box.left, part.top + box.top, part.right + box.left, part.bottom + box.top)
    return place, (slice(part.top, part.bottom), slice(part.left, part.right))


def _filled(window: Pixels, view: tuple[slice, slice], inside: Pixels, share: Field) -> Pixels:
    filled = window.copy()
    filled[view] = paste(window[view], inside, share)
    return filled
