"""What the language model learns from: windows of a pair with questions about them, true answers, and their masks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from fakeface.answers import Exchange, Hypothesis, find_phrases, prompt
from fakeface.claims.readings import RegionReadings, read_regions
from fakeface.concepts import look_up
from fakeface.networks.language import exchange_ids
from fakeface.networks.masks import MASK_SIDE
from fakeface.training.annotate import Annotation, annotate_window, draw_hypothesis
from fakeface.training.feeding import fed
from fakeface.training.forge.pairs import FaceSample, PairFactory

__all__ = [
    "TASKS",
    "Fields",
    "Lesson",
    "Lessons",
    "answer_masks",
    "lesson_batches",
    "reduced",
    "text_batch",
    "with_fields",
    "with_probability",
]

TASKS = {"hypothesis": 0.5, "age": 0.12, "list": 0.08, "region": 0.2, "conversation": 0.1}
"""Share of each kind of text. Half of all are the five-field answers that the verdict rests on."""

LONGEST = 420
"""Most tokens of questions and answers; a longer conversation loses its last exchanges."""

IGNORED = -100
UNSURE = 0.5

Fields = Literal["all", "R", "DR", "FR"]
"""Fields of the answers that are taught, for the seed paper's ablation: result, description, forgery reasoning."""

_KEPT = {
    "R": ("Analysis result",),
    "DR": ("Image description", "Analysis result"),
    "FR": ("Forgery reasoning", "Analysis result"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One window with what is asked and answered about it.

    Args:
        sample: the window.
        task: one of ``TASKS``.
        exchanges: questions and true answers, tags kept.
        masks: (S, 112, 112) bool, one for every ``[SEG]`` of the answers, in their order.
        readings: of the window's regions.
    """

    sample: FaceSample
    task: str
    exchanges: tuple[Exchange, ...]
    masks: NDArray[np.bool_]
    readings: RegionReadings


class Lessons(Dataset[list[Lesson]]):
    """Both windows of a factory's pairs by their number, each with one text.

    Args:
        factory: makes the pairs.
        tasks: share of each kind of text.
        fields: of the five-field answers.
    """

    def __init__(self, factory: PairFactory, tasks: dict[str, float] | None = None, fields: Fields = "all") -> None:
        self.factory, self.tasks, self.fields = factory, tasks or TASKS, fields

    def __getitem__(self, number: int) -> list[Lesson]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.factory.studio.seed, 7, number))
        real, fake = self.factory.pair(number)
        return [self._lesson(real, None, rng), self._lesson(fake, real, rng)]

    def _lesson(self, sample: FaceSample, original: FaceSample | None, rng: np.random.Generator) -> Lesson:
        names = list(self.tasks)
        task = str(rng.choice(names, p=np.array(list(self.tasks.values())) / sum(self.tasks.values())))
        said = annotate_window(sample, UNSURE, rng, original=original, talk=task != "hypothesis")
        exchanges = _exchanges(said, task)
        if self.fields != "all":
            first = Exchange(exchanges[0].question, with_fields(exchanges[0].answer, self.fields))
            exchanges = (first, *exchanges[1:])
        masks = answer_masks(said, [one.answer for one in exchanges])
        return Lesson(sample, task, exchanges, masks, read_regions(sample.window, sample.landmarks))


def _exchanges(said: Annotation, task: str) -> tuple[Exchange, ...]:
    """The texts of a task; the five fields where the annotation was not good enough for it."""
    turns = next((one.turns for one in said.dialogues if one.task == task), ())
    if task == "hypothesis" or not turns:
        return (Exchange(prompt(Hypothesis.OPEN), said.text),)
    return tuple(Exchange(turns[at].text, turns[at + 1].text) for at in range(0, len(turns), 2))


def answer_masks(said: Annotation, answers: Sequence[str]) -> NDArray[np.bool_]:
    """(S, 112, 112) bool: the altered part of what every ``[SEG]`` of the answers stands behind."""
    grounded = [phrase for answer in answers for phrase in find_phrases(answer) if phrase.grounded]
    masks = [reduced(said.mask(look_up(phrase.text).name)) for phrase in grounded]
    return np.stack(masks) if masks else np.zeros((0, MASK_SIDE, MASK_SIDE), np.bool_)


def reduced(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask of the window on the mask decoder's grid: (112, 112) bool."""
    small = cv2.resize(mask.astype(np.float32), (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small >= 0.5)


def with_fields(text: str, fields: Fields) -> str:
    """The answer's lines that belong to these fields."""
    return text if fields == "all" else "\n".join(line for line in text.split("\n") if line.startswith(_KEPT[fields]))


def with_probability(text: str, certainty: float) -> str:
    """The answer with its probability line set: the encoder's own, in tenths, 0.5 to 0.9."""
    return re.sub(r"Probability: [0-9.]+", f"Probability: {min(max(certainty, 0.5), 0.9):.1f}", text)


def text_batch(
    tokenizer: Tokenizer, lessons: Sequence[Lesson], certainties: Sequence[float], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Ids of all exchanges and what is learned of them: two (B, L), the second ``-100`` in questions and padding.

    The first question of a hypothesis task is drawn here, because it depends on how plainly the encoder sees the truth.
    """
    texts, targets = [], []
    for lesson, certainty in zip(lessons, certainties, strict=True):
        ids: list[int] = []
        learned: list[int] = []
        for number, one in enumerate(lesson.exchanges):
            question = one.question
            if lesson.task == "hypothesis":
                question = prompt(draw_hypothesis(lesson.sample.label, certainty, rng))
            answer = with_probability(one.answer, certainty) if number == 0 else one.answer
            asked, said = exchange_ids(tokenizer, question, answer)
            if number and len(ids) + len(asked) + len(said) > LONGEST:
                break
            ids += asked + said
            learned += [IGNORED] * len(asked) + said
        texts.append(ids)
        targets.append(learned)
    longest = max(map(len, texts))
    return (
        torch.tensor([row + [0] * (longest - len(row)) for row in texts]),
        torch.tensor([row + [IGNORED] * (longest - len(row)) for row in targets]),
    )


def lesson_batches(
    factory: PairFactory,
    seen: int,
    pairs_per_batch: int,
    workers: int,
    tasks: dict[str, float] | None = None,
    fields: Fields = "all",
) -> Iterator[list[Lesson]]:
    """Batches of lessons from the first pair that was not seen, without end."""
    yield from fed(Lessons(factory, tasks, fields), pairs_per_batch, workers, _flat, count(seen // 2))


def _flat(pairs: list[list[Lesson]]) -> list[Lesson]:
    return [lesson for pair in pairs for lesson in pair]
