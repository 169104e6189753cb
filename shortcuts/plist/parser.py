"""Parse binary property lists, hostile ones included: every input ends in a tree within the limits or in a PlistError.

plistlib does the parsing. This module adds the bounds on time and memory that it lacks, checked before it allocates.
"""

from __future__ import annotations

import plistlib
import struct
from datetime import datetime
from typing import Any

import orjson

MAX_BYTES = 64 << 20  # of a file, also after unpacking; the largest shortcut seen has 0.4 MB
MAX_VALUES = 1 << 20  # values of a tree, shared ones counted each time; the largest shortcut seen has 22 thousand
MAX_TEXT = 64 << 20  # characters and bytes of a tree's strings and data, shared ones counted each time
MAX_DEPTH = 128  # containers in containers; the deepest shortcut seen has 51

SCALARS = {int, float, bool, datetime, plistlib.UID}  # without null, which only binary property lists can hold, and Apple's never do


class PlistError(ValueError):
    """A shortcut that cannot be read or written. `code` is short and stable, `detail` is for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)  # pickle passes these to __init__ again, for an error raised in a worker
        self.code, self.detail = code, detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


# ---------------------------------------------------------------------------------------------------------------------------------
# parse


def parse_binary(data: bytes) -> Any:
    """Return the tree of a binary property list. Raises PlistError.

    The object table is checked before plistlib reads it: it allocates the size that each object claims, even if all of them overlap.
    """
    offset_size, ref_size, count, _, table = struct.unpack(">6xBBQQQ", data[-32:].rjust(32, b"\0"))
    if not offset_size or table + count * offset_size + 32 > len(data):
        raise PlistError("truncated", f"{len(data):,} bytes without a matching object table at the end")
    if count > MAX_VALUES:
        raise PlistError("too_large", f"{count:,} objects; the limit is {MAX_VALUES:,}")
    offsets = data[table:table + count * offset_size]
    claimed = sum(_object_size(data, int.from_bytes(offsets[i:i + offset_size], "big"), ref_size)
                  for i in range(0, len(offsets), offset_size))
    if claimed > len(data):
        raise PlistError("bad_sizes", f"the objects claim {claimed:,} of {len(data):,} bytes")
    try:
        return plistlib.loads(data, fmt=plistlib.FMT_BINARY)
    except RecursionError:
        raise PlistError("too_deep", f"more than {MAX_DEPTH} levels") from None
    except plistlib.InvalidFileException as error:  # plistlib folds all others into this one, and keeps the cause
        if isinstance(error.__context__, UnicodeDecodeError):
            raise PlistError("not_unicode", f"a string holds {error.__context__.reason}") from None
        raise PlistError("bad_plist", "an object cannot be read: damaged") from None


def _object_size(data: bytes, at: int, ref_size: int) -> int:
    """Return the bytes that the object at an offset of a binary property list claims for its text, data or references.

    Raises PlistError where plistlib would silently read another value than Apple's parser: a size of 16 bytes as 0, padding as data, and
    an integer of 16 bytes with all of them (only the lower 64 bits count).
    """
    kind, size = divmod(data[at], 16) if at < len(data) else (0, 0)
    if data[at:at + 1] == b"\x0f" or (kind == 0x1 and size == 4 and any(data[at + 1:at + 9])):
        raise PlistError("bad_plist", "padding in the place of a value" if kind == 0 else "an integer of more than 64 bits")
    unit = {0x4: 1, 0x5: 1, 0x6: 2, 0xA: ref_size, 0xD: 2 * ref_size}.get(kind, 0)
    if unit and size == 15:  # the size follows as an integer of 1, 2, 4 or 8 bytes
        mark = (data[at + 1:at + 2] or b"\0")[0]
        if not 0x10 <= mark <= 0x13:
            raise PlistError("bad_plist", f"a size of the kind {mark:#04x}")
        size = int.from_bytes(data[at + 2:at + 2 + (1 << (mark & 3))], "big")
    return size * unit


# ---------------------------------------------------------------------------------------------------------------------------------
# check


def check_bounds(tree: Any) -> None:
    """Raise PlistError for a tree that is too deep or too large, or holds a value that property lists lack.

    The walk goes level by level: binary property lists may share objects, so a small file can be an endless or an exponential tree.
    """
    values = text = 0
    level = [] if tree is None else [tree]  # check_shortcut() refuses an empty tree
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is str or kind is bytes:
                text += len(value)
            elif kind is list:
                values += len(value)
                below += value
            elif kind is dict:
                values += len(value)
                text += sum(map(len, text_keys(value)))
                below += value.values()
            elif kind is int and not -(1 << 63) <= value < 1 << 64:
                raise PlistError("bad_plist", f"an integer of {value.bit_length():,} bits; property lists have 64")
            elif kind not in SCALARS:
                raise PlistError("bad_type", f"property lists have no {kind.__name__}")
            if values > MAX_VALUES or text > MAX_TEXT:
                raise PlistError("too_large", f"more than {MAX_VALUES:,} values or {MAX_TEXT:,} characters, shared ones counted each time")
        if not below:
            return
        level = below
    raise PlistError("too_deep", f"more than {MAX_DEPTH} levels")


def text_keys(value: dict[Any, Any]) -> list[str]:
    """Return a dict's keys. Raises PlistError if one is not a string."""
    for key in value:
        if type(key) is not str:
            raise PlistError("bad_type", f"a dict key of type {type(key).__name__}")
    return list(value)


def same(a: Any, b: Any) -> bool:
    """True if two trees are equal, types included: 1, 1.0 and True differ, so do 0.0 and -0.0; NaN equals NaN; order of keys is ignored."""
    fingerprint = _fingerprint(a)
    other = None if fingerprint is None else _fingerprint(b)
    if fingerprint is not None and other is not None:
        return fingerprint == other
    pairs = [(a, b)]
    while pairs:
        x, y = pairs.pop()
        if type(x) is not type(y):
            return False
        if isinstance(x, dict):
            if x.keys() != y.keys():
                return False
            pairs += ((x[key], y[key]) for key in x)
        elif isinstance(x, list):
            if len(x) != len(y):
                return False
            pairs += zip(x, y, strict=True)
        elif (repr(x) != repr(y)) if isinstance(x, float) else x != y:
            return False
    return True


def _fingerprint(tree: Any) -> bytes | None:
    """Return bytes that equal trees share, and no others; None for a tree that orjson cannot tell from others: bytes, dates, a null."""
    try:
        text = orjson.dumps(tree, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError:  # orjson.JSONEncodeError is one
        return None
    return None if b"null" in text else text  # NaN and the infinities become null
