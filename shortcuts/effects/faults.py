"""What is known to go wrong with shortcuts that look right: crashes of the app, and fields that import empty. A table, one function a row.

    for fault in faults(shortcut):
        fault.rule.code, fault.rule.words, fault.index      # 'unknown_output', "uses the output of …", 4

Each row says where it was reported; none of it can be tried off a device, so a crash that was reported is not one that must happen.
`example` has the fault, `sound` is its nearest sound neighbour: programs, or actions where no program can have the fault. docs/report.md
has the table with counts on real shortcuts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from shortcuts.catalog import Catalog
from shortcuts.control_flow import ID, KINDS, PARAMETERS, START, Action, Block, Unbalanced, completed, mode, tree
from shortcuts.effects.written import BUILTIN, PLACEHOLDER

Find = Callable[["Look"], Iterator[int]]
CRASH, FAULT = "crash", "fault"
_RANGE = re.compile(r"\{(\d+), ?(\d+)\}")


@dataclass(frozen=True)
class Rule:
    """A row of the table: its code, its level, what it says of an action, who reported it, an example with and one without it."""

    code: str
    level: str
    words: str
    source: str
    example: str | list[Action]
    sound: str | list[Action]
    find: Find


class Fault(NamedTuple):
    """A rule, and the index of the action that it speaks of (from 0)."""

    rule: Rule
    index: int


class Token(NamedTuple):
    """A variable in a parameter: the index of its action, the parameter's key, and the kind of envelope around it ("" for none)."""

    index: int
    key: str
    envelope: str
    value: dict[str, Any]


class Look:
    """A shortcut, looked through once: its variables and its texts, wherever they stand."""

    def __init__(self, shortcut: dict[str, Any], catalog: Catalog) -> None:
        self.shortcut, self.catalog = shortcut, catalog
        self.actions = [(action[ID].removeprefix(BUILTIN), action[PARAMETERS]) for action in shortcut["WFWorkflowActions"]]
        self.tokens: list[Token] = []
        self.texts: list[tuple[int, str, dict[str, Any]]] = []  # action, key, the Value of a WFTextTokenString
        for index, (_, parameters) in enumerate(self.actions):
            for key, value in parameters.items():
                self._walk(index, key, value)

    def _walk(self, index: int, key: str, parameter: Any) -> None:
        waiting = [(parameter, "")]
        while waiting:
            value, envelope = waiting.pop()
            if isinstance(value, list):
                waiting += [(inner, "") for inner in value]
            elif isinstance(value, dict):
                kind = value.get("WFSerializationType")
                if kind == "WFTextTokenString" and isinstance(value.get("Value"), dict):
                    self.texts.append((index, key, value["Value"]))
                if isinstance(value.get("Type"), str) and "Variable" not in value:
                    self.tokens.append(Token(index, key, envelope, value))
                inside = kind if isinstance(kind, str) else envelope
                waiting += [(inner, inside) for inner in value.values()]

    @cached_property
    def outputs(self) -> dict[str, int]:
        """The action of each identity, in capitals."""
        given = ((parameters.get("UUID"), index) for index, (_, parameters) in enumerate(self.actions))
        return {uuid.upper(): index for uuid, index in given if isinstance(uuid, str)}

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks, outer ones before those inside them; none where they do not pair."""
        try:
            found = [item for item in tree(self.shortcut["WFWorkflowActions"]) if isinstance(item, Block)]
        except Unbalanced:
            return []
        for block in found:  # grows on the way
            found += [inner for branch in block.branches for inner in branch.body if isinstance(inner, Block)]
        return found

    def of(self, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the index and the parameters of each action of a name."""
        return ((index, parameters) for index, (own, parameters) in enumerate(self.actions) if own == name)

    def source_of(self, token: dict[str, Any]) -> int | None:
        """Return the index of the action whose output a variable is; None for another variable, or an unknown one."""
        uuid = token.get("OutputUUID")
        return self.outputs.get(uuid.upper()) if token.get("Type") == "ActionOutput" and isinstance(uuid, str) else None

    def is_shown(self, token: Token) -> bool:
        """False for a variable in a field that the app does not show, by the catalogue: it is left over, and has no effect."""
        given = self.actions[token.index][1]
        if token.key == "WFAdjustOffsetPicker" and "WFDuration" in given:  # how older systems wrote the same
            return False
        api = self.catalog.get(self.shortcut["WFWorkflowActions"][token.index][ID])
        parameter = api.parameter(token.key) if api else None
        for key, relation, values in parameter.visible_when if api and parameter else ():
            other = api.parameter(key)
            value = given.get(key, other.default if other else None)
            if isinstance(value, str | bool) and (value in values) != (relation == "=="):
                return False
        return True


RULES: list[Rule] = []


def rule(code: str, level: str, words: str, *, source: str, example: str | list[Action],
         sound: str | list[Action]) -> Callable[[Find], Find]:  # fmt: skip
    """Register a row of the table."""

    def register(find: Find) -> Find:
        RULES.append(Rule(code, level, words, source, example, sound, find))
        return find

    return register


def faults(shortcut: dict[str, Any], catalog: Catalog | None = None) -> list[Fault]:
    """Return what is known to go wrong, crashes first, each rule once an action."""
    look = Look(completed(shortcut), catalog or Catalog.load())
    found = [Fault(row, index) for row in RULES for index in dict.fromkeys(row.find(look))]
    return sorted(found, key=lambda fault: (fault.rule.level, fault.index))


def _made(name: str, **parameters: Any) -> Action:
    """Return a built-in action, for an example."""
    return {ID: BUILTIN + name, PARAMETERS: parameters}


def _in(kind: str, value: Any) -> dict[str, Any]:
    """Return a value in an envelope, for an example."""
    return {"Value": value, "WFSerializationType": kind}


def _text(string: str, attached: str, token: dict[str, Any]) -> dict[str, Any]:
    """Return a text with a variable at a range, for an example."""
    return _in("WFTextTokenString", {"string": string, "attachmentsByRange": {attached: token}})


_INPUT = {"Type": "ExtensionInput"}
_OUTPUT = {"Type": "ActionOutput", "OutputUUID": "6F0BEA0C-0B5B-4A51-9E3A-6D1B7A5C0001"}


def _form(value: Any) -> dict[str, Any]:
    """Return a form with one row of the kind File, for an example."""
    return _in("WFDictionaryFieldValue", {"WFDictionaryFieldValueItems": [{"WFItemType": 5, "WFKey": "file", "WFValue": value}]})


def _token(value: Any) -> dict[str, Any]:
    """Return the variable that a parameter is, or {}."""
    inner = value.get("Value") if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) and isinstance(inner.get("Type"), str) else {}


def _attachments(text: Any) -> dict[str, Any]:
    """Return the variables of a text by their ranges; {} where it has none."""
    given = text.get("attachmentsByRange") if isinstance(text, dict) else None
    return given if isinstance(given, dict) else {}


def _inner(value: Any, kind: str) -> Any:
    """Return the Value of an envelope of a kind, else None."""
    return value.get("Value") if isinstance(value, dict) and value.get("WFSerializationType") == kind else None


def _rows(value: Any) -> list[dict[str, Any]]:
    """Return the rows of a dictionary field."""
    inner = _inner(value, "WFDictionaryFieldValue")
    rows = inner.get("WFDictionaryFieldValueItems") if isinstance(inner, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _filtered_by(parameters: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the rules of an action's filter that are about a property."""
    inner = _inner(parameters.get("WFContentItemFilter"), "WFContentPredicateTableTemplate")
    rows = inner.get("WFActionParameterFilterTemplates") if isinstance(inner, dict) else None
    return [row for row in rows if isinstance(row, dict) and row.get("Property") == name] if isinstance(rows, list) else []


# ---------------------------------------------------------------------------------------------------------------------------------
# crashes


@rule("text_for_structure", CRASH, "has a text where the app expects a structure: Shortcuts was seen to crash while importing it",
      source="Cherri issue 204 (July 2026)",
      example=[_made("filter.notes", AppIntentDescriptor="")],
      sound=[_made("filter.notes", AppIntentDescriptor={"Name": "Notes"})])  # fmt: skip
def text_for_structure(look: Look) -> Iterator[int]:
    """Find an intent's descriptor or a filter that is a text."""
    for index, (_, parameters) in enumerate(look.actions):
        if any(isinstance(parameters.get(key), str) for key in ("AppIntentDescriptor", "WFContentItemFilter")):
            yield index


@rule("web_text", CRASH, "is one of several web requests with variables inside the address or the headers: Shortcuts on macOS 26 was "
      "seen to crash while importing such; the app itself writes them, too",
      source="bythewei.dev on Cherri (2026); Cherri issue 196 (May 2026)",
      example="""k = is_workflow_actions_ask(WFAskActionPrompt='Key?')
is_workflow_actions_downloadurl(WFURL=f'https://a.example/{k}')
is_workflow_actions_downloadurl(WFURL='https://a.example/b', ShowHeaders=True, WFHTTPHeaders={'X-Key': f'{k}'})""",
      sound="""k = is_workflow_actions_ask(WFAskActionPrompt='Key?')
is_workflow_actions_downloadurl(WFURL=f'https://a.example/{k}')
is_workflow_actions_downloadurl(WFURL=k)""")  # fmt: skip
def web_text(look: Look) -> Iterator[int]:
    """Find requests whose address is a text around a variable, or whose headers hold one, where there are two or more."""
    found = set()
    for index, key, text in look.texts:
        if look.actions[index][0] == "downloadurl" and _attachments(text):
            around = str(text.get("string", "")).strip(PLACEHOLDER + " \n")
            if key == "WFHTTPHeaders" or (key == "WFURL" and around):
                found.add(index)
    yield from sorted(found) if len(found) > 1 else ()


@rule("file_body", CRASH, "sends as a file what a variable, Combine Text or a Text of several variables gives: the editor of macOS 26.4 "
      "was seen to crash on it",
      source="Cherri issue 185 (May 2026)",
      example="""a = is_workflow_actions_ask(WFAskActionPrompt='A?')
t = f'{a} and {a}'
is_workflow_actions_downloadurl(WFURL='https://a.example', WFHTTPMethod='POST', WFHTTPBodyType='File', WFRequestVariable=t)""",
      sound="""a = is_workflow_actions_ask(WFAskActionPrompt='A?')
is_workflow_actions_downloadurl(WFURL='https://a.example', WFHTTPMethod='POST', WFHTTPBodyType='File', WFRequestVariable=a)""")  # fmt: skip
def file_body(look: Look) -> Iterator[int]:
    """Find requests whose file is a named variable or a composed text."""
    for index, parameters in look.of("downloadurl"):
        body = _token(parameters.get("WFRequestVariable"))
        if parameters.get("WFHTTPBodyType") != "File" or not body:
            continue
        source = look.source_of(body)
        name, given = look.actions[source] if source is not None else ("", {})
        several = name == "gettext" and len(_attachments(_inner(given.get("WFTextActionText"), "WFTextTokenString"))) > 1
        if body["Type"] == "Variable" or name == "text.combine" or several:
            yield index


@rule("form_file", CRASH, "has a File row in its form that is not a variable in both of its envelopes: Shortcuts was seen to crash while "
      "loading it, or to show the row empty",
      source="a test of a public knowledge-base project (2026); viticci/shortcuts-playground-plugin, BEST_PRACTICES (May 2026)",
      example=[_made("downloadurl", WFFormValues=_form(_in("WFTextTokenAttachment", _INPUT)))],
      sound=[_made("downloadurl",
                   WFFormValues=_form(_in("WFTokenAttachmentParameterState", _in("WFTextTokenAttachment", _INPUT))))])  # fmt: skip
def form_file(look: Look) -> Iterator[int]:
    """Find rows of the kind File without WFTokenAttachmentParameterState around a WFTextTokenAttachment."""
    for index, parameters in look.of("downloadurl"):
        for row in _rows(parameters.get("WFFormValues")):
            state = _inner(row.get("WFValue"), "WFTokenAttachmentParameterState")
            if row.get("WFItemType") == 5 and _inner(state, "WFTextTokenAttachment") is None:
                yield index


@rule("photo_type_filter", CRASH, "filters photos that it is given by Photo Type: Shortcuts was seen to crash on photos of the library",
      source="changelog of the shortcut Compress Photos, 0.3.1 (October 2026)",
      example="""p = is_workflow_actions_selectphoto()
is_workflow_actions_filter_photos(WFContentItemInputParameter=p,
    WFContentItemFilter=filter_all(rule('Photo Type', '==', Enumeration='Live Photo')))""",
      sound="""is_workflow_actions_filter_photos(
    WFContentItemFilter=filter_all(rule('Photo Type', '==', Enumeration='Live Photo')))""")  # fmt: skip
def photo_type_filter(look: Look) -> Iterator[int]:
    """Find filters of given photos with a rule on their type."""
    for index, parameters in look.of("filter.photos"):
        if _token(parameters.get("WFContentItemInputParameter")) and _filtered_by(parameters, "Photo Type"):
            yield index


@rule("range", CRASH, "puts a variable beyond the end of a text, or where the text has no place for one: a crash, or a text without it",
      source="viticci/shortcuts-playground-plugin, validator (May 2026); users' reports",
      example=[_made("gettext", WFTextActionText=_text(f"a {PLACEHOLDER}", "{3, 1}", _INPUT))],
      sound=[_made("gettext", WFTextActionText=_text(f"\U0001f600 {PLACEHOLDER}", "{3, 1}", _INPUT))])  # fmt: skip
def misplaced_range(look: Look) -> Iterator[int]:
    """Find ranges, in UTF-16 units, that are not those of a placeholder."""
    for index, _, text in look.texts:
        ranges = _attachments(text)
        units = str(text.get("string", "")).encode("utf-16-le", "surrogatepass") if ranges else b""
        for written in ranges:
            found = _RANGE.fullmatch(written)
            start, length = map(int, found.groups()) if found else (0, 0)
            if units[2 * start : 2 * (start + length)] != PLACEHOLDER.encode("utf-16-le"):
                yield index


# ---------------------------------------------------------------------------------------------------------------------------------
# what imports, and then does something else


@rule("marker_text", FAULT, "says by a text where a block begins or ends: it is not signed, or the block fails in silence",
      source="kerim/generate-apple-shortcuts-skill, TROUBLESHOOTING (2026)",
      example=[_made("repeat.count", WFControlFlowMode="0", WFRepeatCount=2), _made("repeat.count", WFControlFlowMode="2")],
      sound=[_made("repeat.count", WFControlFlowMode=0, WFRepeatCount=2), _made("repeat.count", WFControlFlowMode=2)])  # fmt: skip
def marker_text(look: Look) -> Iterator[int]:
    """Find modes that are texts."""
    return (index for index, (_, parameters) in enumerate(look.actions) if isinstance(parameters.get("WFControlFlowMode"), str))


@rule("unpaired_block", FAULT, "begins or ends a block that has no other end: If, Repeat or the menu does not work",
      source="kerim/generate-apple-shortcuts-skill, TROUBLESHOOTING (2026)",
      example=[_made("repeat.count", WFControlFlowMode=0, WFRepeatCount=2)],
      sound=[_made("repeat.count", WFControlFlowMode=0, WFRepeatCount=2), _made("repeat.count", WFControlFlowMode=2)])  # fmt: skip
def unpaired_block(look: Look) -> Iterator[int]:
    """Find the first marker that does not pair."""
    try:
        tree(look.shortcut["WFWorkflowActions"])
    except Unbalanced as error:
        yield error.index


@rule("unknown_output", FAULT, "uses the output of an action that is not there: the variable shows as Unknown, or the field is empty",
      source="kerim/generate-apple-shortcuts-skill, TROUBLESHOOTING (2026); viticci/shortcuts-playground-plugin (May 2026)",
      example=[_made("number.random"), _made("showresult", Text=_text(PLACEHOLDER, "{0, 1}", _OUTPUT))],
      sound=[_made("number.random", UUID=_OUTPUT["OutputUUID"]),
             _made("showresult", Text=_text(PLACEHOLDER, "{0, 1}", _OUTPUT))])  # fmt: skip
def unknown_output(look: Look) -> Iterator[int]:
    """Find variables that are the output of no action."""
    for token in look.tokens:
        uuid = token.value.get("OutputUUID")
        missing = token.value["Type"] == "ActionOutput" and isinstance(uuid, str) and uuid.upper() not in look.outputs
        if missing and look.is_shown(token):
            yield token.index


@rule("results_inside", FAULT, "uses the results of a loop inside of it: they are there after the loop alone",
      source="viticci/shortcuts-playground-plugin, BEST_PRACTICES (May 2026)",
      example=[_made("repeat.count", WFControlFlowMode=0), _made("showresult", Text=_text(PLACEHOLDER, "{0, 1}", _OUTPUT)),
               _made("repeat.count", WFControlFlowMode=2, UUID=_OUTPUT["OutputUUID"])],
      sound=[_made("repeat.count", WFControlFlowMode=0), _made("repeat.count", WFControlFlowMode=2, UUID=_OUTPUT["OutputUUID"]),
             _made("showresult", Text=_text(PLACEHOLDER, "{0, 1}", _OUTPUT))])  # fmt: skip
def results_inside(look: Look) -> Iterator[int]:
    """Find outputs of a loop's end between its start and its end."""
    ends = {block.end: block.start for block in look.blocks if block.kind in ("each", "count")}
    for token in look.tokens:
        end = look.source_of(token.value)
        if end in ends and ends[end] < token.index < end:
            yield token.index


SHOWN_FIELDS = {"alert": ("WFAlertActionMessage", "WFAlertActionTitle"), "showresult": ("Text",), "gettext": ("WFTextActionText",),
                "notification": ("WFNotificationActionBody", "WFNotificationActionTitle")}  # fmt: skip


@rule("bare_variable", FAULT, "has a bare variable in a field for text, which was seen to stay empty; it takes a text with the variable",
      source="viticci/shortcuts-playground-plugin, finding 8, tried on a device (March 2026)",
      example=[_made("alert", WFAlertActionMessage=_in("WFTextTokenAttachment", _INPUT))],
      sound=[_made("alert", WFAlertActionMessage=_text(PLACEHOLDER, "{0, 1}", _INPUT))])  # fmt: skip
def bare_variable(look: Look) -> Iterator[int]:
    """Find a WFTextTokenAttachment in a field that is shown."""
    for index, (name, parameters) in enumerate(look.actions):
        if any(_inner(parameters.get(key), "WFTextTokenAttachment") is not None for key in SHOWN_FIELDS.get(name, ())):
            yield index


@rule("contains_reused_list", FAULT, "asks what a variable contains that is set to several lists one after another: on macOS 27 the import "
      "loses what it is compared with",
      source="viticci/shortcuts-playground-plugin, changelog (June 2026)",
      example="""names = is_workflow_actions_list(WFItems=['a'])
names = is_workflow_actions_list(WFItems=['a', 'b'])
if 'a' in names:
    is_workflow_actions_vibrate()""",
      sound="""names = is_workflow_actions_list(WFItems=['a'])
if 'a' in names:
    is_workflow_actions_vibrate()""")  # fmt: skip
def contains_reused_list(look: Look) -> Iterator[int]:
    """Find Ifs with "contains" on a variable that is set twice or more to what List or Add to List gives."""
    lists = ("list", "additemtolist")
    times = Counter(
        str(parameters.get("WFVariableName")) for _, parameters in look.of("setvariable")
        if (source := look.source_of(_token(parameters.get("WFInput")))) is not None and look.actions[source][0] in lists)  # fmt: skip
    for index, parameters in look.of("conditional"):
        given = parameters.get("WFInput")
        token = _token(given.get("Variable")) if isinstance(given, dict) else {}
        if parameters.get("WFCondition") in (99, 999) and token.get("Type") == "Variable" and times[str(token.get("VariableName"))] > 1:
            yield index


# The fields that an action cannot do without, by the plug-in's list; an action without the key takes what comes from the one before it.
NEEDED = {
    "openurl": ("WFInput",), "detect.link": ("WFInput",), "choosefromlist": ("WFInput",), "getvalueforkey": ("WFInput",),
    "image.convert": ("WFInput",), "base64encode": ("WFInput",), "setclipboard": ("WFInput",), "setvariable": ("WFInput",),
    "text.replace": ("WFInput",), "text.split": ("text",), "text.changecase": ("text",), "setvalueforkey": ("WFDictionary",),
    "gettimebetweendates": ("WFInput",), "adjustdate": ("WFDate", "WFDuration"), "downloadurl": ("WFURL",),
    "extracttextfromimage": ("WFImage",),
}  # fmt: skip


@rule("empty_field", FAULT, "has nothing in a field that it needs: it does nothing, or the run stops there",
      source="viticci/shortcuts-playground-plugin, README and BEST_PRACTICES (May 2026)",
      example="is_workflow_actions_openurl(WFInput='')",
      sound="is_workflow_actions_openurl(WFInput='https://a.example')")  # fmt: skip
def empty_field(look: Look) -> Iterator[int]:
    """Find needed fields that are there and hold nothing."""
    for index, (name, parameters) in enumerate(look.actions):
        for key in NEEDED.get(name, ()):
            value = parameters.get(key)
            text = _inner(value, "WFTextTokenString")
            blank = isinstance(text, dict) and not text.get("string")
            if key in parameters and (value in ("", {}, []) or blank):
                yield index


COMPARISONS = (0, 1, 2, 3, 8, 9, 99, 999, 1003)  # not 4 and 5: a truth value is tested by "is" alone
OPERANDS = ("WFConditionalActionString", "WFNumberValue", "WFDate", "WFMeasurement", "WFBoundedNumber", "WFDuration")


@rule("empty_condition", FAULT, "compares with nothing: the run was seen to stop and ask for a value of each parameter",
      source="viticci/shortcuts-playground-plugin, BEST_PRACTICES (May 2026)",
      example=[_made("conditional", WFControlFlowMode=0, WFCondition=99), _made("conditional", WFControlFlowMode=2)],
      sound=[_made("conditional", WFControlFlowMode=0, WFCondition=99, WFConditionalActionString="a"),
             _made("conditional", WFControlFlowMode=2)])  # fmt: skip
def empty_condition(look: Look) -> Iterator[int]:
    """Find an If of a comparison whose other side is missing."""
    for index, parameters in look.of("conditional"):
        compares = type(code := parameters.get("WFCondition")) is int and code in COMPARISONS
        if compares and mode({PARAMETERS: parameters}) == START and not any(key in parameters for key in OPERANDS):
            yield index


@rule("script_completion", FAULT, "never calls completion(): the script is waited for until it times out",
      source="Apple's user guide, Run JavaScript on Webpage, as in viticci/shortcuts-playground-plugin (May 2026)",
      example="is_workflow_actions_runjavascriptonwebpage(WFJavaScript='document.title')",
      sound="is_workflow_actions_runjavascriptonwebpage(WFJavaScript='completion(document.title)')")  # fmt: skip
def script_completion(look: Look) -> Iterator[int]:
    """Find scripts on a page, without variables, that do not name completion."""
    for index, parameters in look.of("runjavascriptonwebpage"):
        script = parameters.get("WFJavaScript")
        text = _inner(script, "WFTextTokenString")
        written = text.get("string") if isinstance(text, dict) and not _attachments(text) else script
        if isinstance(written, str) and written.strip() and "completion" not in written:
            yield index


@rule("note_name", FAULT, "looks for notes whose name is a text: this was seen to find none; it can only contain a text",
      source="viticci/shortcuts-playground-plugin, tried on a device (March 2026)",
      example="is_workflow_actions_filter_notes(WFContentItemFilter=filter_all(rule('Name', '==', String='a')))",
      sound="is_workflow_actions_filter_notes(WFContentItemFilter=filter_all(rule('Name', 'contains', String='a')))")  # fmt: skip
def note_name(look: Look) -> Iterator[int]:
    """Find rules on the whole name of a note."""
    for index, parameters in look.of("filter.notes"):
        if any(row.get("Operator") == 4 for row in _filtered_by(parameters, "Name")):
            yield index


@rule("menu_case", FAULT, "is a case that its menu does not offer: it never runs",
      source="kerim/generate-apple-shortcuts-skill, TROUBLESHOOTING (2026)",
      example=[_made("choosefrommenu", WFControlFlowMode=0, WFMenuItems=["a", "c"]),
               _made("choosefrommenu", WFControlFlowMode=1, WFMenuItemTitle="b"), _made("choosefrommenu", WFControlFlowMode=2)],
      sound=[_made("choosefrommenu", WFControlFlowMode=0, WFMenuItems=["a", "c"]),
             _made("choosefrommenu", WFControlFlowMode=1, WFMenuItemTitle="a"), _made("choosefrommenu", WFControlFlowMode=2)])  # fmt: skip
def menu_case(look: Look) -> Iterator[int]:
    """Find cases whose title, written out as all of its menu's choices are, is none of these."""
    for block in look.blocks:
        given = look.actions[block.start][1].get("WFMenuItems")
        if block.kind == "menu" and isinstance(given, list) and all(isinstance(title, str) for title in given):
            for branch in block.branches[1:]:
                title = look.actions[branch.marker][1].get("WFMenuItemTitle")
                if isinstance(title, str) and title not in given:
                    yield branch.marker


@rule("unknown_action", FAULT, "is an action that the catalogue does not know: the app shows it as unknown if it does not know it either",
      source="viticci/shortcuts-playground-plugin, BEST_PRACTICES (May 2026)",
      example=[_made("getclipbord")],
      sound=[_made("getclipboard")])  # fmt: skip
def unknown_action(look: Look) -> Iterator[int]:
    """Find built-in actions without a record."""
    for index, action in enumerate(look.shortcut["WFWorkflowActions"]):
        if action[ID].startswith(BUILTIN) and action[ID] not in KINDS and action[ID] not in look.catalog:
            yield index
