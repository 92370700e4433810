"""``findings.json`` as a stream: the head, then one line per input, so that it is never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from fakeface.errors import OutputError
from fakeface.report.record import FileEntry, Record

__all__ = ["read_files", "read_head", "record_chunks"]

_FILES = b'"files":[\n'
_END = b"]}\n"


def record_chunks(head: Record, entries: Iterable[FileEntry]) -> Iterator[bytes]:
    """The bytes of ``findings.json``, piece by piece.

    Args:
        head: the record without its files.
        entries: the files in the order of their ids; each is held only while it is written.
    """
    fields = json.loads(head.model_dump_json(exclude={"files"}))
    lines = [
        f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in fields.items()
    ]
    yield ("{" + ",\n".join(lines) + ",\n").encode()
    yield _FILES
    separator = b""
    for entry in entries:
        yield separator + entry.model_dump_json().encode()
        separator = b",\n"
    yield b"\n" + _END


def read_head(path: Path) -> Record:
    """Everything of a record but its files (``files`` is empty).

    Raises:
        OutputError: the file is missing or no record of this form.
    """
    lines: list[bytes] = []
    try:
        with path.open("rb") as stream:
            for line in stream:
                lines.append(line)
                if line == _FILES:
                    break
        return Record.model_validate_json(b"".join([*lines, _END]))
    except (OSError, ValidationError) as error:
        raise OutputError(f"{path} is not a record of fakeface: {_first_line(error)}") from error


def read_files(path: Path) -> Iterator[FileEntry]:
    """The files of a record, one at a time.

    Raises:
        OutputError: the file is missing or no record of this form.
    """
    try:
        with path.open("rb") as stream:
            for line in stream:
                if line == _FILES:
                    break
            for line in stream:
                if line == _END:
                    return
                if line.strip():
                    yield FileEntry.model_validate_json(line.rstrip(b",\n"))
    except (OSError, ValidationError) as error:
        raise OutputError(f"{path} is not a record of fakeface: {_first_line(error)}") from error
    raise OutputError(f"{path} ends before its end mark")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
