"""A run of the route: options → settings and inputs → examination → case folder, results and exit code.

``detect``, ``locate``, ``explain`` and ``video`` are four selections of it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import films, options, runtime, screen
from .checking import Checked, check_picture
from .film_bar import film_bar
from .runtime import ExitCode

if TYPE_CHECKING:
    from fakeface.asked import Asked
    from fakeface.backends import Engine
    from fakeface.filming import FilmRoute
    from fakeface.inputs import Inputs
    from fakeface.pipeline import Request
    from fakeface.report.casefolder import CaseFolder, RunHeader
    from fakeface.report.record import FileEntry
    from fakeface.settings import Settings

__all__ = ["Choices", "route_options", "run_route"]

SETTLED = ("companion", "duplicate", "not_entered")
"""Codes of skipped inputs of which nothing remains unexamined that the user asked for."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the commands of the route have in common, as the command line gave it."""

    sources: options.Sources
    case: options.CaseChoice
    models: options.ModelChoice
    faces: options.FaceChoice
    output: options.OutputChoice


def route_options(command: options.Command) -> options.Command:
    """Add the options of case, models, faces and output; with those of the input, above them, they come as ``choices``.

    Args:
        command: takes ``choices``, a `Choices`.
    """
    gathered = options.grouped("choices", Choices)(command)
    return options.case_options(options.model_options(options.face_options(options.output_options(gathered))))


def run_route(
    session: runtime.Session,
    choices: Choices,
    ask: Callable[[Settings], Asked] | None = None,
    *,
    triage: bool = False,
    film: films.FilmChoice | None = None,
) -> ExitCode:
    """Examine everything that was named and write the case folder.

    Args:
        session: of this invocation.
        choices: the common options.
        ask: makes what is asked beyond the decision; called once the process is prepared.
        triage: only the text-independent score.
        film: how films are examined; without it they are refused.
    """
    output, models = choices.output, choices.models
    session.debug = session.debug or output.verbose > 1
    runtime.log_to_stderr(output.verbose, output.quiet)
    from fakeface.settings import MOST_THREADS

    threads = runtime.prepare_process(models.threads, MOST_THREADS)
    inputs = choices.sources.inputs()
    request = _request(choices, ask, triage)
    _require_inputs(inputs, request)
    out = _case_path(choices.case, inputs)

    from fakeface import backends
    from fakeface.report.casefolder import open_case

    case = choices.case
    part = films.FilmPart(film, request.settings, images=case.images) if film else None
    checked = _checked(backends.build_engine(request.settings), inputs, request)
    header = _header(session, checked.engine, request, threads, {"recursive": inputs.recursive, **_told(part)})
    folder = open_case(out, header, resume=case.resume, add_run=case.add_run, images=case.images)
    return _Run(checked, request, inputs, folder, output, part).go()


def _told(part: films.FilmPart | None) -> dict[str, object]:
    return {"film": part.for_record()} if part else {}


def _request(choices: Choices, ask: Callable[[Settings], Asked] | None, triage: bool) -> Request:
    from fakeface.asked import Asked
    from fakeface.faces import Box
    from fakeface.pipeline import Request

    settings = options.settings_of(choices.models, choices.faces, triage=triage)
    added = tuple(Box(*corners) for corners in choices.faces.add_face)
    return Request(settings, added, ask(settings) if ask else Asked())


def _checked(engine: Engine, inputs: Inputs, request: Request) -> Checked:
    """Where one picture is asked about, everything is checked before anything is written."""
    asked = request.asked
    first = list(itertools.islice(inputs, 2))
    if not asked.needs_face or len(first) > 1 or first[0].refused:
        return Checked(engine)
    return check_picture(engine, first[0], request)


def _require_inputs(inputs: Inputs, request: Request) -> None:
    first = list(itertools.islice(inputs, 2))
    if not first:
        raise click.UsageError("the list of paths is empty")
    one = len(first) == 1 and not first[0].refused
    if request.added_faces and not one:
        raise click.UsageError("--add-face says where a face is in one picture: name exactly one")
    if request.asked.one_picture and not one:
        raise click.UsageError("--box, --point, --mask, --face and --chat are about one picture: name exactly one")


def _case_path(case: options.CaseChoice, inputs: Inputs) -> Path:
    """Where the case folder goes.

    Raises:
        click.UsageError: an existing case is meant and none is named.
        OutputError: the place is inside a folder that is to be examined.
    """
    from fakeface.errors import OutputError

    if case.out is None and (case.resume or case.add_run):
        raise click.UsageError("--resume and --add-run need --out with the existing case folder")
    out = Path(case.out or f"fakeface-case-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    real = Path(os.path.realpath(out))
    for named in inputs.named():
        if os.path.isdir(named) and real.is_relative_to(os.path.realpath(named)):
            raise OutputError(f"the case folder {out} would lie inside the evidence {named}")
    return out


def _header(
    session: runtime.Session, engine: Engine, request: Request, threads: int, further: dict[str, object]
) -> RunHeader:
    """What is fixed for the run. Threads belong to the run, not to the settings: no result may depend on them."""
    from fakeface.report.casefolder import RunHeader
    from fakeface.report.record import model_entry

    settings = asdict(request.settings)
    del settings["threads"]
    profile = engine.profile
    return RunHeader(
        argv=session.argv,
        settings={
            **settings,
            "added_faces": [box.xyxy for box in request.added_faces],
            **further,
            **({"asked": request.asked.for_record()} if request.asked.anything else {}),
        },
        profile={
            "name": profile.name,
            "version": profile.version,
            "trained": profile.trained,
            "data": profile.data,
            "thresholds": asdict(profile.thresholds),
            "calibration": asdict(profile.calibration) if profile.calibration else None,
            "parts": [
                {"name": part.name, "file": part.path.name, "sha256": part.sha256, "licence": part.licence}
                for part in profile.parts.values()
            ],
        },
        models=tuple(model_entry(card) for card in engine.cards(fast=request.settings.fast)),
        threads=threads,
    )


@dataclass(slots=True)
class _Run:
    """One run while it goes: what it needs, and the exit codes that have come up so far."""

    checked: Checked
    request: Request
    inputs: Inputs
    folder: CaseFolder
    output: options.OutputChoice
    film: films.FilmPart | None = None
    codes: set[ExitCode] = field(default_factory=set)

    def go(self) -> ExitCode:
        """Examine everything, close the case folder whatever happens, show the results."""
        results = screen.open_results(self.output.style)
        try:
            with _run_log(self.folder):
                self._examine(results)
        except KeyboardInterrupt:
            self.codes.add(ExitCode.INTERRUPTED)
            runtime.say("interrupted: closing the case folder; --resume continues")
        except BaseException:
            self._close(interrupted=True)
            raise
        record = self._close(interrupted=ExitCode.INTERRUPTED in self.codes)
        results.end(record)
        if self.output.style != "table" and not self.output.quiet:
            runtime.say(f"case folder: {self.folder.root}")
        return runtime.worst(self.codes)

    def _close(self, *, interrupted: bool) -> Path:
        with runtime.deferred_interrupts():
            return self.folder.close(interrupted=interrupted, peak_memory_bytes=runtime.peak_memory_bytes() or None)

    def _examine(self, results: screen.Results) -> None:
        from fakeface.backends.stills import Decoder
        from fakeface.findings import FileFinding, file_id
        from fakeface.pipeline import examine
        from fakeface.report.record import FileEntry

        with ExitStack() as stack:
            decoder = stack.enter_context(Decoder(self.request.settings.decoder))
            advance, route = self._prepared(stack)
            for result in examine(
                self.checked.engine,
                decoder,
                self.inputs,
                self.request,
                lambda item, sha256: self.folder.finished_entry(file_id(item.number), item.path, sha256),
                route,
            ):
                written = None
                if isinstance(result, FileFinding):
                    result = replace(result, seconds_finding=result.seconds_finding + self.checked.seconds)
                    written = self.film.write(self.folder, result) if self.film else None
                with runtime.deferred_interrupts():
                    entry = result if isinstance(result, FileEntry) else self.folder.write(result, written)
                    results.write(entry)
                    self.codes |= _codes(entry, self.output.fail_on)
                advance()

    def _prepared(self, stack: ExitStack) -> tuple[Callable[[], None], FilmRoute | None]:
        """The function that moves the progress bar by one input, and what examines films."""
        if self.film is None:
            return stack.enter_context(screen.progress(self.inputs.count, shown=self._bar_shown())), None
        bar = stack.enter_context(film_bar(self.inputs, shown=self._bar_shown()))
        return bar.advance, self.film.route(self.checked.engine, self.folder, bar)

    def _bar_shown(self) -> bool:
        """Not where lines of results, or texts as they are written, run over the same terminal."""
        return (
            not self.output.quiet
            and not self.request.asked.writes
            and (self.output.style in ("table", "json") or not os.isatty(1))
        )


def _codes(entry: FileEntry, fail_on: tuple[str, ...]) -> set[ExitCode]:
    from fakeface.pipeline import CHANGED

    if entry.status == "failed":
        return {ExitCode.INTEGRITY if entry.error_code == CHANGED else ExitCode.PARTIAL}
    if entry.status == "skipped":
        return set() if entry.error_code in SETTLED else {ExitCode.PARTIAL}
    tracks = entry.film.tracks if entry.film else ()
    verdicts = {entry.verdict, *(face.decision.verdict for face in entry.faces), *(track.verdict for track in tracks)}
    return {ExitCode.FLAGGED} if verdicts & set(fail_on) else set()


@contextmanager
def _run_log(folder: CaseFolder) -> Iterator[None]:
    """The run's log in its folder; a run that was finished before is left as it is, because its manifest stands."""
    from fakeface.report.casefolder import JOURNAL

    if not (folder.root / JOURNAL).exists():
        yield
        return
    with runtime.log_to_file(folder.root / "run.log"):
        yield
