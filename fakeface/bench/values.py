"""What is kept of every measured face, and what was left out of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["Batch", "FoundPhrase", "Kind", "ScoredFace", "TruePhrase"]

Kind = Literal["trained", "never_trained", "pairs", "files"]
"""Where a set comes from: an operator that is trained on or one that is not, pairs of given files, or single files."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FoundPhrase(_Value):
    """A phrase of the model with its mask: the mask's ``score`` 0..1, and whether it ``hit`` a true one (IoU 0.5)."""

    score: float
    hit: bool


class TruePhrase(_Value):
    """A phrase of the true text: ``iou`` with the mask matched to it (0 for none), and whether it was ``recalled``.

    Recalled is what is covered by half (IoU 0.5) by a phrase for the same part of the face.
    """

    iou: float
    recalled: bool


class ScoredFace(_Value):
    """One face with its truth and its scores.

    Args:
        name: set it belongs to.
        condition: what was done to the pictures beforehand: nothing, ``reencoded`` or the name of a slice.
        kind: of the set.
        group: the source picture, shared by a face and its forgery; resampled together.
        label: 0 real, 1 fake.
        forgery: true class; empty where unknown.
        independent: text-independent score.
        fakeness: MIDS's fakeness; ``None`` in a triage or where no answer could be read.
        anchor: what the open answer alone says: 1 fake, 0 real; ``None`` in a triage or where it cannot be read.
        anchor_forgery: the class that the open answer names; empty where it names none.
        answered: whether answers were asked for, so that ``anchor`` ``None`` means unreadable.
        verdict: of the decision.
        hard: whether the three claims differ; ``None`` without answers.
        predicted: the class head's.
        log10_lr: calibrated log10 likelihood ratio; ``None`` where there is none.
        scale: side of the examined square in pixels of the picture: what geometry alone gives away.
        size_bytes: of the file; of a forged window as PNG.
        picture_pixels: of the file's picture; of a window its own.
        quantisation: mean of a JPEG file's luminance table; ``None`` for anything else.
        mask_iou, mask_f1: artifact mask against truth; ``None`` where there is no true mask or none was asked for.
        mask_auc: the same for the probabilities of its pixels.
        true_regions: what the true mask touches; ``None`` where it is not known.
        found_regions: suspects of the region head.
        named_regions: those that the open answer ties to a mask.
        masked_regions: those that the artifact mask touches.
        masks: number of artifact masks.
        phrases: number of phrases that the open answer ties to a mask.
        found_phrases, true_phrases: grounded phrases of the open answer and of the true text; ``None`` where there is
            no true mask or no answer.
        text: description and reasoning of the open answer, without tags.
        references: true texts; none where the class is unknown.
    """

    name: str
    condition: str = ""
    kind: Kind = "files"
    group: str
    label: int
    forgery: str = ""
    independent: float
    fakeness: float | None = None
    anchor: int | None = None
    anchor_forgery: str = ""
    answered: bool = False
    verdict: str
    hard: bool | None = None
    predicted: str
    log10_lr: float | None = None
    scale: float
    size_bytes: int = 0
    picture_pixels: int = 0
    quantisation: float | None = None
    mask_iou: float | None = None
    mask_f1: float | None = None
    mask_auc: float | None = None
    true_regions: tuple[str, ...] | None = None
    found_regions: tuple[str, ...] = ()
    named_regions: tuple[str, ...] = ()
    masked_regions: tuple[str, ...] = ()
    masks: int = 0
    phrases: int = 0
    found_phrases: tuple[FoundPhrase, ...] | None = None
    true_phrases: tuple[TruePhrase, ...] | None = None
    text: str = ""
    references: tuple[str, ...] = ()

    @property
    def set_name(self) -> str:
        """The set as figures call it: with its condition."""
        return f"{self.name}_{self.condition}" if self.condition else self.name


@dataclass(frozen=True, slots=True)
class Batch:
    """Some faces of a set as they come.

    Args:
        faces: measured.
        left_out: a reason for every pair, or single file, that could not be measured.
    """

    faces: tuple[ScoredFace, ...]
    left_out: tuple[str, ...] = ()
