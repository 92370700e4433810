"""Films of the factory: real and forged twins that differ in nothing but the forgery, with exact truth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from fakeface.backends.dlib import DlibFaceFinder
from fakeface.concepts import eye_distance
from fakeface.errors import SettingsError
from fakeface.faces import Box
from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.forge.film_files import Encoding, FilmTruth, read_truth, write_films
from fakeface.training.forge.film_motion import Expression, Lens, Wave, drawn_expressions, drawn_lens, drawn_sway
from fakeface.training.forge.films import FILM_OPERATORS, FilmShape, FilmStudio
from fakeface.training.forge.steps import Denoise

from .conftest import FaceSet

SHAPE = FilmShape(width=480, height=272, rate=Fraction(12), frames=12, sides=(130, 160), close_sides=(230, 250))


@pytest.fixture(scope="module")
def studio(face_set: FaceSet) -> FilmStudio:
    return FilmStudio(face_set.of("train"), face_set.root, 3, SHAPE)


@pytest.fixture(scope="module")
def written(studio: FilmStudio, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[FilmTruth, ...]]:
    folder = tmp_path_factory.mktemp("films")
    return folder, write_films(studio, 1, folder, "train", (Encoding(23), Encoding(40)))


def decoded(path: Path) -> list[np.ndarray]:
    clip, frames = cv2.VideoCapture(str(path)), []
    while True:
        there, frame = clip.read()
        if not there:
            return frames
        frames.append(frame[..., ::-1])


def test_the_same_seed_gives_the_same_films_and_another_one_others(studio: FilmStudio, face_set: FaceSet) -> None:
    plan = next(studio.workable(0))
    again = FilmStudio(face_set.of("train"), face_set.root, 3, SHAPE)
    other = FilmStudio(face_set.of("train"), face_set.root, 4, SHAPE)
    first, second = list(studio.frames(plan)), list(again.frames(next(again.workable(0))))
    assert all(
        np.array_equal(a.real, b.real) and np.array_equal(a.forged, b.forged)
        for a, b in zip(first, second, strict=True)
    )
    assert not np.array_equal(first[0].real, next(other.frames(next(other.workable(0)))).real)


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_both_films_are_the_same_but_for_the_forged_face_in_its_time(studio: FilmStudio, number: int) -> None:
    plan = next(studio.workable(number))
    forging = plan.forging
    for index, frame in enumerate(studio.frames(plan)):
        differs = np.abs(frame.real.astype(int) - frame.forged).max(axis=2) > 0
        assert differs.any() == (forging.first <= index < forging.end)
        if differs.any():
            points = frame.landmarks[forging.person]
            rows, columns = np.nonzero(differs)
            away = np.abs(np.stack([columns, rows], axis=1) - points.mean(axis=0)).max()
            assert away < 2.2 * eye_distance(points), "nothing far from the face may change"


def test_some_films_are_taken_by_a_phone_that_smooths_every_frame(studio: FilmStudio) -> None:
    views = [studio.view(studio.plan(number)) for number in range(12)]
    smoothed = [view for view in views if view.developed]
    assert 2 <= len(smoothed) <= 9
    assert all(isinstance(view.developed[0], Denoise) for view in smoothed)
    view = smoothed[0]
    raw, points = replace(view, developed=()).shot(3, 0.25)
    kept, same = view.shot(3, 0.25)
    for step in view.developed:
        raw = step.apply(raw)
    assert np.array_equal(kept, raw)
    assert all(np.array_equal(one, other) for one, other in zip(points, same, strict=True))


def test_persons_move_smoothly_and_the_landmarks_go_with_them(studio: FilmStudio) -> None:
    finder = DlibFaceFinder(FaceSettings(hog_side_pixels=960))
    frames = list(studio.frames(next(studio.workable(0))))
    tracks = np.array([frame.landmarks for frame in frames])
    steps = np.abs(np.diff(tracks.mean(axis=2), axis=0))
    assert 0.05 < steps.max() < 8, "pixels between frames"
    for frame in frames[:: len(frames) - 1]:
        for points in frame.landmarks:
            faces = finder.find(Frame(frame.real.copy()))
            apart = [np.linalg.norm(face.landmarks - points, axis=1).mean() / eye_distance(points) for face in faces]
            assert min(apart) < 0.15


def test_a_blink_shuts_the_eyes_and_talk_opens_the_mouth(face_set: FaceSet) -> None:
    points = face_set.rows[0].points()
    shut = Expression(shut=0.8, mouth=0.0, brows=0.0).applied(points)
    assert np.linalg.norm(shut[[37, 38]] - shut[[41, 40]]) < 0.3 * np.linalg.norm(points[[37, 38]] - points[[41, 40]])
    assert np.array_equal(shut[:36], points[:36])
    talking = Expression(shut=0.0, mouth=0.1, brows=0.0).applied(points)
    assert (talking[57] - points[57])[1] > 0.05 * eye_distance(points)
    drawn = drawn_expressions(np.random.default_rng(0), points, 30.0)
    assert 4 <= len(drawn.blinks) <= 20
    assert max(drawn.at(0.02 * step).shut for step in range(1500)) > 0.7


def test_a_camera_at_rest_is_never_far_from_where_it_was() -> None:
    sway = drawn_sway(np.random.default_rng(1))
    corner = np.array([[0.0, 0.0, 1.0], [640.0, 360.0, 1.0]])
    for step in range(100):
        moved = corner @ sway.at(0.1 * step, (320.0, 180.0), 360.0).T
        assert np.abs(moved - corner[:, :2]).max() < 90


def test_forgeries_take_every_operator_in_turn_and_some_last_the_whole_film(studio: FilmStudio) -> None:
    plans = [studio.plan(number) for number in range(28)]
    assert [plan.forging.operator for plan in plans[:7]] == list(FILM_OPERATORS)
    whole = [plan for plan in plans if plan.forging.end - plan.forging.first == SHAPE.frames]
    assert 2 <= len(whole) <= 14
    sizes = {plan.scene: studio.view(plan).actors[0].subject.pixels.shape[0] for plan in plans[1:5]}
    assert sizes["close-up"] > 1.3 * sizes["two persons"]
    for plan in plans:
        assert 0 <= plan.forging.first < plan.forging.end <= SHAPE.frames
        assert len({row.path for row in plan.persons}) == len(plan.persons) in (1, 2)
        if plan.forging.donor is not None:
            assert plan.forging.donor.path not in {row.path for row in plan.persons}
    assert {len(plan.persons) for plan in plans} == {1, 2}


def test_written_films_hold_every_frame_and_their_truth_lies_beside_them(
    studio: FilmStudio, written: tuple[Path, tuple[FilmTruth, ...]]
) -> None:
    folder, truths = written
    plan = next(studio.workable(1))
    frames = list(studio.frames(plan))
    assert [(truth.crf, truth.label) for truth in truths] == [(23, 0), (23, 1), (40, 0), (40, 1)]
    assert {path.suffix for path in folder.iterdir()} == {".mp4", ".json"}
    for truth in truths:
        film = folder / truth.film
        assert read_truth(film.with_suffix(".json")) == truth
        shown = decoded(film)
        assert len(shown) == SHAPE.frames == len(truth.persons[0].boxes)
        if truth.crf == 23:
            meant = [frame.forged if truth.label else frame.real for frame in frames]
            errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(shown, meant, strict=True)]
            assert max(errors) < 4, "grey levels"
    stretches = [stretch for person in truths[1].persons for stretch in person.forged]
    assert [(one.start, one.end) for one in stretches] == [
        (Fraction(plan.forging.first, 12), Fraction(plan.forging.end, 12))
    ]
    assert stretches[0].operator == plan.forging.operator
    assert not any(person.forged for person in truths[0].persons)
    sizes = {truth.crf: (folder / truth.film).stat().st_size for truth in truths}
    assert sizes[40] < sizes[23]


def test_films_that_are_there_are_kept(studio: FilmStudio, written: tuple[Path, tuple[FilmTruth, ...]]) -> None:
    folder, truths = written
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert write_films(studio, 1, folder, "train", (Encoding(23), Encoding(40))) == truths
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_boxes_of_the_truth_frame_the_landmarks(
    studio: FilmStudio, written: tuple[Path, tuple[FilmTruth, ...]]
) -> None:
    truth = written[1][0]
    for index, frame in enumerate(studio.frames(next(studio.workable(1)))):
        for person, points in zip(truth.persons, frame.landmarks, strict=True):
            left, top, right, bottom = person.boxes[index]
            assert left <= points[:, 0].min() < left + 1
            assert top <= points[:, 1].min() < top + 1
            assert right - 2 <= points[:, 0].max() < right
            assert bottom - 2 <= points[:, 1].max() < bottom
    box = Box(*truth.persons[0].boxes[3])
    assert truth.overlaps(Fraction(3, 12), box)[0] == 1.0
    assert truth.overlaps(Fraction(100), box)[0] < 1.0, "beyond the end the last frame counts"


def test_what_cannot_be_a_film_is_refused(face_set: FaceSet) -> None:
    rows = face_set.of("train")
    with pytest.raises(SettingsError, match="even sides"):
        FilmShape(width=321)
    with pytest.raises(SettingsError, match="no operator wish"):
        FilmStudio(rows, face_set.root, 1, SHAPE, ("wish",))
    with pytest.raises(SettingsError, match="at least two real faces"):
        FilmStudio(rows[:1], face_set.root, 1, SHAPE)
    tight = [row.model_copy(update={"width": row.box[2] + 5}) for row in rows]
    with pytest.raises(SettingsError, match="with their surroundings"):
        FilmStudio(tight, face_set.root, 1, SHAPE)
    with pytest.raises(SettingsError, match="no truth of a made film"):
        read_truth(face_set.manifest)


def test_a_lens_loses_its_focus_and_finds_it_again() -> None:
    grain = np.random.default_rng(2).uniform(0, 255, (64, 64, 3)).astype(np.float32)
    lens = Lens(Wave(((1.2, 0.25, 0.0),)), Wave((), 0.1))
    spread = [float(lens.seen(grain, seconds).std()) for seconds in (0.0, 1.0, 2.0, 3.0)]
    assert spread[1] < 0.4 * spread[0]
    assert spread[2] == pytest.approx(spread[0]) == pytest.approx(spread[3])
    assert lens.seen(np.full((8, 8, 3), 100, np.float32), 0.0).mean() == pytest.approx(110.5, abs=0.1)
    drawn = [drawn_lens(np.random.default_rng(seed)).blur for seed in range(60)]
    most = [max(one.at(moment) for moment in np.arange(0, 6, 0.25)) for one in drawn]
    assert min(most) < 0.25 < 0.8 < max(most) < 2.2, "some lenses keep their focus, some lose it"
