"""The loop of every training: what it writes when, what it keeps, and that it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from fakeface.errors import WeightsError
from fakeface.training.checkpoints import Average, checkpoint_progress, save_checkpoint
from fakeface.training.curves import Curves, read_log
from fakeface.training.loop import Best, Learned, Loop, begin


@dataclass(frozen=True, slots=True)
class Settings:
    """Of a stage: so many samples, four in a batch."""

    samples: int = 40
    minutes: float = 0.0
    learning_rate: float = 0.05
    threads: int = 1
    seed: int = 1
    check_every: int = 3
    save_every: int = 2


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves are views of the log, with tests of their own, and slow to draw."""
    monkeypatch.setattr(Curves, "update", lambda self: None)


class Stage:
    """A linear network that learns to give nothing; looks give what ``found`` says, one after the other."""

    def __init__(self, out: Path, settings: Settings, width: int = 1) -> None:
        begin(settings)
        self.out, self.kept = out, 0
        self.network = nn.Sequential(nn.Linear(3, width), nn.Dropout(0.5)).eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), settings.learning_rate)
        made = settings.samples, settings.check_every, settings.minutes
        self.loop = Loop(out, self.network, self.optimizer, settings, *made)

    def learn(self, number: int) -> Learned:
        pixels = torch.randn(4, 3, generator=torch.Generator().manual_seed(number))
        loss = self.network[0](pixels).square().mean()
        self.loop.descend(loss, 1.0)
        return Learned(4, {"loss": loss.detach(), "number": number})

    def run(
        self, found: Iterator[dict[str, float]] | None = None, names: tuple[str, ...] = ("auc",), lowest: bool = False
    ) -> Iterator[dict[str, Any]]:
        def keep() -> None:
            self.kept += 1

        found = found or iter([{"auc": 0.5}] * 100)
        batches = count(self.loop.budget.seen // 4)
        return self.loop.run(batches, self.learn, lambda: next(found), Best(names, keep, lowest))


def test_looks_come_at_their_intervals_and_at_the_end_with_a_row_each(tmp_path: Path) -> None:
    rows = list(Stage(tmp_path, Settings()).run())
    assert [row["seen"] for row in rows] == [12, 24, 36, 40]
    assert [row["number"] for row in rows] == [2, 5, 8, 9]
    assert list(rows[0]) == ["seen", "seconds", "loss", "number", "auc"]
    assert (tmp_path / "log.csv").read_text().splitlines()[0] == "seen,seconds,loss,number,auc"
    logged = read_log(tmp_path / "log.csv")
    assert [row["loss"] for row in logged] == [round(row["loss"], 5) for row in rows]
    assert logged[-1]["loss"] < logged[0]["loss"]
    progress = checkpoint_progress(tmp_path)
    assert (progress["seen"], progress["best"], progress["settings"]["check_every"]) == (40, 0.5, 3)


def test_the_network_learns_in_training_mode(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Settings())
    next(stage.run())
    assert stage.network[1].training


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_a_training_that_stops_after_any_look_ends_with_the_same_weights_and_log(looks: int, tmp_path: Path) -> None:
    list(Stage(tmp_path / "whole", Settings()).run())
    assert len(list(islice(Stage(tmp_path / "parts", Settings()).run(), looks))) == looks
    assert checkpoint_progress(tmp_path / "parts")["seen"] == 12 * looks
    list(Stage(tmp_path / "parts", Settings()).run())
    whole, parts = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("whole", "parts"))
    assert all(torch.equal(value, parts[name]) for name, value in whole.items())
    logs = [read_log(tmp_path / name / "log.csv") for name in ("whole", "parts")]
    assert [{**one, "seconds": 0} for one in logs[0]] == [{**one, "seconds": 0} for one in logs[1]]


def test_between_two_looks_a_checkpoint_is_gone_on_from(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def look() -> dict[str, float]:
        raise Killed

    stage = Stage(tmp_path, Settings(check_every=8))
    with pytest.raises(Killed):
        list(stage.loop.run(count(), stage.learn, look))
    assert checkpoint_progress(tmp_path)["seen"] == 24
    assert not (tmp_path / "log.csv").exists()
    again = Stage(tmp_path, Settings(check_every=8))
    assert again.loop.steps == 6
    assert [row["seen"] for row in again.run()] == [32, 40]


EARLIER = [
    {"best": 0.5, "seen": 24, "seconds": 7.5, "settings": {"pictures": 40}},
    {"seen": 24, "seconds": 7.5, "settings": {"pictures": 40}},
    {"made_of": "ab12", "seen": 24, "steps": 6, "seconds": 7.5, "best": 0.5, "settings": {"epochs": 3}},
]
"""What checkpoints said before there was one loop: of most stages, of the generators, of MIDS."""


@pytest.mark.parametrize("progress", EARLIER)
def test_a_checkpoint_of_an_earlier_version_is_gone_on_from(progress: dict[str, Any], tmp_path: Path) -> None:
    early = Stage(tmp_path, Settings())
    weights = {name: value.clone() for name, value in early.network.state_dict().items()}
    average = Average(early.network)
    average.steps = 6
    save_checkpoint(tmp_path, early.network, average, early.optimizer, progress)

    stage = Stage(tmp_path, Settings(seed=9))
    assert all(torch.equal(value, weights[name]) for name, value in stage.network.state_dict().items())
    assert (stage.loop.budget.seen, stage.loop.steps) == (24, 6)
    assert stage.loop.budget.seconds >= 7.5
    rows = list(stage.run(iter([{"auc": 0.4}, {"auc": 0.6}])))
    assert [row["seen"] for row in rows] == [36, 40]
    assert stage.kept == (1 if "best" in progress else 2), "0.4 is no better than what was kept before"
    after = checkpoint_progress(tmp_path)
    assert progress.keys() | {"best"} == after.keys()
    assert (after["best"], after["seen"]) == (0.6, 40)


@pytest.mark.parametrize(
    ("lowest", "values", "kept", "best"),
    [
        (False, (0.5, 0.7, 0.6, 0.7), 3, 0.7),
        (True, (2.0, 1.5, 1.6, 1.4), 3, 1.4),
    ],
)
def test_the_best_average_is_kept_and_of_equal_ones_the_last(
    lowest: bool, values: tuple[float, ...], kept: int, best: float, tmp_path: Path
) -> None:
    stage = Stage(tmp_path, Settings())
    list(stage.run(iter([{"auc": value} for value in values]), lowest=lowest))
    assert stage.kept == kept
    assert checkpoint_progress(tmp_path)["best"] == best


def test_two_figures_can_decide_together(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Settings())
    found = [{"one": 0.5, "two": 0.25}, {"one": 0.75, "two": 0.125}, {"one": 0.25, "two": 0.5}, {"one": 0.0, "two": 1}]
    list(stage.run(iter(found), ("one", "two")))
    assert stage.kept == 3
    assert checkpoint_progress(tmp_path)["best"] == 1.0


def test_a_finished_training_says_so_and_more_samples_go_on(tmp_path: Path) -> None:
    assert not Stage(tmp_path, Settings()).loop.finished
    list(Stage(tmp_path, Settings()).run())
    assert Stage(tmp_path, Settings()).loop.finished
    assert [row["seen"] for row in Stage(tmp_path, Settings(samples=48)).run()] == [48]


def test_a_training_out_of_time_ends_with_a_look_and_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count()
    monkeypatch.setattr("fakeface.training.progress.time.monotonic", lambda: float(next(clock)))
    settings = Settings(samples=10**6, minutes=0.5, check_every=10**6, save_every=10**6)
    [row] = Stage(tmp_path, settings).run()
    assert 0 < row["seen"] < 200
    assert checkpoint_progress(tmp_path)["seen"] == row["seen"]


def test_a_training_that_is_not_to_go_on_starts_anew(tmp_path: Path) -> None:
    list(Stage(tmp_path, Settings()).run())
    stage = Stage(tmp_path, Settings())
    loop = Loop(tmp_path, stage.network, stage.optimizer, Settings(), 40, 3, resume=False)
    assert (loop.budget.seen, loop.steps, loop.finished) == (0, 0, False)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    list(Stage(tmp_path, Settings()).run())
    with pytest.raises(WeightsError, match="another network"):
        Stage(tmp_path, Settings(), width=2)


def test_a_step_follows_a_gradient_of_limited_length(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Settings())
    layer = stage.network[0]
    stage.loop.descend(1000 * layer(torch.ones(1, 3)).sum(), 1.0)
    length = torch.cat([one.grad.flatten() for one in layer.parameters()]).norm()
    assert float(length) == pytest.approx(1.0, abs=1e-3)
    stage.loop.descend(1000 * layer(torch.ones(1, 3)).sum())
    assert float(layer.bias.grad) == 1000.0
