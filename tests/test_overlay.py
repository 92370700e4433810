import numpy as np
import pytest

from fakeface.decision import Verdict
from fakeface.faces import Box
from fakeface.report.overlay import MASK_COLOUR, OVERLAY_SIDE, STYLES, draw_overlay
from tests.builders import make_face_finding, make_pixels


def colours(pixels):
    return {tuple(int(part) for part in colour) for colour in np.unique(pixels.reshape(-1, 3), axis=0)}


def test_drawing_is_pure_and_repeatable():
    pixels = make_pixels()
    before = pixels.copy()
    faces = [make_face_finding(1, 0.93, pixels)]
    first, second = draw_overlay(pixels, faces), draw_overlay(pixels, faces)
    assert np.array_equal(pixels, before)
    assert first.dtype == np.uint8
    assert first.shape == pixels.shape
    assert np.array_equal(first, second)
    assert not np.array_equal(first, pixels)


def test_no_faces_leave_the_picture_as_it_is():
    pixels = make_pixels()
    assert np.array_equal(draw_overlay(pixels, []), pixels)


@pytest.mark.parametrize(
    ("fakeness", "verdict"), [(0.93, Verdict.FAKE), (0.08, Verdict.REAL), (0.51, Verdict.INDETERMINATE)]
)
def test_each_verdict_has_its_colour_and_the_mask_its_own(fakeness, verdict):
    drawn = colours(draw_overlay(make_pixels(), [make_face_finding(1, fakeness)]))
    assert STYLES[verdict].colour in drawn
    assert MASK_COLOUR in drawn
    assert not {style.colour for other, style in STYLES.items() if other is not verdict} & drawn


def test_verdicts_are_told_apart_without_colour():
    assert len({style.dash for style in STYLES.values()}) == 3
    assert len({style.word for style in STYLES.values()}) == 3
    grey = [int(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b in (style.colour for style in STYLES.values())]
    assert min(abs(a - b) for place, a in enumerate(grey) for b in grey[:place]) > 25


def test_the_mask_is_tinted_lightly_and_the_rest_of_the_face_untouched():
    pixels = make_pixels()
    drawn = draw_overlay(pixels, [make_face_finding(1, 0.93, pixels, Box(100, 60, 190, 160))])
    inside = drawn[130, 128].astype(int) - pixels[130, 128].astype(int)
    assert 0 < np.abs(inside).max() <= 0.25 * 255
    assert np.array_equal(drawn[85, 150], pixels[85, 150])
    assert np.array_equal(drawn[200:, :], pixels[200:, :])


def test_large_pictures_are_reduced_with_their_boxes_and_masks():
    pixels = np.full((1500, 4000, 3), 128, dtype=np.uint8)
    drawn = draw_overlay(pixels, [make_face_finding(1, 0.93, pixels, Box(1000, 400, 2000, 1400))])
    assert drawn.shape == (750, OVERLAY_SIDE, 3)
    assert tuple(drawn[450, 500]) == STYLES[Verdict.FAKE].colour
    assert np.array_equal(drawn[300, 800], [128, 128, 128])


def test_tiny_pictures_and_boxes_at_the_border_can_be_drawn():
    pixels = make_pixels(24, 20)
    face = make_face_finding(1, 0.93, pixels, Box(0, 0, 24, 20))
    assert draw_overlay(pixels, [face]).shape == (20, 24, 3)
