"""Load what earlier stages of training wrote, for the stages that build on it."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from fakeface.errors import WeightsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel, LanguageConfig
from fakeface.networks.loading import frozen

__all__ = ["earlier", "load_encoder", "load_language", "load_tensors", "load_tokenizer"]


def load_encoder(path: Path) -> ForensicEncoder:
    """A trained encoder, frozen.

    Raises:
        WeightsError: missing, or of another network.
    """
    return frozen(ForensicEncoder(), load_tensors(path), path.name)


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a language training.

    Raises:
        WeightsError: missing.
    """
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise WeightsError(f"no tokenizer in {folder}: train the language model first")
    return Tokenizer.from_file(str(path))


def load_language(folder: Path) -> tuple[CompactLanguageModel, Tokenizer]:
    """A trained language model, frozen, with its tokenizer.

    Raises:
        WeightsError: missing, or of another network.
    """
    tokenizer = load_tokenizer(folder)
    network = CompactLanguageModel(LanguageConfig(tokenizer.get_vocab_size()))
    path = folder / "language.safetensors"
    return frozen(network, load_tensors(path), path.name), tokenizer


def load_tensors(path: Path) -> dict[str, Tensor]:
    """What a safetensors file of a training holds.

    Raises:
        WeightsError: missing.
    """
    if not path.is_file():
        raise WeightsError(f"no {path.name} in {path.parent}: run that stage of training first")
    return load_file(path)


def earlier(folder: Path, name: str) -> Path:
    """Where an earlier training left a file: in the folder of its stage, or released in a folder of weights.

    Args:
        folder: of the stage, or of the weights.
        name: as the stage calls it (``language.safetensors``); a release puts the profile's name before it.

    Raises:
        WeightsError: there is none, or the weights of several profiles.
    """
    own = folder / name
    if own.is_file():
        return own
    released = sorted(folder.glob(f"*-{name}"))
    if len(released) != 1:
        raise WeightsError(f"{folder} holds {len(released) or 'no'} {name} to start from: name the folder of one")
    return released[0]
