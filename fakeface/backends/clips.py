"""The annotated copy of a film as a file: H.264 that browsers play, exact presentation times, the sound beside it.

Two programs, one after the other. The first runs under the limits of decoding and takes the sound out of the evidence;
the second encodes our own pictures, which reach it one at a time, and never opens the evidence.
"""

from __future__ import annotations

import functools
import logging
import os
import struct
import subprocess
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import cv2
import ffmpeg
import numpy as np
from numpy.typing import NDArray

from fakeface.backends.ffmpeg import Limits, Program, Reading, find_program
from fakeface.decoder.signatures import HEAD_BYTES, film_container
from fakeface.errors import BackendError, DecoderFailed, OutputError
from fakeface.evidence import Evidence, open_sealed
from fakeface.settings import FilmSettings

LOG = logging.getLogger(__name__)

__all__ = ["Pictures", "require_encoder", "write_clip"]

Pictures = Iterable[tuple[NDArray[np.uint8], Fraction]]
"""(height, width, 3) uint8 RGB with even sides, all of one size, and presentation times in seconds that rise."""

TICKS = 360_000
"""Time base per second: whole for 24, 25, 30, 50, 60 frames per second, for their 1000/1001, and for milliseconds."""

ENCODERS: dict[str, dict[str, object]] = {
    "libx264": {"preset": "veryfast", "crf": 20, "profile:v": "high"},
    "libopenh264": {"b:v": "6M"},
}
"""Encoders of H.264 in the order in which they are looked for, with their quality."""

COPIED = ("aac", "mp3")
"""Codecs of sound that every browser plays in MP4; other sound is encoded anew as AAC."""

SOUND_CHUNK, LONGEST_COMPLAINT, FINISH_SECONDS = 1 << 16, 2000, 900.0

COMMENT = "Annotated copy made by fakeface. Sound was not examined."


def require_encoder() -> tuple[Program, str]:
    """The program and its encoder of H.264.

    Raises:
        BackendError: there is no ffmpeg that works, or it has no such encoder.
    """
    program = find_program()
    return program, _encoder(program.path)


@functools.cache
def _encoder(path: str) -> str:
    try:
        told = subprocess.run([path, "-hide_banner", "-encoders"], capture_output=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError(f"ffmpeg at {path} cannot be run") from error
    names = told.stdout.decode("utf-8", "replace").split()
    found = next((name for name in ENCODERS if name in names), None)
    if found is None:
        raise BackendError(
            f"--clip needs an ffmpeg that encodes H.264 ({' or '.join(ENCODERS)}); the one at {path} does not: "
            "install another, or: pip install imageio-ffmpeg"
        )
    return found


def write_clip(
    path: Path,
    pictures: Pictures,
    evidence: Evidence,
    audio: tuple[str, ...],
    settings: FilmSettings,
    start: Fraction | None = None,
    end: Fraction | None = None,
) -> str:
    """Encode pictures as MP4 with their exact presentation times, and put the film's sound beside them.

    Args:
        path: the file to write; must not exist.
        pictures: at least one; drawn on demand, one at a time.
        evidence: the film that the sound is taken of.
        audio: one description per stream of sound, as in ``FilmFacts``; empty for none.
        settings: limits of the program that takes the sound out.
        start: of the part of the film that the pictures show, seconds; ``None`` is the film's own.
        end: of that part.

    Returns:
        what became of the sound: "copied", "encoded anew as AAC", "none", or "left out: " and the reason.

    Raises:
        BackendError: there is no program that encodes, or it failed.
        OutputError: there are no pictures, or the file cannot be written.
    """
    program, encoder = require_encoder()
    sound = path.with_name(f"{path.name}.sound.part")
    try:
        told = _take_sound(sound, program, evidence, audio, settings, (start, end))
        LOG.log(logging.INFO if sound.exists() or not audio else logging.WARNING, "%s: sound %s", path.name, told)
        _encode(path, pictures, sound if sound.exists() else None, program, encoder, settings.threads)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        sound.unlink(missing_ok=True)
    return told


def _take_sound(
    target: Path,
    program: Program,
    evidence: Evidence,
    audio: tuple[str, ...],
    settings: FilmSettings,
    part: tuple[Fraction | None, Fraction | None],
) -> str:
    """Write all sound of the film as it is into a file of our own; says what became of it."""
    if not audio:
        return "none"
    copied = all(description.split(" ", 1)[0].rstrip(",") in COPIED for description in audio)
    limits = Limits(settings.memory_bytes, settings.timeout_seconds, settings.stall_seconds)
    descriptor = open_sealed(evidence)
    try:
        container = film_container(os.pread(descriptor, HEAD_BYTES, 0)) or ""
        arguments = _sound_arguments(program.address(descriptor), container, copied, part)
        with Reading(program, arguments, descriptor, limits, _ignore) as reading, target.open("xb") as file:
            size = _pour(reading, file)
            failed = reading.finish() != 0
    except DecoderFailed as error:
        target.unlink(missing_ok=True)
        return f"left out: {error}"
    finally:
        os.close(descriptor)
    if failed or not size:
        target.unlink(missing_ok=True)
        return "left out: it cannot be read"
    return "copied" if copied else "encoded anew as AAC"


def _sound_arguments(
    address: tuple[str, dict[str, object]],
    container: str,
    copied: bool,
    part: tuple[Fraction | None, Fraction | None],
) -> list[str]:
    name, options = address
    times = {key: f"{float(time):.6f}" for key, time in zip(("ss", "to"), part, strict=True) if time is not None}
    opened = ffmpeg.input(name, format=container, **times, **options)
    codec = {"c:a": "copy"} if copied else {"c:a": "aac", "b:a": "160k"}
    output = opened.output("pipe:1", format="matroska", map="0:a", **codec, map_metadata=-1, map_chapters=-1)
    return _words(output)


def _ignore(line: bytes) -> None:
    """What the program says of the sound: its status and what it gives say enough."""


def _pour(reading: Reading, file: IO[bytes]) -> int:
    """Everything that the program gives into a file; returns the number of bytes."""
    size, chunk = 0, memoryview(bytearray(SOUND_CHUNK))
    while received := reading.fill(chunk):
        file.write(chunk[:received])
        size += received
    return size


def _encode(path: Path, pictures: Pictures, sound: Path | None, program: Program, encoder: str, threads: int) -> None:
    source = iter(pictures)
    first = next(source, None)
    if first is None:
        raise OutputError("there is no frame that an annotated copy could show")
    lead = max(-first[1], Fraction(0))  # IVF has no times before 0
    arguments = _clip_arguments(path, sound, encoder, threads, first[1] + lead, lead)
    with TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - a program found by us, no shell
            [program.path, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        try:
            _feed(process, ((pixels, time + lead) for pixels, time in chain([first], source)))
            status = process.wait(FINISH_SECONDS)
        except subprocess.TimeoutExpired:
            status = -1
        finally:
            process.kill()
            process.wait()
        if status != 0 or not path.exists():
            said.seek(0)
            told = said.read(LONGEST_COMPLAINT).decode("utf-8", "replace").strip()
            last = told.splitlines()[-1] if told else f"it ended with {status}"
            raise BackendError(f"{program} could not encode the annotated copy: {last}")


def _clip_arguments(
    path: Path, sound: Path | None, encoder: str, threads: int, first: Fraction, lead: Fraction
) -> list[str]:
    colours: dict[str, object] = {"colorspace": "smpte170m", "color_range": "tv"}
    inputs = [ffmpeg.input("pipe:0", format="ivf", **colours)["v"]]
    codecs: dict[str, object] = {
        "c:v": encoder,
        "pix_fmt": "yuv420p",
        "threads": threads,
        **ENCODERS[encoder],
        **colours,
    }
    if sound is not None:
        inputs.append(ffmpeg.input(f"file:{sound}", format="matroska", itsoffset=f"{float(lead):.6f}")["a"])
        codecs["c:a"] = "copy"
    output = ffmpeg.output(
        *inputs,
        f"file:{path}",
        format="mp4",
        **codecs,
        color_primaries="smpte170m",
        color_trc="smpte170m",
        fps_mode="passthrough",
        enc_time_base=f"1:{TICKS}",
        video_track_timescale=TICKS,
        output_ts_offset=f"{-float(first):.6f}",
        movflags="+faststart",
        fflags="+bitexact",
        map_metadata=-1,
        metadata=f"comment={COMMENT}",
    )
    return _words(output)


def _words(output: ffmpeg.nodes.OutputStream) -> list[str]:
    said = output.global_args("-n", "-hide_banner", "-nostats", "-copyts", "-loglevel", "error")
    return [str(word) for word in ffmpeg.get_args(said)]


def _feed(process: subprocess.Popen[bytes], pictures: Iterator[tuple[NDArray[np.uint8], Fraction]]) -> None:
    """Pictures as raw frames in IVF, the simplest container that holds a time for each of them."""
    if process.stdin is None:
        raise BackendError("ffmpeg cannot be started")
    last = -1
    try:
        with process.stdin as pipe:
            for pixels, time in pictures:
                height, width = pixels.shape[:2]
                if last < 0:
                    pipe.write(struct.pack("<4sHH4sHHIIII", b"DKIF", 0, 32, b"I420", width, height, TICKS, 1, 0, 0))
                last = max(round(time * TICKS), last + 1)
                planes = cv2.cvtColor(pixels, cv2.COLOR_RGB2YUV_I420)
                pipe.write(struct.pack("<IQ", planes.size, last))
                pipe.write(planes.tobytes())
    except BrokenPipeError:
        return  # it has ended; its status and what it said tell why
