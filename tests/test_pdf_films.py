import re
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from fakeface.decision import Reason, Verdict
from fakeface.report.casefolder import open_case
from fakeface.report.pdf import pdf_bytes
from fakeface.report.pdf_view import open_view
from tests.builders import make_file_finding, make_header
from tests.film_builders import make_facts, make_film, make_film_finding, make_short_track, make_track


def run_case(root, *findings, **options):
    case = open_case(root, make_header(), **options)
    for finding in findings:
        case.write(finding)
    return case.close().parent


def pages_of(root):
    return [" ".join(page.extract_text().split()) for page in PdfReader(root / "report.pdf").pages]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A film with an altered track and one that is too short, and a film without a face."""
    film = make_film(make_track(1), make_short_track(2))
    empty = make_film_finding(2, make_film(tracks=()))
    return run_case(tmp_path_factory.mktemp("films") / "case", make_film_finding(1, film), empty)


@pytest.fixture(scope="module")
def text(case):
    return " ".join(pages_of(case))


def test_the_sections_are_numbered_without_one_on_pictures(text):
    titles = re.findall(
        r"\b(\d) (Summary of results|Evidence|Faces|Films|How the results|Models and|Environment|Limits)\b", text
    )
    assert [number for number, _ in titles] == list("1234567")
    assert titles[2][1] == "Films"


def test_facts_sampling_counts_and_sound_are_stated(text):
    for words in (
        "mov,mp4,m4a,3gp,3g2,mj2; h264, yuv420p",
        "29.970 per second on average (30000/1001); constant",
        "300 frames decoded, 2 reported damaged or lost by the decoder, 38 looked at for faces, 38 with a face",
        "4 frames per second, at most 1,200",
        "Result for the film supports alteration",
        "Result for the film inconclusive (no face found; no conclusion on authenticity)",
        "Sound was not examined",
        "converted from yuv420p10le (tv) to RGB with 8 bits per colour",
        "Threshold 0.500; closer to it than 0.050 is too close to call; fewer than 8 scored sightings are too few",
    ):
        assert words in text


def test_every_track_has_its_result_in_plain_words_and_its_stretches(text):
    assert "T01 supports alteration 0.71 (0.58–0.83) 37/38 0:02.94–0:06.67" in text
    assert "Result: inconclusive: too few of the sampled frames show the face well enough" in text
    assert "None. Result: inconclusive: no face found; no conclusion on authenticity." in text


def test_every_film_stands_in_the_summary_with_its_own_result(tmp_path):
    film = make_film(make_track(1, forged=None), part=True)
    text = pages_of(run_case(tmp_path / "case", make_film_finding(1, film)))
    [summary] = [page for page in text if "Summary of results" in page]
    told = "film inconclusive: only a part of the film was examined, as asked; that part supports no alteration — — —"
    assert told in summary
    assert "T01 supports no alteration 0.17" in summary


def test_decisive_frames_have_number_exact_time_and_hash_and_the_usual_parts(text):
    assert "frame 96 (P), 00:00:03.203 (2002/625 s) most suspicious, sharpest" in text
    assert f"presentation time 2002/625 s, SHA-256 of its pixels {96:064x}" in text
    assert "Text-independent score" in text
    assert "What the model wrote" in text
    assert "Model's alternative, told that the face is real: says real" in text


def test_measurements_over_time_stand_in_words_with_what_they_are_not(text):
    assert "movement of nose and eye corners between neighbours after alignment (median), in distances" in text
    assert "change of the artifact mask between neighbours, 0 to 1 (median) 0.130" in text
    assert "they take no part in the verdict, and no range of real films is known" in text


def test_pictures_are_a_timeline_per_track_two_per_decisive_frame_and_its_panels(case):
    count = sum(len(page.images) for page in PdfReader(case / "report.pdf").pages)
    assert count == 2 + 2 * 2 + 2 * 3


def test_a_frame_without_a_mask_is_shown_without_an_outline_and_says_so(tmp_path):
    track = make_track(1)
    bare = tuple(replace(one, finding=replace(one.finding, masks=())) for one in track.decisive)
    root = run_case(tmp_path / "case", make_film_finding(1, make_film(replace(track, decisive=bare))))
    text = " ".join(pages_of(root))
    assert text.count("Processed image: the crop; it has no artifact mask.") == 2
    assert "contour" not in text
    assert "mask's outline" not in text
    assert sum(len(page.images) for page in PdfReader(root / "report.pdf").pages) == 1 + 2 + 2


def test_the_same_record_renders_to_the_same_bytes(case):
    assert pdf_bytes(case) == (case / "report.pdf").read_bytes()


def test_without_pictures_the_timeline_is_drawn_and_no_face_is_shown(tmp_path):
    root = run_case(tmp_path / "case", make_film_finding(1, make_film(make_track(1))), images=False)
    assert sum(len(page.images) for page in PdfReader(root / "report.pdf").pages) == 1
    assert "No pictures of this face" in " ".join(pages_of(root))
    assert sorted(path.name for path in root.iterdir()) == [
        "findings.json",
        "manifest.json",
        "report.pdf",
        "timeline.csv",
    ]


def test_names_and_facts_of_a_film_cannot_act_on_a_page(tmp_path):
    facts = make_facts(codec="<b>h264</b>", notes=('<img src="/etc/passwd"/>',))
    finding = make_film_finding(1, make_film(make_short_track(1), facts=facts), name="<font size=80>x\x1b[31m.mp4")
    text = " ".join(pages_of(run_case(tmp_path / "case", finding)))
    assert "<b>h264</b>" in text
    assert '<img src="/etc/passwd"/>' in text
    assert "\\x1b[31m.mp4" in text


def crowd(count, altered):
    tracks = [make_short_track(number) for number in range(1, count + 1)]
    for number in altered:
        tracks[number - 1] = replace(tracks[number - 1], verdict=Verdict.FAKE, reason=None, score=0.5 + number / 100)
    return make_film(*tracks)


def test_of_a_crowd_only_altered_tracks_have_a_section_and_every_film_is_listed(tmp_path):
    root = run_case(
        tmp_path / "case",
        make_film_finding(1, crowd(20, altered=(3, 7))),
        make_film_finding(2, crowd(2, altered=())),
        make_file_finding(3, fakenesses=(0.08,)),
    )
    view = open_view(root)
    assert view.tracks == {"F0001-T03", "F0001-T07"}
    assert [entry.id for entry in view.files] == ["F0001", "F0002"]
    assert not view.complete
    text = " ".join(pages_of(root))
    assert "Listed are the 0 faces and 2 tracks of films with the highest scores" in text
    assert "Track F0001-T07" in text
    assert "Track F0001-T01" not in text


def test_pictures_and_films_together_have_a_section_each(tmp_path):
    root = run_case(tmp_path / "case", make_film_finding(1, make_film(make_short_track(1))), make_file_finding(2))
    view = open_view(root)
    assert view.complete
    assert view.titles[2:4] == ("Faces", "Films")
    assert (view.faces, view.tracks) == ({"F0002-1"}, {"F0001-T01"})
    content = (root / "report.pdf").read_bytes()
    assert Reason.TOO_FEW_FRAMES.words in " ".join(pages_of(root))
    assert len(PdfReader(BytesIO(content)).pages) >= 5
