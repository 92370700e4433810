"""Pairs of a real and a forged picture, written with everything that is known about them.

Pair number ``n`` depends on the faces, the settings and ``n`` alone. Real faces take turns, so that every one is used
before any is used again. Pictures are forged in the size in which they are written, because reducing them afterwards
would take the forgery's traces away.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface import __version__
from fakeface.errors import SettingsError
from fakeface.settings import FaceSettings
from fakeface.training.annotate import Rejection
from fakeface.training.batch import Ledger, Left, Made, in_order
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import Entry, Recipe
from fakeface.training.forge.studio import PicturePair, PictureVanished, Studio
from fakeface.training.forge.values import FOREIGN, CannotForge, Pixels, Subject
from fakeface.training.formats.annotated import Making
from fakeface.training.formats.splits import Split
from fakeface.training.manifest import PICTURE_SUFFIXES, FaceRow
from fakeface.training.pair_rows import PairTruth, Wording, pair_rows
from fakeface.training.reading import read_pixels

__all__ = ["Synthesis", "effective_recipe", "encode", "list_pictures", "recipe_text", "synthesize", "usable"]

SMALLEST = FaceSettings().min_face_pixels
"""A face whose shorter side is below this many pixels is not worth a forgery."""

LEAST_CHROMA = 2.0
"""Mean difference between the largest and the smallest colour channel below which a picture counts as grey."""

FAST_PNG = [
    int(cv2.IMWRITE_PNG_COMPRESSION), 1,
    int(cv2.IMWRITE_PNG_STRATEGY), int(cv2.IMWRITE_PNG_STRATEGY_RLE),
    int(cv2.IMWRITE_PNG_FILTER), int(cv2.IMWRITE_PNG_FILTER_UP),
]  # fmt: skip
"""Half the time of the fastest level alone, at the size of the default."""

ATTEMPTS = 4
"""Attempts per wanted pair, and a hundred more, after which there is no hope for the rest."""

ROUNDS = 1
"""Parts the random numbers of the order of faces from those of the pairs."""


@dataclass(frozen=True, slots=True)
class Synthesis:
    """What is made.

    Args:
        recipe: operators, strengths and shares, see ``effective_recipe``.
        split: of the faces, inherited by the pairs.
        count: pairs.
        seed: of everything that is drawn.
        side: longest side of a picture, pixels.
        picture: ``png``, or ``jpg`` with its quality: ``jpg95``.
        text: whether texts are written.
        rewrite: command that words the texts anew.

    Raises:
        SettingsError: the picture's form is none of these.
    """

    recipe: Recipe
    split: Split = "train"
    count: int = 1000
    seed: int = 1
    side: int = 256
    picture: str = "png"
    text: bool = True
    rewrite: str | None = None

    def __post_init__(self) -> None:
        quality = re.fullmatch(r"png|jpg(\d{1,3})", self.picture)
        if quality is None or not 1 <= int(quality.group(1) or 1) <= 100:
            raise SettingsError(f"pictures are png or jpg1 to jpg100, not {self.picture}")

    def terms(self) -> dict[str, Any]:
        """What the bytes of the result depend on, JSON-ready; the faces aside."""
        return {
            "command": "synthesize",
            "fakeface": __version__,
            "recipe": self.recipe.model_dump(mode="json"),
            "split": self.split,
            "count": self.count,
            "seed": self.seed,
            "size": self.side,
            "format": self.picture,
            "text": self.text,
            "rewrite": self.rewrite,
        }


def effective_recipe(recipe: Recipe, operators: Sequence[str] = ()) -> Recipe:
    """The recipe for written pairs: no given fakes, and every picture at its own resolution, which training may change.

    Args:
        recipe: as it was frozen.
        operators: only these, in equal shares, also those that are never trained on; empty: the recipe's shares.

    Raises:
        SettingsError: there is no such operator.
    """
    unknown = [name for name in operators if name not in OPERATORS]
    if unknown:
        raise SettingsError(f"there is no operator {', '.join(unknown)}; there are {', '.join(OPERATORS)}")
    entries, version = {name: entry for name, entry in recipe.operators.items() if entry.share}, recipe.version
    if operators:
        found = {name: recipe.operators.get(name, Entry()) for name in dict.fromkeys(operators)}
        entries = {name: one.model_copy(update={"share": 1.0, "never_trained": False}) for name, one in found.items()}
        version = f"{recipe.version}/{'+'.join(entries)}"
    if not entries:
        raise SettingsError(f"the recipe {recipe.version} forges nothing; name an operator")
    return recipe.model_copy(update={"version": version, "operators": entries, "given": 0.0, "native_share": 1.0})


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML, as ``load_recipe`` reads it."""
    told = recipe.model_dump(mode="json", exclude={"operators"})
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
    for name, entry in recipe.operators.items():
        lines += ["", f"[operators.{name}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in entry.model_dump(mode="json").items()]
    return "\n".join(lines) + "\n"


def list_pictures(folder: Path, out: Path, split: Split) -> Path:
    """A manifest of all pictures below a folder, taken for real: ``out/pictures.csv``, with paths relative to ``out``.

    Raises:
        SettingsError: there is none.
    """
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())
    if not found:
        raise SettingsError(f"{folder} holds no picture")
    out.mkdir(exist_ok=True)
    home, place = os.path.realpath(out), out / "pictures.csv"
    with place.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(("path", "label", "split"))
        writer.writerows((os.path.relpath(os.path.realpath(one), home), "real", split) for one in found)
    return place


def usable(rows: Sequence[FaceRow], split: Split) -> tuple[list[FaceRow], list[Left]]:
    """The real faces of a split that are large enough, and those that are not.

    Raises:
        SettingsError: there is no real face in this split.
    """
    reals = [row for row in rows if row.label == "real"]
    of_split = [row for row in reals if row.split == split]
    if not of_split:
        there = ", ".join(sorted({row.split for row in reals})) or "none"
        raise SettingsError(f"there is no real face of the split {split}; splits with real faces: {there}")
    left = [
        Left(None, row.path, f"face below {SMALLEST} pixels", detail=f"{_size(row)} pixels")
        for row in of_split
        if _size(row) < SMALLEST
    ]
    return [row for row in of_split if _size(row) >= SMALLEST], left


def _size(row: FaceRow) -> int:
    left, top, right, bottom = row.box
    return min(right - left, bottom - top)


def synthesize(
    rows: Sequence[FaceRow],
    root: Path,
    out: Path,
    settings: Synthesis,
    workers: int,
    before: Sequence[Left] = (),
) -> Iterator[Made | Left]:
    """Make the pairs that are still missing in ``out``; gives each result once it is written.

    Args:
        rows: real faces, see ``usable``.
        root: folder that their paths are relative to.
        out: folder that was claimed for these settings.
        settings: what is made.
        workers: processes; the result does not depend on them.
        before: what was left out of the faces already.

    Raises:
        SettingsError: there is no face left, or no program to rewrite with.
        OutputError: another process writes there, or the disk does not take it.
    """
    Wording.of(settings.text, settings.rewrite)
    with Ledger(out, before) as ledger:
        numbers = range(ledger.next, ATTEMPTS * settings.count + 100)
        pairs = ledger.totals.pairs
        if pairs >= settings.count:
            return
        if not rows:
            raise SettingsError("no face is left to forge; skipped.jsonl says why")
        for result in in_order(_make, iter(numbers), workers, _start, (list(rows), root, settings)):
            ledger.write(result)
            yield result
            pairs += isinstance(result, Made)
            if pairs >= settings.count:
                return


_WORKER: dict[str, Any] = {}
"""What a process keeps: the studio, the settings and what words the texts."""


def _start(rows: list[FaceRow], root: Path, settings: Synthesis) -> None:
    studio = Studio(rows, root, settings.seed, settings.recipe, settings.side)
    _WORKER.update(studio=studio, settings=settings, wording=Wording.of(settings.text, settings.rewrite))


def _make(number: int) -> Made | Left:
    """Attempt number ``number``: a pair, or why there is none."""
    studio: Studio = _WORKER["studio"]
    rng = studio.generator(number)
    real = _turn(number, len(studio.reals), studio.seed)
    path = studio.reals[real].path
    small = _reduced(studio.root / path)
    if small is None:
        missing = not (studio.root / path).is_file()
        return Left(number, path, "missing" if missing else "unreadable", examined=False)
    if _grey(small):
        return Left(number, path, "grey: a forgery's colour would give it away")
    name = studio.recipe.draw(rng)
    try:
        pair = studio.forged(real, name, rng, instead=None)
    except CannotForge as error:
        return Left(number, path, "the operator has nothing to work on", kind=name, detail=str(error))
    except PictureVanished as error:
        return Left(number, path, "the donor's picture cannot be read", examined=False, kind=name, detail=str(error))
    except SettingsError as error:
        return Left(number, path, str(error), kind=name)
    donor = _reduced(studio.root / pair.other.path) if pair.other is not None else small
    if donor is None or _grey(donor):
        return Left(
            number, path, "the donor's picture is grey", kind=name, detail=pair.other.path if pair.other else ""
        )
    return _written(number, pair, rng)


def _turn(number: int, faces: int, seed: int) -> int:
    """Which face has its turn: a new order in every round."""
    order = np.random.default_rng((seed, number // faces, ROUNDS)).permutation(faces)
    return int(order[number % faces])


def _reduced(path: Path) -> Pixels | None:
    """A quarter of a picture's size; ``None`` where it is missing or cannot be read."""
    return read_pixels(path, cv2.IMREAD_REDUCED_COLOR_4)


def _grey(pixels: Pixels) -> bool:
    return bool(np.ptp(pixels, axis=2).mean() < LEAST_CHROMA)


def encode(pixels: Pixels, picture: str) -> bytes:
    """A picture as a file: PNG, fast rather than small, or JPEG of a quality with full colour (``jpg95``)."""
    options = FAST_PNG
    if picture != "png":
        sampling = int(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
        quality = int(picture.removeprefix("jpg"))
        options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    ordered = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(f".{picture[:3]}", ordered, options)[1])


def _written(number: int, pair: PicturePair, rng: np.random.Generator) -> Made | Left:
    """The files and rows of a pair."""
    settings: Synthesis = _WORKER["settings"]
    paths = tuple(f"{label}/{number:06d}.{settings.picture[:3]}" for label in ("real", "fake"))
    codes = [encode(one.pixels, settings.picture) for one in (pair.real, pair.fake)]
    files = dict(zip(paths, codes, strict=True))
    soft, altered = "", None
    if pair.mask is not None:
        soft, share = f"masks/{number:06d}.png", np.rint(pair.mask * 255).astype(np.uint8)
        files[soft], altered = encode(share, "png"), np.asarray(share > FOREIGN * 255)
    truth = _truth(number, pair, (paths[0], paths[1]), (soft, altered), codes)
    told = pair_rows(truth, _WORKER["wording"], rng)
    if isinstance(told, Rejection):
        return Left(number, pair.row.path, str(told), kind=pair.operator)
    return Made(number, pair.operator, told, files)


def _truth(
    number: int,
    pair: PicturePair,
    paths: tuple[str, str],
    mask: tuple[str, NDArray[np.bool_] | None],
    codes: Sequence[bytes],
) -> PairTruth:
    settings: Synthesis = _WORKER["settings"]
    soft, altered = mask
    made = Making(
        pair=number,
        operator=pair.operator,
        of=pair.row.path,
        donor=pair.other.path if pair.other is not None else "",
        recipe=settings.recipe.version,
        parameters=dict(pair.parameters),
        processing=pair.processing,
        files=(paths[0],),
    )
    forged = made.model_copy(update={"soft_mask": soft, "files": (paths[1], soft) if soft else (paths[1],)})
    rows = [pair.row] if pair.other is None else [pair.row, pair.other]
    people = {name for row in rows for name in row.identities}
    clips = {name for row in rows for name in row.videos}
    return PairTruth(
        _stored(pair.real, codes[0], settings.picture),
        _stored(pair.fake, codes[1], settings.picture),
        paths,
        altered,
        pair.forgery,
        (pair.row.source, f"studio/{pair.operator}"),
        settings.split,
        (made, forged),
        (
            {"identities": pair.row.identities, "videos": pair.row.videos},
            {"identities": tuple(sorted(people)), "videos": tuple(sorted(clips))},
        ),
    )


def _stored(subject: Subject, code: bytes, picture: str) -> Subject:
    """The picture as whoever opens its file sees it: measurements hold for no other pixels."""
    if picture == "png":
        return subject
    pixels = cv2.imdecode(np.frombuffer(code, np.uint8), cv2.IMREAD_COLOR_RGB)
    return Subject(np.asarray(pixels, np.uint8), subject.landmarks)
