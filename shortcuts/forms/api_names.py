"""Action ids and what the catalogue says of them that the code leaves out: the id behind a call's name, the default name of its output."""

from __future__ import annotations

from functools import lru_cache

from shortcuts.catalog import Catalog, call_name
from shortcuts.control_flow import END, KINDS, RESULT_NAMES, Action, mode
from shortcuts.forms.identifiers import RESERVED
from shortcuts.syntax.nodes import is_keyword_name

COMMENT = "is.workflow.actions.comment"
SET_VARIABLE = "is.workflow.actions.setvariable"
APPEND_VARIABLE = "is.workflow.actions.appendvariable"
NOTHING = "is.workflow.actions.nothing"
_WITHOUT_OUTPUT = frozenset({COMMENT, SET_VARIABLE, APPEND_VARIABLE, NOTHING, "is.workflow.actions.exit", "is.workflow.actions.output"})


@lru_cache(maxsize=1 << 14)
def action_id(name: str, catalog: Catalog | None = None) -> str:
    """The action a call's name means: that of the catalogue, else the name with dots for underscores."""
    api = (catalog or Catalog.load()).by_name(name)
    return api.id if api else name.replace("_", ".")


@lru_cache(maxsize=1 << 14)
def is_callable(identifier: str, catalog: Catalog | None = None) -> bool:
    """Whether a call's name brings this id back, and means nothing else in Python; the others are written `action('id', ...)`."""
    name = call_name(identifier)
    return is_keyword_name(name) and name not in RESERVED and action_id(name, catalog) == identifier and identifier not in KINDS


@lru_cache(maxsize=1 << 14)
def default_output(identifier: str, catalog: Catalog | None = None) -> str | None:
    """What the app calls an action's output when the user has not named it."""
    if identifier in KINDS:
        return RESULT_NAMES[KINDS[identifier]]
    api = (catalog or Catalog.load()).get(identifier)
    return api.result.name if api and api.result and api.result.name else None


def has_output(action: Action) -> bool:
    """Whether an action gives a value to the one after it. A block gives one at its end."""
    kind = KINDS.get(action["WFWorkflowActionIdentifier"])
    return mode(action) == END if kind else action["WFWorkflowActionIdentifier"] not in _WITHOUT_OUTPUT


@lru_cache(maxsize=1 << 14)
def result_type(identifier: str, catalog: Catalog | None = None) -> str | None:
    """What an action gives, in the catalogue's words, if it always gives the same."""
    api = (catalog or Catalog.load()).get(identifier)
    return api.result.types[0] if api and api.result and len(api.result.types) == 1 else None


@lru_cache(maxsize=1 << 14)
def takes_text(identifier: str, key: str, catalog: Catalog | None = None) -> bool:
    """Whether a lone variable stands in this parameter as a text of one token, not as an attachment."""
    api = (catalog or Catalog.load()).get(identifier)
    parameter = api.parameter(key) if api else None
    return parameter is not None and not parameter.is_attachment
