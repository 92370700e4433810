"""A complete compact profile of tiny, freshly initialised networks, written by the project's own functions."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer

from fakeface.decision import Thresholds
from fakeface.networks.encoder import EncoderConfig, ForensicEncoder
from fakeface.networks.language import CompactLanguageModel, LanguageConfig
from fakeface.networks.masks import MasksConfig, PromptedMasks
from fakeface.networks.mids import Mids, MidsConfig
from fakeface.training.checkpoints import save_weights
from fakeface.training.release import FILES, _write_profile

ENCODER = EncoderConfig(widths=(4, 8, 12, 16), depths=(1, 1, 1, 1), neck=8)
MASKS = MasksConfig(width=16, heads=2, depth=1, inner=32, features=16 + 12 + 8, text_width=32)
MIDS = MidsConfig(width=24, heads=4, layer_widths=(16, 12), pooled_width=ENCODER.pooled_width, text_width=32, rounds=2)
THRESHOLDS = Thresholds(fakeness=0.5, independent=0.5, margin=0.01, mask=0.4, region=0.4)


def language_config(tokenizer: Tokenizer) -> LanguageConfig:
    """Sizes that fit ``ENCODER``."""
    return LanguageConfig(
        tokenizer.get_vocab_size(), width=32, layers=2, heads=4, key_value_heads=2, inner=64, vision_width=18
    )


def make_encoder(seed: int = 0) -> ForensicEncoder:
    """An encoder with random weights, in evaluation mode."""
    torch.manual_seed(seed)
    return ForensicEncoder(ENCODER).eval()


def make_language(tokenizer: Tokenizer, seed: int = 0) -> CompactLanguageModel:
    """A language model whose weights are large enough that different pictures and questions get different texts."""
    torch.manual_seed(seed)
    network = CompactLanguageModel(language_config(tokenizer)).eval()
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if weights.ndim > 1:
                weights.normal_(0, 0.6 if "embed" in name else 0.35)
    return network


def make_masks(seed: int = 0) -> PromptedMasks:
    """A mask decoder with random weights, in evaluation mode."""
    torch.manual_seed(seed)
    return PromptedMasks(MASKS).eval()


def make_mids(seed: int = 0) -> Mids:
    """MIDS with random weights, in evaluation mode."""
    torch.manual_seed(seed)
    return Mids(MIDS).eval()


def write_profile(folder: Path, tokenizer: Tokenizer, thresholds: Thresholds = THRESHOLDS) -> Path:
    """Write the profile into a weights folder."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {
        "encoder": ENCODER.as_dict(),
        "language": language_config(tokenizer).as_dict(),
        "masks": MASKS.as_dict(),
        "mids": MIDS.as_dict(),
    }
    (folder / FILES["config"]).write_text(json.dumps(sizes), encoding="utf-8")
    tokenizer.save(str(folder / FILES["tokenizer"]))
    save_weights(folder / FILES["encoder"], make_encoder().state_dict())
    language = make_language(tokenizer).state_dict()
    save_weights(folder / FILES["language"], {k: v for k, v in language.items() if k != "decoder.lm_head.weight"})
    save_weights(folder / FILES["masks"], make_masks().state_dict())
    save_weights(folder / FILES["mids"], make_mids().state_dict())
    _write_profile(folder, "0-tiny", "nothing: freshly initialised", "2026-01-01", thresholds)
    return folder
