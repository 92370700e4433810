"""Checkpoints without pickle: tensors in safetensors, everything else in JSON, written aside and renamed.

The JSON stands in the head of the tensors' own file, so that both change in one step however a process ends; a copy
lies beside it for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fakeface.errors import WeightsError
from fakeface.training.whole import whole, write_whole

__all__ = [
    "Average",
    "checkpoint_progress",
    "load_checkpoint",
    "read_record",
    "released",
    "save_checkpoint",
    "save_weights",
]

RECORD = "record"
"""Name of the JSON among the metadata of a file of tensors."""


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
    path = folder / "checkpoint.safetensors"
    if not path.is_file():
        return None
    record = read_record(path)
    if record is None:
        raise WeightsError(f"checkpoint.safetensors in {folder.name} is no checkpoint: move it away to start anew")
    return record


def read_record(path: Path) -> dict[str, Any] | None:
    """The JSON in the head of a file of tensors; ``None`` where it has none."""
    with safe_open(path, "pt") as file:
        text = (file.metadata() or {}).get(RECORD)
    record: dict[str, Any] | None = json.loads(text) if text is not None else None
    return record


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def released(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as they are released: floating tensors in fp16, counters of batches left out."""
    return {
        name: (value.half() if value.is_floating_point() else value).contiguous().clone()
        for name, value in state.items()
        if not name.endswith("num_batches_tracked")
    }


def save_weights(path: Path, state: Mapping[str, Tensor], record: Mapping[str, Any] | None = None) -> None:
    """Write weights as they are released; the file appears when it is whole.

    Args:
        path: of the file.
        state: of the network.
        record: JSON for the head of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as aside:
        save_file(released(state), aside, {RECORD: json.dumps(record)} if record else None)
