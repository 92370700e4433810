"""Write the range of real faces that artifact terms are held against (``fakeface/claims/limits.json``).

    python benchmarks/annotation_limits.py FACES.jsonl --root DATA --faces 1200

Measures untouched faces of the training split under the masks of forgeries of the same faces.
"""

from __future__ import annotations

from pathlib import Path

import cv2
from commandline import faces_parser

from fakeface.claims import limits
from fakeface.training.annotate.reference import reference_limits, write_limits
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.manifest import read_faces

SEED = 31


def main() -> None:
    """Measure and write."""
    parser = faces_parser(__doc__)
    parser.add_argument("--faces", type=int, default=1200)
    parser.add_argument("--out", type=Path, default=Path(limits.__file__).with_name("limits.json"))
    given = parser.parse_args()
    cv2.setNumThreads(1)
    factory = PairFactory(read_faces(given.faces_file, "train"), given.root, SEED)
    groups = reference_limits(factory, given.faces)
    write_limits(groups, given.out, given.faces)
    print(f"{given.out}: {', '.join(groups)}")


if __name__ == "__main__":
    main()
