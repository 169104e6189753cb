"""The parameters of actions: compiled once, then read in each run.

A parameter without variables is compiled to the plain value that it holds; one with variables to a Dynamic, whose `get(scope)` computes it.
The property-list forms (envelopes, tokens, aggrandizements) are those of shortcuts/forms/; here they are read as values, not as code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from shortcuts.forms.constants import ARRAY_ITEM, BOOLEAN_ITEM, DICTIONARY_ITEM, NUMBER_ITEM
from shortcuts.forms.interpolation import split
from shortcuts.machine import convert, members
from shortcuts.machine.place import STYLES, Place
from shortcuts.machine.values import MAX_TEXT, File, Quantity, Record, TooLarge, Unknown, Untold, kind_of, one_or_many, origin

Token = dict[str, Any]
MAX_NESTING = 60  # of a parameter's property list


class Scope(Protocol):
    """The run around a parameter that is read."""

    place: Place

    def base(self, token: Token) -> Any: ...
    def assume(self, reason: str) -> None: ...


class Dynamic:
    """A parameter that depends on the run."""

    __slots__ = ()

    def get(self, scope: Scope) -> Any:
        """Return the value."""
        raise NotImplementedError


def resolve(value: Any, scope: Scope) -> Any:
    """Return the value of a compiled parameter."""
    return value.get(scope) if isinstance(value, Dynamic) else value


# ---------------------------------------------------------------------------------------------------------------------------------
# variables


class Variable(Dynamic):
    """A token: a base, and steps (aggrandizements) that take a part of it."""

    __slots__ = ("steps", "token")

    def __init__(self, token: Token) -> None:
        self.token = token
        steps = token.get("Aggrandizements")
        self.steps = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []

    def get(self, scope: Scope) -> Any:
        value = scope.base(self.token)
        for step in self.steps:
            value = _STEPS.get(str(step.get("Type")), _same)(value, step, scope)
        return value


def _same(value: Any, step: Token, scope: Scope) -> Any:
    return value


def _key(value: Any, step: Token, scope: Scope) -> Any:
    return members.at_key(value, str(step.get("DictionaryKey", "")), scope.place)


def _coercion(value: Any, step: Token, scope: Scope) -> Any:
    return convert.as_type(value, str(step.get("CoercionItemClass")), scope.place)


def _property(value: Any, step: Token, scope: Scope) -> Any:
    return members.prop(value, str(step.get("PropertyName", "")), scope.place)


def _date_format(value: Any, step: Token, scope: Scope) -> Any:
    if isinstance(value, list):
        return one_or_many([_date_format(item, step, scope) for item in value])
    if isinstance(value, Unknown):
        return Unknown("text", origin(value.origin, "as a date"))
    moment = convert.moment(value, scope.place)
    return value if moment is None else formatted(moment, step, scope.place)


def _unit(value: Any, step: Token, scope: Scope) -> Any:
    from shortcuts.machine.units import converted

    return converted(value, str(step.get("WFUnitSymbol", ""))) if isinstance(value, Quantity) else value


_STEPS = {
    "WFDictionaryValueVariableAggrandizement": _key, "WFCoercionVariableAggrandizement": _coercion,
    "WFPropertyVariableAggrandizement": _property, "WFDateFormatVariableAggrandizement": _date_format,
    "WFUnitVariableAggrandizement": _unit,
}  # fmt: skip


def formatted(moment: datetime, options: Token, place: Place) -> str:
    """Return a date as the options of a format say: a style of the locale, or a standard, or a pattern."""
    style = options.get("WFDateFormatStyle", "Short")
    if style == "Custom":
        return place.date_pattern(moment, str(options.get("WFDateFormat", "EEE, dd MMM yyyy HH:mm:ss Z")))
    local = moment.astimezone(place.zone)
    if style == "ISO 8601":
        if not options.get("WFISO8601IncludeTime"):
            return local.strftime("%Y-%m-%d")
        offset = local.strftime("%z")
        return local.strftime("%Y-%m-%dT%H:%M:%S") + ("Z" if offset == "+0000" else f"{offset[:3]}:{offset[3:]}")
    if style == "RFC 2822":
        from email.utils import format_datetime

        return format_datetime(local.replace(microsecond=0))
    time = STYLES.get(options.get("WFTimeFormatStyle", "Short"), "short")
    if style == "Relative":
        return place.relative(moment)
    return place.date_text(moment, STYLES.get(style, "short"), time)


# ---------------------------------------------------------------------------------------------------------------------------------
# values with variables in them


class Text(Dynamic):
    """A text with variables. A lone variable stays the value that it is: whoever needs a text converts it."""

    __slots__ = ("lone", "pieces")

    def __init__(self, pieces: list[Any]) -> None:
        self.pieces = pieces
        self.lone = len(pieces) == 1

    def get(self, scope: Scope) -> Any:
        if self.lone:
            return resolve(self.pieces[0], scope)
        parts: list[str] = []
        lost: Unknown | None = None
        for piece in self.pieces:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            value = piece.get(scope)
            try:
                parts.append(convert.text(value, scope.place))
            except Untold as untold:
                lost = untold.unknown
                parts.append(f"{{{lost.origin}}}")
        if sum(map(len, parts)) > MAX_TEXT:
            raise TooLarge
        return "".join(parts) if lost is None else Unknown("text", origin("".join(parts)))


class Entries(Dynamic):
    """A dictionary field."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[tuple[Any, int, Any]]) -> None:
        self.entries = entries

    def get(self, scope: Scope) -> dict[str, Any]:
        made = {}
        for key, kind, value in self.entries:
            name = resolve(key, scope)
            made[name if isinstance(name, str) else _text_or_origin(name, scope)] = _item(kind, resolve(value, scope), scope)
        return made


class Items(Dynamic):
    """A list field."""

    __slots__ = ("entries",)

    def __init__(self, entries: list[tuple[int, Any]]) -> None:
        self.entries = entries

    def get(self, scope: Scope) -> list[Any]:
        return [_item(kind, resolve(value, scope), scope) for kind, value in self.entries]


class Amount(Dynamic):
    """A quantity."""

    __slots__ = ("magnitude", "unit")

    def __init__(self, magnitude: Any, unit: Any) -> None:
        self.magnitude, self.unit = magnitude, unit

    def get(self, scope: Scope) -> Any:
        amount = resolve(self.magnitude, scope)
        if isinstance(amount, Unknown):
            return amount
        number = convert.number(amount, scope.place)
        unit = resolve(self.unit, scope)
        return None if number is None else Quantity(number, unit if isinstance(unit, str) else "")


class Whole(Dynamic):
    """A plain dictionary or list of the property list with variables somewhere in it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def get(self, scope: Scope) -> Any:
        if isinstance(self.value, dict):
            return {key: resolve(inner, scope) for key, inner in self.value.items()}
        return [resolve(inner, scope) for inner in self.value]


def _item(kind: int, value: Any, scope: Scope) -> Any:
    """Return an item of a dictionary or list field as the type it is declared to be."""
    if isinstance(value, Unknown) or kind in (DICTIONARY_ITEM, ARRAY_ITEM):
        return value
    if kind == NUMBER_ITEM:
        return convert.number(value, scope.place) if value not in ("", None) else 0
    if kind == BOOLEAN_ITEM:
        return bool(convert.boolean(value, scope.place)) if value is not None else False
    if isinstance(value, File | Record | dict | list) or kind_of(value) in ("file", "unknown"):
        return value
    return _text_or_origin(value, scope)


def _text_or_origin(value: Any, scope: Scope) -> Any:
    try:
        return convert.text(value, scope.place)
    except Untold as untold:
        return untold.unknown.origin


# ---------------------------------------------------------------------------------------------------------------------------------
# compiling


def compiled(value: Any, depth: int = 0) -> Any:
    """Return a parameter's property list as a plain value, or as a Dynamic. What is no form of a value stays as it is."""
    if depth > MAX_NESTING:
        return None
    if isinstance(value, dict):
        kind = value.get("WFSerializationType")
        if isinstance(kind, str) and "Value" in value:
            return _ENVELOPES.get(kind, compiled)(value["Value"], depth + 1)
        if isinstance(value.get("Type"), str):
            if value["Type"] == "Variable" and isinstance(value.get("Variable"), dict):
                return compiled(value["Variable"], depth + 1)
            if value["Type"] in _BASES:
                return Variable(value)
        parts = {key: compiled(inner, depth + 1) for key, inner in value.items()}
        return Whole(parts) if any(isinstance(part, Dynamic) for part in parts.values()) else parts
    if isinstance(value, list):
        if any(isinstance(item, dict) and "WFItemType" in item for item in value):
            return _list(value, depth)
        parts = [compiled(item, depth + 1) for item in value]
        return Whole(parts) if any(isinstance(part, Dynamic) for part in parts) else parts
    if isinstance(value, datetime) and value.tzinfo is None:
        from zoneinfo import ZoneInfo

        return value.replace(tzinfo=ZoneInfo("UTC"))  # property lists count from UTC
    if isinstance(value, bytes):
        return File("Data", "file", value)
    if isinstance(value, float) and value - value != 0:  # no number: infinite, or none at all
        return None
    return value if isinstance(value, str | int | float | datetime) else None


_BASES = frozenset(
    ("ActionOutput", "Variable", "ExtensionInput", "CurrentDate", "Clipboard", "Ask", "DeviceDetails", "CurrentApp", "Input")
)


def _text(value: Any, depth: int) -> Any:
    if not isinstance(value, dict):
        return value if isinstance(value, str) else ""
    source, attachments = value.get("string", ""), value.get("attachmentsByRange")
    if not isinstance(source, str):
        return ""
    if not attachments:
        return source
    cut = split(source, attachments)
    if cut is None:  # ranges that do not fit their text, as some hand-made files have: in the order of the marks
        tokens = [token for _, token in sorted(attachments.items(), key=_place)] if isinstance(attachments, dict) else []
        texts = source.split("\ufffc")
        cut = [part for pair in zip(texts, [*tokens, *[""] * len(texts)]) for part in pair if part != ""]
    pieces = [piece if isinstance(piece, str) else compiled(piece, depth) for piece in cut]
    return Text([piece if isinstance(piece, str | Variable) else "" for piece in pieces])


def _place(entry: tuple[Any, Any]) -> int:
    digits = "".join(letter for letter in str(entry[0]).partition(",")[0] if letter.isascii() and letter.isdigit())
    return int(digits[:9] or 0)


def _dictionary(value: Any, depth: int) -> Any:
    if isinstance(value, dict) and value.get("WFSerializationType") == "WFDictionaryFieldValue":  # nested dictionaries wrap twice
        return compiled(value, depth)
    entries = value.get("WFDictionaryFieldValueItems") if isinstance(value, dict) else None
    found = [(compiled(entry.get("WFKey", ""), depth), _kind(entry), compiled(entry.get("WFValue"), depth))
             for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []  # fmt: skip
    return Entries(found)


def _list(value: Any, depth: int) -> Any:
    if not isinstance(value, list):
        return compiled(value, depth)
    return Items([(_kind(item), compiled(item.get("WFValue"), depth + 1)) if isinstance(item, dict) and "WFItemType" in item
                  else (0, compiled(item, depth + 1)) for item in value])  # fmt: skip


def _kind(entry: dict[str, Any]) -> int:
    kind = entry.get("WFItemType", 0)
    return kind if type(kind) is int else 0


def _quantity(value: Any, depth: int) -> Any:
    if not isinstance(value, dict):
        return compiled(value, depth)
    return Amount(compiled(value.get("Magnitude"), depth), compiled(value.get("Unit", ""), depth))


def _contacts(value: Any, depth: int) -> Any:
    entries = value.get("WFContactFieldValues") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        return compiled(value, depth)
    found: list[Any] = []
    for entry in entries:
        inner = entry.get("SerializedEntry") if isinstance(entry, dict) else None
        inner = inner.get("link.contents", inner) if isinstance(inner, dict) else inner
        if isinstance(inner, bytes):
            found += convert.vcards(inner[:100_000].decode("utf-8", "replace"))
        elif isinstance(inner, dict):
            found.append(compiled(inner, depth))
        elif isinstance(inner, str):
            found.append(inner)
    return Whole(found) if any(isinstance(part, Dynamic) for part in found) else found


class Table(Dynamic):
    """A table of tests: the rows of a filter or of an If with several conditions. It is read by conditions.py and is no value."""

    __slots__ = ("all_must_hold", "rows")

    def __init__(self, value: Any, depth: int = 0) -> None:
        rows = value.get("WFActionParameterFilterTemplates") if isinstance(value, dict) else None
        self.rows = [{key: compiled(inner, depth + 1) for key, inner in row.items()} for row in rows if isinstance(row, dict)] \
            if isinstance(rows, list) else []  # fmt: skip
        self.all_must_hold = not isinstance(value, dict) or value.get("WFActionParameterFilterPrefix", 1) != 0

    def get(self, scope: Scope) -> None:
        return None


_ENVELOPES: dict[str, Any] = {
    "WFTextTokenString": _text, "WFTextTokenAttachment": compiled, "WFDictionaryFieldValue": _dictionary, "WFArrayParameterState": _list,
    "WFQuantityFieldValue": _quantity, "WFContactFieldValue": _contacts, "WFContentPredicateTableTemplate": Table,
}  # fmt: skip
