"""The command line that most benchmarks have in common: prepared faces, where their pictures lie, and threads."""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["faces_parser"]


def faces_parser(text: str | None, threads: int | None = None, *, out: bool = False) -> argparse.ArgumentParser:
    """A parser for ``FACES.jsonl --root DATA``, which arrive as ``faces_file`` and ``root``.

    Args:
        text: what ``--help`` says, as it is written.
        threads: default of ``--threads``; ``None`` for a benchmark without.
        out: whether a folder for results has to be named.
    """
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces_file", metavar="FACES.jsonl", type=Path)
    parser.add_argument("--root", type=Path, required=True)
    if out:
        parser.add_argument("--out", type=Path, required=True)
    if threads is not None:
        parser.add_argument("--threads", type=int, default=threads)
    return parser
