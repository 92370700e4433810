"""What edits of appearance paint on: the surroundings of one face, cut out, with soft areas of its named parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import LeafMap, Reason, eye_distance, locate
from fakeface.concepts.tree import leaves_below
from fakeface.training.forge.values import FOREIGN, CannotForge, Field, Forgery, Pixels, Subject

__all__ = ["LEAST_SEEN", "Canvas", "cloud", "from_lab", "mixed", "scaled", "softly", "stroke", "to_lab"]

LEAST_SEEN = 9
"""A part with fewer pixels than this cannot be painted."""

LEAST_CHANGE = 2
"""Grey levels; what changes no pixel by more is no forgery."""

FAINT = 0.02
"""Shares below this are cut off, so that a mask ends where nothing is to be seen any more."""

GREY = 2.5
"""Mean distance between a pixel's channels, in grey levels, below which a picture has no colours."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """The part of a picture in which one face is edited.

    Args:
        subject: the whole picture.
        corner: x and y of the part's first pixel in the picture.
        pixels: (height, width, 3) uint8 RGB of the part.
        points: (68, 2) landmarks in pixels of the part.
        unit: distance between the eye centres in pixels.
        leaves: named parts of the whole picture.
    """

    subject: Subject
    corner: tuple[int, int]
    pixels: Pixels
    points: Field
    unit: float
    leaves: LeafMap

    @classmethod
    def of(cls, subject: Subject, around: float = 0.5, above: float = 1.1) -> Canvas:
        """Cut out a face.

        Args:
            subject: the picture with its face.
            around: margin beside and under the landmarks in distances between the eye centres.
            above: margin over the eyebrows, likewise.

        Raises:
            CannotForge: nothing of the face lies in the picture.
        """
        height, width = subject.pixels.shape[:2]
        unit = eye_distance(subject.landmarks)
        low = subject.landmarks.min(axis=0) - unit * np.array([around, above], np.float32)
        high = subject.landmarks.max(axis=0) + unit * around
        left, top = (int(value) for value in np.maximum(np.floor(low), 0))
        right, bottom = (int(value) for value in np.minimum(np.ceil(high) + 1, (width, height)))
        if right - left < 8 or bottom - top < 8:
            raise CannotForge("the face lies outside the picture")
        leaves = locate(subject.landmarks, height, width, subject.pixels)
        part = subject.pixels[top:bottom, left:right]
        return cls(subject, (left, top), part, subject.landmarks - np.array([left, top], np.float32), unit, leaves)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the part."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def is_grey(self) -> bool:
        """Whether the picture has no colours, so that none may be painted."""
        few = self.pixels[::4, ::4]
        return float((few.max(axis=2) - few.min(axis=2)).mean()) < GREY

    def where(self, *concepts: str) -> NDArray[np.bool_]:
        """(height, width) of the part: the pixels of these concepts together."""
        (left, top), (rows, columns) = self.corner, self.shape
        flags = np.zeros(256, bool)
        for name in concepts:
            flags[list(leaves_below(name))] = True
        return np.asarray(flags[self.leaves.labels[top : top + rows, left : left + columns]])

    def area(self, *concepts: str, grow: float = 0.0, feather: float = 0.03) -> Field:
        """Soft share 0..1 of these concepts; ``grow`` (may be negative) and ``feather`` in eye distances."""
        mask = self.where(*concepts).astype(np.float32)
        radius = round(abs(grow) * self.unit)
        if radius:
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
            mask = np.asarray(cv2.dilate(mask, disc) if grow > 0 else cv2.erode(mask, disc), np.float32)
        return softly(mask, feather * self.unit)

    def within(self) -> Field:
        """1, falling to 0 towards those edges of the part that lie inside the picture: edits end before them."""
        (left, top), (rows, columns) = self.corner, self.shape
        height, width = self.subject.pixels.shape[:2]
        above, below, before, after = int(top > 0), int(top + rows < height), int(left > 0), int(left + columns < width)
        inside = np.ones(self.shape, np.uint8)
        framed = cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_CONSTANT, value=0)
        if framed.all():
            return np.ones(self.shape, np.float32)
        away = cv2.distanceTransform(framed, cv2.DIST_L2, 3)[above : above + rows, before : before + columns]
        return np.asarray(np.clip(away / max(0.25 * self.unit, 2), 0, 1), np.float32)

    def seen(self, *leaves: str) -> tuple[str, ...]:
        """Which of these leaves can be painted: assessable, or only a little too small to be named in a report."""
        return tuple(
            name
            for name in leaves
            if self.leaves.reason(name) in (None, Reason.TOO_SMALL) and self.where(name).sum() >= LEAST_SEEN
        )

    def laid(self, changed: Pixels, mask: Field, name: str, parameters: Mapping[str, str | float | bool]) -> Forgery:
        """The forgery: the part as changed, which is already mixed by the mask's share, in the whole picture.

        Raises:
            CannotForge: no pixel changes visibly under the mask.
        """
        share = np.where(mask < FAINT, np.float32(0), np.clip(mask, 0, 1)).astype(np.float32)
        altered = np.where(share[..., None] > 0, changed, self.pixels)
        if cv2.absdiff(altered, self.pixels)[share > FOREIGN].max(initial=0) <= LEAST_CHANGE:
            raise CannotForge(f"{name} changes nothing that can be seen on this face")
        (left, top), (rows, columns) = self.corner, self.shape
        pixels = self.subject.pixels.copy()
        pixels[top : top + rows, left : left + columns] = altered
        whole = np.zeros(pixels.shape[:2], np.float32)
        whole[top : top + rows, left : left + columns] = share
        return Forgery(pixels, whole, ForgeryClass.EDITING, name, parameters=dict(parameters))


def scaled(strength: float, low: float, high: float) -> float:
    """The value between ``low`` at strength 0 and ``high`` at strength 1."""
    return low + (high - low) * strength


def softly(mask: Field, sigma: float) -> Field:
    """The mask with a soft edge of so many pixels (Gaussian), at least half a pixel."""
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.5)), np.float32)


def mixed(below: Field, above: Field, share: Field) -> Field:
    """Two float pictures (height, width, 3), mixed by a share (height, width)."""
    return np.asarray(below + (above - below) * share[..., None], np.float32)


def to_lab(pixels: Pixels) -> Field:
    """CIE L*a*b* (L 0..100) of uint8 RGB, without rounding."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def from_lab(lab: Field) -> Pixels:
    """uint8 RGB of CIE L*a*b*; colours that no screen shows are clipped."""
    bounded = lab.copy()
    np.clip(bounded[..., 0], 0, 100, out=bounded[..., 0])
    return np.clip(np.round(cv2.cvtColor(bounded, cv2.COLOR_LAB2RGB) * 255), 0, 255).astype(np.uint8)


def cloud(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> Field:
    """Smooth noise with about so many cells each way: (height, width), mean about 0, deviation about 1."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    fine = np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray((fine - fine.mean()) / max(float(fine.std()), 1e-3), np.float32)


def stroke(shape: tuple[int, int], line: Field, width: float, tapered: bool = True) -> Field:
    """A smooth line through the points, 0..1, anti-aliased; tapered towards its ends.

    Args:
        shape: rows and columns.
        line: (n, 2) x, y in pixels.
        width: in pixels; below one pixel the line fades instead.
        tapered: whether it fades out at both ends.
    """
    curve = _rounded(line)
    drawn = np.zeros(shape, np.uint8)
    corners = np.clip(np.rint(curve * 16), -(2**24), 2**24).astype(np.int32)
    full = 255 * min(width, 1.0)
    for index in range(len(corners) - 1):
        place = (index + 0.5) / (len(corners) - 1)
        level = full * float(np.sin(np.pi * place)) ** 0.6 if tapered else full
        start, end = (tuple(int(value) for value in corners[at]) for at in (index, index + 1))
        cv2.line(drawn, start, end, (level,), max(round(width), 1), cv2.LINE_AA, 4)
    return np.asarray(drawn.astype(np.float32) / 255, np.float32)


def _rounded(line: Field) -> Field:
    """Corners cut twice (Chaikin), both ends kept."""
    for _ in range(2):
        near, far = line[:-1] * 0.75 + line[1:] * 0.25, line[:-1] * 0.25 + line[1:] * 0.75
        cut = np.stack([near, far], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], cut, line[-1:]]).astype(np.float32)
    return line
