"""Profiles: named sets of models, every part with file, hash, size and licence; loaded strictly and by hash.

A profile is a TOML file in ``fakeface.weights``. Nothing falls back: an absent file is a ``WeightsError`` (exit 5), a
file with another hash a ``WeightsMismatch`` (exit 4), both before anything is analysed.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from fakeface.calibration import Calibration
from fakeface.decision import Thresholds
from fakeface.errors import SettingsError, WeightsError, WeightsMismatch
from fakeface.films import TrackRule

__all__ = ["Part", "Profile", "load_profile", "profile_names", "weights_folder"]


@dataclass(frozen=True, slots=True)
class Part:
    """One weight or data file of a profile.

    Args:
        name: role of the part ("encoder", "language", "mids", "tokenizer").
        path: the file.
        sha256: what its hash must be.
        size_bytes: what its size must be.
        licence: of the file.
    """

    name: str
    path: Path
    sha256: str
    size_bytes: int
    licence: str

    def verified(self) -> Path:
        """The path, after its content was hashed and found right.

        Raises:
            WeightsError: the file is missing or unreadable.
            WeightsMismatch: its SHA-256 is another one.
        """
        self.content()
        return self.path

    def content(self) -> bytes:
        """The file's bytes, exactly those that were hashed and found right.

        Raises:
            WeightsError: the file is missing or unreadable.
            WeightsMismatch: its SHA-256 is another one.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise WeightsError(f"weights missing: {self.path.name} ({error.strerror})") from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != self.sha256:
            raise WeightsMismatch(f"{self.path.name} is not the file that the profile names: SHA-256 {digest[:16]}…")
        return content


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of models.

    Args:
        name: "compact".
        version: of the weights.
        trained: date of training.
        data: what it was trained on, one sentence.
        parts: its files by role.
        thresholds: cuts chosen on calibration faces.
        calibration: how the text-independent score becomes a likelihood ratio; ``None`` until it was calibrated.
        films: how tracks of films are judged; ``None`` until it was chosen on films of calibration faces.
    """

    name: str
    version: str
    trained: str
    data: str
    parts: dict[str, Part]
    thresholds: Thresholds
    calibration: Calibration | None = None
    films: TrackRule | None = None

    def part(self, name: str) -> Part:
        """The part with this role.

        Raises:
            WeightsError: the profile has none.
        """
        if name not in self.parts:
            raise WeightsError(f"profile {self.name} has no part {name!r}")
        return self.parts[name]


def weights_folder() -> Path:
    """Where the shipped weights lie."""
    return Path(str(files("fakeface.weights")))


def profile_names(folder: Path | None = None) -> list[str]:
    """Names of the profiles in a weights folder."""
    return sorted(path.stem for path in (folder or weights_folder()).glob("*.toml"))


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read a profile's record; its files are hashed when they are loaded (``Part.verified``).

    Raises:
        WeightsError: there is no such profile, or its record is incomplete.
    """
    folder = folder or weights_folder()
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(profile_names(folder)) or "none"
        raise WeightsError(f"no profile {name!r}; there are: {known}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        parts = {
            role: Part(role, folder / part["file"], part["sha256"], part["size_bytes"], part["licence"])
            for role, part in table["parts"].items()
        }
        thresholds = Thresholds(**table["thresholds"])
        calibration = _calibration(table["calibration"]) if "calibration" in table else None
        films = TrackRule(**table["films"]) if "films" in table else None
        return Profile(name, table["version"], table["trained"], table["data"], parts, thresholds, calibration, films)
    except (AttributeError, KeyError, TypeError, ValueError, SettingsError) as error:
        raise WeightsError(f"the record of profile {name!r} is incomplete: {error}") from error


def _calibration(table: dict[str, Any]) -> Calibration:
    envelope = {name: (float(low), float(high)) for name, (low, high) in table["envelope"].items()}
    first, mixed, second = table["covariance"]
    return Calibration(**{**table, "covariance": (first, mixed, second), "envelope": envelope})
