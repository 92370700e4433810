"""Writers of the record for other programs: one class per format, each streaming to a text stream."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TextIO

from fakeface.report.film_entries import TrackEntry
from fakeface.report.record import STATEMENTS, FaceEntry, FileEntry
from fakeface.report.words import reason_words

__all__ = ["CSV_COLUMNS", "WRITERS", "CsvWriter", "JsonLinesWriter", "JsonWriter", "Writer", "cell"]

CSV_COLUMNS = (
    "file",
    "file_id",
    "sha256",
    "face",
    "verdict",
    "statement",
    "reason",
    "fakeness",
    "match",
    "difficulty",
    "independent_score",
    "agreement",
    "forgery",
    "track_score",
    "track_score_low",
    "track_score_high",
    "segments",
    "box_left",
    "box_top",
    "box_right",
    "box_bottom",
    "error",
)
"""Columns of the CSV; boxes in pixels of the upright picture, half-open; segments as start and end in seconds."""


class Writer(Protocol):
    """Writes one run's results: ``begin``, ``write`` for every input as it is finished, ``end``."""

    def begin(self, stream: TextIO) -> None:
        """Take the stream and write what comes before the first input."""
        ...

    def write(self, entry: FileEntry) -> None:
        """Write one input."""
        ...

    def end(self, record: Path) -> None:
        """Write what comes after the last input; ``record`` is the finished ``findings.json``."""
        ...


class JsonWriter:
    """The whole record, exactly as it stands in ``findings.json``: totals and times exist only at the end."""

    def begin(self, stream: TextIO) -> None:
        """Take the stream; nothing can be said yet."""
        self._stream = stream

    def write(self, entry: FileEntry) -> None:
        """Nothing: the entry is in the case folder's journal and comes with the record."""

    def end(self, record: Path) -> None:
        """Copy the record to the stream, piece by piece."""
        with record.open(encoding="utf-8") as source:
            shutil.copyfileobj(source, self._stream)


class JsonLinesWriter:
    """One line of JSON per input, as soon as it is finished."""

    def begin(self, stream: TextIO) -> None:
        """Take the stream."""
        self._stream = stream

    def write(self, entry: FileEntry) -> None:
        """One line, the same as in the record."""
        self._stream.write(entry.model_dump_json() + "\n")

    def end(self, record: Path) -> None:
        """Nothing: every line stands for itself."""


class CsvWriter:
    """One row per face of a picture or track of a film, and one for an input without any; meant for spreadsheets."""

    def begin(self, stream: TextIO) -> None:
        """Write the column names."""
        self._rows = csv.DictWriter(stream, CSV_COLUMNS, lineterminator="\n")
        self._rows.writeheader()

    def write(self, entry: FileEntry) -> None:
        """One row per face or track of the input."""
        for row in _rows(entry):
            self._rows.writerow({column: cell(value) for column, value in row.items()})

    def end(self, record: Path) -> None:
        """Nothing: the rows are complete."""


WRITERS: dict[str, type[Writer]] = {"json": JsonWriter, "jsonl": JsonLinesWriter, "csv": CsvWriter}
"""Writers by the name of their format."""


def cell(value: object) -> str:
    """A cell as text; a spreadsheet must not take evidence text for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    risky = isinstance(value, str) and text.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{text}" if risky else text


def _rows(entry: FileEntry) -> Iterator[dict[str, object]]:
    common: dict[str, object] = {
        "file": entry.name,
        "file_id": entry.id,
        "sha256": entry.sha256,
        "error": entry.error,
    }
    tracks = entry.film.tracks if entry.film else ()
    if not entry.faces and not tracks:
        words = STATEMENTS[entry.verdict] if entry.verdict else None
        yield common | {"verdict": entry.verdict, "statement": words, "reason": reason_words(entry.reason)}
    for face in entry.faces:
        yield common | _face_cells(face)
    for track in tracks:
        yield common | _track_cells(track)


def _face_cells(face: FaceEntry) -> dict[str, object]:
    decision = face.decision
    left, top, right, bottom = face.box
    return {
        "face": face.id,
        "verdict": decision.verdict,
        "statement": STATEMENTS[decision.verdict],
        "reason": reason_words(decision.reason),
        "fakeness": decision.fakeness,
        "match": decision.match,
        "difficulty": decision.difficulty,
        "independent_score": decision.independent_score,
        "agreement": decision.agreement,
        "forgery": decision.forgery,
        "box_left": left,
        "box_top": top,
        "box_right": right,
        "box_bottom": bottom,
    }


def _track_cells(track: TrackEntry) -> dict[str, object]:
    """A track: its score is not that of a single face and has its own columns; boxes stand in ``timeline.csv``."""
    low, high = track.interval or (None, None)
    spans = ((one.start_seconds.value, one.end_seconds.value) for one in track.segments)
    return {
        "face": track.id,
        "verdict": track.verdict,
        "statement": STATEMENTS[track.verdict],
        "reason": reason_words(track.reason),
        "track_score": track.score,
        "track_score_low": low,
        "track_score_high": high,
        "segments": "; ".join(f"{start:.3f}–{end:.3f}" for start, end in spans),
    }
