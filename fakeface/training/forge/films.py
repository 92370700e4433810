"""The film factory: short films of one or two persons made of real pictures, and the same films with a forged part.

Film number ``n`` of a seed is always the same pair: both films share pictures, camera, lens, motion, noise and every
pixel but those of the forgery. A forgery has one donor, operator and draw of parameters for all of its frames and
is blended into every frame anew, at landmarks that tremble a little, as tools do it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from fakeface.answers import ForgeryClass
from fakeface.concepts import eye_distance
from fakeface.errors import SettingsError
from fakeface.faces import Box, face_square
from fakeface.training.forge.film_motion import drawn_expressions, drawn_lens, drawn_sway
from fakeface.training.forge.film_scene import Actor, SceneView, drawn_backdrop, expressed
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.postprocess import draw_phone
from fakeface.training.forge.recipe import Recipe
from fakeface.training.forge.steps import Noise
from fakeface.training.forge.studio import Studio
from fakeface.training.forge.values import CannotForge, Field, Forgery, Pixels, Subject, Task
from fakeface.training.manifest import FaceRow

__all__ = ["FILM_OPERATORS", "ONE", "SCENES", "FilmFrame", "FilmPlan", "FilmShape", "FilmStudio", "Forging"]

FILM_OPERATORS = (
    "swap",
    "swap_poisson",
    "swap_laplacian",
    "swap_piecewise",
    "swap_tps",
    "lip_sync",
    "mouth_interior",
)
"""What a film is forged by where nothing else is asked: another person's face, or another mouth."""

TWO, ONE, CLOSE = "two persons", "one person", "close-up"

SCENES = (TWO, TWO, CLOSE, ONE, TWO)
"""What films show in turn; their number and that of the operators have no divisor in common."""

WHOLE = 0.25
"""Share of forgeries that last the whole film."""

PART = (0.3, 0.6)
"""Length of any other forgery, in shares of the film."""

TREMBLE, UNSURE = 0.004, 0.003
"""Deviation of a forger's landmarks from frame to frame, all together and each alone, in eye distances."""

SURROUNDED = 1.7
"""A face plays in films if its picture shows the square of so many extents of the landmarks around it: all that is
examined of it (``faces.WIDENING``), and outside of that the soft edge of the picture."""

WORKED_ON = 2.2
"""Side of the window that a forgery works on, in extents of the landmarks."""

PHONE = 0.4
"""Share of films that a phone took: denoised and sharpened before they are kept."""

ATTEMPTS = 12
"""So many donors and operators are tried for one film."""


@dataclass(frozen=True, slots=True)
class FilmShape:
    """How large and long films are.

    Args:
        width, height: pixels, even.
        rate: frames per second.
        frames: number of frames.
        sides: smallest and largest side of the square that is examined of a face, pixels.
        close_sides: the same in a close-up: enlarged from the picture, as soft as faces that phones film and smooth.
    """

    width: int = 640
    height: int = 360
    rate: Fraction = Fraction(25)
    frames: int = 125
    sides: tuple[int, int] = (140, 200)
    close_sides: tuple[int, int] = (270, 340)

    def __post_init__(self) -> None:
        if self.width % 2 or self.height % 2 or min(self.width, self.height) < 64 or self.frames < 2 or self.rate <= 0:
            raise SettingsError("a film needs even sides of at least 64 pixels, a rate, and two frames")

    @property
    def seconds(self) -> Fraction:
        """How long a film lasts."""
        return self.frames / self.rate


@dataclass(frozen=True, slots=True)
class Forging:
    """The forgery of one person in one film.

    Args:
        person: whose face is forged, 0-based from left to right.
        first, end: frames that are forged, half-open.
        operator: its name.
        strength: 0..1.
        donor: whose face is laid in; ``None`` where the operator needs none.
        seed: of the parameters, the same on every frame.
    """

    person: int
    first: int
    end: int
    operator: str
    strength: float
    donor: FaceRow | None
    seed: int

    @property
    def forgery(self) -> ForgeryClass:
        """The class of the forgery."""
        return OPERATORS[self.operator].forgery


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """What film number ``number`` shows: the scene, its persons from left to right, and what its twin forges."""

    number: int
    scene: str
    persons: tuple[FaceRow, ...]
    forging: Forging


@dataclass(frozen=True, slots=True, eq=False)
class FilmFrame:
    """One frame of both films.

    Args:
        real: (height, width, 3) uint8 RGB.
        forged: the same frame of the forged film; the same array where nothing is forged on it.
        landmarks: (68, 2) of each person, in pixels of the frame.
    """

    real: Pixels
    forged: Pixels
    landmarks: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FilmStudio:
    """Makes films of the real faces of one split.

    Args:
        rows: prepared faces of the split; only real ones whose picture surrounds them play, and at least two must.
        root: folder that their paths are relative to.
        seed: of all films.
        shape: of the films.
        operators: by which films are forged, drawn evenly.
        recipe: strengths of the operators; the shipped one where none is given.
    """

    rows: Sequence[FaceRow]
    root: Path
    seed: int
    shape: FilmShape = field(default_factory=FilmShape)
    operators: tuple[str, ...] = FILM_OPERATORS
    recipe: Recipe | None = None
    studio: Studio = field(init=False)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.operators) - OPERATORS.keys())
        if unknown or not self.operators:
            raise SettingsError(f"there is no operator {', '.join(unknown)}: there are {', '.join(OPERATORS)}")
        playing = [row for row in self.rows if row.label == "real" and _surrounded(row)]
        if len(playing) < 2:
            raise SettingsError("films need at least two real faces with their surroundings: a forgery needs a donor")
        object.__setattr__(self, "studio", Studio(playing, self.root, self.seed, self.recipe))

    def plan(self, number: int, attempt: int = 0) -> FilmPlan:
        """The plan of film ``number``; another attempt draws another forgery of the same film."""
        rng = np.random.default_rng((self.seed, number, 1, attempt))
        faces = self._cast(number)
        person = int(rng.integers(len(faces)))
        name = self.operators[(number + attempt) % len(self.operators)]
        operator, total = OPERATORS[name], self.shape.frames
        first, end = 0, total
        if rng.random() >= WHOLE:
            length = max(round(float(rng.uniform(*PART)) * total), 1)
            first = int(rng.integers(0, total - length + 1))
            end = first + length
        strength = self.studio.recipe.strength(name, rng)
        donor = self._donor(faces, faces[person], rng, operator.open_mouth) if operator.donor else None
        forging = Forging(person, first, end, name, strength, donor, int(rng.integers(2**31)))
        scene = SCENES[number % len(SCENES)]
        return FilmPlan(number, scene, tuple(self.studio.reals[face] for face in faces), forging)

    def _cast(self, number: int) -> list[int]:
        """Numbers of the real faces in film ``number``: no face plays twice before all have."""
        order = np.random.default_rng(self.seed).permutation(len(self.studio.reals))
        many = 2 if SCENES[number % len(SCENES)] == TWO else 1
        return [int(order[(2 * number + place) % len(order)]) for place in range(many)]

    def _donor(self, cast: Sequence[int], face: int, rng: np.random.Generator, open_mouth: bool) -> FaceRow:
        """Somebody who is not in the film, as far as there is anybody."""
        seen = {self.studio.reals[one].path for one in cast}
        for _ in range(ATTEMPTS):
            donor = self.studio.donor_for(face, rng, open_mouth)
            if donor.path not in seen:
                break
        return donor

    def view(self, plan: FilmPlan) -> SceneView:
        """The scene of a plan, as its camera sees it.

        Raises:
            PictureVanished: a picture cannot be read.
        """
        rng = np.random.default_rng((self.seed, plan.number, 2))
        height, width = self.shape.height, self.shape.width
        actors = [self._actor(row, place, plan.scene, rng) for place, row in enumerate(plan.persons)]
        backdrop = drawn_backdrop(rng, actors[0].subject.pixels, height, width)
        noise = Noise(float(rng.uniform(1.0, 3.5)), int(rng.integers(2**30)), float(rng.uniform(0, 0.06)), "demosaiced")
        camera, lens = drawn_sway(rng), drawn_lens(rng)
        developed = draw_phone(rng) if rng.random() < PHONE else ()
        return SceneView(height, width, backdrop, tuple(actors), camera, lens, noise, developed)

    def _actor(self, row: FaceRow, place: int, scene: str, rng: np.random.Generator) -> Actor:
        side = float(rng.uniform(*(self.shape.close_sides if scene == CLOSE else self.shape.sides)))
        subject = self.studio.load(row, rng, side, bool(rng.random() < 0.5), free=scene != CLOSE)
        middle = face_square(subject.landmarks)
        across = rng.uniform(0.42, 0.58) if scene != TWO else (0.27, 0.73)[place] + rng.uniform(-0.04, 0.04)
        matrix = np.eye(2, 3, dtype=np.float32)
        matrix[0, 2] = across * self.shape.width - (middle.left + middle.right) / 2
        matrix[1, 2] = rng.uniform(0.46, 0.56) * self.shape.height - (middle.top + middle.bottom) / 2
        expressions = drawn_expressions(rng, subject.landmarks, float(self.shape.seconds))
        return Actor(subject, matrix, drawn_sway(rng, 0.6), expressions)

    def frames(self, plan: FilmPlan) -> Iterator[FilmFrame]:
        """The frames of both films in order.

        Raises:
            CannotForge: the operator cannot work on this person; another attempt may.
            PictureVanished: a picture cannot be read.
        """
        view, forging = self.view(plan), plan.forging
        forger = _Forger.of(self, plan, view)
        for number in range(self.shape.frames):
            seconds = float(number / self.shape.rate)
            real, landmarks = view.shot(number, seconds)
            forged = real
            if forging.first <= number < forging.end:
                forged = forger.applied(real, landmarks[forging.person], number, seconds)
            yield FilmFrame(real, forged, landmarks)

    def workable(self, number: int) -> Iterator[FilmPlan]:
        """Plans of film ``number`` whose forgery works on its first, middle and last frame.

        Raises:
            PictureVanished: a picture cannot be read.
        """
        for attempt in range(ATTEMPTS):
            plan = self.plan(number, attempt)
            view, forging = self.view(plan), plan.forging
            forger = _Forger.of(self, plan, view)
            try:
                for frame in (forging.first, (forging.first + forging.end) // 2, forging.end - 1):
                    seconds = float(frame / self.shape.rate)
                    real, landmarks = view.shot(frame, seconds)
                    forger.applied(real, landmarks[forging.person], frame, seconds)
            except CannotForge:
                continue
            yield plan


def _surrounded(row: FaceRow) -> bool:
    square = face_square(row.points(), SURROUNDED)
    return square.left >= 0 and square.top >= 0 and square.right <= row.width and square.bottom <= row.height


@dataclass(frozen=True, slots=True, eq=False)
class _Forger:
    """Forges one person on frame after frame with the same donor and parameters."""

    forging: Forging
    actor: Actor
    donor: Subject | None

    @classmethod
    def of(cls, films: FilmStudio, plan: FilmPlan, view: SceneView) -> _Forger:
        forging, donor = plan.forging, None
        if forging.donor is not None:
            rng = np.random.default_rng((forging.seed, 0))
            side = float(rng.uniform(*films.studio.recipe.target_sides))
            donor = films.studio.load(forging.donor, rng, side, mirrored=bool(rng.random() < 0.5))
        return cls(forging, view.actors[forging.person], donor)

    def applied(self, frame: Pixels, landmarks: Field, number: int, seconds: float) -> Pixels:
        """The frame with the person's face forged."""
        operator, unit = OPERATORS[self.forging.operator], eye_distance(landmarks)
        rng = np.random.default_rng((self.forging.seed, 1, number))
        unsure = rng.normal(0, TREMBLE * unit, (1, 2)) + rng.normal(0, UNSURE * unit, landmarks.shape)
        box = _window(landmarks, frame.shape)
        corner = np.array([box.left, box.top], np.float32)
        view = (slice(box.top, box.bottom), slice(box.left, box.right))
        subject = Subject(np.ascontiguousarray(frame[view]), (landmarks + unsure - corner).astype(np.float32))
        donor = self.donor
        if donor is not None and self.forging.forgery is ForgeryClass.IDENTITY_SWAP:
            donor = expressed(donor, self.actor.expressions.at(seconds))
        made: Forgery = operator.make(
            Task(subject, donor, self.forging.strength), np.random.default_rng(self.forging.seed)
        )
        forged = frame.copy()
        forged[view] = made.pixels
        return forged


def _window(landmarks: Field, shape: tuple[int, ...]) -> Box:
    """A square around a face, kept inside the frame: its side changes only with the face, not where it lies.

    Raises:
        CannotForge: the face is not in the frame.
    """
    square = face_square(landmarks, WORKED_ON)
    side = min(square.width // 16 * 16, *shape[:2])
    middle = landmarks.mean(axis=0)
    if not (0 <= middle[0] < shape[1] and 0 <= middle[1] < shape[0]):
        raise CannotForge("the face has left the frame")
    left = min(max((square.left + square.right - side) // 2, 0), shape[1] - side)
    top = min(max((square.top + square.bottom - side) // 2, 0), shape[0] - side)
    return Box(left, top, left + side, top + side)
