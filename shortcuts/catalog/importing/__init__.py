"""Build or extend catalog/actions.jsonl from files that know the APIs of Apple Shortcuts.

Input, recognised by content (an .app or any other folder is searched):

    code  file
    wf    WFActions.plist              macOS 14 and before: WorkflowKit.framework in /System/Library/PrivateFrameworks
    tk    Tools-prod.*.sqlite          ~/Library/Shortcuts/ToolKit: every action of every installed app, or JSON made from it
    ai    extract.actionsdata          the App Intents of an app, in its Metadata.appintents
    si    *.intentdefinition           the SiriKit intents of an app
    sb    JSON tables of ShortcutsBench
    seen  shortcuts                    a key or enum value counts as a fact if two of them use it, a result's name if three do
    counted  catalog/counted.json      counts from shortcuts that are not at hand

Output: actions.jsonl, sorted by id. The facts are added to the present ones; --overwrite begins anew. Descriptions have authors and are not
read: the summaries are made by rule or come from catalog/summaries.json.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import orjson

from shortcuts import catalog, plist
from shortcuts.catalog.importing import mac, tables
from shortcuts.catalog.importing.neutral import PRECEDENCE, checked, new_api
from shortcuts.catalog.importing.usage import Usage
from shortcuts.catalog.records import CatalogError, Record
from shortcuts.catalog.search import WORD
from shortcuts.plist import aea

# Suffixes of the files that are read in a folder; a file given by name is always read.
SUFFIXES = frozenset({".sqlite", ".json", ".plist", ".actionsdata", ".intentdefinition", ".shortcut", ".wflow"})

# Written by hand: id -> summary, start of a bundle id -> name of the app, id -> title where the sources' says too little ("Create").
SUMMARIES, APPS, TITLES = "summaries.json", "apps.json", "titles.json"

# Parameters whose stated default is not what the app does where a file lacks them: of 50 Find actions of people 44 have no limit.
MISSTATED = frozenset({"WFContentItemLimitEnabled"})
# Parameters whose values the app stores in its user's language, so that the list of the English ones is never complete.
LOCALISED = frozenset({"WFContentItemPropertyName"})

NEWEST = "tk"  # the source of the newest system

UNTITLED = "Unknown Action"  # the title of an action that gives none

MAX_TAKES = 3  # parameters named in a summary

SQLITE_MAGIC = b"SQLite format 3\0"


def build(paths: Iterable[Path], output: Path, bundle: str | None = None, overwrite: bool = False) -> dict[str, int]:
    """Read files and folders, merge their facts into the catalogue in `output`, and return counts.

    bundle: the bundle id of the app that intents belong to, where no Info.plist has it. Raises CatalogError for a file given by name that
    cannot be read; then nothing is written. A file of another kind that was found in a folder is skipped and counted.
    """
    records, usage, read, skipped = [], Usage(), 0, 0
    for path, is_named in files(paths):
        try:
            records += read_file(path, bundle, usage)
            read += 1
        except UnknownKind:
            if is_named:
                raise
            skipped += 1
    records.sort(key=lambda record: PRECEDENCE.index(record["source"][0]))
    target = output / catalog.FILE
    known = [] if overwrite or not target.exists() else list(read_records(target))
    merged = merge([*known, *records])
    for api in merged.values():
        _normalize_values(api)
    usage.add_to(merged)
    write(target, b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in finished(merged)))
    counts = {"files": read, "skipped": skipped, "shortcuts": usage.shortcuts, "known": len(known), "apis": len(merged)}
    return {**counts, "bytes": target.stat().st_size}


def read_records(file: Path) -> Iterator[Record]:
    """Yield the records of a catalogue's file. Raises CatalogError with file and line for a malformed one."""
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise CatalogError(f"{file}:{number}: not JSON ({error}); mend or remove this line") from None
        if not isinstance(record, dict) or not record.keys() >= {"id", "source"}:
            raise CatalogError(f'{file}:{number}: an object with "id" and "source" is expected; mend or remove this line')
        yield record


def write(file: Path, data: bytes) -> None:
    """Write a file under another name and rename it, so that a reader never sees half of it. Raises CatalogError."""
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(file)
    except OSError as error:
        raise CatalogError(f"{file}: cannot be written: {error.strerror}") from None


# ---------------------------------------------------------------------------------------------------------------------------------
# files


class UnknownKind(CatalogError):
    """A file that neither documents APIs nor holds a shortcut."""


def files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield (file, True) for each file given by name, and (file, False) for each file with a known suffix in the folders."""
    for path in paths:
        if not path.exists():
            raise CatalogError(f"{path}: no such file or folder")
        if not path.is_dir():
            yield path, True
        else:
            yield from ((file, False) for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES and file.is_file())


def read_file(path: Path, bundle: str | None, usage: Usage) -> list[Record]:
    """Return the records of one file; a shortcut is added to `usage` instead. Raises UnknownKind, or CatalogError for a damaged file."""
    try:
        data = path.read_bytes()
        if data.startswith(SQLITE_MAGIC):
            return _all_of(mac.read_toolkit(path), path, "toolkit")
        if data.startswith(aea.MAGIC):
            content = plist.read_shortcut(data)
        else:
            content = orjson.loads(data) if data.lstrip()[:1] in (b"{", b"[") else plistlib.loads(data)
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}") from None
    except (plist.PlistError, plistlib.InvalidFileException, ExpatError, ValueError, OverflowError, RecursionError) as error:
        raise UnknownKind(f"{path}: neither SQLite nor JSON nor a property list ({error})") from None
    if isinstance(content, dict) and isinstance(content.get("WFWorkflowActions"), list):
        usage.add(content)
        return []
    found = reader(content)
    if found is None:
        raise UnknownKind(f"{path}: no file that documents APIs; `python -m shortcuts import --help` lists those that do")
    read, needs_bundle = found
    return _all_of(read(content, (bundle or bundle_id(path)) if needs_bundle else ""), path, read.__name__.removeprefix("read_"))


def _all_of(records: Iterator[Record], path: Path, kind: str) -> list[Record]:
    try:
        return [checked(record) for record in records]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CatalogError(f"{path}: looks like {kind}, but is laid out otherwise ({type(error).__name__}: {error})") from None


def reader(content: Any) -> tuple[Callable[[Any, str], Iterator[Record]], bool] | None:
    """Return the reader for a file's content, by its keys, and whether it needs a bundle id; None for an unknown kind."""
    if isinstance(content, list):
        return (tables.read_id_list, False) if content and all(isinstance(item, dict) and "APIs" in item for item in content) else None
    if not isinstance(content, dict) or not content:
        return None
    if isinstance(content.get("counted"), dict):
        return tables.read_counted, False
    values = list(content.values())
    if "INIntents" in content:
        return mac.read_intentdefinition, True
    if "actions" in content and {"entities", "enums", "queries", "generator"} & content.keys():
        return mac.read_actionsdata, True
    if isinstance(content.get("tools"), dict):
        return tables.read_tool_table, False
    if isinstance(content.get("ids"), list) and str(content.get("version")).startswith("toolkit"):
        return tables.read_id_list, False
    if all(isinstance(value, dict) and "ActionClass" in value for value in values):
        return mac.read_wfactions, False
    if all(isinstance(value, str) and value.startswith(f"{key}(") for key, value in content.items()):
        return tables.read_signatures, False
    if all(isinstance(value, dict) for value in values) and any(key.startswith(tables.RETURN) for value in values for key in value):
        return tables.read_type_table, False
    return None


def bundle_id(path: Path) -> str:
    """Return the bundle id of the app that contains a file, from the nearest Info.plist above it. Raises CatalogError without one."""
    for folder in path.resolve().parents:
        info = folder / "Info.plist"
        if info.is_file():
            return str(plistlib.loads(info.read_bytes())["CFBundleIdentifier"])
    raise CatalogError(f"{path}: no Info.plist above it; say whose it is with --bundle ID")


# ---------------------------------------------------------------------------------------------------------------------------------
# merging


def merge(records: Iterable[Record]) -> dict[str, Record]:
    """Return one record per id. Of contradictory facts the first counts; parameters, platforms and enum values are united."""
    merged: dict[str, Record] = {}
    for record in records:
        api = merged.setdefault(record["id"], new_api(record["id"]))
        for field, value in record.items():
            if field == "parameters":
                api["parameters"] = _merge_parameters(api.get("parameters", []), value)
                if NEWEST in record["source"]:
                    api["listed"] = api.get("listed", set()) | {parameter["key"] for parameter in value if not parameter.get("older")}
            elif field in ("source", "platforms"):
                api[field] = sorted({*api.get(field, ()), *value})
            elif field == "unknown":
                pass
            elif field == "result":
                known = api.get("result", {"name": "", "types": []})
                api["result"] = {"name": known["name"] or value["name"], "types": known["types"] or value["types"]}
            else:
                api[field] = api.get(field) or value
        api["unknown"] = [what for what in api["unknown"] if what in record.get("unknown", ())]
    return merged


def _merge_parameters(known: list[Record], new: list[Record]) -> list[Record]:
    parameters = {parameter["key"]: dict(parameter) for parameter in known}
    for parameter in new:
        old = parameters.setdefault(parameter["key"], {"key": parameter["key"]})
        for field, value in parameter.items():
            if field in ("enum", "units"):
                old[field] = list(dict.fromkeys([*old.get(field, ()), *value]))
            elif old.get(field, "any") == "any":
                old[field] = value
    return list(parameters.values())


def _normalize_values(api: Record) -> None:
    """Turn the enum of a quantity into its units (sources differ), and open the enums of localised values."""
    for parameter in api.get("parameters", ()):
        if parameter.get("type") == "quantity" and "enum" in parameter:
            parameter["units"] = list(dict.fromkeys([*parameter.get("units", ()), *parameter.pop("enum")]))
        if parameter["key"] in MISSTATED:
            parameter.pop("default", None)
        if parameter["key"] in LOCALISED and parameter.get("enum"):
            parameter["open_enum"] = True


# ---------------------------------------------------------------------------------------------------------------------------------
# records as they are written


def finished(merged: dict[str, Record]) -> Iterator[Record]:
    """Yield the records sorted by id, with app, title and summary, and without empty fields."""
    summaries, names, titles = (orjson.loads((catalog.FOLDER / name).read_bytes()) for name in (SUMMARIES, APPS, TITLES))
    for api_id, api in sorted(merged.items()):
        name = next((names[start] for start in _starts(bundle_of(api_id)) if start in names), api.get("app_name", ""))
        title = titles.get(api_id) or title_of(api_id, api.get("title", ""))
        parameters = [_aged({**parameter, "type": _type(parameter)}, api.get("listed", ())) for parameter in api.get("parameters", ())]
        result = api.get("result")
        record = {
            "id": api_id, "app": ".".join(bundle_of(api_id).split(".")[:3]), "app_name": name,
            "builtin": api_id.startswith(("is.workflow.", "com.apple.")), "title": title,
            "summary": summaries.get(api_id) or summary_of(title, name, parameters, result),
            "parameters": parameters, "input_key": api.get("input_key"), "result": result,
            "hands_on": api.get("hands_on") and not result, "platforms": api.get("platforms"),
            "source": sorted(api["source"], key=PRECEDENCE.index), "unknown": api["unknown"], "python_name": api.get("python_name"),
        }  # fmt: skip
        yield {field: value for field, value in record.items() if value not in (None, "", [])}


def bundle_of(api_id: str) -> str:
    """Return the bundle id of the app that an API belongs to: its id up to the last dot (before any `|`)."""
    return api_id.partition("|")[0].rpartition(".")[0]


def _starts(bundle: str) -> Iterator[str]:
    """Yield the prefixes of a bundle id, longest first: a.b.c, a.b, a."""
    parts = bundle.split(".")
    yield from (".".join(parts[:length]) for length in range(len(parts), 0, -1))


def _aged(parameter: Record, listed: Collection[str]) -> Record:
    """Return a parameter that says whether it is an older form: one that the newest source lacks, where that lists the API's parameters."""
    if listed:
        parameter.pop("older", None)
        if parameter["key"] not in listed and not catalog.Catalog.is_generic(parameter["key"]):
            parameter["older"] = True
    return parameter


def _type(parameter: Record) -> str:
    """Return a parameter's type: enum for one with values, unless it is a list of them; `any` if no source gives one."""
    kind = parameter.get("type", "any")
    return "enum" if parameter.get("enum") and kind != "list" else kind


def title_of(api_id: str, title: str = "") -> str:
    """Return the title, or one made from the id where that says more: "Add Task" for `com.app.AddTaskIntent`."""
    last = api_id.partition("|")[0].rpartition(".")[2]
    update = "Update " if last.endswith("-UpdatableEntity") else ""
    name = re.sub(r"(Entity-UpdatableEntity|(Link)?(App)?(Intent|Action|Entity))$", "", last) or last
    words = WORD.findall(name)
    made = update + " ".join(word[:1].upper() + word[1:] for word in words)
    return made if title in ("", UNTITLED) or made.startswith(title + " ") else title


def summary_of(title: str, app: str, parameters: list[Record], result: Record | None) -> str:
    """Return a summary in one line, made from facts by rule: "Add Task in Things; takes Title, Notes; gives Task."."""
    takes = dict.fromkeys(item["label"] for item in parameters if item.get("label") and item["type"] not in ("boolean", "app"))
    parts = [title + (f" in {app}" if app and app.lower() not in title.lower() else "")]
    parts += [f"takes {', '.join(list(takes)[:MAX_TAKES])}"] if takes else []
    parts += [f"gives {result['name']}"] if result and result["name"] not in ("", title) else []
    return "; ".join(parts) + "."
