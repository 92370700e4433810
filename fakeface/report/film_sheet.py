"""The contact sheet of a film: its decisive frames with number and presentation time, each beside its artifact mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from fakeface.claims.windows import window_share
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.masks import Mask
from fakeface.report.film_entries import DecisiveFrameEntry, FilmEntry, TrackEntry
from fakeface.report.film_words import frame_words, role_words, track_name, track_score_words, track_verdict_words
from fakeface.report.lettering import typeface
from fakeface.report.numbers import score_words
from fakeface.report.overlay import draw_mask
from fakeface.report.words import verdict_words

__all__ = ["SHEET_TRACKS", "FacePair", "draw_contact_sheet", "face_pair"]

SHEET_TRACKS = 24
"""Tracks on a sheet; of more, those with the highest scores."""

MARGIN, GAP, HEAD, LINE = 20, 20, 60, 19
"""Pixels: around the sheet, between frames, of the sheet's head, of a line of text."""

CELL = 2 * CROP_SIZE
ROW = 32 + CROP_SIZE + 3 * LINE + GAP

INK, FAINT = (27, 36, 48), (91, 102, 115)

ENLARGED = 2
"""An outline is drawn on the crop enlarged so many times, so that it hides little."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePair:
    """A decisive face: ``crop`` (224, 224, 3) uint8 RGB as examined, ``outlined`` (448, 448, 3) with its masks."""

    crop: NDArray[np.uint8]
    outlined: NDArray[np.uint8]


def face_pair(crop: FaceCrop, masks: Sequence[Mask]) -> FacePair:
    """The window that was examined, and the same with the outlines of the masks."""
    outlined = crop.pixels.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
    for mask in masks:
        inside = window_share(mask.pixels, crop) > 0.5
        outlined = draw_mask(outlined, inside.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1), 2)
    return FacePair(crop.pixels, outlined)


def draw_contact_sheet(film: FilmEntry, faces: Mapping[str, FacePair]) -> NDArray[np.uint8] | None:
    """All decisive frames, a row for each track.

    Args:
        film: the record's film.
        faces: by the id of the decisive face; a frame without one is named without pictures.

    Returns:
        (height, width, 3) uint8 RGB; ``None`` where no track has a decisive frame.
    """
    tracks = [track for track in film.tracks if track.decisive]
    if not tracks:
        return None
    shown = nlargest(SHEET_TRACKS, tracks, key=lambda track: (track.score or 0.0, -track.number))
    shown.sort(key=lambda track: track.number)
    across = max(len(track.decisive) for track in shown)
    size = (2 * MARGIN + max(across, 2) * (CELL + GAP) - GAP, HEAD + len(shown) * ROW)
    sheet = Image.new("RGB", size, (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    said = "" if len(shown) == len(tracks) else f", the {len(shown)} tracks of {len(tracks)} with the highest scores"
    title = f"{tracks[0].id.partition('-')[0]}: decisive frames{said}"
    draw.text((MARGIN, 12), title, fill=INK, font=typeface(20))
    told = "Left: the face as examined. Right: with the outline of the artifact mask, where there is one."
    draw.text((MARGIN, 38), told, fill=FAINT, font=typeface(13))
    for place, track in enumerate(shown):
        _row(sheet, HEAD + place * ROW, track, faces)
    return np.array(sheet, dtype=np.uint8)


def _row(sheet: Image.Image, top: int, track: TrackEntry, faces: Mapping[str, FacePair]) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.line((MARGIN, top, sheet.width - MARGIN, top), fill=(201, 208, 216), width=1)
    words = f"{track_name(track)}: {track_verdict_words(track)}, score {track_score_words(track)}"
    draw.text((MARGIN, top + 7), words, fill=INK, font=typeface(15))
    for place, frame in enumerate(track.decisive):
        _frame(sheet, (MARGIN + place * (CELL + GAP), top + 30), frame, faces.get(frame.face.id))


def _frame(sheet: Image.Image, place: tuple[int, int], frame: DecisiveFrameEntry, pair: FacePair | None) -> None:
    left, top = place
    draw = ImageDraw.Draw(sheet)
    if pair is None:
        draw.text((left, top + CROP_SIZE // 2), "no picture: too small to be examined", fill=FAINT, font=typeface(13))
    else:
        sheet.paste(Image.fromarray(pair.crop), (left, top))
        if frame.face.masks:
            sheet.paste(Image.fromarray(pair.outlined).reduce(ENLARGED), (left + CROP_SIZE, top))
        else:
            place = (left + CROP_SIZE + CROP_SIZE // 2, top + CROP_SIZE // 2)
            draw.text(place, "no artifact mask", fill=FAINT, font=typeface(13), anchor="mm")
    decision = frame.face.decision
    lines = (
        (role_words(frame), INK),
        (frame_words(frame), INK),
        (f"{verdict_words(decision)}, fakeness {score_words(decision.fakeness)}", FAINT),
    )
    for row, (line, ink) in enumerate(lines):
        draw.text((left, top + CROP_SIZE + 5 + row * LINE), _fitted(line), fill=ink, font=typeface(13))


def _fitted(line: str) -> str:
    """A line that is no wider than its cell."""
    font, whole = typeface(13), line
    while font.getlength(line) > CELL:
        line = f"{whole[: len(line) - 2]}…"
    return line
