"""``fakeface explain``: what the model says of a face, streamed, every claim checked; questions and answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from . import asking, options, runtime, screen
from .running import Choices, route_options, run_route
from .runtime import ExitCode

if TYPE_CHECKING:
    from fakeface.asked import Asked
    from fakeface.settings import Settings

__all__ = ["explain"]

EPILOG = """\b
Examples:
  fakeface explain photo.jpg
  fakeface explain photo.jpg --style list --faithfulness
  fakeface explain group.jpg --face 2 --region "left eye" --point 460,150
  fakeface explain photo.jpg --ask "How sure are you?" --ask "What can you not tell?"
  fakeface explain photo.jpg --chat --out case-17
"""


@click.command(epilog=EPILOG)
@options.input_options
@click.option(
    "--style",
    "form",
    type=click.Choice(["age", "list", "report"]),
    default="age",
    show_default=True,
    help="age: sentences with numbered phrases, each with its mask; list: artifacts by region; "
    "report: the five fields of the chosen answer.",
)
@click.option("--ask", "questions", multiple=True, metavar="QUESTION", help="Put a question about it. Repeatable.")
@click.option("--chat", is_flag=True, help="Read questions from the terminal; an empty line ends the conversation.")
@click.option(
    "--faithfulness",
    is_flag=True,
    help="Measure how the text-independent score follows the map: pixels removed and restored in its order.",
)
@asking.place_options
@route_options
@click.pass_obj
def explain(
    session: runtime.Session,
    choices: Choices,
    form: str,
    questions: tuple[str, ...],
    chat: bool,
    faithfulness: bool,
    places: asking.PlaceChoice,
) -> ExitCode:
    """Explain a face in words, tie every phrase to pixels, and check every claim.

    The text appears as it is written, marked unchecked. Then each claim is held against measurements of the picture,
    against its mask, and against what the score does when the mask is painted over. Claims that nothing supports stay,
    and are shown as such. A region, box, point or mask asks about that place.
    """
    if chat and (choices.sources.from_file or "-" in choices.sources.paths):
        raise click.UsageError("--chat reads questions from standard input, so no list of paths can come from there")

    def ask(settings: Settings) -> Asked:
        from fakeface.asked import Asked, Silent, Style, checked_question

        shown = choices.output.style == "table" and not choices.output.quiet
        stream = sys.stdout if shown else sys.stderr  # who asks on a terminal wants the answers there
        return Asked(
            maps=True,
            places=asking.places_of(places, settings),
            style=Style(form),
            questions=tuple(checked_question(question) for question in questions),
            face=places.face,
            faithfulness=faithfulness,
            converse=_conversation if chat else None,
            listener=screen.Streamer(stream) if shown or chat else Silent(),
        )

    return run_route(session, choices, ask)


def _conversation(face: int) -> Iterator[str]:
    """Questions from standard input, one per line, until an empty line, its end, or Ctrl-C: the transcript is kept."""
    from fakeface.asked import checked_question
    from fakeface.errors import SettingsError

    while True:
        click.echo(f"Question about face {face} (empty line: end): ", err=True, nl=False)
        try:
            line = sys.stdin.readline().rstrip("\r\n")
        except KeyboardInterrupt:
            return
        if not line.strip():
            return
        try:
            yield checked_question(line)
        except SettingsError as error:
            runtime.say(str(error))
