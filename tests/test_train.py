"""Stage 07, from a few steps of a very small model to two processes with FSDP2: `python -m pytest tests/test_train.py`.

Runs in this process train through Lightning as the stage does; only what needs a process of its own (signals, SIGKILL, several devices) is
a subprocess, and marked slow.
"""

from __future__ import annotations

import errno
import os
import random
import re
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import orjson
import pytest
import synthetic
from train_runs import STAGE, Killed, command, exact, kill, metrics, wait_for_steps

from common import cli, model
from common.decoding.generation import generate
from common.jsonl import UserError
from common.packing import Plan

pytest_plugins = ["train_fixtures"]


# ---------------------------------------------------------------------------------------------------------------------------------
# a run


@pytest.mark.ci
def test_a_tiny_run_learns_and_leaves_a_model_that_loads_with_one_call(run, tmp_path):
    code, summary, rows = run("a", "--steps", 30)
    assert code == 0
    assert summary["stage"] == "train" and summary["steps"] == 30 and summary["read"] == 20
    assert [int(row["step"]) for row in rows] == list(range(1, 31))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"]) - 1
    assert all(float(row[column]) > 0 for row in rows for column in ("tok_per_s", "supervised_tok_per_s", "memory_mib", "grad_norm"))
    trained, tokenizer = model.load_run(tmp_path / "a")
    assert list(generate(trained, tokenizer, [[{"role": "user", "content": "hi"}]], max_new_tokens=2))[0].tokens <= 2


@pytest.mark.ci
def test_what_is_exported_is_the_model_with_the_best_validation_loss(run, train, tmp_path):
    import torch

    from common.training.loss import AnswerLoss

    _, summary, rows = run("a")
    validated = [float(row["validation_loss"]) for row in rows if row["validation_loss"]]
    assert summary["best_validation_loss"] == min(validated) and len(validated) == 3
    trained, tokenizer = model.load_run(tmp_path / "a")
    source = orjson.loads((tmp_path / "a" / "run.json").read_bytes())["arguments"]["input"]
    held_out = train.training_data(train.arguments(["--input", source, "--context", "512"]), tokenizer).validation
    plan = Plan(held_out, 512, 99, 0)
    with torch.no_grad():
        loss = sum(AnswerLoss(trained)(plan.row(0, number)).item() for number in range(plan.rows_per_epoch)) / plan.size(0)[1]
    assert loss == pytest.approx(min(validated), rel=1e-5)


@pytest.mark.ci
def test_the_same_command_again_does_nothing(run, tmp_path):
    _, first, _ = run("a")
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    code, second, _ = run("a")
    assert code == 0 and second == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")} == written


@pytest.mark.ci
def test_run_json_says_what_made_the_run(run, tmp_path):
    run("a")
    about = orjson.loads((tmp_path / "a" / "run.json").read_bytes())
    assert len(about["plan"]["train"]) == len(about["plan"]["validation"]) == 64
    assert {"python", "torch", "lightning", "transformers", "peft", "git"} == about["versions"].keys()
    assert about["arguments"]["lr"] == "0.004"


def test_the_rate_rises_over_the_warm_up_and_falls_to_zero(train):
    rates = [train.learning_rate(step, 100, 0.1, 1.0) for step in range(100)]
    assert rates[0] > 0 and rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert max(rates) == rates[10] == 1.0 and 0 < rates[-1] < 0.02
    assert train.learning_rate(0, 1, 0.1, 1.0) == 1.0


def test_tiny_trains_whole_and_flags_win(train):
    tiny = train.arguments(["--model", "tiny", "--epochs", "2"])
    assert (tiny.lora_rank, tiny.epochs, tiny.steps, tiny.output) == (0, 2, None, Path("runs/tiny"))


def test_a_row_that_cannot_hold_the_longest_sample_is_refused(train, capsys):
    with pytest.raises(SystemExit):
        train.arguments(["--model", "tiny", "--context", "512", "--row-tokens", "511"])
    assert "at least --context 512" in capsys.readouterr().err


def test_lora_on_the_random_tiny_model_is_refused(train, capsys):
    with pytest.raises(SystemExit) as left:
        train.arguments(["--model", "tiny", "--lora-rank", "4"])
    assert left.value.code == cli.EXIT_ARGUMENTS and "random weights teaches nothing" in capsys.readouterr().err


def test_help_has_examples_and_imports_nothing_that_takes_long():
    shown = subprocess.run([sys.executable, "-X", "importtime", STAGE, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0 and not re.search(r"\| +(torch|transformers|lightning|numpy)$", shown.stderr, re.M)
    assert "python 07_train.py --model tiny" in shown.stdout and "sbatch" in shown.stdout


# ---------------------------------------------------------------------------------------------------------------------------------
# going on


@pytest.mark.ci
@pytest.mark.parametrize("lora", [False, True])
def test_a_killed_run_goes_on_with_the_same_numbers(run, at_step, tmp_path, base, lora):
    settings = ("--lora-rank", 4, "--lora-dropout", 0.3, "--activation-checkpointing", "full") if lora else ()
    start = base if lora else "tiny"
    _, _, expected = run("whole", *settings, base=start)
    at_step(8, kill)
    with pytest.raises(Killed):
        run("killed", *settings, base=start)
    assert len(metrics(tmp_path / "killed")) == 8  # the last checkpoint is from step 5
    _, _, found = run("killed", *settings, base=start)
    assert exact(found) == exact(expected)
    name = "adapter_model.safetensors" if lora else "model.safetensors"
    assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.ci
def test_a_stop_is_obeyed_at_the_step_boundary_and_told_by_the_exit_code(run, train, at_step, tmp_path):
    _, _, expected = run("whole")
    at_step(7, lambda: setattr(train.Stop, "wanted", True))
    code, summary, rows = run("stopped")
    assert code == cli.EXIT_INTERRUPTED and not summary
    assert not (tmp_path / "stopped" / "model.safetensors").exists()
    train.Stop.wanted = False
    code, _, found = run("stopped")
    assert code == 0 and exact(found) == exact(expected) and len(rows) in (7, 8)


@pytest.mark.ci
def test_a_folder_with_another_plan_is_not_gone_on_with(run, tmp_path):
    run("a")
    before = (tmp_path / "a" / "model.safetensors").read_bytes()
    with pytest.raises(UserError, match=r"another plan \(lr 0.004 there, 0.5 here\).*--overwrite") as error:
        run("a", "--lr", 0.5)
    assert "\n" not in str(error.value)
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == before
    _, _, rows = run("a", "--lr", 0.5, "--overwrite")
    assert float(rows[1]["lr"]) == 0.5


@pytest.mark.ci
def test_other_data_is_another_plan(run, tmp_path):
    run("a")
    with pytest.raises(UserError, match="another plan .*train"):
        run("a", records=synthetic.write(tmp_path / "other.jsonl", synthetic.records(20, seed=1)))


@pytest.mark.ci
def test_a_full_disk_leaves_the_last_checkpoint_intact(run, at_step, monkeypatch, tmp_path):
    from common.training import checkpoint

    _, _, expected = run("whole")
    save = checkpoint.dcp.save

    def full(tensors, storage_writer):
        (Path(storage_writer.path) / "half").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    at_step(6, lambda: monkeypatch.setattr(checkpoint.dcp, "save", full))
    with pytest.raises(UserError, match="No space left.*intact"):
        run("full")
    assert not list((tmp_path / "full" / "checkpoints").glob("*.part"))
    monkeypatch.setattr(checkpoint.dcp, "save", save)
    _, _, found = run("full")
    assert exact(found) == exact(expected)


def test_a_damaged_checkpoint_is_one_clear_line(run, at_step, tmp_path):
    at_step(8, kill)
    with pytest.raises(Killed):
        run("a")
    checkpoints = tmp_path / "a" / "checkpoints"
    (tensors,) = (checkpoints / "step-5").iterdir()
    tensors.write_bytes(b"\0" * 64)
    with pytest.raises(UserError, match="--overwrite"):
        run("a")
    (checkpoints / "last.json").write_bytes(b"\0" * 64)
    with pytest.raises(UserError, match="--overwrite"):
        run("a")


# ---------------------------------------------------------------------------------------------------------------------------------
# data


def test_a_sample_that_does_not_fit_is_rejected_counted_and_named(run, tmp_path):
    long = {"id": "long", "messages": [{"role": "user", "content": "word " * 900}, {"role": "assistant", "content": "Thought:x"}]}
    mute = {"id": "mute", "messages": [{"role": "user", "content": "hm"}]}
    _, summary, _ = run("a", records=synthetic.write(tmp_path / "data.jsonl", [*synthetic.records(20), long, mute]))
    assert (summary["read"], summary["rejected"]) == (22, 2)
    rejected = [orjson.loads(line) for line in (tmp_path / "a" / "rejected.jsonl").read_bytes().splitlines()]
    assert {(record["id"], record["reason"]) for record in rejected} == {("long", "too_long"), ("mute", "no_answer")}
    assert "the context holds 512" in next(record["detail"] for record in rejected if record["id"] == "long")


@pytest.mark.parametrize(("line", "message"), [
    (b'{"id": "a"}\n', r'bad.jsonl:1: field "messages"'),
    (b'{"id": "a", "messages": "hello"}\n', r'bad.jsonl:1: field "messages": a list of'),
    (b'{"id": "a", "messages": [{"role": "user"}]}\n', r'bad.jsonl:1: field "messages": a list of'),
    (b'{"id": "a", "messages": [\n', r"bad.jsonl:1: not JSON"),
    (b"", r"bad.jsonl: no sample to train on"),
])
def test_bad_input_is_one_clear_line(run, tmp_path, line, message):
    (tmp_path / "bad.jsonl").write_bytes(line)
    with pytest.raises(UserError, match=message):
        run("a", records=tmp_path / "bad.jsonl")


def test_input_that_does_not_fit_at_all_is_one_clear_line(run):
    with pytest.raises(UserError, match="no sample to train on.*the context holds 16.*--context"):
        run("a", "--context", 16)


def test_validation_takes_a_seeded_share_or_another_file(train, data, tmp_path):
    def split(*argv):
        args = train.arguments(["--model", "tiny", "--input", str(data), *map(str, argv)])
        return train.training_data(args, train.network.load(args)[0])[:3]

    first, held_out, _ = split("--validation-share", 0.25)
    assert (len(first), len(held_out)) == (15, 5)
    assert split("--validation-share", 0.25)[1].sha256() == held_out.sha256() != split("--validation-share", 0.25, "--seed", 1)[1].sha256()
    other = synthetic.write(tmp_path / "validation.jsonl", synthetic.records(3, seed=5))
    assert [len(part) for part in split("--validation", other)] == [20, 3, 0]
    assert [len(part) for part in split("--validation-share", 0)] == [20, 0, 0]


def test_a_program_and_its_edits_are_trained_on_or_held_out_together(train, tmp_path):
    records = synthetic.records(10)
    records += [record | {"id": f"{record['id']}-edit-{number}", "of": record["id"]} for number in (1, 2) for record in records]
    args = train.arguments(["--model", "tiny", "--input", str(synthetic.write(tmp_path / "both.jsonl", records)), "--validation-share", "0.3",
                            "--token-cache", str(tmp_path / "tokens")])
    tokenizer = train.network.load(args)[0]
    for _ in ("made", "from the cache"):
        trained, held_out = (sorted(ids) for ids in train.training_data(args, tokenizer).ids)
        assert len(held_out) == 9 and len(trained) == 21
        assert not {name.split("-edit")[0] for name in trained} & {name.split("-edit")[0] for name in held_out}


def test_what_is_held_out_of_a_seed_is_as_it_was_before_there_were_edits(train):
    ids = [record["id"] for record in synthetic.records(20)]
    order = sorted(range(20), key=lambda number: zlib.crc32(f"7/{ids[number]}".encode()))
    assert train.data.drawn(ids, 0.23, 7) == (order[5:], order[:5])
    assert [len(part) for part in train.data.drawn(["a"] * 5 + ["b"] * 5, 0.01, 0)] == [5, 5]


def test_a_run_without_validation_exports_its_last_state(run, tmp_path):
    _, summary, rows = run("a", "--validation-share", 0)
    assert not any(row["validation_loss"] for row in rows)
    assert (tmp_path / "a" / "model.safetensors").exists() and summary["best_validation_loss"] is None


# ---------------------------------------------------------------------------------------------------------------------------------
# exactness


@pytest.mark.ci
def test_one_row_and_eight_accumulated_rows_give_the_same_losses_and_norms(run):
    _, _, one = run("one", "--row-tokens", 4096, "--rows", 1, "--steps", 4)
    _, _, many = run("many", "--context", 512, "--rows", 64, "--steps", 4)
    for a, b in zip(one, many, strict=True):
        assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-5)
        assert float(a["grad_norm"]) == pytest.approx(float(b["grad_norm"]), rel=1e-4)


# ---------------------------------------------------------------------------------------------------------------------------------
# LoRA


@pytest.mark.ci
def test_a_lora_run_exports_what_it_trained_and_it_merges(run, base, tmp_path):
    import torch
    from safetensors.torch import load_file

    from common.training import checkpoint

    _, _, rows = run("lora", "--lora-rank", 4, "--lr", 1e-2, "--export", "last", base=base)
    frozen = load_file(base / "model.safetensors").keys()
    held = checkpoint.weights(tmp_path / "lora" / "checkpoints" / "last.json")
    assert held and not frozen & held.keys()  # frozen weights are in no checkpoint
    exported = load_file(tmp_path / "lora" / "adapter_model.safetensors")
    assert all(torch.equal(tensor, held[name.replace(".weight", ".default.weight")]) for name, tensor in exported.items())
    adapted, tokenizer = model.load_run(tmp_path / "lora")
    assert adapted.peft_config["default"].base_model_name_or_path == str(base)
    assert tokenizer.chat_template == model.load_tokenizer(base).chat_template
    code, summary, _ = run("lora", "--merge", tmp_path / "merged")
    assert code == 0 and summary["difference"] < 1e-5
    assert (tmp_path / "merged" / "model.safetensors").exists()


def test_a_context_beyond_the_models_is_refused(run, base):
    with pytest.raises(UserError, match="reads 512 tokens, --context is 1024"):
        run("lora", "--context", 1024, base=base)


# ---------------------------------------------------------------------------------------------------------------------------------
# machines


def test_more_devices_than_there_are_is_one_clear_line(train, monkeypatch):
    from common.training import devices

    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match="--devices 8: this machine has 2 GPUs"):
        devices.settle(train.arguments(["--devices", "8"]))
    with pytest.raises(UserError, match="--strategy single is for one device, not for 2"):
        devices.settle(train.arguments(["--strategy", "single"]))


def test_sbatch_reads_its_options_because_they_stand_before_the_docstring():
    lines = STAGE.read_text().splitlines()
    options = [line for line in lines if line.startswith("#SBATCH")]
    assert lines[0] == "#!/usr/bin/env python3" and lines[1:1 + len(options)] == options and lines[1 + len(options)].startswith('"""')
    assert any(re.match(r"#SBATCH --ntasks-per-node=\d+$", option) for option in options)  # Lightning refuses --ntasks
    assert os.access(STAGE, os.X_OK)


@pytest.mark.parametrize(("environment", "script", "started"), [
    ({}, "07_train.py", None),
    ({"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0"}, "07_train.py", None),
    ({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "1"}, "07_train.py", None),
    ({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "TORCHELASTIC_RUN_ID": "a"}, "07_train.py", None),
    ({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_CPUS_PER_TASK": "4"}, "07_train.py", "07_train.py"),
    ({"SLURM_JOB_ID": "7"}, "/spool/job7/slurm_script", "/home/me/my project/07_train.py"),
])
def test_a_batch_job_starts_the_submitted_file_once_per_task(train, monkeypatch, environment, script, started):
    for name in ("SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_NTASKS", "SLURM_CPUS_PER_TASK", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = "JobId=7 JobName=train\n   Command=/home/me/my project/07_train.py --model tiny\n   WorkDir=/home/me\n"
    monkeypatch.setattr(subprocess, "run", lambda *args, **rest: subprocess.CompletedProcess(args, 0, stdout=shown))
    monkeypatch.setattr(sys, "argv", [script, "--model", "tiny"])
    calls: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda file, command: calls.append(command))
    train.relaunch_under_srun()
    assert bool(calls) == bool(started)
    if started:
        assert calls[0][0] == "srun" and calls[0][-3:] == [started, "--model", "tiny"]
        assert f"--cpus-per-task={environment.get('SLURM_CPUS_PER_TASK', 1)}" in calls[0]


# ---------------------------------------------------------------------------------------------------------------------------------
# processes


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_stopped_process_goes_on_with_the_same_numbers(data, tmp_path, number):
    subprocess.run(command(data, tmp_path / "whole", "--steps", 16), check=True, capture_output=True)
    process = subprocess.Popen(command(data, tmp_path / "stopped", "--steps", 16), stderr=subprocess.DEVNULL)
    wait_for_steps(tmp_path / "stopped", random.Random(number).randint(4, 11), process)
    process.send_signal(number)
    assert process.wait(60) == (-signal.SIGKILL if number == signal.SIGKILL else cli.EXIT_INTERRUPTED)
    subprocess.run(command(data, tmp_path / "stopped", "--steps", 16), check=True, capture_output=True)
    assert exact(metrics(tmp_path / "stopped")) == exact(metrics(tmp_path / "whole"))


@pytest.mark.slow
def test_two_processes_with_fsdp_give_the_numbers_of_one_and_resume(data, tmp_path):
    base = tmp_path / "base"
    subprocess.run(command(data, base, "--steps", 3), check=True, capture_output=True)
    lora = ("--model", base, "--lora-rank", 4, "--lr", 1e-2, "--steps", 9, "--precision", "fp32")
    subprocess.run(command(data, tmp_path / "one", *lora), check=True, capture_output=True)
    process = subprocess.Popen(command(data, tmp_path / "two", *lora, "--devices", 2), stderr=subprocess.DEVNULL)
    wait_for_steps(tmp_path / "two", 4, process)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(90) == cli.EXIT_INTERRUPTED
    subprocess.run(command(data, tmp_path / "two", *lora, "--devices", 2), check=True, capture_output=True)
    one, two = metrics(tmp_path / "one"), metrics(tmp_path / "two")
    assert len(one) == len(two) == 9
    for a, b in zip(one, two, strict=True):
        for column in ("loss", "grad_norm"):
            assert float(a[column]) == pytest.approx(float(b[column]), rel=1e-4)
    assert [row["validation_loss"] != "" for row in two] == [row["validation_loss"] != "" for row in one]
    model.load_run(tmp_path / "two")


@pytest.mark.slow
def test_bad_input_ends_a_process_with_one_line_and_exit_code_1(tmp_path):
    done = subprocess.run(command(tmp_path / "missing.jsonl", tmp_path / "a"), capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and "missing.jsonl: no such file" in done.stderr


@pytest.mark.ci
def test_a_run_killed_behind_its_last_checkpoint_still_tells_its_validation_loss(run, tmp_path):
    _, whole, _ = run("a", "--steps", 3)
    (tmp_path / "a" / "summary.json").unlink()  # what a kill between checkpoint and summary leaves
    code, again, _ = run("a", "--steps", 3)
    assert code == 0 and again["validation_loss"] == whole["validation_loss"] and again["tok_per_s"] is None
