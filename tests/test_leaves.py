"""Leaves on a picture: they share out every pixel, swap sides with a mirrored face, and say when they are unsure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fakeface.concepts import CONCEPTS, HEAD_REGIONS, LEAF_NAMES, LEAVES, REGION_NAMES, Reason, locate, region_masks
from fakeface.concepts.geometry import LeafMap, visible_pixels
from fakeface.concepts.regions import mirror_landmarks
from fakeface.concepts.tree import OVERLAYS, Source
from fakeface.errors import SettingsError

from .faces_data import photograph
from .test_concepts import WINDOW

# The 141 pixel square around the face lies 41 pixels into the window.
LEFT, TOP, ZOOM = 113, 13, 2


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """Head and shoulders, (448, 448, 3)."""
    return np.asarray(cv2.resize(photograph()[TOP : TOP + 224, LEFT : LEFT + 224], None, fx=ZOOM, fy=ZOOM), np.uint8)


@pytest.fixture(scope="module")
def landmarks() -> NDArray[np.float32]:
    return (WINDOW * ZOOM).astype(np.float32)


@pytest.fixture(scope="module")
def leaves(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> LeafMap:
    return locate(landmarks, *picture.shape[:2], picture)


def centre(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.argwhere(mask).mean(axis=0)[::-1]


def test_leaves_are_disjoint_and_cover_the_picture(leaves: LeafMap) -> None:
    masks = leaves.masks()
    assert masks.shape == (112, 448, 448)
    assert (masks.sum(axis=0) == 1).all()
    np.testing.assert_array_equal(masks.sum(axis=(1, 2)), leaves.areas)


@settings(max_examples=40)
@given(
    turn=st.floats(-3.2, 3.2),
    zoom=st.floats(0.0, 6.0),
    shift=st.tuples(st.integers(-400, 400), st.integers(-400, 400)),
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    seed=st.integers(0, 99),
    coloured=st.booleans(),
)
def test_any_landmarks_on_any_picture_give_a_partition(
    turn: float, zoom: float, shift: tuple[int, int], size: tuple[int, int], seed: int, coloured: bool
) -> None:
    rng = np.random.default_rng(seed)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = ((WINDOW - 112) * zoom @ rotation + 100 + shift + rng.normal(0, 4, (68, 2))).astype(np.float32)
    pixels = rng.integers(0, 256, (*size, 3), dtype=np.uint8) if coloured else None
    found = locate(points, *size, pixels, reduce=1 + seed % 3)
    assert found.labels.max() < 112
    assert found.areas.sum() == found.labels.size * found.reduce**2
    for leaf, area, reason in zip(LEAVES, found.areas, found.reasons, strict=True):
        assert (reason is None) <= (area >= visible_pixels(*size))
        assert (leaf.source is Source.NONE) == (reason is Reason.NO_CUE)
        assert leaf.source is not Source.NONE or area == 0


def test_a_mirrored_face_swaps_left_and_right_leaves(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], leaves: LeafMap
) -> None:
    flipped = np.ascontiguousarray(picture[:, ::-1])
    mirrored = locate(mirror_landmarks(landmarks, 448), 448, 448, flipped)
    swap = np.array([LEAF_NAMES.index(leaf.mirror) for leaf in LEAVES])
    assert (swap[leaves.labels][:, ::-1] == mirrored.labels).mean() > 0.99
    for name in leaves.assessable:
        ours, theirs = leaves.mask(name)[:, ::-1], mirrored.mask(CONCEPTS[name].mirror)
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.75, name


def test_leaves_lie_where_the_face_has_them(leaves: LeafMap, landmarks: NDArray[np.float32]) -> None:
    places = {name: centre(leaves.mask(name)) for name in leaves.assessable}
    column = ["hair_top", "fringe", "glabella", "nose_root", "nose_ridge", "nose_tip", "philtrum", "upper_teeth"]
    column += ["lower_lip_center", "mentolabial_fold", "chin_center", "submental", "collar"]
    heights = [places[name][1] for name in column]
    assert heights == sorted(heights)
    for name in (one for one in places if one.startswith("right_")):
        other = CONCEPTS[name].mirror
        assert other not in places or places[name][0] < places[other][0], name
    assert np.hypot(*(places["right_iris"] - landmarks[36:42].mean(axis=0))) < 6
    along = [places[name][0] for name in ("right_brow_tail", "right_brow_arch", "right_inner_brow", "left_inner_brow")]
    assert along == sorted(along)


def test_colours_part_hair_skin_and_background(leaves: LeafMap, picture: NDArray[np.uint8]) -> None:
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(float)
    background = lab[leaves.mask("background")].mean(axis=0)
    hair = lab[leaves.mask("scalp_hair")].mean(axis=0)
    cheeks = lab[leaves.mask("cheeks")].mean(axis=0)
    forehead = lab[leaves.mask("forehead")].mean(axis=0)
    assert background[0] - hair[0] > 40, "the hair is darker than the wall"
    assert np.linalg.norm(forehead - cheeks) < np.linalg.norm(hair - cheeks) / 2
    assert leaves.mask("hair").mean() > 0.1


def test_a_mask_of_a_parent_is_its_leaves_together(leaves: LeafMap) -> None:
    eye = leaves.mask("left_eye")
    parts = [leaves.mask(name) for name in ("left_globe", "left_lids", "left_eye_corners", "left_periorbital")]
    np.testing.assert_array_equal(np.sum(parts, axis=0), eye)
    np.testing.assert_array_equal(leaves.mask("whole_face"), leaves.mask("inner_face") | leaves.mask("skin"))


def test_overlays_are_bands_on_their_borders(leaves: LeafMap) -> None:
    for overlay in OVERLAYS:
        band = leaves.mask(overlay.name)
        assert 0 < band.sum() < 0.12 * band.size, overlay.name
    lips = leaves.mask("lips") | leaves.mask("oral")
    seam = leaves.mask("lip_seam")
    assert (seam & lips).any()
    assert (seam & ~lips).any()
    seam = leaves.mask("face_background_seam")
    assert not (seam & leaves.mask("nose")).any()
    ring, inner = leaves.mask("inner_face_blend_ring"), leaves.mask("nose_tip")
    assert not (ring & inner).any(), "the ring runs around the inner face, not through it"


def test_each_region_of_the_head_covers_its_group_of_leaves(leaves: LeafMap, landmarks: NDArray[np.float32]) -> None:
    for name, region in zip(REGION_NAMES, region_masks(landmarks, 448, 448), strict=True):
        group = np.any([leaves.mask(member) for member in HEAD_REGIONS[name]], axis=0)
        shared = (region & group).sum() / min(region.sum(), group.sum())
        assert shared > 0.5, (name, shared)


def test_without_colours_only_landmarks_speak(landmarks: NDArray[np.float32]) -> None:
    found = locate(landmarks, 448, 448)
    for leaf, reason in zip(LEAVES, found.reasons, strict=True):
        if leaf.source is Source.COLOUR:
            assert reason is Reason.NEEDS_PICTURE
    assert found.reason("left_cheekbone") is None
    assert found.reason("left_ear_lobe") is Reason.NO_CUE


def test_where_colours_do_not_part_hair_and_background_are_not_named(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32]
) -> None:
    hidden = picture.copy()
    away = ~locate(landmarks, 448, 448, picture).mask("whole_face")
    hidden[away] = (70, 50, 40)
    found = locate(landmarks, 448, 448, hidden)
    assert found.reason("hair_top") is Reason.NOT_PARTED
    assert found.reason("left_background") is Reason.NOT_PARTED
    assert found.reason("chin_center") is None


def test_small_leaves_of_a_small_face_are_too_small(picture: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    small = cv2.resize(picture, (112, 112), interpolation=cv2.INTER_AREA)
    found = locate(landmarks / 4, 112, 112, small)
    assert found.reason("left_pupil") is Reason.TOO_SMALL
    assert found.reason("chin_center") is None
    assert len(found.assessable) < len(locate(landmarks, 448, 448, picture).assessable)
    tiny = locate(landmarks / 40, 448, 448, picture)
    assert tiny.reason("hair_top") is Reason.NOT_PARTED, "nothing is read from colours at this size"


def test_a_large_picture_asks_for_more_pixels() -> None:
    assert visible_pixels(100, 100) == 24
    assert visible_pixels(1000, 1000) == 100


def test_a_closed_mouth_and_closed_eyes_show_nothing_inside(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32]
) -> None:
    shut = landmarks.copy()
    shut[65:68] = shut[[63, 62, 61]]
    shut[[40, 41, 46, 47]] = shut[[38, 37, 44, 43]]
    found = locate(shut, 448, 448, picture)
    for name in ("oral_cavity", "upper_teeth", "lower_teeth", "left_iris", "right_medial_sclera"):
        assert found.reason(name) is Reason.NOT_SEEN, name


def test_what_lies_outside_the_picture_is_not_seen(landmarks: NDArray[np.float32]) -> None:
    cut = locate(landmarks - np.array([224, 0], np.float32), 448, 224)
    assert cut.reason("right_cheekbone") is Reason.NOT_SEEN
    assert cut.reason("left_cheekbone") is None


def test_the_hidden_side_of_a_turned_face_is_not_named(landmarks: NDArray[np.float32]) -> None:
    turned = landmarks.copy()
    turned[27:31, 0] = landmarks[1, 0] + 8
    found = locate(turned, 448, 448)
    assert found.reason("right_cheekbone") is Reason.TURNED_AWAY
    assert found.reason("left_cheekbone") is None


def test_a_reduced_map_tells_the_same_in_fewer_pixels(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], leaves: LeafMap
) -> None:
    half = locate(landmarks, 448, 448, picture, reduce=2)
    assert half.labels.shape == (224, 224)
    assert (half.labels == leaves.labels[::2, ::2]).mean() > 0.93
    large = leaves.areas > 400
    np.testing.assert_allclose(half.areas[large], leaves.areas[large], rtol=0.35)


def test_arrays_that_do_not_fit_are_refused(landmarks: NDArray[np.float32], picture: NDArray[np.uint8]) -> None:
    with pytest.raises(SettingsError, match="68, 2"):
        locate(landmarks[:5], 448, 448)
    with pytest.raises(SettingsError, match="448x447"):
        locate(landmarks, 448, 447, picture)
    with pytest.raises(SettingsError):
        locate(landmarks, 448, 448, reduce=0)
