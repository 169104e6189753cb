"""Random shortcuts, hostile ones included, for property-based tests of the dialect."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

from shortcuts.forms import header

UUIDS = [f"{number:08X}-0000-4000-8000-000000000000" for number in range(6)]
VARIABLES = ["Total", "my var", "größe 📏", "a-b", "a b", "class", "list", "X_1", "Repeat Item", "Repeat Index 2", "", "1st", "数"]
LABELS = ["Text", "If Result", "Wörterbuch", "Text_2", "print", "", "a" * 80]
HOSTILE = ["", "plain", "it's \"both\"", "'''", '"""', "{braces} {{x}}", "back\\slash\\", "line\nbreak\r\ttab", "\ufffc", "emoji 😀 x", "\x00\x1b", "# no comment",
           "f'{x}'", "\ud800", "é\u0301", "\u2028", "%s %d", "{0}"]  # fmt: skip

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12))
scalars = st.one_of(
    texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.binary(max_size=6),
    st.datetimes(min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(2100, 1, 1)),
)  # fmt: skip

steps = st.one_of(
    st.builds(lambda key: {"Type": "WFDictionaryValueVariableAggrandizement", "DictionaryKey": key}, texts),
    st.sampled_from([
        {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFNumberContentItem"},
        {"Type": "WFCoercionVariableAggrandizement", "CoercionItemClass": "WFOddContentItem"},
        {"Type": "WFPropertyVariableAggrandizement", "PropertyName": "File Size", "PropertyUserInfo": "WFFileSizeProperty"},
        {"Type": "WFPropertyVariableAggrandizement", "PropertyName": "is odd?", "PropertyUserInfo": -3},
        {"Type": "WFPropertyVariableAggrandizement", "PropertyName": "Name"},
        {"Type": "WFPropertyVariableAggrandizement", "PropertyName": "format", "PropertyUserInfo": {}},
        {"Type": "WFDateFormatVariableAggrandizement", "WFDateFormatStyle": "Custom", "WFDateFormat": "HH:mm", "WFISO8601IncludeTime": False},
        {"Type": "WFDateFormatVariableAggrandizement", "WFDateFormatStyle": "ISO 8601", "WFISO8601IncludeTime": True},
        {"Type": "WFUnitVariableAggrandizement", "WFUnitSymbol": "kg", "WFMeasurementUnitType": "Mass"},
        {"Type": "WFUnheardOfAggrandizement", "Key": 1},
    ]),
)  # fmt: skip
bases = st.one_of(
    st.builds(lambda uuid, label: {"Type": "ActionOutput", "OutputUUID": uuid, "OutputName": label}, st.sampled_from(UUIDS), st.sampled_from(LABELS)),
    st.builds(lambda name: {"Type": "Variable", "VariableName": name}, st.sampled_from(VARIABLES)),
    st.sampled_from([{"Type": "ExtensionInput"}, {"Type": "Clipboard"}, {"Type": "Ask", "Prompt": "Which?"}, {"Type": "CurrentDate"}, {"Type": "Odd"}]),
)
tokens = st.builds(lambda base, more: {**base, **({"Aggrandizements": more} if more else {})}, bases, st.lists(steps, max_size=2))


def _token_string(parts: list[Any]) -> dict[str, Any]:
    text, attachments, length = "", {}, 0
    for part in parts:
        if isinstance(part, str):
            text += part
            length += len(part.encode("utf-16-le", "surrogatepass")) // 2
        else:
            attachments[f"{{{length}, 1}}"] = part
            text += "\ufffc"
            length += 1
    return {"Value": {"string": text, "attachmentsByRange": attachments}, "WFSerializationType": "WFTextTokenString"}


def envelope(kind: str, value: Any) -> dict[str, Any]:
    """An envelope of a kind."""
    return {"Value": value, "WFSerializationType": kind}


def _items(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.builds(lambda key, value: {"WFKey": key, **value}, token_strings | texts, values), max_size=3)


def dictionary(items: list[dict[str, Any]]) -> dict[str, Any]:
    """A dictionary field."""
    return envelope("WFDictionaryFieldValue", {"WFDictionaryFieldValueItems": items})


# A surrogate that ends one part and one that begins the next would join to one character, as in no real file.
token_strings = st.builds(_token_string, st.lists(st.one_of(texts.filter(lambda text: "\ud800" not in text), tokens), max_size=4))
attachments = st.builds(lambda token: envelope("WFTextTokenAttachment", token), tokens)
fields = st.recursive(
    st.builds(lambda value: {"WFItemType": 0, "WFValue": value}, token_strings)
    | st.builds(lambda value: {"WFItemType": 3, "WFValue": value}, token_strings | st.sampled_from(["5", "05", "1e3", "-2.5"]))
    | st.builds(lambda value: {"WFItemType": 4, "WFValue": envelope("WFNumberSubstitutableState", value)}, st.booleans() | st.just(1) | attachments)
    | st.builds(lambda value: {"WFItemType": 9, "WFValue": value}, scalars),
    lambda inner: st.builds(lambda items: {"WFItemType": 1, "WFValue": envelope("WFDictionaryFieldValue", dictionary(items))}, _items(inner))
    | st.builds(lambda items: {"WFItemType": 2, "WFValue": envelope("WFArrayParameterState", items)}, st.lists(inner | texts, max_size=3)),
    max_leaves=5,
)


values = st.recursive(
    st.one_of(
        scalars, attachments, token_strings, st.builds(dictionary, _items(fields)),
        st.builds(lambda size, unit: envelope("WFQuantityFieldValue", {"Magnitude": size, "Unit": unit}), st.sampled_from(["5", 5, 2.5]) | tokens, texts),
        st.builds(lambda value: envelope("WFTimeOffsetValue", {"Operation": "Add", "Unit": "Day", "Value": value}), st.integers(0, 9) | tokens),
        st.builds(lambda kind, value: envelope(kind, value), st.sampled_from(["WFStringSubstitutableState", "WFUnheardOfState"]), scalars | attachments),
        st.builds(
            lambda value, prefix: envelope("WFContentPredicateTableTemplate", {
                "WFActionParameterFilterPrefix": prefix, "WFContentPredicateBoundedDate": False,
                "WFActionParameterFilterTemplates": [{"Operator": 4, "Property": "Name", "Removable": True, "Values": {"String": value, "Unit": 4}}],
            }),
            texts | token_strings, st.sampled_from([0, 1, -1]),
        ),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)  # fmt: skip

IDENTIFIERS = ["is.workflow.actions.gettext", "is.workflow.actions.url", "is.workflow.actions.dictionary", "com.example.un-known_app.Do_It", "3rd.odd", "menu"]
KEYS = ["WFTextActionText", "WFItems", "WFInput", "Show-text", "pass", "key with space", "WFHTTPHeaders", "ﬁ", ""]
parameters = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)


@st.composite
def actions(draw: st.DrawFn, depth: int = 0) -> list[dict[str, Any]]:
    """A flat list of actions with balanced blocks."""
    result = []
    for _ in range(draw(st.integers(0, 4 if depth == 0 else 2))):
        kind = draw(st.sampled_from(["call", "call", "set", "append", "comment", *(["if", "each", "count", "menu"] if depth < 3 else [])]))
        result += {"call": _call, "set": _set, "append": _set, "comment": _comment}.get(kind, _block)(draw, kind, depth)
    return result


def action(identifier: str, **parameters: Any) -> dict[str, Any]:
    """An action."""
    return {"WFWorkflowActionIdentifier": identifier, "WFWorkflowActionParameters": parameters}


def _identity(draw: st.DrawFn) -> dict[str, Any]:
    identity = {}
    if draw(st.booleans()):
        identity["UUID"] = draw(st.sampled_from(UUIDS))
    if draw(st.integers(0, 4)) == 0:
        identity["CustomOutputName"] = draw(st.sampled_from(LABELS))
    return identity


def _call(draw: st.DrawFn, kind: str, depth: int) -> list[dict[str, Any]]:
    return [action(draw(st.sampled_from(IDENTIFIERS)), **draw(parameters), **_identity(draw))]


def _set(draw: st.DrawFn, kind: str, depth: int) -> list[dict[str, Any]]:
    source = draw(st.sampled_from([{}, {"WFInput": draw(attachments)}, {"WFInput": draw(values)}]))
    return [action(f"is.workflow.actions.{kind}variable", WFVariableName=draw(st.sampled_from(VARIABLES)), **source, **_identity(draw))]


def _comment(draw: st.DrawFn, kind: str, depth: int) -> list[dict[str, Any]]:
    return [action("is.workflow.actions.comment", WFCommentActionText=draw(token_strings | texts))]


CONDITIONS = [0, 1, 2, 3, 4, 5, 8, 9, 99, 999, 100, 101, 1000, 1001, 1002, 1003, "Equals", "Is Greater Than", 77]


def _condition(draw: st.DrawFn) -> dict[str, Any]:
    subject = {"WFInput": {"Type": "Variable", "Variable": draw(attachments)}} if draw(st.booleans()) else {}
    operands = {
        "WFConditionalActionString": draw(texts | token_strings), "WFNumberValue": draw(st.sampled_from(["5", "05", 7, 2.5, ""])), "WFAnotherNumber": "9",
        "WFDate": draw(attachments), "WFMeasurement": envelope("WFQuantityFieldValue", {"Magnitude": "1", "Unit": "km"}), "WFEnumeration": "Odd", "WFLinkEnumeration": {"value": "odd"},
        "WFDuration": envelope("WFQuantityFieldValue", {"Magnitude": "3", "Unit": "days"}), "WFConditionalLegacyComparisonBehavior": True,
    }  # fmt: skip
    chosen = draw(st.lists(st.sampled_from(sorted(operands)), max_size=2, unique=True))
    condition = {"WFCondition": draw(st.sampled_from(CONDITIONS))} if draw(st.integers(0, 5)) else {}
    if isinstance(condition.get("WFCondition"), int) and draw(st.booleans()):
        operands["WFNumberValue"] = draw(attachments)
    return {**subject, **condition, **{key: operands[key] for key in chosen}}


def _block(draw: st.DrawFn, kind: str, depth: int) -> list[dict[str, Any]]:
    identifier = "is.workflow.actions." + {"if": "conditional", "each": "repeat.each", "count": "repeat.count", "menu": "choosefrommenu"}[kind]
    group = {"GroupingIdentifier": f"GROUP-{draw(st.integers(0, 10**6))}"}
    start: dict[str, Any] = {"each": {"WFInput": draw(attachments)}, "count": {"WFRepeatCount": draw(st.sampled_from([3, 2.0, "4"]))}}.get(kind, {})
    if kind == "if":
        start = draw(st.builds(lambda rows: {"WFConditions": envelope("WFContentPredicateTableTemplate", {
            "WFActionParameterFilterPrefix": draw(st.sampled_from([1, 0, -1, 7])), "WFActionParameterFilterTemplates": rows,
            **draw(st.sampled_from([{"WFContentPredicateBoundedDate": False}, {"WFContentPredicateBoundedDate": True}, {}])),
        })}, st.just([_condition(draw), _condition(draw)]))) if draw(st.integers(0, 5)) == 0 else _condition(draw)  # fmt: skip
    titles = draw(st.lists(texts | token_strings, max_size=2)) if kind == "menu" else []
    if kind == "menu":
        start = {"WFMenuPrompt": draw(texts | token_strings)} if draw(st.booleans()) else {}
        items = [title if isinstance(title, str) else {"WFItemType": 0, "WFValue": title} for title in titles]
        start |= {"WFMenuItems": items} if draw(st.booleans()) else {}
    result = [action(identifier, **group, **({"WFControlFlowMode": 0} if draw(st.booleans()) else {}), **start)]
    if kind != "menu":
        result += draw(actions(depth + 1))
    for title in titles:
        own = {"WFMenuItemTitle": title} if isinstance(title, str) else {"WFMenuItemTitle": "label", "WFMenuItemAttributedTitle": title["Value"]}
        result += [action(identifier, **group, WFControlFlowMode=1, **own), *draw(actions(depth + 1))]
    if kind == "if" and draw(st.booleans()):
        result += [action(identifier, **group, WFControlFlowMode=1), *draw(actions(depth + 1))]
    return [*result, action(identifier, **group, WFControlFlowMode=2, **_identity(draw))]


@st.composite
def random_shortcuts(draw: st.DrawFn) -> dict[str, Any]:
    """A whole shortcut."""
    listed = draw(actions())
    questions = [
        {"ActionIndex": index, "Category": "Parameter", "ParameterKey": "WFTextActionText", "Text": draw(texts), "DefaultValue": draw(scalars)}
        for index in draw(st.lists(st.integers(0, max(0, len(listed) - 1)), max_size=2))
    ]
    top = draw(st.fixed_dictionaries({}, optional={
        "WFWorkflowTypes": st.lists(st.sampled_from(["NCWidget", "Watch"]), max_size=2),
        "WFWorkflowInputContentItemClasses": st.sampled_from([[], ["WFURLContentItem"], ["WFURLContentItem"] * 2, ["Odd"], header.EVERYTHING,
                                                              header.EVERYTHING_BUT_APPS, header.EVERYTHING_BUT_APPS_AND_FOLDERS]),
        "types": scalars, "WFWorkflowClientRelease": scalars, "WFQuickActionSurfaces": st.just(["Finder", "Elsewhere"]),
        "WFWorkflowIcon": st.just({"WFWorkflowIconStartColor": 255, "WFWorkflowIconGlyphNumber": 1}),
        "WFWorkflowNoInputBehavior": st.just({"Name": "WFWorkflowNoInputBehaviorShowError", "Parameters": {"Error": "no"}}),
        "WFWorkflowImportQuestions": st.just(questions), "WFOddKey": scalars,
    }))  # fmt: skip
    version = draw(st.sampled_from(["900", "899.5", "4033.0.4.3", "484", "odd", 7]))
    return {"WFWorkflowActions": listed, "WFWorkflowClientVersion": version, **top}
