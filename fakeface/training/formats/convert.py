"""The files that an annotated manifest can be read from and written to, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from fakeface.errors import SettingsError
from fakeface.training.formats import coco, llava, mids, mmtt, truth
from fakeface.training.formats.annotated import Annotated, read_annotated, write_annotated
from fakeface.training.formats.skips import Skipped

__all__ = ["FORMATS", "Format", "convert"]


@dataclass(frozen=True, slots=True)
class Format:
    """A file form.

    Args:
        read: (file, split, source) -> rows and what was left out, as they are read.
        write: (rows, file, folder that paths of masks are relative to) -> what was left out.
        lost: what the form cannot carry.
    """

    read: Callable[[Path, str, str], Iterator[Annotated | Skipped]]
    write: Callable[[Iterable[Annotated], Path, Path], list[Skipped]]
    lost: str


def _rootless(
    write: Callable[[Iterable[Annotated], Path], list[Skipped]],
) -> Callable[[Iterable[Annotated], Path, Path], list[Skipped]]:
    return lambda rows, path, _root: write(rows, path)


FORMATS: Mapping[str, Format] = {
    "annotated": Format(lambda path, _split, _source: read_annotated(path), _rootless(write_annotated), "Nothing."),
    "llava": Format(llava.read_llava, _rootless(llava.write_llava), llava.LOST),
    "mids": Format(mids.read_mids, _rootless(mids.write_mids), mids.LOST),
    "mmtt": Format(mmtt.read_mmtt, _rootless(mmtt.write_mmtt), mmtt.LOST),
    "coco": Format(coco.read_coco, coco.write_coco, coco.LOST),
    "truth": Format(truth.read_truth, _rootless(partial(truth.write_truth, with_types=False)), truth.LOST),
    "truth-types": Format(truth.read_truth, _rootless(partial(truth.write_truth, with_types=True)), truth.LOST),
}


def convert(path: Path, form: str, out: Path, out_form: str, split: str, source: str) -> tuple[int, list[Skipped]]:
    """Read a file of one form and write it in another, row by row.

    Args:
        path: the file that is read; paths in it are relative to its folder.
        form: name of its form, of ``FORMATS``.
        out: the file that is written, with what is left out listed in ``<out>.skipped.jsonl`` by the caller.
        out_form: name of its form.
        split: of rows whose form knows none.
        source: of rows whose form knows none.

    Returns:
        number, skipped: rows read, and what was left out on the way in or out.

    Raises:
        SettingsError: there is no such file, or it would be written over itself.
    """
    if not path.is_file():
        raise SettingsError(f"no file at {path}")
    if path.resolve() == out.resolve():
        raise SettingsError(f"{path} would be written over itself")
    skipped: list[Skipped] = []
    read = 0

    def rows() -> Iterator[Annotated]:
        nonlocal read
        for row in FORMATS[form].read(path, split, source):
            if isinstance(row, Skipped):
                skipped.append(row)
            else:
                read += 1
                yield row

    out.parent.mkdir(parents=True, exist_ok=True)
    skipped += FORMATS[out_form].write(rows(), out, path.parent)
    return read, skipped
