"""What several tests share and is slow to make: a tiny data set with its faces, a tokenizer, a tiny profile."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from tokenizers import Tokenizer

from fakeface.backends import Engine
from fakeface.faces import Face
from fakeface.frames import Frame
from fakeface.training.manifest import FaceRow

from .faces_data import make_faces, photograph

settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no clock")


class FaceSet(NamedTuple):
    """The tiny data set: its folder and manifest, the folder that ``prepare`` wrote, its counts and its rows."""

    root: Path
    manifest: Path
    prepared: Path
    counts: dict[str, int]
    rows: list[FaceRow]

    def of(self, split: str) -> list[FaceRow]:
        """Rows of one split."""
        return [row for row in self.rows if row.split == split]


@pytest.fixture(scope="session")
def face_set(tmp_path_factory: pytest.TempPathFactory) -> FaceSet:
    """The tiny data set, prepared by the project's own stage in a process of its own."""
    from fakeface.training.manifest import read_faces
    from fakeface.training.prepare import prepare

    root = tmp_path_factory.mktemp("faces")
    manifest = make_faces(root)
    out = tmp_path_factory.mktemp("prepared")
    counts = prepare(manifest, out, 1, lambda items, total: items)
    return FaceSet(root, manifest, out, counts, read_faces(out / "faces.jsonl"))


@pytest.fixture(scope="session")
def astronaut_face() -> Face:
    """The photograph's face as the finder sees it."""
    from fakeface.backends.dlib import DlibFaceFinder
    from fakeface.settings import FaceSettings

    return DlibFaceFinder(FaceSettings(hog_side_pixels=512)).find(Frame(photograph()))[0]


@pytest.fixture(scope="session")
def tokenizer(face_set: FaceSet) -> Tokenizer:
    """A tokenizer trained on a few annotated pairs."""
    from fakeface.training.forge.pairs import PairFactory
    from fakeface.training.language import train_tokenizer

    return train_tokenizer(PairFactory(face_set.of("train"), face_set.root, 1), 420, pairs=24)


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    """A weights folder with the tiny profile."""
    from .tiny import write_profile

    return write_profile(tmp_path_factory.mktemp("weights"), tokenizer)


@pytest.fixture(scope="session")
def tiny_engine(tiny_weights: Path) -> Engine:
    """The tiny profile, loaded as a run loads it."""
    from fakeface.backends import build_engine
    from fakeface.settings import FaceSettings, Settings

    return build_engine(Settings(threads=1, faces=FaceSettings(hog_side_pixels=512)), tiny_weights)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    """Networks of the tests run on one thread, so that results do not depend on the computer."""
    import sys

    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
