"""How the views write numbers and scores: the same everywhere, and no score as if it were certain."""

from __future__ import annotations

__all__ = ["number_words", "score_digits", "score_words"]

NEAR = 0.005
"""A score nearer to 0 or 1 than this would be rounded to certainty by two decimals."""

CERTAIN = {"0.0000": "<0.0001", "1.0000": ">0.9999"}
"""What stands where four decimals would round a score to certainty; no network is certain."""


def number_words(number: float | None, digits: int = 2) -> str:
    """A number with so many decimals; a dash where there is none."""
    return "—" if number is None else f"{number:.{digits}f}"


def score_digits(*scores: float) -> int:
    """Decimals of scores that stand together: two, or four where two would round one of them to certainty."""
    return 2 if all(NEAR <= one < 1 - NEAR for one in scores) else 4


def score_words(score: float | None, digits: int | None = None) -> str:
    """A network's score, 0 to 1, never rounded to certainty: ``0.83``, ``0.9987``, ``>0.9999``; a dash without one.

    Args:
        score: 0..1; ``None`` where there is none.
        digits: decimals, two or four; ``None`` takes those of ``score_digits``.
    """
    if score is None:
        return "—"
    shown = number_words(score, digits or score_digits(score))
    return CERTAIN.get(shown, shown)
