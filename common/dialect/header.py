"""The workflow level: `workflow(types=[...], input_types=[...], ...)` as the first statement of a program, and back.

What is left out is the default of a new shortcut: it takes any input, and appears nowhere but in the app. Keys without a short name are
written as they are. Icon and versions stand in the residue.
"""

from __future__ import annotations

import ast
from typing import Any

from common.dialect import reading, values
from common.dialect.canonical import PRESENTATION_KEYS
from common.dialect.syntax import call, keywords, name
from common.dialect.tokens import Reading

SHORT_NAMES = {
    "types": "WFWorkflowTypes",
    "input_types": "WFWorkflowInputContentItemClasses",
    "output_types": "WFWorkflowOutputContentItemClasses",
    "no_input": "WFWorkflowNoInputBehavior",
    "surfaces": "WFQuickActionSurfaces",
    "questions": "WFWorkflowImportQuestions",
    "output_fallback": "WFWorkflowHasOutputFallback",
}
KEY_NAMES = {key: short for short, key in SHORT_NAMES.items()}

_CLASSES = ("AppStoreApp Article Contact Date EmailAddress Folder GenericFile Image iTunesProduct Location DCMapsLink AVAsset PDF "
            "PhoneNumber RichText SafariWebPage String URL")  # fmt: skip
EVERYTHING = [f"WF{name}ContentItem" for name in _CLASSES.split()]
EVERYTHING_BUT_FOLDERS = [item for item in EVERYTHING if item != "WFFolderContentItem"]  # the default before iOS 16
_CONSTANTS = {"EVERYTHING": EVERYTHING, "EVERYTHING_BUT_FOLDERS": EVERYTHING_BUT_FOLDERS}

# A new shortcut, as the Shortcuts app of iOS 18 writes it: a blue keyboard icon, and readable by every app since iOS 12.
DEFAULTS: dict[str, Any] = {
    "WFWorkflowClientVersion": "2605.0.5",
    "WFWorkflowMinimumClientVersion": 900,
    "WFWorkflowMinimumClientVersionString": "900",
    "WFWorkflowIcon": {"WFWorkflowIconStartColor": 463140863, "WFWorkflowIconGlyphNumber": 59511},
    "WFWorkflowTypes": [],
    "WFWorkflowInputContentItemClasses": EVERYTHING,
    "WFWorkflowOutputContentItemClasses": [],
    "WFWorkflowImportQuestions": [],
    "WFWorkflowHasOutputFallback": False,
    "WFWorkflowHasShortcutInputVariables": False,
    "WFQuickActionSurfaces": [],
}


def to_statement(shortcut: dict[str, Any], questions: list[Any]) -> ast.stmt | None:
    """The header of a shortcut, or None where all is default. `questions`: those that no action's code can carry."""
    arguments: dict[str, ast.expr] = {}
    for key in sorted({*shortcut, "WFWorkflowInputContentItemClasses"} - PRESENTATION_KEYS - {"WFWorkflowActions"}):
        value = questions if key == "WFWorkflowImportQuestions" and isinstance(shortcut[key], list) else shortcut.get(key)
        if value is None:
            arguments[KEY_NAMES.get(key, key)] = ast.Constant(None)
        elif not is_default(key, value):
            arguments[KEY_NAMES.get(key, key)] = _value_expr(key, value)
    return ast.Expr(call("workflow", **arguments)) if arguments else None


def is_default(key: str, value: Any) -> bool:
    """Whether a value is what a header that does not name it means."""
    if key == "WFWorkflowInputContentItemClasses":
        return value == EVERYTHING
    return (value == [] and isinstance(value, list)) or value is False


def _value_expr(key: str, value: Any) -> ast.expr:
    if key == "WFWorkflowInputContentItemClasses" and value == EVERYTHING_BUT_FOLDERS:
        return name("EVERYTHING_BUT_FOLDERS")
    return values.literal_expr(value)


def from_statement(node: ast.Call, scope: Reading) -> dict[str, Any]:
    """The workflow-level keys that a header sets; None stands for a key that is left out."""
    result: dict[str, Any] = {}
    for word, value in keywords(node).items():
        key = SHORT_NAMES.get(word, word)
        if isinstance(value, ast.Constant) and value.value is None:
            result[key] = None
        elif isinstance(value, ast.Name) and value.id in _CONSTANTS:
            result[key] = list(_CONSTANTS[value.id])
        else:
            result[key] = reading.literal(value, scope)
    return result
