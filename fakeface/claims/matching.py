"""Whether words and pixels mean the same parts of a face, at the level of the sixteen regions of the region head."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fakeface.claims.reading import is_alteration
from fakeface.claims.windows import joined
from fakeface.concepts import HEAD_REGIONS, LEAF_NAMES, REGION_NAMES, region_masks
from fakeface.concepts.naming import LEAST_COVERED
from fakeface.concepts.tree import leaves_below
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.findings import Statement
from fakeface.masks import Mask

__all__ = [
    "REGION_ACTIVE",
    "agreement",
    "masked_regions",
    "overlap_f1",
    "regions_named",
    "regions_of",
    "touched_regions",
]

REGION_ACTIVE = LEAST_COVERED
"""A region is touched where a mask covers at least this share of it (the naming rule's first clause)."""

LEAST_AREA = 3
"""Pixels of the grid from which a region is there at all."""


def agreement(
    statements: Sequence[Statement], masks: Sequence[Mask], suspects: Sequence[str], crop: FaceCrop
) -> float | None:
    """Whether text, artifact masks and region head mean the same regions: the mean F1 of each two of them, 0..1.

    Two sides that name nothing agree. All three come from one network, so this is a check of its consistency.

    Args:
        statements: of the text; those that call a part altered count.
        masks: artifact masks of the face, in the frame's pixels; the regions that they touch count.
        suspects: regions that the region head names.
        crop: the window of the face.

    Returns:
        the mean; ``None`` where the text speaks of no part of the face at all.
    """
    if all(one.concept is None for one in statements):
        return None
    named = regions_named(one.concept for one in statements if one.concept and is_alteration(one))
    touched = masked_regions(joined((mask.pixels for mask in masks), crop), crop.to_window(crop.face.landmarks))
    return sum(overlap_f1(*two) for two in combinations((named, touched, tuple(suspects)), 2)) / 3


def overlap_f1(one: Collection[str], other: Collection[str]) -> float:
    """F1 of two sets of names, 0..1; two empty ones agree (1.0)."""
    total = len(set(one)) + len(set(other))
    return 2 * len(set(one) & set(other)) / total if total else 1.0


@cache
def regions_of(concept: str) -> tuple[str, ...]:
    """Regions of the region head that a concept stands for: it is one, or covers half of one, or is half in one."""
    below = {LEAF_NAMES[leaf] for leaf in leaves_below(concept)}
    found = []
    for region, members in HEAD_REGIONS.items():
        leaves = {LEAF_NAMES[leaf] for member in members for leaf in leaves_below(member)}
        shared = 2 * len(below & leaves)
        if concept in (region, *members) or (shared and shared >= min(len(below), len(leaves))):
            found.append(region)
    return tuple(found)


def regions_named(concepts: Iterable[str]) -> tuple[str, ...]:
    """Regions that concepts stand for, each once, in the order of the region head."""
    named = {region for concept in concepts for region in regions_of(concept)}
    return tuple(name for name in REGION_NAMES if name in named)


def masked_regions(mask: NDArray[np.bool_], landmarks: NDArray[np.float32]) -> tuple[str, ...]:
    """Regions that a square mask of the window touches; landmarks in window pixels."""
    touched = touched_regions(mask.astype(np.float32), landmarks)
    return tuple(name for name, hit in zip(REGION_NAMES, touched, strict=True) if hit)


def touched_regions(mask: NDArray[np.float32], window_landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Which regions a square mask of the window (0..1, any side) touches: (16,) float32 0/1; landmarks as above."""
    side = len(mask)
    regions = region_masks(window_landmarks * np.float32(side / CROP_SIZE), side, side)
    areas = regions.sum(axis=(1, 2))
    covered = (regions * (mask > 0.25)).sum(axis=(1, 2))
    return np.asarray((areas >= LEAST_AREA) & (covered >= REGION_ACTIVE * np.maximum(areas, 1)), np.float32)
