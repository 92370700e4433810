"""The timeline: segments lie where the scores are high, scores have honest intervals, verdicts follow the rule."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fakeface.decision import Decision, Reason, Verdict, undecided
from fakeface.errors import SettingsError
from fakeface.films import Segment, TrackRule
from fakeface.timeline import METHODS, aggregate, find_segments, judge, make_rule, score_interval, smooth

from .fakes import THRESHOLDS

RULE = make_rule(THRESHOLDS)
FAKE, REAL = Decision(Verdict.FAKE, None), Decision(Verdict.REAL, None)
CLOSE = undecided(Reason.TOO_CLOSE)
SEGMENT = Segment(Fraction(1), Fraction(2), 0.9, 4)


def moments(count: int, rate: int = 4) -> list[Fraction]:
    return [Fraction(place, rate) for place in range(count)]


def segments(
    scores: list[float], rule: TrackRule = RULE, times: list[Fraction] | None = None
) -> list[tuple[float, float]]:
    times = times or moments(len(scores))
    closing = [time + Fraction(1, 4) for time in times]
    return [(float(one.start_seconds), float(one.end_seconds)) for one in find_segments(times, closing, scores, rule)]


def test_a_segment_covers_the_high_scores_to_the_next_sampled_frame() -> None:
    scores = [0.1] * 8 + [0.9] * 8 + [0.1] * 8
    assert segments(scores) == [(2.0, 4.0)]


def test_the_ends_of_a_segment_are_exact_fractions() -> None:
    times = [Fraction(place * 1001, 7500) for place in range(20)]
    closing = [time + Fraction(1001, 7500) for time in times]
    [found] = find_segments(times, closing, [0.1] * 8 + [0.9] * 12, RULE)
    assert (found.start_seconds, found.end_seconds) == (Fraction(8 * 1001, 7500), Fraction(20 * 1001, 7500))
    assert found.sightings == 12
    assert found.score == pytest.approx(0.9, abs=0.05)


def test_a_stretch_that_stands_out_against_its_own_track_is_a_segment_however_low_it_is() -> None:
    rule = replace(RULE, rise=1.5, fall=0.8, window_seconds=0.1)
    weak = [0.08, 0.1, 0.12, 0.1] * 2 + [0.38] * 8 + [0.1, 0.12, 0.08, 0.1] * 2
    assert segments(weak, rule) == [(2.0, 4.0)]
    assert segments(weak, replace(rule, rise=3.0)) == []
    assert segments([0.38, 0.42] * 12, rule) == [], "a person whose level is higher throughout does not stand out"
    assert segments([0.9, 0.92] * 12, rule) == [(0.0, 6.0)], "unless it is high in itself"


def test_single_outliers_and_short_bursts_are_no_segment() -> None:
    assert segments([0.1] * 10 + [0.99] + [0.1] * 10) == []
    assert segments([0.1] * 10 + [0.9] * 2 + [0.1] * 10) == []
    assert segments([0.1] * 20) == []


def test_one_frame_alone_is_no_segment_however_far_apart_frames_were_looked_at() -> None:
    times = [Fraction(3 * place) for place in range(12)]
    closing = [time + 3 for time in times]
    assert find_segments(times, closing, [0.1] * 6 + [0.97] + [0.1] * 5, RULE) == ()
    [found] = find_segments(times, closing, [0.1] * 6 + [0.97] * 2 + [0.1] * 4, RULE)
    assert (found.start_seconds, found.end_seconds, found.sightings) == (18, 24, 2)


def test_the_interval_of_a_track_with_one_spike_stays_below_the_spike() -> None:
    times = np.arange(40) / 4
    scores = np.full(40, 0.25)
    scores[20:22] = 0.95
    low, high = score_interval("contrast", times, scores)
    assert low <= aggregate("contrast", times, scores) <= high < 0.6


def test_a_single_low_score_does_not_break_a_segment() -> None:
    assert segments([0.1] * 8 + [0.9] * 4 + [0.1] + [0.9] * 4 + [0.1] * 8) == [(2.0, 4.25)]


def test_segments_with_a_short_gap_are_one_and_with_a_long_gap_two() -> None:
    rule = replace(RULE, window_seconds=0.1)
    assert segments([0.9] * 6 + [0.1] * 3 + [0.9] * 6, rule) == [(0.0, 3.75)]
    assert segments([0.9] * 6 + [0.1] * 4 + [0.9] * 6, rule) == [(0.0, 1.5), (2.5, 4.0)]


def test_a_segment_begins_at_the_upper_cut_and_goes_on_down_to_the_lower() -> None:
    rule = replace(RULE, window_seconds=0.1, enter=0.8, leave=0.4, rise=9.0, fall=9.0)
    assert segments([0.1] * 4 + [0.5] * 4 + [0.9] * 4 + [0.5] * 4 + [0.1] * 4, rule) == [(1.0, 4.0)]
    assert segments([0.1] * 4 + [0.7] * 12 + [0.1] * 4, rule) == []


def test_a_segment_ends_while_the_person_is_away() -> None:
    times = [*moments(8), *(time + 7 for time in moments(8))]
    assert segments([0.9] * 16, RULE, times) == [(0.0, 2.0), (7.0, 9.0)]


def test_no_sighting_is_no_segment() -> None:
    assert segments([]) == []


def test_smoothing_is_a_median_over_time_not_over_places() -> None:
    times = np.array([0.0, 0.1, 0.2, 5.0, 5.1, 5.2])
    smoothed = smooth(times, np.array([0.1, 0.9, 0.1, 0.8, 0.2, 0.8]), 0.5)
    assert smoothed.tolist() == pytest.approx([0.1, 0.1, 0.1, 0.8, 0.8, 0.8])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_a_constant_on_its_side_and_inside_its_interval(method: str) -> None:
    times = np.arange(40) / 4
    score = aggregate(method, times, np.full(40, 0.8))
    assert 0.7 < score <= 0.8 + 1e-9
    low, high = score_interval(method, times, np.full(40, 0.8))
    assert low == pytest.approx(high) == pytest.approx(score)


def test_the_methods_differ_where_a_part_is_altered() -> None:
    times, scores = np.arange(40) / 4, np.array([0.1] * 30 + [0.9] * 10)
    found = {method: aggregate(method, times, scores) for method in METHODS}
    assert found["mean"] == pytest.approx(0.3)
    assert found["median"] == pytest.approx(0.1)
    assert found["top"] == pytest.approx(0.9)
    assert found["robust"] < 0.4
    assert found["contrast"] > 0.99


def test_contrast_tells_a_person_altered_for_a_while_from_one_who_scores_higher_throughout() -> None:
    times = np.arange(40) / 4
    altered, steady = np.array([0.15] * 28 + [0.5] * 12), np.array([0.55, 0.6] * 20)
    assert aggregate("contrast", times, altered) > aggregate("contrast", times, steady) + 0.2
    assert aggregate("top", times, altered) < aggregate("top", times, steady)


def test_the_robust_score_of_a_short_track_is_drawn_to_the_middle() -> None:
    short = aggregate("robust", np.arange(4) / 4, np.full(4, 0.95))
    long = aggregate("robust", np.arange(120) / 4, np.full(120, 0.95))
    assert 0.5 < short < 0.8 < 0.9 < long < 0.95


def test_the_robust_score_counts_a_second_once_however_many_frames_it_has() -> None:
    times = np.concatenate([np.arange(30) / 30, np.arange(1, 10)])
    scores = np.array([0.9] * 30 + [0.1] * 9)
    assert aggregate("robust", times, scores) < 0.25
    assert aggregate("mean", times, scores) > 0.7


def test_intervals_are_wider_for_neighbours_that_repeat_each_other() -> None:
    times = np.arange(60) / 4
    rng = np.random.default_rng(3)
    seconds = np.repeat(rng.uniform(0, 1, 15), 4)
    alone = rng.permutation(seconds)
    width = [np.ptp(score_interval("mean", times, scores)) for scores in (seconds, alone)]
    assert width[0] > 1.3 * width[1]


def test_intervals_are_the_same_every_time_and_hold_the_score() -> None:
    times, scores = np.arange(30) / 4, np.random.default_rng(1).uniform(0, 1, 30)
    for method in METHODS:
        low, high = score_interval(method, times, scores)
        assert (low, high) == score_interval(method, times, scores)
        assert low <= aggregate(method, times, scores) <= high


def test_an_unknown_method_and_an_empty_track_are_refused() -> None:
    with pytest.raises(SettingsError, match="no aggregation is called 'best'"):
        aggregate("best", np.zeros(1), np.zeros(1))
    with pytest.raises(SettingsError, match="no aggregation is called 'best'"):
        make_rule(THRESHOLDS, "best")
    with pytest.raises(SettingsError, match="at least one sighting"):
        aggregate("mean", np.zeros(0), np.zeros(0))


@pytest.mark.parametrize(
    ("score", "found", "decisions", "verdict", "reason"),
    [
        (0.9, (), (FAKE, FAKE, FAKE), Verdict.FAKE, None),
        (0.9, (), (FAKE, CLOSE, REAL), Verdict.FAKE, None),
        (0.1, (SEGMENT,), (FAKE, REAL), Verdict.FAKE, None),
        (0.9, (), (CLOSE, CLOSE), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.9, (), (FAKE, REAL, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (SEGMENT,), (REAL, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.1, (), (REAL, REAL, REAL), Verdict.REAL, None),
        (0.1, (), (FAKE, REAL, CLOSE), Verdict.REAL, None),
        (0.1, (), (FAKE, FAKE, REAL), Verdict.INDETERMINATE, Reason.DISAGREEMENT),
        (0.5, (), (FAKE, FAKE, FAKE), Verdict.INDETERMINATE, Reason.TOO_CLOSE),
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


def test_frames_outside_of_the_segments_say_nothing_against_them() -> None:
    inside, outside = SEGMENT.start_seconds, SEGMENT.end_seconds
    decided = [(inside, FAKE), (outside, REAL), (outside, REAL)]
    assert judge(RULE, 0.1, (SEGMENT,), decided) == (Verdict.FAKE, None)
    assert judge(RULE, 0.9, (), decided) == (Verdict.INDETERMINATE, Reason.DISAGREEMENT)
    assert judge(RULE, 0.1, (SEGMENT,), [(outside, FAKE), (inside, CLOSE)]) == (
        Verdict.INDETERMINATE,
        Reason.DISAGREEMENT,
    )
