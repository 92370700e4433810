import csv
import hashlib
from dataclasses import replace
from fractions import Fraction
from io import BytesIO, StringIO

import numpy as np
import pytest
from PIL import Image

from fakeface.decision import Reason
from fakeface.report import film_plot
from fakeface.report.film_entries import FilmFiles, film_entry
from fakeface.report.film_frames import decisive_indices, export_frames
from fakeface.report.film_pictures import save_film
from fakeface.report.film_plot import PLOT_SIZE, draw_timeline, film_span, ticks
from fakeface.report.film_sheet import SHEET_TRACKS, draw_contact_sheet
from fakeface.report.film_table import TIMELINE_COLUMNS, timeline_chunks
from fakeface.report.film_words import (
    clock,
    fact_rows,
    frame_words,
    moment,
    rule_words,
    segments_words,
    track_score_words,
    track_verdict_words,
)
from fakeface.report.record import file_entry
from fakeface.report.tables import CsvWriter
from fakeface.sampling import SampledFrame
from tests.builders import make_file_finding
from tests.film_builders import at, film_frames, make_facts, make_film, make_film_finding, make_short_track, make_track


class Kept(dict):
    """Takes pictures and files by name, as a case folder does."""

    def save(self, name, pixels):
        target = BytesIO()
        Image.fromarray(pixels).save(target, "PNG")
        return self.store(name, target.getvalue())

    def store(self, name, content):
        assert name not in self
        self[name] = content
        return name

    def opened(self, name):
        return np.array(Image.open(BytesIO(self[name])))


def entry_of(film=None):
    return film_entry("F0001", film or make_film(), FilmFiles())


def table_of(content):
    return list(csv.DictReader(StringIO(content.decode())))


@pytest.mark.parametrize(
    ("time", "long", "short"),
    [
        (Fraction(0), "00:00:00.000", "0:00.00"),
        (Fraction(1001, 30000), "00:00:00.033", "0:00.03"),
        (Fraction(59_9996, 10000), "00:01:00.000", "1:00.00"),
        (Fraction(3723, 1) + Fraction(1, 8), "01:02:03.125", "1:02:03.12"),
        (Fraction(-1, 2), "-00:00:00.500", "-0:00.50"),
        (Fraction(-1, 100_000), "00:00:00.000", "0:00.00"),
    ],
)
def test_times_read_as_clocks_and_are_rounded_as_a_whole(time, long, short):
    assert clock(time) == long
    assert moment(time) == short


def test_a_track_in_words():
    forged, real, short = entry_of().tracks
    assert track_verdict_words(forged) == "supports alteration"
    assert track_verdict_words(short) == "inconclusive: too few of the sampled frames show the face well enough"
    assert track_score_words(forged) == "0.71 (0.58–0.83)"
    assert track_score_words(short) == "—"
    assert segments_words(forged) == "0:02.94–0:06.67"
    assert segments_words(real) == "—"
    assert frame_words(forged.decisive[0]) == "frame 96 (P), 00:00:03.203"


def test_what_is_known_of_a_film_names_rate_frames_sampling_and_the_unexamined_sound():
    rows = dict(fact_rows(entry_of()))
    assert rows["Frame rate"] == "29.970 per second on average (30000/1001); constant"
    assert rows["Frames"] == (
        "300 frames decoded, 2 reported damaged or lost by the decoder, 38 looked at for faces, 38 with a face"
    )
    assert rows["Frames looked at"] == "4 frames per second, at most 1,200"
    assert rows["Sound"] == "aac, 48000 Hz, stereo. Sound was not examined."
    assert rows["Duration as stated"] == "00:00:10.010 (1001/100 s)"


def test_cut_and_margin_of_a_rule_are_said_as_exactly_as_each_other():
    rule = replace(make_film().rule, cut=0.978271, margin=0.021065)
    assert "Threshold 0.978; closer to it than 0.021 is too close to call" in rule_words(entry_of(make_film(rule=rule)))


def test_the_rule_says_that_inconclusive_frames_count_for_neither_side():
    """What ``judge`` does with one real and two inconclusive decisive frames."""
    words = rule_words(entry_of())
    assert "supports no alteration where more were decided that way than the other. Inconclusive ones count" in words
    assert "Inconclusive ones count for neither; every other track is inconclusive." in words
    assert "than not" not in words


@pytest.mark.parametrize("codec", ["hevc", "vp8", "vp9"])
def test_a_count_of_damage_says_where_it_is_worth_little(codec):
    rows = dict(fact_rows(entry_of(make_film(facts=make_facts(codec=codec)))))
    assert rows["Frames"].endswith(f"with a face. Decoders of {codec} conceal damage and report hardly any")


def test_the_timeline_table_has_every_sighting_of_every_film_with_exact_times():
    entries = [file_entry(make_file_finding(1)), file_entry(make_film_finding(2)), file_entry(make_film_finding(3))]
    chunks = list(timeline_chunks(iter(entries)))
    assert len(chunks) == 1 + 2 * 3  # the head, and one piece per track: nothing is collected
    rows = table_of(b"".join(chunks))
    sightings = [one for track in make_film().tracks for one in track.sightings]
    assert tuple(rows[0]) == TIMELINE_COLUMNS
    assert len(rows) == 2 * len(sightings)
    for row, sighting in zip(rows, sightings * 2, strict=True):
        assert int(row["frame"]) == sighting.index
        assert Fraction(row["time_exact"]) == at(sighting.index)
        assert float(row["time_seconds"]) == pytest.approx(float(at(sighting.index)), abs=1e-6)
        assert row["score"] == ("" if sighting.score is None else f"{sighting.score:.4f}")
        assert row["followed"] == ("yes" if sighting.followed else "no")
        box = tuple(int(row[f"box_{side}"]) for side in ("left", "top", "right", "bottom"))
        assert box == sighting.face.box.xyxy
    assert {row["track"] for row in rows} == {f"F000{film}-T0{track}" for film in (2, 3) for track in (1, 2, 3)}


def test_a_films_name_cannot_act_as_a_formula_in_the_table():
    finding = make_film_finding(1, make_film(make_short_track(1)), name="=cmd()|x.mp4")
    rows = table_of(b"".join(timeline_chunks([file_entry(finding)])))
    assert {row["file"] for row in rows} == {"'=cmd()|x.mp4"}


def test_csv_for_programs_has_one_row_per_track():
    stream = StringIO()
    writer = CsvWriter()
    writer.begin(stream)
    writer.write(file_entry(make_film_finding(1)))
    writer.write(file_entry(make_film_finding(2, make_film(tracks=()))))
    rows = list(csv.DictReader(StringIO(stream.getvalue())))
    assert [row["face"] for row in rows] == ["F0001-T01", "F0001-T02", "F0001-T03", ""]
    assert [row["verdict"] for row in rows] == ["fake", "real", "indeterminate", "indeterminate"]
    forged, real, short, _ = rows
    interval = forged["track_score_low"], forged["track_score_high"]
    assert (forged["track_score"], interval) == ("0.7100", ("0.5800", "0.8300"))
    assert forged["segments"].count("–") == len(make_track().segments) == 1
    assert (real["segments"], short["track_score"], forged["independent_score"]) == ("", "", "")
    assert rows[2]["reason"] == Reason.TOO_FEW_FRAMES.words
    assert rows[3]["reason"] == Reason.NO_FACE.words


@pytest.mark.parametrize(
    ("start", "end", "times", "decimals"),
    [
        (Fraction(0), Fraction(10), [0, 2, 4, 6, 8, 10], 0),
        (Fraction(796, 100), Fraction(858, 100), ["8", "8.1", "8.2", "8.3", "8.4", "8.5"], 1),
        (Fraction(-1, 20), Fraction(1, 20), ["-0.04", "-0.02", "0", "0.02", "0.04"], 2),
        (Fraction(0), Fraction(7200), [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000], 0),
    ],
)
def test_the_axis_has_few_round_times(start, end, times, decimals):
    assert ticks(start, end) == ([Fraction(time) for time in times], decimals)


def test_a_films_span_reaches_over_all_that_is_known_and_is_never_empty():
    assert film_span(entry_of()) == (0, at(300))
    bare = make_film(make_short_track(1), shots=(), counts=make_film().counts)
    assert film_span(entry_of(bare)) == (0, at(299))


def row_of(score):
    """Row of the plot on which a score lies."""
    return round(430 - score * (430 - 118))


def test_the_plot_shows_the_segment_and_the_threshold_where_they_are():
    film = entry_of()
    drawn = draw_timeline(film, film.tracks[0]).astype(int)
    plain = draw_timeline(film, film.tracks[1]).astype(int)
    assert drawn.shape == (PLOT_SIZE[1], PLOT_SIZE[0], 3)
    start, end = at(0), at(296)
    margin = (end - start) / 25

    def column(time):
        return round(100 + float((time - start + margin) / (end - start + 2 * margin)) * 1180)

    inside = drawn[row_of(0.45), column(at(100)) : column(at(190))]
    assert (inside[:, 0] - inside[:, 2]).mean() > 30  # shaded in a warm colour
    outside = drawn[row_of(0.45), column(at(10)) : column(at(80))]
    assert np.abs(outside[:, 0] - outside[:, 2]).mean() < 5
    assert np.abs(plain[row_of(0.45), 110:1270, 0] - plain[row_of(0.45), 110:1270, 2]).mean() < 5
    tick = plain[row_of(0.5), 1300:1328].mean(axis=1) < 100  # the threshold, beside the diamond of the score
    assert tick.mean() > 0.9


def test_every_decisive_frame_is_told_below_the_plot_and_none_lies_over_the_legend():
    film = entry_of()
    track = film.tracks[0]
    usual = draw_timeline(film, track)
    five = draw_timeline(film, track.model_copy(update={"decisive": (*track.decisive, *track.decisive)[:1] * 5}))
    assert five.shape == (PLOT_SIZE[1] + 2 * 24, *usual.shape[1:])
    assert np.array_equal(five[-44:], usual[-44:])  # the legend

    def lines(drawn):
        inked = (drawn[560:-44, 100:1000].min(axis=(1, 2)) < 100).astype(int)
        return int((np.diff(inked, prepend=0) == 1).sum())

    assert lines(usual) == 2
    assert lines(five) == 5


def test_the_whole_film_stands_below_the_plot_with_the_tracks_place_in_it():
    film = entry_of()
    strip = draw_timeline(film, film.tracks[2]).astype(int)[512, 101:1280]
    bluish = np.flatnonzero(strip[:, 2] - strip[:, 0] > 40) + 101
    assert bluish.min() == pytest.approx(100 + 1180 * 240 / 300, abs=3)
    assert bluish.max() == pytest.approx(100 + 1180 * 256 / 300, abs=3)


def test_a_track_with_one_sighting_and_one_without_any_time_can_be_drawn():
    short = make_short_track(1)
    film = entry_of(make_film(short))
    one = film.tracks[0].model_copy(update={"sightings": film.tracks[0].sightings[:1]})
    assert draw_timeline(film, one).shape == (PLOT_SIZE[1], PLOT_SIZE[0], 3)


def test_the_same_record_draws_to_the_same_bytes():
    first, second = Kept(), Kept()
    assert save_film(first.save, "F0001", make_film()) == save_film(second.save, "F0001", make_film())
    assert first == second


def test_every_picture_of_a_film_is_named_by_ids():
    kept = Kept()
    files = save_film(kept.save, "F0042", make_film())
    stems = [f"F0042-T0{track}-{frame}" for track in (1, 2) for frame in (1, 2)]
    assert sorted(kept) == sorted(
        [f"{folder}/{stem}.png" for folder in ("faces", "masks", "overlays") for stem in stems]
        + ["films/F0042-sheet.png", *(f"films/F0042-T0{number}-timeline.png" for number in (1, 2, 3))]
    )
    entry = film_entry("F0042", make_film(), files)
    assert entry.contact_sheet_file == "films/F0042-sheet.png"
    assert [track.timeline_file for track in entry.tracks] == [
        f"films/F0042-T0{number}-timeline.png" for number in (1, 2, 3)
    ]
    assert entry.tracks[0].decisive[0].face.crop_file == "faces/F0042-T01-1.png"
    assert entry.tracks[0].decisive[0].face.masks[0].file == "masks/F0042-T01-1.png"


def test_the_sheet_shows_each_decisive_face_as_examined_and_beside_it_the_outline():
    kept = Kept()
    save_film(kept.save, "F0001", make_film())
    sheet = kept.opened("films/F0001-sheet.png")
    crop = kept.opened("faces/F0001-T01-1.png")
    plain, outlined = sheet[90 : 90 + 224, 20 : 20 + 224], sheet[90 : 90 + 224, 244 : 244 + 224]
    assert np.array_equal(plain, crop)
    differs = np.any(outlined != crop, axis=2)
    assert 0.002 < differs.mean() < 0.2
    rows, columns = np.nonzero(differs)
    square = make_film().tracks[0].decisive[0].finding.crop
    mask = make_film().tracks[0].decisive[0].finding.masks[0].pixels
    corners = np.array([[np.nonzero(mask)[1].min(), np.nonzero(mask)[0].min()]], np.float32)
    assert square.to_window(corners)[0] == pytest.approx([columns.min(), rows.min()], abs=4)


def test_a_decisive_face_without_a_mask_is_shown_once_and_said_to_have_none():
    track = make_track(1)
    bare = tuple(replace(one, finding=replace(one.finding, masks=())) for one in track.decisive)
    kept = Kept()
    save_film(kept.save, "F0001", make_film(replace(track, decisive=bare)))
    sheet, crop = kept.opened("films/F0001-sheet.png"), kept.opened("faces/F0001-T01-1.png")
    assert np.array_equal(sheet[90 : 90 + 224, 20 : 20 + 224], crop)
    beside = sheet[90 : 90 + 224, 244 : 244 + 224]
    assert 0.9 < (beside == 255).all(axis=2).mean() < 1  # words on paper


def test_a_crowd_fits_a_sheet_and_a_film_without_decisive_frames_has_none():
    crowd = tuple(make_track(number, frames=range(0, 80, 8)) for number in range(1, 31))
    sheet = draw_contact_sheet(entry_of(make_film(*crowd)), {})
    usual = draw_contact_sheet(entry_of(make_film(crowd[0])), {})
    assert (sheet.shape[0] - usual.shape[0]) % (SHEET_TRACKS - 1) == 0
    assert sheet.shape[0] < 10_000
    assert draw_contact_sheet(entry_of(make_film(make_short_track(1))), {}) is None


def exported(film, indices):
    frames, kept = film_frames(), Kept()
    sampled = [SampledFrame(frames[index], "P", cut=False, damaged=index == 8) for index in indices]
    return kept, export_frames(kept.save, kept.store, "F0001", film, sampled)


def test_exported_frames_are_lossless_and_their_table_says_what_they_are():
    film = entry_of()
    assert decisive_indices(film) == [8, 96]
    kept, written = exported(film, [8, 50, 96])
    rows = table_of(kept[written.table])
    assert written.table == "frames/F0001.csv"
    assert [row["file"] for row in rows] == [f"frames/F0001-{index:06d}.png" for index in (8, 50, 96)]
    for row, frame in zip(rows, (film_frames()[index] for index in (8, 50, 96)), strict=True):
        assert np.array_equal(kept.opened(row["file"]), frame.pixels)
        assert row["pixels_sha256"] == frame.pixels_sha256()
        assert Fraction(row["time_exact"]) == frame.time_seconds
    assert [row["damaged"] for row in rows] == ["yes", "no", "no"]
    assert [row["decisive_for"] for row in rows] == [
        "T01 most typical; T02 most typical",
        "",
        "T01 most suspicious, sharpest; T02 most suspicious, sharpest",
    ]
    assert written.decisive[1, 1] == written.decisive[2, 1] == "frames/F0001-000096.png"


def test_the_table_says_whether_a_decisive_frame_has_the_pixels_that_were_examined():
    film = entry_of()
    digest = film_frames()[96].pixels_sha256()
    assert (
        digest == hashlib.sha256(np.array([320, 240], "<u4").tobytes() + film_frames()[96].pixels.tobytes()).hexdigest()
    )
    tracks = tuple(
        track.model_copy(
            update={
                "decisive": tuple(
                    one.model_copy(update={"pixels_sha256": digest}) if one.index == 96 else one
                    for one in track.decisive
                )
            }
        )
        for track in film.tracks
    )
    kept, written = exported(film.model_copy(update={"tracks": tracks}), [8, 50, 96])
    assert [row["pixels_as_examined"] for row in table_of(kept[written.table])] == ["no", "", "yes"]


def test_a_score_near_one_is_not_rounded_to_certainty() -> None:
    film = film_entry("F0042", make_film(), save_film(Kept().save, "F0042", make_film()))
    [track, *_] = [one for one in film.tracks if one.score is not None]
    near = track.model_copy(update={"score": 0.9987, "interval": (0.9951, 0.9999)})
    assert track_score_words(near) == "0.9987 (0.9951–0.9999)"
    plain = track.model_copy(update={"score": 0.834, "interval": (0.71, 0.9)})
    assert track_score_words(plain) == "0.83 (0.71–0.90)"
    utmost = track.model_copy(update={"score": 1.0, "interval": (0.9984, 1.0)})
    assert track_score_words(utmost) == ">0.9999 (0.9984 to >0.9999)"
    assert track_score_words(utmost, "\n") == ">0.9999\n(0.9984 to\n>0.9999)"
    least = track.model_copy(update={"score": 0.0, "interval": (0.0, 0.02)})
    assert track_score_words(least) == "<0.0001 (<0.0001 to 0.0200)"


def test_the_diamond_of_a_score_near_one_is_not_rounded_to_certainty_either(monkeypatch) -> None:
    told: list[str] = []
    write = film_plot._write

    def heard(draw, place, text, *rest, **named):
        told.append(text)
        write(draw, place, text, *rest, **named)

    monkeypatch.setattr(film_plot, "_write", heard)
    film = entry_of()
    for score, words in ((0.71, "0.71"), (0.9987, "0.9987"), (1.0, ">0.9999")):
        told.clear()
        track = film.tracks[0].model_copy(update={"score": score, "interval": None})
        drawn = draw_timeline(film, track)
        assert words in told
        right = drawn[60:450, 1328:].min(axis=(0, 2))
        assert right[:-4].min() < 100
        assert right[-4:].min() == 255, "it ends inside the picture"
