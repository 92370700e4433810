"""What ffmpeg says of a container and its streams, before any frame is read for the film.

A line is taken only where it begins as the program begins it. Text of the evidence (a title, a comment) is printed
indented below the container's own lines, so that it cannot pass for one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from fakeface.sanitize import safe_text

__all__ = ["Streams", "VideoStream", "complaints", "read_streams"]

_INPUT = re.compile(rb"^\[info\] Input #0, (.+), from '")
_DURATION = re.compile(rb"^\[info\]   Duration: (\d+):(\d\d):(\d\d)\.(\d\d)")
_STREAM = re.compile(rb"^\[info\]   Stream #0:\d+\S*: (Video|Audio|Subtitle|Data|Attachment)(?:: (.*))?$")
_ROTATION = re.compile(rb"^\[info\] +(?:displaymatrix|Display Matrix): rotation of (-?[\d.]+) degrees")
_ERROR = re.compile(rb"^(?:\[[^\]\n]* @ 0x[0-9a-f]+\] )*\[(?:error|fatal)\] (.*)$")
_END = (b"[info] Stream mapping:", b"[info] Output #")  # what follows is not the evidence's
_FIELDS = re.compile(r"progressive|\bfirst\b|\bcoded\b")
_COVER = "(attached pic)"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """One stream of pictures, as its container announces it.

    Args:
        codec: its name in ffmpeg ("h264").
        pixel_format: ("yuv420p"); ``none`` or empty where it is not known.
        colours: range, matrix, primaries and transfer, as far as they are said ("tv, bt709").
        width, height: as coded, before rotation; 0 where they are not said.
        square: whether its pixels are square, or nothing else is said.
        rotation: degrees clockwise that make it upright.
        rate: frames per second; ``None`` where it is not said.
    """

    codec: str
    pixel_format: str
    colours: str
    width: int
    height: int
    square: bool
    rotation: float
    rate: Fraction | None


@dataclass(frozen=True, slots=True)
class Streams:
    """A container and what it holds.

    Args:
        container: names of the demuxer ("mov,mp4,m4a,3gp,3g2,mj2").
        duration_seconds: to a hundredth; ``None`` where it does not say.
        videos: streams of pictures without cover pictures.
        audio: one description per stream of sound.
    """

    container: str
    duration_seconds: Fraction | None
    videos: tuple[VideoStream, ...]
    audio: tuple[str, ...]


def read_streams(lines: Sequence[bytes]) -> Streams | None:
    """The container's account of itself; ``None`` where the program could not open it.

    Args:
        lines: what ``ffmpeg -loglevel level+info -i`` said.
    """
    container, duration = "", None
    videos: list[tuple[str, float]] = []
    audio: list[str] = []
    in_video = False
    for line in itertools.takewhile(lambda line: not line.startswith(_END), lines):
        if not container and (match := _INPUT.match(line)):
            container = _text(match[1])
        elif match := _DURATION.match(line):
            hours, minutes, seconds, hundredths = (int(part) for part in match.groups())
            duration = ((hours * 60 + minutes) * 60 + seconds) + Fraction(hundredths, 100)
        elif match := _STREAM.match(line):
            said = _text(match[2] or b"")
            in_video = match[1] == b"Video" and _COVER not in said
            if in_video:
                videos.append((said, 0.0))
            elif match[1] == b"Audio":
                audio.append(said.removesuffix(" (default)"))
        elif in_video and (match := _ROTATION.match(line)):
            videos[-1] = (videos[-1][0], -float(match[1]) % 360)
    if not container:
        return None
    return Streams(container, duration, tuple(_video(*one) for one in videos), tuple(audio))


def complaints(lines: Sequence[bytes]) -> list[str]:
    """The errors among the lines, each once, fit to be shown."""
    return list(dict.fromkeys(_text(match[1]) for line in lines if (match := _ERROR.match(line))))


def _video(said: str, rotation: float) -> VideoStream:
    parts = _parts(said)
    pixel_format, _, said_of_it = (parts[1] if len(parts) > 1 else "").partition("(")
    colours = [word for word in said_of_it.rstrip(")").split(", ") if word and not _FIELDS.search(word)]
    size = next((match for part in parts[1:] if (match := re.match(r"(\d+)x(\d+)\b", part))), None)
    rate = next((match for part in parts if (match := re.fullmatch(r"([\d.]+)(k?) fps", part))), None)
    aspect = re.search(r"\bSAR (\d+):(\d+)", said)
    return VideoStream(
        codec=(parts[0].split() or [""])[0],
        pixel_format=pixel_format,
        colours=", ".join(colours),
        width=int(size[1]) if size else 0,
        height=int(size[2]) if size else 0,
        square=aspect is None or aspect[1] == aspect[2],
        rotation=rotation,
        rate=_rate(Fraction(rate[1]) * (1000 if rate[2] else 1)) if rate else None,
    )


def _rate(said: Fraction) -> Fraction | None:
    """The exact rate behind one of two decimals: 29.97 stands for 30000/1001."""
    television = Fraction(round(said) * 1000, 1001)
    return (television if abs(television - said) < Fraction(1, 100) else said) or None


def _parts(said: str) -> list[str]:
    """Cut at the commas that stand outside of brackets."""
    return [part.strip() for part in re.split(r",(?![^(\[]*[)\]])", said)]


def _text(said: bytes) -> str:
    return safe_text(said.decode("utf-8", "replace"))
