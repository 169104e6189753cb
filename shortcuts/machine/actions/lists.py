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
    found = call.items(counted=False)
    which = call.choice("WFItemSpecifier", "First Item")
    if which == "Random Item":
        return call.run.session.random.choice(found) if found else None
    if which == "Items in Range":
        start, end = call.whole("WFItemRangeStart", 1), call.whole("WFItemRangeEnd", len(found))
        return one_or_many(found[max(start, 1) - 1 : max(end, 0)])
    place = {"First Item": 1, "Last Item": len(found)}.get(which) or call.whole("WFItemIndex", 1)
    if not 1 <= place <= len(found):
        call.assume("getitemfromlist: an index that is not there gives nothing")
        return None
    return found[place - 1]
