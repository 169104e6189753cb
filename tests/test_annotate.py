"""Stage 05 and the rule-based baseline: python -m pytest tests/test_annotate.py"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import synthetic

import shortcuts
from common import cli, conversation, jsonl, query
from common import model as models
from common.offline import baseline
from shortcuts import plist, primer
from shortcuts.catalog import Catalog
from shortcuts.catalog.search import SYNTAX_APIS
from tests import stage_runs
from tests.stub_openai import Reply, StubOpenAI, error

ROOT = Path(__file__).resolve().parents[1]
APIS = ["is.workflow.actions.getcurrentlocation", "is.workflow.actions.showresult", "com.sindresorhus.Actions.RandomColorIntent"]
ANSWER = "Thought:1. Show it.\n\nCode:\n```python\n# Show it.\nis_workflow_actions_showresult(Text='hello')\n```"


@pytest.fixture(scope="module")
def stage(load_stage: Any) -> Any:
    return load_stage("05")


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.jsonl"
    records = [{"id": f"q{number}", "query": f"Do thing {number}", "apis": APIS, "category": "News"} for number in range(7)]
    path.write_bytes(b"".join(map(jsonl.encode, records)))
    return path


def command(queries: Path, *flags: str) -> list[str]:
    folder = queries.parent
    return [sys.executable, str(ROOT / "05_annotate.py"), "--input", str(queries), "--output", str(folder / "generated.jsonl"),
            "--cache", str(folder / "cache"), *flags]  # fmt: skip


class Run(NamedTuple):
    """The end of a run in this process: exit code, the summary (empty if there is none), what else stood on stdout, stderr."""

    code: int
    summary: dict[str, Any]
    out: str
    err: str


@pytest.fixture
def run(stage: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the stage as the command line does, but here: starting Python anew for each test would take minutes."""
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)

    def run(queries: Path | None, *flags: str) -> Run:
        monkeypatch.setattr(sys, "argv", command(queries, *flags)[1:] if queries else ["05_annotate.py", *flags])
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit:
            cli.start(stage.main)
        out, err = capsys.readouterr()
        *lines, last = out.splitlines() or [""]
        is_summary = last.startswith('{"stage"')
        return Run(exit.value.code, json.loads(last) if is_summary else {}, "\n".join(lines) + "\n" if is_summary else out, err)

    return run


def generated(queries: Path) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in jsonl.read(queries.with_name("generated.jsonl"))}


# ---------------------------------------------------------------------------------------------------------------------------------
# the baseline


def test_the_baseline_calls_each_api_once_and_check_finds_nothing() -> None:
    catalog = Catalog.load()
    usable = [api.id for api in catalog if "wf" in api.source or "seen" in api.source]
    for start in range(0, len(usable), 9):
        apis = [api for api in usable[start: start + 9] if api not in SYNTAX_APIS and api not in baseline.ENDINGS]
        code = baseline.program(apis, catalog, key=f"k{start}")
        assert shortcuts.check(code, catalog) == []
        assert set(apis) - {"is.workflow.actions.nothing"} <= set(shortcuts.apis_of(code)) | {"is.workflow.actions.nothing"}


def test_the_baseline_is_deterministic_chained_and_structured() -> None:
    catalog = Catalog.load()
    apis = ["is.workflow.actions." + name for name in ("getclipboard", "text.split", "count", "showresult")]
    programs = [baseline.program(apis, catalog, key=f"k{number}") for number in range(30)]
    assert programs == [baseline.program(apis, catalog, key=f"k{number}") for number in range(30)]
    assert all(any(word in code for code in programs) for word in ("if ", "for _ in range(2):", "match menu("))
    assert all("text=Clipboard" in code and "Input=Split_Text" in code and "Text=Count" in code for code in programs)
    for code in programs:
        assert shortcuts.to_python(shortcuts.to_shortcut(code))[0] == code


# ---------------------------------------------------------------------------------------------------------------------------------
# the stage


def test_offline_records_are_complete_marked_and_clean(queries: Path, run: Callable[..., Run]) -> None:
    code, summary, *_ = run(queries)
    assert code == 0 and summary["written"] == summary["clean"] == summary["compiled"] == summary["with_code"] == 7
    for record in generated(queries).values():
        assert record["annotator"]["model"] == "offline" and record["diagnostics"] == [] and record["plan"].startswith("1. ")
        assert "#" in record["annotated_code"] and "#" not in record["code"] and record["category"] == "News"
        assert shortcuts.rename(record["annotated_code"], {}) == record["code"]


@pytest.mark.ci
@pytest.mark.parametrize(("answer", "finding"), [
    ("I would rather not.", "no_code"), ("Thought: p\nCode:\n```python\nx = (\n```", "syntax"),
    ("```python\nis_workflow_actions_nosuchthing()\n```", "unknown_api"), ("", "no_code"),
])  # fmt: skip
def test_a_bad_answer_is_kept_with_what_is_wrong_with_it(queries: Path, run: Callable[..., Run], answer: str, finding: str) -> None:
    with StubOpenAI(lambda body, number: answer) as stub:
        code, summary, *_ = run(queries, "--model", "a", "--base-url", stub.base_url, "--limit", "1")
    (record,) = generated(queries).values()
    assert code == 0 and summary["clean"] == 0 and record["diagnostics"][0]["code"] == finding
    assert set(record["diagnostics"][0]) == {"line", "code", "message"} and bool(record["code"]) == (finding != "no_code")


def test_an_endpoint_gets_the_chat_prompt_and_the_sampling(queries: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--temperature", "0.7", "--seed", "3", "--max-new-tokens", "99", "--no-repair")
        run(queries, "--model", "annotator", "--base-url", stub.base_url, *flags)
    record = generated(queries)["q0"]
    assert record["plan"] == "1. Show it." and record["diagnostics"] == []
    assert record["code"] == "is_workflow_actions_showresult(Text='hello')\n"
    sent = next(request for request in stub.requests if "Do thing 0" in request["messages"][0]["content"])
    assert sent["messages"] == conversation.with_primer(conversation.chat("Do thing 0", APIS, Catalog.load()))
    assert (sent["temperature"], sent["seed"], sent["max_tokens"]) == (0.7, 3, 99)
    assert record["annotator"] == {
        "model": "annotator", "adapter": None, "prompt": conversation.ANSWER.id, "primer": primer.primer_id(), "finish": "stop",
        "sampling": {"temperature": 0.7, "top_p": 1.0, "max_tokens": 99, "seed": 3},
        "prompt_tokens": 10, "completion_tokens": 5, "cost": 0.0}  # fmt: skip


@pytest.mark.parametrize(("flags", "message"), [
    (("--candidates", "2"), "--candidates is for a --model: the rules have one answer"), (("--top-p", "0.5"), "--top-p is for a --model"),
    (("--repair",), "--repair is for a --model"), (("--no-primer",), "--no-primer is for a --model"), (("--constrained",), "--constrained is for a --model"),
    (("--base-url", "http://x"), "--base-url is for a --model"), (("--thinking", "on"), "--thinking is for a --model"), (("--seed", "1"), "--seed is for a --model"),
    (("--refine-url", "http://x"), "--refine-url is the server of --refine"), (("--adapter", "runs/a"), "--adapter needs a --model"), (("--candidates", "2", "--temperature", "0"), "would all be the same"),
    (("--model", "runs/a", "--dry-run"), "--dry-run counts"), (("--apis", "ask"), "--apis and --apps go with --query"), (("--force",), "--force goes with --query"), (("--query", " "), "--query is empty"),
    (("--query", "say hello"), "generated.jsonl: --query writes a .shortcut file"),
])  # fmt: skip
def test_flags_that_cannot_go_together_are_refused(queries: Path, run: Callable[..., Run], flags: tuple[str, ...], message: str) -> None:
    code, _, _, err = run(queries, *flags)
    assert code == 2 and message in err


# ---------------------------------------------------------------------------------------------------------------------------------
# candidates, repair, refinement

CLEAN = ("Here = is_workflow_actions_getcurrentlocation()\nColor = com_sindresorhus_Actions_RandomColorIntent()\n"
         "is_workflow_actions_showresult(Text=f'{Here} {Color}')\n")  # fmt: skip
BAD = "is_workflow_actions_nosuch()\n"


def fenced(code: str) -> str:
    return f"Thought: 1. Show it.\n\nCode:\n```python\n{code}```"


def test_the_best_of_several_candidates_is_written_each_with_its_own_seed(queries: Path, run: Callable[..., Run]) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        return fenced(CLEAN if body["seed"] == 2 * 1_000_003 else BAD)

    with StubOpenAI(answer) as stub:
        _, summary, *_ = run(queries, "--model", "a", "--base-url", stub.base_url, "--candidates", "4", "--limit", "2")
    assert summary["clean"] == summary["compiled"] == 2 and summary["requests"] == 6  # the fourth is not asked for
    first = [body for body in stub.requests if "Do thing 0" in body["messages"][0]["content"]]
    assert [(body["temperature"], body["seed"]) for body in first] == [(0.0, 0), (0.8, 1_000_003), (0.8, 2_000_006)]
    annotator = generated(queries)["q0"]["annotator"]
    assert annotator["chosen"] == 2 and [one["diagnostics"] for one in annotator["candidates"]] == [1, 1, 0]
    assert annotator["sampling"]["seed"] == 2_000_006 and annotator["prompt_tokens"] == 30


def test_a_repair_round_asks_the_same_model_once_more(queries: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: fenced(CLEAN if len(body["messages"]) == 3 else BAD)) as stub:
        _, summary, *_ = run(queries, "--model", "a", "--base-url", stub.base_url, "--repair", "--limit", "1")
    assert summary["clean"] == 1 and summary["requests"] == 2
    assert "line 1, `is_workflow_actions_nosuch()`: no API" in stub.requests[1]["messages"][2]["content"]
    assert generated(queries)["q0"]["annotator"]["repair"]["kept"] == "repair"


def test_refinement_replaces_a_draft_only_by_something_better(queries: Path, run: Callable[..., Run]) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        told = body["messages"][-1]["content"]
        return fenced(CLEAN) if "Do thing 0" in told else error(400, "too long") if "Do thing 1" in told else "no, thanks"

    with StubOpenAI(lambda body, number: fenced(BAD)) as draft, StubOpenAI(answer) as better:
        flags = ("--no-repair", "--refine", "b", "--refine-url", better.base_url, "--limit", "3")
        code, summary, *_ = run(queries, "--model", "a", "--base-url", draft.base_url, *flags)
    records = generated(queries)
    assert code == 0 and summary["clean"] == 1 and summary["requests"] == 3 and summary["refine"]["requests"] >= 2
    assert "checker found: line 1, `is_workflow_actions_nosuch()`: " in better.requests[0]["messages"][1]["content"]
    refined = {name: record["annotator"]["refine"] for name, record in records.items()}
    assert records["q0"]["code"] == CLEAN and refined["q0"]["kept"] == "refined" and refined["q0"]["model"] == "b"
    assert "nosuch" in records["q1"]["code"] and refined["q1"]["failure"] == "bad_request"  # a draft is not lost for it
    assert "nosuch" in records["q2"]["code"] and refined["q2"]["kept"] == "draft" and refined["q2"]["reach"] == "nothing"


def test_the_budget_covers_the_annotator_and_who_refines(queries: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: fenced(BAD)) as stub:  # 5 tokens out each, half a cent; a refinement may take 8,192
        flags = ("--model", "a", "--base-url", stub.base_url, "--refine", "b", "--refine-url", stub.base_url, "--concurrency", "1",
                 "--max-new-tokens", "100", "--price", "0/1000", "--no-repair")  # fmt: skip
        code, _, _, err = run(queries, *flags, "--budget-usd", "8.22")
        assert code == 1 and "--budget-usd 8.22: 0.03" in err
        assert len(stub.requests) == 7  # each by itself would have stopped at twice that
        assert run(queries, *flags, "--budget-usd", "20").code == 0
    assert len(stub.requests) == 14 and len(generated(queries)) == 7  # what was paid is not paid again


def test_a_dry_run_counts_all_that_may_be_asked_and_sends_nothing(queries: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--candidates", "3", "--repair", "--refine", "b", "--refine-url", stub.base_url)
        code, summary, *_ = run(queries, *flags, "--dry-run", "--price", "1/1")
    assert code == 0 and stub.requests == [] and not queries.with_name("generated.jsonl").exists()
    assert summary["requests"] == 7 * 4 and summary["refine"]["requests"] == 7 and summary["cost_usd"] > 0


# ---------------------------------------------------------------------------------------------------------------------------------
# killed and run again


class Killed(BaseException):
    """An exception that no handler of the stage catches, as a kill."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model: what it writes is noise, and no two samples of it are the same."""
    folder = tmp_path_factory.mktemp("tiny")
    chat = conversation.chat("Do thing", APIS, Catalog.load())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "TINY_SHAPE", synthetic.SHAPE)
        model, tokenizer = models.build_tiny([chat[0]["content"], ANSWER], context=2048)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    models.note_prompt(folder)  # as stage 07 does: its context has no room for a primer
    return folder


def ways(name: str, request: pytest.FixtureRequest, stub: StubOpenAI) -> tuple[str, ...]:
    better = ("--candidates", "2", "--repair", "--limit", "4")
    return {"offline": lambda: better[3:], "endpoint": lambda: ("--model", "a", "--base-url", stub.base_url, "--concurrency", "2", *better),
            "local": lambda: ("--model", str(request.getfixturevalue("tiny")), "--batch-size", "2", "--max-new-tokens", "8", *better)}[name]()  # fmt: skip


@pytest.mark.ci
@pytest.mark.parametrize("way", ["offline", "endpoint", "local"])
def test_killed_and_run_again_it_writes_the_same(queries: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch,
                                                 request: pytest.FixtureRequest, way: str) -> None:
    def answer(body: dict[str, Any], number: int) -> str:  # of its own for each question
        return fenced(f"is_workflow_actions_nosuch(a='{body['seed']} of {len(body['messages'])}')\n")

    def write(self: cli.Run, record: dict[str, Any]) -> None:
        if self.written == 2:
            self._files[self.output].write(b'{"id": "q3", "torn')
            raise Killed
        whole(self, record)

    whole = cli.Run.write
    with StubOpenAI(answer) as stub:
        flags = ways(way, request, stub)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(cli.Run, "write", write)
            run(queries, *flags)
        assert run(queries, *flags).summary["skipped"] == 2
        killed = generated(queries)
        (queries.parent / "cache").unlink(missing_ok=True)
        run(queries, *flags, "--overwrite")
    assert killed == generated(queries) and len(killed) == 4
    if way != "offline":
        annotator = killed["q0"]["annotator"]
        assert len(annotator["candidates"]) == 2 and annotator["repair"]["kept"] in ("draft", "repair") and annotator["completion_tokens"] > 3
        assert annotator["prompt_tokens"] > annotator["completion_tokens"]


@pytest.mark.slow
def test_a_sigkill_loses_nothing_that_was_answered(queries: Path, run: Callable[..., Run]) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply(fenced(BAD.replace("()", f"(a='{body['messages'][0]['content'][:12]} {body['seed']}')")), delay=0.05)

    with StubOpenAI(answer) as stub:
        flags = ("--model", "annotator", "--base-url", stub.base_url, "--concurrency", "2", "--candidates", "2", "--repair")
        process = subprocess.Popen(command(queries, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        output = queries.with_name("generated.jsonl")
        while not output.exists() or not output.stat().st_size:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        asked = len(stub.requests)
        assert run(queries, *flags).summary["skipped"] > 0
    assert len(generated(queries)) == 7 and 21 <= len(stub.requests) <= 21 + 2 and asked >= 3  # two were on their way


def test_an_answer_depends_on_its_batch_by_rounding_alone(queries: Path, run: Callable[..., Run], tiny: Path) -> None:
    def written(size: str) -> list[str]:
        run(queries, "--model", str(tiny), "--max-new-tokens", "12", "--temperature", "1", "--batch-size", size, "--overwrite",
            "--no-constrained")
        return [record["plan"] for record in generated(queries).values()]

    alone = written("1")
    assert alone == written("7") and len(set(alone)) == 7


@pytest.mark.ci
def test_a_model_here_can_be_made_to_use_all_apis_of_a_query(queries: Path, run: Callable[..., Run], tiny: Path) -> None:
    assert run(queries, "--model", str(tiny), "--max-new-tokens", "150", "--temperature", "1", "--use-all").summary["compiled"] == 7
    for record in generated(queries).values():
        assert {finding["code"] for finding in record["diagnostics"]} <= {"cut"}  # it has no end of its own
        assert set(record["apis"]) <= set(shortcuts.apis_of(record["code"]))


@pytest.mark.parametrize("flags", [("--base-url", "http://localhost:9"), ("--no-constrained",), ("--query", "say hello")])
def test_to_use_all_apis_needs_a_model_here_and_apis_that_are_known_to_be_needed(queries: Path, run: Callable[..., Run], flags: tuple[str]) -> None:
    ended = run(queries, "--model", "m", "--use-all", *flags)
    assert ended.code == 2 and "--use-all" in ended.err


# ---------------------------------------------------------------------------------------------------------------------------------
# one shortcut for a person


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def chooses(*names: str, program: str = ANSWER, repaired: str = ANSWER) -> Callable[[dict[str, Any], int], str]:
    """A model that names these actions when it is asked which it needs, then answers with a program, then with a repaired one."""
    def reply(body: dict[str, Any], number: int) -> str:
        if len(body["messages"]) > 1:
            return repaired
        return json.dumps({"actions": names, "missing": []}) if "These actions exist" in body["messages"][0]["content"] else program

    return reply


def test_a_query_becomes_a_shortcut_with_its_program_and_plan_beside_it(here: Path, run: Callable[..., Run]) -> None:
    code, summary, out, err = run(None, "--query", "remind me to water the plants if no rain is forecast", "--output", "rain.shortcut")
    assert code == 0 and summary == {} and sorted(path.name for path in here.iterdir()) == ["rain.py", "rain.shortcut", "rain.txt"]
    shortcut = plist.read_shortcut((here / "rain.shortcut").read_bytes())
    assert (here / "rain.shortcut").read_bytes().startswith(b"bplist00")
    assert shortcuts.equivalent(shortcuts.to_shortcut(out), shortcut)  # stdout holds the program alone, to pipe into a file
    assert shortcuts.equivalent(shortcuts.to_shortcut((here / "rain.py").read_text()), shortcut)
    assert out.startswith("# 1. Get the weather forecast") and "if 'rain' not in Weather_Conditions:" in out
    assert (here / "rain.txt").read_text().startswith("1. Get the weather forecast")
    assert "shortcuts sign --mode anyone --input rain.shortcut" in err and "written: rain.shortcut, rain.py, rain.txt" in err


@pytest.mark.parametrize("taken", ["rain.shortcut", "rain.py", "rain.txt"])
def test_a_file_that_is_there_is_replaced_with_overwrite_alone(here: Path, run: Callable[..., Run], taken: str) -> None:
    (here / taken).write_text("mine")
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--no-cache", "--output", "rain.shortcut")
        refused = run(None, *flags)
        assert refused.code == 1 and not stub.requests and [path.name for path in here.iterdir()] == [taken]
        assert refused.err == f"error: --output: {taken} is there already; give another name, or --overwrite to replace it\n"
        assert run(None, *flags, "--overwrite").code == 0
    assert b"mine" not in (here / taken).read_bytes()


def test_a_plan_that_is_replaced_by_none_is_removed(here: Path, run: Callable[..., Run]) -> None:
    (here / "rain.txt").write_text("mine")
    with StubOpenAI(lambda body, number: "```python\nis_workflow_actions_showresult(Text='hello')\n```") as stub:
        flags = ("--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--no-cache", "--output", "rain.shortcut", "--overwrite")
        ended = run(None, *flags)
    assert ended.code == 0 and sorted(path.name for path in here.iterdir()) == ["rain.py", "rain.shortcut"]
    assert "written: rain.shortcut, rain.py\n" in ended.err


def test_a_file_without_a_name_gets_the_querys_words_and_a_number_where_they_are_taken(here: Path, run: Callable[..., Run]) -> None:
    for _ in range(2):
        assert run(None, "--query", "start a timer for 10 minutes").code == 0
    assert sorted(path.name for path in here.glob("*.shortcut")) == ["Start a timer for 10 minutes 2.shortcut", "Start a timer for 10 minutes.shortcut"]


def test_without_a_model_words_that_no_rule_covers_are_named_and_nothing_is_written(here: Path, run: Callable[..., Run]) -> None:
    code, _, out, err = run(None, "--query", "delete the screenshots of last week")
    assert code == 1 and not out.strip() and not list(here.iterdir())
    assert "not understood: " in err and "screenshots" in err and "--model" in err


def test_a_model_names_the_actions_first_and_is_then_offered_these_with_a_kit_and_the_primer(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(chooses("Get Battery Status", "Log my body weight")) as stub:
        code, *_ = run(None, "--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--cache", "cache")
    first, second = (request["messages"][0]["content"] for request in stub.requests)
    assert code == 0 and "say hello" in first and "Get Battery Status" in first and "def is_workflow" not in first
    assert second.startswith(primer.primer()) and "def is_workflow_actions_getbatterylevel(" in second
    assert "def is_workflow_actions_getvalueforkey(" in second and "def is_workflow_actions_takephoto(" not in second
    assert "def is_workflow_actions_health_quantity_log(" in second  # what a name that no action has is likely to mean


def test_a_model_that_names_nothing_is_offered_what_a_search_finds(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        code, _, _, err = run(None, "--query", "log my weight", "--model", "a", "--base-url", stub.base_url, "--cache", "cache")
    assert code == 0 and "the model named no actions" in err
    assert "def is_workflow_actions_health_quantity_log(" in stub.requests[-1]["messages"][0]["content"]


def test_a_sentence_that_the_search_hardly_reads_is_said_to_be_one(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--no-primer", "--query")
        assert "reads little of this sentence" in run(None, *flags, "напомни мне полить цветы").err
        assert "reads little of this sentence" not in run(None, *flags, "start a timer for 10 minutes").err


def test_an_adapter_that_is_served_is_asked_as_in_training(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        run(None, "--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--no-primer")
    assert [request["messages"][0]["content"].startswith("say hello") for request in stub.requests] == [True]


def test_apps_of_the_person_are_listed_and_an_unknown_one_is_refused(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(chooses()) as stub:
        flags = ("--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--cache", "cache")
        run(None, *flags, "--apps", "drafts")
        assert "\nDrafts: " in stub.requests[0]["messages"][0]["content"]
        code, _, _, err = run(None, *flags, "--apps", "Draftz")
    assert code == 1 and "--apps: no app 'Draftz' in the catalogue; did you mean Drafts?" in err


def test_a_model_behind_a_server_mends_its_answer_once_with_the_signatures_of_what_is_wrong(here: Path, run: Callable[..., Run]) -> None:
    wrong = fenced("is_workflow_actions_showresult(Txt='hello')\nx = is_workflow_actions_getclipbord()\n")
    with StubOpenAI(chooses(program=wrong)) as stub:
        code, _, _, err = run(None, "--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--output", "a.shortcut")
    fault = stub.requests[-1]["messages"][-1]["content"]
    assert code == 0 and len(stub.requests) == 3 and "error" not in err and "hello" in (here / "a.py").read_text()
    assert "has no parameter Txt, did you mean Text?" in fault and "did you mean is_workflow_actions_getclipboard?" in fault
    assert "def is_workflow_actions_showresult(" in fault and "def is_workflow_actions_getclipboard(" in fault


def test_of_temperature_and_top_p_only_the_second_goes_where_a_server_takes_one_and_the_record_says_so(queries: Path, run: Callable[..., Run]) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        both = {"temperature", "top_p"} <= body.keys()
        return error(400, "`temperature` and `top_p` cannot both be specified for this model. Please use only one.") if both else ANSWER

    with StubOpenAI(answer) as stub:
        run(queries, "--model", "m", "--base-url", stub.base_url, "--temperature", "0.7", "--no-repair")
    assert "top_p" not in stub.requests[-1] and all(request["temperature"] == 0.7 for request in stub.requests)
    assert generated(queries)["q0"]["annotator"]["sampling"].keys() == {"temperature", "max_tokens", "seed"}


@pytest.mark.parametrize(("end", "is_cut"), [("```\nIt shows", False), ("```", True), ("", True)])  # a grammar may close what it cuts
def test_an_answer_that_was_cut_is_said_to_be_and_makes_no_shortcut(here: Path, run: Callable[..., Run], end: str, is_cut: bool) -> None:
    text = "Thought:1. Show it.\n\nCode:\n```python\nis_workflow_actions_showresult(Text='hello')\n" + end
    with StubOpenAI(lambda body, number: Reply(text, finish="length")) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--no-repair", "--output", "a.shortcut")
        code, _, _, err = run(None, "--query", "say hello", "--apis", "showresult", *flags)
    assert code == is_cut and ("the answer ends here, at the token limit" in err) == is_cut
    assert (here / "a.py").exists() and (here / "a.shortcut").exists() != is_cut


def test_what_the_shortcut_does_to_the_outside_is_said_before_anybody_runs_it(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: fenced("is_workflow_actions_sendmessage(WFSendMessageContent='hello')\n")) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--no-repair")
        code, _, _, err = run(None, "--query", "say hello", "--apis", "sendmessage", *flags)
    assert code == 0 and "it sends the message 'hello'" in err


def test_of_several_programs_the_longest_is_taken_and_that_is_said(here: Path, run: Callable[..., Run]) -> None:
    both = "```python\nx = 1\n```\nAll of it:\n```python\nis_workflow_actions_showresult(Text='hello')\n```"
    with StubOpenAI(lambda body, number: both) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--cache", "cache", "--no-repair")
        code, _, out, err = run(None, "--query", "say hello", "--apis", "showresult", *flags)
    assert code == 0 and "hello" in out and "the answer holds 2 programs; the longest is taken" in err


def test_a_model_is_offered_what_a_person_names_and_need_not_call_it_all(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--model", "a", "--base-url", stub.base_url, "--cache", "cache")
        code, *_ = run(None, "--query", "say hello", "--apis", "showresult", "is_workflow_actions_ask", *flags)
    asked = stub.requests[0]["messages"][0]["content"]
    assert code == 0 and len(stub.requests) == 1 and asked.count("\ndef ") == 2 and "def is_workflow_actions_ask(" in asked


@pytest.mark.parametrize(("answer", "said", "kept"), [("Sorry.", "error: the answer holds no program", False),
                                                      (fenced("x = (\n"), "error: the program does not compile", True)])  # fmt: skip
def test_what_does_not_compile_is_one_line_and_no_shortcut_but_is_kept(here: Path, run: Callable[..., Run], answer: str, said: str,
                                                                       kept: bool) -> None:
    with StubOpenAI(lambda body, number: answer) as stub:
        code, summary, _, err = run(None, "--query", "say hello", "--model", "a", "--base-url", stub.base_url, "--cache", "cache",
                                    "--output", "hello.shortcut")  # fmt: skip
    assert code == 1 and summary == {} and not (here / "hello.shortcut").exists() and (here / "hello.py").exists() == kept
    assert err.splitlines()[-1].startswith(said) and "Traceback" not in err


def test_an_api_that_is_none_is_named_with_what_is_near(here: Path, run: Callable[..., Run]) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        code, _, _, err = run(None, "--query", "say hello", "--apis", "show reslt", "--model", "a", "--base-url", stub.base_url)
    assert code == 1 and "--apis: show reslt is not in the catalogue; near it: is.workflow.actions." in err and not list(here.iterdir())


@pytest.mark.parametrize(("platform", "said"), [("darwin", "to install it here: open "), ("linux", "without a Mac: docs/writers.md")])
def test_what_a_person_does_next_depends_on_the_system(platform: str, said: str) -> None:
    steps = query.next_steps(query.files_of(Path("my rain.shortcut")), platform)
    assert steps[0] == "to change it: edit 'my rain.py', then python 02_transcribe.py 'my rain.py'"
    assert any(step.startswith(said) for step in steps) and all("sent to Apple" in step or "sends it to Apple" in step for step in steps[1:2])


def test_a_model_that_was_trained_without_plans_is_no_annotator(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / models.PROMPT_FILE).write_text('{"primer": false, "task": "generate_without_plan"}')
    ended = stage_runs.run("05", "--model", tmp_path / "run", "--input", tmp_path / "queries.jsonl")
    assert ended.returncode == 1 and "trained on generate_without_plan" in ended.stderr
