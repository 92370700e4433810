"""The terminal's view of what was asked of a face: parts, places, texts with every claim checked, what speaks against.

As in ``console``, evidence and model text enters only as ``rich.text.Text`` of sanitised strings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fakeface.report.entries import ExplanationEntry, StatementEntry
from fakeface.report.numbers import number_words, score_words
from fakeface.report.record import FaceEntry, FileEntry
from fakeface.report.unanswered import unanswered_words
from fakeface.report.words import (
    AREAS,
    NO_MASK,
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
    verdict_words,
)
from fakeface.sanitize import safe_text

__all__ = ["face_details", "marked_text"]


def face_details(entry: FileEntry, face: FaceEntry, settings: Mapping[str, object]) -> Iterator[RenderableType]:
    """Everything that was asked of a face beyond its decision, or why it is not answered; nothing where nothing was.

    Args:
        entry: the picture.
        face: on it.
        settings: of the record, which say what was asked.
    """
    unanswered = unanswered_words(settings, face)
    if unanswered:
        yield _title(entry, face)
        yield _line(unanswered)
        yield Text()
        return
    if not (face.parts or face.places or face.maps or face.explanations):
        return
    yield _title(entry, face)
    yield from _parts(face)
    yield from _places(face)
    for explanation in face.explanations:
        yield from _explanation(explanation)
    yield from _faithfulness(face)
    yield from _against(face)
    yield _line(SIDES, style="dim")
    yield Text()


def _title(entry: FileEntry, face: FaceEntry) -> Text:
    title = Text(f"{face.id}  ", style="bold")
    title.append(safe_text(entry.name))
    title.append(f", face {face.number}: {verdict_words(face.decision)}", style="bold")
    return title


def _parts(face: FaceEntry) -> Iterator[RenderableType]:
    if not face.parts:
        if face.maps and not any(mask.area_pixels for mask in face.masks):
            yield _line(f"{NO_MASK}.")
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for column in ("Marked part", "Of the\nmask", "Of the\npart", "What is measured"):
        table.add_column(column, overflow="fold", no_wrap=False)
    for part in face.parts:
        table.add_row(
            Text(concept_words(part.concept)),
            share_words(part.share),
            share_words(part.covered),
            Text(part_words(part)),
        )
    yield Padding(table, (0, 0, 0, 2))


def _places(face: FaceEntry) -> Iterator[RenderableType]:
    for part in face.places:
        yield _line(f"{part.asked}: {place_name(part)}", style="bold")
        altered = place_words(part)
        yield _line(f"{altered}; {part_words(part)}", 4)


def _explanation(explanation: ExplanationEntry) -> Iterator[RenderableType]:
    agreement = "" if explanation.agreement is None else f"; agreement {number_words(explanation.agreement)}"
    yield _line(f"What the model wrote, {explanation.task}: {explanation.question}{agreement}", style="bold")
    yield Padding(marked_text(explanation.text), (0, 0, 0, 4))
    if explanation.note:
        yield _line(f"note: {explanation.note}", 4, "italic")
    for claim in explanation.statements:
        yield from _claim(claim)


def _claim(claim: StatementEntry) -> Iterator[RenderableType]:
    part = concept_words(claim.concept) if claim.concept else "no part of the face"
    yield _line(f"{claim.number} ‹{claim.phrase}› {part}: {term_words(claim.term, claim.severity)}", 4)
    checks = [support_words(claim.supported, claim.term)]
    if claim.measurements and claim.term is not None:
        checks = [f"{checks[0]}: {measured_words(claim)}"]
    if claim.covered is not None:
        checks.append(f"its mask marks {share_words(claim.covered)} of the part")
    elif claim.grounded and claim.mask is None:
        checks.append("its mask is empty")
    if claim.sensitivity is not None:
        checks.append(f"score {sensitivity_words(claim.sensitivity)}")
    yield _line("; ".join(checks), 7, "" if claim.supported else "dim")


def _faithfulness(face: FaceEntry) -> Iterator[RenderableType]:
    curves = face.faithfulness
    if curves is not None:
        yield _line(
            f"Area under the deletion curve {curves.deletion_area:.2f}, under the insertion curve "
            f"{curves.insertion_area:.2f}; {faithfulness_words(face)}. {AREAS}"
        )


def _against(face: FaceEntry) -> Iterator[RenderableType]:
    """What speaks against the result; where texts were asked for, also the answers that lost."""
    for answer in face.answers if face.explanations else ():
        if answer.role != "chosen":
            said = answer.reasoning or answer.text
            claim = f"says {answer.claim}, " if answer.claim else ""
            title = f"Model's alternative ({answer.hypothesis} hypothesis, {claim}match {score_words(answer.match)}):"
            yield _line(title, 2)
            yield Padding(marked_text(said, numbers=False), (0, 0, 0, 4))
    yield _line("What speaks against the result", style="bold")
    for sentence in face.contrary or (nothing_against(face.decision),):
        yield _line(f"- {sentence}", 4)


def _line(text: str, indent: int = 2, style: str = "") -> RenderableType:
    return Padding(Text(safe_text(text), style=style), (0, 0, 0, indent))


def marked_text(text: str, *, numbers: bool = True) -> Text:
    """A model's text without tags: phrases in marks with their number, underlined where they have a mask.

    Args:
        text: what the model wrote.
        numbers: whether the phrases are numbered; not where no check has these numbers.
    """
    marked = Text()
    for piece, number in numbered_pieces(text):
        shown = safe_text(piece.text, keep_newlines=True)
        if piece.marked:
            marked.append(f"‹{shown}›{number if numbers else ''}", style="underline" if piece.grounded else "")
        else:
            marked.append(shown)
    return marked
