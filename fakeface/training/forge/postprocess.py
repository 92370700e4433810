"""What happens to a picture after it was taken or forged: the same draw is applied to both pictures of a pair."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PostProcess", "draw_postprocess"]

Pixels = NDArray[np.uint8]
KERNELS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4, cv2.INTER_AREA)


@dataclass(frozen=True, slots=True)
class PostProcess:
    """One draw of post-processing; ``apply`` is deterministic, so a pair gets exactly the same.

    Args:
        gain, offset: contrast about mid-grey and brightness in grey levels.
        grey: whether colour is removed.
        blur_sigma: Gaussian blur in pixels; 0 for none.
        sharpen: unsharp-mask amount; 0 for none.
        resize: intermediate size as a share; 1 for none.
        kernels: interpolation down and up again.
        noise_sigma, noise_seed: Gaussian noise in grey levels; 0 for none.
        codecs: (codec, quality, subsampling) applied in turn; codec is jpeg or webp.
    """

    gain: float
    offset: float
    grey: bool
    blur_sigma: float
    sharpen: float
    resize: float
    kernels: tuple[int, int]
    noise_sigma: float
    noise_seed: int
    codecs: tuple[tuple[str, int, int], ...]

    def apply(self, pixels: Pixels) -> Pixels:
        """The processed picture, the same size, uint8 RGB."""
        picture = pixels
        if self.gain != 1 or self.offset:
            shifted = (picture.astype(np.float32) - 128) * self.gain + 128 + self.offset
            picture = np.clip(shifted, 0, 255).astype(np.uint8)
        if self.grey:
            picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        if self.blur_sigma:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur_sigma), np.uint8)
        if self.sharpen:
            blurred = cv2.GaussianBlur(picture, (0, 0), 1.2)
            picture = np.asarray(cv2.addWeighted(picture, 1 + self.sharpen, blurred, -self.sharpen, 0), np.uint8)
        if self.resize != 1:
            height, width = picture.shape[:2]
            size = (max(round(width * self.resize), 8), max(round(height * self.resize), 8))
            small = cv2.resize(picture, size, interpolation=self.kernels[0])
            picture = np.asarray(cv2.resize(small, (width, height), interpolation=self.kernels[1]), np.uint8)
        if self.noise_sigma:
            noise = np.random.default_rng(self.noise_seed).normal(0, self.noise_sigma, picture.shape)
            picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
        for codec, quality, subsampling in self.codecs:
            picture = _coded(picture, codec, quality, subsampling)
        return picture


def _coded(pixels: Pixels, codec: str, quality: int, subsampling: int) -> Pixels:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, subsampling]
    if codec == "webp":
        options = [cv2.IMWRITE_WEBP_QUALITY, quality]
    encoded = cv2.imencode(f".{codec}", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def draw_postprocess(rng: np.random.Generator, strength: float = 1.0) -> PostProcess:
    """Draw one post-processing; ``strength`` 0 gives none, 1 the full range."""

    def happens(share: float) -> bool:
        return bool(rng.random() < share * strength)

    samplings = (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)
    codecs: list[tuple[str, int, int]] = []
    for share in (0.75, 0.2):
        if happens(share):
            codec = "webp" if rng.random() < 0.1 else "jpeg"
            codecs.append((codec, int(rng.integers(35, 100)), int(samplings[int(rng.random() < 0.7)])))
    return PostProcess(
        gain=float(rng.uniform(0.8, 1.2)) if happens(0.4) else 1.0,
        offset=float(rng.uniform(-20, 20)) if happens(0.4) else 0.0,
        grey=happens(0.04),
        blur_sigma=float(rng.uniform(0.4, 1.2)) if happens(0.15) else 0.0,
        sharpen=float(rng.uniform(0.2, 0.8)) if happens(0.1) else 0.0,
        resize=float(rng.uniform(0.5, 0.95)) if happens(0.15) else 1.0,
        kernels=(int(rng.choice(KERNELS)), int(rng.choice(KERNELS[:3]))),
        noise_sigma=float(rng.uniform(1, 6)) if happens(0.2) else 0.0,
        noise_seed=int(rng.integers(2**31)),
        codecs=tuple(codecs),
    )
