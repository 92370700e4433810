"""What speaks against a decision, in plain sentences: measurements, scores and the answers that lost."""

from __future__ import annotations

from collections.abc import Iterator

from fakeface.answers import Claim
from fakeface.claims.limits import limits
from fakeface.claims.reading import is_alteration
from fakeface.claims.terms import MEASURE_WORDS, TERMS
from fakeface.concepts import CONCEPTS
from fakeface.decision import Thresholds, Verdict
from fakeface.findings import FaceFinding, PartFinding, Statement
from fakeface.sanitize import safe_text

__all__ = ["evidence_against"]

LEAST_CHANGE = 0.1
"""A score whose log-odds change by less is said not to change: a tenth of the odds."""


def evidence_against(finding: FaceFinding, thresholds: Thresholds) -> tuple[str, ...]:
    """What speaks against the verdict on one face; nothing for an inconclusive one, which has no side.

    Of a face that is said to be altered: alterations in the text that the measurement does not support, parts that
    measure like real faces although a mask marks them, masks whose removal does not lower the text-independent score,
    that score below its cut, and answers that lost and say *real*. Of a face that is said to be unaltered: the opposite
    of each, and artifact masks at all. Measurements come first; what a model wrote is quoted and made safe to show.

    Args:
        finding: with its explanations checked.
        thresholds: of the profile.
    """
    if finding.decision.verdict is Verdict.INDETERMINATE:
        return ()
    altered = finding.decision.verdict is Verdict.FAKE
    found = (
        *_measured(finding, altered),
        *_parts(finding, altered),
        *_removed(finding, altered),
        *_masked(finding, altered),
        *_scored(finding, thresholds, altered),
        *_alternatives(finding, altered),
    )
    return tuple(dict.fromkeys(found))


def _statements(finding: FaceFinding) -> Iterator[Statement]:
    for explanation in finding.explanations:
        yield from explanation.statements


def _measured(finding: FaceFinding, altered: bool) -> Iterator[str]:
    for one in _statements(finding):
        if one.supported is None:
            continue
        says_altered = is_alteration(one)
        if (says_altered == one.supported) == altered:  # the measurement is on the verdict's side
            continue
        relation = "consistent with" if one.supported else "not supported by"
        yield f'The text says "{safe_text(one.sentence)}": {relation} the measurement{_values(one)}.'


def _values(claim: Statement | PartFinding) -> str:
    """What the term rests on beside the range of real faces; of one that rests on all of them, those outside it."""
    term = TERMS.get(claim.term or "")
    names = [term.measure] if term is not None else _outside(claim)
    told = [_value(name, claim) for name in names if name in claim.reference]
    return f" ({'; '.join(told)})" if told else ""


def _outside(claim: Statement | PartFinding) -> list[str]:
    """Measures that bear out an artifact: those beyond the range of real faces on the side that a term is about."""
    known, found = limits(), claim.measurements
    return [
        term.measure
        for term in TERMS.values()
        if term.measure in found and known.strength(term, claim.concept, found[term.measure]) > 0
    ]


def _value(name: str, claim: Statement | PartFinding) -> str:
    low, high = claim.reference[name]
    return f"{MEASURE_WORDS[name]}: {claim.measurements[name]:.2f}; real faces: {low:.2f} to {high:.2f}"


def _parts(finding: FaceFinding, altered: bool) -> Iterator[str]:
    """Parts that a mask marks and no measure shows; of an unaltered face, places at which an artifact is measured."""
    for part in (*finding.parts, *finding.places):
        if part.problem or part.concept is None or not part.measurements:
            continue
        words = CONCEPTS[part.concept].words
        if altered and part.covered > 0 and part.term not in TERMS:
            yield f"A mask marks the {words}, and no artifact is measured there."
        elif not altered and part.term in TERMS:
            yield f"An artifact is measured on the {words}{_values(part)}."


def _removed(finding: FaceFinding, altered: bool) -> Iterator[str]:
    for one in _statements(finding):
        change = one.sensitivity
        if change is None or (change <= -LEAST_CHANGE) == altered:
            continue
        effect = "does not fall" if altered else "falls"
        yield (
            f'The text-independent score {effect} where the mask of "{safe_text(one.phrase)}" is painted over '
            f"(log-odds {round(change, 2) + 0.0:+.2f})."
        )


def _masked(finding: FaceFinding, altered: bool) -> Iterator[str]:
    count = sum(bool(mask.pixels.any()) for mask in finding.masks)
    if altered and not count:
        yield "No artifact mask shows where the face would be altered."
    elif count and not altered:
        yield f"{count} artifact {'mask marks' if count == 1 else 'masks mark'} pixels of this face as altered."


def _scored(finding: FaceFinding, thresholds: Thresholds, altered: bool) -> Iterator[str]:
    score = finding.decision.independent_score
    if score is not None and (score >= thresholds.independent) != altered:
        side = "below" if altered else "not below"
        yield f"The text-independent score {score:.2f} is {side} its cut {thresholds.independent:.2f}."


def _alternatives(finding: FaceFinding, altered: bool) -> Iterator[str]:
    matches = finding.decision.matches
    for row, answer in enumerate(finding.answers):
        match = matches[row] if row < len(matches) else None
        if row != finding.decision.chosen and match is not None and (answer.claim is Claim.FAKE) != altered:
            said = "altered" if answer.claim is Claim.FAKE else "real"
            yield (
                f"Model's alternative under the {answer.hypothesis.value} hypothesis: the face is {said} "
                f"(match {match:.2f}); it was written on request."
            )
