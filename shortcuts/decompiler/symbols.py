"""The symbol table of the decompiler: the outputs and variables that a shortcut refers to, their identifiers, and where each is bound.

compiler/symbols.py is its counterpart: it hands out the same names when the program is compiled.
"""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections import Counter
from typing import Any

from shortcuts import control_flow
from shortcuts.catalog import Catalog
from shortcuts.control_flow import CONTAINERS, ID, PARAMETERS, Action
from shortcuts.forms import api_names, header, identifiers, references, values
from shortcuts.forms.constants import IMPLICIT_VARIABLE
from shortcuts.forms.markers import end_with_identity
from shortcuts.forms.value_types import ValueTypes
from shortcuts.syntax.nodes import call, const, name

SET_KEYS = frozenset({"WFVariableName", "WFInput"})
STRAY_TAG = "WFSerializationType"  # the tag of the input, which compilers repeat beside it


class SymbolTable:
    """The names of one shortcut, handed out in the order in which its program mentions them; the DecompileScope of references.py."""

    def __init__(self, shortcut: dict[str, Any], raw: frozenset[int], plain_names: bool, catalog: Catalog | None = None) -> None:
        self.shortcut = shortcut
        self.actions: list[Action] = shortcut["WFWorkflowActions"]
        self.raw = raw  # indexes of actions that are written out
        self.allocator = identifiers.NameAllocator()
        self.catalog = catalog
        self.value_types = ValueTypes(self.actions, catalog)
        self.is_old = header.is_old(shortcut.get("WFWorkflowClientVersion"))
        self.output_names: dict[str, str] = {}  # UUID -> identifier
        self.variable_names: dict[str, str] = {}  # variable name -> identifier
        self.bound: set[str] = set()
        self.labels: dict[str, str] = {}  # identifier -> original name
        self.custom: list[str] = []  # identifiers whose name is a CustomOutputName
        self.missing_uuids: dict[str, list[str]] = {}  # label -> UUIDs that no action has
        self._missing: dict[str, tuple[str, int]] = {}  # such a UUID -> its label and number
        self._find_references()
        self._gather_questions()
        # A variable whose setting cannot always be written as an assignment is set by calls throughout, under its own name.
        settings = {index: variable for index in range(len(self.actions)) if (variable := self._variable_set(index)) is not None}
        self.variable_places.update(settings.values())
        self.called_variables = {variable for index, variable in settings.items()
                                 if plain_names or IMPLICIT_VARIABLE.fullmatch(variable) or not self._is_plain_set(index)}  # fmt: skip
        self.assigned_variables = {*settings.values()} - self.called_variables
        self._assignments = {index: variable for index, variable in settings.items() if variable in self.assigned_variables}

    def _find_references(self) -> None:
        """Collect every reference: labels of outputs by UUID, the owner of each UUID, and the reads of loop indexes."""
        self.referenced: dict[str, str | None] = {}
        self.variable_places: Counter[str] = Counter()  # how often each variable is read or set
        self.index_reads: dict[str, list[int]] = {}  # Repeat Index, Repeat Index 2, … -> indexes of the actions that read it
        self.owners: dict[str, str] = {}  # UUID of an output -> its CustomOutputName or ""
        starts: list[dict[str, Any]] = []  # of the blocks around an action
        for index, action in enumerate(self.actions):
            parameters = action[PARAMETERS]
            self._find_in([*parameters.values()], index)
            if len(action) > 2:
                self._find_in([value for key, value in action.items() if key not in (ID, PARAMETERS)], index)
            if control_flow.kind_of(action) is None:
                self._record_owner(parameters)
            elif control_flow.mode(action) == control_flow.START:
                starts.append(parameters)
            elif control_flow.mode(action) == control_flow.END:
                self._record_owner(end_with_identity(starts.pop(), parameters))

    def _find_in(self, value: dict[str, Any] | list[Any], index: int | None) -> None:
        """Collect the references in a value of an action, or, without an index, of an import question."""
        if isinstance(value, dict):
            if "OutputUUID" in value and isinstance(uuid := value["OutputUUID"], str):
                label = value.get("OutputName")
                if not self.referenced.get(uuid):
                    self.referenced[uuid] = label if isinstance(label, str) else None
            if "VariableName" in value and isinstance(variable := value["VariableName"], str):
                self.variable_places[variable] += 1
                if index is not None and variable.startswith("Repeat Index"):
                    self.index_reads.setdefault(variable, []).append(index)
            inside = value.values()
        else:
            inside = value  # type: ignore[assignment]
        for inner in inside:
            if isinstance(inner, CONTAINERS):
                self._find_in(inner, index)

    def reads_between(self, index_variable: str, start: int, end: int) -> bool:
        """True if an action after `start`, up to `end`, reads a loop's index."""
        reads = self.index_reads.get(index_variable, [])
        after = bisect_right(reads, start)
        return after < len(reads) and reads[after] <= end

    def _record_owner(self, parameters: dict[str, Any]) -> None:
        if isinstance(uuid := parameters.get("UUID"), str):
            custom = parameters.get("CustomOutputName")
            self.owners[uuid] = self.owners.get(uuid) or (custom if isinstance(custom, str) else "")

    def _gather_questions(self) -> None:
        """Sort import questions: by action and parameter where the action is a call, the rest in `loose_questions`."""
        self.questions: dict[int, dict[str, dict[str, Any]]] = {}
        self.loose_questions: list[Any] = []
        listed = self.shortcut.get("WFWorkflowImportQuestions")
        self._find_in(listed if isinstance(listed, list) else [], None)
        for question in listed if isinstance(listed, list) else []:
            if self._fits(question):
                self.questions.setdefault(question["ActionIndex"], {})[question["ParameterKey"]] = question
            else:
                self.loose_questions.append(question)

    def _says_identity(self, value: Any) -> bool:
        """True if a text in a value, not in a reference, is the UUID of an output that the shortcut uses."""
        if isinstance(value, dict):
            return any(self._says_identity(inner) for key, inner in value.items() if key != "OutputUUID")
        if isinstance(value, list):
            return any(map(self._says_identity, value))
        return isinstance(value, str) and value in self.referenced

    def _fits(self, question: Any) -> bool:
        """True if a question can stand with its parameter."""
        if not isinstance(question, dict) or question.get("Category") != "Parameter":
            return False
        if not question.keys() <= {"ActionIndex", "ParameterKey", "Category", "Text", "DefaultValue"}:
            return False
        index, key = question.get("ActionIndex"), question.get("ParameterKey")
        if type(index) is not int or not 0 <= index < len(self.actions) or index in self.raw or len(self.actions[index]) != 2:
            return False  # an action that is written out has its parameters in a dictionary
        if self._says_identity(question):
            return False  # only the header has uuid_of() for it
        if control_flow.kind_of(self.actions[index]) is not None:
            return False
        return isinstance(key, str) and key not in self.questions.get(index, {}) and key not in ("UUID", "CustomOutputName")

    def has_name(self, parameters: dict[str, Any]) -> bool:
        """True if an action's output is bound to a name: something refers to it, or its author named it."""
        uuid = parameters.get("UUID")
        return isinstance(uuid, str) and (uuid in self.referenced or isinstance(parameters.get("CustomOutputName"), str))

    @staticmethod
    def hidden_keys(parameters: dict[str, Any]) -> set[str]:
        """Return the keys of an action's identity, which the code replaces by a name."""
        if "UUID" not in parameters and "CustomOutputName" not in parameters:
            return set()
        return {key for key in ("UUID", "CustomOutputName") if isinstance(parameters.get(key), str)}

    # -- references, for references.py and values.py --------------------------------------------------------------------------

    def output(self, uuid: str, output_name: str | None) -> ast.expr:
        """Return a reference to an action's output: its name, `later(name)` before it is bound, `missing('…')` if no action has it."""
        if uuid not in self.owners:
            if uuid not in self._missing:
                known = self.missing_uuids.setdefault(output_name or "", [])
                known.append(uuid)
                self._missing[uuid] = (output_name or "", len(known))
            label, number = self._missing[uuid]
            return call("missing", const(label), *([const(number)] if number > 1 else []))
        identifier = self._output_identifier(uuid, None)
        return name(identifier) if identifier in self.bound else call("later", name(identifier))

    def variable(self, variable_name: str) -> ast.expr:
        """Return a reference to a variable: its name, `later(name)` before it is set, `variable('…')` where no assignment sets it."""
        identifier = self.variable_names.get(variable_name)
        if identifier in self.bound:
            return name(identifier)  # type: ignore[arg-type]
        if variable_name not in self.assigned_variables:
            return call("variable", const(variable_name))
        return call("later", name(self._variable_identifier(variable_name)))

    def value_type(self, token: references.Token) -> str | None:
        """Return the type of a variable's value as the actions above tell it, or None if it is not known; see value_types.py."""
        return self.value_types.of(token)

    def uuid_expr(self, uuid: str) -> ast.expr | None:
        """Return the expression for the output with this UUID; None if nothing refers to one."""
        if uuid not in self.referenced:
            return None
        return name(self._output_identifier(uuid, None)) if uuid in self.owners else self.output(uuid, self.referenced[uuid])

    def _output_identifier(self, uuid: str, action_id: str | None) -> str:
        if uuid not in self.output_names:
            custom = self.owners[uuid]
            known = custom or self.referenced.get(uuid) or api_names.default_output(action_id or "", self.catalog)
            label = known or (action_id or "Output").split(".")[-1]
            identifier = self.output_names[uuid] = self.allocator.take(label)
            self.labels[identifier] = label
            if custom:
                self.custom.append(identifier)
        return self.output_names[uuid]

    def _variable_identifier(self, variable_name: str) -> str:
        if variable_name not in self.variable_names:
            identifier = self.variable_names[variable_name] = self.allocator.take_variable(variable_name)
            self.labels[identifier] = variable_name
        return self.variable_names[variable_name]

    def bind_variable(self, variable_name: str) -> ast.expr:
        """Bind a variable that is set here, and return its name."""
        identifier = self._variable_identifier(variable_name)
        self.bound.add(identifier)
        return name(identifier, store=True)

    def leave_loop(self, suffix: str) -> None:
        """Take a loop's targets out of scope at its end."""
        implicit = (f"Repeat Index{suffix}", f"Repeat Item{suffix}")
        self.bound -= {self.variable_names[name] for name in implicit if name in self.variable_names}

    def is_bound(self, variable_name: str) -> bool:
        """True if a variable was set before."""
        return self.variable_names.get(variable_name) in self.bound

    def bind_output(self, parameters: dict[str, Any], action_id: str) -> tuple[ast.expr | None, dict[str, ast.expr]]:
        """Return the name that an action's output is bound to, or None, and the keyword `UUID=` of a copied action that shares one."""
        if not self.has_name(parameters):
            return None, {}
        uuid = parameters["UUID"]
        identifier = self._output_identifier(uuid, action_id)
        shared = {"UUID": name(identifier)} if identifier in self.bound else {}
        self.bound.add(identifier)
        return name(identifier, store=True), shared

    # -- variables that assignments set ---------------------------------------------------------------------------------------

    def assigned(self, index: int) -> str | None:
        """Return the variable that an action sets or appends to, if that is written as an assignment."""
        return self._assignments.get(index)

    def _variable_set(self, index: int) -> str | None:
        action = self.actions[index]
        if action[ID] not in (api_names.SET_VARIABLE, api_names.APPEND_VARIABLE):
            return None
        variable = action[PARAMETERS].get("WFVariableName")
        return variable if isinstance(variable, str) else None

    def _is_plain_set(self, index: int) -> bool:
        action = self.actions[index]
        parameters = action[PARAMETERS]
        token = values.unwrap(parameters.get("WFInput"), values.ATTACHMENT)
        stray = {STRAY_TAG} if isinstance(parameters.get(STRAY_TAG), str) else set()
        shown = parameters.keys() - self.hidden_keys(parameters) - api_names.switches(parameters) - stray
        plain = len(action) == 2 and shown <= SET_KEYS
        known = "WFInput" not in parameters or (token is not None and references.to_expr(token, _TrialScope()) is not None)
        hidden = index in self.raw or index in self.questions or self.has_name(parameters)
        return plain and known and not hidden


class _TrialScope:
    """Writes x for every name, to try whether a value has a form without binding anything."""

    is_old = False

    def output(self, uuid: str, output_name: str | None) -> ast.expr:
        return name("x")

    def variable(self, variable_name: str) -> ast.expr:
        return name("x")

    def uuid_expr(self, uuid: str) -> ast.expr | None:
        return None

    def value_type(self, token: references.Token) -> str | None:
        return None
