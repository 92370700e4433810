"""Changes of colour, sharpness and coding: transfers between faces and slight disturbances of one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.training.forge.values import Pixels
from fakeface.training.forge.warps import kernel

__all__ = ["disturbed", "matched", "recompressed", "reinhard", "smoothed", "tinted"]


def disturbed(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Colour, contrast and sharpness slightly off: the source-target generator of the self-blending paper."""
    changed = pixels.astype(np.float32)
    changed += rng.uniform(-16, 16, 3).astype(np.float32) * strength
    changed = (changed - 128) * (1 + rng.uniform(-0.15, 0.15) * strength) + 128 + rng.uniform(-12, 12) * strength
    if rng.random() < 0.5:
        hsv = cv2.cvtColor(np.clip(changed, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(-7, 7) * strength) % 180
        hsv[..., 1] *= 1 + rng.uniform(-0.25, 0.25) * strength
        clipped = np.clip(hsv, 0, [179, 255, 255]).astype(np.uint8)
        changed = cv2.cvtColor(clipped, cv2.COLOR_HSV2RGB).astype(np.float32)
    kind = rng.integers(5)
    if kind == 0:
        changed[:] = cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.4, 1.3))
    elif kind == 1:
        changed += (changed - cv2.GaussianBlur(changed, (0, 0), 1.5)) * rng.uniform(0.2, 0.9)
    elif kind == 2:
        height, width = pixels.shape[:2]
        factor = rng.uniform(0.4, 0.9)
        small = cv2.resize(changed, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
        changed[:] = cv2.resize(small, (width, height), interpolation=kernel(rng))
    elif kind == 3:
        changed += rng.normal(0, rng.uniform(1, 5), changed.shape).astype(np.float32)
    clipped = np.clip(changed, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        clipped = recompressed(clipped, int(rng.integers(35, 95)))
    return clipped


def recompressed(pixels: Pixels, quality: int) -> Pixels:
    """The picture after a JPEG round trip at this quality (4:2:0)."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def matched(source: Pixels, target: Pixels, area: NDArray[np.bool_], share: float = 1.0) -> Pixels:
    """Lab mean and deviation inside the area brought to the target's by ``share`` 0..1, contrast by 1.25 at most.

    Unlike ``reinhard`` it draws nothing and computes in floats; a grey target makes the source grey.
    """
    if area.sum() < 8:
        return source
    lab = cv2.cvtColor(source.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    wanted = cv2.cvtColor(target.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[area]
    mean, deviation = lab[area].mean(axis=0), lab[area].std(axis=0)
    gain = np.clip((wanted.std(axis=0) + 1e-3) / (deviation + 1e-3), [0.7, 0.0, 0.0], [1.25, 1.1, 1.1])
    # A darker skin also has less range below it: features brought over by a shift alone would turn black.
    gain[0] = min(gain[0], max(float(wanted[:, 0].mean() / max(mean[0], 1.0)), 0.5))
    mixed = lab + ((lab - mean) * gain.astype(np.float32) + wanted.mean(axis=0) - lab) * np.float32(share)
    mixed[..., 0] = np.clip(mixed[..., 0], 0, 100)
    if np.ptp(target[area], axis=1).max() == 0:
        mixed[..., 1:] = 0
    return np.asarray(np.clip(np.round(cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB) * 255), 0, 255), np.uint8)


def reinhard(source: Pixels, target: Pixels, area: NDArray[np.bool_], rng: np.random.Generator) -> Pixels:
    """Mean and deviation of Lab inside the area moved towards the target's (Reinhard et al. 2001), by 50-100 %."""
    if area.sum() < 16:
        return source
    lab = cv2.cvtColor(source, cv2.COLOR_RGB2LAB).astype(np.float32)
    wanted = cv2.cvtColor(target, cv2.COLOR_RGB2LAB).astype(np.float32)[area]
    mean, deviation = lab[area].mean(axis=0), lab[area].std(axis=0) + 1e-3
    matched = (lab - mean) / deviation * wanted.std(axis=0) + wanted.mean(axis=0)
    share = rng.uniform(0.5, 1.0)
    mixed = np.clip(lab * (1 - share) + matched * share, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(mixed, cv2.COLOR_LAB2RGB), np.uint8)


def smoothed(pixels: Pixels, unit: float, rng: np.random.Generator) -> Pixels:
    """Beauty-filter smoothing: bilateral, or Gaussian with part of the detail kept."""
    if rng.random() < 0.5:
        return np.asarray(cv2.bilateralFilter(pixels, 7, rng.uniform(25, 70), max(unit * 0.06, 2)), np.uint8)
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.012, 0.04) * unit + 0.6), np.uint8)


def tinted(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Another lightness and hue."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab += rng.uniform(-1, 1, 3).astype(np.float32) * np.array([14, 16, 16], np.float32)
    return np.asarray(cv2.cvtColor(np.clip(lab, 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB), np.uint8)
