"""Readers of JSON tables: exports of ToolKit, and the tables of ShortcutsBench. Each yields records with the fields of records.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shortcuts.catalog.importing.neutral import (
    MAX_TITLE,
    MIN_TO_OVERRULE,
    PLATFORMS,
    UNKNOWN,
    label,
    neutral_type,
    plain_default,
    result,
    without_empty,
)
from shortcuts.catalog.records import Record

RETURN = "ThisIsReturnValue:"  # marks the result among the parameters of a type table

# Names of the result of an intent whose answer begins with an error: there is a result, with another name.
FAILURES = frozenset({"Error", "Error Message", "Message"})

# ---------------------------------------------------------------------------------------------------------------------------------
# ToolKit


def read_tool_table(content: Record, bundle: str) -> Iterator[Record]:
    """Read ToolKit as JSON: {"tools": {id: {"displayName" or "name", "pythonName", "parameters": [{"key" or "wfKey", ...}]}}}."""
    for api_id, tool in content["tools"].items():
        yield without_empty({
            "id": api_id,
            "title": label(tool.get("displayName") or tool.get("name"), MAX_TITLE),
            "python_name": tool.get("pythonName"),
            "parameters": [_tool_parameter(item) for item in tool.get("parameters", ())],
            "result": result(tool.get("outputResultName"), ()),
            "platforms": sorted({PLATFORMS[word] for word in " ".join(tool.get("platforms", ())).lower().split() if word in PLATFORMS}),
            "source": ["tk"],
            "unknown": [] if "outputResultName" in tool else ["result"],
        })


def _tool_parameter(item: Record) -> Record:
    types = item.get("types") or [{"pythonName": item.get("typePythonName")}]
    values = [case["id"] for kind in types for case in kind.get("cases", ())]
    kind = "enum" if values else neutral_type(types[0].get("pythonName"))
    key = item.get("key") or item["wfKey"]
    return without_empty({"key": key, "type": kind, "label": label(item.get("label")), "enum": values})


def read_id_list(content: Any, bundle: str) -> Iterator[Record]:
    """Read ids: {"ids": [...]} of ToolKit, [{"AppName", "APIs": [{"APIName", "iOS_or_macOS" or "macOrIos"}]}] of ShortcutsBench."""
    if isinstance(content, dict):
        yield from ({"id": api_id, "platforms": ["macOS"], "source": ["tk"], "unknown": UNKNOWN} for api_id in content["ids"])
        return
    for app in content:
        for item in app["APIs"]:
            platform = PLATFORMS.get(str(item.get("iOS_or_macOS") or item.get("macOrIos")).lower())
            yield without_empty({"id": item["APIName"], "platforms": [platform] if platform else [], "source": ["sb"],
                                 "unknown": UNKNOWN})  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------------------
# ShortcutsBench


def read_type_table(content: Record, bundle: str) -> Iterator[Record]:
    """Read id -> {key: 'Enum = "Short"', "ThisIsReturnValue:<name>": type}."""
    for api_id, table in content.items():
        results = {key.removeprefix(RETURN): kind for key, kind in table.items() if key.startswith(RETURN)}
        yield without_empty({
            "id": api_id,
            "parameters": [_typed(key, text) for key, text in table.items() if not key.startswith(RETURN)],
            "result": next((_result(name, kind) for name, kind in results.items()), None),
            "source": ["sb"],
        })


def _result(name: str, kind: str) -> Record | None:
    return {"name": "", "types": []} if name in FAILURES else result(name, re.sub(r"^\((.*)\)$", r"\1", kind).split(" or "))


def _typed(key: str, text: str) -> Record:
    name, _, value = text.partition(" = ")
    kind = neutral_type(name)
    default: Any = value.strip('"')
    if kind == "boolean":
        default = {"True": True, "true": True, "1": True, "False": False, "false": False, "0": False}.get(default)
    elif kind == "number":
        default = _number(default)
    elif default.startswith(("[", "{", "array(")):
        default = None
    return without_empty({"key": key, "type": kind, "default": plain_default(default)})


def _number(text: str) -> int | float | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", text):
        return None
    number = float(text)
    return int(number) if number.is_integer() else number


_SB_PARAMETER = re.compile(r"^    ([^\s:]+): (.*)$", re.MULTILINE)
_SB_ENUM = re.compile(r"must be one of the following values[^:]*: (.*?)\.(?= This value|\s*$)", re.DOTALL)
_SB_WHEN = re.compile(r'only valid when the value of "([^"]+)" is (True|False|"[^"]*"(?:, "[^"]*")*)')


def read_signatures(content: dict[str, str], bundle: str) -> Iterator[Record]:
    """Read id -> a signature in prose; only names, enum values and conditions are taken from it."""
    for api_id, text in content.items():
        head, _, description = text.partition("\nDescription:\n")
        _, _, block = head.partition("\nParameters:\n")
        title = re.match(r"\s*([^\n:]+)(?::|$)", description.partition("\nParameterSummary")[0])
        yield without_empty({
            "id": api_id,
            "title": label(title[1], MAX_TITLE) if title else "",
            "parameters": [_signed(*found) for found in _SB_PARAMETER.findall(block.partition("\nReturn Value:")[0])],
            "source": ["sb"],
            "unknown": ["result"],
        })


def _signed(key: str, text: str) -> Record:
    enum = _SB_ENUM.search(text)
    name = text.partition(". ")[0].strip().removesuffix(".")
    return without_empty({
        "key": key,
        "label": label(name) if len(name.split()) <= 5 else "",
        "enum": re.findall(r'(?:^|, )"([^"]*)"', enum[1]) if enum else [],
        "visible_when": [[other, "==", _values(values)] for other, values in _SB_WHEN.findall(text)],
    })


def _values(text: str) -> list[Any]:
    return [text == "True"] if text in ("True", "False") else re.findall(r'"([^"]*)"', text)


# ---------------------------------------------------------------------------------------------------------------------------------
# counts from elsewhere


def read_counted(content: Record, bundle: str) -> Iterator[Record]:
    """Read {"counted": {id: {key: {"uses": n, "type": ..., "values": {value: n}}}}}: usage in shortcuts that are not at hand.

    A key or value is a fact from MIN_TO_OVERRULE uses on; a rarer value only opens its enum.
    """
    for api_id, keys in content["counted"].items():
        yield {
            "id": api_id,
            "parameters": [_counted(key, facts) for key, facts in keys.items() if facts["uses"] >= MIN_TO_OVERRULE or "values" in facts],
            "source": ["counted"],
            "unknown": UNKNOWN,
        }


def _counted(key: str, facts: Record) -> Record:
    values = facts.get("values", {})
    known = [value for value, uses in values.items() if uses >= MIN_TO_OVERRULE]
    return without_empty({"key": key, "type": facts.get("type", "any"), "enum": known, "open_enum": bool(values)})
