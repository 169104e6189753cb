"""Automations of OS 27: what starts a shortcut by itself, as decorators above `def shortcut():`, and back.

    @when_app_opened(WFAppState='opened', WFSelectedApps=[{'BundleIdentifier': 'com.apple.mobilesafari', 'Name': 'Safari'}])
    @runnable(surface=RunSurface.SHARE_SHEET)
    def shortcut():
        is_workflow_actions_showresult(Text='Hello')

The names are Apple's own in the Python of Shortcuts, the parameters have their keys in the file, as those of actions do. A shortcut without
triggers is written as it always was, without a function. A trigger that is not known, or has a parameter that is not, is
`@trigger('WFNewTrigger', …)`; what not even that says stands in `workflow(WFWorkflowTriggers=[…])`.

In the file a trigger has an identifier, its parameters and a UUID. Which of an identifier's names it has follows from the parameters.
"""

from __future__ import annotations

import ast
import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from shortcuts.catalog import Api, Catalog
from shortcuts.catalog.search import search as search_catalog
from shortcuts.did_you_mean import nearest
from shortcuts.forms import values
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
    """What the conditions of a message or an e-mail ask about: what it says, or who sent it."""
    words = {key for key in parameters if key.endswith(("Sender", "Contains"))}
    for conditions in ("WFMessageConditions", "WFEmailConditions"):
        table = values.unwrap(parameters.get(conditions), "WFContentPredicateTableTemplate")
        rows = table.get(values.FILTER_ROWS) if isinstance(table, dict) else None
        words |= {str(row.get("Property")) for row in rows if isinstance(row, dict)} if isinstance(rows, list) else set()
    return {"content" if word == "Message" or "Subject" in word or "Contains" in word else "sender" for word in words}


@dataclass(frozen=True)
class Trigger:
    """A kind of trigger: Apple's name, its identifiers in the file and in ToolKit, its parameters, and how it is told from its siblings.

    implied: parameters that the name says, and the code does not; needs: one of these is there; asks: see `_asks`.
    """

    name: str
    identifier: str
    variant: str
    keys: tuple[str, ...]
    implied: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    asks: frozenset[str] = frozenset()

    def fits(self, parameters: dict[str, Any]) -> bool:
        """Whether parameters of the file are this trigger's."""
        return (parameters.keys() <= {*self.keys, *self.implied}
                and all(key in parameters and same(parameters[key], value) for key, value in self.implied.items())
                and (not self.needs or any(key in parameters for key in self.needs)) and self.asks <= _asks(parameters))  # fmt: skip


def _row(label: str, variant: str, keys: str = "", identifier: str = "", **more: Any) -> Trigger:
    """A row of the table; what is not given follows from the rest, as it does in most."""
    identifier = f"WF{identifier or label.title().replace('_', '')}Trigger"
    return Trigger(f"when_{label}_{variant or identifier.lower()}", identifier, variant, tuple(keys.split()), **more)


_EMAIL = "WFEmailConditions WFEmailSender WFEmailSubjectContains WFEmailAccount WFEmailRecipient"
_MESSAGE = "WFMessageConditions WFMessageSender WFMessageContains"
_DAY = "WFTimeOffset WFRecurrence"
_ARRIVE = ("WFArriveStartTime", "WFArriveEndTime", "WFArriveTimeRange")
_LEAVE = ("WFLeaveStartTime", "WFLeaveEndTime", "WFLeaveTimeRange")
_BOTH = frozenset({"sender", "content"})

# Of one identifier the more particular come first: the first that fits is taken. Keys are those of ToolKit v78 and those seen in exported
# shortcuts, which differ for messages, e-mails, notifications and times.
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
    """The trigger with this identifier and these parameters, if it is a known one."""
    return next((trigger for trigger in TRIGGERS if trigger.identifier == identifier and trigger.fits(parameters)), None)


def search(text: str, limit: int = 5) -> list[Api]:
    """The triggers that fit a text best, as entries of a catalogue: "when my iPhone connects to Wi-Fi"."""
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
    """The decorators of a shortcut with triggers, and the workflow level without what they say; without triggers it stays as it is."""
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
    """Apple's names of the places where a shortcut can be run, if they are all known and each is there once."""
    words = {kind: word for word, kind in SURFACES.items()}
    found = [words.get(kind) if isinstance(kind, str) else None for kind in types] if isinstance(types, list) else []
    return [] if None in found or len({*found}) < len(found) else [word for word in found if word]


def _enum_call(decorator: str, word: str) -> ast.expr:
    keyword, enum, _ = ENUMS[decorator]
    return call(decorator, **{keyword: ast.Attribute(name(enum), word, ast.Load())})


def _decorator(trigger: Any) -> ast.expr | None:
    """The decorator of a trigger, or None if it has not the form of one."""
    if not isinstance(trigger, dict) or not {IDENTIFIER} <= trigger.keys() <= {IDENTIFIER, PARAMETERS, UUID}:
        return None
    identifier, parameters = trigger[IDENTIFIER], trigger.get(PARAMETERS)
    if not isinstance(identifier, str) or not isinstance(parameters, dict) or not isinstance(trigger.get(UUID, ""), str):
        return None
    kind = kind_of(identifier, parameters)
    shown = {key: _value_expr(parameters[key]) for key in sorted(parameters) if kind is None or key not in kind.implied}
    return ast.Call(name(kind.name if kind else GENERIC), [] if kind else [const(identifier)], keywords_of_dict(shown))


def _value_expr(value: Any) -> ast.expr:
    """The form that is read back as the very value: the one that parameters of actions have, or else the value written out."""
    try:
        expression = values.to_expr(value, NO_NAMES)
        if same(values.from_expr(ast.fix_missing_locations(expression), NO_NAMES), value):
            return expression
    except (LookupError, DialectError):
        pass
    return call("plain", values.literal_expr(value))


# ---------------------------------------------------------------------------------------------------------------------------------
# decorators -> shortcut

# What Apple's Python calls two of the parameters, and the fields of an app in it.
_SPOKEN = {"when_app_opened": {"app": "WFSelectedApps", "state": "WFAppState"}}
_APP_FIELDS = {"Bundle Identifier": "BundleIdentifier", "Team Identifier": "TeamIdentifier"}


def from_decorators(decorators: list[ast.expr], head: dict[str, Any], report: Callable[[DialectError], None]) -> dict[str, Any]:
    """The keys of the workflow level that the decorators of a program set; `head` are those that its `workflow(…)` does."""
    result: dict[str, Any] = {}
    for decorator in decorators:
        try:
            key, value = _read(decorator, len(result.get(KEY, ())))
            if key in head:
                raise DialectError(decorator.lineno, f"{key} is said twice: here and in workflow(…)")
            if key == NO_INPUT and key in result:
                raise DialectError(decorator.lineno, "there is one @input_fallback")
            if key != NO_INPUT and value in result.get(key, ()):
                raise DialectError(decorator.lineno, f"@{ast.unparse(decorator)} stands there twice")
            result[key] = value if key == NO_INPUT else [*result.get(key, ()), value]
        except DialectError as error:
            report(error)
    return result


def _read(decorator: ast.expr, number: int) -> tuple[str, Any]:
    """(key of the workflow level, value) of one decorator, the trigger with this number, from 0, if it is one."""
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
    made = uuid.uuid5(uuid.NAMESPACE_OID, f"trigger {number} {identifier}")
    return KEY, {IDENTIFIER: identifier, PARAMETERS: parameters, UUID: str(made).upper()}


def _identifier(node: ast.Call) -> str:
    identifier = constant(node.args[0]) if len(node.args) == 1 else None
    if identifier is None:
        raise DialectError(node.lineno, f"@{GENERIC}('WF…Trigger', …) has the trigger's identifier first, and its parameters by name")
    return identifier


def _parameters(node: ast.Call, trigger: Trigger | None) -> dict[str, Any]:
    """The parameters of a trigger, those that its name implies included."""
    spoken = _SPOKEN.get(trigger.name, {}) if trigger else {}
    result: dict[str, Any] = {}
    for word, expression in keywords(node).items():
        key = spoken.get(word, word)
        if trigger and key not in trigger.keys:
            near = nearest(key, trigger.keys, 50, clear=0)
            advice = f"did you mean {near}?" if near else f"it has {', '.join(trigger.keys) or 'none'}"
            raise DialectError(node.lineno, f"@{trigger.name} has no parameter {word}; {advice}", "unknown_parameter")
        if key in result:
            raise DialectError(node.lineno, f"parameter {key} is given twice", "duplicate_parameter")
        result[key] = _spoken_value(expression) if word in spoken else values.from_expr(expression, NO_NAMES)
    if trigger is None:
        return result
    result |= trigger.implied
    kind = kind_of(trigger.identifier, result)
    if kind is not trigger:
        if trigger.needs and not any(key in result for key in trigger.needs):
            raise DialectError(node.lineno, f"@{trigger.name} needs {' or '.join(trigger.needs)}", "missing_parameter")
        raise DialectError(node.lineno, f"with these parameters this is @{kind.name if kind else GENERIC}")
    return result


def _spoken_value(expression: ast.expr) -> Any:
    """A value as Apple's Python has it: a case of an enumeration, or apps with the names of their fields spelled out."""
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
