"""``fakeface train leaks``, ``train convert`` and the layouts of ``train prepare`` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakeface.commands.formats import FORMS
from fakeface.commands.train import LAYOUTS as OFFERED
from PIL import Image

from fakeface.training.formats.convert import FORMATS
from fakeface.training.formats.layouts import LAYOUTS

from ..faces_data import photograph, variant
from .conftest import invoke


def test_the_offered_layouts_and_forms_are_those_that_can_be_read() -> None:
    assert set(OFFERED) == {"auto", "csv", *LAYOUTS}
    assert tuple(FORMATS) == FORMS


def plant() -> None:
    """A manifest with one re-encoded picture and one person in two splits."""
    Image.fromarray(photograph()).save("a.png")
    Image.fromarray(photograph()).save("b.jpg", quality=60)
    Image.fromarray(variant(3)).save("c.png")
    rows = [
        {"path": "a.png", "split": "train", "identities": ["[bold]anna"]},
        {"path": "b.jpg", "split": "dev"},
        {"path": "c.png", "split": "dev", "identities": ["[bold]anna"]},
        {"path": "gone.png", "split": "dev"},
    ]
    Path("faces.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")


def test_leaks_are_counted_listed_and_no_failure() -> None:
    plant()
    result = invoke("train", "leaks", "faces.jsonl", "--threads", 1)
    assert result.exit_code == 0, result.stderr
    assert "2 leaks: 1 near-duplicate pictures, 1 identities, 0 source videos in two splits" in result.stdout
    assert "a.png" in result.stdout
    assert "[bold]anna" in result.stdout
    assert "not checked: 1 (missing)" in result.stderr
    assert "not known for 2 of 4 rows" in result.stderr


def test_leaks_as_json_say_everything() -> None:
    plant()
    result = invoke("train", "leaks", "faces.jsonl", "--root", ".", "--format", "json", "--threads", 1)
    assert result.exit_code == 0, result.stderr
    report = json.loads(result.stdout)
    assert (report["leaks"], report["counts"]) == (2, {"duplicates": 1, "identities": 1, "videos": 0})
    [duplicate] = report["duplicates"]
    assert {duplicate["path"], duplicate["other_path"]} == {"a.png", "b.jpg"}
    assert report["identities"] == [{"name": "[bold]anna", "rows": {"dev": 1, "train": 1}}]
    assert report["skipped"] == [{"path": "gone.png", "reason": "missing"}]


def test_leaks_of_no_manifest_is_a_usage_error() -> None:
    result = invoke("train", "leaks", "none.jsonl")
    assert result.exit_code == 2
    assert "no manifest" in result.stderr


def test_convert_says_what_is_lost_and_lists_what_is_left_out() -> None:
    Path("truth.json").write_text(json.dumps({"a.png": "Real", "b.png": "Odd"}))
    words = ("train", "convert", "truth.json", "--from", "truth", "--to", "annotated", "--out", "out.jsonl")
    result = invoke(*words, "--split", "train", "--name", "mine")
    assert result.exit_code == 0, result.stderr
    assert "truth does not carry everything" in result.stderr
    assert "1 rows read, result in out.jsonl, 1 left out, see out.jsonl.skipped.jsonl" in result.stderr
    [row] = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert (row["path"], row["split"], row["source"], row["forgery"]) == ("a.png", "train", "mine", "real")
    assert json.loads(Path("out.jsonl.skipped.jsonl").read_text()) == {
        "path": "b.png",
        "reason": "unknown label: 'Odd'",
    }


def test_prepare_says_what_it_takes_a_folder_for_and_splits_as_asked() -> None:
    Path("data/real").mkdir(parents=True)
    Image.fromarray(variant(3)).save("data/real/a.png")
    result = invoke("train", "prepare", "data", "--out", "out", "--workers", 1, "--split", "calib")
    assert result.exit_code == 0, result.stderr
    assert "reading data as folders" in result.stderr
    assert json.loads(Path("out/faces.jsonl").read_text())["split"] == "calib"


@pytest.mark.parametrize(("layout", "message"), [("auto", "Looked for"), ("dfdc", "not laid out as dfdc")])
def test_prepare_of_an_unknown_layout_is_a_usage_error_that_helps(layout: str, message: str) -> None:
    Path("data/pictures").mkdir(parents=True)
    result = invoke("train", "prepare", "data", "--out", "out", "--layout", layout)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "metadata.json" in result.stderr
