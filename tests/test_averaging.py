"""What a finished training leaves: the best of its best average, its last one and the mean of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from fakeface.training import encoder as encoder_stage
from fakeface.training.averaging import choose_weights
from fakeface.training.checkpoints import checkpoint_progress, read_record, save_weights
from fakeface.training.encoder import EncoderTraining, train_encoder

from .conftest import FaceSet
from .tiny import make_encoder

BEST, LAST = 1.0, 3.0


def state(value: float) -> dict[str, Tensor]:
    return {"layer.weight": torch.full((2, 2), value), "norm.num_batches_tracked": torch.tensor(7)}


def nearness(to: float) -> Callable[[Mapping[str, Tensor]], dict[str, float]]:
    """A figure that is the higher, the nearer the weights are to a value."""

    def measure(weights: Mapping[str, Tensor]) -> dict[str, float]:
        return {"mean": -abs(float(weights["layer.weight"][0, 0]) - to), "other": 0.5}

    return measure


@pytest.mark.parametrize(("wanted", "kept", "value"), [(0.9, "best", 1.0), (2.2, "averaged", 2.0), (9.0, "last", 3.0)])
def test_the_weights_with_the_highest_figure_are_left(tmp_path: Path, wanted: float, kept: str, value: float) -> None:
    path = tmp_path / "encoder.safetensors"
    save_weights(path, state(BEST))
    [row] = choose_weights(path, state(LAST), 500, "mean", nearness(wanted))
    left = load_file(path)
    assert left["layer.weight"].unique().tolist() == [value]
    assert left["layer.weight"].dtype == torch.float16
    assert row["kept"] == kept
    assert [row[f"mean_{one}"] for one in ("best", "averaged", "last")] == pytest.approx(
        [-abs(one - wanted) for one in (1.0, 2.0, 3.0)]
    )
    assert row["mean"] == row[f"mean_{kept}"]
    assert row["other"] == 0.5
    assert read_record(path) == {"seen": 500, "kept": kept, "best": row["mean"]}


def test_a_choice_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    save_weights(path, state(BEST))
    assert len(list(choose_weights(path, state(LAST), 500, "mean", nearness(2.0)))) == 1
    before = path.read_bytes()
    assert list(choose_weights(path, state(LAST), 500, "mean", nearness(9.0))) == []
    assert path.read_bytes() == before


def test_there_is_nothing_to_choose_where_the_last_average_is_the_best_one(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    save_weights(path, state(LAST))
    assert list(choose_weights(path, state(LAST), 500, "mean", nearness(1.0))) == []
    assert read_record(path) is None


def test_a_training_ends_with_the_choice_and_can_go_on_from_it(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures are the tiny network's own, except that the mean of both averages is made to be the best."""
    monkeypatch.setattr(encoder_stage, "ForensicEncoder", make_encoder)
    figures = iter([0.7, 0.6, 0.7, 0.6, 0.8, 0.75, 0.75])  # two looks; best, last, averaged; two looks more
    monkeypatch.setattr(encoder_stage, "_check", lambda network, checks: {"mean": next(figures, 0.0)})

    def train(pictures: int) -> list[dict[str, float]]:
        settings = EncoderTraining(pictures, pairs_per_batch=2, workers=0, threads=1, calib_pairs=1, check_every=2)
        return list(train_encoder(face_set.rows, face_set.root, tmp_path, settings))

    first, second, choice = train(16)
    assert [first["mean"], second["mean"], choice["mean"]] == [0.7, 0.6, 0.8]
    assert choice["kept"] == "averaged"
    averaged = load_file(tmp_path / "encoder.safetensors")
    assert train(16) == []

    more = train(32)
    assert [row["mean"] for row in more[:2]] == [0.75, 0.75], "looks that are worse than what was chosen"
    assert checkpoint_progress(tmp_path)["best"] == 0.8
    assert more[-1]["kept"] == "best"
    left = load_file(tmp_path / "encoder.safetensors")
    assert all(left[name].equal(value) for name, value in averaged.items())
    assert read_record(tmp_path / "encoder.safetensors") == {"seen": 32, "kept": "best", "best": 0.0}
