"""Low-rank adapters over a frozen decoder (LoRA: Hu et al. 2021, arXiv 2106.09685), by peft.

What is trained of a large language model, where all weights would not fit; small ones may use it too. Released weights
hold the adapters added to what they adapt, so nothing that runs them needs to know.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

__all__ = ["PROJECTIONS", "adapt", "load_merged"]

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""What is adapted: every projection of attention and feed-forward layers."""

_BESIDE = ".base_layer"
"""What peft puts into the name of an adapted weight."""


def adapt(decoder: nn.Module, rank: int) -> None:
    """Freeze a decoder and put an adapter beside each of its projections; at first they change nothing.

    Args:
        decoder: is changed in place; names of its adapted weights get peft's additions.
        rank: of the adapters; they are scaled by 2.
    """
    from peft import LoraConfig, inject_adapter_in_model  # few trainings need it

    decoder.requires_grad_(False)
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(PROJECTIONS))
    inject_adapter_in_model(settings, decoder)


def load_merged(network: nn.Module, decoder: nn.Module, rank: int, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a network whose decoder was adapted, as those of one that was not.

    Args:
        network: of the same sizes, without adapters; it is used up.
        decoder: of ``network``.
        rank: as given to ``adapt``.
        state: of the adapted network.
    """
    from peft.tuners.lora import LoraLayer

    adapt(decoder, rank)
    network.load_state_dict(dict(state))
    for module in network.modules():
        if isinstance(module, LoraLayer):
            module.merge()
    return {name.replace(_BESIDE, ""): value for name, value in network.state_dict().items() if ".lora_" not in name}
