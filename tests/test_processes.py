"""Trainings in several processes: real ones, started by ``torchrun``, that learn together as one would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from fakeface.training.checkpoints import checkpoint_progress
from fakeface.training.curves import read_log
from fakeface.training.processes import Processes

from .conftest import FaceSet

TREE = Path(__file__).parents[1]
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

LEARN = """
import sys
from dataclasses import dataclass
from pathlib import Path
import torch
from torch import nn
from fakeface.errors import SettingsError
from fakeface.training.feeding import fed
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.processes import Processes, alone

@dataclass(frozen=True)
class Settings:
    learning_rate: float = 0.05
    threads: int = 1
    seed: int = 3
    save_every: int = 2

class Numbers(torch.utils.data.Dataset):
    def __getitem__(self, number):
        return number

out, minutes = Path(sys.argv[1]), float(sys.argv[2])
begin(Settings())
each, me = 8 // Processes().count, Processes().number
network = nn.Linear(5, 1)
torch.manual_seed(me)
loop = Loop(out, network, torch.optim.AdamW(network.parameters()), Settings(), 80, 4, minutes)

def learn(numbers):
    rows = torch.stack([torch.randn(5, generator=torch.Generator().manual_seed(one)) for one in numbers])
    loop.descend((network(rows)[:, 0] - rows.sum(dim=1)).square().mean(), 1.0)
    return Learned(len(numbers), {"numbers": len(numbers)})

looks = []
batches = fed(Numbers(), each, 0, list, range(loop.budget.seen, 10**6))
best = Best(("auc",), lambda: (out / "kept").write_text(str(me)))
rows = list(loop.run(batches, learn, lambda: looks.append(1) or {"auc": 0.5}, best))
try:
    alone("mining")
    refused = ""
except SettingsError as error:
    refused = str(error)
(out / f"said-{me}").write_text(f"{len(rows)} {len(looks)} {loop.budget.seen} {refused}")
"""


ENCODER = """
import sys
from dataclasses import replace
from pathlib import Path
from safetensors.torch import save_file
from fakeface.errors import SettingsError
from fakeface.training import encoder as stage
from fakeface.training.manifest import read_faces
from fakeface.training.processes import Processes
from tests.tiny import make_encoder

built = []

def build():
    built.append(make_encoder())
    return built[-1]

settings = stage.EncoderTraining(16, pairs_per_batch=2, workers=0, threads=1, calib_pairs=2, check_every=1)
rows, root, out = read_faces(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
list(stage.train_encoder(rows, root, out, settings, build=build))
state = {name: value.contiguous() for name, value in built[0].state_dict().items()}
save_file(state, out / f"network-{Processes().number}.safetensors")
try:
    list(stage.train_encoder(rows, root, out, replace(settings, hard=0.2), build=build))
except SettingsError as error:
    (out / "refused").write_text(str(error))
"""


def run(words: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TREE), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def learned(folder: Path, launch: list[str], minutes: float = 0.0) -> dict[str, torch.Tensor]:
    folder.mkdir(exist_ok=True)
    script = folder / "learn.py"
    script.write_text(LEARN)
    run([*launch, str(script), str(folder), str(minutes)])
    return load_file(folder / "checkpoint.safetensors")


def test_two_processes_learn_what_one_learns_from_the_same_samples(tmp_path: Path) -> None:
    one = learned(tmp_path / "one", [sys.executable])
    two = learned(tmp_path / "two", LAUNCH)
    assert one.keys() == two.keys()
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=1e-5, atol=1e-6)
    assert (tmp_path / "one" / "said-0").read_text() == "3 3 80 "
    refusal = "mining runs in one process: start it by itself"
    assert (tmp_path / "two" / "said-0").read_text() == f"3 3 80 {refusal}"
    assert (tmp_path / "two" / "said-1").read_text() == f"0 0 80 {refusal}", "only the first looks, logs and saves"
    assert (tmp_path / "two" / "kept").read_text() == "0"
    rows = read_log(tmp_path / "two" / "log.csv")
    assert [(row["seen"], row["numbers"]) for row in rows] == [(32, 4), (64, 4), (80, 4)]


def test_processes_agree_on_when_their_minutes_are_over(tmp_path: Path) -> None:
    learned(tmp_path, LAUNCH, minutes=1e-6)
    said = [(tmp_path / f"said-{number}").read_text().split()[2] for number in (0, 1)]
    assert said == ["8", "8"], "one batch each"


def test_the_encoder_is_trained_by_two_processes(face_set: FaceSet, tmp_path: Path) -> None:
    script = tmp_path / "encoder.py"
    script.write_text(ENCODER)
    run([*LAUNCH, str(script), str(face_set.prepared / "faces.jsonl"), str(face_set.root), str(tmp_path / "run")])
    assert checkpoint_progress(tmp_path / "run")["seen"] == 16, "two batches of two pairs in each"
    assert [row["seen"] for row in read_log(tmp_path / "run" / "log.csv")] == [8, 16]
    assert (tmp_path / "run" / "encoder.safetensors").is_file()
    first, second = (load_file(tmp_path / "run" / f"network-{number}.safetensors") for number in (0, 1))
    learned = [name for name in first if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))]
    assert all(first[name].equal(second[name]) for name in learned), "all networks move alike"
    assert not first["stem.1.running_mean"].equal(second["stem.1.running_mean"]), "on pairs of their own"
    refused = (tmp_path / "run" / "refused").read_text()
    assert refused == "seeing hard pairs again runs in one process: start it by itself"


def test_one_process_takes_every_number_and_leaves_gradients_alone() -> None:
    here = Processes()
    assert (here.count, here.number, here.first, here.device) == (1, 0, True, torch.device("cpu"))
    assert list(here.own(range(5))) == [0, 1, 2, 3, 4]
    assert here.together(4, 1.5) == (4, 1.5)
    network = nn.Linear(2, 1)
    here.average_gradients(network)
    assert network.weight.grad is None
    assert here.own(range(3)) == range(3)
