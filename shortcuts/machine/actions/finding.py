"""Find and Filter actions, and the details (properties) of what they find."""

from __future__ import annotations

import re
from typing import Any

from shortcuts.machine import convert, members, values
from shortcuts.machine.actions.files import contents
from shortcuts.machine.conditions import passes
from shortcuts.machine.parameters import Table
from shortcuts.machine.registry import PER_ITEM, Call, action
from shortcuts.machine.values import Record, Unknown, Untold, items, one_or_many

_PARTS = {"photos": "photos", "contacts": "contacts", "reminders": "reminders", "calendarevents": "events",
          "eventattendees": "", "notes": "notes",
          "music": "songs", "health.quantity": "health", "files": "", "articles": "", "images": "", "locations": "",
          "apps": ""}  # fmt: skip


@action(*(f"is.workflow.actions.filter.{kind}" for kind in _PARTS), source="user guide: Find and filter content in Shortcuts")
def find(call: Call) -> Any:
    """Return the items that pass the rows: of the input, or of all that the world has."""
    found = _source(call)
    call.run.spend(PER_ITEM * len(found))
    table = call.parameters.get("WFContentItemFilter")
    if isinstance(table, Table):
        truths = [(item, passes(table, item, call.run)) for item in found]
        lost = next((truth for _, truth in truths if isinstance(truth, Unknown)), None)
        if lost is not None:
            raise Untold(lost)
        found = [item for item, truth in truths if truth]
    found = _sorted(call, found)
    if "WFContentItemLimitNumber" in call.parameters and "WFContentItemLimitEnabled" not in call.parameters:
        call.assume("filter: the limit holds only where it is switched on")
    if call.parameters.get("WFContentItemLimitEnabled") is True:
        found = found[: max(0, call.whole("WFContentItemLimitNumber", 1))]
    return one_or_many(found)


def _source(call: Call) -> list[Any]:
    if "WFContentItemInputParameter" in call.parameters:
        return list(call.items("WFContentItemInputParameter"))
    kind = call.id.removeprefix("is.workflow.actions.filter.")
    if _PARTS[kind]:
        return list(call.run.state.read(_PARTS[kind]))
    if kind == "files" and not isinstance(values.first(call.run.previous), values.File):
        return list(contents(call, "", recursive=True))
    return list(call.items("WFInput"))


def _sorted(call: Call, found: list[Any]) -> list[Any]:
    label = call.parameters.get("WFContentItemSortProperty")
    if not isinstance(label, str) or not label or label == "None":
        return found
    if label == "Random":
        call.run.session.random.shuffle(found)
        return found
    order = str(call.parameters.get("WFContentItemSortOrder", ""))
    down = order in ("Latest First", "Z to A", "Biggest First", "Longest First", "Descending", "Highest First", "Newest First")
    keys = [(place, members.prop(item, label, call.place)) for place, item in enumerate(found)]
    if any(isinstance(key, Unknown) for _, key in keys):
        call.assume("what is sorted by a property that is not known stays in its order")
        return found
    keys.sort(key=lambda entry: _sort_key(entry[1], call), reverse=down)
    return [found[place] for place, _ in keys]


def _sort_key(value: Any, call: Call) -> tuple[int, float, list[Any]]:
    """Return a key that orders numbers and dates by size, texts by their letters and their numbers, and nothing last."""
    value = values.first(value)
    if isinstance(value, bool | int | float):
        return 0, float(value), []
    if isinstance(value, values.datetime):
        return 0, value.timestamp(), []
    if value is None:
        return 2, 0.0, []
    parts = re.split(r"(\d+)", call.said(value).casefold())
    return 1, 0.0, [(int(part), "") if part.isdigit() and part.isascii() and len(part) < 300 else (-1, part) for part in parts]


_DETAILS = tuple(
    f"is.workflow.actions.properties.{kind}"
    for kind in (
        "images files articles calendarevents locations reminders contacts safariwebpage appstore podcast music itunesstore itunesartist "
        "workflow weather.conditions note health.quantity trello parkedcar eventattendees ulysses.sheet shazam"
    ).split()
)


@action(*_DETAILS, source="user guide: Get Details of actions")
def details(call: Call) -> Any:
    """Return a property of each item of the input."""
    label = call.choice("WFContentItemPropertyName", "Name")
    value = call.input()
    kind = call.id.rpartition(".")[2]
    held = [_held(item, kind, call) for item in items(value)]
    if label == "Name" and any(isinstance(item, values.File) for item in held):
        call.assume("properties: the name of a file is without its extension")
    return one_or_many([found for item in held for found in items(members.prop(item, label, call.place))])


def _held(item: Any, kind: str, call: Call) -> Any:
    """Return an item as what the action reads details of: a contact of its name, an image of a file, a page of its link."""
    if isinstance(item, Unknown | Record):
        return item
    if kind == "contacts":
        return convert.contact(item, call.place)
    if kind == "images":
        return convert.image(item, call.place)
    if kind in ("locations",):
        return Record("location", {"Name": convert.text(item, call.place), "Street": convert.text(item, call.place)})
    if kind == "safariwebpage" and isinstance(item, values.Url):
        return Record("page", {"Page URL": item, "Name": item.text})
    return item
