"""Films that were cut off are known by the structure of their files, however little is missing."""

from __future__ import annotations

import os
import re
from fractions import Fraction
from pathlib import Path

import pytest

from fakeface.backends.film_ending import FilmEnding, read_ending
from fakeface.backends.films import FilmDecoder
from fakeface.decoder.signatures import HEAD_BYTES, film_container
from fakeface.evidence import seal
from fakeface.settings import FilmSettings

from . import films_data as data

MPEG4 = ("-c:v", "mpeg4", "-q:v", "4")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "10")
KEYS = ("-g", "10", "-keyint_min", "10")
FRAGMENTS = (*KEYS, "-movflags", "frag_keyframe+empty_moov")
LIVE = (*KEYS, "-cluster_time_limit", "400", "-f", "matroska", "-live", "1")

KINDS = [
    ("a.avi", MPEG4, "the part RIFF"),
    ("a.mp4", ("-movflags", "+faststart"), "the part mdat"),
    ("b.mp4", FRAGMENTS, "the part (moof|mdat)"),
    ("a.mov", ("-movflags", "+faststart"), "the part mdat"),
    ("a.mkv", (), "the part Segment"),
    ("a.webm", VP8, "the part Segment"),
]


def ending(path: Path) -> FilmEnding:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        container = film_container(os.pread(descriptor, HEAD_BYTES, 0))
        return read_ending(descriptor, path.stat().st_size, container)
    finally:
        os.close(descriptor)


def shortened(path: Path, missing: int) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[:-missing])
    return path


@pytest.mark.parametrize(("name", "arguments", "part"), KINDS, ids=[name for name, _, _ in KINDS])
def test_a_file_that_was_cut_off_is_known_and_a_complete_one_is_not(
    tmp_path: Path, name: str, arguments: tuple[str, ...], part: str
) -> None:
    path = data.numbered(tmp_path / name, 30, *arguments)
    whole = ending(path)
    assert (whole.cut, whole.open) == ("", False)
    size = path.stat().st_size
    for share in (0.95, 0.5):
        data.cut_off(tmp_path / "cut", path, share)
        said = re.match(f"{part} reaches (?P<missing>\\d+) bytes beyond the end", ending(tmp_path / "cut").cut)
        assert said is not None
        assert 0 < int(said["missing"]) <= size - int(size * share)


@pytest.mark.parametrize(
    ("name", "arguments", "share"),
    [("a.avi", MPEG4, 0.7), ("a.mp4", ("-movflags", "+faststart"), 0.9), ("b.mp4", FRAGMENTS, 0.6)],
    ids=["avi", "faststart", "fragments"],
)
def test_a_film_that_was_cut_off_is_not_whole_and_says_why(
    tmp_path: Path, name: str, arguments: tuple[str, ...], share: float
) -> None:
    path = data.numbered(tmp_path / name, 40, *arguments)
    assert FilmDecoder(FilmSettings()).open(seal(path)).facts.whole
    facts = FilmDecoder(FilmSettings()).open(seal(data.cut_off(path, path, share))).facts
    assert not facts.whole
    assert any("beyond the end of the file: consistent with a file that was cut off" in note for note in facts.notes)


def test_a_live_film_is_known_to_be_cut_only_inside_a_part(tmp_path: Path) -> None:
    path = data.numbered(tmp_path / "a.mkv", 40, *LIVE)
    assert ending(path) == FilmEnding(open=True)
    facts = FilmDecoder(FilmSettings()).open(seal(path)).facts
    assert facts.whole
    assert any("does not say where it ends" in note and "cannot be known" in note for note in facts.notes)
    assert " beyond the end of the file" in ending(shortened(path, 3)).cut


def test_a_film_in_fragments_without_their_index_does_not_say_where_it_ends(tmp_path: Path) -> None:
    path = data.numbered(tmp_path / "a.mp4", 30, *FRAGMENTS)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"mfra") - 4])
    assert ending(path) == FilmEnding(open=True)


def test_an_avi_film_whose_size_fits_is_still_held_to_the_frames_that_its_head_announces(tmp_path: Path) -> None:
    path = data.cut_off(tmp_path / "a.avi", data.numbered(tmp_path / "whole.avi", 75, *MPEG4), 0.4)
    content = bytearray(path.read_bytes())
    content[4:8] = (len(content) - 8).to_bytes(4, "little")
    path.write_bytes(content)
    assert ending(path) == FilmEnding(announced_seconds=Fraction(3))
    facts = FilmDecoder(FilmSettings()).open(seal(path)).facts
    assert not facts.whole
    assert any("announces 3 s" in note for note in facts.notes)


def test_an_avi_film_that_counts_its_own_head_is_complete(tmp_path: Path) -> None:
    path = data.numbered(tmp_path / "a.avi", 10, *MPEG4)
    content = bytearray(path.read_bytes())
    content[4:8] = len(content).to_bytes(4, "little")
    path.write_bytes(content)
    assert ending(path).cut == ""


def test_bytes_behind_a_film_are_no_part_of_it(tmp_path: Path) -> None:
    for name, arguments, _ in KINDS[:2] + KINDS[4:5]:
        path = data.numbered(tmp_path / name, 10, *arguments)
        path.write_bytes(path.read_bytes() + b"\x7fnote added by a camera" * 4)
        assert ending(path).cut == ""


_BOX = b"\0\0\0\x10ftypisom\0\0\0\0"


@pytest.mark.parametrize(
    "content",
    [
        _BOX + b"\0\0\0\x02moov" + bytes(40),
        _BOX + b"\0\0\0\x01moov" + bytes(40),
        _BOX + (b"\0\0\0\x08free" * 5000),
        _BOX + b"\0\0\0",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x1f\x43\xb6\x75\xff" + b"\xe7\xff" * 200,
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\0\0\0",
        b"RIFF\x04\0\0\0AVI RIFF\0\0\0\0AVI ",
        b"RIFF\xff\xff\xff\xffAVI LIST" + b"\xff" * 60,
    ],
)
def test_absurd_sizes_say_nothing_and_do_no_harm(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    assert ending(tmp_path / "a").cut == ""


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (_BOX + b"\0\0\0\x01mdat" + b"\xff" * 8, "the part mdat reaches 18446744073709551599 bytes"),
        (b"\x1a\x45\xdf\xa3\x08" + b"\xff" * 7 + bytes(50), "a part reaches 4294967242 bytes"),
    ],
    ids=["mdat", "matroska"],
)
def test_the_largest_size_is_a_number_like_others(tmp_path: Path, content: bytes, part: str) -> None:
    (tmp_path / "a").write_bytes(content)
    assert ending(tmp_path / "a").cut.startswith(part)


def test_a_box_that_reaches_to_the_end_wherever_that_is_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(_BOX + b"\0\0\0\0mdat" + bytes(40))
    assert ending(tmp_path / "a") == FilmEnding(open=True)
