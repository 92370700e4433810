"""Train MIDS on mined answers: hard ones, and a share of easy ones so that it meets at work what it met in training."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from fakeface.answers import Answer, Claim
from fakeface.decision import Scores, choose
from fakeface.errors import SettingsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel, read_texts
from fakeface.networks.mids import Mids
from fakeface.training.checkpoints import Average, checkpoint_progress, save_weights
from fakeface.training.device import Device
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.lineage import fingerprint
from fakeface.training.looking import encode_windows
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.manifest import FaceRow
from fakeface.training.mine import MinedFace, mining_factory
from fakeface.training.processes import alone

__all__ = ["MidsTraining", "Reads", "best_fakeness", "mined_fakeness", "read_of", "train_mids"]

IGNORED = -100

Reads = Literal["all", "description", "reasoning", "unmasked"]
"""What MIDS reads of an answer: description and reasoning, one of the two, or also result, probability and type."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MidsTraining:
    """Settings of the stage.

    Args:
        epochs: passes over the mined answers.
        faces_per_batch: faces in a batch, three answers each.
        learning_rate: peak of the schedule.
        easy_share: easy faces kept, as a share of the hard ones at least this many, or all if fewer.
        threads: of the networks.
        seed: of weights and order.
        save_every: batches between two checkpoints; there is one after every epoch as well.
        device: of the networks.
        reads: what is read of an answer. A profile's MIDS reads ``all``; the others are there to be compared.
    """

    epochs: int = 6
    faces_per_batch: int = 24
    learning_rate: float = 4e-4
    easy_share: float = 2.0
    threads: int = 2
    seed: int = 3
    save_every: int = 50
    device: Device = "auto"
    reads: Reads = "all"

    def __post_init__(self) -> None:
        if self.reads not in get_args(Reads):
            raise SettingsError(f"MIDS reads {', '.join(get_args(Reads))}, not {self.reads!r}")


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """Frozen features of mined faces: visual layers (fp16), text ids, and targets (``IGNORED`` if unreadable)."""

    last: Tensor
    coarse: Tensor
    pooled: Tensor
    texts: list[list[list[int]]]
    targets: Tensor
    labels: Tensor
    claims: list[tuple[Claim | None, ...]]


def best_fakeness(probabilities: Tensor, claims: Sequence[Claim | None]) -> float | None:
    """Fakeness of one face by FFAA's choice; ``None`` where no answer can be read."""
    chosen = choose(claims, Scores(probabilities.numpy()))
    return chosen.fakeness if chosen else None


def read_of(answer: Answer, reads: Reads) -> str:
    """The text of an answer that MIDS reads."""
    if reads == "unmasked":  # the verdict first: a text that is too long loses its end
        claim = answer.claim.value if answer.claim else "unreadable"
        forgery = answer.forgery.words if answer.forgery else "none"
        verdict = f"Analysis result: {claim}\nProbability: {answer.probability}\nForgery type: {forgery}"
        return f"{verdict}\n{answer.scored_text}"
    if reads == "description":
        answer = replace(answer, reasoning="")
    elif reads == "reasoning":
        answer = replace(answer, description="")
    return answer.scored_text if reads == "all" else answer.scored_text.strip()


def mined_fakeness(
    network: Mids,
    encoder: ForensicEncoder,
    language: CompactLanguageModel,
    tokenizer: Tokenizer,
    factory: PairFactory,
    faces: Sequence[MinedFace],
    reads: Reads = "all",
) -> NDArray[np.float64]:
    """Fakeness of mined faces by a trained MIDS, on the device of the encoder.

    Args:
        network: in evaluation mode.
        encoder: that it was trained over.
        language: that wrote the answers.
        tokenizer: of the language model.
        factory: that the faces were mined from.
        faces: with their answers.
        reads: as in the training.

    Returns:
        (n,) 0..1; 0.5 where no answer can be read.
    """
    return _fakeness(network, language, _features(factory, encoder, tokenizer, faces, reads))


def train_mids(
    rows: Sequence[FaceRow],
    root: Path,
    encoder: ForensicEncoder,
    language: CompactLanguageModel,
    tokenizer: Tokenizer,
    mined: Sequence[MinedFace],
    held: Sequence[MinedFace],
    out: Path,
    settings: MidsTraining,
) -> Iterator[dict[str, Any]]:
    """Train, resuming from ``out``; yields one report per epoch, measured on ``held`` (mined from calibration faces).

    Writes ``mids.safetensors`` (the average with the best calibration AUC of the fakeness), ``checkpoint.*`` and
    ``log.csv``. Where answers, networks or settings are others than those of the checkpoint, training starts anew.
    """
    alone("training MIDS")
    device = begin(settings, settings.device)
    encoder.to(device).eval().requires_grad_(False)
    language.to(device).eval().requires_grad_(False)
    rng = np.random.default_rng(settings.seed)
    kept = _with_share(mined, settings.easy_share, rng)
    network = Mids().to(device)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=0.05)
    made_of = _made_of((encoder, language), (*mined, *held), settings)
    resume, epoch = _goes_on(out, made_of), math.ceil(len(kept) / settings.faces_per_batch)
    loop = Loop(out, network, optimizer, settings, settings.epochs * len(kept), epoch, decay=0.99, resume=resume)
    if loop.finished:
        return
    fitted = _features(mining_factory(rows, root, "train"), encoder, tokenizer, kept, settings.reads)
    calib = _features(mining_factory(rows, root, "calib"), encoder, tokenizer, held, settings.reads)

    def learn(chosen: Sequence[int]) -> Learned:
        loss = _loss(network, language, fitted, chosen)
        loop.descend(loss, 1.0)
        loop.progress |= {"made_of": made_of, "steps": loop.steps + 1}
        return Learned(len(chosen), {"epoch": loop.steps // epoch + 1, "loss": loss.detach()})

    batches = islice(_batches(len(kept), settings, rng), loop.steps, None)
    best = Best(("calib_auc",), lambda: save_weights(out / "mids.safetensors", loop.average.state))
    yield from loop.run(batches, learn, lambda: _check(loop.average, language, calib), best)


def _made_of(networks: Sequence[nn.Module], faces: Sequence[MinedFace], settings: MidsTraining) -> str:
    """A hash of everything that the weights follow from; more epochs only go on."""
    digest = hashlib.sha256(fingerprint(*networks).encode())
    for face in faces:
        digest.update(face.model_dump_json().encode())
    for name in ("faces_per_batch", "learning_rate", "easy_share", "seed", "reads"):
        digest.update(str(getattr(settings, name)).encode())
    return digest.hexdigest()


def _goes_on(out: Path, made_of: str) -> bool:
    """Whether the checkpoint belongs to this training; the log of another one is removed, as its weights will be."""
    progress = checkpoint_progress(out)
    if progress and progress["made_of"] == made_of:
        return True
    if progress:
        logger.warning("answers, networks or settings have changed since the last training of MIDS: it starts anew")
    (out / "log.csv").unlink(missing_ok=True)
    return False


def _batches(faces: int, settings: MidsTraining, rng: np.random.Generator) -> Iterator[list[int]]:
    """Indices of every batch of every epoch, the same for the same generator wherever one enters."""
    for _ in range(settings.epochs):
        order = rng.permutation(faces)
        for at in range(0, faces, settings.faces_per_batch):
            yield order[at : at + settings.faces_per_batch].tolist()


def _loss(network: Mids, language: CompactLanguageModel, fitted: _Features, chosen: Sequence[int]) -> Tensor:
    """Of one batch of faces."""
    logits = _logits(network, language, fitted, chosen)
    targets = fitted.targets[list(chosen)].flatten().to(logits.device)
    loss = functional.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")
    return loss / (targets != IGNORED).sum().clamp(min=1)  # a batch without a readable answer teaches nothing


def _with_share(mined: Sequence[MinedFace], easy_share: float, rng: np.random.Generator) -> list[MinedFace]:
    hard = [face for face in mined if face.hard]
    easy = [face for face in mined if not face.hard]
    keep = min(len(easy), round(easy_share * len(hard))) if hard else len(easy)
    return hard + [easy[int(index)] for index in rng.permutation(len(easy))[:keep]]


def _target(label: int, answer: Answer) -> int:
    """Equation 3 of FFAA: twice the truth plus the claim."""
    return IGNORED if answer.claim is None else 2 * label + (answer.claim is Claim.FAKE)


def _features(
    factory: PairFactory, encoder: ForensicEncoder, tokenizer: Tokenizer, faces: Sequence[MinedFace], reads: Reads
) -> _Features:
    last, coarse, pooled = [], [], []
    for at in range(0, len(faces), 32):
        samples = [factory.pair(face.pair)[face.side] for face in faces[at : at + 32]]
        seen = encode_windows(encoder, samples)
        reduced = functional.adaptive_avg_pool2d(seen.coarse, (seen.tokens.shape[2], seen.tokens.shape[3]))
        last.append(seen.tokens.half().cpu().clone())
        pooled.append(seen.pooled.cpu().clone())
        coarse.append(reduced.half().cpu().clone())
    answers = [face.answers() for face in faces]
    return _Features(
        torch.cat(last),
        torch.cat(coarse),
        torch.cat(pooled),
        [[tokenizer.encode(read_of(answer, reads)).ids for answer in row] for row in answers],
        torch.tensor(
            [[_target(face.label, answer) for answer in row] for face, row in zip(faces, answers, strict=True)]
        ),
        torch.tensor([face.label for face in faces]),
        [tuple(answer.claim for answer in row) for row in answers],
    )


def _logits(network: Mids, language: CompactLanguageModel, features: _Features, chosen: Sequence[int]) -> Tensor:
    """(faces * 3, 4) logits for the chosen faces' answers, picture-major."""
    texts = [text for index in chosen for text in features.texts[index]]
    with torch.no_grad():
        hidden, lengths = read_texts(language, texts)
    layers = (
        features.last[list(chosen)].to(hidden.device).float().repeat_interleave(3, dim=0),
        features.coarse[list(chosen)].to(hidden.device).float().repeat_interleave(3, dim=0),
    )
    pooled = features.pooled[list(chosen)].to(hidden.device).repeat_interleave(3, dim=0)
    logits: Tensor = network(layers, pooled, hidden, lengths)
    return logits


@torch.no_grad()
def _fakeness(network: Mids, language: CompactLanguageModel, features: _Features) -> NDArray[np.float64]:
    scores: list[float] = []
    for at in range(0, len(features.labels), 32):
        chosen = range(at, min(at + 32, len(features.labels)))
        table = _logits(network, language, features, chosen).softmax(dim=1).view(len(chosen), 3, 4).cpu()
        found = [best_fakeness(row, features.claims[index]) for row, index in zip(table, chosen, strict=True)]
        scores += [0.5 if fakeness is None else fakeness for fakeness in found]
    return np.asarray(scores)


def _check(average: Average, language: CompactLanguageModel, calib: _Features) -> dict[str, float]:
    network = Mids()
    network.load_state_dict(average.state)
    scores = _fakeness(network.eval().to(average.device), language, calib)
    labels = calib.labels.numpy()
    right = (scores >= 0.5) == (labels > 0)
    return {"calib_auc": float(roc_auc_score(labels, scores)), "calib_acc": float(right.mean())}
