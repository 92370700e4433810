"""Forgeries with exact masks, and pairs that differ in the forgery alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.claims.matching import touched_regions
from fakeface.concepts import REGION_NAMES, region_masks
from fakeface.errors import SettingsError
from fakeface.faces import BLANK, CROP_SIZE, Face
from fakeface.training.forge.identity import swap
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.pairs import MASK_SIZE, FaceSample, PairFactory
from fakeface.training.forge.recipe import Recipe, load_recipe, single
from fakeface.training.forge.synthesis import resynthesise
from fakeface.training.forge.values import Forgery, Subject, Task
from fakeface.training.prepare import skin_tone

from .conftest import FaceSet
from .faces_data import photograph

Operator = Callable[[Subject, np.random.Generator], Forgery]
MASKED = ("self_blend", "swap", "edit", "reenact")
SEEDS = range(8)
CLASSES = {
    "self_blend": ForgeryClass.IDENTITY_SWAP,
    "swap": ForgeryClass.IDENTITY_SWAP,
    "edit": ForgeryClass.EDITING,
    "reenact": ForgeryClass.REENACTMENT,
    "resynthesise": ForgeryClass.WHOLE_FACE_SYNTHESIS,
}


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    return Subject(photograph()[:300, 60:360], astronaut_face.landmarks - np.array([60, 0], np.float32))


@pytest.fixture(scope="module")
def operators(astronaut_face: Face) -> dict[str, Operator]:
    """All operators as functions of a subject; a mirrored, darker copy of the face is the donor of the swap."""
    pixels = (photograph()[:, ::-1] * 0.8).astype(np.uint8)
    landmarks = astronaut_face.landmarks.copy()
    from fakeface.concepts import mirror_landmarks

    donor = Subject(np.ascontiguousarray(pixels), mirror_landmarks(landmarks, 512))

    def of(name: str) -> Operator:
        return lambda subject, rng: OPERATORS[name].make(Task(subject, donor), rng)

    return {name: of(name) for name in OPERATORS}


def only(name: str, processing: float | None = None) -> Recipe:
    recipe = single(name, load_recipe())
    return recipe if processing is None else recipe.model_copy(update={"processing": processing})


@pytest.mark.parametrize("name", CLASSES)
def test_a_forgery_has_the_pictures_size_its_class_and_the_same_bytes_for_the_same_seed(
    subject: Subject, operators: dict[str, Operator], name: str
) -> None:
    before = subject.pixels.copy()
    first, again = (operators[name](subject, np.random.default_rng(5)) for _ in range(2))
    other = operators[name](subject, np.random.default_rng(6))
    assert (first.forgery, first.operator) == (CLASSES[name], name)
    assert first.pixels.shape == subject.pixels.shape
    assert first.pixels.dtype == np.uint8
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert (first.pixels != other.pixels).any()
    np.testing.assert_array_equal(subject.pixels, before, err_msg="the real picture must stay as it is")


@pytest.mark.parametrize("name", MASKED)
def test_masks_are_shares_on_the_face_and_something_changes_under_them(
    subject: Subject, operators: dict[str, Operator], name: str
) -> None:
    low, high = subject.landmarks.min(axis=0), subject.landmarks.max(axis=0)
    for seed in SEEDS:
        forged = operators[name](subject, np.random.default_rng(seed))
        assert forged.mask is not None
        assert forged.mask.shape == subject.pixels.shape[:2]
        assert forged.mask.dtype == np.float32
        assert 0 <= forged.mask.min() <= forged.mask.max() <= 1
        assert forged.mask.max() > 0.3
        rows, columns = np.nonzero(forged.mask > 0.25)
        assert low[0] - 40 < columns.mean() < high[0] + 40
        assert low[1] - 60 < rows.mean() < high[1] + 40
        assert np.abs(forged.pixels[forged.mask > 0.25].astype(int) - subject.pixels[forged.mask > 0.25]).max() > 2


@pytest.mark.parametrize(
    "name",
    [
        "self_blend",
        "swap",
        "edit",
        "reenact",
    ],
)
def test_outside_its_mask_a_forgery_is_the_real_picture(
    subject: Subject, operators: dict[str, Operator], name: str
) -> None:
    for seed in SEEDS:
        forged = operators[name](subject, np.random.default_rng(seed))
        assert forged.mask is not None
        original = subject.pixels if forged.original is None else forged.original
        np.testing.assert_array_equal(forged.pixels[forged.mask == 0], original[forged.mask == 0])


def test_resynthesis_changes_the_whole_picture_and_leaves_its_look(subject: Subject) -> None:
    forged = resynthesise(Task(subject), np.random.default_rng(1))
    assert forged.mask is None
    difference = np.abs(forged.pixels.astype(int) - subject.pixels)
    assert (difference.max(axis=2) > 0).mean() > 0.7
    assert difference.mean() < 20


def test_a_swap_shows_the_donors_face(subject: Subject, astronaut_face: Face) -> None:
    green = np.zeros((512, 512, 3), np.uint8)
    green[..., 1] = np.random.default_rng(1).integers(80, 250, (512, 512))
    moved = []
    for seed in range(12):
        forged = swap(Task(subject, Subject(green, astronaut_face.landmarks)), np.random.default_rng(seed))
        assert forged.mask is not None
        inside = forged.mask > 0.7
        if forged.operator == "swap" and inside.any():
            change = forged.pixels[inside].astype(int) - subject.pixels[inside]
            moved.append(float(np.abs(change).mean()))
    assert len(moved) > 6
    assert np.median(moved) > 10


@pytest.mark.parametrize("name", MASKED)
def test_a_face_at_the_border_can_be_forged(subject: Subject, operators: dict[str, Operator], name: str) -> None:
    shifted = Subject(
        np.ascontiguousarray(subject.pixels[100:, 130:]), subject.landmarks - np.array([130, 100], np.float32)
    )
    for seed in range(3):
        assert operators[name](shifted, np.random.default_rng(seed)).pixels.shape == shifted.pixels.shape


@pytest.fixture(scope="module")
def factory(face_set: FaceSet) -> PairFactory:
    return PairFactory(face_set.of("train"), face_set.root, 1)


def test_the_same_index_gives_the_same_pair_whoever_asks_and_in_any_order(
    face_set: FaceSet, factory: PairFactory
) -> None:
    first = [factory.pair(index) for index in (4, 0, 9)]
    again = PairFactory(face_set.of("train"), face_set.root, 1)
    second = [again.pair(index) for index in (9, 4, 0)]
    for pair, same in zip(first, (second[1], second[2], second[0]), strict=True):
        for sample, other in zip(pair, same, strict=True):
            np.testing.assert_array_equal(sample.window, other.window)
            np.testing.assert_array_equal(sample.mask, other.mask)
    other = PairFactory(face_set.of("train"), face_set.root, 2).pair(4)
    assert (first[0][0].window != other[0].window).any()


def test_a_pair_is_labelled_real_and_fake_with_its_truth(factory: PairFactory) -> None:
    made = Counter()
    for index in range(30):
        real, fake = factory.pair(index)
        assert (real.label, real.forgery, real.operator, real.mask_known) == (0, 0, "real", True)
        assert not real.mask.any()
        assert not real.regions.any()
        assert fake.label == 1
        assert fake.forgery > 0
        assert fake.mask.shape == (MASK_SIZE, MASK_SIZE)
        assert fake.regions.shape == (len(REGION_NAMES),)
        whole = (
            OPERATORS[fake.operator].forgery is ForgeryClass.WHOLE_FACE_SYNTHESIS
            if fake.operator in OPERATORS
            else True
        )
        assert fake.mask_known != whole
        if not fake.mask_known:
            assert not fake.mask.any()
        for sample in (real, fake):
            assert sample.window.shape == (CROP_SIZE, CROP_SIZE, 3)
        made[fake.operator] += 1
    assert {"self_blend", "swap", "given"} <= set(made)


def blank(sample: FaceSample) -> NDArray[np.bool_]:
    return np.asarray((sample.window == BLANK).all(axis=2))


@pytest.mark.parametrize("name", ["edit", "swap", "reenact"])
def test_a_pair_shares_border_geometry_and_everything_outside_the_mask(face_set: FaceSet, name: str) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 3, only(name, 0.0))
    for index in range(6):
        real, fake = factory.pair(index)
        np.testing.assert_array_equal(real.landmarks, fake.landmarks)
        outside = cv2.resize(fake.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) == 0
        outside = cv2.erode(outside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        difference = np.abs(real.window.astype(int) - fake.window)
        assert difference[outside].max() <= 1
        assert difference.max() > 1


@pytest.mark.parametrize("name", ["edit", "swap"])
def test_a_pair_is_processed_alike(face_set: FaceSet, name: str) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 3, only(name))
    for index in range(6):
        real, fake = factory.pair(index)
        outside = cv2.resize(fake.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) == 0
        outside = cv2.erode(outside.astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
        if outside.sum() < 500:
            continue
        difference = np.abs(real.window.astype(int) - fake.window)[outside]
        assert difference.mean() < 2.5, "only what the codec spreads from the mask may differ"
        assert (blank(real) == blank(fake)).mean() > 0.97


def test_a_recipes_films_go_through_h264_alike_and_leave_the_other_pairs_as_they_are(face_set: FaceSet) -> None:
    rows, still = face_set.of("train"), only("swap", 0.0)
    plain = PairFactory(rows, face_set.root, 3, still).studio
    filmed = PairFactory(rows, face_set.root, 3, still.model_copy(update={"film": 1.0})).studio
    before, after = plain.pair(plain.generator(0)), filmed.pair(filmed.generator(0))
    assert (before.processing, "H.264" in after.processing) == ("unprocessed", True)
    assert after.real.pixels.shape == before.real.pixels.shape
    assert 0.5 < np.abs(after.real.pixels.astype(int) - before.real.pixels).mean() < 15
    changed = np.abs(after.real.pixels.astype(int) - after.fake.pixels).max(axis=2)
    assert changed[before.mask > 0.25].mean() > 3 * changed[before.mask == 0].mean()


def test_a_recipes_softness_takes_the_texture_of_both_pictures_before_anything_else(face_set: FaceSet) -> None:
    rows, sharp = face_set.of("train"), only("swap", 0.0)
    plain = PairFactory(rows, face_set.root, 3, sharp).studio
    softened = PairFactory(rows, face_set.root, 3, sharp.model_copy(update={"softness": 1.0})).studio
    kept = []
    for index in range(8):
        before, after = plain.pair(plain.generator(index)), softened.pair(softened.generator(index))
        assert after.processing.startswith(("at ", "blurred", "defocused", "motion"))
        kept.append(detail(after.real.pixels) / detail(before.real.pixels))
        kept.append(detail(after.fake.pixels) / detail(before.fake.pixels))
        changed = np.abs(after.real.pixels.astype(int) - after.fake.pixels).max(axis=2)
        assert changed[before.mask > 0.25].mean() > 3 * changed[before.mask == 0].mean()
    assert np.median(kept) < 0.5, "most of the texture; nearest neighbours leave blocks"


def test_a_recipes_phones_smooth_grain_and_keep_edges_alike_in_both_pictures(face_set: FaceSet) -> None:
    rows, plain = face_set.of("train"), only("swap", 0.0)
    before = PairFactory(rows, face_set.root, 3, plain).studio
    after = PairFactory(rows, face_set.root, 3, plain.model_copy(update={"phone": 1.0})).studio
    for index in range(4):
        bare, stored = before.pair(before.generator(index)), after.pair(after.generator(index))
        assert stored.processing.startswith("denoised")
        changed = np.abs(stored.real.pixels.astype(int) - stored.fake.pixels).max(axis=2)
        assert changed[bare.mask > 0.25].mean() > 3 * changed[bare.mask == 0].mean()


def detail(pixels: NDArray[np.uint8]) -> float:
    """Energy of the Laplacian."""
    return float(np.square(cv2.Laplacian(pixels, cv2.CV_32F)).mean())


def test_the_mask_lies_where_the_windows_differ(face_set: FaceSet) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 3, only("edit", 0.0))
    for index in range(6):
        real, fake = factory.pair(index)
        changed = np.abs(real.window.astype(int) - fake.window).max(axis=2) > 6
        full = cv2.resize(fake.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) > 0.02
        assert changed[full].sum() >= 0.97 * changed.sum()


def test_regions_under_the_mask_are_touched_and_none_beyond_its_neighbours(factory: PairFactory) -> None:
    real, _ = factory.pair(0)
    places = region_masks(real.landmarks, CROP_SIZE, CROP_SIZE)
    for name in ("left_cheek", "chin", "forehead"):
        mask = places[REGION_NAMES.index(name)].astype(np.float32)
        small = np.asarray(cv2.resize(mask, (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA), np.float32)
        touched = {REGION_NAMES[index] for index in np.flatnonzero(touched_regions(small, real.landmarks))}
        assert name in touched
        assert not touched & {"right_cheek", "right_eye", "oral"} - {name}
    assert not touched_regions(np.zeros((MASK_SIZE, MASK_SIZE), np.float32), real.landmarks).any()
    assert touched_regions(np.ones((MASK_SIZE, MASK_SIZE), np.float32), real.landmarks).sum() >= 12


def test_given_fakes_are_paired_at_the_same_scale(face_set: FaceSet) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 3, only("given"))
    for index in range(5):
        real, fake = factory.pair(index)
        assert (real.operator, fake.operator, fake.source) == ("real", "given", "swaps")
        assert not fake.mask_known
        made = factory.studio.pair(factory.studio.generator(index))
        sizes = [np.ptp(picture.landmarks, axis=0).max() for picture in (made.real, made.fake)]
        assert sizes[0] == pytest.approx(sizes[1], rel=0.06)


def test_where_no_fakes_are_given_a_self_blend_takes_their_place(face_set: FaceSet) -> None:
    factory = PairFactory(face_set.of("calib"), face_set.root, 3, only("given"))
    assert factory.pair(0)[1].operator == "self_blend"


def test_pairs_need_real_faces_and_swaps_two_of_them(face_set: FaceSet) -> None:
    fakes = [row for row in face_set.rows if row.label == "fake"]
    with pytest.raises(SettingsError, match="no real face"):
        PairFactory(fakes, face_set.root, 1)
    with pytest.raises(SettingsError, match="second real face"):
        PairFactory(face_set.of("calib")[:1], face_set.root, 1, only("swap")).pair(0)


def test_a_picture_that_vanished_is_named(face_set: FaceSet) -> None:
    row = face_set.of("calib")[0].model_copy(update={"path": "calib/gone.png"})
    with pytest.raises(SettingsError, match=r"calib/gone\.png"):
        PairFactory([row], face_set.root, 1, only("edit")).pair(0)


def test_a_donor_is_drawn_from_those_with_a_like_skin(face_set: FaceSet) -> None:
    rows = [row for row in face_set.of("train") if row.label == "real"]
    assert len(rows) >= 4
    toned = [
        row.model_copy(update={"tone": (70.0, 10.0, 15.0) if index % 2 else (35.0, 14.0, 20.0)})
        for index, row in enumerate(rows)
    ]
    studio = PairFactory(toned, face_set.root, 3, only("swap")).studio
    for real in range(4):
        made = studio.forged(real, "swap", studio.generator(real))
        assert made.other is not None
        assert made.other.tone == toned[real].tone
        assert made.other.path != toned[real].path


def test_as_many_donors_are_synthetic_as_the_recipe_says(face_set: FaceSet) -> None:
    rows = face_set.of("train")
    synthetic = {
        row.path: row.model_copy(update={"forgery": "whole_face_synthesis"}) for row in rows if row.label == "fake"
    }
    rows = [synthetic.get(row.path, row) for row in rows]
    assert synthetic
    for share in (0.0, 0.5, 1.0):
        recipe = only("swap").model_copy(update={"synthetic_donors": share})
        studio = PairFactory(rows, face_set.root, 3, recipe).studio
        drawn = [studio.donor_for(0, studio.generator(index), False).path in synthetic for index in range(60)]
        assert abs(sum(drawn) / 60 - share) < 0.2
        made = studio.forged(0, "swap", studio.generator(0))
        assert made.known
        assert made.other is not None
        assert share == 0.5 or (made.other.path in synthetic) == bool(share)
    real = [row for row in rows if row.label == "real"]
    studio = PairFactory(real, face_set.root, 3, only("swap").model_copy(update={"synthetic_donors": 1.0})).studio
    assert studio.donor_for(0, studio.generator(0), False) in real


def test_the_tone_of_a_face_is_the_colour_of_its_cheeks(subject: Subject) -> None:
    tone = skin_tone(subject.pixels, subject.landmarks)
    assert tone is not None
    assert 50 < tone[0] < 85
    assert 3 < tone[1] < 30
    grey = np.full_like(subject.pixels, 119)
    assert skin_tone(grey, subject.landmarks) == pytest.approx((50.0, 0.0, 0.0), abs=0.3)
    assert skin_tone(subject.pixels, subject.landmarks + 5000) is None
