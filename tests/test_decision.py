"""The decision: numbers computed by hand, and every way of not deciding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeface.answers import Answer, Claim, ForgeryClass, Hypothesis, format_answer, parse_answer
from fakeface.decision import Decision, Difficulty, Reason, Scores, Thresholds, Verdict, decide, undecided
from fakeface.errors import SettingsError

CUTS = Thresholds(fakeness=0.5, independent=0.5, margin=0.05)
CLASSES = np.array([0.6, 0.05, 0.1, 0.2, 0.05], np.float32)


def say(claim: Claim | None) -> Answer:
    text = "squawk" if claim is None else format_answer("a face", "because", claim, 0.9, ForgeryClass.REAL)
    return parse_answer(text, Hypothesis.OPEN)


def table(*rows: tuple[float, float, float, float]) -> Scores:
    return Scores(np.array(rows, np.float32))


def judge(claims: list[Claim | None], scores: Scores, independent: float = 0.9, cuts: Thresholds = CUTS) -> Decision:
    return decide([say(claim) for claim in claims], scores, independent, CLASSES, cuts)


R, F = Claim.REAL, Claim.FAKE


def test_match_is_ffaas_equation_one() -> None:
    scores = table((0.3, 0.2, 0.1, 0.4))
    assert scores.match(0, Claim.REAL) == pytest.approx(0.3 / (0.3 + 0.1))
    assert scores.match(0, Claim.FAKE) == pytest.approx(0.4 / (0.4 + 0.2))


def test_a_claim_without_any_probability_matches_by_half() -> None:
    scores = table((0.0, 0.4, 0.0, 0.6))
    assert scores.match(0, Claim.REAL) == 0.5


def test_the_best_matching_answer_is_chosen_and_gives_the_verdict() -> None:
    decision = judge([F, F, R], table((0.1, 0.2, 0.1, 0.6), (0.0, 0.1, 0.0, 0.9), (0.4, 0.1, 0.4, 0.1)))
    assert decision.matches == pytest.approx((0.75, 0.9, 0.5))
    assert (decision.chosen, decision.verdict, decision.reason) == (1, Verdict.FAKE, None)
    assert decision.match == pytest.approx(0.9)
    assert decision.fakeness == pytest.approx(0.9)
    assert decision.difficulty is Difficulty.HARD
    assert decision.forgery is ForgeryClass.EDITING
    assert decision.agreement is True


def test_a_real_verdict_has_a_low_fakeness_and_the_class_real() -> None:
    decision = judge([R, R, R], table(*[(0.8, 0.0, 0.2, 0.0)] * 3), independent=0.7)
    assert (decision.verdict, decision.difficulty) == (Verdict.REAL, Difficulty.EASY)
    assert decision.fakeness == pytest.approx(0.2)
    assert decision.forgery is ForgeryClass.REAL
    assert decision.agreement is False, "the text-independent score lies on the other side of its cut"


def test_the_first_of_equal_answers_is_chosen() -> None:
    assert judge([F, F, F], table(*[(0.1, 0.1, 0.1, 0.7)] * 3)).chosen == 0


def test_unreadable_answers_take_no_part_and_make_the_face_hard() -> None:
    decision = judge([None, F, F], table((0, 0, 0, 1), (0.1, 0.2, 0.1, 0.6), (0.1, 0.3, 0.1, 0.5)))
    assert decision.matches[0] is None
    assert decision.chosen == 1
    assert decision.difficulty is Difficulty.HARD


def test_nothing_is_decided_where_no_answer_can_be_read() -> None:
    decision = judge([None, None, None], table(*[(0.25, 0.25, 0.25, 0.25)] * 3), independent=0.3)
    assert (decision.verdict, decision.reason) == (Verdict.INDETERMINATE, Reason.UNREADABLE_ANSWERS)
    assert decision.independent_score == 0.3
    assert decision.fakeness is None


def test_a_fakeness_near_its_cut_is_too_close_to_call() -> None:
    decision = judge([F, F, F], table(*[(0.0, 0.46, 0.0, 0.54)] * 3))
    assert (decision.verdict, decision.reason) == (Verdict.INDETERMINATE, Reason.TOO_CLOSE)
    assert decision.agreement is None
    assert decision.forgery is None


def test_answers_that_their_own_scores_contradict_decide_nothing() -> None:
    decision = judge([R, R, R], table(*[(0.2, 0.0, 0.8, 0.0)] * 3))
    assert (decision.verdict, decision.reason) == (Verdict.INDETERMINATE, Reason.CONTRADICTION)
    assert decision.fakeness == pytest.approx(0.8)


def test_the_cut_itself_speaks_for_forgery() -> None:
    cuts = Thresholds(fakeness=0.75, independent=0.9, margin=0.0)
    assert judge([F], table((0.0, 0.25, 0.0, 0.75)), 0.9, cuts).verdict is Verdict.FAKE
    assert judge([F], table((0.0, 0.25, 0.0, 0.75)), 0.9, cuts).agreement is True


@given(
    st.lists(st.tuples(st.sampled_from([R, F, None]), *[st.floats(0.01, 1)] * 4), min_size=1, max_size=4),
    st.floats(0, 1),
)
def test_a_verdict_never_goes_against_the_chosen_answer(
    rows: list[tuple[Claim | None, float, float, float, float]], independent: float
) -> None:
    values = np.array([row[1:] for row in rows], np.float32)
    scores = Scores(values / values.sum(axis=1, keepdims=True))
    decision = judge([row[0] for row in rows], scores, independent)
    if decision.reason is None:
        assert decision.chosen is not None
        assert decision.fakeness is not None
        assert decision.verdict.value == rows[decision.chosen][0]
        assert (decision.verdict is Verdict.FAKE) == (decision.fakeness >= CUTS.fakeness)
    assert decision.fakeness is None or 0 <= decision.fakeness <= 1


def test_every_reason_has_words_of_its_own() -> None:
    assert len({reason.words for reason in Reason}) == len(Reason)
    assert undecided(Reason.NO_FACE).verdict is Verdict.INDETERMINATE


def test_a_verdict_with_a_reason_and_an_indeterminate_one_without_are_refused() -> None:
    with pytest.raises(SettingsError):
        Decision(Verdict.FAKE, Reason.TOO_CLOSE)
    with pytest.raises(SettingsError):
        Decision(Verdict.INDETERMINATE, None)


@pytest.mark.parametrize("values", [[[0.5, 0.5, 0.5, 0.5]], [[np.nan, 0, 0, 1]], [[0.5, 0.5]], [0.25] * 4])
def test_scores_that_are_no_probabilities_are_refused(values: list[object]) -> None:
    with pytest.raises(SettingsError):
        Scores(np.array(values, np.float32))


def test_as_many_answers_as_score_rows_are_needed() -> None:
    with pytest.raises(SettingsError, match="2 answers but 1"):
        judge([R, F], table((0.25, 0.25, 0.25, 0.25)))


@pytest.mark.parametrize("cuts", [(0.0, 0.5, 0.1), (0.5, 1.0, 0.1), (0.5, 0.5, 0.5), (0.5, float("nan"), 0.1)])
def test_cuts_outside_their_range_are_refused(cuts: tuple[float, float, float]) -> None:
    with pytest.raises(SettingsError):
        Thresholds(*cuts)
