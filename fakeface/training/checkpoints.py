"""Checkpoints without pickle: tensors in safetensors, everything else in JSON, written aside and renamed.

The JSON stands in the head of the tensors' own file, so that both change in one step however a process ends; a copy
lies beside it for people.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fakeface.errors import WeightsError
from fakeface.training.whole import whole, write_whole

__all__ = ["Average", "checkpoint_progress", "load_checkpoint", "save_checkpoint", "save_weights"]

RECORD = "record"
"""Name of the JSON among the metadata of ``checkpoint.safetensors``."""


class Average:
    """Exponential moving average of a network's weights and buffers (Polyak averaging).

    Args:
        network: what to average; its state is copied.
        decay: share of the old average kept at each step, reached gradually.
    """

    def __init__(self, network: nn.Module, decay: float = 0.998) -> None:
        self.decay, self.steps = decay, 0
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @property
    def device(self) -> torch.device:
        """Where the network, and so its average, lies."""
        device: torch.device = next(iter(self.state.values())).device
        return device

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the network's present state."""
        self.steps += 1
        share = min(self.decay, (1 + self.steps) / (10 + self.steps))
        state = network.state_dict()
        floating = [name for name, value in state.items() if value.is_floating_point()]
        # All in one call, as torch.optim.swa_utils does it: one by one this took a tenth of a batch's time.
        torch._foreach_lerp_([self.state[name] for name in floating], [state[name] for name in floating], 1 - share)
        for name in state.keys() - set(floating):
            self.state[name].copy_(state[name])


def save_checkpoint(
    folder: Path, network: nn.Module, average: Average, optimizer: torch.optim.Optimizer, progress: dict[str, Any]
) -> None:
    """Write ``checkpoint.safetensors`` and ``checkpoint.json``; an interrupted write leaves the old ones."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state.items()}
    state = optimizer.state_dict()
    plain: dict[str, dict[str, Any]] = {}
    for index, entries in state["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer.{index}.{name}"] = value
            else:
                plain.setdefault(str(index), {})[name] = value
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"progress": progress, "average_steps": average.steps, "optimizer": plain})
    with whole(folder / "checkpoint.safetensors") as aside:
        save_file({name: value.contiguous().clone() for name, value in tensors.items()}, aside, {RECORD: text})
    write_whole(folder / "checkpoint.json", text)


def load_checkpoint(
    folder: Path, network: nn.Module, average: Average, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Restore what ``save_checkpoint`` wrote; returns its ``progress``, empty where there is no checkpoint.

    Raises:
        WeightsError: the checkpoint belongs to another network.
    """
    record = _record(folder)
    if record is None:
        return {}
    tensors = load_file(folder / "checkpoint.safetensors")
    try:
        network.load_state_dict(_under(tensors, "network."))
    except RuntimeError as error:
        raise WeightsError(f"the checkpoint in {folder.name} belongs to another network") from error
    devices = {name: value.device for name, value in average.state.items()}
    average.state = {name: value.to(devices[name]) for name, value in _under(tensors, "average.").items()}
    average.steps = record["average_steps"]
    state = optimizer.state_dict()
    restored: dict[int, dict[str, Any]] = {}
    for name, value in _under(tensors, "optimizer.").items():
        index, key = name.split(".", 1)
        restored.setdefault(int(index), {})[key] = value
    for index, entries in record["optimizer"].items():
        restored.setdefault(int(index), {}).update(entries)
    optimizer.load_state_dict({"state": restored, "param_groups": state["param_groups"]})
    progress: dict[str, Any] = record["progress"]
    return progress


def checkpoint_progress(folder: Path) -> dict[str, Any]:
    """The ``progress`` of a checkpoint without its tensors, empty where there is none."""
    record = _record(folder)
    progress: dict[str, Any] = record["progress"] if record else {}
    return progress


def _record(folder: Path) -> dict[str, Any] | None:
    """What the head of the tensors' file says; ``None`` where there is no checkpoint."""
    if not (folder / "checkpoint.safetensors").is_file():
        return None
    with safe_open(folder / "checkpoint.safetensors", "pt") as file:
        text = (file.metadata() or {}).get(RECORD)
    if text is None:
        raise WeightsError(f"checkpoint.safetensors in {folder.name} is no checkpoint: move it away to start anew")
    record: dict[str, Any] = json.loads(text)
    return record


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def save_weights(path: Path, state: dict[str, Tensor]) -> None:
    """Write released weights: floating tensors in fp16, the rest as it is; the file appears when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }
    with whole(path) as aside:
        save_file(half, aside)
