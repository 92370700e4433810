"""Where a picture keeps the 8 x 8 grid of its JPEG compression, and where it does not.

In a block as JPEG coded it, most high frequencies are zero; read at any other place, they are not. Counting the zeros
tells where the grid lies (ZERO, Nikoukhah et al. 2021, Image Processing On Line), and a part that was warped, moved or
painted lost it (block artifact grid, Li, Yuan & Yu 2009). Here the cosine transform runs along rows and along columns,
which finds nearly as much as the one over blocks at a fifth of its price. What comes out is relative to the mean of the
window: a picture that has no grid anywhere, because it was never JPEG or was resampled, gives nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["GRID_MAPS", "GRID_STEP", "block_grid"]

GRID_STEP = 8
"""Pixels per cell of the maps: the side of a JPEG block."""
GRID_MAPS = 2 * (GRID_STEP + 1)
"""Maps: for rows and for columns the eight places that a grid can have, the commonest first, and their mean."""

FREQUENCIES = (3, 4, 5, 6, 7)
"""Those counted: lower ones are seldom zero in a block."""
ZERO = 0.5
"""A coefficient less than this far from 0 counts as zero: the rounding of pixels, in grey levels."""
FLAT = 0.95
"""From this share of zeros at every place, a cell is blank or flat and says nothing about the grid."""
GAIN = 6.0
LUMA = (0.299, 0.587, 0.114)


def block_grid(pixels: Tensor) -> Tensor:
    """How strong every place of the grid is in every cell, against the window's mean.

    Args:
        pixels: (B, 3, H, W) float RGB in 0..255, H and W multiples of 8.

    Returns:
        (B, 18, H / 8, W / 8) float32, about -2..2; 0 where there is nothing to tell a grid by.
    """
    red, green, blue = (pixels[:, channel : channel + 1] * share for channel, share in enumerate(LUMA))
    luma = red + green + blue
    return torch.cat([_along(luma), _along(luma.transpose(2, 3)).transpose(2, 3)], dim=1)


def _along(luma: Tensor) -> Tensor:
    """(B, 1, H, W) to (B, 9, H / 8, W / 8): the places along rows."""
    # (B, 64, ...) in the order of pixel_unshuffle: row within the cell, then column, which is the place of the grid.
    cells = functional.pixel_unshuffle(_zeros(luma), GRID_STEP)
    batch, _, height, width = cells.shape
    counts = cells.reshape(batch, GRID_STEP, GRID_STEP, height, width).mean(dim=1)
    counts = functional.avg_pool2d(counts, 3, 1, 1, count_include_pad=False)
    level = counts.mean(dim=1, keepdim=True)
    tells = (level < FLAT).float()
    places = _centred(counts - level, tells)
    strength = ((counts - level) * tells).sum(dim=(2, 3))
    order = strength.argsort(dim=1, descending=True)[:, :, None, None].expand(-1, -1, height, width)
    return torch.cat([places.gather(1, order), _centred(level, tells)], dim=1) * GAIN


def _zeros(luma: Tensor) -> Tensor:
    """Share of zeros among ``FREQUENCIES`` of the eight pixels from every pixel on; sums of shifted maps fuse."""
    width = luma.shape[3]
    reach = functional.pad(luma, (0, GRID_STEP - 1, 0, 0), mode="replicate")
    shifted = [reach[..., at : at + width] for at in range(GRID_STEP)]
    # The transform's vectors are even or odd about the middle: half of the products are enough.
    even = [shifted[at] + shifted[GRID_STEP - 1 - at] for at in range(GRID_STEP // 2)]
    odd = [shifted[at] - shifted[GRID_STEP - 1 - at] for at in range(GRID_STEP // 2)]
    found = torch.zeros_like(luma)
    for frequency in FREQUENCIES:
        parts = odd if frequency % 2 else even
        total = torch.zeros_like(luma)
        for at, part in enumerate(parts):
            total = total + part * (0.5 * math.cos(math.pi * (2 * at + 1) * frequency / (2 * GRID_STEP)))
        found = found + (total.abs() < ZERO).float()
    return found / len(FREQUENCIES)


def _centred(maps: Tensor, tells: Tensor) -> Tensor:
    mean = (maps * tells).sum(dim=(2, 3), keepdim=True) / tells.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return (maps - mean) * tells
