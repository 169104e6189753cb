"""What a program is worth in reinforcement, and that it can't be had for less: `python -m pytest tests/test_rewards.py`."""

from __future__ import annotations

import json
import random
from pathlib import Path
from statistics import fmean

import pytest

import shortcuts
from bench.task_mutants import changes
from common import conversation, rewards
from common.metrics.call_graph import read_call_graph
from common.metrics.execution_match import bare_list

ROOT = Path(__file__).resolve().parents[1]
GOLD = ("Sum = 4\n"
        "Text = is_workflow_actions_ask(WFAskActionPrompt='How much?')\n"
        "Total = is_workflow_actions_math(WFInput=Text, WFMathOperand=Sum)\n"
        "if Total > 10:\n"
        "    is_workflow_actions_showresult(Text=f'Much: {Total}')\n")  # fmt: skip
TASKS = ("age-in-years", "append-to-log", "bmi", "book-lunch", "count-lines-of-file", "mail-the-clipboard", "open-first-link", "initials")
MUTANTS = 6
CONSTANT = "x"


def worth(code: str, gold: str = GOLD) -> rewards.Reward:
    return rewards.reward(conversation.answer("1. Do it.", code), {"reference": gold})


def golds() -> dict[str, str]:
    texts = {name: json.loads((ROOT / "tasks" / f"{name}.json").read_text())["reference"] for name in TASKS}
    return {name: rewards.gold_of({"reference": "\n".join(text)}) for name, text in texts.items()}


def cheats(gold: str) -> dict[str, str]:
    """Programs that some metric likes, or that always compile."""
    lines = gold.splitlines(keepends=True)
    return {"each API once": bare_list(gold), "calls without values": "".join(f"{call.name}()\n" for call in read_call_graph(gold).calls),
            "all results in the last call": glued(gold), "empty": "", "a comment": "'done'\n", "constant": "is_workflow_actions_showresult(Text='Hello')\n",
            "one statement again and again": next(line for line in lines if line[0] not in " '") * 30}


def glued(gold: str) -> str:
    """Each API of gold once, every value a constant, and the results of all in the last one."""
    calls = list({call.name: call for call in read_call_graph(gold).calls}.values())
    lines = [f"V{place} = {call.name}({', '.join(f'{name}={CONSTANT!r}' for name in call.arguments)})\n" for place, call in enumerate(calls[:-1])]
    every = "".join(f"{{V{place}}} " for place in range(len(lines)))
    return "".join(lines) + f"{calls[-1].name}({', '.join(f'{name}=f{every!r}' for name in calls[-1].arguments)})\n"


def test_each_stage_is_worth_more_than_the_one_before():
    stages = ["", "if if", "Other = is_workflow_actions_getclipboard()\n", "Text = is_workflow_actions_ask(WFAskActionPrompt='How much?')\nnever()[0] = 5\n",
              "Text = is_workflow_actions_ask(WFAskActionPrompt='How much?')\n", GOLD.replace("Total > 10", "Total < 10"), GOLD]
    totals = [worth(code).total() for code in stages]
    assert totals == sorted(totals) and totals[0] == 0 and totals[-1] == 1
    assert [worth(code).passed for code in stages] == [False] * 6 + [True]


def test_what_a_run_is_given_is_no_constant():
    gold = ("if clipboard():\n    is_workflow_actions_speaktext(WFText=f'{clipboard()}')\nelse:\n"
            "    is_workflow_actions_showresult(Text='Nothing copied')\n")  # fmt: skip
    constants = worth("is_workflow_actions_speaktext(WFText='clipboard()')\nis_workflow_actions_showresult(Text='x')\n", gold)
    assert constants.total() < worth(gold[:gold.index("else")], gold).total() and not constants.passed and worth(gold, gold).passed


@pytest.mark.parametrize("name", TASKS)
def test_no_cheat_is_worth_as_much_as_an_honest_program_with_a_fault(name):
    gold = golds()[name]
    mutants = random.Random(name).sample([mutant.code for mutant in changes(gold)], MUTANTS)
    honest = fmean(worth(code, gold).total() for code in mutants)
    found = {kind: worth(code, gold).total() for kind, code in cheats(gold).items()}
    assert max(found.values()) < honest <= worth(gold, gold).total()
    assert worth(gold, gold).total() == pytest.approx(1)


def test_a_result_that_nobody_uses_and_one_that_decides_nothing_come_to_nothing():
    assert worth(GOLD).reaches == 1
    shown = "    is_workflow_actions_showresult(Text=f'Much: {Total}')\n"
    unused = GOLD.replace(shown, "    is_workflow_actions_showresult(Text='Much')\n").replace("if Total > 10", "if Text > 10")
    assert worth(unused).calls == 2 / 3 and worth(unused).reaches == 0  # nothing of it is shown, and it decides otherwise than in gold
    assert worth(GOLD.replace(shown, "    pass\n") + "is_workflow_actions_showresult(Text='Much')\n").reaches == 0
    assert worth(GOLD.replace("Total > 10", "Sum > 10").replace("{Total}", "{Sum}")).reaches == 0
    assert worth(GOLD.replace("Total > 10", "Text > 10")).reaches == 1  # what is shown, and what it stems from


def test_results_count_where_they_stand_in_gold_and_nowhere_else():
    gold = "Day = is_workflow_actions_ask(WFAskActionPrompt='?')\nis_workflow_actions_showresult(Text='Hello')\nis_workflow_actions_openurl(WFInput=Day)\n"
    assert worth(gold, gold).reaches == 1
    assert worth(gold.replace("'Hello'", "Day"), gold).calls == pytest.approx(2 / 3)
    assert worth(gold.replace("=Day", "='https://a.org'"), gold).calls == pytest.approx(2 / 3)


@pytest.mark.parametrize(("task", "old", "new"), [
    ("longest-word", "is_workflow_actions_showresult(Text=f'{longest}')", "Shown = f'{longest}'\nis_workflow_actions_showresult(Text=Shown)"),
    ("longest-word", "most = 0\n", "zero = 0\nmost = zero\n"),
    ("flight-mode-on", "OnValue=True", ""),  # as by default
    ("flight-mode-on", "is_workflow", "Word = 'unused'\nis_workflow"),
])  # fmt: skip
def test_what_a_program_does_may_be_written_otherwise(task, old, new):
    gold = rewards.gold_of({"reference": "\n".join(json.loads((ROOT / "tasks" / f"{task}.json").read_text())["reference"])})
    assert old in gold
    found = worth(gold.replace(old, new), gold)
    assert (found.calls, found.reaches, found.clean) == (1, 1, 1)


def test_a_finding_that_gold_has_too_is_no_fault():
    gold = rewards.gold_of({"reference": "\n".join(json.loads((ROOT / "tasks" / "count-water.json").read_text())["reference"])})
    assert shortcuts.check(gold) and worth(gold, gold).clean == 1
    assert worth(gold + "is_workflow_actions_showresult(Txt='Hello')\n", gold).clean == 0


def test_what_a_grammar_sees_to_earns_nothing_under_it():
    assert worth("'done'\n").total(rewards.GUARANTEED) == 0 < worth("'done'\n").total()
    assert worth(GOLD).total(rewards.GUARANTEED) == pytest.approx(worth(GOLD).total() - 0.1)


def test_a_longer_program_of_equal_effect_is_worth_a_little_less():
    longer = GOLD + "''\n" * len(GOLD)
    assert worth(GOLD).total() - rewards.CHARGE - 1e-9 <= worth(longer).total() < worth(GOLD).total()


@pytest.mark.parametrize("text", ["", "no program", "```python\n" + "(" * 5000 + "\n```", "```python\n\ud800\x00\n```", "```python\n" + "x = 1\n" * 300])
def test_whatever_a_model_writes_has_a_reward(text):
    assert 0 <= rewards.reward(text, {"reference": GOLD}).total() <= 0.2


def test_other_trainers_get_the_same_reward():
    answer, record = conversation.answer("1. Do it.", GOLD), {"reference": GOLD}
    expected = rewards.reward(answer, record).total()
    assert rewards.trl(["p", "p"], [answer, [{"role": "assistant", "content": answer}]], reference=[GOLD, GOLD], other=[1, 2]) == [expected] * 2
    assert rewards.verl("workflows", answer, GOLD, {"index": 3}) == expected
