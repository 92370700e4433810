"""What stands on both sides of a split that should not: near-duplicate pictures, the same person, the same video.

Near-duplicates can be left out of the training split; what measures or chooses is never touched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fakeface.errors import SettingsError
from fakeface.training.formats.skips import Skipped, first_error, iterate_items
from fakeface.training.reading import read_pixels

__all__ = [
    "HASH_BITS",
    "Duplicate",
    "LeakReport",
    "Shared",
    "SplitPicture",
    "duplicates_in",
    "find_leaks",
    "read_splits",
]

HASH_SIDE = 16
HASH_BITS = HASH_SIDE * HASH_SIDE
DUPLICATE_BITS = 40
"""Up to this many different bits of 256, two pictures count as one.

Measured on 2,200 pictures of eight sources, saving as JPEG 95 or 40 and halving the size change up to 10 bits,
brightening by a fifth up to 26. In a data set of 14,846 pictures all 22 pairs that are found were the same
photograph when looked at, some once forged; the nearest different pair lay at 42, one forged pair at 50 is missed.
A copy that is cut at its borders is beyond reach.
"""

FLAT = 2.0
"""Standard deviation in grey levels below which a picture is too flat to have a hash."""

HASHED_SIDE = 128
"""Pixels of the shorter side that a picture is reduced to by area averaging before it is hashed."""

BLOCK = 512
"""Pictures whose hashes are compared with all others at a time: memory stays flat."""


class SplitPicture(BaseModel):
    """What the check needs of a line of a prepared or annotated manifest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str = Field(min_length=1)
    split: str = Field(min_length=1)
    identities: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A picture of one split and its nearest in another.

    ``bits`` of 256 differ; the ``others`` of that split are near enough to count as well.
    """

    path: str
    split: str
    other_path: str
    other_split: str
    bits: int
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """An identity or a source video in several splits, with the number of rows in each."""

    name: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LeakReport:
    """What the check found.

    Args:
        rows: checked.
        pictures: hashed; a picture with several faces counts once.
        named: rows of which an identity or a source video is known.
        duplicates, identities, videos: what leaks.
        skipped: lines and pictures that could not be checked, with the reason.
    """

    rows: int
    pictures: int
    named: int
    duplicates: tuple[Duplicate, ...]
    identities: tuple[Shared, ...]
    videos: tuple[Shared, ...]
    skipped: tuple[Skipped, ...]

    @property
    def count(self) -> int:
        """Leaks of all kinds."""
        return len(self.duplicates) + len(self.identities) + len(self.videos)


def read_splits(manifest: Path) -> Iterator[SplitPicture | Skipped]:
    """Lines of a prepared (``faces.jsonl``) or annotated manifest, as they are read.

    Raises:
        SettingsError: there is no such file.
    """
    if not manifest.is_file():
        raise SettingsError(f"no manifest at {manifest}")
    for item in iterate_items(manifest):
        if isinstance(item, Skipped):
            yield item
            continue
        place, value = item
        try:
            yield SplitPicture.model_validate(value)
        except ValidationError as error:
            yield Skipped(place, first_error(error))


def find_leaks(
    rows: Iterable[SplitPicture | Skipped],
    root: Path,
    threads: int = 1,
    progress: Callable[[Iterator[NDArray[np.uint64] | str], int], Iterable[NDArray[np.uint64] | str]] | None = None,
) -> LeakReport:
    """Compare every picture with all pictures of the other splits, and look for names that splits share.

    Args:
        rows: of ``read_splits``.
        root: folder that the paths are relative to.
        threads: that read pictures.
        progress: wraps the iterator of hashes (a progress bar).
    """
    pictures: list[SplitPicture] = []
    skipped: list[Skipped] = []
    for row in rows:
        if isinstance(row, Skipped):
            skipped.append(row)
        else:
            pictures.append(row)
    places = sorted({(row.split, row.path) for row in pictures})
    paths = sorted({path for _, path in places})
    hashes: dict[str, NDArray[np.uint64]] = {}
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        results: Iterator[NDArray[np.uint64] | str] = pool.map(lambda path: _hash(root / path), paths)
        for path, found in zip(paths, progress(results, len(paths)) if progress else results, strict=True):
            if isinstance(found, str):
                skipped.append(Skipped(path, found))
            else:
                hashes[path] = found
    return LeakReport(
        rows=len(pictures),
        pictures=len(hashes),
        named=sum(bool(row.identities or row.videos) for row in pictures),
        duplicates=tuple(_duplicates(places, hashes)),
        identities=tuple(_shared((name, row.split) for row in pictures for name in row.identities)),
        videos=tuple(_shared((name, row.split) for row in pictures for name in row.videos)),
        skipped=tuple(skipped),
    )


def duplicates_in(report: LeakReport, split: str) -> frozenset[str]:
    """Paths of the pictures of one split that have a near-duplicate in another."""
    found: set[str] = set()
    for one in report.duplicates:
        found |= {one.path} if one.split == split else set()
        found |= {one.other_path, *one.others} if one.other_split == split else set()
    return frozenset(found)


def _hash(path: Path) -> NDArray[np.uint64] | str:
    """The perceptual hash of a picture as (4,) uint64, or why it has none."""
    if not path.is_file():
        return "missing"
    pixels = read_pixels(path, cv2.IMREAD_GRAYSCALE)
    if pixels is None:
        return "unreadable"
    if float(pixels.std()) < FLAT:
        return "too flat to be compared"
    scale = HASHED_SIDE / min(pixels.shape)
    if scale < 1:
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    bits = imagehash.phash(Image.fromarray(pixels), hash_size=HASH_SIDE).hash
    return np.packbits(np.asarray(bits, dtype=np.bool_)).view(np.uint64)


def _duplicates(places: list[tuple[str, str]], hashes: Mapping[str, NDArray[np.uint64]]) -> Iterator[Duplicate]:
    """For each pair of splits, the nearest picture of the larger for each picture of the smaller that has one."""
    paths: dict[str, list[str]] = defaultdict(list)
    for split, path in places:
        if path in hashes:
            paths[split].append(path)
    for first, second in combinations(sorted(paths, key=lambda split: (len(paths[split]), split)), 2):
        small, large = (np.stack([hashes[path] for path in paths[split]]) for split in (first, second))
        for start in range(0, len(small), BLOCK):
            bits = _distances(small[start : start + BLOCK], large)
            near, nearest = bits <= DUPLICATE_BITS, bits.argmin(axis=1)
            for place in np.flatnonzero(near.any(axis=1)):
                other = int(nearest[place])
                yield Duplicate(
                    paths[first][start + int(place)],
                    first,
                    paths[second][other],
                    second,
                    int(bits[place, other]),
                    tuple(paths[second][int(one)] for one in np.flatnonzero(near[place]) if one != other),
                )


def _distances(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Different bits of every pair, (len(some), len(others))."""
    bits = np.zeros((len(some), len(others)), np.uint16)
    for word in range(some.shape[1]):
        bits += np.bitwise_count(some[:, None, word] ^ others[None, :, word])
    return bits


def _shared(pairs: Iterable[tuple[str, str]]) -> Iterator[Shared]:
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for name, split in pairs:
        splits[name][split] += 1
    yield from (Shared(name, dict(sorted(found.items()))) for name, found in sorted(splits.items()) if len(found) > 1)
