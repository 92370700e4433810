"""``fakeface bench --films`` and ``fakeface train films``: films are made, examined and counted, and a rule written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fakeface import backends
from fakeface.backends import Engine
from fakeface.profiles import load_profile

from ..conftest import FaceSet
from .conftest import invoke


@pytest.fixture
def words(face_set: FaceSet, tiny_engine: Engine, use_engine: Callable[[Engine], None]) -> tuple[object, ...]:
    """What every call names: the tiny data set, measured with the tiny profile."""
    use_engine(tiny_engine)
    return (face_set.prepared / "faces.jsonl", "--root", face_set.root, "--out", "figures", "--threads", "1")


def test_films_are_made_examined_and_not_examined_again(words: tuple[object, ...]) -> None:
    asked = ("bench", *words, "--films", "1", "--film-seconds", "2", "--crf", "28", "--triage")
    result = invoke(*asked)
    assert result.exit_code == 0, result.stderr
    truths = [json.loads(path.read_text()) for path in sorted(Path("figures/films").glob("*.json"))]
    assert [(one["split"], one["label"], one["crf"]) for one in truths] == [("dev", 1, 28), ("dev", 0, 28)]
    films = [json.loads(line) for line in Path("figures/films.jsonl").read_text().splitlines()]
    assert [(one["label"], one["condition"], one["error"]) for one in films] == [(0, "crf28", ""), (1, "crf28", "")]
    assert all(len(track["sightings"]) >= 8 for one in films for track in one["tracks"][:1])
    metrics = json.loads(Path("figures/metrics.json").read_text(), parse_constant=pytest.fail)
    assert metrics["forged.crf28.seen"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert 0 <= metrics["segment.crf28.iou"]["value"] <= 1
    assert result.stdout.strip() == Path("figures/table.md").read_text().strip()
    before = Path("figures/films.jsonl").read_text()
    assert "dev-" not in invoke(*asked).stderr
    assert Path("figures/films.jsonl").read_text() == before
    refused = invoke(*asked, "--seed", "2")
    assert (refused.exit_code, "other settings (seed)" in refused.stderr) == (2, True)


def test_a_folder_of_real_films_needs_no_manifest_and_a_broken_film_is_told(
    words: tuple[object, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "broken.mp4").write_bytes(b"no film at all")
    result = invoke("bench", "--real-films", folder, "--out", "figures", "--threads", "1", "--triage")
    assert result.exit_code == 0, result.stderr
    assert "| broken.mp4 | " in result.stdout
    assert json.loads(Path("figures/metrics.json").read_text()) == {}


def test_films_are_no_pairs_and_need_a_manifest(words: tuple[object, ...]) -> None:
    assert invoke("bench", "--films", "1", "--out", "figures").exit_code == 2
    result = invoke("bench", *words, "--films", "1", "--slices", "all")
    assert (result.exit_code, "apart from" in result.stderr) == (2, True)
    assert invoke("bench", *words, "--films", "1", "--operator", "wish").exit_code == 2


def test_a_rule_is_chosen_on_calibration_films_and_written_into_the_profile(
    face_set: FaceSet,
    tiny_engine: Engine,
    tiny_weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backends, "build_engine", lambda settings, folder: tiny_engine)
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    assert load_profile("compact", weights).films is None
    asked = ("train", "films", "--faces", face_set.prepared, "--root", face_set.root, "--out", "chosen")
    asked += ("--weights", weights, "--films", "2", "--film-seconds", "2", "--crf", "28", "--threads", "1")
    result = invoke(*asked)
    assert result.exit_code == 0, result.stderr
    rule = load_profile("compact", weights).films
    assert rule is not None
    assert 0 < rule.cut < 1
    assert rule.stand_out >= 0
    assert "| segment: temporal IoU of the segments | " in result.stdout
    again = invoke(*asked)
    assert again.exit_code == 0, "the profile's new rule does not make it another bench"
    assert again.stdout == result.stdout
    assert load_profile("compact", weights).films == rule
