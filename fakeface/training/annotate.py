"""Write the five-field answer that a window deserves: what is seen is measured, and an artifact is named only where a
measurement on the saved pixels supports it.

Regions come from the operator's mask by the naming rule, neighbours are promoted to their parent, and wording is drawn
from small seeded grammars so that the language model learns content and not one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass, format_answer
from fakeface.concepts import REGION_NAMES, REGIONS, eye_distance, region_masks
from fakeface.faces import CROP_SIZE
from fakeface.measurements import RegionMeasures, measure_picture, measure_region
from fakeface.training.forge.pairs import FaceSample

__all__ = ["annotate", "find_artifacts", "name_regions"]

PROMOTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("inner face", ("right_eye", "left_eye", "nose_bridge", "lower_nose", "upper_lip", "lower_lip")),
    ("eyes", ("right_eye", "left_eye")),
    ("eyebrows", ("right_brow", "left_brow")),
    ("nose", ("nose_bridge", "lower_nose")),
    ("mouth", ("upper_lip", "lower_lip")),
    ("cheeks", ("right_cheek", "left_cheek")),
    ("jaw and chin", ("right_jaw", "left_jaw", "chin")),
)
"""Parents that replace their children where all of these are touched; the first that fits wins."""

COVERED_BY = {"inner face": ("right_brow", "left_brow", "right_cheek", "left_cheek", "oral"), "mouth": ("oral",)}
"""Further children that a parent takes with it."""


TERMS: dict[str, tuple[str, ...]] = {
    "colour": ("{differ} in colour from the skin around", "{have} another tone than the skin around"),
    "soft": ("{be} smoother than the skin around", "{have} lost fine detail"),
    "sharp": ("{be} sharper than the skin around", "{show} more detail than the skin around"),
    "noise": ("{have} a noise level of {their} own", "{have} another grain than the skin around"),
    "edge": ("{be} framed by a blending edge", "{have} a seam around {them}"),
    "none": ("{be} suspect without one clear cue", "{seem} altered without one clear cue"),
}
LIMITS = {"colour": 23.5, "soft": 0.67, "sharp": 1.58, "noise_low": 0.86, "noise_high": 1.57, "edge": 1.39}
"""Tenth or ninetieth percentile of each measure on 400 untouched training faces under forgery masks of the same faces;
an artifact is named only beyond them."""

PLURAL = {"eyes", "eyebrows", "cheeks", "jaw and chin"}
VERBS = {
    False: {
        "be": "is",
        "have": "has",
        "show": "shows",
        "differ": "differs",
        "seem": "seems",
        "their": "its",
        "them": "it",
    },
    True: {
        "be": "are",
        "have": "have",
        "show": "show",
        "differ": "differ",
        "seem": "seem",
        "their": "their",
        "them": "them",
    },
}


def find_artifacts(measures: RegionMeasures | None) -> list[str]:
    """Keys of ``TERMS`` that the measures support, the strongest first; empty where none does."""
    if measures is None:
        return []
    strength = {
        "colour": measures.colour_shift_delta_e / LIMITS["colour"],
        "soft": LIMITS["soft"] / max(measures.sharpness_ratio, 1e-3),
        "sharp": measures.sharpness_ratio / LIMITS["sharp"],
        "noise": max(
            measures.noise_ratio / LIMITS["noise_high"], LIMITS["noise_low"] / max(measures.noise_ratio, 1e-3)
        ),
        "edge": measures.boundary_contrast_ratio / LIMITS["edge"],
    }
    found = [key for key, value in strength.items() if value > 1]
    return sorted(found, key=lambda key: -strength[key])


def name_regions(touched: NDArray[np.float32]) -> list[tuple[str, tuple[str, ...]]]:
    """Names for the touched regions, parents first: (words, members); at most three.

    Args:
        touched: (16,) 0/1 in the order of ``REGIONS``.
    """
    left = {name for name, value in zip(REGION_NAMES, touched, strict=True) if value > 0.5}
    named: list[tuple[str, tuple[str, ...]]] = []
    for words, children in PROMOTIONS:
        if set(children) <= left:
            members = tuple(sorted((set(children) | set(COVERED_BY.get(words, ()))) & left))
            named.append((words, members))
            left -= set(members)
    named += [(region.words, (region.name,)) for region in REGIONS if region.name in left]
    return named[:3]


def annotate(sample: FaceSample, certainty: float, rng: np.random.Generator) -> str:
    """The answer for a window, as five lines.

    Args:
        sample: the window with its truth.
        certainty: probability that the encoder's detection head gives the truth, 0..1; written as the probability.
        rng: chooses the wording.
    """
    forgery = list(ForgeryClass)[sample.forgery]
    claim = Claim.FAKE if sample.label else Claim.REAL
    reasoning = _real_reasoning(rng) if claim is Claim.REAL else _fake_reasoning(sample, forgery, rng)
    return format_answer(_describe(sample, rng), reasoning, claim, min(max(certainty, 0.5), 0.9), forgery)


def _pick(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _face_area(landmarks: NDArray[np.float32]) -> NDArray[np.bool_]:
    area = np.zeros((CROP_SIZE, CROP_SIZE), np.uint8)
    cv2.fillConvexPoly(area, np.round(cv2.convexHull(landmarks)).astype(np.int32), (1,))
    area[CROP_SIZE // 2, CROP_SIZE // 2] = 1
    return area.astype(bool)


def _describe(sample: FaceSample, rng: np.random.Generator) -> str:
    points = sample.landmarks
    seen = measure_picture(sample.window, _face_area(points))
    words = [_view(points), _size(points), _light(seen.brightness), _clarity(seen.sharpness)]
    if seen.chroma < 3:
        words.append("in black and white")
    unit = eye_distance(points)
    words.append("mouth open" if np.linalg.norm(points[62] - points[66]) > 0.12 * unit else "mouth closed")
    opening = _pick(rng, ("A face seen", "One face,", "The picture shows a face"))
    return f"{opening} {', '.join(words)}."


def _view(points: NDArray[np.float32]) -> str:
    """From how far the nose tip lies off the middle between the jaw's ends, in shares of their distance."""
    span = points[16, 0] - points[0, 0]
    off = (points[30, 0] - (points[0, 0] + points[16, 0]) / 2) / max(abs(float(span)), 1.0)
    if abs(off) < 0.07:
        return "from the front"
    return "turned to the left" if off > 0 else "turned to the right"


def _size(points: NDArray[np.float32]) -> str:
    extent = float(np.max(points.max(axis=0) - points.min(axis=0)))
    return "small" if extent < 95 else ("large" if extent > 135 else "of medium size")


def _light(brightness: float) -> str:
    return "darkly lit" if brightness < 42 else ("brightly lit" if brightness > 68 else "evenly lit")


def _clarity(sharpness: float) -> str:
    return "soft" if sharpness < 4 else ("crisp" if sharpness > 10 else "of fair sharpness")


def _real_reasoning(rng: np.random.Generator) -> str:
    subject = _pick(rng, ("<p>skin, eyes and mouth</p>[NOSEG]", "<p>all parts of the face</p>[NOSEG]"))
    predicate = _pick(
        rng,
        (
            "share one texture and one light",
            "have the same grain and sharpness",
            "blend into each other without a seam",
            "show no blending edge and no change of grain",
        ),
    )
    return f"{_pick(rng, ('No region stands out:', 'Nothing speaks for a forgery:'))} {subject} {predicate}."


def _fake_reasoning(sample: FaceSample, forgery: ForgeryClass, rng: np.random.Generator) -> str:
    if not sample.mask_known:
        if forgery is ForgeryClass.WHOLE_FACE_SYNTHESIS:
            grounds = ("carries the regular texture of a generator", "has the even grain of a synthetic picture")
            return f"The <p>whole face</p>[NOSEG] {_pick(rng, grounds)}."
        grounds = ("does not match the head around it", "differs in texture from hair and neck")
        return f"The <p>face as a whole</p>[NOSEG] {_pick(rng, grounds)}."
    mask = cv2.resize(sample.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) > 0.25
    places = region_masks(sample.landmarks, CROP_SIZE, CROP_SIZE)
    text = "; ".join(
        f"the <p>{words}</p>[SEG] {_predicate(words, _supported(sample, mask, places, members), rng)}"
        for words, members in (name_regions(sample.regions) or [("face", ())])[:2]
    )
    return f"{text[0].upper()}{text[1:]}."


def _supported(
    sample: FaceSample, mask: NDArray[np.bool_], places: NDArray[np.bool_], members: tuple[str, ...]
) -> list[str]:
    """Artifacts that the measurement supports on the masked part of these regions."""
    area = mask
    if members:
        area = mask & places[[REGION_NAMES.index(name) for name in members]].any(axis=0)
    return find_artifacts(measure_region(sample.window, area))


def _predicate(words: str, supported: list[str], rng: np.random.Generator) -> str:
    term = _pick(rng, TERMS[supported[0] if supported else "none"])
    return term.format(**VERBS[words in PLURAL])
