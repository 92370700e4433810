"""What the text-independent score is sensitive to: it is taken again of windows of which a part was painted over.

A change tells of the network, not of the picture: painting over is an alteration itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.calibration import log_odds
from fakeface.claims.windows import frame_part, window_share
from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.findings import Faithfulness
from fakeface.frames import Frame
from fakeface.interfaces import Encoding, VisionEncoder
from fakeface.masks import Mask

__all__ = ["counterfactuals", "faithfulness"]

WIDENED = 3
"""Pixels of the window by which a mask is widened before it is painted over, so that no seam stays."""

REACH = 3
"""Pixels around a painted pixel that Telea's method looks at."""

LEAST_LEFT = 64
"""Pixels of the face that must stay to paint from."""

BLUR = 5.0
"""Sigma in pixels of the window of what a deleted pixel is replaced by: colour and light stay, traces go."""

DECIMALS = 6


def counterfactuals(
    encoder: VisionEncoder, frame: Frame, encoding: Encoding, masks: Sequence[Mask | None]
) -> tuple[float | None, ...]:
    """Change of the text-independent score's log-odds where each mask is inpainted from its surroundings.

    The log-odds and not the score, because a score near 0 or 1 hardly moves whatever the network makes of it.

    Telea's inpainting works on the window, which is the frame's own pixels for every face that fits it. All windows go
    through the encoder in one batch; the unchanged one is not encoded again.

    Args:
        encoder: the one that gave ``encoding``.
        frame: the picture.
        encoding: of the face.
        masks: in the frame's pixels.

    Returns:
        new log-odds minus old ones (natural) for each mask; ``None`` for none, for one without a pixel in the window,
        and for one that leaves nothing to paint from.
    """
    part = frame_part(frame.height, frame.width, encoding.crop)
    painted = [None if mask is None else _inpainted(encoding.crop, mask, part) for mask in masks]
    crops = [replace(encoding.crop, pixels=pixels) for pixels in painted if pixels is not None]
    scores = iter(_scores(encoder, crops))
    old = log_odds(encoding.independent_score)
    return tuple(None if pixels is None else round(log_odds(next(scores)) - old, DECIMALS) for pixels in painted)


def faithfulness(
    encoder: VisionEncoder, frame: Frame, encoding: Encoding, probabilities: NDArray[np.float32], steps: int = 8
) -> Faithfulness:
    """Deletion and insertion curves of the artifact mask (Petsiuk et al., arXiv 1806.07421).

    Deletion replaces the most probable pixels by their blurred selves, more at every step; insertion begins with the
    blurred window and puts them back. Where the mask shows what the score rests on, the score falls early in the first
    curve and rises early in the second. All windows go through the encoder in one batch.

    Args:
        encoder: the one that gave ``encoding``.
        frame: the picture; only its pixels are ranked, not the blank of the window.
        encoding: of the face.
        probabilities: (224, 224) float32, how likely each pixel of the window is altered.
        steps: equal shares of the pixels, at least 1.

    Raises:
        SettingsError: no step, or probabilities of another size.
    """
    if steps < 1 or probabilities.shape != (CROP_SIZE, CROP_SIZE):
        raise SettingsError(f"curves need a step and a ({CROP_SIZE}, {CROP_SIZE}) map, got {probabilities.shape}")
    part = frame_part(frame.height, frame.width, encoding.crop)
    blurred = _blurred(encoding.crop, part)
    rank = _ranks(probabilities[part])
    shares = [step / steps for step in range(steps + 1)]
    inner = [rank < share for share in shares[1:-1]]
    deleted = [_mixed(encoding.crop.pixels, blurred, top, part) for top in inner]
    inserted = [_mixed(blurred, encoding.crop.pixels, top, part) for top in inner]
    windows = [*deleted, *inserted, blurred]
    scores = _scores(encoder, [replace(encoding.crop, pixels=pixels) for pixels in windows])
    whole, none = encoding.independent_score, scores[-1]
    deletion = (whole, *scores[: len(inner)], none)
    insertion = (none, *scores[len(inner) : -1], whole)
    return Faithfulness(tuple(shares), deletion, insertion, _area(deletion, shares), _area(insertion, shares))


def _scores(encoder: VisionEncoder, crops: Sequence[FaceCrop]) -> list[float]:
    return [one.independent_score for one in encoder.encode(crops)] if crops else []


def _inpainted(crop: FaceCrop, mask: Mask, part: tuple[slice, slice]) -> NDArray[np.uint8] | None:
    """The window without what the mask shows; ``None`` where there is nothing to paint, or nothing to paint from."""
    area = np.ascontiguousarray((window_share(mask.pixels, crop) >= 0.5)[part]).astype(np.uint8)
    if not area.any():
        return None
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * WIDENED + 1, 2 * WIDENED + 1))
    area = np.asarray(cv2.dilate(area, disc), np.uint8)
    if area.size - int(area.sum()) < LEAST_LEFT:
        return None
    pixels = crop.pixels.copy()
    pixels[part] = cv2.inpaint(np.ascontiguousarray(pixels[part]), area, REACH, cv2.INPAINT_TELEA)
    return pixels


def _blurred(crop: FaceCrop, part: tuple[slice, slice]) -> NDArray[np.uint8]:
    pixels = crop.pixels.copy()
    pixels[part] = cv2.GaussianBlur(np.ascontiguousarray(pixels[part]), (0, 0), BLUR)
    return pixels


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Rank of every value, from 0 for the highest to nearly 1; of equal ones the first comes first."""
    order = np.argsort(-values.ravel(), kind="stable")
    ranks = np.empty(values.size, np.float64)
    ranks[order] = np.arange(values.size) / max(values.size, 1)
    return ranks.reshape(values.shape)


def _mixed(
    base: NDArray[np.uint8], other: NDArray[np.uint8], chosen: NDArray[np.bool_], part: tuple[slice, slice]
) -> NDArray[np.uint8]:
    pixels = base.copy()
    pixels[part][chosen] = other[part][chosen]
    return pixels


def _area(curve: Sequence[float], shares: Sequence[float]) -> float:
    """Area under a curve, by trapezoids, 0..1."""
    return round(float(np.trapezoid(curve, shares)), DECIMALS)
