"""Maps over the examined square lie where they belong in the picture, in colours that a bar explains."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakeface.decision import Reason, undecided
from fakeface.faces import Box, Face, FaceOrigin, crop_face
from fakeface.findings import FaceFinding, PictureFacts
from fakeface.frames import Frame
from fakeface.report.maps import HEAT, RELIABILITY, FaceMap, draw_map, face_maps
from fakeface.report.overlay import draw_phrases, phrase_colour

from .fakes import POINTS

WIDTH, HEIGHT = 900, 700
FACTS = PictureFacts("PNG", WIDTH, HEIGHT, "0" * 64, ())
BOXES = {
    "fits": Box(300, 200, 390, 290),
    "cut off at the left and top": Box(-30, -20, 60, 70),
    "cut off at the right and bottom": Box(850, 640, 930, 720),
    "reduced": Box(200, 100, 620, 520),
}


def finding(box: Box) -> FaceFinding:
    points = np.array([box.left, box.top]) + POINTS * (box.width, box.height) / 100
    face = Face(box.clipped(WIDTH, HEIGHT), 1.0, points.astype(np.float32), FaceOrigin.EXAMINER)
    crop = crop_face(Frame(np.zeros((HEIGHT, WIDTH, 3), np.uint8)), face)
    return FaceFinding(1, face, undecided(Reason.NOT_DECIDED, 0.5), crop)


@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_a_hot_pixel_of_the_window_is_hot_at_its_place_in_the_picture(box: Box) -> None:
    face = finding(box)
    assert face.crop is not None
    inside = [point for point in face.face.landmarks if 0 <= point[0] < WIDTH - 1 and 0 <= point[1] < HEIGHT - 1]
    place = inside[len(inside) // 2]
    column, row = np.round(face.crop.to_window(place[None])[0]).astype(int)
    window = np.zeros((224, 224), np.float32)
    window[row, column] = 1
    one, two = face_maps(replace(face, probabilities=window, heatmaps=(window,)), FACTS)
    assert one.peak == two.peak
    assert np.abs(np.array(one.peak) - place).max() <= 1 / face.crop.scale
    assert one.values.shape == (one.box.height, one.box.width)
    assert one.box == face.crop.square.clipped(WIDTH, HEIGHT)


def test_a_face_of_which_no_map_was_asked_has_none() -> None:
    assert face_maps(finding(BOXES["fits"]), FACTS) == ()
    assert (
        face_maps(replace(finding(BOXES["fits"]), crop=None, heatmaps=(np.ones((224, 224), np.float32),)), FACTS) == ()
    )


def ramp(width: int, height: int) -> FaceMap:
    values = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, axis=0)
    return FaceMap("heat", "a ramp", "share", Box(0, 0, width, height), values)


def test_a_map_is_drawn_at_the_resolution_of_the_picture_from_dark_blue_to_yellow() -> None:
    drawn = draw_map(ramp(300, 256))
    assert drawn.shape[0] == 256
    assert drawn.shape[1] > 300
    assert drawn[10, 0].tolist() == [0, 34, 78]
    assert drawn[10, 299].tolist() == [254, 232, 56]
    lightness = drawn[10, :300].astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) >= -1.5).all(), "a grey print keeps the order"


def test_beside_the_map_stands_a_bar_with_the_same_colours_and_its_unit() -> None:
    drawn = draw_map(ramp(300, 256))
    bar = drawn[:, 300 + 8 + 4]
    assert bar[8].tolist() == [254, 232, 56]
    assert bar[256 - 9].tolist() == [0, 34, 78]
    beside = drawn[:, 300 + 8 + 16 :]
    assert (beside < 100).any(), "numbers and the unit are written"


@pytest.mark.parametrize("unit", [RELIABILITY, HEAT])
def test_the_unit_can_be_read_where_the_drawing_is_printed_on_a_third_of_the_page(unit: str) -> None:
    plain, written = (draw_map(replace(ramp(600, 600), unit=words)) for words in (" , ", unit))
    assert plain.shape == written.shape
    rows, columns = np.nonzero((plain != written).any(axis=2))
    line = (columns.max() - columns.min() + 1) / 2  # two lines, each with its share of space
    assert line / max(written.shape) * 153 > 5, "points on a panel of 54 mm"
    assert rows.max() - rows.min() < 600 - 2, "no letter is cut off"


def test_a_small_map_is_enlarged_without_smoothing() -> None:
    small = ramp(40, 40)
    drawn = draw_map(small)
    assert drawn.shape[0] == 200
    assert (drawn[:200:5, :200:5][:, :40] == draw_map(small)[2:200:5, 2:200:5][:, :40]).all()


def test_the_contour_of_a_phrase_lies_on_the_border_of_its_mask() -> None:
    pixels = np.full((400, 400, 3), 90, np.uint8)
    masks = {1: np.zeros((400, 400), bool), 2: np.zeros((400, 400), bool)}
    masks[1][120:160, 110:150] = True
    masks[2][180:200, 200:260] = True
    drawn = draw_phrases(pixels, Box(100, 100, 260, 260), masks)
    assert drawn.shape == (640, 640, 3), "four times the square"
    for place, (left, top, right, bottom) in enumerate(((10, 20, 50, 60), (100, 80, 160, 100))):
        rows, columns = np.nonzero((drawn == phrase_colour(place, 2)).all(axis=2))
        assert abs(rows.min() - top * 4) <= 4
        assert abs(rows.max() - bottom * 4) <= 4
        assert abs(columns.min() - left * 4) <= 4
        assert abs(columns.max() - min(right * 4, 639)) <= 4


def test_what_of_the_square_lies_outside_the_picture_is_not_drawn() -> None:
    pixels = np.full((100, 120, 3), 90, np.uint8)
    mask = np.zeros((100, 120), bool)
    mask[:20, :20] = True
    drawn = draw_phrases(pixels, Box(-40, -30, 60, 70), {1: mask})
    assert drawn.shape[:2] == (70 * 8, 60 * 8)


def test_the_colours_of_phrases_differ_in_lightness() -> None:
    lightness = [float(np.array(phrase_colour(place, 4)) @ [0.2126, 0.7152, 0.0722]) for place in range(4)]
    assert (np.diff(lightness) > 10).all()
