"""Writes the tables of docs/model-card.md and docs/benchmarks.md out of what ``fakeface bench`` measured.

    python benchmarks/tables.py --operators runs/bench-operators --pairs runs/bench-pairs --texts runs/bench-texts \
        --slices runs/bench-slices --films runs/films-dev --printed explanations.md groups.md shortcuts.md \
        --earlier runs/earlier --earlier-version 0.4

Each option names a folder with ``metrics.json``; ``--printed`` names files with tables that other benchmarks printed,
each of which takes the place of the one with the same first line. What is not named stays as it is. ``--earlier`` is a
folder with the ``operators`` and ``pairs`` of the version before. A table is known by its first line and ends at the
next empty one; the sentences around it are not touched.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.recipe import load_recipe

PAGES = tuple(Path(__file__).parents[1] / "docs" / name for name in ("model-card.md", "benchmarks.md"))

PAIRS = ("openforensics", "stylegan1", "stylegan2_unseen")
WITH_TEXT = ("self_blend", "swap_tps", "pose_warp", "relight", "generate_pixelshuffle", "all")

TEXT_COLUMNS = {
    "AUC, text-independent": "independent.{}.auc",
    "AUC, MIDS": "fakeness.{}.auc",
    "ACC, MIDS": "fakeness.{}.acc",
    "ACC, open answer alone": "anchor.{}.acc",
    "ACC, MIDS, hard": "fakeness.{}.acc_hard",
    "ACC, open answer, hard": "anchor.{}.acc_hard",
    "mask IoU": "mask.{}.iou",
    "pixel AUC": "mask.{}.pixel_auc",
    "indeterminate": "verdict.{}.indeterminate",
}
PAIR_COLUMNS = {
    "balanced ACC": "independent.{}.balanced_acc",
    "EER": "independent.{}.eer",
    "FPR at TPR 95 %": "independent.{}.fpr_at_tpr95",
    "AUC of scale alone": "scale.{}.auc",
    "AUC of bytes alone": "bytes.{}.auc",
    "ECE": "independent.{}.ece",
    "ECE, calibrated": "lr.{}.ece",
    "Cllr": "lr.{}.cllr",
}
DECIDED_COLUMNS = {
    "AUC, MIDS": "fakeness.{}.auc",
    "ACC, MIDS": "fakeness.{}.acc",
    "ACC, open answer alone": "anchor.{}.acc",
    "ACC, MIDS, hard": "fakeness.{}.acc_hard",
    "ACC, open answer, hard": "anchor.{}.acc_hard",
    "class ACC, class head": "class.{}.acc",
    "class ACC, open answer": "answer_class.{}.acc",
    "indeterminate": "verdict.{}.indeterminate",
    "ACC of the decided": "verdict.{}.acc_decided",
}
TOGETHER = {
    "AP, text-independent": "independent.all.ap",
    "AP, MIDS": "fakeness.all.ap",
    "EER, text-independent": "independent.all.eer",
    "EER, MIDS": "fakeness.all.eer",
    "FPR at TPR 95 %, text-independent": "independent.all.fpr_at_tpr95",
    "FPR at TPR 95 %, MIDS": "fakeness.all.fpr_at_tpr95",
    "ACC of the majority": "baseline.all.acc",
    "class macro-F1, class head": "class.all.macro_f1",
    "class ACC, class head": "class.all.acc",
    "class macro-F1, open answer": "answer_class.all.macro_f1",
    "class ACC, open answer": "answer_class.all.acc",
    "region F1, region head": "region.all.f1",
    "region F1, open answer": "text_region.all.f1",
    "mask F1": "mask.all.f1",
    "false masks per real face": "false_findings.all.masks",
    "false phrases with a mask per real face": "false_findings.all.phrases",
    "false suspect regions per real face": "false_findings.all.regions",
    "real faces called altered": "false_findings.all.verdicts",
    "CIDEr": "text.all.cider",
    "ROUGE-L": "text.all.rouge_l",
    "BLEU-4": "text.all.bleu4",
    "grounded phrases, AP50": "grounded.all.ap50",
    "grounded phrases, mIoU": "grounded.all.miou",
    "grounded phrases, recall": "grounded.all.recall",
    "text and mask name the same regions, F1": "agreement.all.f1",
    "sACC, MIDS": "fakeness.all.sacc",
    "sACC, open answer": "anchor.all.sacc",
    "ECE, MIDS": "fakeness.all.ece",
    "ECE, calibrated": "lr.all.ece",
    "Cllr": "lr.all.cllr",
    "likelihood ratio withheld": "lr.all.withheld",
}
FILMS = {
    "AUC of films, highest track, `contrast`": "film_contrast.{}.auc",
    "AUC of films, highest track, `top`": "film_top.{}.auc",
    "AUC of tracks, `contrast`": "track_contrast.{}.auc",
    "AUC of tracks, `top`": "track_top.{}.auc",
    "AUC of tracks, `robust`": "track_robust.{}.auc",
    "AUC of tracks, `mean`": "track_mean.{}.auc",
    "AUC of tracks, `median`": "track_median.{}.auc",
    "forged person called altered": "forged.{}.found",
    "forged person with a segment on the forgery": "forged.{}.found_in_time",
    "temporal IoU of segments": "segment.{}.iou",
    "forged in a part of the film: called altered": "forged.{}-partly.found",
    "forged in a part: with a segment on the forgery": "forged.{}-partly.found_in_time",
    "forged in a part: temporal IoU": "segment.{}-partly.iou",
    "forged throughout: called altered": "forged.{}-throughout.found",
    "unaltered person with a segment": "false_segment.{}.tracks",
    "unaltered film called altered": "film_real.{}.called_fake",
    "unaltered film called unaltered": "film_real.{}.called_real",
    "forged film called unaltered": "film_forged.{}.called_real",
}
SLICES = {
    "as made": "",
    "JPEG 90": "_jpeg90",
    "JPEG 70": "_jpeg70",
    "JPEG 50": "_jpeg50",
    "half size and back": "_resize0.5",
    "blur": "_blur",
    "noise": "_noise",
    "H.264": "_h264",
}
CONDITIONS = {"CRF 23": "crf23", "CRF 32": "crf32"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What one bench measured: value, interval and number by key."""

    found: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path | None) -> Figures:
        """Those of a folder; none where there is no folder."""
        if folder is None:
            return cls({})
        return cls(json.loads((folder / "metrics.json").read_text("utf-8")))

    def cell(self, key: str, *, count: bool = False) -> str:
        """The figure with its interval, or a dash."""
        bare = self.bare(key)
        if bare == "-":
            return bare
        one = self.found[key]
        number = f", n {one['n']}" if count else ""
        return f"{bare} ({one['low']:.3f}-{one['high']:.3f}){number}"

    def bare(self, key: str) -> str:
        """The figure alone, or a dash."""
        one = self.found.get(key)
        return "-" if one is None or one["value"] is None else f"{one['value']:.3f}"


def table(columns: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return (
        "\n".join("| " + " | ".join(row) + " |" for row in lines).replace("| --- |", "|---|").replace(" --- |", "---|")
    )


def operators(now: Figures, before: Figures, earlier: str) -> str:
    """Every operator by family, then the means."""
    kept = {name for names in load_recipe().never_trained().values() for name in names}

    def rows() -> Iterator[Sequence[str]]:
        for family in dict.fromkeys(one.forgery for one in OPERATORS.values()):
            named = [name for name, one in OPERATORS.items() if one.forgery is family]
            for name in sorted(named, key=lambda one: one in kept):
                words = family.words[0].upper() + family.words[1:]
                yield _row(words, f"`{name}`{', **never trained on**' if name in kept else ''}", name)
        yield _row("all", "mean over families, trained", "trained")
        yield _row("all", "mean over families, never trained on", "never_trained")

    def _row(family: str, words: str, name: str) -> Sequence[str]:
        key = f"independent.{name}"
        told = now.cell(f"{key}.auc"), before.bare(f"{key}.auc"), now.cell(f"{key}.balanced_acc")
        return family, words, *told, now.bare(f"bytes.{name}.auc")

    columns = "AUC, text-independent", f"version {earlier}", "balanced ACC", "AUC of bytes alone"
    return table(("family", "operator", *columns), rows())


def pairs(now: Figures, before: Figures, earlier: str) -> str:
    """The given pairs as they are, then after equal re-encoding."""
    names = [f"{name}{end}" for end in ("", "_reencoded") for name in PAIRS]
    columns = ("set", "faces", "AUC, text-independent", f"version {earlier}", *PAIR_COLUMNS)
    rows = (
        (
            name,
            str(now.found[f"independent.{name}.auc"]["n"]),
            now.cell(f"independent.{name}.auc"),
            before.bare(f"independent.{name}.auc"),
            *(now.cell(key.format(name)) for key in PAIR_COLUMNS.values()),
        )
        for name in names
    )
    return table(columns, rows)


def decided(now: Figures) -> str:
    """The given pairs with the whole decision."""
    names = [f"{name}{end}" for end in ("", "_reencoded") for name in PAIRS]
    rows = ((name, *(now.cell(key.format(name)) for key in DECIDED_COLUMNS.values())) for name in names)
    return table(("given set, decided", *DECIDED_COLUMNS), rows)


def with_text(now: Figures) -> str:
    """The sets that texts were written about."""
    rows = ((name, *(now.cell(key.format(name)) for key in TEXT_COLUMNS.values())) for name in WITH_TEXT)
    return table(("set", *TEXT_COLUMNS), rows)


def together(now: Figures) -> str:
    """Figures over these sets together."""
    return table(("figure", "value"), ((words, now.cell(key)) for words, key in TOGETHER.items()))


def slices(now: Figures, given: Sequence[str], first: str) -> str:
    """Every set after every slice, then the mean over them.

    Args:
        now: measured with ``--slices all``.
        given: names of sets; those that were not measured are left out.
        first: head of the first column.
    """
    names = [name for name in given if f"independent.{name}.auc" in now.found]
    found = {name: [float(now.bare(f"independent.{name}{end}.auc")) for end in SLICES.values()] for name in names}

    def rows() -> Iterator[Sequence[str]]:
        for name, values in found.items():
            yield f"`{name}`", *(f"{value:.3f}" for value in values)
        yield "mean", *(f"{fmean(values):.3f}" for values in zip(*found.values(), strict=True))

    return table((first, *SLICES), rows())


def films(now: Figures) -> str:
    """Films by how strongly they were compressed."""
    rows = (
        (words, *(now.cell(key.format(name), count=True) for name in CONDITIONS.values()))
        for words, key in FILMS.items()
    )
    return table(("figure", *CONDITIONS), rows)


def printed(text: str) -> Iterator[tuple[str, str]]:
    """Every table of a text, by its first line."""
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line.startswith("|")]
        if lines:
            yield lines[0], "\n".join(lines)


def replaced(page: str, begin: str, written: str) -> str:
    """The page with the table that begins so; as it was where it has none."""
    at = page.find(begin)
    if at < 0:
        return page
    end = page.find("\n\n", at)
    return page[:at] + written.strip() + page[end if end >= 0 else len(page) :]


def written(given: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """How each table begins that can be written, and the table."""
    earlier = {kind: Figures.of(given.earlier / kind if given.earlier else None) for kind in ("operators", "pairs")}
    if given.operators:
        now = Figures.of(given.operators)
        yield "| family | operator | AUC", operators(now, earlier["operators"], given.earlier_version)
    if given.pairs:
        yield "| set | faces | AUC", pairs(Figures.of(given.pairs), earlier["pairs"], given.earlier_version)
    if given.pairs_decided:
        yield "| given set, decided |", decided(Figures.of(given.pairs_decided))
    if given.texts:
        now = Figures.of(given.texts)
        yield "| set | AUC, text-independent | AUC, MIDS", with_text(now)
        yield "| figure | value |\n|---|---|\n", together(now)
    if given.films:
        yield "| figure | CRF 23", films(Figures.of(given.films))
    if given.slices:
        yield "| operator | as made", slices(Figures.of(given.slices), tuple(OPERATORS), "operator")
    if given.pair_slices:
        yield "| given set | as made", slices(Figures.of(given.pair_slices), PAIRS, "given set")
    for path in given.printed:
        yield from printed(path.read_text("utf-8"))


def main() -> None:
    """Rewrite the tables that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("operators", "pairs", "pairs-decided", "pair-slices", "texts", "slices", "films", "earlier"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--printed", type=Path, nargs="*", default=[], help="Files with printed tables.")
    parser.add_argument("--earlier-version", default="before")
    parser.add_argument("--pages", type=Path, nargs="*", default=PAGES, help="Pages to write into.")
    given = parser.parse_args()
    tables = list(written(given))
    for path in given.pages:
        page = path.read_text("utf-8")
        for begin, content in tables:
            page = replaced(page, begin, content)
        path.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
