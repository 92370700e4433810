"""Answers: what a model wrote is read back, whatever it wrote."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakeface.answers import Answer, Claim, ForgeryClass, Hypothesis, Phrase, format_answer, parse_answer, prompt

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(str.strip)


def parsed(result: str = "Fake", reasoning: str = "the skin is smooth", **lines: str) -> Answer:
    fields = {"Image description": "a face", "Forgery reasoning": reasoning, "Analysis result": result, **lines}
    return parse_answer("\n".join(f"{name}: {value}" for name, value in fields.items()), Hypothesis.OPEN)


@given(st.text() | st.text(alphabet="Analysis reſultıİ:KkFakeRealnotprobability\n\r%.0٣²९"))
@example("Analysiſ result: Fake")
@example("ımage description: a face\nAnalysis result: real")
@example("Probability: " + "9" * 400)
@example("Analysis result:\nAnalysis result: Fake")
def test_no_text_whatever_makes_the_parser_raise(text: str) -> None:
    answer = parse_answer(text, Hypothesis.FAKE)
    assert answer.text == text
    assert (answer.claim is None) == bool(answer.problem)
    assert answer.probability is None or 0 <= answer.probability <= 1
    assert isinstance(answer.phrases, tuple)
    assert "[SEG]" not in answer.scored_text


@given(st.text())
def test_field_names_before_any_text_do_not_make_the_parser_raise(text: str) -> None:
    parse_answer(f"Forgery reasoning: {text}\nAnalysis result: {text}\nProbability: {text}", Hypothesis.REAL)


@given(WORDS, WORDS, st.sampled_from(Claim), st.integers(0, 10), st.sampled_from(ForgeryClass))
def test_the_format_that_models_are_taught_is_read_back(
    description: str, reasoning: str, claim: Claim, tenths: int, forgery: ForgeryClass
) -> None:
    text = format_answer(description, reasoning, claim, tenths / 10, forgery)
    answer = parse_answer(text, Hypothesis.OPEN)
    assert (answer.claim, answer.forgery, answer.problem) == (claim, forgery, "")
    assert answer.probability == pytest.approx(tenths / 10)
    assert answer.description == description.strip()
    assert answer.reasoning == reasoning.strip()


def test_a_colon_or_a_field_name_in_the_prose_stays_prose() -> None:
    answer = parsed("Fake", "two cues: the probability: high, and the analysis result: clear")
    assert answer.claim is Claim.FAKE
    assert answer.reasoning == "two cues: the probability: high, and the analysis result: clear"
    assert answer.probability is None


def test_a_field_may_run_over_several_lines_and_names_may_be_in_any_case() -> None:
    answer = parse_answer(
        "image description: a face\nFORGERY REASONING : smooth\nand even\nanalysis result : fake", Hypothesis.OPEN
    )
    assert answer.reasoning == "smooth\nand even"
    assert answer.claim is Claim.FAKE


def test_the_first_result_counts() -> None:
    assert parse_answer(
        "Forgery reasoning: a\nAnalysis result: Real\nAnalysis result: Fake", Hypothesis.OPEN
    ).claim is (Claim.REAL)


@pytest.mark.parametrize(
    ("result", "claim"),
    [
        ("Real", Claim.REAL),
        ("FAKE.", Claim.FAKE),
        ("this face is fake", Claim.FAKE),
        ("real or fake", None),
        ("not real", None),
        ("It is not fake", None),
        ("unreal", None),
        ("faked", None),
        ("", None),
        ("I cannot tell", None),
    ],
)
def test_a_result_is_read_only_where_it_says_one_thing(result: str, claim: Claim | None) -> None:
    answer = parsed(result)
    assert answer.claim is claim
    assert (answer.problem == "") == (claim is not None)


def test_an_answer_without_result_or_without_reasoning_is_unreadable_and_says_why() -> None:
    assert parse_answer("it is fake", Hypothesis.OPEN).problem == "the text has no analysis result"
    answer = parse_answer("Analysis result: Fake\nForgery reasoning:", Hypothesis.OPEN)
    assert (answer.claim, answer.problem) == (None, "the text has no reasoning")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.8", 0.8),
        ("about 0.75.", 0.75),
        ("85%", 0.85),
        ("85.5 %", 0.855),
        (".9", 0.9),
        ("0,9", 0.9),
        ("1e-3", 0.001),
        ("1", 1.0),
        ("85", None),
        ("-0.5", None),
        ("120%", None),
        ("high", None),
        ("٣", None),
    ],
)
def test_a_probability_is_read_as_share_or_percentage(written: str, value: float | None) -> None:
    assert parsed(Probability=written).probability == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("written", "forgery"),
    [
        ("Identity swap", ForgeryClass.IDENTITY_SWAP),
        ("face swapping", ForgeryClass.IDENTITY_SWAP),
        ("Facial attribute manipulation", ForgeryClass.REENACTMENT),
        ("Editing", ForgeryClass.EDITING),
        ("Whole face synthesis", ForgeryClass.WHOLE_FACE_SYNTHESIS),
        ("Real", ForgeryClass.REAL),
        ("unknown", None),
    ],
)
def test_the_class_is_read_from_our_words_and_from_those_of_ffaa(written: str, forgery: ForgeryClass | None) -> None:
    assert parsed(**{"Forgery type": written}).forgery is forgery


def test_phrases_are_tied_to_pixels_where_seg_follows() -> None:
    answer = parse_answer(
        "Image description: a <p>woman</p>[NOSEG]\n"
        "Forgery reasoning: the <p> left cheek </p> [SEG] and the <p>chin</p> differ; <p>x</p>[SEG]\n"
        "Analysis result: Fake",
        Hypothesis.OPEN,
    )
    assert answer.phrases == (
        Phrase("woman", False),
        Phrase("left cheek", True),
        Phrase("chin", False),
        Phrase("x", True),
    )


def test_what_mids_reads_holds_neither_tags_nor_result_probability_and_class() -> None:
    text = format_answer(
        "a <p>face</p>[NOSEG].", "the <p>chin</p>[SEG] is soft.", Claim.FAKE, 0.9, ForgeryClass.EDITING
    )
    assert parse_answer(text, Hypothesis.OPEN).scored_text == "a face.\nthe chin is soft."


def test_every_hypothesis_has_its_own_question() -> None:
    assert len({prompt(hypothesis) for hypothesis in Hypothesis}) == 3
