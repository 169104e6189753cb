"""A program without a model: calls each given API once, with plausible values, chained by type, and some structure.

It reads no query, so it is what a model has to beat; and it lets the chain run where no model is trained yet. Its values depend on the key,
as those of the offline writer's requests do (values.py), so a request that is written for the same key names them.

    plan, code = program(["is.workflow.actions.getcurrentlocation", ...], Catalog.load(), key="q-0-17")

The same arguments always give the same program, and `shortcuts.check` finds nothing in it.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from common.offline import values
from common.offline.values import draw
from shortcuts import to_python, to_shortcut
from shortcuts.catalog import Api, Catalog, Parameter
from shortcuts.catalog.search import SYNTAX_APIS
from shortcuts.explain.sentences import spoken
from shortcuts.forms.identifiers import NameAllocator
from shortcuts.syntax.nodes import assign, call, const, keywords_of_dict, name
from shortcuts.syntax.printer import unparse

STRAIGHT, IF, REPEAT, MENU = range(4)  # what the last third of a program stands in
OPTIONAL = 2  # parameters a call gets beside the required ones and its input: what a person would set
ENDINGS = "is.workflow.actions.output", "is.workflow.actions.exit"  # nothing runs after them: the first that is given, and last of all
INPUT_KEYS = ("WFInput", "Input", "text", "Text", "WFText")  # where an action takes what it works on
SAYABLE = re.compile(r"(?!WF|is\.)[A-Za-z][\w ,/-]*")  # of the choices of an enum, those that a person would name
INPUT_TYPES = frozenset({"variable", "file", "any", "list"})
# The types of an output that a parameter of a type takes; the app converts between them.
TAKES = {
    "text": {"text", "number", "url", "date", "any", "variable"}, "url": {"url", "text"}, "number": {"number"}, "date": {"date"},
    "boolean": {"boolean"}, "dictionary": {"dictionary"}, "location": {"location"}, "contact": {"contact"},
}  # fmt: skip
Outputs = list[tuple[str, tuple[str, ...]]]


def program(apis: list[str], catalog: Catalog, key: str) -> str:
    """The code, without comments. APIs that the catalogue does not know, and those that are syntax, are left out."""
    known = [catalog[api] for api in dict.fromkeys(apis) if api in catalog and api not in SYNTAX_APIS]
    endings = [api for api in known if api.id in ENDINGS]
    known = [api for api in known if api not in endings[1:]]
    names, outputs, statements = NameAllocator(), Outputs(), list[ast.stmt]()
    for api in sorted(known, key=_place):  # what makes values comes before what takes them; the order given breaks ties
        statements.append(_call(api, outputs, names, f"{key} {api.id}"))
    cut = max(1, len(statements) - max(1, len(statements) // 3))
    written = unparse(_structured(statements[:cut], statements[cut:], key))
    return to_python(to_shortcut(written))[0]  # in the form in which real shortcuts are written: sorted keys, no names that nothing reads


def _place(api: Api) -> int:
    """The place of an API in a program: sources, then what works on a value, then what only shows or stores one, then the end."""
    return (api.id in ENDINGS) * 4 + (api.result is None) * 2 + any(_is_input(parameter) for parameter in api.parameters)


def _is_input(parameter: Parameter) -> bool:
    return parameter.key in INPUT_KEYS and parameter.type in INPUT_TYPES | {"text"} or parameter.type in INPUT_TYPES and parameter.required


def _call(api: Api, outputs: Outputs, names: NameAllocator, key: str) -> ast.stmt:
    """`name = api(Key=value, …)`, its output noted for those to come."""
    chosen, optional = dict[str, ast.expr](), 0
    deciding = {condition[0] for parameter in api.parameters for condition in parameter.visible_when}  # which parameters there are
    for parameter in api.parameters:
        if Catalog.is_generic(parameter.key) or (parameter.visible_when and not parameter.required):
            continue
        wanted = parameter.required or _is_input(parameter)
        if wanted or optional < OPTIONAL:
            value = _value(parameter, outputs, wanted, f"{key} {parameter.key}", parameter.key in deciding)
            if value is not None:
                chosen[parameter.key] = value
                optional += not wanted
    expression = ast.Call(name(api.name), [], keywords_of_dict(chosen))
    if api.result is None:
        return ast.Expr(expression)
    identifier = names.take(api.result.name or api.title)
    outputs.append((identifier, api.result.types))
    return assign(name(identifier, store=True), expression)


def _value(parameter: Parameter, outputs: Outputs, wanted: bool, key: str, deciding: bool) -> ast.expr | None:
    """A value that fits a parameter: of its enum, else the last output of a fitting type, or drawn by the key; None to leave it out.

    deciding: other parameters are there or not by its value, so it has the app's own.
    """
    if parameter.enum and parameter.type != "list":
        usual = parameter.default if parameter.default in parameter.enum else parameter.enum[0]
        choices = [] if deciding else [choice for choice in parameter.enum if SAYABLE.fullmatch(choice)]
        return const(values.pick(choices, key) if choices else usual)
    if wanted and (fitting := _output(parameter.type, outputs)):
        return name(fitting)
    usual = parameter.default
    if deciding and parameter.type in ("number", "boolean") and isinstance(usual, int | float):
        return const(usual)
    share = isinstance(usual, float) and 0 < usual <= 1  # of the whole, as brightness
    made: dict[str, Any] = {
        "text": lambda: const(values.text(_holds(parameter), key)), "url": lambda: const(values.url(key)),
        "number": lambda: const((1 + draw(key, 9)) / 10 if share else values.number(key)),
        "boolean": lambda: const(bool(draw(key, 2))), "date": lambda: call("current_date"),
        "dictionary": lambda: ast.Dict([const(values.word("tag", key))], [const(values.text("title", key))]),
    }  # fmt: skip
    if parameter.type in made:
        return made[parameter.type]()
    if parameter.type in INPUT_TYPES:
        return call("shortcut_input") if wanted else None
    return call("ask_each_time") if parameter.required else None  # an app's own thing, which only the person can pick


def _holds(parameter: Parameter) -> str:
    """The words that say what a parameter holds: the app's, or those of its key where these say nothing."""
    own = parameter.label or spoken(parameter.key)
    return spoken(parameter.key) if values.kind_of(own) == "deed" else own


def _output(kind: str, outputs: Outputs) -> str | None:
    """The last output that a parameter of this type takes."""
    return next((identifier for identifier, types in reversed(outputs)
                 if kind in INPUT_TYPES or not TAKES.get(kind, set()).isdisjoint(types or ("any",))), None)


def _structured(before: list[ast.stmt], last: list[ast.stmt], key: str) -> list[ast.stmt]:
    """The statements, the last ones in a block; nothing follows it that could need what a branch makes."""
    bound = [node.targets[0].id for node in before if isinstance(node, ast.Assign)]  # type: ignore[attr-defined]
    kind, key = draw(key + "structure", 4), f"{key} structure"
    if not last or kind == STRAIGHT or (kind == IF and not bound):
        return [*before, *last]
    if kind == IF:
        return [*before, ast.If(name(bound[-1]), last, [])]
    if kind == REPEAT:
        return [*before, ast.For(name("_", store=True), call("range", const(values.times(key))), last, [], lineno=1)]
    asked, yes, no = values.menu(key)
    cases = [ast.match_case(ast.MatchValue(const(title)), None, body) for title, body in ((yes, last), (no, [ast.Pass()]))]
    return [*before, ast.Match(call("menu", const(asked)), cases)]
