"""Whether a part of a face is called altered when somebody asks about it: one rule for texts, masks and tables.

A mask decoder that is asked about a place looks for alterations there, and on a real face it may find some. So a part
is called altered only where the picture as a whole says so too: the dense mask touches it, by the naming rule or as
most of a part that is too small for it, and either the face shows an artifact mask, or the region head suspects a
region that the part stands for, all at the profile's cuts. A place without a name of its own (box, point, mask) is
called altered where its part is, or where the artifact mask lies in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fakeface.backends import Engine
from fakeface.claims import Cutout, cut_out
from fakeface.claims.matching import regions_of
from fakeface.findings import FaceFinding
from fakeface.frames import Frame
from fakeface.interfaces import Encoding
from fakeface.places import problem_of

__all__ = ["Suspicion"]

MOST = 0.5
"""More than this share of a part is most of it."""


@dataclass(frozen=True, eq=False)
class Suspicion:
    """What speaks for an alteration of each part of one face.

    Args:
        engine: the models; the encoder is not called.
        frame: the picture.
        encoding: of the face.
        finding: with the face, and its artifact mask where it has one.
    """

    engine: Engine
    frame: Frame
    encoding: Encoding
    finding: FaceFinding

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """(224, 224) float32 0..1 over the window: how likely each pixel is altered."""
        return self.engine.segmenter.probabilities(self.encoding)

    @cached_property
    def face(self) -> Cutout:
        """The face with the pixels that are probably altered, whether or not it shows an artifact mask."""
        height, width = self.frame.pixels.shape[:2]
        visible, probabilities = self.encoding.crop.to_frame(self.probabilities, height, width)
        pixels = np.zeros((height, width), np.bool_)
        inside = probabilities >= self.engine.profile.thresholds.mask
        pixels[visible.top : visible.bottom, visible.left : visible.right] = inside
        return cut_out(self.frame.pixels, self.finding.face.landmarks, pixels)

    @cached_property
    def measured(self) -> Cutout:
        """The face, for measurements: its artifact mask is no surroundings to compare with."""
        altered = self.finding.masks[0].pixels if self.finding.masks else None
        return cut_out(self.frame.pixels, self.finding.face.landmarks, altered)

    def problem(self, concept: str) -> str:
        """Why a part cannot be assessed on this picture; empty where it can."""
        return problem_of(concept, self.face.scene.leaves)

    def altered(self, concept: str | None) -> bool:
        """Whether a part is called altered.

        The mask touches it by the naming rule, or holds most of a part that is too small for this rule; and the face
        shows an artifact mask, or the region head suspects a region that the part stands for. A place on no part needs
        a face that shows an artifact mask.
        """
        if concept is None:
            return bool(self.finding.masks)
        scene = self.face.scene
        if self.problem(concept) or not (scene.touched(concept) or scene.shares(concept)[1] > MOST):
            return False
        suspects = {name for name, _ in self.encoding.regions}
        return bool(self.finding.masks) or not suspects.isdisjoint(regions_of(concept))

    def marked(self, area: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(height, width) bool: what of the face's artifact mask lies in a place, whatever part the place belongs to.

        Args:
            area: (height, width) bool of the frame.
        """
        marked = np.zeros_like(area)
        for mask in self.finding.masks:
            marked |= mask.pixels & area
        return marked
