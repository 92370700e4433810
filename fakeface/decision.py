"""The decision: three answers, their match scores, and a score that no text has touched, put into one verdict.

Match score and choice are FFAA's equations 1 and 3 (arXiv 2408.10072): MIDS gives each answer four probabilities over
truth x claim, and an answer's match is the probability that the face is what the answer says, given that it says so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Answer, Claim, ForgeryClass
from fakeface.errors import SettingsError

__all__ = [
    "Choice",
    "Decision",
    "Difficulty",
    "Pairing",
    "Reason",
    "Scores",
    "Thresholds",
    "Verdict",
    "choose",
    "decide",
    "film_verdict",
    "overall",
    "undecided",
]


class Pairing(IntEnum):
    """Columns of a score row: what the face is, and what the answer says."""

    REAL_SAID_REAL = 0
    REAL_SAID_FAKE = 1
    FAKE_SAID_REAL = 2
    FAKE_SAID_FAKE = 3


class Verdict(StrEnum):
    """The three outcomes for a face, a picture or a run."""

    REAL = "real"
    FAKE = "fake"
    INDETERMINATE = "indeterminate"


class Reason(StrEnum):
    """Why a verdict is indeterminate."""

    NO_FACE = "no_face"
    TOO_SMALL = "too_small"
    UNREADABLE_ANSWERS = "unreadable_answers"
    TOO_CLOSE = "too_close_to_call"
    CONTRADICTION = "answers_contradict_scores"
    NOT_DECIDED = "not_decided"
    TOO_FEW_FRAMES = "too_few_frames"
    DISAGREEMENT = "decisive_frames_disagree"
    BELOW_CUT = "score_below_cut"
    NOT_WHOLE = "film_not_whole"
    PART = "part_of_film"

    @property
    def words(self) -> str:
        """The reason as an analyst reads it."""
        return _REASON_WORDS[self]


_REASON_WORDS = {
    Reason.NO_FACE: "no face found; no conclusion on authenticity",
    Reason.TOO_SMALL: "the face is too small to analyse",
    Reason.UNREADABLE_ANSWERS: "none of the model's answers could be read",
    Reason.TOO_CLOSE: "the scores are too close to call",
    Reason.CONTRADICTION: "the chosen answer says one thing and its match score says the other",
    Reason.NOT_DECIDED: "only the score was computed; no decision was made",
    Reason.TOO_FEW_FRAMES: "too few of the sampled frames show the face well enough",
    Reason.DISAGREEMENT: "the scores over time say one thing and the decisive frames do not bear it out",
    Reason.BELOW_CUT: "decisive frames support alteration, but the track's score does not reach its threshold",
    Reason.NOT_WHOLE: "not all of the film was examined: its file is shorter than its own parts say, its pictures end "
    "before its announced end, or it holds further streams of pictures",
    Reason.PART: "only a part of the film was examined, as asked; that part supports no alteration",
}


class Difficulty(StrEnum):
    """Whether the three answers agree (FFAA's easy / hard)."""

    EASY = "easy"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cuts chosen on calibration faces; a score at or above a cut speaks for forgery.

    Args:
        fakeness: cut for MIDS's fakeness, inside 0..1.
        independent: cut for the text-independent score, inside 0..1.
        margin: a fakeness closer to its cut than this is too close to call.
        mask: cut for a pixel of the artifact mask, inside 0..1.
        region: cut for a suspect region, inside 0..1.
        presence: text-independent score from which on a face shows an artifact mask, 0..1; 0 shows every mask.
    """

    fakeness: float
    independent: float
    margin: float
    mask: float = 0.5
    region: float = 0.5
    presence: float = 0.0

    def __post_init__(self) -> None:
        cuts = (self.fakeness, self.independent, self.mask, self.region)
        if not all(0 < cut < 1 for cut in cuts) or not 0 <= self.margin < 0.5 or not 0 <= self.presence < 1:
            raise SettingsError("thresholds must lie inside 0..1 and the margin in 0..0.5")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What MIDS says of each answer.

    Args:
        table: (answers, 4) float32, columns by ``Pairing``, rows sum to one.

    Raises:
        SettingsError: shape, finiteness or sums are wrong.
    """

    table: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.table.ndim != 2 or self.table.shape[1] != len(Pairing):
            raise SettingsError(f"scores need (answers, 4), got {self.table.shape}")
        if not np.isfinite(self.table).all() or np.abs(self.table.sum(axis=1) - 1).max(initial=0) > 1e-3:
            raise SettingsError("score rows must be finite and sum to one")
        self.table.flags.writeable = False

    def match(self, row: int, claim: Claim) -> float:
        """Equation 1: probability that the face is what answer ``row`` claims, given the claim; 0..1."""
        p = self.table[row]
        if claim is Claim.REAL:
            agree, rival = p[Pairing.REAL_SAID_REAL], p[Pairing.FAKE_SAID_REAL]
        else:
            agree, rival = p[Pairing.FAKE_SAID_FAKE], p[Pairing.REAL_SAID_FAKE]
        total = float(agree + rival)
        return float(agree) / total if total > 1e-12 else 0.5


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one face, with everything it rests on.

    Args:
        verdict: real, fake or indeterminate.
        reason: why indeterminate; ``None`` otherwise.
        fakeness: 0..1 from MIDS, higher speaks for forgery; ``None`` where MIDS did not run.
        match: match score of the chosen answer, 0..1.
        matches: match score of each answer in order; ``None`` for an unreadable one.
        chosen: index of the chosen answer.
        difficulty: easy where all three claims agree.
        forgery: class with the highest text-independent probability that fits the verdict.
        independent_score: text-independent fakeness of the detection head, 0..1.
        agreement: whether verdict and text-independent score fall on the same side of their cuts; ``None`` where there
            is no verdict. A consistency check of one network with itself, never corroboration.
        log10_lr, log10_lr_low, log10_lr_high: calibrated log10 likelihood ratio with its interval; ``None`` until
            the profile is calibrated.
        lr_score: which score the likelihood ratio is computed from.
        lr_cap: largest |log10 LR| that the calibration data allow; ``None`` until calibrated.
        lr_cap_reached: whether the cap was applied.
        lr_withheld: conditions in which the face is unlike those that the profile was calibrated on, so that no
            likelihood ratio is given.
    """

    verdict: Verdict
    reason: Reason | None
    fakeness: float | None = None
    match: float | None = None
    matches: tuple[float | None, ...] = ()
    chosen: int | None = None
    difficulty: Difficulty | None = None
    forgery: ForgeryClass | None = None
    independent_score: float | None = None
    agreement: bool | None = None
    log10_lr: float | None = None
    log10_lr_low: float | None = None
    log10_lr_high: float | None = None
    lr_score: str = "independent_score"
    lr_cap: float | None = None
    lr_cap_reached: bool | None = None
    lr_withheld: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.verdict is Verdict.INDETERMINATE) != (self.reason is not None):
            raise SettingsError("a decision is indeterminate exactly where it has a reason")


def undecided(reason: Reason, independent_score: float | None = None) -> Decision:
    """A decision that says *cannot tell* and why."""
    return Decision(Verdict.INDETERMINATE, reason, independent_score=independent_score)


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer that MIDS chooses.

    Args:
        row: of the answer.
        matches: match score of each answer, 0..1; ``None`` for an unreadable one.
        fakeness: of the face, 0..1.
    """

    row: int
    matches: tuple[float | None, ...]
    fakeness: float


def choose(claims: Sequence[Claim | None], scores: Scores) -> Choice | None:
    """FFAA's choice: the readable answer with the highest match score, the first of equal ones.

    Args:
        claims: of the answers, one per row of ``scores``; ``None`` for an unreadable one.
        scores: MIDS's table.

    Returns:
        the choice; ``None`` where no answer can be read.
    """
    matches = tuple(None if claim is None else scores.match(row, claim) for row, claim in enumerate(claims))
    readable = [(match, -row) for row, match in enumerate(matches) if match is not None]
    if not readable:
        return None
    best, negated = max(readable)
    return Choice(-negated, matches, best if claims[-negated] is Claim.FAKE else 1 - best)


def overall(verdicts: Collection[Verdict]) -> Verdict:
    """The verdict of a whole: fake if any part is; else indeterminate if any is or there is none; else real."""
    if Verdict.FAKE in verdicts:
        return Verdict.FAKE
    return Verdict.REAL if set(verdicts) == {Verdict.REAL} else Verdict.INDETERMINATE


def film_verdict(verdicts: Collection[Verdict], *, unseen: bool) -> Verdict:
    """The verdict of a film: that of all its tracks together, but never real where a part of it was not examined.

    Args:
        verdicts: of its tracks.
        unseen: whether a part of it is missing, or was not asked for.
    """
    found = overall(verdicts)
    return Verdict.INDETERMINATE if found is Verdict.REAL and unseen else found


def decide(
    answers: Sequence[Answer],
    scores: Scores,
    independent_score: float,
    class_probabilities: NDArray[np.float32],
    thresholds: Thresholds,
) -> Decision:
    """Choose among the answers and decide.

    Args:
        answers: the parsed answers, one per row of ``scores``.
        scores: MIDS's table.
        independent_score: text-independent fakeness, 0..1.
        class_probabilities: (5,) in the order of ``ForgeryClass``.
        thresholds: the profile's cuts.

    Raises:
        SettingsError: answers and scores differ in number.
    """
    if len(answers) != len(scores.table):
        raise SettingsError(f"{len(answers)} answers but {len(scores.table)} score rows")
    chosen = choose([answer.claim for answer in answers], scores)
    if chosen is None:
        return undecided(Reason.UNREADABLE_ANSWERS, independent_score)
    said_fake = answers[chosen.row].claim is Claim.FAKE
    above = chosen.fakeness >= thresholds.fakeness
    reason = None
    if abs(chosen.fakeness - thresholds.fakeness) < thresholds.margin:
        reason = Reason.TOO_CLOSE
    elif above != said_fake:
        reason = Reason.CONTRADICTION
    verdict = Verdict.INDETERMINATE if reason else (Verdict.FAKE if above else Verdict.REAL)
    claims = {answer.claim for answer in answers}
    return Decision(
        verdict,
        reason,
        fakeness=chosen.fakeness,
        match=chosen.matches[chosen.row],
        matches=chosen.matches,
        chosen=chosen.row,
        difficulty=Difficulty.EASY if len(claims) == 1 else Difficulty.HARD,
        forgery=_fitting_class(verdict, class_probabilities),
        independent_score=independent_score,
        agreement=None if reason else (independent_score >= thresholds.independent) == above,
    )


def _fitting_class(verdict: Verdict, probabilities: NDArray[np.float32]) -> ForgeryClass | None:
    classes = tuple(ForgeryClass)
    if verdict is Verdict.REAL:
        return ForgeryClass.REAL
    if verdict is Verdict.INDETERMINATE:
        return None
    return classes[1 + int(np.argmax(probabilities[1:]))]
