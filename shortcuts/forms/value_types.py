"""The types of the values of outputs and variables: "text", "number", "date", "boolean", "enumeration", or None where it is not known.

An If has a parameter of its own for an operand of each type, so `x == y` cannot be compiled without them. Both directions look at the same
actions, those above the test, and so find the same type.
"""

from __future__ import annotations

import re
from typing import Any

from shortcuts.catalog import Catalog
from shortcuts.control_flow import Action
from shortcuts.forms import api_names, constants, values

Token = dict[str, Any]

TEXT, NUMBER, DATE, BOOLEAN, ENUMERATION = "text", "number", "date", "boolean", "enumeration"
_COERCED = frozenset({TEXT, NUMBER, DATE, BOOLEAN})
_OF_CLASS = {constants.COERCIONS[f"as_{kind}"]: kind for kind in _COERCED}
_INDEX = re.compile(r"Repeat Index( [0-9]+)?")


class ValueTypes:
    """The types of one shortcut's values. `listed` holds its actions and may grow; only those before `end` count."""

    def __init__(self, listed: list[Action], catalog: Catalog | None = None) -> None:
        self.end = 0
        self._catalog = catalog
        self._listed = listed
        self._seen = 0
        self._outputs: dict[str, str | None] = {}
        self._variables: dict[str, str | None] = {}

    def of(self, token: Token) -> str | None:
        """Return the type of a variable's value, or None if it is not known."""
        for action in self._listed[self._seen : self.end]:
            self._see(action)
        self._seen = max(self._seen, self.end)
        return self._of(token)

    def _of(self, token: Token) -> str | None:
        steps = token.get("Aggrandizements")
        if steps:
            return self._of_part(token, steps)
        if token.get("Type") == "CurrentDate":
            return DATE
        name = token.get("VariableName")
        if isinstance(name, str):
            return NUMBER if _INDEX.fullmatch(name) else self._variables.get(name)
        identity = token.get("OutputUUID")
        return self._outputs.get(identity) if isinstance(identity, str) else None

    @staticmethod
    def _of_part(token: Token, steps: Any) -> str | None:
        step = steps[-1] if isinstance(steps, list) and isinstance(steps[-1], dict) else {}
        if token.get("Type") == "DeviceDetails" and step.get("PropertyName") == "Device Type":
            return ENUMERATION
        item_class = step.get("CoercionItemClass")
        return _OF_CLASS.get(item_class) if isinstance(item_class, str) else None

    def _see(self, action: Action) -> None:
        identifier, parameters = action["WFWorkflowActionIdentifier"], action["WFWorkflowActionParameters"]
        name, identity = parameters.get("WFVariableName"), parameters.get("UUID")
        if identifier in (api_names.SET_VARIABLE, api_names.APPEND_VARIABLE) and isinstance(name, str):
            token = values.unwrap(parameters.get("WFInput"), values.ATTACHMENT) if identifier == api_names.SET_VARIABLE else None
            _agree(self._variables, name, self._of(token) if isinstance(token, dict) else None)
        elif isinstance(identity, str):
            kind = api_names.result_type(identifier, self._catalog)
            _agree(self._outputs, identity, kind if kind in _COERCED else None)


def _agree(known: dict[str, str | None], name: str, kind: str | None) -> None:
    """Record the type of a name; None once two settings disagree."""
    known[name] = kind if known.get(name, kind) == kind else None
