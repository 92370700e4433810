"""Films under ``fakeface bench`` and ``fakeface train films``: made of prepared faces, or given and real throughout."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import grouped
from .runtime import ExitCode, prepare_process, say

if TYPE_CHECKING:
    from fakeface.bench.films import FilmBench, FilmJournal, WantedFilm
    from fakeface.training.forge.film_files import Encoding
    from fakeface.training.forge.films import FilmStudio
    from fakeface.training.manifest import FaceRow

__all__ = ["FilmSets", "bench_films", "film_set_options", "films"]

FOLDER = click.Path(path_type=Path, file_okay=False)
EPILOG = """\b
Example:
  fakeface train films --faces runs/faces --root DATA --weights weights --out runs/films-calib
"""
QUALITIES = (23, 32)
CHOICE_SEED = 7000
"""Of the films that the rule of a profile is chosen on."""


@dataclass(frozen=True, slots=True)
class FilmSets:
    """Which films are measured, as the command line gave it."""

    film_count: int
    film_seconds: float
    qualities: tuple[int, ...]
    real_films: Path | None

    @property
    def any(self) -> bool:
        """Whether films were asked for."""
        return bool(self.film_count or self.real_films)


count_option = click.option(
    "--films",
    "film_count",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Measure N films made of the manifest's real faces, each with a forged twin. --operator says how they are "
    "forged.  [default: none; another face or another mouth]",
)
quality_option = click.option(
    "--crf",
    "qualities",
    type=click.IntRange(0, 51),
    multiple=True,
    help="Encode every film at this rate factor (H.264). Repeatable.  [default: 23 and 32]",
)
seconds_option = click.option(
    "--film-seconds",
    type=click.FloatRange(1, 3600),
    default=5.0,
    show_default=True,
    help="Length of the films that are made.",
)
film_set_options = grouped(
    "films",
    FilmSets,
    count_option,
    seconds_option,
    quality_option,
    click.option(
        "--real-films",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="DIR",
        help="Measure the films of this folder, none of which is forged.",
    ),
)


def bench_films(
    chosen: FilmSets,
    rows: Sequence[FaceRow],
    root: Path | None,
    out: Path,
    split: str,
    operators: tuple[str, ...],
    seed: int,
    threads: int,
    *,
    triage: bool,
) -> ExitCode:
    """Measure films and print the table.

    Args:
        chosen: which films.
        rows: prepared faces of the split; needed for made films alone.
        root: folder that their paths are relative to.
        out: folder for films and figures.
        split: of the faces.
        operators: by which films are forged; none for the usual ones.
        seed: of the films and the resamples.
        threads: of the networks.
        triage: only the text-independent score, so that no track gets a verdict.
    """
    from fakeface.bench.film_figures import as_markdown, film_figures
    from fakeface.bench.films import FilmJournal, given_films
    from fakeface.bench.report import as_table

    given = given_films(chosen.real_films) if chosen.real_films else ()
    measuring = _bench(threads, triage=triage)
    studio = _studio(rows, root, seed, chosen.film_seconds, operators) if chosen.film_count and root else None
    journal = FilmJournal(out, measuring.described(studio, split, seed))
    if studio is not None:
        _measure_made(measuring, journal, studio, chosen.film_count, split, chosen.qualities or QUALITIES)
    _measure(measuring, journal, given)
    metrics = film_figures(journal.films, measuring.judged_by, seed)
    (out / "metrics.json").write_text(json.dumps(as_table(metrics), indent=1) + "\n", encoding="utf-8")
    text = as_markdown(metrics, journal.films)
    (out / "table.md").write_text(text, encoding="utf-8")
    click.echo(text)
    return ExitCode.EXAMINED


def _bench(threads: int, *, triage: bool, weights: Path | None = None) -> FilmBench:
    from fakeface.backends import build_engine
    from fakeface.backends.films import FilmDecoder
    from fakeface.bench.films import FilmBench
    from fakeface.sampling import Sampling
    from fakeface.settings import Settings

    settings = Settings(threads=threads, fast=triage, batch_faces=8)
    engine = build_engine(settings, weights) if weights else build_engine(settings)
    return FilmBench(engine, FilmDecoder(settings.films), settings, Sampling.default())


def _studio(
    rows: Sequence[FaceRow], root: Path, seed: int, seconds: float, operators: tuple[str, ...] = ()
) -> FilmStudio:
    from fakeface.training.forge.films import FILM_OPERATORS, FilmShape, FilmStudio

    shape = FilmShape(frames=round(seconds * FilmShape().rate))
    return FilmStudio(rows, root, seed, shape, operators or FILM_OPERATORS)


def _measure_made(
    measuring: FilmBench, journal: FilmJournal, studio: FilmStudio, count: int, split: str, qualities: Sequence[int]
) -> None:
    """Make and measure films in turn."""
    from fakeface.training.forge.film_files import Encoding

    encodings: list[Encoding] = [Encoding(crf) for crf in dict.fromkeys(qualities)]
    left_out = []

    def wanted() -> Iterator[WantedFilm]:
        for made in journal.made(studio, range(count), split, encodings):
            if isinstance(made, str):
                left_out.append(made)
            else:
                yield from made

    _measure(measuring, journal, wanted(), 2 * count * len(encodings))
    for reason in left_out:
        say(f"left out: {reason}")


def _measure(
    measuring: FilmBench, journal: FilmJournal, wanted: Iterator[WantedFilm] | Sequence[WantedFilm], total: int = 0
) -> None:
    """Measure what was not measured earlier."""
    from .screen import progress

    many = total or (len(wanted) if isinstance(wanted, Sequence) else 0)
    with progress(lambda: many, shown=bool(many)) as advance:
        for one in wanted:
            if not journal.has(one):
                film = measuring.measure(one)
                journal.add(film)
                say(f"{film.film}: {film.error or film.verdict}, {film.seconds:.1f} s")
            advance()


@click.command(epilog=EPILOG)
@click.option("--faces", required=True, type=FOLDER, metavar="DIR", help="Folder that `train prepare` wrote.")
@click.option("--root", required=True, type=FOLDER, metavar="DIR", help="Folder that its paths are relative to.")
@click.option("--out", required=True, type=FOLDER, metavar="DIR", help="Folder for the films and what is said of them.")
@click.option("--weights", required=True, type=FOLDER, metavar="DIR", help="The profile's folder; its record changes.")
@click.option("--films", "count", type=click.IntRange(min=2), default=24, show_default=True, help="Pairs of films.")
@seconds_option
@quality_option
@click.option("--seed", type=int, default=CHOICE_SEED, show_default=True, help="Of the films.")
@click.option("--threads", type=click.IntRange(min=0), default=2, show_default=True)
def films(
    faces: Path,
    root: Path,
    out: Path,
    weights: Path,
    count: int,
    film_seconds: float,
    qualities: tuple[int, ...],
    seed: int,
    threads: int,
) -> ExitCode:
    """Choose how tracks of films are judged, on films made of calibration faces, and write it into a profile.

    Aggregation of scores, cuts, and from when on a stretch is a segment. It is to be done again after every release,
    because it belongs to the scores of one set of weights.
    """
    prepare_process(threads)
    from fakeface.bench.film_choice import choose_rule, rejudged
    from fakeface.bench.film_figures import as_markdown, film_figures
    from fakeface.bench.films import FilmJournal
    from fakeface.timeline import make_rule
    from fakeface.training.manifest import read_faces
    from fakeface.training.release import write_film_rule

    measuring = _bench(threads, triage=True, weights=weights)
    # Not the profile's own rule, which this command replaces: an interrupted or repeated call must find the same.
    measuring = replace(measuring, rule=make_rule(measuring.engine.profile.thresholds))
    studio = _studio(read_faces(faces / "faces.jsonl", "calib"), root, seed, film_seconds)
    journal = FilmJournal(out, measuring.described(studio, "calib", seed))
    _measure_made(measuring, journal, studio, count, "calib", qualities or QUALITIES)
    rule = choose_rule(journal.films, measuring.judged_by)
    write_film_rule(weights, rule)
    chosen = [rejudged(film, rule) for film in journal.films]
    click.echo(as_markdown(film_figures(chosen, rule, seed), chosen))
    say(f"written into the profile in {weights}: {rule}")
    return ExitCode.EXAMINED
