"""Real films for tests, made with the ffmpeg at hand. Every frame shows its number in light and dark squares."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from fakeface.backends.ffmpeg import find_program

Pixels = NDArray[np.uint8]

RATE = 25
WIDTH, HEIGHT = 192, 144
_SQUARE, _BITS = 16, 10


def drawn(number: int, width: int = WIDTH, height: int = HEIGHT, shade: int = 90) -> Pixels:
    """A picture with its number in the first row of squares, and a bar that moves to the right below."""
    pixels = np.full((height, width, 3), shade, np.uint8)
    pixels[_SQUARE:, :, 2] = np.linspace(40, 200, width, dtype=np.uint8)
    for bit in range(_BITS):
        pixels[:_SQUARE, bit * _SQUARE : (bit + 1) * _SQUARE] = 235 if number >> bit & 1 else 20
    left = 2 * number % (width - 24)
    pixels[_SQUARE + 24 : _SQUARE + 64, left : left + 24] = (230, 60, 40)
    return pixels


def number_of(pixels: Pixels) -> int:
    """The number that ``drawn`` wrote."""
    centres = pixels[_SQUARE // 4 : 3 * _SQUARE // 4].mean(axis=(0, 2))
    return sum(int(centres[bit * _SQUARE + 4 : (bit + 1) * _SQUARE - 4].mean() > 128) << bit for bit in range(_BITS))


def astronaut_pan(count: int, size: int = 320) -> Iterable[Pixels]:
    """skimage's astronaut, seen through a window that moves slowly."""
    whole = skimage.data.astronaut()
    for number in range(count):
        left = 60 + number
        yield np.ascontiguousarray(whole[20 : 20 + size, left : left + size])


def run_ffmpeg(*arguments: str, data: bytes = b"") -> None:
    """Run the ffmpeg at hand; a test whose codec it lacks is skipped."""
    command = [find_program().path, "-hide_banner", "-loglevel", "error", "-y", "-threads", "1", *arguments]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    said = done.stderr.decode(errors="replace")
    if "Unknown encoder" in said:
        pytest.skip(f"this ffmpeg cannot write it: {said.strip().splitlines()[0]}")
    assert done.returncode == 0, said


def write_film(path: Path, frames: Iterable[Pixels], *arguments: str, rate: Fraction | int = RATE) -> Path:
    """Encode frames of one size; the arguments are ffmpeg's for the output (H.264 where none names a codec)."""
    pictures = list(frames)
    height, width = pictures[0].shape[:2]
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0")
    codec = () if "-c:v" in arguments else ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-crf", "18")
    depth = () if "-pix_fmt" in arguments else ("-pix_fmt", "yuv420p")
    run_ffmpeg(*raw, *codec, *depth, "-threads", "1", *arguments, str(path), data=np.stack(pictures).tobytes())
    return path


def numbered(path: Path, count: int = 40, *arguments: str, rate: Fraction | int = RATE) -> Path:
    """A film whose frames show their numbers from 0."""
    return write_film(path, (drawn(number) for number in range(count)), *arguments, rate=rate)


def rotated(path: Path, degrees: int, source: Path) -> Path:
    """The same stream under a matrix that says: turn it this far clockwise to see it upright."""
    run_ffmpeg("-display_rotation", str(-degrees), "-i", str(source), "-c", "copy", str(path))
    return path


def variable(path: Path, count: int = 40) -> Path:
    """A film that pauses after every ten frames: frame n is shown at (n + 5 * (n // 10)) / 25 s."""
    return numbered(path, count, "-bf", "0", "-vf", "setpts=N+5*floor(N/10)", "-fps_mode", "passthrough")


def interlaced(path: Path, count: int = 40) -> Path:
    """Fields of a moving picture, woven, upper field first, and flagged so."""
    frames = []
    for number in range(count):
        upper, lower = drawn(number), drawn(number)
        box = slice(_SQUARE + 24, _SQUARE + 100)
        for pixels, at in ((upper, 6 * number), (lower, 6 * number + 3)):
            pixels[box] = 90
            pixels[box, 10 + at % 130 : 50 + at % 130] = 240
        upper[1::2] = lower[1::2]
        frames.append(upper)
    fields = ("-vf", "setfield=tff", "-flags", "+ildct+ilme", "-x264-params", "tff=1:interlaced=1", "-crf", "10")
    return write_film(path, frames, *fields)


def sound_only(path: Path, seconds: int = 1) -> Path:
    """A film's container with nothing but a tone."""
    run_ffmpeg("-f", "lavfi", "-i", f"sine=d={seconds}", "-c:a", "aac", str(path))
    return path


def with_sound(path: Path, count: int = 25) -> Path:
    """A numbered film with a tone."""
    silent = numbered(path.with_name("silent.mp4"), count)
    run_ffmpeg("-i", str(silent), "-f", "lavfi", "-i", "sine=d=1", "-c:v", "copy", "-c:a", "aac", str(path))
    return path


def frameless(path: Path) -> Path:
    """A complete container whose stream of pictures holds none."""
    pixels = drawn(0).tobytes()
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-i", "pipe:0")
    run_ffmpeg(*raw, "-frames:v", "0", "-c:v", "libx264", "-pix_fmt", "yuv420p", str(path), data=pixels)
    return path


def resized(path: Path) -> Path:
    """A film that changes its size after 20 frames, as a call over a bad line does."""
    folder = path.parent
    codec = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
    write_film(folder / "small.webm", (drawn(number) for number in range(20)), *codec)
    write_film(folder / "large.webm", (drawn(number, 320, 240) for number in range(20, 40)), *codec)
    (folder / "both.txt").write_text("ffconcat version 1.0\nfile small.webm\nfile large.webm\n")
    run_ffmpeg("-f", "concat", "-i", str(folder / "both.txt"), "-c", "copy", str(path))
    return path


def cut_off(path: Path, source: Path, share: float) -> Path:
    """The first part of a file."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def scratched(path: Path, source: Path, places: Iterable[float], length: int = 400) -> Path:
    """A file with stretches of wrong bytes at these shares of its length."""
    data = bytearray(source.read_bytes())
    generator = np.random.default_rng(5)
    for place in places:
        at = int(len(data) * place)
        data[at : at + length] = generator.bytes(length)
    path.write_bytes(bytes(data))
    return path
