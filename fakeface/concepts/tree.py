"""The Facial Image Concept Tree as frozen data, read from ``concepts.toml``: what can be named on a face's picture."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

__all__ = [
    "CONCEPTS",
    "CROSS",
    "HEAD_REGIONS",
    "LEAF_NAMES",
    "LEAVES",
    "OVERLAYS",
    "PARENTS",
    "TOPS",
    "Concept",
    "Kind",
    "Side",
    "Source",
    "ancestors",
    "children",
    "leaves_below",
]


class Kind(StrEnum):
    """What a concept is in the tree."""

    LEAF = "leaf"
    PARENT = "parent"
    CROSS = "cross-cutting parent"
    OVERLAY = "overlay"


class Side(StrEnum):
    """The subject's side; the subject's right is usually at the left of the picture."""

    RIGHT = "right"
    LEFT = "left"
    MIDDLE = "middle"


class Source(StrEnum):
    """What tells where a leaf is."""

    LANDMARKS = "landmarks"
    COLOUR = "colour"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Concept:
    """One name of the tree.

    Args:
        name: identifier, as in records.
        words: as people and models write it.
        synonyms: other ways to write it; no two concepts share one.
        kind: leaf, parent, cross-cutting parent or overlay.
        side: the subject's side.
        mirror: name of the concept on the other side; its own name in the middle.
        parent: name of the parent; empty for the top of the tree, cross-cutting parents and overlays.
        source: what tells where a leaf is; ``None`` for all that is made of leaves.
        note: how a leaf is placed, or why it cannot be.
        members: of a cross-cutting parent the concepts it is made of; of an overlay those inside its border.
        outside: of an overlay the concepts beyond its border; empty for all the rest.
        hull: whether an overlay's inside is filled up to its convex hull first.
    """

    name: str
    words: str
    synonyms: tuple[str, ...]
    kind: Kind
    side: Side
    mirror: str
    parent: str = ""
    source: Source | None = None
    note: str = ""
    members: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    hull: bool = False


_SIDES = {Side.RIGHT: Side.LEFT, Side.LEFT: Side.RIGHT}


def _filled(value: Any, side: Side) -> Any:
    if isinstance(value, str):
        return value.replace("{side}", side)
    return [_filled(item, side) for item in value] if isinstance(value, list) else value


def _expanded(entries: list[dict[str, Any]]) -> Iterator[tuple[Side, dict[str, Any]]]:
    for entry in entries:
        if "{side}" in entry["name"]:
            for side, other in _SIDES.items():
                filled = {key: _filled(value, side) for key, value in entry.items()}
                yield side, filled | {"mirror": _filled(entry["name"], other)}
        else:
            yield Side.MIDDLE, entry | {"mirror": entry["name"]}


def _concept(kind: Kind, side: Side, entry: dict[str, Any]) -> Concept:
    return Concept(
        name=entry["name"],
        words=entry["words"],
        synonyms=tuple(entry["synonyms"]),
        kind=kind,
        side=side,
        mirror=entry["mirror"],
        parent=entry.get("parent", ""),
        source=Source(entry["source"]) if "source" in entry else None,
        note=entry.get("note", ""),
        members=tuple(entry.get("members", entry.get("inside", ()))),
        outside=tuple(entry.get("outside", ())),
        hull=entry.get("hull", False),
    )


_DATA = tomllib.loads(resources.files(__package__).joinpath("concepts.toml").read_text("utf-8"))


def _read(table: str, kind: Kind) -> tuple[Concept, ...]:
    return tuple(_concept(kind, side, entry) for side, entry in _expanded(_DATA[table]))


LEAVES = _read("leaves", Kind.LEAF)
"""The 112 leaves in the order of the tree; a leaf's place here is its number in a map of labels."""

PARENTS = _read("parents", Kind.PARENT)
CROSS = _read("cross", Kind.CROSS)
OVERLAYS = _read("overlays", Kind.OVERLAY)
LEAF_NAMES = tuple(leaf.name for leaf in LEAVES)
TOPS = tuple(parent.name for parent in PARENTS if not parent.parent)
"""The parents without a parent."""

CONCEPTS: Mapping[str, Concept] = MappingProxyType(
    {concept.name: concept for concept in (*PARENTS, *LEAVES, *CROSS, *OVERLAYS)}
)
"""Every concept by its name."""

HEAD_REGIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {entry["name"]: tuple(entry["members"]) for _, entry in _expanded(_DATA["regions"])}
)
"""The regions that the region head names (``REGIONS``), each with the concepts that it is made of."""

_CHILDREN: dict[str, tuple[str, ...]] = {
    parent.name: tuple(one.name for one in (*PARENTS, *LEAVES) if one.parent == parent.name) for parent in PARENTS
} | {cross.name: cross.members for cross in CROSS}


def children(name: str) -> tuple[str, ...]:
    """Names directly below a parent or cross-cutting parent; empty for leaves and overlays.

    Raises:
        KeyError: no concept has this name.
    """
    return _CHILDREN.get(CONCEPTS[name].name, ())


def ancestors(name: str) -> tuple[str, ...]:
    """The chain of parents from the nearest to the top; empty for a top, a cross-cutting parent and an overlay.

    Raises:
        KeyError: no concept has this name.
    """
    above = CONCEPTS[name].parent
    return (above, *ancestors(above)) if above else ()


def _leaves_below(name: str) -> tuple[int, ...]:
    if CONCEPTS[name].kind is Kind.LEAF:
        return (LEAF_NAMES.index(name),)
    return tuple(sorted({leaf for child in children(name) for leaf in _leaves_below(child)}))


_LEAVES_BELOW = {name: _leaves_below(name) for name in CONCEPTS}


def leaves_below(name: str) -> tuple[int, ...]:
    """Numbers of all leaves of a concept, rising; a leaf's own number for a leaf, none for an overlay.

    Raises:
        KeyError: no concept has this name.
    """
    return _LEAVES_BELOW[name]
