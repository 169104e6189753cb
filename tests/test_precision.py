"""Mixed precision of stage 07: what computes in which dtype, on one device and under FSDP2: `python -m pytest tests/test_precision.py`."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import synthetic
from train_runs import Killed, exact, kill

torch = pytest.importorskip("torch")
pytest_plugins = ["train_fixtures"]

import torch.distributed as dist  # noqa: E402

from common import model  # noqa: E402
from common.packing import Row  # noqa: E402
from common.training import fsdp, precision  # noqa: E402
from common.training.activation_checkpointing import keep_activations, layers  # noqa: E402
from common.training.loss import PACKED, AnswerLoss, inner  # noqa: E402


@pytest.fixture(scope="module")
def mesh():
    """A mesh of this process alone."""
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield dist.device_mesh.init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


def network(rank: int, dtype: Any, **settings: Any) -> Any:
    """A very small Llama in training mode; its frozen weights are in `dtype`, with a `rank` of 0 there are none."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = synthetic.SHAPE | {"num_hidden_layers": 2}
    whole = LlamaForCausalLM(LlamaConfig(**shape, vocab_size=64, **settings))
    whole.set_attn_implementation(PACKED)
    if rank:
        whole = model.attach_lora(whole.to(dtype), 0, r=rank, lora_alpha=8, target_modules="all-linear")
        for name, weight in whole.named_parameters():
            if "lora_B" in name:  # zero at first: half of the adapter would get no gradient
                torch.nn.init.normal_(weight, std=0.1)
    return whole.train()


def built(rank: int, dtype: Any, mesh: Any = None, checkpointing: str = "none", **settings: Any) -> AnswerLoss:
    """A loss of that network in a dtype: on one device by copies, with a mesh by FSDP2."""
    whole = network(rank, dtype, **settings)
    keep_activations(whole, checkpointing)
    objective = AnswerLoss(whole)
    return precision.cast(objective, dtype) if mesh is None else fsdp.shard(objective, mesh, dtype)


def row(*lengths: int) -> Row:
    """A row of samples of these lengths, with a loss at each position; of two unless said."""
    lengths = lengths or (5, 7)
    ids = torch.arange(sum(lengths))[None] % 60 + 3
    positions = torch.cat([torch.arange(length) for length in lengths])[None]
    return Row(ids, positions, ids.roll(-1, 1), torch.arange(sum(lengths)), lengths)


def backward(objective: AnswerLoss) -> tuple[float, dict[str, Any]]:
    """(the loss, gradients by the names of weights)."""
    loss = objective(row())
    loss.backward()
    gradients = {name: weight.grad for name, weight in precision.trainable(objective.model).items()}
    return loss.item(), {name: grad.full_tensor() if hasattr(grad, "full_tensor") else grad for name, grad in gradients.items()}


@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("sharded", [False, True])
def test_adapters_and_the_residual_stream_compute_in_bf16_and_gradients_are_fp32(rank, sharded, mesh):
    objective = built(rank, torch.bfloat16, mesh if sharded else None)
    seen = {}
    first = layers(objective.model)[0]
    first.register_forward_hook(lambda module, inputs, output: seen.update(residual=inputs[0].dtype, out=output.dtype))
    if rank:
        first.self_attn.q_proj.lora_A.default.register_forward_hook(
            lambda module, inputs, output: seen.update(adapter=inputs[0].dtype, rank=output.dtype))
    loss, gradients = backward(objective)
    assert set(seen.values()) == {torch.bfloat16}
    assert {grad.dtype for grad in gradients.values()} == {torch.float32}
    assert {weight.dtype for weight in precision.trainable(objective.model).values()} == {torch.float32}
    assert loss == pytest.approx(backward(built(rank, torch.float32))[0], rel=1e-2)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_copies_on_one_device_give_the_numbers_of_fsdp2s_policy_to_the_last_bit(rank, dtype, tied, mesh):
    ours, theirs = (backward(built(rank, dtype, where, tie_word_embeddings=tied)) for where in (None, mesh))
    assert ours[0] == theirs[0]
    assert ours[1].keys() == theirs[1].keys()
    assert all(torch.equal(ours[1][name], theirs[1][name]) for name in ours[1])


def test_the_gradient_of_a_head_is_summed_in_fp32_over_the_chunks_of_a_row(monkeypatch):
    from common.training import loss

    def gradient(chunk: int) -> Any:
        for name in ("CHUNK", "CPU_CHUNK"):
            monkeypatch.setattr(loss, name, chunk, raising=False)
        objective = built(0, torch.bfloat16)
        objective(row(512)).backward()
        return precision.trainable(objective.model)["lm_head.weight"].grad

    once, often = gradient(2**22), gradient(1)
    assert (once - often).norm() < 5e-3 * once.norm()


@pytest.mark.parametrize("room", [0.25, 0.0])
def test_gradients_are_summed_over_the_devices_once_a_step_where_they_have_room_and_are_the_same(room, mesh, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(fsdp, "ROOM", room)
    objective, expected = built(4, torch.bfloat16, mesh), built(4, torch.bfloat16, mesh)
    strategy = fsdp.FSDP2()
    monkeypatch.setattr(fsdp.FSDP2, "lightning_module", SimpleNamespace(objective=objective))
    strategy.parallel_devices = [torch.device("cpu")]
    with strategy.block_backward_sync():
        objective(row()).backward()
    kept = [weight.grad for weight in precision.trainable(objective.model).values() if weight.grad is None]
    assert bool(kept) == (room > 0)
    objective(row()).backward()
    for _ in range(2):
        expected(row()).backward()
    assert all(torch.equal(ours.grad.full_tensor(), theirs.grad.full_tensor()) for ours, theirs in zip(
        precision.trainable(objective.model).values(), precision.trainable(expected.model).values(), strict=True))


@pytest.mark.parametrize("checkpointing", ["selective", "full"])
@pytest.mark.parametrize("rank", [0, 4])
def test_what_the_backward_pass_computes_again_is_the_same(rank, checkpointing):
    kept, again = (backward(built(rank, torch.bfloat16, checkpointing=mode)) for mode in ("none", checkpointing))
    assert kept[0] == again[0] and all(torch.equal(kept[1][name], again[1][name]) for name in kept[1])


@pytest.mark.parametrize("rank", [0, 4])
def test_steps_too_small_for_bf16_add_up_and_rows_add_to_one_gradient(rank, mesh):
    ends = []
    for where in (None, mesh):
        objective = built(rank, torch.bfloat16, where)
        weights = list(precision.trainable(objective.model).values())
        optimizer = torch.optim.AdamW(weights, lr=1e-4)
        losses = []
        for _ in range(6):
            losses.append(objective(row()).item())
            for _ in range(2):
                objective(row()).backward()
            optimizer.step()
            optimizer.zero_grad()
        assert losses[-1] < losses[0]
        ends.append([losses, [weight.full_tensor() if hasattr(weight, "full_tensor") else weight for weight in weights]])
    assert ends[0][0] == ends[1][0]
    assert all(torch.equal(*pair) for pair in zip(ends[0][1], ends[1][1], strict=True))


def test_fp32_is_left_as_it_is():
    plain, cast = AnswerLoss(network(0, torch.float32)), built(0, torch.float32)
    assert [name for name, _ in plain.named_parameters()] == [name for name, _ in cast.named_parameters()]
    assert not cast._forward_pre_hooks and backward(plain)[0] == backward(cast)[0]


@pytest.mark.parametrize("rank", [0, 4])
@pytest.mark.parametrize("sharded", [False, True])
def test_the_model_can_be_called_by_itself_where_it_is_gathered(rank, sharded, mesh):
    objective = built(rank, torch.bfloat16, mesh if sharded else None)
    backward(objective)  # FSDP2 learns at the first pass which of its parts is the root
    with torch.no_grad():
        for weight in precision.trainable(objective.model).values():
            weight.mul_(1.5)
        with fsdp.gathered(objective):
            logits = inner(objective.model)(input_ids=row().input_ids[:, :5], use_cache=False).logits
        changed = built(rank, torch.bfloat16)
        for weight in precision.trainable(changed.model).values():
            weight.mul_(1.5)
        precision.renew(changed)
        assert torch.equal(logits, inner(changed.model)(input_ids=row().input_ids[:, :5], use_cache=False).logits)
    assert logits.dtype == torch.bfloat16


# ---------------------------------------------------------------------------------------------------------------------------------
# fp16


@pytest.mark.parametrize("rank", [0, 4])
def test_fp16_computes_in_fp16_and_has_the_gradients_of_fp32(rank):
    expected = backward(built(rank, torch.float32))
    loss, gradients = backward(built(rank, torch.float16))
    assert loss == pytest.approx(expected[0], rel=1e-3) and {grad.dtype for grad in gradients.values()} == {torch.float32}
    for name, grad in gradients.items():
        assert (grad - expected[1][name]).norm() < 0.02 * expected[1][name].norm()


def test_a_step_that_overflows_fp16_is_left_out_until_the_loss_is_hardly_scaled():
    plugin = precision.scaling("fp16", "cpu")
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scales = []
    while precision.skips(plugin):
        scales.append(plugin.scaler.get_scale())
        plugin.scaler.scale(weight.sum() * float("inf")).backward()
        plugin.scaler.step(optimizer)
        plugin.scaler.update()
        optimizer.zero_grad()
    assert torch.equal(weight, torch.ones(2)) and scales[:2] == [2.0**16, 2.0**15] and scales[-1] == 2
    assert not precision.skips(precision.scaling("bf16", "cpu"))


def test_sharded_or_not_fp16_skips_the_same_steps_and_takes_the_others_alike(mesh):
    ends = []
    for where in (None, mesh):
        objective, scaler = built(4, torch.float16, where), torch.amp.GradScaler("cpu", init_scale=2.0**18)
        weights = list(precision.trainable(objective.model).values())
        optimizer = torch.optim.AdamW(weights, lr=1e-2)
        norms = []
        for _ in range(8):
            scaler.scale(objective(row()) / 12).backward()
            scaler.unscale_(optimizer)
            norm = torch.nn.utils.clip_grad_norm_(weights, 1.0)
            norms.append(float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm))
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        ends.append([str(norms), scaler.get_scale(), int(optimizer.state[weights[0]]["step"]), objective(row()).item()])
    assert ends[0] == ends[1] and 0 < ends[0][2] < 8


@pytest.mark.slow
def test_a_run_in_fp16_that_was_killed_goes_on_with_the_same_numbers_and_the_same_scale(run, base, at_step, train, tmp_path, monkeypatch):
    start = precision.Scaled.__init__

    def far_too_high(self, device: str) -> None:
        start(self, device)
        self.scaler = torch.amp.GradScaler(device, init_scale=2.0**27, growth_interval=4)

    monkeypatch.setattr(precision.Scaled, "__init__", far_too_high)
    flags = ("--precision", "fp16", "--lora-rank", 4, "--lr", 1e-2, "--steps", 30, "--save-every", 4, "--validation-share", 0)
    _, _, expected = run("whole", *flags, base=base)
    skipped = sum(not math.isfinite(float(row["grad_norm"])) for row in expected)
    position = json.loads((tmp_path / "whole" / "checkpoints" / "last.json").read_bytes())
    assert 0 < skipped < 25 and position["updates"] == 30 - skipped and position["scale"] < 2.0**27
    assert float(expected[-1]["loss"]) < float(expected[0]["loss"])
    at_step(26, kill)
    with pytest.raises(Killed):
        run("killed", *flags, base=base)
    assert exact(run("killed", *flags, base=base)[2]) == exact(expected)
