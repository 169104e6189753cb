"""The records of the catalogue: an API, its parameters and its result.

The type of a parameter or result is one of:
    text, url, number, boolean, enum, date, dictionary, list    plain values; of an enum the `enum` field has the values
    variable                                                    takes the output of another action, of whatever kind
    file, contact, location, app, workflow, color               a picker's value; `file` is any file, folder, image or media item
    quantity                                                    a number with a unit: lengths, durations, money
    filter                                                      the rows of a Find or Filter action
    entity                                                      an object of an app: a note, an event, a playlist
    any                                                         not known
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import orjson

Record = dict[str, Any]

TYPES = frozenset("""
    text url number boolean enum date dictionary list variable file contact location app workflow color quantity filter entity any
""".split())
TEXTUAL = frozenset({"text", "url", "date"})  # a lone variable stands in these as a text of one token


class CatalogError(Exception):
    """A file of a catalogue, or one that was to be added, cannot be used: the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `visible_when` has conditions (key, "==" or "!=", values) that must all hold for the app to show it."""

    key: str
    type: str
    label: str = ""
    enum: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    visible_when: tuple[tuple[str, str, tuple[Any, ...]], ...] = ()
    open_enum: bool = False  # values outside `enum` occur in real shortcuts, so that another one is no error
    units: tuple[str, ...] = ()  # of a quantity, where they are known
    attachment: bool | None = None  # see is_attachment; only where use differs from what the type says

    @property
    def is_attachment(self) -> bool:
        """Whether a lone variable stands here as WFTextTokenAttachment, or else in a WFTextTokenString as its only token."""
        return self.type not in TEXTUAL if self.attachment is None else self.attachment


@dataclass(frozen=True, slots=True)
class Result:
    """What an action gives: the default name of its output ("" where that is not known, or named by a parameter), and its types."""

    name: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """One action. `app` groups the actions of an app (the start of its bundle id); `source` has the codes of catalog/README.md.

    `unknown` names what no source lists: "parameters" (another key is no error), "result" (none is known, and yet it may give one).
    """

    id: str
    app: str
    builtin: bool
    title: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    result: Result | None = None
    platforms: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    app_name: str = ""
    input_key: str = ""  # where this parameter is absent, the output of the action before is its value
    python_name: str = ""  # Apple's own name for it in the Python of Shortcuts

    @property
    def name(self) -> str:
        """The name of this API in code."""
        return call_name(self.id)

    def left_out(self, given: Container[str]) -> dict[str, str]:
        """The choices that a call with these keys leaves to the app, each with what the app takes: `+` where no operation is given."""
        return {parameter.key: parameter.default for parameter in self.parameters
                if parameter.enum and parameter.default in parameter.enum and parameter.key not in given and not parameter.visible_when}

    def parameter(self, key: str) -> Parameter | None:
        """The parameter with this plist key, if there is one."""
        return next((parameter for parameter in self.parameters if parameter.key == key), None)


def call_name(api_id: str) -> str:
    """The name of an API in code: its id with every character that no ASCII identifier has turned into `_`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", api_id)


def read_api(line: bytes) -> Api:
    """One line of actions.jsonl as an Api; what a line leaves out has its default."""
    record = orjson.loads(line)
    parameters = tuple(
        Parameter(**{
            **parameter,
            "enum": tuple(parameter.get("enum", ())),
            "units": tuple(parameter.get("units", ())),
            "visible_when": tuple((key, relation, tuple(values)) for key, relation, values in parameter.get("visible_when", ())),
        })
        for parameter in record.pop("parameters", ())
    )
    if (result := record.pop("result", None)) is not None:
        result = Result(result["name"], tuple(result["types"]))
    lists = {field: tuple(record.pop(field, ())) for field in ("platforms", "source", "unknown")}
    return Api(**record, **lists, parameters=parameters, result=result)
