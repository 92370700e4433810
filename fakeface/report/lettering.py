"""The report's own typeface for writing on pictures: the same letters on every computer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

__all__ = ["typeface"]

_FILE = Path(__file__).parent / "fonts" / "DejaVuSans-Bold.ttf"


@lru_cache(maxsize=64)
def typeface(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans Bold at a size in pixels, laid out without the system's libraries."""
    return ImageFont.truetype(str(_FILE), size, layout_engine=ImageFont.Layout.BASIC)
