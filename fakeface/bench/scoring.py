"""From a finding of the route and the truth to what is kept of a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, Exchange, ForgeryClass, prompt
from fakeface.backends import Engine
from fakeface.bench.compare import (
    Keeper,
    found_mask,
    mask_figures,
    match_phrases,
    named_regions,
    true_texts,
)
from fakeface.bench.values import Kind, ScoredFace
from fakeface.claims import cut_out
from fakeface.claims.matching import masked_regions
from fakeface.concepts import REGION_NAMES
from fakeface.deciding import examine_crops
from fakeface.decision import Decision
from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE
from fakeface.findings import FaceFinding
from fakeface.grounding import phrase_masks
from fakeface.settings import Settings
from fakeface.training.forge.pairs import FaceSample
from fakeface.training.forge.values import FOREIGN

__all__ = ["CLASSES", "Examined", "Place", "Placed", "score_windows", "scored", "watched"]

CLASSES = tuple(forgery.value for forgery in ForgeryClass)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a face belongs: its set, condition, kind of set, and the source picture that it is resampled with."""

    name: str
    condition: str
    kind: Kind
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A window with its truth, and where it belongs; of a forgery also the window that it was made from, if known."""

    place: Place
    sample: FaceSample
    original: FaceSample | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """By what a face was examined: the models, the keeper of its encoding, and the frame's pixels."""

    engine: Engine
    keeper: Keeper
    pixels: NDArray[np.uint8]


def watched(engine: Engine) -> tuple[Engine, Keeper]:
    """The engine with a segmenter that keeps the encodings that it is asked about."""
    keeper = Keeper(engine.segmenter)
    return replace(engine, segmenter=keeper), keeper


def score_windows(engine: Engine, windows: Sequence[Placed], settings: Settings) -> tuple[ScoredFace, ...]:
    """Training windows through the route, as one batch."""
    watching, keeper = watched(engine)
    crops = [window.sample.crop for window in windows]
    findings = examine_crops(watching, crops, CROP_SIZE, CROP_SIZE, settings)
    return tuple(
        scored(window, finding, Examined(engine, keeper, window.sample.window)).model_copy(
            update={"size_bytes": _png_bytes(window.sample), "picture_pixels": CROP_SIZE * CROP_SIZE}
        )
        for window, finding in zip(windows, findings, strict=True)
    )


def _png_bytes(sample: FaceSample) -> int:
    """How much a window compresses: what its complexity alone gives away."""
    return len(cv2.imencode(".png", sample.window)[1])


def scored(window: Placed, finding: FaceFinding, examined: Examined, *, classed: bool = True) -> ScoredFace:
    """What is kept of a face.

    Args:
        window: that was examined, with its truth.
        finding: what the route says of it.
        examined: by what it was examined, and in how large a frame.
        classed: whether the class of the truth is known, and with it the true text.

    Raises:
        SettingsError: the face was not scored.
    """
    decision, probabilities = finding.decision, finding.class_probabilities
    if decision.independent_score is None or probabilities is None or finding.crop is None:
        raise SettingsError("the face was not scored")
    place, sample = window.place, window.sample
    return ScoredFace(
        name=place.name,
        condition=place.condition,
        kind=place.kind,
        group=place.group,
        label=sample.label,
        forgery=CLASSES[sample.forgery] if classed else "",
        independent=decision.independent_score,
        fakeness=decision.fakeness,
        verdict=decision.verdict.value,
        hard=_hard(decision),
        predicted=CLASSES[int(np.argmax(probabilities))],
        log10_lr=decision.log10_lr,
        scale=float(finding.crop.square.width),
        found_regions=tuple(sorted((name for name, _ in finding.regions), key=REGION_NAMES.index)),
        **(_answered(window, finding, examined, classed) if finding.answers else {}),
    )


def _hard(decision: Decision) -> bool | None:
    return None if decision.difficulty is None else decision.difficulty.value == "hard"


def _answered(window: Placed, finding: FaceFinding, examined: Examined, classed: bool) -> dict[str, Any]:
    """What there is only where answers and masks were asked for."""
    sample = window.sample
    answer, found = finding.answers[0], found_mask(finding)
    encoding = examined.keeper.take(finding.crop) if finding.crop is not None else None
    kept: dict[str, Any] = {
        "answered": True,
        "anchor": None if answer.claim is None else int(answer.claim is Claim.FAKE),
        "anchor_forgery": answer.forgery.value if answer.forgery else "",
        "named_regions": named_regions(answer),
        "masked_regions": masked_regions(found, sample.landmarks),
        "masks": len(finding.masks),
        "phrases": sum(phrase.grounded for phrase in answer.phrases),
        "text": answer.scored_text,
    }
    if not classed:
        return kept
    kept["references"], truth = true_texts(sample, window.place.group, window.original)
    if sample.label and sample.mask_known and encoding is not None:
        kept |= mask_figures(sample.mask > FOREIGN, found, examined.engine.segmenter.probabilities(encoding))
        kept["true_regions"] = tuple(name for name, hit in zip(REGION_NAMES, sample.regions, strict=True) if hit > 0.5)
    if sample.mask_known and encoding is not None:
        said = Exchange(prompt(answer.hypothesis), answer.text)
        seen = cut_out(examined.pixels, finding.face.landmarks)
        masks = phrase_masks(examined.engine, encoding, said, (), seen)
        kept["found_phrases"], kept["true_phrases"] = match_phrases(answer, truth, masks, encoding.crop, sample)
    return kept
