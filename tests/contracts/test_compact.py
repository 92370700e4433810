"""What the compact backend promises beyond the Protocols."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from fakeface.answers import Hypothesis
from fakeface.backends import Engine
from fakeface.backends.compact import CompactEncoder, CompactSegmenter
from fakeface.concepts import REGION_NAMES
from fakeface.decision import Thresholds
from fakeface.errors import BackendError
from fakeface.faces import crop_face
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.networks.encoder import EncoderOutput
from fakeface.networks.masks import PromptBatch

from ..faces_data import photograph

CUTS = Thresholds(0.5, 0.5, 0.0, mask=0.5)


@pytest.fixture
def encoding(tiny_engine: Engine) -> Encoding:
    frame = Frame(photograph())
    [encoding] = tiny_engine.encoder.encode([crop_face(frame, tiny_engine.finder.find(frame)[0])])
    return encoding


def test_features_of_another_profile_are_refused(tiny_engine: Engine, encoding: Encoding) -> None:
    foreign = dataclasses.replace(encoding, features="colours")
    with pytest.raises(BackendError, match="another profile"):
        tiny_engine.answerer.ask([foreign], [Hypothesis.OPEN])
    with pytest.raises(BackendError):
        tiny_engine.segmenter.segment(foreign, 512, 512)


def test_regions_are_suspect_from_their_cut_on(tiny_engine: Engine, encoding: Encoding) -> None:
    encoder = tiny_engine.encoder
    assert isinstance(encoder, CompactEncoder)
    [everything] = CompactEncoder(encoder.network, encoder.card, 0.0001).encode([encoding.crop])
    assert {name for name, _ in everything.regions} == set(REGION_NAMES)
    cut = everything.regions[4][1]
    [some] = CompactEncoder(encoder.network, encoder.card, cut).encode([encoding.crop])
    assert some.regions == everything.regions[:5]
    [none] = CompactEncoder(encoder.network, encoder.card, 0.9999).encode([encoding.crop])
    assert none.regions == ()


class DensePrompted(nn.Module):
    """A mask decoder that gives the encoder's dense mask as it is."""

    def forward(self, seen: EncoderOutput, prompts: PromptBatch) -> tuple[Tensor, None]:
        return seen.mask, None


def dense(engine: Engine, cuts: Thresholds = CUTS) -> CompactSegmenter:
    return CompactSegmenter(engine.segmenter.card, cuts, DensePrompted())  # type: ignore[arg-type]


def test_the_mask_is_the_mask_heads_brought_into_the_frame(tiny_engine: Engine, encoding: Encoding) -> None:
    features = encoding.features
    logits = torch.full((1, 56, 56), -8.0)
    logits[0, 20:30, 25:35] = 8.0
    drawn = dataclasses.replace(features, output=dataclasses.replace(features.output, mask=logits))  # type: ignore[type-var,attr-defined]
    drawn_encoding = dataclasses.replace(encoding, features=drawn)
    [mask] = dense(tiny_engine).segment(drawn_encoding, 512, 512)
    rows, columns = np.nonzero(mask.pixels)
    middle = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]], np.float32)
    assert encoding.crop.to_window(middle)[0].tolist() == pytest.approx([30 * 4, 25 * 4], abs=1)
    assert mask.area_pixels == pytest.approx(1600, rel=0.1)
    assert mask.score > 0.8
    nothing = torch.full((1, 56, 56), -8.0)
    empty = dataclasses.replace(features, output=dataclasses.replace(features.output, mask=nothing))  # type: ignore[type-var,attr-defined]
    assert dense(tiny_engine).segment(dataclasses.replace(encoding, features=empty), 512, 512) == ()


def test_no_artifact_mask_is_shown_of_a_face_below_the_presence_cut(tiny_engine: Engine, encoding: Encoding) -> None:
    features = encoding.features
    everywhere = dataclasses.replace(features.output, mask=torch.full((1, 56, 56), 8.0))  # type: ignore[attr-defined]
    drawn = dataclasses.replace(features, output=everywhere)  # type: ignore[type-var]
    for score, shown in ((0.3, 0), (0.9, 1)):
        cuts = dataclasses.replace(CUTS, presence=0.6)
        face = dataclasses.replace(encoding, features=drawn, independent_score=score)
        assert len(dense(tiny_engine, cuts).segment(face, 512, 512)) == shown
