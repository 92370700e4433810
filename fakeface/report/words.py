"""The words that console and PDF share: verdicts, classes, agreement, limits, and the marks in what a model wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fakeface.answers import PHRASE, ForgeryClass, without_tags
from fakeface.calibration import CONDITIONS, FILM_FRAME
from fakeface.claims.contrary import LEAST_CHANGE
from fakeface.claims.terms import MEASURE_WORDS, TERMS
from fakeface.claims.values import Severity
from fakeface.claims.words import wordings
from fakeface.concepts import CONCEPTS
from fakeface.decision import Reason
from fakeface.findings import Statement
from fakeface.report.entries import PartEntry, StatementEntry
from fakeface.report.record import STATEMENTS, DecisionEntry, FaceEntry, FileEntry, Totals

__all__ = [
    "ABSENCE",
    "AGREEMENT",
    "AREAS",
    "FALSE_FLAGS",
    "NO_FACE_WORDS",
    "Piece",
    "Tally",
    "agreement_words",
    "claim_counts",
    "class_words",
    "concept_words",
    "faceless_words",
    "found_words",
    "limit_words",
    "measured_words",
    "numbered_pieces",
    "pieces",
    "place_name",
    "profile_sentence",
    "ratio_words",
    "reason_words",
    "sensitivity_words",
    "share_words",
    "statement_words",
    "support_words",
    "term_words",
    "totals_words",
    "verdict_words",
]

NO_FACE_WORDS = f"inconclusive: {Reason.NO_FACE.words}"

SCOPE = (
    "The software states whether a face supports alteration, supports no alteration, or is inconclusive. It gives no "
    "probability that anyone did anything, and no conclusion on guilt or intent."
)
SCORES = "Fakeness and match are scores of a network, not probabilities about this case."
ABSENCE = (
    "The absence of findings is not proof of authenticity: alterations outside the faces, and methods that the "
    "networks were not trained on, go unnoticed."
)
FALSE_FLAGS = (
    "How many unaltered faces would be flagged wrongly in material of this kind is not known: the cuts were chosen on "
    "the profile's calibration faces, which may differ from it."
)
NO_RATIO = "Likelihood ratios are not calibrated in this version; therefore none is given."
RATIO = (
    "A likelihood ratio weighs two propositions: that the face was altered by a method like those of the calibration "
    "set, against that it is an unaltered photograph like those of that set. It comes from the text-independent score "
    "alone, is bounded by what the calibration faces allow, is withheld for faces unlike them, and must not be "
    "multiplied over faces. Methods that are not in that set can make it wrong in either direction."
)


def limit_words(profile: Mapping[str, object]) -> tuple[str, ...]:
    """What every form of the report says of itself, for a profile as the record holds it."""
    return (SCOPE, SCORES, RATIO if profile.get("calibration") else NO_RATIO, ABSENCE, FALSE_FLAGS)


AGREEMENT = (
    "Agreement compares the verdict with a second output of the same network that reads no text. It is a consistency "
    "check, not corroboration."
)


def profile_sentence(profile: str) -> str:
    """What a reader must know of the profile that was used."""
    if profile == "compact":
        return (
            "This is the embedded compact profile: a small set of networks that runs without a graphics processor, "
            "trained on a limited selection of faces and forgeries. It errs more often than large models do, and its "
            "results need an examiner's review."
        )
    return "The results depend on the weights that the user supplied; they need an examiner's review."


def reason_words(reason: str | None) -> str:
    """A reason's code in plain words; an unknown code is returned as it is."""
    return {known.value: known.words for known in Reason}.get(reason or "", reason or "")


def statement_words(verdict: str, reason: str | None) -> str:
    """A verdict with its reason as an analyst reads them: *inconclusive: the scores are too close to call*."""
    return f"{STATEMENTS[verdict]}: {reason_words(reason)}" if reason else STATEMENTS[verdict]


def verdict_words(decision: DecisionEntry) -> str:
    """The verdict on a face, with its reason."""
    return statement_words(decision.verdict, decision.reason)


def faceless_words(entry: FileEntry, undone: str = "") -> str:
    """What stands in place of the faces of an input that has none: why it was not examined, or why it is inconclusive.

    Args:
        entry: an input without faces.
        undone: what was left undone for it; empty where nothing more was asked.
    """
    if entry.status != "analysed":
        return f"{entry.status}, not examined: {entry.error}"
    said = statement_words("indeterminate", entry.reason or Reason.NO_FACE)
    return f"{said}; {undone}" if undone else said


def class_words(forgery: str | None) -> str:
    """A class in plain words; a dash where there is none."""
    return ForgeryClass(forgery).words if forgery in set(ForgeryClass) else (forgery or "—")


def agreement_words(agreement: bool | None) -> str:
    """yes, no, or a dash where there is no verdict to compare."""
    return "—" if agreement is None else "yes" if agreement else "no"


def totals_words(totals: Totals) -> str:
    """The account of every input in one line."""
    faces = _counted(totals.faces, "face", "faces")
    faceless = _counted(totals.no_face, "picture", "pictures")
    if totals.films:
        faces = f"{_counted(totals.tracks, 'track', 'tracks')} in {_counted(totals.films, 'film', 'films')}" + (
            f" and {faces} in pictures" if totals.faces else ""
        )
        faceless = _counted(totals.no_face, "picture or film", "pictures or films")
    return (
        f"{totals.found} found = {totals.analysed} analysed + {totals.skipped} skipped + {totals.failed} failed; "
        f"{faces}: {totals.fake} {STATEMENTS['fake']}, {totals.real} {STATEMENTS['real']}, "
        f"{totals.indeterminate} inconclusive; {faceless} without a face"
    )


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


@dataclass(slots=True)
class Tally:
    """Counts inputs and faces one entry at a time."""

    analysed: int = 0
    skipped: int = 0
    failed: int = 0
    real: int = 0
    fake: int = 0
    indeterminate: int = 0
    no_face: int = 0
    films: int = 0
    tracks: int = 0

    def add(self, entry: FileEntry) -> None:
        """Count one input with its faces or tracks."""
        tracks = entry.film.tracks if entry.film else ()
        self.analysed += entry.status == "analysed"
        self.skipped += entry.status == "skipped"
        self.failed += entry.status == "failed"
        self.no_face += entry.status == "analysed" and not entry.faces and not tracks
        self.films += entry.film is not None
        self.tracks += len(tracks)
        for verdict in (*(face.decision.verdict for face in entry.faces), *(track.verdict for track in tracks)):
            self.real += verdict == "real"
            self.fake += verdict == "fake"
            self.indeterminate += verdict == "indeterminate"

    @property
    def totals(self) -> Totals:
        """The counts so far."""
        return Totals(
            found=self.analysed + self.skipped + self.failed,
            analysed=self.analysed,
            skipped=self.skipped,
            failed=self.failed,
            faces=self.real + self.fake + self.indeterminate - self.tracks,
            real=self.real,
            fake=self.fake,
            indeterminate=self.indeterminate,
            no_face=self.no_face,
            films=self.films,
            tracks=self.tracks,
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a model's text.

    Args:
        text: without tags.
        marked: it is a phrase that the model ties to pixels.
        grounded: it has a mask.
    """

    text: str
    marked: bool = False
    grounded: bool = False


_TAG = re.compile(r"</?p>|\[SEG\]|\[NOSEG\]|\*\*")
"""What marks phrases and the names of a list, and is no text."""
_NO_SPACE_BEFORE = tuple(",.;:!?)")


def pieces(text: str) -> Iterator[Piece]:
    """A model's text as plain stretches and marked phrases, tags removed, spaces where words meet."""
    place, started = 0, False
    for found in [*PHRASE.finditer(text), None]:
        parts = [Piece(without_tags(text[place : found.start() if found else len(text)]))]
        if found:
            parts.append(Piece(without_tags(found.group(1)), marked=True, grounded=found.group(2) == "[SEG]"))
            place = found.end()
        for part in parts:
            if not part.text:
                continue
            if started and not part.text.startswith(_NO_SPACE_BEFORE):
                yield Piece(" ")
            yield part
            started = True


def numbered_pieces(text: str) -> Iterator[tuple[Piece, int]]:
    """A text as it stands, without tags: each marked phrase with its 1-based number, plain stretches with 0.

    Phrases are counted as ``find_phrases`` finds them, so that a number leads to its statement and mask.
    """
    place = 0
    for number, found in enumerate([*PHRASE.finditer(text), None], start=1):
        plain = _TAG.sub("", text[place : found.start() if found else len(text)])
        if plain:
            yield Piece(plain), 0
        if found:
            yield Piece(without_tags(found.group(1)), marked=True, grounded=found.group(2) == "[SEG]"), number
            place = found.end()


def ratio_words(decision: DecisionEntry) -> str:
    """The likelihood ratio with its interval, or why none is given; empty for a profile without a calibration."""
    if decision.log10_lr is not None and decision.log10_lr_low is not None and decision.log10_lr_high is not None:
        capped = ", at the bound that the calibration faces allow" if decision.lr_cap_reached else ""
        return f"log10 LR {decision.log10_lr:.2f} ({decision.log10_lr_low:.2f} to {decision.log10_lr_high:.2f}){capped}"
    if decision.lr_withheld:
        unlike = "; ".join(CONDITIONS.get(name, name) for name in decision.lr_withheld if name != FILM_FRAME)
        reasons = ["a frame chosen out of a film for its score"] if FILM_FRAME in decision.lr_withheld else []
        reasons += [f"unlike the calibration faces in {unlike}"] if unlike else []
        return f"withheld: {'; '.join(reasons)}"
    return ""


UNCLEAR_WORDS = {
    "usual": "nothing stands out",
    "untouched": "nothing was altered",
    "unclear": "altered, no measure named",
    None: "names no artifact",
}
SUPPORT = {
    True: "consistent with the measurement",
    False: "not supported by the measurement",
    None: "not measurable here",
}
"""How a claim fares against its measurement; the form in which every view says it."""


UNREAD = "nothing to check"


def support_words(supported: bool | None, term: str | None) -> str:
    """Whether the measurement bears a claim out; without a readable term there is nothing to bear out."""
    return SUPPORT[supported] if term is not None else UNREAD


def claim_counts(statements: Sequence[Statement]) -> str:
    """How many claims there are and how they fare."""
    if not statements:
        return "the text makes no claim about a part of the face"
    counts = Counter(support_words(one.supported, one.term) for one in statements)
    return ", ".join(f"{counts[words]} {words}" for words in (*SUPPORT.values(), UNREAD) if counts[words])


def concept_words(concept: str | None) -> str:
    """A part of the face as people write it; a dash where there is none."""
    return CONCEPTS[concept].words if concept is not None and concept in CONCEPTS else "—"


def term_words(term: str | None, severity: str) -> str:
    """An artifact with its severity: *clearly smoother than what lies around*."""
    return UNCLEAR_WORDS.get(term) or wordings(str(term), Severity(severity))[0]


def found_words(part: PartEntry) -> str:
    """What is measured on a part that a mask marks or that was asked about: what a mask marks need not be altered."""
    return "no artifact is measured" if part.term == "unclear" else term_words(part.term, part.severity)


def part_words(part: PartEntry) -> str:
    """What is said of a part that a mask marks or that was asked about, or why nothing is."""
    if part.problem:
        return f"cannot be assessed here: {part.problem}"
    if not part.measurements:
        return "not measurable here"
    return f"{found_words(part)}; {measured_words(part)}"


def measured_words(claim: StatementEntry | PartEntry) -> str:
    """The measurement that a claim rests on beside the range of real faces, or how many lie within theirs."""
    name = TERMS[claim.term].measure if claim.term is not None and claim.term in TERMS else ""
    if name in claim.measurements:
        return f"{MEASURE_WORDS[name]} {claim.measurements[name]:.2f}{_range_words(claim.reference.get(name))}"
    if not claim.measurements:
        return "—"
    outside = [
        f"{MEASURE_WORDS[measure]} {value:.2f}{_range_words(claim.reference[measure])}"
        for measure, value in claim.measurements.items()
        if measure in claim.reference and not claim.reference[measure][0] <= value <= claim.reference[measure][1]
    ]
    count = len(claim.measurements)
    within = f"{count - len(outside)} of {count} measurements in the range of real faces"
    return "; outside it: ".join([within, ", ".join(outside)]) if outside else within


def _range_words(reference: tuple[float, float] | None) -> str:
    return f" (real faces {reference[0]:.2f} to {reference[1]:.2f})" if reference else ""


def share_words(share: float) -> str:
    """A share 0..1 in whole percent; below half a percent that is said."""
    return "0 %" if share <= 0 else "<1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")


NO_MASK = "No artifact mask: the face does not look altered enough to show one, or too little of it would be inside"

SIDES = "Left and right are those of the person shown."
"""Stands once with every list of parts."""


def place_name(part: PartEntry) -> str:
    """What a place that was asked about is in the tree: *nose tip in the nose, mostly the columella*."""
    where = f" in the {concept_words(part.parents[0])}" if part.parents else ""
    leaf = f", mostly the {concept_words(part.leaf)}" if part.leaf and part.leaf != part.concept else ""
    return f"{concept_words(part.concept)}{where}{leaf}"


def place_words(part: PartEntry) -> str:
    """How much of a place that was asked about the mask marks; of a point, how large the marked area around it is."""
    if part.mask is None:
        return "no mask"
    if not part.mask.area_pixels:
        return "too little of it marked to call it altered" if part.share > 0 else "no pixel of it marked"
    if part.asked.startswith("point "):
        return f"marked area of {part.mask.area_pixels} pixels around it"
    return f"{share_words(part.covered)} of it marked"


def nothing_against(decision: DecisionEntry) -> str:
    """What stands where no sentence speaks against a result."""
    if decision.verdict == "indeterminate":
        return "Nothing was weighed: an inconclusive result has no side."
    return "Nothing of what was measured."


AREAS = (
    "The area under a curve is its mean score; a map that knows nothing, whose order of pixels is drawn at random, "
    "gives both curves the same area on average."
)
"""What the areas under the curves of deletion and insertion are."""


def faithfulness_words(face: FaceEntry) -> str:
    """How the two areas are read; without an artifact mask there is nothing that the score could rest on."""
    if not any(mask.area_pixels for mask in face.masks):
        return "no reading: the face shows no artifact mask that the score could rest on"
    return "the map shows what the score rests on where the first is low and the second high"


def sensitivity_words(change: float | None) -> str:
    """What painting the mask over does to the text-independent score; a dash where it was not tried."""
    if change is None:
        return "—"
    shown = f"(log-odds {round(change, 2) + 0.0:+.2f})"  # no minus before a zero
    return f"sensitive to it {shown}" if abs(change) >= LEAST_CHANGE else f"not sensitive to it {shown}"
