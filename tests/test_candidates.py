"""The choice among several answers in stage 05, and its one repair: python -m pytest tests/test_candidates.py"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from common.cli import Reject
from common.llm import CompletionResult, Usage
from shortcuts.catalog import Catalog

SHOW, ASK = "is.workflow.actions.showresult", "is.workflow.actions.ask"
RECORD = {"id": "q", "query": "Ask me for my name and show it", "apis": [ASK, SHOW]}

CLEAN = "Name = is_workflow_actions_ask(WFAskActionPrompt='Name?')\nis_workflow_actions_showresult(Text=Name)\n"
ONE_UNUSED = "is_workflow_actions_showresult(Text='hello')\n"
ONE_FINDING = CLEAN.replace("Prompt=", "Promt=")
LOOSE = CLEAN + "if Name == 'Ann':\n    Greeting = 'Hi'\nis_workflow_actions_showresult(Text=Greeting)\n"
NO_DIALECT = CLEAN + "class A: pass\n"
NO_PYTHON = CLEAN + "x = (\n"
ANSWERS = {"clean": CLEAN, "loose": LOOSE, "one finding": ONE_FINDING, "no dialect": NO_DIALECT, "no python": NO_PYTHON, "nothing": ""}


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("05")


def text(code: str, plan: str = "1. Do it.") -> str:
    return f"Thought:{plan}\n\nCode:\n```python\n{code}```"


@pytest.fixture
def judge(stage: Any, catalog: Catalog) -> Callable[..., Any]:
    return lambda plan, code, needed: stage.judge(CompletionResult(text(code, plan)), needed, catalog)


@pytest.fixture
def run(stage: Any, catalog: Catalog) -> Callable[..., Any]:
    """Returns (fields, draft, requests) of a record whose n-th request gets `answer(n)`: a text, or a Reject that is raised."""

    def run(answer: Callable[[int], str | Reject], **settings: Any) -> Any:
        requests: list[Any] = []

        async def ask(request: Any) -> CompletionResult:
            requests.append(request)
            made = answer(len(requests) - 1)
            if isinstance(made, Reject):
                raise made
            return CompletionResult(made, usage=Usage(10, 5, 0.5))

        outcome = asyncio.run(stage.annotate(RECORD, ask, stage.Settings(**settings), lambda number: {"seed": number}, catalog))
        return *outcome, requests

    return run


def test_the_order_of_answers_is_the_documented_one(judge: Callable[..., Any]) -> None:
    drafts = {name: judge("a plan", code, RECORD["apis"]) for name, code in ANSWERS.items()}
    assert [draft.reach for draft in drafts.values()] == [3, 3, 3, 2, 1, 0]
    ranks = [draft.rank for draft in drafts.values()]
    assert ranks == sorted(ranks, reverse=True) and len(set(ranks)) == len(ranks)
    assert [name for name, draft in drafts.items() if draft.flawless] == ["clean"]
    assert (drafts["clean"].shortcut is not None) and drafts["no dialect"].shortcut is None


@pytest.mark.parametrize(("codes", "chosen"), [
    ((NO_PYTHON, LOOSE, ONE_FINDING), 1), ((ONE_FINDING, ONE_UNUSED), 0), (("", NO_PYTHON, ""), 1), ((LOOSE, CLEAN), 1), ((LOOSE, LOOSE), 0),
])  # fmt: skip
def test_the_best_is_taken_and_of_equals_the_first(run: Callable[..., Any], codes: tuple[str, ...], chosen: int) -> None:
    fields, _, _ = run(lambda number: text(codes[number]), candidates=len(codes))
    assert fields["annotator"]["chosen"] == chosen and fields["annotated_code"] == codes[chosen]


def test_a_missing_plan_and_an_api_that_is_not_called_are_faults(judge: Callable[..., Any]) -> None:
    assert judge("", CLEAN, RECORD["apis"]).faults == 1
    draft = judge("a plan", ONE_UNUSED, [*RECORD["apis"], "is.workflow.actions.conditional"])
    assert draft.unused == (ASK,) and draft.faults == 1  # an If is syntax: nobody is asked to call it
    assert "is_workflow_actions_ask is not called" in draft.fault_list(Catalog.load())
    assert judge("a plan", ONE_UNUSED, []).flawless


def test_candidates_are_asked_for_until_one_is_flawless(run: Callable[..., Any]) -> None:
    codes = [NO_PYTHON, ONE_FINDING, CLEAN, CLEAN]
    fields, draft, requests = run(lambda number: text(codes[number]), candidates=4)
    assert [request.sampling for request in requests] == [{"seed": 0}, {"seed": 1}, {"seed": 2}]
    assert all(request.messages == requests[0].messages for request in requests)
    assert fields["code"] == CLEAN and draft.flawless
    annotator = fields["annotator"]
    assert annotator["chosen"] == 2 and annotator["sampling"] == {"seed": 2}
    assert [(one["reach"], one["diagnostics"]) for one in annotator["candidates"]] == [("text", 1), ("shortcut", 1), ("shortcut", 0)]
    assert (annotator["prompt_tokens"], annotator["completion_tokens"], annotator["cost"]) == (30, 15, 1.5)  # of all that were asked


def test_a_single_answer_says_nothing_of_candidates(run: Callable[..., Any]) -> None:
    fields, _, requests = run(lambda number: text(ONE_FINDING))
    assert len(requests) == 1 and not {"candidates", "chosen", "repair"} & fields["annotator"].keys()
    assert fields["diagnostics"][0]["code"] == "unknown_parameter"


def test_a_repair_is_told_each_finding_with_its_line(run: Callable[..., Any]) -> None:
    fields, draft, requests = run(lambda number: text(CLEAN if number else ONE_FINDING), repair=True)
    first, second = requests
    assert second.task == "repair" and second.messages[:1] == first.messages and second.messages[1]["content"] == text(ONE_FINDING)
    assert "line 1, `Name = is_workflow_actions_ask(WFAskActionPromt='Name?')`: " in second.messages[2]["content"]
    assert draft.flawless and fields["code"] == CLEAN and fields["diagnostics"] == []
    assert fields["annotator"]["repair"]["kept"] == "repair" and fields["annotator"]["completion_tokens"] == 10


@pytest.mark.parametrize("second", ["no, thanks", text(NO_PYTHON), text(ONE_FINDING)])
def test_a_repair_that_is_no_better_is_not_taken(run: Callable[..., Any], second: str) -> None:
    fields, _, _ = run(lambda number: second if number else text(ONE_FINDING), repair=True)
    assert fields["annotated_code"] == ONE_FINDING and fields["annotator"]["repair"]["kept"] == "draft"


def test_what_is_flawless_is_not_repaired_but_a_dry_run_assumes_the_most(run: Callable[..., Any]) -> None:
    assert len(run(lambda number: text(CLEAN), candidates=3, repair=True)[2]) == 1
    assert len(run(lambda number: text(CLEAN), candidates=3, repair=True, everything=True)[2]) == 4


def test_the_best_of_the_candidates_is_what_is_repaired(run: Callable[..., Any]) -> None:
    codes = [NO_PYTHON, ONE_FINDING, "", CLEAN]
    fields, _, requests = run(lambda number: text(codes[number]), candidates=3, repair=True)
    assert requests[3].messages[1]["content"] == text(ONE_FINDING)
    assert fields["annotator"]["chosen"] == 1 and fields["code"] == CLEAN


def test_requests_without_an_answer_cost_a_record_only_if_all_fail(run: Callable[..., Any]) -> None:
    gone = Reject("no_answer", "8 attempts")
    fields, _, _ = run(lambda number: text(ONE_FINDING) if number == 1 else gone, candidates=2, repair=True)
    assert fields["annotated_code"] == ONE_FINDING and fields["annotator"]["chosen"] == 1
    with pytest.raises(Reject, match="no_answer"):
        run(lambda number: gone, candidates=2, repair=True)


def test_what_a_model_is_told_has_bounds(judge: Callable[..., Any]) -> None:
    draft = judge("", "".join(f"is_workflow_actions_nosuch{number}(a='{'x' * 500}')\n" for number in range(50)), [])
    faults = draft.fault_list(Catalog.load())
    told, _, stubs = faults.partition("\n\nThe functions concerned:\n\n")
    assert told.count("\n") == 40 and len(told) < 20_000 and told.endswith("the plan is missing") and stubs.count("\ndef ") < 8


def test_an_annotation_is_driven_from_answer_to_answer_and_an_unexpected_error_in_it_is_a_reject(stage: Any) -> None:
    async def work(requests: int) -> str:
        said = [(await stage.suspended(stage.Request("answer", [], {"seed": number}, ()))).text for number in range(requests)]
        if requests > 2:
            raise IndexError("nobody foresaw this")
        return " ".join(said)

    def answer(request: Any) -> Any:
        scores = yield [request.sampling["seed"]]
        return CompletionResult(f"{scores}!")

    def run(requests: int) -> Any:
        driven = stage.driven(work(requests), answer)
        try:
            asked = next(driven)
            while True:
                asked = driven.send(asked[0] + 5)
        except StopIteration as end:
            return end.value

    assert run(2) == "5! 6!" and run(3).reason == "internal_error"
