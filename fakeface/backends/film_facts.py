"""What is said of a film in the record: facts of the container and of the first reading, in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from fakeface.backends.film_ending import FilmEnding
from fakeface.backends.film_streams import Streams, VideoStream
from fakeface.backends.film_table import FilmTable
from fakeface.films import FilmFacts

__all__ = ["facts_of", "frame_notes"]

_HIGH_RANGE = ("smpte2084", "arib-std-b67")
_EIGHT_BITS = frozenset(
    {"yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p"}
    | {"gray", "rgb24", "bgr24", "gbrp", "nv12", "pal8", "yuva420p", "bgr0", "bgra", "rgba"}
)

_COMPLETE = FilmEnding()
_LONGEST, _LONGEST_PAUSE = 24 * 3600, 3600
"""Seconds from which a film, or a pause between two frames, is longer than is usual."""


def facts_of(streams: Streams, table: FilmTable, decoder: str, ending: FilmEnding = _COMPLETE) -> FilmFacts:
    """The facts of a film.

    Args:
        streams: as the container announces them.
        table: of its frames, at least one.
        decoder: program and version.
        ending: what the structure of the file says of its end.
    """
    video, times = streams.videos[0], table.times
    width, height = table.sizes[Counter(table.size_of).most_common(1)[0][0]]
    return FilmFacts(
        container=streams.container,
        codec=video.codec,
        pixel_format=video.pixel_format,
        width=width,
        height=height,
        rotation=round(video.rotation),
        duration_seconds=streams.duration_seconds,
        rate=_rate(video.rate, table),
        variable_rate=not times.regular,
        interlaced=table.woven,
        audio=streams.audio,
        decoder=decoder,
        notes=(*frame_notes(video, table), *_oddities(streams, table, ending)),
        whole=not (
            table.given_up or ending.cut or len(streams.videos) > 1 or _missing(_announced(streams, ending), table) > 0
        ),
    )


def _rate(announced: Fraction | None, table: FilmTable) -> Fraction | None:
    """The measured rate, or the announced one where the two differ by less than a frame over the whole film."""
    span, distances = table.times[-1] - table.times[0], len(table.times) - 1
    if span <= 0:
        return announced
    if announced is not None and abs(announced * span - distances) < Fraction(1, 2):
        return announced
    return (distances / span).limit_denominator(1001) or distances / span


def frame_notes(video: VideoStream, table: FilmTable) -> tuple[str, ...]:
    """What is done to every frame on the way in, one sentence each."""
    return tuple(_steps(video, table))


def _steps(video: VideoStream, table: FilmTable) -> Iterator[str]:
    if video.rotation:
        yield f"rotated {video.rotation:g} degrees clockwise, as the file says"
    if table.woven:
        yield "deinterlaced (yadif): a frame holds two fields; every second line of one of them is interpolated"
    colours = f" ({video.colours})" if video.colours else ""
    depth = "" if video.pixel_format in _EIGHT_BITS else " with 8 bits per colour"
    yield f"converted from {video.pixel_format}{colours} to RGB{depth}"
    if any(curve in video.colours for curve in _HIGH_RANGE):
        yield "the film has a high dynamic range; its tones are not adapted"


def _oddities(streams: Streams, table: FilmTable, ending: FilmEnding) -> Iterator[str]:
    video, times = streams.videos[0], table.times
    if not video.square:
        yield "pixels are not square; frames are not stretched"
    if len(streams.videos) > 1:
        yield f"the film holds {len(streams.videos)} streams of pictures; the first one is examined"
    if table.doubtful:
        yield "flags and content disagree about whether frames hold two fields; they were not deinterlaced"
    if len(table.sizes) > 1:
        sizes = ", ".join(f"{width} x {height} from frame {first}" for width, height, first in _first_sizes(table))
        yield f"the size of the frames changes on the way: {sizes}"
    if times[0] != 0:
        yield f"the first frame is presented at {_seconds(times[0])}"
    if not times.rising:
        yield "presentation times do not always rise from frame to frame"
    if table.untimed:
        yield f"frames without a presentation time, for which the usual distance was counted on: {table.untimed}"
    yield from _ends(table, _announced(streams, ending), ending, sound=bool(streams.audio))
    if table.unshown and streams.container.startswith("mov"):  # elsewhere packets without a picture are usual
        yield f"frames that the file holds and does not show, as after an edit; not examined: {table.unshown}"
    if table.given_up:
        yield "the decoder gave up before the end of the film; what follows was not examined"
    if table.failed:
        yield f"packets that could not be decoded: {table.failed}"
    if table.tainted:
        yield f"frames that follow damage before the next key frame, and may show it: {len(table.tainted)}"


def _ends(table: FilmTable, announced: Fraction | None, ending: FilmEnding, *, sound: bool) -> Iterator[str]:
    """What is odd about how long the film lasts, and about its end."""
    times = table.times
    end, (before, pause) = times[-1] + times.usual_distance, times.longest_pause
    if announced is not None and (_missing(announced, table) > 0 or end - announced > _tolerance(announced)):
        yield (
            f"the container announces {_seconds(announced)}, the frames end at {_seconds(end)}: "
            "consistent with a file that was cut off, damaged or edited"
            + (", or with sound that outlasts the pictures" if sound and end < announced else "")
        )
    if max(announced or end, end) > _LONGEST:
        yield "the announced length or presentation times reach beyond a day: they may be wrong"
    if pause > _LONGEST_PAUSE:
        yield f"no frame is presented for {_seconds(pause)} after frame {before}"
    if ending.cut:
        yield ending.cut
    if ending.open:
        yield (
            "the file does not say where it ends, like one that is written while it is sent; whether its end is "
            "missing cannot be known"
        )


def _announced(streams: Streams, ending: FilmEnding) -> Fraction | None:
    """The length that the file announces, in seconds; the longer one of two."""
    return max((one for one in (streams.duration_seconds, ending.announced_seconds) if one is not None), default=None)


def _tolerance(announced: Fraction) -> Fraction:
    """By how much announced and real ends of a film usually differ, in seconds."""
    return max(Fraction(1), announced / 50)


def _missing(announced: Fraction | None, table: FilmTable) -> Fraction:
    """Seconds by which the frames end before the announced end, beyond what is usual; 0 where they do not."""
    if announced is None:
        return Fraction(0)
    short = announced - table.times[-1] - table.times.usual_distance
    return short if short > _tolerance(announced) else Fraction(0)


def _first_sizes(table: FilmTable) -> Iterator[tuple[int, int, int]]:
    """The first frames of the first few runs of one size."""
    runs = [0, *(at for at in range(1, len(table.size_of)) if table.size_of[at] != table.size_of[at - 1])]
    for first in runs[:4]:
        yield *table.size(first), first


def _seconds(value: Fraction) -> str:
    return f"{float(value):.3f}".rstrip("0").rstrip(".") + " s"
