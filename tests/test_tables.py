import csv
import io
import json

import pytest

from fakeface.report.casefolder import open_case
from fakeface.report.record import FileEntry, Record, file_entry
from fakeface.report.tables import CSV_COLUMNS, WRITERS
from tests.builders import make_entries, make_failed_finding, make_file_finding, make_findings, make_header


@pytest.fixture
def record(tmp_path):
    case = open_case(tmp_path / "case", make_header(), images=False)
    for finding in make_findings():
        case.write(finding)
    return case.close()


def written(kind, entries, record=None):
    stream = io.StringIO()
    writer = WRITERS[kind]()
    writer.begin(stream)
    for entry in entries:
        writer.write(entry)
    writer.end(record)
    return stream.getvalue()


def test_json_is_the_record_itself(record):
    assert written("json", make_entries(), record) == record.read_text(encoding="utf-8")
    assert Record.model_validate_json(written("json", [], record)).totals.found == 5


def test_json_lines_hold_one_entry_each_and_stream():
    stream = io.StringIO()
    writer = WRITERS["jsonl"]()
    writer.begin(stream)
    for count, entry in enumerate(make_entries(), 1):
        writer.write(entry)
        lines = stream.getvalue().splitlines()
        assert len(lines) == count
        assert FileEntry.model_validate_json(lines[-1]) == entry


def test_csv_has_a_row_per_face_and_one_per_file_without():
    rows = list(csv.DictReader(io.StringIO(written("csv", make_entries()))))
    assert [row["face"] for row in rows] == ["F0001-1", "F0001-2", "", "F0003-1", "F0003-2", "", ""]
    assert tuple(rows[0]) == CSV_COLUMNS
    first = rows[0]
    assert (first["verdict"], first["statement"], first["fakeness"]) == ("fake", "supports alteration", "0.9300")
    assert (first["agreement"], first["difficulty"], first["forgery"]) == ("yes", "hard", "identity_swap")
    assert (first["box_left"], first["box_top"], first["box_right"], first["box_bottom"]) == ("20", "60", "100", "160")
    assert rows[2]["statement"] == "inconclusive"
    assert rows[2]["reason"] == "no face found; no conclusion on authenticity"
    assert (rows[6]["verdict"], rows[6]["error"]) == ("", "the file is truncated")
    assert all(len(row["sha256"]) == 64 for row in rows)


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0.jpg", "+1.jpg", "-1+1.jpg", "@SUM(A1).jpg"])
def test_csv_cells_cannot_be_formulas(name):
    for entry in (file_entry(make_file_finding(1, name)), file_entry(make_failed_finding(2, name))):
        (row,) = csv.DictReader(io.StringIO(written("csv", [entry])))
        assert row["file"] == f"'{name}"


def test_csv_survives_line_ends_quotes_and_control_characters_in_names():
    name = 'a"b,\n\t\r\x1b[31m\u202eגב\udcff.jpg'
    text = written("csv", [file_entry(make_file_finding(1, name))])
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["file"] == 'a"b,\\n\\t\\r\\x1b[31m\\u202eגב\\xff.jpg'
    assert not set(text) & {"\x1b", "\t", "\r", "\u202e"}
    text.encode("utf-8")


def test_every_writer_takes_an_empty_run(tmp_path):
    record = open_case(tmp_path / "case", make_header()).close()
    assert json.loads(written("json", [], record))["files"] == []
    assert written("jsonl", [], record) == ""
    assert written("csv", [], record).splitlines() == [",".join(CSV_COLUMNS)]
