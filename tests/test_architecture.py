"""The rings hold: who may import what, how long a file may grow, and what no file may do. Sources are read, not run."""

from __future__ import annotations

import ast
import configparser
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import pytest

TREE = Path(__file__).parents[1]
SOURCES = sorted(
    path.relative_to(TREE).as_posix() for folder in ("fakeface", "commands") for path in (TREE / folder).rglob("*.py")
)

VALUES = (
    "answers",
    "asked",
    "concepts",
    "calibration",
    "compression",
    "decision",
    "errors",
    "evidence",
    "faces",
    "films",
    "findings",
    "frames",
    "inputs",
    "interfaces",
    "looks",
    "masks",
    "measurements",
    "profiles",
    "sampling",
    "sanitize",
    "settings",
)
"""Modules of the innermost ring: values, interfaces and pure functions of them."""

ROUTE = (
    "deciding",
    "decisive",
    "explaining",
    "filming",
    "grounding",
    "locating",
    "pipeline",
    "places",
    "suspicion",
    "segments",
    "temporal",
    "timeline",
    "tracking",
    "watching",
    "wording",
)
"""Modules of the ring that runs the models: one step of the route each."""

VALUES_LIBRARIES = {"cv2", "numpy", "pycocotools"}

MAY_IMPORT = {
    "values": {"values"},
    "decoder": {"decoder", "values"},
    "claims": {"claims", "values"},
    "networks": {"networks", "values"},
    "backends": {"backends", "claims", "decoder", "networks", "values"},
    "pipeline": {"pipeline", "backends", "claims", "values"},
    "report": {"report", "claims", "values"},
    "training": {"training", "pipeline", "backends", "networks", "claims", "values"},
    "bench": {"bench", "training", "pipeline", "backends", "claims", "values"},
    "commands": {"commands", "bench", "training", "report", "pipeline", "backends", "claims", "values"},
}
"""Ring -> rings of the project that it may import. ``pipeline`` takes the loaded engine from ``backends``, no more."""

NETWORK_FOLDERS = ("fakeface/backends/", "fakeface/networks/", "fakeface/training/")
ONLY_IN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("accelerate", "dlib", "peft", "safetensors", "segment_anything", "tokenizers", "torch", "torchvision"),
        NETWORK_FOLDERS,
    ),
    "transformers": NETWORK_FOLDERS,
    "click": ("commands/",),
    "reportlab": ("fakeface/report/",),
    "pikepdf": ("fakeface/report/",),
    "rich": ("fakeface/report/console", "commands/"),
    "PIL": ("fakeface/decoder/", "fakeface/report/"),
}
"""Library -> the only places that may import it."""

LIBRARY_EXCEPTIONS = {
    ("commands/doctor.py", "torch"): "its business is to say whether torch and a graphics processor are there",
    ("fakeface/training/contact_sheet.py", "PIL"): "OpenCV writes in no font of the package",
    ("fakeface/training/leaks.py", "PIL"): "imagehash takes Pillow's pictures; OpenCV has decoded them",
    ("fakeface/bench/files.py", "PIL"): "quantisation tables stand in a file's head; no pixel is decoded",
}

NEVER_IMPORTED = ("cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "yaml")
NEVER_CALLED = ("eval", "exec", "torch.load", "joblib.load", "os.system", "os.popen", "from_pretrained")

ACCUMULATORS = {
    ("commands/running.py", "_Run"): "one run while it goes: collects exit codes",
    ("commands/runtime.py", "Session"): "click's object: --debug is known only once the command line is read",
    ("fakeface/inputs.py", "_Walk"): "what has been met while folders are walked",
    ("fakeface/report/console.py", "_Collected"): "counts of entries that stream past",
    ("fakeface/report/words.py", "Tally"): "counts of entries that stream past",
}
"""Dataclasses that are not frozen, because they are no values but grow while something streams past."""

LONGEST_FILE, LONGEST_PIPELINE, LONGEST_FUNCTION = 400, 250, 60


def ring_of(path: str) -> str:
    """The ring that a source file belongs to; ``package`` for the bare package file."""
    parts = PurePosixPath(path).with_suffix("").parts
    if parts[0] == "commands":
        return "commands"
    return "package" if parts[1] == "__init__" else ring_of_module(".".join(parts))


def ring_of_module(module: str) -> str:
    """The ring of a dotted module of the project."""
    parts = module.split(".")
    if len(parts) == 1:
        return "package"
    return "values" if parts[1] in VALUES else "pipeline" if parts[1] in ROUTE else parts[1]


def imports(path: str, tree: ast.Module) -> Iterator[str]:
    """Every module that a file imports anywhere, dotted; relative names are made absolute."""
    dotted = path.removesuffix(".py").replace("/", ".")
    dotted = f"fakeface.{dotted}" if dotted.startswith("commands") else dotted
    package = dotted.removesuffix(".__init__") if dotted.endswith("__init__") else dotted.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            if base in ("fakeface", "fakeface.commands"):  # names of a package may be modules
                yield from (f"{base}.{alias.name}" for alias in node.names)
            else:
                yield base


def breaches_of_rings(path: str, tree: ast.Module) -> Iterator[str]:
    ring = ring_of(path)
    for module in imports(path, tree):
        if module.split(".")[0] != "fakeface" or module == "fakeface.__version__":
            continue
        if ring_of_module(module) not in MAY_IMPORT.get(ring, set()) | {"package"}:
            yield f"{path}: {ring} imports {module}"


def breaches_of_libraries(path: str, tree: ast.Module) -> Iterator[str]:
    for library in {module.split(".")[0] for module in imports(path, tree)}:
        allowed = ONLY_IN.get(library)
        if allowed and not path.startswith(allowed) and (path, library) not in LIBRARY_EXCEPTIONS:
            yield f"{path}: imports {library}"
        if ring_of(path) == "values" and library not in VALUES_LIBRARIES | {"fakeface"} | sys.stdlib_module_names:
            yield f"{path}: a value imports {library}"
        if ring_of(path) == "decoder" and library not in {"PIL", "fakeface", "pillow_heif"} | sys.stdlib_module_names:
            yield f"{path}: the decoding child imports {library}"


def breaches_of_safety(path: str, tree: ast.Module) -> Iterator[str]:
    """Nothing that can run code out of a file or a name."""
    yield from (f"{path}: imports {name}" for name in imports(path, tree) if name.split(".")[0] in NEVER_IMPORTED)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in NEVER_CALLED or name.rpartition(".")[2] in ("from_pretrained", "__import__"):
            yield f"{path}:{node.lineno}: calls {name}"
        for keyword in node.keywords:
            told = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in ("shell", "allow_pickle") and not told:
                yield f"{path}:{node.lineno}: {keyword.arg}"


def breaches_of_catching(path: str, tree: ast.Module) -> Iterator[str]:
    """A broad catch outside ``commands/runtime.py``; one that ends by raising again catches nothing."""
    for node in ast.walk(tree):
        if path == "commands/runtime.py" or not isinstance(node, ast.ExceptHandler):
            continue
        named = {leaf.id for leaf in ast.walk(node.type) if isinstance(leaf, ast.Name)} if node.type else {""}
        last = node.body[-1]
        raised_again = isinstance(last, ast.Raise) and last.exc is None
        if named & {"", "Exception", "BaseException"} and not raised_again:
            yield f"{path}:{node.lineno}: broad except"


def breaches_of_silence(path: str, tree: ast.Module) -> Iterator[str]:
    """Library code never prints and reads no command line; ``decoder/__main__`` is a program."""
    if path.startswith("commands/") or path.endswith("__main__.py"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "input"):
            yield f"{path}:{node.lineno}: {ast.unparse(node.func)}"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.argv", "sys.stdout", "sys.stderr"):
            yield f"{path}:{node.lineno}: {ast.unparse(node)}"


def breaches_of_freezing(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or (path, node.name) in ACCUMULATORS:
            continue
        for decorator in node.decorator_list:
            written = ast.unparse(decorator)
            if written.partition("(")[0].endswith("dataclass") and "frozen=True" not in written:
                yield f"{path}: {node.name} is not frozen"


def breaches_of_annotation(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None:
            yield f"{path}:{node.lineno}: {node.name} does not say what it returns"


def breaches_of_length(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            lines = node.end_lineno - node.body[0].lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{path}: {node.name} has {lines} lines"


RULES = (
    breaches_of_rings,
    breaches_of_libraries,
    breaches_of_safety,
    breaches_of_catching,
    breaches_of_silence,
    breaches_of_freezing,
    breaches_of_annotation,
    breaches_of_length,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_source_file_breaks_the_rule(rule: Callable[[str, ast.Module], Iterator[str]]) -> None:
    found = [breach for path in SOURCES for breach in rule(path, ast.parse((TREE / path).read_text("utf-8")))]
    assert found == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fakeface/pipeline.py", "from fakeface.commands.cli import cli"),
        ("fakeface/report/pdf.py", "from fakeface import backends"),
        ("fakeface/faces.py", "from fakeface.pipeline import examine"),
        ("fakeface/networks/mids.py", "def later() -> None:\n    import fakeface.report.record"),
        ("commands/detect.py", "from fakeface.networks import mids"),
        ("fakeface/pipeline.py", "import torch"),
        ("fakeface/bench/sets.py", "from transformers import AutoModel"),
        ("commands/train.py", "def later() -> None:\n    import torch.nn"),
        ("fakeface/report/tables.py", "import rich.table"),
        ("fakeface/backends/dlib.py", "from PIL import Image"),
        ("fakeface/masks.py", "import scipy"),
        ("fakeface/decoder/pixels.py", "import numpy as np"),
        ("fakeface/profiles.py", "import pickle"),
        ("fakeface/training/mine.py", "from joblib import load"),
        ("fakeface/training/mine.py", "weights = torch.load('w.pt', weights_only=True)"),
        ("fakeface/training/mine.py", "array = np.load('a.npy', allow_pickle=True)"),
        ("fakeface/backends/stills.py", "subprocess.run('file x', shell=True)"),
        ("fakeface/backends/compact.py", "model = AutoModel.from_pretrained(folder)"),
        ("fakeface/answers.py", "value = eval(text)"),
        ("fakeface/evidence.py", "try:\n    f()\nexcept (OSError, Exception):\n    pass"),
        ("fakeface/evidence.py", "try:\n    f()\nexcept:\n    pass"),
        ("fakeface/inputs.py", "print('found')"),
        ("fakeface/settings.py", "import sys\nDEBUG = '--debug' in sys.argv"),
        ("fakeface/frames.py", "@dataclass(slots=True)\nclass Frame:\n    index: int"),
        ("fakeface/frames.py", "@dataclasses.dataclass\nclass Frame:\n    index: int"),
        ("fakeface/frames.py", "def index():\n    return 0"),
        ("fakeface/frames.py", "def long() -> None:\n" + "    step()\n" * 61),
    ],
)
def test_a_breach_is_found(path: str, source: str) -> None:
    tree = ast.parse(source)
    assert [breach for rule in RULES for breach in rule(path, tree)]


def test_cleaning_up_before_an_exception_goes_on_is_no_broad_catch() -> None:
    source = "try:\n    f()\nexcept BaseException:\n    clean()\n    raise"
    assert list(breaches_of_catching("fakeface/report/disk.py", ast.parse(source))) == []


def test_files_stay_short() -> None:
    lengths = {path: len((TREE / path).read_text("utf-8").splitlines()) for path in SOURCES}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}
    assert lengths["fakeface/pipeline.py"] <= LONGEST_PIPELINE


def test_every_exception_to_a_rule_is_still_needed() -> None:
    trees = {path: ast.parse((TREE / path).read_text("utf-8")) for path in SOURCES}
    for path, library in LIBRARY_EXCEPTIONS:
        assert library in {module.split(".")[0] for module in imports(path, trees[path])}
    classes = {
        (path, node.name) for path, tree in trees.items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    assert set(ACCUMULATORS) <= classes
    assert [name for name in VALUES if not {f"fakeface/{name}.py", f"fakeface/{name}/__init__.py"} & set(SOURCES)] == []


def test_there_is_no_yaml_and_no_pickle_on_disk() -> None:
    folders = ("fakeface", "commands", "weights", "docs", "samples", "scripts")
    suffixes = {path.suffix for folder in folders for path in (TREE / folder).rglob("*")}
    assert suffixes.isdisjoint({".yaml", ".yml", ".pkl", ".pickle", ".pt", ".pth", ".joblib"})


def test_a_plain_installation_ships_every_package_and_every_data_file() -> None:
    setup = configparser.ConfigParser()
    setup.read(TREE / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    folders = {f"fakeface.{name}": TREE / name for name in ("commands", "weights")}
    folders |= {
        ".".join(init.parent.relative_to(TREE).parts): init.parent for init in (TREE / "fakeface").rglob("__init__.py")
    }
    assert listed == set(folders)
    patterns = {name: value.replace(",", " ").split() for name, value in setup["options.package_data"].items()}
    data = [
        (name, path.relative_to(folder).as_posix())
        for name, folder in folders.items()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and _owner(path, folders) == folder
    ]
    assert ("fakeface.report", "fonts/LICENSE.txt") in data
    assert [item for item in data if not any(fnmatch(item[1], one) for one in patterns.get(item[0], []))] == []


def _owner(path: Path, folders: dict[str, Path]) -> Path:
    """The innermost package that a file lies in."""
    return max((folder for folder in folders.values() if path.is_relative_to(folder)), key=lambda one: len(one.parts))
