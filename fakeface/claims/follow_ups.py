"""What is answered to follow-up questions (how sure, on what grounds, what stays open), all by what was measured."""

from __future__ import annotations

from collections.abc import Sequence

from fakeface.claims.nothing import LOOKED_AT
from fakeface.claims.scene import Scene
from fakeface.claims.values import Severity
from fakeface.concepts import CONCEPTS, LEAVES
from fakeface.decision import Verdict

__all__ = [
    "ALL_USUAL",
    "METHOD",
    "METHOD_WHOLE",
    "NAMELESS",
    "NEITHER",
    "NOT_KNOWN",
    "NOWHERE",
    "SURE",
    "grounds",
    "how_sure",
    "what_is_open",
]

METHOD = (
    "Each region was compared with what lies around it in colour, light, detail, noise and edges.",
    "Colour, light, detail, noise and edges of each region were measured against what lies around it.",
)
METHOD_WHOLE = (
    "The face was judged as a whole; no region was measured.",
    "No region was measured, only the face as a whole.",
)
SURE = {
    Severity.CLEAR: ("Quite sure: a measurement lies clearly beyond the range of real faces.",),
    Severity.SLIGHT: ("Fairly sure: a measurement lies slightly beyond the range of real faces.",),
    Severity.NONE: ("Not very: on the marked parts no measurement lies beyond the range of real faces.",),
}
ALL_USUAL = "Fairly sure: all that was measured lies in the range of real faces."
NEITHER = "Not very: no measurement speaks for either side."
NOWHERE = "Not very: there is no local evidence."
NAMELESS = "Not very: the artifact mask lies on no part that has a name."
OUTSIDE = "Not very: some measurements lie beyond the range of real faces."
MARKED = "Not very: an artifact mask speaks against the result."
INCONCLUSIVE = "Not sure: the result is inconclusive."
SCORES = "The result rests on the scores of a network."
NOT_KNOWN = (
    "Who made the picture, and with which program, cannot be told from it.",
    "Nothing in the picture tells who made it, or with which program.",
)


def how_sure(scene: Scene, altered: Sequence[str], verdict: Verdict, masked: bool) -> tuple[str, ...]:
    """Every answer to how sure the result is: by the measurements, and none for a result that is none.

    Args:
        scene: the face with its artifact mask.
        altered: the parts that the mask covers.
        verdict: on the face.
        masked: whether the face shows an artifact mask, on a part with a name or on none.
    """
    if verdict is Verdict.INDETERMINATE:
        return (INCONCLUSIVE,)
    if verdict is Verdict.REAL:
        return (MARKED,) if masked else (_of_unaltered(scene),)
    if not altered:
        return (NAMELESS if masked else NOWHERE,)
    return SURE[max((scene.findings(name)[0].severity for name in altered), key=list(Severity).index)]


def _of_unaltered(scene: Scene) -> str:
    measured = [name for name in LOOKED_AT if scene.assessable(name) and scene.measurements(name)]
    if not measured:
        return NEITHER
    return ALL_USUAL if all(scene.usual(name) for name in measured) else OUTSIDE


def grounds(scene: Scene) -> tuple[str, ...]:
    """Every answer to what the result is based on."""
    measured = any(scene.assessable(name) and scene.measurements(name) for name in LOOKED_AT)
    return tuple(f"{SCORES} {one}" for one in (METHOD if measured else METHOD_WHOLE))


def what_is_open(scene: Scene) -> tuple[str, ...]:
    """Every answer to what cannot be told: a part that cannot be assessed here with its reason, and who made it."""
    reasons = zip(LEAVES, scene.leaves.reasons, strict=True)
    hidden = [f"The {CONCEPTS[leaf.name].words} cannot be assessed here: {why}. " for leaf, why in reasons if why]
    return tuple(f"{one}{NOT_KNOWN[number % 2]}" for number, one in enumerate(hidden or [""]))
