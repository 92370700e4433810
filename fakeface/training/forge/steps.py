"""Single steps of post-processing that come from lens, sensor and editor: blur, noise, tone, sharpness, size.

Every step is a value: ``apply`` gives the same bytes for the same picture, so that both pictures of a pair can be
treated alike. Lengths and sigmas are pixels of the picture, noise is in grey levels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.training.forge.values import Field, Pixels

__all__ = [
    "KERNELS",
    "AtScale",
    "Contrast",
    "Defocus",
    "Denoise",
    "Gamma",
    "GaussianBlur",
    "Grey",
    "Kernel",
    "MotionBlur",
    "Noise",
    "Saturation",
    "Sharpen",
    "Step",
    "Temperature",
    "as_grey",
    "is_grey",
]

Kernel = Literal["nearest", "linear", "cubic", "lanczos", "area"]

KERNELS: dict[Kernel, int] = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos": cv2.INTER_LANCZOS4,
    "area": cv2.INTER_AREA,
}
"""Interpolation by name."""

MIDDLE = 32768
SENSOR_RANGE = 4096
"""Noise is laid into a 16-bit mosaic as so many levels per standard deviation about the middle."""


class Step(Protocol):
    """One change of a picture; ``str`` gives it in words."""

    def apply(self, pixels: Pixels) -> Pixels:
        """The changed picture: the same size, (height, width, 3) uint8 RGB; the given one stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class AtScale:
    """Resample, take some steps at that size, and resample back to the old size.

    Without steps this is plain resizing; with them it is what a service does that shrinks, sharpens and encodes.

    Args:
        share: of width and height, above 0; no side becomes shorter than 8 pixels.
        there, back: interpolation.
        steps: taken at the other size.
    """

    share: float
    there: Kernel
    back: Kernel
    steps: tuple[Step, ...] = ()

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture after having had another size."""
        height, width = pixels.shape[:2]
        size = (max(round(width * self.share), 8), max(round(height * self.share), 8))
        picture = np.asarray(cv2.resize(pixels, size, interpolation=KERNELS[self.there]), np.uint8)
        for step in self.steps:
            picture = step.apply(picture)
        return np.asarray(cv2.resize(picture, (width, height), interpolation=KERNELS[self.back]), np.uint8)

    def __str__(self) -> str:
        inside = f" [{', '.join(map(str, self.steps))}]" if self.steps else ""
        return f"at {self.share:.0%} of the size ({self.there}, {self.back}){inside}"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Contrast about mid-grey (``gain``, 1 for none), then brightness (``offset``, grey levels)."""

    gain: float
    offset: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture with other contrast and brightness."""
        return _looked_up(pixels, lambda level: (level - 128) * self.gain + 128 + self.offset)

    def __str__(self) -> str:
        return f"contrast {self.gain:.2f}, brightness {self.offset:+.0f}"


@dataclass(frozen=True, slots=True)
class Gamma:
    """Levels raised to ``exponent``, black and white kept; above 1 darkens."""

    exponent: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture with darker or lighter middle tones."""
        return _looked_up(pixels, lambda level: 255 * (level / 255) ** self.exponent + 0.5)

    def __str__(self) -> str:
        return f"gamma {self.exponent:.2f}"


@dataclass(frozen=True, slots=True)
class Temperature:
    """Red gains the share ``warmth`` and blue loses it; negative cools."""

    warmth: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The warmer or cooler picture."""
        gains = np.array([1 + self.warmth, 1, 1 - self.warmth], np.float32)
        return _looked_up(pixels, lambda level: level[:, None] * gains + 0.5)

    def __str__(self) -> str:
        return f"{'warmer' if self.warmth > 0 else 'cooler'} by {abs(self.warmth):.0%}"


@dataclass(frozen=True, slots=True)
class Saturation:
    """Distance from grey times ``gain``: below 1 paler, above 1 more colourful."""

    gain: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture with other saturation."""
        return np.asarray(cv2.addWeighted(pixels, self.gain, as_grey(pixels), 1 - self.gain, 0), np.uint8)

    def __str__(self) -> str:
        return f"saturation {self.gain:.2f}"


@dataclass(frozen=True, slots=True)
class Grey:
    """Colour removed, by luminance."""

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture without colour, still three channels."""
        return as_grey(pixels)

    def __str__(self) -> str:
        return "grey"


@dataclass(frozen=True, slots=True)
class GaussianBlur:
    """Gaussian blur of this sigma."""

    sigma: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The blurred picture."""
        return np.asarray(cv2.GaussianBlur(pixels, (0, 0), self.sigma), np.uint8)

    def __str__(self) -> str:
        return f"blurred by {self.sigma:.1f} px"


@dataclass(frozen=True, slots=True)
class MotionBlur:
    """The camera moved evenly over ``length`` pixels along ``angle`` (radians from the x axis)."""

    length: float
    angle: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture smeared along a line."""
        columns, rows = _places(self.length / 2)
        along = columns * math.cos(self.angle) + rows * math.sin(self.angle)
        across = rows * math.cos(self.angle) - columns * math.sin(self.angle)
        spread = np.clip(self.length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1 - np.abs(across), 0, 1)
        return _filtered(pixels, spread)

    def __str__(self) -> str:
        return f"motion over {self.length:.1f} px at {math.degrees(self.angle):.0f} degrees"


@dataclass(frozen=True, slots=True)
class Defocus:
    """Every point becomes a disc of this radius."""

    radius: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture out of focus."""
        columns, rows = _places(self.radius)
        return _filtered(pixels, np.clip(self.radius + 0.5 - np.hypot(columns, rows), 0, 1))

    def __str__(self) -> str:
        return f"defocused by {self.radius:.1f} px"


@dataclass(frozen=True, slots=True)
class Sharpen:
    """Unsharp mask: ``amount`` times the difference to a Gaussian blur of ``sigma``."""

    amount: float
    sigma: float = 1.2

    def apply(self, pixels: Pixels) -> Pixels:
        """The sharpened picture."""
        blurred = cv2.GaussianBlur(pixels, (0, 0), self.sigma)
        return np.asarray(cv2.addWeighted(pixels, 1 + self.amount, blurred, -self.amount, 0), np.uint8)

    def __str__(self) -> str:
        return f"sharpened by {self.amount:.2f}"


@dataclass(frozen=True, slots=True)
class Denoise:
    """Texture below ``levels`` grey levels smoothed away within ``sigma`` pixels, edges kept, as cameras of phones do.

    The bilateral filter (Tomasi and Manduchi 1998).
    """

    levels: float
    sigma: float

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture without its finest texture."""
        reach = 2 * math.ceil(1.5 * self.sigma) + 1
        return np.asarray(cv2.bilateralFilter(pixels, reach, self.levels, self.sigma), np.uint8)

    def __str__(self) -> str:
        return f"denoised below {self.levels:.0f} levels within {self.sigma:.1f} px"


@dataclass(frozen=True, slots=True)
class Noise:
    """Gaussian or Poisson-Gaussian noise, pixel by pixel or with the grain that demosaicing leaves.

    Shot noise is drawn as a normal field of the seed times the root of each pixel's variance, not as Poisson counts:
    counts would take another number of random numbers for each picture, and a pair would differ far from its forgery.

    Args:
        sigma: of the part that does not depend on brightness, grey levels.
        seed: of the field.
        photon: variance that each grey level of brightness adds, 0 for none.
        grain: ``white``: every sample on its own; ``demosaiced``: the field passes through a Bayer mosaic, which
            spreads it over neighbours and takes about a quarter of its strength.
    """

    sigma: float
    seed: int
    photon: float = 0.0
    grain: Literal["white", "demosaiced"] = "white"

    def apply(self, pixels: Pixels) -> Pixels:
        """The noisy picture."""
        field = self._field(*pixels.shape[:2])
        strength = np.sqrt(self.sigma**2 + self.photon * pixels.astype(np.float32)) if self.photon else self.sigma
        return np.clip(pixels + field * strength, 0, 255).astype(np.uint8)

    def _field(self, height: int, width: int) -> Field | NDArray[np.float64]:
        rng = np.random.default_rng(self.seed)
        if self.grain == "white":
            return rng.normal(0, 1, (height, width, 3))
        mosaic = rng.standard_normal((height, width), np.float32) * SENSOR_RANGE + MIDDLE
        colours = cv2.demosaicing(np.clip(mosaic, 0, 65535).astype(np.uint16), cv2.COLOR_BayerRG2RGB)
        return (np.asarray(colours, np.float32) - MIDDLE) / SENSOR_RANGE

    def __str__(self) -> str:
        shot = f" and {self.photon:.2f} per level" if self.photon else ""
        return f"{self.grain} noise of {self.sigma:.1f} levels{shot}"


def is_grey(pixels: Pixels) -> bool:
    """Whether all three channels are the same; a coarse look settles it for most pictures in colour."""
    return all(
        bool((one[..., 0] == one[..., 1]).all() and (one[..., 1] == one[..., 2]).all())
        for one in (pixels[::8, ::8], pixels)
    )


def as_grey(pixels: Pixels) -> Pixels:
    """The luminance in all three channels; a grey picture stays as it is."""
    return np.asarray(cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8)


def _looked_up(pixels: Pixels, change: Callable[[Field], NDArray[np.floating]]) -> Pixels:
    """Each level replaced by what ``change`` gives for it: (256,), or (256, 3) where the channels differ."""
    levels = np.clip(change(np.arange(256, dtype=np.float32)), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(pixels, levels.reshape(1, 256, -1)), np.uint8)


def _places(reach: float) -> tuple[Field, Field]:
    """Columns and rows about the middle of a filter that reaches so far."""
    side = np.arange(-math.ceil(reach), math.ceil(reach) + 1, dtype=np.float32)
    columns, rows = np.meshgrid(side, side)
    return columns, rows


def _filtered(pixels: Pixels, spread: NDArray[np.floating]) -> Pixels:
    weights = (spread / spread.sum()).astype(np.float32)
    return np.asarray(cv2.filter2D(pixels, -1, weights, borderType=cv2.BORDER_REFLECT_101), np.uint8)
