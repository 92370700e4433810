"""Intervals by resampling source pictures: all faces of one picture are drawn together, and the resamples at once.

A resample is a row of weights (how often each face was drawn), so that a thousand of a statistic are a few array
operations instead of a thousand calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Figure", "Resampling", "Statistic", "Values", "figure_of"]

Values = NDArray[np.float64]

Statistic = Callable[[Values], Values]
"""(resamples, faces) weights -> (resamples,) values, NaN where a resample does not allow one."""

RESAMPLES = 1000
CELLS = 2_000_000
"""Weights that are worked on at once."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % bootstrap interval.

    Args:
        value: on all faces.
        low, high: 2.5th and 97.5th percentile over the resamples.
        n: faces, or whatever is counted.
        sets: the sets that it is taken over, where it is taken over several.
    """

    value: float
    low: float
    high: float
    n: int
    sets: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"

    def as_dict(self) -> dict[str, float | int | list[str]]:
        """For ``metrics.json``, four decimals."""
        found: dict[str, float | int | list[str]] = {
            "value": round(self.value, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "n": self.n,
        }
        return found | ({"sets": list(self.sets)} if self.sets else {})


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """How often each face was drawn in each resample.

    Args:
        weights: (resamples, faces) uint16.
    """

    weights: NDArray[np.uint16]

    @classmethod
    def draw(cls, groups: Sequence[str], seed: int = 0, resamples: int = RESAMPLES) -> Resampling:
        """Draw as many groups as there are, with replacement, ``resamples`` times.

        Args:
            groups: the source picture of each face.
            seed: of the draw.
            resamples: how many.
        """
        _, numbers = np.unique(np.asarray(groups), return_inverse=True)
        count = int(numbers.max()) + 1
        rng = np.random.default_rng(seed)
        drawn = np.stack([np.bincount(rng.integers(count, size=count), minlength=count) for _ in range(resamples)])
        return cls(drawn.astype(np.uint16)[:, numbers])

    def part(self, chosen: NDArray[np.bool_]) -> Resampling:
        """The same resamples of some of the faces."""
        return Resampling(self.weights[:, chosen])

    def spread(self, statistic: Statistic) -> Values:
        """(resamples,) values of a statistic, NaN where a resample does not allow one."""
        rows, faces = self.weights.shape
        step = max(CELLS // max(faces, 1), 1)
        parts = []
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, rows, step):
                parts.append(statistic(self.weights[start : start + step].astype(np.float64)))
        return np.concatenate(parts)

    def figure(self, value: float, statistic: Statistic, n: int | None = None) -> Figure:
        """A value with the interval of its statistic."""
        return figure_of(value, self.spread(statistic), self.weights.shape[1] if n is None else n)


def figure_of(value: float, spread: Values, n: int, sets: tuple[str, ...] = ()) -> Figure:
    """A value with the percentiles of its resampled values; where none allows a value, the interval is the value."""
    known = spread[np.isfinite(spread)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (value, value)
    return Figure(value, float(low), float(high), n, sets)
