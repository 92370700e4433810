"""The Protocols that every profile implements. A test of the route passes fakes; a profile is one set of real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Answer, Exchange, Hypothesis
from fakeface.decision import Pairing, Scores
from fakeface.evidence import Evidence
from fakeface.faces import Box, Face, FaceCrop
from fakeface.films import FilmCounts, FilmFacts, Shot
from fakeface.findings import ModelCard
from fakeface.frames import Frame
from fakeface.looks import Look
from fakeface.masks import Mask, MaskPrompt
from fakeface.sampling import SampledFrame, Sampling

__all__ = [
    "END_OF_TEXT",
    "Answerer",
    "Choices",
    "Encoding",
    "FaceFinder",
    "FaceFollower",
    "FilmDecoder",
    "FilmMemory",
    "FilmSource",
    "FrameSource",
    "Scorer",
    "Segmenter",
    "VisionEncoder",
    "any_words",
]


END_OF_TEXT = ""
"""The choice to write nothing more."""

Choices: TypeAlias = Callable[[str], Sequence[str]]
"""How a text may go on after what is written so far, or that it ends; nothing where it may go on as it likes."""


def any_words(text: str) -> tuple[str, ...]:  # noqa: ARG001
    """The ``Choices`` that leave a text to its writer."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One encoder pass over one face: the text-independent results, and the features that the other parts share.

    Args:
        crop: what was encoded.
        independent_score: fakeness of the detection head, 0..1; no text took part.
        class_probabilities: (5,) float32 in the order of ``ForgeryClass``.
        regions: suspect regions with their probability, highest first.
        features: the backend's own; only parts of the same profile look inside.
    """

    crop: FaceCrop
    independent_score: float
    class_probabilities: NDArray[np.float32]
    regions: tuple[tuple[str, float], ...]
    features: object


class FrameSource(Protocol):
    """Upright RGB frames of one evidence file, streamed."""

    @property
    def evidence(self) -> Evidence:
        """The file that is decoded."""
        ...

    def frames(self) -> Iterator[Frame]:
        """The frames in order; a still picture gives one.

        Raises:
            EvidenceError: the file cannot be decoded.
        """
        ...


class FaceFinder(Protocol):
    """Finds faces."""

    @property
    def card(self) -> ModelCard:
        """The model that looks."""
        ...

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Faces from left to right; nothing found is an empty tuple."""
        ...

    def describe(self, frame: Frame, box: Box) -> Face:
        """The face in a box that the examiner drew."""
        ...


class FaceFollower(Protocol):
    """Carries faces of a film on over frames on which the finder misses them."""

    def follow(self, before: Frame, box: Box, now: Frame) -> Box | None:
        """Where what lies in a box of one frame lies in the next; ``None`` where it is not found again."""
        ...


class FilmSource(Protocol):
    """One film: its facts, and its frames as a stream. Nothing but the frame at hand is in memory."""

    @property
    def evidence(self) -> Evidence:
        """The file that is decoded."""
        ...

    @property
    def facts(self) -> FilmFacts:
        """What container and decoder say."""
        ...

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The parts between cuts, in time."""
        ...

    def sampled(self, sampling: Sampling, after: int = -1) -> Iterator[SampledFrame]:
        """The frames to look at, in order; with ``after`` those behind the frame of this index.

        Raises:
            EvidenceError: the film cannot be decoded.
        """
        ...

    def reaches_beyond(self, sampling: Sampling) -> bool:
        """Whether frames of the film lie outside the range of a sampling, or may; never where it asks for none."""
        ...

    def counts_so_far(self) -> FilmCounts:
        """Account of the frames that were decoded."""
        ...

    def frames_at(self, indices: Iterable[int]) -> Iterator[SampledFrame]:
        """Single frames again, each once, in the order of the film.

        Raises:
            EvidenceError: the film cannot be decoded.
        """
        ...


class FilmDecoder(Protocol):
    """Opens evidence as a film."""

    def open(self, evidence: Evidence) -> FilmSource:
        """The film in a file.

        Raises:
            EvidenceError: it is none, or cannot be decoded.
        """
        ...


class FilmMemory(Protocol):
    """Keeps what was seen of one film, so that an interrupted run goes on inside it."""

    def looks(self) -> Iterator[Look]:
        """What an interrupted run kept, in order."""
        ...

    def keep(self, looks: Sequence[Look]) -> None:
        """Keep further looks, in order."""
        ...


class VisionEncoder(Protocol):
    """Encodes face crops once; words, masks and scores all come from this pass."""

    @property
    def card(self) -> ModelCard:
        """The model that encodes."""
        ...

    def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
        """One encoding per crop, in one batch."""
        ...


class Answerer(Protocol):
    """Writes answers."""

    @property
    def card(self) -> ModelCard:
        """The model that writes."""
        ...

    def ask(self, encodings: Sequence[Encoding], hypotheses: Sequence[Hypothesis]) -> tuple[tuple[str, ...], ...]:
        """Raw text for every face under every hypothesis, in one batch that shares each picture's prefix."""
        ...

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        """The answer to a question about one face, piece by piece as it is written.

        Args:
            encoding: of the face.
            question: any text; the prompt of a hypothesis gives what ``ask`` gives.
            history: what was said of this face before, oldest first.
            choices: asked with the text so far; where it gives wordings, the answer goes on with one of them, the one
                that the model finds likeliest.
        """
        ...

    def ground(self, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange] = ()) -> tuple[object, ...]:
        """The model's state at every ``[SEG]`` of an answer, in order: what ``Segmenter.locate`` takes.

        One pass reads the text back, so that any text can be grounded, whoever wrote it.
        """
        ...


class Scorer(Protocol):
    """Scores answers against the picture (MIDS)."""

    @property
    def card(self) -> ModelCard:
        """The model that scores."""
        ...

    def score(self, encodings: Sequence[Encoding], answers: Sequence[Sequence[Answer]]) -> tuple[Scores, ...]:
        """One table per face, one row per answer; result, probability and type lines are never read."""
        ...

    def heatmaps(self, encoding: Encoding, answer: Answer, pairing: Pairing) -> tuple[NDArray[np.float32], ...]:
        """Where the score of one pairing is sensitive to the picture: (224, 224) float32 0..1 for each visual layer.

        Grad-CAM (arXiv 1610.02391): each map is scaled by its own largest value, and all zero where nothing speaks for
        the pairing. The last layer comes first.
        """
        ...


class Segmenter(Protocol):
    """Shows where."""

    @property
    def card(self) -> ModelCard:
        """The model that segments."""
        ...

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        """Artifact masks in the pixels of the (height, width) frame; an empty tuple where nothing stands out."""
        ...

    def locate(self, encoding: Encoding, prompts: Sequence[MaskPrompt], height: int, width: int) -> tuple[Mask, ...]:
        """One mask per prompt in the pixels of the (height, width) frame: the altered part of what is asked about.

        A mask without a pixel says that nothing is altered there. No pass of the encoder is made.
        """
        ...

    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        """(224, 224) float32 0..1, how likely each pixel of the window is altered, before any cut."""
        ...
