"""Finding a concept by what people write: synonyms, either order of words, and the two meanings of left and right."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_SIDES = frozenset([*_OTHER, "l", "r"])

_EXAMPLES = "left eye, nose and mouth"
_ALL_NAMES = "all names: docs/concepts.md"


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
    Where nothing is called so, the last word that tells is taken in its other number (*left eyelid*, *left eyelids*).

    Raises:
        SettingsError: nothing is called so; the message offers the nearest names.
    """
    if not text.strip():
        raise SettingsError(f"the name of the part is empty; there are for example {_EXAMPLES}; {_ALL_NAMES}")
    for form in (text, *_other_number(text)):
        found = _BY_KEY.get(_key(form))
        if found is not None:
            return found
    offers = ", ".join(CONCEPTS[name].words for name in nearest(text) or _least_unlike(text))
    raise SettingsError(f"no part of a face is called {text!r}; nearest: {offers}; {_ALL_NAMES}")


def _other_number(text: str) -> Iterator[str]:
    """The text with its last word that tells in the plural, or in the singular where it ends like a plural."""
    telling = [one for one in re.finditer(r"[a-z]+", text.lower()) if one[0] not in _SILENT | _VIEWER | _SIDES]
    if not telling:
        return
    last = telling[-1]
    others = (last[0][:-1], last[0].removesuffix("es")) if last[0].endswith("s") else (f"{last[0]}s", f"{last[0]}es")
    for other in others:
        yield text.lower()[: last.start()] + other + text.lower()[last.end() :]


def nearest(text: str, most: int = 3) -> tuple[str, ...]:
    """Names of the concepts written most like the text, best first, at most ``most``; none where nothing is alike."""
    alike = [_BY_FORM[form] for form in get_close_matches(text.lower(), _BY_FORM, n=3 * most, cutoff=0.6)]
    alike += [_BY_SORTED[form] for form in get_close_matches(_sorted(_key(text)), _BY_SORTED, n=3 * most, cutoff=0.6)]
    return tuple(dict.fromkeys(alike))[:most]


def _least_unlike(text: str, most: int = 3) -> tuple[str, ...]:
    """Names that share most pairs of letters with a text that is like none; cheap, for texts of models have many."""
    pairs = _pairs(text)
    order = sorted(_PAIRS, key=lambda form: -len(pairs & _PAIRS[form]) / len(pairs | _PAIRS[form]))
    return tuple(dict.fromkeys(_BY_FORM[form] for form in order[: 3 * most]))[:most]


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text.lower()[place : place + 2] for place in range(len(text.lower()) - 1))


_PAIRS = {form: _pairs(form) for form in _BY_FORM}


def _sorted(key: tuple[str, tuple[str, ...]]) -> str:
    return " ".join([key[0], *key[1]]).strip()


_BY_SORTED = {_sorted(key): concept.name for key, concept in _BY_KEY.items()}
