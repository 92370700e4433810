"""Find the face of every picture of a data set once, so that training never waits for a detector."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fakeface.frames import Frame
from fakeface.settings import FaceSettings
from fakeface.training.manifest import FaceRow, SourceRow, read_faces, read_source

__all__ = ["prepare"]

Prepared = tuple[SourceRow, FaceRow | None, str]
"""A picture, its face if one was found, and else the reason."""

_WORKER: dict[str, Any] = {}
"""What a worker process keeps: the data set's root and its face finder."""


def _start_worker(root: Path) -> None:
    from fakeface.backends.dlib import DlibFaceFinder

    cv2.setNumThreads(1)
    _WORKER.update(root=root, finder=DlibFaceFinder(FaceSettings(hog_side_pixels=512)))


def _prepare_one(row: SourceRow) -> Prepared:
    pixels = cv2.imread(str(_WORKER["root"] / row.path), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        return row, None, "unreadable"
    frame = Frame(np.asarray(pixels, dtype=np.uint8))
    faces = _WORKER["finder"].find(frame)
    if not faces:
        return row, None, "no face found"
    face = max(faces, key=lambda found: found.box.area)
    points = [(round(float(x), 1), round(float(y), 1)) for x, y in face.landmarks]
    prepared = FaceRow(**row.model_dump(), box=face.box.xyxy, landmarks=points, width=frame.width, height=frame.height)
    return row, prepared, ""


def prepare(
    manifest: Path, out: Path, workers: int, progress: Callable[[Iterator[Prepared], int], Iterable[Prepared]]
) -> dict[str, int]:
    """Write ``out/faces.jsonl`` (one ``FaceRow`` per picture, the largest face) and ``out/skipped.jsonl``.

    Pictures that an earlier, interrupted call has finished are not looked at again.

    Args:
        manifest: CSV or folder, see ``read_source``; paths are relative to it.
        out: folder for the two files.
        workers: processes.
        progress: wraps the iterator of results (a progress bar, or nothing).

    Returns:
        counts: ``faces``, ``skipped``.
    """
    root = manifest if manifest.is_dir() else manifest.parent
    out.mkdir(parents=True, exist_ok=True)
    faces_path, skipped_path = out / "faces.jsonl", out / "skipped.jsonl"
    done = {row.path for row in read_faces(faces_path)} if faces_path.exists() else set()
    if skipped_path.exists():
        done |= {json.loads(line)["path"] for line in skipped_path.read_text(encoding="utf-8").splitlines()}
    pending = [row for row in read_source(manifest) if row.path not in done]
    context = multiprocessing.get_context("spawn")
    with (
        context.Pool(workers, _start_worker, (root,)) as pool,
        faces_path.open("a", encoding="utf-8", buffering=1) as faces,
        skipped_path.open("a", encoding="utf-8", buffering=1) as skipped,
    ):
        for row, prepared, reason in progress(pool.imap(_prepare_one, pending, chunksize=8), len(pending)):
            if prepared is not None:
                faces.write(prepared.model_dump_json() + "\n")
            else:
                skipped.write(json.dumps({"path": row.path, "reason": reason}) + "\n")
    count = len(faces_path.read_text(encoding="utf-8").splitlines())
    return {"faces": count, "skipped": len(skipped_path.read_text(encoding="utf-8").splitlines())}
