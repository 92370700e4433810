"""What the forgery studio works on and gives: a real picture with its face, a forgery with its truth, an operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.errors import FakefaceError, SettingsError

__all__ = ["CannotForge", "Field", "Forgery", "Operator", "Pixels", "Subject", "Task"]

Pixels = NDArray[np.uint8]
Field = NDArray[np.float32]

FOREIGN = 0.25
"""From this share of foreign pixels on a place counts as altered."""


class CannotForge(FakefaceError):
    """This operator has nothing to work on in this face; another one may."""


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A real picture with its face: (height, width, 3) uint8 RGB and (68, 2) float32 landmarks in its pixels."""

    pixels: Pixels
    landmarks: Field


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What an operator is asked to forge.

    Args:
        subject: the real face.
        donor: another person's face, for operators that need one.
        strength: 0..1; 1 is the strongest that a careful forger would leave in.
    """

    subject: Subject
    donor: Subject | None = None
    strength: float = 1.0

    @property
    def needed_donor(self) -> Subject:
        """The donor.

        Raises:
            SettingsError: there is none.
        """
        if self.donor is None:
            raise SettingsError("this operator needs a second face as its donor")
        return self.donor


@dataclass(frozen=True, slots=True, eq=False)
class Forgery:
    """A forged picture.

    Args:
        pixels: (height, width, 3) uint8 RGB, the same size as the subject's picture.
        mask: (height, width) float32 0..1, the share of foreign pixels; ``None`` where the whole face is foreign.
        forgery: its class.
        operator: which operator made it.
        original: the unforged picture that it differs from only inside the mask; ``None`` where that is the subject's.
        parameters: what was drawn for this one, by name, with the unit in the name: text, numbers or booleans.
    """

    pixels: Pixels
    mask: Field | None
    forgery: ForgeryClass
    operator: str
    original: Pixels | None = None
    parameters: Mapping[str, str | float | bool] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def altered(self) -> NDArray[np.bool_]:
        """(height, width) bool, the binary mask; true everywhere where the whole face is foreign."""
        if self.mask is None:
            return np.ones(self.pixels.shape[:2], bool)
        return np.asarray(self.mask > FOREIGN)


@dataclass(frozen=True, slots=True)
class Operator:
    """One way of forging a face.

    Args:
        name: of the operator, as recipes and records write it.
        forgery: the class of what it makes.
        make: forges; deterministic for the random generator's state.
        donor: whether it needs another person's face.
        summary: what it does, one line.
        open_mouth: whether the donor's mouth must be open.
    """

    name: str
    forgery: ForgeryClass
    make: Callable[[Task, np.random.Generator], Forgery]
    donor: bool
    summary: str
    open_mouth: bool = False
