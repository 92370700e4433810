"""Whether a film's file is shorter than its own structure says, from the few bytes at the heads of its parts.

Decoders read a file that was cut off as far as it goes, and some estimate a shorter duration for it. The parts of a
container state their sizes, so a part that reaches beyond the end of the file tells that something is missing. Sizes
are only compared and added, never used to reserve memory, and the number of parts that are looked at is bounded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["FilmEnding", "read_ending"]

_MOST_PARTS = 1 << 20
"""Parts whose heads are looked at; a file with more is not judged by the others."""

_SLACK_BYTES = 8
"""Some writers count the head of the outermost part of an AVI film in its size."""

_BOXES = frozenset(
    {b"ftyp", b"styp", b"pdin", b"moov", b"moof", b"mdat", b"imda", b"mfra", b"free", b"skip", b"wide", b"pnot"}
    | {b"sidx", b"ssix", b"prft", b"emsg", b"meta", b"uuid", b"udta"}
)
"""Parts of an ISO media file. Other bytes behind its last one are no part of it, and their size says nothing."""

_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675
_ELEMENTS = frozenset(
    {0x1A45DFA3, _SEGMENT, _CLUSTER, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770}
    | {0x1254C367, 0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854, 0xAF, 0xEC, 0xBF}
)
"""Elements of Matroska down to the blocks of a cluster."""


@dataclass(frozen=True, slots=True)
class FilmEnding:
    """What the structure of a film's file says of its end.

    Args:
        cut: why the file is shorter than it should be, a sentence; empty where nothing speaks for that.
        open: whether the file does not say where it ends.
        announced_seconds: length that the pictures announce in the head of an AVI film; ``None`` elsewhere.
    """

    cut: str = ""
    open: bool = False
    announced_seconds: Fraction | None = None


Read = Callable[[int, int], bytes]
"""Gives so many bytes from an offset on; fewer at the end of the file."""


def read_ending(descriptor: int, size_bytes: int, container: str) -> FilmEnding:
    """Looks at the structure of a film's file.

    Args:
        descriptor: of the file; its position is left as it is.
        size_bytes: of the file.
        container: demuxer of its content (``film_container``); empty for what is no film, of which nothing is said.
    """

    def read(offset: int, count: int) -> bytes:
        return os.pread(descriptor, count, offset) if offset < size_bytes else b""

    if container == "avi":
        return _avi(read, size_bytes)
    if container == "matroska":
        return _matroska(read, size_bytes)
    return _iso(read, size_bytes) if container == "mov" else FilmEnding()


def _cut(part: str, missing: int) -> str:
    return (
        f"{part} reaches {missing} bytes beyond the end of the file: consistent with a file that was cut off or never "
        "finished"
    )


def _avi(read: Read, size_bytes: int) -> FilmEnding:
    """The outermost parts, of which long films have several, and the head of the pictures."""
    head = read(32, 40)
    length = None
    if read(24, 4) == b"avih" and len(head) == 40:
        length = Fraction(_little(head[:4]) * _little(head[16:20]), 1_000_000) or None
    offset = 0
    for _ in range(_MOST_PARTS):
        part = read(offset, 8)
        if part[:4] != b"RIFF" or len(part) < 8:
            break
        size = _little(part[4:])
        if size in (0, 0xFFFFFFFF):
            return FilmEnding(open=True, announced_seconds=length)
        end = offset + 8 + size
        if end > size_bytes + _SLACK_BYTES:
            return FilmEnding(_cut("the part RIFF", end - size_bytes), announced_seconds=length)
        offset = end + end % 2
    return FilmEnding(announced_seconds=length)


def _iso(read: Read, size_bytes: int) -> FilmEnding:
    """The boxes of the outermost level. A film in fragments says by an index of them alone that it is complete."""
    kinds: set[bytes] = set()
    for kind, end in _boxes(read):
        kinds.add(kind)
        if end is None:
            return FilmEnding(open=kind == b"mdat")
        if end > size_bytes:
            return FilmEnding(_cut(f"the part {kind.decode('ascii')}", end - size_bytes))
    return FilmEnding(open=b"moof" in kinds and not kinds & {b"mfra", b"sidx"})


def _boxes(read: Read) -> Iterator[tuple[bytes, int | None]]:
    """Kind and end of each box; the end is ``None`` for one that reaches to the end of the file, wherever that is."""
    offset = 0
    for _ in range(_MOST_PARTS):
        head = read(offset, 16)
        kind, size, least = head[4:8], int.from_bytes(head[:4], "big"), 8
        if kind not in _BOXES:
            return
        if size == 1:
            size, least = int.from_bytes(head[8:16], "big"), 16
        if size == 0:
            yield kind, None
            return
        if size < least:
            return
        offset += size
        yield kind, offset


def _matroska(read: Read, size_bytes: int) -> FilmEnding:
    """Elements one after the other; those of unknown size are entered, others passed over."""
    offset, unknown = 0, False
    for _ in range(_MOST_PARTS):
        kind, size, length = _element(read(offset, 12))
        if kind not in _ELEMENTS:
            break
        offset += length
        if size is None:
            if kind not in (_SEGMENT, _CLUSTER):
                break
            unknown = True
            continue
        offset += size
        if offset > size_bytes:
            name = {_SEGMENT: "the part Segment", _CLUSTER: "a part Cluster"}.get(kind, "a part")
            return FilmEnding(_cut(name, offset - size_bytes))
    return FilmEnding(open=unknown)


def _element(head: bytes) -> tuple[int, int | None, int]:
    """Identifier, size of the content (``None`` where it is not known) and length of the head of an element.

    The identifier is 0 where there is none.
    """
    wide = _width(head[:1])
    size_wide = _width(head[wide : wide + 1])
    if not wide or wide > 4 or not size_wide or len(head) < wide + size_wide:
        return 0, None, 0
    most = (1 << 7 * size_wide) - 1
    size = int.from_bytes(head[wide : wide + size_wide], "big") & most
    return int.from_bytes(head[:wide], "big"), None if size == most else size, wide + size_wide


def _width(first: bytes) -> int:
    """Bytes of a number of variable length, told by the leading zeros of its first byte; 0 where it is none."""
    return 9 - first[0].bit_length() if first and first[0] else 0


def _little(number: bytes) -> int:
    return int.from_bytes(number, "little")
