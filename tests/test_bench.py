"""Figures: checked by hand on a few scores, and measured through the route on a tiny data set."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface.backends import Engine
from fakeface.backends.stills import Decoder
from fakeface.bench.metrics import Figure, binary_figures, equal_error_rate, interval
from fakeface.bench.report import figures, markdown
from fakeface.bench.sets import REENCODING, ScoredFace, read_pairs, score_files, score_forged
from fakeface.decision import Thresholds
from fakeface.errors import SettingsError
from fakeface.settings import FaceSettings, Settings
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import load_recipe, single

from .conftest import FaceSet

CUTS = Thresholds(fakeness=0.5, independent=0.5, margin=0.0)
LABELS = np.array([0, 0, 0, 1, 1, 1])
SCORES = np.array([0.1, 0.4, 0.6, 0.3, 0.7, 0.9])
GROUPS = list("abcabc")


def test_figures_of_six_faces_are_those_computed_by_hand() -> None:
    found = binary_figures(LABELS, SCORES, GROUPS, 0.5)
    assert found["auc"].value == pytest.approx(7 / 9)
    assert found["acc"].value == pytest.approx(4 / 6)
    assert found["balanced_acc"].value == pytest.approx(4 / 6)
    assert found["ap"].value == pytest.approx((1 / 1 + 2 / 2 + 3 / 5) / 3)
    assert found["eer"].value == pytest.approx(1 / 3)
    for figure in found.values():
        assert figure.n == 6
        assert figure.low <= figure.value <= figure.high


def test_the_equal_error_rate_is_found_inside_a_run_of_fakes() -> None:
    labels = np.array([0, 1, 1, 1, 1, 0, 0, 0])
    assert equal_error_rate(labels, np.linspace(0.9, 0.1, 8)) == pytest.approx(0.25)
    assert equal_error_rate(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])) == 0
    assert equal_error_rate(np.array([1, 1, 0, 0]), np.array([0.1, 0.2, 0.8, 0.9])) == 1


def test_a_cut_belongs_to_the_fakes() -> None:
    assert binary_figures(np.array([0, 1]), np.array([0.4, 0.5]), ["a", "b"], 0.5)["acc"].value == 1


def test_faces_of_one_picture_are_resampled_together() -> None:
    labels, scores = np.array([0, 1] * 20), np.array([0.2, 0.8] * 20)
    apart = interval(labels, scores, [str(index) for index in range(40)], lambda truth, _: float(truth.mean()))
    together = interval(labels, scores, [str(index // 2) for index in range(40)], lambda truth, _: float(truth.mean()))
    assert apart.low < 0.45 < 0.55 < apart.high
    assert (together.low, together.high) == (0.5, 0.5)


def test_a_figure_of_forgeries_alone_has_an_interval() -> None:
    figure = interval(np.ones(5, int), np.array([0.1, 0.2, 0.3, 0.4, 0.5]), list("abcde"), lambda _, v: float(v.mean()))
    assert figure.value == pytest.approx(0.3)
    assert 0.1 <= figure.low < 0.3 < figure.high <= 0.5
    assert Figure(1 / 3, 0.1, 0.5, 7).as_dict() == {"value": 0.3333, "low": 0.1, "high": 0.5, "n": 7}


def face(label: int, number: int, name: str = "set", **changes: object) -> ScoredFace:
    score = 0.8 if label else 0.2
    one = ScoredFace(
        name, f"{name}-{number}", label, score, score, label, "fake" if label else "real", False,
        "editing", "editing", 0.5 + number / 100 if label else None, 150.0, 0,
    )  # fmt: skip
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type]


FACES = [face(label, number) for number in range(6) for label in (0, 1)]


def test_every_score_of_every_set_has_its_figures() -> None:
    faces = [*FACES, *(face(label, number, "ff.c23") for number in range(3) for label in (0, 1))]
    found = figures(faces, CUTS)
    assert {
        f"{score}.{name}.auc" for score in ("independent", "fakeness") for name in ("set", "ff.c23")
    } <= found.keys()
    assert found["independent.set.auc"].n == 12
    assert found["independent.ff.c23.auc"].n == 6
    assert found["mask.set.iou"].n == 6
    assert found["mask.set.iou"].value == pytest.approx(0.525)
    assert found["verdict.set.indeterminate"].value == 0
    assert all(math.isfinite(bound) for figure in found.values() for bound in (figure.low, figure.high))


def test_a_figure_that_a_set_does_not_allow_is_absent() -> None:
    found = figures(
        [dataclasses.replace(one, fakeness=None, anchor=None, mask_iou=None, hard=None) for one in FACES], CUTS
    )
    assert {key.split(".")[0] for key in found} == {"independent"}
    assert figures([], CUTS) == {}


def test_what_geometry_and_file_size_give_away_is_measured_too() -> None:
    faces = [dataclasses.replace(one, scale=100.0 + 50 * one.label, size_bytes=1000 - 100 * one.label) for one in FACES]
    found = figures(faces, CUTS)
    assert found["scale.set.auc"].value == 1
    assert found["bytes.set.auc"].value == 0


def test_hard_and_easy_faces_are_told_apart() -> None:
    faces = [dataclasses.replace(one, hard=index % 4 < 2, anchor=1) for index, one in enumerate(FACES)]
    found = figures(faces, CUTS)
    assert found["fakeness.set.acc_hard"].n == found["fakeness.set.acc_easy"].n == 6
    assert found["anchor.set.acc_hard"].value == 0.5
    assert found["verdict.set.hard"].value == 0.5


def test_the_table_has_a_row_for_each_set_and_a_dash_for_what_is_absent() -> None:
    lines = markdown(figures([*FACES, *(face(label, 1, "ff.c23") for label in (0, 1))], CUTS)).splitlines()
    assert lines[2].startswith("| set | 12 | 1.000 (1.000-1.000) |")
    assert lines[3].startswith("| ff.c23 | 2 |")
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert " - |" in lines[2]


def test_forged_pairs_go_through_the_route(face_set: FaceSet, tiny_engine: Engine) -> None:
    factory = PairFactory(face_set.of("dev"), face_set.root, 1, single("edit", load_recipe()))
    batches = list(score_forged(tiny_engine, factory, "edit", 3, Settings(batch_faces=4)))
    assert [len(batch) for batch in batches] == [4, 2]
    faces = [one for batch in batches for one in batch]
    assert [(one.label, one.group) for one in faces[:3]] == [(0, "edit-0"), (1, "edit-0"), (0, "edit-1")]
    for one in faces:
        assert 0 <= one.independent <= 1
        assert one.forgery == ("editing" if one.label else "real")
        assert (one.mask_iou is None) == (one.label == 0)


def test_the_overlap_is_one_where_the_mask_is_the_truth(face_set: FaceSet) -> None:
    from fakeface.bench.sets import _crop, _mask_iou
    from fakeface.decision import Reason, undecided
    from fakeface.findings import FaceFinding
    from fakeface.masks import Mask
    from tests.builders import make_face_finding

    sample = PairFactory(
        face_set.of("dev"), face_set.root, 1, single("edit", load_recipe().model_copy(update={"processing": 0.0}))
    ).pair(0)[1]
    full = np.kron(sample.mask > 0.25, np.ones((4, 4))).astype(bool)
    answers = make_face_finding().answers
    crop = _crop(sample)
    finding = FaceFinding(
        1, crop.face, undecided(Reason.NOT_DECIDED), crop, answers, masks=(Mask(full, "artifact", 1.0),)
    )
    assert _mask_iou(finding, sample) == 1
    assert _mask_iou(dataclasses.replace(finding, masks=(Mask(~full, "artifact", 1.0),)), sample) == 0
    assert _mask_iou(dataclasses.replace(finding, masks=()), sample) == 0
    assert _mask_iou(dataclasses.replace(finding, answers=()), sample) is None


def test_files_are_scored_in_pairs_or_not_at_all(face_set: FaceSet, tiny_engine: Engine, tmp_path: Path) -> None:
    settings = Settings(faces=FaceSettings(hog_side_pixels=512), fast=True)
    pairs = [
        ("swaps", "dev/studio/0.png", "train/swaps/0.png"),
        ("swaps", "dev/studio/1.png", "dev/studio/blank.png"),
        ("swaps", "dev/studio/2.png", "dev/studio/notes.png"),
        ("swaps", "dev/studio/2.png", "missing.png"),
    ]
    with Decoder(settings.decoder) as decoder:
        scored = list(score_files(tiny_engine, decoder, face_set.root, pairs, settings, reencoded=False))
    assert [len(faces) for faces in scored] == [2, 0, 0, 0]
    real, fake = scored[0]
    assert (real.label, fake.label, real.group) == (0, 1, "swaps-0")
    assert real.size_bytes == (face_set.root / "dev/studio/0.png").stat().st_size
    assert real.fakeness is None


def test_reencoding_takes_away_the_format_and_keeps_the_size(face_set: FaceSet) -> None:
    with Image.open(face_set.root / "dev/studio/0.png") as picture:
        pixels = np.array(picture)
    done = REENCODING.apply(pixels)
    assert done.shape == pixels.shape
    np.testing.assert_array_equal(done, REENCODING.apply(pixels))
    assert 0.5 < np.abs(done.astype(int) - pixels).mean() < 12


def test_pairs_are_read_from_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("set,real,fake,extra\ndf,a.png,b.png,1\n")
    assert read_pairs(path) == [("df", "a.png", "b.png")]
    path.write_text("set,real\ndf,a.png\n")
    with pytest.raises(SettingsError, match="columns set, real, fake"):
        read_pairs(path)
    with pytest.raises(SettingsError, match="no pairs"):
        read_pairs(tmp_path / "none.csv")


def test_figures_are_valid_json(tmp_path: Path) -> None:
    table = {key: figure.as_dict() for key, figure in figures(FACES, CUTS).items()}
    assert json.loads(json.dumps(table, allow_nan=False)) == table
