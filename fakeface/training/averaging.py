"""Which weights a finished training leaves: its best average, its last one, or the mean of both.

The mean of two checkpoints that lie in one basin is often better than either (checkpoint averaging: Izmailov et al.
2018, arXiv 1803.05407; Wortsman et al. 2022, arXiv 2203.05482), and costs nothing where the network is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor

from fakeface.training.checkpoints import read_record, released, save_weights

__all__ = ["choose_weights"]

State = Mapping[str, Tensor]


def choose_weights(
    path: Path, last: State, seen: int, name: str, measure: Callable[[State], Mapping[str, float]]
) -> Iterator[dict[str, Any]]:
    """Leave the best of the three in ``path``; yields what was found, and nothing where there is nothing to choose.

    The choice stands in the head of the file, which changes in one step: an interrupted one is made again, a finished
    one is left alone.

    Args:
        path: the weights that were the best at a look; they are replaced where others are better.
        last: the average at the end.
        seen: samples of the whole training.
        name: of the figure that decides; the highest wins.
        measure: figures of weights on calibration faces.
    """
    if (read_record(path) or {}).get("seen") == seen:
        return
    best, end = load_file(path), released(last)
    if all(best[key].equal(value.cpu()) for key, value in end.items()):
        return
    mean = {key: (value.float() + last[key].cpu().float()) / 2 for key, value in best.items()}
    states = {"best": best, "last": end, "averaged": released(mean)}
    found = {kind: measure(state) for kind, state in states.items()}
    kept = max(found, key=lambda kind: found[kind][name])
    record = {"seen": seen, "kept": kept, "best": found[kept][name]}
    save_weights(path, states[kept], record)
    compared = {f"{name}_{kind}": one[name] for kind, one in found.items()}
    yield {"seen": seen, "kept": kept, **compared, **found[kept]}
