"""Networks: shapes, and results that depend neither on batch nor on padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from fakeface.answers import Hypothesis, prompt
from fakeface.backends import Engine
from fakeface.claims.readings import READINGS, RegionReadings
from fakeface.deciding import examine_crops
from fakeface.errors import WeightsError
from fakeface.faces import Face, FaceCrop, crop_face
from fakeface.frames import Frame
from fakeface.networks.encoder import ENERGY_SIDES, INPUTS, EncoderConfig, EncoderOutput, ForensicEncoder
from fakeface.networks.language import (
    ANSWER_LIMIT,
    END,
    PROMPT_SLOTS,
    SPECIAL_TOKENS,
    TEXT_LIMIT,
    CompactLanguageModel,
    LanguageConfig,
    Wordings,
    decode_ids,
    prompt_ids,
    read_texts,
    write_texts,
)
from fakeface.networks.loading import frozen
from fakeface.networks.masks import ABSENT, MasksConfig, PromptBatch
from fakeface.networks.mids import Mids, MidsConfig
from fakeface.networks.sight import Sight, region_inputs, sight_of, signals
from fakeface.settings import Settings
from fakeface.training.annotate import annotate
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.growth import grown

from .conftest import FaceSet
from .faces_data import photograph, variant
from .tiny import ENCODER, make_encoder, make_language, make_masks, make_mids

QUESTIONS = [prompt(hypothesis) for hypothesis in Hypothesis]


@pytest.fixture(scope="module")
def language(tokenizer: Tokenizer) -> CompactLanguageModel:
    return make_language(tokenizer)


def windows(count: int = 3) -> torch.Tensor:
    cut = np.stack([variant(seed)[:224, :224] for seed in range(count)])
    return torch.from_numpy(cut).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def seen() -> EncoderOutput:
    with torch.inference_mode():
        output: EncoderOutput = make_encoder()(windows())
    return output


def test_one_encoder_pass_gives_tokens_and_all_heads(seen: EncoderOutput) -> None:
    assert seen.tokens.shape == (3, ENCODER.widths[3], 14, 14)
    assert seen.coarse.shape == (3, ENCODER.widths[2], 28, 28)
    assert seen.detection.shape == (3,)
    assert seen.classes.shape == (3, 5)
    assert seen.regions.shape == (3, 16)
    assert seen.mask.shape == (3, 56, 56)
    assert seen.pooled.shape == (3, ENCODER.pooled_width)


def test_an_encoding_does_not_depend_on_its_batch(seen: EncoderOutput) -> None:
    with torch.inference_mode():
        alone = make_encoder()(windows()[1:2])
    for name in ("tokens", "detection", "classes", "regions", "mask"):
        torch.testing.assert_close(getattr(alone, name), getattr(seen, name)[1:2], rtol=1e-4, atol=1e-4)


def pixel_maps(pixels: Tensor) -> Tensor:
    """What the stem sees, pixel by pixel again: RGB, residual, energies."""
    return functional.pixel_shuffle(ForensicEncoder.inputs(pixels), 2)


def test_the_encoder_sees_fine_texture_beside_the_picture() -> None:
    flat = torch.full((1, 3, 224, 224), 90, dtype=torch.uint8)
    assert ForensicEncoder.inputs(flat).shape == (1, INPUTS, 112, 112)
    inputs = pixel_maps(flat)
    torch.testing.assert_close(inputs[:, 3:], torch.zeros(1, 5, 224, 224), rtol=0, atol=1e-5)
    torch.testing.assert_close(inputs[:, :3], torch.full((1, 3, 224, 224), 90 / 127.5 - 1))
    assert pixel_maps(windows(1))[:, 3:6].abs().max() > 0.1


def test_a_region_of_another_sharpness_stands_out_in_the_local_energies() -> None:
    noise = np.random.default_rng(1).normal(128, 12, (224, 224, 3))
    pixels = np.clip(noise, 0, 255).astype(np.uint8)
    pixels[80:140, 80:140] = cv2.GaussianBlur(pixels, (0, 0), 1.5)[80:140, 80:140]
    energies = pixel_maps(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0, 6:]
    for energy in energies:
        assert energy[95:125, 95:125].mean() < energy[:60].mean() - 0.5
        assert float(energy.mean()) == pytest.approx(0, abs=1e-3)


def test_the_local_energy_is_that_of_a_square_around_each_pixel() -> None:
    pixels = torch.randint(0, 256, (1, 3, 224, 224), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    residual = pixel_maps(pixels)[:, 3:6]
    squared = residual.square().mean(dim=1, keepdim=True)
    for number, side in enumerate(ENERGY_SIDES):
        mean = functional.avg_pool2d(squared, side, 1, side // 2)
        logs = (mean + 1e-4).log() / 2
        torch.testing.assert_close(pixel_maps(pixels)[:, 6 + number], (logs - logs.mean())[:, 0], rtol=1e-3, atol=1e-3)


def test_a_widened_encoder_says_what_the_narrower_one_said() -> None:
    torch.manual_seed(0)
    narrow = ForensicEncoder(replace(ENCODER, compared=0)).eval()
    wider = EncoderConfig(widths=(6, 13, 20, 30), depths=(1, 1, 1, 1), neck=11)
    with torch.inference_mode():
        for weights in narrow.state_dict().values():
            if weights.is_floating_point():
                weights.add_(torch.rand(weights.shape) * 0.2)
        wide = frozen(ForensicEncoder(wider), grown(narrow.state_dict(), wider), "grown")
        before, after = narrow(windows()), wide(windows())
    for name in ("detection", "classes", "regions", "mask"):
        torch.testing.assert_close(getattr(after, name), getattr(before, name), rtol=1e-3, atol=1e-3)
    copies = wide.stage4[0].first.weight[:, 12:]
    assert not torch.equal(copies[:, 0], wide.stage4[0].first.weight[:, 0])


def test_an_encoder_from_before_the_grid_takes_the_branch_up_and_says_what_it_said() -> None:
    torch.manual_seed(3)
    older = ForensicEncoder(replace(ENCODER, grid=0)).eval()
    with torch.inference_mode():
        newer = frozen(ForensicEncoder(ENCODER), grown(older.state_dict(), ENCODER), "grown")
        before, after = older(windows()), newer(windows())
        for name in ("detection", "mask", "tokens"):
            torch.testing.assert_close(getattr(after, name), getattr(before, name), rtol=1e-4, atol=1e-4)
        last = newer.get_submodule("grid")[3]
        last.weight.add_(0.1)
        changed = newer(windows())
    assert (changed.detection - before.detection).abs().max() > 1e-3, "the branch is read once it says something"


def test_a_deepened_encoder_says_what_the_shallower_one_said_until_it_is_trained() -> None:
    shallow, deeper = make_encoder(), replace(ENCODER, depths=(2, 3, 1, 2))
    with torch.inference_mode():
        deep = frozen(ForensicEncoder(deeper), grown(shallow.state_dict(), deeper), "grown")
        before, after = shallow(windows()), deep(windows())
        for name in ("detection", "classes", "regions", "mask", "tokens"):
            torch.testing.assert_close(getattr(after, name), getattr(before, name), rtol=1e-4, atol=1e-4)
        deep.stage2[2].second_norm.weight.add_(0.5)
        changed = deep(windows())
    assert (changed.tokens - before.tokens).abs().max() > 1e-3, "the block is read once it says something"


def test_an_encoder_from_before_the_attention_takes_it_up_and_then_sees_far_tokens_beside_each_other() -> None:
    torch.manual_seed(4)
    older = ForensicEncoder(replace(ENCODER, compared=0)).eval()
    newer = frozen(ForensicEncoder(ENCODER), grown(older.state_dict(), ENCODER), "grown")
    apart = windows(1).clone()
    apart[..., :48, :48] = 255 - apart[..., :48, :48]
    far = (slice(None), slice(None), slice(12, 14), slice(12, 14))
    with torch.inference_mode():
        for name in ("detection", "classes", "regions", "mask", "tokens"):
            torch.testing.assert_close(
                getattr(newer(windows()), name), getattr(older(windows()), name), rtol=1e-4, atol=1e-4
            )
        before = (newer(apart).tokens[far] - newer(windows(1)).tokens[far]).abs().max()
        newer.compared[0].self_attn.out_proj.weight.normal_(0, 0.5)
        after = (newer(apart).tokens[far] - newer(windows(1)).tokens[far]).abs().max()
    assert after > before + 1e-3


def test_an_encoder_with_attention_is_not_widened() -> None:
    with pytest.raises(WeightsError, match=r"does not fit at compared\.0"):
        grown(make_encoder().state_dict(), replace(ENCODER, widths=(4, 8, 12, 20)))


def test_an_encoder_is_not_grown_into_a_narrower_or_shallower_one() -> None:
    state = make_encoder().state_dict()
    with pytest.raises(WeightsError, match="wider at stem"):
        grown(state, EncoderConfig(widths=(2, 8, 12, 16), depths=(1, 1, 1, 1), neck=8))
    deep = ForensicEncoder(EncoderConfig(widths=(4, 8, 12, 16), depths=(1, 2, 1, 1), neck=8)).state_dict()
    with pytest.raises(WeightsError, match=r"deeper: it has stage2\.1"):
        grown(deep, ENCODER)


def test_the_compact_encoder_is_small_enough_for_the_repository() -> None:
    half_bytes = 2 * sum(weights.numel() for weights in ForensicEncoder(EncoderConfig()).parameters())
    assert half_bytes < 15 * 1024**2


def test_signals_are_bounded_statements_of_all_heads(seen: EncoderOutput) -> None:
    assert signals(seen).shape == (3, 22)
    assert signals(seen).abs().max() <= 1
    torch.testing.assert_close(signals(seen)[:, 0], (seen.detection / 4).tanh())


def sight(seen: EncoderOutput, picture: int | None = None) -> Sight:
    """What the language model sees of all three pictures or of one, with readings that differ by picture."""
    rng = np.random.default_rng(4)
    readings = list(rng.normal(size=(3, 16, READINGS)).astype(np.float32))
    areas = list(rng.random((3, 16, 56, 56)) < 0.1)
    measured = [RegionReadings(*one) for one in zip(readings, areas, strict=True)]
    return sight_of(seen, measured) if picture is None else sight_of(seen.row(picture), [measured[picture]])


def test_a_region_token_holds_its_readings_its_share_of_the_mask_and_its_logit(seen: EncoderOutput) -> None:
    areas = np.zeros((16, 56, 56), bool)
    areas[3, 10:20, 10:20] = True
    readings = np.full((16, READINGS), 0.5, np.float32)
    inputs = region_inputs(seen.row(1), [RegionReadings(readings, areas)])[0]
    mask = (seen.mask[1] / 4).tanh()
    assert inputs.shape == (16, LanguageConfig(9).region_width)
    assert inputs[:, :READINGS].unique().tolist() == [0.5]
    torch.testing.assert_close(inputs[3, READINGS], mask[10:20, 10:20].mean())
    torch.testing.assert_close(inputs[3, READINGS + 1], mask[10:20, 10:20].max())
    torch.testing.assert_close(inputs[:, READINGS + 2], (seen.regions[1] / 4).tanh())
    assert inputs[4, READINGS : READINGS + 2].tolist() == [0, -1], "a region that is not there has no mask"


def test_what_is_measured_on_a_region_changes_what_is_written(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    whole = sight(seen, 0)
    other = replace(whole, regions=whole.regions.flip(1) * 3)
    question = torch.tensor([prompt_ids(tokenizer, QUESTIONS[0])])
    with torch.inference_mode():
        assert not torch.allclose(language(whole, question), language(other, question))


@given(st.text())
def test_the_tokenizer_gives_every_text_back(tokenizer: Tokenizer, text: str) -> None:
    encoded = tokenizer.encode(text)
    assert decode_ids(tokenizer, encoded.ids) == text


def test_tags_are_single_tokens_with_the_ids_that_the_model_expects(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS] == list(range(9))
    text = "the <p>left cheek</p>[SEG] and <p>chin</p>[NOSEG]."
    ids = tokenizer.encode(text).ids
    assert [ids.count(tokenizer.token_to_id(tag)) for tag in ("<p>", "</p>", "[SEG]", "[NOSEG]")] == [2, 2, 1, 1]
    assert decode_ids(tokenizer, ids) == text
    assert decode_ids(tokenizer, [*ids, END, *ids]) == text, "nothing after the end is text"


def test_questions_fit_their_slots_uncut_and_differ(tokenizer: Tokenizer) -> None:
    prompts = [prompt_ids(tokenizer, question) for question in QUESTIONS]
    assert {len(ids) for ids in prompts} == {PROMPT_SLOTS}
    assert len({tuple(ids) for ids in prompts}) == 3
    for question, ids in zip(QUESTIONS, prompts, strict=True):
        assert decode_ids(tokenizer, [one for one in ids if one]) == question
    assert len(prompt_ids(tokenizer, "word " * 100)) == PROMPT_SLOTS


def test_annotations_fit_into_an_answer(face_set: FaceSet) -> None:
    """With a vocabulary as large as the released one."""
    from fakeface.training.language import LanguageTraining, train_tokenizer

    factory = PairFactory(face_set.of("train"), face_set.root, 1)
    tokenizer = train_tokenizer(factory, LanguageTraining().vocabulary, pairs=80)
    rng = np.random.default_rng(1)
    texts = [annotate(sample, 0.8, rng) for index in range(200, 240) for sample in factory.pair(index)]
    assert max(len(tokenizer.encode(text).ids) for text in texts) < ANSWER_LIMIT


def test_three_questions_in_one_batch_get_the_answers_of_three_calls(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    together = write_texts(language, tokenizer, sight(seen), QUESTIONS)
    assert [len(texts) for texts in together] == [3, 3, 3]
    for picture in range(3):
        for number, question in enumerate(QUESTIONS):
            [(alone,)] = write_texts(language, tokenizer, sight(seen, picture), [question])
            assert alone == together[picture][number]
    assert len({text for texts in together for text in texts}) > 3, "pictures and questions make a difference"


def test_writing_is_greedy_decoding_of_what_training_predicts(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    """Without the cache and the shared prefix: each token is the best continuation of the whole sequence."""
    question = torch.tensor([prompt_ids(tokenizer, QUESTIONS[0])])
    one = sight(seen, 0)
    written = torch.stack(list(language.write(one, question, 12)), dim=1)
    text = torch.cat([question, written], dim=1)
    with torch.inference_mode():
        logits = language(one, text)
    assert logits.shape[:2] == text.shape
    assert logits[:, PROMPT_SLOTS - 1 : -1].argmax(dim=2).tolist() == written.tolist()


def test_an_answer_is_over_after_its_end_and_never_longer_than_the_limit(
    tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    network = make_language(tokenizer)
    prompts = torch.tensor([prompt_ids(tokenizer, question) for question in QUESTIONS])
    assert len(list(network.write(sight(seen), prompts, 7))) <= 7
    with torch.no_grad():
        network.decoder.model.norm.weight.zero_()  # all logits are equal: the first token, again and again
    steps = torch.stack(list(network.write(sight(seen), prompts, 5)), dim=1)
    assert steps.shape == (9, 5)
    assert not steps.any()


def texts_of(tokenizer: Tokenizer, words: Sequence[str]) -> list[list[int]]:
    return [tokenizer.encode(text).ids for text in words]


TEXTS = ("the chin is soft", "a face seen from the front, of fair sharpness, mouth closed; the nose has a seam", "")


def test_reading_a_text_does_not_depend_on_what_is_read_beside_it(
    language: CompactLanguageModel, tokenizer: Tokenizer
) -> None:
    ids = texts_of(tokenizer, TEXTS)
    with torch.inference_mode():
        together, lengths = read_texts(language, ids)
        for index, one in enumerate(ids):
            alone, length = read_texts(language, [one])
            assert int(lengths[index]) == int(length[0]) == max(len(one), 1)
            torch.testing.assert_close(together[index, : int(length[0])], alone[0], rtol=1e-3, atol=1e-3)
        long, lengths = read_texts(language, [list(range(9, 9 + 300))])
    assert long.shape[1] == int(lengths[0]) == TEXT_LIMIT


def test_a_text_keeps_to_one_of_the_wordings_and_then_goes_on(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    asked = torch.tensor([prompt_ids(tokenizer, "What about the nose?")])
    texts = []
    for wordings in ((" is clearly smoother", " is slightly sharper"), (" is slightly sharper",)):
        guide = Wordings(tokenizer, lambda text, wordings=wordings: () if text else wordings)
        for step in language.write(sight(seen, 0), asked, 24, guide):
            guide.written.append(int(step[0]))
        texts.append(decode_ids(tokenizer, guide.written))
        assert [one for one in wordings if texts[-1].startswith(one)]
    assert texts[1].startswith(" is slightly sharper")
    assert len(guide.written) > len(tokenizer.encode(" is slightly sharper").ids), "and then as it likes"
    free = Wordings(tokenizer, lambda text: ())
    for step in language.write(sight(seen, 0), asked, 24, free):
        free.written.append(int(step[0]))
    plain = [int(step[0]) for step in language.write(sight(seen, 0), asked, 24)]
    assert free.written == plain


def test_a_score_does_not_depend_on_the_answers_beside_it(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    mids = make_mids()
    ids = texts_of(tokenizer, TEXTS)
    with torch.inference_mode():
        together = mids((seen.tokens, seen.coarse), seen.pooled, *read_texts(language, ids))
        assert together.shape == (3, 4)
        for index in range(3):
            one = seen.row(index)
            alone = mids((one.tokens, one.coarse), one.pooled, *read_texts(language, [ids[index]]))
            torch.testing.assert_close(alone, together[index : index + 1], rtol=1e-3, atol=1e-3)


def test_mids_looks_at_picture_and_text(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    mids = make_mids()
    with torch.inference_mode():
        same = mids((seen.tokens, seen.coarse), seen.pooled, *read_texts(language, texts_of(tokenizer, [TEXTS[0]] * 3)))
        other = mids(
            (seen.tokens, seen.coarse), seen.pooled, *read_texts(language, texts_of(tokenizer, [TEXTS[1]] * 3))
        )
    assert (same[0] - same[1]).abs().max() > 1e-5
    assert (same - other).abs().max() > 1e-5


def test_weights_are_loaded_strictly(tokenizer: Tokenizer) -> None:
    state = make_encoder().state_dict()
    network = frozen(make_encoder(seed=1), {name: value.half() for name, value in state.items()}, "encoder")
    assert not network.training
    assert not any(weights.requires_grad for weights in network.parameters())
    assert network.mask_head.weight.dtype == torch.float32
    torch.testing.assert_close(network.mask_head.weight, state["mask_head.weight"], rtol=1e-3, atol=1e-3)
    lacking = {name: value for name, value in state.items() if name != "mask_head.bias"}
    with pytest.raises(WeightsError, match=r"encoder does not fit its network: mask_head\.bias"):
        frozen(make_encoder(), lacking, "encoder")
    with pytest.raises(WeightsError, match="beard"):
        frozen(make_encoder(), {**state, "beard": torch.zeros(1)}, "encoder")
    with pytest.raises(WeightsError, match="sizes differ"):
        frozen(ForensicEncoder(EncoderConfig(widths=(4, 8, 12, 24), depths=(1, 1, 1, 1), neck=8)), state, "encoder")


def test_the_embedding_is_the_output_layer_also_after_loading(tokenizer: Tokenizer) -> None:
    state = make_language(tokenizer, seed=3).state_dict()
    del state["decoder.lm_head.weight"]
    network = frozen(make_language(tokenizer, seed=4), state, "language")
    assert network.decoder.lm_head.weight is network.decoder.model.embed_tokens.weight
    torch.testing.assert_close(network.decoder.lm_head.weight, state["decoder.model.embed_tokens.weight"])


def test_default_sizes_fit_each_other() -> None:
    encoder, language, mids = EncoderConfig(), LanguageConfig(768), MidsConfig()
    assert language.vision_width == encoder.widths[3] + 2
    masks = MasksConfig()
    assert masks.features == sum(encoder.widths[2:]) + encoder.neck
    assert masks.text_width == language.width
    assert language.signal_width == 1 + encoder.classes + encoder.regions
    assert (language.regions, language.region_width) == (encoder.regions, READINGS + 3)
    assert mids.layer_widths == (encoder.widths[3], encoder.widths[2])
    assert mids.text_width == language.width
    assert mids.pooled_width == encoder.pooled_width
    Mids(mids)


def test_a_batch_of_faces_goes_through_the_encoder_and_the_prefix_once(
    tiny_engine: Engine, astronaut_face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops: list[FaceCrop] = [crop_face(Frame(photograph()), astronaut_face) for _ in range(3)]
    passes: list[int] = []
    prefixes: list[int] = []
    network, language = tiny_engine.encoder.network, tiny_engine.answerer.network  # type: ignore[attr-defined]
    handle = network.register_forward_hook(lambda module, given, output: passes.append(len(given[0])))
    picture = language.picture
    monkeypatch.setattr(language, "picture", lambda sight: prefixes.append(len(sight.tokens)) or picture(sight))
    findings = examine_crops(tiny_engine, crops, 512, 512, Settings())
    handle.remove()
    assert (passes, prefixes) == ([3], [3])
    assert len(findings) == 3
    assert all(len(finding.answers) == 3 for finding in findings)
    scores = [finding.decision.independent_score for finding in findings]
    assert scores == pytest.approx([scores[0]] * 3), "the same face three times"


def test_a_triage_asks_for_no_text(tiny_engine: Engine, astronaut_face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiny_engine.answerer, "ask", None)
    monkeypatch.setattr(tiny_engine.scorer, "score", None)
    crop = crop_face(Frame(photograph()), astronaut_face)
    [finding] = examine_crops(tiny_engine, [crop], 512, 512, Settings(fast=True))
    assert finding.decision.independent_score is not None
    assert finding.answers == finding.masks == ()


# --- mask decoder -----------------------------------------------------------------------------------------------------


def prompts() -> PromptBatch:
    regions = torch.zeros(1, 112, 112, dtype=torch.bool)
    regions[0, 60:, :] = True
    states = torch.randn(2, 32, generator=torch.Generator().manual_seed(1))
    return PromptBatch(
        states, torch.tensor([[20.0, 30, 100, 120]]), torch.tensor([[50.0, 60]]), regions, everything=True
    )


def test_an_untrained_mask_decoder_shows_the_dense_mask_where_it_is_asked(seen: EncoderOutput) -> None:
    with torch.inference_mode():
        logits, quality = make_masks()(seen.row(1), prompts())
        dense = functional.interpolate(seen.mask[1:2, None], size=(112, 112), mode="bilinear")[0, 0]
    assert logits.shape == (6, 112, 112)
    assert quality.shape == (6,)
    for place in (0, 1, 2, 4):
        torch.testing.assert_close(logits[place], dense, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(logits[3, 15:60, 10:50], dense[15:60, 10:50], rtol=1e-4, atol=1e-4)
    assert logits[3, :15].eq(ABSENT).all()
    assert logits[5, :60].eq(ABSENT).all()
    torch.testing.assert_close(logits[5, 60:], dense[60:], rtol=1e-4, atol=1e-4)


def test_a_prompted_mask_does_not_depend_on_the_prompts_beside_it(seen: EncoderOutput) -> None:
    network, asked = make_masks(), prompts()
    with torch.inference_mode():
        for weights in network.decoder.output_hypernetworks_mlps.parameters():
            weights.normal_(0, 0.3, generator=torch.Generator().manual_seed(2))
        together, _ = network(seen.row(0), asked)
        alone = [
            network(seen.row(0), one)[0][0]
            for one in (
                PromptBatch(everything=True),
                PromptBatch(states=asked.states[:1]),  # type: ignore[index]
                PromptBatch(states=asked.states[1:]),  # type: ignore[index]
                PromptBatch(boxes=asked.boxes),
                PromptBatch(points=asked.points),
                PromptBatch(regions=asked.regions),
            )
        ]
    for one, place in zip(alone, together, strict=True):
        torch.testing.assert_close(one, place, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(together[1], together[2], atol=1e-3)
    assert not torch.allclose(together[0], together[1], atol=1e-3)


def test_the_loss_of_answers_does_not_depend_on_which_texts_go_together(
    language: CompactLanguageModel, tokenizer: Tokenizer, seen: EncoderOutput
) -> None:
    """Against one pass over all of them, padded to the longest."""
    from fakeface.training.language import IGNORED, answer_loss

    whole = sight(seen)
    index = torch.arange(15) % 3
    many = Sight(whole.tokens[index], whole.signal[index], whole.regions[index])
    generator = torch.Generator().manual_seed(3)
    text = torch.randint(9, tokenizer.get_vocab_size(), (15, 40), generator=generator)
    targets = text.clone()
    targets[:, :5] = IGNORED
    for row, length in enumerate(torch.randint(8, 40, (15,), generator=generator).tolist()):
        text[row, length:], targets[row, length:] = 0, IGNORED
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        logits = language(many, text)[:, :-1].float()
    expected = functional.cross_entropy(logits.flatten(0, 1), targets[:, 1:].flatten(), ignore_index=IGNORED)
    with torch.inference_mode():
        found = answer_loss(language, many, text, targets)
    assert float(found) == pytest.approx(float(expected), rel=0.02)


def test_threads_of_numpy_do_not_hold_up_those_of_the_networks(tiny_engine: Engine) -> None:
    del tiny_engine
    libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
    assert libraries, "numpy brings one"
    assert {one["num_threads"] for one in libraries} == {1}
