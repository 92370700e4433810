"""From a picture file to upright 8-bit RGB, with a sentence for everything that was done to the pixels on the way."""

from __future__ import annotations

import re
import struct
import warnings
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from PIL import ExifTags, Image, UnidentifiedImageError

from fakeface.decoder import colours, formats
from fakeface.errors import DecoderFailed, EvidenceTooLarge, UnreadableEvidence, UnsupportedEvidence
from fakeface.sanitize import safe_text

__all__ = ["Decoded", "decode"]

# What Pillow's readers raise on damaged files, besides OSError and SyntaxError, its own two.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
)

_ORIENTATIONS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT, "mirrored left to right"),
    3: (Image.Transpose.ROTATE_180, "rotated 180 degrees"),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, "mirrored top to bottom"),
    5: (Image.Transpose.TRANSPOSE, "mirrored left to right, then rotated 90 degrees counter-clockwise"),
    6: (Image.Transpose.ROTATE_270, "rotated 90 degrees clockwise"),
    7: (Image.Transpose.TRANSVERSE, "mirrored left to right, then rotated 90 degrees clockwise"),
    8: (Image.Transpose.ROTATE_90, "rotated 90 degrees counter-clockwise"),
}
"""EXIF 2.32, tag 0x0112: what turns the stored pixels upright."""

_TIFF_NEW_SUBFILE_TYPE = 254
_TIFF_DNG_VERSION = 50706


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """One decoded picture.

    Args:
        format: one of ``formats.FORMATS``.
        image: mode RGB, upright.
        notes: what was done to the pixels, one plain sentence each.
    """

    format: str
    image: Image.Image
    notes: tuple[str, ...]


def decode(file: BinaryIO, max_pixels: int) -> Decoded:
    """Decodes the first picture of a file.

    Args:
        file: seekable, at any position.
        max_pixels: more pixels than this in the header and nothing is decoded.

    Returns:
        Upright RGB.

    Raises:
        UnsupportedEvidence: not a picture of the allow-list.
        EvidenceTooLarge: over ``max_pixels``.
        UnreadableEvidence: damaged or cut off.
        DecoderFailed: the memory of this process does not suffice.
    """
    name = formats.recognise(file)
    # Pillow warns from this number of pixels on, as soon as it knows the header; here that warning is an error.
    Image.MAX_IMAGE_PIXELS = max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(file, name)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise EvidenceTooLarge(_too_large(str(error), max_pixels)) from error
    except MemoryError as error:
        raise _out_of_memory() from error
    except UnidentifiedImageError as error:
        raise UnreadableEvidence(f"the {name} data is damaged or cut off: its header cannot be read") from error
    except _DAMAGE as error:
        if "out of memory" in str(error):
            raise _out_of_memory() from error
        reason = safe_text(str(error))[:200] or type(error).__name__
        raise UnreadableEvidence(f"the {name} data is damaged or cut off: {reason}") from error


def _decode(file: BinaryIO, name: str) -> Decoded:
    with Image.open(file, formats=[name]) as image:
        if name == "TIFF":
            _refuse_camera_raw(file, image)
            file.seek(0)
        bits = colours.sample_bits(image)
        stored = _orientation(image)
        image.load()
        # TIFF turns its own pixels upright on loading, and then says so.
        turned_by_reader = stored in _ORIENTATIONS and _orientation(image) != stored
        notes = _heif_notes(image)
        rgb, colour_notes = colours.to_rgb(image, bits)
        upright, turn_notes = _turn(rgb, stored, already=turned_by_reader)
        count_note = _count_note(file, name, image)
        return Decoded(name, upright, (*notes, *turn_notes, *colour_notes, *count_note))


def _orientation(image: Image.Image) -> int | None:
    """The EXIF orientation, 1 where there is none, ``None`` where the metadata is damaged."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DAMAGE:
        return None
    return value if isinstance(value, int) else None


def _turn(image: Image.Image, orientation: int | None, *, already: bool) -> tuple[Image.Image, list[str]]:
    if orientation == 1:
        return image, []
    if orientation is None:
        return image, ["The EXIF orientation cannot be read; the picture is examined as it is stored"]
    if orientation not in _ORIENTATIONS:
        return image, [f"EXIF orientation {orientation} has no meaning and was ignored"]
    method, words = _ORIENTATIONS[orientation]
    note = f"EXIF orientation {orientation} applied: {words}"
    return (image if already else image.transpose(method)), [note]


def _heif_notes(image: Image.Image) -> list[str]:
    """What libheif does by itself; other formats leave no such traces."""
    notes = []
    orientation = image.info.get("original_orientation")
    if orientation in _ORIENTATIONS:
        notes.append(f"The picture was turned upright by the HEIF decoder (EXIF orientation {orientation})")
    depth = image.info.get("bit_depth", 8)
    if isinstance(depth, int) and depth > 8:
        notes.append(f"{depth}-bit samples reduced to 8 bits by the HEIF decoder")
    return notes


def _count_note(file: BinaryIO, name: str, image: Image.Image) -> list[str]:
    try:
        count = _count(file, name, image)
    except _DAMAGE:
        return ["The file holds several pictures whose number cannot be read; only the first is examined"]
    if count == 1:
        return []
    if name in ("TIFF", "JPEG", "HEIF"):
        which = "primary" if name == "HEIF" else "first"
        return [f"The file holds {count} pictures; only the {which} is examined"]
    return [f"Animation of {count} frames; only the first is examined"]


def _count(file: BinaryIO, name: str, image: Image.Image) -> int:
    if name not in ("GIF", "TIFF"):
        return int(getattr(image, "n_frames", 1))
    # These two are counted by walking the file, which moves the picture away from its first frame: use another one.
    file.seek(0)
    with Image.open(file, formats=[name]) as walker:
        return int(getattr(walker, "n_frames", 1))


def _refuse_camera_raw(file: BinaryIO, image: Image.Image) -> None:
    """Camera raw files pass for TIFF, but their first picture is a small preview that must not pass for the exhibit."""
    tags = getattr(image, "tag_v2", {})
    file.seek(8)
    is_canon = file.read(2) == b"CR"
    if is_canon or _TIFF_DNG_VERSION in tags or int(tags.get(_TIFF_NEW_SUBFILE_TYPE, 0)) & 1:
        raise UnsupportedEvidence("the content is a camera raw file, or a TIFF whose first picture is a preview only")


def _too_large(pillows_words: str, max_pixels: int) -> str:
    announced = re.search(r"\((\d+) pixels\)", pillows_words)
    count = f"{int(announced.group(1)):,} pixels" if announced else "too many pixels"
    return f"the header announces {count}, the limit is {max_pixels:,}; nothing was decoded"


def _out_of_memory() -> DecoderFailed:
    return DecoderFailed("the picture needs more memory than the decoder may take")
