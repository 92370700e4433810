"""What can be said of one part of a face, and how far beyond real faces a measurement lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How far a measurement lies beyond what real faces show."""

    NONE = "none"
    SLIGHT = "slight"
    CLEAR = "clear"

    @classmethod
    def of(cls, strength: float) -> Severity:
        """That of an artifact by its strength, above 0: 1 is the limit of a clear one."""
        return cls.CLEAR if strength >= 1 else cls.SLIGHT


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement about one part of the face, made from its measurements.

    Args:
        concept: name of the part, in the concept tree.
        family: of artifacts ("colour"); "none" where no artifact is named.
        term: name in ``TERMS``, or ``usual`` (within the range of real faces) or ``unclear`` (altered, but no measure
            shows it).
        severity: how far beyond the range of real faces.
        measurements: value by name, rounded to 4 decimals: the one that the term rests on, or all where none is named.
        supported: whether the measurements bear the statement out; false for ``unclear``, which rests on the truth
            that the maker of the picture told.
        strength: 0 at the limit of a slight, 1 at the limit of a clear artifact; 0 where none is named.
        original: the same measurement on the picture before it was altered, where that is known.
    """

    concept: str
    family: str
    term: str
    severity: Severity
    measurements: Mapping[str, float]
    supported: bool
    strength: float = 0.0
    original: Mapping[str, float] = field(default_factory=dict)
