"""Which pairs a training sees again: those that it put into the wrong order.

Hard-example mining in the training's own pace (Shrivastava et al. 2016, arXiv 1604.03540, picks the hardest of what it
sees and learns from these alone): as a pair has a number from which it is forged, only numbers are kept, and nothing is
looked at for the sake of choosing. Given fakes and whole faces are not seen again: they are few, and met often enough
to be known by heart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from fakeface.errors import SettingsError

__all__ = ["HardPairs"]

TIMES = 3
"""So often a pair is seen at most: one that stays wrong may show nothing of its forgery."""

WAITING = 4096
"""Pairs that wait at most; the oldest give way."""


class HardPairs:
    """The order in which pairs are drawn: new ones by their number, and among them those that were got wrong.

    Args:
        first: number of the first new pair.
        share: of the pairs drawn that are seen again, as long as any wait; 0..0.5.
        waiting: number and times seen of pairs that wait, as ``state`` gave them.

    Raises:
        SettingsError: the share is outside 0..0.5.
    """

    def __init__(self, first: int, share: float, waiting: Sequence[Sequence[int]] = ()) -> None:
        if not 0 <= share <= 0.5:
            raise SettingsError(f"between none and half of the pairs are seen again (0 to 0.5), not {share}")
        self._new, self._share = first, share
        self._waiting = deque(((number, times) for number, times in waiting), maxlen=WAITING)
        self._drawn: deque[tuple[int, int]] = deque()

    def __iter__(self) -> Iterator[int]:
        """Numbers of pairs, without end."""
        due = 0.0
        while True:
            due += self._share
            if due >= 1 and self._waiting:
                due -= 1
                number, times = self._waiting.popleft()
            else:
                due = min(due, 1 - self._share)
                number, times = self._new, 0
                self._new += 1
            self._drawn.append((number, times + 1))
            yield number

    def learned(self, wrong: Sequence[bool]) -> None:
        """Which of the pairs drawn first, and not reported yet, were got wrong and may be seen again."""
        for again in wrong:
            number, times = self._drawn.popleft()
            if again and times < TIMES:
                self._waiting.append((number, times))

    @property
    def state(self) -> list[list[int]]:
        """Number and times seen of every pair that waits."""
        return [[number, times] for number, times in self._waiting]
