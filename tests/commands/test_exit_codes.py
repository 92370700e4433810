"""The exit code says what happened, in every case and where several apply."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path

import pytest
from fakeface.commands.runtime import ExitCode, worst

from fakeface import backends, profiles
from fakeface.backends import Engine, build_engine
from fakeface.errors import BackendError
from fakeface.faces import FaceCrop

from ..fakes import CLOSE, FAKE, REAL, THRESHOLDS, draw, make_engine
from .conftest import comparable, invoke, lines, read_record, spawn

Use = Callable[[Engine], None]


@pytest.fixture
def evidence(place: Path) -> Path:
    """Four pictures with one face each."""
    folder = place / "evidence"
    folder.mkdir()
    for name, colour in zip("abcd", (FAKE, REAL, CLOSE, FAKE), strict=True):
        draw(folder / f"{name}.png", colour)
    return folder


def raise_at(call: int, error: BaseException) -> Callable[[Sequence[FaceCrop]], None]:
    """Raises at the call of that number, once."""
    calls = 0

    def before(crops: Sequence[FaceCrop]) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise error

    return before


ORDER = [130, 1, 2, 4, 5, 3, 10, 0]


@pytest.mark.parametrize(("higher", "lower"), list(combinations(ORDER, 2)))
def test_the_graver_code_is_told(higher: int, lower: int) -> None:
    assert worst([lower, higher, lower]) == ExitCode(higher)


def test_zero_where_all_was_examined_whatever_the_verdicts(evidence: Path) -> None:
    assert invoke("detect", evidence, "--out", "case").exit_code == 0


@pytest.mark.parametrize(
    ("colours", "fail_on", "code"),
    [
        ([FAKE, REAL], ["fake"], 10),
        ([REAL], ["fake"], 0),
        ([REAL], ["fake", "indeterminate"], 0),
        ([CLOSE], ["fake"], 0),
        ([CLOSE], ["indeterminate"], 10),
        ([FAKE, CLOSE], ["indeterminate"], 10),
        ([], ["indeterminate"], 10),
        ([], ["fake"], 0),
    ],
)
def test_ten_only_where_a_verdict_was_reached_that_was_asked_for(
    place: Path, colours: list[tuple[int, int, int]], fail_on: list[str], code: int
) -> None:
    options = [word for verdict in fail_on for word in ("--fail-on", verdict)]
    assert invoke("detect", draw(place / "a.png", *colours), "--out", "case", *options).exit_code == code


def test_three_where_an_input_could_not_be_examined_even_if_ten_applies(evidence: Path) -> None:
    (evidence / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert invoke("detect", evidence, "--out", "case", "--fail-on", "fake").exit_code == 3


def test_three_for_an_empty_folder(place: Path) -> None:
    (place / "empty").mkdir()
    result = invoke("detect", place / "empty", "--out", "case")
    assert result.exit_code == 3
    assert "the folder holds no files" in result.stdout


def test_zero_where_a_file_was_named_twice(place: Path) -> None:
    picture = draw(place / "a.png", REAL)
    assert invoke("detect", picture, picture, "--out", "case").exit_code == 0


def test_four_where_evidence_changed_even_if_three_applies(evidence: Path, use_engine: Use) -> None:
    (evidence / "broken.png").write_bytes(b"broken")

    def tamper(crops: Sequence[FaceCrop]) -> None:
        with (evidence / "b.png").open("ab") as stream:
            stream.write(b"\0")

    use_engine(make_engine(tamper))
    result = invoke("detect", evidence / "b.png", evidence / "broken.png", "--out", "case", "--format", "jsonl")
    assert result.exit_code == 4
    changed, broken = lines(result.stdout)
    assert (changed["status"], changed["error_code"], changed["faces"]) == ("failed", "changed", [])
    assert "changed while it was examined" in result.stderr
    assert broken["error_code"] == "unsupported"


USAGE = {
    "no path": ["detect"],
    "no such option": ["detect", "a.png", "--frobnicate"],
    "no such command": ["frobnicate"],
    "no command": [],
    "two pictures and an added face": ["detect", "a.png", "b.png", "--add-face", "1,2,3,4"],
    "a box of three numbers": ["detect", "a.png", "--add-face", "1,2,3"],
    "an empty box": ["detect", "a.png", "--add-face", "5,5,5,9"],
    "a box outside the picture": ["detect", "a.png", "--add-face", "9000,9000,9100,9100"],
    "resume without a case": ["detect", "a.png", "--resume"],
    "resume of nothing": ["detect", "a.png", "--resume", "--out", "nowhere"],
    "resume and add": ["detect", "a.png", "--resume", "--add-run", "--out", "case"],
    "no list": ["detect", "--from-file", "nowhere"],
    "an empty list": ["detect", "-"],
    "a folder of results that exists": ["detect", "a.png", "--out", "taken"],
    "results inside the evidence": ["detect", "folder", "--out", "folder/below/case"],
    "results inside the evidence by a pattern": ["detect", "fol*", "--out", "folder/case"],
    "results by default inside the evidence": ["detect", "."],
    "a negative cap": ["detect", "a.png", "--max-pixels", "-1"],
    "an unknown device": ["detect", "a.png", "--device", "tpu"],
    "weights without a verb": ["weights"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_two_for_a_request_that_cannot_be_met(place: Path, arguments: list[str]) -> None:
    for name in ("a.png", "b.png"):
        draw(place / name, REAL)
    for name in ("taken", "folder"):
        (place / name).mkdir()
    draw(place / "folder" / "c.png", REAL)
    result = invoke(*arguments, given=b"")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert not (place / "case").exists()
    assert [path.name for path in (place / "folder").iterdir()] == ["c.png"]


def test_results_behind_a_link_into_the_evidence_are_refused(evidence: Path, place: Path) -> None:
    (place / "elsewhere").symlink_to(evidence)
    result = invoke("detect", evidence, "--out", "elsewhere/case")
    assert result.exit_code == 2
    assert "inside the evidence" in result.stderr


@pytest.fixture
def installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A weights folder whose profile names one file, and the real way of loading it."""
    folder = place / "weights"
    folder.mkdir()
    (folder / "encoder.safetensors").write_bytes(b"tensors")
    digest = hashlib.sha256(b"tensors").hexdigest()
    (folder / "compact.toml").write_text(
        f'version = "1"\ntrained = "2026-01-01"\ndata = "faces"\n'
        f'[parts.encoder]\nfile = "encoder.safetensors"\nsha256 = "{digest}"\nsize_bytes = 7\nlicence = "Apache-2.0"\n'
        "[thresholds]\n" + "".join(f"{name} = {value}\n" for name, value in asdict(THRESHOLDS).items())
    )
    monkeypatch.setattr(profiles, "weights_folder", lambda: folder)
    monkeypatch.setattr(backends, "build_engine", build_engine)
    return folder


def test_four_where_a_weight_file_is_another_one_and_nothing_was_begun(place: Path, installed: Path) -> None:
    (installed / "encoder.safetensors").write_bytes(b"swapped")
    result = invoke("detect", draw(place / "a.png", FAKE), "--out", "case")
    assert result.exit_code == 4
    assert "encoder.safetensors is not the file that the profile names" in result.stderr
    assert not (place / "case").exists()
    assert invoke("weights", "verify").exit_code == 4


def test_five_where_a_weight_file_is_absent_and_nothing_was_begun(place: Path, installed: Path) -> None:
    (installed / "encoder.safetensors").unlink()
    result = invoke("detect", draw(place / "a.png", FAKE), "--out", "case")
    assert result.exit_code == 5
    assert "weights missing: encoder.safetensors" in result.stderr
    assert not (place / "case").exists()
    assert invoke("weights", "verify").exit_code == 5


def test_four_where_one_weight_file_is_wrong_and_another_absent(place: Path, installed: Path) -> None:
    record = installed / "compact.toml"
    second = record.read_text().split("[parts.encoder]")[1].split("[thresholds]")[0]
    record.write_text(record.read_text() + "[parts.absent]" + second.replace("encoder.", "absent."))
    (installed / "encoder.safetensors").write_bytes(b"swapped")
    assert invoke("weights", "verify").exit_code == 4
    assert invoke("detect", draw(place / "a.png", FAKE), "--out", "case").exit_code == 4


def test_five_for_a_profile_that_does_not_exist_with_those_that_do(place: Path, installed: Path) -> None:
    result = invoke("detect", draw(place / "a.png", FAKE), "--profile", "grand", "--out", "case")
    assert result.exit_code == 5
    assert "compact" in result.stderr


def test_five_where_a_model_fails_and_the_run_can_be_resumed(evidence: Path, use_engine: Use) -> None:
    use_engine(make_engine(raise_at(3, BackendError("the encoder ran out of memory"))))
    result = invoke("detect", evidence, "--out", "case")
    assert result.exit_code == 5
    assert "the encoder ran out of memory" in result.stderr
    record = read_record(Path("case"))
    assert record.run.interrupted
    assert record.totals.analysed == 2
    assert invoke("detect", evidence, "--out", "case", "--resume").exit_code == 0
    assert read_record(Path("case")).totals.analysed == 4


def test_one_for_a_fault_of_the_program_in_one_line(evidence: Path, use_engine: Use) -> None:
    use_engine(make_engine(raise_at(1, ZeroDivisionError("by zero"))))
    result = invoke("detect", evidence, "--out", "case", "-q")
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("fakeface: internal fault: ZeroDivisionError: by zero")
    assert "--debug" in line


@pytest.mark.parametrize("words", [("--debug", "detect"), ("detect", "-vv")])
def test_a_traceback_only_where_it_is_asked_for(evidence: Path, use_engine: Use, words: tuple[str, ...]) -> None:
    use_engine(make_engine(raise_at(1, ZeroDivisionError("by zero"))))
    result = invoke(*words, evidence, "--out", "case")
    assert result.exit_code == 1
    assert "Traceback (most recent call last)" in result.stderr


def test_an_interrupted_run_keeps_what_it_has_and_resumes_to_the_same_record(evidence: Path, use_engine: Use) -> None:
    (evidence / "0.png").write_bytes(b"broken")
    invoke("detect", evidence, "--out", "whole")
    use_engine(make_engine(raise_at(3, KeyboardInterrupt())))
    result = invoke("detect", evidence, "--out", "case", "--fail-on", "fake")
    assert result.exit_code == 130
    assert "--resume" in result.stderr
    record = read_record(Path("case"))
    assert record.run.interrupted
    assert record.totals.found == 3
    use_engine(make_engine())
    assert invoke("detect", evidence, "--out", "case", "--resume").exit_code == 3
    assert not read_record(Path("case")).run.interrupted
    assert comparable(Path("case")) == comparable(Path("whole"))
    assert "finished in an earlier run" in Path("case/run.log").read_text()


def test_resume_counts_every_input_also_where_one_file_was_named_many_times(evidence: Path, use_engine: Use) -> None:
    named = [evidence / "a.png", *[evidence / "b.png"] * 3, evidence / "c.png", *[evidence / "b.png"] * 2]
    invoke("detect", *named, "--out", "whole")
    use_engine(make_engine(raise_at(3, KeyboardInterrupt())))
    assert invoke("detect", *named, "--out", "case").exit_code == 130
    use_engine(make_engine())
    result = invoke("detect", *named, "--out", "case", "--resume", "--format", "jsonl")
    assert result.exit_code == 0, result.stderr
    assert [entry["id"] for entry in lines(result.stdout)] == [f"F000{number}" for number in range(1, 8)]
    assert comparable(Path("case")) == comparable(Path("whole"))


def test_resume_under_other_settings_is_refused(evidence: Path, use_engine: Use) -> None:
    use_engine(make_engine(raise_at(3, KeyboardInterrupt())))
    invoke("detect", evidence, "--out", "case")
    result = invoke("detect", evidence, "--out", "case", "--resume", "--min-face", "99")
    assert result.exit_code == 2
    assert "other settings" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_interrupted_closes_its_case_and_resumes(evidence: Path, number: signal.Signals) -> None:
    process = spawn("detect", evidence, "--out", "case", "--format", "jsonl", env={"SLOW": "1"})
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(number)
    rest, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert b"Traceback" not in told
    shown = lines((first + rest).decode())
    record = read_record(Path("case"))
    assert record.run.interrupted
    assert 1 <= len(shown) == record.totals.found < 4
    again = spawn("detect", evidence, "--out", "case", "--resume")
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert read_record(Path("case")).totals.analysed == 4
    invoke("detect", evidence, "--out", "whole")
    assert comparable(Path("case")) == comparable(Path("whole"))


def test_a_process_that_is_killed_resumes(evidence: Path) -> None:
    process = spawn("detect", evidence, "--out", "case", "--format", "jsonl", env={"SLOW": "1"})
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.communicate(timeout=120)
    assert not Path("case/findings.json").exists()
    assert invoke("detect", evidence, "--out", "case", "--resume").exit_code == 0
    invoke("detect", evidence, "--out", "whole")
    assert comparable(Path("case")) == comparable(Path("whole"))
