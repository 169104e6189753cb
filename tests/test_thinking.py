"""--thinking in stages 05, 07 and 08, and the end marks that a run of 07 names: `python -m pytest tests/test_thinking.py`."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import stage_runs
from chat_kinds import KINDS

from common import chat, cli, jsonl, model
from tests.stub_openai import StubOpenAI

pytest_plugins = ["train_fixtures"]

APIS = ["is.workflow.actions.ask", "is.workflow.actions.showresult"]
ANSWER = "Thought:1. Show it.\n\nCode:\n```python\nis_workflow_actions_showresult(Text='hello')\n```"
QUERY = {"id": "q", "query": "Show hello", "apis": APIS}


@pytest.fixture
def hybrid(base: Path) -> Path:
    """A model whose template knows the switch, and whose answers end in another token than its texts."""
    tokenizer = model.load_tokenizer(base)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = KINDS["Qwen3"].template
    tokenizer.save_pretrained(base)
    network = model.load_model(base)
    network.resize_token_embeddings(len(tokenizer))
    network.config.max_position_embeddings = 4096  # room for the prompts of 05
    network.save_pretrained(base)
    return base


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(jsonl.encode(QUERY))
    return path


def ends_named_in(folder: Path) -> list[str]:
    tokenizer = model.load_tokenizer(folder)
    return tokenizer.convert_ids_to_tokens(orjson.loads((folder / "generation_config.json").read_bytes())["eos_token_id"])


def test_a_run_says_how_the_model_is_asked_and_names_all_end_marks(run, hybrid, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(cli, "say", said.append)
    assert run("whole", "--steps", 1, "--lora-rank", 0, base=hybrid)[0] == run("adapter", "--steps", 1, "--lora-rank", 2, base=hybrid)[0] == 0
    assert sum("it is asked for its answer at once; --thinking on lets it think first" in line for line in said) == 2
    for name in ("whole", "adapter"):
        assert ends_named_in(tmp_path / name) == ["<|end_of_text|>", "<|im_end|>"]
        assert not chat.layout(model.load_tokenizer(tmp_path / name)).thinks
    model.merge(tmp_path / "adapter", tmp_path / "merged")
    assert ends_named_in(tmp_path / "merged") == ["<|end_of_text|>", "<|im_end|>"]


def test_a_base_whose_generation_settings_contradict_each_other_is_trained_and_exported(run, hybrid, tmp_path):
    settings = orjson.loads((hybrid / "generation_config.json").read_bytes())
    (hybrid / "generation_config.json").write_bytes(orjson.dumps({**settings, "do_sample": False, "temperature": 0.6}))
    assert run("a", "--steps", 1, "--lora-rank", 0, base=hybrid)[0] == 0
    assert ends_named_in(tmp_path / "a") == ["<|end_of_text|>", "<|im_end|>"]


def test_a_model_that_was_trained_to_think_is_asked_so(run, hybrid, tmp_path):
    run("a", "--steps", 1, "--thinking", "on", base=hybrid)
    assert chat.layout(model.load_tokenizer(tmp_path / "a")).thinks
    assert not chat.layout(model.load_tokenizer(tmp_path / "a", chat.OFF)).thinks


def test_thinking_is_refused_in_a_line_where_a_model_cannot(base, queries, tmp_path):
    ended = stage_runs.run("05", "--input", queries, "--output", tmp_path / "made.jsonl", "--model", base, "--thinking", "on")
    assert ended.returncode == 1 and "has no marks around thoughts; leave it away" in ended.stderr and "Traceback" not in ended.stderr
    ended = stage_runs.run("05", "--input", queries, "--thinking", "on")
    assert ended.returncode == 2 and "--thinking is for a --model" in ended.stderr


def test_05_says_how_a_model_is_asked_and_lets_it_think_when_told(hybrid, queries, tmp_path):
    flags = ("--input", queries, "--model", hybrid, "--max-new-tokens", 100, "--no-primer")
    ended = stage_runs.run("05", *flags, "--output", tmp_path / "plain.jsonl")
    assert ended.returncode == 0 and ended.stderr.count("--thinking on lets it think first") == 1
    ended = stage_runs.run("05", *flags, "--output", tmp_path / "thought.jsonl", "--thinking", "on")
    assert ended.returncode == 0 and "lets it think first" not in ended.stderr
    plain, thought = (next(jsonl.read(tmp_path / name)) for name in ("plain.jsonl", "thought.jsonl"))
    assert plain["code"] != thought["code"] and thought["code"].strip()


@pytest.mark.parametrize(("thinking", "sent"), [(None, None), ("off", {"enable_thinking": False, "thinking": False})])
def test_a_server_is_told_only_what_was_asked_for(thinking, sent, queries, tmp_path, load_stage, monkeypatch):
    flags = ("--thinking", thinking) if thinking else ()
    with StubOpenAI(lambda body, number: ANSWER) as stub:
        ended = stage_runs.run("05", *flags, "--input", queries, "--output", tmp_path / "made.jsonl", "--model", "theirs",
                               "--base-url", stub.base_url, "--cache", tmp_path / "cache", "--no-repair")
    assert ended.returncode == 0 and [body.get("chat_template_kwargs") for body in stub.requests] == [sent]
    monkeypatch.setattr("sys.argv", ["08_eval.py", "--model", "theirs@http://127.0.0.1:1/v1", *flags])
    assert load_stage("08").arguments().extra_body == ({"chat_template_kwargs": sent} if sent else {})
