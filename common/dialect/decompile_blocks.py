"""Blocks of a shortcut as Python: if, match and for. The half of the writer that decompile.py builds on."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from typing import Any

from common.dialect import blocks, conditions, text, values
from common.dialect.blocks import ACTION_OF_KIND, Block, Branch
from common.dialect.canonical import MARKER_KEYS, simplify
from common.dialect.naming import Naming
from common.dialect.syntax import assign, call, const, constant, name


class BlockWriter(Naming, ABC):
    """Writes blocks; what stands in them is written by `_statements`."""

    depth = 0  # of loops around the statement in hand

    @abstractmethod
    def _statements(self, body: list[int | Block]) -> list[ast.stmt]: ...

    def _body(self, branch: Branch, shown: frozenset[str] = frozenset()) -> list[ast.stmt]:
        return [*self._marker(branch.marker, shown), *self._statements(branch.body)] or [ast.Pass()]

    def _block(self, block: Block) -> list[ast.stmt]:
        parameters = self._marker_parameters(block.start)
        if block.kind == "if":
            statement: ast.stmt = self._if(block, parameters)
        elif block.kind == "menu":
            statement = self._menu(block, parameters)
        else:
            statement = self._repeat(block, parameters)
        return [statement, *self._result(block)]

    def _marker_parameters(self, index: int) -> dict[str, Any]:
        parameters = self.actions[index]["WFWorkflowActionParameters"]
        return {key: value for key, value in parameters.items() if key not in MARKER_KEYS}

    def _marker(self, index: int, shown: frozenset[str]) -> list[ast.stmt]:
        """`marker(Key=…)` for parameters of an Otherwise or a case that have no place elsewhere."""
        rest = {key: value for key, value in self._marker_parameters(index).items() if key not in shown}
        return [ast.Expr(call("marker", **self._literals(rest)))] if rest else []

    def _literals(self, parameters: dict[str, Any]) -> dict[str, ast.expr]:
        return {key: values.literal_expr(value, self) for key, value in sorted(parameters.items())}

    def _result(self, block: Block) -> list[ast.stmt]:
        """`If_Result = if_result()` where the block's own output is used."""
        start, end = (self.actions[index]["WFWorkflowActionParameters"] for index in (block.start, block.end))
        parameters, identifier = self.result_identity(start, end), ACTION_OF_KIND[block.kind]
        target, shared = self._bind_output(parameters, identifier)
        start_values = self._marker_parameters(block.start) if block.kind == "menu" else {}
        own = self._marker_parameters(block.end)
        rest = {key: value for key, value in own.items() if key not in start_values or start_values[key] != value}
        if target is None and not rest:
            return []
        expression = call(blocks.RESULT_HELPERS[block.kind], **self._literals(rest), **shared)
        return [ast.Expr(expression) if target is None else assign(target, expression)]

    def _if(self, block: Block, parameters: dict[str, Any]) -> ast.stmt:
        raw = block.start in self.raw
        self.kinds.end = block.start
        test = call("when", **self._literals(parameters)) if raw else conditions.to_expr(parameters, self)
        everything = frozenset(parameters)
        statement = result = ast.If(test, self._body(block.branches[0], everything), [])
        for branch in block.branches[1:]:
            own = self._marker_parameters(branch.marker)
            if own.keys() & {"WFCondition", "WFConditions"}:
                self.kinds.end = branch.marker
                nested = ast.If(call("otherwise_if", conditions.to_expr(own, self)), self._body(branch, frozenset(own)), [])
                statement.orelse = [nested]
                statement = nested
            elif statement.orelse:
                raise blocks.Unbalanced(branch.marker, "a second Otherwise")
            else:
                statement.orelse = self._body(branch, frozenset({*conditions.OPERANDS, "WFInput"}))
        return result

    def _menu(self, block: Block, parameters: dict[str, Any]) -> ast.stmt:
        subject = self._menu_subject(block, parameters)
        shown = frozenset({"WFMenuItemTitle", "WFMenuItemAttributedTitle"})
        cases = []
        for branch in block.branches[1:]:
            own = self._marker_parameters(branch.marker)
            repeated = {key for key in own if key in parameters and own[key] == parameters[key]}
            pattern, guard = self._case_pattern(own)
            cases.append(ast.match_case(pattern, guard, self._body(branch, shown | repeated)))
        return ast.Match(subject, cases) if cases else ast.Expr(subject)

    def _menu_subject(self, block: Block, parameters: dict[str, Any]) -> ast.Call:
        if block.start in self.raw:
            return call("menu", **self._literals(parameters))
        prompt = [values.to_expr(parameters["WFMenuPrompt"], self)] if "WFMenuPrompt" in parameters else []
        rest = {key: values.to_expr(parameters[key], self) for key in sorted(parameters.keys() - {"WFMenuPrompt", "WFMenuItems"})}
        if "WFMenuItems" not in parameters:
            rest["items"] = const(None)
        elif list(map(_item_text, _listed(parameters["WFMenuItems"]))) != list(map(self._case_text, block.branches[1:])):
            rest["items"] = values.to_expr(parameters["WFMenuItems"], self, "WFMenuItems")
        return call("menu", *prompt, **rest)

    def _case_text(self, branch: Branch) -> Any:
        own = self._marker_parameters(branch.marker)
        title = own.get("WFMenuItemAttributedTitle", own.get("WFMenuItemTitle"))
        return _item_text(values.wrap(text.TEXT, title) if isinstance(title, dict) and "string" in title else title)

    def _case_pattern(self, own: dict[str, Any]) -> tuple[ast.pattern, ast.expr | None]:
        """`case 'title'`, or `case _ if item(f'…')` for a title with variables, since a pattern takes no f-string."""
        title = own.get("WFMenuItemAttributedTitle", own.get("WFMenuItemTitle"))
        if isinstance(title, str):
            return ast.MatchValue(const(title)), None
        if title is None:
            return ast.MatchAs(), call("item")
        expression = text.to_expr(title, self) if isinstance(title, dict) and "string" in title else None
        if isinstance(expression, ast.Constant):
            return ast.MatchValue(expression), None
        return ast.MatchAs(), call("item", expression or values.literal_expr(title, self))

    def _repeat(self, block: Block, parameters: dict[str, Any]) -> ast.stmt:
        key, helper = ("WFInput", "repeat_each") if block.kind == "each" else ("WFRepeatCount", "repeat_count")
        raw = block.start in self.raw
        source = values.to_expr(parameters[key], self) if key in parameters and not raw else None
        rest = self._literals({other: value for other, value in parameters.items() if raw or other != key})
        suffix = f" {self.depth + 1}" if self.depth else ""
        uses_index = any(f"Repeat Index{suffix}" in read for read in self.reads[block.start + 1 : block.end + 1])
        index = self._bind_variable(f"Repeat Index{suffix}") if uses_index else None
        self.depth += 1
        if block.kind == "each":
            if rest or (source is None and raw):
                subject: ast.expr = call(helper, *([source] if source else []), **rest)
            else:
                subject = source or call("previous_output")
            target = self._bind_variable(f"Repeat Item{suffix}")
            if index is not None:
                subject, target = call("enumerate", subject, start=const(1)), ast.Tuple([index, target], ast.Store())
        else:
            subject, target = self._count_subject(source, rest, index), index or name("_", store=True)
        body = self._body(block.branches[0], frozenset(parameters))
        self.depth -= 1
        return ast.For(target, subject, body, [], lineno=1)

    def _count_subject(self, source: ast.expr | None, rest: dict[str, ast.expr], index: ast.expr | None) -> ast.expr:
        """`range(n)`, or `range(1, n + 1)` where the index is used: it counts from 1."""
        if source is None or rest:
            return call("repeat_count", *([source] if source else []), **rest)
        if index is None:
            return call("range", source)
        count = constant(source, int)
        return call("range", const(1), ast.BinOp(source, ast.Add(), const(1)) if count is None or count < 0 else const(count + 1))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _item_text(item: Any) -> Any:
    """A menu item or a case's title as the text it shows, comparable."""
    item = simplify(item)
    return item["WFValue"] if isinstance(item, dict) and item.keys() == {"WFItemType", "WFValue"} and item["WFItemType"] == 0 else item
