"""``fakeface detect``: what an analyst sees on screen, in the case folder and in the exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from fakeface.backends import Engine

from ..fakes import CLOSE, FAKE, MUTE, REAL, ColourEncoder, draw, make_engine
from .conftest import SCRIPT, comparable, invoke, lines, names, read_record, spawn

Use = Callable[[Engine], None]


@pytest.fixture
def evidence(place: Path) -> Path:
    folder = place / "evidence"
    folder.mkdir()
    return folder


def test_a_run_writes_a_case_folder_and_says_in_plain_words_what_it_found(evidence: Path) -> None:
    draw(evidence / "a.png", FAKE, REAL)
    result = invoke("detect", evidence, "--out", "case")
    assert result.exit_code == 0, result.stderr
    assert "supports alteration" in result.stdout
    assert "supports no alteration" in result.stdout
    assert "Case folder: case" in result.stdout
    case = Path("case")
    record = read_record(case)
    assert record.totals.model_dump() == {
        "found": 1,
        "analysed": 1,
        "skipped": 0,
        "failed": 0,
        "faces": 2,
        "real": 1,
        "fake": 1,
        "indeterminate": 0,
        "no_face": 0,
        "films": 0,
        "tracks": 0,
    }
    written = {path.relative_to(case).as_posix() for path in case.rglob("*") if path.is_file()}
    assert {"findings.json", "report.pdf", "manifest.json", "run.log", "overlays/F0001.png"} <= written
    assert {"faces/F0001-1.png", "faces/F0001-2.png", "masks/F0001-1.png"} <= written
    assert not any(name.startswith("journal") for name in written)


def test_the_manifest_states_the_hash_of_the_log_as_it_was_left(evidence: Path) -> None:
    import hashlib

    draw(evidence / "a.png", FAKE)
    assert invoke("detect", evidence, "--out", "case").exit_code == 0
    listed = {one["path"]: one["sha256"] for one in json.loads(Path("case/manifest.json").read_text())["files"]}
    for name in ("run.log", "findings.json", "report.pdf"):
        assert listed[name] == hashlib.sha256((Path("case") / name).read_bytes()).hexdigest()


def test_the_default_case_folder_is_named_after_the_time(place: Path) -> None:
    assert invoke("detect", draw(place / "a.png", REAL)).exit_code == 0
    [case] = place.glob("fakeface-case-*")
    assert (case / "findings.json").is_file()


def test_every_input_is_accounted_for(evidence: Path) -> None:
    draw(evidence / "a.png", REAL)
    (evidence / "b.txt").write_text("notes")
    (evidence / "c.png").write_bytes(b"")
    (evidence / "d.png").symlink_to("a.png")
    os.mkfifo(evidence / "e.png")
    result = invoke("detect", evidence, evidence / "a.png", "missing.png", "--out", "case", "--format", "jsonl")
    entries = lines(result.stdout)
    assert names(entries) == ["a.png", "b.txt", "c.png", "d.png", "e.png", "a.png", "missing.png"]
    assert [entry["status"] for entry in entries] == [
        "analysed",
        "skipped",
        "failed",
        "skipped",
        "skipped",
        "skipped",
        "failed",
    ]
    totals = read_record(Path("case")).totals
    assert (totals.found, totals.analysed, totals.skipped, totals.failed) == (7, 1, 4, 2)
    assert result.exit_code == 3


def test_the_record_names_settings_profile_and_every_model(place: Path) -> None:
    picture = draw(place / "a.png", FAKE)
    invoke("detect", picture, "--out", "case", "--min-face", "20", "--threads", "2", "--add-face", "1,2,30,40")
    record = read_record(Path("case"))
    assert record.run.threads == 2
    assert record.run.argv[:2] == ("fakeface", "detect")
    assert record.profile["name"] == "compact"
    assert [model.name for model in record.models] == [
        "drawn face finder",
        "colour encoder",
        "parrot",
        "table scorer",
        "box segmenter",
    ]
    faces = record.settings["faces"]
    assert isinstance(faces, dict)
    assert faces["min_face_pixels"] == 20
    assert record.settings["added_faces"] == [[1, 2, 30, 40]]
    assert "threads" not in record.settings


def test_the_record_says_how_long_a_face_took_and_how_much_memory(place: Path) -> None:
    invoke("detect", draw(place / "a.png", FAKE), "--out", "case")
    run = read_record(Path("case")).run
    assert run.seconds_per_face is not None
    assert run.seconds_per_face >= 0
    assert run.seconds_finding_faces >= 0
    assert run.peak_memory_bytes is not None
    assert run.peak_memory_bytes > 10_000_000


def test_two_runs_differ_only_in_the_run_block(evidence: Path) -> None:
    for name, colour in (("a.png", FAKE), ("b.png", CLOSE), ("c.png", MUTE)):
        draw(evidence / name, colour)
    invoke("detect", evidence, "--out", "one", "--threads", "1")
    invoke("detect", evidence, "--out", "two", "--threads", "2")
    assert comparable(Path("one")) == comparable(Path("two"))


def test_a_picture_without_a_face_is_inconclusive_and_exits_zero(place: Path) -> None:
    result = invoke("detect", draw(place / "a.png"), "--out", "case")
    assert result.exit_code == 0
    assert "no face found" in result.stdout
    [entry] = read_record(Path("case")).files
    assert (entry.verdict, entry.reason) == ("indeterminate", "no_face")


def test_json_on_standard_output_is_the_record(place: Path) -> None:
    result = invoke("detect", draw(place / "a.png", FAKE), "--out", "case", "--format", "json")
    assert result.stdout == Path("case/findings.json").read_text()
    assert "case folder: case" in result.stderr


def test_csv_has_a_row_for_each_face_and_each_faceless_input(evidence: Path) -> None:
    draw(evidence / "a.png", FAKE, REAL)
    draw(evidence / "b.png")
    result = invoke("detect", evidence, "--out", "case", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["verdict"] for row in rows] == ["fake", "real", "indeterminate"]
    assert rows[0]["statement"] == "supports alteration"


@pytest.mark.parametrize("style", ["json", "jsonl", "csv", "table"])
def test_diagnostics_never_mix_into_the_results(evidence: Path, style: str) -> None:
    draw(evidence / "a.png", FAKE)
    (evidence / "b.png").write_bytes(b"broken")
    result = invoke("detect", evidence, "--out", "case", "--format", style, "-v")
    assert "not examined" in result.stderr
    assert "WARNING" not in result.stdout
    assert "fakeface:" not in result.stdout


def test_quiet_leaves_standard_error_empty(evidence: Path) -> None:
    draw(evidence / "a.png", FAKE)
    (evidence / "b.png").write_bytes(b"broken")
    result = invoke("detect", evidence, "--out", "case", "--format", "json", "-q")
    assert result.stderr == ""
    assert result.exit_code == 3


def test_no_images_keeps_every_picture_out_of_the_case_folder(place: Path) -> None:
    invoke("detect", draw(place / "a.png", FAKE), "--out", "case", "--no-images")
    assert not list(Path("case").rglob("*.png"))
    assert read_record(Path("case")).files[0].faces[0].crop_file is None


def test_paths_come_from_standard_input_and_from_files(place: Path) -> None:
    draw(place / "a.png", FAKE)
    draw(place / "b\nc.png", REAL)
    draw(place / "d.png", REAL)
    (place / "list").write_text("d.png\n")
    result = invoke(
        "detect", "-", "--from-file", "list", "--out", "case", "--format", "jsonl", given=b"a.png\0b\nc.png\0"
    )
    assert result.exit_code == 0, result.stderr
    assert [entry["name"] for entry in lines(result.stdout)] == ["a.png", r"b\nc.png", "d.png"]


def test_no_recursive_says_how_many_folders_were_not_entered(evidence: Path) -> None:
    draw(evidence / "a.png", REAL)
    (evidence / "below").mkdir()
    draw(evidence / "below" / "b.png", FAKE)
    result = invoke("detect", evidence, "--out", "case", "--format", "jsonl", "--no-recursive")
    entries = lines(result.stdout)
    assert [entry["status"] for entry in entries] == ["analysed", "skipped"]
    assert "1 sub-folder was not entered" in entries[1]["error"]
    assert result.exit_code == 0


def test_triage_runs_finder_and_encoder_alone_and_gives_no_verdict(place: Path) -> None:
    result = invoke("detect", draw(place / "a.png", FAKE), "--out", "case", "--triage")
    assert result.exit_code == 0
    record = read_record(Path("case"))
    assert [model.name for model in record.models] == ["drawn face finder", "colour encoder"]
    decision = record.files[0].faces[0].decision
    assert (decision.verdict, decision.reason, decision.independent_score) == ("indeterminate", "not_decided", 0.9)


def test_an_added_face_is_recorded_as_the_examiners(place: Path) -> None:
    picture = draw(place / "a.png", REAL)
    result = invoke("detect", picture, "--out", "case", "--add-face", "10,10,70,70", "--add-face", "2,3,60,61")
    assert result.exit_code == 0, result.stderr
    faces = read_record(Path("case")).files[0].faces
    assert [(face.origin, face.box) for face in faces] == [
        ("examiner", (2, 3, 60, 61)),
        ("examiner", (10, 10, 70, 70)),
        ("dlib_hog", (20, 40, 100, 120)),
    ]


def test_a_picture_above_the_pixel_cap_is_refused_and_listed(place: Path) -> None:
    result = invoke("detect", draw(place / "a.png", REAL), "--out", "case", "--max-pixels", "100")
    assert result.exit_code == 3
    assert read_record(Path("case")).files[0].error_code == "too_large"


HOSTILE = (
    b"esc\x1b[31mred.png",
    b"\xff\xfe.png",
    "rtl\u202egnp.png".encode(),
    b"=cmd|'x'!A1.png",
    b"[bold]markup[-x].png",
    b"<b>VERDICT<br>.png",
    b"two\nlines.png",
    b"-dash.png",
    b"x" * 250 + b".png",
)


@pytest.mark.parametrize("style", ["table", "json", "jsonl", "csv"])
def test_hostile_names_do_no_harm_in_any_output(evidence: Path, style: str) -> None:
    for name in HOSTILE:
        draw(os.path.join(os.fsencode(evidence), name), FAKE)
    (evidence / "esc\x1b]52;c;x\x07.png").write_text("no picture")
    result = invoke("detect", evidence, "--out", "case", "--format", style, "-v")
    assert result.exit_code == 3, result.stderr
    log = Path("case/run.log").read_text()
    for text in (result.stdout, result.stderr, log, Path("case/findings.json").read_text()):
        assert not any(bad in text for bad in "\x1b\x07\u202e\x9b")
    entries = read_record(Path("case")).files
    kept = {bytes.fromhex(entry.name_hex) if entry.name_hex else entry.name.encode() for entry in entries}
    assert {os.path.basename(name) for name in kept} >= set(HOSTILE)
    assert len(log.splitlines()) == len(HOSTILE) + 1
    if style == "csv":
        assert all(row["file"].startswith(("'", str(evidence))) for row in csv.DictReader(io.StringIO(result.stdout)))


def test_a_name_that_begins_with_a_dash_is_examined_after_two_dashes(place: Path) -> None:
    draw(place / "-q.png", REAL)
    assert invoke("detect", "--out", "case", "--", "-q.png").exit_code == 0


def test_hostile_text_in_a_usage_error_is_shown_escaped(place: Path) -> None:
    result = invoke("detect", "a.png", "--add-face", "\x1b[31m1,2")
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr


def test_a_reader_that_leaves_does_not_cost_the_case_folder(evidence: Path) -> None:
    for number in range(8):
        draw(evidence / f"{number}.png", FAKE)
    process = spawn("detect", evidence, "--out", "case", "--format", "jsonl")
    assert process.stdout is not None
    process.stdout.close()
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert b"Traceback" not in told
    assert b"BrokenPipe" not in told
    assert read_record(Path("case")).totals.analysed == 8


@pytest.mark.parametrize("style", ["table", "jsonl"])
def test_a_locale_without_the_letters_of_a_name_is_no_fault(evidence: Path, style: str) -> None:
    draw(evidence / "Łódź.png", FAKE)
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    process = spawn("detect", evidence, "--out", "case", "--format", style, env=environment)
    shown, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert "Łódź" in shown.decode() if style == "jsonl" else rb"\u0141" in shown


def test_no_colour_and_no_bar_reach_a_pipe(evidence: Path) -> None:
    draw(evidence / "a.png", FAKE)
    process = spawn("detect", evidence, "--out", "case")
    shown, told = process.communicate(timeout=120)
    assert process.returncode == 0
    assert b"\x1b" not in shown + told


def run_on_a_terminal(*words: object, **environment: str) -> str:
    """Everything that a terminal receives on standard error."""
    import pty

    ours, theirs = pty.openpty()
    process = spawn(*words, stderr=theirs, env={"TERM": "xterm", **environment})
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 4096):
            shown += piece
    except OSError:  # the other side has closed
        pass
    os.close(ours)
    process.communicate(timeout=120)
    return shown.decode()


def test_a_bar_with_rate_runs_on_a_terminal_and_not_where_quiet_is_asked(evidence: Path) -> None:
    for number in range(4):
        draw(evidence / f"{number}.png", FAKE)
    assert "4/4" in run_on_a_terminal("detect", evidence, "--out", "one", SLOW="1")
    assert "4/4" not in run_on_a_terminal("detect", evidence, "--out", "two", "-q")


def test_no_color_is_honoured_on_a_terminal(evidence: Path) -> None:
    draw(evidence / "a.png", FAKE)
    shown = run_on_a_terminal("detect", evidence, "--out", "case", SLOW="1", NO_COLOR="1")
    assert "\x1b[3" not in shown


def test_evidence_is_neither_changed_nor_added_to(evidence: Path) -> None:
    picture = draw(evidence / "a.png", FAKE)
    picture.chmod(0o400)
    before = (picture.read_bytes(), picture.stat().st_mtime_ns, sorted(evidence.iterdir()))
    assert invoke("detect", evidence, "--out", "case").exit_code == 0
    assert (picture.read_bytes(), picture.stat().st_mtime_ns, sorted(evidence.iterdir())) == before


def test_a_further_run_goes_into_the_same_case(place: Path) -> None:
    invoke("detect", draw(place / "a.png", FAKE), "--out", "case")
    result = invoke("detect", draw(place / "b.png", REAL), "--out", "case", "--add-run")
    assert result.exit_code == 0, result.stderr
    assert read_record(Path("case")).files[0].name.endswith("a.png")
    assert read_record(Path("case/run-0002")).files[0].name.endswith("b.png")


def test_memory_holds_no_finding_longer_than_its_file(evidence: Path, use_engine: Use) -> None:
    import gc

    from fakeface.findings import FileFinding

    alive: list[int] = []
    use_engine(make_engine(lambda crops: alive.append(sum(isinstance(o, FileFinding) for o in gc.get_objects()))))
    for number in range(6):
        draw(evidence / f"{number}.png", FAKE)
    invoke("detect", evidence, "--out", "case")
    assert len(alive) == 6
    assert max(alive) <= 1


def test_the_scripts_command_is_installed() -> None:
    done = subprocess.run([SCRIPT, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("fakeface, version ")


def test_resuming_a_finished_run_examines_nothing_and_shows_the_same(evidence: Path, use_engine: Use) -> None:
    draw(evidence / "a.png", FAKE)
    first = invoke("detect", evidence, "--out", "case", "--format", "json")
    manifest = Path("case/manifest.json").read_bytes()
    log = Path("case/run.log").read_bytes()
    engine = make_engine()
    use_engine(engine)
    second = invoke("detect", evidence, "--out", "case", "--format", "json", "--resume", "--fail-on", "fake")
    assert second.stdout == first.stdout
    assert second.exit_code == 10
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches == []
    assert Path("case/manifest.json").read_bytes() == manifest
    assert Path("case/run.log").read_bytes() == log
