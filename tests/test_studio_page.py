"""The studio's page is made from the operators: its table is current, and its picture is there and not too large."""

from __future__ import annotations

from types import ModuleType

import pytest
from PIL import Image

from fakeface.training.forge.operators import OPERATORS

from .scripts import load_script


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    return load_script("docs/make_studio_sheet.py")


def test_the_table_of_operators_is_current(maker: ModuleType) -> None:
    text = maker.PAGE.read_text("utf-8")
    assert maker.page(text) == text, "write it again: python docs/make_studio_sheet.py --table"
    for operator in OPERATORS.values():
        assert f"| `{operator.name}` | {operator.forgery.value.replace('_', ' ')} |" in text


def test_the_sheet_has_room_for_every_operator_and_is_small_enough_to_ship(maker: ModuleType) -> None:
    assert maker.SHEET.stat().st_size < 1_500_000
    with Image.open(maker.SHEET) as sheet:
        assert sheet.height >= -(-len(OPERATORS) // maker.BLOCKS) * maker.CELL
        assert sheet.width > maker.BLOCKS * 3 * maker.CELL
