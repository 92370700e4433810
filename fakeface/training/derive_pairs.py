"""Annotations of given pairs: the face of the real picture, the mask out of both pictures, and what can be said."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fakeface import __version__
from fakeface.answers import ForgeryClass
from fakeface.errors import FakefaceError, SettingsError
from fakeface.faces import Face
from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.annotate import Rejection, Skip, SkipReason, derive
from fakeface.training.batch import Ledger, Left, Made, in_order
from fakeface.training.forge.recipe import GIVEN
from fakeface.training.forge.values import Pixels, Subject
from fakeface.training.formats.annotated import Making, load_mask
from fakeface.training.formats.splits import SPLITS, Split
from fakeface.training.manifest import PICTURE_SUFFIXES
from fakeface.training.pair_rows import PairTruth, Wording, pair_rows
from fakeface.training.reading import read_pixels
from fakeface.training.synthesize import encode

__all__ = ["Derivation", "GivenPair", "derive_pairs", "read_folders", "read_pairs"]

LEAST_AGREEMENT = 0.1
"""Share of the pixels that differ which a given mask has to cover at least."""

Parameter = str | float | bool


@dataclass(frozen=True, slots=True)
class Derivation:
    """How given pairs are annotated.

    Args:
        forgery: class of forgeries whose line names none.
        split: of pairs whose line names none.
        seed: of the wording.
        text: whether texts are written.
        rewrite: command that words the texts anew.
    """

    forgery: str = "identity_swap"
    split: Split = "dev"
    seed: int = 1
    text: bool = True
    rewrite: str | None = None

    def terms(self, pairs: Sequence[GivenPair]) -> dict[str, Any]:
        """What the bytes of the result depend on, JSON-ready; the pictures themselves aside."""
        listed = sha256("\n".join(map(repr, pairs)).encode()).hexdigest()
        return {"command": "annotate", "fakeface": __version__, **asdict(self), "pairs_sha256": listed}


@dataclass(frozen=True, slots=True)
class GivenPair:
    """A pair of pictures with paths relative to one folder; ``problem`` says why it cannot be one."""

    real: str
    fake: str
    mask: str | None
    forgery: ForgeryClass
    split: Split
    problem: str = ""


def read_pairs(path: Path, settings: Derivation) -> list[GivenPair]:
    """Pairs of a CSV with the columns real and fake, and if known mask, class and split.

    Raises:
        SettingsError: a column is missing, a line can be misread, or there is no line.
    """
    if not path.is_file():
        raise SettingsError(f"no pairs at {path}: a CSV with the columns real and fake is needed")
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            pairs = [_row(row, number, settings) for number, row in enumerate(csv.DictReader(handle), start=2)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as CSV: {error}") from error
    if not pairs:
        raise SettingsError(f"{path} names no pair")
    return pairs


def _row(row: dict[str, str], line: int, settings: Derivation) -> GivenPair:
    missing = {"real", "fake"} - row.keys()
    if missing:
        raise SettingsError(f"line {line}: there is no column {', '.join(sorted(missing))}")
    forgery, split = row.get("class") or settings.forgery, row.get("split") or settings.split
    if not row["real"] or not row["fake"]:
        raise SettingsError(f"line {line}: a real and a forged picture are needed")
    if forgery not in tuple(ForgeryClass) or forgery == "real":
        raise SettingsError(f"line {line}: {forgery!r} is no class of forgeries")
    if split not in SPLITS:
        raise SettingsError(f"line {line}: {split!r} is none of {', '.join(SPLITS)}")
    return GivenPair(row["real"], row["fake"], row.get("mask") or None, ForgeryClass(forgery), _split(split))


def _split(name: str) -> Split:
    return "train" if name == "train" else "calib" if name == "calib" else "dev"


def read_folders(real: Path, fake: Path, settings: Derivation) -> tuple[list[GivenPair], Path]:
    """Pairs of two folders, by the names below them without their endings; a picture without partner is told as such.

    Returns:
        the pairs, and the folder that their paths are relative to.

    Raises:
        SettingsError: a folder is missing, or no name is in both.
    """
    root = Path(os.path.commonpath([real.absolute(), fake.absolute()]))
    there = [_pictures(folder) for folder in (real, fake)]
    if not there[0].keys() & there[1].keys():
        raise SettingsError(f"no picture of {real} has one of the same name in {fake}")
    pairs = []
    for name in sorted(there[0].keys() | there[1].keys()):
        one, other = (os.path.relpath(found[name].absolute(), root) if name in found else "" for found in there)
        problem = "" if one and other else f"the {'forged' if one else 'real'} picture of this name is missing"
        pairs.append(GivenPair(one, other, None, ForgeryClass(settings.forgery), settings.split, problem))
    return pairs, root


def _pictures(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise SettingsError(f"there is no folder {folder}")
    found = [one for one in folder.rglob("*") if one.suffix.lower() in PICTURE_SUFFIXES and one.is_file()]
    return {one.relative_to(folder).with_suffix("").as_posix(): one for one in sorted(found)}


def derive_pairs(
    pairs: Sequence[GivenPair], root: Path, out: Path, settings: Derivation, workers: int
) -> Iterator[Made | Left]:
    """Annotate the pairs that are still missing in ``out``; gives each result once it is written.

    Args:
        pairs: to annotate.
        root: folder that their paths are relative to.
        out: folder that was claimed for these pairs and settings.
        settings: how.
        workers: processes; the result does not depend on them.

    Raises:
        SettingsError: there is no program to rewrite with.
        OutputError: another process writes there, or the disk does not take it.
    """
    Wording.of(settings.text, settings.rewrite)
    with Ledger(out, ()) as ledger:
        numbers = iter(range(ledger.next, len(pairs)))
        for result in in_order(_annotate, numbers, workers, _start, (list(pairs), root, settings)):
            ledger.write(result)
            yield result


_WORKER: dict[str, Any] = {}
"""What a process keeps: the pairs, their folder, the settings, the face finder and what words the texts."""


class _NoPair(FakefaceError):
    """Why there is nothing to annotate, and whether the pictures themselves are in order."""

    def __init__(self, reason: str, detail: str = "", *, examined: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.detail, self.examined = reason, detail, examined


def _start(pairs: list[GivenPair], root: Path, settings: Derivation) -> None:
    from fakeface.backends.dlib import DlibFaceFinder

    finder = DlibFaceFinder(FaceSettings(hog_side_pixels=512))
    wording = Wording.of(settings.text, settings.rewrite)
    _WORKER.update(pairs=pairs, root=root, settings=settings, finder=finder, wording=wording)


def _annotate(number: int) -> Made | Left:
    """Pair number ``number``: its rows, or why there are none."""
    pair: GivenPair = _WORKER["pairs"][number]
    try:
        return _annotated(number, pair)
    except _NoPair as none:
        return Left(number, pair.fake or pair.real, none.reason, none.examined, detail=none.detail)


def _annotated(number: int, pair: GivenPair) -> Made:
    if pair.problem:
        raise _NoPair(pair.problem)
    real, fake = (_read(path, which) for path, which in ((pair.real, "real"), (pair.fake, "forged")))
    if real.shape != fake.shape:
        sizes = " and ".join(f"{one.shape[1]}x{one.shape[0]}" for one in (real, fake))
        raise _NoPair(SkipReason.SIZES_DIFFER, sizes)
    faces: list[Face] = _WORKER["finder"].find(Frame(real))
    if not faces:
        raise _NoPair("no face found in the real picture", examined=True)
    face = max(faces, key=lambda found: found.box.area)
    altered, parameters = _altered(pair, real, fake)
    if len(faces) > 1:
        parameters["faces"] = len(faces)
    files: dict[str, bytes] = {}
    if altered is not None:
        files[f"masks/{number:06d}.png"] = encode(altered.astype(np.uint8) * 255, "png")
    made = Making(pair=number, operator=GIVEN, of=pair.real)
    forged = made.model_copy(
        update={"soft_mask": next(iter(files), ""), "files": tuple(files), "parameters": parameters}
    )
    told = pair_rows(
        PairTruth(
            Subject(real, face.landmarks),
            Subject(fake, face.landmarks),
            (pair.real, pair.fake),
            altered,
            pair.forgery,
            (_source(pair.real), _source(pair.fake)),
            pair.split,
            (made, forged),
            ({"box": face.box.xyxy}, {"box": face.box.xyxy}),
        ),
        _WORKER["wording"],
        np.random.default_rng((_WORKER["settings"].seed, number)),
    )
    if isinstance(told, Rejection):
        raise _NoPair(told, examined=True)
    return Made(number, pair.forgery.value, told, files)


def _source(path: str) -> str:
    return Path(path).parent.name or "unnamed"


def _read(name: str, which: str) -> Pixels:
    path = _WORKER["root"] / name
    if not path.is_file():
        raise _NoPair(f"the {which} picture is missing", name)
    pixels = read_pixels(path)
    if pixels is None:
        raise _NoPair(f"the {which} picture is unreadable", name)
    return pixels


def _altered(pair: GivenPair, real: Pixels, fake: Pixels) -> tuple[NDArray[np.bool_] | None, dict[str, Parameter]]:
    """What differs, ``None`` for everything, and how that was found."""
    found = derive(real, fake)
    if isinstance(found, Skip):
        if found.reason is SkipReason.EVERYWHERE and pair.forgery is ForgeryClass.WHOLE_FACE_SYNTHESIS:
            return None, {"mask": "everywhere"}
        if pair.mask is None:
            raise _NoPair(found.reason, found.detail, examined=True)
    if pair.mask is None and not isinstance(found, Skip):
        return found.mask, {"mask": "derived", "threshold_delta_e": round(found.threshold_delta_e, 4)}
    given = _given_mask(str(pair.mask), real.shape[:2])
    if not isinstance(found, Skip) and (given & found.mask).sum() < LEAST_AGREEMENT * found.mask.sum():
        raise _NoPair("its mask does not lie where the pictures differ")
    return given, {"mask": "given"}


def _given_mask(name: str, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    try:
        mask = load_mask(name, _WORKER["root"])
    except ValueError as error:
        raise _NoPair("its mask is missing or unreadable", name) from error
    if mask.shape != shape:
        raise _NoPair("its mask has another size than the pictures", f"{mask.shape[1]}x{mask.shape[0]}")
    return mask
