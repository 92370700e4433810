"""Which names an altered area gets: leaves that it covers, replaced by their parents where it covers most of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fakeface.concepts.geometry import LeafMap, Reason, visible_pixels
from fakeface.concepts.tree import CONCEPTS, CROSS, LEAVES, TOPS, Kind, children, leaves_below
from fakeface.errors import SettingsError

__all__ = ["LEAST_COVERED", "LEAST_PIXELS", "NamedPart", "Naming", "name_parts"]

LEAST_COVERED, LEAST_PIXELS, LEAST_SHARE = 0.15, 32, 0.005
"""A part is active with this share of itself, this many pixels, and this share of the area."""

MOST_OF_CHILDREN, MOST_IN_ONE = 2 / 3, 0.7
"""A parent takes over from this share of its visible children, unless one holds more than this of its area.

A child that is most of its parent anyway may hold as much, and a tenth more: else the skin around an eye, larger than
all the rest of it, would forbid the name *eye* even where everything is altered.
"""

MOST_NAMES = 6
LEAST_COVERAGE = 0.6
"""Names that cover less of the area than this do not describe it."""

_ROW = {name: row for row, name in enumerate(CONCEPTS)}
_BELOW = np.zeros((len(_ROW), len(LEAVES)), np.int64)
for _name, _row in _ROW.items():
    _BELOW[_row, list(leaves_below(_name))] = 1


@dataclass(frozen=True, slots=True)
class NamedPart:
    """One name of an altered area.

    Args:
        name: of the concept.
        share: of the altered area that lies in it, 0..1.
        covered: share of the concept that is altered, 0..1.
    """

    name: str
    share: float
    covered: float


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of one altered area.

    Args:
        parts: at most six, the largest share first; none for an empty area.
        coverage: share of the area that the names cover, 0..1; 0 for an empty area.
    """

    parts: tuple[NamedPart, ...]
    coverage: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names alone."""
        return tuple(part.name for part in self.parts)

    @property
    def sufficient(self) -> bool:
        """Whether the names cover enough of the area to describe it."""
        return self.coverage >= LEAST_COVERAGE


def name_parts(area: NDArray[np.bool_], leaves: LeafMap, most: int = MOST_NAMES) -> Naming:
    """Name an altered area by at most ``most`` concepts.

    Bottom up: a leaf is active where enough of it is altered; one that is mostly altered but too small for a name of
    its own counts for its parent. A parent replaces its children where two thirds of the visible ones are active and
    none holds more than 70 % of the parent's altered area (more only where it is more of the parent itself); two
    mirrored children that are both active always give way to their parent. A parent whose visible leaves are less than
    half of it (the eyeball of a small face) is taken as one piece. At most one cross-cutting parent takes over, and no
    name lies within another. What is not assessable is never named.

    Args:
        area: (height, width) bool of the altered pixels, in the frame of ``leaves``.
        leaves: the face's leaves.
        most: most names.

    Raises:
        SettingsError: the area has another size than the map of leaves.
    """
    if area.shape != leaves.labels.shape or area.dtype != np.bool_:
        raise SettingsError(f"the area is {area.shape} {area.dtype}, but the leaves are {leaves.labels.shape} bool")
    hits = np.bincount(leaves.labels[area], minlength=len(LEAVES)) * leaves.reduce**2
    tally = _Tally(leaves, hits.astype(np.int64))
    if not tally.area:
        return Naming((), 0.0)
    across = _across(tally)
    rest = _Tally(leaves, tally.hits, leaves_below(across)) if across else tally
    names = [name for top in TOPS for name in rest.settled(top)] + ([across] if across else [])
    chosen = sorted(names, key=lambda name: -tally.hit(name))[:most]
    reached = np.unique([leaf for name in chosen for leaf in leaves_below(name)]).astype(int)
    parts = tuple(
        NamedPart(name, round(tally.hit(name) / tally.area, 4), round(tally.hit(name) / max(tally.size(name), 1), 4))
        for name in chosen
    )
    return Naming(parts, round(float(hits[reached].sum()) / tally.area, 4))


@dataclass(frozen=True, eq=False)
class _Tally:
    """Pixels of the leaves and of the area in them, and what follows for parents."""

    leaves: LeafMap
    hits: NDArray[np.int64]
    aside: tuple[int, ...] = ()
    """Leaves that have their name already."""

    @cached_property
    def area(self) -> int:
        return int(self.hits.sum())

    @cached_property
    def _sizes(self) -> NDArray[np.int64]:
        """(concepts, 3): pixels of each concept's located leaves, of its visible leaves, and of the area in it."""
        reasons = self.leaves.reasons
        seen = np.array([reason is None for reason in reasons])
        counted = seen | np.array([reason is Reason.TOO_SMALL for reason in reasons])
        seen[list(self.aside)] = counted[list(self.aside)] = False
        areas = self.leaves.areas
        return np.asarray(_BELOW @ np.stack([areas * counted, areas * seen, self.hits * counted], axis=1))

    @cached_property
    def least(self) -> float:
        side = self.leaves.reduce
        return visible_pixels(self.leaves.labels.shape[0] * side, self.leaves.labels.shape[1] * side)

    def size(self, name: str) -> int:
        return int(self._sizes[_ROW[name], 0])

    def hit(self, name: str) -> int:
        return int(self._sizes[_ROW[name], 2])

    def one_piece(self, name: str) -> bool:
        """Whether a concept is taken as a whole: a leaf, or a parent most of which is leaves too small to be seen."""
        return CONCEPTS[name].kind is Kind.LEAF or 2 * int(self._sizes[_ROW[name], 1]) < self.size(name)

    def visible(self, name: str) -> bool:
        if self.one_piece(name):
            return self.size(name) >= self.least
        return any(self.visible(child) for child in children(name))

    def touched(self, name: str) -> bool:
        """The rule for a concept in one piece."""
        hit = self.hit(name)
        return hit >= LEAST_COVERED * self.size(name) and hit >= max(LEAST_PIXELS, LEAST_SHARE * self.area)

    def settled(self, name: str) -> list[str]:
        """The names that stand for what is altered below a concept; only itself where it is named as a whole."""
        if not self.visible(name):
            return []
        if self.one_piece(name) and self.whole(name):
            return [name] if self.touched(name) else []
        below = {child: self.settled(child) for child in children(name) if self.visible(child)}
        active = [child for child, names in below.items() if self.stands(child, names) or self.mostly(child)]
        return (
            [name] if self.promoted(name, list(below), active) else [one for names in below.values() for one in names]
        )

    def whole(self, name: str) -> bool:
        """Whether nothing of a concept has been set aside, so that its name repeats nothing."""
        return set(self.aside).isdisjoint(leaves_below(name))

    def mostly(self, name: str) -> bool:
        """Whether most of a concept is altered: it counts for its parent even where it is too small for a name."""
        return 2 * self.hit(name) >= self.size(name)

    def stands(self, child: str, names: list[str]) -> bool:
        """Whether a child is active: it is named itself, or all that is visible of it is one name."""
        if names == [child]:
            return True
        grown = [one for one in children(child) if self.visible(one)]
        return len(names) == 1 and len(grown) == 1 and self.stands(grown[0], names)

    def promoted(self, name: str, visible: list[str], active: list[str]) -> bool:
        """Whether a parent takes over from its active children."""
        if not self.touched(name) or not self.whole(name):
            return False
        if len(visible) == 2 and len(active) == 2 and CONCEPTS[visible[0]].mirror == visible[1]:
            return True
        if len(visible) < 2 or len(active) < MOST_OF_CHILDREN * len(visible):
            return False
        whole = max(self.size(name), 1)
        return all(
            self.hit(child) <= max(MOST_IN_ONE, self.size(child) / whole + 0.1) * self.hit(name) for child in active
        )


def _across(tally: _Tally) -> str:
    """The cross-cutting parent that takes over; empty where none does.

    The whole face needs both of its members. Only one can take over, because they overlap.
    """
    holding: list[str] = []
    for cross in CROSS:
        visible = [member for member in cross.members if tally.visible(member)]
        active = [member for member in visible if tally.stands(member, tally.settled(member))]
        if cross.name == "whole_face":
            if set(cross.members) <= set(holding):
                return cross.name
        elif tally.promoted(cross.name, visible, active):
            holding.append(cross.name)
    return holding[0] if holding else ""
