"""Training manifests: one JSON object per line, one line per picture with its face.

``read_source`` takes what users have (CSV with columns path, label, class, source, split; or a folder with ``real/``
and ``fake/``) and ``read_faces`` / ``FaceRow`` are the internal form that every stage of training reads.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError

__all__ = ["FaceRow", "SourceRow", "read_faces", "read_source"]

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


class SourceRow(BaseModel):
    """One picture of a data set, before faces were looked for.

    ``path`` is relative to the manifest's folder; ``split`` is train, calib or dev; ``forgery`` is one of the five
    classes (``real`` for a real picture).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    split: str
    label: Literal["real", "fake"]
    forgery: str
    source: str


class FaceRow(SourceRow):
    """One face of one picture: the box that the finder gave and its 68 landmarks, in pixels of the picture."""

    box: tuple[int, int, int, int]
    landmarks: list[tuple[float, float]]
    width: int
    height: int

    def points(self) -> NDArray[np.float32]:
        """The landmarks as (68, 2) float32."""
        return np.asarray(self.landmarks, dtype=np.float32)


def read_source(manifest: Path) -> list[SourceRow]:
    """Rows of a CSV manifest, or of a folder holding ``real/`` and ``fake/``.

    Raises:
        SettingsError: the manifest is neither, or a column is missing.
    """
    if manifest.is_dir():
        rows = list(_folder_rows(manifest))
    elif manifest.is_file():
        with manifest.open(newline="", encoding="utf-8") as handle:
            rows = [_csv_row(row, number) for number, row in enumerate(csv.DictReader(handle), start=2)]
    else:
        raise SettingsError(f"no manifest at {manifest}")
    if not rows:
        raise SettingsError(f"{manifest} names no picture")
    return rows


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
    return SourceRow(path=row["path"], split=row.get("split") or "dev", label=label, forgery=forgery, source=source)


def _folder_rows(folder: Path) -> Iterator[SourceRow]:
    for label, forgery in (("real", "real"), ("fake", "identity_swap")):
        for path in sorted((folder / label).rglob("*")):
            if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file():
                name = str(path.relative_to(folder))
                yield SourceRow.model_validate(
                    {"path": name, "split": "dev", "label": label, "forgery": forgery, "source": folder.name}
                )


def read_faces(path: Path, split: str | None = None) -> list[FaceRow]:
    """Rows of a prepared manifest (``faces.jsonl``), all or those of one split.

    Raises:
        SettingsError: there is no such file.
    """
    if not path.is_file():
        raise SettingsError(f"no prepared manifest at {path}: run `fakeface train prepare` first")
    with path.open(encoding="utf-8") as handle:
        rows = [FaceRow.model_validate_json(line) for line in handle if line.strip()]
    return [row for row in rows if split is None or row.split == split]
