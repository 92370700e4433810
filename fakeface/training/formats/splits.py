"""Splits by identity or source video, never by frame: everything that shares a person or a clip goes the same way."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from fakeface.answers import ForgeryClass
from fakeface.training.formats.rle import Rle
from fakeface.training.formats.skips import Skipped
from fakeface.training.manifest import SourceRow

__all__ = ["SPLITS", "Draft", "Split", "SplitName", "SplitRule", "assign", "hashed_split"]

Split = Literal["train", "calib", "dev"]
SplitName = Literal["auto", "hash", "train", "calib", "dev"]
"""How a user names a rule."""

SPLITS: tuple[Split, ...] = ("train", "calib", "dev")
SHARES = (("train", 80), ("calib", 90), ("dev", 100))
"""Split -> the hundredth that it ends before."""

LARGEST_SHARE, LARGEST_GROUP = 0.05, 20
"""A group of names that are joined by forgeries stays together up to this share of all names, or this many."""


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How rows are given a split.

    Args:
        given: whether a split that the data set itself states counts.
        otherwise: what other rows get: one fixed split, or ``hash``: 80, 10 and 10 of a hundred by the hash of identity
            or source video.
    """

    given: bool = True
    otherwise: Literal["hash", "train", "calib", "dev"] = "hash"

    @classmethod
    def named(cls, name: SplitName) -> SplitRule:
        """The rule of a name: ``auto`` is what the data set states, else the hash; another name, that alone."""
        return cls() if name == "auto" else cls(given=False, otherwise=name)


@dataclass(frozen=True, slots=True)
class Draft:
    """A row before it has a split.

    Args:
        path: relative to the data set's folder; a picture, or a video whose frames nobody has extracted.
        forgery: class.
        source: data set or method.
        split: that the data set states; ``None`` where it states none.
        identities, videos: persons and source clips whose pixels are in it, named uniquely across data sets.
        mask: what was altered: a code, or the path of a mask.
        given_box: where the data set says that the face is, x0, y0, x1, y1.
    """

    path: str
    forgery: ForgeryClass
    source: str
    split: Split | None = None
    identities: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    mask: Rle | str | None = None
    given_box: tuple[int, int, int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What decides the split: identities; else videos; else the picture's stem, which pairs have in common."""
        return self.identities or self.videos or (PurePosixPath(self.path).stem.lower(),)

    def row(self, split: str) -> SourceRow:
        """The row, with its split."""
        return SourceRow(
            path=self.path,
            split=split,
            label="real" if self.forgery is ForgeryClass.REAL else "fake",
            forgery=self.forgery.value,
            source=self.source,
            identities=self.identities,
            videos=self.videos,
            mask=self.mask,
            given_box=self.given_box,
        )


def hashed_split(name: str) -> Split:
    """80 of a hundred names train, 10 calib, 10 dev; the same name always the same."""
    number = int(hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) % 100
    return next(split for split, end in zip(SPLITS, (end for _, end in SHARES), strict=True) if number < end)


def assign(drafts: Sequence[Draft], rule: SplitRule) -> Iterator[SourceRow | Skipped]:
    """Every draft as a row with its split, in order.

    Names that a forgery joins go the same way. Where forgeries join too many (in Celeb-DF all persons are joined), each
    name goes its own way, and a forgery that would stand with a foot in two splits is left out.
    """
    keys: dict[str, str] = {}
    if rule.otherwise == "hash":
        keys = _keys([draft.names for draft in drafts if not (rule.given and draft.split)])
    for draft in drafts:
        if rule.given and draft.split is not None:
            yield draft.row(draft.split)
        elif rule.otherwise != "hash":
            yield draft.row(rule.otherwise)
        else:
            found = sorted({hashed_split(keys[name]) for name in draft.names}, key=SPLITS.index)
            if len(found) == 1:
                yield draft.row(found[0])
            else:
                yield Skipped(draft.path, f"joins {' and '.join(draft.names)}, which are in {' and '.join(found)}")


def _keys(groups: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Name -> the name whose hash decides for it."""
    numbers: dict[str, int] = {}
    edges: list[tuple[int, int]] = []
    for names in groups:
        places = [numbers.setdefault(name, len(numbers)) for name in names]
        edges += [(places[0], place) for place in places]
    if not numbers:
        return {}
    ends = np.asarray(edges).T
    graph = coo_array((np.ones(ends.shape[1], bool), (ends[0], ends[1])), shape=(len(numbers), len(numbers)))
    _, parts = connected_components(graph, directed=False)
    sizes = Counter(parts.tolist())
    limit = max(LARGEST_GROUP, LARGEST_SHARE * len(numbers))
    first: dict[int, str] = {}
    for name in sorted(numbers):
        first.setdefault(int(parts[numbers[name]]), name)
    return {
        name: first[int(parts[place])] if sizes[int(parts[place])] <= limit else name for name, place in numbers.items()
    }
