"""Mine answers for MIDS: the tuned language model writes its three answers about faces it was not tuned on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from pydantic import BaseModel, ConfigDict
from tokenizers import Tokenizer

from fakeface.answers import Answer, Claim, Hypothesis, parse_answer, prompt
from fakeface.networks.encoder import ForensicEncoder
from fakeface.networks.language import CompactLanguageModel, write_texts
from fakeface.training.forge.pairs import PairFactory
from fakeface.training.language import rows_of_part
from fakeface.training.lineage import fingerprint, note_over
from fakeface.training.looking import look_at
from fakeface.training.manifest import FaceRow
from fakeface.training.progress import Log
from fakeface.training.whole import write_whole

__all__ = ["MINING_SEED", "MinedFace", "mine", "mining_factory", "read_mined"]

MINING_SEED = 4000
HYPOTHESES = tuple(Hypothesis)
QUESTIONS = tuple(prompt(hypothesis) for hypothesis in HYPOTHESES)


class MinedFace(BaseModel):
    """One face with the model's answers (the internal form of FFAA's MIDS records).

    ``pair`` and ``side`` say which window of the seeded factory it is; ``label`` is 0 real, 1 fake; ``texts`` stand in
    the order open, fake, real.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pair: int
    side: int
    label: int
    operator: str
    texts: tuple[str, str, str]

    def answers(self) -> tuple[Answer, ...]:
        """The texts, parsed."""
        return tuple(parse_answer(text, hypothesis) for text, hypothesis in zip(self.texts, HYPOTHESES, strict=True))

    @property
    def hard(self) -> bool:
        """Whether the three claims differ or one is wrong."""
        truth = Claim.FAKE if self.label else Claim.REAL
        return {answer.claim for answer in self.answers()} != {truth}


def read_mined(path: Path) -> list[MinedFace]:
    """Faces mined so far, both of every pair: what an interrupted write left of a pair does not count."""
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").split("\n")[:-1]
    faces = [MinedFace.model_validate_json(line) for line in whole]
    return faces[: len(faces) - len(faces) % 2]


def mining_factory(rows: Sequence[FaceRow], root: Path, split: str) -> PairFactory:
    """The pairs that are mined: of the training faces kept back for it, or of the calibration faces."""
    chosen = rows_of_part(rows, "mining") if split == "train" else [row for row in rows if row.split == split]
    return PairFactory(chosen, root, MINING_SEED)


def mine(
    factory: PairFactory,
    encoder: ForensicEncoder,
    language: CompactLanguageModel,
    tokenizer: Tokenizer,
    path: Path,
    pairs: int,
    pairs_per_batch: int = 16,
) -> Iterator[dict[str, Any]]:
    """Append faces to ``path`` (JSON Lines) until ``pairs`` pairs are answered; resumes; yields counts.

    Batches begin at the same pairs whether or not a call was interrupted, so that the answers are the same. A folder
    named as ``path`` without its ending gets a log with its curves: the shares of faces that are hard, and of open
    answers that are right, in each batch.

    Raises:
        WeightsError: ``path`` holds answers that other networks gave.
    """
    encoder.eval()
    language.eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    note_over(path, fingerprint(encoder, language))
    done = read_mined(path)
    first = done[-1].pair + 1 if done else 0
    if first < pairs:
        first -= first % pairs_per_batch
        done = done[: 2 * first]
        write_whole(path, "".join(face.model_dump_json() + "\n" for face in done))
    hard = sum(face.hard for face in done)
    log = Log(path.with_suffix("") / "log.csv")
    for start in range(first, pairs, pairs_per_batch):
        indices = range(start, min(start + pairs_per_batch, pairs))
        samples = [(index, side, sample) for index in indices for side, sample in enumerate(factory.pair(index))]
        sight = look_at(encoder, [sample for _, _, sample in samples])
        faces = [
            MinedFace(pair=index, side=side, label=sample.label, operator=sample.operator, texts=texts)  # type: ignore[arg-type]
            for (index, side, sample), texts in zip(
                samples, write_texts(language, tokenizer, sight, QUESTIONS), strict=True
            )
        ]
        with path.open("a", encoding="utf-8") as handle:
            handle.writelines(face.model_dump_json() + "\n" for face in faces)
        hard += sum(face.hard for face in faces)
        log.write({"seen": 2 * (indices[-1] + 1), **_shares(faces)})
        yield {"pairs": indices[-1] + 1, "faces": 2 * (indices[-1] + 1), "hard": hard}


def _shares(faces: Sequence[MinedFace]) -> dict[str, float]:
    right = [face.answers()[0].claim is (Claim.FAKE if face.label else Claim.REAL) for face in faces]
    return {"hard_share": fmean(face.hard for face in faces), "open_right_share": fmean(right)}
