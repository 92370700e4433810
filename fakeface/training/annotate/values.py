"""What the annotator says of one face: findings with their measurements, texts, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass, Hypothesis, format_answer, prompt
from fakeface.claims.values import Finding
from fakeface.concepts import LeafMap, Naming
from fakeface.training.formats.annotated import Annotated, FindingRow, FiveFields, Turn
from fakeface.training.formats.rle import Rle

__all__ = ["Annotation", "Dialogue", "Rejection"]


class Rejection(StrEnum):
    """Why an annotation is not good enough to learn from."""

    NOT_COVERED = "the names cover less than 0.6 of the altered area"
    NOTHING_ALTERED = "the mask of a forgery is empty"


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Questions and answers about the picture.

    Args:
        task: what it exercises ("age", "list", "region", "conversation", "hypothesis").
        turns: question and answer in turn.
    """

    task: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Annotation:
    """All that is said of one face.

    Args:
        label, forgery: the truth.
        altered: (height, width) bool; ``None`` for a real face and where the place is not known or everywhere.
        landmarks: (68, 2) float32, rounded to hundredths of a pixel, as they are written into the manifest.
        leaves: of the concept tree on this picture.
        naming: names of the altered area and how much of it they cover.
        findings: statements that the texts may make, with their measurements.
        description, reasoning: of the five-field answer, with grounded phrases.
        probability: of the answer.
        grounded: concept of every ``[SEG]`` of the answer, in order.
        dialogues: further texts.
        rejected: why nobody should learn from it; ``None`` where it is good.
        rewritten, refused: texts that a rewriter changed, and rewritings that were not taken.
    """

    label: Claim
    forgery: ForgeryClass
    altered: NDArray[np.bool_] | None
    landmarks: NDArray[np.float32]
    leaves: LeafMap
    naming: Naming
    findings: tuple[Finding, ...]
    description: str
    reasoning: str
    probability: float
    grounded: tuple[str, ...] = ()
    dialogues: tuple[Dialogue, ...] = ()
    rejected: Rejection | None = None
    rewritten: int = 0
    refused: int = 0

    @property
    def text(self) -> str:
        """The five-field answer, as five lines."""
        return format_answer(self.description, self.reasoning, self.label, self.probability, self.forgery)

    def mask(self, concept: str) -> NDArray[np.bool_]:
        """(height, width) bool, the altered part of a concept: the mask that belongs to its ``[SEG]``."""
        if self.altered is None:
            return np.zeros(_full(self.leaves.labels > 255, self.leaves.reduce).shape, bool)
        if self.rejected is not None:
            return self.altered
        place = _full(self.leaves.mask(concept), self.leaves.reduce)
        return np.asarray(self.altered & place[: self.altered.shape[0], : self.altered.shape[1]])

    def row(self, path: str, split: str, source: str, **known: Any) -> Annotated:
        """The line of the annotated manifest.

        Args:
            path: of the picture, relative to the data set's folder.
            split: train, calib or dev.
            source: data set or method.
            **known: further fields of ``Annotated`` (``identities``, ``videos``, ``box``, ``width``, ``height``).
        """
        mask = None if self.altered is None else Rle.of(self.altered)
        if self.altered is not None:
            known = {"height": self.altered.shape[0], "width": self.altered.shape[1], **known}
        fields: dict[str, Any] = {
            "path": path,
            "split": split,
            "label": self.label.value,
            "forgery": self.forgery,
            "source": source,
            "mask": mask,
            "regions": self.naming.names,
            "coverage": self.naming.coverage if mask else None,
            "landmarks": tuple((round(float(x), 2), round(float(y), 2)) for x, y in self.landmarks),
            "answer": FiveFields(
                question=prompt(Hypothesis.OPEN),
                description=self.description,
                reasoning=self.reasoning,
                claim=self.label,
                probability=self.probability,
                forgery=self.forgery,
            ),
            "findings": tuple(
                FindingRow(
                    concept=one.concept,
                    family=one.family,
                    term=one.term,
                    severity=one.severity.value,
                    measurements=dict(one.measurements),
                    supported=one.supported,
                    original=dict(one.original),
                )
                for one in self.findings
            ),
            "conversations": tuple(one.turns for one in self.dialogues),
            "tasks": tuple(one.task for one in self.dialogues),
        }
        return Annotated(**(fields | known))


def _full(small: NDArray[np.bool_], reduce: int) -> NDArray[np.bool_]:
    """A reduced map in the picture's own pixels; up to ``reduce - 1`` pixels larger than the picture."""
    return small.repeat(reduce, axis=0).repeat(reduce, axis=1) if reduce > 1 else small
