"""Which frames of a film are looked at: exact choices over known times and shots."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fakeface.errors import SettingsError
from fakeface.sampling import Sampling, choose_frames


def times(count: int, rate: Fraction | int = 25, first: Fraction | int = 0) -> list[Fraction]:
    """Presentation times of a film of constant rate."""
    return [Fraction(first) + Fraction(index) / rate for index in range(count)]


def chosen(sampling: Sampling, when: list[Fraction], shots: list[int] | None = None) -> list[int]:
    """The choice in a film of one shot unless shots are given."""
    return list(choose_frames(sampling, when, shots or [1] * len(when)))


def test_every_nth_frame_counts_from_the_films_first_one() -> None:
    assert chosen(Sampling(every=10), times(35)) == [0, 10, 20, 30]
    assert chosen(Sampling(every=1), times(4)) == [0, 1, 2, 3]
    assert chosen(Sampling(every=10, start=Fraction(1, 2)), times(35)) == [20, 30]


def test_frames_per_second_take_the_first_frame_at_or_after_each_tick() -> None:
    assert chosen(Sampling(fps=Fraction(4)), times(26)) == [0, 7, 13, 19, 25]
    assert chosen(Sampling(fps=Fraction(1)), times(90, Fraction(30000, 1001))) == [0, 30, 60]


def test_more_frames_per_second_than_there_are_take_every_frame_once() -> None:
    assert chosen(Sampling(fps=Fraction(100)), times(5)) == [0, 1, 2, 3, 4]


def test_frames_per_second_follow_the_times_of_a_film_of_variable_rate() -> None:
    when = [Fraction(0), Fraction(1, 10), Fraction(2, 10), Fraction(5), Fraction(51, 10), Fraction(6)]
    assert chosen(Sampling(fps=Fraction(1)), when) == [0, 3, 5]


def test_ticks_count_from_the_first_presentation_time() -> None:
    assert chosen(Sampling(fps=Fraction(5)), times(11, 25, Fraction(14, 10))) == [0, 5, 10]


def test_so_many_frames_are_spread_over_the_film() -> None:
    assert chosen(Sampling(frames=4), times(100)) == [12, 37, 62, 87]
    assert chosen(Sampling(frames=200), times(3)) == [0, 1, 2]


def test_a_few_per_shot_lie_inside_every_shot() -> None:
    assert chosen(Sampling(scenes=2), times(30), [1] * 20 + [2] * 9 + [3]) == [5, 15, 22, 26, 29]


def test_a_range_holds_its_start_and_not_its_end() -> None:
    sampling = Sampling(every=1, start=Fraction(1, 25), end=Fraction(3, 25))
    assert chosen(sampling, times(10)) == [1, 2]
    assert chosen(Sampling(every=1, start=Fraction(9)), times(10)) == []


def test_the_upper_bound_spreads_what_was_chosen_over_the_whole_film() -> None:
    assert chosen(Sampling(every=10, most=2), times(100)) == [20, 70]


def test_the_default_looks_at_four_frames_per_second_and_at_sixteen_of_a_short_film() -> None:
    default = Sampling.default()
    assert len(chosen(default, times(25 * 60))) == 240
    assert chosen(default, times(25)) == [0, 2, 3, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 21, 22, 24]
    assert chosen(default, times(9)) == list(range(9))
    hour = chosen(default, times(25 * 3600))
    assert len(hour) == 1200
    assert hour[0] < 100
    assert hour[-1] > 25 * 3600 - 100


def test_a_film_without_frames_has_nothing_to_look_at() -> None:
    assert chosen(Sampling.default(), []) == []


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        (Sampling.default(), "4 frames per second, at least 16, at most 1200"),
        (Sampling(every=1), "every frame, at most 20000"),
        (Sampling(every=25, most=10), "one frame in 25, at most 10"),
        (Sampling(fps=Fraction(1, 2)), "0.5 frames per second, at most 20000"),
        (Sampling(fps=Fraction(1)), "1 frame per second, at most 20000"),
        (Sampling(frames=30), "30 frames spread over the film"),
        (Sampling(scenes=1), "1 frame per shot, at most 20000"),
        (Sampling(frames=5, start=Fraction(3, 2)), "5 frames spread over the film, from 1.5 s to the end"),
        (Sampling(frames=5, end=Fraction(90)), "5 frames spread over the film, from 0 s to 90 s"),
    ],
)
def test_the_record_says_in_words_which_frames_were_looked_at(sampling: Sampling, words: str) -> None:
    assert sampling.describe() == words


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "exactly one"),
        ({"every": 2, "frames": 3}, "exactly one"),
        ({"every": 0}, "positive"),
        ({"fps": Fraction(-1)}, "positive"),
        ({"frames": 2, "most": 0}, "contradict"),
        ({"fps": Fraction(4), "least": 50, "most": 20}, "contradict"),
        ({"frames": 2, "start": Fraction(-1)}, "starts at 0"),
        ({"frames": 2, "start": Fraction(4), "end": Fraction(4)}, "end after it starts"),
        ({"frames": 2, "end": Fraction(0)}, "end after it starts"),
    ],
)
def test_a_sampling_that_makes_no_sense_is_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Sampling(**given)  # type: ignore[arg-type]
