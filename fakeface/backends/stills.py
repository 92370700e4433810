"""Still pictures as frames. They are decoded in a child process under limits, which this module starts and watches."""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from fakeface.decoder import wire
from fakeface.errors import (
    BackendError,
    DecoderFailed,
    EvidenceError,
    EvidenceTooLarge,
    UnreadableEvidence,
    UnsupportedEvidence,
)
from fakeface.evidence import Evidence, open_sealed
from fakeface.frames import Frame
from fakeface.sanitize import safe_text
from fakeface.settings import DecoderSettings

__all__ = ["Decoder", "StillSource"]

_START_SECONDS = 60.0
_MODULE = "fakeface.decoder"
_ERRORS: dict[str, type[EvidenceError]] = {
    error.code: error for error in (UnreadableEvidence, UnsupportedEvidence, EvidenceTooLarge, DecoderFailed)
}


@dataclass(frozen=True, slots=True, eq=False)
class StillSource:
    """One decoded picture as a ``FrameSource`` of one frame.

    Args:
        evidence: the file it was decoded from.
        format: by content, not by name: ``JPEG``, ``PNG``, ``WEBP``, ``BMP``, ``TIFF``, ``GIF``, ``AVIF`` or ``HEIF``.
        frame: the upright picture with its notes.
    """

    evidence: Evidence
    format: str
    frame: Frame

    def frames(self) -> Iterator[Frame]:
        """The one frame. It was decoded when the source was opened, so nothing can fail here."""
        yield self.frame


@dataclass(frozen=True, slots=True, eq=False)
class _Child:
    process: subprocess.Popen[bytes]
    connection: socket.socket

    def stop(self) -> int:
        """Kills the process and returns its status, negative for a signal."""
        self.connection.close()
        self.process.kill()
        return self.process.wait()


class Decoder:
    """Decodes pictures in one child process, started with the first file and again after it died or was stopped.

    Use it as a context manager; leaving it kills the child. Threads take turns.

    Args:
        settings: the limits: pixels, seconds per file, memory.
    """

    def __init__(self, settings: DecoderSettings) -> None:
        self._settings = settings
        self._child: _Child | None = None
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def process_id(self) -> int | None:
        """Of the child; ``None`` while none runs."""
        return self._child.process.pid if self._child else None

    def close(self) -> None:
        """Kills the child. The decoder can be used again; it then starts another."""
        with self._turn:
            self._stop()

    def open(self, evidence: Evidence) -> StillSource:
        """Decodes the picture of one evidence file.

        Args:
            evidence: sealed.

        Returns:
            The source with its one upright frame.

        Raises:
            UnreadableEvidence: gone, no permission, damaged or cut off.
            UnsupportedEvidence: not a picture of the allow-list.
            EvidenceTooLarge: more pixels than ``settings.max_pixels``.
            DecoderFailed: the child died, or passed its limit of memory or time; the next file gets another child.
            EvidenceChanged: the file has another size than when it was sealed.
            BackendError: the child cannot be started at all.
        """
        descriptor = open_sealed(evidence)
        try:
            with self._turn:
                return self._decode(evidence, descriptor)
        finally:
            os.close(descriptor)

    def _decode(self, evidence: Evidence, descriptor: int) -> StillSource:
        child = self._running()
        deadline = time.monotonic() + self._settings.timeout_seconds
        finished = False
        try:
            socket.send_fds(child.connection, [wire.REQUEST], [descriptor])
            header = wire.receive_header(child.connection, deadline)
            if "code" in header:
                error = _refusal(header)
                finished = not isinstance(error, DecoderFailed)
                raise error
            source = self._receive(evidence, child, header, deadline)
            finished = True
            return source
        except TimeoutError as error:
            limit = f"{self._settings.timeout_seconds:g} s"
            raise DecoderFailed(f"decoding took longer than {limit} and was stopped") from error
        except (EOFError, OSError) as error:
            raise DecoderFailed(_cause_of_death(child.stop())) from error
        except (ValueError, KeyError, TypeError) as error:
            raise DecoderFailed("the decoding process gave an answer that makes no sense") from error
        finally:
            if not finished:  # also when the examiner interrupts: half an answer must not be read as the next one
                self._stop()

    def _receive(self, evidence: Evidence, child: _Child, header: dict[str, object], deadline: float) -> StillSource:
        width, height, notes = header["width"], header["height"], header["notes"]
        if not (isinstance(width, int) and isinstance(height, int) and isinstance(notes, list)):
            raise TypeError
        if width < 1 or height < 1 or width * height > self._settings.max_pixels:
            raise ValueError
        pixels = np.empty((height, width, 3), dtype=np.uint8)
        wire.receive_exactly(child.connection, pixels.data.cast("B"), deadline)
        frame = Frame(pixels, notes=tuple(safe_text(str(note)) for note in notes))
        return StillSource(evidence, safe_text(str(header["format"])), frame)

    def _running(self) -> _Child:
        if self._child is not None and self._child.process.poll() is not None:
            self._stop()  # it died between two files: no file's fault
        if self._child is None:
            self._child = _start(self._settings)
        return self._child

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child = None


def _start(settings: DecoderSettings) -> _Child:
    cpu_seconds = math.ceil(settings.timeout_seconds) + 1
    limits = [str(value) for value in (settings.max_pixels, settings.memory_bytes, cpu_seconds)]
    ours, theirs = socket.socketpair()
    with theirs:
        # -P keeps the working folder, which may be the evidence, out of the child's import path.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            [sys.executable, "-P", "-m", _MODULE, *limits],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # the libraries' warnings carry raw text of the evidence
            start_new_session=True,  # Ctrl-C is the parent's to answer
        )
    child = _Child(process, ours)
    try:
        wire.receive_header(ours, time.monotonic() + _START_SECONDS)
    except (EOFError, OSError, ValueError) as error:
        raise BackendError(f"the decoding process does not start (status {child.stop()})") from error
    return child


def _refusal(header: dict[str, object]) -> EvidenceError:
    return _ERRORS[str(header["code"])](safe_text(str(header["message"])))


def _cause_of_death(status: int) -> str:
    if status == -signal.SIGXCPU:
        return "decoding took more processor time than it may, and was stopped"
    if status < 0:
        return f"the decoding process was ended by {signal.Signals(-status).name}"
    return f"the decoding process ended by itself with status {status}"
