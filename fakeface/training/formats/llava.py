"""LLaVA conversations, the file form of FFA-VQA: ``{id, image, conversations: [{from, value}]}``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fakeface.answers import Claim, ForgeryClass, Hypothesis, format_answer, parse_answer
from fakeface.training.formats.annotated import Annotated, FiveFields, Turn
from fakeface.training.formats.borders import FFAA_NAMES
from fakeface.training.formats.skips import Skipped, first_error, read_checked, write_items

__all__ = ["LOST", "read_llava", "write_llava"]

LOST = (
    "Only path, answer and conversations are carried. Label and class are read out of the answer's text; probabilities "
    "have one decimal; reenactment and editing share FFAA's 'Facial attribute manipulation', which is read as "
    "reenactment."
)

PICTURE = "<image>"
_SPEAKERS = {"human": "human", "gpt": "model"}


class _Turn(BaseModel):
    sender: Literal["human", "gpt"] = Field(alias="from")
    value: str


class _Item(BaseModel):
    """One conversation of the file; keys that LLaVA does not know are passed over."""

    model_config = ConfigDict(extra="ignore")

    id: str | int
    image: str = Field(min_length=1)
    conversations: tuple[_Turn, ...] = Field(min_length=2)

    def turns(self) -> tuple[Turn, ...]:
        """The turns without the picture's place-holder, which stands at one end of the first."""
        texts = [turn.value for turn in self.conversations]
        texts[0] = texts[0].removeprefix(f"{PICTURE}\n").removesuffix(f"\n{PICTURE}")
        speakers = (_SPEAKERS[turn.sender] for turn in self.conversations)
        return tuple(
            Turn.model_validate({"speaker": speaker, "text": text})
            for speaker, text in zip(speakers, texts, strict=True)
        )


def write_llava(rows: Iterable[Annotated], path: Path) -> list[Skipped]:
    """Write one item per answer and conversation; rows without any are left out and told."""
    skipped: list[Skipped] = []
    write_items(path, _items(rows, skipped))
    return skipped


def read_llava(path: Path, split: str, source: str) -> Iterator[Annotated | Skipped]:
    """One row per picture; items about the same picture that stand together are one row.

    The first five-field answer of a picture becomes its ``answer``, everything else its ``conversations``.
    """
    places = read_checked(path, _Item.model_validate)
    for is_item, group in groupby(places, key=lambda one: one.image if isinstance(one, _Item) else None):
        if is_item is None:
            yield from (one for one in group if isinstance(one, Skipped))
        else:
            yield _row([one for one in group if isinstance(one, _Item)], split, source)


def _row(items: list[_Item], split: str, source: str) -> Annotated | Skipped:
    image = items[0].image
    read = [(item.turns(), _five_fields(item.turns())) for item in items]
    answers = [fields for _, fields in read if fields is not None]
    claims = {fields.claim for fields in answers}
    if len(claims) != 1:
        reason = "its answers contradict each other" if claims else "no answer with a readable result"
        return Skipped(image, reason)
    first = next(index for index, (_, fields) in enumerate(read) if fields is not None)
    forgery = answers[0].forgery
    try:
        return Annotated.model_validate(
            {
                "path": image,
                "split": split,
                "label": answers[0].claim.value,
                "forgery": ForgeryClass.REAL if answers[0].claim is Claim.REAL else forgery,
                "source": source,
                "answer": answers[0],
                "conversations": tuple(turns for index, (turns, _) in enumerate(read) if index != first),
            }
        )
    except ValidationError as error:
        return Skipped(image, first_error(error))


def _five_fields(turns: tuple[Turn, ...]) -> FiveFields | None:
    """The answer of a conversation that is one question and one five-field answer."""
    if len(turns) != 2 or [turn.speaker for turn in turns] != ["human", "model"]:
        return None
    answer = parse_answer(turns[1].text, Hypothesis.OPEN)
    if answer.claim is None:
        return None
    return FiveFields(
        question=turns[0].text,
        description=answer.description,
        reasoning=answer.reasoning,
        claim=answer.claim,
        probability=answer.probability,
        forgery=answer.forgery,
    )


def _items(rows: Iterable[Annotated], skipped: list[Skipped]) -> Iterator[dict[str, Any]]:
    for row in rows:
        talks = list(row.conversations)
        if row.answer is not None:
            question = Turn(speaker="human", text=row.answer.question)
            talks.insert(0, (question, Turn(speaker="model", text=five_lines(row.answer))))
        if not talks:
            skipped.append(Skipped(row.path, "it has neither an answer nor a conversation"))
        for number, turns in enumerate(talks):
            yield {"id": f"{row.path}#{number}", "image": row.path, "conversations": _written(turns)}


def _written(turns: tuple[Turn, ...]) -> list[dict[str, str]]:
    senders = {"human": "human", "model": "gpt"}
    written = [{"from": senders[turn.speaker], "value": turn.text} for turn in turns]
    if written:
        written[0]["value"] = f"{PICTURE}\n{written[0]['value']}"
    return written


def five_lines(answer: FiveFields) -> str:
    """The five lines with FFAA's class names; a field is one line, and unknown fields are left out."""
    words = [" ".join(text.split()) for text in (answer.description, answer.reasoning)]
    forgery = answer.forgery or ForgeryClass.REAL
    probability = 0.0 if answer.probability is None else answer.probability
    lines = format_answer(words[0], words[1], answer.claim, probability, forgery).split("\n")
    lines[-1] = f"{lines[-1].partition(':')[0]}: {FFAA_NAMES[forgery]}"
    unknown = {"Probability": answer.probability is None, "Forgery type": answer.forgery is None}
    return "\n".join(line for line in lines if not unknown.get(line.partition(":")[0], False))
