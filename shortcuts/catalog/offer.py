"""Two steps in which a model chooses actions: it names what a request needs of a short list, then it gets the stubs of those and of a kit.

    apps = apps_called(["drafts", "todoist"], catalog)              # ["Drafts", "Todoist"]: what the person has
    text = question("Sprich den Text der Zwischenablage auf Englisch", catalog, apps)       # CHOOSE, filled in
    choice = chosen({"actions": ["Get Clipboard", "Translate Text"], "missing": []}, catalog, apps)
    apis = offered_after(choice, catalog)                                  # the ids to show stubs of

The short list is catalog/usual.json, written by hand: Apple's actions that people use, by group. It leaves out what the language writes as
syntax (If, Repeat, menus, variables), old and new doubles, screens of Settings, and other companies' services, which count as apps.
Actions are named by their titles: these are short, and what people and models know them by.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shortcuts.catalog import BUILTIN, FOLDER, Api, Catalog
from shortcuts.catalog.records import read_table
from shortcuts.catalog.search import KIT, SERVICES, STOPPED, index_of, search
from shortcuts.catalog.spoken import stems
from shortcuts.did_you_mean import nearest

FILE = "usual.json"
MOST = 20  # actions that a model may name

CHOOSE = """Somebody wants a shortcut for Apple's Shortcuts app. The request:

{query}

These actions exist, one group a line:

{actions}
{apps}
Name every action that a good shortcut for this request needs. Go through it step by step: where the input comes from, what happens to \
it, how the result is shown, sent or saved. If two actions could do a step, or you are not sure, name both; name at most 20. Write each \
name as it stands above, and "App: Name" for an action of an app. Conditions, loops, menus and variables need no action.

Answer with a JSON object alone: "actions" lists the names; "missing" says, in a few words each, what is needed and no action does."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "actions": {"type": "array", "items": {"type": "string"}},
        "missing": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["actions", "missing"],
    "additionalProperties": False,
}  # fmt: skip

NEAR = 85  # per cent of likeness from which a name that the list lacks is a slip for one that it has
# Ids that no shortcut calls: parts of widgets, screens of settings.
PLUMBING = re.compile(r"Widget|Configuration|LiveActivity|FocusFilter|DeepLink|Visibility|UpdatableEntity|Entity$|Debug")


class UnknownApp(ValueError):
    """An app that the catalogue does not know; the message is one line for the user."""


@dataclass(frozen=True)
class Choice:
    """A model's choice: ids in its order, the names that mean no action, and what it says that no action does."""

    apis: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------------------------------------------------
# the lists


@lru_cache(maxsize=1)
def groups() -> dict[str, list[str]]:
    """Return the table of usual actions: group -> ids, those of Shortcuts without `is.workflow.actions.`. Raises CatalogError."""
    return read_table(FOLDER / FILE)


def usual(catalog: Catalog) -> dict[str, list[Api]]:
    """Return the actions that people use, by group; those that the catalogue lacks are left out."""
    known = {group: [catalog.get(BUILTIN + name) or catalog.get(name) for name in names] for group, names in groups().items()}
    return {group: [api for api in apis if api] for group, apis in known.items()}


def compact_list(catalog: Catalog, without: Collection[str] = ()) -> str:
    """Return the titles of the usual actions, one group a line. without: ids that are left out."""
    rows = ((group, [api.title for api in apis if api.id not in without]) for group, apis in usual(catalog).items())
    return "\n".join(f"{group}: {', '.join(titles)}" for group, titles in rows if titles)


def apps_list(catalog: Catalog, apps: Iterable[str], without: Collection[str] = ()) -> str:
    """Return the titles of the actions of some apps, one app a line, under a heading; "" where there are none."""
    rows = ((app, [api.title for api in actions_of(app, catalog) if api.id not in without]) for app in dict.fromkeys(apps))
    lines = [f"{app}: {', '.join(titles)}" for app, titles in rows if titles]
    return "\n".join(["", "Actions of apps that the person has:", "", *lines, ""]) if lines else ""


def actions_of(app: str, catalog: Catalog) -> list[Api]:
    """Return the actions of an app, one for each title: an app has them once for each system, and again in a newer form."""
    best: dict[str, Api] = {}
    for api in sorted(_by_app(catalog).get(app, ()), key=_preference):
        best.setdefault(api.title, api)
    return sorted(best.values(), key=lambda api: api.title)


def question(query: str, catalog: Catalog, apps: Iterable[str] = (), without: Collection[str] = ()) -> str:
    """Return the first step's prompt: the request, the usual actions, those of some apps. without: ids that are not listed."""
    return CHOOSE.format(query=query, actions=compact_list(catalog, without), apps=apps_list(catalog, apps, without))


def apps_called(names: Iterable[str], catalog: Catalog) -> list[str]:
    """Return the catalogue's names of apps, written in any case. Raises UnknownApp, with the name that may be meant."""
    known = {app.casefold(): app for app in _by_app(catalog)}
    found = []
    for name in names:
        if (app := known.get(name.strip().casefold())) is None:
            meant = nearest(name.strip().casefold(), known, near=70, clear=0)
            advice = f"did you mean {known[meant]}?" if meant else "leave it out, or add its actions with `python -m shortcuts import`"
            raise UnknownApp(f"no app {name.strip()!r} in the catalogue; {advice}")
        found.append(app)
    return list(dict.fromkeys(found))


def apps_in(query: str, catalog: Catalog) -> list[str]:
    """Return the names of other people's apps that a request names."""
    return sorted({_titled(app) for app in index_of(catalog).apps_named(query)} & _by_app(catalog).keys())


# ---------------------------------------------------------------------------------------------------------------------------------
# the choice


def chosen(answer: object, catalog: Catalog, apps: Iterable[str] = ()) -> Choice:
    """Return the choice that an answer of SCHEMA states. apps: those whose actions were listed.

    A name is a title of the lists (all actions with that title are chosen), "App: Title", or a name or id of the catalogue; a near miss
    counts as what it is near to. Raises ValueError, with advice for the model, for an answer of another form.
    """
    named = answer.get("actions") if isinstance(answer, Mapping) else None
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ValueError('the answer is no object whose "actions" is a list of names')
    missing = answer.get("missing") if isinstance(answer, Mapping) else None
    listed = _listed(catalog, tuple(apps))
    found = {name: _resolve(name, listed, catalog) for name in map(str.strip, named[:MOST]) if name}
    return Choice(
        tuple(dict.fromkeys(api for apis in found.values() for api in apis)),
        tuple(name for name, apis in found.items() if not apis),
        tuple(text.strip() for text in missing if isinstance(text, str) and text.strip()) if isinstance(missing, list) else (),
    )


def offered_after(choice: Choice, catalog: Catalog, kit: Collection[str] = KIT, without: Collection[str] = ()) -> list[str]:
    """Return the ids to show stubs of: the choice, then the kit. without: ids never offered, such as held-out ones while OOD is scored."""
    return [api for api in dict.fromkeys([*choice.apis, *kit]) if api in catalog and api not in without]


def _resolve(name: str, listed: Mapping[str, list[str]], catalog: Catalog) -> list[str]:
    """Return the ids that a name means: listed, of the whole catalogue, a slip for a listed one, of the same words; [] for no action.

    By its words alone no action is taken of an app that was neither listed nor named: the person may not have it.
    """
    if name.casefold() in listed:
        return listed[name.casefold()]
    for known in (name, BUILTIN + name, catalog.action_id(name), catalog.action_id(f"is_workflow_actions_{name}")):
        if known and known in catalog:
            return [known]
    if near := nearest(name.casefold(), listed, NEAR):
        return listed[near]
    words = stems(name.rpartition(": ")[2]) - STOPPED
    usable = {api for apis in listed.values() for api in apis}
    for api in search(catalog, name, 5):
        is_had = api.builtin or api.id in usable or (api.app_name or api.app).casefold() in name.casefold()
        if is_had and stems(api.title) - STOPPED == words:
            return [api.id]
    return []


@lru_cache(maxsize=16)
def _listed(catalog: Catalog, apps: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the ids by what a model may call them, in lower case: the title, or group or app and title."""
    names: dict[str, list[str]] = {}
    for group, apis in [*usual(catalog).items(), *((app, actions_of(app, catalog)) for app in apps)]:
        for api in apis:
            names.setdefault(api.title.casefold(), []).append(api.id)
            names.setdefault(f"{group}: {api.title}".casefold(), []).append(api.id)
    return names


@lru_cache(maxsize=4)
def _by_app(catalog: Catalog) -> dict[str, list[Api]]:
    """Return the actions by the name of their app, services of other companies among Apple's own actions under theirs."""
    apps: dict[str, list[Api]] = {}
    for api in catalog:
        service = api.id.removeprefix(BUILTIN).partition(".")[0]
        app = _titled(service) if api.id.startswith(BUILTIN) and service in SERVICES else api.app_name
        if app and not PLUMBING.search(api.id):
            apps.setdefault(app, []).append(api)
    return apps


def _titled(name: str) -> str:
    return name.title() if name in SERVICES else name


def _preference(api: Api) -> tuple[bool, bool, int, str]:
    """Order the doubles of an action: used by people first, then on an iPhone, then the shorter id."""
    return "seen" not in api.source, "iOS" not in api.platforms, len(api.id), api.id
