"""One film and the readings of it: what its container holds, the table of its frames, and frames in full size."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fakeface.backends.ffmpeg import Limits, Reading
from fakeface.backends.film_commands import CODECS, FilmCommands
from fakeface.backends.film_streams import Streams, complaints, read_streams
from fakeface.backends.film_table import FilmTable, FrameRow, RowReader, ScanLog
from fakeface.errors import DecoderFailed, EvidenceTooLarge, UnreadableEvidence, UnsupportedEvidence
from fakeface.evidence import Evidence, open_sealed

__all__ = ["Film"]

_FINISHED = (0, 69)
"""Statuses of ffmpeg when it has read all: the second one says that many packets could not be decoded."""

_MOST_LINES, _LONGEST_ERROR = 2000, 300
_PROGRESS_FRAMES = 50
_TOO_LARGE = re.compile(r"Picture size \d+x\d+ is invalid|max pixel count")
_NO_MEMORY = "Cannot allocate memory"


@dataclass(frozen=True, slots=True)
class Film:
    """A film on disk and how it is read.

    Args:
        evidence: sealed.
        commands: for its container.
    """

    evidence: Evidence
    commands: FilmCommands

    def probe(self) -> Streams:
        """What the container announces; it is refused here where it cannot be examined.

        Raises:
            UnreadableEvidence: the container cannot be opened.
            UnsupportedEvidence: it holds no pictures, or such of another codec.
            EvidenceTooLarge: it announces more pixels than the limit.
            DecoderFailed: a limit was passed.
        """
        lines: list[bytes] = []

        def hear(line: bytes) -> None:
            if len(lines) < _MOST_LINES:
                lines.append(line)

        with self._reading(self.commands.probe, self._limits(Fraction(0)), hear) as reading:
            reading.finish()
        streams = read_streams(lines)
        if streams is None:
            raise UnreadableEvidence(f"the film cannot be opened{_because(complaints(lines))}")
        self._require_examinable(streams)
        return streams

    def _require_examinable(self, streams: Streams) -> None:
        if not streams.videos:
            held = "sound alone" if streams.audio else "no pictures"
            raise UnsupportedEvidence(f"the film holds {held}; there is nothing to examine")
        video, most = streams.videos[0], self.commands.settings.max_pixels
        if video.codec not in CODECS:
            codec = "a codec that is not known" if video.codec in ("", "none", "unknown") else video.codec
            raise UnsupportedEvidence(f"films in {codec} are not examined; supported are {', '.join(CODECS)}")
        if video.width * video.height > most:
            raise EvidenceTooLarge(
                f"the film announces frames of {video.width} x {video.height} pixels, more than the limit of {most}"
            )

    def scan(self, streams: Streams, progress: Callable[[Fraction], None] | None = None) -> FilmTable:
        """Reads the whole film once.

        Args:
            streams: what ``probe`` gave.
            progress: is told now and then up to which presentation time in seconds the film was read.

        Raises:
            UnreadableEvidence: no frame can be decoded.
            EvidenceTooLarge: a frame or the number of frames is beyond the limits.
            DecoderFailed: the program died or passed a limit.
        """
        log, status, errors = self._listen(streams, progress, locate=False)
        if log.complained:  # rare; what tells where costs time, so it is asked for only now
            log, status, errors = self._listen(streams, None, locate=True)
        settings, table = self.commands.settings, log.table(given_up=status not in _FINISHED)
        if any(_NO_MEMORY in error for error in errors):
            raise DecoderFailed(f"decoding the film needs more than {settings.memory_bytes >> 20} MiB and was stopped")
        if table.times:
            return table
        if any(_TOO_LARGE.search(error) for error in errors):
            raise EvidenceTooLarge(f"the film's frames have more than {settings.max_pixels} pixels, the limit")
        raise UnreadableEvidence(f"no frame of the film can be decoded{_because(errors)}")

    def _listen(
        self, streams: Streams, progress: Callable[[Fraction], None] | None, *, locate: bool
    ) -> tuple[ScanLog, int, list[str]]:
        """One whole reading, of which only the words are taken; its status, and the errors among them."""
        settings = self.commands.settings
        log = ScanLog(settings.max_pixels, settings.max_frames, settings.cut_score)
        said: list[bytes] = []

        def hear(line: bytes) -> None:
            told = len(log)
            log.hear(line)
            if (b"[error]" in line or b"[fatal]" in line) and len(said) < _MOST_LINES:
                said.append(line[:_LONGEST_ERROR])
            if progress and len(log) > told and told % _PROGRESS_FRAMES == 0:
                progress(log.seconds)

        def arguments(descriptor: int) -> list[str]:
            return self.commands.scan(descriptor, locate=locate)

        with self._reading(arguments, self._limits(streams.duration_seconds), hear) as reading:
            status = reading.finish()
        return log, status, complaints(said)

    def read(self, chosen: Sequence[int], table: FilmTable) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """The chosen frames, upright, (height, width, 3) RGB, one after the other.

        Args:
            chosen: indices in order, none twice.
            table: what ``scan`` gave.

        Raises:
            DecoderFailed: the program died or passed a limit, or this reading differs from the first.
        """
        if not chosen:
            return
        check = _Check(table)
        wanted, spare = frozenset(chosen), np.empty(0, np.uint8)

        def arguments(descriptor: int) -> list[str]:
            return self.commands.frames(descriptor, chosen, woven=table.woven, all_pass=table.restarts > 0)

        limits = self._limits(table.times[-1])
        with self._reading(arguments, limits, check.hear) as reading:
            for index in self.commands.passed(chosen, all_pass=table.restarts > 0):
                width, height = table.size(index)
                pixels: NDArray[np.uint8]
                if index in wanted:
                    pixels = np.empty((height, width, 3), np.uint8)
                else:
                    spare = spare if spare.size == width * height * 3 else np.empty(width * height * 3, np.uint8)
                    pixels = spare
                received = reading.fill(pixels.data.cast("B"))
                check.require(index, complete=received == pixels.nbytes)
                if index in wanted:
                    yield index, pixels

    def _reading(
        self, arguments: Callable[[int], list[str]], limits: Limits, heard: Callable[[bytes], None]
    ) -> Reading:
        descriptor = open_sealed(self.evidence)
        try:
            return Reading(self.commands.program, arguments(descriptor), descriptor, limits, heard)
        finally:
            os.close(descriptor)  # the program has its own by now

    def _limits(self, seconds: Fraction | None) -> Limits:
        settings = self.commands.settings
        most = settings.timeout_seconds
        if seconds is not None:
            most = min(most, settings.base_seconds + settings.seconds_per_second * max(0.0, float(seconds)))
        return Limits(settings.memory_bytes, most, settings.stall_seconds)


class _Check:
    """Compares a second reading with the table of the first, frame by frame."""

    def __init__(self, table: FilmTable) -> None:
        self._table = table
        self._rows = RowReader()
        self._base = Fraction(0)
        self._passed = 0
        self._same = True

    def hear(self, line: bytes) -> None:
        row, _ = self._rows.take(line)
        if isinstance(row, FrameRow):
            self._same = self._same and self._fits(row)
            self._passed += 1
        elif row is not None:
            self._base = row

    def _fits(self, row: FrameRow) -> bool:
        index = self._passed
        if index >= len(self._table.times) or self._table.size(index) != (row.width, row.height):
            return False
        return row.stamp is None or bool(self._table.untimed) or row.stamp * self._base == self._table.times[index]

    def require(self, index: int, *, complete: bool) -> None:
        """Refuses a frame that did not come whole, or behind frames that are not those of the first reading."""
        if not complete:
            raise DecoderFailed(f"the second reading of the film ended before frame {index}")
        if not self._same or self._passed <= index:
            raise DecoderFailed(
                f"two readings of the film differ before frame {index}; no frame of it can be relied on"
            )


def _because(errors: Sequence[str]) -> str:
    if any("moov atom not found" in error for error in errors):
        return ": its index is missing, so it was cut off or never finished"
    return f" ({errors[0]})" if errors else ""
