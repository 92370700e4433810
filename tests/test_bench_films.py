"""The bench of films: what it counts, what it chooses, and that it measures what the factory made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from fakeface.bench.film_choice import LEAST_STAND_OUT, choose_rule, rejudged
from fakeface.bench.film_figures import as_markdown, film_figures, overlap, persons_of
from fakeface.bench.film_values import ScoredFilm, ScoredSighting, ScoredTrack, TruePerson
from fakeface.bench.films import FilmBench, FilmJournal, WantedFilm, given_films
from fakeface.errors import BackendError, SettingsError
from fakeface.evidence import Evidence
from fakeface.films import FilmFacts, TrackRule
from fakeface.sampling import Sampling
from fakeface.segments import stand_out
from fakeface.settings import Settings
from fakeface.training.forge.film_files import Encoding, FilmWriter

from .fakes import REAL, make_engine
from .scenes import OCHRE, ListedFilm, Person, drawn
from .scripts import load_script

RULE = TrackRule(
    cut=0.5, margin=0.1, stand_out=4.0, method="mean", least_sightings=4, least_seconds=0.5, gap_seconds=0.5,
)  # fmt: skip
STEP = Fraction(1, 4)


def track(scores: Sequence[float], person: int = 0, persons: int = 2, decided: tuple[str, ...] = ()) -> ScoredTrack:
    """A track of one person, seen four times a second; decisive is its highest score."""
    highest = max(range(len(scores)), key=scores.__getitem__) * STEP
    overlaps = tuple(0.7 if place == person else 0.0 for place in range(persons))
    seen = [
        ScoredSighting(start=place * STEP, end=(place + 1) * STEP, score=score, local_score=score, overlaps=overlaps)
        for place, score in enumerate(scores)
    ]
    return ScoredTrack(verdict="indeterminate", reason="", sightings=tuple(seen), segments=(),
                       decided=tuple((highest, said) for said in decided))  # fmt: skip


def film(number: int, *tracks: ScoredTrack, forged: tuple[tuple[Fraction, Fraction], ...] = ()) -> ScoredFilm:
    """A film of two persons, the first of whom may be forged."""
    persons = (
        TruePerson(source="studio", operator="swap" if forged else "", forged=forged),
        TruePerson(source="studio"),
    )
    return ScoredFilm(
        film=f"{number}.mp4", condition="crf23", group=str(number), label=int(bool(forged)), persons=persons,
        length_seconds=5.0, tracks=tracks,
    )  # fmt: skip


LOW, HIGH = [0.2] * 20, [0.2] * 8 + [0.9] * 8 + [0.2] * 4
ALTERED = ((Fraction(2), Fraction(4)),)


def test_overlap_in_time_is_exact_and_counts_overlapping_stretches_once() -> None:
    thirds = (Fraction(0), Fraction(1, 3)), (Fraction(1, 3), Fraction(2, 3))
    assert overlap(thirds, [(Fraction(1, 3), Fraction(1))]) == pytest.approx(1 / 3)
    assert overlap([*thirds, *thirds], [(Fraction(0), Fraction(2, 3))]) == 1.0
    assert overlap([], ALTERED) == 0.0
    assert overlap([], []) == 0.0


def test_a_track_belongs_to_the_person_whom_it_overlaps() -> None:
    first, second, nobody = track(LOW, 0), track(HIGH, 1), track(LOW, 5)
    one, other = persons_of(film(1, second, first, nobody))
    assert (one.tracks, other.tracks) == ((first,), (second,))


def test_a_forged_stretch_that_is_found_exactly_gives_perfect_figures() -> None:
    made = [film(number, track(HIGH, 0, decided=("fake",)), track(LOW, 1, decided=("real",)), forged=ALTERED)
            for number in range(4)]  # fmt: skip
    real = [film(number, track(LOW, 0, decided=("real",)), track(LOW, 1, decided=("real",))) for number in range(4)]
    judged = [rejudged(one, RULE) for one in [*made, *real]]
    found = film_figures(judged, RULE)
    value = {key: figure.value for key, figure in found.items() if figure is not None}
    assert value["film_mean.crf23.auc"] == value["track_top.crf23.auc"] == 1.0
    assert value["segment.crf23.iou"] == 1.0
    assert value["forged.crf23.found"] == value["forged.crf23-swap.found_in_time"] == 1.0
    assert value["film_forged.crf23.called_fake"] == value["film_real.crf23.called_real"] == 1.0
    assert value["false_segment.crf23.tracks"] == value["false_segment.crf23.seconds_per_minute"] == 0.0
    assert found["forged.crf23.seen"].n == 4  # type: ignore[union-attr]
    table = as_markdown(found, judged)
    assert "| segment: temporal IoU of the segments | 1.000 (1.000-1.000), n 4 |" in table
    assert "| figure | crf23 |\n" in table
    assert "| figure | crf23-partly | crf23-swap |\n" in table


def test_persons_forged_throughout_are_told_apart_from_those_forged_for_a_while() -> None:
    always = film(1, track([0.9] * 20, 0), forged=((Fraction(0), Fraction(5)),))
    for_a_while = film(2, track(HIGH, 0), forged=ALTERED)
    found = film_figures([rejudged(one, RULE) for one in (always, for_a_while)], RULE)
    value = {key: figure.value for key, figure in found.items() if figure is not None}
    assert value["forged.crf23.found_in_time"] == 0.5
    assert value["forged.crf23-throughout.found_in_time"] == 0.0, "nothing stands out against the rest of it"
    assert value["forged.crf23-partly.found_in_time"] == value["segment.crf23-partly.iou"] == 1.0


def test_misses_false_segments_and_persons_without_a_track_are_counted() -> None:
    missed = film(1, track(LOW, 1, decided=("real",)), forged=ALTERED)
    alarmed = film(2, track(HIGH, 0, decided=("fake",)), track(LOW, 1, decided=("real",)))
    judged = [rejudged(one, RULE) for one in (missed, alarmed)]
    value = {key: figure.value for key, figure in film_figures(judged, RULE).items() if figure is not None}
    assert value["forged.crf23.seen"] == value["forged.crf23.found"] == value["segment.crf23.iou"] == 0.0
    assert value["film_real.crf23.called_fake"] == 1.0
    assert value["false_segment.crf23.tracks"] == pytest.approx(1 / 3)
    assert value["false_segment.crf23.seconds_per_minute"] == pytest.approx(60 * 2 / 5 / 3)


def test_without_decisions_there_are_no_figures_of_verdicts() -> None:
    tracks = [track(HIGH, 0, decided=("not_decided",)), track(LOW, 1, decided=("not_decided",))]
    tracks.append(track([0.2] * 2, 1))  # too short for any decision
    judged = rejudged(film(1, *tracks, forged=ALTERED), RULE)
    found = film_figures([judged], RULE)
    assert "forged.crf23.found_in_time" in found
    assert not [key for key in found if "called" in key or key.endswith(".found")]


class HalfAFilm(ListedFilm):
    """A film whose end is missing."""

    @property
    def facts(self) -> FilmFacts:
        return replace(super().facts, whole=False)


class Opens:
    """A ``FilmDecoder`` that opens one film."""

    def __init__(self, film: ListedFilm) -> None:
        self._film = film

    def open(self, evidence: Evidence) -> ListedFilm:
        return self._film


@pytest.mark.parametrize(
    ("kind", "end", "verdict"),
    [
        (ListedFilm, None, "real"),
        (HalfAFilm, None, "indeterminate"),
        (ListedFilm, Fraction(3), "indeterminate"),
        (ListedFilm, Fraction(7), "real"),
    ],
)
def test_a_film_is_called_as_the_route_calls_it_also_by_another_rule(
    tmp_path: Path, kind: type[ListedFilm], end: Fraction | None, verdict: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"a film")
    frames = [drawn(Person(OCHRE, 20 + index, REAL)) for index in range(48)]
    sampling = Sampling(every=1, end=end)
    bench = FilmBench(make_engine(), Opens(kind(frames)), Settings(), sampling)
    found = bench.measure(WantedFilm(tmp_path / "a.mp4", "given", "a.mp4"))
    assert [one.verdict for one in found.tracks] == ["real"]
    assert found.verdict == verdict
    again = rejudged(ScoredFilm.model_validate_json(found.model_dump_json()), bench.judged_by)
    assert ([one.verdict for one in again.tracks], again.verdict) == (["real"], verdict)


def test_a_rule_is_chosen_that_finds_weak_forgeries_and_leaves_real_persons_alone() -> None:
    weak = [0.15] * 8 + [0.55] * 8 + [0.15] * 4
    noisy = [0.1, 0.2] * 10
    made = [film(number, track(weak, 0), track(noisy, 1), forged=ALTERED) for number in range(3)]
    real = [film(number, track(noisy, 0), track(LOW, 1)) for number in range(3)]
    before = [rejudged(one, RULE) for one in made]
    assert all(persons_of(one)[0].temporal_iou == 0.0 for one in before)
    rule = choose_rule([*made, *real], RULE)
    strongest = [stand_out(np.array(scores)) for scores in (noisy, LOW, weak)]
    assert max(strongest[:2]) <= rule.stand_out < strongest[2], "the weak stretch stands out against its own track"
    after = [rejudged(one, rule) for one in [*made, *real]]
    assert all(person.temporal_iou == 1.0 for one in after for person in persons_of(one) if person.truth.forged)
    assert not any(person.found for one in after for person in persons_of(one) if not person.truth.forged)
    assert rule.cut + rule.margin >= 0.2


def test_a_stretch_must_stand_out_by_a_least_amount_however_steady_unaltered_persons_are() -> None:
    made = [film(number, track(HIGH, 0), track(LOW, 1), forged=ALTERED) for number in range(3)]
    assert stand_out(np.array(LOW)) < 0
    assert choose_rule(made, RULE).stand_out == LEAST_STAND_OUT


def test_few_unaltered_persons_lie_above_a_cut_also_where_all_score_high() -> None:
    steady = np.linspace(0.9, 0.9999, 50).tolist()
    real = [film(number, track([score] * 20)) for number, score in enumerate(steady)]
    forged = film(99, track([0.99999] * 20), forged=ALTERED)
    rule = choose_rule([*real, forged], RULE)
    assert rule.method == "mean"
    assert sum(score >= rule.cut + rule.margin for score in steady) == 1
    assert sum(score >= rule.cut - rule.margin for score in steady) == 6


def test_a_rule_needs_forged_and_real_persons() -> None:
    with pytest.raises(SettingsError, match="forged and with real persons"):
        choose_rule([film(1, track(LOW, 0), track(LOW, 1))], RULE)


def test_films_that_were_measured_are_kept_and_other_settings_refused(tmp_path: Path) -> None:
    journal = FilmJournal(tmp_path, {"seed": 1})
    journal.add(film(1, track(LOW)))
    with (tmp_path / "films.jsonl").open("a") as cut_off:
        cut_off.write('{"film": "2.mp4", "cond')
    again = FilmJournal(tmp_path, {"seed": 1})
    assert again.films == (film(1, track(LOW)),)
    assert again.has(WantedFilm(Path("elsewhere/1.mp4"), "crf23", "1"))
    assert not again.has(WantedFilm(Path("1.mp4"), "crf32", "1"))
    with pytest.raises(SettingsError, match="other settings"):
        FilmJournal(tmp_path, {"seed": 2})


def test_given_films_are_taken_by_name_and_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no film in"):
        given_films(tmp_path)
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [one.path.name for one in given_films(tmp_path)] == ["a.MOV", "b.mp4"]


def test_the_default_rule_can_be_replaced_by_name() -> None:
    assert rejudged(film(1, track(HIGH)), replace(RULE, least_sightings=30)).tracks[0].reason == "too_few_frames"


def test_the_film_that_speed_is_measured_on_is_repeated_without_encoding_it_again(tmp_path: Path) -> None:
    script = load_script("benchmarks/films.py")
    short = tmp_path / "1.mp4"
    with FilmWriter(short, 96, 64, Fraction(25), Encoding()) as writer:
        for grey in range(25):
            writer.add(np.full((64, 96, 3), 5 * grey, np.uint8))
    long = cv2.VideoCapture(str(script.repeated(short, 4)))
    frames = [frame for there, frame in iter(long.read, (False, None)) if there]
    assert 100 <= len(frames) <= 104, "whole frames are copied"
    assert np.array_equal(frames[3], frames[28])


def test_a_film_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "1.mp4"
    path.write_bytes(b"evidence")
    with pytest.raises(SettingsError, match="there already"):
        FilmWriter(path, 96, 64, Fraction(25), Encoding())
    assert path.read_bytes() == b"evidence"


def write_black(path: Path) -> None:
    with FilmWriter(path, 96, 64, Fraction(25), Encoding()) as writer:
        for _ in range(200):
            writer.add(np.zeros((64, 96, 3), np.uint8))


def test_a_film_that_cannot_be_written_is_told_with_what_ffmpeg_says(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match=r"folder\.mp4.*No such file"):
        write_black(tmp_path / "no" / "folder.mp4")
