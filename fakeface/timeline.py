"""The timeline of a track: from the scores of its sightings to one score with an interval, and a verdict.

Where in time a track looks altered is found by ``fakeface.segments``. The score of a track is one of ``METHODS``; its
interval comes from a delete-block jackknife (Kuensch 1989), because neighbouring frames repeat each other. Likelihood
ratios of frames are never multiplied, for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from fakeface.decision import Decision, Reason, Thresholds, Verdict
from fakeface.errors import SettingsError
from fakeface.films import Segment, TrackRule
from fakeface.segments import Scores, TrackScores, log_odds, stand_out

__all__ = ["METHODS", "aggregate", "judge", "make_rule", "score_interval"]

Z = 1.96
"""Half width of a 95 % interval in standard errors."""

BLOCK_SECONDS = 1.0
"""Length of its blocks: further apart than this, sightings count as independent."""

MOST_BLOCKS = 20
"""A long track is divided into so many longer ones: each costs a look at all of it."""

TOP_SHARE = 0.25
"""Share of the highest scores that ``top`` averages."""

SHRINKAGE_SECONDS = 2.0
"""``robust`` weighs a track of this many seconds half, so that a short one cannot be extreme by chance."""

OWN_LEVEL = 0.3
"""Quantile of the log-odds of a track's local scores that stands for its own level."""

CONTRAST_WEIGHT = 2.0
"""What ``contrast`` counts the statistic of the strongest stretch for, beside a level in log-odds."""


def _mean(track: TrackScores) -> float:
    return float(track.scores.mean())


def _median(track: TrackScores) -> float:
    return float(np.median(track.scores))


def _top(track: TrackScores) -> float:
    kept = max(round(TOP_SHARE * len(track.scores)), 1)
    return float(np.sort(track.scores)[-kept:].mean())


def _robust(track: TrackScores) -> float:
    seconds = _per_second(track.times, log_odds(track.scores))
    weight = len(seconds) / (len(seconds) + SHRINKAGE_SECONDS)
    return _score(weight * float(np.mean(seconds)))


def _contrast(track: TrackScores) -> float:
    level = float(np.quantile(log_odds(track.local), OWN_LEVEL))
    return _score(level + CONTRAST_WEIGHT * max(stand_out(track.local), 0.0))


def _score(odds: float) -> float:
    """The score with these log-odds."""
    return float(1 / (1 + np.exp(-odds)))


def _per_second(times: Scores, values: Scores) -> Scores:
    """Median of the values in each second that has any, so that a second with many frames counts once."""
    seconds = np.floor(times - times[0]).astype(np.int64)
    return np.array([np.median(values[seconds == second]) for second in np.unique(seconds)])


METHODS: Mapping[str, Callable[[TrackScores], float]] = {
    "mean": _mean,
    "median": _median,
    "top": _top,
    "robust": _robust,
    "contrast": _contrast,
}
"""How one score is made of many, by name.

``mean``, ``median``: of all scores. ``top``: mean of the highest quarter. ``robust``: mean over seconds of the median
log-odds in each, drawn towards 0.5 for short tracks. ``contrast``: of local scores; the track's own level (log-odds)
and how far its strongest stretch stands out, which varies less among unaltered persons than levels do and weighs more.
"""

DEFAULT_METHOD = "mean"
FILM_MARGIN = 0.05
LEAST_SIGHTINGS = 8
STAND_OUT = 2.0
LEAST_SECONDS, GAP_SECONDS = 0.5, 0.75


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
        stand_out=STAND_OUT,
        method=method,
        least_sightings=LEAST_SIGHTINGS,
        least_seconds=LEAST_SECONDS,
        gap_seconds=GAP_SECONDS,
    )


def aggregate(method: str, track: TrackScores) -> float:
    """One score of a track, 0..1.

    Args:
        method: one of ``METHODS``.
        track: what its scored sightings say, at least one.

    Raises:
        SettingsError: there is no such method, or nothing to aggregate.
    """
    if method not in METHODS:
        raise SettingsError(f"no aggregation is called {method!r}; there are {', '.join(METHODS)}")
    if not track.moments:
        raise SettingsError("a score needs at least one sighting")
    return METHODS[method](track)


def score_interval(method: str, track: TrackScores) -> tuple[float, float]:
    """95 % interval of ``aggregate`` by the delete-block jackknife in log-odds; always around the score itself, and
    never below the lowest score that a sighting has.

    Each block of neighbouring sightings is left out once, in its place in time: a bootstrap of blocks would set copies
    of one spike side by side, which then stand out as a stretch. The verdict does not use the interval.

    Args:
        method: one of ``METHODS``.
        track: what its scored sightings say, at least one.
    """
    own = aggregate(method, track)
    length = _block_length(track.times)
    starts = range(0, len(track.moments), length)
    if len(starts) < 2:
        return own, own
    odds = log_odds(np.array([METHODS[method](track.without(start, start + length)) for start in starts]))
    middle = float(log_odds(np.array([own]))[0])
    spread = Z * float(np.sqrt((len(starts) - 1) / len(starts) * np.square(odds - odds.mean()).sum()))
    lowest = min(float(track.scores.min()), float(track.local.min()), own)
    return float(np.clip(_score(middle - spread), lowest, own)), max(_score(middle + spread), own)


def _block_length(times: Scores) -> int:
    """Sightings in ``BLOCK_SECONDS``, or more in a long track; at most half of all, so that blocks can differ."""
    spacing = float(np.median(np.diff(times))) if len(times) > 1 else BLOCK_SECONDS
    length = max(round(BLOCK_SECONDS / max(spacing, 1e-6)), -(-len(times) // MOST_BLOCKS))
    return int(np.clip(length, 1, max(len(times) // 2, 1)))


def judge(
    rule: TrackRule, score: float | None, segments: Sequence[Segment], decided: Sequence[tuple[Fraction, Decision]]
) -> tuple[Verdict, Reason | None]:
    """The verdict of a track.

    *fake*: the score lies a margin above the cut, or a segment was found, and more decisive frames were decided fake
    than real; where there are segments, frames outside of them say nothing against them. *real*: the score lies a
    margin below the cut, there is no segment, and more decisive frames were decided real than fake. Indeterminate: too
    few sightings (no ``score``); the score lies within the margin; the decisive frames do not bear the scores out, or
    none was decided. A score below the cut of films says little where decisive frames are decided fake: the cut is
    high, because the score is the highest of many.

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
        supported = fakes > reals
        return (Verdict.FAKE, None) if supported else (Verdict.INDETERMINATE, Reason.DISAGREEMENT)
    if score <= rule.cut - rule.margin:
        if reals > fakes:
            return Verdict.REAL, None
        return Verdict.INDETERMINATE, Reason.BELOW_CUT if fakes > reals else Reason.DISAGREEMENT
    below = score < rule.cut and fakes > reals
    return Verdict.INDETERMINATE, Reason.BELOW_CUT if below else Reason.TOO_CLOSE


def _inside(time: Fraction, segments: Sequence[Segment]) -> bool:
    return any(one.holds(time) for one in segments)
