"""The exception tree of fakeface. Every error says what went wrong with which thing, and carries its exit code.

FakefaceError
├── SettingsError              the request contradicts itself                      exit 2
├── EvidenceError              one input cannot be examined                        exit 3
│   ├── UnreadableEvidence     missing, no permission, truncated, damaged
│   ├── OutOfRange             a film without a frame in the range that was asked for
│   ├── UnsupportedEvidence    not a picture, or a format outside the allow-list
│   ├── EvidenceTooLarge       more pixels than the cap
│   └── DecoderFailed          the decoding child died, ran out of memory or time
├── IntegrityError             a hash is not what it must be                       exit 4
│   ├── EvidenceChanged        the file changed while it was examined
│   └── WeightsMismatch        a weight file is not the one the profile names
├── WeightsError               weights are absent or unusable                      exit 5
├── BackendError               a library or device is missing, or a model failed   exit 5
└── OutputError                the case folder cannot be used                      exit 2
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "DecoderFailed",
    "EvidenceChanged",
    "EvidenceError",
    "EvidenceTooLarge",
    "FakefaceError",
    "IntegrityError",
    "OutOfRange",
    "OutputError",
    "SettingsError",
    "UnreadableEvidence",
    "UnsupportedEvidence",
    "WeightsError",
    "WeightsMismatch",
]


class FakefaceError(Exception):
    """Base of all errors that fakeface raises on purpose; ``exit_code`` is the process status it leads to."""

    exit_code = 1


class SettingsError(FakefaceError):
    """A setting or request is contradictory or out of range."""

    exit_code = 2


class OutputError(FakefaceError):
    """The place for results is refused: it exists, lies inside the evidence, or belongs to another request."""

    exit_code = 2


class EvidenceError(FakefaceError):
    """One input could not be examined; the others go on. ``code`` is a stable word for the record."""

    exit_code = 3
    code = "unreadable"


class UnreadableEvidence(EvidenceError):
    """The file is missing, not permitted, empty, truncated or damaged."""


class OutOfRange(EvidenceError):
    """A film is sound, and has no frame in the range that was asked for."""

    code = "out_of_range"


class UnsupportedEvidence(EvidenceError):
    """The content is not a picture of a format on the allow-list, or the path is not a regular file."""

    code = "unsupported"


class EvidenceTooLarge(EvidenceError):
    """The header announces more pixels than the cap; nothing was decoded."""

    code = "too_large"


class DecoderFailed(EvidenceError):
    """The decoding child process died, or passed its limit of memory or time."""

    code = "decoder_failed"


class IntegrityError(FakefaceError):
    """A hash differs from the one it must have."""

    exit_code = 4


class EvidenceChanged(IntegrityError):
    """The evidence file's hash after examination differs from the one before."""


class WeightsMismatch(IntegrityError):
    """A weight file's SHA-256 differs from the one its profile states."""


class WeightsError(FakefaceError):
    """Weights are missing or do not fit the network."""

    exit_code = 5


class BackendError(FakefaceError):
    """A library, device or model is missing or failed."""

    exit_code = 5
