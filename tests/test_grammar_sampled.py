"""Programs of the grammar compile to a file: those drawn from its masks, and single lines. `python -m pytest tests/test_grammar_sampled.py`

`SAMPLES=5000 python -m pytest -m slow tests/test_grammar_sampled.py` draws as many new ones.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from sampled_programs import BEGINNING, NAMES, sampled
from test_grammar import Bytes, accepts, matcher

import shortcuts
from shortcuts import plist
from shortcuts.grammar import grammar

BASE = ["is.workflow.actions.nothing", "is.workflow.actions.number", "is.workflow.actions.list", "is.workflow.actions.dictionary", "is.workflow.actions.downloadurl",
        "is.workflow.actions.properties.contacts"]  # fmt: skip
SAMPLES = int(os.environ.get("SAMPLES", 0))


@pytest.fixture(scope="module")
def table() -> LLTokenizer:
    return LLTokenizer(TokenizerWrapper(Bytes()))


@pytest.fixture(scope="module", params=[False, True], ids=["for models", "everything"])
def base(request, table, catalog) -> LLMatcher:
    return matcher(table, grammar(BASE, catalog, everything=request.param))


# What grammar.py says that it does not say, by what the compiler says of it.
LISTED = {"later": "later(", "a loop's name": "belongs to a loop that has ended", "a key twice": "the key ",
          "no output": "no output comes before", "another's name": "UUID is the name", "synonyms": "synonyms: there is no case", "left over": "leftover(): "}


def outcome(code: str) -> str:
    """"file", or why a program makes none."""
    try:
        shortcut = shortcuts.to_shortcut(code)
        plist.write_binary(shortcut)
    except shortcuts.DialectError as error:
        listed = next((word for word, start in LISTED.items() if start in error.message), "")
        return listed or f"{error.code}: {error.message}\n{code}"
    except plist.PlistError as error:
        return f"{error}\n{code}"
    result = shortcuts.transcribe(shortcut)
    return "file" if result.exact and result.canonical else f"another program\n{code}"


# ---------------------------------------------------------------------------------------------------------------------------------
# programs


@pytest.fixture(scope="module")
def forty(catalog) -> list[str]:
    return list(sampled(40, 4, catalog))


@pytest.mark.ci
def test_programs_that_a_model_may_write_compile_to_a_file(forty):
    found = Counter(map(outcome, forty))
    assert found.keys() <= {"file", *LISTED} - {"later", "another's name"} and found["file"] > 30


def test_programs_with_every_form_compile_to_a_file_but_for_names_that_nothing_binds_later(catalog):
    found = Counter(map(outcome, sampled(40, 2, catalog, everything=True)))
    assert found.keys() <= {"file", *LISTED} and found["file"] > 20


@pytest.mark.slow  # for hours on a slow machine: -o faulthandler_timeout=14400
@pytest.mark.parametrize("everything", [False, True])
def test_five_thousand_programs_compile_to_a_file(catalog, everything):
    count, seed = (SAMPLES, random.randrange(10**9)) if SAMPLES else (5_000, 3)
    found = Counter(map(outcome, sampled(count, seed, catalog, everything)))
    wrong = [said for said in found if said not in ("file", *LISTED) or (said in ("later", "another's name") and not everything)]
    assert not wrong, f"seed {seed}: {len(wrong)}, such as {min(wrong, key=len)}"


@pytest.mark.ci
def test_the_samples_hold_blocks_and_values_of_each_kind(forty):
    programs = "".join(code.removeprefix(BEGINNING) for code in forty)
    for word in ("if ", "elif ", "for ", "match menu(", "case ", "f'", ".format(", "datetime(", "filter_all(", "+= [", "(as_", "{'", "x", *NAMES):
        assert word in programs, word


# ---------------------------------------------------------------------------------------------------------------------------------
# single lines


@pytest.mark.parametrize("line", [
    "if 1 <= x <= None:\n    pass", "if None <= x <= 5:\n    pass", "match menu('?'):\n    case _ if item(None):\n        pass",
    "if x:\n    pass\ny = if_result(WFControlFlowMode=0)", "if x:\n    pass\nif_result(GroupingIdentifier='a')", "menu('?', UUID='a')",
    "is_workflow_actions_list(WFItems=uid(-1))", "is_workflow_actions_number(WFNumberActionNumber=1234567890123456789012345678901)",
    "is_workflow_actions_number(WFNumberActionNumber=18446744073709551616)", "is_workflow_actions_number(WFNumberActionNumber=-9999999999999999999)",
    *(f"for z in {value}:\n    pass" for value in ("['a']", "{'a': 5}", "'a'", "-5", "repeat_each('a')", "repeat_each([x], Odd=5)")), "x += [['a']]", "x += ['a', []]", *(f"is_workflow_actions_list(WFItems=filter_all(rule('a', 0, leftover={left})))" for left in ("'b'", "x", "None")), "menu('?', items=['a'], items=['b'])", "x = {'a': plain(5)}", "is_workflow_actions_list(WFItems=array(['a', number_choice(x)]))",
    *(f"is_workflow_actions_list(WFItems=datetime({date}))" for date in ("2020, 2, 30", "2020, 1, 1, 24", "2020, 1, 1, 1, 60", "2020, 1, 1, 0, 121", "0, 1, 1",
                                                                         "1200, 1, 1, 1, 1, 1, 123457")),
])  # fmt: skip
def test_what_makes_no_file_is_refused(base, line):
    assert accepts(base, "x = clipboard()\n") and not accepts(base, f"x = clipboard()\n{line}\n")


@pytest.mark.parametrize("line", [
    "is_workflow_actions_number(WFNumberActionNumber=17999999999999999999)", "is_workflow_actions_number(WFNumberActionNumber=-8999999999999999999)",
    "is_workflow_actions_number(WFNumberActionNumber=-2.5e-323)", "is_workflow_actions_list(WFItems=uid(0))", "if 1 <= x <= 5:\n    pass", "if x == None:\n    pass",
    "y = ['a', ['b']]", "x += [{'a': ['b']}, 5, x]", "for z in previous_output():\n    pass", "for z in repeat_each(x, Odd=5):\n    pass", "for z in f'a {x}':\n    pass", "for z in data('QQ=='):\n    pass", "if is_today(x):\n    pass", "if 2 in x and x != None:\n    pass",
    "is_workflow_actions_properties_contacts(WFInput=x, WFContentItemPropertyName='Not in the open list')",
    "is_workflow_actions_list(WFItems=datetime(2020, 1, 1, 0, 0, 0, 5))", "is_workflow_actions_list(WFItems=datetime(1, 1, 1, 5))",
    "is_workflow_actions_number(WFNumberActionNumber=\"You'll {}\".format(variable(\"N's\")))", "is_workflow_actions_downloadurl(WFURL='He said \"{}\"'.format(clipboard()['\"']))",
    "is_workflow_actions_list(WFItems=filter_all(rule('a', 0, Bounded=None, leftover={'String': 'b'})))",
    "match menu('?', items=['a'], WFMenuLegacyCancelBehavior=True, Odd=5):\n    case _ if item(f'{x}'):\n        pass",
])  # fmt: skip
def test_what_makes_one_is_accepted(base, line):
    code = f"x = clipboard()\n{line}\n"
    assert accepts(base, code) and outcome(code) == "file"


def test_no_comma_is_written_where_no_keyword_is_left(table, catalog):
    """A decoder that is led into such a place goes no further."""
    start = matcher(table, grammar(BASE, catalog))
    for call in ("f'{x.formatted(style='a', time='b', relative='r', pattern='c', iso_time=None", "menu(items=['a'], synonyms={}, WFMenuItems=['a'], WFMenuLegacyCancelBehavior=True, Odd=5"):
        said = call.replace("f'{", "y = ") if call.startswith("f'") else call
        taken = f"x = clipboard()\n{said}".encode()
        assert start.deep_copy().validate_tokens([*taken, *b")\n"]) == len(taken) + 2
        assert start.deep_copy().validate_tokens([*taken, *b", "]) <= len(taken) + 1
