"""The compact profile: our own small networks behind the interfaces of the route, on a CPU or one GPU.

Loading is by constructor and strict state from safetensors; half precision on disk, single precision at work. One
encoder pass over a face serves its scores, its words, its masks and the choice among its answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from fakeface.answers import Answer, Exchange, Hypothesis, prompt
from fakeface.backends.heatmaps import answer_heatmaps
from fakeface.claims.readings import RegionReadings, read_regions
from fakeface.claims.windows import window_share
from fakeface.concepts import REGION_NAMES
from fakeface.decision import Pairing, Scores, Thresholds
from fakeface.errors import BackendError, WeightsError
from fakeface.faces import CROP_SIZE, FaceCrop
from fakeface.findings import ModelCard
from fakeface.interfaces import Choices, Encoding, any_words
from fakeface.masks import Mask, MaskPrompt
from fakeface.networks.encoder import EncoderConfig, EncoderOutput, ForensicEncoder
from fakeface.networks.language import (
    ANSWER_LIMIT,
    CONTEXT,
    PICTURE_SLOTS,
    PROMPT_SLOTS,
    REPLY_LIMIT,
    CompactLanguageModel,
    LanguageConfig,
    Wordings,
    decode_ids,
    exchange_ids,
    ground_ids,
    prompt_ids,
    read_texts,
    write_texts,
)
from fakeface.networks.loading import frozen
from fakeface.networks.masks import MASK_SIDE, MasksConfig, PromptBatch, PromptedMasks
from fakeface.networks.mids import Mids, MidsConfig
from fakeface.networks.sight import Sight, sight_of
from fakeface.profiles import Part, Profile
from fakeface.settings import MOST_THREADS, Settings

__all__ = ["MIN_MASK_SHARE", "CompactAnswerer", "CompactEncoder", "CompactScorer", "CompactSegmenter", "build"]

Network = TypeVar("Network", bound=nn.Module)

FIVE_FIELDS = tuple(prompt(hypothesis) for hypothesis in Hypothesis)
"""Questions that get the five-field answer."""

MIN_MASK_SHARE = 0.01
"""A mask that covers less than this share of the window is none: such specks come up on real faces."""


@dataclass(frozen=True, eq=False)
class _Features:
    """One face's row of an encoder output, kept as a batch of one."""

    output: EncoderOutput
    crop: FaceCrop

    @cached_property
    def readings(self) -> RegionReadings:
        """What is measured on the regions; only texts need it."""
        return read_regions(self.crop.pixels, self.crop.to_window(self.crop.face.landmarks))


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
    threadpool_limits(1, "blas")  # numpy's threads spin when they are done, and hold up those of the networks
    sizes = json.loads(profile.part("config").content())
    tokenizer = Tokenizer.from_str(profile.part("tokenizer").content().decode("utf-8"))
    device = settings.device
    encoder = _loaded(ForensicEncoder(EncoderConfig(**_tuples(sizes["encoder"]))), profile.part("encoder"), device)
    language = _loaded(CompactLanguageModel(LanguageConfig(**sizes["language"])), profile.part("language"), device)
    mids = _loaded(Mids(MidsConfig(**_tuples(sizes["mids"]))), profile.part("mids"), device)
    masks = _loaded(PromptedMasks(MasksConfig(**sizes["masks"])), profile.part("masks"), device)
    cards = {role: _card(profile, role, device) for role in ("encoder", "language", "mids", "masks")}
    cuts = profile.thresholds
    return (
        CompactEncoder(encoder.to(memory_format=torch.channels_last), cards["encoder"], cuts.region),
        CompactAnswerer(language, tokenizer, cards["language"]),
        CompactScorer(mids, language, tokenizer, cards["mids"]),
        CompactSegmenter(cards["masks"], cuts, masks),
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
            Encoding(crop, scores[row], classes[row], self._suspects(regions[row]), _Features(output.row(row), crop))
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
        return tuple(write_texts(self.network, self.tokenizer, _sight(encodings), questions))

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        """The answer in pieces; joined they are the whole text."""
        sight = _sight([encoding])
        limit = ANSWER_LIMIT if question in FIVE_FIELDS else REPLY_LIMIT
        ids = [*self._recalled(history, limit), *prompt_ids(self.tokenizer, question)]
        asked = torch.tensor([ids], device=sight.tokens.device)
        guide, shown = Wordings(self.tokenizer, choices), ""
        for step in self.network.write(sight, asked, limit, guide):
            guide.written.append(int(step[0]))
            text = decode_ids(self.tokenizer, guide.written)
            if not text.endswith("\ufffd") and len(text) > len(shown):
                yield text[len(shown) :]
                shown = text
        yield decode_ids(self.tokenizer, guide.written)[len(shown) :]

    def ground(self, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange] = ()) -> tuple[object, ...]:
        """One state (width,) for every ``[SEG]`` of the answer."""
        question, answer = exchange_ids(self.tokenizer, exchange.question, exchange.answer)
        before = self._recalled(history, len(answer))
        ids = [*before, *question, *answer][: CONTEXT - PICTURE_SLOTS]
        return tuple(ground_ids(self.network, _sight([encoding]), ids, len(before) + len(question)))

    def _recalled(self, history: Sequence[Exchange], room: int) -> list[int]:
        """What was said before, as far back as there is room beside picture, question and answer."""
        free = CONTEXT - PICTURE_SLOTS - PROMPT_SLOTS - room
        kept: list[int] = []
        for one in reversed(history):
            question, answer = exchange_ids(self.tokenizer, one.question, one.answer)
            if len(kept) + len(question) + len(answer) > free:
                break
            kept = [*question, *answer, *kept]
        return kept


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

    def heatmaps(self, encoding: Encoding, answer: Answer, pairing: Pairing) -> tuple[NDArray[np.float32], ...]:
        """Grad-CAM of both visual layers for one pairing of an answer."""
        seen = _batch([encoding])
        return answer_heatmaps(self.network, self.language, self.tokenizer, seen, answer, pairing)


class CompactSegmenter:
    """The ``Segmenter``: the mask decoder over the encoder's features, brought back into the frame.

    Args:
        card: of the decoder; of the encoder, whose dense head then shows where, in a profile without one.
        cuts: the profile's; ``mask`` for pixels, ``presence`` for faces that show an artifact mask at all.
        network: the mask decoder.
    """

    def __init__(self, card: ModelCard, cuts: Thresholds, network: PromptedMasks) -> None:
        self.card, self.cuts, self.network = card, cuts, network

    @torch.inference_mode()
    def probabilities(self, encoding: Encoding) -> NDArray[np.float32]:
        """(224, 224) float32 0..1, how likely each pixel of the window is altered, before any cut."""
        seen = _features(encoding).output
        logits = self.network(seen, PromptBatch(everything=True))[0]
        heat: NDArray[np.float32] = _grown(logits)[0]
        return heat

    def segment(self, encoding: Encoding, height: int, width: int) -> tuple[Mask, ...]:
        """One artifact mask, or none: for a face below the presence cut, or less than a hundredth of the window."""
        if encoding.independent_score < self.cuts.presence:
            return ()
        window = self.probabilities(encoding)
        mask = _framed(encoding.crop, window, self.cuts.mask, "artifact", height, width)
        return (mask,) if (window >= self.cuts.mask).mean() >= MIN_MASK_SHARE and mask.pixels.any() else ()

    @torch.inference_mode()
    def locate(self, encoding: Encoding, prompts: Sequence[MaskPrompt], height: int, width: int) -> tuple[Mask, ...]:
        """One mask per prompt; what a box or region asks about ends at its border."""
        if not prompts:
            return ()
        order, asked = _asked(encoding.crop, prompts, _features(encoding).output.tokens.device)
        windows = _grown(self.network(_features(encoding).output, asked)[0])
        masks: dict[int, Mask] = {}
        for place, window in zip(order, windows, strict=True):
            one = prompts[place]
            mask = _framed(encoding.crop, window, self.cuts.mask, one.label, height, width)
            masks[place] = _ended(mask, one)
        return tuple(masks[place] for place in range(len(prompts)))


def _grown(logits: Tensor) -> NDArray[np.float32]:
    """(P, 224, 224) float32 probabilities from (P, h, w) logits."""
    grown = functional.interpolate(logits[:, None], size=(CROP_SIZE, CROP_SIZE), mode="bilinear").sigmoid()
    return np.asarray(grown[:, 0].cpu().numpy(), np.float32)


def _framed(crop: FaceCrop, window: NDArray[np.float32], cut: float, label: str, height: int, width: int) -> Mask:
    """A map of the window as a mask of the frame."""
    visible, probabilities = crop.to_frame(window, height, width)
    inside = probabilities >= cut
    pixels = np.zeros((height, width), np.bool_)
    pixels[visible.top : visible.bottom, visible.left : visible.right] = inside
    return Mask(pixels, label, float(probabilities[inside].mean()) if inside.any() else 0.0)


def _ended(mask: Mask, asked: MaskPrompt) -> Mask:
    """The mask inside the box or region that was asked about."""
    if asked.box is None and asked.region is None:
        return mask
    kept = np.zeros_like(mask.pixels)
    if asked.box is not None:
        rows, columns = slice(asked.box.top, asked.box.bottom), slice(asked.box.left, asked.box.right)
        kept[rows, columns] = mask.pixels[rows, columns]
    if asked.region is not None:
        kept = mask.pixels & asked.region
    return Mask(kept, mask.label, mask.score if kept.any() else 0.0)


def _asked(crop: FaceCrop, prompts: Sequence[MaskPrompt], device: torch.device) -> tuple[list[int], PromptBatch]:
    """The prompts in the window's pixels, and the place in ``prompts`` of every mask that comes out."""
    states = [place for place, one in enumerate(prompts) if one.state is not None]
    boxes = [place for place, one in enumerate(prompts) if one.box is not None]
    points = [place for place, one in enumerate(prompts) if one.point is not None]
    regions = [place for place, one in enumerate(prompts) if one.region is not None]
    corners = [[prompts[at].box.xyxy[:2], prompts[at].box.xyxy[2:]] for at in boxes]  # type: ignore[union-attr]
    spots = [prompts[at].point for at in points]

    def tensor(values: NDArray[np.float32]) -> Tensor | None:
        return torch.from_numpy(values).to(device) if len(values) else None

    return [*states, *boxes, *points, *regions], PromptBatch(
        torch.stack([_state(prompts[at]) for at in states]) if states else None,
        tensor(crop.to_window(np.asarray(corners, np.float32).reshape(-1, 2)).reshape(-1, 4)),
        tensor(crop.to_window(np.asarray(spots, np.float32).reshape(-1, 2) + np.float32(0.5))),
        torch.stack([_window_region(crop, prompts[at]) for at in regions]).to(device) if regions else None,
    )


def _state(asked: MaskPrompt) -> Tensor:
    if not isinstance(asked.state, Tensor):
        raise BackendError("this state comes from another profile's language model")
    return asked.state


def _window_region(crop: FaceCrop, asked: MaskPrompt) -> Tensor:
    """A region of the frame on the mask decoder's grid: (112, 112) bool."""
    shown = torch.from_numpy(window_share(np.asarray(asked.region, np.bool_), crop) >= 0.5)
    return functional.adaptive_avg_pool2d(shown[None].float(), (MASK_SIDE, MASK_SIDE))[0] >= 0.5


def _features(encoding: Encoding) -> _Features:
    if not isinstance(encoding.features, _Features):
        raise BackendError("these features come from another profile's encoder")
    return encoding.features


def _batch(encodings: Sequence[Encoding]) -> EncoderOutput:
    """The faces' features as one batch again."""
    return EncoderOutput.joined([_features(encoding).output for encoding in encodings])


def _sight(encodings: Sequence[Encoding]) -> Sight:
    """What the language model sees of the faces."""
    return sight_of(_batch(encodings), [_features(encoding).readings for encoding in encodings])


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
