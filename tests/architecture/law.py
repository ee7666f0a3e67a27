"""The part of the architecture law that import-linter cannot say, as functions over a source tree.

Each returns the faults of the tree under ``root`` as ``file:line: sentence``; an empty list is a lawful tree.
"""

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

# Below the line (design: no I/O, no clock, no logging, no pandas, no randomness): what may be imported, nothing else.
CORE = ("model", "registry", "metrics", "limits", "actions", "engine")
CORE_IMPORTS = frozenset({
    "__future__", "abc", "bisect", "collections", "collections.abc", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "heapq", "itertools", "math", "numbers", "operator", "re", "statistics", "string",
    "types", "typing", "guard", "pydantic",
})  # fmt: skip
# Files that may import something more, and what.
CORE_EXTRAS = {
    "guard/registry.py": {"importlib", "inspect", "pkgutil"},
    "guard/limits/registry.py": {"importlib", "inspect", "pkgutil"},
    "guard/actions/registry.py": {"importlib", "inspect", "pkgutil"},
    "guard/model/tradingday.py": {"zoneinfo"},
}
# Read from the clock, the disk or the console, or run text as code.
BANNED_NAMES = frozenset({"open", "eval", "exec", "compile", "print", "input", "breakpoint", "__import__"})
BANNED_ATTRIBUTES = frozenset({"now", "utcnow", "today", "utcfromtimestamp"})

DEMO = "guard/cli/demo.py"  # the one place of the product that runs on the simulated broker
# The only files that may import a module whose name is not written as an import statement, and why.
DYNAMIC_IMPORTERS = {
    "guard/registry.py": "finds limits, actions and notifiers by scanning their folder",
    "guard/cli/main.py": "loads the one command that was typed",
    "guard/terminal/worker.py": "loads the terminal module it is told to",
    "guard/terminal/mt5.py": "loads the vendor module where there is one",
}
LONGEST_MODULE = 300
MEDIAN_MODULE = 120


def sources(root: Path, package: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of ``package`` under ``root``: its path from ``root`` with slashes, and its syntax tree."""
    for path in sorted((root / package).rglob("*.py")):
        yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and module of every import statement, those inside functions included; relative ones as ``guard``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "guard" if node.level else node.module or ""


def core_imports_outside_the_allowed(root: Path) -> list[str]:
    """Imports below the line that are not on the allow-list."""
    found = []
    for name, tree in sources(root, "guard"):
        if not _is_core(name):
            continue
        extra = CORE_EXTRAS.get(name, set())
        for line, module in imported(tree):
            if module not in CORE_IMPORTS and module not in extra and module.split(".")[0] not in {"guard", "pydantic"}:
                found.append(f"{name}:{line}: imports {module}, which is not allowed below the line")
    return found


def core_reads_of_the_world(root: Path) -> list[str]:
    """Uses below the line of the clock, of files, of the console, or of text run as code."""
    found = []
    for name, tree in sources(root, "guard"):
        if not _is_core(name):
            continue
        for node in ast.walk(tree):
            used = _banned(node)
            if used:
                found.append(f"{name}:{node.lineno}: uses {used}, which is not allowed below the line")
    return found


def fakes_outside_the_demo(root: Path) -> list[str]:
    """Imports of ``fakes`` and texts that name one of its modules, anywhere in the product but the demo."""
    found = []
    for name, tree in sources(root, "guard"):
        if name == DEMO:
            continue
        found += [f"{name}:{line}: imports {module}" for line, module in imported(tree) if _is_fake(module)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_fake(node.value):
                found.append(f"{name}:{node.lineno}: names the module {node.value!r}")
    return found


def dynamic_imports_outside_the_allowed(root: Path) -> list[str]:
    """Imports by text (``import_module`` and its kind) in files that are not on the list."""
    found = []
    for name, tree in sources(root, "guard"):
        if name in DYNAMIC_IMPORTERS:
            continue
        for node in ast.walk(tree):
            used = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
            if used in {"import_module", "__import__", "run_module", "run_path", "spec_from_file_location"}:
                found.append(f"{name}:{node.lineno}: imports by text with {used}")
            if isinstance(node, ast.ImportFrom) and any(alias.name == "import_module" for alias in node.names):
                found.append(f"{name}:{node.lineno}: imports import_module")
    return found


def vendor_imports_outside_the_worker(root: Path) -> list[str]:
    """Imports of the MetaTrader5 package outside the terminal room, or there at the top of a module."""
    found = []
    for name, tree in sources(root, "guard"):
        top = {node.lineno for node in tree.body}
        found += [
            f"{name}:{line}: imports MetaTrader5"
            for line, module in imported(tree)
            if module.split(".")[0] == "MetaTrader5" and (line in top or not name.startswith("guard/terminal/"))
        ]
    return found


def bootstrap_imports_outside_the_standard_library(root: Path) -> list[str]:
    """Imports of the two modules that run before anything is installed, other than of the standard library."""
    return [
        f"{name}:{line}: imports {module}, but runs before anything is installed"
        for name, tree in sources(root, "guard")
        if name in {"guard/__init__.py", "guard/up.py"}
        for line, module in imported(tree)
        if module.split(".")[0] not in sys.stdlib_module_names
    ]


def modules_over_the_length_budget(root: Path) -> list[str]:
    """Modules that are too long, and the package when its median module is."""
    paths = sorted((root / "guard").rglob("*.py"))
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    found = [
        f"{path.relative_to(root).as_posix()}:1: has {length} lines, more than {LONGEST_MODULE}"
        for path, length in lengths.items()
        if length > LONGEST_MODULE
    ]
    median = statistics.median(lengths.values())
    if median > MEDIAN_MODULE:
        found.append(f"guard:1: the median module has {median:g} lines, more than {MEDIAN_MODULE}")
    return found


LAWS = (
    core_imports_outside_the_allowed,
    core_reads_of_the_world,
    fakes_outside_the_demo,
    dynamic_imports_outside_the_allowed,
    vendor_imports_outside_the_worker,
    bootstrap_imports_outside_the_standard_library,
    modules_over_the_length_budget,
)


def _is_core(name: str) -> bool:
    return name.split("/")[1].removesuffix(".py") in CORE


def _is_fake(text: str) -> bool:
    return text == "fakes" or text.startswith(("fakes.", "fakes/", "fakes:"))


def _banned(node: ast.AST) -> str:
    if isinstance(node, ast.Name) and node.id in BANNED_NAMES and isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr in BANNED_ATTRIBUTES:
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        return next((text for text in texts if text in BANNED_ATTRIBUTES | BANNED_NAMES), "")
    return ""
