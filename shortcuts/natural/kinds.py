"""The kinds of values, as far as the text of a program shows them: whether `a + b` is a sum, a text or a list depends on them."""

from __future__ import annotations

import ast

from shortcuts.catalog import Catalog
from shortcuts.forms import api_names, constants
from shortcuts.syntax.nodes import called, constant, keywords

TEXT, NUMBER, DATE, DAY, FLAG, DICTIONARY = "text", "number", "date", "day", "flag", "dictionary"
LIST, TEXTS, NUMBERS, EMPTY = "list", "list of texts", "list of numbers", "empty list"
ANSWER, MATCHES, MATCH, JSON = "web answer", "list of matches", "match", "JSON value"
LISTS = frozenset({LIST, TEXTS, NUMBERS, MATCHES})
DATES = frozenset({DATE, DAY})  # a day is a date without a time, of Python's datetime.date
NUMERIC = frozenset({NUMBER, FLAG})  # a flag is a number that is 1 for True and 0 for False
ITEMS = {TEXTS: TEXT, NUMBERS: NUMBER, MATCHES: MATCH}  # kind of a list -> kind of its items
LIST_OF = {TEXT: TEXTS, NUMBER: NUMBERS}
_OF_RESULT = {"text": TEXT, "url": TEXT, "number": NUMBER, "date": DATE, "dictionary": DICTIONARY, "list": LIST}
# Results on which the catalogue has no word, or too many.
_OF_ACTION = {
    "is_workflow_actions_text_split": TEXTS, "is_workflow_actions_text_match": MATCHES, "is_workflow_actions_text_combine": TEXT,
    "is_workflow_actions_text_changecase": TEXT, "is_workflow_actions_text_match_getgroup": TEXT, "is_workflow_actions_list": LIST,
    "is_workflow_actions_base64encode": TEXT, "is_workflow_actions_getlatestphotoimport": LIST, "is_workflow_actions_filter_files": LIST,
    "is_workflow_actions_dictatetext": TEXT, "is_workflow_actions_detect_dictionary": JSON,  # a dictionary, or a list of them
}  # fmt: skip
_OF_COERCION = {"as_text": TEXT, "as_url": TEXT, "as_number": NUMBER, "as_date": DATE, "as_dictionary": DICTIONARY}


def of_call(node: ast.Call, catalog: Catalog) -> str | None:
    """Return the kind of an action's output, or of a helper's value; None where it is not known."""
    name = called(node) or ""
    if name == "is_workflow_actions_list" and isinstance(items := keywords(node).get("WFItems"), ast.List):
        return of_list([of_literal(item) for item in items.elts])
    if name in _OF_ACTION:
        return _OF_ACTION[name]
    if name == "is_workflow_actions_ask":
        asked = constant(keywords(node).get("WFInputType"))
        return {"Text": TEXT, "Number": NUMBER, "Date": DATE, "Date and Time": DATE, None: TEXT}.get(asked)
    if name in _OF_COERCION:
        return _OF_COERCION[name]
    if name in constants.HELPERS:
        return {"current_date": DATE, "datetime": DATE, "float": NUMBER}.get(name)
    return _OF_RESULT.get(api_names.result_type(api_names.action_id(name, catalog), catalog) or "")


def of_literal(node: ast.expr) -> str | None:
    """Return the kind of a text or number that is written out; None for any other expression."""
    if constant(node) is not None or isinstance(node, ast.JoinedStr):
        return TEXT
    return NUMBER if constant(node, (int, float)) is not None else None


def of_list(items: list[str | None]) -> str:
    """Return the kind of a list with items of these kinds."""
    return LIST_OF.get(items[0] or "", LIST) if len(set(items)) == 1 else LIST
