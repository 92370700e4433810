"""The frozen recipe: complete, one operator of every family kept for measuring; files that are wrong are refused."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import GIVEN, RECIPE, Entry, Recipe, load_recipe, single


def test_the_shipped_recipe_names_every_operator_and_keeps_one_of_every_family_for_measuring() -> None:
    recipe = load_recipe()
    assert recipe.version == RECIPE
    assert recipe.operators.keys() == OPERATORS.keys()
    kept = recipe.never_trained()
    assert {family: len(names) for family, names in kept.items()} == {
        family: 1 for family in ForgeryClass if family is not ForgeryClass.REAL
    }


def test_what_is_never_trained_on_is_never_drawn_and_the_rest_by_its_share() -> None:
    recipe = load_recipe()
    rng = np.random.default_rng(1)
    drawn = Counter(recipe.draw(rng) for _ in range(4000))
    kept = {name for names in recipe.never_trained().values() for name in names}
    assert not kept & drawn.keys()
    assert drawn.keys() == recipe.shares.keys()
    total = sum(recipe.shares.values())
    for name in ("self_blend", GIVEN):
        assert drawn[name] / 4000 == pytest.approx(recipe.shares[name] / total, abs=0.025)
    strengths = [recipe.strength("swap", rng) for _ in range(200)]
    low, high = recipe.operators["swap"].strength
    assert low <= min(strengths) < low + 0.1
    assert high - 0.1 < max(strengths) <= high


def test_recipes_of_one_line_are_measured_on_the_same_operators() -> None:
    older = load_recipe("compact-2")
    for newer in (load_recipe(f"compact-{number}") for number in range(3, 9)):
        assert newer.film > 0 == older.film
        assert (newer.processing, newer.native_share) == (older.processing, older.native_share)
        assert list(newer.shares) == list(older.shares)
        assert newer.never_trained() == older.never_trained()
        for name, entry in older.operators.items():
            assert newer.operators[name].strength == entry.strength


def test_a_recipe_can_be_narrowed_to_any_operator_also_to_one_that_is_never_trained_on() -> None:
    recipe = load_recipe()
    narrowed = single("swap_tps", recipe)
    assert narrowed.shares == {"swap_tps": 1.0}
    assert narrowed.operators["swap_tps"].strength == recipe.operators["swap_tps"].strength
    assert single(GIVEN, recipe).shares == {GIVEN: 1.0}
    with pytest.raises(SettingsError, match="no operator magic"):
        single("magic", recipe)


def test_a_recipe_of_ones_own_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = 'version = "mine"\nprocessing = 0.5\nnative_share = 1.0\ntarget_sides = [100, 200]\n'
    text += "[operators.swap]\nshare = 1\n"
    file.write_text(text)
    assert load_recipe(file).shares == {"swap": 1.0}
    for wrong, told in (
        (text.replace("operators.swap", "operators.magic"), "magic"),
        (text.replace("share = 1", "share = 0"), "every share is 0"),
        (text + "strength = [0.9, 0.1]\n", "strength"),
        ("version = ", "no recipe"),
    ):
        file.write_text(wrong)
        with pytest.raises(SettingsError, match=told):
            load_recipe(file)
    with pytest.raises(SettingsError, match=RECIPE):
        load_recipe("nowhere")


def test_what_is_never_trained_on_has_no_share() -> None:
    with pytest.raises(ValidationError):
        Entry(share=0.1, never_trained=True)
    with pytest.raises(ValidationError):
        Recipe(version="x", processing=0.5, native_share=2.0, target_sides=(1, 2), operators={"swap": Entry(share=1)})
