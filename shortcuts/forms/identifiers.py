"""Names of a shortcut as Python identifiers, and back."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
import uuid
from functools import lru_cache

from shortcuts.forms.constants import HELPERS

# Words that no name of a program may be.
RESERVED = frozenset(keyword.kwlist) | frozenset(keyword.softkwlist) | frozenset(dir(builtins)) | HELPERS
# Symbols that become words, so that "# of Days", "# of Days ÷ 2" and "# of Days + 2" stay apart; others become separators.
_SYMBOLS = str.maketrans({symbol: f" {word} " for symbol, word in {
    "#": "number", "+": "plus", "\u2212": "minus", "÷": "by", "×": "times", "%": "percent", "&": "and", "=": "equals",
    "<": "below", ">": "above",
}.items()})  # fmt: skip
_SYMBOL_BEFORE_NUMBER = re.compile(r"(?:^| )([-*/] ?)(?=[0-9])")
_WORD_BEFORE_NUMBER = {"-": " minus ", "*": " times ", "* ": " times ", "/": " by ", "/ ": " by "}  # "a - 2" is a dash more often
# Invisible letters and marks: variation selectors, joiners, fillers.
_INVISIBLE = dict.fromkeys([0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0,
                            *range(0xE0100, 0xE01F0)])  # fmt: skip
_MAX_IDENTIFIER = 48  # characters: a custom name may be a whole sentence


@lru_cache(maxsize=1 << 16)
def identifier(name: str) -> str:
    """Return a legal, readable identifier for a name: letters of any script stay, common symbols become words, the rest becomes `_`.

    Idempotent on its own results, also after `_` is read back as a space, so that code alone gives the same identifiers again.
    """
    if not name.isidentifier() or not name.isascii():
        name = unicodedata.normalize("NFKC", name).translate(_INVISIBLE)  # NFKC as Python's parser does with identifiers
        name = _SYMBOL_BEFORE_NUMBER.sub(lambda match: _WORD_BEFORE_NUMBER.get(match[1], " "), name).translate(_SYMBOLS)
    kept = "".join(c if ("a" + c).isidentifier() else " " for c in name).replace("_", " ")
    text = unicodedata.normalize("NFKC", "_".join(kept.split()))[:_MAX_IDENTIFIER].strip("_")
    if not text:
        return "value"
    if not text.isidentifier():
        text = unicodedata.normalize("NFKC", "n" + text)  # a mark joins the letter
    return text + "_" if text in RESERVED else text


def label_from_identifier(name: str) -> str:
    """Return the name that an identifier stands for where no residue knows it: "Clean Name" for `Clean_Name`."""
    return name.replace("_", " ").strip()


def made_uuid(seed: str) -> str:
    """Return a UUID that is the same in every run, in upper case as the app writes it."""
    unicode = seed.encode("utf-8", "backslashreplace").decode()  # names in a shortcut may hold lone surrogates
    return str(uuid.uuid5(uuid.NAMESPACE_OID, unicode)).upper()


class NameAllocator:
    """Hands out identifiers, each once; the second use of a name gets `_2`."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._next: dict[str, int] = {}  # identifier -> the number that its next use tries first; the lower ones are taken

    def propose(self, name: str, free: str = "") -> str:
        """Return the identifier that `take` would return if the identifier `free` were not taken."""
        base = identifier(name)
        if base not in self.taken or base == free:
            return base
        stem = base.rstrip("_")
        number = self._next.get(stem, 2)
        ending = free[len(stem) + 1 :] if free.startswith(f"{stem}_") else ""
        if ending.isascii() and ending.isdigit() and 2 <= int(ending) < number and str(int(ending)) == ending:
            return free
        while (candidate := f"{stem}_{number}") in self.taken and candidate != free:
            number += 1
        self._next[stem] = number
        return candidate

    def take(self, name: str) -> str:
        """Return a new identifier for a name."""
        candidate = self.propose(name)
        self.taken.add(candidate)
        return candidate

    def take_variable(self, name: str) -> str:
        """Return a new identifier for a variable; it ends in "variable" if the plain one is taken, often by the output it is set to."""
        return self.take(f"{name} variable" if identifier(name) in self.taken else name)
