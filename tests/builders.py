"""Makers of findings for tests: real value objects with plausible, seeded contents."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from fakeface.answers import Claim, ForgeryClass, Hypothesis, format_answer, parse_answer
from fakeface.decision import Decision, Reason, Scores, Thresholds, Verdict, decide, undecided
from fakeface.evidence import Evidence
from fakeface.faces import Box, Face, FaceOrigin, crop_face
from fakeface.findings import FaceFinding, FileFinding, FileStatus, PictureFacts
from fakeface.frames import Frame
from fakeface.masks import Mask
from fakeface.report.casefolder import RunHeader
from fakeface.report.record import FileEntry, ModelEntry, file_entry

THRESHOLDS = Thresholds(fakeness=0.5, independent=0.5, margin=0.05, mask=0.5, region=0.5)
FACE_BOX = Box(100, 60, 190, 160)

TEXTS = {
    Claim.FAKE: (
        "A woman with short hair looks into the camera.",
        "The <p>left cheek</p>[SEG] is smoother than the skin around it, and the <p>outline of the jaw</p>[SEG] "
        "changes colour; the <p>teeth</p>[NOSEG] show nothing.",
    ),
    Claim.REAL: (
        "A woman with short hair looks into the camera.",
        "Skin texture is even over the <p>whole face</p>[NOSEG] and light falls from one side.",
    ),
}


def make_pixels(width: int = 320, height: int = 240, seed: int = 1) -> NDArray[np.uint8]:
    """A smooth coloured picture with noise, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    base = np.stack([rows * 180 / height + 40, columns * 180 / width + 40, (rows + columns) % 120 + 60], axis=2)
    return np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype(np.uint8)


def make_evidence(name: str, seed: int = 1) -> Evidence:
    """Hashes that follow from the name and the seed."""
    content = f"{name!r}{seed}".encode("utf-8", "surrogateescape")
    return Evidence(name, hashlib.sha256(content).hexdigest(), hashlib.sha512(content).hexdigest(), 1000 + len(content))


def make_face(box: Box = FACE_BOX, seed: int = 1) -> Face:
    """A face with 68 landmarks inside its box."""
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0.1, 0.9, (68, 2)) * (box.width, box.height)
    return Face(box, 0.87, (spread + np.array([box.left, box.top])).astype(np.float32), FaceOrigin.HOG)


def make_decision(verdict: Verdict, fakeness: float, independent: float | None = None) -> tuple[Decision, list[Claim]]:
    """A decision that ``decide`` really makes of three answers, and what they claim."""
    claims = [Claim.FAKE, Claim.FAKE, Claim.REAL] if fakeness >= 0.5 else [Claim.REAL, Claim.FAKE, Claim.REAL]
    low = 0.5 * min(fakeness, 1 - fakeness)
    own, other = fakeness * 0.9, (1 - fakeness) * 0.9
    rows = []
    for row, claim in enumerate(claims):
        weaker = low * 0.3 * row
        right, wrong = (own - weaker, other + weaker) if claim is Claim.FAKE else (other - weaker, own + weaker)
        rows.append([0.05, wrong, 0.05, right] if claim is Claim.FAKE else [right, 0.05, wrong, 0.05])
    answers = [
        parse_answer(answer_text(claim), hypothesis) for claim, hypothesis in zip(claims, Hypothesis, strict=True)
    ]
    decision = decide(
        answers,
        Scores(np.array(rows, dtype=np.float32)),
        fakeness if independent is None else independent,
        np.array([0.1, 0.5, 0.1, 0.2, 0.1], dtype=np.float32),
        THRESHOLDS,
    )
    assert decision.verdict is verdict, decision
    return decision, claims


def answer_text(claim: Claim) -> str:
    """The five lines a model writes for a claim."""
    forgery = ForgeryClass.IDENTITY_SWAP if claim is Claim.FAKE else ForgeryClass.REAL
    return format_answer(*TEXTS[claim], claim, 0.9, forgery)


def make_face_finding(
    number: int = 1,
    fakeness: float = 0.93,
    pixels: NDArray[np.uint8] | None = None,
    box: Box = FACE_BOX,
    reason: Reason | None = None,
) -> FaceFinding:
    """A face that supports alteration (fakeness above 0.55), none (below 0.45), or neither; or one undecided.

    Args:
        number: of the face.
        fakeness: what MIDS says.
        pixels: the picture; a made one by default.
        box: of the face.
        reason: makes the face undecided for this reason, without answers.
    """
    face = make_face(box, seed=number)
    if reason is not None:
        return FaceFinding(number, face, undecided(reason))
    pixels = make_pixels() if pixels is None else pixels
    verdict = Verdict.INDETERMINATE if abs(fakeness - 0.5) < 0.05 else Verdict.FAKE if fakeness > 0.5 else Verdict.REAL
    decision, claims = make_decision(verdict, fakeness)
    inside = np.zeros(pixels.shape[:2], dtype=np.bool_)
    inside[box.top + box.height // 2 : box.bottom - 10, box.left + 10 : box.left + box.width // 2] = True
    return FaceFinding(
        number,
        face,
        decision,
        crop=crop_face(Frame(pixels.copy()), face),
        answers=tuple(parse_answer(answer_text(claim), kind) for claim, kind in zip(claims, Hypothesis, strict=True)),
        class_probabilities=np.array([0.1, 0.5, 0.1, 0.2, 0.1], dtype=np.float32),
        regions=(("left cheek", 0.81234), ("jaw", 0.44)),
        masks=(Mask(inside, "artifact", 0.71239),),
    )


def make_file_finding(
    number: int = 1,
    name: str | None = None,
    fakenesses: tuple[float, ...] = (0.93,),
    reason: Reason | None = None,
    width: int = 320,
    height: int = 240,
) -> FileFinding:
    """An analysed picture with one face per fakeness, side by side; ``reason`` adds an undecided face."""
    name = f"pictures/{number:03d}.jpg" if name is None else name
    pixels = make_pixels(width, height, seed=number)
    boxes = [Box(20 + 100 * row, 60, 100 + 100 * row, 160) for row in range(len(fakenesses) + 1)]
    faces = [make_face_finding(row, fakeness, pixels, boxes[row - 1]) for row, fakeness in enumerate(fakenesses, 1)]
    if reason is not None:
        faces.append(make_face_finding(len(faces) + 1, box=boxes[len(faces)], reason=reason))
    facts = PictureFacts(
        "JPEG", width, height, Frame(pixels).pixels_sha256(), ("EXIF orientation 6 applied: rotated 90 degrees",)
    )
    return FileFinding(
        number,
        name,
        FileStatus.ANALYSED,
        make_evidence(name, number),
        picture=facts,
        faces=tuple(faces),
        seconds_finding=0.25,
        seconds_deciding=0.5 * len(faces),
        pixels=pixels,
    )


def make_failed_finding(
    number: int = 1, name: str = "pictures/broken.jpg", status: FileStatus = FileStatus.FAILED
) -> FileFinding:
    """An input that could not be examined."""
    error, code = ("the file is truncated", "unreadable")
    if status is FileStatus.SKIPPED:
        error, code = ("not a picture", "unsupported")
    return FileFinding(number, name, status, make_evidence(name, number), error=error, error_code=code)


def make_findings() -> list[FileFinding]:
    """One of everything: two faces that differ, none, undecided, too close, skipped, failed."""
    return [
        make_file_finding(1, fakenesses=(0.93, 0.08)),
        make_file_finding(2, "pictures/no face.png", fakenesses=()),
        make_file_finding(3, fakenesses=(0.52,), reason=Reason.TOO_SMALL),
        make_failed_finding(4, "notes.txt", FileStatus.SKIPPED),
        make_failed_finding(5),
    ]


def make_entries() -> list[FileEntry]:
    """The record's form of ``make_findings``, without files on the disk."""
    return [file_entry(finding) for finding in make_findings()]


def make_header(**settings: object) -> RunHeader:
    """A run of the compact profile with one model."""
    return RunHeader(
        argv=("fakeface", "detect", "pictures"),
        settings={"profile": "compact", "device": "cpu", "threads": 2, "faces": {"detector": "auto"}, **settings},
        profile={
            "name": "compact",
            "version": "1",
            "trained": "2026-11-20",
            "data": "a made-up set",
            "thresholds": {"fakeness": 0.5, "independent": 0.5, "margin": 0.05},
        },
        models=(ModelEntry(name="compact encoder", sha256="ab" * 32, device="cpu", precision="float32"),),
        threads=2,
    )
