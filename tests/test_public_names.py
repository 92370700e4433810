"""Every module says what is public, everything public exists and is explained, and importing it has no effect."""

from __future__ import annotations

import ast
import importlib
import inspect
from types import ModuleType

import pytest

import fakeface

from .test_architecture import SOURCES, TREE

MODULES = [
    ("fakeface." if path.startswith("commands") else "")
    + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for path in SOURCES
    if not path.endswith("__main__.py")
]


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> ModuleType:
    loaded = importlib.import_module(request.param)
    assert capfd.readouterr() == ("", ""), f"importing {request.param} prints"
    return loaded


def test_public_names_exist_once_and_are_explained(module: ModuleType) -> None:
    names = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert (value.__doc__ or "").strip(), f"{module.__name__}.{name} has no docstring"
    assert (module.__doc__ or "").strip(), f"{module.__name__} does not say what it is for"


def test_a_module_with_public_definitions_lists_its_public_names() -> None:
    silent = []
    for path in SOURCES:
        tree = ast.parse((TREE / path).read_text("utf-8"))
        defines = any(
            isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_") for node in tree.body
        )
        lists = any("__all__" in ast.unparse(node).split("=")[0] for node in tree.body if not _is_definition(node))
        if defines and not lists and not path.endswith("__main__.py"):
            silent.append(path)
    assert silent == []


def _is_definition(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def test_the_package_itself_offers_its_version_and_nothing_else() -> None:
    assert fakeface.__all__ == ["__version__"]
    assert fakeface.__version__.count(".") == 2
