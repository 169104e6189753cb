"""The values that the offline writer and the offline annotator share, and the requests of everyday life."""

from __future__ import annotations

import ast
import random
from collections import Counter

import pytest

from common import offline
from common.offline import baseline, everyday, request, values
from common.offline.sentence import understood
from common.prompts import query_problem
from common.replies import parse_answer
from shortcuts import apis_of
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from tests import stage_runs

CATALOG = Catalog.load()
MOST = 0.02  # share of the records in which a text may stand that its request does not name


def drawn(count: int) -> list[tuple[str, list[str]]]:
    usable = sorted(api.id for api in CATALOG if api.title and api.id not in SYNTAX_APIS and not {*api.source} <= {"tk"})
    return [(f"q-5-{number}", random.Random(number).sample(usable, 3)) for number in range(count)]


def texts(code: str) -> set[str]:
    return {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def choices(apis: list[str]) -> set[str]:
    return {str(value) for api in apis for parameter in CATALOG[api].parameters for value in parameter.enum}


def test_no_text_of_the_rules_stands_in_many_programs_unless_the_request_names_it() -> None:
    records, fillers = drawn(200), Counter[str]()
    for key, apis in records:
        query, code = offline.expand(apis, CATALOG, key)["query"], baseline.program(apis, CATALOG, key)
        fillers.update(text for text in texts(code) - choices(apis) if text not in query)
    assert all(count <= MOST * len(records) for count in fillers.values()), fillers.most_common(5)


def test_a_request_names_the_values_of_its_program_and_no_function() -> None:
    named = everything = 0
    for key, apis in drawn(100):
        query, code = offline.expand(apis, CATALOG, key)["query"], baseline.program(apis, CATALOG, key)
        assert query_problem(query, apis, CATALOG) is None or query_problem(request.without_values(apis, CATALOG, key), apis, CATALOG)
        own = texts(code) - choices(apis)
        named, everything = named + sum(text in query for text in own), everything + len(own)
    assert everything > 100 and named / everything > 0.9


def test_a_menu_and_a_loop_are_asked_for() -> None:
    apis = ["is.workflow.actions.addnewreminder", "is.workflow.actions.setbrightness", "is.workflow.actions.showresult"]
    kinds = Counter[str]()
    for number in range(40):
        query, code = offline.expand(apis, CATALOG, f"q-6-{number}")["query"], baseline.program(apis, CATALOG, f"q-6-{number}")
        if "match menu" in code:
            kinds["menu"] += all(text in query for text in texts(code) if f"menu('{text}" in code or f"case '{text}" in code)
        elif "range(" in code:
            kinds["loop"] += f"Do this {code.split('range(')[1].split(')')[0]} times" in query
    assert kinds["menu"] > 3 and kinds["loop"] > 3


@pytest.mark.parametrize(("label", "kind"), [("Title", "title"), ("Due Date", "time"), ("E-Mail", "email"), ("Project", "folder"),
                                             ("Search Term", "topic"), ("Prompt", "question"), ("Message", "message"), ("Qqq", "deed")])
def test_what_a_parameter_holds_is_told_by_its_label_and_has_many_values(label: str, kind: str) -> None:
    assert values.kind_of(label) == kind
    found = Counter(values.text(label, f"key {number}") for number in range(600))
    assert len(found) > 100 and max(found.values()) <= 0.05 * 600
    assert values.text(label, "key 1") == values.text(label, "key 1")


def test_words_stand_one_space_apart() -> None:
    assert [said for kind in values.SAID.values() for each in kind for said in ([each] if isinstance(each, str) else each)
            if " ".join(said.split()) != said] == []


def test_everyday_requests_are_understood_and_need_what_they_say() -> None:
    requests = [everyday.request(number, 3, CATALOG) for number in range(60)]
    assert requests == [everyday.request(number, 3, CATALOG) for number in range(60)] != [everyday.request(number, 4, CATALOG) for number in range(60)]
    for query, apis in requests:
        assert query and 1 <= len(apis) <= offline.FEW and query_problem(query, apis) is None
        assert {*apis_of(understood(query, CATALOG).program or "")} - SYNTAX_APIS == {*apis}


def test_a_writer_that_would_not_be_asked_is_refused() -> None:
    ended = stage_runs.run("04", "--sampling", "everyday", "--writer", "gpt-4o-mini")
    assert ended.returncode == 2 and "--sampling everyday: rules write these requests, gpt-4o-mini would not be asked" in ended.stderr


@pytest.mark.parametrize("form", [*everyday.ALONE, *(f"{test}, vibrate" for test in everyday.IF)])
def test_each_phrase_of_everyday_life_is_one_that_the_rules_read(form: str) -> None:
    assert understood(everyday.filled(form, "key"), CATALOG).program


def test_the_annotator_writes_what_a_query_says_if_it_needs_just_these_actions() -> None:
    apis = ["is.workflow.actions.takephoto", "is.workflow.actions.savetocameraroll"]
    code = parse_answer(offline.program(apis, CATALOG, "e-0-1", query="Take a photo and save it to photos")).code
    assert "is_workflow_actions_savetocameraroll(WFInput=Photo)" in code
    other = parse_answer(offline.program(apis[:1], CATALOG, "e-0-1", query="Take a photo and save it to photos")).code
    assert "savetocameraroll" not in other
