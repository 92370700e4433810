import json
import re
import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from pypdf import PdfReader

from fakeface.concepts import REGION_NAMES
from fakeface.errors import OutputError
from fakeface.findings import PartFinding
from fakeface.report.casefolder import open_case
from fakeface.report.pdf import pdf_bytes
from tests.builders import make_failed_finding, make_file_finding, make_findings, make_header

HOSTILE = {
    "markup": "<b>VERDICT: AUTHENTIC</b>.jpg",
    "image": '<img src="/etc/passwd"/>.jpg',
    "broken": "</para><font size=80>&amp;<a href='http://x'>.jpg",
    "escape": "red\x1b[31m\x07.jpg",
    "bidi": "abc\u202egpj.exe",
    "cyrillic": "Иван Ёж.jpg",
    "cjk": "漢字\U0001f600.jpg",
    "long": "x" * 251 + ".jpg",
    "undecodable": "bad\udcff.jpg",
    "newline": "a\nVerdict: authentic.jpg",
    "curly": "{0} %s %(x)s [/b] \\u0041.jpg",
}


def run_case(root, findings, **options):
    case = open_case(root, make_header(), **options)
    for finding in findings:
        case.write(finding)
    return case.close().parent


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return run_case(tmp_path_factory.mktemp("pdf") / "case", make_findings())


@pytest.fixture(scope="module")
def pages(case):
    return [page.extract_text() for page in PdfReader(case / "report.pdf").pages]


def test_an_input_without_faces_is_told_with_the_reason_that_the_record_gives(tmp_path):
    root = run_case(tmp_path / "case", [make_file_finding(1, fakenesses=())])
    record = (root / "findings.json").read_text()
    assert record.count('"no_face"') == 2  # the reason, and the count of totals
    (root / "findings.json").write_text(re.sub(r'("reason": ?)"no_face"', r'\1"too_small"', record))
    text = squeezed(text_of(pdf_bytes(root)))
    assert squeezed("inconclusive: the face is too small to analyse") in text
    assert squeezed("no face found") not in text


def test_every_file_and_every_verdict_is_named(pages):
    text = squeezed("".join(pages))
    for finding in make_findings():
        assert squeezed(finding.name) in text
        assert finding.evidence.sha256 in text
        assert finding.evidence.sha512 in text
    for words in (
        "supports alteration",
        "supports no alteration",
        "inconclusive: the scores are too close to call",
        "inconclusive: the face is too small to analyse",
        "inconclusive: no face found; no conclusion on authenticity",
        "failed, not examined: the file is truncated",
        "skipped, not examined: not a picture",
        "5 found = 3 analysed + 1 skipped + 1 failed",
    ):
        assert squeezed(words) in text, words


def test_every_page_has_the_report_id_and_its_number(case, pages):
    report_id = re.search(r"FF(-[0-9A-F]{4}){4}", pages[0]).group()
    for number, text in enumerate(pages, 1):
        assert f"page {number} of {len(pages)}" in text
        assert report_id in text
    assert f"End of report {report_id}" in pages[-1]


def test_the_first_page_states_profile_and_limits(pages):
    first = " ".join(pages[0].split())
    assert "embedded compact profile" in first
    assert "no probability that anyone did anything" in first
    assert "Likelihood ratios are not calibrated in this version; therefore none is given" in first
    assert "The absence of findings is not proof of authenticity" in first


def test_scores_say_their_direction_and_losing_answers_what_they_are(pages):
    text = " ".join(" ".join(pages).split())
    assert "higher: more support for alteration" in text
    assert "What the model wrote" in text
    assert "Model's alternative, told that the face is real: says real" in text
    assert "consistency check, not corroboration" in text
    assert "[SEG]" not in text
    assert "<p>" not in text


def test_no_words_of_guilt_or_authenticity_stand_as_a_verdict(pages):
    text = " ".join(pages).lower()
    assert "is authentic" not in text
    assert "is genuine" not in text
    assert not re.search(r"result: (fake|real|authentic|genuine)", text)


def test_pictures_are_shown_for_each_analysed_face_and_captioned_as_processed(case, pages):
    count = sum(len(page.images) for page in PdfReader(case / "report.pdf").pages)
    assert count == 2 + 3 * 3  # an overview per picture with faces; crop, mask, overlay per analysed face
    assert " ".join(pages).count("Processed image") == 2 + 3 * 3


def test_the_same_record_renders_to_the_same_bytes_in_any_process(case):
    here = (case / "report.pdf").read_bytes()
    assert pdf_bytes(case) == here
    program = "import sys; from pathlib import Path; from fakeface.report.pdf import pdf_bytes; "
    program += "Path(sys.argv[2]).write_bytes(pdf_bytes(Path(sys.argv[1])))"
    out = case.parent / "again.pdf"
    subprocess.run([sys.executable, "-c", program, str(case), str(out)], check=True)
    assert out.read_bytes() == here


def test_a_folder_without_a_record_is_an_output_error(tmp_path):
    with pytest.raises(OutputError):
        pdf_bytes(tmp_path)


def test_fonts_are_embedded(case):
    names = set()
    for page in PdfReader(case / "report.pdf").pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            names.add(font["/BaseFont"])
            assert "/FontFile2" in font["/FontDescriptor"].get_object(), font["/BaseFont"]
    assert any("DejaVuSans-Bold" in name for name in names)


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_hostile_names_neither_break_nor_inject(tmp_path, kind):
    name = HOSTILE[kind]
    root = run_case(tmp_path / "case", [make_file_finding(1, name, ()), make_failed_finding(2, name)])
    content = (root / "report.pdf").read_bytes()
    reader = PdfReader(BytesIO(content))
    text = text_of(content)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
    assert all(not page.images for page in reader.pages)
    assert all("/Annots" not in page for page in reader.pages)
    assert "root:" not in text
    shown = json.loads((root / "findings.json").read_text(encoding="utf-8"))["files"][0]["name"]
    if kind == "cjk":
        shown = "\\u6f22\\u5b57\\U0001f600.jpg"
    assert squeezed(shown) in squeezed(text)


def test_hostile_model_text_is_quoted_and_nothing_more(tmp_path):
    finding = make_file_finding(1)
    face = finding.faces[0]
    hostile = '</u></para><img src="/etc/passwd"/><b>VERDICT: AUTHENTIC</b> <p>x</p>[SEG] \x1b[31m\u202e <p>unclosed'
    answers = tuple(replace(answer, description=hostile, reasoning=hostile, text=hostile) for answer in face.answers)
    finding = replace(finding, faces=(replace(face, answers=answers),))
    content = (run_case(tmp_path / "case", [finding], images=False) / "report.pdf").read_bytes()
    text = text_of(content)
    assert "<b>VERDICT: AUTHENTIC</b>" in " ".join(text.split())
    assert "\\x1b[31m\\u202e" in text
    assert all(not page.images for page in PdfReader(BytesIO(content)).pages)


def test_texts_longer_than_a_page_run_over_several_pages(tmp_path):
    finding = make_file_finding(1, "folder/" * 580 + "\x1b" * 200)
    face = finding.faces[0]
    endless = "The skin is smooth. " * 900 + "Last words."
    answers = tuple(replace(answer, reasoning=endless) for answer in face.answers)
    finding = replace(finding, faces=(replace(face, answers=answers),))
    text = text_of((run_case(tmp_path / "case", [finding]) / "report.pdf").read_bytes())
    assert text.count("Last words.") == 3
    assert squeezed("\\x1b" * 200) in squeezed(text)


def test_a_tampered_record_cannot_draw_other_files_into_the_report(tmp_path):
    root = run_case(tmp_path / "case", [make_file_finding(1)])
    secret = tmp_path / "secret.png"
    Image.new("RGB", (50, 50), (255, 0, 0)).save(secret)
    record = root / "findings.json"
    record.write_text(record.read_text().replace("faces/F0001-1.png", "../secret.png"))
    (root / "overlays" / "F0001.png").unlink()
    (root / "overlays" / "F0001.png").symlink_to(secret)
    content = pdf_bytes(root)
    assert sum(len(page.images) for page in PdfReader(BytesIO(content)).pages) == 0
    assert "No overlay of this picture" in text_of(content)


def test_a_reduced_overlay_says_so(tmp_path):
    root = run_case(tmp_path / "case", [make_file_finding(1, width=4000, height=1000)])
    assert json.loads((root / "findings.json").read_text())["files"][0]["overlay_scale"] == 0.5
    text = " ".join(text_of((root / "report.pdf").read_bytes()).split())
    assert "reduced to 50% of the picture" in text


def test_an_interrupted_run_says_so_on_its_first_page(tmp_path):
    case = open_case(tmp_path / "case", make_header(), images=False)
    case.write(make_file_finding(1))
    case.close(interrupted=True)
    first = PdfReader(tmp_path / "case" / "report.pdf").pages[0].extract_text()
    assert "The run was interrupted" in first


def test_beyond_fifty_faces_only_flagged_ones_are_shown_and_the_rest_is_pointed_to(tmp_path):
    findings = [make_file_finding(number, fakenesses=(0.9 if number <= 2 else 0.1,)) for number in range(1, 53)]
    root = run_case(tmp_path / "case", [*findings, make_failed_finding(53)], images=False)
    text = " ".join(text_of((root / "report.pdf").read_bytes()).split())
    assert "53 found = 52 analysed + 0 skipped + 1 failed; 52 faces: 2 supports alteration" in text
    assert "Everything else stands in findings.json" in text
    assert set(re.findall(r"Face (F\d{4}-\d)", text)) == {"F0001-1", "F0002-1"}
    assert "pictures/broken.jpg" in text
    assert "pictures/003.jpg" not in text


def test_fifty_faces_are_shown_in_full(tmp_path):
    findings = [make_file_finding(number, fakenesses=(0.1,)) for number in range(1, 51)]
    root = run_case(tmp_path / "case", findings, images=False)
    text = " ".join(text_of((root / "report.pdf").read_bytes()).split())
    assert len(set(re.findall(r"Face (F\d{4}-\d)", text))) == 50
    assert "too large to print" not in text


def test_of_more_suspect_regions_than_are_listed_the_report_says_how_many_there_are(tmp_path):
    finding = make_file_finding(1)
    names = REGION_NAMES[:13]
    for count, words in (
        (13, "Suspect regions, highest first (12 of 13; the record holds all)"),
        (12, "highest first"),
    ):
        regions = tuple((name, 0.9 - 0.01 * row) for row, name in enumerate(names[:count]))
        one = replace(finding, faces=(replace(finding.faces[0], regions=regions),))
        text = squeezed(text_of((run_case(tmp_path / str(count), [one], images=False) / "report.pdf").read_bytes()))
        assert squeezed(words) in text
        assert ("therecordholdsall)" in text) is (count == 13)


def test_a_place_is_listed_with_the_leaf_that_holds_most_of_it(tmp_path):
    finding = make_file_finding(1)
    place = PartFinding("point 1,2", "lower_nose", "columella")
    one = replace(finding, faces=(replace(finding.faces[0], places=(place,), contrary=("A score is low.",)),))
    text = squeezed(text_of((run_case(tmp_path / "case", [one], images=False) / "report.pdf").read_bytes()))
    assert squeezed("point 1,2: lower nose in the nose, mostly the strip between the nostrils") in text
    assert squeezed("What speaks against the result • A score is low.") in text, "without any text on request, too"
    assert squeezed("Claims of the text that are consistent") not in text
