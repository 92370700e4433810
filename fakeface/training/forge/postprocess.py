"""What happens to a picture after it was taken or forged: the same draw is applied to both pictures of a pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from fakeface.errors import SettingsError
from fakeface.training.forge.codecs import H264, Avif, Effort, Jpeg, Subsampling, Webp
from fakeface.training.forge.screens import EDGE, RoundedCorners, ScreenBars
from fakeface.training.forge.steps import (
    KERNELS,
    AtScale,
    Contrast,
    Defocus,
    Denoise,
    Gamma,
    GaussianBlur,
    Grey,
    Kernel,
    MotionBlur,
    Noise,
    Saturation,
    Sharpen,
    Step,
    Temperature,
    as_grey,
    is_grey,
)
from fakeface.training.forge.values import Pixels

__all__ = ["NAMED", "PostProcess", "draw_film", "draw_phone", "draw_postprocess", "draw_softness", "named_processing"]

Happens = Callable[[float], bool]
"""Whether something with this share happens this time."""

H264_SHARE = 1 / 60
"""At strength 1: coding as video takes 60 ms, thirty times what everything else takes together."""


@dataclass(frozen=True, slots=True)
class PostProcess:
    """One draw of post-processing; ``apply`` is deterministic, so a pair gets exactly the same.

    Args:
        steps: taken in this order; none leaves the picture as it is.
        keeps_grey: whether a picture that is grey before a step is grey after it, whatever the step does to colours.
    """

    steps: tuple[Step, ...] = ()
    keeps_grey: bool = True

    def apply(self, pixels: Pixels) -> Pixels:
        """The processed picture, the same size, uint8 RGB.

        Raises:
            BackendError: a codec that a step needs is missing or failed.
        """
        picture = pixels
        for step in self.steps:
            done = step.apply(picture)
            picture = as_grey(done) if self.keeps_grey and is_grey(picture) else done
        return picture

    def describe(self) -> str:
        """Every step in words, in order, on one line."""
        return "; ".join(map(str, self.steps)) or "unprocessed"

    def __str__(self) -> str:
        return self.describe()


NAMED: Mapping[str, PostProcess] = MappingProxyType(
    {
        "jpeg90": PostProcess((Jpeg(90, "4:2:0"),)),
        "jpeg70": PostProcess((Jpeg(70, "4:2:0"),)),
        "jpeg50": PostProcess((Jpeg(50, "4:2:0"),)),
        "resize0.5": PostProcess((AtScale(0.5, "area", "cubic"),)),
        "blur": PostProcess((GaussianBlur(1.5),)),
        "noise": PostProcess((Noise(5.0, seed=1),)),
        "h264": PostProcess((H264(28, ((0.6, -0.4), (-0.3, 0.5)), "medium"),)),
    }
)
"""Fixed processing for figures of robustness: JPEG of quality 90, 70 and 50 with 4:2:0; half the size (area) and back
(cubic); Gaussian blur of 1.5 px; white noise of 5 grey levels; the third frame of H.264 at CRF 28, preset medium."""


def named_processing(name: str) -> PostProcess:
    """One of ``NAMED``.

    Raises:
        SettingsError: there is none of this name.
    """
    if name not in NAMED:
        raise SettingsError(f"there is no processing {name}; there are {', '.join(NAMED)}")
    return NAMED[name]


def draw_postprocess(rng: np.random.Generator, strength: float = 1.0) -> PostProcess:
    """Draw one post-processing; ``strength`` 0 gives none, 1 the full shares.

    The lens and the sensor come first, then the editor's steps in any order, then whatever happens on the way to the
    viewer: files, uploads, screenshots, video, again in any order.
    """

    def happens(share: float) -> bool:
        return bool(rng.random() < share * strength)

    editing, distribution = _editing(rng, happens), _distribution(rng, happens)
    camera = _camera(rng, happens)
    mixed = [steps[index] for steps in (editing, distribution) for index in rng.permutation(len(steps))]
    return PostProcess((*camera, *(step for steps in mixed for step in steps)))


def draw_film(rng: np.random.Generator) -> Step:
    """A frame of a film whose face is larger or smaller than it is looked at; more often larger."""
    share = float(np.exp(rng.uniform(math.log(0.7), math.log(2.4))))
    other = _kernel(rng)
    return AtScale(share, other if share > 1 else "area", "area" if share > 1 else other, (_video(rng),))


def draw_softness(rng: np.random.Generator) -> Step:
    """What leaves little texture of a picture: it was small once, blurred, out of focus or moved."""
    kind = rng.random()
    if kind < 0.5:
        share = float(np.exp(rng.uniform(math.log(0.3), math.log(0.8))))
        return AtScale(share, _kernel(rng, "area"), _kernel(rng))
    if kind < 0.8:
        return GaussianBlur(float(rng.uniform(0.7, 2.2)))
    if kind < 0.9:
        return Defocus(float(rng.uniform(1.0, 2.5)))
    return MotionBlur(float(rng.uniform(3, 8)), float(rng.uniform(0, math.pi)))


def draw_phone(rng: np.random.Generator) -> tuple[Step, ...]:
    """What the camera of a phone does before it stores a picture: denoised over edges, mostly sharpened afterwards."""
    denoised = Denoise(float(np.exp(rng.uniform(math.log(6), math.log(40)))), float(rng.uniform(1.0, 3.0)))
    if rng.random() < 0.3:
        return (denoised,)
    return denoised, Sharpen(float(rng.uniform(0.2, 1.2)), float(rng.uniform(0.7, 2.0)))


def _camera(rng: np.random.Generator, happens: Happens) -> list[Step]:
    steps: list[Step] = []
    if happens(0.15):
        kind = rng.random()
        if kind < 0.6:
            steps.append(GaussianBlur(float(rng.uniform(0.4, 1.2))))
        elif kind < 0.8:
            steps.append(MotionBlur(float(rng.uniform(1.5, 5)), float(rng.uniform(0, math.pi))))
        else:
            steps.append(Defocus(float(rng.uniform(0.6, 1.8))))
    if happens(0.2):
        seed = int(rng.integers(2**31))
        if rng.random() < 0.4:
            steps.append(Noise(float(rng.uniform(1, 6)), seed))
        else:
            steps.append(Noise(float(rng.uniform(0.5, 4)), seed, float(rng.uniform(0.01, 0.2)), "demosaiced"))
    return steps


def _editing(rng: np.random.Generator, happens: Happens) -> list[list[Step]]:
    steps: list[Step] = []
    if happens(0.4):
        steps.append(Contrast(float(rng.uniform(0.8, 1.2)), float(rng.uniform(-20, 20))))
    if happens(0.15):
        steps.append(Gamma(float(np.exp(rng.uniform(-0.3, 0.3)))))
    if happens(0.15):
        steps.append(Temperature(float(rng.uniform(-0.12, 0.12))))
    if happens(0.15):
        steps.append(Saturation(float(rng.uniform(0.6, 1.35))))
    if happens(0.04):
        steps.append(Grey())
    if happens(0.1):
        steps.append(Sharpen(float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.7, 1.6))))
    if happens(0.15):
        steps.append(AtScale(float(rng.uniform(0.5, 0.95)), _kernel(rng, "area"), _kernel(rng)))
    return [[step] for step in steps]


def _distribution(rng: np.random.Generator, happens: Happens) -> list[list[Step]]:
    chains: list[list[Step]] = []
    if happens(0.7):
        chains.append([_file(rng)])
    if happens(0.2):
        chains.append([_jpeg(rng, (35, 100), shifted=rng.random() < 0.6)])
    if happens(0.1):
        chains.append([_upload(rng)])
    if happens(0.06):
        chains.append(_screenshot(rng))
    if happens(H264_SHARE):
        chains.append([_video(rng)])
    return chains


def _kernel(rng: np.random.Generator, *more: Kernel) -> Kernel:
    """A kernel; ``area`` only where it is offered, because it enlarges like ``nearest``, which is seldom used."""
    if rng.random() < 0.06:
        return "nearest"
    offered: list[Kernel] = [name for name in KERNELS if name not in ("nearest", "area")] + list(more)
    return offered[int(rng.integers(len(offered)))]


def _file(rng: np.random.Generator) -> Step:
    kind = rng.random()
    if kind < 0.06:
        return Webp(int(rng.integers(35, 100)))
    if kind < 0.09:
        return Avif(int(rng.integers(35, 95)))
    return _jpeg(rng, (35, 100), shifted=rng.random() < 0.1)


def _jpeg(rng: np.random.Generator, quality: tuple[int, int], shifted: bool) -> Jpeg:
    samplings: tuple[Subsampling, ...] = ("4:2:0", "4:4:4", "4:2:2")
    sampling = samplings[int(rng.choice(3, p=(0.65, 0.2, 0.15)))]
    drawn = int(rng.integers(*quality))
    chroma = int(np.clip(drawn + rng.integers(-20, 11), 10, 100)) if rng.random() < 0.2 else 0
    shift = (int(rng.integers(1, 8)), int(rng.integers(1, 8))) if shifted else (0, 0)
    return Jpeg(drawn, sampling, shift, chroma)


def _upload(rng: np.random.Generator) -> Step:
    """As social networks do it: shrunk to their limit, sharpened, JPEG with 4:2:0, perhaps passed on once more."""
    steps: list[Step] = [Sharpen(float(rng.uniform(0.15, 0.5)), 0.8)]
    steps += [Jpeg(int(rng.integers(60, 86))) for _ in range(2 if rng.random() < 0.4 else 1)]
    return AtScale(float(rng.uniform(0.55, 1.0)), "area", "linear" if rng.random() < 0.5 else "cubic", tuple(steps))


def _screenshot(rng: np.random.Generator) -> list[Step]:
    """Shown at the screen's scale, with whatever lies at the edges; the size stays."""
    larger = rng.random() < 0.6
    share = float(rng.uniform(1.1, 1.9) if larger else rng.uniform(0.6, 0.9))
    steps: list[Step] = [AtScale(share, _kernel(rng), "area" if larger else _kernel(rng))]
    colour = _screen_colour(rng)
    if rng.random() < 0.7:
        low, high = sorted(float(side) for side in rng.uniform(0.03, EDGE, 2))
        kind = rng.random()
        if kind < 0.5:
            clock = f"{rng.integers(24)}:{rng.integers(60):02d}"
            steps.append(ScreenBars(high, low if rng.random() < 0.5 else 0.0, 0.0, 0.0, colour, clock))
        elif kind < 0.8:
            steps.append(ScreenBars(high, high, 0.0, 0.0, colour))
        else:
            steps.append(ScreenBars(0.0, 0.0, high, high, colour))
    if rng.random() < 0.3:
        steps.append(RoundedCorners(float(rng.uniform(0.03, EDGE)), colour))
    return steps


def _screen_colour(rng: np.random.Generator) -> tuple[int, int, int]:
    usual = ((0, 0, 0), (255, 255, 255), (24, 24, 27), (242, 242, 247))
    if rng.random() < 0.85:
        return usual[int(rng.integers(len(usual)))]
    red, green, blue = (int(level) for level in rng.integers(0, 256, 3))
    return red, green, blue


def _video(rng: np.random.Generator) -> H264:
    jitter = [(float(right), float(down)) for right, down in rng.uniform(-1.5, 1.5, (int(rng.integers(1, 3)), 2))]
    efforts: tuple[Effort, ...] = ("ultrafast", "veryfast", "medium")
    return H264(int(rng.integers(18, 37)), tuple(jitter), efforts[int(rng.integers(3))])
