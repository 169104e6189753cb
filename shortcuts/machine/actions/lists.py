"""Lists: making them, and taking items out."""

from __future__ import annotations

from typing import Any

from shortcuts.machine.registry import Call, action
from shortcuts.machine.values import items, one_or_many


@action("is.workflow.actions.list", source="user guide: List")
def make_list(call: Call) -> Any:
    return items(call.get("WFItems"))


@action("is.workflow.actions.getitemfromlist", source="user guide: Get Item from List")
def get_item(call: Call) -> Any:
    found = call.items()
    which = call.choice("WFItemSpecifier", "First Item")
    if which == "Random Item":
        return call.run.session.random.choice(found) if found else None
    if which == "Items in Range":
        start, end = _index(call, "WFItemRangeStart", 1), _index(call, "WFItemRangeEnd", len(found))
        return one_or_many(found[max(start, 1) - 1 : max(end, 0)])
    place = {"First Item": 1, "Last Item": len(found)}.get(which) or _index(call, "WFItemIndex", 1)
    if not 1 <= place <= len(found):
        call.assume("getitemfromlist: an index that is not there gives nothing")
        return None
    return found[place - 1]


def _index(call: Call, key: str, fallback: int) -> int:
    return int(max(-1e9, min(call.number(key, fallback), 1e9)))


@action("is.workflow.actions.reverselist", source="user guide: Reverse List")
def reverse(call: Call) -> Any:
    return one_or_many(call.items()[::-1])


@action("is.workflow.actions.addtolist", "is.workflow.actions.appendtolist", source="user guide: Add to List")
def add(call: Call) -> Any:
    return [*call.items("WFList"), *items(call.input())]
