"""Stage 05 and the rule-based baseline: python -m pytest tests/test_annotate.py"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from common import cli, dialect, jsonl, prompts
from common import model as models
from common.catalog import Catalog
from common.offline import baseline
from tests.stub_openai import Reply, StubOpenAI

pytestmark = pytest.mark.xdist_group("torch")  # one process imports it, not each

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


def run(queries: Path, *flags: str) -> tuple[int, dict[str, Any], str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENAI_")}
    done = subprocess.run(command(queries, *flags), capture_output=True, text=True, env=environment, timeout=60)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}, done.stderr


def generated(queries: Path) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in jsonl.read(queries.with_name("generated.jsonl"))}


# ---------------------------------------------------------------------------------------------------------------------------------
# the baseline


def test_the_baseline_calls_each_api_once_and_check_finds_nothing() -> None:
    catalog = Catalog.load()
    usable = [api.id for api in catalog if "wf" in api.source or "seen" in api.source]
    for start in range(0, len(usable), 9):
        apis = [api for api in usable[start: start + 9] if api not in prompts.SYNTAX_APIS and api not in baseline.ENDINGS]
        code = baseline.program(apis, catalog, key=f"k{start}")
        assert dialect.check(code, catalog) == []
        assert set(apis) - {"is.workflow.actions.nothing"} <= set(dialect.apis_of(code)) | {"is.workflow.actions.nothing"}


def test_the_baseline_is_deterministic_chained_and_structured() -> None:
    catalog = Catalog.load()
    apis = ["is.workflow.actions." + name for name in ("getclipboard", "text.split", "count", "showresult")]
    programs = [baseline.program(apis, catalog, key=f"k{number}") for number in range(30)]
    assert programs == [baseline.program(apis, catalog, key=f"k{number}") for number in range(30)]
    assert all(any(word in code for code in programs) for word in ("if ", "for _ in range(2):", "match menu("))
    assert all("text=Clipboard" in code and "Input=Split_Text" in code and "Text=Count" in code for code in programs)
    for code in programs:
        assert dialect.to_python(dialect.to_shortcut(code))[0] == code


# ---------------------------------------------------------------------------------------------------------------------------------
# the stage


def test_offline_records_are_complete_marked_and_clean(queries: Path) -> None:
    code, summary, _ = run(queries)
    assert code == 0 and summary["written"] == summary["clean"] == summary["with_code"] == 7
    for record in generated(queries).values():
        assert record["annotator"]["model"] == "offline" and record["diagnostics"] == [] and record["plan"].startswith("1. ")
        assert "#" in record["annotated_code"] and "#" not in record["code"] and record["category"] == "News"
        assert dialect.rename(record["annotated_code"], {}) == record["code"]


@pytest.mark.parametrize(("answer", "finding"), [
    ("I would rather not.", "no_code"), ("Thought: p\nCode:\n```python\nx = (\n```", "syntax"),
    ("```python\nis_workflow_actions_nosuchthing()\n```", "unknown_api"), ("", "no_code"),
])  # fmt: skip
def test_a_bad_answer_is_kept_with_what_is_wrong_with_it(stage: Any, answer: str, finding: str) -> None:
    record = stage.finished({"id": "a", "apis": APIS}, answer, {"model": "m"}, Catalog.load())
    assert record["diagnostics"][0]["code"] == finding and set(record["diagnostics"][0]) == {"line", "code", "message"}
    assert bool(record["code"]) == (finding != "no_code")


def test_an_endpoint_gets_the_chat_prompt_and_the_sampling(queries: Path) -> None:
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        flags = ("--temperature", "0.7", "--seed", "3", "--max-new-tokens", "99")
        run(queries, "--model", "annotator", "--base-url", stub.base_url, *flags)
    record = generated(queries)["q0"]
    assert record["plan"] == "1. Show it." and record["diagnostics"] == []
    assert record["code"] == "is_workflow_actions_showresult(Text='hello')\n"
    sent = next(request for request in stub.requests if "Do thing 0" in request["messages"][0]["content"])
    assert sent["messages"] == prompts.chat("Do thing 0", APIS, Catalog.load())
    assert (sent["temperature"], sent["seed"], sent["max_tokens"]) == (0.7, 3, 99)
    assert record["annotator"] == {"model": "annotator", "adapter": None,
                                   "sampling": {"temperature": 0.7, "top_p": 1.0, "max_tokens": 99, "seed": 3}}  # fmt: skip


@pytest.mark.slow
def test_refinement_replaces_a_draft_only_by_something_better(queries: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        return ANSWER if "Do thing 0" in body["messages"][-1]["content"] else "no, thanks"

    bad = "```python\nis_workflow_actions_nosuch()\n```"
    with StubOpenAI(lambda body, number: bad) as draft, StubOpenAI(answer) as better:
        flags = ("--refine", "b", "--refine-url", better.base_url)
        code, summary, _ = run(queries, "--model", "a", "--base-url", draft.base_url, *flags)
    records = generated(queries)
    assert code == 0 and summary["clean"] == 1 and "checker found: line 1:" in better.requests[0]["messages"][1]["content"]
    assert records["q0"]["code"].startswith("is_workflow_actions_showresult") and records["q0"]["annotator"]["refined_by"] == "b"
    assert "nosuch" in records["q1"]["code"] and records["q1"]["annotator"]["kept"] == "draft"


def test_killed_and_run_again_it_writes_the_same(queries: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> Reply:
        return Reply(ANSWER.replace("hello", body["messages"][0]["content"][:12]), delay=0.1)

    with StubOpenAI(answer) as stub:
        flags = ("--model", "annotator", "--base-url", stub.base_url, "--concurrency", "2")
        process = subprocess.Popen(command(queries, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        output = queries.with_name("generated.jsonl")
        while not output.exists() or not output.stat().st_size:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert run(queries, *flags)[1]["skipped"] > 0
        killed = generated(queries)
        queries.with_name("cache").unlink()
        run(queries, *flags, "--overwrite")
    assert killed == generated(queries) and len(killed) == 7


class FakeGeneration(NamedTuple):
    text: str
    reason: str = "stop"


def test_a_local_model_generates_in_batches_that_a_rerun_makes_again(stage: Any, queries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def generate(model: Any, tokenizer: Any, chats: Any, *, batch_size: int, **sampling: Any) -> Iterator[FakeGeneration]:
        batches.append(len(chats))
        assert batch_size == len(chats) and sampling == {"temperature": 0.0, "top_p": 1.0, "max_new_tokens": 512, "seed": 0}
        return (FakeGeneration(ANSWER.replace("hello", chat[0]["content"][:10] + f" of {len(chats)}")) for chat in chats)

    monkeypatch.setattr(models, "quiet_libraries", lambda: None)
    monkeypatch.setattr(models, "load_run", lambda folder: ("model", "tokenizer"))
    monkeypatch.setattr(models, "context_length", lambda model: 1024)
    monkeypatch.setattr(models, "generate", generate)
    args = argparse.Namespace(
        input=queries, output=queries.with_name("generated.jsonl"), overwrite=False, limit=None, shard=None, adapter=None,
        model=str(queries.parent), batch_size=3, max_new_tokens=4096, temperature=0.0, top_p=1.0, seed=0)
    with cli.Run("annotate", args) as stopped:
        for number, (record, text, annotator) in enumerate(stage.generate_here(stopped, args, Catalog.load())):
            stopped.write(stage.finished(record, text, annotator, Catalog.load()))
            if number == 3:
                break  # as a kill would, in the middle of the second batch
    with cli.Run("annotate", args) as again:
        for record, text, annotator in stage.generate_here(again, args, Catalog.load()):
            again.write(stage.finished(record, text, annotator, Catalog.load()))
    assert batches == [3, 3, 3, 1] and again.skipped == 4
    assert list(generated(queries)) == [f"q{number}" for number in range(7)]
    assert "Do thing 5 of 3" in generated(queries)["q5"]["code"]
    assert generated(queries)["q0"]["annotator"]["finish"] == "stop"


def test_an_adapter_for_a_server_is_refused(queries: Path) -> None:
    code, _, err = run(queries, "--adapter", "runs/a")
    assert code == 2 and "--adapter needs a --model" in err
