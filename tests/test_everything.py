"""All stages out of one recipe: twice the same, skipped where finished, gone on with where interrupted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from safetensors.torch import load_file

from fakeface.calibration import CONDITIONS
from fakeface.errors import OutputError, SettingsError
from fakeface.profiles import load_profile
from fakeface.training import language as language_stage
from fakeface.training.curves import read_log
from fakeface.training.everything import Everything, Target, load_everything, train_everything
from fakeface.training.manifest import read_faces

from .conftest import FaceSet

TREE = Path(__file__).parents[1]

TINY = """
[prepare]
workers = 1
[encoder]
pictures = 8
pairs_per_batch = 2
workers = 0
calib_pairs = 2
[prompter]
pictures = 8
pairs_per_batch = 2
workers = 0
calib_pairs = 8
[masks]
pictures = 4
pairs_per_batch = 2
workers = 0
calib_pairs = 2
[language]
answers = 8
pairs_per_batch = 4
workers = 0
[mine]
pairs = 2
calib_pairs = 2
[mids]
epochs = 1
[release]
calib_pairs = 4
ratio_pairs = 50
"""
STAGES = ["prepare", "leaks", "encoder", "prompter", "language", "masks", "mine", "mids", "release"]


@pytest.fixture(autouse=True)
def few_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set has fewer photographs than a calibration that means anything."""
    monkeypatch.setattr("fakeface.training.calibrate.LEAST_FACES", 2)


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    (tmp_path / "tiny.toml").write_text(TINY)
    return str(tmp_path / "tiny.toml")


def bare(items: Any, total: int) -> Any:
    return items


def load(recipe: str, *changes: str) -> Everything:
    return load_everything(recipe, changes, {"threads": 1, "device": "cpu"})


UNTIL_THE_ENCODER = """
import sys
from pathlib import Path
from fakeface.training import encoder as stage
from fakeface.training.everything import load_everything, train_everything
from tests.tiny import make_encoder
stage.ForensicEncoder = make_encoder
manifest, recipe, out = sys.argv[1:]
settings = load_everything(recipe, (), {"threads": 1, "device": "cpu"})
if __name__ == "__main__":
    reports = train_everything(Path(manifest), Path(out), settings, lambda items, total: items)
    print(*(next(reports)["stage"] for _ in range(3)))
    reports.close()
"""


def test_two_trainings_give_the_same_faces_encoder_and_figures(face_set: FaceSet, recipe: str, tmp_path: Path) -> None:
    script, logs = tmp_path / "script.py", []
    script.write_text(UNTIL_THE_ENCODER)
    for run in ("first", "second"):
        words = [sys.executable, str(script), str(face_set.manifest), recipe, str(tmp_path / run)]
        done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(TREE)}, capture_output=True, check=False)
        assert done.stdout == b"prepare leaks encoder\n", done.stderr.decode()
        logs.append([{**row, "seconds": 0} for row in read_log(tmp_path / run / "encoder" / "log.csv")])
    for name in ("faces/faces.jsonl", "encoder/encoder.safetensors"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()
    assert logs[0] == logs[1]
    assert len(logs[0]) == 1


def test_an_interrupted_training_goes_on_at_its_stage_as_far_as_a_profile(
    face_set: FaceSet, recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language_stage, "train_tokenizer", partial(language_stage.train_tokenizer, pairs=20))
    target = Target(tmp_path / "weights", "7", "tiny faces")
    given = face_set.manifest, tmp_path / "run", load(recipe), bare, target
    reports = train_everything(*given)
    assert [one["stage"] for one in takewhile(lambda one: one["stage"] != "language", reports)] == STAGES[:4]
    reports.close()
    journal = json.loads((tmp_path / "run" / "stages.json").read_text())
    assert {name: one["done"] for name, one in journal.items()} == {
        "prepare": True,
        "leaks": True,
        "encoder": True,
        "prompter": True,
        "language": False,
    }
    weights = load_file(tmp_path / "run" / "encoder" / "encoder.safetensors")

    again = list(train_everything(*given))
    assert [one["stage"] for one in again if one.get("state") == "already done"] == STAGES[:4]
    assert list(dict.fromkeys(one["stage"] for one in again)) == STAGES
    after = load_file(tmp_path / "run" / "encoder" / "encoder.safetensors")
    assert all(value.equal(after[name]) for name, value in weights.items())
    profile = load_profile("compact", tmp_path / "weights")
    assert (profile.version, profile.data) == ("7", "tiny faces")
    assert profile.calibration is not None
    assert profile.calibration.envelope.keys() == CONDITIONS.keys()
    journal = json.loads((tmp_path / "run" / "stages.json").read_text())
    assert list(journal) == STAGES
    assert all(one["done"] and one["seconds"] >= 0 and one["started"] <= one["finished"] for one in journal.values())
    assert json.loads((tmp_path / "run" / "leaks.json").read_text())["count"] == journal["leaks"]["last"]["leaks"]

    assert [one.get("state") for one in train_everything(*given)] == ["already done"] * len(STAGES)
    newer = train_everything(*given[:-1], Target(tmp_path / "weights", "8", "tiny faces"))
    assert [one["stage"] for one in newer if one.get("state") != "already done"] == ["release"]


def test_a_folder_of_other_settings_is_refused_but_may_move_to_other_threads(
    face_set: FaceSet, recipe: str, tmp_path: Path
) -> None:
    reports = train_everything(face_set.manifest, tmp_path / "run", load(recipe), bare)
    assert [next(reports)["stage"] for _ in range(2)] == ["prepare", "leaks"]
    reports.close()
    with pytest.raises(OutputError, match="encoder was"):
        next(train_everything(face_set.manifest, tmp_path / "run", load(recipe, "encoder.seed=4"), bare))
    moved = load(recipe, "encoder.threads=2", "encoder.workers=1")
    assert next(train_everything(face_set.manifest, tmp_path / "run", moved, bare))["state"] == "already done"


@pytest.fixture
def leaking(face_set: FaceSet, tmp_path: Path) -> Path:
    """The manifest of a copy of the data set in which a picture of dev is in train once more, saved as JPEG."""
    root = Path(shutil.copytree(face_set.root, tmp_path / "data"))
    Image.open(root / "dev/studio/1.png").save(root / "train/studio/again.jpg", quality=70)
    lines = (root / "manifest.csv").read_text().splitlines()
    row = next(line for line in lines if line.startswith("dev/studio/1.png"))
    copied = row.replace("dev/studio/1.png", "train/studio/again.jpg").replace(",dev,", ",train,")
    (root / "manifest.csv").write_text("\n".join([*lines, copied]) + "\n")
    return root / "manifest.csv"


def test_training_faces_that_measure_as_well_are_left_out_and_told(leaking: Path, recipe: str, tmp_path: Path) -> None:
    reports = train_everything(leaking, tmp_path / "run", load(recipe), bare)
    report = [next(reports) for _ in range(2)][1]
    reports.close()
    before, after = (read_faces(tmp_path / "run" / name / "faces.jsonl") for name in ("faces", "kept"))
    gone = {row.path for row in before} - {row.path for row in after}
    assert "train/studio/again.jpg" in gone
    assert report["left out of train"] == len(before) - len(after) == len(gone)
    assert all(path.startswith("train/") for path in gone)
    assert sorted(gone) == json.loads((tmp_path / "run" / "leaks.json").read_text())["left_out"]
    last = json.loads((tmp_path / "run" / "stages.json").read_text())["leaks"]["last"]
    assert last["left out of train"] == len(gone)


def test_leaving_out_can_be_switched_off(leaking: Path, recipe: str, tmp_path: Path) -> None:
    reports = train_everything(leaking, tmp_path / "run", load(recipe, "leaks.leave_out=false"), bare)
    report = [next(reports) for _ in range(2)][1]
    reports.close()
    assert report["duplicates"] >= 1
    assert report["left out of train"] == 0
    assert not (tmp_path / "run" / "kept").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [('mids.reads="unmasked"', "description and reasoning"), ('language.fields="R"', "have all fields")],
)
def test_networks_of_an_ablation_are_not_released(
    face_set: FaceSet, recipe: str, tmp_path: Path, change: str, message: str
) -> None:
    settings = load(recipe, change)
    with pytest.raises(SettingsError, match=message):
        next(train_everything(face_set.manifest, tmp_path / "run", settings, bare, Target(tmp_path, "1", "faces")))
    assert not (tmp_path / "run").exists()


def test_the_shipped_recipe_ends_no_stage_by_the_clock() -> None:
    settings = load_everything("compact", ["mids.epochs=2", 'encoder.recipe="compact-1"'], {"threads": 3})
    assert settings.encoder.minutes == settings.language.minutes == 0
    assert (settings.mids.epochs, settings.mids.threads, settings.encoder.threads) == (2, 3, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("mids.epoch=2", "no setting epoch; there are .*epochs"),
        ("mids.epochs='many'", r"mids\.epochs: .*integer"),
        ("midst.epochs=2", "midst"),
        ("epochs=2", r"STAGE\.SETTING=VALUE"),
        ("mids.epochs", "no TOML"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused(change: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_everything("compact", [change])


def test_a_recipe_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="no recipe nothing"):
        load_everything("nothing")
