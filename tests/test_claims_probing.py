"""Painting over: which windows are made, in how many batches, and what the change of the score says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.calibration import log_odds
from fakeface.claims import counterfactuals, faithfulness
from fakeface.claims.windows import frame_part, grid_mask, joined, window_share
from fakeface.errors import SettingsError
from fakeface.faces import Box, FaceCrop, crop_face
from fakeface.findings import ModelCard
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.masks import Mask

from .builders import make_face

SKIN, PAINT = (180, 140, 120), (20, 200, 60)


class PaintEncoder:
    """Scores a window by the share of its pixels that have the colour of the paint: what a mask should show."""

    card = ModelCard("paint encoder", "5" * 64, "cpu", "uint8")

    def __init__(self) -> None:
        self.batches: list[int] = []

    def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
        self.batches.append(len(crops))
        return tuple(encoding(crop) for crop in crops)


def encoding(crop: FaceCrop) -> Encoding:
    near = np.abs(crop.pixels.astype(int) - PAINT).sum(axis=2) < 40
    return Encoding(crop, min(float(near.mean()) * 40, 1.0), np.full(5, 0.2, np.float32), (), None)


def painted(
    left: int = 100, size: int = 400, box: Box | None = None, high: int = 8
) -> tuple[Frame, FaceCrop, NDArray[np.bool_]]:
    """A frame of plain skin with a painted stripe in the face, and where that is."""
    face = make_face(box or Box(80, 80, 240, 240))
    pixels = np.full((size, size, 3), SKIN, np.uint8)
    area = np.zeros((size, size), bool)
    area[140 : 140 + high, left : left + 60] = True
    pixels[area] = PAINT
    frame = Frame(pixels)
    return frame, crop_face(frame, face), area


def elsewhere(area: NDArray[np.bool_]) -> Mask:
    return Mask(np.roll(area, -50, axis=0).copy(), "artifact", 0.7)


def test_painting_over_what_the_score_rests_on_lowers_it_and_elsewhere_nothing_changes() -> None:
    frame, crop, area = painted()
    encoder, seen = PaintEncoder(), encoding(crop)
    masks = [Mask(area.copy(), "artifact", 0.9), elsewhere(area)]
    there, beside = counterfactuals(encoder, frame, seen, masks)
    assert seen.independent_score > 0.1
    assert there == pytest.approx(log_odds(0.0) - log_odds(seen.independent_score), abs=1e-5)
    assert beside == pytest.approx(0, abs=0.1)


def test_all_masks_of_a_face_go_through_the_encoder_in_one_batch_and_the_face_itself_not_again() -> None:
    frame, crop, area = painted()
    encoder = PaintEncoder()
    masks = [Mask(area.copy(), "artifact", 0.9), None, elsewhere(area), elsewhere(area)]
    changes = counterfactuals(encoder, frame, encoding(crop), masks)
    assert encoder.batches == [3]
    assert changes[1] is None
    faithfulness(encoder, frame, encoding(crop), window_share(area, crop), steps=5)
    assert encoder.batches == [3, 9]


def test_nothing_is_tried_without_a_mask_without_pixels_and_without_surroundings() -> None:
    frame, crop, area = painted()
    encoder = PaintEncoder()
    masks = [Mask(np.zeros_like(area), "artifact", 0.0), Mask(np.ones_like(area), "artifact", 1.0), None]
    assert counterfactuals(encoder, frame, encoding(crop), masks) == (None, None, None)
    assert encoder.batches == []


def test_the_blank_of_the_window_is_neither_painted_from_nor_painted_on() -> None:
    frame, crop, area = painted(left=2, size=260, box=Box(-20, 90, 90, 200))
    kept: list[FaceCrop] = []

    class Keeper(PaintEncoder):
        def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
            kept.extend(crops)
            return super().encode(crops)

    assert crop.square.left < 0
    counterfactuals(Keeper(), frame, encoding(crop), [Mask(area.copy(), "artifact", 0.9)])
    faithfulness(Keeper(), frame, encoding(crop), window_share(area, crop), steps=2)
    rows, columns = frame_part(frame.height, frame.width, crop)
    outside = np.ones((224, 224), bool)
    outside[rows, columns] = False
    assert outside.any()
    assert len(kept) == 4
    for one in kept:
        assert (one.pixels[outside] == 128).all()
    assert np.abs(kept[0].pixels[rows, columns].astype(int) - SKIN).max() <= 5


def test_a_mask_that_shows_what_the_score_rests_on_has_a_low_deletion_and_a_high_insertion_area() -> None:
    frame, crop, area = painted()
    encoder, seen = PaintEncoder(), encoding(crop)
    right = faithfulness(encoder, frame, seen, window_share(area, crop), steps=10)
    wrong = faithfulness(encoder, frame, seen, 1 - window_share(area, crop), steps=10)
    assert right.deletion_area < 0.5 * wrong.deletion_area
    assert right.insertion_area > 1.5 * wrong.insertion_area
    assert right.shares == pytest.approx([step / 10 for step in range(11)])
    assert right.deletion[0] == right.insertion[-1] == seen.independent_score
    assert right.deletion[-1] == right.insertion[0] == 0
    assert json.loads(json.dumps(dataclasses.asdict(right)))["deletion"] == pytest.approx(right.deletion)


def test_curves_need_steps_and_a_map_of_the_window() -> None:
    frame, crop, area = painted()
    with pytest.raises(SettingsError, match="curves need"):
        faithfulness(PaintEncoder(), frame, encoding(crop), window_share(area, crop), steps=0)
    with pytest.raises(SettingsError, match="curves need"):
        faithfulness(PaintEncoder(), frame, encoding(crop), np.zeros((56, 56), np.float32))


def test_masks_are_seen_where_the_window_shows_them() -> None:
    _, crop, area = painted(high=40)
    share = window_share(area, crop)
    green = np.abs(crop.pixels.astype(int) - PAINT).sum(axis=2) < 40
    assert np.array_equal(share >= 0.5, green)
    small = grid_mask(area, crop)
    assert small.sum() * 16 == pytest.approx(green.sum(), rel=0.15)
    both = joined((area, elsewhere(area).pixels), crop)
    assert both.sum() > small.sum()
    assert not joined((), crop).any()
