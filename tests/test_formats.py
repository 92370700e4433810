"""The annotated manifest and the files of other systems: what goes out comes back, and what is broken is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pycocotools import mask as coco

from fakeface.answers import Claim, ForgeryClass, Hypothesis, parse_answer
from fakeface.errors import SettingsError
from fakeface.training.formats.annotated import Annotated, FiveFields, GivenAnswer, Turn, load_mask, read_annotated
from fakeface.training.formats.borders import DFA_NAMES, FFAA_NAMES, read_class
from fakeface.training.formats.convert import FORMATS, convert
from fakeface.training.formats.mmtt import LABELS, labels_of
from fakeface.training.formats.rle import Rle, run_lengths
from fakeface.training.formats.skips import Skipped, iterate_items, write_items

HEIGHT, WIDTH = 12, 10
FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

words = st.text(st.characters(codec="utf-8", exclude_characters="\r\n:", exclude_categories=["C", "Z"]), min_size=1)
sentences = st.lists(words, min_size=1, max_size=5).map(" ".join)
names = st.from_regex(r"[a-z]{1,8}(/[a-z0-9]{1,8})?\.(png|jpg)", fullmatch=True)
forgeries = st.sampled_from(list(ForgeryClass))
masks = st.binary(min_size=HEIGHT * WIDTH, max_size=HEIGHT * WIDTH).map(
    lambda data: (np.frombuffer(data, np.uint8) > 127).reshape(HEIGHT, WIDTH)
)
turns = st.lists(
    st.builds(Turn, speaker=st.sampled_from(["human", "model"]), text=sentences), min_size=3, max_size=5
).map(tuple)
given_answers = st.none() | st.builds(GivenAnswer, content=st.text(), claim=st.sampled_from(list(Claim)))


@st.composite
def annotations(draw: st.DrawFn) -> Annotated:
    """A row with everything, of any class."""
    forgery = draw(forgeries)
    claim = Claim.REAL if forgery is ForgeryClass.REAL else Claim.FAKE
    left, top = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    answer = FiveFields(
        question=draw(sentences),
        description=draw(sentences),
        reasoning=f"{draw(sentences)} <p>{draw(words)}</p>[SEG]",
        claim=claim,
        probability=draw(st.integers(0, 10)) / 10,
        forgery=forgery,
    )
    return Annotated(
        path=draw(names),
        split=draw(st.sampled_from(["train", "calib", "dev"])),
        label=claim.value,
        forgery=forgery,
        source=draw(sentences),
        identities=tuple(draw(st.lists(words, max_size=2))),
        videos=tuple(draw(st.lists(words, max_size=2))),
        box=(left, top, left + draw(st.integers(1, 5)), top + draw(st.integers(1, 5))),
        width=WIDTH,
        height=HEIGHT,
        mask=None if claim is Claim.REAL else Rle.of(draw(masks)),
        regions=tuple(draw(st.lists(st.sampled_from(LABELS), unique=True))),
        caption=draw(st.text()),
        answer=answer,
        answers=draw(st.tuples(given_answers, given_answers, given_answers)),
        conversations=tuple(draw(st.lists(turns, max_size=2))),
    )


def there_and_back(rows: list[Annotated], form: str, folder: Path) -> tuple[list[Annotated], list[Skipped]]:
    """The rows after a file of the form, and what was left out on the way."""
    path = folder / f"{form}.json"
    skipped = FORMATS[form].write(iter(rows), path, folder)
    back = list(FORMATS[form].read(path, "train", "set"))
    assert not [one for one in back if isinstance(one, Skipped)], back
    return [one for one in back if isinstance(one, Annotated)], skipped


def only(row: Annotated, *fields: str, **changes: Any) -> Annotated:
    """What a form carries: these fields, the rest as the readers fill it."""
    kept = {"path", "label", "forgery", *fields}
    values = {name: value for name, value in row if name in kept}
    return Annotated.model_validate({"split": "train", "source": "set", **values, **changes})


def border(forgery: ForgeryClass | None) -> ForgeryClass | None:
    """A class after FFAA's names."""
    return ForgeryClass.REENACTMENT if forgery is ForgeryClass.EDITING else forgery


@FEW
@given(row=annotations())
def test_the_annotated_manifest_carries_everything(row: Annotated, tmp_path: Path) -> None:
    assert there_and_back([row, row], "annotated", tmp_path) == ([row, row], [])
    assert json.loads((tmp_path / "annotated.json").read_text().split("\n")[0])["version"] == 1


@FEW
@given(row=annotations())
def test_llava_carries_answer_and_conversations(row: Annotated, tmp_path: Path) -> None:
    [back], skipped = there_and_back([row], "llava", tmp_path)
    assert skipped == []
    assert row.answer is not None
    answer = row.answer.model_copy(update={"forgery": border(row.forgery)})
    assert back == only(row, "conversations", forgery=border(row.forgery), answer=answer)
    items = json.loads((tmp_path / "llava.json").read_text())
    assert len({item["id"] for item in items}) == len(items) == 1 + len(row.conversations)
    assert all(item["conversations"][0]["value"].startswith("<image>\n") for item in items)
    assert items[0]["conversations"][1]["value"].endswith(
        f"Forgery type: {FFAA_NAMES[row.forgery or ForgeryClass.REAL]}"
    )


@FEW
@given(row=annotations())
def test_mids_carries_three_answers_with_padding(row: Annotated, tmp_path: Path) -> None:
    back, skipped = there_and_back([row], "mids", tmp_path)
    if not any(row.answers):
        assert (back, len(skipped)) == ([], 1)
        return
    forgery = ForgeryClass.REAL if row.label == "real" else None
    assert (back, skipped) == ([only(row, "answers", forgery=forgery)], [])
    [item] = json.loads((tmp_path / "mids.json").read_text())
    for answer, written in zip(row.answers, item["answers"], strict=True):
        expected = -1 if answer is None else 2 * (row.label == "fake") + (answer.claim is Claim.FAKE)
        assert written["label"] == expected


@FEW
@given(row=annotations())
def test_mmtt_carries_mask_caption_and_labels_of_forgeries(row: Annotated, tmp_path: Path) -> None:
    back, skipped = there_and_back([row], "mmtt", tmp_path)
    if row.label == "real":
        assert (back, [one.reason for one in skipped]) == ([], ["the format has no real pictures"])
        return
    swap = row.forgery is ForgeryClass.IDENTITY_SWAP
    expected = only(
        row,
        "caption",
        forgery=ForgeryClass.IDENTITY_SWAP if swap else ForgeryClass.EDITING,
        regions=labels_of(row.regions),
        mask=back[0].mask,
    )
    assert back == [expected]
    assert isinstance(back[0].mask, str)
    assert isinstance(row.mask, Rle)
    assert np.array_equal(load_mask(back[0].mask, tmp_path), row.mask.pixels())
    [record] = json.loads((tmp_path / "mmtt.json").read_text())
    assert len(record["multilabel"]) == 21


@FEW
@given(row=annotations())
def test_coco_carries_box_size_class_and_mask(row: Annotated, tmp_path: Path) -> None:
    back, skipped = there_and_back([row, row], "coco", tmp_path)
    assert (back, skipped) == ([only(row, "box", "width", "height", "mask")] * 2, [])
    document = json.loads((tmp_path / "coco.json").read_text())
    assert len(document["images"]) == 1
    if row.mask is not None:
        code = document["annotations"][0]["segmentation"]
        assert np.array_equal(coco.decode(code).astype(bool), load_mask(row.mask, tmp_path))
        assert document["annotations"][0]["area"] == load_mask(row.mask, tmp_path).sum()


@FEW
@given(row=annotations())
def test_truth_carries_labels_and_with_types_classes(row: Annotated, tmp_path: Path) -> None:
    plain = only(row, forgery=ForgeryClass.REAL if row.label == "real" else None)
    assert there_and_back([row], "truth", tmp_path) == ([plain], [])
    assert there_and_back([row], "truth-types", tmp_path) == ([only(row, forgery=border(row.forgery))], [])
    assert json.loads((tmp_path / "truth.json").read_text()) == {row.path: row.label.capitalize()}


def test_border_names_are_read_back_and_what_is_ambiguous_says_so() -> None:
    for forgery in ForgeryClass:
        assert read_class(DFA_NAMES[forgery]) == (forgery,)
        assert forgery in read_class(FFAA_NAMES[forgery])
        assert read_class(forgery.words.upper()) == (forgery,)
        answer = f"Forgery reasoning: x\nAnalysis result: Fake\nForgery type: {FFAA_NAMES[forgery]}"
        assert parse_answer(answer, Hypothesis.OPEN).forgery == read_class(FFAA_NAMES[forgery])[0]
    both = (ForgeryClass.REENACTMENT, ForgeryClass.EDITING)
    assert read_class("Facial  attribute manipulation") == both
    assert read_class("deepfake") == ()


def test_region_names_become_labels_without_side() -> None:
    assert labels_of(["left_eye", "right_eye", "left_brow", "nose_bridge", "outline"]) == ("eye", "nose", "eyebrow")
    assert len(LABELS) == len(set(LABELS)) == 21


# --- masks ------------------------------------------------------------------------------------------------------------


@FEW
@given(pixels=masks)
def test_codes_are_cocos_own(pixels: np.ndarray) -> None:
    code = Rle.of(pixels)
    assert np.array_equal(code.pixels(), pixels)
    assert code.counts.encode() == coco.encode(np.asfortranarray(pixels.astype(np.uint8)))["counts"]
    assert sum(run_lengths(code.counts)[1::2]) == pixels.sum()
    runs = {"size": [HEIGHT, WIDTH], "counts": run_lengths(code.counts)}
    assert np.array_equal(Rle.of_coco(runs, HEIGHT, WIDTH).pixels(), pixels)


@FEW
@given(counts=st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=12))
def test_a_code_from_a_file_is_refused_or_covers_its_size(counts: str) -> None:
    try:
        code = Rle(size=(HEIGHT, WIDTH), counts=counts)
    except ValueError:
        return
    assert code.pixels().shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [4, 4], "counts": "0"},
        {"size": [HEIGHT, WIDTH], "counts": [1, 2]},
        {"size": [HEIGHT, WIDTH], "counts": 5},
        {"size": [HEIGHT, WIDTH], "counts": "`"},
        [[0, 0, 1]],
        [[0, 0, 5, 5, 99, 99]],
        [["a", 0, 5, 5, 9, 9]],
        [],
        "text",
    ],
)
def test_masks_that_do_not_fit_are_refused(segmentation: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        Rle.of_coco(segmentation, HEIGHT, WIDTH)


def test_a_row_whose_mask_is_of_another_size_is_no_row() -> None:
    mask = Rle.of(np.zeros((4, 4), bool))
    values = {"path": "a.png", "split": "dev", "label": "fake", "forgery": None, "source": "x", "mask": mask}
    with pytest.raises(ValueError, match="the mask is 4x4, the picture 10x12"):
        Annotated.model_validate({**values, "width": WIDTH, "height": HEIGHT})
    with pytest.raises(ValueError, match="cannot be of the class"):
        Annotated.model_validate({**values, "label": "real"})


def test_coco_leaves_out_rows_whose_mask_file_is_missing_or_of_another_size(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 255, np.uint8)).save(tmp_path / "small.png")
    Image.fromarray(np.full((HEIGHT, WIDTH), 255, np.uint8)).save(tmp_path / "good.png")
    rows = [
        Annotated(
            path=f"{mask}-picture",
            split="dev",
            label="fake",
            forgery=None,
            source="x",
            mask=mask,
            width=WIDTH,
            height=HEIGHT,
        )
        for mask in ("small.png", "gone.png", "good.png")
    ]
    back, skipped = there_and_back([*rows, rows[0].model_copy(update={"width": None})], "coco", tmp_path)
    assert [row.path for row in back] == ["good.png-picture"]
    assert [one.reason for one in skipped] == [
        "the mask is 4x4, the picture 10x12",
        "the mask gone.png is missing or unreadable",
        "the size of the picture is not known",
    ]


# --- broken files -----------------------------------------------------------------------------------------------------

GOOD = '{"path": "a.png", "split": "dev", "label": "real", "forgery": "real", "source": "x"}'


def test_broken_lines_are_told_with_their_number_and_the_others_read(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    other = GOOD.replace("{", '{"version": 2, ')
    path.write_text(
        "\n".join([GOOD, "{", "", '{"path": "b.png"}', other, "[1]", GOOD.replace("a.png", "z.png")]) + "\n"
    )
    rows = list(read_annotated(path))
    assert [row.path for row in rows if isinstance(row, Annotated)] == ["a.png", "z.png"]
    assert [one.path for one in rows if isinstance(one, Skipped)] == [f"m.jsonl:{line}" for line in (2, 4, 5, 6)]
    assert "broken JSON" in rows[1].reason  # type: ignore[union-attr]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "content", ["", "[", "{", "[1, 2]", "null", '"text"', "{}", "[{}]", "[" * 5000, '{"a": 1}', "\0\0", "[{}, {]"]
)
def test_no_reader_fails_on_a_broken_file(form: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    path.write_text(content)
    for one in FORMATS[form].read(path, "dev", "x"):
        assert isinstance(one, Skipped)
        assert one.reason
    path.write_bytes(b'[{"image": "\xff\xfe"}]')
    assert all(isinstance(one, Skipped) for one in FORMATS[form].read(path, "dev", "x"))
    assert [type(one) for one in FORMATS[form].read(tmp_path / "gone.json", "dev", "x")] == [Skipped]


@FEW
@given(items=st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_arrays_are_read_item_by_item(items: list[Any], tmp_path: Path) -> None:
    write_items(tmp_path / "a.json", items)
    assert [one[1] for one in iterate_items(tmp_path / "a.json") if not isinstance(one, Skipped)] == items


def test_arrays_longer_than_a_block_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fakeface.training.formats.skips.CHUNK", 7)
    items = [{"text": "x" * length, "number": length * 1000} for length in range(60)] + [123456789012]
    (tmp_path / "a.json").write_text("  \n" + json.dumps(items))
    assert [one[1] for one in iterate_items(tmp_path / "a.json") if not isinstance(one, Skipped)] == items


def test_answers_that_contradict_the_truth_or_each_other_are_left_out(tmp_path: Path) -> None:
    answers = [{"content": "x", "result": "real", "label": 3}]
    (tmp_path / "mids.json").write_text(json.dumps([{"image": "a.png", "cls_label": 1, "answers": answers}]))
    [one] = FORMATS["mids"].read(tmp_path / "mids.json", "dev", "x")
    assert isinstance(one, Skipped)
    assert "contradicts" in one.reason
    items = [
        {
            "id": claim,
            "image": "a.png",
            "conversations": [
                {"from": "human", "value": "Real?\n<image>"},
                {"from": "gpt", "value": f"Forgery reasoning: x\nAnalysis result: {claim}"},
            ],
        }
        for claim in ("Real", "Fake")
    ]
    (tmp_path / "llava.json").write_text(json.dumps(items))
    [one] = FORMATS["llava"].read(tmp_path / "llava.json", "dev", "x")
    assert one == Skipped("a.png", "its answers contradict each other")
    (tmp_path / "llava.json").write_text(json.dumps(items[:1]))
    [row] = FORMATS["llava"].read(tmp_path / "llava.json", "dev", "x")
    assert isinstance(row, Annotated)
    assert row.answer is not None
    assert (row.answer.question, row.answer.probability, row.label) == ("Real?", None, "real")


def test_converting_counts_rows_and_tells_what_is_left_out(tmp_path: Path) -> None:
    source = tmp_path / "truth.json"
    source.write_text(json.dumps({"a.png": "Real", "b.png": "Fake", "c.png": "?", "d.png": ["Fake", "FS"]}))
    count, skipped = convert(source, "truth", tmp_path / "out" / "types.json", "truth-types", "dev", "x")
    assert count == 3
    assert skipped == [Skipped("c.png", "unknown label: '?'"), Skipped("b.png", "the class is not known")]
    written = json.loads((tmp_path / "out" / "types.json").read_text())
    assert written == {"a.png": ["Real", "Real"], "d.png": ["Fake", "Identity exchange"]}
    with pytest.raises(SettingsError, match="over itself"):
        convert(source, "truth", source, "truth", "dev", "x")
    with pytest.raises(SettingsError, match="no file"):
        convert(tmp_path / "gone.json", "truth", source, "truth", "dev", "x")


# --- the documents' examples ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
def test_the_documents_example_of_every_form_is_read(form: str, tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
    example = page.partition(f"<!-- {form} -->\n```json\n")[2].partition("\n```")[0]
    (tmp_path / "example.json").write_text(example + "\n")
    rows = list(FORMATS[form].read(tmp_path / "example.json", "train", "x"))
    assert rows
    assert [row for row in rows if not isinstance(row, Annotated)] == []
    assert {row.path for row in rows if isinstance(row, Annotated)} <= {"real/7.png", "fake/7.png"}


def test_the_document_names_every_layout_and_border() -> None:
    from fakeface.training.formats.layouts import LAYOUTS

    page = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
    assert [name for name in LAYOUTS if f"| `{name}` |" not in page] == []
    rows = [f"| {one.value} | {FFAA_NAMES[one]} | {DFA_NAMES[one]} |" for one in ForgeryClass]
    assert [row for row in rows if row not in page] == []
