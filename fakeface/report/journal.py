"""The journal of a run: one line per finished input, on the disk before the next one begins, so that runs resume."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from fakeface.errors import OutputError
from fakeface.report.disk import store
from fakeface.report.entries import Entry
from fakeface.report.record import FileEntry, ModelEntry

__all__ = ["Journal", "JournalHeader", "JournalLine", "name_bytes"]


class JournalHeader(Entry):
    """First line: what is fixed when a run starts. A run is resumed only under the same ``terms``."""

    schema_version: str
    tool_version: str
    settings: dict[str, object]
    profile: dict[str, object]
    models: tuple[ModelEntry, ...]
    images: bool
    argv: tuple[str, ...]
    threads: int
    started: str

    def terms(self) -> dict[str, object]:
        """The parts that results depend on, by the name an error message gives them."""
        return {
            "settings": self.settings,
            "profile": self.profile,
            "models": self.models,
            "program version": (self.tool_version, self.schema_version),
            "saving of pictures": self.images,
        }


class JournalLine(Entry):
    """One finished input with the times that do not belong into its entry."""

    entry: FileEntry
    seconds_finding: float
    seconds_deciding: float


def name_bytes(entry: FileEntry) -> bytes:
    """The input's name as raw bytes."""
    return bytes.fromhex(entry.name_hex) if entry.name_hex is not None else entry.name.encode()


def _order(file_id: str) -> int:
    return int(file_id.removeprefix("F"))


class Journal:
    """An open journal, locked against a second process.

    Only the place of each line is held in memory, and the names of inputs that an interrupted run finished.
    """

    def __init__(self, path: Path) -> None:
        """Open an existing journal; a last line that was cut off in the middle is dropped.

        Raises:
            OutputError: it cannot be read, another process works on it, or a line other than the last is damaged.
        """
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._descriptor)
            raise OutputError(f"another process is writing into {path.parent}") from error
        except OSError as error:
            raise OutputError(f"cannot open {path}: {error.strerror}") from error
        self._stream = path.open("rb")  # a description of its own: appending must not move the place of reading
        self._places: dict[int, int] = {}
        try:
            self.header = self._load()
        except OutputError:
            self.close()
            raise

    @classmethod
    def create(cls, path: Path, header: JournalHeader) -> Journal:
        """Start a journal; the header is on the disk as a whole or not at all."""
        store(path, header.model_dump_json().encode() + b"\n")
        return cls(path)

    def _load(self) -> JournalHeader:
        place = 0
        header: JournalHeader | None = None
        try:
            for line in self._stream:
                if not line.endswith(b"\n"):
                    os.ftruncate(self._descriptor, place)
                    break
                if header is None:
                    header = JournalHeader.model_validate_json(line)
                else:
                    entry = JournalLine.model_validate_json(line).entry
                    self._places[_order(entry.id)] = place
                place += len(line)
        except ValidationError as error:
            raise OutputError(f"{self.path} is damaged at byte {place}") from error
        if header is None:
            raise OutputError(f"{self.path} has no header")
        return header

    def append(self, line: JournalLine) -> None:
        """Add one finished input; returns when it is on the disk.

        Raises:
            OutputError: the id is taken, or the disk refuses.
        """
        number = _order(line.entry.id)
        if number in self._places:
            raise OutputError(
                f"{line.entry.id} is already written for another input: the inputs are not those of the interrupted run"
            )
        content = line.model_dump_json().encode() + b"\n"
        place = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, content)
            if written != len(content):
                os.ftruncate(self._descriptor, place)
                raise OutputError(f"cannot write {self.path}: the disk is full")
            os.fsync(self._descriptor)
        except OSError as error:
            raise OutputError(f"cannot write {self.path}: {error.strerror}") from error
        self._places[number] = place

    def finished(self, file_id: str, name: bytes, sha256: str | None) -> FileEntry | None:
        """The entry that was written for the input with this id, if its name and hash are these."""
        place = self._places.get(_order(file_id))
        entry = None if place is None else self._line(place).entry
        return entry if entry and name_bytes(entry) == name and entry.sha256 == sha256 else None

    def lines(self) -> Iterator[JournalLine]:
        """The finished inputs in the order of their ids, read one at a time."""
        for number in sorted(self._places):
            yield self._line(self._places[number])

    def _line(self, place: int) -> JournalLine:
        self._stream.seek(place)
        return JournalLine.model_validate_json(self._stream.readline())

    def close(self) -> None:
        """Let go of the file and of the lock; closing twice is harmless."""
        if not self._stream.closed:
            self._stream.close()
            os.close(self._descriptor)

    def remove(self) -> None:
        """Delete the journal: the record stands."""
        self.path.unlink()
        self.close()
