"""The words for artifacts: each term rests on one measure, and is said only beyond the range of real faces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fakeface.claims.values import Severity

__all__ = ["ADVERBS", "DENIAL", "MEASURES", "MEASURE_WORDS", "PARTLY", "TERMS", "UNALTERED", "UNCLEAR", "USUAL", "Term"]


@dataclass(frozen=True, slots=True)
class Term:
    """An artifact that a measurement can bear out.

    Args:
        name: of the term.
        family: of artifacts.
        measure: name of the measurement.
        above: whether the artifact lies above the range of real faces, or below it.
        wordings: ways to say it after "is" or "are".
    """

    name: str
    family: str
    measure: str
    above: bool
    wordings: tuple[str, ...]


_AROUND, _OTHER = "what lies around", "the other side"

_TERMS = (
    ("tone", "colour", "colour_shift_delta_e", True, _AROUND, ("different in colour from", "off in tone against")),
    ("saturated", "colour", "chroma_shift_c", True, _AROUND, ("more saturated than", "stronger in colour than")),
    ("pale", "colour", "chroma_shift_c", False, _AROUND, ("less saturated than", "weaker in colour than")),
    ("bright", "illumination", "brightness_shift_l", True, _AROUND, ("brighter than", "higher in light than")),
    ("dark", "illumination", "brightness_shift_l", False, _AROUND, ("darker than", "lower in light than")),
    ("smooth", "texture", "sharpness_ratio", False, _AROUND, ("smoother than", "poorer in detail than")),
    ("sharp", "sharpness", "sharpness_ratio", True, _AROUND, ("sharper than", "richer in detail than")),
    ("clean", "noise", "noise_ratio", False, _AROUND, ("lower in noise than", "less grainy than")),
    ("noisy", "noise", "noise_ratio", True, _AROUND, ("higher in noise than", "more grainy than")),
    ("patchy", "texture", "patchiness_ratio", True, _AROUND, ("more patchy than", "less even than")),
    ("flat", "texture", "patchiness_ratio", False, _AROUND, ("less patchy than", "more even than")),
    ("edge", "boundary", "boundary_contrast_ratio", True, "", ("framed by an edge", "set off by a seam")),
    (
        "side_tone",
        "asymmetry",
        "side_colour_delta_e",
        True,
        _OTHER,
        ("different in colour from", "off in tone against"),
    ),
    ("side_smooth", "asymmetry", "side_sharpness_ratio", False, _OTHER, ("smoother than", "poorer in detail than")),
    ("side_sharp", "asymmetry", "side_sharpness_ratio", True, _OTHER, ("sharper than", "richer in detail than")),
)
"""Name, family, measure, whether above the range, what it is compared with, wordings."""

TERMS: Mapping[str, Term] = MappingProxyType(
    {
        name: Term(name, family, measure, above, tuple(f"{wording} {other}".strip() for wording in wordings))
        for name, family, measure, above, other, wordings in _TERMS
    }
)
"""Every term by its name."""

MEASURES: tuple[str, ...] = tuple(dict.fromkeys(term.measure for term in TERMS.values()))
"""Names of the measurements that terms rest on."""

MEASURE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "colour_shift_delta_e": "colour distance from the surroundings, Delta E 1976",
        "chroma_shift_c": "chroma minus that of the surroundings, CIE Lab",
        "brightness_shift_l": "lightness minus that of the surroundings, CIE Lab",
        "sharpness_ratio": "sharpness over that of the surroundings",
        "noise_ratio": "noise over that of the surroundings",
        "patchiness_ratio": "patchiness over that of the surroundings",
        "boundary_contrast_ratio": "contrast of the border over that beside it",
        "side_colour_delta_e": "colour distance from the other side, Delta E 1976",
        "side_sharpness_ratio": "sharpness over that of the other side",
    }
)
"""Every measurement as people read it, with its unit; one *over* another is a ratio."""

ADVERBS: Mapping[Severity, str] = MappingProxyType({Severity.SLIGHT: "slightly", Severity.CLEAR: "clearly"})

UNCLEAR = ("altered without a measured trace", "altered, but no measure shows it")
"""After "is" or "are": known from the truth alone."""

DENIAL = "nothing was altered in the"
"""Before a part: a denial, which a measured artifact speaks against."""

UNALTERED = frozenset({"usual", "untouched"})
"""Terms of statements that call no part altered: all that is measured is usual, or nothing was altered."""

PARTLY = ("altered in part", "altered in a part without a name")
"""After "is" or "are": altered, and no artifact is named."""

USUAL = (
    "in the range of real faces in colour, detail and noise",
    "as even in colour, detail and noise as in real faces",
)
"""After "is" or "are": no measure lies beyond the range of real faces."""
