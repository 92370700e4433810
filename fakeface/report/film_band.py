"""The band below the pictures of an annotated copy: file, frame number and time, a note on the copy, and a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.report.film_entries import FilmEntry
from fakeface.report.film_plot import Plane, film_span, shade
from fakeface.report.film_words import SOUND, clock
from fakeface.report.lettering import typeface

__all__ = ["Band"]

NOTE = f"annotated copy. {SOUND}".split()

INK, PAPER, FAINT = (27, 36, 48), (255, 255, 255), (91, 102, 115)
TRACK_BLUE, PLAYHEAD = (150, 190, 222), (0, 0, 0)

LINE = 1.4
"""Distance of two lines of text, in sizes of the larger one."""

Area = tuple[int, int, int, int]


class Band:
    """The band of one copy: what does not change is drawn once.

    Time code and note share a line where they fit beside each other; in narrow copies the note stands below, and both
    are broken into as many lines as they need.

    Args:
        film: the record's film.
        file_id: of the film.
        width: of the copy in pixels.
    """

    def __init__(self, film: FilmEntry, file_id: str, width: int) -> None:
        self._size = max(11, round(width / 62))
        self._file_id, self._digits = file_id, len(str(film.counts.decoded))
        self._font, self._small = typeface(self._size), typeface(round(self._size * 0.8))
        start, end = film_span(film)
        longest = max((self._code(0, time) for time in (start, end)), key=lambda code: len(code[-1]))
        room = width - 2 * self._size
        self._breaks = list(_lines([self._font.getlength(part) for part in longest], self._gap(), room))
        words = [self._small.getlength(word) for word in NOTE]
        note = [" ".join(NOTE[line]) for line in _lines(words, self._small.getlength(" "), room)]
        code = [self._wide(longest[line]) for line in self._breaks]
        beside = len(code) == len(note) == 1 and code[0] + self._small.getlength(note[0]) + 2 * self._gap() <= room
        rows = 1 if beside else len(code) + len(note)
        down = round((rows - 1) * LINE * self._size)
        top, bottom = (round(share * self._size) + down for share in (2.1, 3.4))
        self._plane = Plane(start, end, self._size, width - self._size, top, bottom)
        self._image = Image.new("RGB", (width, (4 * self._size + down) // 2 * 2), PAPER)
        self._code_areas = [self._area(self._size, row, wide) for row, wide in enumerate(code)]
        self._note_areas = []
        draw = ImageDraw.Draw(self._image)
        for row, line in enumerate(note, start=0 if beside else len(code)):
            wide = self._small.getlength(line)
            area = self._area(round(width - self._size - wide) if beside else self._size, row, wide)
            self._note_areas.append(area)
            draw.text((area[0], area[1] + round(self._size * 0.15)), line, fill=FAINT, font=self._small)
        self._timeline(film)

    @property
    def areas(self) -> tuple[Area, ...]:
        """Where lines of text and the timeline lie, xyxy in pixels of the band, half-open."""
        plane, over = self._plane, self._over()
        timeline = (plane.left, plane.top - over, plane.right + 1, plane.bottom + over + 1)
        return (*self._code_areas, *self._note_areas, timeline)

    def drawn(self, index: int, time: Fraction) -> NDArray[np.uint8]:
        """The band of one frame.

        Args:
            index: of the frame.
            time: of the frame in seconds.
        """
        image, plane = self._image.copy(), self._plane
        draw = ImageDraw.Draw(image)
        code = self._code(index, time)
        for line, area in zip(self._breaks, self._code_areas, strict=True):
            draw.text(area[:2], "  ".join(code[line]), fill=INK, font=self._font)
        column, over = plane.across(time), self._over()
        draw.line((column, plane.top - over, column, plane.bottom + over), fill=PLAYHEAD, width=max(self._size // 6, 2))
        return np.asarray(image)

    def _code(self, index: int, time: Fraction) -> tuple[str, str, str]:
        return self._file_id, f"frame {index:0{self._digits}d}", clock(time)

    def _gap(self) -> float:
        return self._font.getlength("  ")

    def _over(self) -> int:
        """How far the mark of the present frame reaches beyond the timeline."""
        return max(self._size // 5, 2)

    def _wide(self, parts: Sequence[str]) -> float:
        return self._font.getlength("  ".join(parts))

    def _area(self, left: int, row: int, wide: float) -> Area:
        top = round(self._size * (0.25 + LINE * row))
        return left, top, round(left + wide), top + round(1.25 * self._size)

    def _timeline(self, film: FilmEntry) -> None:
        plane, draw = self._plane, ImageDraw.Draw(self._image)
        draw.rectangle((plane.left, plane.top, plane.right, plane.bottom), fill=(221, 226, 232))
        for track in film.tracks:
            ends = [plane.across(track.sightings[place].time_seconds.fraction) for place in (0, -1)]
            draw.rectangle((ends[0], plane.top, ends[1], plane.bottom), fill=TRACK_BLUE)
        for track in film.tracks:
            for segment in track.segments:
                shade(self._image, plane, segment.start_seconds.fraction, segment.end_seconds.fraction, 4)
        for shot in film.shots[1:]:
            column = plane.across(shot.start_seconds.fraction)
            draw.line((column, plane.top, column, plane.bottom), fill=FAINT, width=1)
        draw.rectangle((plane.left, plane.top, plane.right, plane.bottom), outline=INK)


def _lines(widths: Sequence[float], gap: float, room: float) -> Iterator[slice]:
    """Which parts stand together on each line: as many as fit, one at least."""
    start, used = 0, 0.0
    for place, wide in enumerate(widths):
        if place > start and used + gap + wide > room:
            yield slice(start, place)
            start, used = place, 0.0
        used += wide + (gap if place > start else 0)
    yield slice(start, len(widths))
