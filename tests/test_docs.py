"""The documents say what is: commands, options, exit codes, files and sizes that they name are those of the code."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
from fakeface.commands.cli import cli
from fakeface.commands.runtime import PRECEDENCE, ExitCode

from .cli_reference import REFERENCE, commands, exit_code_meanings, render
from .test_architecture import TREE

DOCUMENTS = sorted([*TREE.glob("*.md"), *(TREE / "docs").glob("*.md"), *(TREE / "samples").glob("*.md")])
README = (TREE / "README.md").read_text("utf-8")
COMMANDS = dict(commands())
FOLDERS = "fakeface|commands|weights|tests|samples|docs|scripts"


def test_the_command_reference_is_current() -> None:
    assert REFERENCE.read_text("utf-8") == render(), "write it again: python -m tests.cli_reference"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_an_example(name: str) -> None:
    text = README + REFERENCE.read_text("utf-8").replace(f"    {name} ", "")  # the usage line is no example
    is_group = isinstance(COMMANDS[name], click.Group)
    assert f"## {name}\n" in text
    assert any(line.startswith(name) for line in invocations(text)) or is_group


def invocations(text: str) -> list[str]:
    """Every call of the tool that a document shows: in blocks of code, and between backticks."""
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```", text, re.S | re.M)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    inline = re.findall(r"`(fakeface [^`]+)`", text)
    calls = [match for line in [*lines, *inline] for match in re.findall(r"(?:^|\| ?|bin/)(fakeface [a-z].*)", line)]
    return [" ".join(shlex.split(call, comments=True)) for call in calls]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(TREE).as_posix())
def test_every_shown_call_names_a_command_and_options_that_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    for call in invocations(text):
        words = call.split()[1:]
        command: click.Command = cli
        while words and isinstance(command, click.Group) and not words[0].startswith("-"):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, f"{call}: no such command"
            command = found
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, f"{call}: no such option"


def test_the_readme_shows_calls_at_all() -> None:
    assert len(invocations(README)) > 15
    assert "fakeface detect - --format jsonl" in invocations(README)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(TREE).as_posix())
def test_every_link_and_file_that_is_named_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    links = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []
    named = re.findall(rf"`((?:{FOLDERS})/[\w./*-]*)`", text)
    assert [name for name in named if not any(TREE.glob(name.rstrip("/")))] == []


def test_the_readme_tells_every_exit_code_and_their_order() -> None:
    table = README.partition("## Exit codes")[2].partition("\n## ")[0]
    told = [int(code) for code in re.findall(r"^\| (\d+) \|", table, re.M)]
    assert told == sorted(ExitCode)
    assert list(exit_code_meanings()) == told
    order = re.search(r"the order is ([\d, ]+)\.", table)
    assert order is not None
    assert [int(code) for code in order.group(1).split(",")] == [code for code in PRECEDENCE if code]


def test_the_help_tells_every_exit_code() -> None:
    told = {int(code) for code in re.findall(r"(?:^|[;:]\s+)(\d+) ", (cli.epilog or "").replace("\n", " "))}
    assert told == set(ExitCode)


def test_the_readme_has_the_two_commands_and_they_can_be_run() -> None:
    for name in ("scripts/demo", "scripts/test"):
        assert re.search(rf"^{name}\b", README, re.M)
        assert (TREE / name).stat().st_mode & 0o111
        assert (TREE / name).read_text("utf-8").startswith("#!/bin/sh\n")


def test_the_samples_page_names_every_sample() -> None:
    told = set(re.findall(r"^\| `(\w+\.jpg)` \|", (TREE / "samples" / "README.md").read_text("utf-8"), re.M))
    assert told == {path.name for path in (TREE / "samples").glob("*.jpg")}


def test_the_model_card_states_the_sizes_of_the_networks() -> None:
    from fakeface.networks.encoder import EncoderConfig, ForensicEncoder
    from fakeface.networks.language import CompactLanguageModel, LanguageConfig
    from fakeface.networks.masks import MasksConfig, PromptedMasks
    from fakeface.networks.mids import Mids, MidsConfig

    card = (TREE / "docs" / "model-card.md").read_text("utf-8")
    sizes = json.loads((TREE / "weights" / "compact.json").read_text("utf-8"))
    encoder, mids = (
        {name: tuple(v) if isinstance(v, list) else v for name, v in sizes[one].items()} for one in ("encoder", "mids")
    )
    for network in (
        ForensicEncoder(EncoderConfig(**encoder)),
        CompactLanguageModel(LanguageConfig(**sizes["language"])),
        PromptedMasks(MasksConfig(**sizes["masks"])),
        Mids(MidsConfig(**mids)),
    ):
        assert f"| {sum(parameter.numel() for parameter in network.parameters()):,} |" in card


def test_documents_hold_nothing_unfinished_and_no_path_of_one_computer() -> None:
    for path in DOCUMENTS:
        assert re.findall(r"\bTODO\b|\bTBD\b|\bFIXME\b|/home/\w+|/root/|\bC:\\", path.read_text("utf-8")) == [], path
