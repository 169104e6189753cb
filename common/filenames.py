"""File names from untrusted texts: an id, a title or a query may hold separators, device names, or shell commands.

    safe_name("../../evil")                   'evil~0d5a1d...'             different texts have different names
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
    """Return a name of at most 120 bytes that is a file in its folder on every system; no two texts share one, even if case does not count.

    A text of lower-case letters, digits, `_`, `-` and `.` is its own name; of others the words are kept, and a hash follows after a `~`.
    """
    if _PLAIN.fullmatch(text) and len(text) <= MOST_BYTES and not _DEVICE.match(text):
        return text
    return f"{words(text)}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def record_name(title: str, identifier: str) -> str:
    """Return a record's title, as far as file names allow it, a dot and its id, so that no two records share a name."""
    return f"{words(title) or 'shortcut'}.{safe_name(identifier)}"


def words(text: str) -> str:
    """Return the letters, digits, `_` and `-` of a text, at most 90 bytes of them, without a dot; never the name of a device."""
    kept = "".join(c if c in "_-" or c.isalnum() or unicodedata.combining(c) else " " for c in text)
    joined = "_".join(kept.split()).lstrip("-").encode()[:WORD_BYTES].decode(errors="ignore")
    return f"{joined}_" if _DEVICE.match(joined) else joined
