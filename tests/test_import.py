"""Importing is free, and help comes at once: nothing heavy is loaded before a command needs it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "cv2", "numpy", "dlib", "rich", "pydantic", "PIL", "reportlab")

SHOW = f"import json, sys; print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"

HELP = """
try:
    from fakeface.commands.cli import cli
    cli.main({arguments!r}, prog_name="fakeface")
except SystemExit as stop:
    assert stop.code == 0, stop.code
"""


def loaded_after(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", f"{code}\n{SHOW}"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_fakeface_loads_nothing_heavy() -> None:
    assert loaded_after("import fakeface") == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["detect", "--help"], ["weights", "--help"], ["doctor", "--help"]]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_after(HELP.format(arguments=arguments)) == []


def test_the_engine_builder_is_imported_without_any_backend() -> None:
    loaded = loaded_after("import fakeface.backends, fakeface.pipeline")
    assert set(loaded).isdisjoint({"torch", "transformers", "dlib", "rich", "pydantic", "reportlab"})
