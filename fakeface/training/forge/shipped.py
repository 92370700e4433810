"""The file of the studio's generators, told without loading a network."""

from __future__ import annotations

from fakeface.profiles import Part, weights_folder

__all__ = ["shipped_part"]

WEIGHTS = "studio-generators.safetensors"
SHA256 = "fce12fee66e0b3d1a6641fe717229c519126b791112e24f06f9d09904a2dbd35"
SIZE_BYTES = 1820288
"""The shipped weights: name, hash and size. They are frozen, so that a recipe means the same pictures."""


def shipped_part() -> Part:
    """The file that is shipped, with its hash."""
    return Part("studio-generators", weights_folder() / WEIGHTS, SHA256, SIZE_BYTES, "Apache-2.0")
