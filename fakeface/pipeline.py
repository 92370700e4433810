"""The route: from inputs to findings, one file at a time, by whatever models the engine holds.

    input → evidence → frame → faces → crops → encodings → answers → decision → masks → texts → finding

Three levels: the run (``examine``), one file, one batch of faces (``deciding``, ``explaining``). Nothing is written
here. Each face is encoded once, whatever is asked of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from fakeface.asked import Asked
from fakeface.backends import Engine
from fakeface.deciding import decide_faces
from fakeface.decision import Reason, undecided
from fakeface.errors import EvidenceChanged, EvidenceError, UnsupportedEvidence
from fakeface.evidence import Evidence, recheck, seal
from fakeface.explaining import go_further
from fakeface.faces import Box, Face, crop_face
from fakeface.findings import FaceFinding, FileFinding, FileStatus, PictureFacts, file_id
from fakeface.frames import Frame
from fakeface.inputs import Input
from fakeface.interfaces import FrameSource
from fakeface.places import assign_places, require_answerable
from fakeface.settings import Settings

__all__ = [
    "CHANGED",
    "COMPANION",
    "Request",
    "StillDecoder",
    "StillSource",
    "check_request",
    "examine",
    "examine_frame",
]

LOG = logging.getLogger(__name__)

CHANGED = "changed"
"""``error_code`` of a file whose hash differed after it was examined."""

COMPANION = "companion"
"""``error_code`` of a text or system file met beside the pictures of a folder: skipped, not failed."""

FilmExaminer = Callable[[Input, Evidence], FileFinding | None]
"""Examines an input that is a film; gives ``None`` for one that is none (``fakeface.filming.FilmRoute``)."""

Known = TypeVar("Known")
"""What the caller already holds about an input that an earlier, interrupted run finished."""


class StillSource(FrameSource, Protocol):
    """A picture that can be decoded; ``format`` is that of the content."""

    @property
    def format(self) -> str:
        """Format of the content ("JPEG")."""
        ...


class StillDecoder(Protocol):
    """Opens evidence as a picture."""

    def open(self, evidence: Evidence) -> StillSource:
        """The picture in a file.

        Raises:
            EvidenceError: it is none, or cannot be decoded.
        """
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of every file.

    Args:
        settings: of the whole route.
        added_faces: faces that the examiner saw and the finder may miss, in pixels of the upright picture.
        asked: what is asked of the faces beyond their decision.
    """

    settings: Settings = field(default_factory=Settings)
    added_faces: tuple[Box, ...] = ()
    asked: Asked = field(default_factory=Asked)


def examine(
    engine: Engine,
    decoder: StillDecoder,
    inputs: Iterable[Input],
    request: Request,
    finished: Callable[[Input, str | None], Known | None] | None = None,
    film: FilmExaminer | None = None,
) -> Iterator[FileFinding | Known]:
    """Examine every input in turn; exactly one result per input, in their order.

    Args:
        engine: the loaded models.
        decoder: opens evidence.
        inputs: what to examine, and what was refused.
        request: what to do with each.
        finished: given an input and its SHA-256 (``None`` where it cannot be read), what an earlier run already holds
            about it, or ``None``; what it returns is passed on instead of examining again.
        film: examines what is a film; without it, films are refused like everything that is no picture.

    Raises:
        BackendError: a model failed; nothing can be said of this and the following files.
        SettingsError: an added face lies outside its picture.
    """
    for item in inputs:
        taken = _take_in(item)
        known = finished(item, taken.sha256 if isinstance(taken, Evidence) else None) if finished else None
        if known is not None:
            LOG.info("%s %s: finished in an earlier run", file_id(item.number), item.path)
            yield known
            continue
        if isinstance(taken, Evidence):
            taken = _examine_file(engine, decoder, item, taken, request, film)
        _log(taken)
        yield taken


def _log(finding: FileFinding) -> None:
    if finding.status is FileStatus.FAILED:
        LOG.warning("%s %s: not examined: %s", finding.id, finding.name, finding.error)
    elif finding.status is FileStatus.SKIPPED:
        level = logging.INFO if finding.error_code in (COMPANION, "duplicate") else logging.WARNING
        LOG.log(level, "%s %s: skipped: %s", finding.id, finding.name, finding.error)
    else:
        kind, found = ("tracks", finding.film.tracks) if finding.film else ("faces", finding.faces)
        LOG.info("%s %s: %d %s, %s", finding.id, finding.name, len(found), kind, finding.verdict)


def _take_in(item: Input) -> Evidence | FileFinding:
    """Seal an input; what is refused or cannot be read is a finding already."""
    if item.refused:
        # A folder that cannot be listed hides files of unknown number: that is a failure, not a rule that was applied.
        status = FileStatus.FAILED if item.code == EvidenceError.code else FileStatus.SKIPPED
        return FileFinding(item.number, item.path, status, error=item.refused, error_code=item.code)
    try:
        return seal(item.path)
    except EvidenceError as error:
        return _unexamined(item, None, error, error.code)


def _unexamined(item: Input, evidence: Evidence | None, error: Exception, code: str) -> FileFinding:
    text = " ".join(str(error).split()) or type(error).__name__
    status = FileStatus.SKIPPED if code == COMPANION else FileStatus.FAILED
    return FileFinding(item.number, item.path, status, evidence, text, code)


def _examine_file(
    engine: Engine,
    decoder: StillDecoder,
    item: Input,
    evidence: Evidence,
    request: Request,
    film: FilmExaminer | None,
) -> FileFinding:
    """One file, whose hash is taken again afterwards, also where it could not be decoded."""
    try:
        try:
            finding = film(item, evidence) if film else None
            if finding is None:
                finding = _examine_picture(engine, decoder.open(evidence), item, evidence, request)
        except UnsupportedEvidence as error:
            # What is no picture and does not claim to be one was not asked for by whoever named its folder.
            finding = _unexamined(item, evidence, error, COMPANION if item.companion else error.code)
        except EvidenceError as error:
            finding = _unexamined(item, evidence, error, error.code)
        recheck(evidence)
    except EvidenceChanged as error:
        return _unexamined(item, evidence, error, CHANGED)
    return finding


def _examine_picture(
    engine: Engine, source: StillSource, item: Input, evidence: Evidence, request: Request
) -> FileFinding:
    frame = next(iter(source.frames()))
    request.asked.listener.picture(item.path)
    findings, seconds_finding, seconds_deciding = examine_frame(engine, frame, request)
    return FileFinding(
        item.number,
        item.path,
        FileStatus.ANALYSED,
        evidence,
        picture=PictureFacts(source.format, frame.width, frame.height, frame.pixels_sha256(), frame.notes),
        faces=findings,
        seconds_finding=seconds_finding,
        seconds_deciding=seconds_deciding,
        pixels=frame.pixels,
    )


def examine_frame(engine: Engine, frame: Frame, request: Request) -> tuple[tuple[FaceFinding, ...], float, float]:
    """Every face of one frame, and the wall seconds spent finding and deciding."""
    started = time.perf_counter()
    faces = _find_faces(engine, frame, request)
    found = time.perf_counter()
    findings = _examine_faces(engine, frame, faces, request)
    return findings, found - started, time.perf_counter() - found


def _find_faces(engine: Engine, frame: Frame, request: Request) -> tuple[Face, ...]:
    added = [engine.finder.describe(frame, box) for box in request.added_faces]
    faces = [*engine.finder.find(frame), *added]
    return tuple(sorted(faces, key=lambda face: (face.box.left, face.box.top)))


def _examine_faces(engine: Engine, frame: Frame, faces: Sequence[Face], request: Request) -> tuple[FaceFinding, ...]:
    """Every face once, numbered as given; those that are large enough go through the networks in batches."""
    settings, asked = request.settings, request.asked
    findings = {
        number: FaceFinding(number, face, undecided(Reason.TOO_SMALL)) for number, face in enumerate(faces, start=1)
    }
    large = [number for number, face in enumerate(faces, 1) if face.size_pixels >= settings.faces.min_face_pixels]
    places = assign_places(asked, faces, frame.height, frame.width)
    for start in range(0, len(large), settings.batch_faces):
        numbers = large[start : start + settings.batch_faces]
        encodings = engine.encoder.encode([crop_face(frame, faces[number - 1]) for number in numbers])
        decided = decide_faces(engine, encodings, frame.height, frame.width, settings)
        for number, encoding, one in zip(numbers, encodings, decided, strict=True):
            finding = replace(one, number=number)
            findings[number] = go_further(engine, frame, encoding, finding, asked, places.get(number, ()))
    return tuple(findings.values())


def check_request(engine: Engine, decoder: StillDecoder, item: Input, request: Request) -> None:
    """Check what is asked of one picture before anything is written; a picture that cannot be opened passes.

    Raises:
        SettingsError: a place lies outside the picture or on no face, its part is not visible, or the face that is
            meant is not there.
    """
    try:
        frame = next(iter(decoder.open(seal(item.path)).frames()))
    except (EvidenceError, EvidenceChanged):
        return  # the run accounts for it
    faces = _find_faces(engine, frame, request)
    require_answerable(request.asked, frame, faces, request.settings.faces.min_face_pixels)
