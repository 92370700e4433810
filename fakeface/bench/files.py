"""Given files as measured faces: the face that counts, its truth as a window, and what the file itself gives away."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from fakeface.answers import ForgeryClass
from fakeface.bench.scoring import CLASSES
from fakeface.claims.matching import touched_regions
from fakeface.claims.windows import window_share
from fakeface.concepts import REGIONS
from fakeface.faces import Box, FaceCrop
from fakeface.findings import FaceFinding
from fakeface.training.forge.pairs import MASK_SIZE, FaceSample
from fakeface.training.formats.rle import Rle

__all__ = ["file_sample", "luminance_quantiser", "meant_face"]


def luminance_quantiser(path: Path) -> float | None:
    """Mean of a JPEG file's luminance table, which falls with its quality; ``None`` for any other file."""
    try:
        with Image.open(path) as picture:
            tables = getattr(picture, "quantization", None)
    except (OSError, Image.DecompressionBombError):
        return None
    return float(np.mean(tables[0])) if tables and 0 in tables else None


def meant_face(findings: tuple[FaceFinding, ...], box: Box | None = None) -> FaceFinding | None:
    """The face of a picture that is measured: the one at a box, or the largest; ``None`` where none was examined."""
    examined = [finding for finding in findings if finding.crop is not None]
    if box is not None:
        at_box = [finding for finding in examined if finding.face.box.iou(box) > 0]
        return max(at_box, key=lambda one: one.face.box.iou(box), default=None)
    return max(examined, key=lambda one: one.face.box.area, default=None)


def file_sample(crop: FaceCrop, label: int, forgery: str, mask: Rle | None) -> FaceSample:
    """The window that was examined, with the truth that a data set tells of it.

    Args:
        crop: of the face.
        label: 0 real, 1 fake.
        forgery: class; empty where unknown.
        mask: what was altered, in the picture's pixels; ``None`` where that is not known.
    """
    landmarks = crop.to_window(crop.face.landmarks)
    truth, regions = np.zeros((MASK_SIZE, MASK_SIZE), np.float32), np.zeros(len(REGIONS), np.float32)
    if mask is not None and label:
        shown = window_share(mask.pixels(), crop)
        truth = np.asarray(cv2.resize(shown, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA), np.float32)
        regions = touched_regions(truth, landmarks)
    named = forgery or (ForgeryClass.IDENTITY_SWAP.value if label else ForgeryClass.REAL.value)
    known = not label or mask is not None
    return FaceSample(crop.pixels, label, CLASSES.index(named), truth, known, regions, landmarks, "", "given")
