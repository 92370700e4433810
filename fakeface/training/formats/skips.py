"""What is left out, and why; and JSON that is read without trusting it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TextIO, TypeVar

from pydantic import ValidationError

from fakeface.training.whole import whole

__all__ = [
    "Skipped",
    "first_error",
    "iterate_items",
    "load_json",
    "read_checked",
    "stays_inside",
    "write_items",
    "write_json",
]

Checked = TypeVar("Checked")
"""What an item of a file becomes."""

CHUNK = 1 << 20
"""Characters read at a time from a JSON array."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One thing that was left out.

    Args:
        path: the picture, video or file, as the data set names it; a line of a file is ``file:line``.
        reason: why, in words.
    """

    path: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """One line of ``skipped.jsonl``."""
        return {"path": self.path, "reason": self.reason}


def stays_inside(name: str) -> bool:
    """Whether a path that a data set's file names stays inside the data set."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def first_error(error: ValidationError) -> str:
    """The first complaint about a record, in a line."""
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, problem['loc'])) or 'record'}: {problem['msg']}"


def load_json(path: Path) -> Any | Skipped:
    """The whole of a JSON file, or why it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return Skipped(path.name, f"cannot be read: {error.strerror}")
    except (ValueError, RecursionError) as error:
        return Skipped(path.name, f"broken JSON: {_told(error)}")


def iterate_items(path: Path) -> Iterator[tuple[str, Any] | Skipped]:
    """(place, value) of every item of a JSON array or of JSON Lines, one at a time, never the whole file.

    A broken line is left out alone. In an array nothing after a broken item can be told apart, so the rest is one
    ``Skipped``.
    """
    try:
        with path.open(encoding="utf-8-sig") as handle:
            first = handle.read(1)
            while first.isspace():
                first = handle.read(1)
            if first == "[":
                yield from _array(path.name, handle)
            else:
                handle.seek(0)
                yield from _lines(path.name, handle)
    except OSError as error:
        yield Skipped(path.name, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        yield Skipped(path.name, f"not UTF-8 from byte {error.start} of a block on; the rest is left out")


def read_checked(path: Path, check: Callable[[Any], Checked | Skipped]) -> Iterator[Checked | Skipped]:
    """What ``check`` makes of every item of a file; one that it refuses is told with its place.

    Args:
        path: a JSON array or JSON Lines.
        check: takes an item's value; may raise pydantic's ``ValidationError``.
    """
    for item in iterate_items(path):
        if isinstance(item, Skipped):
            yield item
            continue
        place, value = item
        try:
            yield check(value)
        except ValidationError as error:
            yield Skipped(place, first_error(error))


def _lines(name: str, handle: TextIO) -> Iterator[tuple[str, Any] | Skipped]:
    for number, line in enumerate(handle, start=1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Skipped(place, f"broken JSON: {_told(error)}")
        else:
            yield place, value


def _array(name: str, handle: TextIO) -> Iterator[tuple[str, Any] | Skipped]:
    """Items of an array whose bracket has been read."""
    decoder = json.JSONDecoder()
    text, number, wanted = "", 0, CHUNK
    while True:
        text = text.lstrip()
        if number and text[:1] == ",":
            text = text[1:].lstrip()
        if text[:1] == "]":
            return
        place = f"{name}:item {number + 1}"
        try:
            value, end = decoder.raw_decode(text)
        except RecursionError as error:
            yield Skipped(place, f"broken JSON: {_told(error)}; the rest is left out")
            return
        except ValueError as error:
            more = handle.read(wanted)
            if not more:
                yield Skipped(place, f"broken JSON: {_told(error)}; the rest is left out")
                return
            text, wanted = text + more, wanted * 2
            continue
        if end == len(text) and (more := handle.read(CHUNK)):  # a number may go on in the next block
            text += more
            continue
        text, number = text[end:], number + 1
        yield place, value


def _told(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def write_items(path: Path, items: Iterable[Any]) -> None:
    """Write a JSON array, one item a line, as the items come; the file appears when it is whole."""

    def fill(handle: TextIO) -> None:
        handle.write("[")
        for number, item in enumerate(items):
            handle.write(",\n" if number else "\n")
            json.dump(item, handle, ensure_ascii=False)
        handle.write("\n]\n")

    _whole(path, fill)


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value; the file appears when it is whole."""

    def fill(handle: TextIO) -> None:
        json.dump(value, handle, ensure_ascii=False, indent=1)
        handle.write("\n")

    _whole(path, fill)


def _whole(path: Path, fill: Callable[[TextIO], None]) -> None:
    with whole(path) as aside, aside.open("w", encoding="utf-8") as handle:
        fill(handle)
