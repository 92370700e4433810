"""What a frozen encoder and the measurements give of training windows: what the language model sees of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from fakeface.claims.readings import read_regions
from fakeface.networks.encoder import EncoderOutput, ForensicEncoder
from fakeface.networks.sight import Sight, sight_of
from fakeface.training.forge.pairs import FaceSample

__all__ = ["encode_windows", "look_at"]


@torch.inference_mode()
def encode_windows(encoder: ForensicEncoder, samples: Sequence[FaceSample]) -> EncoderOutput:
    """The frozen encoder's output for a batch of windows, on the encoder's device."""
    pixels = torch.from_numpy(np.stack([sample.window for sample in samples])).permute(0, 3, 1, 2)
    output: EncoderOutput = encoder(pixels.to(next(encoder.parameters()).device))
    return output


def look_at(encoder: ForensicEncoder, samples: Sequence[FaceSample]) -> Sight:
    """The sight of windows whose regions have not been measured yet."""
    readings = [read_regions(sample.window, sample.landmarks) for sample in samples]
    with torch.inference_mode():
        return sight_of(encode_windows(encoder, samples), readings)
