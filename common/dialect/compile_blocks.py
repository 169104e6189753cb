"""Python's if, match and for as blocks of a shortcut. The half of the compiler that compile.py builds on."""

from __future__ import annotations

import ast
import copy
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from common.dialect import blocks, conditions, reading, text, values
from common.dialect.bindings import Bindings
from common.dialect.blocks import Action
from common.dialect.syntax import DialectError, called, constant, keywords

Parameters = dict[str, Any]


class BlockCompiler(ABC):
    """Compiles blocks; what stands in them is compiled by `_body`, an action appended by `_emit`, a variable set by `_set`."""

    names: Bindings
    actions: list[Action]
    groups: Iterator[str]
    group_count = 0
    depth = 0  # of loops around the statement in hand

    @abstractmethod
    def _body(self, body: list[ast.stmt]) -> None: ...

    @abstractmethod
    def _emit(self, action_id: str, parameters: Parameters, line: int, identifier: str | None = None) -> Parameters: ...

    @abstractmethod
    def _set(self, identifier: str, value: Any, line: int) -> None: ...

    def _open(self, kind: str, parameters: Parameters, line: int) -> str:
        group = next(self.groups, None) or str(uuid.uuid5(uuid.NAMESPACE_OID, f"group {self.group_count}")).upper()
        self.group_count += 1
        self._mark(kind, group, blocks.START, parameters, line)
        return group

    def _mark(self, kind: str, group: str, mode: int, parameters: Parameters, line: int) -> None:
        marker = {"GroupingIdentifier": group, "WFControlFlowMode": mode}
        self._emit(blocks.ACTION_OF_KIND[kind], {**marker, **parameters}, line)

    def _amend(self, index: int, node: ast.Call) -> None:
        if index < 0 or self.actions[index]["WFWorkflowActionIdentifier"] not in blocks.KINDS:
            raise DialectError(node.lineno, "marker() stands first in the branch that it belongs to")
        amended = {key: reading.literal(value, self.names) for key, value in keywords(node).items()}
        self.actions[index]["WFWorkflowActionParameters"].update(amended)

    def _result(self, node: ast.Call, identifier: str | None, previous: ast.stmt | None) -> None:
        kind = blocks.KINDS.get(self.actions[-1]["WFWorkflowActionIdentifier"]) if self.actions else None
        empty_menu = isinstance(previous, ast.Expr) and called(previous.value) == "menu"
        is_block = isinstance(previous, ast.If | ast.For | ast.Match) or empty_menu
        if kind is None or not is_block or blocks.RESULT_HELPERS[kind] != called(node):
            raise DialectError(node.lineno, f"{called(node)}() stands right after its block")
        given = keywords(node)
        given.pop("UUID", None)
        parameters = self.actions[-1]["WFWorkflowActionParameters"]
        parameters.update({key: reading.literal(value, self.names) for key, value in given.items()})
        if identifier is not None and self.names.is_variable(identifier):
            output = self.names.anonymous_output(self.actions[-1])
            self._set(identifier, values.wrap(values.ATTACHMENT, output), node.lineno)
        elif identifier is not None:
            self.names.bind_output(identifier, parameters, blocks.ACTION_OF_KIND[kind])

    def _if(self, node: ast.If) -> None:
        while (test := conditions.swapped(node.test)) is not None:  # `not x.startswith('a')`: the steps go under Otherwise
            node = ast.copy_location(ast.If(test, node.orelse or [ast.copy_location(ast.Pass(), node)], node.body), node)
        group = self._open("if", conditions.from_expr(node.test, self.names), node.lineno)
        self._body(node.body)
        branch = node
        while len(branch.orelse) == 1 and isinstance(branch.orelse[0], ast.If) and called(branch.orelse[0].test) == "otherwise_if":
            branch = branch.orelse[0]
            assert isinstance(branch.test, ast.Call)
            self._mark("if", group, blocks.MIDDLE, {}, branch.lineno)
            marker = self.actions[-1]["WFWorkflowActionParameters"]  # stands there already: no output comes before its test
            marker.update(conditions.from_expr(branch.test.args[0], self.names) if branch.test.args else {})
            self._body(branch.body)
        if branch.orelse:
            self._mark("if", group, blocks.MIDDLE, {}, branch.orelse[0].lineno)
            self._body(branch.orelse)
        self._mark("if", group, blocks.END, {}, node.lineno)

    def _match(self, node: ast.Match) -> None:
        if called(node.subject) != "menu":
            raise DialectError(node.lineno, "match is a menu, match menu('Prompt'): case 'A choice': …; test values with if and elif")
        assert isinstance(node.subject, ast.Call)
        self._menu(node.subject, node.cases)

    def _menu(self, subject: ast.Call, cases: list[ast.match_case]) -> None:
        given = keywords(subject)
        prompt = {"WFMenuPrompt": reading.from_expr(subject.args[0], self.names)} if subject.args else {}
        listed = given.pop("items", None)
        rest = {key: reading.literal(value, self.names) if key == "WFMenuItems" else reading.from_expr(value, self.names)
                for key, value in given.items()}  # fmt: skip
        parameters = {**prompt, **rest}
        if listed is not None and not (isinstance(listed, ast.Constant) and listed.value is None):
            parameters["WFMenuItems"] = reading.from_expr(listed, self.names, "WFMenuItems")
        group = self._open("menu", parameters, subject.lineno)
        titles = []
        for case in cases:
            title = self._case_title(case)
            titles.append(title)
            self._mark("menu", group, blocks.MIDDLE, _title_parameters(title), case.pattern.lineno)
            self._body(case.body)
        if listed is None and "WFMenuItems" not in rest:
            parameters = self.actions[-1 - self._distance(group)]["WFWorkflowActionParameters"]
            # copies, since a residue is applied in place and the cases hold the titles too
            items = [title if isinstance(title, str) else {"WFItemType": 0, "WFValue": copy.deepcopy(title)} for title in titles]
            parameters["WFMenuItems"] = items
        self._mark("menu", group, blocks.END, {}, subject.lineno)

    def _distance(self, group: str) -> int:
        """How many actions back the start of a block is."""
        for back, action in enumerate(reversed(self.actions)):
            parameters = action["WFWorkflowActionParameters"]
            if parameters.get("GroupingIdentifier") == group and parameters.get("WFControlFlowMode") == blocks.START:
                return back
        raise AssertionError("a block was opened")

    def _case_title(self, case: ast.match_case) -> Any:
        if isinstance(case.pattern, ast.MatchValue) and case.guard is None and constant(case.pattern.value) is not None:
            return constant(case.pattern.value)
        guard = case.guard
        is_wildcard = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
        if is_wildcard and isinstance(guard, ast.Call) and called(guard) == "item":
            return reading.from_expr(guard.args[0], self.names) if guard.args else None
        raise DialectError(case.pattern.lineno, "a menu's case is a text, `case 'Title':`, or, with variables, `case _ if item(f'…'):`")

    def _for(self, node: ast.For) -> None:
        if node.orelse:
            raise DialectError(node.lineno, "a for has no else")
        source = node.iter
        is_count = called(source) in ("range", "repeat_count")
        parameters, has_index = self._count_parameters(source) if is_count else self._each_parameters(source)  # type: ignore[arg-type]
        group = self._open("count" if is_count else "each", parameters, node.lineno)
        restore = self.names.enter_loop(node, is_count, has_index, self.depth)
        self.depth += 1
        self._body(node.body)
        self.depth -= 1
        restore()
        self._mark("count" if is_count else "each", group, blocks.END, {}, node.lineno)

    def _count_parameters(self, source: ast.Call) -> tuple[Parameters, bool]:
        if called(source) == "repeat_count":
            count = source.args[0] if source.args else None
            rest = {key: reading.literal(value, self.names) for key, value in keywords(source).items()}
            return {**({} if count is None else {"WFRepeatCount": reading.from_expr(count, self.names)}), **rest}, True
        if len(source.args) == 1:
            return {"WFRepeatCount": reading.from_expr(source.args[0], self.names)}, False
        if len(source.args) == 2 and constant(source.args[0], int) == 1:
            end = source.args[1]
            if isinstance(end, ast.BinOp) and isinstance(end.op, ast.Add) and constant(end.right, int) == 1:
                return {"WFRepeatCount": reading.from_expr(end.left, self.names)}, True
            if constant(end, int) is not None:
                return {"WFRepeatCount": max(0, constant(end, int) - 1)}, True
        raise DialectError(source.lineno, "a repeat is written `for _ in range(n)`, or `for i in range(1, n + 1)` where the index is used")

    def _each_parameters(self, source: ast.expr) -> tuple[Parameters, bool]:
        has_index = isinstance(source, ast.Call) and called(source) == "enumerate"
        if has_index:
            assert isinstance(source, ast.Call)
            start = keywords(source).get("start") or (source.args[1] if len(source.args) > 1 else None)
            if not source.args or constant(start, int) != 1:
                raise DialectError(source.lineno, "the index of a repeat counts from 1: enumerate(x, start=1)")
            source = source.args[0]
        rest: Parameters = {}
        if isinstance(source, ast.Call) and called(source) == "repeat_each":
            rest = {key: reading.literal(value, self.names) for key, value in keywords(source).items()}
            if not source.args:
                return rest, has_index
            source = source.args[0]
        if called(source) == "previous_output":
            return rest, has_index
        return {"WFInput": reading.from_expr(source, self.names), **rest}, has_index


def _title_parameters(title: Any) -> Parameters:
    """A case's title; one with variables has a plain label beside it."""
    if title is None:
        return {}
    if isinstance(title, str):
        return {"WFMenuItemTitle": title}
    inner = title.get("Value", title) if isinstance(title, dict) else None
    if not isinstance(inner, dict) or not isinstance(inner.get("string"), str):
        return {"WFMenuItemTitle": title}
    return {"WFMenuItemTitle": inner["string"].replace(text.MARK, "…"), "WFMenuItemAttributedTitle": inner}
