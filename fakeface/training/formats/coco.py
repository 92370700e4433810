"""COCO JSON: one annotation per face, with its box, its class as category and its mask as run-length code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pycocotools import mask as coco
from pydantic import BaseModel, Field, ValidationError

from fakeface.answers import ForgeryClass
from fakeface.training.formats.annotated import Annotated, load_mask
from fakeface.training.formats.borders import read_class
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.skips import Skipped, first_error, load_json, write_json

__all__ = ["LOST", "read_coco", "write_coco"]

LOST = (
    "Path, size, box, class and mask are carried; texts, regions, identities and videos are not. A row whose picture's "
    "size is not known has no entry. The category 'Fake' is a forgery of unknown kind."
)
UNKNOWN_FORGERY = "Fake"
CATEGORIES = (*(forgery.value for forgery in ForgeryClass), UNKNOWN_FORGERY)


class _Image(BaseModel):
    id: int | str
    file_name: str = Field(min_length=1)
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class _Face(BaseModel):
    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float] | None = None
    segmentation: Any = None


def write_coco(rows: Iterable[Annotated], path: Path, root: Path) -> list[Skipped]:
    """Write the file; rows without a size, and rows whose mask cannot be read or does not fit, are told.

    Args:
        rows: of an annotated manifest.
        path: of the file.
        root: folder that paths of masks are relative to.
    """
    skipped: list[Skipped] = []
    images: dict[str, dict[str, Any]] = {}
    faces: list[dict[str, Any]] = []
    for row in rows:
        if row.width is None or row.height is None:
            skipped.append(Skipped(row.path, "the size of the picture is not known"))
            continue
        try:
            mask = None if row.mask is None else Rle.of(load_mask(row.mask, root))
        except ValueError as error:
            skipped.append(Skipped(row.path, str(error)))
            continue
        if mask is not None and mask.size != (row.height, row.width):
            told = f"the mask is {mask.size[1]}x{mask.size[0]}, the picture {row.width}x{row.height}"
            skipped.append(Skipped(row.path, told))
            continue
        size = {"file_name": row.path, "width": row.width, "height": row.height}
        image = images.setdefault(row.path, {"id": len(images) + 1, **size})
        faces.append({"id": len(faces) + 1, "image_id": image["id"], **_written(row, mask)})
    categories = [{"id": number, "name": name} for number, name in enumerate(CATEGORIES)]
    write_json(path, {"images": list(images.values()), "annotations": faces, "categories": categories})
    return skipped


def _written(row: Annotated, mask: Rle | None) -> dict[str, Any]:
    category = UNKNOWN_FORGERY if row.forgery is None else row.forgery.value
    written: dict[str, Any] = {"category_id": CATEGORIES.index(category), "iscrowd": 0}
    if row.box is not None:
        x0, y0, x1, y1 = row.box
        written |= {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0)}
    if mask is not None:
        code = mask.model_dump(mode="json")
        written |= {"segmentation": code, "area": int(coco.area({**code, "counts": mask.counts.encode("ascii")}))}
    return written


def read_coco(path: Path, split: str, source: str) -> Iterator[Annotated | Skipped]:
    """One row per annotation, in the order of the file; a mask on a real face outlines the face and is left out.

    Also OpenForensics' files, whose categories are Real and Fake.
    """
    value = load_json(path)
    if isinstance(value, Skipped):
        yield value
        return
    parts = [value.get(name) if isinstance(value, dict) else None for name in ("images", "annotations", "categories")]
    if not all(isinstance(part, list) for part in parts):
        yield Skipped(path.name, "not COCO JSON: images, annotations and categories are needed")
        return
    images: dict[int | str, _Image] = {}
    for number, one in enumerate(parts[0] or []):
        try:
            image = _Image.model_validate(one)
            images[image.id] = image
        except ValidationError as error:
            yield Skipped(f"{path.name}:image {number + 1}", first_error(error))
    classes = _classes(parts[2] or [])
    told: set[int | str] = set()
    for number, one in enumerate(parts[1] or []):
        place = f"{path.name}:annotation {number + 1}"
        try:
            face = _Face.model_validate(one)
            told.add(face.image_id)
            yield _row(face, images, classes, split, source)
        except ValidationError as error:
            yield Skipped(place, first_error(error))
        except ValueError as error:
            yield Skipped(place, str(error))
    for name, image in images.items():
        if name not in told:
            yield Skipped(image.file_name, "no face is annotated")


def _classes(categories: list[Any]) -> dict[int, str]:
    pairs = ((one.get("id"), one.get("name")) for one in categories if isinstance(one, dict))
    return {number: name for number, name in pairs if isinstance(number, int) and isinstance(name, str)}


def _row(
    face: _Face, images: dict[int | str, _Image], classes: dict[int, str], split: str, source: str
) -> Annotated | Skipped:
    image, name = images.get(face.image_id), classes.get(face.category_id, "")
    if image is None:
        raise ValueError(f"it belongs to a picture that is not listed: {face.image_id}")
    named = read_class(name)
    if not named and name.lower() != UNKNOWN_FORGERY.lower():
        return Skipped(image.file_name, f"unknown label: {name or face.category_id!r}")
    forgery = named[0] if named else None
    mask = None
    if forgery is not ForgeryClass.REAL and face.segmentation:
        try:
            mask = Rle.of_coco(face.segmentation, image.height, image.width)
        except ValueError as error:
            told = first_error(error) if isinstance(error, ValidationError) else str(error)
            return Skipped(image.file_name, f"its mask cannot be used: {told}")
    return Annotated.model_validate(
        {
            "path": image.file_name,
            "split": split,
            "label": "real" if forgery is ForgeryClass.REAL else "fake",
            "forgery": forgery,
            "source": source,
            "box": None if face.bbox is None else _corners(face.bbox),
            "width": image.width,
            "height": image.height,
            "mask": mask,
        }
    )


def _corners(box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    left, top, width, height = box
    if not (width > 0 and height > 0 and max(map(abs, box)) < 1e6):
        raise ValueError(f"not a box: {list(box)}")
    return round(left), round(top), round(left + width), round(top + height)
