"""The leak check finds what was planted across splits, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fakeface.errors import SettingsError
from fakeface.training.formats.skips import Skipped
from fakeface.training.leaks import (
    DUPLICATE_BITS,
    HASH_BITS,
    LeakReport,
    SplitPicture,
    duplicates_in,
    find_leaks,
    read_splits,
)

from .faces_data import photograph


def crop(seed: int) -> np.ndarray:
    """A part of the photograph that no other seed's resembles."""
    rng = np.random.default_rng(seed)
    left, top = (int(value) for value in rng.integers(0, 300, 2))
    return np.ascontiguousarray(np.rot90(photograph()[top : top + 200, left : left + 200], seed % 4))


@pytest.fixture
def different(tmp_path: Path) -> list[SplitPicture]:
    """Twelve pictures that differ, six of each split."""
    for number in range(12):
        Image.fromarray(crop(number)).save(tmp_path / f"{number}.png")
    return [SplitPicture(path=f"{number}.png", split="train" if number < 6 else "dev") for number in range(12)]


def test_different_pictures_are_no_leak(different: list[SplitPicture], tmp_path: Path) -> None:
    report = find_leaks(different, tmp_path, threads=2)
    assert (report.rows, report.pictures, report.count, report.skipped) == (12, 12, 0, ())


@pytest.mark.parametrize("change", ["jpeg", "half", "brighter"])
def test_a_changed_copy_in_another_split_is_found(change: str, different: list[SplitPicture], tmp_path: Path) -> None:
    picture = crop(2)
    if change == "half":
        picture = np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    if change == "brighter":
        picture = np.clip(picture * 1.15 + 5, 0, 255).astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "copy.jpg", quality=40)
    report = find_leaks([*different, SplitPicture(path="copy.jpg", split="calib")], tmp_path)
    [found] = report.duplicates
    assert ({found.path, found.other_path}, {found.split, found.other_split}) == (
        {"copy.jpg", "2.png"},
        {"calib", "train"},
    )
    assert 0 <= found.bits <= DUPLICATE_BITS < HASH_BITS / 4
    assert found.others == ()
    same = find_leaks([*different, SplitPicture(path="copy.jpg", split="train")], tmp_path)
    assert same.duplicates == ()


def test_every_training_picture_that_resembles_one_of_another_split_is_named(
    different: list[SplitPicture], tmp_path: Path
) -> None:
    copies = [("again.jpg", "train"), ("once.jpg", "train"), ("held.jpg", "calib")]
    for name, _ in copies:
        Image.fromarray(crop(8)).save(tmp_path / name, quality=60)
    rows = [*different, *(SplitPicture(path=name, split=split) for name, split in copies)]
    report = find_leaks(rows, tmp_path)
    assert duplicates_in(report, "train") == {"again.jpg", "once.jpg"}
    assert duplicates_in(report, "calib") == {"held.jpg"}
    assert duplicates_in(report, "dev") == {"8.png"}


def test_a_picture_listed_in_two_splits_is_found_and_its_faces_count_once(
    different: list[SplitPicture], tmp_path: Path
) -> None:
    rows = [*different, SplitPicture(path="0.png", split="dev"), different[0]]
    report = find_leaks(rows, tmp_path)
    assert [(found.path, found.other_path, found.bits) for found in report.duplicates] == [("0.png", "0.png", 0)]
    assert report.pictures == 12


def test_persons_and_videos_in_two_splits_are_found(different: list[SplitPicture], tmp_path: Path) -> None:
    def named(row: SplitPicture, **names: tuple[str, ...]) -> SplitPicture:
        return row.model_copy(update=names)

    rows = list(different)
    rows[0] = named(rows[0], identities=("anna",), videos=("walk",))
    rows[1] = named(rows[1], identities=("anna",), videos=("walk",))
    rows[7] = named(rows[7], identities=("bert", "anna"), videos=("run",))
    rows[8] = named(rows[8], identities=("bert",), videos=("run",))
    report = find_leaks(rows, tmp_path)
    assert [(one.name, dict(one.rows)) for one in report.identities] == [("anna", {"dev": 1, "train": 2})]
    assert (report.videos, report.named, report.count) == ((), 4, 1)


def test_what_cannot_be_compared_is_told(tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(tmp_path / "flat.png")
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(tmp_path / "flat2.png")
    (tmp_path / "text.png").write_text("no picture")
    lines = [
        '{"path": "flat.png", "split": "train"}',
        '{"path": "flat2.png", "split": "dev"}',
        '{"path": "text.png", "split": "dev"}',
        '{"path": "gone.png", "split": "dev"}',
        '{"path": 5, "split": "dev"}',
        "{",
    ]
    (tmp_path / "faces.jsonl").write_text("\n".join(lines) + "\n")
    report = find_leaks(read_splits(tmp_path / "faces.jsonl"), tmp_path)
    assert (report.rows, report.pictures, report.count) == (4, 0, 0)
    reasons = {one.path: one.reason for one in report.skipped}
    assert reasons.pop("faces.jsonl:5").startswith("path: ")
    assert reasons.pop("faces.jsonl:6").startswith("broken JSON")
    assert reasons == {
        "flat.png": "too flat to be compared",
        "flat2.png": "too flat to be compared",
        "text.png": "unreadable",
        "gone.png": "missing",
    }
    with pytest.raises(SettingsError, match="no manifest"):
        list(read_splits(tmp_path / "none.jsonl"))


def test_many_pictures_are_compared_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fakeface.training import leaks

    monkeypatch.setattr(leaks, "BLOCK", 3)
    rng = np.random.default_rng(1)
    hashes = {f"{number}": rng.integers(0, 2**63, 4).astype(np.uint64) for number in range(40)}
    for train, dev in ((0, 21), (9, 30), (10, 39)):
        hashes[f"{dev}"] = hashes[f"{train}"] ^ np.uint64(5)
    monkeypatch.setattr(leaks, "_hash", lambda path: hashes[path.name])
    rows = [SplitPicture(path=name, split="train" if int(name) < 20 else "dev") for name in hashes]
    report: LeakReport = find_leaks(rows, tmp_path)
    pairs = {frozenset((found.path, found.other_path)): found.bits for found in report.duplicates}
    assert pairs == {frozenset(pair): 8 for pair in (("0", "21"), ("9", "30"), ("10", "39"))}


def test_a_prepared_manifest_is_read_with_its_further_columns(tmp_path: Path) -> None:
    row = {"path": "a.png", "split": "dev", "label": "real", "landmarks": [], "identities": ["x"], "version": 1}
    (tmp_path / "m.jsonl").write_text(json.dumps(row) + "\n")
    [read] = read_splits(tmp_path / "m.jsonl")
    assert not isinstance(read, Skipped)
    assert read.identities == ("x",)
