"""Makers of findings about films for tests: real value objects with plausible, seeded contents."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from fakeface.decision import Reason, Verdict
from fakeface.faces import Box
from fakeface.films import (
    DecisiveFrame,
    FilmCounts,
    FilmFacts,
    FilmFinding,
    Role,
    Segment,
    Shot,
    Sighting,
    TrackFinding,
    TrackRule,
)
from fakeface.findings import FileFinding, FileStatus
from fakeface.frames import Frame
from tests.builders import make_evidence, make_face, make_face_finding, make_pixels

RATE = Fraction(30000, 1001)
"""Frames per second of the made films."""

STEP = 8
"""Every so many frames is looked at."""

RULE = TrackRule(
    cut=0.5,
    margin=0.05,
    stand_out=2.0,
    method="median",
    least_sightings=8,
    least_seconds=0.5,
    gap_seconds=0.5,
)

WIDTH, HEIGHT = 320, 240


def at(index: int) -> Fraction:
    """Presentation time of a frame."""
    return index / RATE


def make_facts(**changes: object) -> FilmFacts:
    """An MP4 film in H.264 with a sound stream, 320 x 240."""
    facts = FilmFacts(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        codec="h264",
        pixel_format="yuv420p",
        width=WIDTH,
        height=HEIGHT,
        rotation=0,
        duration_seconds=Fraction(1001, 100),
        rate=RATE,
        variable_rate=False,
        interlaced=False,
        audio=("aac, 48000 Hz, stereo",),
        decoder="ffmpeg 7.0.2",
        notes=("converted from yuv420p10le (tv) to RGB with 8 bits per colour",),
    )
    return replace(facts, **changes)


def make_sighting(index: int, left: int, score: float | None, *, followed: bool = False) -> Sighting:
    """A face of 90 x 100 pixels whose left border is here."""
    face = make_face(Box(left, 60, left + 90, 160), seed=index)
    flicker = None if score is None else round(0.05 + 0.1 * score, 4)
    local = None if score is None else round(0.6 * score, 4)
    return Sighting(index, at(index), face, followed, score, 120.0 + index / 8, local, flicker)


def make_track(
    number: int = 1,
    *,
    forged: tuple[int, int] | None = (88, 200),
    frames: range = range(0, 300, STEP),
    left: int = 40,
    shot: int = 1,
    seed: int = 1,
) -> TrackFinding:
    """A person who moves to the right; between two frames the face looks altered.

    Args:
        number: of the track.
        forged: first frame that looks altered, and first that does not again; ``None`` for none.
        frames: that show the face.
        left: left border of the box on the first of them.
        shot: number of the shot.
        seed: of the scores.
    """
    rng = np.random.default_rng(seed)
    sightings = []
    for place, index in enumerate(frames):
        altered = forged is not None and forged[0] <= index < forged[1]
        score = float(np.clip(rng.normal(0.85 if altered else 0.18, 0.06), 0, 1))
        unusable = place == len(frames) - 2
        sightings.append(
            make_sighting(index, left + place, None if unusable else score, followed=place % 9 == 5 or unusable)
        )
    verdict = Verdict.REAL if forged is None else Verdict.FAKE
    decisive = tuple(
        DecisiveFrame(
            roles,
            index,
            at(index),
            kind,
            f"{index:064x}",
            make_face_finding(
                number, 0.93 if forged and forged[0] <= index < forged[1] else 0.08, make_pixels(seed=index)
            ),
        )
        for roles, index, kind in (
            ((Role.SUSPICIOUS, Role.SHARPEST), frames[len(frames) // 3], "P"),
            ((Role.TYPICAL,), frames[1], "I"),
        )
    )
    segments = (
        ()
        if forged is None
        else (Segment(at(forged[0]), at(forged[1]), 0.852, 0.511, (forged[1] - forged[0]) // STEP, 3.4),)
    )
    return TrackFinding(
        number=number,
        shot=shot,
        sightings=tuple(sightings),
        verdict=verdict,
        reason=None,
        score=0.17 if forged is None else 0.71,
        interval=(0.11, 0.24) if forged is None else (0.58, 0.83),
        method=RULE.method,
        segments=segments,
        decisive=decisive,
        measurements={"landmark_jitter_eye_distances": 0.0123, "mask_flicker_share": 0.13},
    )


def make_short_track(number: int = 3, left: int = 200, shot: int = 2) -> TrackFinding:
    """A face that is seen three times: too few to say anything."""
    sightings = tuple(make_sighting(index, left, 0.44) for index in (240, 248, 256))
    return TrackFinding(number, shot, sightings, Verdict.INDETERMINATE, Reason.TOO_FEW_FRAMES, None, None, RULE.method)


def make_film(*tracks: TrackFinding, **changes: object) -> FilmFinding:
    """A film of ten seconds with two shots; three tracks unless told otherwise."""
    tracks = tracks or (make_track(1), make_track(2, forged=None, left=180, seed=2), make_short_track(3))
    film = FilmFinding(
        facts=make_facts(),
        counts=FilmCounts(300, 2, 38, 38, at(0), at(299)),
        sampling="4 frames per second, at most 1,200",
        rule=RULE,
        shots=(Shot(1, at(0), at(232)), Shot(2, at(232), at(300))),
        tracks=tracks,
    )
    return replace(film, **changes)


def make_film_finding(number: int = 1, film: FilmFinding | None = None, name: str | None = None) -> FileFinding:
    """An analysed film."""
    name = f"films/{number:03d}.mp4" if name is None else name
    return FileFinding(
        number,
        name,
        FileStatus.ANALYSED,
        make_evidence(name, number),
        seconds_finding=0.5,
        seconds_deciding=2.0,
        film=make_film() if film is None else film,
    )


def film_frames(count: int = 300, width: int = WIDTH, height: int = HEIGHT) -> list[Frame]:
    """The frames of a made film: a picture that moves to the right."""
    base = make_pixels(width, height)
    return [Frame(np.roll(base, 2 * index, axis=1), index, at(index)) for index in range(count)]
