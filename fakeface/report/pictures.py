"""The pictures of one face in the case folder: crop, masks, maps, and the masks of numbered phrases on the picture.

Names come from ids and numbers alone: ``F0042-2`` is the face, ``-e1-s3`` its first explanation's third statement,
``-q1`` what answers the first place, ``-q`` all of them on the picture, ``-m1`` its first map. ``F0042-T02-1`` is the
face of a film on the first decisive frame of its second track.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fakeface.findings import FaceFinding, FileFinding
from fakeface.masks import Mask
from fakeface.report.entries import FaceFiles
from fakeface.report.maps import draw_map, face_maps
from fakeface.report.overlay import draw_phrases

__all__ = ["PICTURE_FOLDERS", "PICTURE_NAME", "Save", "save_crop", "save_face", "save_masks"]

PICTURE_FOLDERS = ("faces", "masks", "overlays")
"""Folders that every case has; maps lie in one of their own."""

PICTURE_NAME = (
    r"(faces|maps|masks|overlays)/F\d{4,}(-T\d{2,})?(-(\d+|[emqs]\d*)){0,3}\.png"
    r"|films/F\d{4,}(-T\d{2,}-timeline|-sheet)\.png"
)
"""Pattern of every picture's name in the case folder that a report may show."""

Save = Callable[[str, NDArray[Any]], str]
"""Writes pixels under a name in the case folder and returns the name."""


def save_face(save: Save, whole: FileFinding, face: FaceFinding) -> FaceFiles:
    """Save all pictures of a face.

    Args:
        save: writes pixels under a name and returns the name.
        whole: the input with its picture.
        face: one of its faces.
    """
    stem = f"{whole.id}-{face.number}"
    maps = face_maps(face, whole.picture)
    return FaceFiles(
        crop=save_crop(save, stem, face),
        masks=save_masks(save, stem, face),
        places={
            number: save(f"masks/{stem}-q{number}.png", part.mask.pixels)
            for number, part in enumerate(face.places, start=1)
            if part.mask
        },
        maps=[save(f"maps/{stem}-m{number}.png", draw_map(one)) for number, one in enumerate(maps, start=1)],
        statements={
            (number, one.number): save(f"masks/{stem}-e{number}-s{one.number}.png", one.mask.pixels)
            for number, explanation in enumerate(face.explanations, start=1)
            for one in explanation.statements
            if one.mask
        },
        overlays=_overlays(save, stem, whole, face),
        places_overlay=_numbered(save, f"{stem}-q", whole, face, dict(enumerate((one.mask for one in face.places), 1))),
    )


def save_crop(save: Save, stem: str, face: FaceFinding) -> str | None:
    """Save what the networks saw of a face; ``stem`` is its id."""
    return save(f"faces/{stem}.png", face.crop.pixels) if face.crop else None


def save_masks(save: Save, stem: str, face: FaceFinding) -> list[str]:
    """Save the artifact masks of a face; ``stem`` is its id."""
    names = [f"masks/{stem}{f'-{row}' if row > 1 else ''}.png" for row in range(1, len(face.masks) + 1)]
    return [save(name, mask.pixels) for name, mask in zip(names, face.masks, strict=True)]


def _overlays(save: Save, stem: str, whole: FileFinding, face: FaceFinding) -> dict[int, str]:
    """Of every explanation with a mask, its numbered masks over the square."""
    found = {
        number: _numbered(save, f"{stem}-e{number}", whole, face, {one.number: one.mask for one in told.statements})
        for number, told in enumerate(face.explanations, start=1)
    }
    return {number: name for number, name in found.items() if name}


def _numbered(
    save: Save, name: str, whole: FileFinding, face: FaceFinding, masks: Mapping[int, Mask | None]
) -> str | None:
    """Numbered masks over the square; nothing where none marks a pixel."""
    shown = {number: mask.pixels for number, mask in masks.items() if mask and mask.area_pixels}
    if not shown or face.square is None or whole.pixels is None:
        return None
    return save(f"overlays/{name}.png", draw_phrases(whole.pixels, face.square, shown))
