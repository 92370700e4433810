"""Frames of a film as lossless pictures of their own size, with a table that says what each of them is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from fakeface.report.film_entries import DecisiveFrameEntry, FilmEntry, TrackEntry
from fakeface.report.film_table import decimal, rows_chunk
from fakeface.report.film_words import role_words, track_name
from fakeface.report.pictures import Save
from fakeface.sampling import SampledFrame

__all__ = ["FRAME_COLUMNS", "ExportedFrames", "decisive_indices", "export_frames"]

LOG = logging.getLogger(__name__)

FRAME_COLUMNS = (
    "file",
    "frame",
    "time_seconds",
    "time_exact",
    "frame_type",
    "damaged",
    "width",
    "height",
    "pixels_sha256",
    "decisive_for",
    "pixels_as_examined",
)
"""Columns: ``pixels_sha256`` is made as in the record (width and height as two little-endian 32-bit numbers, then the
rows of RGB); ``pixels_as_examined`` says of decisive frames whether it is the hash of the frame that was examined."""


@dataclass(frozen=True, slots=True)
class ExportedFrames:
    """What was written.

    Args:
        table: name of the table in the case folder.
        decisive: names of decisive frames by the numbers of track and frame, from 1.
    """

    table: str
    decisive: dict[tuple[int, int], str]


def decisive_indices(film: FilmEntry) -> list[int]:
    """The indices of all decisive frames, each once, in the order of the film."""
    return sorted({frame.index for track in film.tracks for frame in track.decisive})


def export_frames(
    save: Save,
    store: Callable[[str, bytes], str],
    file_id: str,
    film: FilmEntry,
    frames: Iterable[SampledFrame],
) -> ExportedFrames:
    """Write frames as PNG, unscaled, and their table.

    Args:
        save: writes pixels under a name and returns the name.
        store: writes bytes under a name and returns the name.
        file_id: of the film.
        film: the record's film; may still be without names of files.
        frames: in the order of the film; one is held at a time.
    """
    decisive = _decisive(film)
    rows: list[tuple[object, ...]] = [FRAME_COLUMNS]
    names: dict[tuple[int, int], str] = {}
    for sampled in frames:
        frame, time = sampled.frame, sampled.frame.time_seconds or Fraction(0)
        name = save(f"frames/{file_id}-{frame.index:06d}.png", frame.pixels)
        digest = frame.pixels_sha256()
        served = decisive.get(frame.index, [])
        names |= {(track.number, number): name for track, number, _ in served}
        same = all(one.pixels_sha256 == digest for _, _, one in served) if served else None
        if same is False:
            LOG.warning("%s frame %d: decoded again, its pixels differ from those examined", file_id, frame.index)
        purposes = "; ".join(f"{track_name(track)} {role_words(one)}" for track, _, one in served)
        place = (name, frame.index, decimal(time), time, sampled.frame_type, sampled.damaged)
        rows.append((*place, frame.width, frame.height, digest, purposes, same))
    return ExportedFrames(store(f"frames/{file_id}.csv", rows_chunk(rows)), names)


def _decisive(film: FilmEntry) -> dict[int, list[tuple[TrackEntry, int, DecisiveFrameEntry]]]:
    """By index of the frame: the tracks that it decides, with its place among their decisive frames."""
    found: dict[int, list[tuple[TrackEntry, int, DecisiveFrameEntry]]] = {}
    for track in film.tracks:
        for place, frame in enumerate(track.decisive, start=1):
            found.setdefault(frame.index, []).append((track, place, frame))
    return found
