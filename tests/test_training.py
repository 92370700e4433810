"""The stages of training on a tiny data set, one after the other, and what happens when one is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from fakeface.commands.cli import cli
from PIL import Image
from safetensors.torch import load_file
from tokenizers import Tokenizer

from fakeface import backends
from fakeface.answers import Claim, Exchange, ForgeryClass, Hypothesis, format_answer, parse_answer, prompt
from fakeface.backends import build_engine
from fakeface.claims.readings import read_regions
from fakeface.errors import DecoderFailed, SettingsError, WeightsError
from fakeface.networks.language import END, PROMPT_SLOTS, prompt_ids
from fakeface.networks.sight import Sight
from fakeface.profiles import load_profile
from fakeface.report.record import Record
from fakeface.settings import Settings
from fakeface.training import encoder as encoder_stage
from fakeface.training import language as language_stage
from fakeface.training.annotate import draw_hypothesis
from fakeface.training.checkpoints import Average, save_checkpoint, save_weights
from fakeface.training.encoder import EncoderTraining, train_encoder
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import load_recipe, single
from fakeface.training.formats.layouts import read_source
from fakeface.training.language import LanguageTraining, answer_loss, rows_of_part, train_language
from fakeface.training.lessons import IGNORED, TASKS, Lesson, Lessons, text_batch, with_fields
from fakeface.training.manifest import read_faces
from fakeface.training.masks import MasksTraining, altered_window, questions
from fakeface.training.mids import MidsTraining, _target, best_fakeness, train_mids
from fakeface.training.mine import MinedFace, mine, mining_factory, read_mined
from fakeface.training.networks import load_encoder, load_language, load_tokenizer
from fakeface.training.prepare import prepare
from fakeface.training.prompter import PrompterTraining, evened
from fakeface.training.release import FILES, _write_profile, release
from fakeface.training.stages import Mining, Place, masks_stage, mining_stage, prompter_stage

from .conftest import FaceSet
from .faces_data import SPLITS, photograph
from .tiny import THRESHOLDS, make_encoder, make_language

REALS = sum(SPLITS.values())
TREE = Path(__file__).parents[1]


def write_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_prepared_faces_keep_the_manifests_columns(face_set: FaceSet) -> None:
    assert face_set.counts == {"faces": REALS + 2, "skipped": 2}
    assert [len(face_set.of(split)) for split in ("train", "calib", "dev")] == [10, 4, 3]
    fakes = [row for row in face_set.rows if row.label == "fake"]
    assert {(row.forgery, row.source, row.split) for row in fakes} == {("identity_swap", "swaps", "train")}
    for row in face_set.rows:
        assert row.points().shape == (68, 2)
        with Image.open(face_set.root / row.path) as picture:
            assert picture.size == (row.width, row.height)


def test_pictures_without_a_face_are_listed_with_the_reason(face_set: FaceSet) -> None:
    lines = (face_set.prepared / "skipped.jsonl").read_text().splitlines()
    assert sorted((one["path"], one["reason"]) for one in map(json.loads, lines)) == [
        ("dev/studio/blank.png", "no face found"),
        ("dev/studio/notes.png", "unreadable"),
    ]


def test_preparation_goes_on_where_it_was_interrupted(face_set: FaceSet, tmp_path: Path) -> None:
    """What is on the disk is whole lines at every moment, whenever the process is killed."""
    lines = (face_set.prepared / "faces.jsonl").read_text().splitlines()
    (tmp_path / "faces.jsonl").write_text("\n".join(lines[:-2]) + "\n")
    (tmp_path / "skipped.jsonl").write_text((face_set.prepared / "skipped.jsonl").read_text())
    seen: list[str] = []

    def watch(items: Iterator[Any], total: int) -> Iterator[Any]:
        assert total == 2
        for number, (row, face, reason) in enumerate(items):
            text = (tmp_path / "faces.jsonl").read_text()
            assert text.endswith("\n")
            assert len(text.splitlines()) == len(lines) - 2 + number
            seen.append(row.path)
            yield row, face, reason

    assert prepare(face_set.manifest, tmp_path, 1, watch) == face_set.counts
    assert seen == [json.loads(line)["path"] for line in lines[-2:]]
    assert read_faces(tmp_path / "faces.jsonl") == face_set.rows


def test_a_picture_whose_name_no_list_can_hold_is_left_out_with_the_reason(face_set: FaceSet, tmp_path: Path) -> None:
    data = tmp_path / "data" / "real"
    data.mkdir(parents=True)
    [row] = [row for row in face_set.rows if row.label == "real"][:1]
    content = (face_set.root / row.path).read_bytes()
    (data / "a.jpg").write_bytes(content)
    Path(os.fsdecode(os.fsencode(data) + b"/caf\xe9.jpg")).write_bytes(content)
    for _ in range(2):  # the second time neither is looked at again
        assert prepare(data.parent, tmp_path / "out", 1, lambda items, _: items) == {"faces": 1, "skipped": 1}
    [skipped] = map(json.loads, (tmp_path / "out" / "skipped.jsonl").read_text().splitlines())
    assert skipped == {"path": "real/caf\udce9.jpg", "reason": "its name is not valid UTF-8: rename it"}


def _die(_row: object) -> None:
    os._exit(1)


def test_a_picture_that_ends_the_process_that_looks_at_it_ends_preparing_with_an_error(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fakeface.training.prepare._prepare_one", _die)
    with pytest.raises(DecoderFailed, match="ended the process"):
        prepare(face_set.manifest, tmp_path, 1, lambda items, _: items)


def test_a_manifest_may_be_a_folder_or_a_csv_with_few_columns(tmp_path: Path) -> None:
    for name in ("real/a.JPG", "real/deep/b.png", "fake/c.webp", "real/notes.txt", "other/d.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    rows = read_source(tmp_path).rows
    assert [(row.path, row.label, row.forgery) for row in rows] == [
        ("real/a.JPG", "real", "real"),
        ("real/deep/b.png", "real", "real"),
        ("fake/c.webp", "fake", "identity_swap"),
    ]
    manifest = write_csv(tmp_path / "m.csv", "path,label,class", "x/a.png,real,", "y/b.png,fake,editing", "b.png,fake,")
    assert [(row.split, row.forgery, row.source) for row in read_source(manifest).rows] == [
        ("dev", "real", "x"),
        ("dev", "editing", "unnamed"),
        ("dev", "identity_swap", "unnamed"),
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("path,class", "a.png,real"), "no column label"),
        (("path,label", "a.png,Real"), "line 2.*'Real'"),
        (("path,label", "a.png,real", "b.png"), "line 3"),
        (("path,label,class", "a.png,fake,deepfake"), "'deepfake'"),
        (("path,label,class", "a.png,real,editing"), "'editing'"),
        (("path,label",), "names no picture"),
    ],
)
def test_a_manifest_that_can_be_misread_is_refused(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_source(write_csv(tmp_path / "m.csv", *lines))


def test_missing_manifests_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no manifest"):
        read_source(tmp_path / "m.csv")
    with pytest.raises(SettingsError, match="train prepare"):
        read_faces(tmp_path / "faces.jsonl")


def test_faces_are_kept_back_for_mining_by_name(face_set: FaceSet) -> None:
    fit, kept = rows_of_part(face_set.rows, "language"), rows_of_part(face_set.rows, "mining")
    assert {row.path for row in fit}.isdisjoint(row.path for row in kept)
    assert len(fit) + len(kept) == len(face_set.of("train"))
    assert rows_of_part(face_set.rows[::-1], "mining") == kept[::-1]


def test_hypotheses_contradict_the_truth_the_more_often_the_plainer_the_face_is() -> None:
    rng = np.random.default_rng(1)
    drawn = {
        certainty: [draw_hypothesis(1, certainty, rng) for _ in range(2000)] for certainty in (0.3, 0.5, 0.75, 1.0)
    }
    shares = {certainty: some.count(Hypothesis.REAL) / 2000 for certainty, some in drawn.items()}
    assert (shares[0.3], shares[0.5]) == (0, 0)
    assert shares[0.75] == pytest.approx(0.125, abs=0.03)
    assert shares[1.0] == pytest.approx(0.25, abs=0.04)
    for some in drawn.values():
        assert some.count(Hypothesis.OPEN) / 2000 == pytest.approx(0.5, abs=0.05)


def test_the_loss_counts_the_answer_up_to_its_end_and_nothing_else() -> None:
    targets = torch.full((1, PROMPT_SLOTS + 5), IGNORED)
    targets[0, PROMPT_SLOTS : PROMPT_SLOTS + 3] = torch.tensor([4, 5, END])
    logits = torch.zeros(1, targets.shape[1], 10)
    sight = Sight(torch.zeros(1, 1), torch.zeros(1, 1), torch.zeros(1, 1))

    def loss() -> float:
        said = lambda seen, text: logits[:, : text.shape[1]]  # noqa: E731
        return float(answer_loss(said, sight, torch.zeros_like(targets), targets))  # type: ignore[arg-type]

    assert loss() == pytest.approx(np.log(10))
    for place, token in ((-1, 4), (0, 5), (1, END)):
        logits[0, PROMPT_SLOTS + place, token] = 50.0
    assert loss() == pytest.approx(0, abs=1e-4)


def test_targets_are_twice_the_truth_plus_the_claim() -> None:
    def say(claim: Claim) -> str:
        return format_answer("a face", "because", claim, 0.8, ForgeryClass.REAL)

    real, fake, none = (parse_answer(text, Hypothesis.OPEN) for text in (say(Claim.REAL), say(Claim.FAKE), "squawk"))
    assert [_target(label, answer) for label in (0, 1) for answer in (real, fake)] == [0, 1, 2, 3]
    assert _target(1, none) == -100
    face = MinedFace(pair=0, side=1, label=1, operator="edit", texts=(fake.text, fake.text, fake.text))
    assert not face.hard
    assert face.model_copy(update={"texts": (fake.text, real.text, fake.text)}).hard
    assert face.model_copy(update={"texts": (real.text,) * 3}).hard
    assert face.model_copy(update={"texts": (fake.text, fake.text, "squawk")}).hard


def test_the_fakeness_of_a_sure_real_face_is_zero_and_not_unknown() -> None:
    sure = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    assert best_fakeness(sure, [Claim.REAL]) == 0.0
    assert best_fakeness(sure, [None]) is None


# --- interruption -----------------------------------------------------------------------------------------------------

LOOP = """
import sys
from pathlib import Path
from fakeface.training import encoder as stage
from fakeface.training.manifest import read_faces
from tests.tiny import make_encoder
stage.ForensicEncoder = make_encoder
settings = stage.EncoderTraining(pictures=10**6, pairs_per_batch=2, workers=0, threads=1, calib_pairs=2,
                                 check_every=10**6, save_every=3)
for _ in stage.train_encoder(read_faces(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]), settings):
    pass
"""


@pytest.fixture
def tiny_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_stage, "ForensicEncoder", make_encoder)


def encoder_settings(pictures: int, **changes: Any) -> EncoderTraining:
    values = {"pairs_per_batch": 2, "workers": 0, "threads": 1, "calib_pairs": 2, "check_every": 10**6, "save_every": 4}
    return EncoderTraining(pictures=pictures, **{**values, **changes})


@pytest.mark.usefixtures("tiny_networks")
def test_a_killed_training_goes_on_at_its_last_checkpoint(face_set: FaceSet, tmp_path: Path) -> None:
    words = [sys.executable, "-c", LOOP, str(face_set.prepared / "faces.jsonl"), str(face_set.root), str(tmp_path)]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(TREE)}, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 600
    while not (tmp_path / "checkpoint.json").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    _, error = process.communicate()
    assert process.returncode == -signal.SIGKILL, error.decode()
    saved = json.loads((tmp_path / "checkpoint.json").read_text())["progress"]
    assert saved["seen"] >= 12
    assert saved["seen"] % 12 == 0
    before = load_file(tmp_path / "checkpoint.safetensors")

    [report] = train_encoder(face_set.rows, face_set.root, tmp_path, encoder_settings(saved["seen"] + 8))
    assert report["seen"] == saved["seen"] + 8
    assert report["seconds"] >= int(saved["seconds"])
    after = load_file(tmp_path / "checkpoint.safetensors")
    steps = [float(state["optimizer.0.step"]) for state in (before, after)]
    assert steps == [saved["seen"] / 4, saved["seen"] / 4 + 2]


@pytest.mark.usefixtures("tiny_networks")
def test_an_interrupted_training_sees_the_same_pairs_as_one_that_was_not(face_set: FaceSet, tmp_path: Path) -> None:
    train = partial(train_encoder, face_set.rows, face_set.root)
    list(train(tmp_path / "whole", encoder_settings(24)))
    list(train(tmp_path / "parts", encoder_settings(16)))
    list(train(tmp_path / "parts", encoder_settings(24)))
    whole, parts = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("whole", "parts"))
    assert float(whole["optimizer.0.step"]) == float(parts["optimizer.0.step"]) == 6
    assert whole.keys() == parts.keys()


@pytest.mark.usefixtures("tiny_networks")
def test_a_finished_training_is_left_alone(face_set: FaceSet, tmp_path: Path) -> None:
    train = partial(train_encoder, face_set.rows, face_set.root, tmp_path)
    assert len(list(train(encoder_settings(8)))) == 1
    before = (tmp_path / "checkpoint.safetensors").read_bytes()
    assert list(train(encoder_settings(8))) == []
    assert list(train(encoder_settings(4, pairs_per_batch=1))) == []
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == before


@pytest.mark.usefixtures("tiny_networks")
def test_a_training_out_of_time_still_ends_with_its_check(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the minutes run out between two lines, there are weights to go on with."""
    clock = iter(range(10**6))
    monkeypatch.setattr("fakeface.training.progress.time.monotonic", lambda: float(next(clock)))
    for seconds in range(11, 15):
        out = tmp_path / str(seconds)
        settings = encoder_settings(10**6, minutes=seconds / 60, save_every=1, calib_pairs=1)
        assert len(list(train_encoder(face_set.rows, face_set.root, out, settings))) == 1
        assert (out / "encoder.safetensors").is_file()


def test_trainings_of_any_seed_are_compared_on_the_same_pairs(face_set: FaceSet) -> None:
    settings = [encoder_settings(8, seed=seed, calib_pairs=1) for seed in (1, 2)]
    first, second = (encoder_stage.calib_batches(face_set.of("calib"), face_set.root, one) for one in settings)
    assert first.keys() == second.keys() > {"self_blend", "lip_sync"}
    assert all(torch.equal(first[name]["pixels"], second[name]["pixels"]) for name in first)


# --- end to end -------------------------------------------------------------------------------------------------------


def test_the_stages_make_a_profile_that_examines_pictures(
    face_set: FaceSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handful of steps of every stage with networks of their real size, as far as a released profile."""
    rows, root, out = face_set.rows, face_set.root, tmp_path / "run"
    monkeypatch.setattr(language_stage, "train_tokenizer", partial(language_stage.train_tokenizer, pairs=20))

    [report] = train_encoder(rows, root, out / "encoder", encoder_settings(8))
    assert {"self_blend", "swap", "edit", "reenact", "resynthesise", "mean"} <= report.keys()
    assert {"encoder.safetensors", "checkpoint.json", "log.csv"} <= {one.name for one in (out / "encoder").iterdir()}
    place = Place(face_set.manifest.parent, root, out)
    monkeypatch.setattr(Place, "rows", lambda _: rows)
    [fitted] = prompter_stage(place, PrompterTraining(8, pairs_per_batch=4, workers=0, threads=1, calib_pairs=16))
    assert {"class_macro_f1", "region_f1"} <= fitted.keys()
    before, after = (load_file(out / name / "encoder.safetensors") for name in ("encoder", "prompter"))
    changed = {name.split(".")[0] for name, value in before.items() if not value.equal(after[name])}
    assert changed <= {"class_head", "region_head"}
    network = place.encoder()

    settings = LanguageTraining(answers=16, pairs_per_batch=4, workers=0, threads=1)
    reports = list(train_language(rows, root, network, out / "language", settings))
    assert reports[-1]["seen"] == 16
    assert reports[-1]["calib_loss"] > 0
    writer, tokenizer = load_language(out / "language")

    [drawn] = masks_stage(place, MasksTraining(8, pairs_per_batch=2, workers=0, threads=1, calib_pairs=4))
    assert {"iou_everything", "iou_state", "iou_box", "iou_point", "iou_region", "pixel_auc"} <= drawn.keys()

    for split in ("calib", "train"):
        path = out / "mids" / f"mined-{split}.jsonl"
        mined = list(mine(mining_factory(rows, root, split), network, writer, tokenizer, path, 2))
        assert mined[-1]["faces"] == 4
        assert list(mine(mining_factory(rows, root, split), network, writer, tokenizer, path, 2)) == []
    faces = {split: read_mined(out / "mids" / f"mined-{split}.jsonl") for split in ("calib", "train")}
    assert [(face.pair, face.side, face.label) for face in faces["train"]] == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 0),
        (1, 1, 1),
    ]

    training = MidsTraining(epochs=2, threads=1)
    reports = list(
        train_mids(rows, root, network, writer, tokenizer, faces["train"], faces["calib"], out / "mids", training)
    )
    assert [one["epoch"] for one in reports] == [1, 2]
    assert all(np.isfinite(one["loss"]) for one in reports)

    with pytest.raises(SettingsError, match="calibrate nothing: 50 of each are needed"):
        release(out, tmp_path / "weights", rows, root, "0", "too few faces", 4, 1, 50)
    assert not list((tmp_path / "weights").iterdir()), "a profile that nobody calibrated"
    monkeypatch.setattr("fakeface.training.calibrate.LEAST_FACES", 2)
    chosen = release(out, tmp_path / "weights", rows, root, "0", 'a "tiny" set ✓', 4, 1, 50)
    profile = load_profile("compact", tmp_path / "weights")
    assert profile.thresholds == chosen
    assert profile.data == 'a "tiny" set ✓'
    examine_with(tmp_path, monkeypatch)
    goes_on_from(tmp_path / "weights", place)
    refuses_what_is_older(place)


def refuses_what_is_older(place: Place) -> None:
    """Once a network was trained on, what was made over the one before is neither gone on with nor released."""
    small: dict[str, Any] = {"workers": 0, "threads": 1}
    masks, prompter = MasksTraining(8, **small), PrompterTraining(8, **small)
    after: dict[str, list[tuple[str, Callable[[], object]]]] = {
        "language": [
            ("masks", lambda: list(masks_stage(place, masks))),
            ("mids", lambda: list(mining_stage(place, Mining(2, 2)))),
        ],
        "encoder": [("prompter", lambda: list(prompter_stage(place, prompter))), ("prompter", place.encoder)],
    }
    for trained_on, stages in after.items():
        path = place.out / trained_on / f"{trained_on}.safetensors"
        save_weights(path, {name: value.float() * 1.25 for name, value in load_file(path).items()})
        for name, stage in stages:
            with pytest.raises(WeightsError, match=f"{name} holds what was made over other networks"):
                stage()
        with pytest.raises(WeightsError, match="made over other networks"):
            release(place.out, place.out / "again", place.rows(), place.root, "0", "older", 4, 1, 50)
        assert not (place.out / "again").exists()


def goes_on_from(released: Path, place: Place) -> None:
    """Language model and mask decoder of the next training begin where the released ones ended."""
    begun = replace(place, out=place.out.parent / "next")
    tiny: dict[str, Any] = {"workers": 0, "threads": 1, "learning_rate": 1e-9}
    shutil.copytree(place.out / "encoder", begun.out / "encoder")
    shutil.copytree(place.out / "prompter", begun.out / "prompter")
    words = LanguageTraining(answers=4, pairs_per_batch=2, **tiny)
    list(train_language(begun.rows(), begun.root, begun.encoder(), begun.out / "language", words, released))
    list(masks_stage(begun, MasksTraining(4, pairs_per_batch=2, calib_pairs=2, **tiny), released))
    for name in ("language/language.safetensors", "masks/masks.safetensors"):
        before, after = load_file(place.out / name), load_file(begun.out / name)
        for key, value in before.items():
            torch.testing.assert_close(after[key].float(), value.float(), rtol=1e-2, atol=1e-4)
    assert (begun.out / "language" / "tokenizer.json").read_bytes() == (released / FILES["tokenizer"]).read_bytes()
    with pytest.raises(WeightsError, match=r"no masks\.safetensors to start from"):
        list(masks_stage(replace(begun, out=place.out), MasksTraining(4, **tiny), begun.out))


def examine_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``fakeface detect`` with the weights that were just released."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(backends, "build_engine", partial(build_engine, folder=folder / "weights"))
    Image.fromarray(photograph()).save("astronaut.jpg", quality=95)
    result = CliRunner().invoke(cli, ["detect", "astronaut.jpg", "--out", "case", "--threads", "1"])
    assert result.exit_code == 0, result.stderr
    record = Record.model_validate_json(Path("case/findings.json").read_bytes())
    assert record.profile["data"] == 'a "tiny" set ✓'
    face = max(record.files[0].faces, key=lambda one: one.size_pixels)
    assert face.decision.independent_score is not None
    assert face.class_probabilities is not None
    assert sum(face.class_probabilities.values()) == pytest.approx(1, abs=1e-3)
    assert [answer.hypothesis for answer in face.answers] == ["open", "fake", "real"]


def test_stages_that_miss_an_earlier_one_say_which(face_set: FaceSet, tmp_path: Path, tokenizer: Tokenizer) -> None:
    with pytest.raises(WeightsError, match=r"no encoder\.safetensors"):
        load_encoder(tmp_path / "encoder.safetensors")
    with pytest.raises(WeightsError, match="train the language model first"):
        load_tokenizer(tmp_path)
    (tmp_path / "language").mkdir()
    tokenizer.save(str(tmp_path / "language" / "tokenizer.json"))
    with pytest.raises(WeightsError, match=r"prompter/encoder\.safetensors"):
        release(tmp_path, tmp_path / "weights", face_set.rows, face_set.root, "1", "none", 2)


def test_mining_asks_about_every_window_of_the_seeded_pairs(
    face_set: FaceSet, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    factory = mining_factory(face_set.rows, face_set.root, "calib")
    language, path = make_language(tokenizer), tmp_path / "mined.jsonl"
    assert [one["pairs"] for one in mine(factory, make_encoder(), language, tokenizer, path, 3, 2)] == [2, 3]
    again = tmp_path / "again.jsonl"
    list(mine(factory, make_encoder(), language, tokenizer, again, 2, 2))
    list(mine(factory, make_encoder(), language, tokenizer, again, 3, 2))
    assert read_mined(again) == read_mined(path)
    for face in read_mined(path):
        assert factory.pair(face.pair)[face.side].operator == face.operator


@pytest.mark.parametrize(("stage", "settings"), [("language", {"fields": "DR"}), ("mids", {"reads": "unmasked"})])
def test_a_stage_trained_for_a_comparison_is_not_released(
    face_set: FaceSet, tmp_path: Path, stage: str, settings: dict[str, str]
) -> None:
    network = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(network.parameters())
    save_checkpoint(tmp_path / stage, network, Average(network), optimizer, {"seen": 2, "settings": settings})
    with pytest.raises(SettingsError, match=f"stage {stage} was trained with .* a profile needs all"):
        release(tmp_path, tmp_path / "weights", face_set.rows, face_set.root, "1", "none", 2)
    assert not (tmp_path / "weights").exists()


def test_a_released_profile_keeps_any_text(tiny_weights: Path, tmp_path: Path) -> None:
    for path in tiny_weights.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    _write_profile(tmp_path, '1 "beta" \\ 2', "faces 😀\nof two lines", "2026-01-02", THRESHOLDS)
    profile = load_profile("compact", tmp_path)
    assert (profile.version, profile.data) == ('1 "beta" \\ 2', "faces 😀\nof two lines")
    assert build_engine(Settings(threads=1), tmp_path).profile == profile


def test_tokens_of_a_question_are_the_same_in_training_and_at_work(tokenizer: Tokenizer, face_set: FaceSet) -> None:
    real, _ = PairFactory(face_set.of("train"), face_set.root, 1).pair(0)
    text = format_answer("a face", "because", Claim.REAL, 0.5, ForgeryClass.REAL)
    readings = read_regions(real.window, real.landmarks)
    no_masks = np.zeros((0, 112, 112), bool)
    lesson = Lesson(real, "hypothesis", (Exchange(prompt(Hypothesis.OPEN), text),), no_masks, readings)
    batch, targets = text_batch(tokenizer, [lesson], [0.84], np.random.default_rng(2))
    questions = [prompt_ids(tokenizer, prompt(hypothesis)) for hypothesis in Hypothesis]
    assert batch[0, :PROMPT_SLOTS].tolist() in questions
    written = tokenizer.decode(batch[0, PROMPT_SLOTS:-1].tolist(), skip_special_tokens=False)
    assert written == text.replace("Probability: 0.5", "Probability: 0.8")
    assert int(batch[0, -1]) == END
    assert targets[0, :PROMPT_SLOTS].eq(IGNORED).all()
    assert targets[0, PROMPT_SLOTS:].equal(batch[0, PROMPT_SLOTS:])


def test_every_task_is_taught_with_a_mask_for_each_grounded_phrase(tokenizer: Tokenizer, face_set: FaceSet) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 1, load_recipe())
    for task in TASKS:
        lessons = [lesson for number in range(4) for lesson in Lessons(factory, {task: 1.0})[number]]
        for lesson in lessons:
            grounded = sum(one.answer.count("[SEG]") for one in lesson.exchanges)
            assert lesson.masks.shape == (grounded, 112, 112)
            assert not lesson.masks.any() or lesson.sample.label
            if lesson.sample.mask_known:
                assert (
                    not (lesson.masks & ~altered_window(lesson.sample)).any(axis=(1, 2)).any() or task == "hypothesis"
                )
        batch, targets = text_batch(tokenizer, lessons, [0.5] * len(lessons), np.random.default_rng(3))
        assert batch.shape == targets.shape
        assert batch.shape[1] <= 461
        learned = targets[targets != IGNORED]
        assert int((learned == END).sum()) >= len(lessons)


def test_fields_of_an_answer_can_be_left_out_for_the_ablation() -> None:
    text = format_answer("a face", "because", Claim.REAL, 0.5, ForgeryClass.REAL)
    assert with_fields(text, "R") == "Analysis result: Real"
    assert with_fields(text, "DR") == "Image description: a face\nAnalysis result: Real"
    assert with_fields(text, "FR") == "Forgery reasoning: because\nAnalysis result: Real"
    assert with_fields(text, "all") == text


def test_what_is_asked_of_a_mask_decoder_has_its_truth_inside_of_it(face_set: FaceSet) -> None:
    factory = PairFactory(face_set.of("train"), face_set.root, 1, single("self_blend", load_recipe()))
    rng = np.random.default_rng(4)
    for number in range(6):
        for lesson in Lessons(factory, {"age": 1.0})[number]:
            altered = altered_window(lesson.sample)
            asked = questions(lesson, rng)
            everything, *states, boxed, pointed, parted = asked.truth
            assert np.array_equal(everything, altered)
            assert altered.any() == bool(lesson.sample.label)
            assert len(states) == min(len(lesson.masks), 3)
            left, top, right, bottom = (asked.boxes[0] / 2).astype(int)
            outside = boxed.copy()
            outside[top:bottom, left:right] = False
            assert not outside.any()
            assert np.array_equal(boxed[top:bottom, left:right], altered[top:bottom, left:right])
            x, y = (asked.points[0] / 2).astype(int)
            assert pointed.any() == bool(altered[y, x])
            assert np.array_equal(parted, altered & asked.regions[0])


def test_the_prompter_meets_every_forged_class_equally_often() -> None:
    recipe = evened(load_recipe())
    assert recipe.given == 0
    totals: dict[str, float] = {}
    for name, share in recipe.shares.items():
        totals[OPERATORS[name].forgery] = totals.get(OPERATORS[name].forgery, 0) + share
    assert len(totals) == 4
    assert all(total == pytest.approx(1) for total in totals.values())
    assert recipe.never_trained() == load_recipe().never_trained()
