"""The words in which console and PDF tell how a claim fares."""

from __future__ import annotations

import pytest

from fakeface.answers import find_phrases
from fakeface.findings import Statement
from fakeface.report.entries import PartEntry, StatementEntry
from fakeface.report.record import file_entry
from fakeface.report.words import (
    claim_counts,
    concept_words,
    faceless_words,
    measured_words,
    numbered_pieces,
    place_name,
    sensitivity_words,
    share_words,
    support_words,
    term_words,
)

from .builders import make_failed_finding, make_file_finding


def claim(
    term: str | None, measurements: dict[str, float], reference: dict[str, tuple[float, float]]
) -> StatementEntry:
    return StatementEntry(
        number=1,
        phrase="chin",
        sentence="the chin",
        concept="chin",
        family="texture",
        term=term,
        severity="clear",
        grounded=True,
        mask=None,
        confidence=None,
        measurements=measurements,
        reference=reference,
        supported=None,
        covered=None,
        sensitivity=None,
    )


RANGES = {"sharpness_ratio": (0.6, 1.4), "boundary_contrast_ratio": (0.7, 1.3), "noise_ratio": (0.6, 1.5)}


def test_a_claim_stands_beside_the_measurement_that_its_term_rests_on() -> None:
    words = measured_words(claim("smooth", {"sharpness_ratio": 0.31, "noise_ratio": 1.0}, RANGES))
    assert words.startswith("sharpness")
    assert words.endswith(" 0.31 (real faces 0.60 to 1.40)")


def test_without_a_term_it_is_told_how_many_measurements_lie_in_the_range_of_real_faces() -> None:
    values = {"sharpness_ratio": 0.31, "noise_ratio": 1.0, "boundary_contrast_ratio": 0.2}
    words = measured_words(claim("usual", values, RANGES))
    assert words.startswith("1 of 3 measurements in the range of real faces; outside it: ")
    assert "0.31 (real faces 0.60 to 1.40)" in words
    assert "0.20 (real faces 0.70 to 1.30)" in words
    assert "1.00" not in words


def test_nothing_measured_is_a_dash() -> None:
    assert measured_words(claim("smooth", {}, {})) == "—"


def test_a_term_without_its_measurement_counts_the_others() -> None:
    assert measured_words(claim("smooth", {"noise_ratio": 1.0}, RANGES)) == (
        "1 of 1 measurements in the range of real faces"
    )


@pytest.mark.parametrize(
    ("supported", "term", "words"),
    [
        (True, "smooth", "consistent with the measurement"),
        (False, "smooth", "not supported by the measurement"),
        (None, "smooth", "not measurable here"),
        (None, None, "nothing to check"),
    ],
)
def test_every_claim_is_told_how_it_fares(supported: bool | None, term: str | None, words: str) -> None:
    assert support_words(supported, term) == words


def test_claims_are_counted_by_how_they_fare() -> None:
    kinds = [(True, "smooth"), (True, "usual"), (False, "smooth"), (None, None)]
    told = [Statement(1, "chin", "", "chin", "none", term, "none", True, supported=kind) for kind, term in kinds]
    assert claim_counts(told) == (
        "2 consistent with the measurement, 1 not supported by the measurement, 1 nothing to check"
    )
    assert claim_counts([]) == "the text makes no claim about a part of the face"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (-0.214, "sensitive to it (log-odds -0.21)"),
        (0.15, "sensitive to it (log-odds +0.15)"),
        (-0.0001, "not sensitive to it (log-odds +0.00)"),
        (None, "—"),
    ],
)
def test_a_small_change_of_the_score_is_no_sensitivity(change: float | None, words: str) -> None:
    assert sensitivity_words(change) == words


def test_shares_are_whole_percent() -> None:
    assert [share_words(share) for share in (0.0, 0.004, 0.5, 1.0)] == ["0 %", "<1 %", "50 %", "100 %"]


def test_terms_and_parts_are_said_as_the_texts_say_them() -> None:
    assert term_words("smooth", "clear").startswith("clearly smoother than")
    assert term_words("usual", "none") == "nothing stands out"
    assert term_words(None, "none") == "names no artifact"
    assert concept_words("left_eye") == "left eye"
    assert concept_words(None) == "—"


def test_phrases_are_numbered_over_all_lines_of_a_text() -> None:
    text = "Image: <p>one</p>[SEG].\nReasoning: <p>two</p>[NOSEG], <p>three</p>."
    found = [(piece.text, number) for piece, number in numbered_pieces(text) if number]
    assert found == [("one", 1), ("two", 2), ("three", 3)]
    assert "".join(piece.text for piece, _ in numbered_pieces(text)) == "Image: one.\nReasoning: two, three."


@pytest.mark.parametrize(
    "text", ["<p>a\nb</p>[SEG] <p>c</p>", "</p><p>a <p>b</p>[SEG]", "<p>", "", "[SEG]<p>x</p> [SEG]"]
)
def test_the_numbers_are_those_of_the_phrases_however_broken_the_text(text: str) -> None:
    numbers = [number for _, number in numbered_pieces(text) if number]
    assert numbers == list(range(1, len(find_phrases(text)) + 1))


def test_an_input_without_faces_is_told_with_its_own_reason() -> None:
    faceless = file_entry(make_file_finding(1, fakenesses=()))
    assert faceless_words(faceless) == "inconclusive: no face found; no conclusion on authenticity"
    small = faceless.model_copy(update={"reason": "too_small"})
    assert faceless_words(small, "nothing was located") == (
        "inconclusive: the face is too small to analyse; nothing was located"
    )
    bare = faceless.model_copy(update={"reason": None})
    assert faceless_words(bare) == "inconclusive: no face found; no conclusion on authenticity"
    failed = file_entry(make_failed_finding(2, "a.jpg"))
    assert faceless_words(failed, "nothing was located") == f"failed, not examined: {failed.error}"


def test_a_place_is_named_with_what_it_lies_in_and_its_leaf() -> None:
    part = PartEntry(
        asked="point 1,2", concept="lower_nose", leaf="columella", parents=("nose",), problem="", mask=None, share=0.0,
        covered=0.0, term=None, severity="none", measurements={}, reference={},
    )  # fmt: skip
    assert place_name(part) == "lower nose in the nose, mostly the strip between the nostrils"
    assert place_name(part.model_copy(update={"leaf": "lower_nose", "parents": ()})) == "lower nose"
    assert place_name(part.model_copy(update={"concept": None, "leaf": None, "parents": ()})) == "—"
