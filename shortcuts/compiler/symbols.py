"""The symbol table of the compiler: outputs of actions, variables and loop variables by their names in the program."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from shortcuts import control_flow
from shortcuts.catalog import Catalog
from shortcuts.forms import api_names, constants, identifiers
from shortcuts.forms.references import Token
from shortcuts.forms.value_types import ValueTypes
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import called, is_none

Parameters = dict[str, Any]
_LITERALS = (ast.Constant, ast.JoinedStr, ast.Dict, ast.UnaryOp, ast.BinOp)
_LINES = (ast.Expr, ast.Assign, ast.AugAssign)  # statements with nothing inside


class Output(NamedTuple):
    """The output of an action that a name is bound to; `custom` is the CustomOutputName given in the code, else None."""

    parameters: Parameters
    identifier: str
    custom: Any


class Place(NamedTuple):
    """A place in the compiled actions that holds the name of an output or a variable: a dictionary and a key of it."""

    holder: dict[str, Any]
    key: str
    identifier: str


class SymbolTable:
    """The names of one program; the CompileScope of references.py and values.py.

    UUIDs come from the residue where it has them. Names are at first those that the code alone gives; `rename` puts the residue's in their
    place.
    """

    def __init__(self, module: ast.Module, residue: dict[str, Any], listed: list[control_flow.Action], catalog: Catalog) -> None:
        self.residue = residue
        self.catalog = catalog
        self.actions = listed  # the actions compiled so far
        self.value_types = ValueTypes(listed, catalog)
        self.is_old = False  # whether the header names an app from before iOS 13
        self.bound: set[str] = set()
        self.ended: set[str] = set()  # loop variables whose loop has ended
        self.loop_variables: dict[str, str] = {}  # identifier -> Repeat Item, Repeat Index 2, …
        self.uuids: dict[str, str] = {}  # identifier -> UUID
        self.labels: dict[str, str] = {}
        self.variable_labels: dict[str, str] = {}  # label -> the variable that has it
        self.read: set[str] = set()
        self.pending: dict[str, int] = {}  # identifier -> line of the later() that reads it
        self.outputs: list[Output] = []
        self.places: list[Place] = []
        self.allocator = identifiers.NameAllocator()
        self.reserved = {*residue.get("uuids", {}).values()}  # identities that no other output may get
        self._find_variables(module)

    def _find_variables(self, module: ast.Module) -> None:
        """Fill `variables`: the names that are set from a variable, appended to, or bound to more than one output."""
        bindings: Counter[str] = Counter()
        self.variables: set[str] = set()
        for node in statements(module.body):
            call = node.value if isinstance(node, ast.Expr) else None
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self.variables.add(node.target.id)
            elif isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
                self.variables.add(call.func.value.id)  # x.append(y)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self._count_binding(node.targets[0].id, node.value, bindings)
        self.variables |= {identifier for identifier, count in bindings.items() if count > 1}

    def _count_binding(self, identifier: str, value: ast.expr, bindings: Counter[str]) -> None:
        makes_output = api_names.is_action_call(value) or called(value) in control_flow.RESULT_HELPERS.values()
        literal = isinstance(value, _LITERALS) or \
            (isinstance(value, ast.List) and value.elts) or \
            (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "format")  # fmt: skip
        if (makes_output or literal) and not is_none(value):
            shares = isinstance(value, ast.Call) and any(keyword.arg == "UUID" for keyword in value.keywords)
            bindings[identifier] += not shares
        else:
            self.variables.add(identifier)

    # -- questions about a name -----------------------------------------------------------------------------------------------

    def is_variable(self, identifier: str) -> bool:
        """True if a name is a variable of the shortcut, not the output of one action."""
        return identifier in self.variables

    def is_bound(self, identifier: str) -> bool:
        """True if a name was bound on a line before."""
        return identifier in self.bound

    def label(self, identifier: str) -> str:
        """Return the name that an identifier stands for in the shortcut."""
        return self.labels.get(identifier) or identifiers.label_from_identifier(identifier)

    def variable_label(self, identifier: str) -> str:
        """Return the name of a variable in the shortcut. It is unique, though `text` and `text_` would both be "text"."""
        if identifier not in self.labels:
            self.labels[identifier] = _free_label(self.label(identifier), self.variable_labels)
            self.variable_labels[self.labels[identifier]] = identifier
        return self.labels[identifier]

    def unbound(self) -> Iterator[tuple[str, int]]:
        """Yield (name, line) of each name that `later` announced and nothing bound."""
        return ((identifier, line) for identifier, line in self.pending.items() if identifier not in self.bound)

    # -- references, for references.py ----------------------------------------------------------------------------------------

    def reference(self, identifier: str, line: int, later: bool = False) -> Token:
        """Return the token of a name. Raises DialectError if nothing has bound it."""
        if identifier in self.loop_variables:
            return {"Type": "Variable", "VariableName": self.loop_variables[identifier]}
        if identifier in self.ended:
            raise DialectError(line, f"{identifier} belongs to a loop that has ended; give what it held another name inside the loop",
                               "undefined_name")  # fmt: skip
        if later:
            self.allocator.taken.add(identifier)
            self.pending.setdefault(identifier, line)
        elif identifier not in self.bound:
            raise DialectError(line, f"{identifier} is not bound to anything above this line", "undefined_name")
        self.read.add(identifier)
        if self.is_variable(identifier):
            token = {"Type": "Variable", "VariableName": self.variable_label(identifier)}
            self.places.append(Place(token, "VariableName", identifier))
        else:
            token = {"Type": "ActionOutput", "OutputUUID": self._uuid(identifier), "OutputName": self.label(identifier)}
            self.places.append(Place(token, "OutputName", identifier))
        return token

    def previous_output(self, line: int) -> Token | None:
        """Return the token of the previous action's output; None where the app finds it by itself. Raises DialectError if there is none."""
        if self.is_old:
            return None
        before = self.actions[-1] if self.actions else None
        if before is None or not api_names.has_output(before):
            raise DialectError(line, "no output comes before this line; give a value a name and test that")
        last = self.outputs[-1] if self.outputs else None
        named = last is not None and last.parameters is before["WFWorkflowActionParameters"]
        return self.reference(last.identifier, line) if named else self.anonymous_output(before)  # type: ignore[union-attr]

    def value_type(self, token: Token) -> str | None:
        """Return the type of a variable's value, or None if it is not known; see value_types.py."""
        self.value_types.end = len(self.actions)
        return self.value_types.of(token)

    def missing(self, output_name: str, number: int) -> Token:
        """Return the token of an output that no action of the shortcut has."""
        known = self.residue.get("missing", {}).get(output_name, [])
        value = known[number - 1] if 0 < number <= len(known) else identifiers.made_uuid(f"missing {number} {output_name}")
        return {"Type": "ActionOutput", "OutputUUID": value, "OutputName": output_name}

    def uuid(self, identifier: str, line: int) -> str:
        """Return the UUID of an output that a literal names, before or after the name is bound."""
        self.read.add(identifier)
        self.allocator.taken.add(identifier)
        self.pending.setdefault(identifier, line)
        return self._uuid(identifier)

    def _uuid(self, identifier: str) -> str:
        if identifier not in self.uuids:
            self.uuids[identifier] = self.residue.get("uuids", {}).get(identifier) or self._made_uuid(f"output {identifier}")
        return self.uuids[identifier]

    def _made_uuid(self, seed: str) -> str:
        """Return an identity for a new output: the residue may hold one of the same seed, whose output has another name since."""
        while (made := identifiers.made_uuid(seed)) in self.reserved:
            seed += " again"
        return made

    # -- bindings -------------------------------------------------------------------------------------------------------------

    def set_variable(self, identifier: str, parameters: Parameters) -> None:
        """Bind a name to a variable, and put its name into the parameters of the action that sets it."""
        self.declare_variable(identifier)
        parameters["WFVariableName"] = self.variable_label(identifier)
        self.places.append(Place(parameters, "WFVariableName", identifier))

    def declare_variable(self, identifier: str) -> None:
        """Bind a name to a variable that the first append begins."""
        self.allocator.taken.add(identifier)
        self.bound.add(identifier)
        self.ended.discard(identifier)
        self.loop_variables.pop(identifier, None)
        self.variable_label(identifier)

    def bind_output(self, identifier: str, parameters: Parameters, action_id: str) -> None:
        """Bind a name to an action's output: give the action its UUID, and a custom name unless the default one fits."""
        default = api_names.default_output(action_id, self.catalog)
        self.outputs.append(Output(parameters, identifier, parameters.get("CustomOutputName")))
        if identifier not in self.bound and default is not None and self._would_be(default, identifier):
            self.labels[identifier] = default
        elif identifier not in self.bound or "CustomOutputName" in parameters:
            parameters.setdefault("CustomOutputName", identifiers.label_from_identifier(identifier))
        parameters["UUID"] = self._uuid(identifier)
        self.allocator.taken.add(identifier)
        self.bound.add(identifier)
        self.ended.discard(identifier)
        self.loop_variables.pop(identifier, None)

    def name_unused_outputs(self) -> None:
        """Give outputs that nothing reads a custom name: no reference holds their name."""
        for output in self.outputs:
            if output.identifier not in self.read:
                output.parameters["CustomOutputName"] = self.label(output.identifier)

    def rename(self) -> None:
        """Give the outputs and variables of the compiled program the residue's names in place of those that the code alone gives."""
        known, custom = self.residue.get("names", {}), {*self.residue.get("custom", ())}
        labels: dict[str, str] = {}
        taken: dict[str, str] = {}
        for identifier in self.variable_labels.values():  # in the order in which variable_label() first saw them
            labels[identifier] = _free_label(known.get(identifier) or identifiers.label_from_identifier(identifier), taken)
            taken[labels[identifier]] = identifier
        for holder, key, identifier in self.places:
            holder[key] = labels.get(identifier) or known.get(identifier) or identifiers.label_from_identifier(identifier)
        for parameters, identifier, given in self.outputs:
            parameters.pop("CustomOutputName", None)
            if identifier in custom:
                parameters["CustomOutputName"] = known.get(identifier) or identifiers.label_from_identifier(identifier)
            elif given is not None:
                parameters["CustomOutputName"] = given

    def _would_be(self, default: str, identifier: str) -> bool:
        """True if the decompiler would give this identifier to an output with the default name."""
        return self.allocator.propose(default, free=identifier) == identifier

    def anonymous_output(self, action: control_flow.Action) -> Token:
        """Return the token of an output that has no name in the program; its action gets a UUID."""
        parameters = action["WFWorkflowActionParameters"]
        label = api_names.default_output(action["WFWorkflowActionIdentifier"], self.catalog) or "Output"
        value = parameters.setdefault("UUID", self._made_uuid(f"anonymous {len(self.uuids)}"))
        self.uuids[f"<{value}>"] = value
        return {"Type": "ActionOutput", "OutputUUID": value, "OutputName": label}

    def enter_loop(self, node: ast.For, is_count: bool, has_index: bool, depth: int) -> Callable[[], None]:
        """Bind a loop's targets. Return a function to call at the end of the loop, which takes them out of scope."""
        targets = list(node.target.elts) if isinstance(node.target, ast.Tuple) else [node.target]
        roles = ["Repeat Index"] if is_count else ["Repeat Index", "Repeat Item"] if has_index else ["Repeat Item"]
        identifiers = [target.id for target in targets if isinstance(target, ast.Name)]
        if not len(targets) == len(identifiers) == len(roles):
            raise DialectError(node.lineno, f"this loop has {len(roles)} target{'s' * (len(roles) > 1)}, for the {' and the '.join(roles)}")
        if is_count and not has_index and identifiers != ["_"]:
            raise DialectError(node.lineno, "the index of a repeat counts from 1: `for i in range(1, n + 1)`; "
                                            "without it, `for _ in range(n)`")  # fmt: skip
        suffix = f" {depth + 1}" if depth else ""
        entered = {identifier: role + suffix for identifier, role in zip(identifiers, roles) if identifier != "_"}
        self.allocator.taken |= entered.keys()
        self.bound |= entered.keys()
        self.ended -= entered.keys()
        self.loop_variables |= entered

        def leave() -> None:
            for identifier, variable in entered.items():
                if self.loop_variables.get(identifier) == variable:  # else it was bound anew inside
                    del self.loop_variables[identifier]
                    self.bound.discard(identifier)
                    self.ended.add(identifier)

        return leave


def _free_label(wanted: str, taken: dict[str, str]) -> str:
    """Return a name for a variable that is neither taken nor one of a loop."""
    wanted += " variable" * bool(constants.IMPLICIT_VARIABLE.fullmatch(wanted))  # with a number it would be read as a loop's again
    label, number = wanted, 1
    while label in taken:
        number += 1
        label = f"{wanted} ({number})"
    return label


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield every statement of a program, those inside blocks included."""
    for node in body:
        yield node
        if isinstance(node, _LINES):
            continue
        for inner in (getattr(node, "body", None), getattr(node, "orelse", None), *(case.body for case in getattr(node, "cases", ()))):
            if isinstance(inner, list):
                yield from statements(inner)

