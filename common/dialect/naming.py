"""The names a shortcut's program gets while it is written: what is referred to, which identifier stands for it, what is bound where.

The counterpart of bindings.py, which hands out the same names when the program is compiled.
"""

from __future__ import annotations

import ast
from typing import Any

from common.dialect import actions, blocks, header, tokens, values, vocabulary
from common.dialect.blocks import Action
from common.dialect.kinds import Kinds
from common.dialect.syntax import call, const, name


class Naming:
    """The names of one shortcut, handed out in the order in which its program mentions them."""

    def __init__(self, shortcut: dict[str, Any], raw: frozenset[int], plain_names: bool) -> None:
        self.shortcut = shortcut
        self.actions: list[Action] = shortcut["WFWorkflowActions"]
        self.raw = raw  # indexes of actions that are written out instead
        self.names = vocabulary.NameAllocator()
        self.kinds = Kinds(self.actions)
        self.is_old = header.is_old(shortcut.get("WFWorkflowClientVersion"))
        self.output_names: dict[str, str] = {}  # UUID -> identifier
        self.variable_names: dict[str, str] = {}  # variable name -> identifier
        self.bound: set[str] = set()
        self.labels: dict[str, str] = {}  # identifier -> original name
        self.custom: list[str] = []  # identifiers whose name is a CustomOutputName
        self.missing_uuids: dict[str, list[str]] = {}  # label -> UUIDs that no action has
        self._survey()
        self._gather_questions()
        # A variable whose setting cannot always be written as an assignment is set by calls throughout, under its own name.
        settings = [(index, variable) for index in range(len(self.actions)) if (variable := self._variable_set(index)) is not None]
        self.called_variables = {variable for index, variable in settings if plain_names or not self._is_plain_set(index)}
        self.assigned_variables = {variable for _, variable in settings} - self.called_variables

    def _survey(self) -> None:
        """What is referred to where: output labels by UUID, and the variables that each action reads."""
        self.referenced: dict[str, str | None] = {}
        self.reads: list[set[str]] = []
        for action in self.actions:
            read: set[str] = set()
            self._survey_value(action["WFWorkflowActionParameters"], read)
            self.reads.append(read)
        self.owners: dict[str, str] = {}  # UUID of an output -> its CustomOutputName or ""
        starts: list[dict[str, Any]] = []  # of the blocks around an action
        for action in self.actions:
            parameters = action["WFWorkflowActionParameters"]
            if blocks.kind_of(action) is None:
                self._own(parameters)
            elif blocks.mode(action) == blocks.START:
                starts.append(parameters)
            elif blocks.mode(action) == blocks.END:
                self._own(self.result_identity(starts.pop(), parameters))

    def _own(self, parameters: dict[str, Any]) -> None:
        if isinstance(uuid := parameters.get("UUID"), str):
            custom = parameters.get("CustomOutputName")
            self.owners[uuid] = self.owners.get(uuid) or (custom if isinstance(custom, str) else "")

    @staticmethod
    def result_identity(start: dict[str, Any], end: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a block's end marker, with the start's UUID where it has none of its own."""
        return end if isinstance(end.get("UUID"), str) or not isinstance(start.get("UUID"), str) else {**end, "UUID": start["UUID"]}

    def _survey_value(self, value: Any, read: set[str]) -> None:
        if isinstance(value, dict):
            kind = value.get("Type")
            if isinstance(uuid := value.get("OutputUUID"), str):
                label = value.get("OutputName")
                if not self.referenced.get(uuid):
                    self.referenced[uuid] = label if isinstance(label, str) else None
            elif kind == "Variable" and isinstance(variable := value.get("VariableName"), str):
                read.add(variable)
            for inner in value.values():
                self._survey_value(inner, read)
        elif isinstance(value, list):
            for inner in value:
                self._survey_value(inner, read)

    def _gather_questions(self) -> None:
        """Import questions go with the parameter they fill, where the action is written as a call."""
        self.questions: dict[int, dict[str, dict[str, Any]]] = {}
        self.loose_questions: list[Any] = []
        listed = self.shortcut.get("WFWorkflowImportQuestions")
        for question in listed if isinstance(listed, list) else []:
            index, key = (question.get("ActionIndex"), question.get("ParameterKey")) if isinstance(question, dict) else (None, None)
            fits = type(index) is int and 0 <= index < len(self.actions) and isinstance(key, str)
            fits = fits and question.get("Category") == "Parameter"
            fits = fits and question.keys() <= {"ActionIndex", "ParameterKey", "Category", "Text", "DefaultValue"} and index not in self.raw
            if fits and blocks.kind_of(self.actions[index]) is None and key not in self.questions.get(index, {}) \
                    and key not in ("UUID", "CustomOutputName"):  # fmt: skip
                self.questions.setdefault(index, {})[key] = question
            else:
                self.loose_questions.append(question)

    def _has_name(self, parameters: dict[str, Any]) -> bool:
        """Whether an action's output is bound to a name: something refers to it, or its author named it."""
        uuid = parameters.get("UUID")
        return isinstance(uuid, str) and (uuid in self.referenced or isinstance(parameters.get("CustomOutputName"), str))

    @staticmethod
    def _hidden_keys(parameters: dict[str, Any]) -> set[str]:
        return {key for key in ("UUID", "CustomOutputName") if isinstance(parameters.get(key), str)}

    # -- names, as values.py asks for them ------------------------------------------------------------------------------------

    def output(self, uuid: str, output_name: str | None) -> ast.expr:
        """A reference to an action's output: its name, `later(name)` before it is bound, `missing('…')` if no action has it."""
        if uuid not in self.owners:
            label = next((label for label, uuids in self.missing_uuids.items() if uuid in uuids), output_name or "")
            known = self.missing_uuids.setdefault(label, [])
            if uuid not in known:
                known.append(uuid)
            number = known.index(uuid) + 1
            return call("missing", const(label), *([const(number)] if number > 1 else []))
        identifier = self._output_identifier(uuid, None)
        return name(identifier) if identifier in self.bound else call("later", name(identifier))

    def variable(self, variable_name: str) -> ast.expr:
        """A reference to a variable: its name, `later(name)` before it is set, `variable('…')` where no assignment sets it."""
        identifier = self.variable_names.get(variable_name)
        if identifier in self.bound:
            return name(identifier)  # type: ignore[arg-type]
        if variable_name not in self.assigned_variables:
            return call("variable", const(variable_name))
        return call("later", name(self._variable_identifier(variable_name)))

    def kind(self, token: tokens.Token) -> str | None:
        """The kind of a variable's value, as kinds.py knows it from the actions above."""
        return self.kinds.of(token)

    def uuid_expr(self, uuid: str) -> ast.expr | None:
        """What names the output with this UUID, if it is one that is referred to."""
        if uuid not in self.referenced:
            return None
        return name(self._output_identifier(uuid, None)) if uuid in self.owners else self.output(uuid, self.referenced[uuid])

    def _output_identifier(self, uuid: str, action_id: str | None) -> str:
        if uuid not in self.output_names:
            custom = self.owners[uuid]
            label = custom or self.referenced.get(uuid) or actions.default_output(action_id or "") or (action_id or "Output").split(".")[-1]
            identifier = self.output_names[uuid] = self.names.take(label)
            self.labels[identifier] = label
            if custom:
                self.custom.append(identifier)
        return self.output_names[uuid]

    def _variable_identifier(self, variable_name: str) -> str:
        if variable_name not in self.variable_names:
            identifier = self.variable_names[variable_name] = self.names.take(variable_name)
            self.labels[identifier] = variable_name
        return self.variable_names[variable_name]

    def _bind_variable(self, variable_name: str) -> ast.expr:
        identifier = self._variable_identifier(variable_name)
        self.bound.add(identifier)
        return name(identifier, store=True)

    def _bind_output(self, parameters: dict[str, Any], action_id: str) -> tuple[ast.expr | None, dict[str, ast.expr]]:
        """(the name that an action's output is bound to, a keyword where a copied action shares another's identity)."""
        if not self._has_name(parameters):
            return None, {}
        uuid = parameters["UUID"]
        identifier = self._output_identifier(uuid, action_id)
        shared = {"UUID": name(identifier)} if identifier in self.bound else {}
        self.bound.add(identifier)
        return name(identifier, store=True), shared

    # -- variables that assignments set ---------------------------------------------------------------------------------------

    def _assigned(self, index: int) -> str | None:
        """The variable that an action sets or appends to, if that is written as an assignment."""
        variable = self._variable_set(index)
        return None if variable in self.called_variables else variable

    def _variable_set(self, index: int) -> str | None:
        identifier, parameters = self.actions[index]["WFWorkflowActionIdentifier"], self.actions[index]["WFWorkflowActionParameters"]
        if identifier not in (actions.SET_VARIABLE, actions.APPEND_VARIABLE) or not isinstance(parameters.get("WFVariableName"), str):
            return None
        return parameters["WFVariableName"]

    def _is_plain_set(self, index: int) -> bool:
        action = self.actions[index]
        parameters = action["WFWorkflowActionParameters"]
        token = values.opened(parameters.get("WFInput"), values.ATTACHMENT)
        plain = len(action) == 2 and parameters.keys() - self._hidden_keys(parameters) <= {"WFVariableName", "WFInput"}
        known = "WFInput" not in parameters or (token is not None and tokens.to_expr(token, _NoNames()) is not None)
        hidden = index in self.raw or index in self.questions or self._has_name(parameters)
        return plain and known and not hidden


class _NoNames:
    """Answers every question for a name, so that a value can be tried without binding anything."""

    is_old = False

    def output(self, uuid: str, output_name: str | None) -> ast.expr:
        return name("x")

    def variable(self, variable_name: str) -> ast.expr:
        return name("x")

    def uuid_expr(self, uuid: str) -> ast.expr | None:
        return None

    def kind(self, token: tokens.Token) -> str | None:
        return None
