"""What the first bytes of a file say of its content. Names are never asked."""

from __future__ import annotations

__all__ = ["FILM_FORMATS", "HEAD_BYTES", "film_container", "iso_picture", "other_kind"]

HEAD_BYTES = 64
"""How many bytes are looked at."""

FILM_FORMATS = ("MP4", "MOV", "MKV", "WebM", "AVI")
"""Films that are examined."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_MOV_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})

# Only to name in the refusal what an analyst may have mixed up.
_OTHERS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%!PS", "a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (0, b"PK\x03\x04", "a ZIP archive or office document"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM video"),
    (8, b"AVI ", "an AVI video"),
    (4, b"ftyp", "a video or another ISO media file"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"G@\x00\x10", "an MPEG transport stream"),
    (0, b"G@\x11\x10", "an MPEG transport stream"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
    (0, b"<?xml", "an XML document"),
    (0, b"<svg", "an SVG drawing"),
    (0, b"#EXTM3U", "a playlist"),
    (0, b"ffconcat", "a list of files to be joined"),
)


def iso_picture(head: bytes) -> str:
    """``AVIF`` or ``HEIF`` where an ISO media file holds such a picture; else empty.

    Args:
        head: the first ``HEAD_BYTES``.
    """
    if head[4:8] != b"ftyp":
        return ""
    box_end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, box_end, 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else ""


def film_container(head: bytes) -> str:
    """Name of ffmpeg's demuxer for a film (``mov``, ``matroska`` or ``avi``); empty where the content is none.

    Args:
        head: the first ``HEAD_BYTES``.
    """
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if iso_picture(head):
        return ""
    return "mov" if head[4:8] == b"ftyp" or head[4:8] in _MOV_ATOMS else ""


def other_kind(head: bytes) -> str:
    """What a file is that cannot be examined, in words ("a PDF document"); empty where it is not known.

    Args:
        head: the first ``HEAD_BYTES``.
    """
    return next((kind for at, magic, kind in _OTHERS if head.startswith(magic, at)), "")
