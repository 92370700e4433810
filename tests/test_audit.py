"""The shortcut audit: it finds a cue that was planted, and takes it away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface.backends import Engine
from fakeface.bench.audit import RESCALED, audit_sets, score_audit
from fakeface.bench.report import figures
from fakeface.bench.sets import FileSet, GivenFile
from fakeface.bench.values import ScoredFace
from fakeface.decision import Thresholds
from fakeface.errors import SettingsError
from fakeface.settings import Settings
from fakeface.training.manifest import FaceRow

from .conftest import FaceSet
from .scripts import load_script

FAST = Settings(threads=1, fast=True, batch_faces=4)
CUTS = Thresholds(0.5, 0.5, 0.1)


@pytest.fixture(scope="module")
def planted(face_set: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, FileSet]:
    """The same faces twice: as they are, and as forgeries in pictures of twice the size, saved at a low quality."""
    root, items = tmp_path_factory.mktemp("planted"), []
    for number, row in enumerate(face_set.of("calib")):
        picture = Image.open(face_set.root / row.path).convert("RGB")
        for label, factor, quality in ((0, 1, 95), (1, 2, 60)):
            name = f"{label}-{number}.jpg"
            large = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.BICUBIC)
            large.save(root / name, quality=quality)
            update = {
                "path": name,
                "landmarks": [(x * factor, y * factor) for x, y in row.landmarks],
                "label": ("real", "fake")[label],
                "forgery": ("real", "identity_swap")[label],
                "source": ("phones", "swaps")[label],
            }
            items.append((GivenFile(name, label, row.model_copy(update=update)),))
    return root, FileSet("calib-swaps", "files", tuple(items))


def measure(engine: Engine, root: Path, wanted: FileSet) -> list[ScoredFace]:
    return [face for batch in score_audit(engine, root, wanted, FAST) for face in batch.faces]


def test_planted_cues_are_found_and_rescaling_takes_them_away(
    tiny_engine: Engine, planted: tuple[Path, FileSet]
) -> None:
    root, plain = planted
    faces = measure(tiny_engine, root, plain)
    assert [face.label for face in faces] == [0, 1] * 4
    found = {key: one.value for key, one in figures(faces, CUTS).items() if one is not None}
    for cue in ("scale", "size", "quantisation"):
        assert found[f"{cue}.calib-swaps.auc"] == 1.0, cue
    assert "independent.calib-swaps.auc" in found

    rescaled = measure(tiny_engine, root, replace(plain, condition=RESCALED))
    assert {face.set_name for face in rescaled} == {"calib-swaps_rescaled"}
    extents = {label: [face.scale for face in rescaled if face.label == label] for label in (0, 1)}
    assert all(1.5 * 72 * 1.25 < extent < 1.5 * 72 * 1.9 for extent in extents[0] + extents[1])
    assert abs(np.mean(extents[0]) / np.mean(extents[1]) - 1) < 0.25, "as large whatever they are"
    assert all(face.quantisation is None for face in rescaled)
    assert all(abs(face.picture_pixels**0.5 / face.scale - 1) < 0.05 for face in rescaled), "no margin tells"
    assert measure(tiny_engine, root, replace(plain, condition=RESCALED)) == rescaled


def test_a_picture_that_is_gone_is_left_out_and_told(tiny_engine: Engine, planted: tuple[Path, FileSet]) -> None:
    root, plain = planted
    (file,) = plain.items[0]
    wanted = replace(plain, items=((replace(file, path="gone.jpg"),), *plain.items[:2]))
    [batch] = score_audit(tiny_engine, root, wanted, FAST)
    assert (len(batch.faces), batch.left_out) == (2, ("cannot be read",))


def test_every_source_of_forgeries_in_every_split_is_a_set(planted: tuple[Path, FileSet]) -> None:
    rows: list[FaceRow] = [file.row for (file,) in planted[1].items if file.row is not None]
    rows += [row.model_copy(update={"split": "dev"}) for row in rows]
    rows += [
        row.model_copy(update={"source": "cameras", "path": f"c{row.path}"}) for row in rows if row.label == "real"
    ]
    sets = audit_sets(rows, 3, seed=1, beside=[("swaps", "phones")])
    assert [one.title for one in sets] == ["calib-swaps", "dev-swaps", "calib-swaps-phones", "dev-swaps-phones"]
    assert [sum(file.label for (file,) in one.items) for one in sets] == [3] * 4
    assert {file.row.source for (file,) in sets[2].items if file.row} == {"phones", "swaps"}
    assert {file.row.split for (file,) in sets[3].items if file.row} == {"dev"}
    assert [one.items for one in audit_sets(rows, 3, seed=1)] == [one.items for one in sets[:2]]
    with pytest.raises(SettingsError, match="swaps and real faces of scanners"):
        audit_sets(rows, 3, seed=1, beside=[("swaps", "scanners")])


def test_the_table_has_a_row_for_each_set_and_a_dash_for_a_cue_that_tells_nothing(
    tiny_engine: Engine, planted: tuple[Path, FileSet]
) -> None:
    script = load_script("benchmarks/shortcuts.py")
    root, plain = planted
    faces = [
        face for wanted in (plain, replace(plain, condition=RESCALED)) for face in measure(tiny_engine, root, wanted)
    ]
    head, rule, row = script.table(faces, figures(faces, CUTS))
    assert head.count("|") == rule.count("|") == row.count("|")
    assert row.startswith("| calib-swaps | 4 / 4 | ")
    same = [face.model_copy(update={"quantisation": 7.0}) for face in faces]
    assert list(script.table(same, figures(same, CUTS)))[2].split(" | ")[6] == "-"
