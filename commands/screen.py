"""What commands show: results on standard output, and on standard error a progress bar where that is a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from .runtime import ExitCode, abandon_stdout, say

if TYPE_CHECKING:
    from rich.console import Console

    from fakeface.findings import Explanation
    from fakeface.report.record import FileEntry
    from fakeface.report.tables import Writer

__all__ = [
    "PIPE_WIDTH",
    "Results",
    "Streamer",
    "SummaryWriter",
    "bar",
    "follow",
    "open_results",
    "print_table",
    "progress",
]

T = TypeVar("T")

PIPE_WIDTH = 160
"""Columns of tables that do not go to a terminal."""


class Results:
    """The view of a run on standard output. It goes silent where its reader leaves; the case folder is written anyway.

    Args:
        writer: of the chosen format.
        stream: standard output.
    """

    def __init__(self, writer: Writer, stream: TextIO) -> None:
        self._writer = writer
        self._stream = stream
        self._gone = False
        self._try(lambda: writer.begin(stream))

    def write(self, entry: FileEntry) -> None:
        """Show one input."""
        self._try(lambda: self._writer.write(entry))

    def end(self, record: Path) -> None:
        """Show what comes last."""
        self._try(lambda: self._writer.end(record))

    def _try(self, action: Callable[[], None]) -> None:
        if self._gone:
            return
        try:
            action()
            self._stream.flush()
        except BrokenPipeError:
            self._gone = True
            abandon_stdout()
            say("the reader of standard output went away; the run goes on into its case folder")


def open_results(style: str) -> Results:
    """Results in a format; those for programs are UTF-8 whatever the locale."""
    from fakeface.report.tables import WRITERS

    writers: dict[str, type[Writer]] = {"table": SummaryWriter, **WRITERS}
    stream = sys.stdout
    if isinstance(stream, TextIOWrapper) and style != "table":
        stream.reconfigure(encoding="utf-8", newline="\n")
    return Results(writers[style](), stream)


class SummaryWriter:
    """The summary for people: at the end, out of the finished record."""

    def begin(self, stream: TextIO) -> None:
        """Take the stream; nothing can be said yet."""
        self._stream = stream

    def write(self, entry: FileEntry) -> None:
        """Nothing: the entry comes with the record."""

    def end(self, record: Path) -> None:
        """Print the summary, and where the case folder lies."""
        from fakeface.report.console import summary_table
        from fakeface.report.stream import read_files, read_head
        from fakeface.sanitize import safe_text

        console = _console(self._stream)
        head = read_head(record)
        profile = str(head.profile.get("name"))
        console.print(summary_table(read_files(record), profile=profile, settings=head.settings))
        console.print(f"Case folder: {safe_text(str(record.parent))}", markup=False, highlight=False, soft_wrap=True)


class Streamer:
    """Shows texts as they are written, marked unchecked until their claims are. Goes silent where its reader leaves.

    Args:
        stream: standard output or standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._gone = False
        self._name = ""
        self._held = ""
        self._phrases = 0
        self._open = False

    def picture(self, name: str) -> None:
        """Take the name of the input."""
        self._name = name

    def begin(self, face: int, task: str, question: str) -> None:
        """Say what follows, and that nothing of it is checked yet."""
        from fakeface.sanitize import safe_text

        self._held, self._phrases, self._open = "", 0, False
        self._write(f"{safe_text(self._name)}, face {face}, {task}: {safe_text(question)}\n  unchecked: ")

    def piece(self, text: str) -> None:
        """Show the next words; a tag that may not be whole yet waits for the rest."""
        text = self._held + text
        cut = max(text.rfind("<"), text.rfind("["))
        whole = cut < 0 or any(text.startswith(tag, cut) for tag in _TAGS) or len(text) - cut > max(map(len, _TAGS))
        self._held = "" if whole else text[cut:]
        self._show(text if whole else text[:cut])

    def checked(self, explanation: Explanation) -> None:
        """Say how the claims fared."""
        from fakeface.report.words import claim_counts
        from fakeface.sanitize import safe_text

        self._show(self._held)
        note = f"\n  note: {safe_text(explanation.note)}" if explanation.note else ""
        self._write(f"\n  checked: {claim_counts(explanation.statements)}{note}\n\n")

    def _show(self, text: str) -> None:
        from fakeface.sanitize import safe_text

        parts = re.split(_TAG, text)
        self._write("".join(safe_text(self._mark(part), keep_newlines=True) for part in parts).replace("\n", "\n    "))

    def _mark(self, part: str) -> str:
        """Tags as an analyst reads them: a phrase in marks with its number; a tag that opens or closes nothing goes."""
        if part not in _TAGS:
            return part
        if part == "<p>" and not self._open:
            self._open = True
            return "‹"
        if part == "</p>" and self._open:
            self._open = False
            self._phrases += 1
            return f"›{self._phrases}"
        return ""

    def _write(self, text: str) -> None:
        if self._gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self._gone = True
            abandon_stdout()
            say("the reader of standard output went away; the run goes on into its case folder")


_TAGS = ("<p>", "</p>", "[SEG]", "[NOSEG]", "**")
_TAG = re.compile("(" + "|".join(re.escape(tag) for tag in _TAGS) + ")")


@contextmanager
def progress(count: Callable[[], int], *, shown: bool) -> Iterator[Callable[[], None]]:
    """A bar on standard error with rate and remaining time; gives the function that moves it by one picture.

    Args:
        count: how many inputs there are; called only where a bar is shown.
        shown: whether a bar is wanted; there is none off a terminal in any case.
    """
    if not shown or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f} pictures/s" if task.speed else "")

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    # Standard output is left alone: it carries results.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False, transient=True) as bar:
        task = bar.add_task("", total=count())
        yield lambda: bar.advance(task)


def bar(items: Iterator[T], total: int) -> Iterable[T]:
    """The items as they come, with a progress bar on a terminal."""
    with progress(lambda: total, shown=True) as advance:
        for item in items:
            yield item
            advance()


def follow(reports: Iterable[Mapping[str, Any]]) -> ExitCode:
    """Say every report of a training as one line on standard error, as it comes."""
    for report in reports:
        say(
            ", ".join(
                f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                for name, value in report.items()
            )
        )
    return ExitCode.EXAMINED


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output; every cell passes the sanitiser and is shown as it is, without markup."""
    from rich.table import Table
    from rich.text import Text

    from fakeface.sanitize import safe_text

    table = Table(*columns, title=Text(safe_text(title)), title_justify="left")
    for row in rows:
        table.add_row(*(Text(safe_text(cell), overflow="fold") for cell in row))
    _console(sys.stdout).print(table)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, width=None if stream.isatty() else PIPE_WIDTH)
