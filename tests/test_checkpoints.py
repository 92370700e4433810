"""Checkpoints and budgets: what was interrupted goes on where it stopped."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from fakeface.errors import WeightsError
from fakeface.training.checkpoints import (
    Average,
    checkpoint_progress,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from fakeface.training.progress import Budget, Log, Schedule


def make(seed: int, width: int = 4) -> tuple[nn.Module, Average, torch.optim.Optimizer]:
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    return network, Average(network, 0.9), torch.optim.AdamW(network.parameters(), 0.01)


def train(network: nn.Module, average: Average, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        torch.manual_seed(step)
        loss = network(torch.randn(8, 3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average.update(network)


def test_an_interrupted_training_ends_with_the_same_weights(tmp_path: Path) -> None:
    network, average, optimizer = make(1)
    train(network, average, optimizer, range(5))
    save_checkpoint(tmp_path, network, average, optimizer, {"seen": 5, "best": 0.25})
    train(network, average, optimizer, range(5, 9))

    resumed, its_average, its_optimizer = make(2)
    assert load_checkpoint(tmp_path, resumed, its_average, its_optimizer) == {"seen": 5, "best": 0.25}
    train(resumed, its_average, its_optimizer, range(5, 9))
    for name, value in network.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)
        torch.testing.assert_close(its_average.state[name], average.state[name])
    assert its_average.steps == average.steps == 9


def test_a_checkpoint_holds_no_pickle(tmp_path: Path) -> None:
    network, average, optimizer = make(1)
    train(network, average, optimizer, range(2))
    save_checkpoint(tmp_path, network, average, optimizer, {"seen": 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.json", "checkpoint.safetensors"]
    assert json.loads((tmp_path / "checkpoint.json").read_text())["progress"] == {"seen": 2}
    assert any(name.startswith("optimizer.0.exp_avg") for name in load_file(tmp_path / "checkpoint.safetensors"))


def test_without_a_checkpoint_training_starts_anew(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path, *make(1)) == {}


def test_an_interrupted_write_leaves_the_old_checkpoint(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *make(1), {"seen": 1})
    (tmp_path / "checkpoint.safetensors.part").write_bytes(b"half a fi")
    (tmp_path / "checkpoint.json.part").write_text('{"progr')
    assert load_checkpoint(tmp_path, *make(2)) == {"seen": 1}


def test_a_kill_between_the_two_files_leaves_tensors_and_progress_of_one_moment(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *make(1), {"seen": 1})
    older = (tmp_path / "checkpoint.json").read_bytes()
    save_checkpoint(tmp_path, *make(1), {"seen": 2})
    (tmp_path / "checkpoint.json").write_bytes(older)
    assert load_checkpoint(tmp_path, *make(2)) == checkpoint_progress(tmp_path) == {"seen": 2}


def test_tensors_without_progress_are_no_checkpoint(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *make(1), {"seen": 3})
    save_file(load_file(tmp_path / "checkpoint.safetensors"), tmp_path / "checkpoint.safetensors")
    for read in (lambda: load_checkpoint(tmp_path, *make(2)), lambda: checkpoint_progress(tmp_path)):
        with pytest.raises(WeightsError, match="is no checkpoint: move it away"):
            read()


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, *make(1, width=4), {"seen": 1})
    with pytest.raises(WeightsError, match="another network"):
        load_checkpoint(tmp_path, *make(1, width=5))


def test_the_average_follows_the_network_and_copies_its_counters() -> None:
    network, average, optimizer = make(1)
    before = {name: value.clone() for name, value in average.state.items()}
    train(network, average, optimizer, range(1))
    share = min(0.9, 2 / 11)
    expected = share * before["0.weight"] + (1 - share) * network.state_dict()["0.weight"]
    torch.testing.assert_close(average.state["0.weight"], expected)
    assert int(average.state["1.num_batches_tracked"]) == 1
    assert not average.state["0.weight"].requires_grad


def test_released_weights_are_in_half_precision_without_training_counters(tmp_path: Path) -> None:
    network, _, _ = make(1)
    save_weights(tmp_path / "deep" / "weights.safetensors", network.state_dict())
    state = load_file(tmp_path / "deep" / "weights.safetensors")
    assert {value.dtype for value in state.values()} == {torch.float16}
    assert not any("num_batches" in name for name in state)


def test_the_rate_rises_and_falls_to_a_hundredth() -> None:
    schedule = Schedule(1.0, warm_up=0.1)
    assert schedule.rate(0.0) == pytest.approx(0.01)
    assert schedule.rate(0.05) == pytest.approx(0.5)
    assert schedule.rate(0.1) == pytest.approx(1.0)
    assert schedule.rate(0.55) == pytest.approx(0.01 + 0.99 * 0.5)
    assert schedule.rate(1.0) == pytest.approx(0.01)
    falling = [schedule.rate(0.1 + 0.09 * step) for step in range(11)]
    assert falling == sorted(falling, reverse=True)


def test_a_budget_counts_samples_and_minutes_across_interruptions(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    budget = Budget(samples=1000, minutes=10)
    budget.spend(100, 0.0)
    assert budget.share == pytest.approx(0.1)
    now[0] += 300
    budget.spend(0, budget.clock)
    assert budget.share == pytest.approx(0.5), "half of the time is more than a tenth of the samples"
    resumed = Budget(samples=1000, minutes=10)
    resumed.resume(100, budget.seconds)
    now[0] += 150
    resumed.spend(0, resumed.clock)
    assert resumed.seconds == pytest.approx(450)
    assert resumed.share == pytest.approx(0.75)
    resumed.spend(4900, resumed.clock)
    assert resumed.share == 1
    assert math.isclose(Budget(samples=10).share, 0.0)


def test_a_log_is_continued_under_its_header(tmp_path: Path) -> None:
    for seen in (1, 2):
        Log(tmp_path / "run" / "log.csv").write({"seen": seen, "loss": 1 / 3})
    with (tmp_path / "run" / "log.csv").open(newline="") as handle:
        assert list(csv.DictReader(handle)) == [
            {"seen": "1", "loss": "0.33333"},
            {"seen": "2", "loss": "0.33333"},
        ]
