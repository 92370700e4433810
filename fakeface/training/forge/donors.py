"""The donor's face, rendered as swap tools render it and laid over the subject's face by its landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, forehead_points, mirror_landmarks
from fakeface.faces import face_square
from fakeface.training.forge.blending import paste
from fakeface.training.forge.masks import face_mask, filled
from fakeface.training.forge.transfer import as_grey_as, as_soft_as
from fakeface.training.forge.values import CannotForge, Field, Forgery, Pixels, Subject, Task
from fakeface.training.forge.warps import kernel

__all__ = ["Scene", "fitted", "laid_over", "scene", "shifts"]

RENDERED = (64, 96, 112, 128, 160, 192, 224, 256)
"""Sides of the face square that swap tools compute, in pixels."""

COARSEST = 0.45
"""A face is never enlarged from less than this share of its side: a careful forger would not leave that in."""

LIMITED = 0.5
"""Share of donors that pass through a tool's small face."""

MATCHED = 0.8
"""Share of donors that are blurred to the picture's own sharpness."""

SURROUNDINGS = 1.9
"""Side of the window that is worked on, in extents of the landmarks."""

FRAME = 1.2
"""Half side of the resting frame in extents of the landmarks: outside the window."""

SHRINKING = (1.0, 0.7, 0.4)
"""How far features are put onto the subject's landmarks: less where the mesh would fold."""

APART = 0.35
"""Landmarks may lie so far from their places, in eye distances (mean): beyond, pose and features do not fit."""

FOLD = 0.15
"""A warp folds where an area shrinks below this share of what the similarity makes of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a swap works on: the window around the subject's face, and the donor at the resolution of its rendering.

    Args:
        whole: the subject's whole picture.
        subject: the window, landmarks in its pixels.
        donor: a window around the donor's face.
        corner: left and top of the window in the whole picture.
        opacity: of what is laid in, 0..1.
        soften: whether a donor sharper than the picture is blurred to its sharpness.
        drawn: parameters drawn so far.
    """

    whole: Pixels
    subject: Subject
    donor: Subject
    corner: tuple[int, int]
    opacity: float
    soften: bool
    drawn: Mapping[str, str | float | bool]

    @property
    def unit(self) -> float:
        """Distance between the subject's eyes in pixels."""
        return eye_distance(self.subject.landmarks)

    def finished(self, operator: str, laid: Pixels, alpha: Field, **drawn: str | float | bool) -> Forgery:
        """The forged picture: ``laid`` over the window by ``alpha`` and the opacity, the rest exactly as it was.

        Raises:
            CannotForge: next to nothing of the donor is to be seen.
        """
        share = np.where(alpha < 0.004, 0, np.clip(alpha, 0, 1) * self.opacity).astype(np.float32)
        if share.max(initial=0) < 0.3:
            raise CannotForge("too little of the donor's face lies over the subject's")
        (left, top), (height, width) = self.corner, share.shape
        place = (slice(top, top + height), slice(left, left + width))
        pixels, mask = self.whole.copy(), np.zeros(self.whole.shape[:2], np.float32)
        pixels[place], mask[place] = paste(self.subject.pixels, laid, share), share
        return Forgery(pixels, mask, ForgeryClass.IDENTITY_SWAP, operator, parameters={**self.drawn, **drawn})


def scene(task: Task, rng: np.random.Generator) -> Scene:
    """Cut both faces out and render the donor's, maybe at a tool's small size.

    Raises:
        CannotForge: one of the faces lies outside its picture.
        SettingsError: there is no donor.
    """
    subject, corner = _window(task.subject)
    donor, _ = _window(_turned_as(task.needed_donor, subject.landmarks))
    wanted = face_square(subject.landmarks).width
    sides = [side for side in RENDERED if COARSEST * wanted <= side < wanted]
    limited = bool(rng.random() < LIMITED)
    chosen = sides[int(rng.integers(len(sides)))] if sides and limited else wanted
    donor = _rendered(Subject(as_grey_as(donor.pixels, subject.pixels), donor.landmarks), chosen)
    opacity = 1 - (1 - task.strength) * float(rng.uniform(0, 0.4))
    drawn = {"render_side_px": float(face_square(donor.landmarks).width), "opacity": round(opacity, 4)}
    soften = bool(rng.random() < MATCHED)
    drawn = {**drawn, "sharpness_matched": soften}
    return Scene(task.subject.pixels, subject, donor, corner, opacity, soften, drawn)


def _window(face: Subject) -> tuple[Subject, tuple[int, int]]:
    width = face.pixels.shape[1]
    square = face_square(face.landmarks, widening=SURROUNDINGS)
    left, top, right, bottom = max(square.left, 0), max(square.top, 0), min(square.right, width), square.bottom
    cut = face.pixels[top : max(bottom, 0), left : max(right, 0)]
    if min(cut.shape[:2]) < 16:
        raise CannotForge("the face lies outside the picture")
    return Subject(np.ascontiguousarray(cut), face.landmarks - np.array([left, top], np.float32)), (left, top)


def _turned_as(donor: Subject, landmarks: Field) -> Subject:
    """The donor or its mirror image, whichever looks the subject's way."""
    flipped = Subject(
        np.ascontiguousarray(donor.pixels[:, ::-1]), mirror_landmarks(donor.landmarks, donor.pixels.shape[1])
    )
    return min(
        (donor, flipped), key=lambda one: _misfit(landmarks, one.landmarks, _similarity(landmarks, one.landmarks))
    )


def _similarity(points: Field, places: Field) -> NDArray[np.float64] | None:
    matrix = cv2.estimateAffinePartial2D(points, places, method=cv2.LMEDS)[0]
    return None if matrix is None else np.asarray(matrix, np.float64)


def _misfit(points: Field, places: Field, matrix: NDArray[np.floating] | None) -> float:
    """Mean distance of the points from their places after the matrix, in the places' eye distances."""
    if matrix is None:
        return float("inf")
    apart = np.linalg.norm(places - points @ matrix[:, :2].T - matrix[:, 2], axis=1)
    return float(apart.mean()) / eye_distance(places)


def _rendered(donor: Subject, side: int) -> Subject:
    """The donor reduced so that its face square has at most this side (it is never enlarged here)."""
    height, width = donor.pixels.shape[:2]
    factor = side / face_square(donor.landmarks).width
    if factor >= 1:
        return donor
    size = (max(round(width * factor), 8), max(round(height * factor), 8))
    scales = np.array([size[0] / width, size[1] / height], np.float32)
    points = (donor.landmarks + 0.5) * scales - 0.5
    reduced = cv2.resize(donor.pixels, size, interpolation=cv2.INTER_AREA)
    return Subject(np.asarray(reduced, np.uint8), points.astype(np.float32))


def fitted(stage: Scene, affine: bool, inner: bool = True) -> Field:
    """The (2, 3) matrix from the subject's window to the donor's: similarity or affine, by inner or all landmarks.

    Raises:
        CannotForge: there is none.
    """
    chosen = slice(17 if inner else 0, 68)
    estimate = cv2.estimateAffine2D if affine else cv2.estimateAffinePartial2D
    found, _ = estimate(stage.subject.landmarks[chosen], stage.donor.landmarks[chosen], method=cv2.LMEDS)
    matrix = np.zeros((2, 3), np.float32) if found is None else np.asarray(found, np.float32)
    if not 1e-4 < float(np.linalg.det(matrix[:, :2])) < 1e4:
        raise CannotForge("the donor's landmarks cannot be laid over the subject's")
    if _misfit(stage.subject.landmarks, stage.donor.landmarks, matrix) > APART:
        raise CannotForge("the donor's face is turned too differently")
    return matrix


def shifts(stage: Scene, matrix: Field) -> tuple[Field, Field]:
    """What the matrix leaves over at the subject's landmarks, in donor pixels, with the forehead and a resting frame.

    Returns:
        points (90, 2) of the subject's window and shifts (90, 2); the twelve last points rest.
    """
    points = stage.subject.landmarks
    left = stage.donor.landmarks - (points @ matrix[:, :2].T + matrix[:, 2])
    low, high = points.min(axis=0), points.max(axis=0)
    centre, reach = (low + high) / 2, float((high - low).max()) * FRAME
    steps = np.array([-1.0, -0.34, 0.34, 1.0])
    frame = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    frame = centre + reach * frame[np.abs(frame).max(axis=1) == 1]
    places = np.concatenate([points, forehead_points(points, 0.6), frame])
    return places.astype(np.float32), np.concatenate([left, left[17:27], np.zeros((12, 2))]).astype(np.float32)


def laid_over(
    stage: Scene, matrix: Field, rng: np.random.Generator, shift: Field | None = None
) -> tuple[Pixels, Field]:
    """The donor's face in the subject's window, and the hard mask of what is exchanged.

    Args:
        stage: both faces.
        matrix: from the subject's window to the donor's.
        rng: draws interpolation and the mask's shape.
        shift: (height, width, 2) donor pixels added to what the matrix says; less of it where it would fold.

    Raises:
        CannotForge: the warp folds all the same.
    """
    height, width = stage.subject.pixels.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    places = np.asarray(grid @ matrix[:, :2].T + matrix[:, 2], np.float32)
    hard = face_mask(stage.subject, rng)
    if shift is not None:
        places = _unfolded(places, shift, hard, float(np.linalg.det(matrix[:, :2])))
    theirs = np.concatenate([stage.donor.landmarks, forehead_points(stage.donor.landmarks, 0.5)])
    face = filled(theirs, stage.donor.pixels.shape)
    shown = cv2.remap(face, places[..., 0], places[..., 1], cv2.INTER_LINEAR) > 0.5
    laid = cv2.remap(stage.donor.pixels, places[..., 0], places[..., 1], kernel(rng), borderMode=cv2.BORDER_REFLECT_101)
    hard *= shown
    if stage.soften:
        laid = as_soft_as(np.asarray(laid, np.uint8), stage.subject.pixels, hard > 0.5)[0]
    return np.asarray(laid, np.uint8), hard


def _unfolded(places: Field, shift: Field, hard: Field, area: float) -> Field:
    step = 3
    for share in SHRINKING:
        moved = places + np.float32(share) * shift
        coarse = moved[::step, ::step] / step
        down, right = (np.gradient(coarse, axis=axis) for axis in (0, 1))
        determinant = right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]
        if (determinant[hard[::step, ::step] > 0.5] > FOLD * area).all():
            return moved
    raise CannotForge("the donor's face is turned too differently")
