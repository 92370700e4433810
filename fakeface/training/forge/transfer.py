"""Colour and light of one face brought to another's, beyond the means and deviations of ``tones.reinhard``."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.exposure import match_histograms

from fakeface.training.forge.values import Field, Pixels

__all__ = ["as_grey_as", "as_soft_as", "covariance_matched", "histogram_matched", "relit"]

STRETCH = 1.8
"""Contrast along a principal axis is stretched at most so much: more only enlarges noise and coding."""

LIGHT = (0.6, 1.6)
"""Smallest and largest factor of relighting."""

SOFTER = (0.5, 0.7, 1.0, 1.4, 2.0)
"""Blurs to try where a donor is sharper than the picture it comes into, sigma in pixels."""

FEW = 16
"""With fewer pixels than this there is nothing to estimate from."""


def as_grey_as(source: Pixels, target: Pixels) -> Pixels:
    """The source, without its colour where the target has none (a coloured face in a grey picture is no forgery)."""
    if np.ptp(target, axis=2).max(initial=0) > 0:
        return source
    return np.asarray(cv2.cvtColor(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def as_soft_as(source: Pixels, target: Pixels, area: NDArray[np.bool_]) -> tuple[Pixels, float]:
    """The source blurred until its finest detail inside the area is no stronger than the target's.

    Returns:
        the picture and the blur's sigma in pixels; 0 where nothing was to be done.
    """
    if area.sum() < FEW:
        return source, 0.0
    allowed = 1.15 * _detail(target, area)
    blurred, sigma = source, 0.0
    for wider in SOFTER:
        if _detail(blurred, area) <= allowed:
            break
        blurred, sigma = np.asarray(cv2.GaussianBlur(source, (0, 0), wider), np.uint8), wider
    return blurred, sigma


def _detail(pixels: Pixels, area: NDArray[np.bool_]) -> float:
    """Median strength of the finest detail over contrast: robust to single edges and to brightness."""
    light = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32)
    fine = np.abs(light - cv2.GaussianBlur(light, (0, 0), 1.0))[area]
    return float(np.percentile(fine, 75) / (light[area].std() + 4.0))


def histogram_matched(source: Pixels, target: Pixels, area: NDArray[np.bool_], share: float) -> Pixels:
    """Lightness by its histogram, colour by Lab's moments inside the area, moved towards the target's.

    Colour by its moments alone, because histograms of single channels paint lips and shadows in false colours. Outside
    the area nothing changes.

    Args:
        source: (height, width, 3) uint8 RGB.
        target: of the same shape.
        area: (height, width) bool.
        share: 0..1, how far.
    """
    if area.sum() < FEW:
        return source
    lab, wanted = (np.asarray(cv2.cvtColor(one, cv2.COLOR_RGB2LAB), np.float32) for one in (source, target))
    given, aim = lab[area], wanted[area]
    matched = np.empty_like(given)
    matched[:, 0] = match_histograms(given[:, 0], aim[:, 0])
    stretch = np.clip(aim.std(axis=0) / (given.std(axis=0) + 1e-3), 1 / STRETCH, STRETCH)[1:]
    matched[:, 1:] = (given - given.mean(axis=0))[:, 1:] * stretch + aim.mean(axis=0)[1:]
    shift = np.zeros_like(lab)
    shift[area] = share * (matched - given)
    # The map of grey levels has steps, which show as bands on smooth skin; the shift itself may be smooth.
    weight = cv2.GaussianBlur(area.astype(np.float32), (0, 0), 1.0)[..., None]
    even = lab + cv2.GaussianBlur(shift, (0, 0), 1.0) / np.maximum(weight, 1e-3)
    turned = cv2.cvtColor(np.clip(np.round(even), 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB)
    return np.asarray(np.where(area[..., None], turned, source), np.uint8)


def covariance_matched(source: Pixels, target: Pixels, area: NDArray[np.bool_], share: float) -> Pixels:
    """Mean and covariance of RGB inside the area moved towards the target's by the linear Monge-Kantorovich map.

    Args and shapes as ``histogram_matched``; the map is applied to the whole picture (Pitié and Kokaram 2007).
    """
    if area.sum() < FEW:
        return source
    given, wanted = source[area].astype(np.float64), target[area].astype(np.float64)
    root, inverse = _roots(np.cov(given.T) + np.eye(3))
    middle, _ = _roots(root @ (np.cov(wanted.T) + np.eye(3)) @ root)
    values, axes = np.linalg.eigh(inverse @ middle @ inverse)
    matrix = (axes * np.clip(values, 1 / STRETCH, STRETCH)) @ axes.T
    matched = (source - given.mean(axis=0)) @ matrix + wanted.mean(axis=0)
    mixed = np.clip(np.round(source * (1 - share) + matched * share), 0, 255)
    return np.asarray(mixed, np.uint8)


def _roots(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Square root of a symmetric positive matrix, and the root's inverse."""
    values, axes = np.linalg.eigh(matrix)
    roots = np.sqrt(np.maximum(values, 1e-9))
    return (axes * roots) @ axes.T, (axes / roots) @ axes.T


def relit(source: Pixels, target: Pixels, weight: Field, sigma: float, share: float) -> Pixels:
    """Shadows and lights of the target's face on the source: ratio of their smooth luminances inside the weight.

    Args:
        source: (height, width, 3) uint8 RGB.
        target: of the same shape.
        weight: (height, width) float32 0..1: where light is read, so that hair and background do not count.
        sigma: smoothness of light, pixels.
        share: 0..1, how far.
    """
    factor = min(4.0 / max(sigma, 1.0), 1.0)
    size = (max(round(weight.shape[1] * factor), 1), max(round(weight.shape[0] * factor), 1))

    def light(values: Field) -> Field:
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma * factor), np.float32)

    lights = [
        light(np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.float32) * weight) for pixels in (target, source)
    ]
    # Equal terms make the ratio 1 where nothing is known, and keep dark faces from extreme ratios.
    known = 8.0 * light(weight) + 1e-2
    ratio = cv2.resize(((lights[0] + known) / (lights[1] + known)).astype(np.float32), weight.shape[::-1])
    gain = np.clip(ratio, *LIGHT) ** share
    return np.clip(np.round(source * gain[..., None]), 0, 255).astype(np.uint8)
