"""``timeline.csv``: one row for every sighting of every track of every film, written as a stream."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from io import StringIO

from fakeface.report.film_entries import SightingEntry, TrackEntry
from fakeface.report.record import FileEntry
from fakeface.report.tables import cell

__all__ = ["TIMELINE", "TIMELINE_COLUMNS", "decimal", "rows_chunk", "timeline_chunks"]

TIMELINE = "timeline.csv"
"""Its name in the case folder."""

TIMELINE_COLUMNS = (
    "file",
    "file_id",
    "track",
    "shot",
    "frame",
    "time_seconds",
    "time_exact",
    "box_left",
    "box_top",
    "box_right",
    "box_bottom",
    "score",
    "local_score",
    "followed",
    "sharpness",
    "flicker",
)
"""Columns: frame is 0-based, times are presentation times in seconds (``time_exact`` as a fraction), boxes are xyxy in
pixels of the upright frame, half-open; scores, local scores and flicker 0 to 1; sharpness in grey levels squared."""


def timeline_chunks(entries: Iterable[FileEntry]) -> Iterator[bytes]:
    """The bytes of the table, one track at a time.

    Args:
        entries: the record's files; those that are no films give no rows.
    """
    yield rows_chunk([TIMELINE_COLUMNS])
    for entry in entries:
        for track in entry.film.tracks if entry.film else ():
            yield rows_chunk(_row(entry, track, sighting) for sighting in track.sightings)


def decimal(time: Fraction) -> Decimal:
    """A time in seconds to the nearest microsecond."""
    return Decimal(round(time * 1_000_000)).scaleb(-6)


def rows_chunk(rows: Iterable[Iterable[object]]) -> bytes:
    """Some rows of a table as UTF-8; no cell can act as a formula of a spreadsheet."""
    target = StringIO()
    csv.writer(target, lineterminator="\n").writerows([cell(value) for value in row] for row in rows)
    return target.getvalue().encode()


def _row(entry: FileEntry, track: TrackEntry, sighting: SightingEntry) -> Iterator[object]:
    time = sighting.time_seconds.fraction
    yield from (entry.name, entry.id, track.id, track.shot, sighting.index)
    yield from (decimal(time), time, *sighting.box)
    yield from (sighting.score, sighting.local_score, sighting.followed, sighting.sharpness, sighting.flicker)
