"""The workflow level: `workflow(types=[...], input_types=[...], ...)` as the first statement of a program, and back.

A missing keyword means the default of a new shortcut, which takes any input and appears in the app alone. A key without a short name, or
with a value that its short name does not accept, is written as the key itself; keys that the app does not know go into `extra={...}`. Icon
and versions are kept in the residue, except a client version from before iOS 13: it changes how an app reads the file.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from typing import Any

from shortcuts import plist
from shortcuts.did_you_mean import nearest
from shortcuts.forms import values
from shortcuts.forms.constants import COERCIONS, PRESENTATION_KEYS
from shortcuts.forms.references import NO_NAMES, CompileScope, DecompileScope
from shortcuts.syntax.errors import DialectError
from shortcuts.syntax.nodes import call, is_none, keywords, name

VERSION, INPUT, QUESTIONS = "WFWorkflowClientVersion", "WFWorkflowInputContentItemClasses", "WFWorkflowImportQuestions"
SHORT_NAMES = {
    "client_version": VERSION,
    "types": "WFWorkflowTypes",
    "input_types": INPUT,
    "output_types": "WFWorkflowOutputContentItemClasses",
    "no_input": "WFWorkflowNoInputBehavior",
    "surfaces": "WFQuickActionSurfaces",
    "questions": QUESTIONS,
    "output_fallback": "WFWorkflowHasOutputFallback",
}
KEY_NAMES = {key: short for short, key in SHORT_NAMES.items()}
KEYS = PRESENTATION_KEYS | KEY_NAMES.keys() | {
    "WFWorkflowTriggers", "WFWorkflowVariables", "WFWorkflowIsDisabledOnLockScreen", "WFWorkflowShowInActionExtension",
}  # fmt: skip

_CLASSES = ("App AppStoreApp Article Contact Date EmailAddress Folder GenericFile Image iTunesProduct Location DCMapsLink AVAsset PDF "
            "PhoneNumber RichText SafariWebPage String URL")  # fmt: skip
EVERYTHING = [f"WF{name}ContentItem" for name in _CLASSES.split()]  # the app's default since iOS 17
EVERYTHING_BUT_APPS = EVERYTHING[1:]  # before iOS 17
EVERYTHING_BUT_APPS_AND_FOLDERS = [item for item in EVERYTHING_BUT_APPS if item != "WFFolderContentItem"]  # before iOS 16
CONSTANTS = {
    "EVERYTHING": EVERYTHING, "EVERYTHING_BUT_APPS": EVERYTHING_BUT_APPS,
    "EVERYTHING_BUT_APPS_AND_FOLDERS": EVERYTHING_BUT_APPS_AND_FOLDERS,
}  # fmt: skip
# The values of short names: the places where a shortcut appears, and the types of its input and output.
TYPES = ("WatchKit", "Watch", "NCWidget", "ActionExtension", "QuickActions", "MenuBar", "Sleep", "ReceivesOnScreenContent",
         "WFWorkflowTypeShowInSearch", "WFWorkflowTypeReceivesInputFromSearch")  # fmt: skip
SURFACES = ("Finder", "Services")
ITEM_CLASSES = (*EVERYTHING, *sorted({*COERCIONS.values()} - {*EVERYTHING}))
NO_INPUT = tuple(f"WFWorkflowNoInputBehavior{name}" for name in ("AskForInput", "GetClipboard", "ShowError"))
WORDS: dict[str, Sequence[str]] = {"types": TYPES, "surfaces": SURFACES, "input_types": ITEM_CLASSES, "output_types": ITEM_CLASSES}

# A new shortcut, as the Shortcuts app of iOS 18 writes it: a blue keyboard icon, and readable by every app since iOS 12.
DEFAULTS: dict[str, Any] = {
    VERSION: "2605.0.5",
    "WFWorkflowMinimumClientVersion": 900,
    "WFWorkflowMinimumClientVersionString": "900",
    "WFWorkflowIcon": {"WFWorkflowIconStartColor": 463140863, "WFWorkflowIconGlyphNumber": 59511},
    "WFWorkflowTypes": [],
    INPUT: EVERYTHING,
    "WFWorkflowOutputContentItemClasses": [],
    QUESTIONS: [],
    "WFWorkflowHasOutputFallback": False,
    "WFWorkflowHasShortcutInputVariables": False,
    "WFQuickActionSurfaces": [],
}


def is_old(version: Any) -> bool:
    """True for a client version from before iOS 13."""
    number = re.match(r"[0-9]{1,9}", version) if isinstance(version, str) else None
    return number is not None and int(number[0]) < 900


def defaults(head: dict[str, Any]) -> dict[str, Any]:
    """Return the workflow level of a new shortcut as the app makes it that a header names."""
    return {key: copy.copy(value) for key, value in {**DEFAULTS, INPUT: _default_input(head.get(VERSION))}.items()}


def _default_input(version: Any) -> list[str]:
    return EVERYTHING_BUT_APPS_AND_FOLDERS if is_old(version) else EVERYTHING


# ---------------------------------------------------------------------------------------------------------------------------------
# to Python


def to_statement(shortcut: dict[str, Any], questions: list[Any], scope: DecompileScope = NO_NAMES) -> ast.stmt | None:
    """Return the header of a shortcut, or None if all values are defaults. `questions`: those that do not stand with a parameter.

    scope: knows the outputs that such questions refer to.
    """
    arguments: dict[str, ast.expr] = {}
    extra: dict[str, Any] = {}
    hidden = PRESENTATION_KEYS - ({VERSION} if is_old(shortcut.get(VERSION)) else set()) | {"WFWorkflowActions"}
    for key in sorted({*shortcut, INPUT} - hidden):
        value = questions if key == QUESTIONS and isinstance(shortcut[key], list) else shortcut.get(key)
        if value is not None and is_default(key, value, shortcut.get(VERSION)):
            continue
        if key not in KEYS:
            extra[key] = value
            continue
        short = KEY_NAMES.get(key)
        arguments[short if short and (value is None or _fault(short, value) is None) else key] = _value_expr(key, value, scope)
    if extra:
        arguments["extra"] = values.literal_expr(extra)
    return ast.Expr(call("workflow", **arguments)) if arguments else None


def is_default(key: str, value: Any, version: Any = None) -> bool:
    """True if a value is the one that a missing keyword means."""
    if key == INPUT:
        return value == _default_input(version)
    return (value == [] and isinstance(value, list)) or value is False


def _value_expr(key: str, value: Any, scope: DecompileScope) -> ast.expr:
    if key == INPUT:
        constant = next((constant for constant, classes in CONSTANTS.items() if value == classes), None)
        if constant is not None:
            return name(constant)
    if key == "WFWorkflowNoInputBehavior":
        try:
            expression = values.to_expr(value, NO_NAMES)
            if plist.same(values.from_expr(expression, NO_NAMES), value):
                return expression
        except (LookupError, DialectError):
            pass
    return values.literal_expr(value, scope if key == QUESTIONS and isinstance(value, list) else None)


# ---------------------------------------------------------------------------------------------------------------------------------
# from Python


def from_statement(node: ast.Call, scope: CompileScope) -> dict[str, Any]:
    """Return the workflow-level keys that a header sets; None is a key that the file lacks. Raises DialectError."""
    if node.args:
        raise DialectError(node.lineno, f"workflow() takes keywords: {', '.join(SHORT_NAMES)}", "positional_argument")
    result: dict[str, Any] = {}
    for word, value in keywords(node).items():
        for key, given in _read(word, value, scope).items():
            if key in result:
                raise DialectError(node.lineno, f"workflow(): {word} is given twice", "duplicate_parameter")
            result[key] = given
    return result


def _read(word: str, node: ast.expr, scope: CompileScope) -> dict[str, Any]:
    """Return the keys that one keyword of a header sets. Raises DialectError."""
    if word == "extra":
        extra = values.literal(node, scope)
        if not isinstance(extra, dict) or extra.keys() & {*KEYS, "WFWorkflowActions"}:
            raise DialectError(node.lineno, "workflow(): extra is a dictionary of keys that have no other place")
        return extra
    if word not in SHORT_NAMES and word not in KEYS:
        raise DialectError(node.lineno, f"workflow() has no {word}{_nearest(word, [*SHORT_NAMES, *KEYS, 'extra'])}", "unknown_parameter")
    key = SHORT_NAMES.get(word, word)
    if is_none(node):
        return {key: None}
    if isinstance(node, ast.Name) and node.id in CONSTANTS:
        value: Any = list(CONSTANTS[node.id])
    else:
        value = values.from_expr(node, scope) if key == "WFWorkflowNoInputBehavior" else values.literal(node, scope)
    fault = _fault(word, value) if word in SHORT_NAMES else None
    if fault is not None:
        raise DialectError(node.lineno, f"workflow(): {word} {fault}", "enum_value")
    return {key: value}


def _fault(short: str, value: Any) -> str | None:
    """Return the fault of a value of a short name, as the rest of a sentence; None for a good value."""
    if short == "client_version":
        fits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", value)
        return None if fits else "is a version, such as '484'"
    if short == "output_fallback":
        return None if isinstance(value, bool) else "is True or False"
    if short == "no_input":
        given = value.get("Name") if isinstance(value, dict) else None
        if given in NO_INPUT and value.keys() <= {"Name", "Parameters"}:
            return None
        return f"is a dictionary of Name and Parameters; Name cannot be {given!r}{_nearest(given, NO_INPUT)}"
    if not isinstance(value, list):
        return "is a list"
    known = WORDS.get(short)
    if known is None:
        return None
    for item in value:
        if item not in known:
            return f"cannot hold {item!r}{_nearest(item, known)}"
    return None if len(set(value)) == len(value) else "holds one of them twice"


def _nearest(word: Any, known: Sequence[str]) -> str:
    """Return advice: the known word nearest to this one, apart from case and the common beginnings and ends; else the list of all."""
    stems = {_stem(one): one for one in reversed(known)}
    near = nearest(_stem(word), stems, 60, clear=0) if isinstance(word, str) else None
    return f"; did you mean {stems[near]!r}?" if near else f"; it is one of {', '.join(known)}"


def _stem(word: str) -> str:
    return re.sub("^WF(Workflow(NoInputBehavior)?)?|ContentItem$", "", word).casefold()
