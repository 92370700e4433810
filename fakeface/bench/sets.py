"""Sets of faces with known truth, scored through the route.

Three sources: pairs that a forgery operator makes of real faces, pairs of given files (a CSV with the columns set,
real, fake), and the files of a manifest one by one. Each may be measured under a condition, the same processing of
every picture: it takes away what files alone give away, or shows what compression, noise and blur do.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fakeface.backends import Engine
from fakeface.bench.files import file_sample, luminance_quantiser, meant_face
from fakeface.bench.scoring import CLASSES, Examined, Place, Placed, score_windows, scored, watched
from fakeface.bench.values import Batch, Kind, ScoredFace
from fakeface.errors import EvidenceError, SettingsError
from fakeface.evidence import seal
from fakeface.faces import Box
from fakeface.findings import FaceFinding
from fakeface.frames import Frame
from fakeface.pipeline import Request, StillDecoder, examine_frame
from fakeface.settings import Settings
from fakeface.training.forge.codecs import Jpeg
from fakeface.training.forge.pairs import cut_windows
from fakeface.training.forge.postprocess import NAMED, PostProcess, named_processing
from fakeface.training.forge.recipe import GIVEN
from fakeface.training.forge.steps import AtScale, GaussianBlur, Noise
from fakeface.training.forge.studio import PicturePair, Studio
from fakeface.training.forge.values import CannotForge
from fakeface.training.formats.rle import Rle
from fakeface.training.manifest import FaceRow

__all__ = [
    "REENCODED",
    "REENCODING",
    "SLICES",
    "FileSet",
    "ForgedSet",
    "GivenFile",
    "file_sets",
    "processing_of",
    "read_pairs",
    "row_set",
    "score_files",
    "score_operator",
]

REENCODING = PostProcess(
    (GaussianBlur(0.5), AtScale(0.9, "area", "cubic"), Noise(1.5, seed=1), Jpeg(80, "4:2:0")), keeps_grey=False
)
"""The same for every file: blur 0.5 px, 90 % of the size and back, noise 1.5 grey levels, JPEG 80 (4:2:0). Frozen down
to the pixel, coloured noise on grey pictures included: figures of different releases are compared."""

REENCODED = "reencoded"
"""The condition of ``REENCODING``."""

SLICES = tuple(NAMED)
"""Conditions of robustness."""

NO_FACE = "no face of sufficient size was found"


def processing_of(condition: str) -> PostProcess | None:
    """What a condition does to every picture; ``None`` for none.

    Raises:
        SettingsError: there is no such condition.
    """
    if not condition:
        return None
    return REENCODING if condition == REENCODED else named_processing(condition)


@dataclass(frozen=True, slots=True)
class ForgedSet:
    """Forgeries of real faces by one operator.

    Args:
        operator: its name, or ``given``: the manifest's own fakes beside real faces of their size.
        kind: whether it is trained on.
        pairs: how many are wanted.
        condition: what is done to both pictures of a pair.
    """

    operator: str
    kind: Kind
    pairs: int
    condition: str = ""

    @property
    def name(self) -> str:
        """As figures call it."""
        return f"{self.operator}_{self.condition}" if self.condition else self.operator


def score_operator(engine: Engine, studio: Studio, wanted: ForgedSet, settings: Settings) -> Iterator[Batch]:
    """Pairs of one operator, each of another real face, in a seeded order that all operators share.

    A face on which the operator cannot work is left out and told, and the next one taken.
    """
    post = processing_of(wanted.condition)
    step, made = max(settings.batch_faces // 2, 1), 0
    faces: list[Placed] = []
    left_out: list[str] = []
    many = len(studio.fakes) if wanted.operator == GIVEN else len(studio.reals)
    for number in np.random.default_rng(studio.seed).permutation(many).tolist():
        rng = studio.generator(number)
        try:
            pair = _forge(studio, wanted.operator, number, rng)
        except CannotForge as error:
            left_out.append(f"cannot be forged: {error}")
            continue
        made += 1
        pair = pair if post is None else _processed(pair, post)
        source = studio.fakes[number] if wanted.operator == GIVEN else pair.row
        place = Place(wanted.operator, wanted.condition, wanted.kind, source.path)
        real, fake = cut_windows(pair, rng)
        faces += [Placed(place, real), Placed(place, fake, None if wanted.operator == GIVEN else real)]
        if len(faces) >= 2 * step or made == wanted.pairs:
            yield Batch(score_windows(engine, faces, settings), tuple(left_out))
            faces, left_out = [], []
        if made == wanted.pairs:
            return
    if faces or left_out:
        yield Batch(score_windows(engine, faces, settings) if faces else (), tuple(left_out))


def _forge(studio: Studio, operator: str, number: int, rng: np.random.Generator) -> PicturePair:
    if operator == GIVEN:
        return studio.given(studio.fakes[number], rng)
    return studio.forged(number, operator, rng, instead=None)


def _processed(pair: PicturePair, post: PostProcess) -> PicturePair:
    """Both pictures through the same processing, as whole pictures: windows are cut afterwards."""
    real, fake = (replace(one, pixels=post.apply(one.pixels)) for one in (pair.real, pair.fake))
    return replace(pair, real=real, fake=fake)


def read_pairs(path: Path) -> list[tuple[str, str, str]]:
    """(set, real, fake) of each line of a CSV with these columns.

    Raises:
        SettingsError: there is no such file, or a column is missing.
    """
    if not path.is_file():
        raise SettingsError(f"no pairs at {path}")
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    if not rows or {"set", "real", "fake"} - rows[0].keys():
        raise SettingsError(f"{path} needs the columns set, real, fake")
    return [(row["set"], row["real"], row["fake"]) for row in rows]


@dataclass(frozen=True, slots=True)
class GivenFile:
    """One file of a set: its path relative to the root, its truth, and the manifest's row of it where there is one."""

    path: str
    label: int
    row: FaceRow | None = None


@dataclass(frozen=True, slots=True)
class FileSet:
    """Given files.

    Args:
        title: of the set.
        kind: pairs or single files.
        items: what is measured together: a real file and its fake, or one file.
        condition: what is done to every picture.
    """

    title: str
    kind: Kind
    items: tuple[tuple[GivenFile, ...], ...]
    condition: str = ""

    @property
    def name(self) -> str:
        """As figures call it."""
        return f"{self.title}_{self.condition}" if self.condition else self.title


def file_sets(pairs: Sequence[tuple[str, str, str]], rows: Mapping[str, FaceRow]) -> list[FileSet]:
    """The sets of a list of pairs; where the manifest has a file's row, its class is known.

    Args:
        pairs: (set, real, fake).
        rows: of the manifest, by path.
    """
    found: dict[str, list[tuple[GivenFile, ...]]] = {}
    for name, real, fake in pairs:
        found.setdefault(name, []).append((GivenFile(real, 0, rows.get(real)), GivenFile(fake, 1, rows.get(fake))))
    return [FileSet(name, "pairs", tuple(items)) for name, items in found.items()]


def row_set(rows: Sequence[FaceRow], most: int, seed: int) -> FileSet:
    """The files of a manifest as they are, at most ``most`` of each label, drawn by the seed."""
    rng, items = np.random.default_rng(seed), []
    for number, label in enumerate(("real", "fake")):
        of_label = [row for row in rows if row.label == label]
        chosen = sorted(rng.permutation(len(of_label))[:most].tolist())
        items += [(GivenFile(of_label[index].path, number, of_label[index]),) for index in chosen]
    return FileSet("files", "files", tuple(items))


def score_files(
    engine: Engine, decoder: StillDecoder, root: Path, wanted: FileSet, settings: Settings
) -> Iterator[Batch]:
    """The files of a set, one item at a time; an item of which one file cannot be scored is left out and told."""
    score = _file_scorer(engine, decoder, root, wanted, settings)
    for item in wanted.items:
        faces: list[ScoredFace] = []
        reason = ""
        for file in item:
            kept = score(file, item[0].path)
            if isinstance(kept, str):
                reason = kept
                break
            faces.append(kept)
        yield Batch((), (reason,)) if reason else Batch(tuple(faces))


def _file_scorer(
    engine: Engine, decoder: StillDecoder, root: Path, wanted: FileSet, settings: Settings
) -> Callable[[GivenFile, str], ScoredFace | str]:
    """Scores one file of a set; gives the reason where it cannot."""
    watching, keeper = watched(engine)
    post = processing_of(wanted.condition)

    def score(file: GivenFile, group: str) -> ScoredFace | str:
        path = root / file.path
        try:
            evidence = seal(path)
            frame = next(iter(decoder.open(evidence).frames()))
        except EvidenceError as error:
            return f"cannot be read: {error.code}"
        if post is not None:
            frame = Frame(post.apply(frame.pixels))
        keeper.forget()
        findings, _, _ = examine_frame(watching, frame, Request(settings))
        finding = meant_face(findings, Box(*file.row.box) if wanted.kind == "files" and file.row else None)
        if finding is None or finding.crop is None:
            return NO_FACE
        place = Place(wanted.title, wanted.condition, wanted.kind, group)
        face = _scored_file(place, file, finding, Examined(engine, keeper, frame.pixels))
        return face.model_copy(
            update={
                "size_bytes": evidence.size_bytes,
                "picture_pixels": frame.width * frame.height,
                "quantisation": luminance_quantiser(path),
            }
        )

    return score


def _scored_file(place: Place, file: GivenFile, finding: FaceFinding, examined: Examined) -> ScoredFace:
    crop, row = finding.crop, file.row
    if crop is None:
        raise SettingsError("the face was not examined")
    known = row.forgery if row is not None else ("" if file.label else CLASSES[0])
    mask = row.mask if row is not None and isinstance(row.mask, Rle) else None
    if mask is not None and row is not None and mask.size != (row.height, row.width):
        mask = None
    sample = file_sample(crop, file.label, known, mask)
    return scored(Placed(place, sample), finding, examined, classed=bool(known))
