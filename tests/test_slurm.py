"""The cluster's side of the project on a real SLURM, of one machine: `make test-slurm`, three minutes.

tests/slurm_cluster.py starts it; where it cannot be had, all of this is skipped and says why.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import slurm_cluster
import synthetic

from common import jsonl

pytestmark = [pytest.mark.slow, pytest.mark.slurm]

ROOT = synthetic.ROOT
PATIENCE = 600  # seconds for a job or a chain of them; on an idle machine none takes a minute
FINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}
EXACT = ("step", "loss", "validation_loss", "lr", "grad_norm")  # columns that a resumed run repeats bit by bit
STEPS = 40
TRAINING = ("--model", "tiny", "--context", 512, "--rows", 2, "--steps", STEPS, "--validate-every", 10, "--save-every", 100)
TWO_TASKS = ("--ntasks-per-node=2", "--gpus-per-node=2", "--cpus-per-task=1")


class Cluster:
    """A running cluster: what a person does with one at a shell."""

    def __init__(self, environment: dict[str, str]) -> None:
        python = f"{Path(sys.executable).parent}:{environment['PATH']}"  # an activated environment: jobs inherit it
        self.environment = environment | {"PATH": python, "OMP_NUM_THREADS": "1"}

    def run(self, *command: Any, **variables: Any) -> str:
        """The output of a command, run in the repository."""
        done = subprocess.run([str(part) for part in command], cwd=ROOT, env=self.environment | {key: str(value) for key, value in variables.items()},
                              capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def sbatch(self, *command: Any) -> str:
        """The number of a submitted job."""
        return self.run("sbatch", "--parsable", *command)

    def states(self, job: str) -> set[str]:
        """The state of a job, or those of an array's tasks."""
        return set(re.findall(r"JobState=(\w+)", self.run("scontrol", "show", "job", job)))

    def finished(self, job: str) -> set[str]:
        """The states that a job ends in."""
        wait_until(lambda: self.states(job) <= FINAL)
        return self.states(job)


def wait_until(condition: Callable[[], bool]) -> None:
    """Look five times a second until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # not pytest's: a socket's path must be short
    try:
        yield Cluster(slurm_cluster.start(folder))
    except slurm_cluster.NoCluster as reason:
        pytest.skip(f"no SLURM here: {reason}")
    finally:
        slurm_cluster.stop(folder)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("samples") / "train.jsonl", synthetic.records(20))


@pytest.fixture(scope="module")
def uninterrupted(cluster, samples, tmp_path_factory) -> list[dict[str, str]]:
    """The log of a run by two processes without SLURM."""
    folder = tmp_path_factory.mktemp("uninterrupted") / "run"
    cluster.run(sys.executable, "07_train.py", *TRAINING, "--input", samples, "--output", folder, "--devices", 2)
    return metrics(folder)


def metrics(folder: Path) -> list[dict[str, str]]:
    """The rows of a run's log so far."""
    if not (folder / "metrics.csv").exists():
        return []
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def exact(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    return [tuple(row[column] for column in EXACT) for row in rows]


# ---------------------------------------------------------------------------------------------------------------------------------
# training


def test_a_preempted_run_requeues_itself_and_ends_with_the_numbers_of_an_uninterrupted_one(cluster, samples, uninterrupted, tmp_path):
    run, log = tmp_path / "run", tmp_path / "train.log"
    # --overwrite is meant for the first start: a requeued job has the same command line, and must not begin anew
    job = cluster.sbatch(*TWO_TASKS, f"--output={log}", "07_train.py", *TRAINING, "--input", samples, "--output", run, "--overwrite")
    after = cluster.sbatch(f"--dependency=afterok:{job}", f"--output={tmp_path}/after.log", "--wrap", f"wc -l < {run}/metrics.csv")
    wait_until(lambda: len(metrics(run)) >= 5)
    cluster.run("scancel", "--signal=USR1", job)
    assert cluster.finished(job) == {"COMPLETED"}, log.read_text()
    assert "Restarts=1" in cluster.run("scontrol", "show", "job", job)
    stopped, resumed = re.search(r"stopped after step (\d+)", log.read_text()), re.search(r"going on after step (\d+)", log.read_text())
    assert stopped and resumed and 5 <= int(stopped[1]) == int(resumed[1]) < STEPS
    assert exact(metrics(run)) == exact(uninterrupted) and len(uninterrupted) == STEPS
    assert (run / "model.safetensors").exists()
    assert cluster.finished(after) == {"COMPLETED"}
    assert int((tmp_path / "after.log").read_text()) == STEPS + 1  # it waited for the requeued job, not only for its first start


def test_a_cancelled_run_is_saved_and_stays_cancelled(cluster, samples, tmp_path):
    run = tmp_path / "run"
    job = cluster.run("bash", "runs/slurm/single_node.sh", *TRAINING, "--input", samples, "--output", run,
                      MODEL="tiny", GPUS=1, CPUS=1, SBATCH_OUTPUT=tmp_path / "train.log")
    wait_until(lambda: len(metrics(run)) >= 3)
    cluster.run("scancel", job)
    wait_until(lambda: "COMPLETING" not in cluster.states(job))
    assert cluster.states(job) == {"CANCELLED"}, (tmp_path / "train.log").read_text()
    assert (run / "checkpoints" / "last.json").exists()
    assert "the same command goes on from there" in (tmp_path / "train.log").read_text()


def test_two_nodes_give_the_numbers_of_one(cluster, samples, uninterrupted, tmp_path):
    job = cluster.run("bash", "runs/slurm/multi_node.sh", *TRAINING, "--input", samples, "--output", tmp_path / "run",
                      MODEL="tiny", NODES=2, GPUS=1, CPUS=1, SBATCH_OUTPUT=tmp_path / "train.log")
    assert cluster.finished(job) == {"COMPLETED"}, (tmp_path / "train.log").read_text()
    assert "NumNodes=2" in cluster.run("scontrol", "show", "job", job)
    rows = metrics(tmp_path / "run")
    assert len(rows) == STEPS
    for found, expected in zip(rows, uninterrupted, strict=True):
        assert float(found["loss"]) == pytest.approx(float(expected["loss"]), rel=1e-4)
        if int(found["step"]) <= 8:  # sums in another order are rounded otherwise, and training amplifies it: by step 17 norms differ by 1.5e-4
            assert float(found["grad_norm"]) == pytest.approx(float(expected["grad_norm"]), rel=1e-4)


# ---------------------------------------------------------------------------------------------------------------------------------
# data


@pytest.fixture(scope="module")
def data(cluster, tmp_path_factory) -> Path:
    """The dataset that data_stages.sh makes of the examples, in four parts."""
    folder = tmp_path_factory.mktemp("data")
    last = cluster.run("bash", "runs/slurm/data_stages.sh", "--folder", "examples", DATA=folder, PARTS=4, COUNT=24, OPTIONS="--cpus-per-task=4")
    assert cluster.finished(last) == {"COMPLETED"}, logs(folder)
    return folder


def logs(folder: Path) -> str:
    return "\n".join(f"{path.name}: {path.read_text()}" for path in sorted((folder / "logs").iterdir()))


def records(path: Path) -> dict[str, jsonl.Record]:
    """The records of a file by id; each once."""
    found = list(jsonl.read(path))
    assert len({record["id"] for record in found}) == len(found)
    return {record["id"]: record for record in found}


def test_the_parts_of_an_array_add_up_to_what_one_run_writes(cluster, data, tmp_path):
    whole = tmp_path / "workflows.jsonl"
    cluster.run(sys.executable, "02_transcribe.py", "--input", data / "shortcuts.jsonl", "--output", whole)
    parts = [records(path) for path in sorted(data.glob("workflows.*-of-4.jsonl"))]
    assert len(parts) == 4 and all(parts)
    assert sum(map(len, parts)) == len(records(whole)) == len(records(data / "shortcuts.jsonl"))
    assert records(data / "workflows.jsonl") == records(whole)
    assert records(data / "seed.jsonl").keys() == records(whole).keys()
    assert len(records(data / "queries.jsonl")) == 24


def test_the_chain_goes_from_the_seed_to_scores(cluster, data, tmp_path):
    for name in ("seed", "queries"):
        shutil.copy(data / f"{name}.jsonl", tmp_path)
    last = cluster.run("bash", "runs/slurm/chain.sh", "--steps", 6, "--validate-every", 6, DATA=tmp_path, RUNS=tmp_path / "runs", MODEL="tiny", GPUS=1, CPUS=1,
                       PARTS=2, GENERATE="--max-new-tokens 16 --limit 6", REFINE="", EVALUATE="--limit 2 --max-new-tokens 16 --workers 1")
    assert cluster.finished(last) == {"COMPLETED"}, logs(tmp_path)
    generated = records(tmp_path / "generated.jsonl")
    assert len(generated) == 6 and {record["annotator"]["model"] for record in generated.values()} == {str(tmp_path / "runs" / "annotator")}
    annotator, final = (records(tmp_path / bench / "train.jsonl") for bench in ("seed_bench", "bench"))
    tests = records(tmp_path / "bench" / "test_id.jsonl").keys() | records(tmp_path / "bench" / "test_ood.jsonl").keys()
    assert annotator and not {record["origin"] for record in annotator.values()} - {"seed"}
    assert tests and not tests & (annotator.keys() | final.keys())
    assert (tmp_path / "runs" / "final" / "model.safetensors").exists() and (tmp_path / "eval" / "scores.json").exists()


# vLLM's command line as far as serve_vllm.sh uses it: it takes a while to start, then answers every prompt alike.
VLLM = """
    #!/usr/bin/env python3
    import json, sys, time
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    flags = dict(zip(sys.argv[1:], sys.argv[2:]))
    assert sys.argv[1:3] == ["serve", "the-base"] and flags["--lora-modules"] == "annotator=the-adapter", sys.argv
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            self.answer({"data": [{"id": "annotator"}]})
        def do_POST(self):
            assert json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"] == "annotator"
            message = {"role": "assistant", "content": "Thought: 1. do it\\n\\nCode:\\n```python\\nis_workflow_actions_getclipboard()\\n```"}
            usage = {"prompt_tokens": 1, "completion_tokens": 1}
            self.answer({"model": "annotator", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage})
        def answer(self, value):
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
    time.sleep(1)
    ThreadingHTTPServer((flags["--host"], int(flags["--port"])), Handler).serve_forever()
"""


def test_a_server_is_started_for_each_part_and_stopped_when_it_is_annotated(cluster, data, tmp_path):
    (tmp_path / "vllm").write_text(textwrap.dedent(VLLM).lstrip())
    (tmp_path / "vllm").chmod(0o755)
    job = cluster.run("sbatch", "--parsable", "--array=0-1", "--cpus-per-task=1", f"--output={tmp_path}/%a.log", "runs/slurm/serve_vllm.sh",
                      "--input", data / "queries.jsonl", "--output", tmp_path / "generated.jsonl",
                      BASE="the-base", ADAPTER="the-adapter", VLLM=tmp_path / "vllm", DATA=tmp_path)
    assert cluster.finished(job) == {"COMPLETED"}, "\n".join(path.read_text() for path in tmp_path.glob("*.log"))
    parts = [records(path) for path in sorted(tmp_path.glob("generated.*-of-2.jsonl"))]
    assert len(parts) == 2 and all(parts) and parts[0].keys() | parts[1].keys() == records(data / "queries.jsonl").keys()
    assert all(record["code"].strip() == "is_workflow_actions_getclipboard()" for part in parts for record in part.values())
    assert not running(tmp_path / "vllm")


def test_a_server_that_does_not_come_up_ends_the_job_with_one_line(cluster, tmp_path):
    job = cluster.run("sbatch", "--parsable", f"--output={tmp_path}/log", "runs/slurm/serve_vllm.sh", VLLM="false", DATA=tmp_path)
    assert cluster.finished(job) == {"FAILED"}
    assert (tmp_path / "log").read_text() == "error: vLLM ended before it answered; see above\n"


def running(program: Path) -> bool:
    """True if a process of this machine runs a program."""
    commands = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if os.access(path, os.R_OK) and path.exists())
    return any(os.fsencode(program) in command for command in commands)
