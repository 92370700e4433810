"""``fakeface train``: the stages from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakeface.training import encoder as encoder_stage

from ..conftest import FaceSet
from ..tiny import make_encoder
from .conftest import invoke


def test_the_help_names_the_stages_in_their_order() -> None:
    result = invoke("train", "--help")
    assert result.exit_code == 0
    places = [result.stdout.index(f"fakeface train {stage}") for stage in STAGES]
    assert places == sorted(places)


STAGES = ("prepare", "encoder", "language", "mine", "mids", "release")


def test_prepare_counts_faces_and_pictures_without_one(face_set: FaceSet) -> None:
    manifest = Path("few.csv")
    rows = [
        "path,label,split",
        f"{face_set.root}/dev/studio/0.png,real,dev",
        f"{face_set.root}/dev/studio/blank.png,real,dev",
    ]
    manifest.write_text("\n".join(rows) + "\n")
    result = invoke("train", "prepare", manifest, "--out", "faces", "--workers", "1")
    assert result.exit_code == 0, result.stderr
    assert "1 faces in faces/faces.jsonl, 1 left out, with reasons in skipped.jsonl" in result.stderr
    assert json.loads(Path("faces/faces.jsonl").read_text())["split"] == "dev"


def test_a_manifest_that_can_be_misread_is_a_usage_error() -> None:
    Path("bad.csv").write_text("path,label\na.png,genuine\n")
    result = invoke("train", "prepare", "bad.csv", "--out", "faces")
    assert result.exit_code == 2
    assert "line 2" in result.stderr
    assert "'genuine'" in result.stderr


def test_the_encoder_stage_says_how_it_fares_and_leaves_weights(
    face_set: FaceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_stage, "ForensicEncoder", make_encoder)
    monkeypatch.setattr(encoder_stage, "calib_batches", few_batches(encoder_stage.calib_batches))
    words = ("train", "encoder", "--faces", face_set.prepared, "--root", face_set.root, "--out", "run")
    result = invoke(*words, "--pictures", 4, "--workers", 0, "--threads", 1)
    assert result.exit_code == 0, result.stderr
    assert "seen 64" in result.stderr
    assert "mean " in result.stderr
    assert Path("run/encoder/encoder.safetensors").is_file()


def few_batches(batches):  # type: ignore[no-untyped-def]
    """The calibration batches of two pairs instead of many."""
    import dataclasses

    return lambda rows, root, settings: batches(rows, root, dataclasses.replace(settings, calib_pairs=2))


@pytest.mark.parametrize("stage", ["prompter", "language", "masks", "mine", "mids"])
def test_a_stage_without_the_one_before_is_missing_weights(face_set: FaceSet, stage: str) -> None:
    result = invoke("train", stage, "--faces", face_set.prepared, "--root", face_set.root, "--out", "run")
    assert result.exit_code == 5
    assert "no encoder.safetensors" in result.stderr


def test_a_stage_without_prepared_faces_says_what_to_do() -> None:
    words = ("train", "encoder", "--faces", "none", "--root", ".", "--out", "run", "--pictures", 2)
    result = invoke(*words)
    assert result.exit_code == 2
    assert "fakeface train prepare" in result.stderr


def test_the_generator_stage_says_how_it_fares_and_leaves_weights(face_set: FaceSet) -> None:
    words = ("train", "generator", "--faces", face_set.prepared, "--root", face_set.root, "--out", "run")
    result = invoke(*words, "--pictures", 8, "--threads", 1)
    assert result.exit_code == 0, result.stderr
    assert "seen 8, " in result.stderr
    assert "psnr_transposed " in result.stderr
    assert Path("run/generator/generators.safetensors").stat().st_size < 2_000_000


def test_everything_is_one_command_that_says_each_stage(face_set: FaceSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakeface.training.everything.language_stage", lambda place, settings: iter(()))
    for stage in ("encoder_stage", "prompter_stage", "masks_stage", "mining_stage", "mids_stage"):
        monkeypatch.setattr(f"fakeface.training.everything.{stage}", lambda place, settings: iter([{"best": 0.75}]))
    words = ("train", "all", "--manifest", face_set.manifest, "--out", "run", "--set", "prepare.workers=1")
    result = invoke(*words, "--minutes-encoder", 2, "--seed", 5, "--threads", 1)
    assert result.exit_code == 0, result.stderr
    assert "stage prepare, faces 17, skipped 2" in result.stderr
    assert "stage encoder, best 0.75" in result.stderr
    settings = json.loads(Path("run/settings.json").read_text())
    assert (settings["encoder"]["minutes"], settings["encoder"]["seed"], settings["mids"]["seed"]) == (2, 5, 5)
    assert list(json.loads(Path("run/stages.json").read_text())) == STAGES_WITHOUT_RELEASE


STAGES_WITHOUT_RELEASE = ["prepare", "leaks", "encoder", "prompter", "language", "masks", "mine", "mids"]


def test_a_release_without_its_version_is_a_usage_error() -> None:
    result = invoke("train", "all", "--manifest", "m.csv", "--out", "run", "--weights", "weights")
    assert result.exit_code == 2
    assert "--version" in result.stderr
    assert not Path("run").exists()
