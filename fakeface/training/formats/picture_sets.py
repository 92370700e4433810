"""Folder layouts of data sets of pictures: DFFD, OpenForensics, OW-FFA-Bench, plain real/ and fake/ folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from fakeface.answers import ForgeryClass
from fakeface.training.formats.annotated import Annotated
from fakeface.training.formats.clips import pictures, relative
from fakeface.training.formats.coco import read_coco
from fakeface.training.formats.skips import Skipped, stays_inside
from fakeface.training.formats.splits import Draft, Split
from fakeface.training.formats.truth import read_truth
from fakeface.training.manifest import PICTURE_SUFFIXES

__all__ = [
    "dffd_here",
    "folders_here",
    "openforensics_here",
    "owffa_here",
    "read_dffd",
    "read_folders",
    "read_openforensics",
    "read_owffa",
]

Drafts = Iterator[Draft | Skipped]

DFFD_SETS: Mapping[str, ForgeryClass] = {
    "ffhq": ForgeryClass.REAL,
    "celeba": ForgeryClass.REAL,
    "celeba_2w": ForgeryClass.REAL,
    "youtube": ForgeryClass.REAL,
    "faceapp": ForgeryClass.EDITING,
    "stargan": ForgeryClass.EDITING,
    "pggan_v1": ForgeryClass.WHOLE_FACE_SYNTHESIS,
    "pggan_v2": ForgeryClass.WHOLE_FACE_SYNTHESIS,
    "stylegan_celeba": ForgeryClass.WHOLE_FACE_SYNTHESIS,
    "stylegan_ffhq": ForgeryClass.WHOLE_FACE_SYNTHESIS,
    "deepfakes": ForgeryClass.IDENTITY_SWAP,
    "faceswap": ForgeryClass.IDENTITY_SWAP,
    "face2face": ForgeryClass.REENACTMENT,
}
DFFD_SPLITS: Mapping[str, Split] = {
    "train": "train",
    "validation": "calib",
    "valid": "calib",
    "val": "calib",
    "test": "dev",
}
OPENFORENSICS_SPLITS: Mapping[str, Split] = {
    "train": "train",
    "val": "calib",
    "test-dev": "dev",
    "test-challenge": "dev",
}
OWFFA_CLASSES: Mapping[str, ForgeryClass] = {
    "pgc": ForgeryClass.WHOLE_FACE_SYNTHESIS,
    "wfir": ForgeryClass.WHOLE_FACE_SYNTHESIS,
}
"""Sets of OW-FFA-Bench whose forgeries are not swapped faces; the truth of the six sets names no type."""

UNNAMED_FORGERY = ForgeryClass.IDENTITY_SWAP
"""What a forgery is entered as where the data set does not say its kind, as in CSV manifests."""

MANY_FOLDERS = 10
"""From this many on, the innermost folders under real/ and fake/ are taken for persons or videos."""


# --- DFFD -------------------------------------------------------------------------------------------------------------


def dffd_here(root: Path) -> bool:
    """Whether a folder holds subsets of DFFD, divided into splits."""
    return any(
        child.name.lower() in DFFD_SETS and any((child / split).is_dir() for split in DFFD_SPLITS)
        for child in root.iterdir()
        if child.is_dir()
    )


def read_dffd(root: Path) -> Drafts:
    """Drafts of every subset's splits, with masks where they lie in one of the usual places."""
    for folder in sorted(child for child in root.iterdir() if child.is_dir()):
        forgery = DFFD_SETS.get(folder.name.lower())
        is_mask = "mask" in folder.name.lower()
        if forgery is None:
            if not is_mask and any((folder / split).is_dir() for split in DFFD_SPLITS):
                yield Skipped(folder.name, f"unknown subset; known are {', '.join(DFFD_SETS)}")
            continue
        for name, split in DFFD_SPLITS.items():
            for file in pictures(folder / name):
                mask = None if forgery is ForgeryClass.REAL else _dffd_mask(root, folder.name, name, file)
                yield Draft(relative(file, root), forgery, folder.name, split, mask=mask)


def _dffd_mask(root: Path, subset: str, split: str, file: Path) -> str | None:
    folders = (
        root / subset / "mask" / split,
        root / subset / "masks" / split,
        root / subset / split / "mask",
        root / subset / split / "masks",
        root / f"{subset}_mask" / split,
        root / "mask" / subset / split,
        root / "masks" / subset / split,
    )
    places = (folder / f"{file.stem}{suffix}" for folder in folders for suffix in (file.suffix, ".png"))
    return next((relative(place, root) for place in places if place.is_file()), None)


# --- OpenForensics ----------------------------------------------------------------------------------------------------


def openforensics_here(root: Path) -> bool:
    """Whether a folder holds OpenForensics' annotation files, or is one such file."""
    return root.suffix.lower() == ".json" if root.is_file() else bool(_openforensics_files(root))


def _openforensics_files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    return sorted(
        path for pattern in ("*_poly.json", "*/*_poly.json", "*/*/*_poly.json") for path in root.glob(pattern)
    )


def read_openforensics(root: Path) -> Drafts:
    """One draft per annotated face, with its box, and the mask of a forged one."""
    base = root if root.is_dir() else root.parent
    for path in _openforensics_files(root):
        name = path.stem.removesuffix("_poly")
        found: dict[str, str | None] = {}
        for row in read_coco(path, "dev", "openforensics"):
            if isinstance(row, Skipped):
                yield row
                continue
            if row.path not in found:
                found[row.path] = _openforensics_picture(base, path, name, row.path)
            yield _openforensics_face(row, found[row.path], OPENFORENSICS_SPLITS.get(name.lower()))


def _openforensics_picture(base: Path, path: Path, name: str, written: str) -> str | None:
    """Where the picture lies: as written, or by its name in the folders that the archives unpack to."""
    if not stays_inside(written):
        return None
    file = PurePosixPath(written).name
    beside = path.parent
    places = (
        base / written,
        beside / written,
        *(
            folder / file
            for folder in (beside / name, base / name, base / "Images" / name, beside / name / name, beside)
        ),
    )
    return next((relative(place, base) for place in places if place.is_file()), None)


def _openforensics_face(row: Annotated, picture: str | None, split: Split | None) -> Draft | Skipped:
    if picture is None:
        return Skipped(row.path, "missing: named in the annotations")
    forgery = row.forgery or UNNAMED_FORGERY
    return Draft(picture, forgery, "openforensics", split, mask=row.mask, given_box=row.box)


# --- OW-FFA-Bench -----------------------------------------------------------------------------------------------------


def owffa_here(root: Path) -> bool:
    """Whether a folder holds sets of OW-FFA-Bench, or is one."""
    return any(_is_owffa_set(folder) for folder in (root, *sorted(root.iterdir())))


def _is_owffa_set(folder: Path) -> bool:
    return (folder / "imgs").is_dir() and any(folder.glob("*.json"))


def read_owffa(root: Path) -> Drafts:
    """Drafts of every set, all dev: a benchmark is reported and never fitted on."""
    for folder in (root, *sorted(child for child in root.iterdir() if child.is_dir())):
        if not _is_owffa_set(folder):
            if folder != root and (folder / "imgs").is_dir():
                yield Skipped(relative(folder, root), "no ground truth (a JSON file beside imgs/)")
            continue
        present = {relative(file, folder / "imgs"): file for file in pictures(folder / "imgs")}
        told = set()
        for path in sorted(folder.glob("*.json")):
            for row in read_truth(path, "dev", folder.name):
                if isinstance(row, Annotated):
                    told.add(row.path)
                yield _owffa_face(root, folder, row, present)
        for name in present.keys() - told:
            yield Skipped(relative(present[name], root), "not in the ground truth")


def _owffa_face(root: Path, folder: Path, row: Annotated | Skipped, present: Mapping[str, Path]) -> Draft | Skipped:
    place = relative(folder, root).removeprefix(".").removeprefix("/")
    path = "/".join(part for part in (place, "imgs", row.path) if part)
    if isinstance(row, Skipped):
        return Skipped(path, row.reason)
    if row.path not in present:
        return Skipped(path, "missing: named in the ground truth")
    forgery = row.forgery or OWFFA_CLASSES.get(folder.name.lower(), UNNAMED_FORGERY)
    return Draft(relative(present[row.path], root), forgery, folder.name, "dev")


# --- plain folders ----------------------------------------------------------------------------------------------------


def folders_here(root: Path) -> bool:
    """Whether a folder holds ``real/`` or ``fake/``."""
    return any((root / name).is_dir() for name in ("real", "fake"))


def read_folders(root: Path) -> Drafts:
    """Drafts of every picture below ``real/`` and ``fake/``, at any depth."""
    files = [
        (file, forgery)
        for name, forgery in (("real", ForgeryClass.REAL), ("fake", UNNAMED_FORGERY))
        for file in sorted((root / name).rglob("*"))
        if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()
    ]
    nested = {file.parent for file, _ in files if file.parent.parent != root}
    grouped = len(nested) >= MANY_FOLDERS
    for file, forgery in files:
        group = file.parent.name if grouped and file.parent in nested else _clip_of(file.stem)
        videos = (f"{root.name}/{group}",) if group else ()
        yield Draft(relative(file, root), forgery, root.name, videos=videos)


def _clip_of(stem: str) -> str:
    """The clip that a frame's name names: ``walk_frame012`` is of ``walk``; empty where a name says no frame."""
    match = re.fullmatch(r"(.+?)[ _-]+(?:frame|frm)[ _-]?\d+", stem, re.IGNORECASE)
    return match.group(1) if match else ""
