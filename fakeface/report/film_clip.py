"""The annotated copy of a film: numbered boxes, scores, mask outlines, and a band below with time code and timeline.

Nothing covers the picture but boxes, labels and outlines; the band is added below it. Between two sightings of the same
track its box is moved evenly from one to the other, and its local score, which is that of the sighting before, stands
in brackets. No box is carried over a sampled frame on which the face was not seen, from track to track, or beyond a
track's first and last sighting.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fakeface.decision import Verdict
from fakeface.frames import Frame
from fakeface.report.film_band import Band
from fakeface.report.film_entries import FilmEntry, SightingEntry, TrackEntry
from fakeface.report.film_plot import gap_after
from fakeface.report.film_words import track_name
from fakeface.report.numbers import score_words
from fakeface.report.overlay import decoded_mask, draw_box, draw_mask

__all__ = ["CLIP_SIDES", "Seen", "annotated", "clip_size", "seen_at"]

CLIP_SIDES = (480, 1920)
"""A film whose longer side is shorter than the first is enlarged by a whole number, one that is longer than the second
is reduced; in pixels."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is shown of a track on one frame.

    Args:
        track: whose face it is.
        box: xyxy in pixels of the upright frame.
        latest: sighting on this frame, or else the one before it, whose local score is shown.
        sighted: whether the track has a sighting on this very frame.
        altered: whether the frame lies in one of the track's segments.
    """

    track: TrackEntry
    box: Box
    latest: SightingEntry
    sighted: bool
    altered: bool


def seen_at(track: TrackEntry, index: int, time: Fraction, gap: Fraction | None) -> Seen | None:
    """Where a track is on the frame of this index and time; ``None`` where it is not known to be.

    Args:
        track: with its sightings in the order of the film.
        index: of the frame.
        time: of the frame, seconds.
        gap: sightings further apart than this are not joined (``gap_after``).
    """
    place = bisect_right(track.sightings, index, key=lambda one: one.index) - 1
    if place < 0:
        return None
    before = track.sightings[place]
    altered = any(one.start_seconds.fraction <= time < one.end_seconds.fraction for one in track.segments)
    if before.index == index:
        return Seen(track, before.box, before, sighted=True, altered=altered)
    if place + 1 == len(track.sightings) or gap is None:
        return None
    after, start = track.sightings[place + 1], before.time_seconds.fraction
    apart = after.time_seconds.fraction - start
    if apart > gap:
        return None
    share = float((time - start) / apart)
    left, top, right, bottom = (round(a + (b - a) * share) for a, b in zip(before.box, after.box, strict=True))
    return Seen(track, (left, top, right, bottom), before, sighted=False, altered=altered)


def clip_size(width: int, height: int) -> tuple[int, int]:
    """Width and height of the picture in the copy, both even, for a film of this size."""
    longer = max(width, height)
    least, most = CLIP_SIDES
    scale = min(1.0, most / longer) if longer >= least else float(-(-least // longer))
    return max(round(width * scale) // 2 * 2, 2), max(round(height * scale) // 2 * 2, 2)


def annotated(film: FilmEntry, file_id: str, frames: Iterable[Frame]) -> Iterator[tuple[NDArray[np.uint8], Fraction]]:
    """The annotated pictures with their presentation times, one at a time.

    Args:
        film: the record's film.
        file_id: its id, for the band.
        frames: the film's frames in order, upright, of the size that the record states.

    Yields:
        (height, width, 3) uint8 RGB, both sides even and the same for all, and the time in seconds.
    """
    width, height = clip_size(film.facts.width, film.facts.height)
    band = Band(film, file_id, width)
    gaps = {track.number: gap_after(track.sightings) for track in film.tracks}
    for frame in frames:
        time = frame.time_seconds or Fraction(0)
        seen = [one for track in film.tracks if (one := seen_at(track, frame.index, time, gaps[track.number]))]
        picture = _scaled(frame.pixels, width, height)
        scale = width / frame.width, height / frame.height  # a film may change its size on the way
        for one in seen:
            picture = _outline(picture, one, _placed(one.box, scale))
        image = Image.fromarray(picture)
        for one in seen:
            _box(image, one, _placed(one.box, scale))
        yield np.concatenate([np.asarray(image), band.drawn(frame.index, time)]), time


def _scaled(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if pixels.shape[:2] == (height, width):
        return pixels
    larger = width > pixels.shape[1]
    method = cv2.INTER_NEAREST if larger else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), np.uint8)


def _placed(box: Box, scale: tuple[float, float]) -> Box:
    """A box of the film in pixels of the copy, never empty."""
    left, top, right, bottom = (round(side * scale[place % 2]) for place, side in enumerate(box))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _box(image: Image.Image, seen: Seen, place: Box) -> None:
    verdict = Verdict(seen.track.verdict)
    score = score_words(seen.latest.local_score)
    state = "stands out " if seen.altered else ""
    label = f"{track_name(seen.track)} {state}{score if seen.sighted else f'({score})'}"
    thickness = max(2, round(max(image.size) / 400)) * (2 if seen.altered else 1)
    draw_box(image, place, verdict, label, thickness)


def _outline(picture: NDArray[np.uint8], seen: Seen, place: Box) -> NDArray[np.uint8]:
    """The mask of a decisive frame: on that frame, and moved along with the box until the next sighting."""
    for frame in seen.track.decisive:
        if frame.index == seen.latest.index:
            height, width = picture.shape[:2]
            for mask in frame.face.masks:
                inside = decoded_mask(mask.rle).astype(np.uint8)
                moved = cv2.warpAffine(inside, _moved(seen.latest.box, place), (width, height))
                picture = draw_mask(picture, moved > 0, max(2, round(max(picture.shape) / 500)))
    return picture


def _moved(before: Box, now: Box) -> NDArray[np.float64]:
    """The (2, 3) map that carries pixels with a face in one box to pixels with it in the other, centres on centres."""
    across = (now[2] - now[0]) / (before[2] - before[0])
    down = (now[3] - now[1]) / (before[3] - before[1])
    left, top = now[0] + across * (0.5 - before[0]) - 0.5, now[1] + down * (0.5 - before[1]) - 0.5
    return np.array([[across, 0, left], [0, down, top]])
