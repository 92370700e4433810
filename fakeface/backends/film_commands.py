"""The command lines that read films: what is opened, with which demuxer and decoders, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import ffmpeg

from fakeface.backends.ffmpeg import Program
from fakeface.backends.film_table import CHAIN_LEVEL
from fakeface.settings import FilmSettings

__all__ = ["CODECS", "FilmCommands"]

CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mjpeg", "mpeg4", "mpeg2video", "prores", "ffv1")
"""Codecs whose films are examined."""

_DECODERS = ",".join((*CODECS, "libdav1d", "libaom-av1"))
_MOST_SELECTED = 3000
"""Above that, the list of frames would not fit into a command line; all frames between are passed on instead."""

# Nothing of the evidence's own texts is said once the reading has begun.
_NO_TEXTS = {"map_metadata": -1, "map_chapters": -1}

# The same rounding on every processor; these are slower, and only the frames that are looked at are converted.
_EXACT = "accurate_rnd+full_chroma_int+bitexact"


@dataclass(frozen=True, slots=True)
class FilmCommands:
    """Arguments for ffmpeg, without the program's name.

    Args:
        program: which ffmpeg.
        container: its demuxer; no other is tried.
        settings: limits and threads.
    """

    program: Program
    container: str
    settings: FilmSettings

    def probe(self, descriptor: int) -> list[str]:
        """Says what the container holds, and decodes nothing for output."""
        opened = self._input(descriptor)
        return _arguments(opened.output("pipe:1", format="null", map="0:V:0", c="copy", t=0), "repeat+level+info")

    def scan(self, descriptor: int, *, locate: bool) -> list[str]:
        """Says of every frame what ``ScanLog`` hears, and gives nothing.

        Args:
            descriptor: of the evidence.
            locate: say also when the decoder gives each frame, so that it is known which ones are damaged.
        """
        frames = (
            self._input(descriptor)["V:0"]
            .filter("showinfo", checksum=0)
            .filter("scdet", threshold=self.settings.cut_score)
            .filter("metadata", mode="print", key="lavfi.scd.score")
            .filter("idet")
        )
        output = frames.output("pipe:1", format="null", fps_mode="passthrough", **_NO_TEXTS)
        return _arguments(output.global_args("-debug_ts") if locate else output, CHAIN_LEVEL)

    def frames(self, descriptor: int, chosen: Sequence[int], *, woven: bool, all_pass: bool) -> list[str]:
        """Gives the chosen frames as RGB in full size, and says of every frame that it passed.

        Args:
            descriptor: of the evidence.
            chosen: indices in order, at least one.
            woven: whether fields are to be separated.
            all_pass: give every frame, because the count of frames starts anew on the way.
        """
        frames = self._input(descriptor)["V:0"]
        if woven:
            frames = frames.filter("yadif", mode="send_frame", parity="auto", deint="all")
        frames = frames.filter("showinfo", checksum=0)
        if not all_pass and len(chosen) <= _MOST_SELECTED:
            frames = frames.filter("select", _any_of([f"between(n,{low},{high})" for low, high in _runs(chosen)]))
        frames = frames.filter("scale", flags=_EXACT).filter("format", "rgb24")
        output = frames.output("pipe:1", format="rawvideo", fps_mode="passthrough", noautoscale=None, **_NO_TEXTS)
        return _arguments(output, "repeat+level+info")

    def passed(self, chosen: Sequence[int], *, all_pass: bool) -> Sequence[int]:
        """Indices of the frames that ``frames`` gives, up to the last one chosen."""
        return range(chosen[-1] + 1) if all_pass or len(chosen) > _MOST_SELECTED else chosen

    def _input(self, descriptor: int) -> ffmpeg.nodes.FilterableStream:
        name, options = self.program.address(descriptor)
        return ffmpeg.input(
            name,
            format=self.container,
            codec_whitelist=_DECODERS,
            max_pixels=self.settings.max_pixels,
            threads=self.settings.threads,
            **options,
        )


def _runs(chosen: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of every run of indices without a gap."""
    for _, run in groupby(enumerate(chosen), key=lambda placed: placed[1] - placed[0]):
        indices = [index for _, index in run]
        yield indices[0], indices[-1]


def _any_of(terms: Sequence[str]) -> str:
    """The sum of the terms in brackets that halve it: ffmpeg refuses an expression that is more than 100 deep."""
    if len(terms) == 1:
        return terms[0]
    middle = len(terms) // 2
    return f"({_any_of(terms[:middle])}+{_any_of(terms[middle:])})"


def _arguments(output: ffmpeg.nodes.OutputStream, level: str) -> list[str]:
    said = output.global_args(
        "-hide_banner", "-nostdin", "-nostats", "-copyts", "-filter_complex_threads", "1", "-loglevel", level
    )
    return [str(word) for word in ffmpeg.get_args(said)]
