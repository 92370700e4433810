"""Finding a concept by what people write: synonyms, either order of words, and the two meanings of left and right."""

from __future__ import annotations

import re
from difflib import get_close_matches

from fakeface.concepts.tree import CONCEPTS, Concept
from fakeface.errors import SettingsError

__all__ = ["look_up", "nearest", "written_forms"]

_ALIASES = {
    "l": "left",
    "r": "right",
    "c": "center",
    "centre": "center",
    "central": "center",
    "middle": "center",
    "eyebrow": "brow",
    "eyebrows": "brows",
    "lid": "eyelid",
    "lids": "eyelids",
    "color": "colour",
}
_SILENT = frozenset(
    ["a", "an", "area", "at", "her", "his", "in", "its", "of", "on", "own", "part", "person", "region", "s", "side"]
) | {"subject", "the", "their", "to"}
_VIEWER = frozenset(["image", "observer", "photo", "photograph", "picture", "viewer"])
_OTHER = {"left": "right", "right": "left"}


def _key(text: str) -> tuple[str, tuple[str, ...]]:
    """(side or nothing, the other words that matter, sorted)."""
    words = [_ALIASES.get(word, word) for word in re.findall(r"[a-z]+", text.lower())]
    sides = {word for word in words if word in _OTHER}
    side = sides.pop() if len(sides) == 1 else "".join(sorted(sides))
    if any(word in _VIEWER for word in words):
        side = _OTHER.get(side, side)
    rest = [word for word in words if word not in _OTHER and word not in _VIEWER]
    telling = [word for word in rest if word not in _SILENT]
    return side, tuple(sorted(telling or rest))


def written_forms(concept: Concept) -> tuple[str, ...]:
    """All ways in which a concept may be written: its name, its words, its synonyms."""
    return (concept.name, concept.words, *concept.synonyms)


_BY_KEY = {_key(form): concept for concept in CONCEPTS.values() for form in written_forms(concept)}
_BY_FORM = {form.replace("_", " "): one.name for one in CONCEPTS.values() for form in written_forms(one)}


def look_up(text: str) -> Concept:
    """The concept that is meant by a name, its words or a synonym.

    Left and right are the subject's. Words like *image left* or *viewer's right* mean the other one: what is seen at
    the left of the picture is the subject's right. Case, order of words, underscores and ``l``/``r`` do not matter.

    Raises:
        SettingsError: nothing is called so; the message offers the nearest names.
    """
    found = _BY_KEY.get(_key(text))
    if found is None:
        offers = ", ".join(CONCEPTS[name].words for name in nearest(text))
        raise SettingsError(f"no part of a face is called {text!r}" + (f"; nearest: {offers}" if offers else ""))
    return found


def nearest(text: str, most: int = 3) -> tuple[str, ...]:
    """Names of the concepts written most like the text, best first, at most ``most``; none where nothing is alike."""
    alike = [_BY_FORM[form] for form in get_close_matches(text.lower(), _BY_FORM, n=3 * most, cutoff=0.6)]
    alike += [_BY_SORTED[form] for form in get_close_matches(_sorted(_key(text)), _BY_SORTED, n=3 * most, cutoff=0.6)]
    return tuple(dict.fromkeys(alike))[:most]


def _sorted(key: tuple[str, tuple[str, ...]]) -> str:
    return " ".join([key[0], *key[1]]).strip()


_BY_SORTED = {_sorted(key): concept.name for key, concept in _BY_KEY.items()}
