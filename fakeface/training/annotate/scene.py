"""One face with its altered area: where its parts lie, what is measured on them, and which artifacts that bears out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fakeface.concepts import CONCEPTS, LeafMap, Naming, locate, name_parts
from fakeface.concepts.tree import Kind, children, leaves_below
from fakeface.errors import SettingsError
from fakeface.measurements import Surface
from fakeface.training.annotate.limits import Limits, limits
from fakeface.training.annotate.terms import TERMS
from fakeface.training.annotate.values import Finding, Severity

__all__ = ["REDUCE", "Scene", "measure_again"]

REDUCE = 2
"""Side of a pixel of the map of leaves in pixels of the picture."""

TOUCHED_SHARE, TOUCHED_PIXELS = 0.15, 32
"""A part is altered with this share of itself and this many pixels (the naming rule's first clause)."""

UNTOUCHED_SHARE = 0.05
"""Up to this share a part counts as untouched, for comparisons with it."""

DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Scene:
    """A face on its picture.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        landmarks: (68, 2) float32 in its pixels.
        altered: (height, width) bool; ``None`` where nothing is altered, or no place is known.
        limits: range of real faces.

    Raises:
        SettingsError: the altered area has another size than the picture.
    """

    pixels: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    altered: NDArray[np.bool_] | None
    limits: Limits = field(default_factory=limits)

    def __post_init__(self) -> None:
        if self.altered is not None and self.altered.shape != self.pixels.shape[:2]:
            raise SettingsError(f"the altered area is {self.altered.shape}, the picture {self.pixels.shape[:2]}")

    @cached_property
    def leaves(self) -> LeafMap:
        """The leaves of the concept tree, at half the resolution."""
        height, width = self.pixels.shape[:2]
        return locate(self.landmarks, height, width, self.pixels, reduce=REDUCE)

    @cached_property
    def surface(self) -> Surface:
        """The picture, prepared for measuring."""
        return Surface(self.pixels)

    @cached_property
    def naming(self) -> Naming:
        """Names of the altered area; none where there is no such area."""
        if self.altered is None:
            return Naming((), 0.0)
        return name_parts(np.ascontiguousarray(self.altered[::REDUCE, ::REDUCE]), self.leaves)

    def place(self, concept: str) -> NDArray[np.bool_]:
        """(height, width) bool of a concept."""
        small = self.leaves.mask(concept)
        height, width = self.pixels.shape[:2]
        return small.repeat(REDUCE, axis=0).repeat(REDUCE, axis=1)[:height, :width]

    def assessable(self, concept: str) -> bool:
        """Whether any leaf of a concept may be named on this picture."""
        return any(self.leaves.reasons[leaf] is None for leaf in leaves_below(concept))

    def shares(self, concept: str) -> tuple[int, float]:
        """Altered pixels of a concept, about, and their share of it."""
        place = self.leaves.mask(concept)
        if self.altered is None or not place.any():
            return 0, 0.0
        hit = int(np.count_nonzero(place & self.altered[::REDUCE, ::REDUCE]))
        return hit * REDUCE**2, hit / int(np.count_nonzero(place))

    def touched(self, concept: str) -> bool:
        """Whether enough of a concept is altered to say so."""
        pixels, share = self.shares(concept)
        return pixels >= TOUCHED_PIXELS and share >= TOUCHED_SHARE

    def untouched(self, concept: str) -> bool:
        """Whether hardly anything of a concept is altered."""
        return self.shares(concept)[1] <= UNTOUCHED_SHARE

    def measurements(self, concept: str) -> Mapping[str, float]:
        """All measures of a part by name, rounded; none where it is too small to be compared.

        Of a touched part its altered share is measured, against what lies around it and is not altered; of any other
        part all of it.
        """
        place = self.place(concept)
        whole = self.touched(concept)
        region = place & self.altered if whole and self.altered is not None else place
        around = self.surface.measure(region, self.altered)
        if around is None:
            return {}
        values = around.values()
        mirror = CONCEPTS[concept].mirror
        if mirror != concept and self.assessable(mirror) and self.untouched(mirror):
            sides = self.surface.compare_sides(region, self.place(mirror))
            values |= sides.values() if sides else {}
        return {name: round(value, DECIMALS) for name, value in values.items()}

    def artifacts(self, concept: str) -> tuple[Finding, ...]:
        """Artifacts that the measurements of a part bear out, the strongest first."""
        measured = self.measurements(concept)
        return tuple(sorted(self._borne_out(concept, measured), key=lambda one: -one.strength))

    def _borne_out(self, concept: str, measured: Mapping[str, float]) -> Iterator[Finding]:
        for term in TERMS.values():
            value = measured.get(term.measure)
            if value is None:
                continue
            severity = self.limits.severity(term, concept, value)
            if severity is not Severity.NONE:
                strength = round(self.limits.strength(term, concept, value), DECIMALS)
                yield Finding(concept, term.family, term.name, severity, {term.measure: value}, True, strength)

    def findings(self, concept: str) -> tuple[Finding, ...]:
        """What may be said of an altered part: its artifacts, or that no measure shows the alteration."""
        measured = self.measurements(concept)
        found = sorted(self._borne_out(concept, measured), key=lambda one: -one.strength)
        return tuple(found) or (Finding(concept, "none", "unclear", Severity.NONE, measured, False),)

    def usual(self, concept: str) -> Finding | None:
        """That a part lies within the range of real faces in every measure; ``None`` where that cannot be said."""
        measured = self.measurements(concept) if self.assessable(concept) else {}
        if not measured or next(self._borne_out(concept, measured), None) is not None:
            return None
        return Finding(concept, "none", "usual", Severity.NONE, measured, True)

    def within(self, concept: str) -> tuple[str, ...]:
        """Touched parts that a cross-cutting name is made of; none for other names."""
        if CONCEPTS[concept].kind is not Kind.CROSS:
            return ()
        found: dict[str, None] = {}
        for child in children(concept):
            found |= dict.fromkeys(self.within(child) or ((child,) if self.touched(child) else ()))
        return tuple(name for name in found if CONCEPTS[name].kind is not Kind.CROSS and self.assessable(name))


def measure_again(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], altered: NDArray[np.bool_] | None, concept: str
) -> Mapping[str, float]:
    """The measurements of a part from what a manifest keeps: picture, landmarks and mask."""
    return Scene(pixels, landmarks, altered).measurements(concept)
