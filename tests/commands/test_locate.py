"""``fakeface locate``: masks, maps and parts in the picture's own pixels, and answers where the examiner points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface.report.overlay import decoded_mask

from ..fakes import FAKE, REAL, draw
from .conftest import comparable, invoke, read_record

LEFT_FACE, RIGHT_FACE = (20, 40, 100, 120), (120, 40, 200, 120)
"""Boxes of the two faces that ``draw`` draws."""


@pytest.fixture
def picture(place: Path) -> Path:
    return draw(place / "a.png", FAKE, REAL)


def test_every_face_gets_maps_with_units_in_the_pixels_of_the_picture(picture: Path) -> None:
    result = invoke("locate", picture, "--out", "case")
    assert result.exit_code == 0, result.stderr
    for face in read_record(Path("case")).files[0].faces:
        assert [one.kind for one in face.maps] == ["reliability", "heat", "heat"]
        reliability, last, earlier = face.maps
        assert reliability.highest == (0.9 if face.number == 1 else 0.1)
        assert reliability.unit == "probability of alteration, 0 to 1"
        left, top, right, bottom = face.square or (0, 0, 0, 0)
        assert last.box == (max(left, 0), max(top, 0), min(right, 260), min(bottom, 160))
        # the stand-in is hot at window pixels (120, 100) and (90, 60); a square of 96 pixels lies at (64, 64)
        offset = (224 - (right - left)) // 2
        assert last.peak == (left + 120 - offset, top + 100 - offset)
        assert earlier.highest == 1.0 or earlier.highest == 0.0
        for one in face.maps:
            assert one.file is not None
            with Image.open(Path("case", one.file)) as drawn:
                assert drawn.width > one.box[2] - one.box[0]


def test_parts_of_the_mask_are_named_with_shares_and_measurements(picture: Path) -> None:
    result = invoke("locate", picture, "--out", "case")
    altered, untouched = read_record(Path("case")).files[0].faces
    shares = [part.share for part in altered.parts]
    assert shares == sorted(shares, reverse=True)
    assert altered.parts[0].concept == "whole_face"
    assert altered.parts[0].covered == 1.0
    within = {part.concept: part for part in altered.parts[1:]}
    assert {"nose", "mouth", "cheeks"} <= within.keys(), "what the whole face is made of"
    assert within["cheeks"].share > within["mouth"].share > 0.02
    assert within["nose"].covered == pytest.approx(1.0, abs=0.02)
    assert altered.parts[0].severity in ("slight", "clear")
    assert set(altered.parts[0].reference) == set(altered.parts[0].measurements)
    assert untouched.parts == ()
    assert "Marked part" in result.stdout
    assert "whole face" in result.stdout


def test_a_box_is_answered_by_the_altered_pixels_inside_it(picture: Path) -> None:
    result = invoke("locate", picture, "--out", "case", "--box", "30,50,60,80", "--box", "130,50,160,80")
    assert result.exit_code == 0, result.stderr
    left, right = read_record(Path("case")).files[0].faces
    [found] = left.places
    assert found.asked == "box 30,50,60,80"
    assert found.mask is not None
    mask = decoded_mask(found.mask.rle)
    assert mask[50:80, 30:60].all()
    assert mask.sum() == 900
    assert found.covered == 1.0
    assert found.parents
    assert found.mask.file is not None
    with Image.open(Path("case", found.mask.file)) as written:
        assert (np.array(written) == mask).all()
    assert left.places_overlay_file == "overlays/F0001-1-q.png"
    assert Path("case", left.places_overlay_file).is_file()
    assert right.places_overlay_file is None, "nothing is altered there"
    [other] = right.places
    assert other.asked == "box 130,50,160,80"
    assert (other.covered, other.mask.area_pixels if other.mask else None) == (0.0, 0)


def test_a_point_is_a_leaf_with_its_parents_and_belongs_to_the_face_it_lies_on(picture: Path) -> None:
    invoke("locate", picture, "--out", "case", "--point", "160,78")
    left, right = read_record(Path("case")).files[0].faces
    assert left.places == ()
    [found] = right.places
    assert (found.leaf, found.concept, found.parents) == ("columella", "lower_nose", ("nose",))


def test_a_mask_of_the_same_size_marks_a_place(place: Path, picture: Path) -> None:
    pixels = np.zeros((160, 260), np.uint8)
    pixels[60:70, 40:80] = 255
    Image.fromarray(pixels).save("where.png")
    invoke("locate", picture, "--out", "case", "--mask", "where.png")
    [found] = read_record(Path("case")).files[0].faces[0].places
    assert found.mask is not None
    assert (decoded_mask(found.mask.rle) == (pixels > 0)).all()
    assert "mask where.png" in str(read_record(Path("case")).settings["asked"])


def test_a_region_by_any_of_its_names_is_asked_of_every_face(picture: Path) -> None:
    invoke("locate", picture, "--out", "case", "--region", "Person's LEFT eye")
    faces = read_record(Path("case")).files[0].faces
    assert [face.places[0].concept for face in faces] == ["left_eye", "left_eye"]
    assert faces[0].places[0].parents == ("eyes",)
    mask = decoded_mask(faces[0].places[0].mask.rle)  # type: ignore[union-attr]
    columns = np.nonzero(mask)[1]
    assert columns.min() > 60, "the subject's left eye is at the right of the picture"


def test_only_the_face_that_is_meant_is_located(picture: Path) -> None:
    invoke("locate", picture, "--out", "case", "--face", "2")
    left, right = read_record(Path("case")).files[0].faces
    assert left.maps == ()
    assert len(right.maps) == 3
    assert left.decision.verdict == "fake"


BAD = [
    (("--region", "left nosse"), "nearest: "),
    (("--region", " "), "is empty; there are for example left eye, nose and mouth"),
    (("--region", "teeth"), "cannot be assessed"),
    (("--box", "200,100,300,150"), "reaches outside the picture: the picture has 260 x 160 pixels"),
    (("--box", "5,5,5,9"), "is empty"),
    (("--point", "900,1"), "lies outside the picture"),
    (("--point", "2,2"), "does not lie on any face"),
    (("--point", "2"), "not of the form x,y"),
    (("--face", "1", "--point", "160,78"), "does not lie on face 1"),
    (("--face", "3"), "there is no face 3: the picture has 2"),
    (("--mask", "small.png"), "has 10 x 10 pixels"),
    (("--mask", "dark.png"), "marks no pixel"),
    (("--mask", "labels.png"), "marks no pixel: values above 127 count, of 0 to 255, and its highest is 1"),
    (("--mask", "missing.png"), "cannot be read"),
]


@pytest.mark.parametrize(("options", "message"), BAD)
@pytest.mark.parametrize("command", ["locate", "explain"])
def test_a_place_that_cannot_be_answered_is_refused_before_anything_is_written(
    place: Path, picture: Path, command: str, options: tuple[str, ...], message: str
) -> None:
    Image.fromarray(np.full((10, 10), 255, np.uint8)).save("small.png")
    Image.fromarray(np.zeros((160, 260), np.uint8)).save("dark.png")
    Image.fromarray(np.ones((160, 260), np.uint8)).save("labels.png")
    before = sorted(place.iterdir())
    result = invoke(command, picture, "--out", "case", *options)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert sorted(place.iterdir()) == before


def test_a_place_in_a_picture_without_a_face_is_refused(place: Path) -> None:
    result = invoke("locate", draw(place / "none.png"), "--point", "30,30", "--out", "case")
    assert result.exit_code == 2
    assert "no face was found in the picture" in result.stderr
    assert not Path("case").exists()


def test_a_place_in_pixels_needs_exactly_one_picture(place: Path, picture: Path) -> None:
    other = draw(place / "b.png", REAL)
    result = invoke("locate", picture, other, "--point", "60,78", "--out", "case")
    assert result.exit_code == 2
    assert "name exactly one" in result.stderr


def test_a_region_is_asked_of_many_pictures_and_said_where_it_cannot_be_seen(place: Path, picture: Path) -> None:
    other = draw(place / "b.png", REAL)
    assert invoke("locate", picture, other, "--region", "teeth", "--out", "case").exit_code == 0
    places = [face.places[0] for file in read_record(Path("case")).files for face in file.faces]
    assert len(places) == 3
    assert all(one.problem.startswith("nothing of it was found") for one in places)


def test_two_runs_with_the_same_questions_differ_only_in_the_run_block(picture: Path) -> None:
    for case in ("one", "two"):
        invoke("locate", picture, "--out", case, "--region", "nose")
    assert comparable(Path("one")) == comparable(Path("two"))


def test_a_run_is_not_resumed_under_other_questions(picture: Path) -> None:
    invoke("locate", picture, "--out", "case", "--region", "nose")
    result = invoke("locate", picture, "--out", "case", "--region", "chin", "--resume")
    assert result.exit_code == 2
    assert "other settings" in result.stderr


def test_no_pictures_are_saved_where_they_are_switched_off(picture: Path) -> None:
    invoke("locate", picture, "--out", "case", "--point", "60,78", "--no-images")
    assert not list(Path("case").rglob("*.png"))
    face = read_record(Path("case")).files[0].faces[0]
    assert face.places[0].mask is not None
    assert [one.file for one in face.maps] == [None, None, None]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_masks_and_maps_lie_on_the_upright_picture_however_it_was_held(place: Path, orientation: int) -> None:
    upright = np.array(Image.open(draw(place / "a.png", FAKE, REAL)).convert("RGB"))
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[orientation]  # quarter turns to the left that the file is stored with
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(np.rot90(upright, turns))).save("held.png", exif=exif.tobytes())
    result = invoke("locate", "held.png", "--box", "30,50,60,80", "--out", "case")
    assert result.exit_code == 0, result.stderr
    entry = read_record(Path("case")).files[0]
    altered = entry.faces[0]
    mask = decoded_mask(altered.masks[0].rle)
    assert mask.shape == (160, 260)
    rows, columns = np.nonzero(mask)
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == LEFT_FACE
    assert altered.places[0].covered == 1.0
    assert (upright[mask] == FAKE).all(), "every marked pixel is one of the altered face"
    assert entry.faces[1].box == RIGHT_FACE


def test_a_face_cut_off_by_the_border_is_located_in_the_picture_alone(place: Path) -> None:
    pixels = np.full((120, 160, 3), 128, np.uint8)
    pixels[:70, 100:] = FAKE
    Image.fromarray(pixels).save("cut.png")
    result = invoke("locate", "cut.png", "--point", "150,5", "--out", "case")
    assert result.exit_code == 0, result.stderr
    face = read_record(Path("case")).files[0].faces[0]
    assert (decoded_mask(face.masks[0].rle) == (pixels == FAKE).all(axis=2)).all()
    assert face.square is not None
    assert face.square[2] > 160, "the examined square reaches outside"
    for one in face.maps:
        assert one.box[2] == 160
        assert one.box[1] == 0
        assert 0 <= one.peak[0] < 160
    assert face.places[0].covered == 1.0
