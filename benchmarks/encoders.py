"""Which encoder and which losses learn fastest: short trainings from random weights on the same pairs, in one table.

    python benchmarks/encoders.py FACES.jsonl --root DATA --out DIR --pictures 24000

Every variant sees the same windows in the same order from the same seed, and is measured on the same calibration pairs.
Figures are the AUC of the text-independent score on calib: mean over families and given sources, and of each. Speed
is that of the training on this computer. Finished variants are kept in DIR, and an interrupted one goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from commandline import faces_parser
from torch import Tensor

from fakeface.networks.encoder import EncoderConfig, ForensicEncoder
from fakeface.training.curves import read_log
from fakeface.training.encoder import EncoderTraining, train_encoder
from fakeface.training.manifest import read_faces

SEED = 77
NARROW = EncoderConfig(widths=(24, 48, 96, 192), neck=48)
SHOWN = ("mean", "self_blend", "swap_piecewise", "lip_sync", "edit", "generate_nearest")


class RgbOnly(ForensicEncoder):
    """Sees no residual and no energies: their channels are blank."""

    kept = 3

    @classmethod
    def inputs(cls, pixels: Tensor) -> Tensor:
        """The shipped inputs with what is left out at zero."""
        blocks = ForensicEncoder.inputs(pixels)
        return torch.cat([blocks[:, : 4 * cls.kept], torch.zeros_like(blocks[:, 4 * cls.kept :])], dim=1)


class NoEnergies(RgbOnly):
    """Sees RGB and residual."""

    kept = 6


@dataclass(frozen=True, slots=True)
class Variant:
    """A network and the losses that are left out."""

    name: str
    build: Callable[[], ForensicEncoder]
    left_out: tuple[str, ...] = ()


VARIANTS = (
    Variant("as shipped", ForensicEncoder),
    Variant("RGB alone", RgbOnly),
    Variant("RGB and residual", NoEnergies),
    Variant("without the JPEG grid", lambda: ForensicEncoder(EncoderConfig(grid=0))),
    Variant("without attention", lambda: ForensicEncoder(EncoderConfig(compared=0))),
    Variant("narrow (24-48-96-192)", lambda: ForensicEncoder(NARROW)),
    Variant("shallower (1-3-4-2 blocks)", lambda: ForensicEncoder(EncoderConfig(depths=(1, 3, 4, 2)))),
    Variant("deeper (2-4-5-2 blocks)", lambda: ForensicEncoder(EncoderConfig(depths=(2, 4, 5, 2)))),
    Variant("without the loss of the pair's order", ForensicEncoder, ("pair",)),
    Variant("without masks", ForensicEncoder, ("mask", "dice")),
)


def rows(given: argparse.Namespace) -> Iterator[str]:
    """Train every variant that is wanted; one line of the table each."""
    faces = read_faces(given.faces_file)
    yield "| variant | windows/s | " + " | ".join(SHOWN) + " |"
    yield "|---|---|" + "---|" * len(SHOWN)
    for number, variant in enumerate(VARIANTS):
        if given.variant and variant.name not in given.variant:
            continue
        settings = EncoderTraining(
            pictures=given.pictures,
            threads=given.threads,
            seed=SEED,
            compiled=given.compile,
            check_every=10**9,
            left_out=variant.left_out,
            part=given.part,
            whole_share=0.0,
        )
        out = given.out / f"variant-{number}"
        for _ in train_encoder(faces, given.root, out, settings, build=variant.build):
            pass
        last = read_log(out / "log.csv")[-1]
        figures = " | ".join(f"{float(last[f'auc_{name}']):.3f}" for name in SHOWN)
        yield f"| {variant.name} | {float(last['seen']) / max(float(last['seconds']), 1):.0f} | {figures} |"


def main() -> None:
    """Print the table as it grows."""
    parser = faces_parser(__doc__, threads=2, out=True)
    parser.add_argument("--pictures", type=int, default=24_000)
    parser.add_argument("--part", type=int, default=224, help="side of the part of every window that is seen")
    parser.add_argument("--variant", action="append", choices=[one.name for one in VARIANTS], help="repeatable")
    parser.add_argument("--compile", action="store_true")
    for line in rows(parser.parse_args()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
