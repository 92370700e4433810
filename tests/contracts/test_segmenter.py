"""What every ``Segmenter`` promises."""

from __future__ import annotations

import numpy as np

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
