"""MIDS: scores an answer against the picture, so that the best of several can be chosen.

The structure is FFAA's (arXiv 2408.10072, equations 4 to 6), sized down: two visual layers, dual cross-attention
between text and each layer, one learned query per stream, class tokens, three rounds of self-attention, four classes
over truth x claim. Unlike the published code it masks padded text, so that an answer's score does not depend on its
batch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Mids", "MidsConfig"]


@dataclass(frozen=True, slots=True)
class MidsConfig:
    """Sizes of MIDS.

    Args:
        width: of every attention.
        heads: of every attention.
        layer_widths: channels of the two visual layers, last one first.
        pooled_width: length of the encoder's pooled vector, which takes the place of CLIP's class token.
        text_width: of the text's hidden states.
        rounds: of self-attention over the fused tokens.
    """

    width: int = 192
    heads: int = 6
    layer_widths: tuple[int, int] = (256, 128)
    pooled_width: int = 642
    text_width: int = 256
    rounds: int = 3

    def as_dict(self) -> dict[str, object]:
        """For the record beside the weights."""
        return asdict(self)


class Attention(nn.Module):
    """Multi-head attention and LayerNorm, without a residual unless ``residual`` is set (as published)."""

    def __init__(self, width: int, heads: int, residual: bool = False) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.residual = residual

    def forward(self, query: Tensor, key: Tensor, ignored: Tensor | None = None) -> Tensor:
        """(B, Q, W) queries over (B, K, W) keys; ``ignored`` is (B, K) bool, true where a key is padding."""
        attended, _ = self.attention(query, key, key, key_padding_mask=ignored, need_weights=False)
        normal: Tensor = self.norm(attended + query if self.residual else attended)
        return normal


class Mids(nn.Module):
    """The network.

    Args:
        config: sizes.
    """

    def __init__(self, config: MidsConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MidsConfig()
        width, heads = config.width, config.heads
        self.text = nn.Linear(config.text_width, width)
        self.visual = nn.ModuleList([nn.Linear(size, width) for size in config.layer_widths])
        self.class_tokens = nn.ModuleList([nn.Linear(config.pooled_width, width) for _ in config.layer_widths])
        self.text_over_picture = nn.ModuleList([Attention(width, heads) for _ in config.layer_widths])
        self.picture_over_text = nn.ModuleList([Attention(width, heads) for _ in config.layer_widths])
        self.queries = nn.Parameter(torch.randn(2, 2, 1, width))
        self.query_text = nn.ModuleList([Attention(width, heads) for _ in config.layer_widths])
        self.query_picture = nn.ModuleList([Attention(width, heads) for _ in config.layer_widths])
        self.rounds = nn.ModuleList([Attention(width, heads, residual=True) for _ in range(config.rounds)])
        self.head = nn.Linear(6 * width, 4)

    def forward(self, layers: tuple[Tensor, Tensor], pooled: Tensor, text: Tensor, lengths: Tensor) -> Tensor:
        """Logits (B, 4) in the order of ``Pairing``.

        Args:
            layers: the two visual layers, (B, C1, H1, W1) and (B, C2, H2, W2); the second is pooled to
                the first's grid.
            pooled: (B, pooled_width), the encoder's summary of the picture.
            text: (B, L, text_width) hidden states of description and reasoning.
            lengths: (B,) valid positions of each text.
        """
        ignored = torch.arange(text.shape[1], device=text.device)[None] >= lengths[:, None]
        words = self.text(text)
        fused = []
        for index, layer in enumerate(layers):
            grid = (
                functional.adaptive_avg_pool2d(layer.float(), (layers[0].shape[2], layers[0].shape[3]))
                .flatten(2)
                .transpose(1, 2)
            )
            patches = self.visual[index](grid)
            read = self.text_over_picture[index](words, patches)
            seen = self.picture_over_text[index](patches, words, ignored)
            queries = self.queries[index].expand(2, len(text), -1).unsqueeze(2)
            fused += [
                self.class_tokens[index](pooled.float())[:, None],
                self.query_text[index](queries[0], read, ignored),
                self.query_picture[index](queries[1], seen),
            ]
        tokens = torch.cat(fused, dim=1)
        for attention in self.rounds:
            tokens = attention(tokens, tokens)
        logits: Tensor = self.head(tokens.flatten(1))
        return logits
