"""Which pictures are opened: recognised by their first bytes, never by their name, and only those on the allow-list."""

from __future__ import annotations

from typing import BinaryIO

# All of the allow-list is registered here, so that Pillow never goes on to load its forty other formats.
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,
    WebPImagePlugin,  # noqa: F401
)

from fakeface.decoder.signatures import FILM_FORMATS, HEAD_BYTES, film_container, iso_picture, other_kind
from fakeface.errors import UnsupportedEvidence

try:
    import pillow_heif
except ImportError:
    HAS_HEIF = False
else:
    HAS_HEIF = True

__all__ = ["FORMATS", "HAS_HEIF", "prepare", "recognise"]

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF")
"""All formats that can ever be opened; AVIF and HEIF only where their libraries are there."""

_TIFF_STARTS = tuple(TiffImagePlugin.PREFIXES)


def prepare() -> None:
    """Registers HEIF where pillow-heif is installed, and keeps the decoders to one thread, so that limits bind."""
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    if HAS_HEIF:
        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def recognise(file: BinaryIO) -> str:
    """Names the format of a picture by its first bytes.

    Args:
        file: seekable; left at its start.

    Returns:
        One of ``FORMATS``.

    Raises:
        UnsupportedEvidence: no format of the allow-list, or its library is not installed.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    name = _name(head)
    if name == "HEIF" and not HAS_HEIF:
        raise UnsupportedEvidence("HEIF pictures need an extra package: pip install 'fakeface[heif]'")
    if name == "AVIF" and not AvifImagePlugin.SUPPORTED:
        raise UnsupportedEvidence("this installation of Pillow cannot decode AVIF pictures")
    if name:
        return name
    other = other_kind(head)
    prefix = f"the content is {other}; " if other else "the content is not a picture that can be examined; "
    if film_container(head):
        raise UnsupportedEvidence(f"{prefix}films are examined by fakeface video")
    raise UnsupportedEvidence(
        f"{prefix}supported are pictures in {', '.join(FORMATS)} and, by fakeface video, films in "
        f"{', '.join(FILM_FORMATS)}"
    )


def _name(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(_TIFF_STARTS):
        return "TIFF"
    if head.startswith(b"BM"):
        return "BMP"
    return iso_picture(head)
