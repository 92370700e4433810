"""Make what studio.md shows of the forgery studio: the table of its operators, and what each makes of a sample's face.

Run `python docs/make_studio_sheet.py` after a change of the operators or of the recipe; `--table` leaves the picture
alone. It lies beside what it makes, as `samples/make_samples.py` does, because nobody who uses the tool needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fakeface.backends.dlib import DlibFaceFinder
from fakeface.concepts import mirror_landmarks
from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.contact_sheet import Cell, draw_sheet
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import RECIPE, load_recipe
from fakeface.training.forge.values import CannotForge, Subject, Task

DOCS = Path(__file__).parent
PAGE, SHEET = DOCS / "studio.md", DOCS / "studio.png"
SAMPLE = DOCS.parent / "samples" / "astronaut.jpg"
BEGIN, END = "<!-- table: made by docs/make_studio_sheet.py -->", "<!-- end of table -->"
BLOCKS, CELL, SEED = 3, 140, 4
"""Operators stand in so many blocks side by side; side of a picture in pixels; of the random numbers."""


def table() -> str:
    """All operators with their class and their place in the shipped recipe."""
    recipe = load_recipe()
    lines = [BEGIN, "", f"| operator | class | needs a donor | in `{RECIPE}` | what it does |", "|---|---|---|---|---|"]
    total = sum(recipe.shares.values())
    for operator in OPERATORS.values():
        entry = recipe.operators.get(operator.name)
        place = "–"
        if entry is not None:
            place = "never trained on" if entry.never_trained else f"{100 * entry.share / total:.3g} %"
        cells = (
            f"`{operator.name}`",
            operator.forgery.value.replace("_", " "),
            "yes" if operator.donor else "no",
            place,
        )
        lines.append(f"| {' | '.join(cells)} | {operator.summary} |")
    return "\n".join([*lines, "", END])


def page(text: str) -> str:
    """The page with its table made anew."""
    before, _, rest = text.partition(BEGIN)
    return before + table() + rest.partition(END)[2]


def cast() -> tuple[Subject, Subject]:
    """The sample's face, and as its donor the same person mirrored, darker and warmer: there is no second person."""
    picture = np.asarray(Image.open(SAMPLE).convert("RGB"), np.uint8)
    face = max(DlibFaceFinder(FaceSettings()).find(Frame(picture.copy())), key=lambda found: found.confidence)
    cut = np.ascontiguousarray(picture[:300, 60:360])
    points = face.landmarks - np.array([60, 0], np.float32)
    tinted = np.clip(cut[:, ::-1] * np.array([0.95, 0.82, 0.75]), 0, 255).astype(np.uint8)
    return Subject(cut, points), Subject(np.ascontiguousarray(tinted), mirror_landmarks(points, 300))


def picture() -> NDArray[np.uint8]:
    """The sheet: three blocks of operators, each with the real, the forged and the masked face."""
    subject, donor = cast()

    def make(name: str, face: int) -> Cell | str:
        try:
            made = OPERATORS[name].make(Task(subject, donor, 1.0), np.random.default_rng(face))
        except CannotForge as error:
            return str(error)
        real = subject.pixels if made.original is None else made.original
        return Cell(Subject(real, subject.landmarks), Subject(made.pixels, subject.landmarks), made.mask)

    names = list(OPERATORS)
    deep = -(-len(names) // BLOCKS)
    blocks = [draw_sheet(make, names[start : start + deep], [SEED], CELL) for start in range(0, len(names), deep)]
    height = max(block.shape[0] for block in blocks)
    filled = [
        cv2.copyMakeBorder(block, 0, height - block.shape[0], 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        for block in blocks
    ]
    return np.asarray(np.concatenate(filled, axis=1), np.uint8)


def main() -> None:
    """Write the table, and the picture unless asked for the table alone."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    if "--table" not in sys.argv[1:]:
        colours = Image.fromarray(picture()).quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG)
        colours.save(SHEET, optimize=True)


if __name__ == "__main__":
    main()
