"""Folder layouts of data sets of videos: FaceForensics++, Celeb-DF v2, DFDC.

Frames that were extracted are rows; a video without frames is one row that names the video.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fakeface.answers import ForgeryClass
from fakeface.training.formats.clips import clips, relative
from fakeface.training.formats.skips import Skipped, load_json, stays_inside
from fakeface.training.formats.splits import Draft, Split, hashed_split

__all__ = ["celebdf_here", "dfdc_here", "faceforensics_here", "read_celebdf", "read_dfdc", "read_faceforensics"]

Drafts = Iterator[Draft | Skipped]

FACEFORENSICS_METHODS: Mapping[str, ForgeryClass] = {
    "Deepfakes": ForgeryClass.IDENTITY_SWAP,
    "FaceSwap": ForgeryClass.IDENTITY_SWAP,
    "FaceShifter": ForgeryClass.IDENTITY_SWAP,
    "DeepFakeDetection": ForgeryClass.IDENTITY_SWAP,
    "Face2Face": ForgeryClass.REENACTMENT,
    "NeuralTextures": ForgeryClass.REENACTMENT,
}
FACEFORENSICS_ORIGINALS = ("youtube", "actors")
LEVELS = ("raw", "c0", "c23", "c40")
"""Compression levels of FaceForensics++."""

OFFICIAL: Mapping[str, Split] = {"train": "train", "val": "calib", "validation": "calib", "test": "dev"}
"""What data sets call their splits -> ours."""

CELEBDF_FOLDERS: Mapping[str, ForgeryClass] = {
    "Celeb-real": ForgeryClass.REAL,
    "YouTube-real": ForgeryClass.REAL,
    "Youtube-real": ForgeryClass.REAL,
    "Celeb-synthesis": ForgeryClass.IDENTITY_SWAP,
}
CELEBDF_TESTS = "List_of_testing_videos.txt"
DFDC_LABELS: Mapping[str, ForgeryClass] = {"REAL": ForgeryClass.REAL, "FAKE": ForgeryClass.IDENTITY_SWAP}


# --- FaceForensics++ --------------------------------------------------------------------------------------------------


def faceforensics_here(root: Path) -> bool:
    """Whether a folder is laid out as FaceForensics++."""
    return any((root / name).is_dir() for name in ("original_sequences", "manipulated_sequences"))


def read_faceforensics(root: Path) -> Drafts:
    """Drafts of originals and all methods at every compression level."""
    official: dict[str, Split] = {}
    for name in ("train", "val", "test"):
        place = next(
            (path for path in (root / "splits" / f"{name}.json", root / f"{name}.json") if path.is_file()), None
        )
        pairs = [] if place is None else load_json(place)
        if isinstance(pairs, Skipped):
            yield pairs
        elif not _are_pairs(pairs):
            yield Skipped(f"{name}.json", "not a list of pairs of videos")
        else:
            official |= {video: OFFICIAL[name] for pair in pairs for video in pair}
    for kind, known in (
        ("original_sequences", FACEFORENSICS_ORIGINALS),
        ("manipulated_sequences", tuple(FACEFORENSICS_METHODS)),
    ):
        for folder in sorted((root / kind).iterdir()) if (root / kind).is_dir() else ():
            if folder.name in known:
                yield from _faceforensics_method(root, folder, official)
            elif folder.is_dir():
                yield Skipped(relative(folder, root), f"unknown method; known are {', '.join(known)}")


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and all(isinstance(video, str) for video in pair) for pair in value
    )


def _faceforensics_method(root: Path, folder: Path, official: Mapping[str, Split]) -> Drafts:
    forgery = FACEFORENSICS_METHODS.get(folder.name, ForgeryClass.REAL)
    levels = [folder / level for level in LEVELS if (folder / level).is_dir()]
    if not levels:
        yield Skipped(relative(folder, root), f"no compression level in it; looked for {', '.join(LEVELS)}")
    for level in levels:
        for name, files in clips(level):
            identities, videos = _faceforensics_names(name, folder.name)
            splits = {official.get(video.rpartition("/")[2]) for video in videos}
            if len(splits) > 1:
                yield Skipped(relative(level / name, root), "its videos are not in one of the official splits")
                continue
            for file in files:
                yield Draft(
                    relative(file, root),
                    forgery,
                    f"{folder.name} {level.name}",
                    next(iter(splits), None),
                    identities,
                    videos,
                    _faceforensics_mask(root, level, name, file) if forgery is not ForgeryClass.REAL else None,
                )


def _faceforensics_names(name: str, method: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Identities and videos: ``000_003`` is 000 with the face of 003, ``01_02__walk__ABC`` actor 01 with 02's."""
    if method in ("actors", "DeepFakeDetection"):
        actors = name.partition("__")[0].split("_")
        return tuple(f"faceforensics/actor{actor}" for actor in actors), (f"faceforensics/{_scene(name)}",)
    return (), tuple(f"faceforensics/{video}" for video in name.split("_"))


def _scene(name: str) -> str:
    """The original of an actors' clip: ``01_02__walking__ABC`` was made from ``01__walking``."""
    actors, _, rest = name.partition("__")
    return f"{actors.split('_')[0]}__{rest.partition('__')[0]}"


def _faceforensics_mask(root: Path, level: Path, name: str, file: Path) -> str | None:
    """The mask of a frame, or the mask video of a video, where the set or the usual scripts have put it."""
    method = level.parent
    if file.parent.name == name:
        folders = (method / "masks" / "images", method / "masks" / "frames", method / "masks", level / "masks")
        places = [folder / name / f"{file.stem}{suffix}" for folder in folders for suffix in (file.suffix, ".png")]
    else:
        places = [method / "masks" / "videos" / file.name]
    return next((relative(place, root) for place in places if place.is_file()), None)


# --- Celeb-DF v2 ------------------------------------------------------------------------------------------------------


def celebdf_here(root: Path) -> bool:
    """Whether a folder is laid out as Celeb-DF v2."""
    return any((root / name).exists() for name in (*CELEBDF_FOLDERS, CELEBDF_TESTS))


def read_celebdf(root: Path) -> Drafts:
    """Drafts of the clips of all folders; the authors' test list is dev, a tenth of the other source videos calib."""
    tests: dict[str, str] = {}
    if (root / CELEBDF_TESTS).is_file():
        for number, line in enumerate((root / CELEBDF_TESTS).read_text("utf-8", "replace").splitlines(), start=1):
            label, _, name = line.strip().partition(" ")
            if label in ("0", "1") and name.strip():
                tests[name.strip().replace("Youtube", "YouTube").rpartition(".")[0]] = label
            elif line.strip():
                yield Skipped(f"{CELEBDF_TESTS}:{number}", f"unknown label: {line.strip()[:80]!r}")
    seen = set()
    for folder, forgery in CELEBDF_FOLDERS.items():
        if folder == "Youtube-real" and (root / "YouTube-real").is_dir():
            continue
        for name, files in clips(root / folder):
            key = f"{folder.replace('Youtube', 'YouTube')}/{name}"
            seen.add(key)
            if key in tests and (tests[key] == "1") != (forgery is ForgeryClass.REAL):
                yield Skipped(relative(root / folder / name, root), f"{CELEBDF_TESTS} contradicts its folder")
                continue
            identities, video = _celebdf_names(folder, name)
            split = _celebdf_split(key, video, tests)
            for file in files:
                yield Draft(relative(file, root), forgery, folder, split, identities, (video,))
    yield from (Skipped(key, f"missing: named in {CELEBDF_TESTS}") for key in tests if key not in seen)


def _celebdf_names(folder: str, name: str) -> tuple[tuple[str, ...], str]:
    """``id0_0003`` is person 0; ``id0_id16_0003`` is the clip ``id0_0003`` with the face of person 16."""
    match = re.fullmatch(r"(id\d+)(?:_(id\d+))?_(\d+)", name)
    if match is None:
        return (), f"celebdf/{folder.lower()}-{name}"
    persons = tuple(f"celebdf/{person}" for person in match.group(1, 2) if person)
    return persons, f"celebdf/{match.group(1)}_{match.group(3)}"


def _celebdf_split(key: str, video: str, tests: Mapping[str, str]) -> Split | None:
    if not tests:
        return None
    if key in tests:
        return "dev"
    return "train" if hashed_split(video) == "train" else "calib"


# --- DFDC -------------------------------------------------------------------------------------------------------------


def dfdc_here(root: Path) -> bool:
    """Whether a folder is DFDC or one part of it."""
    return (root / "metadata.json").is_file() or any(root.glob("*/metadata.json"))


def read_dfdc(root: Path) -> Drafts:
    """Drafts of every part that has a ``metadata.json``; parts that all say ``train`` state no split."""
    parts: dict[Path, dict[str, Any]] = {}
    for path in sorted([*root.glob("metadata.json"), *root.glob("*/metadata.json")]):
        entries = load_json(path)
        if isinstance(entries, Skipped):
            yield Skipped(relative(path, root), entries.reason)
        elif not isinstance(entries, dict):
            yield Skipped(relative(path, root), "not metadata: an object of videos is needed")
        else:
            parts[path.parent] = entries
    stated = {entry.get("split") for entries in parts.values() for entry in entries.values() if isinstance(entry, dict)}
    for folder, entries in parts.items():
        files = dict(clips(folder))
        for name, entry in entries.items():
            place = relative(folder, root)
            yield from _dfdc_clip(root, f"{place}/{name}".removeprefix("./"), entry, files, len(stated - {None}) > 1)
        named = {Path(name).stem for name in entries}
        yield from (
            Skipped(relative(folder / name, root), "not in metadata.json") for name in files if name not in named
        )


def _dfdc_clip(root: Path, path: str, entry: Any, files: Mapping[str, list[Path]], is_split: bool) -> Drafts:
    stem = Path(path).stem
    label = entry.get("label") if isinstance(entry, dict) else None
    if not isinstance(label, str) or label.upper() not in DFDC_LABELS:
        yield Skipped(path, f"unknown label: {label!r}")
        return
    if not stays_inside(path) or stem not in files:
        yield Skipped(path, "missing: named in metadata.json")
        return
    original = entry.get("original")
    video = Path(original).stem if isinstance(original, str) and original else stem
    split = OFFICIAL.get(str(entry.get("split")).lower()) if is_split else None
    for file in files[stem]:
        yield Draft(relative(file, root), DFDC_LABELS[label.upper()], "dfdc", split, (), (f"dfdc/{video}",))
