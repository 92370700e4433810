"""Likelihood ratios: what the calibration gives, its bounds, and where it is withheld."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fakeface.calibration import CONDITIONS, Calibration, log_odds, measure_conditions, weigh
from fakeface.decision import Reason, undecided
from fakeface.errors import SettingsError, WeightsError
from fakeface.faces import Face, FaceCrop, crop_face
from fakeface.frames import Frame
from fakeface.profiles import load_profile
from fakeface.report.words import NO_RATIO, RATIO, limit_words
from fakeface.training.calibrate import calibrate, fit_calibration, limits, unrelated
from fakeface.training.forge.codecs import Jpeg
from fakeface.training.forge.pairs import PairFactory
from tests.faces_data import photograph

from .conftest import FaceSet
from .tiny import make_encoder

WIDE = dict.fromkeys(CONDITIONS, (-1000000000.0, 1000000000.0))


def make(**changes: object) -> Calibration:
    standard = Calibration("independent_score", 0.0, 1.0, (0.0, 0.0, 0.0), -1.5, 1.0, 400, 400, WIDE)
    return replace(standard, **changes)


@pytest.fixture(scope="module")
def crop(astronaut_face: Face) -> FaceCrop:
    return crop_face(Frame(photograph()), astronaut_face)


def test_the_ratio_is_linear_in_the_log_odds_up_to_its_bounds() -> None:
    even = make().ratio(0.5)
    assert (even.log10, even.capped) == (0.0, False)
    assert make(slope=0.5, intercept=0.2).ratio(0.8).log10 == pytest.approx(0.2 + 0.5 * math.log(4))
    assert make().ratio(0.999).log10 == 1.0
    assert make().ratio(0.999).capped
    assert make().ratio(0.0).log10 == -1.5
    assert make().cap == 1.5


def test_the_interval_widens_with_the_distance_from_the_faces_it_was_fitted_on_and_stays_within_the_bounds() -> None:
    calibration = make(slope=0.2, covariance=(0.0004, 0.0, 0.0004))
    near, far = calibration.ratio(0.5), calibration.ratio(0.95)
    assert near.high - near.low == pytest.approx(2 * 1.96 * 0.02)
    assert far.high - far.low > 2 * (near.high - near.low)
    assert make(covariance=(4.0, 0.0, 0.0)).ratio(0.5).high == 1.0


def test_faces_that_crowd_at_a_bound_of_the_envelope_are_not_parted_by_rounding() -> None:
    crowd = np.concatenate(
        [[60.0], np.full(30, 74.00004), np.full(900, 73.99996), np.linspace(80, 170, 500), np.full(90, 179.004)]
    )
    low, high = limits(crowd)
    assert low == pytest.approx(73.25, abs=0.01)
    assert high == 179.01, "no further than what was measured, rounded outwards"
    assert limits(np.full(100, 100.0)) == (100.0, 100.0)
    assert limits(np.array([0.0, 0.1234] * 50)) == (0.0, 0.13)


def test_a_face_unlike_the_calibration_faces_gets_no_ratio_but_the_reason(crop: FaceCrop) -> None:
    decision = undecided(Reason.NOT_DECIDED, 0.9)
    weighed = weigh(decision, make(), crop)
    assert weighed.log10_lr == 1.0
    assert weighed.lr_cap_reached
    narrow = make(envelope={**WIDE, "face_pixels": (10.0, 20.0)})
    withheld = weigh(decision, narrow, crop)
    assert (withheld.log10_lr, withheld.lr_withheld) == (None, ("face_pixels",))
    assert weigh(decision, None, crop) is decision


def test_conditions_say_how_large_sharp_and_turned_a_face_is(crop: FaceCrop) -> None:
    points = crop.to_window(crop.face.landmarks)
    seen = measure_conditions(crop.pixels, points)
    assert seen.keys() == CONDITIONS.keys()
    assert 90 < seen["face_pixels"] < 160
    turned = points.copy()
    turned[30, 0] += 20
    assert measure_conditions(crop.pixels, turned)["turn"] > seen["turn"] + 0.1
    assert seen["jpeg_quality"] == 100
    flat = np.full_like(crop.pixels, 90)
    assert measure_conditions(flat, points)["sharpness"] < 0.01 < seen["sharpness"]


def test_a_ratio_is_of_the_score_that_no_text_touched_and_nothing_else() -> None:
    with pytest.raises(SettingsError, match="made of the independent_score, not of fakeness"):
        make(score="fakeness")


def test_a_face_compressed_harder_than_the_calibration_faces_gets_no_ratio(crop: FaceCrop) -> None:
    calibration = make(envelope={**WIDE, "jpeg_quality": (60.0, 100.0)})
    saved = np.asarray(Jpeg(40).apply(crop.pixels))
    withheld = weigh(undecided(Reason.NOT_DECIDED, 0.9), calibration, replace(crop, pixels=saved))
    assert withheld.lr_withheld == ("jpeg_quality",)
    assert weigh(undecided(Reason.NOT_DECIDED, 0.9), calibration, crop).log10_lr == 1.0


def fitted(faces: int, shift: float, seed: int = 3) -> Calibration:
    rng = np.random.default_rng(seed)
    labels = np.tile([0, 1], faces)
    odds = rng.normal(0, 1, 2 * faces) + np.where(labels == 1, shift, -shift)
    return fit_calibration(1 / (1 + np.exp(-odds)), labels, np.repeat(np.arange(faces), 2), WIDE, 1)


def test_fitting_recovers_the_ratio_of_two_normal_distributions() -> None:
    calibration = fitted(2000, 1.0)
    assert calibration.slope == pytest.approx(2 / math.log(10), rel=0.08)
    assert calibration.intercept == pytest.approx(0, abs=0.06)
    assert (calibration.reals, calibration.fakes) == (2000, 2000)


def test_more_faces_allow_larger_ratios_and_narrower_intervals() -> None:
    few, many = fitted(60, 1.0), fitted(2000, 1.0)
    assert few.cap < many.cap
    assert few.covariance[2] > 5 * many.covariance[2]


def test_a_photo_that_is_drawn_twice_calibrates_once(face_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = PairFactory(face_set.of("calib"), face_set.root, 5)
    drawn = [factory.pair(index) for index in range(40)]
    kept = list(unrelated(drawn))
    photos = [pair[0].photo for pair in kept]
    assert 2 < len(photos) == len(set(photos)) < 40
    assert kept[0] is drawn[0]
    assert set(photos) <= {row.path for row in face_set.of("calib") if row.label == "real"}
    monkeypatch.setattr("fakeface.training.calibrate.LEAST_FACES", 2)
    calibration = calibrate(make_encoder().eval(), factory, 40)
    assert (calibration.reals, calibration.fakes) == (len(photos), len(photos))


def test_an_uninformative_score_gives_ratios_near_one() -> None:
    calibration = fitted(300, 0.0)
    assert abs(calibration.ratio(0.9).log10) < 0.3
    assert calibration.cap < 0.5


def test_too_few_faces_calibrate_nothing() -> None:
    with pytest.raises(SettingsError, match="20 real"):
        fitted(20, 1.0)


def test_impossible_calibrations_are_refused() -> None:
    for changes in ({"lower": 0.1}, {"slope": -1.0}, {"envelope": {}}):
        with pytest.raises(SettingsError):
            make(**changes)


def test_log_odds_of_certain_scores_stay_finite() -> None:
    assert log_odds(0.0) == pytest.approx(-log_odds(1.0))
    assert -20 < log_odds(0.0) < -10


def test_a_profile_keeps_its_calibration(tmp_path: Path) -> None:
    from fakeface.decision import Thresholds
    from fakeface.training.release import FILES, _write_profile

    for name in FILES.values():
        (tmp_path / name).write_bytes(b"x")
    calibration = make(covariance=(0.1, 0.02, 0.3))
    _write_profile(tmp_path, "1", 'of "these"', "2026-01-02", Thresholds(0.5, 0.5, 0.1), calibration)
    profile = load_profile("compact", tmp_path)
    assert profile.calibration == calibration
    assert (profile.trained, profile.data) == ("2026-01-02", 'of "these"')
    text = (tmp_path / "compact.toml").read_text()
    (tmp_path / "compact.toml").write_text(text.replace("slope = 1.0", 'slope = "steep"'))
    with pytest.raises(WeightsError, match="incomplete"):
        load_profile("compact", tmp_path)


def test_the_report_says_which_propositions_a_ratio_weighs_or_that_there_is_none() -> None:
    assert RATIO in limit_words({"calibration": {"slope": 1.0}})
    assert NO_RATIO in limit_words({"calibration": None})
