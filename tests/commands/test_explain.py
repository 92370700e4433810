"""``fakeface explain``: the text streamed, every claim checked and kept, questions answered, one encoding per face."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from fakeface.answers import AGE_QUESTIONS, LIST_QUESTIONS, Exchange
from fakeface.backends import Engine
from fakeface.faces import Face, FaceCrop
from fakeface.frames import Frame
from fakeface.interfaces import Choices, Encoding, any_words
from fakeface.report.overlay import decoded_mask

from ..fakes import FAKE, REAL, ColourEncoder, DrawnFaceFinder, ParrotAnswerer, draw, make_engine
from .conftest import comparable, invoke, lines, read_record

Use = Callable[[Engine], None]

CLAIMS = (
    "The <p>left cheek</p>[SEG] is clearly more saturated than what lies around. "
    "The <p>nose</p>[SEG] is clearly less saturated than what lies around. The <p>chin</p>[NOSEG] is pretty."
)


class Claimer(ParrotAnswerer):
    """Writes ``CLAIMS`` on every question but the three of the decision, and keeps what it was asked."""

    def __init__(self, text: str = CLAIMS) -> None:
        self.text = text
        self.asked: list[tuple[str, int]] = []

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        self.asked.append((question, len(history)))
        yield from (self.text[start : start + 7] for start in range(0, len(self.text), 7))


@pytest.fixture
def picture(place: Path) -> Path:
    return draw(place / "a.png", FAKE)


@pytest.fixture
def claimer(use_engine: Use) -> Claimer:
    writer = Claimer()
    use_engine(with_answerer(writer))
    return writer


def with_answerer(
    writer: ParrotAnswerer, before: Callable[[Sequence[FaceCrop]], object] = lambda crops: None
) -> Engine:
    engine = make_engine(before)
    return Engine(engine.profile, engine.finder, engine.encoder, writer, engine.scorer, engine.segmenter)


def explanations(case: str = "case", face: int = 0):  # type: ignore[no-untyped-def]
    return read_record(Path(case)).files[0].faces[face].explanations


def test_the_text_appears_unchecked_as_it_is_written_and_then_says_how_its_claims_fared(
    picture: Path, claimer: Claimer
) -> None:
    result = invoke("explain", picture, "--out", "case")
    assert result.exit_code == 0, result.stderr
    start, _, rest = result.stdout.partition("unchecked: ")
    assert start == f"{picture}, face 1, age: {AGE_QUESTIONS[0]}\n  "
    streamed, _, rest = rest.partition("\n  checked: ")
    assert streamed.startswith("The ‹left cheek›1 is clearly more saturated")
    assert "The ‹nose›2 is" in streamed
    assert "[SEG]" not in result.stdout
    assert rest.startswith("1 consistent with the measurement, 1 not supported by the measurement, 1 not")


def test_every_claim_stands_in_the_record_with_its_mask_its_measurement_and_its_counterfactual(
    picture: Path, claimer: Claimer
) -> None:
    invoke("explain", picture, "--out", "case")
    [told] = explanations()
    assert told.text == CLAIMS
    cheek, nose, chin = told.statements
    assert (cheek.number, cheek.concept, cheek.term, cheek.severity) == (1, "left_cheek", "saturated", "clear")
    assert cheek.supported is True
    low, high = cheek.reference["chroma_shift_c"]
    assert cheek.measurements["chroma_shift_c"] > high > low
    assert cheek.mask is not None
    shown = decoded_mask(cheek.mask.rle)
    assert shown[40:120, 20:100].sum() == shown.sum() > 0, "inside of what is altered"
    assert shown.sum() < 0.2 * 80 * 80, "and inside of the part that the phrase names"
    assert cheek.covered is not None
    assert 0 < cheek.covered <= 1, "how much of the cheek its mask marks"
    assert cheek.sensitivity is not None, "the mask was painted over and the score taken again"
    assert nose.supported is False, "said, not borne out, and kept"
    assert (chin.grounded, chin.mask, chin.term, chin.supported) == (False, None, None, None)
    assert told.agreement is not None
    assert 0 <= told.agreement <= 1


def test_screen_and_report_say_consistent_not_supported_and_sensitive(picture: Path, claimer: Claimer) -> None:
    result = invoke("explain", picture, "--out", "case", "--faithfulness")
    pages = " ".join(" ".join(page.extract_text() for page in PdfReader("case/report.pdf").pages).split())
    for text in (" ".join(result.stdout.split()), pages):
        assert "consistent with the measurement" in text
        assert "not supported by the measurement" in text
        assert "sensitive to it" in text
        assert "What speaks against the result" in text
        assert "Model's alternative" in text
        assert "real faces" in text
        assert "whose order of pixels is drawn at random, gives both curves the same area on average" in text
    assert "Processed image: crop as the networks saw it" in pages
    assert "last visual layer" in pages
    assert "probability of alteration, 0 to 1" in pages
    assert "while the most probable pixels are blurred first" in pages
    assert "How the text-independent score follows the reliability map" in pages
    assert "what the score that the decision rests on, of picture and chosen answer together, is sensitive to" in pages


def test_the_face_is_encoded_once_and_counterfactuals_are_counted_apart(picture: Path, use_engine: Use) -> None:
    crops: list[list[FaceCrop]] = []
    writer = Claimer()
    use_engine(with_answerer(writer, lambda batch: crops.append(list(batch))))
    invoke(
        "explain", picture, "--region", "nose", "--box", "30,50,60,80", "--ask", "How sure are you?", "--out", "case"
    )
    assert len(writer.asked) == 4, "explanation, region, box, question"
    original = crops[0][0].pixels
    assert [len(batch) for batch in crops] == [1, 2, 2, 2, 2], "each text has two masks to paint over"
    assert sum(np.array_equal(crop.pixels, original) for batch in crops for crop in batch) == 1


def test_locating_encodes_every_face_once_whatever_is_asked(place: Path, use_engine: Use) -> None:
    engine = make_engine()
    use_engine(engine)
    picture = draw(place / "two.png", FAKE, REAL)
    invoke("locate", picture, "--region", "nose", "--box", "30,50,60,80", "--point", "160,78", "--out", "case")
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches == [2]


def test_a_list_and_a_report_are_asked_for_by_style(picture: Path, claimer: Claimer) -> None:
    invoke("explain", picture, "--style", "list", "--out", "one")
    assert claimer.asked == [(LIST_QUESTIONS[0], 0)]
    assert explanations("one")[0].task == "list"
    invoke("explain", picture, "--style", "report", "--out", "two")
    assert len(claimer.asked) == 1, "the report is the chosen answer, which is written already"
    [told] = explanations("two")
    chosen = next(one for one in read_record(Path("two")).files[0].faces[0].answers if one.role == "chosen")
    assert told.text == chosen.text


def test_a_region_is_asked_in_words_and_answered_with_its_mask(picture: Path, claimer: Claimer) -> None:
    invoke("explain", picture, "--region", "left eye", "--point", "60,78", "--out", "case")
    _, region, point = explanations()
    assert claimer.asked[1:] == [("What about the left eye?", 0), ("What about the lower nose?", 0)]
    assert (region.task, region.concept) == ("region", "left_eye")
    face = read_record(Path("case")).files[0].faces[0]
    assert [part.concept for part in face.places] == ["left_eye", point.concept]


def test_questions_follow_on_one_another_and_untaught_ones_say_so(picture: Path, claimer: Claimer) -> None:
    result = invoke("explain", picture, "--ask", "How sure are you?", "--ask", "Who is this?", "--out", "case")
    assert claimer.asked[1:] == [("How sure are you?", 1), ("Who is this?", 2)]
    _, sure, who = explanations()
    assert sure.note == ""
    assert "not taught" in who.note
    assert who.note in " ".join(result.stdout.split())


def test_a_question_about_no_part_of_the_tree_is_untaught(picture: Path, claimer: Claimer) -> None:
    invoke("explain", picture, "--ask", "What about the tail?", "--ask", "What about the nose?", "--out", "case")
    assert [bool(one.note) for one in explanations()] == [False, True, False]


def test_a_conversation_ends_with_an_empty_line_and_stands_in_the_record(picture: Path, claimer: Claimer) -> None:
    result = invoke(
        "explain", picture, "--chat", "--out", "case", given=b"How sure are you?\nbad\x07one\nWhy?\n\nnever\n"
    )
    assert result.exit_code == 0, result.stderr
    assert [one.question for one in explanations()[1:]] == ["How sure are you?", "Why?"]
    assert [count for _, count in claimer.asked] == [0, 1, 2]
    assert "control or invisible characters: bad\\x07one" in result.stderr
    assert result.stderr.count("Question about face 1") == 4


@pytest.mark.parametrize(
    ("question", "message"),
    [("", "is empty"), ("  ", "is empty"), ("a\x1b[31mb", "control"), ("a\u202eb", "invisible"), ("x" * 401, "401")],
)
def test_a_bad_question_is_refused_before_anything_is_written(
    place: Path, picture: Path, question: str, message: str
) -> None:
    before = sorted(place.iterdir())
    result = invoke("explain", picture, "--ask", question, "--out", "case")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "\x1b" not in result.stderr
    assert sorted(place.iterdir()) == before


def test_a_conversation_takes_no_list_of_paths_from_the_same_input(picture: Path) -> None:
    result = invoke("explain", "-", "--chat", given=b"a.png\n")
    assert result.exit_code == 2
    assert "--chat reads questions from standard input" in result.stderr


def test_faces_are_numbered_in_the_text_and_one_can_be_picked(place: Path, claimer: Claimer) -> None:
    picture = draw(place / "two.png", FAKE, REAL)
    both = invoke("explain", picture, "--out", "both")
    assert "face 1, age" in both.stdout
    assert "face 2, age" in both.stdout
    one = invoke("explain", picture, "--face", "2", "--out", "one")
    assert "face 1, age" not in one.stdout
    assert explanations("one", 0) == ()
    assert len(explanations("one", 1)) == 1


def test_every_picture_is_named_where_its_text_begins(place: Path, claimer: Claimer) -> None:
    pictures = [draw(place / name, FAKE) for name in ("a.png", "b\x1b.png")]
    result = invoke("explain", *pictures, "--out", "case")
    assert f"{place}/a.png, face 1, age" in result.stdout
    assert f"{place}/b\\x1b.png, face 1, age" in result.stdout


def test_what_programs_read_is_not_mixed_with_the_stream(picture: Path, claimer: Claimer) -> None:
    result = invoke("explain", picture, "--format", "jsonl", "--out", "case")
    [entry] = lines(result.stdout)
    assert entry["faces"][0]["explanations"][0]["task"] == "age"


@pytest.mark.parametrize(
    "text", ["", "<p>", "[SEG] [SEG]", "<p>nose</p>[SEG] [SEG]", "\x1b[2J<p>\u202e</p>[SEG]", "a < b ["]
)
def test_whatever_a_model_writes_is_told_and_kept(picture: Path, use_engine: Use, text: str) -> None:
    use_engine(with_answerer(Claimer(text)))
    result = invoke("explain", picture, "--out", "case")
    assert result.exit_code == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout
    assert explanations()[0].text.replace("\\x1b", "\x1b").replace("\\u202e", "\u202e") == text


def test_two_runs_differ_only_in_the_run_block(picture: Path, claimer: Claimer) -> None:
    for case in ("one", "two"):
        invoke("explain", picture, "--out", case, "--faithfulness")
    assert comparable(Path("one")) == comparable(Path("two"))
    curves = read_record(Path("one")).files[0].faces[0].faithfulness
    assert curves is not None
    assert curves.shares[0] == 0
    assert curves.shares[-1] == 1


@pytest.mark.parametrize(
    "options",
    [("--ask", "How sure are you?"), ("--face", "1"), ("--chat",), ("--chat", "--ask", "Why?")],
)
def test_a_question_about_a_face_that_is_too_small_is_refused_before_anything_is_written(
    place: Path, claimer: Claimer, options: tuple[str, ...]
) -> None:
    picture = draw(place / "small.png", FAKE)
    before = sorted(place.iterdir())
    result = invoke("explain", picture, "--min-face", "200", *options, "--out", "case", given=b"Why?\n")
    assert result.exit_code == 2
    assert "is too small to analyse: 80 pixels on the shorter side, and --min-face asks for 200" in result.stderr
    assert "--min-face 80 lets it be examined" in result.stderr
    assert sorted(place.iterdir()) == before
    assert invoke("explain", picture, "--min-face", "80", *options, "--out", "case", given=b"").exit_code == 0


def test_a_conversation_about_a_picture_without_a_face_is_refused(place: Path, claimer: Claimer) -> None:
    result = invoke("explain", draw(place / "none.png"), "--chat", "--out", "case", given=b"Why?\n")
    assert result.exit_code == 2
    assert "no face was found in the picture; --add-face says where one is" in result.stderr
    assert not Path("case").exists()


def test_the_face_that_is_meant_is_too_small_though_another_is_not(place: Path, claimer: Claimer) -> None:
    picture = draw(place / "two.png", FAKE, REAL)
    added = ("--add-face", "0,0,30,30")  # the leftmost of three, and so number 1
    result = invoke("explain", picture, *added, "--face", "1", "--out", "case")
    assert result.exit_code == 2
    assert "face 1 is too small to analyse: 30 pixels" in result.stderr
    result = invoke("explain", picture, *added, "--face", "2", "--out", "case")
    assert result.exit_code == 0, result.stderr
    assert "Nothing was explained" not in result.stdout, "of face 1 nothing was asked"


def test_screen_and_report_say_on_which_face_nothing_was_explained_and_why(place: Path, claimer: Claimer) -> None:
    picture = draw(place / "two.png", FAKE)
    result = invoke("explain", picture, "--add-face", "0,0,30,30", "--ask", "Why?", "--out", "case")
    assert result.exit_code == 0, result.stderr
    pages = " ".join(" ".join(page.extract_text() for page in PdfReader("case/report.pdf").pages).split())
    for text in (" ".join(result.stdout.split()), pages):
        assert text.count("Nothing was explained: the face is too small to analyse. Its shorter side has 30") == 1
        assert "--min-face asks for 48; --min-face 30 lets it be examined" in text
    invoke("explain", draw(place / "none.png"), picture, "--out", "other")
    pages = " ".join(" ".join(page.extract_text() for page in PdfReader("other/report.pdf").pages).split())
    assert "no conclusion on authenticity; nothing was explained" in pages


def test_finding_faces_ahead_of_the_run_counts_as_finding_them(
    picture: Path, claimer: Claimer, use_engine: Use
) -> None:
    looked = []

    class Slow(DrawnFaceFinder):
        def find(self, frame: Frame) -> tuple[Face, ...]:
            looked.append(frame)
            time.sleep(0.2)
            return super().find(frame)

    use_engine(replace(with_answerer(claimer), finder=Slow()))
    assert invoke("explain", picture, "--ask", "Why?", "--out", "case").exit_code == 0
    assert read_record(Path("case")).run.seconds_finding_faces >= 0.2
    assert len(looked) == 1, "not again in the run"
