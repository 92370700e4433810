"""Small seeded grammars: how a part is named, and how a finding of it is said."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from fakeface.claims.values import Finding
from fakeface.claims.words import wordings
from fakeface.concepts import CONCEPTS

__all__ = ["be", "clause", "complement", "listed", "pick", "plural", "sentence"]

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
