"""What an examiner may ask, and which wordings models are taught."""

from __future__ import annotations

import numpy as np
import pytest

from fakeface import answers
from fakeface.answers import (
    AGE_QUESTIONS,
    PROMPTS,
    bound_marks,
    is_taught,
    part_asked_about,
    region_question,
    region_questions,
)
from fakeface.asked import Asked, Place, checked_question
from fakeface.errors import SettingsError
from fakeface.faces import Box


def test_a_place_is_one_thing() -> None:
    with pytest.raises(SettingsError, match="exactly one"):
        Place("nothing")
    with pytest.raises(SettingsError, match="exactly one"):
        Place("both", box=Box(0, 0, 2, 2), point=(1, 1))
    with pytest.raises(SettingsError, match="marks no pixel"):
        Place("mask a.png", region=np.zeros((3, 3), bool))


@pytest.mark.parametrize(
    ("text", "concept"),
    [("left eye", "left_eye"), ("LEFT EYE", "left_eye"), ("image left eye", "right_eye"), ("nose", "nose")],
)
def test_a_region_has_many_names(text: str, concept: str) -> None:
    assert Place.named(text).concept == concept


def test_an_unknown_region_offers_the_nearest_names() -> None:
    with pytest.raises(
        SettingsError, match=r"no part of a face is called 'nosse'; nearest: nose.*; all names: docs/concepts\.md"
    ):
        Place.named("nosse")


def test_a_place_becomes_pixels_of_the_picture() -> None:
    assert np.argwhere(Place("point", point=(4, 2)).pixels(5, 9)).tolist() == [[2, 4]]
    box = Place("box", box=Box(1, 2, 4, 5)).pixels(6, 6)
    assert box is not None
    assert box.sum() == 9
    assert Place.named("nose").pixels(5, 5) is None


@pytest.mark.parametrize("box", [Box(-1, 0, 3, 3), Box(0, 0, 10, 3), Box(0, 0, 3, 6)])
def test_a_box_that_reaches_outside_is_refused(box: Box) -> None:
    with pytest.raises(SettingsError, match="9 x 5 pixels"):
        Place("box", box=box).require_inside(5, 9)


def test_the_record_tells_masks_apart_by_their_pixels() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    first[0, 0] = second[1, 1] = True
    one, two = (Place("mask a.png", region=pixels).for_record() for pixels in (first, second))
    assert one != two
    assert one.startswith("mask a.png ")


def test_only_pointed_places_faces_and_conversations_are_about_one_picture() -> None:
    assert not Asked(places=(Place.named("nose"),)).one_picture
    assert Asked(places=(Place("point", point=(1, 1)),)).one_picture
    assert Asked(face=2).one_picture
    assert not Asked().anything


def test_every_wording_that_models_are_taught_is_known() -> None:
    for name in ("AGE", "LIST", "SURE", "METHOD", "LIMIT"):
        for question in getattr(answers, f"{name}_QUESTIONS"):
            assert is_taught(question)
    for question in (*PROMPTS.values(), *region_questions("teeth", plural=True), region_question("nose")):
        assert is_taught(question)
        assert is_taught(f"  {question.upper()}  ")
    assert region_question("nose") == "What about the nose?"


@pytest.mark.parametrize("question", ["Who is this?", "What about it?", f"{AGE_QUESTIONS[0]} Please."])
def test_any_other_wording_is_not(question: str) -> None:
    assert not is_taught(question)


@pytest.mark.parametrize("plural", [False, True])
def test_the_part_is_read_out_of_a_question_about_it(plural: bool) -> None:
    questions = region_questions("corners of the mouth", plural=plural)
    assert {part_asked_about(question) for question in questions} == {"corners of the mouth"}
    assert part_asked_about("What about it?") is None


def test_a_question_is_put_with_single_spaces() -> None:
    assert checked_question("  How   sure are you? ") == "How sure are you?"


@pytest.mark.parametrize("question", ["", "   ", "a\nb", "a\tb", "\x00", "a\u200bb", "y" * 401])
def test_a_question_that_cannot_be_put_is_refused(question: str) -> None:
    with pytest.raises(SettingsError):
        checked_question(question)


def test_a_mark_without_a_phrase_is_told_apart() -> None:
    assert bound_marks("[SEG] <p>nose</p>[SEG] <p>chin</p>[NOSEG] [SEG] <p>a</p> [SEG]") == (False, True, False, True)
