"""File names of untrusted texts: an id, a title or a query may hold separators, names of devices, or what a shell runs.

    safe_name("../../evil")            'evil~0d5a1d...'     whatever the text is; different texts have different names
    record_name("Split the Bill", "3f2a")     'Split_the_Bill.3f2a'
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

MOST_BYTES, WORD_BYTES = 120, 90  # of a name, and of its readable part, in UTF-8; file systems take 255, endings included
_PLAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?")  # in lower case only: for some file systems a and A are one
_DEVICE = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)")  # Windows', with any ending


def safe_name(text: str) -> str:
    """A name that is a file in its folder on every system, of at most 120 bytes; no two texts have one name, also where a and A are one.

    A text of lower-case letters, digits, `_`, `-` and `.` is its own name. Of others the words are kept, and a hash is added after a `~`.
    """
    if _PLAIN.fullmatch(text) and len(text) <= MOST_BYTES and not _DEVICE.match(text):
        return text
    return f"{words(text)}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def record_name(title: str, identifier: str) -> str:
    """A record's title as far as file names take it, and its id, by which no two records have one name: words hold no dot, so the first
    dot of the name is before the id."""
    return f"{words(title) or 'shortcut'}.{safe_name(identifier)}"


def words(text: str) -> str:
    """The letters, digits, `_` and `-` of a text, as far as 90 bytes take them; not the name of a device, and empty if it has none."""
    kept = "".join(c if c in "_-" or c.isalnum() or unicodedata.combining(c) else " " for c in text)
    joined = "_".join(kept.split()).lstrip("-").encode()[:WORD_BYTES].decode(errors="ignore")
    return f"{joined}_" if _DEVICE.match(joined) else joined
