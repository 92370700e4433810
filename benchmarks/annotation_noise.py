"""How well the altered area and its names can be had from a pair of pictures alone, without the maker's truth.

    python benchmarks/annotation_noise.py FACES.jsonl --root DATA --faces 300

Forges faces of the dev split, saves the real and the forged picture as JPEG, derives the altered area from the two, and
compares it with the operator's own: intersection over union of the masks, Jaccard index of the leaves that are touched
and of the names that the naming rule gives. Three masks are compared: the derived one, the derived one under a
threshold of at least the 95th percentile of the difference, and the plain twentieth of all pixels that differs most.

A second table counts faces of which an artifact would be named: forgeries with and without their original beside them,
and untouched faces under the same masks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

import cv2
import numpy as np
from commandline import faces_parser
from numpy.typing import NDArray

from fakeface.claims.values import Severity
from fakeface.concepts import LeafMap, locate, name_parts
from fakeface.training.annotate import Skip, annotate_picture, derive
from fakeface.training.forge.studio import PicturePair, Studio
from fakeface.training.forge.values import FOREIGN
from fakeface.training.manifest import read_faces

QUALITIES = (95, 75, 50)
SEED = 77
TOUCHED = 0.15
MASKS = ("derived", "derived, 95th percentile", "top 5 %")
Scores = dict[tuple[int, str], list[tuple[float, float, float]]]


def jaccard(ours: set[str], theirs: set[str]) -> float:
    """Intersection over union; two empty sets agree."""
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0


def touched(mask: NDArray[np.bool_], leaves: LeafMap) -> set[str]:
    """Assessable leaves of which the mask covers at least 15 %."""
    return {name for name in leaves.assessable if (mask & leaves.mask(name)).sum() >= TOUCHED * leaves.mask(name).sum()}


def saved(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The picture as its JPEG shows it."""
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)


def local_pairs(studio: Studio, wanted: int) -> Iterator[PicturePair]:
    """Pairs whose truth is a place."""
    index = found = 0
    while found < wanted:
        pair = studio.pair(studio.generator(index))
        index += 1
        if pair.known and pair.mask is not None and (pair.mask > FOREIGN).any():
            found += 1
            yield pair


def compare(pair: PicturePair, quality: int, scores: Scores, skipped: Counter[str]) -> None:
    """One pair at one quality."""
    assert pair.mask is not None
    truth = np.ascontiguousarray(pair.mask > FOREIGN)
    real, fake = saved(pair.real.pixels, quality), saved(pair.fake.pixels, quality)
    derived = derive(real, fake, quality=quality)
    if isinstance(derived, Skip):
        skipped[f"{quality}: {derived.reason}"] += 1
        return
    strict = derive(real, fake, quality=quality, percentile=95)
    masks = (derived.mask, derived.mask if isinstance(strict, Skip) else strict.mask, derived.top5)
    leaves = locate(pair.fake.landmarks, *truth.shape, fake)
    leaf_truth, name_truth = touched(truth, leaves), set(name_parts(truth, leaves).names)
    for name, mask in zip(MASKS, masks, strict=True):
        iou = (mask & truth).sum() / max((mask | truth).sum(), 1)
        names = set(name_parts(np.ascontiguousarray(mask), leaves).names)
        scores[quality, name].append((iou, jaccard(touched(mask, leaves), leaf_truth), jaccard(names, name_truth)))


def named(pair: PicturePair, counts: Counter[str]) -> None:
    """Whether an artifact is named, in four cases."""
    assert pair.mask is not None
    altered = np.ascontiguousarray(pair.mask > FOREIGN)
    cases = {
        "forged, original known": (pair.fake, pair.real.pixels),
        "forged, original unknown": (pair.fake, None),
        "untouched, original known": (pair.real, pair.real.pixels),
        "untouched, original unknown": (pair.real, None),
    }
    for case, (subject, original) in cases.items():
        rng = np.random.default_rng(SEED)
        said = annotate_picture(
            subject.pixels, subject.landmarks, altered, pair.forgery, "fake", rng, original=original, talk=False
        )
        counts[case] += any(one.supported for one in said.findings)
        counts[f"{case}, clear"] += any(one.severity is Severity.CLEAR for one in said.findings)


def main() -> None:
    """Print the table."""
    parser = faces_parser(__doc__)
    parser.add_argument("--faces", type=int, default=300)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    studio = Studio(read_faces(given.faces_file, "dev"), given.root, SEED)
    scores: Scores = defaultdict(list)
    skipped: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for pair in local_pairs(studio, given.faces):
        named(pair, counts)
        for quality in QUALITIES:
            compare(pair, quality, scores, skipped)
    print("| saved at | mask | pairs | IoU | leaves | names |\n|---|---|---|---|---|---|")
    for (quality, name), values in scores.items():
        iou, leaf, names = np.mean(values, axis=0)
        print(f"| JPEG {quality} | {name} | {len(values)} | {iou:.2f} | {leaf:.2f} | {names:.2f} |")
    for reason, count in sorted(skipped.items()):
        print(f"left out at {reason}: {count}")
    print("\n| picture | an artifact is named | a clear one |\n|---|---|---|")
    for case in [name for name in counts if not name.endswith("clear")]:
        print(f"| {case} | {counts[case] / given.faces:.0%} | {counts[f'{case}, clear'] / given.faces:.0%} |")


if __name__ == "__main__":
    main()
