"""What is decoded is exact to the pixel, upright, and tells what was done to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from fakeface.backends.stills import Decoder
from fakeface.errors import (
    UnreadableEvidence,
    UnsupportedEvidence,
)
from fakeface.evidence import recheck, seal
from fakeface.interfaces import FrameSource
from fakeface.settings import DecoderSettings
from tests.pictures import pixels_and_notes, png16, saved, written

ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """One child for the whole module: that it serves many files is part of what is tested."""
    with Decoder(DecoderSettings()) as shared:
        yield shared


@pytest.fixture(scope="module")
def astronaut() -> NDArray[np.uint8]:
    return np.ascontiguousarray(data.astronaut())


@pytest.fixture
def small() -> NDArray[np.uint8]:
    """A picture without any symmetry, 5 wide and 3 high."""
    return np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)


# What goes through unchanged


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_pictures_arrive_bit_for_bit(
    decoder: Decoder, tmp_path: Path, astronaut: NDArray[np.uint8], form: str
) -> None:
    evidence = saved(tmp_path / "a", Image.fromarray(astronaut), format=form, lossless=True)
    source = decoder.open(evidence)
    pixels, notes = pixels_and_notes(source)
    assert source.format == form
    assert source.evidence is evidence
    assert np.array_equal(pixels, astronaut)
    assert notes == ()
    assert not pixels.flags.writeable
    recheck(evidence)


def test_a_jpeg_arrives_as_libjpeg_decodes_it(decoder: Decoder, tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    evidence = saved(tmp_path / "a.jpg", Image.fromarray(astronaut), quality=90)
    pixels, notes = pixels_and_notes(decoder.open(evidence))
    assert np.array_equal(pixels, np.asarray(Image.open(tmp_path / "a.jpg")))
    assert notes == ()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    width=st.integers(1, 70), height=st.integers(1, 70), seed=st.integers(0, 1000), form=st.sampled_from(["PNG", "BMP"])
)
def test_pictures_of_any_size_arrive_bit_for_bit(
    decoder: Decoder, tmp_path: Path, width: int, height: int, seed: int, form: str
) -> None:
    expected = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels, _ = pixels_and_notes(decoder.open(saved(tmp_path / "a", Image.fromarray(expected), format=form)))
    assert np.array_equal(pixels, expected)


def test_a_picture_larger_than_one_band_arrives_bit_for_bit(decoder: Decoder, tmp_path: Path) -> None:
    expected = np.random.default_rng(1).integers(0, 256, (2003, 1901, 3), dtype=np.uint8)
    evidence = saved(tmp_path / "a.png", Image.fromarray(expected), compress_level=1)
    assert np.array_equal(pixels_and_notes(decoder.open(evidence))[0], expected)


def test_one_pixel_is_a_picture(decoder: Decoder, tmp_path: Path) -> None:
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", Image.new("RGB", (1, 1), (1, 2, 3)))))
    assert pixels.tolist() == [[[1, 2, 3]]]
    assert notes == ()


def test_the_content_decides_and_not_the_name(decoder: Decoder, tmp_path: Path) -> None:
    evidence = saved(tmp_path / "a.jpg", Image.new("RGB", (4, 4)), format="PNG")
    assert decoder.open(evidence).format == "PNG"


@pytest.mark.parametrize("name", [b"\x1b[31mred\x07.jpg", b"\xff\xfe.jpg", b"-rf", b"two\nlines", "\u202egpj".encode()])
def test_hostile_names_decode_like_any_other(decoder: Decoder, tmp_path: Path, name: bytes) -> None:
    path = os.fsencode(tmp_path) + b"/" + name
    Image.new("RGB", (2, 2), (9, 8, 7)).save(Path(os.fsdecode(path)), format="PNG")
    assert decoder.open(seal(path)).frame.pixels[0, 0].tolist() == [9, 8, 7]


def test_a_still_source_is_a_frame_source(decoder: Decoder, tmp_path: Path) -> None:
    source: FrameSource = decoder.open(saved(tmp_path / "a.png", Image.new("RGB", (2, 2))))
    assert [(frame.index, frame.time_seconds) for frame in source.frames()] == [(0, None)]
    assert len(list(source.frames())) == 1


# Orientation

UPRIGHT: dict[int, tuple[Callable[[NDArray[np.uint8]], NDArray[np.uint8]], str]] = {
    2: (np.fliplr, "mirrored left to right"),
    3: (lambda a: np.rot90(a, 2), "rotated 180 degrees"),
    4: (np.flipud, "mirrored top to bottom"),
    5: (lambda a: np.rot90(np.fliplr(a), 1), "mirrored left to right, then rotated 90 degrees counter-clockwise"),
    6: (lambda a: np.rot90(a, -1), "rotated 90 degrees clockwise"),
    7: (lambda a: np.rot90(np.fliplr(a), -1), "mirrored left to right, then rotated 90 degrees clockwise"),
    8: (lambda a: np.rot90(a, 1), "rotated 90 degrees counter-clockwise"),
}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "JPEG"])
@pytest.mark.parametrize("orientation", list(UPRIGHT))
def test_every_exif_orientation_is_applied_and_named(
    decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8], form: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    evidence = saved(tmp_path / "a", Image.fromarray(small), format=form, exif=exif.tobytes(), lossless=True)
    stored = np.asarray(Image.open(tmp_path / "a")) if form == "JPEG" else small
    pixels, notes = pixels_and_notes(decoder.open(evidence))
    turn, words = UPRIGHT[orientation]
    assert np.array_equal(pixels, turn(stored))
    assert notes == (f"EXIF orientation {orientation} applied: {words}",)


@pytest.mark.parametrize(
    ("orientation", "notes"), [(1, ()), (9, ("EXIF orientation 9 has no meaning and was ignored",))]
)
def test_orientation_one_and_nonsense_leave_the_picture(
    decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8], orientation: int, notes: tuple[str, ...]
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels, told = pixels_and_notes(
        decoder.open(saved(tmp_path / "a.png", Image.fromarray(small), exif=exif.tobytes()))
    )
    assert np.array_equal(pixels, small)
    assert told == notes


def test_a_damaged_exif_block_does_not_cost_the_picture(
    decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8]
) -> None:
    evidence = saved(tmp_path / "a.png", Image.fromarray(small), exif=b"Exif\0\0not a tiff header")
    pixels, notes = pixels_and_notes(decoder.open(evidence))
    assert np.array_equal(pixels, small)
    assert notes == ("The EXIF orientation cannot be read; the picture is examined as it is stored",)


# Depth and colour


def test_a_16_bit_gray_png_is_scaled_and_not_clipped(decoder: Decoder, tmp_path: Path) -> None:
    samples = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    pixels, notes = pixels_and_notes(decoder.open(written(tmp_path / "a.png", png16(samples, 0))))
    assert np.array_equal(pixels, np.repeat((samples >> 8).astype(np.uint8)[..., None], 3, axis=2))
    assert notes[0] == "16-bit samples reduced to 8 bits: the upper 8 bits of each are kept"


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_16_bit_colour_is_scaled_and_not_clipped(decoder: Decoder, tmp_path: Path, form: str) -> None:
    samples = np.random.default_rng(2).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    path = tmp_path / f"a.{form}"
    assert cv2.imwrite(str(path), samples[..., ::-1])
    pixels, notes = pixels_and_notes(decoder.open(seal(path)))
    assert np.array_equal(pixels, (samples >> 8).astype(np.uint8))
    assert notes == ("16-bit samples reduced to 8 bits: the upper 8 bits of each are kept",)


@pytest.mark.parametrize("mode", ["I;16", "I;16B"])
def test_16_bit_gray_tiffs_of_both_byte_orders_are_scaled(decoder: Decoder, tmp_path: Path, mode: str) -> None:
    samples = np.arange(0, 65536, 64, dtype=np.uint16).reshape(32, 32)
    raw = samples.astype(">u2" if mode == "I;16B" else "<u2").tobytes()
    evidence = saved(tmp_path / "a.tif", Image.frombytes(mode, (32, 32), raw))
    pixels, _ = pixels_and_notes(decoder.open(evidence))
    assert np.array_equal(pixels[..., 0], samples >> 8)


def test_floating_point_and_32_bit_tiffs_are_scaled_over_their_range(decoder: Decoder, tmp_path: Path) -> None:
    unit = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.tif", Image.fromarray(unit))))
    assert np.array_equal(pixels[..., 0], np.arange(256).reshape(16, 16))
    assert notes[0] == "Floating-point samples from 0 to 1 scaled to 0 to 255"
    whole = np.arange(-1000, 1000, dtype=np.int32).reshape(40, 50)
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "b.tif", Image.fromarray(whole))))
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)
    assert np.abs(pixels[..., 0] - (whole + 1000) * 255 / 1999).max() <= 0.51
    assert notes[0] == "Integer samples from -1000 to 999 scaled to 0 to 255"


def test_floats_that_are_not_finite_are_refused(decoder: Decoder, tmp_path: Path) -> None:
    samples = np.full((4, 4), np.inf, dtype=np.float32)
    with pytest.raises(UnreadableEvidence, match="not finite"):
        decoder.open(saved(tmp_path / "a.tif", Image.fromarray(samples)))


def test_gray_and_one_bit_pictures_become_equal_channels(decoder: Decoder, tmp_path: Path) -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", Image.fromarray(gray))))
    assert np.array_equal(pixels, np.repeat(gray[..., None], 3, axis=2))
    assert notes == ("Grayscale picture converted to RGB: the same value in red, green and blue",)
    bits = Image.fromarray(gray).convert("1")
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "b.png", bits)))
    assert np.array_equal(pixels[..., 1], np.asarray(bits, dtype=np.uint8) * 255)
    assert notes == ("Black-and-white picture (1 bit) converted to RGB",)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_composited_over_white(decoder: Decoder, tmp_path: Path, mode: str) -> None:
    bands = len(mode)
    samples = np.random.default_rng(3).integers(0, 256, (16, 16, bands), dtype=np.uint8)
    samples[0, 0], samples[0, 1] = [10] * (bands - 1) + [0], [10] * (bands - 1) + [255]
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", Image.fromarray(samples, mode))))
    alpha = samples[..., -1:] / 255.0
    assert np.abs(pixels - (samples[..., :-1] * alpha + 255 * (1 - alpha))).max() <= 0.51
    assert pixels[0, 0].tolist() == [255] * 3
    assert pixels[0, 1].tolist() == [10] * 3
    assert notes == ("Transparency composited over white",)


def test_an_opaque_alpha_channel_changes_nothing(decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8]) -> None:
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", Image.fromarray(small).convert("RGBA"))))
    assert np.array_equal(pixels, small)
    assert notes == ("The alpha channel is fully opaque and was dropped",)


def test_palettes_are_resolved_with_and_without_transparency(decoder: Decoder, tmp_path: Path) -> None:
    image = Image.frombytes("P", (3, 1), bytes([0, 1, 2]))
    image.putpalette([250, 0, 0, 0, 250, 0, 0, 0, 250])
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", image)))
    assert pixels.tolist() == [[[250, 0, 0], [0, 250, 0], [0, 0, 250]]]
    assert notes == ("Palette colours converted to RGB",)
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "b.png", image, transparency=1)))
    assert pixels.tolist() == [[[250, 0, 0], [255, 255, 255], [0, 0, 250]]]
    assert notes == ("Palette with transparency composited over white",)


@pytest.mark.parametrize("form", ["TIFF", "JPEG"])
def test_cmyk_is_converted_by_the_plain_formula_also_where_adobe_inverts_it(
    decoder: Decoder, tmp_path: Path, form: str
) -> None:
    inks = np.zeros((16, 16, 4), dtype=np.uint8)
    inks[..., 0], inks[..., 3] = 255, 51
    evidence = saved(tmp_path / "a", Image.fromarray(inks, "CMYK"), format=form, quality=100)
    pixels, notes = pixels_and_notes(decoder.open(evidence))
    assert np.abs(pixels.astype(int) - [0, 204, 204]).max() <= 2
    assert notes == ("CMYK converted to RGB by the plain formula, without a colour profile",)


def test_a_foreign_colour_profile_is_named_and_not_applied(
    decoder: Decoder, tmp_path: Path, small: NDArray[np.uint8]
) -> None:
    image = Image.fromarray(small)
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.png", image, icc_profile=b"Display P3")))
    assert np.array_equal(pixels, small)
    assert notes == ("The embedded colour profile is not sRGB and was not applied: colour values are as stored",)
    assert decoder.open(saved(tmp_path / "b.png", image, icc_profile=b"desc sRGB IEC61966-2.1")).frame.notes == ()


# Several pictures in one file


@pytest.mark.parametrize(
    ("form", "note"),
    [
        ("GIF", "Animation of 3 frames; only the first is examined"),
        ("WEBP", "Animation of 3 frames; only the first is examined"),
        ("PNG", "Animation of 3 frames; only the first is examined"),
        ("TIFF", "The file holds 3 pictures; only the first is examined"),
        ("MPO", "The file holds 3 pictures; only the first is examined"),
    ],
)
def test_only_the_first_of_several_pictures_is_examined_and_the_count_is_told(
    decoder: Decoder, tmp_path: Path, form: str, note: str
) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((200, 0, 0), (0, 200, 0), (0, 0, 200))]
    evidence = saved(tmp_path / "a", frames[0], format=form, save_all=True, append_images=frames[1:], lossless=True)
    source = decoder.open(evidence)
    pixels, notes = pixels_and_notes(source)
    assert np.abs(pixels.astype(int) - [200, 0, 0]).max() <= 2
    assert note in notes
    assert source.format == ("JPEG" if form == "MPO" else form)


def test_a_still_gif_has_no_note_about_frames(decoder: Decoder, tmp_path: Path) -> None:
    image = Image.new("P", (4, 4))
    image.putpalette([1, 2, 3])
    pixels, notes = pixels_and_notes(decoder.open(saved(tmp_path / "a.gif", image)))
    assert pixels[0, 0].tolist() == [1, 2, 3]
    assert notes == ("Palette colours converted to RGB",)


# HEIF and AVIF


def test_heif_is_decoded_and_turned_where_its_library_is_installed(decoder: Decoder, tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    image = Image.new("RGB", (64, 32), (200, 100, 50))
    pillow_heif.from_pillow(image).save(tmp_path / "a.jpg", quality=95, exif=exif.tobytes())
    source = decoder.open(seal(tmp_path / "a.jpg"))
    pixels, notes = pixels_and_notes(source)
    assert source.format == "HEIF"
    assert pixels.shape == (64, 32, 3)
    assert np.abs(pixels.astype(int) - [200, 100, 50]).max() <= 6
    assert notes == ("The picture was turned upright by the HEIF decoder (EXIF orientation 6)",)


def test_without_its_library_heif_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pillow_heif.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    evidence = written(tmp_path / "a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100))
    with (
        Decoder(DecoderSettings()) as bare,
        pytest.raises(UnsupportedEvidence, match=r"pip install 'fakeface\[heif\]'"),
    ):
        bare.open(evidence)


def test_avif_is_decoded(decoder: Decoder, tmp_path: Path) -> None:
    evidence = saved(tmp_path / "a.avif", Image.new("RGB", (32, 16), (200, 100, 50)), quality=95)
    source = decoder.open(evidence)
    assert source.format == "AVIF"
    assert np.abs(source.frame.pixels.astype(int) - [200, 100, 50]).max() <= 6
