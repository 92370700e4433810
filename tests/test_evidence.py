"""Evidence is hashed as it is, opened without side effects, and noticed when it changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeface.errors import EvidenceChanged, EvidenceError, SettingsError, UnreadableEvidence, UnsupportedEvidence
from fakeface.evidence import Evidence, recheck, seal

NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may read everything, so for a moment it is somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an ordinary user can enter; pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@settings(max_examples=25)
@given(content=st.binary(min_size=1, max_size=3000), repeats=st.sampled_from([1, 1000]))
def test_both_hashes_and_the_size_are_those_of_the_content(content: bytes, repeats: int) -> None:
    content *= repeats
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        sealed = seal(file.name)
    assert sealed == Evidence(
        file.name, hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest(), len(content)
    )


def test_bytes_text_and_path_objects_name_the_same_evidence(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"x")
    assert seal(file) == seal(str(file)) == seal(os.fsencode(file))


def test_a_name_that_is_not_utf8_is_sealed_and_rechecked(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe\x1b[31m.jpg"
    Path(os.fsdecode(name)).write_bytes(b"x")
    sealed = seal(name)
    assert sealed.path == os.fsdecode(name)
    recheck(sealed)


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert seal(tmp_path / "link").sha256 == seal(tmp_path / "real").sha256


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UnreadableEvidence, match=r"^the file is empty$"):
        seal(tmp_path / "empty.jpg")


def test_a_missing_file_is_named_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableEvidence, match=r"^there is no such file$"):
        seal(tmp_path / "gone.jpg")
    with pytest.raises(UnreadableEvidence, match=r"^there is no such file$"):
        seal("")


def test_a_dangling_or_circular_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UnreadableEvidence, match="no such file"):
        seal(tmp_path / "dangling")
    with pytest.raises(UnreadableEvidence, match="form a loop"):
        seal(tmp_path / "loop")


def test_a_name_that_cannot_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableEvidence, match="no file can have this name"):
        seal("a\0b")
    with pytest.raises(UnreadableEvidence):
        seal(tmp_path / ("n" * 300))


def test_a_file_without_permission_is_refused(open_folder: Path) -> None:
    file = open_folder / "closed.jpg"
    file.write_bytes(b"x")
    file.chmod(0)
    with ordinary_user(), pytest.raises(UnreadableEvidence, match=r"^permission denied$"):
        seal(file)


def test_a_file_of_another_owner_is_readable_although_its_access_time_cannot_be_left_alone(open_folder: Path) -> None:
    file = open_folder / "open.jpg"
    file.write_bytes(b"x")
    file.chmod(0o644)
    with ordinary_user():
        assert seal(file).size_bytes == 1


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="this system always writes access times")
def test_sealing_leaves_the_access_time_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    os.utime(file, ns=(1, file.stat().st_mtime_ns))
    seal(file)
    assert file.stat().st_atime_ns == 1


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(UnsupportedEvidence, match="a named pipe; only regular files"):
        seal(tmp_path / "pipe.jpg")


def test_folders_devices_and_sockets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsupportedEvidence, match="a folder"):
        seal(tmp_path)
    with pytest.raises(UnsupportedEvidence, match="a device"):
        seal("/dev/zero")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sock.jpg")
        with pytest.raises(UnsupportedEvidence, match="a socket"):
            seal("sock.jpg")


@pytest.mark.parametrize("change", [lambda p: p.write_bytes(b"after!"), lambda p: p.write_bytes(b"before+")])
def test_a_change_of_content_is_noticed_and_both_hashes_are_named(tmp_path: Path, change: object) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"before")
    sealed = seal(file)
    recheck(sealed)
    assert callable(change)
    change(file)
    with pytest.raises(EvidenceChanged) as caught:
        recheck(sealed)
    assert sealed.sha256 in str(caught.value)
    assert seal(file).sha256 in str(caught.value)
    assert caught.value.exit_code == 4


def test_evidence_that_vanishes_or_is_emptied_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"before")
    sealed = seal(file)
    file.write_bytes(b"")
    with pytest.raises(EvidenceChanged, match="cannot be now: the file is empty"):
        recheck(sealed)
    file.unlink()
    with pytest.raises(EvidenceChanged, match="cannot be now: there is no such file"):
        recheck(sealed)


def test_no_message_carries_the_raw_name(tmp_path: Path) -> None:
    hostile = tmp_path / "\x1b]0;owned\x07\n.jpg"
    for make in (lambda: None, hostile.mkdir):
        make()
        with pytest.raises(EvidenceError) as caught:
            seal(hostile)
        assert str(caught.value).isprintable()
        assert "owned" not in str(caught.value)


def test_evidence_without_proper_hashes_cannot_be_made() -> None:
    with pytest.raises(SettingsError):
        Evidence("a", "abc", "def", 1)
