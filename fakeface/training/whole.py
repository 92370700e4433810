"""Files that appear when they are whole: an interrupted write leaves what was there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SUFFIX", "whole", "write_whole"]

SUFFIX = ".part"
"""Ends the name of a file that is not whole yet."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside the wanted one to write to; it takes that one's place when the block ends without an error."""
    aside = path.with_name(path.name + SUFFIX)
    yield aside
    os.replace(aside, path)


def write_whole(path: Path, text: str) -> None:
    """Write text, UTF-8, whole or not at all."""
    with whole(path) as aside:
        aside.write_text(text, encoding="utf-8")
