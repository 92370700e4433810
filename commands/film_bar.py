"""How far a run through films has come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from fakeface.inputs import Input

__all__ = ["FilmBar", "film_bar"]

T = TypeVar("T")


class FilmBar:
    """How far a run has come: through all films, and through the film at hand, each with the time that remains.

    The run is measured in seconds of film. How long films are that were not opened yet is estimated from the sizes of
    their files, by those done so far: nothing is opened before it is hashed.

    Args:
        progress: of rich; ``None`` shows nothing.
        sizes: bytes of every input in the order of the run, as often as it is called; called only where a bar is shown.

    Attributes:
        part: start and end in seconds of what is looked at in each film; ``None`` for its own.
    """

    def __init__(self, progress: Progress | None, sizes: Callable[[], Iterable[int]] = tuple) -> None:
        self.part: tuple[Fraction | None, Fraction | None] = (None, None)
        self._progress = progress
        self._film: TaskID | None = None
        self._words = ""
        self._sizes = iter(sizes() if progress else ())
        self._count = self._done = self._bytes = self._bytes_done = 0
        self._seconds_done = self._length = self._reached = Fraction(0)
        for size in sizes() if progress else ():
            self._count, self._bytes = self._count + 1, self._bytes + size
        self._files: TaskID | None = progress.add_task("files", total=None, told=self._told()) if progress else None

    def advance(self) -> None:
        """One more input is done."""
        self._done, size = self._done + 1, next(self._sizes, 0)
        if self._length:
            self._seconds_done, self._bytes_done = self._seconds_done + self._length, self._bytes_done + size
        else:  # a picture, or what an earlier run had done: its size tells nothing of the films
            self._bytes -= size
        self._length = self._reached = Fraction(0)
        if self._progress and self._film is not None:
            self._progress.remove_task(self._film)
        self._film = None
        self._move(self._bytes_done)

    def _told(self) -> str:
        return f"{self._done} of {self._count}"

    def _move(self, known_bytes: int) -> None:
        """Show how far the run is, in seconds of film.

        Args:
            known_bytes: bytes of the inputs whose lengths are known.
        """
        if not self._progress or self._files is None:
            return
        known = self._seconds_done + self._length
        whole = float(known) * self._bytes / known_bytes if known and known_bytes else None
        told, reached = self._told(), float(self._seconds_done + self._reached)
        self._progress.update(self._files, completed=reached, total=whole, told=told)

    def read(self, reached: Fraction, length: Fraction | None) -> None:
        """The first reading of a film has come to this time, of the length that it states; both in seconds."""
        self._show_time("reading", reached, length)

    def reached(self, item: Input, reached: Fraction, length: Fraction | None) -> None:
        """A film was looked at up to this time, of its whole length, both in seconds; told of the part looked at."""
        from fakeface.findings import file_id

        reached, length = self._in_part(reached, length)
        self._show_time(file_id(item.number), reached, length)
        self._length = length or reached
        self._reached = min(reached, self._length)
        self._move(self._bytes_done + size_of(item))

    def decided(self, done: int, count: int) -> None:
        """So many of the decisive faces of a film are decided, of so many."""
        self._show("deciding", done, count, f"{done} of {count} faces")

    def written(self, pictures: Iterable[tuple[T, Fraction]], length: Fraction | None) -> Iterator[tuple[T, Fraction]]:
        """The pictures of a copy with their times in seconds, told as they pass."""
        for picture, moment in pictures:
            self._show_time("copy", *self._in_part(moment, length))
            yield picture, moment

    def _in_part(self, reached: Fraction, length: Fraction | None) -> tuple[Fraction, Fraction | None]:
        """A time and a length of the film as those of the part that is looked at."""
        start, end = self.part[0] or Fraction(0), self.part[1]
        last = min((one for one in (end, length) if one is not None), default=None)
        return max(reached - start, Fraction(0)), last - start if last is not None and last > start else None

    def _show_time(self, words: str, reached: Fraction, length: Fraction | None) -> None:
        whole = float(length) if length else None
        told = f"{float(reached):.1f} of {whole:.1f} s" if whole else f"{float(reached):.1f} s"
        self._show(words, float(reached), whole, told)

    def _show(self, words: str, done: float, whole: float | None, told: str) -> None:
        if not self._progress:
            return
        if self._words != words and self._film is not None:
            self._progress.remove_task(self._film)
            self._film = None
        if self._film is None:
            self._words = words
            self._film = self._progress.add_task(words, total=whole, told=told)
        self._progress.update(self._film, completed=done, told=told)


def size_of(item: Input) -> int:
    """Bytes of an input that is to be examined; 0 for any other."""
    try:
        return 0 if item.refused else os.stat(item.path).st_size
    except (OSError, ValueError):  # missing, or no possible name: sealing will say which
        return 0


@contextmanager
def film_bar(inputs: Iterable[Input], *, shown: bool) -> Iterator[FilmBar]:
    """A bar on standard error, if that is a terminal and one is wanted."""
    if not shown or not sys.stderr.isatty():
        yield FilmBar(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, transient=True) as progress:
        yield FilmBar(progress, lambda: map(size_of, inputs))
