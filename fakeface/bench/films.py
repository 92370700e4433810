"""Films with known truth through the route: made by the factory at several qualities, or given and real throughout."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import fakeface
from fakeface.backends import Engine
from fakeface.bench.film_values import ScoredFilm, scored_film
from fakeface.bench.journal import agree, read_lines
from fakeface.errors import EvidenceError, SettingsError
from fakeface.evidence import seal
from fakeface.filming import FilmRequest, examine_film, rule_of
from fakeface.films import TrackRule
from fakeface.interfaces import FilmDecoder
from fakeface.looks import Look
from fakeface.sampling import Sampling
from fakeface.settings import Settings
from fakeface.temporal import LOCAL_SHARE
from fakeface.training.forge.film_files import Encoding, FilmTruth, write_films
from fakeface.training.forge.films import FilmStudio
from fakeface.training.forge.studio import PictureVanished
from fakeface.training.forge.values import CannotForge
from fakeface.training.manifest import VIDEO_SUFFIXES
from fakeface.training.whole import write_whole

__all__ = ["GIVEN_FILMS", "FilmBench", "FilmJournal", "WantedFilm", "given_films"]

GIVEN_FILMS = "given"
"""Set of the films that were not made here."""


@dataclass(frozen=True, slots=True)
class WantedFilm:
    """One film to measure: its file, its set, what it is resampled with, and its truth if it was made."""

    path: Path
    condition: str
    group: str
    truth: FilmTruth | None = None


@dataclass(frozen=True, slots=True)
class FilmBench:
    """What every film shares.

    Args:
        engine: the profile that is measured.
        decoder: opens films.
        settings: of the route.
        sampling: which frames are looked at.
        rule: for tracks; ``None`` takes the profile's.
    """

    engine: Engine
    decoder: FilmDecoder
    settings: Settings
    sampling: Sampling
    rule: TrackRule | None = None

    @property
    def request(self) -> FilmRequest:
        """What is asked of every film."""
        return FilmRequest(self.settings, self.sampling, self.rule)

    @property
    def judged_by(self) -> TrackRule:
        """The rule that tracks are judged by."""
        return rule_of(self.engine, self.request)

    def described(self, films: FilmStudio | None, split: str, seed: int) -> dict[str, Any]:
        """What figures depend on, for the journal."""
        profile = self.engine.profile
        found: dict[str, Any] = {
            "fakeface": fakeface.__version__,
            "profile": profile.name,
            "profile_version": profile.version,
            "weights": {name: part.sha256 for name, part in sorted(profile.parts.items())},
            "thresholds": asdict(profile.thresholds),
            "rule": asdict(self.judged_by),
            "sampling": self.sampling.describe(),
            "triage": self.settings.fast,
            "local_share": LOCAL_SHARE,
            "seed": seed,
        }
        if films is not None:
            rows = "".join(row.model_dump_json() for row in films.rows).encode("utf-8", "surrogateescape")
            shape = {name: str(value) for name, value in asdict(films.shape).items()}
            found |= {"split": split, "faces_sha256": hashlib.sha256(rows).hexdigest(), "shape": shape}
            found |= {"operators": list(films.operators), "recipe": films.studio.recipe.version}
        return found

    def measure(self, wanted: WantedFilm) -> ScoredFilm:
        """Examine one film; one that cannot be examined is kept with its error."""
        label = wanted.truth.label if wanted.truth else 0
        bare = ScoredFilm(film=wanted.path.name, condition=wanted.condition, group=wanted.group, label=label)
        started = time.perf_counter()
        try:
            source, times = self.decoder.open(seal(wanted.path)), _Times()
            finding, _, _ = examine_film(self.engine, source, self.request, times)
        except EvidenceError as error:
            return bare.model_copy(update={"error": error.code})
        scored = scored_film(bare, wanted.truth, finding, times.sampled)
        return scored.model_copy(update={"seconds": round(time.perf_counter() - started, 2)})


class _Times:
    """A memory of a film that keeps no more than when it was looked at."""

    def __init__(self) -> None:
        self.sampled: list[Fraction] = []

    def looks(self) -> Iterator[Look]:
        """None: every film is watched from its start."""
        return iter(())

    def keep(self, looks: Sequence[Look]) -> None:
        """Note their times."""
        self.sampled += [look.time_seconds for look in looks]


def given_films(folder: Path) -> tuple[WantedFilm, ...]:
    """The films of a folder, all of them real, by name; each is its own source.

    Raises:
        SettingsError: there is none.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
    if not paths:
        raise SettingsError(f"no film in {folder}: known are {', '.join(VIDEO_SUFFIXES)}")
    return tuple(WantedFilm(path, GIVEN_FILMS, path.name) for path in paths)


class FilmJournal:
    """The folder of a bench of films: ``settings.json``, ``films/`` (those that were made) and ``films.jsonl``.

    Args:
        folder: made where it is not there.
        settings: what figures depend on; must be those that the folder was begun with.

    Raises:
        SettingsError: it was begun with others, or holds lines that are none of ours.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        agree(folder, settings, begun_by="films.jsonl")
        kept = {(one.condition, one.film): one for one in read_lines(folder / "films.jsonl", ScoredFilm)}
        self._kept = kept
        write_whole(folder / "films.jsonl", "".join(one.model_dump_json() + "\n" for one in kept.values()))

    @property
    def films(self) -> tuple[ScoredFilm, ...]:
        """All films that were measured, in their order."""
        return tuple(self._kept.values())

    def has(self, wanted: WantedFilm) -> bool:
        """Whether a film was measured."""
        return (wanted.condition, wanted.path.name) in self._kept

    def add(self, film: ScoredFilm) -> None:
        """Write a film down."""
        with (self.folder / "films.jsonl").open("a", encoding="utf-8") as handle:
            handle.write(film.model_dump_json() + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        self._kept[film.condition, film.film] = film

    def made(
        self, films: FilmStudio, numbers: Iterable[int], split: str, encodings: Sequence[Encoding]
    ) -> Iterator[tuple[WantedFilm, ...] | str]:
        """Every film of the factory with its twin, at all qualities; where there is none, the reason."""
        place = self.folder / "films"
        for number in numbers:
            try:
                truths = write_films(films, number, place, split, encodings)
            except (CannotForge, PictureVanished) as error:
                yield str(error)
                continue
            names = {(one.codec, one.crf): one.name for one in encodings}
            yield tuple(
                WantedFilm(place / truth.film, names[truth.codec, truth.crf], truth.group, truth) for truth in truths
            )
