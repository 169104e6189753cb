"""Stage 03 and what it stands on (prompts, prose, the offline writer): python -m pytest tests/test_thoughts.py"""

from __future__ import annotations

import ast
import json
import re
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import shortcuts
from common import conversation, edit_prompts, excerpts, jsonl, offline, prompts, replies
from common.cli import Reject
from common.llm import open_writer
from shortcuts.catalog import Catalog
from shortcuts.primer import EXAMPLE
from tests import stage_runs
from tests.stub_openai import Reply, StubOpenAI

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """\
Provided_Input = is_workflow_actions_ask(WFAskActionPrompt='Whose account?', WFInputType='Text')
URL = is_workflow_actions_url(WFURLActionURL=f'https://example.social/lookup?acct={Provided_Input}')
Contents_of_URL = is_workflow_actions_downloadurl(WFURL=f'{URL}')
'Only public accounts can be looked up.'
Titles = []
for Repeat_Item in Contents_of_URL:
    Titles += [Repeat_Item]
if as_number(Titles) > 100:
    match menu('Popular. What next?'):
        case 'Copy':
            is_workflow_actions_setclipboard(WFInput=Titles)
        case 'Show':
            is_workflow_actions_showresult(Text=f'{Provided_Input} is on {Titles}')
else:
    for _ in range(3):
        is_workflow_actions_notification(WFNotificationActionBody='Few followers')
"""


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("03")


def workflow(number: int = 0, program: str = PROGRAM, **fields: Any) -> dict[str, Any]:
    """A record of stage 02."""
    code, residue = shortcuts.to_python(shortcuts.to_shortcut(program))
    return {"id": f"w{number}", "name": "Find account", "description": "Looks up an account. And more.", "code": code, "residue": residue,
            "apis": shortcuts.apis_of(code), **fields}


def think(stage: Any, record: dict[str, Any], writer: Any = None) -> Any:
    writer = writer or open_writer("offline")
    ((_, outcome),) = writer.map(lambda item: stage.think(item, writer, Catalog.load()), [record])
    return outcome


def scripted(body: dict[str, Any], number: int) -> str:
    """A model that answers both prompts well: it reads what it must from the prompt, as a model would."""
    system, text = (message["content"] for message in body["messages"][:2])
    if '"comments"' not in system:
        return json.dumps({"query": "Please look up an account for me and tell me how popular it is."})
    head, code = text.split("\n\n", 1)[0] if "The plan of" not in text else text, text.rpartition("\nVariables: ")[2]
    lines = [(int(line), said) for line, said in re.findall(r"^ *(\d+) (.*)", code, re.MULTILINE)]
    renames = ["Provided_Input: handle"] if "Provided_Input" in code.split("\n")[0] else []
    last = re.findall(r"^ *(\d+)[\d.]*\. ", head, re.MULTILINE)[-1] if "The plan of" in head else 0
    blocks = [line for line, said in lines if said.endswith(":")] or [None]
    steps = [f"{int(last) + 1 + place} {[line] if line else ''} Decide what is next." for place, line in enumerate(blocks)]
    return json.dumps({"comments": [f"{line}: Step {line}." for line, _ in lines], "renames": renames, "steps": steps})


# ---------------------------------------------------------------------------------------------------------------------------------
# the offline writer


def test_offline_every_statement_is_commented_and_the_program_is_the_same(stage: Any) -> None:
    record = think(stage, workflow())
    assert set(record["comments"]) == {str(line) for line in excerpts.told_lines(record["code"])}
    before = shortcuts.to_shortcut(record["code"], record["residue"])
    assert shortcuts.to_shortcut(record["annotated_code"], shortcuts.rename_residue(record["residue"], record["renames"])) == before
    assert ast.dump(ast.parse(record["annotated_code"])) == ast.dump(ast.parse(shortcuts.rename(record["code"], record["renames"])))


def test_offline_comments_are_true_sentences(stage: Any) -> None:
    lines = think(stage, workflow())["annotated_code"].splitlines()
    assert lines[0] == "# Ask 'Whose account?' and keep the answer as account."
    assert "# Get what is at URL and keep the response as response." in lines
    assert "    # Add Repeat_Item to Titles." in lines
    assert "    # Show a menu that asks 'Popular. What next?' with the choices 'Copy' and 'Show'." in lines
    assert "# If Titles as number is greater than 100." in lines


def test_offline_plan_follows_the_blocks(stage: Any) -> None:
    plan = think(stage, workflow())["plan"]
    numbers = re.findall(r"^ *([\d.]+)\. ", plan, re.MULTILINE)
    assert len(numbers) == len(set(numbers)) and max(number.count(".") for number in numbers) == 3
    assert "If 'Copy' is chosen:" in plan and "Otherwise:" in plan and "Repeat 3 times:" in plan


def test_offline_query_names_no_api_and_no_python(stage: Any) -> None:
    record = think(stage, workflow())
    assert prompts.query_problem(record["query"], record["apis"]) is None
    assert "a shortcut that looks up an account." in record["query"] and "And more" not in record["query"]


@pytest.mark.parametrize("file", sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.py")), ids=lambda file: file.stem)
def test_offline_query_is_what_a_person_would_say(file: Path) -> None:
    code = file.read_text()
    query = offline.query(code, Catalog.load(), file.stem, file.stem, "", shortcuts.apis_of(code))["query"]
    assert query[0].isupper() and query[-1] in ".?" and "…" not in query and 5 <= len(query.split()) <= 60
    assert query.count(". ") <= 1  # the request, and what it is to offer


def test_offline_query_leaves_out_a_name_that_would_give_an_api_away(stage: Any) -> None:
    record = think(stage, workflow(name="is.workflow.actions.ask", description="Python at its best, for everyone"))
    assert "python" not in record["query"].lower() and "workflow" not in record["query"]


def test_offline_is_deterministic_and_says_so(stage: Any) -> None:
    first, second = think(stage, workflow()), think(stage, workflow())
    assert first == second and first["writer"]["model"] == "offline" and first["writer"]["cost"] == 0.0
    assert set(first["writer"]["prompts"]) == {"thoughts", "query"}


def test_offline_renames_only_default_names_and_only_to_free_ones(stage: Any) -> None:
    program = "account = is_workflow_actions_url(WFURLActionURL='https://a.b')\n" + PROGRAM.replace("acct={P", "{account}&acct={P")
    renames = think(stage, workflow(program=program))["renames"]
    assert renames == {"Provided_Input": "account_2", "Contents_of_URL": "response"}


def test_an_empty_program_has_an_empty_plan_and_still_a_query(stage: Any) -> None:
    record = think(stage, workflow(program=""))
    assert record["plan"] == "" and record["comments"] == {} and record["query"]


# ---------------------------------------------------------------------------------------------------------------------------------
# an endpoint


def test_a_model_writes_comments_names_plan_and_query(stage: Any) -> None:
    with StubOpenAI(scripted) as stub:
        record = think(stage, workflow(), open_writer("stub", stub.base_url, price=(1, 1)))
    assert record["renames"] == {"Provided_Input": "handle"} and "handle = is_workflow_actions_ask(" in record["annotated_code"]
    assert record["plan"].splitlines()[0] == "1. Decide what is next." and record["query"].startswith("Please look up")
    assert record["writer"]["model"] == "stub" and record["writer"]["prompt_tokens"] == 20 and record["writer"]["cost"] > 0
    assert "is_workflow_actions_ask" in stub.requests[0]["messages"][1]["content"]


def test_a_line_without_comment_and_a_block_without_step_are_sent_back(stage: Any) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        made = json.loads(scripted(body, number))
        if number == 0:
            del made["comments"][2]
        if number == 1:
            made["steps"][0] = made["steps"][0].replace("[", "(").replace("]", ")")
        return json.dumps(made)

    with StubOpenAI(answer) as stub:
        outcome = think(stage, workflow(), open_writer("stub", stub.base_url))
    problems = [request["messages"][-1]["content"] for request in stub.requests if len(request["messages"]) == 4]
    assert len(problems) == 1 and "lines 3 have no comment" in problems[0]
    assert isinstance(outcome, Reject) and "no step has the lines 6" in outcome.detail


def test_a_query_that_keeps_naming_an_api_is_a_reject(stage: Any) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        text = body["messages"][0]["content"]
        return '{"query": "Call is_workflow_actions_ask and show it"}' if '"query"' in text else scripted(body, number)

    with StubOpenAI(answer) as stub:
        outcome = think(stage, workflow(), open_writer("stub", stub.base_url))
    assert isinstance(outcome, Reject) and outcome.reason == "unusable_answer" and "is_workflow_actions_ask" in outcome.detail


# ---------------------------------------------------------------------------------------------------------------------------------
# the whole stage


def run_stage(folder: Path, *flags: str, run: Any = stage_runs.run) -> Any:
    files = ("--input", folder / "workflows.jsonl", "--output", folder / "seed.jsonl", "--cache", folder / "answers.sqlite")
    return run("03", *files, *flags)


def write_workflows(folder: Path, count: int) -> None:
    (folder / "workflows.jsonl").write_bytes(b"".join(jsonl.encode(workflow(number)) for number in range(count)))


def records(path: Path) -> dict[str, Any]:
    return {record["id"]: record for record in jsonl.read(path)}


def test_without_a_key_the_stage_runs_offline_and_says_so(tmp_path: Path) -> None:
    write_workflows(tmp_path, 3)
    code, out, err = run_stage(tmp_path)
    assert code == 0 and "offline" in err and json.loads(out.splitlines()[-1])["written"] == 3
    assert run_stage(tmp_path)[1].count('"skipped":3') == 1


def test_a_dry_run_writes_and_sends_nothing(tmp_path: Path) -> None:
    write_workflows(tmp_path, 2)
    code, out, _ = run_stage(tmp_path, "--writer", "gpt-4o-mini", "--dry-run")
    summary = json.loads(out.splitlines()[-1])
    assert code == 0 and summary["requests"] == 4 and summary["cost_usd"] > 0 and not (tmp_path / "seed.jsonl").exists()


def test_a_record_of_an_earlier_stage_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "workflows.jsonl").write_text('{"id":"a","shortcut":{}}\n')
    code, _, err = run_stage(tmp_path)
    assert code == 1 and 'field "code" is missing' in err and "Traceback" not in err


def test_killed_and_run_again_it_writes_the_same_and_asks_nothing_twice(tmp_path: Path) -> None:
    write_workflows(tmp_path, 12)
    with StubOpenAI(lambda body, number: Reply(scripted(body, number), delay=0.02)) as stub:
        flags = ("--writer", "stub", "--base-url", stub.base_url, "--concurrency", "3", "--price", "1/1")
        process = run_stage(tmp_path, *flags, run=stage_runs.start)
        while not (tmp_path / "seed.jsonl").exists() or not (tmp_path / "seed.jsonl").stat().st_size:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.05)
        sent = len(stub.requests)
        code, out, _ = run_stage(tmp_path, *flags)
        killed = records(tmp_path / "seed.jsonl")
        assert code == 0 and 0 < sent < 24 and len(stub.requests) <= 24 + 3  # of those in flight at the kill the answers are lost
        (tmp_path / "answers.sqlite").unlink()
        run_stage(tmp_path, *flags, "--overwrite")
    assert killed == records(tmp_path / "seed.jsonl") and len(killed) == 12


# ---------------------------------------------------------------------------------------------------------------------------------
# prompts


def test_an_answer_in_the_chat_format_comes_apart_again() -> None:
    code = "# Show it.\nis_workflow_actions_showresult(Text='a')\n"
    apis = ["is.workflow.actions.showresult", "is.workflow.actions.conditional"]
    messages = conversation.chat("Show me a", apis, Catalog.load(), "1. Show a.", code)
    assert [message["role"] for message in messages] == ["user", "assistant"]
    assert messages[1]["content"].startswith("Thought:\n1. Show a.\n\nCode:\n```python\n# Show it.")
    assert replies.parse_answer(messages[1]["content"]) == ("1. Show a.", code)
    assert "def is_workflow_actions_showresult(" in messages[0]["content"] and "conditional" not in messages[0]["content"]


@pytest.mark.parametrize(("text", "plan", "code"), [
    ("**Thought:**\n1. a\n\n**Code:**\n```\nx=1\n```", "1. a", "x=1\n"),
    ("Thought: p\n\nCode:\n```python\nx = 1\ny = ", "p", "x = 1\ny = \n"),
    ("Thought: p\nCode:\nx = 1\n", "p", "x = 1\n"), ("just talk", "just talk", ""),
    ("```py\nx = 1\n```\nmore", "", "x = 1\n"), ("", "", ""),
    ("## Thought\nplan\n## Code\r\n```Python\r\nz=1\r\n```", "plan", "z=1\n"),
])  # fmt: skip
def test_answers_that_miss_the_format_are_read_as_far_as_they_go(text: str, plan: str, code: str) -> None:
    assert replies.parse_answer(text) == (plan, code)


def test_long_literals_are_shortened_visibly_and_the_code_stays_the_same_otherwise() -> None:
    long = "a" * 500 + "b" * 500
    code = f"# note\nx = f({long!r}, y=f'{{z}}{long}')  # end\nif x == {long!r}:\n    # inside\n    g(b'{long}')\n"
    shown = excerpts.shorten_code(code)
    assert "a" * 192 + "… [616 characters] …" + "b" * 192 in shown and "a" * 193 not in shown
    assert excerpts.statement_lines(shown) == excerpts.statement_lines(code) and "# inside" in shown and "# end" in shown
    assert excerpts.shorten_code("x = 'short'\n") == "x = 'short'\n"


def test_prompt_ids_change_with_the_words() -> None:
    other = replace(prompts.THOUGHTS, turn="!"), replace(prompts.THOUGHTS, instructions="!")
    ids = [each.id for each in (prompts.THOUGHTS, prompts.QUERY, *other)]
    assert all(re.fullmatch("[0-9a-f]{16}", digits) for digits in ids) and len({*ids}) == 4


def test_offline_names_are_legal() -> None:
    assert offline.slug("What's the URL of your page?") == "url_page" and offline.slug("名前") == ""
    assert offline.safe_name("class") == "class_value"


# ---------------------------------------------------------------------------------------------------------------------------------
# the query from the program, as in the paper


@pytest.mark.parametrize("way", ["plan", "code"])
def test_the_query_is_written_from_the_plan_or_from_the_program_and_one_example(stage: Any, way: str) -> None:
    asked: list[list[str]] = []

    def reply(body: dict[str, Any], number: int) -> str:
        asked.append([message["content"] for message in body["messages"]])
        return scripted(body, number)

    with StubOpenAI(reply) as stub:
        writer = open_writer("m", stub.base_url)
        ((_, record),) = writer.map(lambda item: stage.think(item, writer, Catalog.load(), way), [workflow()])
    (system, text), task = asked[-1], {"plan": "query", "code": "query_from_code"}[way]
    assert record["query"].startswith("Please look up") and set(record["writer"]["prompts"]) == {"thoughts", task}
    assert ("# Step" in text, record["plan"].splitlines()[0] in text) == (way == "code", way == "plan")
    assert (EXAMPLE in system) == (way == "code")


def test_the_flag_reaches_the_prompt_and_the_rules_answer_it(tmp_path: Path, stage: Any) -> None:
    (tmp_path / "workflows.jsonl").write_bytes(jsonl.encode(workflow()))
    ended = stage_runs.run("03", "--input", tmp_path / "workflows.jsonl", "--output", tmp_path / "seed.jsonl", "--writer", "offline", "--query-from", "code")
    (record,) = jsonl.read(tmp_path / "seed.jsonl")
    assert ended.returncode == 0 and "query_from_code" in record["writer"]["prompts"] and len(record["query"].split()) > 3


# ---------------------------------------------------------------------------------------------------------------------------------
# edits of stage 06


def edit(**fields: Any) -> dict[str, Any]:
    """An edit of stage 06."""
    before, change, apis = "is_workflow_actions_showresult(Text='Hello')\n", "replace 1\nis_workflow_actions_showresult(Text='Bye')", [
        "is.workflow.actions.showresult"]
    query = "Change 'Hello' to 'Bye' in the step that shows a result."
    return {"id": "w0-edit-1", "task": conversation.EDIT_TASK, "split": "train", "query": query, "apis": apis, "before": before, "change": change,
            "code": "is_workflow_actions_showresult(Text='Bye')\n",
            "messages": edit_prompts.edit_chat(query, before, apis, Catalog.load(), change), **fields}  # fmt: skip


def test_the_request_of_an_edit_is_put_into_a_persons_words_and_asked_with(tmp_path: Path) -> None:
    (tmp_path / "edits.jsonl").write_bytes(jsonl.encode(edit()))
    words = "It should say Bye instead of Hello."
    with StubOpenAI(lambda body, number: Reply(json.dumps({"query": words}))) as stub:
        ended = stage_runs.run("03", "--edits", "--input", tmp_path / "edits.jsonl", "--output", tmp_path / "reworded.jsonl",
                               "--writer", "m", "--base-url", stub.base_url, "--cache", tmp_path / "answers.sqlite")
    (record,) = jsonl.read(tmp_path / "reworded.jsonl")
    assert ended.returncode == 0 and record["query"] == words and record["request"] == edit()["query"]
    assert words in record["messages"][0]["content"] and record["messages"][1] == edit()["messages"][1]
    assert record["writer"]["model"] == "m" and record["change"] == edit()["change"]


def test_offline_an_edit_keeps_the_words_of_the_rules_and_a_workflow_is_no_edit(tmp_path: Path) -> None:
    (tmp_path / "edits.jsonl").write_bytes(jsonl.encode(edit()))
    flags = "--edits", "--output", tmp_path / "reworded.jsonl", "--writer", "offline", "--cache", tmp_path / "answers.sqlite"
    assert stage_runs.run("03", *flags, "--input", tmp_path / "edits.jsonl").returncode == 0
    (record,) = jsonl.read(tmp_path / "reworded.jsonl")
    assert record["messages"] == edit()["messages"]
    (tmp_path / "workflows.jsonl").write_bytes(jsonl.encode(workflow()))
    ended = stage_runs.run("03", *flags, "--overwrite", "--input", tmp_path / "workflows.jsonl")
    assert ended.returncode == 1 and "workflows.jsonl:1" in ended.stderr and "before" in ended.stderr
