"""Fit the prompter: the heads that name forgery class and suspect regions before any text, over the frozen encoder.

While the encoder learns, its recipe decides how often each class is met. Refitting the heads on classes met equally
often makes them say the rare ones too (classifier re-training after Kang et al. 2020, arXiv 1910.09217). The regions
are what ForgeryTalker's prompter gives its language model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from sklearn.metrics import f1_score
from torch import Tensor, nn
from torch.nn import functional

from fakeface.networks.encoder import ForensicEncoder
from fakeface.training.checkpoints import Average, save_weights
from fakeface.training.device import Device
from fakeface.training.encoder import collate, pair_batches
from fakeface.training.forge.operators import OPERATORS
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.forge.recipe import GIVEN, RECIPE, Recipe, load_recipe
from fakeface.training.lineage import fingerprint
from fakeface.training.loop import Best, Learned, Loop, begin
from fakeface.training.manifest import FaceRow

__all__ = ["PrompterTraining", "evened", "train_prompter"]

REAL_WEIGHT = 0.5
"""Weight of real faces in the loss of the class: half of all windows are real, an eighth of each forged class."""


@dataclass(frozen=True, slots=True)
class PrompterTraining:
    """Settings of the stage.

    Args:
        pictures: windows to see, real and forged together.
        minutes: or minutes to train, whichever comes first; 0 for no limit.
        pairs_per_batch: pairs in a batch.
        learning_rate: peak of the schedule.
        workers: processes that forge.
        threads: of the network.
        seed: of the pairs.
        recipe: of the forgeries; its classes are evened out.
        calib_pairs: pairs that checkpoints are compared on.
        check_every: batches between two looks at the calibration faces.
        save_every: batches between two checkpoints.
        device: of the network.
    """

    pictures: int = 16_000
    minutes: float = 0.0
    pairs_per_batch: int = 32
    learning_rate: float = 1e-3
    workers: int = 1
    threads: int = 2
    seed: int = 6
    recipe: str = RECIPE
    calib_pairs: int = 192
    check_every: int = 50
    save_every: int = 50
    device: Device = "auto"


class _Heads(nn.Module):
    """Class and region head of an encoder."""

    def __init__(self, encoder: ForensicEncoder) -> None:
        super().__init__()
        self.class_head, self.region_head = encoder.class_head, encoder.region_head


def evened(recipe: Recipe) -> Recipe:
    """The recipe with the same share for every forged class; given fakes are left out, because the class is all that is
    known of them.
    """
    totals: dict[str, float] = {}
    for name, share in recipe.shares.items():
        if name != GIVEN:
            forgery = OPERATORS[name].forgery
            totals[forgery] = totals.get(forgery, 0.0) + share
    operators = {
        name: entry.model_copy(update={"share": entry.share / totals[OPERATORS[name].forgery] if entry.share else 0.0})
        for name, entry in recipe.operators.items()
    }
    return recipe.model_copy(update={"operators": operators, "given": 0.0, "version": f"{recipe.version}/evened"})


def train_prompter(
    rows: Sequence[FaceRow], root: Path, encoder: ForensicEncoder, out: Path, settings: PrompterTraining
) -> Iterator[dict[str, Any]]:
    """Fit both heads, resuming from ``out``; yields one report per look at the calibration faces.

    Writes ``encoder.safetensors`` (the whole encoder, with the heads of the best sum of macro-F1 of the class and F1 of
    the regions on calib), ``checkpoint.*`` and ``log.csv``.
    """
    device = begin(settings, settings.device)
    encoder.to(device).eval().requires_grad_(False)
    over, heads = fingerprint(encoder), _Heads(encoder).requires_grad_(True)
    optimizer = torch.optim.AdamW(heads.parameters(), settings.learning_rate, weight_decay=0.01)
    loop = Loop(
        out, heads, optimizer, settings, settings.pictures, settings.check_every, settings.minutes, 0.98, over=over
    )
    if loop.finished:
        return
    recipe = evened(load_recipe(settings.recipe))
    held = _pooled_calib(
        encoder, PairFactory([row for row in rows if row.split == "calib"], root, 3700, recipe), settings
    )
    factory = PairFactory([row for row in rows if row.split == "train"], root, settings.seed, recipe)

    def learn(batch: dict[str, Tensor]) -> Learned:
        loss = _loss(heads, _pooled(encoder, batch), batch)
        loop.descend(loss)
        return Learned(len(batch["label"]), {"loss": loss.detach()})

    batches = pair_batches(factory, count(loop.budget.seen // 2), settings.pairs_per_batch, settings.workers, device)
    weights = out / "encoder.safetensors"
    best = Best(
        ("class_macro_f1", "region_f1"), lambda: save_weights(weights, encoder.state_dict() | loop.average.state)
    )
    yield from loop.run(batches, learn, lambda: _check(loop.average, held), best)


@torch.inference_mode()
def _pooled(encoder: ForensicEncoder, batch: dict[str, Tensor]) -> Tensor:
    pooled: Tensor = encoder(batch["pixels"]).pooled
    return pooled


def _loss(heads: _Heads, pooled: Tensor, batch: dict[str, Tensor]) -> Tensor:
    read, known = functional.dropout(pooled.clone(), 0.2), batch["mask_known"]
    weights = torch.ones(heads.class_head.out_features, device=read.device)
    weights[0] = REAL_WEIGHT
    return functional.cross_entropy(
        heads.class_head(read), batch["forgery"], weights
    ) + functional.binary_cross_entropy_with_logits(heads.region_head(read[known]), batch["regions"][known])


def _pooled_calib(
    encoder: ForensicEncoder, factory: PairFactory, settings: PrompterTraining
) -> list[tuple[Tensor, dict[str, Tensor]]]:
    held = []
    for start in range(0, settings.calib_pairs, 16):
        batch = collate([factory.pair(index) for index in range(start, min(start + 16, settings.calib_pairs))])
        pixels = batch.pop("pixels").to(next(encoder.parameters()).device)
        held.append((_pooled(encoder, {"pixels": pixels}).cpu(), batch))
    return held


@torch.no_grad()
def _check(average: Average, held: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> dict[str, float]:
    """Macro-F1 of the five classes, and F1 of the regions at probability 0.5."""
    state = {name: value.cpu() for name, value in average.state.items()}

    def said(head: str, pooled: Tensor) -> Tensor:
        return functional.linear(pooled, state[f"{head}.weight"], state[f"{head}.bias"])

    called = torch.cat([said("class_head", pooled).argmax(dim=1) for pooled, _ in held])
    truth = torch.cat([batch["forgery"] for _, batch in held])
    named = torch.cat([said("region_head", pooled)[batch["mask_known"]] > 0 for pooled, batch in held])
    touched = torch.cat([batch["regions"][batch["mask_known"]] > 0 for _, batch in held])
    return {
        "class_macro_f1": float(f1_score(truth, called, average="macro")),
        "region_f1": float(f1_score(touched.flatten(), named.flatten(), zero_division=0)),
    }
