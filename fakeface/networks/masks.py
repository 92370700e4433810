"""The mask decoder: segment-anything's prompt encoder and mask decoder over the forensic encoder's own features.

Kirillov et al. 2023 (arXiv 2304.02643), sized down. What it is asked for is always the altered part of something: of
what the language model named at a ``[SEG]`` (as LISA reads it, arXiv 2308.00692), of a box, of a region, at a point, or
of everything. The encoder's dense mask goes in as SAM's mask prompt, so that the decoder refines and selects.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer
from torch import Tensor, nn
from torch.nn import functional

from fakeface.networks.encoder import EncoderOutput

__all__ = ["MASK_SIDE", "MasksConfig", "PromptBatch", "PromptedMasks"]

WINDOW = 224
GRID = 28
"""Side of the grid of features that the decoder attends to."""
MASK_SIDE = 4 * GRID
"""Side of the masks that go in and come out: the window at half its resolution."""
ABSENT = -8.0
"""Logit of the mask prompt outside a box or region that is asked about."""
KINDS = ("everything", "state", "region")
"""Prompts with a token of their own; boxes and points have SAM's."""


@dataclass(frozen=True, slots=True)
class MasksConfig:
    """Sizes of the mask decoder.

    Args:
        width: of its transformer.
        heads: of every attention.
        depth: two-way blocks.
        inner: of their perceptrons.
        features: channels of the encoder's tokens, coarse and fine maps together.
        text_width: of the language model's states.
    """

    width: int = 128
    heads: int = 4
    depth: int = 2
    inner: int = 256
    features: int = 448
    text_width: int = 256

    def as_dict(self) -> dict[str, int]:
        """For the record beside the weights."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class PromptBatch:
    """What is asked about one picture: P prompts of any kind, in the order of the masks that come out.

    Args:
        states: (S, text_width) float, the language model's at every ``[SEG]``.
        boxes: (B, 4) float xyxy in window pixels.
        points: (N, 2) float x, y in window pixels.
        regions: (R, 112, 112) bool.
        everything: whether all that is altered is asked for as well; it comes first.
    """

    states: Tensor | None = None
    boxes: Tensor | None = None
    points: Tensor | None = None
    regions: Tensor | None = None
    everything: bool = False


class PromptedMasks(nn.Module):
    """The network.

    Args:
        config: sizes.
    """

    def __init__(self, config: MasksConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MasksConfig()
        width = config.width
        self.features = nn.Conv2d(config.features, width, 1)
        self.norm = nn.GroupNorm(1, width)
        self.prompts = PromptEncoder(width, (GRID, GRID), (WINDOW, WINDOW), 16)
        self.kinds = nn.Embedding(len(KINDS), width)
        self.state = nn.Linear(config.text_width, width)
        self.decoder = MaskDecoder(
            transformer_dim=width,
            transformer=TwoWayTransformer(config.depth, width, config.heads, config.inner),
            num_multimask_outputs=1,
            iou_head_depth=2,
            iou_head_hidden_dim=width,
        )
        for last in [head.layers[-1] for head in self.decoder.output_hypernetworks_mlps]:
            nn.init.zeros_(last.weight)  # what comes out at first is the mask prompt itself
            nn.init.zeros_(last.bias)

    def forward(self, seen: EncoderOutput, asked: PromptBatch) -> tuple[Tensor, Tensor]:
        """Masks for one picture.

        Args:
            seen: the encoder's output for exactly one picture.
            asked: P prompts.

        Returns:
            (P, 112, 112) logits in the order everything, states, boxes, points, regions; (P,) expected IoU.
        """
        picture = self._picture(seen)
        prior = functional.interpolate(seen.mask[:, None], size=(MASK_SIDE, MASK_SIDE), mode="bilinear")[0]
        tokens, priors = self._tokens(picture, prior, asked)
        dense = self.prompts(points=None, boxes=None, masks=priors.clamp(ABSENT, -ABSENT))[1]
        masks, quality = self.decoder(picture, self.prompts.get_dense_pe(), tokens, dense, multimask_output=False)
        return masks[:, 0].float() + priors[:, 0], quality[:, 0].float()

    def _picture(self, seen: EncoderOutput) -> Tensor:
        grid = (GRID, GRID)
        maps = [
            functional.interpolate(seen.tokens.float(), size=grid, mode="nearest"),
            functional.interpolate(seen.coarse.float(), size=grid, mode="nearest"),
            functional.adaptive_avg_pool2d(seen.neck.float(), grid),
        ]
        normal: Tensor = self.norm(self.features(torch.cat(maps, dim=1)))
        return normal

    def _tokens(self, picture: Tensor, prior: Tensor, asked: PromptBatch) -> tuple[Tensor, Tensor]:
        """Two tokens and a mask prompt (P, 1, 112, 112) for every prompt."""
        tokens: list[Tensor] = []
        priors: list[Tensor] = []
        if asked.everything:
            tokens.append(self._kind("everything", picture.mean(dim=(2, 3))))
            priors.append(prior[None])
        if asked.states is not None:
            tokens.append(self._kind("state", self.state(asked.states)))
            priors.append(prior.expand(len(asked.states), 1, -1, -1))
        if asked.boxes is not None:
            tokens.append(self.prompts._embed_boxes(asked.boxes))
            priors.append(_inside(prior, _box_masks(asked.boxes)))
        if asked.points is not None:
            labels = torch.ones(len(asked.points), 1, device=asked.points.device)
            tokens.append(self.prompts._embed_points(asked.points[:, None], labels, pad=True))
            priors.append(prior.expand(len(asked.points), 1, -1, -1))
        if asked.regions is not None:
            share = functional.adaptive_avg_pool2d(asked.regions[:, None].float(), (GRID, GRID))
            mean = (picture * share).sum(dim=(2, 3)) / share.sum(dim=(2, 3)).clamp(min=1e-3)
            tokens.append(self._kind("region", mean))
            priors.append(_inside(prior, asked.regions))
        return torch.cat(tokens), torch.cat(priors)

    def _kind(self, name: str, content: Tensor) -> Tensor:
        kind = self.kinds.weight[KINDS.index(name)].expand_as(content)
        return torch.stack([kind, content], dim=1)


def _inside(prior: Tensor, regions: Tensor) -> Tensor:
    """The mask prompt with nothing outside of each region: (R, 1, 112, 112)."""
    return torch.where(regions[:, None], prior[None], torch.full_like(prior[None], ABSENT))


def _box_masks(boxes: Tensor) -> Tensor:
    """(B, 112, 112) bool from boxes in window pixels."""
    centres = (torch.arange(MASK_SIDE, device=boxes.device) + 0.5) * (WINDOW / MASK_SIDE)
    across = (centres >= boxes[:, :1]) & (centres < boxes[:, 2:3])
    along = (centres >= boxes[:, 1:2]) & (centres < boxes[:, 3:4])
    return along[:, :, None] & across[:, None, :]
