"""Train the studio's own generators on real faces: to look like the picture, and sharp enough for a critic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from fakeface.errors import SettingsError
from fakeface.training.checkpoints import Average, save_weights
from fakeface.training.forge.autoencoder import VARIANTS, Generators
from fakeface.training.loop import Learned, Loop, begin
from fakeface.training.manifest import FaceRow
from fakeface.training.processes import alone
from fakeface.training.reading import read_pixels

__all__ = ["GeneratorTraining", "train_generator"]

GREATEST_ERROR = 255.0**2
"""Square of black where white should be, what the PSNR relates to."""

TONE = 4.0
"""Weight of the difference that remains at an eighth of the size."""

HUE = 12.0
"""Weight of the part of it that changes hue; without it a latent keeps light and one colour axis only."""


@dataclass(frozen=True, slots=True)
class GeneratorTraining:
    """Settings of the stage.

    Args:
        pictures: crops to see, all variants together.
        minutes: or minutes to train, whichever comes first; 0 for no limit.
        batch: crops in a batch; every batch trains one variant, in turn.
        side_pixels: of a crop, at the picture's own resolution; a multiple of 8.
        learning_rate: peak of the schedule.
        latent_noise: largest deviation of the noise that is laid on latents, whose own is 1.
        critic_from: share of the budget after which the critic has a say.
        critic_weight: of its loss.
        threads: of the networks.
        seed: of weights, crops and noise.
        calib_pictures: pictures that the figures are measured on.
        check_every: batches between two looks at them.
        save_every: batches between two checkpoints.
    """

    pictures: int = 100_000
    minutes: float = 0.0
    batch: int = 4
    side_pixels: int = 128
    learning_rate: float = 2e-3
    latent_noise: float = 0.15
    critic_from: float = 0.35
    critic_weight: float = 0.05
    threads: int = 2
    seed: int = 1
    calib_pictures: int = 64
    check_every: int = 1200
    save_every: int = 300


class Critic(nn.Module):
    """Judges patches of 34 pixels by colour and by what a small blur takes away."""

    blur: Tensor

    def __init__(self) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("blur", (taps[:, None] * taps).expand(3, 1, 3, 3).contiguous(), persistent=False)
        widths = (6, 24, 48, 64)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.spectral_norm(nn.Conv2d(width, wider, 4, stride=2, padding=1))
            for width, wider in pairwise(widths)
        )
        self.judge = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 1, H / 8, W / 8): high for what looks real."""
        fine = pixels - functional.conv2d(pixels, self.blur.to(pixels.dtype), padding=1, groups=3)
        values = torch.cat([pixels, fine * 4], dim=1)
        for layer in self.layers:
            values = functional.leaky_relu(layer(values), 0.2)
        return self.judge(values)  # type: ignore[no-any-return]


class _Pair(nn.Module):
    """Generators and their critic, so that one checkpoint holds both."""

    def __init__(self) -> None:
        super().__init__()
        self.generators = Generators()
        self.critic = Critic()


def train_generator(
    rows: Sequence[FaceRow], root: Path, out: Path, settings: GeneratorTraining
) -> Iterator[dict[str, Any]]:
    """Train, resuming from ``out`` where a checkpoint lies; yields one report per look at the calibration faces.

    Writes ``checkpoint.*``, ``log.csv`` and, with every report, ``generators.safetensors`` (the moving average in half
    precision), ``generators.json`` (its figures) and ``preview.png`` (real pictures above what each variant makes).

    Args:
        rows: prepared faces; real ones of split train fit, real ones of split calib are measured on.
        root: folder that their paths are relative to.
        out: folder of this training.
        settings: of the stage.

    Raises:
        SettingsError: a split has no real face, or a picture cannot be read.
    """
    fitted, held = (_reals(rows, split) for split in ("train", "calib"))
    alone("training the generators")
    begin(settings)
    network = _Pair().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), settings.learning_rate, betas=(0.8, 0.99), weight_decay=1e-4)
    loop = Loop(out, network, optimizer, settings, settings.pictures, settings.check_every, settings.minutes)
    if loop.finished:
        return
    calib = _calib(held, root, settings)

    def learn(step: int) -> Learned:
        crops = _crops(fitted, root, step, settings)
        return Learned(settings.batch, _step(network, optimizer, crops, step, loop.budget.share, settings))

    steps = count(loop.budget.seen // settings.batch)
    for row in loop.run(steps, learn, lambda: _check(loop.average, calib, out)):
        _describe(out, row, settings)
        yield row


def _reals(rows: Sequence[FaceRow], split: str) -> list[FaceRow]:
    reals = [row for row in rows if row.split == split and row.label == "real"]
    if not reals:
        raise SettingsError(f"the manifest has no real face of split {split}")
    return reals


def _step(
    network: _Pair,
    optimizer: torch.optim.Optimizer,
    pixels: Tensor,
    step: int,
    share: float,
    settings: GeneratorTraining,
) -> dict[str, float]:
    """One batch for one variant and, once its time has come, for the critic; returns the losses."""
    variant = list(VARIANTS)[step % len(VARIANTS)]
    judged = share >= settings.critic_from
    draw = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
    noise = torch.randn(len(pixels), 1, *pixels.shape[2:], generator=draw)
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16):
        latent = network.generators.encode(pixels, variant)
        spread = settings.latent_noise * torch.rand(len(pixels), 1, 1, 1, generator=draw)
        made = network.generators.decode(latent + spread * torch.randn(latent.shape, generator=draw), variant, noise)
    parts = {"likeness": likeness(made.float(), pixels)}
    if judged:
        network.critic.requires_grad_(False)
        with torch.autocast("cpu", torch.bfloat16):
            parts["persuasion"] = -settings.critic_weight * network.critic(made).float().mean()
        network.critic.requires_grad_(True)
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    if judged:
        with torch.autocast("cpu", torch.bfloat16):
            real, forged = network.critic(pixels).float(), network.critic(made.detach()).float()
        parts["critic"] = functional.relu(1 - real).mean() + functional.relu(1 + forged).mean()
        parts["critic"].backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimizer.step()
    losses = {name: float(value.detach()) for name, value in parts.items()}
    return {f"loss_{name}": losses.get(name, 0.0) for name in ("likeness", "persuasion", "critic")}


def likeness(made: Tensor, real: Tensor) -> Tensor:
    """Mean absolute difference of the pictures and of their differences between neighbours, at three sizes.

    Tone and hue count several times: a colour cast would be the first thing that a detector learns.
    """
    total = functional.l1_loss(made, real)
    for _ in range(3):
        total = total + functional.l1_loss(made.diff(dim=2), real.diff(dim=2))
        total = total + functional.l1_loss(made.diff(dim=3), real.diff(dim=3))
        made, real = functional.avg_pool2d(made, 2), functional.avg_pool2d(real, 2)
    apart = made - real
    hue = apart - apart.mean(dim=1, keepdim=True)
    return total + TONE * apart.abs().mean() + HUE * hue.abs().mean()


def _crops(rows: Sequence[FaceRow], root: Path, step: int, settings: GeneratorTraining) -> Tensor:
    """Batch number ``step``: (B, 3, side, side) float32 -1..1, the same whoever asks."""
    rng = np.random.default_rng((settings.seed, step))
    crops = []
    for index in rng.integers(len(rows), size=settings.batch):
        picture = _picture(rows[int(index)], root, settings.side_pixels)
        top, left = (int(rng.integers(length - settings.side_pixels + 1)) for length in picture.shape[:2])
        crop = picture[top : top + settings.side_pixels, left : left + settings.side_pixels]
        crops.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
    return _tensor(crops)


def _picture(row: FaceRow, root: Path, least: int) -> NDArray[np.uint8]:
    """The picture of a row, mirrored at its borders where it is smaller than ``least`` pixels."""
    pixels = read_pixels(root / row.path)
    if pixels is None:
        raise SettingsError(f"cannot read {row.path}")
    down, right = (max(least - length, 0) for length in pixels.shape[:2])
    return np.asarray(cv2.copyMakeBorder(pixels, 0, down, 0, right, cv2.BORDER_REFLECT_101), np.uint8)


def _tensor(crops: Sequence[NDArray[np.uint8]]) -> Tensor:
    values = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return values.contiguous(memory_format=torch.channels_last)


def _calib(rows: Sequence[FaceRow], root: Path, settings: GeneratorTraining) -> Tensor:
    """The middle of some calibration pictures, drawn once."""
    rng = np.random.default_rng(settings.seed)
    drawn = rng.choice(len(rows), min(settings.calib_pictures, len(rows)), replace=False)
    side, crops = settings.side_pixels, []
    for index in drawn:
        picture = _picture(rows[int(index)], root, side)
        top, left = ((length - side) // 2 for length in picture.shape[:2])
        crops.append(picture[top : top + side, left : left + side])
    return _tensor(crops)


@torch.no_grad()
def _check(average: Average, calib: Tensor, out: Path) -> dict[str, float]:
    """Figures of every variant on the calibration crops, in grey levels and decibels; writes weights and preview."""
    state = {name.removeprefix("generators."): value for name, value in average.state.items() if "critic" not in name}
    save_weights(out / "generators.safetensors", state)
    network = Generators()
    network.load_state_dict(state)
    network.eval()
    noise = torch.randn(len(calib), 1, *calib.shape[2:], generator=torch.Generator().manual_seed(0))
    real = _levels(calib)
    report, shown = {}, [real[:8]]
    for variant in VARIANTS:
        made = _copies(network, variant, calib, noise)
        error = (made - real).double()
        report[f"l1_{variant}"] = float(error.abs().mean())
        each = error.square().mean(dim=(1, 2, 3)).clamp(min=1e-6)
        report[f"psnr_{variant}"] = float((10 * torch.log10(GREATEST_ERROR / each)).mean())
        shown.append(made[:8])
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in shown], dim=1).permute(1, 2, 0).numpy().astype(np.uint8)
    cv2.imwrite(str(out / "preview.png"), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
    return report


def _copies(network: Generators, variant: str, pixels: Tensor, noise: Tensor) -> Tensor:
    parts = zip(torch.split(pixels, 16), torch.split(noise, 16), strict=True)
    return _levels(torch.cat([network.decode(network.encode(part, variant), variant, more) for part, more in parts]))


def _levels(values: Tensor) -> Tensor:
    """-1..1 to whole grey levels 0..255."""
    return ((values + 1) * 127.5).round().clamp(0, 255)


def _describe(out: Path, row: dict[str, float], settings: GeneratorTraining) -> None:
    network = Generators()
    sizes = {name: sum(value.numel() for value in part.parameters()) for name, part in network.decoders.items()}
    figures = {
        name: {
            "stride_pixels": VARIANTS[name][1],
            "decoder_parameters": sizes[name],
            "calib_l1_grey_levels": round(row[f"l1_{name}"], 3),
            "calib_psnr_db": round(row[f"psnr_{name}"], 2),
        }
        for name in VARIANTS
    }
    record = {
        "parameters": sum(value.numel() for value in network.parameters()),
        "crops_seen": row["seen"],
        "minutes": round(row["seconds"] / 60, 1),
        "variants": figures,
        "settings": asdict(settings),
    }
    (out / "generators.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
