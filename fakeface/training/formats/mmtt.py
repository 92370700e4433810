"""MMTT records: ``{image_id, caption, img_path, mask_path, instance_id, multilabel}``, 21 labels, forgeries only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import BaseModel, Field

from fakeface.answers import ForgeryClass
from fakeface.training.formats.annotated import Annotated
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.skips import Skipped, read_checked, stays_inside, write_items

__all__ = ["LABELS", "LOST", "labels_of", "read_mmtt", "write_mmtt"]

LABELS = (
    "eye", "pupil", "lip", "mouth", "nose", "ear", "cheek", "forehead", "chin", "jaw", "eyebrow", "tooth", "tongue",
    "beard", "mustache", "skin", "hair", "wrinkle", "freckle", "scar", "dimple",
)  # fmt: skip
"""In the order of ``multilabel`` (arXiv 2412.19685)."""

LOST = (
    "Only path, mask, caption and regions are carried. Regions become the 21 labels, without side (the left eye is "
    "'eye'), and a region without a label goes. Real pictures have no record. The class is read from the identifier's "
    "prefix: e4s is an identity swap, everything else editing."
)

_SYNONYMS = {
    **{label: label for label in LABELS},
    "brow": "eyebrow",
    "eyes": "eye",
    "brows": "eyebrow",
    "eyebrows": "eyebrow",
    "lips": "lip",
    "oral": "mouth",
    "teeth": "tooth",
    "ears": "ear",
    "cheeks": "cheek",
    "moustache": "mustache",
    "nostril": "nose",
    "pupils": "pupil",
    "jawline": "jaw",
}
_SWAP = "e4s"


class _Record(BaseModel):
    image_id: str | int
    caption: str = ""
    img_path: str = Field(min_length=1)
    mask_path: str = ""
    multilabel: tuple[Literal[0, 1], ...] = Field(min_length=len(LABELS), max_length=len(LABELS))


def labels_of(regions: Iterable[str]) -> tuple[str, ...]:
    """The labels, in their order, that region names say: ``left_brow`` is an eyebrow."""
    words = {word for region in regions for word in re.findall(r"[a-z]+", region.lower())}
    found = {_SYNONYMS[word] for word in words if word in _SYNONYMS}
    return tuple(label for label in LABELS if label in found)


def write_mmtt(rows: Iterable[Annotated], path: Path) -> list[Skipped]:
    """Write one record per forgery; masks that are codes become PNG in ``<name>-masks/`` beside the file."""
    skipped: list[Skipped] = []
    write_items(path, _records(rows, path, skipped))
    return skipped


def read_mmtt(path: Path, split: str, source: str) -> Iterator[Annotated | Skipped]:
    """One row per record."""
    yield from read_checked(path, lambda value: _row(_Record.model_validate(value), split, source))


def _row(record: _Record, split: str, source: str) -> Annotated | Skipped:
    if not all(stays_inside(name) for name in (record.img_path, record.mask_path) if name):
        return Skipped(record.img_path, "its path or its mask's leads out of the data set")
    is_swap = str(record.image_id).startswith(_SWAP)
    return Annotated.model_validate(
        {
            "path": record.img_path,
            "split": split,
            "label": "fake",
            "forgery": ForgeryClass.IDENTITY_SWAP if is_swap else ForgeryClass.EDITING,
            "source": source,
            "mask": record.mask_path or None,
            "regions": tuple(label for label, told in zip(LABELS, record.multilabel, strict=True) if told),
            "caption": record.caption,
        }
    )


def _records(rows: Iterable[Annotated], path: Path, skipped: list[Skipped]) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows):
        if row.label == "real":
            skipped.append(Skipped(row.path, "the format has no real pictures"))
            continue
        stem = Path(row.path).with_suffix("").as_posix()
        prefix = f"{_SWAP}_" if row.forgery == ForgeryClass.IDENTITY_SWAP else "edit_"
        told = labels_of(row.regions)
        yield {
            "image_id": prefix + stem.replace("/", "_"),
            "caption": row.caption,
            "img_path": row.path,
            "mask_path": _mask_path(row, path),
            "instance_id": number,
            "multilabel": [int(label in told) for label in LABELS],
        }


def _mask_path(row: Annotated, path: Path) -> str:
    """Where the row's mask lies; a code is written as a picture first. Relative to the file."""
    if not isinstance(row.mask, Rle):
        return row.mask or ""
    name = f"{path.stem}-masks/{hashlib.sha256(row.model_dump_json().encode()).hexdigest()[:16]}.png"
    target = path.parent / name
    target.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(target), row.mask.pixels().astype(np.uint8) * 255)
    return name
