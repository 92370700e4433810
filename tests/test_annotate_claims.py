"""Five hundred annotations, sentence by sentence: whatever is claimed is borne out by the pixels that were saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from fakeface.answers import LIST_OF_NOTHING, Claim, ForgeryClass, Hypothesis, parse_answer
from fakeface.claims.limits import limits
from fakeface.claims.nothing import NO_TRACE, OPENINGS, PLACELESS
from fakeface.claims.scene import Scene
from fakeface.claims.terms import TERMS, USUAL
from fakeface.claims.values import Severity
from fakeface.claims.words import said_of
from fakeface.concepts import CONCEPTS, LEAVES, look_up
from fakeface.concepts.tree import leaves_below
from fakeface.training.annotate import Annotation, annotate_picture
from fakeface.training.annotate.describe import OPENINGS as SEEN
from fakeface.training.annotate.describe import facts
from fakeface.training.annotate.talk import METHOD, METHOD_WHOLE, NOT_KNOWN, NOTHING, SURE
from fakeface.training.formats.annotated import Annotated

from .conftest import FaceSet

SAMPLES = 500
SIDE = 150
PLACES = ((36, 42), (42, 48), (27, 36), (48, 60), (17, 27), (0, 17))
KINDS = ("blur", "tint", "noise", "sharpen", "dim")
CLASSES = [one for one in ForgeryClass if one is not ForgeryClass.REAL]


def tampered(
    pixels: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A picture with one part of the face changed, and where."""
    first, last = PLACES[int(rng.integers(len(PLACES)))]
    corners = cv2.convexHull(points[first:last])
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillConvexPoly(mask, np.round(corners).astype(np.int32), (1,))
    mask = cv2.dilate(mask, np.ones((5, 5), np.uint8))
    kind = KINDS[int(rng.integers(len(KINDS)))]
    changed = pixels.astype(np.float32)
    if kind == "blur":
        changed = cv2.GaussianBlur(changed, (0, 0), 2)
    elif kind == "tint":
        changed = changed + rng.uniform(-50, 50, 3)
    elif kind == "noise":
        changed = changed + rng.normal(0, 12, changed.shape)
    elif kind == "sharpen":
        changed = 2.5 * changed - 1.5 * cv2.GaussianBlur(changed, (0, 0), 1.5)
    else:
        changed = changed * rng.uniform(0.5, 0.8)
    changed = np.clip(changed, 0, 255).astype(np.uint8)
    return np.where(mask[..., None] > 0, changed, pixels), mask > 0


@pytest.fixture(scope="module")
def faces(face_set: FaceSet) -> list[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Small faces of the tiny data set."""
    loaded = []
    for row in face_set.of("train"):
        pixels = cv2.imread(str(face_set.root / row.path), cv2.IMREAD_COLOR_RGB)
        factor = SIDE / pixels.shape[0]
        small = np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        loaded.append((small, (row.points() * factor).astype(np.float32)))
    return loaded


def made(faces: list[tuple[NDArray[np.uint8], NDArray[np.float32]]], seed: int) -> tuple[NDArray[np.uint8], Annotation]:
    """Sample number ``seed``: a real face, a forgery of everything, or one of a part."""
    rng = np.random.default_rng((9, seed))
    pixels, points = faces[int(rng.integers(len(faces)))]
    if seed % 5 == 0:
        return pixels, annotate_picture(pixels, points, None, ForgeryClass.REAL, Claim.REAL, rng)
    forgery = CLASSES[int(rng.integers(len(CLASSES)))]
    if seed % 5 == 1:
        return pixels, annotate_picture(pixels, points, None, forgery, "fake", rng)
    fake, mask = tampered(pixels, points, rng)
    original = pixels if seed % 2 else None
    return fake, annotate_picture(fake, points, mask, forgery, "fake", rng, original=original)


def options(choices: tuple[str, ...] | list[str]) -> str:
    return "|".join(re.escape(one) for one in choices)


PART = r"the <p>([^<]+)</p>\[(SEG|NOSEG)\]"
CLAUSE = re.compile(rf"{PART} (is|are) ([^;.]+)", re.I)
BOTH = re.compile(rf"(?:{options(OPENINGS)}): {PART} and {PART} are ({options(USUAL)})\.")
HIDDEN = re.compile(r"The (?:<p>)?([^<]+?)(?:</p>\[NOSEG\])? cannot be assessed here: (.+?)\.")
STILL = re.compile(r"No evidence: nothing was altered in the <p>([^<]+)</p>\[NOSEG\]\.")
PARTLY = re.compile(r"The <p>([^<]+)</p>\[NOSEG\] (?:is|are) altered in part\.")


class Witness:
    """Checks sentences against what is kept: the picture, and the row of the manifest."""

    def __init__(self, pixels: NDArray[np.uint8], row: Annotated) -> None:
        code = cv2.imencode(".png", pixels[..., ::-1])[1]
        decoded = np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
        mask = row.mask.pixels() if row.mask is not None and not isinstance(row.mask, str) else None
        self.row, self.scene = row, Scene(decoded, np.array(row.landmarks, np.float32), mask)
        self.claims = 0

    def bears_out(self, concept: str, wording: str) -> None:
        """A claim: known by its words, stored as a finding, and measured again."""
        self.claims += 1
        ((term, severity),) = said_of(wording)
        stored = [one for one in self.row.findings if (one.concept, one.term) == (concept, term)]
        assert len(stored) == 1, wording
        assert stored[0].severity == severity
        measured = self.scene.measurements(concept)
        assert stored[0].measurements == {name: measured[name] for name in stored[0].measurements}
        groups = limits().groups
        if term == "unclear":
            assert not stored[0].supported
            assert self.scene.touched(concept)
        elif term == "usual":
            assert stored[0].supported
            assert all(limits().strength(one, concept, measured[one.measure]) <= 0 for one in TERMS.values()
                       if one.measure in measured)  # fmt: skip
        else:
            rule = TERMS[term]
            value = measured[rule.measure]
            ranges = next(groups[name] for name in (self.group(concept, rule.measure), "everywhere") if name in groups)
            low_clear, low, high, high_clear = ranges[rule.measure]
            assert value > high if rule.above else value < low
            clear = value >= high_clear if rule.above else value <= low_clear
            assert severity is (Severity.CLEAR if clear else Severity.SLIGHT)

    @staticmethod
    def group(concept: str, measure: str) -> str:
        while CONCEPTS[concept].parent:
            concept = CONCEPTS[concept].parent
        return concept if measure in limits().groups.get(concept, {}) else "everywhere"

    def check(self, text: str) -> None:
        """Every sentence of a text, until nothing is left of it."""
        rest = text
        for match in BOTH.finditer(text):
            for words in (match[1], match[3]):
                self.bears_out(look_up(words).name, match[5])
        rest = BOTH.sub("", rest)
        for match in HIDDEN.finditer(rest):
            leaves = leaves_below(look_up(match[1]).name)
            assert match[2] in {str(self.scene.leaves.reasons[leaf]) for leaf in leaves}, match[0]
        rest = HIDDEN.sub("", rest)
        for match in STILL.finditer(rest):
            assert self.scene.untouched(look_up(match[1]).name)
        rest = STILL.sub("", rest)
        for match in PARTLY.finditer(rest):
            assert not self.scene.untouched(look_up(match[1]).name)
        rest = PARTLY.sub("", rest)
        rest = self.check_placeless(rest)
        for match in CLAUSE.finditer(rest):
            assert (match[2] == "SEG") == (said_of(match[4])[0][0] != "usual")
            self.bears_out(look_up(match[1]).name, match[4])
        rest = CLAUSE.sub("", rest)
        rest = re.sub(options([*METHOD, *METHOD_WHOLE, *NOT_KNOWN]), "", rest)
        rest = self.check_certainty(rest)
        rest = re.sub(options([f"{one}:" for one in OPENINGS] + list(NOTHING)), "", rest)
        assert re.sub(r"[;.\s]", "", rest) == "", (rest, text)

    def check_placeless(self, text: str) -> str:
        """What is said of a face as a whole rests on the label."""
        face = re.compile(
            rf"(?:{options(OPENINGS)}): the <p>face</p>\[NOSEG\] "
            rf"({options([*NO_TRACE, *(one for words in PLACELESS.values() for one in words)])})"
            r"(?:; of the <p>([^<]+)</p>\[NOSEG\] alone nothing can be told)?\."
        )
        for match in face.finditer(text):
            if match[1] in NO_TRACE:
                assert self.row.label == "real"
            else:
                assert self.row.mask is None
                assert self.row.forgery is not None
                assert match[1] in PLACELESS[self.row.forgery]
        return face.sub("", text)

    def check_certainty(self, text: str) -> str:
        """How sure an answer says to be is how severe the findings are."""
        worst = max((Severity(one.severity) for one in self.row.findings), key=list(Severity).index, default=None)
        for severity, wordings in SURE.items():
            for wording in wordings:
                assert wording not in text or severity is worst
                text = text.replace(wording, "")
        if "all that was measured" in text:
            assert {one.term for one in self.row.findings} == {"usual"}
        if "there is no local evidence" in text:
            assert self.row.mask is None
        return re.sub(r"(?:Fairly sure|Not very): (?:all that was|no measurement speaks|there is no)[^.]+\.", "", text)


def listed_lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        match = re.fullmatch(r"(\d+)\. \*\*([^*]+)\*\*: (.+)", line)
        assert match is not None, line
        assert int(match[1]) == number
        yield look_up(match[2]).name, match[3]


def test_every_sentence_of_five_hundred_samples_is_borne_out(
    faces: list[tuple[NDArray[np.uint8], NDArray[np.float32]]],
) -> None:
    terms: set[str] = set()
    claims = rejected = 0
    for seed in range(SAMPLES):
        pixels, said = made(faces, seed)
        row = Annotated.model_validate_json(said.row(f"{seed}.png", "train", "studio").model_dump_json())
        if said.rejected is not None:
            rejected += 1
            assert not row.findings
            assert not row.conversations
            continue
        witness = Witness(pixels, row)
        answer = parse_answer(said.text, Hypothesis.OPEN)
        assert answer.problem == ""
        assert answer.claim is not None
        assert answer.claim.value == row.label
        opening = next(one for one in SEEN if answer.description.startswith(one))
        seen = facts(witness.scene.surface, witness.scene.landmarks)
        assert answer.description == f"{opening} {', '.join(seen)}."
        witness.check(answer.reasoning)
        for task, turns in zip(row.tasks, row.conversations, strict=True):
            for turn in turns:
                if turn.speaker == "model" and task == "list" and turn.text != LIST_OF_NOTHING:
                    for concept, wording in listed_lines(turn.text):
                        witness.bears_out(concept, wording)
                elif turn.speaker == "model" and turn.text not in (said.text, LIST_OF_NOTHING):
                    witness.check(turn.text)
        for one in row.findings:
            assert all(name in CONCEPTS for name in (one.concept, *row.regions))
            if one.original and one.supported:
                assert one.original != one.measurements
        terms |= {one.term for one in row.findings}
        claims += witness.claims
    assert claims > 1000
    assert {"unclear", "usual", "smooth", "noisy", "dark", "tone"} <= terms
    assert rejected < SAMPLES * 0.1


def test_what_is_not_assessable_is_never_named(faces: list[tuple[NDArray[np.uint8], NDArray[np.float32]]]) -> None:
    for seed in range(2, 60, 5):
        _, said = made(faces, seed)
        for concept in (*said.naming.names, *(one.concept for one in said.findings)):
            assert any(said.leaves.reason(LEAVES[leaf].name) is None for leaf in leaves_below(concept)), concept


def test_the_same_seed_gives_the_same_annotation(
    faces: list[tuple[NDArray[np.uint8], NDArray[np.float32]]],
) -> None:
    for seed in (0, 1, 2, 3):
        rows = [made(faces, seed)[1].row("a.png", "train", "studio") for _ in range(2)]
        assert rows[0] == rows[1]
    assert made(faces, 2)[1].text != made(faces, 7)[1].text
