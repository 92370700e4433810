"""What the PDF shows of a record: its head, and of a large record the part that has room on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from io import BytesIO
from itertools import accumulate, islice
from pathlib import Path

from PIL import Image

from fakeface.faces import CROP_SIZE
from fakeface.report.disk import digest_file
from fakeface.report.pictures import PICTURE_NAME
from fakeface.report.record import FaceEntry, FileEntry, Record
from fakeface.report.stream import read_files, read_head

__all__ = ["FULL_FACES", "LISTED_FILES", "View", "crop_picture", "open_view", "picture"]

FULL_FACES = 50
"""Up to this many faces get a section of their own."""

LISTED_FILES = 500
"""Up to this many inputs without a shown face are listed."""

TRACK_WEIGHT = 3
"""A track takes the room of so many faces."""

SECTIONS = (
    "Summary of results",
    "Evidence",
    "How the results come about",
    "Models and settings",
    "Environment of the run",
    "Limits",
)

_OWN_PICTURE = re.compile(PICTURE_NAME)


@dataclass(frozen=True, slots=True)
class View:
    """A record as the PDF shows it.

    Args:
        root: the run's folder.
        head: the record without its files.
        sha256: of ``findings.json``.
        files: the inputs that are listed, in the order of their ids.
        faces: ids of the faces with a section of their own.
        tracks: ids of the tracks of films with a section of their own.
    """

    root: Path
    head: Record
    sha256: str
    files: tuple[FileEntry, ...]
    faces: frozenset[str]
    tracks: frozenset[str] = frozenset()

    @property
    def report_id(self) -> str:
        """Identity of the report: it follows from the record's hash, so that another record has another id."""
        digits = self.sha256[:16].upper()
        return "FF-" + "-".join(digits[place : place + 4] for place in range(0, 16, 4))

    @property
    def complete(self) -> bool:
        """Whether every input, every face and every track of the record is shown."""
        totals = self.head.totals
        shown = (len(self.files), len(self.faces), len(self.tracks))
        return shown == (totals.found, totals.faces, totals.tracks)

    @property
    def films(self) -> tuple[FileEntry, ...]:
        """The shown films."""
        return tuple(entry for entry in self.files if entry.film is not None)

    @property
    def titles(self) -> tuple[str, ...]:
        """Titles of the report's sections in their order; faces or films only where there are inputs of that kind."""
        faces = () if self.films and not self.head.totals.faces else ("Faces",)
        return (*SECTIONS[:2], *faces, *(("Films",) if self.films else ()), *SECTIONS[2:])

    def heading(self, title: str) -> str:
        """A section's title with its number."""
        return f"{self.titles.index(title) + 1}  {title}"

    def cut(self, name: str) -> float | None:
        """A threshold of the profile by name, or ``None`` where the record states none."""
        thresholds = self.head.profile.get("thresholds")
        value = thresholds.get(name) if isinstance(thresholds, dict) else None
        return float(value) if isinstance(value, int | float) else None


def open_view(root: Path) -> View:
    """Read what is shown of the record in a run's folder; of large records only the shown part is held.

    Raises:
        OutputError: there is no record, or it has another form.
    """
    path = root / "findings.json"
    head = read_head(path)
    sha256, _ = digest_file(path)
    if head.totals.faces + TRACK_WEIGHT * head.totals.tracks <= FULL_FACES:
        shown = [entry for entry in read_files(path) if _ids(entry)]
        others = list(islice((entry for entry in read_files(path) if not _ids(entry)), LISTED_FILES))
        ids = {one for entry in shown for one in _ids(entry)}
    else:
        flagged = nlargest(FULL_FACES, _flagged(path), key=lambda found: found[:2])
        room = list(accumulate(TRACK_WEIGHT if entry.film else 1 for *_, entry in flagged))
        flagged = [found for found, taken in zip(flagged, room, strict=True) if taken <= FULL_FACES]
        ids = {one for _, one, _ in flagged}
        shown = list({entry.id: entry for *_, entry in flagged}.values())
        listed = (entry for entry in read_files(path) if entry.status != "analysed" or entry.film)
        others = [entry for entry in islice(listed, LISTED_FILES) if not ids.intersection(_ids(entry))]
    files = tuple(sorted([*shown, *others], key=lambda entry: int(entry.id.removeprefix("F"))))
    tracks = frozenset(one for entry in shown if entry.film for one in _ids(entry)) & ids
    return View(root, head, sha256, files, frozenset(ids) - tracks, tracks)


def _ids(entry: FileEntry) -> list[str]:
    """Ids of the faces of a picture, or of the tracks of a film."""
    return [track.id for track in entry.film.tracks] if entry.film else [face.id for face in entry.faces]


def _flagged(path: Path) -> Iterator[tuple[float, str, FileEntry]]:
    """Score, id and input of every face and track that supports alteration."""
    for entry in read_files(path):
        for face in entry.faces:
            if face.decision.verdict == "fake":
                yield face.decision.fakeness or 0.0, face.id, entry
        for track in entry.film.tracks if entry.film else ():
            if track.verdict == "fake":
                yield track.score or 0.0, track.id, entry


def picture(root: Path, name: str | None) -> Image.Image | None:
    """A picture of the run by the name that the record gives; ``None`` where it was not saved or is gone.

    Only names that the case folder itself gives are opened, and no links are followed: a record that was tampered with
    cannot draw another file of this machine into the report.
    """
    if name is None or not _OWN_PICTURE.fullmatch(name):
        return None
    path = root / name
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        return None
    with Image.open(BytesIO(path.read_bytes()), formats=["PNG"]) as image:
        return image.convert("RGB")


def crop_picture(root: Path, face: FaceEntry) -> Image.Image | None:
    """The crop of a face without the window's blank border, so that it shows the same square as mask and overlay."""
    window = picture(root, face.crop_file)
    side = face.square[2] - face.square[0] if face.square else CROP_SIZE
    if window is None or side >= window.width:
        return window
    offset = (window.width - side) // 2
    return window.crop((offset, offset, offset + side, offset + side))
