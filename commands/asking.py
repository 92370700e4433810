"""Options that ask about places of a face, and the way from them to what the route is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .options import BoxType, grouped

if TYPE_CHECKING:
    from fakeface.asked import Place
    from fakeface.settings import Settings

__all__ = ["PlaceChoice", "PointType", "place_options", "places_of"]

LEAST_BRIGHT = 128
"""Value from which on a pixel of a mask marks a place, 0 to 255."""


class PointType(click.ParamType[tuple[int, int]]):
    """``x,y`` of a pixel of the upright picture."""

    name = "x,y"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Read the two numbers; anything else is a usage error."""
        if isinstance(value, tuple):
            return value
        try:
            across, down = (int(number) for number in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not of the form x,y in whole pixels", param, ctx)
        return across, down


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """Where to look, and on which face."""

    region: tuple[str, ...]
    box: tuple[tuple[int, int, int, int], ...]
    point: tuple[tuple[int, int], ...]
    mask: tuple[str, ...]
    face: int | None


place_options = grouped(
    "places",
    PlaceChoice,
    click.option(
        "--region",
        multiple=True,
        metavar="NAME",
        help="A part of the face by any of its names (docs/concepts.md); left and right are the person's own. "
        "Repeatable.",
    ),
    click.option("--box", type=BoxType(), multiple=True, help="A box in pixels of the upright picture. Repeatable."),
    click.option("--point", type=PointType(), multiple=True, help="A pixel of the upright picture. Repeatable."),
    click.option(
        "--mask",
        type=click.Path(),
        multiple=True,
        metavar="FILE",
        help="A picture of the same size whose bright pixels (values above 127) mark a place. Repeatable.",
    ),
    click.option(
        "--face",
        type=click.IntRange(min=1),
        metavar="N",
        help="Only the face of this number, counted from the left. [default: all]",
    ),
)


def places_of(choice: PlaceChoice, settings: Settings) -> tuple[Place, ...]:
    """The places that these options name.

    Raises:
        SettingsError: no part is called so (the message offers the nearest names), or a mask marks no pixel.
        click.BadParameter: a mask cannot be read.
    """
    from fakeface.asked import Place
    from fakeface.faces import Box

    def words(numbers: tuple[int, ...]) -> str:
        return ",".join(str(number) for number in numbers)

    return (
        *(Place.named(name) for name in choice.region),
        *(Place(f"box {words(corners)}", box=Box(*corners)) for corners in choice.box),
        *(Place(f"point {words(point)}", point=point) for point in choice.point),
        *_masks(choice.mask, settings),
    )


def _masks(paths: tuple[str, ...], settings: Settings) -> Iterator[Place]:
    """Masks are opened as evidence is: read-only, decoded in the child, upright."""
    if not paths:
        return
    from fakeface.asked import Place
    from fakeface.backends.stills import Decoder
    from fakeface.errors import EvidenceError, IntegrityError, SettingsError
    from fakeface.evidence import seal
    from fakeface.sanitize import safe_text

    with Decoder(settings.decoder) as decoder:
        for path in paths:
            name = safe_text(path)
            try:
                frame = next(decoder.open(seal(path)).frames())
            except (EvidenceError, IntegrityError) as error:
                raise click.BadParameter(f"the mask {name} cannot be read: {error}") from error
            values = frame.pixels.max(axis=2)
            if values.max() < LEAST_BRIGHT:
                counts = f"values above {LEAST_BRIGHT - 1} count, of 0 to 255, and its highest is {values.max()}"
                raise SettingsError(f"mask {name} marks no pixel: {counts}")
            yield Place(f"mask {name}", region=values >= LEAST_BRIGHT)
