"""Make the sample pictures from public-domain images that come with scikit-image: `python samples/make_samples.py`.

The forgeries use the project's own operators with fixed seeds, so the truth of each picture is known; it stands in
README.md beside them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from fakeface.backends.dlib import DlibFaceFinder
from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.forge.editing import edit
from fakeface.training.forge.identity import self_blend
from fakeface.training.forge.reenactment import reenact
from fakeface.training.forge.values import Subject, Task

FOLDER = Path(__file__).parent
Pixels = NDArray[np.uint8]


def save(name: str, pixels: Pixels) -> None:
    """Write one sample as JPEG, quality 92, 4:4:4."""
    Image.fromarray(pixels).save(FOLDER / name, quality=92, subsampling=0)


def main() -> None:
    """Write all samples."""
    picture: Pixels = np.ascontiguousarray(data.astronaut()[..., :3])
    face = max(DlibFaceFinder(FaceSettings()).find(Frame(picture.copy())), key=lambda found: found.confidence)
    subject = Subject(picture, face.landmarks.copy())
    blended = self_blend(Task(subject), np.random.default_rng(11)).pixels
    save("astronaut.jpg", picture)
    save("astronaut_blended.jpg", blended)
    save("astronaut_edited.jpg", edit(Task(subject), np.random.default_rng(8)).pixels)
    save("astronaut_reenacted.jpg", reenact(Task(subject), np.random.default_rng(4)).pixels)
    save("two_faces.jpg", np.concatenate([picture[:300, 60:330], blended[:300, 60:330][:, ::-1]], axis=1))
    save("no_face.jpg", np.ascontiguousarray(data.coffee()))


if __name__ == "__main__":
    main()
