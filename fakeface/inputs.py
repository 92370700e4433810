"""Inputs: what the user named, as one numbered stream of files in a stable order, with nothing left unaccounted for.

Every path that was named and every file met in a folder becomes one ``Input``. What is not examined is in the stream
too, with the reason. Nothing is opened here: whether a file is a picture is for the decoder to say.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fakeface.errors import SettingsError

__all__ = ["Input", "Inputs", "parse_list"]

_MAGIC = frozenset("*?[")
COMPANION_SUFFIXES = frozenset(
    {".csv", ".css", ".html", ".ini", ".js", ".json", ".jsonl", ".log", ".md", ".md5", ".py", ".rst", ".sh", ".sha1"}
    | {".sha256", ".toml", ".tsv", ".txt", ".xml", ".yaml", ".yml"}
)
COMPANION_NAMES = frozenset((".ds_store", ".gitignore", "desktop.ini", "license", "makefile", "thumbs.db"))


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that was named or found.

    Args:
        number: its place in the stream, from 1.
        path: in the form of ``os.fsdecode``, undecodable bytes kept as surrogates.
        refused: why it is not examined, one sentence; empty for a file that is to be examined.
        code: a stable word for the reason: ``duplicate``, ``symlink``, ``not_regular``, ``not_entered`` (a folder whose
            sub-folders were left out), ``empty_folder``, ``unreadable`` (a folder that cannot be listed); else empty.
        walked: it was met inside a folder, not named itself.
    """

    number: int
    path: str
    refused: str = ""
    code: str = ""
    walked: bool = False

    @property
    def companion(self) -> bool:
        """Whether it was met beside pictures and its name promises none: notes, lists, hashes, scripts."""
        name = os.path.basename(self.path).lower()
        return self.walked and (name in COMPANION_NAMES or os.path.splitext(name)[1] in COMPANION_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The stream of inputs. Iterating walks the folders anew each time; only the names of one folder are held at once.

    Args:
        arguments: files, folders, patterns that the shell left alone, and ``-`` for the list on standard input. A
            symbolic link named here is followed; one met inside a folder is not.
        standard_input: the bytes of standard input where ``-`` is among the arguments.
        lists: the bytes of further lists of paths (``--from-file``), read after the arguments.
        recursive: enter the sub-folders of folders.

    Raises:
        SettingsError: ``-`` without the bytes of standard input, or more than once.
    """

    arguments: Sequence[str]
    standard_input: bytes | None = None
    lists: Sequence[bytes] = ()
    recursive: bool = True

    def __post_init__(self) -> None:
        dashes = sum(argument == "-" for argument in self.arguments)
        if dashes > 1:
            raise SettingsError("standard input (-) can be named only once")
        if dashes and self.standard_input is None:
            raise SettingsError("a list of paths on standard input (-) was named, and there is none")

    def __iter__(self) -> Iterator[Input]:
        walk = _Walk(self.recursive)
        number = 0
        for path in self.named():
            for found, refused, code in walk.visit(path):
                number += 1
                yield Input(number, found, refused, code, walked=found != path)

    def count(self) -> int:
        """How many inputs there are now; walks the folders once, opens no file."""
        return sum(1 for _ in self)

    def named(self) -> Iterator[str]:
        """The paths that the user named, patterns expanded and lists read; no folder is entered."""
        for argument in self.arguments:
            if argument == "-":
                yield from parse_list(self.standard_input or b"")
            else:
                yield from _expand(argument)
        for raw in self.lists:
            yield from parse_list(raw)


def parse_list(raw: bytes) -> list[str]:
    """Reads a list of paths, separated by NUL where there is one, else by line ends.

    Args:
        raw: the list as read; names need not be valid UTF-8. A byte order mark and the CR of CRLF are no part of them.

    Returns:
        The paths in order, in the form of ``os.fsdecode``, without empty ones.
    """
    if b"\0" in raw:
        return [os.fsdecode(name) for name in raw.split(b"\0") if name]
    lines = [line for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line]
    if lines and all(line.endswith(b"\r") for line in lines):
        lines = [line[:-1] for line in lines]
    return [os.fsdecode(line) for line in lines if line]


def _expand(argument: str) -> list[str]:
    if _MAGIC.isdisjoint(argument) or os.path.lexists(argument):
        return [argument]
    # A pattern without a match stays as it is: it then fails as a file that does not exist, and is accounted for.
    return sorted(glob.glob(argument, recursive=True), key=os.fsencode) or [argument]


_Found = tuple[str, str, str]
"""Path, reason for refusing it, code."""


@dataclass(slots=True)
class _Walk:
    """What has been met so far. Files of a folder are known by the folder, so that memory grows with folders only."""

    recursive: bool
    folders: set[tuple[int, int]] = field(default_factory=set)
    files: set[str] = field(default_factory=set)

    def visit(self, path: str) -> Iterator[_Found]:
        """One path that the user named."""
        try:
            is_folder = stat.S_ISDIR(os.stat(path).st_mode)
            seen = not is_folder and self._seen(os.path.realpath(path))
        except (OSError, ValueError):
            is_folder = seen = False  # missing, not permitted or no possible name: sealing will say which
        if is_folder:
            yield from self._folder(path)
        elif seen:
            yield path, "the same file was named before and is examined once", "duplicate"
        else:
            yield path, "", ""

    def _seen(self, real: str) -> bool:
        parent = os.stat(os.path.dirname(real))
        if real in self.files or (parent.st_dev, parent.st_ino) in self.folders:
            return True
        self.files.add(real)
        return False

    def _folder(self, named: str) -> Iterator[_Found]:
        """A named folder and what is below it, by an explicit stack: evidence may be nested deeper than Python is."""
        found_any = False
        not_entered = 0
        stack: list[str | os.DirEntry[bytes]] = [named]
        real_root = os.path.realpath(named)
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                folder = item
            elif not item.is_dir(follow_symlinks=False):
                found_any = True
                yield self._entry(item, named, real_root)
                continue
            elif self.recursive:
                folder = os.fsdecode(item.path)
            else:
                not_entered += 1
                continue
            entries, refusal = self._list(folder)
            if refusal is not None:
                found_any = True
                yield folder, *refusal
            stack.extend(reversed(entries))
        if not_entered:
            noun = "sub-folder was" if not_entered == 1 else "sub-folders were"
            yield named, f"{not_entered} {noun} not entered (--no-recursive)", "not_entered"
        elif not found_any:
            yield named, "the folder holds no files", "empty_folder"

    def _list(self, folder: str) -> tuple[list[os.DirEntry[bytes]], tuple[str, str] | None]:
        try:
            about = os.stat(folder)
            if (about.st_dev, about.st_ino) in self.folders:
                return [], ("the same folder was met before and is examined once", "duplicate")
            with os.scandir(os.fsencode(folder)) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            return [], (f"the folder cannot be listed: {os.strerror(error.errno or 0).lower()}", "unreadable")
        self.folders.add((about.st_dev, about.st_ino))
        return names, None

    def _entry(self, entry: os.DirEntry[bytes], named: str, real_root: str) -> _Found:
        path = os.fsdecode(entry.path)
        if entry.is_symlink():
            return path, "a symbolic link inside a folder is not followed", "symlink"
        if not entry.is_file(follow_symlinks=False):
            return path, "not a regular file (a named pipe, socket or device)", "not_regular"
        # No link is followed below the root, so the real path needs no further look at the disk.
        real = os.path.join(real_root, path[len(named) :].lstrip(os.sep))
        if real in self.files:
            return path, "the same file was named before and is examined once", "duplicate"
        return path, "", ""
