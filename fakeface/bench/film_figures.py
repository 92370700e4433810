"""Figures of examined films: whether film and person are told, when, by which aggregation, and how often falsely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import numpy as np
from sklearn.metrics import roc_auc_score

from fakeface.bench.bootstrap import Figure, Resampling
from fakeface.bench.film_values import ScoredFilm, ScoredTrack, TruePerson
from fakeface.bench.metrics import area_under_curve, mean
from fakeface.bench.report import Metrics
from fakeface.decision import Reason, Verdict
from fakeface.films import TrackRule
from fakeface.timeline import METHODS, aggregate

__all__ = ["Person", "Stretch", "as_markdown", "film_figures", "overlap", "persons_of", "track_score"]

Stretch = tuple[Fraction, Fraction]
"""Half-open stretch of time in seconds."""

LEAST_OVERLAP = 0.3
"""Mean overlap (IoU) from which a track is a person's: the finder's boxes are larger than those of landmarks."""

THROUGHOUT = 0.9
"""Share of a film from which a person counts as forged throughout."""

VERDICTS = tuple(verdict.value for verdict in Verdict)

TITLES = MappingProxyType(
    {
        "auc": "AUC",
        "called_fake": "called fake",
        "called_real": "called real",
        "called_indeterminate": "indeterminate",
        "found": "person called fake",
        "found_in_time": "person with a segment on the forgery",
        "seen": "person has a track",
        "iou": "temporal IoU of the segments",
        "iou_found": "the same where a segment was found",
        "seconds_per_minute": "false segments, seconds per minute of a real person",
        "tracks": "real tracks with a segment, share",
    }
)
"""Metrics in words, in the order of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person of a made film, with the tracks that show it."""

    film: ScoredFilm
    truth: TruePerson
    tracks: tuple[ScoredTrack, ...]

    @property
    def found(self) -> tuple[Stretch, ...]:
        """Every segment of its tracks, in time, without overlaps."""
        return _union(segment for track in self.tracks for segment in track.segments)

    @property
    def temporal_iou(self) -> float:
        """Shared time of segments and forgery over their time together; 0 where neither is."""
        return overlap(self.found, self.truth.forged)


def persons_of(film: ScoredFilm) -> tuple[Person, ...]:
    """The persons of a made film; a track belongs to whom it overlaps most, if at all."""
    owners = [_owner(track) for track in film.tracks]
    return tuple(
        Person(film, truth, tuple(track for track, owner in zip(film.tracks, owners, strict=True) if owner == place))
        for place, truth in enumerate(film.persons)
    )


def _owner(track: ScoredTrack) -> int | None:
    overlaps = np.array([one.overlaps for one in track.sightings])
    if not overlaps.size:
        return None
    means = overlaps.mean(axis=0)
    return int(np.argmax(means)) if means.max() >= LEAST_OVERLAP else None


def overlap(found: Iterable[Stretch], true: Iterable[Stretch]) -> float:
    """Intersection over union of two sets of stretches of time, 0..1."""
    ours, theirs = _union(found), _union(true)
    shared = sum((max(min(a[1], b[1]) - max(a[0], b[0]), Fraction(0)) for a in ours for b in theirs), start=Fraction(0))
    together = _length(ours) + _length(theirs) - shared
    return float(shared / together) if together else 0.0


def _union(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    joined: list[Stretch] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif end > start:
            joined.append((start, end))
    return tuple(joined)


def _length(stretches: Sequence[Stretch]) -> Fraction:
    return sum((end - start for start, end in stretches), start=Fraction(0))


def track_score(track: ScoredTrack, method: str, least: int) -> float | None:
    """The aggregated score of a track; ``None`` where it has fewer than ``least`` scored sightings."""
    if len(track.sightings) < least:
        return None
    return aggregate(method, track.scores)


def film_figures(films: Sequence[ScoredFilm], rule: TrackRule, seed: int = 0) -> Metrics:
    """All figures of all sets of films as ``<score>.<set>.<metric>``; what a set does not allow is absent.

    Args:
        films: those that were examined.
        rule: by which the route judged them.
        seed: of the resamples.
    """
    metrics: Metrics = {}
    examined = [film for film in films if not film.error]
    for name in dict.fromkeys(film.condition for film in examined):
        chosen = [film for film in examined if film.condition == name]
        persons = [person for film in chosen for person in persons_of(film)]
        found = _ranked(chosen, rule, seed) | _called(chosen, seed) | _persons(persons, seed) | _false(persons, seed)
        for key, figure in found.items():
            metrics[key.replace(".", f".{name}.", 1)] = figure
        for kind, alike in _kinds(persons).items():
            for key, figure in _persons(alike, seed).items():
                metrics[key.replace(".", f".{name}-{kind}.", 1)] = figure
    return metrics


def _kinds(persons: Sequence[Person]) -> dict[str, list[Person]]:
    """Forged persons by their operator, and by whether they are forged in all of the film or in a part of it."""
    kinds: dict[str, list[Person]] = {}
    for person in persons:
        if person.truth.forged:
            throughout = float(_length(person.truth.forged)) >= THROUGHOUT * person.film.length_seconds
            for kind in (person.truth.operator, "throughout" if throughout else "partly"):
                kinds.setdefault(kind, []).append(person)
    return dict(sorted(kinds.items()))


def _ranked(films: Sequence[ScoredFilm], rule: TrackRule, seed: int) -> Metrics:
    """AUC of every aggregation: of films by their highest track, and of tracks."""
    found: Metrics = {}
    for method in METHODS:
        of_films, of_tracks = [], []
        for film in films:
            scores = [track_score(track, method, rule.least_sightings) for track in film.tracks]
            of_films.append((film.group, film.label, max((one for one in scores if one is not None), default=0.0)))
            forged = _forged_tracks(film)
            for number, score in enumerate(scores):
                if score is not None:
                    of_tracks.append((film.group, int(number in forged), score))
        found |= {f"film_{method}.auc": figure for figure in _area(of_films, seed)}
        found |= {f"track_{method}.auc": figure for figure in _area(of_tracks, seed)}
    return found


def _forged_tracks(film: ScoredFilm) -> set[int]:
    """Numbers of the tracks that show a forged person while it is forged."""
    numbers = set()
    for number, track in enumerate(film.tracks):
        owner = _owner(track)
        if owner is None:
            continue
        lasting = (track.sightings[0].start, track.sightings[-1].end)
        if any(min(lasting[1], end) > max(lasting[0], start) for start, end in film.persons[owner].forged):
            numbers.add(number)
    return numbers


def _area(items: Sequence[tuple[str, int, float]], seed: int) -> list[Figure]:
    labels = np.array([label for _, label, _ in items], dtype=np.int64)
    if len(set(labels.tolist())) < 2:
        return []
    scores = np.array([score for _, _, score in items])
    drawn = Resampling.draw([group for group, _, _ in items], seed)
    return [drawn.figure(float(roc_auc_score(labels, scores)), area_under_curve(labels, scores))]


def _mean(groups: Sequence[str], values: Sequence[float], seed: int) -> Figure:
    array = np.array(values, dtype=np.float64)
    return Resampling.draw(groups, seed).figure(float(array.mean()), mean(array))


def _called(films: Sequence[ScoredFilm], seed: int) -> Metrics:
    """How forged and real films are called; absent where only scores were asked for."""
    found: Metrics = {}
    if not _decided([track for film in films for track in film.tracks]):
        return found
    for label, name in enumerate(("film_real", "film_forged")):
        chosen = [film for film in films if film.label == label]
        groups = [film.group for film in chosen]
        for verdict in VERDICTS if chosen else ():
            called = [float(film.verdict == verdict) for film in chosen]
            found[f"{name}.called_{verdict}"] = _mean(groups, called, seed)
    return found


def _decided(tracks: Sequence[ScoredTrack]) -> bool:
    """Whether verdicts were asked for: in a triage every decisive frame is undecided."""
    said = [one for track in tracks for _, one in track.decided]
    return not said or any(one != Reason.NOT_DECIDED.value for one in said)


def _persons(persons: Sequence[Person], seed: int) -> Metrics:
    """Forged persons: found by verdict, found by a segment on the forgery, and how well in time."""
    forged = [person for person in persons if person.truth.forged]
    if not forged:
        return {}
    values: dict[str, Callable[[Person], float]] = {
        "seen": lambda one: float(bool(one.tracks)),
        "found_in_time": lambda one: float(one.temporal_iou > 0),
    }
    if _decided([track for person in persons for track in person.tracks]):
        values["found"] = lambda one: float(any(track.verdict == Verdict.FAKE.value for track in one.tracks))
    groups = [person.film.group for person in forged]
    found: Metrics = {f"forged.{name}": _mean(groups, list(map(value, forged)), seed) for name, value in values.items()}
    found["segment.iou"] = _mean(groups, [one.temporal_iou for one in forged], seed)
    hit = [person for person in forged if person.found]
    if hit:
        found["segment.iou_found"] = _mean([one.film.group for one in hit], [one.temporal_iou for one in hit], seed)
    return found


def _false(persons: Sequence[Person], seed: int) -> Metrics:
    """Segments on persons who are real throughout."""
    reals = [person for person in persons if not person.truth.forged and person.film.length_seconds > 0]
    if not reals:
        return {}
    groups = [person.film.group for person in reals]
    minutes = [60 * float(_length(person.found)) / person.film.length_seconds for person in reals]
    return {
        "false_segment.seconds_per_minute": _mean(groups, minutes, seed),
        "false_segment.tracks": _mean(groups, [float(bool(person.found)) for person in reals], seed),
    }


def as_markdown(metrics: Metrics, films: Sequence[ScoredFilm]) -> str:
    """The figures as tables: of the sets, of the operators, and every film that was given or not examined."""
    names = list(dict.fromkeys(key.split(".")[1] for key in metrics))
    sets = [name for name in names if not any(name.startswith(f"{other}-") for other in names)]
    parts = [_table(metrics, chosen) for chosen in (sets, [name for name in names if name not in sets])]
    told = [f"| {film.film} | {film.error or film.verdict} |" for film in films if film.error or not film.persons]
    if told:
        parts.append("\n".join(["| film | verdict |", "|---|---|", *told]) + "\n")
    return "\n".join(part for part in parts if part)


def _table(metrics: Metrics, names: Sequence[str]) -> str:
    """A row for each figure and a column for each set, or the other way round where there are many sets."""
    cells: dict[tuple[str, str], str] = {}
    for key, figure in metrics.items():
        score, name, metric = key.split(".")
        if figure is not None and name in names:
            title = f"{score.replace('_', ' ')}: {TITLES.get(metric, metric)}"
            cells[title, name] = f"{figure}, n {figure.n}"
    titles = list(dict.fromkeys(title for title, _ in cells))
    if not titles:
        return ""
    wide = len(names) > len(titles)
    rows, columns = (names, titles) if wide else (titles, names)
    lines = [f"| {'set' if wide else 'figure'} | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for row in rows:
        of_row = [cells.get((column, row) if wide else (row, column), "-") for column in columns]
        lines.append(f"| {row} | " + " | ".join(of_row) + " |")
    return "\n".join(lines) + "\n"
