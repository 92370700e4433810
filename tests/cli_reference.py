"""Writes docs/cli.md out of the commands themselves: ``python -m tests.cli_reference``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from fakeface.commands.cli import cli
from fakeface.commands.runtime import ExitCode

REFERENCE = Path(__file__).parents[1] / "docs" / "cli.md"
HEAD = """# Command line

Written from the commands' own help by `python -m tests.cli_reference`; a test fails where it is not current.

Results go to standard output, everything else to standard error. Progress bars appear on a terminal only, and
`NO_COLOR` is honoured. Boxes are `x0,y0,x1,y1` in pixels of the upright picture.
"""


def commands(group: click.Group = cli, prefix: str = "fakeface") -> Iterator[tuple[str, click.Command]]:
    """Every command and sub-command with its full name, in the order of the help."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")


def render() -> str:
    """The whole page."""
    sections = [HEAD, _exit_codes(), _section("fakeface", cli)]
    return "\n".join([*sections, *(_section(name, command) for name, command in commands())])


def exit_code_meanings() -> dict[int, str]:
    """Exit code -> its sentence, as it stands beside the member of ``ExitCode``."""
    found = re.findall(r"= (\d+)\n\s+\"\"\"(.+?)\"\"\"", inspect.getsource(ExitCode))
    return {int(number): sentence for number, sentence in found}


def _exit_codes() -> str:
    rows = [f"| {number} | {sentence} |" for number, sentence in exit_code_meanings().items()]
    return "\n".join(["## Exit codes", "", "| code | meaning |", "|---|---|", *rows, ""])


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    help_text, epilog = inspect.cleandoc(command.help or ""), (command.epilog or "").replace("\b\n", "").rstrip()
    parts = [f"## {name}", "", f"    {usage}", "", help_text, "", *_options(command, context)]
    if epilog:
        parts += ["```text", epilog.strip("\n"), "```", ""]
    return "\n".join(parts)


def _options(command: click.Command, context: click.Context) -> list[str]:
    records = [
        record
        for option in command.params
        if isinstance(option, click.Option) and (record := option.get_help_record(context)) is not None
    ]
    if not records:
        return []
    rows = [f"| `{names}` | {help_text} |" for names, help_text in map(_escaped, records)]
    return ["| option | meaning |", "|---|---|", *rows, ""]


def _escaped(record: tuple[str, str]) -> tuple[str, str]:
    """A bar inside a table cell would end the cell."""
    names, help_text = (" ".join(cell.replace("|", "\\|").split()) for cell in record)
    return names, help_text


if __name__ == "__main__":
    REFERENCE.write_text(render(), encoding="utf-8")
