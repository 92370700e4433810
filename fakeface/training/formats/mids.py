"""FFAA's MIDS answers: ``{image, cls_label, answers: [{content, result, label}]}``, missing answers padded with -1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator

from fakeface.answers import Claim, ForgeryClass
from fakeface.training.formats.annotated import Annotated, GivenAnswer
from fakeface.training.formats.skips import Skipped, read_checked, write_items

__all__ = ["ANSWERS", "LOST", "PADDING", "read_mids", "write_mids"]

LOST = "Only path, label and the three answers are carried; the class of a forgery is unknown afterwards."
ANSWERS, PADDING = 3, -1


class _GivenAnswer(BaseModel):
    content: str
    result: Claim
    label: Literal[-1, 0, 1, 2, 3]

    @field_validator("result", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value


class _Item(BaseModel):
    image: str = Field(min_length=1)
    cls_label: Literal[0, 1]
    answers: tuple[_GivenAnswer, ...] = Field(min_length=1, max_length=ANSWERS)


def write_mids(rows: Iterable[Annotated], path: Path) -> list[Skipped]:
    """Write one item per row that has answers, each with three; others are left out and told."""
    skipped: list[Skipped] = []
    write_items(path, _items(rows, skipped))
    return skipped


def read_mids(path: Path, split: str, source: str) -> Iterator[Annotated | Skipped]:
    """One row per item; an item whose labels contradict its picture's label is told."""
    yield from read_checked(path, lambda value: _row(_Item.model_validate(value), split, source))


def _label(fake: bool, claim: Claim) -> int:
    """Of a pair: twice the truth plus the claim (systems that read the file count on this order)."""
    return 2 * fake + (claim is Claim.FAKE)


def _row(item: _Item, split: str, source: str) -> Annotated | Skipped:
    fake = bool(item.cls_label)
    for answer in item.answers:
        if answer.label not in (PADDING, _label(fake, answer.result)):
            return Skipped(
                item.image, f"label {answer.label} for a {answer.result} answer contradicts {item.cls_label}"
            )
    answers = tuple(
        None if answer.label == PADDING else GivenAnswer(content=answer.content, claim=answer.result)
        for answer in item.answers
    )
    return Annotated.model_validate(
        {
            "path": item.image,
            "split": split,
            "label": "fake" if fake else "real",
            "forgery": None if fake else ForgeryClass.REAL,
            "source": source,
            "answers": answers + (None,) * (ANSWERS - len(answers)),
        }
    )


def _items(rows: Iterable[Annotated], skipped: list[Skipped]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if not any(row.answers) or len(row.answers) > ANSWERS:
            skipped.append(
                Skipped(row.path, f"it has {sum(map(bool, row.answers))} answers, one to {ANSWERS} are needed")
            )
            continue
        padded = row.answers + (None,) * (ANSWERS - len(row.answers))
        answers = [_written(answer, row.label == "fake") for answer in padded]
        yield {"image": row.path, "cls_label": int(row.label == "fake"), "answers": answers}


def _written(answer: GivenAnswer | None, fake: bool) -> dict[str, str | int]:
    if answer is None:
        return {"content": "", "result": Claim.REAL.value, "label": PADDING}
    return {"content": answer.content, "result": answer.claim.value, "label": _label(fake, answer.claim)}
