"""The timeline of one track as a picture: its scores over presentation time, drawn from the record alone.

Drawn at twice its size and reduced, so that lines are smooth; the same bytes every time. Colours are those of Okabe and
Ito; shaded stretches are hatched and every mark has its own form, so that a grey print says the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.report.film_entries import FilmEntry, SightingEntry, TrackEntry
from fakeface.report.film_words import (
    clock,
    frame_words,
    role_words,
    seen_words,
    segment_words,
    track_score_words,
    track_verdict_words,
)
from fakeface.report.lettering import typeface
from fakeface.report.numbers import score_words

__all__ = ["PLOT_SIZE", "Plane", "draw_timeline", "film_span", "gap_after", "shade", "ticks"]

PLOT_SIZE = (1400, 690)
"""Width and height in pixels of the picture of a track with up to three decisive frames."""

TOLD, TOLD_LINES, TOLD_APART = 566, 3, 24
"""Where the decisive frames are told, for how many there is always room, and how far apart; in pixels."""

SHARP = 2
"""How many times larger it is drawn."""

INK, FAINT, GRID = (27, 36, 48), (91, 102, 115), (221, 226, 232)
BLUE, GREEN, ORANGE, SHADE = (0, 114, 178), (0, 128, 96), (213, 94, 0), (253, 232, 205)

LEFT, RIGHT, TOP, BOTTOM = 100, 1280, 118, 430
"""The plot's own corners in pixels of the finished picture."""

STRIP = (500, 524)
"""Top and bottom of the strip that shows the whole film."""

LONG_GAP = Fraction(5, 2)
"""Sightings further apart than so many usual distances are not joined by a line: between them the face was not seen."""

CROWDED = 120
"""More sightings than this get smaller dots."""

TEXT, SMALL = 20, 17

Spot: TypeAlias = tuple[int, int]
"""Column and row on the drawing."""

AXES = (
    "presentation time in seconds; text-independent score, and local score of the mask, 0 to 1: "
    "higher is more support for alteration"
)


@dataclass(frozen=True, slots=True)
class Plane:
    """Where a time and a score lie on the drawing, in its own pixels.

    Args:
        start, end: presentation times at its left and right border, seconds.
        left, right, top, bottom: pixels; a score of 1 lies on ``top``, 0 on ``bottom``.
    """

    start: Fraction
    end: Fraction
    left: int
    right: int
    top: int
    bottom: int

    def across(self, time: Fraction) -> int:
        """The column of a presentation time, kept inside the borders."""
        share = float((time - self.start) / (self.end - self.start))
        return round(self.left + min(max(share, 0.0), 1.0) * (self.right - self.left))

    def down(self, score: float) -> int:
        """The row of a score 0..1."""
        return round(self.bottom - score * (self.bottom - self.top))


def film_span(film: FilmEntry) -> tuple[Fraction, Fraction]:
    """First and last presentation time that the record knows of a film, never the same."""
    times = [one.fraction for one in (film.counts.first_seconds, film.counts.last_seconds) if one]
    times += [end.fraction for shot in film.shots for end in (shot.start_seconds, shot.end_seconds)]
    times += [one.time_seconds.fraction for track in film.tracks for one in track.sightings]
    first, last = min(times, default=Fraction(0)), max(times, default=Fraction(1))
    return first, last if last > first else first + 1


def gap_after(sightings: Sequence[SightingEntry]) -> Fraction | None:
    """The distance in seconds from which on a face was lost between two sightings; ``None`` for fewer than two."""
    steps = [after.time_seconds.fraction - one.time_seconds.fraction for one, after in pairwise(sightings)]
    return median(steps) * LONG_GAP if steps else None


def ticks(start: Fraction, end: Fraction, most: int = 9) -> tuple[list[Fraction], int]:
    """Round times between two, at most so many, and the decimals that they need."""
    step, decimals = Fraction(1, 1000), 3
    factors = (2, Fraction(5, 2), 2)
    place = 0
    while (end - start) / step > most:
        step *= factors[place % 3]
        place += 1
        decimals = max(0, 3 - place // 3)
    first = -(-start // step)
    return [step * (first + number) for number in range(int((end - first * step) // step) + 1)], decimals


def draw_timeline(film: FilmEntry, track: TrackEntry) -> NDArray[np.uint8]:
    """Scores of a track's sightings over time, what was made of them, and where in the film it lies.

    Returns:
        (690, 1400, 3) uint8 RGB; 24 rows more for each decisive frame beyond three.
    """
    height = PLOT_SIZE[1] + TOLD_APART * max(len(track.decisive) - TOLD_LINES, 0)
    image = Image.new("RGB", (PLOT_SIZE[0] * SHARP, height * SHARP), (255, 255, 255))
    draw = ImageDraw.Draw(image)
    plane = _plane(film, track)
    _title(draw, film, track)
    for segment in track.segments:
        shade(image, plane, segment.start_seconds.fraction, segment.end_seconds.fraction)
    _axes(draw, plane)
    _shots(draw, film, plane)
    _rule(draw, film, plane)
    _local(draw, plane, track)
    _scores(draw, plane, track)
    _decisive(draw, plane, track)
    _whole(draw, plane, track)
    _strip(image, film, track)
    _legend(image)
    return np.array(image.reduce(SHARP), dtype=np.uint8)


def _plane(film: FilmEntry, track: TrackEntry) -> Plane:
    """The track's own time with a margin, so that short tracks of long films can be read."""
    first, last = film_span(film)
    times = [one.time_seconds.fraction for one in track.sightings] or [first, last]
    times += [segment.end_seconds.fraction for segment in track.segments]
    start, end = min(times), max(times)
    margin = max((end - start) / 25, Fraction(1, 20))
    start, end = start - margin, end + margin
    return Plane(start, end, LEFT * SHARP, RIGHT * SHARP, TOP * SHARP, BOTTOM * SHARP)


def _write(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    anchor: str = "la",
    size: int = TEXT,
    ink: tuple[int, int, int] = INK,
) -> None:
    draw.text(place, text, fill=ink, font=typeface(size * SHARP), anchor=anchor)


def _fitting(text: str, size: int, width: int) -> int:
    """The largest size up to this one at which a text is no wider than so many pixels of the finished picture."""
    while typeface(size * SHARP).getlength(text) > width * SHARP:
        size -= 1
    return size


def _title(draw: ImageDraw.ImageDraw, film: FilmEntry, track: TrackEntry) -> None:
    title = f"{track.id}: {track_verdict_words(track)}"
    _write(draw, (LEFT * SHARP, 34 * SHARP), title, "lm", _fitting(title, 26, PLOT_SIZE[0] - LEFT - 20))
    said = (
        f"score of the track {track_score_words(track)}, {track.method}; {seen_words(track)} sightings scored; "
        f"shot {track.shot} of {len(film.shots)}"
    )
    _write(draw, (LEFT * SHARP, 56 * SHARP), said, size=SMALL, ink=FAINT)


def shade(image: Image.Image, plane: Plane, start: Fraction, end: Fraction, step: int = 10) -> None:
    """A hatched stretch from start to end over the plane's whole height."""
    left, right = plane.across(start), max(plane.across(end), plane.across(start) + 2 * SHARP)
    height = plane.bottom - plane.top
    patch = Image.new("RGB", (right - left, height), SHADE)
    draw = ImageDraw.Draw(patch)
    for offset in range(-height, right - left, step * SHARP):
        draw.line((offset, height, offset + height, 0), fill=(240, 196, 140), width=SHARP)
    draw.rectangle((0, 0, right - left - 1, height - 1), outline=ORANGE, width=SHARP)
    image.paste(patch, (left, plane.top))


def _axes(draw: ImageDraw.ImageDraw, plane: Plane) -> None:
    for score in (0.0, 0.25, 0.5, 0.75, 1.0):
        row = plane.down(score)
        draw.line((plane.left, row, plane.right, row), fill=GRID, width=SHARP)
        _write(draw, (plane.left - 10 * SHARP, row), f"{score:g}", "rm", SMALL)
    times, decimals = ticks(plane.start, plane.end)
    for time in times:
        column = plane.across(time)
        draw.line((column, plane.bottom, column, plane.bottom + 6 * SHARP), fill=INK, width=SHARP)
        _write(draw, (column, plane.bottom + 9 * SHARP), f"{float(time):.{decimals}f}", "ma", SMALL)
    draw.line((plane.left, plane.top, plane.left, plane.bottom), fill=INK, width=SHARP)
    draw.line((plane.left, plane.bottom, plane.right, plane.bottom), fill=INK, width=SHARP)
    middle = (plane.left + plane.right) / 2
    _write(draw, (middle, plane.bottom + 36 * SHARP), AXES, "ma", SMALL, FAINT)
    _write(draw, (30 * SHARP, plane.top - 14 * SHARP), "score", "ld", SMALL, FAINT)


def _shots(draw: ImageDraw.ImageDraw, film: FilmEntry, plane: Plane) -> None:
    """Cuts of the film that lie in view, with the number of the shot that begins there."""
    for shot in film.shots[1:]:
        time = shot.start_seconds.fraction
        if plane.start < time < plane.end:
            column = plane.across(time)
            for top in range(plane.top, plane.bottom, 14 * SHARP):
                draw.line((column, top, column, min(top + 9 * SHARP, plane.bottom)), fill=FAINT, width=2 * SHARP)
            _write(draw, (column + 6 * SHARP, plane.bottom - 6 * SHARP), f"cut, shot {shot.number}", "ld", SMALL, FAINT)


def _rule(draw: ImageDraw.ImageDraw, film: FilmEntry, plane: Plane) -> None:
    """The threshold of the diamond beside it."""
    row, column = plane.down(film.rule.cut), plane.right + 34 * SHARP
    draw.line((column - 16 * SHARP, row, column + 16 * SHARP, row), fill=INK, width=2 * SHARP)


def _local(draw: ImageDraw.ImageDraw, plane: Plane, track: TrackEntry) -> None:
    """The local scores, in which stretches stand out, as a dotted line."""
    for start, end in _joined(track, [(one, one.local_score) for one in track.sightings], plane):
        _dotted(draw, start, end)


def _scores(draw: ImageDraw.ImageDraw, plane: Plane, track: TrackEntry) -> None:
    """Scored sightings as dots that are joined where the face was not lost between them, others on the baseline."""
    radius = 4 if len(track.sightings) <= CROWDED else 2
    for start, end in _joined(track, [(one, one.score) for one in track.sightings], plane):
        draw.line((start, end), fill=BLUE, width=2 * SHARP)
    for one in track.sightings:
        if one.score is not None:
            column, row = plane.across(one.time_seconds.fraction), plane.down(one.score)
            _dot(draw, column, row, filled=not one.followed, radius=radius)
    for one in track.sightings:
        if one.score is None:
            column, row = plane.across(one.time_seconds.fraction), plane.bottom - 9 * SHARP
            if one.followed:
                _dot(draw, column, row, filled=False, radius=radius)
            else:
                _cross(draw, column, row)


def _joined(
    track: TrackEntry, values: Sequence[tuple[SightingEntry, float | None]], plane: Plane
) -> Iterator[tuple[Spot, Spot]]:
    """Both ends of every line between neighbouring values; none where the face was lost between them."""
    gap = gap_after(track.sightings)
    known = [(one.time_seconds.fraction, value) for one, value in values if value is not None]
    for (time, value), (after, then) in pairwise(known):
        if gap is not None and after - time <= gap:
            yield (plane.across(time), plane.down(value)), (plane.across(after), plane.down(then))


def _dotted(draw: ImageDraw.ImageDraw, start: Spot, end: Spot) -> None:
    """A dotted line, the same density in any direction."""
    length = math.dist(start, end)
    many = max(round(length / (6 * SHARP)), 1)
    for place in range(many):
        column, row = (round(one + (other - one) * (place + 0.5) / many) for one, other in zip(start, end, strict=True))
        draw.ellipse((column - SHARP, row - SHARP, column + SHARP, row + SHARP), fill=GREEN)


def _dot(draw: ImageDraw.ImageDraw, column: int, row: int, *, filled: bool, radius: int = 4) -> None:
    """A full dot where the detector found the face, a ring where its box was carried on."""
    arm = radius * SHARP
    place = (column - arm, row - arm, column + arm, row + arm)
    draw.ellipse(place, fill=BLUE if filled else (255, 255, 255), outline=BLUE, width=2 * SHARP)


def _cross(draw: ImageDraw.ImageDraw, column: int, row: int) -> None:
    """A face that was found and not scored."""
    arm = 4 * SHARP
    draw.line((column - arm, row - arm, column + arm, row + arm), fill=FAINT, width=2 * SHARP)
    draw.line((column - arm, row + arm, column + arm, row - arm), fill=FAINT, width=2 * SHARP)


def _decisive(draw: ImageDraw.ImageDraw, plane: Plane, track: TrackEntry) -> None:
    """Numbered triangles at the decisive frames, and below the plot what they are."""
    for number, frame in enumerate(track.decisive, start=1):
        column, tip = plane.across(frame.time_seconds.fraction), plane.top - 2 * SHARP
        draw.polygon(
            [(column, tip), (column - 9 * SHARP, tip - 15 * SHARP), (column + 9 * SHARP, tip - 15 * SHARP)], INK
        )
        draw.line((column, tip, column, plane.bottom), fill=FAINT, width=max(SHARP // 2, 1))
        _write(draw, (column + 12 * SHARP, tip - 8 * SHARP), str(number), "lm", SMALL)
    told = [f"{place} {role_words(frame)}: {frame_words(frame)}" for place, frame in enumerate(track.decisive, start=1)]
    for place, line in enumerate(told):
        _write(draw, (LEFT * SHARP, (TOLD + TOLD_APART * place) * SHARP), line, size=SMALL)


def _whole(draw: ImageDraw.ImageDraw, plane: Plane, track: TrackEntry) -> None:
    """The track's own score with its interval, right of the plot."""
    if track.score is None:
        return
    column, arm = plane.right + 34 * SHARP, 8 * SHARP
    row = plane.down(track.score)
    if track.interval:
        low, high = (plane.down(end) for end in track.interval)
        draw.line((column, low, column, high), fill=ORANGE, width=3 * SHARP)
        for end in (low, high):
            draw.line((column - arm, end, column + arm, end), fill=ORANGE, width=3 * SHARP)
    draw.polygon([(column - arm, row), (column, row - arm), (column + arm, row), (column, row + arm)], fill=ORANGE)
    said, left = score_words(track.score), column // SHARP + 14
    _write(draw, (left * SHARP, row), said, "lm", _fitting(said, TEXT, PLOT_SIZE[0] - left - 4))


def _strip(image: Image.Image, film: FilmEntry, track: TrackEntry) -> None:
    """The whole film as a strip: its shots, where the track lies, where it stands out."""
    start, end = film_span(film)
    plane = Plane(start, end, LEFT * SHARP, RIGHT * SHARP, STRIP[0] * SHARP, STRIP[1] * SHARP)
    draw = ImageDraw.Draw(image)
    draw.rectangle((plane.left, plane.top, plane.right, plane.bottom), fill=GRID)
    if track.sightings:
        ends = [plane.across(track.sightings[place].time_seconds.fraction) for place in (0, -1)]
        draw.rectangle((ends[0], plane.top, max(ends[1], ends[0] + 2 * SHARP), plane.bottom), fill=(150, 190, 222))
    for segment in track.segments:
        shade(image, plane, segment.start_seconds.fraction, segment.end_seconds.fraction, 6)
    for shot in film.shots[1:]:
        column = plane.across(shot.start_seconds.fraction)
        draw.line((column, plane.top - 3 * SHARP, column, plane.bottom + 3 * SHARP), fill=INK, width=2 * SHARP)
    draw.rectangle((plane.left, plane.top, plane.right, plane.bottom), outline=INK, width=SHARP)
    middle = (plane.top + plane.bottom) / 2
    _write(draw, (plane.left - 10 * SHARP, middle), "film", "rm", SMALL, FAINT)
    _write(draw, (plane.left, plane.bottom + 5 * SHARP), clock(start), "la", SMALL, FAINT)
    _write(draw, (plane.right, plane.bottom + 5 * SHARP), clock(end), "ra", SMALL, FAINT)
    where = ", ".join(segment_words(segment) for segment in track.segments[:4]) or "nowhere"
    more = f" and {len(track.segments) - 4} more" if len(track.segments) > 4 else ""
    place = ((plane.left + plane.right) / 2, plane.bottom + 5 * SHARP)
    _write(draw, place, f"stands out: {where}{more}", "ma", SMALL, FAINT)


def _legend(image: Image.Image) -> None:
    """What the marks mean, along the lower border."""
    draw, row, column = ImageDraw.Draw(image), image.height - 24 * SHARP, LEFT * SHARP
    for kind, words in _marks():
        middle = column + 9 * SHARP
        if kind == "dot" or kind == "ring":
            _dot(draw, middle, row, filled=kind == "dot")
        elif kind == "cross":
            _cross(draw, middle, row)
        elif kind == "dotted":
            _dotted(draw, (column, row), (column + 18 * SHARP, row))
        elif kind == "diamond":
            arm = 7 * SHARP
            draw.polygon([(middle - arm, row), (middle, row - arm), (middle + arm, row), (middle, row + arm)], ORANGE)
        else:
            patch = Plane(Fraction(0), Fraction(1), column, column + 18 * SHARP, row - 7 * SHARP, row + 7 * SHARP)
            shade(image, patch, Fraction(0), Fraction(1), 5)
        column += 24 * SHARP
        _write(draw, (column, row), words, "lm", SMALL, FAINT)
        column += round(typeface(SMALL * SHARP).getlength(words)) + 22 * SHARP


def _marks() -> Iterator[tuple[str, str]]:
    yield "dot", "score, face found"
    yield "ring", "box carried on"
    yield "cross", "not scored"
    yield "dotted", "local score"
    yield "diamond", "track, 95 % interval, threshold"
    yield "patch", "stretch that stands out"
