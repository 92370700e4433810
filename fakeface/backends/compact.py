"""The compact profile: our own small networks behind the interfaces of the route, on a CPU or one GPU.

Loading is by constructor and strict state from safetensors; half precision on disk, single precision at work. One
encoder pass over a face serves its scores, its words, its masks and the choice among its answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from fakeface.answers import Answer, Hypothesis, prompt
from fakeface.concepts import REGION_NAMES
from fakeface.decision import Scores
from fakeface.errors import BackendError, WeightsError
from fakeface.faces import FaceCrop
from fakeface.findings import ModelCard
from fakeface.interfaces import Encoding
from fakeface.masks import Mask
from fakeface.networks.encoder import EncoderConfig, EncoderOutput, ForensicEncoder
from fakeface.networks.language import (
    ANSWER_LIMIT,
    CompactLanguageModel,
    LanguageConfig,
    decode_ids,
    prompt_ids,
    read_texts,
    signals,
    write_texts,
)
from fakeface.networks.loading import frozen
from fakeface.networks.mids import Mids, MidsConfig
from fakeface.profiles import Part, Profile
from fakeface.settings import MOST_THREADS, Settings

__all__ = ["MIN_MASK_SHARE", "CompactAnswerer", "CompactEncoder", "CompactScorer", "CompactSegmenter", "build"]

Network = TypeVar("Network", bound=nn.Module)

MIN_MASK_SHARE = 0.01
"""A mask that covers less than this share of the window is none: such specks come up on real faces."""


@dataclass(frozen=True, slots=True, eq=False)
class _Features:
    """One face's row of an encoder output, kept as batches of one."""

    output: EncoderOutput


def build(
    profile: Profile, settings: Settings
) -> tuple[CompactEncoder, CompactAnswerer, CompactScorer, CompactSegmenter]:
    """Load the profile's networks.

    Raises:
        WeightsError: a file is missing or does not fit its network.
        WeightsMismatch: a file's hash is not the profile's.
        BackendError: the device is not there.
    """
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise BackendError("no CUDA device is available; run with --device cpu")
    torch.set_num_threads(settings.threads or min(MOST_THREADS, len(os.sched_getaffinity(0))))
    sizes = json.loads(profile.part("config").content())
    tokenizer = Tokenizer.from_str(profile.part("tokenizer").content().decode("utf-8"))
    device = settings.device
    encoder = _loaded(ForensicEncoder(EncoderConfig(**_tuples(sizes["encoder"]))), profile.part("encoder"), device)
    language = _loaded(CompactLanguageModel(LanguageConfig(**sizes["language"])), profile.part("language"), device)
    mids = _loaded(Mids(MidsConfig(**_tuples(sizes["mids"]))), profile.part("mids"), device)
    cards = {role: _card(profile, role, device) for role in ("encoder", "language", "mids")}
    cuts = profile.thresholds
    return (
        CompactEncoder(encoder.to(memory_format=torch.channels_last), cards["encoder"], cuts.region),
        CompactAnswerer(language, tokenizer, cards["language"]),
        CompactScorer(mids, language, tokenizer, cards["mids"]),
        CompactSegmenter(cards["encoder"], cuts.mask),
    )


class CompactEncoder:
    """The ``VisionEncoder``: detection, class and region heads over one shared token grid.

    Args:
        network: the trained encoder.
        card: where it came from.
        region_cut: a region is suspect from this probability on.
    """

    def __init__(self, network: ForensicEncoder, card: ModelCard, region_cut: float) -> None:
        self.network, self.card, self.region_cut = network, card, region_cut

    @torch.inference_mode()
    def encode(self, crops: Sequence[FaceCrop]) -> tuple[Encoding, ...]:
        """One pass over all crops."""
        pixels = torch.from_numpy(np.stack([crop.pixels for crop in crops])).permute(0, 3, 1, 2)
        output: EncoderOutput = self.network(pixels.to(next(self.network.parameters()).device))
        scores = output.detection.sigmoid().cpu().tolist()
        classes = output.classes.softmax(dim=1).cpu().numpy()
        regions = output.regions.sigmoid().cpu().numpy()
        return tuple(
            Encoding(crop, scores[row], classes[row], self._suspects(regions[row]), _Features(_row(output, row)))
            for row, crop in enumerate(crops)
        )

    def _suspects(self, probabilities: NDArray[np.float32]) -> tuple[tuple[str, float], ...]:
        named = [(name, float(value)) for name, value in zip(REGION_NAMES, probabilities, strict=True)]
        return tuple(sorted((pair for pair in named if pair[1] >= self.region_cut), key=lambda pair: -pair[1]))


class CompactAnswerer:
    """The ``Answerer``: the small language model, all hypotheses about all faces in one batch.

    Args:
        network: the trained language model.
        tokenizer: its own.
        card: where it came from.
    """

    def __init__(self, network: CompactLanguageModel, tokenizer: Tokenizer, card: ModelCard) -> None:
        self.network, self.tokenizer, self.card = network, tokenizer, card

    def ask(self, encodings: Sequence[Encoding], hypotheses: Sequence[Hypothesis]) -> tuple[tuple[str, ...], ...]:
        """Greedy answers, picture by picture in the order of the hypotheses."""
        questions = [prompt(hypothesis) for hypothesis in hypotheses]
        return tuple(write_texts(self.network, self.tokenizer, _batch(encodings), questions))

    def stream(self, encoding: Encoding, hypothesis: Hypothesis) -> Iterator[str]:
        """The answer under one hypothesis in pieces; joined they are what ``ask`` gives."""
        seen = _batch([encoding])
        question = torch.tensor([prompt_ids(self.tokenizer, prompt(hypothesis))], device=seen.tokens.device)
        ids: list[int] = []
        shown = ""
        for step in self.network.write(seen.tokens, signals(seen), question, ANSWER_LIMIT):
            ids.append(int(step[0]))
            text = decode_ids(self.tokenizer, ids)
            if not text.endswith("\ufffd"):
                yield text[len(shown) :]
                shown = text
        yield decode_ids(self.tokenizer, ids)[len(shown) :]


class CompactScorer:
    """The ``Scorer``: MIDS on the encoder's two last layers and the language model's reading of the bare text.

    Args:
        network: trained MIDS.
        language: reads the texts back, without picture or question.
        tokenizer: the language model's.
        card: where MIDS came from.
    """

    def __init__(self, network: Mids, language: CompactLanguageModel, tokenizer: Tokenizer, card: ModelCard) -> None:
        self.network, self.language, self.tokenizer, self.card = network, language, tokenizer, card

    @torch.inference_mode()
    def score(self, encodings: Sequence[Encoding], answers: Sequence[Sequence[Answer]]) -> tuple[Scores, ...]:
        """One table per face; all answers of all faces in one batch."""
        counts = torch.tensor([len(row) for row in answers])
        texts = [self.tokenizer.encode(answer.scored_text).ids for row in answers for answer in row]
        hidden, lengths = read_texts(self.language, texts)
        seen = _batch(encodings)
        repeats = counts.to(seen.tokens.device)
        layers = (seen.tokens.repeat_interleave(repeats, dim=0), seen.coarse.repeat_interleave(repeats, dim=0))
        pooled = seen.pooled.repeat_interleave(repeats, dim=0)
        tables = self.network(layers, pooled, hidden, lengths).softmax(dim=1).cpu().split(counts.tolist())
        return tuple(Scores(table.numpy()) for table in tables)


class CompactSegmenter:
    """The ``Segmenter``: the encoder's dense mask head, brought back into the frame.

    Args:
        card: the encoder's, whose head it is.
        cut: a pixel belongs to the mask from this probability on.
    """

    def __init__(self, card: ModelCard, cut: float) -> None:
        self.card, self.cut = card, cut

    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        """(224, 224) float32 0..1, how likely each pixel of the window is altered, before any cut."""
        logits = _features(encoding).output.mask[:, None]
        side = encoding.crop.pixels.shape[0]
        grown = functional.interpolate(logits, size=(side, side), mode="bilinear").sigmoid()
        return np.asarray(grown[0, 0].cpu().numpy(), np.float32)

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        """One artifact mask in the frame's pixels, or none where less than a hundredth of the window passes the cut."""
        window = self.probabilities(encoding)
        visible, probabilities = encoding.crop.to_frame(window, height, width)
        inside = probabilities >= self.cut
        if (window >= self.cut).mean() < MIN_MASK_SHARE or not inside.any():
            return ()
        pixels = np.zeros((height, width), np.bool_)
        pixels[visible.top : visible.bottom, visible.left : visible.right] = inside
        return (Mask(pixels, "artifact", float(probabilities[inside].mean())),)


def _features(encoding: Encoding) -> _Features:
    if not isinstance(encoding.features, _Features):
        raise BackendError("these features come from another profile's encoder")
    return encoding.features


def _row(output: EncoderOutput, row: int) -> EncoderOutput:
    one = slice(row, row + 1)
    return EncoderOutput(
        output.tokens[one],
        output.coarse[one],
        output.detection[one],
        output.classes[one],
        output.regions[one],
        output.mask[one],
        output.pooled[one],
    )


def _batch(encodings: Sequence[Encoding]) -> EncoderOutput:
    """The faces' features as one batch again."""
    rows = [_features(encoding).output for encoding in encodings]

    def joined(parts: list[Tensor]) -> Tensor:
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    return EncoderOutput(
        joined([row.tokens for row in rows]),
        joined([row.coarse for row in rows]),
        joined([row.detection for row in rows]),
        joined([row.classes for row in rows]),
        joined([row.regions for row in rows]),
        joined([row.mask for row in rows]),
        joined([row.pooled for row in rows]),
    )


def _loaded(network: Network, part: Part, device: str) -> Network:
    return frozen(network, _tensors(part), part.path.name).to(device)


def _tensors(part: Part) -> dict[str, Tensor]:
    try:
        return load(part.content())
    except SafetensorError as error:
        raise WeightsError(f"{part.path.name} is no readable safetensors file") from error


def _card(profile: Profile, role: str, device: str) -> ModelCard:
    return ModelCard(f"{profile.name} {role} {profile.version}", profile.part(role).sha256, device, "float32")


def _tuples(sizes: dict[str, Any]) -> dict[str, Any]:
    """JSON lists back into tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in sizes.items()}
