"""The record of truth, ``findings.json``: its schema as pydantic models, and the way from findings into it.

Console, CSV, overlays and PDF are views of these models and of nothing else. Everything that may differ between two
runs over the same input stands in ``run`` (and nothing else may differ); floats are rounded to four decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fakeface.answers import ForgeryClass
from fakeface.findings import FaceFinding, FileFinding, ModelCard
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
    "SCHEMA_VERSION",
    "STATEMENTS",
    "AnswerEntry",
    "DecisionEntry",
    "FaceEntry",
    "FileEntry",
    "ModelEntry",
    "PhraseEntry",
    "PictureEntry",
    "Record",
    "RegionEntry",
    "RunEntry",
    "Totals",
    "file_entry",
    "model_entry",
]

SCHEMA_VERSION = "1.1.0"


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


class PictureEntry(Entry):
    """The decoded picture."""

    format: str
    width: int
    height: int
    pixels_sha256: str
    notes: tuple[str, ...]


class FileEntry(Entry):
    """One input. ``name`` is safe to print; ``name_hex`` holds the raw bytes where they differ from it.

    ``overlay_scale`` is the overlay's pixels per pixel of the picture, below 1 where it was reduced for size.
    """

    id: str
    name: str
    name_hex: str | None
    status: Literal["analysed", "skipped", "failed"]
    error: str | None
    error_code: str | None
    sha256: str | None
    sha512: str | None
    size_bytes: int | None
    picture: PictureEntry | None
    verdict: Literal["real", "fake", "indeterminate"] | None
    statement: str | None
    reason: str | None
    faces: tuple[FaceEntry, ...]
    overlay_file: str | None
    overlay_scale: Rounded | None


class Totals(Entry):
    """``found = analysed + skipped + failed``; verdicts count faces, ``no_face`` counts pictures."""

    found: int
    analysed: int
    skipped: int
    failed: int
    faces: int
    real: int
    fake: int
    indeterminate: int
    no_face: int


class ModelEntry(Entry):
    """A model that took part."""

    name: str
    sha256: str
    device: str
    precision: str


class RunEntry(Entry):
    """Everything that may differ between two runs over the same input.

    ``seconds_per_face`` is wall time of the route for each face that went through the networks, the pauses of a
    conversation included; ``peak_memory_bytes`` is the largest resident size of the main process.
    """

    argv: tuple[str, ...]
    started: str
    finished: str
    host: str
    system: str
    python: str
    libraries: dict[str, str]
    threads: int
    seconds_per_face: Rounded | None
    seconds_finding_faces: Rounded
    peak_memory_bytes: int | None
    interrupted: bool


class Record(Entry):
    """The whole record as it stands in ``findings.json``; read back in tests and by views, never built in memory."""

    schema_version: str
    tool: str
    tool_version: str
    run: RunEntry
    settings: dict[str, object]
    profile: dict[str, object]
    models: tuple[ModelEntry, ...]
    totals: Totals
    files: tuple[FileEntry, ...]


STATEMENTS = {
    "fake": "supports alteration",
    "real": "supports no alteration",
    "indeterminate": "inconclusive",
}


def model_entry(card: ModelCard) -> ModelEntry:
    """The record's form of a model card."""
    return ModelEntry(name=card.name, sha256=card.sha256, device=card.device, precision=card.precision)


def file_entry(
    finding: FileFinding,
    overlay_file: str | None = None,
    face_files: Sequence[FaceFiles] = (),
    overlay_scale: float | None = None,
) -> FileEntry:
    """The record's form of one input's finding.

    Args:
        finding: what the run says of it.
        overlay_file: path of the overlay in the case folder, if written.
        face_files: per face the paths of its pictures in the case folder, if written.
        overlay_scale: pixels of the overlay per pixel of the picture, if written.
    """
    shown = safe_text(finding.name)
    raw = finding.name.encode("utf-8", "surrogateescape")
    evidence, picture = finding.evidence, finding.picture
    files = list(face_files) or [FaceFiles()] * len(finding.faces)
    verdict, reason = finding.verdict, finding.reason
    return FileEntry(
        id=finding.id,
        name=shown,
        name_hex=raw.hex() if shown.encode("utf-8") != raw else None,
        status=finding.status.value,
        error=safe_text(finding.error) or None,
        error_code=finding.error_code or None,
        sha256=evidence.sha256 if evidence else None,
        sha512=evidence.sha512 if evidence else None,
        size_bytes=evidence.size_bytes if evidence else None,
        picture=PictureEntry(
            format=picture.format,
            width=picture.width,
            height=picture.height,
            pixels_sha256=picture.pixels_sha256,
            notes=picture.notes,
        )
        if picture
        else None,
        verdict=verdict.value if verdict else None,
        statement=_statement(verdict.value, reason.words if reason else None) if verdict else None,
        reason=reason.value if reason else None,
        faces=tuple(_face_entry(finding, face, paths) for face, paths in zip(finding.faces, files, strict=True)),
        overlay_file=overlay_file,
        overlay_scale=overlay_scale,
    )


def _statement(verdict: str, reason: str | None) -> str:
    return f"{STATEMENTS[verdict]} ({reason})" if reason else STATEMENTS[verdict]


def _face_entry(whole: FileFinding, finding: FaceFinding, files: FaceFiles) -> FaceEntry:
    probabilities = finding.class_probabilities
    return FaceEntry(
        id=f"{whole.id}-{finding.number}",
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
        maps=map_entries(face_maps(finding, whole.picture), files.maps),
        explanations=explanation_entries(finding.explanations, files),
        contrary=finding.contrary,
        faithfulness=faithfulness_entry(finding.faithfulness),
        crop_file=files.crop,
    )


def _decision_entry(finding: FaceFinding) -> DecisionEntry:
    decision = finding.decision
    return DecisionEntry(
        verdict=decision.verdict.value,
        statement=_statement(decision.verdict.value, decision.reason.words if decision.reason else None),
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
