"""One face with its altered area: where its parts lie, what is measured on them, and which artifacts that bears out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fakeface.claims.limits import Limits, limits
from fakeface.claims.terms import TERMS, Term
from fakeface.claims.values import Finding, Severity
from fakeface.concepts import CONCEPTS, LEAVES, LeafMap, Naming, locate, name_parts
from fakeface.concepts.naming import LEAST_COVERED, LEAST_PIXELS
from fakeface.concepts.tree import Kind, children, leaves_below
from fakeface.errors import SettingsError
from fakeface.measurements import Surface

__all__ = ["REDUCE", "Scene", "measure_again"]

REDUCE = 2
"""Side of a pixel of the map of leaves in pixels of the picture."""

UNTOUCHED_SHARE = 0.05
"""Up to this share a part counts as untouched, for comparisons with it."""

LEAST_CHANGE = 0.25
"""Where the unaltered picture is known, an artifact has to be stronger by so much than it was there."""

DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Scene:
    """A face on its picture.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        landmarks: (68, 2) float32 in its pixels.
        altered: (height, width) bool; ``None`` where nothing is altered, or no place is known.
        limits: range of real faces.
        original: the picture before it was altered, of the same size, where it is known: what stood out before as well
            is no artifact.

    Raises:
        SettingsError: the altered area has another size than the picture.
    """

    pixels: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    altered: NDArray[np.bool_] | None
    limits: Limits = field(default_factory=limits)
    original: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        if self.altered is not None and self.altered.shape != self.pixels.shape[:2]:
            raise SettingsError(f"the altered area is {self.altered.shape}, the picture {self.pixels.shape[:2]}")
        if self.original is not None and self.original.shape != self.pixels.shape:
            raise SettingsError(f"the original is {self.original.shape}, the picture {self.pixels.shape}")

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
    def before(self) -> Surface | None:
        """The original, prepared for measuring."""
        return None if self.original is None else Surface(self.original)

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
        """Whether any leaf of a concept may be named on this picture; of an overlay, of what lies inside its border."""
        if CONCEPTS[concept].kind is Kind.OVERLAY:
            return any(self.assessable(member) for member in CONCEPTS[concept].members)
        return any(self.leaves.reasons[leaf] is None for leaf in leaves_below(concept))

    @cached_property
    def _tally(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pixels of every leaf's map, and altered ones among them."""
        labels = self.leaves.labels
        sizes = np.bincount(labels.ravel(), minlength=len(LEAVES))
        if self.altered is None:
            return sizes, np.zeros_like(sizes)
        return sizes, np.bincount(labels[self.altered[::REDUCE, ::REDUCE]], minlength=len(LEAVES))

    def shares(self, concept: str) -> tuple[int, float]:
        """Altered pixels of a concept, about, and their share of it."""
        below = list(leaves_below(concept))
        size, hit = (int(counts[below].sum()) for counts in self._tally)
        return hit * REDUCE**2, hit / max(size, 1)

    def touched(self, concept: str) -> bool:
        """Whether enough of a concept is altered to say so."""
        pixels, share = self.shares(concept)
        return pixels >= LEAST_PIXELS and share >= LEAST_COVERED

    def untouched(self, concept: str) -> bool:
        """Whether hardly anything of a concept is altered."""
        return self.shares(concept)[1] <= UNTOUCHED_SHARE

    def measurements(self, concept: str, surface: Surface | None = None) -> Mapping[str, float]:
        """All measures of a part by name, rounded; none where it is too small to be compared.

        Of a touched part its altered share is measured, against what lies around it and is not altered; of any other
        part all of it.

        Args:
            concept: name of the part.
            surface: measured instead of the picture.
        """
        place = self.place(concept)
        region = place & self.altered if self.altered is not None and self.touched(concept) else place
        return self.measure(region, concept, surface)

    def measure(
        self, region: NDArray[np.bool_], concept: str | None, surface: Surface | None = None
    ) -> Mapping[str, float]:
        """All measures of a region by name, rounded; none where it is too small to be compared.

        Args:
            region: (height, width) bool.
            concept: the part that it belongs to, which is compared with the same part of the other side; ``None`` for
                a region without a name.
            surface: measured instead of the picture.
        """
        measured = surface or self.surface
        around = measured.measure(region, self.altered)
        if around is None:
            return {}
        values = around.values()
        mirror = CONCEPTS[concept].mirror if concept else concept
        if mirror and mirror != concept and self.assessable(mirror) and self.untouched(mirror):
            sides = measured.compare_sides(region, self.place(mirror))
            values |= sides.values() if sides else {}
        return {name: round(value, DECIMALS) for name, value in values.items()}

    def borne_out(self, concept: str | None, measured: Mapping[str, float]) -> Iterator[tuple[Term, float]]:
        """Terms beyond whose limits a part's measurements lie, with their strength."""
        for term in TERMS.values():
            if term.measure in measured:
                strength = self.limits.strength(term, concept, measured[term.measure])
                if strength > 0:
                    yield term, strength

    def findings(self, concept: str) -> tuple[Finding, ...]:
        """What may be said of an altered part: its artifacts, or that no measure shows the alteration.

        The strongest comes first.
        """
        measured = self.measurements(concept)
        found = sorted(self.borne_out(concept, measured), key=lambda one: -one[1])
        earlier = self.measurements(concept, self.before) if found and self.before else {}
        findings = tuple(self._finding(concept, term, strength, measured, earlier) for term, strength in found)
        new = tuple(one for one in findings if one is not None)
        return new or (Finding(concept, "none", "unclear", Severity.NONE, measured, False),)

    def _finding(
        self, concept: str, term: Term, strength: float, measured: Mapping[str, float], earlier: Mapping[str, float]
    ) -> Finding | None:
        """An artifact; ``None`` where the original showed it about as strongly."""
        name = term.measure
        if name in earlier and strength - self.limits.strength(term, concept, earlier[name]) < LEAST_CHANGE:
            return None
        original = {name: earlier[name]} if name in earlier else {}
        value = {name: measured[name]}
        return Finding(
            concept, term.family, term.name, Severity.of(strength), value, True, round(strength, DECIMALS), original
        )

    def usual(self, concept: str) -> Finding | None:
        """That a part lies within the range of real faces in every measure; ``None`` where that cannot be said."""
        measured = self.measurements(concept) if self.assessable(concept) else {}
        if not measured or next(self.borne_out(concept, measured), None) is not None:
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
