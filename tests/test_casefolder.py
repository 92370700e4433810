import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from fakeface.errors import OutputError
from fakeface.report.casefolder import open_case
from fakeface.report.record import Record
from fakeface.report.stream import read_files, read_head
from tests.builders import make_file_finding, make_findings, make_header

ROOT = Path(__file__).parents[1]


def run_case(path, findings=None, **options):
    case = open_case(path, make_header(), **options)
    for finding in make_findings() if findings is None else findings:
        case.write(finding)
    return case.close()


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_findings_validate_as_record_and_against_the_exported_schema(tmp_path):
    path = run_case(tmp_path / "case")
    record = Record.model_validate_json(path.read_bytes())
    jsonschema.validate(load(path), load(ROOT / "docs" / "record-schema.json"))
    assert [entry.id for entry in record.files] == ["F0001", "F0002", "F0003", "F0004", "F0005"]
    assert record.run.threads == 2
    assert record.run.interrupted is False
    assert record.run.libraries["numpy"] == np.__version__


def test_totals_account_for_every_input(tmp_path):
    totals = Record.model_validate_json(run_case(tmp_path / "case").read_bytes()).totals
    assert totals.found == totals.analysed + totals.skipped + totals.failed == 5
    assert (totals.analysed, totals.skipped, totals.failed) == (3, 1, 1)
    assert (totals.faces, totals.fake, totals.real, totals.indeterminate, totals.no_face) == (4, 1, 1, 2, 1)


def test_an_empty_run_is_a_record_too(tmp_path):
    record = Record.model_validate_json(run_case(tmp_path / "case", []).read_bytes())
    assert record.totals.found == 0
    assert record.files == ()
    assert record.run.seconds_per_face is None


def test_two_runs_differ_in_the_run_block_only(tmp_path):
    first, second = load(run_case(tmp_path / "a")), load(run_case(tmp_path / "b"))
    assert list(first) == [
        "schema_version",
        "tool",
        "tool_version",
        "run",
        "settings",
        "profile",
        "models",
        "totals",
        "files",
    ]
    for record in (first, second):
        record["run"] = None
    assert json.dumps(first) == json.dumps(second)
    for name in ("faces/F0001-1.png", "masks/F0001-1.png", "overlays/F0001.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_every_input_is_one_line_so_that_records_can_be_streamed(tmp_path):
    path = run_case(tmp_path / "case")
    assert sum(line.startswith('{"id":"F') for line in path.read_text(encoding="utf-8").splitlines()) == 5
    assert [entry.id for entry in read_files(path)] == [f"F000{number}" for number in range(1, 6)]
    assert read_head(path).files == ()
    assert read_head(path).totals.found == 5


def test_pictures_are_named_by_ids_and_hold_what_was_examined(tmp_path):
    finding = make_file_finding(1, "../../etc/passwd; rm -rf.jpg")
    case = open_case(tmp_path / "case", make_header())
    entry = case.write(finding)
    case.close()
    names = sorted(path.relative_to(case.root).as_posix() for path in case.root.rglob("*.png"))
    assert names == ["faces/F0001-1.png", "masks/F0001-1.png", "overlays/F0001.png"]
    assert (entry.faces[0].crop_file, entry.faces[0].masks[0].file, entry.overlay_file) == tuple(names)
    assert np.array_equal(np.array(Image.open(case.root / names[0])), finding.faces[0].crop.pixels)
    assert np.array_equal(np.array(Image.open(case.root / names[1])), finding.faces[0].masks[0].pixels)
    assert entry.overlay_scale == 1.0


def test_no_images_keeps_all_pictures_out(tmp_path):
    path = run_case(tmp_path / "case", images=False)
    assert not list(path.parent.rglob("*.png"))
    assert Record.model_validate_json(path.read_bytes()).files[0].overlay_file is None
    assert b"/Subtype /Image" not in (path.parent / "report.pdf").read_bytes()


def test_manifest_lists_size_and_hash_of_every_file(tmp_path):
    root = run_case(tmp_path / "case").parent
    listed = {item["path"]: item for item in load(root / "manifest.json")["files"]}
    on_disk = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - {"manifest.json"}
    assert set(listed) == on_disk >= {"findings.json", "report.pdf", "overlays/F0001.png"}
    for name, item in listed.items():
        content = (root / name).read_bytes()
        assert (item["size_bytes"], item["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_existing_path_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"--resume.*--add-run"):
        open_case(tmp_path / "notes", make_header())
    for options in ({"resume": True}, {"add_run": True}):
        with pytest.raises(OutputError, match="not a case folder"):
            open_case(tmp_path / "notes", make_header(), **options)
        with pytest.raises(OutputError, match="there is no case folder"):
            open_case(tmp_path / "absent", make_header(), **options)
    with pytest.raises(OutputError, match="contradict"):
        open_case(tmp_path / "new", make_header(), resume=True, add_run=True)
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["mine.txt"]
    assert not (tmp_path / "absent").exists()


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "case").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        open_case(tmp_path / "case", make_header())
    assert not (tmp_path / "elsewhere").exists()


def test_a_linked_picture_folder_is_refused_on_resume(tmp_path):
    case = open_case(tmp_path / "case", make_header())
    case.write(make_findings()[0])
    case.close(interrupted=True)
    for path in (tmp_path / "case" / "masks").iterdir():
        path.unlink()
    (tmp_path / "case" / "masks").rmdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "case" / "masks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="symbolic link"):
        open_case(tmp_path / "case", make_header(), resume=True)


def test_an_interrupted_run_resumes_to_the_same_record(tmp_path):
    whole = load(run_case(tmp_path / "whole"))
    findings = make_findings()
    case = open_case(tmp_path / "case", make_header())
    case.write(findings[0])
    case.write(findings[1])
    partial = load(case.close(interrupted=True))
    assert (partial["run"]["interrupted"], partial["totals"]["found"]) == (True, 2)
    assert (tmp_path / "case" / "journal.jsonl").exists()

    case = open_case(tmp_path / "case", make_header(), resume=True)
    for finding in findings:
        sha256 = finding.evidence.sha256
        done = case.finished_entry(finding.id, finding.name, sha256)
        assert (done is not None) == (finding.number <= 2)
        assert case.finished_entry(finding.id, finding.name, "0" * 64) is None
        if done is None:
            case.write(finding)
        else:
            assert done.id == finding.id
    resumed = load(case.close())
    assert not (tmp_path / "case" / "journal.jsonl").exists()
    assert resumed["run"]["interrupted"] is False
    whole["run"] = resumed["run"] = None
    assert resumed == whole


def test_undecodable_names_are_recognised_on_resume(tmp_path):
    finding = make_file_finding(1, "bad\udcff\x1b.jpg")
    case = open_case(tmp_path / "case", make_header())
    case.write(finding)
    case.close(interrupted=True)
    case = open_case(tmp_path / "case", make_header(), resume=True)
    assert case.finished_entry("F0001", "bad\udcff\x1b.jpg", finding.evidence.sha256).id == "F0001"
    assert case.finished_entry("F0001", "bad\\xff\\x1b.jpg", finding.evidence.sha256) is None


def test_resuming_a_finished_run_leaves_it_as_it_is(tmp_path):
    path = run_case(tmp_path / "case")
    before = path.read_bytes()
    case = open_case(tmp_path / "case", make_header(), resume=True)
    finding = make_findings()[2]
    assert case.finished_entry(finding.id, finding.name, finding.evidence.sha256).id == "F0003"
    with pytest.raises(OutputError, match="finished"):
        case.write(make_file_finding(9))
    assert case.close() == path
    assert path.read_bytes() == before


@pytest.mark.parametrize("finished", [False, True])
def test_resume_under_other_settings_is_refused_by_name(tmp_path, finished):
    case = open_case(tmp_path / "case", make_header())
    case.write(make_findings()[0])
    case.close(interrupted=not finished)
    with pytest.raises(OutputError, match="other settings than"):
        open_case(tmp_path / "case", make_header(device="cuda"), resume=True)
    header = make_header()
    other = type(header)(header.argv, header.settings, {"name": "else"}, (), header.threads)
    with pytest.raises(OutputError, match="other profile, models than"):
        open_case(tmp_path / "case", other, resume=True)


def test_add_run_puts_a_further_run_beside_the_first(tmp_path):
    first = run_case(tmp_path / "case")
    before = first.read_bytes()
    second = run_case(tmp_path / "case", [make_file_finding(1, "other.jpg")], add_run=True)
    third = run_case(tmp_path / "case", [], add_run=True)
    assert second == tmp_path / "case" / "run-0002" / "findings.json"
    assert third.parent.name == "run-0003"
    assert first.read_bytes() == before
    assert load(second)["files"][0]["name"] == "other.jpg"


def test_an_interrupted_added_run_is_the_one_that_resumes(tmp_path):
    run_case(tmp_path / "case")
    open_case(tmp_path / "case", make_header(), add_run=True).close(interrupted=True)
    case = open_case(tmp_path / "case", make_header(), resume=True)
    assert case.root.name == "run-0002"
    case.write(make_file_finding(1))
    assert load(case.close())["totals"]["found"] == 1


def test_a_line_cut_off_in_the_middle_is_dropped(tmp_path):
    case = open_case(tmp_path / "case", make_header())
    for finding in make_findings()[:2]:
        case.write(finding)
    case.close(interrupted=True)
    journal = tmp_path / "case" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    case = open_case(tmp_path / "case", make_header(), resume=True)
    first, second = make_findings()[:2]
    assert case.finished_entry(first.id, first.name, first.evidence.sha256) is not None
    assert case.finished_entry(second.id, second.name, second.evidence.sha256) is None
    case.write(second)
    assert load(case.close())["totals"]["found"] == 2


def test_a_journal_damaged_in_its_middle_is_refused(tmp_path):
    case = open_case(tmp_path / "case", make_header())
    for finding in make_findings()[:2]:
        case.write(finding)
    case.close(interrupted=True)
    journal = tmp_path / "case" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"entry"', b'"emtry"', 1))
    with pytest.raises(OutputError, match="damaged"):
        open_case(tmp_path / "case", make_header(), resume=True)


def test_two_processes_cannot_resume_the_same_run(tmp_path):
    case = open_case(tmp_path / "case", make_header())
    with pytest.raises(OutputError, match="another process"):
        open_case(tmp_path / "case", make_header(), resume=True)
    case.write(make_findings()[0])
    case.close()


def test_an_id_is_written_once(tmp_path):
    case = open_case(tmp_path / "case", make_header(), images=False)
    case.write(make_findings()[0])
    with pytest.raises(OutputError, match="F0001 is already written"):
        case.write(make_file_finding(1, "another.jpg"))


KILLED = """
import sys, time
from pathlib import Path
from fakeface.report.casefolder import open_case
from tests.builders import make_file_finding, make_header
case = open_case(Path(sys.argv[1]), make_header())
for number in range(1, 1000):
    case.write(make_file_finding(number))
    time.sleep(0.01)
"""


def test_a_killed_run_resumes_without_loss_or_duplicates(tmp_path):
    root = tmp_path / "case"
    journal = root / "journal.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(root)], env=environment)
    try:
        deadline = time.monotonic() + 60
        while not (journal.exists() and journal.read_bytes().count(b"\n") >= 5):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (root / "faces" / ".0123.part").write_bytes(b"cut off")  # what a kill in the middle of a picture leaves
    assert not (root / "findings.json").exists()

    case = open_case(root, make_header(), resume=True)
    written = 0
    for number in range(1, 13):
        finding = make_file_finding(number)
        if case.finished_entry(finding.id, finding.name, finding.evidence.sha256) is None:
            case.write(finding)
            written += 1
    resumed = load(case.close())
    whole = load(run_case(tmp_path / "whole", [make_file_finding(number) for number in range(1, 13)]))
    kept = len(resumed["files"])
    assert written <= 12 - 4
    assert [entry["id"] for entry in resumed["files"]] == [f"F{number:04d}" for number in range(1, kept + 1)]
    assert resumed["files"][:12] == whole["files"]
    assert not list(root.rglob("*.part"))
