"""The terminal's view of films: for each a table of its tracks with a timeline of their local scores.

As in ``console``, evidence text enters only as ``rich.text.Text`` of sanitised strings. Where the terminal writes no
UTF-8, the timeline is made of digits instead of blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fakeface.report.film_entries import FilmEntry, TrackEntry
from fakeface.report.film_plot import film_span
from fakeface.report.film_words import (
    SOUND,
    film_verdict_words,
    length_words,
    odd_notes,
    reason_of_its_own,
    seen_words,
    segments_words,
    track_name,
    track_score_words,
    track_verdict_words,
)
from fakeface.report.record import STATEMENTS, FileEntry
from fakeface.sanitize import safe_text

__all__ = ["TIMELINE_COLUMNS", "Sparkline", "film_details", "timeline_levels"]

TIMELINE_COLUMNS = 20
"""Columns of a timeline; each stands for an equal part of the film."""

BLOCKS, DIGITS = "▁▂▃▄▅▆▇█", "0123456789"
EMPTY = {True: ".", False: "·"}
"""A part of the film without a scored sighting, in ASCII and in Unicode."""

STYLES = {"fake": "bold", "real": "", "indeterminate": "italic"}


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Scores over the length of a film.

    Args:
        levels: mean local score 0..1 of each part; ``None`` where there is none.
        marked: whether a segment of the track reaches into the part; underlined.
    """

    levels: tuple[float | None, ...]
    marked: tuple[bool, ...]

    def text(self, *, ascii_only: bool) -> Text:
        """The line as text: one character for each part, higher or larger for higher scores."""
        signs, line = DIGITS if ascii_only else BLOCKS, Text(no_wrap=True)
        for level, marked in zip(self.levels, self.marked, strict=True):
            sign = EMPTY[ascii_only] if level is None else signs[min(int(level * len(signs)), len(signs) - 1)]
            line.append(sign, style="underline" if marked else "")
        return line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as it has parts."""
        return Measurement(len(self.levels), len(self.levels))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What the terminal can write."""
        yield self.text(ascii_only=options.ascii_only)


def timeline_levels(film: FilmEntry, track: TrackEntry, columns: int = TIMELINE_COLUMNS) -> Sparkline:
    """A track's local scores, in which stretches stand out, in equal parts of its film."""
    start, end = film_span(film)
    parts: list[list[float]] = [[] for _ in range(columns)]
    for sighting in track.sightings:
        if sighting.local_score is not None:
            parts[_part(sighting.time_seconds.fraction, start, end, columns)].append(sighting.local_score)
    marked = [False] * columns
    for segment in track.segments:
        first = _part(segment.start_seconds.fraction, start, end, columns)
        last = -(-(segment.end_seconds.fraction - start) * columns // (end - start))
        for part in range(first, min(max(int(last), first + 1), columns)):
            marked[part] = True
    return Sparkline(tuple(fmean(part) if part else None for part in parts), tuple(marked))


def _part(time: Fraction, start: Fraction, end: Fraction, columns: int) -> int:
    return min(max(int((time - start) * columns // (end - start)), 0), columns - 1)


def film_details(entry: FileEntry) -> Iterator[RenderableType]:
    """What is said of one film: its verdict, with the reason where no track has the same, facts, a row per track."""
    film = entry.film
    if film is None:
        return
    title = Text(f"{entry.id}  ", style="bold")
    title.append(safe_text(entry.name))
    if entry.verdict:
        said = film_verdict_words(entry) if reason_of_its_own(entry) else STATEMENTS[entry.verdict]
        title.append(f": {safe_text(said)}", style=STYLES[entry.verdict])
    yield title
    facts, counts = film.facts, film.counts
    shots = f"{len(film.shots)} {'shot' if len(film.shots) == 1 else 'shots'}"
    damaged = f", {counts.damaged} reported damaged or lost" if counts.damaged else ""
    looked = f"{counts.sampled} of {counts.decoded} frames looked at{damaged} ({film.sampling})"
    size = f"{facts.width} x {facts.height} pixels"
    known = f"{length_words(film)}, {size}, {facts.codec}, {shots}; {looked}. {SOUND}"
    yield Padding(Text(safe_text(known), style="dim"), (0, 0, 0, 2))
    for note in odd_notes(film):
        yield Padding(Text(note, style="italic"), (0, 0, 0, 2))
    if film.tracks:
        yield _table(film)
    yield Text()


def _table(film: FilmEntry) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    wide = {"Result": 14, "Stands\nout at": 13}
    for column in ("Track", "Result", "Score\n(95 %)", "Scored/\nseen", "Stands\nout at", "Timeline"):
        table.add_column(column, overflow="fold", min_width=wide.get(column), no_wrap=column not in wide)
    for track in film.tracks:
        table.add_row(
            track_name(track),
            Text(safe_text(track_verdict_words(track)), style=STYLES[track.verdict]),
            track_score_words(track, "\n"),
            seen_words(track),
            segments_words(track, "\n", digits=1),
            timeline_levels(film, track),
        )
    return table
