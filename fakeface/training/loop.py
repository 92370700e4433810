"""The loop that every training runs: budget, schedule, average, looks at the calibration faces, log, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import torch
from torch import Tensor, nn

from fakeface.training.checkpoints import Average, load_checkpoint, save_checkpoint
from fakeface.training.device import Device, choose_device
from fakeface.training.lineage import OVER, check_over
from fakeface.training.processes import Processes
from fakeface.training.progress import Budget, Log, Schedule

__all__ = ["Best", "Learned", "Loop", "Paced", "begin"]

Batch = TypeVar("Batch")


class Paced(Protocol):
    """What the loop reads of a stage's settings, which are a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def learning_rate(self) -> float:
        """Peak of the schedule."""

    @property
    def threads(self) -> int:
        """Of the networks."""

    @property
    def seed(self) -> int:
        """Of the weights."""

    @property
    def save_every(self) -> int:
        """Batches between two checkpoints."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What one batch has given.

    Args:
        samples: of the batch, as the budget counts them.
        figures: columns of the log: numbers, or tensors of one number.
    """

    samples: int
    figures: Mapping[str, float | Tensor]


@dataclass(frozen=True, slots=True)
class Best:
    """Which of the averages is kept.

    Args:
        names: figures of a look whose sum decides.
        keep: writes the weights.
        lowest: whether the lowest sum is the best one, not the highest.
    """

    names: tuple[str, ...]
    keep: Callable[[], None]
    lowest: bool = False


def begin(settings: Paced, device: Device = "cpu") -> torch.device:
    """Fix threads and seed before any weight is drawn; returns the device that this process trains on.

    Raises:
        BackendError: the device is not there.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    return Processes(choose_device(device)).device


class Loop:
    """One training that can be interrupted and called again, in one process or in several that learn together.

    Attributes:
        average: of the network's weights; what is measured and kept.
        budget: what is used up of it, by all processes together.
        progress: what the checkpoint says beside the tensors; a stage may add to it.

    Args:
        out: folder of ``checkpoint.*`` and ``log.csv``.
        network: that learns; its weights are taken from the checkpoint where there is one.
        optimizer: of its parameters.
        settings: of the stage.
        samples: stop after so many.
        minutes: or after so many minutes, whichever comes first; 0 for no limit.
        check_every: batches between two looks at the calibration faces.
        decay: of the average.
        resume: whether a checkpoint is gone on from.
        over: fingerprint of the frozen networks that this one is trained over; empty where there are none.

    Raises:
        WeightsError: the checkpoint belongs to another network, or was made over others.
    """

    def __init__(
        self,
        out: Path,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        settings: Paced,
        samples: int,
        check_every: int,
        minutes: float = 0.0,
        decay: float = 0.998,
        resume: bool = True,
        over: str = "",
    ) -> None:
        self._out, self._network, self._optimizer, self._settings = out, network, optimizer, settings
        self._check_every = check_every
        self._processes = Processes(next(network.parameters()).device)
        self._log, self._schedule = Log(out / "log.csv"), Schedule(settings.learning_rate)
        self.average = Average(network, decay)
        self.progress: dict[str, Any] = {"seen": 0, "seconds": 0.0}
        self.progress |= load_checkpoint(out, network, self.average, optimizer) if resume else {}
        if over:
            check_over(out, self.progress.get(OVER), over)
            self.progress[OVER] = over
        self.budget = Budget(samples, minutes)
        self.budget.resume(self.progress["seen"], self.progress["seconds"])

    @property
    def finished(self) -> bool:
        """Whether the budget is used up."""
        return self.budget.share >= 1

    @property
    def steps(self) -> int:
        """Batches learned from, earlier calls included."""
        return self.average.steps

    def run(
        self,
        batches: Iterable[Batch],
        learn: Callable[[Batch], Learned],
        look: Callable[[], Mapping[str, float]],
        best: Best | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Learn until the budget is used up; yields the log's row of every look, once it and a checkpoint are written.

        Of several processes only the first looks, logs, saves and yields.

        Args:
            batches: from the first one that was not seen.
            learn: from one batch, by one ``descend``.
            look: measures the average on calibration faces.
            best: which average is kept; ``None`` where ``look`` writes them all.
        """
        self._network.train()
        for batch in batches:
            for group in self._optimizer.param_groups:
                group["lr"] = self._schedule.rate(self.budget.share)
            learned = learn(batch)
            self.average.update(self._network)
            self.budget.spend(*self._processes.together(learned.samples, self.budget.clock))
            finished = self.finished
            looked = finished or self.steps % self._check_every == 0
            if self._processes.first:
                row = self._looked(learned.figures, look(), best) if looked else {}
                if looked or self.steps % self._settings.save_every == 0:
                    self._save()
                if looked:
                    yield row
            if finished:
                self._processes.wait()
                return

    def only_first(self, reports: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """What the first process reports of work that it does alone, while the others wait."""
        if self._processes.first:
            yield from reports
        self._processes.wait()

    def descend(self, loss: Tensor, longest: float | None = None) -> None:
        """One step of the optimizer down this loss, by a gradient no longer than ``longest``."""
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._processes.average_gradients(self._network)
        if longest is not None:
            nn.utils.clip_grad_norm_(self._network.parameters(), longest)
        self._optimizer.step()

    def _looked(
        self, learned: Mapping[str, float | Tensor], found: Mapping[str, float], best: Best | None
    ) -> dict[str, Any]:
        """Log one look, and keep the average where it is the best so far; returns the row."""
        if best is not None:
            value = sum(found[name] for name in best.names)
            known = self.progress.get("best", value)
            if value <= known if best.lowest else value >= known:
                self.progress["best"] = value
                best.keep()
        row: dict[str, Any] = {"seen": self.budget.seen, "seconds": round(self.budget.seconds)}
        row |= {name: float(value) if isinstance(value, Tensor) else value for name, value in learned.items()}
        row |= found
        self._log.write(row)
        return row

    def _save(self) -> None:
        self.progress |= {"seen": self.budget.seen, "seconds": self.budget.seconds, "settings": asdict(self._settings)}
        save_checkpoint(self._out, self._network, self.average, self._optimizer, self.progress)
