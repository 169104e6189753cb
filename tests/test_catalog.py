"""The catalogue of APIs: what is in it, the stubs that models see, the importers, and what real shortcuts use."""

from __future__ import annotations

import ast
import json
import plistlib
import re
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from shortcuts.catalog import FOLDER, TYPES, Catalog, CatalogError, call_name, importing
from shortcuts.catalog.importing.neutral import label, neutral_type
from shortcuts.catalog.search import search
from shortcuts.catalog.stub import MAX_SHOWN
from tests import stage_runs


def command(*arguments: object) -> stage_runs.Ended:
    return stage_runs.start_module("shortcuts", *arguments).wait()


# ---------------------------------------------------------------------------------------------------------------------------------
# what is in it


def test_it_is_sorted_and_loaded_once(catalog: Catalog) -> None:
    ids = [api.id for api in catalog]
    assert ids == sorted(ids) and len(ids) == len(catalog) > 4000
    assert Catalog.load() is catalog


def test_an_api_has_its_facts(catalog: Catalog) -> None:
    api = catalog["is.workflow.actions.downloadurl"]
    method = api.parameter("WFHTTPMethod")
    assert (api.title, api.app, api.builtin, api.result and api.result.name) == (
        "Get Contents of URL", "is.workflow.actions", True, "Contents of URL")  # fmt: skip
    assert method and (method.type, method.default, method.enum[:2]) == ("enum", "GET", ("GET", "POST"))
    body = api.parameter("WFHTTPBodyType")
    assert body and body.visible_when == (("WFHTTPMethod", "!=", ("GET",)),)
    assert api.parameter("NoSuchKey") is None


def test_an_unknown_api_is_a_key_error_or_none(catalog: Catalog) -> None:
    assert "no.such.api" not in catalog and catalog.get("no.such.api") is None and catalog.by_name("no_such_api") is None
    with pytest.raises(KeyError):
        catalog["no.such.api"]


def test_names_in_code_are_identifiers_without_collision(catalog: Catalog) -> None:
    names = Counter(api.name for api in catalog)
    assert names.most_common(1)[0][1] == 1 and all(name.isidentifier() for name in names)
    assert all(catalog.by_name(name) is not None for name in names)
    assert call_name("com.bloombuilt.dayone-ios.Find|x") == "com_bloombuilt_dayone_ios_Find_x"


def test_every_type_is_one_of_ours_and_every_enum_has_distinct_values(catalog: Catalog) -> None:
    for api in catalog:
        assert len({parameter.key for parameter in api.parameters}) == len(api.parameters)
        assert {parameter.type for parameter in api.parameters} <= TYPES and set(api.result.types if api.result else ()) <= TYPES
        assert all(len(set(parameter.enum)) == len(parameter.enum) for parameter in api.parameters)
        assert api.title and api.summary and "\n" not in api.summary


def test_apps_group_by_the_start_of_the_bundle_id(catalog: Catalog) -> None:
    apps = catalog.apps()
    assert sum(map(len, apps.values())) == len(catalog) and len(apps) > 200
    assert {api.app_name for api in apps["dk.simonbs.DataJar"]} == {"Data Jar"} and not apps["dk.simonbs.DataJar"][0].builtin


def test_keys_of_the_envelope_are_generic() -> None:
    assert all(map(Catalog.is_generic, ("UUID", "GroupingIdentifier", "Show-text"))) and not Catalog.is_generic("WFInput")


def test_search_puts_the_right_action_first(catalog: Catalog) -> None:
    for text, ending in (("resize image", "image.resize"), ("get contents of url", "downloadurl"), ("show notification", "notification")):
        assert search(catalog, text, 3)[0].id == f"is.workflow.actions.{ending}"
    assert search(catalog, "qqqq zzzz") == [] and len(search(catalog, "get", 4)) == 4


def test_the_dialect_asks_a_catalogue_of_its_own(tmp_path: Path) -> None:
    line = {"id": "com.foo.do-it_now", "app": "com.foo", "builtin": False, "title": "Do", "summary": "Do.", "result": {"name": "", "types": []},
            "parameters": [{"key": "note", "type": "text"}, {"key": "thing", "type": "entity"}]}  # fmt: skip
    other = {**line, "id": "com.foo.see", "result": {"name": "Seen", "types": ["text"]}}
    (tmp_path / "actions.jsonl").write_bytes(orjson.dumps(line) + b"\n" + orjson.dumps(other))
    catalog = Catalog.load(tmp_path)
    assert (catalog.action_id("com_foo_do_it_now"), catalog.action_id("is_workflow_actions_url")) == ("com.foo.do-it_now", None)
    assert [catalog.default_output(api_id) for api_id in ("com.foo.do-it_now", "com.foo.see", "no.such")] == [None, "Seen", None]
    assert catalog.takes_text("com.foo.see", "note") and not catalog.takes_text("com.foo.see", "thing")
    assert not catalog.takes_text("com.foo.see", "unknown") and not catalog.takes_text("no.such", "note")


def test_a_lone_variable_stands_as_its_type_says_unless_use_says_otherwise(catalog: Catalog) -> None:
    texts = (("gettext", "WFTextActionText"), ("adjustdate", "WFDate"), ("url", "WFURLActionURL"))
    attachments = (("setvariable", "WFInput"), ("math", "WFMathOperand"), ("text.split", "text"))
    for action, key in texts + attachments:
        parameter = catalog[f"is.workflow.actions.{action}"].parameter(key)
        assert parameter and parameter.is_attachment is ((action, key) in attachments)


# ---------------------------------------------------------------------------------------------------------------------------------
# stubs


def test_every_stub_is_python_with_exactly_the_known_keys(catalog: Catalog) -> None:
    for api in catalog:
        (function,) = ast.parse(catalog.stub(api.id)).body
        assert isinstance(function, ast.FunctionDef) and function.name == api.name
        doc = ast.get_docstring(function) or ""
        shown = {argument.arg for argument in function.args.kwonlyargs}
        hidden = {parameter.key for parameter in api.parameters} - shown
        assert "\n" not in doc and all(repr(key) in doc for key in hidden) and not function.args.args


def test_a_stub_cuts_a_long_enum_visibly(catalog: Catalog) -> None:
    api, parameter = next((api, parameter) for api in catalog for parameter in api.parameters if len(parameter.enum) > MAX_SHOWN)
    stub = catalog.stub(api.id)
    assert f"{parameter.key} has {len(parameter.enum)} values, {MAX_SHOWN} shown" in stub
    assert repr(parameter.enum[MAX_SHOWN - 1]) in stub


def test_a_key_that_is_no_argument_is_named_in_the_docstring(tmp_path: Path) -> None:
    line = {"id": "a.b", "app": "a", "builtin": False, "title": "T", "summary": 'Says "hi" \\ ends with "', "parameters": [
        {"key": "pass", "type": "text"}, {"key": "two-part", "type": "boolean"}, {"key": "x", "type": "number", "default": 2}]}  # fmt: skip
    (tmp_path / "actions.jsonl").write_bytes(orjson.dumps(line))
    stub = Catalog.load(tmp_path).stub("a.b")
    assert stub.startswith("def a_b(*, x: float = 2) -> None:") and "**{'pass': str, 'two-part': bool}" in stub
    ast.parse(stub)


# ---------------------------------------------------------------------------------------------------------------------------------
# errors of a catalogue


def test_a_missing_or_torn_catalogue_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be read"):
        Catalog.load(tmp_path / "nowhere")
    (tmp_path / "actions.jsonl").write_text('{"id":"a.b","title":"T"}\n{"id":"a.c","ti')
    with pytest.raises(CatalogError, match=r"actions\.jsonl:2: .*was the file cut"):
        Catalog.load(tmp_path)


@pytest.mark.parametrize("rest", ['"title":}', '"nonsense":1}', '"parameters":[{"key":1,"colour":2}]}', '"parameters":7}', '"result":[]}', '"result":{"x":1}}'])
def test_an_api_that_was_edited_into_none_is_named(tmp_path: Path, rest: str) -> None:
    (tmp_path / "actions.jsonl").write_text('{"id":"a.b","app":"a","builtin":false,"title":"T","summary":"S",' + rest)
    with pytest.raises(CatalogError, match=r"the record of a\.b is no API"):
        _ = Catalog.load(tmp_path)["a.b"]


@pytest.mark.ci
def test_the_command_shows_and_searches_and_names_what_is_near() -> None:
    assert "def is_workflow_actions_url(*, WFURLActionURL: str" in command("show", "is_workflow_actions_url").stdout
    assert "is.workflow.actions.image.resize" in command("search", "resize", "image").stdout
    missing = command("show", "resize.image")
    assert missing.returncode == 1 and "no such API; near it: is.workflow.actions.image.resize" in missing.stderr
    assert "Traceback" not in missing.stderr


# ---------------------------------------------------------------------------------------------------------------------------------
# importers, each on a small file of our own


def imported(tmp_path: Path, *files: Path, **options: Any) -> Catalog:
    importing.build(files, tmp_path / "out", overwrite=True, **options)
    return Catalog.load(tmp_path / "out")


def written(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(plistlib.dumps(content) if path.suffix in (".plist", ".intentdefinition", ".shortcut") else orjson.dumps(content))
    return path


def test_wfactions(tmp_path: Path) -> None:
    condition = {"WFResourceClass": "WFParameterRelationResource", "WFParameterKey": "Mode", "WFParameterValue": "Loud"}
    content = {"is.workflow.actions.shout": {
        "ActionClass": "WFShoutAction", "Name": "Shout", "Description": {"DescriptionSummary": "A sentence of somebody else."},
        "Input": {"ParameterKey": "WFText", "Required": True}, "Output": {"OutputName": "Shouted", "Types": ["NSString", "public.data"]},
        "DisabledOnPlatforms": ["Watch"],
        "Parameters": [
            {"Key": "WFText", "Class": "WFTextInputParameter", "Label": "Text", "Description": "Another sentence."},
            {"Key": "Mode", "Class": "WFEnumerationParameter", "Items": ["Loud", "Quiet"], "DefaultValue": "Loud"},
            {"Key": "Times", "Class": "WFStepperParameter", "RequiredResources": [[condition], {**condition, "WFParameterRelation": "!="}]},
        ]}}  # fmt: skip
    api = imported(tmp_path, written(tmp_path / "WFActions.plist", content))["is.workflow.actions.shout"]
    assert (api.title, api.platforms, api.input_key, api.source) == ("Shout", ("iOS", "macOS"), "WFText", ("wf",))
    assert api.result and (api.result.name, api.result.types) == ("Shouted", ("text", "file"))
    assert [(p.key, p.type, p.enum, p.default) for p in api.parameters] == [
        ("WFText", "text", (), None), ("Mode", "enum", ("Loud", "Quiet"), "Loud"), ("Times", "number", (), None)]  # fmt: skip
    assert api.parameters[2].visible_when == (("Mode", "==", ("Loud",)), ("Mode", "!=", ("Loud",)))
    assert "sentence" not in (tmp_path / "out/actions.jsonl").read_text()


def toolkit(path: Path, *statements: str) -> Path:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return path


def test_toolkit_database(tmp_path: Path) -> None:
    path = toolkit(
        tmp_path / "Tools-prod.v99.sqlite",
        "CREATE TABLE Tools (rowId INTEGER PRIMARY KEY, id TEXT, pythonName TEXT, sourceContainerId INTEGER)",
        "INSERT INTO Tools VALUES (7, 'com.example.notes.AddIntent', 'notes_add', 3)",
        "CREATE TABLE ToolLocalizations (toolId INTEGER, locale TEXT, localizationUsage TEXT, name TEXT, outputResultName TEXT)",
        "INSERT INTO ToolLocalizations VALUES (7, 'de', 'display', 'Notiz', 'Notiz'), (7, 'en', 'display', 'Add Note', 'Note')",
        "INSERT INTO ToolLocalizations VALUES (7, 'en', 'spoken', 'X', 'X')",
        "CREATE TABLE ContainerMetadataLocalizations (containerId INTEGER, locale TEXT, name TEXT)",
        "INSERT INTO ContainerMetadataLocalizations VALUES (3, 'en', 'Example Notes')",
        "CREATE TABLE Parameters (toolId INTEGER, key TEXT, sortOrder INTEGER, typeInstance BLOB)",
        "INSERT INTO Parameters VALUES (7, 'when', 2, x'00'), (7, 'title', 1, NULL)",
        "CREATE TABLE ParameterLocalizations (toolId INTEGER, key TEXT, locale TEXT, name TEXT)",
        "INSERT INTO ParameterLocalizations VALUES (7, 'title', 'en', 'Title')",
        "CREATE TABLE ToolParameterTypes (toolId INTEGER, key TEXT, typeId TEXT)",
        "INSERT INTO ToolParameterTypes VALUES (7, 'title', 'string'), (7, 'when', 'com.example.When')",
        "CREATE TABLE EnumerationCases (typeId TEXT, locale TEXT, id TEXT, title TEXT)",
        "INSERT INTO EnumerationCases VALUES ('com.example.When', 'en', 'now', 'Now'), ('com.example.When', 'en', 'later', 'Later')",
        "CREATE TABLE ToolOutputTypes (toolId INTEGER, typeIdentifier TEXT)",
        "INSERT INTO ToolOutputTypes VALUES (7, 'string')",
    )
    api = imported(tmp_path, path)["com.example.notes.AddIntent"]
    assert (api.title, api.app, api.app_name, api.python_name) == ("Add Note", "com.example.notes", "Example Notes", "notes_add")
    assert [(p.key, p.type, p.label, p.enum) for p in api.parameters] == [
        ("title", "text", "Title", ()), ("when", "enum", "", ("now", "later"))]  # fmt: skip
    assert api.result and (api.result.name, api.result.types) == ("Note", ("text",))
    assert api.summary == "Add Note in Example Notes; takes Title; gives Note."


def test_a_toolkit_database_of_another_version_gives_what_it_has(tmp_path: Path) -> None:
    old = toolkit(tmp_path / "old.sqlite", "CREATE TABLE Tools (id TEXT)", "INSERT INTO Tools VALUES ('com.example.app.GoIntent')")
    assert imported(tmp_path, old)["com.example.app.GoIntent"].title == "Go"
    other = toolkit(tmp_path / "other.sqlite", "CREATE TABLE Songs (id TEXT)")
    with pytest.raises(CatalogError, match="no ToolKit database"):
        imported(tmp_path, other)


def primitive(number: int) -> dict[str, Any]:
    return {"primitive": {"wrapper": {"typeIdentifier": number}}}


ACTIONSDATA: dict[str, Any] = {
    "actions": {"AddTask": {
        "identifier": "AddTask", "title": {"key": "Add Task"}, "outputType": {"entity": {"wrapper": {"typeName": "Task"}}},
        "descriptionMetadata": {"descriptionText": {"key": "Adds a task for you."}, "resultValueName": {"key": "New Task"}},
        "availabilityAnnotations": {"LNPlatformNameIOS": {}, "LNPlatformNameWildcard": {}},
        "parameters": [
            {"name": "title", "title": {"key": "Title"}, "isOptional": False, "valueType": primitive(0)},
            {"name": "urgent", "isOptional": False, "valueType": primitive(1),
             "typeSpecificMetadata": ["LNValueTypeSpecificMetadataKeyDefaultValue", {"int": {"wrapper": 0}}]},
            {"name": "list", "isOptional": True, "valueType": {"linkEnumeration": {"wrapper": {"identifier": "List"}}}},
            {"name": "files", "isOptional": True, "valueType": {"array": {"wrapper": {"memberValueType": {}}}}},
            {"name": "odd", "isOptional": True, "valueType": primitive(999)},
        ]}},
    "entities": {}, "queries": {}, "enums": [{"identifier": "List", "cases": [{"identifier": "inbox"}, {"identifier": "today"}]}],
}  # fmt: skip


def test_actionsdata_of_an_app(tmp_path: Path) -> None:
    app = tmp_path / "Tasks.app/Contents"
    written(app / "Info.plist", {"CFBundleIdentifier": "com.example.tasks"})
    written(app / "Resources/Metadata.appintents/version.json", {"version": "3.0"})
    written(app / "Resources/Metadata.appintents/extract.actionsdata", ACTIONSDATA)
    api = imported(tmp_path, tmp_path / "Tasks.app")["com.example.tasks.AddTask"]
    assert (api.title, api.app, api.platforms, api.source) == ("Add Task", "com.example.tasks", ("iOS",), ("ai",))
    assert [(p.key, p.type, p.required, p.default) for p in api.parameters] == [
        ("title", "text", True, None), ("urgent", "boolean", False, False), ("list", "enum", False, None), ("files", "list", False, None),
        ("odd", "any", False, None)]  # fmt: skip
    assert api.parameters[2].enum == ("inbox", "today") and api.result and (api.result.name, api.result.types) == ("New Task", ("entity",))
    assert "def com_example_tasks_AddTask(*, title: str, urgent: bool = False" in Catalog.load(tmp_path / "out").stub(api.id)


def test_actionsdata_of_an_older_version_has_lists(tmp_path: Path) -> None:
    older = {**ACTIONSDATA, "actions": list(ACTIONSDATA["actions"].values()), "entities": [], "enums": {"List": ACTIONSDATA["enums"][0]}}
    path = written(tmp_path / "extract.actionsdata", older)
    with pytest.raises(CatalogError, match="no Info.plist above it; say whose it is with --bundle"):
        imported(tmp_path, path)
    assert imported(tmp_path, path, bundle="com.example.tasks")["com.example.tasks.AddTask"].parameters[2].enum == ("inbox", "today")


def test_an_intent_without_an_identifier_is_called_by_its_key(tmp_path: Path) -> None:
    action = {**ACTIONSDATA["actions"]["AddTask"]}
    del action["identifier"]
    path = written(tmp_path / "extract.actionsdata", {**ACTIONSDATA, "actions": {"AddTask": action}})
    assert imported(tmp_path, path, bundle="com.example.tasks")["com.example.tasks.AddTask"].result


def test_intentdefinition(tmp_path: Path) -> None:
    content = {
        "INEnums": [{"INEnumName": "Size", "INEnumValues": [{"INEnumValueName": name} for name in ("unknown", "small", "large")]}],
        "INIntents": [{
            "INIntentName": "Order", "INIntentClassPrefix": "EX", "INIntentTitle": "Order Soup",
            "INIntentDescription": "Orders a soup for you.",
            "INIntentParameters": [
                {"INIntentParameterName": "soup", "INIntentParameterDisplayName": "Soup", "INIntentParameterType": "Object"},
                {"INIntentParameterName": "size", "INIntentParameterType": "Integer", "INIntentParameterEnumType": "Size",
                 "INIntentParameterMetadata": {"INIntentParameterMetadataDefaultValue": "small"}},
                {"INIntentParameterName": "extras", "INIntentParameterType": "String", "INIntentParameterSupportsMultipleValues": True},
            ],
            "INIntentResponse": {"INIntentResponseOutput": "price", "INIntentResponseParameters": [
                {"INIntentResponseParameterName": "price", "INIntentResponseParameterDisplayName": "Price",
                 "INIntentResponseParameterType": "Decimal"}]},
        }],
    }  # fmt: skip
    path = written(tmp_path / "Intents.intentdefinition", content)
    api = imported(tmp_path, path, bundle="com.example.soup")["com.example.soup.EXOrderIntent"]
    assert (api.title, api.result and api.result.name, api.result and api.result.types) == ("Order Soup", "Price", ("number",))
    assert [(p.key, p.type, p.enum, p.default) for p in api.parameters] == [
        ("soup", "entity", (), None), ("size", "enum", ("small", "large"), "small"), ("extras", "list", (), None)]  # fmt: skip


def test_tables_of_shortcutsbench_and_toolkit(tmp_path: Path) -> None:
    types = {"a.b.c.Do": {"size": 'Enum = "big"', "times": 'Integer = "3"', "on": "Bool = True", "ThisIsReturnValue:Thing": "NSString"}}
    prose = {"a.b.c.Do": 'a.b.c.Do(size: Enum = "big")\nParameters:\n'
             '    size:  Size. The value of this Enum must be one of the following values (The text in parentheses describes the value): '
             '"big"(Big), "small"(Small (tiny)). This value depends on the value of on. '
             'This parameter is only valid when the value of "on" is True.\n'
             'Description:\n    Do It: A sentence of somebody else.\nParameterSummary: Do ${size}\n'}  # fmt: skip
    tools = {"tools": {"a.b.c.Do": {"displayName": "Do It Now", "pythonName": "c_do", "platforms": ["macOS 27", "iOS 27 Simulator"],
                                    "parameters": [{"key": "extra", "typePythonName": "DateTime"}]}}}  # fmt: skip
    lists = [{"AppName": "a.b", "APIs": [{"APIName": "a.b.c.Only", "macOrIos": "iOS"}]}]
    files = [written(tmp_path / f"{number}.json", content) for number, content in enumerate((types, prose, tools, lists))]
    catalog = imported(tmp_path, *files)
    api = catalog["a.b.c.Do"]
    assert (api.title, api.platforms, api.source, api.python_name) == ("Do It Now", ("iOS", "macOS"), ("tk", "sb"), "c_do")
    assert {p.key: (p.type, p.enum, p.default) for p in api.parameters} == {
        "extra": ("date", (), None), "size": ("enum", ("big", "small"), "big"),
        "times": ("number", (), 3), "on": ("boolean", (), True)}  # fmt: skip
    size = api.parameter("size")
    assert size and (size.label, size.visible_when) == ("Size", (("on", "==", (True,)),))
    assert catalog["a.b.c.Only"].platforms == ("iOS",) and "sentence" not in (tmp_path / "out/actions.jsonl").read_text()


def shortcut(**parameters: Any) -> dict[str, Any]:
    use = {"Value": {"Type": "ActionOutput", "OutputUUID": "U1", "OutputName": "Shout Out"}, "WFSerializationType": "WFTextTokenAttachment"}
    return {"WFWorkflowActions": [
        {"WFWorkflowActionIdentifier": "com.example.app.Shout", "WFWorkflowActionParameters": {"UUID": "U1", **parameters}},
        {"WFWorkflowActionIdentifier": "com.example.app.Hear", "WFWorkflowActionParameters": {"sound": use}}]}  # fmt: skip


def test_what_two_shortcuts_use_is_a_fact_and_what_one_uses_is_not(tmp_path: Path) -> None:
    tools = {"tools": {"com.example.app.Shout": {"parameters": [
        {"key": "mode", "types": [{"cases": [{"id": "loud"}, {"id": "quiet"}]}]}, {"key": "other", "typePythonName": "str"}]}}}  # fmt: skip
    files = [written(tmp_path / "tools.json", tools)]
    uses = ({"mode": "shrill", "volume": 3, "typo": 1}, {"mode": "shrill", "volume": 2.5, "Show-mode": True}, {"mode": "mute", "volume": 1})
    files += [written(tmp_path / f"{number}.shortcut", shortcut(**parameters)) for number, parameters in enumerate(uses)]
    catalog = imported(tmp_path, *files)
    api = catalog["com.example.app.Shout"]
    assert {p.key: p.type for p in api.parameters} == {"mode": "enum", "other": "text", "volume": "number"}
    mode = api.parameter("mode")
    assert mode and mode.open_enum and mode.enum == ("loud", "quiet", "shrill")
    assert api.result and api.result.name == "Shout Out" and api.source == ("tk", "seen")
    sound = catalog["com.example.app.Hear"].parameter("sound")
    assert sound and (sound.type, sound.is_attachment) == ("variable", True)


@pytest.mark.parametrize("api_id", ["x", "a.\nb", 'a."b', "a.b\\", "", "é.b", "a..b"])
def test_an_id_that_is_none_never_comes_from_shortcuts(tmp_path: Path, api_id: str) -> None:
    files = [written(tmp_path / f"{number}.shortcut", {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": name} for name in (api_id, "a.good")]})
             for number in range(3)]  # fmt: skip
    assert [api.id for api in imported(tmp_path, *files)] == ["a.good"]


def test_importing_adds_to_what_is_there_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    first = written(tmp_path / "a.json", {"tools": {"a.b.c.Do": {"parameters": [{"key": "x", "typePythonName": "str"}]}}})
    second = written(tmp_path / "b.json", {"tools": {"a.b.c.Do": {"parameters": [{"key": "y", "typePythonName": "bool"}]}, "a.b.c.Go": {}}})
    out = tmp_path / "out"
    importing.build([first], out)
    counts = importing.build([second], out)
    data = (out / "actions.jsonl").read_bytes()
    assert (counts["known"], counts["apis"]) == (1, 2)
    assert [p.key for p in Catalog.load(out)["a.b.c.Do"].parameters] == ["x", "y"]
    importing.build([first, second], out)
    assert (out / "actions.jsonl").read_bytes() == data


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.json", b"", "neither SQLite nor JSON nor a property list"),
        ("text.txt", b"hello", "neither SQLite nor JSON nor a property list"),
        ("cut.json", b'{"actions": {"A"', "neither SQLite nor JSON nor a property list"),
        ("other.json", b'{"name": "package", "version": "1.0"}', "no file that documents APIs"),
        ("list.json", b"[1, 2]", "no file that documents APIs"),
        ("deep.json", b"[" * 100_000, "neither SQLite nor JSON nor a property list"),
        ("odd.json", b'{"tools": {"a.b": 3}}', "looks like tool_table, but is laid out otherwise"),
        ("nameless.json", b'[{"APIs": [{"APIName": ""}]}]', "looks like id_list, but is laid out otherwise"),
        ("quote.json", b'{"ids": ["a.b", "a.\\"b"], "version": "toolkit-1"}', "is no id of an API"),
        ("number.json", b'{"tools": {"a.b": {"parameters": [{"key": 7}]}}}', "something in it is no text"),
        ("broken.sqlite", b"SQLite format 3\0" + b"x" * 50, "no ToolKit database"),
        ("signed.shortcut", b"AEA1" + b"\0" * 40, "neither SQLite nor JSON nor a property list"),
    ],
)
def test_another_file_is_one_clear_line(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CatalogError, match=re.escape(f"{path}: ") + ".*" + re.escape(message)):
        imported(tmp_path, path)
    assert not (tmp_path / "out").exists()


def test_the_import_command_ends_with_a_summary_or_a_clear_line(tmp_path: Path) -> None:
    path = written(tmp_path / "ids.json", {"version": "toolkit-v1", "ids": ["a.b.c.DoIntent"]})
    done = command("import", path, "--output", tmp_path / "out")
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1])["apis"] == 1
    failed = command("import", tmp_path / "none.json", "--output", tmp_path / "out")
    assert failed.returncode == 1 and "none.json: no such file" in failed.stderr and "Traceback" not in failed.stderr


def test_types_of_all_sources_map_onto_ours() -> None:
    cases = {
        "WFTextInputParameter": "text", "WFVariablePickerParameter(Object)": "variable", "WFPhoneNumberFieldParameter": "contact",
        "Enum": "enum", "IntentWidgetTheme(Enum)": "enum", "array(String)": "list", "com_apple_notes_note_entity": "entity",
        "query_file": "filter", "float": "number", "com.adobe.pdf": "file", "WFDurationQuantityFieldParameter": "quantity",
        "dict[Any, Any]": "dictionary", "12(Object)": "file", "": "any",
    }  # fmt: skip
    assert {name: neutral_type(name) for name in cases} == cases


def test_a_label_is_a_name_and_no_sentence() -> None:
    assert label(" Start  Time ") == "Start Time" and label("Timeout (seconds)") == "Timeout (seconds)"
    for text in ("Shows the thing.", "CREATE_FOLDER_TITLE", "AX.Zoom.title", "Get ${item}", "Text)", "w" * 41, None):
        assert label(text) == ""


# ---------------------------------------------------------------------------------------------------------------------------------
# beside the real sources and shortcuts


def people(shared: Path) -> list[Path]:
    """The shortcuts that people made; a model's may have keys that it made up."""
    entries = (json.loads(line) for line in (shared / "corpus/manifest.jsonl").read_text().splitlines())
    return [shared / "corpus" / entry["file"] for entry in entries if entry["origin"] == "user"]


def test_real_shortcuts_are_covered(shared: Path, catalog: Catalog) -> None:
    known: Counter[str] = Counter()
    for path in sorted((shared / "corpus/plist").glob("*.plist"))[::4]:
        for action in plistlib.loads(path.read_bytes())["WFWorkflowActions"]:
            api = catalog.get(action["WFWorkflowActionIdentifier"])
            known["calls"] += 1
            known["known calls"] += api is not None
            for key, value in action["WFWorkflowActionParameters"].items() if api else ():
                if Catalog.is_generic(key):
                    continue
                parameter = api.parameter(key)
                known["pairs"] += 1
                known["known pairs"] += parameter is not None
                if parameter and parameter.enum and isinstance(value, str):
                    assert value in parameter.enum or parameter.open_enum, (api.id, key, value)
    assert known["known calls"] / known["calls"] > 0.998 and known["known pairs"] / known["pairs"] > 0.995


@pytest.mark.slow
def test_the_catalogue_is_what_its_sources_give(shared: Path, tmp_path: Path) -> None:
    importing.build([shared / "catalog", FOLDER / "counted.json", *people(shared)], tmp_path, overwrite=True)
    assert (tmp_path / "actions.jsonl").read_bytes() == (FOLDER / "actions.jsonl").read_bytes()


def test_no_summary_is_a_sentence_of_a_source(shared: Path) -> None:
    sources = (shared / "catalog/WFActions.plist", shared / "catalog/all_api2info.json")
    text = " ".join(path.read_text(errors="replace") for path in sources).lower()
    ours = orjson.loads((FOLDER / "summaries.json").read_bytes())
    assert len(ours) > 120 and not [summary for summary in ours.values() if summary.lower().removesuffix(".") in text]
