import io
from dataclasses import replace

import numpy as np
from rich.console import Console

from fakeface.decision import Reason, undecided
from fakeface.findings import PartFinding
from fakeface.masks import Mask
from fakeface.report.console import summary_table
from fakeface.report.record import file_entry
from tests.builders import make_entries, make_failed_finding, make_file_finding


def shown(entries, width=80, **options):
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=False, color_system=None, legacy_windows=False)
    console.print(summary_table(entries, **options))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


GOLDEN = """\
                                                 Fake-               Easy/
File                 Face Result                 ness  Class         hard  Agree
────────────────────────────────────────────────────────────────────────────────
pictures/001.jpg     1    supports alteration    0.93  identity swap hard  yes
pictures/001.jpg     2    supports no alteration 0.08  real          hard  yes
pictures/no face.png —    inconclusive: no face  —     —             —     —
                          found; no conclusion
                          on authenticity
pictures/003.jpg     1    inconclusive: the      0.52  —             hard  —
                          scores are too close
                          to call
pictures/003.jpg     2    inconclusive: the face —     —             —     —
                          is too small to
                          analyse
notes.txt            —    skipped, not examined: —     —             —     —
                          not a picture
pictures/broken.jpg  —    failed, not examined:  —     —             —     —
                          the file is truncated

F0001-1  pictures/001.jpg, face 1: what the model wrote
  A woman with short hair looks into the camera.
  The ‹left cheek› is smoother than the skin around it, and the ‹outline of the
  jaw› changes colour; the teeth show nothing.

F0001-2  pictures/001.jpg, face 2: what the model wrote
  A woman with short hair looks into the camera.
  Skin texture is even over the whole face and light falls from one side.

F0003-1  pictures/003.jpg, face 1: what the model wrote
  A woman with short hair looks into the camera.
  The ‹left cheek› is smoother than the skin around it, and the ‹outline of the
  jaw› changes colour; the teeth show nothing.

‹…› marks a phrase about a part of the face. Agreement compares the verdict with
a second output of the same network that reads no text. It is a consistency
check, not corroboration.
1 failed: unreadable
1 skipped: unsupported
This is the embedded compact profile: a small set of networks that runs without
a graphics processor, trained on a limited selection of faces and forgeries. It
errs more often than large models do, and its results need an examiner's review.
5 found = 3 analysed + 1 skipped + 1 failed; 4 faces: 1 supports alteration, 1
supports no alteration, 2 inconclusive; 1 picture without a face
The absence of findings is not proof of authenticity: alterations outside the
faces, and methods that the networks were not trained on, go unnoticed."""

GOLDEN_SHORT = """\
Reasons why inputs or faces have no verdict
    11  inconclusive: the scores are too close to call
     1  inconclusive: no face found; no conclusion on authenticity
     1  inconclusive: the face is too small to analyse
     1  skipped: unsupported
     1  failed: unreadable

The 5 highest scores
File               Face Result              Score Class
───────────────────────────────────────────────────────────────
pictures/001.jpg   1    supports alteration 0.93  identity swap
pictures/060.jpg   1    supports alteration 0.62  identity swap
pictures/059.jpg   1    supports alteration 0.61  identity swap
pictures/058.jpg   1    supports alteration 0.60  identity swap
pictures/057.jpg   1    supports alteration 0.59  identity swap

Next: fakeface detect -- pictures/001.jpg
65 found = 63 analysed + 1 skipped + 1 failed; 64 faces: 8 supports alteration,
44 supports no alteration, 12 inconclusive; 1 picture without a face
The absence of findings is not proof of authenticity: alterations outside the
faces, and methods that the networks were not trained on, go unnoticed.
How many unaltered faces would be flagged wrongly in material of this kind is
not known: the cuts were chosen on the profile's calibration faces, which may
differ from it."""


def many(count=60):
    return [file_entry(make_file_finding(number, fakenesses=(number % 97 / 97,))) for number in range(1, count + 1)]


def test_a_small_run_reads_as_written_here():
    assert shown(make_entries()) == GOLDEN


def test_a_large_run_fits_one_screen_and_reads_as_written_here():
    text = shown(iter([*many(), *make_entries()]))
    assert text == GOLDEN_SHORT
    assert len(text.splitlines()) <= 24


def test_nothing_is_wider_than_the_terminal():
    for width in (60, 80, 120):
        for entries in (make_entries(), [*many(), *make_entries()]):
            assert max(len(line) for line in shown(entries, width).splitlines()) <= width


def test_no_score_is_rounded_to_certainty_in_either_form():
    for width in (60, 80):
        text = shown([file_entry(make_file_finding(1, fakenesses=(0.9987, 0.99999)))], width)
        assert all(words in text for words in ("0.9987", ">0.9999"))
        assert "1.00" not in text
        assert max(len(line) for line in text.splitlines()) <= width
    text = shown([*many(), file_entry(make_file_finding(1000, fakenesses=(0.9987, 0.99999)))])
    assert all(words in text for words in ("0.9987", ">0.9999"))
    assert "1.00" not in text


def test_fifty_rows_are_listed_and_fifty_one_are_not():
    assert "pictures/050.jpg" in shown(many(50))
    assert "highest scores" not in shown(many(50))
    assert "The 5 highest scores" in shown(many(51))


def test_markup_and_escapes_of_names_and_errors_do_nothing():
    names = [
        "[bold red]VERDICT: AUTHENTIC[/]",
        "[/x]",
        "\x1b[2Jgone",
        "a\u202eb",
        "\udcff",
        ":smile:",
        "[link=http://x]y",
    ]
    entries = [file_entry(make_failed_finding(number, name)) for number, name in enumerate(names, 1)]
    text = shown(entries, 120)
    for visible in ("[bold red]VERDICT", "[/x]", "\\x1b[2Jgone", "a\\u202eb", "\\xff", ":smile:", "[link=http://x]y"):
        assert visible in text
    assert not set(text) & {"\x1b", "\u202e", "\udcff"}


def test_a_long_name_is_folded_and_not_lost():
    name = "".join(chr(97 + number % 26) for number in range(251)) + ".jpg"
    column = "".join(line.split()[0] for line in shown([file_entry(make_failed_finding(1, name))]).splitlines() if line)
    assert name in column


def test_phrases_are_underlined_on_a_terminal_and_tags_are_gone():
    stream = io.StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    console.print(summary_table(make_entries()))
    assert "\x1b[4m‹left cheek›" in stream.getvalue()
    assert "<p>" not in stream.getvalue()
    assert "[SEG]" not in stream.getvalue()
    assert "NOSEG" not in stream.getvalue()


def test_triage_shows_the_text_free_score_under_its_own_name():
    finding = make_file_finding(1, fakenesses=(), reason=Reason.TOO_SMALL)
    object.__setattr__(finding.faces[0], "decision", undecided(Reason.NOT_DECIDED, 0.81))
    text = shown([file_entry(finding)])
    assert "Text-free" in text
    assert "Fake-" not in text
    assert "0.81" in text


def test_the_next_command_is_left_out_where_the_name_shown_is_not_the_name():
    entries = [file_entry(make_file_finding(1, "odd\x1b name.jpg", (0.99,))), *many()]
    assert "Next:" not in shown(entries)
    entries = [file_entry(make_file_finding(1, "odd; name.jpg", (0.99,))), *many()]
    assert "Next: fakeface detect -- 'odd; name.jpg'" in shown(entries)


def test_every_form_says_that_absence_of_findings_proves_nothing():
    for entries in ([], make_entries(), many()):
        assert "The absence of findings is not proof of authenticity" in shown(entries)
    assert "embedded compact profile" in shown(make_entries())
    assert "weights that the user supplied" in shown(make_entries(), profile="ffaa-7b")


def test_where_nothing_could_be_located_the_screen_says_so_per_face_and_what_to_do():
    settings = {"asked": {"style": None, "questions": [], "face": None}, "faces": {"min_face_pixels": 100}}
    text = " ".join(shown(make_entries(), 120, settings=settings).split())
    assert text.count("Nothing was located: the face is too small to analyse. Its shorter side has 80 pixels") == 1
    assert "--min-face asks for 100; --min-face 80 lets it be examined" in text
    assert "authenticity; nothing was located" in " ".join(shown(make_entries(), 300, settings=settings).split())
    assert "Nothing was" not in shown(make_entries(), 120, settings={**settings, "asked": {"face": 1}})


def test_what_speaks_against_the_result_stands_beside_places_without_any_text():
    finding = make_file_finding(1)
    place = PartFinding("point 1,2", "lower_nose", "columella", share=0.1, mask=no_mask(finding))
    asked = replace(finding.faces[0], places=(place,), contrary=("A score is low.",))
    text = shown([file_entry(replace(finding, faces=(asked,)))])
    assert "What speaks against the result\n    - A score is low.\n" in text
    assert "too little of it marked to call it altered; not measurable here" in text
    assert "Model's alternative" not in text, "texts were not asked for"


def no_mask(finding):
    return Mask(np.zeros((finding.picture.height, finding.picture.width), bool), "point 1,2", 0.0)
