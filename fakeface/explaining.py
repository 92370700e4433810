"""What is said of a face beyond its decision: texts, the masks of their phrases, every claim checked.

    question → text, its artifacts measured before they are named → masks → statements → measured → counterfactual

The encoder is not called for any of it, except over changed pictures for counterfactuals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fakeface.answers import (
    AGE_QUESTIONS,
    LIST_QUESTIONS,
    Exchange,
    is_taught,
    part_asked_about,
    prompt,
    region_question,
)
from fakeface.asked import Asked, Place, Style
from fakeface.backends import Engine
from fakeface.claims import (
    agreement,
    check_statements,
    counterfactuals,
    evidence_against,
    faithfulness,
    read_statements,
)
from fakeface.concepts import CONCEPTS, look_up
from fakeface.errors import SettingsError
from fakeface.findings import Explanation, FaceFinding, PartFinding, Statement
from fakeface.frames import Frame
from fakeface.grounding import phrase_masks, with_masks
from fakeface.interfaces import Encoding
from fakeface.locating import locate_face
from fakeface.suspicion import Suspicion
from fakeface.wording import Witness

__all__ = ["UNTAUGHT", "go_further"]

UNTAUGHT = "The model was not taught to answer questions of this kind; what it writes may be beside the point."

_OF_THE_FACE = frozenset(Style)
"""Texts about the face as a whole, which are compared with its artifact mask; an answer about a part is not."""

_QUESTIONS = {Style.AGE: AGE_QUESTIONS[0], Style.LIST: LIST_QUESTIONS[0]}


def go_further(
    engine: Engine, frame: Frame, encoding: Encoding, finding: FaceFinding, asked: Asked, places: Sequence[Place]
) -> FaceFinding:
    """The finding with everything that is asked of this face beyond its decision.

    Args:
        engine: the models.
        frame: the picture.
        encoding: of the face; all texts and masks come from it.
        finding: the decision, with the face's number.
        asked: what is asked.
        places: those that belong to this face.
    """
    if not asked.anything or not asked.means(finding.number):
        return finding
    suspicion = Suspicion(engine, frame, encoding, finding)
    located = locate_face(suspicion, asked, places)
    if not asked.writes:
        return replace(located, contrary=evidence_against(located, engine.profile.thresholds))
    teller = _Teller(engine, frame, encoding, located, asked, Witness(suspicion))
    told = replace(located, explanations=(*teller.explanation(), *teller.regions(), *teller.conversation()))
    if asked.faithfulness and told.probabilities is not None:
        curves = faithfulness(engine.encoder, frame, encoding, told.probabilities)
        told = replace(told, faithfulness=curves)
    return replace(told, contrary=evidence_against(told, engine.profile.thresholds))


@dataclass(frozen=True, slots=True, eq=False)
class _Teller:
    """One face while texts about it are written and checked."""

    engine: Engine
    frame: Frame
    encoding: Encoding
    finding: FaceFinding
    asked: Asked
    witness: Witness

    def explanation(self) -> Iterator[Explanation]:
        """The explanation in the style that is asked for."""
        style = self.asked.style
        if style is None:
            return
        if style is Style.REPORT:
            opening = self._opening()
            if opening is not None:
                yield self._read_out(style.value, opening)
            return
        yield self._tell(style.value, _QUESTIONS[style])

    def regions(self) -> Iterator[Explanation]:
        """A text about each place that lies on a part with a name."""
        for part in self.finding.places:
            if part.concept is not None and not part.problem:
                yield self._about(part, part.concept)

    def _about(self, part: PartFinding, concept: str) -> Explanation:
        question = region_question(CONCEPTS[concept].words)
        return replace(self._tell("region", question), concept=concept, shown=part.mask)

    def conversation(self) -> Iterator[Explanation]:
        """Answers to the examiner's questions; each one follows on what was said before."""
        opening = self._opening()
        history = [opening] if opening else []
        for question in self._questions():
            alone = part_asked_about(question) is not None  # what was said of other parts does not bear on it
            told = self._tell("question", question, () if alone else tuple(history))
            history.append(Exchange(question, told.text))
            yield told

    def _questions(self) -> Iterator[str]:
        yield from self.asked.questions
        if self.asked.converse is not None:
            yield from self.asked.converse(self.finding.number)

    def _opening(self) -> Exchange | None:
        """What the decision rests on: the chosen answer, under the question that it was given to."""
        chosen = self.finding.decision.chosen
        if chosen is None:
            return None
        answer = self.finding.answers[chosen]
        return Exchange(prompt(answer.hypothesis), answer.text)

    def _tell(self, task: str, question: str, history: tuple[Exchange, ...] = ()) -> Explanation:
        """Have a text written, heard piece by piece, then checked."""
        listener = self.asked.listener
        listener.begin(self.finding.number, task, question)
        pieces = []
        choices = partial(self.witness.choices, question, history)
        for piece in self.engine.answerer.reply(self.encoding, question, history, choices):
            listener.piece(piece)
            pieces.append(piece)
        return self._checked(task, Exchange(question, "".join(pieces)), history)

    def _read_out(self, task: str, exchange: Exchange) -> Explanation:
        """A text that is there already."""
        self.asked.listener.begin(self.finding.number, task, exchange.question)
        self.asked.listener.piece(exchange.answer)
        return self._checked(task, exchange, ())

    def _checked(self, task: str, exchange: Exchange, history: tuple[Exchange, ...]) -> Explanation:
        masks = phrase_masks(self.engine, self.encoding, exchange, history, self.witness.places)
        statements = check_statements(read_statements(exchange.answer), masks, self.witness.suspicion.measured)
        statements = with_masks(self.engine, self.encoding, statements, self.witness.places)
        explanation = Explanation(
            task,
            exchange.question,
            exchange.answer,
            self._tried(statements),
            self._agreement(statements) if task in _OF_THE_FACE else None,
            note="" if _within_teaching(exchange.question) else UNTAUGHT,
        )
        self.asked.listener.checked(explanation)
        return explanation

    def _agreement(self, statements: tuple[Statement, ...]) -> float | None:
        suspects = [name for name, _ in self.encoding.regions]
        return agreement(statements, self.finding.masks, suspects, self.encoding.crop)

    def _tried(self, statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        """The statements with the change of the score where their masks are painted over."""
        masks = [statement.mask for statement in statements]
        changes = counterfactuals(self.engine.encoder, self.frame, self.encoding, masks)
        return tuple(replace(one, sensitivity=change) for one, change in zip(statements, changes, strict=True))


def _within_teaching(question: str) -> bool:
    """Whether the wording is taught, and where it is about a part, the tree has that part."""
    part = part_asked_about(question)
    if part is None:
        return is_taught(question)
    try:
        look_up(part)
    except SettingsError:
        return False
    return True
