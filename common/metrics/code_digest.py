"""A digest of the code that scores: scores made by another version of it are made again, all others are kept."""

from __future__ import annotations

import ast
from pathlib import Path

from common.metrics.systems import digest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("common", "shortcuts")
DATA = "catalog/*.jsonl"  # diagnostics and argument types depend on it


def code_digest(*modules: str, more: str = "") -> str:
    """A digest of these modules (`common.metrics`), of this repository's modules that they import, of the data, and of `more`."""
    files = [*source_files(*modules), *sorted(ROOT.glob(DATA))]
    return digest(more + "".join(f"{path.relative_to(ROOT)}\n{path.read_text()}" for path in files))


def source_files(*modules: str) -> list[Path]:
    """The files of modules and of all that they import at their top, sorted."""
    files: dict[str, Path] = {}
    todo = list(modules)
    while todo:
        name = todo.pop()
        path = ROOT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in files or name.partition(".")[0] not in PACKAGES or not path.is_file():  # of other packages; a name in a module
            continue
        files[name] = path
        todo.append(name.rpartition(".")[0])  # a module's package is loaded with it
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                todo += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                todo += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return sorted(files.values())
