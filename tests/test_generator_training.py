"""Training the studio's own generators: end to end, small, resumed."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from pathlib import Path

import cv2
import pytest
import torch

from fakeface.errors import SettingsError, WeightsError, WeightsMismatch
from fakeface.profiles import Part
from fakeface.training.checkpoints import save_weights
from fakeface.training.forge.autoencoder import VARIANTS, Generators, load_generators
from fakeface.training.generator import GeneratorTraining, likeness, train_generator

from .conftest import FaceSet
from .tiny import make_mids

SIDE = 64


def small(pictures: int) -> GeneratorTraining:
    """So many crops, two at a time; the critic joins half way."""
    return GeneratorTraining(
        pictures=pictures, batch=2, side_pixels=SIDE, critic_from=0.5, threads=1, calib_pictures=3, check_every=16
    )


def part(path: Path, digest: str | None = None) -> Part:
    content = path.read_bytes()
    return Part("studio-generators", path, digest or sha256(content).hexdigest(), len(content), "Apache-2.0")


@pytest.fixture(scope="module")
def trained(face_set: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short training in two calls."""
    out = tmp_path_factory.mktemp("generator")
    torch.set_num_threads(1)
    for pictures in (96, 160):
        assert list(train_generator(face_set.rows, face_set.root, out, small(pictures)))
    return out


def logged(out: Path) -> list[dict[str, float]]:
    with (out / "log.csv").open(newline="") as handle:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(handle)]


def test_training_goes_on_where_it_stopped_and_comes_nearer_to_the_pictures(trained: Path) -> None:
    rows = logged(trained)
    assert [row["seen"] for row in rows] == [32, 64, 96, 128, 160]
    assert rows[-1]["seconds"] >= rows[2]["seconds"]
    first, last = (sum(row[f"l1_{variant}"] for variant in VARIANTS) for row in (rows[0], rows[-1]))
    assert last < 0.9 * first


def test_the_critic_has_no_say_at_first(trained: Path) -> None:
    assert [row["loss_critic"] > 0 for row in logged(trained)] == [False, True, True, True, True]
    assert logged(trained)[0]["loss_persuasion"] == 0


def test_a_finished_training_does_nothing_more(trained: Path, face_set: FaceSet) -> None:
    before = (trained / "checkpoint.safetensors").read_bytes()
    assert list(train_generator(face_set.rows, face_set.root, trained, small(160))) == []
    assert (trained / "checkpoint.safetensors").read_bytes() == before


def test_the_same_seed_gives_the_same_weights(face_set: FaceSet, tmp_path: Path) -> None:
    for name in ("one", "two"):
        list(train_generator(face_set.rows, face_set.root, tmp_path / name, small(16)))
    one, two = ((tmp_path / name / "generators.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_figures_and_a_preview_lie_beside_the_weights(trained: Path) -> None:
    record = json.loads((trained / "generators.json").read_text())
    assert record["crops_seen"] == 160
    assert record["parameters"] == sum(value.numel() for value in Generators().parameters())
    assert set(record["variants"]) == set(VARIANTS)
    last = logged(trained)[-1]
    for name, figures in record["variants"].items():
        assert figures["calib_psnr_db"] == pytest.approx(last[f"psnr_{name}"], abs=0.01)
        assert figures["stride_pixels"] == VARIANTS[name][1]
    preview = cv2.imread(str(trained / "preview.png"))
    assert preview is not None
    assert preview.shape == (SIDE * (1 + len(VARIANTS)), SIDE * 3, 3)


def test_the_weights_are_loaded_by_their_hash_and_into_their_networks_only(trained: Path, tmp_path: Path) -> None:
    path = trained / "generators.safetensors"
    network = load_generators(part(path))
    assert not network.training
    assert not any(value.requires_grad for value in network.parameters())
    with pytest.raises(WeightsMismatch, match=r"generators\.safetensors"):
        load_generators(part(path, "0" * 64))
    save_weights(tmp_path / "mids.safetensors", make_mids().state_dict())
    with pytest.raises(WeightsError, match="does not fit its network"):
        load_generators(part(tmp_path / "mids.safetensors"))


def test_training_needs_real_faces_to_fit_and_others_to_measure_on(face_set: FaceSet, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no real face of split calib"):
        next(train_generator(face_set.of("train"), face_set.root, tmp_path, small(4)))
    fakes = [row for row in face_set.rows if row.label == "fake"]
    with pytest.raises(SettingsError, match="no real face of split train"):
        next(train_generator(fakes, face_set.root, tmp_path, small(4)))


def test_likeness_is_zero_for_the_picture_itself_and_a_lasting_cast_costs_more_than_grain() -> None:
    torch.manual_seed(0)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8), size=(32, 32), mode="bilinear")
    grain = 0.05 * torch.randn(1, 3, 32, 32)
    cast = grain.abs().mean() * torch.tensor([1.0, 0.0, -1.0])[:, None, None] * 1.5
    assert float(likeness(picture, picture)) == 0
    assert float((picture + cast - picture).abs().mean()) == pytest.approx(float(grain.abs().mean()))
    assert float(likeness(picture + cast, picture)) > 4 * float(grain.abs().mean())
    assert float(likeness(torch.nn.functional.avg_pool2d(picture, 5, 1, 2), picture)) > 0
