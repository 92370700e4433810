"""The compact language model: the LLaVA arrangement (vision tokens, projector, decoder) over a small Mistral decoder.

Positions: beginning, 49 vision tokens (2 x 2 neighbours of the encoder's 14 x 14 grid joined, with what the dense mask
says of each place), 16 region tokens (what is measured on each region, with the dense mask on it and its logit of the
region prompter), one signal token (detection, class and region logits), then a question in exactly ``PROMPT_SLOTS``
slots, then the answer, then perhaps further questions and answers. Questions have a fixed width, so that several
hypotheses about one picture form one batch without padding masks and share the picture's prefix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import DynamicCache, MistralConfig, MistralForCausalLM

from fakeface.networks.sight import Sight

__all__ = [
    "ANSWER_LIMIT",
    "CONTEXT",
    "PICTURE_SLOTS",
    "PROMPT_SLOTS",
    "REPLY_LIMIT",
    "SPECIAL_TOKENS",
    "CompactLanguageModel",
    "Guide",
    "LanguageConfig",
    "Wordings",
    "decode_ids",
    "exchange_ids",
    "ground_ids",
    "prompt_ids",
    "read_texts",
    "write_texts",
]

SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<image>", "<region>", "<p>", "</p>", "[SEG]", "[NOSEG]")
PAD, BEGIN, END = 0, 1, 2
SEG = SPECIAL_TOKENS.index("[SEG]")
PROMPT_SLOTS = 24
"""Tokens of a question."""
ANSWER_LIMIT = 110
"""Most tokens of a five-field answer."""
REPLY_LIMIT = 180
"""Most tokens of any other answer."""
PICTURE_SLOTS = 67
"""Positions of a picture: beginning, vision tokens, region tokens, signal."""
CONTEXT = 512
"""Positions that the decoder knows: picture, questions and answers together."""
TEXT_LIMIT = 96
"""Most tokens of description and reasoning that are read back."""


Guide: TypeAlias = Callable[[], Sequence[int] | None]
"""The ids that the next step may choose from; ``None`` for any."""


def _unguided() -> None:
    return None


def _likeliest(logits: Tensor, allowed: Sequence[int]) -> Tensor:
    ids = torch.tensor(list(allowed), device=logits.device)
    return ids[logits[:, ids].argmax(dim=1)]


@dataclass(frozen=True, slots=True)
class LanguageConfig:
    """Sizes of the language model.

    Args:
        vocabulary: tokens.
        width: of the decoder.
        layers, heads, key_value_heads, inner: of the decoder.
        vision_width: channels of ``vision_tokens``.
        signal_width: detection, class and region logits together.
        regions, region_width: region tokens, and numbers that each is made of.
    """

    vocabulary: int
    width: int = 256
    layers: int = 6
    heads: int = 8
    key_value_heads: int = 4
    inner: int = 704
    vision_width: int = 258
    signal_width: int = 22
    regions: int = 16
    region_width: int = 18

    def as_dict(self) -> dict[str, int]:
        """For the record beside the weights."""
        return asdict(self)


def prompt_ids(tokenizer: Tokenizer, question: str) -> list[int]:
    """A question in exactly ``PROMPT_SLOTS`` tokens: cut or filled with ``<pad>``, which the model reads as it is."""
    ids = list(tokenizer.encode(question).ids)[:PROMPT_SLOTS]
    return ids + [PAD] * (PROMPT_SLOTS - len(ids))


def exchange_ids(tokenizer: Tokenizer, question: str, answer: str) -> tuple[list[int], list[int]]:
    """The ids of a question in its slots, and those of its answer with ``END``."""
    return prompt_ids(tokenizer, question), [*tokenizer.encode(answer).ids, END]


class CompactLanguageModel(nn.Module):
    """Projector and decoder.

    Args:
        config: sizes.
    """

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        self.config = config
        self.projector = nn.Sequential(
            nn.Linear(4 * config.vision_width, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.signal = nn.Sequential(
            nn.Linear(config.signal_width, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.region = nn.Sequential(
            nn.Linear(config.region_width, config.width), nn.GELU(), nn.Linear(config.width, config.width)
        )
        self.region_names = nn.Parameter(torch.randn(config.regions, config.width) * 0.02)
        self.decoder = MistralForCausalLM(
            MistralConfig(
                vocab_size=config.vocabulary,
                hidden_size=config.width,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                num_key_value_heads=config.key_value_heads,
                intermediate_size=config.inner,
                max_position_embeddings=CONTEXT,
                sliding_window=None,
                tie_word_embeddings=True,
                pad_token_id=PAD,
                bos_token_id=BEGIN,
                eos_token_id=END,
            )
        )

    def picture(self, sight: Sight) -> Tensor:
        """The picture's prefix as embeddings: (B, 67, width)."""
        joined = functional.pixel_unshuffle(sight.tokens.float(), 2).flatten(2).transpose(1, 2)
        begin = self._embed(torch.full((len(joined), 1), BEGIN, device=joined.device))
        regions = self.region(sight.regions) + self.region_names
        return torch.cat([begin, self.projector(joined), regions, self.signal(sight.signal)[:, None]], dim=1)

    def forward(self, sight: Sight, text: Tensor) -> Tensor:
        """Logits (B, L, vocabulary) that predict ``text[:, 1:]`` and what follows, from question and answer ids."""
        logits: Tensor = self.decoder.lm_head(self.states(sight, text))
        return logits

    def states(self, sight: Sight, text: Tensor) -> Tensor:
        """Last hidden states (B, L, width) at the ids of questions and answers about a picture."""
        prefix = self.picture(sight)
        embeddings = torch.cat([prefix, self._embed(text)], dim=1)
        hidden: Tensor = self.decoder.model(inputs_embeds=embeddings, use_cache=False).last_hidden_state
        return hidden[:, prefix.shape[1] :]

    def read(self, text: Tensor, lengths: Tensor) -> Tensor:
        """Last hidden states (B, L, width) of bare text, without picture or question: what MIDS reads."""
        positions = torch.arange(text.shape[1], device=text.device)[None]
        mask = (positions < lengths[:, None]).long()
        hidden: Tensor = self.decoder.model(input_ids=text, attention_mask=mask, use_cache=False).last_hidden_state
        return hidden

    @torch.inference_mode()
    def write(self, sight: Sight, prompts: Tensor, limit: int, guide: Guide = _unguided) -> Iterator[Tensor]:
        """Greedy decoding of every prompt about every picture, one pass over each picture's prefix.

        Args:
            sight: of B pictures.
            prompts: (H, L) ids that end with a question, asked about each picture.
            limit: most tokens of an answer.
            guide: asked before every step which ids are allowed in all answers; ``None`` for any.

        Yields:
            (B * H,) ids, picture-major, one step at a time; ``END`` forever once an answer is finished. Stops when
            all are.
        """
        pictures, hypotheses = len(sight.tokens), len(prompts)
        cache = DynamicCache()
        self.decoder.model(inputs_embeds=self.picture(sight), past_key_values=cache, use_cache=True)
        cache.batch_repeat_interleave(hypotheses)
        ids = prompts.repeat(pictures, 1)
        done = torch.zeros(pictures * hypotheses, dtype=torch.bool, device=ids.device)
        for _ in range(limit):
            hidden = self.decoder.model(input_ids=ids, past_key_values=cache, use_cache=True).last_hidden_state[:, -1]
            logits, allowed = self.decoder.lm_head(hidden), guide()
            chosen = logits.argmax(dim=1) if allowed is None else _likeliest(logits, allowed)
            chosen = torch.where(done, torch.full_like(chosen, END), chosen)
            yield chosen
            done |= chosen == END
            if bool(done.all()):
                return
            ids = chosen[:, None]

    def _embed(self, ids: Tensor) -> Tensor:
        embedded: Tensor = self.decoder.model.embed_tokens(ids)
        return embedded


class Wordings:
    """The ``Guide`` of one answer: where the text may go on with certain wordings only, one of them is followed.

    Args:
        tokenizer: of the model.
        choices: wordings by the text so far, each with its leading space, an empty one for the end; none where anything
            may follow.

    Attributes:
        written: ids of the answer; whoever writes adds to it.
    """

    def __init__(self, tokenizer: Tokenizer, choices: Callable[[str], Sequence[str]]) -> None:
        self._tokenizer, self._choices = tokenizer, choices
        self._rest: list[list[int]] = []
        self.written: list[int] = []

    def __call__(self) -> Sequence[int] | None:
        """The ids that keep to a wording; the shortest one ends it where one begins another."""
        self._rest = [rest[1:] for rest in self._rest if rest[0] == self.written[-1]]
        if not self._rest or not all(self._rest):
            wordings = self._choices(decode_ids(self._tokenizer, self.written))
            self._rest = [list(self._tokenizer.encode(wording).ids) or [END] for wording in wordings]
        return sorted({rest[0] for rest in self._rest}) or None


def decode_ids(tokenizer: Tokenizer, ids: list[int]) -> str:
    """Text of the ids before the first ``END``, tags kept."""
    text: str = tokenizer.decode(ids[: ids.index(END)] if END in ids else ids, skip_special_tokens=False)
    return text


def write_texts(
    model: CompactLanguageModel, tokenizer: Tokenizer, sight: Sight, questions: Sequence[str]
) -> list[tuple[str, ...]]:
    """Every question answered about every picture, in one batch: one tuple of texts per picture."""
    prompts = torch.tensor([prompt_ids(tokenizer, question) for question in questions], device=sight.tokens.device)
    steps = list(model.write(sight, prompts, ANSWER_LIMIT))
    texts = [decode_ids(tokenizer, row) for row in torch.stack(steps, dim=1).tolist()]
    return [tuple(texts[at : at + len(questions)]) for at in range(0, len(texts), len(questions))]


def read_texts(model: CompactLanguageModel, texts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Hidden states (B, L, W) and lengths (B,) of bare texts, cut at 96 tokens; an empty text is one ``<pad>``."""
    cut = [list(text[:TEXT_LIMIT]) or [PAD] for text in texts]
    device = next(model.parameters()).device
    lengths = torch.tensor([len(text) for text in cut], device=device)
    longest = int(lengths.max())
    ids = torch.tensor([text + [PAD] * (longest - len(text)) for text in cut], device=device)
    return model.read(ids, lengths), lengths


@torch.inference_mode()
def ground_ids(model: CompactLanguageModel, sight: Sight, ids: Sequence[int], first: int) -> Tensor:
    """The model's states (S, width) at every ``[SEG]`` from position ``first`` on, of texts about one picture."""
    text = torch.tensor([list(ids)], device=sight.tokens.device)
    places = [at for at in range(first, len(ids)) if ids[at] == SEG]
    return model.states(sight, text)[0, places]
