"""Figures of scored faces as ``metrics.json`` and as a Markdown table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fakeface.bench.metrics import Figure, Labels, Values, binary_figures, interval
from fakeface.bench.sets import ScoredFace
from fakeface.decision import Thresholds

__all__ = ["Metrics", "figures", "markdown"]

Metrics = dict[str, Figure]
"""``<score>.<set>.<metric>`` to its figure."""


def figures(faces: Sequence[ScoredFace], thresholds: Thresholds) -> Metrics:
    """All figures of all sets; a figure that a set does not allow is absent, never zero."""
    metrics: Metrics = {}
    for name in dict.fromkeys(face.name for face in faces):
        chosen = [face for face in faces if face.name == name]
        metrics |= {
            f"{key.replace('.', f'.{name}.', 1)}": figure for key, figure in _of_set(chosen, thresholds).items()
        }
    return metrics


def _of_set(faces: Sequence[ScoredFace], cuts: Thresholds) -> Metrics:
    labels = np.array([face.label for face in faces])
    groups = [face.group for face in faces]
    independent = np.array([face.independent for face in faces])
    found = {f"independent.{k}": v for k, v in binary_figures(labels, independent, groups, cuts.independent).items()}
    judged = [face for face in faces if face.fakeness is not None]
    if judged and len({face.label for face in judged}) == 2:
        found |= _of_judged(judged, cuts)
    for key, values in (
        ("scale", np.array([face.scale for face in faces])),
        ("bytes", np.array([float(face.size_bytes) for face in faces])),
    ):
        if len(set(values.tolist())) > 1:
            found[f"{key}.auc"] = binary_figures(labels, values, groups, 0.0, "auc")["auc"]
    overlaps = np.array([face.mask_iou for face in faces if face.mask_iou is not None])
    if len(overlaps):
        forged = [face.group for face in faces if face.mask_iou is not None]
        found["mask.iou"] = interval(np.ones(len(overlaps), int), overlaps, forged, lambda _, v: float(v.mean()))
    return found


def _of_judged(faces: Sequence[ScoredFace], cuts: Thresholds) -> Metrics:
    labels = np.array([face.label for face in faces])
    groups = [face.group for face in faces]
    fakeness = np.array([0.5 if face.fakeness is None else face.fakeness for face in faces])
    found = {f"fakeness.{k}": v for k, v in binary_figures(labels, fakeness, groups, cuts.fakeness).items()}
    anchor = np.array([0.5 if face.anchor is None else float(face.anchor) for face in faces])
    found["anchor.acc"] = binary_figures(labels, anchor, groups, 0.5, "acc")["acc"]
    for key, mark in (("hard", True), ("easy", False)):
        some = np.array([face.hard is mark for face in faces])
        if some.any() and len(set(labels[some].tolist())) == 2:
            part = [group for group, kept in zip(groups, some, strict=True) if kept]
            found[f"fakeness.acc_{key}"] = binary_figures(labels[some], fakeness[some], part, cuts.fakeness, "acc")[
                "acc"
            ]
            found[f"anchor.acc_{key}"] = binary_figures(labels[some], anchor[some], part, 0.5, "acc")["acc"]
    undecided = np.array([float(face.verdict == "indeterminate") for face in faces])
    found["verdict.indeterminate"] = _share(labels, undecided, groups)
    found["verdict.hard"] = _share(labels, np.array([float(bool(face.hard)) for face in faces]), groups)
    return found


def _share(labels: Labels, values: Values, groups: Sequence[str]) -> Figure:
    return interval(labels, values, groups, lambda _, some: float(some.mean()))


COLUMNS = (
    ("independent.auc", "AUC, text-independent"),
    ("fakeness.auc", "AUC, MIDS fakeness"),
    ("fakeness.balanced_acc", "balanced ACC, MIDS"),
    ("anchor.acc", "ACC, open answer alone"),
    ("mask.iou", "mask IoU"),
    ("scale.auc", "AUC of scale alone"),
    ("bytes.auc", "AUC of bytes alone"),
    ("verdict.indeterminate", "indeterminate"),
)


def markdown(metrics: Metrics) -> str:
    """One row per set; a figure with its 95 % interval, or a dash."""
    names = dict.fromkeys(key.split(".", 1)[1].rsplit(".", 1)[0] for key in metrics)  # a set's name may hold dots
    lines = ["| set | faces | " + " | ".join(title for _, title in COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    for name in names:
        cells = []
        for key, _ in COLUMNS:
            score, metric = key.split(".")
            figure = metrics.get(f"{score}.{name}.{metric}")
            cells.append(f"{figure.value:.3f} ({figure.low:.3f}-{figure.high:.3f})" if figure else "-")
        lines.append(f"| {name} | {metrics[f'independent.{name}.auc'].n} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
