"""Small seeded grammars: how a part is named, and how a finding of it is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from fakeface.concepts import CONCEPTS
from fakeface.training.annotate.terms import ADVERBS, TERMS, UNCLEAR, USUAL
from fakeface.training.annotate.values import Finding, Severity

__all__ = ["be", "clause", "complement", "listed", "pick", "plural", "said_of", "sentence", "wordings"]

_SINGULAR = frozenset({"iris", "lens"})


def pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    """One of several wordings."""
    return choices[int(rng.integers(len(choices)))]


def plural(words: str) -> bool:
    """Whether the name of a part takes a plural verb ("chin and jaw", "corners of the mouth")."""
    head = re.split(r" (?:of|around|between|above|under|before|beside|on|over) ", words)[0]
    last = head.split()[-1]
    return " and " in head or last == "teeth" or (last.endswith("s") and last not in _SINGULAR)


def be(concept: str) -> str:
    """The verb for a concept: is or are."""
    return "are" if plural(CONCEPTS[concept].words) else "is"


def wordings(term: str, severity: Severity) -> tuple[str, ...]:
    """Every way to say a term after "is" or "are"."""
    if term in TERMS:
        return tuple(f"{ADVERBS[severity]} {wording}" for wording in TERMS[term].wordings)
    return USUAL if term == "usual" else UNCLEAR


def complement(finding: Finding, rng: np.random.Generator) -> str:
    """A finding without its subject and verb: "clearly smoother than what lies around"."""
    return pick(rng, wordings(finding.term, finding.severity))


def clause(finding: Finding, grounded: bool, rng: np.random.Generator) -> str:
    """A finding as a clause: "the <p>left eye</p>[SEG] is clearly smoother than what lies around"."""
    tag = "[SEG]" if grounded else "[NOSEG]"
    words = CONCEPTS[finding.concept].words
    return f"the <p>{words}</p>{tag} {be(finding.concept)} {complement(finding, rng)}"


def listed(items: Sequence[str]) -> str:
    """Names in one phrase: a, a and b, a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    return f"{text[0].upper()}{text[1:]}."


_COMPLEMENTS = {
    wording: (term, severity)
    for term, severity in [
        *((name, severity) for name in TERMS for severity in ADVERBS),
        ("usual", Severity.NONE),
        ("unclear", Severity.NONE),
    ]
    for wording in wordings(term, severity)
}
_CLAIM = re.compile("|".join(re.escape(wording) for wording in sorted(_COMPLEMENTS, key=len, reverse=True)))


def said_of(text: str) -> tuple[tuple[str, Severity], ...]:
    """Every (term, severity) that a text says in the words of this grammar, in order."""
    return tuple(_COMPLEMENTS[match.group()] for match in _CLAIM.finditer(text))
