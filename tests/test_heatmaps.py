"""Grad-CAM over MIDS: what the score of a pairing is sensitive to, on the window."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fakeface.backends import Engine
from fakeface.backends.compact import CompactScorer
from fakeface.backends.heatmaps import answer_heatmaps, grad_cam
from fakeface.decision import Pairing
from fakeface.faces import crop_face
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.networks.mids import Mids

from .builders import make_face_finding
from .faces_data import photograph
from .tiny import MIDS


@pytest.fixture
def encoding(tiny_engine: Engine) -> Encoding:
    frame = Frame(photograph())
    return tiny_engine.encoder.encode([crop_face(frame, tiny_engine.finder.find(frame)[0])])[0]


def maps(engine: Engine, encoding: Encoding, pairing: Pairing) -> tuple[np.ndarray, ...]:
    scorer = engine.scorer
    assert isinstance(scorer, CompactScorer)
    answer = make_face_finding().answers[0]
    seen = encoding.features.output  # type: ignore[attr-defined]
    return answer_heatmaps(scorer.network, scorer.language, scorer.tokenizer, seen, answer, pairing)


def test_there_is_one_map_for_each_visual_layer_scaled_by_its_maximum(tiny_engine: Engine, encoding: Encoding) -> None:
    found = [heat for pairing in Pairing for heat in maps(tiny_engine, encoding, pairing)]
    assert len(found) == 8
    for heat in found:
        assert heat.shape == (224, 224)
        assert heat.dtype == np.float32
        assert heat.min() >= 0
        assert heat.max() in (0, 1)
    assert any(heat.max() == 1 for heat in found)


def test_the_same_question_has_the_same_maps_and_another_pairing_has_others(
    tiny_engine: Engine, encoding: Encoding
) -> None:
    first, again = (maps(tiny_engine, encoding, Pairing.FAKE_SAID_FAKE) for _ in "ab")
    other = maps(tiny_engine, encoding, Pairing.REAL_SAID_FAKE)
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_the_network_itself_learns_nothing_from_it(tiny_engine: Engine, encoding: Encoding) -> None:
    maps(tiny_engine, encoding, Pairing.FAKE_SAID_FAKE)
    scorer = tiny_engine.scorer
    assert isinstance(scorer, CompactScorer)
    assert all(one.grad is None for one in scorer.network.parameters())


class OneCorner(Mids):
    """Scores a pairing by the first channel of the layers' left upper corner alone."""

    def forward(
        self, layers: tuple[torch.Tensor, torch.Tensor], pooled: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor
    ) -> torch.Tensor:
        corner = layers[0][:, 0, :3, :3].sum() - layers[1][:, 0, :3, :3].sum()
        return torch.stack([corner * 0, corner, -corner, corner * 2])[None]


def test_a_map_is_hot_where_a_layer_speaks_for_the_pairing_and_cold_where_it_speaks_against_it() -> None:
    layers = [torch.zeros(1, width, 14, 14) for width in MIDS.layer_widths]
    for layer in layers:
        layer[0, 0, 1, 2] = 5.0
    text = torch.zeros(1, 1, MIDS.text_width)
    last, earlier = grad_cam(
        OneCorner(MIDS), (layers[0], layers[1]), torch.zeros(1, MIDS.pooled_width), text, torch.ones(1), Pairing(1)
    )
    row, column = np.unravel_index(int(last.argmax()), last.shape)
    assert (row // 16, column // 16) == (1, 2)
    assert earlier.max() == 0
