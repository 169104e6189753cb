"""The shortcuts of examples/: each program and its file agree, and together they show every form of the dialect."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shortcuts
from shortcuts import control_flow, plist
from shortcuts.catalog import Catalog
from shortcuts.forms import constants

FOLDER = Path(__file__).resolve().parents[1] / "examples"
PROGRAMS = sorted(FOLDER.glob("*.py"))
CONDITIONAL, MENU = control_flow.ACTION_OF_KIND["if"], control_flow.ACTION_OF_KIND["menu"]

each_program = pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)


def source(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def built(path: Path) -> dict[str, Any]:
    return plist.read_shortcut(path.with_suffix(".shortcut").read_bytes(), path.stem)


@pytest.fixture(scope="module")
def parsed() -> dict[str, dict[str, Any]]:
    return {path.stem: built(path) for path in PROGRAMS}


@pytest.fixture(scope="module")
def dictionaries(parsed: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Every dictionary in every shortcut."""
    return [found for shortcut in parsed.values() for found in walk(shortcut)]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def markers(parsed: dict[str, dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The parameters of every marker of a kind of block."""
    actions = [action for shortcut in parsed.values() for action in shortcut["WFWorkflowActions"]]
    return [found["WFWorkflowActionParameters"] for found in actions if found["WFWorkflowActionIdentifier"] == action]


# ---------------------------------------------------------------------------------------------------------------------------------
# each example


def test_there_are_at_least_thirty_and_every_program_has_its_shortcut_and_its_line_in_the_readme() -> None:
    stems = [path.stem for path in PROGRAMS]
    assert len(stems) >= 30
    assert sorted(path.stem for path in FOLDER.glob("*.shortcut")) == stems
    assert re.findall(r"^\| ([A-Z].*?) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.M) == stems


@each_program
def test_the_file_is_the_binary_property_list_of_what_the_program_compiles_to(path: Path) -> None:
    data = path.with_suffix(".shortcut").read_bytes()
    assert data.startswith(b"bplist00")
    assert plist.same(plistlib.loads(data), shortcuts.to_shortcut(source(path)))


@each_program
def test_the_transcription_of_the_file_is_the_program_and_compiles_to_the_same_shortcut(path: Path) -> None:
    result = shortcuts.transcribe(built(path))
    assert result.code == source(path)
    assert (result.exact, result.canonical, result.fixed_point, result.raw) == (True, True, True, 0)


@each_program
def test_check_finds_nothing_wrong(path: Path) -> None:
    assert shortcuts.check(source(path)) == []


@each_program
def test_web_addresses_are_of_reserved_domains(path: Path) -> None:
    hosts = re.findall(r"https?://([\w.-]+)", source(path))
    assert all(re.fullmatch(r"(.+\.)?example\.(com|org|net)", host) for host in hosts)


# ---------------------------------------------------------------------------------------------------------------------------------
# all of them together


def test_sizes_range_from_three_actions_to_a_hundred(parsed: dict[str, dict[str, Any]]) -> None:
    sizes = [shortcuts.statistics(shortcut)["actions"] for shortcut in parsed.values()]
    assert min(sizes) == 3 and max(sizes) > 100
    bands = [sum(low <= size <= high for size in sizes) for low, high in ((3, 8), (9, 25), (26, 60), (61, 130))]
    assert bands == [8, 14, 10, 4]


def test_every_condition_occurs(parsed: dict[str, dict[str, Any]]) -> None:
    codes = {found["WFCondition"] for parameters in markers(parsed, CONDITIONAL) for found in walk(parameters) if "WFCondition" in found}
    assert codes == set(constants.RULE_OPERATORS.values())


def test_conditions_are_joined_by_and_and_by_or_and_have_otherwise_ifs_and_empty_operands(parsed: dict[str, dict[str, Any]]) -> None:
    found = markers(parsed, CONDITIONAL)
    prefixes = {table["WFActionParameterFilterPrefix"] for parameters in found for table in walk(parameters)
                if "WFActionParameterFilterPrefix" in table}  # fmt: skip
    assert prefixes == {0, 1}
    assert any(parameters["WFControlFlowMode"] == control_flow.MIDDLE and "WFCondition" in parameters for parameters in found)
    assert any(parameters.get("WFCondition") == constants.EQUAL and "WFNumberValue" not in parameters
               and "WFConditionalActionString" not in parameters for parameters in found)  # fmt: skip


def test_every_kind_of_block_occurs_and_its_result_is_used(parsed: dict[str, dict[str, Any]]) -> None:
    kinds = {control_flow.kind_of(action) for shortcut in parsed.values() for action in shortcut["WFWorkflowActions"]}
    assert kinds >= set(control_flow.RESULT_HELPERS)
    programs = "".join(map(source, PROGRAMS))
    assert all(f"= {helper}()" in programs for helper in control_flow.RESULT_HELPERS.values())


def test_loops_nest_with_both_indexes_and_menus_nest(parsed: dict[str, dict[str, Any]], dictionaries: list[dict[str, Any]]) -> None:
    names = {found["VariableName"] for found in dictionaries if "VariableName" in found}
    assert names >= {"Repeat Item", "Repeat Item 2", "Repeat Index", "Repeat Index 2"}
    assert any(re.search(r"case .*:\n +match menu\(", source(path)) for path in PROGRAMS)
    assert max(shortcuts.statistics(shortcut)["depth"] for shortcut in parsed.values()) >= 4


def test_menus_have_plain_titles_titles_with_variables_and_items_without_a_case(parsed: dict[str, dict[str, Any]]) -> None:
    found = markers(parsed, MENU)
    cases = [parameters for parameters in found if parameters["WFControlFlowMode"] == control_flow.MIDDLE]
    assert {"WFMenuItemAttributedTitle" in case for case in cases} == {True, False}
    modes = [parameters["WFControlFlowMode"] for parameters in found]
    assert any(pair == (control_flow.START, control_flow.END) and start["WFMenuItems"] for start, pair in zip(found, zip(modes, modes[1:])))


def test_every_part_of_a_variable_occurs(dictionaries: list[dict[str, Any]]) -> None:
    tokens = {found["Type"] for found in dictionaries if isinstance(found.get("Type"), str)}
    assert tokens >= {"ActionOutput", "Variable", "ExtensionInput", "Clipboard", "CurrentDate", "DeviceDetails", "Ask"}
    assert tokens >= {f"WF{step}VariableAggrandizement" for step in ("DictionaryValue", "Coercion", "Property", "DateFormat", "Unit")}
    formats = {found["WFDateFormatStyle"] for found in dictionaries if found.get("Type") == "WFDateFormatVariableAggrandizement"}
    assert formats >= {"Custom", "ISO 8601", "Long", "Medium", "None"}


def test_every_common_envelope_and_every_type_of_a_dictionary_item_occurs(dictionaries: list[dict[str, Any]]) -> None:
    envelopes = {found["WFSerializationType"] for found in dictionaries if "WFSerializationType" in found}
    assert envelopes >= {"WFTextTokenAttachment", "WFTextTokenString", "WFDictionaryFieldValue", "WFQuantityFieldValue", "WFTimeOffsetValue",
                         "WFContentPredicateTableTemplate", "WFArrayParameterState", "WFNumberSubstitutableState"}  # fmt: skip
    items = {found["WFItemType"]: found["WFValue"] for found in dictionaries if "WFItemType" in found}
    assert items.keys() >= {constants.TEXT_ITEM, constants.DICTIONARY_ITEM, constants.ARRAY_ITEM, constants.NUMBER_ITEM, constants.BOOLEAN_ITEM}


def test_variables_stand_after_emoji_at_their_place_in_utf16(dictionaries: list[dict[str, Any]]) -> None:
    texts = [found for found in dictionaries if found.get("attachmentsByRange") and any(c > "\uffff" for c in found["string"])]
    assert len(texts) >= 20
    for found in texts:
        units = found["string"].encode("utf-16-le")
        starts = [int(place[1 : place.index(",")]) for place in found["attachmentsByRange"]]
        assert all(units[2 * start : 2 * start + 2] == "\ufffc".encode("utf-16-le") for start in starts)


def test_the_written_forms_occur() -> None:
    programs = "".join(map(source, PROGRAMS))
    for form in ("f'", "'.format(", " += [", " = []", "in enumerate(", "for _ in range(", "in range(1, ", "otherwise_if(", "filter_all(",
                 "filter_any(", "rule(", "number(", "boolean(", "ask_on_import(", "ask_each_time(", " == None", "pass\n"):  # fmt: skip
        assert form in programs, form
    assert sum(bool(re.match(r"(workflow\(.*\n)?['\"]", source(path))) for path in PROGRAMS) > 30  # most begin with a Comment


def test_finders_of_photos_events_reminders_and_contacts_have_rules(parsed: dict[str, dict[str, Any]]) -> None:
    for kind in ("photos", "calendarevents", "reminders", "contacts"):
        found = markers(parsed, f"is.workflow.actions.filter.{kind}")
        assert found and all("WFContentItemFilter" in parameters for parameters in found)


def test_headers_say_where_a_shortcut_appears_what_it_takes_and_what_it_does_without_input(parsed: dict[str, dict[str, Any]]) -> None:
    behaviours = {shortcut["WFWorkflowNoInputBehavior"]["Name"] for shortcut in parsed.values() if "WFWorkflowNoInputBehavior" in shortcut}
    assert behaviours == {f"WFWorkflowNoInputBehavior{name}" for name in ("GetClipboard", "AskForInput", "ShowError")}
    types = {kind for shortcut in parsed.values() for kind in shortcut["WFWorkflowTypes"]}
    assert types >= {"ActionExtension", "QuickActions", "Watch", "NCWidget", "MenuBar"}
    assert sum(bool(shortcut["WFWorkflowImportQuestions"]) for shortcut in parsed.values()) >= 5


def test_apps_of_others_are_spread_so_that_some_can_be_held_out() -> None:
    catalog = Catalog.load()
    apps = {path.stem: {catalog[api].app for api in shortcuts.apis_of(source(path)) if not catalog[api].builtin} for path in PROGRAMS}
    assert sum(map(bool, apps.values())) >= 10
    assert len(set().union(*apps.values())) >= 8
