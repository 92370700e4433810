"""Pictures are decoded in a child under limits, and whatever is wrong with one is said and left behind."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from fakeface.backends.stills import Decoder
from fakeface.errors import (
    DecoderFailed,
    EvidenceChanged,
    EvidenceError,
    EvidenceTooLarge,
    UnreadableEvidence,
    UnsupportedEvidence,
)
from fakeface.settings import DecoderSettings
from tests.pictures import png, saved, written

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at the child through /proc")


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """One child for the whole module: that it serves many files is part of what is tested."""
    with Decoder(DecoderSettings()) as shared:
        yield shared


@pytest.fixture(scope="module")
def astronaut() -> NDArray[np.uint8]:
    return np.ascontiguousarray(data.astronaut())


@pytest.fixture
def small() -> NDArray[np.uint8]:
    """A picture without any symmetry, 5 wide and 3 high."""
    return np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)


# What is refused


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"just text", "not a picture that can be examined"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "PostScript"),
        (b"8BPS\0\x01" + bytes(40), "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(40), "video"),
        (b"SIMPLE  =                    T", "not a picture that can be examined"),
        (b"P6 1 1 255\n\0\0\0", "not a picture that can be examined"),
        (b"\0", "not a picture that can be examined"),
    ],
)
def test_what_is_no_picture_of_the_allow_list_is_refused(
    decoder: Decoder, tmp_path: Path, content: bytes, words: str
) -> None:
    with pytest.raises(UnsupportedEvidence, match=words):
        decoder.open(written(tmp_path / "holiday.jpg", content))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"FLV\x01\x05" + bytes(40), "a Flash video"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(40), "a Windows Media file"),
        (b"G@\x11\x10" + bytes(40), "an MPEG transport stream"),
        (b"#EXTM3U\n#EXTINF:1,\na.ts\n", "a playlist"),
        (b"ffconcat version 1.0\nfile a.mp4\n", "a list of files to be joined"),
    ],
)
def test_what_may_pass_for_a_film_is_told_which_films_are_examined(
    decoder: Decoder, tmp_path: Path, content: bytes, kind: str
) -> None:
    with pytest.raises(UnsupportedEvidence) as raised:
        decoder.open(written(tmp_path / "a.ts", content))
    assert str(raised.value) == (
        f"the content is {kind}; supported are pictures in JPEG, PNG, WEBP, BMP, TIFF, GIF, AVIF, HEIF and, by "
        "fakeface video, films in MP4, MOV, MKV, WebM, AVI"
    )


def test_the_preview_of_a_camera_raw_file_does_not_pass_for_the_picture(
    decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8]
) -> None:
    with pytest.raises(UnsupportedEvidence, match="camera raw"):
        decoder.open(saved(tmp_path / "a.nef", Image.fromarray(small), format="TIFF", tiffinfo={254: 1}))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
@pytest.mark.parametrize("keep", [0.02, 0.5, 0.9])
def test_a_truncated_picture_is_refused_and_never_filled_up(
    decoder: Decoder, tmp_path: Path, astronaut: NDArray[np.uint8], form: str, keep: float
) -> None:
    whole = io.BytesIO()
    Image.fromarray(astronaut).save(whole, form)
    content = whole.getvalue()
    with pytest.raises(UnreadableEvidence, match=f"the {form} data is damaged or cut off"):
        decoder.open(written(tmp_path / "a", content[: max(24, int(len(content) * keep))]))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]),
    at=st.lists(st.floats(0, 0.999), min_size=1, max_size=8),
    value=st.integers(0, 255),
)
def test_damaged_bytes_give_a_picture_or_one_plain_line_and_never_a_crash(
    decoder: Decoder, tmp_path: Path, form: str, at: list[float], value: int
) -> None:
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(4).integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(whole, form)
    content = bytearray(whole.getvalue())
    for place in at:
        content[int(place * len(content))] = value
    message = ""
    try:
        decoder.open(written(tmp_path / "a", bytes(content)))
    except EvidenceError as error:
        message = str(error)
    assert message.isprintable()
    assert "ended by" not in message


@LINUX
def test_a_decompression_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    side = 13_000
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(bytes(side + 1)) for _ in range(side)) + packer.flush()
    shell = png(side, side, 8, 0, b"")
    marker = shell.index(b"IDAT") - 4
    body = b"IDAT" + packed
    bomb = shell[:marker] + struct.pack("!I", len(packed)) + body + struct.pack("!I", zlib.crc32(body)) + shell[-12:]
    assert len(bomb) < 2_000_000
    evidence = written(tmp_path / "bomb.png", bomb)
    with Decoder(DecoderSettings()) as one:
        with pytest.raises(EvidenceTooLarge, match="announces 169,000,000 pixels, the limit is 128,000,000"):
            one.open(evidence)
        status = Path(f"/proc/{one.process_id}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) * 1024 < side * side


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_the_cap_is_exact_for_every_format(tmp_path: Path, form: str) -> None:
    with Decoder(DecoderSettings(max_pixels=40 * 30)) as capped:
        fits = saved(tmp_path / "fits", Image.new("RGB", (40, 30)), format=form)
        over = saved(tmp_path / "over", Image.new("RGB", (40, 31)), format=form)
        bomb = saved(tmp_path / "bomb", Image.new("RGB", (400, 310)), format=form)
        assert capped.open(fits).frame.width == 40
        with pytest.raises(EvidenceTooLarge):
            capped.open(over)
        with pytest.raises(EvidenceTooLarge):
            capped.open(bomb)


def test_a_file_that_vanished_after_sealing_is_refused(decoder: Decoder, tmp_path: Path) -> None:
    evidence = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    (tmp_path / "a.png").unlink()
    with pytest.raises(UnreadableEvidence, match="no such file"):
        decoder.open(evidence)
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UnsupportedEvidence, match="named pipe"):
        decoder.open(evidence)


def test_a_file_of_another_size_than_the_sealed_one_is_not_decoded(decoder: Decoder, tmp_path: Path) -> None:
    evidence = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    saved(tmp_path / "a.png", Image.new("RGB", (200, 200)))
    with pytest.raises(EvidenceChanged):
        decoder.open(evidence)


# The child


def test_one_child_serves_many_files_also_after_refusals(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    bad = written(tmp_path / "b.png", b"text")
    with Decoder(DecoderSettings()) as one:
        assert one.process_id is None
        one.open(good)
        first = one.process_id
        with pytest.raises(UnsupportedEvidence):
            one.open(bad)
        one.open(good)
        assert one.process_id == first is not None
    assert one.process_id is None
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


@LINUX
def test_the_child_takes_limits_on_itself_and_never_loads_torch_or_numpy(tmp_path: Path) -> None:
    own = DecoderSettings(memory_bytes=512 * 1024**2, timeout_seconds=30)
    with Decoder(own) as one:
        one.open(saved(tmp_path / "a.png", Image.new("RGB", (2, 2))))
        proc = Path(f"/proc/{one.process_id}")
        limits = {line[:25].strip(): line[26:47].strip() for line in (proc / "limits").read_text().splitlines()}
        loaded = (proc / "maps").read_text()
        open_files = len(list((proc / "fd").iterdir()))
    assert 512 * 1024**2 < int(limits["Max address space"]) < 768 * 1024**2
    assert limits["Max file size"] == "0"
    assert limits["Max core file size"] == "0"
    assert limits["Max open files"] == "32"
    assert 30 < int(limits["Max cpu time"]) < 60
    assert open_files <= 4
    assert "_imaging" in loaded
    assert "torch" not in loaded
    assert "numpy" not in loaded


def test_the_childs_code_imports_no_torch() -> None:
    code = "import sys, fakeface.decoder.__main__; print({'torch', 'numpy', 'pydantic'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_modules_in_the_working_folder_are_not_imported_by_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PIL.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with Decoder(DecoderSettings()) as one:
        one.open(saved(tmp_path / "a.png", Image.new("RGB", (2, 2))))
    assert not (tmp_path / "owned").exists()


def test_a_picture_beyond_the_memory_limit_fails_alone(tmp_path: Path) -> None:
    large = saved(tmp_path / "large.png", Image.new("RGB", (6000, 4000)))
    good = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    with Decoder(DecoderSettings(memory_bytes=48 * 1024**2)) as tight:
        tight.open(good)
        with pytest.raises(DecoderFailed, match="needs more memory"):
            tight.open(large)
        assert tight.open(good).frame.width == 2


@LINUX
def test_a_child_that_hangs_is_killed_at_the_limit_and_the_next_file_works(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    with Decoder(DecoderSettings(timeout_seconds=0.3)) as one:
        one.open(good)
        stuck = one.process_id
        assert stuck is not None
        os.kill(stuck, signal.SIGSTOP)
        with pytest.raises(DecoderFailed, match=r"took longer than 0\.3 s and was stopped"):
            one.open(good)
        assert not Path(f"/proc/{stuck}").exists()
    with Decoder(DecoderSettings()) as one:
        one.open(good)
        os.kill(one.process_id or 0, signal.SIGSTOP)
        threading.Timer(0.2, os.kill, (one.process_id, signal.SIGSEGV)).start()
        threading.Timer(0.3, os.kill, (one.process_id, signal.SIGCONT)).start()
        with pytest.raises(DecoderFailed, match="ended by SIGSEGV"):
            one.open(good)
        assert one.open(good).format == "PNG"


def test_a_child_that_died_between_two_files_costs_neither(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("RGB", (2, 2)))
    with Decoder(DecoderSettings()) as one:
        one.open(good)
        first = one.process_id
        os.kill(first or 0, signal.SIGKILL)
        os.waitid(os.P_PID, first or 0, os.WEXITED | os.WNOWAIT)
        assert one.open(good).format == "PNG"
        assert one.process_id != first


@LINUX
def test_processor_time_is_limited_per_file_and_not_for_the_whole_run(tmp_path: Path) -> None:
    good = saved(tmp_path / "a.png", Image.new("RGB", (2000, 2000)))
    with Decoder(DecoderSettings(timeout_seconds=20)) as one:
        soft: set[int] = set()
        for _ in range(500):
            one.open(good)
            limits = Path(f"/proc/{one.process_id}/limits").read_text()
            soft.add(int(next(line for line in limits.splitlines() if "cpu" in line).split()[3]))
            if len(soft) > 1:
                break
    assert sorted(soft) == [min(soft), min(soft) + 1]


def test_threads_take_turns(tmp_path: Path) -> None:
    colours = [(value, 0, 0) for value in range(0, 240, 10)]
    sealed = [saved(tmp_path / f"{c[0]}.png", Image.new("RGB", (64, 64), c)) for c in colours]
    seen: dict[int, list[int]] = {}
    with Decoder(DecoderSettings()) as one:

        def work(part: int) -> None:
            for index in range(part, len(sealed), 3):
                seen[index] = one.open(sealed[index]).frame.pixels[5, 5].tolist()

        threads = [threading.Thread(target=work, args=(part,)) for part in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [seen[index] for index in range(len(colours))] == [list(colour) for colour in colours]
