"""All figures of scored faces, as ``metrics.json`` holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from sklearn.metrics import roc_auc_score

from fakeface.bench.bootstrap import Figure, Resampling, Values
from fakeface.bench.metrics import (
    Labels,
    accuracy,
    area_under_curve,
    detection_precision,
    likelihood_figures,
    macro_f1,
    mean,
    micro_f1,
    score_figures,
)
from fakeface.bench.texts import text_figures
from fakeface.bench.values import ScoredFace
from fakeface.decision import Thresholds

__all__ = ["SHORTCUTS", "Metrics", "as_table", "figures", "of_set"]

Metrics = dict[str, Figure | None]
"""``<score>.<set>.<metric>`` to its figure; ``None`` where the profile gives nothing to compute it from."""

Faces = Sequence[ScoredFace]


def figures(faces: Faces, thresholds: Thresholds, seed: int = 0) -> Metrics:
    """All figures of all sets, each by itself; a figure that a set does not allow is absent, never zero."""
    metrics: Metrics = {}
    for name in dict.fromkeys(face.set_name for face in faces):
        chosen = [face for face in faces if face.set_name == name]
        resampling = Resampling.draw([face.group for face in chosen], seed)
        for key, figure in of_set(chosen, thresholds, resampling).items():
            metrics[key.replace(".", f".{name}.", 1)] = figure
    return metrics


def as_table(metrics: Metrics) -> dict[str, dict[str, float | int | list[str]] | None]:
    """For ``metrics.json``, sorted by key."""
    return {key: None if figure is None else figure.as_dict() for key, figure in sorted(metrics.items())}


def of_set(faces: Faces, cuts: Thresholds, resampling: Resampling) -> Metrics:
    """Figures of one set, as ``<score>.<metric>``.

    Args:
        faces: of the set.
        cuts: of the profile.
        resampling: of these faces.
    """
    labels = _labels(faces)
    independent = np.array([face.independent for face in faces])
    found: Metrics = _under("independent", score_figures(labels, independent, cuts.independent, resampling))
    most = int(2 * labels.sum() >= len(labels))
    found["baseline.acc"] = resampling.figure(float((labels == most).mean()), mean((labels == most).astype(float)))
    found |= _likelihood(faces, resampling) | _classes(faces, resampling) | _shortcuts(faces, resampling)
    if any(face.answered for face in faces):
        found |= _judged(faces, cuts, resampling) | _false_findings(faces, resampling)
        found |= _masks(faces, resampling) | _phrases(faces, resampling) | _texts(faces, resampling)
    return found


def _labels(faces: Faces) -> Labels:
    return np.array([face.label for face in faces], dtype=np.int64)


def _under(score: str, found: dict[str, Figure]) -> Metrics:
    return {f"{score}.{metric}": figure for metric, figure in found.items()}


def _chosen(
    faces: Faces, resampling: Resampling, keep: Callable[[ScoredFace], bool]
) -> tuple[list[ScoredFace], Resampling]:
    kept = np.array([keep(face) for face in faces], dtype=bool)
    return [face for face, one in zip(faces, kept, strict=True) if one], resampling.part(kept)


def _mean_of(faces: Faces, resampling: Resampling, value: Callable[[ScoredFace], float]) -> Figure:
    values = np.array([value(face) for face in faces], dtype=np.float64)
    return resampling.figure(float(values.mean()), mean(values))


def _likelihood(faces: Faces, resampling: Resampling) -> Metrics:
    """Cllr and ECE of the calibrated ratios; nothing is calibrated here, on the faces that are reported."""
    some, drawn = _chosen(faces, resampling, lambda face: face.log10_lr is not None)
    labels = _labels(some)
    if len(set(labels.tolist())) < 2:
        return {"lr.cllr": None, "lr.ece": None}
    ratios = np.array([face.log10_lr for face in some], dtype=np.float64)
    withheld = _mean_of(faces, resampling, lambda face: float(face.log10_lr is None))
    found = {f"lr.{name}": figure for name, figure in likelihood_figures(labels, ratios, drawn).items()}
    return {**found, "lr.withheld": withheld}


def _classes(faces: Faces, resampling: Resampling) -> Metrics:
    """Five classes: by the class head, and by the open answer alone, in which no class is a wrong one."""
    some, drawn = _chosen(faces, resampling, lambda face: bool(face.forgery))
    if not some:
        return {}
    truth = [face.forgery for face in some]
    found: Metrics = {
        "class.macro_f1": macro_f1(truth, [face.predicted for face in some], drawn),
        "class.acc": _mean_of(some, drawn, lambda face: float(face.predicted == face.forgery)),
    }
    if any(face.answered for face in some):
        found["answer_class.macro_f1"] = macro_f1(truth, [face.anchor_forgery or "none" for face in some], drawn)
        found["answer_class.acc"] = _mean_of(some, drawn, lambda face: float(face.anchor_forgery == face.forgery))
    return found


SHORTCUTS: Mapping[str, Callable[[ScoredFace], float | None]] = MappingProxyType(
    {
        "scale": lambda face: face.scale,
        "bytes": lambda face: float(face.size_bytes) if face.size_bytes else None,
        "size": lambda face: float(face.picture_pixels) if face.picture_pixels else None,
        "quantisation": lambda face: face.quantisation,
    }
)
"""What may give a forgery away without being one."""


def _shortcuts(faces: Faces, resampling: Resampling) -> Metrics:
    """AUC of each shortcut alone; what is the same for all faces gives nothing away and is absent."""
    found: Metrics = {}
    for name, value in SHORTCUTS.items():
        some, drawn = _chosen(faces, resampling, lambda face, value=value: value(face) is not None)  # type: ignore[misc]
        values = np.array([value(face) for face in some], dtype=np.float64)
        labels = _labels(some)
        if len(set(values.tolist())) > 1 and len(set(labels.tolist())) == 2:
            area = float(roc_auc_score(labels, values))
            found[f"{name}.auc"] = drawn.figure(area, area_under_curve(labels, values))
    return found


def _judged(faces: Faces, cuts: Thresholds, resampling: Resampling) -> Metrics:
    """MIDS, the open answer alone, and the verdict; an open answer that cannot be read is a wrong one."""
    found: Metrics = _under("anchor", accuracy(_labels(faces), _called(faces), resampling))
    found["anchor.unreadable"] = _mean_of(faces, resampling, lambda face: float(face.anchor is None))
    found["verdict.indeterminate"] = _mean_of(faces, resampling, lambda face: float(face.verdict == "indeterminate"))
    found["verdict.hard"] = _mean_of(faces, resampling, lambda face: float(bool(face.hard)))
    some, drawn = _chosen(faces, resampling, lambda face: face.verdict != "indeterminate")
    if some:
        right = {0: "real", 1: "fake"}
        found["verdict.acc_decided"] = _mean_of(some, drawn, lambda face: float(face.verdict == right[face.label]))
    some, drawn = _chosen(faces, resampling, lambda face: face.fakeness is not None)
    if not some:
        return found
    found |= _under("fakeness", score_figures(_labels(some), _fakeness(some), cuts.fakeness, drawn))
    for key, mark in (("hard", True), ("easy", False)):
        part, of_part = _chosen(faces, resampling, lambda f, mark=mark: f.hard is mark and f.fakeness is not None)  # type: ignore[misc]
        if part:
            labels, called = _labels(part), (_fakeness(part) >= cuts.fakeness).astype(np.int64)
            found[f"fakeness.acc_{key}"] = accuracy(labels, called, of_part)["acc"]
            found[f"anchor.acc_{key}"] = accuracy(labels, _called(part), of_part)["acc"]
    return found


def _called(faces: Faces) -> Labels:
    return np.array([1 - face.label if face.anchor is None else face.anchor for face in faces], dtype=np.int64)


def _fakeness(faces: Faces) -> Values:
    return np.array([face.fakeness for face in faces], dtype=np.float64)


def _false_findings(faces: Faces, resampling: Resampling) -> Metrics:
    """What is shown of a real face, per real face, and the share of them whose verdict is fake."""
    reals, drawn = _chosen(faces, resampling, lambda face: not face.label)
    if not reals:
        return {}
    return {
        "false_findings.masks": _mean_of(reals, drawn, lambda face: face.masks),
        "false_findings.phrases": _mean_of(reals, drawn, lambda face: face.phrases),
        "false_findings.regions": _mean_of(reals, drawn, lambda face: len(face.found_regions)),
        "false_findings.verdicts": _mean_of(reals, drawn, lambda face: float(face.verdict == "fake")),
    }


def _masks(faces: Faces, resampling: Resampling) -> Metrics:
    """Masks and regions of forgeries whose place is known, and whether text and mask name the same regions."""
    found: Metrics = {}
    for metric, value in (
        ("iou", lambda face: face.mask_iou),
        ("f1", lambda face: face.mask_f1),
        ("pixel_auc", lambda face: face.mask_auc),
    ):
        some, drawn = _chosen(faces, resampling, lambda face, value=value: value(face) is not None)  # type: ignore[misc]
        if some:
            found[f"mask.{metric}"] = _mean_of(some, drawn, value)
    known, drawn = _chosen(faces, resampling, lambda face: face.true_regions is not None)
    truth = [face.true_regions or () for face in known]
    for score, said in (
        ("region", [face.found_regions for face in known]),
        ("text_region", [face.named_regions for face in known]),
    ):
        figure = micro_f1(truth, said, drawn) if known else None
        found |= {f"{score}.f1": figure} if figure else {}
    answered, drawn = _chosen(faces, resampling, lambda face: face.answered)
    agreed = micro_f1([face.masked_regions for face in answered], [face.named_regions for face in answered], drawn)
    found |= {"agreement.f1": agreed} if agreed else {}
    found["agreement.presence"] = _mean_of(answered, drawn, lambda face: float((face.phrases > 0) == (face.masks > 0)))
    return found


def _phrases(faces: Faces, resampling: Resampling) -> Metrics:
    """Grounded phrases: AP50 of their masks, mean overlap of the true ones, and how many are found by name and mask.

    A phrase of a real face is a false one, as on any picture without the object.
    """
    some, drawn = _chosen(faces, resampling, lambda face: face.true_phrases is not None)
    if not any(face.true_phrases for face in some):
        return {}
    truths = [face.true_phrases or () for face in some]
    said = [face.found_phrases or () for face in some]
    counts = np.array([len(one) for one in truths], dtype=np.float64)

    def per_mask(values: Values) -> Figure:
        return drawn.figure(
            float(values.sum() / counts.sum()),
            lambda weights: np.asarray(weights @ values / (weights @ counts)),
            int(counts.sum()),
        )

    numbers = np.array([index for index, one in enumerate(said) for _ in one], dtype=np.int64)
    scores = np.array([phrase.score for one in said for phrase in one], dtype=np.float64)
    hits = np.array([phrase.hit for one in said for phrase in one], dtype=bool)
    return {
        "grounded.ap50": detection_precision(scores, hits, numbers, counts, drawn),
        "grounded.miou": per_mask(np.array([sum(phrase.iou for phrase in one) for one in truths])),
        "grounded.recall": per_mask(np.array([float(sum(phrase.recalled for phrase in one)) for one in truths])),
    }


def _texts(faces: Faces, resampling: Resampling) -> Metrics:
    """The open answer against what the annotator writes of the same face."""
    some, drawn = _chosen(faces, resampling, lambda face: face.answered and bool(face.references))
    if not some:
        return {}
    return _under("text", text_figures([face.text for face in some], [face.references for face in some], drawn))
