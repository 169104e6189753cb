"""Dictionaries: making them, reading and setting values, and JSON."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from shortcuts.machine import convert, members, values
from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import File, Unknown, Untold, items, one_or_many


@action("is.workflow.actions.dictionary", source="user guide: Dictionary")
def make_dictionary(call: Call) -> Any:
    return call.get("WFItems") or {}


@action("is.workflow.actions.getvalueforkey", source="user guide: Get Dictionary Value; key paths as in real shortcuts")
def get_value(call: Call) -> Any:
    kind = call.choice("WFGetDictionaryValueType", "Value")
    value = call.input()
    if kind == "Value":
        return members.at_key(value, call.text("WFDictionaryKey"), call.place)
    if isinstance(value, Unknown):
        return Unknown("list", values.origin(value.origin, f".{kind[4:]}"))
    holders = [holder for item in items(value) if (holder := convert.dictionary(item, call.place)) is not None]
    return one_or_many([part for holder in holders for part in (holder if kind == "All Keys" else holder.values())])


@action("is.workflow.actions.setvalueforkey", source="user guide: Set Dictionary Value")
def set_value(call: Call) -> Any:
    holder = convert.dictionary(call.input("WFDictionary"), call.place) or {}
    key = call.text("WFDictionaryKey")
    call.run.spend(len(holder))
    return members.with_key(holder, key, call.get("WFDictionaryValue", ""))


@action("is.workflow.actions.detect.dictionary", source="user guide: Get Dictionary from Input; the action's description")
def detect_dictionary(call: Call) -> Any:
    """Return the dictionaries of the input: of JSON, and of pairs such as `a=1&b=2`."""
    found: list[Any] = []
    for item in call.items():
        if isinstance(item, Unknown):
            raise Untold(item)
        if isinstance(item, str | File):
            parsed = convert.parse_json(item, call.place)
            found += items(_pairs(convert.text(item, call.place), call) if parsed is None else parsed)
        else:
            found += items(convert.dictionary(item, call.place))
    return one_or_many(found)


def _pairs(said: str, call: Call) -> dict[str, str] | None:
    """Return the pairs of a text such as `a=1&b=2`, or None."""
    if re.fullmatch(r"[^\s=&<{\[]+=[^\s=&]*(?:&[^\s=&]+=[^\s=&]*)*", said.strip()):
        return dict(parse_qsl(said.strip(), keep_blank_values=True))
    call.assume("detect.dictionary: a text that holds no dictionary gives nothing")
    return None
