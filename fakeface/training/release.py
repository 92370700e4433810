"""Assemble trained networks into a profile, and choose its cuts on calibration faces."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import f1_score, jaccard_score, roc_curve

from fakeface.backends import Engine, build_engine
from fakeface.calibration import Calibration
from fakeface.deciding import examine_crops
from fakeface.decision import Decision, Thresholds
from fakeface.errors import SettingsError, WeightsError
from fakeface.faces import CROP_SIZE
from fakeface.films import TrackRule
from fakeface.networks.encoder import EncoderConfig, ForensicEncoder
from fakeface.networks.language import LanguageConfig
from fakeface.networks.masks import MasksConfig
from fakeface.networks.mids import MidsConfig
from fakeface.profiles import Profile, load_profile
from fakeface.settings import Settings
from fakeface.training.calibrate import calibrate
from fakeface.training.checkpoints import checkpoint_progress
from fakeface.training.encoder import collate
from fakeface.training.forge.pairs import MASK_SIZE, PairFactory
from fakeface.training.forge.values import FOREIGN
from fakeface.training.lineage import check_lineage
from fakeface.training.manifest import FaceRow
from fakeface.training.networks import load_encoder, load_tokenizer

__all__ = ["CALIB_SEED", "calibrate_profile", "choose_thresholds", "release", "write_film_rule"]

CALIB_SEED = 5000
RATIO_SEED, RATIO_PAIRS = 6000, 2000
"""Seed and number of the pairs that the likelihood ratio is calibrated on."""
LICENCE = "Apache-2.0"
FILES = {
    "config": "compact.json",
    "tokenizer": "compact-tokenizer.json",
    "encoder": "compact-encoder.safetensors",
    "language": "compact-language.safetensors",
    "masks": "compact-masks.safetensors",
    "mids": "compact-mids.safetensors",
}
SOURCES = {
    "tokenizer": "language/tokenizer.json",
    "encoder": "prompter/encoder.safetensors",
    "language": "language/language.safetensors",
    "masks": "masks/masks.safetensors",
    "mids": "mids/mids.safetensors",
}
"""What the stages leave, by role."""
RECORD = "compact.toml"
GRID = tuple(round(float(cut), 2) for cut in np.linspace(0.1, 0.9, 17))
FALSE_ALARMS = 0.1
"""Share of real calibration faces that are called fake."""
MISSES = 0.2
"""Share of forged calibration faces that are called real."""
FALSE_MASKS = 0.1
"""Share of real calibration faces that show a mask."""
UNDECIDED_SHARE = 0.05
"""Share of calibration faces left too close to call where those two leave none."""


def release(
    trained: Path,
    out: Path,
    rows: Sequence[FaceRow],
    root: Path,
    version: str,
    data: str,
    pairs: int,
    threads: int = 0,
    ratio_pairs: int = RATIO_PAIRS,
) -> Thresholds:
    """Write the profile ``compact`` into ``out``: weights, configuration, tokenizer and ``compact.toml``.

    It is made aside, so that what cannot be calibrated leaves ``out`` as it was.

    Args:
        trained: folder with ``prompter/``, ``language/``, ``masks/`` and ``mids/`` as the training stages wrote them.
        out: a weights folder.
        rows: prepared faces, of which the calibration split chooses the cuts.
        root: folder that their paths are relative to.
        version: of the weights.
        data: what they were trained on, one sentence.
        pairs: calibration pairs that the cuts are chosen on.
        threads: of the networks; 0 takes two.
        ratio_pairs: calibration pairs drawn for the likelihood ratio; each photo counts once.

    Raises:
        WeightsError: a stage's result is missing, or was made over other networks than those of the stages before it.
        SettingsError: a stage was trained for a comparison only, on part of the texts, or there are too few calibration
            faces.
    """
    for stage, name in (("language", "fields"), ("mids", "reads")):
        chosen = checkpoint_progress(trained / stage).get("settings", {}).get(name, "all")
        if chosen != "all":
            raise SettingsError(f"the stage {stage} was trained with {name} {chosen}, to compare: a profile needs all")
    _complete(trained)
    check_lineage(trained)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".release-", dir=out) as place:
        aside = Path(place)
        _assemble(trained, aside, version, data)
        profile = calibrate_profile(aside, rows, root, pairs, threads, ratio_pairs)
        for name in (*FILES.values(), RECORD):
            os.replace(aside / name, out / name)
    return profile.thresholds


def _complete(trained: Path) -> None:
    for source in SOURCES.values():
        if not (trained / source).is_file():
            raise WeightsError(f"no {source} in {trained}: run that stage first")


def _assemble(trained: Path, out: Path, version: str, data: str) -> None:
    """The profile, with cuts that nobody has chosen yet."""
    tokenizer = load_tokenizer(trained / "language")
    sizes = {
        "encoder": EncoderConfig().as_dict(),
        "language": LanguageConfig(tokenizer.get_vocab_size()).as_dict(),
        "masks": MasksConfig().as_dict(),
        "mids": MidsConfig().as_dict(),
    }
    (out / FILES["config"]).write_text(json.dumps(sizes, indent=2) + "\n", encoding="utf-8")
    for role, source in SOURCES.items():
        shutil.copyfile(trained / source, out / FILES[role])
        (out / FILES[role]).chmod(0o644)
    _write_profile(out, version, data, f"{datetime.now(UTC):%Y-%m-%d}", Thresholds(0.5, 0.5, 0.0))


def calibrate_profile(
    folder: Path, rows: Sequence[FaceRow], root: Path, pairs: int, threads: int = 0, ratio_pairs: int = RATIO_PAIRS
) -> Profile:
    """Choose cuts and likelihood ratio of the profile in ``folder`` on calibration faces, and write them into it.

    Args:
        folder: a weights folder with a profile ``compact``.
        rows: prepared faces, of which the calibration split is used.
        root: folder that their paths are relative to.
        pairs: pairs that the cuts are chosen on; every face is decided with text.
        threads: of the networks; 0 takes two.
        ratio_pairs: pairs drawn for the likelihood ratio, of which each photo counts once.

    Raises:
        SettingsError: too few calibration faces.
    """
    profile = load_profile("compact", folder)
    factory = PairFactory([row for row in rows if row.split == "calib"], root, RATIO_SEED)
    calibration = calibrate(load_encoder(folder / FILES["encoder"]), factory, ratio_pairs)
    thresholds = choose_thresholds(folder, rows, root, pairs, threads)
    _write_profile(folder, profile.version, profile.data, profile.trained, thresholds, calibration)
    return load_profile("compact", folder)


def write_film_rule(folder: Path, rule: TrackRule) -> Profile:
    """Write the rule for tracks of films, chosen on films of calibration faces, into the profile in ``folder``.

    A later calibration of the profile drops it: it was chosen for the scores of other weights.
    """
    old = load_profile("compact", folder)
    _write_profile(folder, old.version, old.data, old.trained, old.thresholds, old.calibration, rule)
    return load_profile("compact", folder)


def choose_thresholds(folder: Path, rows: Sequence[FaceRow], root: Path, pairs: int, threads: int = 0) -> Thresholds:
    """Cuts on calibration pairs.

    Fakeness: between the score that one real face in ten passes and the score that two forged faces in ten stay below
    everything is too close to call. Independent score: the most balanced accuracy. Presence of a mask: the text-
    independent score that one real face in ten passes. Mask: the best mean IoU on the forged faces that
    show one. Regions: the best F1.
    """
    factory = PairFactory([row for row in rows if row.split == "calib"], root, CALIB_SEED)
    settings = Settings(threads=threads, batch_faces=16)
    engine = build_engine(settings, folder)
    labels, decisions = _decided(engine, factory, pairs, settings)
    fakeness = np.array([0.5 if one.fakeness is None else one.fakeness for one in decisions])
    cut, margin = _fakeness_cut(labels, fakeness)
    independent = np.array([one.independent_score for one in decisions], np.float64)
    presence = _inside(float(np.quantile(independent[labels == 0], 1 - FALSE_MASKS)))
    return Thresholds(
        fakeness=cut,
        independent=_balanced_cut(labels, independent),
        margin=margin,
        mask=_mask_cut(engine, factory, pairs, presence),
        region=_region_cut(load_encoder(folder / FILES["encoder"]), factory, pairs),
        presence=presence,
    )


def _decided(
    engine: Engine, factory: PairFactory, pairs: int, settings: Settings
) -> tuple[NDArray[np.int64], list[Decision]]:
    """Labels and decisions of pairs 0 to ``pairs`` - 1, through the route."""
    labels, decisions = [], []
    step = max(settings.batch_faces // 2, 1)
    for start in range(0, pairs, step):
        samples = [one for index in range(start, min(start + step, pairs)) for one in factory.pair(index)]
        findings = examine_crops(engine, [one.crop for one in samples], CROP_SIZE, CROP_SIZE, settings)
        labels += [one.label for one in samples]
        decisions += [finding.decision for finding in findings]
    return np.array(labels), decisions


def _fakeness_cut(labels: NDArray[np.int64], fakeness: NDArray[np.float64]) -> tuple[float, float]:
    """Cut and margin; where the classes hardly overlap, the balanced cut with a margin that leaves few undecided."""
    upper = float(np.quantile(fakeness[labels == 0], 1 - FALSE_ALARMS))
    lower = float(np.quantile(fakeness[labels == 1], MISSES))
    if upper > lower:
        return _inside((upper + lower) / 2), round(min((upper - lower) / 2, 0.49), 4)
    cut = _balanced_cut(labels, fakeness)
    return cut, round(min(float(np.quantile(np.abs(fakeness - cut), UNDECIDED_SHARE)), 0.2), 4)


def _inside(cut: float) -> float:
    return round(float(np.clip(cut, 0.01, 0.99)), 4)


def _balanced_cut(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    false_alarm, hit, cuts = roc_curve(labels, scores)
    return _inside(float(cuts[int(np.argmax(hit - false_alarm))]))


def _mask_cut(engine: Engine, factory: PairFactory, pairs: int, presence: float) -> float:
    """The cut of pixels with the best mean IoU on those forged faces that show a mask, and whose place is known."""
    ious = []
    for index in range(pairs):
        sample = factory.pair(index)[1]
        if sample.mask_known:
            (encoding,) = engine.encoder.encode([sample.crop])
            if encoding.independent_score < presence:
                continue
            heat = cv2.resize(
                engine.segmenter.probabilities(encoding), (MASK_SIZE, MASK_SIZE), interpolation=cv2.INTER_AREA
            )
            area = (sample.mask > FOREIGN).ravel()
            ious.append([float(jaccard_score(area, heat.ravel() >= cut, zero_division=0.0)) for cut in GRID])
    return GRID[int(np.argmax(np.mean(ious, axis=0)))] if ious else 0.5


@torch.inference_mode()
def _region_cut(encoder: ForensicEncoder, factory: PairFactory, pairs: int) -> float:
    """The cut of region probabilities with the best F1."""
    named, touched = [], []
    for start in range(0, pairs, 16):
        batch = collate([factory.pair(index) for index in range(start, min(start + 16, pairs))])
        named.append(encoder(batch["pixels"]).regions[batch["mask_known"]].sigmoid())
        touched.append(batch["regions"][batch["mask_known"]])
    found, truth = torch.cat(named).numpy().ravel(), torch.cat(touched).numpy().ravel()
    return max(GRID, key=lambda cut: float(f1_score(truth, found >= cut)))


def _write_profile(
    out: Path,
    version: str,
    data: str,
    trained: str,
    thresholds: Thresholds,
    calibration: Calibration | None = None,
    films: TrackRule | None = None,
) -> None:
    lines = [
        "# The embedded profile. Written by `fakeface train release`; every file is checked against its hash.",
        f"version = {json.dumps(version, ensure_ascii=False)}",
        f'trained = "{trained}"',
        f"data = {json.dumps(data, ensure_ascii=False)}",
        "",
        "[thresholds]",
        *(f"{name} = {value}" for name, value in asdict(thresholds).items()),
    ]
    if calibration is not None:
        table = asdict(calibration)
        envelope = table.pop("envelope")
        lines += ["", "[calibration]", *(f"{name} = {_toml(value)}" for name, value in table.items())]
        lines += ["", "[calibration.envelope]", *(f"{name} = {_toml(value)}" for name, value in envelope.items())]
    if films is not None:
        lines += ["", "[films]", *(f"{name} = {_toml(value)}" for name, value in asdict(films).items())]
    for role, name in FILES.items():
        content = (out / name).read_bytes()
        lines += [
            "",
            f"[parts.{role}]",
            f'file = "{name}"',
            f'sha256 = "{hashlib.sha256(content).hexdigest()}"',
            f"size_bytes = {len(content)}",
            f'licence = "{LICENCE}"',
        ]
    (out / RECORD).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: str | float | tuple[float, ...] | list[float]) -> str:
    """A value as TOML writes it; JSON's notation is the same for text, numbers and lists of numbers."""
    return json.dumps(value, ensure_ascii=False)
