"""The process around the commands: offline, its threads, its log."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from fakeface.commands import runtime

from fakeface.backends import Engine
from fakeface.faces import FaceCrop

from ..fakes import FAKE, draw, make_engine
from .conftest import invoke, spawn

CONTACTS = {
    "connect": "socket.socket().connect(('127.0.0.1', {port}))",
    "connect_ex": "socket.socket().connect_ex(('127.0.0.1', {port}))",
    "create_connection": "socket.create_connection(('127.0.0.1', {port}))",
    "version 6": "socket.socket(socket.AF_INET6).connect(('::1', {port}))",
    "datagram": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "lookup": "socket.getaddrinfo('example.org', 80)",
    "urllib": "urllib.request.urlopen('http://127.0.0.1:{port}/')",
}


@pytest.mark.parametrize("contact", CONTACTS.values(), ids=CONTACTS)
def test_no_way_leads_to_the_network(contact: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        code = (
            "import socket, urllib.request\n"
            "from fakeface.commands.runtime import forbid_network\n"
            f"forbid_network()\n{contact.format(port=listener.getsockname()[1])}"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "BackendError: fakeface works offline" in done.stderr
        with pytest.raises(TimeoutError):
            listener.accept()


def test_local_sockets_of_child_processes_still_work() -> None:
    code = (
        "import socket\nfrom fakeface.commands.runtime import forbid_network\nforbid_network()\n"
        "a, b = socket.socketpair()\na.sendmsg([b'x'])\nprint(b.recv(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "b'x'"


def test_a_whole_run_reaches_nobody_although_the_evidence_asks_for_it(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        evidence = place / "evidence"
        evidence.mkdir()
        picture = draw(evidence / "a.png", FAKE)
        picture.write_bytes(picture.read_bytes() + f'<x:xmpmeta dcterms:provenance="{address}"/>'.encode())
        (evidence / "b.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{address}a.ts\n")
        (evidence / "c.svg").write_text(f'<svg><image href="{address}"/></svg>')
        process = spawn("detect", evidence, "--out", "case")
        _, told = process.communicate(timeout=120)
        assert process.returncode == 3, told
        with pytest.raises(TimeoutError):
            listener.accept()


def test_threads_are_fixed_before_the_numeric_libraries_are_loaded() -> None:
    code = (
        "import os, sys\nfrom fakeface.commands.runtime import prepare_process\n"
        "assert 'numpy' not in sys.modules\nprint(prepare_process(3), os.environ['OMP_NUM_THREADS'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3", "3"]


def test_all_cores_of_the_process_are_taken_where_no_number_is_given() -> None:
    assert runtime.prepare_process(0) == len(os.sched_getaffinity(0))


def test_the_log_is_one_safe_line_for_each_record_in_universal_time(tmp_path: Path) -> None:
    logger = logging.getLogger("fakeface.test")
    runtime.log_to_stderr(0, quiet=True)
    with runtime.log_to_file(tmp_path / "run.log"):
        logger.info("name %s", "a\x1b[31m\nb")
        logger.debug("detail")
    logger.info("after")
    first, second = (tmp_path / "run.log").read_text().splitlines()
    assert first.endswith(r"Z INFO fakeface.test: name a\x1b[31m\nb")
    assert second.endswith("DEBUG fakeface.test: detail")


def test_an_interrupt_waits_until_a_result_is_written() -> None:
    steps = []

    def write() -> None:
        with runtime.deferred_interrupts():
            signal.raise_signal(signal.SIGINT)
            steps.append("written")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert steps == ["written"]


def test_an_error_inside_is_not_hidden_by_an_interrupt_that_waits() -> None:
    def write() -> None:
        with runtime.deferred_interrupts():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        write()


def test_a_tool_that_is_stopped_by_the_guard_says_so(place: Path, use_engine: Callable[[Engine], None]) -> None:
    def call_home(crops: Sequence[FaceCrop]) -> None:
        runtime._refuse_network("socket.getaddrinfo", ("example.org", 80, 0, 0, 0))

    use_engine(make_engine(call_home))
    result = invoke("detect", draw(place / "a.png", FAKE), "--out", "case")
    assert result.exit_code == 5
    assert "works offline" in result.stderr
