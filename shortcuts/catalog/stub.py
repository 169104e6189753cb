"""The Python stub of an API for prompts: keyword-only parameters, Literal for enums, the catalogue's summary as the docstring."""

from __future__ import annotations

import keyword

from shortcuts.catalog.records import Api, Parameter

MAX_SHOWN = 24  # enum values in a stub: a list of 150 time zones would crowd out the rest of a prompt

# The catalogue's types as annotations; the quoted ones are not types of Python.
ANNOTATIONS = {
    "text": "str", "url": "str", "number": "float", "boolean": "bool", "dictionary": "dict", "list": "list", "enum": "str",
    "date": "'Date'", "variable": "'Variable'", "file": "'File'", "contact": "'Contact'", "location": "'Location'", "app": "'App'",
    "workflow": "'Shortcut'", "color": "'Color'", "quantity": "'Quantity'", "filter": "'Filter'", "entity": "'Entity'", "any": "'Any'",
}  # fmt: skip


def python_stub(api: Api) -> str:
    """Return the stub of an API."""
    named = [p for p in api.parameters if _is_keyword_argument(p.key) and not p.older]
    arguments = ", ".join(f"{p.key}: {_annotation(p)}" + ("" if p.required else f" = {_default(p)}") for p in named)
    others = ", ".join(f"{p.key!r}: {_annotation(p)}" for p in api.parameters if p not in named and not p.older)
    older = ", ".join(repr(p.key) for p in api.parameters if p.older)
    cut = [f"{p.key} has {len(p.enum)} values, {MAX_SHOWN} shown." for p in api.parameters if len(p.enum) > MAX_SHOWN and not p.older]
    units = [f"Units of {p.key}: {', '.join(map(repr, p.units))}." for p in api.parameters if p.units and not p.older]
    further = [f"Also **{{{others}}}." if others else "", f"Older or internal: {older}." if older else ""]
    doc = " ".join(part for part in [api.summary, *further, *cut, *units] if part)
    doc = doc.replace("\\", "/").replace('"', "'")  # a docstring that needs no escapes
    result = repr(api.result.name or "Any") if api.result else "'Any'" if "result" in api.unknown else "None"
    more = "**parameters" if "parameters" in api.unknown else ""
    signature = ", ".join(part for part in (arguments and "*, " + arguments, more) if part)
    return f'def {api.name}({signature}) -> {result}:\n    """{doc}"""\n'


def _is_keyword_argument(key: str) -> bool:
    return key.isascii() and key.isidentifier() and not keyword.iskeyword(key)


def _annotation(parameter: Parameter) -> str:
    if parameter.units:
        return f"quantity(5, {_usual(parameter.units)!r})"
    if not parameter.enum:
        return ANNOTATIONS[parameter.type]
    values = f"Literal[{', '.join(map(repr, parameter.enum[:MAX_SHOWN]))}]"
    return f"{values} | str" if parameter.open_enum or len(parameter.enum) > MAX_SHOWN else values


def _default(parameter: Parameter) -> str:
    known = isinstance(parameter.default, (str, bool, int, float))
    return repr(parameter.default) if known else "..."


def _usual(units: tuple[str, ...]) -> str:
    return "min" if "min" in units else units[0]
