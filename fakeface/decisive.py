"""Decisive frames: which sightings of a track get the full three-hypothesis decision, and how they get it.

The frames are fetched again from the film once it is known which they are, and their faces are decided in batches by
the same code as those of still pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fakeface.backends import Engine
from fakeface.calibration import FILM_FRAME, without_ratio
from fakeface.deciding import examine_crops
from fakeface.faces import FaceCrop, crop_face
from fakeface.films import DecisiveFrame, Role, Segment, Sighting
from fakeface.findings import FaceFinding
from fakeface.interfaces import FilmSource
from fakeface.sampling import SampledFrame
from fakeface.settings import Settings

__all__ = ["Choice", "choose_sightings", "decide_frames"]

LOG = logging.getLogger(__name__)

MOST_DECIDED = 90
"""Decisive frames of one film: the first role of every track comes first, then the second, then the third."""

MOST_PIXELS = 200_000_000
"""The same in pixels: each decided face holds a mask of its whole frame until it is written."""

MOST_SEGMENTS = 3
"""Segments of a track of which a frame is decided."""

_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """A decisive sighting.

    Args:
        track: number of its track.
        sighting: with a score.
        roles: why it was chosen, in the order of ``Role``.
    """

    track: int
    sighting: Sighting
    roles: tuple[Role, ...]

    @property
    def rank(self) -> tuple[int, int]:
        """Which come first where not all can be decided."""
        return _ORDER.index(self.roles[0]), self.track


def choose_sightings(track: int, scored: Sequence[Sighting], segments: Sequence[Segment] = ()) -> tuple[Choice, ...]:
    """The most suspicious (highest score), the most typical (nearest to the median) and the sharpest sighting.

    Where a track stands out in segments, these are asked about: the most suspicious sighting of each of the few that
    stand out most, and the most typical one among all that lie inside. The sharpest may lie anywhere.

    Args:
        track: number of the track.
        scored: its sightings that have a score, at least one.
        segments: where it stands out.

    Returns:
        in the order of their first roles; a sighting that has several roles is there once.
    """
    scores = np.array([one.score for one in scored], np.float64)
    sharp = np.array([one.sharpness for one in scored])
    asked = sorted(segments, key=lambda one: -one.statistic)[:MOST_SEGMENTS]
    inside = [[place for place, one in enumerate(scored) if segment.holds(one.time_seconds)] for segment in asked]
    stretches = [places for places in inside if places] or [list(range(len(scored)))]
    typical = [place for places in stretches for place in places]
    middle = np.median(scores[typical])
    roles: dict[int, list[Role]] = {}
    for places in stretches:
        roles.setdefault(max(places, key=lambda place: scores[place]), []).append(Role.SUSPICIOUS)
    nearest = min(typical, key=lambda place: (abs(scores[place] - middle), -sharp[place]))
    roles.setdefault(nearest, []).append(Role.TYPICAL)
    roles.setdefault(int(np.argmax(sharp)), []).append(Role.SHARPEST)
    return tuple(Choice(track, scored[place], tuple(found)) for place, found in roles.items())


def decide_frames(
    engine: Engine,
    source: FilmSource,
    settings: Settings,
    tracks: Mapping[int, tuple[Sequence[Sighting], Sequence[Segment]]],
    told: Callable[[int, int], None] = lambda _done, _count: None,
) -> dict[int, tuple[DecisiveFrame, ...]]:
    """The decisive frames of all tracks with their decisions.

    Args:
        engine: the loaded models.
        source: the film.
        settings: of the route.
        tracks: by number the scored sightings of every track that is to be decided, at least one each, and where it
            stands out.
        told: after every batch how many faces are decided, and how many there are.

    Returns:
        by number; in the order of their first roles.

    Raises:
        EvidenceError: a frame cannot be decoded again.
    """
    chosen = sorted(
        (choice for number, found in tracks.items() for choice in choose_sightings(number, *found)),
        key=lambda choice: choice.rank,
    )
    pixels = max(source.facts.width * source.facts.height, 1)
    most = max(min(MOST_DECIDED, MOST_PIXELS // pixels), 1)
    if len(chosen) > most:
        LOG.warning("%d faces are decisive; the first %d are decided", len(chosen), most)
    decided: list[tuple[Choice, DecisiveFrame]] = []
    for batch in _decided(engine, source, settings, chosen[:most]):
        decided += batch
        told(len(decided), len(chosen[:most]))
    decided.sort(key=lambda pair: pair[0].rank)
    return {number: tuple(frame for choice, frame in decided if choice.track == number) for number in tracks}


def _decided(
    engine: Engine, source: FilmSource, settings: Settings, chosen: Sequence[Choice]
) -> Iterator[list[tuple[Choice, DecisiveFrame]]]:
    """In batches; every frame of the film is fetched once, in its order."""
    by_index: dict[int, list[Choice]] = {}
    for choice in chosen:
        by_index.setdefault(choice.sighting.index, []).append(choice)
    waiting: list[_Fetched] = []
    for sampled in source.frames_at(by_index):
        waiting += _fetched(sampled, by_index[sampled.frame.index])
        if len(waiting) >= settings.batch_faces:
            yield list(_decide(engine, settings, waiting))
            waiting = []
    if waiting:
        yield list(_decide(engine, settings, waiting))


@dataclass(frozen=True, slots=True, eq=False)
class _Fetched:
    """A decisive face before its decision."""

    choice: Choice
    crop: FaceCrop
    height: int
    width: int
    frame_type: str
    pixels_sha256: str

    def with_finding(self, finding: FaceFinding) -> DecisiveFrame:
        """The frame with its decision."""
        choice = self.choice
        return DecisiveFrame(
            choice.roles,
            choice.sighting.index,
            choice.sighting.time_seconds,
            self.frame_type,
            self.pixels_sha256,
            replace(finding, number=choice.track, decision=without_ratio(finding.decision, FILM_FRAME)),
        )


def _fetched(sampled: SampledFrame, chosen: Sequence[Choice]) -> Iterator[_Fetched]:
    frame = sampled.frame
    digest = frame.pixels_sha256()
    for choice in chosen:
        crop = crop_face(frame, choice.sighting.face)
        yield _Fetched(choice, crop, frame.height, frame.width, sampled.frame_type, digest)


def _decide(engine: Engine, settings: Settings, waiting: Sequence[_Fetched]) -> Iterator[tuple[Choice, DecisiveFrame]]:
    sizes = dict.fromkeys((one.height, one.width) for one in waiting)  # a film may change its size on the way
    for height, width in sizes:
        alike = [one for one in waiting if (one.height, one.width) == (height, width)]
        findings = examine_crops(engine, [one.crop for one in alike], height, width, settings)
        yield from ((one.choice, one.with_finding(found)) for one, found in zip(alike, findings, strict=True))
