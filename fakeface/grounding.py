"""Phrases of a text tied to pixels: the altered part of what each phrase names, or of what the model meant by it.

A phrase that names a part of the face asks the mask decoder by that part's own area, because where an eye lies is known
from the landmarks and need not be guessed. One that names none asks by the language model's state at its ``[SEG]``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Exchange, bound_marks, find_phrases
from fakeface.backends import Engine
from fakeface.claims import Cutout, is_alteration, point_at
from fakeface.claims.reading import concept_of
from fakeface.findings import Statement
from fakeface.interfaces import Encoding
from fakeface.masks import Mask, MaskPrompt

__all__ = ["phrase_masks", "with_masks"]

LABEL = "phrase"


def phrase_masks(
    engine: Engine, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange], cutout: Cutout
) -> tuple[Mask, ...]:
    """One mask per ``[SEG]`` that closes a phrase, in the frame's pixels.

    Args:
        engine: the models; the encoder is not called.
        encoding: of the face.
        exchange: the question and the text.
        history: what was said before it.
        cutout: the face in its frame.
    """
    areas = [_area(phrase.text, cutout) for phrase in find_phrases(exchange.answer) if phrase.grounded]
    states: list[object] = []
    if any(area is None for area in areas):
        read = engine.answerer.ground(encoding, exchange, history)
        states = [state for state, bound in zip(read, bound_marks(exchange.answer), strict=False) if bound]
    prompts: dict[int, MaskPrompt] = {}
    for place, area in enumerate(areas):
        if area is not None:
            prompts[place] = MaskPrompt(LABEL, region=area)
        elif place < len(states):  # a text longer than the model can read back has no states at its end
            prompts[place] = MaskPrompt(LABEL, state=states[place])
    masks = engine.segmenter.locate(encoding, list(prompts.values()), cutout.height, cutout.width) if prompts else ()
    found = dict(zip(prompts, masks, strict=True))
    nothing = Mask(np.zeros((cutout.height, cutout.width), np.bool_), LABEL, 0.0)
    return tuple(found.get(place, nothing) for place in range(len(areas)))


def with_masks(
    engine: Engine, encoding: Encoding, statements: Sequence[Statement], cutout: Cutout
) -> tuple[Statement, ...]:
    """Checked statements of a list, whose lines point at nothing, with the altered part of what each names.

    Only those that call a part altered; every other statement stays as it is.
    """
    wanted = {
        row: area
        for row, one in enumerate(statements)
        if one.listed and is_alteration(one) and (area := _area(one.phrase, cutout)) is not None
    }
    if not wanted:
        return tuple(statements)
    prompts = [MaskPrompt(LABEL, region=area) for area in wanted.values()]
    found = dict(zip(wanted, engine.segmenter.locate(encoding, prompts, cutout.height, cutout.width), strict=True))
    return tuple(point_at(one, found[row], cutout) if row in found else one for row, one in enumerate(statements))


def _area(words: str, cutout: Cutout) -> NDArray[np.bool_] | None:
    """Where the part that a phrase names lies in the frame; ``None`` where it names none that is seen there."""
    concept = concept_of(words)
    if concept is None or not cutout.scene.assessable(concept):
        return None
    area = cutout.in_frame(cutout.scene.place(concept))
    return area if area.any() else None
