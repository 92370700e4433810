"""The terminal's view of the record: one table, the chosen answers in words, the account of every input, the limits.

Evidence and model text enters only as ``rich.text.Text`` built from sanitised strings, so that neither escapes nor
markup in it can act. Nothing is printed here; a command prints what these functions return.
"""

from __future__ import annotations

import heapq
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fakeface.report.console_faces import face_details
from fakeface.report.console_films import film_details
from fakeface.report.film_entries import TrackEntry
from fakeface.report.film_words import film_verdict_words, reason_of_its_own, track_name, track_verdict_words
from fakeface.report.numbers import score_words
from fakeface.report.record import STATEMENTS, FaceEntry, FileEntry
from fakeface.report.unanswered import nothing_done
from fakeface.report.words import (
    ABSENCE,
    AGREEMENT,
    FALSE_FLAGS,
    NO_FACE_WORDS,
    Tally,
    agreement_words,
    class_words,
    faceless_words,
    pieces,
    profile_sentence,
    totals_words,
    verdict_words,
)
from fakeface.sanitize import safe_text

__all__ = ["DETAILED_ROWS", "TOP_ROWS", "summary_table"]

MARKS = "‹…› marks a phrase about a part of the face."
DETAILED_ROWS = 50
"""Up to this many rows every face is listed; above, the summary fits one screen."""

TOP_ROWS = 5
"""How many of the highest scores, and of the commonest reasons, the short form lists: it fits 24 lines of 80."""

_STYLES = {"fake": "bold", "real": "", "indeterminate": "italic"}


@dataclass(slots=True)
class _Collected:
    """What is kept of the entries while they stream past: all of them while they are few, then counts and the top."""

    tally: Tally = field(default_factory=Tally)
    entries: list[FileEntry] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    top: list[tuple[float, int, FileEntry, FaceEntry | TrackEntry]] = field(default_factory=list)
    rows: int = 0
    scored: int = 0

    def add(self, entry: FileEntry) -> None:
        self.tally.add(entry)
        self.rows += max(len(entry.faces), len(entry.film.tracks) if entry.film else 0, 1)
        if self.rows <= DETAILED_ROWS:
            self.entries.append(entry)
        else:
            self.entries.clear()
        if entry.error:
            self.reasons[f"{entry.status}: {entry.error_code or entry.error}"] += 1
        elif not _shown(entry):
            self.reasons[NO_FACE_WORDS] += 1
        elif reason_of_its_own(entry):
            self.reasons[film_verdict_words(entry)] += 1
        for face in _shown(entry):
            self._add_face(entry, face)

    def _add_face(self, entry: FileEntry, face: FaceEntry | TrackEntry) -> None:
        if _reason(face):
            self.reasons[_result(face)] += 1
        score = _leading_score(face)
        if score is not None:
            self.scored += 1  # a number of its own for every row: entries cannot be compared
            row = (score, -self.scored, entry, face)
            (heapq.heappush if len(self.top) < TOP_ROWS else heapq.heappushpop)(self.top, row)


def _shown(entry: FileEntry) -> Sequence[FaceEntry | TrackEntry]:
    """The faces of a picture or the tracks of a film."""
    return entry.film.tracks if entry.film else entry.faces


def _result(face: FaceEntry | TrackEntry) -> str:
    return track_verdict_words(face) if isinstance(face, TrackEntry) else verdict_words(face.decision)


def _reason(face: FaceEntry | TrackEntry) -> str | None:
    return face.reason if isinstance(face, TrackEntry) else face.decision.reason


def _leading_score(face: FaceEntry | TrackEntry) -> float | None:
    if isinstance(face, TrackEntry):
        return face.score
    decision = face.decision
    return decision.fakeness if decision.fakeness is not None else decision.independent_score


def summary_table(
    entries: Iterable[FileEntry], *, profile: str = "compact", settings: Mapping[str, object] | None = None
) -> RenderableType:
    """What an analyst sees at the end of a run.

    Args:
        entries: the record's files; may be a stream, only a bounded part is kept.
        profile: name of the profile, for the sentence on its limits.
        settings: of the record, for what was asked of faces on which nothing is said.

    Returns:
        up to 50 rows: a table with one row per face or faceless input, each face's chosen answer in words, and for
        every film a table of its tracks; above: totals, reasons, the highest scores and the next command. Both end with
        the account of inputs and the limits.
    """
    collected = _Collected()
    for entry in entries:
        collected.add(entry)
    body = _detailed(collected.entries, settings or {}) if collected.rows <= DETAILED_ROWS else _short(collected)
    return Group(*body, *_closing(collected, profile))


def _detailed(entries: list[FileEntry], settings: Mapping[str, object]) -> list[RenderableType]:
    films = [part for entry in entries for part in film_details(entry)]
    pictures = [entry for entry in entries if entry.film is None]
    return [*(_pictures(pictures, settings) if pictures else []), *films]


def _pictures(entries: list[FileEntry], settings: Mapping[str, object]) -> list[RenderableType]:
    triage = all(face.decision.fakeness is None for entry in entries for face in entry.faces) and any(
        face.decision.independent_score is not None for entry in entries for face in entry.faces
    )
    table = _table(
        "File", "Face", "Result", "Text-free\nscore" if triage else "Fake-\nness", "Class", "Easy/\nhard", "Agree"
    )
    for entry in entries:
        if not entry.faces:
            said = safe_text(faceless_words(entry, nothing_done(settings)))
            table.add_row(_name(entry), "—", Text(said), "—", "—", "—", "—")
        for face in entry.faces:
            _add_row(table, entry, face)
    told = [part for entry in entries for face in entry.faces for part in _told(entry, face, settings)]
    return [table, Text(), *told]


def _told(entry: FileEntry, face: FaceEntry, settings: Mapping[str, object]) -> list[RenderableType]:
    """What is said of a face below the table: what was asked of it, else the chosen answer."""
    return [*([] if face.explanations else _answer(entry, face) or []), *face_details(entry, face, settings)]


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    wide = {"File": 18, "Result": 19}
    for column in columns:
        table.add_column(column, overflow="fold", min_width=wide.get(column), no_wrap=column not in (*wide, "Class"))
    return table


def _add_row(table: Table, entry: FileEntry, face: FaceEntry) -> None:
    decision = face.decision
    table.add_row(
        _name(entry),
        str(face.number),
        Text(safe_text(verdict_words(decision)), style=_STYLES[decision.verdict]),
        score_words(_leading_score(face)),
        Text(safe_text(class_words(decision.forgery))),
        decision.difficulty or "—",
        agreement_words(decision.agreement),
    )


def _name(entry: FileEntry) -> Text:
    return Text(safe_text(entry.name))


def _answer(entry: FileEntry, face: FaceEntry) -> list[RenderableType] | None:
    chosen = next((answer for answer in face.answers if answer.role == "chosen"), None)
    if chosen is None:
        return None
    title = Text(f"{face.id}  ", style="bold")
    title.append_text(Text(safe_text(entry.name)))
    title.append(f", face {face.number}: what the model wrote", style="bold")
    parts = [_marked(text) for text in (chosen.description, chosen.reasoning) if text]
    return [title, *(Padding(part, (0, 0, 0, 2)) for part in parts), Text()]


def _marked(text: str) -> Text:
    """A model's text without tags; phrases that have a mask underlined and, for terminals without style, in marks."""
    marked = Text()
    for piece in pieces(text):
        shown = safe_text(piece.text)
        marked.append(f"‹{shown}›" if piece.grounded else shown, style="underline" if piece.grounded else "")
    return marked


def _short(collected: _Collected) -> list[RenderableType]:
    parts: list[RenderableType] = [Text("Reasons why inputs or faces have no verdict", style="bold")]
    for reason, count in collected.reasons.most_common(TOP_ROWS):
        parts.append(Text(f"{count:>6}  {safe_text(reason)}"))
    if not collected.reasons:
        parts.append(Text("     0"))
    if len(collected.reasons) > TOP_ROWS:
        parts[-1] = Text(f"     …  and {len(collected.reasons) - TOP_ROWS + 1} further reasons: see findings.json")
    top = sorted(collected.top, reverse=True, key=lambda row: row[:2])
    table = _table("File", "Face", "Result", "Score", "Class")
    for _, _, entry, face in top:
        name = _name(entry)
        name.truncate(36, overflow="ellipsis")
        verdict = face.verdict if isinstance(face, TrackEntry) else face.decision.verdict
        table.add_row(
            name,
            track_name(face) if isinstance(face, TrackEntry) else str(face.number),
            Text(STATEMENTS[verdict], style=_STYLES[verdict]),
            score_words(_leading_score(face)),
            Text("—" if isinstance(face, TrackEntry) else safe_text(class_words(face.decision.forgery))),
        )
    parts += [Text(), Text(f"The {len(top)} highest scores", style="bold"), table]
    if top:
        parts += [Text(), *_next_command(top[0][2])]
    return parts


def _next_command(entry: FileEntry) -> list[RenderableType]:
    if entry.name_hex is not None:  # what is shown is not what the file is called: a command made of it would miss it
        return []
    return [Text(f"Next: fakeface {'video' if entry.film else 'detect'} -- {shlex.quote(entry.name)}")]


def _closing(collected: _Collected, profile: str) -> list[RenderableType]:
    lines: list[RenderableType] = []
    if collected.rows <= DETAILED_ROWS:
        if any(
            answer.role == "chosen" for entry in collected.entries for face in entry.faces for answer in face.answers
        ):
            lines.append(Text(f"{MARKS} {AGREEMENT}", style="dim"))
        for reason, count in sorted(collected.reasons.items()):
            if reason.startswith(("skipped", "failed")):
                lines.append(Text(f"{count} {safe_text(reason)}"))
        lines.append(Text(profile_sentence(profile), style="dim"))
    lines.append(Text(totals_words(collected.tally.totals), style="bold"))
    lines.append(Text(ABSENCE))
    if collected.rows > DETAILED_ROWS:
        lines.append(Text(FALSE_FLAGS))
    return lines
