"""``fakeface weights``: what model profiles there are, and whether their files are the ones that were published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .runtime import ExitCode, prepare_process, worst

if TYPE_CHECKING:
    from fakeface.profiles import Part, Profile

__all__ = ["NO_PROFILE", "weights"]

NO_PROFILE = "no profile is installed: the package is incomplete and needs to be installed again"


@click.group()
def weights() -> None:
    """List the model profiles and check their files.

    A profile names every file with its SHA-256. Files are hashed before every run; a file with another hash stops it.
    """


@weights.command("list", epilog="\b\nExample:\n  fakeface weights list\n")
def list_profiles() -> ExitCode:
    """List the profiles with their files."""
    prepare_process(0)

    from .screen import print_table

    for profile in _profiles(()):
        print_table(
            f"{profile.name} {profile.version}, trained {profile.trained}: {profile.data}",
            ("part", "file", "bytes", "SHA-256", "licence", "here"),
            [
                (part.name, part.path.name, str(part.size_bytes), part.sha256, part.licence, _presence(part))
                for part in profile.parts.values()
            ],
        )
    return ExitCode.EXAMINED


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
@click.option("--profile", "names", multiple=True, help="Which profile. Repeatable. [default: all]")
def verify(names: tuple[str, ...]) -> ExitCode:
    """Hash every file of a profile.

    Exit code 0: all are right; 4: a file has another hash; 5: a file or the profile is missing.
    """
    prepare_process(0)
    from fakeface.backends import check_parts

    from .screen import print_table

    codes = []
    for profile in _profiles(names):
        checked = check_parts(profile)
        rows = [(part.name, part.path.name, str(problem) if problem else "right") for part, problem in checked]
        print_table(f"{profile.name} {profile.version}", ("part", "file", "SHA-256"), rows)
        codes += [problem.exit_code for _, problem in checked if problem]
    return worst(codes)
