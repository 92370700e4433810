"""Phrases of a text tied to pixels: the language model's state at every ``[SEG]``, and the mask that it asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fakeface.answers import Exchange, bound_marks
from fakeface.backends import Engine
from fakeface.interfaces import Encoding
from fakeface.masks import Mask, MaskPrompt

__all__ = ["phrase_masks"]


def phrase_masks(
    engine: Engine, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange], height: int, width: int
) -> tuple[Mask, ...]:
    """One mask per ``[SEG]`` that closes a phrase, in the pixels of the (height, width) frame.

    Args:
        engine: the models; the encoder is not called.
        encoding: of the face.
        exchange: the question and the text.
        history: what was said before it.
        height: rows of the frame.
        width: columns of the frame.
    """
    bound = bound_marks(exchange.answer)
    if not any(bound):
        return ()
    states = engine.answerer.ground(encoding, exchange, history)
    prompts = [MaskPrompt("phrase", state=state) for state, one in zip(states, bound, strict=False) if one]
    masks = engine.segmenter.locate(encoding, prompts, height, width) if prompts else ()
    unread = sum(bound) - len(masks)  # a text longer than the model can read back has no states at its end
    return (*masks, *(Mask(np.zeros((height, width), np.bool_), "phrase", 0.0) for _ in range(unread)))
