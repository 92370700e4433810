"""Faces decided: encodings, three answers under hypotheses, the choice among them, masks. One batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fakeface.answers import Answer, Hypothesis, parse_answer
from fakeface.backends import Engine
from fakeface.calibration import weigh
from fakeface.decision import Decision, Reason, Scores, decide, undecided
from fakeface.faces import FaceCrop
from fakeface.findings import FaceFinding
from fakeface.interfaces import Encoding
from fakeface.settings import Settings

__all__ = ["decide_faces", "examine_crops"]


def examine_crops(
    engine: Engine, crops: Sequence[FaceCrop], height: int, width: int, settings: Settings
) -> list[FaceFinding]:
    """One batch of faces of (height, width) frames; each finding is numbered 1."""
    return decide_faces(engine, engine.encoder.encode(crops), height, width, settings)


def decide_faces(
    engine: Engine, encodings: Sequence[Encoding], height: int, width: int, settings: Settings
) -> list[FaceFinding]:
    """The same for faces that are encoded already."""
    if settings.fast:
        return [_finding(engine, one, undecided(Reason.NOT_DECIDED, one.independent_score)) for one in encodings]
    answers = _ask(engine, encodings)
    tables = engine.scorer.score(encodings, answers)
    findings = []
    for encoding, written, scores in zip(encodings, answers, tables, strict=True):
        masks = engine.segmenter.segment(encoding, height, width)
        decision = _decide(engine, encoding, written, scores)
        findings.append(replace(_finding(engine, encoding, decision), answers=written, masks=masks))
    return findings


def _ask(engine: Engine, encodings: Sequence[Encoding]) -> list[tuple[Answer, ...]]:
    hypotheses = tuple(Hypothesis)
    return [
        tuple(parse_answer(text, hypothesis) for text, hypothesis in zip(texts, hypotheses, strict=True))
        for texts in engine.answerer.ask(encodings, hypotheses)
    ]


def _decide(engine: Engine, encoding: Encoding, answers: Sequence[Answer], scores: Scores) -> Decision:
    return decide(answers, scores, encoding.independent_score, encoding.class_probabilities, engine.profile.thresholds)


def _finding(engine: Engine, encoding: Encoding, decision: Decision) -> FaceFinding:
    """The finding of one encoded face; its number is given by whoever knows the whole picture."""
    return FaceFinding(
        1,
        encoding.crop.face,
        weigh(decision, engine.profile.calibration, encoding.crop),
        encoding.crop,
        class_probabilities=encoding.class_probabilities,
        regions=encoding.regions,
    )
