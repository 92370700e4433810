"""Say of a face what was altered in it, and only what a measurement or the maker's truth bears out.

``derive`` finds the altered area of a real and a forged picture, ``fakeface.claims`` measures it and holds the terms
with their range of real faces, ``answers`` and ``talk`` write, ``rewrite`` lets another model reword, and ``route`` is
the one way through all of it.
"""

from __future__ import annotations

from fakeface.training.annotate.derive import Derived, Skip, SkipReason, derive
from fakeface.training.annotate.hypotheses import draw_hypothesis
from fakeface.training.annotate.rewrite import CommandRewriter, RewriteError, Rewriter
from fakeface.training.annotate.route import annotate, annotate_picture, annotate_window
from fakeface.training.annotate.values import Annotation, Dialogue, Rejection

__all__ = [
    "Annotation",
    "CommandRewriter",
    "Derived",
    "Dialogue",
    "Rejection",
    "RewriteError",
    "Rewriter",
    "Skip",
    "SkipReason",
    "annotate",
    "annotate_picture",
    "annotate_window",
    "derive",
    "draw_hypothesis",
]
