"""The loss on kinds of models, and LoRA's layers in fewer passes: `python -m pytest tests/test_train_loss.py`."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from common.jsonl import UserError

SHAPE = {"vocab_size": 64, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64, "pad_token_id": 0}
WINDOW = {"sliding_window": 4}
DELTA = {"linear_num_key_heads": 2, "linear_num_value_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
MAMBA = {"mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1}
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
KINDS = {  # a model type of transformers -> (what is its own in the config, the attention that it is to have)
    "llama": ({}, "packed"),
    "mistral": (WINDOW, "packed"),
    "gemma2": (WINDOW | {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 1.5, "query_pre_attn_scalar": 8}, "packed"),
    "gemma3_text": (WINDOW | {"query_pre_attn_scalar": 8}, "packed"),
    "granite": ({"logits_scaling": 4.0, "embedding_multiplier": 3.0}, "packed"),
    "cohere": ({"logit_scale": 0.25}, "packed"),
    "phi": ({}, "packed"),  # its head has a bias
    "afmoe": (WINDOW | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}, "packed"),  # takes a view of attention
    "gpt_oss": (WINDOW | EXPERTS, "packed"),  # attention sinks
    "lfm2": ({"full_attn_idxs": [1]}, "sdpa"),  # short convolutions along the row
    "qwen3_5_text": (DELTA | {"layer_types": ["linear_attention", "full_attention"]}, "sdpa"),
    "granitemoehybrid": (MAMBA | EXPERTS | {"layer_types": ["linear_attention", "full_attention"], "logits_scaling": 4.0}, "sdpa"),
}


@functools.cache
def network(kind: str):
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**SHAPE | KINDS[kind][0])).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1 or "sinks" in str(type(parameter)):
                parameter.normal_(0, 0.3)
    return model


def packed_row(lengths=(9, 5, 12)):
    from common.packing import Plan, Samples

    drawn = np.random.default_rng(0)
    samples = Samples.of((drawn.integers(1, SHAPE["vocab_size"], length), np.arange(length) > 2) for length in lengths)
    return Plan(samples, sum(lengths), 1, 0).row(0, 0)


def gradient(model):
    import torch

    return torch.cat([parameter.grad.flatten() for parameter in model.parameters() if parameter.grad is not None])


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_a_row_is_that_of_its_samples_by_the_models_own_forward(kind):
    import torch

    from common.training import attention
    from common.training.loss import AnswerLoss, check_fits

    model, row = network(kind), packed_row()
    assert attention.choose(model) == KINDS[kind][1]
    assert bool(attention.note(model)) == (KINDS[kind][1] != "packed")
    check_fits(model)
    model.zero_grad()
    found = AnswerLoss(model)(row)
    found.backward()
    by_row = gradient(model)

    model.set_attn_implementation("eager")
    model.zero_grad()
    parts = zip(row.input_ids.split(row.lengths, 1), row.targets.split(row.lengths, 1), strict=True)
    expected = sum(torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0].float(), targets[0], ignore_index=-100, reduction="sum")
                   for ids, targets in parts)
    expected.backward()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    assert float((by_row - gradient(model)).norm() / gradient(model).norm()) < 1e-4


@pytest.mark.parametrize("kind", [kind for kind, (_, name) in KINDS.items() if name != "packed"])
def test_a_model_that_would_leak_between_packed_samples_is_refused_and_told_what_helps(kind):
    from common.training import attention

    for name in ("packed", "varlen", "flash_attention_2"):
        with pytest.raises(UserError, match=f"--attention {name}: models of type {kind} .* see each other; leave the flag away"):
            attention.choose(network(kind), name)


def test_a_leak_between_samples_is_found_whatever_the_kind_says(monkeypatch):
    """As with Nemotron in transformers 5.24, whose layers do not hand on where a sample ends."""
    from common.training import attention, loss

    attention.choose(network("llama"), "packed")
    monkeypatch.setattr(loss, "_bounds", lambda base, row: {})
    with pytest.raises(UserError, match="do more than --attention packed knows.*give --attention sdpa"):
        loss.check_fits(network("llama"))
    attention.choose(network("llama"), "sdpa")
    loss.check_fits(network("llama"))


def test_a_loss_that_lacks_what_a_model_does_behind_its_head_is_refused_without_leading_round():
    from common.training import attention
    from common.training.loss import check_fits

    model = network("llama")
    attention.choose(model, "sdpa")

    def raised(module, args, output):
        output.logits = output.logits * 1.2
        return output

    hook = model.register_forward_hook(raised)
    with pytest.raises(UserError, match="cannot be trained here.*take another --model"):
        check_fits(model)
    hook.remove()


def test_rounding_in_bf16_is_no_misfit(monkeypatch):
    """Another CPU or a GPU sums in another order, which must not end a run: here the model's own forward does."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from common.training import attention, loss

    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(**SHAPE | {"num_hidden_layers": 16, "initializer_range": 0.2})).to(torch.bfloat16).eval()
    attention.choose(model)
    product, decoded, ids = torch.nn.functional.linear, loss.decoded, torch.arange(8)[None]

    def in_another_order(entering, weight, bias=None):
        half = weight.shape[1] // 2
        return product(entering[..., :half], weight[:, :half], bias) + product(entering[..., half:], weight[:, half:])

    def by_the_first_order(*args):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch.nn.functional, "linear", product)
            return decoded(*args)

    straight = model(input_ids=ids).logits
    monkeypatch.setattr(torch.nn.functional, "linear", in_another_order)
    assert not torch.allclose(model(input_ids=ids).logits, straight, rtol=1e-2, atol=1e-2)
    monkeypatch.setattr(loss, "decoded", by_the_first_order)
    loss.check_fits(model)


def test_values_of_another_width_than_keys_are_left_to_the_kernel(monkeypatch):
    """DeepSeek's are narrower."""
    import torch

    from common.training import attention

    monkeypatch.setattr(attention, "_has_slow_backward", lambda query: True)
    query, key, value = (torch.randn(1, 2, 5, width, requires_grad=True) for width in (16, 16, 8))
    found, _ = attention.packed_attention(None, query, key, value, None, scaling=0.25)
    found.sum().backward()
    assert found.shape == (1, 5, 2, 8) and value.grad is not None


@pytest.mark.parametrize(("dtype", "most"), [("float32", 1e-5), ("bfloat16", 0.02)])
@pytest.mark.parametrize(("length", "heads", "groups"), [(7, 4, 2), (8, 3, 1), (9, 2, 2), (21, 4, 4)])
def test_the_backward_pass_of_products_gives_the_slopes_of_the_formula(length, heads, groups, dtype, most, monkeypatch):
    import torch

    from common.training import attention

    monkeypatch.setattr(attention, "BACKWARD_BLOCK", 8)
    monkeypatch.setattr(attention, "_has_slow_backward", lambda query: True)
    torch.manual_seed(0)
    parts = [torch.randn(1, number, length, 16).to(getattr(torch, dtype)) for number in (heads, groups, groups)]
    weights = torch.randn(1, length, heads, 16)
    kinds = [[part.to(kind, copy=True).requires_grad_() for part in parts] for kind in (parts[0].dtype, torch.float32)]
    starts = torch.tensor([0, 2, length])
    found, _ = attention.packed_attention(None, *kinds[0], None, scaling=0.25, cu_seq_lens_q=starts)
    monkeypatch.setattr(attention, "_has_slow_backward", lambda query: False)
    expected, _ = attention.packed_attention(None, *kinds[1], None, scaling=0.25, cu_seq_lens_q=starts)
    slopes = [torch.autograd.grad((output * weights).sum(), given) for output, given in zip((found, expected), kinds)]
    for one, other in zip(*slopes):
        assert one.dtype == kinds[0][0].dtype and (one.float() - other).norm() <= most * other.norm()


@pytest.mark.parametrize("settings", [{}, {"sliding_window": 5}, {"softcap": 1.5}, {"s_aux": True}, {"sliding_window": 3, "s_aux": True}])
def test_attention_written_out_in_blocks_is_the_formula(settings, monkeypatch):
    import torch

    from common.training import attention

    monkeypatch.setattr(attention, "BLOCK", 4)
    torch.manual_seed(0)
    sinks = torch.randn(4) if settings.get("s_aux") else None
    window, softcap = settings.get("sliding_window"), settings.get("softcap")
    query, key, value = (torch.randn(1, heads, 14, 8, requires_grad=True) for heads in (4, 2, 2))
    found = attention.written_out(query, key, value, 0.3, 0.0, window or 14, softcap, sinks)

    scores = query[0] @ key[0].repeat_interleave(2, 0).transpose(1, 2) * 0.3
    scores = (scores / softcap).tanh() * softcap if softcap else scores
    seen = torch.ones(14, 14).tril().bool() & (torch.ones(14, 14).triu(1 - window).bool() if window else True)
    scores = scores.masked_fill(~seen, -torch.inf).exp()
    shares = scores / (scores.sum(-1, keepdim=True) + (sinks.exp()[:, None, None] if sinks is not None else 0))
    expected = (shares @ value[0].repeat_interleave(2, 0))[None]
    assert torch.allclose(found, expected, atol=1e-5)
    weights = torch.randn_like(found)
    for mine, theirs in zip(*(torch.autograd.grad((result * weights).sum(), (query, key, value)) for result in (found, expected)), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_the_scale_of_a_loss_is_not_rounded_to_the_weights_type():
    import torch

    from common.training.loss import Squash, summed

    torch.manual_seed(0)
    hidden = torch.randn(6, 8).to(torch.bfloat16)
    head = torch.nn.Linear(8, 16, bias=False).to(torch.bfloat16)
    head.weight.requires_grad_(False)
    targets, scale = torch.arange(6), 1 + 2**-8 + 2**-9  # lies between two numbers of bf16
    gradients = []
    for factor in (1.0, scale):
        entering = hidden.clone().requires_grad_()
        (summed(head, entering, targets, Squash()) * factor).backward()
        gradients.append(entering.grad)
    assert torch.equal(gradients[1], (gradients[0].float() * scale).to(torch.bfloat16))


# ---------------------------------------------------------------------------------------------------------------------------------
# LoRA in fewer passes


def adapted(**settings):
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    base = LlamaForCausalLM(LlamaConfig(**SHAPE | {"attention_bias": True}))
    model = get_peft_model(base, LoraConfig(**{"r": 4, "target_modules": "all-linear", "task_type": "CAUSAL_LM"} | settings)).train()
    for name, parameter in model.named_parameters():
        if "lora_B" in name or "bias" in name:
            torch.nn.init.normal_(parameter, 0, 0.3)
    return model


def step(model):
    import torch

    from common.training import attention
    from common.training.loss import AnswerLoss, inner

    attention.choose(inner(model))
    torch.manual_seed(1)
    model.zero_grad()
    loss = AnswerLoss(model).train()(packed_row())
    loss.backward()
    return loss.item(), gradient(model)


@pytest.mark.parametrize("settings", [{}, {"use_rslora": True, "lora_alpha": 3}, {"use_dora": True}, {"target_modules": ["q_proj", "down_proj"]}])
def test_layers_in_fewer_passes_have_pefts_loss_and_gradient(settings, monkeypatch):
    from common.training import adapters

    found = step(adapted(**settings))
    monkeypatch.setattr(adapters, "fuse", lambda model: None)
    expected = step(adapted(**settings))
    assert found[0] == pytest.approx(expected[0], rel=1e-6)
    assert float((found[1] - expected[1]).norm() / expected[1].norm()) < 1e-5


def test_dropout_has_its_share_and_its_mean_and_is_a_function_of_the_seed():
    import torch

    from common.training.adapters import dropped

    torch.manual_seed(3)
    x = torch.ones(300, 333, requires_grad=True)
    found = dropped(x, 0.05)
    assert float((found == 0).float().mean()) == pytest.approx(0.05, abs=0.003)
    assert sorted(set(found.detach().flatten().tolist())) == [0.0, pytest.approx(1 / 0.95)]
    found.sum().backward()
    assert torch.equal(x.grad, found)
    torch.manual_seed(3)
    assert torch.equal(dropped(x, 0.05), found)


def test_dropout_is_for_training_and_enters_the_adapter_alone(monkeypatch):
    import torch

    from common.training import adapters

    model, silent = adapted(lora_dropout=0.5), adapted()
    row = torch.arange(1, 9)[None]
    adapters.fuse(model)
    with torch.no_grad():
        expected = silent.eval()(input_ids=row).logits
        assert torch.allclose(model.eval()(input_ids=row).logits, expected, atol=1e-5)
        assert not torch.allclose(model.train()(input_ids=row).logits, expected, atol=1e-3)
        monkeypatch.setattr(adapters, "dropped", lambda x, share: torch.zeros_like(x))  # all is dropped: the frozen layer is left
        with model.disable_adapter():
            frozen = model(input_ids=row).logits
        assert torch.allclose(model.train()(input_ids=row).logits, frozen, atol=1e-5)
