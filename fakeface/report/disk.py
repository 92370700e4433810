"""Writing to disk without touching what is there: a temporary file created exclusively, then renamed."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from fakeface.errors import OutputError

__all__ = ["PART_SUFFIX", "digest_file", "make_folder", "regular_files", "store", "store_chunks"]

PART_SUFFIX = ".part"
"""Ending of files that were not finished; whoever resumes a run removes them."""

_READ_BYTES = 1 << 20


def make_folder(path: Path, *, may_exist: bool = False) -> None:
    """Create a folder.

    Args:
        path: the folder; its parents are created as well.
        may_exist: take an existing folder as it is, unless it is a link.

    Raises:
        OutputError: it exists (or is a link), or cannot be created.
    """
    if path.is_symlink():
        raise OutputError(f"{path} is a symbolic link; results are not written through links")
    try:
        path.mkdir(parents=True, exist_ok=may_exist)
    except OSError as error:
        raise OutputError(f"cannot create {path}: {error.strerror}") from error


def store(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a whole file: first under a temporary name beside it, then renamed.

    Raises:
        OutputError: the file exists and ``replace`` is false, or it cannot be written.
    """
    store_chunks(path, [content], replace=replace)


def store_chunks(path: Path, chunks: Iterable[bytes], *, replace: bool = False) -> None:
    """Write a file piece by piece; it appears under its name only when it is whole and on the disk.

    Renaming replaces a link instead of following it, so that nothing outside the folder can be overwritten.

    Raises:
        OutputError: the file exists and ``replace`` is false, or it cannot be written.
    """
    if not replace and os.path.lexists(path):
        raise OutputError(f"{path} exists; nothing is overwritten")
    part = path.with_name(f".{secrets.token_hex(8)}{PART_SUFFIX}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                for chunk in chunks:
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def digest_file(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while block := stream.read(_READ_BYTES):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def regular_files(root: Path) -> Iterator[Path]:
    """Regular files below a folder in a stable order, paths relative to it; links are not followed."""
    for folder, folders, names in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root)
