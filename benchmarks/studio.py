"""Annotated pairs per second of the forgery studio: self-blends, the recipe's mix and all operators, in one run.

    python benchmarks/studio.py runs/faces/faces.jsonl --root DATA --workers 2 --pairs 200

Makes pairs as `fakeface train synthesize` does: forged, processed, annotated with all texts and written. The start of
the working processes is not counted: timing begins with the first pair. With `--workers 1` processor time is told
besides, which other work on the computer hardly changes; `--profile` shows where it goes.
"""

from __future__ import annotations

import cProfile
import pstats
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from commandline import faces_parser

from fakeface.training.batch import Ledger, Made
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import load_recipe
from fakeface.training.manifest import FaceRow, read_faces
from fakeface.training.synthesize import Synthesis, effective_recipe, synthesize, usable


def measure(rows: Sequence[FaceRow], root: Path, settings: Synthesis, workers: int) -> str:
    """Pairs per second after the first, processor time where one process works, and what was made."""
    with tempfile.TemporaryDirectory() as folder:
        out, times, spent = Path(folder), [], []
        for result in synthesize(rows, root, out, settings, workers):
            if isinstance(result, Made):
                times.append(time.perf_counter())
                spent.append(time.process_time())
        with Ledger(out) as ledger:
            made = ", ".join(f"{name} {count}" for name, count in ledger.totals.made.items())
    told = f"{(len(times) - 1) / (times[-1] - times[0]):5.1f} pairs/s"
    if workers == 1:
        told += f", {1000 * (spent[-1] - spent[0]) / (len(times) - 1):.0f} ms of processor time per pair"
    return f"{told} ({made})"


def main() -> None:
    """Print both figures."""
    parser = faces_parser(__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--format", default="png")
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    rows, _ = usable(read_faces(given.faces_file), "train")
    print(f"{given.workers} workers, {given.size} px, {given.format}, {given.pairs} pairs")
    mixes: dict[str, Sequence[str]] = {"self_blend": ["self_blend"], "recipe": (), "all": tuple(OPERATORS)}
    for name, operators in mixes.items():
        recipe = effective_recipe(load_recipe(), operators)
        settings = Synthesis(recipe=recipe, count=given.pairs, side=given.size, picture=given.format)
        if given.profile:
            with cProfile.Profile() as profile:
                measure(rows, given.root, settings, 1)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
            continue
        print(f"{name:11} {measure(rows, given.root, settings, given.workers)}")


if __name__ == "__main__":
    main()
