"""What is said of a face on which no part is called altered: how such texts begin and go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

from fakeface.answers import ForgeryClass
from fakeface.claims.terms import USUAL

__all__ = ["LOOKED_AT", "NO_TRACE", "OPENINGS", "PLACELESS", "altered_nowhere", "altered_somewhere"]

OPENINGS = ("No local evidence", "No region stands out")

NO_TRACE = ("shows no trace of an alteration", "gives no sign of an alteration")

PLACELESS: Mapping[ForgeryClass, tuple[str, ...]] = MappingProxyType(
    {
        ForgeryClass.WHOLE_FACE_SYNTHESIS: ("is synthetic as a whole", "was generated as a whole"),
        ForgeryClass.IDENTITY_SWAP: (
            "was exchanged, and where is not known",
            "is another person's, and where is not known",
        ),
        ForgeryClass.REENACTMENT: ("was reenacted, and where is not known", "was moved, and where is not known"),
        ForgeryClass.EDITING: ("was edited, and where is not known", "was changed, and where is not known"),
    }
)
"""What is known of a forgery whose place is not known or everywhere: its class alone."""

LOOKED_AT = ("eyes", "nose", "mouth", "cheeks", "forehead", "eyebrows", "chin_and_jaw")
"""Concepts of a real face that an answer may speak of."""


def altered_nowhere(parts: Sequence[str]) -> tuple[str, ...]:
    """Every explanation of a face that is not called altered: two parts that measure like real faces, or the face.

    Args:
        parts: words for parts that lie within the range of real faces in every measure.
    """
    told = [f"the <p>{one}</p>[NOSEG] and the <p>{other}</p>[NOSEG] are {usual}"
            for one, other in combinations(parts, 2) for usual in USUAL]  # fmt: skip
    told = told or [f"the <p>face</p>[NOSEG] {words}" for words in NO_TRACE]
    return tuple(f"{opening}: {one}." for opening in OPENINGS for one in told)


def altered_somewhere(forgery: ForgeryClass) -> tuple[str, ...]:
    """Every explanation of a face that is called altered and shows no place of it: its class."""
    return tuple(f"{OPENINGS[0]}: the <p>face</p>[NOSEG] {words}." for words in PLACELESS[forgery])
