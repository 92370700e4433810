"""The one way from a face and what was altered in it to all that is said of it: for pictures and training windows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass
from fakeface.claims.scene import Scene
from fakeface.claims.terms import PARTLY
from fakeface.claims.values import Finding
from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE
from fakeface.training.annotate.answers import (
    altered_findings,
    fake_reasoning,
    placeless,
    real_reasoning,
    told,
    usual_findings,
)
from fakeface.training.annotate.describe import describe
from fakeface.training.annotate.hypotheses import plainness, written_probability
from fakeface.training.annotate.rewrite import Rewriter, Rewritten, rewrite
from fakeface.training.annotate.talk import Told, dialogues
from fakeface.training.annotate.values import Annotation, Dialogue, Rejection
from fakeface.training.annotate.words import pick
from fakeface.training.forge.pairs import FaceSample
from fakeface.training.forge.values import FOREIGN

__all__ = ["annotate", "annotate_picture", "annotate_window"]

REWRITTEN_TASKS = ("age", "region")
"""Dialogues whose answers are one free text; the others hold numbered lists or the five fields."""


def annotate_picture(
    pixels: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    altered: NDArray[np.bool_] | None,
    forgery: ForgeryClass,
    label: Claim | str,
    rng: np.random.Generator,
    *,
    original: NDArray[np.uint8] | None = None,
    certainty: float | None = None,
    talk: bool = True,
    asked: str | None = None,
    rewriter: Rewriter | None = None,
) -> Annotation:
    """All that is said of a face.

    Args:
        pixels: (height, width, 3) uint8 RGB, as they are stored: measurements are only true of these very pixels.
        landmarks: (68, 2) float32 in their frame.
        altered: (height, width) bool; ``None`` for a real face, and for a forgery everywhere or at an unknown place.
        forgery: the class.
        label: real or fake.
        rng: chooses the wording and what is asked.
        original: the picture before it was altered, of the same size, where it is known: an artifact has to be stronger
            than it was there.
        certainty: how plainly the picture shows the truth, 0..1; from the findings where it is ``None``.
        talk: whether the further texts are written, besides the five-field answer.
        asked: the concept that the question about a region is about; drawn where it is ``None``.
        rewriter: puts free texts in other words.

    Raises:
        SettingsError: label and class, or mask and picture, do not fit.
    """
    claim = Claim(label)
    if (forgery is ForgeryClass.REAL) != (claim is Claim.REAL):
        raise SettingsError(f"a {claim} picture cannot be of the class {forgery}")
    points = np.asarray(np.round(landmarks.astype(np.float32), 2), np.float32)
    if claim is Claim.REAL or (altered is not None and not altered.any()):
        empty, altered = altered is not None and claim is Claim.FAKE, None
    else:
        empty = False
    scene = Scene(pixels, points, altered, original=original if altered is not None else None)
    rejected = _rejection(scene, empty)
    said = _reason(scene, claim, forgery, rejected, rng)
    description = rewrite(describe(scene.surface, points, rng), rewriter)
    reasoning = rewrite(said.reasoning, rewriter)
    probability = written_probability(plainness(said.findings) if certainty is None else certainty)
    answer = Annotation(
        claim, forgery, altered, points, scene.leaves, scene.naming, said.findings, description.text, reasoning.text,
        probability, said.grounded, (), rejected,
    )  # fmt: skip
    texts = [description, reasoning]
    if talk and rejected is None:
        so_far = Told(claim, forgery, said.findings, answer.text, reasoning.text, probability)
        written, more = dialogues(scene, so_far, rng, asked)
        rewritten = [_rewritten(one, rewriter) for one in written]
        texts += [text for _, one in rewritten for text in one]
        known = {finding.concept for finding in said.findings}
        extra = {finding.concept: finding for finding in more if finding.concept not in known}
        answer = replace(
            answer, dialogues=tuple(one for one, _ in rewritten), findings=(*said.findings, *extra.values())
        )
    taken = [text.taken for text in texts]
    return replace(answer, rewritten=taken.count(True), refused=taken.count(False))


def annotate_window(
    sample: FaceSample,
    certainty: float | None,
    rng: np.random.Generator,
    *,
    original: FaceSample | None = None,
    talk: bool = False,
    asked: str | None = None,
) -> Annotation:
    """All that is said of a training window; ``original`` is the real window of its pair."""
    altered = None
    if sample.label and sample.mask_known:
        size = (CROP_SIZE, CROP_SIZE)
        altered = np.asarray(cv2.resize(sample.mask, size, interpolation=cv2.INTER_LINEAR) > FOREIGN)
    forgery = list(ForgeryClass)[sample.forgery]
    label = Claim.FAKE if sample.label else Claim.REAL
    return annotate_picture(
        sample.window,
        sample.landmarks,
        altered,
        forgery,
        label,
        rng,
        original=None if original is None else original.window,
        certainty=certainty,
        talk=talk,
        asked=asked,
    )


def annotate(sample: FaceSample, certainty: float, rng: np.random.Generator, original: FaceSample | None = None) -> str:
    """The five-field answer for a window, as five lines.

    Args:
        sample: the window with its truth.
        certainty: probability that the encoder's detection head gives the truth, 0..1; written as the probability.
        rng: chooses the wording.
        original: the real window of its pair, if it is known.
    """
    return annotate_window(sample, certainty, rng, original=original).text


@dataclass(frozen=True, slots=True)
class _Reason:
    reasoning: str
    findings: tuple[Finding, ...]
    grounded: tuple[str, ...] = ()


def _rejection(scene: Scene, empty: bool) -> Rejection | None:
    if empty:
        return Rejection.NOTHING_ALTERED
    return Rejection.NOT_COVERED if scene.altered is not None and not scene.naming.sufficient else None


def _reason(
    scene: Scene, claim: Claim, forgery: ForgeryClass, rejected: Rejection | None, rng: np.random.Generator
) -> _Reason:
    if claim is Claim.REAL:
        usual = usual_findings(scene, rng)
        return _Reason(real_reasoning(usual, rng), usual)
    if scene.altered is None:
        return _Reason(f"{placeless(forgery, rng)}.", ())
    if rejected is not None:
        return _Reason(f"The <p>face</p>[SEG] is {pick(rng, PARTLY)}.", (), ("whole_face",))
    findings = altered_findings(scene, rng)
    said = told(findings)
    return _Reason(fake_reasoning(said, rng), findings, tuple(one.concept for one in said))


def _rewritten(dialogue: Dialogue, rewriter: Rewriter | None) -> tuple[Dialogue, list[Rewritten]]:
    """A dialogue with its free answers in other words."""
    free = [
        turn.speaker == "model"
        and (dialogue.task in REWRITTEN_TASKS or (dialogue.task == "conversation" and place > 1))
        for place, turn in enumerate(dialogue.turns)
    ]
    texts = [rewrite(turn.text, rewriter) if on else None for turn, on in zip(dialogue.turns, free, strict=True)]
    turns = [
        turn if text is None else turn.model_copy(update={"text": text.text})
        for turn, text in zip(dialogue.turns, texts, strict=True)
    ]
    return Dialogue(dialogue.task, tuple(turns)), [text for text in texts if text is not None]
