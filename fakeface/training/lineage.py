"""Over which networks a stage was trained, so that what belongs to an older one is never taken for a newer one's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from torch import nn

from fakeface.errors import WeightsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.training.checkpoints import checkpoint_progress
from fakeface.training.networks import load_encoder, load_language
from fakeface.training.whole import write_whole

__all__ = ["OVER", "check_lineage", "check_over", "fingerprint", "latest_encoder", "note_over"]

OVER = "over"
"""Key of the fingerprint in the progress of a checkpoint, and in the note beside mined answers."""


def fingerprint(*networks: nn.Module) -> str:
    """SHA-256 in hex of the names and values of all weights and buffers, in the order of the networks."""
    digest = hashlib.sha256()
    for network in networks:
        for name, value in network.state_dict().items():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def check_over(folder: Path, known: str | None, now: str) -> None:
    """Refuse to go on with what was made over other networks.

    Args:
        folder: of the stage.
        known: fingerprint that its result was made over; ``None`` where nothing was made, or by a version that kept
            none.
        now: fingerprint of the networks that it is to build on.

    Raises:
        WeightsError: they differ.
    """
    if known is not None and known != now:
        raise WeightsError(
            f"{folder} holds what was made over other networks than those of today, for one was trained on since: "
            "move that folder away and run the stage again, or give another --out"
        )


def note_over(answers: Path, now: str) -> None:
    """Write down beside mined answers which networks gave them.

    Args:
        answers: the file, which may not be there yet.
        now: fingerprint of the networks that are asked.

    Raises:
        WeightsError: there are answers of others.
    """
    check_over(answers.parent, _noted(answers), now)
    write_whole(answers.with_suffix(".json"), json.dumps({OVER: now}) + "\n")


def latest_encoder(trained: Path) -> ForensicEncoder:
    """The trained encoder, frozen: with the prompter's heads where that stage was run.

    Args:
        trained: folder with ``encoder/`` and ``prompter/``, or with one of them.

    Raises:
        WeightsError: it is missing, or the encoder was trained on since the prompter was.
    """
    own, prompter = trained / "encoder" / "encoder.safetensors", trained / "prompter" / "encoder.safetensors"
    if not prompter.is_file():
        return load_encoder(own)
    if own.is_file():
        check_over(prompter.parent, _trained_over(prompter.parent), fingerprint(load_encoder(own)))
    return load_encoder(prompter)


def check_lineage(trained: Path) -> None:
    """Check that every stage of a training was made over those before it.

    Args:
        trained: folder with ``encoder/``, ``prompter/``, ``language/``, ``masks/`` and ``mids/``; a stage that is not
            there is not looked at.

    Raises:
        WeightsError: one was not.
    """
    encoder = latest_encoder(trained)
    check_over(trained / "language", _trained_over(trained / "language"), fingerprint(encoder))
    both = fingerprint(encoder, load_language(trained / "language")[0])
    check_over(trained / "masks", _trained_over(trained / "masks"), both)
    for split in ("train", "calib"):
        check_over(trained / "mids", _noted(trained / "mids" / f"mined-{split}.jsonl"), both)


def _trained_over(folder: Path) -> str | None:
    known: str | None = checkpoint_progress(folder).get(OVER)
    return known


def _noted(answers: Path) -> str | None:
    note = answers.with_suffix(".json")
    if not note.is_file() or not answers.is_file():
        return None
    known: str | None = json.loads(note.read_text(encoding="utf-8")).get(OVER)
    return known
