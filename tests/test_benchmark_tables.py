"""The documented tables are written out of measured figures, and nothing beside them is touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .scripts import load_script

PRINTED = (
    "| figure | value | n |",
    "| | group | real pictures |",
    "| set | real / fake | AUC",
    "| variant | faces | n | ACC",
    "| what | windows/s |",
)
"""How tables begin that other benchmarks print."""

PAGE = """# Figures

Read with care.

| set | faces | AUC, text-independent | version 0.1 | old |
|---|---|---|---|---|
| gone | 1 | 2 | 3 | 4 |

After it.

| figure | value |
|---|---|
| another table | 1 |
"""


def figure(value: float | None, n: int = 12) -> dict[str, float | int | None]:
    return {"value": value, "low": value and value - 0.1, "high": value and value + 0.1, "n": n}


def test_a_table_is_replaced_by_what_was_measured_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load_script("benchmarks/tables.py")
    sets = [f"{name}{end}" for name in script.PAIRS for end in ("", "_reencoded")]
    for folder, value in (("now", 0.8), ("earlier/pairs", 0.7)):
        place = tmp_path / folder
        place.mkdir(parents=True)
        found = {f"independent.{name}.auc": figure(value) for name in sets}
        found["lr.openforensics.cllr"] = figure(None)
        (place / "metrics.json").write_text(json.dumps(found))
    (tmp_path / "earlier" / "operators").mkdir()
    (tmp_path / "earlier" / "operators" / "metrics.json").write_text("{}")
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    words = ["tables.py", "--pairs", tmp_path / "now", "--earlier", tmp_path / "earlier", "--pages", page]
    monkeypatch.setattr(sys, "argv", [*map(str, words), "--earlier-version", "0.7"])
    script.main()
    head, rest = page.read_text().split("| set | faces", 1)
    lines, after = rest.split("\n\n", 1)
    assert (head, after) == (PAGE.split("| set")[0], PAGE.split("4 |\n\n")[1])
    assert "gone" not in page.read_text()
    first = lines.splitlines()[2]
    assert first.startswith("| openforensics | 12 | 0.800 (0.700-0.900) | 0.700 | - |")
    assert lines.splitlines()[0].split(" | ")[2] == "version 0.7"
    assert len(lines.splitlines()) == 2 + len(sets)


def test_slices_have_their_mean_and_a_printed_table_takes_the_place_of_the_one_with_its_first_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load_script("benchmarks/tables.py")
    found = {
        f"independent.{name}{end}.auc": figure(0.9 - 0.2 * number - 0.05 * bool(end))
        for number, name in enumerate(("self_blend", "pose_warp"))
        for end in script.SLICES.values()
    }
    (tmp_path / "metrics.json").write_text(json.dumps(found))
    (tmp_path / "told.md").write_text(
        "Forgeries made.\n\n| figure | value |\n|---|---|\n| another table | 2 |\n\nDone.\n"
    )
    page = tmp_path / "page.md"
    page.write_text(PAGE + "\n| operator | as made | old |\n|---|---|---|\n| gone | 1 | 1 |\n")
    words = ["tables.py", "--slices", tmp_path, "--printed", tmp_path / "told.md", "--pages", page]
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    script.main()
    written = page.read_text()
    assert "| another table | 2 |\n\n| operator | as made | JPEG 90 |" in written
    assert written.endswith("| `pose_warp` | 0.700" + " | 0.650" * 7 + " |\n| mean | 0.800" + " | 0.750" * 7 + " |")
    assert "gone" not in written.split("| operator")[1]


def test_given_pairs_have_a_table_of_decisions_and_one_of_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = load_script("benchmarks/tables.py")
    found: dict[str, object] = {}
    for name in script.PAIRS:
        for end in ("", "_reencoded"):
            found[f"independent.{name}{end}.auc"] = figure(0.9)
            found[f"fakeness.{name}{end}.acc"] = figure(0.8)
            found[f"anchor.{name}{end}.acc_hard"] = figure(0.7)
    found |= {f"independent.openforensics{end}.auc": figure(0.6) for end in script.SLICES.values()}
    (tmp_path / "metrics.json").write_text(json.dumps(found))
    page = tmp_path / "page.md"
    page.write_text("| given set, decided | old |\n|---|---|\n| x | 1 |\n\n| given set | as made | old |\n|---|---|\n")
    words = ["tables.py", "--pairs-decided", tmp_path, "--pair-slices", tmp_path, "--pages", page]
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    monkeypatch.setattr(script, "SLICES", {"as made": "", "JPEG 50": "_reencoded"})
    script.main()
    decided, sliced = page.read_text().split("\n\n")
    assert decided.startswith("| given set, decided | AUC, MIDS | ACC, MIDS | ACC, open answer alone |")
    assert "| stylegan1_reencoded | - | 0.800 (0.700-0.900) | - | - | 0.700 (0.600-0.800) | - |" in decided
    assert sliced.splitlines()[0] == "| given set | as made | JPEG 50 |"
    assert "| `stylegan1` | 0.900 | 0.900 |" in sliced
    assert sliced.endswith("| mean | 0.800 | 0.900 |")


def test_every_table_of_the_pages_is_known_to_the_script() -> None:
    script = load_script("benchmarks/tables.py")
    pages = "\n\n".join(page.read_text("utf-8") for page in script.PAGES)
    for begin in (
        "| family | operator | AUC",
        "| set | faces | AUC",
        "| figure | CRF 23",
        "| operator | as made",
        "| given set, decided |",
        "| given set | as made",
        *PRINTED,
    ):
        assert pages.count(f"\n\n{begin}") >= 1, begin
