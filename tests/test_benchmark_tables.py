"""The documented tables are written out of measured figures, and nothing beside them is touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .scripts import load_script

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


def test_every_table_of_the_pages_is_known_to_the_script() -> None:
    script = load_script("benchmarks/tables.py")
    pages = "\n\n".join(page.read_text("utf-8") for page in script.PAGES)
    for begin in ("| family | operator | AUC", "| set | faces | AUC", "| figure | CRF 23", "| figure | value | n |"):
        assert pages.count(f"\n\n{begin}") >= 1, begin
