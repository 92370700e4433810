"""Profiles: every file by its hash, and a clear word where one is absent, changed or unusable."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fakeface.backends import build_engine, check_parts
from fakeface.errors import BackendError, WeightsError, WeightsMismatch
from fakeface.profiles import load_profile, profile_names
from fakeface.settings import Settings


@pytest.fixture
def folder(tiny_weights: Path, tmp_path: Path) -> Path:
    """A weights folder that a test may damage."""
    return Path(shutil.copytree(tiny_weights, tmp_path / "weights"))


def change(folder: Path, before: str, after: str) -> None:
    path = folder / "compact.toml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_a_profile_names_its_parts_with_hash_size_and_licence(folder: Path) -> None:
    profile = load_profile("compact", folder)
    assert profile_names(folder) == ["compact"]
    assert set(profile.parts) == {"config", "tokenizer", "encoder", "language", "masks", "mids"}
    for part in profile.parts.values():
        assert part.verified().stat().st_size == part.size_bytes
        assert len(part.sha256) == 64
        assert part.licence == "Apache-2.0"
    assert profile.thresholds.mask == 0.4
    with pytest.raises(WeightsError, match="no part 'vocoder'"):
        profile.part("vocoder")


def test_an_unknown_profile_is_told_with_the_known_ones(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there are: compact"):
        load_profile("huge", folder)
    with pytest.raises(WeightsError, match="there are: none"):
        load_profile("compact", tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[thresholds]", "[limits]"),
        ("fakeness = 0.5", "fakeness = 2.0"),
        ("fakeness = 0.5", 'fakeness = "high"'),
        ("sha256 = ", "md5 = "),
        ("[thresholds]", "[thresholds"),
        ("mask = 0.4", "mask = 0.4\nbeard = 0.5"),
    ],
)
def test_a_damaged_record_is_unusable_weights(folder: Path, before: str, after: str) -> None:
    change(folder, before, after)
    with pytest.raises(WeightsError, match="incomplete"):
        load_profile("compact", folder)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"parts = 3\nversion = 1\ntrained = 1\ndata = 1\nthresholds = 1"])
def test_a_record_that_is_no_profile_is_unusable_weights(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "compact.toml").write_bytes(content)
    with pytest.raises(WeightsError, match="incomplete"):
        load_profile("compact", tmp_path)


def test_a_changed_file_is_told_before_an_absent_one_and_nothing_is_loaded(folder: Path) -> None:
    weights = folder / "compact-mids.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    (folder / "compact-encoder.safetensors").unlink()
    checked = check_parts(load_profile("compact", folder).parts.values())
    problems = {part.name: problem for part, problem in checked if problem}
    assert {name: type(problem) for name, problem in problems.items()} == {
        "mids": WeightsMismatch,
        "encoder": WeightsError,
    }
    with pytest.raises(WeightsMismatch, match=r"compact-mids\.safetensors"):
        build_engine(Settings(), folder)


def test_an_absent_file_is_missing_weights(folder: Path) -> None:
    (folder / "compact-language.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"weights missing: compact-language\.safetensors"):
        build_engine(Settings(), folder)


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    """The encoder's file in the place of MIDS's, with the right hash."""
    profile = load_profile("compact", folder)
    encoder, mids = profile.part("encoder"), profile.part("mids")
    change(folder, mids.sha256, encoder.sha256)
    change(folder, 'file = "compact-mids.safetensors"', 'file = "compact-encoder.safetensors"')
    with pytest.raises(WeightsError, match="does not fit its network"):
        build_engine(Settings(threads=1), folder)


def test_a_missing_device_is_told_and_never_replaced(tiny_weights: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this computer has the device")
    with pytest.raises(BackendError, match="no CUDA device"):
        build_engine(Settings(device="cuda"), tiny_weights)
