"""``fakeface train synthesize`` and ``train annotate`` from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fakeface.faces import Face
from fakeface.training.forge.editing import edit
from fakeface.training.forge.values import Subject, Task

from ..conftest import FaceSet
from ..faces_data import photograph, variant
from .conftest import invoke, lines

QUICK = ("--operator", "self_blend", "--workers", 1)


def synthesize(face_set: FaceSet, out: object, *words: object) -> Any:
    return invoke("train", "synthesize", face_set.prepared, "--root", face_set.root, "--out", out, *QUICK, *words)


def test_pairs_are_made_and_counted(face_set: FaceSet) -> None:
    result = synthesize(face_set, "pairs", "--count", 3)
    assert result.exit_code == 0, result.stderr
    assert "3 pairs in pairs" in result.stdout
    assert "self_blend" in result.stdout
    names = {path.name for path in Path("pairs").iterdir()}
    assert names == {
        "annotated.jsonl", "fake", "masks", "real", "recipe.toml", "settings.json", "skipped.jsonl",
    }  # fmt: skip
    assert len(lines(Path("pairs/annotated.jsonl").read_text())) == 6


def test_the_counts_as_json(face_set: FaceSet) -> None:
    result = synthesize(face_set, "pairs", "--count", 2, "--summary", "json", "--format", "jpg90", "--split", "dev")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert (told["pairs"], told["made"], told["unexamined"]) == (2, {"self_blend": 2}, 0)
    assert {row["split"] for row in lines(Path("pairs/annotated.jsonl").read_text())} == {"dev"}
    assert {path.suffix for path in Path("pairs/fake").iterdir()} == {".jpg"}


def test_a_finished_run_is_left_as_it_is_and_other_settings_are_refused(face_set: FaceSet) -> None:
    assert synthesize(face_set, "pairs", "--count", 1).exit_code == 0
    before = Path("pairs/annotated.jsonl").read_bytes()
    again = synthesize(face_set, "pairs", "--count", 1)
    assert again.exit_code == 0
    assert "going on after 1 pairs" in again.stderr
    other = synthesize(face_set, "pairs", "--count", 1, "--seed", 2)
    assert other.exit_code == 2
    assert "made with other settings: seed was 1, now 2. Next: choose another --out" in other.stderr
    assert Path("pairs/annotated.jsonl").read_bytes() == before


def test_a_result_inside_the_data_is_refused(face_set: FaceSet) -> None:
    result = synthesize(face_set, face_set.root / "pairs", "--count", 1)
    assert result.exit_code == 2
    assert "would lie inside the data" in result.stderr
    assert not (face_set.root / "pairs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--operator", "magic"), "no operator magic; there are self_blend"),
        (("--recipe", "none-1"), "there is no recipe none-1"),
        (("--format", "gif"), "pictures are png or jpg1 to jpg100, not gif"),
        (("--rewrite", "no-such-program-at-all"), "no program"),
    ],
)
def test_wrong_requests_are_usage_errors(face_set: FaceSet, words: tuple[str, ...], message: str) -> None:
    result = synthesize(face_set, "pairs", "--count", 1, *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_prepared_faces_need_their_root(face_set: FaceSet) -> None:
    result = invoke("train", "synthesize", face_set.prepared / "faces.jsonl", "--out", "pairs")
    assert result.exit_code == 2
    assert "--root" in result.stderr
    assert not Path("pairs").exists()


def test_a_folder_of_pictures_is_prepared_first_and_what_is_no_face_is_told() -> None:
    folder = Path("photographs/walk")
    folder.mkdir(parents=True)
    for seed in (1, 2):
        Image.fromarray(variant(seed)).save(folder / f"{seed}.png")
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(folder / "wall.png")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 torn")
    words = ("train", "synthesize", "photographs", "--out", "pairs", "--count", 2, *QUICK)
    result = invoke(*words)
    assert result.exit_code == 3, result.stderr
    assert "2 pairs in pairs, 2 left out" in result.stdout
    told = {(Path(one["path"]).name, one["reason"]) for one in lines(Path("pairs/skipped.jsonl").read_text())}
    assert told == {("wall.png", "no face found"), ("torn.jpg", "unreadable")}
    again = invoke(*words)
    assert again.exit_code == 3
    assert "2 pairs in pairs, 2 left out" in again.stdout


def test_a_manifest_is_prepared_first(face_set: FaceSet) -> None:
    words = ("train", "synthesize", face_set.manifest, "--out", "pairs", "--count", 1, *QUICK, "--split", "calib")
    result = invoke(*words)
    assert result.exit_code == 3, "notes.png of the manifest is no picture"
    assert "1 pairs in pairs, 2 left out" in result.stdout
    assert Path("pairs/faces/faces.jsonl").is_file()


def test_the_preview_can_be_had_alone(face_set: FaceSet) -> None:
    result = synthesize(face_set, "sheet", "--count", 0, "--preview")
    assert result.exit_code == 0, result.stderr
    assert "contact sheet: sheet/preview.png" in result.stderr
    with Image.open("sheet/preview.png") as sheet:
        assert sheet.width > 1900
    assert Path("sheet/annotated.jsonl").read_bytes() == b""


def plant_pairs(face: Face) -> None:
    """Pairs in two folders and a CSV: good, noise only, of another size, without a face, broken, without partner."""
    for name in ("real", "fake"):
        Path("data", name).mkdir(parents=True)
    real = photograph()
    forged = edit(Task(Subject(real, face.landmarks.copy())), np.random.default_rng(9)).pixels
    blank = np.full((300, 300, 3), 90, np.uint8)
    marked = blank.copy()
    marked[100:150, 100:150] = 200
    pairs = {
        "good": (real, forged),
        "same": (real, real),
        "small": (real, forged[::2, ::2]),
        "wall": (blank, marked),
        "lone": (real, None),
    }
    for name, both in pairs.items():
        for label, pixels in zip(("real", "fake"), both, strict=True):
            if pixels is not None:
                Image.fromarray(pixels).save(f"data/{label}/{name}.png")
    Image.fromarray(real).save("data/real/torn.png")
    Path("data/fake/torn.png").write_bytes(b"\x89PNG torn")


REASONS = {
    "same.png": "the two pictures are the same",
    "small.png": "the two pictures have different sizes",
    "wall.png": "no face found in the real picture",
    "lone.png": "the forged picture of this name is missing",
    "torn.png": "the forged picture is unreadable",
}


def test_two_folders_of_pairs_are_annotated_and_bad_pairs_are_told(astronaut_face: Face) -> None:
    plant_pairs(astronaut_face)
    words = ("train", "annotate", "--real", "data/real", "--fake", "data/fake", "--class", "editing", "--out", "told")
    result = invoke(*words, "--workers", 1)
    assert result.exit_code == 3, result.stderr
    assert "1 pairs in told, 5 left out" in result.stdout
    assert "│ editing │ 1     │" in result.stdout
    told = lines(Path("told/skipped.jsonl").read_text())
    assert {Path(one["path"]).name: one["reason"] for one in told} == REASONS
    real, fake = lines(Path("told/annotated.jsonl").read_text())
    assert (real["path"], fake["path"]) == ("real/good.png", "fake/good.png")
    assert (fake["forgery"], fake["split"], fake["made"]["operator"]) == ("editing", "dev", "given")
    assert fake["made"]["parameters"]["mask"] == "derived"
    mask = np.asarray(Image.open(Path("told") / fake["made"]["soft_mask"])) > 0
    changed = np.asarray(Image.open("data/fake/good.png")) != photograph()
    assert (mask & changed.any(axis=2)).sum() > 0.8 * mask.sum()
    whole = Path("told/annotated.jsonl").read_bytes()
    assert invoke(*words, "--workers", 2).exit_code == 3
    assert Path("told/annotated.jsonl").read_bytes() == whole


def write_csv(rows: list[dict[str, str]]) -> None:
    with Path("data/pairs.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)


def test_a_csv_names_masks_classes_and_splits(astronaut_face: Face) -> None:
    plant_pairs(astronaut_face)
    mask = np.zeros((512, 512), np.uint8)
    mask[77:167, 176:266] = 255
    Image.fromarray(mask).save("data/mask.png")
    Image.fromarray(np.flipud(mask)).save("data/elsewhere.png")
    Image.fromarray(mask[::2, ::2]).save("data/half.png")
    pair = {"real": "real/good.png", "fake": "fake/good.png", "class": "reenactment", "split": "train"}
    masks = ("mask.png", "elsewhere.png", "half.png", "gone.png")
    write_csv([{**pair, "mask": name} for name in masks])
    result = invoke("train", "annotate", "data/pairs.csv", "--out", "told", "--workers", 1, "--summary", "json")
    assert result.exit_code == 3, result.stderr
    assert json.loads(result.stdout)["left_out"] == {
        "its mask does not lie where the pictures differ": 1,
        "its mask has another size than the pictures": 1,
        "its mask is missing or unreadable": 1,
    }
    _, fake = lines(Path("told/annotated.jsonl").read_text())
    assert (fake["forgery"], fake["split"], fake["made"]["parameters"]) == ("reenactment", "train", {"mask": "given"})
    np.testing.assert_array_equal(np.asarray(Image.open(Path("told") / fake["made"]["soft_mask"])), mask)


def test_of_two_faces_the_largest_is_taken_and_that_is_said(astronaut_face: Face) -> None:
    real = photograph()
    forged = edit(Task(Subject(real, astronaut_face.landmarks.copy())), np.random.default_rng(9)).pixels
    beside = np.asarray(Image.fromarray(real[:300, 60:360]).resize((240, 240)))
    Path("data").mkdir()
    for name, pixels in (("real", real), ("fake", forged)):
        left = Image.fromarray(pixels[:300, 60:360]).resize((360, 360))
        both = np.concatenate([np.asarray(left)[:240], beside], axis=1)
        Image.fromarray(both).save(f"data/{name}.png")
    write_csv([{"real": "real.png", "fake": "fake.png"}])
    result = invoke("train", "annotate", "data/pairs.csv", "--out", "told", "--workers", 1)
    assert result.exit_code == 0, result.stderr
    assert "1 real pictures hold several faces: the largest was taken" in result.stderr
    _, fake = lines(Path("told/annotated.jsonl").read_text())
    assert fake["made"]["parameters"]["faces"] == 2
    assert fake["box"][2] < 360


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "either PAIRS or both --real and --fake"),
        (("--real", "data/real"), "either PAIRS or both --real and --fake"),
        (("none.csv",), "no pairs at none.csv"),
        (("data/bad.csv",), "no column fake"),
        (("data/odd.csv",), "line 2: 'magic' is no class of forgeries"),
        (("--real", "data/real", "--fake", "data/none"), "there is no folder data/none"),
        (("--real", "data/real", "--fake", "data/empty"), "has one of the same name"),
    ],
)
def test_pairs_that_can_be_misread_are_usage_errors(words: tuple[str, ...], message: str) -> None:
    for name in ("real", "empty"):
        Path("data", name).mkdir(parents=True)
    Image.fromarray(variant(1)).save("data/real/a.png")
    Path("data/bad.csv").write_text("real,forged\na.png,b.png\n")
    Path("data/odd.csv").write_text("real,fake,class\na.png,b.png,magic\n")
    result = invoke("train", "annotate", *words, "--out", "told")
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_annotated_result_inside_the_data_is_refused() -> None:
    Path("data").mkdir()
    write_csv([{"real": "real.png", "fake": "fake.png"}])
    result = invoke("train", "annotate", "data/pairs.csv", "--out", "data/told")
    assert result.exit_code == 2
    assert "would lie inside the data" in result.stderr
