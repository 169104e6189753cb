"""The loss on the answers of a packed row: attention within each sample, logits only where there is a target.

The logits of one row of 8,192 tokens over Llama 3's 128,256 tokens are 3.9 GiB in fp32. Here they exist only at supervised positions, a
chunk at a time, and are computed again in the backward pass. Attention over a row as a whole would cost the square of its length and
need a mask; sample by sample it is plain causal attention, which every back-end has a fast kernel for.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import AttentionInterface, AttentionMaskInterface

from common.jsonl import UserError
from common.packing import IGNORED, Row

CHUNK = 1024  # positions whose logits exist at once: 0.5 GiB in fp32 at Llama 3's vocabulary
PACKED = "packed"  # the name of this file's attention among those of transformers


def packed_attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, *, scaling: float,
                     dropout: float = 0.0, lengths: tuple[int, ...] | None = None, sliding_window: int | None = None,
                     softcap: float | None = None, **_: Any) -> tuple[Tensor, None]:
    """Causal attention of a row, sample by sample. Query, key, value are [1, heads, tokens, width]; returns [1, tokens, heads, width].

    Raises UserError for what it does not do: a sliding window that is shorter than a sample, capped scores.
    """
    parts = lengths or (query.shape[2],)
    if softcap or (sliding_window and max(parts) > sliding_window):
        raise UserError("this model's attention has a sliding window or capped scores; train it with --attention sdpa")
    grouped = key.shape[1] != query.shape[1]
    split = zip(query.split(parts, 2), key.split(parts, 2), value.split(parts, 2), strict=True)
    outputs = [nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, dropout_p=dropout, enable_gqa=grouped)
               for q, k, v in split]
    return torch.cat(outputs, dim=2).transpose(1, 2), None


AttentionInterface.register(PACKED, packed_attention)
AttentionMaskInterface.register(PACKED, lambda *args, **kwargs: None)


class AnswerLoss(nn.Module):
    """Cross-entropy of a causal language model over the targets of a packed row, summed.

    It is a module, the root of what is sharded, because the head is called here and not by the model's own forward: FSDP2 gathers
    weights when the module that owns them is called.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, row: Row) -> Tensor:
        """Sum over the supervised positions, in nats, fp32."""
        base = inner(self.model)
        chosen = row.targets != IGNORED
        hidden, targets = decoded(base, row)[chosen], row.targets[chosen]
        total = hidden.sum().float() * 0  # a row without targets still takes part in every collective of the backward pass
        for some, their_targets in zip(hidden.split(CHUNK), targets.split(CHUNK), strict=True):
            total = total + checkpoint(_cross_entropy, base.get_output_embeddings(), some, their_targets, use_reentrant=False)
        return total


def inner(model: nn.Module) -> Any:
    """The model under PEFT's wrapper, its adapted layers included."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def decoded(base: Any, row: Row) -> Tensor:
    """Last hidden states of a row, [1, tokens, width]."""
    extra = {"lengths": row.lengths} if base.config._attn_implementation == PACKED else {}
    # other back-ends keep the samples apart by their position ids, but only when given neither a mask nor a cache
    return base.get_decoder()(input_ids=row.input_ids, position_ids=row.position_ids, use_cache=False, **extra).last_hidden_state


def _cross_entropy(head: nn.Module, hidden: Tensor, targets: Tensor) -> Tensor:
    return nn.functional.cross_entropy(head(hidden).float(), targets, reduction="sum")


@torch.no_grad()
def check_fits(model: nn.Module) -> None:
    """Make sure, on a few tokens, that what is trained is what the model is: some families scale or cap logits behind the head.

    Raises UserError: training on other logits than the model's own would go unnoticed.
    """
    base = inner(model)
    ids = torch.arange(8, device=base.device)[None]
    parts = [base(input_ids=part, use_cache=False).logits for part in (ids[:, :5], ids[:, 5:])]
    row = Row(ids, torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2]], device=base.device), ids, (5, 3))
    found = base.get_output_embeddings()(decoded(base, row))
    if not torch.allclose(torch.cat(parts, dim=1), found, rtol=1e-2, atol=1e-2):
        raise UserError(f"models of type {base.config.model_type} do more to attention or logits than this loss; try --attention sdpa")
