"""Readers of a Mac's files: its own list of actions, the ToolKit database, and the intents that apps declare.

Each yields records with the fields of shortcuts/catalog/records.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shortcuts.catalog.importing.neutral import (
    INTENT_TYPES,
    MAX_TITLE,
    PLATFORMS,
    PRIMITIVES,
    label,
    neutral_type,
    plain_default,
    result,
    without_empty,
)
from shortcuts.catalog.records import CatalogError, Record

# ---------------------------------------------------------------------------------------------------------------------------------
# WFActions.plist


def read_wfactions(content: Record, bundle: str) -> Iterator[Record]:
    """Read the built-in actions: id -> {"Name", "Parameters", "Input", "Output", "DisabledOnPlatforms", ...}."""
    for api_id, action in content.items():
        output = action.get("Output") or {}
        disabled = {str(name).lower() for name in action.get("DisabledOnPlatforms", ())}
        yield without_empty({
            "id": api_id,
            "title": label(action.get("Name"), MAX_TITLE),
            "parameters": _wf_parameters(action),
            "input_key": (action.get("Input") or {}).get("ParameterKey"),  # "Required" is ignored: an absent input is the output before
            "result": result(output.get("OutputName"), output.get("Types", ())),
            "hands_on": action.get("InputPassthrough") is True,
            "platforms": sorted({PLATFORMS[name] for name in ("phone", "desktop", "watch") if name not in disabled}),
            "source": ["wf"],
        })


def _wf_parameters(action: Record) -> list[Record]:
    """Return the parameters that the app shows, and the one for the input if it is not among them."""
    shown = [_wf_parameter(item) for item in action.get("Parameters", ()) if item.get("Key")]
    input_key = (action.get("Input") or {}).get("ParameterKey")
    return shown + [{"key": input_key, "type": "variable"}] * (bool(input_key) and all(item["key"] != input_key for item in shown))


def _wf_parameter(item: Record) -> Record:
    values = [str(value) for value in item.get("Items", ()) if isinstance(value, (str, int, float))]
    kind = "list" if item.get("AllowsMultipleValues") and values else neutral_type(item.get("Class"))
    return without_empty({
        "key": item["Key"], "type": kind, "label": label(item.get("Label")), "enum": values,
        "units": [unit for unit in item.get("PossibleUnits", ()) if isinstance(unit, str)],
        "default": plain_default(item.get("DefaultValue", item.get("Default"))),
        "visible_when": list(_wf_conditions(item.get("RequiredResources", ()))),
    })  # fmt: skip


def _wf_conditions(resources: Any) -> Iterator[list[Any]]:
    for resource in resources:
        if isinstance(resource, list):
            yield from _wf_conditions(resource)
        elif isinstance(resource, dict) and "WFParameterKey" in resource:
            values = resource.get("WFParameterValues", [resource["WFParameterValue"]] if "WFParameterValue" in resource else None)
            if isinstance(values, list):
                yield [resource["WFParameterKey"], "!=" if resource.get("WFParameterRelation") == "!=" else "==", values]


# ---------------------------------------------------------------------------------------------------------------------------------
# ToolKit


def read_toolkit(path: Path) -> Iterator[Record]:
    """Read the SQLite database of all actions that a Mac knows. Tables and columns that a version lacks are passed over."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        shown = {row["toolId"]: row for row in _rows(connection, "ToolLocalizations") if row.get("localizationUsage") in (None, "display")}
        apps = {row["containerId"]: row["name"] for row in _rows(connection, "ContainerMetadataLocalizations")}
        parameters, outputs = _toolkit_parameters(connection), _group(connection, "ToolOutputTypes", "toolId", "typeIdentifier")
        tables = {"parameters": "Parameters", "result": "ToolOutputTypes"}
        unknown = [what for what, table in tables.items() if not _has_table(connection, table)]
        for tool in _rows(connection, "Tools"):
            names = shown.get(tool["rowId"], {})
            yield without_empty({
                "id": tool["id"],
                "title": label(names.get("name"), MAX_TITLE),
                "app_name": label(apps.get(tool.get("sourceContainerId"))),
                "python_name": tool.get("pythonName"),
                "parameters": parameters.get(tool["rowId"]),
                "result": result(names.get("outputResultName"), outputs.get(tool["rowId"], ())),
                "platforms": ["macOS"],
                "source": ["tk"],
                "unknown": unknown,
            })
    except (sqlite3.Error, KeyError) as error:
        raise CatalogError(f"{path}: no ToolKit database ({error}); name ~/Library/Shortcuts/ToolKit/Tools-prod.*.sqlite") from None
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[Record]:
    """Yield the rows of a table, of translations the English ones alone; nothing without such a table. `rowId` is the row number."""
    if table != "Tools" and not _has_table(connection, table):
        return
    cursor = connection.execute(f"SELECT rowid AS rowId, * FROM {table} ORDER BY rowid")
    columns = [column[0] for column in cursor.description]
    for values in cursor:
        row = dict(zip(columns, values, strict=True))
        if str(row.get("locale", "en")).startswith("en"):
            yield row


def _has_table(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _group(connection: sqlite3.Connection, table: str, key: str, value: str) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for row in _rows(connection, table):
        groups.setdefault(row[key], []).append(row[value])
    return groups


def _toolkit_parameters(connection: sqlite3.Connection) -> dict[Any, list[Record]]:
    """Return the parameters of each tool, in the order in which the app shows them."""
    labels = {(row["toolId"], row["key"]): row["name"] for row in _rows(connection, "ParameterLocalizations")}
    cases = _group(connection, "EnumerationCases", "typeId", "id")
    types: dict[tuple[Any, str], list[Any]] = {}
    for row in _rows(connection, "ToolParameterTypes"):
        types.setdefault((row["toolId"], row["key"]), []).append(row["typeId"])
    found: dict[Any, list[Record]] = {}
    for row in sorted(_rows(connection, "Parameters"), key=lambda row: row.get("sortOrder") or 0):
        kinds = types.get((row["toolId"], row["key"]), [])
        values = [value for kind in kinds for value in cases.get(kind, ())]
        kind = "enum" if values else neutral_type(str(kinds[0])) if kinds else "any"
        parameter = {"key": row["key"], "type": kind, "label": label(labels.get((row["toolId"], row["key"]))), "enum": values}
        found.setdefault(row["toolId"], []).append(without_empty(parameter))
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# App Intents and SiriKit intents


def read_actionsdata(content: Record, bundle: str) -> Iterator[Record]:
    """Read the App Intents of an app. `enums` and `actions` are lists or dictionaries, depending on the version."""
    enums = {enum["identifier"]: [case["identifier"] for case in enum.get("cases", ())] for enum in _values(content.get("enums", ()))}
    for name, action in _items(content["actions"]):
        platforms = {PLATFORMS.get(key.removeprefix("LNPlatformName").lower()) for key in action.get("availabilityAnnotations") or ()}
        output = action.get("outputType") or {}
        output_name = label(_text((action.get("descriptionMetadata") or {}).get("resultValueName")))
        yield without_empty({
            "id": f"{bundle}.{action.get('identifier') or name}",
            "title": label(_text(action.get("title")), MAX_TITLE),
            "parameters": [_ai_parameter(item, enums) for item in _values(action.get("parameters", ()))],
            "result": {"name": output_name, "types": [_ai_type(output, enums)[0]]} if output else None,
            "platforms": sorted(platform for platform in platforms if platform),
            "source": ["ai"],
        })


def _values(items: Any) -> list[Any]:
    return list(items.values()) if isinstance(items, dict) else list(items)


def _items(items: Any) -> list[tuple[str, Any]]:
    return list(items.items()) if isinstance(items, dict) else [(item["identifier"], item) for item in items]


def _text(value: Any) -> Any:
    return value.get("key") if isinstance(value, dict) else value


def _ai_parameter(item: Record, enums: dict[str, list[str]]) -> Record:
    kind, values = _ai_type(item.get("valueType") or {}, enums)
    metadata = item.get("typeSpecificMetadata") or []
    default = dict(zip(metadata[::2], metadata[1::2], strict=False)).get("LNValueTypeSpecificMetadataKeyDefaultValue")
    value = next(iter(default.values())).get("wrapper") if isinstance(default, dict) and default else None
    required = item.get("isOptional") is False and value is None
    return without_empty({
        "key": item["name"], "type": kind, "label": label(_text(item.get("title"))), "enum": values,
        "default": bool(value) if kind == "boolean" and value is not None else plain_default(value), "required": required,
    })  # fmt: skip


def _ai_type(value_type: Record, enums: dict[str, list[str]]) -> tuple[str, list[str]]:
    """Return the type and enum values of {"primitive" | "linkEnumeration" | "entity" | "array" | "intents" | "measurement": {...}}."""
    kind, holder = next(iter(value_type.items()), ("", {}))
    inner = holder.get("wrapper", holder) if isinstance(holder, dict) else {}
    if kind == "linkEnumeration":
        return "enum", enums.get(inner.get("identifier"), [])
    tables = {"primitive": PRIMITIVES, "intents": INTENT_TYPES}
    if kind in tables:
        return tables[kind].get(inner.get("typeIdentifier"), "any"), []
    return {"array": "list", "entity": "entity", "measurement": "quantity"}.get(kind, "any"), []


def read_intentdefinition(content: Record, bundle: str) -> Iterator[Record]:
    """Read the SiriKit intents of an app: the id is the bundle id and the class, which is prefix, name and "Intent"."""
    enums = {enum["INEnumName"]: [value["INEnumValueName"] for value in enum["INEnumValues"]] for enum in content.get("INEnums", ())}
    for intent in content.get("INIntents", ()):
        made = f"{intent.get('INIntentClassPrefix', '')}{intent['INIntentName']}Intent"
        response = intent.get("INIntentResponse") or {}
        fields = {item.get("INIntentResponseParameterName"): item for item in response.get("INIntentResponseParameters", ())}
        output = fields.get(response.get("INIntentResponseOutput"), {})
        yield without_empty({
            "id": f"{bundle}.{intent.get('INIntentClassName') or made}",
            "title": label(intent.get("INIntentTitle"), MAX_TITLE),
            "parameters": [_si_parameter(item, enums) for item in intent.get("INIntentParameters", ())],
            "result": result(output.get("INIntentResponseParameterDisplayName"), [output.get("INIntentResponseParameterType")]),
            "source": ["si"],
        })


def _si_parameter(item: Record, enums: dict[str, list[str]]) -> Record:
    values = [value for value in enums.get(item.get("INIntentParameterEnumType", ""), ()) if value != "unknown"]  # stands for none
    kind = "enum" if item.get("INIntentParameterEnumType") else neutral_type(item.get("INIntentParameterType"))
    return without_empty({
        "key": item["INIntentParameterName"],
        "type": "list" if item.get("INIntentParameterSupportsMultipleValues") else kind,
        "label": label(item.get("INIntentParameterDisplayName")),
        "enum": values,
        "default": plain_default((item.get("INIntentParameterMetadata") or {}).get("INIntentParameterMetadataDefaultValue")),
    })
