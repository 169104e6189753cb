"""The loss on the answers of a packed row: attention within each sample, logits only where there is a target.

The logits of one row of 8,192 tokens over Llama 3's 128,256 tokens are 3.9 GiB in fp32. Here they exist only at supervised positions, a
chunk at a time, and each chunk's gradient is made while it is there. Attention over a row as a whole would cost the square of its length
and need a mask; sample by sample it is plain causal attention, which every back-end has a fast kernel for.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import AttentionInterface, AttentionMaskInterface

from common.jsonl import UserError
from common.packing import IGNORED, Row

CHUNK = 1024  # positions whose logits exist at once: 0.5 GiB in fp32 at Llama 3's vocabulary
PACKED, VARLEN = "packed", "varlen"  # the names of this file's attentions among those of transformers


# ---------------------------------------------------------------------------------------------------------------------------------
# attention


def packed_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *, scaling: float,
                     dropout: float = 0.0, cu_seq_lens_q: Tensor | None = None, sliding_window: int | None = None,
                     softcap: float | None = None, **_: Any) -> tuple[Tensor, None]:
    """Causal attention of a row, sample by sample. Query, key, value are [1, heads, tokens, width]; returns [1, tokens, heads, width].

    `cu_seq_lens_q`, on the CPU, holds where each sample begins and the last one ends; None is one sample.
    """
    parts = query.shape[2:3] if cu_seq_lens_q is None else cu_seq_lens_q.diff().tolist()
    _refuse(softcap, sliding_window, max(parts))
    grouped = key.shape[1] != query.shape[1]
    split = zip(query.split(parts, 2), key.split(parts, 2), value.split(parts, 2), strict=True)
    outputs = [nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, dropout_p=dropout, enable_gqa=grouped)
               for q, k, v in split]
    return torch.cat(outputs, dim=2).transpose(1, 2), None


def varlen_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *, scaling: float,
                     cu_seq_lens_q: Tensor | None = None, max_length_q: int | None = None, sliding_window: int | None = None,
                     softcap: float | None = None, **_: Any) -> tuple[Tensor, None]:
    """The same in one launch of PyTorch's own flash kernel for samples of any length: GPUs only, in half precision.

    The model's attention dropout is not applied (that of LoRA is elsewhere). Nothing here breaks a compiled graph.
    """
    from torch.nn.attention.varlen import varlen_attn

    longest = max_length_q or query.shape[2]
    _refuse(softcap, sliding_window, longest)
    if cu_seq_lens_q is None:
        cu_seq_lens_q = torch.tensor([0, query.shape[2]], dtype=torch.int32, device=query.device)
    q, k, v = (part[0].transpose(0, 1) for part in (query, key, value))  # [tokens, heads, width]
    q, k = q.to(v.dtype), k.to(v.dtype)  # rotary embeddings may come out in fp32
    output = varlen_attn(q, k, v, cu_seq_lens_q, cu_seq_lens_q, longest, longest, scale=scaling, window_size=(-1, 0),
                         enable_gqa=k.shape[1] != q.shape[1])
    return output[None], None


def _refuse(softcap: float | None, sliding_window: int | None, longest: int) -> None:
    """UserError for what neither does: a sliding window that is shorter than a sample, capped scores."""
    if softcap or (sliding_window and longest > sliding_window):
        raise UserError("this model's attention has a sliding window or capped scores; train it with --attention sdpa")


for _name, _function in ((PACKED, packed_attention), (VARLEN, varlen_attention)):
    AttentionInterface.register(_name, _function)
    AttentionMaskInterface.register(_name, lambda *args, **kwargs: None)


# ---------------------------------------------------------------------------------------------------------------------------------
# the loss


class AnswerLoss(nn.Module):
    """Cross-entropy of a causal language model over the targets of a packed row, summed.

    It is a module, the root of what is sharded, because the head is called here and not by the model's own forward: FSDP2 gathers
    weights when the module that owns them is called. `neftune` is the strength of the noise on embeddings in training, 0 for none.
    """

    def __init__(self, model: nn.Module, neftune: float = 0.0) -> None:
        super().__init__()
        self.model, self.neftune = model, neftune

    def forward(self, row: Row) -> Tensor:
        """Sum over the supervised positions, in nats, fp32."""
        base = inner(self.model)
        chosen = row.targets != IGNORED
        hidden = decoded(base, row, self.neftune if self.training else 0.0)
        return _summed(base.get_output_embeddings(), hidden[chosen], row.targets[chosen])


def inner(model: nn.Module) -> Any:
    """The model under PEFT's wrapper, its adapted layers included."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def decoded(base: Any, row: Row, noise: float = 0.0) -> Tensor:
    """Last hidden states of a row, [1, tokens, width]."""
    tokens: dict[str, Tensor] = {"input_ids": row.input_ids}
    if noise:
        tokens = {"inputs_embeds": noisy(base.get_input_embeddings()(row.input_ids), row.lengths, noise)}
    # other back-ends keep the samples apart by their position ids, but only when given neither a mask nor a cache
    return base.get_decoder()(**tokens, position_ids=row.position_ids, use_cache=False, **_bounds(base, row)).last_hidden_state


def _bounds(base: Any, row: Row) -> dict[str, Any]:
    """Return where samples begin and end, by the names that transformers' flash attention takes, so that it need not search."""
    attention = base.config._attn_implementation
    if attention not in (PACKED, VARLEN) and not attention.startswith("flash"):
        return {}
    starts = torch.tensor([0, *accumulate(row.lengths)], dtype=torch.int32)
    starts = starts if attention == PACKED else starts.to(row.input_ids.device)
    longest = max(row.lengths)
    return {"cu_seq_lens_q": starts, "cu_seq_lens_k": starts, "max_length_q": longest, "max_length_k": longest}


def noisy(embeddings: Tensor, lengths: tuple[int, ...], strength: float) -> Tensor:
    """NEFTune (arXiv 2310.05914): uniform noise in ±strength / sqrt(length * width), the length being that of each packed sample.

    It is drawn from PyTorch's own source, which training seeds by (seed, step, row): a resumed run draws the same.
    """
    counts = torch.tensor(lengths, device=embeddings.device)
    scale = (strength / (counts * embeddings.shape[-1]).sqrt()).repeat_interleave(counts, output_size=embeddings.shape[1])
    return embeddings + (torch.rand_like(embeddings) * 2 - 1) * scale[:, None].to(embeddings.dtype)


def _summed(head: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy of hidden states [positions, width] behind a head."""
    if type(head) is nn.Linear and head.bias is None:
        weight = head.weight
        if not torch.is_grad_enabled():
            hidden, weight = hidden.detach(), weight.detach()
        return _LinearCrossEntropy.apply(hidden, weight, targets)
    total = hidden.sum().float() * 0  # a row without targets still takes part in every collective of the backward pass
    for some, theirs in zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True):
        total = total + checkpoint(_cross_entropy, head, some, theirs, use_reentrant=False)
    return total


def _cross_entropy(head: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.cross_entropy(head(hidden).float(), targets, reduction="sum")


class _LinearCrossEntropy(torch.autograd.Function):
    """Cross-entropy behind a linear head, its gradients made along with it: the logits of a chunk are computed once, and once only.

    With p the softmax and y the one-hot target, the gradient of the sum by the logits is p - y.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        total = hidden.new_zeros((), dtype=torch.float32)
        by_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        by_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        for start in range(0, len(hidden), CHUNK):
            part = slice(start, start + CHUNK)
            logits = nn.functional.linear(hidden[part], weight).float()
            picked = targets[part, None]
            log_sum = logits.logsumexp(-1, keepdim=True)
            total += (log_sum - logits.gather(1, picked)).sum()
            if by_hidden is not None or by_weight is not None:
                slope = logits.sub_(log_sum).exp_()
                slope.scatter_add_(1, picked, slope.new_full(picked.shape, -1))
                slope = slope.to(weight.dtype)
                if by_hidden is not None:
                    by_hidden[part] = slope @ weight
                if by_weight is not None:
                    by_weight += slope.T @ hidden[part].to(weight.dtype)
        ctx.save_for_backward(by_hidden, by_weight)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        by_hidden, by_weight = ctx.saved_tensors
        return (None if by_hidden is None else by_hidden * slope.to(by_hidden.dtype),
                None if by_weight is None else by_weight * slope.to(by_weight.dtype), None)


@torch.no_grad()
def check_fits(model: nn.Module) -> None:
    """Make sure, on a few tokens, that what is trained is what the model is: some families scale or cap logits behind the head.

    Raises UserError: training on other logits than the model's own would go unnoticed.
    """
    base = inner(model)
    attention = base.config._attn_implementation
    if base.device.type == "cpu" and attention not in (PACKED, "sdpa", "eager"):
        base.set_attn_implementation(PACKED)  # the others need a GPU, where the model is not yet
    ids = torch.arange(8, device=base.device)[None]
    parts = [base(input_ids=part, use_cache=False).logits for part in (ids[:, :5], ids[:, 5:])]
    row = Row(ids, torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=base.device), ids, (5, 3))
    found = base.get_output_embeddings()(decoded(base, row))
    base.set_attn_implementation(attention)
    if not torch.allclose(torch.cat(parts, dim=1), found, rtol=1e-2, atol=1e-2):
        raise UserError(f"models of type {base.config.model_type} do more to attention or logits than this loss; try --attention sdpa")
