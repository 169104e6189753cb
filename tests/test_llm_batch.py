"""The Batch API path against the stub server: python -m pytest tests/test_llm_batch.py"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from common.cli import Reject
from common.jsonl import UserError
from common.llm import CompletionResult, Prompt, Writer, batch, limiter, open_writer
from tests.stub_openai import Reply, StubOpenAI, error

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "BACK_OFF", (0.01, 0.02))
    monkeypatch.setattr(batch, "QUIET", 0.05)
    monkeypatch.setattr(batch, "POLL", 0.02)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def prompt(text: str, schema: dict[str, Any] | None = None, accept: Callable[[Any], Any] = lambda answer: answer) -> Prompt:
    return Prompt("test", [{"role": "user", "content": text}], schema, accept=accept)


def echo(body: dict[str, Any], number: int) -> str:
    return f"answer to {body['messages'][0]['content']}"


def two_steps(writer: Writer) -> Callable[[int], Any]:
    """A record that asks twice, the second time with what it was told the first time."""

    async def work(number: int) -> str:
        first = await writer.ask(prompt(f"step 1 of {number}"))
        return (await writer.ask(prompt(f"step 2 after {first.text}"))).text

    return work


def open_batch(stub: StubOpenAI, folder: Path, **options: Any) -> Writer:
    return open_writer("m", stub.base_url, batch=True, cache=folder / "answers.sqlite", **{"concurrency": 100, **options})


def test_records_go_in_rounds_one_batch_for_each_step(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        writer = open_batch(stub, tmp_path, price=(0.0, 2.0))
        outcomes = dict(writer.map(two_steps(writer), range(20)))
        assert outcomes[7] == "answer to step 2 after answer to step 1 of 7" and len(outcomes) == 20
        assert len(stub.batches) == 2 and len(stub.requests) == 40 and stub.number == 0  # not one went the other way
        assert writer.figures()["cost_usd"] == pytest.approx(40 * 5 * 1.0 / 1e6)  # half the price


def test_both_paths_share_their_answers(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        writer = open_batch(stub, tmp_path)
        list(writer.map(two_steps(writer), range(5)))
        direct = open_writer("m", stub.base_url, cache=tmp_path / "answers.sqlite")
        assert len(list(direct.map(two_steps(direct), range(6)))) == 6
        assert stub.number == 2 and direct.figures()["cached"] == 10
        again = open_batch(stub, tmp_path)
        assert len(list(again.map(two_steps(again), range(6)))) == 6 and len(stub.batches) == 2


@pytest.mark.parametrize("ending", ["expired", "cancelled", "failed"])
def test_what_a_batch_leaves_open_is_asked_anew_and_what_it_answered_is_kept(ending: str, tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        stub.endings = [ending]
        writer = open_batch(stub, tmp_path)
        outcomes = [outcome for _, outcome in writer.map(writer.ask, [prompt(str(number)) for number in range(10)])]
        assert all(isinstance(outcome, CompletionResult) for outcome in outcomes)
        assert len(stub.batches) == 2 and len(stub.requests) == 10


def test_batches_that_never_answer_stop_the_run_with_the_reason(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub, pytest.raises(UserError, match="Enqueued token limit.*--batch-records"):
        stub.endings = ["failed"] * 3
        open_batch(stub, tmp_path).complete(prompt("a"))


def test_a_killed_run_is_picked_up_and_not_paid_again(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        stub.polls = 10**6
        first = open_batch(stub, tmp_path)
        with pytest.raises(KeyboardInterrupt):
            list(first.map(interrupted(first, stub), range(8)))
        assert len(stub.batches) == 1 and not stub.requests
        stub.polls = 0
        second = open_batch(stub, tmp_path, price=(0.0, 1e6), budget=10.0)  # what is under way was paid by the run before
        outcomes = [outcome for _, outcome in second.map(second.ask, [prompt(str(number)) for number in range(8)])]
        assert len(stub.batches) == 1 and len(stub.requests) == 8 and not any(isinstance(outcome, Reject) for outcome in outcomes)
        assert list(second.ledger.entries()) == []


def test_an_answer_to_an_earlier_run_says_nothing_about_the_formats_a_server_takes(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(400, "unknown response_format") if body["response_format"]["type"] == "json_schema" else '{"n": 1}'

    with StubOpenAI(answer) as stub:
        stub.polls = 10**6
        first = open_batch(stub, tmp_path)
        first.profile.format, first.profile.format_is_known = "json_object", True
        with pytest.raises(KeyboardInterrupt):
            list(first.map(interrupted(first, stub, SCHEMA), range(8)))
        stub.polls = 0
        second = open_batch(stub, tmp_path)
        assert second.complete(prompt("0", SCHEMA)).object == second.complete(prompt("new", SCHEMA)).object == {"n": 1}


def interrupted(writer: Writer, stub: StubOpenAI, schema: dict[str, Any] | None = None) -> Callable[[int], Any]:
    async def work(number: int) -> CompletionResult:
        if number == 7:
            stop()
        return await writer.ask(prompt(str(number), schema))

    def stop() -> None:  # no task: nobody would take its exception, and the garbage collector would say so in the midst of another test
        if stub.batches and any(identifier for _, identifier, _ in writer.ledger.entries()):
            raise KeyboardInterrupt
        asyncio.get_running_loop().call_later(0.01, stop)

    return work


def test_a_run_killed_between_noting_a_batch_and_making_it_asks_anew(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        writer = open_batch(stub, tmp_path)
        question = batch.CacheKey.of("m", prompt("a").messages, None, {"max_tokens": 8192})
        writer.ledger.add("file-that-was-uploaded", [question])
        assert writer.complete(prompt("a")).text == "answer to a" and len(stub.batches) == 1


def test_a_batch_whose_id_was_lost_is_found_by_its_file(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        stub.polls = 10**6
        first = open_batch(stub, tmp_path)
        with pytest.raises(KeyboardInterrupt):
            list(first.map(interrupted(first, stub), range(8)))
        first.ledger.cache.execute("UPDATE batches SET id = NULL")
        stub.polls = 0
        second = open_batch(stub, tmp_path)
        assert len(list(second.map(second.ask, [prompt(str(number)) for number in range(8)]))) == 8 and len(stub.batches) == 1


def test_a_refused_request_is_a_reject_that_is_remembered_and_others_are_answered(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(400, "too long") if body["messages"][0]["content"] == "3" else "fine"

    with StubOpenAI(answer) as stub:
        for _ in range(2):
            writer = open_batch(stub, tmp_path)
            outcomes = {item.messages[0]["content"]: outcome for item, outcome in writer.map(writer.ask, [prompt(str(number)) for number in range(5)])}
            assert outcomes.pop("3").reason == "bad_request" and all(outcome.text == "fine" for outcome in outcomes.values())
        assert len(stub.requests) == 5


def test_an_endpoint_that_takes_neither_schemas_nor_max_tokens_is_asked_its_way_in_the_next_batches(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        if "max_tokens" in body:
            return error(400, "use 'max_completion_tokens' instead of 'max_tokens'")
        return error(400, "unknown response_format") if body["response_format"]["type"] == "json_schema" else '{"n": 1}'

    with StubOpenAI(answer) as stub:
        writer = open_batch(stub, tmp_path)
        outcomes = [outcome for _, outcome in writer.map(writer.ask, [prompt(str(number), SCHEMA) for number in range(3)])]
        assert [outcome.object for outcome in outcomes] == [{"n": 1}] * 3 and len(stub.batches) == 3


def test_refusals_from_which_something_is_learned_use_up_no_tries(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        if "max_tokens" in body:
            return error(400, "use 'max_completion_tokens' instead of 'max_tokens'")
        return next((error(400, f"unknown {name}") for name in ("temperature", "top_p", "seed") if name in body), "fine")

    with StubOpenAI(answer) as stub:
        writer = open_batch(stub, tmp_path)
        assert writer.complete(prompt("a"), temperature=0.0, top_p=0.5, seed=1).text == "fine" and len(stub.batches) == 5


def test_an_answer_of_a_batch_that_holds_none_is_paid_for(tmp_path: Path) -> None:
    with StubOpenAI(lambda body, number: Reply("", finish="length")) as stub:
        writer = open_batch(stub, tmp_path, price=(0.0, 2e6 / 5), budget=10.0)  # 1 dollar an answer of 5 tokens, at half the price
        (outcome,) = [outcome for _, outcome in writer.map(lambda item: writer.ask(item, max_tokens=5), [prompt("a")])]
    assert outcome.reason == "answer_too_long" and writer.budget.spent == writer.used.cost == 1.0


@pytest.mark.parametrize("finish", ["stop", "content_filter"])
def test_an_answer_whose_tokens_the_provider_does_not_count_costs_as_much_as_one_that_comes_at_once(finish: str, tmp_path: Path) -> None:
    body = {"choices": [{"finish_reason": finish, "message": {"role": "assistant", "content": "hello"}}]}
    with StubOpenAI(lambda asked, number: Reply(body=orjson.dumps(body).decode())) as stub:
        direct = open_writer("m", stub.base_url, price=(1e6, 1e6), budget=1e6)
        batched = open_batch(stub, tmp_path, price=(2e6, 2e6), budget=1e6)  # at half the price
        outcomes = [str(outcome) for writer in (direct, batched) for _, outcome in writer.map(writer.ask, [prompt("long " * 90)])]
    assert batched.used == direct.used and batched.budget.spent == direct.budget.spent > 100 and outcomes[0] == outcomes[1]
    if finish == "stop":
        assert str(open_batch(stub, tmp_path).complete(prompt("long " * 90))) == outcomes[0]  # kept so, too


def test_a_full_batch_goes_out_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_REQUESTS", 4)
    with StubOpenAI(echo) as stub:
        writer = open_batch(stub, tmp_path)
        assert len(list(writer.map(writer.ask, [prompt(str(number)) for number in range(10)]))) == 10
        sizes = sorted(len(stub.files[entry["batch"]["input_file_id"]].splitlines()) for entry in stub.batches.values())
        assert sum(sizes) == 10 and max(sizes) <= 4


def test_the_budget_holds_for_batches(tmp_path: Path) -> None:
    with StubOpenAI(echo) as stub:
        writer = open_batch(stub, tmp_path, price=(0.0, 2e6 / 5), budget=10.0)  # 1 dollar an answer of 5 tokens, at half the price
        done = []
        with pytest.raises(UserError, match="--budget-usd 20"):
            for item, _ in writer.map(lambda item: writer.ask(item, max_tokens=5), [prompt(str(number)) for number in range(30)]):
                done.append(item)
        assert len(done) == len(stub.requests) == 10


def test_an_answer_in_a_schema_is_parsed_and_repaired_in_the_next_batch(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        return '{"n": 3}' if len(body["messages"]) == 3 else "three"

    with StubOpenAI(answer) as stub:
        assert open_batch(stub, tmp_path).complete(prompt("a", SCHEMA)).object == {"n": 3}
        assert len(stub.batches) == 2 and stub.requests[0]["response_format"]["type"] == "json_schema"


def test_batches_need_a_cache() -> None:
    with pytest.raises(UserError, match="--cache"):
        open_writer("m", "http://127.0.0.1:1/v1", batch=True)
