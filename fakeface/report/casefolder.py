"""The case folder: every run's record, pictures, report and manifest, written so that a killed run can go on.

Names of files come from ids alone, never from evidence. Nothing that exists is overwritten, except this run's own
results when it is resumed.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic_core import to_jsonable_python

from fakeface import __version__
from fakeface.errors import OutputError
from fakeface.findings import FaceFinding, FileFinding
from fakeface.report.disk import PART_SUFFIX, digest_file, make_folder, regular_files, store, store_chunks
from fakeface.report.entries import FaceFiles
from fakeface.report.film_entries import FilmFiles
from fakeface.report.film_journal import FilmJournal
from fakeface.report.film_pictures import save_film
from fakeface.report.film_table import TIMELINE, timeline_chunks
from fakeface.report.journal import Journal, JournalHeader, JournalLine, name_bytes
from fakeface.report.overlay import draw_overlay
from fakeface.report.pictures import PICTURE_FOLDERS, save_face
from fakeface.report.provenance import library_versions, utc_now
from fakeface.report.record import SCHEMA_VERSION, FileEntry, ModelEntry, Record, RunEntry, file_entry
from fakeface.report.stream import read_files, read_head, record_chunks
from fakeface.report.words import Tally
from fakeface.sanitize import safe_text

__all__ = ["JOURNAL", "MANIFEST", "RECORD", "REPORT", "CaseFolder", "RunHeader", "open_case"]

RECORD, REPORT, MANIFEST, JOURNAL = "findings.json", "report.pdf", "manifest.json", "journal.jsonl"
UNFINISHED = "unfinished"
"""Folder of what was seen of films whose examination has not ended."""


@dataclass(frozen=True, slots=True)
class RunHeader:
    """What is fixed at the start of a run.

    Args:
        argv: the command line.
        settings: every effective setting, JSON-ready or made of plain values and enums.
        profile: name, version and the rest of what the profile says of itself.
        models: the models that take part.
        threads: threads of the networks.
    """

    argv: tuple[str, ...]
    settings: dict[str, object]
    profile: dict[str, object]
    models: tuple[ModelEntry, ...]
    threads: int


def open_case(
    path: Path, header: RunHeader, *, resume: bool = False, add_run: bool = False, images: bool = True
) -> CaseFolder:
    """Start a run in a new case folder, go on with an interrupted one, or put a further run into an existing case.

    Args:
        path: the case folder.
        header: what is fixed for this run.
        resume: continue the case's interrupted run under the same settings.
        add_run: put a further run into the case.
        images: whether pictures are saved.

    Raises:
        OutputError: the path exists and neither option was given, there is nothing to resume or to add to, or the
            interrupted run was started under other terms.
    """
    wanted = _journal_header(header, images)
    if resume and add_run:
        raise OutputError("--resume and --add-run contradict each other")
    if resume:
        return _resume(path, wanted)
    if add_run:
        _require_case(path, "to add a run to")
        number = 2 + sum(1 for _ in _further_runs(path))
        return _start(path / f"run-{number:04d}", wanted)
    if path.exists() or path.is_symlink():
        raise OutputError(f"{path} exists; give --resume to continue its run, --add-run to add one, or another --out")
    return _start(path, wanted)


def _start(root: Path, header: JournalHeader) -> CaseFolder:
    make_folder(root)
    return _begin(root, header)


def _begin(root: Path, header: JournalHeader) -> CaseFolder:
    if header.images:
        for name in PICTURE_FOLDERS:
            make_folder(root / name, may_exist=True)
    return CaseFolder(root, header, Journal.create(root / JOURNAL, header), resumed=False)


def _resume(path: Path, wanted: JournalHeader) -> CaseFolder:
    _require_folder(path, "to resume")
    if not any(item for item in path.iterdir() if item.name not in PICTURE_FOLDERS and item.suffix != PART_SUFFIX):
        return _begin(path, wanted)  # killed before its first line: there is nothing to go on from
    _require_case(path, "to resume")
    runs = sorted([path, *_further_runs(path)], reverse=True)
    unfinished = [root for root in runs if (root / JOURNAL).exists()]
    if not unfinished:
        head = read_head(runs[0] / RECORD)
        _require_same_terms(_finished_header(head, wanted.images), wanted)
        return CaseFolder(runs[0], wanted, None, resumed=True)
    root = unfinished[0]
    journal = Journal(root / JOURNAL)
    try:
        _require_same_terms(journal.header, wanted)
    except OutputError:
        journal.close()
        raise
    for name in PICTURE_FOLDERS if wanted.images else ():
        make_folder(root / name, may_exist=True)
    for part in regular_files(root):
        if part.suffix == PART_SUFFIX:
            (root / part).unlink()
    return CaseFolder(root, journal.header, journal, resumed=True)


def _require_folder(path: Path, purpose: str) -> None:
    if path.is_symlink() or not path.is_dir():
        raise OutputError(f"there is no case folder {path} {purpose}")


def _require_case(path: Path, purpose: str) -> None:
    _require_folder(path, purpose)
    if not (path / RECORD).exists() and not (path / JOURNAL).exists():
        raise OutputError(f"{path} is not a case folder {purpose}: it has neither {RECORD} nor {JOURNAL}")


def _further_runs(path: Path) -> Iterator[Path]:
    return (folder for folder in path.glob("run-[0-9][0-9][0-9][0-9]") if folder.is_dir())


def _require_same_terms(before: JournalHeader, now: JournalHeader) -> None:
    differing = [name for name, value in now.terms().items() if before.terms()[name] != value]
    if differing:
        raise OutputError(f"the run cannot be resumed: other {', '.join(differing)} than when it was started")


def _journal_header(header: RunHeader, images: bool) -> JournalHeader:
    return JournalHeader.model_validate_json(
        JournalHeader(
            schema_version=SCHEMA_VERSION,
            tool_version=__version__,
            settings=to_jsonable_python(header.settings),
            profile=to_jsonable_python(header.profile),
            models=header.models,
            images=images,
            argv=tuple(safe_text(word) for word in header.argv),
            threads=header.threads,
            started=utc_now(),
        ).model_dump_json()
    )


def _finished_header(head: Record, images: bool) -> JournalHeader:
    return JournalHeader(
        schema_version=head.schema_version,
        tool_version=head.tool_version,
        settings=head.settings,
        profile=head.profile,
        models=head.models,
        images=images,
        argv=head.run.argv,
        threads=head.run.threads,
        started=head.run.started,
    )


class CaseFolder:
    """One run's folder while it is written. Made by ``open_case``.

    Attributes:
        root: folder of this run: the case folder itself for the first one, ``run-0002`` and so on inside it.
    """

    def __init__(self, root: Path, header: JournalHeader, journal: Journal | None, *, resumed: bool) -> None:
        """Take over an open journal; ``None`` where the run was finished before."""
        self.root = root
        self._header = header
        self._journal = journal
        self._resumed = resumed
        self._reading: Iterator[FileEntry] = iter(())

    def finished_entry(self, file_id: str, name: str, sha256: str | None) -> FileEntry | None:
        """What the interrupted run already wrote for an input.

        Args:
            file_id: the input's place in the run; the same file may have been named more than once.
            name: as given, undecodable bytes as surrogates.
            sha256: of the file now; ``None`` where it cannot be read.

        Returns:
            its entry, or ``None`` where no input of this id, name and hash has been written.
        """
        raw = name.encode("utf-8", "surrogateescape")
        if self._journal is not None:
            return self._journal.finished(file_id, raw, sha256)
        entry = self._recorded(file_id)
        return entry if entry and name_bytes(entry) == raw and entry.sha256 == sha256 else None

    def _recorded(self, file_id: str) -> FileEntry | None:
        """An entry of the finished record. Inputs come in its order, so reading goes on where it stopped."""
        for _ in range(2):
            for entry in self._reading:
                if entry.id == file_id:
                    return entry
            self._reading = read_files(self.root / RECORD)
        return None

    def film_journal(self, file_id: str, sha256: str) -> FilmJournal:
        """The memory of one film, with what an interrupted run saw of it; gone once the film's entry is written.

        Args:
            file_id: of the input.
            sha256: of the film.
        """
        make_folder(self.root / UNFINISHED, may_exist=True)
        return FilmJournal(self.root / UNFINISHED / f"{file_id}.jsonl", sha256)

    def write(self, finding: FileFinding, film_files: FilmFiles | None = None) -> FileEntry:
        """Save an input's pictures and its entry; it is on the disk when this returns.

        Args:
            finding: what the run says of it.
            film_files: what was written of a film before (clip, frames).

        Raises:
            OutputError: the run is finished, the id is taken, or the disk refuses.
        """
        if self._journal is None:
            raise OutputError(f"the run in {self.root} is finished; give --add-run to examine further inputs")
        overlay_file, overlay_scale = self._save_overlay(finding)
        entry = file_entry(
            finding,
            overlay_file,
            [self._save_face(finding, face) for face in finding.faces],
            overlay_scale,
            self._save_film(finding, film_files or FilmFiles()),
        )
        self._journal.append(
            JournalLine(entry=entry, seconds_finding=finding.seconds_finding, seconds_deciding=finding.seconds_deciding)
        )
        if finding.film and finding.evidence:
            self.film_journal(finding.id, finding.evidence.sha256).remove()
        return entry

    def _save_film(self, finding: FileFinding, written: FilmFiles) -> FilmFiles:
        if finding.film is None or not self._header.images:
            return written
        drawn = save_film(self.save, finding.id, finding.film)
        return replace(drawn, clip=written.clip, frames=written.frames, exported=written.exported)

    def _save_overlay(self, finding: FileFinding) -> tuple[str | None, float | None]:
        if not self._header.images or finding.pixels is None or not finding.faces:
            return None, None
        drawn = draw_overlay(finding.pixels, finding.faces)
        return self.save(f"overlays/{finding.id}.png", drawn), drawn.shape[1] / finding.pixels.shape[1]

    def _save_face(self, finding: FileFinding, face: FaceFinding) -> FaceFiles:
        return save_face(self.save, finding, face) if self._header.images else FaceFiles()

    def save(self, name: str, pixels: NDArray[Any]) -> str:
        """Write a picture as PNG under a name of the case folder; returns the name."""
        buffer = BytesIO()
        Image.fromarray(pixels if pixels.dtype == np.uint8 else pixels.astype(np.bool_)).save(buffer, "PNG")
        return self.save_bytes(name, buffer.getvalue())

    def save_bytes(self, name: str, content: bytes) -> str:
        """Write a file under a name of the case folder; returns the name."""
        store(self.new_file(name), content, replace=self._resumed)
        return name

    def new_file(self, name: str) -> Path:
        """Where a file of this name goes; its folder is there, and what an interrupted run left of it is gone."""
        path = self.root / name
        make_folder(path.parent, may_exist=True)  # not every case has maps, films or frames
        if self._resumed:
            path.unlink(missing_ok=True)
        return path

    def close(self, *, interrupted: bool = False, peak_memory_bytes: int | None = None) -> Path:
        """Write record, report and manifest from the journal, one input at a time.

        Args:
            interrupted: the run stops before its last input; the journal stays, so that ``--resume`` continues.
            peak_memory_bytes: largest resident size of the process, for the record; ``None`` where it is not known.

        Returns:
            the path of ``findings.json``.
        """
        record = self.root / RECORD
        if self._journal is None:
            return record
        from fakeface.report.pdf import pdf_bytes  # reportlab is slow to import and needed only here

        again = self._resumed
        store_chunks(record, record_chunks(self._head(interrupted, peak_memory_bytes), self._entries()), replace=again)
        if any(entry.film for entry in self._entries()):
            store_chunks(self.root / TIMELINE, timeline_chunks(self._entries()), replace=again)
        store(self.root / REPORT, pdf_bytes(self.root), replace=again)
        store(self.root / MANIFEST, _manifest(self.root), replace=again)
        if interrupted:
            self._journal.close()
        else:
            if (self.root / UNFINISHED).is_dir():  # films that failed after all leave nothing to go on with
                shutil.rmtree(self.root / UNFINISHED)
            self._journal.remove()
        return record

    def _entries(self) -> Iterator[FileEntry]:
        if self._journal is not None:
            yield from (line.entry for line in self._journal.lines())

    def _head(self, interrupted: bool, peak_memory_bytes: int | None) -> Record:
        tally, finding, deciding, decided = Tally(), 0.0, 0.0, 0
        for line in self._journal.lines() if self._journal else ():
            tally.add(line.entry)
            finding += line.seconds_finding
            deciding += line.seconds_deciding
            decided += _decided(line.entry)
        header = self._header
        return Record(
            schema_version=header.schema_version,
            tool="fakeface",
            tool_version=header.tool_version,
            run=RunEntry(
                argv=header.argv,
                started=header.started,
                finished=utc_now(),
                host=safe_text(platform.node()),
                system=platform.platform(),
                python=platform.python_version(),
                libraries=library_versions(),
                threads=header.threads,
                seconds_per_face=deciding / decided if decided else None,
                seconds_finding_faces=finding,
                peak_memory_bytes=peak_memory_bytes,
                interrupted=interrupted,
            ),
            settings=header.settings,
            profile=header.profile,
            models=header.models,
            totals=tally.totals,
            files=(),
        )


def _decided(entry: FileEntry) -> int:
    """Faces that went through the networks, those of a film on every frame on which they were scored."""
    tracks = entry.film.tracks if entry.film else ()
    scored = sum(track.usable + len(track.decisive) for track in tracks)
    return scored + sum(face.square is not None for face in entry.faces)


def _manifest(root: Path) -> bytes:
    listed = []
    for path in regular_files(root):
        own = path.name in (JOURNAL, MANIFEST) or path.suffix == PART_SUFFIX
        if own or path.parts[0] == UNFINISHED or path.parts[0].startswith("run-"):
            continue
        sha256, size = digest_file(root / path)
        listed.append({"path": path.as_posix(), "sha256": sha256, "size_bytes": size})
    return json.dumps({"schema_version": SCHEMA_VERSION, "files": listed}, indent=1).encode() + b"\n"
