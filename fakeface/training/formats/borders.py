"""The class names of other systems and ours, both ways; what a border cannot carry is said in ``LOST``."""

from __future__ import annotations

from collections.abc import Mapping

from fakeface.answers import ForgeryClass

__all__ = ["DFA_NAMES", "FFAA_NAMES", "LOST", "read_class"]

FFAA_NAMES: Mapping[ForgeryClass, str] = {
    ForgeryClass.REAL: "Real",
    ForgeryClass.IDENTITY_SWAP: "Identity exchange",
    ForgeryClass.REENACTMENT: "Facial attribute manipulation",
    ForgeryClass.EDITING: "Facial attribute manipulation",
    ForgeryClass.WHOLE_FACE_SYNTHESIS: "Entire face synthesis",
}
"""Ours -> FFAA's (arXiv 2408.10072)."""

DFA_NAMES: Mapping[ForgeryClass, str] = {
    ForgeryClass.REAL: "Real",
    ForgeryClass.IDENTITY_SWAP: "FS",
    ForgeryClass.REENACTMENT: "FR",
    ForgeryClass.EDITING: "FE",
    ForgeryClass.WHOLE_FACE_SYNTHESIS: "EFS",
}
"""Ours -> those of DFA-GPT (arXiv 2501.01164)."""

LOST: Mapping[str, str] = {
    "ffaa": "Reenactment and editing are both written as 'Facial attribute manipulation'; that name is read as "
    "reenactment, as in model answers.",
    "dfa": "Nothing: its four forged classes are ours.",
    "unknown": "A forgery of unknown kind has no name at either border.",
}
"""What does not survive the way out and back."""

_OTHER_NAMES = {
    "bona fide": ForgeryClass.REAL,
    "face swapping": ForgeryClass.IDENTITY_SWAP,
    "face reenactment": ForgeryClass.REENACTMENT,
    "face editing": ForgeryClass.EDITING,
}


def _names() -> dict[str, tuple[ForgeryClass, ...]]:
    names: dict[str, tuple[ForgeryClass, ...]] = {name: (forgery,) for name, forgery in _OTHER_NAMES.items()}
    for forgery in ForgeryClass:
        for name in (forgery.value, forgery.words, FFAA_NAMES[forgery], DFA_NAMES[forgery]):
            known = names.setdefault(name.lower(), ())
            names[name.lower()] = known if forgery in known else (*known, forgery)
    return names


_CLASSES = _names()


def read_class(name: str) -> tuple[ForgeryClass, ...]:
    """The classes that a name of ours, FFAA's or DFA's can mean, the one that counts first; empty for another name."""
    return _CLASSES.get(" ".join(name.lower().split()), ())
