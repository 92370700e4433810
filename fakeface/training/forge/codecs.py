"""Steps of post-processing that write a picture as a file, or as a frame of a video, and read it again."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import cv2
import numpy as np

from fakeface.errors import BackendError
from fakeface.training.forge.values import Pixels

__all__ = ["H264", "Avif", "Effort", "Jpeg", "Subsampling", "Webp"]

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]
Effort = Literal["ultrafast", "veryfast", "medium"]

SAMPLING_FACTORS: dict[Subsampling, int] = {
    "4:4:4": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
    "4:2:2": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "4:2:0": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
}

AVIF_SPEED = 10
"""The fastest: 7 ms for 256 x 256 pixels."""

RATE = 25
"""Frames per second of a clip."""

PYAV = "install PyAV with H.264 (pip install av)"
"""What to do where H.264 does not work."""


@dataclass(frozen=True, slots=True)
class Jpeg:
    """JPEG with the usual quantisation tables.

    Args:
        quality: 1..100.
        subsampling: of the colours.
        shift: columns and rows, each 0..7, by which the grid of 8 x 8 blocks lies left of and above the picture's
            edge: what cropping between two encodings leaves.
        chroma_quality: 1..100 where the colours have a quality of their own, as cameras give them; 0 for the same.
    """

    quality: int
    subsampling: Subsampling = "4:2:0"
    shift: tuple[int, int] = (0, 0)
    chroma_quality: int = 0

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture after encoding and decoding."""
        columns, rows = self.shift
        if columns or rows:
            pixels = np.asarray(cv2.copyMakeBorder(pixels, rows, 0, columns, 0, cv2.BORDER_REPLICATE), np.uint8)
        options = [cv2.IMWRITE_JPEG_QUALITY, self.quality]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, SAMPLING_FACTORS[self.subsampling]]
        if self.chroma_quality:
            options += [cv2.IMWRITE_JPEG_LUMA_QUALITY, self.quality]
            options += [cv2.IMWRITE_JPEG_CHROMA_QUALITY, self.chroma_quality]
        return np.ascontiguousarray(_coded(pixels, ".jpeg", options)[rows:, columns:])

    def __str__(self) -> str:
        chroma = f"/{self.chroma_quality}" if self.chroma_quality else ""
        shifted = f" shifted by {self.shift[0]}+{self.shift[1]} px" if any(self.shift) else ""
        return f"JPEG {self.quality}{chroma} {self.subsampling}{shifted}"


@dataclass(frozen=True, slots=True)
class Webp:
    """Lossy WebP of ``quality`` 1..100."""

    quality: int

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture after encoding and decoding."""
        return _coded(pixels, ".webp", [cv2.IMWRITE_WEBP_QUALITY, self.quality])

    def __str__(self) -> str:
        return f"WebP {self.quality}"


@dataclass(frozen=True, slots=True)
class Avif:
    """AVIF of ``quality`` 1..100.

    ``apply`` raises :class:`BackendError` where OpenCV was built without AVIF.
    """

    quality: int

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture after encoding and decoding."""
        return _coded(pixels, ".avif", [cv2.IMWRITE_AVIF_QUALITY, self.quality, cv2.IMWRITE_AVIF_SPEED, AVIF_SPEED])

    def __str__(self) -> str:
        return f"AVIF {self.quality}"


@dataclass(frozen=True, slots=True)
class H264:
    """The last frame of a tiny H.264 clip (4:2:0) of the still, so that it is predicted from frames before it.

    ``apply`` raises :class:`BackendError` where PyAV is missing or fails; it never goes on without.

    Args:
        crf: constant rate factor, 0 (lossless) .. 51.
        jitter: (right, down) in pixels by which each frame before the last one is shifted; one or two frames.
        preset: of x264: how much effort it makes.
    """

    crf: int
    jitter: tuple[tuple[float, float], ...]
    preset: Effort = "veryfast"

    def apply(self, pixels: Pixels) -> Pixels:
        """The picture as the clip's last frame shows it."""
        height, width = pixels.shape[:2]
        av = _libraries()
        try:
            decoder = av.CodecContext.create("h264", "r")
            decoder.thread_count = 1
            frames = [frame for packet in (*self._packets(av, pixels), None) for frame in decoder.decode(packet)]
            if len(frames) != len(self.jitter) + 1:
                raise ValueError(f"{len(frames)} frames of {len(self.jitter) + 1}")
            shown = frames[-1].reformat(format="rgb24", interpolation="BICUBIC").to_ndarray()
        except (av.FFmpegError, ValueError) as error:
            raise BackendError(f"H.264 cannot be read back ({error}): {PYAV}") from error
        return np.ascontiguousarray(shown[:height, :width])

    def stream(self, pixels: Pixels) -> bytes:
        """The clip as an H.264 byte stream: one intra frame and predicted ones, in the order they are shown."""
        return b"".join(bytes(packet) for packet in self._packets(_libraries(), pixels))

    def _packets(self, av: Any, pixels: Pixels) -> list[Any]:
        """Encoded on one thread, for the same bytes every time."""
        height, width = pixels.shape[:2]
        even = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # 4:2:0 needs it
        size = (even.shape[1], even.shape[0])
        moves = [np.array([[1, 0, right], [0, 1, down]], np.float32) for right, down in self.jitter]
        clip = [cv2.warpAffine(even, move, size, borderMode=cv2.BORDER_REPLICATE) for move in moves]
        try:
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height = size
            encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, RATE), RATE
            encoder.thread_count, encoder.gop_size, encoder.max_b_frames = 1, 250, 0
            encoder.options = {"crf": str(self.crf), "preset": self.preset, "sc_threshold": "0"}
            packets = []
            for number, picture in enumerate((*clip, even)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame = frame.reformat(format="yuv420p", interpolation="BICUBIC")
                frame.pts = number
                packets += encoder.encode(frame)
            return [*packets, *encoder.encode(None)]
        except (av.FFmpegError, ValueError) as error:
            raise BackendError(f"H.264 cannot be written ({error}): {PYAV}") from error

    def __str__(self) -> str:
        return f"H.264 CRF {self.crf} {self.preset}, frame {len(self.jitter) + 1}"


def _coded(pixels: Pixels, suffix: str, options: list[int]) -> Pixels:
    try:
        encoded = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)
    except cv2.error as error:
        advice = "install a build that can (pip install --upgrade opencv-python-headless)"
        raise BackendError(f"this OpenCV cannot write {suffix[1:].upper()}: {advice}") from error


def _libraries() -> Any:
    """PyAV: ffmpeg's libraries inside this process, of one version whatever programs the machine has."""
    try:
        return importlib.import_module("av")
    except ImportError as error:
        raise BackendError(f"no H.264: {PYAV}") from error
