"""The writers' protocol against a stub server on loopback: python -m pytest tests/test_llm.py"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common import cli, llm
from common.cli import Reject
from common.jsonl import UserError
from common.llm import Prompt, budget, endpoint, limiter, open_writer
from common.llm.profile import ServerProfile
from common.llm.writer import schema_error
from tests.stub_openai import Reply, StubOpenAI, error

SCHEMA = {"type": "object", "properties": {"steps": {"type": "array", "items": {"type": "string"}}}}
GOOD = '{"steps": ["one"]}'


def prompt(text: str = "hi", schema: dict[str, Any] | None = None, accept: Callable[[Any], Any] = lambda answer: answer) -> Prompt:
    return Prompt("test", [{"role": "user", "content": text}], schema, accept=accept)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "BACK_OFF", (0.01, 0.02))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def serve(*replies: str | Reply) -> StubOpenAI:
    """A stub that gives the replies in turn, the last again and again."""
    return StubOpenAI(lambda body, number: replies[min(number, len(replies) - 1)])


def test_answers_with_text_and_counts_tokens_and_cost() -> None:
    with serve("hello") as stub:
        writer = open_writer("gpt-4o-mini", stub.base_url, temperature=0.0)
        answer = writer.complete(prompt())
    assert answer.text == "hello" and answer.object is None
    assert answer.usage == (10, 5, pytest.approx((10 * 0.15 + 5 * 0.60) / 1e6))
    assert stub.requests[0]["temperature"] == 0.0 and stub.requests[0]["messages"] == [{"role": "user", "content": "hi"}]
    assert writer.figures()["requests"] == 1


@pytest.mark.parametrize("bad", [
    error(500), error(503), error(429), Reply(body="{not json"), Reply(body='"text"'), Reply(body='{"choices": [{"message": {"content": 3}}]}'), Reply("cut", cut=True),
    pytest.param(Reply("late", delay=0.7), marks=pytest.mark.slow),
], ids=["500", "503", "429", "malformed", "string", "empty", "cut", "slow"])
def test_what_passes_is_tried_again(bad: Reply) -> None:
    with serve(bad, bad, "hello") as stub:
        assert open_writer("m", stub.base_url, timeout=0.3).complete(prompt()).text == "hello"
    assert len(stub.requests) == 3


def test_a_bad_request_does_not_take_the_grammar_from_those_after_it(tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(400, "the grammar is too large") if body["messages"][0]["content"] == "b" and "structured_outputs" in body else "hello"

    with StubOpenAI(answer) as stub:
        for _ in range(2):
            writer = open_writer("m", stub.base_url, cache=tmp_path / "answers.sqlite", concurrency=1)
            for text in "abc":
                assert writer.complete(replace(prompt(text), grammar='start: "hello"')).text == "hello"
    assert ["structured_outputs" in body for body in stub.requests] == [True, True, False, True]


@pytest.mark.ci
def test_retry_after_holds_every_request_back() -> None:
    times: list[float] = []

    def answer(body: dict[str, Any], number: int) -> str | Reply:
        times.append(time.monotonic())
        return error(429, retry_after="0.4") if number == 0 else "hello"

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=1)
        assert [outcome.text for _, outcome in writer.map(writer.ask, [prompt("a"), prompt("b")])] == ["hello", "hello"]
    assert times[1] - times[0] >= 0.4


def test_a_refused_request_is_a_reject_and_is_sent_once() -> None:
    with serve(error(400, "too many tokens")) as stub, pytest.raises(Reject) as caught:
        open_writer("m", stub.base_url).complete(prompt())
    assert caught.value.reason == "bad_request" and "too many tokens" in caught.value.detail and len(stub.requests) == 1


@pytest.mark.parametrize("fatal", [error(401, "bad key sk-planted"), error(404, "no such model"), error(429, "pay", "insufficient_quota")])
def test_wrong_settings_stop_the_run_without_showing_the_key(fatal: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    with serve(fatal) as stub, pytest.raises(UserError) as caught:
        open_writer("m", stub.base_url).complete(prompt())
    assert "sk-planted" not in str(caught.value) and len(stub.requests) == 1
    assert stub.authorizations == ["Bearer sk-planted"]


def test_a_server_that_answers_nothing_stops_the_run() -> None:
    with serve(error(500)) as stub, pytest.raises(UserError, match="nothing gets through"):
        open_writer("m", stub.base_url).complete(prompt())
    assert len(stub.requests) == endpoint.ATTEMPTS


def test_a_request_that_alone_fails_is_a_reject() -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        time.sleep(0.02)
        return error(500) if body["messages"][0]["content"] == "poison" else "fine"

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=2)
        prompts = map(prompt, ["poison", *"abcdefghijklmnop"])
        outcomes = {item.messages[0]["content"]: outcome for item, outcome in writer.map(writer.ask, prompts)}
    assert outcomes["poison"].reason == "no_answer" and outcomes["p"].text == "fine"


# ---------------------------------------------------------------------------------------------------------------------------------
# structured output


def test_json_is_asked_for_by_schema_and_parsed() -> None:
    with serve(GOOD) as stub:
        assert open_writer("m", stub.base_url).complete(prompt(schema=SCHEMA)).object == {"steps": ["one"]}
    sent = stub.requests[0]["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["schema"]["additionalProperties"] is False


def test_an_endpoint_without_json_schema_is_asked_in_json_mode_from_then_on() -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(400, "unknown response_format") if body["response_format"]["type"] == "json_schema" else GOOD

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=1)
        outcomes = [outcome for _, outcome in writer.map(writer.ask, [prompt("a", SCHEMA), prompt("b", SCHEMA)])]
    assert [outcome.object for outcome in outcomes] == [{"steps": ["one"]}] * 2
    assert [request["response_format"]["type"] for request in stub.requests] == ["json_schema", "json_object", "json_object"]


def test_the_way_to_ask_for_json_is_found_once_however_many_start_together() -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return GOOD if body["response_format"]["type"] == "json_object" else error(400, "unknown response_format")

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=300)
        outcomes = [outcome for _, outcome in writer.map(writer.ask, [prompt(str(number), SCHEMA) for number in range(300)])]
    assert all(outcome.object == {"steps": ["one"]} for outcome in outcomes) and len(stub.requests) == 301


def test_a_model_that_takes_only_max_completion_tokens_is_asked_that_way() -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(400, "Unsupported parameter: use 'max_completion_tokens' instead") if "max_tokens" in body else "fine"

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=2)
        assert [outcome.text for _, outcome in writer.map(writer.ask, map(prompt, "abc"))] == ["fine"] * 3
    limits = [request.get("max_completion_tokens") for request in stub.requests]
    assert limits.count(endpoint.MAX_TOKENS) == 3 and len(limits) <= 5  # two may start with the old name at once


@pytest.mark.parametrize("bad", ["no JSON", "[1]", '{"step": []}', '{"steps": [1]}'])
def test_an_unusable_answer_is_sent_back_once_with_the_problem(bad: str) -> None:
    with serve(bad, f"```json\n{GOOD}\n```") as stub:
        answer = open_writer("m", stub.base_url).complete(prompt(schema=SCHEMA))
    assert answer.object == {"steps": ["one"]} and answer.usage.prompt_tokens == 20
    assert stub.requests[1]["messages"][1]["content"] == bad and "cannot be used" in stub.requests[1]["messages"][2]["content"]


def test_what_accept_refuses_twice_is_a_reject_that_keeps_the_answer() -> None:
    def accept(answer: Any) -> Any:
        raise ValueError("step 3 is missing")

    with serve(GOOD) as stub, pytest.raises(Reject) as caught:
        open_writer("m", stub.base_url).complete(prompt(schema=SCHEMA, accept=accept))
    assert caught.value.reason == "unusable_answer" and GOOD in caught.value.detail
    assert "step 3" in stub.requests[1]["messages"][2]["content"]


def test_an_object_cut_at_the_token_limit_is_a_reject() -> None:
    with serve(Reply('{"steps": [', finish="length")) as stub, pytest.raises(Reject) as caught:
        open_writer("m", stub.base_url).complete(prompt(schema=SCHEMA))
    assert caught.value.reason == "answer_too_long"


def test_a_whole_object_with_white_space_up_to_the_limit_is_taken() -> None:
    with serve(Reply(GOOD + "\n" * 500, finish="length")) as stub:
        assert open_writer("m", stub.base_url).complete(prompt(schema=SCHEMA)).object == json.loads(GOOD)
    assert len(stub.requests) == 1


# ---------------------------------------------------------------------------------------------------------------------------------
# many at once


def test_no_barrier_and_no_more_than_concurrency_in_flight() -> None:
    lock, flight = threading.Lock(), {"now": 0, "most": 0}

    def answer(body: dict[str, Any], number: int) -> str:
        with lock:
            flight["now"] += 1
            flight["most"] = max(flight["most"], flight["now"])
        time.sleep(0.6 if body["messages"][0]["content"] == "0" else 0.02)
        with lock:
            flight["now"] -= 1
        return "ok"

    drawn: list[int] = []

    def items() -> Iterator[Prompt]:
        for number in range(40):
            drawn.append(number)
            yield prompt(str(number))

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=4)
        order = [item.messages[0]["content"] for item, _ in writer.map(writer.ask, items())]
        assert len(drawn) == len(order) == 40
    assert flight["most"] == 4 and order.index("0") > 4  # the slow one held up nobody: with a barrier it is among the first four


def test_a_fatal_error_drains_what_is_in_flight_and_draws_no_more() -> None:
    drawn: list[int] = []

    def items() -> Iterator[Prompt]:
        for number in range(100):
            drawn.append(number)
            yield prompt(str(number))

    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return error(401) if body["messages"][0]["content"] == "2" else Reply("ok", delay=0.2)

    finished = []
    with StubOpenAI(answer) as stub, pytest.raises(UserError):
        writer = open_writer("m", stub.base_url, concurrency=4)
        for item, _ in writer.map(writer.ask, items()):
            finished.append(item)
    assert len(drawn) == 4 and len(finished) == 3


# ---------------------------------------------------------------------------------------------------------------------------------
# the cache, the budget, the dry run


def test_what_was_answered_is_not_sent_again_by_another_run_on_another_endpoint(tmp_path: Path) -> None:
    cache = tmp_path / "answers.sqlite"
    with serve(GOOD) as stub:
        first = open_writer("m", stub.base_url, cache=cache, price=(1, 1)).complete(prompt(schema=SCHEMA))
    with serve("other") as stub:
        writer = open_writer("m", stub.base_url, cache=cache)
        assert writer.complete(prompt(schema=SCHEMA)) == first
        assert not stub.requests and writer.figures()["cached"] == 1
        assert writer.complete(prompt(), seed=1).text == "other"  # another sampling is another question
        assert open_writer("m2", stub.base_url, cache=cache).complete(prompt()).text == "other"


def test_two_writers_share_a_cache_file(tmp_path: Path) -> None:
    with serve("x") as stub:
        writers = [open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite") for _ in range(2)]
        for number in range(20):
            writers[number % 2].complete(prompt(str(number // 2)))
    assert len(stub.requests) == 10


def test_the_budget_is_never_passed() -> None:
    with serve("x") as stub:
        writer = open_writer("m", stub.base_url, price=(0, 1e6 / 5), budget=10.0, concurrency=8)  # 1 dollar an answer of 5 tokens
        finished = []
        with pytest.raises(UserError, match="go on with more"):
            for item, _ in writer.map(lambda item: writer.ask(item, max_tokens=5), (prompt(str(number)) for number in range(50))):
                finished.append(item)
    assert len(finished) == len(stub.requests) == 10


def test_a_price_is_for_models_whose_own_is_not_known(tmp_path, capsys):
    args = argparse.Namespace(price=(0.0, 0.0), prices=None, dry_run=True, cache=None, batch=False, output=tmp_path / "x.jsonl", overwrite=False,
                              retry_rejected=False)  # fmt: skip
    assert [llm.open_named(args, name).price for name in ("of-my-own", "gpt-4o")] == [(0.0, 0.0), (2.5, 10.0)]
    assert "--price is not for gpt-4o" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [("--budget-usd", "nan"), ("--budget-usd", "-1"), ("--timeout", "0"), ("--price=-5/-5",), ("--temperature", "nan")])
def test_an_amount_that_is_none_is_refused(flags, capsys):
    parser = cli.parser("")
    llm.add_arguments(parser)
    with pytest.raises(SystemExit) as left:
        parser.parse_args(flags)
    assert left.value.code == 2 and flags[0].partition("=")[0] in capsys.readouterr().err


def test_a_server_that_fails_once_at_first_is_still_asked_for_an_object() -> None:
    asked: list[bool] = []

    def answer(body: dict[str, Any], number: int) -> str | Reply:
        asked.append("response_format" in body)
        return error(500) if number == 0 else GOOD

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, concurrency=1)
        list(writer.map(writer.ask, [prompt(text, SCHEMA) for text in "ab"]))
    assert asked == [True] * 3


@pytest.mark.parametrize(("problem", "is_learned"), [
    ("content management system rejected this prompt", False), ("System role not supported", True), ("roles must be user or assistant, not system", True),
    ("unsupported message role: 'system'", True),
    ("Invalid value: system. Supported values are: user, assistant", True), ("This model does not support system.", True),
    ("Your message was rejected by our safety system", False), ("The operating system prompted an error", False),
    ("the system prompt is not supported by this model", True),
])
def test_a_refusal_of_the_system_turn_is_told_from_one_that_names_a_system(problem, is_learned):
    body = {"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]}
    assert ServerProfile("m").learn(body, problem) is is_learned


def test_an_answer_of_the_cache_costs_nothing_again(tmp_path):
    with serve("hello") as stub:
        costs = []
        for _ in range(2):
            writer = open_writer("m", stub.base_url, cache=tmp_path / "c.sqlite", price=(1.0, 1.0))
            writer.complete(prompt())
            costs.append((writer.figures()["cached"], writer.figures()["cost_usd"] > 0))
    assert costs == [(0, True), (1, False)]


def test_another_variable_with_a_key_is_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("MINE", "sk-test")
    given = {"writer": None, "base_url": None, "temperature": None, "price": None, "prices": None, "dry_run": False, "cache": None, "batch": False,
             "budget_usd": None, "retry_rejected": False, "concurrency": 1, "timeout": 1.0}
    assert llm.from_arguments(argparse.Namespace(**given, key_variable=[("", "MINE")])).name == llm.DEFAULT_MODEL
    with pytest.raises(UserError, match="NOT_THERE: it is not set"):
        llm.from_arguments(argparse.Namespace(**given, key_variable=[("", "NOT_THERE")]))


@pytest.mark.parametrize(("problem", "room"), [
    ("Requests with max_tokens > 4096 must have stream=true", 4096), ("Range of max_tokens should be [1, 4096]", 4096),
    ("Invalid max_tokens value, the valid range of max_tokens is [1,512]", 512),
    ("max_tokens: 8192 > 4096, which is the maximum allowed number of output tokens", 4096),
    ("max_tokens must be at most 4,096, not 8,192", 4096), ("max_tokens: 8192 > 9000", None), ("max_tokens must be > 16", None), ("top_k should be in [1, 100]", None),
    ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1500 `inputs` tokens and 8192 `max_new_tokens`", 4096 - 9),
    ("This model's maximum context length is 4,096 tokens", 4096 - 9),
])  # fmt: skip
def test_a_refusal_says_how_many_tokens_there_are(problem: str, room: int | None) -> None:
    profile, sent = ServerProfile("m"), {"messages": [{"role": "user", "content": "hey"}], "max_tokens": 8192}
    assert profile.learn(sent, problem) is (room is not None)
    assert profile.room(sent["messages"], 8192) == (room or 8192)


def test_a_prompt_whose_estimate_fills_the_context_gets_the_room_that_there_may_be() -> None:
    profile = ServerProfile("m")
    profile.context = 8192
    message = [{"role": "user", "content": "x" * 3 * 8190}]
    assert profile.room(message, 4096) > 1500 and profile.room(message, 5) == 5
    assert profile.room([{"role": "user", "content": "x" * 4 * 9000}], 4096) == 64  # the server will say that it does not fit
    body = {"model": "m", "messages": [{"role": "user", "content": "x" * 4 * 9000}], "max_tokens": 64, "response_format": {"type": "json_schema"}}
    assert profile.learn(body, "maximum context length is 8192 tokens") is False and profile.format == "json_schema"  # that was not the format's fault


def test_an_answer_that_was_cut_for_want_of_room_is_not_kept(tmp_path) -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return Reply("x", finish="length")

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, cache=tmp_path / "cache.sqlite")
        writer.profile.context = 1000
        for _ in range(2):
            [*writer.map(lambda item: writer.ask(item, max_tokens=4096), [prompt("0")])]
    assert len(stub.requests) == 2


def test_a_budget_needs_a_price() -> None:
    with pytest.raises(UserError, match="--price"):
        open_writer("unknown-model", "http://127.0.0.1:1/v1", budget=1.0)


def test_answers_that_never_arrived_count_against_the_budget_at_the_most_they_can_cost() -> None:
    def answer(body: dict[str, Any], number: int) -> str | Reply:
        return Reply("x", cut=True) if number == 0 else "x"

    with StubOpenAI(answer) as stub:
        writer = open_writer("m", stub.base_url, price=(0, 1e6 / 5), budget=5.0, concurrency=1)  # 1 dollar an answer of 5 tokens
        with pytest.raises(UserError, match="5.0000 are spent"):
            list(writer.map(lambda item: writer.ask(item, max_tokens=5), map(prompt, "abcdefgh")))
    assert len(stub.requests) == 5 and writer.figures()["lost_usd"] == 1.0


def test_two_writers_may_share_a_budget() -> None:
    with serve("x") as stub:
        shared = budget.Budget(3.0)
        first, second = (open_writer("m", stub.base_url, price=(0, 1e6 / 5), budget=shared) for _ in range(2))
        for writer in (first, second, first):
            writer.complete(prompt(), max_tokens=5)
        with pytest.raises(UserError, match="--budget-usd 6"):
            second.complete(prompt(), max_tokens=5)
    assert len(stub.requests) == 3


def test_prices_come_from_the_longest_name_and_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"my-model": [1, 2], "gpt-4o": [9, 9]}')
    table = budget.read_prices(tmp_path / "prices.json")
    assert budget.known_price("my-model-2", table) == (1, 2) and budget.known_price("gpt-4o-mini-2024", table) == (9, 9)
    assert budget.known_price("gpt-4o-mini-2024") == (0.15, 0.60) and budget.known_price("llama") is None
    for broken in ("[1]", '{"m": 1}', "no"):
        (tmp_path / "prices.json").write_text(broken)
        with pytest.raises(UserError, match="--prices .*gpt-4o-mini"):
            budget.read_prices(tmp_path / "prices.json")


def test_a_key_in_the_address_is_refused() -> None:
    for url in ("http://me:sk-planted@127.0.0.1/v1", "http://127.0.0.1/v1?key=sk-planted"):
        with pytest.raises(UserError, match="OPENAI_API_KEY") as caught:
            open_writer("m", url)
        assert "sk-planted" not in str(caught.value)


def test_a_model_needs_a_key_or_a_server() -> None:
    with pytest.raises(UserError, match="OPENAI_API_KEY"):
        open_writer("gpt-4o-mini")


def test_without_key_and_name_the_offline_writer_is_used_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    parser = cli.parser("a stage")
    llm.add_arguments(parser)
    assert llm.from_arguments(parser.parse_args([])).name == "offline"
    assert "offline" in capsys.readouterr().err


def test_schema_mismatch_names_the_place() -> None:
    assert schema_error({"steps": ["a", 1]}, SCHEMA) == "the answer.steps[1] should be of type string, not int"
    assert schema_error(json.loads(GOOD), SCHEMA) is None
