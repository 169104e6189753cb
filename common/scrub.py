"""Replace private things in a shortcut by placeholders of the same type: e-mail addresses, phone numbers, secrets, places, contacts.

The result is still a shortcut: the ranges of variables in a text follow the new lengths (in UTF-16 units), an address is still an address,
a vCard a vCard. Scrubbing twice changes nothing more. A secret is found by its form (`sk-...`, `...@...`, `Bearer ...`) or by its name
(`WFSSHPassword`, a dictionary's `api_key`, a question about a token); one that has neither is not found.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from shortcuts.forms.interpolation import utf16_length

EMAIL, PHONE, SECRET, PLACE, CONTACT, DATA = "email", "phone", "secret", "place", "contact", "data"  # the kinds that are counted
PLACEHOLDER = {EMAIL: "someone@example.com", PHONE: "+1 555 0100", SECRET: "SECRET_REMOVED", PLACE: "0.0,0.0"}  # reserved for examples
VCARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Someone;;;;\r\nFN:Someone\r\nEND:VCARD\r\n"

SECRET_NAME = re.compile(r"(?i)(?:^|[^a-z])(?:(?:api|access|auth|secret|private|consumer|client|bot|app|license|bearer)[ _-]?"
                         r"(?:key|token|secret|id)"
                         r"|tokens?|secret|passwords?|passwd|pwd|passcode|passphrase|authori[sz]ation|credentials?|cookie|x-api-key)$"
                         r"|(?:Password|Passcode|ApiKey|APIKey|Token|Secret)$")
AMOUNT = re.compile(r"[\d.,]+(?:[eE]\d+)?")  # of `max_tokens`, which has the name of a secret
PLAIN_NAME = re.compile(r"(?i)^(?!WF|DictionaryKey$)(?:[a-z]+[ _-])*[a-z]*key$")  # a secret only if the value looks random
LOOKS_RANDOM = re.compile(r"(?=[\w~+/=$.-]*\d)(?=[\w~+/=$.-]*[A-Za-z])[\w~+/=$.-]{16,}")
ADDRESS = re.compile(r"[A-Za-z-]+:(?://|root=)")  # of a page about passwords, say
STREET_NAMES = {"street", "formattedaddress", "wfaddressline1", "wfaddressline2", "wfpostalcode", "postalcode", "sublocality",
                "subthoroughfare", "thoroughfare"}  # fmt: skip
AXES = {"latitude", "longitude", "altitude", "wflatitude", "wflongitude"}

# Group 1 stays, group 2 is the private part; without groups the whole match is private.
PATTERNS: list[tuple[str, re.Pattern[str]]] = [
    (SECRET, re.compile(r"\b(?:sk-[\w-]{16,}|(?:gh[pousr]|hf|ntn|gsk|secret)_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
                        r"|xox[abeprs]-[\w-]{10,}"
                        r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|SG\.[\w.-]{20,}|pplx-\w{20,}|[spr]k_(?:live|test)_\w{10,}"
                        r"|eyJ[\w-]{8,300}\.[\w-]{8,}(?:\.[\w-]*)?|\d{8,10}:AA[\w-]{30,})")),
    (SECRET, re.compile(r"(?i)((?:discord(?:app)?\.com/api/webhooks/\d+/|hooks\.slack\.com/services/|maker\.ifttt\.com/\S{0,99}?/key/"
                        r"|api\.telegram\.org/bot))([\w:/-]{8,})")),
    (SECRET, re.compile(r"(?i)(\b(?:bearer|basic|bot)[ ]+)((?=[\w.~+/=-]{0,99}[\d=])[\w.~+/=-]{12,})")),
    (SECRET, re.compile(r"(?i)([?&;](?:[a-z]{0,20}[_-]?secret|password|passwd|pwd|auth|sig|signature)=)([^&\s\ufffc\"'<>#{}]{8,})")),
    (SECRET, re.compile(r"((?i:[?&;](?:[a-z]{0,20}[_-]?(?:key|token)|appid|app_id))=)"  # unless it is words in small letters
                        r"((?![a-z]{1,23}(?:[_-][a-z]{1,23}){0,9}(?:[&\s\ufffc\"'<>#{}]|$))[^&\s\ufffc\"'<>#{}]{8,})")),
    (SECRET, re.compile(r"(?i)([?&;]t=)"
                        r"((?=[^&\s]{0,99}\d)(?=[^&\s]{0,99}[a-z])(?!(?:\d{1,9}[hms]){1,3}(?![\w-]))[^&\s\ufffc\"'<>#{}]{8,})")),
    (SECRET, re.compile(r"(?i)((?:(?:api|access|auth|secret|client)[_-]?(?:key|token|secret)|token|password|passwd)[\"']?"
                        r"[ ]*[:=][ ]*[\"']?)((?=[^\s\ufffc\"',;&]{0,99}\d)[^\s\ufffc\"',;&]{8,})")),
    (SECRET, re.compile(r"(://[^/\s:@\ufffc]{1,64}:)([^/\s@\ufffc]{1,128})(?=@)")),
    (EMAIL, re.compile(r"(?<![\w.+%-])(?!SECRET_REMOVED@|git@)[\w.+%-]{1,64}"
                       r"@(?!example\.|[23]x\.(?:png|jpe?g|gif|heic|webp|svg|pdf)\b)"  # icon@2x.png
                       r"(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w@])", re.ASCII)),
    (PHONE, re.compile(r"(?i)(\b(?:tel|telprompt|sms|facetime|facetime-audio|imessage):(?://)?|\bwa\.me/|[?&]phone=)"
                       r"((?!\+15550100)\+?\d[\d().-]{5,}\d)")),
    (PHONE, re.compile(r"(?<![\w+.,/=&%#:-])(?!\+1 555 0100)(?:\+[1-9][\d ().-]{6,17}\d|\(\d{3}\) ?\d{3}[-. ]\d{4}"
                       r"|[2-9]\d\d(?:-\d{3}-|\.\d{3}\.| \d{3}-)\d{4})(?![\w-])", re.ASCII)),
    (PLACE, re.compile(r"(?<![\d.,-])(?<!\d, )-?(?:[1-8]?\d|90)\.\d{3,}(?:, ?|%2C)-?(?:1[0-7]\d|180|\d{1,2})\.\d{3,}(?![\d.]|, ?-?\d)")),
]  # fmt: skip
T = TypeVar("T")
IN_MARKUP = {SECRET, EMAIL}  # the kinds to scrub in pages and API answers, where long numbers are ids


def scrub_text(text: str, kinds: set[str] | None = None, counts: Counter[str] | None = None) -> str:
    """A text with placeholders for private things (of these kinds, or of all); adds to `counts`."""
    return _scrub_mapped(text, Counter() if counts is None else counts, kinds)[0]


def scrub_shortcut(tree: Any) -> tuple[Any, dict[str, int]]:
    """A copy of a shortcut (a property list tree) with placeholders, and the number of things replaced by kind."""
    counts: Counter[str] = Counter()
    return _scrub(_without_named_elsewhere(tree, counts), counts), dict(sorted(counts.items()))


def _scrub_mapped(text: str, counts: Counter[str], kinds: set[str] | None = None) -> tuple[str, list[Callable[[int], int]]]:
    """The scrubbed text, and for each pattern that changed it a function from old to new positions (in UTF-16 units)."""
    moves: list[Callable[[int], int]] = []
    for kind, pattern in PATTERNS:
        if kinds is not None and kind not in kinds:
            continue
        group = 2 if pattern.groups else 0
        new = PLACEHOLDER[kind].replace(" ", "") if group and kind == PHONE else PLACEHOLDER[kind]
        pieces, end, place, stops, shifts = [], 0, 0, [0], [0]
        for match in pattern.finditer(text):
            if match[group] == new:
                continue
            start, stop = match.span(group)
            pieces += text[end:start], new
            place += utf16_length(text[end:stop])
            stops.append(place)
            shifts.append(shifts[-1] + utf16_length(new) - utf16_length(match[group]))
            end = stop
            counts[kind] += 1
        if pieces:
            text = "".join(pieces) + text[end:]
            moves.append(lambda position, stops=stops, shifts=shifts: position + shifts[bisect_right(stops, position) - 1])
    return text, moves


# ---------------------------------------------------------------------------------------------------------------------------------
# trees


def _without_named_elsewhere(tree: Any, counts: Counter[str]) -> Any:
    """A copy of a shortcut without the secrets of actions that only another place of it names."""
    if not (isinstance(tree, dict) and isinstance(tree.get("WFWorkflowActions"), list)):
        return tree
    actions = list(tree["WFWorkflowActions"])
    for index, key, name in _names_elsewhere(actions, tree.get("WFWorkflowImportQuestions")):
        parameters = _parameters(actions, index)
        if key in parameters:
            new = {**parameters, key: _scrub(parameters[key], counts, name)}
            actions[index] = {**actions[index], "WFWorkflowActionParameters": new}
    return {**tree, "WFWorkflowActions": actions}


def _names_elsewhere(actions: list[Any], questions: Any) -> Iterator[tuple[int, str, str]]:
    """The (index of an action, parameter, name) that questions of the installation say, and variables that are set to a text before."""
    for index in range(len(actions) - 1):
        variable = _parameters(actions, index + 1).get("WFVariableName")
        text = _literal(_parameters(actions, index).get("WFTextActionText"))
        if isinstance(variable, str) and LOOKS_RANDOM.fullmatch(text):  # else it may be a prompt
            yield index, "WFTextActionText", variable
    for question in questions if isinstance(questions, list) else ():
        if isinstance(question, dict) and isinstance(index := question.get("ActionIndex"), int):
            yield index, str(question.get("ParameterKey")), _asked(question.get("Text"))


def _parameters(actions: list[Any], index: int) -> dict[str, Any]:
    """The parameters of an action, none of one that is not there."""
    action = actions[index] if 0 <= index < len(actions) else None
    parameters = action.get("WFWorkflowActionParameters") if isinstance(action, dict) else None
    return parameters if isinstance(parameters, dict) else {}


def _scrub(value: Any, counts: Counter[str], name: str = "") -> Any:
    """A scrubbed value; `name` is the name it has in the shortcut."""
    if isinstance(value, dict):
        if "attachmentsByRange" in value and isinstance(value.get("string"), str):
            return _scrub_tokens(value, counts, name)
        return {key: _scrub(item, counts, _name_of(value, key, name)) for key, item in value.items()}
    if isinstance(value, list):
        return [_scrub(item, counts, name) for item in value]
    if isinstance(value, str):
        return _scrub_named(value, counts, name)
    if isinstance(value, bytes):
        return _scrub_bytes(value, counts, name)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value and name.casefold() in AXES:
        counts[PLACE] += 1
        return type(value)(0)
    return value


def _name_of(container: dict[str, Any], key: str, name: str) -> str:
    """The name of a value: its key, or where that says nothing, that of its dictionary entry, question or text."""
    if key == "WFValue":  # a dictionary's entry
        return _literal(container.get("WFKey")) or name
    if key == "WFDictionaryValue":  # the same, set by an action
        return _literal(container.get("WFDictionaryKey")) or key
    if key == "WFAskActionDefaultAnswer":
        return _asked(container.get("WFAskActionPrompt")) or key
    if key == "DefaultValue":  # a question that is asked when the shortcut is installed
        words = _asked(container.get("Text"))
        return words if SECRET_NAME.search(words) else str(container.get("ParameterKey", ""))
    if key == "WFTextActionText" and isinstance(container.get("CustomOutputName"), str):
        return container["CustomOutputName"]
    return name if key in {"Value", "string"} else key


def _asked(question: Any) -> str:
    """Return what a question asks for: its words before its mark."""
    return _literal(question).rstrip(" ?:.")


def _literal(value: Any) -> str:
    """The text of a string, or of a token string."""
    while isinstance(value, dict):
        value = value.get("Value", value.get("string"))
    return value if isinstance(value, str) else ""


def _scrub_named(text: str, counts: Counter[str], name: str) -> str:
    """A scrubbed text, judged by its name, then by its form."""
    if text.startswith("BEGIN:VCARD") and re.search(r"(?m)^(?:item\d+\.)?(?:TEL|EMAIL|ADR|BDAY)\b", text):
        return _replace(text, VCARD, CONTACT, counts)
    is_amount = name.casefold().endswith("tokens") and AMOUNT.fullmatch(text)
    if (SECRET_NAME.search(name) and not is_amount) or (PLAIN_NAME.search(name) and LOOKS_RANDOM.fullmatch(text)):
        head = re.match(r"(?i)(?:(?:bearer|basic|token|bot|client-id)(?:\s+|$))?", text)[0]
        if len(text.strip()) > len(head) and "\ufffc" not in text and not ADDRESS.match(text):
            return _replace(text, head + PLACEHOLDER[SECRET], SECRET, counts)
    if name == "link.contentkit.phonenumber" and text:
        return _replace(text, PLACEHOLDER[PHONE], PHONE, counts)
    if name.casefold() in STREET_NAMES and text.strip():
        return _replace(text, "-", PLACE, counts)
    if name.casefold() in AXES and re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return _replace(text, "0", PLACE, counts)
    return scrub_text(text, counts=counts)


def _replace(old: T, new: T, kind: str, counts: Counter[str]) -> T:
    if old != new:
        counts[kind] += 1
    return new


def _scrub_tokens(value: dict[str, Any], counts: Counter[str], name: str) -> dict[str, Any]:
    """A scrubbed text with variables: each is U+FFFC, with its position in attachmentsByRange. No pattern matches across one."""
    text, ranges = value["string"], value["attachmentsByRange"]
    if not ranges or not isinstance(ranges, dict):
        return {**value, "string": _scrub_named(text, counts, name)}
    new, moves = _scrub_mapped(text, counts)
    moved = {}
    for key, token in ranges.items():
        match = re.fullmatch(r"\{([0-9]{1,9}), ?([0-9]{1,9})\}", key)
        position = int(match[1]) if match else 0
        for move in moves:
            position = move(position)
        moved[f"{{{position}, {match[2]}}}" if match and moves else key] = _scrub(token, counts)
    return {**value, "string": new, "attachmentsByRange": moved}


def _scrub_bytes(data: bytes, counts: Counter[str], name: str) -> bytes:
    """Scrubbed data: vCards, places, and archives of objects with private texts; other data (images, files) stays."""
    if data.startswith(b"BEGIN:VCARD"):
        return _replace(data, VCARD.encode(), CONTACT, counts)
    if name.casefold() == "placemark" and data:
        return _replace(data, b"", PLACE, counts)
    if data.startswith(b"bplist00"):
        found: Counter[str] = Counter()
        for encoding in ("latin-1", "utf-16-be"):
            scrub_text(data.decode(encoding, "ignore"), counts=found)
        return _replace(data, b"" if found else data, DATA, counts)
    return data
