"""What a text may name next: the part that was asked about, and an artifact that is measured where its phrase points.

A model that describes what it sees says what its training made likely, and most of that no measurement bears out. So
the model says which part, and how to put it; which artifact that part shows is measured before the words are chosen.
The model's own likelihood decides between several that are borne out, and between their wordings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fakeface.answers import Exchange, find_phrases, part_asked_about
from fakeface.backends import Engine
from fakeface.claims import Cutout, cut_out, sayable
from fakeface.claims.reading import concept_of
from fakeface.concepts import CONCEPTS
from fakeface.findings import FaceFinding
from fakeface.frames import Frame
from fakeface.grounding import phrase_masks
from fakeface.interfaces import Encoding

__all__ = ["Witness"]

_NAMING, WHOLE = "<p>", "face"
_OPENED = re.compile(r"(?:^|[.;] )[Tt]he <p>$")
_POINTED = re.compile(r"<p>([^<>]+)</p>\[SEG\] (?:is|are)$")
_LISTED = re.compile(r"(?:^|\n)\d{1,3}\. \*\*([^*\n]+)\*\*:$", re.ASCII)


@dataclass(frozen=True, eq=False)
class Witness:
    """One face while texts about it are written: measures what they are about to say.

    Args:
        engine: the models; the encoder is not called.
        frame: the picture.
        encoding: of the face.
        finding: with the face, and its artifact mask where it has one.
    """

    engine: Engine
    frame: Frame
    encoding: Encoding
    finding: FaceFinding

    @cached_property
    def places(self) -> Cutout:
        """The face, for the places of its parts."""
        return cut_out(self.frame.pixels, self.finding.face.landmarks)

    @cached_property
    def measured(self) -> Cutout:
        """The face, for measurements: its artifact mask is no surroundings to compare with."""
        altered = self.finding.masks[0].pixels if self.finding.masks else None
        return cut_out(self.frame.pixels, self.finding.face.landmarks, altered)

    @cached_property
    def altered(self) -> tuple[str, ...]:
        """Concepts that the artifact mask covers, by the naming rule, with those within a name that cuts across."""
        scene = self.measured.scene
        inner = (part for name in scene.naming.names for part in scene.within(name))
        return tuple(dict.fromkeys((*scene.naming.names, *inner)))

    def parts(self, text: str) -> tuple[str, ...]:
        """The parts that the artifact mask covers and the text has not named yet; none where there is no mask."""
        said = {phrase.text for phrase in find_phrases(text)}
        return tuple(f"{words}</p>" for name in self.altered if (words := CONCEPTS[name].words) not in said)

    def choices(self, question: str, history: Sequence[Exchange], text: str) -> tuple[str, ...]:
        """How a text may go on, each with its space; none where it may go on as it likes.

        Args:
            question: that the text answers.
            history: what was said before it.
            text: so far.
        """
        if text.endswith(_NAMING):
            return _named(question) or (self.parts(text) if _OPENED.search(text) else ())
        pointed, listed = _POINTED.search(text), _LISTED.search(text)
        mask = None
        if pointed:
            mask = phrase_masks(self.engine, self.encoding, Exchange(question, text), history, self.places)[-1]
        match = pointed or listed
        if match is None:
            return ()
        return tuple(f" {wording}" for wording in sayable(match.group(1).strip(), mask, self.measured))


def _named(question: str) -> tuple[str, ...]:
    """The part that a question is about, or the face as a whole; none where it is about no part that is known."""
    part = part_asked_about(question)
    concept = concept_of(part) if part is not None else None
    return () if concept is None else tuple(f"{words}</p>" for words in (CONCEPTS[concept].words, WHOLE))
