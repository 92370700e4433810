"""Make `docs/video.png`, what `fakeface video --clip` makes of the film of `samples/make_film.py`.

Run `python docs/make_video.py` after new weights. Above stand frames of the annotated copy, from before, inside and
behind the part that is forged; below, the timeline of the forged person.
"""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from fakeface.backends.films import FilmDecoder
from fakeface.evidence import seal
from fakeface.faces import Box
from fakeface.report.film_entries import FilmEntry, TrackEntry
from fakeface.report.film_plot import draw_timeline
from fakeface.report.stream import read_files
from fakeface.settings import FilmSettings
from fakeface.training.forge.film_files import FilmTruth, read_truth

DOCS = Path(__file__).parent
PICTURE = DOCS / "video.png"
WIDTH = 1080


def made(folder: Path) -> FilmTruth:
    """The sample's forged film in a folder."""
    subprocess.run([sys.executable, str(DOCS.parent / "samples" / "make_film.py"), str(folder)], check=True)  # noqa: S603
    return read_truth(next(folder.glob("*-forged-*.json")))


def examined(film: Path, case: Path) -> FilmEntry:
    """The record's film, by the command as a user runs it."""
    words = [sys.executable, "-m", "fakeface.commands", "video", str(film), "--clip", "--out", str(case)]
    subprocess.run(words, check=True)  # noqa: S603 - our own interpreter and module, no shell
    entry = next(read_files(case / "findings.json")).film
    if entry is None:
        raise SystemExit("the sample is no film")
    return entry


def forged_track(film: FilmEntry, truth: FilmTruth) -> TrackEntry:
    """The track that lies on the forged person."""
    person = next(place for place, one in enumerate(truth.persons) if one.forged)

    def overlap(track: TrackEntry) -> float:
        first = track.sightings[0]
        return truth.overlaps(first.time_seconds.fraction, Box(*first.box))[person]

    return max(film.tracks, key=overlap)


def track_end(film: FilmEntry) -> Fraction:
    """Where the last track of the film ends, in seconds."""
    return max(track.sightings[-1].time_seconds.fraction for track in film.tracks)


def picture(folder: Path) -> Image.Image:
    """Frames of the copy over the timeline."""
    truth = made(folder)
    case = folder / "case"
    film = examined(folder / truth.film, case)
    stretch = next(one.forged[0] for one in truth.persons if one.forged)
    track, end = forged_track(film, truth), track_end(film)
    inside = [one.index for one in track.decisive if stretch.start <= one.time_seconds.fraction < stretch.end]
    middle = inside[0] if inside else int((stretch.start + stretch.end) / 2 * truth.rate)  # on the first, with its mask
    indices = [int(stretch.start / 2 * truth.rate), middle, int((stretch.end + end) / 2 * truth.rate)]
    copy = FilmDecoder(FilmSettings()).open(seal(case / str(film.clip_file)))
    frames = [one.frame.pixels for one in copy.frames_at(indices)]
    row = Image.fromarray(np.concatenate(frames, axis=1))
    plot = Image.fromarray(draw_timeline(film, track))
    parts = [part.resize((WIDTH, part.height * WIDTH // part.width), Image.Resampling.LANCZOS) for part in (row, plot)]
    sheet = Image.new("RGB", (WIDTH, sum(part.height for part in parts) + 12), (255, 255, 255))
    sheet.paste(parts[0], (0, 0))
    sheet.paste(parts[1], (0, parts[0].height + 12))
    return sheet


def main() -> None:
    """Write the picture."""
    with TemporaryDirectory() as folder:
        picture(Path(folder)).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
