"""Speed and memory of `fakeface video` with the default sampling, on a made 720p film with one face.

    python benchmarks/films.py FACES.jsonl --root DATA --threads 2 --out runs/film-speed

A film of some seconds is made of a real face and repeated to the lengths that are measured. Speed: seconds of film per
second of work in a warm process, 1 and more is real time, by part. Memory: the largest process of `fakeface video` on a
short and on a long film, and how many times the short one's the long one takes; flat is 1.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ffmpeg
from commandline import faces_parser

from fakeface.backends import build_engine
from fakeface.backends.ffmpeg import find_program
from fakeface.backends.films import FilmDecoder
from fakeface.evidence import seal
from fakeface.filming import FilmRequest, examine_film
from fakeface.sampling import Sampling
from fakeface.settings import Settings
from fakeface.training.forge.film_files import Encoding, FilmWriter
from fakeface.training.forge.films import ONE, FilmShape, FilmStudio
from fakeface.training.manifest import FaceRow, read_faces

SEED = 9200


def make_film(rows: list[FaceRow], root: Path, folder: Path, seconds: int) -> Path:
    """A film of one real person, 1280 x 720, 25 frames a second."""
    shape = FilmShape(1280, 720, frames=25 * seconds, sides=(180, 240))
    films = FilmStudio(rows, root, SEED, shape)
    plan = next(plan for plan in map(films.plan, range(100)) if plan.scene == ONE)
    view, path = films.view(plan), folder / f"{seconds}.mp4"
    if not path.exists():
        with FilmWriter(path, shape.width, shape.height, shape.rate, Encoding(23)) as writer:
            for number in range(shape.frames):
                writer.add(view.shot(number, float(number / shape.rate))[0])
    return path


def repeated(film: Path, seconds: int) -> Path:
    """The film over and over until so many seconds, nothing encoded again."""
    path = film.with_name(f"{seconds}-repeated.mp4")
    again = ffmpeg.input(str(film), stream_loop=-1).output(str(path), c="copy", t=seconds)
    again.run(cmd=find_program().path, quiet=True, overwrite_output=True)
    return path


def speed(film: Path, settings: Settings) -> tuple[float, dict[str, float]]:
    """Seconds of the film, and seconds of work by part, of the second of two examinations."""
    engine, decoder = build_engine(settings), FilmDecoder(settings.films)
    parts: dict[str, float] = {}
    length = 0.0
    for _ in range(2):
        started = time.perf_counter()
        source = decoder.open(seal(film))
        opened = time.perf_counter() - started
        finding, faces, networks = examine_film(engine, source, FilmRequest(settings, Sampling.default()))
        whole = time.perf_counter() - started
        length = float(finding.facts.duration_seconds or 0)
        parts = {
            "whole": whole,
            "first reading": opened,
            "finding and following faces": faces,
            "networks": networks,
            "second reading and the rest": whole - opened - faces - networks,
        }
    return length, parts


def peak_mib(film: Path, threads: int) -> float:
    """Memory of the largest process of `fakeface video` on a film, MiB."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["video", str(film), "--out", f"{folder}/case", "--threads", str(threads), "--quiet"]
        process = subprocess.Popen([sys.executable, "-m", "fakeface.commands", *words], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"fakeface video ended with {process.returncode}")
    return used.ru_maxrss / 1024


def main() -> None:
    """Print both."""
    parser = faces_parser(__doc__, threads=2, out=True)
    parser.add_argument("--seconds", type=int, default=20, help="of the film that speed is measured on")
    parser.add_argument("--short", type=int, default=60, help="seconds of the short film")
    parser.add_argument("--long", type=int, default=600, help="seconds of the long film; 0 measures no memory")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    film = make_film(read_faces(given.faces_file, "dev"), given.root, given.out, given.seconds)
    length, parts = speed(film, Settings(threads=given.threads))
    print(f"threads {given.threads}, {length:.1f} s of film, {os.cpu_count()} cores")
    for name, seconds in parts.items():
        print(f"{name:28} {seconds:7.2f} s, {length / max(seconds, 1e-9):7.2f} s of film per second")
    if given.long:
        peaks = [peak_mib(repeated(film, seconds), given.threads) for seconds in (given.short, given.long)]
        told = ", ".join(
            f"{s} s of film {mib:.0f} MiB" for s, mib in zip((given.short, given.long), peaks, strict=True)
        )
        print(f"peak memory: {told}; {peaks[1] / peaks[0]:.2f} times as much")


if __name__ == "__main__":
    main()
