"""Facts from real shortcuts: parameter keys, enum values and names of results that no documentation lists.

A new key or value counts from MIN_SHORTCUTS shortcuts on, a result's name from MIN_TO_OVERRULE on, since older systems used others. One
shortcut is enough against a negative fact of a source: that a list of values is complete, that a value is never plain text, that a
parameter is required, that an action has no result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shortcuts.catalog import TEXTUAL, Catalog
from shortcuts.catalog.importing.neutral import ID, MIN_SHORTCUTS, MIN_TO_OVERRULE, PRECEDENCE, new_api
from shortcuts.catalog.records import Record

# The envelopes of values (WFSerializationType) and the types of their content.
ENVELOPES = {
    "WFTextTokenString": "text",
    "WFTextTokenAttachment": "variable",
    "WFDictionaryFieldValue": "dictionary",
    "WFArrayParameterState": "list",
    "WFQuantityFieldValue": "quantity",
    "WFTimeOffsetValue": "quantity",
    "WFContactFieldValue": "contact",
    "WFContentPredicateTableTemplate": "filter",
    "WFNumberSubstitutableState": "number",
    "WFStringSubstitutableState": "text",
}

# Types of a source that may turn out to be a plain type in use.
VAGUE = frozenset({"any", "entity", "enum"})
PLAIN = frozenset({"text", "number", "boolean", "date", "list", "dictionary", "quantity"})

# Types whose values have an envelope of their own; a parameter with plain text has another type.
PICKED = frozenset({"quantity", "contact", "location", "filter"})

# Prefixes of actions that share all of their keys.
FAMILIES = ("is.workflow.actions.filter.",)

Users = set[int]  # the shortcuts that use something, by number


class Usage:
    """The shortcuts that use each id, key, plain value, result name, and envelope of a lone variable (attachment, or text of one token)."""

    def __init__(self) -> None:
        self.shortcuts = 0
        self.ids: dict[str, Users] = defaultdict(set)
        self.keys: dict[tuple[str, str], Users] = defaultdict(set)
        self.kinds: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.values: dict[tuple[str, str], dict[str, Users]] = defaultdict(lambda: defaultdict(set))
        self.lone: dict[tuple[str, str], dict[bool, Users]] = defaultdict(lambda: {True: set(), False: set()})
        self.results: dict[str, dict[str, Users]] = defaultdict(lambda: defaultdict(set))
        self.givers: set[str] = set()  # the ids whose output something takes

    def add(self, shortcut: Record) -> None:
        """Count the actions of one shortcut."""
        self.shortcuts += 1
        makers: dict[str, tuple[str, bool]] = {}  # UUID -> id of the action, and whether its result has its default name
        for action in shortcut["WFWorkflowActions"]:
            if not isinstance(action, dict):
                continue
            api_id, parameters = action.get("WFWorkflowActionIdentifier"), action.get("WFWorkflowActionParameters") or {}
            if not isinstance(api_id, str) or not ID.fullmatch(api_id) or not isinstance(parameters, dict):
                continue  # a mistake, or a trap: no action has such an id
            self.ids[api_id].add(self.shortcuts)
            if isinstance(parameters.get("UUID"), str):
                makers[parameters["UUID"]] = api_id, "CustomOutputName" not in parameters
            for key, value in parameters.items():
                self.keys[api_id, key].add(self.shortcuts)
                self.kinds[api_id, key][kind_of(value)] += 1
                if isinstance(value, str):
                    self.values[api_id, key][value].add(self.shortcuts)
                if (is_attachment := lone_variable(value)) is not None:
                    self.lone[api_id, key][is_attachment].add(self.shortcuts)
        for uuid, name in _references(shortcut["WFWorkflowActions"]):
            if uuid in makers:
                api_id, by_default = makers[uuid]
                self.givers.add(api_id)
                if by_default:
                    self.results[api_id][name].add(self.shortcuts)

    def add_to(self, apis: dict[str, Record]) -> None:
        """Add the facts that enough shortcuts show, open enums that they contradict, and make parameters optional that they omit."""
        for api_id, users in sorted(self.ids.items()):
            if len(users) >= MIN_SHORTCUTS:
                api = apis.setdefault(api_id, new_api(api_id))
                api["source"] = sorted({*api["source"], "seen"}, key=PRECEDENCE.index)
            if api_id in apis:
                self._name_result(apis[api_id])
        for (api_id, key), users in sorted(self.keys.items()):
            if api_id in apis and not Catalog.is_generic(key):
                self._add_key(apis[api_id], key, users)
        for family in FAMILIES:
            self._share_keys(family, apis)
        for api_id, users in self.ids.items():
            for parameter in apis.get(api_id, {}).get("parameters", ()):
                if parameter.get("required") and users - self.keys[api_id, parameter["key"]]:
                    del parameter["required"]  # older shortcuts leave it to the output of the action before

    def _add_key(self, api: Record, key: str, users: Users) -> None:
        parameters = api.setdefault("parameters", [])
        parameter = next((item for item in parameters if item["key"] == key), None)
        if parameter is None and len(users) < MIN_SHORTCUTS:
            return
        if parameter is None:
            parameters.append(parameter := {"key": key})
        place = (api["id"], key)
        kind = max(self.kinds[place].items(), key=lambda item: (item[1], item[0]))[0]
        is_vague = parameter.get("type", "any") in VAGUE and not parameter.get("enum")
        if "type" not in parameter or (is_vague and kind in PLAIN and len(users) >= MIN_SHORTCUTS):
            parameter["type"] = kind
        if parameter.get("type") in PICKED and any(self.values[place]):
            parameter["type"] = "any"
        if parameter.get("enum") and kind in ("entity", "dictionary") and not self.values[place] and len(users) >= MIN_SHORTCUTS:
            parameter["type"] = kind  # the list of a source is about a part of the value
            parameter["enum"] = []
        if parameter.get("enum"):
            unknown = {value: by for value, by in self.values[place].items() if value not in parameter["enum"]}
            if unknown or self.kinds[place].keys() & {"boolean", "number"}:
                parameter["open_enum"] = True
                parameter["enum"] += sorted(value for value, by in unknown.items() if len(by) >= MIN_SHORTCUTS)
        attachments, texts = self.lone[place][True], self.lone[place][False]
        usual = len(attachments) > len(texts)
        if max(len(attachments), len(texts)) >= MIN_SHORTCUTS and usual != (parameter["type"] not in TEXTUAL):
            parameter["attachment"] = usual

    def _share_keys(self, family: str, apis: dict[str, Record]) -> None:
        """Give all actions of a family the keys that enough shortcuts use with any of them."""
        users: dict[str, Users] = defaultdict(set)
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for (api_id, key), by in self.keys.items():
            if api_id.startswith(family) and not Catalog.is_generic(key):
                users[key] |= by
                kinds[key] += self.kinds[api_id, key]
        shared = {key: kinds[key].most_common(1)[0][0] for key in sorted(users) if len(users[key]) >= MIN_TO_OVERRULE}
        for api in (apis[api_id] for api_id in sorted(apis) if api_id.startswith(family)):
            known = {parameter["key"] for parameter in api.setdefault("parameters", [])}
            api["parameters"] += [{"key": key, "type": kind} for key, kind in shared.items() if key not in known]

    def _name_result(self, api: Record) -> None:
        """Name the result as the majority of shortcuts does; there is none for an action whose setting names its result."""
        if api["id"] not in self.givers:
            return
        names, known = self.results.get(api["id"]) or {"": set[int]()}, api.get("result") or {"name": "", "types": []}
        name, users = max(names.items(), key=lambda item: (len(item[1]), item[0]))
        is_majority = len(users) * 2 > sum(map(len, names.values()))
        api["result"] = {**known, "name": name} if is_majority and len(users) >= MIN_TO_OVERRULE else known
        api["unknown"] = [what for what in api["unknown"] if what != "result"]


def _references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the (UUID, name) of every reference to an output, at any depth."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            uuid, name = item.get("OutputUUID"), item.get("OutputName")
            if item.get("Type") == "ActionOutput" and isinstance(uuid, str) and isinstance(name, str) and name.isprintable():
                yield uuid, name
            pending += item.values()
        elif isinstance(item, list):
            pending += item


def kind_of(value: Any) -> str:
    """Return the catalogue's type for a value in a shortcut."""
    if isinstance(value, dict):
        return ENVELOPES.get(str(value.get("WFSerializationType")), "variable" if value.get("Type") == "Variable" else "entity")
    kinds = ((bool, "boolean"), (int, "number"), (float, "number"), (str, "text"), (list, "list"), (datetime, "date"))
    return next((kind for python_type, kind in kinds if isinstance(value, python_type)), "any")


def lone_variable(value: Any) -> bool | None:
    """Return True for a lone variable that is an attachment, False for one that is a text of one token, None for other values."""
    kind = value.get("WFSerializationType") if isinstance(value, dict) else None
    if kind == "WFTextTokenAttachment":
        return True
    inner = value.get("Value") if kind == "WFTextTokenString" else None
    return False if isinstance(inner, dict) and inner.get("string") == "\ufffc" else None
