"""Scores of edits: gold has all, no change has nothing right, and what else was changed is seen."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from common import edit, jsonl
from common.decoding import changes
from common.decoding.generation import Generation
from common.jsonl import UserError
from common.metrics import edits, systems
from common.metrics.systems import Prediction
from shortcuts import rename
from shortcuts.edit import change_between
from tests import stage_runs
from tests.test_edit_operations import WHOLE, some


def record(after: str, kind: str = "value", number: int = 0) -> dict[str, Any]:
    return {"id": f"e{number}", "kind": kind, "query": "Change it", "before": WHOLE, "code": after, "change": change_between(WHOLE, after),
            "apis": [], "messages": [{"role": "user", "content": "Change it"}], "split": "id", "reference": after}


LONGER = record(WHOLE.replace("WFDelayTime=3", "WFDelayTime=5"))


def scores(test: dict[str, Any], text: str) -> dict[str, Any]:
    return edits.score_answer(test, Prediction("", text))


@pytest.mark.parametrize("number", range(8))
def test_gold_and_the_whole_of_gold_have_full_scores(number: int) -> None:
    made = some(WHOLE, 60)[number]
    test = record(made.after, made.kind)
    for change in (test["change"], f"```change\n{test['change']}```", f"replace all\n{test['code']}"):
        found = scores(test, change)
        assert found | {"same_run": 1.0} == {"applies": 1.0, "sound": 1.0, "right": 1.0, "same_trace": 1.0, "same_run": 1.0, "kept": 1.0,
                                             "size": 1.0, "fault": ""}


def test_no_change_is_never_right() -> None:
    made = some(WHOLE, 60)[0]
    found = scores(record(made.after, made.kind), "")
    assert (found["applies"], found["right"], found["kept"], found["size"]) == (0.0, 0.0, None, None)


def test_a_right_change_that_also_changes_something_else_is_not_right_and_keeps_less() -> None:
    both = WHOLE.replace("WFDelayTime=3", "WFDelayTime=5").replace("WFText='One'", "WFText='Three'")
    found = scores(LONGER, change_between(WHOLE, both))
    assert (found["applies"], found["right"]) == (1.0, 0.0) and 0.9 < found["kept"] < 1 and found["size"] == 2


def test_lines_without_a_command_are_applied_nowhere() -> None:
    found = scores(LONGER, "```python\nis_workflow_actions_alert(WFAlertActionMessage='Done')\n```")
    assert (found["applies"], found["fault"]) == (0.0, edit.FRAGMENT)


def test_another_value_is_applied_and_wrong() -> None:
    found = scores(LONGER, change_between(WHOLE, WHOLE.replace("WFDelayTime=3", "WFDelayTime=6")))
    assert (found["applies"], found["right"], found["kept"]) == (1.0, 0.0, 1.0) and found["same_trace"] < 1


NESTED = "\n".join(["replace all", *("    " * depth + "if x:" for depth in range(98)), "    " * 98 + "pass"])


@pytest.mark.parametrize("text", ["delete 99", "replace 18\nis_workflow_actions_delay(", "I cannot do that.", NESTED,
                                  f"replace all\nx = {'-' * 5000}1"])  # fmt: skip
def test_a_change_that_cannot_be_made_says_why(text: str) -> None:
    found = scores(LONGER, text)
    assert found["applies"] == 0 and found["fault"]


def test_half_an_answer_is_not_applied_as_05_does_not() -> None:
    assert edits.score_answer(LONGER, Prediction("", f"```change\n{LONGER['change']}", systems.TRUNCATED))["fault"] == "cut at the token limit"
    whole = Prediction("", f"```change\n{LONGER['change']}\n```", systems.TRUNCATED)
    assert edits.score_answer(LONGER, whole)["right"] == 1


def test_a_rename_is_right_by_its_names_alone() -> None:
    test = record(rename(WHOLE, {"Page": "Site"}), "rename")
    assert scores(test, test["change"])["right"] == 1 and scores(test, change_between(WHOLE, rename(WHOLE, {"Page": "Web"})))["right"] == 0


def test_new_names_of_new_values_do_not_matter() -> None:
    line = "Battery_Level = is_workflow_actions_getbatterylevel()\nis_workflow_actions_showresult(Text=f'{Battery_Level} %')\n"
    test = record(WHOLE + line, "insert")
    assert scores(test, f"insert after 18\n{line.replace('Battery_Level', 'Charge')}")["right"] == 1


def test_a_dataset_without_edits_says_which_stage_writes_them(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="stage 06 writes it with --edits N"):
        edits.load(tmp_path)


@pytest.mark.parametrize("task", ["generate", "generate_without_plan", "edit"])
def test_a_local_model_is_held_to_the_grammar_of_changes_and_asked_for_one_whatever_it_was_trained_on(
        task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    def generate_change(model: Any, tokenizer: Any, messages: Any, apis: Any, catalog: Any, length: int, **options: Any) -> Generation:
        held.append((messages, apis, length, options["temperature"]))
        return Generation(LONGER["change"], 5, True, "stop")

    monkeypatch.setattr(changes, "generate_change", generate_change)
    monkeypatch.setattr(systems, "load_writer", lambda *given: (None, None))
    (tmp_path / "prompt.json").write_text(json.dumps({"primer": False, "task": task}))
    args = argparse.Namespace(seed=0, adapter=None, teval=None, primer=None, max_new_tokens=9, batch_size=4, use_all=False, thinking=None)
    test = {**LONGER, "task": "edit", "apis": ["is.workflow.actions.delay"]}
    (answer,) = [reply for _, reply in systems.local_model("ours", str(tmp_path), args).answers([test])]
    assert held == [(test["messages"], test["apis"], 18, 0.0)] and edits.score_answer(test, answer)["right"] == 1


@pytest.mark.ci
def test_the_stage_scores_answers_beside_baselines(tmp_path: Path) -> None:
    made = some(WHOLE, 60)
    tests = [record(edit.after, edit.kind, number) for number, edit in enumerate(made[:6])]
    for split in ("test_id", "test_ood"):
        own = tests[:4] if split == "test_id" else tests[4:]
        (tmp_path / f"{split}.edits.jsonl").write_bytes(b"".join(map(jsonl.encode, own)))
    (tmp_path / "answers.jsonl").write_bytes(b"".join(jsonl.encode({"id": test["id"], "text": test["change"]}) for test in tests))
    ended = stage_runs.run("08", f"--bench={tmp_path}", f"--output={tmp_path / 'eval'}", "--edits", "--gold", "--workers=1",
                           "--predictions", f"mine={tmp_path / 'answers.jsonl'}")
    assert ended.returncode == 0, ended.stderr
    report = jsonl.whole(tmp_path / "eval/edits/scores.json")
    right = {name: {split: own[split]["right"]["mean"] for split in ("id", "ood")} for name, own in report["systems"].items()}
    full = {"id": 1.0, "ood": 1.0}
    assert right == {"mine": full, "gold": full, "whole gold": full, "no change": {"id": 0.0, "ood": 0.0}}
    assert sum(there for _, there in report["right_by_kind"]["gold"].values()) == 6
    assert "mine, right by kind: " in ended.stdout and "gold, right" not in ended.stdout


def test_what_is_inserted_elsewhere_is_not_right() -> None:
    vibrate, lines = "is_workflow_actions_vibrate()\n", WHOLE.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith("is_workflow")) + 1
    gold = "".join([*lines[:first], vibrate, *lines[first:]])
    test = record(gold, "insert")
    assert scores(test, change_between(WHOLE, gold))["right"] == 1.0
    found = scores(test, change_between(WHOLE, WHOLE + vibrate))
    assert (found["applies"], found["right"]) == (1.0, 0.0)
