"""Figures over several sets: pooled, how much ACC differs between sets, and means over operators and families."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from fakeface.bench.bootstrap import Figure, Resampling, Statistic, Values, figure_of
from fakeface.bench.metrics import Labels, area_under_curve, balanced_mean, mean
from fakeface.bench.report import SHORTCUTS, Metrics, of_set
from fakeface.bench.values import Kind, ScoredFace
from fakeface.decision import Thresholds

__all__ = ["POOLED", "confusions", "summaries"]

POOLED = "all"
"""Name of all sets together, as they are: no slice, no re-encoding."""

Faces = Sequence[ScoredFace]
Reader = Callable[[ScoredFace], float | None]


def summaries(faces: Faces, cuts: Thresholds, seed: int = 0) -> Metrics:
    """Figures over all sets of each condition.

    ``<score>.all.*`` pools the faces of all sets, without the shortcuts, which mean another thing in every set;
    ``sacc`` is the population standard deviation of ACC over the sets (absent for one set); ``<score>.trained.*`` and
    ``<score>.never_trained.*`` are means over the families of forgery of the means over their operators. With a
    condition the names end in it (``all_jpeg50``).
    """
    metrics: Metrics = {}
    for condition in dict.fromkeys(face.condition for face in faces):
        some = [face for face in faces if face.condition == condition]
        resampling = Resampling.draw([face.group for face in some], seed)
        for key, figure in of_set(some, cuts, resampling).items():
            score, metric = key.split(".")
            if score not in SHORTCUTS:
                metrics[_key(score, metric, condition)] = figure
        for score, reader, cut in _readers(cuts):
            for (place, metric), one in _across_sets(some, reader, cut, resampling).items():
                # An open answer has no rank: only its calls can be counted.
                if score != "anchor" or metric != "auc":
                    metrics[_key(score, metric, condition, place)] = one
    return metrics


def _key(score: str, metric: str, condition: str, place: str = POOLED) -> str:
    return f"{score}.{place}_{condition}.{metric}" if condition else f"{score}.{place}.{metric}"


def confusions(faces: Faces) -> dict[str, dict[str, dict[str, dict[str, int]]]]:
    """Score -> set -> true class -> called class -> faces: of the class head and of the open answer alone."""
    table: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
    for face in faces:
        if not face.forgery:
            continue
        calls = {"class": face.predicted} | ({"answer_class": face.anchor_forgery or "none"} if face.answered else {})
        for score, called in calls.items():
            for name in (face.set_name, *(() if face.condition else (POOLED,))):
                row = table.setdefault(score, {}).setdefault(name, {}).setdefault(face.forgery, {})
                row[called] = row.get(called, 0) + 1
    return table


def _readers(cuts: Thresholds) -> tuple[tuple[str, Reader, float], ...]:
    def anchor(face: ScoredFace) -> float | None:
        return float(1 - face.label if face.anchor is None else face.anchor) if face.answered else None

    return (
        ("independent", lambda face: face.independent, cuts.independent),
        ("fakeness", lambda face: face.fakeness, cuts.fakeness),
        ("anchor", anchor, 0.5),
    )


def _across_sets(faces: Faces, reader: Reader, cut: float, resampling: Resampling) -> dict[tuple[str, str], Figure]:
    """(``all``, ``trained`` or ``never_trained``, metric) -> figure of one score over several sets."""
    kept = np.array([reader(face) is not None for face in faces])
    if not kept.any():
        return {}
    some = [face for face in faces if reader(face) is not None]
    drawn = resampling.part(kept)
    labels = np.array([face.label for face in some])
    values = np.array([reader(face) for face in some], dtype=np.float64)
    names = np.array([face.name for face in some])
    sets = tuple(dict.fromkeys(names.tolist()))
    found: dict[tuple[str, str], Figure] = {}
    right = ((values >= cut) == (labels > 0)).astype(float)
    if len(sets) > 1:
        parts = [names == one for one in sets]
        spread = np.stack([drawn.part(part).spread(mean(right[part])) for part in parts])
        value = float(np.std([right[part].mean() for part in parts]))
        found[POOLED, "sacc"] = figure_of(value, np.std(spread, axis=0), len(sets), sets)
    kinds: tuple[Kind, ...] = ("trained", "never_trained")
    for kind in kinds:
        families = _families([face for face in some if face.kind == kind])
        means = _family_means(families, names, labels, values, right, drawn)
        found |= {(kind, metric): figure for metric, figure in means.items()}
    return found


def _families(faces: Faces) -> list[tuple[str, ...]]:
    """Operators by the class of their forgeries; the manifest's own fakes are no family."""
    found: dict[str, dict[str, None]] = {}
    for face in faces:
        if face.label and face.name != "given":
            found.setdefault(face.forgery, {})[face.name] = None
    return [tuple(names) for names in found.values()]


def _family_means(
    families: Sequence[tuple[str, ...]],
    names: np.ndarray[tuple[int], np.dtype[np.str_]],
    labels: Labels,
    values: Values,
    right: Values,
    resampling: Resampling,
) -> dict[str, Figure]:
    """The mean over families of the mean over a family's operators, of AUC and of balanced ACC."""
    sets = tuple(name for family in families for name in family)
    if not sets:
        return {}
    metrics: dict[
        str, tuple[Callable[[Labels, Values, Values], float], Callable[[Labels, Values, Values], Statistic]]
    ] = {
        "auc": (lambda truth, some, _: float(roc_auc_score(truth, some)), lambda t, s, _: area_under_curve(t, s)),
        "balanced_acc": (
            lambda truth, _, hits: float(balanced_accuracy_score(truth, np.where(hits > 0, truth, 1 - truth))),
            lambda truth, _, hits: balanced_mean(truth, hits),
        ),
    }
    found = {}
    for metric, (value, statistic) in metrics.items():
        of_families, spreads = [], []
        for family in families:
            parts = [names == name for name in family]
            of_families.append(np.mean([value(labels[p], values[p], right[p]) for p in parts]))
            spreads.append(
                np.mean([resampling.part(p).spread(statistic(labels[p], values[p], right[p])) for p in parts], axis=0)
            )
        found[metric] = figure_of(float(np.mean(of_families)), np.mean(spreads, axis=0), len(families), sets)
    return found
