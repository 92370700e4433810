"""Statements held against the picture: each is measured where it points, beside the range of real faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fakeface.claims.cutout import Cutout
from fakeface.claims.reading import concept_of
from fakeface.claims.scene import Scene
from fakeface.claims.terms import TERMS, UNALTERED
from fakeface.claims.values import Severity
from fakeface.claims.words import wordings
from fakeface.errors import SettingsError
from fakeface.findings import Statement
from fakeface.masks import Mask
from fakeface.measurements import MIN_PIXELS

__all__ = ["check_statements", "point_at", "sayable"]


def check_statements(statements: Sequence[Statement], masks: Sequence[Mask], cutout: Cutout) -> tuple[Statement, ...]:
    """Measure every statement where it points, and say whether the measurement bears it out. None is dropped.

    A statement with a mask is measured where its mask lies on the part that it names, or on all of the mask where that
    is too little of a mask that mostly lies on it. One without a mask, or whose mask lies beside its part, is measured
    on the whole part, and one that names no part on its mask. What cannot be located on this picture is not measured.

    Args:
        statements: as ``read_statements`` gives them.
        masks: one for every grounded statement, in their order, in the frame's pixels; none at all where no masks were
            made. An empty mask is none.
        cutout: the face, cut out with its artifact mask, which is no surroundings to compare with.

    Raises:
        SettingsError: there are masks, but not one for every grounded statement, or one of another size than the frame.
    """
    wanted = sum(one.grounded for one in statements)
    if masks and len(masks) != wanted:
        raise SettingsError(f"{wanted} statements point at pixels, but there are {len(masks)} masks")
    if any(mask.pixels.shape != (cutout.height, cutout.width) for mask in masks):
        raise SettingsError(f"a mask has another size than the picture, {cutout.width}x{cutout.height}")
    shown = iter(masks)
    return tuple(_checked(one, next(shown, None) if one.grounded else None, cutout) for one in statements)


def sayable(words: str, mask: Mask | None, cutout: Cutout) -> tuple[str, ...]:
    """Every wording that may follow "is" or "are" after a part: the artifacts that ``check_statements`` would bear out.

    Args:
        words: that name the part.
        mask: what the statement points at, in the frame's pixels; ``None`` where it points at nothing.
        cutout: the face, cut out with its artifact mask.

    Returns:
        all wordings of every artifact that is borne out there; where none is, those that say that no measure shows it.
    """
    concept = concept_of(words)
    measured = _measured(concept, _shown(mask), cutout).values
    found = cutout.scene.borne_out(concept, measured)
    said = [(term.name, Severity.of(strength)) for term, strength in found]
    return tuple(wording for one in said or [("unclear", Severity.NONE)] for wording in wordings(*one))


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """What was measured of a part: its place and what the mask shows, in the scene's pixels, where there are any."""

    values: Mapping[str, float]
    place: NDArray[np.bool_] | None
    inside: NDArray[np.bool_] | None


def point_at(statement: Statement, mask: Mask, cutout: Cutout) -> Statement:
    """A checked statement with a mask that its text did not ask for; measurements and check stay those of the part."""
    shown = _shown(mask)
    if shown is None:
        return statement
    found = _measured(statement.concept, shown, cutout)
    return replace(statement, mask=shown, confidence=shown.score, covered=_covered(found.place, found.inside))


def _shown(mask: Mask | None) -> Mask | None:
    """The mask; an empty one is none."""
    return mask if mask is not None and mask.pixels.any() else None


def _measured(concept: str | None, mask: Mask | None, cutout: Cutout) -> _Measured:
    scene = cutout.scene
    place = scene.place(concept) if concept and scene.assessable(concept) else None
    inside = cutout.inside(mask.pixels) if mask else None
    region = _region(place, inside) if concept is None or place is not None else None
    return _Measured(scene.measure(region, concept) if region is not None else {}, place, inside)


def _checked(statement: Statement, mask: Mask | None, cutout: Cutout) -> Statement:
    mask = _shown(mask)
    scene, found = cutout.scene, _measured(statement.concept, mask, cutout)
    return replace(
        statement,
        mask=mask,
        confidence=mask.score if mask else None,
        measurements=found.values,
        reference={name: scene.limits.span(statement.concept, name) for name in found.values},
        supported=_supported(scene, statement, found.values),
        covered=_covered(found.place, found.inside),
    )


def _region(place: NDArray[np.bool_] | None, inside: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    if place is None or inside is None:
        return inside if place is None else place
    both = np.asarray(place & inside)
    shared, shown = int(np.count_nonzero(both)), int(np.count_nonzero(inside))
    if shared >= MIN_PIXELS:
        return both
    return inside if shown and 2 * shared >= shown else place


def _covered(place: NDArray[np.bool_] | None, inside: NDArray[np.bool_] | None) -> float | None:
    if place is None or inside is None or not place.any():
        return None
    return float(np.count_nonzero(place & inside) / np.count_nonzero(place))


def _supported(scene: Scene, statement: Statement, measured: Mapping[str, float]) -> bool | None:
    if not measured or statement.term is None:
        return None
    if statement.term in TERMS:
        term = TERMS[statement.term]
        if term.measure not in measured:
            return None
        return scene.limits.strength(term, statement.concept, measured[term.measure]) > 0
    return statement.term in UNALTERED and next(scene.borne_out(statement.concept, measured), None) is None
