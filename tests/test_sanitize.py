"""What comes out of evidence or a model can be printed and stored without doing anything."""

from __future__ import annotations

import os
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakeface.sanitize import safe_text

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]52;c;ZXZpbA==\x07", r"\x1b]52;c;ZXZpbA==\x07"),
        ("a\nb\tc\rd\x00", r"a\nb\tc\rd\x00"),
        ("\x7f\x9b1m", r"\x7f\u009b1m"),
        ("gpj.\u202efake", r"gpj.\u202efake"),
        ("in\u200bvisible\ufeff\u00ad\u2060", r"in\u200bvisible\ufeff\u00ad\u2060"),
        ("one\u2028two\u2029three", r"one\u2028two\u2029three"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\ud800\uffff", r"\ud800\uffff"),
    ],
)
def test_controls_and_invisible_characters_become_visible_escapes(raw: str, shown: str) -> None:
    assert safe_text(raw) == shown


@pytest.mark.parametrize(
    "text", ["Улика №1", "証拠写真.jpg", "صورة ١", "Ünïcödé e\u0301", "face 🙂 ❤️", "a\\b [bold] <b>&amp;", " spaces  "]
)
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_an_undecodable_byte_of_a_name_is_shown_as_that_byte() -> None:
    assert safe_text(os.fsdecode(b"caf\xe9\xff.jpg")) == r"caf\xe9\xff.jpg"


def test_newlines_stay_only_where_asked_for() -> None:
    assert safe_text("one\ntwo\r\n\x1b", keep_newlines=True) == "one\ntwo\\r\n\\x1b"
    assert safe_text("one\ntwo") == r"one\ntwo"


@given(ANY_TEXT)
@example("\x1b\udcff\u202e")
def test_no_control_character_ever_comes_out(text: str) -> None:
    shown = safe_text(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert len(shown.splitlines()) <= 1


@given(ANY_TEXT)
def test_a_second_pass_changes_nothing(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)


@given(ANY_TEXT)
def test_keeping_newlines_lets_nothing_else_through(text: str) -> None:
    shown = safe_text(text, keep_newlines=True)
    assert shown.count("\n") == text.count("\n")
    assert shown.replace("\n", r"\n") == safe_text(text)
