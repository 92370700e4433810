"""Frozen settings, one record per stage of the route, checked when made. Their values stand in every record."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fakeface.errors import SettingsError

__all__ = ["MOST_THREADS", "DecoderSettings", "FaceDetector", "FaceSettings", "FilmSettings", "Settings"]


MOST_THREADS = 2
"""Threads that the networks take unless told otherwise. They are small: four threads instead of two save a seventh of
the time of a decision on idle cores, and cost a multiple of it where other work wants the cores too."""


class FaceDetector(StrEnum):
    """Which of dlib's detectors looks for faces."""

    AUTO = "auto"
    HOG = "hog"
    CNN = "cnn"


@dataclass(frozen=True, slots=True)
class DecoderSettings:
    """Limits of the decoding child process.

    Args:
        max_pixels: largest picture that is decoded, in pixels of its header.
        timeout_seconds: wall-clock limit for one file.
        memory_bytes: address space of the child beyond its own start.

    Raises:
        SettingsError: a limit is not positive.
    """

    max_pixels: int = 128_000_000
    timeout_seconds: float = 60.0
    memory_bytes: int = 3 * 1024**3

    def __post_init__(self) -> None:
        if min(self.max_pixels, self.timeout_seconds, self.memory_bytes) <= 0:
            raise SettingsError("decoder limits must be positive")


@dataclass(frozen=True, slots=True)
class FaceSettings:
    """How faces are looked for.

    Args:
        detector: ``auto`` runs HOG, and where it finds nothing the CNN on the picture at ``cnn_side_pixels``.
        hog_side_pixels: pictures are enlarged (at most ``max_upsampling`` times) or reduced towards this longer side
            before HOG looks; HOG finds faces from 80 px on, so this bounds the smallest face that can be found.
        max_upsampling: the largest enlargement before HOG.
        cnn_side_pixels: longer side of the picture that the CNN sees.
        min_confidence: HOG's score (a margin, not a probability) from which a detection is a face. On 238 real faces of
            the training set 1 % of the true ones lie below 0.16.
        min_face_pixels: a face whose shorter box side is below this is reported as *too small*.

    Raises:
        SettingsError: a size is not positive.
    """

    detector: FaceDetector = FaceDetector.AUTO
    hog_side_pixels: int = 1280
    max_upsampling: float = 2.0
    cnn_side_pixels: int = 320
    min_confidence: float = 0.15
    min_face_pixels: int = 48

    def __post_init__(self) -> None:
        if min(self.hog_side_pixels, self.cnn_side_pixels, self.min_face_pixels) <= 0 or self.max_upsampling < 1:
            raise SettingsError("face sizes must be positive and max_upsampling at least 1")


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """Limits of the program that decodes films, and how its frames are read.

    Args:
        max_pixels: largest frame that is decoded, in pixels.
        max_frames: a film with more frames is refused.
        stall_seconds: the program is stopped when it says and gives nothing for so long.
        timeout_seconds: most wall-clock seconds that are waited for one reading of a film, whatever its length; what
            the networks take in between does not count. A short film gets less: ``base_seconds`` and
            ``seconds_per_second`` for each second that its container announces.
        base_seconds: see there.
        seconds_per_second: see there.
        memory_bytes: address space of the program.
        threads: of the decoder. One gives the same pixels every time, also from damaged films.
        cut_score: change between two frames from which a new shot begins, 0..100 (ffmpeg's ``scdet``).

    Raises:
        SettingsError: a limit is not positive.
    """

    max_pixels: int = 64_000_000
    max_frames: int = 2_000_000
    stall_seconds: float = 60.0
    timeout_seconds: float = 4 * 3600.0
    base_seconds: float = 120.0
    seconds_per_second: float = 20.0
    memory_bytes: int = 4 * 1024**3
    threads: int = 1
    cut_score: float = 10.0

    def __post_init__(self) -> None:
        counts = (self.max_pixels, self.max_frames, self.memory_bytes, self.threads)
        seconds = (self.stall_seconds, self.timeout_seconds, self.base_seconds, self.seconds_per_second)
        if min(*counts, *seconds, self.cut_score) <= 0:
            raise SettingsError("limits of films must be positive")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a run can be told and that its results may depend on.

    Args:
        profile: name of the model profile.
        device: ``cpu`` or ``cuda``; never chosen silently.
        threads: threads for the networks; 0 takes two, or one where this process has one core.
        fast: only the text-independent score, no answers and no decision by MIDS (``--triage``).
        batch_faces: how many faces go through the networks together.
        decoder, faces, films: the settings of those stages.

    Raises:
        SettingsError: an unknown device, or a size that is not positive.
    """

    profile: str = "compact"
    device: str = "cpu"
    threads: int = 0
    fast: bool = False
    batch_faces: int = 4
    decoder: DecoderSettings = field(default_factory=DecoderSettings)
    faces: FaceSettings = field(default_factory=FaceSettings)
    films: FilmSettings = field(default_factory=FilmSettings)

    def __post_init__(self) -> None:
        if self.device not in ("cpu", "cuda"):
            raise SettingsError(f"device must be cpu or cuda, not {self.device!r}")
        if self.batch_faces < 1 or self.threads < 0:
            raise SettingsError("batch_faces must be at least 1 and threads not negative")
