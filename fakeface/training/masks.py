"""Train the mask decoder over the frozen encoder and language model: everything, ``[SEG]``, box, point and region.

Whatever is asked, the truth is the altered part of it; on real faces every mask is empty. States are taken from true
answers read back, so that what the decoder learns from is what ``Answerer.ground`` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from fakeface.concepts import region_masks
from fakeface.faces import CROP_SIZE
from fakeface.networks.encoder import EncoderOutput, ForensicEncoder
from fakeface.networks.language import SEG, CompactLanguageModel
from fakeface.networks.loading import loaded
from fakeface.networks.masks import MASK_SIDE, PromptBatch, PromptedMasks
from fakeface.networks.sight import sight_of
from fakeface.training.checkpoints import Average, save_weights
from fakeface.training.device import Device
from fakeface.training.forge.pairs import FaceSample, PairFactory
from fakeface.training.forge.values import FOREIGN
from fakeface.training.language import rows_of_part
from fakeface.training.lessons import Lesson, Lessons, lesson_batches, reduced, text_batch
from fakeface.training.lineage import fingerprint
from fakeface.training.looking import encode_windows
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.manifest import FaceRow
from fakeface.training.networks import earlier, load_tensors

__all__ = ["KINDS", "MasksTraining", "Question", "altered_window", "questions", "train_masks"]

KINDS = ("everything", "state", "box", "point", "region")
TASKS = {"age": 0.5, "region": 0.3, "hypothesis": 0.2}
"""Texts whose ``[SEG]`` are learned."""
MOST_STATES = 3
"""States of one picture that are learned from."""


@dataclass(frozen=True, slots=True)
class MasksTraining:
    """Settings of the stage.

    Args:
        pictures: windows to see, real and forged together.
        minutes: or minutes to train, whichever comes first; 0 for no limit.
        pairs_per_batch: pairs in a batch.
        learning_rate: peak of the schedule.
        workers: processes that forge and annotate.
        threads: of the networks.
        seed: of weights, pairs and prompts.
        calib_pairs: pairs that checkpoints are compared on.
        check_every: batches between two looks at the calibration faces.
        save_every: batches between two checkpoints.
        device: of the networks.
    """

    pictures: int = 20_000
    minutes: float = 0.0
    pairs_per_batch: int = 8
    learning_rate: float = 6e-4
    workers: int = 1
    threads: int = 2
    seed: int = 4
    calib_pairs: int = 64
    check_every: int = 200
    save_every: int = 100
    device: Device = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked of one window, with the truth of every mask in the order in which they come out.

    Args:
        boxes: (B, 4) float32 xyxy in window pixels.
        points: (N, 2) float32 in window pixels.
        regions: (R, 112, 112) bool.
        truth: (1 + S + B + N + R, 112, 112) bool: everything, states, boxes, points, regions.
    """

    boxes: NDArray[np.float32]
    points: NDArray[np.float32]
    regions: NDArray[np.bool_]
    truth: NDArray[np.bool_]


def altered_window(sample: FaceSample) -> NDArray[np.bool_]:
    """(112, 112) bool, what is altered in a window whose mask is known, drawn as the annotator draws it."""
    size = (CROP_SIZE, CROP_SIZE)
    return reduced(np.asarray(cv2.resize(sample.mask, size, interpolation=cv2.INTER_LINEAR) > FOREIGN))


def questions(lesson: Lesson, rng: np.random.Generator) -> Question:
    """A box, a point and a region to ask about, half of them at the altered area, with all truths."""
    altered = altered_window(lesson.sample)
    parts = region_masks(lesson.sample.landmarks * np.float32(MASK_SIDE / CROP_SIZE), MASK_SIDE, MASK_SIDE)
    parts = parts[parts.any(axis=(1, 2))]
    part = parts[int(rng.integers(len(parts)))] if len(parts) else np.ones_like(altered)
    box = _box(altered if altered.any() and rng.random() < 0.5 else part, rng)
    point, pointed = _point(altered, part, rng)
    boxed = np.zeros_like(altered)
    left, top, right, bottom = box
    boxed[top:bottom, left:right] = altered[top:bottom, left:right]
    truth = np.stack([altered, *lesson.masks[:MOST_STATES], boxed, pointed, altered & part])
    scale = CROP_SIZE / MASK_SIDE
    return Question(
        np.array([box], np.float32) * scale, (np.array([point], np.float32) + 0.5) * scale, part[None], truth
    )


def _box(place: NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int, int, int]:
    """The box of a place with its sides moved by up to a fifth."""
    rows, columns = np.flatnonzero(place.any(axis=1)), np.flatnonzero(place.any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    moved = rng.uniform(-0.2, 0.2, 4)
    left = int(np.clip(columns[0] + moved[0] * width, 0, MASK_SIDE - 4))
    top = int(np.clip(rows[0] + moved[1] * height, 0, MASK_SIDE - 4))
    right = int(np.clip(columns[-1] + 1 + moved[2] * width, left + 3, MASK_SIDE))
    bottom = int(np.clip(rows[-1] + 1 + moved[3] * height, top + 3, MASK_SIDE))
    return left, top, right, bottom


def _point(
    altered: NDArray[np.bool_], part: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """A point, and the connected altered area that it lies in; nothing where it lies in none."""
    place = altered if altered.any() and rng.random() < 0.5 else part
    ys, xs = np.nonzero(place)
    chosen = int(rng.integers(len(ys)))
    x, y = int(xs[chosen]), int(ys[chosen])
    if not altered[y, x]:
        return (x, y), np.zeros_like(altered)
    labels, _ = ndimage.label(altered)
    return (x, y), np.asarray(labels == labels[y, x])


def train_masks(
    rows: Sequence[FaceRow],
    root: Path,
    encoder: ForensicEncoder,
    language: CompactLanguageModel,
    tokenizer: Tokenizer,
    out: Path,
    settings: MasksTraining,
    start: Path | None = None,
) -> Iterator[dict[str, Any]]:
    """Train, resuming from ``out``; yields one report per look at the calibration faces.

    Writes ``masks.safetensors`` (the average with the best mean IoU on calib), ``checkpoint.*`` and ``log.csv``.
    ``start`` is the folder of an earlier training to go on from where ``out`` has no checkpoint.
    """
    device = begin(settings, settings.device)
    frozen = (encoder.to(device).eval().requires_grad_(False), language.to(device).eval().requires_grad_(False))
    network, weights = PromptedMasks().to(device), out / "masks.safetensors"
    if start is not None:
        loaded(network, load_tensors(earlier(start, weights.name)), weights.name)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=0.01)
    over = fingerprint(encoder, language)
    loop = Loop(
        out, network, optimizer, settings, settings.pictures, settings.check_every, settings.minutes, 0.995, over=over
    )
    if loop.finished:
        return
    calib = Lessons(PairFactory([row for row in rows if row.split == "calib"], root, 3500), TASKS)
    held = [_known(calib[number]) for number in range(settings.calib_pairs)]

    def learn(lessons: Sequence[Lesson]) -> Learned:
        rng = np.random.default_rng((settings.seed, loop.budget.seen))
        loss = torch.stack([one for one, _ in _losses(network, frozen, tokenizer, _known(lessons), rng)]).mean()
        loop.descend(loss, 1.0)
        return Learned(len(lessons), {"loss": loss.detach()})

    factory = PairFactory(rows_of_part(rows, "language"), root, settings.seed)
    batches = lesson_batches(factory, loop.budget.seen, settings.pairs_per_batch, settings.workers, TASKS)
    best = Best(("calib_iou",), lambda: save_weights(weights, loop.average.state))
    yield from loop.run(batches, learn, lambda: _check(loop.average, frozen, tokenizer, held), best)


Frozen = tuple[ForensicEncoder, CompactLanguageModel]


def _known(lessons: Sequence[Lesson]) -> list[Lesson]:
    """Lessons whose altered area is known; every pair has at least its real face."""
    return [lesson for lesson in lessons if lesson.sample.mask_known]


def _losses(
    network: PromptedMasks, frozen: Frozen, tokenizer: Tokenizer, lessons: Sequence[Lesson], rng: np.random.Generator
) -> Iterator[tuple[Tensor, tuple[Question, Tensor]]]:
    """For every window its loss, and what was asked with the logits that came out."""
    with torch.inference_mode():
        seen = encode_windows(frozen[0], [lesson.sample for lesson in lessons])
        states = _states(frozen[1], seen, tokenizer, lessons, rng)
    for place, lesson in enumerate(lessons):
        asked = questions(lesson, rng)
        device = seen.tokens.device
        truth = torch.from_numpy(asked.truth).float().to(device)
        count = len(asked.truth) - 1 - len(asked.boxes) - len(asked.points) - len(asked.regions)
        prompts = PromptBatch(
            states[place][:count].clone() if count else None,
            torch.from_numpy(asked.boxes).to(device),
            torch.from_numpy(asked.points).to(device),
            torch.from_numpy(asked.regions).to(device),
            everything=True,
        )
        logits, quality = network(_own(seen.row(place)), prompts)
        yield _loss(logits, quality, truth), (asked, logits)


def _own(seen: EncoderOutput) -> EncoderOutput:
    """The output outside of inference mode, so that it may take part in a backward pass."""
    return EncoderOutput(*[getattr(seen, name).clone() for name in seen.__slots__])


def _states(
    language: CompactLanguageModel,
    seen: EncoderOutput,
    tokenizer: Tokenizer,
    lessons: Sequence[Lesson],
    rng: np.random.Generator,
) -> list[Tensor]:
    """The language model's states at every learned ``[SEG]`` of every lesson: (S, width) each."""
    text, targets = text_batch(tokenizer, lessons, [0.5] * len(lessons), rng)
    sight = sight_of(seen, [lesson.readings for lesson in lessons])
    hidden = language.states(sight, text.to(seen.tokens.device))
    return [hidden[row, targets[row] == SEG] for row in range(len(lessons))]


def _loss(logits: Tensor, quality: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of pixels, Dice of masks that are not empty, and the error of the expected IoU."""
    probability = logits.sigmoid()
    shared = (probability * truth).sum(dim=(1, 2))
    dice = 1 - (2 * shared + 1) / (probability.sum(dim=(1, 2)) + truth.sum(dim=(1, 2)) + 1)
    present = (truth.sum(dim=(1, 2)) > 0).float()
    iou = _iou(logits.detach() > 0, truth > 0)
    return (
        functional.binary_cross_entropy_with_logits(logits, truth)
        + 0.5 * (dice * present).sum() / present.sum().clamp(min=1)
        + 0.1 * functional.mse_loss(quality, iou)
    )


def _iou(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of masks; two empty ones agree."""
    union = (first | second).sum(dim=(1, 2))
    return torch.where(union > 0, (first & second).sum(dim=(1, 2)) / union.clamp(min=1), torch.ones_like(union).float())


@torch.no_grad()
def _check(
    average: Average, frozen: Frozen, tokenizer: Tokenizer, held: Sequence[Sequence[Lesson]]
) -> dict[str, float]:
    """On forged calibration faces: mean IoU of each kind of prompt whose truth is not empty; AUC of all pixels."""
    network = PromptedMasks()
    network.load_state_dict(average.state)
    network.eval().to(average.device)
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    pixels: list[float] = []
    for lessons in held:
        rng = np.random.default_rng(11)
        for lesson, (_, (asked, logits)) in zip(
            lessons, _losses(network, frozen, tokenizer, lessons, rng), strict=True
        ):
            truth = torch.from_numpy(asked.truth).to(logits.device)
            ious = _iou(logits > 0, truth).tolist()
            kinds = ["everything", *["state"] * (len(truth) - 4), "box", "point", "region"]
            for kind, iou, present in zip(kinds, ious, truth.any(dim=2).any(dim=1).tolist(), strict=True):
                found[kind] += [iou] if present else []
            if lesson.sample.label and 0 < float(truth[0].float().mean()) < 1:
                pixels.append(float(roc_auc_score(truth[0].flatten().cpu(), logits[0].flatten().cpu())))
    means = {f"iou_{kind}": float(np.mean(values)) if values else 0.0 for kind, values in found.items()}
    return {"calib_iou": float(np.mean(list(means.values()))), **means, "pixel_auc": float(np.mean(pixels or [0.5]))}
