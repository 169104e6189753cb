"""Which of several answers is taken, and one repair: python -m pytest tests/test_candidates.py"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.candidates import Draft, Question, Reply, Settings, annotating, best, judged
from common.cli import Reject
from common.llm import Usage
from shortcuts.catalog import Catalog

SHOW, ASK = "is.workflow.actions.showresult", "is.workflow.actions.ask"
RECORD = {"id": "q", "query": "Ask me for my name and show it", "apis": [ASK, SHOW]}

CLEAN = "Name = is_workflow_actions_ask(WFAskActionPrompt='Name?')\nis_workflow_actions_showresult(Text=Name)\n"
ONE_UNUSED = "is_workflow_actions_showresult(Text='hello')\n"
ONE_FINDING = CLEAN.replace("Prompt=", "Promt=")
LOOSE = CLEAN + "if Name == 'Ann':\n    Greeting = 'Hi'\nis_workflow_actions_showresult(Text=Greeting)\n"
NO_DIALECT = CLEAN + "def f(): pass\n"
NO_PYTHON = CLEAN + "x = (\n"
ANSWERS = {"clean": CLEAN, "loose": LOOSE, "one finding": ONE_FINDING, "no dialect": NO_DIALECT, "no python": NO_PYTHON, "nothing": ""}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def text(code: str, plan: str = "1. Do it.") -> str:
    return f"Thought:{plan}\n\nCode:\n```python\n{code}```"


def run(settings: Settings, answer: Callable[[int, Question], Reply | str], catalog: Catalog,
        record: dict[str, Any] = RECORD) -> tuple[dict[str, Any], Draft, list[Question]]:
    """(fields, draft, questions) of a course whose n-th question gets `answer(n, question)`."""
    course, questions = annotating(record, settings, lambda number: {"seed": number}, catalog), list[Question]()
    questions.append(next(course))
    while True:
        reply = answer(len(questions) - 1, questions[-1])
        try:
            questions.append(course.send(Reply(reply, Usage(10, 5, 0.5)) if isinstance(reply, str) else reply))
        except StopIteration as end:
            return *end.value, questions


def test_the_order_of_answers_is_the_documented_one(catalog: Catalog) -> None:
    drafts = {name: judged("a plan", code, RECORD["apis"], catalog) for name, code in ANSWERS.items()}
    assert [draft.reach for draft in drafts.values()] == [3, 3, 3, 2, 1, 0]
    ranks = [draft.rank for draft in drafts.values()]
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == len(ranks)
    assert [name for name, draft in drafts.items() if draft.flawless] == ["clean"]
    assert (drafts["clean"].shortcut is not None) and drafts["no dialect"].shortcut is None


@pytest.mark.parametrize(("codes", "chosen"), [
    ((NO_PYTHON, CLEAN, ONE_FINDING), 1), ((ONE_FINDING, ONE_UNUSED), 0), (("", NO_PYTHON, ""), 1), ((LOOSE, CLEAN), 1), ((CLEAN, LOOSE), 0),
])  # fmt: skip
def test_the_best_is_taken_and_of_equals_the_first(catalog: Catalog, codes: tuple[str, ...], chosen: int) -> None:
    assert best([judged("a plan", code, RECORD["apis"], catalog) for code in codes]) == chosen


def test_a_missing_plan_and_an_api_that_is_not_called_are_faults(catalog: Catalog) -> None:
    assert judged("", CLEAN, RECORD["apis"], catalog).faults == 1
    draft = judged("a plan", ONE_UNUSED, [*RECORD["apis"], "is.workflow.actions.conditional"], catalog)
    assert draft.unused == (ASK,) and draft.faults == 1  # an If is syntax: nobody is asked to call it
    assert "is_workflow_actions_ask is not called" in draft.told()
    assert judged("a plan", ONE_UNUSED, [], catalog).flawless


def test_candidates_are_asked_for_until_one_is_flawless(catalog: Catalog) -> None:
    codes = [NO_PYTHON, ONE_FINDING, CLEAN, CLEAN]
    fields, draft, questions = run(Settings(candidates=4), lambda number, _: text(codes[number]), catalog)
    assert [question.sampling for question in questions] == [{"seed": 0}, {"seed": 1}, {"seed": 2}]
    assert all(question.messages == questions[0].messages for question in questions)
    assert fields["code"] == CLEAN and draft.flawless
    annotator = fields["annotator"]
    assert annotator["chosen"] == 2 and annotator["sampling"] == {"seed": 2}
    assert [(one["reach"], one["diagnostics"]) for one in annotator["candidates"]] == [("text", 1), ("shortcut", 1), ("shortcut", 0)]
    assert (annotator["prompt_tokens"], annotator["completion_tokens"], annotator["cost"]) == (30, 15, 1.5)  # of all that were asked


def test_a_single_answer_says_nothing_of_candidates(catalog: Catalog) -> None:
    fields, _, questions = run(Settings(), lambda number, _: text(ONE_FINDING), catalog)
    assert len(questions) == 1 and not {"candidates", "chosen", "repair"} & fields["annotator"].keys()
    assert fields["diagnostics"][0]["code"] == "unknown_parameter"


def test_a_repair_is_told_each_finding_with_its_line(catalog: Catalog) -> None:
    fields, draft, questions = run(Settings(repair=True), lambda number, _: text(CLEAN if number else ONE_FINDING), catalog)
    first, second = questions
    assert second.task == "repair" and second.messages[:1] == first.messages and second.messages[1]["content"] == text(ONE_FINDING)
    assert "line 1, `Name = is_workflow_actions_ask(WFAskActionPromt='Name?')`: " in second.messages[2]["content"]
    assert draft.flawless and fields["code"] == CLEAN and fields["diagnostics"] == []
    assert fields["annotator"]["repair"]["kept"] == "repair" and fields["annotator"]["completion_tokens"] == 10


@pytest.mark.parametrize("second", ["no, thanks", text(NO_PYTHON), text(ONE_FINDING)])
def test_a_repair_that_is_no_better_is_not_taken(catalog: Catalog, second: str) -> None:
    fields, _, _ = run(Settings(repair=True), lambda number, _: second if number else text(ONE_FINDING), catalog)
    assert fields["annotated_code"] == ONE_FINDING and fields["annotator"]["repair"]["kept"] == "draft"


def test_what_is_flawless_is_not_repaired_but_a_dry_run_assumes_the_most(catalog: Catalog) -> None:
    assert len(run(Settings(3, True), lambda number, _: text(CLEAN), catalog)[2]) == 1
    assert len(run(Settings(3, True, everything=True), lambda number, _: text(CLEAN), catalog)[2]) == 4


def test_the_best_of_the_candidates_is_what_is_repaired(catalog: Catalog) -> None:
    codes = [NO_PYTHON, ONE_FINDING, "", CLEAN]
    fields, _, questions = run(Settings(3, True), lambda number, _: text(codes[number]), catalog)
    assert questions[3].messages[1]["content"] == text(ONE_FINDING)
    assert fields["annotator"]["chosen"] == 1 and fields["code"] == CLEAN


def test_requests_without_an_answer_cost_a_record_only_if_all_fail(catalog: Catalog) -> None:
    gone = Reply("", failure=Reject("no_answer", "8 attempts"))
    fields, _, _ = run(Settings(2, True), lambda number, _: text(ONE_FINDING) if number == 1 else gone, catalog)
    assert fields["annotated_code"] == ONE_FINDING and fields["annotator"]["chosen"] == 1
    with pytest.raises(Reject, match="no_answer"):
        run(Settings(2, True), lambda number, _: gone, catalog)


def test_what_a_model_is_told_has_bounds(catalog: Catalog) -> None:
    draft = judged("", "\n".join(f"is_workflow_actions_nosuch{number}(a='{'x' * 500}')" for number in range(50)), [], catalog)
    assert draft.told().count("\n") == 20 and len(draft.told()) < 10_000 and draft.told().endswith("the plan is missing")
