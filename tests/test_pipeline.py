"""The route, through real files and the real decoder, with models that can be foretold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from fakeface.answers import Hypothesis
from fakeface.backends.dlib import DlibFaceFinder
from fakeface.backends.stills import Decoder
from fakeface.concepts import REGION_NAMES
from fakeface.decision import Reason, Verdict
from fakeface.errors import BackendError, SettingsError
from fakeface.faces import Box, FaceCrop, FaceOrigin
from fakeface.findings import FileFinding, FileStatus
from fakeface.inputs import Input, Inputs
from fakeface.pipeline import Request, examine
from fakeface.settings import DecoderSettings, FaceSettings, Settings

from .fakes import CLOSE, FAKE, MUTE, REAL, ColourEncoder, draw, make_engine


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(DecoderSettings()) as one:
        yield one


def run(decoder: Decoder, *paths: Path, request: Request | None = None) -> list[FileFinding]:
    return list(examine(make_engine(), decoder, Inputs([str(path) for path in paths]), request or Request()))


def test_faces_are_numbered_from_left_to_right_and_decided_one_by_one(tmp_path: Path, decoder: Decoder) -> None:
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE, REAL, CLOSE, MUTE))
    assert [face.number for face in finding.faces] == [1, 2, 3, 4]
    assert [face.decision.verdict for face in finding.faces] == [
        Verdict.FAKE,
        Verdict.REAL,
        Verdict.INDETERMINATE,
        Verdict.INDETERMINATE,
    ]
    assert [face.decision.reason for face in finding.faces] == [
        None,
        None,
        Reason.TOO_CLOSE,
        Reason.UNREADABLE_ANSWERS,
    ]
    assert finding.verdict is Verdict.FAKE


def test_a_finding_carries_answers_masks_scores_and_the_decoded_picture(tmp_path: Path, decoder: Decoder) -> None:
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE))
    [face] = finding.faces
    assert [answer.hypothesis for answer in face.answers] == list(Hypothesis)
    assert [answer.claim for answer in face.answers] == ["fake", "fake", "real"]
    assert face.decision.fakeness == pytest.approx(0.9)
    assert face.decision.independent_score == 0.9
    assert face.masks[0].area_pixels == face.face.box.area == 80 * 80
    assert face.regions == tuple((name, 0.7) for name in REGION_NAMES)
    assert face.class_probabilities is not None
    assert finding.picture is not None
    assert (finding.picture.format, finding.picture.width, finding.picture.height) == ("PNG", 160, 160)
    assert finding.pixels is not None
    assert finding.pixels.shape == (160, 160, 3)


def test_faces_go_through_the_networks_in_batches_of_the_settings(tmp_path: Path, decoder: Decoder) -> None:
    engine = make_engine()
    picture = draw(tmp_path / "a.png", *[FAKE] * 7)
    [finding] = examine(engine, decoder, Inputs([str(picture)]), Request(Settings(batch_faces=3)))
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches == [3, 3, 1]
    assert len(finding.faces) == 7


def test_a_picture_without_a_face_is_analysed_and_never_called_real(tmp_path: Path, decoder: Decoder) -> None:
    [finding] = run(decoder, draw(tmp_path / "a.png"))
    assert finding.status is FileStatus.ANALYSED
    assert finding.faces == ()
    assert finding.verdict is Verdict.INDETERMINATE
    assert finding.reason is Reason.NO_FACE


def test_a_small_face_is_listed_as_too_small_and_no_network_sees_it(tmp_path: Path, decoder: Decoder) -> None:
    engine = make_engine()
    picture = draw(tmp_path / "a.png", FAKE, side=30)
    [finding] = examine(engine, decoder, Inputs([str(picture)]), Request())
    [face] = finding.faces
    assert face.decision.reason is Reason.TOO_SMALL
    assert face.crop is None
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches == []


def test_a_lower_minimum_lets_the_small_face_through(tmp_path: Path, decoder: Decoder) -> None:
    request = Request(Settings(faces=FaceSettings(min_face_pixels=20)))
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE, side=30), request=request)
    assert finding.faces[0].decision.verdict is Verdict.FAKE


def test_triage_gives_the_independent_score_and_decides_nothing(tmp_path: Path, decoder: Decoder) -> None:
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE), request=Request(Settings(fast=True)))
    [face] = finding.faces
    assert face.decision.reason is Reason.NOT_DECIDED
    assert face.decision.independent_score == 0.9
    assert face.answers == ()
    assert face.masks == ()


def test_an_added_face_takes_its_place_and_is_the_examiners(tmp_path: Path, decoder: Decoder) -> None:
    request = Request(added_faces=(Box(60, 30, 120, 90),))
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE, REAL), request=request)
    assert [face.face.origin for face in finding.faces] == [FaceOrigin.HOG, FaceOrigin.EXAMINER, FaceOrigin.HOG]
    assert [face.number for face in finding.faces] == [1, 2, 3]


def test_an_added_face_outside_the_picture_is_a_mistake_of_the_request(tmp_path: Path, decoder: Decoder) -> None:
    with pytest.raises(SettingsError):
        run(decoder, draw(tmp_path / "a.png", FAKE), request=Request(added_faces=(Box(900, 900, 950, 950),)))


def test_one_broken_file_does_not_stop_the_others(tmp_path: Path, decoder: Decoder) -> None:
    good, broken = draw(tmp_path / "a.png", REAL), tmp_path / "b.png"
    broken.write_bytes(good.read_bytes()[:200])
    notes = tmp_path / "c.txt"
    notes.write_text("no picture")
    findings = run(decoder, good, broken, notes, tmp_path / "missing.png", draw(tmp_path / "e.png", FAKE))
    assert [finding.id for finding in findings] == ["F0001", "F0002", "F0003", "F0004", "F0005"]
    assert [finding.status.value for finding in findings] == ["analysed", "failed", "failed", "failed", "analysed"]
    assert [finding.error_code for finding in findings] == ["", "unreadable", "unsupported", "unreadable", ""]
    assert findings[1].evidence is not None
    assert findings[3].evidence is None
    assert all("\n" not in finding.error for finding in findings)


def test_what_was_refused_is_passed_on_with_its_reason(decoder: Decoder) -> None:
    inputs = [Input(1, "a/link", "a symbolic link", "symlink"), Input(2, "a/locked", "cannot be listed", "unreadable")]
    skipped, failed = examine(make_engine(), decoder, inputs, Request())
    assert (skipped.status, skipped.error, skipped.error_code) == (FileStatus.SKIPPED, "a symbolic link", "symlink")
    assert (failed.status, failed.error_code) == (FileStatus.FAILED, "unreadable")


def test_a_file_that_changes_while_it_is_examined_has_no_finding(tmp_path: Path, decoder: Decoder) -> None:
    picture = draw(tmp_path / "a.png", FAKE)

    def tamper(crops: Sequence[FaceCrop]) -> None:
        picture.write_bytes(picture.read_bytes() + b"\0")

    [finding] = examine(make_engine(tamper), decoder, Inputs([str(picture)]), Request())
    assert (finding.status, finding.error_code) == (FileStatus.FAILED, "changed")
    assert finding.faces == ()
    assert finding.evidence is not None


def test_a_file_that_vanishes_while_it_is_examined_counts_as_changed(tmp_path: Path, decoder: Decoder) -> None:
    picture = draw(tmp_path / "a.png", FAKE)
    [finding] = examine(make_engine(lambda crops: picture.unlink()), decoder, Inputs([str(picture)]), Request())
    assert finding.error_code == "changed"


def test_the_real_finder_hands_a_photographs_face_to_the_networks(tmp_path: Path, decoder: Decoder) -> None:
    photograph = tmp_path / "a.jpg"
    Image.fromarray(astronaut()).save(photograph, quality=95)
    engine = replace(make_engine(), finder=DlibFaceFinder(FaceSettings()))
    [finding] = examine(engine, decoder, Inputs([str(photograph)]), Request())
    assert isinstance(finding, FileFinding)
    [face] = [face for face in finding.faces if face.face.box.iou(Box(165, 65, 285, 190)) > 0.5]
    assert face.crop is not None
    assert finding.picture is not None
    assert finding.picture.format == "JPEG"


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (4000, 1), (1, 4000), (2000, 12), (12, 2000)])
def test_pictures_of_odd_shapes_are_examined_by_the_real_finder(
    tmp_path: Path, decoder: Decoder, size: tuple[int, int]
) -> None:
    strip = tmp_path / "a.png"
    Image.effect_noise(size, 60).convert("RGB").save(strip)
    engine = replace(make_engine(), finder=DlibFaceFinder(FaceSettings()))
    [finding] = examine(engine, decoder, Inputs([str(strip)]), Request())
    assert isinstance(finding, FileFinding)
    assert (finding.status, finding.reason) == (FileStatus.ANALYSED, Reason.NO_FACE)


def test_a_failing_model_ends_the_run(tmp_path: Path, decoder: Decoder) -> None:
    def fail(crops: Sequence[FaceCrop]) -> None:
        raise BackendError("the encoder failed")

    with pytest.raises(BackendError):
        list(examine(make_engine(fail), decoder, Inputs([str(draw(tmp_path / "a.png", FAKE))]), Request()))


def test_what_an_earlier_run_finished_is_passed_on_unexamined(tmp_path: Path, decoder: Decoder) -> None:
    engine = make_engine()
    paths = [draw(tmp_path / "a.png", FAKE), draw(tmp_path / "b.png", REAL)]
    known, fresh = examine(
        engine,
        decoder,
        Inputs([str(path) for path in paths]),
        Request(),
        lambda item, sha256: f"known {sha256}" if item.path.endswith("a.png") else None,
    )
    assert isinstance(known, str)
    assert len(known) == len("known ") + 64
    assert isinstance(fresh, FileFinding)
    assert isinstance(engine.encoder, ColourEncoder)
    assert engine.encoder.batches == [1]


def test_the_pixels_of_a_finding_cannot_be_written(tmp_path: Path, decoder: Decoder) -> None:
    [finding] = run(decoder, draw(tmp_path / "a.png", FAKE))
    assert isinstance(finding.pixels, np.ndarray)
    assert not finding.pixels.flags.writeable


def test_notes_beside_pictures_are_skipped_and_a_false_picture_fails(tmp_path: Path, decoder: Decoder) -> None:
    draw(tmp_path / "a.png", REAL)
    (tmp_path / "notes.md").write_text("where the picture is from")
    (tmp_path / "picture.jpg").write_text("no picture at all")
    found = {Path(one.name).name: one for one in run(decoder, tmp_path)}
    assert found["a.png"].status is FileStatus.ANALYSED
    assert (found["notes.md"].status, found["notes.md"].error_code) == (FileStatus.SKIPPED, "companion")
    assert (found["picture.jpg"].status, found["picture.jpg"].error_code) == (FileStatus.FAILED, "unsupported")
    [named] = run(decoder, tmp_path / "notes.md")
    assert named.status is FileStatus.FAILED
