"""Watching a film: every sampled frame looked at once, its faces found, assigned to tracks, and scored in batches.

    sampled frame → faces → tracks → carried boxes → crops → one encoder pass → look

No frame is held but the one before, which a tracker needs to carry a box on; no encoding outlives its batch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.backends import Engine
from fakeface.errors import SettingsError
from fakeface.faces import FaceCrop, FaceOrigin, crop_face
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.looks import SOFT_SIDE, Look, SeenFace
from fakeface.sampling import SampledFrame
from fakeface.settings import Settings
from fakeface.tracking import Tracker, appearance, looks_alike

__all__ = ["MOST_FOLLOWED", "Watcher", "sharpness"]

MOST_FOLLOWED = 3
"""Sampled frames in a row over which a box is carried on without a detection."""

MOST_WAITING = 16
"""Sampled frames that wait for a full batch, so that stretches without a face are kept and reported as well."""

COVERED = 0.3
"""A carried box that overlaps a found face by more than this (IoU) shows that face."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A frame whose faces wait for their batch: crops by the face's place in the look."""

    look: Look
    crops: Mapping[int, FaceCrop]


class Watcher:
    """Looks at sampled frames.

    Args:
        engine: the loaded models.
        settings: of the route.
        tracker: the persons; one that has learnt earlier looks goes on where they ended.
        before: gives the sampled frame before the first one; called only where a box must be carried on from it.

    Attributes:
        seconds_finding: wall time spent finding and following faces.
        seconds_encoding: wall time spent in the networks.
    """

    def __init__(
        self, engine: Engine, settings: Settings, tracker: Tracker, before: Callable[[], Frame | None] = lambda: None
    ) -> None:
        self._engine, self._settings, self._tracker, self._fetch = engine, settings, tracker, before
        self._before: Frame | None = None
        self.seconds_finding = self.seconds_encoding = 0.0

    def looks(self, frames: Iterable[SampledFrame]) -> Iterator[tuple[Look, ...]]:
        """The looks in the order of the frames, as many at once as waited for the networks together."""
        waiting: list[_Waiting] = []
        for sampled in frames:
            waiting.append(self._look(sampled))
            crops = sum(len(one.crops) for one in waiting)
            if crops >= self._settings.batch_faces or len(waiting) >= MOST_WAITING:
                yield self._scored(waiting)
                waiting = []
        if waiting:
            yield self._scored(waiting)

    def _look(self, sampled: SampledFrame) -> _Waiting:
        """The faces of one frame with their tracks, which the next frame builds on; scores come later."""
        started = time.perf_counter()
        frame, moment = sampled.frame, sampled.frame.time_seconds
        if moment is None:
            raise SettingsError("a frame of a film needs its presentation time")
        if sampled.cut:
            self._tracker.cut()
        faces = self._engine.finder.find(frame)
        likes = [appearance(frame.pixels, face.landmarks) for face in faces]
        numbers = self._tracker.match([face.box for face in faces], likes, moment)
        seen = [SeenFace(*one) for one in zip(faces, numbers, likes, strict=True)]
        bare = Look(frame.index, moment, sampled.frame_type, sampled.cut, tuple(seen))
        look = replace(bare, faces=(*seen, *self._followed(frame, bare)))
        self._tracker.learn(look)
        self._before, self._fetch = frame, lambda: None
        self.seconds_finding += time.perf_counter() - started
        return _Waiting(look, {} if sampled.damaged else self._crops(frame, seen))

    def _crops(self, frame: Frame, seen: Sequence[SeenFace]) -> dict[int, FaceCrop]:
        """What is scored: faces that are large enough, of a frame that the decoder does not report damaged."""
        least = self._settings.faces.min_face_pixels
        return {place: crop_face(frame, one.face) for place, one in enumerate(seen) if one.face.size_pixels >= least}

    def _followed(self, frame: Frame, look: Look) -> Iterator[SeenFace]:
        """Persons whom the detector missed, where a tracker finds what looks like them."""
        follower = self._engine.follower
        found = [one.track for one in look.faces]
        for number, box, likes in self._tracker.missing(found, look.time_seconds, MOST_FOLLOWED):
            before = self._before or self._fetch()
            carried = follower.follow(before, box, frame) if follower and before else None
            if carried is None or any(carried.iou(one.face.box) > COVERED for one in look.faces):
                continue
            face = replace(self._engine.finder.describe(frame, carried), origin=FaceOrigin.FOLLOWED)
            now = appearance(frame.pixels, face.landmarks)
            if looks_alike(likes, now):
                yield SeenFace(face, number, now, followed=True)

    def _scored(self, waiting: Sequence[_Waiting]) -> tuple[Look, ...]:
        started = time.perf_counter()
        crops = [crop for one in waiting for crop in one.crops.values()]
        encodings = iter(self._engine.encoder.encode(crops) if crops else ())
        looks = []
        for one in waiting:
            faces = list(one.look.faces)
            for place in one.crops:
                faces[place] = self._with_score(faces[place], next(encodings))
            looks.append(replace(one.look, faces=tuple(faces)))
        self.seconds_encoding += time.perf_counter() - started
        return tuple(looks)

    def _with_score(self, seen: SeenFace, encoding: Encoding) -> SeenFace:
        soft = cv2.resize(
            self._engine.segmenter.probabilities(encoding), (SOFT_SIDE, SOFT_SIDE), interpolation=cv2.INTER_AREA
        )
        return replace(
            seen,
            score=encoding.independent_score,
            sharpness=sharpness(encoding.crop),
            soft_mask=np.round(soft * 255).astype(np.uint8),
        )


def sharpness(crop: FaceCrop) -> float:
    """Variance of the Laplacian over the examined square as the networks see it, in grey levels squared."""
    part: NDArray[np.uint8] = crop.pixels[
        crop.content.top : crop.content.bottom, crop.content.left : crop.content.right
    ]
    return float(cv2.Laplacian(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())
