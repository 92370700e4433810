"""``fakeface bench``: the files it writes and the requests it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fakeface.backends import Engine

from ..conftest import FaceSet
from .conftest import invoke


@pytest.fixture
def bench(face_set: FaceSet, tiny_engine: Engine, use_engine: Callable[[Engine], None]) -> Callable[..., object]:
    """``fakeface bench`` over the tiny data set with the tiny profile."""
    use_engine(tiny_engine)
    return lambda *words: invoke(
        "bench", face_set.prepared / "faces.jsonl", "--root", face_set.root, "--out", "figures", *words
    )


def test_forgeries_by_operator_are_measured_with_interval_and_number(bench: Callable[..., object]) -> None:
    result = bench("--operator", "edit", "--operator", "swap", "--faces", "3")
    assert result.exit_code == 0, result.stderr  # type: ignore[attr-defined]
    metrics = json.loads(Path("figures/metrics.json").read_text(), parse_constant=pytest.fail)
    for name in ("edit", "swap"):
        for metric in ("auc", "ap", "eer", "acc", "balanced_acc"):
            figure = metrics[f"independent.{name}.{metric}"]
            assert figure.keys() == {"value", "low", "high", "n"}
            assert figure["n"] == 6
            assert 0 <= figure["value"] <= 1
        assert metrics[f"mask.{name}.iou"]["n"] == 3
    scores = [json.loads(line) for line in Path("figures/scores.jsonl").read_text().splitlines()]
    assert [score["name"] for score in scores] == ["edit"] * 6 + ["swap"] * 6
    assert [score["label"] for score in scores] == [0, 1] * 6
    table = Path("figures/table.md").read_text()
    assert result.stdout.strip() == table.strip()  # type: ignore[attr-defined]
    assert "edit: 3 of 3 pairs scored" in result.stderr  # type: ignore[attr-defined]


def test_given_pairs_are_measured_as_they_are_and_reencoded(bench: Callable[..., object]) -> None:
    lines = ["set,real,fake", *(f"swaps.v1,dev/studio/{n}.png,train/swaps/{n}.png" for n in range(2)), "swaps.v1,x,y"]
    Path("pairs.csv").write_text("\n".join(lines) + "\n")
    result = bench("--pairs", "pairs.csv", "--triage", "--threads", "1")
    assert result.exit_code == 0, result.stderr  # type: ignore[attr-defined]
    metrics = json.loads(Path("figures/metrics.json").read_text())
    assert metrics["independent.swaps.v1.auc"]["n"] == metrics["independent.swaps.v1_reencoded.auc"]["n"] == 4
    assert not any(key.startswith("fakeness") for key in metrics)
    assert "2 of 3 pairs scored" in result.stderr  # type: ignore[attr-defined]
    assert "| swaps.v1_reencoded | 4 |" in Path("figures/table.md").read_text()


def test_nothing_to_measure_is_a_usage_error(bench: Callable[..., object], face_set: FaceSet) -> None:
    assert bench().exit_code == 2  # type: ignore[attr-defined]
    assert bench("--operator", "wish").exit_code == 2  # type: ignore[attr-defined]
    result = bench("--operator", "edit", "--split", "test")
    assert (result.exit_code, "no real face" in result.stderr) == (2, True)  # type: ignore[attr-defined]
    assert bench("--pairs", "none.csv").exit_code == 2  # type: ignore[attr-defined]
    result = invoke("bench", "none.jsonl", "--root", face_set.root, "--out", "x", "--operator", "edit")
    assert (result.exit_code, "train prepare" in result.stderr) == (2, True)
