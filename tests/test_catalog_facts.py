"""The importer on gaps and contradictions: facts from use, what no source knows, units, results; and what `check` says then."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

import shortcuts
from shortcuts.catalog import FOLDER, Catalog, importing

ROOT = Path(__file__).resolve().parents[1]

SHOUT, HEAR = "com.example.app.Shout", "com.example.app.Hear"
FILTER = "is.workflow.actions.filter."


@pytest.fixture(scope="module")
def planting() -> ModuleType:
    """bench/check.py, which plants the faults."""
    spec = importlib.util.spec_from_file_location("bench_check", ROOT / "bench" / "check.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_check"] = module
    spec.loader.exec_module(module)
    return module


def built(tmp_path: Path, *contents: Any) -> Catalog:
    """The catalogue of JSON sources and shortcuts."""
    files = []
    for number, content in enumerate(contents):
        files.append(tmp_path / f"{number}.json")
        files[-1].write_bytes(orjson.dumps(content))
    out = tmp_path / f"out{len(list(tmp_path.glob('out*')))}"  # a catalogue that was loaded is not read again
    importing.build(files, out)
    return Catalog.load(out)


def shortcut(*actions: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    return {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": api, "WFWorkflowActionParameters": parameters} for api, parameters in actions]}


def output(name: str) -> dict[str, Any]:
    value = {"Type": "ActionOutput", "OutputUUID": "U", "OutputName": name}
    return {"Value": value, "WFSerializationType": "WFTextTokenAttachment"}


def envelope(kind: str) -> dict[str, Any]:
    return {"Value": {}, "WFSerializationType": kind}


def ids(*names: str) -> dict[str, Any]:
    return {"version": "toolkit-1", "ids": list(names)}


def tools(**parameters: Any) -> dict[str, Any]:
    """A ToolKit table of one tool; a list of values makes an enum."""
    kinds = {key: {"types": [{"cases": [{"id": value} for value in kind]}]} if isinstance(kind, list) else {"typePythonName": kind}
             for key, kind in parameters.items()}  # fmt: skip
    return {"tools": {SHOUT: {"parameters": [{"key": key, **kind} for key, kind in kinds.items()]}}}


# ---------------------------------------------------------------------------------------------------------------------------------
# what nobody knows


def test_of_an_id_in_a_list_neither_parameters_nor_result_are_known(tmp_path: Path) -> None:
    catalog = built(tmp_path, ids(SHOUT))
    assert catalog[SHOUT].unknown == ("parameters", "result")
    assert catalog.stub(SHOUT).startswith("def com_example_app_Shout(**parameters) -> 'Any':")
    assert shortcuts.check("com_example_app_Shout(whatever=5)", catalog) == []


def test_a_source_that_lists_parameters_closes_the_list_and_one_shortcut_does_not(tmp_path: Path) -> None:
    catalog = built(tmp_path, ids(SHOUT), tools(text="str"), *[shortcut((SHOUT, {"text": "a", "loud": True}))] * 2)
    assert catalog[SHOUT].unknown == ("result",)
    assert [finding.code for finding in shortcuts.check("com_example_app_Shout(text='a', whatever=5)", catalog)] == ["unknown_parameter"]
    assert shortcuts.check("com_example_app_Shout(text='a', loud=True)", catalog) == []


def test_what_only_shortcuts_show_keeps_its_lists_open(tmp_path: Path) -> None:
    api = built(tmp_path, *[shortcut((SHOUT, {"text": "a"}))] * 3)[SHOUT]
    assert (api.source, api.unknown, [parameter.key for parameter in api.parameters]) == (("seen",), ("parameters", "result"), ["text"])


def test_importing_again_keeps_what_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "ids.json").write_bytes(orjson.dumps(ids(SHOUT)))
    for _ in range(2):
        importing.build([tmp_path / "ids.json"], tmp_path)
    assert Catalog.load(tmp_path)[SHOUT].unknown == ("parameters", "result")


def test_what_the_newest_list_lacks_is_older_and_stands_in_no_signature(tmp_path: Path) -> None:
    used = [shortcut((SHOUT, {"text": "a", "loud": True, "ShowWhenRun": False}))] * 2
    catalog = built(tmp_path, tools(text="str"), *used)
    assert [(item.key, item.older) for item in catalog[SHOUT].parameters] == [("text", False), ("loud", True)]
    assert "(*, text: str = ...)" in catalog.stub(SHOUT) and "Older or internal: 'loud'." in catalog.stub(SHOUT)
    assert shortcuts.check("com_example_app_Shout(text='a', loud=True)", catalog) == []
    assert not any(item.older for item in built(tmp_path, *used, ids(SHOUT))[SHOUT].parameters)  # no source lists them


def test_importing_again_keeps_what_is_older_and_a_newer_list_mends_it(tmp_path: Path) -> None:
    def older(*contents: Any) -> list[str]:
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.json").write_bytes(orjson.dumps(content))
        importing.build([tmp_path / f"{number}.json" for number in range(len(contents))], tmp_path / "out")
        records = [orjson.loads(line) for line in (tmp_path / "out" / "actions.jsonl").read_bytes().splitlines()]
        return [item["key"] for item in records[0]["parameters"] if item.get("older")]

    used = [shortcut((SHOUT, {"text": "a", "loud": True}))] * 2
    assert older(tools(text="str"), *used) == ["loud"]
    assert older(*used) == ["loud"]
    assert older(tools(pitch="str")) == ["loud"]  # the list of another system: text is still one of the newest
    assert older(tools(loud="bool")) == []


def test_a_title_that_says_nothing_is_made_from_the_id() -> None:
    assert importing.title_of("com.example.app.SleepIntent", "Unknown Action") == "Sleep"
    assert importing.title_of("com.example.app.SleepIntent", "Nap") == "Nap"


def test_the_input_of_an_action_is_a_parameter(tmp_path: Path) -> None:
    action = {"ActionClass": "X", "Name": "End", "Input": {"ParameterKey": "WFResult"}, "Parameters": [{"Key": "Other", "Class": "WFTextInputParameter"}]}
    api = built(tmp_path, {"is.workflow.actions.end": action})["is.workflow.actions.end"]
    assert [(parameter.key, parameter.type) for parameter in api.parameters] == [("Other", "text"), ("WFResult", "variable")]
    assert (api.input_key, api.unknown, api.result) == ("WFResult", (), None)


# ---------------------------------------------------------------------------------------------------------------------------------
# what use says against a source


def test_one_shortcut_opens_an_enum_and_two_add_to_it(tmp_path: Path) -> None:
    used = [shortcut((SHOUT, {"mode": mode})) for mode in ("shrill", "hoarse", "hoarse")]
    mode = built(tmp_path, tools(mode=["loud", "quiet"]), *used)[SHOUT].parameter("mode")
    assert mode and (mode.open_enum, mode.enum) == (True, ("loud", "quiet", "hoarse"))


def test_a_switch_in_use_opens_an_enum_of_texts(tmp_path: Path) -> None:
    mode = built(tmp_path, tools(mode=["on", "off"]), shortcut((SHOUT, {"mode": True}))).get(SHOUT).parameter("mode")  # type: ignore[union-attr]
    assert mode and mode.open_enum


def test_an_action_whose_output_is_taken_under_any_name_gives_something(tmp_path: Path) -> None:
    taken = {"Value": {"Type": "ActionOutput", "OutputUUID": "U1", "OutputName": "Mine"}, "WFSerializationType": "WFTextTokenAttachment"}
    uses = shortcut((SHOUT, {"UUID": "U1", "CustomOutputName": "Mine", "mode": "loud"}), (SHOUT, {"mode": taken}))
    api = built(tmp_path, tools(mode=["loud"]), uses)[SHOUT]
    assert api.result and api.result.name == "" and "result" not in api.unknown


def test_an_enum_whose_value_is_always_an_object_is_none(tmp_path: Path) -> None:
    value = {"WFNSUnitSymbol": "km", "WFNSUnitType": "Length"}
    unit = built(tmp_path, tools(unit=["km", "mi"]), *[shortcut((SHOUT, {"unit": value}))] * 2)[SHOUT].parameter("unit")
    assert unit and (unit.type, unit.enum) == ("entity", ())
    unit = built(tmp_path, tools(unit=["km", "mi"]), *[shortcut((SHOUT, {"unit": value}))] * 2, shortcut((SHOUT, {"unit": "km"})))[SHOUT].parameter("unit")
    assert unit and (unit.type, unit.enum) == ("enum", ("km", "mi"))


@pytest.mark.parametrize("kind", ["Measurement", "Person", "Placemark", "query_note"])
def test_a_type_that_is_no_text_is_given_up_where_a_shortcut_has_a_text(tmp_path: Path, kind: str) -> None:
    before, after = built(tmp_path, tools(x=kind)), built(tmp_path, tools(x=kind), shortcut((SHOUT, {"x": "5 pm"})))
    parameters = [made[SHOUT].parameter("x") for made in (before, after)]
    assert [parameter and parameter.type for parameter in parameters][1] == "any"
    assert parameters[0] and parameters[0].type in ("quantity", "contact", "location", "filter")


def test_a_parameter_that_one_shortcut_leaves_out_is_not_required(tmp_path: Path) -> None:
    intent = {"identifier": "Shout", "title": {"key": "Shout"}, "parameters": [
        {"name": name, "isOptional": False, "valueType": {"primitive": {"wrapper": {"typeIdentifier": 0}}}} for name in ("text", "tone")]}  # fmt: skip
    actionsdata = {"actions": {"Shout": intent}, "entities": {}, "enums": [], "queries": {}}
    (tmp_path / "a.actionsdata").write_bytes(orjson.dumps(actionsdata))
    (tmp_path / "b.json").write_bytes(orjson.dumps(shortcut((SHOUT, {"text": "a"}))))
    importing.build([tmp_path / "a.actionsdata", tmp_path / "b.json"], tmp_path / "out", bundle="com.example.app")
    assert [(p.key, p.required) for p in Catalog.load(tmp_path / "out")[SHOUT].parameters] == [("text", True), ("tone", False)]


def test_what_three_shortcuts_use_with_some_filters_all_filters_have(tmp_path: Path) -> None:
    source = ids(FILTER + "files", FILTER + "notes", FILTER + "music", SHOUT)
    used = [shortcut((FILTER + name, {"WFContentItemSortEnabled": True})) for name in ("files", "notes", "notes")]
    shared = built(tmp_path, source, *used)[FILTER + "music"].parameter("WFContentItemSortEnabled")
    assert shared and shared.type == "boolean"
    assert built(tmp_path, source, *used[:2])[FILTER + "music"].parameters == ()


def test_names_of_properties_are_localised_so_their_lists_are_open(tmp_path: Path) -> None:
    name = built(tmp_path, tools(WFContentItemPropertyName=["Page URL"], other=["Page URL"]))[SHOUT]
    assert [(parameter.key, parameter.open_enum) for parameter in name.parameters] == [("WFContentItemPropertyName", True), ("other", False)]


def test_what_was_counted_elsewhere_is_a_fact_from_three_on(tmp_path: Path) -> None:
    counted = {SHOUT: {"old": {"uses": 3, "type": "text"}, "rare": {"uses": 2}, "mode": {"uses": 1, "type": "enum", "values": {"shrill": 1}}}}
    catalog = built(tmp_path, tools(mode=["loud"]), {"counted": {**counted, HEAR: {}}})
    api = catalog[SHOUT]
    assert [(p.key, p.type, p.enum, p.open_enum) for p in api.parameters] == [("mode", "enum", ("loud",), True), ("old", "text", (), False)]
    assert api.source == ("tk", "counted")
    assert catalog[HEAR].unknown == ("parameters", "result")


# ---------------------------------------------------------------------------------------------------------------------------------
# quantities


def test_what_one_source_lists_for_anothers_quantity_are_its_units(tmp_path: Path) -> None:
    table = {"tools": {SHOUT: {"parameters": [{"key": "for", "typePythonName": "Measurement"}, {"key": "length", "typePythonName": "Duration"}]}}}
    prose = {SHOUT: f'{SHOUT}(for: Enum)\nParameters:\n    for: For. The value of this Enum must be one of the following values: "sec", "min".\n'
                    'Description:\n    Shout: A sentence.\n'}  # fmt: skip
    catalog = built(tmp_path, table, prose)
    duration = catalog[SHOUT].parameter("for")
    assert duration and (duration.type, duration.enum, duration.units) == ("quantity", (), ("sec", "min"))
    assert "'for': quantity(5, 'min')" in catalog.stub(SHOUT) and "Units of for: 'sec', 'min'." in catalog.stub(SHOUT)


DURATIONS = {"adjustdate": "WFDuration", "timer.start": "WFDuration", "health.workout.log": "WFWorkoutDuration",
             "recordaudio": "WFRecordingTimeInterval", "seek": "WFTimeInterval"}  # fmt: skip


@pytest.mark.parametrize(("action", "key"), DURATIONS.items())
def test_a_duration_is_a_quantity_and_neither_a_unit_nor_a_number(catalog: Catalog, action: str, key: str) -> None:
    api = catalog[f"is.workflow.actions.{action}"]
    duration = api.parameter(key)
    assert duration and duration.type == "quantity" and {"sec", "min", "hr"} <= set(duration.units)
    assert f"{key}: quantity(5, 'min')" in catalog.stub(api.id)
    shown = ", ".join(f"{other}={values[0]!r}" for other, _, values in duration.visible_when)
    assert shortcuts.check(f"{api.name}({key}=quantity(5, 'min'), {shown})", catalog) == []
    for wrong in ("'min'", "5", "True"):
        assert [finding.code for finding in shortcuts.check(f"{api.name}({key}={wrong}, {shown})", catalog)] == ["parameter_type"]


@pytest.mark.parametrize(
    ("action", "key"),
    [("filter.calendarevents", "WFContentItemFilter"), ("sendmessage", "WFSendMessageActionRecipients"),
     ("weather.forecast", "WFWeatherCustomLocation")],
)  # fmt: skip
def test_a_filter_a_contact_and_a_location_are_no_text(catalog: Catalog, action: str, key: str) -> None:
    call = f"is_workflow_actions_{action.replace('.', '_')}"
    assert [finding.code for finding in shortcuts.check(f"{call}({key}='Start Date is today')", catalog)] == ["parameter_type"]
    assert shortcuts.check(f"{call}({key}=ask_each_time())", catalog) == []


# ---------------------------------------------------------------------------------------------------------------------------------
# results


def hearing(name: str, **parameters: Any) -> dict[str, Any]:
    return shortcut((SHOUT, {"UUID": "U", **parameters}), (HEAR, {"sound": output(name)}))


def test_a_result_is_named_as_three_shortcuts_have_it_and_else_has_no_name(tmp_path: Path) -> None:
    named, renamed = hearing("Echo"), hearing("My Echo", CustomOutputName="My Echo")
    cases = {"Echo": [named] * 3, "": [named] * 2 + [renamed] * 3}
    for name, used in cases.items():
        catalog = built(tmp_path, tools(x="str"), *used)
        assert catalog[SHOUT].result and catalog[SHOUT].result.name == name and catalog[SHOUT].unknown == ()
        assert catalog.default_output(SHOUT) == (name or None)
        assert f"-> {name or 'Any'!r}:" in catalog.stub(SHOUT)
        assert catalog[HEAR].result is None


def test_what_is_read_from_is_not_without_a_result_whatever_a_source_says(tmp_path: Path) -> None:
    silent = {"is.workflow.actions.hum": {"ActionClass": "X", "Name": "Hum"}}
    assert built(tmp_path, silent)["is.workflow.actions.hum"].result is None
    used = shortcut(("is.workflow.actions.hum", {"UUID": "U"}), (HEAR, {"sound": output("Tune")}))
    api = built(tmp_path, silent, used)["is.workflow.actions.hum"]
    assert api.result and (api.result.name, api.result.types) == ("", ())


def test_a_failure_is_not_what_an_intent_gives(tmp_path: Path) -> None:
    result = built(tmp_path, {SHOUT: {"x": "String", "ThisIsReturnValue:Error": "String"}, HEAR: {"ThisIsReturnValue:Sound": "String"}})
    assert [api.result and (api.result.name, api.result.types) for api in result] == [("Sound", ("text",)), ("", ())]


def test_no_result_of_the_catalogue_is_called_a_failure(catalog: Catalog) -> None:
    assert not [api.id for api in catalog if api.result and api.result.name in ("Error", "Error Message", "Message")]


# ---------------------------------------------------------------------------------------------------------------------------------
# what check says


def bench(folder: Path) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "bench/check.py", str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.ci
def test_sixty_planted_faults_are_found_in_the_examples(planting: ModuleType, catalog: Catalog) -> None:
    programs = sorted((path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").glob("*.py"))), key=len)[:20]
    faults = planting.planted(programs, catalog, 60, seed=1)
    assert [sum(fault.kind == kind for fault in faults) for kind in ("unknown_key", "misspelled_key", "wrong_type", "enum_value")] == [15] * 4
    assert faults == planting.planted(programs, catalog, 60, seed=1) != planting.planted(programs, catalog, 60, seed=2)
    assert [(fault.api, fault.key) for fault in faults if not planting.is_found(fault, catalog)] == []


def test_a_fault_that_is_none_is_not_found(planting: ModuleType, catalog: Catalog) -> None:
    sound = (ROOT / "examples" / "Pomodoro.py").read_text(encoding="utf-8")
    assert not planting.is_found(planting.Planted(sound, sound, "unknown_key", "is.workflow.actions.timer.start", "WFDuration"), catalog)


@pytest.mark.slow
def test_check_finds_next_to_nothing_in_what_people_made(shared: Path) -> None:
    figures = bench(shared / "corpus")
    assert figures["programs"] > 600 and figures["per_100_actions"] < 0.5
    assert (figures["planted"], figures["found"]) == (60, 60)


def test_counted_facts_name_apis_and_keys(catalog: Catalog) -> None:
    counted = orjson.loads((FOLDER / "counted.json").read_bytes())["counted"]
    assert all("counted" in catalog[api].source for api in counted)
    result = catalog["is.workflow.actions.exit"].parameter("WFResult")
    assert result and result.type == "variable"
