"""Swaps look like the subject's picture outside, like the donor inside, and like its skin in colour."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance, mirror_landmarks
from fakeface.errors import SettingsError
from fakeface.faces import Face
from fakeface.training.forge.blending import guided, laplacian, poisson
from fakeface.training.forge.donors import fitted, scene, shifts
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.transfer import (
    as_grey_as,
    as_soft_as,
    covariance_matched,
    histogram_matched,
    relit,
)
from fakeface.training.forge.values import CannotForge, Forgery, Pixels, Subject, Task
from fakeface.training.forge.warps import mesh_field, spline_field

from .faces_data import photograph

SWAPS = ("swap_poisson", "swap_laplacian", "swap_piecewise", "swap_tps")
SEEDS = range(5)


@pytest.fixture(scope="module")
def subject(astronaut_face: Face) -> Subject:
    return Subject(photograph()[:280, 90:350], astronaut_face.landmarks - np.array([90, 0], np.float32))


@pytest.fixture(scope="module")
def donor(astronaut_face: Face) -> Subject:
    """The same face, larger, wider, blue and darker: another person as far as pixels go."""
    enlarged = cv2.resize(photograph(), (768, 666), interpolation=cv2.INTER_CUBIC)
    tinted = np.clip(enlarged * np.array([0.5, 0.7, 1.0]), 0, 255).astype(np.uint8)
    return Subject(tinted, np.asarray(astronaut_face.landmarks * np.array([1.5, 1.3]), np.float32))


def made(name: str, subject: Subject, donor: Subject, seed: int, strength: float = 1.0) -> Forgery:
    return OPERATORS[name].make(Task(subject, donor, strength), np.random.default_rng(seed))


def scaled(face: Subject, factor: float) -> Subject:
    pixels = cv2.resize(face.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return Subject(np.asarray(pixels, np.uint8), (face.landmarks * factor).astype(np.float32))


def difference(forged: Forgery, subject: Subject) -> NDArray[np.int_]:
    return np.asarray(np.abs(forged.pixels.astype(int) - subject.pixels).max(axis=2))


@pytest.mark.parametrize("name", SWAPS)
def test_a_swap_is_an_identity_swap_of_its_own_name_and_the_same_for_the_same_seed(
    subject: Subject, donor: Subject, name: str
) -> None:
    before = subject.pixels.copy(), donor.pixels.copy()
    first, again, other = (made(name, subject, donor, seed) for seed in (4, 4, 5))
    assert (first.operator, first.forgery, OPERATORS[name].donor) == (name, ForgeryClass.IDENTITY_SWAP, True)
    np.testing.assert_array_equal(first.pixels, again.pixels)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert first.parameters == again.parameters
    assert first.parameters != other.parameters
    np.testing.assert_array_equal(subject.pixels, before[0])
    np.testing.assert_array_equal(donor.pixels, before[1])


@pytest.mark.parametrize("strength", [0.0, 1.0])
@pytest.mark.parametrize("name", SWAPS)
def test_only_what_the_mask_covers_changes_and_it_changes_visibly(
    subject: Subject, donor: Subject, name: str, strength: float
) -> None:
    centre = subject.landmarks.mean(axis=0)
    for seed in SEEDS:
        forged = made(name, subject, donor, seed, strength)
        assert forged.mask is not None
        assert (forged.pixels.shape, forged.pixels.dtype) == (subject.pixels.shape, np.uint8)
        assert (forged.mask.shape, forged.mask.dtype) == (subject.pixels.shape[:2], np.float32)
        assert 0 <= forged.mask.min() < 0.3 < forged.mask.max() <= 1
        changed = difference(forged, subject)
        assert changed[forged.mask == 0].max() == 0
        assert changed[forged.altered].max() > 2
        rows, columns = np.nonzero(forged.altered)
        assert np.hypot(columns.mean() - centre[0], rows.mean() - centre[1]) < eye_distance(subject.landmarks)


@pytest.mark.parametrize("name", SWAPS)
def test_a_weaker_swap_is_more_transparent(subject: Subject, donor: Subject, name: str) -> None:
    for seed in SEEDS:
        weak, strong = (made(name, subject, donor, seed, strength) for strength in (0.2, 1.0))
        assert strong.parameters["opacity"] == 1.0
        assert 0.6 <= float(weak.parameters["opacity"]) < 1.0
        assert difference(weak, subject).mean() < difference(strong, subject).mean()


@pytest.mark.parametrize("name", SWAPS)
def test_the_donors_texture_is_seen_inside(subject: Subject, donor: Subject, name: str) -> None:
    """Vertical stripes on the donor's face come out as stripes on the subject's."""
    striped = np.full_like(donor.pixels, 90)
    striped[:, np.arange(striped.shape[1]) % 24 < 12] = 170
    slopes = []
    for seed in SEEDS:
        forged = made(name, subject, Subject(striped, donor.landmarks), seed)
        assert forged.mask is not None
        inside = cv2.erode(forged.mask, np.ones((9, 9), np.uint8)) > 0.95
        grey = cv2.cvtColor(forged.pixels, cv2.COLOR_RGB2GRAY).astype(float)
        across, along = np.gradient(grey)[1][inside], np.gradient(grey)[0][inside]
        slopes.append(float(np.abs(across).mean() / np.abs(along).mean()))
    real = cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY).astype(float)
    assert np.median(slopes) > 2.0
    assert np.abs(np.gradient(real)[1]).mean() / np.abs(np.gradient(real)[0]).mean() < 1.5


@pytest.mark.parametrize("name", SWAPS)
def test_a_blue_donor_takes_the_subjects_skin_tone(subject: Subject, donor: Subject, name: str) -> None:
    for seed in SEEDS:
        forged = made(name, subject, donor, seed)
        assert forged.mask is not None
        inside = forged.mask > 0.7
        wanted, is_now = (
            cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[inside].astype(float).mean(axis=0)
            for pixels in (subject.pixels, forged.pixels)
        )
        face = cv2.fillConvexPoly(
            np.zeros(donor.pixels.shape[:2], np.uint8), cv2.convexHull(donor.landmarks.astype(np.int32)), (1,)
        )
        was = cv2.cvtColor(donor.pixels, cv2.COLOR_RGB2LAB)[face > 0].astype(float).mean(axis=0)
        assert np.linalg.norm(is_now - wanted) < 0.6 * np.linalg.norm(was - wanted)


@pytest.mark.parametrize("name", SWAPS)
def test_a_face_swapped_into_a_grey_picture_is_grey(subject: Subject, donor: Subject, name: str) -> None:
    grey = np.repeat(cv2.cvtColor(subject.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    for seed in SEEDS:
        forged = made(name, Subject(grey, subject.landmarks), donor, seed)
        assert np.ptp(forged.pixels.astype(int), axis=2).max() <= 2


@pytest.mark.parametrize("name", SWAPS)
@pytest.mark.parametrize("corner", [(70, 0), (0, 90), (110, 100)])
def test_faces_cut_by_the_border_are_swapped(
    subject: Subject, donor: Subject, name: str, corner: tuple[int, int]
) -> None:
    left, top = corner
    cut = Subject(np.ascontiguousarray(subject.pixels[top:, left:]), subject.landmarks - np.array(corner, np.float32))
    for seed in SEEDS:
        forged = made(name, cut, donor, seed)
        assert forged.mask is not None
        assert forged.pixels.shape == cut.pixels.shape
        assert difference(forged, cut)[forged.mask == 0].max() == 0
        assert forged.altered.sum() > 200


@pytest.mark.parametrize("name", SWAPS)
@pytest.mark.parametrize("factor", [0.6, 3.0])
def test_small_and_large_faces_are_swapped(subject: Subject, donor: Subject, name: str, factor: float) -> None:
    face = scaled(subject, factor)
    for seed in SEEDS:
        forged = made(name, face, donor, seed)
        assert forged.altered.sum() > 0.3 * (factor * eye_distance(subject.landmarks)) ** 2


@pytest.mark.parametrize("name", SWAPS)
def test_a_donor_who_looks_the_other_way_is_mirrored(subject: Subject, donor: Subject, name: str) -> None:
    """So a donor and its mirror image give the same swap but for resampling."""
    flipped = Subject(
        np.ascontiguousarray(donor.pixels[:, ::-1]), mirror_landmarks(donor.landmarks, donor.pixels.shape[1])
    )
    for seed in SEEDS:
        forged, mirrored = made(name, subject, donor, seed), made(name, subject, flipped, seed)
        assert np.abs(forged.pixels.astype(int) - mirrored.pixels).mean() < 0.3


@pytest.mark.parametrize("name", SWAPS)
def test_faces_that_do_not_fit_are_refused(subject: Subject, donor: Subject, name: str) -> None:
    scattered = np.random.default_rng(2).uniform(100, 500, (68, 2)).astype(np.float32)
    with pytest.raises(CannotForge):
        made(name, subject, Subject(donor.pixels, scattered), 1)
    with pytest.raises(CannotForge, match="outside"):
        made(name, Subject(subject.pixels, subject.landmarks + np.float32(2000)), donor, 1)
    with pytest.raises(SettingsError, match="donor"):
        OPERATORS[name].make(Task(subject), np.random.default_rng(1))


def test_donors_pass_through_a_tools_small_face_about_half_of_the_time(subject: Subject, donor: Subject) -> None:
    face = scaled(subject, 1.6)
    sides = [float(made("swap_tps", face, donor, seed).parameters["render_side_px"]) for seed in range(24)]
    full = max(sides)
    assert 6 <= sum(side < 0.9 * full for side in sides) <= 18
    assert min(sides) >= 0.4 * full
    assert len(set(sides)) >= 4


def test_a_small_render_loses_detail(subject: Subject, donor: Subject) -> None:
    face, fine = scaled(subject, 1.6), list[tuple[float, float]]()
    face, grainy = (
        Subject(np.clip(one.pixels + rng.normal(0, 12, one.pixels.shape), 0, 255).astype(np.uint8), one.landmarks)
        for rng, one in zip(np.random.default_rng(1).spawn(2), (face, donor), strict=True)
    )
    for seed in range(12):
        forged = made("swap_laplacian", face, grainy, seed)
        assert forged.mask is not None
        detail = cv2.Laplacian(cv2.cvtColor(forged.pixels, cv2.COLOR_RGB2GRAY), cv2.CV_32F)
        inside = np.abs(detail[forged.mask > 0.9])
        fine.append((float(forged.parameters["render_side_px"]), float(inside.mean())))
    full = max(side for side, _ in fine)
    small, large = ([value for side, value in fine if (side < 0.9 * full) == reduced] for reduced in (True, False))
    assert min(len(small), len(large)) >= 2
    assert np.mean(small) < 0.9 * np.mean(large)


def test_strength_scales_the_disturbance_of_a_self_blend(subject: Subject) -> None:
    def change(strength: float) -> float:
        total = 0.0
        for seed in range(12):
            forged = OPERATORS["self_blend"].make(Task(subject, None, strength), np.random.default_rng(seed))
            original = subject.pixels if forged.original is None else forged.original
            step = np.abs(forged.pixels.astype(int) - original)
            assert forged.mask is not None
            assert step[forged.mask > 0.25].max() > 2
            total += float(step.mean())
        return total

    assert change(0.0) < 0.7 * change(1.0)


def test_mesh_and_spline_pass_through_the_landmarks(subject: Subject, donor: Subject) -> None:
    stage = scene(Task(subject, donor), np.random.default_rng(0))
    points, left = shifts(stage, fitted(stage, affine=False))
    assert points.shape == left.shape == (90, 2)
    assert not left[78:].any()
    shape = stage.subject.pixels.shape
    inside = [index for index in range(17, 68) if (points[index] > 1).all() and (points[index] < shape[1] - 2).all()]
    makers: tuple[tuple[Callable[..., NDArray[np.float32]], float], ...] = ((mesh_field, 0.6), (spline_field, 0.6))
    for field, tolerance in makers:
        values = field(points, left, shape)
        assert values.shape == (*shape[:2], 2)
        columns, rows = np.round(points[inside]).astype(int).T
        assert np.abs(values[rows, columns] - left[inside]).max() < tolerance
    slope = (points * [0.1, -0.2] + [1, 3]).astype(np.float32)
    columns, rows = np.meshgrid(np.arange(shape[1]), np.arange(shape[0]))
    straight = np.stack([columns * 0.1 + 1, rows * -0.2 + 3], axis=-1)
    for field, _ in makers:
        np.testing.assert_allclose(field(points, slope, shape), straight, atol=0.1)


def patches() -> tuple[Pixels, Pixels, NDArray[np.bool_]]:
    rng = np.random.default_rng(3)
    source = np.clip(rng.normal((90, 60, 150), (10, 20, 8), (61, 83, 3)), 0, 255).astype(np.uint8)
    target = np.clip(rng.normal((180, 140, 120), (14, 14, 10), (61, 83, 3)), 0, 255).astype(np.uint8)
    area = np.zeros((61, 83), bool)
    area[10:50, 12:70] = True
    return source, target, area


@pytest.mark.parametrize("transfer", [histogram_matched, covariance_matched])
def test_colours_move_by_the_share(
    transfer: Callable[[Pixels, Pixels, NDArray[np.bool_], float], Pixels],
) -> None:
    source, target, area = patches()
    apart = np.linalg.norm(source[area].mean(axis=0) - target[area].mean(axis=0))
    for share in (0.0, 0.5, 1.0):
        moved = transfer(source, target, area, share)[area].mean(axis=0)
        assert np.linalg.norm(moved - target[area].mean(axis=0)) == pytest.approx((1 - share) * apart, abs=0.1 * apart)
    np.testing.assert_array_equal(transfer(source, target, np.zeros_like(area), 1.0), source)


def test_relighting_casts_the_targets_shadow_and_keeps_texture() -> None:
    source = np.full((80, 120, 3), 120, np.uint8)
    source[::2] += 10
    target = np.full((80, 120, 3), 150, np.uint8)
    target[:, 60:] = 80
    lit = relit(source, target, np.ones((80, 120), np.float32), 8.0, 1.0).astype(float)
    assert lit[:, 10:30].mean() == pytest.approx(150, abs=8)
    assert lit[:, 90:110].mean() == pytest.approx(80, abs=8)
    assert lit[::2, 20].mean() - lit[1::2, 20].mean() > 8
    np.testing.assert_array_equal(relit(source, target, np.ones((80, 120), np.float32), 8.0, 0.0), source)


def test_a_sharp_donor_is_softened_and_a_soft_one_left() -> None:
    sharp = photograph()[60:200, 150:300]
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 1.5), np.uint8)
    area = np.ones(sharp.shape[:2], bool)
    softened, sigma = as_soft_as(sharp, soft, area)
    assert 0.7 <= sigma <= 2.0
    assert np.abs(softened.astype(int) - soft).mean() < 0.6 * np.abs(sharp.astype(int) - soft).mean()
    assert as_soft_as(soft, sharp, area)[1] == 0.0


def test_colour_is_removed_for_grey_targets_alone() -> None:
    source, target, _ = patches()
    assert as_grey_as(source, target) is source
    assert np.ptp(as_grey_as(source, np.full_like(target, 7)), axis=2).max() == 0


@pytest.mark.parametrize("size", [(64, 64), (61, 83), (9, 200)])
def test_laplacian_blending_of_a_picture_with_itself_is_that_picture_at_any_size(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    mask = np.zeros(size, np.float32)
    mask[:, : size[1] // 2] = 1
    np.testing.assert_array_equal(laplacian(picture, picture, mask, 4), picture)


def test_laplacian_blending_spreads_a_step_and_keeps_both_ends() -> None:
    black, white = np.zeros((65, 97, 3), np.uint8), np.full((65, 97, 3), 200, np.uint8)
    mask = np.zeros((65, 97), np.float32)
    mask[:, :48] = 1
    blended = laplacian(black, white, mask, 3)[32, :, 0].astype(int)
    assert blended[:20].min() > 190
    assert blended[-20:].max() < 10
    assert np.abs(np.diff(blended)).max() < 40


def test_poisson_cloning_keeps_the_surroundings_tone_and_the_sources_texture_up_to_the_border() -> None:
    target = np.full((80, 90, 3), 180, np.uint8)
    source = np.full((80, 90, 3), 60, np.uint8)
    source[20:60:8, 20:70] = 90
    area = np.zeros((80, 90), bool)
    area[0:70, 0:80] = True
    for mixed in (False, True):
        cloned = poisson(target, source, area, mixed).astype(int)
        assert cloned[30:50, 30:60].mean() == pytest.approx(182, abs=15)
        assert cloned[28, 40, 0] - cloned[32, 40, 0] > 20


def test_a_guided_mask_snaps_to_the_pictures_edge() -> None:
    guide = np.full((60, 60), 60, np.float32)
    guide[:, 32:] = 200
    rough = np.zeros((60, 60), np.float32)
    rough[:, :30] = 1
    followed = guided(guide, rough, 6, 8.0)
    assert followed[30, 30] > 0.6
    assert followed[30, 33] < 0.2
    assert followed[:, :10].min() == pytest.approx(1, abs=1e-3)
    assert followed[:, 50:].max() == pytest.approx(0, abs=1e-3)
