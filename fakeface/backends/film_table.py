"""The table of a film's frames, from what ffmpeg says while it reads the film for the first time."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import overload

import numpy as np
from numpy.typing import NDArray

from fakeface.errors import EvidenceTooLarge
from fakeface.films import Shot

__all__ = ["CHAIN_LEVEL", "FilmTable", "FrameRow", "RowReader", "ScanLog", "Times"]

CHAIN_LEVEL = "repeat+level+verbose"
"""The ``-loglevel`` under which the lines have the form that is read here."""

# Several threads speak at once, and a frame's line is ended by a call of its own: what another thread says in between
# stands behind it on the same line, without its head, or among the hexadecimal digits of what an encoder noted. So
# lines are searched, not matched from their start, and not by words.
_BEGIN = b"[info] Stream mapping:"
_ROW = re.compile(
    rb"n: *\d+ pts: *(-?\d+|NOPTS) +pts_time:.*?fmt:\S+ .*?s:(\d+)x(\d+) i:(.) iskey:(\d) type:(.) ?",
)
_CONFIG = re.compile(rb"config in time_base: (\d+)/(\d+)")
_SCORE = re.compile(rb"lavfi\.scd\.score=([\d.]+)")
_WOVEN = re.compile(rb"Multi frame detection: TFF: *(\d+) BFF: *(\d+) Progressive: *(\d+)")
_DECODED = re.compile(rb"decoder -> (?!.*type:audio)")
_CORRUPT = re.compile(rb"corrupt decoded frame")
_FAILED = re.compile(rb"(?:Error submitting packet to decoder|Decoding error|Error while decoding)")
_SUMMARY = re.compile(
    rb"Input stream #\S+ \(video\): (\d+) packets read \(\d+ bytes\); \d+ frames decoded; (\d+) decode errors"
)
# Codecs whose frames stand for themselves: a complaint of the decoder belongs to the frame that it gives next.
_COMPLAINT = re.compile(rb"\[(?:mjpeg|prores|ffv1) @ 0x[0-9a-f]+\] \[error\] ")
_FEWEST_JUDGED = 10


@dataclass(frozen=True, slots=True)
class FrameRow:
    """What is said of one frame.

    Args:
        stamp: presentation time in units of the time base; ``None`` where it has none.
        width, height: pixels, upright.
        woven: whether it is flagged as made of two fields.
        key: whether decoding can begin with it.
        type: I, P or B; empty where it is not said.
    """

    stamp: int | None
    width: int
    height: int
    woven: bool
    key: bool
    type: str


class RowReader:
    """Picks the frames out of what the program says.

    What it says before it begins to read is passed over: there it shows texts of the evidence.
    """

    def __init__(self) -> None:
        self._begun = False

    def take(self, line: bytes) -> tuple[FrameRow | Fraction | None, bytes]:
        """A frame, or the time base in seconds that is said before the first one; and what else the line says."""
        if not self._begun:
            self._begun = line.startswith(_BEGIN)
            return None, b""
        if match := _ROW.search(line):
            stamp = None if match[1] == b"NOPTS" else int(match[1])
            kind = match[6].decode("ascii", "replace")
            size = int(match[2]), int(match[3])
            row = FrameRow(stamp, *size, match[4] in b"TB", match[5] == b"1", kind if kind in "IPB" else "")
            return row, line[match.end() :]
        if match := _CONFIG.search(line):
            return Fraction(int(match[1]), int(match[2])), b""
        return None, line


class Times(Sequence[Fraction]):
    """Presentation times in seconds by index, made when they are asked for, so that long films need little memory.

    Args:
        stamps: in units of ``base``.
        base: the stream's time base in seconds.
    """

    def __init__(self, stamps: array[int], base: Fraction) -> None:
        self._stamps, self._base = stamps, base

    def __len__(self) -> int:
        return len(self._stamps)

    @overload
    def __getitem__(self, index: int) -> Fraction: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Fraction, ...]: ...
    def __getitem__(self, index: int | slice) -> Fraction | tuple[Fraction, ...]:
        if isinstance(index, slice):
            return tuple(stamp * self._base for stamp in self._stamps[index])
        return self._stamps[index] * self._base

    @property
    def usual_distance(self) -> Fraction:
        """Median distance of neighbours in seconds; 0 with fewer than two frames."""
        distances = self._distances()
        return Fraction(float(np.median(distances))) * self._base if distances.size else Fraction(0)

    @property
    def longest_pause(self) -> tuple[int, Fraction]:
        """The frame behind which the next one is longest in coming, and for how many seconds; 0 with fewer than two."""
        distances = self._distances()
        before = int(distances.argmax()) if distances.size else 0
        return before, int(distances[before]) * self._base if distances.size else Fraction(0)

    @property
    def regular(self) -> bool:
        """Whether all distances are the same but for the rounding to the time base and 2 % of the usual one."""
        distances = self._distances()
        if not distances.size:
            return True
        return bool(np.ptp(distances) <= max(1, 0.02 * float(np.median(distances))))

    @property
    def rising(self) -> bool:
        """Whether every frame is presented later than the one before it."""
        return bool((self._distances() > 0).all())

    def _distances(self) -> NDArray[np.int64]:
        stamps: NDArray[np.int64] = np.asarray(self._stamps, np.int64)
        return stamps[1:] - stamps[:-1]


@dataclass(frozen=True, slots=True, eq=False)
class FilmTable:
    """One row per frame that the decoder gave, in the order in which frames are shown.

    Args:
        times: presentation times.
        untimed: number of frames without a time of their own; each got the usual distance to the one before it.
        types: picture types, one character per frame, a blank where it is not said.
        sizes: the different (width, height), upright, in the order of their appearance.
        size_of: by frame, index into ``sizes``.
        shot_of: by frame, number of its shot, from 1; a change of size begins one too.
        damaged: indices of frames that the decoder reported damaged.
        tainted: indices of the others that follow damage before the next key frame, from which they were predicted.
        failed: packets that it could not make a frame of.
        unshown: packets that were read and gave neither a frame nor an error, because an edit list hides them, or
            because they hold nothing to show.
        woven: whether frames are made of two fields: most are flagged so, and their content does not speak against it.
        doubtful: whether flags and content contradict each other there; such a film is not deinterlaced.
        restarts: how often the form of the frames changed on the way.
        given_up: whether the program stopped before the end of the film.
    """

    times: Times
    untimed: int
    types: str
    sizes: tuple[tuple[int, int], ...]
    size_of: Sequence[int]
    shot_of: Sequence[int]
    damaged: frozenset[int]
    tainted: frozenset[int]
    failed: int
    unshown: int
    woven: bool
    doubtful: bool
    restarts: int
    given_up: bool

    def size(self, index: int) -> tuple[int, int]:
        """(width, height) of one frame, upright."""
        return self.sizes[self.size_of[index]]

    def shots(self) -> tuple[Shot, ...]:
        """The shots in time; the last one ends a usual distance behind its last frame."""
        starts = [0, *(index for index in range(1, len(self.times)) if self.shot_of[index] != self.shot_of[index - 1])]
        bounds = [*(self.times[index] for index in starts), self.times[-1] + self.times.usual_distance]
        return tuple(Shot(number, *pair) for number, pair in enumerate(pairwise(bounds), start=1))


class ScanLog:
    """Takes the lines of a first reading, and makes the table of them.

    Args:
        max_pixels, max_frames: limits.
        cut_score: from which a shot begins.
    """

    def __init__(self, max_pixels: int, max_frames: int, cut_score: float) -> None:
        self._max_pixels, self._max_frames, self._cut_score = max_pixels, max_frames, cut_score
        self._rows = RowReader()
        self._base = Fraction(0)
        self._stamps: array[int] = array("q")
        self._untimed: list[int] = []
        self._types = bytearray()
        self._sizes: dict[tuple[int, int], int] = {}
        self._size_of: array[int] = array("L")
        self._scores: array[float] = array("f")
        self._flagged = 0
        self._fields = self._whole = 0
        self._starts = 0
        self._decoded = 0
        self._pending = False
        self._damaged: set[int] = set()
        self._behind_failures: set[int] = set()
        self._keys = bytearray()
        self._failed = self._failures = self._packets = 0

    def __len__(self) -> int:
        return len(self._stamps)

    @property
    def complained(self) -> bool:
        """Whether anything was said of damage."""
        return bool(self._pending or self._damaged or self._failed or self._failures)

    @property
    def seconds(self) -> Fraction:
        """Presentation time that was reached."""
        return self._stamps[-1] * self._base if self._stamps else Fraction(0)

    def hear(self, line: bytes) -> None:
        """Takes one line.

        Raises:
            EvidenceTooLarge: a frame has more pixels, or the film more frames, than the limit.
        """
        row, said = self._rows.take(line)
        if isinstance(row, FrameRow):
            self._add(row)
        elif row is not None:
            self._base = row
            self._starts += 1
        if match := _SCORE.search(said):
            self._scores.append(float(match[1]))
        elif match := _WOVEN.search(said):
            self._fields += int(match[1]) + int(match[2])
            self._whole += int(match[3])
        elif said:
            self._hear_damage(said)

    def _hear_damage(self, said: bytes) -> None:
        """The decoder works on one thread, so what it says before a frame belongs to that frame."""
        if _DECODED.search(said):
            if self._pending:
                self._damaged.add(self._decoded)
            self._decoded += 1
            self._pending = False
        elif _FAILED.search(said):
            self._failed += 1
            self._pending = False
            self._behind_failures.add(self._decoded)
        elif match := _SUMMARY.search(said):
            self._packets += int(match[1])
            self._failures += int(match[2])
        elif _CORRUPT.search(said) or _COMPLAINT.search(said):
            self._pending = True

    def _add(self, row: FrameRow) -> None:
        if row.width * row.height > self._max_pixels:
            raise EvidenceTooLarge(
                f"a frame of {row.width} x {row.height} pixels is more than the limit of {self._max_pixels}"
            )
        if len(self._stamps) >= self._max_frames:
            raise EvidenceTooLarge(f"the film has more than {self._max_frames} frames, the limit")
        if row.stamp is None:
            self._untimed.append(len(self._stamps))
        self._stamps.append(row.stamp or 0)
        self._types.append(ord(row.type or " "))
        self._size_of.append(self._sizes.setdefault((row.width, row.height), len(self._sizes)))
        self._keys.append(row.key)
        self._flagged += row.woven

    def table(self, *, given_up: bool = False) -> FilmTable:
        """The table of everything that was heard."""
        self._time_the_untimed()
        looks_woven = self._fields > max(_FEWEST_JUDGED, 4 * self._whole)
        looks_whole = self._whole > max(_FEWEST_JUDGED, 4 * self._fields)
        failed = max(self._failed, self._failures)
        flagged = 2 * self._flagged > len(self._stamps)
        return FilmTable(
            Times(self._stamps, self._base),
            len(self._untimed),
            self._types.decode("ascii"),
            tuple(self._sizes),
            self._size_of,
            self._shots(),
            frozenset(index for index in self._damaged if index < len(self._stamps)),
            frozenset(self._tainted()),
            failed,
            max(0, self._packets - len(self._stamps) - failed),
            flagged and not looks_whole,
            (flagged and looks_whole) or (looks_woven and not flagged),
            max(0, self._starts - 1),
            given_up,
        )

    def _tainted(self) -> Iterator[int]:
        suspect = False
        for index, key in enumerate(self._keys):
            suspect = (suspect or index in self._behind_failures) and not key
            if suspect and index not in self._damaged:
                yield index
            suspect = suspect or index in self._damaged

    def _time_the_untimed(self) -> None:
        timed = sorted(set(range(len(self._stamps))) - set(self._untimed)) if self._untimed else []
        usual = int(np.median(np.diff([self._stamps[index] for index in timed]))) if len(timed) > 1 else 1
        for index in self._untimed:
            self._stamps[index] = self._stamps[index - 1] + max(1, usual) if index else 0

    def _shots(self) -> array[int]:
        numbers: array[int] = array("l")
        for index in range(len(self._stamps)):
            scored = index < len(self._scores) and self._scores[index] >= self._cut_score
            cut = index > 0 and (scored or self._size_of[index] != self._size_of[index - 1])
            numbers.append((numbers[-1] if numbers else 1) + cut)
        return numbers
