"""Places that an examiner points at: to which face each belongs, which part of the tree it is, what is marked there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fakeface.asked import Asked, Place
from fakeface.claims.cutout import cut_out
from fakeface.concepts import CONCEPTS, LEAF_NAMES, LeafMap, forehead_points, name_parts
from fakeface.concepts.tree import Kind, ancestors, leaves_below
from fakeface.errors import SettingsError
from fakeface.faces import Box, Face
from fakeface.frames import Frame

__all__ = ["assign_places", "part_of", "problem_of", "require_answerable"]

Bools = NDArray[np.bool_]

HELD = 0.25
"""A box or mask that holds this share of a face is about this face, too."""

SEEN = 0.1
"""From this share of it on, what a place shows of a person tells its name; the background around does not."""


def require_answerable(asked: Asked, frame: Frame, faces: Sequence[Face], least_pixels: int) -> None:
    """Check that everything that is asked can be answered on a picture.

    Raises:
        SettingsError: the face that is meant is not there or too small, as every face of the picture may be, a place
            lies outside the picture, on no face or on one that is too small, or a named part is visible on no face that
            is meant.
    """
    for place in asked.places:
        place.require_inside(frame.height, frame.width)
    if not asked.needs_face:
        return
    if not faces:
        raise SettingsError("no face was found in the picture; --add-face says where one is")
    if asked.face is not None and asked.face > len(faces):
        raise SettingsError(f"there is no face {asked.face}: the picture has {len(faces)}, numbered from the left")
    owned = assign_places(asked, faces, frame.height, frame.width)
    for place in asked.places:
        owners = [number for number, places in owned.items() if place in places]
        large = [number for number in owners if faces[number - 1].size_pixels >= least_pixels]
        if not owners:
            on = f"face {asked.face}" if asked.face is not None else "any face"
            raise SettingsError(f"{place.words} does not lie on {on}")
        if not large:
            raise SettingsError(f"{place.words} lies on a face that is too small to analyse")
        if place.concept is not None:
            _require_visible(place.concept, frame, [faces[number - 1] for number in large])
    _require_large(asked, faces, least_pixels)


def _require_large(asked: Asked, faces: Sequence[Face], least_pixels: int) -> None:
    largest = max(face.size_pixels for number, face in enumerate(faces, start=1) if asked.means(number))
    if largest >= least_pixels:
        return
    one = f"face {asked.face}" if asked.face is not None else "the face" if len(faces) == 1 else "every face"
    raise SettingsError(
        f"{one} is too small to analyse: {largest} pixels on the shorter side"
        f"{' of the largest' if one == 'every face' else ''}, and --min-face asks for {least_pixels}; "
        f"--min-face {largest} lets it be examined"
    )


def _require_visible(concept: str, frame: Frame, faces: Sequence[Face]) -> None:
    problems = [problem_of(concept, cut_out(frame.pixels, face.landmarks).scene.leaves) for face in faces]
    if all(problems):
        where = "on this face" if len(faces) == 1 else "on any face"
        raise SettingsError(f"the {CONCEPTS[concept].words} cannot be assessed {where}: {problems[0]}")


def assign_places(asked: Asked, faces: Sequence[Face], height: int, width: int) -> dict[int, tuple[Place, ...]]:
    """The places that are asked about on each face that is meant, by its number, in the order of asking.

    A named part is asked of every face that is meant; a box or mask belongs to the face that it overlaps most and to
    every other one of which it holds a good part, a point to the one whose middle is nearest among those around it. A
    place on no face is left out.
    """
    meant = [number for number in range(1, len(faces) + 1) if asked.means(number)]
    owned: dict[int, list[Place]] = {number: [] for number in meant}
    for place in asked.places:
        area = place.pixels(height, width)
        owners = meant if area is None else _owner(area, faces, meant)
        for number in owners:
            owned[number].append(place)
    return {number: tuple(places) for number, places in owned.items()}


def _owner(area: Bools, faces: Sequence[Face], meant: Sequence[int]) -> list[int]:
    rows, columns = np.nonzero(area)
    centre = np.array([columns.mean(), rows.mean()])

    def claim(number: int) -> tuple[int, float, bool]:
        extent = _extent(faces[number - 1])
        shared = (
            (columns >= extent.left) & (columns < extent.right) & (rows >= extent.top) & (rows < extent.bottom)
        ).sum()
        middle = np.array([extent.left + extent.right, extent.top + extent.bottom]) / 2
        return int(shared), -float(np.linalg.norm(middle - centre)), bool(shared >= HELD * extent.width * extent.height)

    claims = {number: claim(number) for number in meant}
    touched = [number for number in meant if claims[number][0]]
    most = max(touched, key=lambda number: claims[number], default=None)
    return [number for number in touched if number == most or claims[number][2]]


def _extent(face: Face) -> Box:
    """The face from its forehead to its chin: the finder's box and all landmarks."""
    points = np.concatenate([face.landmarks, forehead_points(face.landmarks)])
    low, high = np.floor(points.min(axis=0)).astype(int), np.ceil(points.max(axis=0)).astype(int)
    return Box(
        min(face.box.left, int(low[0])),
        min(face.box.top, int(low[1])),
        max(face.box.right, int(high[0]) + 1),
        max(face.box.bottom, int(high[1]) + 1),
    )


def problem_of(concept: str, leaves: LeafMap) -> str:
    """Why a part cannot be assessed on a picture; empty where it can."""
    concept_leaves = leaves_below(concept)
    if CONCEPTS[concept].kind is Kind.OVERLAY:
        return "" if leaves.mask(concept).any() else "nothing of it was found"
    reasons = [leaves.reasons[leaf] for leaf in concept_leaves]
    return "" if None in reasons else str(next(reason for reason in reasons if reason))


def part_of(area: Bools, leaves: LeafMap) -> tuple[str | None, str | None]:
    """What an area is in the tree.

    Args:
        area: (height, width) bool in the frame of ``leaves``.
        leaves: of the face.

    Returns:
        the concept that names it best and may be named on this picture, and the leaf of that concept that holds most of
        it; ``None`` where there is none. The background counts only where there is hardly anything else.
    """
    counts = np.bincount(leaves.labels[area], minlength=len(LEAF_NAMES))
    if not counts.any():
        return None, None
    around = list(leaves_below("background"))
    if counts[around].sum() <= (1 - SEEN) * counts.sum():
        counts[around] = 0
        area = area & ~np.isin(leaves.labels, around)
    leaf = LEAF_NAMES[int(counts.argmax())]
    candidates = (*name_parts(area, leaves).names, leaf, *ancestors(leaf))
    concept = next((name for name in candidates if not problem_of(name, leaves)), None)
    if concept is None:
        return None, leaf
    below = list(leaves_below(concept))
    return concept, LEAF_NAMES[below[int(counts[below].argmax())]]
