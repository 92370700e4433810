"""The record of truth, ``findings.json``: its schema as pydantic models, and the way from findings into it.

Console, CSV, overlays and PDF are views of these models and of nothing else. Everything that may differ between two
runs over the same input stands in ``run`` (and nothing else may differ); floats are rounded to four decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fakeface.findings import FileFinding, ModelCard
from fakeface.report.entries import Entry, FaceFiles, Rounded
from fakeface.report.face_entries import (
    STATEMENTS,
    AnswerEntry,
    DecisionEntry,
    FaceEntry,
    PhraseEntry,
    RegionEntry,
    face_entry,
    statement,
)
from fakeface.report.film_entries import FilmEntry, FilmFiles, film_entry
from fakeface.sanitize import safe_text

__all__ = [
    "SCHEMA_VERSION",
    "STATEMENTS",
    "AnswerEntry",
    "DecisionEntry",
    "FaceEntry",
    "FileEntry",
    "FilmEntry",
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

SCHEMA_VERSION = "1.7.0"


class PictureEntry(Entry):
    """The decoded picture."""

    format: str
    width: int
    height: int
    pixels_sha256: str
    notes: tuple[str, ...]


class FileEntry(Entry):
    """One input. ``name`` is safe to print; ``name_hex`` holds the raw bytes where they differ from it.

    ``overlay_scale`` is the overlay's pixels per pixel of the picture, below 1 where it was reduced for size. A film
    has no ``picture`` and no ``faces``; its faces stand in the tracks of ``film``.
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
    film: FilmEntry | None


class Totals(Entry):
    """``found = analysed + skipped + failed``; verdicts count faces of pictures and tracks of films.

    ``no_face`` counts pictures and films without a face, ``films`` the films among the analysed.
    """

    found: int
    analysed: int
    skipped: int
    failed: int
    faces: int
    real: int
    fake: int
    indeterminate: int
    no_face: int
    films: int
    tracks: int


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


def model_entry(card: ModelCard) -> ModelEntry:
    """The record's form of a model card."""
    return ModelEntry(name=card.name, sha256=card.sha256, device=card.device, precision=card.precision)


def file_entry(
    finding: FileFinding,
    overlay_file: str | None = None,
    face_files: Sequence[FaceFiles] = (),
    overlay_scale: float | None = None,
    film_files: FilmFiles | None = None,
) -> FileEntry:
    """The record's form of one input's finding.

    Args:
        finding: what the run says of it.
        overlay_file: path of the overlay in the case folder, if written.
        face_files: per face the paths of its pictures in the case folder, if written.
        overlay_scale: pixels of the overlay per pixel of the picture, if written.
        film_files: paths of a film's pictures in the case folder, if written.
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
        statement=statement(verdict.value, reason.words if reason else None) if verdict else None,
        reason=reason.value if reason else None,
        faces=tuple(
            face_entry(f"{finding.id}-{face.number}", face, picture, paths)
            for face, paths in zip(finding.faces, files, strict=True)
        ),
        overlay_file=overlay_file,
        overlay_scale=overlay_scale,
        film=film_entry(finding.id, finding.film, film_files or FilmFiles()) if finding.film else None,
    )
