"""Post-processing: every step does what its name says, the same for both pictures of a pair, and leaves the size."""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.bench.sets import REENCODING
from fakeface.errors import BackendError, SettingsError
from fakeface.training.forge import codecs
from fakeface.training.forge.codecs import H264, Avif, Jpeg, Webp
from fakeface.training.forge.postprocess import NAMED, PostProcess, draw_phone, draw_postprocess, named_processing
from fakeface.training.forge.screens import EDGE, RoundedCorners, ScreenBars
from fakeface.training.forge.steps import (
    KERNELS,
    AtScale,
    Contrast,
    Defocus,
    Denoise,
    Gamma,
    GaussianBlur,
    Grey,
    MotionBlur,
    Noise,
    Saturation,
    Sharpen,
    Step,
    Temperature,
    as_grey,
    is_grey,
)

from .faces_data import photograph, variant

Pixels = NDArray[np.uint8]
JITTER = ((0.6, -0.4), (-0.3, 0.5))
STEPS: tuple[Step, ...] = (
    Contrast(1.1, 5),
    Gamma(1.2),
    Temperature(0.1),
    Saturation(1.3),
    Grey(),
    GaussianBlur(1.0),
    MotionBlur(3.0, 0.7),
    Defocus(1.5),
    Sharpen(0.5),
    Denoise(20, 1.5),
    Noise(3.0, seed=1),
    Noise(3.0, 1, 0.1, "demosaiced"),
    AtScale(0.7, "area", "lanczos"),
    Jpeg(75, "4:2:2", (3, 5), 60),
    Webp(70),
    Avif(60),
    H264(26, JITTER),
    ScreenBars(0.1, 0.1, 0.05, 0.05, (0, 0, 0), "12:41"),
    RoundedCorners(0.1, (255, 255, 255)),
)
"""One of each."""


@pytest.fixture(scope="module")
def face() -> Pixels:
    return np.ascontiguousarray(photograph()[20:235, 130:331])


def error(step: Step, pixels: Pixels) -> float:
    return float(np.abs(step.apply(pixels).astype(int) - pixels).mean())


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_a_step_keeps_the_size_and_the_given_picture_and_gives_the_same_bytes_again(step: Step, face: Pixels) -> None:
    before = face.copy()
    done = step.apply(face)
    assert done.shape == face.shape
    assert done.dtype == np.uint8
    assert (done != face).any()
    np.testing.assert_array_equal(done, step.apply(face))
    np.testing.assert_array_equal(face, before)
    tiny = np.ascontiguousarray(face[90:107, 90:113])
    assert step.apply(tiny).shape == (17, 23, 3)
    assert "\n" not in str(step)
    assert str(step) != repr(step)


def test_a_draw_is_the_same_every_time_and_keeps_the_size() -> None:
    pixels = variant(3)
    kinds: Counter[type[object]] = Counter()
    for seed in range(40):
        post = draw_postprocess(np.random.default_rng(seed))
        assert post == draw_postprocess(np.random.default_rng(seed))
        done = post.apply(pixels)
        assert done.shape == pixels.shape
        assert done.dtype == np.uint8
        np.testing.assert_array_equal(done, post.apply(pixels))
        kinds.update(type(step) for step in post.steps)
    assert kinds[Jpeg] > 20


def test_strength_zero_gives_exactly_nothing() -> None:
    pixels = variant(3)
    for seed in range(50):
        post = draw_postprocess(np.random.default_rng(seed), 0.0)
        assert post == PostProcess()
        assert post.apply(pixels) is pixels
        assert str(post) == "unprocessed"


def test_shares_follow_strength_and_video_is_about_one_in_a_hundred_pictures_at_0_6() -> None:
    counts: dict[float, Counter[type[object]]] = {}
    for strength in (0.3, 0.6, 1.0):
        drawn = [draw_postprocess(np.random.default_rng((1, index)), strength) for index in range(3000)]
        counts[strength] = Counter(type(step) for post in drawn for step in post.steps)
    assert 0.005 < counts[0.6][H264] / 3000 < 0.017
    assert counts[0.3][Jpeg] < counts[0.6][Jpeg] < counts[1.0][Jpeg]
    assert counts[0.6][Jpeg] / 3000 == pytest.approx(0.5, abs=0.03)
    phones = {type(step) for index in range(20) for step in draw_phone(np.random.default_rng((2, index)))}
    assert phones == {Denoise, Sharpen}
    assert {type(step) for step in STEPS} == set(counts[1.0]) | phones, "every step is drawn sometimes"


def test_lens_and_sensor_come_before_files_and_the_order_of_the_rest_varies() -> None:
    orders = set()
    for seed in range(600):
        names = [type(step).__name__ for step in draw_postprocess(np.random.default_rng(seed)).steps]
        for early in ("GaussianBlur", "MotionBlur", "Defocus", "Noise"):
            assert early not in names[2:]
        if "Jpeg" in names:
            assert not set(names[names.index("Jpeg") :]) & {"Contrast", "Gamma", "Temperature", "Sharpen"}
        orders.update(pair for pair in pairwise(names) if set(pair) == {"Contrast", "Gamma"})
    assert len(orders) == 2


def test_a_draw_is_described_on_one_line_with_every_step_in_order() -> None:
    post = PostProcess(
        (Contrast(1.1, -5), AtScale(0.7, "area", "cubic", (Sharpen(0.3), Jpeg(70))), Jpeg(80, "4:4:4", (3, 5), 60))
    )
    assert str(post) == post.describe()
    assert str(post) == (
        "contrast 1.10, brightness -5; at 70% of the size (area, cubic) [sharpened by 0.30, JPEG 70 4:2:0]; "
        "JPEG 80/60 4:4:4 shifted by 3+5 px"
    )


def test_the_benchs_reencoding_is_frozen_to_the_pixel() -> None:
    picture = photograph()[:203, 100:351]
    for pixels in (picture, as_grey(np.ascontiguousarray(picture))):
        expected = cv2.GaussianBlur(pixels, (0, 0), 0.5)
        expected = cv2.resize(cv2.resize(expected, (226, 183), interpolation=cv2.INTER_AREA), (251, 203), None, 0, 0, 2)
        noise = np.random.default_rng(1).normal(0, 1.5, expected.shape)
        expected = np.clip(expected + noise, 0, 255).astype(np.uint8)
        options = [cv2.IMWRITE_JPEG_QUALITY, 80, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x221111]
        encoded = cv2.imencode(".jpg", cv2.cvtColor(expected, cv2.COLOR_RGB2BGR), options)[1]
        np.testing.assert_array_equal(REENCODING.apply(pixels), cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB))


# ---- colours


@pytest.mark.parametrize("step", STEPS, ids=lambda step: type(step).__name__)
def test_grey_stays_grey_whatever_follows(step: Step, face: Pixels) -> None:
    later = step if not isinstance(step, ScreenBars) else ScreenBars(0.1, 0, 0, 0, (200, 40, 40))
    assert is_grey(PostProcess((Grey(), later)).apply(face))
    assert not is_grey(PostProcess((later,)).apply(face)) or isinstance(step, Grey)


def test_tones_move_levels_as_they_say(face: Pixels) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(8, axis=0)
    assert Contrast(1.2, 10).apply(ramp)[0, [0, 128, 148, 255], 0].tolist() == [0, 138, 162, 255]
    assert Gamma(2.0).apply(ramp)[0, [0, 128, 255], 1].tolist() == [0, 64, 255]
    assert Temperature(0.1).apply(ramp)[0, 100].tolist() == [110, 100, 90]
    assert str(Temperature(-0.1)) == "cooler by 10%"
    spread = [np.ptp(Saturation(gain).apply(face).astype(int), axis=2).mean() for gain in (0.0, 0.5, 1.0, 1.4)]
    assert spread[0] == 0
    assert spread[1] / spread[2] == pytest.approx(0.5, abs=0.02)
    assert spread[3] > 1.2 * spread[2]


# ---- sharpness, noise and size


def test_blur_spreads_a_point_and_keeps_its_light() -> None:
    point = np.zeros((31, 31, 3), np.uint8)
    point[15, 15] = 250
    disc = Defocus(2.0).apply(point)[..., 0].astype(int)
    assert disc.sum() == pytest.approx(250, abs=15)
    assert np.count_nonzero(disc) == pytest.approx(math.pi * 2.5**2, abs=4)
    line = MotionBlur(6.0, 0.0).apply(point)[..., 0].astype(int)
    assert np.flatnonzero(line.any(axis=1)).tolist() == [15]
    assert np.flatnonzero(line.any(axis=0)).tolist() == list(range(12, 19))
    upright = MotionBlur(6.0, math.pi / 2).apply(point)[..., 0].astype(int)
    np.testing.assert_array_equal(upright, line.T)


def test_sharpening_adds_detail_and_blurring_takes_it(face: Pixels) -> None:
    def detail(pixels: Pixels) -> float:
        return float(cv2.Laplacian(pixels, cv2.CV_32F).std())

    assert detail(Sharpen(0.8).apply(face)) > detail(Sharpen(0.3).apply(face)) > detail(face)
    assert detail(face) > detail(GaussianBlur(0.6).apply(face)) > detail(GaussianBlur(1.5).apply(face))


def test_denoising_takes_grain_and_leaves_an_edge() -> None:
    halves = np.full((80, 80, 3), 60, np.uint8)
    halves[:, 40:] = 180
    grainy = Noise(4.0, seed=1).apply(halves)
    clean = Denoise(20, 2.0).apply(grainy).astype(float)
    assert clean[:, :36].std() < 0.5 * grainy[:, :36].astype(float).std()
    assert clean[:, 40:44].mean() - clean[:, 36:40].mean() > 115
    blurred = GaussianBlur(2.0).apply(grainy).astype(float)
    assert blurred[:, 40:44].mean() - blurred[:, 36:40].mean() < 90


def test_white_noise_is_independent_and_demosaiced_grain_is_not() -> None:
    flat = np.full((200, 200, 3), 128, np.uint8)
    fields = {grain: Noise(6.0, 1, 0.0, grain).apply(flat).astype(float) for grain in ("white", "demosaiced")}
    neighbours = {
        name: np.corrcoef(one[:, :-1, 1].ravel(), one[:, 1:, 1].ravel())[0, 1] for name, one in fields.items()
    }
    assert abs(neighbours["white"]) < 0.02
    assert neighbours["demosaiced"] > 0.2
    assert fields["white"].std() == pytest.approx(6.0, rel=0.03)
    assert fields["demosaiced"].std() == pytest.approx(4.5, rel=0.08)


def test_shot_noise_grows_with_brightness_and_is_the_same_field_for_both_pictures_of_a_pair(face: Pixels) -> None:
    deviations = [Noise(1.0, 1, 0.2).apply(np.full((99, 99, 3), level, np.uint8)).std() for level in (20, 80, 180)]
    assert deviations == pytest.approx([math.sqrt(1 + 0.2 * level) for level in (20, 80, 180)], rel=0.05)
    forged = face.copy()
    forged[80:100, 60:90] = 130
    step = Noise(2.0, 1, 0.15, "demosaiced")
    changed = (step.apply(face) != step.apply(forged)).any(axis=2)
    changed[80:100, 60:90] = False
    assert not changed.any()


def test_resampling_loses_more_the_smaller_the_size_between_and_depends_on_the_kernel(face: Pixels) -> None:
    errors = [error(AtScale(share, "area", "cubic"), face) for share in (0.9, 0.7, 0.4, 0.2)]
    assert errors == sorted(errors)
    results = [AtScale(0.6, kernel, "linear").apply(face).tobytes() for kernel in KERNELS]
    assert len(set(results)) == len(KERNELS)
    up = AtScale(2.0, "nearest", "area").apply(face)
    np.testing.assert_array_equal(up, face)


# ---- codecs


@pytest.mark.parametrize(
    "of",
    [Jpeg, Webp, Avif, lambda quality: H264(round(51 - quality / 2), JITTER)],
    ids=["jpeg", "webp", "avif", "h264"],
)
def test_a_lower_quality_makes_a_larger_error(of: Callable[[int], Step], face: Pixels) -> None:
    errors = [error(of(quality), face) for quality in (95, 70, 40, 15)]
    assert errors == sorted(errors)
    assert errors[-1] > 1.5 * errors[0]


def test_subsampling_and_chroma_quality_cost_colour_alone(face: Pixels) -> None:
    def errors(step: Step) -> tuple[float, float]:
        off = cv2.cvtColor(step.apply(face), cv2.COLOR_RGB2YCrCb).astype(int) - cv2.cvtColor(face, cv2.COLOR_RGB2YCrCb)
        return float(np.abs(off[..., 0]).mean()), float(np.abs(off[..., 1:]).mean())

    luma, chroma = zip(*(errors(Jpeg(92, one)) for one in ("4:4:4", "4:2:2", "4:2:0")), strict=True)
    assert chroma[0] < chroma[1] < chroma[2]
    assert max(luma) < min(luma) + 0.3
    poor = errors(Jpeg(92, "4:4:4", (0, 0), 20))
    assert poor[1] > 1.5 * chroma[0]
    assert poor[0] < luma[0] + 0.5


def coefficients(pixels: Pixels) -> NDArray[np.float64]:
    """The second coefficient of every 8 x 8 block of the first channel."""
    plane = pixels[: pixels.shape[0] // 8 * 8, : pixels.shape[1] // 8 * 8, 0].astype(np.float32) - 128
    blocks = plane.reshape(plane.shape[0] // 8, 8, -1, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    return np.array([cv2.dct(block)[0, 1] for block in blocks])


def on_multiples(values: NDArray[np.float64], step: int) -> float:
    """Share of the values, small ones aside, that lie within one of a multiple of ``step``."""
    large = values[np.abs(values) > step / 2]
    return float((np.abs(large - step * np.round(large / step)) <= 1).mean())


def blockiness(pixels: Pixels, column: int) -> float:
    """Jumps across the columns that end a block of a grid with this phase, against all others."""
    jumps = np.abs(np.diff(pixels[..., 1].astype(int), axis=1)).mean(axis=0)
    ends = np.arange(jumps.size) % 8 == (column - 1) % 8
    return float(jumps[ends].mean() / jumps[~ends].mean())


def test_double_jpeg_shows_in_the_histogram_of_coefficients_and_a_shifted_grid_hides_it() -> None:
    grey = as_grey(photograph())
    once, twice = Jpeg(95).apply(grey), Jpeg(95).apply(Jpeg(60).apply(grey))
    first_step = 9  # 11 in the standard table, times 0.8 at quality 60
    assert on_multiples(coefficients(once), first_step) < 0.3
    assert on_multiples(coefficients(twice), first_step) > 0.8
    shifted = Jpeg(95, shift=(3, 5)).apply(Jpeg(60).apply(grey))
    assert on_multiples(coefficients(shifted), first_step) > 0.6, "the first grid still begins at the corner"
    apart = Jpeg(95).apply(Jpeg(60, shift=(3, 5)).apply(grey))
    assert on_multiples(coefficients(apart), first_step) < 0.3


@pytest.mark.parametrize("shift", [0, 3, 6])
def test_blocks_begin_where_the_shift_puts_them(shift: int) -> None:
    coded = Jpeg(20, shift=(shift, 0)).apply(as_grey(photograph()))
    phases = [blockiness(coded, column) for column in range(8)]
    assert int(np.argmax(phases)) == (8 - shift) % 8
    assert max(phases) > 1.5


def test_video_is_h264_with_predicted_frames_and_keeps_the_geometry(face: Pixels) -> None:
    step = H264(30, JITTER)
    stream = step.stream(face)
    units = [unit[0] & 31 for unit in re.split(rb"\x00\x00\x01", stream)[1:]]
    assert [unit for unit in units if unit in (1, 5)] == [5, 1, 1], "one intra frame, two predicted ones"
    assert b"x264" in stream
    assert len(H264(20, JITTER).stream(face)) > 1.5 * len(stream)
    plane = face[..., 1].astype(np.float32)
    for crf, most in ((20, 0.1), (30, 0.5)):  # blocks that are skipped stay where the frame before had them
        shift, _ = cv2.phaseCorrelate(plane, H264(crf, JITTER).apply(face)[..., 1].astype(np.float32))
        assert np.hypot(*shift) < most
    assert 1 < error(step, face) < 12


def test_without_pyav_the_error_says_what_to_install(face: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(BackendError, match=r"no H\.264: install .*pip install av"):
        named_processing("h264").apply(face)


@pytest.mark.parametrize(("lost", "message"), [("libx264", "cannot be written"), ("h264", "cannot be read back")])
def test_a_codec_that_pyav_lacks_is_never_passed_over(
    lost: str, message: str, face: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lacking:
        @staticmethod
        def create(name: str, mode: str) -> av.CodecContext:
            if name == lost:
                raise av.codec.codec.UnknownCodecError(name)
            return av.CodecContext.create(name, mode)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(codecs, "_libraries", lambda: SimpleNamespace(**vars(av) | {"CodecContext": Lacking}))
    with pytest.raises(BackendError, match=rf"{message} .*pip install av"):
        H264(30, JITTER).apply(face)


def test_a_clip_that_comes_back_short_is_never_passed_over(face: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = H264._packets
    monkeypatch.setattr(H264, "_packets", lambda step, libraries, pixels: whole(step, libraries, pixels)[:2])
    with pytest.raises(BackendError, match=r"cannot be read back \(2 frames of 3\)"):
        H264(30, JITTER).apply(face)


def test_h264_is_the_same_on_every_call_and_holds_odd_sides(face: Pixels) -> None:
    odd = np.ascontiguousarray(face[:201, :187])
    first, again = (H264(26, JITTER).apply(odd) for _ in range(2))
    assert first.shape == odd.shape
    np.testing.assert_array_equal(first, again)


def test_a_codec_that_opencv_lacks_is_named(face: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: object) -> None:
        raise cv2.error("could not find a writer for the specified extension")

    monkeypatch.setattr(cv2, "imencode", lacking)
    with pytest.raises(BackendError, match=r"cannot write AVIF.*opencv-python-headless"):
        Avif(60).apply(face)


# ---- screenshots


@pytest.mark.parametrize(
    "step",
    [
        ScreenBars(EDGE, EDGE, EDGE, EDGE, (0, 0, 0), "23:59"),
        ScreenBars(0.1, 0.0, 0.0, 0.0, (255, 255, 255), "7:05"),
        RoundedCorners(EDGE, (10, 20, 30)),
    ],
    ids=str,
)
def test_a_screenshots_edges_leave_the_centre_untouched(step: Step, face: Pixels) -> None:
    height, width = face.shape[:2]
    rows = slice(math.ceil(height * EDGE), height - math.ceil(height * EDGE))
    columns = slice(math.ceil(width * EDGE), width - math.ceil(width * EDGE))
    done = step.apply(face)
    np.testing.assert_array_equal(done[rows, columns], face[rows, columns])
    assert (done[0, 0] == step.colour).all()


def test_bars_have_their_colour_and_size_and_the_clock_stands_in_the_top_bar(face: Pixels) -> None:
    plain = ScreenBars(0.12, 0.05, 0.0, 0.1, (250, 250, 250)).apply(face)
    covered = (plain == 250).all(axis=2)
    assert covered[:25].all()
    assert covered[-10:].all()
    assert covered[:, -20:].all()
    assert not covered[25:-10, :-20].any()
    clock = ScreenBars(0.12, 0.05, 0.0, 0.1, (250, 250, 250), "12:41").apply(face)
    marks = (clock != plain).any(axis=2)
    assert marks[:, :100].sum() > 40
    assert not marks[25:].any()
    assert clock[marks].min() == 0, "black ink on a light bar"


def test_an_edge_that_would_reach_the_face_is_refused() -> None:
    with pytest.raises(SettingsError, match="0 to 14%"):
        ScreenBars(0.2, 0.0, 0.0, 0.0, (0, 0, 0))
    with pytest.raises(SettingsError, match="not -10%"):
        RoundedCorners(-0.1, (0, 0, 0))


# ---- fixed processing


def test_named_processing_is_fixed_and_an_unknown_name_lists_the_others(face: Pixels) -> None:
    assert list(NAMED) == ["jpeg90", "jpeg70", "jpeg50", "resize0.5", "blur", "noise", "h264"]
    words = {name: str(named_processing(name)) for name in NAMED}
    assert words == {
        "jpeg90": "JPEG 90 4:2:0",
        "jpeg70": "JPEG 70 4:2:0",
        "jpeg50": "JPEG 50 4:2:0",
        "resize0.5": "at 50% of the size (area, cubic)",
        "blur": "blurred by 1.5 px",
        "noise": "white noise of 5.0 levels",
        "h264": "H.264 CRF 28 medium, frame 3",
    }
    errors = {name: np.abs(post.apply(face).astype(int) - face).mean() for name, post in NAMED.items()}
    assert errors["jpeg90"] < errors["jpeg70"] < errors["jpeg50"]
    assert all(0.5 < value < 10 for value in errors.values())
    with pytest.raises(SettingsError, match=r"no processing jpeg10; there are jpeg90, .*h264"):
        named_processing("jpeg10")
