"""The paper's ablations: answers without a plan, without comments; how they are asked for, read back, and known by the trained model."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from common import model
from common.conversation import ANSWER, ANSWER_FORMS, WHOLE, AnswerForm, answer, chat, in_form
from common.replies import parse_answer
from shortcuts.catalog import Catalog

APIS = ["is.workflow.actions.gettext", "is.workflow.actions.showresult"]
PLAN = "1. Write a note.\n2. Show it."
CODE = "# Write a note.\nnote = is_workflow_actions_gettext(WFTextActionText='# 1')  # short\n# Show it.\nis_workflow_actions_showresult(Text=note)"
BARE = "note = is_workflow_actions_gettext(WFTextActionText='# 1')\nis_workflow_actions_showresult(Text=note)\n"


def asked_and_answered(form: AnswerForm) -> list[dict[str, str]]:
    return chat("Show a note", APIS, Catalog.load(), PLAN, CODE, form)


@pytest.mark.parametrize("form", ANSWER_FORMS.values())
def test_an_answer_is_asked_for_and_given_with_the_parts_of_its_form(form: AnswerForm) -> None:
    asked, given = (message["content"] for message in asked_and_answered(form))
    assert ("plan" in asked, "Thought:" in asked, "comment above each line" in asked) == (form.plan, form.plan, form.comments)
    assert parse_answer(given) == (PLAN if form.plan else "", f"{CODE}\n" if form.comments else BARE)
    assert ANSWER_FORMS[form.task] == form and asked.startswith("Show a note\n\n") and "def is_workflow_actions_gettext" in asked


@pytest.mark.parametrize(("old", "new"), product(ANSWER_FORMS.values(), repeat=2))
def test_a_conversation_of_one_form_becomes_that_of_another_where_nothing_is_missing(old: AnswerForm, new: AnswerForm) -> None:
    if new.plan > old.plan or new.comments > old.comments:
        with pytest.raises(ValueError, match=f"not all that {new.task} asks for"):
            in_form(asked_and_answered(old), old, new)
    else:
        assert in_form(asked_and_answered(old), old, new) == asked_and_answered(new)
    assert in_form(asked_and_answered(old)[:1], old, new) == asked_and_answered(new)[:1]


def test_a_prompt_in_other_words_is_not_taken_for_one_of_ours() -> None:
    with pytest.raises(ValueError, match="not of the form generate"):
        in_form([{"role": "user", "content": "Please!"}], WHOLE, AnswerForm(plan=False))


def test_the_whole_form_is_the_one_that_prompts_are_known_by() -> None:
    assert WHOLE.template == ANSWER.turn
    assert len({form.template for form in ANSWER_FORMS.values()}) == 4


@pytest.mark.parametrize(("tasks", "noted"), [
    (["generate", "generate"], {"primer": False}), ([None], {"primer": False}),
    (["generate_without_plan"] * 2, {"primer": False, "task": "generate_without_plan"}),
    (["generate", "teval_json"], {"primer": False}), (["teval_json"], {"primer": False, "task": "teval_json"}),
])  # fmt: skip
def test_a_trained_model_notes_the_one_task_of_its_data(tmp_path: Path, tasks: list[str | None], noted: dict[str, object]) -> None:
    data = tmp_path / "train.jsonl"
    data.write_text("".join(json.dumps({"id": "r", **({"task": task} if task else {})}) + "\n" for task in tasks))
    model.note_prompt(tmp_path, data)
    assert json.loads((tmp_path / model.PROMPT_FILE).read_text()) == model.prompt_notes(tmp_path) == noted
    (tmp_path / "elsewhere").mkdir()
    assert model.knows_the_language(tmp_path) and model.prompt_notes(tmp_path / "elsewhere") == {}


def test_an_answer_of_a_form_begins_as_the_constrained_decoder_expects() -> None:
    assert answer(PLAN, CODE, AnswerForm(plan=False)).startswith("Code:\n```python\n# Write")
