"""What every training loop shares: when to stop, how fast to learn, and a log that can be read while it runs."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fakeface.training.curves import Curves
from fakeface.training.whole import whole

__all__ = ["Budget", "Log", "Schedule"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Learning rate: linear warm-up, then half a cosine down to one hundredth.

    Args:
        peak: highest rate.
        warm_up: share of the budget spent rising.
    """

    peak: float
    warm_up: float = 0.03

    def rate(self, share: float) -> float:
        """The rate after this share of the budget, 0..1."""
        if share < self.warm_up:
            return self.peak * max(share / self.warm_up, 0.01)
        down = (share - self.warm_up) / (1 - self.warm_up)
        return self.peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(down, 1))))


class Budget:
    """Counts samples and minutes across interruptions.

    Attributes:
        seen: samples.
        seconds: of training, when the last samples were counted.

    Args:
        samples: stop after so many.
        minutes: or after so many minutes of training, whichever comes first; 0 for no limit of time.
    """

    def __init__(self, samples: int, minutes: float = 0.0) -> None:
        self.samples, self.minutes = samples, minutes
        self.resume(0, 0.0)

    def resume(self, seen: int, seconds: float) -> None:
        """Go on where an earlier call stopped."""
        self.seen, self.seconds, self._since = seen, seconds, time.monotonic() - seconds

    @property
    def clock(self) -> float:
        """Seconds of training up to now."""
        return time.monotonic() - self._since

    def spend(self, samples: int, seconds: float) -> None:
        """Count so many samples more, and so many seconds in all."""
        self.seen, self.seconds = self.seen + samples, seconds

    @property
    def share(self) -> float:
        """Share of the budget used, 0..1."""
        timed = self.seconds / 60 / self.minutes if self.minutes else 0.0
        return min(max(self.seen / self.samples, timed), 1.0)


class Log:
    """Appends rows to a CSV file and draws their curves beside it.

    Args:
        path: the file; an existing one is continued, and gets the columns that it does not have yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._curves = Curves(path)

    def write(self, row: Mapping[str, float | int | str]) -> None:
        """Append one row."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        columns = self._columns(list(row))
        with self.path.open("a", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, columns)
            writer.writerow({k: round(v, 5) if isinstance(v, float) else v for k, v in row.items()})
        self._curves.update()

    def _columns(self, wanted: list[str]) -> list[str]:
        """Columns of the file, which is made, widened or freed of a line that a kill has cut off where it must be."""
        text = self.path.read_bytes().decode() if self.path.exists() else ""
        kept = text[: text.rfind("\n") + 1]
        reader = csv.DictReader(kept.splitlines())
        there = list(reader.fieldnames or ())
        columns = there + [name for name in wanted if name not in there]
        if columns != there or kept != text:
            with whole(self.path) as aside, aside.open("w", newline="", encoding="utf-8") as handle:
                writer = csv.DictWriter(handle, columns)
                writer.writeheader()
                writer.writerows(reader)
        return columns
