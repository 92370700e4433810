"""Videos and the still frames that somebody extracted from them, wherever the usual scripts put them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fakeface.training.manifest import PICTURE_SUFFIXES, VIDEO_SUFFIXES

__all__ = ["clips", "pictures", "relative"]

VIDEO_FOLDERS = ("videos",)
FRAME_FOLDERS = ("frames", "images", "faces")


def relative(path: Path, root: Path) -> str:
    """A path as manifests write it."""
    return path.relative_to(root).as_posix()


def pictures(folder: Path) -> list[Path]:
    """Pictures that lie directly in a folder, by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file())


def clips(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """(name, files) of every clip of a folder, by name: its frames where they have been extracted, else the video.

    Videos lie in the folder or in ``videos/``; the frames of one clip lie in a folder of the clip's name, there or in
    ``frames/``, ``images/`` or ``faces/``.
    """
    found: dict[str, list[Path]] = {}
    for place in (folder, *(folder / name for name in VIDEO_FOLDERS)):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file():
                found.setdefault(path.stem, [path])
    for place in (folder, *(folder / name for name in FRAME_FOLDERS)):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.is_dir() and not (place == folder and path.name in (*VIDEO_FOLDERS, *FRAME_FOLDERS)):
                frames = pictures(path)
                if frames:
                    found[path.name] = frames
    yield from sorted(found.items())
