"""One training in one process, or in several that ``torchrun`` starts, each on a device of its own.

Data parallelism with equal weights (Goyal et al. 2017, arXiv 1706.02677): every process forges pairs of its own and
learns from them, the gradients' mean moves all networks alike, and the first process looks, logs and saves. Layers that
normalise by batch do so each by its own; the first one's running figures are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch import Tensor, nn

from fakeface.errors import SettingsError

__all__ = ["Processes", "alone"]


class Processes:
    """Those of this training, seen from one of them.

    Attributes:
        count: how many there are.
        number: which one this is, from 0.
        device: that this one trains on.

    Args:
        device: ``cpu`` or ``cuda``; of several processes on CUDA each gets its own.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self._state = PartialState(cpu=device is None or device.type == "cpu")
        self.count: int = self._state.num_processes
        self.number: int = self._state.process_index
        several_devices = self.count > 1 and device is not None and device.type == "cuda"
        self.device = self._state.device if several_devices else device or torch.device("cpu")

    @property
    def first(self) -> bool:
        """Whether this one looks, logs and saves."""
        return self.number == 0

    def wait(self) -> None:
        """Until all are here."""
        self._state.wait_for_everyone()

    @contextmanager
    def first_before_others(self) -> Iterator[None]:
        """What the first does before the others do it, so that these find it done."""
        with self._state.main_process_first():
            yield

    def own(self, order: Iterable[int]) -> Iterable[int]:
        """The numbers that this one sees, of an order that is the same for all: every ``count``-th."""
        return order if self.count == 1 else islice(order, self.number, None, self.count)

    def together(self, samples: int, seconds: float) -> tuple[int, float]:
        """What all have seen in this step, and the first one's time: budgets must not part ways."""
        if self.count == 1:
            return samples, seconds
        said = torch.tensor([samples, seconds if self.first else 0.0], dtype=torch.float64, device=self.device)
        told: list[float] = reduce(said, "sum").tolist()
        return round(told[0]), told[1]

    def average_gradients(self, network: nn.Module) -> None:
        """Replace every gradient by its mean over the processes; a missing one counts as nothing."""
        if self.count == 1:
            return
        gradients = _gradients(network)
        mean = reduce(torch.cat([one.flatten() for one in gradients]), "mean")
        for gradient, part in zip(gradients, mean.split([one.numel() for one in gradients]), strict=True):
            gradient.copy_(part.view(gradient.shape))


def _gradients(network: nn.Module) -> Sequence[Tensor]:
    learned = [one for one in network.parameters() if one.requires_grad]
    for one in learned:
        if one.grad is None:
            one.grad = torch.zeros_like(one)
    return [one.grad for one in learned if one.grad is not None]


def alone(what: str) -> None:
    """Refuse several processes for what only one does.

    Raises:
        SettingsError: more than one was started.
    """
    if Processes().count > 1:
        raise SettingsError(f"{what} runs in one process: start it by itself")
