"""What may go wrong with a long run on machines of others: saving, stopping, numbers that are none, logs, devices.

`python -m pytest tests/test_train_risks.py`
"""

from __future__ import annotations

import os
import types

import orjson
import pytest
from train_runs import Killed, exact, kill, metrics

from common import cli, model
from common.jsonl import UserError

pytest_plugins = ["train_fixtures"]


# ---------------------------------------------------------------------------------------------------------------------------------
# saving and stopping


@pytest.mark.ci
def test_a_step_is_saved_before_it_is_validated_and_a_kill_between_loses_neither(run, train, tmp_path, monkeypatch):
    _, summary, expected = run("whole")
    begin = train.FineTuning.on_validation_epoch_start

    def killed(self):
        begin(self)
        if self.step == 8:
            kill()

    monkeypatch.setattr(train.FineTuning, "on_validation_epoch_start", killed)
    with pytest.raises(Killed):
        run("killed")
    assert train.checkpoint.position(tmp_path / "killed" / "checkpoints" / "last.json")["step"] == 8
    assert metrics(tmp_path / "killed")[-1]["validation_loss"] == ""
    monkeypatch.setattr(train.FineTuning, "on_validation_epoch_start", begin)
    _, again, found = run("killed")
    assert exact(found) == exact(expected) and again["best_validation_loss"] == summary["best_validation_loss"]
    assert (tmp_path / "killed" / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


@pytest.mark.ci
def test_a_stop_at_a_step_that_is_to_be_validated_does_not_wait_for_the_validation(run, at_step, train, tmp_path):
    _, _, expected = run("whole")
    at_step(7, lambda: setattr(train.Stop, "wanted", True))
    assert run("stopped")[0] == cli.EXIT_INTERRUPTED
    assert metrics(tmp_path / "stopped")[-1]["step"] == "8" and metrics(tmp_path / "stopped")[-1]["validation_loss"] == ""
    train.Stop.wanted = False
    assert exact(run("stopped")[2]) == exact(expected)


@pytest.mark.ci
def test_the_best_checkpoint_is_the_last_one_under_a_second_name(run, tmp_path):
    _, summary, rows = run("a", "--steps", 4, "--lr", 1e-4)
    last, best = (tmp_path / "a" / "checkpoints" / f"{name}.json" for name in ("last", "best"))
    assert last.read_bytes() == best.read_bytes() and float(rows[3]["validation_loss"]) == summary["best_validation_loss"]


@pytest.mark.ci
@pytest.mark.parametrize("factor", [float("inf"), float("nan")])
def test_a_gradient_that_is_no_number_reaches_neither_weights_nor_checkpoint(run, train, tmp_path, monkeypatch, factor):
    _, _, expected = run("whole", "--save-every", 1)
    step, seen = train.FineTuning.training_step, []

    def breaking(self, part, index):
        loss = step(self, part, index)
        if self.step != 5:
            return loss
        seen.append({name: parameter.detach().clone() for name, parameter in self.objective.model.named_parameters()})
        self.watched = self.objective.model
        return loss * factor

    monkeypatch.setattr(train.FineTuning, "training_step", breaking)
    kept: list[object] = []
    monkeypatch.setattr(train.callbacks.Progress, "on_exception", lambda self, trainer, module, error: kept.append(module.watched))
    with pytest.raises(UserError, match="step 6: the loss is .*, the norm of its gradient (inf|nan); lower --lr") as error:
        run("a", "--save-every", 1)
    assert "\n" not in str(error.value) and seen
    assert all(parameter.equal(seen[0][name]) for name, parameter in kept[0].named_parameters())
    saved = train.checkpoint.weights(tmp_path / "a" / "checkpoints" / "last.json")
    assert train.checkpoint.position(tmp_path / "a" / "checkpoints" / "last.json")["step"] == 5
    assert all(bool(tensor.isfinite().all()) for tensor in saved.values())
    monkeypatch.setattr(train.FineTuning, "training_step", step)
    assert exact(run("a", "--save-every", 1)[2]) == exact(expected)


# ---------------------------------------------------------------------------------------------------------------------------------
# ending early


@pytest.mark.ci
def test_a_run_that_is_out_of_time_ends_with_a_result_and_may_go_on_without_the_limit(run, tmp_path, capfd):
    code, summary, rows = run("a", "--max-minutes", 1e-4)
    assert code == 0 and summary["steps"] == len(rows) == 1 and float(rows[0]["validation_loss"]) == summary["validation_loss"]
    model.load_run(tmp_path / "a")
    assert run("a", "--max-minutes", 1e-4)[1] == summary
    code, summary, rows = run("a")
    assert code == 0 and summary["steps"] == len(rows) == 12


def test_the_rate_falls_with_the_time_that_is_left_if_that_is_sooner(train):
    args = train.arguments(["--model", "tiny", "--max-minutes", "2"])
    tuning = train.FineTuning(args, 100, None, None)
    assert tuning.share_of_rate(50) == train.learning_rate(50, 100, 0.1, 1.0)
    for seconds, share in ((93.0, 0.25), (120.0, 0.0), (121.0, 0.0)):
        tuning.seconds = seconds
        assert tuning.share_of_rate(50) == pytest.approx(share)
    assert tuning.share_of_rate(100) == 0


def test_a_run_with_more_steps_than_time_does_not_spend_its_time_warming_up(train):
    args = train.arguments(["--model", "tiny", "--max-minutes", "10", "--steps", "10000"])
    tuning = train.FineTuning(args, 10000, None, None)
    assert tuning.share_of_rate(0) < 0.01
    for seconds, share in ((30.0, 0.5), (60.0, 1.0), (330.0, 0.5), (600.0, 0.0)):
        tuning.seconds = seconds
        assert tuning.share_of_rate(40) == pytest.approx(share)


@pytest.mark.ci
def test_a_stopped_run_is_exported_as_it_is_and_goes_on_with_the_same_numbers(run, train, at_step, tmp_path):
    with pytest.raises(UserError, match="no checkpoint to export"):
        run("stopped", "--export-now")
    _, _, expected = run("whole")
    at_step(6, lambda: setattr(train.Stop, "wanted", True))
    assert run("stopped")[0] == cli.EXIT_INTERRUPTED
    train.Stop.wanted = False
    code, summary, _ = run("stopped", "--export-now", "--export", "last")
    assert code == 0 and summary["step"] == 7
    model.load_run(tmp_path / "stopped")
    assert exact(run("stopped")[2]) == exact(expected)


@pytest.mark.ci
def test_a_run_that_goes_on_may_have_fewer_steps_but_no_more_and_not_less_than_it_has_done(run, at_step, tmp_path):
    at_step(7, kill)
    with pytest.raises(Killed):
        run("a")
    for steps in (3, 13):
        with pytest.raises(UserError, match=f"another plan .steps 12 there, {steps} here"):
            run("a", "--steps", steps)
    code, summary, rows = run("a", "--steps", 8)
    assert code == 0 and summary["steps"] == len(rows) == 8
    assert float(rows[-1]["lr"]) < 0.2 * 0.004


@pytest.mark.ci
def test_checkpoints_may_be_minutes_apart(run, train, monkeypatch):
    saved, save = [], train.checkpoint.save
    monkeypatch.setattr(train.checkpoint, "save", lambda *parts: saved.append(parts[3]["step"]) or save(*parts))
    flags = ("--validation-share", 0, "--save-every", 100, "--steps", 4)
    run("often", *flags, "--save-minutes", 1e-9)
    run("rarely", *flags, "--save-minutes", 1e9)
    assert saved == [1, 2, 3, 4, 4]


# ---------------------------------------------------------------------------------------------------------------------------------
# logs, plans and devices


@pytest.mark.ci
def test_a_log_without_a_terminal_says_step_loss_speed_and_the_time_left(run, train, monkeypatch, capfd):
    monkeypatch.setattr(train.callbacks, "QUIET", 0.0)
    spoken = []
    monkeypatch.setattr(train.callbacks.cli, "say", spoken.append)
    run("a", "--steps", 3)
    assert [line.split(":")[0] for line in spoken if "tok/s" in line] == [f"step {step} of 3" for step in (1, 2, 3)]
    assert all(", " in line and line.endswith(" left") and "loss " in line for line in spoken if "tok/s" in line)


def test_what_changes_the_draws_of_dropout_belongs_to_the_plan(train, tmp_path):
    assert {"compile", "lora_dropout"} <= set(train.PLANNED)
    (tmp_path / "run.json").write_bytes(orjson.dumps({"plan": {"lr": 1.0, "compile": False}}))
    train.RunFolder(tmp_path, {"lr": 1.0, "compile": False}, anew=False)
    with pytest.raises(UserError, match="compile False there, True here"):
        train.RunFolder(tmp_path, {"lr": 1.0, "compile": True}, anew=False)


@pytest.mark.parametrize("text", [None, "", "step,loss\n1,2\n", "step,epoch,loss\n", "\x00\xff", "header", "letter", "loss"])
def test_a_run_whose_figures_are_gone_or_damaged_is_one_clear_line(train, tmp_path, monkeypatch, text):
    folder = train.RunFolder(tmp_path, {"lr": 1.0}, anew=True)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/last.json").write_text("{}")
    (tmp_path / "run.json").write_bytes(orjson.dumps({"plan": {"lr": 1.0}}))
    monkeypatch.setattr(train.checkpoint, "position", lambda path: {"step": 2})
    folder._write([])
    folder.log(step=1, validation_loss=2.5), folder.log(step=2, loss=1.5)
    assert train.RunFolder(tmp_path, {"lr": 1.0}, anew=False).best_loss == 2.5
    whole, metrics = (tmp_path / "metrics.csv").read_text(), tmp_path / "metrics.csv"
    changed = {"header": whole.split("\n", 1)[1], "letter": whole.replace("\n2,", "\nx,"), "loss": whole.replace("2.5", "2.x")}.get(text, text)
    metrics.unlink() if text is None else metrics.write_text(changed, "latin-1")
    with pytest.raises(UserError, match=r"metrics.csv: .*losses.* --overwrite"):
        train.RunFolder(tmp_path, {"lr": 1.0}, anew=False)


def test_the_weights_of_a_base_that_is_a_folder_belong_to_the_plan(train, tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"model-{name}.safetensors").write_bytes(name.encode())
    before = model.weights_hash(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert model.weights_hash(tmp_path) == before and model.weights_hash("tiny") is model.weights_hash("owner/name@1") is None
    (tmp_path / "model-b.safetensors").write_bytes(b"c")
    assert model.weights_hash(tmp_path) != before
    (tmp_path / "run.json").write_bytes(orjson.dumps({"plan": {"lr": 1.0, "base_weights": before}}))
    with pytest.raises(UserError, match=rf"base_weights {before[:8]}… there, .* here"):
        train.RunFolder(tmp_path, {"lr": 1.0, "base_weights": model.weights_hash(tmp_path)}, anew=False)


def test_a_run_of_a_version_that_did_not_note_the_weights_of_its_base_goes_on(train, tmp_path):
    (tmp_path / "run.json").write_bytes(orjson.dumps({"plan": {"lr": 1.0}}))
    train.RunFolder(tmp_path, {"lr": 1.0, "base_weights": "0" * 64}, anew=False)
    with pytest.raises(UserError, match="lr 1.0 there"):
        train.RunFolder(tmp_path, {"lr": 2.0, "base_weights": "0" * 64}, anew=False)


STEP = {"SLURM_STEP_ID": "0", "SLURM_NTASKS": "16", "SLURM_NNODES": "2", "SLURM_PROCID": "3"}
TORCH = {"TORCHELASTIC_RUN_ID": "a", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "8", "RANK": "3"}


@pytest.mark.parametrize(("variables", "gpus", "flags", "devices"), [
    (STEP, 8, [], (8, 2)), (STEP, 1, [], (8, 2)), (STEP, 0, ["--devices", "8"], (8, 2)),  # a cluster may show each task its own GPU alone
    (TORCH, 4, [], (4, 2)), (TORCH, 0, ["--devices", "4"], (4, 2)),
    ({"SLURM_STEP_ID": "0", "SLURM_NTASKS": "1"}, 2, [], (2, 1)),
    (STEP | {"SLURM_STEP_NUM_TASKS": "1"}, 2, [], (2, 1)),  # the shell of salloc
    ({}, 2, [], (2, 1)), ({}, 0, [], (1, 1)),
    ({}, 8, ["--export-now"], (1, 1)),
])
def test_devices_are_those_that_were_started_else_those_of_the_machine(train, monkeypatch, variables, gpus, flags, devices):
    from common.training import devices as machine

    for name in (*STEP, "SLURM_STEP_NUM_TASKS", *TORCH):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: gpus)
    args = train.arguments(["--model", "tiny", *flags])
    machine.settle(args)
    assert (args.devices, args.nodes) == devices
    args = train.arguments(["--model", "tiny", "--devices", "3"])
    if variables in (STEP, TORCH):
        with pytest.raises(UserError, match="--devices 3: [48] of them were started by torchrun or srun"):
            machine.settle(args)


@pytest.mark.parametrize(("gpus", "local_rank", "layout"), [(8, "3", (8, 2)), (1, "0", (1, 16))])
def test_a_task_of_slurm_computes_on_the_gpu_that_it_sees(train, monkeypatch, gpus, local_rank, layout):
    from common.training import devices as machine

    slurm = STEP | {"SLURM_LOCALID": "3", "SLURM_NODEID": "0", "SLURM_NODELIST": "n[1-2]", "SLURM_JOB_ID": "1234"}
    for name in ("TORCHELASTIC_RUN_ID", "RANK", "WORLD_SIZE", "LOCAL_RANK", "GROUP_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.setenv(name, "")  # so that it is taken back at the end
        monkeypatch.delenv(name)
    for name, value in slurm.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(train.torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(train.dist, "init_process_group", lambda *parts, **settings: None)
    monkeypatch.setattr(train.dist, "destroy_process_group", lambda: None)
    args = train.arguments(["--model", "tiny"])
    machine.settle(args)
    with machine.connected(args):
        found = [os.environ[name] for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")]
        trainer = machine.trainer(args)
    assert found == ["3", "16", local_rank, "n1", "16234"] and (trainer.num_devices, trainer.num_nodes) == layout


def test_a_model_is_built_on_the_cpu_whatever_device_is_set(train, data, monkeypatch):
    """Lightning sets the GPU, whose random numbers are others than the CPU's: 1 and 8 devices would start from different adapters."""
    import torch

    args = train.arguments(["--model", "tiny", "--input", str(data), "--context", "64"])
    train.devices.settle(args)
    _, _, whole = train.network.load(args)
    places = []
    tuning = train.FineTuning(args, 1, lambda: places.append(torch.ones(1).device.type) or whole(), None)
    trainer = types.SimpleNamespace(is_global_zero=True, strategy=types.SimpleNamespace(root_device=torch.device("cpu")))
    tuning.trainer = trainer
    monkeypatch.setattr(train.network, "check_fits", lambda built: None)
    with torch.device("meta"):
        tuning.configure_model()
    assert places == ["cpu"]


@pytest.mark.parametrize("flags", [
    ("--lr", "-1"), ("--lr", "0"), ("--clip", "0"), ("--weight-decay", "-1"), ("--warmup", "2"), ("--epochs", "0"), ("--epochs", "inf"),
    ("--max-minutes", "-1"), ("--max-minutes", "nan"), ("--save-minutes", "-5"), ("--validation-share", "1.5"), ("--lora-rank", "-1"),
    ("--lora-dropout", "5"), ("--lora-alpha", "0"), ("--neftune", "-5"), ("--sample-generations", "-1"), ("--copy-drill", "-1"),
])
def test_a_number_that_no_training_can_have_is_refused_before_anything_is_read(train, capsys, flags):
    with pytest.raises(SystemExit) as ended:
        train.arguments(["--model", "tiny", *flags])
    assert ended.value.code == 2 and f"argument {flags[0]}: {flags[1]}" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [("--merge", "merged"), ("--push", "me/mine"), ("--export-now",)])
def test_of_several_processes_the_first_alone_merges_pushes_and_exports(train, tmp_path, monkeypatch, flags):
    from common.training import after

    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setenv("RANK", "3")
    args = train.arguments(["--model", "tiny", "--output", str(tmp_path), *flags])
    assert (after.export_now(None, args, None) if args.export_now else train.main(args)) == 0  # there is nothing that could be done
    assert not list(tmp_path.iterdir())
