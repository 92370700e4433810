"""How camera, heads and faces move in a made film: smooth functions of time, the same for the same seed.

All motion is analytic in time, so that a frame can be made alone and at any rate. Lengths are shares of the picture's
height, or distances between the eyes of the face that moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fakeface.concepts import eye_distance
from fakeface.training.forge.mouths import OPEN, opened
from fakeface.training.forge.shapes import axes, mouth_gap
from fakeface.training.forge.values import Field

__all__ = ["Expression", "Expressions", "Lens", "Sway", "Wave", "drawn_expressions", "drawn_lens", "drawn_sway"]

SLOW, QUICK = (0.08, 0.5), (1.5, 4.0)
"""Hertz of deliberate motion, and of the unrest of a hand or a head."""

BLINK_SECONDS = (0.2, 0.35)
BETWEEN_BLINKS = (1.5, 4.5)
SHUTTING = 0.8
"""How far the lids close in a blink: 1 would fold the picture of the eye."""

SYLLABLES = (2.5, 4.5)
"""Hertz of a talking mouth."""

MOST_BLUR, EXPOSURE = 1.4, 0.08
"""Blur of a lens that has lost its focus, in pixels, and how far exposure drifts, as a logarithm."""

SHARP = 0.25
"""Less blur than this, in pixels, changes nothing."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A sum of sines, (amplitude, hertz, phase in radians) of each, around ``middle``."""

    parts: tuple[tuple[float, float, float], ...]
    middle: float = 0.0

    def at(self, seconds: float) -> float:
        """Its value at a time."""
        return self.middle + sum(
            size * math.sin(2 * math.pi * hertz * seconds + phase) for size, hertz, phase in self.parts
        )


@dataclass(frozen=True, slots=True)
class Sway:
    """Right, down (shares of a length), scale (logarithm) and turn (radians) over time."""

    right: Wave
    down: Wave
    scale: Wave
    turn: Wave

    def at(self, seconds: float, centre: tuple[float, float], length: float) -> Field:
        """The (2, 3) similarity at a time, in pixels.

        Args:
            seconds: the time.
            centre: of scaling and turning, pixels.
            length: what right and down are shares of, pixels.
        """
        scale, turn = math.exp(self.scale.at(seconds)), self.turn.at(seconds)
        cosine, sine = scale * math.cos(turn), scale * math.sin(turn)
        x, y = centre
        return np.array(
            [
                [cosine, -sine, x - cosine * x + sine * y + self.right.at(seconds) * length],
                [sine, cosine, y - sine * x - cosine * y + self.down.at(seconds) * length],
            ],
            np.float32,
        )


@dataclass(frozen=True, slots=True)
class Lens:
    """Focus and exposure of a camera that corrects both all the time: what a real face's sharpness changes by.

    Args:
        blur: deviation of the blur in pixels; below 0 there is none.
        light: logarithm of the exposure.
    """

    blur: Wave
    light: Wave

    def seen(self, frame: Field, seconds: float) -> Field:
        """(height, width, 3) float32 0..255 as the lens shows it at a time."""
        sigma, gain = self.blur.at(seconds), math.exp(self.light.at(seconds))
        exposed = np.clip(frame * np.float32(gain), 0, 255)
        return np.asarray(exposed if sigma < SHARP else cv2.GaussianBlur(exposed, (0, 0), sigma), np.float32)


@dataclass(frozen=True, slots=True)
class Expression:
    """One moment of a face: how far the lids are shut (0..1), mouth and brows are moved (eye distances)."""

    shut: float
    mouth: float
    brows: float

    def applied(self, points: Field) -> Field:
        """(68, 2) landmarks of a face with this expression added to its own."""
        unit = eye_distance(points)
        down, _ = axes(points)
        target = opened(points, max(self.mouth, -0.8 * mouth_gap(points)) * unit, 0.1)
        target[17:27] -= np.float32(self.brows * unit) * down
        for upper, lower in (((37, 38), (41, 40)), ((43, 44), (47, 46))):
            target[list(upper)] += np.float32(self.shut) * (points[list(lower)] - points[list(upper)])
        return np.asarray(target, np.float32)


@dataclass(frozen=True, slots=True)
class Expressions:
    """A face over time.

    Args:
        blinks: (start, length) of each, seconds.
        mouth: how far the mouth opens beyond rest, eye distances.
        talking: how much of that is used, around 0.5.
        brows: how far they rise, eye distances.
    """

    blinks: tuple[tuple[float, float], ...]
    mouth: Wave
    talking: Wave
    brows: Wave

    def at(self, seconds: float) -> Expression:
        """The expression at a time."""
        phases = [(seconds - start) / length for start, length in self.blinks]
        shut = max((math.sin(math.pi * phase) for phase in phases if 0 < phase < 1), default=0.0)
        share = min(max(0.5 + self.talking.at(seconds), 0.0), 1.0)
        return Expression(SHUTTING * shut, share * self.mouth.at(seconds), self.brows.at(seconds))


def _wave(rng: np.random.Generator, size: float, band: tuple[float, float], parts: int = 2) -> Wave:
    return Wave(
        tuple((size / parts, float(rng.uniform(*band)), float(rng.uniform(0, 2 * math.pi))) for _ in range(parts))
    )


def _moving(rng: np.random.Generator, size: float, unrest: float) -> Wave:
    return Wave(_wave(rng, size, SLOW).parts + _wave(rng, unrest, QUICK).parts)


def drawn_sway(rng: np.random.Generator, reach: float = 1.0) -> Sway:
    """A camera in a hand, or a head that does not keep still; ``reach`` scales all of it."""
    return Sway(
        _moving(rng, 0.05 * reach, 0.004 * reach),
        _moving(rng, 0.03 * reach, 0.004 * reach),
        _moving(rng, 0.05 * reach, 0.001 * reach),
        _moving(rng, math.radians(2.5) * reach, math.radians(0.3) * reach),
    )


def drawn_lens(rng: np.random.Generator) -> Lens:
    """A lens that hunts for focus, some hardly and some a lot, and an exposure that follows the scene."""
    drift = float(rng.uniform(0, MOST_BLUR))
    blur = Wave(_wave(rng, drift, SLOW).parts, float(rng.uniform(-0.5, 0.5)) * drift)
    return Lens(blur, _wave(rng, float(rng.uniform(0, EXPOSURE)), SLOW))


def drawn_expressions(rng: np.random.Generator, points: Field, seconds: float) -> Expressions:
    """Blinks, talk and brows for a face with these landmarks over so many seconds."""
    blinks, at = [], float(rng.uniform(0.2, BETWEEN_BLINKS[1]))
    while at < seconds:
        blinks.append((at, float(rng.uniform(*BLINK_SECONDS))))
        at += float(rng.uniform(*BETWEEN_BLINKS))
    # A shut mouth has no inside that a warp could show.
    mouth = 0.07 if mouth_gap(points) > OPEN else 0.03
    return Expressions(
        tuple(blinks), _wave(rng, mouth, SYLLABLES, 3), _wave(rng, 0.5, SLOW), _wave(rng, 0.03, (0.1, 0.6))
    )
