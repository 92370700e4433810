"""Parts of the record about the decision on one face: answers, decision, suspect regions; and how they are made."""

from __future__ import annotations

from typing import Literal

from fakeface.answers import ForgeryClass
from fakeface.findings import FaceFinding, PictureFacts
from fakeface.report.entries import (
    BoxEntry,
    Entry,
    ExplanationEntry,
    FaceFiles,
    FaithfulnessEntry,
    MapEntry,
    MaskEntry,
    PartEntry,
    Rounded,
    explanation_entries,
    faithfulness_entry,
    map_entries,
    mask_entries,
    place_entries,
)
from fakeface.report.maps import face_maps
from fakeface.sanitize import safe_text

__all__ = [
    "STATEMENTS",
    "AnswerEntry",
    "DecisionEntry",
    "FaceEntry",
    "PhraseEntry",
    "RegionEntry",
    "face_entry",
    "statement",
]


class PhraseEntry(Entry):
    """A phrase that the model ties to pixels; ``grounded`` is false where it said that nothing is to be shown."""

    text: str
    grounded: bool


class AnswerEntry(Entry):
    """What the model wrote under one hypothesis. ``role`` is *chosen* or *model's alternative*."""

    hypothesis: Literal["open", "fake", "real"]
    role: Literal["chosen", "model's alternative"]
    text: str
    description: str
    reasoning: str
    claim: Literal["real", "fake"] | None
    probability: Rounded | None
    forgery: str | None
    match: Rounded | None
    problem: str
    phrases: tuple[PhraseEntry, ...]


class DecisionEntry(Entry):
    """The decision about a face; see ``fakeface.decision.Decision``. ``statement`` says it in an analyst's words."""

    verdict: Literal["real", "fake", "indeterminate"]
    statement: str
    reason: str | None
    fakeness: Rounded | None
    match: Rounded | None
    difficulty: Literal["easy", "hard"] | None
    forgery: str | None
    independent_score: Rounded | None
    agreement: bool | None
    log10_lr: Rounded | None
    log10_lr_low: Rounded | None
    log10_lr_high: Rounded | None
    lr_score: str
    lr_cap: Rounded | None
    lr_cap_reached: bool | None
    lr_withheld: tuple[str, ...]


class RegionEntry(Entry):
    """A suspect region by name with the region head's probability."""

    name: str
    probability: Rounded


class FaceEntry(Entry):
    """One face of one picture. ``id`` is the file's id and the face's number, left to right (``F0042-2``).

    ``places_overlay_file`` shows the masks of the places, numbered in their order; ``contrary`` holds sentences on what
    speaks against the decision.
    """

    id: str
    number: int
    box: BoxEntry
    square: BoxEntry | None
    size_pixels: int
    scale: Rounded | None
    origin: str
    confidence: Rounded
    landmarks: tuple[tuple[Rounded, Rounded], ...]
    decision: DecisionEntry
    class_probabilities: dict[str, Rounded] | None
    regions: tuple[RegionEntry, ...]
    answers: tuple[AnswerEntry, ...]
    masks: tuple[MaskEntry, ...]
    parts: tuple[PartEntry, ...]
    places: tuple[PartEntry, ...]
    places_overlay_file: str | None
    maps: tuple[MapEntry, ...]
    explanations: tuple[ExplanationEntry, ...]
    contrary: tuple[str, ...]
    faithfulness: FaithfulnessEntry | None
    crop_file: str | None


STATEMENTS = {
    "fake": "supports alteration",
    "real": "supports no alteration",
    "indeterminate": "inconclusive",
}


def statement(verdict: str, reason: str | None) -> str:
    """A verdict's code in an analyst's words, with the reason in brackets where there is one."""
    return f"{STATEMENTS[verdict]} ({reason})" if reason else STATEMENTS[verdict]


def face_entry(face_id: str, finding: FaceFinding, picture: PictureFacts | None, files: FaceFiles) -> FaceEntry:
    """The record's form of one face.

    Args:
        face_id: its stable id in the run.
        finding: what was said of it.
        picture: that it stands in; ``None`` for a frame of a film.
        files: paths of its pictures in the case folder.
    """
    probabilities = finding.class_probabilities
    return FaceEntry(
        id=face_id,
        number=finding.number,
        box=finding.face.box.xyxy,
        square=finding.crop.square.xyxy if finding.crop else None,
        size_pixels=finding.face.size_pixels,
        scale=finding.crop.scale if finding.crop else None,
        origin=finding.face.origin.value,
        confidence=finding.face.confidence,
        landmarks=tuple((float(x), float(y)) for x, y in finding.face.landmarks),
        decision=_decision_entry(finding),
        class_probabilities={name.value: float(value) for name, value in zip(ForgeryClass, probabilities, strict=True)}
        if probabilities is not None
        else None,
        regions=tuple(RegionEntry(name=name, probability=value) for name, value in finding.regions),
        answers=_answer_entries(finding),
        masks=mask_entries(finding, files),
        parts=place_entries(finding.parts, {}),
        places=place_entries(finding.places, files.places),
        places_overlay_file=files.places_overlay,
        maps=map_entries(face_maps(finding, picture), files.maps),
        explanations=explanation_entries(finding.explanations, files),
        contrary=finding.contrary,
        faithfulness=faithfulness_entry(finding.faithfulness),
        crop_file=files.crop,
    )


def _decision_entry(finding: FaceFinding) -> DecisionEntry:
    decision = finding.decision
    return DecisionEntry(
        verdict=decision.verdict.value,
        statement=statement(decision.verdict.value, decision.reason.words if decision.reason else None),
        reason=decision.reason.value if decision.reason else None,
        fakeness=decision.fakeness,
        match=decision.match,
        difficulty=decision.difficulty.value if decision.difficulty else None,
        forgery=decision.forgery.value if decision.forgery else None,
        independent_score=decision.independent_score,
        agreement=decision.agreement,
        log10_lr=decision.log10_lr,
        log10_lr_low=decision.log10_lr_low,
        log10_lr_high=decision.log10_lr_high,
        lr_score=decision.lr_score,
        lr_cap=decision.lr_cap,
        lr_cap_reached=decision.lr_cap_reached,
        lr_withheld=decision.lr_withheld,
    )


def _answer_entries(finding: FaceFinding) -> tuple[AnswerEntry, ...]:
    matches = finding.decision.matches or (None,) * len(finding.answers)
    return tuple(
        AnswerEntry(
            hypothesis=answer.hypothesis.value,
            role="chosen" if row == finding.decision.chosen else "model's alternative",
            text=safe_text(answer.text, keep_newlines=True),
            description=safe_text(answer.description),
            reasoning=safe_text(answer.reasoning),
            claim=answer.claim.value if answer.claim else None,
            probability=answer.probability,
            forgery=answer.forgery.value if answer.forgery else None,
            match=match,
            problem=answer.problem,
            phrases=tuple(
                PhraseEntry(text=safe_text(phrase.text), grounded=phrase.grounded) for phrase in answer.phrases
            ),
        )
        for row, (answer, match) in enumerate(zip(finding.answers, matches, strict=True))
    )
