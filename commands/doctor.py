"""``fakeface doctor``: whether this computer can run fakeface, one line per thing that it needs."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from .runtime import ExitCode, prepare_process, worst
from .weights import NO_PROFILE

__all__ = ["Check", "doctor"]

LIBRARIES = {
    "numpy": "numpy",
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "dlib": "dlib-bin",
    "pydantic": "pydantic",
    "reportlab": "reportlab",
    "scipy": "scipy",
    "ffmpeg": "ffmpeg-python",
    "av": "av",
    "pycocotools.mask": "pycocotools",
    "safetensors": "safetensors",
    "tokenizers": "tokenizers",
    "torch": "torch",
    "torchvision": "torchvision",
    "transformers": "transformers",
    "segment_anything": "segment-anything",
}
"""Module -> distribution, in an order in which a failure names its own cause."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Args:
        name: of the thing.
        found: what is there, or what is wrong with it.
        code: ``EXAMINED`` where nothing is wrong, else the exit code it leads to.
    """

    name: str
    found: str
    code: ExitCode = ExitCode.EXAMINED


@click.command(epilog="\b\nExample:\n  fakeface doctor\n")
def doctor() -> ExitCode:
    """Check that this computer can run fakeface.

    Looks at Python, the libraries (each is really imported), the model files (each is hashed), ffmpeg, threads and the
    folder for temporary files. Exit code 0: all is there; 4: a model file has another hash; 5: something is missing.
    """
    threads = prepare_process(0)
    from .screen import print_table

    checks = [
        Check("python", f"{platform.python_version()} ({sys.executable})"),
        *(_check_library(module, distribution) for module, distribution in LIBRARIES.items()),
        _check_face_models(),
        *_check_profiles(),
        _check_ffmpeg(),
        _check_cuda(),
        Check("threads", str(threads)),
        _check_temporary(),
    ]
    rows = [("missing" if one.code else "ok", one.name, one.found) for one in checks]
    print_table("fakeface doctor", ("", "what", "found"), rows)
    return worst(one.code for one in checks)


def _attempt(name: str, look: Callable[[], str]) -> Check:
    """The check of something that may fail on import or on first use, as native libraries do."""
    from fakeface.errors import FakefaceError

    try:
        return Check(name, look())
    except (ImportError, OSError, RuntimeError, AttributeError, FakefaceError) as error:
        return Check(name, f"{type(error).__name__}: {error}", ExitCode.BACKEND)


def _check_library(module: str, distribution: str) -> Check:
    def look() -> str:
        importlib.import_module(module)
        return importlib.metadata.version(distribution)

    return _attempt(distribution, look)


def _check_face_models() -> Check:
    def look() -> str:
        from fakeface.backends.dlib import DlibFaceFinder
        from fakeface.settings import FaceSettings

        return f"landmark model {DlibFaceFinder(FaceSettings()).card.sha256[:16]}…"

    return _attempt("face finder", look)


def _check_profiles() -> Iterator[Check]:
    from fakeface.backends import check_parts
    from fakeface.errors import WeightsError
    from fakeface.profiles import load_profile, profile_names

    if not profile_names():
        yield Check("profiles", NO_PROFILE, ExitCode.BACKEND)
    for name in profile_names():
        try:
            checked = check_parts(load_profile(name).parts.values())
        except WeightsError as error:
            yield Check(f"profile {name}", str(error), ExitCode(error.exit_code))
            continue
        for part, problem in checked:
            code = ExitCode(problem.exit_code) if problem else ExitCode.EXAMINED
            yield Check(f"profile {name}: {part.name}", str(problem or f"{part.path.name}, hash as stated"), code)


def _check_ffmpeg() -> Check:
    def look() -> str:
        from fakeface.backends.ffmpeg import find_program

        program = find_program()
        return f"{program.version} at {program.path}"

    return _attempt("ffmpeg", look)


def _check_cuda() -> Check:
    """No graphics processor is nothing wrong: the compact profile is made for the processor."""

    def look() -> str:
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "none; --device cpu is the default"

    return _attempt("graphics processor", look)


def _check_temporary() -> Check:
    def look() -> str:
        with tempfile.TemporaryFile() as stream:
            stream.write(b"\0")
        return tempfile.gettempdir()

    return _attempt("temporary files", look)
