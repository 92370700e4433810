"""All operators of the studio by name."""

from __future__ import annotations

from fakeface.training.forge import editing, identity, reenactment, synthesis
from fakeface.training.forge.values import Operator

__all__ = ["OPERATORS"]

OPERATORS: dict[str, Operator] = {
    operator.name: operator for family in (identity, reenactment, editing, synthesis) for operator in family.OPERATORS
}
