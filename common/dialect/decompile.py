"""Shortcut -> Python: the writer behind `to_python`."""

from __future__ import annotations

import ast
from typing import Any

from common.catalog import call_name
from common.dialect import actions, blocks, header, text, triggers, values
from common.dialect.blocks import Action, Block
from common.dialect.decompile_blocks import BlockWriter
from common.dialect.syntax import assign, call, const, keywords_of_dict, name, unparse

ACTION_KEYS = ("WFWorkflowActionIdentifier", "WFWorkflowActionParameters")


class Writer(BlockWriter):
    """Writes one shortcut. Names are handed out in the order in which the program mentions them, as the compiler does."""

    def program(self) -> list[ast.stmt]:
        """The statements of the shortcut."""
        self.decorators, level = triggers.to_decorators(self.shortcut)
        head = header.to_statement(level, self.loose_questions)
        result = [head] if head else []
        for item in blocks.tree(self.actions):
            result += [*self._declarations(item), *self._statements([item])]
        return result

    def _declarations(self, item: int | Block) -> list[ast.stmt]:
        """`X = []` for a variable whose first use is an append: Shortcuts begins an empty list there, Python must be told."""
        indexes = range(item.start, item.end) if isinstance(item, Block) else [item]
        seen: set[str] = set()
        result: list[ast.stmt] = []
        for index in indexes:
            variable = self._assigned(index)
            if variable is None or variable in seen or self.variable_names.get(variable) in self.bound:
                continue
            seen.add(variable)
            if self.actions[index]["WFWorkflowActionIdentifier"] == actions.APPEND_VARIABLE:
                result.append(assign(self._bind_variable(variable), ast.List([], ast.Load())))
        return result

    def _statements(self, body: list[int | Block]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for item in body:
            result += self._block(item) if isinstance(item, Block) else [self._action(item)]
        return result

    def _action(self, index: int) -> ast.stmt:
        action = self.actions[index]
        identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
        variable = self._assigned(index)
        if variable is not None:
            source = values.to_expr(parameters["WFInput"], self) if "WFInput" in parameters else call("previous_output")
            return self._assignment(identifier, variable, source)
        shown = parameters.keys() - self._hidden_keys(parameters)
        hidden = index in self.raw or index in self.questions or len(action) != 2 or self._has_name(parameters)
        if identifier == actions.COMMENT and shown == {"WFCommentActionText"} and not hidden:
            note = values.to_expr(parameters["WFCommentActionText"], self)
            if text.is_text(note):
                return ast.Expr(note)
        return self._call_statement(index, action)

    def _assignment(self, identifier: str, variable: str, source: ast.expr) -> ast.stmt:
        if identifier == actions.APPEND_VARIABLE:
            return ast.AugAssign(self._bind_variable(variable), ast.Add(), ast.List([source], ast.Load()))
        return assign(self._bind_variable(variable), source)

    def _call_statement(self, index: int, action: Action) -> ast.stmt:
        identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
        hidden = self._hidden_keys(parameters)
        if index in self.raw or len(action) != 2:
            literal = {key: parameters[key] for key in sorted(parameters.keys() - hidden)}
            extra = {key: value for key, value in action.items() if key not in ACTION_KEYS}
            function, arguments = name("raw_action"), [const(identifier), values.literal_expr(literal, self)]
            shown = {"extra": values.literal_expr(extra, self)} if extra else {}
        else:
            shown = self._parameters(index, parameters, hidden)
            callable_ = actions.is_callable(identifier)
            function = name(call_name(identifier) if callable_ else "action")
            arguments = [] if callable_ else [const(identifier)]
        target, shared = self._bind_output(parameters, identifier)
        expression = ast.Call(function, arguments, keywords_of_dict({**shown, **shared}))
        return ast.Expr(expression) if target is None else assign(target, expression)

    def _parameters(self, index: int, parameters: dict[str, Any], hidden: set[str]) -> dict[str, ast.expr]:
        questions = self.questions.get(index, {})
        shown = {}
        for key in sorted({*parameters, *questions} - hidden):
            if key.startswith("Show-") and isinstance(parameters.get(key), bool) and key not in questions:
                continue  # whether a row is unfolded in the editor
            shown[key] = self._parameter(index, key, parameters[key]) if key in parameters else None
            if key in questions:
                shown[key] = self._question(questions[key], shown[key])
        return shown

    def _parameter(self, index: int, key: str, value: Any) -> ast.expr:
        """A parameter's value. A lone variable is written as such in the envelope that is usual for the parameter."""
        expression = values.to_expr(value, self, key)
        if not actions.takes_text(self.actions[index]["WFWorkflowActionIdentifier"], key):
            return expression
        if values.opened(value, values.ATTACHMENT) is not None and not isinstance(expression, ast.Dict):
            return call("attachment", expression)
        return text.lone_variable(expression) or expression

    def _question(self, question: dict[str, Any], value: ast.expr | None) -> ast.expr:
        """`ask_on_import(value, question='…', default=…)`; the default is left out where it is the value, None where there is none."""
        arguments = {"question": values.to_expr(question["Text"], self)} if "Text" in question else {}
        default = values.to_expr(question["DefaultValue"], self, question["ParameterKey"]) if "DefaultValue" in question else const(None)
        if value is None or ast.dump(default) != ast.dump(value):
            arguments["default"] = default
        return call("ask_on_import", *([] if value is None else [value]), **arguments)


def program_text(shortcut: dict[str, Any], raw: frozenset[int] = frozenset(), plain_names: bool = False) -> tuple[str, Writer]:
    """The source of a shortcut, and the writer that knows its names. `raw`: actions to write out; `plain_names`: variables are never
    assigned to but called by their own names. Raises blocks.Unbalanced.
    """
    writer = Writer(shortcut, raw, plain_names)
    body = writer.program()
    return unparse(body, writer.decorators), writer
