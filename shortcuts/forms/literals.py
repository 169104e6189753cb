"""The literals that a parameter can hold, by its type in the catalogue, for `check` and the grammar."""

from __future__ import annotations

import re
from typing import Any

from shortcuts.catalog import Parameter
from shortcuts.forms import interpolation, values

NUMERAL = re.compile(r"([-+]?([0-9]{1,30}[.,]?[0-9]{0,30}|[.,][0-9]{1,30}))?")  # text that people type as a number, such as '.70'

# Type -> the literals that a parameter of this type cannot hold, and a description of those it can. A variable fits every type. None of the
# files by the app in the project's corpus breaks this table. "words" is text that does not spell a number.
WRONG_LITERALS: dict[str, tuple[frozenset[str], str]] = {
    "text": (frozenset({"bool", "int", "float", "dict"}), "a text, in quotes"),
    "url": (frozenset({"bool", "int", "float", "dict"}), "an address, in quotes"),
    "number": (frozenset({"bool", "list", "dict", "words"}), "a number"),
    "boolean": (frozenset({"str", "float", "list", "dict"}), "True or False"),
    "date": (frozenset({"bool", "int", "float", "list", "dict"}), "a date as text, such as '2026-11-29 09:00'"),
    "dictionary": (frozenset({"bool", "int", "float", "str", "list"}), "a dictionary, such as {'key': 'text'}"),
    "quantity": (frozenset({"bool", "int", "float", "str", "text", "list", "dict"}), "a number with its unit, such as quantity(5, 'min')"),
    "filter": (frozenset({"bool", "int", "float", "str", "text", "list", "dict"}),
               "a filter, such as filter_all(rule('Name', 'contains', String='x'))"),
    "contact": (frozenset({"bool", "int", "float", "str", "text", "list", "dict"}), "a contact: a variable, or ask_each_time()"),
    "location": (frozenset({"bool", "int", "float", "str", "text", "list"}), "a place: a variable, such as the output of an action"),
    "color": (frozenset({"bool", "int", "float", "str", "text", "list"}), "a colour, as the app writes it"),
    "variable": (frozenset({"bool", "int", "float"}), "the output of an action: give the value a name on a line before"),
    "file": (frozenset({"bool", "int", "float"}), "a file: a variable"),
    "list": (frozenset({"bool", "int", "float", "dict"}), "a list"),
    "enum": (frozenset({"bool", "int", "float", "list", "dict"}), "one of its values, in quotes"),
}  # fmt: skip


def wrong_literals(parameter: Parameter) -> tuple[frozenset[str], str]:
    """Return the row of a parameter; none of it is wrong where nobody knows its values, or real shortcuts use others."""
    unknown = parameter.open_enum or (parameter.type == "enum" and not parameter.enum)
    return (frozenset(), "") if unknown else WRONG_LITERALS.get(parameter.type, (frozenset(), ""))


def literal_kinds(value: Any) -> frozenset[str]:
    """Return the kinds of literal that a compiled value is, in the words of WRONG_LITERALS; none for a variable or another envelope."""
    if isinstance(value, str):
        return frozenset({"str"}) if NUMERAL.fullmatch(value) else frozenset({"str", "words"})
    if isinstance(value, dict):
        written = values.unwrap(value, interpolation.TEXT)
        if isinstance(written, dict):
            return frozenset() if written.get("string") == interpolation.MARK else frozenset({"text"})  # a lone variable may be anything
        return frozenset() if "WFSerializationType" in value else frozenset({"dict"})
    return frozenset({type(value).__name__})


def shown(value: Any) -> str:
    """Return a wrong literal as a message shows it."""
    if isinstance(value, dict):
        return "a text with variables" if values.unwrap(value, interpolation.TEXT) is not None else "a dictionary"
    return f"{value!r:.60}"
