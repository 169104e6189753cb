"""Stage 08, what stands in its table: examples in prompts, servers and their keys, earlier runs, a dataset of the hub. `pytest tests/test_eval_systems.py`"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from common import chat, conversation, llm
from common.conversation import AnswerForm
from common.dataset import files
from common.decoding import constrained, generation
from common.jsonl import UserError
from common.metrics import shots, systems
from common.metrics.aggregate import notes
from common.model import PROMPT_FILE
from shortcuts.catalog import Catalog
from shortcuts.primer import primer
from tests import stage_runs
from tests.stub_openai import StubOpenAI
from tests.test_eval import APIS, bench, evaluate, program, record, samples, scores, write  # noqa: F401 (a fixture)

Bench = Path


def seeded(folder: Bench) -> Bench:
    """The training records of a bench as of the seed, with an answer; one of them is like a test, one has an API that is held out."""
    train = [{**record(number), "origin": "seed" if number % 2 else "synthetic",
              "messages": [{"role": "user", "content": f"Write program {number}"}, {"role": "assistant", "content": f"```python\n{program(number)}```"}]}
             for number in range(20, 28)]  # fmt: skip
    train[1]["code"], train[3]["apis"] = f"# the program of a test\n{record(2)['code']}", ["is.workflow.actions.held"]
    write(folder / "train.jsonl", train)
    (folder / "stats.json").write_text(json.dumps({"held_out": {"apis": ["is.workflow.actions.held"]}}))
    return folder


def asked_number(body: dict[str, Any]) -> int:
    return int(body["messages"][-1]["content"].split()[-1])


def right(body: dict[str, Any], number: int) -> str:
    """The gold program of what is asked."""
    return f"```python\n{program(asked_number(body))}```"


# ---------------------------------------------------------------------------------------------------------------------------------
# examples


def test_an_example_is_of_the_seed_and_neither_a_test_nor_of_unseen_apis(bench: Bench) -> None:  # noqa: F811
    tests = [{**record(number), "reference": record(number)["code"]} for number in range(9)]
    drawn = {shots.draw(seeded(bench), tests, 1, seed)[0]["id"] for seed in range(40)}
    assert drawn == {"r25", "r27"}  # r21 has a test's program, r23 an API that is held out, the others are synthetic
    assert {shots.draw(bench, tests, 1, seed, any_api=True)[0]["id"] for seed in range(40)} == {"r23", "r25", "r27"}
    assert shots.draw(bench, tests, 2, 5) == shots.draw(bench, tests, 2, 5) and len(shots.draw(bench, tests, 2, 5)) == 2
    renamed = [{**item, "id": "r25", "query": "another", "reference": "x"} for item in tests[:1]]
    assert {shots.draw(bench, renamed, 1, seed)[0]["id"] for seed in range(40)} == {"r21", "r27"}
    with pytest.raises(UserError, match="has 2 records of the seed that may be an example"):
        shots.draw(bench, tests, 3, 0)


def test_rows_without_and_with_an_example_stand_in_one_table(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        ended = evaluate(seeded(bench), "--model", f"m@{stub.base_url}", "--shots", "0", "1")
    plain, shot = ([body["messages"] for body in stub.requests if len(body["messages"]) == length] for length in (1, 3))
    assert len(plain) == len(shot) == 9
    (example,) = {messages[0]["content"] + messages[1]["content"] for messages in shot}  # the same for all
    (identifier,) = scores(bench)["asked"]["m, 1 shot"]["shots"]
    assert example.startswith(primer()) and f"Write program {identifier[1:]}" in example and program(int(identifier[1:])) in example
    figures = scores(bench)["systems"]
    assert figures["m"]["id"]["api_f1"] == figures["m, 1 shot"]["id"]["api_f1"] and figures["m, 1 shot"]["id"]["prompt_tokens"]["most"] > 0
    assert "m, 1 shot: a prompt has" in " ".join(ended.stdout.split()) and "prompt_tokens" not in figures["m"]["id"]
    assert "prompt_tokens" in samples(bench, "m_1_shot-*")[0]["prediction"] and "prompt_tokens" not in samples(bench, "m")[0]["prediction"]


def test_examples_are_asked_without_the_primer_too(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        evaluate(seeded(bench), "--model", f"m@{stub.base_url}", "--shots", "2", "--no-primer", "--limit", "1")
        assert {len(body["messages"]) for body in stub.requests} == {5} and stub.requests[0]["messages"][0]["content"].startswith("Write")
        assert list(scores(bench)["systems"])[0] == "m, 2 shots"


@pytest.mark.parametrize("flags", [("--shots", "-1"), ("--shots", "1", "--tasks"), ("--shots", "1", "--teval", "x.json"),
                                   ("--extra-body", "[]"), ("--extra-body", '{"messages": 1}'), ("--extra-body", "{")])  # fmt: skip
def test_settings_that_mean_nothing_are_refused(flags: tuple[str, ...]) -> None:
    assert stage_runs.run("08", *flags).returncode == 2


# ---------------------------------------------------------------------------------------------------------------------------------
# models that are loaded here


class Loaded:
    """A stand-in for the models of this machine: it notes what it is asked, and under which grammar."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, list[dict[str, str]], dict[str, Any]]] = []
        monkeypatch.setattr(systems, "load_writer", lambda model, adapter, thinking: (model, "tokenizer"))
        monkeypatch.setattr(generation, "generate", lambda *given, **options: self.answers("free", *given, **options))
        monkeypatch.setattr(constrained, "generate", lambda *given, **options: self.answers("held", *given, **options))
        monkeypatch.setattr(chat, "prompt_tokens", lambda messages, tokenizer: [0] * 7)

    def answers(self, how: str, model: str, tokenizer: str, chats: Iterator[Any], *given: Any, **options: Any) -> Iterator[generation.Generation]:
        for messages in chats:
            self.asked.append((how, messages, options))
            yield generation.Generation(f"```python\n{program(0)}```", 9, True, "stop")


def test_the_mean_length_of_prompts_is_over_all_queries() -> None:
    def split(n: int, mean: float, most: int) -> dict[str, Any]:
        return {"n": n, "unanswered": 0, "reasons": {}, "truncated": 0, "prompt_tokens": {"mean": mean, "most": most}}

    assert notes({"m": {"id": split(3, 100.0, 300), "ood": split(1, 500.0, 400)}}) == ["m: a prompt has 200 tokens with its examples, at most 400."]


@pytest.mark.ci
def test_a_model_here_one_of_a_server_a_file_and_an_earlier_run_stand_in_one_table(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    loaded, elsewhere = Loaded(monkeypatch), tmp_path / "model"  # of nobody's training
    elsewhere.mkdir()
    answers = [{"id": f"r{number}", "code": program(number)} for number in range(9)]
    evaluate(bench, "--predictions", f"before={write(tmp_path / 'before.jsonl', answers)}")
    with StubOpenAI(right) as stub:
        flags = ["--model", f"ours={elsewhere}", "--model", f"theirs=m@{stub.base_url}", "--predictions", f"file={write(tmp_path / 'file.jsonl', answers)}",
                 "--constrained", "both", "--shots", "0", "1"]  # fmt: skip
        evaluate(seeded(bench), *flags)
        names = [name for name in scores(bench)["systems"] if name not in ("empty", "constant", "API list", systems.CHANCE)]
        ours, theirs = ["ours", "ours, free", "ours, 1 shot", "ours, 1 shot, free"], ["theirs", "theirs, 1 shot"]
        assert names == ["file", *ours, *theirs, "before"]
        assert [how for how, _, _ in loaded.asked] == ["held"] * 9 + ["free"] * 9 + ["held"] * 9 + ["free"] * 9
        assert {options["max_new_tokens"] for _, _, options in loaded.asked} == {8192}
        packed = re.search(r'id="data">([^<]+)<', (bench.parent / "eval/eval.html").read_text())
        page = gzip.decompress(base64.b64decode(packed[1] if packed else "")).decode()
        assert all(name in page for name in names) and {tuple(row["systems"]) for row in scores(bench)["differences"]} >= {("ours", "before")}
        before, requests, asked = scores(bench)["systems"], len(stub.requests), len(loaded.asked)
        evaluate(bench, *flags)
        assert (len(stub.requests), len(loaded.asked)) == (requests, asked)
    assert scores(bench)["systems"] == before
    evaluate(bench)  # a run that names none of them has them all, and asks nothing of servers that are gone
    assert scores(bench)["systems"].keys() == before.keys() and scores(bench)["systems"]["theirs"] == before["theirs"]
    assert scores(bench)["primer"].keys() == {*ours, *theirs}


def test_the_settings_of_a_system_stay_its_own_when_another_run_asks_others(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        evaluate(seeded(bench), "--model", f"old=m@{stub.base_url}", "--shots", "1", "--max-new-tokens", "300")
        before = scores(bench)["asked"]["old, 1 shot"]
        evaluate(bench, "--model", f"new=m@{stub.base_url}", "--no-primer", "--seed", "7")
    asked = scores(bench)["asked"]
    assert before == asked["old, 1 shot"] and (before["max_new_tokens"], before["seed"], len(before["shots"])) == (300, 0, 1)
    assert asked["new"] == {"grammar": False, "max_new_tokens": 8192, "seed": 7}
    assert scores(bench)["primer"] == {"old, 1 shot": before["primer"]} and "max_new_tokens" not in scores(bench) and "shots" not in scores(bench)


def test_what_earlier_runs_measured_on_other_tests_or_before_overwrite_is_left_out(bench: Bench, tmp_path: Path) -> None:  # noqa: F811
    answers = write(tmp_path / "before.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    evaluate(bench, "--predictions", f"one={answers}", "--gold")
    assert "gold" not in scores_of(bench, "--predictions", f"two={answers}") and "one" in scores(bench)["systems"]
    assert "one" not in scores_of(bench, "--overwrite", "--predictions", f"two={answers}")
    evaluate(bench, "--predictions", f"one={answers}")
    write(bench / "train.jsonl", [record(number) for number in range(30, 40)])
    assert "one" in scores_of(bench)  # training data are not asked
    write(bench / "test_ood.jsonl", [record(number) for number in range(6, 8)])
    ended = evaluate(bench)
    assert "one" not in scores(bench)["systems"] and "one, two were measured on other tests" in ended.stderr


def test_scores_name_the_model_behind_each_row_also_of_earlier_runs(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    Loaded(monkeypatch)
    monkeypatch.setattr(systems.hub, "pinned", lambda name: name if Path(name).is_dir() else f"{name}@c0ffee")
    monkeypatch.setattr(systems, "knows_the_language", lambda model, adapter: True)
    monkeypatch.setattr(systems, "prompt_notes", lambda model, adapter: {})
    weights = tmp_path / "run" / "model.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"1")
    evaluate(bench, "--model", str(weights.parent), "--constrained", "both")
    evaluate(bench, "--model", "owner/base")
    ours = {"run": str(weights.parent), "run, free": str(weights.parent)}
    assert scores(bench)["models"] == {"base": "owner/base@c0ffee", **ours}
    grammar = {name: asked["grammar"] for name, asked in scores(bench)["asked"].items()}
    assert grammar == {"base": True, "run": True, "run, free": False}
    os.utime(weights, (time.time() + 60,) * 2)  # trained anew: the rows are of another model
    evaluate(bench)
    assert scores(bench)["models"] == {"base": "owner/base@c0ffee"} and "run" in scores(bench)["systems"]


def scores_of(folder: Bench, *flags: str) -> dict[str, Any]:
    evaluate(folder, *flags)
    return scores(folder)["systems"]


def test_what_an_earlier_run_did_not_ask_is_said_and_is_no_failure(bench: Bench, tmp_path: Path) -> None:  # noqa: F811
    answers = write(tmp_path / "few.jsonl", [{"id": f"r{number}", "code": program(number)} for number in range(9)])
    evaluate(bench, "--predictions", str(answers), "--limit", "2")
    ended = evaluate(bench)
    assert scores(bench)["systems"]["few"]["id"]["n"] == 2 and "few: 5 of 9 queries got no answer" in " ".join(ended.stdout.split())


# ---------------------------------------------------------------------------------------------------------------------------------
# the form that a trained model answers in


def trained(tmp_path: Path, task: str) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / PROMPT_FILE).write_text(json.dumps({"primer": False, "task": task}))
    return folder


def test_a_model_without_plans_is_asked_so_on_any_dataset_and_held_to_a_grammar_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = Loaded(monkeypatch)
    model = trained(tmp_path, "generate_without_plan")
    args = argparse.Namespace(seed=0, adapter=None, teval=None, primer=None, max_new_tokens=9, batch_size=4, use_all=False, thinking=None)
    system = systems.local_model("ours", str(model), args)
    form, catalog = AnswerForm(plan=False), Catalog.load()
    whole = {**record(1), "messages": conversation.chat("A note", APIS, catalog, "1. Note.", program(1))}
    same = {**whole, "task": form.task, "messages": conversation.chat("A note", APIS, catalog, "1. Note.", program(1), form)}
    assert [answer.code for _, answer in system.answers([whole, same])] == [program(0)] * 2
    assert [chat for _, chat, _ in loaded.asked] == [conversation.chat("A note", APIS, catalog, form=form)] * 2
    assert {options["thought"] for _, _, options in loaded.asked} == {False}
    with pytest.raises(UserError, match="r1: the prompt is not of the form generate; make the dataset anew"):
        [*system.answers([record(1)])]


def test_a_model_that_was_trained_on_plans_of_t_eval_is_measured_by_it_alone(tmp_path: Path) -> None:
    args = argparse.Namespace(seed=0, adapter=None, teval=None, primer=None, max_new_tokens=9, batch_size=4, use_all=False, as_program=False, thinking=None)
    model = str(trained(tmp_path, "teval_json"))
    with pytest.raises(UserError, match="trained it on teval_json.*--teval measures that"):
        systems.local_model("ours", model, args)
    args.teval = Path("plan_json_v1.json")
    assert not systems.local_model("ours", model, args).primed


# ---------------------------------------------------------------------------------------------------------------------------------
# servers


def test_each_server_gets_the_key_of_its_own_variable(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with StubOpenAI(right) as one, StubOpenAI(right) as other:
        monkeypatch.setenv("ONE_KEY", "sk-one")
        host = one.base_url.split("/")[2]
        flags = ["--model", f"a=m@{one.base_url}", "--model", f"b=m@{other.base_url}", "--limit", "1", "--key-variable", f"{host}=ONE_KEY"]
        evaluate(bench, *flags)
        assert set(one.authorizations) == {"Bearer sk-one"} and set(other.authorizations) == {"Bearer none"}  # OPENAI_API_KEY
        ended = evaluate(bench, *flags, "--key-variable", "OTHER_KEY", "--overwrite", code=1)
        assert "--key-variable OTHER_KEY: it is not set" in ended.stderr and "sk-one" not in ended.stderr + ended.stdout


def test_a_key_in_place_of_its_variable_is_refused_and_not_shown(bench: Bench) -> None:  # noqa: F811
    ended = evaluate(bench, "--key-variable", "sk-secret123", code=2)
    assert "NAME is a variable of the environment" in ended.stderr and "secret" not in ended.stderr


@pytest.mark.parametrize(("variables", "url", "name"), [
    ([("", "ALL")], "http://h:1/v1", "ALL"), ([("", "ALL"), ("h", "HOST"), ("h:1", "PORT")], "http://H:1/v1", "PORT"),
    ([("", "ALL"), ("h", "HOST")], "http://h:2/v1", "HOST"), ([("h", "HOST")], "http://x/v1", None), ([], None, None),
    ([("api.openai.com", "ALL")], None, "ALL"),
])  # fmt: skip
def test_the_narrowest_variable_counts(variables: list[tuple[str, str]], url: str | None, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for each in ("ALL", "HOST", "PORT"):
        monkeypatch.setenv(each, f"key of {each}")
    assert llm.key_for(variables, url) == (name and f"key of {name}")


def test_further_fields_go_to_the_models_of_servers_and_make_other_answers(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        flags = ["--model", f"m@{stub.base_url}", "--limit", "1"]
        evaluate(bench, *flags, "--reasoning-effort", "low", "--extra-body", '{"top_k": 20}')
        assert all(body["reasoning_effort"] == "low" and body["top_k"] == 20 and body["max_tokens"] == 8192 for body in stub.requests)
        asked = len(stub.requests)
        evaluate(bench, *flags)
        assert len(stub.requests) == 2 * asked and "top_k" not in stub.requests[-1]


def test_budget_price_and_cache_hold_for_the_model_that_is_evaluated(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        flags = ["--model", f"m@{stub.base_url}", "--concurrency", "1", "--cache", str(bench / "answers.sqlite")]
        ended = evaluate(bench, *flags, "--price", "1000/1000", "--budget-usd", "0.001", code=1)
        assert "--budget-usd" in ended.stderr and not stub.requests
        assert "no price is known for m" in evaluate(bench, *flags, "--budget-usd", "1", code=1).stderr
        evaluate(bench, *flags, "--price", "0.1/0.1", "--budget-usd", "1")
        asked = len(stub.requests)
        evaluate(bench, *flags, "--output", str(bench.parent / "elsewhere"))
        assert asked == len(stub.requests) == 9  # from the cache
        evaluate(bench, *flags, "--overwrite")
        assert len(stub.requests) == 18


def test_a_dry_run_counts_what_the_models_would_be_asked_and_asks_nothing(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        flags = ["--model", f"m@{stub.base_url}", "--price", "1/2"]
        evaluate(bench, *flags, "--limit", "1")
        asked = len(stub.requests)
        said = json.loads(evaluate(bench, *flags, "--dry-run").stdout.splitlines()[-1])
        assert len(stub.requests) == asked == 2 and said["models"]["m"]["requests"] == 7 and said["models"]["m"]["cost_usd"] > 0


def test_a_dry_run_with_overwrite_counts_what_is_asked_anew(bench: Bench) -> None:  # noqa: F811
    with StubOpenAI(right) as stub:
        flags = ["--model", f"one=m@{stub.base_url}", "--model", f"two=m@{stub.base_url}", "--limit", "1", "--cache", str(bench / "answers.sqlite")]
        evaluate(bench, *flags)
        kept = {path: path.read_bytes() for path in (bench.parent / "eval").iterdir()}
        said = json.loads(evaluate(bench, *flags, "--overwrite", "--dry-run").stdout.splitlines()[-1])
        assert {name: figures["requests"] for name, figures in said["models"].items()} == {"one": 2, "two": 2}
        assert kept == {path: path.read_bytes() for path in (bench.parent / "eval").iterdir()}


@pytest.mark.parametrize(("text", "name", "url"), [
    ("owner/m@http://h:8000/v1", "m", "http://h:8000/v1"), ("a=owner/m@https://h/v1?x=1", "a", "https://h/v1?x=1"),
    ("runs/m", "m", None), ("m@revision", "m@revision", None), ("gpt-4o@https://api.openai.com/v1", "gpt-4o", "https://api.openai.com/v1"),
])  # fmt: skip
def test_a_model_names_its_server_behind_an_at_sign(text: str, name: str, url: str | None) -> None:
    assert systems.named(text)[0] == name and systems.address_of(systems.named(text)[1]) == url


# ---------------------------------------------------------------------------------------------------------------------------------
# a dataset of the hub


def test_a_dataset_of_the_hub_is_fetched_and_a_path_of_this_disk_is_not(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    import huggingface_hub

    asked: list[str] = []

    def snapshot(name: str, **settings: Any) -> str:
        asked.append(name)
        if name != "owner/bench":
            raise huggingface_hub.errors.LocalEntryNotFoundError("no such thing\nand more")
        assert settings["repo_type"] == "dataset"
        return str(bench)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot)
    assert files.located(Path("owner/bench")) == bench and files.located(bench) == bench
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for local in ("data/missing", "nowhere", "a/b/c"):
        assert files.located(Path(local)) == Path(local)
    with pytest.raises(UserError, match=r"--bench owner/other: .*hub gives \(no such thing\)"):
        files.located(Path("owner/other"))
    assert asked == ["owner/bench", "owner/other"]


def test_the_default_dataset_is_never_one_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: pytest.fail("the hub was asked"))
    monkeypatch.chdir(tmp_path)  # nothing is here, not even data/
    ended = stage_runs.run("08", OPENAI_API_KEY="none")
    assert ended.returncode == 1 and "data/bench/test_id.jsonl: no such file; run the stage that writes it" in ended.stderr


def test_draws_differ_with_the_seed(bench: Bench) -> None:  # noqa: F811
    write(bench / "train.jsonl", [{**record(number), "origin": "seed"} for number in range(100, 200)])
    draws = {tuple(item["id"] for item in shots.draw(bench, [], 3, seed)) for seed in range(random.Random(1).randint(5, 9))}
    assert len(draws) > 4 and all(len({*draw}) == 3 for draw in draws)


def test_an_answer_at_hand_is_known_as_by_earlier_versions() -> None:
    assert repr(systems.Prediction("x")) == "Prediction(code='x', text=None, failure='', plan=None, query=None)"
