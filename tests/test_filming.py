"""The route of a film with models that can be foretold: tracks, segments, decisive frames, verdicts, going on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from fakeface import decisive
from fakeface.backends import Engine
from fakeface.backends.dlib import DlibFaceFollower
from fakeface.decision import Reason, Verdict
from fakeface.errors import OutOfRange, OutputError, SettingsError
from fakeface.faces import Face, FaceOrigin
from fakeface.filming import FilmRequest, examine_film, sighting_end
from fakeface.films import FilmFinding, Role, Shot, TrackFinding, TrackRule
from fakeface.findings import FileFinding, FileStatus
from fakeface.frames import Frame
from fakeface.looks import Look
from fakeface.profiles import load_profile
from fakeface.report.film_journal import FilmJournal
from fakeface.report.record import FileEntry, file_entry
from fakeface.sampling import Sampling
from fakeface.settings import Settings
from fakeface.timeline import make_rule

from .fakes import CLOSE, FAKE, REAL, THRESHOLDS, ColourEncoder, DrawnFaceFinder, make_engine
from .scenes import BLUE, OCHRE, RATE, VIOLET, ListedFilm, Person, Pixels, drawn

EVERY = Sampling(every=1)


def examine(
    frames: Sequence[Pixels] | ListedFilm, engine: Engine | None = None, settings: Settings | None = None
) -> FilmFinding:
    film = frames if isinstance(frames, ListedFilm) else ListedFilm(frames)
    return examine_film(engine or make_engine(), film, FilmRequest(settings or Settings(), EVERY))[0]


def two_persons(count: int = 48, forged: range = range(16, 32)) -> list[Pixels]:
    """Six seconds; the left person is forged for two of them, the right one not; both move."""
    return [
        drawn(
            Person(OCHRE, 20 + index, FAKE if index in forged else REAL),
            Person(BLUE, 300 - index, REAL, top=70),
        )
        for index in range(count)
    ]


@pytest.fixture(scope="module")
def film() -> FilmFinding:
    return examine(two_persons())


def test_every_person_has_one_track_with_a_sighting_on_every_frame(film: FilmFinding) -> None:
    assert [track.id for track in film.tracks] == ["T01", "T02"]
    for track in film.tracks:
        assert [one.index for one in track.sightings] == list(range(48))
        assert [one.time_seconds for one in track.sightings] == [Fraction(index, RATE) for index in range(48)]
    lefts = [one.face.box.left for one in film.tracks[0].sightings]
    assert (lefts[0], lefts[-1]) == (20, 67)


def test_the_forged_person_is_found_with_the_seconds_and_the_other_is_not(film: FilmFinding) -> None:
    forged, real = film.tracks
    assert (forged.verdict, real.verdict) == (Verdict.FAKE, Verdict.REAL)
    [segment] = forged.segments
    assert (segment.start_seconds, segment.end_seconds, segment.sightings) == (Fraction(2), Fraction(4), 16)
    assert real.segments == ()
    assert forged.score == pytest.approx((16 * 0.9 + 32 * 0.1) / 48)
    assert real.score == pytest.approx(0.1)


def test_the_account_of_frames_adds_up(film: FilmFinding) -> None:
    assert (film.counts.decoded, film.counts.sampled, film.counts.with_faces) == (48, 48, 48)
    assert film.sampling == "every frame, at most 20000"
    assert film.rule == make_rule(THRESHOLDS)


def test_decisive_frames_carry_the_decision_of_stills_and_the_hash_of_their_frame(film: FilmFinding) -> None:
    forged = film.tracks[0]
    roles = [role for frame in forged.decisive for role in frame.roles]
    assert sorted(roles) == sorted(Role)
    suspicious = forged.decisive[0]
    assert Role.SUSPICIOUS in suspicious.roles
    assert 16 <= suspicious.index < 32
    assert suspicious.finding.decision.verdict is Verdict.FAKE
    assert suspicious.finding.number == forged.number
    assert len(suspicious.finding.answers) == 3
    assert suspicious.pixels_sha256 == Frame(two_persons()[suspicious.index]).pixels_sha256()
    typical = next(frame for frame in forged.decisive if Role.TYPICAL in frame.roles)
    assert 16 <= typical.index < 32, "typical of the stretch that stands out"
    assert typical.finding.decision.verdict is Verdict.FAKE


def test_a_frame_that_is_decisive_for_two_tracks_or_two_roles_is_fetched_and_decided_once() -> None:
    film = ListedFilm(two_persons(count=16, forged=range(0)))
    found = examine(film)
    assert len(film.fetched) == len(set(film.fetched))
    for track in found.tracks:
        assert len({frame.index for frame in track.decisive}) == len(track.decisive)


def test_flicker_is_measured_from_the_second_sighting_on(film: FilmFinding) -> None:
    flickers = [one.flicker for one in film.tracks[0].sightings]
    assert flickers[0] is None
    assert flickers[1] == 0
    assert flickers[16] == pytest.approx(1 - 26 / 230, abs=0.01)
    assert film.tracks[1].measurements["mask_flicker_share"] == 0


def test_persons_who_swap_sides_keep_their_verdicts() -> None:
    frames = [
        drawn(Person(BLUE, 290 - 6 * index, REAL, top=30), Person(OCHRE, 20 + 6 * index, FAKE, top=112))
        for index in range(44)
    ]
    tracks = examine(frames).tracks
    assert [(track.verdict, len(track.sightings)) for track in tracks] == [(Verdict.FAKE, 44), (Verdict.REAL, 44)]


def test_somebody_who_takes_anothers_place_is_another_track() -> None:
    frames = [drawn(Person(OCHRE, 100, FAKE))] * 16 + [drawn(Person(BLUE, 100, REAL))] * 16
    first, second = examine(frames).tracks
    assert (first.verdict, [one.index for one in first.sightings]) == (Verdict.FAKE, list(range(16)))
    assert (second.verdict, [one.index for one in second.sightings]) == (Verdict.REAL, list(range(16, 32)))


def test_a_cut_ends_tracks_and_every_track_names_its_shot() -> None:
    frames = [drawn(Person(OCHRE, 100, FAKE if 12 <= index < 28 else REAL)) for index in range(48)]
    first, second = examine(ListedFilm(frames, cuts=[20])).tracks
    assert (first.shot, second.shot) == (1, 2)
    assert [(one.start_seconds, one.end_seconds) for one in first.segments] == [
        (Fraction(12, RATE), Fraction(20, RATE))
    ]
    assert [(one.start_seconds, one.end_seconds) for one in second.segments] == [
        (Fraction(20, RATE), Fraction(28, RATE))
    ]


def test_a_person_seen_too_rarely_is_listed_and_inconclusive() -> None:
    frames = [drawn(Person(OCHRE, 100, FAKE), *([Person(BLUE, 250, FAKE)] if index < 3 else [])) for index in range(24)]
    lasting, brief = examine(frames).tracks
    assert lasting.verdict is Verdict.FAKE
    assert (brief.verdict, brief.reason) == (Verdict.INDETERMINATE, Reason.TOO_FEW_FRAMES)
    assert (brief.score, brief.interval, brief.segments, brief.decisive) == (None, None, (), ())
    assert len(brief.sightings) == 3


def test_a_face_that_is_too_small_throughout_says_so() -> None:
    [track] = examine([drawn(Person(OCHRE, 100, FAKE, side=40))] * 12).tracks
    assert (track.verdict, track.reason) == (Verdict.INDETERMINATE, Reason.TOO_SMALL)
    assert {one.score for one in track.sightings} == {None}


def test_faces_on_damaged_frames_are_listed_and_not_scored() -> None:
    frames = [drawn(Person(OCHRE, 100, FAKE))] * 24
    [track] = examine(ListedFilm(frames, damaged=range(4, 24))).tracks
    assert len(track.sightings) == 24
    assert [one.score is None for one in track.sightings] == [False] * 4 + [True] * 20
    assert (track.verdict, track.reason) == (Verdict.INDETERMINATE, Reason.TOO_FEW_FRAMES)


def test_a_range_without_a_frame_is_an_error_and_no_finding() -> None:
    with pytest.raises(OutOfRange, match="no frame of this film lies in the range"):
        examine([])


def test_scores_near_the_cut_are_too_close_to_call() -> None:
    [track] = examine([drawn(Person(OCHRE, 100, CLOSE))] * 16).tracks
    assert (track.verdict, track.reason) == (Verdict.INDETERMINATE, Reason.TOO_CLOSE)


def test_a_film_without_a_face_is_examined_and_inconclusive() -> None:
    film = examine([drawn()] * 8)
    whole = FileFinding(1, "film.mp4", FileStatus.ANALYSED, film=film)
    assert film.tracks == ()
    assert (film.counts.sampled, film.counts.with_faces) == (8, 0)
    assert (whole.verdict, whole.reason) == (Verdict.INDETERMINATE, Reason.NO_FACE)


def test_triage_gives_scores_and_segments_and_no_verdict() -> None:
    forged, real = examine(two_persons(), settings=Settings(fast=True)).tracks
    for track in (forged, real):
        assert (track.verdict, track.reason) == (Verdict.INDETERMINATE, Reason.NOT_DECIDED)
        assert track.score is not None
        assert all(frame.finding.answers == () for frame in track.decisive)
    assert len(forged.segments) == 1


class ForgetfulFinder(DrawnFaceFinder):
    """Misses every face on some frames."""

    def __init__(self, missed: range) -> None:
        self.missed = missed

    def find(self, frame: Frame) -> tuple[Face, ...]:
        return () if frame.index in self.missed else super().find(frame)


def moving(count: int = 24) -> list[Pixels]:
    return [drawn(Person(OCHRE, 40 + 4 * index, FAKE)) for index in range(count)]


def followed(missed: range) -> TrackFinding:
    engine = replace(make_engine(), finder=ForgetfulFinder(missed), follower=DlibFaceFollower())
    [track] = examine(moving(), engine).tracks
    return track


def test_a_tracker_carries_the_box_over_frames_on_which_the_detector_finds_nothing() -> None:
    track = followed(range(10, 13))
    assert [one.index for one in track.sightings] == list(range(24))
    carried = track.sightings[10:13]
    assert all(one.followed and one.score is None and one.face.origin is FaceOrigin.FOLLOWED for one in carried)
    assert [one.face.box.left for one in carried] == pytest.approx([80, 84, 88], abs=6)
    assert not any(one.followed for one in (*track.sightings[:10], *track.sightings[13:]))


def test_a_box_is_carried_only_so_far_and_the_person_is_known_again() -> None:
    track = followed(range(8, 14))
    assert [one.index for one in track.sightings if one.followed] == [8, 9, 10]
    assert [one.index for one in track.sightings][-1] == 23


def test_a_box_that_is_never_found_again_is_no_part_of_the_track() -> None:
    engine = replace(make_engine(), finder=ForgetfulFinder(range(20, 24)), follower=DlibFaceFollower())
    film = examine(moving(), engine)
    [track] = film.tracks
    assert [one.index for one in track.sightings] == list(range(20))
    assert (film.counts.sampled, film.counts.with_faces) == (24, 20)


def test_without_a_tracker_the_gap_stays_a_gap() -> None:
    engine = replace(make_engine(), finder=ForgetfulFinder(range(10, 13)))
    [track] = examine(moving(), engine).tracks
    assert [one.index for one in track.sightings] == [*range(10), *range(13, 24)]


def test_where_not_every_decisive_frame_is_affordable_each_track_keeps_its_most_suspicious(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decisive, "MOST_DECIDED", 2)
    for track in examine(two_persons()).tracks:
        [frame] = track.decisive
        assert Role.SUSPICIOUS in frame.roles


def test_faces_of_several_frames_share_a_pass_through_the_networks() -> None:
    engine = make_engine()
    examine(two_persons(count=10), engine, Settings(batch_faces=6))
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches[:3] == [6, 6, 6]


class Stopped(Exception):
    """Raised in the middle of a film."""


def interrupted(journal: FilmJournal, batches: int) -> None:
    """Watch a film until it is stopped before the given batch."""
    left = iter(range(batches))

    def stop(_crops: object) -> None:
        if next(left, None) is None:
            raise Stopped

    engine = replace(make_engine(stop), follower=DlibFaceFollower(), finder=ForgetfulFinder(range(20, 22)))
    with pytest.raises(Stopped):
        examine_film(engine, ListedFilm(two_persons()), FilmRequest(Settings(), EVERY), journal)


def entry_of(film: FilmFinding) -> FileEntry:
    return file_entry(FileFinding(1, "film.mp4", FileStatus.ANALYSED, film=film))


@pytest.mark.parametrize("batches", [0, 5, 10, 23])
def test_an_interrupted_film_goes_on_where_it_stopped_and_says_the_same(tmp_path: Path, batches: int) -> None:
    journal = FilmJournal(tmp_path / "F0001.jsonl", "a" * 64)
    interrupted(journal, batches)
    seen = len(list(journal.looks()))
    assert seen == 2 * batches + (2 if batches > 10 else 0)
    engine = replace(make_engine(), follower=DlibFaceFollower(), finder=ForgetfulFinder(range(20, 22)))
    request = FilmRequest(Settings(), EVERY)
    again = examine_film(engine, ListedFilm(two_persons()), request, FilmJournal(tmp_path / "F0001.jsonl", "a" * 64))
    whole = examine_film(
        replace(make_engine(), follower=DlibFaceFollower(), finder=ForgetfulFinder(range(20, 22))),
        ListedFilm(two_persons()),
        request,
    )
    assert entry_of(again[0]) == entry_of(whole[0])
    assert isinstance(engine.encoder, ColourEncoder)
    watched = sum(engine.encoder.batches) - sum(len(track.decisive) for track in again[0].tracks)
    assert watched == 2 * 46 - 4 * batches


def test_a_stretch_without_faces_is_kept_and_told_of_on_the_way(tmp_path: Path) -> None:
    told: list[Fraction] = []
    film, journal = ListedFilm([drawn() for _ in range(40)]), FilmJournal(tmp_path / "a.jsonl", "a" * 64)
    examine_film(make_engine(), film, FilmRequest(Settings(), EVERY), journal, told.append)
    assert told == [Fraction(last, RATE) for last in (15, 31, 39)]
    assert len(list(journal.looks())) == 40


def looks(count: int = 3) -> list[Look]:
    kept: list[Look] = []

    class Keeper:
        def looks(self) -> Iterator[Look]:
            return iter(())

        def keep(self, looks: Sequence[Look]) -> None:
            kept.extend(looks)

    frames = [drawn(Person(VIOLET, 50 + 9 * index, FAKE)) for index in range(count)]
    examine_film(make_engine(), ListedFilm(frames), FilmRequest(Settings(), EVERY), Keeper())
    return kept


def test_looks_come_back_from_the_disk_to_the_last_bit(tmp_path: Path) -> None:
    kept = looks()
    journal = FilmJournal(tmp_path / "a.jsonl", "b" * 64)
    journal.keep(kept[:1])
    journal.keep(kept[1:])
    for one, other in zip(kept, FilmJournal(tmp_path / "a.jsonl", "b" * 64).looks(), strict=True):
        assert (one.index, one.time_seconds, one.frame_type, one.cut) == (
            other.index,
            other.time_seconds,
            other.frame_type,
            other.cut,
        )
        [face], [again] = one.faces, other.faces
        assert (face.face.box, face.track, face.score, face.sharpness) == (
            again.face.box,
            again.track,
            again.score,
            again.sharpness,
        )
        assert (face.face.landmarks == again.face.landmarks).all()
        assert (face.appearance == again.appearance).all()
        assert face.soft_mask is not None
        assert again.soft_mask is not None
        assert (face.soft_mask == again.soft_mask).all()


def test_a_look_that_was_cut_off_is_dropped_and_the_next_one_follows(tmp_path: Path) -> None:
    kept = looks()
    path = tmp_path / "a.jsonl"
    journal = FilmJournal(path, "b" * 64)
    journal.keep(kept[:2])
    path.write_bytes(path.read_bytes()[:-40])
    assert [look.index for look in journal.looks()] == [0]
    journal.keep(kept[1:])
    assert [look.index for look in journal.looks()] == [0, 1, 2]


def test_looks_of_another_file_are_not_used(tmp_path: Path) -> None:
    FilmJournal(tmp_path / "a.jsonl", "b" * 64).keep(looks())
    other = FilmJournal(tmp_path / "a.jsonl", "c" * 64)
    assert list(other.looks()) == []
    other.keep(looks(2))
    assert [look.index for look in FilmJournal(tmp_path / "a.jsonl", "c" * 64).looks()] == [0, 1]


def test_a_damaged_memory_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    journal = FilmJournal(path, "b" * 64)
    journal.keep(looks())
    path.write_bytes(path.read_bytes().replace(b'"index":1', b'"index":x'))
    with pytest.raises(OutputError, match="damaged"):
        list(journal.looks())


def test_a_profile_can_state_the_rule_for_films(tiny_weights: Path, tmp_path: Path) -> None:
    from fakeface.training.release import write_film_rule

    for path in tiny_weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert load_profile("compact", tmp_path).films is None
    rule = replace(make_rule(THRESHOLDS, "median"), cut=0.41)
    assert write_film_rule(tmp_path, rule).films == rule
    engine = replace(make_engine(), profile=load_profile("compact", tmp_path))
    assert examine([drawn(Person(OCHRE, 100, FAKE))] * 12, engine).rule == rule


@pytest.mark.parametrize(
    "wrong", [{"cut": 1.0}, {"margin": 0.5}, {"least_sightings": 0}, {"least_seconds": 0.0}, {"gap_seconds": -1.0}]
)
def test_a_rule_that_contradicts_itself_is_refused(wrong: dict[str, float]) -> None:
    make: Callable[..., TrackRule] = lambda **changes: replace(make_rule(THRESHOLDS), **changes)  # noqa: E731
    with pytest.raises(SettingsError, match="rule for tracks"):
        make(**wrong)


def test_a_segment_ends_with_the_range_and_with_what_was_looked_at() -> None:
    request = FilmRequest(Settings(), Sampling(every=1, end=Fraction(47, 16)))
    frames = ListedFilm(two_persons(24, forged=range(12, 24)))
    forged = examine_film(make_engine(), frames, request)[0].tracks[0]
    assert [segment.end_seconds for segment in forged.segments] == [Fraction(47, 16)]
    times, shot = [Fraction(place) for place in range(4)], Shot(1, Fraction(0), Fraction(100))
    assert sighting_end(times, Fraction(1), shot) == 2
    assert sighting_end(times, Fraction(3), shot) == 4, "as long as frames lie apart: nobody looked further"
    assert sighting_end(times, Fraction(3), shot, Fraction(7, 2)) == Fraction(7, 2)
    assert sighting_end(times, Fraction(3), Shot(1, Fraction(0), Fraction(10, 3))) == Fraction(10, 3)


def test_it_is_told_how_many_faces_are_decided() -> None:
    told: list[tuple[int, int]] = []
    request = FilmRequest(Settings(batch_faces=1), EVERY)
    frames = ListedFilm(two_persons(24, forged=range(12, 24)))
    film, _, _ = examine_film(make_engine(), frames, request, decided=lambda *counts: told.append(counts))
    decisive = [frame for track in film.tracks for frame in track.decisive]
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (len(decisive), len(decisive))
    assert len(told) > 1, "after every batch"


def test_every_stretch_that_stands_out_has_a_frame_decided_inside_it() -> None:
    stretches = (range(16, 32), range(48, 64))
    frames = [
        drawn(Person(OCHRE, 20 + index // 2, FAKE if any(index in one for one in stretches) else REAL))
        for index in range(80)
    ]
    [track] = examine(frames).tracks
    assert len(track.segments) == 2
    suspicious = [one.index for one in track.decisive if Role.SUSPICIOUS in one.roles]
    assert [any(index in one for index in suspicious) for one in stretches] == [True, True]


@pytest.mark.parametrize(
    ("start", "end", "verdict", "reason"),
    [
        (None, Fraction(5), Verdict.INDETERMINATE, Reason.PART),
        (None, Fraction(47, 8), Verdict.INDETERMINATE, Reason.PART),
        (Fraction(1, 8), None, Verdict.INDETERMINATE, Reason.PART),
        (Fraction(0), Fraction(10), Verdict.REAL, None),
        (Fraction(0), Fraction(6), Verdict.REAL, None),
        (None, Fraction(48, 8), Verdict.REAL, None),
    ],
)
def test_a_film_is_not_called_unaltered_where_a_frame_lies_outside_the_range(
    start: Fraction | None, end: Fraction | None, verdict: Verdict, reason: Reason | None
) -> None:
    sampling = replace(EVERY, start=start, end=end)
    found, _, _ = examine_film(
        make_engine(), ListedFilm(two_persons(forged=range(0))), FilmRequest(Settings(), sampling)
    )
    assert [track.verdict for track in found.tracks] == [Verdict.REAL, Verdict.REAL]
    finding = FileFinding(1, "a.mp4", FileStatus.ANALYSED, film=found)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_a_film_that_ends_before_its_announced_end_is_never_called_unaltered() -> None:
    found = examine(two_persons(forged=range(0)))
    finding = FileFinding(1, "a.mp4", FileStatus.ANALYSED, film=found)
    assert (finding.verdict, finding.reason) == (Verdict.REAL, None)
    short = replace(finding, film=replace(found, facts=replace(found.facts, whole=False)))
    assert (short.verdict, short.reason) == (Verdict.INDETERMINATE, Reason.NOT_WHOLE)
    assert Reason.NOT_WHOLE.words == (
        "not all of the film was examined: its file is shorter than its own parts say, its pictures end before its "
        "announced end, or it holds further streams of pictures"
    )
    altered = examine(two_persons())
    cut = replace(finding, film=replace(altered, facts=replace(altered.facts, whole=False)))
    assert cut.verdict is Verdict.FAKE, "what was seen stays"
