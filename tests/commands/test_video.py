"""``fakeface video``: what an analyst sees of films on screen, in the case folder and in the exit code."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from fakeface.backends import Engine, clips
from fakeface.errors import BackendError

from ..fakes import FAKE, REAL, ColourEncoder, draw, make_engine
from ..films_data import sound_only, write_film
from ..scenes import BLUE, OCHRE, RATE, Person, drawn
from .conftest import comparable, invoke, lines, read_record, spawn

Use = Callable[[Engine], None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of two persons, of whom the left is forged from 2 s to 4 s."""
    frames = (
        drawn(
            Person(OCHRE, 20 + index, FAKE if 16 <= index < 32 else REAL),
            Person(BLUE, 300 - index, REAL, top=70),
        )
        for index in range(48)
    )
    return write_film(tmp_path_factory.mktemp("films") / "two.mp4", frames, rate=RATE)


@pytest.fixture
def evidence(place: Path, made: Path) -> Path:
    folder = place / "evidence"
    folder.mkdir()
    shutil.copy(made, folder / "two.mp4")
    return folder


def test_a_run_says_who_was_altered_and_when_and_writes_what_the_record_names(evidence: Path) -> None:
    result = invoke("video", evidence / "two.mp4", "--every", 1, "--clip", "--export-frames", "--out", "case")
    assert result.exit_code == 0, result.stderr
    assert "supports alteration" in result.stdout
    assert "supports no alteration" in result.stdout
    assert "Case folder: case" in result.stdout
    case = Path("case")
    record = read_record(case)
    [entry] = record.files
    assert entry.film is not None
    forged, real = entry.film.tracks
    assert (entry.verdict, forged.verdict, real.verdict) == ("fake", "fake", "real")
    [segment] = forged.segments
    assert abs(segment.start_seconds.fraction - 2) <= Fraction(1, RATE)
    assert abs(segment.end_seconds.fraction - 4) <= Fraction(1, RATE)
    totals = record.totals
    assert (totals.films, totals.tracks, totals.fake, totals.real, totals.faces) == (1, 2, 1, 1, 0)
    named = [entry.film.clip_file, entry.film.contact_sheet_file, entry.film.frames_file]
    named += [track.timeline_file for track in entry.film.tracks]
    named += [name for frame in forged.decisive for name in (frame.frame_file, frame.face.crop_file)]
    listed = {file["path"] for file in json.loads((case / "manifest.json").read_text())["files"]}
    assert None not in named
    assert {*named, "timeline.csv", "report.pdf"} <= listed
    assert not (case / "unfinished").exists()
    assert record.settings["film"]["clip"] is True


def test_the_timeline_has_a_row_for_every_sighting(evidence: Path) -> None:
    assert invoke("video", evidence, "--every", 2, "--out", "case").exit_code == 0
    rows = list(csv.DictReader(io.StringIO(Path("case/timeline.csv").read_text())))
    assert len(rows) == 2 * 24
    assert {row["track"] for row in rows} == {"F0001-T01", "F0001-T02"}
    assert rows[1]["time_exact"] == "1/4"


def test_stills_and_notes_among_films_are_accounted_for_and_bad_films_do_not_stop_the_others(evidence: Path) -> None:
    draw(evidence / "a still.png", REAL)
    (evidence / "notes.txt").write_text("seen at 3 pm")
    sound_only(evidence / "sound.mp4")
    (evidence / "playlist.mp4").write_text("#EXTM3U\nhttp://example.org/film.ts\n")
    result = invoke("video", evidence, "--out", "case", "--format", "jsonl")
    entries = {Path(entry["name"]).name: entry for entry in lines(result.stdout)}
    assert result.exit_code == 3, result.stderr
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "a still.png": "analysed",
        "notes.txt": "skipped",
        "playlist.mp4": "failed",
        "sound.mp4": "failed",
        "two.mp4": "analysed",
    }
    assert entries["a still.png"]["film"] is None
    assert entries["a still.png"]["faces"][0]["decision"]["verdict"] == "real"
    assert len(entries["two.mp4"]["film"]["tracks"]) == 2
    assert entries["sound.mp4"]["error"]


def test_only_the_range_that_is_asked_for_is_looked_at(evidence: Path) -> None:
    result = invoke("video", evidence, "--every", 1, "--range", "0:00:02-4", "--out", "case")
    assert result.exit_code == 0, result.stderr
    [entry] = read_record(Path("case")).files
    assert entry.film is not None
    assert [one.index for one in entry.film.tracks[0].sightings] == list(range(16, 32))
    assert (entry.film.counts.decoded, entry.film.counts.sampled) == (48, 16)
    assert "from 2 s to 4 s" in entry.film.sampling


def test_a_clip_that_cannot_be_encoded_is_left_out_and_the_other_films_go_on(
    evidence: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(evidence / "two.mp4", evidence / "again.mp4")
    write = clips.write_clip

    def failing(path: Path, *rest: Any) -> str:
        if "F0001" in path.name:
            raise BackendError("ffmpeg could not encode the annotated copy: not yet implemented")
        return write(path, *rest)

    monkeypatch.setattr(clips, "write_clip", failing)
    result = invoke("video", evidence, "--frames", 8, "--clip", "--out", "case")
    assert result.exit_code == 0, result.stderr
    assert "F0001: not everything beside the record could be written: ffmpeg could not encode" in result.stderr
    first, second = read_record(Path("case")).files
    assert first.film is not None
    assert second.film is not None
    assert (first.film.clip_file, second.film.clip_file) == (None, "films/F0002-clip.mp4")
    assert len(first.film.tracks) == len(second.film.tracks) == 2


@pytest.mark.parametrize(
    ("options", "sampled"), [(("--frames", 10), 10), (("--fps", "4"), 24), (("--scenes",), 12), (("--scenes=7",), 7)]
)
def test_the_density_is_chosen_in_several_ways(evidence: Path, options: tuple[object, ...], sampled: int) -> None:
    result = invoke("video", evidence, "--triage", "--no-images", "--out", "case", *options)
    assert result.exit_code == 0, result.stderr
    [entry] = read_record(Path("case")).files
    assert entry.film is not None
    assert entry.film.counts.sampled == sampled


def test_fail_on_looks_at_tracks(evidence: Path) -> None:
    common = ("--every", 2, "--no-images")
    assert invoke("video", evidence, "--fail-on", "fake", "--out", "one", *common).exit_code == 10
    assert invoke("video", evidence, "--fail-on", "indeterminate", "--out", "two", *common).exit_code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--every", 2, "--fps", 3), "--every and --fps contradict each other"),
        (("--range", "4-2"), "ends before it starts"),
        (("--range", "soon"), "is no range"),
        (("--range", "x-y"), "is no time"),
        (("--fps", "0"), "is no rate"),
        (("--fps", "1/0"), "is no rate"),
        (("--every", "0"), "not in the range"),
        (("--scenes", "many"), "not a valid integer"),
        (("--clip", "--no-images"), "contradict it"),
        (("--export-frames=all",), "is not one of"),
    ],
)
def test_a_contradictory_request_is_refused_before_anything_is_written(
    evidence: Path, options: tuple[object, ...], words: str
) -> None:
    result = invoke("video", evidence / "two.mp4", "--out", "case", *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not Path("case").exists()


def test_a_film_that_is_given_to_detect_is_refused_with_the_command_that_examines_it(evidence: Path) -> None:
    result = invoke("detect", evidence / "two.mp4", "--out", "case")
    assert result.exit_code == 3
    [entry] = read_record(Path("case")).files
    assert entry.error is not None
    assert "fakeface video" in entry.error


def test_a_film_without_a_face_is_inconclusive_and_no_failure(place: Path) -> None:
    write_film(place / "empty.mp4", (drawn() for _ in range(16)), rate=RATE)
    result = invoke("video", "empty.mp4", "--out", "case")
    assert result.exit_code == 0, result.stderr
    [entry] = read_record(Path("case")).files
    assert (entry.verdict, entry.reason) == ("indeterminate", "no_face")


def test_two_runs_over_the_same_film_differ_in_nothing_but_the_run(evidence: Path) -> None:
    for case in ("one", "two"):
        assert invoke("video", evidence, "--every", 3, "--out", case).exit_code == 0
    assert comparable(Path("one")) == comparable(Path("two"))


@pytest.mark.parametrize("ended", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_inside_a_film_goes_on_inside_it(
    evidence: Path, use_engine: Use, ended: signal.Signals
) -> None:
    words = ("video", str(evidence), "--every", "1", "--no-images", "--out", "case")
    process = spawn(*words, env={"SLOW": "1"})
    journal = Path("case/unfinished/F0001.jsonl")
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and (not journal.exists() or len(journal.read_bytes().splitlines()) < 9):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(ended)
    process.communicate()
    if ended is signal.SIGINT:
        assert process.returncode == 130
        assert read_record(Path("case")).run.interrupted
        assert "unfinished" not in Path("case/manifest.json").read_text()
    seen = len(journal.read_bytes().splitlines()) - 1
    engine = make_engine()
    use_engine(engine)
    assert invoke(*words, "--resume").exit_code == 0
    use_engine(make_engine())
    assert invoke(*words[:-1], "whole").exit_code == 0
    assert comparable(Path("case")) == comparable(Path("whole"))
    assert isinstance(engine.encoder, ColourEncoder)
    [entry] = read_record(Path("case")).files
    assert entry.film is not None
    decided = sum(len(track.decisive) for track in entry.film.tracks)
    assert sum(engine.encoder.batches) == 2 * (48 - seen) + decided
    assert not Path("case/unfinished").exists()


def test_a_run_under_another_sampling_is_not_resumed(evidence: Path) -> None:
    process = spawn("video", str(evidence), "--every", "1", "--no-images", "--out", "case", env={"SLOW": "1"})
    while not Path("case/journal.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    result = invoke("video", evidence, "--every", 2, "--no-images", "--out", "case", "--resume")
    assert result.exit_code == 2
    assert "other settings" in result.stderr


def test_the_bar_tells_the_seconds_of_the_film_at_hand() -> None:
    from fakeface.commands.film_bar import FilmBar
    from rich.progress import Progress

    from fakeface.inputs import Input

    progress = Progress(disable=True)
    bar = FilmBar(progress, lambda: [500, 800, 700])
    bar.read(Fraction(3, 2), Fraction(4))
    assert [(task.description, task.fields["told"]) for task in progress.tasks][1] == ("reading", "1.5 of 4.0 s")
    for reached in (Fraction(1), Fraction(5)):
        bar.reached(Input(2, "film.mp4"), reached, Fraction(10))
    _, film = progress.tasks
    assert (film.description, film.completed, film.total) == ("F0002", 5, 10)
    assert film.fields["told"] == "5.0 of 10.0 s"
    bar.decided(2, 3)
    assert [(task.description, task.fields["told"]) for task in progress.tasks][1] == ("deciding", "2 of 3 faces")
    assert list(bar.written([("picture", Fraction(1, 2))], Fraction(10))) == [("picture", Fraction(1, 2))]
    assert [(task.description, task.fields["told"]) for task in progress.tasks][1] == ("copy", "0.5 of 10.0 s")


def test_the_bar_of_a_folder_measures_in_seconds_of_film(tmp_path: Path) -> None:
    """Lengths of films to come are estimated by their sizes; what is no film, or was done before, says nothing."""
    from fakeface.commands.film_bar import FilmBar, size_of
    from rich.progress import Progress

    from fakeface.inputs import Input

    films = [Input(number, str(tmp_path / f"{number}.mp4")) for number in (1, 2, 3, 4)]
    for film, size in zip(films, (9000, 500, 1500, 2000), strict=True):
        Path(film.path).write_bytes(bytes(size))
    progress = Progress(disable=True)
    bar = FilmBar(progress, lambda: map(size_of, films))

    def told() -> tuple[str, float, float | None]:
        task = progress.tasks[0]
        return task.fields["told"], task.completed, task.total

    assert told() == ("0 of 4", 0, None)
    bar.advance()  # a picture
    assert told() == ("1 of 4", 0, None)
    bar.reached(films[1], Fraction(4), Fraction(10))
    assert told() == ("1 of 4", 4, 80)  # ten seconds in 500 of 4,000 bytes
    bar.advance()
    assert told() == ("2 of 4", 10, 80)
    bar.reached(films[2], Fraction(2), Fraction(10))
    assert told() == ("2 of 4", 12, 40)  # twenty in 2,000
    bar.advance()
    bar.reached(films[3], Fraction(30), Fraction(30))
    bar.advance()
    assert told() == ("4 of 4", 50, 50)
    assert [task.description for task in progress.tasks] == ["files"]
    assert size_of(Input(9, str(tmp_path / "gone.mp4"))) == size_of(Input(9, films[0].path, "a duplicate")) == 0


def test_the_bar_measures_against_the_range_that_is_looked_at() -> None:
    from fakeface.commands.film_bar import FilmBar
    from rich.progress import Progress

    from fakeface.inputs import Input

    progress = Progress(disable=True)
    bar = FilmBar(progress, lambda: [1000])
    bar.part = Fraction(60), Fraction(70)
    for length, said in ((Fraction(600), "4.0 of 10.0 s"), (Fraction(68), "4.0 of 8.0 s"), (None, "4.0 of 10.0 s")):
        bar.reached(Input(1, "film.mp4"), Fraction(64), length)
        assert progress.tasks[1].fields["told"] == said
    bar.read(Fraction(3), Fraction(600))  # the first reading is of the whole film
    assert progress.tasks[1].fields["told"] == "3.0 of 600.0 s"
    assert list(bar.written([("picture", Fraction(61))], Fraction(600))) == [("picture", Fraction(61))]
    assert progress.tasks[1].fields["told"] == "1.0 of 10.0 s"
