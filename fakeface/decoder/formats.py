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

_HEAD_BYTES = 64
_TIFF_STARTS = tuple(TiffImagePlugin.PREFIXES)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})

# Only to name in the refusal what an analyst may have mixed up with a picture.
_OTHERS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (0, b"PK\x03\x04", "a ZIP archive or office document"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (8, b"AVI ", "an AVI video"),
    (4, b"ftyp", "a video or another ISO media file"),
    (0, b"<?xml", "an XML document"),
    (0, b"<svg", "an SVG drawing"),
)


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
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    name = _name(head)
    if name == "HEIF" and not HAS_HEIF:
        raise UnsupportedEvidence("HEIF pictures need an extra package: pip install 'fakeface[heif]'")
    if name == "AVIF" and not AvifImagePlugin.SUPPORTED:
        raise UnsupportedEvidence("this installation of Pillow cannot decode AVIF pictures")
    if name:
        return name
    other = next((kind for at, magic, kind in _OTHERS if head.startswith(magic, at)), "")
    prefix = f"the content is {other}; " if other else "the content is not a picture that can be examined; "
    raise UnsupportedEvidence(f"{prefix}supported are {', '.join(FORMATS)}")


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
    return _iso_name(head) if head[4:8] == b"ftyp" else ""


def _iso_name(head: bytes) -> str:
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, box_end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else ""
