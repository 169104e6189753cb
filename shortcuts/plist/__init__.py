"""Read a shortcut of any kind, hostile input included; convert a property list to tagged JSON and back, exactly.

A shortcut is a property list: a tree of dict, list, str, bytes, int, float, bool, datetime and UID. JSON has no bytes or dates and bounds
its integers, so `to_json` writes such values as objects with one tag, and `from_json` restores them with the same types:

    {"$bytes": base64}  {"$date": ISO 8601}  {"$uid": n}  {"$int": decimal}  {"$float": "nan"}
    {"$utf8": hex}                   a string with lone surrogates
    {"$dict": [[key, value], ...]}   a dict with a key that starts with $ or holds a lone surrogate

Assumptions of both directions, which a comparison of input and output cannot test; each is tested against another implementation (Apple's
open CoreFoundation, libplist, plistlib where it differs from the code here), in tests/test_plist*.py:

    line ends, control characters    kept in XML as in binary    what_is_written_is_read_back_unchanged, raw_texts_keep_the_ends...
    numbers, data, elements of XML   as CoreFoundation reads     values_are_read_as_apples_parser_does, what_plistlib_would_lose...
    dates                            to the microsecond, UTC     dates_with_fractions_and_zones_are_read_exactly; binary ones have fractions
                                                                 of 0.1 us, which are rounded: it cannot change a run
    integers                         64 bits, signed or not      values_of_every_kind_and_width_are_read; others are refused
    equal keys in a dictionary       the last counts             as in CoreFoundation (XML; in binary files, where none has any, the first)
    order of keys                    kept, without meaning       every_format_reads_as_the_same_tree_with_the_same_id
    lone surrogates                  JSON alone holds them       json_keeps_every_value_and_type; both property lists refuse them

The codes of PlistError:

    empty, truncated, bad_plist, bad_xml, bad_json     nothing there, cut short, or damaged in its format
    too_large, too_deep, bad_sizes, entity             beyond the limits, sizes that contradict the data, an XML DTD of its own
    encrypted, bad_container, bad_hash                 a signed file that can't be opened
    bad_archive, nested_archive                        a zip archive that can't be read, or that holds another
    not_unicode, bad_type, bad_tag, not_exact          a lone surrogate, a type that plists lack, a bad tag, a value that would change
    not_a_shortcut, bad_action                         a property list or JSON, but no shortcut
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import plistlib
import re
from datetime import datetime
from typing import Any

import orjson

from shortcuts.plist import aea, archive
from shortcuts.plist.parser import MAX_BYTES, MAX_VALUES, PlistError, check_bounds, parse_binary, same, text_keys
from shortcuts.plist.xml import UTF16, parse_xml
from shortcuts.plist.xml import write_xml as write_xml

JSON_DEPTH = 250  # orjson writes 254 levels, and a record needs one or two around the shortcut
JSON_ERRORS = {"end of data": "truncated", "depth limit": "too_deep", "low surrogate": "not_unicode"}  # words of orjson -> our code
SPACE, ENDS = re.compile(r"[ \t\r\n]*"), json.JSONDecoder(strict=False)  # white space of JSON; finds where a value ends


# ---------------------------------------------------------------------------------------------------------------------------------
# read


def read_shortcut(data: bytes, name: str = "") -> dict[str, Any]:
    """Read a binary or XML property list, a signed file, JSON or a zip archive of one of these; return the shortcut in it.

    name: put before the detail of an error, as a file's name. JSON may be plain or tagged, and the shortcut may stand under the key
    "shortcut", as in the records of stage 01, or as a text there. Raises PlistError; takes seconds and bounded memory for any bytes.
    """
    try:
        tree = _parse(archive.unpacked(data))
        if isinstance(tree, dict) and "WFWorkflowActions" not in tree:
            tree = tree.get("shortcut", tree)
        if isinstance(tree, str):
            tree = _parse_text(tree)
        check_shortcut(tree)
    except PlistError as error:
        if not name:
            raise
        raise PlistError(error.code, f"{name}: {error.detail}") from None
    return tree


def read_field(value: Any) -> dict[str, Any]:
    """Return the shortcut in the field of a record: tagged JSON from stage 01, or a text as galleries have it. Raises PlistError."""
    tree = _parse_text(value) if isinstance(value, str) else from_json(value)
    check_shortcut(tree)
    return tree


def _parse_text(text: str) -> Any:
    """Return the tree of JSON or an XML property list as text, or of any file in base64."""
    start = text.lstrip("\ufeff \t\r\n")[:1]
    try:
        data = text.encode() if start in ("{", "<", "") else base64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise PlistError("not_a_shortcut", f"a text that is neither JSON, XML nor base64: it starts with {text[:8]!r}") from None
    return _parse(data)


def _parse(data: bytes) -> Any:
    """Return the tree of bytes whose format the first of them tell. Raises PlistError for a tree beyond the limits, too."""
    if len(data) > MAX_BYTES:
        raise PlistError("too_large", f"more than {MAX_BYTES:,} bytes")
    if not data or data.isspace():
        raise PlistError("empty", "no bytes but white space")
    if data.startswith(aea.MAGIC):
        return _parse_signed(data)
    text = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith(b"bplist00"):
        tree = parse_binary(data)
    elif text.startswith(b"<") or data.startswith(UTF16):
        tree = parse_xml(text if text.startswith(b"<") else data)
    elif text.startswith(b"{"):
        tree = _parse_json(text)
    else:
        raise PlistError("not_a_shortcut", f"neither a property list, a signed shortcut nor JSON: it starts with {data[:8]!r}")
    check_bounds(tree)
    return tree


def _parse_signed(data: bytes) -> Any:
    inner, intact = aea.unpack(data, MAX_BYTES)
    if inner.startswith(aea.MAGIC):
        raise PlistError("bad_container", "a signed file in a signed file")
    try:
        return _parse(inner)
    except PlistError as error:
        # Some real signed files hold a good shortcut under a wrong SHA-256, so the sum alone rejects nothing; here it explains the error.
        if intact:
            raise
        raise PlistError("bad_hash", f"the SHA-256 sums differ, and inside: {error}") from None


def _parse_json(data: bytes) -> Any:
    """Return the tree of JSON; of a record, of which the other fields may hold what no property list can, that of its shortcut."""
    tree = load_json(data)
    if isinstance(tree, dict) and "shortcut" in tree and "WFWorkflowActions" not in tree:
        tree = tree["shortcut"]
    return tree if isinstance(tree, str) else from_json(tree)


def load_json(data: bytes) -> Any:
    """Return JSON within the limits, with its tags. Raises PlistError."""
    if len(data) > MAX_BYTES:
        raise PlistError("too_large", f"more than {MAX_BYTES:,} bytes")
    if data.count(b",") + data.count(b"[") + data.count(b"{") > 2 * MAX_VALUES:  # each value brings one of these, and texts may hold more
        raise PlistError("too_large", f"JSON of more than {MAX_VALUES:,} values")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        code = next((code for words, code in JSON_ERRORS.items() if words in str(error)), "bad_json")
        raise PlistError(code, str(error)) from None


def load_array(data: bytes) -> list[bytes]:
    """Return the values of a JSON array within the limits, each as JSON; where one cannot be read, it is as it is written.

    Raises PlistError.
    """
    try:
        return [orjson.dumps(value) for value in load_json(data)]
    except TypeError as error:
        problem = PlistError("too_deep", str(error))
    except PlistError as error:
        problem = error
    values = _written_apart(data) if problem.code != "too_large" else None
    if values is None:
        raise problem
    return values


def _written_apart(data: bytes) -> list[bytes] | None:
    """Return the values of an array of which one holds what orjson refuses; None where it cannot be said where each ends."""
    text, place, values = data.decode("utf-8", "surrogateescape").strip(" \t\r\n"), 1, list[bytes]()
    try:
        while place < len(text):
            _, end = ENDS.raw_decode(text, SPACE.match(text, place).end())
            value = text[place:end].encode("utf-8", "surrogateescape")
            try:
                values.append(orjson.dumps(orjson.loads(value)))
            except (ValueError, TypeError):
                values.append(value)
            place = SPACE.match(text, end).end() + 1
            if text[place - 1] != ",":
                return values if text[place - 1:] == "]" else None
    except (ValueError, IndexError, RecursionError):
        pass
    return None


# ---------------------------------------------------------------------------------------------------------------------------------
# check


def check_shortcut(tree: Any) -> None:
    """Raise PlistError (not_a_shortcut, bad_action) unless a tree is a shortcut; its actions may lack parameters."""
    if not isinstance(tree, dict):
        raise PlistError("not_a_shortcut", f"a dictionary is expected, not {type(tree).__name__}")
    actions = tree.get("WFWorkflowActions")
    if not isinstance(actions, list):
        raise PlistError("not_a_shortcut", "there is no list WFWorkflowActions")
    fields = {"WFWorkflowActionIdentifier": str, "WFWorkflowActionParameters": dict}
    for number, action in enumerate(actions):
        for field, kind in fields.items():
            missing = {} if kind is dict else None  # compilers leave out empty parameters
            if not (isinstance(action, dict) and isinstance(action.get(field, missing), kind)):
                raise PlistError("bad_action", f"action {number} has no {field} of type {kind.__name__}")


# ---------------------------------------------------------------------------------------------------------------------------------
# JSON


def to_json(value: Any, room: int = JSON_DEPTH) -> Any:
    """Return a property list as tagged JSON, which orjson can write. `room`: levels left. Raises PlistError (bad_type, too_deep)."""
    if room < 0:
        raise PlistError("too_deep", f"more than {JSON_DEPTH} levels of JSON")
    kind = type(value)
    if kind is str:
        return value if _is_unicode(value) else {"$utf8": value.encode("utf-8", "surrogatepass").hex()}
    if kind is dict:
        if all(_is_unicode(key) and key[:1] != "$" for key in text_keys(value)):
            return {key: to_json(item, room - 1) for key, item in value.items()}
        return {"$dict": [[to_json(key), to_json(value[key], room - 3)] for key in sorted(value)]}
    if kind is list:
        return [to_json(item, room - 1) for item in value]
    if kind is bool:
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 64 else {"$int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"$float": str(value)}
    if kind is bytes:
        return {"$bytes": base64.b64encode(value).decode()}
    if kind is datetime and value.tzinfo is None:
        return {"$date": value.isoformat(timespec="microseconds")}
    if kind is plistlib.UID:
        return {"$uid": value.data}
    raise PlistError("bad_type", f"property lists have no {kind.__name__}")


def from_json(value: Any, room: int = JSON_DEPTH) -> Any:
    """Return the property list of tagged JSON, the inverse of `to_json`. Raises PlistError (bad_type, bad_tag, too_deep)."""
    if room < 0:
        raise PlistError("too_deep", f"more than {JSON_DEPTH} levels of JSON")
    if type(value) is list:
        return [from_json(item, room - 1) for item in value]
    if value is None:
        raise PlistError("bad_type", "property lists have no null")
    if type(value) is not dict:
        return value
    if len(value) == 1:
        (tag, content), = value.items()
        try:
            if tag == "$dict":
                return {_text_key(key): from_json(item, room - 3) for key, item in content}
            if tag in _UNTAG:
                return _UNTAG[tag](content)
        except PlistError:
            raise
        except (ValueError, TypeError, AttributeError) as error:
            raise PlistError("bad_tag", f"{tag}: {error}") from None
    return {key: from_json(item, room - 1) for key, item in value.items()}


def _text_key(value: Any) -> str:
    key = from_json(value)
    if type(key) is not str:
        raise PlistError("bad_type", f"a dict key of type {type(key).__name__}")
    return key


_UNTAG = {
    "$bytes": lambda content: base64.b64decode(content, validate=True),
    "$date": lambda content: datetime.strptime(content, "%Y-%m-%dT%H:%M:%S.%f"),
    "$uid": plistlib.UID,
    "$int": lambda content: int(str(content)),
    "$float": lambda content: float(str(content)),
    "$utf8": lambda content: bytes.fromhex(content).decode("utf-8", "surrogatepass"),
}


def _is_unicode(text: str) -> bool:
    """True if a string can be written as UTF-8: it has no lone surrogate."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# ---------------------------------------------------------------------------------------------------------------------------------
# write and name


def write_binary(tree: Any) -> bytes:
    """Return the bytes of a .shortcut file: a tree as a binary property list, read back and compared. Raises PlistError."""
    check_bounds(tree)
    try:
        data = plistlib.dumps(tree, fmt=plistlib.FMT_BINARY, sort_keys=False)
    except UnicodeEncodeError as error:
        raise PlistError("not_unicode", f"a string holds {error.reason}") from None
    except (TypeError, OverflowError, ValueError) as error:
        raise PlistError("bad_type", str(error)) from None
    try:
        is_same = same(plistlib.loads(data, fmt=plistlib.FMT_BINARY), tree)
    except (plistlib.InvalidFileException, OverflowError):  # a date at the end of Python's years
        is_same = False
    if not is_same:
        raise PlistError("not_exact", "a value (-0.0 beside 0.0, or a date far from today) would change in a binary property list")
    return data


def content_id(shortcut: Any) -> str:
    """Return a shortcut's id: 16 hex digits, the same for equal trees, whatever their file format and order of keys."""
    return hashlib.sha256(orjson.dumps(to_json(shortcut), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
