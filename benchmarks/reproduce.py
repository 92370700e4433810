"""Whether a training repeats: a short recipe of the encoder twice from the same seed, each in a process of its own.

    python benchmarks/reproduce.py FACES.jsonl --root DATA --out DIR --pictures 4000

Prints every figure on the calibration faces of both trainings with their difference, and ends with 1 where one differs
by more than 0.01. A training that was interrupted goes on when the script is called again with the same folder.
"""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

from commandline import faces_parser

from fakeface.training.curves import read_log
from fakeface.training.encoder import EncoderTraining, train_encoder
from fakeface.training.forge.recipe import RECIPE
from fakeface.training.manifest import read_faces

TOLERANCE = 0.01
RUNS = ("first", "second")


def train(faces: Path, root: Path, out: Path, settings: EncoderTraining) -> None:
    """One training, in this process."""
    for report in train_encoder(read_faces(faces), root, out, settings):
        print(f"{out.name}: {report['seen']} windows, mean AUC {report['mean']:.4f}", file=sys.stderr, flush=True)


def differences(first: Path, second: Path) -> dict[str, tuple[float, float]]:
    """The calibration figures of every look of two trainings, by look and name.

    Raises:
        ValueError: the trainings looked at other numbers of windows, or at nothing.
    """
    logs = [{int(row["seen"]): row for row in read_log(folder / "log.csv")} for folder in (first, second)]
    if not logs[0] or logs[0].keys() != logs[1].keys():
        raise ValueError("the two trainings did not look at the calibration faces after the same numbers of windows")
    return {
        f"{name.removeprefix('auc_')} after {seen}": (row[name], logs[1][seen][name])
        for seen, row in logs[0].items()
        for name in row
        if name.startswith("auc_")
    }


def report(pairs: dict[str, tuple[float, float]]) -> int:
    """Print the figures; gives the exit code."""
    print("| figure | first | second | difference |\n|---|---|---|---|")
    for name, (one, other) in pairs.items():
        print(f"| {name} | {one:.5f} | {other:.5f} | {abs(one - other):.5f} |")
    worst = max(abs(one - other) for one, other in pairs.values())
    print(f"\nlargest difference of {len(pairs)} figures: {worst:.5f}")
    return int(worst > TOLERANCE)


def main() -> int:
    """Train twice and compare."""
    parser = faces_parser(__doc__, threads=1, out=True)
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--calib-pairs", type=int, default=24)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--recipe", default=RECIPE)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    settings = EncoderTraining(
        given.pictures,
        workers=given.workers,
        threads=given.threads,
        seed=given.seed,
        recipe=given.recipe,
        device=given.device,
        calib_pairs=given.calib_pairs,
    )
    for name in RUNS:
        process = multiprocessing.get_context("spawn").Process(
            target=train, args=(given.faces_file, given.root, given.out / name, settings)
        )
        process.start()
        process.join()
        if process.exitcode:
            return process.exitcode
    return report(differences(*(given.out / name for name in RUNS)))


if __name__ == "__main__":
    sys.exit(main())
