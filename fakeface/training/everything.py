"""All stages of a training in their order, out of one recipe: finished ones are skipped, interrupted ones go on."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fakeface.errors import SettingsError
from fakeface.training.batch import claim
from fakeface.training.encoder import EncoderTraining
from fakeface.training.formats.skips import first_error, load_json, write_json
from fakeface.training.formats.splits import SplitName, SplitRule
from fakeface.training.language import LanguageTraining
from fakeface.training.leaks import duplicates_in, find_leaks, read_splits
from fakeface.training.manifest import read_faces
from fakeface.training.masks import MasksTraining
from fakeface.training.mids import MidsTraining
from fakeface.training.prepare import prepare
from fakeface.training.processes import alone
from fakeface.training.prompter import PrompterTraining
from fakeface.training.release import release
from fakeface.training.stages import (
    Mining,
    Place,
    encoder_stage,
    language_stage,
    masks_stage,
    mids_stage,
    mining_stage,
    prompter_stage,
)
from fakeface.training.whole import write_whole

__all__ = ["Everything", "Leaking", "Preparing", "Releasing", "Target", "load_everything", "train_everything"]

MACHINE = ("compiled", "device", "threads", "workers")
"""Settings that say where a training runs, and may differ when it goes on."""

KEPT = "kept"
"""Folder of the faces that are left after the search for leaks."""

Progress = Callable[[Iterator[Any], int], Iterable[Any]]
"""Wraps an iterator of so many items, to show how far it is."""


@dataclass(frozen=True, slots=True)
class Preparing:
    """How faces are found: ``workers`` processes, the data set's ``layout``, and which ``split`` its rows get."""

    workers: int = 2
    layout: str = "auto"
    split: SplitName = "auto"


@dataclass(frozen=True, slots=True)
class Leaking:
    """Whether training faces with a near-duplicate in another split are left out of the training."""

    leave_out: bool = True


@dataclass(frozen=True, slots=True)
class Releasing:
    """Pairs of calibration faces that the cuts are chosen on, and those for the likelihood ratio."""

    calib_pairs: int = 400
    ratio_pairs: int = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """What is released: a profile in the folder ``weights``, its ``version``, and one sentence on its ``data``."""

    weights: Path
    version: str
    data: str


class Everything(BaseModel):
    """Settings of every stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prepare: Preparing = Preparing()
    leaks: Leaking = Leaking()
    encoder: EncoderTraining = EncoderTraining()
    prompter: PrompterTraining = PrompterTraining()
    language: LanguageTraining = LanguageTraining()
    masks: MasksTraining = MasksTraining()
    mine: Mining = Mining()
    mids: MidsTraining = MidsTraining()
    release: Releasing = Releasing()

    @field_validator("*", mode="before")
    @classmethod
    def _names_exist(cls, table: Any, info: Any) -> Any:
        kind = cls.model_fields[info.field_name].annotation
        known = {one.name for one in fields(kind)} if is_dataclass(kind) else set()
        unknown = sorted(set(table) - known) if isinstance(table, dict) else []
        if unknown:
            raise ValueError(f"there is no setting {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        return table

    def terms(self) -> dict[str, dict[str, Any]]:
        """The settings that results depend on, by stage."""
        stages = {name: asdict(getattr(self, name)) for name in type(self).model_fields}
        return {name: {k: v for k, v in one.items() if k not in MACHINE} for name, one in stages.items()}


def load_everything(source: str, changes: Sequence[str] = (), machine: Mapping[str, Any] | None = None) -> Everything:
    """Read a shipped recipe by its name, or a file.

    Args:
        source: name or path.
        changes: ``stage.setting=value`` in the notation of TOML; they win over the recipe.
        machine: settings of the computer (threads, device) for every stage that has them.

    Raises:
        SettingsError: there is no such recipe, or it cannot be followed.
    """
    shipped = resources.files(__package__) / "recipes" / f"{source}.toml"
    place = shipped if shipped.is_file() else Path(source)
    try:
        tables: dict[str, Any] = tomllib.loads(place.read_text(encoding="utf-8"))
        for change in changes:
            _lay_over(tables, tomllib.loads(change))
        for stage, field in Everything.model_fields.items():
            known = {one.name for one in fields(field.annotation)} if is_dataclass(field.annotation) else set()
            _lay_over(tables, {stage: {k: v for k, v in (machine or {}).items() if k in known}})
        return Everything.model_validate(tables)
    except OSError as error:
        raise SettingsError(f"there is no recipe {source}: give a file or `compact`") from error
    except ValidationError as error:
        raise SettingsError(f"{source} is no recipe for all stages: {first_error(error)}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{source} or a change to it is no TOML: {error}") from error


def _lay_over(tables: dict[str, Any], more: Mapping[str, Any]) -> None:
    for stage, table in more.items():
        if not isinstance(table, dict) or not isinstance(tables.get(stage, {}), dict):
            raise SettingsError(f"a change is STAGE.SETTING=VALUE, which {stage} is not")
        tables[stage] = {**tables.get(stage, {}), **table}


def train_everything(
    manifest: Path, out: Path, settings: Everything, progress: Progress, target: Target | None = None
) -> Iterator[dict[str, Any]]:
    """Run all stages; yields what each reports, with the name of the ``stage`` first.

    Writes ``faces/``, ``leaks.json``, ``kept/``, a folder for every stage, and in ``stages.json`` what is done
    with times and last figures. With the same settings, on the same machine and threads, networks and figures are
    the same, unless minutes end a stage. Leaks are told and do not stop the training; where near-duplicates are left
    out, the stages after them read ``kept/``: all prepared faces but those of the training split that have one in
    another.

    Args:
        manifest: as ``prepare`` takes it.
        out: folder of this training.
        settings: of all stages.
        progress: shows how far preparation and the search for leaks are.
        target: what to release; ``None`` ends with MIDS.

    Raises:
        OutputError: ``out`` belongs to other settings, or holds something else.
        SettingsError: answers without all fields, or a MIDS that reads something else than a profile's, are to be
            released.
    """
    alone("`train all`")
    if target is not None and settings.language.fields != "all":
        raise SettingsError("a profile's answers have all fields: language.fields is for trainings to compare")
    if target is not None and settings.mids.reads != "all":
        raise SettingsError("a profile's MIDS reads description and reasoning: mids.reads is for trainings to compare")
    out.mkdir(parents=True, exist_ok=True)
    claim(out, {"manifest": str(manifest.absolute()), **settings.terms()})
    place = Place(out / "faces", manifest if manifest.is_dir() else manifest.parent, out)
    stages: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
        "prepare": lambda: _prepare(manifest, place, settings.prepare, progress),
        "leaks": lambda: _leaks(place, settings, progress),
        "encoder": lambda: encoder_stage(_kept(place), settings.encoder),
        "prompter": lambda: prompter_stage(_kept(place), settings.prompter),
        "language": lambda: language_stage(_kept(place), settings.language),
        "masks": lambda: masks_stage(_kept(place), settings.masks),
        "mine": lambda: mining_stage(_kept(place), settings.mine),
        "mids": lambda: mids_stage(_kept(place), settings.mids),
    }
    if target is not None:
        stages["release"] = lambda: _release(_kept(place), target, settings)
    journal = _read_journal(out)
    for name, run in stages.items():
        wanted = {k: str(v) for k, v in asdict(target).items()} if name == "release" and target else {}
        if journal.get(name, {}).get("done") and journal[name].get("as", {}) == wanted:
            yield {"stage": name, "state": "already done"}
            continue
        yield from _follow(out, journal, name, run, wanted)


def _follow(
    out: Path, journal: dict[str, Any], name: str, run: Callable[[], Iterator[dict[str, Any]]], wanted: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Run one stage and keep the journal; an interrupted stage stands there as begun."""
    before = journal.get(name, {})
    goes_on = bool(before) and not before.get("done")
    entry = {"done": False, "started": before["started"] if goes_on else _now(), "as": wanted}
    spent, since = before["seconds"] if goes_on else 0.0, time.monotonic()
    last: dict[str, Any] = before.get("last", {})
    journal[name] = entry | {"seconds": spent, "last": last}
    write_json(out / "stages.json", journal)
    told = False
    try:
        for last in run():
            told = True
            yield {"stage": name, **last}
        entry |= {"done": True, "finished": _now()}
        if not told:  # interrupted between its last checkpoint and this journal
            yield {"stage": name, "state": "nothing was left to do"}
    finally:
        journal[name] = entry | {"seconds": round(spent + time.monotonic() - since, 1), "last": last}
        write_json(out / "stages.json", journal)


def _read_journal(out: Path) -> dict[str, Any]:
    if not (out / "stages.json").exists():
        return {}
    journal = load_json(out / "stages.json")
    if not isinstance(journal, dict):
        raise SettingsError(f"{out / 'stages.json'} is damaged; remove it, and every stage looks itself what is done")
    return journal


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _prepare(manifest: Path, place: Place, settings: Preparing, progress: Progress) -> Iterator[dict[str, Any]]:
    rule = SplitRule.named(settings.split)
    yield dict(prepare(manifest, place.faces, settings.workers, progress, settings.layout, rule))


def _leaks(place: Place, settings: Everything, progress: Progress) -> Iterator[dict[str, Any]]:
    report = find_leaks(read_splits(place.faces / "faces.jsonl"), place.root, settings.encoder.threads, progress)
    left_out = sorted(duplicates_in(report, "train")) if settings.leaks.leave_out else []
    write_json(place.out / "leaks.json", {"count": report.count, **asdict(report), "left_out": left_out})
    faces = _leave_out(place, frozenset(left_out)) if settings.leaks.leave_out else 0
    counts = {name: len(getattr(report, name)) for name in ("duplicates", "identities", "videos")}
    yield {"leaks": report.count, **counts, "skipped": len(report.skipped), "left out of train": faces}


def _leave_out(place: Place, paths: frozenset[str]) -> int:
    """Write the faces that are kept into ``kept/``, whole or not at all; gives the number of those left out."""
    rows = read_faces(place.faces / "faces.jsonl")
    kept = [row for row in rows if row.split != "train" or row.path not in paths]
    folder = place.out / KEPT
    folder.mkdir(exist_ok=True)
    write_whole(folder / "faces.jsonl", "".join(f"{row.model_dump_json(exclude_defaults=True)}\n" for row in kept))
    return len(rows) - len(kept)


def _kept(place: Place) -> Place:
    """The place with the faces that later stages read."""
    kept = place.out / KEPT
    return replace(place, faces=kept) if (kept / "faces.jsonl").is_file() else place


def _release(place: Place, target: Target, settings: Everything) -> Iterator[dict[str, Any]]:
    chosen = release(
        place.out,
        target.weights,
        place.rows(),
        place.root,
        target.version,
        target.data,
        settings.release.calib_pairs,
        settings.encoder.threads,
        settings.release.ratio_pairs,
    )
    yield {"weights": str(target.weights), **asdict(chosen)}
