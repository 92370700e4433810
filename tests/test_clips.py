import itertools
import subprocess
from fractions import Fraction

import imageio_ffmpeg
import numpy as np
import pytest

from fakeface.backends import clips
from fakeface.backends.clips import require_encoder, write_clip
from fakeface.backends.films import FilmDecoder
from fakeface.decision import Verdict
from fakeface.errors import BackendError, OutputError
from fakeface.evidence import seal
from fakeface.report.film_band import Band
from fakeface.report.film_clip import CLIP_SIDES, annotated, clip_size, seen_at
from fakeface.report.film_entries import FilmFiles, film_entry
from fakeface.report.film_plot import gap_after
from fakeface.report.overlay import STYLES
from fakeface.sampling import Sampling
from fakeface.settings import FilmSettings
from tests.film_builders import at, film_frames, make_film, make_track

SIZE = (96, 64)
UNEVEN = [Fraction(1, 10), Fraction(1001, 7500), Fraction(1, 2), Fraction(2, 3), Fraction(5, 4), Fraction(2)]
"""Presentation times of a film without a constant rate."""


def ffmpeg(*words):
    program = imageio_ffmpeg.get_ffmpeg_exe()
    return subprocess.run([program, "-hide_banner", "-y", *map(str, words)], capture_output=True, check=False)


def sound_film(path, codec="aac", seconds=3, delay=0.0):
    """A grey film with a tone that begins a moment after it."""
    done = ffmpeg(
        *("-f", "lavfi", "-i", f"color=gray:s=96x64:r=25:d={seconds}"),
        *("-itsoffset", delay, "-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds - delay}"),
        *("-c:v", "libx264", "-c:a", codec, path),
    )
    assert done.returncode == 0, done.stderr
    return seal(path)


def coloured(times, size=SIZE):
    """One plain colour per time."""
    rng = np.random.default_rng(3)
    for time in times:
        yield np.full((size[1], size[0], 3), rng.integers(30, 220, 3), np.uint8), time


def decoded(path):
    """The clip's frames and times, by the project's own decoder."""
    source = FilmDecoder(FilmSettings()).open(seal(path))
    return source.facts, list(source.sampled(Sampling(every=1)))


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """A film with sound."""
    return sound_film(tmp_path_factory.mktemp("film") / "a.mp4")


@pytest.fixture(scope="module")
def clip(tmp_path_factory, spoken):
    """A copy of uneven pictures, and what was said of the sound."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return path, write_clip(path, coloured(UNEVEN), spoken, ("aac (LC), 44100 Hz, mono",), FilmSettings())


def test_a_copy_is_h264_in_mp4_as_browsers_play_it(clip):
    facts, _ = decoded(clip[0])
    assert (facts.codec, facts.pixel_format, facts.width, facts.height) == ("h264", "yuv420p", *SIZE)
    content = clip[0].read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # it plays before it is loaded as a whole


def test_every_picture_keeps_its_time_to_the_tick_also_where_the_rate_varies(clip):
    _, frames = decoded(clip[0])
    assert [one.frame.time_seconds for one in frames] == [
        Fraction(round((time - UNEVEN[0]) * clips.TICKS), clips.TICKS) for time in UNEVEN
    ]


def test_colours_survive(clip):
    _, frames = decoded(clip[0])
    for one, (pixels, _) in zip(frames, coloured(UNEVEN), strict=True):
        assert np.abs(one.frame.pixels.astype(int) - pixels).max() <= 12


def test_the_sound_is_kept_and_the_file_says_that_it_was_not_examined(clip):
    path, told = clip
    said = ffmpeg("-i", path).stderr.decode()
    assert told == "copied"
    assert "Audio: aac" in said
    assert "Sound was not examined" in said
    assert not list(path.parent.glob("*.part"))


def test_other_sound_is_encoded_anew_and_stays_in_step(tmp_path):
    film = sound_film(tmp_path / "a.mkv", "flac", delay=1.0)
    out = tmp_path / "clip.mp4"
    times = [Fraction(number, 25) for number in range(75)]
    assert write_clip(out, coloured(times), film, ("flac, 44100 Hz, mono",), FilmSettings()) == "encoded anew as AAC"
    assert onset(out) == pytest.approx(1.0, abs=0.06)


def onset(path):
    """Second of the clip at which the tone begins."""
    done = ffmpeg(
        "-i", path, "-vn", "-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"
    )
    samples = np.frombuffer(done.stdout, np.int16).astype(float)
    return float(np.flatnonzero(np.abs(samples) > 500)[0]) / 8000


def test_of_a_part_of_the_film_the_sound_of_that_part_is_taken(tmp_path):
    film = sound_film(tmp_path / "a.mkv", "flac", seconds=6, delay=3.0)
    out = tmp_path / "clip.mp4"
    times = [2 + Fraction(number, 25) for number in range(50)]
    write_clip(out, coloured(times), film, ("flac",), FilmSettings(), Fraction(2), Fraction(4))
    assert onset(out) == pytest.approx(1.0, abs=0.06)


def test_a_silent_film_has_a_silent_copy(tmp_path, spoken):
    out = tmp_path / "clip.mp4"
    assert write_clip(out, coloured(UNEVEN), spoken, (), FilmSettings()) == "none"
    assert b"Audio:" not in ffmpeg("-i", out).stderr


def test_sound_that_cannot_be_read_is_left_out_and_the_copy_is_made(tmp_path):
    path = tmp_path / "a.mkv"
    path.write_bytes(bytes.fromhex("1a45dfa3") + bytes(5000))
    out = tmp_path / "clip.mp4"
    told = write_clip(out, coloured(UNEVEN), seal(path), ("opus, 48000 Hz",), FilmSettings())
    assert told.startswith("left out: ")
    assert len(decoded(out)[1]) == len(UNEVEN)


def test_without_a_picture_there_is_no_copy(tmp_path, spoken):
    with pytest.raises(OutputError, match="no frame"):
        write_clip(tmp_path / "clip.mp4", [], spoken, (), FilmSettings())
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_drawing_leaves_no_half_file(tmp_path, spoken):
    def broken():
        yield from coloured(UNEVEN[:3])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(tmp_path / "clip.mp4", broken(), spoken, ("aac",), FilmSettings())
    assert list(tmp_path.iterdir()) == []


def test_a_program_without_h264_is_named_with_what_to_do(tmp_path, monkeypatch):
    script = tmp_path / "ffmpeg"
    script.write_text("#!/bin/sh\necho ' V..... mpeg4 MPEG-4'\n")
    script.chmod(0o755)
    monkeypatch.setattr(clips, "find_program", lambda: clips.Program(str(script), "7.0", True))
    with pytest.raises(BackendError, match="imageio-ffmpeg"):
        require_encoder()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((320, 240), (640, 480)),
        ((1280, 720), (1280, 720)),
        ((3840, 2160), (1920, 1080)),
        ((481, 271), (480, 270)),
    ],
)
def test_small_films_are_enlarged_and_large_ones_reduced_to_even_sides(size, expected):
    assert clip_size(*size) == expected
    assert CLIP_SIDES == (480, 1920)


def entry_of(*tracks):
    return film_entry("F0001", make_film(*tracks), FilmFiles())


def test_between_two_sightings_the_box_moves_evenly_and_only_there():
    track = entry_of(make_track(frames=range(0, 80, 8))).tracks[0]
    gap = gap_after(track.sightings)
    first, second = track.sightings[0], track.sightings[1]
    on = seen_at(track, 0, at(0), gap)
    assert (on.box, on.sighted, on.latest) == (first.box, True, first)
    between = seen_at(track, 6, at(6), gap)
    assert between.box == tuple(round(a + (b - a) * 0.75) for a, b in zip(first.box, second.box, strict=True))
    assert (between.sighted, between.latest) == (False, first)
    assert seen_at(track, 73, at(73), gap) is None  # behind the last sighting


def test_no_box_is_carried_over_frames_on_which_the_face_was_not_seen():
    frames = [*range(0, 40, 8), *range(80, 120, 8)]
    track = entry_of(make_track(frames=frames)).tracks[0]
    gap = gap_after(track.sightings)
    assert seen_at(track, 30, at(30), gap) is not None
    assert seen_at(track, 50, at(50), gap) is None
    assert seen_at(track, 85, at(85), gap) is not None


def test_a_frame_inside_a_segment_is_marked_as_such():
    track = entry_of(make_track()).tracks[0]
    gap = gap_after(track.sightings)
    marked = [index for index in range(290) if seen_at(track, index, at(index), gap).altered]
    assert marked == list(range(88, 200))


def drawn(indices, film=None):
    frames = film_frames()
    return [pixels for pixels, _ in annotated(film or entry_of(), "F0001", [frames[index] for index in indices])]


def test_the_picture_is_covered_by_boxes_alone_and_the_band_lies_below():
    (pixels,) = drawn([150], entry_of(make_track(1)))
    plain = film_frames()[150].pixels.repeat(2, axis=0).repeat(2, axis=1)
    assert pixels.shape[1] == 640
    assert pixels.shape[0] > 480
    assert pixels.shape[0] % 2 == 0
    changed = np.any(pixels[:480] != plain, axis=2)
    rows, columns = np.nonzero(changed)
    box = seen_at(entry_of(make_track(1)).tracks[0], 150, at(150), Fraction(1)).box
    assert columns.min() == pytest.approx(2 * box[0], abs=6)
    assert rows.max() == pytest.approx(2 * box[3], abs=6)
    assert changed.mean() < 0.06


def test_the_mask_is_drawn_on_its_frame_and_until_the_next_sighting():
    film = entry_of(make_track(1))
    blue = [
        np.all(np.abs(pixels[:480].astype(int) - (86, 180, 233)) < 3, axis=2).sum()
        for pixels in drawn([95, 96, 99, 104], film)
    ]
    assert blue[0] == 0
    assert blue[1] > 100
    assert blue[2] > 100
    assert blue[3] == 0


def test_the_time_code_and_the_playhead_differ_from_frame_to_frame():
    one, other = (pixels[480:] for pixels in drawn([10, 200]))
    heads = [np.flatnonzero((band[-8:-4] == 0).all(axis=(0, 2))) for band in (one, other)]
    span = 640 - 2 * 11
    assert heads[0].mean() == pytest.approx(11 + span * 10 / 300, abs=4)
    assert heads[1].mean() == pytest.approx(11 + span * 200 / 300, abs=4)


@pytest.mark.parametrize(("width", "lines"), [(108, 6), (270, 2), (360, 2), (640, 1), (1280, 1)])
def test_time_code_note_and_timeline_lie_apart_in_copies_of_every_width(width, lines):
    band = Band(entry_of(), "F0001", width)
    code_and_note, timeline = band.areas[:-1], band.areas[-1]
    assert len({area[1] for area in code_and_note}) == lines
    for one, other in itertools.combinations(band.areas, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    drawn = band.drawn(123, at(123))
    assert drawn.shape[0] % 2 == 0
    assert all(0 <= left < right <= width for left, _, right, _ in band.areas)
    assert timeline[3] <= drawn.shape[0]
    inked = np.any(drawn != 255, axis=2)
    for left, top, right, bottom in band.areas:
        assert inked[top:bottom, left:right].any()
        inked[top:bottom, left : right + 2] = False
    assert not inked.any()  # nothing is written outside of its place


def test_the_same_record_and_film_draw_the_same_pictures():
    assert all(np.array_equal(a, b) for a, b in zip(drawn([8, 96]), drawn([8, 96]), strict=True))


def test_boxes_stay_on_their_faces_where_the_film_changes_its_size() -> None:
    film = entry_of(make_track(1, frames=range(0, 80, 8)))
    small, usual = film_frames(1, 160, 120)[0], film_frames(1)[0]
    shown = [pixels for pixels, _ in annotated(film, "F0001", [small, usual])]
    assert shown[0].shape == shown[1].shape
    left = film.tracks[0].sightings[0].box[0]
    orange = [np.flatnonzero(np.all(one[300] == STYLES[Verdict.FAKE].colour, axis=1)) for one in shown]
    assert orange[0].min() == pytest.approx(4 * left, abs=4)
    assert orange[1].min() == pytest.approx(2 * left, abs=4)
