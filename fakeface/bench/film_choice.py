"""Choosing the rule for tracks on films of calibration faces: aggregation, cuts, and when a stretch is a segment.

Everything is chosen on what an earlier examination wrote down, so that no film is examined again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from scipy.special import expit

from fakeface.bench.film_figures import Person, film_figures, overlap, persons_of, track_score
from fakeface.bench.film_values import ScoredFilm, ScoredTrack
from fakeface.decision import Decision, Reason, Verdict, overall
from fakeface.errors import SettingsError
from fakeface.films import Segment, TrackRule
from fakeface.timeline import METHODS, find_segments, judge, log_odds

__all__ = ["CAUTION", "choose_rule", "enlarged", "rejudged"]

FALSE_SEGMENTS = 0.02
"""Share of real persons on whom a segment is found."""

FALSE_ALARMS, UNDECIDED = 0.02, 0.1
"""Share of real tracks whose score is called fake, and of those that are neither called fake nor real by it."""

CAUTION = 1.5
"""Unaltered persons of made films are taken to vary more than they do, because those of real films do: this many times
as far from their own level (their median log-odds)."""

NO_WORSE = 0.005
"""An aggregation must be better by so much AUC than the plain mean to replace it."""

ENTER = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
LEAVE_BELOW = (0.0, 0.15)
RISES = tuple(round(float(rise), 1) for rise in np.arange(0.8, 2.9, 0.2))
FALL_SHARES = (0.5, 1.0)
WINDOWS = (0.75, 1.25)
LEAST = (0.5, 1.0)


def rejudged(film: ScoredFilm, rule: TrackRule) -> ScoredFilm:
    """What the route would say of an examined film by another rule: segments and verdicts anew, scores as they are."""
    tracks = tuple(_judged(track, rule) for track in film.tracks)
    verdict = overall([Verdict(track.verdict) for track in tracks])
    return film.model_copy(update={"tracks": tracks, "verdict": verdict.value})


def _judged(track: ScoredTrack, rule: TrackRule) -> ScoredTrack:
    score = track_score(track, rule.method, rule.least_sightings)
    segments = () if score is None else tuple(_segments(track, rule))
    verdict, reason = judge(rule, score, segments, [(time, _decision(said)) for time, said in track.decided])
    stretches = tuple((one.start_seconds, one.end_seconds) for one in segments)
    said = reason.value if reason else ""
    return track.model_copy(update={"segments": stretches, "verdict": verdict.value, "reason": said})


def _segments(track: ScoredTrack, rule: TrackRule) -> Iterator[Segment]:
    seen = track.sightings
    yield from find_segments([one.start for one in seen], [one.end for one in seen], [one.score for one in seen], rule)


def _decision(said: str) -> Decision:
    if said in (Verdict.FAKE.value, Verdict.REAL.value):
        return Decision(Verdict(said), None)
    return Decision(Verdict.INDETERMINATE, Reason(said))


def choose_rule(films: Sequence[ScoredFilm], start: TrackRule) -> TrackRule:
    """The rule for a profile.

    The aggregation is the one with the best AUC of tracks. Cut and margin: a real track in fifty lies above both, and
    one in ten between them. Segments: the best mean temporal IoU on forged persons among the rules that find a segment
    on at most one real person in fifty. Real tracks are enlarged by ``CAUTION`` beforehand: what is chosen on made
    films has to hold on films that vary more, and an unaltered person called altered is the worse error.

    Args:
        films: made of calibration faces and examined, forged and real ones.
        start: gives what is not chosen.

    Raises:
        SettingsError: there are no forged or no real persons among them.
    """
    made = [film for film in films if film.persons and not film.error]
    persons = [person for film in made for person in persons_of(film)]
    if len({bool(person.truth.forged) for person in persons}) < 2:
        raise SettingsError("a rule is chosen on made films with forged and with real persons")
    rule = replace(start, method=_method(made, start))
    cut, margin = _cut(made, rule)
    return _best_segments(made, replace(rule, cut=cut, margin=margin))


def _method(films: Sequence[ScoredFilm], rule: TrackRule) -> str:
    pooled = [film.model_copy(update={"condition": "pooled"}) for film in films]
    figures = film_figures(pooled, rule)
    areas = {name: figure.value for name in METHODS if (figure := figures.get(f"track_{name}.pooled.auc")) is not None}
    best = max(areas, key=lambda name: areas[name], default="mean")
    return "mean" if areas.get("mean", 0.0) >= areas.get(best, 0.0) - NO_WORSE else best


def _cut(films: Sequence[ScoredFilm], rule: TrackRule) -> tuple[float, float]:
    reals = [
        score
        for film in films
        for person in persons_of(film)
        if not person.truth.forged
        for track in map(enlarged, person.tracks)
        if (score := track_score(track, rule.method, rule.least_sightings)) is not None
    ]
    if not reals:
        raise SettingsError("no real person of these films was seen often enough")
    high = float(np.quantile(reals, 1 - FALSE_ALARMS))
    low = float(np.quantile(reals, 1 - FALSE_ALARMS - UNDECIDED))
    return round(min(max((high + low) / 2, 0.02), 0.98), 4), round((high - low) / 2, 4)


def _best_segments(films: Sequence[ScoredFilm], rule: TrackRule) -> TrackRule:
    persons = [(person, _usable(_taken(person), rule)) for film in films for person in persons_of(film)]
    best, found = rule, -1.0
    for enter, below, rise, share, window, least in product(ENTER, LEAVE_BELOW, RISES, FALL_SHARES, WINDOWS, LEAST):
        absolute = replace(rule, enter=enter, leave=round(enter - below, 2))
        tried = replace(absolute, rise=rise, fall=round(rise * share, 2), window_seconds=window, least_seconds=least)
        overlaps, false = [], []
        for person, tracks in persons:
            stretches = [(one.start_seconds, one.end_seconds) for track in tracks for one in _segments(track, tried)]
            if person.truth.forged:
                overlaps.append(overlap(stretches, person.truth.forged))
            else:
                false.append(bool(stretches))
        if np.mean(false) <= FALSE_SEGMENTS and np.mean(overlaps) > found:
            best, found = tried, float(np.mean(overlaps))
    return best


def enlarged(track: ScoredTrack) -> ScoredTrack:
    """The track with its scores ``CAUTION`` times as far from their median, in log-odds."""
    if not track.sightings:
        return track
    odds = log_odds(np.array([one.score for one in track.sightings], np.float64))
    level = np.median(odds)
    scores = expit(level + CAUTION * (odds - level))
    seen = [one.model_copy(update={"score": float(score)}) for one, score in zip(track.sightings, scores, strict=True)]
    return track.model_copy(update={"sightings": tuple(seen)})


def _taken(person: Person) -> Sequence[ScoredTrack]:
    return person.tracks if person.truth.forged else [enlarged(track) for track in person.tracks]


def _usable(tracks: Sequence[ScoredTrack], rule: TrackRule) -> list[ScoredTrack]:
    return [track for track in tracks if len(track.sightings) >= rule.least_sightings]
