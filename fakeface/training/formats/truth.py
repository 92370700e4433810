"""Evaluation truth of FFAA: ``{"file": "Real"}`` or, with types, ``{"file": ["Fake", "Identity exchange"]}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from fakeface.answers import ForgeryClass
from fakeface.training.formats.annotated import Annotated
from fakeface.training.formats.borders import FFAA_NAMES, read_class
from fakeface.training.formats.skips import Skipped, first_error, load_json, write_json

__all__ = ["LOST", "read_truth", "write_truth"]

LOST = (
    "Only path and label are carried, with types also the class, where reenactment and editing are one. Without types "
    "the class of a forgery is unknown afterwards. A picture has one entry, however many faces."
)
_LABELS = ("real", "fake")


def write_truth(rows: Iterable[Annotated], path: Path, with_types: bool) -> list[Skipped]:
    """Write the file; a second row of a picture, and with types a forgery of unknown kind, are left out and told."""
    skipped: list[Skipped] = []
    truth: dict[str, str | list[str]] = {}
    for row in rows:
        label = row.label.capitalize()
        if row.path in truth:
            skipped.append(Skipped(row.path, "the picture has an entry already"))
        elif not with_types:
            truth[row.path] = label
        elif row.forgery is None:
            skipped.append(Skipped(row.path, "the class is not known"))
        else:
            truth[row.path] = [label, FFAA_NAMES[row.forgery]]
    write_json(path, truth)
    return skipped


def read_truth(path: Path, split: str, source: str) -> Iterator[Annotated | Skipped]:
    """One row per entry of either form."""
    truth = load_json(path)
    if isinstance(truth, Skipped):
        yield truth
        return
    if not isinstance(truth, dict):
        yield Skipped(path.name, "not evaluation truth: an object of file names is needed")
        return
    for name, told in truth.items():
        parts = told if isinstance(told, list) else [told]
        if not all(isinstance(part, str) for part in parts) or not 1 <= len(parts) <= 2:
            yield Skipped(name, f"unknown label: {str(told)[:80]!r}")
            continue
        yield _row(name, parts, split, source)


def _row(name: str, parts: list[str], split: str, source: str) -> Annotated | Skipped:
    label = parts[0].lower()
    named = read_class(parts[-1]) if len(parts) == 2 else ()
    if label not in _LABELS or (len(parts) == 2 and not named):
        return Skipped(name, f"unknown label: {' '.join(parts)[:80]!r}")
    forgery = ForgeryClass.REAL if label == "real" and not named else named[0] if named else None
    try:
        return Annotated.model_validate(
            {"path": name, "split": split, "label": label, "forgery": forgery, "source": source}
        )
    except ValidationError as error:
        return Skipped(name, first_error(error))
