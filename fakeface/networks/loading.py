"""Bring weights into a network: strictly, from half precision on disk to single precision at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor, nn

from fakeface.errors import WeightsError

__all__ = ["frozen", "loaded"]

Network = TypeVar("Network", bound=nn.Module)

NOT_SHIPPED = ("num_batches_tracked", "lm_head.weight")
"""Training counters, and the output layer that is the embedding itself."""


def loaded(network: Network, tensors: Mapping[str, Tensor], name: str) -> Network:
    """The network with these weights.

    Args:
        network: freshly constructed.
        tensors: its state, floating values in any precision.
        name: of the file, for the error.

    Raises:
        WeightsError: the weights belong to another network.
    """
    state = {key: value.float() if value.is_floating_point() else value for key, value in tensors.items()}
    try:
        missing, unexpected = network.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise WeightsError(f"{name} does not fit its network: sizes differ") from error
    lacking = [key for key in missing if not key.endswith(NOT_SHIPPED)]
    if lacking or unexpected:
        raise WeightsError(f"{name} does not fit its network: {(lacking + unexpected)[0]}")
    return network


def frozen(network: Network, tensors: Mapping[str, Tensor], name: str) -> Network:
    """``loaded``, in evaluation mode and without gradients."""
    return loaded(network, tensors, name).eval().requires_grad_(False)
