"""The APIs of Apple Shortcuts: their ids, parameters and results.

    catalog = Catalog.load()
    catalog["is.workflow.actions.url"].parameter("WFURLActionURL").type    # 'url'
    catalog.by_name("is_workflow_actions_url")                             # the same Api, by its name in code
    print(catalog.stub("is.workflow.actions.downloadurl"))                 # the Python stub that models see
    search(catalog, "resize image")                                        # the ten that fit best: shortcuts/catalog/search.py

The facts are the lines of catalog/actions.jsonl, one API a line, sorted by id; catalog/README.md says where they come from,
records.py what is in them. On the command line:

    python -m shortcuts show is.workflow.actions.url       # or by name: is_workflow_actions_url
    python -m shortcuts search resize image
    python -m shortcuts stats
    python -m shortcuts import FILE...                     # add the facts of a Mac; see shortcuts/catalog/importing/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

from shortcuts.catalog.records import TEXTUAL, TYPES, Api, CatalogError, Parameter, Result, call_name, read_api
from shortcuts.catalog.stub import python_stub

__all__ = ["FILE", "FOLDER", "TEXTUAL", "TYPES", "Api", "Catalog", "CatalogError", "Parameter", "Result", "call_name"]

FOLDER = Path(__file__).resolve().parents[2] / "catalog"
FILE = "actions.jsonl"

BUILTIN = "is.workflow.actions."  # how the ids of the app's own actions begin
_ID = re.compile(rb'\{"id":"([^"\\]+)"')


class Catalog:
    """All APIs by id; iterating gives the Apis, sorted. A line is parsed when its API is first asked for, so that loading is quick."""

    # Keys that every action may have; they are not parameters of an API.
    GENERIC_KEYS = frozenset({
        "UUID", "CustomOutputName", "GroupingIdentifier", "WFControlFlowMode",  # references and blocks
        "IntentAppDefinition", "AppIntentDescriptor", "IntentAppIdentifier",  # which app runs an intent
        "ShowWhenRun", "OpenWhenRun",  # whether the app shows itself
    })  # fmt: skip

    def __init__(self, lines: dict[str, bytes]) -> None:
        self._lines = lines
        self._apis: dict[str, Api] = {}
        self._stubs: dict[str, str] = {}
        self._text_keys: dict[str, frozenset[str]] = {}

    @staticmethod
    def load(path: Path | None = None) -> Catalog:
        """Return the catalogue of a folder (default: this repository's catalog/), cached. Raises CatalogError if it cannot be read."""
        return _load(Path(path).resolve() if path else FOLDER)

    @staticmethod
    def is_generic(key: str) -> bool:
        """True if every action may have this key: one of GENERIC_KEYS, or a switch that unfolds a field, such as `Show-text`."""
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
                self._apis[api_id] = read_api(line)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                why = f"{type(error).__name__}: {error}"
                raise CatalogError(f"{FILE}: the record of {api_id} is no API ({why}); was it edited? Restore the line") from None
        return self._apis[api_id]

    def get(self, api_id: str) -> Api | None:
        """Return the API with this id, or None."""
        return self[api_id] if api_id in self._lines else None

    @cached_property
    def _names(self) -> dict[str, str]:
        return {call_name(api_id): api_id for api_id in self._lines}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all APIs in code."""
        return tuple(self._names)

    def by_name(self, name: str) -> Api | None:
        """Return the API with this name in code, or None."""
        return self[self._names[name]] if name in self._names else None

    @cached_property
    def _titled(self) -> dict[str, list[str]]:
        titled: dict[str, list[str]] = {}
        for api in self:
            if api.id.startswith(BUILTIN):
                titled.setdefault(_letters(api.title), []).append(api.id)
        return titled

    def by_title(self, name: str) -> Api | None:
        """Return the app's own action whose title a name in code spells, as is_workflow_actions_getcurrentweather; None for several."""
        found = self._titled.get(_letters(name.removeprefix(call_name(BUILTIN)))) or []
        return self[found[0]] if len(found) == 1 else None

    def action_id(self, name: str) -> str | None:
        """Return the id of the API with this name in code, or None."""
        return self._names.get(name)

    def default_output(self, api_id: str) -> str | None:
        """Return the app's own name for an action's output, or None if it is not known."""
        api = self.get(api_id)
        return api.result.name or None if api and api.result else None

    def takes_text(self, api_id: str, key: str) -> bool:
        """True if a lone variable stands in this parameter as a text of one token, not as an attachment."""
        if api_id not in self._text_keys:
            api = self.get(api_id)
            self._text_keys[api_id] = frozenset(item.key for item in api.parameters if not item.is_attachment) if api else frozenset()
        return key in self._text_keys[api_id]

    def takes_output(self, api_id: str, key: str) -> bool:
        """True if this parameter of the app's own actions holds the output of an action, and never a value that is written out."""
        api = self.get(api_id) if api_id.startswith(BUILTIN) else None
        parameter = api.parameter(key) if api else None
        return parameter is not None and parameter.type == "variable" and key in ("WFInput", "Input")

    def apps(self) -> dict[str, list[Api]]:
        """Return the APIs of each app, both sorted."""
        groups: dict[str, list[Api]] = {}
        for api in self:
            groups.setdefault(api.app, []).append(api)
        return dict(sorted(groups.items()))

    def stub(self, api_id: str) -> str:
        """Return the Python stub of an API that models see; cached. Raises KeyError for an unknown id."""
        if api_id not in self._stubs:
            self._stubs[api_id] = python_stub(self[api_id])
        return self._stubs[api_id]


def _letters(words: str) -> str:
    return "".join(filter(str.isalnum, words.casefold()))


@lru_cache(maxsize=8)
def _load(path: Path) -> Catalog:
    file = path / FILE if path.is_dir() else path
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise CatalogError(f"{file}: cannot be read: {error.strerror}; `python -m shortcuts import` writes a catalogue") from None
    result = {}
    for number, line in enumerate(lines, start=1):
        match = _ID.match(line)
        if not match or not line.endswith(b"}"):
            raise CatalogError(f'{file}:{number}: a JSON object that begins with "id" is expected; was the file cut or edited? Restore it')
        result[match[1].decode()] = line
    return Catalog(dict(sorted(result.items())))
