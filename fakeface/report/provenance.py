"""What a run says of the program it ran in: versions of libraries, and the time."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

__all__ = ["library_versions", "utc_now"]

LIBRARIES = (
    "dlib-bin",
    "ffmpeg-python",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "pydantic",
    "reportlab",
    "safetensors",
    "segment-anything",
    "tokenizers",
    "torch",
    "transformers",
)
"""Libraries whose versions stand in the record."""


def library_versions() -> dict[str, str]:
    """Version of every library of ``LIBRARIES`` that is installed."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def utc_now() -> str:
    """Now in UTC to the second, as ISO 8601 writes it (``2026-01-02T03:04:05Z``)."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
