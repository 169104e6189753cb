"""Facts about APIs that both directions need and the code leaves out: the id behind a call's name, the default name of its output."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Any

from shortcuts.catalog import Catalog, call_name
from shortcuts.control_flow import END, KINDS, RESULT_NAMES, Action, mode
from shortcuts.forms.constants import HELPERS, PYTHON_FUNCTIONS
from shortcuts.forms.identifiers import RESERVED
from shortcuts.syntax.nodes import called, is_keyword_name

COMMENT = "is.workflow.actions.comment"
SET_VARIABLE = "is.workflow.actions.setvariable"
APPEND_VARIABLE = "is.workflow.actions.appendvariable"
NOTHING = "is.workflow.actions.nothing"
_WITHOUT_OUTPUT = frozenset({COMMENT, SET_VARIABLE, APPEND_VARIABLE, NOTHING, "is.workflow.actions.exit", "is.workflow.actions.output"})


@lru_cache(maxsize=1 << 14)
def action_id(name: str, catalog: Catalog | None = None) -> str:
    """Return the id of the action that a call's name means: the catalogue's, else the name with dots for underscores."""
    return (catalog or Catalog.load()).action_id(name) or name.replace("_", ".")


@lru_cache(maxsize=1 << 14)
def is_callable(identifier: str, catalog: Catalog | None = None) -> bool:
    """True if a call's name leads back to this id and means nothing else in Python. Other actions are written `action('id', …)`."""
    name = call_name(identifier)
    free = is_keyword_name(name) and name not in RESERVED | PYTHON_FUNCTIONS
    return free and action_id(name, catalog) == identifier and identifier not in KINDS


@lru_cache(maxsize=1 << 14)
def default_output(identifier: str, catalog: Catalog | None = None) -> str | None:
    """Return the app's own name for an action's output, which it has until the user gives another; None if it is not known."""
    return RESULT_NAMES[KINDS[identifier]] if identifier in KINDS else (catalog or Catalog.load()).default_output(identifier)


def has_output(action: Action) -> bool:
    """True if an action gives a value to the one after it. A block gives its value at its end."""
    kind = KINDS.get(action["WFWorkflowActionIdentifier"])
    return mode(action) == END if kind else action["WFWorkflowActionIdentifier"] not in _WITHOUT_OUTPUT


def switches(parameters: dict[str, Any]) -> set[str]:
    """Return the parameters that say whether a row is unfolded in the editor; no program shows them."""
    return {key for key, value in parameters.items() if key.startswith("Show-") and isinstance(value, bool)}


@lru_cache(maxsize=1 << 14)
def result_type(identifier: str, catalog: Catalog | None = None) -> str | None:
    """Return the type of an action's result, in the catalogue's words (records.py); None where it varies or is not known."""
    api = (catalog or Catalog.load()).get(identifier)
    return api.result.types[0] if api and api.result and len(api.result.types) == 1 else None


def takes_text(identifier: str, key: str, catalog: Catalog | None = None) -> bool:
    """True if a lone variable stands in this parameter as a text of one token, not as an attachment."""
    return (catalog or Catalog.load()).takes_text(identifier, key)


def takes_output(identifier: str, key: str, catalog: Catalog | None = None) -> bool:
    """True if this parameter takes the output of an action: a text or a list that is written out has no effect there."""
    return (catalog or Catalog.load()).takes_output(identifier, key)


def is_action_call(node: ast.expr) -> bool:
    """True if an expression calls an action, not a helper."""
    function = called(node)
    return function is not None and (function not in HELPERS or function in ("action", "raw_action"))
