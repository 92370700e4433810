import io
from dataclasses import replace
from fractions import Fraction

from rich.console import Console

from fakeface.films import FilmCounts, Shot
from fakeface.report.console import summary_table
from fakeface.report.console_films import Sparkline, timeline_levels
from fakeface.report.film_entries import FilmFiles, film_entry
from fakeface.report.record import file_entry
from tests.builders import make_file_finding
from tests.film_builders import at, make_facts, make_film, make_film_finding, make_short_track, make_track

GOLDEN = """\
F0001  films/001.mp4: supports alteration
  length 0:10.01, 320 x 240 pixels, h264, 2 shots; 38 of 300 frames looked at, 2
  reported damaged or lost (4 frames per second, at most 1,200). Sound was not
  examined.
                          Score       Scored/ Stands
Track Result              (95 %)      seen    out at        Timeline
────────────────────────────────────────────────────────────────────────────────
T01   supports alteration 0.71        37/38   0:02.9–0:06.7 ▂▁▂▁▁▃▄▄▅▄▅▅▄▁▁▁▂▂▂▁
                          (0.58–0.83)
T02   supports no         0.17        37/38   —             ▁▁▂▁▁▁▁▁▁▁▁▁▁▂▁▁▂▂▁▂
      alteration          (0.11–0.24)
T03   inconclusive: too   —           3/3     —             ················▃▃··
      few of the sampled
      frames show the
      face well enough

F0002  films/002.mp4: inconclusive: no face found; no conclusion on authenticity
  length 0:10.01, 320 x 240 pixels, h264, 2 shots; 38 of 300 frames looked at, 2
  reported damaged or lost (4 frames per second, at most 1,200). Sound was not
  examined.

This is the embedded compact profile: a small set of networks that runs without
a graphics processor, trained on a limited selection of faces and forgeries. It
errs more often than large models do, and its results need an examiner's review.
2 found = 2 analysed + 0 skipped + 0 failed; 3 tracks in 2 films: 1 supports
alteration, 1 supports no alteration, 1 inconclusive; 1 picture or film without
a face
The absence of findings is not proof of authenticity: alterations outside the
faces, and methods that the networks were not trained on, go unnoticed."""


def shown(entries, width=80, encoding="utf-8", **options):
    stream = io.TextIOWrapper(io.BytesIO(), encoding, errors="replace")
    console = Console(file=stream, width=width, legacy_windows=False, **options)
    console.print(summary_table(entries))
    stream.flush()
    return "\n".join(line.rstrip() for line in stream.buffer.getvalue().decode(encoding).splitlines())


def films(count=1):
    return [file_entry(make_film_finding(number)) for number in range(1, count + 1)]


def test_films_read_as_written_here():
    empty = file_entry(make_film_finding(2, make_film(tracks=())))
    assert shown([*films(), empty]) == GOLDEN


def in_part(number=1, *tracks):
    """A film of which a part was asked for."""
    film = make_film(*(tracks or (make_track(1, forged=None),)), part=True)
    return file_entry(make_film_finding(number, film))


def test_why_a_film_is_inconclusive_is_said_where_none_of_its_tracks_says_it():
    title = "F0001  films/001.mp4: inconclusive: only a part of the film was examined, as asked; that part supports"
    assert f"{title} no alteration\n" in shown([in_part()], 160)
    assert "T01   supports no alteration" in shown([in_part()], 160)
    short = file_entry(make_film_finding(1, make_film(make_track(1, forged=None), make_short_track(2))))
    text = shown([short], 160)
    assert "F0001  films/001.mp4: inconclusive\n" in text
    assert text.count("too few of the sampled frames") == 1


def test_among_many_films_those_without_a_verdict_of_their_own_are_counted():
    text = " ".join(shown([*films(39), *(in_part(number) for number in range(40, 60))]).split())
    assert "20 inconclusive: only a part of the film was examined, as asked; that part supports no alteration" in text


def test_what_is_odd_about_a_whole_film_is_said_and_how_its_frames_are_converted_is_not():
    odd = "the film holds 2 streams of pictures; the first one is examined"
    facts = make_facts(notes=("rotated 90 degrees clockwise, as the file says", "converted from yuv420p to RGB", odd))
    text = shown([file_entry(make_film_finding(1, make_film(facts=facts)))])
    assert facts.whole
    assert f"\n  {odd}\n" in text
    assert "rotated" not in text
    assert "converted" not in text


def test_a_film_of_one_frame_is_as_long_as_its_container_says():
    one = FilmCounts(1, 0, 1, 0, at(0), at(0))
    for stated, said in ((Fraction(4, 100), "length 0:00.04 as stated, 320"), (None, "length not stated, 320")):
        film = make_film(facts=make_facts(duration_seconds=stated), counts=one, shots=(Shot(1, at(0), at(0)),))
        assert said in shown([file_entry(make_film_finding(1, replace(film, tracks=())))])


def test_pictures_beside_films_keep_their_own_table():
    text = shown([file_entry(make_file_finding(1)), file_entry(make_film_finding(2))])
    assert "pictures/001.jpg   1    supports alteration 0.93" in text
    assert "F0002  films/002.mp4: supports alteration" in text
    assert "3 tracks in 1 film and 1 face in pictures: 2 supports alteration" in " ".join(text.split())


def test_many_films_fit_one_screen_and_the_next_command_is_for_films():
    text = shown(films(40))
    assert len(text.splitlines()) <= 24
    assert "films/001.mp4      T01  supports alteration 0.71  —" in text
    assert "Next: fakeface video -- films/001.mp4" in text
    assert "40  inconclusive: too few of the sampled frames show the face well enough" in text


def test_the_highest_scores_are_not_rounded_to_certainty():
    surest = replace(make_track(1), score=0.99998, interval=(0.9984, 0.99999))
    text = shown([*films(39), file_entry(make_film_finding(40, make_film(surest)))])
    assert "films/040.mp4      T01  supports alteration >0.9999 —" in text
    for width in (60, 80):
        lines = shown([file_entry(make_film_finding(1, make_film(surest)))], width).splitlines()
        assert max(len(line) for line in lines) <= width
    assert any(line.endswith("(0.9984 to") for line in lines)


def test_a_terminal_without_unicode_gets_digits():
    text = shown(films(), encoding="ascii")
    assert "10111344545540111110" in text
    assert "................22.." in text


def test_nothing_is_wider_than_the_terminal():
    for width in (60, 80, 160):
        for entries in (films(), films(40)):
            assert max(len(line) for line in shown(entries, width).splitlines()) <= width


def test_no_colour_is_written_where_none_is_wanted(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(films(), force_terminal=True)
    assert "\x1b[4m" in text  # the altered stretch is underlined, which is no colour
    assert "\x1b[3" not in text.replace("\x1b[3m", "")  # italics are none either


def test_markup_and_escapes_of_names_do_nothing():
    facts = make_facts(codec="[red]h264\x1b[2J")
    name = "[bold]x\x1b[31m.mp4"
    finding = make_film_finding(1, make_film(facts=facts), name=name)
    text = shown([file_entry(finding)], 160)
    assert "[bold]x\\x1b[31m.mp4" in text
    assert "[red]h264\\x1b[2J" in text
    assert "\x1b" not in text


def test_a_timeline_shows_the_mean_of_each_part_and_marks_the_segment():
    film = film_entry("F0001", make_film(make_track(1), make_short_track(2)), FilmFiles())
    line = timeline_levels(film, film.tracks[0], 10)
    assert [level is not None and level > 0.3 for level in line.levels] == [False] * 3 + [True] * 3 + [False] * 4
    assert line.marked == (False, False, True, True, True, True, True, False, False, False)
    short = timeline_levels(film, film.tracks[1], 10)
    assert [level for level in short.levels if level is not None] == [0.264]
    assert not any(short.marked)


def test_the_lowest_and_the_highest_score_have_the_lowest_and_the_highest_sign():
    line = Sparkline((0.0, 1.0, None, 0.5), (False,) * 4)
    assert line.text(ascii_only=False).plain == "▁█·▅"
    assert line.text(ascii_only=True).plain == "09.5"
