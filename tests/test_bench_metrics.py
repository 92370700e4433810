"""Metrics with known values: computed by hand, and the resampled definitions against scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, roc_auc_score

from fakeface.bench.bootstrap import Figure, Resampling, figure_of
from fakeface.bench.metrics import (
    _Ranked,
    accuracy,
    balanced_mean,
    calibration_error,
    detection_precision,
    equal_error_rate,
    false_alarms_at,
    likelihood_cost,
    likelihood_figures,
    macro_f1,
    mean,
    micro_f1,
    score_figures,
)

LABELS = np.array([0, 0, 0, 1, 1, 1])
SCORES = np.array([0.1, 0.4, 0.6, 0.3, 0.7, 0.9])
GROUPS = list("abcabc")


def test_figures_of_six_faces_are_those_computed_by_hand() -> None:
    found = score_figures(LABELS, SCORES, 0.5, Resampling.draw(GROUPS))
    assert found["auc"].value == pytest.approx(7 / 9)
    assert found["acc"].value == pytest.approx(4 / 6)
    assert found["balanced_acc"].value == pytest.approx(4 / 6)
    assert found["ap"].value == pytest.approx((1 / 1 + 2 / 2 + 3 / 5) / 3)
    assert found["eer"].value == pytest.approx(1 / 3)
    assert found["fpr_at_tpr95"].value == pytest.approx(2 / 3)
    assert found["ece"].value == pytest.approx((0.1 + 0.4 + 0.6 + 0.7 + 0.3 + 0.1) / 6)
    for figure in found.values():
        assert figure.n == 6
        assert figure.low <= figure.value <= figure.high


def test_the_equal_error_rate_is_found_inside_a_run_of_fakes() -> None:
    labels = np.array([0, 1, 1, 1, 1, 0, 0, 0])
    assert equal_error_rate(labels, np.linspace(0.9, 0.1, 8)) == pytest.approx(0.25)
    assert equal_error_rate(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])) == 0
    assert equal_error_rate(np.array([1, 1, 0, 0]), np.array([0.1, 0.2, 0.8, 0.9])) == 1


def test_false_alarms_are_counted_where_nineteen_of_twenty_forgeries_are_found() -> None:
    labels = np.array([1] * 20 + [0] * 4)
    scores = np.array([*np.linspace(0.9, 0.5, 19), 0.05, 0.95, 0.45, 0.3, 0.01])
    assert false_alarms_at(labels, scores) == 0.25
    assert false_alarms_at(labels, scores, 1.0) == 0.75


def test_a_cut_belongs_to_the_fakes() -> None:
    drawn = Resampling.draw(["a", "b"])
    assert score_figures(np.array([0, 1]), np.array([0.4, 0.5]), 0.5, drawn)["acc"].value == 1


def test_one_class_alone_has_accuracy_and_no_curve() -> None:
    found = score_figures(np.array([0, 0]), np.array([0.4, 0.6]), 0.5, Resampling.draw(["a", "b"]))
    assert found.keys() == {"acc", "ece"}
    assert found["acc"].value == 0.5


def test_a_score_that_means_what_it_says_has_no_calibration_error() -> None:
    labels = np.array([1] * 3 + [0] * 1 + [0] * 4)
    assert calibration_error(labels, np.array([0.75] * 4 + [0.0] * 4)) == pytest.approx(0)
    assert calibration_error(labels, np.array([0.75] * 4 + [1.0] * 4)) == pytest.approx(0.5)


def test_the_likelihood_cost_of_a_silent_a_perfect_and_a_lying_system() -> None:
    labels = np.array([0, 0, 0, 1])
    assert likelihood_cost(labels, np.zeros(4)) == pytest.approx(1)
    assert likelihood_cost(labels, np.array([-30.0, -30, -30, 30])) == pytest.approx(0, abs=1e-9)
    assert likelihood_cost(labels, np.array([2.0, 2, 2, -2])) == pytest.approx(math.log2(101))
    # Both classes weigh the same, however many faces they have.
    by_hand = (math.log2(1 + 10) / 3 + math.log2(1 + 0.1) * 2 / 3 + math.log2(1 + 0.01)) / 2
    assert likelihood_cost(labels, np.array([1.0, -1, -1, 2])) == pytest.approx(by_hand)


def test_the_interval_of_the_likelihood_cost_holds_its_value() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 60)
    ratios = rng.normal(np.where(labels, 0.5, -0.5), 0.6)
    found = likelihood_figures(labels, ratios, Resampling.draw([str(index % 60) for index in range(120)]))
    assert all(figure.low < figure.value < figure.high for figure in found.values())
    assert found["cllr"].value == pytest.approx(likelihood_cost(labels, ratios))


def test_calibrated_ratios_are_as_often_right_as_they_say_at_even_odds() -> None:
    """Nine in ten of what has the odds 9 to 1 are forged; ratios that say 99 to 1 of them are wrong by nine points."""
    labels = np.array([1] * 9 + [0])
    faces = Resampling.draw([str(index) for index in range(10)])
    said = {odds: likelihood_figures(labels, np.full(10, math.log10(odds)), faces)["ece"].value for odds in (9, 99)}
    assert said == {9: pytest.approx(0.0), 99: pytest.approx(0.09)}


@hypothesis_settings(max_examples=60)
@given(st.data())
def test_a_resample_counts_as_faces_repeated_so_often(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 12))
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count)))
    scores = np.array(data.draw(st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.7]), min_size=count, max_size=count)))
    weights = np.array([data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))], dtype=np.float64)
    repeated = np.repeat(np.arange(count), weights[0].astype(int))
    truth, values = labels[repeated], scores[repeated]
    ranked = _Ranked.of(labels, scores)
    right = (scores >= 0.5) == (labels > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = [
            float(statistic(weights)[0])
            for statistic in (ranked.auc, ranked.average_precision, ranked.equal_error, ranked.alarms_at)
        ]
        balanced = float(balanced_mean(labels, right.astype(float))(weights)[0])
    if len(set(truth.tolist())) < 2:
        assert np.isnan([found[0], balanced]).all()
        return
    assert found[0] == pytest.approx(roc_auc_score(truth, values))
    assert found[1] == pytest.approx(average_precision_score(truth, values))
    assert found[2] == pytest.approx(equal_error_rate(truth, values))
    assert found[3] == pytest.approx(false_alarms_at(truth, values))
    assert balanced == pytest.approx(balanced_accuracy_score(truth, values >= 0.5))


def test_faces_of_one_picture_are_resampled_together() -> None:
    labels = np.array([0, 1] * 20).astype(float)
    apart = Resampling.draw([str(index) for index in range(40)]).figure(0.5, mean(labels))
    together = Resampling.draw([str(index // 2) for index in range(40)]).figure(0.5, mean(labels))
    assert apart.low < 0.45 < 0.55 < apart.high
    assert (together.low, together.high) == (0.5, 0.5)


def test_fewer_source_pictures_give_a_wider_interval() -> None:
    several = np.repeat(np.random.default_rng(4).normal(0.5, 0.2, 10), 24)
    wide = Resampling.draw([str(index // 24) for index in range(240)]).figure(0.5, mean(several))
    narrow = Resampling.draw([str(index) for index in range(240)]).figure(0.5, mean(several))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_resamples_are_those_of_the_seed_and_keep_their_faces_in_parts() -> None:
    first, same, other = (Resampling.draw(GROUPS, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.weights, same.weights)
    assert (first.weights != other.weights).any()
    assert first.weights.shape == (1000, 6)
    assert (first.weights.sum(axis=1) == 6).all()
    np.testing.assert_array_equal(first.weights[:, :3], first.weights[:, 3:])
    np.testing.assert_array_equal(first.part(LABELS > 0).weights, first.weights[:, 3:])


def test_a_figure_without_a_resampled_value_is_its_own_interval() -> None:
    assert figure_of(0.4, np.array([np.nan, np.nan]), 2) == Figure(0.4, 0.4, 0.4, 2)
    assert Figure(1 / 3, 0.1, 0.5, 7).as_dict() == {"value": 0.3333, "low": 0.1, "high": 0.5, "n": 7}
    assert Figure(1 / 3, 0.1, 0.5, 2, ("a", "b")).as_dict()["sets"] == ["a", "b"]


def test_macro_f1_is_over_the_classes_of_the_truth() -> None:
    truth, called = ["real", "real", "editing", "editing"], ["real", "editing", "editing", "reenactment"]
    figure = macro_f1(truth, called, Resampling.draw(list("abcd")))
    assert figure.value == pytest.approx((2 / 3 + 0.5) / 2)
    assert figure.low <= figure.value <= figure.high
    everything = macro_f1(truth, truth, Resampling.draw(list("abcd")))
    assert (everything.low, everything.value, everything.high) == (1, 1, 1)


def test_named_parts_are_counted_over_all_faces_together() -> None:
    truth, found = [("nose", "chin"), ()], [("nose",), ("chin",)]
    figure = micro_f1(truth, found, Resampling.draw(["a", "b"]))
    assert figure is not None
    assert figure.value == pytest.approx(0.5)
    assert figure.value == pytest.approx(f1_score([[1, 1], [0, 0]], [[0, 1], [1, 0]], average="micro"))
    assert micro_f1([(), ()], [(), ()], Resampling.draw(["a", "b"])) is None


def test_masks_that_were_missed_lower_the_precision_of_detections() -> None:
    drawn = Resampling.draw(["a", "b"])
    scores, hits, faces = np.array([0.9, 0.6, 0.3]), np.array([True, False, True]), np.array([0, 0, 1])
    figure = detection_precision(scores, hits, faces, np.array([2.0, 2.0]), drawn)
    # Recall grows by a quarter at the first detection (precision 1) and at the third (precision 2/3).
    assert figure.value == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert figure.low <= figure.value <= figure.high
    none = detection_precision(np.zeros(0), np.zeros(0, bool), np.zeros(0, int), np.array([1.0, 1.0]), drawn)
    assert (none.value, none.high) == (0, 0)
    alone = detection_precision(scores[:1], hits[:1], faces[:1], np.array([1.0, 1.0]), drawn)
    assert alone.value == pytest.approx(0.5)


def test_calls_are_right_or_wrong() -> None:
    found = accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), Resampling.draw(list("abcd")))
    assert found["acc"].value == 0.75
    assert found["balanced_acc"].value == pytest.approx((2 / 3 + 1) / 2)
