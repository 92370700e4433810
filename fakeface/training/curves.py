"""The curves of a training, drawn out of its log: for TensorBoard, and as a picture."""

from __future__ import annotations

import csv
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch.utils.tensorboard import SummaryWriter

from fakeface.training.whole import whole

__all__ = ["Curves", "read_log"]

PLACE = "seen"
"""Column that says how far the training was: pictures, answers or faces seen."""

NOT_DRAWN = (PLACE, "seconds", "epoch")
EVENTS = "events.out.tfevents.*"
MOST_NAMED = 12
"""Curves of a panel up to which each has its own colour and name; beyond, all but the mean are grey."""

Row = dict[str, float]

logger = logging.getLogger(__name__)


def read_log(path: Path) -> list[Row]:
    """The numbers of a ``log.csv``, in the order of pictures seen.

    Where a training was killed and went on from an earlier checkpoint, the later rows take the place of those that
    were written before the kill.
    """
    rows: list[Row] = []
    with path.open(newline="", encoding="utf-8") as handle:
        for raw in csv.DictReader(handle):
            row = {name: float(value) for name, value in raw.items() if name and _is_number(value)}
            if PLACE not in row:
                continue
            while rows and rows[-1][PLACE] >= row[PLACE]:
                rows.pop()
            rows.append(row)
    return rows


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True


class Curves:
    """An event file for TensorBoard and ``curves.png`` beside a log, as far as their libraries are installed.

    Both are views of the log: what an earlier call wrote is drawn again from its rows, so curves stay whole.

    Args:
        log: a ``log.csv``.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._events: SummaryWriter | None = None
        self._told = 0

    def update(self) -> None:
        """Draw what the log says now."""
        rows = read_log(self._log)
        if not rows:
            return
        self._tell(rows)
        _draw(rows, self._log.with_name("curves.png"))

    def _tell(self, rows: Sequence[Row]) -> None:
        """Add new rows to the event file; the first time, in place of the event files of earlier calls."""
        if self._events is None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                _missing("tensorboard", "event file")
                return
            for old in self._log.parent.glob(EVENTS):
                old.unlink()
            self._events = SummaryWriter(str(self._log.parent))
        for row in rows[self._told :]:
            for name, value in row.items():
                if name not in NOT_DRAWN:
                    self._events.add_scalar(f"{_panel(name)}/{name}", value, int(row[PLACE]))
        self._told = len(rows)
        self._events.flush()


@cache
def _missing(library: str, what: str) -> None:
    """Say once that a library is not there; training goes on with the log alone."""
    logger.warning("%s is not installed (extra `train`): there is log.csv, but no %s", library, what)


def _panel(name: str) -> str:
    """What a column is drawn together with: losses, the AUCs of all sets, the shares measured on calib, ..."""
    if name.startswith("loss") or name.endswith("_loss"):
        return "loss"
    kind, parted, _ = name.partition("_")
    return kind if parted else "calib"


def _draw(rows: Sequence[Row], path: Path) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        _missing("matplotlib", "curves.png")
        return
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in NOT_DRAWN]
    panels = list(dict.fromkeys(map(_panel, names)))
    figure = Figure(figsize=(8.0, 3.2 * len(panels)), layout="constrained")
    for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        _draw_panel(axes, rows, [name for name in names if _panel(name) == panel])
        axes.set_ylabel(panel)
    figure.supxlabel(PLACE)
    with whole(path) as aside:
        figure.savefig(aside, dpi=100, format="png")


def _draw_panel(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    crowded = len(names) > MOST_NAMED
    for name in names:
        some = [(row[PLACE], row[name]) for row in rows if name in row]
        grey = crowded and not name.endswith("_mean")
        style: dict[str, Any] = {"color": "0.75", "linewidth": 0.8} if grey else {"linewidth": 1.6}
        axes.plot([x for x, _ in some], [y for _, y in some], marker=".", label=None if grey else name, **style)
    if not crowded or any(name.endswith("_mean") for name in names):
        axes.legend(fontsize="small", ncols=2)
    axes.grid(alpha=0.3)
