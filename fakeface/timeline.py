"""The timeline of a track: from the scores of its sightings to segments, one score with an interval, and a verdict.

Sightings are smoothed by a running median over time, segments found by two cuts (hysteresis), closed over short gaps
and dropped where too short. A segment stands out absolutely or against the *own level* of its track: the same
face, camera and compression are the best comparison that there is. The score of a track is one of ``METHODS``; its
interval comes from a delete-block jackknife (Kuensch 1989), because neighbouring frames repeat each other. Likelihood
ratios of frames are never multiplied, for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fakeface.decision import Decision, Reason, Thresholds, Verdict
from fakeface.errors import SettingsError
from fakeface.films import Segment, TrackRule

__all__ = [
    "METHODS",
    "Scores",
    "aggregate",
    "find_segments",
    "judge",
    "log_odds",
    "make_rule",
    "score_interval",
    "smooth",
]

Scores: TypeAlias = NDArray[np.float64]
"""(n,) float64: the scores of a track's scored sightings in time, 0..1; or their times in seconds."""

Z = 1.96
"""Half width of a 95 % interval in standard errors."""

BLOCK_SECONDS = 1.0
"""Length of its blocks: further apart than this, sightings count as independent."""

TOP_SHARE = 0.25
"""Share of the highest scores that ``top`` averages."""

SHRINKAGE_SECONDS = 2.0
"""``robust`` weighs a track of this many seconds half, so that a short one cannot be extreme by chance."""

OWN_LEVEL, PEAK = 0.3, 0.9
"""Quantiles of a track's smoothed log-odds that stand for its own level and for its peak."""

USUAL_RISE, RISE_WEIGHT = 0.6, 3.5
"""How far the peak of an unaltered track lies above its level on calibration films, and how much more levels differ
between persons than such rises do (standard deviations of log-odds, 1.14 and 0.33)."""

CONTRAST_SECONDS = 1.25
"""Width of the running median of ``contrast``."""

LEAST_IN_SEGMENT = 2
"""Sightings of a segment: one frame alone is none, however far apart frames were looked at."""

_LEAST = 1e-3
"""Scores are kept this far off 0 and 1 before their log-odds are taken."""


def _mean(times: Scores, scores: Scores) -> float:  # noqa: ARG001
    return float(scores.mean())


def _median(times: Scores, scores: Scores) -> float:  # noqa: ARG001
    return float(np.median(scores))


def _top(times: Scores, scores: Scores) -> float:  # noqa: ARG001
    kept = max(round(TOP_SHARE * len(scores)), 1)
    return float(np.sort(scores)[-kept:].mean())


def _robust(times: Scores, scores: Scores) -> float:
    seconds = _per_second(times, log_odds(scores))
    weight = len(seconds) / (len(seconds) + SHRINKAGE_SECONDS)
    return _score(weight * float(np.mean(seconds)))


def _contrast(times: Scores, scores: Scores) -> float:
    level, peak = np.quantile(log_odds(smooth(times, scores, CONTRAST_SECONDS)), [OWN_LEVEL, PEAK])
    risen = max(float(peak - level) - USUAL_RISE, 0.0)
    return _score(float(level) + RISE_WEIGHT * risen)


def _score(odds: float) -> float:
    """The score with these log-odds."""
    return float(1 / (1 + np.exp(-odds)))


def log_odds(scores: Scores) -> Scores:
    """Of scores that are kept a little off 0 and 1 before."""
    kept = np.clip(scores, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(kept / (1 - kept)), np.float64)


def _per_second(times: Scores, values: Scores) -> Scores:
    """Median of the values in each second that has any, so that a second with many frames counts once."""
    seconds = np.floor(times - times[0]).astype(np.int64)
    return np.array([np.median(values[seconds == second]) for second in np.unique(seconds)])


METHODS: Mapping[str, Callable[[Scores, Scores], float]] = {
    "mean": _mean,
    "median": _median,
    "top": _top,
    "robust": _robust,
    "contrast": _contrast,
}
"""How one score is made of many, by name; each takes times and scores.

``mean``, ``median``: of all scores. ``top``: mean of the highest quarter. ``robust``: mean over seconds of the median
log-odds in each, drawn towards 0.5 for short tracks. ``contrast``: the track's own level (log-odds) and how far its
peak rises above it, beyond what is usual: such rises vary less among unaltered persons than levels, and weigh more.
"""

DEFAULT_METHOD = "mean"
FILM_MARGIN = 0.05
LEAST_SIGHTINGS = 8
RISE, FALL = 1.6, 0.8
WINDOW_SECONDS, LEAST_SECONDS, GAP_SECONDS = 1.25, 0.75, 0.75


def make_rule(thresholds: Thresholds, method: str = DEFAULT_METHOD) -> TrackRule:
    """The rule of a profile that states none for films: the cut of its text-independent score on single pictures.

    Args:
        thresholds: of the profile.
        method: one of ``METHODS``.

    Raises:
        SettingsError: there is no such method.
    """
    if method not in METHODS:
        raise SettingsError(f"no aggregation is called {method!r}; there are {', '.join(METHODS)}")
    return TrackRule(
        cut=thresholds.independent,
        margin=FILM_MARGIN,
        enter=min(thresholds.independent + FILM_MARGIN, 0.99),
        leave=max(thresholds.independent - FILM_MARGIN, 0.01),
        rise=RISE,
        fall=FALL,
        method=method,
        least_sightings=LEAST_SIGHTINGS,
        window_seconds=WINDOW_SECONDS,
        least_seconds=LEAST_SECONDS,
        gap_seconds=GAP_SECONDS,
    )


def aggregate(method: str, times: Scores, scores: Scores) -> float:
    """One score of a track, 0..1.

    Args:
        method: one of ``METHODS``.
        times: of its scored sightings, in seconds.
        scores: theirs, at least one.

    Raises:
        SettingsError: there is no such method, or nothing to aggregate.
    """
    if method not in METHODS:
        raise SettingsError(f"no aggregation is called {method!r}; there are {', '.join(METHODS)}")
    if not len(scores) or len(scores) != len(times):
        raise SettingsError("a score needs at least one sighting, and a time for each")
    return METHODS[method](times, scores)


def score_interval(method: str, times: Scores, scores: Scores) -> tuple[float, float]:
    """95 % interval of ``aggregate`` by the delete-block jackknife in log-odds; always around the score itself.

    Each block of neighbouring sightings is left out once, in its place in time: a bootstrap of blocks would set copies
    of one spike side by side, which no running median takes out. The verdict does not use the interval.

    Args:
        method: one of ``METHODS``.
        times: of the scored sightings, in seconds.
        scores: theirs, at least one.
    """
    own = aggregate(method, times, scores)
    count, length = len(scores), _block_length(times)
    starts = range(0, count, length)
    if len(starts) < 2:
        return own, own
    without = [np.delete(np.arange(count), np.arange(start, min(start + length, count))) for start in starts]
    odds = log_odds(np.array([METHODS[method](times[rows], scores[rows]) for rows in without]))
    middle = float(log_odds(np.array([own]))[0])
    spread = Z * float(np.sqrt((len(starts) - 1) / len(starts) * np.square(odds - odds.mean()).sum()))
    return min(_score(middle - spread), own), max(_score(middle + spread), own)


def _block_length(times: Scores) -> int:
    """Sightings in ``BLOCK_SECONDS``; at most half of all, so that blocks can differ."""
    spacing = float(np.median(np.diff(times))) if len(times) > 1 else BLOCK_SECONDS
    length = round(BLOCK_SECONDS / max(spacing, 1e-6))
    return int(np.clip(length, 1, max(len(times) // 2, 1)))


def smooth(times: Scores, scores: Scores, window_seconds: float) -> Scores:
    """Running median over time: for each sighting over all within half a window before and after it."""
    first = np.searchsorted(times, times - window_seconds / 2 - 1e-9, side="left")
    last = np.searchsorted(times, times + window_seconds / 2 + 1e-9, side="right")
    return np.array([np.median(scores[low:high]) for low, high in zip(first, last, strict=True)])


def find_segments(
    moments: Sequence[Fraction], closing: Sequence[Fraction], scores: Sequence[float], rule: TrackRule
) -> tuple[Segment, ...]:
    """Where in time a track looks altered.

    Args:
        moments: exact times of the scored sightings.
        closing: for each the time of the next sampled frame, or the end of its shot.
        scores: their scores.
        rule: the cuts and lengths.
    """
    if not moments:
        return ()
    smoothed = smooth(np.array([float(one) for one in moments]), np.array(scores, np.float64), rule.window_seconds)
    gap = Fraction(rule.gap_seconds)
    return tuple(
        Segment(moments[low], closing[high], float(smoothed[low : high + 1].mean()), high - low + 1)
        for low, high in _joined(_runs(smoothed, moments, closing, gap, rule), moments, closing, gap)
        if closing[high] - moments[low] >= Fraction(rule.least_seconds) and high - low + 1 >= LEAST_IN_SEGMENT
    )


def _runs(
    smoothed: Scores, moments: Sequence[Fraction], closing: Sequence[Fraction], gap: Fraction, rule: TrackRule
) -> Iterator[tuple[int, int]]:
    """First and last place of each stretch that stays above a lower cut and reaches a higher one; absence ends it."""
    odds = log_odds(smoothed)
    risen = odds - np.quantile(odds, OWN_LEVEL)
    above = (smoothed >= rule.leave) | (risen >= rule.fall)
    reached = (smoothed >= rule.enter) | (risen >= rule.rise)
    low = 0
    for place in range(len(moments)):
        last = place + 1 == len(moments)
        if last or above[place] != above[place + 1] or moments[place + 1] - closing[place] > gap:
            if above[place] and reached[low : place + 1].any():
                yield low, place
            low = place + 1


def _joined(
    runs: Iterable[tuple[int, int]], moments: Sequence[Fraction], closing: Sequence[Fraction], gap: Fraction
) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for low, high in runs:
        if joined and moments[low] - closing[joined[-1][1]] <= gap:
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def judge(
    rule: TrackRule, score: float | None, segments: Sequence[Segment], decided: Sequence[tuple[Fraction, Decision]]
) -> tuple[Verdict, Reason | None]:
    """The verdict of a track.

    *fake*: the score lies a margin above the cut, or a segment was found, and at least one decisive frame was decided
    fake and no more were decided real than fake; where there are segments, frames outside of them say nothing against
    them. *real*: the score lies a margin below the cut, there is no segment, and no more decisive frames were decided
    fake than real. Indeterminate: too few sightings (no ``score``); the score lies within the margin; the decisive
    frames do not bear the scores out, or none was decided.

    Args:
        rule: the cuts.
        score: aggregated, 0..1; ``None`` where too few sightings could be scored.
        segments: where the track looks altered.
        decided: time in seconds and decision of every decisive frame; those that are indeterminate count for neither
            side.
    """
    if score is None:
        return Verdict.INDETERMINATE, Reason.TOO_FEW_FRAMES
    if all(one.reason is Reason.NOT_DECIDED for _, one in decided):
        return Verdict.INDETERMINATE, Reason.NOT_DECIDED
    said = [one.verdict for time, one in decided if not segments or _inside(time, segments)]
    fakes, reals = said.count(Verdict.FAKE), said.count(Verdict.REAL)
    if segments or score >= rule.cut + rule.margin:
        supported = fakes >= max(reals, 1)
        return (Verdict.FAKE, None) if supported else (Verdict.INDETERMINATE, Reason.DISAGREEMENT)
    if score <= rule.cut - rule.margin:
        return (Verdict.REAL, None) if fakes <= reals else (Verdict.INDETERMINATE, Reason.DISAGREEMENT)
    return Verdict.INDETERMINATE, Reason.TOO_CLOSE


def _inside(time: Fraction, segments: Sequence[Segment]) -> bool:
    return any(one.holds(time) for one in segments)
