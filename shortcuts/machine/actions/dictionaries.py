"""Dictionaries: making them, reading and setting values, and JSON."""

from __future__ import annotations

from typing import Any

from shortcuts.machine import values
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
        return values.at_key(value, call.text("WFDictionaryKey"), call.place)
    if isinstance(value, Unknown):
        return Unknown("list", values.origin(value.origin, f".{kind[4:]}"))
    holders = [holder for item in items(value) if (holder := values.dictionary(item, call.place)) is not None]
    return one_or_many([part for holder in holders for part in (holder if kind == "All Keys" else holder.values())])


@action("is.workflow.actions.setvalueforkey", source="user guide: Set Dictionary Value")
def set_value(call: Call) -> Any:
    holder = values.dictionary(call.input("WFDictionary"), call.place) or {}
    key = call.text("WFDictionaryKey")
    call.run.spend(len(holder))
    return values.with_key(holder, key, call.get("WFDictionaryValue", ""))


@action("is.workflow.actions.detect.dictionary", source="user guide: Get Dictionary from Input")
def detect_dictionary(call: Call) -> Any:
    found: list[Any] = []
    for item in call.items():
        if isinstance(item, Unknown):
            raise Untold(item)
        parsed = (
            item
            if isinstance(item, dict)
            else values.dictionary(item, call.place)
            if not isinstance(item, str | File)
            else values.parse_json(item, call.place)
        )
        found += items(parsed)
    return one_or_many(found)
