"""Stage 03 against writers that try to fool it, and against long workflows: python -m pytest tests/test_thoughts_answers.py"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import shortcuts
from common import conversation, excerpts, offline, prompts, replies
from common.cli import Reject
from common.llm import CompletionResult, open_writer
from common.llm.offline import OfflineWriter
from shortcuts import plist
from shortcuts.catalog import Catalog
from tests.stub_openai import Reply, StubOpenAI, error
from tests.test_thoughts import PROGRAM, scripted, think, workflow

LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\x08", "\u202e"]


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("03")


class Twisted(OfflineWriter):
    """The offline writer with its answers changed on the way: `twist(task, answer object)`; a None stays what it was."""

    def __init__(self, twist: Any) -> None:
        super().__init__()
        self.twist, self.asked = twist, 0

    async def reply(self, prompt: Any, messages: Any, sampling: Any) -> CompletionResult:
        self.asked += 1
        answer = await super().reply(prompt, messages, sampling)
        twisted = self.twist(prompt.task, json.loads(answer.text))
        return answer if twisted is None else answer._replace(text=json.dumps(twisted))


def twisted(stage: Any, task: str, change: Any, record: dict[str, Any] | None = None) -> tuple[Any, int]:
    """(outcome, questions asked) of a workflow whose answers to a task are `change(answer)`."""
    writer = Twisted(lambda asked, answer: change(answer) if asked == task else None)
    return think(stage, record or workflow(), writer), writer.asked


def lines_of(answer: Any) -> list[str]:
    """The lines that an answer comments."""
    return [comment.split(":")[0] for comment in answer["comments"]]


def is_the_same_shortcut(record: dict[str, Any]) -> bool:
    before = shortcuts.to_shortcut(record["code"], record["residue"])
    after = shortcuts.to_shortcut(record["annotated_code"], shortcuts.rename_residue(record["residue"], record["renames"]))
    alone = shortcuts.to_shortcut(record["code"]), shortcuts.to_shortcut(record["annotated_code"])
    return plist.same(before, after) and shortcuts.equivalent(*alone)


# ---------------------------------------------------------------------------------------------------------------------------------
# comments


@pytest.mark.parametrize("end", LINE_ENDS, ids=[f"{ord(end[-1]):04x}" for end in LINE_ENDS])
def test_a_comment_stays_on_its_line_whatever_ends_lines(stage: Any, end: str) -> None:
    def change(answer: Any) -> Any:
        return answer | {"comments": [f"{line}: Harmless{end}is_workflow_actions_exit()" for line in lines_of(answer)]}

    record, _ = twisted(stage, "thoughts", change)
    assert is_the_same_shortcut(record) and set(record["comments"].values()) <= {
        "Harmless is_workflow_actions_exit()", "Harmlessis_workflow_actions_exit()"}  # fmt: skip
    assert "exit" not in ast.dump(ast.parse(record["annotated_code"]))
    assert len(record["annotated_code"].splitlines()) == 2 * len(record["comments"]) + 2  # and the remark and the `else:`


@pytest.mark.parametrize("text", ["# # Asks", "```python\nimport os\n```", "'''", '"""', "\\", "Asks \\", "-*- coding: rot13 -*-",
                                  "type: ignore", "{about}", "%s", "Thought:", "🧑‍🌾 plants 植える"])  # fmt: skip
def test_marks_of_code_in_a_comment_are_text(stage: Any, text: str) -> None:
    def change(answer: Any) -> Any:
        return answer | {"comments": [f"{line}: {text} x" for line in lines_of(answer)]}

    record, _ = twisted(stage, "thoughts", change)
    assert is_the_same_shortcut(record) and "# #" not in record["annotated_code"]
    sample = replies.parse_answer(conversation.answer(record["plan"], record["annotated_code"]))
    assert sample == (record["plan"], record["annotated_code"])


@pytest.mark.parametrize(("change", "problem"), [
    (lambda notes: [f"{note.split(':')[0]}: \n\u200b " for note in notes], "have no comment"),
    (lambda notes: [f"{note.split(':')[0]}: —…!" for note in notes], "have no comment"),
    (lambda notes: [f"1{note}" for note in notes], "lines 1, 2, 3, 5, 6, 7, 8, 9"), (lambda notes: [f"-{note}" for note in notes], "have no comment"),
    (lambda notes: [note.split(": ")[1] for note in notes], "have no comment"),
    (lambda notes: [*notes, "1: Something else entirely."], "line 1 has two comments"),
    (lambda notes: [f"{note.split(':')[0]}: {'very ' * 200}" for note in notes], "longer than a sentence"),
    (lambda notes: [None for note in notes], "should be of type string"),
    (lambda notes: [{"line": 1, "text": "Asks."}], "should be of type string"),
    (lambda notes: {"1": "Asks."}, "should be of type array"),
    (lambda notes: [], "have no comment"),
])  # fmt: skip
def test_comments_that_leave_a_line_without_one_sentence_are_refused(stage: Any, change: Any, problem: str) -> None:
    outcome, asked = twisted(stage, "thoughts", lambda answer: answer | {"comments": change(answer["comments"])})
    assert isinstance(outcome, Reject) and outcome.reason == "unusable_answer" and problem in outcome.detail and asked == 2


@pytest.mark.parametrize("written", ["{}: {}", "{} {}", "line {}: {}", " {}. {}", "Line {} :  {}", "{}) {}", "{}:{}", "{} - {}", "{} – {}"])
def test_the_line_of_a_comment_is_read_however_it_is_marked(stage: Any, written: str) -> None:
    def change(answer: Any) -> Any:
        return answer | {"comments": [written.format(*comment.split(": ", 1)) for comment in answer["comments"]]}

    assert twisted(stage, "thoughts", change)[0] == think(stage, workflow())


def test_comments_on_other_lines_and_the_same_twice_do_no_harm(stage: Any) -> None:
    def change(answer: Any) -> Any:
        return answer | {"comments": [*answer["comments"], *answer["comments"], "0: a", f"{10**15}: b", "4: on a remark"]}

    assert twisted(stage, "thoughts", change)[0] == think(stage, workflow())


# ---------------------------------------------------------------------------------------------------------------------------------
# names


@pytest.mark.ci
@pytest.mark.parametrize(("new", "becomes"), [
    ("class", "class_"), ("match", "match_"), ("case", "case_"), ("type", "type_"), ("print", "print_"), ("list", "list_"),  # Python's own
    ("menu", "menu_"), ("range", "range_"), ("variable", "variable_"), ("if_result", "if_result_"), ("float", "float_"),  # the dialect's
    ("URL", "URL_2"), ("Titles", "Titles_2"), ("Repeat Item", None), ("Repeat_Index_2", None),  # taken; given by loops
    ("is_workflow_actions_ask", None), ("is.workflow.actions.ask", None), ("is_workflow_actions_gettext", None),  # an API's
    ("2x", "n2x"), ("user name", "user_name"), ("a;b", "a_b"), ("x=1\nimport os", "x_equals_1_import_os"), ("_", None), ("__", None),
    ("", None), (" ", None), ("größe", None), ("名前", None), ("\u2028", None), ("…", None), ("Provided_Input", None),
    ("a" * 5000, "a" * 48),
])  # fmt: skip
def test_a_proposed_name_becomes_legal_and_its_own_or_is_passed_over(stage: Any, new: str, becomes: str | None) -> None:
    record, asked = twisted(stage, "thoughts", lambda answer: answer | {"renames": [f"Provided_Input: {new}"]})
    assert record["renames"] == ({"Provided_Input": becomes} if becomes else {}) and asked == 2
    assert is_the_same_shortcut(record) and shortcuts.check(record["annotated_code"]) == shortcuts.check(record["code"])


def test_renames_of_what_is_no_variable_here_are_passed_over(stage: Any) -> None:
    olds = ["is_workflow_actions_ask", "menu", "_", "nowhere", "", "Whose account?", "Provided_Input", "Provided_Input"]
    renames = ["no pair", *(f"{old}: name_{place}" for place, old in enumerate(olds))]
    record, _ = twisted(stage, "thoughts", lambda answer: answer | {"renames": renames})
    assert record["renames"] == {"Provided_Input": "name_6"}


def test_names_that_swap_and_names_that_fall_together_stay_apart(stage: Any) -> None:
    record, _ = twisted(stage, "thoughts", lambda answer: answer | {"renames": [
        "URL: Titles", "Titles: URL", "Repeat_Item: URL", "Provided_Input: same", "Contents_of_URL: same"]})
    assert record["renames"] == {"URL": "Titles_2", "Titles": "URL_2", "Repeat_Item": "URL_3", "Provided_Input": "same",
                                 "Contents_of_URL": "same_2"}  # fmt: skip
    assert is_the_same_shortcut(record)


def test_names_too_long_to_be_told_apart_are_passed_over(stage: Any) -> None:
    olds = ["URL", "Titles", "Provided_Input"]
    record, _ = twisted(stage, "thoughts", lambda answer: answer | {"renames": [f"{old}: {'a' * 60}" for old in olds]})
    assert record["renames"] == {"URL": "a" * 48} and is_the_same_shortcut(record)


def test_two_statements_on_a_line_are_a_reject(stage: Any) -> None:
    outcome = think(stage, workflow() | {"code": "is_workflow_actions_exit(); is_workflow_actions_exit()\n"})
    assert isinstance(outcome, Reject) and outcome.reason == "not_annotated"


def test_a_name_of_several_loops_and_an_output_that_the_author_names_are_not_offered(stage: Any) -> None:
    program = ("Text = is_workflow_actions_ask(WFAskActionPrompt='Where?')\ncity = Text\nfor Repeat_Item in city:\n    pass\n"
               "for Repeat_Item in Text:\n    pass\nfor Repeat_Index in city:\n    pass\ntown = city\n")  # fmt: skip
    assert stage.names_by_line(program) == {2: ["city"], 7: ["Repeat_Index"], 9: ["town"]}


def test_later_windows_show_the_names_that_earlier_ones_gave(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "windows", lambda code: [[line] for line in excerpts.told_lines(code)])
    with StubOpenAI(scripted) as stub:
        record = think(stage, workflow(), open_writer("stub", stub.base_url))
    shown = [request["messages"][1]["content"] for request in stub.requests[1:-1]]
    assert record["renames"] == {"Provided_Input": "handle"} and "  2 URL = " in shown[0] and "    handle = is_workflow_actions_ask(" in shown[0]
    assert not any("Provided_Input" in text for text in shown) and is_the_same_shortcut(record)
    assert "Part 2 of" in shown[0] and "ends like this" in shown[0] and "Repeat_Item" not in shown[0].split("\n\n")[0]


def test_what_a_writer_is_shown_has_no_secrets_and_the_record_keeps_them(stage: Any) -> None:
    key = "sk-" + "a1B2c3D4" * 4
    record = workflow(program=PROGRAM.replace("Few followers", f"Bearer {key}"), description=f"My key is {key}.")
    with StubOpenAI(scripted) as stub:
        outcome = think(stage, record, open_writer("stub", stub.base_url))
    assert key in outcome["annotated_code"] and key not in json.dumps(stub.requests) and "SECRET_REMOVED" in json.dumps(stub.requests)


def test_a_program_of_several_lines_a_statement_is_commented_on_its_own_lines(stage: Any) -> None:
    wide = workflow() | {"code": workflow()["code"].replace("(WFAskActionPrompt", "(\n    WFAskActionPrompt")}
    record = think(stage, wide)
    assert list(record["comments"])[:2] == ["1", "3"] and is_the_same_shortcut(record)


def test_a_name_that_a_variable_has_by_its_text_is_taken(stage: Any) -> None:
    program = "total = is_workflow_actions_number(WFNumberActionNumber=1)\nis_workflow_actions_showresult(Text=f'{total} {variable(\"Balance\")}')\n"
    record, _ = twisted(stage, "thoughts", lambda answer: answer | {"renames": ["total: Balance"]}, workflow(program=program))
    assert record["renames"] == {"total": "Balance_2"} and is_the_same_shortcut(record)


@pytest.mark.ci
@given(st.lists(st.text(max_size=20), min_size=20, max_size=20),
       st.lists(st.tuples(st.sampled_from(["Provided_Input", "URL", "Contents_of_URL", "Titles", "Repeat_Item"]),
                          st.one_of(st.text(max_size=12), st.sampled_from(sorted(shortcuts.HELPERS)))), max_size=6))  # fmt: skip
def test_whatever_is_answered_the_shortcut_stays_the_same(stage: Any, texts: list[str], renames: list[tuple[str, str]]) -> None:
    def change(answer: Any) -> Any:
        notes = [f"{line}: word {text}" for line, text in zip(lines_of(answer), texts)]
        return answer | {"comments": notes, "renames": [f"{old}: {new}" for old, new in renames]}

    record, _ = twisted(stage, "thoughts", change)
    assert is_the_same_shortcut(record) and len(set(record["renames"].values())) == len(record["renames"])
    assert ast.dump(ast.parse(record["annotated_code"])) == ast.dump(ast.parse(shortcuts.rename(record["code"], record["renames"])))


# ---------------------------------------------------------------------------------------------------------------------------------
# plans and queries


@pytest.mark.parametrize(("numbers", "good"), [
    (["1", "2", "2.1", "2.1.1", "2.2", "3"], True), (["1.", "Step 2", "2.1:", "3)"], True), (["1", "1.1", "1.1.1", "2"], True),
    (["2"], False), (["0"], False), (["1", "1"], False), (["1", "3"], False), (["1", "1.2"], False), (["1", "2.1"], False),
    (["1", "1..1"], False), (["1", "²"], False), (["1", "٢"], False), (["1", "two"], False), (["1", ""], False), (["1", "2", "1"], False),
    (["1", "1" * 5000], False), (["-1"], False), (["1", "1.1.1"], False), (["1", "2.0"], False), (["1", "23"], False),
])  # fmt: skip
def test_steps_are_numbered_in_order(stage: Any, numbers: list[str], good: bool) -> None:
    accept = stage.accept_plan([], [])
    answer = {"steps": [f"{number} Do it." for number in numbers]}
    if good:
        assert all(stage.place_of(step["number"]) for step in accept(answer))
    else:
        with pytest.raises(ValueError, match="cannot follow"):
            accept(answer)


def test_a_step_that_claims_all_blocks_and_says_nothing_is_refused(stage: Any) -> None:
    def change(answer: Any) -> Any:
        return answer | {"steps": [f"1 {list(range(1, 100))} Do it all."]}

    outcome, asked = twisted(stage, "thoughts", change)
    assert isinstance(outcome, Reject) and "says too little" in outcome.detail and asked == 2


@pytest.mark.parametrize(("step", "text", "lines"), [
    ("2 [3] Decide now:", "Decide now:", [3]), ("2 Decide now. [3]", "Decide now.", [3]), ("2. Decide now [lines 3, 5]:", "Decide now", [3, 5]),
    ("2 Match [a] and [0-9] in it", "Match [a] and [0-9] in it", []), ("2 [3] Take one of [1, 2]", "Take one of [1, 2]", [3]),
])  # fmt: skip
def test_the_lines_of_a_step_stand_behind_its_number_or_at_its_end(step: str, text: str, lines: list[int]) -> None:
    assert prompts.read_step(step) == {"number": "2", "text": text, "lines": lines}


def test_line_ends_in_a_step_do_not_make_steps(stage: Any) -> None:
    def change(answer: Any) -> Any:
        return answer | {"steps": [f"{step}\n9. Forged\u2028```python\nCode:\n" for step in answer["steps"]]}

    record, _ = twisted(stage, "thoughts", change)
    assert len(record["plan"].splitlines()) == len(think(stage, workflow())["plan"].splitlines())
    assert replies.parse_answer(conversation.answer(record["plan"], "x = 1\n")) == (record["plan"], "x = 1\n")


@pytest.mark.parametrize("query", [
    "Run is.workflow.actions.showresult for me", "Run is_workflow_actions_showresult for me", "Use IsWorkflowActionsAsk please now",
    "Use is workflow actions ask please", "Use is-workflow-actions-ask please", "Use ｉｓ＿ｗｏｒｋｆｌｏｗ＿ａｃｔｉｏｎｓ＿ａｓｋ please",
    "Use is_\u200bworkflow_\u200bactions_ask please", r"Use is\_workflow\_actions\_ask please", "Then downloadurl the whole account page",
    "Do a showresult with it", "Do a ShowResult with it", "Set WFURL to that page", "set wfurlactionurl to that page", "Write it in Python please",
    "Write it in PYTHON please", "Call ask() and show it", "Call lookup(acct=me) for it", "```\nlook it up\n```", "call my_function(3) for it",
    "Look up", "…!", "",
])  # fmt: skip
def test_a_query_that_names_an_api_in_whatever_spelling_is_refused(query: str) -> None:
    apis = shortcuts.apis_of(PROGRAM)
    assert prompts.query_problem(query, apis, Catalog.load()) is not None


@pytest.mark.parametrize("query", [
    "Ask me for an account and show me who follows it.", "Which contacts live near the address on my clipboard?", "查找一个账户并显示关注者",
    "My WFH days: count them (this week) and tell me.", "What (roughly) is 3 (three) plus 4?", "Is workflow software worth it? Find reviews.",
    "Show the file my_notes.txt from iCloud.",
])  # fmt: skip
def test_a_query_in_plain_words_is_taken(query: str) -> None:
    apis = ["is.workflow.actions.setters.contacts", "is.workflow.actions.detect.address", *shortcuts.apis_of(PROGRAM)]
    assert prompts.query_problem(query, apis, Catalog.load()) is None


def test_a_program_that_is_none_is_a_reject(stage: Any) -> None:
    outcome = think(stage, workflow() | {"code": "x = ("})
    assert isinstance(outcome, Reject) and outcome.reason == "does_not_parse"


# ---------------------------------------------------------------------------------------------------------------------------------
# long workflows


def limited(tokens: int) -> Any:
    """A model with a context of so many tokens: it refuses what does not fit with its answer, at three bytes a token."""

    def answer(body: dict[str, Any], number: int) -> str | Reply:
        shown = sum(len(message["content"].encode()) for message in body["messages"]) // 3
        if shown + body.get("max_tokens", 0) > tokens:
            return error(400, f"the context has {tokens} tokens, and {shown} are given", "context_length_exceeded")
        return scripted(body, number)

    return answer


def long_program(blocks: int) -> str:
    """Blocks with one another's outputs in them, and a dictionary too long for any prompt."""
    items = ", ".join(f"'key {number}': 'value {number} {'x' * 300}'" for number in range(300))
    part = ("text_{0} = is_workflow_actions_gettext(WFTextActionText='Part {0}')\nif text_{0}:\n    for _ in range(3):\n"
            "        is_workflow_actions_showresult(Text=f'{{text_{0}}}')\nelse:\n    is_workflow_actions_exit()\n")  # fmt: skip
    return f"table = is_workflow_actions_dictionary(WFItems={{{items}}})\n" + "".join(part.format(number) for number in range(blocks))


@pytest.mark.ci
def test_windows_hold_every_statement_once_and_keep_to_their_size(stage: Any) -> None:
    remarks = "".join(f"'Remark {number}: {'x' * 150}'\n" * 3 + "is_workflow_actions_exit()\n" for number in range(90))
    shown = excerpts.shown_code(workflow(program=long_program(150) + remarks)["code"])
    parts = list(stage.windows(shown))
    assert [line for part in parts for line in part] == excerpts.told_lines(shown) and len(parts) > 7
    assert max(map(len, parts)) == stage.WINDOW
    assert max(len(excerpts.numbered(shown, part[0], part[-1]).encode()) for part in parts) <= stage.WINDOW_BYTES


@pytest.mark.ci
def test_a_long_workflow_is_commented_and_planned_whole_within_a_limited_context(stage: Any) -> None:
    record = workflow(program=long_program(70))
    with StubOpenAI(limited(20_000)) as stub:
        outcome = think(stage, record, open_writer("stub", stub.base_url))
    assert isinstance(outcome, dict), outcome
    assert len(outcome["comments"]) == len(excerpts.told_lines(record["code"])) and is_the_same_shortcut(outcome)
    assert len(outcome["plan"].splitlines()) == 140 and outcome["plan"].splitlines()[-1].startswith("140. ")
    assert sum('"steps"' in request["messages"][0]["content"] for request in stub.requests) > 1


@pytest.mark.ci
def test_offline_the_parts_of_a_plan_fit_together(stage: Any) -> None:
    record = think(stage, workflow(program=long_program(70)))
    whole = offline.plan(record["annotated_code"], Catalog.load())["steps"]
    assert [line.split(". ")[0].strip() for line in record["plan"].splitlines()] == [step["number"] for step in whole]


@pytest.mark.slow
def test_the_longest_workflows_of_the_corpus_pass_offline_and_within_a_limited_context(stage: Any, shared: Path) -> None:
    longest = sorted((shared / "corpus" / "plist").rglob("*.*"), key=lambda path: path.stat().st_size)[-40:]
    records, catalog = [], Catalog.load()
    for path in longest:
        try:
            code, residue = shortcuts.to_python(plist.read_shortcut(path.read_bytes()))
        except shortcuts.Unbalanced:
            continue
        records.append({"id": path.stem, "code": code, "residue": residue, "apis": shortcuts.apis_of(code)})
    records = sorted(records, key=lambda record: len(excerpts.statement_lines(record["code"])))[-8:]
    assert len(excerpts.statement_lines(records[-1]["code"])) > 700
    with StubOpenAI(limited(20_000)) as stub:
        for writer in (open_writer("offline"), open_writer("stub", stub.base_url)):
            outcomes = [outcome for _, outcome in writer.map(lambda record, writer=writer: stage.think(record, writer, catalog), records)]
            assert not [outcome for outcome in outcomes if isinstance(outcome, Reject)]
            assert all(len(outcome["comments"]) == len(excerpts.told_lines(outcome["code"])) for outcome in outcomes)
