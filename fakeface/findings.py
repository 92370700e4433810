"""Findings: what one run says of one file and of each face in it. Values only; how they look is ``report``'s matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Answer
from fakeface.decision import Decision, Reason, Verdict, overall
from fakeface.errors import SettingsError
from fakeface.evidence import Evidence
from fakeface.faces import Box, Face, FaceCrop
from fakeface.masks import Mask

if TYPE_CHECKING:
    from fakeface.films import FilmFinding

__all__ = [
    "Explanation",
    "FaceFinding",
    "Faithfulness",
    "FileFinding",
    "FileStatus",
    "ModelCard",
    "PartFinding",
    "PictureFacts",
    "Statement",
    "file_id",
]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model that took part, so that provenance is collected and never typed by hand.

    Args:
        name: what it is ("compact encoder").
        sha256: hash of its weight file.
        device: where it ran.
        precision: number format it ran in.
    """

    name: str
    sha256: str
    device: str
    precision: str


class FileStatus(StrEnum):
    """What became of one input. Every input gets exactly one."""

    ANALYSED = "analysed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """The decoded picture: upright size, hash of its pixels, and what decoding did to it.

    Args:
        format: of the content, not of the name ("JPEG").
        width, height: pixels, upright.
        pixels_sha256: see ``Frame.pixels_sha256``.
        notes: one sentence per transformation on the way in.
    """

    format: str
    width: int
    height: int
    pixels_sha256: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One thing that the model's text says of one part of the face, and what speaks for it.

    Args:
        number: 1-based, in the order of the text; the number of its mask in the overlay.
        phrase: the words between ``<p>`` and ``</p>``.
        sentence: the clause around the phrase, without tags.
        concept: name in the concept tree; ``None`` where the phrase names no part of a face.
        family: of artifacts ("colour"); "none" where the text names no artifact.
        term: name of the artifact; ``usual`` (nothing stands out), ``untouched`` (nothing was altered), ``unclear``
            (altered, but no measure shows it) or ``None`` (cannot be read).
        severity: none, slight or clear, as the text says.
        grounded: whether the text asks for a mask (``[SEG]``).
        mask: the altered part that belongs to it, in the frame's pixels; ``None`` where none is asked for or shown.
        confidence: mean probability inside the mask, 0..1; ``None`` without a mask.
        measurements: what was measured on the picture for it, value by name.
        reference: (lowest, highest) of real faces for each measurement that a range is known of.
        supported: whether the measurement that the term rests on lies beyond the range of real faces on the side that
            the text says (for ``usual`` and ``untouched``: whether no artifact is measured); ``None`` where nothing
            could be measured.
        covered: share of the named part that the mask marks, 0..1; ``None`` without a mask or part.
        listed: whether it is a line of a list, which names its part without a phrase.
        sensitivity: change of the text-independent score's natural log-odds when the mask is inpainted from its
            surroundings; negative where the score falls. ``None`` where it was not tried.
    """

    number: int
    phrase: str
    sentence: str
    concept: str | None
    family: str
    term: str | None
    severity: str
    grounded: bool
    mask: Mask | None = None
    confidence: float | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    reference: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    supported: bool | None = None
    covered: float | None = None
    listed: bool = False
    sensitivity: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A text about one face with its statements checked.

    Args:
        task: what was asked for ("age", "list", "report", "region", "question").
        question: as put to the model.
        text: exactly what the model wrote, tags kept.
        statements: in the order of the text; checked, none dropped.
        agreement: whether text, artifact mask and region head name the same regions, 0..1; ``None`` where the text
            names none.
        concept: the part that a question about a region is about.
        shown: the mask that answers a box, point or mask of the examiner; ``None`` for other questions.
        note: what a reader must know of the question; empty for one that the model was taught to answer.
    """

    task: str
    question: str
    text: str
    statements: tuple[Statement, ...] = ()
    agreement: float | None = None
    concept: str | None = None
    shown: Mask | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Whether the artifact mask shows what the text-independent score rests on.

    Args:
        shares: of the window's pixels that were replaced, rising from 0 to 1.
        deletion: score at each share, where the pixels that are most probably altered are blurred first.
        insertion: score at each share, where they are put back into the blurred window first.
        deletion_area: under the first curve, 0..1; low where the mask is faithful.
        insertion_area: under the second curve, 0..1; high where it is.
    """

    shares: tuple[float, ...]
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    deletion_area: float
    insertion_area: float


@dataclass(frozen=True, slots=True, eq=False)
class PartFinding:
    """What is marked and measured on one part of a face, or at a place that the examiner pointed at.

    Args:
        asked: how the examiner asked for it ("box 10,20,60,80"); empty for a part of the artifact mask.
        concept: name in the concept tree; ``None`` where the place lies on no part that can be named here.
        leaf: the leaf that holds most of the place; ``None`` where there is none.
        problem: why nothing can be said of it on this picture; empty where something can.
        mask: its altered part in the frame's pixels; ``None`` where it was not asked for.
        share: of the face's artifact mask that lies in it, 0..1.
        covered: share of the part or place that is altered, 0..1.
        term: artifact that the measurements bear out most strongly; ``usual`` where all lie in the range of real
            faces, ``unclear`` where it is altered and no measure shows it, ``None`` where nothing could be measured.
        severity: none, slight or clear.
        measurements: what was measured, value by name.
        reference: (lowest, highest) of real faces for each measurement that a range is known of.
    """

    asked: str
    concept: str | None
    leaf: str | None
    problem: str = ""
    mask: Mask | None = None
    share: float = 0.0
    covered: float = 0.0
    term: str | None = None
    severity: str = "none"
    measurements: Mapping[str, float] = field(default_factory=dict)
    reference: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class FaceFinding:
    """Everything said about one face.

    Args:
        number: 1-based, left to right in the picture.
        face: where it is.
        decision: the verdict with its scores.
        crop: what the networks saw; ``None`` for a face that was too small.
        answers: the model's answers in the order open, fake, real; empty where none was asked for.
        class_probabilities: (5,) in the order of ``ForgeryClass``, text-independent; ``None`` where not analysed.
        regions: suspect regions with their probability, highest first, from the region head.
        masks: artifact masks in the frame's pixels.
        explanations: further texts that were asked for, in the order of asking.
        parts: of the artifact mask, largest share first; empty where they were not asked for.
        places: what answers the examiner's regions, boxes, points and masks, in the order of asking.
        probabilities: (224, 224) float32 0..1 over the window, how likely each pixel is altered; ``None`` where the
            map was not asked for.
        heatmaps: (224, 224) float32 0..1 over the window for each visual layer of the scorer, last layer first: where
            its score of the decided pairing of picture and answer is sensitive to the picture.
        contrary: plain sentences, what speaks against the decision.
        faithfulness: how the text-independent score follows ``probabilities``; ``None`` where it was not asked for.
    """

    number: int
    face: Face
    decision: Decision
    crop: FaceCrop | None = None
    answers: tuple[Answer, ...] = ()
    class_probabilities: NDArray[np.float32] | None = None
    regions: tuple[tuple[str, float], ...] = ()
    masks: tuple[Mask, ...] = ()
    explanations: tuple[Explanation, ...] = ()
    parts: tuple[PartFinding, ...] = ()
    places: tuple[PartFinding, ...] = ()
    probabilities: NDArray[np.float32] | None = None
    heatmaps: tuple[NDArray[np.float32], ...] = ()
    contrary: tuple[str, ...] = ()
    faithfulness: Faithfulness | None = None

    @property
    def square(self) -> Box | None:
        """The square of the frame that was examined."""
        return self.crop.square if self.crop else None


def file_id(number: int) -> str:
    """The stable id of the input with this 1-based number in its run."""
    return f"F{number:04d}"


@dataclass(frozen=True, slots=True, eq=False)
class FileFinding:
    """What the run says of one input.

    Args:
        number: 1-based position of the input in the run; the id is ``F0001``.
        name: the path as given, as bytes decoded with surrogateescape; shown only through the sanitiser.
        status: analysed, skipped or failed.
        evidence: path, hash, size and format; ``None`` where the file could not even be read.
        error: one line saying why it was skipped or failed; empty where analysed.
        error_code: stable word for ``error``.
        picture: facts of the decoded picture; ``None`` where there is none.
        faces: left to right.
        seconds_finding: wall time spent finding faces.
        seconds_deciding: wall time spent in the networks.
        pixels: (height, width, 3) uint8 RGB for the overlays; ``None`` where there is none. Dropped once written.
        film: what is said of a film; then there is no picture, and the faces stand in its tracks.
    """

    number: int
    name: str
    status: FileStatus
    evidence: Evidence | None = None
    error: str = ""
    error_code: str = ""
    picture: PictureFacts | None = None
    faces: tuple[FaceFinding, ...] = ()
    seconds_finding: float = 0.0
    seconds_deciding: float = 0.0
    pixels: NDArray[np.uint8] | None = None
    film: FilmFinding | None = None

    def __post_init__(self) -> None:
        if (self.status is FileStatus.ANALYSED) == bool(self.error):
            raise SettingsError("a file has an error exactly where it was not analysed")

    @property
    def id(self) -> str:
        """Stable id of the input in its run."""
        return file_id(self.number)

    @property
    def verdict(self) -> Verdict | None:
        """Fake if any face is; else indeterminate if any is or there is none; else real. ``None`` if not analysed.

        A film of which a part is missing, or was not asked for, is never real.
        """
        if self.status is not FileStatus.ANALYSED:
            return None
        if self.film is not None:
            return self.film.verdict
        return overall([finding.decision.verdict for finding in self.faces])

    @property
    def reason(self) -> Reason | None:
        """Why the file's verdict is indeterminate: the first indeterminate face's reason, a lost part, or no face."""
        if self.verdict is not Verdict.INDETERMINATE:
            return None
        if self.film is not None:
            reasons = [track.reason for track in self.film.tracks if track.reason]
        else:
            reasons = [finding.decision.reason for finding in self.faces if finding.decision.reason]
        if reasons:
            return reasons[0]
        if self.film is None or not self.film.tracks:
            return Reason.NO_FACE
        return Reason.PART if self.film.facts.whole else Reason.NOT_WHOLE
