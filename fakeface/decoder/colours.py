"""Any of Pillow's modes to 8-bit RGB, without clipping, and with a sentence for each conversion."""

from __future__ import annotations

import math

from PIL import Image

__all__ = ["BACKGROUND", "sample_bits", "to_rgb"]

BACKGROUND = (255, 255, 255)
"""What lies under transparent pixels: white, as most viewers show it."""

_TIFF_BITS_PER_SAMPLE = 258

_PLAIN = {
    "1": "Black-and-white picture (1 bit) converted to RGB",
    "L": "Grayscale picture converted to RGB: the same value in red, green and blue",
    "P": "Palette colours converted to RGB",
    "CMYK": "CMYK converted to RGB by the plain formula, without a colour profile",
    "LAB": "CIE Lab converted to sRGB",
    "YCbCr": "YCbCr converted to RGB",
}


def sample_bits(image: Image.Image) -> int:
    """Bits of one stored sample, as far as they exceed 8: 8, 12, 16 or 32.

    Args:
        image: opened and not yet loaded; loading forgets how the samples were stored.
    """
    if image.mode in ("I", "F"):
        return 32
    declared = getattr(image, "tag_v2", {}).get(_TIFF_BITS_PER_SAMPLE, (8,))
    if image.mode.startswith("I;16"):
        return 12 if declared == (12,) else 16
    for tile in getattr(image, "tile", []):
        raw_mode = tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args
        if isinstance(raw_mode, str) and ";16" in raw_mode:
            return 16
    return 8


def to_rgb(image: Image.Image, bits: int) -> tuple[Image.Image, list[str]]:
    """Converts to RGB.

    Args:
        image: loaded, any mode.
        bits: from ``sample_bits``.

    Returns:
        The picture in mode RGB (the same object where nothing had to be done), and notes.

    Raises:
        ValueError: the values cannot be shown (floats that are not finite).
    """
    notes: list[str] = []
    if bits > 8:
        image, note = _reduce(image, bits)
        notes.append(note)
        if image.info.pop("transparency", None) is not None:
            notes.append("The one colour that the file declares transparent was kept opaque")
    if image.has_transparency_data:
        image, note = _flatten(image)
        notes.append(note)
    if image.mode != "RGB":
        notes.append(_PLAIN.get(image.mode, f"Colour mode {image.mode} converted to RGB"))
        image = _keep_profile(image.convert("RGB"), image)
    if _has_other_profile(image.info.get("icc_profile")):
        notes.append("The embedded colour profile is not sRGB and was not applied: colour values are as stored")
    return image, notes


def _reduce(image: Image.Image, bits: int) -> tuple[Image.Image, str]:
    if image.mode in ("I", "F"):
        return _stretch(image)
    note = f"{bits}-bit samples reduced to 8 bits: the upper 8 bits of each are kept"
    if not image.mode.startswith("I;16"):
        return image, note  # Pillow keeps the upper byte itself when it unpacks 16-bit colour
    if bits == 12:
        image = _keep_info(image.point(lambda value: value * 16), image)
    upper = 0 if image.mode == "I;16B" else 1
    return _keep_info(Image.frombytes("L", image.size, image.tobytes()[upper::2]), image), note


def _stretch(image: Image.Image) -> tuple[Image.Image, str]:
    extrema = image.getextrema()
    low, high = (float(value) for value in extrema if isinstance(value, (int, float)))
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the sample values are not finite")
    if image.mode == "F" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    scale = 255 / (high - low) if high > low else 0.0
    # Half is added because the conversion to whole numbers cuts off.
    stretched = image.convert("F").point(lambda value: value * scale + (0.5 - low * scale)).convert("L")
    kind = "Floating-point" if image.mode == "F" else "Integer"
    return _keep_info(stretched, image), f"{kind} samples from {low:g} to {high:g} scaled to 0 to 255"


def _flatten(image: Image.Image) -> tuple[Image.Image, str]:
    source = image.mode
    layered = image if source == "RGBA" else image.convert("RGBA")
    alpha = layered.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return _keep_profile(layered.convert("RGB"), image), "The alpha channel is fully opaque and was dropped"
    flat = Image.new("RGB", layered.size, BACKGROUND)
    flat.paste(layered, mask=alpha)
    what = "Palette with transparency" if source in ("P", "PA") else "Transparency"
    return _keep_profile(flat, image), f"{what} composited over white"


def _keep_info(made: Image.Image, source: Image.Image) -> Image.Image:
    made.info = dict(source.info)
    return made


def _keep_profile(made: Image.Image, source: Image.Image) -> Image.Image:
    made.info = {"icc_profile": source.info.get("icc_profile")}
    return made


def _has_other_profile(profile: object) -> bool:
    # The name is enough here and spares the parsing of a hostile profile; version 4 writes it in UTF-16.
    return isinstance(profile, bytes) and b"sRGB" not in profile and "sRGB".encode("utf-16-be") not in profile
