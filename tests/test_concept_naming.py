"""Names of an altered area: leaves, or their parents where most of them are altered; made by hand, mask by mask."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fakeface.concepts import CONCEPTS, LEAF_NAMES, locate, name_parts
from fakeface.concepts.geometry import LeafMap
from fakeface.errors import SettingsError

from .test_concepts import WINDOW

SIZE = 672
LEAVES = locate((WINDOW * 3).astype(np.float32), SIZE, SIZE)
"""A large face, so that every leaf can be active; without colours, so that only the face itself can be named."""


def over(names: Iterable[str], leaves: LeafMap = LEAVES) -> NDArray[np.bool_]:
    return np.any([leaves.mask(name) for name in names], axis=0)


def names(*concepts: str) -> set[str]:
    return set(name_parts(over(concepts), LEAVES).names)


def test_one_leaf_is_named_itself() -> None:
    naming = name_parts(over(["left_cheekbone"]), LEAVES)
    assert naming.names == ("left_cheekbone",)
    assert naming.coverage == 1.0
    assert (naming.parts[0].share, naming.parts[0].covered) == (1.0, 1.0)
    assert naming.sufficient


def test_two_thirds_of_the_children_give_way_to_their_parent() -> None:
    assert names("left_inner_brow", "left_brow_arch") == {"left_brow"}
    assert names("chin_center", "left_chin") == {"chin_center", "left_chin"}
    assert names("chin_center", "left_chin", "right_chin") == {"chin"}


def test_a_parent_is_not_named_for_one_child() -> None:
    area = over(["left_brow_arch"])
    rest = over(["left_inner_brow"])
    rows, columns = np.nonzero(rest)
    area[rows[: len(rows) // 4], columns[: len(rows) // 4]] = True
    assert set(name_parts(area, LEAVES).names) == {"left_brow_arch", "left_inner_brow"}, "one holds over 70 %"


def test_both_sides_together_are_named_at_once() -> None:
    assert names("left_eye", "right_eye") == {"eyes"}
    assert names("left_jawline", "left_jaw_angle", "right_jawline", "right_jaw_angle") == {"jaw"}
    assert names("left_eye") == {"left_eye"}


def test_cross_cutting_parents_come_last() -> None:
    assert names("eyebrows", "eyes", "nose", "mouth") == {"inner_face"}
    assert names("whole_face") == {"whole_face"}
    assert "left_half" in names("left_half")
    assert "right_half" not in names("left_half")


def test_a_touch_is_no_name() -> None:
    area = over(["left_cheekbone"])
    rows, columns = np.nonzero(over(["nose_tip"]))
    area[rows[: len(rows) // 10], columns[: len(rows) // 10]] = True
    naming = name_parts(area, LEAVES)
    assert naming.names == ("left_cheekbone",)
    assert 0.9 < naming.coverage < 1.0


def test_few_pixels_are_no_name() -> None:
    rows, columns = np.nonzero(over(["left_cheekbone"]))
    area = np.zeros((SIZE, SIZE), bool)
    area[rows[:31], columns[:31]] = True
    naming = name_parts(area, LEAVES)
    assert (naming.names, naming.coverage, naming.sufficient) == ((), 0.0, False)


def test_an_untouched_picture_has_no_names() -> None:
    naming = name_parts(np.zeros((SIZE, SIZE), bool), LEAVES)
    assert (naming.names, naming.coverage) == ((), 0.0)


def test_at_most_six_names_and_the_largest_first() -> None:
    scattered = ["left_cheekbone", "nose_tip", "right_jaw_angle", "glabella", "right_temple", "philtrum"]
    scattered += ["left_lower_cheek", "right_under_eye"]
    naming = name_parts(over(scattered), LEAVES)
    assert len(naming.parts) == 6
    assert set(naming.names) < set(scattered)
    shares = [part.share for part in naming.parts]
    assert shares == sorted(shares, reverse=True)
    assert naming.coverage == pytest.approx(sum(shares), abs=1e-3)


def test_what_cannot_be_assessed_is_never_named() -> None:
    naming = name_parts(over(["background", "left_eye"]), LEAVES)
    assert set(naming.names) == {"left_eye"}
    assert not naming.sufficient, "most of the area has no name"


def test_the_eye_of_a_small_face_is_named_although_its_leaves_are_too_small() -> None:
    small = locate((WINDOW * 0.5).astype(np.float32), 112, 112)
    assert "left_upper_lid" not in small.assessable
    assert name_parts(over(["left_eye"], small), small).names == ("left_eye",)


def test_a_reduced_map_gives_the_same_names() -> None:
    half = locate((WINDOW * 3).astype(np.float32), SIZE, SIZE, reduce=2)
    for concept in ("left_brow", "nose", "whole_face", "chin"):
        assert name_parts(half.mask(concept), half).names == name_parts(LEAVES.mask(concept), LEAVES).names


@settings(max_examples=60)
@given(st.sets(st.sampled_from([name for name in LEAF_NAMES if name in LEAVES.assessable]), max_size=30))
def test_names_are_few_cover_what_they_say_and_do_not_repeat(chosen: set[str]) -> None:
    area = over(chosen) if chosen else np.zeros((SIZE, SIZE), bool)
    naming = name_parts(area, LEAVES)
    assert len(naming.parts) <= 6
    assert set(naming.names) <= set(CONCEPTS)
    masks = [LEAVES.mask(name) for name in naming.names]
    assert not masks or np.sum(masks, axis=0).max() <= 1, "no name lies within another"
    assert 0 <= naming.coverage <= 1


def test_an_area_of_another_size_is_refused() -> None:
    with pytest.raises(SettingsError, match="area"):
        name_parts(np.zeros((5, 5), bool), LEAVES)
