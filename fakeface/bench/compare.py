"""One face's finding beside its truth: masks, regions and phrases tied to pixels, on the window's own grid."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco
from sklearn.metrics import f1_score, jaccard_score, roc_auc_score

from fakeface.answers import Answer, Hypothesis, Phrase, parse_answer
from fakeface.bench.values import FoundPhrase, TruePhrase
from fakeface.claims.matching import regions_named
from fakeface.claims.reading import concept_of
from fakeface.claims.windows import joined
from fakeface.concepts import LeafMap, locate
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.findings import FaceFinding, ModelCard
from fakeface.interfaces import Encoding, Segmenter
from fakeface.masks import Mask, MaskPrompt
from fakeface.training.annotate import annotate
from fakeface.training.forge.pairs import MASK_SIZE, FaceSample
from fakeface.training.forge.values import FOREIGN

__all__ = [
    "REFERENCES",
    "Keeper",
    "found_mask",
    "mask_figures",
    "match_phrases",
    "named_regions",
    "true_texts",
]

Bools = NDArray[np.bool_]

HALF = 0.5
"""Overlap from which one mask has found another."""

REFERENCES = 4
"""Wordings of the true text: the annotator draws words, and a model is not to be blamed for another draw."""


class Keeper:
    """A segmenter that keeps the encodings that the route asked it about, for what is measured besides.

    Args:
        inner: segments.
    """

    def __init__(self, inner: Segmenter) -> None:
        self.inner = inner
        self._kept: dict[int, Encoding] = {}

    @property
    def card(self) -> ModelCard:
        """The model that segments."""
        return self.inner.card

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        """What the inner one gives."""
        self._kept[id(encoding.crop)] = encoding
        return self.inner.segment(encoding, height, width)

    def locate(self, encoding: Encoding, prompts: Sequence[MaskPrompt], height: int, width: int) -> tuple[Mask, ...]:
        """What the inner one gives."""
        return self.inner.locate(encoding, prompts, height, width)

    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        """What the inner one gives."""
        return self.inner.probabilities(encoding)

    def take(self, crop: FaceCrop) -> Encoding | None:
        """The encoding of a crop, once."""
        return self._kept.pop(id(crop), None)

    def forget(self) -> None:
        """Drop what nobody took."""
        self._kept.clear()


def found_mask(finding: FaceFinding) -> Bools:
    """All artifact masks of a face together, (56, 56) bool."""
    if finding.crop is None:
        return np.zeros((MASK_SIZE, MASK_SIZE), bool)
    return joined((mask.pixels for mask in finding.masks), finding.crop)


def mask_figures(truth: Bools, found: Bools, heat: NDArray[np.float32] | None) -> dict[str, float | None]:
    """IoU, F1 and AUC of one face's pixels; AUC is ``None`` without probabilities or without both kinds of pixels."""
    area = None
    if heat is not None and 0 < truth.sum() < truth.size:
        small = cv2.resize(heat, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA)
        area = float(roc_auc_score(truth.ravel(), np.asarray(small).ravel()))
    return {
        "mask_iou": float(jaccard_score(truth.ravel(), found.ravel(), zero_division=0.0)),
        "mask_f1": float(f1_score(truth.ravel(), found.ravel(), zero_division=0.0)),
        "mask_auc": area,
    }


def _concepts(phrases: Sequence[Phrase]) -> list[str]:
    """The concept of each phrase that is tied to pixels; one that means no part of a face is an empty name."""
    return [concept_of(phrase.text) or "" for phrase in phrases if phrase.grounded]


def named_regions(answer: Answer) -> tuple[str, ...]:
    """Regions that an answer ties to a mask, in the order of the region head."""
    return regions_named(concept for concept in _concepts(answer.phrases) if concept)


def true_texts(sample: FaceSample, key: str, original: FaceSample | None = None) -> tuple[tuple[str, ...], Answer]:
    """Wordings of the text that the annotator writes of a face, and the first of them with its phrases.

    Args:
        sample: the window with its truth.
        key: seeds the wording.
        original: the real window that a forgery was made from, where it is known: as in training, an artifact is named
            only where the forgery has it and the original has not.
    """
    rng = np.random.default_rng(zlib.crc32(key.encode("utf-8", "surrogateescape")))
    answers = [parse_answer(annotate(sample, 0.9, rng, original), Hypothesis.OPEN) for _ in range(REFERENCES)]
    return tuple(dict.fromkeys(answer.scored_text for answer in answers)), answers[0]


def match_phrases(
    answer: Answer, truth: Answer, masks: Sequence[Mask], crop: FaceCrop, sample: FaceSample
) -> tuple[tuple[FoundPhrase, ...], tuple[TruePhrase, ...]]:
    """Grounded phrases of a model against those of the truth.

    The mask of a phrase is what the mask decoder answers at its ``[SEG]``, that of a true phrase what the true mask
    shows of the part. From the highest score down, each found mask goes to the true one that it overlaps most and that
    is still free, from IoU 0.5 on, as COCO does it.

    Args:
        answer: what the model wrote.
        truth: what the annotator wrote.
        masks: one for every grounded phrase of the answer, in the frame's pixels.
        crop: of the face.
        sample: the window with its true mask.
    """
    points = (sample.landmarks + np.float32(0.5)) * np.float32(MASK_SIZE / CROP_SIZE) - np.float32(0.5)
    leaves = locate(points.astype(np.float32), MASK_SIZE, MASK_SIZE)
    said, true = _concepts(answer.phrases), _concepts(truth.phrases)
    overlaps = _overlaps(
        [joined([mask.pixels], crop) for mask in masks], [_part(sample.mask > FOREIGN, name, leaves) for name in true]
    )
    taken: dict[int, int] = {}
    for row in sorted(range(len(said)), key=lambda row: -masks[row].score):
        free = [column for column in range(len(true)) if column not in taken]
        best = max(free, key=lambda column: overlaps[row, column], default=None)
        if best is not None and overlaps[row, best] >= HALF:
            taken[best] = row
    same = np.array([[bool(one) and one == other for other in true] for one in said], bool).reshape(overlaps.shape)
    return (
        tuple(FoundPhrase(score=mask.score, hit=row in taken.values()) for row, mask in enumerate(masks)),
        tuple(
            TruePhrase(
                iou=float(overlaps[:, column].max(initial=0)),
                recalled=bool((same[:, column] & (overlaps[:, column] >= HALF)).any()),
            )
            for column in range(len(true))
        ),
    )


def _part(mask: Bools, concept: str, leaves: LeafMap) -> Bools:
    if concept in ("", "whole_face"):
        return mask
    return np.asarray(mask & leaves.mask(concept))


def _overlaps(found: Sequence[Bools], true: Sequence[Bools]) -> NDArray[np.float64]:
    """(found, true) intersection over union."""
    if not found or not true:
        return np.zeros((len(found), len(true)))
    codes = [[coco.encode(np.asfortranarray(one.astype(np.uint8))) for one in side] for side in (found, true)]
    return np.asarray(coco.iou(codes[0], codes[1], [False] * len(true)), np.float64).reshape(len(found), len(true))
