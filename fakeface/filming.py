"""The route of a film: watched once from end to end, then one finding for every track.

    film → looks → tracks → decisive frames, decided like stills → segments, score, verdict → finding

While a film is watched its looks may be kept (``FilmMemory``), so that an interrupted run goes on inside it. The
decisive frames are fetched again at the end, when it is known which they are; nothing of the frames is held till then.
"""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from fakeface.backends import Engine
from fakeface.decision import Reason
from fakeface.decisive import decide_frames
from fakeface.errors import OutOfRange
from fakeface.evidence import Evidence
from fakeface.films import DecisiveFrame, FilmFinding, Segment, Shot, Sighting, TrackFinding, TrackRule
from fakeface.findings import FileFinding, FileStatus
from fakeface.frames import Frame
from fakeface.inputs import Input
from fakeface.interfaces import FilmDecoder, FilmMemory, FilmSource
from fakeface.looks import Look
from fakeface.sampling import Sampling
from fakeface.segments import TrackScores, find_segments
from fakeface.settings import Settings
from fakeface.temporal import local_score, measure_track, soft_change
from fakeface.timeline import aggregate, judge, make_rule, score_interval
from fakeface.tracking import Tracker
from fakeface.watching import Watcher

__all__ = ["FilmRequest", "FilmRoute", "Forgetful", "examine_film", "rule_of", "sighting_end"]

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """What is asked of every film.

    Args:
        settings: of the whole route.
        sampling: which frames are looked at.
        rule: for tracks; ``None`` takes the profile's.
    """

    settings: Settings
    sampling: Sampling
    rule: TrackRule | None = None

    def for_record(self) -> dict[str, object]:
        """What the results depend on, JSON-ready."""
        chosen = self.sampling
        return {
            "sampling": {
                name: str(value) if isinstance(value, Fraction) else value for name, value in asdict(chosen).items()
            },
            "rule": asdict(self.rule) if self.rule else None,
        }


class Forgetful:
    """A ``FilmMemory`` that keeps nothing."""

    def looks(self) -> Iterator[Look]:
        """None."""
        return iter(())

    def keep(self, looks: Sequence[Look]) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class FilmRoute:
    """Examines a file that is a film; ``examine`` of the pipeline asks it first.

    Args:
        engine: the loaded models.
        recognise: whether a file is a film, by its content.
        decoder: opens films.
        request: what to do with each.
        remember: the memory for one input.
        heard: told of every batch of looks: the input, seconds of the film that are done, and how long the film is.
        decided: told of every batch of decisive faces: how many are decided, of how many.
    """

    engine: Engine
    recognise: Callable[[Evidence], bool]
    decoder: FilmDecoder
    request: FilmRequest
    remember: Callable[[Input, Evidence], FilmMemory] = lambda _item, _evidence: Forgetful()
    heard: Callable[[Input, Fraction, Fraction | None], None] = lambda _item, _reached, _length: None
    decided: Callable[[int, int], None] = lambda _done, _count: None

    def __call__(self, item: Input, evidence: Evidence) -> FileFinding | None:
        """The finding of a film; ``None`` where the file is none.

        Raises:
            EvidenceError: it is a film and cannot be decoded.
            BackendError: a model failed.
        """
        if not self.recognise(evidence):
            return None
        source = self.decoder.open(evidence)
        length = source.facts.duration_seconds
        film, finding, deciding = examine_film(
            self.engine,
            source,
            self.request,
            self.remember(item, evidence),
            lambda reached: self.heard(item, reached, length),
            self.decided,
        )
        return FileFinding(
            item.number,
            item.path,
            FileStatus.ANALYSED,
            evidence,
            film=film,
            seconds_finding=finding,
            seconds_deciding=deciding,
        )


class _Seen:
    """What was seen so far: sightings by track, with the last soft mask of each; times of all sampled frames."""

    def __init__(self) -> None:
        self.tracks: dict[int, list[Sighting]] = {}
        self.times: list[Fraction] = []
        self.with_faces = 0
        self.last_index = -1
        self._masks: dict[int, NDArray[np.uint8]] = {}

    def take(self, look: Look) -> None:
        """Take in one look."""
        self.times.append(look.time_seconds)
        self.last_index = look.index
        self.with_faces += any(not seen.followed for seen in look.faces)
        if look.cut:
            self._masks.clear()
        for seen in look.faces:
            flicker = local = None
            if seen.soft_mask is not None:
                before = self._masks.get(seen.track)
                flicker = soft_change(before, seen.soft_mask) if before is not None else None
                local = local_score(seen.soft_mask)
                self._masks[seen.track] = seen.soft_mask
            seen_at = look.index, look.time_seconds, seen.face, seen.followed
            sighting = Sighting(*seen_at, seen.score, seen.sharpness, local, flicker)
            self.tracks.setdefault(seen.track, []).append(sighting)

    def sightings(self) -> Iterator[tuple[int, tuple[Sighting, ...]]]:
        """Every track; a box that was carried on and never found again does not belong to it."""
        for number, track in sorted(self.tracks.items()):
            last = max(place for place, one in enumerate(track) if not one.followed)
            yield number, tuple(track[: last + 1])


def rule_of(engine: Engine, request: FilmRequest) -> TrackRule:
    """The rule that tracks are judged by: the request's, else the profile's, else one made of its other cuts."""
    return request.rule or engine.profile.films or make_rule(engine.profile.thresholds)


def examine_film(
    engine: Engine,
    source: FilmSource,
    request: FilmRequest,
    memory: FilmMemory | None = None,
    heard: Callable[[Fraction], None] = lambda _reached: None,
    decided: Callable[[int, int], None] = lambda _done, _count: None,
) -> tuple[FilmFinding, float, float]:
    """Everything about one film.

    Args:
        engine: the loaded models.
        source: the film.
        request: what to do.
        memory: keeps the looks; what it holds already is not looked at again.
        heard: told the time in the film that is done, in seconds.
        decided: told how many of the decisive faces are decided, and how many there are.

    Returns:
        the finding, and the wall seconds spent finding faces and in the networks.

    Raises:
        EvidenceError: the film cannot be decoded, or has no frame in the range.
    """
    seen, watcher = _watch(engine, source, request, memory or Forgetful(), heard)
    started = time.perf_counter()
    rule = rule_of(engine, request)
    counts = source.counts_so_far()
    tracks = tuple(_findings(engine, source, request, rule, seen, decided))
    film = FilmFinding(
        source.facts,
        replace(counts, sampled=len(seen.times), with_faces=seen.with_faces),
        request.sampling.describe(),
        rule,
        source.shots,
        tracks,
        part=source.reaches_beyond(request.sampling),
    )
    return film, watcher.seconds_finding, watcher.seconds_encoding + time.perf_counter() - started


def _watch(
    engine: Engine,
    source: FilmSource,
    request: FilmRequest,
    memory: FilmMemory,
    heard: Callable[[Fraction], None],
) -> tuple[_Seen, Watcher]:
    """Look at every sampled frame that is not remembered."""
    seen, tracker = _Seen(), Tracker()
    for look in memory.looks():
        tracker.learn(look)
        seen.take(look)
    if seen.times:
        LOG.info("going on after frame %d, at %.2f s", seen.last_index, float(seen.times[-1]))
    last = seen.last_index

    def before() -> Frame | None:
        return next(source.frames_at([last])).frame if last >= 0 else None

    watcher = Watcher(engine, request.settings, tracker, before)
    for looks in watcher.looks(source.sampled(request.sampling, after=last)):
        memory.keep(looks)
        for look in looks:
            seen.take(look)
        heard(looks[-1].time_seconds)
    if not seen.times:
        raise OutOfRange("no frame of this film lies in the range that was asked for")
    return seen, watcher


@dataclass(frozen=True, slots=True)
class _Scored:
    """What the scores of a track say; nothing where too few of its sightings have one."""

    score: float | None = None
    interval: tuple[float, float] | None = None
    segments: tuple[Segment, ...] = ()


def _findings(
    engine: Engine,
    source: FilmSource,
    request: FilmRequest,
    rule: TrackRule,
    seen: _Seen,
    told: Callable[[int, int], None],
) -> Iterator[TrackFinding]:
    """One per track, by number."""
    settings, tracks = request.settings, dict(seen.sightings())
    shots = {number: _shot_of(source.shots, track[0].time_seconds) for number, track in tracks.items()}
    usable = {number: [one for one in track if one.score is not None] for number, track in tracks.items()}
    scored = {}
    for number, sightings in usable.items():
        ends = [sighting_end(seen.times, one.time_seconds, shots[number], request.sampling.end) for one in sightings]
        scored[number] = _scored(sightings, ends, rule)
    lasting = {number: (usable[number], one.segments) for number, one in scored.items() if one.score is not None}
    decided = decide_frames(engine, source, settings, lasting, told)
    for number, track in tracks.items():
        found = _finding(number, shots[number], track, scored[number], decided.get(number, ()), rule)
        small = all(one.face.size_pixels < settings.faces.min_face_pixels for one in track if not one.followed)
        yield replace(found, reason=Reason.TOO_SMALL) if small else found


def _scored(sightings: Sequence[Sighting], closing: Sequence[Fraction], rule: TrackRule) -> _Scored:
    if len(sightings) < rule.least_sightings:
        return _Scored()
    track = TrackScores(
        tuple(one.time_seconds for one in sightings),
        np.array([one.score for one in sightings], np.float64),
        np.array([one.local_score for one in sightings], np.float64),
    )
    return _Scored(
        aggregate(rule.method, track), score_interval(rule.method, track), find_segments(track, closing, rule)
    )


def _finding(
    number: int,
    shot: Shot | None,
    track: tuple[Sighting, ...],
    scored: _Scored,
    decisive: tuple[DecisiveFrame, ...],
    rule: TrackRule,
) -> TrackFinding:
    said = [(one.time_seconds, one.finding.decision) for one in decisive]
    verdict, reason = judge(rule, scored.score, scored.segments, said)
    return TrackFinding(
        number,
        shot.number if shot else 1,
        track,
        verdict,
        reason,
        scored.score,
        scored.interval,
        rule.method,
        scored.segments,
        decisive,
        measure_track(track),
    )


def _shot_of(shots: Sequence[Shot], moment: Fraction) -> Shot | None:
    return next((shot for shot in reversed(shots) if shot.start_seconds <= moment), shots[0] if shots else None)


def sighting_end(
    times: Sequence[Fraction], moment: Fraction, shot: Shot | None, end: Fraction | None = None
) -> Fraction:
    """When a sighting ends: at the next sampled frame, at the latest with its shot or the range that was looked at.

    Behind the last sampled frame it lasts as long as sampled frames usually lie apart: nobody looked further.

    Args:
        times: of the sampled frames, rising.
        moment: of the sighting.
        shot: that it belongs to.
        end: of the range; ``None`` for the film's own.
    """
    place = bisect_right(times, moment)
    ends = [times[place] if place < len(times) else moment + _usual_distance(times)]
    ends += [one for one in (shot.end_seconds if shot else None, end) if one is not None and one > moment]
    return min(ends)


def _usual_distance(times: Sequence[Fraction]) -> Fraction:
    return median(after - before for before, after in pairwise(times)) if len(times) > 1 else Fraction(0)
