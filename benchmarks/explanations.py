"""How true explanations are: phrases against their true masks, answers about touched and untouched parts, claims.

    python benchmarks/explanations.py FACES.jsonl --root DATA --faces 150

Forgeries of dev faces by the operators that the recipe trains on, as the networks see them, with their real faces. Of
every face the grounded explanation (AGE) is written and checked, and the model is asked about one touched and one
untouched part of the sixteen that a model may be asked about, by name, and about the touched one also by its box
(the levels of Fake-in-Facext: picture, region, box). Texts are compared with four wordings of the annotator's.
Intervals are over source pictures.
With ``--free`` the model names artifacts as it likes, instead of choosing among those that are measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from commandline import faces_parser
from numpy.typing import NDArray

from fakeface.answers import Exchange, Hypothesis, without_tags
from fakeface.asked import Asked, Place, Style
from fakeface.backends import Engine, build_engine
from fakeface.bench.bootstrap import Resampling
from fakeface.bench.compare import REFERENCES
from fakeface.bench.texts import text_figures
from fakeface.claims import is_alteration
from fakeface.claims.matching import REGION_ACTIVE
from fakeface.claims.terms import TERMS
from fakeface.concepts import REGION_NAMES, look_up, region_masks
from fakeface.deciding import decide_faces
from fakeface.explaining import go_further
from fakeface.faces import CROP_SIZE, Box
from fakeface.findings import Explanation, FaceFinding, ModelCard
from fakeface.frames import Frame
from fakeface.interfaces import Answerer, Choices, Encoding, any_words
from fakeface.settings import Settings
from fakeface.training.annotate import annotate_window
from fakeface.training.forge.pairs import FaceSample, PairFactory
from fakeface.training.forge.values import FOREIGN
from fakeface.training.manifest import read_faces

SEED = 8200
HALF = 0.5
SHOWN = {"cider": "CIDEr", "rouge_l": "ROUGE-L", "bleu4": "BLEU-4", "meteor": "METEOR"}
_ROW = {look_up(name).name: row for row, name in enumerate(REGION_NAMES)}

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Freely:
    """An answerer that is never told what may be said."""

    answerer: Answerer

    @property
    def card(self) -> ModelCard:
        """The model that writes."""
        return self.answerer.card

    def ask(self, encodings: Sequence[Encoding], hypotheses: Sequence[Hypothesis]) -> tuple[tuple[str, ...], ...]:
        """As it is."""
        return self.answerer.ask(encodings, hypotheses)

    def reply(
        self, encoding: Encoding, question: str, history: Sequence[Exchange] = (), choices: Choices = any_words
    ) -> Iterator[str]:
        """The answer, whatever was measured."""
        del choices
        return self.answerer.reply(encoding, question, history)

    def ground(self, encoding: Encoding, exchange: Exchange, history: Sequence[Exchange] = ()) -> tuple[object, ...]:
        """As it is."""
        return self.answerer.ground(encoding, exchange, history)


@dataclass(slots=True)
class Tally:
    """Values of every figure with the source picture of each."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    texts: dict[str, list[tuple[str, str, tuple[str, ...]]]] = field(default_factory=lambda: defaultdict(list))
    left_out: int = 0

    def add(self, name: str, group: str, values: Sequence[float]) -> None:
        """Take in values from one source picture; none leaves the figure as it is."""
        if not values:
            return
        self.values[name] += values
        self.groups[name] += [group] * len(values)

    def lines(self) -> Iterator[str]:
        """Rows of the table: mean, interval, number."""
        yield "| figure | value | n |\n|---|---|---|"
        for name in self.values:
            values = np.array(self.values[name], np.float64)

            def mean(weights: NDArray[np.float64], values: NDArray[np.float64] = values) -> NDArray[np.float64]:
                return np.asarray((weights @ values) / weights.sum(axis=1))

            figure = Resampling.draw(self.groups[name]).figure(float(values.mean()), mean)
            yield f"| {name} | {figure} | {figure.n} |"
        for name, compared in self.texts.items():
            groups, said, true = zip(*compared, strict=True)
            for metric, figure in text_figures(said, true, Resampling.draw(groups)).items():
                if metric in SHOWN:
                    yield f"| {name}: {SHOWN[metric]} | {figure} | {figure.n} |"


def parts_of(sample: FaceSample, rng: np.random.Generator) -> tuple[str | None, str | None]:
    """Names of a touched and of an untouched part; ``None`` where there is none."""
    areas = region_masks(sample.landmarks, CROP_SIZE, CROP_SIZE)
    altered = cv2.resize(sample.mask, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_LINEAR) > FOREIGN
    sizes = areas.sum(axis=(1, 2))
    shares = (areas & altered).sum(axis=(1, 2)) / np.maximum(sizes, 1)
    names = np.array([look_up(name).name for name in REGION_NAMES])
    touched, still = names[(sizes > 60) & (shares >= REGION_ACTIVE)], names[(sizes > 60) & (shares < 0.01)]
    return (
        str(rng.choice(touched)) if len(touched) else None,
        str(rng.choice(still)) if len(still) else None,
    )


def box_of(area: Bools) -> Box:
    """The smallest box around an area that is not empty."""
    left, top, width, height = cv2.boundingRect(area.astype(np.uint8))
    return Box(left, top, left + width, top + height)


def explained(engine: Engine, sample: FaceSample, asked: Sequence[str], box: Box | None = None) -> FaceFinding:
    """The window through the route: decision, grounded explanation, answers about parts and a box."""
    frame, crop = Frame(sample.window), sample.crop
    [encoding] = engine.encoder.encode([crop])
    [finding] = decide_faces(engine, [encoding], CROP_SIZE, CROP_SIZE, Settings())
    places = [Place.named(name) for name in asked]
    places += [Place("box", box=box)] if box is not None else []
    return go_further(engine, frame, encoding, finding, Asked(style=Style.AGE, places=tuple(places)), places)


def says_altered(told: Explanation) -> bool:
    """Whether an answer about a part calls anything altered."""
    return any(is_alteration(statement) for statement in told.statements)


def wordings(sample: FaceSample, original: FaceSample | None, task: str, asked: str | None = None) -> tuple[str, ...]:
    """What the annotator says of a face, in several wordings: the grounded explanation, or of the part asked about.

    Nothing where it cannot name the alteration.
    """
    rngs = (np.random.default_rng((SEED, number)) for number in range(REFERENCES))
    told = [annotate_window(sample, HALF, rng, original=original, talk=True, asked=asked) for rng in rngs]
    dialogues = [one for truth in told for one in truth.dialogues if one.task == task]
    return tuple(dict.fromkeys(without_tags(one.turns[-1].text) for one in dialogues))


def take_in(tally: Tally, group: str, sample: FaceSample, original: FaceSample | None, engine: Engine) -> None:
    """One face: everything that is measured on it."""
    references = wordings(sample, original, "age")
    if not references:
        tally.left_out += 1
        return
    rng = np.random.default_rng((SEED, len(tally.values["agreement of text, masks and region head"])))
    touched, still = parts_of(sample, rng)
    box = None if touched is None else box_of(region_masks(sample.landmarks, CROP_SIZE, CROP_SIZE)[_ROW[touched]])
    found = explained(engine, sample, [name for name in (touched, still) if name is not None], box)
    told, *replies = found.explanations
    spoken = [part.asked for part in found.places if part.concept is not None and not part.problem]
    said = dict(zip(spoken, replies, strict=True))
    of_touched, of_still = said.get(f"region {touched}"), said.get(f"region {still}")
    if of_touched is not None:
        tally.add("touched part called altered", group, [float(says_altered(of_touched))])
    if of_still is not None:
        kind = "of a forgery" if sample.label else "of a real face"
        tally.add(f"untouched part {kind} called untouched", group, [float(not says_altered(of_still))])
    for level, answer, part in (
        ("region", of_touched, touched),
        ("region", of_still, still),
        ("box", said.get("box"), touched),
    ):
        if part is not None:
            text = without_tags(answer.text) if answer is not None else ""
            tally.texts[f"text, {level}"].append((group, text, wordings(sample, original, "region", part)))
    tally.texts["text, picture"].append((group, without_tags(told.text), references))
    claims = [one for one in told.statements if one.term in TERMS and one.supported is not None]
    tally.add("claims supported by a measurement", group, [float(bool(one.supported)) for one in claims])
    if told.agreement is not None:
        tally.add("agreement of text, masks and region head", group, [told.agreement])
    shown = [one.mask.pixels for one in told.statements if one.mask is not None and one.mask.pixels.any()]
    if original is None:
        tally.add("false grounded phrases per real face", group, [float(len(shown))])
        tally.add("false masks per real face", group, [float(len(found.masks))])
        return
    truth = annotate_window(sample, HALF, rng, original=original)
    wanted = [mask for mask in (truth.mask(name) for name in dict.fromkeys(truth.grounded)) if mask.any()]
    best = [max((overlap(mask, one) for one in shown), default=0.0) for mask in wanted]
    tally.add("true phrase masks found at IoU 0.5", group, [float(iou >= HALF) for iou in best])
    tally.add("mIoU of true phrase masks", group, best)
    altered = truth.altered if truth.altered is not None else np.zeros((CROP_SIZE, CROP_SIZE), bool)
    drawn = np.logical_or.reduce([mask.pixels for mask in found.masks]) if found.masks else np.zeros_like(altered)
    tally.add("artifact mask IoU", group, [overlap(altered, drawn)])
    if found.decision.verdict.value == "fake":
        tally.add("artifact mask IoU where the verdict is fake", group, [overlap(altered, drawn)])
    if touched is None or box is None:
        return
    marked = {part.asked: part.mask.pixels for part in found.places if part.mask is not None}
    nothing = np.zeros_like(altered)
    inside = np.zeros_like(altered)
    inside[box.top : box.bottom, box.left : box.right] = True
    by_name = overlap(truth.mask(touched), marked.get(f"region {touched}", nothing))
    tally.add("IoU of the mask of a touched part, asked by name", group, [by_name])
    tally.add(
        "IoU of the mask in a box around it", group, [overlap(altered & inside, marked.get("box", nothing) & inside)]
    )


def overlap(first: Bools, second: Bools) -> float:
    """Intersection over union."""
    return float((first & second).sum() / max((first | second).sum(), 1))


def main() -> None:
    """Print the table."""
    parser = faces_parser(__doc__, threads=2)
    parser.add_argument("--faces", type=int, default=150)
    parser.add_argument("--weights", type=Path, help="A weights folder other than the installed one.")
    parser.add_argument("--free", action="store_true", help="Let the model name artifacts that are not measured.")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    engine = build_engine(Settings(threads=given.threads), given.weights)
    engine = replace(engine, answerer=Freely(engine.answerer)) if given.free else engine
    factory = PairFactory(read_faces(given.faces_file, "dev"), given.root, SEED)
    tally, index, faces = Tally(), 0, 0
    while faces < given.faces:
        real, fake = factory.pair(index)
        index += 1
        if not fake.mask_known or not (fake.mask > FOREIGN).any():
            continue
        faces += 1
        take_in(tally, real.photo, real, None, engine)
        take_in(tally, fake.photo, fake, real, engine)
    print("\n".join(tally.lines()))
    print(f"\nForgeries left out because the annotator cannot name what was altered: {tally.left_out}")


if __name__ == "__main__":
    main()
