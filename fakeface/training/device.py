"""Where networks are trained: on the processor, or on a graphics processor that CUDA can use."""

from __future__ import annotations

from typing import Literal

import torch

from fakeface.errors import BackendError

__all__ = ["Device", "choose_device"]

Device = Literal["auto", "cpu", "cuda"]
"""``auto`` takes a graphics processor where there is one."""


def choose_device(wanted: Device) -> torch.device:
    """The device to train on.

    Raises:
        BackendError: CUDA is asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BackendError("there is no graphics processor that CUDA can use: train with --device cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")
