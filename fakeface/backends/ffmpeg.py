"""ffmpeg as a child process under limits, reading one open file: which program, how it is started, watched and stopped.

The evidence reaches it as an open descriptor; the only protocol it may use is that one, so nothing in a file can make
it open another file or the network.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from fakeface.errors import BackendError, DecoderFailed

__all__ = ["INSTALL", "OLDEST", "Limits", "Program", "Reading", "find_program"]

OLDEST = (5, 1)
"""Oldest version that is used."""

INSTALL = "install ffmpeg 5.1 or newer, or: pip install imageio-ffmpeg"
"""What to do where no ffmpeg works."""

_QUERY_SECONDS = 30.0
_CHUNK_BYTES = 1 << 16
_LONGEST_LINE = 1 << 16
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031
_LAUNCHER = "fakeface.decoder.launcher"


@dataclass(frozen=True, slots=True)
class Program:
    """An ffmpeg that can be run.

    Args:
        path: of the program.
        version: as it says itself ("7.0.2").
        reads_descriptors: whether it has the protocol ``fd`` (from version 6 on).
    """

    path: str
    version: str
    reads_descriptors: bool

    def __str__(self) -> str:
        return f"ffmpeg {self.version}"

    def address(self, descriptor: int) -> tuple[str, dict[str, object]]:
        """Name and options of an input that is an open descriptor, with the only protocol that may be used."""
        if self.reads_descriptors:
            return "fd:", {"fd": descriptor, "protocol_whitelist": "fd"}
        return f"file:/dev/fd/{descriptor}", {"protocol_whitelist": "file"}


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one run of the program.

    Args:
        memory_bytes: address space.
        seconds: that are waited for it in all; also its processor time.
        stall_seconds: that it may say and give nothing.
    """

    memory_bytes: int
    seconds: float
    stall_seconds: float


def find_program() -> Program:
    """The ffmpeg of this machine: the one on ``PATH`` where it works and is new enough, else imageio-ffmpeg's.

    Raises:
        BackendError: there is none that works and is not older than ``OLDEST``.
    """
    system = shutil.which("ffmpeg")
    if system:
        with contextlib.suppress(BackendError):  # the other one is looked at, and its error tells what to do
            return _examine(str(Path(system).resolve()))
    return _examine(str(Path(_bundled()).resolve()))


def _bundled() -> str:
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise BackendError(f"films need ffmpeg, and there is none: {INSTALL}") from error


@functools.cache
def _examine(path: str) -> Program:
    said = _ask(path, "-version").split()
    if said[:2] != ["ffmpeg", "version"] or len(said) < 3:
        raise BackendError(f"{path} is no ffmpeg: {INSTALL}")
    number = re.match(r"n?(\d+)\.(\d+)", said[2])  # builds of a day have none; they are newer than any release
    if number and (int(number[1]), int(number[2])) < OLDEST:
        raise BackendError(f"ffmpeg {said[2]} at {path} is too old: {INSTALL}")
    return Program(path, said[2], "fd" in _ask(path, "-protocols").split())


def _ask(path: str, question: str) -> str:
    command = [path, "-hide_banner", question] if question != "-version" else [path, question]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_QUERY_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError(f"cannot run ffmpeg at {path}: {INSTALL}") from error
    return done.stdout.decode("utf-8", "replace")


class Reading:
    """One run of ffmpeg over one open file. Use it as a context manager; leaving it ends the program.

    Only the time that is spent waiting here counts against the limits: a caller that takes long over a picture does not
    make a film fail.

    Args:
        program: to run.
        arguments: without the program's name.
        descriptor: of the evidence; it stays the caller's.
        limits: of this run.
        heard: is given every line that the program says, without its end; lines beyond 64 KiB are passed over.

    Raises:
        BackendError: the program cannot be started.
    """

    def __init__(
        self,
        program: Program,
        arguments: Sequence[str],
        descriptor: int,
        limits: Limits,
        heard: Callable[[bytes], None],
    ) -> None:
        self._limits, self._heard, self._waited = limits, heard, 0.0
        self._line = b""
        self._too_long = False
        launcher = [sys.executable, "-P", "-m", _LAUNCHER, str(limits.memory_bytes), str(int(limits.seconds) + 1)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own launcher and a program found by us, no shell
                [*launcher, program.path, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=(descriptor,),
                start_new_session=True,  # Ctrl-C is the parent's to answer
                env=_environment(),
            )
        except OSError as error:
            raise BackendError(f"{program} cannot be started: {error}") from error
        if self._process.stdout is None or self._process.stderr is None:
            raise BackendError(f"{program} cannot be started")
        self._pixels, self._words = self._process.stdout.fileno(), self._process.stderr.fileno()
        _widen(self._pixels)
        self._open = selectors.DefaultSelector()
        self._open.register(self._pixels, selectors.EVENT_READ)
        self._open.register(self._words, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._process.kill()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._process.wait()

    def fill(self, target: memoryview) -> int:
        """Fills ``target`` with what the program gives, and hears what it said until then.

        Returns:
            the number of bytes; fewer than ``target`` holds only at the end.

        Raises:
            DecoderFailed: a limit was passed.
        """
        received = 0
        while received < len(target) and self._pixels in self._open.get_map():
            ready = self._wait()
            if self._words in ready:
                self._hear()
            if self._pixels in ready:
                count = os.readv(self._pixels, [target[received:]])
                received += count
                if count == 0:
                    self._open.unregister(self._pixels)
        while self._words in {key.fd for key, _ in self._open.select(0)}:
            self._hear()
        return received

    def finish(self) -> int:
        """Hears everything to the end; what the program still gives is passed over.

        Returns:
            its status, negative for a signal.

        Raises:
            DecoderFailed: a limit was passed, or a signal ended the program.
        """
        spare = memoryview(bytearray(_CHUNK_BYTES))
        while self._open.get_map():
            ready = self._wait()
            if self._words in ready:
                self._hear()
            if self._pixels in ready and os.readv(self._pixels, [spare]) == 0:
                self._open.unregister(self._pixels)
        status = self._process.wait()
        if status < 0:
            raise DecoderFailed(_cause_of_death(status))
        return status

    def _wait(self) -> set[int]:
        started = time.monotonic()
        left = self._limits.seconds - self._waited
        ready = {key.fd for key, _ in self._open.select(max(0.0, min(left, self._limits.stall_seconds)))}
        self._waited += time.monotonic() - started
        if ready:
            return ready
        if self._waited >= self._limits.seconds:
            raise DecoderFailed(f"decoding the film took longer than {self._limits.seconds:.0f} s and was stopped")
        raise DecoderFailed(f"the film gave nothing for {self._limits.stall_seconds:g} s; decoding was stopped")

    def _hear(self) -> None:
        chunk = os.read(self._words, _CHUNK_BYTES)
        if not chunk:
            self._open.unregister(self._words)
        # Cut at newlines and nowhere else: a carriage return inside a title ends no line.
        *whole, rest = (self._line + chunk).split(b"\n")
        for line in whole:
            if not self._too_long:
                self._heard(line)
            self._too_long = False
        self._too_long = self._too_long or len(rest) > _LONGEST_LINE
        self._line = b"" if self._too_long else rest


def _environment() -> dict[str, str]:
    """What the program needs of ours; a variable of the analyst's session shall not change what a film looks like."""
    kept = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"AV_LOG_FORCE_NOCOLOR": "1"}


def _widen(descriptor: int) -> None:
    """A wider pipe, where the system has them: fewer turns between the two processes."""
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            return  # the system's own size does as well


def _cause_of_death(status: int) -> str:
    if status == -signal.SIGXCPU:
        return "decoding took more processor time than it may, and was stopped"
    return f"the decoding program was ended by {signal.Signals(-status).name}"
