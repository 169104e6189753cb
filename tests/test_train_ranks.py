"""Stage 07 as several processes on one machine (gloo): what is loaded where, equal numbers, and how a failure of one ends all.

`python -m pytest tests/test_train_ranks.py`
"""

from __future__ import annotations

import ast
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import stage_runs
import synthetic
from train_runs import STAGE, Killed, kill, metrics

from common.jsonl import UserError

pytest_plugins = ["train_fixtures"]

@pytest.fixture
def forked(train, data, base, tmp_path):
    """Run the stage as two processes that torchrun would have started, but forked from this one: their libraries are imported already.

    forked("name", act, flags) -> two processes; `act(rank)` is called in each before it begins.
    """
    begun: list[stage_runs.Started] = []

    def start(name: str, act: Callable[[int], None], *flags: Any, **variables: int) -> list[stage_runs.Started]:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        shared = {"TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
                  "TOKENIZERS_PARALLELISM": "false"}  # the threads of its pool are not forked
        argv = [str(part) for part in (*lora(data, base, tmp_path / name), *flags)]

        def main(rank: int) -> None:
            from common.training import launcher

            act(rank)
            launcher.start(lambda: train.main(train.arguments(argv)))

        for rank in (0, 1):
            environment = {key: str(value) for key, value in {**shared, "RANK": rank, "LOCAL_RANK": rank, **variables}.items()}
            begun.append(stage_runs.Started(functools.partial(main, rank), ["07_train.py", *argv], environment=environment))
        return begun

    yield start
    for process in begun:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()


def lora(data: Path, base: Path, output: Path) -> list[Any]:
    """The flags of all runs here."""
    return ["--input", data, "--model", base, "--output", output, "--context", 512, "--rows", 4, "--lora-rank", 4, "--lr", 1e-2,
            "--steps", 6, "--precision", "fp32", "--save-every", 2, "--validate-every", 3]


def is_gone(identifier: int, seconds: float = 15) -> bool:
    """True if a process ends in time."""
    for _ in range(int(seconds / 0.1)):
        try:
            state = Path(f"/proc/{identifier}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


@pytest.mark.ci
def test_two_processes_share_one_loaded_model_and_give_the_numbers_of_one(train, run, base, forked, tmp_path, monkeypatch):
    import torch

    from common import model
    from common.training import generations

    monkeypatch.setattr(generations, "LONGEST", 8)
    flags = ("--neftune", 10, "--sample-generations", 3, "--validation-share", 0.2, "--lora-dropout", 0.2)

    def watched(rank):
        load, tokenise, step, reduced, seen = model.load_model, train.training_data, train.FineTuning.training_step, [], []

        def noted(name, function):
            return lambda *parts, **settings: (tmp_path / f"{name}-{rank}").touch() or function(*parts, **settings)

        def counting(reduce):
            return lambda *parts, **settings: reduced.append(1) or reduce(*parts, **settings)

        def stepping(self, part, index):
            seen.append(len(reduced))
            return step(self, part, index)

        def beginning(self):
            frequencies = [buffer.tolist() for name, buffer in self.objective.named_buffers() if "inv_freq" in name]
            shards = sum(parameter.to_local().numel() for parameter in self.objective.parameters())
            (tmp_path / f"state-{rank}").write_text(repr((frequencies, shards, sum(p.numel() for p in self.objective.parameters()))))

        model.load_model, train.training_data = noted("loaded", load), noted("tokenised", tokenise)
        for name in ("reduce_scatter_tensor", "reduce_scatter_single"):
            if hasattr(torch.distributed, name):
                setattr(torch.distributed, name, counting(getattr(torch.distributed, name)))
        train.FineTuning.training_step, train.FineTuning.on_train_start = stepping, beginning
        train.FineTuning.on_train_end = lambda self: (tmp_path / f"sums-{rank}").write_text(repr(seen))

    ended = [process.wait(240) for process in forked("two", watched, *flags)]
    assert [end.returncode for end in ended] == [0, 0], ended
    assert {path.name for path in tmp_path.glob("*ed-*")} == {"loaded-0", "tokenised-0"}
    states = [ast.literal_eval((tmp_path / f"state-{rank}").read_text()) for rank in (0, 1)]
    assert states[0][0] == states[1][0] and all(0 < value <= 1 for value in states[1][0][0])
    assert all(share < 0.6 * whole for _, share, whole in states)
    sums = ast.literal_eval((tmp_path / "sums-0").read_text())  # of gradients over the processes, before each row: two a step
    assert sums[0::2] == sums[1::2] and len(set(sums)) == 6
    one, two = run("one", *lora("", base, "")[6:], *flags, base=base)[2], metrics(tmp_path / "two")
    for a, b in zip(one, two, strict=True):
        for column in ("loss", "grad_norm", "validation_loss"):
            assert a[column] == b[column] == "" or float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)
    samples = [[orjson.loads(line) for line in (tmp_path / name / "samples.jsonl").read_bytes().splitlines()] for name in ("one", "two")]
    assert [(sample["id"], sample["step"]) for sample in samples[0]] == [(sample["id"], sample["step"]) for sample in samples[1]]
    assert len(samples[1]) == 6


@pytest.mark.ci
def test_two_processes_in_bf16_answer_any_number_of_prompts_and_end(forked, base, tmp_path, monkeypatch):
    """Fewer questions than processes, no multiple of them, one too long, none that fits."""
    from common.training import generations

    settings = orjson.loads((base / "generation_config.json").read_bytes())
    (base / "generation_config.json").write_bytes(orjson.dumps({**settings, "eos_token_id": [settings["eos_token_id"], 300]}))
    answers, calls = generations.answers, []

    def asking(tokenizer, asked, *rest):
        long = {"id": "long", "messages": [{"role": "user", "content": "is here " * 600}, {"role": "assistant", "content": "x"}]}
        calls.append(1)
        return answers(tokenizer, [asked[:1], asked, [long, *asked[:2]], [long]][len(calls) - 1], *rest)

    monkeypatch.setattr(generations, "LONGEST", 6)
    monkeypatch.setattr(generations, "answers", asking)
    processes = forked("two", lambda rank: None, "--precision", "bf16", "--sample-generations", 3, "--validation-share", 0.2, "--steps", 4,
                       "--validate-every", 1)
    ended = [process.wait(240) for process in processes]
    assert [end.returncode for end in ended] == [0, 0], ended
    assert orjson.loads((tmp_path / "two" / "generation_config.json").read_bytes())["eos_token_id"] == sorted({settings["eos_token_id"], 300})
    samples = [orjson.loads(line) for line in (tmp_path / "two" / "samples.jsonl").read_bytes().splitlines()]
    by_step = {step: [sample for sample in samples if sample["step"] == step] for step in (1, 2, 3, 4)}
    ids = [sample["id"] for sample in by_step[2]]
    assert len(set(ids)) == 3
    assert [[sample["id"] for sample in by_step[step]] for step in (1, 3, 4)] == [ids[:1], ["long", *ids[:2]], ["long"]]
    assert all((sample["answer"] == "") == (sample["id"] == "long") for sample in samples)
    assert len(metrics(tmp_path / "two")) == 4


@pytest.mark.ci
def test_a_run_in_bf16_that_was_killed_on_two_processes_goes_on_on_one(train, run, base, forked, tmp_path, monkeypatch):
    from common.training import generations

    monkeypatch.setattr(generations, "LONGEST", 6)
    flags = ("--precision", "bf16", "--sample-generations", 3, "--validation-share", 0.2)

    def killed_in_step_4(rank):
        step = train.FineTuning.training_step

        def killing(self, part, index):
            if self.step == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            return step(self, part, index)

        train.FineTuning.training_step = killing

    processes = forked("two", killed_in_step_4, *flags)
    assert [process.wait(240).returncode for process in processes] == [-signal.SIGKILL] * 2
    assert len(metrics(tmp_path / "two")) == 3
    here = (*lora("", base, "")[6:], *flags)
    code, _, found = run("two", *here, base=base)
    assert code == 0 and len(found) == 6
    for a, b in zip(run("whole", *here, base=base)[2], found, strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-2) and a["lr"] == b["lr"]
        assert (a["validation_loss"] == "") == (b["validation_loss"] == "")
    samples = [orjson.loads(line) for line in (tmp_path / "two" / "samples.jsonl").read_bytes().splitlines()]
    assert [sample["step"] for sample in samples] == [3] * 3 + [6] * 3 and len({sample["id"] for sample in samples}) == 3


@pytest.mark.ci
def test_a_run_that_was_killed_on_one_process_goes_on_on_two(run, base, forked, at_step, tmp_path):
    flags = (*lora("", base, "")[6:], "--rows", 3)  # of three rows on two processes one is empty
    whole = run("whole", *flags, base=base)[2]
    at_step(3, kill)
    with pytest.raises(Killed):
        run("killed", *flags, base=base)
    ended = [process.wait(240) for process in forked("killed", lambda rank: None, "--rows", 3)]
    assert [end.returncode for end in ended] == [0, 0], ended
    for a, b in zip(whole, metrics(tmp_path / "killed"), strict=True):
        for column in ("loss", "grad_norm", "validation_loss"):
            assert a[column] == b[column] == "" or float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)


@pytest.mark.parametrize("world", [1, 2, 3, 8, 16])
def test_every_process_does_as_much_as_the_others_and_all_is_done_once(world, monkeypatch):
    import torch.distributed as dist

    from common.training import launcher

    class Waiting(Exception):
        """The others have not said what is theirs."""

    told: list[list[int]] = []

    def gather(into: list[Any], own: list[int]) -> None:
        if len(told) < world:
            told.append(own)
            raise Waiting
        into[:] = told

    monkeypatch.setattr(dist, "all_gather_object", gather)
    for count in range(20):
        told.clear()
        turns = [functools.partial(launcher.shared_out, list(range(count)), lambda mine: [10 * item for item in mine], rank, world)
                 for rank in range(world)]  # fmt: skip
        for turn in turns if world > 1 else []:
            with pytest.raises(Waiting):
                turn()
        assert len({len(own) for own in told}) <= 1 and all(0 <= len(own) - count / world < 1 for own in told)
        assert [turn() for turn in turns] == [[10 * item for item in range(count)]] * world


@pytest.mark.ci
@pytest.mark.parametrize(("rank", "error", "line"), [
    (1, RuntimeError("boom\nbang"), "error: process 1: RuntimeError: boom bang"),
    (1, UserError("mine alone"), "error: process 1: mine alone"),
    (0, UserError("the disk is full"), "error: the disk is full"),
    (1, None, None),  # it is killed, and whoever started it says so
])
def test_a_failure_of_one_process_ends_all_with_one_line(train, forked, monkeypatch, rank, error, line):
    from common.training import launcher

    monkeypatch.setattr(launcher, "GRACE", 0.5)

    def failing_in_step_4(this):
        step = train.FineTuning.training_step

        def failing(self, part, index):
            if self.step == 3 and this == rank:
                if error is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise error
            return step(self, part, index)

        train.FineTuning.training_step = failing

    ended = [process.wait(240) for process in forked("failing", failing_in_step_4)]
    assert [end.returncode for end in ended] == ([1, 1] if error else [1, -signal.SIGKILL])
    said = "".join(end.stderr for end in ended)
    assert [text for text in said.splitlines() if text.startswith("error")] == ([line] if line else []) and "Traceback" not in said


# ---------------------------------------------------------------------------------------------------------------------------------
# the launcher

RANK = """
import os, signal, sys, time
sys.path.insert(0, {root!r})
from common.training import launcher
launcher.end_with_parent()
rank, received = int(os.environ["RANK"]), []
signal.signal(signal.SIGTERM, signal.SIG_DFL)
for number in (signal.SIGINT, signal.SIGUSR1):
    signal.signal(number, lambda number, frame: received.append(number))
open({folder!r} + f"/pid-{{rank}}", "w").write(str(os.getpid()))
def wait():
    for _ in range(3000):
        time.sleep(0.01)
        if received:
            open({folder!r} + f"/received-{{rank}}", "w").write(str(int(received[0])))
            return sys.exit(0 if rank else 130)
{act}
"""


@pytest.fixture
def ranks(tmp_path):
    """Have the launcher start two processes with a few lines of code: ranks("sys.exit(rank)") -> the launcher, a process."""
    begun: list[stage_runs.Started] = []

    def start(act: str) -> stage_runs.Started:
        from common import cli
        from common.training import launcher

        def main() -> None:
            launcher.Stop.on_signals()
            cli.start(lambda: launcher.run_ranks(2))

        script = tmp_path / "rank.py"
        script.write_text(RANK.format(root=str(synthetic.ROOT), folder=str(tmp_path), act=act))
        begun.append(stage_runs.Started(main, [str(script)]))
        return begun[0]

    yield start
    assert all(is_gone(int(path.read_text())) for path in tmp_path.glob("pid-*"))


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come")


@pytest.mark.ci
@pytest.mark.parametrize(("act", "code", "said"), [
    ("", 0, ""),
    ("sys.exit(1) if rank else wait()", 1, ""),  # it has said why
    ("sys.exit(130 if rank == 0 else 0)", 130, ""),
    ("os.kill(os.getpid(), 9) if rank else wait()", 1, "error: process 1 was killed by signal 9; if nobody did, memory ran out\n"),
])
def test_the_launcher_ends_with_the_first_that_fails_and_its_code(ranks, act, code, said):
    ended = ranks(act).wait(60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "", said)


LAST = """
import atexit, sys
sys.path.insert(0, {root!r})
from common import cli
from common.training import launcher

class Tensor:
    def __del__(self):
        print("Python has taken itself apart")

def main():
    atexit.register(print, "the logger is closed")
    print("trained", end=" ")
    {act}

kept = Tensor()
launcher.start(main)
"""


@pytest.mark.ci
@pytest.mark.parametrize(("act", "code", "said"), [
    ("return 0", 0, ""),
    ("return 130", 130, ""),
    ("raise cli.UserError('no')", 1, "error: no\n"),
    ("raise SystemError", 1, "SystemError"),
])
def test_one_of_several_processes_leaves_before_python_takes_itself_apart(act, code, said):
    script = LAST.format(root=str(synthetic.ROOT), act=act)
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60,
                           env=os.environ | {"TORCHELASTIC_RUN_ID": "train", "RANK": "0"})  # fmt: skip
    assert (ended.returncode, ended.stdout) == (code, "trained the logger is closed\n")
    assert ended.stderr == said or said == "SystemError" and said in ended.stderr


@pytest.mark.ci
@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGINT])
def test_a_signal_to_the_launcher_reaches_all_processes_which_end_in_their_own_time(ranks, tmp_path, number):
    launcher = ranks("wait()")
    until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
    time.sleep(0.1)
    launcher.send_signal(number)
    assert launcher.wait(60).returncode == 130
    assert [(tmp_path / f"received-{rank}").read_text() for rank in (0, 1)] == [str(int(number))] * 2


@pytest.mark.ci
def test_a_second_interrupt_ends_the_launcher_and_all_processes_at_once(ranks, tmp_path):
    launcher = ranks("time.sleep(60)")
    until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
    launcher.send_signal(signal.SIGINT)
    time.sleep(0.3)
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(30).returncode == 130


@pytest.mark.ci
def test_a_killed_launcher_leaves_no_process_behind(ranks, tmp_path):
    launcher = ranks("time.sleep(60)")
    until(lambda: len(list(tmp_path.glob("pid-*"))) == 2)
    launcher.send_signal(signal.SIGKILL)
    assert launcher.wait(30).returncode == -signal.SIGKILL


@pytest.mark.parametrize(("variables", "first"), [
    ({}, True), ({"RANK": "3"}, True), ({"TORCHELASTIC_RUN_ID": "a", "RANK": "0"}, True), ({"TORCHELASTIC_RUN_ID": "a", "RANK": "8"}, False),
    ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_PROCID": "1"}, False), ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_PROCID": "0"}, True),
    ({"SLURM_PROCID": "1"}, True),  # in a batch job, not in a step of it
    ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "2", "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "1"}, True),  # as in the shell of salloc
])
def test_one_process_of_all_nodes_writes(variables, first, monkeypatch):
    from common.training import launcher

    for name in ("RANK", "TORCHELASTIC_RUN_ID", "SLURM_STEP_ID", "SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"):
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
def test_two_nodes_with_copies_of_the_model_give_the_numbers_of_one_device(run, base, forked, tmp_path):
    ended = [process.wait(240) for process in forked("nodes", lambda rank: None, "--strategy", "hsdp", LOCAL_WORLD_SIZE=1, LOCAL_RANK=0)]
    assert [end.returncode for end in ended] == [0, 0], ended
    for a, b in zip(run("one", *lora("", base, "")[6:], base=base)[2], metrics(tmp_path / "nodes"), strict=True):
        for column in ("loss", "grad_norm"):
            assert float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)


@pytest.mark.slow
def test_torchrun_starts_the_stage_as_well(data, base, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", STAGE,
               *lora(data, base, tmp_path / "run")]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert len(metrics(tmp_path / "run")) == 6 and orjson.loads(done.stdout.splitlines()[-1])["steps"] == 6
