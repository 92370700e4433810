"""Annotations of training windows: readable by the parser, true to the label, short enough for the language model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tokenizers import Tokenizer

from fakeface.answers import Answer, Claim, ForgeryClass, Hypothesis, parse_answer
from fakeface.concepts import look_up
from fakeface.faces import CROP_SIZE
from fakeface.training.annotate import annotate, annotate_window
from fakeface.training.forge.pairs import FaceSample, PairFactory

from .conftest import FaceSet

PAIRS = 24


@pytest.fixture(scope="module")
def pairs(face_set: FaceSet) -> list[tuple[FaceSample, FaceSample]]:
    factory = PairFactory(face_set.of("train"), face_set.root, 11)
    return [factory.pair(index) for index in range(PAIRS)]


def read(sample: FaceSample, seed: int = 0, certainty: float = 0.8) -> Answer:
    return parse_answer(annotate(sample, certainty, np.random.default_rng(seed)), Hypothesis.OPEN)


def test_every_annotation_is_read_back_with_the_truth(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    for number, (real, fake) in enumerate(pairs):
        for sample in (real, fake):
            answer = read(sample, number)
            assert answer.problem == ""
            assert answer.claim is (Claim.FAKE if sample.label else Claim.REAL)
            assert answer.forgery is list(ForgeryClass)[sample.forgery]
            assert answer.probability == pytest.approx(0.8)
            assert answer.description


def test_fakes_with_a_mask_point_at_it_and_others_at_nothing(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    for real, fake in pairs:
        assert read(real).phrases
        assert not any(phrase.grounded for phrase in read(real).phrases)
        phrases = read(fake).phrases
        assert 1 <= len(phrases) <= 2
        assert all(phrase.grounded == fake.mask_known for phrase in phrases)


def test_every_grounded_phrase_has_its_mask_inside_the_altered_area(
    pairs: list[tuple[FaceSample, FaceSample]],
) -> None:
    for number, (_, fake) in enumerate(pairs):
        said = annotate_window(fake, 0.8, np.random.default_rng(number))
        phrases = [phrase for phrase in parse_answer(said.text, Hypothesis.OPEN).phrases if phrase.grounded]
        assert [look_up(phrase.text).name for phrase in phrases] == list(said.grounded)
        for concept in said.grounded:
            assert said.altered is not None
            mask = said.mask(concept)
            assert mask.shape == (CROP_SIZE, CROP_SIZE)
            assert mask.any()
            assert not (mask & ~said.altered).any()


def test_the_probability_is_the_certainty_between_a_half_and_nine_tenths(
    pairs: list[tuple[FaceSample, FaceSample]],
) -> None:
    for certainty, written in ((0.1, 0.5), (0.74, 0.7), (0.99, 0.9)):
        assert read(pairs[0][0], certainty=certainty).probability == pytest.approx(written)


def test_wording_varies_and_the_same_seed_gives_the_same_words(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    texts = {annotate(pairs[0][0], 0.8, np.random.default_rng(seed)) for seed in range(20)}
    assert len(texts) > 5
    assert annotate(pairs[0][0], 0.8, np.random.default_rng(3)) == annotate(pairs[0][0], 0.8, np.random.default_rng(3))


def test_the_side_is_the_subjects(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    sample = pairs[0][0]
    points = sample.landmarks.copy()
    points[30, 0] = points[16, 0]
    turned = dataclasses.replace(sample, landmarks=points)
    assert "turned to the left" in read(turned).description


def test_answers_stay_short_for_the_language_model(
    pairs: list[tuple[FaceSample, FaceSample]], tokenizer: Tokenizer
) -> None:
    """The tests' tokenizer has 420 tokens; a trained one has more and needs fewer of them."""
    words = [len(annotate(one, 0.8, np.random.default_rng(7)).split()) for pair in pairs for one in pair]
    assert max(words) <= 75
