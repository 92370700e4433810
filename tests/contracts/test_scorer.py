"""What every ``Scorer`` promises."""

from __future__ import annotations

import numpy as np
import pytest

from fakeface.answers import Answer, Claim, ForgeryClass, Hypothesis, format_answer, parse_answer
from fakeface.decision import Pairing

from .conftest import Models


def answer(reasoning: str, claim: Claim = Claim.FAKE, probability: float = 0.9) -> Answer:
    forgery = ForgeryClass.EDITING if claim is Claim.FAKE else ForgeryClass.REAL
    return parse_answer(format_answer("A face.", reasoning, claim, probability, forgery), Hypothesis.OPEN)


SHORT = answer("The <p>chin</p>[SEG] is soft.")
LONG = answer("The <p>nose</p>[SEG] has a seam around it; the <p>cheeks</p>[SEG] have another grain than the skin.")
UNREADABLE = parse_answer("squawk", Hypothesis.OPEN)


def test_there_is_one_table_for_each_face_and_one_row_for_each_answer(models: Models) -> None:
    tables = models.engine.scorer.score(models.encodings(), [(SHORT, LONG, UNREADABLE), (LONG,)])
    assert [scores.table.shape for scores in tables] == [(3, len(Pairing)), (1, len(Pairing))]
    for scores in tables:
        assert (scores.table >= 0).all()
        np.testing.assert_allclose(scores.table.sum(axis=1), 1, atol=1e-4)


def test_a_score_does_not_depend_on_faces_and_answers_beside_it(models: Models) -> None:
    encodings = models.encodings()
    together = models.engine.scorer.score(encodings, [(SHORT, LONG), (LONG, SHORT)])
    for face, encoding in enumerate(encodings):
        for row, one in enumerate([(SHORT, LONG), (LONG, SHORT)][face]):
            [alone] = models.engine.scorer.score([encoding], [(one,)])
            np.testing.assert_allclose(alone.table[0], together[face].table[row], atol=1e-4)


def test_probability_and_class_lines_are_never_read(models: Models) -> None:
    sure, unsure = answer("The chin is soft.", probability=0.9), answer("The chin is soft.", probability=0.1)
    [scores] = models.engine.scorer.score(models.encodings()[:1], [(sure, unsure)])
    np.testing.assert_allclose(scores.table[0], scores.table[1], atol=1e-5)


def test_the_compact_scorer_does_not_read_the_result_line(models: Models) -> None:
    if models.engine.scorer.card.name == "table scorer":
        pytest.skip("the stand-in answers for a claim")
    reasoning = "The chin is soft."
    both = (answer(reasoning, Claim.FAKE), answer(reasoning, Claim.REAL))
    [scores] = models.engine.scorer.score(models.encodings()[:1], [both])
    np.testing.assert_allclose(scores.table[0], scores.table[1], atol=1e-5)


def test_heat_maps_lie_on_the_window_and_are_scaled_by_their_maximum(models: Models) -> None:
    encoding = models.encodings()[0]
    for pairing in (Pairing.REAL_SAID_FAKE, Pairing.FAKE_SAID_FAKE):
        maps = models.engine.scorer.heatmaps(encoding, LONG, pairing)
        assert len(maps) == 2
        for heat in maps:
            assert (heat.shape, heat.dtype) == ((224, 224), np.float32)
            assert heat.min() >= 0
            assert heat.max() == pytest.approx(1) or heat.max() == 0
        again = models.engine.scorer.heatmaps(encoding, LONG, pairing)
        assert all(np.array_equal(one, two) for one, two in zip(maps, again, strict=True))
