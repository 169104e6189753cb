"""Near misses in a program: misspelt names of APIs, parameters, enum values and variables, and the nearest known ones."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from shortcuts.catalog import BUILTIN, Api, Catalog, call_name
from shortcuts.did_you_mean import SPELLED, nearest
from shortcuts.forms import constants
from shortcuts.repair.statements import CONSTANTS
from shortcuts.syntax.nodes import called, constant, parse

NEAR_API, NEAR_KEY, NEAR_VALUE, NEAR_NAME = 88, 80, 84, 80  # per cent of similarity; higher for longer names


class Edit(NamedTuple):
    """A piece of a line and its replacement; columns count bytes, as in syntax trees."""

    line: int
    start: int
    end: int
    kind: str
    after: str


def edits(code: str, catalog: Catalog, unbound: Collection[str], apis: Iterable[str] | None = None) -> list[Edit]:
    """Return the edits that correct the near misses of a program. `unbound`: the names that are read and bound nowhere.

    apis: the ids that may be meant (default: all of the catalogue).
    """
    names = tuple(map(call_name, apis)) if apis is not None else catalog.names
    tree, lines = parse(code), code.encode("utf-8", "surrogatepass").split(b"\n")
    found = [edit for node in ast.walk(tree) if isinstance(node, ast.Call) for edit in _call_edits(node, catalog, names, lines)]
    return sorted({*found, *_name_edits(tree, unbound)})


def _call_edits(node: ast.Call, catalog: Catalog, names: tuple[str, ...], lines: list[bytes]) -> Iterator[Edit]:
    name = called(node)
    if name is None or name in constants.HELPERS:
        return
    api = catalog.by_name(name)
    if api is None and "_" in name and (meant := _titled(name, catalog, names) or nearest(name, names, NEAR_API)):
        api = catalog.by_name(meant)
        yield Edit(node.func.lineno, node.func.col_offset, node.func.end_col_offset or 0, "api", meant)
    if api is not None:
        yield from _keyword_edits(node, api, lines)


def _titled(name: str, catalog: Catalog, names: Collection[str]) -> str | None:
    """Return the API whose title a name spells, such as is_workflow_actions_getcurrentweather, if that may be meant."""
    api = catalog.by_title(name) if name.startswith(call_name(BUILTIN)) else None
    return api.name if api and api.name in names else None


def _keyword_edits(node: ast.Call, api: Api, lines: list[bytes]) -> Iterator[Edit]:
    keys = [parameter.key for parameter in api.parameters]
    newer = [parameter.key for parameter in api.parameters if not parameter.older]
    given = [word.arg for word in node.keywords]
    for word in node.keywords:
        if word.arg is None:
            continue
        key = word.arg
        free = [other for other in newer if other not in given and other.isidentifier()]
        if key not in keys and not Catalog.is_generic(key) and (meant := nearest(key, free, NEAR_KEY)):
            written = lines[word.lineno - 1][word.col_offset:].partition(b"=")[0].rstrip()  # Python reads `ﬁ` as `fi`, which is shorter
            yield Edit(word.lineno, word.col_offset, word.col_offset + len(written), "parameter", meant)
            key = meant
        parameter = api.parameter(key)
        value = constant(word.value)
        if parameter is None or value is None or not parameter.enum or value in parameter.enum:
            continue
        if (meant := nearest(value, parameter.enum, SPELLED if parameter.open_enum else NEAR_VALUE)) is not None:
            yield Edit(word.value.lineno, word.value.col_offset, word.value.end_col_offset or 0, "enum", repr(meant))


def _name_edits(tree: ast.Module, unbound: Collection[str]) -> Iterator[Edit]:
    """Yield edits for names that are bound nowhere, and near to one that is bound above."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    bound = [node for node in nodes if isinstance(node.ctx, ast.Store)]
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    in_texts = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}
    for node in nodes:
        if node.id not in unbound or id(node) in functions or id(node) in in_texts:  # columns in f-strings are right only since Python 3.12
            continue
        if node.id in CONSTANTS:
            yield Edit(node.lineno, node.col_offset, node.end_col_offset or 0, "constant", CONSTANTS[node.id])
            continue
        above = [other.id for other in bound if other.lineno < node.lineno]
        if node.id not in above and (meant := nearest(node.id, above, NEAR_NAME)) is not None:
            yield Edit(node.lineno, node.col_offset, node.end_col_offset or 0, "name", meant)
