"""The concept tree as data: 112 leaves with one name each, and ways to find them by what people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeface.concepts import CONCEPTS, HEAD_REGIONS, LEAF_NAMES, LEAVES, REGION_NAMES, REGIONS, look_up, nearest
from fakeface.concepts.lookup import written_forms
from fakeface.concepts.tree import CROSS, OVERLAYS, PARENTS, TOPS, Kind, Source, ancestors, children, leaves_below
from fakeface.errors import SettingsError

SIZES = {
    "forehead": 6,
    "eyebrows": 6,
    "eyes": 22,
    "nose": 12,
    "cheeks": 10,
    "mouth": 15,
    "chin_and_jaw": 9,
    "ears": 6,
    "hair": 11,
    "neck_body": 5,
    "accessories": 7,
    "background": 3,
}


def test_there_are_112_leaves_below_twelve_tops() -> None:
    assert len(LEAVES) == 112
    assert {top: len(leaves_below(top)) for top in TOPS} == SIZES


def test_every_name_is_given_once_and_every_synonym_means_one_concept() -> None:
    concepts = (*PARENTS, *LEAVES, *CROSS, *OVERLAYS)
    assert len({concept.name for concept in concepts}) == len(concepts) == len(CONCEPTS)
    assert len({concept.words for concept in concepts}) == len(concepts)
    for concept in concepts:
        for form in written_forms(concept):
            assert look_up(form) is concept, form


def test_children_share_out_their_parent() -> None:
    for parent in PARENTS:
        below = [leaf for child in children(parent.name) for leaf in leaves_below(child)]
        assert below, parent.name
        assert sorted(below) == list(leaves_below(parent.name)), parent.name
        assert len(set(below)) == len(below), parent.name
    assert sorted(leaf for top in TOPS for leaf in leaves_below(top)) == list(range(112))


def test_every_leaf_has_a_chain_of_parents_up_to_a_top() -> None:
    assert ancestors("left_iris") == ("left_globe", "left_eye", "eyes")
    for leaf in LEAVES:
        assert ancestors(leaf.name)[-1] in TOPS
        assert leaf.kind is Kind.LEAF


def test_what_crosses_the_tree_is_made_of_it() -> None:
    assert {cross.name for cross in CROSS} == {"skin", "inner_face", "left_half", "right_half", "whole_face"}
    assert {overlay.name for overlay in OVERLAYS} == {
        *("face_contour", "hair_skin_seam", "face_neck_seam", "face_background_seam", "lip_seam"),
        "inner_face_blend_ring",
    }
    for concept in (*CROSS, *OVERLAYS):
        assert set(concept.members) | set(concept.outside) <= set(CONCEPTS)
    assert set(leaves_below("whole_face")) == set(leaves_below("inner_face")) | set(leaves_below("skin"))
    assert set(leaves_below("left_half")).isdisjoint(leaves_below("right_half"))


def test_left_and_right_mirror_each_other_in_everything() -> None:
    def swapped(text: str) -> str:
        return text.replace("left", "?").replace("right", "left").replace("?", "right")

    for concept in CONCEPTS.values():
        other = CONCEPTS[concept.mirror]
        assert other.name == swapped(concept.name)
        assert other.words == swapped(concept.words)
        assert other.parent == swapped(concept.parent)
        assert (other.source, other.kind, other.note) == (concept.source, concept.kind, concept.note)
        assert (concept.side == "middle") == (other is concept)


def test_every_leaf_says_how_it_is_placed_or_why_it_is_not() -> None:
    assert all(leaf.note and leaf.source for leaf in LEAVES)
    assert {leaf.name for leaf in LEAVES if leaf.source is Source.NONE} == {
        *("right_lashes", "left_lashes", "tongue", "right_helix", "left_helix", "right_inner_ear", "left_inner_ear"),
        *("right_ear_lobe", "left_ear_lobe", "moustache", "chin_beard", "right_sideburn", "left_sideburn"),
        *("glasses_frame", "right_lens", "left_lens", "hat", "right_earring", "left_earring", "necklace"),
    }


def test_each_of_the_sixteen_regions_is_a_group_of_the_tree_and_has_its_words() -> None:
    assert tuple(HEAD_REGIONS) == REGION_NAMES
    assert {name for members in HEAD_REGIONS.values() for name in members} <= set(CONCEPTS)
    used = [leaf for members in HEAD_REGIONS.values() for name in members for leaf in leaves_below(name)]
    assert len(set(used)) == len(used), "no leaf belongs to two regions"
    for region in REGIONS:
        if len(HEAD_REGIONS[region.name]) == 1:
            assert look_up(region.words).name == HEAD_REGIONS[region.name][0]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("left iris", "left_iris"),
        ("IRIS of the LEFT eye", "left_iris"),
        ("nostril_l", "left_nostril"),
        ("the subject's right eyebrow", "right_brow"),
        ("right brow", "right_brow"),
        ("centre of the upper lip", "upper_lip_center"),
        ("nose bridge", "nose_bridge"),
        ("bangs", "fringe"),
        ("eye on the left side of the image", "right_eye"),
        ("image right cheek", "left_cheek"),
        ("viewer's left ear", "right_ear"),
        ("whole face", "whole_face"),
        ("lip line", "lip_seam"),
        ("left eyelid", "left_lids"),
        ("right_eyelid", "right_lids"),
        ("eyelid on the left side of the image", "right_lids"),
        ("left eyelash", "left_lashes"),
        ("left irises", "left_iris"),
        ("mouth corner", "mouth_corners"),
        ("Left Nostrils", "left_nostril"),
    ],
)
def test_a_part_is_found_by_what_people_write(text: str, name: str) -> None:
    assert look_up(text).name == name


@given(st.sampled_from(LEAF_NAMES), st.randoms())
def test_the_order_of_words_and_their_case_do_not_matter(name: str, random: object) -> None:
    words = CONCEPTS[name].words.split()
    random.shuffle(words)  # type: ignore[attr-defined]
    assert look_up(" ".join(words).upper()).name == name


def test_for_an_unknown_part_the_nearest_names_are_offered() -> None:
    assert nearest("left eyebow")[0] == "left_brow"
    assert "columella" in nearest("colummela")
    assert nearest("qqqqq") == ()
    with pytest.raises(SettingsError, match=r"'left nostrel'; nearest: left nostril"):
        look_up("left nostrel")
    with pytest.raises(SettingsError, match=r"called 'qqqqq'; nearest: \w+.*; all names: docs/concepts\.md$"):
        look_up("qqqqq")
    with pytest.raises(SettingsError, match="is empty; there are for example left eye, nose and mouth"):
        look_up(" ")
    assert {look_up(text).name for text in ("left eye", "nose", "mouth")} == {"left_eye", "nose", "mouth"}


@given(st.text(max_size=30))
def test_no_text_breaks_the_look_up(text: str) -> None:
    try:
        assert look_up(text).name in CONCEPTS
    except SettingsError:
        assert len(nearest(text)) <= 3
