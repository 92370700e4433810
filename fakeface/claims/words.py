"""The wordings of what is said of a part, and the way back from a text to the terms that it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fakeface.claims.terms import ADVERBS, PARTLY, TERMS, UNCLEAR, USUAL
from fakeface.claims.values import Severity

__all__ = ["Said", "find_said", "said_of", "wordings"]


@dataclass(frozen=True, slots=True)
class Said:
    """A term where it stands in a text.

    Args:
        start, end: of its words, in characters of the text.
        term: name in ``TERMS``, ``usual``, ``unclear``, or ``untouched`` where a denial says so (``reading``).
        severity: as the words say.
    """

    start: int
    end: int
    term: str
    severity: Severity


def wordings(term: str, severity: Severity) -> tuple[str, ...]:
    """Every way to say a term after "is" or "are"."""
    if term in TERMS:
        return tuple(f"{ADVERBS[severity]} {wording}" for wording in TERMS[term].wordings)
    return USUAL if term == "usual" else UNCLEAR


_COMPLEMENTS = {
    wording: (term, severity)
    for term, severity in [
        *((name, severity) for name in TERMS for severity in ADVERBS),
        ("usual", Severity.NONE),
        ("unclear", Severity.NONE),
    ]
    for wording in wordings(term, severity)
} | dict.fromkeys(PARTLY, ("unclear", Severity.NONE))
_SAID = re.compile(
    "|".join(re.escape(wording) for wording in sorted(_COMPLEMENTS, key=len, reverse=True)), re.IGNORECASE | re.ASCII
)


def find_said(text: str) -> Iterator[Said]:
    """Every term that a text says in the words of the grammar, in order; small and capital letters are alike."""
    for match in _SAID.finditer(text):
        yield Said(match.start(), match.end(), *_COMPLEMENTS[match.group().lower()])


def said_of(text: str) -> tuple[tuple[str, Severity], ...]:
    """Every (term, severity) that a text says in the words of the grammar, in order."""
    return tuple((said.term, said.severity) for said in find_said(text))
