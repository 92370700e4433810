"""The command group: names, one line of help each, and where to import a command from once it is asked for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from fakeface import __version__

from . import runtime

__all__ = ["COMMANDS", "Lazy", "LazyGroup", "cli"]


class Lazy(NamedTuple):
    """A command that is not imported yet.

    Args:
        target: ``module:attribute``.
        help: one line for the group's help, so that showing it imports nothing.
    """

    target: str
    help: str


COMMANDS = {
    "detect": Lazy("fakeface.commands.detect:detect", "Find faces in pictures and decide whether each is forged."),
    "explain": Lazy("fakeface.commands.explain:explain", "Explain a face in words and check every claim."),
    "locate": Lazy("fakeface.commands.locate:locate", "Show where faces are altered, and what stands at a place."),
    "video": Lazy("fakeface.commands.video:video", "Follow faces through films, show when they look altered."),
    "bench": Lazy("fakeface.commands.bench:bench", "Measure a profile on faces whose truth is known."),
    "train": Lazy("fakeface.commands.train:train", "Train the networks of the compact profile."),
    "weights": Lazy("fakeface.commands.weights:weights", "List the model profiles and check their files."),
    "doctor": Lazy("fakeface.commands.doctor:doctor", "Check that this computer can run fakeface."),
}


class LazyGroup(click.Group):
    """Imports a subcommand when it runs; turns every error of a run into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of that name; ``None`` where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].target.split(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a click command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; a reader of standard output that went away ends it without complaint."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            runtime.abandon_stdout()
            return runtime.ExitCode.EXAMINED

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and leave the process with the run's exit code."""

        def action(session: runtime.Session) -> object:
            return super(LazyGroup, self).main(
                args, prog_name, complete_var, False, windows_expand_args=windows_expand_args, obj=session, **extra
            )

        words = sys.argv[1:] if args is None else args
        code = runtime.guarded(action, runtime.Session(argv=("fakeface", *words)))
        if not standalone_mode:
            return code
        sys.exit(code)


EPILOG = """\b
Exit codes: 0 everything examined, whatever the verdict; 2 usage; 3 some input could not be examined;
4 evidence or weights changed; 5 weights or a library missing; 10 only with --fail-on; 1 internal fault;
130 interrupted.

\b
Shell completion (bash; zsh_source and fish_source likewise):
  eval "$(_FAKEFACE_COMPLETE=bash_source fakeface)"
"""


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="fakeface")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_obj
def cli(session: runtime.Session, debug: bool) -> None:
    """A forensic tool that finds faces in pictures, decides whether each is forged, and reports it.

    It works offline, opens evidence read-only, and writes every run into a case folder of its own.
    """
    session.debug = session.debug or debug
