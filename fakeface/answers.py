"""Answers: the five-field text that a model writes about a face under a hypothesis, its prompts, and the one parser.

The field names, the three hypotheses and the class names at the border are those of FFAA (arXiv 2408.10072, section 3);
grounded phrases ``<p>...</p>[SEG]`` follow GLaMM (arXiv 2311.03356).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "AGE_QUESTIONS",
    "LIMIT_QUESTIONS",
    "LIST_OF_NOTHING",
    "LIST_QUESTIONS",
    "METHOD_QUESTIONS",
    "PHRASE",
    "SURE_QUESTIONS",
    "Answer",
    "Claim",
    "Exchange",
    "ForgeryClass",
    "Hypothesis",
    "Phrase",
    "bound_marks",
    "find_phrases",
    "format_answer",
    "is_one_of",
    "is_taught",
    "parse_answer",
    "part_asked_about",
    "prompt",
    "region_question",
    "region_questions",
    "without_tags",
]


class Hypothesis(StrEnum):
    """What the question presumes about the face."""

    OPEN = "open"
    FAKE = "fake"
    REAL = "real"


class Claim(StrEnum):
    """What an answer says the face is."""

    REAL = "real"
    FAKE = "fake"


class ForgeryClass(StrEnum):
    """The five classes, in the order of every class vector."""

    REAL = "real"
    IDENTITY_SWAP = "identity_swap"
    REENACTMENT = "reenactment"
    EDITING = "editing"
    WHOLE_FACE_SYNTHESIS = "whole_face_synthesis"

    @property
    def words(self) -> str:
        """The class in plain words, as models write it and people read it."""
        return self.value.replace("_", " ")


PROMPTS = {
    Hypothesis.OPEN: "Is this face real or fake? Give the grounds.",
    Hypothesis.FAKE: "This face is fake. Give the evidence.",
    Hypothesis.REAL: "This face is real. Give the evidence.",
}


AGE_QUESTIONS = (
    "Explain what is wrong with this face and show where.",
    "Which parts of this face were altered? Mark them.",
    "Describe the artifacts of this face with their masks.",
)
"""Ways to ask for a grounded explanation. Models are taught all wordings of a question; the route uses the first."""

LIST_QUESTIONS = ("List the artifacts of this face by region.", "Which artifacts does each region show?")
LIST_OF_NOTHING = "1. **Whole face**: no local evidence"
"""The list of a face on which no part is altered."""

SURE_QUESTIONS = ("How sure are you?", "How certain is that?")
METHOD_QUESTIONS = ("How do you know?", "What is that based on?")
LIMIT_QUESTIONS = ("What can you not tell?", "What remains open?")


def prompt(hypothesis: Hypothesis) -> str:
    """The question that is put to a model under a hypothesis."""
    return PROMPTS[hypothesis]


def region_questions(part: str, *, plural: bool = False) -> tuple[str, ...]:
    """Every way to ask about a part of the face, named in words; ``plural`` where its name takes *are*."""
    return (f"What about the {part}?", f"{'Are' if plural else 'Is'} the {part} altered?",
            f"Look at the {part}. What is there?")  # fmt: skip


def region_question(part: str) -> str:
    """The way in which the route asks about a part of the face, named in words."""
    return region_questions(part)[0]


_ABOUT_A_PART = re.compile(
    r"(?:what about the (.+)|(?:is|are) the (.+) altered|look at the (.+)\. what is there)\?", re.IGNORECASE
)


def part_asked_about(question: str) -> str | None:
    """The words for a part in a question that is worded as ``region_questions`` are; ``None`` in any other."""
    match = _ABOUT_A_PART.fullmatch(" ".join(question.split()))
    return next(words for words in match.groups() if words) if match else None


def is_one_of(question: str, wordings: Sequence[str]) -> bool:
    """Whether a question is one of these wordings; capitals and spaces make no difference."""
    return " ".join(question.split()).casefold() in {one.casefold() for one in wordings}


def is_taught(question: str) -> bool:
    """Whether models are taught to answer a question of this wording, whatever part of the face it is about."""
    known = (*PROMPTS.values(), *AGE_QUESTIONS, *LIST_QUESTIONS, *SURE_QUESTIONS, *METHOD_QUESTIONS, *LIMIT_QUESTIONS)
    return is_one_of(question, known) or part_asked_about(question) is not None


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the text that the model ties to pixels.

    Args:
        text: the words between ``<p>`` and ``</p>``.
        grounded: whether ``[SEG]`` followed (a mask belongs to it) or ``[NOSEG]`` (nothing is to be shown).
    """

    text: str
    grounded: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question that was put to a model about one face, and what it wrote, tags kept."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote under one hypothesis.

    Args:
        hypothesis: what the question presumed.
        text: exactly what the model wrote.
        description: the picture in words, tags kept; empty where unreadable.
        reasoning: the evidence in words, tags kept; empty where unreadable.
        claim: real or fake; ``None`` where the text cannot be read.
        probability: the probability that the model wrote, 0..1; ``None`` where absent. It decides nothing.
        forgery: the class that the model wrote; ``None`` where absent.
        problem: why ``claim`` is ``None``; empty where it is not.
    """

    hypothesis: Hypothesis
    text: str
    description: str
    reasoning: str
    claim: Claim | None
    probability: float | None
    forgery: ForgeryClass | None
    problem: str = ""

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """The grounded phrases of description and reasoning, in order."""
        return find_phrases(f"{self.description} {self.reasoning}")

    @property
    def scored_text(self) -> str:
        """Description and reasoning without tags: all that MIDS may read (result, probability and type are masked)."""
        return f"{without_tags(self.description)}\n{without_tags(self.reasoning)}"


FIELDS = {
    "image description": "description",
    "forgery reasoning": "reasoning",
    "analysis result": "result",
    "probability": "probability",
    "forgery type": "type",
}
_FIELD = re.compile(rf"^[ \t]*({'|'.join(FIELDS)})[ \t]*:", re.IGNORECASE | re.MULTILINE | re.ASCII)
_TAGS = re.compile(r"</?p>|\[SEG\]|\[NOSEG\]")
_CLASS_WORDS = {
    ForgeryClass.IDENTITY_SWAP: ("identity", "swap"),
    ForgeryClass.REENACTMENT: ("reenact", "facial attribute manipulation"),
    ForgeryClass.EDITING: ("edit",),
    ForgeryClass.WHOLE_FACE_SYNTHESIS: ("synthesis", "synthetic"),
    ForgeryClass.REAL: ("real",),
}


PHRASE = re.compile(r"<p>\s*(.*?)\s*</p>\s*(\[SEG\]|\[NOSEG\])?", re.S)
"""A phrase with its tag: the words, then ``[SEG]``, ``[NOSEG]`` or nothing."""


def find_phrases(text: str) -> tuple[Phrase, ...]:
    """The phrases that a text ties to pixels, in order: ``<p>phrase</p>[SEG]`` (AGE, as in GLaMM)."""
    return tuple(Phrase(match.group(1), match.group(2) == "[SEG]") for match in PHRASE.finditer(text))


def bound_marks(text: str) -> tuple[bool, ...]:
    """For every ``[SEG]`` of a text, in order, whether it closes a phrase; a model may write some that do not."""
    closing = {match.end() for match in PHRASE.finditer(text) if match.group(2) == "[SEG]"}
    return tuple(match.end() in closing for match in re.finditer(r"\[SEG\]", text))


def without_tags(text: str) -> str:
    """The text without ``<p>``, ``</p>``, ``[SEG]`` and ``[NOSEG]``, single spaces."""
    return " ".join(_TAGS.sub(" ", text).split()).replace(" ,", ",").replace(" .", ".").replace(" ;", ";")


def parse_answer(text: str, hypothesis: Hypothesis) -> Answer:
    """Read the five fields out of whatever a model wrote; never raises on model text.

    Only the five known field names at the start of a line are recognised, so a colon in the prose is prose, and a field
    may run over several lines. The first occurrence of a field counts.
    """
    fields: dict[str, str] = {}
    marks = list(_FIELD.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None], strict=False):  # no mark at all: nothing to pair
        end = following.start() if following else len(text)
        fields.setdefault(FIELDS[mark.group(1).lower()], text[mark.end() : end].strip())
    claim = _claim(fields.get("result", ""))
    problem = ""
    if "result" not in fields:
        problem = "the text has no analysis result"
    elif claim is None:
        problem = "the analysis result is neither real nor fake"
    elif not fields.get("reasoning"):
        claim, problem = None, "the text has no reasoning"
    return Answer(
        hypothesis,
        text,
        fields.get("description", ""),
        fields.get("reasoning", ""),
        claim,
        _probability(fields.get("probability", "")),
        _forgery(fields.get("type", "")),
        problem,
    )


def format_answer(description: str, reasoning: str, claim: Claim, probability: float, forgery: ForgeryClass) -> str:
    """The five lines that models are taught to write; ``parse_answer`` reads them back."""
    return (
        f"Image description: {description}\nForgery reasoning: {reasoning}\n"
        f"Analysis result: {claim.value.capitalize()}\nProbability: {probability:.1f}\n"
        f"Forgery type: {forgery.words.capitalize()}"
    )


def _claim(text: str) -> Claim | None:
    """The one claim of a result; none where both or neither is named, or where the claim is denied ("not real")."""
    words = re.findall(r"[a-z]+", text.lower())
    if "not" in words:
        return None
    said = {claim for claim in Claim if claim.value in words}
    return said.pop() if len(said) == 1 else None


def _probability(text: str) -> float | None:
    match = re.search(r"[-+]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:e[-+]?\d+)?", text, re.ASCII | re.IGNORECASE)
    if match is None:
        return None
    value = float(match.group().replace(",", "."))
    if "%" in text:
        value /= 100
    return value if 0 <= value <= 1 else None


def _forgery(text: str) -> ForgeryClass | None:
    lowered = text.lower()
    for forgery, words in _CLASS_WORDS.items():
        if any(word in lowered for word in words):
            return forgery
    return None
