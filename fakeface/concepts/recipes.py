"""Where each leaf lies, as polygons made from 68 landmarks. Later layers are painted over earlier ones.

One recipe serves both sides: it is written for the subject's right, and the left is the same recipe on landmarks that
are numbered from the other side. That is why a mirrored face has mirrored leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.concepts.regions import MIRROR_POINTS

__all__ = [
    "BARE_FOREHEAD",
    "FULL_FOREHEAD",
    "Patch",
    "SideFrame",
    "facial_patches",
    "forehead_patches",
    "half_plane",
    "neck_patches",
]

Points = NDArray[np.float32]

BARE_FOREHEAD = 0.65
"""Height of the forehead over the eyebrows that is taken for granted, in lengths from nose base to eyebrows."""

FULL_FOREHEAD = 1.05
"""The same where the picture's colours tell where skin ends."""

CLOSED_EYE, CLOSED_MOUTH = 0.07, 0.03
"""Openings below this, in distances between the eye centres, show nothing of what lies inside."""

_CENTRES = np.zeros((3, 68), np.float32)
"""Takes landmarks to the centres of right eye, left eye and eyebrows."""
_CENTRES[0, 36:42] = _CENTRES[1, 42:48] = 1 / 6
_CENTRES[2, 17:27] = 1 / 10

_TURNS = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_ROUND = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1).astype(np.float32)


@cache
def _steps(start: float, stop: float) -> tuple[NDArray[np.intp], Points]:
    """Landmarks, and shares of the way to the next one, from one broken index to another."""
    steps = np.array([start, *range(int(np.floor(start)) + 1, int(np.ceil(stop))), stop])
    low = np.floor(steps).astype(np.intp)
    return low, (steps - low)[:, None].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Patch:
    """One polygon of a leaf.

    Args:
        layer: patches of a higher layer are painted over those of a lower one.
        leaf: name of the leaf.
        polygon: (n, 2) x, y in pixels.
    """

    layer: int
    leaf: str
    polygon: Points


@dataclass(frozen=True, slots=True)
class SideFrame:
    """A face's own directions, seen from one of its sides.

    Args:
        points: (68, 2) landmarks, numbered so that this side is the right one.
        side: which side of the subject it is.
        out: (2,) from the face's middle to this side, as long as the distance between the eye centres.
        up: (2,) towards the forehead, of the same length.
        axis: (2,) from the nose's base to the eyebrows.
    """

    points: Points
    side: str
    out: Points
    up: Points
    axis: Points

    @classmethod
    def of(cls, landmarks: Points, side: str) -> SideFrame:
        """The frame of one side of a face with (68, 2) landmarks."""
        right, left, brows = _CENTRES @ landmarks
        across, axis = right - left, brows - landmarks[33]
        unit = max(float(np.hypot(*across)), 1.0)
        up = axis / max(float(np.hypot(*axis)), 1e-3) * np.float32(unit)
        if side == "right":
            return cls(landmarks, side, across, up, axis)
        return cls(landmarks[MIRROR_POINTS], side, -across, up, axis)

    def at(self, index: int, out: float = 0.0, up: float = 0.0) -> Points:
        """A landmark, moved out and up by so many distances between the eye centres."""
        moved: Points = self.points[index] + out * self.out + up * self.up
        return moved

    def raised(self, index: int, share: float) -> Points:
        """A landmark raised by a share of the length from nose base to eyebrows."""
        moved: Points = self.points[index] + share * self.axis
        return moved

    def between(self, first: int, second: int, share: float) -> Points:
        """The point at this share of the way from one landmark to another."""
        point: Points = self.points[first] * (1 - share) + self.points[second] * share
        return point

    def along(self, start: float, stop: float) -> Points:
        """The run of landmarks from a broken index to another, with both ends."""
        low, part = _steps(start, stop)
        return self.points[low] * (1 - part) + self.points[low + 1] * part

    def ellipse(self, centre: Points, across: float, along: float) -> Points:
        """A convex polygon of 16 corners with half axes in distances between the eye centres."""
        return np.asarray(centre + _ROUND @ np.stack([across * self.out, along * self.up]), np.float32)


def facial_patches(landmarks: Points, forehead: float, irises: tuple[Points, Points] | None = None) -> list[Patch]:
    """Patches of everything on the face, lowest layer first.

    Args:
        landmarks: (68, 2) x, y in pixels.
        forehead: height of the forehead, ``BARE_FOREHEAD`` or ``FULL_FOREHEAD``.
        irises: centres of the right and left iris; the middle of the openings where absent.
    """
    right, left = SideFrame.of(landmarks, "right"), SideFrame.of(landmarks, "left")
    patches = [*_brow_to_hair(right, left, forehead), *_middle(right)]
    for index, frame in enumerate((right, left)):
        patches += _skin(frame)
        patches += _details(frame)
        patches += _eye(frame, frame.points[36:42].mean(axis=0) if irises is None else irises[index])
    return sorted(patches, key=lambda patch: patch.layer)


def forehead_patches(landmarks: Points, forehead: float = FULL_FOREHEAD) -> list[Patch]:
    """The forehead's patches alone, the temples with it, up to one of the two heights."""
    return list(_brow_to_hair(SideFrame.of(landmarks, "right"), SideFrame.of(landmarks, "left"), forehead))


def _patch(layer: int, leaf: str, *points: Points) -> Patch:
    return Patch(layer, leaf, np.concatenate([one.reshape(-1, 2) for one in points]))


def _brow_to_hair(right: SideFrame, left: SideFrame, forehead: float) -> Iterator[Patch]:
    inner = (right.points[21], left.points[21])
    yield _patch(1, "forehead_center", *inner, left.raised(21, forehead), right.raised(21, forehead))
    for f in (right, left):
        p = f.points
        arch = [f.raised(at, forehead * share) for at, share in ((21, 1), (20, 1), (19, 0.97), (18, 0.88), (17, 0.7))]
        yield _patch(1, f"{f.side}_forehead", p[17:22], *arch)
        yield _patch(1, f"{f.side}_temple", p[17], arch[-1], f.raised(17, forehead * 0.5) + 0.12 * f.out,
                     f.at(0, 0.02, 0.3), p[0], f.at(36, 0.1))  # fmt: skip


def _middle(f: SideFrame) -> Iterator[Patch]:
    p = f.points
    yield _patch(2, "mentolabial_fold", f.at(58, 0.06), p[57], f.at(56, -0.06), f.at(56, -0.06, -0.15),
                 f.at(57, 0, -0.17), f.at(58, 0.06, -0.15))  # fmt: skip
    yield _patch(2, "chin_center", f.at(57, 0.2, -0.12), f.at(57, -0.2, -0.12), f.between(8, 9, 0.8), p[8],
                 f.between(8, 7, 0.8))  # fmt: skip
    yield _patch(3, "glabella", f.at(21, 0, 0.15), f.at(22, 0, 0.15), f.at(22, 0, -0.15), f.at(21, 0, -0.15))
    yield _patch(3, "philtrum", p[32:35], p[52], p[51], p[50])
    top = (p[21] + p[22]) / 2 - 0.15 * f.up
    low = f.between(27, 28, 0.6)
    beside = 0.09 * f.out
    yield _patch(4, "nose_root", top + beside, top - beside, low - beside, low + beside)
    yield _patch(4, "nose_ridge", low + beside, low - beside, p[30] - beside, p[30] + beside)
    yield Patch(4, "nose_tip", f.ellipse(f.at(30, 0, -0.01), 0.14, 0.13))
    under = f.between(30, 33, 0.45)
    yield _patch(6, "columella", under + 0.035 * f.out, under - 0.035 * f.out, f.at(33, -0.04), f.at(33, 0.04))
    yield _patch(5, "upper_lip_center", p[50:53], p[63], p[62], p[61])
    yield _patch(5, "lower_lip_center", p[56:59], p[67], p[66], p[65])
    if np.linalg.norm(p[62] - p[66]) >= CLOSED_MOUTH * np.linalg.norm(f.out):
        yield _patch(6, "oral_cavity", p[60:68])


def _skin(f: SideFrame) -> Iterator[Patch]:
    p, s = f.points, f.side
    yield _patch(0, f"{s}_mid_cheek", p[27], p[21], p[20], p[19], p[18], p[17], p[0:9], p[33])
    yield _patch(1, f"{s}_cheekbone", p[0:3], f.between(2, 31, 0.8), f.at(39, 0, -0.35), p[41], f.at(36, 0.02))
    yield _patch(1, f"{s}_lower_cheek", p[48], f.along(3.2, 6.5), f.between(6, 58, 0.5), p[58], p[59])
    yield _patch(1, f"{s}_chin", f.along(6.4, 8), p[57], p[58], f.between(59, 6, 0.45))
    inner = [f.at(index, -0.2) for index in (3, 2, 1, 0)]
    yield _patch(2, f"{s}_preauricular", p[0:4], *inner)
    for layer, leaf, start, stop in ((2, "jawline", 3.0, 6.6), (3, "jaw_angle", 3.6, 5.6)):
        edge = f.along(start, stop)
        inwards = p[33] - edge
        inwards = inwards / np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-3)
        band = edge + 0.15 * np.float32(np.linalg.norm(f.out)) * inwards
        yield _patch(layer, f"{s}_{leaf}", edge, band[::-1])
    yield _patch(2, f"{s}_lip_skin", f.at(31, 0.04), p[32], p[33], p[51], p[50], p[49], p[48])
    fold = [f.at(31, 0.14, 0.02), f.at(48, 0.12), f.at(48, 0.15, -0.16)]
    yield _patch(3, f"{s}_nasolabial_fold", *(one - 0.07 * f.out for one in fold),
                 *(one + 0.07 * f.out for one in fold[::-1]))  # fmt: skip


def _details(f: SideFrame) -> Iterator[Patch]:
    p, s = f.points, f.side
    yield _patch(3, f"{s}_nose_sidewall", f.at(21, 0, -0.12), p[39], f.at(31, 0.08, 0.1), p[30], p[27])
    wing = f.at(31, 0.0, 0.06)
    crease = f.ellipse(wing, 0.17, 0.17)
    yield Patch(3, f"{s}_alar_crease", _beyond(crease, p[31], f.out))
    yield Patch(4, f"{s}_ala", f.ellipse(wing, 0.11, 0.12))
    yield Patch(5, f"{s}_nostril", f.ellipse(f.at(32, 0.02, 0.045), 0.065, 0.045))
    for leaf, start, stop in (("brow_tail", 17, 18.33), ("brow_arch", 18.33, 19.67), ("inner_brow", 19.67, 21)):
        line = f.along(start, stop)
        yield _patch(5, f"{s}_{leaf}", line + 0.05 * f.up, (line - 0.1 * f.up)[::-1])
    yield _patch(5, f"{s}_upper_lip", p[48:51], p[61], p[60])
    yield _patch(5, f"{s}_lower_lip", p[58:60], p[48], p[60], p[67])
    yield Patch(7, f"{s}_mouth_corner", f.ellipse(p[48], 0.07, 0.07))


def _eye(f: SideFrame, iris: Points) -> Iterator[Patch]:
    p, s = f.points, f.side
    yield _patch(2, f"{s}_orbital_fold", f.at(36, 0.08), p[17:22], f.at(39, -0.04), p[38], p[37])
    yield _patch(2, f"{s}_under_eye", f.at(36, 0.06), p[36], p[41], p[40], p[39], f.at(39, 0, -0.27),
                 f.at(40, 0, -0.35), f.at(41, 0, -0.35), f.at(36, 0.06, -0.22))  # fmt: skip
    yield _patch(5, f"{s}_upper_lid", f.at(36, 0.04), f.at(36, 0.02, 0.06), f.at(37, 0, 0.08), f.at(38, 0, 0.08),
                 f.at(39, 0, 0.05), f.at(39, -0.03))  # fmt: skip
    yield _patch(5, f"{s}_lower_lid", f.at(36, 0.04), f.at(39, -0.03), f.at(39, 0, -0.04), f.at(40, 0, -0.06),
                 f.at(41, 0, -0.06), f.at(36, 0, -0.04))  # fmt: skip
    yield Patch(7, f"{s}_inner_eye_corner", f.ellipse(p[39], 0.05, 0.05))
    yield Patch(7, f"{s}_outer_eye_corner", f.ellipse(p[36], 0.05, 0.05))
    opening = float(np.linalg.norm(p[37:39] - p[[41, 40]], axis=1).mean())
    if opening < CLOSED_EYE * np.linalg.norm(f.out):
        return
    ring = np.asarray(cv2.convexHull(p[36:42].astype(np.float32))[:, 0], np.float32)
    yield Patch(6, f"{s}_medial_sclera", ring)
    yield Patch(6, f"{s}_lateral_sclera", _beyond(ring, iris, f.out))
    for layer, leaf, radius in ((7, "iris", 0.095), (8, "pupil", 0.038)):
        _, seen = cv2.intersectConvexConvex(ring, f.ellipse(iris, radius, radius))
        if seen is not None:
            yield Patch(layer, f"{s}_{leaf}", np.asarray(seen, np.float32).reshape(-1, 2))


def _beyond(polygon: Points, origin: Points, direction: Points) -> Points:
    """The part of a convex polygon on the far side of a line through ``origin`` across ``direction``."""
    heights = (polygon - origin) @ direction
    kept: list[Points] = []
    for index, (point, height) in enumerate(zip(polygon, heights, strict=True)):
        before, low = polygon[index - 1], heights[index - 1]
        if (low < 0) != (height < 0):
            kept.append(before + (point - before) * (low / (low - height)))
        if height >= 0:
            kept.append(point)
    return np.array(kept, np.float32).reshape(-1, 2)


def half_plane(origin: Points, direction: Points, reach: float) -> Points:
    """A square polygon of half side ``reach`` pixels that starts at a line and goes on towards ``direction``."""
    ahead = direction / max(float(np.linalg.norm(direction)), 1e-3) * reach
    across = np.array([-ahead[1], ahead[0]], np.float32)
    return np.stack([origin - across, origin + across, origin + across + ahead, origin - across + ahead])


def neck_patches(landmarks: Points) -> list[Patch]:
    """Where a neck can be, without regard to colour: its three parts, then what is under the chin."""
    f = SideFrame.of(landmarks, "right")
    p = f.points
    low = [f.at(index, 0, -1.1) for index in (4, 6, 10, 12)]
    return [
        _patch(0, "right_neck", p[4:7], low[1], low[0]),
        _patch(0, "left_neck", p[10:13], low[3], low[2]),
        _patch(1, "neck_front", p[6:11], low[2], low[1]),
        _patch(2, "submental", p[6:11], *(f.at(index, 0, -0.25) for index in (10, 9, 8, 7, 6))),
    ]
