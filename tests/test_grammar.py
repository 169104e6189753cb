"""The grammar: it takes what people write and nothing that `check` refuses. `python -m pytest tests/test_grammar.py`"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import llguidance
import pytest
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper

import shortcuts
from common import conversation, excerpts, replies
from shortcuts import plist
from shortcuts.catalog import Catalog
from shortcuts.edit import apply_text
from shortcuts.forms import api_names
from shortcuts.grammar import change_grammar, grammar
from shortcuts.syntax.nodes import called, constant, keywords

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py"))
BASE = ["is.workflow.actions.nothing", "is.workflow.actions.showresult", "is.workflow.actions.exit", "is.workflow.actions.downloadurl",
        "is.workflow.actions.text.changecase", "is.workflow.actions.dictionary", "is.workflow.actions.image.crop"]  # fmt: skip


class Bytes:
    """A tokenizer whose tokens are bytes."""

    eos_token_id, bos_token_id, special_token_ids = 256, None, (256,)
    tokens = [*(bytes([number]) for number in range(256)), b"<end>"]

    def __call__(self, text: bytes | str) -> list[int]:
        return list(text if isinstance(text, bytes) else text.encode())


@pytest.fixture(scope="module")
def table() -> LLTokenizer:
    return LLTokenizer(TokenizerWrapper(Bytes()))


@pytest.fixture(scope="module")
def base(table, catalog) -> LLMatcher:
    return matcher(table, grammar(BASE, catalog))


def matcher(table: LLTokenizer, text: str) -> LLMatcher:
    result = LLMatcher(table, LLMatcher.grammar_from_lark(text), log_level=0)
    assert not result.is_error(), result.get_error()
    return result


def accepts(start: LLMatcher, code: str) -> bool:
    """True if a text is one of the grammar's, as a whole."""
    whole = [*code.encode(), Bytes.eos_token_id]
    return start.deep_copy().validate_tokens(whole) == len(whole)


def parameters_beside(code: str, catalog: Catalog) -> dict[str, set[str]]:
    """The parameters of a program's calls that the catalogue does not have."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(code)):
        name = called(node)
        if name is not None and (name == "action" or name not in shortcuts.HELPERS):
            api = catalog.get(constant(node.args[0]) if name == "action" else api_names.action_id(name))
            for key in keywords(node) if api else ():
                if api.parameter(key) is None and not catalog.is_generic(key):
                    found.setdefault(api.id, set()).add(key)
    return found


# ---------------------------------------------------------------------------------------------------------------------------------
# what people write


@pytest.mark.ci
@pytest.mark.parametrize("few", [EXAMPLES[start::6] for start in range(6)], ids=lambda few: few[0].stem)
def test_an_example_is_accepted_with_and_without_comments_and_in_an_answer(few, table, catalog):
    programs = [path.read_text(encoding="utf-8") for path in few]
    apis = sorted(set().union(*map(shortcuts.apis_of, programs)))
    start, whole = matcher(table, grammar(apis, catalog)), matcher(table, grammar(apis, catalog, answer=True))
    for code in programs:
        assert accepts(start, code)
        annotated = excerpts.commented(code, {line: f"line {line}: 'what' it {{does}}" for line in excerpts.statement_lines(code)})
        assert accepts(start, annotated)
        answer = conversation.answer("1. First.\n2. Then `this`.", annotated)
        assert accepts(whole, answer)
        assert replies.parse_answer(answer).code == annotated


def corpus(shared: Path, step: int) -> list[str]:
    programs = []
    for path in sorted(shared.glob("corpus/plist/*.plist"))[::step]:
        try:
            programs.append(shortcuts.to_python(plist.read_shortcut(path.read_bytes()))[0])
        except shortcuts.Unbalanced:
            continue
    return programs


def each_accepted_and_refused_without_an_api(programs: list[str], table: LLTokenizer, catalog: Catalog) -> int:
    """Return the number of programs that need parameters beside the catalogue's."""
    beside = 0
    for number, code in enumerate(programs):
        apis, extra = shortcuts.apis_of(code), parameters_beside(code, catalog)
        beside += bool(extra)
        assert accepts(matcher(table, grammar(apis, catalog, extra=extra)), code), code[:200]
        if apis:
            missing = apis[number % len(apis)]
            rest = [api for api in apis if api != missing]
            assert not accepts(matcher(table, grammar(rest, catalog, extra=extra)), code), missing
    return beside


def test_real_programs_are_accepted_and_refused_without_one_of_their_apis(table, catalog, shared):
    each_accepted_and_refused_without_an_api(corpus(shared, 180), table, catalog)


@pytest.mark.slow
def test_every_real_program_is_accepted_and_refused_without_one_of_its_apis(table, catalog, shared):
    programs = corpus(shared, 1)
    beside = each_accepted_and_refused_without_an_api(programs, table, catalog)
    assert len(programs) == 708 and beside <= 41  # parameters of third-party apps, or of another action: the app passes over these


@pytest.mark.parametrize("code", [
    "'A note.'\nis_workflow_actions_nothing()\n",
    "workflow(types=['Watch'], input_types=EVERYTHING_BUT_APPS_AND_FOLDERS)\nis_workflow_actions_exit()\n",
    "größe = is_workflow_actions_nothing()\nis_workflow_actions_showresult(Text=größe)\n",
    "x = clipboard()\nx += [current_date().formatted('yyyy')]\ny = []\nz = as_dictionary(x['a'])['b'].File_Size\n",
    "x = shortcut_input()\nif x:\n    pass\nelif otherwise_if(x == 'a'):\n    is_workflow_actions_nothing()\nelse:\n    marker(Odd=1)\ny = if_result()\n",
    "x = clipboard()\nif x > 5 and 'a' in x or_\n".replace(" or_", ":\n    pass"),
    "x = clipboard()\nif 1 <= x <= 9:\n    for i in range(1, x + 1):\n        pass\n    r = repeat_results()\n",
    "for _ in range(3):\n    for i, row in enumerate(clipboard(), start=1):\n        is_workflow_actions_showresult(Text=f'{i}: {{}} {row}')\n",
    "match menu('Pick', items=['a', f'{clipboard()}']):\n    case 'a':\n        pass\n    case _ if item(f'{clipboard()} left'):\n        pass\nm = menu_result()\n",
    "is_workflow_actions_downloadurl(WFHTTPHeaders={'a': f\"{clipboard()['k']}\", 'n': {'l': [1, True]}}, WFURL='it\\'s \\u200b')\n",
    "is_workflow_actions_downloadurl(WFURL=ask_on_import('https://example.org', question='Which?', default=None))\n",
    "is_workflow_actions_showresult(Text='{} and {}'.format(clipboard()['\"'], current_date()))\n",
    "raw_action('is.workflow.actions.nothing', {'Odd': [1, 2.5, -3e+20]}, extra={'k': True})\n",
    "if 1 <= x <= y:\n    pass\n", "if is_within_last(x, quantity(3, 'days')):\n    pass\n", "if y in x:\n    pass\n",
    "if x and (not y):\n    pass\n", "if legacy(all_of(x, bounded=None)):\n    pass\n", "if leftover(legacy(x == number(y)), text='a'):\n    pass\n",
    "workflow(client_version='754', extra={'types': 5}, types=['Watch', 'NCWidget'], WFWorkflowTriggers=[])\nis_workflow_actions_exit()\n",
    "if single(x == True, y == enumeration('Music')):\n    pass\n",
    "if when(later(x), WFCondition=4, WFEnumeration='Odd'):\n    x = missing('Gone', 2)\n",
])  # fmt: skip
def test_forms_of_the_dialect_are_accepted(base, code):
    ast.parse(code)
    assert accepts(base, code)


# ---------------------------------------------------------------------------------------------------------------------------------
# what is refused


@pytest.mark.parametrize("line", [
    "is_workflow_actions_nosuchthing()",
    "is_workflow_actions_url(WFURLActionURL='https://example.org')",  # an API, but not one of these
    "is_workflow_actions_showresult(Nonsense='a')",
    "is_workflow_actions_downloadurl(WFURL='a', ShowHeaders=True, WFURL='b')",
    "is_workflow_actions_downloadurl(WFHTTPMethod='FETCH', WFURL='a')",  # a closed enum
    "is_workflow_actions_downloadurl(ShowHeaders='yes')",  # a boolean
    "is_workflow_actions_image_crop(WFImageCropX=True)",  # a number
    "is_workflow_actions_showresult('a')",
    "print('x')",
    "import os",
    "x = 1 + 2",
    "if x:",
    "x == 5",
    "is_workflow_actions_showresult(Text=f'{x!r}')",
    "is_workflow_actions_showresult(Text='a)",
    "for i in range(5):\n    pass",
    "if x < 'a':\n    pass", "if 5 <= x <= None:\n    pass", "if x == [1]:\n    pass",
    "y = if_result()",
    "if x:\n  pass",
    "\u200bx = clipboard()",
])  # fmt: skip
def test_what_is_not_of_the_dialect_is_refused(base, line):
    assert accepts(base, "x = clipboard()\n")
    assert not accepts(base, f"x = clipboard()\n{line}\n")


@pytest.mark.parametrize("words", ["types=['Wotch']", "icon='x'", "types=5", "client_version=754", "no_input={'Name': 'Odd'}", "'Watch'"])
def test_a_header_takes_its_closed_sets_only(base, words):
    assert accepts(base, "workflow(types=['Watch'])\nis_workflow_actions_exit()\n")
    assert not accepts(base, f"workflow({words})\nis_workflow_actions_exit()\n")


def test_a_model_gives_a_closed_enum_a_case_or_a_variable_and_no_text_that_could_begin_with_any_words(table, catalog):
    for_models, everything = (matcher(table, grammar(BASE, catalog, everything=each)) for each in (False, True))
    for value, accepted in (("'GET'", True), ("x", True), ("ask_each_time()", True), ("f'GET{x}'", False), ("'{}GET'.format(x)", False)):
        code = f"x = clipboard()\nis_workflow_actions_downloadurl(WFHTTPMethod={value}, WFURL='a')\n"
        assert (accepts(for_models, code), accepts(everything, code)) == (accepted, True)


def test_parameters_come_in_any_order(base):
    for order in ("ShowHeaders=True, WFURL='a', WFHTTPMethod='GET'", "WFURL='a', WFHTTPMethod='GET', ShowHeaders=True"):
        assert accepts(base, f"is_workflow_actions_downloadurl({order})\n")


def test_a_required_parameter_must_be_there_wherever_it_stands(table):
    lines = {"odd.app.do": {"id": "odd.app.do", "app": "odd.app", "builtin": False, "title": "Do", "summary": "Does.", "parameters": [
        {"key": "b", "type": "text"}, {"key": "odd-key", "type": "any"}, {"key": "a", "type": "text", "required": True}]}}  # fmt: skip
    catalog = Catalog({key: json.dumps(value).encode() for key, value in lines.items()})
    start = matcher(table, grammar(["odd.app.do"], catalog))
    for call, taken in {"a='1'": True, "b='2', a='1'": True, "b='2'": False, "": False, "a='1', **{'odd-key': 5}": True, "**{'odd-key': 5}": False}.items():
        assert accepts(start, f"odd_app_do({call})\n") == taken, call


def test_an_api_outside_the_catalogue_takes_any_parameter(table, catalog):
    start = matcher(table, grammar(["com.example.odd"], catalog))
    assert accepts(start, "com_example_odd(whatever='a', **{'odd-key': 5})\n")


def test_only_the_names_that_are_given_can_be_read(table, catalog):
    for names, taken in (({"x", "y"}, True), ({"y"}, False), (set(), False)):
        start = matcher(table, grammar(BASE, catalog, names=names))
        assert accepts(start, "z = y\n" if taken else "z = clipboard()\n")
        assert accepts(start, "is_workflow_actions_showresult(Text=f'{x}')\n") == taken


@pytest.mark.parametrize("line", ["y = later(z)", "y = missing('Gone')", "raw_action('is.workflow.actions.nothing', {})",
                                  "x = is_workflow_actions_nothing(UUID=x)", "is_workflow_actions_alert = clipboard()"])  # fmt: skip
def test_what_only_a_transcription_needs_can_be_left_out(table, catalog, base, line):
    code = f"x = clipboard()\n{line}\n"
    assert accepts(base, code)
    assert not accepts(matcher(table, grammar(BASE, catalog, everything=False)), code)


def test_long_programs_do_not_exhaust_the_parser(base):
    code = "x = clipboard()\n" + "if x:\n    is_workflow_actions_showresult(Text=x)\nelse:\n    pass\n" * 400
    assert accepts(base, code)


def test_blocks_nest_up_to_the_depth(table, catalog):
    def nested(levels: int) -> str:
        return "x = clipboard()\n" + "".join(f"{'    ' * level}if x:\n" for level in range(levels)) + "    " * levels + "pass\n"

    start = matcher(table, grammar(BASE, catalog, depth=4))
    assert accepts(start, nested(4)) and not accepts(start, nested(5))


def test_the_text_is_what_llguidance_and_so_vllm_validates(catalog):
    text = grammar(BASE, catalog, answer=True, everything=False)
    assert LLMatcher.validate_grammar(llguidance.grammar_from("grammar", text)) == ""


# ---------------------------------------------------------------------------------------------------------------------------------
# changes


@pytest.fixture(scope="module")
def change(table, catalog) -> LLMatcher:
    return matcher(table, change_grammar(["is.workflow.actions.showresult"], catalog, 12))


@pytest.mark.parametrize("text", [
    "delete 1-2", "replace 3\nis_workflow_actions_showresult(Text=x)\n", "replace 3-12\nif x > 5:\n    keep 3-4\nelse:\n    pass", "replace all\nx += [y]",
    "insert after 0\nx = clipboard()\ninsert after 12\n# A remark.\nmatch menu('Which?'):\n    case 'One':\n        'note'\ndelete 5\n",
    "insert after 3\nfor each in x:\n    pass\nFound = repeat_results()\n", "insert after 4\n    elif x == 'a' and y:\n        names = []",
])  # fmt: skip
def test_the_grammar_of_changes_takes_what_the_form_allows(change: LLMatcher, text: str) -> None:
    assert accepts(change, text)
    assert apply_text("x = clipboard()\n" * 12, text)


@pytest.mark.parametrize("text", [
    "", "x = 5", "replace 13\n", "delete 0", "replace 3\nis_workflow_actions_url()\n", "insert after 3\n  x = clipboard()\n", "replace 3\nkeep 13\n",
    "delete 3\nx = clipboard()\n", "insert 3\n", "replace 3\nx = y.nothing(", " delete 3",
])  # fmt: skip
def test_the_grammar_of_changes_refuses_the_rest(change: LLMatcher, text: str) -> None:
    assert not accepts(change, text)
