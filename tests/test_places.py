"""Places that an examiner points at: whose they are, what they are called, and when they are marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fakeface.asked import Asked, Place
from fakeface.claims import cut_out
from fakeface.concepts import LEAF_NAMES
from fakeface.concepts.tree import leaves_below
from fakeface.faces import Box, Face
from fakeface.places import assign_places, part_of

from .builders import make_face
from .faces_data import photograph

LEFT, RIGHT = Box(20, 40, 120, 160), Box(220, 40, 320, 160)


def owners(place: Place, asked: Asked | None = None) -> list[int]:
    faces = [make_face(LEFT), make_face(RIGHT)]
    owned = assign_places(replace(asked or Asked(), places=(place,)), faces, 200, 400)
    return [number for number, places in owned.items() if places]


def box(*xyxy: int) -> Place:
    return Place("box", box=Box(*xyxy))


def test_a_box_is_put_to_every_face_of_which_it_holds_a_good_part() -> None:
    assert owners(box(*LEFT.xyxy)) == [1]
    assert owners(box(0, 20, 400, 180)) == [1, 2]
    assert owners(box(0, 20, 230, 180)) == [1], "only the edge of the second one"
    assert owners(box(300, 100, 310, 110)) == [2], "a small box lies on one face"
    assert owners(box(0, 20, 400, 180), Asked(face=2)) == [2]


def test_a_point_and_a_part_belong_as_before() -> None:
    assert owners(Place("point", point=(60, 100))) == [1]
    assert owners(Place.named("nose")) == [1, 2]


def test_a_place_that_shows_the_face_is_not_called_background(astronaut_face: Face) -> None:
    leaves = cut_out(photograph(), astronaut_face.landmarks).scene.leaves
    everything = np.ones(leaves.labels.shape, bool)
    assert np.isin(leaves.labels, leaves_below("background")).mean() > 0.2
    concept, leaf = part_of(everything, leaves)
    assert concept is not None
    assert leaf is not None
    assert not {leaf, concept} & {"background", "left_background", "right_background", "background_top"}
    around = np.isin(leaves.labels, leaves_below("background"))
    assert part_of(around, leaves)[0] in ("background", "left_background", "right_background", "background_top")


def test_the_leaf_of_a_place_lies_in_the_part_that_it_is_called(astronaut_face: Face) -> None:
    leaves = cut_out(photograph(), astronaut_face.landmarks).scene.leaves
    rows, columns = np.mgrid[: leaves.labels.shape[0], : leaves.labels.shape[1]]
    for middle in ((0.3, 0.4), (0.5, 0.5), (0.6, 0.35)):
        down, along = (round(share * side) for share, side in zip(middle, leaves.labels.shape, strict=True))
        area = (abs(rows - down) < 25) & (abs(columns - along) < 30)
        concept, leaf = part_of(area, leaves)
        assert concept is not None
        assert leaf is not None
        assert leaf in {LEAF_NAMES[number] for number in leaves_below(concept)}
