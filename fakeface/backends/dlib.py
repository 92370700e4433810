"""Faces by dlib: HOG first, its CNN where HOG finds nothing, 68 landmarks on every face; boxes carried on in films.

Detectors: Dalal and Triggs 2005 (HOG) and King 2015 (max-margin CNN); landmarks: Kazemi and Sullivan 2014; correlation
tracker: Danelljan et al. 2014. The two model files are the ones of the package ``face_recognition_models``, found
without importing it.
"""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from fakeface.errors import BackendError
from fakeface.faces import Box, Face, FaceOrigin
from fakeface.findings import ModelCard
from fakeface.frames import Frame
from fakeface.settings import FaceDetector, FaceSettings

__all__ = ["DlibFaceFinder", "DlibFaceFollower"]

LANDMARK_FILE = "shape_predictor_68_face_landmarks.dat"
CNN_FILE = "mmod_human_face_detector.dat"
SAME_FACE_IOU = 0.4

LEAST_PEAK = 7.0
"""Peak-to-sidelobe ratio of the correlation from which a face counts as found again (Bolme et al. 2010)."""

CNN_LEAST_SIDE_PIXELS = 16
"""Narrower strips are not shown to the CNN: no face in them is large enough, and its convolutions refuse them."""


def _model_path(name: str) -> Path:
    spec = importlib.util.find_spec("face_recognition_models")
    if spec is None or not spec.submodule_search_locations:
        raise BackendError("dlib's model files are missing: install the package face_recognition_models")
    path = Path(next(iter(spec.submodule_search_locations))) / "models" / name
    if not path.is_file():
        raise BackendError(f"dlib's model file {name} is missing from face_recognition_models")
    return path


class DlibFaceFinder:
    """Finds every face of a frame (the ``FaceFinder`` of all profiles).

    Args:
        settings: which detector, and at which sizes it looks.
    """

    def __init__(self, settings: FaceSettings) -> None:
        self.settings = settings
        self._hog: Any = dlib.get_frontal_face_detector()
        self._landmarks: Any = dlib.shape_predictor(str(_model_path(LANDMARK_FILE)))

    @cached_property
    def _cnn(self) -> Any:
        return dlib.cnn_face_detection_model_v1(str(_model_path(CNN_FILE)))

    @cached_property
    def card(self) -> ModelCard:
        """Name and hash of the landmark model; the detectors come with dlib and the same package."""
        digest = hashlib.sha256(_model_path(LANDMARK_FILE).read_bytes()).hexdigest()
        return ModelCard(f"dlib {dlib.__version__} face finder ({self.settings.detector})", digest, "cpu", "float32")

    def find(self, frame: Frame) -> tuple[Face, ...]:
        """Faces of the frame from left to right; an empty tuple where there is none."""
        settings = self.settings
        found: list[tuple[Box, float, FaceOrigin]] = []
        if settings.detector is not FaceDetector.CNN:
            found = self._find_hog(frame.pixels)
        if settings.detector is FaceDetector.CNN or (settings.detector is FaceDetector.AUTO and not found):
            found = self._find_cnn(frame.pixels)
        faces = [self._describe(frame, box, confidence, origin) for box, confidence, origin in _distinct(found)]
        return tuple(sorted(faces, key=lambda face: (face.box.left, face.box.top)))

    def describe(self, frame: Frame, box: Box) -> Face:
        """A face where the examiner drew a box: landmarks fitted inside it.

        Raises:
            SettingsError: the box lies outside the frame.
        """
        return self._describe(frame, box, 0.0, FaceOrigin.EXAMINER)

    def _find_hog(self, pixels: NDArray[np.uint8]) -> list[tuple[Box, float, FaceOrigin]]:
        longer = max(pixels.shape[:2])
        scale = min(self.settings.hog_side_pixels / longer, self.settings.max_upsampling)
        boxes, scores, _ = self._hog.run(_resized(pixels, scale), 0, self.settings.min_confidence)
        return _unscaled(boxes, scores, scale, pixels, FaceOrigin.HOG)

    def _find_cnn(self, pixels: NDArray[np.uint8]) -> list[tuple[Box, float, FaceOrigin]]:
        scale = self.settings.cnn_side_pixels / max(pixels.shape[:2])
        if min(pixels.shape[:2]) * scale < CNN_LEAST_SIDE_PIXELS:
            return []
        found = self._cnn(_resized(pixels, scale), 0)
        return _unscaled([f.rect for f in found], [f.confidence for f in found], scale, pixels, FaceOrigin.CNN)

    def _describe(self, frame: Frame, box: Box, confidence: float, origin: FaceOrigin) -> Face:
        shape = self._landmarks(frame.pixels, dlib.rectangle(box.left, box.top, box.right - 1, box.bottom - 1))
        points = np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float32)
        return Face(box.clipped(frame.width, frame.height), confidence, points, origin)


class DlibFaceFollower:
    """Carries a face's box on to the next frame by a correlation tracker (the ``FaceFollower`` of all profiles)."""

    def follow(self, before: Frame, box: Box, now: Frame) -> Box | None:
        """Where what lies in a box of one frame lies in the next; ``None`` where it is not found again."""
        tracker: Any = dlib.correlation_tracker()
        tracker.start_track(before.pixels, dlib.rectangle(box.left, box.top, box.right - 1, box.bottom - 1))
        if tracker.update(now.pixels) < LEAST_PEAK:
            return None
        place = tracker.get_position()
        left, top, right, bottom = (round(side) for side in (place.left(), place.top(), place.right(), place.bottom()))
        if min(right, now.width) <= max(left, 0) or min(bottom, now.height) <= max(top, 0):
            return None
        return Box(left, top, right, bottom).clipped(now.width, now.height)


def _resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    if scale == 1.0:
        return np.ascontiguousarray(pixels)
    size = (max(round(pixels.shape[1] * scale), 1), max(round(pixels.shape[0] * scale), 1))
    kernel = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(pixels, size, interpolation=kernel), dtype=np.uint8)


def _unscaled(
    rectangles: Any, scores: Any, scale: float, pixels: NDArray[np.uint8], origin: FaceOrigin
) -> list[tuple[Box, float, FaceOrigin]]:
    height, width = pixels.shape[:2]
    found = []
    for rectangle, score in zip(rectangles, scores, strict=True):
        left, top = round(rectangle.left() / scale), round(rectangle.top() / scale)
        right, bottom = round((rectangle.right() + 1) / scale), round((rectangle.bottom() + 1) / scale)
        if left < width and top < height and right > max(left, 0) and bottom > max(top, 0):
            found.append((Box(left, top, right, bottom), float(score), origin))
    return found


def _distinct(found: list[tuple[Box, float, FaceOrigin]]) -> list[tuple[Box, float, FaceOrigin]]:
    kept: list[tuple[Box, float, FaceOrigin]] = []
    for candidate in sorted(found, key=lambda item: -item[1]):
        if all(candidate[0].iou(other[0]) < SAME_FACE_IOU for other in kept):
            kept.append(candidate)
    return kept
