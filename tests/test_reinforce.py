"""Training on a model's own answers: `python -m pytest tests/test_reinforce.py`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import synthetic
import torch
import torch.nn.functional as F
from chat_kinds import KINDS, tokenizer_of
from hypothesis import given
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from train_runs import STAGE, Killed, command, exact, kill, metrics

from common import chat, conversation, model, rewards
from common.decoding.generation import Sampler, ended, write
from common.jsonl import UserError
from common.packing import Drawn, Plan, Samples
from common.training import data, generations, precision, presets, reinforcement, rollouts
from common.training.loss import AnswerLoss, Squash, summed

pytest_plugins = ["train_fixtures"]

TIMES = ("rollout_tok_per_s", "update_tok_per_s")  # figures that no two runs share
STEPS = ["--reinforce", "--prompts", 2, "--group", 4, "--max-new-tokens", 24, "--steps", 4, "--save-every", 1, "--validate-every", 2,
         "--sample-generations", 2, "--lr", 0.01]  # fmt: skip


def by_text(answer: str, record: Any) -> rewards.Reward:
    return rewards.Reward(calls=zlib.crc32(answer.encode()) % 10 / 10)


def ends(model: Any, tokenizer: Any) -> list[int]:
    """Its own and many more, so that answers end, of many lengths."""
    return [tokenizer.eos_token_id, *range(0, model.config.vocab_size, 16)]


@pytest.fixture
def drawn_rewards(monkeypatch) -> None:
    """Rewards that differ for a model that knows nothing: a function of the text."""
    monkeypatch.setattr(rewards, "reward", by_text)
    monkeypatch.setattr(chat, "end_ids", ends)


def lines(folder, name: str = "rollouts.jsonl") -> list[dict[str, Any]]:
    found = [orjson.loads(line) for line in (folder / name).read_bytes().splitlines()]
    return [{key: value for key, value in line.items() if key not in TIMES} for line in found]


@pytest.mark.ci
@pytest.mark.parametrize(("flags", "most"), [(["--lora-rank", 4], 1e-3), (["--lora-rank", 0], 1e-3), (["--lora-rank", 4, "--precision", "bf16"], 0.1)],
                         ids=["adapter", "whole", "adapter in bf16"])  # fmt: skip
def test_what_was_drawn_has_the_same_log_probability_in_training_after_each_update(run, base, drawn_rewards, tmp_path, flags, most):
    code, summary, _ = run("on", *STEPS, *flags, base=base)
    found = lines(tmp_path / "on")
    assert (code, summary["steps"], [line["step"] for line in found]) == (0, 4, [1, 2, 3, 4])
    assert 0 < max(line["largest_gap"] for line in found) < most
    assert any(line["equal_groups"] < 1 for line in found)


def test_a_model_that_computes_in_bf16_writes_with_the_weights_of_its_last_update(very_small):
    network, _ = model.build_tiny(["some text"], 64)
    objective = precision.cast(AnswerLoss(network), torch.bfloat16)
    with torch.no_grad():
        for weight in objective.master:
            weight += 1
    with generations.answering(objective):
        assert all(torch.equal(copy, copy.master.to(torch.bfloat16)) for copy in network.parameters())


@pytest.mark.ci
def test_a_killed_run_goes_on_with_the_same_rewards_and_weights(run, base, at_step, drawn_rewards, tmp_path):
    flags = [*STEPS, "--lora-rank", 4]
    _, _, whole = run("whole", *flags, base=base)
    at_step(3, kill)
    with pytest.raises(Killed):
        run("killed", *flags, base=base)
    _, _, again = run("killed", *flags, base=base)
    assert exact(again) == exact(whole)
    for name in ("rollouts.jsonl", "passes.jsonl", "samples.jsonl"):
        assert lines(tmp_path / "killed", name) == lines(tmp_path / "whole", name)
    ours, theirs = (tmp_path / name / "adapter_model.safetensors" for name in ("killed", "whole"))
    assert ours.read_bytes() == theirs.read_bytes()


REWARDED = """import runpy, sys, zlib
sys.path[:0] = [{root!r}]
from common import chat, rewards
rewards.reward = lambda answer, record: rewards.Reward(calls=zlib.crc32(answer.encode()) % 10 / 10)
chat.end_ids = lambda model, tokenizer: [tokenizer.eos_token_id, *range(0, model.config.vocab_size, 16)]
runpy.run_path({stage!r}, run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "most"), [("fp32", 1e-4), ("bf16", 0.05)])
def test_two_processes_write_and_judge_the_answers_of_one_and_learn_the_same(base, data, tmp_path, precision, most):
    script, learned, figures = tmp_path / "rewarded.py", [], []
    script.write_text(REWARDED.format(root=str(synthetic.ROOT), stage=str(STAGE)))
    for devices, launcher in ((1, []), (2, ["-m", "torch.distributed.run", "--nproc-per-node=2"])):  # its processes run the script, too
        flags = (*STEPS, "--steps", 2, "--prompts", 3, "--precision", precision)
        python, *argv = command(data, tmp_path / str(devices), "--model", base, *flags, stage=script)
        done = subprocess.run([python, *launcher, *argv], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        learned.append([[float(step[name]) for name in ("loss", "grad_norm")] for step in metrics(tmp_path / str(devices))])
        figures.append([[step[name] for name in ("tokens", "reward", "cut", "equal_groups")] for step in lines(tmp_path / str(devices))])
        assert max(step["largest_gap"] for step in lines(tmp_path / str(devices))) < most
    assert figures[0][0] == figures[1][0] and figures[0][0][-1] < 1  # rounding may make the second step's answers others
    assert np.allclose(learned[0][0], learned[1][0], rtol=most)


def test_under_a_grammar_both_are_renormalised_over_the_legal_tokens(run, base, drawn_rewards, tmp_path, monkeypatch):
    monkeypatch.undo()  # its own end marks: a grammar ends what it holds
    monkeypatch.setattr(model, "TINY_SHAPE", dict(synthetic.SHAPE))
    monkeypatch.setattr(rewards, "reward", by_text)
    data = [{**record, "apis": [api.replace("_", ".") for api in synthetic.ACTIONS]} for record in synthetic.records(8)]
    records = synthetic.write(tmp_path / "apis.jsonl", data)
    flags = (*STEPS, "--steps", 1, "--max-new-tokens", 60, "--grammar", "--lora-rank", 4)
    run("cut", *flags, records=records, base=base)
    (line,) = lines(tmp_path / "cut")
    assert line["cut"] == line["equal_groups"] == 1  # the grammar ends them for want of room, and no evidence is in that
    ended = {"cut": property(lambda row: False, lambda row, is_cut: None)}
    monkeypatch.setattr(rollouts, "Held", type("Ended", (rollouts.Held,), ended))
    code, _, _ = run("held", *flags, records=records, base=base)
    (line,) = lines(tmp_path / "held")
    assert (code, line["cut"], line["equal_groups"]) == (0, 0, 0)
    assert 0 < line["largest_gap"] < 1e-3


def test_a_grammar_has_all_that_a_prompt_offers_also_what_it_does_not_need(monkeypatch):
    monkeypatch.setattr(rollouts.token_masks, "table", lambda *about: None)
    config = argparse.Namespace(get_text_config=lambda: argparse.Namespace(vocab_size=9))
    record = {"id": "a", "apis": ["is.workflow.actions.ask"], "distractors": ["is.workflow.actions.alert"]}
    spec = rollouts.Writer(argparse.Namespace(), None)._grammar(argparse.Namespace(config=config), record, [2])
    assert spec.apis == {"is.workflow.actions.ask", "is.workflow.actions.alert"}


SERVED = [*STEPS, "--lora-rank", 4, "--rollouts"]
CHOICE = {"text": "x", "token_ids": [5, 2], "logprobs": {"token_logprobs": [-9.0, -9.0]}, "finish_reason": "stop"}


class Served:
    """A vLLM server that gives each prompt four answers of the same two tokens, or what it is told to say; `asked` has its requests."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.said: bytes | None = None
        self.status = 200
        self.loaded: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append({"path": self.path, **body})
                status, reply = outer.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if reply.startswith(b"<") else "application/json")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *about: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        if path == "/v1/load_lora_adapter":
            self.given = load_file(Path(body["lora_path"]) / "adapter_model.safetensors")
            self.loaded.add(body["lora_name"])
            return 200, b'"loaded"'
        if path == "/v1/unload_lora_adapter":
            if body["lora_name"] not in self.loaded:
                return 404, b'{"error": {"message": "there is no such adapter"}}'
            self.loaded.remove(body["lora_name"])
            return 200, b'"unloaded"'
        assert body["model"] in self.loaded
        count = body["n"] * len(body["prompt"])
        return self.status, orjson.dumps({"choices": [{**CHOICE, "text": str(number)} for number in range(count)]}) if self.said is None else self.said


@pytest.fixture
def server(monkeypatch) -> Iterator[Served]:
    monkeypatch.setattr(rewards, "reward", by_text)
    served = Served()
    threading.Thread(target=served.server.serve_forever, daemon=True).start()
    yield served
    served.server.shutdown()
    served.server.server_close()


def test_a_server_is_given_the_adapter_of_each_step_and_its_log_probabilities_are_compared(run, base, server):
    with pytest.raises(UserError, match="it was not the same model"):
        run("served", *SERVED, server.url, base=base)
    loaded, asked, unloaded = server.asked
    assert [one["path"] for one in server.asked] == ["/v1/load_lora_adapter", "/v1/completions", "/v1/unload_lora_adapter"]
    assert asked["n"] == 4 and asked["return_token_ids"] and asked["model"] == loaded["lora_name"] == unloaded["lora_name"]
    assert len(asked["prompt"]) == 2 and asked["prompt"][0] != asked["prompt"][1]


def serving(server: Served, output: Path) -> rollouts.Server:
    args = argparse.Namespace(rollouts=server.url, output=output, group=4, max_new_tokens=5, context=999)
    return rollouts.Server(args, model.build_tiny(["some text"], 64)[1])


def objective() -> AnswerLoss:
    network, _ = model.build_tiny(["some text"], 64)
    return precision.cast(AnswerLoss(get_peft_model(network, LoraConfig(target_modules="all-linear"))), torch.bfloat16)


def test_an_adapter_lies_with_the_server_and_on_the_disk_while_it_answers_and_one_of_a_killed_run_goes(server, very_small, tmp_path):
    (tmp_path / "on/rollouts/0-7").mkdir(parents=True)
    for step in (3, 4):
        serving(server, tmp_path / "on").write(objective(), synthetic.records(2), f"0/{step}")
        loaded, _, unloaded = server.asked[-3:]
        assert loaded["lora_name"] == unloaded["lora_name"] and loaded["lora_name"].startswith(f"on-0-{step}-")
        assert loaded["lora_path"] == str((tmp_path / f"on/rollouts/0-{step}").resolve())
        assert not server.loaded and not (tmp_path / "on/rollouts").exists()
    assert server.asked[0]["lora_name"] != server.asked[3]["lora_name"]


def test_a_server_is_given_the_weights_of_the_last_update(server, very_small, tmp_path):
    learned = objective()
    with torch.no_grad():
        for weight in learned.master:
            weight += 1
    serving(server, tmp_path / "on").write(learned, synthetic.records(1), "0/1")
    weights = {name.replace(".default", ""): weight.to(torch.bfloat16) for name, weight in precision.trainable(learned.model).items()}
    assert server.given and all(torch.equal(server.given[name], weights[name]) for name in server.given)


def test_each_prompt_has_its_answers_and_one_that_is_too_long_for_its_room_is_cut(server, very_small, tmp_path):
    one = serving(server, tmp_path / "on")
    first, second = one.write(objective(), synthetic.records(2), "0/1")
    assert [answer.text for answer in (*first, *second)] == [*"01234567"] and all(answer.finished for answer in (*first, *second))
    assert [group[0].prompt for group in (first, second)] == [one.prompt(record)[0] for record in synthetic.records(2)]
    one.args.context = len(first[0].prompt) + 1  # of its two tokens one fits
    assert not any(answer.finished for answer in one.write(objective(), synthetic.records(1), "0/1")[0])


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b'{"choices": [{"text": "x"}]}', b'{"choices": []}', b"{", b'{"choices": [7]}'])
def test_what_a_server_should_not_say_is_one_line_and_nothing_is_left(answer, server, very_small, tmp_path):
    server.said = answer
    with pytest.raises(UserError, match=f"^--rollouts {server.url}: its answers are not those of vLLM 0.10.2 or later: [^\n]+$"):
        serving(server, tmp_path / "on").write(objective(), synthetic.records(2), "0/1")
    assert not server.loaded and not (tmp_path / "on/rollouts").exists()


def test_what_a_server_says_of_its_trouble_is_told(server, very_small, tmp_path):
    server.status, server.said = 404, b'{"detail": "Not Found"}'
    with pytest.raises(UserError, match=rf"^--rollouts {server.url}/completions: Error code: 404 .*Not Found.* \(docs/reinforce.md\)$"):
        serving(server, tmp_path / "on").write(objective(), synthetic.records(1), "0/1")
    assert not server.loaded and not (tmp_path / "on/rollouts").exists()


def test_a_run_may_go_on_with_a_server_at_another_address_or_without_one(train):
    flags = ["--model", "runs/x", "--reinforce", "--lora-rank", "4"]
    plans = [[getattr(train.arguments([*flags, *more]), key) for key in (*train.PLANNED, *presets.DECIDING)]
             for more in (["--rollouts", "http://a:1"], ["--rollouts", "http://b:2"], [])]  # fmt: skip
    assert plans[0] == plans[1] == plans[2] and "group" in presets.DECIDING


def settings(**given: Any) -> argparse.Namespace:
    known = {"prompts": 2, "group": 8, "devices": 1, "nodes": 1, "row_tokens": 100, "context": 100, "max_new_tokens": 10, "seed": 5}
    return argparse.Namespace(**{**known, "rollouts": None, "grammar": False, "temperature": 1.0, **given})


def texts(*lengths: int) -> argparse.Namespace:
    samples = Samples.of([([1] * length, [False] * (length - 1) + [True]) for length in lengths])
    return argparse.Namespace(data=data.Data(samples, Samples.of([]), [], [], ([*map(str, range(len(lengths)))], [])))


def test_a_server_goes_with_one_device():
    with pytest.raises(UserError, match="one device trains beside a server, not 4"):
        reinforcement.Rollouts(settings(rollouts="http://h", devices=2, nodes=2), None, texts(9))


def test_a_server_that_is_not_there_is_one_line(run, base):
    with pytest.raises(UserError, match=r"--rollouts http://localhost:1/v1/load_lora_adapter: Connection error\. .*refused.* \(docs/reinforce\.md\)"):
        run("alone", *SERVED, "http://localhost:1", base=base)


@pytest.mark.parametrize(("flags", "said"), [
    (["--model", "tiny"], "a model that writes programs already"),
    (["--group", "1"], "compared with others"),
    (["--lora-dropout", "0.1"], "no --lora-dropout"),
    (["--dry-run"], "--steps 3"),
    (["--rollouts", "http://h", "--grammar"], "no --temperature, no --grammar"),
    (["--rollouts", "localhost:8000", "--lora-rank", "4"], "give http://HOST:PORT"),
    (["--rollouts", "http://HOST:PORT", "--lora-rank", "4"], "give http://HOST:PORT"),
    (["--rollouts", "http:/x", "--lora-rank", "4"], "give http://HOST:PORT"),
    (["--rollouts", "http://h", "--lora-rank", "0"], "--rollouts: give a --lora-rank"),
    (["--batch-size", "4"], "no --batch-size and no --rows: a step has --prompts"),
    (["--rows", "4"], "no --batch-size and no --rows: a step has --prompts"),
])  # fmt: skip
def test_what_does_not_go_with_it_is_refused(train, capsys, flags, said):
    with pytest.raises(SystemExit):
        train.arguments(["--model", "runs/x", "--reinforce", *flags])
    assert said in capsys.readouterr().err


def test_tests_are_never_trained_on(tmp_path):
    records = synthetic.write(tmp_path / "t.jsonl", [{**record, "split": "test_id"} for record in synthetic.records(2)])
    with pytest.raises(UserError, match="t.jsonl:1: .* is of split test_id: models are neither trained nor chosen by tests"):
        list(data.chat_records(records))


def test_each_file_has_the_gold_of_its_own_records_where_ids_are_the_same(run, base, monkeypatch, tmp_path):
    seen, write = {False: set(), True: set()}, rollouts.Writer.write

    def watched(self: rollouts.Writer, objective: Any, asked: Any, *others: Any) -> Any:
        for record in asked:
            seen["kept apart" in record["messages"][0]["content"]].add(record["messages"][-1]["content"])
        return write(self, objective, asked, *others)

    monkeypatch.setattr(rollouts.Writer, "write", watched)
    records = synthetic.records(4)
    other = [{**record, "messages": [{"role": "user", "content": "kept apart"}, {"role": "assistant", "content": conversation.answer("", "b = 2\n")}]}
             for record in records]  # fmt: skip
    code, _, _ = run("own", *STEPS, "--steps", 2, "--validation", synthetic.write(tmp_path / "other.jsonl", other), "--lora-rank", 4, base=base,
                     records=synthetic.write(tmp_path / "records.jsonl", records))  # fmt: skip
    assert code == 0 and seen[0] <= {record["messages"][-1]["content"] for record in records} and len(seen[0]) > 1
    assert seen[1] == {other[0]["messages"][-1]["content"]}


def test_records_with_one_id_and_one_without_a_program_are_refused_before_the_first_answer(run, base, tmp_path, monkeypatch):
    monkeypatch.setattr(rollouts.Writer, "write", lambda *about: pytest.fail("an answer is written"))
    one, *others = synthetic.records(5)
    bare = {**one, "messages": [*one["messages"][:-1], {"role": "assistant", "content": "I cannot."}]}
    for records, said in (([one, one, *others], "several records have one id"), ([bare, *others], f"record {one['id']}: its answer holds no program")):
        with pytest.raises(UserError, match=said):
            run("on", *STEPS, "--lora-rank", 4, records=synthetic.write(tmp_path / "records.jsonl", records), base=base)


@pytest.mark.parametrize("thinking", [chat.ON, chat.OFF])
@pytest.mark.parametrize("kind", ["Qwen3", "Qwen3.5", "Gemma 4", "SmolLM3"])
def test_an_answer_is_written_behind_what_stands_before_it_in_training(kind, thinking):
    tokenizer = tokenizer_of(KINDS[kind], thinking)
    for record in synthetic.records(2):
        _, tokens, is_answer = next(chat.encode([record], tokenizer))
        prompt, room = rollouts.Writer(argparse.Namespace(max_new_tokens=10**6, context=len(tokens)), tokenizer).prompt(record)
        assert prompt == tokens[:len(prompt)] and not any(is_answer[:len(prompt)]) and is_answer[len(prompt)] and room == len(tokens) - len(prompt)


def test_a_mark_that_fills_up_rows_is_no_end_of_an_answer(very_small):
    _, tokenizer = model.build_tiny(["some text"], 64)
    tokens = [5, tokenizer.pad_token_id, 6, tokenizer.eos_token_id]
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    assert ended(tokenizer, tokens, [tokenizer.eos_token_id])[1:] == (4, True, "stop")


def test_tests_as_validation_data_are_refused_before_the_first_answer_is_written(run, base, tmp_path, monkeypatch):
    tests = synthetic.write(tmp_path / "t.jsonl", [{**record, "split": "test_id"} for record in synthetic.records(4)])
    monkeypatch.setattr(rollouts.Writer, "write", lambda *about: pytest.fail("an answer is written"))
    with pytest.raises(UserError, match="t.jsonl:1: .* is of split test_id: models are neither trained nor chosen by tests"):
        run("on", *STEPS, "--lora-rank", 4, "--validation", tests, base=base)


RECORD = {"id": "a", "messages": []}


def answer(tokens: list[int], finished: bool = True, prompt: tuple[int, ...] = (1, 2)) -> rollouts.Answer:
    return rollouts.Answer([*prompt], tokens, np.full(len(tokens), -1, np.float32), str(tokens), finished)


def test_an_answer_counts_by_its_advantage_a_cut_one_and_an_equal_group_not_at_all(monkeypatch):
    monkeypatch.setattr(rewards, "reward", lambda text, record: rewards.Reward(calls=0.2 * len(text)))
    found = reinforcement.judged([answer([3, 4]), answer([3]), answer([5, 6, 7], finished=False)], RECORD)
    assert [round(one.advantage, 6) for one in found] == [0.015, -0.015, 0.0]  # "[3, 4]" is three characters longer than "[3]"
    assert all(one.advantage == 0 for one in reinforcement.judged([answer([3]), answer([4])], RECORD))
    samples = reinforcement.samples_of(found, constant=30)
    assert samples.tokens.tolist() == [1, 2, 3, 4, 1, 2, 3]
    assert samples.drawn.weights.tolist() == pytest.approx([0.0015, 0.0015, -0.0015])  # times 3 tokens, over 30


def test_an_endless_answer_is_worth_less_than_one_that_ends(monkeypatch):
    monkeypatch.setattr(rewards, "reward", lambda text, record: rewards.Reward(answers=1.0))
    endless = answer([1, 2] + [3, 4, 5] * 16, finished=False)
    cut, ended = answer(list(range(1, 90)), finished=False), answer([3, 4, 5] * 16)
    found = reinforcement.judged([endless, cut, ended], RECORD)
    assert [round(one.advantage, 6) for one in found] == [-0.05, 0.0, 0.05]
    figures = reinforcement.figures_of(found, 3)
    assert (figures["loops"], figures["cut"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 3), min_size=1, max_size=16))
def test_a_loop_is_found_as_soon_as_it_is_long_enough(before, piece):
    endless = [*before, 8, *piece * rollouts.LOOP]
    start = len(before) + 1
    assert [rollouts.is_loop(endless[: start + length]) for length in (rollouts.LOOP - 1, rollouts.LOOP, rollouts.LOOP + 1)] == [False, True, True]


def test_a_table_of_rows_that_differ_is_no_loop():
    assert not rollouts.is_loop([token for row in range(40) for token in (3, 4, 5, 100 + row)])


def test_writing_ends_where_an_answer_repeats_itself():
    work = write(None, [1, 2], 200, Sampler("a", 0.0, 1.0, 0), [0], gives_up=rollouts.is_loop)
    next(work)
    with pytest.raises(StopIteration) as end:
        while True:
            work.send(F.one_hot(torch.tensor(5), 8).float())
    assert end.value.value.tokens == [5] * rollouts.LOOP


def test_an_update_makes_the_better_answer_likelier_and_the_worse_one_less_so(monkeypatch, very_small):
    monkeypatch.setattr(rewards, "reward", lambda text, record: rewards.Reward(calls=float("3" in text)))
    network, _ = model.build_tiny(["some text"], 64)
    objective = AnswerLoss(network)
    samples = reinforcement.samples_of(reinforcement.judged([answer([3, 3, 9]), answer([5, 6, 9])], RECORD), constant=6)
    row = Plan(samples, 100, 1, 0).row(0, 0)

    def likely() -> list[float]:
        objective(row)
        assert row.drawn.weights[0] > 0 > row.drawn.weights[-1]  # the better answer comes first
        return [float(part.sum()) for part in row.drawn.trained.split(3)]

    before = likely()
    objective(row).backward()
    with torch.no_grad():
        for parameter in objective.parameters():
            parameter -= parameter.grad
    better, worse = (now - then for now, then in zip(likely(), before, strict=True))
    assert better > 0 > worse


def test_the_prompts_of_a_step_are_a_function_of_its_number_and_each_comes_once_an_epoch():
    one, other = (reinforcement.Rollouts(settings(prompts=3), None, texts(*[2] * 10)).prompts for _ in range(2))
    epochs = [[number for step in range(start, start + 4) for (number,) in one.step_rows(step)] for start in (0, 4)]
    assert [sorted(epoch) for epoch in epochs] == [[*range(10)]] * 2 and epochs[0] != epochs[1]
    assert other.step_rows(5) == one.step_rows(5)


@pytest.mark.parametrize(("row_tokens", "devices", "rows"), [(100, 1, 2 + 8), (200, 1, 1 + 4), (1600, 1, 1 + 1), (1600, 4, 4)])
def test_a_step_has_as_many_rows_as_the_longest_answers_to_the_longest_prompts_fill(row_tokens, devices, rows):
    plan = reinforcement.Rollouts(settings(row_tokens=row_tokens, devices=devices), None, texts(10, 15, 95, 12))
    assert plan.rows_per_step == rows


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.4])
def test_the_weighted_loss_is_that_of_the_legal_tokens_each_times_its_weight(bias, temperature):
    torch.manual_seed(0)
    head, hidden = torch.nn.Linear(8, 20, bias=bias), torch.randn(5, 8, requires_grad=True)
    targets, weights = torch.tensor([1, 4, 9, 0, 19]), torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
    legal = torch.rand(5, 20) < 0.5
    legal[range(5), targets] = True
    drawn = Drawn(weights, torch.zeros(5), torch.from_numpy(np.packbits(legal.numpy(), axis=1, bitorder="little")), temperature, torch.zeros(5))
    found = []
    for loss in (summed(head, hidden, targets, Squash(), drawn),
                 (weights * F.cross_entropy((head(hidden) / temperature).masked_fill(~legal, -torch.inf), targets, reduction="none")).sum()):
        hidden.grad = head.weight.grad = None
        loss.backward()
        found.append((loss.item(), hidden.grad, head.weight.grad))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    assert torch.allclose(found[0][1], found[1][1], atol=1e-6) and torch.allclose(found[0][2], found[1][2], atol=1e-6)
    exact = (head(hidden) / temperature).masked_fill(~legal, -torch.inf).log_softmax(-1)[range(5), targets]
    assert torch.allclose(drawn.trained, exact, atol=1e-6)


def test_a_row_has_what_was_drawn_in_the_order_of_its_positions():
    samples = Samples.of([([1, 2, 3], [0, 1, 1]), ([4, 5, 6, 7], [0, 0, 1, 1]), ([8, 9], [0, 1])])
    samples = Samples(samples.tokens, samples.is_answer, samples.offsets, Drawn(np.array([2, 3, 6, 7, 9], np.float32), np.zeros(5, np.float32)))
    plan = Plan(samples, 7, 2, 0)
    for row in (plan.row(0, 0), plan.row(0, 1)):
        assert row.drawn.weights.tolist() == row.targets[0, row.supervised].tolist()
    assert plan.row(0, 5).drawn.weights.tolist() == []


@pytest.mark.ci
def test_the_benchmark_of_a_step_runs(tmp_path):
    records = synthetic.write(tmp_path / "records.jsonl", synthetic.records(8))
    flags = ("--prompts", "2", "--group", "2", "--tokens", "8", "--steps", "1", "--rounds", "1")
    done = subprocess.run([sys.executable, "bench/reinforce.py", records, *flags], cwd=synthetic.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout.splitlines()[-1])["ours"]["cpu_s"] > 0
