"""Films of drawn persons: squares of one colour each, with a mark in the middle that says what the models see in it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fakeface.evidence import Evidence
from fakeface.films import FilmCounts, FilmFacts, Shot
from fakeface.frames import Frame
from fakeface.sampling import SampledFrame, Sampling

from .builders import make_evidence
from .fakes import GREY

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

OCHRE, BLUE, VIOLET = (210, 140, 40), (50, 90, 220), (170, 40, 200)
"""Colours of persons."""

WIDTH, HEIGHT, SIDE, RATE = 400, 200, 80, 8


@dataclass(frozen=True)
class Person:
    """A person on one frame: colour, left border, the mark, and where it stands out of the way of others."""

    colour: Colour
    left: int
    mark: Colour
    top: int = 60
    side: int = SIDE


def drawn(*persons: Person, shade: int = GREY) -> Pixels:
    """A frame with these persons, the later in front."""
    pixels = np.full((HEIGHT, WIDTH, 3), shade, np.uint8)
    for one in persons:
        pixels[one.top : one.top + one.side, one.left : one.left + one.side] = one.colour
        middle, half = (one.top + round(0.456 * one.side), one.left + one.side // 2), max(one.side // 6, 2)
        pixels[middle[0] - half : middle[0] + half, middle[1] - half : middle[1] + half] = one.mark
    return pixels


class ListedFilm:
    """A ``FilmSource`` over frames in memory, 8 a second; ``cuts`` are the indices of frames that begin a shot."""

    def __init__(self, frames: Sequence[Pixels], cuts: Sequence[int] = (), damaged: Container[int] = ()) -> None:
        self._frames, self._cuts, self._damaged = frames, cuts, damaged
        self.fetched: list[int] = []

    @property
    def evidence(self) -> Evidence:
        return make_evidence("film.mp4")

    @property
    def facts(self) -> FilmFacts:
        length = Fraction(len(self._frames), RATE)
        return FilmFacts(
            "avi", "rawvideo", "rgb24", WIDTH, HEIGHT, 0, length, Fraction(RATE), False, False, (), "a list"
        )

    @property
    def shots(self) -> tuple[Shot, ...]:
        edges = [0, *self._cuts, len(self._frames)]
        return tuple(
            Shot(place, Fraction(edges[place - 1], RATE), Fraction(edges[place], RATE))
            for place in range(1, len(edges))
        )

    def reaches_beyond(self, sampling: Sampling) -> bool:
        return not all(sampling.holds(Fraction(index, RATE)) for index in range(len(self._frames)))

    def counts_so_far(self) -> FilmCounts:
        return FilmCounts(len(self._frames), 0, 0, 0, Fraction(0), Fraction(len(self._frames) - 1, RATE))

    def sampled(self, sampling: Sampling, after: int = -1) -> Iterator[SampledFrame]:
        """Every frame of ``sampling.every`` in its range."""
        yield from (
            self._at(index) for index in range(len(self._frames)) if index > after and not self._left(index, sampling)
        )

    @staticmethod
    def _left(index: int, sampling: Sampling) -> bool:
        return index % (sampling.every or 1) != 0 or not sampling.holds(Fraction(index, RATE))

    def frames_at(self, indices: Iterable[int]) -> Iterator[SampledFrame]:
        for index in sorted(set(indices)):
            self.fetched.append(index)
            yield self._at(index)

    def _at(self, index: int) -> SampledFrame:
        frame = Frame(self._frames[index].copy(), index, Fraction(index, RATE))
        shot = 1 + sum(index >= cut for cut in self._cuts)
        return SampledFrame(frame, "I" if index % 12 == 0 else "P", index in self._cuts, index in self._damaged, shot)
