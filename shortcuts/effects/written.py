"""What is written out in a shortcut: the text of a parameter, and the server that a request goes to, found back through its variables."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from shortcuts.catalog import BUILTIN
from shortcuts.control_flow import ID, PARAMETERS

PLACEHOLDER = "\ufffc"  # stands in a text for a variable
VARIABLE = "…"  # stands in what is told for a variable
STEPS = 20  # variables that are followed to the address of a request
# The parameter that is the output, of actions that hand on what they are given.
HANDED_ON = {"url": "WFURLActionURL", "gettext": "WFTextActionText", "getvariable": "WFVariable", "setvariable": "WFInput",
             "detect.link": "WFInput", "urlencode": "WFInput"}  # fmt: skip


def text_of(value: Any) -> str | None:
    """Return a text that is written out, variables in it as …; None where it is a variable alone, or no text."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("Value")
        value = value.get("string") if isinstance(value, dict) else value
    if not isinstance(value, str) or not value.strip(f"{PLACEHOLDER} \n"):
        return None
    return value.replace(PLACEHOLDER, VARIABLE)


def printable(text: str) -> str:
    """Return a text with ? for characters that are not seen, but for the joiner of emoji: one could control a terminal, or hide words."""
    return "".join(sign if sign.isprintable() or sign == "\u200d" else "?" for sign in text)


def variable_of(value: Any) -> dict[str, Any]:
    """Return the variable that a parameter is, alone or as a text of nothing else; {} for another value."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    inner = value.get("Value") if isinstance(value, dict) else None
    if not isinstance(inner, dict):
        return {}
    attached = inner.get("attachmentsByRange")
    if isinstance(attached, dict) and len(attached) == 1:
        inner = next(iter(attached.values()))
    return inner if isinstance(inner, dict) and isinstance(inner.get("Type"), str) else {}


class Addresses:
    """The addresses of a shortcut's requests, as far as they are written out."""

    def __init__(self, shortcut: dict[str, Any]) -> None:
        self.actions = [(action[ID].removeprefix(BUILTIN), action.get(PARAMETERS, {})) for action in shortcut["WFWorkflowActions"]]
        given = ((parameters.get("UUID"), index) for index, (_, parameters) in enumerate(self.actions))
        self.outputs = {uuid.upper(): index for uuid, index in given if isinstance(uuid, str)}
        self.settings: dict[str, list[int]] = {}  # of each variable: the actions that set it
        for index, (name, parameters) in enumerate(self.actions):
            if name in ("setvariable", "appendvariable"):
                self.settings.setdefault(str(parameters.get("WFVariableName")), []).append(index)

    def of(self, index: int, key: str) -> str | None:
        """Return the address in a parameter of an action, variables in it as …; None if it is not written out in the shortcut."""
        for _ in range(STEPS):
            parameters = self.actions[index][1]
            if (text := text_of(parameters.get(key))) is not None:
                return text
            before = self._source(variable_of(parameters[key])) if key in parameters else index - 1
            if before is None or before < 0 or (name := self.actions[before][0]) not in HANDED_ON:
                return None
            index, key = before, HANDED_ON[name]
        return None

    def server(self, index: int, key: str) -> str | None:
        """Return the host of that address, None for one that a variable is part of."""
        try:
            host = urlsplit(self.of(index, key) or "").hostname
        except ValueError:
            return None
        return host if host and VARIABLE not in host else None

    def _source(self, variable: dict[str, Any]) -> int | None:
        """Return the one action that a variable comes from, None if there are several or none."""
        if variable.get("Type") == "ActionOutput":
            return self.outputs.get(str(variable.get("OutputUUID")).upper())
        setting = self.settings.get(str(variable.get("VariableName")), ())
        return setting[0] if variable.get("Type") == "Variable" and len(setting) == 1 else None
