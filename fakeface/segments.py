"""Where in time a track looks altered: stretches whose local scores stand out against the rest of the same track.

The same face, camera and compression are the best comparison that there is. Of all stretches the one is taken whose
mean log-odds lie the furthest above the mean of the rest, measured in what such a difference varies by (the epidemic
change of Levin & Kline 1985, Statistics in Medicine 4; circular binary segmentation, Olshen et al. 2004, Biostatistics
5), less what the best of so many stretches reaches by chance (Dümbgen & Spokoiny 2001, Annals of Statistics 29). The
next one is looked for in what is left. A track that swings by itself therefore needs a greater rise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from fakeface.errors import SettingsError
from fakeface.films import Segment, TrackRule

__all__ = ["Scores", "Stretch", "TrackScores", "find_segments", "log_odds", "stand_out", "strongest_stretches"]

Scores: TypeAlias = NDArray[np.float64]
"""(n,) float64: scores of one kind of a track's scored sightings in time, 0..1; or their times in seconds."""

Squares = TypeVar("Squares", float, Scores)

LEAST_IN_SEGMENT = 3
"""Sightings of a stretch, and of the rest that it is compared with."""

MOST_ALTERED = 0.7
"""Largest share of a track that stretches may hold together: the rest is the track's own level. Who is altered for
longer is told by the level."""

USUAL_SPREAD, SPREAD_WEIGHT = 0.55, 10
"""Standard deviation of the log-odds of an unaltered person's local scores from frame to frame, and how many sightings
it counts for beside a track's own deviation. Chosen with caution: on calibration films, which are stills that move, it
is 0.36."""

WANDERING = 0.3
"""Standard deviation of a person's level between stretches, log-odds: poses and light change it, however many frames
repeat it."""

RHO_WEIGHT, MOST_RHO = 6, 0.9
"""Neighbouring frames repeat each other: the correlation of neighbours is drawn towards none by the weight of so many
sightings of usual spread, and is no more than the second."""

SIGHTINGS_PER_STRETCH = 20
"""A track is taken to hold at most one stretch for so many sightings, and one if it has fewer: what is explained by
stretches no longer counts as a swing of its own."""

HAMPEL_SIGHTINGS, HAMPEL_REACH = 5, 2 * USUAL_SPREAD
"""A sighting counts as no further from the median of so many around it than this, in log-odds."""

STRONGEST = 4.0
"""Log-odds count as no further from 0 than this: beyond it scores are sure, whatever their decimals."""

BOUNDARIES = 400
"""A track of more sightings than this is searched in steps of several, because every pair of ends is tried; the ends of
what is found are then looked for sighting by sighting."""

_LEAST = 1e-3
"""Scores are kept this far off 0 and 1 before their log-odds are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackScores:
    """What the scored sightings of a track say, in time.

    Args:
        moments: their exact presentation times in seconds, rising.
        scores: text-independent fakeness of each.
        local: local score of each (``Sighting.local_score``): stretches stand out in these.

    Raises:
        SettingsError: they are not of one length.
    """

    moments: tuple[Fraction, ...]
    scores: Scores
    local: Scores

    def __post_init__(self) -> None:
        if not len(self.moments) == len(self.scores) == len(self.local):
            raise SettingsError("every scored sighting needs a time, a score and a local score")

    @property
    def times(self) -> Scores:
        """The moments as numbers."""
        return np.array([float(one) for one in self.moments], np.float64)

    def without(self, first: int, end: int) -> TrackScores:
        """The same without the sightings from ``first`` to before ``end``."""
        gone = slice(first, end)
        kept = self.moments[:first] + self.moments[end:]
        return TrackScores(kept, np.delete(self.scores, gone), np.delete(self.local, gone))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring sightings that stand out.

    Args:
        first, last: places of its ends among the sightings.
        statistic: how far it stands out: above 0, further than the best stretch of a steady track does on average.
    """

    first: int
    last: int
    statistic: float


def log_odds(scores: Scores) -> Scores:
    """Of scores that are kept a little off 0 and 1 before."""
    kept = np.clip(scores, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept / (1 - kept)), np.float64)


def find_segments(track: TrackScores, closing: Sequence[Fraction], rule: TrackRule) -> tuple[Segment, ...]:
    """Where in time a track looks altered, in the order of time; one sighting alone is no segment.

    Args:
        track: what its scored sightings say.
        closing: for each the time of the next sampled frame, or the end of its shot.
        rule: from which statistic a stretch is a segment, and which lengths count.
    """
    moments, found = track.moments, []
    for stretch in strongest_stretches(track.local, rule.stand_out):
        for low, high in _present(stretch, moments, closing, Fraction(rule.gap_seconds)):
            if high > low and closing[high] - moments[low] >= Fraction(rule.least_seconds):
                score, local = (float(one[low : high + 1].mean()) for one in (track.scores, track.local))
                found.append(Segment(moments[low], closing[high], score, local, high - low + 1, stretch.statistic))
    return tuple(sorted(found, key=lambda one: one.start_seconds))


def _present(
    stretch: Stretch, moments: Sequence[Fraction], closing: Sequence[Fraction], gap: Fraction
) -> Iterator[tuple[int, int]]:
    """The stretch, divided where the person is away for longer than ``gap``."""
    low = stretch.first
    for place in range(stretch.first, stretch.last + 1):
        if place == stretch.last or moments[place + 1] - closing[place] > gap:
            yield low, place
            low = place + 1


def stand_out(scores: Scores) -> float:
    """How far the strongest stretch of a track stands out; minus infinity for a track too short to have one.

    Args:
        scores: its local scores.
    """
    return max((one.statistic for one in strongest_stretches(scores, -np.inf)), default=-np.inf)


def strongest_stretches(scores: Scores, least: float) -> Iterator[Stretch]:
    """Stretches of a track that stand out by ``least`` or more, none in another.

    They are looked for one after the other, each among what is in none before it, and then compared with what is in
    none at all: the track's own level.
    """
    odds = _tamed(log_odds(scores))
    free, room, means = np.ones(len(odds), np.bool_), int(MOST_ALTERED * len(odds)), np.zeros(len(odds))
    found: list[tuple[int, int]] = []
    for _ in range(max(1, len(odds) // SIGHTINGS_PER_STRETCH)):
        one = _strongest(odds, free, room)
        if one is None or (found and one.statistic < 0):
            break
        rest = free.copy()
        rest[one.first : one.last + 1] = False
        for first, last in _divided(odds, one.first, one.last, float(odds[rest].mean())):
            found.append((first, last))
            place = slice(first, last + 1)
            free[place], means[place] = False, odds[place].mean()
            room -= last - first + 1
    if not found:
        return
    level = float(odds[free].mean())
    left = odds - np.where(free, level, means)
    slowness, spread = _slowness(left), _variance(float(np.square(left).sum()), len(odds) - 1 - len(found))
    for first, last in found:
        inside, outside = last - first + 1, int(free.sum())
        deviation = math.sqrt(spread * (1 / inside + 1 / outside) + WANDERING**2)
        chance = float(_by_chance(inside + outside, np.array(inside)))
        statistic = slowness * (float(means[first]) - level) / deviation - chance
        if statistic >= least:
            yield Stretch(first, last, statistic)


def _divided(odds: Scores, first: int, last: int, level: float) -> Iterator[tuple[int, int]]:
    """First and last place of a stretch, without what drops inside it: two alterations are not one with a gap.

    A drop that stays nearer to the rest of the stretch than to ``level``, the mean outside, is none: an altered face is
    not told equally well in every pose.
    """
    inside = odds[first : last + 1]
    drop = _strongest(-inside, np.ones(len(inside), np.bool_), int(MOST_ALTERED * len(inside)))
    if drop is None or drop.statistic < 0 or not _returns(inside, drop, level):
        yield first, last
        return
    yield from _divided(odds, first, first + drop.first - 1, level)
    yield from _divided(odds, first + drop.last + 1, last, level)


def _returns(inside: Scores, drop: Stretch, level: float) -> bool:
    """Whether a drop inside a stretch comes back to the level outside, and leaves enough of it on either side."""
    before, dropped, after = np.split(inside, [drop.first, drop.last + 1])
    if min(len(before), len(after)) < LEAST_IN_SEGMENT:
        return False
    return float(dropped.mean()) < (level + float(np.concatenate([before, after]).mean())) / 2


def _tamed(odds: Scores) -> Scores:
    """Log-odds with single frames and pairs that lie far off their neighbours drawn in (after Hampel's filter)."""
    if not len(odds):
        return odds
    middle = median_filter(odds, HAMPEL_SIGHTINGS, mode="nearest")
    near = np.clip(odds, middle - HAMPEL_REACH, middle + HAMPEL_REACH)
    return np.asarray(np.clip(near, -STRONGEST, STRONGEST), np.float64)


def _variance(squares: Squares, degrees: int) -> Squares:
    """Of single sightings, drawn towards the usual one."""
    return (squares + SPREAD_WEIGHT * USUAL_SPREAD**2) / (degrees + SPREAD_WEIGHT)


def _slowness(left: Scores) -> float:
    """How much less a rise counts where neighbours repeat each other (a first-order autoregression), 0..1.

    Args:
        left: of the log-odds, once every stretch has its own mean.
    """
    prior = RHO_WEIGHT * USUAL_SPREAD**2
    rho = float(np.clip((left[1:] * left[:-1]).sum() / (np.square(left).sum() + prior), 0, MOST_RHO))
    return float(np.sqrt((1 - rho) / (1 + rho)))


def _strongest(odds: Scores, free: NDArray[np.bool_], room: int) -> Stretch | None:
    """The stretch of free sightings that stands out most against all other free ones; no longer than ``room``.

    Its ends are exact also where a long track is searched in steps: they are looked for again around what was found.
    """
    count, best = int(free.sum()), None
    longest = min(room, count - LEAST_IN_SEGMENT)
    if longest < LEAST_IN_SEGMENT:
        return None
    scan = _Scan.of(odds, free)
    step = -(-len(odds) // BOUNDARIES)
    for start, end in _runs(free):
        bounds = np.append(np.arange(start, end, step), end)
        found = scan.best(bounds[:-1], bounds, longest)
        if found is not None:
            found = scan.sharpened(found, step, start, end, longest)
        if found is not None and (best is None or found.statistic > best.statistic):
            best = found
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """What the statistic of a stretch is made of.

    Args:
        sums: (n + 1,) of the log-odds before each sighting.
        count: free sightings.
        total: sum of their log-odds.
        spread: sum of squares around their mean.
    """

    sums: Scores
    count: int
    total: float
    spread: float

    @classmethod
    def of(cls, odds: Scores, free: NDArray[np.bool_]) -> _Scan:
        count, total = int(free.sum()), float(odds[free].sum())
        spread = float(np.square(odds[free] - total / count).sum())
        return cls(np.concatenate([[0.0], np.cumsum(odds)]), count, total, spread)

    def best(self, firsts: NDArray[np.int64], bounds: NDArray[np.int64], longest: int) -> Stretch | None:
        """The stretch that stands out most of those between a first sighting and a bound behind the last."""
        best = None
        for first in firsts:
            ends = bounds[(bounds >= first + LEAST_IN_SEGMENT) & (bounds <= first + longest)]
            if not len(ends):
                continue
            values = self._statistics(first, ends)
            place = int(values.argmax())
            if best is None or values[place] > best.statistic:
                best = Stretch(int(first), int(ends[place]) - 1, float(values[place]))
        return best

    def sharpened(self, found: Stretch, reach: int, start: int, end: int, longest: int) -> Stretch:
        """The stretch with the ends that explain the most of the track's variation; its statistic stays.

        The statistic itself is flat there: it grants every stretch a level of its own, and prefers the highest part.
        """
        moved = np.arange(-reach, reach + 1)
        firsts, ends = (np.unique(np.clip(place + moved, start, end)) for place in (found.first, found.last + 1))
        best, most = found, -np.inf
        for first in firsts:
            chosen = ends[(ends >= first + LEAST_IN_SEGMENT) & (ends <= first + longest)]
            if not len(chosen):
                continue
            rise, shared = self._rises(first, chosen)
            explained = np.square(np.maximum(rise, 0)) * shared
            place = int(explained.argmax())
            if explained[place] > most:
                best, most = replace(found, first=int(first), last=int(chosen[place]) - 1), float(explained[place])
        return best

    def _rises(self, first: int, ends: NDArray[np.int64]) -> tuple[Scores, Scores]:
        """How far stretches lie above the rest in the mean, and what the squares of that weigh."""
        inside = ends - first
        outside = self.count - inside
        mean = (self.sums[ends] - self.sums[first]) / inside
        return mean - (self.total - mean * inside) / outside, inside * outside / self.count

    def _statistics(self, first: int, ends: NDArray[np.int64]) -> Scores:
        rise, shared = self._rises(first, ends)
        left = _variance(self.spread - np.square(rise) * shared, self.count - 2)
        deviation = np.sqrt(left / shared + WANDERING**2)
        return np.asarray(rise / deviation - _by_chance(self.count, ends - first), np.float64)


def _by_chance(count: int, inside: NDArray[np.int64]) -> Scores:
    """What the best stretch of such a length reaches on a steady track: of short ones there are more."""
    return np.asarray(np.sqrt(2 * (1 + np.log(count / inside))), np.float64)


def _runs(free: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First place of every run of free sightings, and the place behind it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    yield from zip(edges[0::2].tolist(), edges[1::2].tolist(), strict=True)
