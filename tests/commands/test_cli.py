"""The group: its help, its table of commands, and the small commands beside ``detect``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakeface.commands import cli as group
from fakeface.commands import doctor as doctor_command

from fakeface.training.forge import shipped
from fakeface.training.forge.shipped import shipped_part

from .conftest import SCRIPT, invoke
from .test_exit_codes import installed

__all__ = ["installed"]


def test_help_lists_every_command_and_explains_codes_and_completion() -> None:
    result = invoke("--help")
    assert result.exit_code == 0
    for name, lazy in group.COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert lazy.help in result.stdout
    assert "130" in result.stdout
    assert "_FAKEFACE_COMPLETE=bash_source" in result.stdout


@pytest.mark.parametrize("name", ["detect", "weights", "doctor"])
def test_every_command_has_help_with_examples(name: str) -> None:
    result = invoke(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: fakeface {name}" in result.stdout.replace("cli", "fakeface") or name in result.stdout


def test_completion_works_as_the_help_says() -> None:
    environment = {**os.environ, "_FAKEFACE_COMPLETE": "bash_complete", "COMP_WORDS": "fakeface de", "COMP_CWORD": "1"}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert "plain,detect" in done.stdout


def test_the_module_runs_like_the_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fakeface.commands", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("fakeface, version")


def test_weights_list_shows_parts_with_hash_and_presence(installed: Path) -> None:
    result = invoke("weights", "list")
    assert result.exit_code == 0
    assert "encoder.safetensors" in result.stdout
    assert "yes" in result.stdout
    (installed / "encoder.safetensors").unlink()
    assert "missing" in invoke("weights", "list").stdout


def test_weights_verify_says_that_all_is_right(installed: Path) -> None:
    result = invoke("weights", "verify", "--profile", "compact")
    assert result.exit_code == 0
    assert "right" in result.stdout


def test_the_studios_generators_are_listed_and_hashed_with_the_profiles_and_torch_stays_out() -> None:
    listed, checked = invoke("weights", "list"), invoke("weights", "verify")
    assert shipped_part().sha256[:40] in listed.stdout
    assert [line for line in checked.stdout.splitlines() if "studio-generators.safetensors" in line and "right" in line]
    assert "studio-generators" not in invoke("weights", "verify", "--profile", "compact").stdout
    code = "from fakeface.commands.cli import cli\ncli(['weights', 'verify'], standalone_mode=False)\n"
    code += "import sys\nprint('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


def test_a_changed_file_of_the_studio_is_four(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "studio-generators.safetensors").write_bytes(b"swapped")
    monkeypatch.setattr(shipped, "weights_folder", lambda: tmp_path)
    result = invoke("weights", "verify")
    assert result.exit_code == 4
    assert "studio-generators.safetensors is not the file" in result.stdout
    (tmp_path / "studio-generators.safetensors").unlink()
    assert invoke("weights", "verify").exit_code == 5


def test_weights_verify_names_the_file_that_differs(installed: Path) -> None:
    (installed / "encoder.safetensors").write_bytes(b"swapped")
    result = invoke("weights", "verify")
    assert result.exit_code == 4
    assert "encoder.safetensors is not the file that the profile names" in result.stdout


def test_an_incomplete_profile_record_is_told_as_such(installed: Path) -> None:
    (installed / "compact.toml").write_text('version = "1"\n')
    result = invoke("weights", "verify")
    assert result.exit_code == 5
    assert "incomplete" in result.stderr


def test_no_profile_at_all_is_five(installed: Path) -> None:
    (installed / "compact.toml").unlink()
    assert invoke("weights", "list").exit_code == 5


@pytest.fixture
def few_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that are imported already: the others take seconds."""
    monkeypatch.setattr(doctor_command, "LIBRARIES", {"numpy": "numpy", "PIL": "pillow"})
    monkeypatch.setattr(doctor_command, "_check_cuda", lambda: doctor_command.Check("graphics processor", "none"))


def test_doctor_finds_nothing_wrong_on_a_complete_installation(installed: Path, few_libraries: None) -> None:
    result = invoke("doctor")
    assert result.exit_code == 0, result.stdout
    for word in ("python", "numpy", "ffmpeg", "profile compact: encoder", "threads", "temporary files"):
        assert word in result.stdout


def test_doctor_names_what_is_missing(installed: Path, few_libraries: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_command, "LIBRARIES", {"no_such_library": "no-such-library"})
    result = invoke("doctor")
    assert result.exit_code == 5
    assert "no-such-library" in result.stdout


def test_doctor_says_four_where_a_model_file_differs(installed: Path, few_libraries: None) -> None:
    (installed / "encoder.safetensors").write_bytes(b"swapped")
    assert invoke("doctor").exit_code == 4
