"""``fakeface locate``: where a face is altered, and what stands at the places that the examiner points at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import asking, options, runtime
from .running import Choices, route_options, run_route
from .runtime import ExitCode

if TYPE_CHECKING:
    from fakeface.asked import Asked
    from fakeface.settings import Settings

__all__ = ["locate"]

EPILOG = """\b
Examples:
  fakeface locate photo.jpg
  fakeface locate /evidence --out case-17 --region "left eye"
  fakeface locate group.jpg --face 2 --box 410,80,520,220 --point 460,150
"""


@click.command(epilog=EPILOG)
@options.input_options
@asking.place_options
@route_options
@click.pass_obj
def locate(
    session: runtime.Session,
    choices: Choices,
    places: asking.PlaceChoice,
) -> ExitCode:
    """Show where faces are altered.

    Every face is decided as by detect. Beside that the case folder gets a map of how likely each pixel is altered, heat
    maps of what the score is sensitive to, and the altered parts by name, largest first. A region, box, point or mask
    asks for the altered pixels there; all are in pixels of the upright picture. Boxes, points, masks and --face are
    about one picture.
    """

    def ask(settings: Settings) -> Asked:
        from fakeface.asked import Asked

        return Asked(maps=True, places=asking.places_of(places, settings), face=places.face)

    return run_route(session, choices, ask)
