"""The studio's own generators: small autoencoders, one decoder for each way in which the field's generators enlarge.

A generated picture carries the traces of its decoder's upsampling on every pixel (Zhang et al. 2019, AutoGAN, arXiv
1907.06515). These networks leave such traces on pictures of real people. They make training data and nothing else: no
verdict rests on them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import torch
from safetensors.torch import load
from torch import Tensor, nn
from torch.nn import functional

from fakeface.networks.loading import frozen
from fakeface.profiles import Part
from fakeface.training.forge.shipped import shipped_part

__all__ = ["VARIANTS", "Decoder", "Generators", "load_generators", "shipped_generators"]

LATENT_CHANNELS = {4: 12, 8: 32}
"""Channels of the latent by its stride in pixels."""

WIDTHS = {4: (64, 32, 16), 8: (80, 48, 32, 16)}
"""Channels of a decoder's stages from the latent's size to the picture's, by the latent's stride."""

MOMENTUM = 0.01
"""Share of the newest batch in the running correlation of the latent's channels."""


class Transposed(nn.Module):
    """Transposed convolution, 4 x 4 at stride 2, as in DCGAN and its successors."""

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.grow = nn.ConvTranspose2d(width, narrower, 4, stride=2, padding=1)

    def forward(self, values: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002 -- all stages are called alike
        """Twice the height and width."""
        return functional.leaky_relu(self.grow(values), 0.2)


class Nearest(nn.Module):
    """Repeated pixels, convolution, blur, noise on every pixel: a style-based generator's block."""

    blur: Tensor

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, narrower, 3, padding=1)
        self.loudness = nn.Parameter(torch.zeros(1, narrower, 1, 1))
        taps = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("blur", (taps[:, None] * taps).expand(narrower, 1, 3, 3).contiguous(), persistent=False)

    def forward(self, values: Tensor, noise: Tensor) -> Tensor:
        """Twice the height and width."""
        mixed = self.mix(functional.interpolate(values, scale_factor=2, mode="nearest"))
        smooth = functional.conv2d(mixed, self.blur.to(mixed.dtype), padding=1, groups=mixed.shape[1])
        step = noise.shape[-1] // smooth.shape[-1]  # every second value of white noise is white noise
        grain = self.loudness * noise[..., ::step, ::step]
        return functional.leaky_relu(smooth + grain.to(smooth.dtype), 0.2)


class Bilinear(nn.Module):
    """Bilinear enlargement, then convolution."""

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, narrower, 3, padding=1)

    def forward(self, values: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002 -- all stages are called alike
        """Twice the height and width."""
        grown = functional.interpolate(values, scale_factor=2, mode="bilinear", align_corners=False)
        return functional.leaky_relu(self.mix(grown), 0.2)


class Shuffled(nn.Module):
    """Sub-pixel convolution: four channels become the four pixels of a place."""

    def __init__(self, width: int, narrower: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, narrower * 4, 3, padding=1)

    def forward(self, values: Tensor, noise: Tensor) -> Tensor:  # noqa: ARG002 -- all stages are called alike
        """Twice the height and width."""
        return functional.leaky_relu(functional.pixel_shuffle(self.mix(values), 2), 0.2)


VARIANTS: dict[str, tuple[type[nn.Module], int]] = {
    "transposed": (Transposed, 8),
    "nearest": (Nearest, 8),
    "bilinear": (Bilinear, 4),
    "pixelshuffle": (Shuffled, 8),
}
"""Name of a decoder -> how it enlarges, and the stride of its latent in pixels."""


class Encoder(nn.Module):
    """Picture to latent; every latent channel has mean 0 and deviation 1 over real pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ModuleList(_reducing(3, 24))
        self.second = nn.ModuleList(_reducing(24, 48))
        self.third = nn.ModuleList(_reducing(48, 64))
        self.fine = nn.Conv2d(48, LATENT_CHANNELS[4], 1)
        self.coarse = nn.Conv2d(64, LATENT_CHANNELS[8], 1)
        self.normal = nn.ModuleDict({str(n): nn.BatchNorm2d(c, affine=False) for n, c in LATENT_CHANNELS.items()})

    def forward(self, pixels: Tensor, stride: int) -> Tensor:
        """The latent of this stride: (B, channels, H / stride, W / stride)."""
        values = pixels
        for reduce, mix in (self.first, self.second):
            values = _residual(functional.leaky_relu(reduce(values), 0.2), mix)
        if stride == 4:
            return self.normal["4"](self.fine(values).float())  # type: ignore[no-any-return]
        reduce, mix = self.third
        values = _residual(functional.leaky_relu(reduce(values), 0.2), mix)
        return self.normal["8"](self.coarse(values).float())  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Latent to picture.

    Args:
        variant: key of ``VARIANTS``.
    """

    def __init__(self, variant: str) -> None:
        super().__init__()
        stage, self.stride = VARIANTS[variant]
        widths = WIDTHS[self.stride]
        self.enter = nn.Conv2d(LATENT_CHANNELS[self.stride], widths[0], 3, padding=1)
        self.deepen = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        self.grow = nn.ModuleList(stage(wide, narrow) for wide, narrow in pairwise(widths))
        self.mix = nn.ModuleList(nn.Conv2d(narrow, narrow, 3, padding=1) for narrow in widths[1:-1])
        self.leave = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, latent: Tensor, noise: Tensor) -> Tensor:
        """(B, 3, H, W) of about -1..1; ``noise`` is (B, 1, H, W), deviation 1, and used by some variants."""
        values = _residual(functional.leaky_relu(self.enter(latent), 0.2), self.deepen)
        for number, grow in enumerate(self.grow):
            values = grow(values, noise)
            if number < len(self.mix):
                values = _residual(values, self.mix[number])
        return self.leave(values)  # type: ignore[no-any-return]


class Generators(nn.Module):
    """One encoder and a decoder of every variant."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoders = nn.ModuleDict({name: Decoder(name) for name in VARIANTS})
        for stride, channels in LATENT_CHANNELS.items():
            self.register_buffer(f"correlation_{stride}", torch.eye(channels))

    def encode(self, pixels: Tensor, variant: str) -> Tensor:
        """The latent that this variant decodes; (B, 3, H, W) in -1..1, sides multiples of 8."""
        stride = VARIANTS[variant][1]
        latent: Tensor = self.encoder(pixels, stride)
        if self.training:
            flat = latent.detach().transpose(0, 1).flatten(1)
            self.get_buffer(f"correlation_{stride}").lerp_((flat @ flat.T).float() / flat.shape[1], MOMENTUM)
        return latent

    def decode(self, latent: Tensor, variant: str, noise: Tensor) -> Tensor:
        """The picture, (B, 3, H, W) of about -1..1."""
        picture: Tensor = self.decoders[variant](latent, noise)
        return picture

    def spread(self, variant: str) -> Tensor:
        """(channels, channels): independent normal values times this vary as the latent's channels do together."""
        correlation = self.get_buffer(f"correlation_{VARIANTS[variant][1]}")
        return torch.linalg.cholesky(correlation + 0.02 * torch.eye(len(correlation)))  # type: ignore[no-any-return]


def load_generators(part: Part) -> Generators:
    """Generators with the weights of this file, ready for work.

    Raises:
        WeightsError: the file is missing or belongs to other networks.
        WeightsMismatch: its hash is another one.
    """
    network = frozen(Generators(), load(part.content()), part.path.name)
    return network.to(memory_format=torch.channels_last)


@lru_cache(maxsize=1)
def shipped_generators() -> Generators:
    """The weights of this installation, loaded once in a process."""
    return load_generators(shipped_part())


def _reducing(width: int, wider: int) -> list[nn.Module]:
    return [nn.Conv2d(width, wider, 4, stride=2, padding=1), nn.Conv2d(wider, wider, 3, padding=1)]


def _residual(values: Tensor, mix: nn.Module) -> Tensor:
    return values + functional.leaky_relu(mix(values), 0.2)
