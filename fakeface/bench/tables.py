"""The figures as Markdown: a table for each question, a row for each set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fakeface.bench.journal import FinishedSet
from fakeface.bench.report import Metrics
from fakeface.bench.sets import REENCODED

__all__ = ["SECTIONS", "markdown"]

SECTIONS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Detection",
        (
            ("independent.auc", "AUC, text-independent"),
            ("fakeness.auc", "AUC, MIDS fakeness"),
            ("independent.balanced_acc", "balanced ACC, text-independent"),
            ("fakeness.balanced_acc", "balanced ACC, MIDS"),
            ("anchor.balanced_acc", "balanced ACC, open answer alone"),
            ("baseline.acc", "ACC of the majority"),
            ("verdict.acc_decided", "ACC where decided"),
            ("verdict.indeterminate", "indeterminate"),
        ),
    ),
    (
        "Shortcuts: what files and geometry alone give away",
        (
            ("independent.auc", "AUC, text-independent"),
            ("independent.auc_reencoded", "the same after equal re-encoding"),
            ("scale.auc", "AUC of scale alone"),
            ("bytes.auc", "AUC of bytes alone"),
            ("size.auc", "AUC of the picture's size alone"),
            ("quantisation.auc", "AUC of the quantisation table alone"),
        ),
    ),
    (
        "Rates and ranking",
        (
            ("independent.ap", "AP, text-independent"),
            ("fakeness.ap", "AP, MIDS"),
            ("independent.eer", "EER, text-independent"),
            ("fakeness.eer", "EER, MIDS"),
            ("independent.fpr_at_tpr95", "FPR at TPR 95 %, text-independent"),
            ("fakeness.fpr_at_tpr95", "FPR at TPR 95 %, MIDS"),
        ),
    ),
    (
        "Easy and hard faces",
        (
            ("fakeness.acc_easy", "ACC easy, MIDS"),
            ("fakeness.acc_hard", "ACC hard, MIDS"),
            ("anchor.acc_easy", "ACC easy, open answer"),
            ("anchor.acc_hard", "ACC hard, open answer"),
            ("verdict.hard", "hard"),
        ),
    ),
    (
        "Calibration",
        (
            ("independent.ece", "ECE, text-independent"),
            ("fakeness.ece", "ECE, MIDS"),
            ("lr.ece", "ECE, calibrated"),
            ("lr.cllr", "Cllr"),
            ("lr.withheld", "likelihood ratio withheld"),
        ),
    ),
    (
        "Class",
        (
            ("class.macro_f1", "macro-F1, class head"),
            ("class.acc", "ACC, class head"),
            ("answer_class.macro_f1", "macro-F1, open answer"),
            ("answer_class.acc", "ACC, open answer"),
        ),
    ),
    (
        "Artifact description",
        (
            ("region.f1", "region F1, region head"),
            ("text_region.f1", "region F1, text"),
            ("text.cider", "CIDEr"),
            ("text.rouge_l", "ROUGE-L"),
            ("text.bleu1", "BLEU-1"),
            ("text.bleu4", "BLEU-4"),
            ("text.meteor", "METEOR"),
        ),
    ),
    (
        "Masks, and text with masks",
        (
            ("mask.iou", "mask IoU"),
            ("mask.f1", "mask F1"),
            ("mask.pixel_auc", "pixel AUC"),
            ("grounded.ap50", "AP50"),
            ("grounded.miou", "mIoU"),
            ("grounded.recall", "recall"),
            ("agreement.f1", "text and mask, region F1"),
        ),
    ),
    (
        "False findings per real face",
        (
            ("false_findings.masks", "masks"),
            ("false_findings.phrases", "phrases with a mask"),
            ("false_findings.regions", "suspect regions"),
            ("false_findings.verdicts", "verdict fake"),
        ),
    ),
)
"""Title of each table, with the figures of its columns."""

SUFFIX = f"_{REENCODED}"

SCORES = {"independent": "text-independent", "fakeness": "MIDS", "anchor": "open answer alone"}


def markdown(metrics: Metrics, sets: Iterable[FinishedSet], missing: Sequence[str] = ()) -> str:
    """All tables that any set fills, the spread of ACC over sets, the account of every set, and what is left out.

    Args:
        metrics: by key.
        sets: the account of every set.
        missing: metrics that could not be computed, with the reason.
    """
    grid = _grid(metrics)
    names = list(dict.fromkeys(name for name, _ in grid))
    parts = [_section(title, columns, names, grid) for title, columns in SECTIONS]
    parts += [_spread(metrics), _account(sets)]
    if missing:
        parts.append("Left out: " + "; ".join(missing) + ".\n")
    return "\n".join(part for part in parts if part)


def _grid(metrics: Metrics) -> dict[tuple[str, str], str]:
    """(set, score.metric) -> cell."""
    grid = {}
    for key, figure in metrics.items():
        score, rest = key.split(".", 1)
        name, metric = rest.rsplit(".", 1)  # a set's name may hold dots
        grid[name, f"{score}.{metric}"] = "null" if figure is None else str(figure)
        if f"{score}.{metric}" == "independent.auc" and figure is not None:
            grid[name, "n"] = str(figure.n)
            if name.endswith(SUFFIX):
                grid[name.removesuffix(SUFFIX), "independent.auc_reencoded"] = grid[name, "independent.auc"]
        elif metric == "acc" and figure is not None:
            grid.setdefault((name, "n"), str(figure.n))
    return grid


def _section(
    title: str,
    columns: Sequence[tuple[str, str]],
    names: Sequence[str],
    grid: Mapping[tuple[str, str], str],
) -> str:
    own = [key for key, _ in columns if title == "Detection" or not key.startswith("independent.auc")]
    shown = [name for name in names if any((name, key) in grid for key in own)]
    if not shown:
        return ""
    lines = [
        f"## {title}\n",
        "| set | n | " + " | ".join(heading for _, heading in columns) + " |",
        "|---" * (len(columns) + 2) + "|",
    ]
    for name in shown:
        cells = [grid.get((name, key), "-") for key in ("n", *(key for key, _ in columns))]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _spread(metrics: Metrics) -> str:
    lines = []
    for key, figure in metrics.items():
        score, _, metric = key.partition(".")
        if figure is not None and metric == "all.sacc":
            lines.append(f"sACC, {SCORES[score]}: {figure} over the {figure.n} sets {', '.join(figure.sets)}.\n")
    for kind in ("never_trained", "trained"):
        figure = metrics.get(f"independent.{kind}.auc")
        if figure is not None:
            lines.append(f"{kind} is the mean over {figure.n} families of forgery, by {', '.join(figure.sets)}.\n")
    return "\n".join(lines)


def _account(sets: Iterable[FinishedSet]) -> str:
    lines = ["## Every set accounted for\n", "| set | faces measured | left out | seconds |", "|---|---|---|---|"]
    for one in sets:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in sorted(one.left_out.items()))
        lines.append(f"| {one.name} | {one.faces} | {reasons.replace('|', '/') or '-'} | {one.seconds:.0f} |")
    return "\n".join(lines) + "\n"
