"""Values in their simplest spelling, so that two shortcuts can be compared."""

from __future__ import annotations

from typing import Any

from shortcuts.forms import constants, interpolation, values


def simplify(value: Any) -> Any:
    """Return a value in its simplest spelling: text without variables is a string."""
    if isinstance(value, list):
        return [simplify(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (plain := plain_text(value)) is not None:
        return plain
    return text_item({key: simplify(inner) for key, inner in simple_keys(value).items()})


def plain_text(value: dict[str, Any]) -> str | None:
    """Return the text of a token string without variables, or None for another value."""
    inner = value.get("Value")
    if not isinstance(inner, dict) or len(value) != 2 or value.get("WFSerializationType") != interpolation.TEXT:
        return None
    string = inner.get("string")
    is_plain = isinstance(string, str) and (len(inner) == 1 or inner == {"string": string, "attachmentsByRange": {}})
    return string if is_plain else None


def simple_keys(value: dict[str, Any]) -> dict[str, Any]:
    """Return a dictionary without labels and identities, if it is a token or an item of a dictionary."""
    if "Type" in value:
        kind = value["Type"]
        repeats = isinstance(kind, str) and kind in constants.GLOBAL_OF_TYPE and value.get("VariableName") == kind
        value = {key: inner for key, inner in value.items() if not (
            key in ("VariableUUID", "OutputName") or (key == "Aggrandizements" and inner == []) or (key == "VariableName" and repeats)
        )}  # fmt: skip
    if "WFKey" in value and "UUID" in value:
        value = {key: inner for key, inner in value.items() if key != "UUID"}
    return value


def text_item(item: dict[str, Any]) -> Any:
    """Return the text of an item of type Text, or any other simplified dictionary as it is."""
    if len(item) == 2 and item.get("WFItemType") == constants.TEXT_ITEM and isinstance(item.get("WFValue"), str):
        return item["WFValue"]
    return item


def tokenised_title(case: dict[str, Any]) -> Any:
    """Return a case's tokenised title without its envelope: a token string's `Value` or a plain text; None if it is not a text."""
    title = case.get("WFMenuItemAttributedTitle")
    inner = values.unwrap(title, interpolation.TEXT)
    title = title if inner is None else inner
    return title if isinstance(title, str) or (isinstance(title, dict) and isinstance(title.get("string"), str)) else None
