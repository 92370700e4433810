"""What every ``Segmenter`` promises."""

from __future__ import annotations

import numpy as np
import pytest

from fakeface.answers import Exchange
from fakeface.errors import WeightsError
from fakeface.masks import Mask, MaskPrompt

from .conftest import Models


def test_masks_are_in_the_pixels_of_the_frame_and_on_the_examined_square(models: Models) -> None:
    height, width = models.frame.height, models.frame.width
    for encoding in models.encodings():
        for mask in models.engine.segmenter.segment(encoding, height, width):
            assert mask.pixels.shape == (height, width)
            assert mask.label == "artifact"
            assert 0 <= mask.score <= 1
            square = encoding.crop.square.clipped(width, height)
            beyond = np.ones((height, width), np.bool_)
            beyond[square.top : square.bottom, square.left : square.right] = False
            assert not (mask.pixels & beyond).any()


def test_the_same_encoding_has_the_same_masks(models: Models) -> None:
    encoding = models.encodings()[0]
    first, second = (models.engine.segmenter.segment(encoding, models.frame.height, models.frame.width) for _ in "ab")
    assert [mask.rle() for mask in first] == [mask.rle() for mask in second]


def located(models: Models, *prompts: MaskPrompt) -> tuple[Mask, ...]:
    try:
        return models.engine.segmenter.locate(models.encodings()[0], prompts, models.frame.height, models.frame.width)
    except WeightsError as error:
        pytest.skip(str(error))


def test_every_prompt_gets_one_mask_in_order_inside_of_what_it_asks_about(models: Models) -> None:
    height, width = models.frame.height, models.frame.width
    box = models.faces()[0].box
    region = np.zeros((height, width), np.bool_)
    region[(box.top + box.bottom) // 2 : box.bottom, box.left : box.right] = True
    point = ((box.left + box.right) // 2, (box.top + box.bottom) // 2)
    asked = (MaskPrompt("point", point=point), MaskPrompt("box", box=box), MaskPrompt("region", region=region))
    masks = located(models, *asked)
    assert [mask.label for mask in masks] == ["point", "box", "region"]
    assert all(mask.pixels.shape == (height, width) for mask in masks)
    outside = np.ones((height, width), np.bool_)
    outside[box.top : box.bottom, box.left : box.right] = False
    assert not (masks[1].pixels & outside).any()
    assert not (masks[2].pixels & ~region).any()
    assert located(models) == ()


def test_every_grounded_phrase_of_a_text_can_be_located(models: Models) -> None:
    exchange = Exchange("What about the nose?", "The <p>nose</p>[SEG] is sharper; the <p>eyes</p>[NOSEG] are not.")
    encoding = models.encodings()[0]
    states = models.engine.answerer.ground(encoding, exchange)
    assert len(states) == 1
    [mask] = located(models, MaskPrompt("nose", state=states[0]))
    assert mask.label == "nose"


def test_probabilities_cover_the_window(models: Models) -> None:
    for encoding in models.encodings():
        heat = models.engine.segmenter.probabilities(encoding)
        assert heat.shape == (224, 224)
        assert heat.dtype == np.float32
        assert 0 <= heat.min() <= heat.max() <= 1
