"""The records of the catalogue: an API, its parameters and its result.

The type of a parameter or result is one of:
    text, url, number, boolean, enum, date, dictionary, list    plain values; the `enum` field lists the values of an enum
    variable                                                    the output of another action, of any type
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
from pathlib import Path
from typing import Any

import orjson

Record = dict[str, Any]

TYPES = frozenset("""
    text url number boolean enum date dictionary list variable file contact location app workflow color quantity filter entity any
""".split())
TEXTUAL = frozenset({"text", "url", "date"})  # types in which a lone variable stands as a text of one token


class CatalogError(Exception):
    """A file of a catalogue, or one to be added, cannot be used; the message is one line for the user."""


def read_table(file: Path) -> Any:
    """Return a JSON table of the folder catalog/. Raises CatalogError if it cannot be read."""
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise CatalogError(f"{file}: cannot be read ({error}); restore it") from None


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
    open_enum: bool = False  # values outside `enum` occur in real shortcuts, so others are not errors
    units: tuple[str, ...] = ()  # units of a quantity, where they are known
    attachment: bool | None = None  # see is_attachment; only where real use differs from the type
    older: bool = False  # real shortcuts and older systems have it, the newest system's list does not

    @property
    def is_attachment(self) -> bool:
        """True if a lone variable stands here as WFTextTokenAttachment, False if it is the only token of a WFTextTokenString."""
        return self.type not in TEXTUAL if self.attachment is None else self.attachment


@dataclass(frozen=True, slots=True)
class Result:
    """The result of an action: the default name of its output ("" if it is not known, or depends on a parameter), and its types."""

    name: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """One action. `app` groups the actions of an app (the start of its bundle id); `source` has the codes of catalog/README.md.

    `unknown` names the facts that no source lists: "parameters" (other keys are not errors), "result" (it may have one).
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
    input_key: str = ""  # the parameter that takes the output of the action before where it is absent
    python_name: str = ""  # Apple's own name for it in the Python of Shortcuts
    hands_on: bool = False  # it has no result of its own, and gives what it takes

    @property
    def name(self) -> str:
        """Return the name of this API in code."""
        return call_name(self.id)

    def left_out(self, given: Container[str]) -> dict[str, str]:
        """Return the enums that a call with these keys leaves to the app, with their defaults: `+` where no operation is given."""
        return {parameter.key: parameter.default for parameter in self.parameters
                if parameter.enum and parameter.default in parameter.enum and parameter.key not in given and not parameter.visible_when}

    def parameter(self, key: str) -> Parameter | None:
        """Return the parameter with this plist key, or None."""
        return next((parameter for parameter in self.parameters if parameter.key == key), None)


def call_name(api_id: str) -> str:
    """Return the name of an API in code: its id with `_` for every character that cannot stand in an ASCII identifier."""
    return re.sub(r"[^A-Za-z0-9_]", "_", api_id)


def read_api(line: bytes) -> Api:
    """Return one line of actions.jsonl as an Api; missing fields have their defaults. Raises ValueError, TypeError or KeyError."""
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
