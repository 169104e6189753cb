"""Stage 07 as several processes on one machine (gloo): what is loaded where, equal numbers, and how a failure of one ends all.

`python -m pytest tests/test_train_ranks.py`
"""

from __future__ import annotations

import ast
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import synthetic
from train_runs import STAGE, Killed, kill, metrics

pytest_plugins = ["train_fixtures"]

# The stage as a person starts it, but for what a test has happen in it; the first process starts one a device, as the stage does.
WRAPPED = """
import functools, importlib.util, os, sys
sys.path.insert(0, {root!r})
from common import cli
from common.training import launcher
launcher.Stop.on_signals()
if {devices} > 1 and not launcher.by_torch():
    cli.start(functools.partial(launcher.run_ranks, {devices}))
rank = int(os.environ.get("RANK", 0))
open({pid!r} + str(rank), "w").write(str(os.getpid()))
spec = importlib.util.spec_from_file_location("__mp_main__", {stage!r})
train = importlib.util.module_from_spec(spec)
sys.modules["stage_07"] = train
spec.loader.exec_module(train)
from common import model
from common.training import devices, generations
{injected}
cli.start(launcher.with_one_voice(functools.partial(train.main, train.arguments())))
"""
AT_STEP_3 = """
step = train.FineTuning.training_step
def failing(self, batch, index):
    if self.step == 3 and rank == {rank}:
        {action}
    return step(self, batch, index)
train.FineTuning.training_step = failing
"""
WATCHED = """
import pathlib
folder = pathlib.Path({folder!r})
import torch
load, tokenise, reduce, reduced = model.load_model, train.training_data, torch.distributed.reduce_scatter_tensor, []
def loading(*parts, **settings):
    (folder / f"loaded-{{rank}}").touch()
    return load(*parts, **settings)
def tokenising(*parts):
    (folder / f"tokenised-{{rank}}").touch()
    return tokenise(*parts)
def reducing(*parts, **settings):
    reduced.append(1)
    return reduce(*parts, **settings)
def beginning(self):
    frequencies = [buffer.tolist() for name, buffer in self.objective.named_buffers() if "inv_freq" in name]
    shards = [parameter.to_local().numel() for parameter in self.objective.parameters()]
    (folder / f"state-{{rank}}").write_text(repr((frequencies, sum(shards), sum(p.numel() for p in self.objective.parameters()))))
def ending(self):
    (folder / f"reduced-{{rank}}").write_text(str(len(reduced)))
model.load_model, train.training_data, torch.distributed.reduce_scatter_tensor = loading, tokenising, reducing
train.FineTuning.on_train_start, train.FineTuning.on_train_end = beginning, ending
generations.LONGEST = 8
"""


@pytest.fixture
def started(tmp_path, data, base):
    """Start the stage with LoRA on a small base, something injected: started("name", "code", flags) -> process."""

    def start(name: str, injected: str, *flags: Any, devices: int = 1, by: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        script = tmp_path / f"{name}.py"
        script.write_text(WRAPPED.format(root=str(synthetic.ROOT), stage=str(STAGE), injected=injected, devices=devices,
                                         pid=str(tmp_path / "pid")))
        command = [sys.executable, *by, script, "--input", data, "--model", base, "--output", tmp_path / name, "--context", 512, "--rows", 4,
                   "--lora-rank", 4, "--lr", 1e-2, "--steps", 6, "--precision", "fp32", "--save-every", 2, "--validate-every", 3, *flags]
        if devices > 1:
            command += ["--devices", devices]
        return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def is_gone(identifier: int, seconds: float = 15) -> bool:
    """Whether a process ends in time."""
    for _ in range(int(seconds / 0.1)):
        try:
            state = Path(f"/proc/{identifier}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
def test_two_processes_share_one_loaded_model_and_give_the_numbers_of_one(run, base, started, tmp_path, monkeypatch):
    from common.training import generations

    flags = ("--neftune", 10, "--sample-generations", 3, "--validation-share", 0.2, "--lora-dropout", 0.2)
    process = started("two", WATCHED.format(folder=str(tmp_path)), *flags, devices=2)
    monkeypatch.setattr(generations, "LONGEST", 8)
    one = run("one", "--rows", 4, "--lora-rank", 4, "--lr", 1e-2, "--steps", 6, "--save-every", 2, "--validate-every", 3, *flags, base=base)[2]
    _, messages = process.communicate(timeout=240)
    assert process.returncode == 0, messages
    assert {path.name for path in tmp_path.glob("*ed-*") if "reduced" not in path.name} == {"loaded-0", "tokenised-0"}
    # two layers and six steps: gradients are summed once a step, not once a row
    assert [(tmp_path / f"reduced-{rank}").read_text() for rank in (0, 1)] == ["12", "12"]
    states = [ast.literal_eval((tmp_path / f"state-{rank}").read_text()) for rank in (0, 1)]
    assert states[0][0] == states[1][0] and all(0 < value <= 1 for value in states[1][0][0])
    assert all(share < 0.6 * whole for _, share, whole in states)
    two = metrics(tmp_path / "two")
    for a, b in zip(one, two, strict=True):
        for column in ("loss", "grad_norm", "validation_loss"):
            assert a[column] == b[column] == "" or float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)
    samples = [[orjson.loads(line) for line in (tmp_path / name / "samples.jsonl").read_bytes().splitlines()] for name in ("one", "two")]
    assert [(sample["id"], sample["step"]) for sample in samples[0]] == [(sample["id"], sample["step"]) for sample in samples[1]]
    assert len(samples[1]) == 6


# Validations with other numbers of questions: fewer than processes, no multiple of them, one too long, none that fits.
ASKING = """
generations.LONGEST, answers = 6, generations.answers
def asking(tokenizer, asked, *rest):
    long = {"id": "long", "messages": [{"role": "user", "content": "is here " * 600}]}
    sets = iter(asking.sets) if not hasattr(asking, "left") else asking.left
    asking.left = sets
    return answers(tokenizer, {"one": asked[:1], "three": asked, "long": [long, *asked[:2]], "none": [long]}[next(sets)], *rest)
asking.sets = ["one", "three", "long", "none"]
generations.answers = asking
"""


@pytest.mark.ci
def test_two_processes_in_bf16_answer_any_number_of_prompts_and_end(started, base, tmp_path):
    settings = orjson.loads((base / "generation_config.json").read_bytes())
    (base / "generation_config.json").write_bytes(orjson.dumps({**settings, "eos_token_id": [settings["eos_token_id"], 300]}))
    process = started("two", ASKING, "--precision", "bf16", "--sample-generations", 3, "--validation-share", 0.2,
                      "--steps", 4, "--validate-every", 1, devices=2)
    try:
        _, messages = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, messages
    named = orjson.loads((tmp_path / "two" / "generation_config.json").read_bytes())["eos_token_id"]
    assert named == sorted({settings["eos_token_id"], 300})
    samples = [orjson.loads(line) for line in (tmp_path / "two" / "samples.jsonl").read_bytes().splitlines()]
    by_step = {step: [sample for sample in samples if sample["step"] == step] for step in (1, 2, 3, 4)}
    ids = [sample["id"] for sample in by_step[2]]
    assert len(set(ids)) == 3
    assert [[sample["id"] for sample in by_step[step]] for step in (1, 3, 4)] == [ids[:1], ["long", *ids[:2]], ["long"]]
    assert all((sample["answer"] == "") == (sample["id"] == "long") for sample in samples)
    assert len(metrics(tmp_path / "two")) == 4


SHORT = "generations.LONGEST = 6\n"
KILLED = "os.kill(os.getppid(), 9); os.kill(os.getpid(), 9)"  # all of them at once, as a power cut


@pytest.mark.ci
def test_a_run_in_bf16_that_was_killed_on_two_processes_goes_on_on_one(run, base, started, tmp_path, monkeypatch):
    from common.training import generations

    flags = ("--precision", "bf16", "--sample-generations", 3, "--validation-share", 0.2)
    process = started("two", SHORT + AT_STEP_3.format(rank=0, action=KILLED), *flags, devices=2)
    monkeypatch.setattr(generations, "LONGEST", 6)
    here = ("--rows", 4, "--lora-rank", 4, "--lr", 1e-2, "--steps", 6, "--save-every", 2, "--validate-every", 3, *flags)
    whole = run("whole", *here, base=base)[2]
    process.communicate(timeout=240)
    assert process.returncode == -signal.SIGKILL and len(metrics(tmp_path / "two")) == 3
    assert all(is_gone(int((tmp_path / f"pid{rank}").read_text())) for rank in (0, 1))
    code, _, found = run("two", *here, base=base)
    assert code == 0 and len(found) == 6
    for a, b in zip(whole, found, strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-2) and a["lr"] == b["lr"]
        assert (a["validation_loss"] == "") == (b["validation_loss"] == "")
    samples = [orjson.loads(line) for line in (tmp_path / "two" / "samples.jsonl").read_bytes().splitlines()]
    assert [sample["step"] for sample in samples] == [3] * 3 + [6] * 3 and len({sample["id"] for sample in samples}) == 3


@pytest.mark.slow
def test_a_run_that_was_killed_on_one_process_goes_on_on_two(run, base, started, at_step, tmp_path):
    flags = ("--rows", 3, "--lora-rank", 4, "--lr", 1e-2, "--steps", 6, "--save-every", 2, "--validate-every", 3)  # 3 rows: one is empty
    whole = run("whole", *flags, base=base)[2]
    at_step(3, kill)
    with pytest.raises(Killed):
        run("killed", *flags, base=base)
    process = started("killed", "", "--rows", 3, devices=2)
    _, messages = process.communicate(timeout=240)
    assert process.returncode == 0, messages
    for a, b in zip(whole, metrics(tmp_path / "killed"), strict=True):
        for column in ("loss", "grad_norm", "validation_loss"):
            assert a[column] == b[column] == "" or float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)


@pytest.mark.parametrize("world", [1, 2, 3, 8, 16])
def test_every_process_answers_as_many_prompts_as_the_others_and_all_are_answered(world):
    from common.training.generations import shared_out

    for count in range(20):
        asked = [{"id": str(number)} for number in range(count)]
        shares = [shared_out(asked, lambda question: int(question["id"]) % 3 != 1, rank, world) for rank in range(world)]
        [fitting] = {tuple(question["id"] for question in fitting) for fitting, _ in shares}
        assert list(fitting) == [str(number) for number in range(count) if number % 3 != 1]
        assert len({len(mine) for _, mine in shares}) == 1 and len(shares[0][1]) - len(fitting) / world < 1
        assert [shares[number % world][1][number // world]["id"] for number in range(len(fitting))] == list(fitting)


@pytest.mark.slow
@pytest.mark.parametrize(("rank", "action", "line"), [
    (1, "raise RuntimeError('boom\\nbang')", "error: process 1: RuntimeError: boom bang"),
    (1, "raise train.UserError('mine alone')", "error: process 1: mine alone"),
    (0, "raise train.UserError('the disk is full')", "error: the disk is full"),
    (1, "os.kill(os.getpid(), 9)", "error: process 1 was killed by signal 9; if nobody did, memory ran out"),
])
def test_a_failure_of_one_process_ends_all_with_one_line_and_exit_code_1(started, tmp_path, rank, action, line):
    process = started("failing", AT_STEP_3.format(rank=rank, action=action), devices=2)
    _, messages = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "Traceback" not in messages
    assert [text for text in messages.splitlines() if text.startswith("error")] == [line]
    assert all(is_gone(int((tmp_path / f"pid{number}").read_text())) for number in (0, 1))


@pytest.mark.slow
def test_a_killed_launcher_leaves_no_process_behind(started, tmp_path):
    process = started("killed", AT_STEP_3.format(rank=0, action="os.kill(os.getppid(), 9)"), devices=2)
    process.communicate(timeout=240)
    assert process.returncode == -signal.SIGKILL
    assert all(is_gone(int((tmp_path / f"pid{rank}").read_text())) for rank in (0, 1))


@pytest.mark.parametrize(("variables", "first"), [
    ({}, True), ({"RANK": "3"}, True), ({"TORCHELASTIC_RUN_ID": "a", "RANK": "0"}, True), ({"TORCHELASTIC_RUN_ID": "a", "RANK": "8"}, False),
    ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_PROCID": "1"}, False), ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_PROCID": "0"}, True),
    ({"SLURM_PROCID": "1"}, True),  # in a batch job, not in a step of it
])
def test_one_process_of_all_nodes_writes(variables, first, monkeypatch):
    from common.training import launcher

    for name in ("RANK", "TORCHELASTIC_RUN_ID", "SLURM_STEP_ID", "SLURM_NTASKS", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert launcher.is_first() is first


def test_what_the_first_process_reads_the_others_receive(monkeypatch):
    import torch.distributed as dist

    from common.training import launcher

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setattr(dist, "is_initialized", lambda: True)
    sent: list[object] = []

    def broadcast(shared):
        sent.append(shared[0])
        shared[0] = "of the first"

    monkeypatch.setattr(dist, "broadcast_object_list", broadcast)
    monkeypatch.setenv("RANK", "0")
    assert launcher.from_first(lambda: "of the first") == "of the first" == sent.pop()
    monkeypatch.setenv("RANK", "1")
    assert launcher.from_first(lambda: pytest.fail("read twice")) == "of the first" and sent.pop() is None


@pytest.mark.slow
def test_two_nodes_of_torchrun_with_copies_of_the_model_give_the_numbers_of_one_device(run, base, started, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    torchrun = ("-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1", "--master-addr", "127.0.0.1", "--master-port", port)
    nodes = [started("nodes", "", "--strategy", "hsdp", by=(*torchrun, "--node-rank", str(rank))) for rank in (0, 1)]
    one = run("one", "--rows", 4, "--lora-rank", 4, "--lr", 1e-2, "--steps", 6, "--save-every", 2, "--validate-every", 3, base=base)[2]
    messages = [node.communicate(timeout=240)[1] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], messages
    for a, b in zip(one, metrics(tmp_path / "nodes"), strict=True):
        for column in ("loss", "grad_norm"):
            assert float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)
