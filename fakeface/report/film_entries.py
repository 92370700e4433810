"""Parts of the record about one film: its facts, shots and tracks; and how they are made of ``fakeface.films``.

Ids: ``F0001-T02`` is the second track of the first input, ``F0001-T02-1`` its first decisive frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from fakeface.films import (
    DecisiveFrame,
    FilmCounts,
    FilmFacts,
    FilmFinding,
    Segment,
    Shot,
    Sighting,
    TrackFinding,
)
from fakeface.report.entries import BoxEntry, Entry, FaceFiles, Rounded
from fakeface.report.face_entries import FaceEntry, face_entry, statement
from fakeface.sanitize import safe_text

__all__ = [
    "DecisiveFrameEntry",
    "Exact",
    "FilmCountsEntry",
    "FilmEntry",
    "FilmFactsEntry",
    "FilmFiles",
    "RuleEntry",
    "SegmentEntry",
    "ShotEntry",
    "SightingEntry",
    "TrackEntry",
    "film_entry",
]


class Exact(Entry):
    """A number that is known exactly: ``value`` for reading, ``exact`` as the fraction (``1001/30000``)."""

    value: Rounded
    exact: Annotated[str, Field(pattern=r"^-?\d+(/\d+)?$")]

    @property
    def fraction(self) -> Fraction:
        """The exact number."""
        return Fraction(self.exact)


class FilmFactsEntry(Entry):
    """What the container and the decoder say of a film; see ``fakeface.films.FilmFacts``. Sound is never examined."""

    container: str
    codec: str
    pixel_format: str
    width: int
    height: int
    rotation: int
    duration_seconds: Exact | None
    rate: Exact | None
    variable_rate: bool
    interlaced: bool
    audio: tuple[str, ...]
    decoder: str
    notes: tuple[str, ...]
    whole: bool


class FilmCountsEntry(Entry):
    """Account of a film's frames; see ``fakeface.films.FilmCounts``."""

    decoded: int
    damaged: int
    sampled: int
    with_faces: int
    first_seconds: Exact | None
    last_seconds: Exact | None


class ShotEntry(Entry):
    """A part of the film between two cuts, half-open in time; numbered from 1."""

    number: int
    start_seconds: Exact
    end_seconds: Exact


class SightingEntry(Entry):
    """One face of a track on one sampled frame; see ``fakeface.films.Sighting``.

    ``local_score`` is what the artifact mask shows where it shows most, 0..1; ``sharpness`` the variance of the
    Laplacian in grey levels squared; ``flicker`` the change of the artifact mask since the sighting before, 0..1.
    """

    index: int
    time_seconds: Exact
    box: BoxEntry
    origin: str
    confidence: Rounded
    followed: bool
    score: Rounded | None
    local_score: Rounded | None
    sharpness: Rounded
    flicker: Rounded | None


class SegmentEntry(Entry):
    """A stretch of a track that looks altered, half-open in time; see ``fakeface.films.Segment``."""

    start_seconds: Exact
    end_seconds: Exact
    score: Rounded
    local_score: Rounded
    sightings: int
    statistic: Rounded


class DecisiveFrameEntry(Entry):
    """A frame of a track with the full decision about its face. ``face.number`` is the track's.

    ``frame_file`` is the lossless frame of ``--export-frames``.
    """

    roles: tuple[str, ...]
    index: int
    time_seconds: Exact
    frame_type: str
    pixels_sha256: str
    face: FaceEntry
    frame_file: str | None


class TrackEntry(Entry):
    """One person in one shot; see ``fakeface.films.TrackFinding``. ``interval`` is the 95 % interval of ``score``.

    ``usable`` counts the sightings that could be scored. ``timeline_file`` is the plot of its scores over time.
    """

    id: str
    number: int
    shot: int
    verdict: Literal["real", "fake", "indeterminate"]
    statement: str
    reason: str | None
    score: Rounded | None
    interval: tuple[Rounded, Rounded] | None
    method: str
    usable: int
    sightings: tuple[SightingEntry, ...]
    segments: tuple[SegmentEntry, ...]
    decisive: tuple[DecisiveFrameEntry, ...]
    measurements: dict[str, Rounded]
    timeline_file: str | None


class RuleEntry(Entry):
    """By which rule scores became segments and verdicts; see ``fakeface.films.TrackRule``."""

    cut: Rounded
    margin: Rounded
    stand_out: Rounded
    method: str
    least_sightings: int
    least_seconds: Rounded
    gap_seconds: Rounded


class FilmEntry(Entry):
    """What one run says of one film; see ``fakeface.films.FilmFinding``. ``sampling`` says which frames were looked at.

    ``contact_sheet_file`` shows the decisive frames, ``clip_file`` is the annotated copy, ``frames_file`` the table of
    the frames that ``--export-frames`` wrote; each ``null`` where it was not written.
    """

    facts: FilmFactsEntry
    counts: FilmCountsEntry
    sampling: str
    rule: RuleEntry
    shots: tuple[ShotEntry, ...]
    tracks: tuple[TrackEntry, ...]
    contact_sheet_file: str | None
    clip_file: str | None
    frames_file: str | None


@dataclass(frozen=True, slots=True)
class FilmFiles:
    """Paths of one film's pictures in the case folder, none where it was not written.

    Args:
        contact_sheet: the decisive frames on one page.
        clip: the annotated copy of the film.
        frames: the table of exported frames.
        timelines: plots by the number of the track.
        faces: pictures of a decisive frame's face by the numbers of track and frame, from 1.
        exported: lossless frames by the same numbers.
    """

    contact_sheet: str | None = None
    clip: str | None = None
    frames: str | None = None
    timelines: Mapping[int, str] = field(default_factory=dict)
    faces: Mapping[tuple[int, int], FaceFiles] = field(default_factory=dict)
    exported: Mapping[tuple[int, int], str] = field(default_factory=dict)


def film_entry(file_id: str, finding: FilmFinding, files: FilmFiles) -> FilmEntry:
    """The record's form of one film.

    Args:
        file_id: of the input.
        finding: what the run says of it.
        files: paths of its pictures in the case folder.
    """
    return FilmEntry(
        facts=_facts_entry(finding.facts),
        counts=_counts_entry(finding.counts),
        sampling=finding.sampling,
        rule=RuleEntry.model_validate(asdict(finding.rule)),
        shots=tuple(_shot_entry(shot) for shot in finding.shots),
        tracks=tuple(_track_entry(f"{file_id}-{track.id}", track, files) for track in finding.tracks),
        contact_sheet_file=files.contact_sheet,
        clip_file=files.clip,
        frames_file=files.frames,
    )


def _exact(number: Fraction) -> Exact:
    return Exact(value=float(number), exact=str(number))


def _exact_or_none(number: Fraction | None) -> Exact | None:
    return None if number is None else _exact(number)


def _facts_entry(facts: FilmFacts) -> FilmFactsEntry:
    return FilmFactsEntry(
        container=safe_text(facts.container),
        codec=safe_text(facts.codec),
        pixel_format=safe_text(facts.pixel_format),
        width=facts.width,
        height=facts.height,
        rotation=facts.rotation,
        duration_seconds=_exact_or_none(facts.duration_seconds),
        rate=_exact_or_none(facts.rate),
        variable_rate=facts.variable_rate,
        interlaced=facts.interlaced,
        audio=tuple(safe_text(stream) for stream in facts.audio),
        decoder=safe_text(facts.decoder),
        notes=tuple(safe_text(note) for note in facts.notes),
        whole=facts.whole,
    )


def _counts_entry(counts: FilmCounts) -> FilmCountsEntry:
    return FilmCountsEntry(
        decoded=counts.decoded,
        damaged=counts.damaged,
        sampled=counts.sampled,
        with_faces=counts.with_faces,
        first_seconds=_exact_or_none(counts.first_seconds),
        last_seconds=_exact_or_none(counts.last_seconds),
    )


def _shot_entry(shot: Shot) -> ShotEntry:
    return ShotEntry(number=shot.number, start_seconds=_exact(shot.start_seconds), end_seconds=_exact(shot.end_seconds))


def _track_entry(track_id: str, track: TrackFinding, files: FilmFiles) -> TrackEntry:
    return TrackEntry(
        id=track_id,
        number=track.number,
        shot=track.shot,
        verdict=track.verdict.value,
        statement=statement(track.verdict.value, track.reason.words if track.reason else None),
        reason=track.reason.value if track.reason else None,
        score=track.score,
        interval=track.interval,
        method=track.method,
        usable=sum(sighting.score is not None for sighting in track.sightings),
        sightings=tuple(_sighting_entry(sighting) for sighting in track.sightings),
        segments=tuple(_segment_entry(segment) for segment in track.segments),
        decisive=tuple(
            _decisive_entry(f"{track_id}-{place}", frame, (track.number, place), files)
            for place, frame in enumerate(track.decisive, start=1)
        ),
        measurements=dict(track.measurements),
        timeline_file=files.timelines.get(track.number),
    )


def _sighting_entry(sighting: Sighting) -> SightingEntry:
    return SightingEntry(
        index=sighting.index,
        time_seconds=_exact(sighting.time_seconds),
        box=sighting.face.box.xyxy,
        origin=sighting.face.origin.value,
        confidence=sighting.face.confidence,
        followed=sighting.followed,
        score=sighting.score,
        local_score=sighting.local_score,
        sharpness=sighting.sharpness,
        flicker=sighting.flicker,
    )


def _segment_entry(segment: Segment) -> SegmentEntry:
    return SegmentEntry(
        start_seconds=_exact(segment.start_seconds),
        end_seconds=_exact(segment.end_seconds),
        score=segment.score,
        local_score=segment.local_score,
        sightings=segment.sightings,
        statistic=segment.statistic,
    )


def _decisive_entry(face_id: str, frame: DecisiveFrame, place: tuple[int, int], files: FilmFiles) -> DecisiveFrameEntry:
    return DecisiveFrameEntry(
        roles=tuple(role.value for role in frame.roles),
        index=frame.index,
        time_seconds=_exact(frame.time_seconds),
        frame_type=safe_text(frame.frame_type),
        pixels_sha256=frame.pixels_sha256,
        face=face_entry(face_id, frame.finding, None, files.faces.get(place, FaceFiles())),
        frame_file=files.exported.get(place),
    )
