"""Sections of the PDF that speak of the whole run: front page, summary, evidence, models, settings, limits."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, KeepTogether, Paragraph, Spacer, Table
from reportlab.platypus.flowables import Flowable

from fakeface.report.numbers import number_words, score_words
from fakeface.report.pdf_films import film_summary
from fakeface.report.pdf_page import ACCENT, STYLES, WIDTH, grid, markup, pairs, paragraph, shortened, table_style
from fakeface.report.pdf_view import View
from fakeface.report.record import STATEMENTS, FaceEntry, FileEntry
from fakeface.report.unanswered import nothing_done
from fakeface.report.words import (
    AGREEMENT,
    agreement_words,
    class_words,
    faceless_words,
    limit_words,
    profile_sentence,
    totals_words,
    verdict_words,
)

__all__ = ["closing", "evidence", "front", "summary"]


def front(view: View) -> Iterator[Flowable]:
    """Title, identity of report and run, limits."""
    head = view.head
    yield paragraph("Examination of faces in pictures and films", "title")
    yield paragraph("Report of a software examination: support for or against alteration of each face", "subtitle")
    if head.run.interrupted:
        yield box(["The run was interrupted. Inputs that are not listed here were not examined."], "Incomplete run")
        yield Spacer(1, 3 * mm)
    version, name = head.profile.get("version"), str(head.profile.get("name", "unknown"))
    yield pairs(
        [
            ("Report", view.report_id),
            ("Record (SHA-256)", f"findings.json {view.sha256}"),
            ("Software", f"{head.tool} {head.tool_version}, record schema {head.schema_version}"),
            ("Profile", f"{name}{f', version {version}' if version else ''}. {profile_sentence(name)}"),
            ("Started (UTC)", head.run.started),
            ("Finished (UTC)", head.run.finished),
            ("Inputs", totals_words(head.totals)),
        ]
    )
    yield Spacer(1, 5 * mm)
    yield box(limit_words(head.profile), "Limits of this report")


def box(lines: tuple[str, ...] | list[str], title: str) -> Table:
    """A framed list of sentences."""
    cells: list[Flowable] = [paragraph(title, "head"), Spacer(1, 1.5 * mm)]
    cells += [Paragraph(markup(line), STYLES["bullet"], bulletText="•") for line in lines]
    table = Table([[cells]], colWidths=[WIDTH])
    table.setStyle(
        table_style(
            [
                ("BACKGROUND", (0, 0), (-1, -1), HexColor("#f4f6f9")),
                ("LINEBEFORE", (0, 0), (0, -1), 2.5, ACCENT),
                ("LEFTPADDING", (0, 0), (-1, -1), 9),
                ("RIGHTPADDING", (0, 0), (-1, -1), 9),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    return table


def summary(view: View) -> Iterator[Flowable]:
    """Every shown file and face with its result in plain words, and the account of all inputs."""
    yield CondPageBreak(60 * mm)
    yield paragraph(view.heading("Summary of results"), "h1")
    yield paragraph(f"Inputs: {totals_words(view.head.totals)}.")
    if not view.complete:
        yield paragraph(
            f"This record is too large to print in full. Listed are the {len(view.faces)} faces{_tracks(view)} with "
            "the highest scores among those that support alteration, and the inputs that could not be examined. "
            "Everything else stands in findings.json."
        )
    rows = [row for entry in view.files if entry.film is None for row in _summary_rows(view, entry)]
    columns = (
        ("File", 48 * mm),
        ("Face", 11 * mm),
        ("Result", 42 * mm),
        ("Fakeness", 19 * mm),
        ("Class", 24 * mm),
        ("Answers", 16 * mm),
        ("Agree", WIDTH - 160 * mm),
    )
    if rows:
        yield grid(columns, rows)
    yield Spacer(1, 2 * mm)
    if "Faces" in view.titles:
        yield paragraph(
            "Fakeness runs from 0 to 1; a higher value is more support for alteration. Answers: easy where the model's "
            f"three answers agree, hard where they do not. {AGREEMENT}",
            "small",
        )
    yield from film_summary(view)


def _tracks(view: View) -> str:
    return f" and {len(view.tracks)} tracks of films" if view.head.totals.films else ""


def _summary_rows(view: View, entry: FileEntry) -> list[list[str | Flowable]]:
    shown_id = f'<font size="6.8" color="#5b6673">{markup(entry.id)}</font>'
    name = Paragraph(f"{markup(shortened(entry.name))}<br/>{shown_id}", STYLES["cell"])
    if not entry.faces:
        return [[name, "—", faceless_words(entry, nothing_done(view.head.settings)), "—", "—", "—", "—"]]
    return [_face_row(name, face) for face in entry.faces if face.id in view.faces]


def _face_row(name: Flowable, face: FaceEntry) -> list[str | Flowable]:
    decision = face.decision
    statement = STATEMENTS[decision.verdict]
    words = markup(verdict_words(decision)).replace(statement, f"<b>{statement}</b>", 1)
    return [
        name,
        str(face.number),
        Paragraph(words, STYLES["cell"]),
        score_words(decision.fakeness),
        class_words(decision.forgery),
        decision.difficulty or "—",
        agreement_words(decision.agreement),
    ]


def evidence(view: View) -> Iterator[Flowable]:
    """Identity of each shown input, and those that could not be examined with the reason."""
    yield CondPageBreak(70 * mm)
    yield paragraph(view.heading("Evidence"), "h1")
    yield paragraph(
        "Names are shown with invisible and unprintable characters as visible escapes; where that changes a name, its "
        "raw bytes follow in hexadecimal. The pixel hash is the SHA-256 of width and height (two little-endian 32-bit "
        "numbers) and the upright RGB bytes."
    )
    for entry in view.files:
        yield KeepTogether([paragraph(f"{entry.id}", "h3"), pairs(_evidence_rows(entry))])
    unexamined = [entry for entry in view.files if entry.status != "analysed"]
    if unexamined:
        yield paragraph("Inputs that were not examined", "h2")
        columns = (("Input", 20 * mm), ("Name", 75 * mm), ("State", 18 * mm), ("Reason", WIDTH - 113 * mm))
        yield grid(columns, [[entry.id, entry.name, entry.status, entry.error or ""] for entry in unexamined])


def _evidence_rows(entry: FileEntry) -> list[tuple[str, str | Flowable]]:
    picture = entry.picture
    rows: list[tuple[str, str | Flowable]] = [("Name", entry.name)]
    if entry.name_hex:
        rows.append(("Name, raw bytes", entry.name_hex))
    if entry.size_bytes is not None:
        size = f"{entry.size_bytes:,} bytes".replace(",", "\u2009")
        rows.append(("Size and format", f"{size}, {_format(entry)}"))
    if entry.sha256:
        rows.append(("SHA-256", entry.sha256))
    if entry.sha512:
        rows.append(("SHA-512", entry.sha512))
    if picture:
        rows.append(("Dimensions", f"{picture.width} × {picture.height} pixels, upright"))
        rows.append(("Pixel hash", picture.pixels_sha256))
        if picture.notes:
            rows.append(("Notes", "\n".join(picture.notes)))
    if entry.status != "analysed":
        rows.append(("State", f"{entry.status}: {entry.error}"))
    return rows


def _format(entry: FileEntry) -> str:
    if entry.film:
        return f"film, {entry.film.facts.container}; {entry.film.facts.codec}"
    return entry.picture.format if entry.picture else "format not established"


def closing(view: View) -> Iterator[Flowable]:
    """Method, models, settings, environment, limits, and the mark that nothing follows."""
    head = view.head
    yield paragraph(view.heading("How the results come about"), "h1")
    for sentence in (*METHOD, *((FILM_METHOD,) if view.films else ())):
        yield paragraph(sentence)
    yield paragraph(view.heading("Models and settings"), "h1")
    columns = (("Model", 42 * mm), ("SHA-256 of its weights", 84 * mm), ("Device", 20 * mm), ("Precision", 28 * mm))
    rows = [[model.name, model.sha256, model.device, model.precision] for model in head.models]
    if rows:
        yield grid(columns, rows)
    for title, table in (("Profile", head.profile), ("Settings", head.settings)):
        yield paragraph(title, "h2")
        yield pairs(list(_flat(table)), 55 * mm)
    yield paragraph(view.heading("Environment of the run"), "h1")
    yield pairs(
        [
            ("Command line", " ".join(head.run.argv)),
            ("Host", head.run.host),
            ("System", head.run.system),
            ("Python", head.run.python),
            ("Libraries", ", ".join(f"{name} {version}" for name, version in head.run.libraries.items())),
            ("Threads", str(head.run.threads)),
            ("Seconds per face", number_words(head.run.seconds_per_face)),
            ("Seconds finding faces", number_words(head.run.seconds_finding_faces)),
            ("Peak memory", _memory_words(head.run.peak_memory_bytes)),
        ],
        55 * mm,
    )
    yield paragraph(view.heading("Limits"), "h1")
    for line in (*limit_words(head.profile), AGREEMENT, profile_sentence(str(head.profile.get("name", "unknown")))):
        yield Paragraph(markup(line), STYLES["bullet"], bulletText="•")
    yield paragraph(f"End of report {view.report_id}", "end")


def _memory_words(peak_bytes: int | None) -> str:
    return "not recorded" if peak_bytes is None else f"{peak_bytes / 2**20:.0f} MiB"


METHOD = (
    "Each file is opened for reading only and hashed. The picture is decoded, turned upright, and searched for faces. "
    "A square around each face is cut out; a face that fits the network's window of 224 × 224 pixels is not resampled, "
    "a larger one is reduced.",
    "One network encodes the crop. From this encoding a detection head gives a score that no text has touched "
    "(text-independent score), a class head gives five class probabilities, a region head names suspect regions, and a "
    "mask decoder marks pixels.",
    "A language model then writes three answers about the same crop: one to an open question, one told that the face "
    "is fake, one told that it is real. A scoring network reads picture and text and gives each answer a match score. "
    "The answer that matches best is chosen; fakeness is its match where it says fake, and one minus that where it "
    "says real. The two answers that lose were written on request and are no independent evidence.",
    "Where a face was located or explained, the mask decoder also answers the examiner's places and the phrases of the "
    "text, out of the same encoding. The reliability map is the mask decoder's probability before any cut. Heat maps "
    "(Grad-CAM) show what the scoring network is sensitive to, not where the picture was altered. Claims of the text "
    "are measured on the picture's own pixels and compared with the range of real faces.",
)


FILM_METHOD = (
    "A film is decoded from its start to its end. The frames that its sampling names are searched for faces, which are "
    "joined to tracks by place and appearance; a cut ends every track. Where the finder misses a face between two "
    "sightings, its box may be carried on, and is marked so. A face that the finder found, large enough and on a "
    "frame without damage, gets a text-independent score, and a local score of its artifact mask where that shows "
    "most; the track's score and its interval are made of one of them, as the film's rule says. Neighbouring frames "
    "are not independent: scores are not multiplied, and the interval comes from resampling stretches of time. A few "
    "decisive frames of each track go through everything that is described above for pictures."
)


def _flat(table: dict[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            shown = "yes" if value is True else "no" if value is False else "not set" if value is None else str(value)
            yield f"{prefix}{name}", shown
