"""How the text-independent score treats different faces: false flags and AUC by skin tone, face size and source.

    fakeface bench FACES.jsonl --root DATA --operators all --faces 300 --triage --out runs/bench-operators
    python benchmarks/groups.py FACES.jsonl runs/bench-operators

Reads the scores that a bench kept; nothing is scored again. Skin tone is the individual typology angle of the mean
colour of both cheeks (Chardon et al. 1991), as the light of the photograph shows it: it is no property of the person.
Size is the longer side of the face box in the picture. Flagged is a face whose score reaches the profile's cut for this
score. Intervals resample real pictures together with everything made from them.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from fakeface.bench.bootstrap import Resampling
from fakeface.bench.journal import read_lines
from fakeface.bench.metrics import mean, score_figures
from fakeface.bench.values import ScoredFace
from fakeface.training.manifest import FaceRow, read_faces

TONES = ((41.0, "light (above 41°)"), (19.0, "medium (19° to 41°)"), (-math.inf, "dark (below 19°)"))
SIZES = ((180.0, "from 180 px"), (110.0, "110 to 180 px"), (0.0, "below 110 px"))
LEAST = 10
"""Real pictures that a group needs to be shown."""


def tone_angle(row: FaceRow) -> float | None:
    """Individual typology angle in degrees: arctan((L* - 50) / b*); ``None`` where no cheek was seen."""
    if row.tone is None:
        return None
    lightness, _, yellowness = row.tone
    return math.degrees(math.atan2(lightness - 50, yellowness))


def group_of(value: float, groups: Sequence[tuple[float, str]]) -> str:
    """The first group whose lower bound the value reaches."""
    return next(name for least, name in groups if value >= least)


def traits(rows: Mapping[str, FaceRow]) -> dict[str, Callable[[ScoredFace], str]]:
    """By the name of a trait what tells a face's group; empty where it is not known."""

    def tone(face: ScoredFace) -> str:
        angle = tone_angle(rows[face.group])
        return "" if angle is None else group_of(angle, TONES)

    return {
        "skin tone": tone,
        "size": lambda face: group_of(_side(rows[face.group]), SIZES),
        "source": lambda face: rows[face.group].source,
    }


def _side(row: FaceRow) -> float:
    x0, y0, x1, y1 = row.box
    return float(max(x1 - x0, y1 - y0))


def lines(faces: Sequence[ScoredFace], rows: Mapping[str, FaceRow], cut: float) -> Iterator[str]:
    """The table."""
    yield "| | group | real pictures | faces | unaltered faces flagged | forged faces flagged | AUC |"
    yield "|---|---|---|---|---|---|---|"
    for trait, read in traits(rows).items():
        by_group: dict[str, list[ScoredFace]] = {}
        for face in faces:
            by_group.setdefault(read(face), []).append(face)
        for name, members in sorted(by_group.items()):
            if name and len({face.group for face in members}) >= LEAST:
                yield f"| {trait} | {name} | " + " | ".join(_cells(members, cut)) + " |"


def _cells(faces: Sequence[ScoredFace], cut: float) -> Iterator[str]:
    groups = [face.group for face in faces]
    labels = np.array([face.label for face in faces])
    scores = np.array([face.independent for face in faces])
    drawn = Resampling.draw(groups)
    yield f"{len(set(groups))}"
    yield f"{len(faces)}"
    for label in (0, 1):
        flagged = (scores[labels == label] >= cut).astype(float)
        yield str(drawn.part(labels == label).figure(float(flagged.mean()), mean(flagged)))
    yield str(score_figures(labels, scores, cut, drawn)["auc"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces_file", metavar="FACES.jsonl", type=Path)
    parser.add_argument("bench", metavar="BENCH", type=Path, help="folder of a finished bench of operators")
    given = parser.parse_args()
    rows = {row.path: row for row in read_faces(given.faces_file) if row.label == "real"}
    settings = json.loads((given.bench / "settings.json").read_text(encoding="utf-8"))
    kept = [face for face in read_lines(given.bench / "scores.jsonl", ScoredFace) if face.group in rows]
    for line in lines([face for face in kept if not face.condition], rows, settings["thresholds"]["independent"]):
        print(line, flush=True)


if __name__ == "__main__":
    main()
