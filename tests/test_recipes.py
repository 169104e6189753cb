"""The scripts of runs/ on data, by their own commands: `python -m pytest tests/test_recipes.py`.

Each script runs as it is, with a stand-in for `python` and for `sbatch` that notes the commands. Then the notes are gone through in
order: stage 06 splits real records, and what every training reads is compared with what the last evaluation asks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import orjson
import pytest
import stage_runs
import synthetic

from common import offline
from common.llm.budget import known_price, read_prices
from shortcuts.catalog import Catalog
from tests import test_teval
from tests.stub_openai import StubOpenAI

RUNS = synthetic.ROOT / "runs"
TRAINING = sorted(str(path.relative_to(RUNS)) for path in RUNS.rglob("*.sh") if path.name not in ("data_stages.sh", "serve_vllm.sh"))
ARGUMENTS = {"corpus.sh": ["folder"]}
VARIANTS = [(name, {}) for name in TRAINING] + [("paper.sh", {"TUNING": "lora"}), ("one_24gb.sh", {"QUANTIZE": "1"}), ("slurm/chain.sh", {"MODEL": "tiny"})]

PYTHON = """#!{python} -IS
import json, os, pathlib, sys
with open({notes!r}, "a") as file:
    file.write(json.dumps({{"argv": sys.argv[1:], "task": os.environ.get("SLURM_ARRAY_TASK_ID")}}) + "\\n")
if sys.argv[1].startswith("05") and "--output" in sys.argv and "SLURM_ARRAY_TASK_ID" in os.environ:
    path = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
    path.with_name(f"generated.{{os.environ['SLURM_ARRAY_TASK_ID']}}-of-{parts}.jsonl").write_bytes(pathlib.Path({generated!r}).read_bytes())
"""
# It runs what is submitted at once; of an array the first task alone.
SBATCH = """#!/usr/bin/env bash
array= wrap= script=()
while [ $# -gt 0 ]; do
    case $1 in
        --array=*) array=1 ;;
        --wrap) wrap=$2; shift ;;
        --*) [ ${#script[@]} -eq 0 ] || script+=("$1") ;;
        *) script+=("$1") ;;
    esac
    shift
done
[ -z "$array" ] || export SLURM_ARRAY_TASK_ID=0
if [ -n "$wrap" ]; then bash -ec "$wrap" >&2; else python "${script[@]}"; fi
echo 7
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Seed and generated records of the examples, by the stages themselves."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "examples").mkdir()
    for path in sorted((synthetic.ROOT / "examples").glob("*.shortcut"), key=lambda path: path.stat().st_size)[:24]:
        shutil.copy(path, folder / "examples")
    for number, *flags in (
        ("01", "--folder", folder / "examples", "--output", folder / "shortcuts.jsonl"),
        ("02", "--input", folder / "shortcuts.jsonl", "--output", folder / "workflows.jsonl", "--workers", 1),
        ("03", "--input", folder / "workflows.jsonl", "--output", folder / "seed.jsonl", "--writer", "offline"),
        ("04", "--input", folder / "seed.jsonl", "--output", folder / "queries.jsonl", "--writer", "offline", "--count", 40),
        ("05", "--input", folder / "queries.jsonl", "--output", folder / "generated.jsonl", "--model", "offline"),
    ):
        ended = stage_runs.run(number, *flags)
        assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def noted(made, tmp_path):
    """Run a script of runs/ in a folder of its own: noted("paper.sh", TUNING="lora") -> the commands of the stages, in order."""

    def run(name: str, **variables: str) -> list[list[str]]:
        shutil.copytree(RUNS, tmp_path / "runs", dirs_exist_ok=True,  # without the models that stand there
                        ignore=lambda _, names: [name for name in names if name != "slurm" and not name.endswith(".sh")])
        (tmp_path / "bin").mkdir(exist_ok=True)
        for program, text in (("python", PYTHON.format(python=sys.executable, notes=str(tmp_path / "notes"), parts=1, generated=str(made / "generated.jsonl"))),
                              ("sbatch", SBATCH)):
            (tmp_path / "bin" / program).write_text(text)
            (tmp_path / "bin" / program).chmod(0o755)
        environment = {key: value for key, value in os.environ.items() if key not in ("MODEL", "DATA", "BASE", "RUNS")}
        done = subprocess.run(["bash", tmp_path / "runs" / name, *ARGUMENTS.get(name, [])], capture_output=True, text=True, timeout=60,
                              env=environment | {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PARTS": "1"} | variables)
        assert done.returncode == 0, done.stderr
        return [orjson.loads(line)["argv"] for line in (tmp_path / "notes").read_bytes().splitlines()]

    return run


def value(command: list[str], flag: str, default: str = "") -> str:
    """Return what a command passes to a flag; the last wins, as in argparse."""
    return command[len(command) - command[::-1].index(flag)] if flag in command else default


def split(*flags: object) -> stage_runs.Ended:
    """Run stage 06, without what it shows to people: seconds a run."""
    with mock.patch("common.dataset.distribution.draw"):
        return stage_runs.run("06", *flags, "--workers", 1, "--browse", 0)


def ids(path: Path) -> set[str]:
    return {orjson.loads(line)["id"] for line in path.read_bytes().splitlines()}


@pytest.mark.ci
@pytest.mark.parametrize("name", TRAINING)
def test_no_model_is_trained_on_what_the_last_evaluation_asks(noted, made, tmp_path, monkeypatch, name):
    commands = noted(name)
    monkeypatch.chdir(tmp_path)
    generated = (made / "generated.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "data").mkdir(exist_ok=True)
    for file in ("seed.jsonl", "generated.jsonl"):
        shutil.copy(made / file, tmp_path / "data" / file)
    if not any(command[0].startswith("06") for command in commands):  # it trains on a dataset that is there
        assert split().returncode == 0
    trained: list[set[str]] = []
    bench, annotations = Path("data/bench"), 0
    for command in commands:
        if command[0].startswith("03"):
            Path(value(command, "--output")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made / "seed.jsonl", value(command, "--output"))
        elif command[0].startswith("05"):
            annotations += 1  # the first of several makes a part of what the last one makes
            written = generated[:25] if annotations == 1 and sum(c[0].startswith("05") for c in commands) > 1 else generated
            Path(value(command, "--output", "data/generated.jsonl")).write_bytes(b"".join(written))
        elif command[0].startswith("06"):
            flags = command[1:]
            if "--tokenizer" in flags:  # none is at hand, and tokens are estimated
                place = flags.index("--tokenizer")
                del flags[place:place + 2]
            ended = split(*flags)
            assert ended.returncode == 0, ended.stderr
            bench = Path(value(command, "--output", "data/bench"))
        elif command[0].startswith("07"):
            trained.append(ids(Path(value(command, "--input", "data/bench/train.jsonl"))))
        elif command[0].startswith("08"):
            assert Path(value(command, "--bench", "data/bench")) == bench
    tests = ids(bench / "test_id.jsonl") | ids(bench / "test_ood.jsonl")
    assert trained and all(trained) and ids(bench / "test_id.jsonl") and ids(bench / "test_ood.jsonl")
    assert trained[-1] == ids(bench / "train.jsonl")
    assert [records & tests for records in trained] == [set()] * len(trained)
    assert len(trained) == (2 if name in ("paper.sh", "slurm/chain.sh") else 1)


def refined(body: dict[str, Any], number: int) -> str:
    """A writer that refines any draft to a plain program which calls each function that it is given."""
    catalog = Catalog.load()
    names = re.findall(r"^def (\w+)\(", body["messages"][-1]["content"], re.MULTILINE)
    apis = [api.id for name in names if (api := catalog.by_name(name))]
    return offline.program(apis, catalog, str(number))


@pytest.mark.ci
def test_the_papers_recipe_runs_to_its_scores_and_trains_on_no_test(made, tmp_path):
    for file in ("seed.jsonl", "queries.jsonl"):
        shutil.copy(made / file, tmp_path)
    with StubOpenAI(refined) as stub:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "SLURM_"))} | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1", "BASE": "tiny", "DATA": str(tmp_path),
            "RUNS": str(tmp_path / "runs"), "TRAIN": "--steps 1 --rows 1 --sample-generations 0", "GENERATE": "--max-new-tokens 8 --limit 16 --batch-size 16 --no-constrained",
            "REFINE": f"--refine stub --refine-url {stub.base_url} --no-cache",
            "EVALUATE": "--limit 1 --max-new-tokens 8 --workers 1 --shots 0 1"}  # fmt: skip
        done = subprocess.run(["bash", RUNS / "paper.sh"], capture_output=True, text=True, timeout=600, env=environment)
        assert done.returncode == 0, done.stderr
        assert len(stub.requests) == 16
    bench = tmp_path / "bench"
    tests, trained = ids(bench / "test_id.jsonl") | ids(bench / "test_ood.jsonl"), ids(tmp_path / "bench-seed/train.jsonl") | ids(bench / "train.jsonl")
    assert tests and trained and not tests & trained
    records = [orjson.loads(line) for line in (bench / "train.jsonl").read_bytes().splitlines()]
    assert {record["origin"] for record in records} == {"seed", "synthetic"}  # what the writer refined came through
    report = orjson.loads((tmp_path / "eval/scores.json").read_bytes())
    model = "workflowllama"
    assert {model, f"{model}, free", f"{model}, 1 shot", f"{model}, 1 shot, free"} <= report["systems"].keys()
    assert {*report["asked"][f"{model}, 1 shot"]["shots"]} <= trained and (tmp_path / "eval/eval.html").exists()


@pytest.mark.ci
def test_a_budget_of_the_writer_that_refines_needs_no_price_of_the_model_that_is_served(noted, tmp_path):
    (tmp_path / "bin").mkdir()
    for program, text in (("vllm", "exec sleep 60"), ("curl", "true")):
        (tmp_path / "bin" / program).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / program).chmod(0o755)
    (command,) = noted("slurm/serve_vllm.sh", DATA=str(tmp_path / "data"))
    prices = read_prices(Path(value(command, "--prices")))
    assert known_price(value(command, "--model"), prices) == (0, 0) and known_price("gpt-4o-mini", prices)


def stage(number: str, *flags: object) -> None:
    """Run a stage in an interpreter of its own, as several here use libraries whose threads no fork has; it must succeed."""
    (path,) = synthetic.ROOT.glob(f"{number}_*.py")
    done = subprocess.run([sys.executable, str(path), *map(str, flags)], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr


@pytest.mark.ci
def test_models_trained_without_plans_and_on_plans_of_t_eval_are_asked_as_they_were_trained(made, tmp_path):
    whole, less, runs = tmp_path / "bench", tmp_path / "bench-no-plan", tmp_path / "runs"
    for folder, flags in ((whole, ["--teval-plans", tmp_path / "plans.jsonl"]), (less, ["--without", "plan"])):
        assert split("--input", made / "seed.jsonl", "--generated", "none", "--output", folder, *flags).returncode == 0
    assert [ids(whole / f"{name}.jsonl") for name in ("train", "test_id", "test_ood")] == [ids(less / f"{name}.jsonl") for name in ("train", "test_id", "test_ood")]
    small = "--model", "tiny", "--steps", 1, "--rows", 1, "--sample-generations", 0, "--context", 4096
    stage("07", *small, "--input", less / "train.jsonl", "--output", runs / "no-plan")
    stage("07", *small, "--input", tmp_path / "plans.jsonl", "--output", runs / "plans")
    assert [orjson.loads((runs / name / "prompt.json").read_bytes())["task"] for name in ("no-plan", "plans")] == ["generate_without_plan", "teval_json"]
    stage("08", "--bench", whole, "--model", runs / "no-plan", "--limit", 1, "--max-new-tokens", 24, "--workers", 1, "--output", tmp_path / "eval")
    answers = [orjson.loads(line)["prediction"]["text"] for line in (tmp_path / "eval/samples_no-plan.jsonl").read_bytes().splitlines()]
    assert len(answers) == 2 and all(answer.startswith("Code:\n```python\n") for answer in answers)
    (tmp_path / "plan_json_v1.json").write_text(json.dumps(test_teval.data(number=1)))
    stage("08", "--teval", tmp_path / "plan_json_v1.json", "--model", runs / "plans", "--max-new-tokens", 8, "--output", tmp_path / "eval")
    assert "plans" in orjson.loads((tmp_path / "eval/plan_json_v1/scores.json").read_bytes())["systems"]


@pytest.mark.ci
@pytest.mark.parametrize(("name", "variables"), VARIANTS)
def test_lora_is_trained_at_its_own_rate_and_samples_are_counted_with_the_models_tokenizer(noted, name, variables):
    commands = noted(name, **variables)
    for command in commands:
        if command[0].startswith("07") and value(command, "--model") != "tiny":
            # none given is 07's own, which tests/test_train_presets.py asserts: the same
            assert value(command, "--lr") in ("", "2e-5" if value(command, "--lora-rank") == "0" else "2e-4"), command
        if command[0].startswith("07") and value(command, "--model") == "tiny":
            assert "--lr" not in command  # its preset is another
    base = next(value(command, "--model") for command in commands if command[0].startswith("07"))
    if base != "tiny":
        assert all(value(command, "--tokenizer") == base for command in commands if command[0].startswith("06"))


@pytest.mark.ci
@pytest.mark.parametrize("name", ["slurm/single_node.sh", "slurm/multi_node.sh", "slurm/chain.sh", "one_24gb.sh"])
def test_a_rate_given_to_a_script_wins(noted, monkeypatch, name):
    monkeypatch.setitem(ARGUMENTS, name, ["--lr", "1e-4"])
    assert {value(command, "--lr") for command in noted(name) if command[0].startswith("07")} == {"1e-4"}


@pytest.mark.parametrize("name", ["paper.sh", "slurm/chain.sh"])
def test_every_prompt_of_the_papers_recipe_names_the_needed_apis_alone(name):
    commands = (RUNS / name).read_text().replace("\\\n", " ").splitlines()
    made = [command for command in commands if "06_filter_merge.py" in command and not command.startswith("#")]
    assert len(made) == 2 and all("--distractors 0" in command for command in made)


@pytest.mark.parametrize("name", TRAINING + ["slurm/serve_vllm.sh", "slurm/data_stages.sh"])
def test_a_script_says_what_of_it_was_never_run(name):
    head = (RUNS / name).read_text().split("set -euo pipefail")[0]
    on_cpus = name in ("demo.sh", "demo_real.sh", "corpus.sh")
    assert ("Not yet run" in head) is not on_cpus


@pytest.mark.slow
def test_a_real_model_goes_through_the_demo(tmp_path):
    """SMALL_MODEL names a folder with a small pretrained model; half a minute of training is enough to see that all fits together."""
    if not (model := os.environ.get("SMALL_MODEL")):
        pytest.skip("SMALL_MODEL is not set to a folder with a small pretrained model")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "MODEL": model, "DATA": str(tmp_path), "RUNS": str(tmp_path / "runs"),
                                "QUERIES": "60", "MINUTES": "0.5", "SAMPLES": "1", "OMP_NUM_THREADS": "1"}  # fmt: skip
    done = subprocess.run(["bash", RUNS / "demo_real.sh"], capture_output=True, text=True, timeout=1800, env=environment)
    assert done.returncode == 0, done.stderr
    report = orjson.loads((tmp_path / "eval/scores.json").read_bytes())
    assert "real" in report["systems"] and (tmp_path / "runs/demo-real/adapter_config.json").exists()
    train = [orjson.loads(line) for line in (tmp_path / "bench/train.jsonl").read_bytes().splitlines()]
    assert any(record["distractors"] for record in train) and (tmp_path / "plants.py").exists()
