"""Triggers, which start a shortcut by itself (automations of OS 27), as decorators above `def shortcut():`, and back.

    @when_app_opened(WFAppState='opened', WFSelectedApps=[{'BundleIdentifier': 'com.apple.mobilesafari', 'Name': 'Safari'}])
    @runnable(surface=RunSurface.SHARE_SHEET)
    def shortcut():
        is_workflow_actions_showresult(Text='Hello')

The names are Apple's own in the Python of Shortcuts; parameters have the keys of the file, as those of actions. A shortcut without triggers
has no function. A trigger with an unknown identifier or parameter is `@trigger('WFNewTrigger', …)`; a list of triggers that this cannot
express stands in `workflow(WFWorkflowTriggers=[…])`.

In the file a trigger has an identifier, its parameters and a UUID. One identifier may have several names; the parameters decide which.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from shortcuts.catalog import Api, Catalog
from shortcuts.catalog.search import search as search_catalog
from shortcuts.did_you_mean import nearest
from shortcuts.forms import values
from shortcuts.forms.identifiers import made_uuid
from shortcuts.forms.references import NO_NAMES
from shortcuts.plist import same
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, called, const, constant, keywords, keywords_of_dict, name

KEY, TYPES, NO_INPUT = "WFWorkflowTriggers", "WFWorkflowTypes", "WFWorkflowNoInputBehavior"
IDENTIFIER, PARAMETERS, UUID = "WFTriggerIdentifier", "WFTriggerSerializedParameters", "WFTriggerUUID"
GENERIC = "trigger"

# Apple's names are known for these; other values stand in workflow(types=[…], no_input=…).
SURFACES = {"SHARE_SHEET": "ActionExtension", "APPLE_WATCH": "Watch"}
FALLBACKS = {"GET_CLIPBOARD": {"Name": "WFWorkflowNoInputBehaviorGetClipboard", "Parameters": {}}}
ENUMS = {"runnable": ("surface", "RunSurface", SURFACES), "input_fallback": ("behavior", "InputFallback", FALLBACKS)}


# ---------------------------------------------------------------------------------------------------------------------------------
# the 42 triggers


def _asks(parameters: dict[str, Any]) -> set[str]:
    """Return the parts of a message or an e-mail that its conditions test: "content", "sender"."""
    words = {key for key in parameters if key.endswith(("Sender", "Contains"))}
    for conditions in ("WFMessageConditions", "WFEmailConditions"):
        table = values.unwrap(parameters.get(conditions), "WFContentPredicateTableTemplate")
        rows = table.get(values.FILTER_ROWS) if isinstance(table, dict) else None
        words |= {str(row.get("Property")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    return {"content" if word == "Message" or "Subject" in word or "Contains" in word else "sender" for word in words}


@dataclass(frozen=True)
class Trigger:
    """A kind of trigger: Apple's name, its identifiers in the file and in ToolKit, its parameters, and its differences from its siblings.

    implied: parameters that follow from the name and are not written; needs: keys of which one is present; asks: see `_asks`.
    """

    name: str
    identifier: str
    variant: str
    keys: tuple[str, ...]
    implied: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()

    def fits(self, parameters: dict[str, Any]) -> bool:
        """True if parameters of the file are of this kind of trigger."""
        return (parameters.keys() <= {*self.keys, *self.implied}
                and all(key in parameters and same(parameters[key], value) for key, value in self.implied.items())
                and (not self.needs or any(key in parameters for key in self.needs)) and self.asks <= _asks(parameters))  # fmt: skip


def _row(label: str, variant: str, keys: str = "", identifier: str = "", **more: Any) -> Trigger:
    """Return a row of the table; the identifier and the name follow from the label unless they are given."""
    identifier = f"WF{identifier or label.title().replace('_', '')}Trigger"
    return Trigger(f"when_{label}_{variant or identifier.lower()}", identifier, variant, tuple(keys.split()), **more)


_EMAIL = "WFEmailConditions WFEmailSender WFEmailSubjectContains WFEmailAccount WFEmailRecipient"
_MESSAGE = "WFMessageConditions WFMessageSender WFMessageContains"
_DAY = "WFTimeOffset WFRecurrence"
_ARRIVE = ("WFArriveStartTime", "WFArriveEndTime", "WFArriveTimeRange")
_LEAVE = ("WFLeaveStartTime", "WFLeaveEndTime", "WFLeaveTimeRange")
_BOTH = frozenset({"sender", "content"})

# The rows of one identifier are sorted from specific to general: the first that fits is taken. The keys come from ToolKit v78 and from
# exported shortcuts, which differ for messages, e-mails, notifications and times.
TRIGGERS = [
    _row("airplane_mode", "changes", "WFAirplaneModeType"),
    _row("alarm", "specific_alarm", "WFAlarms WFAlarmState", needs=("WFAlarms",)),
    _row("alarm", "any_alarm", "WFAlarmState"),
    _row("app", "opened", "WFSelectedApps WFAppState", "AppInFocus"),
    _row("arrive", "enter_location_between", " ".join(("WFArriveLocation", *_ARRIVE)), "ArriveLocation", needs=_ARRIVE),
    _row("arrive", "enter_location", "WFArriveLocation", "ArriveLocation"),
    _row("battery_level", "equal", "WFBatteryLevel WFBatteryLevelComparison"),
    _row("bluetooth", "selected_connection_changes", "WFBluetoothConnectionType WFSelectedDevices", needs=("WFSelectedDevices",)),
    _row("bluetooth", "any_connection_changes", "WFBluetoothConnectionType"),
    _row("car_play", "changes", "WFCarPlayConnectionType", "CarPlayConnection"),
    _row("external_drive", "external_drive", "", "DiskMount"),
    _row("email", "senders_are_and_subject_contains", _EMAIL, asks=_BOTH),
    _row("email", "senders_are", _EMAIL, asks=frozenset({"sender"})),
    _row("email", "subject_contains", _EMAIL),
    _row("display", "", "WFConnectionType", "ExternalDisplay"),
    _row("file", "file_modified"),
    _row("folder", "folder_changed"),
    _row("keyboard", "connection_changes", "WFConnectionType"),
    _row("leave", "leave_location_between", " ".join(("WFLeaveLocation", *_LEAVE)), "LeaveLocation", needs=_LEAVE),
    _row("leave", "leave_location", "WFLeaveLocation", "LeaveLocation"),
    _row("low_power_mode", "changes", "WFLowPowerModeType"),
    _row("message", "senders_are_and_contains", _MESSAGE, asks=_BOTH),
    _row("message", "senders_are", _MESSAGE, asks=frozenset({"sender"})),
    _row("message", "contains", _MESSAGE),
    _row("nfc", "scan_tag", "WFNFCTag", "NFC"),
    _row("notification", "received", "SelectedApps Conditions"),
    _row("charger", "changes", "WFConnectionType", "PlugIn"),
    _row("screenshot", "saved", "ScreenshotLocations"),
    _row("sleep", "", "WFSleepMode"),
    _row("sound_recognition", "sound_recognition", "WFSounds"),
    _row("stage_manager", "on", "WFStageManagerType"),
    _row("time_of_day", "around_sunrise_on_recurring_day", _DAY, implied={"WFTimeEvent": "sunrise"}),
    _row("time_of_day", "around_sunset_on_recurring_day", _DAY, implied={"WFTimeEvent": "sunset"}),
    _row("time_of_day", "at_time_on_recurring_day", "WFTime WFRecurrence"),
    _row("focus", "enable", "WFFocusMode WFFocusEvent", "UserFocusActivity"),
    _row("wallet", "tap", "WFWalletCards WFWalletMerchantTypes WFWalletMerchants", "WalletTransaction"),
    _row("wi_fi", "disconnect_from_selected", "WFNetworks", "Wifi", implied={"WFConnectionType": "disconnected"}, needs=("WFNetworks",)),
    _row("wi_fi", "disconnect_from_any", "", "Wifi", implied={"WFConnectionType": "disconnected"}),
    _row("wi_fi", "connect_to_selected", "WFNetworks WFRunAfterConnectionInterruption WFConnectionType", "Wifi", needs=("WFNetworks",)),
    _row("wi_fi", "connect_to_any", "WFRunAfterConnectionInterruption WFConnectionType", "Wifi"),
    _row("apple_watch_workout", "specific", "WFWorkoutEvent WFWorkoutTypes", "Workout", needs=("WFWorkoutTypes",)),
    _row("apple_watch_workout", "any", "WFWorkoutEvent", "Workout"),
]
BY_NAME = {trigger.name: trigger for trigger in TRIGGERS}


def kind_of(identifier: str, parameters: dict[str, Any]) -> Trigger | None:
    """Return the kind of trigger with this identifier and these parameters, or None if it is unknown."""
    return next((trigger for trigger in TRIGGERS if trigger.identifier == identifier and trigger.fits(parameters)), None)


def search(text: str, limit: int = 5) -> list[Api]:
    """Return the triggers that fit a text best, as entries of a catalogue: "when my iPhone connects to Wi-Fi"."""
    return search_catalog(_catalog(), text, limit)


@lru_cache(maxsize=1)
def _catalog() -> Catalog:
    records = {}
    for trigger in TRIGGERS:
        api_id = f"com.apple.shortcuts.{trigger.identifier}.{trigger.variant}"
        parameters = [{"key": key, "type": "any"} for key in trigger.keys]
        records[api_id] = orjson.dumps({
            "id": api_id, "app": "com.apple.shortcuts", "app_name": "Shortcuts", "builtin": True, "title": trigger.name.replace("_", " "),
            "summary": "Runs the shortcut by itself.", "parameters": parameters, "source": ["tk"], "python_name": trigger.name,
        })  # fmt: skip
    return Catalog(records)


# ---------------------------------------------------------------------------------------------------------------------------------
# shortcut -> decorators


def to_decorators(shortcut: dict[str, Any]) -> tuple[list[ast.expr], dict[str, Any]]:
    """Return the decorators of a shortcut with triggers, and the workflow level without the keys that they express."""
    found = shortcut.get(KEY)
    decorators = [_decorator(trigger) for trigger in found] if isinstance(found, list) else []
    if not decorators or None in decorators:
        return [], shortcut
    said = {KEY}
    surfaces = _words(shortcut.get(TYPES))
    if surfaces:
        decorators += [_enum_call("runnable", surface) for surface in surfaces]
        said.add(TYPES)
    fallback = next((word for word, value in FALLBACKS.items() if same(value, shortcut.get(NO_INPUT))), None)
    if fallback:
        decorators.append(_enum_call("input_fallback", fallback))
        said.add(NO_INPUT)
    return [decorator for decorator in decorators if decorator], {key: value for key, value in shortcut.items() if key not in said}


def _words(types: Any) -> list[str]:
    """Return Apple's names of the places where a shortcut can be run; nothing unless all are known and none is repeated."""
    words = {kind: word for word, kind in SURFACES.items()}
    found = [words.get(kind) if isinstance(kind, str) else None for kind in types] if isinstance(types, list) else []
    return [] if None in found or len({*found}) < len(found) else [word for word in found if word]


def _enum_call(decorator: str, word: str) -> ast.expr:
    keyword, enum, _ = ENUMS[decorator]
    return call(decorator, **{keyword: ast.Attribute(name(enum), word, ast.Load())})


def _decorator(trigger: Any) -> ast.expr | None:
    """Return the decorator of a trigger, or None if the value is not shaped like a trigger."""
    if not isinstance(trigger, dict) or not {IDENTIFIER} <= trigger.keys() <= {IDENTIFIER, PARAMETERS, UUID}:
        return None
    identifier, parameters = trigger[IDENTIFIER], trigger.get(PARAMETERS)
    if not isinstance(identifier, str) or not isinstance(parameters, dict) or not isinstance(trigger.get(UUID, ""), str):
        return None
    kind = kind_of(identifier, parameters)
    shown = {key: _value_expr(parameters[key]) for key in sorted(parameters) if kind is None or key not in kind.implied}
    return ast.Call(name(kind.name if kind else GENERIC), [] if kind else [const(identifier)], keywords_of_dict(shown))


def _value_expr(value: Any) -> ast.expr:
    """Return the expression of a parameter: as in actions if that is read back as the same value, else written out as a literal."""
    try:
        expression = values.to_expr(value, NO_NAMES)
        if same(values.from_expr(ast.fix_missing_locations(expression), NO_NAMES), value):
            return expression
    except (LookupError, DialectError):
        pass
    return call("plain", values.literal_expr(value))


# ---------------------------------------------------------------------------------------------------------------------------------
# decorators -> shortcut

# Two parameters have other names in Apple's Python, and so have the fields of an app.
_APPLE_KEYS = {"when_app_opened": {"app": "WFSelectedApps", "state": "WFAppState"}}
_APP_FIELDS = {"Bundle Identifier": "BundleIdentifier", "Team Identifier": "TeamIdentifier"}


def from_decorators(decorators: list[ast.expr], head: dict[str, Any], report: Callable[[DialectError], None]) -> dict[str, Any]:
    """Return the workflow-level keys that the decorators of a program set; `head` holds those that its `workflow(…)` sets."""
    result: dict[str, Any] = {}
    for decorator in decorators:
        try:
            key, value = _read(decorator, len(result.get(KEY, ())))
            if key in head:
                raise DialectError(decorator.lineno, f"{key} is said twice: here and in workflow(…); leave one out")
            if key == NO_INPUT and key in result:
                raise DialectError(decorator.lineno, "there is one @input_fallback in a program; leave out the other")
            if key != NO_INPUT and value in result.get(key, ()):
                raise DialectError(decorator.lineno, f"@{ast.unparse(decorator)} stands there twice")
            result[key] = value if key == NO_INPUT else [*result.get(key, ()), value]
        except DialectError as error:
            report(error)
    return result


def _read(decorator: ast.expr, number: int) -> tuple[str, Any]:
    """Return the workflow-level key of one decorator, and its value. `number` is that of the trigger, from 0. Raises DialectError."""
    node = decorator if isinstance(decorator, ast.Call) else ast.copy_location(ast.Call(decorator, [], []), decorator)
    word = called(node) or ast.unparse(node.func)
    if word in ENUMS:
        return TYPES if word == "runnable" else NO_INPUT, _enum_value(word, node)
    trigger = BY_NAME.get(word)
    if trigger is None and word != GENERIC:
        near = nearest(word, [*BY_NAME, *ENUMS], 50, clear=0)
        advice = f"did you mean @{near}?" if near else f"@{GENERIC}('WF…Trigger', …) is any other"
        raise DialectError(node.lineno, f"there is no trigger @{word}; {advice}", "unknown_trigger")
    identifier = trigger.identifier if trigger else _identifier(node)
    if trigger and node.args:
        raise DialectError(node.lineno, f"the parameters of @{word} are given by name: {', '.join(trigger.keys) or 'it has none'}")
    parameters = _parameters(node, trigger)
    return KEY, {IDENTIFIER: identifier, PARAMETERS: parameters, UUID: made_uuid(f"trigger {number} {identifier}")}


def _identifier(node: ast.Call) -> str:
    identifier = constant(node.args[0]) if len(node.args) == 1 else None
    if identifier is None:
        raise DialectError(node.lineno, f"@{GENERIC}('WF…Trigger', …) has the trigger's identifier first, and its parameters by name")
    return identifier


def _parameters(node: ast.Call, trigger: Trigger | None) -> dict[str, Any]:
    """Return the parameters of a trigger, those that its name implies included. Raises DialectError."""
    apple_keys = _APPLE_KEYS.get(trigger.name, {}) if trigger else {}
    result: dict[str, Any] = {}
    for word, expression in keywords(node).items():
        key = apple_keys.get(word, word)
        if trigger and key not in trigger.keys:
            near = nearest(key, trigger.keys, 50, clear=0)
            advice = f"did you mean {near}?" if near else f"it has {', '.join(trigger.keys) or 'none'}"
            raise DialectError(node.lineno, f"@{trigger.name} has no parameter {word}; {advice}", "unknown_parameter")
        if key in result:
            raise DialectError(node.lineno, f"parameter {key} is given twice", "duplicate_parameter")
        result[key] = _apple_value(expression) if word in apple_keys else values.from_expr(expression, NO_NAMES)
    if trigger is None:
        return result
    result |= trigger.implied
    kind = kind_of(trigger.identifier, result)
    if kind is not trigger:
        if trigger.needs and not any(key in result for key in trigger.needs):
            raise DialectError(node.lineno, f"@{trigger.name} needs {' or '.join(trigger.needs)}", "missing_parameter")
        raise DialectError(node.lineno, f"with these parameters this is @{kind.name if kind else GENERIC}; use that name")
    return result


def _apple_value(expression: ast.expr) -> Any:
    """Return a value that is written as in Apple's Python: a case of an enumeration, or apps with other names for their fields."""
    if isinstance(expression, ast.Attribute):
        return expression.attr.lower()
    value = values.from_expr(expression, NO_NAMES)
    apps = value if isinstance(value, list) else []
    return [{_APP_FIELDS.get(key, key): item for key, item in app.items()} if isinstance(app, dict) else app for app in apps] or value


def _enum_value(word: str, node: ast.Call) -> Any:
    keyword, enum, known = ENUMS[word]
    given = keywords(node)
    value = given.get(keyword)
    is_case = isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name) and value.value.id == enum and value.attr in known
    if node.args or given.keys() != {keyword} or not is_case:
        cases = " or ".join(f"{enum}.{case}" for case in known)
        raise DialectError(node.lineno, f"@{word}({keyword}=…) takes {cases}; others stand in workflow(…)")
    assert isinstance(value, ast.Attribute)
    return copy.deepcopy(known[value.attr])
