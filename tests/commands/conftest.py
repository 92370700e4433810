"""The real command line, in this process or as a process of its own, with models that can be foretold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fakeface.commands.cli import cli

from fakeface import backends
from fakeface.backends import Engine
from fakeface.report.record import Record

from ..fakes import make_engine

PROCESS = Path(__file__).with_name("process.py")
TREE = Path(__file__).parents[2]
SCRIPT = str(Path(sysconfig.get_path("scripts"), "fakeface"))


@pytest.fixture
def use_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[Engine], None]:
    """Lets the commands of this test use this engine."""
    return lambda engine: monkeypatch.setattr(backends, "build_engine", lambda settings: engine)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use_engine: Callable[[Engine], None]) -> Path:
    """A working folder of its own, and the stand-in models."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # restored afterwards
    monkeypatch.chdir(tmp_path)
    use_engine(make_engine())
    return tmp_path


def invoke(*arguments: object, given: bytes | None = None) -> Result:
    """Run ``fakeface`` in this process; the result has exit code, stdout and stderr."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=given)


def spawn(*arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start ``fakeface`` with the stand-in models as a process."""
    words = [sys.executable, str(PROCESS), *(os.fspath(word) if isinstance(word, Path) else word for word in arguments)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    environment = {**os.environ, "PYTHONPATH": str(TREE), **options.pop("env", {})}
    # Where the tests themselves run in a shell's background, SIGINT is ignored, and a child would inherit that.
    return subprocess.Popen(
        words, env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), **options
    )


def read_record(case: Path) -> Record:
    """The record of a case folder, checked against its schema."""
    return Record.model_validate_json((case / "findings.json").read_bytes())


def comparable(case: Path) -> dict[str, Any]:
    """The record without what may differ between two runs."""
    record = json.loads((case / "findings.json").read_text())
    del record["run"]
    return record


def lines(text: str) -> list[dict[str, Any]]:
    """Entries of JSON Lines output."""
    return [json.loads(line) for line in text.splitlines()]


def names(entries: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the entries' files, without folders."""
    return [Path(entry["name"]).name for entry in entries]
