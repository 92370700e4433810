"""How far a run through films has come."""

from __future__ import annotations

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
    """How far a run has come: inputs, and the seconds of the film at hand with the time that remains.

    Args:
        progress: of rich; ``None`` shows nothing.
        count: how many inputs there are; called only where a bar is shown.

    Attributes:
        part: start and end in seconds of what is looked at in each film; ``None`` for its own.
    """

    def __init__(self, progress: Progress | None, count: Callable[[], int] = lambda: 0) -> None:
        self.part: tuple[Fraction | None, Fraction | None] = (None, None)
        self._progress = progress
        self._film: TaskID | None = None
        self._words = ""
        self._files: TaskID | None = progress.add_task("files", total=count(), told="") if progress else None

    def advance(self) -> None:
        """One more input is done."""
        if self._progress and self._files is not None:
            self._progress.advance(self._files)
            if self._film is not None:
                self._progress.remove_task(self._film)
            self._film = None

    def read(self, reached: Fraction, length: Fraction | None) -> None:
        """The first reading of a film has come to this time, of the length that it states; both in seconds."""
        self._show_time("reading", reached, length)

    def reached(self, item: Input, reached: Fraction, length: Fraction | None) -> None:
        """A film was looked at up to this time, of its whole length, both in seconds; told of the part looked at."""
        from fakeface.findings import file_id

        self._show_time(file_id(item.number), *self._in_part(reached, length))

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


@contextmanager
def film_bar(count: Callable[[], int], *, shown: bool) -> Iterator[FilmBar]:
    """A bar on standard error, if that is a terminal and one is wanted."""
    if not shown or not sys.stderr.isatty():
        yield FilmBar(None, count)
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
        yield FilmBar(progress, count)
