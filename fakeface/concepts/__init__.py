"""The Facial Image Concept Tree: what can be named on a picture of a face, where it lies, and when it may be named.

``tree`` is the data, ``geometry`` the leaves on a picture, ``naming`` the names of an altered area, ``lookup`` the way
from words to a concept, ``regions`` the sixteen regions of the released region head.
"""

from __future__ import annotations

from fakeface.concepts.geometry import LeafMap, Reason, locate
from fakeface.concepts.lookup import look_up, nearest
from fakeface.concepts.naming import NamedPart, Naming, name_parts
from fakeface.concepts.regions import (
    MIRRORED,
    REGION_NAMES,
    REGIONS,
    Region,
    eye_distance,
    forehead_points,
    mirror_landmarks,
    region_masks,
)
from fakeface.concepts.tree import CONCEPTS, HEAD_REGIONS, LEAF_NAMES, LEAVES, Concept

__all__ = [
    "CONCEPTS",
    "HEAD_REGIONS",
    "LEAF_NAMES",
    "LEAVES",
    "MIRRORED",
    "REGIONS",
    "REGION_NAMES",
    "Concept",
    "LeafMap",
    "NamedPart",
    "Naming",
    "Reason",
    "Region",
    "eye_distance",
    "forehead_points",
    "locate",
    "look_up",
    "mirror_landmarks",
    "name_parts",
    "nearest",
    "region_masks",
]
