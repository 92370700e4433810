"""What a text says of the parts of a face, held against the picture.

``terms`` are the artifacts that can be said, ``words`` their wordings, ``limits`` the range of real faces; ``scene`` is
a face on its picture with its measurements, ``cutout`` one in a frame. ``reading`` gets statements out of a text,
``checking`` measures them, ``probing`` paints over what they point at, ``matching`` compares the parts that words and
pixels mean, and ``contrary`` says what speaks against a decision.
"""

from __future__ import annotations

from fakeface.claims.checking import check_statements, point_at, sayable
from fakeface.claims.contrary import evidence_against
from fakeface.claims.cutout import Cutout, cut_out
from fakeface.claims.matching import agreement
from fakeface.claims.probing import counterfactuals, faithfulness
from fakeface.claims.reading import is_alteration, read_statements

__all__ = [
    "Cutout",
    "agreement",
    "check_statements",
    "counterfactuals",
    "cut_out",
    "evidence_against",
    "faithfulness",
    "is_alteration",
    "point_at",
    "read_statements",
    "sayable",
]
