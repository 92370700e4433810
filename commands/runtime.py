"""The process around every command: offline guard, threads, log, signals, and the one way from errors to exit codes."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from io import TextIOWrapper
from types import FrameType

import click

from fakeface.errors import (
    BackendError,
    FakefaceError,
    IntegrityError,
    OutputError,
    SettingsError,
    WeightsError,
)
from fakeface.sanitize import safe_text

__all__ = [
    "ExitCode",
    "Session",
    "abandon_stdout",
    "deferred_interrupts",
    "forbid_network",
    "guarded",
    "log_to_file",
    "log_to_stderr",
    "main",
    "peak_memory_bytes",
    "prepare_process",
    "say",
    "worst",
]

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class ExitCode(IntEnum):
    """What the process status says."""

    EXAMINED = 0
    """Everything was examined, whatever the verdict."""
    FAULT = 1
    """An internal fault; never a result."""
    USAGE = 2
    """The request is contradictory, or the place for results is refused."""
    PARTIAL = 3
    """Some input could not be examined; it is counted and listed."""
    INTEGRITY = 4
    """Evidence changed, or a weight file has another hash."""
    BACKEND = 5
    """Weights, a library or a device are missing."""
    FLAGGED = 10
    """Only with ``--fail-on``: such a verdict was reached."""
    INTERRUPTED = 130
    """Stopped by the user; ``--resume`` continues."""


PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.FAULT,
    ExitCode.USAGE,
    ExitCode.INTEGRITY,
    ExitCode.BACKEND,
    ExitCode.PARTIAL,
    ExitCode.FLAGGED,
    ExitCode.EXAMINED,
)


def worst(codes: Iterable[int]) -> ExitCode:
    """The code that is told where several apply; ``EXAMINED`` for none."""
    return min((ExitCode(code) for code in codes), key=PRECEDENCE.index, default=ExitCode.EXAMINED)


@dataclass(slots=True)
class Session:
    """What one invocation knows before its command runs; click's ``obj``.

    Args:
        debug: show tracebacks.
        argv: the command line, for the record.
    """

    debug: bool = False
    argv: tuple[str, ...] = ("fakeface",)


def main() -> None:
    """The console entry ``fakeface``."""
    forbid_network()
    signal.signal(signal.SIGTERM, _terminate)
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal that cannot show a letter gets its escape, not a traceback
        sys.stdout.reconfigure(errors="backslashreplace")
    from .cli import cli

    cli.main(prog_name="fakeface")


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """A polite kill is an interruption: the case folder is closed and can be resumed."""
    raise KeyboardInterrupt


def guarded(action: Callable[[Session], object], session: Session) -> int:
    """Run one invocation of the command line; every way out of it becomes an exit code and a line on standard error."""
    try:
        result = action(session)
        code = int(result) if isinstance(result, int) else ExitCode.EXAMINED
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        code = _tell_usage(error)
    except FakefaceError as error:
        code = error.exit_code
        _tell(str(error), _next_step(error), session)
    except Exception as error:
        code = ExitCode.FAULT
        again = "" if session.debug else "run again with --debug for the traceback, and report it"
        _tell(f"internal fault: {type(error).__name__}: {error}", again, session)
    _flush_stdout()
    return code


def say(text: str) -> None:
    """One line on standard error."""
    click.echo(f"fakeface: {safe_text(text)}", err=True)


def _tell(text: str, next_step: str, session: Session) -> None:
    if session.debug:
        click.echo(safe_text(traceback.format_exc(), keep_newlines=True), err=True)
    say(f"{text}. Next: {next_step}" if next_step else text)


def _tell_usage(error: click.ClickException) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return ExitCode.USAGE
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(f"Try '{context.command_path} --help' for help.\n", err=True)
    say(error.format_message())
    return ExitCode.USAGE if isinstance(error, click.UsageError | click.FileError) else ExitCode.FAULT


NEXT_STEPS: tuple[tuple[type[FakefaceError], str], ...] = (
    (OutputError, "choose another --out; --resume continues a run, --add-run adds one to an existing case"),
    (SettingsError, "see --help"),
    (WeightsError, "fakeface weights list shows what is there"),
    (IntegrityError, "do not rely on these files; fakeface weights verify tells which weight file differs"),
    (BackendError, "fakeface doctor shows what is missing"),
)


def _next_step(error: FakefaceError) -> str:
    return next((step for kind, step in NEXT_STEPS if isinstance(error, kind)), "")


def _flush_stdout() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            raise
        abandon_stdout()


def abandon_stdout() -> None:
    """The reader of standard output went away: let what is still written there, and Python's last flush, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def forbid_network() -> None:
    """Make every later attempt of this process to reach or to look up another host fail; it cannot be taken back.

    An audit hook rather than a patched ``socket``: it sees the calls of every Python library, however they imported it.
    """
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    sys.addaudithook(_refuse_network)


_LOOKUPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_CONTACTS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    if event in _LOOKUPS or (
        event in _CONTACTS and getattr(arguments[0], "family", None) in (socket.AF_INET, socket.AF_INET6)
    ):
        raise BackendError(f"fakeface works offline: a library tried to use the network ({event})")


def prepare_process(threads: int, most: int | None = None) -> int:
    """Fix the thread count of the numeric libraries. To be called before any of them is imported.

    Args:
        threads: as asked for; 0 takes every core this process may run on.
        most: threads to take at most where none were asked for.

    Returns:
        the count in force.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    count = threads or min(available, most or available)
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(count)), TOKENIZERS_PARALLELISM="false")
    return count


def peak_memory_bytes() -> int:
    """Largest resident size of this process so far, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back until the block is done, so that no result is written by half."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda caught, _frame: held.append(caught)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt


class _SafeFormatter(logging.Formatter):
    """One record, one line, in UTC, without control characters; a traceback keeps its lines."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802, ARG002
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        return safe_text(super().format(record), keep_newlines=record.exc_info is not None)


class _StderrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Looks ``sys.stderr`` up at every record, so that a progress bar can make room for it."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def log_to_stderr(verbose: int, quiet: bool) -> None:
    """Show the library's log on standard error: warnings; with ``verbose`` steps, then details; ``quiet``: errors."""
    level = logging.ERROR if quiet else {0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG)
    handler = _StderrHandler()
    handler.setLevel(level)
    handler.setFormatter(_SafeFormatter("fakeface: %(levelname)s: %(message)s"))
    logger = logging.getLogger("fakeface")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


@contextmanager
def log_to_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Append the library's whole log to a file while the block runs."""
    handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_SafeFormatter(LOG_FORMAT))
    logger = logging.getLogger("fakeface")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
