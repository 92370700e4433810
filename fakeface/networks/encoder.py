"""The forensic vision encoder of the compact profile: a residual network on RGB and its high-pass residual.

Forgery traces are in fine texture, so the stem sees the picture beside its high-pass residual (picture minus its 3 x
3 mean) and beside two maps of the residual's local energy, centred on the window's own mean: what a blended region
disturbs is not how sharp or noisy a picture is, but whether it is so everywhere. Half way up a branch adds where the
JPEG grid is kept and where it is not (``grid``). At the top every token is compared with every other by
self-attention: whether two parts of a face came about in the same way is what tells a forgery whose own texture gives
nothing away (cf. the self-consistency of Zhao et al. 2021, arXiv 2012.09311). One pass gives the token grid that the
language model, MIDS and the mask decoder share, and four heads: detection, class, suspect regions and a dense artifact
mask (multi-task, as in Fake-in-Facext's auxiliary heads, arXiv 2510.20531).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional

from fakeface.networks.grid import GRID_MAPS, block_grid

__all__ = ["EncoderConfig", "EncoderOutput", "ForensicEncoder"]

RESIDUAL_GAIN = 8.0
ENERGY_SIDES = (5, 15)
"""Sides of the windows over which the residual's energy is taken, in pixels."""
INPUTS = 4 * (6 + len(ENERGY_SIDES))
"""Channels that the stem sees at half the resolution: RGB, residual and energies, the four pixels of a 2 x 2 block
beside each other."""
HEAD_WIDTH = 32
"""Channels of one head of the attention."""
PEAK_CELLS = 32
"""Cells of the mask whose mean is its peak: a hundredth of the window."""


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """Sizes of the encoder.

    Args:
        widths: channels at strides 2, 4, 8 and 16.
        depths: residual blocks at each of them.
        neck: channels of the mask branch at stride 4.
        classes: forgery classes.
        regions: suspect regions.
        grid: channels inside the branch that reads the JPEG grid; 0 for none.
        compared: layers of self-attention over the tokens of stride 16.
    """

    widths: tuple[int, int, int, int] = (32, 64, 128, 256)
    depths: tuple[int, int, int, int] = (1, 4, 5, 2)
    neck: int = 64
    classes: int = 5
    regions: int = 16
    grid: int = 64
    compared: int = 1

    @property
    def pooled_width(self) -> int:
        """Length of the vector that heads read: twice tokens and neck, and share and peak of the mask."""
        return 2 * self.widths[3] + 2 * self.neck + 2

    def as_dict(self) -> dict[str, object]:
        """For the record beside the weights."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class EncoderOutput:
    """Everything one pass gives.

    Args:
        tokens: (B, width, 14, 14) float, the last stage's grid (stride 16).
        coarse: (B, width3, 28, 28) float, the stage before (stride 8).
        detection: (B,) logits, positive speaks for forgery.
        classes: (B, classes) logits.
        regions: (B, regions) logits.
        mask: (B, 56, 56) logits at stride 4.
        neck: (B, neck, 56, 56) float, the fine branch that the mask is read from.
        pooled: (B, ``pooled_width``) float, what detection, class and region heads read.
    """

    tokens: Tensor
    coarse: Tensor
    detection: Tensor
    classes: Tensor
    regions: Tensor
    mask: Tensor
    neck: Tensor
    pooled: Tensor

    def row(self, index: int) -> EncoderOutput:
        """One picture of the batch, as a batch of one."""
        one = slice(index, index + 1)
        return EncoderOutput(*[getattr(self, field.name)[one] for field in fields(self)])

    @staticmethod
    def joined(rows: Sequence[EncoderOutput]) -> EncoderOutput:
        """Several outputs as one batch."""
        if len(rows) == 1:
            return rows[0]
        return EncoderOutput(
            *[torch.cat([getattr(row, field.name) for row in rows]) for field in fields(EncoderOutput)]
        )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with a skip (He et al. 2016); the first may halve the resolution."""

    def __init__(self, width_in: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.skip = (
            nn.Sequential(nn.AvgPool2d(stride), nn.Conv2d(width_in, width, 1, bias=False), nn.BatchNorm2d(width))
            if stride != 1 or width_in != width
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, width_in, H, W) to (B, width, H / stride, W / stride)."""
        y = functional.relu(self.first_norm(self.first(x)), inplace=True)
        return functional.relu(self.second_norm(self.second(y)) + self.skip(x), inplace=True)


class ForensicEncoder(nn.Module):
    """Encoder with its heads.

    Args:
        config: sizes.
    """

    def __init__(self, config: EncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or EncoderConfig()
        w1, w2, w3, w4 = config.widths
        d1, d2, d3, d4 = config.depths
        self.stem = nn.Sequential(nn.Conv2d(INPUTS, w1, 3, 1, 1, bias=False), nn.BatchNorm2d(w1), nn.ReLU(inplace=True))
        self.stage1 = nn.Sequential(*[ResidualBlock(w1, w1) for _ in range(d1)])
        self.stage2 = _stage(w1, w2, d2)
        self.stage3 = _stage(w2, w3, d3)
        self.grid = _grid_branch(config.grid, w3) if config.grid else None
        self.stage4 = _stage(w3, w4, d4)
        self.compared = nn.ModuleList([_comparing(w4) for _ in range(config.compared)])
        self.lateral2 = nn.Conv2d(w2, config.neck, 1)
        self.lateral3 = nn.Conv2d(w3, config.neck, 1)
        self.lateral4 = nn.Conv2d(w4, config.neck, 1)
        self.fuse = nn.Sequential(
            nn.Conv2d(config.neck, config.neck, 3, 1, 1, bias=False),
            nn.BatchNorm2d(config.neck),
            nn.ReLU(inplace=True),
        )
        self.mask_head = nn.Conv2d(config.neck, 1, 1)
        self.attention = nn.Conv2d(w4, 1, 1)
        pooled = config.pooled_width
        self.dropout = nn.Dropout(0.2)
        self.detection_head = nn.Linear(pooled, 1)
        self.class_head = nn.Linear(pooled, config.classes)
        self.region_head = nn.Linear(pooled, config.regions)

    def forward(self, pixels: Tensor) -> EncoderOutput:
        """Encode windows.

        Args:
            pixels: (B, 3, 224, 224) uint8 RGB, or float in 0..255.
        """
        pixels = pixels.float()
        x = self.stage1(self.stem(self.inputs(pixels)))
        fine = self.stage2(x)
        coarse = self.stage3(fine)
        if self.grid is not None:
            coarse = coarse + self.grid(block_grid(pixels).contiguous(memory_format=torch.channels_last))
        tokens = self._compared(self.stage4(coarse))
        neck = self._neck(fine, coarse, tokens)
        mask = self.mask_head(neck)[:, 0].float()
        pooled = self._pooled(tokens, neck, mask)
        read = self.dropout(pooled)
        return EncoderOutput(
            tokens,
            coarse,
            self.detection_head(read)[:, 0].float(),
            self.class_head(read).float(),
            self.region_head(read).float(),
            mask,
            neck,
            pooled,
        )

    @staticmethod
    def inputs(pixels: Tensor) -> Tensor:
        """RGB in -1..1, its high-pass residual and its centred log energies, (B, 32, H / 2, W / 2) float32."""
        x = pixels.float() / 127.5 - 1
        mean = _box_mean(functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3)
        residual = ((x - mean) * RESIDUAL_GAIN).clamp(-2, 2)
        squared = residual.square().mean(dim=1, keepdim=True)
        energies = [_centred_log(_box_mean(functional.pad(squared, (side // 2,) * 4), side)) for side in ENERGY_SIDES]
        blocks = functional.pixel_unshuffle(torch.cat([x, residual, *energies], dim=1), 2)
        return blocks.contiguous(memory_format=torch.channels_last)

    def _compared(self, tokens: Tensor) -> Tensor:
        """Every token beside all others; (B, width, H, W) to the same."""
        if not len(self.compared):
            return tokens
        sequence = tokens.flatten(2).transpose(1, 2)
        for layer in self.compared:
            sequence = layer(sequence)
        grid = sequence.transpose(1, 2).reshape(tokens.shape)
        return grid.contiguous(memory_format=torch.channels_last)

    def _neck(self, fine: Tensor, coarse: Tensor, tokens: Tensor) -> Tensor:
        up = functional.interpolate(self.lateral4(tokens), scale_factor=2.0, mode="nearest") + self.lateral3(coarse)
        fused: Tensor = self.fuse(functional.interpolate(up, scale_factor=2.0, mode="nearest") + self.lateral2(fine))
        return fused

    def _pooled(self, tokens: Tensor, neck: Tensor, mask: Tensor) -> Tensor:
        """Mean and attention pooling of the tokens; mean and mask-guided pooling of the neck; its share and peak."""
        weights = self.attention(tokens).float().flatten(2).softmax(dim=2)
        attended = (tokens.float().flatten(2) * weights).sum(dim=2)
        guide = (mask.flatten(1) * 0.5).softmax(dim=1)[:, None]
        flat = neck.float().flatten(2)
        guided = (flat * guide).sum(dim=2)
        share = mask.sigmoid().mean(dim=(1, 2))[:, None]
        peak = mask.flatten(1).topk(min(PEAK_CELLS, mask[0].numel()), dim=1).values.mean(dim=1, keepdim=True) / 4
        return torch.cat([tokens.float().mean(dim=(2, 3)), attended, flat.mean(dim=2), guided, share, peak], dim=1)


def _box_mean(x: Tensor, side: int) -> Tensor:
    """Mean over every window of ``side`` x ``side`` pixels of an already padded map, as sums of shifted maps.

    Shifts fuse with what surrounds them when the network is compiled; pooling does not.
    """
    height, width = x.shape[2] - side + 1, x.shape[3] - side + 1
    rows = reduce(torch.add, [x[:, :, at : at + height] for at in range(side)])
    return reduce(torch.add, [rows[..., at : at + width] for at in range(side)]) / side**2


def _centred_log(energy: Tensor) -> Tensor:
    """Logarithm of the energy minus its mean over the window's content; 0 where there is none (blank or flat)."""
    content = (energy > 1e-5).float()
    logs = (energy + 1e-4).log() * 0.5
    mean = (logs * content).sum(dim=(2, 3), keepdim=True) / content.sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return (logs - mean) * content


def _stage(width_in: int, width: int, depth: int) -> nn.Sequential:
    blocks = [ResidualBlock(width_in, width, 2)] + [ResidualBlock(width, width) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def _grid_branch(width: int, coarse: int) -> nn.Sequential:
    """From the maps of the grid to what is added at stride 8: nothing at first, which suits a trained encoder."""
    first, last = nn.Conv2d(GRID_MAPS, width, 3, 1, 1, bias=False), nn.Conv2d(width, coarse, 3, 1, 1, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(first, nn.BatchNorm2d(width), nn.ReLU(inplace=True), last)


def _comparing(width: int) -> nn.TransformerEncoderLayer:
    """A transformer layer (pre-norm) that adds nothing at first, which suits a trained encoder."""
    layer = nn.TransformerEncoderLayer(
        width, max(1, width // HEAD_WIDTH), 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    for last in (layer.self_attn.out_proj, layer.linear2):
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
    return layer
