"""The sample film is what samples/README.md says: two persons, one of them forged for a part of the time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from fakeface.training.forge.film_files import read_truth

from .scripts import load_script
from .test_architecture import TREE


def test_the_sample_film_is_forged_where_its_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = load_script("samples/make_film.py")
    shape = script.SHAPE
    assert shape.seconds == 6
    # a film of the same length with few frames has the same plan, and is made quickly
    monkeypatch.setattr(script, "SHAPE", replace(shape, rate=Fraction(2), frames=12))
    real, forged = script.make_film(tmp_path)
    assert [one.forged for one in read_truth(real.with_suffix(".json")).persons] == [(), ()]
    left, right = read_truth(forged.with_suffix(".json")).persons
    assert left.forged == ()
    (stretch,) = right.forged
    assert stretch.operator == "swap_poisson"
    assert float(stretch.start) == pytest.approx(2.56, abs=0.5)
    assert float(stretch.end) == pytest.approx(5.52, abs=0.5)
    page = (TREE / "samples" / "README.md").read_text("utf-8")
    assert "from second 2.56 to 5.52 (operator\n`swap_poisson`)" in page
