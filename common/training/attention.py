"""Attention within each sample of a packed row, and which kinds of models can have it.

    packed    sample by sample: the fast kernel of the machine, or the formula written out where a model asks for more than it does
    varlen    all samples in one launch of PyTorch's own flash kernel: GPUs only
    sdpa, eager, ... are those of transformers; with the first two, samples stand side by side, padded, as any causal model takes them

A row as a whole would cost the square of its length and need a mask.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import AttentionInterface, AttentionMaskInterface

from common.jsonl import UserError
from common.model import is_attention_alone

PACKED, VARLEN = "packed", "varlen"  # the names of this file's attentions among those of transformers
SIDE_BY_SIDE = ("sdpa", "eager")
BLOCK, BACKWARD_BLOCK = 512, 128  # queries whose scores exist at once, where they are written out, and in a backward pass of products


# ---------------------------------------------------------------------------------------------------------------------------------
# which one


def choose(model: Any, wanted: str | None = None) -> str:
    """Set a model's attention, by default the fastest that it can be trained with; returns its name.

    It follows from the model's kind alone, so that all processes of a run come to the same. UserError if `wanted` cannot be had.
    """
    name = wanted or (PACKED if is_attention_alone(model) else plain(model))
    if name not in SIDE_BY_SIDE and not is_attention_alone(model):
        raise UserError(f"--attention {name}: models of type {model.config.model_type} have layers that would let packed samples see each "
                        f"other; leave the flag away, {plain(model)} is chosen then")
    try:
        model.set_attn_implementation(name)
    except (ValueError, ImportError) as error:
        raise UserError(f"--attention {name}: {' '.join(str(error).split())[:200]}; leave the flag away") from None
    return name


def plain(model: Any) -> str:
    """Transformers' own attention that a model can have: it knows of caches, which ours do not."""
    return "sdpa" if model._supports_sdpa else "eager"


def note(model: Any) -> str:
    """A line for the user if not `packed` was chosen for a model; empty if it was."""
    name = model.config._attn_implementation
    return "" if name == PACKED else f"samples are not packed but padded (--attention {name}): models of type {model.config.model_type} " \
                                     "have layers that see a whole row"


# ---------------------------------------------------------------------------------------------------------------------------------
# packed


def packed_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *, scaling: float,
                     dropout: float = 0.0, cu_seq_lens_q: Tensor | None = None, sliding_window: int | None = None,
                     softcap: float | None = None, s_aux: Tensor | None = None, **_: Any) -> tuple[Tensor, None]:
    """Causal attention of a row, sample by sample. Query, key, value are [1, heads, tokens, width]; returns [1, tokens, heads, width].

    `cu_seq_lens_q`, on the CPU, holds where each sample begins and the last one ends; None is one sample. `sliding_window` is the number
    of tokens that a token sees, itself included; `softcap` bounds the scores; `s_aux` [heads] are attention sinks.
    """
    parts = query.shape[2:3] if cu_seq_lens_q is None else cu_seq_lens_q.diff().tolist()
    grouped = key.shape[1] != query.shape[1]
    outputs = []
    for q, k, v in zip(query.split(parts, 2), key.split(parts, 2), value.split(parts, 2), strict=True):
        length = q.shape[2]
        if softcap or s_aux is not None or (sliding_window and length > sliding_window):
            outputs.append(written_out(q, k, v, scaling, dropout, sliding_window or length, softcap, s_aux))
        elif not dropout and q.requires_grad and v.shape[-1] == q.shape[-1] and _has_slow_backward(q):
            outputs.append(CausalInProducts.apply(q, k, v, scaling))
        else:
            outputs.append(nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, dropout_p=dropout,
                                                                      enable_gqa=grouped))
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None  # as transformers' own have it: some models take a view of it


def written_out(query: Tensor, key: Tensor, value: Tensor, scale: float, dropout: float, window: int, softcap: float | None,
                sinks: Tensor | None) -> Tensor:
    """Causal attention of one text by its formula, [1, heads, tokens, width]; a block of queries at a time sees the keys it needs.

    Of a text longer than a block, scores are computed again in the backward pass:
    memory grows with the length and not with its square.
    """
    length, outputs = query.shape[2], []
    query = query * scale
    for start in range(0, length, BLOCK):
        end, first = min(start + BLOCK, length), max(0, start - window + 1)
        parts = query[:, :, start:end], key[:, :, first:end], value[:, :, first:end]
        if length <= BLOCK:
            outputs.append(_block(*parts, window, softcap, sinks, dropout))
        else:
            outputs.append(checkpoint(_block, *parts, window, softcap, sinks, dropout, use_reentrant=False,
                                      preserve_rng_state=dropout > 0))
    return torch.cat(outputs, dim=2)


def _block(query: Tensor, key: Tensor, value: Tensor, window: int, softcap: float | None, sinks: Tensor | None, dropout: float) -> Tensor:
    """Attention of the queries that stand at the end of these keys."""
    heads, queries, width = query.shape[1:]
    groups, keys = key.shape[1:3]
    # heads that share a key are one product: [groups, heads of the group * queries, keys]
    scores = (query.reshape(groups, -1, width) @ key[0].transpose(1, 2)).view(heads, queries, keys)
    if softcap:
        scores = (scores / softcap).tanh() * softcap
    distance = torch.arange(keys - queries, keys, device=query.device)[:, None] - torch.arange(keys, device=query.device)
    scores = scores.masked_fill((distance < 0) | (distance >= window), -torch.inf)
    if sinks is not None:  # one more place to attend to, where nothing is
        scores = torch.cat([scores, sinks.to(scores.dtype)[:, None, None].expand(heads, queries, 1)], dim=2)
    probabilities = scores.softmax(-1, dtype=torch.float32 if sinks is not None or softcap else None).to(value.dtype)[..., :keys]
    probabilities = nn.functional.dropout(probabilities, dropout) if dropout else probabilities
    return (probabilities.reshape(groups, -1, keys) @ value[0]).view(1, heads, queries, -1)


# ---------------------------------------------------------------------------------------------------------------------------------
# packed, in bf16 on a CPU


def _has_slow_backward(query: Tensor) -> bool:
    """True in bf16 on a CPU with instructions for it: the backward pass of PyTorch's kernel makes little use of them (torch 2.13)."""
    return query.device.type == "cpu" and query.dtype == torch.bfloat16 and _has_wide_registers()


@functools.cache
def _has_wide_registers() -> bool:
    return torch.backends.cpu.get_cpu_capability() == "AVX512"


class CausalInProducts(torch.autograd.Function):
    """Causal attention of one sample by PyTorch's kernel, with a backward pass of matrix products, a block of queries at a time.

    It is that of FlashAttention-2 (arXiv 2307.08691, algorithm 2). What it subtracts from two of the products, the softmax's logsumexp and
    delta, stands in two more columns of one factor, beside ones in the other: it costs no pass, and comes before a product is rounded.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
        """Query [1, heads, tokens, width], key and value with as many heads or a fraction of them; returns [1, heads, tokens, width]."""
        group = query.shape[1] // key.shape[1]
        output, logsumexp = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key.repeat_interleave(group, 1), value.repeat_interleave(group, 1), 0.0, True, scale=scale)
        ctx.save_for_backward(query, key, value, output, logsumexp)
        ctx.scale = scale
        return output

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of query, key and value. Those of key and value are summed up in fp32."""
        query, key, value, output, logsumexp = (part[0] for part in ctx.saved_tensors)
        grad_output, (groups, length, width) = grad_output[0], key.shape
        queries = _less(query * ctx.scale, logsumexp).unflatten(0, (groups, -1))  # [groups, heads of each, tokens, width + 2]
        grads = _less(grad_output, (output * grad_output).sum(-1, dtype=torch.float32)).unflatten(0, (groups, -1))
        keys, values = (torch.cat([part, part.new_ones(groups, length, 2)], -1).mT.contiguous() for part in (key, value))
        grad_query = torch.empty_like(queries[..., :width])
        grad_key, grad_value = (torch.zeros(key.shape, dtype=torch.float32) for _ in range(2))
        for start in range(0, length, BACKWARD_BLOCK):
            end = min(start + BACKWARD_BLOCK, length)
            some, above = (part[:, :, start:end].flatten(1, 2) for part in (queries, grads))
            probabilities = some @ keys[..., :end]
            later = torch.ones(end - start, end - start, dtype=torch.bool).triu(1)
            probabilities.unflatten(1, (-1, end - start))[..., start:].masked_fill_(later, -torch.inf)
            grad_value[:, :end] += probabilities.exp_().mT @ above[..., :width]
            grad_scores = (above @ values[..., :end]).mul_(probabilities)
            grad_query[:, :, start:end] = (grad_scores @ key[:, :end]).unflatten(1, (-1, end - start))
            grad_key[:, :end] += grad_scores.mT @ some[..., :width]
        return (grad_query * ctx.scale).view(1, *query.shape), grad_key[None].to(key.dtype), grad_value[None].to(value.dtype), None


def _less(part: Tensor, number: Tensor) -> Tensor:
    """[heads, tokens, width + 2]: a product with it, where the other factor ends in two ones, is less by each token's fp32 number."""
    head = number.to(part.dtype)
    return torch.cat([part, -head[..., None], (head - number)[..., None].to(part.dtype)], -1)


# ---------------------------------------------------------------------------------------------------------------------------------
# varlen


def varlen_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *, scaling: float,
                     cu_seq_lens_q: Tensor | None = None, max_length_q: int | None = None, sliding_window: int | None = None,
                     softcap: float | None = None, s_aux: Tensor | None = None, **_: Any) -> tuple[Tensor, None]:
    """The same in one launch of PyTorch's own flash kernel for samples of any length: GPUs only, in half precision.

    The model's attention dropout is not applied (that of LoRA is elsewhere). Nothing here breaks a compiled graph.
    """
    from torch.nn.attention.varlen import varlen_attn

    if softcap or s_aux is not None:
        raise UserError("--attention varlen knows neither capped scores nor attention sinks, which this model has; leave the flag away")
    longest = max_length_q or query.shape[2]
    if cu_seq_lens_q is None:
        cu_seq_lens_q = torch.tensor([0, query.shape[2]], dtype=torch.int32, device=query.device)
    q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))  # [tokens, heads, width]
    q, k = q.to(v.dtype), k.to(v.dtype)  # rotary embeddings may come out in fp32
    behind = -1 if not sliding_window or sliding_window >= longest else sliding_window - 1
    output = varlen_attn(q, k, v, cu_seq_lens_q, cu_seq_lens_q, longest, longest, scale=scaling, window_size=(behind, 0),
                         enable_gqa=k.shape[1] != q.shape[1])
    return output[None], None


for _name, _function in ((PACKED, packed_attention), (VARLEN, varlen_attention)):
    AttentionInterface.register(_name, _function)
    AttentionMaskInterface.register(_name, lambda *args, **kwargs: None)
