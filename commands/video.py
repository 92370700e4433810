"""``fakeface video``: follow faces through films and say where in time they look altered."""

from __future__ import annotations

import click

from . import films, options, runtime
from .running import Choices, run_route
from .runtime import ExitCode

__all__ = ["video"]

EPILOG = """\b
Examples:
  fakeface video interview.mp4
  fakeface video /evidence/films --out case-17 --fail-on fake
  fakeface video long.mkv --range 0:10:00-0:12:30 --fps 8
  fakeface video edited.mov --scenes=16 --triage
  fakeface video interview.mp4 --clip --export-frames --out case-18
  fakeface video /evidence/films --out case-17 --resume
"""


@click.command(epilog=EPILOG)
@options.input_options
@films.film_options
@options.case_options
@options.model_options
@options.film_face_options
@options.output_options
@click.option(
    "--triage", is_flag=True, help="Only the fast score that reads no text; timelines, but no verdicts and no answers."
)
@click.pass_obj
def video(
    session: runtime.Session,
    sources: options.Sources,
    film: films.FilmChoice,
    case: options.CaseChoice,
    models: options.ModelChoice,
    faces: options.FaceChoice,
    output: options.OutputChoice,
    triage: bool,
) -> ExitCode:
    """Follow the faces in films, score each on every sampled frame, and decide on the frames that matter.

    PATH is a film (MP4, MOV, MKV, WebM, AVI), a folder, a pattern, or - for a list of paths on standard input. Pictures
    among the films are examined as fakeface detect does. A track is one person in one shot; its verdict rests on the
    scores over time and on full decisions about its most suspicious, most typical and sharpest frames. Sound is not
    examined. An interrupted run goes on inside a film with --resume.
    """
    return run_route(session, Choices(sources, case, models, faces, output), triage=triage, film=film)
