"""Scripts of the repository that are no part of the package, loaded as modules."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from .test_architecture import TREE

__all__ = ["load_script"]


def load_script(path: str) -> ModuleType:
    """The script at this path of the repository ("docs/make_tree.py"), run as a module."""
    place = TREE / path
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    sys.path.insert(0, str(place.parent))  # as Python does for a script, which may use the one beside it
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(place.parent))
    return module
