"""Count the lines of each room of the project, and draw which room imports which: prints one JSON object.

    python bench/house.py
    python bench/house.py --tree ../other        # another checkout

A room is a module or sub-package right below common/ or shortcuts/. An import is an arrow wherever it stands, in a function, too, but not
below `if TYPE_CHECKING`. `floors` is the length of the longest chain of rooms, `chain`, in which each imports the next; rooms in a circle
count as one. `circles` are rooms that import each other, `module_circles` modules. `up` are imports from what is built on the importer.
"""

from __future__ import annotations

import argparse
import ast
import gc
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import networkx

ROOT = Path(__file__).resolve().parents[1]
STAGES, PACKAGES = "stages", ("common", "shortcuts")
ORDER = ("catalog", "shortcuts", "common", STAGES, "bench")  # each may import those before it; a stage no other stage
PAGE_CODE = {".html", ".css", ".js"}
LOADERS = {"import_module", "__import__", "spec_from_file_location", "run_path", "run_module"}  # a stage's name is no identifier


class Import(NamedTuple):
    """A name that an import statement binds: in which module, to what, and where it stands ("top", "function", "typing")."""

    importer: str
    target: str  # the module that it leads to
    name: str  # of what is taken from the target; "" for the module itself
    bound: str
    where: str


class House(NamedTuple):
    """The Python files of a checkout by module name, parsed, and what they import."""

    files: dict[str, Path]
    trees: dict[str, ast.Module]
    imports: list[Import]


def read(root: Path = ROOT) -> House:
    """Parse the stages and the packages of a checkout."""
    paths = [*root.glob("0*.py"), *(path for package in ORDER for path in root.glob(f"{package}/**/*.py"))]
    files = {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in sorted(paths)}
    gc.disable()  # it would look through a million nodes again and again, which takes longer than to parse them
    try:
        trees = {module: ast.parse(path.read_bytes()) for module, path in files.items()}
    finally:
        gc.enable()
    return House(files, trees, [found for module, tree in trees.items() for found in imports_in(tree.body, module, files)])


def imports_in(body: Iterable[ast.AST], module: str, files: dict[str, Path], where: str = "top") -> Iterator[Import]:
    """Yield what statements import. `from package import name` leads to the module `package.name` where there is one."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, "", alias.asname or alias.name, where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{module}, line {node.lineno}: imports are written in full in this project"
            for alias in node.names:
                inner, bound = f"{node.module}.{alias.name}", alias.asname or alias.name
                yield Import(module, inner, "", bound, where) if inner in files else Import(module, node.module, alias.name, bound, where)
        elif isinstance(node, ast.If) and last_name(node.test) == "TYPE_CHECKING":
            yield from imports_in(node.body, module, files, "typing")
        elif isinstance(node, (ast.stmt, ast.excepthandler, ast.match_case)):
            inside = "function" if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else where
            blocks = ("body", "orelse", "finalbody", "handlers", "cases")
            yield from imports_in([inner for block in blocks for inner in getattr(node, block, ())], module, files, inside)


def last_name(node: ast.expr) -> str:
    """`c` of a name `c` or an attribute `a.b.c`, else nothing."""
    return getattr(node, "attr", getattr(node, "id", ""))


def package_of(module: str) -> str:
    """The top-level package of a module, "stages" for a stage."""
    return STAGES if module[0].isdigit() else module.partition(".")[0]


def room_of(module: str) -> str:
    """The room of a package's module; a package's own __init__ is one, too."""
    return [*module.split("."), "__init__"][1]


def upward(house: House) -> list[str]:
    """Each import of a package from one that is built on it, or of a stage from a stage, as `importer -> imported`."""
    pairs = {(found.importer, found.target) for found in house.imports if found.where != "typing"}
    for module, tree in house.trees.items():
        calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        loads = [ast.unparse(call) for call in calls if last_name(call.func) in LOADERS]
        pairs |= {(module, stage) for stage in house.files if package_of(stage) == STAGES and any(stage in load for load in loads)}
    rank = {package: number for number, package in enumerate(ORDER)}
    return sorted(f"{importer} -> {target}" for importer, target in pairs if importer != target and package_of(target) in rank and (
        rank[package_of(target)] > rank[package_of(importer)] or package_of(target) == package_of(importer) == STAGES))  # fmt: skip


def private(house: House) -> list[str]:
    """Each name with an underscore that a file takes from another module of the project, by an import or as its attribute."""
    found = {f"{use.importer}: {use.target}.{use.name}" for use in house.imports if use.target in house.files and is_private(use.name)}
    for module, tree in house.trees.items():
        known = {use.bound: use.target for use in house.imports if use.importer == module and not use.name and use.target in house.files}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr) and (owner := known.get(ast.unparse(node.value))):
                found.add(f"{module}: {owner}.{node.attr}")
    return sorted(found)


def is_private(name: str) -> bool:
    """True for `_name`, not for `__name__`."""
    return name.startswith("_") and not name.endswith("__")


def graph(house: House, package: str, of_rooms: bool) -> networkx.DiGraph:
    """The modules or the rooms of a package, with an arrow from each to each other that it imports."""
    node_of = room_of if of_rooms else str
    result = networkx.DiGraph()
    result.add_nodes_from(node_of(module) for module in house.files if package_of(module) == package)
    for found in house.imports:
        if found.where != "typing" and package_of(found.importer) == package == package_of(found.target):
            result.add_edges_from((node_of(found.importer), node_of(module)) for module in loaded(found))
    result.remove_edges_from(list(networkx.selfloop_edges(result)))
    return result


def loaded(found: Import) -> Iterator[str]:
    """The modules that an import runs: its target, and the packages around it, but for those around the importer, which run already."""
    yield found.target
    while (module := found.target.rpartition(".")[0]) and not f"{found.importer}.".startswith(f"{module}."):
        yield module
        found = found._replace(target=module)


def circles(drawn: networkx.DiGraph) -> list[list[str]]:
    """The groups of nodes each of which can be reached from each other."""
    return sorted(sorted(group) for group in networkx.strongly_connected_components(drawn) if len(group) > 1)


def figures_of(house: House, package: str) -> dict[str, Any]:
    """Size and shape of a package."""
    drawn, files = graph(house, package, of_rooms=True), {m: path for m, path in house.files.items() if package_of(m) == package}
    floors = networkx.condensation(drawn)
    chain = ["+".join(sorted(floors.nodes[floor]["members"])) for floor in networkx.dag_longest_path(floors)]
    rooms = {room: size(path for module, path in files.items() if room_of(module) == room) for room in sorted(drawn)}
    return {**size(files.values()), "rooms": rooms, "floors": len(chain), "chain": chain, "arrows": drawn.number_of_edges(),
            "circles": circles(drawn), "module_circles": circles(graph(house, package, of_rooms=False))}  # fmt: skip


def size(paths: Iterable[Path]) -> dict[str, int]:
    """Return the number of files, and of lines in them."""
    lines = [path.read_bytes().count(b"\n") for path in paths]
    return {"files": len(lines), "lines": sum(lines)}


def main() -> int:
    """Read, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tree", type=Path, default=ROOT, help="a checkout (default: this one)")
    root = parser.parse_args().tree.resolve()
    house = read(root)
    pages = sorted(path for package in PACKAGES for path in root.glob(f"{package}/**/*") if path.suffix in PAGE_CODE)
    stages = {module: path for module, path in house.files.items() if package_of(module) == STAGES}
    figures = {package: figures_of(house, package) for package in PACKAGES if (root / package).is_dir()}
    counted = [path for module, path in house.files.items() if package_of(module) != "bench"]
    inner = {package: Counter[str]() for package in (*PACKAGES, STAGES)}
    for found in house.imports:
        if found.where == "function" and package_of(found.importer) in inner:
            inner[package_of(found.importer)][found.target] += 1
    print(json.dumps({
        STAGES: {**size(stages.values()), "each": {module: size([path])["lines"] for module, path in stages.items()}}, **figures,
        "page_code": {**size(pages), "each": {str(path.relative_to(root)): size([path])["lines"] for path in pages}},
        "in_all": size([*counted, *pages]), "up": upward(house), "private": private(house),
        "imports_in_functions": {package: {"count": each.total(), "modules": dict(each.most_common())} for package, each in inner.items()},
    }, indent=1))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
