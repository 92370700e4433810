"""The further steps of the route on real, freshly initialised networks: whatever they write is masked and checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import (
    AGE_QUESTIONS,
    LIST_OF_NOTHING,
    LIST_QUESTIONS,
    Exchange,
    ForgeryClass,
    find_phrases,
    region_question,
)
from fakeface.asked import Asked, Place, Style
from fakeface.backends import Engine
from fakeface.backends.remembering import RememberingFinder
from fakeface.claims import check_statements
from fakeface.claims.follow_ups import ALL_USUAL, NAMELESS, NOWHERE, SURE
from fakeface.claims.nothing import LOOKED_AT, altered_somewhere
from fakeface.claims.reading import concept_of, read_statements
from fakeface.claims.scene import Scene
from fakeface.claims.terms import TERMS
from fakeface.decision import Decision, Pairing, Reason, Verdict
from fakeface.explaining import UNTAUGHT
from fakeface.faces import CROP_SIZE, Box, Face, FaceCrop, FaceOrigin
from fakeface.findings import Explanation, FaceFinding, FileFinding, FileStatus, ModelCard, PictureFacts
from fakeface.frames import Frame
from fakeface.grounding import with_masks
from fakeface.interfaces import END_OF_TEXT, Choices, Encoding, Segmenter, VisionEncoder, any_words
from fakeface.locating import decided_pairing, locate_face
from fakeface.masks import Mask, MaskPrompt
from fakeface.pipeline import Request, examine_frame
from fakeface.report.record import FileEntry, file_entry
from fakeface.settings import Settings
from fakeface.suspicion import Suspicion
from fakeface.wording import Witness

from .builders import make_decision, make_evidence, make_face_finding
from .faces_data import FACE_BOX, photograph
from .fakes import ParrotAnswerer

EYE = (231, 112)
"""A pixel of the photograph on the subject's left eye."""


class CountingEncoder:
    """Counts the windows that are encoded, unchanged and changed."""

    def __init__(self, encoder: VisionEncoder) -> None:
        self.encoder = encoder
        self.windows: list[bytes] = []

    @property
    def card(self) -> ModelCard:
        return self.encoder.card

    def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
        self.windows += [crop.pixels.tobytes() for crop in crops]
        return self.encoder.encode(crops)


class Notes:
    """What a listener heard."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, str, str]] = []
        self.pieces: list[str] = []
        self.told: list[Explanation] = []

    def picture(self, name: str) -> None:
        """Not kept."""

    def begin(self, face: int, task: str, question: str) -> None:
        self.begun.append((face, task, question))
        self.pieces.append("")

    def piece(self, text: str) -> None:
        self.pieces[-1] += text

    def checked(self, explanation: Explanation) -> None:
        self.told.append(explanation)


PLACES = (
    Place.named("left eye"),
    Place("box", box=Box(*FACE_BOX)),
    Place("point", point=EYE),
    Place("mask", region=np.pad(np.ones((40, 40), bool), ((100, 372), (200, 272)))),
)


def examine(engine: Engine, asked: Asked, pixels: np.ndarray | None = None) -> tuple[FaceFinding, ...]:
    frame = Frame(photograph() if pixels is None else pixels)
    return examine_frame(engine, frame, Request(Settings(threads=1), asked=asked))[0]


class Obeying(ParrotAnswerer):
    """Names two parts, and of each the first artifact that it is allowed to name."""

    offered: tuple[tuple[str, ...], ...] = ()

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        text = ""
        for begun in ("The <p>left cheek</p>[SEG] is", " The <p>mouth</p>[SEG] is", "\n1. **Nose**:"):
            offered = tuple(choices(text + begun))
            self.offered += (offered,)
            assert not choices(text + begun + offered[0]), "it goes on as it likes"
            yield begun + offered[0] + "."
            text += begun + offered[0] + "."


def test_only_artifacts_that_are_measured_can_be_named(tiny_engine: Engine) -> None:
    writer = Obeying()
    pixels = photograph().copy()
    cheek = Scene(pixels, examine(tiny_engine, Asked())[0].face.landmarks, None).place("left_cheek")
    pixels[cheek] = cv2.GaussianBlur(pixels, (0, 0), 3)[cheek]
    [finding] = examine(replace(tiny_engine, answerer=writer), Asked(style=Style.AGE), pixels)
    [told] = finding.explanations
    assert len(writer.offered) == len(told.statements) == 3
    assert [one.supported for one in told.statements] == [one.term in TERMS for one in told.statements]
    assert told.statements[0].term in TERMS, "the cheek that was blurred"


ABOUT_EYE = region_question("left eye")


class DrawnSegmenter:
    """A segmenter whose dense mask is drawn; asked about a place, it always finds all of it altered."""

    def __init__(self, inner: Segmenter, window: NDArray[np.float32]) -> None:
        self.inner, self.window, self.card = inner, window, inner.card

    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        return self.window

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        return ()

    def locate(self, encoding: Encoding, prompts: Sequence[MaskPrompt], height: int, width: int) -> tuple[Mask, ...]:
        return tuple(
            Mask(np.ones((height, width), bool) if one.region is None else one.region, one.label, 0.9)
            for one in prompts
        )


def suspected(
    engine: Engine, part: str | None, regions: tuple[tuple[str, float], ...], masked: str | None = None
) -> Suspicion:
    """A face whose dense mask lies on one part and whose region head names these regions."""
    pixels = photograph()
    [finding] = examine(engine, Asked())
    [encoding] = engine.encoder.encode([finding.crop])
    scene = Scene(pixels, finding.face.landmarks, None)
    drawn = np.zeros(pixels.shape[:2], np.uint8) if part is None else scene.place(part).astype(np.uint8)
    window = np.zeros((CROP_SIZE, CROP_SIZE), np.float32)
    content, square = finding.crop.content, finding.crop.square
    padded = cv2.copyMakeBorder(drawn, CROP_SIZE, CROP_SIZE, CROP_SIZE, CROP_SIZE, cv2.BORDER_CONSTANT, value=0)
    cut = padded[
        square.top + CROP_SIZE : square.bottom + CROP_SIZE, square.left + CROP_SIZE : square.right + CROP_SIZE
    ].astype(np.float32)
    size = (content.width, content.height)
    window[content.top : content.bottom, content.left : content.right] = cv2.resize(cut, size)
    masks = () if masked is None else (Mask(scene.place(masked), "artifact", 0.9),)
    drawing = replace(engine, segmenter=DrawnSegmenter(engine.segmenter, window))
    return Suspicion(drawing, Frame(pixels), replace(encoding, regions=regions), replace(finding, masks=masks))


def test_a_part_is_called_altered_where_mask_and_region_head_say_so(tiny_engine: Engine) -> None:
    eye, nose = (("left_eye", 0.8),), (("lower_nose", 0.8),)
    assert suspected(tiny_engine, "left_eye", eye).altered("left_eye")
    assert not suspected(tiny_engine, "left_eye", nose).altered("left_eye"), "the region head names another region"
    assert not suspected(tiny_engine, "nose", eye).altered("left_eye"), "the mask lies elsewhere"
    assert not suspected(tiny_engine, None, eye).altered("left_eye")
    assert suspected(tiny_engine, "left_eye", nose, "left_eye").altered("left_eye"), "but the face shows a mask there"
    assert not suspected(tiny_engine, "left_eye", eye).altered(None), "a place on no part"
    assert suspected(tiny_engine, None, (), "nose").altered(None), "on a face that shows an artifact mask"


def test_a_part_that_is_too_small_to_be_named_is_altered_where_most_of_it_is(
    tiny_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, beside = suspected(tiny_engine, "nose", (), "nose"), suspected(tiny_engine, "chin", (), "nose")
    pixels, share = seen.face.scene.shares("columella")
    assert share > 0.5
    monkeypatch.setattr("fakeface.claims.scene.LEAST_PIXELS", pixels + 1)
    assert not seen.face.scene.touched("columella")
    assert seen.altered("columella")
    assert not seen.altered("chin")
    assert not beside.altered("columella"), "the mask lies elsewhere"


def test_follow_up_questions_are_answered_by_what_was_decided_and_measured(tiny_engine: Engine) -> None:
    seen = suspected(tiny_engine, None, (), "nose")

    def answers(question: str, verdict: Verdict, suspicion: Suspicion = seen) -> tuple[str, ...]:
        decision = make_decision(verdict, {Verdict.FAKE: 0.9, Verdict.REAL: 0.1}.get(verdict, 0.5), 0.5)[0]
        decided = replace(suspicion, finding=replace(suspicion.finding, decision=decision))
        return Witness(decided).choices(question, (), "")

    assert answers("how sure  are you?", Verdict.INDETERMINATE) == ("Not sure: the result is inconclusive.",)
    assert answers("How sure are you?", Verdict.REAL) == ("Not very: an artifact mask speaks against the result.",)
    worst = seen.measured.scene.findings("nose")[0].severity
    assert answers("How certain is that?", Verdict.FAKE) == SURE[worst]
    speck = np.zeros(seen.frame.pixels.shape[:2], bool)
    speck[0, 0] = True
    nameless = marked_in(suspected(tiny_engine, None, ()), speck)
    assert answers("How sure are you?", Verdict.FAKE, nameless) == (NAMELESS,)
    assert answers("How sure are you?", Verdict.REAL, nameless) == answers("How sure are you?", Verdict.REAL)
    bare = suspected(tiny_engine, None, ())
    assert answers("How sure are you?", Verdict.FAKE, bare) == (NOWHERE,)
    measured = [name for name in LOOKED_AT if bare.measured.scene.measurements(name)]
    usual = all(bare.measured.scene.usual(name) for name in measured)
    [sure] = answers("How sure are you?", Verdict.REAL, bare)
    assert sure == (ALL_USUAL if usual else "Not very: some measurements lie beyond the range of real faces.")
    assert all("rests on the scores of a network" in one for one in answers("How do you know?", Verdict.FAKE))
    left = answers("What can you not tell?", Verdict.REAL)
    assert any(one.startswith("The left lens of the glasses cannot be assessed here: ") for one in left)
    whole = Witness(seen).choices("What can you not tell?", (), left[0])
    assert whole == (END_OF_TEXT,)


def test_an_answer_about_a_part_names_it_and_says_of_it_what_the_picture_says(tiny_engine: Engine) -> None:
    altered = Witness(suspected(tiny_engine, "left_eye", (("left_eye", 0.8),)))
    assert altered.choices(ABOUT_EYE, (), "") == ("The <p>",)
    assert altered.choices(ABOUT_EYE, (), "The <p>") == ("left eye</p>",)
    assert altered.choices(ABOUT_EYE, (), "The <p>left eye</p>") == ("[SEG]",)
    real = Witness(suspected(tiny_engine, None, ()))
    assert real.choices(ABOUT_EYE, (), "") == ("No evidence",)
    assert real.choices(ABOUT_EYE, (), "No evidence: the <p>") == ("left eye</p>", "face</p>")
    assert real.choices(ABOUT_EYE, (), "No evidence: the <p>left eye</p>") == ("[NOSEG]",)
    for question in ("Who is this?", region_question("spaceship")):
        assert real.choices(question, (), "") == real.choices(question, (), "The <p>") == ()
    hidden = region_question("left lens of the glasses")
    reason = real.suspicion.problem("left_lens")
    assert real.choices(hidden, (), "") == ("The <p>",)
    assert real.choices(hidden, (), "The <p>left lens of the glasses</p>[NOSEG]") == (
        f" cannot be assessed here: {reason}.",
    )
    place = Place.named("left eye")
    [finding] = examine(tiny_engine, Asked(style=Style.AGE, places=(place,)))
    _, told = finding.explanations
    assert {one.phrase for one in told.statements} <= {"left eye", "face"}
    assert told.agreement is None, "it is about one part, not about the face's mask"


def test_a_question_about_a_part_is_answered_alike_whatever_was_said_before(tiny_engine: Engine) -> None:
    alone = examine(tiny_engine, Asked(questions=(ABOUT_EYE,)))[0].explanations[-1]
    later = examine(tiny_engine, Asked(questions=("How sure are you?", ABOUT_EYE)))[0].explanations[-1]
    assert alone.text == later.text


def test_a_place_on_an_unsuspicious_part_has_no_altered_pixels(tiny_engine: Engine) -> None:
    place = Place.named("left eye")
    for regions, altered in (((("left_eye", 0.8),), True), ((), False)):
        [found] = locate_face(suspected(tiny_engine, "left_eye", regions), Asked(places=(place,)), (place,)).places
        assert found.mask is not None
        assert (bool(found.mask.pixels.any()), found.covered > 0.9) == (altered, altered)


def marked_in(suspicion: Suspicion, pixels: NDArray[np.bool_]) -> Suspicion:
    """The face with this artifact mask."""
    masks = (Mask(pixels, "artifact", 0.9),)
    return replace(suspicion, finding=replace(suspicion.finding, masks=masks))


def test_a_place_on_a_part_that_is_not_altered_shows_what_lies_in_it_of_the_artifact_mask(tiny_engine: Engine) -> None:
    """The decoder of this test would mark the whole place."""
    bare = suspected(tiny_engine, None, ())
    height, width = bare.frame.pixels.shape[:2]
    box = Box(*FACE_BOX)
    pixels = np.zeros((height, width), bool)
    pixels[box.top : box.top + 3, box.left : box.left + 2] = True
    pixels[0, 0] = True  # outside of the box
    places = (Place("box", box=box), Place.named("left eye"), Place("point", point=(box.left + 1, box.top + 1)))
    boxed, named, pointed = locate_face(marked_in(bare, pixels), Asked(places=places), places).places
    assert boxed.mask is not None
    assert named.mask is not None
    assert pointed.mask is not None
    assert int(boxed.mask.pixels.sum()) == 6
    assert boxed.covered == pytest.approx(6 / (box.width * box.height))
    assert not named.mask.pixels.any()
    assert np.array_equal(pointed.mask.pixels, pixels), "the artifact mask around the point"


def test_only_lines_of_a_list_get_a_mask_that_the_text_did_not_ask_for(tiny_engine: Engine) -> None:
    seen = suspected(tiny_engine, "nose", (("lower_nose", 0.9),), "nose")
    for text, shown in (
        ("The <p>nose</p>[NOSEG] is altered in part.", False),
        ("1. **Nose**: clearly smoother than what lies around", True),
        ("1. **Nose**: in the range of real faces in colour, detail and noise", False),
    ):
        checked = check_statements(read_statements(text), (), seen.measured)
        [one] = with_masks(seen.engine, seen.encoding, checked, seen.measured)
        assert (one.mask is not None) == shown, text


def test_an_explanation_names_parts_that_the_mask_covers_each_once(tiny_engine: Engine) -> None:
    suspicion = suspected(tiny_engine, None, ())
    scene = Scene(photograph(), suspicion.finding.face.landmarks, None)
    mask = Mask(scene.place("left_cheek") | scene.place("nose"), "artifact", 0.9)
    witness = Witness(replace(suspicion, finding=replace(suspicion.finding, masks=(mask,))))
    question = "Explain what is wrong with this face and show where."
    offered = witness.choices(question, (), "The <p>")
    assert {"left cheek</p>", "nose</p>"} <= set(offered)
    assert not [one for one in offered if "right" in one or "mouth" in one]
    told = "The <p>nose</p>[SEG] is altered without a measured trace. The <p>"
    assert witness.choices(question, (), told) == tuple(one for one in offered if one != "nose</p>")
    assert witness.choices(question, (), "") == ("The <p>",)
    assert witness.choices(question, (), f"{told}{offered[0]}[SEG] is altered.") == ()
    all_named = " ".join(f"The <p>{one}[SEG] is altered." for one in offered)
    assert witness.choices(question, (), all_named) == (END_OF_TEXT,)


def test_without_an_artifact_mask_an_explanation_says_what_was_measured_and_decided(tiny_engine: Engine) -> None:
    suspicion = suspected(tiny_engine, "left_eye", (("left_eye", 0.8),))
    undecided = Decision(Verdict.INDETERMINATE, Reason.TOO_CLOSE)
    swapped = Decision(Verdict.FAKE, None, forgery=ForgeryClass.IDENTITY_SWAP)
    usual = {name for name in LOOKED_AT if suspicion.measured.scene.usual(name)}
    assert 2 <= len(usual) < len(LOOKED_AT), "some parts of the photograph measure like real faces, some do not"
    for decision, phrases in ((undecided, usual), (swapped, {"whole_face"})):
        finding = replace(suspicion.finding, decision=decision)
        witness = Witness(replace(suspicion, finding=finding))
        told = witness.choices(AGE_QUESTIONS[0], (), "")
        named = {concept_of(one.text) for text in told for one in find_phrases(text)}
        assert named == phrases
        assert not [text for text in told if "[SEG]" in text]
        assert all(witness.choices(AGE_QUESTIONS[0], (), text) == (END_OF_TEXT,) for text in told)
    assert told == altered_somewhere(ForgeryClass.IDENTITY_SWAP)


def test_a_list_has_a_line_for_each_part_that_the_mask_covers_and_ends(tiny_engine: Engine) -> None:
    bare = suspected(tiny_engine, None, ())
    question = LIST_QUESTIONS[0]
    assert Witness(bare).choices(question, (), "") == (LIST_OF_NOTHING,)
    assert Witness(bare).choices(question.lower(), (), "") == (LIST_OF_NOTHING,)
    assert Witness(bare).choices(question, (), LIST_OF_NOTHING) == (END_OF_TEXT,)
    scene = Scene(photograph(), bare.finding.face.landmarks, None)
    mask = Mask(scene.place("left_cheek") | scene.place("nose"), "artifact", 0.9)
    witness = Witness(replace(bare, finding=replace(bare.finding, masks=(mask,))))
    assert witness.choices(question, (), "") == ("1. **",)
    offered = witness.choices(question, (), "1. **")
    assert {"Left cheek**:", "Nose**:"} <= set(offered)
    text = "".join(f"{number}. **{one} altered\n" for number, one in enumerate(offered, start=1))
    assert witness.choices(question, (), text) == (END_OF_TEXT,)
    one = offered[0].removesuffix("**:")
    assert witness.choices(question, (), f"1. **{one}**: altered\n") == ("2. **",)
    assert f"{one}**:" not in witness.choices(question, (), f"1. **{one}**: altered\n2. **")


@pytest.mark.parametrize("style", Style)
def test_a_face_is_encoded_once_for_text_masks_and_all_places(tiny_engine: Engine, style: Style) -> None:
    counting = CountingEncoder(tiny_engine.encoder)
    notes = Notes()
    asked = Asked(True, PLACES, style, ("How sure are you?", "Who is this?"), None, True, None, notes)
    [finding] = examine(replace(tiny_engine, encoder=counting), asked)
    assert finding.crop is not None
    assert counting.windows.count(finding.crop.pixels.tobytes()) == 1
    masked = sum(claim.sensitivity is not None for told in finding.explanations for claim in told.statements)
    curve = 2 * 7 + 1
    assert len(counting.windows) == 1 + masked + curve, "counterfactuals and curves are windows of their own"
    assert [told.question for told in notes.told] == [told.question for told in finding.explanations]
    assert notes.pieces == [told.text for told in finding.explanations]
    assert [told.note for told in finding.explanations][-2:] == ["", UNTAUGHT]
    assert finding.faithfulness is not None


def test_everything_that_is_asked_comes_back_in_the_pixels_of_the_picture(tiny_engine: Engine) -> None:
    [finding] = examine(tiny_engine, Asked(maps=True, places=PLACES, style=Style.AGE))
    assert [place.asked for place in finding.places] == [place.words for place in PLACES]
    left_eye, box, point, mask = finding.places
    assert left_eye.concept == "left_eye"
    assert point.leaf is not None
    assert "left" in point.leaf
    assert mask.concept is not None
    assert box.concept is not None
    for place in finding.places:
        assert place.mask is not None
        assert place.mask.pixels.shape == (512, 512)
        assert set(place.reference) == set(place.measurements)
    assert finding.probabilities is not None
    assert len(finding.heatmaps) in (0, 2)
    for told in finding.explanations:
        for claim in told.statements:
            assert claim.mask is None or claim.mask.pixels.shape == (512, 512)


def test_the_record_holds_all_of_it_and_can_be_read_back(tiny_engine: Engine) -> None:
    pixels = photograph()
    faces = examine(tiny_engine, Asked(maps=True, places=PLACES, style=Style.AGE, faithfulness=True), pixels)
    facts = PictureFacts("PNG", 512, 512, "0" * 64, ())
    whole = FileFinding(
        1, "a.png", FileStatus.ANALYSED, make_evidence("a.png"), picture=facts, faces=faces, pixels=pixels
    )
    entry = file_entry(whole)
    assert FileEntry.model_validate_json(entry.model_dump_json()) == entry
    [face] = entry.faces
    assert len(face.places) == len(PLACES)
    assert face.places[0].parents == ("eyes",)
    assert face.maps[0].kind == "reliability"
    assert face.explanations[0].text


def test_two_faces_are_asked_each_about_its_own_places(tiny_engine: Engine) -> None:
    half = photograph()[:260, 90:350]
    both = np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))
    point = (EYE[0] - 90, EYE[1])
    mirrored = (519 - point[0], point[1])
    asked = Asked(places=(Place("here", point=point), Place("there", point=mirrored), Place.named("nose")))
    left, right = examine(tiny_engine, asked, both)
    assert [place.asked for place in left.places] == ["here", "region nose"]
    assert [place.asked for place in right.places] == ["there", "region nose"]
    assert left.places[0].leaf is not None
    assert right.places[0].leaf is not None
    assert left.places[0].leaf.startswith("left")
    assert right.places[0].leaf.startswith("right"), "the mirror image has its eye on the other side"
    only = examine(tiny_engine, replace(asked, face=2), both)
    assert [len(face.places) for face in only] == [0, 2], "here lies on the other face"


def test_nothing_is_added_where_nothing_is_asked(tiny_engine: Engine) -> None:
    [finding] = examine(tiny_engine, Asked())
    assert (finding.places, finding.parts, finding.heatmaps, finding.explanations) == ((), (), (), ())
    assert finding.probabilities is None


def test_a_conversation_fetches_its_next_question_after_the_answer_was_told(tiny_engine: Engine) -> None:
    notes = Notes()

    def converse(face: int):  # type: ignore[no-untyped-def]
        assert face == 1
        for count, question in enumerate(("How sure are you?", "How do you know?")):
            assert len(notes.told) == count
            yield question

    [finding] = examine(tiny_engine, Asked(converse=converse, listener=notes))
    assert [told.question for told in finding.explanations] == ["How sure are you?", "How do you know?"]


def test_the_traced_pairing_is_the_one_that_the_decision_rests_on() -> None:
    fake = make_face_finding(1, 0.93)
    assert fake.decision.chosen is not None
    claim = fake.answers[fake.decision.chosen].claim
    assert decided_pairing(fake.decision, claim) is Pairing.FAKE_SAID_FAKE
    real = make_face_finding(1, 0.08)
    assert real.decision.chosen is not None
    assert decided_pairing(real.decision, real.answers[real.decision.chosen].claim) is Pairing.REAL_SAID_REAL
    assert decided_pairing(fake.decision, None) is None


def test_a_decision_without_mids_has_no_pairing() -> None:
    decision, claims = make_decision(make_face_finding(1, 0.93).decision.verdict, 0.93)
    assert decided_pairing(replace(decision, fakeness=None), claims[0]) is None


def test_a_picture_that_was_checked_before_the_run_is_not_searched_for_faces_again(tiny_engine: Engine) -> None:
    looked: list[Frame] = []

    class Finder:
        card = tiny_engine.finder.card

        def find(self, frame: Frame) -> tuple[Face, ...]:
            looked.append(frame)
            return tiny_engine.finder.find(frame)

        def describe(self, frame: Frame, box: Box) -> Face:
            return tiny_engine.finder.describe(frame, box)

    finder = RememberingFinder(Finder())
    first = finder.find(Frame(photograph()))
    assert finder.find(Frame(photograph())) == first
    assert len(looked) == 1
    finder.find(Frame(photograph()[:, ::-1].copy()))
    assert len(looked) == 2
    assert finder.describe(Frame(photograph()), Box(*FACE_BOX)).origin is FaceOrigin.EXAMINER
