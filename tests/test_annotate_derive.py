"""The altered area out of two pictures: found where it is, told from compression, and a reason where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.training.annotate import Derived, Skip, SkipReason, derive

from .faces_data import photograph


def saved(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8)


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    return photograph()[20:276, 90:346].copy()


def forged(picture: NDArray[np.uint8], radius: int = 24) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.circle(mask, (128, 110), radius, (1,), -1)
    tinted = np.clip(picture.astype(int) + np.array([60, -20, 0]), 0, 255).astype(np.uint8)
    return np.where(mask[..., None] > 0, tinted, picture), mask > 0


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_the_altered_area_is_found_through_compression(picture: NDArray[np.uint8], quality: int) -> None:
    fake, truth = forged(picture)
    derived = derive(saved(picture, quality), saved(fake, quality), quality=quality)
    assert isinstance(derived, Derived)
    assert (derived.mask & truth).sum() / (derived.mask | truth).sum() > 0.6
    assert derived.threshold_delta_e >= derived.floor_delta_e >= 1


def test_the_floor_rises_with_compression(picture: NDArray[np.uint8]) -> None:
    fake, _ = forged(picture)
    floors = [derive(saved(picture, q), saved(fake, q), quality=q) for q in (95, 50)]
    assert isinstance(floors[0], Derived)
    assert isinstance(floors[1], Derived)
    assert floors[0].floor_delta_e < floors[1].floor_delta_e


def test_the_plain_top_five_percent_is_kept_and_is_that_large(picture: NDArray[np.uint8]) -> None:
    fake, truth = forged(picture, 60)
    derived = derive(picture, fake)
    assert isinstance(derived, Derived)
    assert derived.top5.mean() == pytest.approx(0.05, abs=0.01)
    assert derived.mask.mean() == pytest.approx(truth.mean(), rel=0.2)
    strict = derive(picture, fake, percentile=95)
    assert isinstance(strict, Derived)
    assert strict.mask.mean() < 0.06


def test_specks_beside_the_altered_area_are_dropped(picture: NDArray[np.uint8]) -> None:
    fake, _ = forged(picture)
    fake[200:206, 30:36] = 255 - picture[200:206, 30:36]
    derived = derive(picture, fake)
    assert isinstance(derived, Derived)
    assert not derived.mask[190:216, 20:46].any()


def blank(height: int, width: int, value: int = 90) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize(
    ("real", "fake", "reason"),
    [
        (blank(64, 64), blank(64, 60), SkipReason.SIZES_DIFFER),
        (blank(64, 64), blank(64, 64), SkipReason.IDENTICAL),
        (blank(20, 64), blank(20, 64, 9), SkipReason.TOO_SMALL),
        (blank(64, 64), blank(64, 64)[..., 0], SkipReason.NO_PICTURE),
        (blank(64, 64), blank(64, 64).astype(np.float32), SkipReason.NO_PICTURE),
        (blank(64, 64), blank(64, 64, 91), SkipReason.ONLY_NOISE),
        (blank(64, 64, 30), blank(64, 64, 200), SkipReason.EVERYWHERE),
        (np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0, 3), np.uint8), SkipReason.TOO_SMALL),
    ],
)
def test_a_pair_without_a_derivable_area_has_a_reason(
    real: NDArray[np.uint8], fake: NDArray[np.uint8], reason: SkipReason
) -> None:
    derived = derive(real, fake)
    assert isinstance(derived, Skip)
    assert derived.reason is reason
    assert str(derived).startswith(str(reason))


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_recompression_alone_is_hardly_an_alteration(picture: NDArray[np.uint8], quality: int) -> None:
    derived = derive(picture, saved(picture, quality), quality=quality)
    assert isinstance(derived, Skip) or derived.mask.mean() < 0.2


def test_a_change_everywhere_has_no_place(picture: NDArray[np.uint8]) -> None:
    derived = derive(picture, np.ascontiguousarray(picture[:, ::-1]))
    assert isinstance(derived, Skip)
    assert derived.reason is SkipReason.EVERYWHERE


def test_the_same_pair_gives_the_same_mask(picture: NDArray[np.uint8]) -> None:
    fake, _ = forged(picture)
    first, second = derive(picture, fake), derive(picture, fake)
    assert isinstance(first, Derived)
    assert isinstance(second, Derived)
    assert np.array_equal(first.mask, second.mask)
