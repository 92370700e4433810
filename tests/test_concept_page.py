"""The page of the concept tree is made from the tree: its tables are current, and its picture is there."""

from __future__ import annotations

from types import ModuleType

import pytest
from PIL import Image

from fakeface.concepts import LEAVES, Reason

from .scripts import load_script
from .test_architecture import TREE


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return load_script("docs/make_concepts.py")


def test_the_tables_are_current(maker: ModuleType) -> None:
    text = maker.PAGE.read_text("utf-8")
    assert maker.page(text) == text, "write it again: python docs/make_concepts.py"


def test_every_leaf_and_every_reason_stands_on_the_page(maker: ModuleType) -> None:
    text = maker.PAGE.read_text("utf-8")
    for number, leaf in enumerate(LEAVES, 1):
        assert f"| {number} | `{leaf.name}` | **{leaf.words}**" in text
    for reason in Reason:
        assert f"| `{reason.name}` |" in text


def test_the_picture_is_a_readable_sheet() -> None:
    with Image.open(TREE / "docs" / "concepts.png") as picture:
        assert picture.width > 1500
        assert picture.height > 1500


def test_the_drawing_of_the_tree_is_current_and_names_every_leaf() -> None:
    module = load_script("docs/make_tree.py")
    drawn = (TREE / "docs" / "concept-tree.svg").read_text("utf-8")
    assert drawn == module.picture(), "draw it again: python docs/make_tree.py"
    assert drawn.count("<circle") == len(LEAVES) + 3
    for number in range(1, len(LEAVES) + 1):
        assert f">{number}</tspan>" in drawn
