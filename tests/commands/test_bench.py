"""``fakeface bench``: the files it writes, how it goes on, and the requests it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from fakeface.backends import Engine

from ..conftest import FaceSet
from .conftest import invoke

Bench = Callable[..., Result]


@pytest.fixture
def bench(face_set: FaceSet, tiny_engine: Engine, use_engine: Callable[[Engine], None]) -> Bench:
    """``fakeface bench`` over the tiny data set with the tiny profile."""
    use_engine(tiny_engine)
    return lambda *words: invoke(
        "bench", face_set.prepared / "faces.jsonl", "--root", face_set.root, "--out", "figures", *words
    )


def read(name: str) -> dict[str, dict[str, float]]:
    return json.loads(Path("figures", name).read_text(), parse_constant=pytest.fail)


def scores() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path("figures/scores.jsonl").read_text().splitlines()]


def test_forgeries_by_operator_are_measured_with_interval_and_number(bench: Bench) -> None:
    result = bench("--operator", "edit", "--operator", "swap", "--faces", "3")
    assert result.exit_code == 0, result.stderr
    metrics = read("metrics.json")
    for name in ("edit", "swap"):
        for metric in ("auc", "ap", "eer", "acc", "balanced_acc", "fpr_at_tpr95", "ece"):
            figure = metrics[f"independent.{name}.{metric}"]
            assert figure.keys() == {"value", "low", "high", "n"}
            assert figure["n"] == 6
            assert 0 <= figure["value"] <= 1
        assert metrics[f"mask.{name}.iou"]["n"] == 3
        assert metrics[f"lr.{name}.cllr"] is None
    assert metrics["independent.all.sacc"]["sets"] == ["edit", "swap"]
    assert metrics["independent.trained.auc"]["n"] == 2
    assert [score["name"] for score in scores()] == ["edit"] * 6 + ["swap"] * 6
    assert [score["label"] for score in scores()] == [0, 1] * 6
    assert sum(sum(row.values()) for row in read("confusion.json")["class"]["edit"].values()) == 6  # type: ignore[attr-defined]
    table = Path("figures/table.md").read_text()
    assert result.stdout.strip() == table.strip()
    assert "edit: 3 of 3 pairs scored" in result.stderr
    assert "| edit | 6 | - |" in table.partition("Every set accounted for")[2]


def test_plots_are_drawn_unless_they_are_not_wanted(bench: Bench) -> None:
    pytest.importorskip("matplotlib")
    assert bench("--operator", "edit", "--faces", "2", "--triage", "--no-plots").exit_code == 0
    assert not Path("figures/plots").exists()
    assert bench("--operator", "edit", "--faces", "2", "--triage").exit_code == 0
    assert {path.name for path in Path("figures/plots").iterdir()} == {
        "roc-independent.png", "det-independent.png", "calibration-independent.png",
    }  # fmt: skip


def test_given_pairs_are_measured_as_they_are_and_reencoded(bench: Bench) -> None:
    lines = ["set,real,fake", *(f"swaps.v1,dev/studio/{n}.png,train/swaps/{n}.png" for n in range(2)), "swaps.v1,x,y"]
    Path("pairs.csv").write_text("\n".join(lines) + "\n")
    result = bench("--pairs", "pairs.csv", "--triage", "--threads", "1", "--slice", "jpeg50")
    assert result.exit_code == 0, result.stderr
    metrics = read("metrics.json")
    for name in ("swaps.v1", "swaps.v1_reencoded", "swaps.v1_jpeg50"):
        assert metrics[f"independent.{name}.auc"]["n"] == 4
    assert not any(key.startswith("fakeness") for key in metrics)
    assert metrics["bytes.swaps.v1.auc"] == metrics["bytes.swaps.v1_reencoded.auc"]
    assert "swaps.v1_reencoded: 2 of 3 pairs scored, 1 cannot be read" in result.stderr
    assert "| swaps.v1_reencoded | 4 |" in Path("figures/table.md").read_text()


def test_without_operators_and_pairs_the_manifests_own_files_are_measured(bench: Bench) -> None:
    result = bench("--split", "train", "--faces", "2", "--triage")
    assert result.exit_code == 0, result.stderr
    assert [(score["name"], score["label"]) for score in scores()[:4]] == [("files", 0)] * 2 + [("files", 1)] * 2
    assert read("metrics.json")["independent.files.auc"]["n"] == 4
    assert "files_reencoded: 4 of 4 files scored" in result.stderr


def test_an_interrupted_bench_goes_on_and_does_not_score_again(bench: Bench) -> None:
    words = ("--operator", "edit", "--operator", "swap", "--faces", "2", "--triage")
    assert bench(*words).exit_code == 0
    first, figures = scores(), read("metrics.json")
    sets = Path("figures/sets.jsonl").read_text().splitlines(keepends=True)
    Path("figures/sets.jsonl").write_text(sets[0])  # as if it had been stopped during the second set
    result = bench(*words)
    assert result.exit_code == 0, result.stderr
    assert "edit: 2 of 2 pairs scored (earlier)" in result.stderr
    assert "swap: 2 of 2 pairs scored\n" in result.stderr
    assert scores() == first
    assert read("metrics.json") == figures


def test_sets_can_be_added_and_other_settings_are_refused(bench: Bench) -> None:
    assert bench("--operator", "edit", "--faces", "2", "--triage").exit_code == 0
    assert bench("--operator", "swap", "--faces", "2", "--triage").exit_code == 0
    assert {"independent.edit.auc", "independent.swap.auc"} <= read("metrics.json").keys()
    refused = bench("--operator", "edit", "--faces", "3", "--seed", "1", "--triage")
    assert refused.exit_code == 2
    assert "other settings (faces, seed)" in refused.stderr


def test_a_seed_draws_other_faces(bench: Bench, face_set: FaceSet) -> None:
    assert bench("--operator", "edit", "--faces", "3", "--triage").exit_code == 0
    first = [score["independent"] for score in scores()]
    again = invoke(
        "bench", face_set.prepared / "faces.jsonl", "--root", face_set.root, "--out", "other", "--operator", "edit",
        "--faces", "3", "--triage", "--seed", "7",
    )  # fmt: skip
    assert again.exit_code == 0
    other = [json.loads(line)["independent"] for line in Path("other/scores.jsonl").read_text().splitlines()]
    assert other != first


def test_what_does_not_exist_is_a_usage_error(bench: Bench, face_set: FaceSet) -> None:
    assert bench("--operator", "wish").exit_code == 2
    assert bench("--operator", "edit", "--slice", "fog").exit_code == 2
    result = bench("--operator", "edit", "--split", "test")
    assert (result.exit_code, "no real face" in result.stderr) == (2, True)
    result = bench("--split", "test")
    assert (result.exit_code, "nothing to measure" in result.stderr) == (2, True)
    assert bench("--pairs", "none.csv").exit_code == 2
    result = invoke("bench", "none.jsonl", "--root", face_set.root, "--out", "x", "--operator", "edit")
    assert (result.exit_code, "train prepare" in result.stderr) == (2, True)
