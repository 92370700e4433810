"""A whole bench: which sets are measured, and measuring them in turn."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fakeface
from fakeface.backends import Engine
from fakeface.bench.journal import Journal
from fakeface.bench.sets import (
    REENCODED,
    FileSet,
    ForgedSet,
    file_sets,
    processing_of,
    read_pairs,
    row_set,
    score_files,
    score_operator,
)
from fakeface.bench.values import Batch, Kind
from fakeface.errors import SettingsError
from fakeface.pipeline import StillDecoder
from fakeface.settings import Settings
from fakeface.training.forge.recipe import GIVEN, Recipe, single
from fakeface.training.forge.studio import Studio
from fakeface.training.manifest import FaceRow

__all__ = ["Bench", "operators_of", "plan"]


@dataclass(frozen=True, slots=True)
class Bench:
    """What every set shares.

    Args:
        engine: the profile that is measured.
        decoder: opens given files.
        rows: prepared faces of the measured split.
        root: folder that their paths are relative to.
        recipe: strengths of the operators and of the processing.
        seed: of forgeries and draws.
        settings: of the route.
    """

    engine: Engine
    decoder: StillDecoder
    rows: Sequence[FaceRow]
    root: Path
    recipe: Recipe
    seed: int
    settings: Settings

    def described(self, split: str, count: int) -> dict[str, Any]:
        """What figures depend on, for the journal."""
        rows = hashlib.sha256("".join(row.model_dump_json() for row in self.rows).encode("utf-8", "surrogateescape"))
        profile = self.engine.profile
        return {
            "fakeface": fakeface.__version__,
            "profile": profile.name,
            "profile_version": profile.version,
            "weights": {name: part.sha256 for name, part in sorted(profile.parts.items())},
            "thresholds": {name: getattr(profile.thresholds, name) for name in profile.thresholds.__slots__},
            "faces_sha256": rows.hexdigest(),
            "split": split,
            "faces": count,
            "seed": self.seed,
            "recipe": self.recipe.version,
            "processing": self.recipe.processing,
            "triage": self.settings.fast,
        }

    def origin(self, wanted: ForgedSet | FileSet) -> str:
        """What a set is made of, in one word."""
        if isinstance(wanted, ForgedSet):
            entry = self.recipe.operators.get(wanted.operator)
            return f"{wanted.kind} {entry.strength if entry else 'default'}"
        listed = "\n".join(f"{file.path}\t{file.label}" for item in wanted.items for file in item)
        return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def score(self, wanted: ForgedSet | FileSet) -> Iterator[Batch]:
        """The batches of one set."""
        if isinstance(wanted, FileSet):
            return score_files(self.engine, self.decoder, self.root, wanted, self.settings)
        studio = Studio(self.rows, self.root, self.seed, single(wanted.operator, self.recipe))
        return score_operator(self.engine, studio, wanted, self.settings)

    def measure(self, wanted: ForgedSet | FileSet, journal: Journal) -> Iterator[Batch] | None:
        """The batches of one set, written down as they come; ``None`` where it is finished already."""
        origin = self.origin(wanted)
        if journal.has(wanted.name, origin):
            return None
        return journal.record(wanted.name, origin, self.score(wanted))


def operators_of(named: Sequence[str], group: str | None, recipe: Recipe) -> list[tuple[str, Kind]]:
    """The operators to measure and whether each is trained on, each once.

    Args:
        named: by name; ``given`` are the manifest's own fakes.
        group: ``trained``, ``never-trained``, ``all``, or none.
        recipe: which operators are trained on, and which are kept for measuring.

    Raises:
        SettingsError: an operator does not exist, or nothing is in the group.
    """
    trained = [name for name in recipe.shares if name != GIVEN]
    kept = [name for names in recipe.never_trained().values() for name in names]
    chosen = {None: [], "trained": trained, "never-trained": kept, "all": [*trained, *kept]}[group]
    if group is not None and not chosen:
        raise SettingsError(f"the recipe {recipe.version} has no operator that is {group.replace('-', ' ')} on")
    for name in named:
        single(name, recipe)
    names = dict.fromkeys([*named, *chosen])
    return [(name, "trained" if name in recipe.shares else "never_trained") for name in names]


def plan(
    bench: Bench, operators: Sequence[tuple[str, Kind]], pairs: Path | None, slices: Sequence[str], count: int
) -> list[ForgedSet | FileSet]:
    """All sets in turn: each as it is, files also re-encoded, and then in every slice.

    Without operators and pairs the manifest's own files are measured.

    Raises:
        SettingsError: there is no such slice, or no list of pairs.
    """
    for name in slices:
        processing_of(name)
    forged = [ForgedSet(name, kind, count) for name, kind in operators]
    files: list[FileSet] = []
    if pairs is not None:
        files = file_sets(read_pairs(pairs), {row.path: row for row in bench.rows})
    elif not operators:
        if not bench.rows:
            raise SettingsError("the manifest has no face of this split: there is nothing to measure")
        files = [row_set(bench.rows, count, bench.seed)]
    found: list[ForgedSet | FileSet] = []
    for one in forged:
        found += [one, *(replace(one, condition=name) for name in slices)]
    for given in files:
        found += [given, *(replace(given, condition=name) for name in (REENCODED, *slices))]
    repeated = {one.name for one in found if [other.name for other in found].count(one.name) > 1}
    if repeated:
        raise SettingsError(f"two sets would be called {', '.join(sorted(repeated))}: rename one in the list of pairs")
    return found
