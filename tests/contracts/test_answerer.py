"""What every ``Answerer`` promises."""

from __future__ import annotations

from fakeface.answers import Hypothesis, parse_answer, prompt

from .conftest import Models


def test_every_face_is_asked_under_every_hypothesis(models: Models) -> None:
    texts = models.engine.answerer.ask(models.encodings(), tuple(Hypothesis))
    assert [len(row) for row in texts] == [3, 3]
    for row in texts:
        for text, hypothesis in zip(row, Hypothesis, strict=True):
            assert parse_answer(text, hypothesis).text == text


def test_answers_depend_on_face_and_hypothesis_alone(models: Models) -> None:
    encodings = models.encodings()
    texts = models.engine.answerer.ask(encodings, tuple(Hypothesis))
    turned = models.engine.answerer.ask(encodings[::-1], tuple(Hypothesis)[::-1])
    assert tuple(row[::-1] for row in turned[::-1]) == texts
    assert models.engine.answerer.ask(encodings[1:], [Hypothesis.FAKE]) == ((texts[1][1],),)


def test_pieces_of_a_stream_are_the_answer(models: Models) -> None:
    encodings = models.encodings()
    texts = models.engine.answerer.ask(encodings, tuple(Hypothesis))
    for encoding, row in zip(encodings, texts, strict=True):
        for text, hypothesis in zip(row, Hypothesis, strict=True):
            pieces = list(models.engine.answerer.reply(encoding, prompt(hypothesis)))
            assert len(pieces) > 1
            assert "".join("".join(pieces).split()) == "".join(text.split())
