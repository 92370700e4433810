"""Findings: what one run says of one file and of each face in it. Values only; how they look is ``report``'s matter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Answer
from fakeface.decision import Decision, Reason, Verdict
from fakeface.errors import SettingsError
from fakeface.evidence import Evidence
from fakeface.faces import Box, Face, FaceCrop
from fakeface.masks import Mask

__all__ = ["FaceFinding", "FileFinding", "FileStatus", "ModelCard", "PictureFacts", "file_id"]


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
    """

    number: int
    face: Face
    decision: Decision
    crop: FaceCrop | None = None
    answers: tuple[Answer, ...] = ()
    class_probabilities: NDArray[np.float32] | None = None
    regions: tuple[tuple[str, float], ...] = ()
    masks: tuple[Mask, ...] = ()

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

    def __post_init__(self) -> None:
        if (self.status is FileStatus.ANALYSED) == bool(self.error):
            raise SettingsError("a file has an error exactly where it was not analysed")

    @property
    def id(self) -> str:
        """Stable id of the input in its run."""
        return file_id(self.number)

    @property
    def verdict(self) -> Verdict | None:
        """Fake if any face is; else indeterminate if any is or there is none; else real. ``None`` if not analysed."""
        if self.status is not FileStatus.ANALYSED:
            return None
        verdicts = {finding.decision.verdict for finding in self.faces}
        if Verdict.FAKE in verdicts:
            return Verdict.FAKE
        if not verdicts or Verdict.INDETERMINATE in verdicts:
            return Verdict.INDETERMINATE
        return Verdict.REAL

    @property
    def reason(self) -> Reason | None:
        """Why the file's verdict is indeterminate: no face, or the first indeterminate face's reason."""
        if self.verdict is not Verdict.INDETERMINATE:
            return None
        reasons = [finding.decision.reason for finding in self.faces if finding.decision.reason]
        return reasons[0] if reasons else Reason.NO_FACE
