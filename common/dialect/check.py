"""What is wrong with a program: `check(code, catalog)`.

| code                 | meaning                                                                          |
|----------------------|----------------------------------------------------------------------------------|
| syntax               | Python does not take it                                                          |
| form                 | Python takes it, the dialect has no such form; the message says what to write    |
| undefined_name       | a name is read that nothing above has bound                                      |
| positional_argument  | an action is called with an argument that has no key                             |
| duplicate_parameter  | a parameter is given twice                                                       |
| unknown_api          | no API has this name; the nearest one is named                                   |
| unknown_parameter    | the API has no such parameter                                                    |
| missing_parameter    | a parameter that the API cannot do without is missing                            |
| enum_value           | the value is not one of the parameter's list                                     |
| parameter_type       | a literal of the wrong type                                                      |
| unreachable          | statements after the shortcut has ended                                          |

A program without diagnostics compiles. Real shortcuts, transcribed, give next to none: see bench/RESULTS.md.
"""

from __future__ import annotations

import ast
import difflib
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from common.catalog import Api, Catalog, Parameter, call_name
from common.dialect import actions, blocks
from common.dialect.compile import Compiler
from common.dialect.syntax import Diagnostic, DialectError, called, parse

ENDING_CALLS = frozenset({"is_workflow_actions_exit", "is_workflow_actions_output"})
_BUILT_IN = frozenset({actions.COMMENT, actions.SET_VARIABLE, actions.APPEND_VARIABLE, actions.NOTHING, *blocks.KINDS})
# Types whose literals can be told apart for certain; a variable may hold anything.
_WRONG_LITERALS: dict[str, tuple[type, ...]] = {
    "boolean": (str, float, list), "dictionary": (bool, int, float), "number": (bool, list),
    **dict.fromkeys(("quantity", "contact", "location", "filter"), (str, bool, int, float, list)),
}  # fmt: skip


def check(code: str, catalog: Catalog | None = None) -> list[Diagnostic]:
    """Every diagnostic of a program, by line. `catalog`: by default the repository's own."""
    return review(code, catalog)[0]


def review(code: str, catalog: Catalog | None = None) -> tuple[list[Diagnostic], dict[str, Any] | None]:
    """The diagnostics of a program, and the shortcut that was compiled to find them; None where there is no shortcut."""
    catalog = catalog or Catalog.load()
    found: list[Diagnostic] = []

    def note(error: DialectError) -> None:
        found.append(Diagnostic(error.line, error.code, error.message))

    try:
        module = parse(code)
        compiler = Compiler(module, None, note)
        shortcut = compiler.shortcut()
    except DialectError as error:
        note(error)
        return found, None
    except RecursionError:
        return [Diagnostic(1, "syntax", "nested too deep")], None
    whole = None if found else shortcut  # what was noted is missing from it
    for action, line in zip(compiler.actions, compiler.lines):
        found += _check_action(action, line, catalog)
    found += _unreachable(module.body)
    return sorted(set(found)), whole


def _check_action(action: blocks.Action, line: int, catalog: Catalog) -> list[Diagnostic]:
    identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
    if identifier in _BUILT_IN:
        return []
    api = catalog.get(identifier)
    if api is None:
        return [Diagnostic(line, "unknown_api", f"no API {identifier}{_nearest(identifier, catalog)}")]
    found = []
    for key, value in parameters.items():
        if key in Catalog.GENERIC_KEYS or key.startswith("Show-"):
            continue
        parameter = api.parameter(key)
        if parameter is None and "parameters" in api.unknown:
            continue
        if parameter is None:
            known = ", ".join(parameter.key for parameter in api.parameters[:12]) or "none"
            found.append(Diagnostic(line, "unknown_parameter", f"{api.name} has no parameter {key}; it has {known}"))
        else:
            found += _check_value(api, parameter, value, line)
    missing = [parameter.key for parameter in api.parameters if parameter.required and parameter.key not in parameters]
    return found + [Diagnostic(line, "missing_parameter", f"{api.name} needs {key}") for key in missing if key != api.input_key]


def _check_value(api: Api, parameter: Parameter, value: Any, line: int) -> list[Diagnostic]:
    if parameter.enum and not parameter.open_enum and isinstance(value, str) and value not in parameter.enum:
        near = difflib.get_close_matches(value, parameter.enum, 1)
        advice = f"; did you mean {near[0]!r}?" if near else f"; it is one of {', '.join(map(repr, parameter.enum[:12]))}"
        return [Diagnostic(line, "enum_value", f"{api.name}: {parameter.key} cannot be {value!r:.60}{advice}")]
    if type(value) in _WRONG_LITERALS.get(parameter.type, ()) and not parameter.open_enum:
        return [Diagnostic(line, "parameter_type", f"{api.name}: {parameter.key} is a {parameter.type}, not {type(value).__name__}")]
    return []


@lru_cache(maxsize=1 << 12)
def _nearest(identifier: str, catalog: Catalog) -> str:
    """The API that an unknown one may have been meant for, as advice; nothing where none is near."""
    names = [api.name for api in catalog]
    near = process.extractOne(call_name(identifier), names, scorer=fuzz.ratio, score_cutoff=80)
    return f"; did you mean {near[0]}?" if near else ""


def _unreachable(body: list[ast.stmt]) -> list[Diagnostic]:
    found = []
    for index, statement in enumerate(body):
        ends = isinstance(statement, ast.Expr) and called(statement.value) in ENDING_CALLS
        if ends and any(not isinstance(after, ast.Pass) for after in body[index + 1 :]):
            found.append(Diagnostic(body[index + 1].lineno, "unreachable", "the shortcut has ended above this line"))
        for inner in (getattr(statement, "body", None), getattr(statement, "orelse", None)):
            found += _unreachable(inner) if isinstance(inner, list) else []
        for case in getattr(statement, "cases", ()):
            found += _unreachable(case.body)
    return found
