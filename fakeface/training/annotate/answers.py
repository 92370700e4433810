"""The five-field answer: which findings it makes, and its reasoning in grounded phrases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.claims.nothing import LOOKED_AT, NO_TRACE, OPENINGS, PLACELESS
from fakeface.claims.scene import Scene
from fakeface.claims.terms import USUAL
from fakeface.claims.values import Finding
from fakeface.concepts.tree import CONCEPTS, leaves_below
from fakeface.training.annotate.words import clause, listed, pick, sentence

__all__ = ["altered_findings", "chosen", "fake_reasoning", "placeless", "real_reasoning", "told", "usual_findings"]

MOST_IN_ANSWER = 2
"""Regions in the five-field answer: the compact model writes no more than 100 tokens."""

MOST_EXAMINED = 6
"""Parts of a forgery that are measured."""


def altered_findings(scene: Scene, rng: np.random.Generator) -> tuple[Finding, ...]:
    """Findings on the named parts, and on parts within those that cut across the face; at most six parts."""
    named = scene.naming.names
    inner = [part for name in named for part in scene.within(name)]
    order = [inner[int(index)] for index in rng.permutation(len(inner))]
    parts = list(dict.fromkeys([*named[:3], *order, *named[3:]]))[:MOST_EXAMINED]
    return tuple(finding for part in parts for finding in scene.findings(part))


def told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings of the five-field answer: artifacts that are borne out; else the altered parts themselves."""
    return chosen([one for one in findings if one.supported] or findings)


def chosen(findings: Sequence[Finding], most: int = MOST_IN_ANSWER) -> tuple[Finding, ...]:
    """The strongest findings, one for a part and none within another; what no measure shows comes last."""
    taken: list[Finding] = []
    for finding in sorted(findings, key=lambda one: (not one.supported, -one.strength)):
        below = set(leaves_below(finding.concept))
        if all(below.isdisjoint(leaves_below(other.concept)) for other in taken):
            taken.append(finding)
    return tuple(taken[:most])


def fake_reasoning(findings: Sequence[Finding], rng: np.random.Generator) -> str:
    """The chosen findings in one sentence, each with its mask."""
    return sentence("; ".join(clause(finding, True, rng) for finding in findings))


def placeless(forgery: ForgeryClass, rng: np.random.Generator) -> str:
    """What is said of a forgery without a known place: that there is no local evidence, and its class."""
    return f"{OPENINGS[0]}: the <p>face</p>[NOSEG] {pick(rng, PLACELESS[forgery])}"


def usual_findings(scene: Scene, rng: np.random.Generator, most: int = 2, tries: int = 4) -> tuple[Finding, ...]:
    """Parts of an unaltered face that lie within the range of real faces in every measure; maybe none."""
    found: list[Finding] = []
    for index in rng.permutation(len(LOOKED_AT))[:tries]:
        finding = scene.usual(LOOKED_AT[int(index)])
        found += [finding] if finding else []
        if len(found) == most:
            break
    return tuple(found)


def real_reasoning(findings: Sequence[Finding], rng: np.random.Generator) -> str:
    """That nothing stands out, with the parts whose measurements say so."""
    opening = pick(rng, OPENINGS)
    if not findings:
        return f"{opening}: the <p>face</p>[NOSEG] {pick(rng, NO_TRACE)}."
    if len(findings) == 1:
        return f"{opening}: {clause(findings[0], False, rng)}."
    names = listed([f"the <p>{CONCEPTS[one.concept].words}</p>[NOSEG]" for one in findings])
    return f"{opening}: {names} are {pick(rng, USUAL)}."
