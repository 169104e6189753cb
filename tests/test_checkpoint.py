"""Checkpoints of stage 07: names, whole or not at all, and any number of processes: `python -m pytest tests/test_checkpoint.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import synthetic

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from common.jsonl import UserError  # noqa: E402
from common.training import checkpoint  # noqa: E402


class Network(torch.nn.Module):
    """Two layers, the second of one row: of two processes, one holds nothing of it."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first, self.second, self.frozen = torch.nn.Linear(4, 5), torch.nn.Linear(5, 1), torch.nn.Linear(2, 2)
        self.frozen.requires_grad_(False)

    def forward(self, inputs: Any) -> Any:
        return self.second(self.first(inputs).tanh()).square().sum()


def stepped(seed: int, steps: int) -> tuple[Any, Any]:
    """(a network, its optimizer) behind some steps."""
    network = Network(seed)
    optimizer = torch.optim.AdamW([weight for weight in network.parameters() if weight.requires_grad], lr=0.1)
    for _ in range(steps):
        step(network, optimizer)
    return network, optimizer


def step(network: Any, optimizer: Any) -> None:
    network(torch.linspace(-1, 1, 12).view(3, 4)).backward()
    optimizer.step()
    optimizer.zero_grad()


def values(network: Any, optimizer: Any) -> dict[str, Any]:
    """All that a checkpoint holds, whole."""
    found = {}
    for name, weight in checkpoint.trainable(network).items():
        for kind, tensor in (("model", weight.detach()), *((moment, optimizer.state[weight][moment]) for moment in checkpoint.MOMENTS)):
            found[f"{kind}/{name}"] = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor.clone()
    return found


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_goes_on_from_a_checkpoint_as_if_it_had_not_stopped(tmp_path):
    network, optimizer = stepped(0, 2)
    checkpoint.save(tmp_path / "last.json", network, optimizer, {"step": 2, "seconds": 1.5}, True)
    again, its = stepped(1, 1)
    checkpoint.restore(tmp_path / "last.json", again, its)
    assert checkpoint.position(tmp_path / "last.json") == {"step": 2, "seconds": 1.5, "updates": 2}
    assert equal(values(again, its), values(network, optimizer))
    assert not torch.equal(again.frozen.weight, network.frozen.weight)  # what is frozen is in no checkpoint
    for pair in ((network, optimizer), (again, its)):
        step(*pair)
    assert equal(values(again, its), values(network, optimizer))


def test_weights_are_read_whole_in_the_dtype_that_is_asked_for(tmp_path):
    network, optimizer = stepped(0, 1)
    checkpoint.save(tmp_path / "last.json", network, optimizer, {"step": 1}, True)
    for dtype in (torch.float32, torch.bfloat16):
        found = checkpoint.weights(tmp_path / "last.json", dtype)
        assert equal(found, {name: weight.detach().to(dtype) for name, weight in checkpoint.trainable(network).items()})
        assert {tensor.dtype for tensor in found.values()} == {dtype}


def test_tensors_without_a_name_go_and_those_with_one_stay(tmp_path):
    last, best = tmp_path / "last.json", tmp_path / "best.json"
    network, optimizer = stepped(0, 1)
    for number in (1, 2, 3):
        checkpoint.save(last, network, optimizer, {"step": number}, True)
        if number == 1:
            checkpoint.also(last, best)
    assert kept(tmp_path) == ["best.json", "last.json", "step-1", "step-3"]
    checkpoint.also(last, best)
    assert kept(tmp_path) == ["best.json", "last.json", "step-3"]
    step(network, optimizer)
    checkpoint.save(last, network, optimizer, {"step": 3}, True)  # at the same step, with another state
    assert equal(checkpoint.weights(last), {name: weight.detach() for name, weight in checkpoint.trainable(network).items()})
    assert not equal(checkpoint.weights(last), checkpoint.weights(best))
    checkpoint.save(last, network, optimizer, {"step": 3}, True)
    assert len(kept(tmp_path)) == 4 and checkpoint.weights(best)


def test_killed_when_a_step_is_saved_once_more_a_run_keeps_the_last_and_the_best_checkpoint(tmp_path, monkeypatch):
    last, best = tmp_path / "last.json", tmp_path / "best.json"
    network, optimizer = stepped(0, 1)
    for number in (1, 2):
        checkpoint.save(last, network, optimizer, {"step": 3}, True)
        if number == 1:
            checkpoint.also(last, best)

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("common.training.checkpoint.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(last, network, optimizer, {"step": 3}, True)
    assert checkpoint.weights(last) and checkpoint.weights(best)


def test_the_writer_alone_removes_what_is_half_written(tmp_path, monkeypatch):
    """Another process is through with its part while the writer still gives it its place."""
    removed = []
    monkeypatch.setattr(checkpoint.dcp, "save", lambda *_, **__: None)
    monkeypatch.setattr(checkpoint.shutil, "rmtree", lambda path, **_: removed.append(path))
    checkpoint.save(tmp_path / "last.json", *stepped(0, 1), {"step": 1}, False)
    assert not removed and not kept(tmp_path)


@pytest.mark.parametrize("where", ["dcp.save", "os.replace", "jsonl.write_atomically"])
def test_killed_at_any_place_a_save_leaves_the_checkpoint_before_and_the_next_one_cleans_up(tmp_path, monkeypatch, where):
    last = tmp_path / "last.json"
    network, optimizer = stepped(0, 1)
    checkpoint.save(last, network, optimizer, {"step": 1}, True)
    expected = values(network, optimizer)
    step(network, optimizer)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"common.training.checkpoint.{where}", killed)
        patch.setattr(checkpoint.shutil, "rmtree", lambda *_, **__: None)  # whoever is killed cleans nothing up
        with pytest.raises(KeyboardInterrupt):
            checkpoint.save(last, network, optimizer, {"step": 2}, True)
    assert checkpoint.position(last)["step"] == 1
    again, its = stepped(1, 1)
    checkpoint.restore(last, again, its)
    assert equal(values(again, its), expected)
    checkpoint.save(last, network, optimizer, {"step": 2}, True)
    assert kept(tmp_path) == ["last.json", "step-2"] and checkpoint.position(last)["step"] == 2


def test_each_parameter_goes_on_behind_its_own_updates(tmp_path):
    """Of a mixture of experts, a step may use some alone; AdamW corrects each parameter by how often it was updated."""
    network, optimizer = stepped(0, 1)
    network.second.requires_grad_(False)
    step(network, optimizer)
    network.second.requires_grad_(True)
    checkpoint.save(tmp_path / "last.json", network, optimizer, {"step": 2}, True)
    again, its = stepped(1, 3)
    checkpoint.restore(tmp_path / "last.json", again, its)
    for pair in ((network, optimizer), (again, its)):
        step(*pair)
    assert equal(values(again, its), values(network, optimizer))
    assert [int(its.state[weight]["step"]) for weight in checkpoint.trainable(again).values()] == [3, 3, 2, 2]


def test_what_cannot_be_written_is_one_line_and_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    last = tmp_path / "last.json"
    network, optimizer = stepped(0, 1)
    checkpoint.save(last, network, optimizer, {"step": 1}, True)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.torch.save", full)
    with pytest.raises(UserError, match="last.json: cannot be written: .*No space left.*the same command goes on") as error:
        checkpoint.save(last, network, optimizer, {"step": 2}, True)
    assert "\n" not in str(error.value)
    assert kept(tmp_path) == ["last.json", "step-1"] and checkpoint.position(last)["step"] == 1


@pytest.mark.parametrize("damage", ["folder", "file", "cut", "name", "other"])
def test_what_cannot_be_read_is_one_line(tmp_path, damage):
    last = tmp_path / "last.json"
    network, optimizer = stepped(0, 1)
    checkpoint.save(last, network, optimizer, {"step": 1}, True)
    (file,) = (tmp_path / "step-1").iterdir()
    if damage == "folder":
        (tmp_path / "step-1").rename(tmp_path / "elsewhere")
    if damage == "file":
        file.unlink()
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    if damage == "name":
        last.write_bytes(b"[]")
    if damage == "other":
        network.third = torch.nn.Linear(2, 2)
    with pytest.raises(UserError, match="no checkpoint can be read from it.*--overwrite") as error:
        checkpoint.restore(last, network, optimizer)
    assert "\n" not in str(error.value)


# Two processes restore what one has saved, say what they hold, train on and save.
TWO = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import torch, torch.distributed as dist
from safetensors.torch import save_file
from torch.distributed.fsdp import fully_shard
from common.jsonl import UserError
from common.training import checkpoint
from test_checkpoint import Network, equal, step, values
from pathlib import Path

rank, folder = int(sys.argv[1]), Path({folder!r})
dist.init_process_group("gloo", init_method="file://" + str(folder / "meeting"), rank=rank, world_size=2)
network = Network(1)
fully_shard(network, mesh=dist.device_mesh.init_device_mesh("cpu", (2,)), ignored_params=set(network.frozen.parameters()))
optimizer = torch.optim.AdamW([weight for weight in network.parameters() if weight.requires_grad], lr=0.1)
checkpoint.restore(folder / "last.json", network, optimizer)
save_file(values(network, optimizer), folder / f"restored-{{rank}}")
step(network, optimizer)
checkpoint.save(folder / "last.json", network, optimizer, {{"step": 3}}, rank == 0)
save_file(values(network, optimizer), folder / f"saved-{{rank}}")
(folder / f"held-{{rank}}").write_text(str(sum(weight.to_local().numel() for weight in checkpoint.trainable(network).values())))
if rank:
    import safetensors.torch
    def full(*_, **__):
        raise OSError(28, "No space left on device")
    safetensors.torch.save = full
try:
    checkpoint.save(folder / "last.json", network, optimizer, {{"step": 4}}, rank == 0)
except UserError as error:
    (folder / f"told-{{rank}}").write_text(str(error))
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_go_on_from_what_one_has_saved_and_one_from_what_two_have(tmp_path):
    network, optimizer = stepped(0, 2)
    checkpoint.save(tmp_path / "last.json", network, optimizer, {"step": 2}, True)
    script = tmp_path / "two.py"
    script.write_text(TWO.format(root=str(synthetic.ROOT), tests=str(synthetic.ROOT / "tests"), folder=str(tmp_path)))
    processes = [subprocess.Popen([sys.executable, script, str(rank)], stderr=subprocess.PIPE, text=True) for rank in (0, 1)]
    messages = [process.communicate(timeout=240)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], messages
    said = {name: [load_file(tmp_path / f"{name}-{rank}") for rank in (0, 1)] for name in ("restored", "saved")}
    assert all(equal(found, values(network, optimizer)) for found in said["restored"])
    held = [int((tmp_path / f"held-{rank}").read_text()) for rank in (0, 1)]
    assert sum(held) == sum(weight.numel() for weight in checkpoint.trainable(network).values()) and min(held) > 0
    # one process could not write: both say so, and the checkpoint before stands
    told = [(tmp_path / f"told-{rank}").read_text() for rank in (0, 1)]
    assert all("cannot be written: [Errno 28] No space left" in line and "\n" not in line for line in told)
    assert checkpoint.position(tmp_path / "last.json") == {"step": 3, "updates": 3}
    assert len(list((tmp_path / orjson.loads((tmp_path / "last.json").read_bytes())["folder"]).iterdir())) == 2
    again, its = stepped(1, 1)
    checkpoint.restore(tmp_path / "last.json", again, its)
    assert equal(values(again, its), said["saved"][0]) and its.state[again.first.weight]["step"] == 3
    step(network, optimizer)
    assert all(torch.allclose(tensor, said["saved"][0][name], atol=1e-6) for name, tensor in values(network, optimizer).items())


def test_a_part_that_the_data_does_not_use_changes_nothing_of_a_resumed_run(tmp_path):
    """Models for pictures have such a part, and it may be their last."""
    import torch
    from torch import nn

    from common.training import checkpoint

    def begun() -> tuple[nn.ModuleDict, torch.optim.Optimizer]:
        torch.manual_seed(0)
        parts = nn.ModuleDict({"used": nn.Linear(3, 3), "unused": nn.Linear(3, 3)})
        return parts, torch.optim.AdamW(parts.parameters(), lr=0.1, weight_decay=0.5)

    def learn(parts: nn.ModuleDict, optimizer: torch.optim.Optimizer) -> None:
        parts["used"](torch.ones(2, 3)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    straight, resumed = begun(), begun()
    for _ in range(3):
        learn(*straight)
    for _ in range(2):
        learn(*resumed)
    checkpoint.save(tmp_path / "last.json", *resumed, {"step": 2}, is_writer=True)
    resumed = begun()
    checkpoint.restore(tmp_path / "last.json", *resumed)
    learn(*resumed)
    for one, other in zip(straight[0].parameters(), resumed[0].parameters()):
        assert torch.equal(one, other)
    assert checkpoint.position(tmp_path / "last.json")["updates"] == 2
