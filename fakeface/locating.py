"""Where a face is altered: parts of its mask by name and measurement, answers to the examiner's places, maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim
from fakeface.asked import Asked, Place
from fakeface.backends import Engine
from fakeface.claims.cutout import Cutout
from fakeface.claims.scene import REDUCE, Scene
from fakeface.claims.values import Severity
from fakeface.decision import Decision, Pairing
from fakeface.findings import FaceFinding, PartFinding
from fakeface.interfaces import Encoding
from fakeface.masks import Mask, MaskPrompt
from fakeface.measurements import MIN_PIXELS
from fakeface.places import part_of, problem_of
from fakeface.suspicion import Suspicion

__all__ = ["decided_pairing", "locate_face"]

Bools = NDArray[np.bool_]


def locate_face(suspicion: Suspicion, asked: Asked, places: Sequence[Place]) -> FaceFinding:
    """The finding with what answers the places, and with maps and parts where they are asked for.

    Args:
        suspicion: the face with the decision about it, and what speaks for an alteration of its parts.
        asked: what is asked.
        places: those that belong to this face.
    """
    engine, encoding, finding = suspicion.engine, suspicion.encoding, suspicion.finding
    found = _answer_places(suspicion, places)
    if not asked.maps:
        return replace(finding, places=found)
    return replace(
        finding,
        places=found,
        parts=_parts(suspicion.measured.scene),
        probabilities=suspicion.probabilities,
        heatmaps=_heatmaps(engine, encoding, finding),
    )


def _heatmaps(engine: Engine, encoding: Encoding, finding: FaceFinding) -> tuple[NDArray[np.float32], ...]:
    decision = finding.decision
    if decision.chosen is None:
        return ()
    answer = finding.answers[decision.chosen]
    pairing = decided_pairing(decision, answer.claim)
    return () if pairing is None else engine.scorer.heatmaps(encoding, answer, pairing)


def decided_pairing(decision: Decision, claim: Claim | None) -> Pairing | None:
    """The pairing that a decision rests on: what the face is taken for, and what the chosen answer says."""
    if claim is None or decision.fakeness is None:
        return None
    said = {
        Claim.REAL: (Pairing.REAL_SAID_REAL, Pairing.FAKE_SAID_REAL),
        Claim.FAKE: (Pairing.REAL_SAID_FAKE, Pairing.FAKE_SAID_FAKE),
    }
    return said[claim][int(decision.fakeness >= 0.5)]


def _parts(scene: Scene) -> tuple[PartFinding, ...]:
    """The parts of the artifact mask, largest share first; those that a cross-cutting name is made of are told, too."""
    shares = {part.name: (part.share, part.covered) for part in scene.naming.parts}
    total = 0 if scene.altered is None else int(np.count_nonzero(scene.altered))
    for name in (inner for part in scene.naming.parts for inner in scene.within(part.name)):
        pixels, covered = scene.shares(name)
        shares.setdefault(name, (min(round(pixels / max(total, 1), 4), 1.0), round(covered, 4)))
    parts = [
        replace(_measured(scene, name), leaf=_leaf(scene, name), share=share, covered=covered)
        for name, (share, covered) in shares.items()
    ]
    return tuple(sorted(parts, key=lambda part: (-part.share, -("none", "slight", "clear").index(part.severity))))


def _leaf(scene: Scene, concept: str) -> str | None:
    area = scene.place(concept)[::REDUCE, ::REDUCE]
    if scene.altered is not None:
        area = area & scene.altered[::REDUCE, ::REDUCE]
    return part_of(area, scene.leaves)[1]


def _measured(scene: Scene, concept: str) -> PartFinding:
    """A part with the artifact that its measurements bear out most strongly."""
    measured = scene.measurements(concept)
    found = None if scene.touched(concept) else scene.usual(concept)
    if found is None and measured:  # an artifact is measured, or the part is altered and no measure shows it
        found = scene.findings(concept)[0]
    part = PartFinding("", concept, None, measurements=measured, reference=_reference(scene, concept, measured))
    return replace(part, term=found.term, severity=found.severity.value) if found else part


def _measured_there(scene: Scene, concept: str, area: Bools) -> PartFinding:
    """What of a part lies in a place, with its own measurements; those of the whole part where that is too little."""
    region = scene.place(concept) & area
    if scene.altered is not None and int((region & scene.altered).sum()) >= MIN_PIXELS:
        region = region & scene.altered
    measured = scene.measure(region, concept)
    if not measured:
        return _measured(scene, concept)
    strongest = max(scene.borne_out(concept, measured), key=lambda one: one[1], default=None)
    term, severity = "usual", Severity.NONE
    if strongest is not None:
        term, severity = strongest[0].name, Severity.of(strongest[1])
    elif scene.altered is not None and bool((region & scene.altered).any()):
        term = "unclear"
    known = PartFinding("", concept, None, measurements=measured, reference=_reference(scene, concept, measured))
    return replace(known, term=term, severity=severity.value)


def _reference(scene: Scene, concept: str, measured: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """The range of real faces for each measurement."""
    return {name: scene.limits.span(concept, name) for name in measured}


def _answer_places(suspicion: Suspicion, places: Sequence[Place]) -> tuple[PartFinding, ...]:
    """One answer per place; all masks come out of one call."""
    cutout = suspicion.measured
    areas = [_area(place, cutout) for place in places]
    shown = [row for row, area in enumerate(areas) if area.any()]  # a part that is not seen here marks nothing
    prompts = [_prompt(places[row], areas[row]) for row in shown]
    locate = suspicion.engine.segmenter.locate
    masks = locate(suspicion.encoding, prompts, cutout.height, cutout.width) if prompts else ()
    answers = dict(zip(shown, masks, strict=True))
    return tuple(
        _answered(place, area, answers.get(row), suspicion)
        for row, (place, area) in enumerate(zip(places, areas, strict=True))
    )


def _area(place: Place, cutout: Cutout) -> Bools:
    """(height, width) bool of what is asked about, in the frame."""
    area = place.pixels(cutout.height, cutout.width)
    return cutout.in_frame(cutout.scene.place(str(place.concept))) if area is None else area


def _prompt(place: Place, area: Bools) -> MaskPrompt:
    if place.box is not None or place.point is not None:
        return MaskPrompt(place.words, box=place.box, point=place.point)
    return MaskPrompt(place.words, region=area)


def _answered(place: Place, area: Bools, mask: Mask | None, suspicion: Suspicion) -> PartFinding:
    """What answers a place; only a suspicious part has altered pixels, because a decoder that is asked finds some."""
    cutout, scene = suspicion.measured, suspicion.measured.scene
    concept, leaf = part_of(_seen(area, cutout), scene.leaves)
    named = place.concept is not None
    concept = place.concept or concept
    problem = problem_of(concept, scene.leaves) if concept else "no part of the face that can be named lies there"
    found = PartFinding("", concept, None)
    if concept and not problem:
        found = _measured(scene, concept) if named else _measured_there(scene, concept, cutout.inside(area))
    if mask is not None and not suspicion.altered(concept):
        mask = _own_mask(place, area, mask, suspicion)
    altered, inside = scene.altered, cutout.inside(area)
    share = 0.0 if altered is None else float((inside & altered).sum() / altered.sum())
    covered = 0.0 if mask is None else float((mask.pixels & area).sum() / max(area.sum(), 1))
    return replace(found, asked=place.words, leaf=leaf, problem=problem, mask=mask, share=share, covered=covered)


def _own_mask(place: Place, area: Bools, mask: Mask, suspicion: Suspicion) -> Mask:
    """What a place shows whose part is not called altered: the artifact mask that lies in it, a named part nothing.

    Around a point that the artifact mask holds, it is what the decoder marks of that mask.
    """
    kept = np.zeros_like(area) if place.concept is not None else suspicion.marked(area)
    if place.point is not None and kept.any():
        kept = kept | suspicion.marked(mask.pixels)
    return replace(mask, pixels=kept, score=mask.score if kept.any() else 0.0)


def _seen(area: Bools, cutout: Cutout) -> Bools:
    """An area of the frame on the grid of the map of leaves: a cell belongs to it where any of its pixels does."""
    height, width = cutout.scene.leaves.labels.shape
    seen = np.zeros((height, width), np.bool_)
    rows, columns = np.nonzero(area)
    step = REDUCE / cutout.scale  # pixels of the frame per cell
    down, across = ((values - first) // step for values, first in ((rows, cutout.box.top), (columns, cutout.box.left)))
    inside = (down >= 0) & (across >= 0) & (down < height) & (across < width)
    seen[down[inside].astype(int), across[inside].astype(int)] = True
    return seen
