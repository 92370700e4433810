"""One face of a frame as a scene: cut out with its surroundings, no larger than the range of real faces knows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.claims.scene import REDUCE, Scene
from fakeface.faces import Box, face_square

__all__ = ["Cutout", "cut_out"]

SURROUNDINGS = 2.0
"""Side of the cutout over the extent of the landmarks: as much as the range of real faces was measured with."""

LARGEST = 360
"""Longest side of a cutout in pixels, that of the largest faces that the range of real faces was measured on.

Detail, noise and edges depend on how large a face is shown. A larger one is reduced by area averaging, as it is for the
networks, and so its cost is bounded too.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Cutout:
    """A face with its surroundings.

    Args:
        scene: the face on the pixels that were cut out.
        box: the part of the frame that it shows.
        height, width: of the frame.
    """

    scene: Scene
    box: Box
    height: int
    width: int

    @property
    def scale(self) -> float:
        """Pixels of the scene per pixel of the frame: 1, or below 1 for a face that was reduced."""
        return float(self.scene.pixels.shape[1] / self.box.width)

    def inside(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A (height, width) mask of the frame in the scene's pixels."""
        return _reduced(mask, self.box, self.scene.pixels.shape[:2])

    def in_frame(self, region: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A region of the scene as a (height, width) mask of the frame."""
        found = np.zeros((self.height, self.width), np.bool_)
        size = (self.box.width, self.box.height)
        large = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        found[self.box.top : self.box.bottom, self.box.left : self.box.right] = large > 0
        return found


def cut_out(
    pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], altered: NDArray[np.bool_] | None = None
) -> Cutout:
    """Cut a face with its surroundings out of a frame.

    Args:
        pixels: (height, width, 3) uint8 RGB of the frame.
        landmarks: (68, 2) float32 in its pixels.
        altered: (height, width) bool, the artifact mask of the face; ``None`` or empty where nothing is altered.

    Raises:
        SettingsError: nothing of the face lies inside the frame.
    """
    height, width = pixels.shape[:2]
    seen = face_square(landmarks, SURROUNDINGS).clipped(width, height)
    # Begun on the grid of the leaves, so that parts lie as they do on the whole picture.
    box = Box(seen.left - seen.left % REDUCE, seen.top - seen.top % REDUCE, seen.right, seen.bottom)
    factor = min(LARGEST / max(box.width, box.height), 1.0)
    size = (max(round(box.height * factor), 1), max(round(box.width * factor), 1))
    cut = np.ascontiguousarray(pixels[box.top : box.bottom, box.left : box.right])
    if factor < 1:
        cut = np.asarray(cv2.resize(cut, size[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    scales = np.array([size[1] / box.width, size[0] / box.height], np.float32)
    half = np.float32(0.5)
    points = (landmarks - np.array([box.left, box.top], np.float32) + half) * scales - half
    inside = None if altered is None else _reduced(altered, box, size)
    if inside is not None and not inside.any():
        inside = None
    return Cutout(Scene(cut, points.astype(np.float32), inside), box, height, width)


def _reduced(mask: NDArray[np.bool_], box: Box, size: tuple[int, ...]) -> NDArray[np.bool_]:
    cut = np.ascontiguousarray(mask[box.top : box.bottom, box.left : box.right])
    if cut.shape == size:
        return cut
    share = cv2.resize(cut.view(np.uint8) * np.uint8(255), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(share >= 128)
