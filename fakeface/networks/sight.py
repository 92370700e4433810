"""What the language model sees of a picture: the encoder's output, and what is measured on the regions of the face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from fakeface.networks.encoder import EncoderOutput

__all__ = ["Measured", "Sight", "region_inputs", "sight_of", "signals", "vision_tokens"]

BOUND = 4.0
"""Logits are divided by this before they go through tanh."""


class Measured(Protocol):
    """What is measured on the regions of one picture, before any text."""

    @property
    def values(self) -> NDArray[np.float32]:
        """(16, 15) float32, each measure by its place in the range of real faces."""

    @property
    def areas(self) -> NDArray[np.bool_]:
        """(16, 56, 56) bool, where the regions lie on the grid of the dense mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What the language model sees of B pictures.

    Args:
        tokens: (B, C + 2, 14, 14) float, ``vision_tokens``.
        signal: (B, 22) float -1..1, ``signals``.
        regions: (B, 16, 18) float, ``region_inputs``.
    """

    tokens: Tensor
    signal: Tensor
    regions: Tensor

    def rows(self, index: Tensor) -> Sight:
        """The pictures at these places of the batch."""
        return Sight(self.tokens[index], self.signal[index], self.regions[index])

    def learnable(self) -> Sight:
        """A copy outside of inference mode, for a network that is trained on it."""
        return Sight(self.tokens.clone(), self.signal.clone(), self.regions.clone())


def sight_of(output: EncoderOutput, measured: Sequence[Measured]) -> Sight:
    """Everything that is seen of the pictures of one encoder pass, with what is measured on the same pictures."""
    return Sight(vision_tokens(output), signals(output), region_inputs(output, measured))


def vision_tokens(output: EncoderOutput) -> Tensor:
    """The encoder's tokens with the mean and the peak of its dense mask at each of them: (B, C + 2, 14, 14) float."""
    mask = (output.mask[:, None] / BOUND).tanh()
    size = (output.tokens.shape[2], output.tokens.shape[3])
    pooled = [functional.adaptive_avg_pool2d(mask, size), functional.adaptive_max_pool2d(mask, size)]
    return torch.cat([output.tokens.float(), *pooled], dim=1)


def signals(output: EncoderOutput) -> Tensor:
    """The encoder's text-independent statements as (B, 22) float: detection, class and region logits, bounded."""
    joined = torch.cat([output.detection[:, None], output.classes, output.regions], dim=1)
    return (joined / BOUND).tanh()


def region_inputs(output: EncoderOutput, measured: Sequence[Measured]) -> Tensor:
    """(B, 16, 18) float: readings of each region, mean and peak of the dense mask on it, its region logit."""
    mask = (output.mask[:, None] / BOUND).tanh()
    device = mask.device
    readings = torch.from_numpy(np.stack([one.values for one in measured])).to(device)
    areas = torch.from_numpy(np.stack([one.areas for one in measured])).to(device).float()
    mean = (mask * areas).sum(dim=(2, 3)) / areas.sum(dim=(2, 3)).clamp(min=1)
    peak = (mask * areas - (1 - areas)).amax(dim=(2, 3))
    logit = (output.regions / BOUND).tanh()
    return torch.cat([readings.float(), torch.stack([mean, peak, logit], dim=2)], dim=2)
