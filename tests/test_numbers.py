"""How numbers and scores are written in the views."""

from __future__ import annotations

import pytest

from fakeface.report.numbers import number_words, score_digits, score_words


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (None, "—"),
        (0.834, "0.83"),
        (0.9949, "0.99"),
        (0.9951, "0.9951"),
        (0.99994, "0.9999"),
        (0.99996, ">0.9999"),
        (1.0, ">0.9999"),
        (0.0049, "0.0049"),
        (0.00004, "<0.0001"),
        (0.0, "<0.0001"),
    ],
)
def test_a_score_is_never_rounded_to_certainty(score: float | None, words: str) -> None:
    assert score_words(score) == words


def test_scores_that_stand_together_have_as_many_decimals() -> None:
    assert (score_digits(0.7, 0.8), score_digits(0.7, 0.999), score_digits(0.001, 0.7)) == (2, 4, 4)
    assert (score_words(0.7, 4), score_words(1.0, 4)) == ("0.7000", ">0.9999")


def test_numbers_that_are_no_scores_may_be_round() -> None:
    assert (number_words(1.0), number_words(0.0, 3), number_words(None)) == ("1.00", "0.000", "—")
