"""Films as frames. ffmpeg decodes them in a child process under limits, twice.

The first reading makes a table of every frame: presentation time, type, size, damage, cuts. From it the frames to look
at are chosen, exactly and the same every time; the second reading gives those alone, in full size, and is checked
against the table frame by frame. No film is ever held in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

from fakeface.backends.ffmpeg import find_program
from fakeface.backends.film_commands import FilmCommands
from fakeface.backends.film_ending import FilmEnding, read_ending
from fakeface.backends.film_facts import facts_of, frame_notes
from fakeface.backends.film_reading import Film
from fakeface.backends.film_streams import Streams
from fakeface.backends.film_table import FilmTable
from fakeface.decoder.signatures import FILM_FORMATS, HEAD_BYTES, film_container, iso_picture, other_kind
from fakeface.errors import UnsupportedEvidence
from fakeface.evidence import Evidence, open_read_only, open_sealed
from fakeface.films import FilmCounts, FilmFacts, Shot
from fakeface.frames import Frame
from fakeface.sampling import SampledFrame, Sampling, choose_frames
from fakeface.settings import FilmSettings

__all__ = ["FilmDecoder", "FilmSource", "looks_like_film"]


def looks_like_film(path: str | os.PathLike[str] | bytes) -> bool:
    """Whether the content of a file begins as a film does, whatever its name; it may still hold sound alone.

    Args:
        path: of a file.

    Raises:
        EvidenceError: it cannot be opened.
    """
    descriptor = open_read_only(path)
    try:
        return bool(film_container(os.pread(descriptor, HEAD_BYTES, 0)))
    finally:
        os.close(descriptor)


class FilmDecoder:
    """Opens evidence as films.

    Args:
        settings: the limits.

    Raises:
        BackendError: there is no ffmpeg that works.
    """

    def __init__(self, settings: FilmSettings) -> None:
        self._settings = settings
        self._program = find_program()

    def open(
        self, evidence: Evidence, progress: Callable[[Fraction, Fraction | None], None] | None = None
    ) -> FilmSource:
        """Reads a film for the first time, from its start to its end.

        Args:
            evidence: sealed.
            progress: is told now and then up to which presentation time the film was read, and how long it says it is,
                both in seconds.

        Raises:
            UnreadableEvidence: gone, damaged, cut off before its first frame, or without any frame.
            UnsupportedEvidence: no film of the allow-list, or sound alone.
            EvidenceTooLarge: a frame has more pixels, or the film more frames, than the limits.
            DecoderFailed: the program died, or passed its limit of memory or time.
            EvidenceChanged: the file has another size than when it was sealed.
        """
        descriptor = open_sealed(evidence)
        try:
            head = os.pread(descriptor, HEAD_BYTES, 0)
            container = film_container(head)
            ending = read_ending(descriptor, evidence.size_bytes, container)
        finally:
            os.close(descriptor)
        if not container:
            raise UnsupportedEvidence(f"the content is {_kind(head)}; supported are films in {', '.join(FILM_FORMATS)}")
        film = Film(evidence, FilmCommands(self._program, container, self._settings))
        streams = film.probe()
        length = streams.duration_seconds
        told = None if progress is None else lambda reached: progress(reached, length)
        return FilmSource(film, streams, film.scan(streams, told), ending)


def _kind(head: bytes) -> str:
    picture = iso_picture(head)
    kind = f"a picture ({picture})" if picture else other_kind(head)
    return kind or "not a film that can be examined"


class FilmSource:
    """A film that was read once: its facts, shots and times are known, and its frames can be had.

    Args:
        film: what it is read from.
        streams: as the container announces them.
        table: of all its frames.
        ending: what the structure of its file says of its end.
    """

    def __init__(self, film: Film, streams: Streams, table: FilmTable, ending: FilmEnding) -> None:
        self._film, self._streams, self._table = film, streams, table
        self._facts = facts_of(streams, table, str(film.commands.program), ending)
        self._notes = frame_notes(streams.videos[0], table)
        self._given = 0

    @property
    def evidence(self) -> Evidence:
        """The file that is decoded."""
        return self._film.evidence

    @property
    def facts(self) -> FilmFacts:
        """What the container and the first reading say."""
        return self._facts

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The shots in time."""
        return self._table.shots()

    @property
    def times(self) -> Sequence[Fraction]:
        """Presentation time in seconds of every frame, by index."""
        return self._table.times

    def counts_so_far(self) -> FilmCounts:
        """Account of the frames; ``sampled`` is what was given until now, ``with_faces`` is the caller's to count."""
        times = self._table.times
        damaged = len(self._table.damaged) + self._table.failed
        return FilmCounts(len(times), damaged, self._given, 0, times[0], times[-1])

    def reaches_beyond(self, sampling: Sampling) -> bool:
        """Whether frames lie outside the range of a sampling, or may: one that is not whole can have gone on behind it.

        Args:
            sampling: with or without a range; beyond none there is nothing.
        """
        if not sampling.ranged:
            return False
        lost = sampling.end is not None and not self._facts.whole
        return lost or not all(sampling.holds(time) for time in self._table.times)

    def planned(self, sampling: Sampling) -> tuple[int, ...]:
        """Indices of the frames that ``sampled`` gives; empty where a range holds none."""
        return choose_frames(sampling, self._table.times, self._table.shot_of)

    def sampled(self, sampling: Sampling, after: int = -1) -> Iterator[SampledFrame]:
        """The frames to look at, in order, one after the other.

        Args:
            sampling: which.
            after: leave out the frames up to this index, which were looked at before.

        Raises:
            DecoderFailed: the program died, passed a limit, or the second reading differs from the first.
        """
        planned = self.planned(sampling)
        self._given = sum(index <= after for index in planned)
        before = max((index for index in planned if index <= after), default=-1)
        for one in self._read([index for index in planned if index > after], before):
            self._given += 1
            yield one

    def frames_at(self, indices: Iterable[int]) -> Iterator[SampledFrame]:
        """Single frames again, in the order of the film, in one reading.

        Args:
            indices: of frames; each is given once.

        Raises:
            IndexError: the film has no such frame.
            DecoderFailed: as for ``sampled``.
        """
        wanted = sorted(set(indices))
        if wanted and not 0 <= wanted[0] <= wanted[-1] < len(self._table.times):
            raise IndexError(f"the film has {len(self._table.times)} frames")
        yield from self._read(wanted, -1)

    def frame_at(self, index: int) -> SampledFrame:
        """One frame again; several are had sooner from ``frames_at``."""
        return next(self.frames_at([index]))

    def _read(self, chosen: Sequence[int], before: int) -> Iterator[SampledFrame]:
        table = self._table
        for index, pixels in self._film.read(chosen, table):
            shot = table.shot_of[index]
            yield SampledFrame(
                Frame(pixels, index, table.times[index], self._notes),
                table.types[index].strip(),
                before >= 0 and shot != table.shot_of[before],
                index in table.damaged or index in table.tainted,
                shot,
            )
            before = index
