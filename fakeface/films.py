"""Films: what one run says of a film and of every person in it. Values only.

    film → sampled frames → faces → tracks → scores of every sighting → decisive frames → finding of the track → film

A *sighting* is one face on one sampled frame; a *track* is one person's sightings within one shot. Times are exact
presentation times in seconds, as fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from fakeface.decision import Reason, Verdict, film_verdict
from fakeface.errors import SettingsError
from fakeface.faces import Face
from fakeface.findings import FaceFinding

__all__ = [
    "MEASURES",
    "STEPS",
    "DecisiveFrame",
    "FilmCounts",
    "FilmFacts",
    "FilmFinding",
    "Role",
    "Segment",
    "Shot",
    "Sighting",
    "TrackFinding",
    "TrackRule",
]


MEASURES = {
    "landmark_jitter_eye_distances": "movement of nose and eye corners between neighbours after alignment (median), in "
    "distances between the eyes",
    "mask_flicker_share": "change of the artifact mask between neighbours, 0 to 1 (median)",
    "eyes_closed_share": "share of sightings with closed eyes",
    "eyes_agreement_correlation": "correlation of the openings of both eyes",
    "mouth_movement_eye_distances": "spread of the opening of the mouth (interquartile), in distances between the eyes",
    "mouth_chin_correlation": "correlation of the opening of the mouth with the distance from nose to chin",
    "score_spread": "spread of the text-independent score (interquartile)",
}
"""What is measured over the time of a track, by name; the name ends with the unit."""

STEPS = ("rotated ", "deinterlaced ", "converted from ")
"""How notes on a film begin that say what is done to every frame of usual films; all others tell of something odd."""


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """What the container and the decoder say of a film.

    Args:
        container: of the content ("mov,mp4,m4a,3gp,3g2,mj2").
        codec: of the examined video stream ("h264").
        pixel_format: as decoded ("yuv420p10le").
        width, height: pixels, upright (after rotation).
        rotation: degrees clockwise that were applied.
        duration_seconds: as the container says; ``None`` where it does not.
        rate: average frames per second; ``None`` where it is not said.
        variable_rate: whether the distances between presentation times differ.
        interlaced: whether fields were woven; such a film is deinterlaced.
        audio: one description per audio stream; sound is never examined.
        decoder: program and version that decoded ("ffmpeg 7.0.2").
        notes: one sentence per transformation or oddity on the way in.
        whole: whether it could be examined to the end that the container announces, its file is as long as the parts
            in it say, and it holds no further stream of pictures.
    """

    container: str
    codec: str
    pixel_format: str
    width: int
    height: int
    rotation: int
    duration_seconds: Fraction | None
    rate: Fraction | None
    variable_rate: bool
    interlaced: bool
    audio: tuple[str, ...]
    decoder: str
    notes: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class FilmCounts:
    """Account of a film's frames.

    Args:
        decoded: frames that the decoder gave.
        damaged: frames that it reported damaged, or could not give.
        sampled: frames that were looked at for faces.
        with_faces: of these, those with a face.
        first_seconds, last_seconds: presentation times of the first and last decoded frame; ``None`` without any.
    """

    decoded: int
    damaged: int
    sampled: int
    with_faces: int
    first_seconds: Fraction | None
    last_seconds: Fraction | None


@dataclass(frozen=True, slots=True)
class Shot:
    """A part of the film between two cuts, half-open in time; numbered from 1."""

    number: int
    start_seconds: Fraction
    end_seconds: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One face of a track on one sampled frame.

    Args:
        index: 0-based index of the frame in the film.
        time_seconds: its presentation time.
        face: where, in pixels of the upright frame.
        followed: whether a tracker carried the box on where the detector found nothing.
        score: text-independent fakeness, 0..1; ``None`` where the face is too small or was only followed, or the frame
            is damaged.
        sharpness: variance of the Laplacian over the face's square as the networks see it, grey levels squared; 0
            without a score.
        local_score: what the artifact mask shows where it shows most, 0..1 (``fakeface.temporal``); segments are looked
            for in it. ``None`` without a score.
        flicker: change of the artifact mask since the sighting before, 0..1 (1 - IoU of soft masks); ``None`` for the
            first one or without a mask.
    """

    index: int
    time_seconds: Fraction
    face: Face
    followed: bool
    score: float | None
    sharpness: float
    local_score: float | None = None
    flicker: float | None = None

    def __post_init__(self) -> None:
        if (self.score is None) != (self.local_score is None):
            raise SettingsError("a sighting has a score and a local score, or neither")


class Role(StrEnum):
    """Why a frame of a track was chosen for the full decision."""

    SUSPICIOUS = "most suspicious"
    TYPICAL = "most typical"
    SHARPEST = "sharpest"


@dataclass(frozen=True, slots=True, eq=False)
class DecisiveFrame:
    """A frame of a track with the full three-hypothesis decision about its face.

    Args:
        roles: why it was chosen, at least one; a frame that serves several is examined once.
        index: of the frame.
        time_seconds: its presentation time.
        frame_type: I, P or B; empty where the decoder does not say.
        pixels_sha256: of the upright frame (``Frame.pixels_sha256``).
        finding: of the face; its ``number`` is the track's.
    """

    roles: tuple[Role, ...]
    index: int
    time_seconds: Fraction
    frame_type: str
    pixels_sha256: str
    finding: FaceFinding


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a track that looks altered, half-open in time.

    Args:
        start_seconds, end_seconds: from the first such sighting to the sampled frame after the last.
        score: mean of the text-independent score over it, 0..1.
        local_score: mean of the local score, 0..1: in this it stands out.
        sightings: number of scored sightings in it.
        statistic: how far it stands out against the rest of the track (``fakeface.segments``).
    """

    start_seconds: Fraction
    end_seconds: Fraction
    score: float
    local_score: float
    sightings: int
    statistic: float

    def holds(self, time: Fraction) -> bool:
        """Whether a presentation time, in seconds, lies in it."""
        return self.start_seconds <= time < self.end_seconds


@dataclass(frozen=True, slots=True)
class TrackRule:
    """How the scores of a track's sightings become segments and a verdict (``fakeface.timeline``).

    Args:
        cut: for scores, 0..1; at or above it they speak for alteration.
        margin: an aggregated score closer to the cut than this is too close to call.
        stand_out: from this statistic on a stretch is a segment (``fakeface.segments``).
        method: name of the aggregation.
        least_sightings: a track with fewer scored sightings is indeterminate.
        least_seconds: a shorter segment is dropped.
        gap_seconds: a segment ends where the person is away for longer than this.

    Raises:
        SettingsError: the cut lies outside 0..1, or a length is not positive.
    """

    cut: float
    margin: float
    stand_out: float
    method: str
    least_sightings: int
    least_seconds: float
    gap_seconds: float

    def __post_init__(self) -> None:
        if not 0 < self.cut < 1 or not 0 <= self.margin < 0.5:
            raise SettingsError("the cut of a rule for tracks must lie inside 0..1, its margin below 0.5")
        if min(self.least_sightings, self.least_seconds) <= 0 or self.gap_seconds < 0:
            raise SettingsError("the lengths of a rule for tracks must be positive")


@dataclass(frozen=True, slots=True, eq=False)
class TrackFinding:
    """Everything said about one person in one shot.

    Args:
        number: 1-based in the order of appearance, then left to right; ids are ``F0001-T01``.
        shot: number of the shot.
        sightings: in time.
        verdict: of the track.
        reason: why it is indeterminate; ``None`` otherwise.
        score: aggregated, 0..1, of the text-independent or the local scores as ``method`` says; ``None`` where too few
            sightings could be scored.
        interval: (low, high), 95 %, of ``score``; ``None`` without it.
        method: name of the aggregation, as in docs.
        segments: where in time it looks altered; empty where nowhere.
        decisive: frames with the full decision.
        measurements: temporal measurements, value by name, units in names.
    """

    number: int
    shot: int
    sightings: tuple[Sighting, ...]
    verdict: Verdict
    reason: Reason | None
    score: float | None
    interval: tuple[float, float] | None
    method: str
    segments: tuple[Segment, ...] = ()
    decisive: tuple[DecisiveFrame, ...] = ()
    measurements: Mapping[str, float] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """``T01``; with the file's id before it, the stable id of the track in its run."""
        return f"T{self.number:02d}"


@dataclass(frozen=True, slots=True, eq=False)
class FilmFinding:
    """What one run says of one film.

    Args:
        facts: of the film.
        counts: of its frames.
        sampling: in words, which frames were looked at ("4 frames per second, at most 600").
        rule: by which segments and verdicts were found.
        shots: in time.
        tracks: by number; too few usable frames make a track indeterminate.
        part: whether frames of the film lie, or may lie, outside the range that was asked for, so that nothing is
            known of them.
    """

    facts: FilmFacts
    counts: FilmCounts
    sampling: str
    rule: TrackRule
    shots: tuple[Shot, ...]
    tracks: tuple[TrackFinding, ...]
    part: bool = False

    @property
    def unseen(self) -> bool:
        """Whether a part of the film is missing, or was not asked for."""
        return self.part or not self.facts.whole

    @property
    def verdict(self) -> Verdict:
        """Fake if any track is; else indeterminate if any is, if there is none, or if a part is unseen; else real."""
        return film_verdict([track.verdict for track in self.tracks], unseen=self.unseen)
