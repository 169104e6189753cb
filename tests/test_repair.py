"""Repair: what models break in twelve ways comes back; what is right stays; published programs parse. `python -m pytest tests/test_repair.py`"""

from __future__ import annotations

import ast
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from common import dialect, plist
from common.catalog import Catalog
from common.dialect.repair import repair

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


# ---------------------------------------------------------------------------------------------------------------------------------
# twelve ways in which models damage code: each takes a program and a source of chance, and gives None where there is nothing to damage


def fenced(code: str, draw: random.Random) -> str:
    return draw.choice(["Here is the shortcut:\n\n", "Sure! I'd do it like this.\n", ""]) + f"```python\n{code.rstrip()}\n```\n\nIt asks first."


def _at(code: str, pattern: str, draw: random.Random) -> re.Match[str] | None:
    found = list(re.finditer(pattern, code, re.MULTILINE))
    return draw.choice(found) if found else None


def _replaced(code: str, match: re.Match[str] | None, text: str) -> str | None:
    return None if match is None else code[: match.start()] + text + code[match.end() :]


def bracket_lost(code: str, draw: random.Random) -> str | None:
    return _replaced(code, _at(code, r"\)$", draw), "")


def quote_lost(code: str, draw: random.Random) -> str | None:
    return _replaced(code, _at(code, r"(?<=[a-z])'(?=[)\]}]*$)", draw), "")


def colon_lost(code: str, draw: random.Random) -> str | None:
    return _replaced(code, _at(code, r"(?<=[^:]):$", draw), "")


def end_cut(code: str, draw: random.Random) -> str | None:
    """The answer ends within the marks that close its last line."""
    closing = re.search(r"['\")\]}]{2,}\n$", code)
    return code[: draw.randrange(closing.start() + 1, closing.end() - 1)] if closing else None


def line_moved(code: str, draw: random.Random) -> str | None:
    """A line inside a block is two columns off."""
    match = _at(code, r"(?<=\n)( {4,})(?=[a-zA-Z]\w* ?[=(])", draw)
    return None if match is None else _replaced(code, match, match[0] + "  ")


def block_emptied(code: str, draw: random.Random) -> str | None:
    """A block that is empty has a comment in place of `pass`."""
    match = _at(code, r"^( *)pass$", draw)
    return _replaced(code, match, f"{match[1]}# nothing to do") if match else None


def api_misspelt(code: str, draw: random.Random) -> str | None:
    match = _at(code, r"\bis_workflow_actions_\w{4,}(?=\()", draw)
    if match is None:
        return None
    place = draw.randrange(len("is_workflow_actions_"), len(match[0]) - 1)
    return _replaced(code, match, draw.choice([match[0][:place] + match[0][place + 1 :], match[0][:place] + match[0][place] + match[0][place:]]))


def parameter_misspelt(code: str, draw: random.Random) -> str | None:
    match = _at(code, r"\bWF[A-Z]\w{4,}(?==[^=])", draw)
    if match is None:
        return None
    return _replaced(code, match, draw.choice([match[0].lower(), match[0] + "s", match[0][0] + match[0][2:], re.sub(r"(?<=[a-z])(?=[A-Z])", "_", match[0])]))


def enum_misspelt(code: str, draw: random.Random) -> str | None:
    catalog, places = Catalog.load(), []
    for node in ast.walk(ast.parse(code)):
        api = catalog.by_name(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        for word in node.keywords if api else ():
            parameter = api.parameter(word.arg or "")
            value = word.value.value if isinstance(word.value, ast.Constant) else None
            if parameter and parameter.enum and not parameter.open_enum and isinstance(value, str) and len(value) > 3 and value.isascii():
                places.append(value)
    value = draw.choice(places) if places else None
    return None if value is None else code.replace(repr(value), repr(draw.choice([value.lower(), value.upper(), value[:-1]])), 1)


def quotes_typographic(code: str, draw: random.Random) -> str | None:
    match = _at(code, r"(?<==)'([\w ]+)'(?=[,)])", draw)
    return _replaced(code, match, f"‘{match[1]}’") if match else None


def operator_foreign(code: str, draw: random.Random) -> str | None:
    match = _at(code, r" == | and |=True(?=[,)])|=False(?=[,)])", draw)
    return _replaced(code, match, {" == ": " === ", " and ": " && ", "=True": "=true", "=False": "=false"}[match[0]]) if match else None


DAMAGES: list[Callable[[str, random.Random], str | None]] = [
    fenced, bracket_lost, quote_lost, colon_lost, end_cut, line_moved, block_emptied, api_misspelt, parameter_misspelt, enum_misspelt,
    quotes_typographic, operator_foreign,
]  # fmt: skip


def damaged(programs: list[str], count: int, catalog: Catalog) -> list[tuple[str, str, str]]:
    """(way, original, damaged) `count` times, the ways in turn; only what is wrong afterwards counts as damaged."""
    draw, result, seen = random.Random(0), list[tuple[str, str, str]](), set[tuple[str, str]]()
    while len(result) < count:
        way, code = DAMAGES[len(result) % len(DAMAGES)], draw.choice(programs)
        broken = way(code, draw)
        if broken is not None and broken != code and (way.__name__, broken) not in seen and dialect.check(broken, catalog):
            seen.add((way.__name__, broken))
            result.append((way.__name__, code, broken))
    return result


def outcome(cases: list[tuple[str, str, str]], catalog: Catalog) -> tuple[float, float, Counter[str]]:
    """(share that passes check, share that equals the original, failures by way)."""
    passed, equal, failed = 0, 0, Counter[str]()
    for way, original, broken in cases:
        mended, repairs = repair(broken, catalog)
        assert repairs, "what was changed is listed"
        passed += not dialect.check(mended, catalog)
        same = mended.strip("\n") == original.strip("\n") or _without_comments(mended) == _without_comments(original)
        equal += same
        failed[way] += not same
    return passed / len(cases), equal / len(cases), failed


def _without_comments(code: str) -> str:
    try:
        return dialect.rename(code, {})
    except ValueError:
        return code


@pytest.fixture(scope="module")
def clean_examples(catalog) -> list[str]:
    return [code for path in EXAMPLES if not dialect.check(code := path.read_text(encoding="utf-8"), catalog)]


def test_examples_damaged_in_twelve_ways_come_back(catalog, clean_examples):
    passed, equal, failed = outcome(damaged(clean_examples, 60, catalog), catalog)
    assert passed >= 0.95 and equal >= 0.9, failed


@pytest.mark.slow
def test_a_thousand_damaged_real_programs_come_back(catalog, shared):
    programs = []
    for path in sorted(shared.glob("corpus/plist/*.plist")):
        try:
            code = dialect.to_python(plist.read_shortcut(path.read_bytes()))[0]
        except dialect.Unbalanced:
            continue
        if not dialect.check(code, catalog):
            assert repair(code, catalog) == (code, [])
            programs.append(code)
    passed, equal, failed = outcome(damaged(programs, 1000, catalog), catalog)
    assert passed >= 0.95 and equal >= 0.9, failed
