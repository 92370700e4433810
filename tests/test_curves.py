"""The log of a training and its curves: they stay whole however often the training is interrupted."""

from __future__ import annotations

import csv
import logging
import sys
from pathlib import Path

import cv2
import pytest

from fakeface.training import curves
from fakeface.training.curves import read_log
from fakeface.training.progress import Log


def row(seen: int, **more: float) -> dict[str, float]:
    return {"seen": seen, "seconds": 2 * seen, "loss": 1 / seen, "auc_mean": 0.5, **more}


def event_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("events.out.tfevents.*"))


def test_every_row_shows_in_the_event_file_and_the_picture_at_once(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    pytest.importorskip("matplotlib")
    log = Log(tmp_path / "log.csv")
    for seen in (10, 20):
        log.write(row(seen))
        assert cv2.imread(str(tmp_path / "curves.png")) is not None
    [events] = event_files(tmp_path)
    shown = accumulator.EventAccumulator(str(events))
    shown.Reload()
    assert sorted(shown.Tags()["scalars"]) == ["auc/auc_mean", "loss/loss"]
    assert [(one.step, round(one.value, 3)) for one in shown.Scalars("loss/loss")] == [(10, 0.1), (20, 0.05)]


def test_a_later_call_draws_the_curves_of_the_earlier_one_as_well(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    Log(tmp_path / "log.csv").write(row(10))
    Log(tmp_path / "log.csv").write(row(20))
    [events] = event_files(tmp_path)
    shown = accumulator.EventAccumulator(str(events))
    shown.Reload()
    assert [one.step for one in shown.Scalars("loss/loss")] == [10, 20]


def test_rows_after_the_checkpoint_give_way_to_those_of_the_resumed_training(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.csv")
    for seen, loss in ((10, 3.0), (20, 2.0), (30, 1.5), (20, 2.1), (30, 1.6), (40, 1.0)):
        log.write({"seen": seen, "loss": loss})
    assert [(one["seen"], one["loss"]) for one in read_log(tmp_path / "log.csv")] == [
        (10, 3.0),
        (20, 2.1),
        (30, 1.6),
        (40, 1.0),
    ]


def test_a_line_that_a_kill_has_cut_off_is_removed(tmp_path: Path) -> None:
    Log(tmp_path / "log.csv").write(row(10))
    with (tmp_path / "log.csv").open("a") as handle:
        handle.write("20,40,0.0")
    Log(tmp_path / "log.csv").write(row(20))
    assert [one["seen"] for one in read_log(tmp_path / "log.csv")] == [10, 20]
    assert read_log(tmp_path / "log.csv")[1]["auc_mean"] == 0.5


def test_a_figure_that_is_new_gets_its_own_column(tmp_path: Path) -> None:
    Log(tmp_path / "log.csv").write(row(10))
    Log(tmp_path / "log.csv").write(row(20, auc_swap=0.75))
    with (tmp_path / "log.csv").open(newline="") as handle:
        lines = list(csv.reader(handle))
    assert lines[0] == ["seen", "seconds", "loss", "auc_mean", "auc_swap"]
    assert lines[1:] == [["10", "20", "0.1", "0.5", ""], ["20", "40", "0.05", "0.5", "0.75"]]


def test_without_the_libraries_there_is_the_log_alone_and_it_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr(logging.getLogger("fakeface"), "propagate", True)
    curves._missing.cache_clear()
    log = Log(tmp_path / "log.csv")
    for seen in (10, 20):
        log.write(row(seen))
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]
    assert len(read_log(tmp_path / "log.csv")) == 2
    assert [one.split(" ")[0] for one in caplog.messages] == ["tensorboard", "matplotlib"]
