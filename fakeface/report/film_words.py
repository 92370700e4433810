"""The words that every view of a film shares: times, places in it, what is known of it, how its frames were chosen."""

from __future__ import annotations

from fractions import Fraction

from fakeface.films import STEPS
from fakeface.report.film_entries import DecisiveFrameEntry, FilmEntry, SegmentEntry, TrackEntry
from fakeface.report.numbers import score_digits, score_words
from fakeface.report.record import FileEntry
from fakeface.report.words import statement_words

__all__ = [
    "SOUND",
    "clock",
    "count_words",
    "fact_rows",
    "film_verdict_words",
    "frame_words",
    "length_words",
    "moment",
    "odd_notes",
    "reason_of_its_own",
    "role_words",
    "rule_words",
    "seen_words",
    "segment_words",
    "segments_words",
    "track_name",
    "track_score_words",
    "track_verdict_words",
]

SOUND = "Sound was not examined."

SILENT_DECODERS = ("hevc", "vp8", "vp9")
"""Codecs whose decoders conceal damage and report hardly any."""

METHOD_WORDS = {
    "mean": "the mean of its text-independent scores",
    "median": "the median of its text-independent scores",
    "top": "the mean of the highest quarter of its text-independent scores",
    "robust": "the mean over seconds of its text-independent scores, drawn towards 0.5 for short tracks",
    "contrast": "made of the level of its local scores and of how far their strongest stretch stands out",
}
"""What the score of a track is, by aggregation (``fakeface.timeline``)."""

MINUTE, HOUR = 60, 3600


def clock(seconds: Fraction, digits: int = 3) -> str:
    """A presentation time as ``00:01:02.345``, rounded to so many decimals of a second."""
    whole, minutes, hours, sign = _split(seconds, digits)
    return f"{sign}{hours:02d}:{minutes:02d}:{whole:0>{digits + 3}}"


def moment(seconds: Fraction, digits: int = 2) -> str:
    """A presentation time for narrow places: ``1:02.35``, with hours only where there are any."""
    whole, minutes, hours, sign = _split(seconds, digits)
    return f"{sign}{f'{hours}:{minutes:02d}' if hours else minutes}:{whole:0>{digits + 3}}"


def _split(seconds: Fraction, digits: int) -> tuple[str, int, int, str]:
    """Seconds as digits, minutes, hours and sign; rounded as a whole, so that no 60 can stand in a place."""
    scale = 10**digits
    total = round(abs(seconds) * scale)
    whole, part = divmod(total, scale)
    sign = "-" if seconds < 0 and total else ""
    return f"{whole % MINUTE}.{part:0{digits}d}", whole // MINUTE % 60, whole // HOUR, sign


def frame_words(frame: DecisiveFrameEntry) -> str:
    """Number and presentation time of a frame, the line under its picture."""
    kind = f" ({frame.frame_type})" if frame.frame_type else ""
    return f"frame {frame.index}{kind}, {clock(frame.time_seconds.fraction)}"


def role_words(frame: DecisiveFrameEntry) -> str:
    """Why a frame was chosen: *most suspicious, sharpest*."""
    return ", ".join(frame.roles)


def segment_words(segment: SegmentEntry, digits: int = 2) -> str:
    """Where a segment lies in the film: ``0:02.00–0:04.50``."""
    start, end = segment.start_seconds.fraction, segment.end_seconds.fraction
    return f"{moment(start, digits)}–{moment(end, digits)}"


def segments_words(track: TrackEntry, separator: str = ", ", digits: int = 2) -> str:
    """All segments of a track; a dash where there is none."""
    return separator.join(segment_words(segment, digits) for segment in track.segments) or "—"


def track_name(track: TrackEntry) -> str:
    """``T01``: the track's id without that of its film."""
    return track.id.rpartition("-")[2]


def track_verdict_words(track: TrackEntry) -> str:
    """The verdict as an analyst reads it: *inconclusive: too few of the sampled frames show the face well enough*."""
    return statement_words(track.verdict, track.reason)


def film_verdict_words(entry: FileEntry) -> str:
    """The verdict on a film as an analyst reads it: *inconclusive: only a part of the film was examined, as asked*."""
    return statement_words(entry.verdict, entry.reason) if entry.verdict else "—"


def reason_of_its_own(entry: FileEntry) -> bool:
    """Whether a film is inconclusive for a reason that none of its tracks has."""
    return bool(entry.film and entry.reason and entry.reason not in {track.reason for track in entry.film.tracks})


def track_score_words(track: TrackEntry, separator: str = " ") -> str:
    """The aggregated score with its interval: ``0.83 (0.71–0.90)``, all with four decimals where one needs them.

    Beside a bound no dash stands, which would look like an arrow: ``0.9987 (0.9951 to >0.9999)``.
    """
    if track.score is None or track.interval is None:
        return score_words(track.score)
    digits = score_digits(track.score, *track.interval)
    score, low, high = (score_words(one, digits) for one in (track.score, *track.interval))
    between = f" to{separator}" if {low[0], high[0]} & {"<", ">"} else "–"
    return f"{score}{separator}({low}{between}{high})"


def seen_words(track: TrackEntry) -> str:
    """Sightings that could be scored, of all: ``38/40``."""
    return f"{track.usable}/{len(track.sightings)}"


def count_words(film: FilmEntry) -> str:
    """The account of the frames in one line."""
    counts = film.counts
    return (
        f"{counts.decoded} frames decoded, {counts.damaged} reported damaged or lost by the decoder, "
        f"{counts.sampled} looked at for faces, {counts.with_faces} with a face"
    )


def length_words(film: FilmEntry) -> str:
    """How long the film is: from its first frame to the end of its last one, or as stated where it has only one."""
    first, last, stated = film.counts.first_seconds, film.counts.last_seconds, film.facts.duration_seconds
    if first is None or last is None or first.fraction == last.fraction:
        return f"length {moment(stated.fraction)} as stated" if stated else "length not stated"
    ends = [last.fraction, *(shot.end_seconds.fraction for shot in film.shots)]
    return f"length {moment(max(ends) - first.fraction)}"


def odd_notes(film: FilmEntry) -> list[str]:
    """The notes that tell of something odd, without those on how frames are usually converted."""
    return [note for note in film.facts.notes if not note.startswith(STEPS)]


def _damage_words(film: FilmEntry) -> str:
    """What the number of damaged frames is worth, where that is little; else empty."""
    codec = film.facts.codec
    return f". Decoders of {codec} conceal damage and report hardly any" if codec in SILENT_DECODERS else ""


def rule_words(film: FilmEntry) -> str:
    """By which rule scores became stretches and verdicts."""
    rule = film.rule
    return (
        f"The score of a track is {METHOD_WORDS.get(rule.method, rule.method)} ({rule.method}). Threshold "
        f"{rule.cut:.3f}; closer to it than {rule.margin:.3f} is too close to call; fewer than "
        f"{rule.least_sightings} scored sightings are too "
        "few. A track whose score lies at least that far above the threshold, or that has a marked stretch, supports "
        "alteration where more of its decisive frames (with marked stretches: of those in them) were decided so than "
        "the other way. One whose score lies at least that far below it, without a marked stretch, supports no "
        "alteration where more were decided that way than the other. Inconclusive ones count for neither; every other "
        "track is inconclusive. "
        "A stretch is marked as altered where the mean log-odds of its local scores (the artifact mask over the 3 % of "
        "the window where it shows most) lie so far above those of the rest of the track that "
        "the difference, in what such differences vary by and less what the best of all stretches reaches by chance, "
        f"is {rule.stand_out:.2f} or more; it ends where the person is away for longer than {rule.gap_seconds:g} s, "
        f"and one shorter than {rule.least_seconds:g} s is dropped."
    )


def fact_rows(film: FilmEntry) -> list[tuple[str, str]]:
    """Names and values of what is known of the film and of the way it was looked at."""
    facts, counts = film.facts, film.counts
    stated = facts.duration_seconds
    duration = f"{clock(stated.fraction)} ({stated.exact} s)" if stated else "not stated"
    rows = [
        ("Container and codec", f"{facts.container}; {facts.codec}, {facts.pixel_format}"),
        ("Dimensions", f"{facts.width} × {facts.height} pixels, upright{_turned(facts.rotation)}"),
        ("Duration as stated", duration),
        ("Frame rate", _rate(film)),
    ]
    if counts.first_seconds and counts.last_seconds:
        first, last = clock(counts.first_seconds.fraction), clock(counts.last_seconds.fraction)
        rows.append(("Presentation times", f"first frame {first}, last frame {last}"))
    rows += [
        ("Frames", f"{count_words(film)}{_damage_words(film)}"),
        ("Frames looked at", film.sampling),
        ("Shots", str(len(film.shots))),
        ("Sound", f"{'; '.join(facts.audio) if facts.audio else 'no sound stream'}. {SOUND}"),
        ("Decoder", facts.decoder),
    ]
    if facts.notes:
        rows.append(("Notes", "\n".join(facts.notes)))
    return rows


def _turned(degrees: int) -> str:
    return f", turned by {degrees} degrees clockwise as the file asks" if degrees else ""


def _rate(film: FilmEntry) -> str:
    facts = film.facts
    said = f"{facts.rate.value:.3f} per second on average ({facts.rate.exact})" if facts.rate else "not stated"
    more = ["variable" if facts.variable_rate else "constant"] + (["deinterlaced"] if facts.interlaced else [])
    return f"{said}; {', '.join(more)}"
