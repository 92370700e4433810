"""The leaves of the tree on a picture: a map of labels that shares out every pixel, and what of it may be asserted.

A label map is a partition by construction: leaves are painted one over the other, and the background has the rest.
That a leaf has pixels does not mean that it may be named: ``LeafMap.reasons`` says for each leaf why not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.concepts.colour import Surroundings, iris_centre, read_surroundings, teeth
from fakeface.concepts.recipes import (
    BARE_FOREHEAD,
    FULL_FOREHEAD,
    Patch,
    SideFrame,
    facial_patches,
    forehead_patches,
    half_plane,
    neck_patches,
)
from fakeface.concepts.regions import eye_distance
from fakeface.concepts.tree import CONCEPTS, LEAF_NAMES, LEAVES, Kind, Side, Source, leaves_below
from fakeface.errors import SettingsError

__all__ = ["LEAST_PIXELS", "LEAST_SHARE", "LeafMap", "Reason", "locate", "visible_pixels"]

Points = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Bools = NDArray[np.bool_]

LEAST_PIXELS, LEAST_SHARE = 24, 1e-4
"""A leaf is visible from this many pixels, and from this share of the picture."""

BAND = 0.08
"""Half width of an overlay in distances between the eye centres."""

TURNED = 0.16
"""A side that has less than this share of the face's width is turned away: its landmarks are guesses."""

_NUMBER = {name: index for index, name in enumerate(LEAF_NAMES)}
_SURROUNDING = frozenset(leaves_below("scalp_hair") + leaves_below("hairline") + leaves_below("background"))
_BODY = frozenset({_NUMBER["collar"], _NUMBER["clothing"]})
_FRINGE = _NUMBER["fringe"]
_EDGE = frozenset(
    leaf
    for side in ("right", "left")
    for name in ("cheek", "jaw", "temple", "globe", "lids", "eye_corners")
    for leaf in leaves_below(f"{side}_{name}")
)


def _flags(*names: str) -> Bools:
    """(256,) which labels belong to any of these concepts."""
    flags = np.zeros(256, bool)
    for name in names:
        flags[list(leaves_below(name))] = True
    return flags


_FOREHEAD = _flags("right_forehead", "left_forehead", "forehead_center", "right_temple", "left_temple")
_BESIDE_HAIR = _FOREHEAD | _flags("right_preauricular", "left_preauricular")
_HAIR = _flags("scalp_hair")


class Reason(StrEnum):
    """Why a leaf is not assessable on a picture."""

    NO_CUE = "neither landmarks nor colours tell where it is"
    NEEDS_PICTURE = "only colours tell where it is, and no picture was given"
    NOT_PARTED = "the colours of hair, clothing and background do not part here"
    TURNED_AWAY = "this side of the face is turned away"
    NOT_SEEN = "nothing of it was found: absent, covered, closed or outside the picture"
    TOO_SMALL = "it has too few pixels"


@dataclass(frozen=True, slots=True, eq=False)
class LeafMap:
    """The leaves of one face on one picture.

    Args:
        labels: (height, width) uint8, number of each pixel's leaf in ``LEAVES``; read-only.
        areas: (112,) pixels of each leaf in the picture's own pixels, also where the map is reduced.
        reasons: 112 times ``None`` for an assessable leaf, else why it is none.
        unit: distance between the eye centres in pixels of the map.
        reduce: side of a pixel of the map in pixels of the picture.
    """

    labels: NDArray[np.uint8]
    areas: NDArray[np.int64]
    reasons: tuple[Reason | None, ...]
    unit: float
    reduce: int

    def __post_init__(self) -> None:
        if self.labels.ndim != 2 or self.labels.dtype != np.uint8 or len(self.reasons) != len(LEAVES):
            raise SettingsError("a map of leaves needs two dimensions of uint8 and a reason or none for every leaf")
        self.labels.flags.writeable = False
        self.areas.flags.writeable = False

    @property
    def assessable(self) -> tuple[str, ...]:
        """Names of the leaves that may be named on this picture, in the order of the tree."""
        return tuple(name for name, reason in zip(LEAF_NAMES, self.reasons, strict=True) if reason is None)

    def reason(self, leaf: str) -> Reason | None:
        """Why a leaf is not assessable here; ``None`` where it is.

        Raises:
            KeyError: no leaf has this name.
        """
        return self.reasons[_NUMBER[leaf]]

    def masks(self) -> Bools:
        """(112, height, width) masks of all leaves, disjoint and covering the picture."""
        return np.asarray(self.labels[None] == np.arange(len(LEAVES), dtype=np.uint8)[:, None, None])

    def mask(self, name: str) -> Bools:
        """(height, width) mask of any concept: a leaf, a parent's leaves together, or an overlay's band.

        Raises:
            KeyError: no concept has this name.
        """
        if CONCEPTS[name].kind is Kind.OVERLAY:
            return self._band(name)
        return np.asarray(_flags(name)[self.labels])

    def _band(self, name: str) -> Bools:
        overlay = CONCEPTS[name]
        inside = _flags(*overlay.members)[self.labels].astype(np.uint8)
        if overlay.hull and inside.any():
            corners = cv2.convexHull(cv2.findNonZero(inside))
            cv2.fillConvexPoly(inside, corners, (1,))
        outside = _flags(*overlay.outside)[self.labels].astype(np.uint8) if overlay.outside else 1 - inside
        radius = max(round(BAND * self.unit), 1)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        return np.asarray((cv2.dilate(inside, disc) > 0) & (cv2.dilate(outside, disc) > 0))


def visible_pixels(height: int, width: int) -> float:
    """Fewest pixels with which a leaf is visible on a picture of this size."""
    return max(float(LEAST_PIXELS), LEAST_SHARE * height * width)


def locate(landmarks: Points, height: int, width: int, pixels: Pixels | None = None, *, reduce: int = 1) -> LeafMap:
    """Locate all leaves of one face.

    Args:
        landmarks: (68, 2) x, y in pixels of the (height, width) picture.
        height: rows of the picture.
        width: columns of the picture.
        pixels: (height, width, 3) uint8 RGB; without it the leaves that colours place are not assessable.
        reduce: side of a pixel of the map in pixels of the picture; 2 makes a map of half the size. What is visible is
            judged in pixels of the picture all the same.

    Raises:
        SettingsError: landmarks or pixels have another shape, or ``reduce`` is no positive number.
    """
    if landmarks.shape != (68, 2) or reduce < 1 or min(height, width) < 1:
        raise SettingsError(f"leaves need (68, 2) landmarks and a picture, got {landmarks.shape} and {width}x{height}")
    if pixels is not None and pixels.shape != (height, width, 3):
        raise SettingsError(f"the picture is {height}x{width}, but its pixels are {pixels.shape}")
    rows, columns = -(-height // reduce), -(-width // reduce)
    points = (landmarks.astype(np.float32) + np.float32(0.5)) / np.float32(reduce) - np.float32(0.5)
    if pixels is not None and reduce > 1:
        pixels = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
    around = None if pixels is None else read_surroundings(pixels, points)
    labels = _paint(points, rows, columns, pixels, around)
    areas = np.bincount(labels.ravel(), minlength=len(LEAVES)).astype(np.int64) * reduce**2
    reasons = _reasons(areas, visible_pixels(height, width), points, around)
    return LeafMap(labels, areas, reasons, eye_distance(points), reduce)


def _reasons(
    areas: NDArray[np.int64], least: float, points: Points, around: Surroundings | None
) -> tuple[Reason | None, ...]:
    turned = _turned_away(points)

    def reason(number: int) -> Reason | None:
        leaf = LEAVES[number]
        if leaf.source is Source.NONE:
            return Reason.NO_CUE
        if leaf.source is Source.COLOUR and around is None:
            return Reason.NEEDS_PICTURE
        if around is not None and number in _SURROUNDING | _BODY and not around.parted and number != _FRINGE:
            return Reason.NOT_PARTED
        if leaf.side is turned and number in _EDGE:
            return Reason.TURNED_AWAY
        if not areas[number]:
            return Reason.NOT_SEEN
        return None if areas[number] >= least else Reason.TOO_SMALL

    return tuple(reason(number) for number in range(len(LEAVES)))


def _turned_away(points: Points) -> Side | None:
    """The side that a strongly turned face hides, by where the nose lies between the two outlines."""
    out = SideFrame.of(points, "right").out
    right, left = ((points[index] - points[28]) @ out for index in (1, 15))
    width = float(right - left)
    if width <= 0 or right < TURNED * width:
        return Side.RIGHT
    return Side.LEFT if -left < TURNED * width else None


def _paint(
    points: Points, rows: int, columns: int, pixels: Pixels | None, around: Surroundings | None
) -> NDArray[np.uint8]:
    irises = None
    if pixels is not None:
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        irises = (iris_centre(grey, points[36:42]), iris_centre(grey, points[42:48]))
    labels = _halves(points, (rows, columns), "background_top", "background", top=1.9)
    if around is not None:
        _paint_surroundings(labels, points, around)
    cut = around is not None and around.readable
    under = labels.copy()
    _fill(labels, facial_patches(points, FULL_FOREHEAD if cut else BARE_FOREHEAD, irises))
    if around is not None and cut:
        _cut_forehead(labels, under, points, around)
    if pixels is not None:
        _paint_teeth(labels, pixels, points)
    return labels


def _fill(labels: NDArray[np.uint8], patches: Iterable[Patch]) -> None:
    drawn = [patch for patch in patches if len(patch.polygon)]
    corners = np.concatenate([patch.polygon for patch in drawn]) * 16  # in sixteenths of a pixel
    ends = np.cumsum([len(patch.polygon) for patch in drawn])
    whole = np.clip(np.rint(corners), -(2**24), 2**24).astype(np.int32)
    for patch, polygon in zip(drawn, np.split(whole, ends[:-1]), strict=True):
        cv2.fillPoly(labels, [polygon], (_NUMBER[patch.leaf],), shift=4)


def _halves(points: Points, shape: tuple[int, ...], above: str, beside: str, top: float) -> NDArray[np.uint8]:
    """A map of three leaves: above a line ``top`` eye distances over the eyes, and below it to the right and left."""
    labels = np.full(shape, _NUMBER[f"right_{beside}"], np.uint8)
    frame = SideFrame.of(points, "left")
    reach = 4.0 * sum(shape) + float(np.abs(points).max())
    middle = np.asarray(points[27:31].mean(axis=0), np.float32)
    crown = np.asarray(points[36:48].mean(axis=0) + top * frame.up, np.float32)
    _fill(labels, [Patch(0, f"left_{beside}", half_plane(middle, frame.out, reach)),
                   Patch(1, above, half_plane(crown, frame.up, reach))])  # fmt: skip
    return labels


def _paint_surroundings(labels: NDArray[np.uint8], points: Points, around: Surroundings) -> None:
    """Clothing, hair and neck over the background."""
    labels[around.clothing] = _NUMBER["clothing"]
    if around.hair.any():
        np.copyto(labels, _halves(points, labels.shape, "hair_top", "hair", top=0.75), where=around.hair)
    blank = np.uint8(255)
    neck = np.full_like(labels, blank)
    _fill(neck, neck_patches(points))
    is_neck = (neck != blank) & around.skin & ~around.clothing
    np.copyto(labels, neck, where=is_neck)
    near = _near(is_neck, 0.2 * eye_distance(points))
    labels[around.clothing & near & (labels == _NUMBER["clothing"])] = _NUMBER["collar"]


def _near(mask: Bools, radius: float) -> Bools:
    side = 2 * max(round(radius), 1) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc) > 0)


def _cut_forehead(labels: NDArray[np.uint8], under: NDArray[np.uint8], points: Points, around: Surroundings) -> None:
    """Take what is unlike skin from the forehead, as fringe or as what lies behind; name the skin next to hair."""
    _fill(
        under,
        (
            Patch(0, "fringe", patch.polygon)
            for patch in forehead_patches(points, BARE_FOREHEAD)
            if patch.leaf.endswith("forehead") or patch.leaf == "forehead_center"
        ),
    )
    np.copyto(labels, under, where=_FOREHEAD[labels] & ~around.skin)
    hair = _HAIR[labels]
    if not hair.any():
        return
    edge = _BESIDE_HAIR[labels] & _near(hair, 0.12 * eye_distance(points))
    np.copyto(labels, _halves(points, labels.shape, "hairline_front", "hairline", top=0.45), where=edge)


def _paint_teeth(labels: NDArray[np.uint8], pixels: Pixels, points: Points) -> None:
    low = np.clip(np.floor(points[60:68].min(axis=0)).astype(int), 0, None)
    high = np.ceil(points[60:68].max(axis=0)).astype(int) + 1
    area = (slice(low[1], max(high[1], low[1])), slice(low[0], max(high[0], low[0])))
    opening = labels[area] == _NUMBER["oral_cavity"]
    if opening.any():
        upper, lower = teeth(pixels[area], opening, -SideFrame.of(points, "right").up)
        labels[area][upper] = _NUMBER["upper_teeth"]
        labels[area][lower] = _NUMBER["lower_teeth"]
