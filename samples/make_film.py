"""Make a short film whose truth is known: `python samples/make_film.py FOLDER`.

Two persons, both made of the photograph that comes with scikit-image (there is no second person among the samples, so
the other one is its mirror image in other light), walk through the project's own film factory. One of them is forged
for a part of the film. FOLDER gets the real film, its forged twin, and the truth of each as JSON: which person, from
when to when, by what.
"""

from __future__ import annotations

import csv
import sys
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from fakeface.training.forge.film_files import Encoding, write_films
from fakeface.training.forge.films import FilmShape, FilmStudio
from fakeface.training.manifest import read_faces
from fakeface.training.prepare import prepare

SHAPE = FilmShape(width=640, height=360, rate=Fraction(25), frames=150, sides=(150, 190))
SEED, NUMBER, OPERATOR = 1, 4, "swap_poisson"
"""Of the factory's films, the one whose forgery is easily seen in a timeline."""

Pixels = NDArray[np.uint8]


def people() -> dict[str, Pixels]:
    """The persons and a donor: the photograph, its mirror image in warmer light, and a darker, cooler one."""
    picture = np.ascontiguousarray(data.astronaut()[:300, 60:360, :3])

    def lit(pixels: Pixels, light: tuple[float, float, float]) -> Pixels:
        return np.clip(pixels * np.array(light), 0, 255).astype(np.uint8)

    mirrored = np.ascontiguousarray(picture[:, ::-1])
    larger = np.asarray(cv2.resize(picture, None, fx=1.2, fy=1.2, interpolation=cv2.INTER_CUBIC), np.uint8)
    return {
        "person.png": picture,
        "mirrored.png": lit(mirrored, (1.0, 0.86, 0.74)),
        "donor.png": lit(larger, (0.80, 0.88, 1.0)),
    }


def make_film(folder: Path) -> tuple[Path, Path]:
    """Write the real film and its forged twin; what is there is kept.

    Args:
        folder: for both films and their truths.

    Returns:
        the paths of both films.
    """
    with TemporaryDirectory() as made:
        root = Path(made)
        with (root / "manifest.csv").open("w", newline="", encoding="utf-8") as handle:
            rows = csv.writer(handle)
            rows.writerow(("path", "split", "label", "class", "source"))
            for name, pixels in people().items():
                Image.fromarray(pixels).save(root / name)
                rows.writerow((name, "train", "real", "real", "samples"))
        prepare(root / "manifest.csv", root / "prepared", 1, lambda items, _: items)
        faces = read_faces(root / "prepared" / "faces.jsonl")
        studio = FilmStudio(faces, root, SEED, SHAPE, (OPERATOR,))
        real, forged = write_films(studio, NUMBER, folder, "train", (Encoding(23),))
    return folder / real.film, folder / forged.film


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python samples/make_film.py FOLDER")
    for path in make_film(Path(sys.argv[1])):
        print(path)
