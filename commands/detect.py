"""``fakeface detect``: find faces and decide."""

from __future__ import annotations

import click

from . import options, runtime
from .running import Choices, route_options, run_route
from .runtime import ExitCode

__all__ = ["detect"]

EPILOG = """\b
Examples:
  fakeface detect photo.jpg
  fakeface detect /evidence --out case-17 --fail-on fake
  find /evidence -name '*.png' -print0 | fakeface detect - --format jsonl
  fakeface detect group.jpg --add-face 410,80,520,220
  fakeface detect /evidence --out case-17 --resume
"""


@click.command(epilog=EPILOG)
@options.input_options
@route_options
@click.option(
    "--triage", is_flag=True, help="Only the fast score that reads no text; no verdicts, no answers, no masks."
)
@click.pass_obj
def detect(
    session: runtime.Session,
    choices: Choices,
    triage: bool,
) -> ExitCode:
    """Find faces in pictures and decide whether each is forged.

    PATH is a picture, a folder, a pattern, or - for a list of paths on standard input (one per line or separated by
    NUL). Every input is accounted for in the record; evidence is opened read-only and hashed before and after.
    The results go into a case folder: findings.json, report.pdf, crops, masks, overlays, run.log, manifest.json.
    """
    return run_route(session, choices, triage=triage)
