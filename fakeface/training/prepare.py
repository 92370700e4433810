"""Find the face of every picture of a data set once, so that training never waits for a detector."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fakeface.errors import DecoderFailed
from fakeface.faces import Box, Face
from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.formats.annotated import load_mask
from fakeface.training.formats.layouts import read_source
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.splits import SplitRule
from fakeface.training.manifest import VIDEO_SUFFIXES, FaceRow, SourceRow, read_faces
from fakeface.training.reading import read_pixels

__all__ = ["NO_FACE", "prepare", "skin_tone"]

Prepared = tuple[SourceRow, FaceRow | None, str]
"""A picture, its face if one was found, and else the reason."""

Key = tuple[str, tuple[int, ...] | None]
"""A row's path, and the face's place where a picture has several rows."""

CHEEKS = ((1, 2, 3, 31, 41, 40), (15, 14, 13, 35, 46, 47))
"""Landmarks around each cheek."""

NO_FACE = "no face found"
"""How the reason of a picture begins that was looked at in vain."""

LEAST_OVERLAP = 0.3
"""Intersection over union from which on a face that was found is the one that the data set means."""

_WORKER: dict[str, Any] = {}
"""What a worker process keeps: the data set's root and its face finder."""


def _start_worker(root: Path) -> None:
    from fakeface.backends.dlib import DlibFaceFinder

    cv2.setNumThreads(1)
    _WORKER.update(root=root, finder=DlibFaceFinder(FaceSettings(hog_side_pixels=512)))


def _prepare_one(row: SourceRow) -> Prepared:
    path = _WORKER["root"] / row.path
    if not _writable(row.path):
        return row, None, "its name is not valid UTF-8: rename it"
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return row, None, "a video: only still pictures are prepared, extract its frames first"
    if not path.is_file():
        return row, None, "missing"
    pixels = read_pixels(path)
    if pixels is None:
        return row, None, "unreadable"
    frame = Frame(pixels)
    problem = _mask_problem(row, frame)
    if problem:
        return row, None, problem
    faces = _WORKER["finder"].find(frame)
    if not faces:
        return row, None, NO_FACE
    face = _wanted(faces, row.given_box)
    if face is None:
        return row, None, f"{NO_FACE} where the data set says that one is"
    points = [(round(float(x), 1), round(float(y), 1)) for x, y in face.landmarks]
    prepared = FaceRow(
        **row.model_dump(),
        box=face.box.xyxy,
        landmarks=points,
        width=frame.width,
        height=frame.height,
        tone=skin_tone(frame.pixels, face.landmarks),
    )
    return row, prepared, ""


def _writable(name: str) -> bool:
    """Whether a list of JSON can hold the name."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def skin_tone(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> tuple[float, float, float] | None:
    """Mean CIE Lab colour of both cheeks (L 0..100); ``None`` where they lie outside the picture.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        landmarks: (68, 2) float32 in its pixels.
    """
    cheeks = np.zeros(pixels.shape[:2], np.uint8)
    for ring in CHEEKS:
        cv2.fillConvexPoly(cheeks, np.round(cv2.convexHull(landmarks[list(ring)])).astype(np.int32), (1,))
    skin = pixels[cheeks > 0]
    if not len(skin):
        return None
    lab = cv2.cvtColor((skin[None] / np.float32(255)).astype(np.float32), cv2.COLOR_RGB2LAB)[0].mean(axis=0)
    return round(float(lab[0]), 1), round(float(lab[1]), 1), round(float(lab[2]), 1)


def _mask_problem(row: SourceRow, frame: Frame) -> str:
    """Why the row's mask does not belong to the picture; empty where it does or there is none."""
    if row.mask is None:
        return ""
    if isinstance(row.mask, Rle):
        height, width = row.mask.size
    else:
        try:
            height, width = load_mask(row.mask, _WORKER["root"]).shape
        except ValueError as error:
            return f"its mask cannot be used: {error}"
    if (height, width) == (frame.height, frame.width):
        return ""
    return f"its mask is {width}x{height} pixels, the picture {frame.width}x{frame.height}"


def _wanted(faces: Sequence[Face], given: tuple[int, int, int, int] | None) -> Face | None:
    """The largest face; where the data set names a place, the one that overlaps it best, if it does at all."""
    if given is None:
        return max(faces, key=lambda found: found.box.area)
    place = Box(*given)
    best = max(faces, key=lambda found: found.box.iou(place))
    return best if best.box.iou(place) >= LEAST_OVERLAP else None


def prepare(
    manifest: Path,
    out: Path,
    workers: int,
    progress: Callable[[Iterator[Prepared], int], Iterable[Prepared]],
    layout: str = "auto",
    rule: SplitRule | None = None,
) -> dict[str, int]:
    """Write ``out/faces.jsonl`` (one ``FaceRow`` per picture or annotated face) and ``out/skipped.jsonl``.

    Where the data set does not say where its faces are, the largest of a picture is taken.

    Pictures that an earlier, interrupted call has finished are not looked at again.

    Args:
        manifest: CSV or folder, see ``layouts.read_source``; paths are relative to it.
        out: folder for the two files.
        workers: processes.
        progress: wraps the iterator of results (a progress bar, or nothing).
        layout: of the data set; ``auto`` finds it out.
        rule: how rows get a split.

    Returns:
        counts: ``faces``, ``skipped``.

    Raises:
        DecoderFailed: a picture ended the process that looked at it.
    """
    listing = read_source(manifest, layout, rule)
    root = manifest if manifest.is_dir() else manifest.parent
    out.mkdir(parents=True, exist_ok=True)
    faces_path, skipped_path = out / "faces.jsonl", out / "skipped.jsonl"
    done: set[Key] = {(row.path, row.given_box) for row in read_faces(faces_path)} if faces_path.exists() else set()
    told = _read_skipped(skipped_path)
    done |= {key for key, _ in told}
    pending = [row for row in listing.rows if (row.path, row.given_box) not in done]
    with (
        _looked_at(pending, root, workers) as results,
        faces_path.open("a", encoding="utf-8", buffering=1) as faces,
        skipped_path.open("a", encoding="utf-8", buffering=1) as skipped,
    ):
        for one in listing.skipped:
            if ((one.path, None), one.reason) not in told:
                skipped.write(json.dumps(one.as_dict()) + "\n")
        for row, prepared, reason in progress(results, len(pending)):
            if prepared is not None:
                faces.write(prepared.model_dump_json(exclude_defaults=True) + "\n")
            else:
                box = {} if row.given_box is None else {"given_box": row.given_box}
                skipped.write(json.dumps({"path": row.path, "reason": reason, **box}) + "\n")
    return {"faces": len(read_faces(faces_path)), "skipped": len(_read_skipped(skipped_path))}


@contextmanager
def _looked_at(rows: Sequence[SourceRow], root: Path, workers: int) -> Iterator[Iterator[Prepared]]:
    """The rows as several processes have looked at them, in order; what is left when the block ends is dropped."""
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _start_worker, (root,))
    try:
        yield pool.map(_prepare_one, rows, chunksize=8)
    except BrokenProcessPool as error:
        raise DecoderFailed("a picture ended the process that looked at it; those before it are kept") from error
    finally:
        pool.shutdown(cancel_futures=True)


def _read_skipped(path: Path) -> set[tuple[Key, str]]:
    """What an earlier call left out, with the reasons."""
    if not path.exists():
        return set()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return {
        ((line["path"], tuple(line["given_box"]) if "given_box" in line else None), line["reason"]) for line in lines
    }
