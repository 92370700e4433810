"""What a model's text says of which part of a face: grounded phrases and lists by region, read without ever failing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fakeface.answers import FIELDS, PHRASE, without_tags
from fakeface.claims.terms import DENIAL, TERMS, UNALTERED
from fakeface.claims.values import Severity
from fakeface.claims.words import Said, find_said
from fakeface.concepts import look_up
from fakeface.errors import SettingsError
from fakeface.findings import Statement

__all__ = ["concept_of", "is_alteration", "read_statements"]

_END = re.compile(rf"[.;!?](?=\s|$)|\n|\b(?:{'|'.join(FIELDS)})[ \t]*:", re.IGNORECASE | re.ASCII)
"""Where a clause ends: at a mark before a space, at the end of a line, or at the name of a field."""

_LISTED = re.compile(
    r"^[ \t]*\d{1,3}[.)][ \t]+(?:\*\*([^*\n]+)\*\*[ \t]*:?|([^:*\n]+):)[ \t]*([^\n]*)", re.M | re.ASCII
)
"""A line of a list by region: ``1. **Right cheek**: clearly smoother than what lies around``."""

_LINK = re.compile(
    r"(?:[\s,:*]|\b(?:the|and|both|is|are|was|were|looks?|appears?|seems?|as well as|also)\b)*",
    re.IGNORECASE | re.ASCII,
)
"""What may stand between a phrase and what is said of it; a *not* there says the opposite, and nothing is read."""


@dataclass(frozen=True, slots=True)
class _Mention:
    """A part that is spoken of: its words with its tag at ``start`` to ``end``, in the clause ``first`` to ``last``."""

    words: str
    grounded: bool
    start: int
    end: int
    first: int
    last: int
    listed: bool = False


def concept_of(words: str) -> str | None:
    """Name of the concept that words mean; ``None`` where they mean no part of a face."""
    try:
        return look_up(words).name
    except SettingsError:
        return None


def is_alteration(statement: Statement) -> bool:
    """Whether a statement says that its part is altered: it names an artifact or an alteration, or points at pixels."""
    return statement.term not in UNALTERED and (statement.grounded or statement.term is not None)


def read_statements(text: str) -> tuple[Statement, ...]:
    """Everything that a text says of parts of the face, in its order, not yet checked.

    Read are grounded explanations, five-field answers, answers about a region, and lists by region; any other text
    gives statements without a term, or none. Each ``[SEG]`` of ``find_phrases`` gives one grounded statement, in the
    same order. Several phrases before one artifact share it (*the eyes and the mouth are ...*).

    Args:
        text: exactly what a model wrote; nothing in it makes this fail.
    """
    said = tuple(find_said(text))
    return tuple(
        _statement(number, text, mention, _said_of(text, mention, said) or _denied(text, mention))
        for number, mention in enumerate(_mentions(text), start=1)
    )


def _statement(number: int, text: str, mention: _Mention, said: Said | None) -> Statement:
    known = TERMS.get(said.term) if said else None
    return Statement(
        number=number,
        phrase=mention.words,
        sentence=without_tags(text[mention.first : mention.last].replace("**", "")),
        concept=concept_of(mention.words),
        family=known.family if known else "none",
        term=said.term if said else None,
        severity=said.severity.value if said else "none",
        grounded=mention.grounded,
        listed=mention.listed,
    )


def _mentions(text: str) -> list[_Mention]:
    """Phrases with their clauses, and listed regions where a line holds no phrase, in the order of the text."""
    phrases = list(PHRASE.finditer(text))
    inside = [match.span() for match in phrases]
    ends = [match for match in _END.finditer(text) if not _overlaps(match.span(), inside)]
    found = [
        _Mention(
            match.group(1),
            match.group(2) == "[SEG]",
            match.start(),
            match.end(),
            max((end.end() for end in ends if end.end() <= match.start()), default=0),
            min((end.start() for end in ends if end.start() >= match.end()), default=len(text)),
        )
        for match in phrases
    ]
    return sorted([*found, *_listed(text, inside)], key=lambda one: one.start)


def _listed(text: str, phrases: list[tuple[int, int]]) -> Iterator[_Mention]:
    for match in _LISTED.finditer(text):
        if not _overlaps(match.span(), phrases):
            words, place = (match.group(1), 1) if match.group(1) else (match.group(2), 2)
            if place == 2 and concept_of(words) is None:  # a numbered line of prose
                continue
            yield _Mention(words.strip(), False, match.start(), match.start(3), match.start(place), match.end(), True)


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in others)


def _denied(text: str, mention: _Mention) -> Said | None:
    """That nothing was altered in the part, where the clause says so right before it."""
    before = text[mention.first : mention.start]
    if mention.grounded or not before.casefold().rstrip().endswith(DENIAL):
        return None
    return Said(mention.first, mention.start, "untouched", Severity.NONE)


def _said_of(text: str, mention: _Mention, said: tuple[Said, ...]) -> Said | None:
    """The term that follows a mention in its clause with nothing but links and other phrases between."""
    following = next((one for one in said if mention.end <= one.start and one.end <= mention.last), None)
    if following is None:
        return None
    between = PHRASE.sub(" ", text[mention.end : following.start])
    return following if _LINK.fullmatch(between) else None
