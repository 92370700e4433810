"""The scripts that repeat and compare trainings: what they print is what was trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from fakeface.bench.bootstrap import Resampling
from fakeface.bench.values import ScoredFace
from fakeface.training import mids as mids_stage
from fakeface.training.encoder import EncoderTraining
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import load_recipe, single
from fakeface.training.lessons import with_fields
from fakeface.training.mids import MidsTraining

from .conftest import FaceSet
from .scripts import load_script
from .test_architecture import TREE
from .test_mids_training import answered
from .tiny import make_encoder, make_language, make_mids

SCRIPTS = sorted(path.relative_to(TREE).as_posix() for path in (TREE / "benchmarks").glob("*.py"))
UNDECIDED = {"verdict": "indeterminate", "predicted": "real"}
SETTINGS = MidsTraining(epochs=1, faces_per_batch=4, threads=1, device="cpu")


@pytest.mark.parametrize("path", SCRIPTS)
def test_every_script_loads_and_says_how_it_is_called(path: str) -> None:
    script = load_script(path)
    assert f"python {path}" in (script.__doc__ or "") or path.endswith("commandline.py")


@pytest.fixture
def ablations(monkeypatch: pytest.MonkeyPatch) -> Any:
    script = load_script("benchmarks/ablations.py")
    monkeypatch.setattr(mids_stage, "Mids", make_mids)
    monkeypatch.setattr(script, "Mids", make_mids)
    return script


def source(script: Any, name: str, tokenizer: Tokenizer) -> Any:
    mined = {"train": answered(10), "calib": answered(6), "dev": answered(4)}
    return script.Source(name, make_encoder(), make_language(tokenizer), tokenizer, mined)


def test_ablations_train_each_variant_on_the_same_answers_once(
    ablations: Any, face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sources = [source(ablations, name, tokenizer) for name in ("trained", "fr")]
    given = sources, face_set.rows, face_set.root, tmp_path, SETTINGS
    found = list(ablations.ablate(*given))
    variants = [variant for variant, split, _ in found if split == "dev"]
    assert variants == [
        "text-independent score alone",
        "trained: open answer alone",
        *(f"trained: MIDS, reads {reads}" for reads in ("all", "description", "reasoning", "unmasked")),
        "fr: open answer alone",
        "fr: MIDS, reads all",
    ]
    assert {figures["acc"].n for _, split, figures in found if split == "calib"} == {6}
    assert capsys.readouterr().err.count("reads") == 5

    again = list(ablations.ablate(*given))
    assert capsys.readouterr().err == "", "nothing is trained twice"
    assert [(v, s, f["acc"]) for v, s, f in again] == [(v, s, f["acc"]) for v, s, f in found]


def test_a_model_that_writes_results_alone_is_compared_by_its_open_answers_and_has_no_mids(
    ablations: Any, face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    bare = [
        face.model_copy(update={"texts": tuple(with_fields(text, "R") for text in face.texts)}) for face in answered(10)
    ]
    full, spare = source(ablations, "trained", tokenizer), source(ablations, "r", tokenizer)
    mined = {"train": bare, "calib": bare[:6], "dev": bare[:4]}
    given = [full, replace(spare, mined=mined)], face_set.rows, face_set.root, tmp_path, SETTINGS
    found = {(variant, split): figures["acc"] for variant, split, figures in ablations.ablate(*given)}
    assert found["r: open answer alone", "calib"] == found["trained: open answer alone", "calib"]
    assert [variant for variant, split in found if variant.startswith("r:") and split == "dev"] == [
        "r: open answer alone"
    ]


def test_the_open_answer_counts_as_wrong_where_it_cannot_be_read(ablations: Any) -> None:
    faces = answered(10)
    drawn = Resampling.draw([str(face.pair) for face in faces])
    figures = ablations.anchor_figures(faces, drawn)
    readable = figures["acc"].value
    spoilt = [face.model_copy(update={"texts": ("?", *face.texts[1:])}) for face in faces]
    assert ablations.anchor_figures(spoilt, drawn)["acc"].value == 0.0 < readable < 1.0
    [_, _, line] = ablations.table([("open answer alone", "dev", figures)])
    assert line.startswith(f"| open answer alone | dev | 10 | {readable:.3f} (")
    assert line.endswith(" | - |")


def log(folder: Path, *means: float) -> Path:
    folder.mkdir()
    lines = [f"{(number + 1) * 100},0.5,{mean},0.6" for number, mean in enumerate(means)]
    (folder / "log.csv").write_text("\n".join(["seen,loss,auc_mean,auc_swap", *lines]) + "\n")
    return folder


@pytest.mark.parametrize(("second", "code"), [(0.615, 0), (0.635, 1)])
def test_two_trainings_repeat_where_no_figure_differs_by_more_than_a_hundredth(
    second: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = load_script("benchmarks/reproduce.py")
    pairs = script.differences(log(tmp_path / "a", 0.55, 0.62), log(tmp_path / "b", 0.55, second))
    assert pairs["mean after 200"] == (0.62, second)
    assert list(pairs) == ["mean after 100", "swap after 100", "mean after 200", "swap after 200"]
    assert script.report(pairs) == code
    assert f"of 4 figures: {abs(second - 0.62):.5f}" in capsys.readouterr().out


def test_trainings_of_different_length_are_not_compared(tmp_path: Path) -> None:
    script = load_script("benchmarks/reproduce.py")
    with pytest.raises(ValueError, match="same numbers of windows"):
        script.differences(log(tmp_path / "a", 0.55, 0.62), log(tmp_path / "b", 0.55))


def test_groups_count_flags_by_skin_tone_and_leave_out_groups_of_few_pictures() -> None:
    script = load_script("benchmarks/groups.py")
    tones = {"light": (75.0, 10.0, 12.0), "dark": (40.0, 12.0, 15.0)}
    rows, faces = {}, []
    for number in range(24):
        tone = "light" if number < 12 else "dark"
        path = f"{number}.jpg"
        rows[path] = SimpleNamespace(tone=tones[tone], box=(0, 0, 120, 130), source="web" if number else "rare")
        for label in (0, 1):
            score = 0.9 if label or (tone == "light" and number < 3) else 0.1
            faces.append(ScoredFace(name="swap", group=path, label=label, independent=score, scale=224.0, **UNDECIDED))
    table = list(script.lines(faces, rows, 0.5))
    light = next(line for line in table if "light" in line)
    assert light.startswith("| skin tone | light (above 41°) | 12 | 24 | 0.250 (")
    assert "| 1.000 (1.000-1.000) | 0.875 (" in light, "all forgeries are flagged, a quarter of the pairs is tied"
    dark = next(line for line in table if "dark" in line)
    assert "| 12 | 24 | 0.000 (0.000-0.000) | 1.000 (1.000-1.000) | 1.000 (1.000-1.000) |" in dark
    assert not any("rare" in line for line in table)
    assert sum("110 to 180 px" in line for line in table) == 1


def test_the_typology_angle_is_that_of_its_definition() -> None:
    script = load_script("benchmarks/groups.py")
    assert script.tone_angle(SimpleNamespace(tone=(60.0, 5.0, 10.0))) == pytest.approx(45)
    assert script.tone_angle(SimpleNamespace(tone=(50.0, 5.0, 10.0))) == 0
    assert script.tone_angle(SimpleNamespace(tone=None)) is None


def test_encoders_are_compared_on_the_same_calibration_pairs(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load_script("benchmarks/choosing.py")
    monkeypatch.setattr(script, "SPOILT", ("self_blend", "smooth_skin"))
    monkeypatch.setattr(script, "ForensicEncoder", make_encoder)
    rows = face_set.of("calib")
    settings = EncoderTraining(recipe="compact-6", calib_pairs=2)
    clean = {
        name: batch
        for name, batch in script.calib_batches(rows, face_set.root, settings).items()
        if name in ("self_blend", "swap", "smooth_skin")
    }
    spoilt = {kind: script.spoilt_batches(rows, face_set.root, 2, kind) for kind in script.KINDS}
    network = make_encoder().eval()
    found = script.figures(network, clean, spoilt)
    each = script.aucs(network, clean)
    swaps, edits = (each["self_blend"] + each["swap"]) / 2, each["smooth_skin"]
    assert found["identity_swap"] == pytest.approx(swaps)
    assert found["mean"] == pytest.approx((swaps + edits) / 2), "no family counts twice"
    assert {"film", "softened"} < found.keys()
    lines = list(script.table(["a", "b"], [found, {**found, "mean": 0.25}]))
    assert lines[0] == "| AUC on calib | a | b |"
    assert lines[2] == f"| mean | {found['mean']:.3f} | 0.250 |"


def test_a_forgery_that_cannot_be_named_is_left_out_of_the_explanations(face_set: FaceSet) -> None:
    script = load_script("benchmarks/explanations.py")
    factory = PairFactory(face_set.of("calib"), face_set.root, 1, single("self_blend", load_recipe("compact-2")))
    real, fake = factory.pair(0)
    assert script.wordings(fake, real, "age")
    assert script.wordings(fake, real, "region", "nose")
    speck = np.zeros_like(fake.mask)
    speck[0, 0] = 1.0
    tally = script.Tally()
    script.take_in(tally, fake.photo, replace(fake, mask=speck), real, None)
    assert (tally.left_out, tally.values, tally.texts) == (1, {}, {})
