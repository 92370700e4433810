"""Low-rank adapters: they learn beside a frozen decoder, and what is released is a plain one that says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from fakeface.errors import SettingsError, WeightsError
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel
from fakeface.training import language as language_stage
from fakeface.training.checkpoints import save_weights
from fakeface.training.language import LanguageTraining, train_language
from fakeface.training.lora import PROJECTIONS, adapt, load_merged

from .conftest import FaceSet
from .tiny import language_config, make_encoder, make_language


def test_merged_adapters_say_what_they_said_beside_the_decoder(tokenizer: Tokenizer) -> None:
    plain, adapted = make_language(tokenizer), make_language(tokenizer)
    adapt(adapted.decoder, 4)
    ids = torch.randint(5, 200, (2, 12), generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([12, 12])
    with torch.no_grad():
        torch.testing.assert_close(adapted.read(ids, lengths), plain.read(ids, lengths), msg="at first nothing changes")
        adapters = [value for name, value in adapted.named_parameters() if ".lora_" in name]
        for value in adapters:
            value.normal_(0, 0.2)
        said = adapted.read(ids, lengths)
    assert len(adapters) == 2 * len(PROJECTIONS) * adapted.config.layers
    assert {name.split(".")[0] for name, value in adapted.named_parameters() if value.requires_grad} == {
        *("projector", "signal", "region", "region_names"),
        "decoder",
    }
    assert all(".lora_" in name for name, value in adapted.decoder.named_parameters() if value.requires_grad)

    empty = make_language(tokenizer, seed=9)
    merged = load_merged(empty, empty.decoder, 4, adapted.state_dict())
    assert merged.keys() == plain.state_dict().keys()
    again = make_language(tokenizer, seed=8)
    again.load_state_dict(merged)
    with torch.no_grad():
        torch.testing.assert_close(again.read(ids, lengths), said, rtol=1e-4, atol=1e-4)
        assert (plain.read(ids, lengths) - said).abs().max() > 0.1


@pytest.fixture
def earlier(tokenizer: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trained model to start from, tiny as all that this test trains."""
    monkeypatch.setattr(language_stage, "LanguageConfig", lambda _vocabulary: language_config(tokenizer))
    monkeypatch.setattr(language_stage, "CALIB_PAIRS", 2)
    folder = tmp_path / "earlier"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    save_weights(folder / "language.safetensors", without_head(make_language(tokenizer)))
    return folder


def without_head(network: CompactLanguageModel) -> dict[str, torch.Tensor]:
    return {name: value for name, value in network.state_dict().items() if name != "decoder.lm_head.weight"}


def trained(face_set: FaceSet, encoder: ForensicEncoder, out: Path, start: Path | None, answers: int, lora: int) -> int:
    settings = LanguageTraining(answers, pairs_per_batch=2, workers=0, threads=1, learning_rate=0.05, lora=lora)
    reports = list(train_language(face_set.rows, face_set.root, encoder, out, settings, start))
    return int(reports[-1]["seen"])


def test_only_adapters_learn_of_the_decoder_and_a_training_goes_on(
    face_set: FaceSet, earlier: Path, tmp_path: Path
) -> None:
    encoder, out = make_encoder(), tmp_path / "out"
    assert [trained(face_set, encoder, out, earlier, answers, 2) for answers in (4, 12)] == [4, 12]
    before, after = (load_file(folder / "language.safetensors") for folder in (earlier, out))
    assert before.keys() == after.keys()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    decoder = {name for name in before if name.startswith("decoder")}
    assert changed & decoder == {name for name in decoder if name.split(".")[-2] in PROJECTIONS}
    with pytest.raises(WeightsError, match="another network"):
        trained(face_set, encoder, out, earlier, 16, 0)


def test_adapters_need_something_to_adapt(face_set: FaceSet, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--start"):
        trained(face_set, make_encoder(), tmp_path, None, 4, 2)
