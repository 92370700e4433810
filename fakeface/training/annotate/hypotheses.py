"""The three questions about a face: whose hypothesis is true, and when a picture is plain enough to contradict one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fakeface.answers import Hypothesis
from fakeface.claims.values import Finding, Severity

__all__ = ["draw_hypothesis", "plainness", "written_probability"]

CONTRADICTED_SHARE = 0.5
"""Share of hypotheses that contradict the truth where it is certain; less where it is less certain."""

PLAIN = {Severity.CLEAR: 0.9, Severity.SLIGHT: 0.7, Severity.NONE: 0.5}


def draw_hypothesis(label: int, certainty: float, rng: np.random.Generator) -> Hypothesis:
    """Open in half of the draws; else the truth, or its opposite the more often the plainer the face is.

    Args:
        label: 0 real, 1 fake.
        certainty: how plainly the picture shows the truth, 0..1.
        rng: draws.
    """
    if rng.random() < 0.5:
        return Hypothesis.OPEN
    fake = bool(label)
    if rng.random() < CONTRADICTED_SHARE * max(2 * certainty - 1, 0):
        fake = not fake
    return Hypothesis.FAKE if fake else Hypothesis.REAL


def plainness(findings: Sequence[Finding]) -> float:
    """How plainly measurements show an alteration, 0.5 to 0.9: by the most severe finding.

    A real face whose parts all lie within the range of real faces is as plain as a slight artifact.
    """
    if findings and all(finding.term == "usual" for finding in findings):
        return PLAIN[Severity.SLIGHT]
    return max((PLAIN[finding.severity] for finding in findings), default=PLAIN[Severity.NONE])


def written_probability(certainty: float) -> float:
    """The probability that an answer writes: the certainty in tenths, 0.5 to 0.9."""
    return round(min(max(certainty, 0.5), 0.9), 1)
