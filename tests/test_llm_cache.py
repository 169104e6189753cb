"""Answers and refusals are not paid twice: python -m pytest tests/test_llm_cache.py"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common import llm
from common.cli import Reject
from common.llm import CompletionResult, Prompt, Usage, batch, open_writer
from common.llm.cache import Cache, CacheKey
from tests.stub_openai import Reply, StubOpenAI, error

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
PROCESS = """
import sys
from pathlib import Path
from common.llm import CompletionResult, Usage
from common.llm.cache import Cache, CacheKey
cache = Cache(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    cache.put(CacheKey(f"{sys.argv[2]}-{number}", 100), CompletionResult("x" * 2000, None, Usage(1, 1, 0.1)))
    cache.put(CacheKey(f"shared-{number}", 100), CompletionResult(f"by {sys.argv[2]}", None, Usage(1, 1, 0.1)))
"""


def prompt(text: str = "hi", schema: dict[str, Any] | None = None) -> Prompt:
    return Prompt("test", [{"role": "user", "content": text}], schema)


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.mark.ci
def test_two_processes_make_and_write_one_file_at_once(tmp_path: Path) -> None:
    path, count = tmp_path / "new" / "answers.sqlite", 300
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS, path, name, str(count)], cwd=ROOT, stderr=subprocess.PIPE, text=True) for name in "ab"]
    assert [process.communicate(timeout=60)[1] for process in processes] == ["", ""]
    cache = Cache(path)
    for number in range(count):
        assert all(cache.get(CacheKey(f"{name}-{number}", 100)) == CompletionResult("x" * 2000, None, Usage(1, 1, 0.1)) for name in "ab")
        assert cache.get(CacheKey(f"shared-{number}", 100)).text in {"by a", "by b"}


def test_the_same_question_asked_at_once_is_paid_once(tmp_path: Path) -> None:
    with StubOpenAI(lambda body, number: Reply("x", delay=0.1)) as stub:
        writer = open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite", concurrency=20)
        outcomes = [outcome.text for _, outcome in writer.map(writer.ask, [prompt()] * 20)]
    assert outcomes == ["x"] * 20 and len(stub.requests) == 1 and writer.figures()["cached"] == 19


def gguf(size: int) -> dict[str, Any]:
    return {"id": "/models/a.gguf", "meta": {"n_params": 7, "size": size}}


@pytest.mark.parametrize(("rows", "other", "asks"), [
    ([{"id": "m", "root": "runs/a"}], [{"id": "m", "root": "runs/b"}], True), ([gguf(1)], [gguf(2)], True), ([gguf(1)], [gguf(1)], False),
    ([{**gguf(1), "id": "m"}], [{**gguf(2), "id": "m"}], True), ([{"id": "a"}], [{"id": "b"}], True),  # the one model answers under any name
    ([{"id": "a"}, {"id": "b"}], [{"id": "b"}, {"id": "c"}], False), ([{"id": "m"}], [], False),
])  # fmt: skip
def test_an_answer_of_another_model_under_the_same_name_is_none(tmp_path: Path, rows: list[Any], other: list[Any], asks: bool) -> None:
    with StubOpenAI(lambda body, number: "x") as stub:
        for stub.models in (rows, other):
            open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite").complete(prompt())
    assert len(stub.requests) == 1 + asks


def test_a_dry_run_knows_the_answers_of_the_model_that_is_served(tmp_path: Path) -> None:
    args = argparse.Namespace(price=None, prices=None, dry_run=True, cache=tmp_path / "c.sqlite", batch=False, output=tmp_path / "x.jsonl",
                              overwrite=False, retry_rejected=False, key_variable=[], timeout=5.0)  # fmt: skip
    with StubOpenAI(lambda body, number: "x") as stub:
        stub.models = [{"id": "m", "root": "runs/a"}]
        open_writer("m", stub.base_url, cache=args.cache).complete(prompt())
        writer = llm.open_named(args, "m", stub.base_url)
        assert writer.complete(prompt()).text == "x" and writer.figures()["cached"] == 1 and len(stub.requests) == 1


def test_a_dry_run_of_batches_knows_the_answers_to_prompts_with_a_grammar_which_batches_leave_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    args = argparse.Namespace(price=None, prices=None, dry_run=False, cache=tmp_path / "c.sqlite", batch=True, output=tmp_path / "x.jsonl", overwrite=False,
                              retry_rejected=False, key_variable=[], timeout=5.0, concurrency=1, batch_records=9, budget_usd=None)  # fmt: skip
    monkeypatch.setattr(batch, "QUIET", 0.05)
    monkeypatch.setattr(batch, "POLL", 0.02)
    with StubOpenAI(lambda body, number: "x") as stub:
        for args.dry_run in (False, True):
            writer = llm.open_named(args, "m", stub.base_url)
            assert writer.complete(replace(prompt(), grammar='start: "x"')).text == "x" and writer.figures()["cached"] == args.dry_run


def test_an_answer_that_ended_by_itself_serves_every_limit_it_fits_in() -> None:
    cache = Cache(Path(":memory:"))
    cache.put(CacheKey("whole", 1000), CompletionResult("x", None, Usage(5, 200, 0.1), "stop"))
    cache.put(CacheKey("cut", 1000), CompletionResult("x", None, Usage(5, 1000, 0.1), "length"))
    cache.put(CacheKey("uncounted", 1000), CompletionResult("x", None, Usage(5, 0, 0.1), "stop"))
    assert [cache.get(CacheKey("whole", limit)) is not None for limit in (100, 200, 1000, 9000)] == [False, True, True, True]
    assert [cache.get(CacheKey("cut", limit)) is not None for limit in (999, 1000, 9000)] == [False, True, False]
    assert [cache.get(CacheKey("uncounted", limit)) is not None for limit in (500, 9000)] == [False, True]


def test_a_refusal_is_remembered_with_its_reason_until_it_is_asked_to_retry(tmp_path: Path) -> None:
    answers: list[str | Reply] = [error(400, "too many tokens"), "now it goes"]
    with StubOpenAI(lambda body, number: answers[number]) as stub:
        for _ in range(2):
            with pytest.raises(Reject, match="bad_request: 400: .*too many tokens"):
                open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite").complete(prompt())
        assert len(stub.requests) == 1
        assert open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite", retry_rejected=True).complete(prompt()).text == "now it goes"
        assert open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite").complete(prompt()).text == "now it goes"
    assert len(stub.requests) == 2


def test_unusable_answers_are_judged_again_for_nothing_and_asked_again_only_to_retry(tmp_path: Path) -> None:
    answers = ["bad", "worse", '{"n": 1}']
    with StubOpenAI(lambda body, number: answers[number]) as stub:
        for _ in range(2):
            with pytest.raises(Reject, match="unusable_answer.*worse"):
                open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite").complete(prompt(schema=SCHEMA))
        assert len(stub.requests) == 2
        again = open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite", retry_rejected=True)
        assert again.complete(prompt(schema=SCHEMA)).object == {"n": 1} and len(stub.requests) == 3


def test_an_object_cut_at_the_limit_is_a_reject_that_is_paid_once(tmp_path: Path) -> None:
    with StubOpenAI(lambda body, number: Reply('{"n":', finish="length")) as stub:
        for _ in range(2):
            with pytest.raises(Reject, match="answer_too_long"):
                open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite").complete(prompt(schema=SCHEMA))
        assert len(stub.requests) == 1


def test_a_file_that_is_no_cache_is_named(tmp_path: Path) -> None:
    from common.jsonl import UserError

    (tmp_path / "c.sqlite").write_text("no database, but long enough to look like one" * 100)
    with pytest.raises(UserError, match="--cache .*c.sqlite"):
        Cache(tmp_path / "c.sqlite")
