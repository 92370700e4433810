"""What every ``VisionEncoder`` promises."""

from __future__ import annotations

import numpy as np
import pytest

from fakeface.answers import ForgeryClass

from .conftest import Models


def test_there_is_one_encoding_for_each_crop_in_their_order(models: Models) -> None:
    crops = models.crops()
    assert [encoding.crop for encoding in models.engine.encoder.encode(crops)] == crops


def test_scores_are_shares_and_suspect_regions_fall_in_probability(models: Models) -> None:
    for encoding in models.encodings():
        assert 0 <= encoding.independent_score <= 1
        assert encoding.class_probabilities.shape == (len(ForgeryClass),)
        assert encoding.class_probabilities.dtype == np.float32
        assert float(encoding.class_probabilities.sum()) == pytest.approx(1, abs=1e-4)
        values = [value for _, value in encoding.regions]
        assert values == sorted(values, reverse=True)
        assert all(0 <= value <= 1 for value in values)


def test_a_face_is_encoded_alike_alone_and_in_a_batch(models: Models) -> None:
    crops = models.crops()
    together = models.engine.encoder.encode(crops)
    for crop, encoding in zip(crops, together, strict=True):
        [alone] = models.engine.encoder.encode([crop])
        assert alone.independent_score == pytest.approx(encoding.independent_score, abs=1e-4)
        np.testing.assert_allclose(alone.class_probabilities, encoding.class_probabilities, atol=1e-4)
        assert [name for name, _ in alone.regions] == [name for name, _ in encoding.regions]
