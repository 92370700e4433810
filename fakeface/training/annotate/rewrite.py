"""Rewriting free text by somebody else's model, without letting it touch what is grounded or measured."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fakeface.answers import FIELDS
from fakeface.errors import FakefaceError, SettingsError

__all__ = ["CommandRewriter", "RewriteError", "Rewriter", "Rewritten", "acceptable", "rewrite"]

LONGEST = 3
"""A rewriting may be so many times as long as the original, and 80 characters more."""


class RewriteError(FakefaceError):
    """A rewriter gave no text for this one; the original stays."""


class Rewriter(Protocol):
    """Gives a text in other words."""

    def __call__(self, text: str) -> str:
        """The text in other words.

        Raises:
            RewriteError: it has none.
        """
        ...


@dataclass(frozen=True, slots=True)
class CommandRewriter:
    """A program that takes a text on standard input and gives one on standard output; UTF-8, no shell.

    Args:
        argv: the program and its arguments.
        timeout_s: seconds for one text.

    Raises:
        SettingsError: there is no such program.
    """

    argv: Sequence[str]
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.argv or shutil.which(self.argv[0]) is None:
            raise SettingsError(f"there is no program {' '.join(self.argv) or 'to rewrite with'}")

    def __call__(self, text: str) -> str:
        """The program's text.

        Raises:
            RewriteError: the program failed, took too long, or wrote no UTF-8.
        """
        try:
            done = subprocess.run(  # noqa: S603 - the user's own program, no shell
                list(self.argv), input=text.encode(), capture_output=True, timeout=self.timeout_s, check=True
            )
            return done.stdout.decode("utf-8").strip()
        except (subprocess.SubprocessError, OSError, UnicodeDecodeError) as error:
            raise RewriteError(f"{self.argv[0]} gave no text: {type(error).__name__}") from error


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of one text.

    Args:
        text: the new one, or the original.
        taken: whether it is the rewriter's; ``None`` where there was nothing to rewrite with.
    """

    text: str
    taken: bool | None


_GROUNDED = re.compile(r"<p>(.*?)</p>\s*(\[SEG\]|\[NOSEG\])?", re.S)
_MARKS = re.compile(r"</?p>|\[SEG\]|\[NOSEG\]|\d+(?:[.,]\d+)?")
_FIELD = re.compile(rf"\b(?:{'|'.join(FIELDS)})\s*:", re.IGNORECASE)


def acceptable(original: str, text: str) -> bool:
    """Whether a rewriting keeps every grounded phrase with its tag, every number, and the form of one line."""
    if not text.strip() or "\n" in text or len(text) > LONGEST * len(original) + 80 or _FIELD.search(text):
        return False
    if _GROUNDED.findall(original) != _GROUNDED.findall(text):
        return False
    return sorted(_MARKS.findall(original)) == sorted(_MARKS.findall(text))


def rewrite(text: str, rewriter: Rewriter | None) -> Rewritten:
    """The text in other words where there is a rewriter and what it gives is acceptable."""
    if rewriter is None:
        return Rewritten(text, None)
    try:
        other = rewriter(text)
    except RewriteError:
        return Rewritten(text, False)
    return Rewritten(other.strip(), True) if acceptable(text, other.strip()) else Rewritten(text, False)
