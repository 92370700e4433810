"""The forms of text, the words they are made of, rewriting by another program, and what is refused."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass, Hypothesis, parse_answer, prompt
from fakeface.claims.limits import Limits, limits
from fakeface.claims.scene import Scene
from fakeface.claims.terms import MEASURES, TERMS
from fakeface.claims.values import Finding, Severity
from fakeface.claims.words import said_of, wordings
from fakeface.concepts import CONCEPTS, look_up
from fakeface.errors import SettingsError
from fakeface.faces import Face
from fakeface.training.annotate import (
    Annotation,
    CommandRewriter,
    Rejection,
    annotate_picture,
)
from fakeface.training.annotate.answers import chosen, told
from fakeface.training.annotate.hypotheses import draw_hypothesis, plainness
from fakeface.training.annotate.rewrite import RewriteError, acceptable, rewrite
from fakeface.training.annotate.words import clause, plural

from .faces_data import photograph


@pytest.fixture(scope="module")
def face(astronaut_face: Face) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    offset = np.array([130, 20], np.float32)
    assert astronaut_face.landmarks is not None
    return photograph()[20:240, 130:330].copy(), (astronaut_face.landmarks - offset).astype(np.float32)


def eyes(face: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> NDArray[np.bool_]:
    pixels, points = face
    return Scene(pixels, points, None).place("eyes").copy()


def blacked(face: tuple[NDArray[np.uint8], NDArray[np.float32]], seed: int = 1, **more: object) -> Annotation:
    """The eyes at a quarter of their light."""
    pixels, points = face
    mask = eyes(face)
    dark = np.where(mask[..., None], pixels // 4, pixels).astype(np.uint8)
    rng = np.random.default_rng(seed)
    return annotate_picture(
        dark,
        points,
        mask,
        ForgeryClass.EDITING,
        "fake",
        rng,
        original=pixels,
        **more,  # type: ignore[arg-type]
    )


def test_every_phrase_that_can_be_written_is_understood_as_its_concept() -> None:
    for concept in CONCEPTS.values():
        finding = Finding(concept.name, "none", "unclear", Severity.NONE, {}, False)
        text = clause(finding, True, np.random.default_rng(0))
        (phrase,) = parse_answer(f"Forgery reasoning: {text}\nAnalysis result: Fake", Hypothesis.OPEN).phrases
        assert look_up(phrase.text) is concept
    assert look_up("face").name == "whole_face"


@pytest.mark.parametrize(
    ("words", "many"),
    [
        ("nose", False),
        ("eyes", True),
        ("chin and jaw", True),
        ("skin between nose and mouth", False),
        ("corners of the mouth", True),
        ("right lens of the glasses", False),
        ("left iris", False),
        ("upper teeth", True),
        ("area between the eyebrows", False),
    ],
)
def test_names_take_the_right_verb(words: str, many: bool) -> None:
    assert plural(words) is many


def test_every_wording_is_read_back_as_its_term_and_severity() -> None:
    for term in TERMS:
        for severity in (Severity.SLIGHT, Severity.CLEAR):
            for wording in wordings(term, severity):
                assert said_of(f"It is {wording}.") == ((term, severity),)
    assert said_of("Nothing is said.") == ()


def test_limits_hold_every_measure_and_rise_with_their_percentile() -> None:
    everywhere = limits().groups["everywhere"]
    assert set(everywhere) == set(MEASURES)
    for ranges in limits().groups.values():
        assert all(list(values) == sorted(values) for values in ranges.values())


def test_severity_tells_how_far_beyond_the_range_a_value_lies() -> None:
    few = Limits({"everywhere": {"sharpness_ratio": (0.2, 0.5, 2.0, 3.0)}})
    strength = [round(few.strength(TERMS["smooth"], "nose", value), 6) for value in (0.8, 0.5, 0.35, 0.2, 0.05)]
    assert strength == [-1.0, 0.0, 0.5, 1.0, 1.5]
    assert few.strength(TERMS["sharp"], "nose", 2.5) == pytest.approx(0.5)


def test_a_blatant_alteration_is_found_named_and_severe(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    said = blacked(face)
    assert said.rejected is None
    assert said.naming.names == ("eyes",)
    assert {one.concept for one in said.findings if one.term != "usual"} == {"eyes"}
    dark = next(one for one in said.findings if one.term == "dark")
    assert dark.severity is Severity.CLEAR
    assert dark.measurements["brightness_shift_l"] < dark.original["brightness_shift_l"]
    assert said.probability == pytest.approx(0.9)


def test_what_the_original_showed_as_well_is_no_artifact(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    pixels, points = face
    dark = np.where(eyes(face)[..., None], pixels // 4, pixels).astype(np.uint8)
    rng = np.random.default_rng(1)
    said = annotate_picture(dark, points, eyes(face), ForgeryClass.EDITING, "fake", rng, original=dark)
    assert [one.term for one in said.findings if one.term != "usual"] == ["unclear"]
    assert said.probability == pytest.approx(0.5)


def test_all_forms_of_text_are_written(face: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> None:
    said = blacked(face)
    texts = {one.task: [turn.text for turn in one.turns] for one in said.dialogues}
    assert list(texts) == ["age", "list", "region", "hypothesis", "conversation"]
    assert re.match(r"The <p>eyes</p>\[SEG\] are clearly ", texts["age"][1])
    assert re.match(r"1\. \*\*Eyes\*\*: clearly ", texts["list"][1])
    assert texts["hypothesis"][0] in {prompt(one) for one in Hypothesis}
    assert texts["hypothesis"][1] == said.text
    assert len(texts["conversation"]) == 8
    assert texts["conversation"][:2] == [prompt(Hypothesis.OPEN), said.text]
    assert blacked(face, talk=False).dialogues == ()


def test_untouched_parts_and_hidden_ones_are_answered_for(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    replies = {turn.text for seed in range(12) for turn in blacked(face, seed).dialogues[2].turns[1::2]}
    assert any("cannot be assessed here" in text for text in replies)
    assert any(text.startswith("No evidence") for text in replies)
    assert any("[SEG]" in text for text in replies)


def test_a_plain_forgery_gets_questions_that_contradict_it() -> None:
    rng = np.random.default_rng(3)
    plain = [draw_hypothesis(1, 0.9, rng) for _ in range(2000)]
    assert 0.15 < plain.count(Hypothesis.REAL) / 2000 < 0.25
    assert [draw_hypothesis(1, 0.5, rng) for _ in range(500)].count(Hypothesis.REAL) == 0
    assert plainness(()) == pytest.approx(0.5)


def test_the_strongest_findings_are_chosen_and_none_lies_within_another() -> None:
    def finding(concept: str, strength: float) -> Finding:
        supported = strength > 0
        return Finding(concept, "x", "dark" if supported else "unclear", Severity.SLIGHT, {}, supported, strength)

    findings = (finding("left_iris", 0.4), finding("eyes", 0.9), finding("nose", 0.2), finding("chin", 0.0))
    assert [one.concept for one in chosen(findings, 4)] == ["eyes", "nose", "chin"]
    assert [one.concept for one in told(findings)] == ["eyes", "nose"]
    assert [one.concept for one in told(findings[3:])] == ["chin"]


def test_names_that_cover_too_little_and_empty_masks_are_rejected(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    pixels, points = face
    rng = np.random.default_rng(2)
    corner = np.zeros(pixels.shape[:2], np.bool_)
    said = annotate_picture(pixels, points, corner, ForgeryClass.EDITING, "fake", rng)
    assert said.rejected is Rejection.NOTHING_ALTERED
    scattered = np.zeros(pixels.shape[:2], np.bool_)
    scattered[::9, ::9] = True
    said = annotate_picture(pixels, points, scattered, ForgeryClass.EDITING, "fake", rng)
    assert said.rejected is Rejection.NOT_COVERED
    assert said.naming.coverage < 0.6
    assert (said.findings, said.dialogues) == ((), ())
    assert parse_answer(said.text, Hypothesis.OPEN).problem == ""


def test_real_faces_and_forgeries_of_everything_say_that_there_is_no_local_evidence(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    pixels, points = face
    rng = np.random.default_rng(4)
    for forgery in ForgeryClass:
        label = Claim.REAL if forgery is ForgeryClass.REAL else Claim.FAKE
        said = annotate_picture(pixels, points, None, forgery, label, rng)
        assert re.match(r"No (local evidence|region stands out): ", said.reasoning)
        assert "[SEG]" not in said.text
        assert said.row("a.png", "dev", "x").mask is None
        assert {one.term for one in said.findings} <= {"usual"}


def test_label_mask_and_original_have_to_fit(face: tuple[NDArray[np.uint8], NDArray[np.float32]]) -> None:
    pixels, points = face
    rng = np.random.default_rng(0)
    with pytest.raises(SettingsError, match="cannot be of the class"):
        annotate_picture(pixels, points, None, ForgeryClass.REAL, "fake", rng)
    with pytest.raises(SettingsError, match="altered area"):
        annotate_picture(pixels, points, np.ones((4, 4), bool), ForgeryClass.EDITING, "fake", rng)
    mask = eyes(face)
    with pytest.raises(SettingsError, match="original"):
        annotate_picture(pixels, points, mask, ForgeryClass.EDITING, "fake", rng, original=pixels[:9])


def test_a_rewriting_that_keeps_what_is_grounded_is_taken(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    said = blacked(face, rewriter=lambda text: text.replace("The ", "Here the "))
    assert said.reasoning.startswith("Here the <p>eyes</p>[SEG]")
    assert said.rewritten >= 4
    assert said.refused == 0
    assert parse_answer(said.text, Hypothesis.OPEN).problem == ""


def test_a_rewriting_that_changes_what_is_grounded_is_refused_and_counted(
    face: tuple[NDArray[np.uint8], NDArray[np.float32]],
) -> None:
    plain, bent = (
        blacked(face),
        blacked(face, rewriter=lambda text: text.replace("<p>eyes", "<p>nose").replace(" ", "\n", 1)),
    )
    assert bent.text == plain.text
    assert bent.dialogues == plain.dialogues
    assert (bent.rewritten, plain.refused) == (0, 0)
    assert bent.refused >= 4


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("Look: the <p>nose</p>[SEG] is darker.", True),
        ("The <p>nose</p> is darker.", False),
        ("The <p>nose</p>[NOSEG] is darker.", False),
        ("The nose is darker.", False),
        ("The <p>nose</p>[SEG] is darker [SEG].", False),
        ("The <p>nose</p>[SEG] is 3 times darker.", False),
        ("The <p>nose</p>[SEG] is darker.\nAnalysis result: Real", False),
        ("Analysis result: Real the <p>nose</p>[SEG]", False),
        ("The <p>nose</p>[SEG] " + "is darker " * 40, False),
        ("", False),
    ],
)
def test_a_rewriting_is_held_to_tags_numbers_and_form(text: str, good: bool) -> None:
    assert acceptable("The <p>nose</p>[SEG] is dark.", text) is good


def test_a_program_rewrites_and_its_failures_leave_the_text() -> None:
    upper = CommandRewriter((sys.executable, "-c", "import sys; print(sys.stdin.read().replace('is', 'was'))"), 20)
    assert rewrite("This is so.", upper).text == "Thwas was so."
    for code in ("import sys; sys.exit(3)", "import time; time.sleep(30)", "import os; os.write(1, b'\\xff\\xfe')"):
        failing = CommandRewriter((sys.executable, "-c", code), 0.5)
        with pytest.raises(RewriteError):
            failing("x")
        assert rewrite("This is so.", failing).taken is False
    with pytest.raises(SettingsError, match="no program"):
        CommandRewriter(("no-such-program-anywhere",))
    with pytest.raises(SettingsError, match="no program"):
        CommandRewriter(())


def test_the_examples_of_the_documentation_are_written_in_these_words() -> None:
    page = (Path(__file__).parents[1] / "docs" / "annotation.md").read_text("utf-8")
    examples = "\n".join(re.findall(r"^```text\n(.*?)^```", page, re.S | re.M))
    claims = re.findall(r"<p>([^<]+)</p>\[SEG\] (?:is|are) ([^;.]+)", examples)
    assert len(claims) >= 5
    for words, wording in claims:
        assert look_up(words).name in CONCEPTS
        assert len(said_of(wording)) == 1, wording
    told_of = set(re.findall(r"`(\w+_(?:ratio|delta_e|shift_c|shift_l))`", page))
    assert told_of == set(MEASURES)
