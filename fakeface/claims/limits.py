"""The range of real faces: between which values a measurement lies on parts of faces that nobody altered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from fakeface.claims.terms import Term
from fakeface.concepts.tree import CONCEPTS, Kind, ancestors

__all__ = ["EVERYWHERE", "PERCENTILES", "Limits", "group_of", "limits"]

PERCENTILES = (1, 5, 95, 99)
"""Of untouched real faces: beyond the inner two an artifact is slight, beyond the outer two it is clear."""

EVERYWHERE = "everywhere"
"""Group of concepts that have no own range."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Ranges by group of concepts and measure.

    Args:
        groups: group → measure → values at ``PERCENTILES``.
    """

    groups: Mapping[str, Mapping[str, tuple[float, ...]]]

    def strength(self, term: Term, concept: str | None, value: float) -> float:
        """0 at the limit of a slight artifact, 1 at that of a clear one; below 0 within the range of real faces.

        Args:
            term: the artifact.
            concept: part of the face; ``None`` for a place without a name.
            value: of the term's measurement.
        """
        values = self._values(concept, term.measure)
        slight, clear = (values[2], values[3]) if term.above else (values[1], values[0])
        return (value - slight) / (clear - slight) if clear != slight else float(value == slight) - 1.0

    def span(self, concept: str | None, measure: str) -> tuple[float, float]:
        """(lowest, highest) of real faces: beyond these an artifact is slight, or clear.

        Args:
            concept: part of the face; ``None`` for a place without a name.
            measure: name of the measurement.
        """
        _, low, high, _ = self._values(concept, measure)
        return low, high

    def _values(self, concept: str | None, measure: str) -> tuple[float, ...]:
        group = self.groups.get(group_of(concept), {}) if concept else {}
        return group.get(measure) or self.groups[EVERYWHERE][measure]


def group_of(concept: str) -> str:
    """The top of the tree above a concept; cross-cutting parents and overlays are groups of their own."""
    if CONCEPTS[concept].kind in (Kind.CROSS, Kind.OVERLAY):
        return concept
    return (concept, *ancestors(concept))[-1]


@lru_cache(maxsize=1)
def limits() -> Limits:
    """The shipped ranges (``limits.json``, written by ``benchmarks/annotation_limits.py``)."""
    data = json.loads(resources.files(__package__).joinpath("limits.json").read_text("utf-8"))
    return Limits(
        MappingProxyType(
            {
                group: MappingProxyType({name: tuple(values) for name, values in ranges.items()})
                for group, ranges in data["groups"].items()
            }
        )
    )
