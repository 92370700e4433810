"""What is measured is written down face by face and set by set, so that an interrupted bench goes on."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from fakeface.bench.values import Batch, ScoredFace
from fakeface.errors import SettingsError
from fakeface.training.whole import write_whole

__all__ = ["FinishedSet", "Journal", "agree", "read_lines"]

Line = TypeVar("Line", bound=BaseModel)


class FinishedSet(BaseModel):
    """The account of one set.

    Args:
        name: as figures call it.
        origin: what it was made of; the same name with another origin is another set.
        faces: measured.
        left_out: reason -> pairs, or single files, that could not be measured.
        seconds: wall time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    origin: str
    faces: int
    left_out: dict[str, int]
    seconds: float


class Journal:
    """The folder of one bench: ``settings.json``, ``scores.jsonl`` (faces) and ``sets.jsonl`` (finished sets).

    Args:
        folder: made where it is not there.
        settings: what figures depend on; must be those that the folder was begun with.

    Raises:
        SettingsError: the folder was begun with other settings, or holds lines that are none of ours.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        agree(folder, settings, begun_by="scores.jsonl")
        self.finished = {one.name: one for one in read_lines(folder / "sets.jsonl", FinishedSet)}
        # A set that was interrupted is measured again from its start: its faces are dropped here.
        kept = [face for face in read_lines(folder / "scores.jsonl", ScoredFace) if face.set_name in self.finished]
        write_whole(folder / "scores.jsonl", "".join(face.model_dump_json() + "\n" for face in kept))
        write_whole(folder / "sets.jsonl", "".join(one.model_dump_json() + "\n" for one in self.finished.values()))
        self.faces: list[ScoredFace] = kept

    def has(self, name: str, origin: str) -> bool:
        """Whether a set is finished.

        Raises:
            SettingsError: a set of this name is finished, but was made of something else.
        """
        done = self.finished.get(name)
        if done is not None and done.origin != origin:
            raise SettingsError(f"{self.folder} holds a set {name} that was made of something else: give another --out")
        return done is not None

    def record(self, name: str, origin: str, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Write the batches of a set as they come and pass them on; at the end its account."""
        started = time.perf_counter()
        faces: list[ScoredFace] = []
        left_out: Counter[str] = Counter()
        with (self.folder / "scores.jsonl").open("a", encoding="utf-8") as handle:
            for batch in batches:
                handle.writelines(face.model_dump_json() + "\n" for face in batch.faces)
                handle.flush()
                faces += batch.faces
                left_out.update(batch.left_out)
                yield batch
        done = FinishedSet(
            name=name,
            origin=origin,
            faces=len(faces),
            left_out=dict(left_out),
            seconds=round(time.perf_counter() - started, 1),
        )
        with (self.folder / "sets.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(done.model_dump_json() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        self.finished[name] = done
        self.faces += faces


def agree(folder: Path, settings: Mapping[str, Any], *, begun_by: str) -> None:
    """See that a folder was begun with these settings; a fresh one is begun.

    Args:
        folder: of a bench.
        settings: what figures depend on, JSON-ready; kept as ``settings.json``.
        begun_by: name of the file that is only there where a bench was begun.

    Raises:
        SettingsError: it was begun with others.
    """
    path, settings = folder / "settings.json", json.loads(json.dumps(dict(settings)))
    if not path.is_file():
        if (folder / begun_by).exists():
            raise SettingsError(f"{folder} holds scores of an earlier release: give another --out")
        write_whole(path, json.dumps(settings, indent=1, sort_keys=True) + "\n")
        return
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SettingsError(f"{path} cannot be read: give another --out") from error
    other = sorted(key for key in {*begun, *settings} if begun.get(key) != settings.get(key))
    if other:
        raise SettingsError(
            f"{folder} was begun with other settings ({', '.join(other)}): give the same ones or another --out"
        )


def read_lines(path: Path, kind: type[Line]) -> list[Line]:
    """Complete lines of a file of JSON Lines; the last one may have been cut off.

    Raises:
        SettingsError: a line is none of ours.
    """
    if not path.is_file():
        return []
    found = []
    # Not by splitlines, which also ends lines at characters that a file's name may hold.
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            found.append(kind.model_validate_json(line))
        except ValidationError as error:
            raise SettingsError(f"{path}, line {number} cannot be read: give another --out") from error
    return found
