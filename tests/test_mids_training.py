"""Training MIDS and mining its answers: killed and called again, they end as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from fakeface.answers import Claim, ForgeryClass, Hypothesis, format_answer, parse_answer
from fakeface.errors import BackendError, SettingsError
from fakeface.training import encoder as encoder_stage
from fakeface.training import mids as mids_stage
from fakeface.training.checkpoints import checkpoint_progress
from fakeface.training.curves import read_log
from fakeface.training.device import choose_device
from fakeface.training.encoder import EncoderTraining, train_encoder
from fakeface.training.mids import MidsTraining, mined_fakeness, read_of, train_mids
from fakeface.training.mine import MinedFace, mine, mining_factory, read_mined

from .conftest import FaceSet
from .tiny import make_encoder, make_language, make_mids

TREE = Path(__file__).parents[1]
NO_GPU = not torch.cuda.is_available()

KILLED = """
import os, signal, sys
from pathlib import Path
from fakeface.training import loop, mids as stage
from fakeface.training.manifest import read_faces
from tests.test_mids_training import train
from tests.tiny import make_mids
from tokenizers import Tokenizer
import torch
torch.set_num_threads(1)
stage.Mids = make_mids
save, times = loop.save_checkpoint, []
def save_and_die(*given):
    save(*given)
    times.append(1)
    if len(times) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
loop.save_checkpoint = save_and_die
faces, root, tokenizer, out = sys.argv[1:]
list(train(read_faces(Path(faces)), Path(root), Tokenizer.from_file(tokenizer), Path(out)))
"""


def answered(count: int) -> list[MinedFace]:
    """Faces with answers that are sometimes wrong, always readable."""
    said = {claim: format_answer("a face", "because", claim, 0.8, ForgeryClass.REAL) for claim in Claim}
    texts = [[said[Claim.FAKE if (7 * i + 3 * k) % 5 < 2 else Claim.REAL] for k in range(3)] for i in range(count)]
    return [
        MinedFace(pair=i // 2, side=i % 2, label=i % 2, operator="edit", texts=tuple(three))  # type: ignore[arg-type]
        for i, three in enumerate(texts)
    ]


def train(rows: Any, root: Path, tokenizer: Tokenizer, out: Path, **changes: Any) -> Any:
    """Three epochs of three batches over ten faces, with tiny networks; a checkpoint after every second batch."""
    values = {"epochs": 3, "threads": 1, "faces_per_batch": 4, "save_every": 2, "device": "cpu", **changes}
    networks = make_encoder(), make_language(tokenizer)
    return train_mids(rows, root, *networks, tokenizer, answered(10), answered(6), out, MidsTraining(**values))


@pytest.fixture
def tiny_mids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mids_stage, "Mids", make_mids)


@pytest.mark.usefixtures("tiny_mids")
def test_a_killed_training_of_mids_ends_with_the_same_weights(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    given = face_set.rows, face_set.root, tokenizer
    reports = list(train(*given, tmp_path / "whole"))
    assert [one["seen"] for one in reports] == [10, 20, 30]

    tokenizer.save(str(tmp_path / "tokenizer.json"))
    paths = face_set.prepared / "faces.jsonl", face_set.root, tmp_path / "tokenizer.json", tmp_path / "killed"
    words = [sys.executable, "-c", KILLED, *map(str, paths)]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(TREE)}, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    progress = checkpoint_progress(tmp_path / "killed")
    assert (progress["steps"], progress["seen"]) == (8, 28), "in the middle of the third epoch"

    assert [one["epoch"] for one in train(*given, tmp_path / "killed")] == [3]
    for name in ("mids.safetensors", "checkpoint.safetensors"):
        whole, resumed = (load_file(tmp_path / run / name) for run in ("whole", "killed"))
        assert whole.keys() == resumed.keys()
        assert all(torch.equal(value, resumed[key]) for key, value in whole.items())
    logs = [read_log(tmp_path / run / "log.csv") for run in ("whole", "killed")]
    assert [{**one, "seconds": 0} for one in logs[0]] == [{**one, "seconds": 0} for one in logs[1]]


@pytest.mark.usefixtures("tiny_mids")
def test_finished_mids_are_left_alone_and_more_epochs_go_on(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = face_set.rows, face_set.root, tokenizer, tmp_path
    list(train(*given, epochs=1))
    monkeypatch.setattr(mids_stage, "_features", None)
    assert list(train(*given, epochs=1)) == []
    monkeypatch.undo()
    monkeypatch.setattr(mids_stage, "Mids", make_mids)
    assert [one["epoch"] for one in train(*given, epochs=2)] == [2]


@pytest.mark.usefixtures("tiny_mids")
def test_other_answers_or_another_seed_start_anew(face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path) -> None:
    given = face_set.rows, face_set.root, tokenizer, tmp_path
    list(train(*given, epochs=1))
    assert [one["epoch"] for one in train(*given, epochs=1, seed=9)] == [1]
    assert len(read_log(tmp_path / "log.csv")) == 1


TEXT = format_answer("A <p>cheek</p>[NOSEG].", "The <p>mouth</p>[SEG] is soft.", Claim.FAKE, 0.8, ForgeryClass.EDITING)


@pytest.mark.parametrize(
    ("reads", "text"),
    [
        ("all", "A cheek.\nThe mouth is soft."),
        ("description", "A cheek."),
        ("reasoning", "The mouth is soft."),
        ("unmasked", "Analysis result: fake\nProbability: 0.8\nForgery type: editing\nA cheek.\nThe mouth is soft."),
    ],
)
def test_what_mids_reads_can_be_narrowed_or_unmasked(reads: Any, text: str) -> None:
    assert read_of(parse_answer(TEXT, Hypothesis.OPEN), reads) == text


def test_mids_read_nothing_else() -> None:
    with pytest.raises(SettingsError, match="unmasked"):
        MidsTraining(reads="probability")  # type: ignore[arg-type]


@pytest.mark.usefixtures("tiny_mids")
def test_mids_that_read_the_verdict_are_another_training_with_other_scores(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    given = face_set.rows, face_set.root, tokenizer
    for reads in ("all", "unmasked"):
        assert [one["epoch"] for one in train(*given, tmp_path / reads, epochs=1, reads=reads)] == [1]
    weights = {reads: load_file(tmp_path / reads / "mids.safetensors") for reads in ("all", "unmasked")}
    assert any(not torch.equal(value, weights["unmasked"][name]) for name, value in weights["all"].items())
    assert [one["epoch"] for one in train(*given, tmp_path / "all", epochs=1, reads="unmasked")] == [1], "anew"

    network = make_mids()
    network.load_state_dict(weights["unmasked"])
    factory = mining_factory(face_set.rows, face_set.root, "calib")
    networks = make_encoder(), make_language(tokenizer), tokenizer
    scores = {reads: mined_fakeness(network, *networks, factory, answered(6), reads) for reads in ("all", "unmasked")}
    assert all(((one >= 0) & (one <= 1)).all() and one.shape == (6,) for one in scores.values())
    assert abs(scores["all"] - scores["unmasked"]).max() > 1e-4
    log = read_log(tmp_path / "unmasked" / "log.csv")
    labels = np.array([face.label for face in answered(6)])
    assert float(log[-1]["calib_acc"]) == pytest.approx(float(((scores["unmasked"] >= 0.5) == labels).mean()))


def test_mining_that_was_killed_while_writing_asks_again_and_gets_the_same(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    factory = mining_factory(face_set.rows, face_set.root, "calib")
    given = factory, make_encoder(), make_language(tokenizer), tokenizer
    list(mine(*given, tmp_path / "whole.jsonl", 3, 2))
    whole = (tmp_path / "whole.jsonl").read_bytes()
    log, faces = read_log(tmp_path / "whole" / "log.csv"), read_mined(tmp_path / "whole.jsonl")
    assert [row["seen"] for row in log] == [4, 6]
    assert log[0]["hard_share"] == sum(face.hard for face in faces[:4]) / 4
    assert (tmp_path / "whole" / "curves.png").exists()
    lines = whole.splitlines(keepends=True)
    for number, left in enumerate((lines[0], b"".join(lines[:3]), b"".join(lines[:4]) + lines[4][:20])):
        path = tmp_path / f"{number}.jsonl"
        path.write_bytes(left)
        assert len(read_mined(path)) % 2 == 0
        list(mine(*given, path, 3, 2))
        assert path.read_bytes() == whole


def test_a_graphics_processor_that_is_not_there_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    with pytest.raises(BackendError, match="--device cpu"):
        choose_device("cuda")


@pytest.mark.cuda
@pytest.mark.skipif(NO_GPU, reason="needs an NVIDIA GPU, and torch sees none")
def test_encoder_and_mids_train_on_a_graphics_processor_and_resume_there(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_stage, "ForensicEncoder", make_encoder)
    monkeypatch.setattr(mids_stage, "Mids", make_mids)
    for pictures in (8, 16):
        settings = EncoderTraining(
            pictures=pictures, pairs_per_batch=2, workers=0, threads=1, calib_pairs=2, device="cuda"
        )
        [report] = train_encoder(face_set.rows, face_set.root, tmp_path / "encoder", settings)
        assert report["seen"] == pictures
    assert {value.device.type for value in load_file(tmp_path / "encoder" / "encoder.safetensors").values()} == {"cpu"}
    for epochs in (1, 2):
        given = face_set.rows, face_set.root, tokenizer, tmp_path / "mids"
        assert [one["epoch"] for one in train(*given, epochs=epochs, device="cuda")] == [epochs]
