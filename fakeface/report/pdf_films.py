"""Sections of the PDF about films: what is known of each, its tracks with their timelines, and the decisive frames."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from PIL import Image
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table
from reportlab.platypus import Image as Figure
from reportlab.platypus.flowables import Flowable

from fakeface.films import MEASURES
from fakeface.report.film_entries import DecisiveFrameEntry, FilmEntry, TrackEntry
from fakeface.report.film_pictures import outlined_name
from fakeface.report.film_plot import draw_timeline
from fakeface.report.film_words import (
    SOUND,
    fact_rows,
    film_verdict_words,
    frame_words,
    role_words,
    rule_words,
    seen_words,
    segments_words,
    track_name,
    track_score_words,
    track_verdict_words,
)
from fakeface.report.numbers import number_words, score_words
from fakeface.report.pdf_faces import NO_PADDING, face_parts, mask_caption, result_box
from fakeface.report.pdf_page import WIDTH, encoded, grid, pairs, paragraph, shortened, table_style
from fakeface.report.pdf_view import View, picture
from fakeface.report.record import FileEntry
from fakeface.report.words import NO_FACE_WORDS, verdict_words

__all__ = ["film_summary", "films"]

ACROSS = 3
"""Decisive frames side by side."""

LISTED_TRACKS = 60
"""Tracks in the list of a film; the record holds all."""

COLUMNS = (
    ("Track", 14 * mm),
    ("Result", 52 * mm),
    ("Score (95 % interval)", 34 * mm),
    ("Scored / seen", 24 * mm),
    ("Stands out at", WIDTH - 124 * mm),
)


def film_summary(view: View) -> Iterator[Flowable]:
    """Every shown film and its tracks with their results in plain words; nothing where the record has no film."""
    rows = [row for entry in view.files for row in _summary_rows(view, entry)]
    if not rows:
        return
    widths = (38 * mm, 12 * mm, 40 * mm, 31 * mm, 19 * mm, WIDTH - 140 * mm)
    columns = tuple(zip(("Film", *(title for title, _ in COLUMNS)), widths, strict=True))
    yield Spacer(1, 3 * mm)
    yield grid(columns, rows)
    yield Spacer(1, 2 * mm)
    yield paragraph(
        "A track is one person in one shot. Its score is made of the scores of its sightings as the rule for tracks "
        f"says, 0 to 1; a higher value is more support for alteration. Times are presentation times in minutes "
        f"and seconds. {SOUND}",
        "small",
    )


def _summary_rows(view: View, entry: FileEntry) -> Iterator[list[str | Flowable]]:
    if entry.film is None:
        return
    name = f"{shortened(entry.name)}\n{entry.id}"
    yield [name, "film", film_verdict_words(entry), "—", "—", "—"]
    for track in entry.film.tracks:
        if track.id in view.tracks:
            yield [name, *_track_row(track)]


def _track_row(track: TrackEntry) -> list[str | Flowable]:
    return [
        track_name(track),
        track_verdict_words(track),
        track_score_words(track),
        seen_words(track),
        segments_words(track, "\n"),
    ]


def films(view: View) -> Iterator[Flowable]:
    """One section per shown film: facts, tracks, and of each shown track its timeline and decisive frames."""
    for entry in view.films:
        if entry.film is None:
            continue
        yield PageBreak()
        if entry is view.films[0]:
            yield paragraph(view.heading("Films"), "h1")
        yield from _film(entry, entry.film)
        for track in entry.film.tracks:
            if track.id in view.tracks:
                yield from _track(view, entry.film, track)


def _film(entry: FileEntry, film: FilmEntry) -> Iterator[Flowable]:
    yield paragraph(shortened(f"{entry.id}: {entry.name}", 160), "h2")
    result = [("Result for the film", entry.statement)] if entry.statement else []
    yield pairs([*result, *fact_rows(film), ("Rule for tracks", rule_words(film)), *_files(film)])
    yield paragraph("Tracks", "h3")
    if not film.tracks:
        yield paragraph(f"None. Result: {NO_FACE_WORDS}.")
        return
    yield grid(COLUMNS, [_track_row(track) for track in islice(film.tracks, LISTED_TRACKS)])
    if len(film.tracks) > LISTED_TRACKS:
        yield paragraph(f"{len(film.tracks) - LISTED_TRACKS} further tracks stand in the record.", "small")


def _files(film: FilmEntry) -> Iterator[tuple[str, str]]:
    written = ["timeline.csv: every sighting"]
    if film.contact_sheet_file:
        written.append(f"{film.contact_sheet_file}: contact sheet")
    if film.frames_file:
        written.append(f"{film.frames_file}: table of frames that were saved without loss")
    if film.clip_file:
        written.append(
            f"{film.clip_file}: annotated copy, encoded anew for viewing, no evidence; its sound is unexamined"
        )
    yield "Files of this run", "\n".join(written)


def _track(view: View, film: FilmEntry, track: TrackEntry) -> Iterator[Flowable]:
    yield CondPageBreak(150 * mm)
    yield paragraph(f"Track {track.id}", "h2")
    image = Image.fromarray(draw_timeline(film, track))
    plot = Figure(encoded(image, "PNG"), WIDTH, WIDTH * image.height / image.width, hAlign="LEFT")
    caption = (
        "Drawn from the record. Above: text-independent score and local score of each sighting over presentation "
        "time; numbered triangles are the decisive frames. Below: the whole film, where the track lies in it, and its "
        "cuts."
    )
    yield KeepTogether(
        [result_box(f"Result: {track_verdict_words(track)}"), Spacer(1, 2 * mm), plot, paragraph(caption, "caption")]
    )
    if track.decisive:
        yield KeepTogether([paragraph("Decisive frames", "h3"), *_figures(view, track)])
    yield from _measurements(track)
    for number, frame in enumerate(track.decisive, start=1):
        yield from _frame(view, track, number, frame)


def _figures(view: View, track: TrackEntry) -> Iterator[Flowable]:
    """The decisive frames side by side, each with its number and presentation time under it."""
    side = WIDTH / ACROSS
    for start in range(0, len(track.decisive), ACROSS):
        row = track.decisive[start : start + ACROSS]
        cells = [[_pair(view, frame, (side - 4 * mm) / 2) for frame in row], [_caption(frame) for frame in row]]
        table = Table(cells, colWidths=[side] * len(row), hAlign="LEFT")
        apart = ("RIGHTPADDING", (0, 1), (-1, 1), 4 * mm)
        table.setStyle(table_style([("VALIGN", (0, 0), (-1, -1), "TOP"), *NO_PADDING, apart]))
        yield table


def _pair(view: View, frame: DecisiveFrameEntry, side: float) -> Flowable:
    """The crop, and beside it the same with the outline of its mask where there is one."""
    names = (frame.face.crop_file, *([outlined_name(frame.face.id)] if frame.face.masks else []))
    shown = [picture(view.root, name) for name in names]
    if None in shown:
        return paragraph("No pictures of this face are in the case folder.", "caption")
    cells = [[Figure(encoded(image, "PNG"), side, side) for image in shown if image]]
    table = Table(cells, colWidths=[side] * len(shown), hAlign="LEFT")
    table.setStyle(table_style(NO_PADDING))
    return table


def _caption(frame: DecisiveFrameEntry) -> Flowable:
    decision = frame.face.decision
    shown = (
        "Processed images: the crop, and the crop with the mask's outline"
        if frame.face.masks
        else "Processed image: the crop; it has no artifact mask"
    )
    return paragraph(
        f"{frame_words(frame)} ({frame.time_seconds.exact} s)\n{role_words(frame)}\n{verdict_words(decision)}, "
        f"fakeness {score_words(decision.fakeness)}. {shown}.",
        "caption",
    )


def _measurements(track: TrackEntry) -> Iterator[Flowable]:
    """Temporal measurements beside the range of real films; nothing where none could be made."""
    if not track.measurements:
        return
    rows: list[list[str | Flowable]] = [
        [MEASURES.get(name, name.replace("_", " ")), number_words(value, 3)]
        for name, value in track.measurements.items()
    ]
    columns = (("Measurement over the track", WIDTH - 24 * mm), ("Value", 24 * mm))
    yield KeepTogether([paragraph("Movement and change over time", "h3"), grid(columns, rows)])
    yield paragraph(
        "Measurements of the film itself; they take no part in the verdict, and no range of real films is known.",
        "small",
    )


def _frame(view: View, track: TrackEntry, number: int, frame: DecisiveFrameEntry) -> Iterator[Flowable]:
    """The usual parts about the face of a decisive frame."""
    face = frame.face
    yield CondPageBreak(110 * mm)
    yield paragraph(f"{track.id}, decisive frame {number}: {frame_words(frame)}", "h3")
    left, top, right, bottom = face.box
    where = (
        f"Chosen as {role_words(frame)}. Frame {frame.index}, presentation time {frame.time_seconds.exact} s, SHA-256 "
        f"of its pixels {frame.pixels_sha256}. Box x {left}–{right}, y {top}–{bottom} in pixels of the upright frame, "
        f"shorter side {face.size_pixels} pixels; found by {face.origin}."
    )
    if frame.frame_file:
        where += f" The frame without loss: {frame.frame_file}."
    mask = picture(view.root, face.masks[0].file) if face.masks else None
    shown = [
        (
            picture(view.root, face.crop_file),
            f"Processed image: crop as the networks saw it, at {face.scale or 1:.0%} scale; grey is empty.",
        ),
        (mask.crop(face.square) if mask and face.square else None, mask_caption(face)),
    ]
    if face.masks:
        outlined = picture(view.root, outlined_name(face.id))
        shown.append((outlined, "Processed image: the crop, mask as light-blue contour."))
    yield from face_parts(view, face, where, shown)
