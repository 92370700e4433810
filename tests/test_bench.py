"""Sets with known truth, measured through the route on a tiny data set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fakeface.answers import Answer, Hypothesis, parse_answer
from fakeface.backends import Engine
from fakeface.backends.stills import Decoder
from fakeface.bench.compare import (
    Keeper,
    found_mask,
    mask_figures,
    match_phrases,
    named_regions,
    true_texts,
)
from fakeface.bench.files import file_sample, luminance_quantiser, meant_face
from fakeface.bench.run import operators_of
from fakeface.bench.sets import (
    REENCODED,
    REENCODING,
    SLICES,
    FileSet,
    ForgedSet,
    GivenFile,
    file_sets,
    processing_of,
    read_pairs,
    row_set,
    score_files,
    score_operator,
)
from fakeface.bench.values import ScoredFace
from fakeface.claims.matching import masked_regions
from fakeface.claims.reading import read_statements
from fakeface.claims.terms import TERMS
from fakeface.claims.windows import grid_mask
from fakeface.concepts import locate, look_up
from fakeface.decision import Reason, undecided
from fakeface.errors import SettingsError
from fakeface.faces import Box, FaceCrop
from fakeface.findings import FaceFinding
from fakeface.masks import Mask
from fakeface.settings import FaceSettings, Settings
from fakeface.training.forge.pairs import FaceSample, cut_windows
from fakeface.training.forge.recipe import Entry, load_recipe, single
from fakeface.training.forge.studio import Studio
from fakeface.training.formats.rle import Rle

from .conftest import FaceSet

FAST = Settings(faces=FaceSettings(hog_side_pixels=512), fast=True, batch_faces=4)
WHOLE = dataclasses.replace(FAST, fast=False)


def studio(face_set: FaceSet, operator: str, seed: int = 1) -> Studio:
    """Forges dev faces by one operator."""
    recipe = load_recipe().model_copy(update={"processing": 0.0})
    return Studio(face_set.of("dev"), face_set.root, seed, single(operator, recipe))


def forged(face_set: FaceSet, operator: str = "edit") -> FaceSample:
    """A forged window with its truth."""
    one = studio(face_set, operator)
    rng = one.generator(0)
    return cut_windows(one.forged(0, operator, rng), rng)[1]


def finding_of(sample: FaceSample, masks: tuple[Mask, ...]) -> FaceFinding:
    crop = sample.crop
    return FaceFinding(1, crop.face, undecided(Reason.NOT_DECIDED), crop, masks=masks)


def full_mask(sample: FaceSample) -> Mask:
    """The true mask in the window's own pixels."""
    return Mask(np.kron(sample.mask > 0.25, np.ones((4, 4))).astype(bool), "artifact", 0.9)


def test_an_operator_forges_every_real_face_once_and_the_pair_shares_its_source(
    face_set: FaceSet, tiny_engine: Engine
) -> None:
    wanted = ForgedSet("edit", "trained", 3)
    batches = list(score_operator(tiny_engine, studio(face_set, "edit"), wanted, WHOLE))
    assert [len(batch.faces) for batch in batches] == [4, 2]
    faces = [one for batch in batches for one in batch.faces]
    assert [one.label for one in faces] == [0, 1] * 3
    assert [one.group for one in faces[::2]] == [one.group for one in faces[1::2]]
    assert {one.group for one in faces} == {row.path for row in face_set.of("dev")}
    for one in faces:
        assert 0 <= one.independent <= 1
        assert one.forgery == ("editing" if one.label else "real")
        assert (one.mask_iou is None) == (one.label == 0)
        assert (one.true_regions is None) == (one.label == 0)
        assert one.references
        assert one.size_bytes > 1000
        assert one.log10_lr is None
    assert any(one.mask_auc is not None for one in faces)
    assert [batch.faces for batch in score_operator(tiny_engine, studio(face_set, "edit"), wanted, WHOLE)] == [
        batch.faces for batch in batches
    ]


def test_a_slice_measures_the_same_pairs_after_the_same_processing(face_set: FaceSet, tiny_engine: Engine) -> None:
    def measured(condition: str) -> list[ScoredFace]:
        wanted = ForgedSet("edit", "trained", 2, condition)
        return [
            one for batch in score_operator(tiny_engine, studio(face_set, "edit"), wanted, FAST) for one in batch.faces
        ]

    plain, blurred = measured(""), measured("blur")
    assert {one.set_name for one in blurred} == {"edit_blur"}
    assert [(one.group, one.label) for one in blurred] == [(one.group, one.label) for one in plain]
    assert all(soft.size_bytes < sharp.size_bytes for soft, sharp in zip(blurred, plain, strict=True))


def test_a_face_that_cannot_be_forged_is_told_and_the_next_one_taken(
    face_set: FaceSet, tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fakeface.training.forge.values import CannotForge

    one = studio(face_set, "edit")
    make, first = one.forged, int(np.random.default_rng(1).permutation(len(one.reals))[0])

    def picky(real: int, *rest: object, **more: object) -> object:
        if real == first:
            raise CannotForge("the mouth is closed")
        return make(real, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(one, "forged", picky)
    batches = list(score_operator(tiny_engine, one, ForgedSet("edit", "trained", 9), FAST))
    assert sum(len(batch.faces) for batch in batches) == 2 * (len(one.reals) - 1)
    assert [reason for batch in batches for reason in batch.left_out] == ["cannot be forged: the mouth is closed"]


def test_the_overlap_is_one_where_the_mask_is_the_truth(face_set: FaceSet) -> None:
    sample = forged(face_set)
    truth, mask = sample.mask > 0.25, full_mask(sample)
    same = mask_figures(
        truth, found_mask(finding_of(sample, (mask,))), np.kron(sample.mask, np.ones((4, 4), np.float32))
    )
    assert same == {"mask_iou": 1, "mask_f1": 1, "mask_auc": 1}
    other = found_mask(finding_of(sample, (Mask(~mask.pixels, "artifact", 1.0),)))
    assert mask_figures(truth, other, None) == {"mask_iou": 0, "mask_f1": 0, "mask_auc": None}
    assert mask_figures(truth, found_mask(finding_of(sample, ())), None)["mask_iou"] == 0


def test_a_mask_of_the_frame_is_seen_through_the_examined_square(face_set: FaceSet) -> None:
    sample = forged(face_set)
    square = Box(-24, 10, 200, 234)
    crop = FaceCrop(sample.window, square, Box(0, 0, 224, 224), sample.crop.face)
    pixels = np.zeros((300, 300), bool)
    pixels[10:122, 0:88] = True
    seen = grid_mask(pixels, crop)
    assert seen[:28, 6:28].all()
    assert not seen[:, :6].any()
    assert not seen[28:].any()
    assert not grid_mask(np.zeros((300, 300), bool), crop).any()


def test_the_encoding_behind_a_mask_is_kept_for_its_own_face(face_set: FaceSet, tiny_engine: Engine) -> None:
    keeper = Keeper(tiny_engine.segmenter)
    crop = forged(face_set).crop
    encoding = tiny_engine.encoder.encode([crop])[0]
    assert keeper.card == tiny_engine.segmenter.card
    masks = keeper.segment(encoding, 224, 224)
    assert masks == () or masks[0].pixels.shape == (224, 224)
    assert keeper.take(crop) is encoding
    assert keeper.take(crop) is None
    keeper.segment(encoding, 224, 224)
    keeper.forget()
    assert keeper.take(crop) is None


ANSWER = (
    "Image description: A face.\nForgery reasoning: The <p>eyes</p>[SEG] are smooth; the <p>left jaw</p>[SEG] and the "
    "<p>thing</p>[SEG] too, the <p>chin</p>[NOSEG] not.\nAnalysis result: Fake"
)


def test_phrases_of_an_answer_are_taken_for_regions() -> None:
    assert named_regions(parse_answer(ANSWER, Hypothesis.OPEN)) == ("right_eye", "left_eye", "left_jaw")
    everything = named_regions(parse_answer(ANSWER.replace("eyes", "whole face"), Hypothesis.OPEN))
    assert {"forehead", "lower_nose", "left_cheek", "chin"} <= set(everything)
    assert named_regions(parse_answer("nothing", Hypothesis.OPEN)) == ()


def true_phrase_masks(truth: Answer, sample: FaceSample) -> list[Mask]:
    """What the true mask shows of every part that the true text names, in the window's pixels."""
    points = (sample.landmarks + np.float32(0.5)) * np.float32(0.25) - np.float32(0.5)
    leaves = locate(points.astype(np.float32), 56, 56)
    parts = [
        (sample.mask > 0.25) & (leaves.mask(look_up(phrase.text).name) if phrase.text != "face" else True)
        for phrase in truth.phrases
        if phrase.grounded
    ]
    return [Mask(part.repeat(4, axis=0).repeat(4, axis=1), "phrase", 0.7) for part in parts]


def test_the_true_text_and_the_true_mask_find_each_other(face_set: FaceSet) -> None:
    sample = forged(face_set, "self_blend")
    texts, truth = true_texts(sample, "picture")
    assert true_texts(sample, "picture")[0] == texts
    assert truth.scored_text == texts[0]
    crop, masks = sample.crop, true_phrase_masks(truth, sample)
    found, true = match_phrases(truth, truth, masks, crop, sample)
    assert len(found) == len(true) > 0
    assert all(one.recalled and one.iou == 1 for one in true)
    assert all(one.hit and one.score == 0.7 for one in found)
    nothing = [Mask(np.zeros((224, 224), bool), "phrase", 0.0) for _ in masks]
    found, true = match_phrases(truth, truth, nothing, crop, sample)
    assert not any(one.hit for one in found)
    assert all(one.iou == 0 and not one.recalled for one in true)
    silent = parse_answer("nothing", Hypothesis.OPEN)
    assert match_phrases(silent, truth, (), crop, sample)[0] == ()


def test_of_two_phrases_for_one_true_mask_the_surer_one_is_right(face_set: FaceSet) -> None:
    sample = forged(face_set, "self_blend")
    _, truth = true_texts(sample, "picture")
    [mask, *_] = true_phrase_masks(truth, sample)
    [phrase, *_] = [one for one in truth.phrases if one.grounded]
    twice = parse_answer(f"Forgery reasoning: {2 * f'The <p>{phrase.text}</p>[SEG] is odd. '}", Hypothesis.OPEN)
    masks = [dataclasses.replace(mask, score=score) for score in (0.2, 0.9)]
    found, true = match_phrases(twice, truth, masks, sample.crop, sample)
    assert [one.hit for one in found] == [False, True]
    assert true[0].recalled


def test_what_the_original_shows_as_well_is_no_artifact_of_the_forgery(face_set: FaceSet) -> None:
    sample = forged(face_set, "self_blend")
    _, alone = true_texts(sample, "picture")
    _, beside = true_texts(sample, "picture", original=sample)
    assert {one.term for one in read_statements(alone.text)} & set(TERMS)
    assert not {one.term for one in read_statements(beside.text)} & set(TERMS)


def test_regions_under_a_mask_are_those_of_the_truth(face_set: FaceSet) -> None:
    sample = forged(face_set, "self_blend")
    assert len(masked_regions(sample.mask > 0.25, sample.landmarks)) == int(sample.regions.sum())
    assert masked_regions(np.zeros((56, 56), bool), sample.landmarks) == ()


def test_files_are_scored_in_pairs_or_not_at_all_and_the_reason_is_told(face_set: FaceSet, tiny_engine: Engine) -> None:
    listed = [
        ("swaps", "dev/studio/0.png", "train/swaps/0.png"),
        ("swaps", "dev/studio/1.png", "dev/studio/blank.png"),
        ("swaps", "dev/studio/2.png", "dev/studio/notes.png"),
        ("swaps", "dev/studio/2.png", "missing.png"),
    ]
    wanted = file_sets(listed, {row.path: row for row in face_set.rows})[0]
    with Decoder(FAST.decoder) as decoder:
        scored = list(score_files(tiny_engine, decoder, face_set.root, wanted, FAST))
    assert [len(batch.faces) for batch in scored] == [2, 0, 0, 0]
    assert [batch.left_out for batch in scored[:2]] == [(), ("no face of sufficient size was found",)]
    assert all(batch.left_out[0].startswith("cannot be read: ") for batch in scored[2:])
    real, fake = scored[0].faces
    assert (real.label, fake.label, real.group, fake.group) == (0, 1, "dev/studio/0.png", "dev/studio/0.png")
    assert (real.forgery, fake.forgery) == ("real", "identity_swap")
    assert real.size_bytes == (face_set.root / "dev/studio/0.png").stat().st_size
    assert real.quantisation is None
    assert real.fakeness is None


def test_files_of_a_manifest_are_measured_one_by_one(face_set: FaceSet, tiny_engine: Engine) -> None:
    wanted = dataclasses.replace(row_set(face_set.of("train"), 2, seed=1), condition=REENCODED)
    assert [item[0].label for item in wanted.items] == [0, 0, 1, 1]
    assert row_set(face_set.of("train"), 2, seed=1).items == wanted.items
    with Decoder(WHOLE.decoder) as decoder:
        batches = list(score_files(tiny_engine, decoder, face_set.root, wanted, WHOLE))
    faces = [one for batch in batches for one in batch.faces]
    assert [one.set_name for one in faces] == ["files_reencoded"] * 4
    assert [one.forgery for one in faces] == ["real", "real", "identity_swap", "identity_swap"]
    assert all(one.answered and one.references for one in faces)


def test_the_face_at_the_manifests_box_is_the_one_that_counts(face_set: FaceSet) -> None:
    sample = forged(face_set)
    small = finding_of(sample, ())
    moved = dataclasses.replace(small.face, box=Box(0, 0, 60, 60))
    findings = (dataclasses.replace(small, face=moved), small)
    assert meant_face(findings) is small
    assert meant_face(findings, Box(5, 5, 60, 60)) is findings[0]
    assert meant_face(findings, Box(400, 400, 450, 450)) is None
    assert meant_face((dataclasses.replace(small, crop=None),)) is None


def test_a_data_sets_own_mask_becomes_the_windows_truth(face_set: FaceSet) -> None:
    sample = forged(face_set)
    crop = sample.crop
    told = file_sample(crop, 1, "editing", Rle.of(full_mask(sample).pixels))
    assert told.mask_known
    np.testing.assert_array_equal(told.mask > 0.25, sample.mask > 0.25)
    assert told.regions.any()
    untold = file_sample(crop, 1, "", None)
    assert (untold.mask_known, untold.forgery, untold.mask.any()) == (False, 1, False)


def test_the_quantisation_table_follows_the_quality(face_set: FaceSet, tmp_path: Path) -> None:
    with Image.open(face_set.root / "dev/studio/0.png") as picture:
        for quality in (50, 95):
            picture.convert("RGB").save(tmp_path / f"{quality}.jpg", quality=quality)
    coarse, fine = luminance_quantiser(tmp_path / "50.jpg"), luminance_quantiser(tmp_path / "95.jpg")
    assert coarse is not None
    assert fine is not None
    assert coarse > 5 * fine
    assert luminance_quantiser(face_set.root / "dev/studio/0.png") is None
    assert luminance_quantiser(face_set.root / "dev/studio/notes.png") is None


def test_reencoding_takes_away_the_format_and_keeps_the_size(face_set: FaceSet) -> None:
    with Image.open(face_set.root / "dev/studio/0.png") as picture:
        pixels = np.array(picture)
    done = REENCODING.apply(pixels)
    assert done.shape == pixels.shape
    np.testing.assert_array_equal(done, REENCODING.apply(pixels))
    assert 0.5 < np.abs(done.astype(int) - pixels).mean() < 12


def test_every_slice_is_a_condition() -> None:
    assert set(SLICES) == {"jpeg90", "jpeg70", "jpeg50", "resize0.5", "blur", "noise", "h264"}
    assert processing_of("") is None
    assert processing_of(REENCODED) is REENCODING
    assert all(processing_of(name) is not None for name in SLICES)
    with pytest.raises(SettingsError, match="fog"):
        processing_of("fog")


def test_pairs_are_read_from_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("set,real,fake,extra\ndf,a.png,b.png,1\n")
    assert read_pairs(path) == [("df", "a.png", "b.png")]
    assert file_sets(read_pairs(path), {}) == [
        FileSet("df", "pairs", ((GivenFile("a.png", 0), GivenFile("b.png", 1)),))
    ]
    path.write_text("set,real\ndf,a.png\n")
    with pytest.raises(SettingsError, match="columns set, real, fake"):
        read_pairs(path)
    with pytest.raises(SettingsError, match="no pairs"):
        read_pairs(tmp_path / "none.csv")


def test_operators_are_chosen_by_name_and_by_whether_they_are_trained_on() -> None:
    shipped = load_recipe()
    kept = shipped.model_copy(
        update={"operators": {"swap": Entry(share=1.0), "edit": Entry(never_trained=True), "reenact": Entry(share=0.5)}}
    )
    assert operators_of([], "trained", kept) == [("swap", "trained"), ("reenact", "trained")]
    assert operators_of([], "never-trained", kept) == [("edit", "never_trained")]
    assert operators_of(["edit", "given"], "all", kept) == [
        ("edit", "never_trained"), ("given", "trained"), ("swap", "trained"), ("reenact", "trained"),
    ]  # fmt: skip
    assert operators_of([], None, kept) == []
    with pytest.raises(SettingsError, match="no operator wish"):
        operators_of(["wish"], None, kept)
    nothing = kept.model_copy(update={"operators": {"swap": Entry(share=1.0)}})
    with pytest.raises(SettingsError, match="never trained on"):
        operators_of([], "never-trained", nothing)
