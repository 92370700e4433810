"""Every set of models that is present: stand-ins, the tiny compact profile, and the released one where shipped."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from fakeface.backends import Engine, build_engine
from fakeface.faces import Face, FaceCrop, crop_face
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.profiles import profile_names
from fakeface.settings import FaceSettings, Settings

from ..faces_data import photograph
from ..fakes import FAKE, REAL, draw, make_engine


class Models(NamedTuple):
    """An engine with a picture of two faces that it understands."""

    engine: Engine
    frame: Frame

    def crops(self) -> list[FaceCrop]:
        """Both faces, from left to right."""
        return [crop_face(self.frame, face) for face in self.faces()]

    def faces(self) -> tuple[Face, ...]:
        """Both faces, from left to right."""
        return self.engine.finder.find(self.frame)

    def encodings(self) -> tuple[Encoding, ...]:
        """Both faces, encoded in one batch."""
        return self.engine.encoder.encode(self.crops())


NAMES = ("stand-ins", "tiny compact", *(f"released {name}" for name in profile_names()))


@pytest.fixture(scope="session")
def two_faces() -> Frame:
    """The astronaut beside a larger mirror image."""
    face = photograph()[:260, 90:350]
    return Frame(np.ascontiguousarray(np.concatenate([face, face[:, ::-1] // 2 + 40], axis=1)))


@pytest.fixture(scope="session", params=NAMES)
def models(request: pytest.FixtureRequest, two_faces: Frame, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """One set of models after the other."""
    if request.param == "stand-ins":
        from PIL import Image

        path = draw(tmp_path_factory.mktemp("drawn") / "faces.png", FAKE, REAL)
        return Models(make_engine(), Frame(np.array(Image.open(path).convert("RGB"))))
    if request.param == "tiny compact":
        return Models(request.getfixturevalue("tiny_engine"), two_faces)
    settings = Settings(
        profile=request.param.removeprefix("released "), threads=1, faces=FaceSettings(hog_side_pixels=640)
    )
    return Models(build_engine(settings, Path(str(_weights()))), two_faces)


def _weights() -> Path:
    from fakeface.profiles import weights_folder

    return weights_folder()
