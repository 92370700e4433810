"""Whether forging keeps up with the network: windows per second of both, measured one after the other in one run.

    python benchmarks/feeding.py FACES.jsonl --root DATA --workers 1 --threads 3

Forging is timed through the loader of the training, from the second batch on, so that the start of the processes does
not count; the network is timed on one batch that it sees again and again, forward, backward and step, in parts of
windows and in whole ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from commandline import faces_parser
from torch import Tensor

from fakeface.networks.encoder import ForensicEncoder
from fakeface.training.crops import cropped
from fakeface.training.encoder import losses, pair_batches
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import load_recipe
from fakeface.training.manifest import FaceRow, read_faces

SEED = 77
PAIRS = 32
PART = 160
WARM = 3
"""Steps before the clock starts, in which the network is compiled."""

CPU = torch.device("cpu")


def forged(
    rows: Sequence[FaceRow], root: Path, recipe: str, workers: int, batches: int
) -> tuple[float, dict[str, Tensor]]:
    """Windows per second that the loader gives, and the last batch."""
    factory = PairFactory(rows, root, SEED, load_recipe(recipe))
    source: Iterator[dict[str, Tensor]] = pair_batches(factory, range(PAIRS * (batches + 2)), PAIRS, workers, CPU)
    batch = next(source)
    started = time.perf_counter()
    for _ in range(batches):
        batch = next(source)
    return 2 * PAIRS * batches / (time.perf_counter() - started), batch


def learned(batch: dict[str, Tensor], steps: int, *, compiled: bool) -> float:
    """Windows per second of the network's training on a batch."""
    torch.manual_seed(SEED)
    network = ForensicEncoder().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-4)
    seeing = torch.compile(network, dynamic=False) if compiled else network
    started = 0.0
    for step in range(WARM + steps):
        if step == WARM:
            started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16):
            output = seeing(batch["pixels"])
        optimizer.zero_grad()
        torch.stack(list(losses(output, batch).values())).sum().backward()
        optimizer.step()
    return len(batch["label"]) * steps / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = faces_parser(__doc__, threads=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--batches", type=int, default=24, help="batches of 64 windows that are timed")
    parser.add_argument("--recipe", action="append", help="repeatable; a shipped recipe's name or a file")
    parser.add_argument("--compile", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    rows = [row for row in read_faces(given.faces_file) if row.split == "train"]
    print("| what | windows/s |\n|---|---|")
    batch: dict[str, Tensor] = {}
    for recipe in given.recipe or ["compact-2", "compact-5", "compact-6"]:
        speed, batch = forged(rows, given.root, recipe, given.workers, given.batches)
        print(f"| forging, {recipe}, {given.workers} process{'es' * (given.workers > 1)} | {speed:.0f} |", flush=True)
    for side, shown in ((PART, cropped(batch, PART, SEED)), (224, batch)):
        speed = learned(shown, given.batches // 2, compiled=given.compile)
        print(f"| network, {side} x {side} pixels, {given.threads} threads | {speed:.0f} |", flush=True)


if __name__ == "__main__":
    main()
