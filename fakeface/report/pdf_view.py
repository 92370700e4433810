"""What the PDF shows of a record: its head, and of a large record the part that has room on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import nlargest
from io import BytesIO
from itertools import islice
from pathlib import Path

from PIL import Image

from fakeface.report.disk import digest_file
from fakeface.report.pictures import PICTURE_NAME
from fakeface.report.record import FaceEntry, FileEntry, Record
from fakeface.report.stream import read_files, read_head

__all__ = ["FULL_FACES", "LISTED_FILES", "View", "open_view", "picture"]

FULL_FACES = 50
"""Up to this many faces get a section of their own."""

LISTED_FILES = 500
"""Up to this many inputs without a shown face are listed."""

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
    """

    root: Path
    head: Record
    sha256: str
    files: tuple[FileEntry, ...]
    faces: frozenset[str]

    @property
    def report_id(self) -> str:
        """Identity of the report: it follows from the record's hash, so that another record has another id."""
        digits = self.sha256[:16].upper()
        return "FF-" + "-".join(digits[place : place + 4] for place in range(0, 16, 4))

    @property
    def complete(self) -> bool:
        """Whether every input and every face of the record is shown."""
        return len(self.files) == self.head.totals.found and len(self.faces) == self.head.totals.faces

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
    if head.totals.faces <= FULL_FACES:
        faced = [entry for entry in read_files(path) if entry.faces]
        others = list(islice((entry for entry in read_files(path) if not entry.faces), LISTED_FILES))
        shown = frozenset(face.id for entry in faced for face in entry.faces)
    else:
        flagged = nlargest(FULL_FACES, _flagged(path), key=lambda found: (found[0], found[1].id))
        shown = frozenset(face.id for _, face, _ in flagged)
        faced = list({entry.id: entry for _, _, entry in flagged}.values())
        others = list(islice((entry for entry in read_files(path) if entry.status != "analysed"), LISTED_FILES))
    files = tuple(sorted([*faced, *others], key=lambda entry: int(entry.id.removeprefix("F"))))
    return View(root, head, sha256, files, shown)


def _flagged(path: Path) -> Iterator[tuple[float, FaceEntry, FileEntry]]:
    for entry in read_files(path):
        for face in entry.faces:
            if face.decision.verdict == "fake":
                yield face.decision.fakeness or 0.0, face, entry


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
