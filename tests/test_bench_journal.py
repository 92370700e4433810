"""An interrupted bench goes on: what is finished stays, what is not is measured again, and settings must agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakeface.bench.journal import Journal
from fakeface.bench.values import Batch
from fakeface.errors import SettingsError

from .test_bench_report import face

SETTINGS = {"seed": 1, "thresholds": {"independent": 0.5}, "pair": (1, 2)}


def batches(name: str, *reasons: str) -> Iterator[Batch]:
    """A face and its forgery, twice."""
    yield Batch((face(0, 1, name), face(1, 1, name)))
    yield Batch((face(0, 2, name), face(1, 2, name)), reasons)


def test_what_is_finished_is_read_back_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SETTINGS)
    assert not journal.has("a", "x")
    assert len(list(journal.record("a", "x", batches("a", "no face", "no face")))) == 2
    again = Journal(tmp_path, SETTINGS)
    assert again.has("a", "x")
    assert again.faces == journal.faces
    assert (again.finished["a"].faces, again.finished["a"].left_out) == (4, {"no face": 2})


def test_a_set_that_was_interrupted_is_dropped_and_measured_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SETTINGS)
    list(journal.record("a", "x", batches("a")))
    next(journal.record("b", "x", batches("b")))
    with (tmp_path / "scores.jsonl").open("a") as handle:
        handle.write('{"name": "b", "cut o')
    again = Journal(tmp_path, SETTINGS)
    assert not again.has("b", "x")
    assert [one.name for one in again.faces] == ["a"] * 4
    assert len((tmp_path / "scores.jsonl").read_text().splitlines()) == 4
    list(again.record("b", "x", batches("b")))
    assert [one.name for one in Journal(tmp_path, SETTINGS).faces] == ["a"] * 4 + ["b"] * 4


def test_names_with_line_ends_that_are_none_of_json_are_read_back(tmp_path: Path) -> None:
    names = ("a\u2028b.jpg", "caf\x85.jpg", "c\x1cd.jpg")
    odd = [face(0, number, group=name) for number, name in enumerate(names)]
    list(Journal(tmp_path, SETTINGS).record("blend", "x", [Batch(tuple(odd))]))
    assert [one.group for one in Journal(tmp_path, SETTINGS).faces] == list(names)


def test_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    Journal(tmp_path, SETTINGS)
    with pytest.raises(SettingsError, match=r"other settings \(seed\)"):
        Journal(tmp_path, SETTINGS | {"seed": 2})
    with pytest.raises(SettingsError, match="triage"):
        Journal(tmp_path, SETTINGS | {"triage": True})


def test_a_set_of_another_origin_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SETTINGS)
    list(journal.record("a", "x", batches("a")))
    with pytest.raises(SettingsError, match="made of something else"):
        journal.has("a", "y")


def test_a_folder_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "scores.jsonl").write_text("{}\n")
    with pytest.raises(SettingsError, match="earlier release"):
        Journal(tmp_path, SETTINGS)
    assert (tmp_path / "scores.jsonl").read_text() == "{}\n"
    other = tmp_path / "other"
    list(Journal(other, SETTINGS).record("a", "x", batches("a")))
    (other / "scores.jsonl").write_text("no face\n")
    with pytest.raises(SettingsError, match="line 1"):
        Journal(other, SETTINGS)
    (other / "settings.json").write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        Journal(other, SETTINGS)
