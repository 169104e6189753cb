"""Repair: what models break in twelve ways comes back; what is right stays; published programs parse. `python -m pytest tests/test_repair.py`"""

from __future__ import annotations

import ast
import json
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import shortcuts
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.repair import repair

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))


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
    """(way, original, damaged), up to `count`, the ways in turn, none twice; only what is wrong afterwards counts as damaged."""
    draw, result, found = random.Random(0), dict[tuple[str, str], str](), Counter[str]()
    for number in range(100 * count):
        way, code = DAMAGES[number % len(DAMAGES)], draw.choice(programs)
        if len(result) < count and found[way.__name__] < -(-count // len(DAMAGES)):
            broken = way(code, draw)
            if broken is not None and (way.__name__, broken) not in result and shortcuts.check(broken, catalog):
                result[way.__name__, broken] = code
                found[way.__name__] += 1
    assert len(found) == len(DAMAGES)
    return [(name, code, broken) for (name, broken), code in result.items()]


def outcome(cases: list[tuple[str, str, str]], catalog: Catalog) -> tuple[float, float, Counter[str]]:
    """(share that passes check, share that equals the original, failures by way)."""
    passed, equal, failed = 0, 0, Counter[str]()
    for way, original, broken in cases:
        mended, repairs = repair(broken, catalog)
        assert repairs or mended == broken, "what was changed is listed"
        passed += not shortcuts.check(mended, catalog)
        same = mended.strip("\n") == original.strip("\n") or _without_comments(mended) == _without_comments(original)
        equal += same
        failed[way] += not same
    return passed / len(cases), equal / len(cases), failed


def _without_comments(code: str) -> str:
    try:
        return shortcuts.rename(code, {})
    except ValueError:
        return code


@pytest.fixture(scope="module")
def clean_examples(catalog) -> list[str]:
    return [code for path in EXAMPLES if not shortcuts.check(code := path.read_text(encoding="utf-8"), catalog)]


@pytest.mark.ci
def test_examples_damaged_in_twelve_ways_come_back(catalog, clean_examples):
    passed, equal, failed = outcome(damaged(clean_examples, 48, catalog), catalog)
    assert passed >= 0.95 and equal >= 0.9, failed


@pytest.mark.slow
def test_a_thousand_damaged_real_programs_come_back(catalog, shared):
    programs = []
    for path in sorted(shared.glob("corpus/plist/*.plist")):
        try:
            code = shortcuts.to_python(plist.read_shortcut(path.read_bytes()))[0]
        except shortcuts.Unbalanced:
            continue
        if not shortcuts.check(code, catalog):
            assert repair(code, catalog) == (code, [])
            programs.append(code)
    cases = damaged(programs, 1000, catalog)
    assert len(cases) == 1000
    passed, equal, failed = outcome(cases, catalog)
    assert passed >= 0.95 and equal >= 0.9, failed


# ---------------------------------------------------------------------------------------------------------------------------------
# single repairs


@pytest.mark.parametrize("broken, mended, kind", [
    ("x = is_workflow_actions_text_split(Show-text=True, text='a')", "x = is_workflow_actions_text_split(text='a', **{'Show-text': True})", "odd_key"),
    ("is_workflow_actions_runworkflow(WFWorkflow={'workflowName': My Tool, 'isSelf': False})",
     "is_workflow_actions_runworkflow(WFWorkflow={'workflowName': 'My Tool', 'isSelf': False})", "value"),
    ("is_workflow_actions_list(WFItems=[One thing, Another])", "is_workflow_actions_list(WFItems=['One thing', 'Another'])", "value"),
    ("d = {{\"string\": Name}: {\"string\": 2.2.1}}", "d = {'Name': '2.2.1'}", "value"),
    ("is_workflow_actions_showresult(Text='a'", "is_workflow_actions_showresult(Text='a')", "closed"),
    ("is_workflow_actions_showresult(Text='a'))", "is_workflow_actions_showresult(Text='a')", "closed"),
    ("is_workflow_actions_alert(WFAlertActionTitle='a' WFAlertActionMessage='b')", "is_workflow_actions_alert(WFAlertActionTitle='a', WFAlertActionMessage='b')", "comma"),
    ("x = clipboard()\nif x\n    pass", "x = clipboard()\nif x:\n    pass", "head"),
    ("x = clipboard()\nif x:\n    pass\nelse if x == 'a':\n    pass", "x = clipboard()\nif x:\n    pass\nelif x == 'a':\n    pass", "head"),
    ("x = clipboard()\nif x === 'a' && x:\n    pass", "x = clipboard()\nif x == 'a' and x:\n    pass", "operator"),
    ("is_workflow_actions_playsound()\nis_workflow_actions_showresult(Text=f'{clipboard()} and", "is_workflow_actions_playsound()\nis_workflow_actions_showresult(Text=f'{clipboard()} and')", "closed"),
    ("x = clipboard()\nif x:\nis_workflow_actions_playsound()", "x = clipboard()\nif x:\n    pass\nis_workflow_actions_playsound()", "block"),
    ("x = clipboard()\n  is_workflow_actions_playsound()", "x = clipboard()\nis_workflow_actions_playsound()", "indentation"),
    ("is_workflow_actions_showresults(Text='a')", "is_workflow_actions_showresult(Text='a')", "api"),
    ("is_workflow_actions_documentpicker_save(WFﬁleDestinationPat='a')", "is_workflow_actions_documentpicker_save(WFFileDestinationPath='a')", "parameter"),
    ("is_workflow_actions_showresult(text='a')", "is_workflow_actions_showresult(Text='a')", "parameter"),
    ("is_workflow_actions_downloadurl(WFHTTPMethod='get')", "is_workflow_actions_downloadurl(WFHTTPMethod='GET')", "enum"),
    ("handle = clipboard()\nis_workflow_actions_showresult(Text=hanlde)", "handle = clipboard()\nis_workflow_actions_showresult(Text=handle)", "name"),
    ("is_workflow_actions_downloadurl(ShowHeaders=true)", "is_workflow_actions_downloadurl(ShowHeaders=True)", "constant"),
    ("This is what I would do, roughly.\nis_workflow_actions_playsound()", "# This is what I would do, roughly.\nis_workflow_actions_playsound()", "prose"),
])  # fmt: skip
def test_each_repair_does_one_thing_and_names_it(catalog, broken, mended, kind):
    code, repairs = repair(broken, catalog)
    assert code.rstrip("\n") == mended
    assert kind in {change.kind for change in repairs}
    assert repair(code, catalog) == (code, [])


def test_the_texts_of_lines_that_python_reads_are_left_alone(catalog):
    kept = ("is_workflow_actions_showresult(Text='\U0001f468\u200d\U0001f469 and \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645')\n"
            "is_workflow_actions_gettext(WFTextActionText='''a:\n\tb: 1\u00a0kg\n''')\n")
    code, repairs = repair(f"{kept}is_workflow_actions_alert(WFAlertActionMessage='it's late')\n", catalog)
    assert code.startswith(kept) and [change.line for change in repairs] == [5]


@pytest.mark.parametrize("kept", [
    "def greet(names):\n    for one in names:\n        print(one)\n", "import requests\nanswer = requests.get(request).json()\n", "time.sleep(2)\n"])
def test_a_name_that_is_bound_or_python_s_own_is_no_slip_for_another(catalog, kept):
    code, repairs = repair(f"name = input('a')\nrequest, times = name, name\n{kept}is_workflow_actions_alert(WFAlertMessage=name)\n", catalog)
    assert kept in code and [change.kind for change in repairs] == ["parameter"]


@pytest.mark.parametrize("code", [
    "@when_app_opened(WFAppState='opened')\ndef shortcut():\n    is_workflow_actions_showresult(Text=\"It's open\")\n",
    "x = 5\ntry:\n    print(x)\nexcept Exception as e:\n    print('no')\n"])
def test_a_trigger_and_a_try_are_no_prose(catalog, code):
    broken = code.replace('"It\'s open"', "'It's open'").replace("print('no')", "print('no'")
    assert broken != code and repair(broken, catalog)[0] == code


@pytest.mark.parametrize("line", ["@media()", "@shortcut", "@media (dark) {"])
def test_a_line_that_looks_like_a_trigger_is_prose_and_the_others_stay(catalog, line):
    code, _ = repair(f"{line}\ny = is_workflow_actions_url()\n", catalog)
    assert code.startswith("# @") and code.endswith("\ny = is_workflow_actions_url()\n") and code.count("\n") == 2


def test_a_try_that_was_cut_off_gets_an_end(catalog):
    assert repair("if True:\n    try:\n        print('a)\nprint('b')\n", catalog)[0] == (
        "if True:\n    try:\n        print('a')\n    finally:\n        pass\nprint('b')\n")


def test_a_name_that_is_bound_is_repaired_to_nothing(catalog):
    assert repair("def f():\n    Result = 1\n    return Result\nis_workflow_actions_showresult(Text=Result)\n", catalog)[1] == []


def test_an_open_enum_in_another_spelling_becomes_its_own(catalog):
    code, repairs = repair("is_workflow_actions_text_changecase(WFCaseType='Uppercase', text='a')\n", catalog)
    assert "WFCaseType='UPPERCASE'" in code and [change.kind for change in repairs] == ["enum"]


def test_what_is_near_to_nothing_stays_for_check_to_name(catalog):
    code = "is_workflow_actions_brewcoffee(Cups=2)\nis_workflow_actions_showresult(Text=nowhere)\n"
    assert repair(code, catalog) == (code, [])


def test_an_api_is_looked_for_among_those_that_were_offered(catalog):
    code = "is_workflow_actions_showresutl(Text='a')\n"
    assert repair(code, catalog, ["is.workflow.actions.showresult"])[0] == "is_workflow_actions_showresult(Text='a')\n"
    assert repair(code, catalog, ["is.workflow.actions.exit"]) == (code, [])


def test_a_right_program_is_returned_byte_for_byte(catalog, clean_examples):
    for code in clean_examples:
        assert repair(code, catalog) == (code, [])


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(12))
def test_any_text_becomes_python_and_a_second_repair_changes_nothing(catalog, clean_examples, seed):
    draw = random.Random(seed)
    code = draw.choice(clean_examples)
    for _ in range(6):
        place, length = draw.randrange(len(code)), draw.randrange(12)
        code = code[:place] + draw.choice(["", "'", ")", "\n", "    ", "{", "else:", "case 'x':", "\x00", "…"]) + code[place + length :]
    mended, _ = repair(code, catalog)
    ast.parse(mended)
    assert repair(mended, catalog)[0] == mended


def whole_after_repair(samples: list[dict[str, str]], catalog: Catalog) -> tuple[int, int]:
    """(samples that Python does not read, those of them that it reads after repair with every API call in them)."""
    broken, whole = 0, 0
    for code in (sample["annotated_code"] for sample in samples):
        try:
            ast.parse(code)
            continue
        except (SyntaxError, ValueError):
            broken += 1
        mended, _ = repair(code, catalog)
        nodes = [node for node in ast.walk(ast.parse(mended)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        lines = [line for line in code.split("\n") if not line.lstrip().startswith("#")]
        written = Counter(name for line in lines for name in re.findall(r"\b(\w+_\w+)\(", line) if catalog.by_name(name))
        whole += not written - Counter(node.func.id for node in nodes)
    return broken, whole


@pytest.fixture(scope="module")
def published(shared) -> list[dict[str, str]]:
    return json.loads((shared / "workflowbench" / "data_samples.json").read_text(encoding="utf-8"))


@pytest.mark.ci
def test_published_programs_parse_with_their_calls(catalog, published):
    assert whole_after_repair(published[::7], catalog) == (8, 8)


@pytest.mark.slow
def test_all_published_programs_parse_most_with_all_their_calls(catalog, published):
    broken, whole = whole_after_repair(published, catalog)
    assert broken == 43 and whole >= 41
