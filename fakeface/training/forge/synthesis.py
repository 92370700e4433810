"""Whole-face synthesis: the traces that a decoder leaves on every pixel.

``resynthesise`` imitates them by filters. The ``generate_*`` operators leave real ones: the picture goes through the
studio's own autoencoder, its latent drifts and takes in another person's face, and everything shown is the decoder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from torch import Tensor

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance
from fakeface.training.forge.autoencoder import VARIANTS, Generators, shipped_generators
from fakeface.training.forge.shapes import around, sampled, shape_shift, soft_hull
from fakeface.training.forge.tones import matched
from fakeface.training.forge.transfer import as_grey_as
from fakeface.training.forge.values import Field, Forgery, Operator, Pixels, Subject, Task

__all__ = ["OPERATORS", "generate", "resynthesise"]

COARSEST = max(stride for _, stride in VARIANTS.values())
"""Pictures are padded to multiples of this many pixels."""

BORDER = 4
"""Least padding in pixels, because a decoder is at its worst at the border of what it decodes."""


def resynthesise(task: Task, rng: np.random.Generator) -> Forgery:
    """Leave a decoder's traces on the whole picture: reduced, then enlarged by zero insertion or repetition."""
    subject = task.subject
    height, width = subject.pixels.shape[:2]
    reduction = factor = int(rng.choice([2, 2, 4]))
    small = cv2.resize(subject.pixels, (width // factor + 1, height // factor + 1), interpolation=cv2.INTER_AREA)
    grown = small.astype(np.float32)
    while factor > 1:
        grown = deconvolved(grown, rng, task.strength)
        factor //= 2
    detail = subject.pixels.astype(np.float32) - cv2.GaussianBlur(subject.pixels, (0, 0), 1.2)
    picture = grown[:height, :width]
    textured = bool(rng.random() < 0.7)
    if textured:
        texture = rng.normal(0, 1, (picture.shape[0] // 2 + 1, picture.shape[1] // 2 + 1, 3)).astype(np.float32)
        rough = cv2.resize(texture, (width, height), interpolation=cv2.INTER_CUBIC)
        strength = np.abs(cv2.GaussianBlur(np.abs(detail), (0, 0), 3))
        picture = picture + rough * strength * (rng.uniform(0.3, 0.9) * task.strength)
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    drawn: dict[str, str | float | bool] = {"reduction_factor": reduction, "textured": textured}
    return Forgery(pixels, None, ForgeryClass.WHOLE_FACE_SYNTHESIS, "resynthesise", parameters=drawn)


def deconvolved(picture: Field, rng: np.random.Generator, strength: float = 1.0) -> Field:
    """Twice the size as a decoder does it: zeros inserted or pixels repeated, then a short imperfect kernel."""
    height, width = picture.shape[:2]
    if rng.random() < 0.5:
        grown = np.zeros((height * 2, width * 2, 3), np.float32)
        grown[::2, ::2] = picture * 4
    else:
        grown = np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1).astype(np.float32)
    taps = np.array([1, 3, 3, 1], np.float32) + rng.normal(0, 0.25 * strength, 4).astype(np.float32)
    taps /= taps.sum()
    return np.asarray(cv2.sepFilter2D(grown, -1, taps, taps), np.float32)


@dataclass(frozen=True, slots=True)
class _Draw:
    """What one generation draws: deviations in those of the latent over real pictures, shares 0..1, pixels.

    Args:
        drift: of smooth changes of the latent, about so many of them across the picture (``cells``).
        grain: of changes of single latent places.
        share: of the donor in the face.
        left, top: padding, which decides where the decoder's grid lies.
    """

    drift: float
    cells: int
    grain: float
    share: float
    left: int
    top: int

    @classmethod
    def draw(cls, strength: float, rng: np.random.Generator) -> _Draw:
        drift, grain = strength * rng.uniform(0.05, 0.25), strength * rng.uniform(0.0, 0.15)
        share = strength * rng.uniform(0.4, 1.0) * (rng.random() < 0.8)
        cells = int(rng.integers(2, 9))
        left, top = (int(value) for value in rng.integers(BORDER, BORDER + COARSEST, 2))
        return cls(round(float(drift), 4), cells, round(float(grain), 4), round(float(share), 4), left, top)


def generate(task: Task, rng: np.random.Generator, variant: str) -> Forgery:
    """The whole picture out of a decoder, with another expression of its latent and features of the donor's face.

    Args:
        task: subject, strength, and the donor, without whom only the latent drifts.
        rng: draws the changes.
        variant: of the decoder, key of ``VARIANTS``.

    Raises:
        WeightsError: the generators' weights are missing.
        WeightsMismatch: they are others than those that are shipped.
    """
    network, draw = shipped_generators(), _Draw.draw(task.strength, rng)
    subject = task.subject
    height, width = subject.pixels.shape[:2]
    with torch.no_grad():
        latent = network.encode(_tensor(subject.pixels, draw), variant)
        if task.donor is not None and draw.share:
            laid, place = _aligned(task.donor, subject)
            foreign = network.encode(_tensor(laid, draw), variant)
            latent = torch.lerp(latent, foreign, draw.share * _reduced(place, draw, latent))
        latent = latent + _changes(network, variant, latent, draw, rng)
        size = [side * VARIANTS[variant][1] for side in latent.shape[2:]]
        noise = torch.from_numpy(rng.standard_normal((1, 1, *size), np.float32))
        made = network.decode(latent, variant, noise)[0].permute(1, 2, 0).numpy()
    made = made[draw.top : draw.top + height, draw.left : draw.left + width]
    pixels = np.clip(np.round((made + 1) * 127.5), 0, 255).astype(np.uint8)
    return Forgery(
        as_grey_as(pixels, subject.pixels),
        None,
        ForgeryClass.WHOLE_FACE_SYNTHESIS,
        f"generate_{variant}",
        parameters={
            "drift_deviations": draw.drift,
            "drift_cells": draw.cells,
            "grain_deviations": draw.grain,
            "donor_share": draw.share if task.donor is not None else 0.0,
            "grid_left_px": draw.left % COARSEST,
            "grid_top_px": draw.top % COARSEST,
        },
    )


def _tensor(pixels: Pixels, draw: _Draw) -> Tensor:
    """(1, 3, H, W) of -1..1, mirrored at the border up to full steps of the latent."""
    return torch.from_numpy(_padded(pixels, draw)).permute(2, 0, 1)[None].float() / 127.5 - 1


def _padded(picture: Pixels, draw: _Draw) -> Pixels:
    height, width = picture.shape[:2]
    bottom, right = (
        -(length + before + BORDER) % COARSEST + BORDER for length, before in ((height, draw.top), (width, draw.left))
    )
    return np.asarray(cv2.copyMakeBorder(picture, draw.top, bottom, draw.left, right, cv2.BORDER_REFLECT_101), np.uint8)


def _aligned(donor: Subject, subject: Subject) -> tuple[Pixels, Field]:
    """The subject's picture with the donor's features on the subject's, and 0..1 of where they belong."""
    unit = eye_distance(subject.landmarks)
    box = around(subject.landmarks, 0.3 * unit, subject.pixels.shape)
    window = sampled(donor.pixels, shape_shift(subject.landmarks, donor.landmarks, box), box, cv2.INTER_LINEAR)
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    inside = soft_hull(subject.landmarks, box, 0.05 * unit, 0.35 * unit)
    laid, place = subject.pixels.copy(), np.zeros(subject.pixels.shape[:2], np.float32)
    laid[rows, columns] = matched(as_grey_as(window, subject.pixels), subject.pixels[rows, columns], inside > 0.5)
    place[rows, columns] = inside
    return laid, place


def _reduced(place: Field, draw: _Draw, latent: Tensor) -> Tensor:
    """A plane of the picture at the latent's size."""
    padded = _padded((place * 255).astype(np.uint8), draw)
    height, width = latent.shape[2:]
    small = cv2.resize(padded, (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small)[None, None].float() / 255


def _changes(network: Generators, variant: str, latent: Tensor, draw: _Draw, rng: np.random.Generator) -> Tensor:
    """Smooth and single changes of the latent, its channels varying together as they do over real pictures."""
    channels, (height, width) = latent.shape[1], latent.shape[2:]
    coarse = rng.standard_normal((draw.cells, draw.cells, channels), np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    fine = rng.standard_normal((height, width, channels), np.float32)
    changes = torch.from_numpy(draw.drift * smooth + draw.grain * fine) @ network.spread(variant).T
    return changes.permute(2, 0, 1)[None]


def _generator(variant: str, summary: str) -> Operator:
    make = partial(generate, variant=variant)
    return Operator(f"generate_{variant}", ForgeryClass.WHOLE_FACE_SYNTHESIS, make, True, summary)


OPERATORS = (
    Operator(
        "resynthesise",
        ForgeryClass.WHOLE_FACE_SYNTHESIS,
        resynthesise,
        False,
        "Reduced and enlarged again as a decoder does it.",
    ),
    _generator("transposed", "Decoded by transposed convolutions, mixed with another face in the latent."),
    _generator("nearest", "Decoded by repetition, convolution, blur and noise, mixed with another face in the latent."),
    _generator("bilinear", "Decoded by bilinear enlargement and convolution, mixed with another face in the latent."),
    _generator("pixelshuffle", "Decoded by sub-pixel convolution, mixed with another face in the latent."),
)
