"""Further texts about a face: grounded explanation, regional list, questions about regions, short conversations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fakeface.answers import (
    AGE_QUESTIONS,
    LIMIT_QUESTIONS,
    LIST_OF_NOTHING,
    LIST_QUESTIONS,
    METHOD_QUESTIONS,
    SURE_QUESTIONS,
    Claim,
    ForgeryClass,
    Hypothesis,
    prompt,
    region_questions,
)
from fakeface.claims.follow_ups import ALL_USUAL, METHOD, METHOD_WHOLE, NEITHER, NOT_KNOWN, NOWHERE, SURE
from fakeface.claims.nothing import LOOKED_AT
from fakeface.claims.scene import Scene
from fakeface.claims.terms import PARTLY
from fakeface.claims.values import Finding, Severity
from fakeface.concepts import CONCEPTS, LEAVES
from fakeface.concepts.tree import leaves_below
from fakeface.training.annotate.answers import chosen, placeless
from fakeface.training.annotate.hypotheses import draw_hypothesis
from fakeface.training.annotate.values import Dialogue
from fakeface.training.annotate.words import be, clause, complement, pick, plural, sentence
from fakeface.training.formats.annotated import Turn

__all__ = ["Told", "dialogues", "explanation", "regional_list"]

MOST_EXPLAINED, MOST_LISTED = 4, 6

ASKED_ALTERED = 0.5
"""Share of questions about forgeries that ask for an altered part."""

LARGE_PARTS = 0.3
"""Share of questions about untouched parts that ask for one of the large ones, which people ask about most."""

NOTHING = ("No evidence of an alteration:", "No evidence:")


@dataclass(frozen=True, slots=True)
class Told:
    """What has been said of a face already.

    Args:
        label, forgery: the truth.
        findings: on its altered parts; on parts within the range of real faces where nothing is altered.
        answer: the five-field answer.
        reasoning: its grounded reasoning.
        certainty: how plainly the picture shows the truth, 0..1.
    """

    label: Claim
    forgery: ForgeryClass
    findings: tuple[Finding, ...]
    answer: str
    reasoning: str
    certainty: float

    @property
    def altered(self) -> tuple[Finding, ...]:
        """The findings on altered parts."""
        return tuple(one for one in self.findings if one.term != "usual")


def explanation(told: Told, rng: np.random.Generator) -> str:
    """The grounded explanation (AGE), one sentence for each region; the reasoning itself where none is altered."""
    parts = chosen(told.altered, MOST_EXPLAINED)
    return " ".join(sentence(clause(one, True, rng)) for one in parts) or told.reasoning


def regional_list(findings: Sequence[Finding], rng: np.random.Generator) -> str:
    """Numbered lines ``N. **Region**: artifact``; one line saying that there is none where nothing is altered.

    Each region has one line, with its strongest artifact; regions whose alteration no measure shows come last.
    """
    lines = []
    strongest: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda one: (not one.supported, -one.strength)):
        strongest.setdefault(finding.concept, finding)
    for number, one in enumerate(list(strongest.values())[:MOST_LISTED], start=1):
        words = CONCEPTS[one.concept].words
        lines.append(f"{number}. **{words[0].upper()}{words[1:]}**: {complement(one, rng)}")
    return "\n".join(lines) or LIST_OF_NOTHING


def dialogues(
    scene: Scene, told: Told, rng: np.random.Generator, asked: str | None = None
) -> tuple[tuple[Dialogue, ...], tuple[Finding, ...]]:
    """All further texts of a face, and the findings that they make besides those already told.

    Args:
        scene: the face.
        told: what has been said of it.
        rng: chooses what is asked, and the wording.
        asked: the concept that the question about a region is about, where it is not drawn.
    """
    hypothesis = draw_hypothesis(int(told.label is Claim.FAKE), told.certainty, rng)
    part, other = asked or _part(scene, told, rng), _part(scene, told, rng)
    replied, found = _reply(scene, part, told, rng)
    again, more = _reply(scene, other, told, rng)
    follow_ups = [_sure(told, rng), _method(told, rng), _limit(scene, rng)]
    order = rng.permutation(len(follow_ups))[:2]
    conversation = [
        (prompt(Hypothesis.OPEN), told.answer),
        (_question(other, rng), again),
        *(follow_ups[int(index)] for index in order),
    ]
    texts = (
        _dialogue("age", (pick(rng, AGE_QUESTIONS), explanation(told, rng))),
        _dialogue("list", (pick(rng, LIST_QUESTIONS), regional_list(told.altered, rng))),
        _dialogue("region", (_question(part, rng), replied)),
        _dialogue("hypothesis", (prompt(hypothesis), told.answer)),
        _dialogue("conversation", *conversation),
    )
    return texts, (*found, *more)


def _dialogue(task: str, *pairs: tuple[str, str]) -> Dialogue:
    turns = [
        turn for asked, said in pairs for turn in (Turn(speaker="human", text=asked), Turn(speaker="model", text=said))
    ]
    return Dialogue(task, tuple(turns))


def _part(scene: Scene, told: Told, rng: np.random.Generator) -> str:
    """The part that is asked about: an altered one in half of the draws, else an untouched or hidden one.

    Untouched parts come from the whole tree, as altered ones do: a model that meets the small ones only where they are
    altered or hidden answers by their names (versions 0.3 to 0.5 of the weights).
    """
    altered = [one.concept for one in told.altered]
    if altered and rng.random() < ASKED_ALTERED:
        return pick(rng, altered)
    if rng.random() < 0.2:
        hidden = [leaf.name for leaf, reason in zip(LEAVES, scene.leaves.reasons, strict=True) if reason is not None]
        return pick(rng, hidden)
    asked = LOOKED_AT if rng.random() < LARGE_PARTS else tuple(CONCEPTS)
    still = [name for name in asked if scene.untouched(name) and scene.assessable(name)]
    return pick(rng, still or altered or LOOKED_AT)


def _question(part: str, rng: np.random.Generator) -> str:
    words = CONCEPTS[part].words
    return pick(rng, region_questions(words, plural=plural(words)))


def _reply(scene: Scene, part: str, told: Told, rng: np.random.Generator) -> tuple[str, tuple[Finding, ...]]:
    """The answer about one part, and the finding that it makes if that is a new one."""
    known = [one for one in told.altered if one.concept == part]
    if known:
        return sentence(clause(known[0], True, rng)), ()
    words = CONCEPTS[part].words
    named = f"the <p>{words}</p>[NOSEG]"
    if not scene.assessable(part):
        return sentence(f"{named} cannot be assessed here: {_why_not(scene, part)}"), ()
    if told.label is Claim.FAKE and scene.altered is None:
        return sentence(f"{placeless(told.forgery, rng)}; of {named} alone nothing can be told"), ()
    if not scene.untouched(part):
        return sentence(f"{named} {be(part)} {PARTLY[0]}"), ()
    finding = scene.usual(part)
    if finding is None:
        return sentence(f"no evidence: nothing was altered in {named}"), ()
    return f"{pick(rng, NOTHING)} {clause(finding, False, rng)}.", (finding,)


def _why_not(scene: Scene, part: str) -> str:
    return next(str(scene.leaves.reasons[leaf]) for leaf in leaves_below(part) if scene.leaves.reasons[leaf])


def _sure(told: Told, rng: np.random.Generator) -> tuple[str, str]:
    asked = pick(rng, SURE_QUESTIONS)
    if told.label is Claim.REAL:
        return asked, ALL_USUAL if told.findings else NEITHER
    if not told.altered:
        return asked, NOWHERE
    worst = max((one.severity for one in told.altered), key=list(Severity).index)
    return asked, pick(rng, SURE[worst])


def _method(told: Told, rng: np.random.Generator) -> tuple[str, str]:
    return pick(rng, METHOD_QUESTIONS), pick(rng, METHOD if told.findings or told.label is Claim.REAL else METHOD_WHOLE)


def _limit(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    hidden = [leaf.name for leaf, reason in zip(LEAVES, scene.leaves.reasons, strict=True) if reason is not None]
    part = pick(rng, hidden)
    said = f"the {CONCEPTS[part].words} cannot be assessed here: {_why_not(scene, part)}"
    return pick(rng, LIMIT_QUESTIONS), f"{sentence(said)} {pick(rng, NOT_KNOWN)}"
