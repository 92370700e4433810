"""The PDF's paper: fonts, styles, the only way for text onto a page, and the frame that every page shares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape

from PIL import Image
from reportlab import rl_config
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table, TableStyle
from reportlab.platypus.flowables import Flowable

from fakeface.sanitize import safe_text

__all__ = [
    "ACCENT",
    "BOLD",
    "FAINT",
    "INK",
    "REGULAR",
    "RULE",
    "STYLES",
    "WIDTH",
    "Bar",
    "ReportTemplate",
    "Ruled",
    "encoded",
    "grid",
    "markup",
    "pairs",
    "paragraph",
    "prepare",
    "printable",
    "shortened",
    "table_style",
]

REGULAR, BOLD = "FakefaceSans", "FakefaceSans-Bold"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
"""Usable width of a page in points."""

INK, FAINT, RULE = HexColor("#1b2430"), HexColor("#5b6673"), HexColor("#c9d0d8")
ACCENT, SHADE = HexColor("#1f3a5f"), HexColor("#eef2f6")
ROW_CHARACTERS = 1200
"""Longest text in one row of names and values."""

FONTS = Path(__file__).parent / "fonts"


def _style(name: str, size: float, leading: float, **more: Any) -> ParagraphStyle:
    more = {"fontName": REGULAR, "textColor": INK, "splitLongWords": 1, "bulletFontName": REGULAR} | more
    return ParagraphStyle(name, fontSize=size, leading=leading, **more)


STYLES = {
    "title": _style("title", 21, 26, fontName=BOLD, textColor=ACCENT, spaceAfter=2),
    "subtitle": _style("subtitle", 11, 15, textColor=FAINT, spaceAfter=10),
    "h1": _style("h1", 14, 18, fontName=BOLD, textColor=ACCENT, spaceBefore=14, spaceAfter=6, keepWithNext=1),
    "h2": _style("h2", 11, 14.5, fontName=BOLD, textColor=ACCENT, spaceBefore=10, spaceAfter=4, keepWithNext=1),
    "h3": _style("h3", 9, 12, fontName=BOLD, spaceBefore=8, spaceAfter=3, keepWithNext=1),
    "body": _style("body", 9, 12.6, spaceAfter=4),
    "cell": _style("cell", 8, 10.6),
    "head": _style("head", 8, 10.6, fontName=BOLD, textColor=ACCENT),
    "small": _style("small", 7.2, 9.6, textColor=FAINT),
    "caption": _style("caption", 7.2, 9.4, textColor=FAINT, spaceBefore=2),
    "bullet": _style("bullet", 9, 12.6, leftIndent=10, bulletIndent=0, spaceAfter=3),
    "quote-head": _style("quote-head", 8, 11, fontName=BOLD, textColor=ACCENT, leftIndent=8, keepWithNext=1),
    "quote": _style("quote", 9, 12.8, leftIndent=8, spaceAfter=3),
    "quote-end": _style("quote-end", 7.2, 9.6, textColor=FAINT, leftIndent=8),
    "end": _style("end", 9, 13, fontName=BOLD, textColor=FAINT, alignment=TA_CENTER, spaceBefore=18),
}


def prepare() -> None:
    """Register the fonts and close reportlab's ways to fetch anything from outside; calling it again is harmless."""
    rl_config.trustedHosts = ["none.invalid"]
    rl_config.trustedSchemes = []
    _glyphs()


@cache
def _glyphs() -> frozenset[int]:
    for name, file in ((REGULAR, "DejaVuSans.ttf"), (BOLD, "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(FONTS / file)))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    covered = [set(pdfmetrics.getFont(name).face.charToGlyph) for name in (REGULAR, BOLD)]
    # reportlab writes a wrong code for characters beyond U+FFFF into the map that copying and searching go by
    return frozenset(point for point in covered[0] & covered[1] if point <= 0xFFFF)


def printable(text: str) -> str:
    """Text as a page can show it: sanitised, and what the font lacks as a visible escape instead of an empty box."""
    known = _glyphs()
    return "".join(
        character if character == "\n" or ord(character) in known else _escaped(ord(character))
        for character in safe_text(text, keep_newlines=True)
    )


def _escaped(point: int) -> str:
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"


def markup(text: str) -> str:
    """Any text, made inert for reportlab's paragraph markup: the only way for evidence and model text onto a page."""
    return escape(printable(text)).replace("\n", "<br/>")


def shortened(text: str, limit: int = 280) -> str:
    """A text with its middle left out where it is too long for its place; the evidence section has every name whole."""
    shown = printable(text)
    return shown if len(shown) <= limit else f"{shown[: limit // 2]} […] {shown[-limit // 2 :]}"


def paragraph(text: str, style: str = "body") -> Paragraph:
    """A paragraph of plain text; nothing in it acts as markup."""
    return Paragraph(markup(text), STYLES[style])


def encoded(image: Image.Image, kind: str) -> BytesIO:
    """A picture as a file in memory, JPEG or PNG: the only way for pixels onto a page."""
    buffer = BytesIO()
    image.save(buffer, kind, quality=88)
    buffer.seek(0)
    return buffer


def table_style(commands: Sequence[tuple[Any, ...]]) -> TableStyle:
    """A table's style in our font: reportlab names its own, which is not embedded, for every cell it is not told of."""
    return TableStyle([("FONTNAME", (0, 0), (-1, -1), REGULAR), *commands])


def grid(
    columns: Sequence[tuple[str, float]], rows: Sequence[Sequence[str | Flowable]], *, zebra: bool = True
) -> Table:
    """A table with a head that is repeated on every page.

    Args:
        columns: title and width in points.
        rows: cells, plain text or flowables.
        zebra: shade every other row.
    """
    head: list[Flowable] = [paragraph(title, "head") for title, _ in columns]
    body = [[paragraph(shortened(cell), "cell") if isinstance(cell, str) else cell for cell in row] for row in rows]
    table = Table([head, *body], colWidths=[width for _, width in columns], repeatRows=1)
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, 0), 0.9, ACCENT),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 2.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
    ]
    if zebra:
        style.append(("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, HexColor("#f7f9fb")]))
    table.setStyle(table_style(style))
    return table


def pairs(rows: Sequence[tuple[str, str | Flowable]], label_width: float = 38 * mm) -> Table:
    """Names and values side by side; a long value runs over several rows, because no row may exceed a page."""
    cells = [
        [paragraph(name if place == 0 else "", "head"), part]
        for name, value in rows
        for place, part in enumerate(_parts(value))
    ]
    table = Table(cells, colWidths=[label_width, WIDTH - label_width])
    table.setStyle(
        table_style(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, RULE),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 2.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
            ]
        )
    )
    return table


def _parts(value: str | Flowable) -> list[Flowable]:
    if not isinstance(value, str):
        return [value]
    text = printable(value)
    return [
        paragraph(text[place : place + ROW_CHARACTERS], "cell") for place in range(0, max(len(text), 1), ROW_CHARACTERS)
    ]


class Ruled(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph with a rule along its left side in its style's ``ruleColour``; splits over pages as any other."""

    def draw(self) -> None:
        """Text and rule."""
        super().draw()
        self.canv.setStrokeColor(self.style.ruleColour)
        self.canv.setLineWidth(1.8)
        self.canv.line(0.9, -self.style.spaceAfter, 0.9, self.height)


class Bar(Flowable):  # type: ignore[misc]  # reportlab has no types
    """A value from 0 to 1 as a bar, with a tick where the cut lies. One colour: length says it, not hue."""

    def __init__(self, value: float, cut: float | None = None, width: float = 40 * mm) -> None:
        """Take value and cut, both 0..1, and the bar's whole width in points."""
        super().__init__()
        self.value, self.cut = min(max(value, 0.0), 1.0), cut
        self.width, self.height = width, 8

    def wrap(self, *_available: float) -> tuple[float, float]:
        """Its size in points."""
        return self.width, self.height

    def draw(self) -> None:
        """Track, bar, tick."""
        canvas = self.canv
        canvas.setFillColor(SHADE)
        canvas.rect(0, 1.5, self.width, 5, stroke=0, fill=1)
        canvas.setFillColor(ACCENT)
        canvas.rect(0, 1.5, self.width * self.value, 5, stroke=0, fill=1)
        if self.cut is not None:
            canvas.setStrokeColor(INK)
            canvas.setLineWidth(1)
            canvas.line(self.width * self.cut, 0, self.width * self.cut, 8)


class ReportTemplate(BaseDocTemplate):  # type: ignore[misc]  # reportlab has no types
    """A4 pages with the report's id and *page x of y* on each, an outline of the sections, and no changing bytes.

    Args:
        target: where the document goes.
        report_id: printed on every page.
        total_pages: y of *page x of y*; 0 in the pass that counts.
        producer: program and version for the document's properties.
    """

    def __init__(self, target: IO[bytes], report_id: str, total_pages: int, producer: str) -> None:
        """Set the page up."""
        super().__init__(
            target,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=22 * mm,
            bottomMargin=20 * mm,
            title=f"Examination of faces in pictures and films, report {report_id}",
            author=producer,
            subject="Support for or against alteration of faces",
            creator=producer,
            lang="en",
            invariant=1,
            initialFontName=REGULAR,  # otherwise every page names Helvetica, which is not embedded
        )
        self.report_id, self.total_pages, self.producer = report_id, total_pages, producer
        frame = Frame(self.leftMargin, self.bottomMargin, self.width, self.height, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self._frame_page)])

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 - reportlab's name
        """Enter first and second level headings into the outline."""
        level = {"h1": 0, "h2": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is not None and isinstance(flowable, Paragraph):
            key = f"section-{self.seq.nextf('outline')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level)

    def _frame_page(self, canvas: Canvas, _template: BaseDocTemplate) -> None:
        width, height = A4
        canvas.saveState()
        canvas.setStrokeColor(RULE)
        canvas.setLineWidth(0.6)
        canvas.line(MARGIN, height - 15 * mm, width - MARGIN, height - 15 * mm)
        canvas.line(MARGIN, 14 * mm, width - MARGIN, 14 * mm)
        canvas.setFont(REGULAR, 7.5)
        canvas.setFillColor(FAINT)
        canvas.drawString(MARGIN, height - 13 * mm, "Examination of faces in pictures and films")
        canvas.drawRightString(width - MARGIN, height - 13 * mm, self.producer)
        canvas.drawString(MARGIN, 9.5 * mm, f"Report {self.report_id}")
        canvas.drawCentredString(width / 2, 9.5 * mm, "Results relate only to the items examined")
        canvas.drawRightString(width - MARGIN, 9.5 * mm, f"page {canvas.getPageNumber()} of {self.total_pages}")
        canvas.restoreState()
