"""What files and geometry alone give away in each set of a data set, and the text-independent score without it.

    python benchmarks/shortcuts.py FACES.jsonl --root DATA --faces 150

A set is the given forgeries of one source beside real pictures of the same split. For each: AUC of the face's size in
the picture (scale), of the picture's size, of the file's bytes and of the JPEG file's quantisation table, each alone;
AUC of the text-independent score on the pictures as they are, and on the same pictures rescaled so that these cues are
gone (see fakeface/bench/audit.py), with the cues measured again on those. A cue may speak either way: far from 0.5 is
what matters. ``given`` are the same forgeries as training sees them: beside a real face of their size, both through
the same processing. A cue that is the same everywhere has a dash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from commandline import faces_parser

from fakeface.backends import Engine, build_engine
from fakeface.bench.audit import RESCALED, audit_sets, score_audit
from fakeface.bench.report import SHORTCUTS, Metrics, figures
from fakeface.bench.sets import ForgedSet, score_operator
from fakeface.bench.values import Batch, ScoredFace
from fakeface.settings import Settings
from fakeface.training.forge.recipe import GIVEN, load_recipe, single
from fakeface.training.forge.studio import Studio
from fakeface.training.manifest import FaceRow, read_faces

SEED = 9100


def table(faces: list[ScoredFace], metrics: Metrics) -> Iterator[str]:
    """The lines of the table."""
    cues = tuple(SHORTCUTS)
    yield (
        "| set | real / fake | AUC, text-independent | "
        + " | ".join(f"{name} alone" for name in cues)
        + " | AUC, text-independent, rescaled | "
        + " | ".join(f"{name} alone, rescaled" for name in cues if name != "quantisation")
        + " |"
    )
    yield "|---" * (1 + 2 * (1 + len(cues))) + "|"
    for name in dict.fromkeys(face.name for face in faces):
        labels = [face.label for face in faces if face.set_name == name]
        cells = [name, f"{labels.count(0)} / {labels.count(1)}"]
        for shown in (name, f"{name}_{RESCALED}"):
            wanted = ("independent", *(cue for cue in cues if shown == name or cue != "quantisation"))
            cells += [_cell(metrics, f"{score}.{shown}.auc") for score in wanted]
        yield "| " + " | ".join(cells) + " |"


def _cell(metrics: Metrics, key: str) -> str:
    figure = metrics.get(key)
    return "-" if figure is None else str(figure)


def measured(name: str, batches: Iterable[Batch]) -> list[ScoredFace]:
    """The faces of a set; what is left out is told."""
    kept = list(batches)
    faces = [face for batch in kept for face in batch.faces]
    left_out = sum(len(batch.left_out) for batch in kept)
    print(f"{name}: {len(faces)} faces" + (f", {left_out} left out" if left_out else ""), file=sys.stderr)
    return faces


def given_faces(engine: Engine, rows: list[FaceRow], root: Path, count: int, settings: Settings) -> list[ScoredFace]:
    """Given forgeries paired as the training pairs them, for each split that has some."""
    found = []
    for split in dict.fromkeys(row.split for row in rows if row.label == "fake"):
        of_split = [row for row in rows if row.split == split]
        studio = Studio(of_split, root, SEED, single(GIVEN, load_recipe()))
        faces = measured(
            f"{split}-{GIVEN}", score_operator(engine, studio, ForgedSet(GIVEN, "trained", count), settings)
        )
        found += [face.model_copy(update={"name": f"{split}-{GIVEN}"}) for face in faces]
    return found


def main() -> None:
    """Print the table."""
    parser = faces_parser(__doc__, threads=1)
    parser.add_argument("--faces", type=int, default=150, help="of each label in a set")
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="FAKE=REAL",
        help="a further set: forgeries of this source beside real faces of that one only; repeatable",
    )
    parser.add_argument("--profile", type=Path, help="a weights folder other than the installed one")
    given = parser.parse_args()
    rows = read_faces(given.faces_file)
    beside = [(fake, real) for fake, _, real in (one.partition("=") for one in given.beside)]
    settings = Settings(threads=given.threads, fast=True, batch_faces=16)
    engine = build_engine(settings, given.profile)
    faces: list[ScoredFace] = []
    for plain in audit_sets(rows, given.faces, SEED, beside):
        for wanted in (plain, replace(plain, condition=RESCALED)):
            faces += measured(wanted.name, score_audit(engine, given.root, wanted, settings))
    faces += given_faces(engine, rows, given.root, given.faces, settings)
    print("\n".join(table(faces, figures(faces, engine.profile.thresholds, SEED))))


if __name__ == "__main__":
    main()
