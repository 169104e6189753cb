"""A program without a model: calls each given API once, with plausible values, chained by type, and some structure.

It knows nothing of the query, so it is what a model has to beat; and it lets the chain run where no model is trained yet.

    plan, code = program(["is.workflow.actions.getcurrentlocation", ...], Catalog.load(), key="q-0-17")

The same arguments always give the same program, and `shortcuts.check` finds nothing in it.
"""

from __future__ import annotations

import ast
import hashlib
from typing import Any

from common.prompts import SYNTAX_APIS
from shortcuts import to_python, to_shortcut
from shortcuts.catalog import Api, Catalog, Parameter
from shortcuts.forms.identifiers import NameAllocator
from shortcuts.syntax.nodes import assign, call, const, keywords_of_dict, name
from shortcuts.syntax.printer import unparse

STRAIGHT, IF, REPEAT, MENU = range(4)  # what the last third of a program stands in
OPTIONAL = 2  # parameters a call gets beside the required ones and its input: what a person would set
ENDINGS = "is.workflow.actions.output", "is.workflow.actions.exit"  # nothing runs after them: the first that is given, and last of all
INPUT_KEYS = ("WFInput", "Input", "text", "Text", "WFText")  # where an action takes what it works on
PLAIN = frozenset({"text", "url", "number", "boolean"})  # types whose defaults are written as they are
INPUT_TYPES = frozenset({"variable", "file", "any", "list"})
# The types of an output that a parameter of a type takes; the app converts between them.
TAKES = {
    "text": {"text", "number", "url", "date", "any", "variable"}, "url": {"url", "text"}, "number": {"number"}, "date": {"date"},
    "boolean": {"boolean"}, "dictionary": {"dictionary"}, "location": {"location"}, "contact": {"contact"},
}  # fmt: skip
Outputs = list[tuple[str, tuple[str, ...]]]


def draw(key: str, count: int) -> int:
    """A number below `count` that depends on `key` alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % count


def program(apis: list[str], catalog: Catalog, key: str) -> str:
    """The code, without comments. APIs that the catalogue does not know, and those that are syntax, are left out."""
    known = [catalog[api] for api in dict.fromkeys(apis) if api in catalog and api not in SYNTAX_APIS]
    endings = [api for api in known if api.id in ENDINGS]
    known = [api for api in known if api not in endings[1:]]
    names, outputs, statements = NameAllocator(), Outputs(), list[ast.stmt]()
    for api in sorted(known, key=_place):  # what makes values comes before what takes them; the order given breaks ties
        statements.append(_call(api, outputs, names))
    cut = max(1, len(statements) - max(1, len(statements) // 3))
    written = unparse(_structured(statements[:cut], statements[cut:], draw(key + "structure", 4)))
    return to_python(to_shortcut(written))[0]  # in the form in which real shortcuts are written: sorted keys, no names that nothing reads


def _place(api: Api) -> int:
    """The place of an API in a program: sources, then what works on a value, then what only shows or stores one, then the end."""
    return (api.id in ENDINGS) * 4 + (api.result is None) * 2 + any(_is_input(parameter) for parameter in api.parameters)


def _is_input(parameter: Parameter) -> bool:
    return parameter.key in INPUT_KEYS and parameter.type in INPUT_TYPES | {"text"} or parameter.type in INPUT_TYPES and parameter.required


def _call(api: Api, outputs: Outputs, names: NameAllocator) -> ast.stmt:
    """`name = api(Key=value, …)`, its output noted for those to come."""
    chosen, optional = dict[str, ast.expr](), 0
    for parameter in api.parameters:
        if Catalog.is_generic(parameter.key) or (parameter.visible_when and not parameter.required):
            continue
        wanted = parameter.required or _is_input(parameter)
        if wanted or optional < OPTIONAL:
            value = _value(parameter, outputs, wanted)
            if value is not None:
                chosen[parameter.key] = value
                optional += not wanted
    expression = ast.Call(name(api.name), [], keywords_of_dict(chosen))
    if api.result is None:
        return ast.Expr(expression)
    identifier = names.take(api.result.name or api.title)
    outputs.append((identifier, api.result.types))
    return assign(name(identifier, store=True), expression)


def _value(parameter: Parameter, outputs: Outputs, wanted: bool) -> ast.expr | None:
    """A value that fits a parameter: of its enum, else the last output of a fitting type, its default, or made up; None to leave it out."""
    if parameter.enum and parameter.type != "list":
        return const(parameter.default if parameter.default in parameter.enum else parameter.enum[0])
    if wanted and (fitting := _output(parameter.type, outputs)):
        return name(fitting)
    if parameter.type in PLAIN and isinstance(parameter.default, str | int | float) and parameter.default != "":
        return const(parameter.default)
    made: dict[str, Any] = {
        "text": lambda: const(parameter.label or "Text"), "url": lambda: const("https://example.com"), "number": lambda: const(1),
        "boolean": lambda: const(True), "date": lambda: call("current_date"),
        "dictionary": lambda: ast.Dict([const("key")], [const("value")]),
    }  # fmt: skip
    if parameter.type in made:
        return made[parameter.type]()
    if parameter.type in INPUT_TYPES:
        return call("shortcut_input") if wanted else None
    return call("ask_each_time") if parameter.required else None  # an app's own thing, which only the person can pick


def _output(kind: str, outputs: Outputs) -> str | None:
    """The last output that a parameter of this type takes."""
    return next((identifier for identifier, types in reversed(outputs)
                 if kind in INPUT_TYPES or not TAKES.get(kind, set()).isdisjoint(types or ("any",))), None)


def _structured(before: list[ast.stmt], last: list[ast.stmt], kind: int) -> list[ast.stmt]:
    """The statements, the last ones in a block; nothing follows it that could need what a branch makes."""
    bound = [node.targets[0].id for node in before if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    if not last or kind == STRAIGHT or (kind == IF and not bound):
        return [*before, *last]
    if kind == IF:
        return [*before, ast.If(name(bound[-1]), last, [])]
    if kind == REPEAT:
        return [*before, ast.For(name("_", store=True), call("range", const(2)), last, [], lineno=1)]
    cases = [ast.match_case(ast.MatchValue(const(title)), None, body) for title, body in (("Go on", last), ("Stop here", [ast.Pass()]))]
    return [*before, ast.Match(call("menu", const("How does it go on?")), cases)]
