"""The timeline: scores have honest intervals, verdicts follow the rule."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fakeface.decision import Decision, Reason, Verdict, undecided
from fakeface.errors import SettingsError
from fakeface.films import Segment
from fakeface.segments import Scores, TrackScores
from fakeface.timeline import METHODS, aggregate, judge, make_rule, score_interval

from .fakes import THRESHOLDS

RULE = make_rule(THRESHOLDS)
FAKE, REAL = Decision(Verdict.FAKE, None), Decision(Verdict.REAL, None)
CLOSE = undecided(Reason.TOO_CLOSE)
SEGMENT = Segment(Fraction(1), Fraction(2), 0.9, 0.7, 4, 2.5)


def seen(times: Scores, scores: Scores, local: Scores | None = None) -> TrackScores:
    """Sightings whose mask shows as much as their score says, if nothing else is given."""
    return TrackScores(tuple(map(Fraction, times.tolist())), scores, scores if local is None else local)


def test_the_interval_of_a_track_with_one_spike_stays_below_the_spike() -> None:
    times = np.arange(40) / 4
    scores = np.full(40, 0.25)
    scores[20:22] = 0.95
    low, high = score_interval("contrast", seen(times, scores))
    assert low <= aggregate("contrast", seen(times, scores)) <= high < 0.6


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_a_constant_on_its_side_and_inside_its_interval(method: str) -> None:
    times = np.arange(40) / 4
    score = aggregate(method, seen(times, np.full(40, 0.8)))
    assert 0.7 < score <= 0.8 + 1e-9
    low, high = score_interval(method, seen(times, np.full(40, 0.8)))
    assert low == pytest.approx(high) == pytest.approx(score)


def test_the_methods_differ_where_a_part_is_altered() -> None:
    times, scores = np.arange(40) / 4, np.array([0.1] * 30 + [0.9] * 10)
    found = {method: aggregate(method, seen(times, scores)) for method in METHODS}
    assert found["mean"] == pytest.approx(0.3)
    assert found["median"] == pytest.approx(0.1)
    assert found["top"] == pytest.approx(0.9)
    assert found["robust"] < 0.4
    assert found["contrast"] > 0.99


def test_contrast_tells_a_person_altered_for_a_while_from_one_who_scores_higher_throughout() -> None:
    times = np.arange(40) / 4
    altered, steady = np.array([0.15] * 28 + [0.5] * 12), np.array([0.55, 0.6] * 20)
    assert aggregate("contrast", seen(times, altered)) > aggregate("contrast", seen(times, steady)) + 0.2
    assert aggregate("top", seen(times, altered)) < aggregate("top", seen(times, steady))


def test_contrast_looks_for_a_stretch_in_what_the_mask_shows() -> None:
    times, scores = np.arange(40) / 4, np.full(40, 0.3)
    marked = np.array([0.05] * 28 + [0.4] * 12)
    plain, shown = (aggregate("contrast", seen(times, scores, local)) for local in (scores, marked))
    assert plain == pytest.approx(0.3)
    assert shown > 0.9
    assert aggregate("mean", seen(times, scores, marked)) == pytest.approx(0.3)


def test_an_interval_reaches_no_lower_than_any_sighting() -> None:
    times, scores = np.arange(12) / 4, np.array([0.3] * 8 + [0.97] * 4)
    low, high = score_interval("contrast", seen(times, scores))
    assert 0.3 <= low <= aggregate("contrast", seen(times, scores)) <= high


def test_the_robust_score_of_a_short_track_is_drawn_to_the_middle() -> None:
    short = aggregate("robust", seen(np.arange(4) / 4, np.full(4, 0.95)))
    long = aggregate("robust", seen(np.arange(120) / 4, np.full(120, 0.95)))
    assert 0.5 < short < 0.8 < 0.9 < long < 0.95


def test_the_robust_score_counts_a_second_once_however_many_frames_it_has() -> None:
    times = np.concatenate([np.arange(30) / 30, np.arange(1, 10)])
    scores = np.array([0.9] * 30 + [0.1] * 9)
    assert aggregate("robust", seen(times, scores)) < 0.25
    assert aggregate("mean", seen(times, scores)) > 0.7


def test_intervals_are_wider_for_neighbours_that_repeat_each_other() -> None:
    times = np.arange(60) / 4
    rng = np.random.default_rng(3)
    seconds = np.repeat(rng.uniform(0, 1, 15), 4)
    alone = rng.permutation(seconds)
    width = [np.ptp(score_interval("mean", seen(times, scores))) for scores in (seconds, alone)]
    assert width[0] > 1.3 * width[1]


def test_intervals_are_the_same_every_time_and_hold_the_score() -> None:
    times, scores = np.arange(30) / 4, np.random.default_rng(1).uniform(0, 1, 30)
    for method in METHODS:
        low, high = score_interval(method, seen(times, scores))
        assert (low, high) == score_interval(method, seen(times, scores))
        assert low <= aggregate(method, seen(times, scores)) <= high


def test_an_unknown_method_and_an_empty_track_are_refused() -> None:
    with pytest.raises(SettingsError, match="no aggregation is called 'best'"):
        aggregate("best", seen(np.zeros(1), np.zeros(1)))
    with pytest.raises(SettingsError, match="no aggregation is called 'best'"):
        make_rule(THRESHOLDS, "best")
    with pytest.raises(SettingsError, match="at least one sighting"):
        aggregate("mean", seen(np.zeros(0), np.zeros(0)))


@pytest.mark.parametrize(
    ("score", "found", "decisions", "verdict", "reason"),
    [
        (0.9, (), (FAKE, FAKE, FAKE), Verdict.FAKE, None),
        (0.9, (), (FAKE, CLOSE, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.9, (), (FAKE, CLOSE, CLOSE), Verdict.FAKE, None),
        (0.1, (SEGMENT,), (FAKE, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (SEGMENT,), (FAKE, FAKE, REAL), Verdict.FAKE, None),
        (0.9, (), (CLOSE, CLOSE), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.9, (), (FAKE, REAL, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (SEGMENT,), (REAL, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (), (REAL, REAL, REAL), Verdict.REAL, None),
        (0.1, (), (REAL, REAL, FAKE), Verdict.REAL, None),
        (0.1, (), (REAL, CLOSE, CLOSE), Verdict.REAL, None),
        (0.1, (), (FAKE, REAL, CLOSE), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (), (CLOSE, CLOSE, CLOSE), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (), (FAKE, FAKE, REAL), Verdict.INDETERMINATE, Reason.BELOW_CUT),
        (0.49, (), (FAKE, FAKE, FAKE), Verdict.INDETERMINATE, Reason.BELOW_CUT),
        (0.5, (), (FAKE, FAKE, FAKE), Verdict.INDETERMINATE, Reason.TOO_CLOSE),
        (0.52, (), (FAKE, FAKE, REAL), Verdict.INDETERMINATE, Reason.TOO_CLOSE),
        (0.5, (), (REAL, REAL, FAKE), Verdict.INDETERMINATE, Reason.TOO_CLOSE),
        (None, (), (), Verdict.INDETERMINATE, Reason.TOO_FEW_FRAMES),
        (0.9, (SEGMENT,), (undecided(Reason.NOT_DECIDED),) * 3, Verdict.INDETERMINATE, Reason.NOT_DECIDED),
        (0.1, (), (), Verdict.INDETERMINATE, Reason.NOT_DECIDED),
    ],
)
def test_the_verdict_needs_scores_and_decisive_frames_that_agree(
    score: float | None,
    found: tuple[Segment, ...],
    decisions: tuple[Decision, ...],
    verdict: Verdict,
    reason: Reason | None,
) -> None:
    inside = SEGMENT.start_seconds
    assert judge(RULE, score, found, [(inside, one) for one in decisions]) == (verdict, reason)


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        (0.9, Reason.BELOW_CUT),
        (0.978, Reason.BELOW_CUT),
        (0.98, Reason.TOO_CLOSE),
        (0.99, Reason.TOO_CLOSE),
        (0.9993, Reason.TOO_CLOSE),
    ],
)
def test_only_a_score_below_the_cut_is_said_not_to_reach_it(score: float, reason: Reason) -> None:
    rule = replace(RULE, cut=0.978271, margin=0.021065)
    decided = [(Fraction(1), one) for one in (FAKE, FAKE, REAL)]
    assert judge(rule, score, (), decided) == (Verdict.INDETERMINATE, reason)


def test_frames_outside_of_the_segments_say_nothing_against_them() -> None:
    inside, outside = SEGMENT.start_seconds, SEGMENT.end_seconds
    decided = [(inside, FAKE), (outside, REAL), (outside, REAL)]
    assert judge(RULE, 0.1, (SEGMENT,), decided) == (Verdict.FAKE, None)
    assert judge(RULE, 0.9, (), decided) == (Verdict.INDETERMINATE, Reason.DISAGREEMENT)
    assert judge(RULE, 0.1, (SEGMENT,), [(outside, FAKE), (inside, CLOSE)]) == (
        Verdict.INDETERMINATE,
        Reason.DISAGREEMENT,
    )
