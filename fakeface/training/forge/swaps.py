"""Swaps as face-swap tools make them: each by its own warp, colour transfer and blending.

The donor's face is rendered at a tool's resolution and laid over the subject's landmarks (``donors``); a low strength
lays it in half transparent, as blend ratios do.
"""

from __future__ import annotations

import cv2
import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.training.forge.blending import guided, laplacian, poisson
from fakeface.training.forge.donors import fitted, laid_over, scene, shifts
from fakeface.training.forge.tones import reinhard
from fakeface.training.forge.transfer import covariance_matched, histogram_matched, relit
from fakeface.training.forge.values import CannotForge, Field, Forgery, Operator, Task
from fakeface.training.forge.warps import mesh_field, spline_field

__all__ = ["OPERATORS", "swap_laplacian", "swap_piecewise", "swap_poisson", "swap_tps"]


def _shrunk(mask: Field, radius: float) -> Field:
    side = 2 * round(radius) + 1
    if side < 3:
        return mask
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # What lies beyond the picture counts as outside, so that a face at its border fades there as well.
    return np.asarray(cv2.erode(mask, element, borderType=cv2.BORDER_CONSTANT, borderValue=(0,)), np.float32)


def _feathered(mask: Field, sigma: float) -> Field:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.6)), np.float32)


def swap_poisson(task: Task, rng: np.random.Generator) -> Forgery:
    """Clone the donor's gradients into the face: similarity or affine warp, Lab moments, Poisson solver.

    Raises:
        CannotForge: the faces cannot be laid over each other.
        SettingsError: there is no donor.
    """
    stage = scene(task, rng)
    affine, mixed = bool(rng.random() < 0.5), bool(rng.random() < 0.25)
    laid, hard = laid_over(stage, fitted(stage, affine), rng)
    area = _shrunk(hard, 1) > 0.5
    if area.sum() < 64:
        raise CannotForge("too little of the donor's face lies over the subject's")
    matched = reinhard(laid, stage.subject.pixels, area, rng)
    cloned = poisson(stage.subject.pixels, matched, area, mixed)
    sigma = stage.unit * float(rng.uniform(0.015, 0.06))
    alpha = _feathered(_shrunk(area.astype(np.float32), sigma), sigma)
    warp, mode = "affine" if affine else "similarity", "mixed" if mixed else "normal"
    return stage.finished("swap_poisson", cloned, alpha, warp=warp, gradients=mode, feather_sigma_px=round(sigma, 3))


def swap_laplacian(task: Task, rng: np.random.Generator) -> Forgery:
    """Blend the donor's face band by band: affine warp, Lab moments, Laplacian pyramid.

    Raises:
        CannotForge: the faces cannot be laid over each other.
        SettingsError: there is no donor.
    """
    stage = scene(task, rng)
    laid, hard = laid_over(stage, fitted(stage, affine=True, inner=bool(rng.random() < 0.6)), rng)
    matched = reinhard(laid, stage.subject.pixels, hard > 0.5, rng)
    deepest = max(2, round(float(np.log2(max(stage.unit / 4, 2)))))
    levels = int(rng.integers(max(deepest - 1, 1), deepest + 1))
    inner = _shrunk(hard, 0.35 * 2.0**levels)
    blended = laplacian(stage.subject.pixels, matched, inner, levels)
    alpha = _feathered(_shrunk(hard, 1), stage.unit * 0.03)
    return stage.finished("swap_laplacian", blended, alpha, levels=float(levels))


def swap_piecewise(task: Task, rng: np.random.Generator) -> Forgery:
    """Put the donor's features onto the subject's landmarks by a mesh of triangles; histograms matched, feathered.

    Raises:
        CannotForge: the faces cannot be laid over each other.
        SettingsError: there is no donor.
    """
    stage = scene(task, rng)
    matrix = fitted(stage, affine=False)
    points, left = shifts(stage, matrix)
    fit = float(rng.uniform(0.7, 1.0))
    field = mesh_field(points, np.asarray(left * fit, np.float32), stage.subject.pixels.shape)
    laid, hard = laid_over(stage, matrix, rng, field)
    share = float(rng.uniform(0.6, 1.0))
    matched = histogram_matched(laid, stage.subject.pixels, hard > 0.5, share)
    sigma = stage.unit * float(rng.uniform(0.03, 0.14))
    alpha = _feathered(_shrunk(hard, 1.2 * sigma), sigma)
    return stage.finished(
        "swap_piecewise", matched, alpha, fit=round(fit, 3), colour=round(share, 3), feather_sigma_px=round(sigma, 3)
    )


def swap_tps(task: Task, rng: np.random.Generator) -> Forgery:
    """Bend the donor's face onto the subject's landmarks by a spline, relight it, cut it along the picture's edges.

    Thin-plate spline, covariance transfer with the subject's own shadows, alpha by guided filter: warp, colour and
    blending all differ from the other swaps, so this one can measure what training on them is worth.

    Raises:
        CannotForge: the faces cannot be laid over each other.
        SettingsError: there is no donor.
    """
    stage = scene(task, rng)
    matrix = fitted(stage, affine=False, inner=False)
    points, left = shifts(stage, matrix)
    field = spline_field(points, left, stage.subject.pixels.shape, smoothing=float(rng.uniform(0.0, 0.005)))
    laid, hard = laid_over(stage, matrix, rng, field)
    share = float(rng.uniform(0.7, 1.0))
    matched = covariance_matched(laid, stage.subject.pixels, hard > 0.5, share)
    relighting = float(rng.uniform(0.5, 1.0))
    lit = relit(matched, stage.subject.pixels, hard, stage.unit * 0.3, relighting)
    radius = max(round(stage.unit * float(rng.uniform(0.06, 0.16))), 2)
    light = np.asarray(cv2.cvtColor(stage.subject.pixels, cv2.COLOR_RGB2GRAY), np.float32)
    alpha = guided(light, _shrunk(hard, radius), radius, float(rng.uniform(6, 24)))
    return stage.finished(
        "swap_tps", lit, alpha, colour=round(share, 3), relighting=round(relighting, 3), guide_radius_px=float(radius)
    )


OPERATORS = (
    Operator("swap_poisson", ForgeryClass.IDENTITY_SWAP, swap_poisson, True, "Another face, cloned in by gradients."),
    Operator("swap_laplacian", ForgeryClass.IDENTITY_SWAP, swap_laplacian, True, "Another face, blended band by band."),
    Operator(
        "swap_piecewise",
        ForgeryClass.IDENTITY_SWAP,
        swap_piecewise,
        True,
        "Another face on a mesh, histograms matched.",
    ),
    Operator("swap_tps", ForgeryClass.IDENTITY_SWAP, swap_tps, True, "Another face, bent, relit, cut along edges."),
)
