"""What a text may say next: of the part that was asked about, and an artifact that is measured where its phrase points.

A model that describes what it sees says what its training made likely, and most of that no measurement bears out. So
the model says how to put it. Whether a part that is asked about is altered follows from the picture (``suspicion``), a
list has a line for each part that the artifact mask covers, and which artifact a part shows is measured before the
words are chosen. The model's own likelihood decides between several that are borne out, and between their
wordings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fakeface.answers import (
    AGE_QUESTIONS,
    LIMIT_QUESTIONS,
    LIST_OF_NOTHING,
    LIST_QUESTIONS,
    METHOD_QUESTIONS,
    SURE_QUESTIONS,
    Exchange,
    find_phrases,
    is_one_of,
    part_asked_about,
)
from fakeface.claims import Cutout, cut_out, sayable
from fakeface.claims.follow_ups import grounds, how_sure, what_is_open
from fakeface.claims.nothing import LOOKED_AT, PLACELESS, altered_nowhere, altered_somewhere
from fakeface.claims.reading import concept_of
from fakeface.concepts import CONCEPTS
from fakeface.grounding import phrase_masks
from fakeface.interfaces import END_OF_TEXT
from fakeface.masks import Mask
from fakeface.suspicion import Suspicion

__all__ = ["Witness"]

MOST_LISTED = 6
"""Lines of a list."""

WHOLE = "face"
_NAMING, _POINTING, _UNALTERED = "<p>", "The <p>", "No evidence"
_ITEM, _BEGUN = re.compile(r"\*\*([^*\n]+)\*\*"), re.compile(r"(?:^|\n)\d{1,3}\. \*\*$", re.ASCII)
_OPENED = re.compile(r"(?:^|[.;] )[Tt]he <p>$")
_POINTED = re.compile(r"<p>([^<>]+)</p>\[SEG\] (?:is|are)$")
_LISTED = re.compile(r"(?:^|\n)\d{1,3}\. \*\*([^*\n]+)\*\*:$", re.ASCII)


@dataclass(frozen=True, eq=False)
class Witness:
    """One face while texts about it are written: measures what they are about to say.

    Args:
        suspicion: the face, and what speaks for an alteration of each of its parts.
    """

    suspicion: Suspicion

    @cached_property
    def places(self) -> Cutout:
        """The face, for the places of its parts."""
        return cut_out(self.suspicion.frame.pixels, self.suspicion.finding.face.landmarks)

    @cached_property
    def altered(self) -> tuple[str, ...]:
        """Concepts that the artifact mask covers, by the naming rule, with those within a name that cuts across."""
        scene = self.suspicion.measured.scene
        inner = (part for name in scene.naming.names for part in scene.within(name))
        return tuple(dict.fromkeys((*scene.naming.names, *inner)))

    def parts(self, text: str) -> tuple[str, ...]:
        """The parts that the artifact mask covers and the text has not named yet."""
        said = {phrase.text for phrase in find_phrases(text)}
        return tuple(f"{words}</p>" for name in self.altered if (words := CONCEPTS[name].words) not in said)

    def choices(self, question: str, history: Sequence[Exchange], text: str) -> tuple[str, ...]:
        """How a text may go on, each with its space; none where it may go on as it likes.

        Args:
            question: that the text answers.
            history: what was said before it.
            text: so far.
        """
        concept = _asked(question)
        set_down = self._answer(concept, text) if concept is not None else ()
        if concept is None and is_one_of(question, LIST_QUESTIONS):
            set_down = self._list(text)
        if is_one_of(question, AGE_QUESTIONS):
            set_down = self._explanation(text)
        if whole := self._whole(question):
            set_down = whole if not text else (END_OF_TEXT,)
        if set_down:
            return set_down
        if text.endswith(_NAMING):
            return self.parts(text) if concept is None and _OPENED.search(text) else ()
        pointed, listed = _POINTED.search(text), _LISTED.search(text)
        mask = None
        if pointed:
            mask = self._phrase_masks(Exchange(question, text), history)[-1]
        match = pointed or listed
        if match is None:
            return ()
        return tuple(f" {wording}" for wording in sayable(match.group(1).strip(), mask, self.suspicion.measured))

    def _phrase_masks(self, exchange: Exchange, history: Sequence[Exchange]) -> tuple[Mask, ...]:
        return phrase_masks(self.suspicion.engine, self.suspicion.encoding, exchange, history, self.places)

    def _answer(self, concept: str, text: str) -> tuple[str, ...]:
        """How the answer about a part goes on where that follows from the picture: beginning, part, mask, reason."""
        problem, altered = self.suspicion.problem(concept), self.suspicion.altered(concept)
        if not text and not problem and not altered and self.suspicion.measured.scene.usual(concept) is None:
            return (f"{_UNALTERED}: nothing was altered in the <p>{CONCEPTS[concept].words}</p>[NOSEG].",)
        if not text:
            return (_POINTING,) if problem or altered else (_UNALTERED,)
        if text.endswith(_NAMING):
            words = (CONCEPTS[concept].words, WHOLE)
            return tuple(f"{one}</p>" for one in (words[:1] if problem or altered else words))
        if text.endswith("</p>"):
            return ("[SEG]",) if altered else ("[NOSEG]",)
        if text.endswith("[NOSEG].") or (problem and text.endswith(f"{problem}.")):
            return (END_OF_TEXT,)
        return (f" cannot be assessed here: {problem}.",) if problem and text.endswith("[NOSEG]") else ()

    def _explanation(self, text: str) -> tuple[str, ...]:
        """How an explanation begins, all of it where there is no part to name, and that it ends where all are named."""
        if not text:
            return (_POINTING,) if self.altered else self._of_nothing()
        return (END_OF_TEXT,) if text.endswith(".") and not self.parts(text) else ()

    def _of_nothing(self) -> tuple[str, ...]:
        """Every explanation of a face that shows no artifact mask."""
        forgery = self.suspicion.finding.decision.forgery
        if forgery is not None and forgery in PLACELESS:
            return altered_somewhere(forgery)
        scene = self.suspicion.measured.scene
        return altered_nowhere([CONCEPTS[name].words for name in LOOKED_AT if scene.usual(name)])

    def _whole(self, question: str) -> tuple[str, ...]:
        """Every answer to a follow-up question, which follows from the picture and the result; none to others."""
        scene, decision = self.suspicion.measured.scene, self.suspicion.finding.decision
        if is_one_of(question, SURE_QUESTIONS):
            return how_sure(scene, self.altered, decision.verdict, bool(self.suspicion.finding.masks))
        if is_one_of(question, METHOD_QUESTIONS):
            return grounds(scene)
        return what_is_open(scene) if is_one_of(question, LIMIT_QUESTIONS) else ()

    def _list(self, text: str) -> tuple[str, ...]:
        """How a list goes on: a line for each part that the artifact mask covers, or one that says there is none."""
        if not self.altered:
            return (LIST_OF_NOTHING,) if not text else (END_OF_TEXT,) if text == LIST_OF_NOTHING else ()
        said = {match.group(1).lower() for match in _ITEM.finditer(text)}
        left = [words for name in self.altered if (words := CONCEPTS[name].words) not in said]
        if not text or text.endswith("\n"):
            number = len(said) + 1
            return (f"{number}. **",) if left and number <= MOST_LISTED else (END_OF_TEXT,)
        return tuple(f"{words[0].upper()}{words[1:]}**:" for words in left) if _BEGUN.search(text) else ()


def _asked(question: str) -> str | None:
    """The part that a question is about; ``None`` where it is about none that is known."""
    part = part_asked_about(question)
    return concept_of(part) if part is not None else None
