"""Faces: boxes and landmarks in the frame, and the square crop that the networks see.

The crop keeps the picture's own resolution wherever it can, because forgery traces live in fine texture that any
resampling destroys: a face that fits the window is cut out without resampling and the rest of the window is blank;
only a larger face is reduced (area averaging). ``FaceCrop`` carries the mapping back to the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.errors import SettingsError
from fakeface.frames import Frame

__all__ = ["BLANK", "CROP_SIZE", "Box", "Face", "FaceCrop", "FaceOrigin", "crop_face", "crop_square", "face_square"]

CROP_SIZE = 224
"""Side of the network's input window in pixels."""

BLANK = 128
"""Grey value of window pixels that show nothing of the frame."""

NARROWED = 1.2
"""A square up to this many window sides is narrowed to the window instead of reduced into it."""

WIDENING = 1.5
"""Side of the square crop over the larger extent of the 68 landmarks (brows to chin), so that the outline is inside."""


@dataclass(frozen=True, slots=True)
class Box:
    """Bounding box in pixels of the upright frame, xyxy, half-open: ``left <= x < right``, ``top <= y < bottom``.

    It may lie partly outside the frame until ``clipped``.

    Raises:
        SettingsError: the box is empty.
    """

    left: int
    top: int
    right: int
    bottom: int

    def __post_init__(self) -> None:
        if self.right <= self.left or self.bottom <= self.top:
            raise SettingsError(f"a box needs left < right and top < bottom, got {self.xyxy}")

    @property
    def xyxy(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom)."""
        return (self.left, self.top, self.right, self.bottom)

    @property
    def width(self) -> int:
        """Columns covered."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows covered."""
        return self.bottom - self.top

    @property
    def area(self) -> int:
        """Pixels covered."""
        return self.width * self.height

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box inside a frame of this size.

        Raises:
            SettingsError: nothing of the box is inside.
        """
        return Box(max(self.left, 0), max(self.top, 0), min(self.right, width), min(self.bottom, height))

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0..1."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        shared = max(width, 0) * max(height, 0)
        return shared / (self.area + other.area - shared)


class FaceOrigin(StrEnum):
    """Who says that there is a face."""

    HOG = "dlib_hog"
    CNN = "dlib_cnn"
    EXAMINER = "examiner"
    FOLLOWED = "followed"


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face in a frame.

    Args:
        box: where, clipped to the frame.
        confidence: the finder's own score, not a probability; 0 where the examiner drew the box.
        landmarks: (68, 2) float32, x then y, pixels of the upright frame (iBUG 300-W order: jaw 0-16, brows 17-26,
            nose 27-35, eyes 36-47, lips 48-67).
        origin: which detector found it, or the examiner.

    Raises:
        SettingsError: the landmarks have another shape.
    """

    box: Box
    confidence: float
    landmarks: NDArray[np.float32]
    origin: FaceOrigin

    def __post_init__(self) -> None:
        if self.landmarks.shape != (68, 2):
            raise SettingsError(f"a face needs (68, 2) landmarks, got {self.landmarks.shape}")
        self.landmarks.flags.writeable = False

    @property
    def size_pixels(self) -> int:
        """The shorter side of the box: what *too small* is measured on."""
        return min(self.box.width, self.box.height)


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """The square that a network sees, with the mapping back to the frame.

    Args:
        pixels: (224, 224, 3) uint8 RGB; blank (128) where the window shows nothing of the frame.
        square: the frame's square that was cut out; may reach outside the frame.
        content: the window's part that shows the square, in window pixels.
        face: the face it was cut for.
    """

    pixels: NDArray[np.uint8]
    square: Box
    content: Box
    face: Face

    def __post_init__(self) -> None:
        if self.pixels.shape != (CROP_SIZE, CROP_SIZE, 3) or self.pixels.dtype != np.uint8:
            raise SettingsError(f"a crop needs ({CROP_SIZE}, {CROP_SIZE}, 3) uint8, got {self.pixels.shape}")
        self.pixels.flags.writeable = False

    @property
    def scale(self) -> float:
        """Window pixels per frame pixel: 1 for a face that fits, below 1 for a reduced one."""
        return self.content.width / self.square.width

    def to_window(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map (n, 2) points x, y from the frame into the window."""
        origin = np.array([self.square.left, self.square.top], dtype=np.float32)
        offset = np.array([self.content.left, self.content.top], dtype=np.float32)
        return ((points - origin) * np.float32(self.scale) + offset).astype(np.float32)

    def to_frame(self, values: NDArray[np.float32], height: int, width: int) -> tuple[Box, NDArray[np.float32]]:
        """Map a (224, 224) float map of the window to the frame's own pixels.

        Args:
            values: the map in window pixels.
            height: rows of the frame.
            width: columns of the frame.

        Returns:
            the part of the square inside the frame, and the map's values there.
        """
        inside = values[self.content.top : self.content.bottom, self.content.left : self.content.right]
        side = self.square.width
        resized = cv2.resize(inside, (side, side), interpolation=cv2.INTER_LINEAR)
        visible = self.square.clipped(width, height)
        rows = slice(visible.top - self.square.top, visible.bottom - self.square.top)
        columns = slice(visible.left - self.square.left, visible.right - self.square.left)
        return visible, np.asarray(resized[rows, columns], np.float32)


def face_square(landmarks: NDArray[np.float32], widening: float = WIDENING) -> Box:
    """The square of the frame that is examined for a face: centred on the landmarks' extent, raised for the forehead.

    A square slightly larger than the window is narrowed to it: losing margin costs less than resampling everything.

    Args:
        landmarks: (68, 2) float32 in frame pixels.
        widening: side of the square over the larger extent of the landmarks.
    """
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)
    extent = float(max(high[0] - low[0], high[1] - low[1], 1.0))
    side = max(round(extent * widening), 2)
    if CROP_SIZE < side <= CROP_SIZE * NARROWED:
        side = CROP_SIZE
    centre_x = float(low[0] + high[0]) / 2
    centre_y = float(low[1] + high[1]) / 2 - 0.08 * extent
    left, top = round(centre_x - side / 2), round(centre_y - side / 2)
    return Box(left, top, left + side, top + side)


def crop_square(pixels: NDArray[np.uint8], square: Box) -> tuple[NDArray[np.uint8], Box]:
    """Cut a square out of a picture into the network's window; never enlarges, reduces by area averaging.

    Args:
        pixels: (height, width, 3) uint8.
        square: the square to cut, which may reach outside the picture.

    Returns:
        the (224, 224, 3) uint8 window, and the window's part that shows the square.
    """
    height, width = pixels.shape[:2]
    side = square.width
    cut = np.full((side, side, 3), BLANK, dtype=np.uint8)
    left, top = max(square.left, 0), max(square.top, 0)
    right, bottom = min(square.right, width), min(square.bottom, height)
    if right > left and bottom > top:
        cut[top - square.top : bottom - square.top, left - square.left : right - square.left] = pixels[
            top:bottom, left:right
        ]
    if side >= CROP_SIZE:
        if side > CROP_SIZE:
            cut = np.asarray(cv2.resize(cut, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        return cut, Box(0, 0, CROP_SIZE, CROP_SIZE)
    window = np.full((CROP_SIZE, CROP_SIZE, 3), BLANK, dtype=np.uint8)
    offset = (CROP_SIZE - side) // 2
    window[offset : offset + side, offset : offset + side] = cut
    return window, Box(offset, offset, offset + side, offset + side)


def crop_face(frame: Frame, face: Face) -> FaceCrop:
    """Cut the window for one face out of its frame."""
    square = face_square(face.landmarks)
    pixels, content = crop_square(frame.pixels, square)
    return FaceCrop(pixels, square, content, face)
