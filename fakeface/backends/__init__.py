"""The one place that turns a profile's name into models. A backend is imported when it is asked for, never before."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fakeface.errors import BackendError, FakefaceError, IntegrityError, WeightsError
from fakeface.findings import ModelCard
from fakeface.interfaces import Answerer, FaceFinder, FaceFollower, Scorer, Segmenter, VisionEncoder
from fakeface.profiles import Part, Profile, load_profile
from fakeface.settings import Settings

__all__ = ["BUILDERS", "Engine", "build_engine", "check_parts"]

BUILDERS = {"compact": "fakeface.backends.compact:build"}
"""Profile name -> ``module:function``; the function takes (Profile, Settings) and returns (VisionEncoder, Answerer,
Scorer, Segmenter)."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One profile, loaded: everything that the route asks.

    Args:
        profile: the record of the models, with the thresholds of the decision.
        finder: finds faces.
        encoder: encodes crops; its features serve the other parts.
        answerer: writes answers.
        scorer: scores answers against the picture.
        segmenter: shows where.
        follower: carries faces on over frames of a film; without one, nothing is carried on.
    """

    profile: Profile
    finder: FaceFinder
    encoder: VisionEncoder
    answerer: Answerer
    scorer: Scorer
    segmenter: Segmenter
    follower: FaceFollower | None = None

    def cards(self, *, fast: bool = False) -> tuple[ModelCard, ...]:
        """The cards of the models that take part, in the order of the route, each once.

        Args:
            fast: of a triage, in which only the finder and the encoder do.
        """
        parts = (self.finder, self.encoder, self.answerer, self.scorer, self.segmenter)
        return tuple(dict.fromkeys(part.card for part in (parts[:2] if fast else parts)))


def check_parts(parts: Iterable[Part]) -> tuple[tuple[Part, FakefaceError | None], ...]:
    """Hash files.

    Args:
        parts: of a profile (``Profile.parts``), or others.

    Returns:
        each part with what is wrong with it: ``WeightsMismatch``, ``WeightsError`` or ``None``.
    """
    checked: list[tuple[Part, FakefaceError | None]] = []
    for part in parts:
        try:
            part.verified()
        except (IntegrityError, WeightsError) as error:
            checked.append((part, error))
        else:
            checked.append((part, None))
    return tuple(checked)


def build_engine(settings: Settings, folder: Path | None = None) -> Engine:
    """Hash and load the models of ``settings.profile``.

    Every part is hashed before the first library is imported, so a wrong or absent file is told within a second. Where
    one file is wrong and another absent, the wrong one is told.

    Args:
        settings: name the profile, and how it runs.
        folder: a weights folder other than the installed one.

    Raises:
        WeightsError: the profile is unknown, or a file is absent or unusable.
        WeightsMismatch: a file's hash differs from the profile's.
        BackendError: a library or the device is missing.
    """
    profile = load_profile(settings.profile, folder)
    if profile.name not in BUILDERS:
        raise WeightsError(f"no backend runs profile {profile.name!r}; known are: {', '.join(sorted(BUILDERS))}")
    problems = [problem for _, problem in check_parts(profile.parts.values()) if problem]
    if problems:
        raise next((problem for problem in problems if isinstance(problem, IntegrityError)), problems[0])
    with _kept_for_good():
        return _loaded(profile, settings)


def _loaded(profile: Profile, settings: Settings) -> Engine:
    module, function = BUILDERS[profile.name].split(":")
    try:
        build = getattr(importlib.import_module(module), function)
        from fakeface.backends.dlib import DlibFaceFinder, DlibFaceFollower
    except ImportError as error:
        raise BackendError(f"profile {profile.name} cannot run: {error}") from error
    engine = Engine(profile, DlibFaceFinder(settings.faces), *build(profile, settings))
    return replace(engine, follower=DlibFaceFollower())


@contextmanager
def _kept_for_good() -> Iterator[None]:
    """Keep the garbage collector from what the block makes.

    Importing torch and transformers makes some 700,000 objects that stay as long as the process; going over them again
    and again takes about a second of the start.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
