"""Pairs that are written: the same bytes whoever makes them, nothing lost by a kill, nothing left out silently."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fakeface.claims.scene import measure_again
from fakeface.errors import OutputError, SettingsError
from fakeface.training.batch import Ledger, Left, Made, claim
from fakeface.training.contact_sheet import CELL, GAP, HEAD, MARGIN, studio_sheet
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import RECIPE, load_recipe
from fakeface.training.forge.studio import Studio
from fakeface.training.forge.values import CannotForge, Operator
from fakeface.training.formats.annotated import Annotated, read_annotated
from fakeface.training.manifest import FaceRow
from fakeface.training.synthesize import Synthesis, effective_recipe, recipe_text, synthesize, usable

from .conftest import FaceSet
from .faces_data import variant
from .test_architecture import TREE

QUICK = ("self_blend", "edit")


def settings(count: int, operators: Sequence[str] = QUICK, **other: Any) -> Synthesis:
    return Synthesis(recipe=effective_recipe(load_recipe(), operators), count=count, **other)


def run(
    face_set: FaceSet, out: Path, wanted: Synthesis, workers: int = 1, rows: Sequence[FaceRow] | None = None
) -> list[Made | Left]:
    out.mkdir(exist_ok=True)
    rows = usable(face_set.rows, wanted.split)[0] if rows is None else rows
    return list(synthesize(rows, face_set.root, out, wanted, workers))


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(folder: Path) -> list[Annotated]:
    rows = list(read_annotated(folder / "annotated.jsonl"))
    assert all(isinstance(row, Annotated) for row in rows)
    return [row for row in rows if isinstance(row, Annotated)]


def skipped_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "skipped.jsonl").read_text().splitlines()]


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


@pytest.fixture(scope="module")
def made(face_set: FaceSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten pairs, made by this process."""
    out = tmp_path_factory.mktemp("made")
    run(face_set, out, settings(10))
    return out


def test_every_pair_has_two_pictures_a_mask_and_two_rows(made: Path) -> None:
    rows = rows_of(made)
    assert [(row.label, row.made.pair) for row in rows if row.made] == [
        (label, row.made.pair) for row in rows[::2] if row.made for label in ("real", "fake")
    ]
    assert len(rows) == 20
    for real, fake in zip(rows[::2], rows[1::2], strict=True):
        assert real.made is not None
        assert fake.made is not None
        assert (real.source, fake.source) == ("studio", f"studio/{fake.made.operator}")
        assert real.split == fake.split == "train"
        one, other = pixels(made / real.path), pixels(made / fake.path)
        assert one.shape == other.shape == (fake.height, fake.width, 3)
        assert max(one.shape) <= 256
        soft = pixels(made / fake.made.soft_mask)
        assert soft.shape == one.shape[:2]
        assert fake.mask is not None
        assert not isinstance(fake.mask, str)
        np.testing.assert_array_equal(fake.mask.pixels(), soft / 255 > 0.25)
        assert real.mask is None


def test_the_findings_hold_for_the_pixels_that_are_on_the_disk(face_set: FaceSet, tmp_path: Path) -> None:
    for form in ("png", "jpg80"):
        out = tmp_path / form
        run(face_set, out, settings(3, picture=form))
        checked = 0
        for row in rows_of(out):
            assert row.mask is None or not isinstance(row.mask, str)
            altered = None if row.mask is None else row.mask.pixels()
            points = np.asarray(row.landmarks, np.float32)
            for finding in row.findings:
                again = measure_again(pixels(out / row.path), points, altered, finding.concept)
                for name, value in finding.measurements.items():
                    assert again[name] == pytest.approx(value, abs=1e-4)
                    checked += 1
        assert checked > 10


def test_a_row_says_how_its_pair_was_made(made: Path, face_set: FaceSet) -> None:
    known = {row.path for row in face_set.of("train")}
    for row in rows_of(made):
        assert row.made is not None
        assert row.made.operator in QUICK
        assert row.made.of in known
        assert row.made.recipe == f"{RECIPE}/self_blend+edit"
        assert 0.3 <= float(row.made.parameters["strength"]) <= 1
        assert row.answer is not None
        assert row.answer.claim == row.label
        assert {"age", "list", "region", "conversation"} <= set(row.tasks)


def test_every_face_is_used_before_any_is_used_again(made: Path) -> None:
    used = [row.made.of for row in rows_of(made)[::2] if row.made]
    left = [one for one in skipped_of(made) if one["pair"] is not None]
    assert max(Counter(used).values()) <= 2
    assert len(set(used[:8])) >= 8 - len(left)


def test_two_workers_write_the_same_bytes_as_one(face_set: FaceSet, made: Path, tmp_path: Path) -> None:
    run(face_set, tmp_path / "two", settings(10), workers=2)
    assert digests(tmp_path / "two") == digests(made)


def test_another_seed_gives_other_pictures(face_set: FaceSet, made: Path, tmp_path: Path) -> None:
    run(face_set, tmp_path / "other", settings(2, seed=2))
    there = set(digests(tmp_path / "other").values())
    assert not {digest for name, digest in digests(made).items() if "/" in name} & there


def test_more_pairs_are_added_to_those_that_are_there(face_set: FaceSet, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "grown"
    run(face_set, out, settings(4))
    before = digests(out)
    added = run(face_set, out, settings(10))
    assert sum(isinstance(one, Made) for one in added) == 6
    assert digests(out) == digests(made)
    assert before.items() - digests(out).items() <= {
        (name, before[name]) for name in ("annotated.jsonl", "skipped.jsonl")
    }


def command(face_set: FaceSet, out: Path, count: int, workers: int = 2) -> list[str]:
    words = ["train", "synthesize", face_set.prepared, "--root", face_set.root, "--out", out, "--count", count]
    words += ["--workers", workers, "--operator", "self_blend", "--operator", "edit"]
    return [sys.executable, "-m", "fakeface.commands", *map(str, words)]


def wait_for_lines(path: Path, count: int) -> None:
    end = time.monotonic() + 120
    while not path.is_file() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.02)


def test_a_killed_run_goes_on_to_the_same_bytes(face_set: FaceSet, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(face_set, whole, 24, workers=1), cwd=TREE, check=True, capture_output=True)
    first = subprocess.Popen(command(face_set, killed, 24), cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_lines(killed / "annotated.jsonl", 6)
    children = descendants(first.pid)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    lines = (killed / "annotated.jsonl").read_bytes().count(b"\n")
    assert 6 <= lines < 48
    wait_until_gone(children)
    again = subprocess.run(command(face_set, killed, 24), cwd=TREE, check=True, capture_output=True)
    assert f"going on after {lines // 2} pairs" in again.stderr.decode()
    assert digests(killed) == digests(whole)


def descendants(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in found.read_text().split()] if found.is_file() else []


def wait_until_gone(pids: Sequence[int]) -> None:
    """Working processes end with their parent; nothing is left behind by a kill."""
    end = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < end, "a working process outlives its parent"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.is_file() or state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("damage", ["cut line", "half a pair", "picture gone", "pictures without a row"])
def test_what_a_crash_leaves_is_made_again(face_set: FaceSet, made: Path, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "hurt"
    run(face_set, out, settings(10))
    path = out / "annotated.jsonl"
    content = path.read_bytes()
    if damage == "cut line":
        path.write_bytes(content[:-300])
    elif damage == "half a pair":
        path.write_bytes(b"".join(content.splitlines(keepends=True)[:-1]))
    elif damage == "picture gone":
        (out / rows_of(out)[9].path).unlink()
    else:
        path.write_bytes(b"".join(content.splitlines(keepends=True)[:-4]))
        (out / rows_of(made)[-1].path).write_bytes(b"half of a pic")
    run(face_set, out, settings(10))
    assert digests(out) == digests(made)


def test_a_second_run_into_the_same_folder_is_refused(face_set: FaceSet, tmp_path: Path) -> None:
    with Ledger(tmp_path, ()), pytest.raises(OutputError, match="another run"):
        run(face_set, tmp_path, settings(1))


def test_a_folder_of_other_settings_or_of_something_else_is_refused(tmp_path: Path) -> None:
    claim(tmp_path, {"seed": 1, "count": 4}, ("count",))
    claim(tmp_path, {"seed": 1, "count": 9, "faces": "x"}, ("count",))
    assert json.loads((tmp_path / "settings.json").read_text()) == {"seed": 1, "count": 9, "faces": "x"}
    with pytest.raises(OutputError, match="seed was 1, now 2"):
        claim(tmp_path, {"seed": 2})
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="something else"):
        claim(tmp_path / "sub", {"seed": 1})


def test_pictures_that_cannot_be_used_are_told_with_the_reason(face_set: FaceSet, tmp_path: Path) -> None:
    rows = face_set.of("train")
    root = tmp_path / "data"
    root.mkdir()
    Image.fromarray(variant(3)).convert("L").save(root / "grey.png")
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    Image.fromarray(variant(1)).save(root / "good.png")
    real = next(row for row in rows if row.label == "real")
    names = ("grey.png", "broken.png", "gone.png", "good.png")
    planted = [
        real.model_copy(update={"path": name, "landmarks": rows[0].landmarks, "box": rows[0].box}) for name in names
    ]
    tiny = real.model_copy(update={"path": "tiny.png", "box": (0, 0, 30, 40)})
    planted, left = usable([*planted, tiny], "train")
    assert [(one.path, one.reason, one.detail) for one in left] == [("tiny.png", "face below 48 pixels", "30 pixels")]
    out = tmp_path / "out"
    out.mkdir()
    wanted = settings(2, ["self_blend"])
    list(synthesize(planted, root, out, wanted, 1, left))
    told = {(one["path"], one["reason"], one["examined"]) for one in skipped_of(out)}
    assert told >= {
        ("tiny.png", "face below 48 pixels", True),
        ("grey.png", "grey: a forgery's colour would give it away", True),
        ("broken.png", "unreadable", False),
        ("gone.png", "missing", False),
    }
    with Ledger(out) as ledger:
        assert ledger.totals.made == {"self_blend": 2}
        assert ledger.totals.unexamined >= 2
        assert sum(ledger.totals.left.values()) == len(skipped_of(out))


def cannot(*_: object) -> None:
    raise CannotForge("the mouth is closed")


def test_an_operator_that_cannot_work_is_counted_and_the_run_ends(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shy = Operator("shy", OPERATORS["edit"].forgery, cannot, False, "Never works.")  # type: ignore[arg-type]
    monkeypatch.setitem(OPERATORS, "shy", shy)
    results = run(face_set, tmp_path, settings(2, ["shy"]))
    assert results
    assert not any(isinstance(one, Made) for one in results)
    [reason] = {(one["reason"], one["operator"], one["detail"]) for one in skipped_of(tmp_path)}
    assert reason == ("the operator has nothing to work on", "shy", "the mouth is closed")


def test_swaps_need_a_second_face_and_say_so(face_set: FaceSet, tmp_path: Path) -> None:
    run(face_set, tmp_path, settings(1, ["swap"]), rows=face_set.of("train")[:1])
    assert {one["reason"] for one in skipped_of(tmp_path)} == {"a swap needs a second real face as its donor"}


def test_a_grey_donor_is_not_taken(face_set: FaceSet, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    face = face_set.of("train")[0]
    picture = Image.open(face_set.root / face.path)
    picture.save(root / "colour.png")
    picture.convert("L").save(root / "grey.png")
    rows = [face.model_copy(update={"path": name}) for name in ("colour.png", "grey.png")]
    out = tmp_path / "out"
    out.mkdir()
    assert not any(isinstance(one, Made) for one in synthesize(rows, root, out, settings(1, ["swap"]), 1))
    assert {(one["path"], one["reason"]) for one in skipped_of(out)} == {
        ("colour.png", "the donor's picture is grey"),
        ("grey.png", "grey: a forgery's colour would give it away"),
    }


def test_without_text_masks_and_findings_stay(face_set: FaceSet, tmp_path: Path) -> None:
    run(face_set, tmp_path, settings(2, text=False))
    for row in rows_of(tmp_path):
        assert row.answer is None
        assert row.conversations == ()
        assert row.findings
    assert any(row.mask for row in rows_of(tmp_path))


def test_a_rewriter_words_texts_anew(face_set: FaceSet, tmp_path: Path) -> None:
    words = tmp_path / "words.py"
    words.write_text("import sys\nprint('Indeed: ' + sys.stdin.read())\n")
    out = tmp_path / "out"
    run(face_set, out, settings(1, rewrite=f"{sys.executable} {words}"))
    assert all(row.answer and row.answer.description.startswith("Indeed: ") for row in rows_of(out))
    with pytest.raises(SettingsError, match="no program"):
        run(face_set, tmp_path / "none", settings(1, rewrite="no-such-program-at-all"))


def test_large_pictures_are_reduced_and_small_ones_left_as_they_are(face_set: FaceSet, tmp_path: Path) -> None:
    run(face_set, tmp_path, settings(4, side=128))
    sizes = {max(pixels(tmp_path / row.path).shape) for row in rows_of(tmp_path)}
    assert sizes == {128}
    run(face_set, tmp_path / "large", settings(4, side=2000))
    assert all(max(pixels(tmp_path / "large" / row.path).shape) < 400 for row in rows_of(tmp_path / "large"))


@pytest.mark.parametrize("form", ["jpg", "jpg0", "jpg101", "webp", "png9"])
def test_an_unknown_form_of_pictures_is_refused(form: str) -> None:
    with pytest.raises(SettingsError, match=form):
        settings(1, picture=form)


def test_the_recipe_is_written_as_it_is_followed(tmp_path: Path) -> None:
    for operators in ((), QUICK):
        recipe = effective_recipe(load_recipe(), operators)
        assert recipe.given == 0
        assert set(recipe.shares) == set(operators or (load_recipe().shares.keys() - {"given"}))
        (tmp_path / "recipe.toml").write_text(recipe_text(recipe))
        assert load_recipe(tmp_path / "recipe.toml") == recipe
    with pytest.raises(SettingsError, match="no operator magic"):
        effective_recipe(load_recipe(), ["magic"])


def test_a_split_without_real_faces_names_those_that_have_some(face_set: FaceSet) -> None:
    with pytest.raises(SettingsError, match="split dev; splits with real faces: train"):
        usable(face_set.of("train"), "dev")


def test_the_contact_sheet_shows_every_face_under_every_operator(
    face_set: FaceSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shy = Operator("shy", OPERATORS["edit"].forgery, cannot, False, "Never works.")  # type: ignore[arg-type]
    monkeypatch.setitem(OPERATORS, "shy", shy)
    wanted = settings(1)
    studio = Studio(face_set.of("train"), face_set.root, 1, wanted.recipe, 256)
    sheet = studio_sheet(studio, [0, 1], ["self_blend", "shy"])
    again = studio_sheet(studio, [0, 1], ["self_blend", "shy"])
    np.testing.assert_array_equal(sheet, again)
    rows = [sheet[HEAD + row * (CELL + GAP) :][:CELL] for row in range(2)]
    places = [MARGIN + face * (3 * CELL + GAP) + part * CELL for face in range(2) for part in range(3)]
    pictures = [rows[0][:, left : left + CELL] for left in places]
    assert all(np.std(one) > 20 for one in pictures)
    assert all((one != other).any() for one, other in pairwise(pictures))
    assert (rows[1][:, MARGIN:] == 255).mean() > 0.9, "an operator that cannot work shows words only"
    assert (rows[1][:, MARGIN:] < 128).any()
