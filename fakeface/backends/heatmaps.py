"""Grad-CAM over MIDS: where each visual layer bears on the score of one pairing (Selvaraju et al., arXiv 1610.02391).

It says what the score is sensitive to, not where the picture was altered.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from fakeface.answers import Answer
from fakeface.decision import Pairing
from fakeface.faces import CROP_SIZE
from fakeface.networks.encoder import EncoderOutput
from fakeface.networks.language import CompactLanguageModel, read_texts
from fakeface.networks.mids import Mids

__all__ = ["answer_heatmaps", "grad_cam"]


def answer_heatmaps(
    network: Mids,
    language: CompactLanguageModel,
    tokenizer: Tokenizer,
    seen: EncoderOutput,
    answer: Answer,
    pairing: Pairing,
) -> tuple[NDArray[np.float32], ...]:
    """What ``Scorer.heatmaps`` gives, for one face's features and one answer; the text is read back as for scoring."""
    with torch.inference_mode():
        hidden, lengths = read_texts(language, [tokenizer.encode(answer.scored_text).ids])
    return grad_cam(network, (seen.tokens, seen.coarse), seen.pooled, hidden, lengths, pairing)


def grad_cam(
    network: Mids, layers: tuple[Tensor, Tensor], pooled: Tensor, text: Tensor, lengths: Tensor, pairing: Pairing
) -> tuple[NDArray[np.float32], ...]:
    """The heat maps of both visual layers for one face and one answer.

    Args:
        network: trained MIDS.
        layers: (1, C1, H1, W1) and (1, C2, H2, W2), the last layer first.
        pooled: (1, pooled_width), the encoder's summary of the picture.
        text: (1, L, text_width) hidden states of the answer.
        lengths: (1,) valid positions.
        pairing: the column of the score that is traced back.

    Returns:
        (224, 224) float32 0..1 for each layer, scaled by its own largest value; all zero where nothing speaks for it.
    """
    # Features and texts come out of inference mode; their copies made here may carry gradients.
    with torch.inference_mode(False), torch.enable_grad():
        seen = [layer.clone().float().requires_grad_(True) for layer in layers]
        logits = network((seen[0], seen[1]), pooled.clone(), text.clone(), lengths.clone())
        gradients = torch.autograd.grad(logits[0, pairing], seen)
    return tuple(_map(layer.detach(), gradient) for layer, gradient in zip(seen, gradients, strict=True))


def _map(layer: Tensor, gradient: Tensor) -> NDArray[np.float32]:
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    heat = (weights * layer).sum(dim=1, keepdim=True).relu()
    heat = functional.interpolate(heat, size=(CROP_SIZE, CROP_SIZE), mode="bilinear")[0, 0]
    top = float(heat.max())
    return np.asarray((heat / top if top > 0 else heat).cpu().numpy(), np.float32)
