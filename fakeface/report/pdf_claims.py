"""Sections of the PDF about what was asked of a face: parts, places, texts with numbered claims, evidence both ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image
from reportlab.lib.units import mm
from reportlab.platypus import Image as Figure
from reportlab.platypus import KeepTogether, Spacer, Table
from reportlab.platypus.flowables import Flowable

from fakeface.report.curve_plot import draw_curves
from fakeface.report.entries import ExplanationEntry, FaithfulnessEntry, PartEntry, StatementEntry
from fakeface.report.numbers import number_words
from fakeface.report.pdf_page import ACCENT, STYLES, WIDTH, Ruled, encoded, grid, markup, paragraph, table_style
from fakeface.report.pdf_view import View, crop_picture, picture
from fakeface.report.record import FaceEntry
from fakeface.report.unanswered import unanswered_words
from fakeface.report.words import (
    AREAS,
    SIDES,
    concept_words,
    faithfulness_words,
    measured_words,
    nothing_against,
    numbered_pieces,
    part_words,
    place_name,
    place_words,
    sensitivity_words,
    share_words,
    support_words,
    term_words,
)

__all__ = ["asked_of", "numbered"]

PHRASES_SIDE = 62 * mm
"""Longest side of the numbered masks on paper."""

PHRASES_PIXELS = 900

CURVES_WIDTH = 110 * mm
"""Width of the curves of deletion and insertion on paper."""

CHECKS = (
    "Each claim of the text is held against a measurement of the picture's own pixels, beside the range of real faces: "
    "it is consistent with the measurement, or not supported by it. On most unaltered faces some measurement lies "
    "outside its range too, and texts on request name only artifacts that were measured beforehand, so that being "
    "consistent says little by itself. Sensitivity is the change of the log-odds of the text-independent score when "
    "the claim's mask is painted over from its surroundings; it tells of the network, not of the picture."
)


def asked_of(view: View, face: FaceEntry) -> Iterator[Flowable]:
    """Everything that was asked of a face beyond its decision, or why it is not answered; nothing where nothing was."""
    unanswered = unanswered_words(view.head.settings, face)
    if unanswered:
        yield paragraph("What was asked of this face", "h3")
        yield paragraph(unanswered)
    crop = crop_picture(view.root, face)
    yield from _parts("Parts that the mask marks, largest share first", "Part", face.parts)
    yield from _parts("Places that were asked about", "Asked, part", face.places)
    drawn = picture(view.root, face.places_overlay_file)
    if drawn is not None:
        caption = _caption("place's marked pixels", "the table", face.places_overlay_file)
        yield KeepTogether([Spacer(1, 2 * mm), _figures(crop, drawn), paragraph(caption, "caption")])
    if any(explanation.statements for explanation in face.explanations):
        yield paragraph("What the model wrote on request, and how its claims fare", "h3")
        yield paragraph(CHECKS, "small")
    for number, explanation in enumerate(face.explanations, start=1):
        yield from _explanation(number, explanation, crop, picture(view.root, explanation.overlay_file))
    if face.parts or face.places or face.maps or face.explanations:
        yield from _evidence(face)


def _parts(title: str, first: str, parts: Sequence[PartEntry]) -> Iterator[Flowable]:
    if not parts:
        return
    columns = (
        ("No.", 9 * mm),
        (first, 42 * mm),
        ("Of the mask", 16 * mm),
        ("Marked", 24 * mm),
        ("Severity", 17 * mm),
        ("What is measured", WIDTH - 108 * mm),
    )
    yield KeepTogether(
        [
            paragraph(title, "h3"),
            grid(columns, [_part_row(number, part) for number, part in enumerate(parts, start=1)]),
            paragraph(SIDES, "small"),
        ]
    )


def _part_row(number: int, part: PartEntry) -> list[str | Flowable]:
    name = f"{part.asked}: {place_name(part)}" if part.asked else concept_words(part.concept)
    altered = place_words(part) if part.asked else share_words(part.covered)
    return [str(number), name, share_words(part.share), altered, part.severity, part_words(part)]


def _explanation(
    number: int, explanation: ExplanationEntry, crop: Image.Image | None, drawn: Image.Image | None
) -> Iterator[Flowable]:
    yield paragraph(f"Text {number} ({explanation.task}): {explanation.question}", "h3")
    yield Ruled(numbered(explanation.text), STYLES["quote"].clone("quote", ruleColour=ACCENT))
    yield paragraph(
        " ".join(("What the model wrote.", *_reading(explanation))),
        "small",
    )
    if drawn is not None:
        caption = _caption("phrase that has a mask", "the text", explanation.overlay_file)
        yield KeepTogether([Spacer(1, 2 * mm), _figures(crop, drawn), paragraph(caption, "caption")])
    if explanation.statements:
        yield _claims(explanation.statements)


def _reading(explanation: ExplanationEntry) -> Iterator[str]:
    if any(claim.grounded for claim in explanation.statements):
        yield "Underlined phrases have a mask."
    if explanation.agreement is not None:
        agreement = number_words(explanation.agreement)
        yield (
            "Agreement of the regions that the text, the face's artifact mask and the region head name (mean F1 of "
            f"each two, 0 to 1): {agreement}."
        )
    if explanation.note:
        yield explanation.note


def _figures(crop: Image.Image | None, drawn: Image.Image) -> Flowable:
    """The numbered masks, with the plain crop before them: an overlay never stands alone."""
    shown = [_figure(image) for image in (crop, drawn) if image is not None]
    table = Table([shown], colWidths=[PHRASES_SIDE + 6 * mm] * len(shown), hAlign="LEFT")
    table.setStyle(table_style([("LEFTPADDING", (0, 0), (-1, -1), 0), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _figure(image: Image.Image) -> Figure:
    image.thumbnail((PHRASES_PIXELS, PHRASES_PIXELS), Image.Resampling.LANCZOS)
    scale = PHRASES_SIDE / max(image.size)
    return Figure(encoded(image, "PNG"), image.width * scale, image.height * scale)


def _caption(each: str, numbers: str, file: str | None) -> str:
    return (
        f"Processed images: the crop, and the examined square with a contour for each {each}; the numbers are those of "
        f"{numbers} ({file})."
    )


def _claims(statements: Sequence[StatementEntry]) -> Flowable:
    columns = (
        ("No.", 9 * mm),
        ("Phrase, part", 30 * mm),
        ("What the text says", 33 * mm),
        ("Measurement", 42 * mm),
        ("Check", 24 * mm),
        ("Marked", 15 * mm),
        ("Score", WIDTH - 153 * mm),
    )
    return grid(columns, [_claim_row(claim) for claim in statements])


def _claim_row(claim: StatementEntry) -> list[str | Flowable]:
    part = concept_words(claim.concept)
    return [
        str(claim.number),
        claim.phrase if claim.phrase.lower() == part.lower() else f"{claim.phrase}: {part}",
        term_words(claim.term, claim.severity),
        measured_words(claim),
        support_words(claim.supported, claim.term),
        "—" if claim.covered is None else share_words(claim.covered),
        sensitivity_words(claim.sensitivity),
    ]


def _evidence(face: FaceEntry) -> Iterator[Flowable]:
    claims = [claim for explanation in face.explanations for claim in explanation.statements]
    borne_out = dict.fromkeys(
        f'"{claim.sentence}": {support_words(True, claim.term)}, {measured_words(claim)}.'
        for claim in claims
        if claim.supported
    )
    evidence = {"What speaks against the result": face.contrary or (nothing_against(face.decision),)}
    if face.explanations:
        evidence = {"Claims of the text that are consistent with a measurement": tuple(borne_out), **evidence}
    for title, sentences in evidence.items():
        lines = sentences or ("None.",)
        yield paragraph(title, "h3")
        yield from (paragraph(f"• {line}") for line in lines)
    if face.faithfulness is not None:
        yield KeepTogether(_curves(face, face.faithfulness))


def _curves(face: FaceEntry, curves: FaithfulnessEntry) -> list[Flowable]:
    """How the score follows the reliability map: both curves, and how they are read."""
    image = Image.fromarray(draw_curves(curves))
    return [
        paragraph("How the text-independent score follows the reliability map", "h3"),
        Figure(encoded(image, "PNG"), CURVES_WIDTH, CURVES_WIDTH * image.height / image.width, hAlign="LEFT"),
        paragraph(
            "The text-independent score (0 to 1) while the most probable pixels are blurred first: area "
            f"{curves.deletion_area:.2f} under the curve; while they come back first: {curves.insertion_area:.2f}. "
            f"{AREAS} How to read it: {faithfulness_words(face)}.",
            "small",
        ),
    ]


def numbered(text: str) -> str:
    """A model's text as markup: every phrase with its number, underlined where it has a mask."""
    parts = []
    for piece, number in numbered_pieces(text):
        shown = markup(piece.text)
        marked = f"<u>{shown}</u>" if piece.grounded else shown
        parts.append(f"{marked} [{number}]" if number else marked)
    return "".join(parts)
