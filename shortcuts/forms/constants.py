"""The words of the language and what they stand for in the property list: helpers, operators, item types, keys.

Sources: the Shortcuts property-list format as found in files made by Apple's apps from 2016 (Workflow) to iOS 26.
"""

from __future__ import annotations

import re
from typing import Any

# Values that no action in the shortcut makes; each is a call without arguments (`ask_each_time` may take a prompt).
GLOBALS = {
    "shortcut_input": "ExtensionInput",
    "current_date": "CurrentDate",
    "clipboard": "Clipboard",
    "device_details": "DeviceDetails",
    "ask_each_time": "Ask",
    "current_app": "CurrentApp",
    "action_input": "Input",
}
GLOBAL_OF_TYPE = {token_type: name for name, token_type in GLOBALS.items()}

# Coercions, `as_text(x)`: the content item classes that the Shortcuts app offers in a variable's "as" menu.
COERCIONS = {
    "as_dictionary": "WFDictionaryContentItem",
    "as_text": "WFStringContentItem",
    "as_number": "WFNumberContentItem",
    "as_boolean": "WFBooleanContentItem",
    "as_contact": "WFContactContentItem",
    "as_image": "WFImageContentItem",
    "as_file": "WFGenericFileContentItem",
    "as_rich_text": "WFRichTextContentItem",
    "as_location": "WFLocationContentItem",
    "as_url": "WFURLContentItem",
    "as_media": "WFAVAssetContentItem",
    "as_web_page": "WFSafariWebPageContentItem",
    "as_date": "WFDateContentItem",
    "as_article": "WFArticleContentItem",
    "as_photo": "WFPhotoMediaContentItem",
    "as_pdf": "WFPDFContentItem",
    "as_phone_number": "WFPhoneNumberContentItem",
    "as_email_address": "WFEmailAddressContentItem",
    "as_maps_link": "WFDCMapsLinkContentItem",
    "as_app_store_app": "WFAppStoreAppContentItem",
    "as_itunes_product": "WFiTunesProductContentItem",
    "as_anything": "WFContentItem",
    "as_shortcut": "WFWorkflowContentItem",
    "as_folder": "WFFolderContentItem",
}
COERCION_OF_CLASS = {item_class: name for name, item_class in COERCIONS.items()}

# Properties, `file.Name`: label -> the value that the app stores beside it when the property is picked. Other pairs are written in full:
# `x.property('Title', 'title')`.
PROPERTY_INFO = {"Name": "WFItemName", "File Extension": "WFFileExtensionProperty", "File Size": "WFFileSizeProperty"}

# Conditions (WFCondition). 0-5, 8, 9 and 99 coincide with NSPredicateOperatorType.
LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, NOT_EQUAL, BEGINS, ENDS = 0, 1, 2, 3, 4, 5, 8, 9
CONTAINS, NOT_CONTAINS, HAS_VALUE, HAS_NO_VALUE = 99, 999, 100, 101
WITHIN_NEXT, WITHIN_LAST, IS_TODAY, BETWEEN = 1000, 1001, 1002, 1003
# Before iOS 13 a condition was named and its subject was the previous action's output; no name meant "Contains".
OLD_CONDITIONS = {"Equals": EQUAL, "Contains": CONTAINS, "Is Greater Than": GREATER, "Is Less Than": LESS}
# Operators of filter rules, as words; the numbers are those of the conditions.
RULE_OPERATORS = {
    "<": LESS, "<=": LESS_EQUAL, ">": GREATER, ">=": GREATER_EQUAL, "==": EQUAL, "!=": NOT_EQUAL, "begins with": BEGINS, "ends with": ENDS,
    "contains": CONTAINS, "does not contain": NOT_CONTAINS, "has value": HAS_VALUE, "has no value": HAS_NO_VALUE,
    "in the next": WITHIN_NEXT, "in the last": WITHIN_LAST, "is today": IS_TODAY, "between": BETWEEN,
}  # fmt: skip
# Operands that a filter's rule keeps though its operator does not use them. Most rules have a unit; for "==" and the like the property
# decides which of the others count.
_ALL_OPERANDS = frozenset({"String", "Number", "AnotherNumber", "Date", "AnotherDate", "Bool", "Enumeration"})
UNUSED_OPERANDS = {
    HAS_VALUE: _ALL_OPERANDS, HAS_NO_VALUE: _ALL_OPERANDS, IS_TODAY: _ALL_OPERANDS, BETWEEN: frozenset({"String", "Bool", "Enumeration"}),
    WITHIN_NEXT: _ALL_OPERANDS - {"Number"}, WITHIN_LAST: _ALL_OPERANDS - {"Number"},
}
RULE_OPERATOR_OF_CODE = {code: word for word, code in RULE_OPERATORS.items()}

KIND_KEYS = frozenset(("Type", "WFSerializationType"))  # their texts are words of the format, no identities, though an action may have one
IMPLICIT_VARIABLE = re.compile(r"Repeat (Item|Index)( [0-9]+)?")  # the variables that a loop binds by itself

# Item types of dictionary and list fields (WFItemType).
TEXT_ITEM, DICTIONARY_ITEM, ARRAY_ITEM, NUMBER_ITEM, BOOLEAN_ITEM, FILE_ITEM = range(6)
# Parameters in which a dict is a dictionary field, with typed items, and a list a list field. In others a dict is a plain one.
DICTIONARY_FIELDS = frozenset({"WFItems", "WFHTTPHeaders", "WFJSONValues", "WFFormValues"})
LIST_FIELDS = frozenset({"WFItems", "WFMenuItems"})

# A literal that is assigned to a name: the action that makes it, and the parameter that holds it.
LITERAL_ACTIONS = {
    "text": ("is.workflow.actions.gettext", "WFTextActionText"),
    "number": ("is.workflow.actions.number", "WFNumberActionNumber"),
    "dict": ("is.workflow.actions.dictionary", "WFItems"),
    "list": ("is.workflow.actions.list", "WFItems"),
}
ENDING_CALLS = frozenset({"is_workflow_actions_exit", "is_workflow_actions_output"})  # calls that end a shortcut

# Envelopes with one inner value and no other form: `string_choice('Music')`.
SIMPLE_ENVELOPES = {
    "contacts": "WFContactFieldValue",
    "number_choice": "WFNumberSubstitutableState",
    "string_choice": "WFStringSubstitutableState",
    "array": "WFArrayParameterState",
    "array_choice": "WFArraySubstitutableParameterState",
    "dictionary_choice": "WFDictionarySubstitutableParameterState",
    "phrase_choice": "WFINSpeakableStringSubstitutableState",
    "file_field": "WFTokenAttachmentParameterState",
    "enumeration_choice": "WFEnumerationTokenAttachment",
    "boolean_choice": "WFBooleanSubstitutableState",
    "date_choice": "WFDateSubstitutableState",
    "unit_choice": "WFCalendarUnitSubstitutableState",
    "number_text_choice": "WFNumberStringSubstitutableState",
    "option_choice": "WFLinkDynamicOptionSubstitutableState",
    "case_choice": "WFLinkEnumerationSubstitutableState",
}

# Every name that a program calls or reads and that is not an action. No variable or output may have one of these names.
HELPERS = frozenset(
    [*GLOBALS, *COERCIONS, *SIMPLE_ENVELOPES]
    + "workflow action raw_action menu item before when otherwise_if is_within_next is_within_last is_today all_of any_of single".split()
    + "legacy leftover enumeration".split()
    + "if_result menu_result repeat_results marker previous_output variable missing later as_type".split()
    + "dictionary plain attachment number boolean file data datetime uid uuid_of quantity time_offset".split()
    + "filter_all filter_any rule legacy_rule".split()
    + "ask_on_import repeat_each repeat_count EVERYTHING EVERYTHING_BUT_APPS EVERYTHING_BUT_APPS_AND_FOLDERS range enumerate float".split()
)

# Functions of Python that shortcuts/natural/ knows by a bare name and that are no builtins: no action is called by one of these.
PYTHON_FUNCTIONS = frozenset("Path coerce_variable date quote sleep timedelta unquote".split())
# Parts of Python's dates and spans, which no property of a program is written as: it is x.property('year').
PYTHON_ATTRIBUTES = frozenset("year month day hour minute second days".split())

# Keys without effect in a run: the icon, the versions of the app, the name.
PRESENTATION_KEYS = frozenset({
    "WFWorkflowIcon", "WFWorkflowClientVersion", "WFWorkflowClientRelease", "WFWorkflowMinimumClientVersion",
    "WFWorkflowMinimumClientVersionString", "WFWorkflowName", "WFWorkflowHasShortcutInputVariables",
})  # fmt: skip
# Keys of a block's markers that follow from their place; those that only the start of a menu uses.
MARKER_KEYS = frozenset({"UUID", "GroupingIdentifier", "WFControlFlowMode", "CustomOutputName"})
START_KEYS_OF_MENU = frozenset({"WFMenuItems", "WFMenuPrompt"})


def names_variable(key: str, holder: dict[str, Any]) -> bool:
    """True for a key whose text is the name of a variable, and no identity, though an action may have one that reads the same."""
    return key == "VariableName" and holder.get("Type") == "Variable"
