"""Start a wider or deeper encoder from a smaller one: it says exactly the same at first (Net2Net, arXiv 1511.05641).

A branch, a block or a layer of attention that the smaller one does not have begins by adding nothing. Every added
channel is a copy of a trained one, and what reads it gets a random share of what it gave before, so that the copies
part ways as soon as training goes on. An encoder with attention is deepened, not widened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from fakeface.errors import WeightsError
from fakeface.networks.encoder import EncoderConfig, ForensicEncoder

__all__ = ["grown"]

_LATER_BLOCK = re.compile(r"stage\d+\.[1-9]")
"""Tensors of a residual block that leaves the resolution as it is."""


def grown(state: Mapping[str, Tensor], config: EncoderConfig, seed: int = 1) -> dict[str, Tensor]:
    """The state of an encoder of sizes ``config`` that computes what the smaller one with ``state`` computes.

    Args:
        state: of a trained encoder, no wider and no deeper anywhere, floating values in any precision.
        config: sizes wanted.
        seed: of which channels are copied, and of the shares.

    Raises:
        WeightsError: the encoder is wider or deeper somewhere.
    """
    generator = torch.Generator().manual_seed(seed)
    fresh = ForensicEncoder(config).state_dict()
    wanted = {name: tuple(value.shape) for name, value in fresh.items()}
    branched = any(name.startswith("grid.") for name in state)
    groups = {name: _channels(state, name, width, generator) for name, width in _widths(config).items()}
    joined = _joined([groups[name] for name in ("4", "4", "neck", "neck")])
    result = {}
    for name, shape in wanted.items():
        if name.endswith("num_batches_tracked"):
            result[name] = torch.tensor(0)
            continue
        if (name.startswith("grid.") and not branched) or (name.startswith("compared.") and name not in state):
            result[name] = fresh[name]
            continue
        if name not in state and _LATER_BLOCK.match(name):
            result[name] = torch.zeros(shape) if name.endswith("second_norm.weight") else fresh[name]
            continue
        if name not in state:
            raise WeightsError(f"the encoder to start from has no {name}")
        value = state[name].float()
        out, read = _groups_of(name)
        if out is not None:
            value = value[groups[out]]
        if read == "pooled":
            rest = torch.arange(int(joined.max()) + 1, value.shape[1])
            value = _shared(value, torch.cat([joined, rest]), generator)
        elif read is not None:
            value = _shared(value, groups[read], generator)
        if tuple(value.shape) != shape:
            raise WeightsError(f"the encoder to start from does not fit at {name}: {tuple(value.shape)}, not {shape}")
        result[name] = value
    deeper = sorted(name for name in state.keys() - result.keys() if _LATER_BLOCK.match(name))
    if deeper:
        raise WeightsError(f"the encoder to start from is deeper: it has {deeper[0]}")
    return result


def _widths(config: EncoderConfig) -> dict[str, int]:
    return {**{str(number): width for number, width in enumerate(config.widths, start=1)}, "neck": config.neck}


def _channels(state: Mapping[str, Tensor], group: str, width: int, generator: torch.Generator) -> Tensor:
    """Which old channel every new one is: the old ones first, then copies."""
    probe = {"1": "stem.0.weight", "neck": "lateral2.weight"}.get(group, f"stage{group}.0.first.weight")
    if probe not in state:
        raise WeightsError(f"the encoder to start from has no {probe}")
    old = len(state[probe])
    if old > width:
        raise WeightsError(f"the encoder to start from is wider at {probe}: {old} channels, not {width}")
    copies = torch.arange(width - old) % old
    return torch.cat([torch.arange(old), torch.randperm(old, generator=generator)[copies]])


def _joined(parts: list[Tensor]) -> Tensor:
    """Channel maps of vectors laid end to end."""
    offsets = torch.tensor([0, *[int(part.max()) + 1 for part in parts[:-1]]]).cumsum(0)
    return torch.cat([part + offset for part, offset in zip(parts, offsets, strict=True)])


def _groups_of(name: str) -> tuple[str | None, str | None]:
    """The groups that a tensor's first and second dimension belong to; ``None`` where it has none or it is fixed."""
    layer = name.rsplit(".", 1)[0]
    if layer in ("detection_head", "class_head", "region_head"):
        return None, "pooled" if name.endswith("weight") else None
    if layer in ("mask_head", "attention"):
        return None, ("neck" if layer == "mask_head" else "4") if name.endswith("weight") else None
    if layer.startswith(("lateral", "fuse")):
        if not name.endswith("weight") or layer == "fuse.1":
            return "neck", None
        return "neck", "neck" if layer == "fuse.0" else layer[-1]
    if layer.startswith("stem"):
        return "1", None
    if layer.startswith("compared"):
        return None, None
    if layer.startswith("grid"):
        return "3" if layer == "grid.3" else None, None
    stage, block, part = layer.removeprefix("stage").split(".", 2)
    if part.endswith("_norm") or part == "skip.2":
        return stage, None
    enters = block == "0" and part in ("first", "skip.1") and stage != "1"
    return stage, str(int(stage) - 1) if enters else stage


def _shared(weights: Tensor, channels: Tensor, generator: torch.Generator) -> Tensor:
    """Read widened channels: the copies of one old channel share its old weight, in random shares that sum to 1."""
    draws = torch.rand(weights.shape[0], len(channels), generator=generator) * 0.8 + 0.6
    totals = torch.zeros(weights.shape[0], int(channels.max()) + 1).index_add_(1, channels, draws)
    shares = draws / totals[:, channels]
    widened: Tensor = weights[:, channels] * shares.reshape(*shares.shape, *[1] * (weights.ndim - 2))
    return widened
