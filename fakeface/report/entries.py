"""Parts of the record about one face: masks, maps, parts, texts with their checked claims; and how they are made.

Numbers of places, explanations and statements count from 1, as the examiner reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict

from fakeface.concepts.tree import ancestors
from fakeface.findings import Explanation, FaceFinding, Faithfulness, PartFinding, Statement
from fakeface.masks import Mask
from fakeface.report.maps import FaceMap
from fakeface.sanitize import safe_text

__all__ = [
    "BoxEntry",
    "Entry",
    "ExplanationEntry",
    "FaceFiles",
    "FaithfulnessEntry",
    "MapEntry",
    "MaskEntry",
    "PartEntry",
    "Rounded",
    "StatementEntry",
    "explanation_entries",
    "faithfulness_entry",
    "map_entries",
    "mask_entries",
    "place_entries",
]

Rounded = Annotated[float, AfterValidator(lambda value: round(value, 4))]
"""A float kept to four decimals."""

BoxEntry = tuple[int, int, int, int]
"""xyxy in pixels of the upright picture, half-open."""


class Entry(BaseModel):
    """Base of all parts of the record: frozen, and closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MaskEntry(Entry):
    """An artifact mask: COCO compressed RLE in the picture's pixels, and its PNG in the case folder if written."""

    label: str
    score: Rounded
    area_pixels: int
    rle: dict[str, list[int] | str]
    file: str | None


class StatementEntry(Entry):
    """One claim of a text; see ``fakeface.findings.Statement``.

    ``supported``: *yes* consistent with the measurement, *no* not supported by it, ``null`` not measurable here.
    ``covered``: share of the named part that the claim's mask marks. ``sensitivity``: change of the text-independent
    score's natural log-odds when the mask is painted over from its surroundings.
    """

    number: int
    phrase: str
    sentence: str
    concept: str | None
    family: str
    term: str | None
    severity: str
    grounded: bool
    mask: MaskEntry | None
    confidence: Rounded | None
    measurements: dict[str, Rounded]
    reference: dict[str, tuple[Rounded, Rounded]]
    supported: bool | None
    covered: Rounded | None
    sensitivity: Rounded | None


class ExplanationEntry(Entry):
    """A text about a face and its claims, checked. ``task`` is age, list, report, region or question.

    ``agreement``: whether text, masks and region head name the same regions, 0..1. ``note`` says where the model was
    not taught to answer such a question. ``overlay_file`` shows the masks of the numbered phrases.
    """

    task: str
    question: str
    text: str
    statements: tuple[StatementEntry, ...]
    agreement: Rounded | None
    concept: str | None
    note: str
    overlay_file: str | None


class PartEntry(Entry):
    """A part of the artifact mask, or an answer to a place that was asked for; see ``fakeface.findings.PartFinding``.

    ``parents`` are the concepts above it in the tree, the nearest first.
    """

    asked: str
    concept: str | None
    leaf: str | None
    parents: tuple[str, ...]
    problem: str
    mask: MaskEntry | None
    share: Rounded
    covered: Rounded
    term: str | None
    severity: str
    measurements: dict[str, Rounded]
    reference: dict[str, tuple[Rounded, Rounded]]


class MapEntry(Entry):
    """A map over the examined square. ``box`` is the part of the picture that it shows, in the picture's own pixels.

    ``peak`` is the pixel of the picture where it is highest. The file shows it in colour beside a bar with its unit.
    """

    kind: Literal["reliability", "heat"]
    name: str
    unit: str
    box: BoxEntry
    lowest: Rounded
    highest: Rounded
    peak: tuple[int, int]
    file: str | None


class FaithfulnessEntry(Entry):
    """How the text-independent score follows the reliability map; see ``fakeface.findings.Faithfulness``.

    ``deletion`` holds the scores while the most probable pixels are blurred first, ``insertion`` while they come back
    into the blurred picture; each at the ``shares`` of pixels. Areas under the curves run from 0 to 1.
    """

    shares: tuple[Rounded, ...]
    deletion: tuple[Rounded, ...]
    insertion: tuple[Rounded, ...]
    deletion_area: Rounded
    insertion_area: Rounded


@dataclass(frozen=True, slots=True)
class FaceFiles:
    """Paths of one face's pictures in the case folder, none where it was not written.

    Args:
        crop: what the networks saw.
        masks: artifact masks.
        places: masks that answer places.
        maps: in the order of ``face_maps``.
        statements: masks of statements by the numbers of explanation and statement.
        overlays: numbered masks on the picture by the number of the explanation.
        places_overlay: the masks that answer places, numbered on the picture.
    """

    crop: str | None = None
    masks: Sequence[str] = ()
    places: Mapping[int, str] = field(default_factory=dict)
    maps: Sequence[str] = ()
    statements: Mapping[tuple[int, int], str] = field(default_factory=dict)
    overlays: Mapping[int, str] = field(default_factory=dict)
    places_overlay: str | None = None


def mask_entries(finding: FaceFinding, files: FaceFiles) -> tuple[MaskEntry, ...]:
    """The artifact masks."""
    names: Sequence[str | None] = files.masks or [None] * len(finding.masks)
    return tuple(_mask_entry(mask, name) for mask, name in zip(finding.masks, names, strict=True))


def _mask_entry(mask: Mask, file: str | None) -> MaskEntry:
    label = safe_text(mask.label)
    return MaskEntry(label=label, score=mask.score, area_pixels=mask.area_pixels, rle=mask.rle(), file=file)


def place_entries(parts: Sequence[PartFinding], files: Mapping[int, str]) -> tuple[PartEntry, ...]:
    """Parts of the mask, or answers to places with the files of their masks."""
    return tuple(_part_entry(part, files.get(number)) for number, part in enumerate(parts, start=1))


def _part_entry(part: PartFinding, file: str | None) -> PartEntry:
    return PartEntry(
        asked=safe_text(part.asked),
        concept=part.concept,
        leaf=part.leaf,
        parents=ancestors(part.concept) if part.concept else (),
        problem=part.problem,
        mask=_mask_entry(part.mask, file) if part.mask else None,
        share=part.share,
        covered=part.covered,
        term=part.term,
        severity=part.severity,
        measurements=dict(part.measurements),
        reference=dict(part.reference),
    )


def map_entries(maps: Sequence[FaceMap], files: Sequence[str]) -> tuple[MapEntry, ...]:
    """The maps over the examined square."""
    names: Sequence[str | None] = files or [None] * len(maps)
    return tuple(
        MapEntry(
            kind=one.kind,
            name=one.name,
            unit=one.unit,
            box=one.box.xyxy,
            lowest=float(one.values.min()),
            highest=float(one.values.max()),
            peak=one.peak,
            file=name,
        )
        for one, name in zip(maps, names, strict=True)
    )


def explanation_entries(explanations: Sequence[Explanation], files: FaceFiles) -> tuple[ExplanationEntry, ...]:
    """All texts with their claims; what the model wrote passes the sanitiser."""
    return tuple(
        ExplanationEntry(
            task=one.task,
            question=safe_text(one.question),
            text=safe_text(one.text, keep_newlines=True),
            statements=tuple(
                _statement_entry(claim, files.statements.get((number, claim.number))) for claim in one.statements
            ),
            agreement=one.agreement,
            concept=one.concept,
            note=one.note,
            overlay_file=files.overlays.get(number),
        )
        for number, one in enumerate(explanations, start=1)
    )


def _statement_entry(claim: Statement, file: str | None) -> StatementEntry:
    return StatementEntry(
        number=claim.number,
        phrase=safe_text(claim.phrase),
        sentence=safe_text(claim.sentence),
        concept=claim.concept,
        family=claim.family,
        term=claim.term,
        severity=claim.severity,
        grounded=claim.grounded,
        mask=_mask_entry(claim.mask, file) if claim.mask else None,
        confidence=claim.confidence,
        measurements=dict(claim.measurements),
        reference=dict(claim.reference),
        supported=claim.supported,
        covered=claim.covered,
        sensitivity=claim.sensitivity,
    )


def faithfulness_entry(curves: Faithfulness | None) -> FaithfulnessEntry | None:
    """The curves as they stand in the record."""
    return FaithfulnessEntry.model_validate(asdict(curves)) if curves else None
