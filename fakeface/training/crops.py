"""Parts of windows to train on: the traces are local, and a smaller part costs less.

Most of a training sees one square part of every window, the last share of it whole windows, so that what heads read is
as it will be (progressive resizing; the shift in statistics is that of arXiv 1906.06423). Resolution stays as it is.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["TILE", "cropped", "shuffled"]

CELL = 4
"""Window pixels per cell of the mask: parts begin at whole cells."""
KEPT = 0.6
"""Share of the altered cells that a part has to keep."""
TILE = 32
"""Side of a shuffled tile in window pixels; a multiple of 8, so that every tile keeps the phase of the JPEG grid."""


def cropped(batch: dict[str, Tensor], side: int, seed: int) -> dict[str, Tensor]:
    """The same square part of both windows of every pair, at a drawn place that keeps most of what was altered.

    Args:
        batch: pairs of windows as ``collate`` lays them out: pixels (B, 3, H, W), mask (B, H / 4, W / 4), real and
            forged alternating.
        side: of the part in window pixels, a multiple of 16; the batch itself comes back where that is no less than
            the window's.
        seed: of the places.
    """
    cells, kept = batch["mask"].shape[-1], side // CELL
    if kept >= cells:
        return batch
    generator = torch.Generator().manual_seed(seed)
    altered = batch["mask"][1::2].cpu()
    sums = functional.pad(altered.cumsum(1).cumsum(2), (1, 0, 1, 0))
    inside = sums[:, kept:, kept:] - sums[:, :-kept, kept:] - sums[:, kept:, :-kept] + sums[:, :-kept, :-kept]
    share = inside.flatten(1) / altered.sum(dim=(1, 2)).clamp(min=1e-6)[:, None]
    allowed = share >= share.amax(dim=1, keepdim=True).clamp(max=KEPT) - 1e-4
    drawn = torch.multinomial(allowed.float(), 1, generator=generator)[:, 0]
    steps = inside.shape[2]
    places = torch.stack([drawn // steps, drawn % steps], dim=1)
    return batch | {
        # Windows come as rows of RGB pixels: cut so, whole rows are copied; cut by channel, it took a third of a step.
        "pixels": _parts(batch["pixels"].permute(0, 2, 3, 1), places * CELL, side).permute(0, 3, 1, 2),
        "mask": _parts(batch["mask"], places, kept),
    }


def shuffled(batch: dict[str, Tensor], share: float, seed: int) -> dict[str, Tensor]:
    """Some of the pairs without a known place as tiles in another order, which is the same for both windows of a pair.

    Given fakes are few and met often, so a network comes to know them by heart. Tiles show no face to remember, and
    their texture is as it was (Zhong et al. 2023, PatchCraft, arXiv 2311.12397, which judges by such pictures).

    Args:
        batch: as ``cropped`` takes it; sides a multiple of 32.
        share: of such pairs, 0..1.
        seed: of the choice and the orders.
    """
    generator = torch.Generator().manual_seed(seed)
    unknown = ~batch["mask_known"][1::2].cpu()
    chosen = unknown & (torch.rand(len(unknown), generator=generator) < share)
    if not chosen.any():
        return batch
    pixels = batch["pixels"].clone()
    count = pixels.shape[-1] // TILE
    for pair in torch.nonzero(chosen)[:, 0].tolist():
        order = torch.randperm(count * count, generator=generator).to(pixels.device)
        both = pixels[2 * pair : 2 * pair + 2]
        tiles = both.reshape(2, 3, count, TILE, count, TILE).permute(0, 2, 4, 1, 3, 5).flatten(1, 2)[:, order]
        back = tiles.reshape(2, count, count, 3, TILE, TILE).permute(0, 3, 1, 4, 2, 5)
        pixels[2 * pair : 2 * pair + 2] = back.reshape(both.shape)
    return batch | {"pixels": pixels}


def _parts(values: Tensor, places: Tensor, side: int) -> Tensor:
    """(B, H, W, ...) to (B, side, side, ...); ``places`` (B / 2, 2) are the top and left of every pair."""
    corners = places.repeat_interleave(2, dim=0).tolist()
    parts = [one[top : top + side, left : left + side] for one, (top, left) in zip(values, corners, strict=True)]
    return torch.stack(parts)
