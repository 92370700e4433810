"""Where the range of real faces comes from: the same measurements on training faces that nobody altered."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.claims.limits import EVERYWHERE, PERCENTILES, Limits, group_of
from fakeface.claims.nothing import LOOKED_AT
from fakeface.claims.scene import Scene
from fakeface.claims.terms import MEASURES
from fakeface.faces import CROP_SIZE
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.values import FOREIGN

__all__ = ["reference_limits", "write_limits"]

LEAST_VALUES = 200
"""A group of parts has its own range from this many faces."""

NO_LIMITS = Limits({})

Values = Mapping[str, Mapping[str, list[float]]]


def reference_limits(
    factory: PairFactory, faces: int, shown: Callable[[Iterable[int]], Iterable[int]] = iter
) -> dict[str, dict[str, list[float]]]:
    """Ranges by group and measure, from untouched faces under the masks of their own forgeries and of whole parts.

    Half of the faces are measured as pictures and half as the windows that networks see.

    Args:
        factory: of pairs from the training split.
        faces: untouched faces to measure.
        shown: wraps the numbers of the faces, to show progress.
    """
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for index in shown(range(faces)):
        for scene in _scenes(factory, index):
            parts = [*scene.naming.names, *(part for name in scene.naming.names for part in scene.within(name))]
            for part in dict.fromkeys(parts if scene.altered is not None else LOOKED_AT):
                for name, value in (scene.measurements(part) if scene.assessable(part) else {}).items():
                    for group in (group_of(part), EVERYWHERE):
                        values[group][name].append(value)
    return _ranges(values)


def write_limits(groups: Mapping[str, Mapping[str, list[float]]], path: Path, faces: int) -> None:
    """Write the ranges as the JSON that ``limits`` reads."""
    data = {"percentiles": PERCENTILES, "faces": faces, "groups": groups}
    text = json.dumps(data, indent=1)
    path.write_text(_short_lists(text) + "\n", "utf-8")


def _scenes(factory: PairFactory, index: int) -> list[Scene]:
    if index % 2:
        real, fake = factory.pair(index)
        altered = None
        if fake.mask_known:
            mask = cv2.resize(fake.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR)
            altered = np.asarray(mask > FOREIGN)
        return _untouched(real.window, real.landmarks, altered)
    studio = factory.studio
    made = studio.pair(studio.generator(index))
    altered = None if made.mask is None else np.asarray(made.mask > FOREIGN)
    return _untouched(made.real.pixels, made.real.landmarks, altered)


def _untouched(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], altered: NDArray[np.bool_] | None
) -> list[Scene]:
    masks = [None] if altered is None or not altered.any() else [None, altered]
    return [Scene(pixels, landmarks, mask, NO_LIMITS) for mask in masks]


def _ranges(values: Values) -> dict[str, dict[str, list[float]]]:
    groups = {}
    for group in sorted(values):
        full = {name: values[group][name] for name in MEASURES if name in values[group]}
        if group != EVERYWHERE:
            full = {name: found for name, found in full.items() if len(found) >= LEAST_VALUES}
        if full:
            groups[group] = {
                name: [round(float(value), 4) for value in np.percentile(found, PERCENTILES)]
                for name, found in full.items()
            }
    return groups


def _short_lists(text: str) -> str:
    """Lists of numbers on one line each."""
    lines, inside = [], ""
    for line in text.splitlines():
        if inside:
            inside += f" {line.strip()}" if not inside.endswith("[") else line.strip()
            if line.strip().startswith("]"):
                lines.append(inside.replace(" ]", "]"))
                inside = ""
        elif line.endswith("["):
            inside = line
        else:
            lines.append(line)
    return "\n".join(lines)
