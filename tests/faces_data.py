"""A tiny data set of faces: crops, mirror images, brighter and smaller copies of one public-domain photograph."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

COLUMNS = ("path", "split", "label", "class", "source")
SPLITS = {"train": 8, "calib": 4, "dev": 3}
"""Real pictures of each split; the training split has two given fakes besides."""

FACE_BOX = (176, 77, 266, 167)
"""Where the face lies in the whole photograph."""


def photograph() -> NDArray[np.uint8]:
    """The astronaut, (512, 512, 3) uint8 RGB, a fresh writable copy."""
    return np.ascontiguousarray(data.astronaut()[..., :3])


def variant(seed: int) -> NDArray[np.uint8]:
    """A crop around the face, by its seed mirrored, brighter or darker, and scaled by 0.9 to 1.3."""
    rng = np.random.default_rng(seed)
    left, top = int(rng.integers(60, 110)), int(rng.integers(0, 25))
    picture = photograph()[top : top + 260, left : left + 260]
    if seed % 2:
        picture = np.ascontiguousarray(picture[:, ::-1])
    side = round(260 * rng.uniform(0.9, 1.3))
    picture = np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.clip(picture * rng.uniform(0.8, 1.15), 0, 255).astype(np.uint8)


def make_faces(folder: Path) -> Path:
    """Write pictures and ``manifest.csv``; also one picture without a face and one file that is none."""
    rows: list[dict[str, str]] = []
    seed = 0
    for split, count in SPLITS.items():
        for number in range(count):
            seed += 1
            rows.append(_save(folder, f"{split}/studio/{number}.png", variant(seed), split, "real", "real"))
    for number in range(2):
        fake = cv2.GaussianBlur(variant(100 + number), (0, 0), 2.0)
        rows.append(_save(folder, f"train/swaps/{number}.png", fake, "train", "fake", "identity_swap"))
    blank = np.full((120, 160, 3), 90, np.uint8)
    rows.append(_save(folder, "dev/studio/blank.png", blank, "dev", "real", "real"))
    (folder / "dev/studio/notes.png").write_text("no picture")
    rows.append(dict(zip(COLUMNS, ("dev/studio/notes.png", "dev", "real", "real", "studio"), strict=True)))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def _save(folder: Path, name: str, pixels: NDArray[np.uint8], split: str, label: str, forgery: str) -> dict[str, str]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return dict(zip(COLUMNS, (name, split, label, forgery, path.parent.name), strict=True))
