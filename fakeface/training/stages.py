"""The stages that build on each other, each over the folder of one training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakeface.errors import SettingsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.training.device import Device, choose_device
from fakeface.training.encoder import EncoderTraining, train_encoder
from fakeface.training.language import LanguageTraining, train_language
from fakeface.training.lineage import latest_encoder
from fakeface.training.manifest import FaceRow, read_faces
from fakeface.training.masks import MasksTraining, train_masks
from fakeface.training.mids import MidsTraining, train_mids
from fakeface.training.mine import mine, mining_factory, read_mined
from fakeface.training.networks import load_encoder, load_language
from fakeface.training.processes import alone
from fakeface.training.prompter import PrompterTraining, train_prompter

__all__ = [
    "Mining",
    "Place",
    "encoder_stage",
    "language_stage",
    "masks_stage",
    "mids_stage",
    "mining_stage",
    "prompter_stage",
]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a training lies.

    Args:
        faces: folder that ``prepare`` wrote.
        root: folder that the paths of its rows are relative to.
        out: folder of the training, with ``encoder/``, ``prompter/``, ``language/``, ``masks/`` and ``mids/``.
    """

    faces: Path
    root: Path
    out: Path

    def rows(self) -> list[FaceRow]:
        """The prepared faces."""
        return read_faces(self.faces / "faces.jsonl")

    def encoder(self) -> ForensicEncoder:
        """The trained encoder, frozen: with the prompter's heads where that stage was run.

        Raises:
            WeightsError: it is missing, or was trained on since the prompter was.
        """
        return latest_encoder(self.out)

    def mined(self, split: str) -> Path:
        """The mined answers of a split."""
        return self.out / "mids" / f"mined-{split}.jsonl"


@dataclass(frozen=True, slots=True)
class Mining:
    """How much is asked.

    Args:
        pairs: of training faces.
        calib_pairs: of calibration faces, which choose.
        device: of the networks.
    """

    pairs: int = 3000
    calib_pairs: int = 300
    device: Device = "auto"


def encoder_stage(place: Place, settings: EncoderTraining, start: Path | None = None) -> Iterator[dict[str, Any]]:
    """Train the encoder; ``start`` names weights to start from."""
    return train_encoder(place.rows(), place.root, place.out / "encoder", settings, start)


def prompter_stage(place: Place, settings: PrompterTraining) -> Iterator[dict[str, Any]]:
    """Refit class and region head over the trained encoder."""
    encoder = load_encoder(place.out / "encoder" / "encoder.safetensors")
    return train_prompter(place.rows(), place.root, encoder, place.out / "prompter", settings)


def language_stage(place: Place, settings: LanguageTraining, start: Path | None = None) -> Iterator[dict[str, Any]]:
    """Train the language model over the trained encoder; ``start`` names a folder to go on from."""
    return train_language(place.rows(), place.root, place.encoder(), place.out / "language", settings, start)


def masks_stage(place: Place, settings: MasksTraining, start: Path | None = None) -> Iterator[dict[str, Any]]:
    """Train the mask decoder over encoder and language model; ``start`` names a folder to go on from."""
    encoder = place.encoder()
    language, tokenizer = load_language(place.out / "language")
    return train_masks(place.rows(), place.root, encoder, language, tokenizer, place.out / "masks", settings, start)


def mining_stage(place: Place, settings: Mining) -> Iterator[dict[str, Any]]:
    """Let the language model answer about calibration faces, then about training faces that it does not know."""
    alone("mining")
    device = choose_device(settings.device)
    encoder = place.encoder().to(device)
    language, tokenizer = load_language(place.out / "language")
    for split, pairs in (("calib", settings.calib_pairs), ("train", settings.pairs)):
        factory = mining_factory(place.rows(), place.root, split)
        yield from mine(factory, encoder, language.to(device), tokenizer, place.mined(split), pairs)


def mids_stage(place: Place, settings: MidsTraining) -> Iterator[dict[str, Any]]:
    """Train MIDS on the mined answers.

    Raises:
        SettingsError: nothing is mined.
    """
    encoder, out = place.encoder(), place.out / "mids"
    language, tokenizer = load_language(place.out / "language")
    mined, held = (read_mined(place.mined(split)) for split in ("train", "calib"))
    if not mined or not held:
        raise SettingsError("no mined answers: run `fakeface train mine` first")
    return train_mids(place.rows(), place.root, encoder, language, tokenizer, mined, held, out, settings)
