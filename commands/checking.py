"""What is asked about one picture, checked against that picture before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakeface.backends import Engine
    from fakeface.inputs import Input
    from fakeface.pipeline import Request

__all__ = ["Checked", "check_picture"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What remains of the check.

    Args:
        engine: for the run; its finder does not look at the picture twice.
        seconds: wall time that the finder took.
    """

    engine: Engine
    seconds: float = 0.0


def check_picture(engine: Engine, item: Input, request: Request) -> Checked:
    """Check everything that is asked about a picture; one that cannot be opened passes, the run accounts for it.

    Raises:
        SettingsError: something that is asked cannot be answered on this picture.
    """
    from fakeface.backends.remembering import RememberingFinder
    from fakeface.backends.stills import Decoder
    from fakeface.pipeline import check_request

    finder = RememberingFinder(engine.finder)
    engine = replace(engine, finder=finder)
    with Decoder(request.settings.decoder) as decoder:
        check_request(engine, decoder, item, request)
    return Checked(engine, finder.seconds)
