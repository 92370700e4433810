"""Training manifests: one JSON object per line, one line per picture with its face.

A ``SourceRow`` is one picture of a data set, read from a CSV (``read_csv``) or from folders (``formats.layouts``);
``read_faces`` / ``FaceRow`` are the internal form that every stage of training reads.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError
from fakeface.training.formats.rle import Rle

__all__ = ["PICTURE_SUFFIXES", "VIDEO_SUFFIXES", "FaceRow", "SourceRow", "read_csv", "read_faces"]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm")


class SourceRow(BaseModel):
    """One picture of a data set, before faces were looked for.

    ``path`` is relative to the manifest's folder; ``split`` is train, calib or dev; ``forgery`` is one of the five
    classes (``real`` for a real picture). ``identities`` and ``videos`` are the persons and source clips whose pixels
    are in it, as far as known; ``mask`` is what was altered, as code or as a path; ``given_box`` (x0, y0, x1, y1) is
    where the data set says that the face is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    split: str
    label: Literal["real", "fake"]
    forgery: str
    source: str
    identities: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    mask: Rle | str | None = None
    given_box: tuple[int, int, int, int] | None = None


class FaceRow(SourceRow):
    """One face of one picture: the box that the finder gave and its 68 landmarks, in pixels of the picture.

    ``tone`` is the mean CIE Lab colour of the cheeks (L 0..100), by which donors are matched; unknown in older files.
    """

    box: tuple[int, int, int, int]
    landmarks: list[tuple[float, float]]
    width: int
    height: int
    tone: tuple[float, float, float] | None = None

    def points(self) -> NDArray[np.float32]:
        """The landmarks as (68, 2) float32."""
        return np.asarray(self.landmarks, dtype=np.float32)


def read_csv(manifest: Path) -> list[SourceRow]:
    """Rows of a CSV manifest; a row without a split is dev.

    Columns: path and label; if known class, source or method, split, and identity, video (several with ``;``) and mask.

    Raises:
        SettingsError: a column is missing, or a line can be misread.
    """
    try:
        with manifest.open(newline="", encoding="utf-8") as handle:
            return [_csv_row(row, number) for number, row in enumerate(csv.DictReader(handle), start=2)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{manifest} cannot be read as CSV: {error}") from error


def _csv_row(row: dict[str, str], line: int) -> SourceRow:
    missing = {"path", "label"} - row.keys()
    if missing:
        raise SettingsError(f"line {line}: the manifest has no column {', '.join(sorted(missing))}")
    if not row["path"] or row["label"] not in ("real", "fake"):
        raise SettingsError(f"line {line}: a path and a label real or fake are needed, not {row['label']!r}")
    label: Literal["real", "fake"] = "real" if row["label"] == "real" else "fake"
    forgery = row.get("class") or ("real" if label == "real" else "identity_swap")
    if forgery not in tuple(ForgeryClass) or (forgery == "real") != (label == "real"):
        raise SettingsError(f"line {line}: a {label} picture cannot be of the class {forgery!r}")
    source = row.get("method") or row.get("source") or "unnamed"
    if label == "real":
        source = Path(row["path"]).parent.name or source
    return SourceRow(
        path=row["path"],
        split=row.get("split") or "dev",
        label=label,
        forgery=forgery,
        source=source,
        identities=_several(row.get("identity")),
        videos=_several(row.get("video")),
        mask=row.get("mask") or None,
    )


def _several(cell: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (cell or "").split(";") if part.strip())


def read_faces(path: Path, split: str | None = None) -> list[FaceRow]:
    """Rows of a prepared manifest (``faces.jsonl``), all or those of one split, in the order of their paths.

    Faces are drawn by their number: sorted, the same faces are drawn whatever order they were prepared in.

    Raises:
        SettingsError: there is no such file, or a line of it is no face.
    """
    if not path.is_file():
        raise SettingsError(f"no prepared manifest at {path}: run `fakeface train prepare` first")
    rows = []
    with path.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                rows += [FaceRow.model_validate_json(line)] if line.strip() else []
            except ValidationError as error:
                raise SettingsError(
                    f"{path}, line {number} is no prepared face; remove it and prepare again"
                ) from error
    rows.sort(key=lambda row: (row.path, row.given_box or ()))
    return [row for row in rows if split is None or row.split == split]
