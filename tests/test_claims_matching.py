"""Words and pixels are compared by the regions that they mean; what speaks against a decision is told in sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakeface.answers import Claim
from fakeface.claims import agreement, evidence_against, read_statements
from fakeface.claims.matching import overlap_f1, regions_named, regions_of
from fakeface.concepts import HEAD_REGIONS, region_masks
from fakeface.concepts.regions import REGION_NAMES
from fakeface.decision import Verdict
from fakeface.faces import Face, FaceCrop, crop_face
from fakeface.findings import Explanation, FaceFinding, PartFinding, Statement
from fakeface.frames import Frame
from fakeface.masks import Mask

from .builders import THRESHOLDS, make_decision, make_face_finding
from .faces_data import photograph


@pytest.fixture(scope="module")
def crop(astronaut_face: Face) -> FaceCrop:
    return crop_face(Frame(photograph()), astronaut_face)


def over(crop: FaceCrop, *regions: str) -> Mask:
    """The mask of some regions in the photograph."""
    masks = region_masks(crop.face.landmarks, 512, 512)
    return Mask(np.logical_or.reduce([masks[REGION_NAMES.index(name)] for name in regions]), "artifact", 0.8)


def said(text: str) -> tuple[Statement, ...]:
    return read_statements(text)


EYES = ("right_eye", "left_eye")
BOTH_EYES = "The <p>right eye</p>[SEG] is altered in part. The <p>left eye</p>[SEG] is altered in part."


def test_text_and_mask_that_mean_the_same_parts_agree(crop: FaceCrop) -> None:
    assert agreement(said(BOTH_EYES), [over(crop, "right_eye", "left_eye")], EYES, crop) == pytest.approx(1.0)
    one_by_one = [over(crop, "right_eye"), over(crop, "left_eye")]
    assert agreement(said(BOTH_EYES), one_by_one, EYES, crop) == pytest.approx(1.0)


def test_half_of_the_parts_is_two_thirds_of_agreement_and_others_are_none(crop: FaceCrop) -> None:
    assert agreement(said(BOTH_EYES), [over(crop, "right_eye")], EYES, crop) == pytest.approx((2 / 3 + 1 + 2 / 3) / 3)
    assert agreement(said(BOTH_EYES), [over(crop, "chin")], (), crop) == 0
    assert agreement(said(BOTH_EYES), [], EYES, crop) == pytest.approx(1 / 3)


def test_parts_that_are_said_to_be_unaltered_do_not_count_as_named(crop: FaceCrop) -> None:
    usual = (
        "No region stands out: the <p>right eye</p>[NOSEG] is in the range of real faces in colour, detail and noise."
    )
    assert agreement(said(usual), [], (), crop) == 1
    assert agreement(said(usual), [over(crop, "right_eye")], (), crop) == pytest.approx(1 / 3)


def test_a_text_that_names_no_part_agrees_with_nothing_and_contradicts_nothing(crop: FaceCrop) -> None:
    assert agreement(said("It is a face."), [over(crop, "chin")], (), crop) is None
    assert agreement(said("it is <p>fake</p>[SEG]"), [], (), crop) is None


def test_f1_of_names() -> None:
    assert overlap_f1(("a", "b"), ("b", "c")) == pytest.approx(0.5)
    assert overlap_f1((), ()) == 1
    assert overlap_f1(("a",), ()) == 0


def test_concepts_stand_for_the_regions_of_the_region_head() -> None:
    assert regions_named(("left_eye", "right_eye", "left_eye")) == ("right_eye", "left_eye")
    assert regions_named(("whole_face", "face_contour")) == REGION_NAMES
    assert regions_of("necklace") == ()
    for region, members in HEAD_REGIONS.items():
        assert all(region in regions_of(member) for member in members)


SMOOTH = "The <p>left cheek</p>[SEG] is clearly smoother than what lies around."
USUAL = "The <p>nose</p>[NOSEG] is in the range of real faces in colour, detail and noise."


def explained(finding: FaceFinding, *checks: tuple[str, bool | None, float | None]) -> FaceFinding:
    """The finding with one statement for each text, checked with this result and changed by this much."""
    statements = tuple(
        replace(
            read_statements(text)[0],
            supported=supported,
            sensitivity=change,
            measurements={"sharpness_ratio": 0.9},
            reference={"sharpness_ratio": (0.36, 1.37)},
        )
        for text, supported, change in checks
    )
    return replace(finding, explanations=(Explanation("age", "?", "", statements),))


def test_against_an_alteration_speak_claims_that_are_not_borne_out_and_masks_that_do_not_matter() -> None:
    finding = explained(
        make_face_finding(fakeness=0.93), (SMOOTH, False, 0.02), (USUAL, True, None), (SMOOTH, True, -0.3)
    )
    against = evidence_against(finding, THRESHOLDS)
    assert against == (
        'The text says "The left cheek is clearly smoother than what lies around": not supported by the measurement '
        "(sharpness over that of the surroundings: 0.90; real faces: 0.36 to 1.37).",
        'The text says "The nose is in the range of real faces in colour, detail and noise": consistent with the '
        "measurement.",
        'The text-independent score does not fall where the mask of "left cheek" is painted over (log-odds +0.02).',
        against[-1],
    )
    assert against[-1].startswith("Model's alternative under the real hypothesis: the face is real (match ")


def test_against_no_alteration_speak_claims_that_are_borne_out_masks_and_answers_that_say_fake() -> None:
    finding = explained(
        make_face_finding(fakeness=0.08), (SMOOTH, True, -0.2), (USUAL, False, None), (SMOOTH, False, 0.1)
    )
    against = evidence_against(finding, THRESHOLDS)
    assert [one.split(":")[0] for one in against[:2]] == [
        'The text says "The left cheek is clearly smoother than what lies around"',
        'The text says "The nose is in the range of real faces in colour, detail and noise"',
    ]
    assert "consistent with" in against[0]
    assert "not supported by" in against[1]
    assert against[2].endswith("is painted over (log-odds -0.20).")
    assert against[3] == "1 artifact mask marks pixels of this face as altered."
    assert against[4].startswith("Model's alternative under the fake hypothesis: the face is altered (match ")
    assert len(against) == 5


def part(concept: str, term: str, value: float, covered: float = 0.5) -> PartFinding:
    return PartFinding(
        "",
        concept,
        None,
        covered=covered,
        term=term,
        measurements={"sharpness_ratio": value},
        reference={"sharpness_ratio": (0.36, 1.37)},
    )


def test_a_marked_part_that_measures_like_real_faces_speaks_against_an_alteration() -> None:
    finding = replace(
        make_face_finding(fakeness=0.93), parts=(part("nose", "unclear", 0.9), part("chin", "smooth", 0.2))
    )
    against = evidence_against(finding, THRESHOLDS)
    assert "A mask marks the nose, and no artifact is measured there." in against
    assert not any("chin" in one for one in against)
    asked = replace(finding, parts=(), places=(part("nose", "usual", 0.9, covered=0.0),))
    assert not any("nose" in one for one in evidence_against(asked, THRESHOLDS)), "nothing was marked there"
    little = replace(asked, places=(replace(asked.places[0], share=0.1),))
    assert not any("nose" in one for one in evidence_against(little, THRESHOLDS)), "too little to call it altered"


def test_a_measure_that_no_artifact_rests_on_is_not_told_as_one() -> None:
    """Colour is an artifact where it lies far from the surroundings', not where it is very near."""
    finding = explained(make_face_finding(fakeness=0.93), (USUAL, True, None))
    [told] = finding.explanations
    near = replace(
        told.statements[0], measurements={"colour_shift_delta_e": 0.1}, reference={"colour_shift_delta_e": (1.7, 30.0)}
    )
    said = evidence_against(replace(finding, explanations=(replace(told, statements=(near,)),)), THRESHOLDS)
    assert said[0].endswith(": consistent with the measurement.")


def test_an_artifact_measured_at_a_place_speaks_against_an_unaltered_face() -> None:
    finding = replace(make_face_finding(fakeness=0.08), places=(part("nose", "smooth", 0.2, covered=0.0),))
    assert (
        "An artifact is measured on the nose (sharpness over that of the surroundings: 0.20; real faces: 0.36 to 1.37)."
        in evidence_against(finding, THRESHOLDS)
    )


@pytest.mark.parametrize(
    ("fakeness", "independent", "words"), [(0.93, 0.2, "0.20 is below"), (0.08, 0.7, "0.70 is not below")]
)
def test_a_score_on_the_other_side_of_its_cut_speaks_against_the_verdict(
    fakeness: float, independent: float, words: str
) -> None:
    finding = make_face_finding(fakeness=fakeness)
    verdict = Verdict.FAKE if fakeness > 0.5 else Verdict.REAL
    turned = replace(finding, decision=make_decision(verdict, fakeness, independent)[0])
    assert f"The text-independent score {words} its cut 0.50." in evidence_against(turned, THRESHOLDS)
    assert not any("its cut" in one for one in evidence_against(finding, THRESHOLDS))


def test_an_alteration_without_a_mask_lacks_a_place() -> None:
    finding = replace(make_face_finding(fakeness=0.93), masks=())
    assert "No artifact mask shows where the face would be altered." in evidence_against(finding, THRESHOLDS)


def test_nothing_speaks_against_an_inconclusive_verdict() -> None:
    finding = explained(make_face_finding(fakeness=0.5), (SMOOTH, False, 0.1))
    assert evidence_against(finding, THRESHOLDS) == ()


def test_quoted_words_are_made_safe_to_show() -> None:
    text = "The <p>left\x1b[31m cheek</p>[SEG] is odd."
    finding = explained(make_face_finding(fakeness=0.93), (text, False, 0.5))
    assert all("\x1b" not in one for one in evidence_against(finding, THRESHOLDS))
    assert any("\\x1b" in one for one in evidence_against(finding, THRESHOLDS))


def test_the_chosen_answer_is_no_alternative() -> None:
    finding = make_face_finding(fakeness=0.93)
    alternatives = [one for one in evidence_against(finding, THRESHOLDS) if "alternative" in one]
    assert len(alternatives) == sum(answer.claim is Claim.REAL for answer in finding.answers) == 1
