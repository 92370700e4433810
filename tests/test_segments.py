"""Segments lie where a track stands out against itself, with exact ends, and a track that swings by itself has none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fakeface.films import Segment, TrackRule
from fakeface.segments import (
    BOUNDARIES,
    MOST_ALTERED,
    Scores,
    TrackScores,
    find_segments,
    log_odds,
    stand_out,
    strongest_stretches,
)
from fakeface.timeline import make_rule

from .fakes import THRESHOLDS

RULE = make_rule(THRESHOLDS)
LOW, HIGH = [0.08, 0.1, 0.12, 0.1], [0.85, 0.9, 0.92, 0.88]


def moments(count: int, rate: int = 4) -> list[Fraction]:
    return [Fraction(place, rate) for place in range(count)]


def seen(times: Sequence[Fraction], local: Sequence[float]) -> TrackScores:
    """Sightings whose mask shows this, and whose score is half of it."""
    values = np.array(local, np.float64)
    return TrackScores(tuple(times), values / 2, values)


def found(
    scores: Sequence[float], rule: TrackRule = RULE, times: Sequence[Fraction] | None = None
) -> tuple[Segment, ...]:
    times = times or moments(len(scores))
    return find_segments(seen(times, scores), [time + Fraction(1, 4) for time in times], rule)


def spans(scores: Sequence[float], rule: TrackRule = RULE) -> list[tuple[float, float]]:
    return [(float(one.start_seconds), float(one.end_seconds)) for one in found(scores, rule)]


def swinging(count: int, deviation: float, seed: int, rho: float = 0.0) -> Scores:
    """Scores of a person whose log-odds swing around -1, each drawn towards the one before it by ``rho``."""
    rng, odds = np.random.default_rng(seed), [0.0]
    for noise in rng.normal(0, deviation * np.sqrt(1 - rho**2), count):
        odds.append(rho * odds[-1] + noise)
    return np.asarray(1 / (1 + np.exp(1 - np.array(odds[1:]))))


def test_a_segment_covers_what_stands_out_to_the_next_sampled_frame() -> None:
    [one] = found(LOW * 2 + HIGH * 2 + LOW * 2)
    assert (one.start_seconds, one.end_seconds, one.sightings) == (2, 4, 8)
    assert one.local_score == pytest.approx(np.mean(HIGH))
    assert one.score == pytest.approx(np.mean(HIGH) / 2), "the segment stands out in the local score alone"
    assert one.statistic > RULE.stand_out
    assert found(LOW * 2 + HIGH * 2 + LOW * 2, replace(RULE, stand_out=one.statistic + 0.01)) == ()


def test_the_ends_of_a_segment_are_exact_fractions() -> None:
    times = [Fraction(place * 1001, 7500) for place in range(20)]
    closing = [time + Fraction(1001, 7500) for time in times]
    [one] = find_segments(seen(times, LOW * 2 + HIGH * 3), closing, RULE)
    assert (one.start_seconds, one.end_seconds) == (Fraction(8 * 1001, 7500), Fraction(20 * 1001, 7500))


def test_a_stretch_stands_out_against_its_own_track_however_low_it_is() -> None:
    assert spans(LOW * 2 + [0.5, 0.55] * 4 + LOW * 2) == [(2.0, 4.0)]
    assert spans([0.5, 0.55] * 12) == [], "a person whose level is higher throughout does not stand out"
    assert spans(HIGH * 6) == [], "nor one who is high in himself: the level tells of him"


def test_single_outliers_and_steady_tracks_are_no_segment() -> None:
    assert spans([0.1] * 10 + [0.99] + [0.1] * 10) == []
    assert spans([0.1] * 20) == []
    assert spans([]) == []
    assert spans([0.1, 0.9, 0.9, 0.9]) == [], "too short to have a level of its own"


def test_a_single_low_score_does_not_break_a_segment() -> None:
    assert spans(LOW * 2 + HIGH + [0.1] + HIGH + LOW * 2) == [(2.0, 4.25)]


def test_two_stretches_apart_are_two_segments_in_the_order_of_time() -> None:
    first, second = found(LOW * 2 + HIGH * 2 + LOW * 4 + HIGH * 3 + LOW * 2)
    assert [(one.start_seconds, one.end_seconds) for one in (first, second)] == [(2, 4), (8, 11)]
    assert second.statistic > first.statistic > RULE.stand_out, "the longer one is the surer one"


def test_an_altered_stretch_that_is_told_less_well_for_a_while_is_one_segment() -> None:
    weaker = [0.6, 0.65, 0.6]
    altered = [0.9, 0.92, 0.95, 0.9, *weaker, 0.92, 0.9, 0.95]
    assert spans(LOW + altered + LOW * 2) == [(1.0, 3.5)]
    [before, after] = spans(LOW + [0.1 if score in weaker else score for score in altered] + LOW * 2)
    assert before[1] < after[0]


def test_what_drops_for_most_of_a_track_is_its_level_and_not_an_altered_rest() -> None:
    """A few bad frames at one end must not make the rest of a track stand out."""
    assert spans(LOW + HIGH * 8) == []
    [stretch] = strongest_stretches(np.array(LOW + HIGH * 8), -np.inf)
    assert stretch.last - stretch.first + 1 <= MOST_ALTERED * 36


def test_a_track_that_swings_more_needs_more_to_stand_out() -> None:
    calm, restless = swinging(20, 0.4, 1), swinging(20, 1.2, 1)
    rise = np.where((np.arange(20) >= 8) & (np.arange(20) < 15), 2.0, 0.0)

    def raised(scores: Scores) -> float:
        return stand_out(1 / (1 + np.exp(-log_odds(scores) - rise)))

    assert raised(calm) > raised(restless) > stand_out(restless)


@pytest.mark.parametrize(("count", "rho"), [(20, 0.0), (20, 0.5), (60, 0.0), (60, 0.8), (480, 0.0), (480, 0.8)])
def test_an_unaltered_person_seldom_stands_out_however_long_the_film_and_slow_the_swing(count: int, rho: float) -> None:
    reached = [stand_out(swinging(count, 0.6, seed, rho)) for seed in range(40)]
    assert np.quantile(reached, 0.95) < RULE.stand_out


def test_a_level_that_wanders_a_little_is_no_segment_however_many_frames_show_it() -> None:
    steady, rng = np.full(400, -1.0), np.random.default_rng(5)
    steady[150:260] += 0.7
    assert stand_out(1 / (1 + np.exp(-steady - rng.normal(0, 0.3, 400)))) < RULE.stand_out


def test_a_segment_ends_while_the_person_is_away() -> None:
    times = [*moments(12), *(time + 9 for time in moments(12))]
    apart = found(LOW * 2 + HIGH * 2 + LOW * 2, RULE, times)
    assert [(one.start_seconds, one.end_seconds) for one in apart] == [(2, 3), (9, 10)]


def test_a_piece_shorter_than_the_rule_wants_is_dropped() -> None:
    times = [*moments(9), *(time + 9 for time in moments(15))]
    [one] = found(LOW * 2 + HIGH * 2 + LOW * 2, RULE, times)
    assert (one.start_seconds, one.end_seconds) == (9, Fraction(43, 4))


def test_one_frame_alone_is_no_segment_however_far_apart_frames_were_looked_at() -> None:
    times = [Fraction(30 * place) for place in range(20)]
    closing = [time + 3 for time in times]  # away after every one
    assert find_segments(seen(times, LOW * 2 + HIGH * 2 + LOW), closing, RULE) == ()


def test_a_track_of_many_sightings_is_searched_in_steps_and_still_found() -> None:
    scores = swinging(3 * BOUNDARIES, 0.5, 3)
    scores[401:500] = 0.9
    strongest = next(strongest_stretches(scores, 0.0))
    assert abs(strongest.first - 401) <= 6
    assert abs(strongest.last - 499) <= 6


def test_many_stretches_of_a_long_track_are_all_found_with_exact_ends() -> None:
    rng, count, length = np.random.default_rng(3), 9000, 60
    odds = rng.normal(-1.5, 0.4, count)
    starts = list(range(137, count - length, 601))
    for start in starts:
        odds[start : start + length] += 3
    scores = 1 / (1 + np.exp(-odds))
    stretches = sorted(strongest_stretches(scores, 2.0), key=lambda one: one.first)
    assert [(one.first, one.last) for one in stretches] == [(start, start + length - 1) for start in starts]
