"""Choosing the rule for tracks on films of calibration faces: aggregation, cuts, and when a stretch is a segment.

Everything is chosen on what an earlier examination wrote down, so that no film is examined again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fakeface.bench.film_figures import film_figures, persons_of, track_score
from fakeface.bench.film_values import ScoredFilm, ScoredTrack
from fakeface.decision import Decision, Reason, Verdict, film_verdict
from fakeface.errors import SettingsError
from fakeface.films import TrackRule
from fakeface.segments import find_segments, stand_out
from fakeface.timeline import METHODS, judge

__all__ = ["LEAST_STAND_OUT", "choose_rule", "rejudged"]

FALSE_SEGMENTS = 0.02
"""Share of real persons on whom a segment is found."""

LEAST_STAND_OUT = 0.75
"""A stretch must stand out by this much in any case: one unaltered person in fifty reaches it in five seconds whose
log-odds swing by 0.6 from frame to frame. Faces of made films swing less, because they are stills that move."""

FALSE_ALARMS, UNDECIDED = 0.02, 0.1
"""Share of real tracks whose score is called fake, and of those that are neither called fake nor real by it."""

DIGITS = 6
"""Of cut and margin: ``contrast`` brings many scores close to 1, where hundredths are far apart in log-odds."""

NO_WORSE = 0.005
"""An aggregation must be better by so much AUC than the plain mean to replace it."""


def rejudged(film: ScoredFilm, rule: TrackRule) -> ScoredFilm:
    """What the route would say of an examined film by another rule: segments and verdicts anew, scores as they are."""
    tracks = tuple(_judged(track, rule) for track in film.tracks)
    verdict = film_verdict([Verdict(track.verdict) for track in tracks], unseen=film.unseen)
    return film.model_copy(update={"tracks": tracks, "verdict": verdict.value})


def _judged(track: ScoredTrack, rule: TrackRule) -> ScoredTrack:
    score = track_score(track, rule.method, rule.least_sightings)
    closing = [one.end for one in track.sightings]
    segments = () if score is None else find_segments(track.scores, closing, rule)
    verdict, reason = judge(rule, score, segments, [(time, _decision(said)) for time, said in track.decided])
    stretches = tuple((one.start_seconds, one.end_seconds) for one in segments)
    said = reason.value if reason else ""
    return track.model_copy(update={"segments": stretches, "verdict": verdict.value, "reason": said})


def _decision(said: str) -> Decision:
    if said in (Verdict.FAKE.value, Verdict.REAL.value):
        return Decision(Verdict(said), None)
    return Decision(Verdict.INDETERMINATE, Reason(said))


def choose_rule(films: Sequence[ScoredFilm], start: TrackRule) -> TrackRule:
    """The rule for a profile.

    The aggregation is the one with the best AUC of tracks. Cut and margin: a real track in fifty lies above both, and
    one in ten between them. A stretch is a segment from the statistic on that the strongest stretch of one unaltered
    person in fifty reaches, and never below ``LEAST_STAND_OUT``: an unaltered person called altered is the worse error.

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
    return replace(rule, cut=cut, margin=margin, stand_out=_stand_out(made, rule))


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
        for track in person.tracks
        if (score := track_score(track, rule.method, rule.least_sightings)) is not None
    ]
    if not reals:
        raise SettingsError("no real person of these films was seen often enough")
    high = float(np.quantile(reals, 1 - FALSE_ALARMS))
    low = float(np.quantile(reals, 1 - FALSE_ALARMS - UNDECIDED))
    return round((high + low) / 2, DIGITS), round((high - low) / 2, DIGITS)


def _stand_out(films: Sequence[ScoredFilm], rule: TrackRule) -> float:
    strongest = [
        max(stand_out(track.scores.local) for track in tracks)
        for film in films
        for person in persons_of(film)
        if not person.truth.forged
        and (tracks := [one for one in person.tracks if len(one.sightings) >= rule.least_sightings])
    ]
    return round(max(float(np.quantile(strongest, 1 - FALSE_SEGMENTS)), LEAST_STAND_OUT), 2)
