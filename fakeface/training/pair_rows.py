"""The two lines of the annotated manifest that a pair of pictures gets, whoever made the pair."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass
from fakeface.training.annotate import CommandRewriter, Rejection, annotate_picture
from fakeface.training.forge.values import Subject
from fakeface.training.formats.annotated import Annotated, Making

__all__ = ["PairTruth", "Wording", "pair_rows"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is written besides masks and findings.

    Args:
        text: whether texts are written.
        rewriter: words them anew.
    """

    text: bool
    rewriter: CommandRewriter | None

    @classmethod
    def of(cls, text: bool, command: str | None) -> Wording:
        """From a command line.

        Raises:
            SettingsError: there is no such program.
        """
        return cls(text, CommandRewriter(shlex.split(command)) if text and command is not None else None)


@dataclass(frozen=True, slots=True, eq=False)
class PairTruth:
    """A pair and what is known of it.

    Args:
        real, fake: the pictures as they are stored, with their landmarks.
        paths: of the two.
        altered: (height, width) bool; ``None`` where everything is foreign.
        forgery: class of the fake.
        sources: data set of the real picture, and method of the fake.
        split: of both.
        made: how the pair came about, for each of the two.
        known: further fields of ``Annotated`` for each of the two.
    """

    real: Subject
    fake: Subject
    paths: tuple[str, str]
    altered: NDArray[np.bool_] | None
    forgery: ForgeryClass
    sources: tuple[str, str]
    split: str
    made: tuple[Making, Making]
    known: tuple[dict[str, Any], dict[str, Any]]


def pair_rows(pair: PairTruth, wording: Wording, rng: np.random.Generator) -> tuple[Annotated, Annotated] | Rejection:
    """Both rows, or why nobody should learn from the pair."""
    rows: list[Annotated] = []
    for place, (subject, label) in enumerate(((pair.real, Claim.REAL), (pair.fake, Claim.FAKE))):
        altered = None if label is Claim.REAL else pair.altered
        forgery = ForgeryClass.REAL if label is Claim.REAL else pair.forgery
        told = annotate_picture(
            subject.pixels, subject.landmarks, altered, forgery, label, rng,
            original=None if label is Claim.REAL else pair.real.pixels, talk=wording.text, rewriter=wording.rewriter,
        )  # fmt: skip
        if told.rejected is not None:
            return told.rejected
        height, width = subject.pixels.shape[:2]
        known = {"box": _box(subject), "height": height, "width": width, "made": pair.made[place]}
        row = told.row(pair.paths[place], pair.split, pair.sources[place], **(known | pair.known[place]))
        rows.append(row if wording.text else row.model_copy(update={"answer": None}))
    return rows[0], rows[1]


def _box(subject: Subject) -> tuple[int, int, int, int]:
    """Around the landmarks, inside the picture."""
    height, width = subject.pixels.shape[:2]
    low, high = np.floor(subject.landmarks.min(axis=0)), np.ceil(subject.landmarks.max(axis=0)) + 1
    left, top = (int(value) for value in np.clip(low, 0, (width - 1, height - 1)))
    right, bottom = (int(value) for value in np.clip(high, (left + 1, top + 1), (width, height)))
    return left, top, right, bottom
