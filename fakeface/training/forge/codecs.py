"""Steps of post-processing that write a picture as a file, or as a frame of a video, and read it again."""

from __future__ import annotations

import importlib
import subprocess
from dataclasses import dataclass
from typing import Literal

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

TIMEOUT_S = 60.0
"""A call of ffmpeg takes 0.03 s for a face; only a machine that stands still needs so long."""

FFMPEG = "install one with H.264 (pip install imageio-ffmpeg) or name it in the environment variable IMAGEIO_FFMPEG_EXE"
"""What to do where ffmpeg does not work."""


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

    ``apply`` raises :class:`BackendError` where ffmpeg is missing, fails or takes too long; it never goes on without.

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
        raw = _ffmpeg(["-f", "h264", "-i", "pipe:0", "-f", "rawvideo", "-pix_fmt", "rgb24"], self.stream(pixels))
        even = (height + height % 2, width + width % 2, 3)
        count = len(self.jitter) + 1
        if len(raw) != count * int(np.prod(even)):
            raise BackendError(f"ffmpeg gave {len(raw)} bytes for {count} frames of {even[1]}x{even[0]}: {FFMPEG}")
        frames = np.frombuffer(raw, np.uint8).reshape(count, *even)
        return frames[-1, :height, :width].copy()

    def stream(self, pixels: Pixels) -> bytes:
        """The clip as an H.264 byte stream: one intra frame and predicted ones, in the order they are shown."""
        height, width = pixels.shape[:2]
        even = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)  # 4:2:0 needs it
        size = (even.shape[1], even.shape[0])
        moves = [np.array([[1, 0, right], [0, 1, down]], np.float32) for right, down in self.jitter]
        clip = [cv2.warpAffine(even, move, size, borderMode=cv2.BORDER_REPLICATE) for move in moves]
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", "25", "-i", "pipe:0"]
        coding = ["-c:v", "libx264", "-preset", self.preset, "-crf", str(self.crf), "-pix_fmt", "yuv420p"]
        frames = ["-bf", "0", "-g", "250", "-sc_threshold", "0", "-f", "h264"]
        return _ffmpeg([*raw, *coding, *frames], np.stack([*clip, even]).tobytes())

    def __str__(self) -> str:
        return f"H.264 CRF {self.crf} {self.preset}, frame {len(self.jitter) + 1}"


def _coded(pixels: Pixels, suffix: str, options: list[int]) -> Pixels:
    try:
        encoded = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
        return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)
    except cv2.error as error:
        advice = "install a build that can (pip install --upgrade opencv-python-headless)"
        raise BackendError(f"this OpenCV cannot write {suffix[1:].upper()}: {advice}") from error


def _ffmpeg(arguments: list[str], data: bytes) -> bytes:
    """Run ffmpeg on one thread, for the same bytes every time; it reads ``data`` and its output is returned."""
    program = _program()
    command = [program, "-hide_banner", "-loglevel", "error", "-threads", "1", *arguments, "-threads", "1", "pipe:1"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_S, check=False)  # noqa: S603
    except OSError as error:
        raise BackendError(f"cannot run ffmpeg at {program}: {FFMPEG}") from error
    except subprocess.TimeoutExpired as error:
        raise BackendError(f"ffmpeg took longer than {TIMEOUT_S:.0f} s: try again on a less busy machine") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no message"]
        raise BackendError(f"ffmpeg failed with status {done.returncode} ({said[0]}): {FFMPEG}")
    return done.stdout


def _program() -> str:
    """The ffmpeg of imageio-ffmpeg, whatever the machine has: forgeries of one seed are the same bytes everywhere."""
    try:
        return str(importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise BackendError(f"no ffmpeg for H.264: {FFMPEG}") from error
