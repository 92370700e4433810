"""Train MIDS on mined answers: hard ones, and a share of easy ones so that it meets at work what it met in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from fakeface.answers import Answer, Claim
from fakeface.decision import Scores
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel, read_texts
from fakeface.networks.mids import Mids
from fakeface.training.checkpoints import Average, save_weights
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.language import encode_windows
from fakeface.training.manifest import FaceRow
from fakeface.training.mine import MinedFace, mining_factory
from fakeface.training.progress import Budget, Log, Schedule

__all__ = ["MidsTraining", "best_fakeness", "train_mids"]

IGNORED = -100


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
    """

    epochs: int = 6
    faces_per_batch: int = 24
    learning_rate: float = 4e-4
    easy_share: float = 2.0
    threads: int = 2
    seed: int = 3


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
    scores = Scores(probabilities.numpy())
    readable = [(scores.match(row, claim), claim) for row, claim in enumerate(claims) if claim is not None]
    if not readable:
        return None
    best, claim = max(readable, key=lambda item: item[0])
    return best if claim is Claim.FAKE else 1 - best


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
    """Train; yields one report per epoch, measured on ``held`` (mined from calibration faces).

    Writes ``mids.safetensors`` (the average with the best calibration AUC of the fakeness) and ``log.csv``.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    encoder.eval().requires_grad_(False)
    language.eval().requires_grad_(False)
    rng = np.random.default_rng(settings.seed)
    kept = _with_share(mined, settings.easy_share, rng)
    fitted = _features(mining_factory(rows, root, "train"), encoder, tokenizer, kept)
    calib = _features(mining_factory(rows, root, "calib"), encoder, tokenizer, held)
    network = Mids()
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=0.05)
    average, best = Average(network, 0.99), 0.0
    budget, schedule = Budget(settings.epochs * len(fitted.labels)), Schedule(settings.learning_rate)
    log = Log(out / "log.csv")
    for epoch in range(settings.epochs):
        order = rng.permutation(len(fitted.labels))
        network.train()
        for at in range(0, len(order), settings.faces_per_batch):
            chosen = order[at : at + settings.faces_per_batch].tolist()
            for group in optimizer.param_groups:
                group["lr"] = schedule.rate(budget.share)
            logits = _logits(network, language, fitted, chosen)
            targets = fitted.targets[chosen].flatten()
            loss = functional.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")
            loss = loss / (targets != IGNORED).sum().clamp(min=1)  # a batch without a readable answer teaches nothing
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            average.update(network)
            budget.seen += len(chosen)
        report = _check(average, language, calib)
        if report["calib_auc"] >= best:
            best = report["calib_auc"]
            save_weights(out / "mids.safetensors", average.state)
        row = {"epoch": epoch + 1, "faces": len(order), "loss": float(loss.detach()), **report}
        log.write(row)
        yield row


def _with_share(mined: Sequence[MinedFace], easy_share: float, rng: np.random.Generator) -> list[MinedFace]:
    hard = [face for face in mined if face.hard]
    easy = [face for face in mined if not face.hard]
    keep = min(len(easy), round(easy_share * len(hard))) if hard else len(easy)
    return hard + [easy[int(index)] for index in rng.permutation(len(easy))[:keep]]


def _target(label: int, answer: Answer) -> int:
    """Equation 3 of FFAA: twice the truth plus the claim."""
    return IGNORED if answer.claim is None else 2 * label + (answer.claim is Claim.FAKE)


def _features(
    factory: PairFactory, encoder: ForensicEncoder, tokenizer: Tokenizer, faces: Sequence[MinedFace]
) -> _Features:
    last, coarse, pooled = [], [], []
    for at in range(0, len(faces), 32):
        samples = [factory.pair(face.pair)[face.side] for face in faces[at : at + 32]]
        seen = encode_windows(encoder, samples)
        last.append(seen.tokens.half().clone())
        pooled.append(seen.pooled.clone())
        coarse.append(
            functional.adaptive_avg_pool2d(seen.coarse, (seen.tokens.shape[2], seen.tokens.shape[3])).half().clone()
        )
    answers = [face.answers() for face in faces]
    return _Features(
        torch.cat(last),
        torch.cat(coarse),
        torch.cat(pooled),
        [[tokenizer.encode(answer.scored_text).ids for answer in row] for row in answers],
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
        features.last[list(chosen)].float().repeat_interleave(3, dim=0),
        features.coarse[list(chosen)].float().repeat_interleave(3, dim=0),
    )
    pooled = features.pooled[list(chosen)].repeat_interleave(3, dim=0)
    logits: Tensor = network(layers, pooled, hidden, lengths)
    return logits


@torch.no_grad()
def _check(average: Average, language: CompactLanguageModel, calib: _Features) -> dict[str, float]:
    network = Mids()
    network.load_state_dict(average.state)
    network.eval()
    scores: list[float] = []
    for at in range(0, len(calib.labels), 32):
        chosen = range(at, min(at + 32, len(calib.labels)))
        table = _logits(network, language, calib, chosen).softmax(dim=1).view(len(chosen), 3, 4)
        found = [best_fakeness(row, calib.claims[index]) for row, index in zip(table, chosen, strict=True)]
        scores += [0.5 if fakeness is None else fakeness for fakeness in found]
    labels = calib.labels.numpy()
    right = (np.asarray(scores) >= 0.5) == (labels > 0)
    return {"calib_auc": float(roc_auc_score(labels, scores)), "calib_acc": float(right.mean())}
