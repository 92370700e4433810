"""Speed of the compact profile, as seconds per face and as ratios measured in one run.

    python benchmarks/speed.py PICTURES... --threads 2 --faces 40

Takes the faces of the given pictures (files or folders), warms up, and times the parts on the same faces: finding
faces, the text-independent score, the whole decision, the three answers in one batch against three single calls, how
long after a decoded picture the first words of its explanation come in a warm process, and how long a new process takes
from its start to the verdict on the first picture.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from fakeface.answers import Hypothesis
from fakeface.asked import Asked, Silent, Style
from fakeface.backends import Engine, build_engine
from fakeface.backends.stills import Decoder
from fakeface.deciding import examine_crops
from fakeface.errors import EvidenceError, SettingsError
from fakeface.evidence import seal
from fakeface.faces import FaceCrop, crop_face
from fakeface.inputs import Inputs
from fakeface.pipeline import Request, examine_frame
from fakeface.settings import Settings

Cut = tuple[FaceCrop, int, int]
"""A crop with the height and width of its frame."""


def gather(engine: Engine, paths: list[str], settings: Settings, wanted: int) -> tuple[list[Cut], float]:
    """Crops of the first faces, and seconds of face finding per picture."""
    crops: list[Cut] = []
    spent, pictures = 0.0, 0
    with Decoder(settings.decoder) as decoder:
        for item in Inputs(paths):
            try:
                frame = next(iter(decoder.open(seal(item.path)).frames()))
            except EvidenceError:
                continue
            started = time.perf_counter()
            faces = engine.finder.find(frame)
            spent, pictures = spent + time.perf_counter() - started, pictures + 1
            large = [face for face in faces if face.size_pixels >= settings.faces.min_face_pixels]
            crops += [(crop_face(frame, face), frame.height, frame.width) for face in large]
            if len(crops) >= wanted:
                break
    return crops[:wanted], spent / max(pictures, 1)


def seconds(action: Callable[[], object], faces: int) -> float:
    """Seconds per face of the second of two runs."""
    action()
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) / faces


@dataclass(slots=True)
class FirstWords(Silent):
    """Hears when an explanation begins."""

    heard: list[tuple[float, str]] = field(default_factory=list)

    def piece(self, text: str) -> None:
        """Note it with its time."""
        self.heard.append((time.perf_counter(), text))


def first_words(engine: Engine, path: str, settings: Settings) -> float:
    """Seconds from a decoded picture to the first words of its explanation, faces found anew; the second of two times.

    Raises:
        SettingsError: the picture shows no face that is large enough.
    """
    with Decoder(settings.decoder) as decoder:
        frame = next(iter(decoder.open(seal(Path(path))).frames()))
    for _ in range(2):
        ear, started = FirstWords(), time.perf_counter()
        examine_frame(engine, frame, Request(settings, asked=Asked(style=Style.AGE, face=1, listener=ear)))
    if not ear.heard:
        raise SettingsError(f"{path} shows no face that can be explained")
    return ear.heard[0][0] - started


def first_verdict(path: str, threads: int) -> float:
    """Seconds from the start of a new process to the verdict on one picture, by the second of two processes.

    Raises:
        subprocess.CalledProcessError: the process gave no verdict.
    """
    words = [sys.executable, "-m", "fakeface.commands", "detect", path, "--threads", str(threads), "--format", "jsonl"]
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            options = ["--no-images", "--out", f"{folder}/case"]
            with subprocess.Popen([*words, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                told = process.stdout.readline() if process.stdout else b""
                spent = time.perf_counter() - started
            if not told:
                raise subprocess.CalledProcessError(process.returncode, words)
    return spent


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--faces", type=int, default=40)
    given = parser.parse_args()
    settings = Settings(threads=given.threads)
    started = time.perf_counter()
    engine = build_engine(settings)
    loading = time.perf_counter() - started
    crops, finding = gather(engine, given.paths, settings, given.faces)
    count = len(crops)

    def each(chosen: Settings) -> Callable[[], object]:
        return lambda: [examine_crops(engine, [crop], height, width, chosen) for crop, height, width in crops]

    fast = Settings(threads=given.threads, fast=True)
    triage = seconds(each(fast), count)
    full = seconds(each(settings), count)
    encodings = [engine.encoder.encode([crop])[0] for crop, _, _ in crops]
    hypotheses = tuple(Hypothesis)
    batched = seconds(lambda: [engine.answerer.ask([one], hypotheses) for one in encodings], count)
    single = seconds(lambda: [engine.answerer.ask([one], [h]) for one in encodings for h in hypotheses], count)
    first = next(str(item.path) for item in Inputs(given.paths))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"threads {given.threads}, faces {count}, models loaded in {loading:.1f} s")
    print(f"face finding        {finding:.3f} s per picture")
    print(f"triage              {triage:.3f} s per face")
    print(f"whole decision      {full:.3f} s per face ({full / triage:.1f} x triage)")
    print(f"three answers       {batched:.3f} s in one batch, {single:.3f} s in three calls ({single / batched:.2f} x)")
    print(f"first words         {first_words(engine, first, settings):.2f} s after the picture, warm")
    print(f"start to verdict    {first_verdict(first, given.threads):.1f} s, new process")
    print(f"peak memory         {peak:.0f} MiB")


if __name__ == "__main__":
    main()
