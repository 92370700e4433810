"""Figures of planted faces: every set, every score, over sets, as tables and as JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from fakeface.bench.bootstrap import Resampling
from fakeface.bench.journal import FinishedSet
from fakeface.bench.plots import draw_plots
from fakeface.bench.report import as_table, figures
from fakeface.bench.summary import confusions, summaries
from fakeface.bench.tables import SECTIONS, markdown
from fakeface.bench.texts import missing, text_figures
from fakeface.bench.values import FoundPhrase, ScoredFace, TruePhrase
from fakeface.decision import Thresholds

CUTS = Thresholds(fakeness=0.5, independent=0.5, margin=0.0)


def face(label: int, number: int, name: str = "blend", **changes: object) -> ScoredFace:
    """A face that everything is right about."""
    score = 0.8 if label else 0.2
    values: dict[str, object] = {
        "name": name,
        "kind": "trained",
        "group": f"picture-{number}",
        "label": label,
        "forgery": "editing" if label else "real",
        "independent": score,
        "fakeness": score,
        "anchor": label,
        "anchor_forgery": "editing" if label else "real",
        "answered": True,
        "verdict": "fake" if label else "real",
        "hard": False,
        "predicted": "editing" if label else "real",
        "scale": 150.0,
        "text": "the nose is smooth" if label else "nothing stands out here",
        "references": ("the nose is smooth", "smoother nose than usual")
        if label
        else ("nothing stands out here", "no region stands out"),
    }
    if label:
        values |= {
            "mask_iou": 0.5 + number / 100,
            "mask_f1": 0.6,
            "mask_auc": 0.9,
            "true_regions": ("chin",),
            "found_regions": ("chin",),
            "named_regions": ("chin",),
            "masked_regions": ("chin",),
            "masks": 1,
            "phrases": 1,
            "found_phrases": (FoundPhrase(score=0.9, hit=True),),
            "true_phrases": (TruePhrase(iou=0.8, recalled=True),),
        }
    return ScoredFace.model_validate(values | changes)


def pairs(count: int, name: str = "blend", **changes: object) -> list[ScoredFace]:
    """Real and forged faces of so many pictures."""
    return [face(label, number, name, **changes) for number in range(count) for label in (0, 1)]


FACES = pairs(6)
UNDECIDED = {"name": "t", "independent": 0.2, "verdict": "indeterminate", "predicted": "real", "scale": 99.0}
TRIAGE = [ScoredFace.model_validate(UNDECIDED | {"group": str(n // 2), "label": n % 2}) for n in range(6)]


def test_every_score_of_every_set_has_its_figures() -> None:
    found = figures([*FACES, *pairs(3, "ff.c23")], CUTS)
    for name in ("blend", "ff.c23"):
        for score in ("independent", "fakeness"):
            for metric in ("auc", "ap", "eer", "acc", "balanced_acc", "fpr_at_tpr95", "ece"):
                assert f"{score}.{name}.{metric}" in found
    keys = {f"{key.split('.')[0]}.{key.rsplit('.', 1)[1]}" for key in found}
    computable = {key for _, columns in SECTIONS for key, _ in columns} - {
        "text.meteor",
        "lr.withheld",
        "independent.auc_reencoded",
        *HARD,
    }
    assert computable - keys == {"scale.auc", "bytes.auc", "size.auc", "quantisation.auc"}
    first = found["independent.blend.auc"]
    assert first is not None
    assert (first.value, first.n) == (1, 12)
    mask = found["mask.blend.iou"]
    assert mask is not None
    assert (mask.value, mask.n) == (pytest.approx(0.525), 6)
    assert all(math.isfinite(bound) for one in found.values() if one for bound in (one.low, one.high))


HARD = ("fakeness.acc_hard", "anchor.acc_hard")


def test_what_a_triage_does_not_ask_is_absent_and_what_is_not_calibrated_is_null() -> None:
    found = figures(TRIAGE, CUTS)
    assert {key.split(".")[0] for key in found} == {"independent", "baseline", "lr"}
    assert found["lr.t.cllr"] is None
    assert found["lr.t.ece"] is None
    assert figures([], CUTS) == {}
    assert summaries([], CUTS) == {}


def test_the_likelihood_cost_is_over_faces_that_have_a_ratio() -> None:
    silent = figures(pairs(4, log10_lr=0.0), CUTS)["lr.blend.cllr"]
    assert silent is not None
    assert (silent.value, silent.low, silent.high, silent.n) == (
        pytest.approx(1),
        pytest.approx(1),
        pytest.approx(1),
        8,
    )
    mixed = [
        face(label, number, log10_lr=None if number else 40.0 * (2 * label - 1))
        for number in (0, 1)
        for label in (0, 1)
    ]
    found = figures(mixed, CUTS)
    assert found["lr.blend.cllr"] is not None
    assert found["lr.blend.cllr"].value == pytest.approx(0, abs=1e-9)
    assert found["lr.blend.cllr"].n == 2
    assert found["lr.blend.withheld"] is not None
    assert found["lr.blend.withheld"].value == 0.5


def test_what_geometry_and_files_give_away_is_measured_too() -> None:
    faces = [
        one.model_copy(
            update={
                "scale": 100.0 + 50 * one.label,
                "size_bytes": 1000 - 100 * one.label,
                "picture_pixels": 100 + int(one.group[-1]),
                "quantisation": 3.0 * one.label,
            }
        )
        for one in FACES
    ]
    found = figures(faces, CUTS)
    values = {name: found[f"{name}.blend.auc"].value for name in ("scale", "bytes", "size", "quantisation")}  # type: ignore[union-attr]
    assert values == {"scale": 1, "bytes": 0, "size": 0.5, "quantisation": 1}
    assert not any(key.startswith(("scale", "bytes")) for key in summaries(faces, CUTS))


def test_hard_and_easy_faces_are_told_apart() -> None:
    faces = [one.model_copy(update={"hard": index % 4 < 2, "anchor": 1}) for index, one in enumerate(FACES)]
    found = {key: one for key, one in figures(faces, CUTS).items() if one is not None}
    assert found["fakeness.blend.acc_hard"].n == found["fakeness.blend.acc_easy"].n == 6
    assert found["anchor.blend.acc_hard"].value == 0.5
    assert found["verdict.blend.hard"].value == 0.5


def test_an_open_answer_that_cannot_be_read_is_a_wrong_one() -> None:
    found = figures([one.model_copy(update={"anchor": None, "anchor_forgery": ""}) for one in FACES], CUTS)
    values = {key: one.value for key, one in found.items() if one is not None}
    assert values["anchor.blend.acc"] == 0
    assert values["anchor.blend.unreadable"] == 1
    assert values["answer_class.blend.acc"] == 0


def test_false_findings_are_counted_per_real_face() -> None:
    faces = [face(0, 0, masks=1, phrases=3, found_regions=("chin", "oral"), verdict="fake"), face(0, 1), face(1, 1)]
    found = {key: one for key, one in figures(faces, CUTS).items() if one is not None}
    assert {key: found[f"false_findings.blend.{key}"].value for key in ("masks", "phrases", "regions", "verdicts")} == {
        "masks": 0.5,
        "phrases": 1.5,
        "regions": 1.0,
        "verdicts": 0.5,
    }
    assert found["false_findings.blend.masks"].n == 2
    assert found["baseline.blend.acc"].value == pytest.approx(2 / 3)


def test_grounded_phrases_are_counted_per_true_mask() -> None:
    truth = (TruePhrase(iou=0.8, recalled=True), TruePhrase(iou=0.2, recalled=False))
    faces = [face(1, 0, true_phrases=truth), face(1, 1, found_phrases=()), face(0, 0)]
    found = {key: one for key, one in figures(faces, CUTS).items() if one is not None}
    assert found["grounded.blend.miou"].value == pytest.approx((0.8 + 0.2 + 0.8) / 3)
    assert found["grounded.blend.recall"].value == pytest.approx(2 / 3)
    assert found["grounded.blend.ap50"].value == pytest.approx(1 / 3)
    assert found["grounded.blend.recall"].n == 3


def test_a_phrase_of_a_real_face_is_a_false_one() -> None:
    false = face(0, 1, found_phrases=(FoundPhrase(score=0.95, hit=False),), true_phrases=())
    found = figures([face(1, 0), false], CUTS)
    assert found["grounded.blend.ap50"] is not None
    assert found["grounded.blend.ap50"].value == pytest.approx(1 / 2)
    assert figures([false], CUTS).get("grounded.blend.ap50") is None


def test_sacc_is_the_population_deviation_of_acc_over_the_sets() -> None:
    wrong = [one.model_copy(update={"independent": 0.9}) for one in pairs(4, "swap")]
    faces = [*pairs(4), *wrong, *[one.model_copy(update={"condition": "jpeg50"}) for one in pairs(4)]]
    found = summaries(faces, CUTS)
    figure = found["independent.all.sacc"]
    assert figure is not None
    assert figure.value == pytest.approx(np.std([1.0, 0.5]))
    assert (figure.n, figure.sets) == (2, ("blend", "swap"))
    assert (figure.low, figure.high) == (pytest.approx(0.25), pytest.approx(0.25))
    pooled = found["independent.all.acc"]
    assert pooled is not None
    assert (pooled.value, pooled.n) == (0.75, 16)
    assert "independent.all_jpeg50.acc" in found
    assert "independent.all_jpeg50.sacc" not in found


def test_operators_count_by_family_and_apart_where_they_are_never_trained_on() -> None:
    blind = {"independent": 0.5}
    faces = [
        *pairs(4, "a"),
        *[one.model_copy(update=blind) for one in pairs(4, "b")],
        *[one.model_copy(update=blind | {"forgery": "reenactment" if one.label else "real"}) for one in pairs(4, "c")],
        *pairs(4, "kept", kind="never_trained"),
    ]
    found = {key: one for key, one in summaries(faces, CUTS).items() if one is not None}
    assert found["independent.trained.auc"].value == pytest.approx((0.75 + 0.5) / 2)
    assert (found["independent.trained.auc"].n, found["independent.trained.auc"].sets) == (2, ("a", "b", "c"))
    assert found["independent.never_trained.auc"].value == 1
    assert found["independent.never_trained.auc"].sets == ("kept",)
    assert "anchor.trained.balanced_acc" in found
    assert "anchor.trained.auc" not in found


def test_classes_are_counted_true_against_called() -> None:
    faces = [face(1, 0, predicted="reenactment", anchor_forgery=""), face(0, 0), face(1, 1, condition="blur")]
    table = confusions(faces)
    assert table["class"]["blend"] == {"editing": {"reenactment": 1}, "real": {"real": 1}}
    assert table["class"]["all"] == table["class"]["blend"]
    assert table["answer_class"]["blend"] == {"editing": {"none": 1}, "real": {"real": 1}}
    assert table["class"]["blend_blur"] == {"editing": {"editing": 1}}
    assert confusions(TRIAGE) == {}


def test_the_tables_have_a_row_for_each_set_and_a_dash_for_what_is_absent() -> None:
    sets = [FinishedSet(name="blend", origin="x", faces=12, left_out={"no face": 2}, seconds=3.2)]
    metrics = figures([*FACES, *TRIAGE], CUTS) | summaries([*FACES, *TRIAGE], CUTS)
    text = markdown(metrics, sets, ["meteor (not here)"])
    shortcut = [
        one.model_copy(update={"condition": mark, "scale": float(index)})
        for mark in ("", "reencoded")
        for index, one in enumerate(FACES)
    ]
    audit = markdown(figures(shortcut, CUTS), [])
    assert "| blend | 12 | 1.000 (1.000-1.000) | 1.000 (1.000-1.000) | " in audit.partition("## Shortcuts")[2]
    for title, _ in SECTIONS[:1] + SECTIONS[2:]:
        assert f"## {title}\n" in text
    assert "| blend | 12 | 1.000 (1.000-1.000) |" in text
    assert "| t | 6 | 0.500 (0.500-0.500) | - |" in text
    assert "| null | - |" in text
    assert "| blend | 12 | 2 x no face | 3 |" in text
    assert "over the 2 sets blend, t." in text
    assert text.endswith("Left out: meteor (not here).\n")
    for table in text.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) <= 1


def test_figures_are_valid_json() -> None:
    table = as_table(figures([*FACES, *TRIAGE], CUTS) | summaries(FACES, CUTS))
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    assert table["lr.blend.cllr"] is None


def test_words_are_compared_by_the_libraries() -> None:
    absent = missing()
    if any("bench" in one for one in absent):
        pytest.skip("the libraries of the extra bench are not installed")
    drawn = Resampling.draw(list("abc"))
    references = [
        ("the left cheek is smooth", "a smooth left cheek"),
        ("one seam is framed here",),
        ("no part stands out",),
    ]
    same = text_figures([one[0] for one in references], references, drawn)
    assert same["rouge_l"].value == pytest.approx(1)
    assert same["bleu4"].value == pytest.approx(1)
    assert same["cider"].value > 5
    other = text_figures(["Quite different words, these!"] * 3, references, drawn)
    assert (other["rouge_l"].value, other["bleu1"].value, other["cider"].value) == (0, 0, 0)
    half = text_figures(["the left cheek", "one seam is framed there", "no part stands out."], references, drawn)
    assert 0 < half["bleu4"].value < 1
    assert half["bleu1"].low <= half["bleu1"].value <= half["bleu1"].high
    assert half["rouge_l"].n == 3


def test_plots_are_drawn_of_what_there_is(tmp_path: object) -> None:
    pytest.importorskip("matplotlib")
    from pathlib import Path

    folder = Path(str(tmp_path)) / "plots"
    names = {path.name for path in draw_plots([*FACES, *TRIAGE], folder)}
    assert names == {
        f"{kind}-{score}.png" for kind in ("roc", "det", "calibration") for score in ("independent", "fakeness")
    }
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in names)
    weighed = draw_plots(pairs(4, log10_lr=0.4), folder)
    assert weighed[-1].name == "tippett.png"
