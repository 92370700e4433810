"""Evidence: a file as it was received, with its hash. Opened read-only, hashed before and after."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass

from fakeface.errors import EvidenceChanged, SettingsError, UnreadableEvidence, UnsupportedEvidence

__all__ = ["Evidence", "recheck", "seal"]


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
