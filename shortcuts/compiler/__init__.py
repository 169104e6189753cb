"""Python -> shortcut: the compiler behind `to_shortcut` and `check`.

It compiles any program of the dialect, whether `to_python`, a model or a person wrote it, and infers the rest: identities, group ids, names
of outputs, envelopes. A name that is assigned more than once becomes a variable; a literal that is assigned becomes the action that makes
it. Any other form is natural Python, which shortcuts/natural/ lowers to these first, or a DialectError with its line and advice.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from shortcuts import control_flow, natural
from shortcuts.catalog import Catalog
from shortcuts.compiler.symbols import SymbolTable
from shortcuts.control_flow import Action
from shortcuts.forms import (
    api_names,
    constants,
    header,
    if_blocks,
    interpolation,
    menu_blocks,
    references,
    repeat_blocks,
    signatures,
    triggers,
    values,
)
from shortcuts.forms.markers import MarkerReader
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called, constant, decorators, is_none, keywords

Parameters = dict[str, Any]


def compiled(module: ast.Module, residue: dict[str, Any] | None, report: Callable[[DialectError], None],
             catalog: Catalog | None = None, natural_python: bool = True) -> tuple[Compiler, dict[str, Any]]:  # fmt: skip
    """Return the compiler of a program after its work, and the shortcut. `report` is called with each error that is left.

    `natural_python`: whether forms of Python that are not of the dialect are lowered to it. Most programs are of the dialect and compile as
    they are. One that does not, or that names values which are written out, is natural Python, which is lowered first: so a program of the
    dialect never pays for that, and means what it always meant.
    """
    catalog = catalog or Catalog.load()
    faults: list[DialectError] = []
    compiler = Compiler(module, residue, faults.append, catalog)
    shortcut = compiler.shortcut()
    if natural_python and (faults or natural.has_written_values(module)):
        compiler = Compiler(natural.lowered(module, catalog), residue, report, catalog)
        shortcut = compiler.shortcut()
    elif faults:
        for fault in faults:
            report(fault)
    return compiler, shortcut


class Compiler:
    """Compiles one program. `report` is called with each DialectError: it raises it, or records it and the compiler goes on (`check`)."""

    def __init__(self, module: ast.Module, residue: dict[str, Any] | None, report: Callable[[DialectError], None],
                 catalog: Catalog | None = None) -> None:
        self.module = module
        self.report = report
        self.residue = residue or {}
        self.catalog = catalog or Catalog.load()
        self.actions: list[Action] = []
        self.symbols = SymbolTable(module, self.residue, self.actions, self.catalog)
        self.lines: list[int] = []  # the source line of each action
        self.questions: list[dict[str, Any]] = []
        self.head: dict[str, Any] = {}
        self.markers = MarkerReader(self.symbols, self.actions, self.residue.get("groups", []), self._emit, self._body)

    def shortcut(self) -> dict[str, Any]:
        """Return the shortcut of the program, with the defaults of a new one."""
        self._body(self.module.body)
        for identifier, line in self.symbols.unbound():
            self.report(DialectError(line, f"later({identifier}): nothing binds {identifier}", "undefined_name"))
        self.symbols.name_unused_outputs()
        self.head |= triggers.from_decorators(decorators(self.module), self.head, self.report)
        top = {**header.defaults(self.head), **self.head}
        if isinstance(loose := top["WFWorkflowImportQuestions"], list):
            top["WFWorkflowImportQuestions"] = [*self.questions, *loose]
        if "WFWorkflowHasShortcutInputVariables" not in self.head:
            top["WFWorkflowHasShortcutInputVariables"] = _reads_input(self.actions)
        return {key: value for key, value in {**top, "WFWorkflowActions": self.actions}.items() if value is not None}

    # -- statements -----------------------------------------------------------------------------------------------------------

    def _body(self, body: list[ast.stmt]) -> None:
        previous: ast.stmt | None = None
        for statement in body:
            try:
                self._statement(statement, previous)
            except DialectError as error:
                self.report(error)
                self._recover(statement)
            previous = statement

    def _recover(self, node: ast.stmt) -> None:
        """Go on after an error: bind the names that the statement binds, and compile its blocks."""
        for target in ast.walk(node):
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                self.symbols.bound.add(target.id)
        for inner in (getattr(node, "body", None), getattr(node, "orelse", None), *(case.body for case in getattr(node, "cases", ()))):
            if isinstance(inner, list):
                self._body(inner)

    def _statement(self, node: ast.stmt, previous: ast.stmt | None) -> None:
        if (refusal := getattr(node, "refusal", None)) is not None:  # natural Python that the app cannot say
            raise refusal
        if isinstance(node, ast.Expr):
            self._expression(node, previous)
        elif isinstance(node, ast.Assign):
            self._assign(node, previous)
        elif isinstance(node, ast.AugAssign):
            self._append(node)
        elif isinstance(node, ast.If):
            if_blocks.read(node, self.markers)
        elif isinstance(node, ast.For):
            repeat_blocks.read(node, self.markers)
        elif isinstance(node, ast.Match):
            if called(node.subject) != "menu":
                raise DialectError(node.lineno, "match is a menu, match menu('Prompt'): case 'A choice': …; test values with if and elif")
            menu_blocks.read(node.subject, node.cases, self.markers)  # type: ignore[arg-type]
        elif not isinstance(node, ast.Pass):
            raise DialectError(node.lineno, f"{type(node).__name__} is not a statement of the dialect")

    def _expression(self, node: ast.Expr, previous: ast.stmt | None) -> None:
        value = node.value
        if interpolation.is_text(value):
            self._emit(api_names.COMMENT, {"WFCommentActionText": interpolation.from_expr(value, self.symbols)}, node.lineno)
            return
        helper = called(value)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "append" and value.args:
            self._append_values(value.func.value, list(value.args), node.lineno)
        elif not isinstance(value, ast.Call) or helper is None:
            raise DialectError(node.lineno, "a line of its own is an action's call, an assignment or a comment in quotes")
        elif helper == "workflow":
            if node is not self.module.body[0]:
                raise DialectError(node.lineno, "workflow(…) stands once, on the first line of a program")
            self.head = header.from_statement(value, self.symbols)
            self.symbols.is_old = header.is_old(self.head.get("WFWorkflowClientVersion"))
        elif helper == "menu":
            menu_blocks.read(value, [], self.markers)
        elif helper == "marker":
            self.markers.amend(value)
        elif helper in control_flow.RESULT_HELPERS.values():
            self._result(value, None, previous)
        else:
            self._call(value, None)

    def _assign(self, node: ast.Assign, previous: ast.stmt | None) -> None:
        target = node.targets[0]
        if len(node.targets) != 1 or not isinstance(target, ast.Name):
            raise DialectError(node.lineno, "one name on the left of =; a dictionary is changed by is_workflow_actions_setvalueforkey")
        identifier, value, line = target.id, node.value, node.lineno
        if isinstance(value, ast.List) and not value.elts:
            self._declare(identifier, line)
        elif called(value) in control_flow.RESULT_HELPERS.values():
            self._result(value, identifier, previous)  # type: ignore[arg-type]
        elif api_names.is_action_call(value):
            self._bind(identifier, lambda name: self._call(value, name), line)  # type: ignore[arg-type]
        elif called(value) == "previous_output" or is_none(value):
            source = self._without_name(value)
            self._set(identifier, source, line)
        elif (token := references.from_expr(value, self.symbols)) is not None:
            self._set(identifier, _input(token), line)
        else:
            self._bind(identifier, lambda name: self._literal(value, name), line)

    def _result(self, node: ast.Call, identifier: str | None, previous: ast.stmt | None) -> None:
        """Compile `if_result(…)` and its like: more of the end of the block before, and a name for its output."""
        shared = keywords(node).get("UUID")
        _same_name(shared if isinstance(shared, ast.Name) else None, identifier)
        end = self.markers.result(node, previous)
        if identifier is not None and self.symbols.is_variable(identifier):
            self._set(identifier, _input(self.symbols.anonymous_output(end)), node.lineno)
        elif identifier is not None:
            self.symbols.bind_output(identifier, end[control_flow.PARAMETERS], end[control_flow.ID])

    def _declare(self, identifier: str, line: int) -> None:
        """Compile `X = []`: declare a variable that is not set, as its first append begins a list; empty any other by Nothing."""
        if self.symbols.is_bound(identifier) or self.markers.depth:
            self._emit(api_names.NOTHING, {}, line)
            self._set(identifier, _input(self.symbols.anonymous_output(self.actions[-1])), line)
        else:
            self.symbols.declare_variable(identifier)

    def _bind(self, identifier: str, make: Callable[[str | None], None], line: int) -> None:
        """Bind an action's output to a name: directly, or through a variable for a name that is assigned more than once."""
        if not self.symbols.is_variable(identifier):
            make(identifier)
            return
        make(None)
        self._set(identifier, _input(self.symbols.anonymous_output(self.actions[-1])), line)

    def _set(self, identifier: str, source: Parameters, line: int, action_id: str = api_names.SET_VARIABLE) -> None:
        self.symbols.set_variable(identifier, source)
        self._emit(action_id, source, line)

    def _literal(self, node: ast.expr, identifier: str | None) -> None:
        kind = "text" if interpolation.is_text(node) else "dict" if isinstance(node, ast.Dict) else "list" if isinstance(node, ast.List) \
            else "number" if constant(node, (int, float)) is not None or isinstance(node, ast.UnaryOp) else None  # fmt: skip
        if called(node) == "menu":
            raise DialectError(node.lineno, "a menu is followed by its cases: match menu('What?'): and case 'A': for each title; a choice "
                                            "among texts gets a name by is_workflow_actions_choosefromlist")  # fmt: skip
        if kind is None:
            raise DialectError(node.lineno, "a name is given to an action's output, a variable, a text, a number, a dictionary or a list; "
                                            "calculations are made by is_workflow_actions_math")  # fmt: skip
        action, key = constants.LITERAL_ACTIONS[kind]
        self._emit(action, {key: values.from_expr(node, self.symbols, key)}, node.lineno, identifier)

    def _append(self, node: ast.AugAssign) -> None:
        items = list(node.value.elts) if isinstance(node.value, ast.List) else None
        if not isinstance(node.op, ast.Add) or items is None:
            raise DialectError(node.lineno, "X += [value] appends to a variable; calculations are made by is_workflow_actions_math")
        self._append_values(node.target, items, node.lineno)

    def _append_values(self, target: ast.expr, items: list[ast.expr], line: int) -> None:
        if not isinstance(target, ast.Name):
            raise DialectError(line, "only a named variable can be appended to")
        for item in items:
            without_name = called(item) == "previous_output" or is_none(item)
            source = self._without_name(item) if without_name else self._appended(item)
            self._set(target.id, source, line, api_names.APPEND_VARIABLE)

    def _without_name(self, value: ast.expr) -> Parameters:
        """Return the input of a variable that is set to None or to previous_output(); apps before iOS 13 find the latter by themselves."""
        if is_none(value):
            if self.symbols.is_old:
                self._emit(api_names.NOTHING, {}, value.lineno)
            return {}
        token = self.symbols.previous_output(value.lineno)
        return {} if token is None else _input(token)

    def _appended(self, item: ast.expr) -> Parameters:
        """Return the input of an append: a variable, or the output of the action that makes a literal."""
        if not api_names.is_action_call(item) and (token := references.from_expr(item, self.symbols)) is not None:
            return _input(token)
        if api_names.is_action_call(item):
            self._call(item, None)  # type: ignore[arg-type]
        else:
            self._literal(item, None)
        return _input(self.symbols.anonymous_output(self.actions[-1]))

    # -- calls ----------------------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, identifier: str | None) -> None:
        if called(node) == "raw_action":
            self._raw_call(node, identifier)
            return
        action_id, given = self._action_called(node)
        shared = given.pop("UUID", None)
        parameters = {}
        for key, value in sorted(given.items()):
            value = self._question(value, key) if called(value) == "ask_on_import" else value
            if value is not None:
                parameters[key] = self._parameter(action_id, key, value)
        if isinstance(shared, ast.Constant):
            parameters["UUID"] = shared.value
        else:
            _same_name(shared, identifier)
        self._emit(action_id, parameters, node.lineno, identifier)

    def _action_called(self, node: ast.Call) -> tuple[str, dict[str, ast.expr]]:
        """Return the id of the called action, and its arguments by key. Raises DialectError for a call of anything else."""
        helper = called(node) or ""
        if helper == "action":
            bound = signatures.bind(node)
            action_id = constant(bound["id"])
        elif helper in constants.HELPERS:
            raise DialectError(node.lineno, f"{helper}() is no action: it belongs inside a value, a condition or the head of a loop")
        elif helper in constants.PYTHON_FUNCTIONS or hasattr(builtins, helper):
            raise DialectError(node.lineno, f"{helper}() is no action; every action is called by its name", "unknown_api")
        elif node.args:
            raise DialectError(node.lineno, f"{helper}() takes keyword arguments only", "positional_argument")
        else:
            action_id = api_names.action_id(helper, self.catalog)
        if action_id in control_flow.KINDS:
            raise DialectError(node.lineno, f"{action_id} is written as if, for or match")
        return action_id, keywords(node)

    def _parameter(self, action_id: str, key: str, node: ast.expr) -> Any:
        """Return a parameter's value; a lone variable is put into the envelope that is usual for the parameter."""
        value = values.from_expr(node, self.symbols, key)
        token = values.unwrap(value, values.ATTACHMENT)
        if token is None and values.is_written(node) and api_names.takes_output(action_id, key, self.catalog):
            raise DialectError(node.lineno, f"{key} takes the output of an action; give the value a name on a line before")
        if token is None or called(node) == "attachment" or not api_names.takes_text(action_id, key, self.catalog):
            return value
        return interpolation.envelope(interpolation.MARK, {"{0, 1}": token})

    def _question(self, node: ast.expr, key: str) -> ast.expr | None:
        """Record an import question; return the expression of the parameter's own value, or None without one."""
        assert isinstance(node, ast.Call)
        given = signatures.bind(node)
        value = given.get("value")
        question: dict[str, Any] = {"ActionIndex": len(self.actions), "Category": "Parameter", "ParameterKey": key}
        if "question" in given:
            question["Text"] = values.from_expr(given["question"], self.symbols)
        default = given.get("default", value)
        if default is not None and not is_none(default):
            question["DefaultValue"] = values.from_expr(default, self.symbols, key)
        self.questions.append(question)
        return value

    def _raw_call(self, node: ast.Call, identifier: str | None) -> None:
        given = signatures.bind(node)
        action_id = constant(given["id"])
        if action_id in control_flow.KINDS:
            raise DialectError(node.lineno, f"{action_id} is written as if, for or match")
        _same_name(given.get("UUID"), identifier)
        parameters = values.literal(given["parameters"], self.symbols)
        extra = values.literal(given["extra"], self.symbols) if "extra" in given else {}
        self._emit(action_id, parameters, node.lineno, identifier)
        self.actions[-1].update(extra)

    def _emit(self, action_id: str, parameters: Parameters, line: int, identifier: str | None = None) -> Parameters:
        if identifier is not None:
            self.symbols.bind_output(identifier, parameters, action_id)
        self.actions.append({"WFWorkflowActionIdentifier": action_id, "WFWorkflowActionParameters": parameters})
        self.lines.append(line)
        return parameters


def _input(token: references.Token) -> Parameters:
    """Return the input of an action that sets a variable or appends to it."""
    return {"WFInput": values.wrap(values.ATTACHMENT, token)}


def _same_name(shared: ast.expr | None, identifier: str | None) -> None:
    """Raise DialectError unless `UUID=` of a copied action is the name that the action is bound to, as its original is."""
    if shared is not None and not (isinstance(shared, ast.Name) and shared.id == identifier):
        raise DialectError(shared.lineno, "UUID is the name on the left of =, for a copied action that shares the identity of another")


def _reads_input(value: Any) -> bool:
    """True if a value holds a reference to the shortcut's input, at any depth."""
    waiting = [value]
    for container in waiting:
        if isinstance(container, dict):
            if container.get("Type") == "ExtensionInput":
                return True
            container = container.values()
        waiting += [inner for inner in container if isinstance(inner, control_flow.CONTAINERS)]
    return False
