import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from fakeface.report.record import DecisionEntry, FileEntry, Record, file_entry
from tests.builders import make_entries, make_face_finding, make_failed_finding, make_file_finding

SCHEMA = Path(__file__).parents[1] / "docs" / "record-schema.json"


def test_exported_schema_is_current():
    exported = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert exported == Record.model_json_schema(), "export it again: json.dumps(Record.model_json_schema(), indent=1)"
    jsonschema.Draft202012Validator.check_schema(exported)


def test_floats_are_kept_to_four_decimals():
    entry = file_entry(make_file_finding(1, fakenesses=(0.912345678,)))
    assert entry.faces[0].regions[0].probability == 0.8123
    assert entry.faces[0].masks[0].score == 0.7124
    assert entry.faces[0].decision.fakeness == round(entry.faces[0].decision.fakeness, 4)


def test_a_name_that_cannot_be_printed_is_escaped_and_kept_in_hex():
    entry = file_entry(make_file_finding(1, "a\x1b[31m\udcff.jpg"))
    assert entry.name == "a\\x1b[31m\\xff.jpg"
    assert bytes.fromhex(entry.name_hex) == b"a\x1b[31m\xff.jpg"
    assert file_entry(make_file_finding(1, "Иван.jpg")).name_hex is None


def test_a_picture_without_a_face_is_inconclusive_and_never_real():
    entry = make_entries()[1]
    assert (entry.status, entry.verdict, entry.reason, entry.faces) == ("analysed", "indeterminate", "no_face", ())
    assert entry.statement == "inconclusive (no face found; no conclusion on authenticity)"


def test_a_failed_file_has_a_reason_and_no_verdict():
    entry = file_entry(make_failed_finding(3))
    assert (entry.status, entry.verdict, entry.error, entry.error_code) == (
        "failed",
        None,
        "the file is truncated",
        "unreadable",
    )


def test_the_losing_answers_are_called_the_models_alternatives():
    answers = file_entry(make_file_finding(1)).faces[0].answers
    assert sorted(answer.role for answer in answers) == ["chosen", "model's alternative", "model's alternative"]
    assert next(answer for answer in answers if answer.role == "chosen").claim == "fake"


def test_an_entry_survives_json():
    for entry in make_entries():
        assert FileEntry.model_validate_json(entry.model_dump_json()) == entry


def test_unknown_keys_are_refused():
    with pytest.raises(ValidationError):
        DecisionEntry.model_validate(
            {**file_entry(make_file_finding(1)).faces[0].decision.model_dump(), "guilty": True}
        )


def test_faces_without_files_on_disk_have_no_paths():
    entry = file_entry(make_file_finding(1))
    assert (entry.overlay_file, entry.overlay_scale, entry.faces[0].crop_file, entry.faces[0].masks[0].file) == (
        None,
        None,
        None,
        None,
    )
    assert make_face_finding().number == entry.faces[0].number
