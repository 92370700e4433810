"""Sections of the PDF about single faces: pictures side by side, scores with their direction, what the model wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, PageBreak, Spacer, Table
from reportlab.platypus import Image as Figure
from reportlab.platypus.flowables import Flowable

from fakeface.concepts import look_up
from fakeface.report.numbers import score_words
from fakeface.report.pdf_claims import asked_of
from fakeface.report.pdf_page import (
    ACCENT,
    RULE,
    STYLES,
    WIDTH,
    Bar,
    Ruled,
    encoded,
    grid,
    markup,
    paragraph,
    shortened,
    table_style,
)
from fakeface.report.pdf_view import View, crop_picture, picture
from fakeface.report.record import AnswerEntry, FaceEntry, FileEntry
from fakeface.report.words import (
    NO_MASK,
    agreement_words,
    class_words,
    concept_words,
    pieces,
    ratio_words,
    verdict_words,
)

__all__ = ["NO_PADDING", "face_parts", "faces", "mask_caption", "result_box"]

GAP = 4 * mm
PANEL_PIXELS = 448
"""Pixels per side of a panel on paper; smaller contents are enlarged without smoothing."""

OVERVIEW_PIXELS = 1200
OVERVIEW_HEIGHT = 95 * mm
LISTED_REGIONS = 12
"""How many suspect regions are printed; the record holds all."""

QUESTIONS = {
    "open": "asked openly",
    "fake": "told that the face is fake",
    "real": "told that the face is real",
}


def faces(view: View) -> Iterator[Flowable]:
    """One section per shown face, under an overview of its picture; nothing for a run over films alone."""
    if "Faces" not in view.titles:
        return
    yield PageBreak()
    yield paragraph(view.heading("Faces"), "h1")
    if not view.faces:
        yield paragraph("No face has a section: none was found, or none supports alteration.")
    for place, entry in enumerate(entry for entry in view.files if any(face.id in view.faces for face in entry.faces)):
        if place:
            yield PageBreak()
        yield from _overview(view, entry)
        for face in entry.faces:
            if face.id in view.faces:
                yield from _face(view, entry, face)


def _overview(view: View, entry: FileEntry) -> Iterator[Flowable]:
    yield paragraph(shortened(f"{entry.id}: {entry.name}", 160), "h2")
    overlay = picture(view.root, entry.overlay_file)
    if overlay is None:
        yield paragraph("No overlay of this picture is in the case folder.", "caption")
        return
    reduced = entry.overlay_scale is not None and entry.overlay_scale < 1
    overlay.thumbnail((OVERVIEW_PIXELS, OVERVIEW_PIXELS), Image.Resampling.LANCZOS)
    scale = min(WIDTH / overlay.width, OVERVIEW_HEIGHT / overlay.height)
    caption = (
        f"Processed image: boxes with face numbers, artifact masks as light-blue contours ({entry.overlay_file}"
        f"{f', reduced to {entry.overlay_scale:.0%} of the picture' if reduced else ''}; reduced to at most "
        f"{OVERVIEW_PIXELS} pixels and compressed as JPEG for this page). "
        "Solid box: supports alteration; long dashes: supports no alteration; short dashes: inconclusive."
    )
    figure = Figure(encoded(overlay, "JPEG"), overlay.width * scale, overlay.height * scale, hAlign="LEFT")
    yield KeepTogether([figure, paragraph(caption, "caption"), Spacer(1, 3 * mm)])


def _face(view: View, entry: FileEntry, face: FaceEntry) -> Iterator[Flowable]:
    yield CondPageBreak((210 if face.maps else 110) * mm)
    yield paragraph(f"Face {face.id}", "h2")
    left, top, right, bottom = face.box
    where = (
        f"Face {face.number} of {shortened(entry.name)}, box x {left}–{right}, y {top}–{bottom} in pixels of "
        f"the upright picture, shorter side {face.size_pixels} pixels; found by {face.origin}."
    )
    yield from face_parts(view, face, where, _shown(view, entry, face))


def face_parts(
    view: View, face: FaceEntry, where: str, shown: Sequence[tuple[Image.Image | None, str]]
) -> Iterator[Flowable]:
    """Everything that is said of a face: result, pictures, scores, what was asked of it, what the model wrote.

    Args:
        view: of the record.
        face: that is shown.
        where: sentence on its place.
        shown: pictures with their captions, the crop first; without it no picture is shown.
    """
    result = result_box(f"Result: {verdict_words(face.decision)}")
    yield KeepTogether([result, Spacer(1, 2 * mm), paragraph(where, "small"), *_panels(face, shown)])
    yield KeepTogether([paragraph("What the software measured", "h3"), _scores(view, face)])
    yield from _classes_and_regions(face)
    yield from asked_of(view, face)
    yield from _answers(face)


def _classes_and_regions(face: FaceEntry) -> Iterator[Flowable]:
    half = WIDTH / 2 - 3 * mm
    classes = [(class_words(name), value) for name, value in (face.class_probabilities or {}).items()]
    regions = [(concept_words(look_up(region.name).name), region.probability) for region in face.regions]
    columns: list[list[Flowable]] = [
        [paragraph(title, "h3"), _probabilities(kind, rows, half)] if rows else []
        for title, kind, rows in (
            ("Class probabilities (text-independent)", "Class", classes),
            (f"Suspect regions, highest first{_left_out(len(regions))}", "Region", regions),
        )
    ]
    if any(columns):
        table = Table([columns], colWidths=[WIDTH / 2] * 2)
        table.setStyle(table_style([("VALIGN", (0, 0), (-1, -1), "TOP"), *NO_PADDING]))
        yield Spacer(1, 3 * mm)
        yield table


def _left_out(count: int) -> str:
    return f" ({LISTED_REGIONS} of {count}; the record holds all)" if count > LISTED_REGIONS else ""


def _probabilities(kind: str, values: list[tuple[str, float]], width: float) -> Table:
    rows: list[list[str | Flowable]] = [
        [name, score_words(value, 4), Bar(value, width=28 * mm)] for name, value in values[:LISTED_REGIONS]
    ]
    table = grid(((kind, width - 48 * mm), ("Value", 16 * mm), ("0 to 1", 32 * mm)), rows)
    table.hAlign = "LEFT"
    return table


def result_box(words: str) -> Table:
    """A result in plain words, set apart."""
    table = Table([[paragraph(words, "h3")]], colWidths=[WIDTH])
    table.setStyle(
        table_style(
            [
                ("BACKGROUND", (0, 0), (-1, -1), HexColor("#eef2f6")),
                ("LINEBEFORE", (0, 0), (0, -1), 2.5, ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
            ]
        )
    )
    return table


def _panels(face: FaceEntry, shown: Sequence[tuple[Image.Image | None, str]]) -> list[Flowable]:
    if shown[0][0] is None or face.square is None:
        reason = "was not cut out" if face.square is None else "was not saved"
        return [paragraph(f"No pictures of this face: its crop {reason}.", "caption")]
    return [Spacer(1, 1.5 * mm), *_side_by_side(shown)]


def _shown(view: View, entry: FileEntry, face: FaceEntry) -> list[tuple[Image.Image | None, str]]:
    """The pictures of a still picture's face."""
    mask = picture(view.root, face.masks[0].file) if face.masks else None
    overlay = picture(view.root, entry.overlay_file)
    square = face.square or face.box
    left, top, right, bottom = (round(side * (entry.overlay_scale or 1.0)) for side in square)
    return [
        (
            crop_picture(view.root, face),
            f"Processed image: crop as the networks saw it, at {face.scale or 1:.0%} scale; grey lies outside it.",
        ),
        (mask.crop(square) if mask else None, mask_caption(face)),
        (overlay.crop((left, top, right, bottom)) if overlay else None, _overlay_caption()),
        *_maps(view, face),
    ]


def _maps(view: View, face: FaceEntry) -> Iterator[tuple[Image.Image | None, str]]:
    """Heat maps first, so that the last layer's stands beside crop, mask and overlay."""
    for one in sorted(face.maps, key=lambda found: found.kind):
        what = (
            "what the score that the decision rests on, of picture and chosen answer together, is sensitive to in the "
            "scorer's"
            if one.kind == "heat"
            else "how likely each pixel is altered, before any cut:"
        )
        peak = f"highest {one.highest:.2f} at x {one.peak[0]}, y {one.peak[1]}"
        if one.highest <= 0:
            peak = "0 everywhere: this layer shows no sensitivity"
        yield picture(view.root, one.file), f"Processed image: {what} {one.name}. Unit: {one.unit}; {peak}."


def _side_by_side(shown: Sequence[tuple[Image.Image | None, str]]) -> Iterator[Flowable]:
    """Panels in rows of three; four stand in one row."""
    across = 4 if len(shown) == 4 else 3
    side = WIDTH / across - GAP
    for start in range(0, len(shown), across):
        row = shown[start : start + across]
        cells = [[_panel(image, side) for image, _ in row], [paragraph(caption, "caption") for _, caption in row]]
        table = Table(cells, colWidths=[WIDTH / across] * len(row), hAlign="LEFT")
        table.setStyle(
            table_style(
                [
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
                    ("TOPPADDING", (0, 0), (-1, -1), 2),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ]
            )
        )
        yield table


def mask_caption(face: FaceEntry) -> str:
    """What the panel of the artifact mask shows."""
    if not face.masks:
        if not face.answers:
            return "No artifact mask was computed for this face."
        return f"{NO_MASK}."
    mask = face.masks[0]
    more = f" {len(face.masks) - 1} further masks are in the record." if len(face.masks) > 1 else ""
    return (
        f"Processed image: artifact mask over the same square, white inside, {mask.area_pixels} pixels, mean "
        f"probability {mask.score:.2f} (higher: more support for alteration there).{more}"
    )


def _overlay_caption() -> str:
    return (
        "Processed image: the same square of the overlay, mask as light-blue contour; black lies outside the picture."
    )


def _panel(image: Image.Image | None, side: float) -> Flowable:
    if image is None:
        return paragraph("no picture", "caption")
    method = Image.Resampling.NEAREST if max(image.size) <= PANEL_PIXELS else Image.Resampling.LANCZOS
    scale = PANEL_PIXELS / max(image.size)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    square = Image.new("RGB", (PANEL_PIXELS, PANEL_PIXELS), (255, 255, 255))
    square.paste(image.resize(size, method), ((PANEL_PIXELS - size[0]) // 2, (PANEL_PIXELS - size[1]) // 2))
    frame = Table([[Figure(encoded(square, "PNG"), side, side)]], colWidths=[side], rowHeights=[side], hAlign="LEFT")
    frame.setStyle(table_style([("BOX", (0, 0), (-1, -1), 0.6, RULE), *NO_PADDING]))
    return frame


NO_PADDING = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]


def _scores(view: View, face: FaceEntry) -> Table:
    decision = face.decision
    fakeness_cut, independent_cut = view.cut("fakeness"), view.cut("independent")
    rows: list[list[str | Flowable]] = [
        _score_row("Fakeness", decision.fakeness, fakeness_cut, "higher: more support for alteration"),
        _score_row(
            "Text-independent score",
            decision.independent_score,
            independent_cut,
            "higher: more support for alteration; no text took part",
        ),
        _score_row("Match of chosen answer", decision.match, None, "higher: the answer fits the picture better"),
        ["Answers", decision.difficulty or "—", "", "easy: all three answers agree; hard: they do not"],
        [
            "Agreement",
            agreement_words(decision.agreement),
            "",
            "verdict and text-independent score on the same side; no corroboration",
        ],
        ["Class", class_words(decision.forgery), "", "most probable class that fits the verdict"],
        ["Likelihood ratio", *_likelihood(face)],
    ]
    columns = (
        ("Measure", 38 * mm),
        ("Value", 23 * mm),
        ("0 to 1, tick: cut", 34 * mm),
        ("Direction", WIDTH - 95 * mm),
    )
    return grid(columns, rows)


def _score_row(name: str, value: float | None, cut: float | None, direction: str) -> list[str | Flowable]:
    shown = f"{direction}; cut {cut:.2f}" if cut is not None else direction
    return [name, score_words(value, 4), Bar(value, cut, 30 * mm) if value is not None else "", shown]


def _likelihood(face: FaceEntry) -> tuple[str, str, str]:
    words = ratio_words(face.decision)
    if not words:
        return "not given", "", "this version is not calibrated"
    if face.decision.log10_lr is None:
        return "withheld", "", words
    return f"log10 {face.decision.log10_lr:.2f}", "", f"{words}; computed from {face.decision.lr_score}"


def _answers(face: FaceEntry) -> Iterator[Flowable]:
    if not face.answers:
        return
    yield paragraph("What the model wrote", "h3")
    yield paragraph(
        "Quoted text of a language model, not a finding of software or examiner. Underlined phrases are those "
        "that the model ties to pixels. An answer that lost was written on request under its hypothesis.",
        "small",
    )
    order = sorted(face.answers, key=lambda answer: answer.role != "chosen")
    for answer in order:
        yield Spacer(1, 2.5 * mm)
        yield from _quoted(answer)


def _quoted(answer: AnswerEntry) -> Iterator[Flowable]:
    chosen = answer.role == "chosen"
    says = f"says {answer.claim}" if answer.claim else f"unreadable: {answer.problem}"
    role = "Chosen answer" if chosen else "Model's alternative"
    label = f"{role}, {QUESTIONS[answer.hypothesis]}: {says}, match {score_words(answer.match, 4)}"
    texts = [text for text in (answer.description, answer.reasoning) if text] if answer.claim else [answer.text]
    written = [f"class written: {class_words(answer.forgery)}"] if answer.forgery else []
    if answer.probability is not None:
        written.append(f"probability written: {answer.probability:.2f} (decides nothing)")
    lines = [("quote-head", markup(label)), *(("quote", _marked(text)) for text in texts)]
    lines += [("quote-end", markup("; ".join(written)))] if written else []
    for name, line in lines:
        yield Ruled(line, STYLES[name].clone(name, ruleColour=ACCENT if chosen else RULE))


def _marked(text: str) -> str:
    return "".join(f"<u>{markup(piece.text)}</u>" if piece.grounded else markup(piece.text) for piece in pieces(text))
