"""Shortcut -> Python: the decompiler behind `to_python`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shortcuts import control_flow
from shortcuts.catalog import Catalog, call_name
from shortcuts.control_flow import ID, PARAMETERS, Action, Block
from shortcuts.decompiler.symbols import SymbolTable
from shortcuts.forms import api_names, header, if_blocks, interpolation, menu_blocks, repeat_blocks, triggers, values
from shortcuts.forms.markers import MarkerWriter
from shortcuts.syntax.nodes import assign, call, const, keywords_of_dict, name
from shortcuts.syntax.printer import unparse

BLOCK_WRITERS: dict[str, Callable[[Block, MarkerWriter], ast.stmt]] = {
    "if": if_blocks.write, "menu": menu_blocks.write, "each": repeat_blocks.write, "count": repeat_blocks.write,
}  # fmt: skip
_call_name = lru_cache(maxsize=1 << 14)(call_name)


class Decompiler:
    """Writes one shortcut as a program. Names are handed out in the order in which the program mentions them, as in the compiler.

    raw: indexes of actions to write out; plain_names: set variables by calls, under their own names, and never by assignments.
    Raises Unbalanced.
    """

    def __init__(self, shortcut: dict[str, Any], raw: frozenset[int] = frozenset(), plain_names: bool = False,
                 catalog: Catalog | None = None) -> None:
        self.shortcut, self.catalog = shortcut, catalog
        self.actions: list[Action] = shortcut["WFWorkflowActions"]
        odd = (index for index, action in enumerate(self.actions) if not isinstance(action[PARAMETERS].get("UUID", ""), str))
        self.raw = raw = raw.union(odd)  # a UUID that is not text has no other form
        self.tree = control_flow.tree(self.actions)
        self.decorators, self.level = triggers.to_decorators(shortcut)
        self.symbols = SymbolTable(shortcut, raw, plain_names, catalog)
        self.markers = MarkerWriter(self.symbols, raw, self._statements)

    def program(self) -> list[ast.stmt]:
        """Return the statements of the shortcut."""
        head = header.to_statement(self.level, self.symbols.loose_questions, self.symbols)
        result = [head] if head else []
        for item in self.tree:
            result += [*self._declarations(item), *self._statements([item])]
        return result

    def _declarations(self, item: int | Block) -> list[ast.stmt]:
        """Return `X = []` for each variable whose first use is an append: Shortcuts begins an empty list there by itself."""
        indexes = range(item.start, item.end) if isinstance(item, Block) else [item]
        seen: set[str] = set()
        result: list[ast.stmt] = []
        for index in indexes:
            variable = self.symbols.assigned(index)
            if variable is None or variable in seen or self.symbols.is_bound(variable):
                continue
            seen.add(variable)
            if self.actions[index][ID] == api_names.APPEND_VARIABLE:
                result.append(assign(self.symbols.bind_variable(variable), ast.List([], ast.Load())))
        return result

    def _statements(self, body: list[int | Block]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for item in body:
            if isinstance(item, Block):
                result.append(BLOCK_WRITERS[item.kind](item, self.markers))
                result += self.markers.result(item)
            else:
                result.append(self._action(item))
        return result

    def _action(self, index: int) -> ast.stmt:
        action = self.actions[index]
        identifier, parameters = action[ID], action[PARAMETERS]
        variable = self.symbols.assigned(index)
        if variable is not None:
            if "WFInput" in parameters:
                source = values.to_expr(parameters["WFInput"], self.symbols)
            else:  # an app from before iOS 13 takes the output of the action before, a later one empties the variable
                source = call("previous_output") if self.symbols.is_old else const(None)
            return self._assignment(identifier, variable, source)
        if identifier == api_names.COMMENT:
            shown = parameters.keys() - self.symbols.hidden_keys(parameters) - api_names.switches(parameters)
            hidden = index in self.raw or index in self.symbols.questions or len(action) != 2 or self.symbols.has_name(parameters)
            if shown == {"WFCommentActionText"} and not hidden:
                note = values.to_expr(parameters["WFCommentActionText"], self.symbols)
                if interpolation.is_text(note):
                    return ast.Expr(note)
        return self._call_statement(index, action)

    def _assignment(self, identifier: str, variable: str, source: ast.expr) -> ast.stmt:
        if identifier == api_names.APPEND_VARIABLE:
            return ast.AugAssign(self.symbols.bind_variable(variable), ast.Add(), ast.List([source], ast.Load()))
        return assign(self.symbols.bind_variable(variable), source)

    def _call_statement(self, index: int, action: Action) -> ast.stmt:
        identifier, parameters = action[ID], action[PARAMETERS]
        hidden = self.symbols.hidden_keys(parameters)
        if index in self.raw or len(action) != 2:
            literal = {key: parameters[key] for key in sorted(parameters.keys() - hidden)}
            extra = {key: value for key, value in action.items() if key not in (ID, PARAMETERS)}
            function, arguments = name("raw_action"), [const(identifier), values.literal_expr(literal, self.symbols)]
            shown = {"extra": values.literal_expr(extra, self.symbols)} if extra else {}
        else:
            shown = self._parameters(index, parameters, hidden)
            callable_ = api_names.is_callable(identifier, self.catalog)
            function = name(_call_name(identifier) if callable_ else "action")
            arguments = [] if callable_ else [const(identifier)]
        target, shared = self.symbols.bind_output(parameters, identifier)
        expression = ast.Call(function, arguments, keywords_of_dict({**shown, **shared}))
        return ast.Expr(expression) if target is None else assign(target, expression)

    def _parameters(self, index: int, parameters: dict[str, Any], hidden: set[str]) -> dict[str, ast.expr]:
        questions = self.symbols.questions.get(index, {})
        shown = {}
        for key in sorted({*parameters, *questions} - hidden - (api_names.switches(parameters) - questions.keys())):
            shown[key] = self._parameter(index, key, parameters[key]) if key in parameters else None
            if key in questions:
                shown[key] = self._question(questions[key], shown[key])
        return shown

    def _parameter(self, index: int, key: str, value: Any) -> ast.expr:
        """Return a parameter's value. A lone variable in the envelope that is usual for the parameter is written as the variable."""
        expression = values.to_expr(value, self.symbols, key)
        identifier = self.actions[index][ID]
        if not api_names.takes_text(identifier, key, self.catalog):
            odd = values.is_written(expression) and api_names.takes_output(identifier, key, self.catalog)
            return call("plain", expression) if odd else expression
        if values.unwrap(value, values.ATTACHMENT) is not None and not isinstance(expression, ast.Dict):
            return call("attachment", expression)
        return interpolation.lone_variable(expression) or expression

    def _question(self, question: dict[str, Any], value: ast.expr | None) -> ast.expr:
        """Return `ask_on_import(value, question='…', default=…)`; a default equal to the value is left out, a missing one is None."""
        arguments = {"question": values.to_expr(question["Text"], self.symbols)} if "Text" in question else {}
        given = "DefaultValue" in question
        default = values.to_expr(question["DefaultValue"], self.symbols, question["ParameterKey"]) if given else const(None)
        if value is None or ast.dump(default) != ast.dump(value):
            arguments["default"] = default
        return call("ask_on_import", *([] if value is None else [value]), **arguments)

    def text(self) -> str:
        """Return the source of the program."""
        return unparse(self.program(), self.decorators)
