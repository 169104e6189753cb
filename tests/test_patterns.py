"""No regular expression takes more than linear time on text that strangers write. `python -m pytest tests/test_patterns.py`

Every pattern of the modules below is found in their source, with the methods by which it is used, and timed on texts in which one piece is
repeated n and 4n times. A pattern whose neighbours match the same characters (`\\s*` before `.*?`) takes 16 times as long, or 64 times.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [*sorted((ROOT / "common/crawl").glob("*.py")), *sorted((ROOT / "shortcuts").rglob("*.py")), ROOT / "common/jsonl.py", ROOT / "common/filenames.py"]
METHODS = {"search", "match", "fullmatch", "finditer", "findall", "sub", "split"}
PREFIXES = ["", "f(", "if x", "{'string':", "'"]
PIECES = [" ", "\n", "a", "1", "_", "-", "a ", "- ", "'", '"', "\\", "(", ")", "[", "}", ", ", ",", "a=", "a = ", "=", ":", "{", ".", "a.", "1.", "@", "a@", "/", "+", "a_", "a-",
          "''' ", "\\'", '\\"', "1, ", "A1", "not ", "=== ", "?t=", "://", "key", "tel:1", "} ", "```", "é"]  # fmt: skip
SUFFIXES = ["", "!"]
TIMES = 4
SUSPECT = 1000, 0.0003  # characters, and seconds: what takes less on so many cannot be quadratic, for that takes twice as long
LENGTHS = [125, 500, 2000]  # characters
NOISE = 0.001  # seconds: the same of 2,000
LINEAR = 8  # at most: how much longer 4 times the length may take; 4 is meant, and 16 is quadratic


def module_of(path: Path) -> ModuleType:
    return importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))


def uses(path: Path) -> Iterator[tuple[re.Pattern[Any], str]]:
    """(pattern, method) of each use of a regular expression in a file."""
    module = module_of(path)
    for kind, pattern in getattr(module, "PATTERNS", ()):  # of scrub.py, whose patterns are used in a loop
        assert kind
        yield pattern, "finditer"
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.attr in METHODS):
            continue
        owner = node.func.value.id
        if owner == "re":
            pattern, *more = node.args[0], *node.args[2:]
            flags = [getattr(re, flag.attr) for flag in more if isinstance(flag, ast.Attribute) and flag.attr in re.RegexFlag.__members__]
            if isinstance(pattern, ast.Constant):  # those that are made of parts at run time are timed where their module is
                yield re.compile(pattern.value, sum(flags)), node.func.attr
        elif isinstance(pattern := getattr(module, owner, None), re.Pattern):
            yield pattern, node.func.attr


def matching(pattern: re.Pattern[Any], method: str) -> Callable[[str], Any]:
    is_bytes = isinstance(pattern.pattern, bytes)

    def run(text: str) -> None:
        given = text.encode() if is_bytes else text
        if method == "sub":
            pattern.sub(b"" if is_bytes else "", given)
        else:
            list(getattr(pattern, method)(given) or ()) if method in ("finditer", "findall", "split") else getattr(pattern, method)(given)

    return run


def seconds(run: Callable[[str], Any], text: str, tries: int = 1) -> float:
    best = float("inf")
    for _ in range(tries):
        started = time.thread_time()
        run(text)
        best = min(best, time.thread_time() - started)
    return best


def grows_too_fast(run: Callable[[str], Any], text_of: Callable[[int], str]) -> bool:
    """True if a text of four times the length takes much more than four times as long.

    The lengths grow until one takes a time that can be measured: a cubic pattern is found on a few hundred characters, and need not be
    waited for on thousands.
    """
    length, noise = SUSPECT
    if seconds(run, text_of(length)) < noise:
        return False
    for length in LENGTHS:
        if seconds(run, text_of(length)) > NOISE:
            pairs = ((seconds(run, text_of(length), 3), seconds(run, text_of(length // TIMES), 3)) for _ in range(4))
            return all(longer > LINEAR * shorter for longer, shorter in pairs)  # once, another process may be in the way
    return False


def too_slow(pattern: re.Pattern[Any], method: str) -> str:
    """The text, in words, on which a pattern takes more than linear time; "" if none was found."""
    run = matching(pattern, method)
    for prefix, piece, suffix in itertools.product(PREFIXES, PIECES, SUFFIXES):
        if grows_too_fast(run, lambda length: prefix + piece * (length // len(piece)) + suffix):  # noqa: B023
            return f"{prefix!r}, then {piece!r} again and again, then {suffix!r}"
    return ""


@pytest.mark.ci
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_pattern_takes_linear_time(path: Path) -> None:
    found = {f"{method} {pattern.pattern!r}": too_slow(pattern, method) for pattern, method in dict.fromkeys(uses(path))}
    assert {pattern: text for pattern, text in found.items() if text} == {}


@pytest.mark.ci
@pytest.mark.parametrize("pattern, method", [(r"\s*(.*?)\s*:", "fullmatch"), (r"\s*x", "search"), (r"(?m)^\W*code\W*\n", "search"), (r"[)\]]+$", "finditer"), (r"\w+_\w+\(", "findall")])
def test_a_pattern_that_is_not_linear_is_found(pattern: str, method: str) -> None:
    assert too_slow(re.compile(pattern, re.DOTALL), method)


@pytest.mark.ci
def test_the_patterns_are_found() -> None:
    assert sum(len(set(uses(path))) for path in FILES) > 70
