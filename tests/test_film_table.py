"""The table of a film's frames, from the program's lines: also where threads speak into one another."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fakeface.backends.film_table import FilmTable, ScanLog
from fakeface.errors import EvidenceTooLarge

BEGIN = "[info] Stream mapping:"
BASE = "[Parsed_showinfo_0 @ 0x1] [info] config in time_base: 1/25, frame_rate: 25/1"


def row(number: int, *, stamp: str = "", size: str = "64x48", fields: str = "P", key: int = 0, kind: str = "P") -> str:
    """What the program says of one frame."""
    pts = stamp or str(number)
    return (
        f"[Parsed_showinfo_0 @ 0x1] [info] n:{number:4} pts:{pts:>7} pts_time:{pts} duration: 1 duration_time:0.04 "
        f"fmt:yuv420p cl:left sar:0/1 s:{size} i:{fields} iskey:{key} type:{kind} "
    )


def decoded(number: int) -> str:
    """What the decoder says when it gives a frame."""
    return f"[vist#0:0/h264 @ 0x2] [dec:h264 @ 0x3] [info] decoder -> pts:{number} frame_type:1"


CORRUPT = "[vist#0:0/h264 @ 0x2] [dec:h264 @ 0x3] [warning] corrupt decoded frame"
FAILED = "[vist#0:0/h264 @ 0x2] [dec:h264 @ 0x3] [error] Error submitting packet to decoder: Invalid data"


def table(*lines: str, most: int = 100) -> FilmTable:
    """The table of these lines."""
    log = ScanLog(64 * 48, most, 10.0)
    for line in lines:
        log.hear(line.encode())
    return log.table()


def test_what_is_said_before_the_reading_begins_is_no_frame() -> None:
    assert len(table(row(0), BEGIN, BASE, row(0), row(1)).times) == 2


def test_words_of_another_thread_behind_a_frame_are_heard_and_hide_nothing() -> None:
    glued = table(
        *(BEGIN, BASE, decoded(0), row(0, key=1) + "corrupt decoded frame", "[Parsed_showinfo_0 @ 0x1] [info] "),
        *(decoded(1), row(1), "User Data=7832decoder -> pts:2 frame_type:1", "  Stream #0:0" + row(2), CORRUPT),
        *(row(3, key=1) + "decoder -> pts:3 frame_type:1",),
    )
    assert list(glued.times) == [Fraction(index, 25) for index in range(4)]
    assert glued.damaged == {1, 3}


def test_damage_reaches_the_next_key_frame() -> None:
    hurt = table(
        *(BEGIN, BASE, decoded(0), row(0, key=1), CORRUPT, decoded(1), row(1), decoded(2), row(2)),
        *(decoded(3), row(3, key=1), FAILED, decoded(4), row(4), decoded(5), row(5, key=1)),
    )
    assert hurt.damaged == {1}
    assert hurt.tainted == {2, 4}
    assert hurt.failed == 1


def test_a_frame_without_a_time_gets_the_usual_distance() -> None:
    untimed = table(BEGIN, BASE, row(0), row(2), row(4), row(0, stamp="NOPTS"), row(8))
    assert list(untimed.times) == [Fraction(stamp, 25) for stamp in (0, 2, 4, 6, 8)]
    assert untimed.untimed == 1


def test_a_new_size_and_a_high_score_begin_shots() -> None:
    score = "[Parsed_metadata_2 @ 0x4] [info] lavfi.scd.score="
    lines = [BEGIN, BASE]
    for number, (size, value) in enumerate([("64x48", 0.0), ("64x48", 3.0), ("64x48", 10.0), ("32x24", 0.0)]):
        lines += [row(number, size=size), f"{score}{value:.3f}"]
    shots = table(*lines).shots()
    assert [one.start_seconds * 25 for one in shots] == [0, 2, 3]
    assert [one.end_seconds * 25 for one in shots] == [2, 3, 4]


@pytest.mark.parametrize(
    ("fields", "judged", "woven", "doubtful"),
    [
        ("T", "TFF: 40 BFF: 0 Progressive: 0", True, False),
        ("T", "TFF: 0 BFF: 0 Progressive: 0", True, False),
        ("T", "TFF: 0 BFF: 0 Progressive: 40", False, True),
        ("P", "TFF: 40 BFF: 0 Progressive: 0", False, True),
        ("P", "TFF: 5 BFF: 0 Progressive: 40", False, False),
    ],
)
def test_fields_are_separated_only_where_the_stream_says_that_there_are(
    fields: str, judged: str, woven: bool, doubtful: bool
) -> None:
    words = f"[Parsed_idet_3 @ 0x5] [info] Multi frame detection: {judged} Undetermined: 1"
    found = table(BEGIN, BASE, *(row(number, fields=fields) for number in range(4)), words)
    assert (found.woven, found.doubtful) == (woven, doubtful)


def test_a_film_with_too_many_or_too_large_frames_is_refused() -> None:
    with pytest.raises(EvidenceTooLarge, match="more than 2 frames"):
        table(BEGIN, BASE, row(0), row(1), row(2), most=2)
    with pytest.raises(EvidenceTooLarge, match="65 x 48 pixels"):
        table(BEGIN, BASE, row(0, size="65x48"))
