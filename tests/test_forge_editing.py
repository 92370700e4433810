"""Edits of appearance: each changes what it says, under its mask and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, locate
from fakeface.faces import Face
from fakeface.training.forge.ageing import fold_lines
from fakeface.training.forge.canvas import Canvas, to_lab
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.values import CannotForge, Forgery, Subject, Task

from .faces_data import photograph

NAMES = (
    "edit",
    "smooth_skin",
    "relight",
    "age",
    "makeup",
    "whiten",
    "recolour_eyes",
    "recolour_hair",
    "inpaint",
    "beard",
    "hairline",
)
COLOURLESS = {"recolour_eyes", "recolour_hair"}
SEEDS = range(6)


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    return Subject(photograph()[:300, 60:360].copy(), astronaut_face.landmarks - np.array([60, 0], np.float32))


def resized(subject: Subject, factor: float) -> Subject:
    size = (round(subject.pixels.shape[1] * factor), round(subject.pixels.shape[0] * factor))
    pixels = np.asarray(cv2.resize(subject.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Subject(pixels, (subject.landmarks * factor).astype(np.float32))


def forge(name: str, subject: Subject, seed: int, strength: float = 1.0) -> Forgery:
    return OPERATORS[name].make(Task(subject, None, strength), np.random.default_rng(seed))


def some(name: str, subject: Subject, seeds: range = SEEDS, strength: float = 1.0) -> list[Forgery]:
    """What the operator makes of these seeds, without those that it refuses."""
    made = []
    for seed in seeds:
        try:
            made.append(forge(name, subject, seed, strength))
        except CannotForge:
            continue
    return made


def one_of(name: str, subject: Subject, strength: float = 1.0, **wanted: str | float | bool) -> Forgery:
    """The first forgery that was drawn with these parameters."""
    for seed in range(80):
        made = forge(name, subject, seed, strength)
        if all(made.parameters[key] == value for key, value in wanted.items()):
            return made
    raise AssertionError(f"{name} never draws {wanted}")


def leaf(subject: Subject, *names: str) -> NDArray[np.bool_]:
    found = locate(subject.landmarks, *subject.pixels.shape[:2], subject.pixels)
    return np.logical_or.reduce([found.mask(name) for name in names])


def check(made: Forgery, subject: Subject) -> None:
    """What holds for every forgery: size, range of the mask, untouched surroundings, a change that can be seen."""
    assert made.mask is not None
    assert made.pixels.shape == subject.pixels.shape
    assert made.pixels.dtype == np.uint8
    assert made.mask.shape == subject.pixels.shape[:2]
    assert made.mask.dtype == np.float32
    assert 0 <= made.mask.min() <= made.mask.max() <= 1
    np.testing.assert_array_equal(made.pixels[made.mask == 0], subject.pixels[made.mask == 0])
    difference = np.abs(made.pixels.astype(int) - subject.pixels).max(axis=2)
    assert difference[made.mask > 0.25].max() > 2
    assert (made.mask > 0).mean() < 0.6


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_touches_its_mask_alone_and_leaves_the_subject_as_it_is(subject: Subject, name: str) -> None:
    before = subject.pixels.copy()
    made = some(name, subject)
    assert made, "the photograph shows everything that can be edited"
    for one in made:
        check(one, subject)
        assert (one.forgery, one.operator) == (ForgeryClass.EDITING, name)
        assert one.parameters
        assert all(isinstance(value, str | float | bool) for value in one.parameters.values())
    np.testing.assert_array_equal(subject.pixels, before)


@pytest.mark.parametrize("name", NAMES)
def test_an_edit_is_the_same_for_the_same_seed_and_another_for_another(subject: Subject, name: str) -> None:
    first, again = some(name, subject), some(name, subject)
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.pixels, same.pixels)
        np.testing.assert_array_equal(one.mask, same.mask)
        assert one.parameters == same.parameters
    assert len({one.pixels.tobytes() for one in first}) > 1


@pytest.mark.parametrize("name", NAMES)
def test_a_weaker_edit_changes_less_but_still_something(subject: Subject, name: str) -> None:
    strong, weak = (some(name, subject, strength=strength) for strength in (1.0, 0.0))
    for one in weak:
        check(one, subject)
    sums = [sum(np.abs(one.pixels.astype(int) - subject.pixels).sum() for one in made) for made in (weak, strong)]
    assert sums[0] < 0.9 * sums[1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [0.55, 2.4])
def test_small_and_large_faces_can_be_edited(subject: Subject, name: str, factor: float) -> None:
    scaled = resized(subject, factor)
    for one in some(name, scaled, range(3)):
        check(one, scaled)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("box", [(0, 0, 190, 190), (95, 110, 300, 300), (0, 120, 160, 300)])
def test_faces_at_the_pictures_border_are_edited_or_refused(
    subject: Subject, name: str, box: tuple[int, int, int, int]
) -> None:
    top, left, bottom, right = box
    part = Subject(
        np.ascontiguousarray(subject.pixels[top:bottom, left:right]),
        (subject.landmarks - np.array([left, top])).astype(np.float32),
    )
    for one in some(name, part, range(4)):
        assert one.mask is not None
        assert one.pixels.shape == part.pixels.shape
        np.testing.assert_array_equal(one.pixels[one.mask == 0], part.pixels[one.mask == 0])


@pytest.mark.parametrize("name", [name for name in NAMES if name != "edit"])
def test_a_grey_picture_stays_grey(subject: Subject, name: str) -> None:
    grey = cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY)
    colourless = Subject(np.repeat(np.asarray(grey)[..., None], 3, axis=2), subject.landmarks)
    if name in COLOURLESS:
        with pytest.raises(CannotForge, match="grey picture"):
            forge(name, colourless, 1)
        return
    for one in some(name, colourless):
        assert np.ptp(one.pixels.astype(int), axis=2).max() <= 3


def test_a_face_outside_the_picture_cannot_be_edited(subject: Subject) -> None:
    away = Subject(subject.pixels, subject.landmarks + np.float32(4000))
    for name in NAMES:
        if name != "edit":
            with pytest.raises(CannotForge):
                forge(name, away, 1)


def test_a_beauty_filter_takes_the_skins_sharpness_and_keeps_the_eyes(subject: Subject) -> None:
    cheeks = cv2.erode(leaf(subject, "cheeks").astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    eyes = leaf(subject, "right_iris", "left_iris", "right_medial_sclera", "left_medial_sclera")

    def sharpness(pixels: NDArray[np.uint8]) -> float:
        return float(np.median(np.abs(cv2.Laplacian(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.CV_32F))[cheeks]))

    for seed in SEEDS:
        made = forge("smooth_skin", subject, seed)
        assert sharpness(made.pixels) < 0.8 * sharpness(subject.pixels)
        assert np.abs(made.pixels[eyes].astype(int) - subject.pixels[eyes]).mean() < 2


def test_lipstick_makes_lips_redder_and_keeps_their_shading(subject: Subject) -> None:
    made = one_of("makeup", subject, lips=True)
    lips = cv2.erode(leaf(subject, "lips").astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    before, after = to_lab(subject.pixels)[lips], to_lab(made.pixels)[lips]
    assert after[:, 1].mean() > before[:, 1].mean() + 8
    assert np.corrcoef(before[:, 0], after[:, 0])[0, 1] > 0.9


def test_eyeliner_darkens_the_lash_line_and_nothing_else(subject: Subject) -> None:
    made = one_of("makeup", subject, liner=True, lips=False, shadow=False, blush=False)
    assert made.mask is not None
    lightness = to_lab(made.pixels)[..., 0] - to_lab(subject.pixels)[..., 0]
    assert lightness[made.mask > 0.5].mean() < -8
    assert (made.mask > 0.25).sum() < 0.2 * eye_distance(subject.landmarks) ** 2


def test_blush_reddens_the_cheeks(subject: Subject) -> None:
    made = one_of("makeup", subject, blush=True, lips=False, shadow=False, liner=False)
    assert made.mask is not None
    strong = made.mask > 0.7
    assert (to_lab(made.pixels)[..., 1] - to_lab(subject.pixels)[..., 1])[strong].mean() > 6


def test_whitening_makes_teeth_lighter_and_less_yellow(subject: Subject) -> None:
    made = one_of("whiten", subject, teeth=True)
    teeth = cv2.erode(leaf(subject, "teeth").astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    change = to_lab(made.pixels)[teeth].mean(axis=0) - to_lab(subject.pixels)[teeth].mean(axis=0)
    before = to_lab(subject.pixels)[teeth].mean(axis=0)
    assert change[0] > 1
    assert np.hypot(*(before + change)[1:]) < 0.7 * np.hypot(*before[1:])


def test_closed_eyes_and_mouth_cannot_be_whitened_nor_recoloured(subject: Subject) -> None:
    closed = subject.landmarks.copy()
    closed[[41, 40, 47, 46]] = closed[[37, 38, 43, 44]]
    closed[65:68] = closed[[63, 62, 61]]
    shut = Subject(subject.pixels, closed)
    with pytest.raises(CannotForge, match="neither eye whites nor teeth"):
        forge("whiten", shut, 1)
    with pytest.raises(CannotForge, match="no iris"):
        forge("recolour_eyes", shut, 1)


def test_irises_turn_blue_and_the_rest_stays(subject: Subject) -> None:
    big = resized(subject, 2.0)
    made = one_of("recolour_eyes", big, colour="blue")
    assert made.mask is not None
    inside = made.mask > 0.8
    assert (to_lab(made.pixels)[..., 2] - to_lab(big.pixels)[..., 2])[inside].mean() < -6
    near = leaf(big, "eyes")
    assert made.mask[~cv2.dilate(near.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)].max() == 0


def test_dyed_hair_takes_the_colour_and_the_face_keeps_its_own(subject: Subject) -> None:
    made = one_of("recolour_hair", subject, colour="blue")
    assert made.mask is not None
    hair = made.mask > 0.7
    change = (to_lab(made.pixels) - to_lab(subject.pixels))[hair].mean(axis=0)
    assert change[2] < -8
    assert hair.sum() > 0.15 * eye_distance(subject.landmarks) ** 2
    inner = leaf(subject, "nose", "lips", "right_mid_cheek", "left_mid_cheek")
    assert made.mask[inner].mean() < 0.05


def test_older_skin_has_darker_folds_and_more_contrast_and_younger_less(subject: Subject) -> None:
    skin = cv2.erode(leaf(subject, "cheeks", "forehead").astype(np.uint8), np.ones((5, 5), np.uint8)) > 0

    def contrast(pixels: NDArray[np.uint8]) -> float:
        light = to_lab(pixels)[..., 0]
        return float(np.abs(light - cv2.GaussianBlur(light, (0, 0), 2.5))[skin].mean())

    before = contrast(subject.pixels)
    assert contrast(one_of("age", subject, direction="older").pixels) > 1.15 * before
    assert contrast(one_of("age", subject, direction="younger").pixels) < 0.85 * before


def test_folds_lie_on_the_face(subject: Subject) -> None:
    canvas = Canvas.of(subject)
    lines = list(fold_lines(canvas, np.random.default_rng(1)))
    assert len(lines) >= 18
    low, high = canvas.points.min(axis=0) - canvas.unit, canvas.points.max(axis=0)
    for line, depth in lines:
        assert 0 < depth <= 1
        assert (line > low).all()
        assert (line < high).all()


def test_an_inpainted_patch_is_foreign_inside_and_fits_at_its_edge(subject: Subject) -> None:
    kinds = set()
    for seed in range(25):
        try:
            made = forge("inpaint", subject, seed)
        except CannotForge:
            continue
        assert made.mask is not None
        kinds.add(made.parameters["method"])
        difference = np.abs(made.pixels.astype(int) - subject.pixels).mean(axis=2)
        assert difference[made.mask > 0.8].mean() > 0.7
        rim = (made.mask > 0.02) & (made.mask < 0.25)
        assert difference[rim].mean() < 6
    assert kinds == {"telea", "navier_stokes", "mirrored"}


def test_a_beard_darkens_the_jaw_and_spares_the_lips(subject: Subject) -> None:
    made = one_of("beard", subject, direction="grown", style="stubble")
    assert made.mask is not None
    light = to_lab(made.pixels)[..., 0] - to_lab(subject.pixels)[..., 0]
    assert light[made.mask > 0.6].mean() < -5
    lips = cv2.erode(leaf(subject, "lips").astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.abs(light[lips]).mean() < 2


def test_a_dark_rough_jaw_is_shaved(subject: Subject) -> None:
    jaw = leaf(subject, "chin", "jaw", "right_lower_cheek", "left_lower_cheek")
    bearded = subject.pixels.astype(np.float32)
    bearded[jaw] = bearded[jaw] * 0.6 + np.random.default_rng(3).normal(0, 16, (int(jaw.sum()), 1))
    dark = Subject(np.clip(bearded, 0, 255).astype(np.uint8), subject.landmarks)
    made = one_of("beard", dark, direction="shaved")
    before, after = to_lab(dark.pixels)[..., 0], to_lab(made.pixels)[..., 0]
    inner = cv2.erode(jaw.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    assert after[inner].mean() > before[inner].mean() + 5
    assert after[inner].std() < 0.8 * before[inner].std()


def test_a_hairline_moves_the_way_it_says(subject: Subject) -> None:
    light = subject.pixels.astype(np.int64)
    for direction, sign in (("raised", 1), ("lowered", -1)):
        made = one_of("hairline", subject, direction=direction)
        assert made.mask is not None
        moved = float(made.parameters["shift_eye_distances"])
        assert np.sign(moved) == sign
        assert 0.02 < abs(moved) < 0.25
        brows = leaf(subject, "eyebrows")
        assert np.abs(made.pixels.astype(np.int64) - light)[brows].mean() < 2


def test_another_light_changes_brightness_and_keeps_texture(subject: Subject) -> None:
    for seed in SEEDS:
        made = forge("relight", subject, seed)
        assert made.mask is not None
        inside = made.mask > 0.5
        before, after = (to_lab(pixels)[..., 0] for pixels in (subject.pixels, made.pixels))
        assert np.abs(after - before)[inside].mean() > 2
        fine = [plane - cv2.GaussianBlur(plane, (0, 0), 2.0) for plane in (before, after)]
        assert np.corrcoef(fine[0][inside], fine[1][inside])[0, 1] > 0.95
