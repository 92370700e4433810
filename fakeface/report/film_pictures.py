"""The pictures of one film in the case folder: decisive faces, a timeline for each track, the contact sheet.

Names come from ids and numbers alone: ``F0042-T02`` is a track, ``F0042-T02-1`` its first decisive frame.
"""

from __future__ import annotations

from fakeface.films import FilmFinding
from fakeface.findings import FaceFinding
from fakeface.report.entries import FaceFiles
from fakeface.report.film_entries import FilmFiles, film_entry
from fakeface.report.film_plot import draw_timeline
from fakeface.report.film_sheet import FacePair, draw_contact_sheet, face_pair
from fakeface.report.pictures import Save, save_crop, save_masks

__all__ = ["outlined_name", "save_film"]


def outlined_name(face_id: str) -> str:
    """Name in the case folder of a decisive face with the outline of its masks."""
    return f"overlays/{face_id}.png"


def save_film(save: Save, file_id: str, film: FilmFinding) -> FilmFiles:
    """Save all pictures of a film that need no pixels but those of its decisive faces.

    Args:
        save: writes pixels under a name and returns the name.
        file_id: of the input.
        film: what the run says of it.
    """
    entry = film_entry(file_id, film, FilmFiles())
    faces: dict[tuple[int, int], FaceFiles] = {}
    pairs: dict[str, FacePair] = {}
    for track in film.tracks:
        for place, frame in enumerate(track.decisive, start=1):
            face_id = f"{file_id}-{track.id}-{place}"
            faces[track.number, place] = _save_face(save, face_id, frame.finding, pairs)
    sheet = draw_contact_sheet(entry, pairs)
    return FilmFiles(
        contact_sheet=save(f"films/{file_id}-sheet.png", sheet) if sheet is not None else None,
        timelines={
            track.number: save(f"films/{track.id}-timeline.png", draw_timeline(entry, track)) for track in entry.tracks
        },
        faces=faces,
    )


def _save_face(save: Save, face_id: str, face: FaceFinding, pairs: dict[str, FacePair]) -> FaceFiles:
    """Crop, masks, and the crop with their outline; what the sheet shows of it goes into ``pairs``."""
    if face.crop:
        pairs[face_id] = face_pair(face.crop, face.masks)
        save(outlined_name(face_id), pairs[face_id].outlined)
    return FaceFiles(crop=save_crop(save, face_id, face), masks=save_masks(save, face_id, face))
