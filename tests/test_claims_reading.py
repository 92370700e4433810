"""Statements are read out of every kind of text that models are taught, and out of anything else without failing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakeface.answers import find_phrases
from fakeface.claims import is_alteration, read_statements
from fakeface.claims.terms import MEASURE_WORDS, MEASURES, PARTLY, TERMS, UNCLEAR, USUAL
from fakeface.claims.values import Finding, Severity
from fakeface.claims.words import wordings
from fakeface.concepts import CONCEPTS
from fakeface.training.annotate.talk import regional_list
from fakeface.training.annotate.words import clause, sentence

FIVE_FIELDS = (
    "Image description: A face seen from the front, mouth open.\n"
    "Forgery reasoning: The <p>right cheekbone</p>[SEG] is clearly richer in detail than what lies around; "
    "the <p>eyes</p>[SEG] are slightly higher in noise than what lies around.\n"
    "Analysis result: Fake\nProbability: 0.9\nForgery type: Identity swap"
)


def read(text: str) -> list[tuple[str | None, str | None, str, bool]]:
    return [(one.concept, one.term, one.severity, one.grounded) for one in read_statements(text)]


def test_every_finding_of_the_annotators_grammar_is_read_back() -> None:
    for number, term in enumerate(TERMS.values()):
        severity = (Severity.SLIGHT, Severity.CLEAR)[number % 2]
        concept = list(CONCEPTS)[7 * number]
        rng = np.random.default_rng(number)
        text = sentence(clause(Finding(concept, term.family, term.name, severity, {}, True), True, rng))
        (one,) = read_statements(text)
        assert (one.number, one.concept, one.family, one.term) == (1, concept, term.family, term.name)
        assert (one.severity, one.grounded) == (severity.value, True)
        assert one.sentence == text.replace("<p>", "").replace("</p>[SEG]", "").rstrip(".")


def test_the_regional_list_is_read_back_as_statements_without_masks() -> None:
    findings = [
        Finding("right_cheek", "texture", "smooth", Severity.CLEAR, {}, True, 1.5),
        Finding("inner_face", "none", "unclear", Severity.NONE, {}, False),
    ]
    text = regional_list(findings, np.random.default_rng(0))
    assert read(text) == [
        ("right_cheek", "smooth", "clear", False),
        ("inner_face", "unclear", "none", False),
    ]
    assert read("1. **Whole face**: no local evidence") == [("whole_face", None, "none", False)]
    assert read("2) Nose: clearly smoother than the other side") == [("nose", "side_smooth", "clear", False)]
    assert read("1. Note: clearly smoother than the other side") == []


def test_the_five_fields_are_read_without_their_names() -> None:
    one, other = read_statements(FIVE_FIELDS)
    assert one.sentence == "The right cheekbone is clearly richer in detail than what lies around"
    assert (other.sentence, other.term) == ("the eyes are slightly higher in noise than what lies around", "noisy")
    assert [one.number, other.number] == [1, 2]


def test_parts_that_share_what_is_said_share_the_term() -> None:
    text = f"No local evidence: the <p>eyes</p>[NOSEG] and the <p>mouth</p>[NOSEG] are {USUAL[0]}."
    assert read(text) == [("eyes", "usual", "none", False), ("mouth", "usual", "none", False)]


def test_an_alteration_without_an_artifact_is_unclear() -> None:
    for wording in (*UNCLEAR, *PARTLY):
        assert read(f"The <p>face</p>[SEG] is {wording}.") == [("whole_face", "unclear", "none", True)]


@pytest.mark.parametrize(
    "text",
    [
        "The <p>nose</p>[SEG] is not clearly smoother than what lies around.",
        "The <p>nose</p>[SEG] is odd. It is clearly smoother than what lies around.",
        "The <p>nose</p>[SEG] is odd and the mouth is clearly smoother than what lies around.",
        "The <p>nose</p>[SEG] is quite smooth.",
    ],
)
def test_what_is_denied_or_said_of_something_else_is_not_read(text: str) -> None:
    assert read(text) == [("nose", None, "none", True)]


def test_what_names_no_part_of_a_face_has_no_concept() -> None:
    assert read("it is <p>fake</p>[SEG]") == [(None, None, "none", True)]


def test_statements_that_point_at_pixels_or_name_an_artifact_say_that_something_is_altered() -> None:
    texts = {
        "The <p>nose</p>[SEG] is odd.": True,
        "1. **Nose**: clearly smoother than the other side": True,
        f"The <p>nose</p>[NOSEG] is {UNCLEAR[0]}.": True,
        f"The <p>nose</p>[NOSEG] is {USUAL[1]}.": False,
        f"The <p>nose</p>[SEG] is {USUAL[1]}.": False,
        "The <p>nose</p>[NOSEG] cannot be assessed here: it has too few pixels.": False,
    }
    for text, altered in texts.items():
        assert [is_alteration(one) for one in read_statements(text)] == [altered], text


PIECES = st.sampled_from(
    ["<p>", "</p>", "[SEG]", "[NOSEG]", "nose", "the left eye", " is ", "clearly ", "\n", ". ", "1. ", "**", ": ", "; "]
    + [wording for term in ("smooth", "tone") for wording in wordings(term, Severity.CLEAR)]
    + ["Forgery reasoning:", "Slightly", "\x1b[31m", "\u202e", "", "Ä"]
)


@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
@example("<p></p>[SEG]")
@example("1. ****: x\n1. :")
@example("<p>1. **a**: b</p>[SEG]")
def test_no_text_makes_reading_fail_and_every_seg_is_one_grounded_statement(text: str) -> None:
    found = read_statements(text)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert [one.phrase for one in found if one.grounded] == [one.text for one in find_phrases(text) if one.grounded]
    assert all(one.concept is None or one.concept in CONCEPTS for one in found)


def test_every_measure_has_its_words() -> None:
    assert set(MEASURE_WORDS) == set(MEASURES)


def test_a_denial_is_read_as_one_and_is_no_alteration() -> None:
    [denied] = read_statements("No evidence: nothing was altered in the <p>nose</p>[NOSEG].")
    assert (denied.concept, denied.term, is_alteration(denied)) == ("nose", "untouched", False)
    [other] = read_statements("Something was altered in the <p>nose</p>[NOSEG].")
    assert other.term is None
    [pointing] = read_statements("nothing was altered in the <p>nose</p>[SEG].")
    assert pointing.term is None, "a denial points at nothing"
