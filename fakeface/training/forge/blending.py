"""How a changed face is laid into the picture."""

from __future__ import annotations

import numpy as np

from fakeface.training.forge.values import Field, Pixels

__all__ = ["paste"]


def paste(target: Pixels, source: Pixels, mask: Field) -> Pixels:
    """Mix by the mask's share."""
    share = mask[..., None]
    return np.round(target * (1 - share) + source * share).astype(np.uint8)
