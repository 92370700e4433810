"""All operators of the studio by name."""

from __future__ import annotations

from fakeface.training.forge import (
    ageing,
    editing,
    hair,
    identity,
    inpainting,
    makeup,
    parts,
    recolouring,
    reenactment,
    retouching,
    synthesis,
)
from fakeface.training.forge.values import Operator

__all__ = ["OPERATORS"]

FAMILIES = (
    identity,
    reenactment,
    editing,
    retouching,
    ageing,
    makeup,
    recolouring,
    inpainting,
    hair,
    parts,
    synthesis,
)

OPERATORS: dict[str, Operator] = {operator.name: operator for family in FAMILIES for operator in family.OPERATORS}
