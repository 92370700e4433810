"""What a data set is laid out as, found out by looking, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fakeface.answers import ForgeryClass
from fakeface.errors import SettingsError
from fakeface.training.formats import picture_sets as of_pictures
from fakeface.training.formats import video_sets as of_videos
from fakeface.training.formats.skips import Skipped
from fakeface.training.formats.splits import Draft, SplitRule, assign
from fakeface.training.manifest import SourceRow, read_csv

__all__ = ["LAYOUTS", "Layout", "Listing", "read_source", "recognise"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to lay out a data set.

    Args:
        sign: what it is recognised by, in words.
        here: whether a path is laid out so.
        read: its drafts, and what has to be left out.
    """

    sign: str
    here: Callable[[Path], bool]
    read: Callable[[Path], Iterator[Draft | Skipped]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A data set's rows in order, the layout that they were read as, and what was left out."""

    layout: str
    rows: tuple[SourceRow, ...]
    skipped: tuple[Skipped, ...]


LAYOUTS: Mapping[str, Layout] = {
    "faceforensics": Layout(
        "original_sequences/ or manipulated_sequences/", of_videos.faceforensics_here, of_videos.read_faceforensics
    ),
    "celebdf": Layout(
        "Celeb-real/, Celeb-synthesis/, YouTube-real/ or List_of_testing_videos.txt",
        of_videos.celebdf_here,
        of_videos.read_celebdf,
    ),
    "dfdc": Layout("metadata.json, here or one folder down", of_videos.dfdc_here, of_videos.read_dfdc),
    "openforensics": Layout(
        "*_poly.json (COCO JSON), up to two folders down",
        of_pictures.openforensics_here,
        of_pictures.read_openforensics,
    ),
    "dffd": Layout(
        "a subset such as ffhq/ or faceapp/ with train/, validation/ or test/",
        of_pictures.dffd_here,
        of_pictures.read_dffd,
    ),
    "owffa": Layout(
        "imgs/ with a ground-truth JSON beside it, here or one folder down",
        of_pictures.owffa_here,
        of_pictures.read_owffa,
    ),
    "folders": Layout("real/ or fake/", of_pictures.folders_here, of_pictures.read_folders),
}
"""Name -> layout, in the order in which they are looked for."""


def recognise(manifest: Path) -> str:
    """The layout of a data set: ``csv`` for a file, but ``openforensics`` for a JSON file; else a name of ``LAYOUTS``.

    Raises:
        SettingsError: there is nothing, or it is none of them; the message says what was looked for.
    """
    if manifest.is_file():
        return "openforensics" if manifest.suffix.lower() == ".json" else "csv"
    if not manifest.is_dir():
        raise SettingsError(f"no manifest at {manifest}")
    for name, layout in LAYOUTS.items():
        if layout.here(manifest):
            return name
    looked = "\n".join(f"  {name}: {layout.sign}" for name, layout in LAYOUTS.items())
    raise SettingsError(f"{manifest} is laid out as none of the known data sets. Looked for:\n{looked}\n  csv: a file")


def read_source(manifest: Path, layout: str = "auto", rule: SplitRule | None = None) -> Listing:
    """The rows of a CSV manifest or of a data set's folder, and what had to be left out.

    A CSV keeps the splits that it states, and dev where it states none, unless the rule takes the splits anew.

    Args:
        manifest: file or folder; the rows' paths are relative to the folder.
        layout: ``auto``, ``csv`` or a name of ``LAYOUTS``.
        rule: how rows get a split; by default the data set's own, and by hash where it has none.

    Raises:
        SettingsError: there is nothing, it is laid out as none of them or otherwise than asked, a CSV can be misread,
            or it names no picture.
    """
    rule = rule or SplitRule()
    name = recognise(manifest) if layout == "auto" else layout
    if name == "csv":
        rows = _csv_rows(manifest, rule)
    elif name not in LAYOUTS:
        raise SettingsError(f"no layout {name!r}: known are auto, csv, {', '.join(LAYOUTS)}")
    elif not _is_laid_out(manifest, name):
        raise SettingsError(f"{manifest} is not laid out as {name}: looked for {LAYOUTS[name].sign}")
    else:
        drafts = list(LAYOUTS[name].read(manifest))
        rows = [one for one in drafts if isinstance(one, Skipped)]
        rows += assign([one for one in drafts if isinstance(one, Draft)], rule)
    if not rows:
        raise SettingsError(f"{manifest} names no picture")
    return Listing(
        name,
        tuple(one for one in rows if isinstance(one, SourceRow)),
        tuple(one for one in rows if isinstance(one, Skipped)),
    )


def _is_laid_out(manifest: Path, name: str) -> bool:
    return (manifest.is_dir() or (manifest.is_file() and name == "openforensics")) and LAYOUTS[name].here(manifest)


def _csv_rows(manifest: Path, rule: SplitRule) -> list[SourceRow | Skipped]:
    if not manifest.is_file():
        raise SettingsError(f"no manifest at {manifest}")
    rows = read_csv(manifest)
    if rule.given:
        return list(rows)
    drafts = [
        Draft(row.path, ForgeryClass(row.forgery), row.source, None, row.identities, row.videos, row.mask)
        for row in rows
    ]
    return list(assign(drafts, rule))
