"""The forgery studio: real faces in, pairs of a real and a forged picture out, number by number.

A network learns whatever separates real from forged, so both pictures of a pair share everything but the forgery: face
scale, resampling kernel, colour, noise and compression. Given fakes have no original; they are paired with a real
picture from the matching source whose face has the same size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import mirror_landmarks
from fakeface.errors import SettingsError
from fakeface.faces import face_square
from fakeface.training.forge.likeness import Donors
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.postprocess import PostProcess, draw_film, draw_phone, draw_postprocess, draw_softness
from fakeface.training.forge.recipe import GIVEN, Recipe, load_recipe
from fakeface.training.forge.values import CannotForge, Field, Pixels, Subject, Task
from fakeface.training.manifest import FaceRow
from fakeface.training.reading import read_pixels

__all__ = ["PicturePair", "PictureVanished", "Studio"]

GIVEN_NEIGHBOURS = 24
"""A given fake's partner is drawn from so many real faces, the nearest in size."""

SAME_SIZE = 0.04
"""Sizes whose logarithms differ by less count as the same, so that neither face needs resampling."""

PARTNERS = {"stylegan1": "ffhq", "gan_swap_poisson": "openforensics_real"}
"""Source of real pictures made like those of a source of fakes."""

SURROUNDINGS = 2.0
"""Side of the picture that is cut out around a face, in sides of the face."""

SCALE_KERNELS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)


class PictureVanished(SettingsError):
    """A prepared picture is no longer there, or no longer readable."""


@dataclass(frozen=True, slots=True, eq=False)
class PicturePair:
    """A real and a forged picture, both with the same post-processing.

    Args:
        real, fake: with their landmarks. The same geometry, except for given fakes.
        mask: (height, width) float32 0..1, share of foreign pixels; ``None`` where the whole face is foreign or where
            it is not known (``known``).
        known: whether the mask is truth; false for given fakes.
        forgery: class of the fake.
        operator: what made it, or ``given``.
        parameters: drawn for it, ``strength`` among them.
        processing: what happened to both pictures afterwards, in words.
        row: the real face.
        other: the donor's row, or the given fake's; ``None`` where only one face took part.
    """

    real: Subject
    fake: Subject
    mask: Field | None
    known: bool
    forgery: ForgeryClass
    operator: str
    parameters: Mapping[str, str | float | bool]
    processing: str
    row: FaceRow
    other: FaceRow | None


class Studio:
    """Makes pair number ``index`` of an endless, seeded sequence: the same index gives the same pixels.

    Args:
        rows: prepared faces of one split.
        root: folder that their paths are relative to.
        seed: of the sequence.
        recipe: operators, strengths and shares; the shipped one where none is given.
        largest: longest side in pixels of a picture that is forged at its own resolution; a longer one is reduced to
            it beforehand.

    Raises:
        SettingsError: there is no real face.
    """

    def __init__(
        self, rows: Sequence[FaceRow], root: Path, seed: int, recipe: Recipe | None = None, largest: int | None = None
    ) -> None:
        self.root, self.seed, self.recipe, self.largest = root, seed, recipe or load_recipe(), largest
        self.reals = [row for row in rows if row.label == "real"]
        self.fakes = [row for row in rows if row.label == "fake"]
        if not self.reals:
            raise SettingsError("the manifest has no real face to make pairs from")
        self._donors = Donors(self.reals)
        self._synthetic = Donors([row for row in self.fakes if row.forgery == ForgeryClass.WHOLE_FACE_SYNTHESIS])
        self._sides = np.array([_side(row) for row in self.reals])
        self._fakes_by_source: dict[str, list[FaceRow]] = {}
        for row in self.fakes:
            self._fakes_by_source.setdefault(row.source, []).append(row)
        self.fake_sources = sorted(self._fakes_by_source)
        self._by_source: dict[str, list[int]] = {}
        for index, row in enumerate(self.reals):
            self._by_source.setdefault(row.source, []).append(index)

    def generator(self, index: int) -> np.random.Generator:
        """The random numbers of pair number ``index``."""
        return np.random.default_rng((self.seed, index))

    def pair(self, rng: np.random.Generator) -> PicturePair:
        """One pair, drawn by the recipe."""
        operator = self.recipe.draw(rng)
        if operator != GIVEN:
            return self.forged(int(rng.integers(len(self.reals))), operator, rng)
        if not self.fakes:
            return self.forged(int(rng.integers(len(self.reals))), "self_blend", rng)
        of_source = self._fakes_by_source[self.fake_sources[int(rng.integers(len(self.fake_sources)))]]
        return self.given(of_source[int(rng.integers(len(of_source)))], rng)

    def forged(
        self, real: int, name: str, rng: np.random.Generator, *, instead: str | None = "self_blend"
    ) -> PicturePair:
        """Real face number ``real``, forged by the operator of this name, or by ``instead`` where that one cannot.

        Raises:
            CannotForge: it cannot, and ``instead`` is ``None``.
            PictureVanished: a picture cannot be read.
        """
        operator, row, other = OPERATORS[name], self.reals[real], None
        native = bool(rng.random() < self.recipe.native_share)
        mirrored = bool(rng.random() < 0.5)
        donor, subject = None, self.load(row, rng, None if native else self._drawn_side(rng), mirrored, free=True)
        if operator.donor:
            other = self.donor_for(real, rng, operator.open_mouth)
            donor = self.load(other, rng, self._drawn_side(rng), mirrored)
        strength = self.recipe.strength(name, rng)
        task = Task(subject, donor, strength)
        try:
            forgery = operator.make(task, rng)
        except CannotForge:
            if instead is None:
                raise
            forgery = OPERATORS[instead].make(task, rng)
        post = self._drawn_processing(rng)
        original = subject.pixels if forgery.original is None else forgery.original
        return PicturePair(
            Subject(post.apply(original), subject.landmarks),
            Subject(post.apply(forgery.pixels), subject.landmarks),
            forgery.mask,
            True,
            forgery.forgery,
            forgery.operator,
            {"strength": round(strength, 4), **forgery.parameters},
            str(post),
            row,
            other,
        )

    def given(self, fake: FaceRow, rng: np.random.Generator) -> PicturePair:
        """A given fake beside the real face of the matching source whose size in the frame is nearest.

        The nearest in size, because both then keep their own resolution: resampling destroys a generator's traces, and
        different resampling of the two would give the answer away.
        """
        candidates = np.asarray(self._by_source.get(PARTNERS.get(fake.source, "")) or range(len(self.reals)))
        apart = np.abs(np.log(self._sides[candidates] / _side(fake)))
        nearest = np.argsort(apart, kind="stable")[:GIVEN_NEIGHBOURS]
        chosen = int(nearest[int(rng.integers(len(nearest)))])
        row = self.reals[int(candidates[chosen])]
        native = apart[chosen] < SAME_SIZE and rng.random() < self.recipe.native_share
        side = None if native else self._drawn_side(rng)
        mirrored = bool(rng.random() < 0.5)
        real, foreign = self.load(row, rng, side, mirrored), self.load(fake, rng, side, mirrored)
        post = self._drawn_processing(rng)
        return PicturePair(
            Subject(post.apply(real.pixels), real.landmarks),
            Subject(post.apply(foreign.pixels), foreign.landmarks),
            None,
            False,
            ForgeryClass(fake.forgery),
            GIVEN,
            {},
            str(post),
            row,
            fake,
        )

    def _drawn_processing(self, rng: np.random.Generator) -> PostProcess:
        def happens(share: float) -> bool:
            return share > 0 and bool(rng.random() < share)

        soft = (draw_softness(rng),) if happens(self.recipe.softness) else ()
        phone = draw_phone(rng) if happens(self.recipe.phone) else ()
        steps = (*soft, *phone, *draw_postprocess(rng, self.recipe.processing).steps)
        return PostProcess((*steps, draw_film(rng)) if happens(self.recipe.film) else steps)

    def _drawn_side(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(*self.recipe.target_sides))

    def donor_for(self, real: int, rng: np.random.Generator, open_mouth: bool) -> FaceRow:
        """A face of another picture than real face number ``real``, near in landmarks and skin.

        It is a synthetic one as often as the recipe says, where the data set has any.

        Args:
            real: number of the face that it is for.
            rng: draws among the faces.
            open_mouth: whether its mouth must be open, as far as any is.

        Raises:
            SettingsError: there is no second face.
        """
        face = self.reals[real]
        if self.recipe.synthetic_donors and self._synthetic.rows and rng.random() < self.recipe.synthetic_donors:
            return self._synthetic.near(face, rng, open_mouth=open_mouth)
        return self._donors.near(face, rng, open_mouth=open_mouth, own=real)

    def load(
        self, row: FaceRow, rng: np.random.Generator, side: float | None, mirrored: bool, free: bool = False
    ) -> Subject:
        """A face with its surroundings.

        Args:
            row: of the face.
            rng: draws the kernel.
            side: of the examined square that the picture is resampled to, pixels; ``None``: at its own resolution, or
                reduced to the studio's ``largest`` side.
            mirrored: whether left and right are exchanged; both faces of a pair alike, so that their poses stay near.
            free: whether the factor is kept within what leaves a picture natural.

        Raises:
            PictureVanished: the picture cannot be read.
        """
        pixels = read_pixels(self.root / row.path)
        if pixels is None:
            raise PictureVanished(f"cannot read {row.path}")
        points = row.points()
        square = face_square(points, widening=SURROUNDINGS)
        left, top = max(square.left, 0), max(square.top, 0)
        cut = pixels[top : max(square.bottom, top + 1), left : max(square.right, left + 1)]
        points = points - np.array([left, top], np.float32)
        if side is not None:
            factor = side / (square.width * 0.75)
            factor = float(np.clip(factor, 0.35, 1.6)) if free else factor
            size = (max(round(cut.shape[1] * factor), 16), max(round(cut.shape[0] * factor), 16))
            kernel = cv2.INTER_AREA if factor < 1 and rng.random() < 0.5 else int(rng.choice(SCALE_KERNELS))
            cut, points = _resized(cut, points, size, kernel)
        elif self.largest is not None and max(cut.shape[:2]) > self.largest:
            factor = self.largest / max(cut.shape[:2])
            cut, points = _resized(cut, points, (round(cut.shape[1] * factor), round(cut.shape[0] * factor)))
        if mirrored:
            cut, points = np.ascontiguousarray(cut[:, ::-1]), mirror_landmarks(points, cut.shape[1])
        return Subject(np.ascontiguousarray(cut), points.astype(np.float32))


def _resized(
    pixels: Pixels, points: Field, size: tuple[int, int], kernel: int = cv2.INTER_AREA
) -> tuple[Pixels, Field]:
    scale = np.array([size[0] / pixels.shape[1], size[1] / pixels.shape[0]], np.float32)
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), np.uint8), points * scale


def _side(row: FaceRow) -> float:
    return float(face_square(row.points(), widening=SURROUNDINGS).width)
