"""A data set in the making: numbered pieces of work, done by several processes, written in their order, resumable.

Only the parent writes, and only in the order of the numbers, so that a folder's bytes depend neither on how many
processes worked nor on whether the run was killed in between.
"""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import cv2

from fakeface.errors import BackendError, OutputError
from fakeface.training.forge.recipe import GIVEN
from fakeface.training.formats.annotated import VERSION, Annotated
from fakeface.training.formats.skips import load_json, write_json
from fakeface.training.whole import SUFFIX

__all__ = ["ROWS", "SETTINGS", "SKIPPED", "Ledger", "Left", "Made", "Totals", "claim", "in_order"]

ROWS, SKIPPED, SETTINGS = "annotated.jsonl", "skipped.jsonl", "settings.json"

AHEAD = 4
"""Pieces of work per process that are under way or finished before their turn to be written."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """A finished pair.

    Args:
        number: of the piece of work.
        kind: what it is counted as: the operator, or the class where the fake was given.
        rows: what is written about it.
        files: contents by the path below the data set's folder.
    """

    number: int
    kind: str
    rows: tuple[Annotated, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was left out.

    Args:
        number: of the piece of work; ``None`` for what was left out beforehand.
        path: of the picture, as the manifest names it.
        reason: why, for people; ``detail`` aside, few different ones.
        examined: whether the input itself was in order; false where it is missing, unreadable or without a face.
        kind: the operator, where one was asked.
        detail: numbers and names that belong to the reason.
    """

    number: int | None
    path: str
    reason: str
    examined: bool = True
    kind: str = ""
    detail: str = ""

    def line(self) -> str:
        """One line of ``skipped.jsonl``."""
        told = {"pair": self.number, "path": self.path, "reason": self.reason, "examined": self.examined}
        told |= {"operator": self.kind} if self.kind else {}
        return json.dumps(told | ({"detail": self.detail} if self.detail else {}), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a data set holds: pairs by operator, and what was left out by reason; ``unexamined`` inputs are a part."""

    made: Mapping[str, int]
    left: Mapping[str, int]
    unexamined: int

    @property
    def pairs(self) -> int:
        """Pairs of all operators."""
        return sum(self.made.values())


def claim(out: Path, terms: Mapping[str, Any], extensible: Sequence[str] = ()) -> None:
    """Make a folder this run's, or go on in the folder of an earlier run with the same terms (``settings.json``).

    Terms that are not there yet are added, so that what is known only later can be claimed later.

    Args:
        out: an existing folder.
        terms: JSON-ready settings that the result depends on.
        extensible: names of terms that may differ; the new value is written.

    Raises:
        OutputError: the folder belongs to other settings, or holds something else.
    """
    place, wanted = out / SETTINGS, json.loads(json.dumps(terms))
    if not place.exists():
        if any(one.name != SETTINGS + SUFFIX for one in out.iterdir()):
            raise OutputError(f"{out} holds something else; nothing is overwritten")
        write_json(place, wanted)
        return
    stored = load_json(place)
    if not isinstance(stored, dict):
        raise OutputError(f"{place} is damaged, so it cannot be said what {out} was made with")
    for name, value in wanted.items():
        if name in stored and stored[name] != value and name not in extensible:
            raise OutputError(f"{out} was made with other settings: {name} was {stored[name]}, now {value}")
    if stored | wanted != stored:
        write_json(place, stored | wanted)


class Ledger:
    """``annotated.jsonl`` and ``skipped.jsonl``, locked against a second process, and how far they have come.

    Lines that a kill has cut off, pairs that are not whole and pairs whose pictures are gone are removed, with
    everything after them: they are made again.

    Args:
        out: the folder.
        before: what was left out before the first pair; ``None`` to look only.

    Raises:
        OutputError: another process writes there.
    """

    def __init__(self, out: Path, before: Sequence[Left] | None = None) -> None:
        self.out, self.next = out, 0
        self._made: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._unexamined = 0
        self._rows = (out / ROWS).open("a+b")
        try:
            fcntl.flock(self._rows, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._rows.close()
            raise OutputError(f"another run is writing into {out}") from error
        self._skipped = (out / SKIPPED).open("a+b")
        self._recover(before)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._skipped.close()

    @property
    def totals(self) -> Totals:
        """What there is so far."""
        return Totals(dict(sorted(self._made.items())), dict(self._left.most_common()), self._unexamined)

    def write(self, result: Made | Left) -> None:
        """Write the next result: its files first, then its lines.

        Raises:
            OutputError: the disk does not take it.
        """
        try:
            if isinstance(result, Left):
                self._skipped.write(f"{result.line()}\n".encode())
                self._skipped.flush()
            else:
                for name, content in result.files.items():
                    place = self.out / name
                    place.parent.mkdir(exist_ok=True)
                    place.write_bytes(content)
                self._rows.write("".join(map(_line, result.rows)).encode())
                self._rows.flush()
        except OSError as error:
            raise OutputError(f"cannot write into {self.out}: {error.strerror}") from error
        if isinstance(result, Left):
            self._count_left(result.reason, result.examined)
        else:
            self._made[result.kind] += 1
        self.next = self.next if result.number is None else result.number + 1

    def _count_left(self, reason: str, examined: bool) -> None:
        self._left[reason] += 1
        self._unexamined += not examined

    def _recover(self, before: Sequence[Left] | None) -> None:
        rows, left = list(_whole_lines(self._rows)), list(_whole_lines(self._skipped))
        pairs = Counter(line["made"]["pair"] for _, line in rows)
        ends = {line["made"]["pair"]: end for end, line in rows}
        broken = {number for number, count in pairs.items() if count < 2}
        broken |= {line["made"]["pair"] for _, line in rows if not self._is_there(line)}
        stop = min(broken, default=None)
        kept = [number for number in ends if stop is None or number < stop]
        self._rows.truncate(max((ends[number] for number in kept), default=0))
        numbered = [(end, line) for end, line in left if line["pair"] is None or stop is None or line["pair"] < stop]
        started = bool(kept) or any(line["pair"] is not None for _, line in numbered)
        self._skipped.truncate(numbered[-1][0] if numbered and (started or before is None) else 0)
        if not started and before is not None:
            for one in before:
                self.write(one)
            return
        for _, line in numbered:
            self._count_left(line["reason"], line["examined"])
        kinds = {line["made"]["pair"]: _kind(line) for _, line in rows}
        self._made.update(kinds[number] for number in kept)
        done = [*kept, *(line["pair"] for _, line in numbered if line["pair"] is not None)]
        self.next = 1 + max(done, default=-1)

    def _is_there(self, line: dict[str, Any]) -> bool:
        """Whether the files of a row that the run itself wrote are there."""
        return all((self.out / name).is_file() for name in line["made"].get("files", ()))


def _kind(line: dict[str, Any]) -> str:
    """What a pair is counted as, from the line of its fake: the operator, or the class where the fake was given."""
    operator = line["made"]["operator"]
    return str(line["forgery"] if operator == GIVEN else operator)


def _line(row: Annotated) -> str:
    line = {"version": VERSION, **row.model_dump(mode="json", exclude_defaults=True)}
    return json.dumps(line, ensure_ascii=False) + "\n"


def _whole_lines(handle: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """(place of its end, value) of every line up to the first that is cut off or broken."""
    handle.seek(0)
    end = 0
    for raw in handle:
        end += len(raw)
        try:
            value = json.loads(raw)
        except ValueError:
            return
        if not raw.endswith(b"\n"):
            return
        yield end, value


def in_order(
    make: Callable[[int], T],
    numbers: Iterator[int],
    workers: int,
    start: Callable[..., None],
    given: tuple[Any, ...],
) -> Iterator[T]:
    """``make`` of every number, in order, by this process or by several.

    Args:
        make: a module's function.
        numbers: pieces of work; they may be endless, since only a few are taken ahead.
        workers: processes; 1 works in this one.
        start: prepares a process for ``make``.
        given: to ``start``.

    Raises:
        BackendError: a process died.
    """
    if workers == 1:
        cv2.setNumThreads(1)
        start(*given)
        yield from map(make, numbers)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start_process, (start, given))
    try:
        under_way = deque(pool.submit(make, number) for number in islice(numbers, workers * AHEAD))
        while under_way:
            result = under_way.popleft().result()
            under_way.extend(pool.submit(make, number) for number in islice(numbers, 1))
            yield result
    except BrokenProcessPool as error:
        raise BackendError(
            "a working process died, perhaps for want of memory; run again, with fewer --workers"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_process(start: Callable[..., None], given: tuple[Any, ...]) -> None:
    """Leave Ctrl-C to the parent, end when it is killed, and prepare for the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    cv2.setNumThreads(1)
    start(*given)


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
