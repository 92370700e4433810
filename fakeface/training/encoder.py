"""Train the vision encoder with all its heads on pairs of real and forged faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from fakeface.errors import SettingsError
from fakeface.faces import CROP_SIZE
from fakeface.networks.encoder import EncoderOutput, ForensicEncoder
from fakeface.networks.loading import loaded
from fakeface.training.averaging import choose_weights
from fakeface.training.checkpoints import read_record, save_weights
from fakeface.training.crops import TILE, cropped, shuffled
from fakeface.training.device import Device
from fakeface.training.feeding import fed
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.pairs import FaceSample, PairFactory
from fakeface.training.forge.recipe import GIVEN, RECIPE, load_recipe, single
from fakeface.training.growth import grown
from fakeface.training.hard_pairs import HardPairs
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.manifest import FaceRow
from fakeface.training.networks import load_tensors
from fakeface.training.processes import alone
from fakeface.training.progress import Budget

__all__ = [
    "EncoderTraining",
    "PairDataset",
    "aucs",
    "calib_batches",
    "collate",
    "family_means",
    "pair_batches",
    "train_encoder",
    "wrongly_ordered",
]


TOKEN = 16
"""Pixels of a window per token, along each side."""

CALIB_SEED = 1000
"""Of the calibration pairs, whatever the seed of a training is."""

LOSSES = {"pair": 1.0, "detection": 1.0, "class": 0.3, "mask": 2.0, "dice": 0.6, "regions": 0.3}
"""Weight of every loss."""


@dataclass(frozen=True, slots=True)
class EncoderTraining:
    """Settings of the stage.

    Args:
        pictures: windows to see, real and forged together.
        minutes: or minutes to train, whichever comes first; 0 for no limit.
        pairs_per_batch: real-forged pairs in a batch.
        learning_rate: peak of the schedule.
        weight_decay: AdamW's.
        workers: processes that forge.
        threads: of the network.
        seed: of weights and pairs.
        recipe: name or file of the forgeries' recipe.
        compiled: whether the network goes through ``torch.compile``.
        device: of the network.
        calib_pairs: pairs per operator that checkpoints are compared on.
        check_every: batches between two looks at the calibration faces.
        save_every: batches between two checkpoints.
        left_out: losses that are left out, for comparisons.
        part: side of the part of every window that is seen until whole windows are, in pixels, a multiple of 16; 224
            for whole windows throughout.
        whole_share: last share of the budget, in which whole windows are seen.
        tiled: share of the pairs without a known place (given fakes, whole faces) that are seen as shuffled tiles until
            then.
        hard: share of the pairs that are seen again because they were put into the wrong order, 0..0.5.
    """

    pictures: int = 250_000
    minutes: float = 0.0
    pairs_per_batch: int = 32
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.03
    workers: int = 1
    threads: int = 2
    seed: int = 1
    recipe: str = RECIPE
    compiled: bool = False
    device: Device = "auto"
    calib_pairs: int = 48
    check_every: int = 500
    save_every: int = 250
    left_out: tuple[str, ...] = ()
    part: int = CROP_SIZE
    whole_share: float = 0.3
    tiled: float = 0.0
    hard: float = 0.0

    def __post_init__(self) -> None:
        if self.tiled and self.part % TILE:
            raise SettingsError(f"tiles are {TILE} pixels wide, which does not divide a part of {self.part}")
        if self.part % TOKEN:
            raise SettingsError(f"the part of a window is a multiple of {TOKEN} pixels wide, not {self.part}")


class PairDataset(Dataset[tuple[FaceSample, FaceSample]]):
    """Pairs of a factory by their number, as torch's loader wants them."""

    def __init__(self, factory: PairFactory) -> None:
        self.factory = factory

    def __getitem__(self, number: int) -> tuple[FaceSample, FaceSample]:
        cv2.setNumThreads(1)
        return self.factory.pair(number)


def collate(pairs: Sequence[tuple[FaceSample, FaceSample]]) -> dict[str, Tensor]:
    """A batch: windows (B, 3, 224, 224) uint8 and the truths, reals and fakes alternating."""
    samples = [sample for pair in pairs for sample in pair]
    windows = np.stack([sample.window for sample in samples])
    return {
        "pixels": torch.from_numpy(windows).permute(0, 3, 1, 2),
        "label": torch.tensor([sample.label for sample in samples], dtype=torch.float32),
        "forgery": torch.tensor([sample.forgery for sample in samples]),
        "mask": torch.from_numpy(np.stack([sample.mask for sample in samples])),
        "mask_known": torch.tensor([sample.mask_known for sample in samples]),
        "regions": torch.from_numpy(np.stack([sample.regions for sample in samples])),
    }


def losses(output: EncoderOutput, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Loss of each head, and of each pair's order; masks and regions only where their truth is known.

    Both pictures of a pair share everything but the forgery, so their order is the cleanest thing to learn from.
    """
    known = batch["mask_known"]
    logits, truth = output.mask[known], batch["mask"][known]
    forged = batch["label"][known] > 0
    probability = logits.sigmoid()
    shared = 2 * (probability * truth).sum(dim=(1, 2)) + 1
    dice = 1 - shared / (probability.sum(dim=(1, 2)) + truth.sum(dim=(1, 2)) + 1)
    real, forged_of_pair = output.detection[0::2], output.detection[1::2]
    parts = {
        "pair": functional.softplus(real - forged_of_pair).mean(),
        "detection": functional.binary_cross_entropy_with_logits(output.detection, batch["label"]),
        "class": functional.cross_entropy(output.classes, batch["forgery"]),
        "mask": functional.binary_cross_entropy_with_logits(logits, truth),
        "dice": (dice * forged).sum() / forged.sum().clamp(min=1),
        "regions": functional.binary_cross_entropy_with_logits(output.regions[known], batch["regions"][known]),
    }
    return {name: LOSSES[name] * value for name, value in parts.items()}


def train_encoder(
    rows: Sequence[FaceRow],
    root: Path,
    out: Path,
    settings: EncoderTraining,
    start: Path | None = None,
    build: Callable[[], ForensicEncoder] | None = None,
) -> Iterator[dict[str, Any]]:
    """Train, resuming from ``out`` where a checkpoint lies; yields one report per look at the calibration faces.

    Writes ``checkpoint.*``, ``log.csv``, ``encoder.safetensors`` (the average with the best mean AUC on calib). When
    the budget is used up it compares that one with the last average and with the mean of both, and leaves the best.

    Args:
        rows: prepared faces; split train fits, split calib chooses.
        root: folder that their paths are relative to.
        out: folder of this training.
        settings: of the stage.
        start: weights of an earlier training to start from where ``out`` has no checkpoint; a smaller encoder is
            grown.
        build: makes the network, for comparisons; one of the shipped sizes where none is given.
    """
    build = build or ForensicEncoder
    device = begin(settings, settings.device)
    if settings.hard:
        alone("seeing hard pairs again")
    network = build().to(device).to(memory_format=torch.channels_last)
    if start is not None:
        network.load_state_dict(grown(load_tensors(start), network.config, settings.seed))
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    loop = Loop(out, network, optimizer, settings, settings.pictures, settings.check_every, settings.minutes)
    weights = out / "encoder.safetensors"
    checks = cache(lambda: calib_batches([row for row in rows if row.split == "calib"], root, settings))

    def measured(state: Mapping[str, Tensor]) -> dict[str, float]:
        return _check(loaded(build(), state, "the average").to(device), checks())

    if not loop.finished:
        yield from _learned(rows, root, settings, network, loop, weights, measured)
    yield from loop.only_first(choose_weights(weights, loop.average.state, loop.budget.seen, "mean", measured))


def _learned(
    rows: Sequence[FaceRow],
    root: Path,
    settings: EncoderTraining,
    network: ForensicEncoder,
    loop: Loop,
    weights: Path,
    measured: Callable[[Mapping[str, Tensor]], dict[str, float]],
) -> Iterator[dict[str, Any]]:
    """Learn until the budget is used up, and keep the best average in ``weights``."""
    device = next(network.parameters()).device
    if weights.is_file() and (chosen := read_record(weights)):  # a finished training that goes on
        loop.progress["best"] = chosen["best"]
    factory = PairFactory(
        [row for row in rows if row.split == "train"], root, settings.seed, load_recipe(settings.recipe)
    )
    seeing = torch.compile(network, dynamic=False) if settings.compiled else network

    def learn(batch: dict[str, Tensor]) -> Learned:
        shown, left_out = _shown(batch, settings, loop.budget)
        with torch.autocast(device.type, torch.bfloat16):
            output = seeing(shown["pixels"])
        parts = losses(output, shown)
        loop.descend(torch.stack([value for name, value in parts.items() if name not in left_out]).sum(), 2.0)
        if hard is not None:
            hard.learned(wrongly_ordered(output.detection.detach(), batch["mask_known"]))
            loop.progress["hard"] = hard.state
        found = {name: float(value.detach()) for name, value in parts.items()}
        total = {"loss": sum(found.values())}
        return Learned(len(batch["label"]), total | {f"loss_{name}": value for name, value in found.items()})

    def look() -> dict[str, float]:
        return {f"auc_{name}": value for name, value in measured(loop.average.state).items()}

    first = loop.budget.seen // 2
    hard = HardPairs(first, settings.hard, loop.progress.get("hard", ())) if settings.hard else None
    batches = pair_batches(
        factory, count(first) if hard is None else hard, settings.pairs_per_batch, settings.workers, device
    )
    best = Best(("auc_mean",), lambda: save_weights(weights, loop.average.state))
    for row in loop.run(batches, learn, look, best):
        yield {name.removeprefix("auc_"): value for name, value in row.items()}


def wrongly_ordered(detection: Tensor, mask_known: Tensor) -> list[bool]:
    """Whether the original of each pair looks more forged than its forgery, among those that can be forged again.

    Args:
        detection: (2P,) logits, originals at even places, each followed by its forgery.
        mask_known: (2P,) bool; a forgery with an unknown mask is a given fake, which no number brings back.
    """
    return ((detection[0::2] > detection[1::2]) & mask_known[1::2]).tolist()


def _shown(
    batch: dict[str, Tensor], settings: EncoderTraining, budget: Budget
) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """What the network sees of a batch at this time, and the losses left out: a part need not show every region."""
    if settings.part >= CROP_SIZE or budget.share >= 1 - settings.whole_share:
        return batch, settings.left_out
    seed = settings.seed * 1_000_003 + budget.seen
    part = cropped(batch, settings.part, seed)
    return shuffled(part, settings.tiled, seed) if settings.tiled else part, (*settings.left_out, "regions")


def pair_batches(
    factory: PairFactory, order: Iterable[int], pairs_per_batch: int, workers: int, device: torch.device
) -> Iterator[dict[str, Tensor]]:
    """Batches on a device of the pairs with these numbers, in this order; numbers are drawn some batches ahead."""
    for batch in fed(PairDataset(factory), pairs_per_batch, workers, collate, order):
        yield {name: values.to(device) for name, values in batch.items()}


def calib_batches(rows: Sequence[FaceRow], root: Path, settings: EncoderTraining) -> dict[str, dict[str, Tensor]]:
    """Fixed batches of calibration pairs, one per trained operator and source of given fakes.

    Without films, softness and phones, so that trainings of any seed, with recipes that differ in shares and in these
    alone, are compared on the same pairs.
    """
    recipe = load_recipe(settings.recipe).model_copy(update={"film": 0.0, "softness": 0.0, "phone": 0.0})
    batches = {}
    for number, name in enumerate(recipe.shares):
        factory = PairFactory(rows, root, CALIB_SEED + number, single(name, recipe))
        if name != GIVEN:
            batches[name] = collate([factory.pair(index) for index in range(settings.calib_pairs)])
            continue
        for source in factory.studio.fake_sources:
            fakes = [row for row in rows if row.label == "fake" and row.source == source]
            rng = np.random.default_rng((CALIB_SEED, number))
            drawn = rng.choice(len(fakes), min(settings.calib_pairs, len(fakes)), replace=False)
            batches[source] = collate([factory.given_pair(fakes[int(index)], rng) for index in drawn])
    return batches


def _check(network: ForensicEncoder, checks: Mapping[str, dict[str, Tensor]]) -> dict[str, float]:
    """AUC of each set, and the mean over families and sources of given fakes, so that no family counts twice."""
    report = aucs(network.eval().to(memory_format=torch.channels_last), checks)
    means = family_means(report)
    return report | {"mean": sum(means.values()) / len(means)}


@torch.no_grad()
def aucs(network: ForensicEncoder, sets: Mapping[str, dict[str, Tensor]]) -> dict[str, float]:
    """AUC of the text-independent score on every set of pairs.

    Args:
        network: in evaluation mode.
        sets: batches as ``collate`` makes them, by name.
    """
    device, found = next(network.parameters()).device, {}
    for name, batch in sets.items():
        chunks = torch.split(batch["pixels"].to(device), 32)
        scores = torch.cat([network(chunk).detection for chunk in chunks])
        found[name] = float(roc_auc_score(batch["label"].numpy(), scores.cpu().numpy()))
    return found


def family_means(found: Mapping[str, float]) -> dict[str, float]:
    """The mean of every family of forgery and source of given fakes, so that no family counts twice.

    Args:
        found: AUC by operator or source.
    """
    families: dict[str, list[float]] = {}
    for name, value in found.items():
        families.setdefault(OPERATORS[name].forgery.value if name in OPERATORS else name, []).append(value)
    return {family: sum(values) / len(values) for family, values in families.items()}
