"""What a made film shows before anybody forges it: persons before a background, seen by a moving camera.

Every pixel of a person is fetched once from the still picture, through the camera's, the head's and the face's motion
together, so that no place is smoother than another because it moved more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fakeface.concepts import forehead_points
from fakeface.faces import Box
from fakeface.training.forge.canvas import cloud, mixed
from fakeface.training.forge.film_motion import Expression, Expressions, Lens, Sway
from fakeface.training.forge.shapes import around, moved_shift, transformed
from fakeface.training.forge.steps import Noise, Step
from fakeface.training.forge.values import CannotForge, Field, Pixels, Subject

__all__ = ["Actor", "Backdrop", "SceneView", "drawn_backdrop", "expressed"]

FEATHER = 0.05
"""Width of the soft edge of a person's picture, in shares of its shorter side: outside of what is examined of a face,
because the edge of a picture laid over another is what a forgery looks like."""

PARALLAX = 0.6
"""How much of the camera's motion a distant background shows."""

MARGIN = 0.15
"""How far the background goes on beyond the film's frame, in shares of its sides."""


def _still(subject: Subject) -> Field:
    """Points that no expression moves: the forehead and the frame of the picture."""
    height, width = subject.pixels.shape[:2]
    ring = np.array([(x, y) for x in (0, 0.33, 0.67, 1) for y in (0, 0.33, 0.67, 1) if {x, y} & {0, 1}], np.float32)
    frame = ring * np.array([width - 1, height - 1], np.float32)
    return np.concatenate([forehead_points(subject.landmarks), frame]).astype(np.float32)


def _shift(subject: Subject, target: Field) -> Field:
    height, width = subject.pixels.shape[:2]
    return moved_shift(subject.landmarks, target, _still(subject), Box(0, 0, width, height))


def expressed(subject: Subject, expression: Expression) -> Subject:
    """A still picture of a face with an expression added; the picture's frame stays."""
    target = expression.applied(subject.landmarks)
    height, width = subject.pixels.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    return Subject(_fetched(subject.pixels, grid + _shift(subject, target)), target)


def _fetched(pixels: Pixels, places: Field) -> Pixels:
    places = np.ascontiguousarray(places, np.float32)
    found = cv2.remap(pixels, places[..., 0], places[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(found, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Actor:
    """One person in a film.

    Args:
        subject: still picture with its landmarks.
        place: (2, 3) from the picture to the film's frame where nothing moves.
        sway: of the head with its picture; its length is the picture's height.
        expressions: of the face.
    """

    subject: Subject
    place: Field
    sway: Sway
    expressions: Expressions

    def posed(self, seconds: float, camera: Field) -> tuple[Field, Field]:
        """(68, 2) landmarks in the still picture, and the (2, 3) matrix from there to the frame, at a time."""
        height, width = self.subject.pixels.shape[:2]
        own = self.sway.at(seconds, (width / 2, height / 2), height)
        target = self.expressions.at(seconds).applied(self.subject.landmarks)
        return target, _after(camera, _after(self.place, own))

    def drawn(self, frame: Field, target: Field, matrix: Field) -> None:
        """Draw the person into a (height, width, 3) float32 frame; nothing where it is out of the frame."""
        height, width = self.subject.pixels.shape[:2]
        corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float32)
        try:
            box = around(transformed(corners, matrix), 1, frame.shape)
        except CannotForge:
            return
        grid = np.stack(np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom)), axis=-1)
        inverse = cv2.invertAffineTransform(matrix)
        places = np.asarray(grid @ inverse[:, :2].T + inverse[:, 2], np.float32)
        x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
        shift = cv2.remap(_shift(self.subject, target), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        person = _fetched(self.subject.pixels, places + shift)
        share = cv2.remap(_edge(height, width), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        view = frame[box.top : box.bottom, box.left : box.right]
        view[:] = mixed(view, person.astype(np.float32), np.asarray(share, np.float32))


def _edge(height: int, width: int) -> Field:
    """1 inside the picture, falling smoothly to 0 at its edge."""
    reach = FEATHER * min(height, width)
    down, right = (np.minimum(np.arange(side), np.arange(side)[::-1]) / reach for side in (height, width))
    share = np.minimum(np.clip(down, 0, 1)[:, None], np.clip(right, 0, 1)[None, :])
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def _after(outer: Field, inner: Field) -> Field:
    """The (2, 3) matrix that applies ``inner`` and then ``outer``."""
    turned = outer[:, :2] @ inner[:, :2]
    return np.column_stack([turned, outer[:, :2] @ inner[:, 2] + outer[:, 2]]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A wall behind the persons: float32 pixels larger than the frame by ``MARGIN`` on each side."""

    pixels: Field

    def seen(self, height: int, width: int, camera: Field) -> Field:
        """(height, width, 3) float32: what the camera shows of it."""
        rest = np.eye(2, 3, dtype=np.float32)
        rows, columns = self.pixels.shape[:2]
        rest[:, 2] = (columns - width) / 2, (rows - height) / 2
        still = np.eye(2, 3, dtype=np.float32)
        moved = _after(rest, cv2.invertAffineTransform(still + PARALLAX * (camera - still)).astype(np.float32))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        shown = cv2.warpAffine(self.pixels, moved, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(shown, np.float32)


def drawn_backdrop(rng: np.random.Generator, colours: Pixels, height: int, width: int) -> Backdrop:
    """A wall in the colours of a picture: blurred until nothing of it is left, with clouds and a few soft panels."""
    rows, columns = round(height * (1 + 2 * MARGIN)), round(width * (1 + 2 * MARGIN))
    small = cv2.resize(colours, (6, 4), interpolation=cv2.INTER_AREA)
    wall = cv2.resize(small, (columns, rows), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    for _ in range(int(rng.integers(3, 7))):
        left, top = int(rng.integers(0, columns)), int(rng.integers(0, rows))
        right, bottom = left + int(rng.integers(20, columns // 2)), top + int(rng.integers(20, rows // 2))
        wall[top:bottom, left:right] += np.float32(rng.uniform(-30, 30))
    wall = np.asarray(cv2.GaussianBlur(wall, (0, 0), float(rng.uniform(1.0, 4.0))), np.float32)
    wall += 6 * cloud((rows, columns), 12, rng)[..., None] + 2 * cloud((rows, columns), 90, rng)[..., None]
    return Backdrop(np.clip(wall, 0, 255))


@dataclass(frozen=True, slots=True, eq=False)
class SceneView:
    """A film's scene through its camera.

    Args:
        height, width: of the frame, pixels.
        backdrop: behind the persons.
        actors: from the first drawn to the last.
        camera: its motion; its length is the frame's height.
        lens: its focus and exposure.
        noise: of its sensor, with the seed of frame 0.
        developed: what the camera does to every frame afterwards.
    """

    height: int
    width: int
    backdrop: Backdrop
    actors: Sequence[Actor]
    camera: Sway
    lens: Lens
    noise: Noise
    developed: Sequence[Step] = ()

    def shot(self, number: int, seconds: float) -> tuple[Pixels, tuple[Field, ...]]:
        """Frame ``number`` at its time, and each person's (68, 2) landmarks in it."""
        camera = self.camera.at(seconds, (self.width / 2, self.height / 2), self.height)
        frame = self.backdrop.seen(self.height, self.width, camera)
        landmarks = []
        for actor in self.actors:
            target, matrix = actor.posed(seconds, camera)
            actor.drawn(frame, target, matrix)
            landmarks.append(transformed(target, matrix))
        grain = Noise(self.noise.sigma, self.noise.seed + number, self.noise.photon, self.noise.grain)
        seen = self.lens.seen(frame, seconds)
        picture = grain.apply(np.clip(np.round(seen), 0, 255).astype(np.uint8))
        for step in self.developed:
            picture = step.apply(picture)
        return picture, tuple(landmarks)
