"""Names, parts of values, calls, lists and dictionaries: expressions that stand for themselves once what is inside them does."""

from __future__ import annotations

import ast
import builtins
import re

from shortcuts.catalog import BUILTIN, Api, Catalog, call_name
from shortcuts.catalog.search import search
from shortcuts.did_you_mean import nearest
from shortcuts.forms import api_names, constants, signatures, values
from shortcuts.natural import advice, conditions, functions, kinds, lists, table, texts
from shortcuts.natural.lowering import Lowering, Symbolic, shown
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, constant, is_none, name

# Helpers whose arguments are written out as they are.
_OPAQUE = frozenset({"workflow", "raw_action", "variable", "later", "missing", "uuid_of", "data", "uid", "plain", "previous_output",
                     "datetime"})  # fmt: skip
_BLOCKS = frozenset(signatures.stated(signatures.Blocks))
_NEAR = 75.0
_ADVICE: dict[type[ast.expr], str] = {
    ast.Lambda: "there are no functions; write the steps where they are needed",
    ast.Await: "every action waits for the one before; leave await out",
    ast.Yield: "there are no generators; append to a list",
    ast.Starred: "the items after * are not known before the shortcut runs; write them one by one",
}


@table.expression(*_ADVICE)
def _refused(low: Lowering, node: ast.expr) -> ast.expr:
    raise DialectError(node.lineno, _ADVICE[type(node)])


@table.expression(ast.Name)
def _name(low: Lowering, node: ast.Name) -> ast.expr:
    if node.id in low.symbols:
        return low.symbols[node.id]
    if node.id in low.values:
        return node
    if node.id in table.CALLS and node.id not in constants.GLOBALS:
        raise DialectError(node.lineno, f"{node.id} is a function; call it: {table.CALLS[node.id].example}")
    return call(node.id) if node.id in constants.GLOBALS else node


@table.expression(ast.Attribute)
def _attribute(low: Lowering, node: ast.Attribute) -> ast.expr:
    row = table.ATTRIBUTES.get(low.path(node) or "") or table.ATTRIBUTES.get(f".{node.attr}")
    if row is not None:
        found = row.function(low) if row.first == 1 else row.function(low, node.value)
        if found is not None:
            return found
    if isinstance(node.value, ast.Name) and low.path(node) in table.CALLS:
        raise DialectError(node.lineno, f"{shown(node)} is a function; call it: {table.CALLS[low.path(node) or ''].example}")
    return low.rebuilt(node, value=low.ref(node.value))


@table.expression(ast.NamedExpr)
def _named(low: Lowering, node: ast.NamedExpr) -> ast.expr:
    low.set(node.target.id, low.made(low.value(node.value)))
    return name(node.target.id)


# ---------------------------------------------------------------------------------------------------------------------------------
# calls


@table.expression(ast.Call)
def _call(low: Lowering, node: ast.Call) -> ast.expr:
    function = called(node)
    if function in low.functions:
        return _value_of(functions.inlined(low, node, low.functions[function]), node)
    if function in _OPAQUE and function not in low.imports:
        return node
    if function == "float" and constant(node.args[0] if node.args else None) in ("inf", "-inf", "nan"):
        return node
    row = table.CALLS.get(low.path(node.func) or "")
    if row is not None:
        return _value_of(row.apply(low, node), node)
    if isinstance(node.func, ast.Attribute):
        return _method(low, node, node.func)
    if function is None:
        raise DialectError(node.lineno, f"{shown(node.func)} cannot be called; every action is called by its name")
    if function in table.TESTS or function in _BLOCKS:
        return conditions.flag(low, node) if function in table.TESTS else node
    if function not in constants.HELPERS:
        _refuse_unknown(low, node, function)
    if api_names.is_action_call(node) and any(is_none(keyword.value) for keyword in node.keywords):  # as good as left out
        node = low.rebuilt(node, keywords=[keyword for keyword in node.keywords if not is_none(keyword.value)])
    return low.rebuilt(node, **_arguments(low, node, function))


def _arguments(low: Lowering, node: ast.Call, function: str) -> dict[str, list[ast.AST]]:
    """Return the fields of a call with lowered arguments; the first one of a coercion is a variable."""
    of_variable = function in constants.COERCIONS or function == "as_type"
    args = [low.expr(argument) if index or not of_variable else low.ref(argument) for index, argument in enumerate(node.args)]
    return {"args": args, "keywords": [low.rebuilt(keyword, value=_parameter(low, function, keyword)) for keyword in node.keywords]}


def _parameter(low: Lowering, function: str, keyword: ast.keyword) -> ast.expr:
    """Return the value of a parameter; where an action's output is taken, one that is written out becomes an action."""
    value = low.expr(keyword.value)
    if keyword.arg is None or not values.is_written(value):
        return value
    identifier = api_names.action_id(function, low.catalog)
    return low.ref_of(value, keyword.value) if api_names.takes_output(identifier, keyword.arg, low.catalog) else value


def _value_of(value: ast.expr | None, node: ast.Call) -> ast.expr:
    if value is None:
        raise DialectError(node.lineno, f"{shown(node)} has no value; write it on a line of its own")
    return value


def _method(low: Lowering, node: ast.Call, function: ast.Attribute) -> ast.expr:
    attribute = function.attr
    if attribute in signatures.METHODS and attribute not in ("startswith", "endswith", "append"):
        return low.rebuilt(node, func=low.rebuilt(function, value=low.ref(function.value)))
    if attribute == "format" and constant(function.value) is not None:
        return low.rebuilt(node, args=[low.ref(argument) if not constant(argument) else argument for argument in node.args])
    if f".{attribute}" in table.TESTS or attribute in conditions.ENDS:
        return conditions.flag(low, node)
    path = low.path(function)
    if path is not None and low.catalog.by_name(call_name(path)) is not None:  # `com.apple.shortcuts.X(…)`
        return _call(low, ast.copy_location(ast.Call(ast.copy_location(name(call_name(path)), node), node.args, node.keywords), node))
    if path is not None and not _is_value(low, function.value):
        raise DialectError(node.lineno, _no_function(low, path, node), "unknown_api")
    row = table.METHODS.get(attribute)
    instead = advice.of_method(attribute, function.value)
    if instead is not None:
        raise DialectError(node.lineno, f"there is no .{attribute}(); {instead}", "unknown_api")
    if row is None:
        near = nearest(attribute, [*table.METHODS, *signatures.METHODS], _NEAR, clear=0)
        instead = f"did you mean .{near}()?" if near else advice.search(attribute)
        raise DialectError(node.lineno, f"there is no method .{attribute}(); {instead}", "unknown_api")
    return _value_of(row.apply(low, node, function.value), node)


def _is_value(low: Lowering, node: ast.expr) -> bool:
    """True if an expression is a value of the program, such as a global that is written without parentheses."""
    return not isinstance(node, ast.Name | ast.Attribute) or (isinstance(node, ast.Name) and node.id in {*constants.GLOBALS, *low.symbols})


def _refuse_unknown(low: Lowering, node: ast.Call, function: str) -> None:
    """Raise DialectError for a function of Python that is not in the table; an action of the catalogue is left to the compiler."""
    path = low.path(node.func) or function
    unknown = low.catalog.by_name(function) is None and ("_" not in function or bool(node.args))
    if path != function or hasattr(builtins, function) or unknown:
        raise DialectError(node.lineno, _no_function(low, path, node), "unknown_api")


def _no_function(low: Lowering, path: str, node: ast.Call) -> str:
    """Return the advice for an unknown function: the action or the function that is meant, else the actions that fit its words."""
    last = path.rpartition(".")[2]
    instead = advice.of_function(path, node)
    if instead is not None:
        return f"there is no {path}(); {instead}"
    action = low.catalog.by_name(f"is_workflow_actions_{last}") or low.catalog.by_name(f"is_workflow_actions_{last.replace('_', '')}")
    if action is not None:
        return f"there is no {path}(); did you mean {_written(action)}?"
    near = nearest(path, list(table.CALLS), _NEAR, clear=0) or nearest(last, list(table.CALLS), _NEAR, clear=0)
    if near is not None:
        return f"there is no {path}(); did you mean {near}()?"
    if others := [function for function in table.CALLS if "." in path and function.rpartition(".")[0] == path.rpartition(".")[0]]:
        return f"there is no {path}() here; there is {', '.join(f'{function}()' for function in others)}"
    found = search(low.catalog, " ".join(re.split(r"[_.]+", path)))
    fitting = [api for api in found if api.id.startswith(BUILTIN)][:2]
    return f"there is no {path}(); " + (f"actions near it are {' and '.join(map(_written, fitting))}" if fitting else advice.search(path))


def _written(api: Api) -> str:
    """Return an action as it is called, with its first parameters."""
    keys = [f"{parameter.key}=…" for parameter in api.parameters if not (parameter.visible_when or Catalog.is_generic(parameter.key))][:3]
    return f"{api.name}({', '.join(keys)})"


# ---------------------------------------------------------------------------------------------------------------------------------
# lists and dictionaries that are written out


@table.expression(ast.List, ast.Tuple, ast.Set)
def _list(low: Lowering, node: ast.List | ast.Tuple | ast.Set) -> ast.expr:
    items = [low.expr(item) for item in node.elts]
    if isinstance(node, ast.Set):
        return ast.List(items, ast.Load())
    return low.rebuilt(node, elts=items)


@table.expression(ast.Dict)
def _dict(low: Lowering, node: ast.Dict) -> ast.expr:
    if None in node.keys:
        raise DialectError(node.lineno, "** in a dictionary: set the keys one by one, d['key'] = value")
    keys = [low.expr(key) for key in node.keys if key is not None]
    return low.rebuilt(node, keys=keys, values=[_dictionary_value(low, value) for value in node.values])


def _dictionary_value(low: Lowering, node: ast.expr) -> ast.expr:
    """Return an item of a dictionary: a variable stays a number only where the item says that it is one."""
    value = low.expr(node)
    return lists.number_item(low, value) if low.is_python(node, value) else value


@table.expression(ast.Subscript, examples=("xs[0]", "xs[-1]", "xs[n]", "xs[1:3]", "s[:5]", "s[-4:]", "d[s]"))
def _subscript(low: Lowering, node: ast.Subscript) -> ast.expr:
    if constant(node.slice) is not None:
        return low.rebuilt(node, value=low.ref(node.value))
    if low.path(node.value) == "sys.argv":
        return call("shortcut_input")
    base = low.expr(node.value)
    kind = low.kind(base)
    if isinstance(node.slice, ast.Slice):
        return lists.part(low, base, kind, node)
    if isinstance(node.slice, ast.Name) and ast.dump(low.dictionary_keys.get(node.slice.id, node)) == ast.dump(base):
        kind = kinds.DICTIONARY
    index = low.value(node.slice)
    if kind == kinds.DICTIONARY or (low.kind(index) == kinds.TEXT and not isinstance(index, Symbolic)):
        key = texts.text(low, low.expr_of(index, node.slice))
        return low.action("getvalueforkey", WFDictionaryKey=key, WFInput=low.ref_of(base, node))
    return lists.item(low, base, kind, index, node)
