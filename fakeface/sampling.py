"""Which frames of a film are looked at. Pure: from presentation times and shots to indices, the same every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fakeface.errors import SettingsError
from fakeface.frames import Frame

__all__ = ["MOST_FRAMES", "SampledFrame", "Sampling", "choose_frames"]

MOST_FRAMES = 20_000
"""Upper bound of sampled frames where the analyst asks for a density."""


@dataclass(frozen=True, slots=True, eq=False)
class SampledFrame:
    """One frame of a film that is looked at.

    Args:
        frame: the upright picture; ``index`` is its 0-based index in the film, ``time_seconds`` its exact presentation
            time.
        frame_type: ``I``, ``P`` or ``B``; empty where the decoder does not say.
        cut: whether a cut lies between it and the sampled frame before it.
        damaged: whether the decoder reported it damaged, or it follows such damage before the next key frame. What it
            shows may then differ from reading to reading.
        shot: number of its shot, from 1.
    """

    frame: Frame
    frame_type: str
    cut: bool
    damaged: bool
    shot: int = 1


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which frames are looked at; exactly one of ``every``, ``fps``, ``frames`` and ``scenes`` is given.

    Args:
        every: each n-th frame of the film, from its first one.
        fps: frames per second of presentation time: for each tick the first frame at or after it.
        frames: this many, spread evenly over the film.
        scenes: this many per shot, spread evenly over the shot.
        start, end: only frames presented at ``start <= time < end``, in seconds; ``None`` is the film's own.
        most: upper bound; where more would be chosen, as many as this are spread evenly over those.
        least: lower bound for ``fps``: in a film so short that fewer would be chosen, as many as this are spread over
            it (or all of its frames are taken).

    Raises:
        SettingsError: none or several of the four are given, or a number is out of range.
    """

    every: int | None = None
    fps: Fraction | None = None
    frames: int | None = None
    scenes: int | None = None
    start: Fraction | None = None
    end: Fraction | None = None
    most: int = MOST_FRAMES
    least: int = 1

    def __post_init__(self) -> None:
        given = [one for one in (self.every, self.fps, self.frames, self.scenes) if one is not None]
        if len(given) != 1:
            raise SettingsError("exactly one of every, fps, frames and scenes says which frames are looked at")
        if given[0] <= 0:
            raise SettingsError("the number of frames to look at must be positive")
        if not 1 <= self.least <= self.most:
            raise SettingsError("the bounds of the number of frames contradict each other")
        if self.start is not None and self.start < 0:
            raise SettingsError("a range starts at 0 s or later")
        if self.end is not None and self.end <= (self.start or 0):
            raise SettingsError("a range must end after it starts")

    @classmethod
    def default(cls) -> Sampling:
        """What an analyst gets who asks for nothing: 4 frames per second, at most 1200, at least 16."""
        return cls(fps=Fraction(4), most=1200, least=16)

    @property
    def ranged(self) -> bool:
        """Whether a range is asked for."""
        return self.start is not None or self.end is not None

    def holds(self, time: Fraction) -> bool:
        """Whether a presentation time, in seconds, lies in the range."""
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)

    def describe(self) -> str:
        """The words for the record ("4 frames per second, at least 16, at most 1200")."""
        words = [self._density()]
        if self.fps is not None and self.least > 1:
            words.append(f"at least {self.least}")
        if self.frames is None or self.frames > self.most:
            words.append(f"at most {self.most}")
        if self.ranged:
            until = "the end" if self.end is None else f"{_decimal(self.end)} s"
            words.append(f"from {_decimal(self.start or Fraction(0))} s to {until}")
        return ", ".join(words)

    def _density(self) -> str:
        if self.every is not None:
            return "every frame" if self.every == 1 else f"one frame in {self.every}"
        if self.fps is not None:
            return f"{_decimal(self.fps)} {'frame' if self.fps == 1 else 'frames'} per second"
        if self.frames is not None:
            return f"{_frames(self.frames)} spread over the film"
        return f"{_frames(self.scenes or 0)} per shot"


def choose_frames(sampling: Sampling, times: Sequence[Fraction], shots: Sequence[int]) -> tuple[int, ...]:
    """The frames that a sampling looks at.

    Args:
        sampling: what is asked.
        times: presentation time of every frame in seconds, by index.
        shots: number of the shot of every frame, by index, never falling.

    Returns:
        Indices in order, none twice; empty where the range holds no frame.
    """
    inside: Sequence[int] = range(len(times))
    if sampling.ranged:
        inside = [index for index in inside if sampling.holds(times[index])]
    return tuple(_spread(_choose(sampling, inside, times, shots), sampling.most))


def _choose(
    sampling: Sampling, inside: Sequence[int], times: Sequence[Fraction], shots: Sequence[int]
) -> Sequence[int]:
    if sampling.every is not None:
        every = sampling.every
        return [index for index in inside if index % every == 0]
    if sampling.frames is not None:
        return _spread(inside, sampling.frames)
    if sampling.scenes is not None:
        return [index for shot in _by_shot(inside, shots) for index in _spread(shot, sampling.scenes)]
    chosen = list(_ticks(inside, times, sampling.fps or Fraction(1)))
    return chosen if len(chosen) >= sampling.least else _spread(inside, sampling.least)


def _ticks(inside: Sequence[int], times: Sequence[Fraction], fps: Fraction) -> Iterator[int]:
    """For each tick the first frame at or after it; a pause in the film skips the ticks inside it."""
    following = Fraction(0)
    first: Fraction | None = None
    for index in inside:
        time = times[index]
        first = time if first is None else first
        passed = (time - first) * fps
        if passed >= following:
            yield index
            following = Fraction(passed.__floor__() + 1)


def _by_shot(inside: Sequence[int], shots: Sequence[int]) -> Iterator[list[int]]:
    current: list[int] = []
    for index in inside:
        if current and shots[index] != shots[current[-1]]:
            yield current
            current = []
        current.append(index)
    if current:
        yield current


def _spread(items: Sequence[int], count: int) -> Sequence[int]:
    """As many items, each from the middle of one of as many equal parts."""
    if len(items) <= count:
        return items
    return [items[(2 * part + 1) * len(items) // (2 * count)] for part in range(count)]


def _decimal(value: Fraction) -> str:
    return f"{float(value):.3f}".rstrip("0").rstrip(".")


def _frames(count: int) -> str:
    return f"{count} frame" if count == 1 else f"{count} frames"
