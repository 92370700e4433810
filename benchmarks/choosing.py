r"""Trained encoders on the same calibration pairs, as trainings are chosen: in one table, an encoder a column.

    python benchmarks/choosing.py FACES.jsonl --root DATA runs/compact/encoder/encoder.safetensors \
        weights/compact-encoder.safetensors

The pairs are those that a training looks at (``EncoderTraining.calib_pairs``, here more of them): one set for each
operator and source of given fakes, and of twelve operators one through films and one softened first. Figures are the
AUC of the text-independent score, as the mean of every family; *mean* is that over families and sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import torch
from commandline import faces_parser
from torch import Tensor

from fakeface.networks.encoder import EncoderConfig, ForensicEncoder
from fakeface.training.encoder import EncoderTraining, aucs, calib_batches, collate, family_means
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import load_recipe, single
from fakeface.training.growth import grown
from fakeface.training.manifest import FaceRow, read_faces
from fakeface.training.networks import load_tensors

RECIPE = "compact-6"
SEED = 2000
SPOILT = ("self_blend", "swap_laplacian", "swap_piecewise", "reenact", "expression_transfer", "lip_sync",
          "mouth_interior", "smooth_skin", "age", "beard", "generate_transposed", "generate_bilinear")  # fmt: skip
KINDS = {"film": {"film": 1.0, "softness": 0.0}, "softened": {"film": 0.0, "softness": 1.0}}

Sets = Mapping[str, dict[str, Tensor]]


def spoilt_batches(rows: Sequence[FaceRow], root: Path, pairs: int, kind: str) -> Sets:
    """Pairs of some operators, all of them through a film or softened first."""
    recipe = load_recipe(RECIPE).model_copy(update=KINDS[kind])
    factories = {
        name: PairFactory(rows, root, SEED + row, single(name, recipe))
        for row, name in enumerate(SPOILT)
        if name in recipe.shares
    }
    return {name: collate([one.pair(index) for index in range(pairs)]) for name, one in factories.items()}


def load(path: Path) -> ForensicEncoder:
    """An encoder of the present sizes, or a smaller one, grown to them without a change of what it says."""
    network = ForensicEncoder()
    network.load_state_dict(grown(load_tensors(path), EncoderConfig()))
    return network.eval().to(memory_format=torch.channels_last)


def figures(network: ForensicEncoder, clean: Sets, spoilt: Mapping[str, Sets]) -> dict[str, float]:
    """Every line of the table for one encoder."""
    means = family_means(aucs(network, clean))
    said = {"mean": sum(means.values()) / len(means)} | means
    for kind, sets in spoilt.items():
        found = aucs(network, sets)
        said[kind] = sum(found.values()) / len(found)
    return said


def table(names: Sequence[str], columns: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """Lines of Markdown."""
    yield "| AUC on calib | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for line in columns[0]:
        yield f"| {line} | " + " | ".join(f"{column[line]:.3f}" for column in columns) + " |"


def main() -> None:
    """Print the table."""
    parser = faces_parser(__doc__, threads=2)
    parser.add_argument("encoders", nargs="+", type=Path, metavar="ENCODER")
    parser.add_argument("--pairs", type=int, default=64, help="of each set")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(given.threads)
    rows = read_faces(given.faces_file, "calib")
    clean = calib_batches(rows, given.root, EncoderTraining(recipe=RECIPE, calib_pairs=given.pairs))
    spoilt = {kind: spoilt_batches(rows, given.root, given.pairs, kind) for kind in KINDS}
    columns = [figures(load(path), clean, spoilt) for path in given.encoders]
    print("\n".join(table([str(path) for path in given.encoders], columns)))


if __name__ == "__main__":
    main()
