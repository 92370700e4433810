"""The JPEG grid of a window: found where it is kept, missed where it was lost, silent where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from skimage import data

from fakeface.networks.grid import GRID_MAPS, block_grid

Pixels = NDArray[np.uint8]
COLUMNS = GRID_MAPS // 2
"""Where the maps of the columns begin."""
PATCH = np.s_[64:160, 64:160]


@pytest.fixture(scope="module")
def photo() -> Pixels:
    """A photograph that was resampled, so that no grid of its own is left."""
    return np.asarray(cv2.resize(data.astronaut()[:400, 60:460], (300, 300), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(pixels: Pixels, quality: int = 75) -> Pixels:
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


def maps(pixels: Pixels) -> NDArray[np.float32]:
    window = torch.from_numpy(np.ascontiguousarray(pixels[:224, :224])).permute(2, 0, 1)[None].float()
    return np.asarray(block_grid(window)[0].numpy(), np.float32)


def contrast(found: NDArray[np.float32]) -> float:
    """By how much the grid is weaker in the patch than around it."""
    strength = found[0] + found[COLUMNS]
    inside = np.zeros((28, 28), bool)
    inside[9:19, 9:19] = True
    around = np.ones((28, 28), bool)
    around[6:22, 6:22] = False
    return float(strength[around].mean() - strength[inside].mean())


def test_a_part_that_was_painted_in_lost_the_grid(photo: Pixels) -> None:
    coded = jpeg(photo)
    forged = coded.copy()
    forged[PATCH] = photo[PATCH]
    assert maps(forged).shape == (GRID_MAPS, 28, 28)
    assert contrast(maps(forged)) > contrast(maps(coded)) + 0.5


def test_a_part_whose_grid_lies_elsewhere_stands_out(photo: Pixels) -> None:
    coded = jpeg(photo)
    forged = coded.copy()
    forged[PATCH] = coded[67:163, 69:165]
    assert contrast(maps(forged)) > contrast(maps(coded)) + 0.5


@pytest.mark.parametrize("corner", [(0, 0), (3, 2), (7, 5)])
def test_the_window_need_not_begin_with_a_block(photo: Pixels, corner: tuple[int, int]) -> None:
    coded = jpeg(photo)
    forged = coded.copy()
    forged[PATCH] = photo[PATCH]
    down, right = corner
    assert contrast(maps(forged[down:, right:])) > contrast(maps(coded[down:, right:])) + 0.4


def test_where_nothing_was_ever_compressed_the_patch_does_not_stand_out(photo: Pixels) -> None:
    blurred = photo.copy()
    blurred[PATCH] = cv2.GaussianBlur(photo, (0, 0), 0.6)[PATCH]
    assert abs(contrast(maps(blurred)) - contrast(maps(photo))) < 0.25


def test_a_whole_picture_is_as_good_as_another_whatever_its_compression(photo: Pixels) -> None:
    for quality in (50, 90):
        assert abs(float(maps(jpeg(photo, quality)).mean())) < 0.05


def test_a_blank_border_says_nothing(photo: Pixels) -> None:
    framed = np.full((224, 224, 3), 128, np.uint8)
    framed[40:184, 40:184] = jpeg(photo)[:144, :144]
    found = maps(framed)
    assert np.all(found[:, :3] == 0)
    assert np.all(found[:, :, -3:] == 0)
    assert np.abs(found).max() > 0.3
