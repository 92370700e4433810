"""``fakeface weights``: what model files there are, and whether they are the ones that were published."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .runtime import ExitCode, prepare_process, worst

if TYPE_CHECKING:
    from fakeface.profiles import Part, Profile

__all__ = ["NO_PROFILE", "weights"]

NO_PROFILE = "no profile is installed: the package is incomplete and needs to be installed again"
STUDIO = "forgery studio: makes training data, no verdict rests on it"


@click.group()
def weights() -> None:
    """List the model profiles and check their files.

    A profile names every file with its SHA-256. Files are hashed before every run; a file with another hash stops it.
    The forgery studio has a file of its own, which makes training data and takes no part in a verdict.
    """


@weights.command("list", epilog="\b\nExample:\n  fakeface weights list\n")
def list_profiles() -> ExitCode:
    """List the profiles and the forgery studio with their files."""
    prepare_process(0)
    from fakeface.training.forge.shipped import shipped_part

    for profile in _profiles(()):
        title = f"{profile.name} {profile.version}, trained {profile.trained}: {profile.data}"
        _print_parts(title, profile.parts.values())
    _print_parts(STUDIO, [shipped_part()])
    return ExitCode.EXAMINED


def _print_parts(title: str, parts: Iterable[Part]) -> None:
    from .screen import print_table

    print_table(
        title,
        ("part", "file", "bytes", "SHA-256", "licence", "here"),
        [
            (part.name, part.path.name, str(part.size_bytes), part.sha256, part.licence, _presence(part))
            for part in parts
        ],
    )


def _profiles(names: tuple[str, ...]) -> list[Profile]:
    from fakeface.errors import WeightsError
    from fakeface.profiles import load_profile, profile_names

    profiles = [load_profile(name) for name in names or profile_names()]
    if not profiles:
        raise WeightsError(NO_PROFILE)
    return profiles


def _presence(part: Part) -> str:
    return "yes" if part.path.is_file() else "missing"


@weights.command(epilog="\b\nExample:\n  fakeface weights verify --profile compact\n")
@click.option("--profile", "names", multiple=True, help="Which profile. Repeatable. [default: all, and the studio]")
def verify(names: tuple[str, ...]) -> ExitCode:
    """Hash every model file.

    Exit code 0: all are right; 4: a file has another hash; 5: a file or the profile is missing.
    """
    prepare_process(0)
    from fakeface.backends import check_parts
    from fakeface.training.forge.shipped import shipped_part

    from .screen import print_table

    sets: dict[str, Iterable[Part]] = {f"{one.name} {one.version}": one.parts.values() for one in _profiles(names)}
    if not names:
        sets[STUDIO] = [shipped_part()]
    codes = []
    for title, parts in sets.items():
        checked = check_parts(parts)
        rows = [(part.name, part.path.name, str(problem) if problem else "right") for part, problem in checked]
        print_table(title, ("part", "file", "SHA-256"), rows)
        codes += [problem.exit_code for _, problem in checked if problem]
    return worst(codes)
