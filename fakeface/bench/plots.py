"""Curves of the sets as they are: ROC, DET, calibration and, where likelihood ratios are given, Tippett."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import DetCurveDisplay, RocCurveDisplay

from fakeface.bench.metrics import BINS
from fakeface.bench.values import ScoredFace

__all__ = ["available", "draw_plots"]

SCORES: tuple[tuple[str, str, Callable[[ScoredFace], float | None]], ...] = (
    ("independent", "text-independent score", lambda face: face.independent),
    ("fakeness", "MIDS fakeness", lambda face: face.fakeness),
)
SIDE = 7.0
"""Width of a plot in inches."""


def available() -> bool:
    """Whether the plotting library is installed."""
    try:
        import matplotlib
    except ImportError:
        return False
    return bool(matplotlib.__version__)


def draw_plots(faces: Sequence[ScoredFace], folder: Path) -> list[Path]:
    """Draw what the faces allow: ``roc-``, ``det-`` and ``calibration-<score>.png``, and ``tippett.png``.

    Args:
        faces: of all sets; those under a condition are left out.
        folder: made where it is not there.
    """
    import matplotlib

    matplotlib.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    some = [face for face in faces if not face.condition]
    drawn = []
    for score, words, reader in SCORES:
        curves = [(name, labels, values) for name, labels, values in _sets(some, reader) if len(set(labels)) == 2]
        if not curves:
            continue
        for kind, draw in (("roc", _roc), ("det", _det), ("calibration", _calibration)):
            drawn.append(_saved(folder / f"{kind}-{score}.png", f"{words}", curves, draw))
    weighed = [(name, labels, values) for name, labels, values in _sets(some, lambda face: face.log10_lr)]
    if weighed:
        drawn.append(_saved(folder / "tippett.png", "likelihood ratio", weighed, _tippett))
    return drawn


Curve = tuple[str, list[int], list[float]]


def _sets(faces: Sequence[ScoredFace], reader: Callable[[ScoredFace], float | None]) -> list[Curve]:
    """(set, labels, values) of every set, without faces that have no value."""
    found = []
    for name in dict.fromkeys(face.name for face in faces):
        known = [(face.label, value) for face in faces if face.name == name and (value := reader(face)) is not None]
        if known:
            found.append((name, [label for label, _ in known], [float(value) for _, value in known]))
    return found


def _saved(path: Path, title: str, curves: Sequence[Curve], draw: Callable[[Any, Curve, Any], None]) -> Path:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIDE, SIDE), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["tab10" if len(curves) <= 10 else "tab20"].colors  # type: ignore[attr-defined]
    for number, curve in enumerate(curves):
        draw(axes, curve, colours[number % len(colours)])
    axes.set_title(title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small" if len(curves) < 8 else "x-small")
    figure.savefig(path, dpi=120, metadata={"Software": None})
    return path


def _roc(axes: Any, curve: Curve, colour: Any) -> None:
    name, labels, values = curve
    RocCurveDisplay.from_predictions(labels, values, name=name, ax=axes, curve_kwargs={"color": colour})


def _det(axes: Any, curve: Curve, colour: Any) -> None:
    name, labels, values = curve
    DetCurveDisplay.from_predictions(labels, values, name=name, ax=axes, color=colour)


def _calibration(axes: Any, curve: Curve, colour: Any) -> None:
    name, labels, values = curve
    kept = np.clip(values, 0, 1)
    CalibrationDisplay.from_predictions(labels, kept, n_bins=BINS, name=name, ax=axes, color=colour)


def _tippett(axes: Any, curve: Curve, colour: Any) -> None:
    """Share of real and of forged faces whose ratio is at least so large."""
    name, labels, values = curve
    for label, words, line in ((1, "forged", "-"), (0, "real", "--")):
        some = [value for value, truth in zip(values, labels, strict=True) if truth == label]
        if some:
            axes.ecdf(some, complementary=True, color=colour, linestyle=line, label=f"{name}, {words}")
    axes.axvline(0, color="grey", linewidth=0.8)
    axes.set_xlabel("log10 of the likelihood ratio")
    axes.set_ylabel("share of faces with at least this ratio")
