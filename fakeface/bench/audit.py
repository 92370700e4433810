"""A shortcut audit: what files and geometry give away in each set of a data set, and the score without it.

A set is the forgeries of one source and real pictures of the same split. Its faces are measured as they lie on the
disk, and rescaled: the examined square of every face is reduced to the same few pixels, enlarged by a factor and a
kernel drawn without regard to what it is, and saved with one quality. What a score still tells then, it does not tell
by size, margin, resampling or compression. What it no longer tells may have been a shortcut, or fine traces of forging
that went with the pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.backends import Engine
from fakeface.bench.files import file_sample, luminance_quantiser
from fakeface.bench.scoring import Place, Placed, score_windows
from fakeface.bench.sets import FileSet, GivenFile
from fakeface.bench.values import Batch
from fakeface.errors import SettingsError
from fakeface.faces import Box, Face, FaceOrigin, crop_face, face_square
from fakeface.frames import Frame
from fakeface.settings import Settings
from fakeface.training.forge.pairs import FaceSample
from fakeface.training.manifest import FaceRow
from fakeface.training.reading import read_pixels

__all__ = ["RESCALED", "audit_sets", "score_audit"]

RESCALED = "rescaled"
"""The condition without the cues."""

SMALL = 72.0
"""Extent of the landmarks, in pixels, that every face is brought to first: the smallest of the usual data sets."""

ENLARGED = (1.3, 1.8)
"""Range of the factor after it."""

KERNELS = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
QUALITY = 80


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A picture with its face, and what its file gives away."""

    pixels: NDArray[np.uint8]
    points: NDArray[np.float32]
    size_bytes: int
    quantisation: float | None


def audit_sets(rows: Sequence[FaceRow], most: int, seed: int, beside: Sequence[tuple[str, str]] = ()) -> list[FileSet]:
    """``<split>-<source>``: forgeries of each source beside all real faces of their split.

    Args:
        rows: prepared faces of all splits.
        most: faces of each label in a set, drawn by the seed.
        seed: of the draws.
        beside: (source of forgeries, source of real faces) of further sets, ``<split>-<source>-<real source>``, with
            only these real faces.

    Raises:
        SettingsError: no split has faces of both sources.
    """
    splits = sorted({row.split for row in rows})
    wanted = [(split, one, "") for split in splits for one in sorted({r.source for r in rows if r.label == "fake"})]
    wanted += [(split, one, other) for one, other in beside for split in splits]
    found = []
    for split, source, other in wanted:
        fakes = [row for row in rows if (row.split, row.source, row.label) == (split, source, "fake")]
        reals = [row for row in rows if (row.split, row.label) == (split, "real") and other in ("", row.source)]
        if not fakes or not reals:
            continue
        items = [
            (GivenFile(some[index].path, label, some[index]),)
            for label, some in enumerate((reals, fakes))
            for index in sorted(np.random.default_rng((seed, label)).permutation(len(some))[:most].tolist())
        ]
        found.append(FileSet("-".join(filter(None, (split, source, other))), "files", tuple(items)))
    for one, other in beside:
        if not any(made.title.endswith(f"-{one}-{other}") for made in found):
            raise SettingsError(f"no split has forgeries of {one} and real faces of {other}")
    return found


def score_audit(engine: Engine, root: Path, wanted: FileSet, settings: Settings) -> Iterator[Batch]:
    """The faces of a set at the places that are known of them, a batch at a time; no face is looked for.

    Args:
        engine: the profile that is measured.
        root: folder of the pictures.
        wanted: of ``audit_sets``; its condition may be ``RESCALED``.
        settings: of the route.
    """
    for start in range(0, len(wanted.items), settings.batch_faces):
        windows: list[Placed] = []
        facts: list[dict[str, Any]] = []
        left_out: list[str] = []
        for (file,) in wanted.items[start : start + settings.batch_faces]:
            picture = _load(root, file, rescaled=wanted.condition == RESCALED)
            if picture is None or file.row is None:
                left_out.append("cannot be read")
                continue
            sample, fact = _cut(picture, file, file.row)
            windows.append(Placed(Place(wanted.title, wanted.condition, wanted.kind, file.path), sample))
            facts.append(fact)
        faces = score_windows(engine, windows, settings) if windows else ()
        kept = tuple(face.model_copy(update=fact) for face, fact in zip(faces, facts, strict=True))
        yield Batch(kept, tuple(left_out))


def _load(root: Path, file: GivenFile, *, rescaled: bool) -> _Picture | None:
    pixels = read_pixels(root / file.path)
    if pixels is None or file.row is None:
        return None
    path, points = root / file.path, file.row.points()
    if rescaled:
        return _rescaled(pixels, points, zlib.crc32(file.path.encode("utf-8", "surrogateescape")))
    return _Picture(pixels, points, path.stat().st_size, luminance_quantiser(path))


def _rescaled(pixels: NDArray[np.uint8], points: NDArray[np.float32], seed: int) -> _Picture:
    """The picture without its own size, resampling and compression; seeded by its name, not by its truth."""
    rng = np.random.default_rng(seed)
    pixels, points = _square_of(pixels, points)
    factor = SMALL / max(float(np.ptp(points, axis=0).max()), 1.0)
    pixels, points = _resized(pixels, points, factor, cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    pixels, points = _resized(pixels, points, float(rng.uniform(*ENLARGED)), int(rng.choice(KERNELS)))
    code = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return _Picture(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR_RGB), np.uint8), points, len(code), None)


def _square_of(pixels: NDArray[np.uint8], points: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The examined square alone; where it reaches outside of the picture, the border's pixels are repeated."""
    square = face_square(points)
    inside = square.clipped(pixels.shape[1], pixels.shape[0])
    cut = cv2.copyMakeBorder(
        pixels[inside.top : inside.bottom, inside.left : inside.right],
        inside.top - square.top,
        square.bottom - inside.bottom,
        inside.left - square.left,
        square.right - inside.right,
        cv2.BORDER_REPLICATE,
    )
    return np.asarray(cut, np.uint8), points - np.array([square.left, square.top], np.float32)


def _resized(
    pixels: NDArray[np.uint8], points: NDArray[np.float32], factor: float, kernel: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    size = max(round(pixels.shape[1] * factor), 8), max(round(pixels.shape[0] * factor), 8)
    scale = np.array([size[0] / pixels.shape[1], size[1] / pixels.shape[0]], np.float32)
    moved = (points + np.float32(0.5)) * scale - np.float32(0.5)
    return np.asarray(cv2.resize(pixels, size, interpolation=kernel), np.uint8), moved.astype(np.float32)


def _cut(picture: _Picture, file: GivenFile, row: FaceRow) -> tuple[FaceSample, dict[str, Any]]:
    """The window of the face, and what geometry and file give away of the picture that it was cut from."""
    low, high = np.floor(picture.points.min(axis=0)), np.ceil(picture.points.max(axis=0)) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
    crop = crop_face(Frame(picture.pixels), Face(box, 0.0, picture.points, FaceOrigin.EXAMINER))
    height, width = picture.pixels.shape[:2]
    return file_sample(crop, file.label, row.forgery, None), {
        "scale": float(crop.square.width),
        "size_bytes": picture.size_bytes,
        "picture_pixels": width * height,
        "quantisation": picture.quantisation,
    }
