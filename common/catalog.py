"""The APIs of Apple Shortcuts: what may be called, with which parameters, and what comes back.

    catalog = Catalog.load()
    catalog["is.workflow.actions.url"].parameter("WFURLActionURL").type    # 'url'
    catalog.by_name("is_workflow_actions_url")                             # the same Api, by its name in code
    catalog.search("resize image")                                         # the ten that fit best
    print(catalog.stub("is.workflow.actions.downloadurl"))                 # the Python stub that models see

The facts are the lines of catalog/actions.jsonl, one API a line, sorted by id; catalog/README.md says where they come from.

The type of a parameter or result is one of:
    text, url, number, boolean, enum, date, dictionary, list    plain values; of an enum the `enum` field has the values
    variable                                                    takes the output of another action, of whatever kind
    file, contact, location, app, workflow, color               a picker's value; `file` is any file, folder, image or media item
    quantity                                                    a number with a unit: lengths, durations, money
    filter                                                      the rows of a Find or Filter action
    entity                                                      an object of an app: a note, an event, a playlist
    any                                                         not known

    python -m common.catalog show is.workflow.actions.url       # or by name: is_workflow_actions_url
    python -m common.catalog search resize image
    python -m common.catalog stats
    python -m common.catalog import FILE...                     # add the facts of a Mac; see common/catalog_import/
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import orjson

from common.jsonl import UserError
from common.retrieval import Index

FOLDER = Path(__file__).resolve().parents[1] / "catalog"
FILE = "actions.jsonl"

MAX_SHOWN = 24  # enum values in a stub: a list of 150 time zones would crowd out the rest of a prompt

# Types as a stub shows them; the quoted ones name no Python type.
ANNOTATIONS = {
    "text": "str", "url": "str", "number": "float", "boolean": "bool", "dictionary": "dict", "list": "list", "enum": "str",
    "date": "'Date'", "variable": "'Variable'", "file": "'File'", "contact": "'Contact'", "location": "'Location'", "app": "'App'",
    "workflow": "'Shortcut'", "color": "'Color'", "quantity": "'Quantity'", "filter": "'Filter'", "entity": "'Entity'", "any": "'Any'",
}  # fmt: skip
TYPES = frozenset(ANNOTATIONS)
TEXTUAL = frozenset({"text", "url", "date"})  # a lone variable stands in these as a text of one token

_ID = re.compile(rb'\{"id":"([^"\\]+)"')


# ---------------------------------------------------------------------------------------------------------------------------------
# records


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `visible_when` has conditions (key, "==" or "!=", values) that must all hold for the app to show it."""

    key: str
    type: str
    label: str = ""
    enum: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    visible_when: tuple[tuple[str, str, tuple[Any, ...]], ...] = ()
    open_enum: bool = False  # values outside `enum` occur in real shortcuts, so that another one is no error
    attachment: bool | None = None  # see is_attachment; only where use differs from what the type says

    @property
    def is_attachment(self) -> bool:
        """Whether a lone variable stands here as WFTextTokenAttachment, or else in a WFTextTokenString as its only token."""
        return self.type not in TEXTUAL if self.attachment is None else self.attachment


@dataclass(frozen=True, slots=True)
class Result:
    """What an action gives: the default name of its output, and its types."""

    name: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Api:
    """One action. `app` groups the actions of an app (the start of its bundle id); `source` has the codes of catalog/README.md."""

    id: str
    app: str
    builtin: bool
    title: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    result: Result | None = None
    platforms: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    app_name: str = ""
    input_key: str = ""  # where this parameter is absent, the output of the action before is its value
    python_name: str = ""  # Apple's own name for it in the Python of Shortcuts

    @property
    def name(self) -> str:
        """The name of this API in code."""
        return call_name(self.id)

    def parameter(self, key: str) -> Parameter | None:
        """The parameter with this plist key, if there is one."""
        return next((parameter for parameter in self.parameters if parameter.key == key), None)


def call_name(api_id: str) -> str:
    """The name of an API in code: its id with every character that no ASCII identifier has turned into `_`."""
    return re.sub(r"[^A-Za-z0-9_]", "_", api_id)


def _api(line: bytes) -> Api:
    """One line of actions.jsonl as an Api; what a line leaves out has its default."""
    record = orjson.loads(line)
    parameters = tuple(
        Parameter(**{
            **parameter,
            "enum": tuple(parameter.get("enum", ())),
            "visible_when": tuple((key, relation, tuple(values)) for key, relation, values in parameter.get("visible_when", ())),
        })
        for parameter in record.pop("parameters", ())
    )
    if (result := record.pop("result", None)) is not None:
        result = Result(result["name"], tuple(result["types"]))
    lists = {field: tuple(record.pop(field, ())) for field in ("platforms", "source")}
    return Api(**record, **lists, parameters=parameters, result=result)


# ---------------------------------------------------------------------------------------------------------------------------------
# the catalogue


class Catalog:
    """All APIs by id; iterating gives the Apis, sorted. A line is parsed when its API is first asked for, so that loading is quick."""

    # Keys of the envelope that every action may have: they are no parameters of an API.
    GENERIC_KEYS = frozenset({
        "UUID", "CustomOutputName", "GroupingIdentifier", "WFControlFlowMode",  # references and blocks
        "IntentAppDefinition", "AppIntentDescriptor", "IntentAppIdentifier",  # which app runs an intent
        "ShowWhenRun", "OpenWhenRun",  # whether the app shows itself
    })  # fmt: skip

    def __init__(self, lines: dict[str, bytes]) -> None:
        self._lines = lines
        self._apis: dict[str, Api] = {}
        self._stubs: dict[str, str] = {}

    @staticmethod
    def load(path: Path | None = None) -> Catalog:
        """The catalogue of a folder (default: this repository's catalog/), cached; raises UserError if it cannot be read."""
        return _load(Path(path or FOLDER).resolve())

    @staticmethod
    def is_generic(key: str) -> bool:
        """Whether any action may have this key: those of GENERIC_KEYS, and `Show-text` and the like, which unfold a field."""
        return key in Catalog.GENERIC_KEYS or key.startswith("Show-")

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, api_id: object) -> bool:
        return api_id in self._lines

    def __iter__(self) -> Iterator[Api]:
        return map(self.__getitem__, self._lines)

    def __getitem__(self, api_id: str) -> Api:
        if api_id not in self._apis:
            line = self._lines[api_id]
            try:
                self._apis[api_id] = _api(line)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise UserError(f"{FILE}: the record of {api_id} is no API ({type(error).__name__}: {error}); was it edited?") from None
        return self._apis[api_id]

    def get(self, api_id: str) -> Api | None:
        """The API with this id, or None."""
        return self[api_id] if api_id in self._lines else None

    @cached_property
    def _names(self) -> dict[str, str]:
        return {call_name(api_id): api_id for api_id in self._lines}

    def by_name(self, name: str) -> Api | None:
        """The API with this name in code, or None."""
        return self[self._names[name]] if name in self._names else None

    def apps(self) -> dict[str, list[Api]]:
        """The APIs of each app, both sorted."""
        groups: dict[str, list[Api]] = {}
        for api in self:
            groups.setdefault(api.app, []).append(api)
        return dict(sorted(groups.items()))

    @cached_property
    def index(self) -> Index:
        """The words of all APIs, for search."""
        return Index(self)

    def search(self, text: str, limit: int = 10) -> list[Api]:
        """The APIs that fit a text best: see common/retrieval.py."""
        return self.index.search(text, limit)

    def stub(self, api_id: str) -> str:
        """The Python stub of an API that models see: keyword-only parameters, Literal for enums, our summary as the docstring."""
        if api_id not in self._stubs:
            self._stubs[api_id] = _stub(self[api_id])
        return self._stubs[api_id]


@lru_cache(maxsize=8)
def _load(path: Path) -> Catalog:
    file = path / FILE if path.is_dir() else path
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise UserError(f"{file}: cannot be read: {error.strerror}; `python -m common.catalog import` writes a catalogue") from None
    result = {}
    for number, line in enumerate(lines, start=1):
        match = _ID.match(line)
        if not match or not line.endswith(b"}"):
            raise UserError(f'{file}:{number}: a JSON object that begins with "id" is expected; was the file cut or edited?')
        result[match[1].decode()] = line
    return Catalog(dict(sorted(result.items())))


# ---------------------------------------------------------------------------------------------------------------------------------
# stubs


def _stub(api: Api) -> str:
    named = [p for p in api.parameters if _is_keyword_argument(p.key)]
    arguments = ", ".join(f"{p.key}: {_annotation(p)}" + ("" if p.required else f" = {_default(p)}") for p in named)
    others = ", ".join(f"{p.key!r}: {_annotation(p)}" for p in api.parameters if p not in named)
    cut = [f"{p.key} has {len(p.enum)} values, {MAX_SHOWN} shown." for p in api.parameters if len(p.enum) > MAX_SHOWN]
    doc = " ".join([api.summary, *([f"Also **{{{others}}}."] if others else []), *cut])
    doc = doc.replace("\\", "/").replace('"', "'")  # a docstring that needs no escapes
    result = repr(api.result.name) if api.result else "None"
    return f'def {api.name}({arguments and "*, " + arguments}) -> {result}:\n    """{doc}"""\n'


def _is_keyword_argument(key: str) -> bool:
    return key.isascii() and key.isidentifier() and not keyword.iskeyword(key)


def _annotation(parameter: Parameter) -> str:
    if not parameter.enum:
        return ANNOTATIONS[parameter.type]
    values = f"Literal[{', '.join(map(repr, parameter.enum[:MAX_SHOWN]))}]"
    return f"{values} | str" if parameter.open_enum or len(parameter.enum) > MAX_SHOWN else values


def _default(parameter: Parameter) -> str:
    known = isinstance(parameter.default, (str, bool, int, float))
    return repr(parameter.default) if known else "..."


if __name__ == "__main__":
    from common import cli
    from common.catalog_import.command import main

    cli.start(main)
