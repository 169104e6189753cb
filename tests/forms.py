"""Every form of the dialect once: its name, the program, the property list it stands for. tests/test_forms.py holds all that must agree to it.

`x` is the output of the first action, `v` a variable that is set to it; identities are short here, which no reader minds.
"""

from __future__ import annotations

import datetime
from plistlib import UID
from typing import Any, NamedTuple

from shortcuts.forms import header
from shortcuts.forms.constants import COERCIONS, GLOBALS, SIMPLE_ENVELOPES

MARK = "\ufffc"
Tree = dict[str, Any]


class Row(NamedTuple):
    """A form: the program and its actions. `apis`: more than those that the program calls, for the grammar."""

    name: str
    code: str
    actions: list[Tree]
    level: Tree = {}  # of the workflow

    @property
    def shortcut(self) -> Tree:
        """The whole property list."""
        return {**header.DEFAULTS, **self.level, "WFWorkflowActions": self.actions}


def step(identifier: str, **parameters: Any) -> Tree:
    """An action of the app's own."""
    return {"WFWorkflowActionIdentifier": f"is.workflow.actions.{identifier}", "WFWorkflowActionParameters": parameters}


def wrapped(kind: str, value: Any) -> Tree:
    """An envelope."""
    return {"Value": value, "WFSerializationType": kind}


def attached(token: Tree) -> Tree:
    """A lone variable."""
    return wrapped("WFTextTokenAttachment", token)


def text(string: str, **tokens: Tree) -> Tree:
    """A text with variables, each at its offset: `text('￼ and', at0=X)`."""
    return wrapped("WFTextTokenString", {"string": string, "attachmentsByRange": {f"{{{key[2:]}, 1}}": value for key, value in tokens.items()}})


def output(uuid: str, name: str = "x", **steps: Any) -> Tree:
    """The token of an action's output."""
    return {"Type": "ActionOutput", "OutputUUID": uuid, "OutputName": name, **steps}


def taken(kind: str, **step_: Any) -> Tree:
    """The token of a part of x."""
    return output("X", Aggrandizements=[{"Type": f"WF{kind}VariableAggrandizement", **step_}])


X = output("X")
FIRST = step("date", UUID="X", CustomOutputName="x")
FIRST_CODE = "x = is_workflow_actions_date()\n"


def value(name: str, expression: str, tree: Any, key: str = "Odd", action: str = "getvariable") -> Row:
    """A form of a parameter's value; by default of one that no catalogue has a type for."""
    return Row(name, f"{FIRST_CODE}is_workflow_actions_{action}({key}={expression})\n", [FIRST, step(action, **{key: tree})])


def item(name: str, expression: str, kind: int, tree: Any) -> Row:
    """A form of an item of a dictionary field."""
    field = wrapped("WFDictionaryFieldValue", {"WFDictionaryFieldValueItems": [{"WFKey": text_key("k"), "WFItemType": kind, "WFValue": tree}]})
    return Row(name, f"{FIRST_CODE}is_workflow_actions_dictionary(WFItems={{'k': {expression}}})\n", [FIRST, step("dictionary", WFItems=field)])


def text_key(string: str) -> Tree:
    """A text without variables in its envelope."""
    return wrapped("WFTextTokenString", {"string": string})


def filtered(prefix: int, *rules: Tree, **more: Any) -> Tree:
    """A filter's table."""
    table = {"WFActionParameterFilterPrefix": prefix, "WFActionParameterFilterTemplates": list(rules), "WFContentPredicateBoundedDate": False}
    return wrapped("WFContentPredicateTableTemplate", {**table, **more})


def blocks(name: str, code: str, *actions: Tree) -> Row:
    """A form of a block."""
    return Row(name, FIRST_CODE + code, [FIRST, *actions])


def marker(kind: str, mode: int, **parameters: Any) -> Tree:
    """A marker of a block."""
    return step(kind, GroupingIdentifier="G", WFControlFlowMode=mode, **parameters)


def repeat(kind: str, name: str, head: str, **parameters: Any) -> Row:
    """A repeat with a body that does nothing."""
    return blocks(name, f"{head}:\n    pass\n", marker(f"repeat.{kind}", 0, **parameters), marker(f"repeat.{kind}", 2))


def menu(name: str, code: str, start: Tree, *cases: Tree) -> Row:
    """A menu."""
    return blocks(name, code, marker("choosefrommenu", 0, **start), *(marker("choosefrommenu", 1, **case) for case in cases), marker("choosefrommenu", 2))


def condition(name: str, test: str, **parameters: Any) -> Row:
    """An If with a body that does nothing."""
    return blocks(name, f"if {test}:\n    pass\n", marker("conditional", 0, **parameters), marker("conditional", 2))


SUBJECT = {"Type": "Variable", "Variable": attached(X)}
QUANTITY = wrapped("WFQuantityFieldValue", {"Magnitude": 5, "Unit": "min"})
RULE = {"Operator": 99, "Property": "Name", "Removable": True, "Values": {"String": "a"}}
OLD_RULE = {"Operator": 99, "Property": "Name", "String": "a", "Removable": True, "VariableOverrides": {}}
OUTCOME = marker("conditional", 2, UUID="R")

VALUES = [
    value("text", "'a'", "a"),
    value("text with variables", "f'{x} and {x}'", text(f"{MARK} and {MARK}", at0=X, at6=X)),
    value("text that no f-string can hold", "'a {}'.format(x[\"it's\"])", text(f"a {MARK}", at2=taken("DictionaryValue", DictionaryKey="it's"))),
    value("text with a key that is not printable", "'a {}'.format(x['\\u2028'])", text(f"a {MARK}", at2=taken("DictionaryValue", DictionaryKey="\u2028"))),
    value("number", "5", 5), value("negative number", "-5", -5), value("real number", "1.5", 1.5),
    value("boolean", "True", True), value("list", "['a', 5]", ["a", 5]), value("plain dictionary", "{'a': 5}", {"a": 5}),
    value("variable", "x", attached(X)),
    *(value(f"{name}()", f"{name}()", attached({"Type": kind})) for name, kind in GLOBALS.items()),
    value("ask_each_time", "ask_each_time('Which?')", attached({"Type": "Ask", "Prompt": "Which?"})),
    value("subscript", "x['k']", attached(taken("DictionaryValue", DictionaryKey="k"))),
    *(value(name, f"{name}(x)", attached(taken("Coercion", CoercionItemClass=kind))) for name, kind in COERCIONS.items()),
    value("as_type", "as_type(x, 'WFOddContentItem')", attached(taken("Coercion", CoercionItemClass="WFOddContentItem"))),
    value("attribute", "x.Width", attached(taken("Property", PropertyName="Width"))),
    value("property with an underscore", "x.property('a_b')", attached(taken("Property", PropertyName="a_b"))),
    value("property", "x.property('Title', 'title')", attached(taken("Property", PropertyName="Title", PropertyUserInfo="title"))),
    value("property of an entity", "x.property('title', entity='title')", attached(taken(
          "Property", PropertyName="title", PropertyUserInfo={"WFLinkEntityContentPropertyUserInfoPropertyIdentifier": "title"}))),
    value("formatted", "x.formatted('yyyy')", attached(taken("DateFormat", WFDateFormatStyle="Custom", WFDateFormat="yyyy", WFISO8601IncludeTime=False))),
    value("formatted by style", "x.formatted(style='Short', time='None')",
          attached(taken("DateFormat", WFDateFormatStyle="Short", WFTimeFormatStyle="None", WFISO8601IncludeTime=False))),
    value("formatted without a word on times", "x.formatted(style='Short', iso_time=None)", attached(taken("DateFormat", WFDateFormatStyle="Short"))),
    value("in_unit", "x.in_unit('kg', 'Mass')", attached(taken("Unit", WFUnitSymbol="kg", WFMeasurementUnitType="Mass"))),
    value("variable by name", "variable('a name')", attached({"Type": "Variable", "VariableName": "a name"})),
    value("missing", "missing('Text')", attached(output("nowhere", "Text"))),
    value("attachment", "attachment(x)", attached(X), "WFTextActionText", "gettext"),
    value("lone variable in a text", "x", text(MARK, at0=X), "WFTextActionText", "gettext"),
    value("quantity", "quantity(5, 'min')", QUANTITY),
    value("quantity of a variable", "quantity(x, 'min')", wrapped("WFQuantityFieldValue", {"Magnitude": X, "Unit": "min"})),
    value("time_offset", "time_offset('Add', 1, 'Day')", wrapped("WFTimeOffsetValue", {"Operation": "Add", "Value": 1, "Unit": "Day"})),
    value("datetime", "datetime(2026, 2, 20, 21, 55)", datetime.datetime(2026, 2, 20, 21, 55)),
    value("data", "data('YQ==')", b"a"), value("uid", "uid(3)", UID(3)), value("float", "float('inf')", float("inf")),
    value("dictionary", "dictionary({'k': 'a'})",
          wrapped("WFDictionaryFieldValue", {"WFDictionaryFieldValueItems": [{"WFKey": text_key("k"), "WFItemType": 0, "WFValue": text_key("a")}]})),
    *(value(name, f"{name}(x)", wrapped(kind, attached(X))) for name, kind in SIMPLE_ENVELOPES.items()),
    value("contacts", "contacts(['a'])", wrapped("WFContactFieldValue", {"WFContactFieldValues": ["a"]})),
    value("array", "array(['a'])", wrapped("WFArrayParameterState", ["a"])),
    value("filter_all", "filter_all(rule('Name', 'contains', String='a'))", filtered(1, RULE)),
    value("filter_any", "filter_any(rule('Name', 'contains', String='a'), WFContentItemLimitNumber=5)", filtered(0, RULE, WFContentItemLimitNumber=5)),
    value("legacy_rule", "filter_all(legacy_rule('Name', 'contains', String='a', Removable=True, VariableOverrides={}))", filtered(1, OLD_RULE)),
    Row("uuid_of", FIRST_CODE + "is_workflow_actions_getvariable(Odd={'UUID': uuid_of(x)}, WFVariable=x)\n",
        [FIRST, step("getvariable", Odd={"UUID": "X"}, WFVariable=attached(X))]),
    Row("ask_on_import", "is_workflow_actions_gettext(WFTextActionText=ask_on_import('key', question='Your key?'))\n",
        [step("gettext", WFTextActionText="key")],
        {"WFWorkflowImportQuestions": [{"ActionIndex": 0, "Category": "Parameter", "ParameterKey": "WFTextActionText", "Text": "Your key?", "DefaultValue": "key"}]}),
]  # fmt: skip
ITEMS = [
    item("item of text", "'a'", 0, text_key("a")),
    item("item of text with variables", "f'{x}!'", 0, text(f"{MARK}!", at0=X)),
    item("item that is a number", "5", 3, text_key("5")),
    item("number", "number(x)", 3, text(MARK, at0=X)),
    item("item that is a boolean", "True", 4, wrapped("WFNumberSubstitutableState", True)),
    item("boolean", "boolean(x)", 4, wrapped("WFNumberSubstitutableState", attached(X))),
    item("item that is a dictionary", "{'a': 'b'}", 1, wrapped("WFDictionaryFieldValue", wrapped("WFDictionaryFieldValue", {
        "WFDictionaryFieldValueItems": [{"WFKey": text_key("a"), "WFItemType": 0, "WFValue": text_key("b")}]}))),
    item("item that is a list", "['a']", 2, wrapped("WFArrayParameterState", ["a"])),
    item("file", "file(x)", 5, wrapped("WFTokenAttachmentParameterState", attached(X))),
    item("dictionary_choice", "dictionary_choice(x)", 1, wrapped("WFDictionarySubstitutableParameterState", attached(X))),
    item("array_choice", "array_choice(x)", 2, wrapped("WFArraySubstitutableParameterState", attached(X))),
    item("plain", "plain({'WFItemType': 9, 'WFValue': 'a'})", 9, "a"),
]
STATEMENTS = [
    Row("action", "action('com.example.do-it', Text='a')\n",
        [{"WFWorkflowActionIdentifier": "com.example.do-it", "WFWorkflowActionParameters": {"Text": "a"}}]),
    Row("raw_action", "raw_action('is.workflow.actions.nothing', {}, extra={'Odd': 5})\n", [{**step("nothing"), "Odd": 5}]),
    Row("keys that are no identifiers", "is_workflow_actions_nothing(**{'a-b': 5})\n", [step("nothing", **{"a-b": 5})]),
    Row("a key that Python folds", "is_workflow_actions_nothing(**{'\ufb01': 5})\n", [step("nothing", **{"\ufb01": 5})]),
    Row("comment", "'A note.'\nis_workflow_actions_nothing()\n", [step("comment", WFCommentActionText="A note."), step("nothing")]),
    Row("output", FIRST_CODE + "is_workflow_actions_getvariable(WFVariable=x)\n", [FIRST, step("getvariable", WFVariable=attached(X))]),
    Row("shared identity", FIRST_CODE + "x = is_workflow_actions_date(UUID=x)\nis_workflow_actions_getvariable(WFVariable=x)\n",
        [FIRST, FIRST, step("getvariable", WFVariable=attached(X))]),
    Row("later", "is_workflow_actions_getvariable(WFVariable=later(x))\n" + FIRST_CODE, [step("getvariable", WFVariable=attached(X)), FIRST]),
    Row("assignment", FIRST_CODE + "v = x\n", [FIRST, step("setvariable", WFVariableName="v", WFInput=attached(X))]),
    Row("append", FIRST_CODE + "v = []\nv += [x]\n", [FIRST, step("appendvariable", WFVariableName="v", WFInput=attached(X))]),
    Row("workflow", "workflow(output_types=['WFStringContentItem'], types=['Watch'])\nis_workflow_actions_nothing()\n", [step("nothing")],
        {"WFWorkflowTypes": ["Watch"], "WFWorkflowOutputContentItemClasses": ["WFStringContentItem"]}),
]
BLOCKS = [
    blocks("else", "if x:\n    pass\nelse:\n    is_workflow_actions_nothing()\n", marker("conditional", 0, WFCondition=100, WFInput=SUBJECT),
           marker("conditional", 1), step("nothing"), marker("conditional", 2)),
    blocks("otherwise_if", "if x:\n    pass\nelif otherwise_if(not x):\n    pass\n", marker("conditional", 0, WFCondition=100, WFInput=SUBJECT),
           marker("conditional", 1, WFCondition=101, WFInput=SUBJECT), marker("conditional", 2)),
    blocks("if_result", "if x:\n    pass\nR = if_result()\nis_workflow_actions_getvariable(WFVariable=R)\n",
           marker("conditional", 0, WFCondition=100, WFInput=SUBJECT), {**OUTCOME, "WFWorkflowActionParameters": {**OUTCOME["WFWorkflowActionParameters"], "CustomOutputName": "R"}},
           step("getvariable", WFVariable=attached(output("R", "R")))),
    repeat("count", "range", "for _ in range(3)", WFRepeatCount=3),
    repeat("count", "repeat_count", "for _ in repeat_count()"),
    repeat("each", "for", "for Repeat_Item in x", WFInput=attached(X)),
    repeat("each", "repeat_each", "for Repeat_Item in repeat_each(x, Odd='a')", WFInput=attached(X), Odd="a"),
    blocks("enumerate", "for Repeat_Index, Repeat_Item in enumerate(x, start=1):\n    is_workflow_actions_getvariable(WFVariable=Repeat_Index)\n",
           marker("repeat.each", 0, WFInput=attached(X)), step("getvariable", WFVariable=attached({"Type": "Variable", "VariableName": "Repeat Index"})),
           marker("repeat.each", 2)),
    blocks("repeat_results", "for Repeat_Item in x:\n    pass\nR = repeat_results()\nis_workflow_actions_getvariable(WFVariable=R)\n",
           marker("repeat.each", 0, WFInput=attached(X)), marker("repeat.each", 2, UUID="R", CustomOutputName="R"),
           step("getvariable", WFVariable=attached(output("R", "R")))),
    menu("menu", "match menu('Which?'):\n    case 'A':\n        pass\n    case 'B':\n        pass\n",
         {"WFMenuPrompt": "Which?", "WFMenuItems": ["A", "B"]}, {"WFMenuItemTitle": "A"}, {"WFMenuItemTitle": "B"}),
    blocks("before", "match menu():\n    case _ if before():\n        is_workflow_actions_nothing()\n    case 'A':\n        pass\n",
           marker("choosefrommenu", 0, WFMenuItems=["A"]), step("nothing"), marker("choosefrommenu", 1, WFMenuItemTitle="A"), marker("choosefrommenu", 2)),
    menu("item", "match menu():\n    case _ if item(f'{x} left'):\n        pass\n", {"WFMenuItems": [{"WFItemType": 0, "WFValue": text(f"{MARK} left", at0=X)}]},
         {"WFMenuItemTitle": "… left", "WFMenuItemAttributedTitle": text(f"{MARK} left", at0=X)["Value"]}),
    blocks("menu_result", "match menu():\n    case 'A':\n        pass\nR = menu_result()\nis_workflow_actions_getvariable(WFVariable=R)\n",
           marker("choosefrommenu", 0, WFMenuItems=["A"]), marker("choosefrommenu", 1, WFMenuItemTitle="A"),
           marker("choosefrommenu", 2, UUID="R", CustomOutputName="R"), step("getvariable", WFVariable=attached(output("R", "R")))),
    blocks("marker", "if x:\n    pass\nelse:\n    marker(Odd='a')\n", marker("conditional", 0, WFCondition=100, WFInput=SUBJECT),
           marker("conditional", 1, Odd="a"), marker("conditional", 2)),
]  # fmt: skip
CONDITIONS = [
    *(condition(f"{sign} number", f"x {sign} 5", WFCondition=code, WFInput=SUBJECT, WFNumberValue="5")
      for sign, code in (("<", 0), ("<=", 1), (">", 2), (">=", 3), ("==", 4), ("!=", 5))),
    condition("== text", "x == 'a'", WFCondition=4, WFInput=SUBJECT, WFConditionalActionString="a"),
    condition("startswith", "x.startswith('a')", WFCondition=8, WFInput=SUBJECT, WFConditionalActionString="a"),
    condition("endswith", "x.endswith('a')", WFCondition=9, WFInput=SUBJECT, WFConditionalActionString="a"),
    condition("in", "'a' in x", WFCondition=99, WFInput=SUBJECT, WFConditionalActionString="a"),
    condition("not in", "'a' not in x", WFCondition=999, WFInput=SUBJECT, WFConditionalActionString="a"),
    condition("has a value", "x", WFCondition=100, WFInput=SUBJECT), condition("has no value", "not x", WFCondition=101, WFInput=SUBJECT),
    condition("is_within_next", "is_within_next(x, quantity(5, 'min'))", WFCondition=1000, WFInput=SUBJECT, WFDuration=QUANTITY),
    condition("is_within_last", "is_within_last(x, quantity(5, 'min'))", WFCondition=1001, WFInput=SUBJECT, WFDuration=QUANTITY),
    condition("is_today", "is_today(x)", WFCondition=1002, WFInput=SUBJECT),
    condition("between", "1 <= x <= 9", WFCondition=1003, WFInput=SUBJECT, WFNumberValue="1", WFAnotherNumber="9"),
    condition("and", "x and 'a' in x", WFConditions=filtered(1, {"WFCondition": 100, "WFInput": SUBJECT},
              {"WFCondition": 99, "WFInput": SUBJECT, "WFConditionalActionString": "a"})),
    condition("or", "x or 'a' in x", WFConditions=filtered(0, {"WFCondition": 100, "WFInput": SUBJECT},
              {"WFCondition": 99, "WFInput": SUBJECT, "WFConditionalActionString": "a"})),
    condition("all_of", "all_of(x)", WFConditions=filtered(1, {"WFCondition": 100, "WFInput": SUBJECT})),
    condition("any_of", "any_of(x)", WFConditions=filtered(0, {"WFCondition": 100, "WFInput": SUBJECT})),
    condition("enumeration", "x == enumeration('Odd')", WFCondition=4, WFInput=SUBJECT, WFEnumeration="Odd"),
    condition("legacy", "legacy(x == 'a')", WFCondition=4, WFInput=SUBJECT, WFConditionalActionString="a", WFConditionalLegacyComparisonBehavior=True),
    condition("leftover", "leftover(x < 5, text='a')", WFCondition=0, WFInput=SUBJECT, WFNumberValue="5", WFConditionalActionString="a"),
    condition("single", "single(x)", WFConditions=wrapped("WFContentPredicateTableTemplate", {
              "WFActionParameterFilterPrefix": -1, "WFActionParameterFilterTemplates": [{"WFCondition": 100, "WFInput": SUBJECT}]})),
    condition("is true", "as_boolean(x) == True", WFCondition=4, WFInput={"Type": "Variable", "Variable": attached(
              taken("Coercion", CoercionItemClass="WFBooleanContentItem"))}),
    condition("when", "when(x == 'a', Odd='b')", WFCondition=4, WFInput=SUBJECT, WFConditionalActionString="a", Odd="b"),
]  # fmt: skip
FORMS = [*VALUES, *ITEMS, *STATEMENTS, *BLOCKS, *CONDITIONS]
