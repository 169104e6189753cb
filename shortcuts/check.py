"""Find the errors of a program: `check(code, catalog)`.

| code                 | severity | meaning                                                                            |
|----------------------|----------|------------------------------------------------------------------------------------|
| syntax               | error    | Python cannot parse it                                                             |
| form                 | error    | Python, but not a form of the dialect; the message says what to write              |
| undefined_name       | error    | a name is read before anything has bound it                                        |
| positional_argument  | error    | an argument of an action has no key                                                |
| duplicate_parameter  | error    | a parameter is given twice                                                         |
| unknown_api          | error    | no API has this name; the nearest one is named                                     |
| unknown_parameter    | error    | the API has no such parameter                                                      |
| missing_parameter    | error    | a required parameter is missing                                                    |
| enum_value           | error    | the value is not one of those that the parameter accepts                           |
| parameter_type       | error    | a literal of the wrong type                                                        |
| unwritable           | error    | it compiles to a value that no file can hold                                       |
| empty                | error    | the program has no action                                                          |
| unknown_keyword      | warning  | a helper is given a keyword that the app does not write there; it is kept          |
| no_effect            | warning  | a parameter that the app looks at only where another one says so, which is absent  |
| no_result            | warning  | the output of an action that gives nothing is read                                 |
| unreachable          | warning  | statements after the end of the shortcut                                           |

A program without errors compiles, and a file can hold it. Transcriptions of real shortcuts have almost no findings: see bench/RESULTS.md.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from typing import Any

from shortcuts import control_flow, plist
from shortcuts.catalog import BUILTIN, Api, Catalog, Parameter, call_name
from shortcuts.compiler import Compiler, compiled
from shortcuts.did_you_mean import SPELLED, nearest
from shortcuts.forms import api_names, constants, signatures, values
from shortcuts.forms.literals import WRONG_LITERALS, literal_kinds, shown, wrong_literals
from shortcuts.syntax.errors import Diagnostic, DialectError
from shortcuts.syntax.nodes import called, parse

OPERANDS = {"Bool": "boolean", "Number": "number", "String": "text"}  # of the rules of a filter, and their types
_BUILT_IN = frozenset({api_names.COMMENT, api_names.SET_VARIABLE, api_names.APPEND_VARIABLE, api_names.NOTHING, *control_flow.KINDS})
NEAR, NEAR_API = 60.0, 75.0  # percent of likeness that another word, or another API, needs to be named as advice


def check(code: str, catalog: Catalog | None = None) -> list[Diagnostic]:
    """Return every diagnostic of a program, sorted by line. `catalog`: by default the repository's own."""
    return review(code, catalog)[0]


def review(code: str, catalog: Catalog | None = None, natural_python: bool = True) -> tuple[list[Diagnostic], dict[str, Any] | None]:
    """Return the diagnostics of a program, and the shortcut that it compiles to; None instead of a shortcut after a compile error.

    natural_python: False finds each form of Python that is not of the dialect, although it could be compiled.
    """
    catalog = catalog or Catalog.load()
    found: list[Diagnostic] = []

    def note(error: DialectError) -> None:
        found.append(Diagnostic(error.line, error.code, error.message))

    try:
        module = parse(code)
        compiler, shortcut = compiled(module, None, note, catalog, natural_python)
    except DialectError as error:
        note(error)
        return found, None
    except RecursionError:
        return [Diagnostic(1, "syntax", "nested too deep; give inner values names on lines of their own")], None
    whole = None if found else shortcut  # statements with an error are missing from it
    found += review_compiled(compiler, catalog)
    if whole is not None:
        found += _unwritable(whole, compiler.lines)
    silent = all(action["WFWorkflowActionIdentifier"] == api_names.COMMENT for action in compiler.actions)
    if is_empty(code) or (whole is not None and silent):
        found.append(Diagnostic(1, "empty", "the program does nothing: it has no action"))
    return sorted(set(found)), whole


def review_compiled(compiler: Compiler, catalog: Catalog) -> list[Diagnostic]:
    """Return the diagnostics of a program that has been compiled, but for compile errors and what no file can hold."""
    found = [finding for action, line in zip(compiler.actions, compiler.lines) for finding in _check_action(action, line, catalog)]
    found += _without_result(compiler.actions, compiler.lines, catalog)
    return found + _unreachable(compiler.module.body) + _unknown_keywords(compiler.module)


def is_empty(code: str) -> bool:
    """True if a program consists of comments and its header alone. Raises DialectError for text that Python cannot parse."""
    return all(isinstance(statement, ast.Pass) or (isinstance(statement, ast.Expr) and (
        isinstance(statement.value, ast.Constant | ast.JoinedStr) or called(statement.value) == "workflow"))
        for statement in parse(code).body)  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# actions, compared with the catalogue


def _check_action(action: control_flow.Action, line: int, catalog: Catalog) -> list[Diagnostic]:
    identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
    if identifier in _BUILT_IN:
        return []
    api = catalog.get(identifier)
    if api is None:
        name = call_name(identifier)
        own = catalog.by_name("is_workflow_actions_" + name.replace("_", "")) or (
            catalog.by_title(name) if identifier.startswith(BUILTIN) else None)
        near = own.name if own else nearest(name, catalog.names, NEAR_API, clear=0)
        return [Diagnostic(line, "unknown_api", f"no API {identifier}{f'; did you mean {near}?' if near else ''}")]
    found = []
    for key, value in parameters.items():
        if catalog.is_generic(key):
            continue
        parameter = api.parameter(key)
        if parameter is not None:
            found += _check_value(api, parameter, value, line) + _check_effect(api, parameter, parameters, line)
        elif "parameters" not in api.unknown:
            found += _unknown(api, key, parameters, line)
    missing = [parameter.key for parameter in api.parameters if parameter.required and parameter.key not in parameters]
    return found + [Diagnostic(line, "missing_parameter", f"{api.name} needs {key}") for key in missing if key != api.input_key]


def _unknown(api: Api, key: str, given: Container[str], line: int) -> list[Diagnostic]:
    keys = tuple(parameter.key for parameter in api.parameters)
    free = (parameter.key for parameter in api.parameters if parameter.key not in given and not parameter.older)
    near = nearest(key, free, NEAR, clear=0)
    advice = f", did you mean {near}?" if near else ""
    known = ", ".join(keys[:12]) + (", …" if len(keys) > 12 else "") if keys else "none"
    return [Diagnostic(line, "unknown_parameter", f"{api.name} has no parameter {key}{advice}; it has {known}")]


def _check_value(api: Api, parameter: Parameter, value: Any, line: int) -> list[Diagnostic]:
    cases = ", ".join(map(repr, parameter.enum[:12])) + ", …" * (len(parameter.enum) > 12)
    if parameter.enum and isinstance(value, str) and value not in parameter.enum:
        near = nearest(value, parameter.enum, SPELLED if parameter.open_enum else NEAR, clear=0)
        if near or not parameter.open_enum:  # an open one takes other values, but not these in another spelling
            advice = f"did you mean {near!r}? It" if near else "it"
            return [Diagnostic(line, "enum_value", f"{api.name}: {parameter.key} cannot be {value!r:.60}; {advice} is one of {cases}")]
    wrong, advice = wrong_literals(parameter)
    if literal_kinds(value) & wrong:
        advice = f"one of {cases}" if parameter.enum else advice
        return [Diagnostic(line, "parameter_type", f"{api.name}: {parameter.key} is {advice}; not {shown(value)}")]
    if (wrong_operand := _wrong_operand(value)) is not None:
        return [Diagnostic(line, "parameter_type", f"{api.name}: a rule of {parameter.key} {wrong_operand}")]
    quantity = values.unwrap(value, "WFQuantityFieldValue")
    unit = quantity.get("Unit") if parameter.units and isinstance(quantity, dict) else None
    if isinstance(unit, str) and unit not in parameter.units:
        units = ", ".join(map(repr, parameter.units))
        return [Diagnostic(line, "enum_value", f"{api.name}: the unit of {parameter.key} is one of {units}; not {unit!r:.60}")]
    return []


def _wrong_operand(value: Any) -> str | None:
    """Return what is wrong with a rule of a filter whose literal is of another type than its key says; None if there is no such."""
    table = values.unwrap(value, "WFContentPredicateTableTemplate")
    rows = table.get(values.FILTER_ROWS, ()) if isinstance(table, dict) else ()
    for operands in (row["Values"] for row in rows if isinstance(row, dict) and isinstance(row.get("Values"), dict)):
        for key, kind in OPERANDS.items():
            wrong, advice = WRONG_LITERALS[kind]
            if key in operands and literal_kinds(operands[key]) & wrong:
                return f"has a {key} that is {advice}; not {shown(operands[key])}"
    return None


def _without_result(actions: list[control_flow.Action], lines: list[int], catalog: Catalog) -> list[Diagnostic]:
    """Return a diagnostic for each reading of the output of an action that gives none, or at most that of the action before."""
    silent: dict[str, str] = {}  # identity of the output -> what it is
    for action in actions:
        api, uuid = catalog.get(action["WFWorkflowActionIdentifier"]), action["WFWorkflowActionParameters"].get("UUID")
        gives = api is None or api.result or "result" in api.unknown or (api.hands_on and api.input_key) or api.id in _BUILT_IN
        if api and isinstance(uuid, str) and not gives:
            silent[uuid] = f"{api.name} gives nothing" + (", so this is what came before it" if api.hands_on else ", so this is empty")
    read = [(line, uuid) for action, line in zip(actions, lines) if silent for uuid in _outputs_in(action["WFWorkflowActionParameters"])]
    return [Diagnostic(line, "no_result", silent[uuid]) for line, uuid in read if uuid in silent]


def _outputs_in(parameters: dict[str, Any]) -> Iterator[str]:
    """Yield the identities of the outputs that an action reads."""
    waiting: list[Any] = [parameters]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and value.get("Type") == "ActionOutput" and isinstance(value.get("OutputUUID"), str):
            yield value["OutputUUID"]
        waiting += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _check_effect(api: Api, parameter: Parameter, given: dict[str, Any], line: int) -> list[Diagnostic]:
    """Return a diagnostic where the default of another parameter says that the app does not look at this one.

    One that is given and says so is no finding: the app keeps what was typed before it was chosen.
    """
    for key, relation, wanted in parameter.visible_when:
        decides = api.parameter(key)
        if decides is None or key in given or (decides.default is None and wanted != ("Custom",)):  # that is no default anywhere
            continue
        if (decides.default in wanted) != (relation == "=="):
            needs = f"{key} is {' or '.join(map(repr, wanted))}" if relation == "==" else f"{key} is another than {decides.default!r}"
            return [Diagnostic(line, "no_effect", f"{api.name}: {parameter.key} has no effect unless {needs}; give that, too")]
    return []


# ---------------------------------------------------------------------------------------------------------------------------------
# the program as a whole


def _unwritable(shortcut: dict[str, Any], lines: list[int]) -> list[Diagnostic]:
    """Return a diagnostic for each action with a value that no .shortcut file can hold, such as a lone surrogate."""
    try:
        plist.write_binary(shortcut)
        return []
    except plist.PlistError as error:
        whole = str(error)
    found = []
    for action, line in [*zip(shortcut["WFWorkflowActions"], lines), ({**shortcut, "WFWorkflowActions": []}, 1)]:
        try:
            plist.write_binary(action)
        except plist.PlistError as error:
            found.append(Diagnostic(line, "unwritable", f"no file can hold this: {error}"))
    return found or [Diagnostic(1, "unwritable", f"no file can hold all of this: {whole}")]


def _unknown_keywords(module: ast.Module) -> list[Diagnostic]:
    """Return a diagnostic for each keyword that the app does not know in a helper's place: it has no effect in a run."""
    found = []
    for node in ast.walk(module):
        form = signatures.HELPERS.get(called(node) or "") if isinstance(node, ast.Call) else None
        if form is None or not form.by_name or form.name == "workflow":
            continue
        given = [keyword.arg for keyword in node.keywords]  # type: ignore[attr-defined]
        for key in filter(None, given):
            if key not in form.by_name and key not in form.by_place:
                near = nearest(key, form.by_name, NEAR, clear=0)
                advice = f"did you mean {near}?" if near else f"it has {', '.join(form.by_name)}"
                found.append(Diagnostic(node.lineno, "unknown_keyword", f"{form.name}() has no {key}; {advice}"))  # type: ignore[attr-defined]
    return found


def _unreachable(body: list[ast.stmt]) -> list[Diagnostic]:
    found = []
    for index, statement in enumerate(body):
        ends = isinstance(statement, ast.Expr) and called(statement.value) in constants.ENDING_CALLS
        if ends and any(not isinstance(after, ast.Pass) for after in body[index + 1 :]):
            found.append(Diagnostic(body[index + 1].lineno, "unreachable", "the shortcut has ended above this line"))
        for inner in (getattr(statement, "body", None), getattr(statement, "orelse", None)):
            found += _unreachable(inner) if isinstance(inner, list) else []
        for case in getattr(statement, "cases", ()):
            found += _unreachable(case.body)
    return found
