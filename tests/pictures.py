"""Pictures on disk for tests: real files, some of a kind that Pillow does not write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fakeface.backends.stills import StillSource
from fakeface.evidence import Evidence, seal


def png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for what Pillow does not write. ``rows`` with the filter byte of each."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))

    header = struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + pixels + chunk(b"IEND", b"")


def png16(samples: NDArray[np.uint16], colour: int) -> bytes:
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return png(width, height, 16, colour, rows)


def saved(path: Path, image: Image.Image, **options: object) -> Evidence:
    image.save(path, **options)  # type: ignore[arg-type]
    return seal(path)


def written(path: Path, content: bytes) -> Evidence:
    path.write_bytes(content)
    return seal(path)


def pixels_and_notes(source: StillSource) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    (frame,) = source.frames()
    return frame.pixels, frame.notes
