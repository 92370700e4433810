"""Claims about a picture that was changed on purpose: true ones are supported, false ones are not, none is dropped."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import ForgeryClass
from fakeface.claims import check_statements, cut_out, read_statements, sayable
from fakeface.claims.limits import limits
from fakeface.claims.nothing import LOOKED_AT
from fakeface.claims.scene import Scene
from fakeface.claims.terms import UNCLEAR
from fakeface.concepts import CONCEPTS
from fakeface.errors import SettingsError
from fakeface.faces import Box, Face
from fakeface.findings import Statement
from fakeface.masks import Mask
from fakeface.training.annotate import annotate_picture

from .builders import make_face
from .faces_data import photograph
from .test_annotate_claims import tampered

AROUND = "than what lies around"


@pytest.fixture(scope="module")
def cheek(astronaut_face: Face) -> NDArray[np.bool_]:
    """The left cheek in the photograph."""
    scene = Scene(photograph(), astronaut_face.landmarks.copy(), None)
    return scene.place("left_cheek").copy()


def grainy() -> NDArray[np.uint8]:
    """The photograph with film grain, so that there is detail to lose on smooth skin as well."""
    grain = np.random.default_rng(5).normal(0, 6, (512, 512, 1))
    return np.clip(photograph() + grain, 0, 255).astype(np.uint8)


def blurred(area: NDArray[np.bool_]) -> NDArray[np.uint8]:
    pixels = grainy()
    return np.where(area[..., None], cv2.GaussianBlur(pixels, (0, 0), 3), pixels).astype(np.uint8)


def check(text: str, pixels: NDArray[np.uint8], face: Face, area: NDArray[np.bool_] | None) -> tuple[Statement, ...]:
    statements = read_statements(text)
    masks = [Mask(area.copy(), "phrase", 0.75) for one in statements if one.grounded and area is not None]
    return check_statements(statements, masks, cut_out(pixels, face.landmarks, area))


def of(part: str, said: str) -> str:
    return f"The <p>{part}</p>[SEG] is {said}."


def test_what_may_be_said_of_a_part_is_what_the_check_bears_out(astronaut_face: Face, cheek: NDArray[np.bool_]) -> None:
    pixels = blurred(cheek)
    mask = Mask(cheek, "phrase", 0.8)
    said = sayable("left cheek", mask, cut_out(pixels, astronaut_face.landmarks, cheek))
    assert f"clearly smoother {AROUND}" in said
    assert not [wording for wording in said if "sharper" in wording]
    text = " ".join(of("left cheek", wording) for wording in said)
    assert [one.supported for one in check(text, pixels, astronaut_face, cheek)] == [True] * len(said)


def test_where_no_measure_shows_anything_only_that_may_be_said(astronaut_face: Face) -> None:
    face = cut_out(photograph(), astronaut_face.landmarks)
    borne_out = {name: list(face.scene.borne_out(name, face.scene.measurements(name))) for name in LOOKED_AT}
    usual = [name for name, found in borne_out.items() if not found]
    assert usual
    for name in usual:
        assert sayable(CONCEPTS[name].words, None, face) == UNCLEAR
    assert sayable("the third ear", None, face) == UNCLEAR


def test_a_blurred_cheek_is_smoother_and_not_sharper(astronaut_face: Face, cheek: NDArray[np.bool_]) -> None:
    text = of("left cheek", f"clearly smoother {AROUND}") + of("left cheek", f"slightly sharper {AROUND}")
    smooth, sharp = check(text, blurred(cheek), astronaut_face, cheek)
    assert (smooth.term, smooth.supported) == ("smooth", True)
    assert (sharp.term, sharp.supported) == ("sharp", False)
    low, high = smooth.reference["sharpness_ratio"]
    assert smooth.measurements["sharpness_ratio"] < low < high
    assert smooth.measurements == sharp.measurements
    assert smooth.confidence == pytest.approx(0.75)
    assert smooth.covered == pytest.approx(1.0)
    assert smooth.mask is not None
    assert np.array_equal(smooth.mask.pixels, cheek)


def test_the_same_claim_about_the_unaltered_picture_is_not_supported(
    astronaut_face: Face, cheek: NDArray[np.bool_]
) -> None:
    (one,) = check(of("left cheek", f"clearly smoother {AROUND}"), grainy(), astronaut_face, cheek)
    assert one.supported is False
    assert one.measurements["sharpness_ratio"] > one.reference["sharpness_ratio"][0]


def test_a_colour_shifted_patch_is_off_in_tone_and_framed_by_an_edge(
    astronaut_face: Face, cheek: NDArray[np.bool_]
) -> None:
    shifted = np.clip(photograph().astype(int) + np.array([-70, 40, 90]), 0, 255)
    pixels = np.where(cheek[..., None], shifted, photograph()).astype(np.uint8)
    text = of("left cheek", f"clearly off in tone against {AROUND.removeprefix('than ')}")
    text += of("left cheek", "clearly framed by an edge") + of("left cheek", f"clearly sharper {AROUND}")
    tone, edge, sharp = check(text, pixels, astronaut_face, cheek)
    assert (tone.term, tone.supported) == ("tone", True)
    assert (edge.term, edge.supported) == ("edge", True)
    assert sharp.supported is False
    assert tone.measurements["colour_shift_delta_e"] > 42


def test_that_nothing_stands_out_is_held_against_every_measure(astronaut_face: Face, cheek: NDArray[np.bool_]) -> None:
    text = "The <p>left cheek</p>[NOSEG] is in the range of real faces in colour, detail and noise."
    (still,) = check(text, grainy(), astronaut_face, None)
    (blur,) = check(text, blurred(cheek), astronaut_face, None)
    assert (still.term, still.supported) == ("usual", True)
    assert (blur.term, blur.supported) == ("usual", False)
    assert still.mask is None
    assert still.covered is None


def test_an_alteration_that_no_measure_shows_is_never_supported(astronaut_face: Face, cheek: NDArray[np.bool_]) -> None:
    (one,) = check(of("left cheek", "altered, but no measure shows it"), blurred(cheek), astronaut_face, cheek)
    assert (one.term, one.supported) == ("unclear", False)


def test_a_mask_beside_the_part_covers_nothing_and_the_part_itself_is_measured(
    astronaut_face: Face, cheek: NDArray[np.bool_]
) -> None:
    statements = read_statements(of("nose", f"clearly smoother {AROUND}"))
    mask = Mask(cheek.copy(), "phrase", 0.6)
    (beside,) = check_statements(statements, [mask], cut_out(blurred(cheek), astronaut_face.landmarks))
    (alone,) = check_statements(statements, [], cut_out(blurred(cheek), astronaut_face.landmarks))
    assert beside.covered == 0
    assert beside.measurements == alone.measurements != {}
    assert beside.supported is False


def test_a_phrase_that_names_no_part_is_measured_on_its_mask(astronaut_face: Face, cheek: NDArray[np.bool_]) -> None:
    text = of("spot over there", f"clearly smoother {AROUND}")
    (one,) = check(text, blurred(cheek), astronaut_face, cheek)
    assert (one.concept, one.covered, one.supported) == (None, None, True)
    assert one.reference["sharpness_ratio"] == limits().span(None, "sharpness_ratio")
    (unseen,) = check_statements(read_statements(text), [], cut_out(blurred(cheek), astronaut_face.landmarks))
    assert (unseen.supported, unseen.measurements) == (None, {})


def test_what_cannot_be_located_or_read_is_neither_supported_nor_dropped(astronaut_face: Face) -> None:
    text = of("necklace", f"clearly smoother {AROUND}") + of("nose", "rather odd")
    necklace, nose = check(text, photograph(), astronaut_face, None)
    assert (necklace.concept, necklace.supported, necklace.measurements) == ("necklace", None, {})
    assert (nose.term, nose.supported) == (None, None)
    assert nose.measurements


def test_an_empty_mask_is_none(astronaut_face: Face) -> None:
    empty = Mask(np.zeros((512, 512), bool), "phrase", 0.0)
    statements = read_statements(of("nose", f"clearly smoother {AROUND}"))
    (one,) = check_statements(statements, [empty], cut_out(photograph(), astronaut_face.landmarks))
    assert (one.mask, one.confidence, one.covered) == (None, None, None)


def test_masks_and_statements_have_to_fit(astronaut_face: Face) -> None:
    statements = read_statements(of("nose", "odd") + of("mouth", "odd"))
    one = Mask(np.zeros((512, 512), bool), "phrase", 0.0)
    small = Mask(np.zeros((12, 12), bool), "phrase", 0.0)
    with pytest.raises(SettingsError, match="2 statements point at pixels, but there are 1 masks"):
        check_statements(statements, [one], cut_out(photograph(), astronaut_face.landmarks))
    with pytest.raises(SettingsError, match="another size"):
        check_statements(statements, [small, small], cut_out(photograph(), astronaut_face.landmarks))


def test_a_large_picture_is_measured_at_a_bounded_size_with_the_same_result(
    astronaut_face: Face, cheek: NDArray[np.bool_]
) -> None:
    large = cv2.resize(blurred(cheek), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    area = cv2.resize(cheek.astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST) > 0
    points = ((astronaut_face.landmarks + 0.5) * 4 - 0.5).astype(np.float32)
    cutout = cut_out(large, points, area)
    assert max(cutout.scene.pixels.shape) == 360
    assert cutout.scale < 1
    back = cutout.in_frame(cutout.inside(area))
    assert (back & area).sum() / (back | area).sum() > 0.9
    statements = read_statements(of("left cheek", f"clearly smoother {AROUND}"))
    (one,) = check_statements(statements, [Mask(area, "phrase", 0.7)], cut_out(large, points, area))
    assert one.supported is True
    assert one.covered is not None
    assert one.covered > 0.85


def test_a_face_at_the_border_and_a_tiny_one_are_checked_without_failing(astronaut_face: Face) -> None:
    statements = read_statements(of("nose", f"clearly smoother {AROUND}") + of("whole face", "rather odd"))
    corner = photograph()[100:, 200:].copy()
    moved = astronaut_face.landmarks - np.array([200, 100], np.float32)
    assert len(check_statements(statements, [], cut_out(corner, moved))) == 2
    tiny = make_face(Box(2, 2, 10, 10)).landmarks
    assert [one.supported for one in check_statements(statements, [], cut_out(corner[:12, :12].copy(), tiny))] == [
        None
    ] * 2
    assert check_statements((), [], cut_out(corner, moved)) == ()


def test_what_the_annotator_measured_is_found_again_from_its_text_and_masks(astronaut_face: Face) -> None:
    """Texts as models are taught them, on cut and reduced pictures: nearly all that was borne out still is."""
    again = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        left, top = int(rng.integers(60, 110)), int(rng.integers(0, 25))
        pixels = np.ascontiguousarray(photograph()[top : top + 260, left : left + 260])
        points = (astronaut_face.landmarks - np.array([left, top])).astype(np.float32)
        fake, altered = tampered(pixels, points, rng)
        said = annotate_picture(fake, points, altered, ForgeryClass.EDITING, "fake", rng, original=pixels)
        if said.rejected is not None:
            continue
        known = {(one.concept, one.term): one.supported for one in said.findings}
        statements = read_statements(said.dialogues[0].turns[1].text)
        masks = [Mask(said.mask(one.concept or "").copy(), "phrase", 0.8) for one in statements]
        checked = check_statements(statements, masks, cut_out(fake, points, altered))
        again += [one.supported for one in checked if one.concept and one.term and known[one.concept, one.term]]
    assert len(again) >= 15
    assert sum(one is True for one in again) >= 0.9 * len(again)
