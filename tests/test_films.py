"""Films: real ones of every format, good and bad, decoded by the ffmpeg at hand. Every frame shows its own number."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from fakeface.backends import ffmpeg
from fakeface.backends.films import FilmDecoder, FilmSource, looks_like_film
from fakeface.errors import (
    BackendError,
    DecoderFailed,
    EvidenceChanged,
    EvidenceError,
    EvidenceTooLarge,
    SettingsError,
    UnreadableEvidence,
    UnsupportedEvidence,
)
from fakeface.evidence import recheck, seal
from fakeface.films import STEPS
from fakeface.sampling import SampledFrame, Sampling
from fakeface.settings import FilmSettings

from . import films_data as data

EVERY = Sampling(every=1)
VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:pools=1")
MJPEG = ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p")


def opened(path: Path, settings: FilmSettings | None = None) -> FilmSource:
    return FilmDecoder(settings or FilmSettings()).open(seal(path))


def numbers(frames: list[SampledFrame]) -> list[int]:
    return [data.number_of(one.frame.pixels) for one in frames]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames of H.264 in MP4, 25 per second."""
    return data.numbered(tmp_path_factory.mktemp("plain") / "plain.mp4")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 frames of H.264 in MP4 whose index comes first."""
    return data.numbered(tmp_path_factory.mktemp("long") / "long.mp4", 100, "-movflags", "+faststart")


@pytest.mark.parametrize(
    ("name", "arguments", "codec", "container"),
    [
        ("a.mp4", (), "h264", "mov,mp4"),
        ("a.avi", (), "h264", "avi"),
        ("a.mov", (*HEVC, "-tag:v", "hvc1"), "hevc", "mov,mp4"),
        ("a.mkv", HEVC, "hevc", "matroska"),
        ("a.webm", VP9, "vp9", "matroska"),
        ("a.mkv", ("-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8"), "av1", "matroska"),
        ("b.avi", MJPEG, "mjpeg", "avi"),
    ],
    ids=["h264-mp4", "h264-avi", "hevc-mov", "hevc-mkv", "vp9-webm", "av1-mkv", "mjpeg-avi"],
)
def test_every_frame_carries_its_index_and_its_exact_time(
    tmp_path: Path, name: str, arguments: tuple[str, ...], codec: str, container: str
) -> None:
    film = opened(data.numbered(tmp_path / name, 30, *arguments))
    frames = list(film.sampled(EVERY))
    assert numbers(frames) == [one.frame.index for one in frames] == list(range(30))
    first = frames[0].frame.time_seconds
    assert first is not None
    assert [one.frame.time_seconds for one in frames] == [first + Fraction(index, 25) for index in range(30)]
    facts = film.facts
    assert (facts.codec, facts.width, facts.height, facts.rate) == (codec, 192, 144, 25)
    assert facts.container.startswith(container)
    assert facts.decoder == str(ffmpeg.find_program())
    assert (facts.variable_rate, facts.interlaced, facts.rotation, facts.audio) == (False, False, 0, ())
    counts = film.counts_so_far()
    assert (counts.decoded, counts.damaged, counts.sampled) == (30, 0, 30)
    assert (counts.first_seconds, counts.last_seconds) == (first, first + Fraction(29, 25))
    assert frames[0].frame_type == "I"
    assert {one.frame_type for one in frames} <= set("IPB")


def test_pixels_are_upright_rgb_as_they_were_drawn(tmp_path: Path) -> None:
    film = opened(data.write_film(tmp_path / "a.mp4", data.astronaut_pan(5), "-crf", "4", "-preset", "veryfast"))
    drawn = list(data.astronaut_pan(5))
    for one in film.sampled(EVERY):
        pixels = one.frame.pixels
        assert pixels.shape == (320, 320, 3)
        assert np.abs(pixels.astype(int) - drawn[one.frame.index]).mean() < 3
        assert not pixels.flags.writeable


def test_times_of_television_are_fractions_of_1001(tmp_path: Path) -> None:
    film = opened(data.numbered(tmp_path / "a.mov", 12, rate=Fraction(30000, 1001)))
    assert film.facts.rate == Fraction(30000, 1001)
    assert list(film.times) == [Fraction(1001 * index, 30000) for index in range(12)]
    rounded = opened(data.numbered(tmp_path / "a.mkv", 40, rate=Fraction(30000, 1001)))
    assert rounded.facts.rate == Fraction(30000, 1001)
    assert not rounded.facts.variable_rate
    assert rounded.times[1] == Fraction(33, 1000)


def test_a_film_of_variable_rate_keeps_every_time(tmp_path: Path) -> None:
    film = opened(data.variable(tmp_path / "a.mp4"))
    assert film.facts.variable_rate
    frames = list(film.sampled(EVERY))
    shown = range(len(frames))
    assert len(shown) >= 39  # version 7 of ffmpeg writes one frame less
    assert numbers(frames) == list(shown)
    assert [one.frame.time_seconds for one in frames] == [Fraction(n + 5 * (n // 10), 25) for n in shown]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_held_sideways_is_turned_upright(tmp_path: Path, plain: Path, degrees: int) -> None:
    film = opened(data.rotated(tmp_path / "a.mp4", degrees, plain))
    one = film.frame_at(37)
    size = (192, 144) if degrees == 180 else (144, 192)
    assert film.facts.rotation == degrees
    assert (film.facts.width, film.facts.height) == (one.frame.width, one.frame.height) == size
    assert data.number_of(np.rot90(one.frame.pixels, degrees // 90)) == 37
    assert f"rotated {degrees} degrees clockwise, as the file says" in one.frame.notes
    assert all(note.startswith(STEPS) for note in film.facts.notes)


def test_woven_fields_are_separated_and_said_so(tmp_path: Path) -> None:
    film = opened(data.interlaced(tmp_path / "a.mp4"))
    assert film.facts.interlaced
    frames = list(film.sampled(EVERY))
    assert numbers(frames) == list(range(40))
    assert [one.frame.time_seconds for one in frames] == [Fraction(index, 25) for index in range(40)]
    moving = frames[10].frame.pixels[44:110].astype(int)
    combing = np.abs(moving[1:-1] - (moving[:-2] + moving[2:]) / 2).mean()
    assert combing < 2, "neighbouring lines still show two moments"
    assert any("deinterlaced" in note for note in frames[10].frame.notes)
    assert all(note.startswith(STEPS) for note in film.facts.notes)


def test_ten_bits_become_eight_and_the_film_says_so(tmp_path: Path) -> None:
    film = opened(data.numbered(tmp_path / "a.mkv", 8, *HEVC, "-pix_fmt", "yuv420p10le"))
    assert film.facts.pixel_format == "yuv420p10le"
    assert numbers(list(film.sampled(EVERY))) == list(range(8))
    assert film.facts.notes == ("converted from yuv420p10le (tv) to RGB with 8 bits per colour",)


HDR = (*HEVC[:-1], f"{HEVC[-1]}:transfer=smpte2084:colorprim=bt2020:colormatrix=bt2020nc")


@pytest.mark.parametrize(
    ("name", "arguments", "note"),
    [
        ("a.mp4", ("-vf", "setsar=4/3"), "pixels are not square; frames are not stretched"),
        ("a.mkv", HDR, "the film has a high dynamic range; its tones are not adapted"),
        ("a.mkv", ("-map", "0", "-map", "0"), "the film holds 2 streams of pictures; the first one is examined"),
        ("a.mkv", ("-output_ts_offset", "5"), "the first frame is presented at 5 s"),
    ],
    ids=["pixel-aspect", "high-dynamic-range", "two-streams", "late-start"],
)
def test_what_is_odd_about_a_film_is_said(tmp_path: Path, name: str, arguments: tuple[str, ...], note: str) -> None:
    film = opened(data.numbered(tmp_path / name, 6, *arguments))
    assert note in film.facts.notes
    assert film.facts.whole == ("streams of pictures" not in note), "what another stream shows is not known"
    assert numbers(list(film.sampled(EVERY))) == list(range(6))


def test_sound_that_outlasts_the_pictures_is_thought_of(tmp_path: Path) -> None:
    path, both = tmp_path / "a.mp4", ("-map", "0:v", "-map", "1:a", "-c", "copy")
    film, sound = data.numbered(tmp_path / "pictures.mp4", 6), data.sound_only(tmp_path / "tone.mp4", 4)
    data.run_ffmpeg("-i", str(film), "-i", str(sound), *both, str(path))
    facts = opened(path).facts
    [note] = [note for note in facts.notes if "announces" in note]
    assert note.endswith("cut off, damaged or edited, or with sound that outlasts the pictures")
    assert not facts.whole


def test_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    source = data.sound_only(tmp_path / "tone.mp4")
    cover = data.write_film(tmp_path / "cover.png", [data.drawn(0)], "-c:v", "png", "-pix_fmt", "rgb24")
    path = tmp_path / "a.mp4"
    both = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic")
    data.run_ffmpeg("-i", str(source), "-i", str(cover), *both, str(path))
    with pytest.raises(UnsupportedEvidence, match="sound alone"):
        opened(path)


def test_sound_is_described_and_changes_nothing(tmp_path: Path) -> None:
    film = opened(data.with_sound(tmp_path / "a.mp4"))
    assert len(film.facts.audio) == 1
    assert film.facts.audio[0].startswith("aac")
    assert "44100 Hz, mono" in film.facts.audio[0]
    assert numbers(list(film.sampled(EVERY))) == list(range(25))


def test_cuts_begin_shots_and_mark_the_first_sampled_frame_behind_them(tmp_path: Path) -> None:
    coffee = np.ascontiguousarray(skimage.data.coffee()[:320, :320])
    scenes = [*data.astronaut_pan(20), *([coffee] * 15), *data.astronaut_pan(10)]
    film = opened(data.write_film(tmp_path / "a.mp4", scenes))
    assert [(shot.number, shot.start_seconds, shot.end_seconds) for shot in film.shots] == [
        (1, 0, Fraction(20, 25)),
        (2, Fraction(20, 25), Fraction(35, 25)),
        (3, Fraction(35, 25), Fraction(45, 25)),
    ]
    sampled = list(film.sampled(Sampling(every=8)))
    assert [(one.frame.index, one.shot, one.cut) for one in sampled] == [
        (0, 1, False),
        (8, 1, False),
        (16, 1, False),
        (24, 2, True),
        (32, 2, False),
        (40, 3, True),
    ]
    assert [one.cut for one in film.sampled(Sampling(every=8), after=32)] == [True]
    assert [one.frame.index for one in film.sampled(Sampling(scenes=1))] == [10, 27, 40]


def test_a_change_of_size_begins_a_shot_and_every_frame_keeps_its_own_size(tmp_path: Path) -> None:
    film = opened(data.resized(tmp_path / "a.webm"))
    frames = list(film.sampled(Sampling(every=3)))
    assert numbers(frames) == [one.frame.index for one in frames] == list(range(0, 40, 3))
    sizes = [(one.frame.width, one.frame.height) for one in frames]
    assert sizes == [(192, 144) if index < 20 else (320, 240) for index in range(0, 40, 3)]
    assert [one.frame.index for one in frames if one.cut] == [21]
    assert len(film.shots) == 2
    assert any("192 x 144 from frame 0, 320 x 240 from frame 20" in note for note in film.facts.notes)


def test_a_resumed_reading_gives_the_rest_of_the_same_frames(plain: Path) -> None:
    whole = list(opened(plain).sampled(Sampling(every=4)))
    film = opened(plain)
    rest = list(film.sampled(Sampling(every=4), after=whole[5].frame.index))
    assert [one.frame.pixels_sha256() for one in rest] == [one.frame.pixels_sha256() for one in whole[6:]]
    assert film.counts_so_far().sampled == len(whole)
    assert list(film.sampled(Sampling(every=4), after=39)) == []


def test_single_frames_can_be_had_again_with_the_same_pixels(plain: Path) -> None:
    film = opened(plain)
    first = {one.frame.index: one for one in film.sampled(EVERY)}
    again = list(film.frames_at([31, 2, 31]))
    assert [one.frame.index for one in again] == [2, 31]
    for one in [*again, film.frame_at(7)]:
        before = first[one.frame.index]
        assert one.frame.pixels_sha256() == before.frame.pixels_sha256()
        assert (one.frame.time_seconds, one.frame_type) == (before.frame.time_seconds, before.frame_type)
    with pytest.raises(IndexError, match="40 frames"):
        film.frame_at(40)


def test_two_readings_of_a_film_give_the_same_bytes(plain: Path) -> None:
    hashes = [[one.frame.pixels_sha256() for one in opened(plain).sampled(Sampling(frames=5))] for _ in range(2)]
    assert hashes[0] == hashes[1]


def test_more_frames_than_a_command_line_holds_are_all_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakeface.backends.film_commands._MOST_SELECTED", 5)
    film = opened(data.numbered(tmp_path / "a.mp4", 40))
    assert numbers(list(film.sampled(Sampling(every=5)))) == [0, 5, 10, 15, 20, 25, 30, 35]


def test_hundreds_of_frames_with_gaps_between_them_are_all_given(tmp_path: Path) -> None:
    film = opened(data.numbered(tmp_path / "a.mp4", 450))
    assert numbers(list(film.sampled(Sampling(every=2)))) == list(range(0, 450, 2))


def test_a_reading_that_is_given_up_leaves_no_program_behind(plain: Path) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not list the children of a process")
    before = children.read_text()
    frames = opened(plain).sampled(EVERY)
    next(frames)
    assert children.read_text() != before
    frames.close()  # type: ignore[attr-defined]
    assert children.read_text() == before


def test_progress_tells_how_far_the_first_reading_has_come(long: Path) -> None:
    told: list[tuple[Fraction, Fraction | None]] = []
    FilmDecoder(FilmSettings()).open(seal(long), lambda reached, length: told.append((reached, length)))
    reached = [one for one, _ in told]
    assert reached
    assert reached == sorted(reached)
    assert reached[-1] <= Fraction(99, 25)
    assert {length for _, length in told} == {Fraction(4)}


def test_damaged_pictures_are_counted_and_the_others_go_on(tmp_path: Path) -> None:
    source = data.numbered(tmp_path / "a.avi", 40, *MJPEG)
    content = source.read_bytes()
    scans = [at for at in range(len(content)) if content.startswith(b"\xff\xda", at)]
    places = [(scans[index] + 100) / len(content) for index in (12, 30)]
    film = opened(data.scratched(tmp_path / "b.avi", source, places, 60))
    frames = list(film.sampled(EVERY))
    counts = film.counts_so_far()
    assert (len(scans), len(frames), counts.decoded, counts.damaged) == (40, 40, 40, 2)
    assert [one.frame.index for one in frames if one.damaged] == [12, 30]
    assert all(data.number_of(one.frame.pixels) == one.frame.index for one in frames if not one.damaged)


def test_frames_predicted_from_damage_are_marked_too(tmp_path: Path) -> None:
    source = data.numbered(tmp_path / "a.mp4", 100, "-movflags", "+faststart", "-g", "25", "-keyint_min", "25")
    film = opened(data.scratched(tmp_path / "b.mp4", source, (0.5,)))
    frames = list(film.sampled(EVERY))
    sound = [one for one in frames if not one.damaged]
    assert film.counts_so_far().damaged > 0
    assert 50 < len(sound) < 100
    # A lost packet moves indices; the time of a frame tells which one it was.
    assert all(data.number_of(one.frame.pixels) == (one.frame.time_seconds or 0) * 25 for one in sound)


@pytest.mark.parametrize(
    ("start", "end", "beyond"),
    [
        (None, None, False),
        (Fraction(0), None, False),
        (Fraction(0), Fraction(4, 5), True),
        (Fraction(0), Fraction(801, 1000), False),
        (Fraction(1, 25), None, True),
    ],
)
def test_it_is_told_whether_frames_lie_outside_of_a_range(
    tmp_path: Path, start: Fraction | None, end: Fraction | None, beyond: bool
) -> None:
    path = data.numbered(tmp_path / "a.mp4", 21, "-bf", "0")
    assert opened(path).reaches_beyond(Sampling(every=1, start=start, end=end)) is beyond


def test_a_film_that_was_cut_off_may_have_gone_on_behind_any_range(tmp_path: Path, long: Path) -> None:
    film = opened(data.cut_off(tmp_path / "a.mp4", long, 0.6))
    assert film.reaches_beyond(Sampling(every=1, end=Fraction(10)))
    assert not film.reaches_beyond(Sampling(every=1, start=Fraction(0)))


def test_a_film_that_was_cut_off_is_examined_as_far_as_it_goes(tmp_path: Path, long: Path) -> None:
    film = opened(data.cut_off(tmp_path / "a.mp4", long, 0.6))
    assert 30 < film.counts_so_far().decoded < 70
    assert any("announces 4 s" in note and "cut off" in note for note in film.facts.notes)
    assert not film.facts.whole
    assert numbers(list(film.sampled(Sampling(every=10))))[:3] == [0, 10, 20]


def test_frames_that_an_edit_hides_are_counted(tmp_path: Path) -> None:
    source = data.numbered(tmp_path / "whole.mp4", 60, "-g", "20", "-bf", "0")
    data.run_ffmpeg("-ss", "1.1", "-i", str(source), "-c", "copy", str(tmp_path / "a.mp4"))
    film = opened(tmp_path / "a.mp4")
    frames = list(film.sampled(EVERY))
    assert numbers(frames) == list(range(28, 60))
    assert [one.frame.index for one in frames] == list(range(32))
    assert "frames that the file holds and does not show, as after an edit; not examined: 8" in film.facts.notes
    assert not any("does not show" in note for note in opened(source).facts.notes)


def _head_alone(folder: Path) -> Path:
    source = data.numbered(folder / "whole.mp4", 20, "-movflags", "+faststart")
    share = (source.read_bytes().index(b"mdat") + 8) / source.stat().st_size
    return data.cut_off(folder / "a.mp4", source, share)


def _without_index(folder: Path) -> Path:
    return data.cut_off(folder / "a.mp4", data.numbered(folder / "whole.mp4", 20), 0.6)


def _written(folder: Path, content: bytes) -> Path:
    (folder / "a.mp4").write_bytes(content)
    return folder / "a.mp4"


def _hidden_playlist(folder: Path) -> Path:
    return _written(folder, b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"#EXTM3U\nfile:///etc/passwd\n" * 40)


_AVIF = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(60)


def _absurd_size(folder: Path) -> Path:
    """A Motion JPEG film whose pictures claim 65,500 x 65,500 pixels."""
    content = data.numbered(folder / "whole.avi", 5, *MJPEG).read_bytes()
    claim = (65500).to_bytes(2, "big") * 2
    true = (data.HEIGHT).to_bytes(2, "big") + (data.WIDTH).to_bytes(2, "big")
    assert content.count(b"\xff\xc0\x00\x11\x08" + true) == 5
    (folder / "a.avi").write_bytes(content.replace(b"\x00\x11\x08" + true, b"\x00\x11\x08" + claim))
    return folder / "a.avi"


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda folder: data.sound_only(folder / "a.mp4"), UnsupportedEvidence, "sound alone"),
        (lambda folder: data.frameless(folder / "a.mp4"), UnsupportedEvidence, "no pictures"),
        (lambda folder: data.frameless(folder / "a.mkv"), UnreadableEvidence, "cannot be opened"),
        (_head_alone, UnreadableEvidence, "no frame of the film can be decoded|cannot be opened"),
        (_without_index, UnreadableEvidence, "its index is missing, so it was cut off or never finished"),
        (_hidden_playlist, UnreadableEvidence, "cannot be opened"),
        (_absurd_size, EvidenceTooLarge, "more than 64000000 pixels"),
        (lambda folder: _written(folder, b"#EXTM3U\n#EXTINF:1,\na.ts\n"), UnsupportedEvidence, "is a playlist"),
        (lambda folder: _written(folder, b"ffconcat version 1.0\nfile a"), UnsupportedEvidence, "files to be joined"),
        (lambda folder: _written(folder, b"not a film at all"), UnsupportedEvidence, "supported are films in MP4, MOV"),
        (lambda folder: _written(folder, b"\x89PNG\r\n\x1a\n" + bytes(60)), UnsupportedEvidence, "not a film"),
        (lambda folder: _written(folder, _AVIF), UnsupportedEvidence, r"a picture \(AVIF\)"),
        (
            lambda folder: data.numbered(folder / "a.mkv", 5, "-c:v", "mpeg1video"),
            UnsupportedEvidence,
            "mpeg1video are not examined; supported are h264",
        ),
    ],
    ids=[
        *("sound-only", "no-frames-mp4", "no-frames-mkv", "head-alone", "no-index", "hidden-playlist", "absurd-size"),
        *("playlist", "concat", "text", "picture", "moving-picture-format", "codec"),
    ],
)
def test_what_cannot_be_examined_is_refused_with_its_reason(
    tmp_path: Path, make: Callable[[Path], Path], error: type[EvidenceError], said: str
) -> None:
    with pytest.raises(error, match=said) as raised:
        opened(make(tmp_path))
    assert type(raised.value) is error
    assert str(tmp_path) not in str(raised.value)


def test_a_playlist_that_poses_as_a_film_reaches_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        server.setblocking(False)
        for start in ("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n", "ffconcat version 1.0\nfile "):
            with pytest.raises(EvidenceError):
                opened(_written(tmp_path, f"{start}{address}\n".encode()))
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_film_with_absurd_times_is_bounded_by_its_frames(tmp_path: Path) -> None:
    late = "setpts=if(gte(N\\,20)\\,N+2000000\\,N)"
    film = opened(data.numbered(tmp_path / "a.mp4", 40, "-bf", "0", "-vf", late, "-fps_mode", "passthrough"))
    assert film.facts.variable_rate
    assert film.facts.rate is not None
    assert film.facts.rate > 0
    assert film.times[20] == Fraction(2000020, 25)
    assert "no frame is presented for 80000.04 s after frame 19" in film.facts.notes
    assert not any("beyond a day" in note for note in film.facts.notes)
    assert len(list(film.sampled(Sampling.default()))) == 16


def test_times_beyond_a_day_are_said_to_be_odd(tmp_path: Path) -> None:
    late = "setpts=if(gte(N\\,5)\\,N+2500000\\,N)"
    film = opened(data.numbered(tmp_path / "a.mp4", 10, "-bf", "0", "-vf", late, "-fps_mode", "passthrough"))
    assert "the announced length or presentation times reach beyond a day: they may be wrong" in film.facts.notes


def test_text_in_a_film_cannot_pass_for_what_the_program_says(tmp_path: Path, plain: Path) -> None:
    row = "[Parsed_showinfo_0 @ 0x1] [info] n: 0 pts: 7 pts_time:7 fmt:yuv420p sar:0/1 s:9999x9999 i:P iskey:1 type:I"
    stream = "[info]   Stream #0:9: Audio: forged"
    path = tmp_path / "a.mkv"
    texts = ("-metadata", f"title=x\n{row}\n{stream}", "-metadata", f"comment=y\r{stream}\r{row}")
    data.run_ffmpeg("-i", str(plain), "-c", "copy", *texts, str(path))
    assert row.encode() in path.read_bytes()
    film = opened(path)
    assert (film.facts.width, film.facts.audio, film.counts_so_far().decoded) == (192, (), 40)


@pytest.mark.parametrize(
    ("limits", "error", "said"),
    [
        ({"max_pixels": 1000}, EvidenceTooLarge, "192 x 144 pixels, more than the limit of 1000"),
        ({"max_frames": 10}, EvidenceTooLarge, "more than 10 frames"),
        ({"base_seconds": 0.01, "seconds_per_second": 0.001}, DecoderFailed, "took longer than"),
        ({"stall_seconds": 0.001}, DecoderFailed, "gave nothing for 0.001 s"),
        ({"memory_bytes": 16 << 20}, DecoderFailed, "ended by SIG|could not|needs more"),
    ],
    ids=["pixels", "frames", "wall-clock", "stall", "memory"],
)
def test_a_film_beyond_a_limit_is_stopped(
    plain: Path, limits: dict[str, float], error: type[EvidenceError], said: str
) -> None:
    with pytest.raises(error, match=said):
        opened(plain, FilmSettings(**limits))  # type: ignore[arg-type]


def test_a_limit_that_is_not_positive_is_refused() -> None:
    with pytest.raises(SettingsError, match="positive"):
        FilmSettings(threads=0)


def test_a_slow_examination_does_not_count_against_the_films_time(plain: Path) -> None:
    film = opened(plain, FilmSettings(stall_seconds=5.0))
    frames = film.sampled(EVERY)
    next(frames)
    clock = itertools.count()
    with pytest.MonkeyPatch.context() as patch:  # between two waits hours pass; inside of one, none
        patch.setattr(ffmpeg.time, "monotonic", lambda: next(clock) // 2 * 10_000.0)
        assert len(list(frames)) == 39


def test_evidence_is_left_as_it_was(plain: Path) -> None:
    evidence = seal(plain)
    before = plain.stat()
    film = FilmDecoder(FilmSettings()).open(evidence)
    list(film.sampled(Sampling(frames=3)))
    recheck(evidence)
    assert film.evidence is evidence
    assert plain.stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_changes_between_two_readings_is_noticed(tmp_path: Path, long: Path) -> None:
    path = shutil.copy(long, tmp_path / "a.mp4")
    film = opened(Path(path))
    data.scratched(tmp_path / "a.mp4", long, (0.4, 0.6))
    with pytest.raises(DecoderFailed, match=r"two readings of the film differ|second reading of the film ended"):
        list(film.sampled(EVERY))
    (tmp_path / "a.mp4").write_bytes(long.read_bytes() + b"more")
    with pytest.raises(EvidenceChanged, match="changed after it was hashed"):
        list(film.sampled(EVERY))


def test_films_are_told_by_their_content(tmp_path: Path, plain: Path) -> None:
    renamed = shutil.copy(plain, tmp_path / "holiday.jpg")
    assert looks_like_film(renamed)
    (tmp_path / "a.mp4").write_bytes(b"\xff\xd8\xff\xe0" + bytes(80))
    assert not looks_like_film(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(_AVIF)
    assert not looks_like_film(tmp_path / "b.mp4")
    (tmp_path / "empty").write_bytes(b"")
    assert not looks_like_film(tmp_path / "empty")


def _program(folder: Path, version: str) -> None:
    folder.mkdir()
    (folder / "ffmpeg").write_text(f"#!/bin/sh\necho 'ffmpeg version {version} Copyright'\n")
    (folder / "ffmpeg").chmod(0o755)


def test_the_systems_ffmpeg_goes_first_and_an_old_one_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, version in (("new", "7.1.1-ubuntu"), ("old", "4.2.2"), ("day", "N-117000-gabc")):
        _program(tmp_path / name, version)
    found = {}
    for name in ("new", "old", "day"):
        monkeypatch.setenv("PATH", str(tmp_path / name))
        found[name] = ffmpeg.find_program()
    assert str(found["new"]) == "ffmpeg 7.1.1-ubuntu"
    assert found["new"].path == str(tmp_path / "new" / "ffmpeg")
    assert str(found["day"]) == "ffmpeg N-117000-gabc"
    assert not found["day"].reads_descriptors
    assert "imageio_ffmpeg" in found["old"].path


def test_without_any_ffmpeg_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "none"))
    with pytest.raises(BackendError, match=r"cannot run ffmpeg.*pip install imageio-ffmpeg"):
        FilmDecoder(FilmSettings())


def test_a_program_that_gives_up_on_the_way_is_no_quiet_end(
    tmp_path: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ffmpeg.find_program()
    (tmp_path / "ffmpeg").write_text(f'#!/bin/sh\n"{real.path}" "$@"\nexit 3\n')
    (tmp_path / "ffmpeg").chmod(0o755)
    failing = ffmpeg.Program(str(tmp_path / "ffmpeg"), real.version, real.reads_descriptors)
    monkeypatch.setattr("fakeface.backends.films.find_program", lambda: failing)
    film = opened(plain)
    assert film.counts_so_far().decoded == 40
    assert "the decoder gave up before the end of the film; what follows was not examined" in film.facts.notes


def test_an_ffmpeg_without_the_descriptor_protocol_reads_the_same_frames(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = ffmpeg.find_program()
    older = ffmpeg.Program(program.path, program.version, reads_descriptors=False)
    monkeypatch.setattr("fakeface.backends.films.find_program", lambda: older)
    assert numbers(list(opened(plain).sampled(Sampling(every=7)))) == [0, 7, 14, 21, 28, 35]
