"""What is kept of every measured film: its truth, and what the route says of every track, sighting by sighting."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from pydantic import BaseModel, ConfigDict

from fakeface.decision import Decision
from fakeface.filming import sighting_end
from fakeface.films import FilmFinding, Shot, Sighting, TrackFinding
from fakeface.segments import TrackScores
from fakeface.training.forge.film_files import FilmTruth

__all__ = ["ScoredFilm", "ScoredSighting", "ScoredTrack", "TruePerson", "scored_film"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ScoredSighting(_Value):
    """One scored sighting, half-open in time: it ends with the next sampled frame, at the latest with its shot.

    ``overlaps`` is the overlap (IoU) with the true box of each person at that moment.
    """

    start: Fraction
    end: Fraction
    score: float
    local_score: float
    overlaps: tuple[float, ...] = ()


class ScoredTrack(_Value):
    """One track.

    Args:
        verdict: of the route: real, fake or indeterminate.
        reason: why it is indeterminate; empty otherwise.
        sightings: those that were scored, in time.
        segments: (start, end) in seconds that the route calls altered.
        decided: of every decisive frame its time, and its verdict or why that is indeterminate.
    """

    verdict: str
    reason: str
    sightings: tuple[ScoredSighting, ...]
    segments: tuple[tuple[Fraction, Fraction], ...]
    decided: tuple[tuple[Fraction, str], ...] = ()

    @property
    def scores(self) -> TrackScores:
        """What its sightings say."""
        return TrackScores(
            tuple(one.start for one in self.sightings),
            np.array([one.score for one in self.sightings], np.float64),
            np.array([one.local_score for one in self.sightings], np.float64),
        )


class TruePerson(_Value):
    """One person of a made film: the operator (empty for a real one), and what is forged in time."""

    source: str
    operator: str = ""
    forged: tuple[tuple[Fraction, Fraction], ...] = ()


class ScoredFilm(_Value):
    """One film with its truth.

    Args:
        film: name of its file.
        condition: its set: how it is encoded, or ``given``.
        group: shared by films of the same persons; resampled together.
        label: 0 real, 1 forged.
        persons: of a made film; none where the film was given.
        length_seconds: from the first frame's presentation to the last one's.
        verdict: of the route.
        unseen: whether a part of it is missing, or was not asked for; such a film is never called real.
        tracks: all of them.
        seconds: wall time of the examination, or why there is none.
        error: why it could not be examined; empty otherwise.
    """

    film: str
    condition: str
    group: str
    label: int
    persons: tuple[TruePerson, ...] = ()
    length_seconds: float = 0.0
    verdict: str = ""
    unseen: bool = False
    tracks: tuple[ScoredTrack, ...] = ()
    seconds: float = 0.0
    error: str = ""


def scored_film(
    bare: ScoredFilm, truth: FilmTruth | None, finding: FilmFinding, sampled: Sequence[Fraction]
) -> ScoredFilm:
    """What is kept of an examined film.

    Args:
        bare: its name, set, group and label.
        truth: of a made film.
        finding: of the route.
        sampled: presentation times of the frames that were looked at.
    """
    shots = {shot.number: shot for shot in finding.shots}
    counts = finding.counts
    length = (counts.last_seconds or Fraction(0)) - (counts.first_seconds or Fraction(0))
    tracks = tuple(_track(track, shots.get(track.shot), sampled, truth) for track in finding.tracks)
    persons = tuple(_person(truth, place) for place in range(len(truth.persons))) if truth else ()
    said = {"verdict": finding.verdict.value, "unseen": finding.unseen, "tracks": tracks}
    return bare.model_copy(update={"persons": persons, "length_seconds": float(length), **said})


def _person(truth: FilmTruth, place: int) -> TruePerson:
    person = truth.persons[place]
    return TruePerson(
        source=person.source,
        operator=person.forged[0].operator if person.forged else "",
        forged=tuple((one.start, one.end) for one in person.forged),
    )


def _track(track: TrackFinding, shot: Shot | None, sampled: Sequence[Fraction], truth: FilmTruth | None) -> ScoredTrack:
    return ScoredTrack(
        verdict=track.verdict.value,
        reason=track.reason.value if track.reason else "",
        sightings=tuple(_sighting(one, shot, sampled, truth) for one in track.sightings if one.score is not None),
        segments=tuple((one.start_seconds, one.end_seconds) for one in track.segments),
        decided=tuple((one.time_seconds, _said(one.finding.decision)) for one in track.decisive),
    )


def _said(decision: Decision) -> str:
    return decision.reason.value if decision.reason else decision.verdict.value


def _sighting(one: Sighting, shot: Shot | None, sampled: Sequence[Fraction], truth: FilmTruth | None) -> ScoredSighting:
    return ScoredSighting(
        start=one.time_seconds,
        end=sighting_end(sampled, one.time_seconds, shot),
        score=one.score or 0.0,
        local_score=one.local_score or 0.0,
        overlaps=truth.overlaps(one.time_seconds, one.face.box) if truth else (),
    )
