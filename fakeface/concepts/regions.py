"""Sixteen regions of a face, located by 68 landmarks alone: what the region head names and masks are measured on.

Released weights name exactly these, in this order and with these shapes, so they stay as they are. What each is in the
tree of 112 leaves stands in ``HEAD_REGIONS``; unlike leaves they may overlap a little. Left and right are the
subject's. Geometry follows the iBUG 300-W order: jaw 0-16, right brow 17-21, left brow 22-26, nose bridge 27-30, nose
base 31-35, right eye 36-41, left eye 42-47, outer lip 48-59, inner lip 60-67.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MIRRORED",
    "MIRROR_POINTS",
    "REGIONS",
    "REGION_NAMES",
    "Region",
    "eye_distance",
    "forehead_points",
    "mirror_landmarks",
    "region_masks",
]


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the face.

    Args:
        name: identifier, as in records.
        words: as people and models write it.
        mirror: name of the region on the other side; its own name for a central one.
    """

    name: str
    words: str
    mirror: str


def _sides(name: str, words: str) -> list[Region]:
    return [
        Region(f"right_{name}", f"right {words}", f"left_{name}"),
        Region(f"left_{name}", f"left {words}", f"right_{name}"),
    ]


REGIONS: tuple[Region, ...] = (
    Region("forehead", "forehead", "forehead"),
    *_sides("brow", "eyebrow"),
    *_sides("eye", "eye"),
    Region("nose_bridge", "bridge of the nose", "nose_bridge"),
    Region("lower_nose", "lower nose", "lower_nose"),
    *_sides("cheek", "cheek"),
    Region("upper_lip", "upper lip", "upper_lip"),
    Region("lower_lip", "lower lip", "lower_lip"),
    Region("oral", "inside of the mouth", "oral"),
    Region("chin", "chin", "chin"),
    *_sides("jaw", "jaw"),
    Region("outline", "outline of the face", "outline"),
)
REGION_NAMES = tuple(region.name for region in REGIONS)
MIRRORED = np.array([REGION_NAMES.index(region.mirror) for region in REGIONS])
"""Index of each region's mirror image."""

MIRROR_POINTS = np.concatenate(
    [
        [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)],
        [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40],
        [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65],
    ]
)
"""Number of the landmark on the other side, for each landmark."""

OUTLINE_BAND = 0.08
"""Half width of the outline's band in distances between the eye centres."""


def mirror_landmarks(landmarks: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Landmarks of the horizontally flipped picture: (68, 2), renumbered so that left stays the subject's left."""
    flipped: NDArray[np.float32] = landmarks[MIRROR_POINTS].copy()
    flipped[:, 0] = width - 1 - flipped[:, 0]
    return flipped


def region_masks(landmarks: NDArray[np.float32], height: int, width: int) -> NDArray[np.bool_]:
    """Masks of all regions.

    Args:
        landmarks: (68, 2) x, y in pixels of the (height, width) picture.
        height: rows of the masks.
        width: columns of the masks.

    Returns:
        (16, height, width) bool in the order of ``REGIONS``; the outline overlaps its neighbours, the rest hardly do.
    """
    polygons = _polygons(landmarks)
    masks = np.zeros((len(REGIONS), height, width), dtype=np.uint8)
    for index, region in enumerate(REGIONS):
        if region.name != "outline":
            for polygon in polygons[region.name]:
                cv2.fillPoly(masks[index], [np.round(polygon).astype(np.int32)], (1,))
    band = max(round(2 * OUTLINE_BAND * eye_distance(landmarks)), 1)
    contour = np.round(_hull(landmarks)).astype(np.int32)
    cv2.polylines(masks[REGION_NAMES.index("outline")], [contour], True, (1,), band)
    _carve(masks)
    return masks.astype(bool)


def eye_distance(landmarks: NDArray[np.float32]) -> float:
    """Distance between the eye centres in pixels, at least 1."""
    return max(float(np.linalg.norm(landmarks[36:42].mean(axis=0) - landmarks[42:48].mean(axis=0))), 1.0)


def forehead_points(landmarks: NDArray[np.float32], share: float = 0.6) -> NDArray[np.float32]:
    """The brow points raised along the face's own axis by ``share`` of the brow-to-nose-base length: (10, 2)."""
    brows = landmarks[17:27]
    up = brows.mean(axis=0) - landmarks[33]
    return np.asarray(brows + share * up, np.float32)


def _hull(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    points = np.concatenate([landmarks, forehead_points(landmarks, 0.35)])
    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], dtype=np.float32)


def _polygons(p: NDArray[np.float32]) -> dict[str, list[NDArray[np.float32]]]:
    unit = eye_distance(p)
    down = np.array([0.0, 0.12 * unit], dtype=np.float32)
    raised = forehead_points(p)
    return {
        "forehead": [np.concatenate([p[17:27], raised[::-1]])],
        "right_brow": [_around(p[17:22], 0.08 * unit)],
        "left_brow": [_around(p[22:27], 0.08 * unit)],
        "right_eye": [_around(p[36:42], 0.12 * unit)],
        "left_eye": [_around(p[42:48], 0.12 * unit)],
        "nose_bridge": [np.stack([p[21], p[22], p[42] * 0.4 + p[27] * 0.6, p[35] * 0.5 + p[30] * 0.5,
                                  p[31] * 0.5 + p[30] * 0.5, p[39] * 0.4 + p[27] * 0.6])],
        "lower_nose": [_around(np.concatenate([p[30:36], p[29:30]]), 0.06 * unit)],
        "right_cheek": [np.concatenate([p[1:5], p[48:49], p[31:32], p[39:42] + down, p[36:37]])],
        "left_cheek": [np.concatenate([p[45:46], p[46:48] + down, p[42:43] + down, p[35:36], p[54:55], p[12:16]])],
        "upper_lip": [np.concatenate([p[48:55], p[60:65][::-1]])],
        "lower_lip": [np.concatenate([p[54:60], p[48:49], p[60:61], p[64:68][::-1]])],
        "oral": [p[60:68]],
        "chin": [np.concatenate([p[6:11], p[55:60]])],
        "right_jaw": [np.concatenate([p[3:7], p[59:60], p[48:49]])],
        "left_jaw": [np.concatenate([p[10:14], p[54:56]])],
    }  # fmt: skip


def _around(points: NDArray[np.float32], margin: float) -> NDArray[np.float32]:
    hull = cv2.convexHull(points.astype(np.float32))[:, 0]
    centre = hull.mean(axis=0)
    away = hull - centre
    length = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-3)
    return np.asarray(hull + away / length * margin, dtype=np.float32)


def _carve(masks: NDArray[np.uint8]) -> None:
    """Smaller parts win over the skin around them: cheeks, jaw and forehead give way to eyes, nose, lips and brows."""
    index = REGION_NAMES.index
    parts = np.zeros(masks.shape[1:], dtype=np.uint8)
    for name in ("right_brow", "left_brow", "right_eye", "left_eye", "nose_bridge", "lower_nose", "upper_lip"):
        parts |= masks[index(name)]
    for name in ("lower_lip", "oral"):
        parts |= masks[index(name)]
    for name in ("forehead", "right_cheek", "left_cheek", "chin", "right_jaw", "left_jaw"):
        masks[index(name)] &= 1 - parts
