"""Small stand-ins for the models of a profile, and the pictures they understand.

A drawn face is a plain coloured square on grey. Its colour says what the models make of it, so a test that goes
through files, decoder, crops and batches can still say what must come out.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from fakeface.answers import Answer, Claim, Exchange, ForgeryClass, Hypothesis, bound_marks, format_answer, prompt
from fakeface.backends import Engine
from fakeface.concepts import REGION_NAMES
from fakeface.decision import Pairing, Scores, Thresholds
from fakeface.faces import Box, Face, FaceCrop, FaceOrigin
from fakeface.findings import ModelCard
from fakeface.frames import Frame
from fakeface.interfaces import Choices, Encoding, any_words
from fakeface.masks import Mask, MaskPrompt
from fakeface.profiles import Profile

FAKE, REAL, CLOSE, MUTE = (230, 20, 20), (20, 200, 20), (20, 20, 230), (230, 230, 20)
"""Colours of drawn faces: decided fake, decided real, too close to call, and one whose answers cannot be read."""

FAKENESS = {FAKE: 0.9, REAL: 0.1, CLOSE: 0.5, MUTE: 0.8}
GREY = 128
_POINTS = """
10 25 10 35 11 45 12 56 15 66 20 74 28 82 36 88 46 90 56 89 65 84 74 78 80 69 84 60 87 50 88 39 90 28
16 16 21 11 28 10 35 12 42 14 59 15 66 14 73 14 80 14 84 20 50 24 50 31 50 38 50 45 40 49 44 50 49 51
53 50 57 50 24 22 28 20 34 20 38 25 33 25 27 25 61 26 66 22 71 22 75 25 71 28 66 27 29 57 36 56 44 56
48 57 53 57 60 57 67 57 60 66 53 70 47 71 42 70 35 65 32 57 43 59 48 60 53 59 65 58 53 65 48 65 43 65
"""
POINTS = np.array(_POINTS.split(), dtype=np.float32).reshape(68, 2)
"""Landmarks of a drawn face in hundredths of its box, across and down."""

THRESHOLDS = Thresholds(fakeness=0.5, independent=0.5, margin=0.05, mask=0.5, region=0.5)
PROFILE = Profile("compact", "0-test", "2026-01-01", "drawn faces", {}, THRESHOLDS)


def draw(path: str | bytes | os.PathLike[str], *faces: tuple[int, int, int], side: int = 80) -> Path:
    """Write a PNG with one square per colour, from left to right, 20 px apart."""
    width = max(60 + (side + 20) * len(faces), 120)
    pixels = np.full((side + 80, width, 3), GREY, dtype=np.uint8)
    for row, colour in enumerate(faces):
        left = 20 + (side + 20) * row
        pixels[40 : 40 + side, left : left + side] = colour
    with open(path, "wb") as stream:
        Image.fromarray(pixels).save(stream, "PNG")
    return Path(os.fsdecode(path))


def _face(box: Box, origin: FaceOrigin) -> Face:
    points = np.array([box.left, box.top]) + POINTS * (box.width, box.height) / 100
    return Face(box, 1.0, points.astype(np.float32), origin)


class DrawnFaceFinder:
    """Finds the coloured squares."""

    card = ModelCard("drawn face finder", "0" * 64, "cpu", "uint8")

    def find(self, frame: Frame) -> tuple[Face, ...]:
        coloured = np.ptp(frame.pixels.astype(np.int16), axis=2) > 60
        slices = ndimage.find_objects(ndimage.label(coloured)[0])
        boxes = [Box(columns.start, rows.start, columns.stop, rows.stop) for rows, columns in slices]
        return tuple(_face(box, FaceOrigin.HOG) for box in sorted(boxes, key=lambda box: box.left))

    def describe(self, frame: Frame, box: Box) -> Face:
        return _face(box.clipped(frame.width, frame.height), FaceOrigin.EXAMINER)


class ColourEncoder:
    """Takes the colour in the middle of a crop for all features. ``before`` runs first, with the crops."""

    card = ModelCard("colour encoder", "1" * 64, "cpu", "uint8")

    def __init__(self, before: Callable[[Sequence[FaceCrop]], object] = lambda crops: None) -> None:
        self.before = before
        self.batches: list[int] = []

    def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
        self.before(crops)
        self.batches.append(len(crops))
        return tuple(self._encode(crop) for crop in crops)

    def _encode(self, crop: FaceCrop) -> Encoding:
        middle = crop.pixels[112, 112].astype(int)
        colour = min(FAKENESS, key=lambda known: float(np.abs(np.array(known) - middle).sum()))
        probabilities = np.array([0.1, 0.1, 0.6, 0.1, 0.1], dtype=np.float32)
        return Encoding(crop, FAKENESS[colour], probabilities, tuple((name, 0.7) for name in REGION_NAMES), colour)


class ParrotAnswerer:
    """Says what the hypothesis presumes, and on an open question what the colour means."""

    card = ModelCard("parrot", "2" * 64, "cpu", "words")

    def ask(self, encodings: Sequence[Encoding], hypotheses: Sequence[Hypothesis]) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self._say(one, hypothesis) for hypothesis in hypotheses) for one in encodings)

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        asked = next((one for one in Hypothesis if prompt(one) == question), None)
        said = self._say(encoding, asked) if asked else f"After {len(history)}: the <p>nose</p>[SEG] is a square."
        yield from re.findall(r"\s*\S+", said)

    def ground(self, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange] = ()) -> tuple[object, ...]:
        return tuple(encoding.features for _ in bound_marks(exchange.answer))

    def _say(self, encoding: Encoding, hypothesis: Hypothesis) -> str:
        if encoding.features == MUTE:
            return "squawk"
        claim = Claim.FAKE if encoding.independent_score >= 0.5 else Claim.REAL
        if hypothesis is not Hypothesis.OPEN:
            claim = Claim(hypothesis.value)
        forgery = ForgeryClass.REENACTMENT if claim is Claim.FAKE else ForgeryClass.REAL
        return format_answer("a square", f"it is <p>{claim.value}</p>[SEG]", claim, 0.9, forgery)


class TableScorer:
    """Scores every answer by the colour's fakeness."""

    card = ModelCard("table scorer", "3" * 64, "cpu", "float32")

    def score(self, encodings: Sequence[Encoding], answers: Sequence[Sequence[Answer]]) -> tuple[Scores, ...]:
        return tuple(
            Scores(np.array([_row(encoding.independent_score, answer) for answer in written], dtype=np.float32))
            for encoding, written in zip(encodings, answers, strict=True)
        )

    def heatmaps(self, encoding: Encoding, answer: Answer, pairing: Pairing) -> tuple[NDArray[np.float32], ...]:
        """Two maps with one hot pixel each, whose place tells the layer."""
        heats = np.zeros((2, 224, 224), np.float32)
        heats[0, 100, 120] = heats[1, 60, 90] = 1
        return heats[0], heats[1]


def _row(fakeness: float, answer: Answer) -> list[float]:
    if answer.claim is Claim.REAL:
        return [1 - fakeness, 0.0, fakeness, 0.0]
    return [0.0, 1 - fakeness, 0.0, fakeness]


class BoxSegmenter:
    """Masks the whole box of a face that is coloured fake."""

    card = ModelCard("box segmenter", "4" * 64, "cpu", "bool")

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        return (Mask(self._altered(encoding, height, width), "artifact", 0.8),)

    def locate(self, encoding: Encoding, prompts: Sequence[MaskPrompt], height: int, width: int) -> tuple[Mask, ...]:
        return tuple(self._inside(encoding, one, height, width) for one in prompts)

    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        return np.full((224, 224), FAKENESS[encoding.features], np.float32)  # type: ignore[index]

    def _inside(self, encoding: Encoding, asked: MaskPrompt, height: int, width: int) -> Mask:
        pixels = self._altered(encoding, height, width)
        if asked.box is not None:
            kept = np.zeros_like(pixels)
            kept[asked.box.top : asked.box.bottom, asked.box.left : asked.box.right] = True
            pixels &= kept
        if asked.region is not None:
            pixels &= asked.region
        if asked.point is not None:
            pixels &= bool(pixels[asked.point[1], asked.point[0]])
        return Mask(pixels, asked.label, 0.8 if pixels.any() else 0.0)

    @staticmethod
    def _altered(encoding: Encoding, height: int, width: int) -> NDArray[np.bool_]:
        pixels = np.zeros((height, width), dtype=np.bool_)
        box = encoding.crop.face.box
        pixels[box.top : box.bottom, box.left : box.right] = encoding.features == FAKE
        return pixels


def make_engine(before: Callable[[Sequence[FaceCrop]], object] = lambda crops: None) -> Engine:
    """All stand-ins together; ``before`` runs whenever faces are about to be encoded."""
    return Engine(PROFILE, DrawnFaceFinder(), ColourEncoder(before), ParrotAnswerer(), TableScorer(), BoxSegmenter())


def slow_engine() -> Engine:
    """Takes half a second for each batch, for tests that interrupt a real process."""
    return make_engine(lambda crops: time.sleep(0.5))
