"""Evidence: a file as it was received, with its hashes. Opened read-only, hashed before and after it is examined."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass

from fakeface.errors import EvidenceChanged, EvidenceError, SettingsError, UnreadableEvidence, UnsupportedEvidence

__all__ = ["Evidence", "open_read_only", "open_sealed", "recheck", "seal"]

_CHUNK_BYTES = 1 << 20

# Non-blocking, so that a FIFO put in the file's place between stat and open cannot stall the run.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file: a part of its path is not a folder",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "the symbolic links of its path form a loop",
    errno.ENAMETOOLONG: "the path is too long for this system",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One evidence file.

    Args:
        path: as given, undecodable bytes kept as surrogates (``os.fsdecode``).
        sha256: hash of the file before it was examined, 64 hex digits.
        sha512: a second hash, 128 hex digits.
        size_bytes: of the file.

    Raises:
        SettingsError: a hash has another form.
    """

    path: str
    sha256: str
    sha512: str
    size_bytes: int

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or len(self.sha512) != 128:
            raise SettingsError("evidence hashes must be hex SHA-256 and SHA-512")


def open_read_only(path: str | os.PathLike[str] | bytes) -> int:
    """Opens a regular file for reading, without blocking and, where the system lets us, without touching its times.

    A symbolic link is followed: whoever calls decides which links to name.

    Args:
        path: of the file; ``bytes`` and surrogates of ``os.fsdecode`` are both fine.

    Returns:
        The descriptor; the caller closes it.

    Raises:
        UnreadableEvidence: missing, no permission, or the system cannot open it.
        UnsupportedEvidence: a folder, named pipe, socket or device.
    """
    try:
        # Looked at before it is opened: opening some devices already has an effect on them.
        _require_regular(os.stat(path).st_mode)
        descriptor = _open(path)
    except ValueError as error:  # a NUL inside the path
        raise UnreadableEvidence("no file can have this name") from error
    except OSError as error:
        raise UnreadableEvidence(_reason(error)) from error
    try:
        _require_regular(os.fstat(descriptor).st_mode)
    except UnsupportedEvidence:
        os.close(descriptor)
        raise
    return descriptor


def seal(path: str | os.PathLike[str] | bytes) -> Evidence:
    """Takes a file in as evidence: opens it read-only and hashes it in one pass.

    Args:
        path: of a regular file; a symbolic link is followed.

    Returns:
        The evidence with SHA-256, SHA-512 and the number of bytes that were hashed.

    Raises:
        UnreadableEvidence: missing, no permission, empty, or reading failed.
        UnsupportedEvidence: not a regular file.
    """
    sha256, sha512, size_bytes = hashlib.sha256(), hashlib.sha512(), 0
    descriptor = open_read_only(path)
    try:
        while chunk := os.read(descriptor, _CHUNK_BYTES):
            sha256.update(chunk)
            sha512.update(chunk)
            size_bytes += len(chunk)
    except OSError as error:
        raise UnreadableEvidence(_reason(error)) from error
    finally:
        os.close(descriptor)
    if size_bytes == 0:
        raise UnreadableEvidence("the file is empty")
    return Evidence(os.fsdecode(path), sha256.hexdigest(), sha512.hexdigest(), size_bytes)


def open_sealed(evidence: Evidence) -> int:
    """Opens a file that was sealed, as ``open_read_only`` does.

    Args:
        evidence: as it was sealed.

    Returns:
        The descriptor; the caller closes it.

    Raises:
        UnreadableEvidence, UnsupportedEvidence: as for ``open_read_only``.
        EvidenceChanged: it has another size now.
    """
    descriptor = open_read_only(evidence.path)
    size_bytes = os.fstat(descriptor).st_size
    if size_bytes == evidence.size_bytes:
        return descriptor
    os.close(descriptor)
    raise EvidenceChanged(f"the file changed after it was hashed: it had {evidence.size_bytes} bytes, now {size_bytes}")


def recheck(evidence: Evidence) -> None:
    """Hashes the file again and compares.

    Args:
        evidence: as it was sealed.

    Raises:
        EvidenceChanged: a hash differs, or the file can no longer be read.
    """
    try:
        now = seal(evidence.path)
    except EvidenceError as error:
        raise EvidenceChanged(f"the file could be read before it was examined, and cannot be now: {error}") from error
    if now != evidence:
        raise EvidenceChanged(
            f"the file changed while it was examined: SHA-256 was {evidence.sha256}, is now {now.sha256}"
        )


def _open(path: str | os.PathLike[str] | bytes) -> int:
    no_access_time = getattr(os, "O_NOATIME", 0)
    try:
        return os.open(path, _FLAGS | no_access_time)
    except PermissionError:
        # Only a file's owner may leave its access time alone; others read it the ordinary way.
        return os.open(path, _FLAGS)


def _require_regular(mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kind = next((name for test, name in _KINDS if test(mode)), "not a regular file")
    raise UnsupportedEvidence(f"this is {kind}; only regular files are examined")


def _reason(error: OSError) -> str:
    # Never str(error): it holds the file's name, raw.
    number = error.errno or 0
    return _REASONS.get(number) or f"the system cannot read it: {os.strerror(number)}"
