"""Sets of faces with known truth, scored through the route.

Two kinds: pairs that a forgery operator makes from real faces of one split, and pairs of given files (a CSV with the
columns set, real, fake), the latter also after equal re-encoding, which takes away what files alone give away.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from fakeface.answers import Claim, ForgeryClass
from fakeface.backends import Engine
from fakeface.decision import Decision
from fakeface.errors import EvidenceError, SettingsError
from fakeface.evidence import seal
from fakeface.faces import CROP_SIZE, Box, Face, FaceCrop, FaceOrigin
from fakeface.findings import FaceFinding
from fakeface.frames import Frame
from fakeface.pipeline import Request, StillDecoder, examine_crops, examine_frame
from fakeface.settings import Settings
from fakeface.training.forge.codecs import Jpeg
from fakeface.training.forge.pairs import MASK_SIZE, FaceSample, PairFactory
from fakeface.training.forge.postprocess import PostProcess
from fakeface.training.forge.steps import AtScale, GaussianBlur, Noise

__all__ = ["REENCODING", "ScoredFace", "read_pairs", "score_files", "score_forged"]

CLASSES = tuple(forgery.value for forgery in ForgeryClass)

REENCODING = PostProcess(
    (GaussianBlur(0.5), AtScale(0.9, "area", "cubic"), Noise(1.5, seed=1), Jpeg(80, "4:2:0")), keeps_grey=False
)
"""The same for every file: blur 0.5 px, 90 % of the size and back, noise 1.5 grey levels, JPEG 80 (4:2:0). Frozen down
to the pixel, coloured noise on grey pictures included: figures of different releases are compared."""


@dataclass(frozen=True, slots=True)
class ScoredFace:
    """One face with its truth and its scores.

    Args:
        name: set it belongs to.
        group: the picture or pair it comes from; resampled together.
        label: 0 real, 1 fake.
        independent: text-independent score.
        fakeness: MIDS's fakeness; ``None`` in a triage or where no answer could be read.
        anchor: what the open answer alone says: 1 fake, 0 real; ``None`` likewise.
        verdict: of the decision.
        hard: whether the three claims differ; ``None`` in a triage.
        forgery: true class, and ``predicted``: the class head's.
        mask_iou: artifact mask against truth; ``None`` where there is no true mask.
        scale: window pixels per picture pixel and square side in pixels: what geometry alone gives away.
        size_bytes: of the file; 0 for a window.
    """

    name: str
    group: str
    label: int
    independent: float
    fakeness: float | None
    anchor: int | None
    verdict: str
    hard: bool | None
    forgery: str
    predicted: str
    mask_iou: float | None
    scale: float
    size_bytes: int


def score_forged(
    engine: Engine, factory: PairFactory, name: str, pairs: int, settings: Settings
) -> Iterator[list[ScoredFace]]:
    """Pairs 0 to ``pairs`` - 1 of a seeded factory, a batch at a time."""
    step = max(settings.batch_faces // 2, 1)
    for start in range(0, pairs, step):
        indices = range(start, min(start + step, pairs))
        samples = [(f"{name}-{index}", sample) for index in indices for sample in factory.pair(index)]
        crops = [_crop(sample) for _, sample in samples]
        findings = examine_crops(engine, crops, CROP_SIZE, CROP_SIZE, settings)
        yield [
            _scored(name, group, sample.label, finding, sample=sample)
            for (group, sample), finding in zip(samples, findings, strict=True)
        ]


def read_pairs(path: Path) -> list[tuple[str, str, str]]:
    """(set, real, fake) of each line of a CSV with these columns.

    Raises:
        SettingsError: there is no such file, or a column is missing.
    """
    if not path.is_file():
        raise SettingsError(f"no pairs at {path}")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    if not rows or {"set", "real", "fake"} - rows[0].keys():
        raise SettingsError(f"{path} needs the columns set, real, fake")
    return [(row["set"], row["real"], row["fake"]) for row in rows]


def score_files(
    engine: Engine,
    decoder: StillDecoder,
    root: Path,
    pairs: Sequence[tuple[str, str, str]],
    settings: Settings,
    reencoded: bool,
) -> Iterator[list[ScoredFace]]:
    """Both files of every pair, the largest face of each; a pair of which one cannot be scored gives an empty list."""
    for index, (name, *paths) in enumerate(pairs):
        faces = []
        for label, path in enumerate(paths):
            face = _score_file(engine, decoder, root / path, name, f"{name}-{index}", label, settings, reencoded)
            if face is not None:
                faces.append(face)
        yield faces if len(faces) == 2 else []


def _score_file(
    engine: Engine,
    decoder: StillDecoder,
    path: Path,
    name: str,
    group: str,
    label: int,
    settings: Settings,
    reencoded: bool,
) -> ScoredFace | None:
    try:
        evidence = seal(path)
        frame = next(iter(decoder.open(evidence).frames()))
    except EvidenceError:
        return None
    if reencoded:
        frame = Frame(REENCODING.apply(frame.pixels))
    findings, _, _ = examine_frame(engine, frame, Request(settings))
    large = [finding for finding in findings if finding.crop is not None]
    if not large:
        return None
    finding = max(large, key=lambda one: one.face.box.area)
    return replace(_scored(name, group, label, finding), size_bytes=evidence.size_bytes)


def _crop(sample: FaceSample) -> FaceCrop:
    """A training window as the route's crop: a frame of the window's size, shown whole."""
    whole = Box(0, 0, CROP_SIZE, CROP_SIZE)
    return FaceCrop(sample.window, whole, whole, Face(whole, 0.0, sample.landmarks, FaceOrigin.EXAMINER))


def _scored(name: str, group: str, label: int, finding: FaceFinding, sample: FaceSample | None = None) -> ScoredFace:
    decision = finding.decision
    probabilities = finding.class_probabilities
    if decision.independent_score is None or probabilities is None or finding.crop is None:
        raise SettingsError("the face was not scored")
    claim = finding.answers[0].claim if finding.answers else None
    return ScoredFace(
        name,
        group,
        label,
        decision.independent_score,
        decision.fakeness,
        None if claim is None else int(claim is Claim.FAKE),
        decision.verdict.value,
        _hard(decision),
        CLASSES[sample.forgery] if sample else "",
        CLASSES[int(np.argmax(probabilities))],
        _mask_iou(finding, sample),
        float(finding.crop.square.width),
        0,
    )


def _hard(decision: Decision) -> bool | None:
    return None if decision.difficulty is None else decision.difficulty.value == "hard"


def _mask_iou(finding: FaceFinding, sample: FaceSample | None) -> float | None:
    """Overlap at the true mask's resolution; only for forgeries that have one, and where masks were asked for."""
    if sample is None or not sample.label or not sample.mask_known or not finding.answers:
        return None
    truth = sample.mask > 0.25
    found = np.zeros(truth.shape, bool)
    for mask in finding.masks:
        small = cv2.resize(mask.pixels.astype(np.float32), (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA)
        found |= np.asarray(small) > 0.5
    union = (truth | found).sum()
    return float((truth & found).sum() / union) if union else None
