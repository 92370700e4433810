"""Annotations: readable by the parser, true to the label, and naming an artifact only where it was measured."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from fakeface.answers import Answer, Claim, ForgeryClass, Hypothesis, parse_answer
from fakeface.concepts import REGION_NAMES, region_masks
from fakeface.faces import CROP_SIZE
from fakeface.measurements import RegionMeasures, measure_region
from fakeface.training.annotate import (
    COVERED_BY,
    LIMITS,
    PROMOTIONS,
    TERMS,
    VERBS,
    annotate,
    find_artifacts,
    name_regions,
)
from fakeface.training.forge.pairs import FaceSample, PairFactory

from .conftest import FaceSet

PAIRS = 30


@pytest.fixture(scope="module")
def pairs(face_set: FaceSet) -> list[tuple[FaceSample, FaceSample]]:
    factory = PairFactory(face_set.of("train"), face_set.root, 11)
    return [factory.pair(index) for index in range(PAIRS)]


def read(sample: FaceSample, seed: int = 0, certainty: float = 0.8) -> Answer:
    return parse_answer(annotate(sample, certainty, np.random.default_rng(seed)), Hypothesis.OPEN)


def wordings(key: str) -> set[str]:
    return {term.format(**VERBS[plural]) for term in TERMS[key] for plural in (False, True)}


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


def test_an_artifact_is_named_only_where_the_measurement_supports_it(
    pairs: list[tuple[FaceSample, FaceSample]],
) -> None:
    parents = {words: {*children, *COVERED_BY.get(words, ())} for words, children in PROMOTIONS}
    named = 0
    for number, (_, fake) in enumerate(pairs):
        if not fake.mask_known:
            continue
        mask = cv2.resize(fake.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) > 0.25
        places = dict(zip(REGION_NAMES, region_masks(fake.landmarks, CROP_SIZE, CROP_SIZE), strict=True))
        answer = read(fake, number)
        for phrase, clause in zip(answer.phrases, answer.reasoning.split(";"), strict=True):
            members = dict(name_regions(fake.regions)).get(phrase.text, ())
            assert set(members) <= parents.get(phrase.text, set(members))
            area = mask & np.any([places[name] for name in members], axis=0) if members else mask
            supported = find_artifacts(measure_region(fake.window, area)) or ["none"]
            said = [key for key in TERMS if any(wording in clause for wording in wordings(key))]
            assert said == [supported[0]], clause
            named += said != ["none"]
    assert named


def test_artifacts_are_found_beyond_their_limits_alone_the_strongest_first() -> None:
    usual = RegionMeasures(5.0, 1.0, 1.0, 1.0)
    assert find_artifacts(usual) == []
    assert find_artifacts(None) == []
    assert find_artifacts(dataclasses.replace(usual, colour_shift_delta_e=LIMITS["colour"] + 1)) == ["colour"]
    assert find_artifacts(dataclasses.replace(usual, sharpness_ratio=0.5)) == ["soft"]
    assert find_artifacts(dataclasses.replace(usual, sharpness_ratio=2.0)) == ["sharp"]
    assert find_artifacts(dataclasses.replace(usual, noise_ratio=0.3)) == ["noise"]
    assert find_artifacts(dataclasses.replace(usual, boundary_contrast_ratio=2.0)) == ["edge"]
    assert find_artifacts(RegionMeasures(30.0, 1.0, 1.0, 4.0)) == ["edge", "colour"]


def touched(*names: str) -> np.ndarray:
    return np.array([float(name in names) for name in REGION_NAMES], np.float32)


def test_neighbours_are_named_by_their_parent_and_at_most_three_are_named() -> None:
    assert name_regions(touched()) == []
    assert name_regions(touched("chin")) == [("chin", ("chin",))]
    assert name_regions(touched("right_eye", "left_eye", "chin")) == [
        ("eyes", ("left_eye", "right_eye")),
        ("chin", ("chin",)),
    ]
    assert name_regions(touched("upper_lip", "lower_lip", "oral")) == [("mouth", ("lower_lip", "oral", "upper_lip"))]
    everything = name_regions(touched(*REGION_NAMES))
    assert everything[0][0] == "inner face"
    assert len(everything) == 3


def test_the_probability_is_the_certainty_between_a_half_and_nine_tenths(
    pairs: list[tuple[FaceSample, FaceSample]],
) -> None:
    for certainty, written in ((0.1, 0.5), (0.74, 0.7), (0.99, 0.9)):
        assert read(pairs[0][0], certainty=certainty).probability == pytest.approx(written)


def test_wording_varies_and_the_same_seed_gives_the_same_words(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    texts = {annotate(pairs[0][0], 0.8, np.random.default_rng(seed)) for seed in range(30)}
    assert len(texts) > 5
    assert annotate(pairs[0][0], 0.8, np.random.default_rng(3)) == annotate(pairs[0][0], 0.8, np.random.default_rng(3))


def test_the_side_is_the_subjects(pairs: list[tuple[FaceSample, FaceSample]]) -> None:
    sample = pairs[0][0]
    points = sample.landmarks.copy()
    points[30, 0] = points[16, 0]
    turned = dataclasses.replace(sample, landmarks=points)
    assert "turned to the left" in read(turned).description
