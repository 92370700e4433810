"""The frozen recipe of a training: operators, strengths and shares, as a versioned file.

In every family one operator is *never trained on*: its figure is the family's bar, because a detector that knows an
operator from training says little about forgeries to come.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError
from fakeface.training.forge.operators import OPERATORS

__all__ = ["GIVEN", "RECIPE", "Entry", "Recipe", "load_recipe", "single"]

GIVEN = "given"
"""Name of the share of pairs that are not forged here: the data set's own fakes."""

RECIPE = "compact-2"
"""The recipe that is used where none is named: figures are comparable from version to version because it stays."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Entry(_Value):
    """One operator's place in a recipe.

    Args:
        share: of the pairs; shares are normalised. An operator that is never trained on has none.
        strength: lowest and highest, 0..1; drawn evenly.
        never_trained: whether it is kept for measuring.
    """

    share: float = Field(default=0.0, ge=0)
    strength: tuple[float, float] = (0.3, 1.0)
    never_trained: bool = False

    @model_validator(mode="after")
    def _is_possible(self) -> Entry:
        low, high = self.strength
        if not 0 <= low <= high <= 1:
            raise ValueError(f"a strength runs from a low to a high value within 0..1, not {list(self.strength)}")
        if self.never_trained and self.share:
            raise ValueError("an operator that is never trained on has no share")
        return self


class Recipe(_Value):
    """What pairs are made of.

    Args:
        version: name of the frozen recipe.
        processing: strength of post-processing on both pictures of a pair, 0..1.
        softness: share of pairs that lose most of their texture first: blurred, or enlarged from a small size.
        phone: share of pairs that a phone's camera denoised and sharpened first.
        film: share of pairs that go through a film afterwards: H.264 at another size.
        native_share: share of pictures that are forged at their own resolution.
        target_sides: smallest and largest side of the examined square where a picture is resampled, in pixels.
        given: share of pairs made of the data set's own fakes.
        synthetic_donors: share of the donors that are the data set's own synthetic faces.
        operators: by name.
    """

    version: str = Field(min_length=1)
    processing: float = Field(ge=0, le=1)
    softness: float = Field(default=0.0, ge=0, le=1)
    phone: float = Field(default=0.0, ge=0, le=1)
    film: float = Field(default=0.0, ge=0, le=1)
    native_share: float = Field(ge=0, le=1)
    target_sides: tuple[int, int]
    given: float = Field(default=0.0, ge=0)
    synthetic_donors: float = Field(default=0.0, ge=0, le=1)
    operators: dict[str, Entry]

    @model_validator(mode="after")
    def _names_exist(self) -> Recipe:
        unknown = sorted(self.operators.keys() - OPERATORS.keys())
        if unknown:
            raise ValueError(f"there is no operator {', '.join(unknown)}; there are {', '.join(OPERATORS)}")
        if not any(self.shares.values()):
            raise ValueError("every share is 0")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """Share of each trained operator and of ``given``, as written."""
        return {name: entry.share for name, entry in self.operators.items() if entry.share} | (
            {GIVEN: self.given} if self.given else {}
        )

    def draw(self, rng: np.random.Generator) -> str:
        """The name of one share, drawn."""
        shares = np.array(list(self.shares.values()))
        return str(rng.choice(list(self.shares), p=shares / shares.sum()))

    def strength(self, operator: str, rng: np.random.Generator) -> float:
        """A strength for this operator, drawn from its range."""
        low, high = self.operators[operator].strength if operator in self.operators else Entry().strength
        return float(rng.uniform(low, high))

    def never_trained(self) -> dict[ForgeryClass, tuple[str, ...]]:
        """Operators kept for measuring, by family."""
        kept: dict[ForgeryClass, tuple[str, ...]] = {}
        for name, entry in self.operators.items():
            if entry.never_trained:
                family = OPERATORS[name].forgery
                kept[family] = (*kept.get(family, ()), name)
        return kept


def load_recipe(source: str | Path = RECIPE) -> Recipe:
    """Read a shipped recipe by its name, or a file.

    Raises:
        SettingsError: there is none, or it cannot be followed.
    """
    shipped = resources.files(__package__) / "recipes" / f"{source}.toml"
    place = shipped if shipped.is_file() else Path(source)
    try:
        return Recipe.model_validate(tomllib.loads(place.read_text(encoding="utf-8")))
    except OSError as error:
        names = sorted(one.name.removesuffix(".toml") for one in (resources.files(__package__) / "recipes").iterdir())
        raise SettingsError(f"there is no recipe {source}: give a file or one of {', '.join(names)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise SettingsError(f"{source} is no recipe: {error}") from error


def single(operator: str, recipe: Recipe) -> Recipe:
    """The recipe narrowed to one operator (also one that is never trained on), or to ``given``.

    Raises:
        SettingsError: there is no such operator.
    """
    if operator == GIVEN:
        return recipe.model_copy(update={"operators": {}, "given": 1.0, "version": f"{recipe.version}/{GIVEN}"})
    if operator not in OPERATORS:
        raise SettingsError(f"there is no operator {operator}: there are {', '.join(OPERATORS)}")
    entry = recipe.operators.get(operator, Entry()).model_copy(update={"share": 1.0, "never_trained": False})
    version = f"{recipe.version}/{operator}"
    return recipe.model_copy(update={"operators": {operator: entry}, "given": 0.0, "version": version})
